package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
)

// LapseOrder is what an officer decides about a watch that we keep.
type LapseOrder struct {
	Officer heed.OfficerID
	Case    heed.CaseID
	// Effective is from when on nobody of the case is watched for any more. Zero
	// where After is zero, too: the watch goes on, which takes a lapse back that
	// was announced.
	Effective time.Time
	After     time.Duration // from the signature to Effective, in its place
	Reason    string        // for the warner
}

// keepsOn reports whether the order says that the watch goes on.
func (o LapseOrder) keepsOn() bool { return o.Effective.IsZero() && o.After == 0 }

// Lapse announces to the warner that the watch for the subjects of its warning
// ends, or that it goes on. The warner can object until it takes effect: what it
// says after the documents that the notice answers stays on watch. The accord
// says how long beforehand a lapse is announced. A refusal names the clause.
func (x *Exchange) Lapse(ctx context.Context, order LapseOrder) (heed.Statement, error) {
	return x.say(ctx, order.Case, order.Officer, heed.KindWatchLapseNotice, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, &heed.Refused{
				Detail: fmt.Sprintf("case %s is one that we opened ourselves: it is %s who keeps its watch", c.Code.Spoken(), c.Warned),
				Hint:   "`heed recall` ends it on our side; `heed ask` asks them about it",
			}
		}
		if order.Reason == "" {
			return nil, &heed.Invalid{What: "a decision about a watch gives its reason", Hint: "add --reason TEXT: the warner reads it"}
		}
		terms, err := x.ownTerms(v, c, s.Time)
		if err != nil {
			return nil, err
		}
		s.Effective = heed.Instant(order.Effective)
		switch {
		case order.keepsOn():
			s.Effective = time.Time{}
		case order.Effective.IsZero():
			s.Effective = s.Time.Add(order.After.Truncate(time.Millisecond))
		}
		if err := c.LapseBy(s.Effective, terms.LapseNotice, s.Time); err != nil {
			return nil, err
		}
		w := c.Watch(s.Time)
		s.Answers = []heed.StatementID{lastSource(w)}
		return x.neededText(s, order.Reason)
	})
}

// ownTerms are the terms by which our undertakings in a case run that are signed at a time.
func (x *Exchange) ownTerms(v View, c heed.Case, at time.Time) (heed.Baseline, error) {
	me, err := v.Self()
	if err != nil {
		return heed.Baseline{}, err
	}
	return termsFor(v, c.Opening, me.Card, at)
}

// tellOfWatch has our people told of what the party that watches for us says: that
// a watch is to lapse, to which we can object until then, or that it has found
// somebody. What waited for the statement that has arrived is told with it.
func (x *Exchange) tellOfWatch(tx Tx, c heed.Case, arrived heed.Statement, now time.Time) error {
	next := map[heed.StatementID][]heed.Statement{}
	for _, s := range c.Statements {
		if s.Author == arrived.Author && s.Kind != heed.KindReceipt {
			next[s.Previous] = append(next[s.Previous], s)
		}
	}
	folded, ok := c.Statement(arrived.ID)
	if !ok {
		return nil // it waits itself
	}
	for news := []heed.Statement{folded}; len(news) > 0; news = news[1:] {
		if err := x.tellOfOne(tx, c, news[0], now); err != nil {
			return err
		}
		news = append(news, next[news[0].ID]...)
	}
	return nil
}

func (x *Exchange) tellOfOne(tx Tx, c heed.Case, s heed.Statement, now time.Time) error {
	d := heed.Duty{From: s.ID, OwedBy: s.Author, OwedTo: x.party}
	switch {
	case s.Kind == heed.KindWatchLapseNotice && !s.Effective.IsZero():
		d.Kind, d.Due = heed.DutyDecide, s.Effective
	case s.Kind == heed.KindWatchHit:
		d.Kind, d.Due = heed.DutyReport, s.Time
	default:
		return nil
	}
	return x.tell(tx, c, d, 0, now)
}

// owedOfWatch is the duty of a notice that no receipt and no assessment has made:
// a decision on a watch, or what the party that watches for us has said. False
// where there is nothing more to tell.
func (x *Exchange) owedOfWatch(v View, c heed.Case, n Notice, now time.Time) (bool, error) {
	s, ok := c.Statement(n.From)
	switch {
	case !ok:
		return false, nil
	case s.Kind == heed.KindWatchHit:
		return n.Duty == heed.DutyReport, nil
	case s.Kind == heed.KindWatchLapseNotice:
		return n.Duty == heed.DutyDecide && c.Watch(now).State == heed.WatchLapsing, nil
	case n.Duty != heed.DutyDecide || n.OwedBy != x.party:
		return false, nil
	}
	row, err := v.WatchRow(c.ID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && row.Due.Equal(n.Due) && row.Source == n.From, err
}

// noWatch refuses what is about a watch that does not run.
func noWatch(c heed.Case, w heed.Watch) error {
	return &heed.Refused{Code: heed.NotAdmitted, Detail: fmt.Sprintf("case %s: its watch is %s", c.Code.Spoken(), w.State), Hint: "`heed show` says when it ended, and by which statement"}
}
