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
	Urgency Urgency
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

	byID  map[StatementID]Statement
	depth map[StatementID]int // place in the author's chain
}

// Fold computes the case from the statements that are held of it. It never
// fails: what cannot be placed is in Waiting, what breaks a rule in Misfits.
func Fold(id CaseID, held []Statement) Case {
	c := Case{ID: id, byID: map[StatementID]Statement{}, depth: map[StatementID]int{}}
	all := map[StatementID]Statement{}
	for _, s := range held {
		if s.CaseID() == id {
			all[s.ID] = s
		}
	}
	opening, ok := all[StatementID(id)]
	if !ok {
		c.Waiting = slices.SortedFunc(maps.Keys(all), compareIDs)
		return c
	}
	c.Opening = opening
	c.Code = opening.CaseCode()
	c.Warner, c.Warned = opening.Author, opening.Recipient
	c.Urgency, c.Status = opening.Urgency, opening.Status

	c.place(all)
	c.findEquivocations()
	c.collectDuties()
	return c
}

// place sorts the statements into folded, waiting and misfits. Going by signed
// time first makes one pass the rule, but nothing rests on it: it goes on
// until a pass places nothing.
func (c *Case) place(all map[StatementID]Statement) {
	left := slices.SortedFunc(maps.Values(all), compareStatements)
	for {
		var still []Statement
		for _, s := range left {
			switch {
			case !c.parentsPlaced(s):
				still = append(still, s)
			case c.fits(s) != nil:
				c.Misfits = append(c.Misfits, s.ID)
			default:
				c.byID[s.ID] = s
				if s.Kind != KindReceipt {
					c.depth[s.ID] = c.depth[s.Previous] + 1
				}
				c.Statements = append(c.Statements, s)
			}
		}
		if len(still) == len(left) {
			break
		}
		left = still
	}
	for _, s := range left {
		c.Waiting = append(c.Waiting, s.ID)
	}
	slices.SortFunc(c.Statements, compareStatements)
	slices.SortFunc(c.Waiting, compareIDs)
	slices.SortFunc(c.Misfits, compareIDs)
}

func (c *Case) parentsPlaced(s Statement) bool {
	if s.ID == StatementID(c.ID) {
		return true
	}
	if _, ok := c.byID[StatementID(c.ID)]; !ok {
		return false
	}
	if !s.Previous.IsZero() {
		if _, ok := c.byID[s.Previous]; !ok {
			return false
		}
	}
	for _, id := range s.Answers {
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

func (c *Case) collectDuties() {
	seen := map[StatementID]bool{}
	for _, s := range c.Statements {
		from := s.ID
		switch s.Kind {
		case KindReceipt:
			from = s.Answers[0]
			if seen[from] {
				continue // of two receipts the first in order counts; the pair is an equivocation
			}
			seen[from] = true
		case KindAssessment:
		default:
			continue
		}
		for _, p := range s.Duties {
			owedBy := debtor(p.Kind, c.byID[from])
			c.Duties = append(c.Duties, Duty{Kind: p.Kind, From: from, OwedBy: owedBy, OwedTo: c.Other(owedBy), Due: p.Due, Promised: p.Due})
		}
	}
	for i := range c.Duties {
		c.settle(&c.Duties[i])
	}
	slices.SortFunc(c.Duties, func(a, b Duty) int {
		return cmp.Or(a.Due.Compare(b.Due), dutyOrder(a.Kind)-dutyOrder(b.Kind), compareIDs(a.From, b.From))
	})
}

// settle gives a duty its extensions, its discharge and its level.
func (c *Case) settle(d *Duty) {
	for _, s := range c.Statements {
		switch {
		case Discharges(s, *d):
			// All that discharge it are the debtor's, so its own chain orders them.
			if d.Discharge.IsZero() || c.depth[s.ID] < c.depth[d.Discharge] {
				d.Discharge, d.At, d.Refused = s.ID, s.Time, s.Kind == KindRefusal
			}
		case s.Kind == KindExtension && s.Author == d.OwedTo && s.AnswersTo(d.From) && s.Duties[0].Kind == d.Kind:
			if s.Duties[0].Due.After(d.Due) {
				d.Due = s.Duties[0].Due
			}
		case s.Kind == KindRecall && s.Author == d.OwedTo:
			if d.Ended.IsZero() || c.depth[s.ID] < c.depth[d.Ended] {
				d.Ended = s.ID
			}
		case s.Kind == KindInterim && s.Author == d.OwedBy && s.AnswersTo(d.From):
			if s.By.After(d.Expected) {
				d.Expected = s.By
			}
		case (s.Kind == KindReminder || s.Kind == KindNotification) && s.AnswersTo(d.From):
			if len(s.Duties) == 1 && s.Duties[0].Kind == d.Kind && s.Level > d.Level {
				d.Level = s.Level
			}
		}
	}
	if !d.Discharge.IsZero() {
		d.Ended = StatementID{}
	}
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

// Receipt finds the receipt for a statement.
func (c Case) Receipt(id StatementID) (Statement, bool) {
	for _, s := range c.Statements {
		if s.Kind == KindReceipt && s.Answers[0] == id {
			return s, true
		}
	}
	return Statement{}, false
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
)

// States lists all states, in the order in which a case usually reaches them.
func States() []State {
	return []State{StateSent, StateReceived, StateNotified, StateOpened, StateAcknowledged, StateSupplemented, StateCorrected, StateAsked, StateAnswered, StateInterim, StateExtended, StateCalled, StateReminded, StateAssessed, StateActed, StateConcluded, StateRefused, StateRecalled}
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
}

// Reached gives the signed time at which the case first reached each state.
func (c Case) Reached() map[State]time.Time {
	at := map[State]time.Time{}
	reach := func(state State, t time.Time) {
		if first, ok := at[state]; !ok || t.Before(first) {
			at[state] = t
		}
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
		case s.Kind == KindAssessment:
			reach(StateAcknowledged, s.Time) // an assessment acknowledges too
			reach(StateAssessed, s.Time)
		default:
			if state, ok := stateOf[s.Kind]; ok {
				reach(state, s.Time)
			}
		}
	}
	return at
}

// Stage is the furthest that the case has come, for a list of cases.
func (c Case) Stage() State {
	at := c.Reached()
	for _, s := range []State{StateRecalled, StateConcluded, StateRefused, StateActed, StateAssessed, StateAcknowledged, StateOpened, StateNotified, StateReceived} {
		if _, ok := at[s]; ok {
			return s
		}
	}
	return StateSent
}

// Concluded reports whether nothing more is expected of anybody: no duty is open.
func (c Case) Settled() bool {
	return !slices.ContainsFunc(c.Duties, Duty.Open)
}
