package exchange

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/stats"
)

// DrillOrder is an exercise that an officer runs or schedules.
type DrillOrder struct {
	Officer heed.OfficerID
	To      []heed.PartyID
	Accord  heed.AccordID // under whose terms; with nobody in To, to all whom it binds
	Warning *heed.Warning // with status Exercise; nil: the built-in one

	// Every and First are of a schedule. Zero: the accord's span of drills, and
	// one span from now.
	Every time.Duration
	First time.Time
}

// Drilled is what came of an exercise.
type Drilled struct {
	Warned
	LeftOut []heed.PartyID // those of the accord that are not bound by its drills
}

// Drill runs an exercise: a warning with the status Exercise, by the path of
// every other. Where the accord asks for a second officer or a rights check, it
// is a draft.
func (x *Exchange) Drill(ctx context.Context, order DrillOrder) (Drilled, error) {
	return x.drill(ctx, order, x.Now(), func(Tx, Warned) error { return nil })
}

// drill is Drill with a further change in its transaction.
func (x *Exchange) drill(ctx context.Context, order DrillOrder, now time.Time, also func(Tx, Warned) error) (Drilled, error) {
	var out Drilled
	var warn WarnOrder
	err := x.store.Read(ctx, func(v View) (err error) {
		warn, out.LeftOut, err = x.drillWarning(v, order, now)
		return err
	})
	if err != nil {
		return Drilled{}, err
	}
	contents, err := x.warningContents(warn.Warning, nil, now)
	if err != nil {
		return Drilled{}, err
	}
	out.Warned, err = x.warnAlso(ctx, warn, contents, now, also)
	return out, err
}

// drillWarning is an exercise as a warning to be sent, and who of the accord is
// left out of it: those that are bound by all but its clause on drills.
func (x *Exchange) drillWarning(v View, order DrillOrder, now time.Time) (warn WarnOrder, leftOut []heed.PartyID, err error) {
	if err := mayDrill(v, order.Officer); err != nil {
		return warn, nil, err
	}
	warn = WarnOrder{Officer: order.Officer, To: order.To, Accord: order.Accord}
	if err := warn.names(); err != nil {
		return warn, nil, err
	}
	var terms heed.Accord
	if !order.Accord.IsZero() {
		var all []heed.PartyID
		if terms, all, err = x.sealedUnder(v, order.Accord, now); err != nil {
			return warn, nil, err
		}
		if len(warn.To) == 0 {
			if warn.To, leftOut, err = drilledUnder(v, order.Accord, all, now); err != nil {
				return warn, nil, err
			}
		}
	}
	if order.Warning == nil {
		me, err := v.Self()
		warn.Warning = heed.DrillWarning(me.Card.Ladder, terms)
		return warn, leftOut, err
	}
	warn.Warning = *order.Warning
	switch {
	case warn.Warning.Status != heed.StatusExercise:
		return warn, nil, &heed.Invalid{What: fmt.Sprintf("the warning has status %s, and an exercise has status %s", cmp.Or(string(warn.Warning.Status), "none"), heed.StatusExercise), Hint: "write status: Exercise, or send what is meant with `heed warn`"}
	case len(warn.Warning.Attachments) > 0:
		return warn, nil, &heed.Invalid{What: "the exercise describes attachments, and goes without any", Hint: "take them out of the document, or send it with `heed warn --attach`"}
	}
	return warn, leftOut, nil
}

// drilledUnder parts all into those that an exercise under the accord goes to,
// and those that have a reservation to its clause on drills.
func drilledUnder(v View, id heed.AccordID, all []heed.PartyID, now time.Time) (to, leftOut []heed.PartyID, err error) {
	held, err := accordHeld(v, id, now)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if slices.ContainsFunc(held.Standing.Reservations(p), func(r heed.Reservation) bool { return r.Clause == "drills" }) {
			leftOut = append(leftOut, p)
		} else {
			to = append(to, p)
		}
	}
	if len(to) == 0 {
		return nil, nil, &heed.Refused{Detail: fmt.Sprintf("accord %s binds nobody else to exercises now", id.Short()), Hint: "`heed accord show` says who has ratified it, and with which reservations"}
	}
	return to, leftOut, nil
}

// mayDrill checks that the officer is on the roster and may call an exercise.
func mayDrill(v View, officer heed.OfficerID) error {
	who, err := rosterEntry(v, officer)
	if err == nil {
		_, err = who.Acting(heed.ActDrill)
	}
	return err
}

// DrillStanding is a schedule, and where its exercises get to.
type DrillStanding struct {
	heed.Drill
	Gated bool // by the accord as it stands, every run is a draft that an officer must release
	Waits bool // the draft of the last run does
}

// ScheduleDrill has an exercise run once every span, in the officer's name. Who
// could not be warned now is complained of now.
func (x *Exchange) ScheduleDrill(ctx context.Context, order DrillOrder) (out DrillStanding, err error) {
	now := x.Now()
	d := Drill{Drill: heed.Drill{Officer: order.Officer, At: now, To: order.To, Accord: order.Accord, Every: order.Every, First: heed.Instant(order.First)}}
	if order.Warning != nil {
		if d.Document, err = json.Marshal(order.Warning); err != nil {
			return out, err
		}
	}
	err = x.store.Read(ctx, func(v View) error {
		if err := unattended(v, order.Officer); err != nil {
			return err
		}
		if err := x.rehearse(v, order, now); err != nil {
			return err
		}
		if d.Every == 0 && !d.Accord.IsZero() {
			if d.Every, err = accordDrills(v, d.Accord, now); err != nil {
				return err
			}
		}
		if order.First.IsZero() {
			d.First = now.Add(d.Every)
		}
		d.Next = d.First
		return d.Check()
	})
	if err != nil {
		return out, err
	}
	err = x.write(ctx, func(tx Tx) error {
		if d.Name, err = drillName(tx); err != nil {
			return err
		}
		if out, err = x.drillStanding(tx, d.Drill, now); err != nil {
			return err
		}
		return tx.PutDrill(d)
	})
	return out, err
}

// unattended refuses an officer whose signature the node could not give while
// nobody is there.
func unattended(v View, officer heed.OfficerID) error {
	who, err := rosterEntry(v, officer)
	if err != nil {
		return err
	}
	if _, elsewhere, err := heldByOfficer(who); err != nil || !elsewhere {
		return err
	}
	return &heed.Refused{Detail: fmt.Sprintf("exercises on a schedule are signed when nobody is there, and officer %s holds the key alone", officer), Hint: "have an officer schedule them whose key the node holds, or run each with `heed drill`"}
}

// rehearse goes through everything for which an exercise would be refused now,
// and sends nothing.
func (x *Exchange) rehearse(v View, order DrillOrder, now time.Time) error {
	warn, _, err := x.drillWarning(v, order, now)
	if err != nil {
		return err
	}
	to, terms, err := x.addressed(v, warn, now)
	if err != nil {
		return err
	}
	contents, err := x.warningContents(warn.Warning, nil, now)
	if err != nil {
		return err
	}
	_, err = x.draftWarning(x.pens(), v, warn, to, terms, contents, now)
	return err
}

// accordDrills is how often an exercise runs by the accord in force; zero where
// it does not say.
func accordDrills(v View, id heed.AccordID, now time.Time) (time.Duration, error) {
	held, err := accordHeld(v, id, now)
	terms, _ := held.Version(held.Standing.InForce)
	return terms.Drills, err
}

// drillName is the next name of a schedule. No schedule is ever forgotten, so
// that none is given twice.
func drillName(v View) (string, error) {
	all, err := v.Drills()
	live := 0
	for _, d := range all {
		if d.Stopped.IsZero() {
			live++
		}
	}
	if err == nil && live >= heed.MaxDrills {
		err = &heed.Refused{Detail: fmt.Sprintf("%d exercises are scheduled already", live), Hint: "`heed drill list` shows them, `heed drill stop NAME` stops one"}
	}
	return fmt.Sprintf("drill-%d", len(all)+1), err
}

// Drills lists the schedules, those that were stopped too, in the order in
// which they were made.
func (x *Exchange) Drills(ctx context.Context) (all []DrillStanding, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		drills, err := v.Drills()
		if err != nil {
			return err
		}
		for _, d := range drills {
			s, err := x.drillStanding(v, d, now)
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		return nil
	})
	return all, err
}

func (x *Exchange) drillStanding(v View, d heed.Drill, now time.Time) (s DrillStanding, err error) {
	s.Drill = d
	if s.Waits, err = draftWaits(v, d); err != nil || !d.Stopped.IsZero() || d.Accord.IsZero() {
		return s, err
	}
	held, err := accordHeld(v, d.Accord, now)
	terms, _ := held.Version(held.Standing.InForce)
	s.Gated = terms.GatesRelease(heed.KindWarning)
	return s, err
}

// draftWaits reports whether the last run's draft was neither released nor dropped.
func draftWaits(v View, d heed.Drill) (bool, error) {
	if !d.Drafted {
		return false, nil
	}
	draft, err := v.Draft(d.Code)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil && draft.Released.IsZero() && draft.Dropped.IsZero(), err
}

// StopDrill stops a schedule for good. What it has made stays.
func (x *Exchange) StopDrill(ctx context.Context, officer heed.OfficerID, name string) (stopped heed.Drill, err error) {
	now := x.Now()
	err = x.write(ctx, func(tx Tx) error {
		if err := mayDrill(tx, officer); err != nil {
			return err
		}
		d, err := tx.Drill(name)
		if isNotFound(err) {
			return &heed.Invalid{What: fmt.Sprintf("no exercise %.80q is scheduled", name), Hint: "`heed drill list` shows them"}
		}
		if err != nil {
			return err
		}
		if !d.Stopped.IsZero() {
			return &heed.Refused{Detail: fmt.Sprintf("%s was stopped at %s: %s", name, heed.FormatTime(d.Stopped), d.Why), Hint: "`heed drill schedule` makes another one"}
		}
		stopped = d.Stop(now, "stopped by "+string(officer))
		return tx.PutDrill(Drill{Drill: stopped}) // its text goes with it
	})
	return stopped, err
}

// RunDrills runs the exercises that are due, each in the name of the officer
// who scheduled it. It decides by the rules again, whatever woke it.
func (x *Exchange) RunDrills(ctx context.Context) (more bool, err error) {
	now := x.Now()
	var all []heed.Drill
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // it would sign exercises
		}
		all, err = v.Drills()
		return err
	})
	var failed failures
	failed.add(err)
	for _, d := range all {
		if settled := d.Settled(now); d.Stopped.IsZero() && !settled.Next.Equal(d.Next) {
			failed.add(x.write(ctx, func(tx Tx) error { return putDrill(tx, d, settled) }))
		} else if d.Due(now) {
			failed.add(x.runDrill(ctx, d, now))
		}
	}
	return false, failed.err()
}

// NextDrill is when RunDrills has something to do next; false: nothing is scheduled.
func (x *Exchange) NextDrill(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, func(v View) (next time.Time, err error) {
		all, err := v.Drills()
		for _, d := range all {
			if d.Stopped.IsZero() && (next.IsZero() || d.Next.Before(next)) {
				next = d.Next
			}
		}
		if err == nil && next.IsZero() {
			err = ErrNotFound
		}
		return next, err
	})
}

// runDrill runs one exercise that is due. That it ran and when it runs next are
// one transaction with what it says: no crash loses or doubles it. What stands
// in its way is put on record in the place of the run.
func (x *Exchange) runDrill(ctx context.Context, d heed.Drill, now time.Time) error {
	order, after, err := x.dueDrill(ctx, d, now)
	if err == nil && after == nil {
		_, err = x.drill(ctx, order, now, func(tx Tx, w Warned) error {
			if err := mayDrill(tx, d.Officer); err != nil {
				if _, ok := judged(err); ok {
					return errStale // since we looked; the next look stops the schedule
				}
				return err
			}
			return putDrill(tx, d, d.Ran(now, w.Code, w.Drafted))
		})
		if why, ok := judged(err); ok {
			failed := d.Failed(now, why)
			after, err = &failed, nil
		}
	}
	if err == nil && after != nil {
		if err = x.write(ctx, func(tx Tx) error { return putDrill(tx, d, *after) }); err == nil {
			x.logDrill(d, *after)
		}
	}
	if errors.Is(err, errStale) {
		return nil // something about it changed meanwhile; it is looked at again
	}
	return err
}

// dueDrill is a scheduled exercise as an order; or what becomes of the schedule
// instead, where it ends or is passed over.
func (x *Exchange) dueDrill(ctx context.Context, d heed.Drill, now time.Time) (order DrillOrder, instead *heed.Drill, err error) {
	err = x.store.Read(ctx, func(v View) error {
		why, err := x.drillEnds(v, d, now)
		if err != nil {
			return err
		}
		if why != "" {
			stopped := d.Stop(now, why)
			instead = &stopped
			return nil
		}
		waits, err := draftWaits(v, d)
		if err != nil {
			return err
		}
		if waits {
			passed := d.PassedOver(now, fmt.Sprintf("draft %s of the run before still waits for release", d.Code.Spoken()))
			instead = &passed
			return nil
		}
		held, err := v.Drill(d.Name)
		if err != nil {
			return err
		}
		order = DrillOrder{Officer: d.Officer, To: d.To, Accord: d.Accord}
		if len(held.Document) > 0 {
			if err := json.Unmarshal(held.Document, &order.Warning); err != nil {
				return fmt.Errorf("the text of %s is damaged: %w", d.Name, err)
			}
		}
		return nil
	})
	return order, instead, err
}

// drillEnds says why a schedule cannot go on; empty: it can.
func (x *Exchange) drillEnds(v View, d heed.Drill, now time.Time) (string, error) {
	if err := mayDrill(v, d.Officer); err != nil {
		return judgement(err)
	}
	if d.Accord.IsZero() {
		for _, p := range d.To {
			if _, err := knownPeer(v, p); err != nil {
				return judgement(err)
			}
		}
		return "", nil
	}
	held, err := accordHeld(v, d.Accord, now)
	if err != nil {
		return judgement(err)
	}
	s := held.Standing
	if s.State == heed.AccordEnded {
		return fmt.Sprintf("accord %s ended at %s: %s", d.Accord.Short(), heed.FormatTime(s.Ended), s.Why), nil
	}
	terms, inForce := held.Version(s.InForce)
	for _, p := range append([]heed.PartyID{x.party}, d.To...) {
		presence := s.Party(p).Presence
		if presence == heed.PresenceGone || inForce && presence == heed.PresenceOutside && !terms.Observes(p) {
			return fmt.Sprintf("accord %s does not bind %s any more", d.Accord.Short(), p), nil
		}
	}
	return "", nil
}

// judged reports whether the error is a rule's answer, which trying again would
// only repeat, and what it says.
func judged(err error) (why string, ok bool) {
	var refused *heed.Refused
	var invalid *heed.Invalid
	switch {
	case errors.As(err, &refused):
		return refused.Detail, true
	case errors.As(err, &invalid):
		return invalid.What, true
	}
	var field *heed.FieldError
	if errors.As(err, &field) {
		return field.Error(), true
	}
	return "", false
}

// judgement is what a rule's answer says; any other error as it is.
func judgement(err error) (string, error) {
	if why, ok := judged(err); ok {
		return why, nil
	}
	return "", err
}

// putDrill replaces a schedule, unless somebody stopped or ran it since it was
// read. One that was stopped is without its text.
func putDrill(tx Tx, before, after heed.Drill) error {
	held, err := tx.Drill(before.Name)
	if err != nil {
		return err
	}
	if !held.Stopped.Equal(before.Stopped) || !held.Next.Equal(before.Next) {
		return errStale
	}
	if held.Drill = after; !after.Stopped.IsZero() {
		held.Document = nil
	}
	return tx.PutDrill(held)
}

// logDrill tells of what stands in the way of a schedule, once.
func (x *Exchange) logDrill(before, after heed.Drill) {
	switch {
	case !after.Stopped.IsZero():
		x.log.Warn("a scheduled exercise was stopped", "drill", after.Name, "officer", after.Officer, "reason", after.Why)
	case after.Passed != before.Passed:
		x.log.Warn("a scheduled exercise did not run", "drill", after.Name, "next", heed.FormatTime(after.Next), "reason", after.Passed)
	}
}

// DrillReport says who answered the exercises that were opened in a period how
// fast, those of other parties too; those under one accord where one is named.
// It reads headers only. The error is a *heed.Invalid where the period ends
// before it begins.
func (x *Exchange) DrillReport(ctx context.Context, accord heed.AccordID, period stats.Period) (heed.DrillReport, error) {
	now := x.Now()
	if err := period.Check(); err != nil {
		return heed.DrillReport{}, err
	}
	var ids []heed.CaseID
	err := x.store.Read(ctx, func(v View) error {
		rows, err := v.Cases(countAtMost)
		for _, row := range rows {
			if row.Status == heed.StatusExercise && period.Holds(row.Opened) {
				ids = append(ids, row.ID)
			}
		}
		return err
	})
	if err != nil {
		return heed.DrillReport{}, err
	}
	var answers []heed.DrillAnswer
	for batch := range slices.Chunk(ids, countAtOnce) {
		err := x.store.Read(ctx, func(v View) error {
			for _, id := range batch {
				c, err := v.Case(id)
				if err != nil {
					return err
				}
				if a, ok := heed.DrillAnswerIn(c, now); ok && (accord.IsZero() || a.Accord == accord) {
					answers = append(answers, a)
				}
			}
			return nil
		})
		if err != nil {
			return heed.DrillReport{}, err
		}
	}
	return heed.DrillReportOf(answers, now), nil
}
