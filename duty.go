package heed

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// DutyKind is what is owed: one of DutyKinds, or an acknowledgement that one
// rung of the debtor's ladder owes for itself, like "acknowledge/2". The rungs
// of a ladder are numbered from 1.
type DutyKind string

// The duties. Review and decide are of the watch: whoever keeps it owes them, and
// no statement of the other party promises them.
const (
	DutyAcknowledge DutyKind = "acknowledge"
	DutyAssess      DutyKind = "assess"
	DutyAnswer      DutyKind = "answer"
	DutyReport      DutyKind = "report"
	DutyConclude    DutyKind = "conclude"
	DutyReview      DutyKind = "review"
	DutyRatify      DutyKind = "ratify"
	DutyDecide      DutyKind = "decide"
)

// DutyKinds lists all duties in the order in which signed text names them.
func DutyKinds() []DutyKind {
	return []DutyKind{DutyAcknowledge, DutyAssess, DutyAnswer, DutyReport, DutyConclude, DutyReview, DutyRatify, DutyDecide}
}

// OfRung is the acknowledgement that the n-th rung owes for itself, n from 1 to
// MaxRungs.
func OfRung(n int) DutyKind { return DutyAcknowledge + DutyKind("/"+strconv.Itoa(n)) }

// Base is the duty whose time a clock gives: that of DutyKinds.
func (k DutyKind) Base() DutyKind {
	if k.Rung() > 0 {
		return DutyAcknowledge
	}
	return k
}

// Rung is the rung of the debtor's ladder that owes the duty for itself; 0 where
// the party owes it, whoever of it does it.
func (k DutyKind) Rung() int {
	n, ok := strings.CutPrefix(string(k), string(DutyAcknowledge)+"/")
	if !ok || len(n) != 1 || n[0] < '1' || n[0] > '0'+MaxRungs {
		return 0
	}
	return int(n[0] - '0')
}

// DutyNames lists all that ParseDutyKind reads, in that order.
func DutyNames() []DutyKind {
	var rungs []DutyKind
	for n := 1; n <= MaxRungs; n++ {
		rungs = append(rungs, OfRung(n))
	}
	return slices.Insert(DutyKinds(), 1, rungs...)
}

// ParseDutyKind reads a duty.
func ParseDutyKind(s string) (DutyKind, error) {
	if k := DutyKind(s); k.Rung() > 0 {
		return k, nil
	}
	return oneOf("duty", DutyKind(s), DutyKinds())
}

func dutyOrder(k DutyKind) int {
	for i, v := range DutyKinds() {
		if v == k.Base() {
			return i*(MaxRungs+1) + k.Rung()
		}
	}
	return len(DutyKinds()) * (MaxRungs + 1)
}

// DutyState is where a duty stands at some time.
type DutyState string

// The states of a duty. A statement signed exactly at the due time is on time.
const (
	DutyOpen           DutyState = "open"
	DutyOverdue        DutyState = "overdue"
	DutyDischarged     DutyState = "discharged"
	DutyDischargedLate DutyState = "discharged-late"
	DutyRefused        DutyState = "refused"
	DutyEnded          DutyState = "ended" // by a recall
)

// Duty is an obligation of one party of a case to the other.
type Duty struct {
	Kind     DutyKind
	From     StatementID // the statement that it follows from
	OwedBy   PartyID
	OwedTo   PartyID
	Due      time.Time // with every extension
	Promised time.Time // without any extension

	Discharge StatementID // the first statement that discharged it; zero while open
	At        time.Time   // the signed time of Discharge
	Refused   bool        // Discharge is a refusal
	Ended     StatementID // the recall that ended it; zero unless ended undischarged
	Level     int         // the highest escalation level that a statement of the case names
	Expected  time.Time   // when an interim reply says that it will come; zero: none says
}

// Open reports whether the duty is still owed.
func (d Duty) Open() bool { return d.Discharge.IsZero() && d.Ended.IsZero() }

// State is where the duty stands at now.
func (d Duty) State(now time.Time) DutyState {
	switch {
	case !d.Discharge.IsZero() && d.Refused:
		return DutyRefused
	case !d.Discharge.IsZero() && d.At.After(d.Due):
		return DutyDischargedLate
	case !d.Discharge.IsZero():
		return DutyDischarged
	case !d.Ended.IsZero():
		return DutyEnded
	case now.After(d.Due):
		return DutyOverdue
	}
	return DutyOpen
}

// Promises is what the receiver of a statement owes for it under its terms:
// what its receipt must list, each with its due time counted from received.
func Promises(s Statement, terms Baseline, received time.Time) []Promise {
	if s.Kind.Proposes() && s.Reply > 0 {
		// A reply is owed in the time that the proposed terms give: there are no others yet.
		return []Promise{{Kind: DutyRatify, Due: Instant(received).Add(s.Reply)}}
	}
	return promise(eachForItself(s.asks(), terms.Acknowledge), s.Urgency, terms, received)
}

// CountedFrom is the due time of a duty that a receipt counts from the time at
// which it says that the statement was received, where the statement could be
// read only later: it keeps its whole response time. since is Case.Given.
func CountedFrom(due, received, since time.Time) time.Time {
	if since.After(received) {
		return due.Add(since.Sub(received))
	}
	return due
}

// Undertakings is what the author of an assessment owes from then on under its
// own terms: what the assessment must list.
func Undertakings(d Disposition, urgency Urgency, terms Baseline, at time.Time) []Promise {
	if !d.Obliges() {
		return nil
	}
	return promise([]DutyKind{DutyReport, DutyConclude}, urgency, terms, at)
}

// HitPromises is by when a hit is to be reported that an officer confirmed at that
// time, or a report withdrawn that is not held any more from then on, under the terms
// of the party that watches; none where these give no time.
func HitPromises(urgency Urgency, terms Baseline, decided time.Time) []Promise {
	return promise([]DutyKind{DutyReport}, urgency, terms, decided)
}

// eachForItself puts the rungs that must acknowledge in the place of the party.
func eachForItself(kinds []DutyKind, rungs []int) []DutyKind {
	at := slices.Index(kinds, DutyAcknowledge)
	if at < 0 || len(rungs) == 0 {
		return kinds
	}
	each := make([]DutyKind, len(rungs))
	for i, n := range rungs {
		each[i] = OfRung(n)
	}
	return slices.Replace(kinds, at, at+1, each...)
}

func promise(kinds []DutyKind, urgency Urgency, terms Baseline, from time.Time) []Promise {
	var out []Promise
	for _, kind := range kinds {
		if d, ok := terms.Clock.Of(kind.Base(), urgency); ok {
			out = append(out, Promise{Kind: kind, Due: Instant(from).Add(d)})
		}
	}
	return out
}

// Discharges reports whether the statement is one that discharges the duty,
// were it the first.
func Discharges(s Statement, d Duty) bool {
	if s.Author != d.OwedBy || !s.AnswersTo(d.From) || s.Kind.ByMachine() {
		return false
	}
	if rung := d.Kind.Rung(); rung > 0 {
		// Not even an assessment speaks for another rung.
		return s.Kind == KindAcknowledgement && s.Level == rung || s.Kind == KindRefusal
	}
	switch d.Kind {
	case DutyAcknowledge:
		return s.Kind == KindAcknowledgement || s.Kind == KindAssessment || s.Kind == KindRefusal
	case DutyAssess:
		return s.Kind == KindAssessment || s.Kind == KindRefusal
	case DutyAnswer:
		return s.Kind == KindAnswer || s.Kind == KindRefusal
	case DutyReport:
		return s.Kind == KindAction || s.Kind == KindOutcome
	case DutyConclude:
		return s.Kind == KindOutcome
	case DutyRatify:
		// Who is gone can answer no more, so that going is a reply too.
		act, ok := s.Kind.Act()
		return ok && (act.Answers() || act == AccordWithdrawal)
	}
	return false
}

// debtor is who owes a duty of that kind that follows from the statement.
func debtor(kind DutyKind, from Statement) PartyID {
	if kind == DutyReport || kind == DutyConclude {
		return from.Author
	}
	return from.Recipient
}
