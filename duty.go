package heed

import (
	"time"
)

// DutyKind is what is owed.
type DutyKind string

// The duties. Review and decide belong to the watch; clocks name them already.
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

// ParseDutyKind reads a duty.
func ParseDutyKind(s string) (DutyKind, error) { return oneOf("duty", DutyKind(s), DutyKinds()) }

func dutyOrder(k DutyKind) int {
	for i, v := range DutyKinds() {
		if v == k {
			return i
		}
	}
	return len(DutyKinds())
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
	return promise(s.asks(), s.Urgency, terms, received)
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

func promise(kinds []DutyKind, urgency Urgency, terms Baseline, from time.Time) []Promise {
	var out []Promise
	for _, kind := range kinds {
		if d, ok := terms.Clock.Of(kind, urgency); ok {
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
