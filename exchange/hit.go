package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"heed"
)

// HitKept is how long after a verdict what a hit says of persons is kept, where
// no case of the same person needs it any longer.
const HitKept = 30 * 24 * time.Hour

// HitFile is a hit as it is shown.
type HitFile struct {
	KeptHit
	At        time.Time
	State     heed.DutyState // of the review
	Level     int            // of its escalation
	CaseCode  heed.Code      // of the warning; empty: a list's
	Warner    heed.PartyID
	Contents  *HitContents // nil: erased, or not asked for
	Decisions []DecidedHit // the oldest first
	Exclusion *Exclusion   // that one of them made; nil: none did
}

// DecidedHit is a decision with its reason.
type DecidedHit struct {
	heed.HitDecision
	Officer heed.OfficerID
	Reason  string // empty: erased
}

// Hits lists hits without what they say of anybody: the open ones by due time,
// and then, unless only those are asked for, the others, the latest first.
func (x *Exchange) Hits(ctx context.Context, open bool, limit int) (all []HitFile, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		kept, err := v.Hits(open, limit)
		if err != nil {
			return err
		}
		for _, k := range kept {
			f, err := x.hitFile(v, k, now)
			if err != nil {
				return err
			}
			all = append(all, f)
		}
		return nil
	})
	return all, err
}

func (x *Exchange) hitFile(v View, k KeptHit, now time.Time) (HitFile, error) {
	f := HitFile{KeptHit: k, At: now, State: hitState(k, now)}
	ladder, err := x.hitLadder(v, k)
	if err != nil {
		return f, err
	}
	if k.Open {
		f.Level = ladder.Level(k.Due, now)
	}
	if k.Case.IsZero() {
		return f, nil
	}
	c, err := v.Case(k.Case)
	f.CaseCode, f.Warner = c.Code, c.Warner
	return f, err
}

func hitState(k KeptHit, now time.Time) heed.DutyState {
	switch {
	case k.Open && now.After(k.Due):
		return heed.DutyOverdue
	case k.Open:
		return heed.DutyOpen
	case !k.Verdict.Settles():
		return heed.DutyEnded // erased before anybody decided
	case k.Decided.After(k.Due):
		return heed.DutyDischargedLate
	}
	return heed.DutyDischarged
}

// hitLadder is whom an overdue review climbs: that of the accord of the warning,
// or our card's.
func (x *Exchange) hitLadder(v View, k KeptHit) (heed.Ladder, error) {
	if k.Case.IsZero() {
		return x.ladder(v, x.party)
	}
	return x.ladderOf(v, k.Case, x.party)
}

// LookHit reads a hit without what it says of anybody.
func (x *Exchange) LookHit(ctx context.Context, id heed.HitID) (f HitFile, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		if f, err = x.wholeHit(v, id, now); err != nil {
			return err
		}
		f.Contents = nil
		for i := range f.Decisions {
			f.Decisions[i].Reason = ""
		}
		return nil
	})
	return f, err
}

// FindHit resolves what a person calls a hit: its code, its id, or eight digits or
// more of that. The error is a *heed.Invalid where there is none.
func (x *Exchange) FindHit(ctx context.Context, name string) (id heed.HitID, err error) {
	none := &heed.Invalid{What: fmt.Sprintf("there is no hit %q here", clipped(name)), Hint: "`heed hit list --all` lists them"}
	name = strings.TrimSpace(name)
	err = x.store.Read(ctx, func(v View) error {
		if d, err := heed.ParseDigest(strings.ToLower(name)); err == nil {
			id = heed.HitID(d)
			_, err := v.Hit(id)
			if isNotFound(err) {
				return none
			}
			return err
		}
		code, err := heed.ParseCode(name)
		if err != nil {
			return none
		}
		all, err := v.HitsOf(code)
		switch {
		case err != nil:
			return err
		case len(all) == 0:
			return none
		case len(all) > 1:
			return &heed.Invalid{What: fmt.Sprintf("%d hits have the code %s", len(all), code.Spoken()), Hint: "name one by its id: `heed hit list --all --json` has them"}
		}
		id = all[0]
		return nil
	})
	return id, err
}

// ReadHit gives an officer who may read it what a hit says: who matched whom, and
// why. That it was read is on record first.
func (x *Exchange) ReadHit(ctx context.Context, officer heed.OfficerID, id heed.HitID) (f HitFile, err error) {
	now := x.Now()
	err = x.write(ctx, func(tx Tx) error {
		entry, err := rosterEntry(tx, officer)
		if err != nil {
			return err
		}
		role, err := entry.Acting(heed.ActRead)
		if err != nil {
			return err
		}
		k, err := tx.Hit(id)
		if err != nil {
			return err
		}
		if !k.Case.IsZero() {
			if err := tx.AddReading(Reading{Case: k.Case, Officer: officer, Role: role, At: now}); err != nil {
				return err
			}
		}
		me, err := tx.Self()
		if err != nil || me.Restored {
			return err // a restored node's ledger takes no leaf until it has caught up
		}
		return x.logAside(tx, fmt.Appendf(nil, "heed-reading/v1\nhit: %s\nofficer: %s\nrole: %s\ntime: %s\n", id, officer, role, heed.FormatTime(now)))
	})
	if err != nil {
		return HitFile{}, err
	}
	err = x.store.Read(ctx, func(v View) error {
		f, err = x.wholeHit(v, id, now)
		return err
	})
	return f, err
}

// wholeHit reads a hit with what it says and what was decided about it.
func (x *Exchange) wholeHit(v View, id heed.HitID, now time.Time) (HitFile, error) {
	k, err := v.Hit(id)
	if err != nil {
		return HitFile{}, err
	}
	f, err := x.hitFile(v, k, now)
	if err != nil {
		return f, err
	}
	if f.Contents, err = x.hitContents(v, k); err != nil {
		return f, err
	}
	decided, err := v.DecisionsOf(id)
	if err != nil {
		return f, err
	}
	officers, err := v.Officers()
	if err != nil {
		return f, err
	}
	for _, k := range decided {
		d := DecidedHit{HitDecision: k.Decision}
		for _, o := range officers {
			if o.Key == k.Decision.Officers[0].Key {
				d.Officer = o.ID
			}
		}
		if k.Reason != nil {
			reason, err := x.decrypt(v, k.Vault, heed.Digest(k.Decision.ID), k.Reason)
			if err != nil {
				return f, err
			}
			d.Reason = string(reason[min(32, len(reason)):])
		}
		f.Decisions = append(f.Decisions, d)
		e, err := v.Exclusion(k.Decision.ID)
		if err == nil {
			f.Exclusion = &e
		} else if !isNotFound(err) {
			return f, err
		}
	}
	return f, nil
}

// hitContents decrypts what a hit says; nil where it was erased.
func (x *Exchange) hitContents(v View, k KeptHit) (*HitContents, error) {
	if k.Sealed == nil {
		return nil, nil
	}
	text, err := x.decrypt(v, k.Vault, heed.Digest(k.ID), k.Sealed)
	if err != nil {
		return nil, fmt.Errorf("hit %s: %w", k.Code(), err)
	}
	out := &HitContents{}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("hit %s: %w", k.Code(), err)
	}
	return out, nil
}

// RunHits does what has become due about hits and what is kept of records: our
// people are told of reviews that are owed, and again at each level that one
// climbs to; what need not be kept any more is erased; screenings that nobody has
// ended are.
func (x *Exchange) RunHits(ctx context.Context) (more bool, err error) {
	const most = 100
	now := x.Now()
	var wakes []KeptHit
	var erase []heed.HitID
	var idle []Asking
	kept := false
	err = x.store.Read(ctx, func(v View) error {
		if wakes, err = v.HitWakes(now, most); err != nil {
			return err
		}
		if erase, err = v.HitsToErase(now, most); err != nil {
			return err
		}
		if idle, err = v.IdleAskings(now.Add(-AskingIdle), most); err != nil {
			return err
		}
		kept, err = v.KeptDue(now)
		return err
	})
	if err != nil {
		return false, err
	}
	var failed failures
	byCase(wakes, func(k KeptHit) heed.CaseID { return k.Case }, func(k KeptHit) { failed.add(x.tellHit(ctx, k.ID, now)) })
	if len(erase) > 0 {
		failed.add(x.write(ctx, func(tx Tx) error {
			for _, id := range erase {
				if err := tx.EraseHit(id); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for _, a := range idle {
		failed.add(x.write(ctx, func(tx Tx) error {
			a, err := tx.Asking(a.ID)
			if err != nil || !a.Ended.IsZero() {
				return err
			}
			return x.endAsking(tx, &a, now)
		}))
	}
	if kept || len(erase) > 0 {
		failed.add(x.forgetKept(ctx, now))
	}
	return len(wakes) == most || len(erase) == most, failed.err()
}

// NextHit is when RunHits has something to do next; false: nothing waits.
func (x *Exchange) NextHit(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, View.NextHit)
}

// tellHit tells people of ours of a review: that it is owed, and then at each
// level that it has reached. A crash in between tells a person twice, and never
// not at all.
func (x *Exchange) tellHit(ctx context.Context, id heed.HitID, now time.Time) error {
	for {
		var n Notice
		var ladder heed.Ladder
		due, owed := false, false
		err := x.store.Read(ctx, func(v View) error {
			k, err := v.Hit(id)
			if err != nil || k.Next.IsZero() || k.Next.After(now) {
				return err
			}
			due = true
			f, err := x.hitFile(v, k, now)
			if err != nil {
				return err
			}
			if ladder, err = x.hitLadder(v, k); err != nil {
				return err
			}
			level := k.Told + 1
			owed = k.Open && level <= ladder.Level(k.Due, now)
			n = Notice{
				ID: fmt.Sprintf("hit-%s-%d-%d", k.Code(), k.Due.UnixMilli(), level), Hit: k.Code(), List: k.List, Case: k.Case, Code: f.CaseCode,
				Party: x.party, Peer: f.Warner, Duty: heed.DutyReview, OwedBy: x.party, Due: k.Due, Level: level,
				Rung: ladder.Rung(level), Ring: ladder.Rung(level), Exercise: k.Status != "" && k.Status != heed.StatusActual, Created: k.Found, Attempts: k.Attempts,
			}
			return nil
		})
		if err != nil || !due {
			return err
		}
		var failed error
		if owed {
			_, failed = x.notifier.Notify(ctx, n, now)
			if failed != nil && ctx.Err() != nil {
				return failed
			}
		}
		err = x.write(ctx, func(tx Tx) error {
			k, err := tx.Hit(id)
			if err != nil {
				return err
			}
			switch {
			case failed != nil:
				k.Attempts, k.Trouble, k.Next = k.Attempts+1, failed.Error(), now.Add(noticeBackoff(k.Attempts))
				x.log.Warn("a notice of a hit could not be delivered", "hit", k.Code(), "level", n.Level, "role", n.Rung.Role, "error", failed)
				return tx.PutHit(k)
			case !k.Open:
				k.Next = time.Time{}
				return tx.PutHit(k)
			case owed && k.Told < n.Level:
				k.Told, k.Attempts, k.Trouble = n.Level, 0, ""
			}
			k.Next = nextLevel(ladder, k)
			return tx.PutHit(k)
		})
		if err != nil || failed != nil || !owed {
			return err
		}
	}
}

// nextLevel is when a hit's review climbs next; zero: never.
func nextLevel(ladder heed.Ladder, k KeptHit) time.Time {
	if k.Told < 0 {
		return k.Found
	}
	next, ok := ladder.Next(k.Due, k.Told)
	if !ok {
		return time.Time{}
	}
	return next
}
