package heed

import (
	"cmp"
	"slices"
	"time"
)

// DrillState says whether a party took a step of an exercise.
type DrillState string

// The states of a step.
const (
	DrillDone     DrillState = "done"     // in time, where there was a time
	DrillLate     DrillState = "late"     // after it was due
	DrillDue      DrillState = "due"      // not yet, and not overdue
	DrillNever    DrillState = "never"    // not until now, and overdue; or the exercise has not been received
	DrillRefused  DrillState = "refused"  // answered with a coded reason why not
	DrillRecalled DrillState = "recalled" // the warner took it back before
	DrillNotOwed  DrillState = "not-owed" // and not done
)

// DrillStep is one step of a party in an exercise.
type DrillStep struct {
	State DrillState
	// After is how long it took from when the party says that it received the
	// exercise; zero unless the step was taken.
	After time.Duration
	Due   time.Time // by when it is owed, with every extension; zero: it is not
}

// taken reports whether the party has answered: it has stopped the clock.
func (s DrillStep) taken() bool {
	return s.State == DrillDone || s.State == DrillLate || s.State == DrillRefused
}

// DrillAnswer is what one party made of one exercise.
type DrillAnswer struct {
	Case    CaseID
	Code    Code
	Release ReleaseID // what the cases of one exercise share
	From    PartyID   // whose exercise it was
	Party   PartyID   // who was to answer
	Accord  AccordID  // zero: none
	Urgency Urgency
	Sent    time.Time // signed by From
	// Received is signed by Party, as all further times are; zero: no receipt is here.
	Received time.Time

	Receipt      DrillStep // After counts from Sent, by two clocks
	Notified     DrillStep // a person was told, by whatever channel carries notices
	Opened       DrillStep
	Acknowledged DrillStep
	Assessed     DrillStep
}

// DrillAnswerIn is what the warned party made of an exercise, as of now; false
// for a case that no warning with status Exercise opened.
func DrillAnswerIn(c Case, now time.Time) (DrillAnswer, bool) {
	o := c.Opening
	if o.Kind != KindWarning || o.Status != StatusExercise {
		return DrillAnswer{}, false
	}
	a := DrillAnswer{
		Case: c.ID, Code: c.Code, Release: o.Release, From: c.Warner, Party: c.Warned, Accord: o.Accord, Urgency: o.Urgency, Sent: o.Time,
		Receipt: DrillStep{State: DrillNever}, Notified: DrillStep{State: DrillNever}, Opened: DrillStep{State: DrillNever},
		Acknowledged: DrillStep{State: DrillNever}, Assessed: DrillStep{State: DrillNever},
	}
	receipt, ok := c.Receipt(o.ID)
	if !ok {
		return a, true
	}
	a.Received = receipt.Received
	a.Receipt = DrillStep{State: DrillDone, After: max(a.Received.Sub(a.Sent), 0)}
	reached := c.Reached()
	after := func(at time.Time) time.Duration { return max(at.Sub(a.Received), 0) }
	owed := func(kind DutyKind, state State) DrillStep {
		d, ok := c.Whole(kind, o.ID)
		at, done := reached[state]
		if !ok {
			if done {
				return DrillStep{State: DrillDone, After: after(at)}
			}
			return DrillStep{State: DrillNotOwed}
		}
		s := DrillStep{State: drillStates[d.State(now)], Due: d.Due}
		if s.taken() {
			s.After = after(d.At)
		}
		return s
	}
	a.Acknowledged, a.Assessed = owed(DutyAcknowledge, StateAcknowledged), owed(DutyAssess, StateAssessed)
	// Nobody owes that a person is told or opens it, but without that nobody
	// acknowledges: while it may still be in time, so may they.
	before := func(state State) DrillStep {
		if at, done := reached[state]; done {
			return DrillStep{State: DrillDone, After: after(at)}
		}
		switch s := a.Acknowledged; {
		case s.Due.IsZero():
			return DrillStep{State: DrillNotOwed}
		case s.State == DrillDue, s.State == DrillRecalled:
			return DrillStep{State: s.State}
		}
		return DrillStep{State: DrillNever}
	}
	a.Notified, a.Opened = before(StateNotified), before(StateOpened)
	return a, true
}

var drillStates = map[DutyState]DrillState{
	DutyOpen: DrillDue, DutyOverdue: DrillNever, DutyDischarged: DrillDone, DutyDischargedLate: DrillLate,
	DutyRefused: DrillRefused, DutyEnded: DrillRecalled,
}

// DrillFigures are how a party answered one step over all exercises.
type DrillFigures struct {
	Done, Late, Refused, Never, Due int
	// Median and Slowest count what never came as longer than anything: their
	// State is never then, done where they have a time, and not-owed where
	// nothing is counted. Of an even number the median is the lower one.
	Median, Slowest DrillStep
}

// DrillParty is how a party answered exercises.
type DrillParty struct {
	Party        PartyID
	Exercises    int
	Received     int
	Acknowledged DrillFigures
	Assessed     DrillFigures
}

// DrillExercise is one exercise and what each party made of it.
type DrillExercise struct {
	From    PartyID
	Code    Code // under which From knows all its cases
	Accord  AccordID
	Urgency Urgency
	Sent    time.Time
	Answers []DrillAnswer // the slowest first
}

// DrillReport says who answered exercises how fast.
type DrillReport struct {
	AsOf      time.Time
	Parties   []DrillParty    // the slowest first
	Exercises []DrillExercise // the newest first
}

// DrillReportOf gathers answers into a report, as of the time of which they are.
func DrillReportOf(answers []DrillAnswer, asOf time.Time) DrillReport {
	type exercise struct {
		from    PartyID
		release ReleaseID
	}
	report := DrillReport{AsOf: asOf}
	exercises, parties := map[exercise]int{}, map[PartyID][]DrillAnswer{}
	for _, a := range answers {
		key := exercise{a.From, a.Release}
		at, ok := exercises[key]
		if !ok {
			at = len(report.Exercises)
			exercises[key] = at
			report.Exercises = append(report.Exercises, DrillExercise{From: a.From, Code: a.Code, Accord: a.Accord, Urgency: a.Urgency, Sent: a.Sent})
		}
		report.Exercises[at].Answers = append(report.Exercises[at].Answers, a)
		parties[a.Party] = append(parties[a.Party], a)
	}
	for _, e := range report.Exercises {
		slices.SortFunc(e.Answers, slowerAnswer)
	}
	slices.SortFunc(report.Exercises, func(a, b DrillExercise) int {
		return cmp.Or(b.Sent.Compare(a.Sent), cmp.Compare(a.From, b.From), cmp.Compare(a.Code, b.Code))
	})
	for party, all := range parties {
		p := DrillParty{Party: party, Exercises: len(all)}
		var acknowledged, assessed []DrillStep
		for _, a := range all {
			if !a.Received.IsZero() {
				p.Received++
			}
			acknowledged, assessed = append(acknowledged, a.Acknowledged), append(assessed, a.Assessed)
		}
		p.Acknowledged, p.Assessed = drillFigures(acknowledged), drillFigures(assessed)
		report.Parties = append(report.Parties, p)
	}
	slices.SortFunc(report.Parties, func(a, b DrillParty) int {
		return cmp.Or(slowerStep(a.Acknowledged.Median, b.Acknowledged.Median), slowerStep(a.Acknowledged.Slowest, b.Acknowledged.Slowest),
			slowerStep(a.Assessed.Median, b.Assessed.Median), cmp.Compare(a.Party, b.Party))
	})
	return report
}

func drillFigures(steps []DrillStep) DrillFigures {
	f := DrillFigures{Median: DrillStep{State: DrillNotOwed}, Slowest: DrillStep{State: DrillNotOwed}}
	var times []DrillStep
	for _, s := range steps {
		switch s.State {
		case DrillDone:
			f.Done++
		case DrillLate:
			f.Late++
		case DrillRefused:
			f.Refused++
		case DrillNever:
			f.Never++
			times = append(times, DrillStep{State: DrillNever})
		case DrillDue:
			f.Due++
		}
		if s.taken() {
			times = append(times, DrillStep{State: DrillDone, After: s.After})
		}
	}
	if len(times) > 0 {
		slices.SortFunc(times, func(a, b DrillStep) int { return slowerStep(b, a) })
		f.Median, f.Slowest = times[(len(times)-1)/2], times[len(times)-1]
	}
	return f
}

// slowerAnswer orders answers, the slowest first: those that never received the
// exercise, that never acknowledged it, then by the time that it took.
func slowerAnswer(a, b DrillAnswer) int {
	unreceived := func(a DrillAnswer) int {
		if a.Received.IsZero() {
			return 0
		}
		return 1
	}
	return cmp.Or(unreceived(a)-unreceived(b), slowerStep(a.Acknowledged, b.Acknowledged), slowerStep(a.Assessed, b.Assessed), cmp.Compare(a.Party, b.Party), compareIDs(StatementID(a.Case), StatementID(b.Case)))
}

// slowerStep orders steps, the slowest first: what never came, what was taken
// by the time it took, what may still come or is not owed.
func slowerStep(a, b DrillStep) int {
	rank := func(s DrillStep) int {
		switch {
		case s.State == DrillNever:
			return 0
		case s.taken():
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.After, a.After))
}
