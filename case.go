package heed

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// Case is what two parties have said about one matter: a fold over their
// statements that depends neither on the order in which they came nor on how
// often, and on no time but those that were signed.
type Case struct {
	ID      CaseID
	Code    Code
	Warner  PartyID // who opened it
	Warned  PartyID
	Urgency Urgency // none where a proposal or an act opened it
	Status  Status
	Opening Statement // zero while it has not arrived

	// Statements are the folded ones, receipts among them, in one order that
	// both sides compute: by signed time, then by id.
	Statements []Statement
	// Waiting are held, but something that they follow or answer is missing.
	Waiting []StatementID
	// Misfits break a rule of the case and count for nothing in it.
	Misfits []StatementID
	// Equivocations are pairs of statements of one author with one
	// predecessor (or two receipts for one statement): proof of a lie.
	Equivocations [][2]StatementID

	Duties []Duty // in the order of due time, then kind, then statement

	byID     map[StatementID]Statement
	depth    map[StatementID]int         // place in the author's chain
	receipts map[StatementID]StatementID // of a statement, the receipt that counts
	given    map[StatementID]time.Time   // see Given
}

// MaxCaseStatements bounds what one case holds, receipts included, and with it
// what a fold can cost.
const MaxCaseStatements = 5_000

// Fold computes the case from the statements that are held of it. It never
// fails: what cannot be placed is in Waiting, what breaks a rule in Misfits.
// Statements of other cases, and of kinds that stand in none, it passes over.
func Fold(id CaseID, held []Statement) Case {
	c := Case{ID: id, byID: make(map[StatementID]Statement, len(held)), depth: make(map[StatementID]int, len(held)), receipts: map[StatementID]StatementID{}, given: map[StatementID]time.Time{}}
	all := make(map[StatementID]*Statement, len(held))
	for i := range held {
		if s := &held[i]; s.Kind.InCase() && s.CaseID() == id {
			all[s.ID] = s
		}
	}
	opening, ok := all[StatementID(id)]
	if !ok {
		c.Waiting = slices.SortedFunc(maps.Keys(all), compareIDs)
		return c
	}
	c.Opening = *opening
	c.Code = opening.CaseCode()
	c.Warner, c.Warned = opening.Author, opening.Recipient
	c.Urgency, c.Status = opening.Urgency, opening.Status

	order := c.place(all)
	c.findEquivocations()
	c.findReceipts()
	c.findGiven(order)
	c.collectDuties()
	return c
}

// place sorts the statements into folded, waiting and misfits. A statement is
// placed once all that it follows and answers is, whatever the signed times
// say, and each is looked at once: a peer chooses times and order, so neither
// may decide how long the fold takes. order is one in which each stands behind
// all that it follows and answers.
func (c *Case) place(all map[StatementID]*Statement) (order []StatementID) {
	c.Statements = make([]Statement, 0, len(all))
	missing := make(map[StatementID]int, len(all))
	children := make(map[StatementID][]StatementID, len(all))
	for id, s := range all {
		for _, parent := range c.parents(*s) {
			missing[id]++
			children[parent] = append(children[parent], id)
		}
	}
	ready := []StatementID{StatementID(c.ID)}
	for len(ready) > 0 {
		s := *all[ready[len(ready)-1]]
		ready = ready[:len(ready)-1]
		if c.fits(s) != nil {
			c.Misfits = append(c.Misfits, s.ID)
			continue
		}
		c.byID[s.ID] = s
		order = append(order, s.ID)
		if s.Kind != KindReceipt {
			c.depth[s.ID] = c.depth[s.Previous] + 1
		}
		c.Statements = append(c.Statements, s)
		for _, child := range children[s.ID] {
			if missing[child]--; missing[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	for id, n := range missing {
		if n > 0 {
			c.Waiting = append(c.Waiting, id)
		}
	}
	slices.SortFunc(c.Statements, compareStatements)
	slices.SortFunc(c.Waiting, compareIDs)
	slices.SortFunc(c.Misfits, compareIDs)
	return order
}

// parents are the statements without which s cannot be placed.
func (c *Case) parents(s Statement) []StatementID {
	opening := StatementID(c.ID)
	if s.ID == opening {
		return nil
	}
	parents := append([]StatementID{opening}, s.Answers...)
	if !s.Previous.IsZero() {
		parents = append(parents, s.Previous)
	}
	return parents
}

func (c *Case) parentsPlaced(s Statement) bool {
	for _, id := range c.parents(s) {
		if _, ok := c.byID[id]; !ok {
			return false
		}
	}
	return true
}

func compareIDs(a, b StatementID) int { return bytes.Compare(a[:], b[:]) }

func compareStatements(a, b Statement) int {
	return cmp.Or(a.Time.Compare(b.Time), compareIDs(a.ID, b.ID))
}

func (c *Case) findEquivocations() {
	type place struct {
		author   PartyID
		previous StatementID
		receipt  bool
	}
	first := map[place]StatementID{}
	for _, s := range c.Statements {
		at := place{s.Author, s.Previous, false}
		if s.Kind == KindReceipt {
			at = place{s.Author, s.Answers[0], true}
		}
		if earlier, ok := first[at]; ok {
			c.Equivocations = append(c.Equivocations, [2]StatementID{earlier, s.ID})
		} else {
			first[at] = s.ID
		}
	}
}

// findReceipts picks, of two receipts for one statement, the one received
// earliest. Whoever gives a second one has lied, and must not gain time by it.
func (c *Case) findReceipts() {
	for _, s := range c.Statements {
		if s.Kind != KindReceipt {
			continue
		}
		first, ok := c.receipts[s.Answers[0]]
		if !ok || s.Received.Before(c.byID[first].Received) {
			c.receipts[s.Answers[0]] = s.ID
		}
	}
}

// findGiven finds since when each statement is with the other party together
// with all that its author said before it. order is that of place.
func (c *Case) findGiven(order []StatementID) {
	for _, id := range order {
		s := c.byID[id]
		receipt, complete := c.Receipt(id)
		since := receipt.Received
		for _, parent := range c.parents(s) {
			if c.byID[parent].Author != s.Author {
				continue // the other party's own word, which it has
			}
			before, ok := c.given[parent]
			complete = complete && ok
			if before.After(since) {
				since = before
			}
		}
		if complete {
			c.given[id] = since
		}
	}
}

func (c *Case) collectDuties() {
	replies := map[StatementID][]StatementID{}
	promised := map[StatementID][]Promise{}
	var recalls []StatementID
	for _, s := range c.Statements {
		if s.Kind == KindReceipt {
			promised[s.Answers[0]] = earliest(promised[s.Answers[0]], c.running(s))
		}
		for _, id := range s.Answers {
			replies[id] = append(replies[id], s.ID)
		}
		if s.Kind == KindRecall {
			recalls = append(recalls, s.ID)
		}
	}
	slices.SortStableFunc(recalls, func(a, b StatementID) int { return c.depth[a] - c.depth[b] })
	for _, s := range c.Statements {
		from, duties := s.ID, s.Duties
		switch {
		case s.Kind == KindReceipt && c.receipts[s.Answers[0]] == s.ID:
			from = s.Answers[0]
			duties = promised[from]
		case s.Kind == KindAssessment:
		default:
			continue
		}
		for _, p := range duties {
			owedBy := debtor(p.Kind, c.byID[from])
			d := Duty{Kind: p.Kind, From: from, OwedBy: owedBy, OwedTo: c.Other(owedBy), Due: p.Due, Promised: p.Due}
			for _, id := range replies[from] {
				c.settle(&d, c.byID[id])
			}
			if d.Open() {
				d.Ended = c.endedBy(d, recalls)
			}
			c.Duties = append(c.Duties, d)
		}
	}
	slices.SortFunc(c.Duties, func(a, b Duty) int {
		return cmp.Or(a.Due.Compare(b.Due), dutyOrder(a.Kind)-dutyOrder(b.Kind), compareIDs(a.From, b.From))
	})
}

// running is what a receipt promises, counted from when all that its statement
// follows was received too: nobody can answer what it cannot place. While some
// of that has no receipt, nothing runs.
func (c *Case) running(receipt Statement) []Promise {
	since, ok := c.given[receipt.Answers[0]]
	if !ok {
		return nil
	}
	var duties []Promise
	for _, p := range receipt.Duties {
		duties = append(duties, Promise{p.Kind, CountedFrom(p.Due, receipt.Received, since)})
	}
	return duties
}

// earliest is every duty that either names, at the earlier of its due times:
// whoever gives a second receipt, under whatever terms, gains no time by it.
func earliest(some, more []Promise) []Promise {
	some = slices.Clone(some)
	for _, p := range more {
		at := slices.IndexFunc(some, func(q Promise) bool { return q.Kind == p.Kind })
		switch {
		case at < 0:
			some = append(some, p)
		case p.Due.Before(some[at].Due):
			some[at].Due = p.Due
		}
	}
	return some
}

// settle gives a duty what one reply to the statement that it follows from
// does to it. Replies come in any order.
func (c *Case) settle(d *Duty, s Statement) {
	names := len(s.Duties) == 1 && s.Duties[0].Kind == d.Kind
	switch {
	case Discharges(s, *d):
		// All that discharge it are the debtor's, so its own chain orders them.
		if d.Discharge.IsZero() || c.depth[s.ID] < c.depth[d.Discharge] {
			d.Discharge, d.At, d.Refused = s.ID, s.Time, s.Kind == KindRefusal
		}
	case s.Kind == KindExtension && s.Author == d.OwedTo && names:
		if s.Duties[0].Due.After(d.Due) {
			d.Due = s.Duties[0].Due
		}
	case s.Kind == KindInterim && s.Author == d.OwedBy:
		if s.By.After(d.Expected) {
			d.Expected = s.By
		}
	case (s.Kind == KindReminder || s.Kind == KindNotification) && names:
		d.Level = max(d.Level, s.Level)
	}
}

// endedBy is the first recall, in the order of the warner's chain, that ends
// what the warner is owed. What follows from a statement that the warner made
// after its recall was asked anew, and stays owed; what follows from the other
// party's has no order against the recall, and ends.
func (c *Case) endedBy(d Duty, recalls []StatementID) StatementID {
	if d.OwedTo != c.Warner {
		return StatementID{}
	}
	asked := 0
	if c.byID[d.From].Author == c.Warner {
		asked = c.depth[d.From]
	}
	for _, id := range recalls {
		if c.depth[id] > asked {
			return id
		}
	}
	return StatementID{}
}

// Other is the other party of the case.
func (c Case) Other(p PartyID) PartyID {
	if p == c.Warner {
		return c.Warned
	}
	return c.Warner
}

// Statement finds a folded statement.
func (c Case) Statement(id StatementID) (Statement, bool) {
	s, ok := c.byID[id]
	return s, ok
}

// Receipt finds the receipt for a statement. Of two, the one received earliest
// counts; the pair is among the Equivocations.
func (c Case) Receipt(id StatementID) (Statement, bool) {
	receipt, ok := c.receipts[id]
	return c.byID[receipt], ok
}

// Given is since when the other party has had a folded statement and all that
// its author had said before it, back to the opening: the latest of the times at
// which these were received. What the statement asks is owed from then on. False
// while one of them has no receipt.
func (c Case) Given(id StatementID) (since time.Time, ok bool) {
	since, ok = c.given[id]
	return since, ok
}

// Last is the end of an author's chain: zero before it has said anything.
func (c Case) Last(author PartyID) StatementID {
	var last StatementID
	for _, s := range c.Statements {
		if s.Author == author && s.Kind != KindReceipt && (last.IsZero() || c.depth[s.ID] > c.depth[last]) {
			last = s.ID
		}
	}
	return last
}

// OpenDuties are those that a party owes at now, in the order of due time.
func (c Case) OpenDuties(owedBy PartyID) []Duty {
	var open []Duty
	for _, d := range c.Duties {
		if d.Open() && d.OwedBy == owedBy {
			open = append(open, d)
		}
	}
	return open
}

// Duty finds a duty by what it is and the statement that it follows from.
func (c Case) Duty(kind DutyKind, from StatementID) (Duty, bool) {
	for _, d := range c.Duties {
		if d.Kind == kind && d.From == from {
			return d, true
		}
	}
	return Duty{}, false
}

// Whole is Duty, where rungs may owe it each for itself: then it is that of the
// rung by which the whole stands, the first that has not replied or, where all
// have, the one that did so last.
func (c Case) Whole(kind DutyKind, from StatementID) (Duty, bool) {
	var whole Duty
	var owed bool
	for _, d := range c.Duties {
		if d.Kind.Base() != kind || d.From != from {
			continue
		}
		if !owed || whole.Open() == d.Open() && d.At.After(whole.At) || d.Open() && !whole.Open() {
			whole, owed = d, true
		}
	}
	return whole, owed
}

// State is something that a case has come to. A case reaches states and leaves
// none: what it is at is the set of them.
type State string

// The states that people and scripts wait for.
const (
	StateSent         State = "sent"
	StateReceived     State = "received"
	StateNotified     State = "notified"
	StateOpened       State = "opened"
	StateAcknowledged State = "acknowledged"
	StateAssessed     State = "assessed"
	StateAsked        State = "asked"
	StateAnswered     State = "answered"
	StateInterim      State = "interim"
	StateExtended     State = "extended"
	StateActed        State = "acted"
	StateConcluded    State = "concluded"
	StateRefused      State = "refused"
	StateSupplemented State = "supplemented"
	StateCorrected    State = "corrected"
	StateRecalled     State = "recalled"
	StateCalled       State = "called"
	StateReminded     State = "reminded"
	StateToForward    State = "forward-requested" // the originator was asked
	StateForwarding   State = "forward-decided"   // the originator has consented, or refused
	StateHit          State = "hit-reported"
	StateHitWithdrawn State = "hit-withdrawn"   // a report of a hit does not hold any more
	StateLapsing      State = "lapse-announced" // the watch for its subjects is to end
	StateWatching     State = "watch-kept"      // the watch goes on, as was decided
	StateRatified     State = "ratified"        // of a case that a proposal opened
	StateReserved     State = "reserved"
	StateDeclined     State = "declined"
)

// States lists all states, in the order in which a case usually reaches them.
func States() []State {
	return []State{StateSent, StateReceived, StateNotified, StateOpened, StateAcknowledged, StateSupplemented, StateCorrected, StateAsked, StateAnswered, StateInterim, StateExtended, StateCalled, StateReminded, StateAssessed, StateActed, StateConcluded, StateRefused, StateToForward, StateForwarding, StateHit, StateHitWithdrawn, StateLapsing, StateWatching, StateRecalled, StateRatified, StateReserved, StateDeclined}
}

// ParseState reads a state.
func ParseState(s string) (State, error) { return oneOf("case state", State(s), States()) }

var stateOf = map[Kind]State{
	KindNotification:    StateNotified,
	KindOpening:         StateOpened,
	KindAcknowledgement: StateAcknowledged,
	KindAssessment:      StateAssessed,
	KindQuestion:        StateAsked,
	KindAnswer:          StateAnswered,
	KindInterim:         StateInterim,
	KindExtension:       StateExtended,
	KindAction:          StateActed,
	KindOutcome:         StateConcluded,
	KindRefusal:         StateRefused,
	KindSupplement:      StateSupplemented,
	KindCorrection:      StateCorrected,
	KindRecall:          StateRecalled,
	KindCall:            StateCalled,
	KindReminder:        StateReminded,
	KindForwardRequest:  StateToForward,
	KindForwardConsent:  StateForwarding,
	KindWatchHit:        StateHit,

	KindAccordRatification: StateRatified,
	KindAccordReservation:  StateReserved,
	KindAccordDecline:      StateDeclined,
}

// Reached gives the signed time at which the case first reached each state.
func (c Case) Reached() map[State]time.Time {
	at := map[State]time.Time{}
	reach := func(state State, t time.Time) {
		if first, ok := at[state]; !ok || t.Before(first) {
			at[state] = t
		}
	}
	rungs := c.rungs()
	if all, ok := allAcknowledged(rungs); ok {
		reach(StateAcknowledged, all)
	}
	for _, s := range c.Statements {
		switch {
		case s.Kind == KindReceipt:
			if s.Answers[0] == StatementID(c.ID) {
				reach(StateReceived, s.Received)
			}
		case s.ID == StatementID(c.ID):
			reach(StateSent, s.Time)
			if s.Kind == KindQuestion {
				reach(StateAsked, s.Time)
			}
		case s.Kind == KindNotification || s.Kind == KindOpening:
			// What the warner's own people saw says nothing about the warned.
			if s.Author == c.Warned {
				reach(stateOf[s.Kind], s.Time)
			}
		case s.Kind == KindAcknowledgement && len(rungs) > 0:
			// Above, once all have.
		case s.Kind == KindAssessment:
			if len(rungs) == 0 {
				reach(StateAcknowledged, s.Time) // an assessment acknowledges too
			}
			reach(StateAssessed, s.Time)
		case s.Kind == KindWatchHit && !s.Withdrawn.IsZero():
			reach(StateHitWithdrawn, s.Time)
		case s.Kind == KindWatchLapseNotice && s.Effective.IsZero():
			reach(StateWatching, s.Time)
		case s.Kind == KindWatchLapseNotice:
			reach(StateLapsing, s.Time)
		default:
			if state, ok := stateOf[s.Kind]; ok {
				reach(state, s.Time)
			}
		}
	}
	return at
}

// rungs are the acknowledgements of the opening that rungs owe, each for itself.
func (c Case) rungs() []Duty {
	var owed []Duty
	for _, d := range c.Duties {
		if d.From == StatementID(c.ID) && d.Kind.Rung() > 0 {
			owed = append(owed, d)
		}
	}
	return owed
}

// allAcknowledged is when the last of them did; false while one has not.
func allAcknowledged(owed []Duty) (last time.Time, ok bool) {
	for _, d := range owed {
		if d.Discharge.IsZero() || d.Refused {
			return time.Time{}, false
		}
		if d.At.After(last) {
			last = d.At
		}
	}
	return last, len(owed) > 0
}

// Stage is the furthest that the case has come, for a list of cases.
func (c Case) Stage() State {
	at := c.Reached()
	for _, s := range []State{StateRecalled, StateRatified, StateReserved, StateDeclined, StateConcluded, StateRefused, StateActed, StateAssessed, StateAcknowledged, StateOpened, StateNotified, StateReceived} {
		if _, ok := at[s]; ok {
			return s
		}
	}
	return StateSent
}

// Settled reports whether nothing more is expected of anybody: no duty is open.
func (c Case) Settled() bool {
	return !slices.ContainsFunc(c.Duties, Duty.Open)
}
