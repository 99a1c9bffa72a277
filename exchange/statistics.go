package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"heed"
	"heed/stats"
)

const (
	// countAtOnce is how many cases one snapshot of the store counts: a long
	// count holds no snapshot for long, and no more than one case in memory.
	countAtOnce = 200
	// countAtMost bounds the list of cases that a count begins with.
	countAtMost = 1 << 20
)

// Statistics counts the cases that this node holds, those with one party where
// with names it. It reads headers only, and no officer's role is asked for.
// What arrives while it counts may be in the figures of a later case and not in
// those of an earlier one. The errors are *heed.Invalid where the period ends
// before it begins, or the party never was a peer.
func (x *Exchange) Statistics(ctx context.Context, with heed.PartyID, period stats.Period) (stats.Report, error) {
	if err := period.Check(); err != nil {
		return stats.Report{}, err
	}
	ids, err := x.countable(ctx, with, period)
	if err != nil {
		return stats.Report{}, err
	}
	tally := stats.New(x.party, period, x.Now())
	for batch := range slices.Chunk(ids, countAtOnce) {
		err := x.store.Read(ctx, func(v View) error {
			for _, id := range batch {
				c, err := v.Case(id)
				if err != nil {
					return err
				}
				tally.Add(c)
			}
			return nil
		})
		if err != nil {
			return stats.Report{}, err
		}
	}
	return tally.Report(), nil
}

// countable lists the cases that may be in the period: those of unknown
// beginning too, which the count says it left out.
func (x *Exchange) countable(ctx context.Context, with heed.PartyID, period stats.Period) (ids []heed.CaseID, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if with != "" {
			_, err := v.Peer(with)
			if errors.Is(err, ErrNotFound) {
				return &heed.Invalid{What: fmt.Sprintf("%s never was a peer of this node", with), Hint: "`heed peer list` shows those that are"}
			}
			if err != nil {
				return err
			}
		}
		rows, err := v.Cases(countAtMost)
		if err != nil {
			return err
		}
		if len(rows) == countAtMost {
			return fmt.Errorf("this node holds %d cases or more, which is more than can be listed at once", countAtMost)
		}
		for _, row := range rows {
			if (with == "" || row.Peer == with) && (row.Opened.IsZero() || period.Holds(row.Opened)) {
				ids = append(ids, row.ID)
			}
		}
		return nil
	})
	return ids, err
}
