package heed

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// WatchState is where the watch for the subjects of a case's warning stands.
type WatchState string

// The states of a watch. Closing the case, or assessing the warning as not
// credible, is none of what ends one.
const (
	WatchNone     WatchState = "none"     // no document of the warner's is received, or the case is of something else
	WatchOn       WatchState = "on"       // the subjects are watched for
	WatchLapsing  WatchState = "lapsing"  // they are, until the time that was announced
	WatchLapsed   WatchState = "lapsed"   // the announced time has come
	WatchRecalled WatchState = "recalled" // the warner has recalled its warning
	WatchRefused  WatchState = "refused"  // the warned may not keep it, and has said so
)

// WatchStates lists all states of a watch.
func WatchStates() []WatchState {
	return []WatchState{WatchNone, WatchOn, WatchLapsing, WatchLapsed, WatchRecalled, WatchRefused}
}

// Runs reports whether the subjects are watched for.
func (s WatchState) Runs() bool { return s == WatchOn || s == WatchLapsing }

// Watch is where the watch for the subjects of a case's warning stands at a
// time. The subjects themselves stand in the documents of Sources. The warned
// keeps the watch; both sides compute the same.
type Watch struct {
	State WatchState
	// Sources are the statements whose documents name who is watched for now: the
	// warning or its last correction, which takes its place, and the supplements
	// after that, which add to it. In the order of the warner's chain; none unless
	// the watch runs.
	Sources []WatchSource
	// Since is when the warned received the first of Sources; of a watch that is
	// over, zero.
	Since time.Time
	// Effective is from when on nobody is watched for any more, as announced; the
	// latest of several. Zero while no end is announced of one of Sources, or where
	// a recall or a refusal was the end.
	Effective time.Time
	// By is the last statement that bears on when the watch ends, or why it goes
	// on: a notice, a recall or a refusal. Zero: none does.
	By StatementID
}

// WatchSource is one document of the warner's whose subjects are watched for.
type WatchSource struct {
	Statement StatementID
	Since     time.Time // when the warned had it and all that it follows
	Until     time.Time // as announced; zero: no end is
}

// barsWatch are the refusals with which the warned says that its law forbids it
// to act on the warning at all. It could not lawfully go on watching either, so
// that its signed refusal ends the watch, at once.
var barsWatch = []RefusalCode{CharacterBar, UnlawfulHere}

// Watch computes where the watch stands at now, from signed text alone. It runs
// from the receipt of a document until the warner recalls it; until the warned
// refuses it as unlawful; or until a time that a notice of the warned's has
// announced. A notice covers what the warner had said up to the statement that
// it answers: what the warner says after that stays on watch until the warned
// announces anew, so that a warner can object. Of the notices about a document
// the last counts that was signed before the time came which an earlier one had
// announced; what has lapsed is not taken up again.
func (c Case) Watch(now time.Time) Watch {
	w := Watch{State: WatchNone}
	var ended Watch // how the last of what is over ended
	for _, s := range c.warnersDocuments() {
		if s.Kind == KindRecall {
			if len(w.Sources) > 0 || ended.State != "" {
				ended = Watch{State: WatchRecalled, By: s.ID}
			}
			w.Sources, w.By = nil, StatementID{}
			continue
		}
		since, received := c.Given(s.ID)
		if !received {
			continue // the warned watches for what it has
		}
		if s.Kind != KindSupplement {
			w.Sources, w.By, ended = nil, StatementID{}, Watch{} // a correction takes the place of what was said before
		}
		until, by := c.watchEnds(s)
		if !until.IsZero() && !now.Before(until) {
			ended = Watch{State: WatchLapsed, Effective: until, By: by.ID}
			if by.Kind == KindRefusal {
				ended.State = WatchRefused
			}
			continue
		}
		w.Sources = append(w.Sources, WatchSource{Statement: s.ID, Since: since, Until: until})
		if !by.ID.IsZero() {
			w.By = by.ID
		}
	}
	if len(w.Sources) == 0 {
		if ended.State != "" {
			return ended
		}
		return Watch{State: WatchNone}
	}
	w.State, w.Since = WatchOn, w.Sources[0].Since
	if !slices.ContainsFunc(w.Sources, func(s WatchSource) bool { return s.Until.IsZero() }) {
		w.State = WatchLapsing
		for _, s := range w.Sources {
			w.Effective = later(w.Effective, s.Until)
		}
	}
	return w
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// warnersDocuments are the statements of the warner that say who is to be
// watched for, or that nobody is any more, in the order of its chain.
func (c Case) warnersDocuments() []Statement {
	var all []Statement
	for _, s := range c.Statements {
		if slices.Contains([]Kind{KindWarning, KindSupplement, KindCorrection, KindRecall}, s.Kind) {
			all = append(all, s)
		}
	}
	c.inChain(all)
	return all
}

// inChain puts statements of one author into the order of its chain.
func (c Case) inChain(all []Statement) {
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(c.depth[a.ID]-c.depth[b.ID], compareStatements(a, b))
	})
}

// WatchNotices are what the warned has said about when the watch ends, in the
// order of its chain.
func (c Case) WatchNotices() []Statement {
	var all []Statement
	for _, s := range c.Statements {
		if s.Kind == KindWatchLapseNotice {
			all = append(all, s)
		}
	}
	c.inChain(all)
	return all
}

// watchEnds is when a document of the warner's is watched for no more, and by
// which statement; zero: no end is announced, by a notice if by is one.
func (c Case) watchEnds(document Statement) (until time.Time, by Statement) {
	var ends []Statement
	for _, s := range c.Statements {
		if s.Kind == KindWatchLapseNotice || s.Kind == KindRefusal && slices.Contains(barsWatch, s.Code) {
			ends = append(ends, s)
		}
	}
	c.inChain(ends)
	for _, s := range ends {
		if !c.covers(s, document) {
			continue
		}
		if !until.IsZero() && !s.Time.Before(until) {
			return until, by // it had come when this was signed
		}
		until, by = s.Effective, s
		if s.Kind == KindRefusal {
			until = s.Time
		}
	}
	return until, by
}

// covers reports whether what the warned says in answer to something of the
// warner's is about a document, too: the warner had said that by then.
func (c Case) covers(s, document Statement) bool {
	return slices.ContainsFunc(s.Answers, func(id StatementID) bool { return c.depth[id] >= c.depth[document.ID] })
}

// Decision is the decision that the warned owes on a watch for which something
// that was agreed or asked runs out at until: due then, and owed from response
// before that. False while it is not owed yet, while no watch runs, or where its
// end is announced. Whoever has said by a notice from then on that the watch goes
// on, or when it ends, has discharged it. That nobody decides ends no watch.
func (c Case) Decision(until time.Time, response time.Duration, now time.Time) (Duty, bool) {
	w := c.Watch(now)
	owed := until.Add(-response)
	if until.IsZero() || !w.State.Runs() || now.Before(owed) {
		return Duty{}, false
	}
	last := w.Sources[len(w.Sources)-1].Statement
	d := Duty{Kind: DutyDecide, From: last, OwedBy: c.Warned, OwedTo: c.Warner, Due: until, Promised: until}
	for _, s := range c.WatchNotices() {
		if c.covers(s, c.byID[last]) && (!s.Time.Before(owed) || w.State == WatchLapsing) && d.Discharge.IsZero() {
			d.Discharge, d.At = s.ID, s.Time
		}
	}
	return d, true
}

// LapseBy reports whether the warned may announce at now that its watch ends at
// effective, where notice is how long beforehand it must. Zero effective: that
// the watch goes on. The error is a *Refused or an *Invalid.
func (c Case) LapseBy(effective time.Time, notice time.Duration, now time.Time) error {
	w := c.Watch(now)
	no := func(hint, format string, args ...any) error {
		return &Refused{Code: NotAdmitted, Detail: fmt.Sprintf("case %s: ", c.Code.Spoken()) + fmt.Sprintf(format, args...), Hint: hint}
	}
	switch {
	case w.State == WatchNone:
		return no("a received warning is what is watched for", "nobody is on watch for it")
	case !w.State.Runs():
		ended, _ := c.Statement(w.By)
		return no("a new warning or a correction puts its subjects on watch again", "its watch has ended already, by %s %s of %s", ended.Kind, ended.ID.Short(), FormatTime(ended.Time))
	case effective.IsZero():
		return nil
	case effective.Before(now):
		return &Invalid{What: fmt.Sprintf("%s is past: a watch does not lapse before that is said", FormatTime(effective)), Hint: "write a later time, or +DURATION from now"}
	case effective.After(now.Add(MaxResponse)):
		return &Invalid{What: fmt.Sprintf("%s is more than two years ahead", FormatTime(effective)), Hint: "decide nearer to it"}
	case effective.Before(now.Add(notice)):
		return no(fmt.Sprintf("write --effective +%s or later: %s is to have the time to object", notice, c.Warner), "clause lapse-notice: a lapse is announced %s beforehand, and %s is sooner", notice, FormatTime(effective))
	}
	return nil
}
