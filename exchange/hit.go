package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
		all, err = x.hitFiles(v, kept, now)
		return err
	})
	return all, err
}

func (x *Exchange) hitFiles(v View, kept []KeptHit, now time.Time) (all []HitFile, err error) {
	for _, k := range kept {
		f, err := x.hitFile(v, k, now)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
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
	case !k.Ended.IsZero() || !k.Verdict.Settles():
		return heed.DutyEnded // its subject went off watch, or it was erased, before anybody decided
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
	const most = 1_000 // so that a notice for many names nearly all
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
	again := false
	if len(wakes) > 0 {
		again, err = x.tellHits(ctx, wakes, now)
		failed.add(err)
	}
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
	return again || len(wakes) == most || len(erase) == most, failed.err()
}

// NextHit is when RunHits has something to do next; false: nothing waits.
func (x *Exchange) NextHit(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, View.NextHit)
}

// hitNotice is a notice of a hit that is to be given now.
type hitNotice struct {
	Notice
	of     KeptHit
	ladder heed.Ladder
}

func (n hitNotice) bell() bell {
	return bell{n.Rung.Role, n.Rung.Mail, n.Rung.Telephone, n.Exercise}
}

// tellHits tells people of ours of reviews: that they are owed, and then at each
// level that they have reached, one level at a time; again says that some have
// reached more. A crash in between tells a person twice, and never not at all. Of
// more than a few in a minute the same people are told together.
func (x *Exchange) tellHits(ctx context.Context, wakes []KeptHit, now time.Time) (again bool, err error) {
	due, quiet, err := x.hitNotices(ctx, wakes, now)
	if err != nil {
		return false, err
	}
	var failed failures
	var singly []hitNotice
	later := map[heed.HitID]time.Time{}
	var many [][]hitNotice
	for _, group := range sameBell(due) {
		n, together, until := x.ringing.take(group[0].bell(), len(group), now)
		singly = append(singly, group[:n]...)
		switch rest := group[n:]; {
		case len(rest) == 0:
		case together:
			many = append(many, rest)
		default:
			for _, r := range rest {
				later[r.of.ID] = until
			}
		}
	}
	failed.add(x.write(ctx, func(tx Tx) error { return x.putOff(tx, quiet, later) }))
	byCase(singly, func(n hitNotice) heed.CaseID { return n.Case }, func(n hitNotice) { failed.add(x.tellOfHits(ctx, []hitNotice{n}, now)) })
	for _, rest := range many {
		failed.add(x.tellOfHits(ctx, rest, now))
	}
	return len(singly)+len(many) > 0, failed.err()
}

// hitNotices is what people are to be told of now, what is due first coming first,
// and the hits of which there is nothing to tell at present.
func (x *Exchange) hitNotices(ctx context.Context, wakes []KeptHit, now time.Time) (due []hitNotice, quiet []heed.HitID, err error) {
	err = x.store.Read(ctx, func(v View) error {
		for _, k := range wakes {
			f, err := x.hitFile(v, k, now)
			if err != nil {
				return err
			}
			ladder, err := x.hitLadder(v, k)
			if err != nil {
				return err
			}
			level := k.Told + 1
			if !k.Open || level > ladder.Level(k.Due, now) {
				quiet = append(quiet, k.ID)
				continue
			}
			due = append(due, hitNotice{of: k, ladder: ladder, Notice: Notice{
				ID: fmt.Sprintf("hit-%s-%d-%d", k.Code(), k.Due.UnixMilli(), level), Hit: k.Code(), List: k.List, Case: k.Case, Code: f.CaseCode,
				Party: x.party, Peer: f.Warner, Duty: heed.DutyReview, OwedBy: x.party, Due: k.Due, Level: level,
				Rung: ladder.Rung(level), Ring: ladder.Rung(level), Exercise: k.Status != "" && k.Status != heed.StatusActual, Created: k.Found, Attempts: k.Attempts,
			}})
		}
		return nil
	})
	slices.SortStableFunc(due, func(a, b hitNotice) int { return a.Due.Compare(b.Due) })
	return due, quiet, err
}

// sameBell groups notices by whom they reach.
func sameBell(all []hitNotice) (groups [][]hitNotice) {
	place := map[bell]int{}
	for _, n := range all {
		at, ok := place[n.bell()]
		if !ok {
			at = len(groups)
			place[n.bell()] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], n)
	}
	return groups
}

// putOff has hits looked at when there is something to tell of them next.
func (x *Exchange) putOff(tx Tx, quiet []heed.HitID, later map[heed.HitID]time.Time) error {
	for _, id := range quiet {
		k, err := tx.Hit(id)
		if err != nil {
			return err
		}
		if k.Next = (time.Time{}); k.Open {
			ladder, err := x.hitLadder(tx, k)
			if err != nil {
				return err
			}
			k.Next = nextLevel(ladder, k)
		}
		if err := tx.PutHit(k); err != nil {
			return err
		}
	}
	for id, until := range later {
		k, err := tx.Hit(id)
		if err != nil {
			return err
		}
		if k.Open {
			k.Next = until
		}
		if err := tx.PutHit(k); err != nil {
			return err
		}
	}
	return nil
}

// tellOfHits gives one notice for all of them, which names the first, and puts on
// record that people were told, or when it is tried again.
func (x *Exchange) tellOfHits(ctx context.Context, all []hitNotice, now time.Time) error {
	n := all[0].Notice
	if n.More = len(all) - 1; n.More > 0 {
		n.ID = fmt.Sprintf("hits-%s-%d-%d-%d", n.Hit, n.Due.UnixMilli(), n.Level, n.More)
	}
	_, failed := x.notifier.Notify(ctx, n, now)
	if failed != nil {
		if ctx.Err() != nil {
			return failed
		}
		if n.More > 0 {
			x.ringing.failed(all[0].bell())
		}
		x.log.Warn("a notice of a hit could not be delivered", "hit", n.Hit, "more", n.More, "level", n.Level, "role", n.Rung.Role, "error", failed)
	}
	return x.write(ctx, func(tx Tx) error {
		for _, one := range all {
			k, err := tx.Hit(one.of.ID)
			if err != nil {
				return err
			}
			switch {
			case !k.Open:
				k.Next = time.Time{}
			case failed != nil:
				k.Attempts, k.Trouble, k.Next = k.Attempts+1, failed.Error(), now.Add(noticeBackoff(k.Attempts))
			default:
				if k.Told < one.Level {
					k.Told, k.Attempts, k.Trouble = one.Level, 0, ""
				}
				k.Next = nextLevel(one.ladder, k)
			}
			if err := tx.PutHit(k); err != nil {
				return err
			}
		}
		return nil
	})
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
