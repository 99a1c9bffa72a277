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

// decisionOwed reports whether a notice is of a decision on a watch that is owed
// still: no receipt and no assessment has made that duty.
func (x *Exchange) decisionOwed(v View, c heed.Case, n Notice) (bool, error) {
	if _, ok := c.Statement(n.From); !ok || n.Duty != heed.DutyDecide || n.OwedBy != x.party {
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
