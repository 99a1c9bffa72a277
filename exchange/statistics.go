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

// Counted says which cases are counted.
type Counted struct {
	With   heed.PartyID  // only those with that party; empty: with any
	Accord heed.AccordID // only those that name it, its proposals among them; zero: all
	Period stats.Period
}

// Statistics counts the cases that this node holds. It reads headers only, and no officer's role is asked for.
// What arrives while it counts may be in the figures of a later case and not in
// those of an earlier one. The errors are *heed.Invalid where the period ends
// before it begins, the party never was a peer, or nothing is held of the accord.
func (x *Exchange) Statistics(ctx context.Context, which Counted) (stats.Report, error) {
	if err := which.Period.Check(); err != nil {
		return stats.Report{}, err
	}
	now := x.Now()
	ids, err := x.countable(ctx, which)
	if err != nil {
		return stats.Report{}, err
	}
	var accord *stats.Accord
	if !which.Accord.IsZero() {
		err := x.store.Read(ctx, func(v View) error {
			held, err := accordHeld(v, which.Accord, now)
			if err != nil {
				return err
			}
			terms, _ := held.Version(held.Standing.Current())
			accord = stats.AccordOf(terms, held.Standing)
			return nil
		})
		if err != nil {
			return stats.Report{}, err
		}
	}
	tally := stats.New(x.party, which.Period, now)
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
	report := tally.Report()
	report.Accord = accord
	report.Reconciled, err = x.signedWithin(ctx, which)
	return report, err
}

// signedWithin is what both sides have signed of the same cases: figures under
// the same accord, or like these under none, of a period within this one.
func (x *Exchange) signedWithin(ctx context.Context, which Counted) ([]stats.Reconciled, error) {
	all, err := x.Reconciliations(ctx, which.With)
	if err != nil {
		return nil, err
	}
	var within []stats.Reconciled
	for _, r := range all {
		scope := r.Scope()
		begins := which.Period.Since.IsZero() || !scope.Since.IsZero() && !scope.Since.Before(which.Period.Since)
		ends := which.Period.Until.IsZero() || !scope.Until.IsZero() && !scope.Until.After(which.Period.Until)
		if scope.Accord == which.Accord && begins && ends {
			within = append(within, r.Stated())
		}
	}
	return within, nil
}

// countable lists the cases that may be in the period: those of unknown
// beginning too, which the count says it left out.
func (x *Exchange) countable(ctx context.Context, which Counted) (ids []heed.CaseID, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if which.With != "" {
			_, err := v.Peer(which.With)
			if errors.Is(err, ErrNotFound) {
				return &heed.Invalid{What: fmt.Sprintf("%s never was a peer of this node", which.With), Hint: "`heed peer list` shows those that are"}
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
		under := map[heed.CaseID]bool{}
		if !which.Accord.IsZero() {
			named, err := v.AccordCases(which.Accord)
			if err != nil {
				return err
			}
			for _, id := range named {
				under[id] = true
			}
		}
		for _, row := range rows {
			if !which.Accord.IsZero() && !under[row.ID] {
				continue
			}
			if (which.With == "" || row.Peer == which.With) && (row.Opened.IsZero() || which.Period.Holds(row.Opened)) {
				ids = append(ids, row.ID)
			}
		}
		return nil
	})
	return ids, err
}
