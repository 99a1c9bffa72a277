package heed

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHeeded(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.wait(time.Minute)
	received := st.now
	st.receipt(warning)
	st.wait(time.Second)
	st.given(south, KindNotification, to(warning))
	st.wait(time.Minute)
	st.given(south, KindOpening, to(warning))
	st.wait(time.Minute)
	acknowledged := st.given(south, KindAcknowledgement, to(warning))
	st.wait(time.Hour)
	question := st.given(south, KindQuestion, to(warning))
	st.wait(time.Hour)
	answer := st.given(north, KindAnswer, to(question))
	st.wait(time.Hour)
	assessed := st.assess(Credible, warning)
	st.wait(time.Hour)
	action := st.given(south, KindAction, to(assessed))
	st.wait(time.Hour)
	outcome := st.given(south, KindOutcome, to(assessed))

	c := st.fold(t)
	if c.Warner != north || c.Warned != south || c.Urgency != UrgencyImmediate || c.Status != StatusActual || c.Opening.ID != warning.ID || c.Code != warning.CaseCode() {
		t.Errorf("got %s to %s, %s, %s, %s", c.Warner, c.Warned, c.Urgency, c.Status, c.Code)
	}
	if len(c.Duties) != 5 || !c.Settled() || len(c.OpenDuties(south)) != 0 {
		t.Errorf("duties: %s", told(c.Duties, st.now))
	}
	for _, want := range []struct {
		kind   DutyKind
		from   Statement
		owedBy PartyID
		by     Statement
		due    time.Time
	}{
		{DutyAcknowledge, warning, south, acknowledged, received.Add(time.Hour)},
		{DutyAssess, warning, south, assessed, received.Add(8 * time.Hour)},
		{DutyAnswer, question, north, answer, question.Time.Add(8 * time.Hour)},
		{DutyReport, assessed, south, action, assessed.Time.Add(8 * time.Hour)},
		{DutyConclude, assessed, south, outcome, assessed.Time.Add(16 * time.Hour)},
	} {
		d := duty(t, c, want.kind, want.from)
		if d.OwedBy != want.owedBy || d.OwedTo != otherOf(want.owedBy) || d.Discharge != want.by.ID || !d.At.Equal(want.by.Time) || !d.Due.Equal(want.due) || !d.Promised.Equal(want.due) || d.State(st.now) != DutyDischarged {
			t.Errorf("%s: %s", want.kind, told([]Duty{d}, st.now))
		}
	}
	reached := c.Reached()
	for state, want := range map[State]time.Time{
		StateSent: warning.Time, StateReceived: received, StateAcknowledged: acknowledged.Time, StateAsked: question.Time,
		StateAnswered: answer.Time, StateAssessed: assessed.Time, StateActed: action.Time, StateConcluded: outcome.Time,
	} {
		if !reached[state].Equal(want) {
			t.Errorf("%s: reached at %s, want %s", state, reached[state], want)
		}
	}
	if len(reached) != 10 || c.Stage() != StateConcluded {
		t.Errorf("reached %v, stage %s", reached, c.Stage())
	}
	if !slices.IsSortedFunc(c.Duties, func(a, b Duty) int { return a.Due.Compare(b.Due) }) {
		t.Error("duties are not in the order of due time")
	}
}

func TestUnanswered(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	st.given(south, KindAcknowledgement, to(warning))
	question := st.given(south, KindQuestion, to(warning))
	due := storyBegins.Add(8 * time.Hour)
	for level := 1; level <= 2; level++ {
		st.now = due.Add(time.Duration(level) * time.Hour)
		st.given(north, KindReminder, to(warning), func(s *Statement) { s.Level, s.Duties = level, []Promise{{DutyAssess, due}} })
		st.given(north, KindNotification, to(question), func(s *Statement) { s.Level, s.Duties = level, []Promise{{DutyAnswer, due}} })
		st.given(south, KindReminder, to(question), func(s *Statement) { s.Level, s.Duties = level, []Promise{{DutyAnswer, due}} })
	}
	c := st.fold(t)
	for _, d := range []Duty{duty(t, c, DutyAssess, warning), duty(t, c, DutyAnswer, question)} {
		if d.State(due) != DutyOpen || d.State(due.Add(time.Millisecond)) != DutyOverdue || d.Level != 2 {
			t.Errorf("%s at level %d", told([]Duty{d}, st.now), d.Level)
		}
	}
	if d := duty(t, c, DutyAcknowledge, warning); d.Level != 0 || d.State(st.now) != DutyDischarged {
		t.Errorf("the levels are those of the duties that are named: %+v", d)
	}
	if owed := c.OpenDuties(north); len(owed) != 1 || owed[0].Kind != DutyAnswer || c.Settled() {
		t.Errorf("north owes %s", told(owed, st.now))
	}
	if c.Stage() != StateAcknowledged {
		t.Errorf("stage %s", c.Stage())
	}
	if _, ok := c.Reached()[StateNotified]; ok {
		t.Error("the warner's notices say nothing about the warned")
	}
}

func TestQuestionsBothWays(t *testing.T) {
	st := begin(KindQuestion, UrgencyExpected)
	asked := st.all[0]
	st.receipt(asked)
	back := st.given(south, KindQuestion, to(asked))
	st.wait(time.Hour)
	first := st.given(north, KindAnswer, to(back))
	c := st.fold(t)
	if d := duty(t, c, DutyAnswer, asked); d.OwedBy != south || !d.Open() {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	if d := duty(t, c, DutyAnswer, back); d.OwedBy != north || d.Discharge != first.ID {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	if _, ok := c.Reached()[StateAsked]; !ok {
		t.Error("a case that a question opened is asked")
	}
	answer := st.given(south, KindAnswer, to(asked))
	if d := duty(t, st.fold(t), DutyAnswer, asked); d.Discharge != answer.ID {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
}

func TestWarningThatAsksForAnAnswer(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	st.receipt(warning)
	st.given(south, KindAcknowledgement, to(warning))
	st.assess(NotCredible, warning)
	if open := st.fold(t).OpenDuties(south); len(open) != 1 || open[0].Kind != DutyAnswer {
		t.Errorf("an assessment is no answer; open: %s", told(open, st.now))
	}
	st.given(south, KindAnswer, to(warning))
	if c := st.fold(t); !c.Settled() {
		t.Errorf("open: %s", told(c.OpenDuties(south), st.now))
	}
	plain := newStory(UrgencyImmediate, false)
	plain.receipt(plain.all[0])
	answer := plain.say(south, KindAnswer, to(plain.all[0]))
	if c := Fold(plain.id, plain.all); !slices.Contains(c.Misfits, answer.ID) {
		t.Error("a warning that asks for no answer was answered")
	}
}

func TestSupplementAndCorrectionAreAcknowledgedAgain(t *testing.T) {
	for _, kind := range []Kind{KindSupplement, KindCorrection} {
		st := newStory(UrgencyImmediate, false)
		warning := st.all[0]
		st.receipt(warning)
		st.given(south, KindAcknowledgement, to(warning))
		st.wait(time.Hour)
		more := st.given(north, kind, to(warning))
		d := duty(t, st.fold(t), DutyAcknowledge, more)
		if d.OwedBy != south || !d.Open() || !d.Due.Equal(st.now.Add(time.Hour)) {
			t.Errorf("%s: %s", kind, told([]Duty{d}, st.now))
		}
		again := st.given(south, KindAcknowledgement, to(more))
		c := st.fold(t)
		if got := duty(t, c, DutyAcknowledge, more); got.Discharge != again.ID {
			t.Errorf("%s: %s", kind, told([]Duty{got}, st.now))
		}
		if _, ok := c.Reached()[stateOf[kind]]; !ok {
			t.Errorf("%s: reached %v", kind, c.Reached())
		}
		if owed := c.OpenDuties(south); len(owed) != 1 || owed[0].Kind != DutyAssess || owed[0].From != warning.ID {
			t.Errorf("%s: the assessment stays owed for the warning: %s", kind, told(owed, st.now))
		}
	}
}

func TestAssessmentAcknowledgesToo(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	more := st.given(north, KindSupplement, to(warning))
	assessed := st.assess(NotCredible, warning, more)
	c := st.fold(t)
	for _, d := range c.Duties {
		if d.Discharge != assessed.ID {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
	}
	if _, ok := c.Reached()[StateAcknowledged]; !ok || len(c.Duties) != 3 || c.Stage() != StateAssessed {
		t.Errorf("stage %s, %d duties, reached %v", c.Stage(), len(c.Duties), c.Reached())
	}
}

func TestRecallEndsWhatIsOpen(t *testing.T) {
	for _, overdue := range []bool{false, true} {
		st := newStory(UrgencyImmediate, false)
		warning := st.all[0]
		st.receipt(warning)
		st.given(south, KindAcknowledgement, to(warning))
		question := st.given(south, KindQuestion, to(warning))
		if overdue {
			st.wait(100 * time.Hour)
		}
		recall := st.given(north, KindRecall, to(warning))
		c := st.fold(t)
		if d := duty(t, c, DutyAssess, warning); d.State(st.now) != DutyEnded || d.Ended != recall.ID || d.Open() {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
		if d := duty(t, c, DutyAcknowledge, warning); d.State(st.now) != DutyDischarged || !d.Ended.IsZero() {
			t.Errorf("what was discharged stays so: %s", told([]Duty{d}, st.now))
		}
		if d := duty(t, c, DutyAnswer, question); !d.Open() {
			t.Errorf("what the warner owes stays owed: %s", told([]Duty{d}, st.now))
		}
		if c.Stage() != StateRecalled {
			t.Errorf("stage %s", c.Stage())
		}
		// What the other party says crosses the recall: it ends too.
		assessed := st.assess(Credible, warning)
		c = st.fold(t)
		if d := duty(t, c, DutyReport, assessed); d.Ended != recall.ID {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
		if d := duty(t, c, DutyAssess, warning); d.Discharge != assessed.ID || !d.Ended.IsZero() {
			t.Errorf("an assessment after all is on record: %s", told([]Duty{d}, st.now))
		}
		// What the warner asks after its recall is asked anew.
		anew := st.given(north, KindQuestion, nil)
		if d := duty(t, st.fold(t), DutyAnswer, anew); !d.Open() {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
		second := st.given(north, KindRecall, to(warning))
		c = st.fold(t)
		if d := duty(t, c, DutyAnswer, anew); d.Ended != second.ID {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
		if d := duty(t, c, DutyReport, assessed); d.Ended != recall.ID {
			t.Errorf("the first recall ended it: %s", told([]Duty{d}, st.now))
		}
	}
}

func TestExtension(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	due := storyBegins.Add(8 * time.Hour)
	extend := func(by PartyID, from Statement, kind DutyKind, until time.Time) Statement {
		return st.say(by, KindExtension, to(from), func(s *Statement) { s.Duties = []Promise{{kind, until}} })
	}
	extend(north, warning, DutyAssess, due.Add(-time.Hour))
	if d := duty(t, st.fold(t), DutyAssess, warning); !d.Due.Equal(due) {
		t.Errorf("an extension shortened: due %s", d.Due.Sub(storyBegins))
	}
	extend(north, warning, DutyAssess, due.Add(2*time.Hour))
	extend(north, warning, DutyAssess, due.Add(time.Hour))
	c := st.fold(t)
	if d := duty(t, c, DutyAssess, warning); !d.Due.Equal(due.Add(2*time.Hour)) || !d.Promised.Equal(due) {
		t.Errorf("the longest holds, and what was promised stays known: due %s, promised %s", d.Due.Sub(storyBegins), d.Promised.Sub(storyBegins))
	}
	if d := duty(t, c, DutyAcknowledge, warning); !d.Due.Equal(storyBegins.Add(time.Hour)) {
		t.Errorf("another duty was extended: due %s", d.Due.Sub(storyBegins))
	}
	st.now = due.Add(2 * time.Hour)
	st.assess(Credible, warning)
	if d := duty(t, st.fold(t), DutyAssess, warning); d.State(st.now) != DutyDischarged {
		t.Errorf("got %s", d.State(st.now))
	}
	own := extend(south, warning, DutyAssess, due.Add(1000*time.Hour))
	c = Fold(st.id, st.all)
	if !slices.Equal(c.Misfits, []StatementID{own.ID}) {
		t.Errorf("the debtor extended its own duty: misfits %v", c.Misfits)
	}
}

func TestExtensionAfterALateDischargeForgives(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	st.wait(8*time.Hour + time.Millisecond)
	st.assess(NotCredible, warning)
	if d := duty(t, st.fold(t), DutyAssess, warning); d.State(st.now) != DutyDischargedLate {
		t.Errorf("got %s", d.State(st.now))
	}
	st.given(north, KindExtension, to(warning), func(s *Statement) { s.Duties = []Promise{{DutyAssess, st.now}} })
	if d := duty(t, st.fold(t), DutyAssess, warning); d.State(st.now) != DutyDischarged {
		t.Errorf("got %s", d.State(st.now))
	}
}

func TestInterimDischargesNothing(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	st.receipt(warning)
	by := storyBegins.Add(30 * time.Hour)
	st.given(south, KindInterim, to(warning), func(s *Statement) { s.By = by })
	st.given(south, KindInterim, to(warning), func(s *Statement) { s.By = by.Add(-time.Hour) })
	st.given(north, KindInterim, to(warning), func(s *Statement) { s.By = by.Add(time.Hour) })
	c := st.fold(t)
	if len(c.OpenDuties(south)) != 3 {
		t.Errorf("open: %s", told(c.Duties, st.now))
	}
	for _, d := range c.Duties {
		if !d.Expected.Equal(by) || d.Due.Equal(by) {
			t.Errorf("%s is expected %s, due %s", d.Kind, d.Expected, d.Due)
		}
	}
}

func TestRefusalIsAnAnswer(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	st.receipt(warning)
	question := st.given(south, KindQuestion, to(warning))
	refusal := st.given(south, KindRefusal, to(warning), func(s *Statement) { s.Code = CharacterBar })
	c := st.fold(t)
	if len(c.OpenDuties(south)) != 0 || len(c.OpenDuties(north)) != 1 {
		t.Errorf("got %s", told(c.Duties, st.now))
	}
	for _, kind := range []DutyKind{DutyAcknowledge, DutyAssess, DutyAnswer} {
		if d := duty(t, c, kind, warning); d.State(st.now) != DutyRefused || d.Discharge != refusal.ID {
			t.Errorf("got %s", told([]Duty{d}, st.now))
		}
	}
	if c.Stage() != StateRefused {
		t.Errorf("stage %s", c.Stage())
	}
	st.given(north, KindRefusal, to(question), func(s *Statement) { s.Code = HandlingConflict })
	if d := duty(t, st.fold(t), DutyAnswer, question); d.State(st.now) != DutyRefused {
		t.Errorf("the warner may refuse too: %s", told([]Duty{d}, st.now))
	}
	acknowledged := st.given(south, KindAcknowledgement, to(warning))
	undertaking := st.say(north, KindRefusal, to(acknowledged))
	if c := Fold(st.id, st.all); !slices.Contains(c.Misfits, undertaking.ID) {
		t.Error("what asks for nothing was refused")
	}
}

func TestMachinesDischargeNothing(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	st.receipt(warning)
	for _, by := range []PartyID{north, south} {
		st.given(by, KindNotification, to(warning), func(s *Statement) { s.Level, s.Duties = 1, []Promise{{DutyAcknowledge, st.now}} })
		if by == north {
			st.given(by, KindReminder, to(warning), func(s *Statement) { s.Duties = []Promise{{DutyAnswer, st.now}} })
		}
	}
	st.given(south, KindOpening, to(warning))
	if c := st.fold(t); len(c.OpenDuties(south)) != 3 {
		t.Errorf("open: %s", told(c.OpenDuties(south), st.now))
	}
}

func TestWithoutPrejudice(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	acknowledged := st.given(south, KindAcknowledgement, to(st.all[0]), func(s *Statement) { s.NoPrejudice = true })
	c := st.fold(t)
	d := duty(t, c, DutyAcknowledge, st.all[0])
	if s, ok := c.Statement(d.Discharge); !ok || s.ID != acknowledged.ID || !s.NoPrejudice || d.State(st.now) != DutyDischarged {
		t.Errorf("got %+v", d)
	}
}

func TestFirstInTheDebtorsChainDischarges(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	var first, second Statement
	for range 16 { // ids are random: in one time, id order is not chain order
		s := st.given(south, KindAcknowledgement, to(warning))
		switch {
		case first.ID.IsZero():
			first = s
		case second.ID.IsZero():
			second = s
		}
	}
	if d := duty(t, st.fold(t), DutyAcknowledge, warning); d.Discharge != first.ID {
		t.Errorf("discharged by %s, want %s", d.Discharge.Short(), first.ID.Short())
	}
	without := slices.DeleteFunc(slices.Clone(st.all), func(s Statement) bool { return s.ID == first.ID })
	c := Fold(st.id, without)
	if d := duty(t, c, DutyAcknowledge, warning); !d.Open() || !slices.Contains(c.Waiting, second.ID) {
		t.Error("while the first is missing, nothing of the chain behind it counts")
	}
}

func TestLateDischarge(t *testing.T) {
	for late, want := range map[time.Duration]DutyState{-time.Millisecond: DutyDischarged, 0: DutyDischarged, time.Millisecond: DutyDischargedLate} {
		st := newStory(UrgencyImmediate, false)
		warning := st.all[0]
		st.receipt(warning)
		st.now = storyBegins.Add(time.Hour + late)
		st.given(south, KindAcknowledgement, to(warning))
		if d := duty(t, st.fold(t), DutyAcknowledge, warning); d.State(st.now) != want {
			t.Errorf("due%+v: got %s, want %s", late, d.State(st.now), want)
		}
	}
}

func TestReassessment(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	first := st.assess(Credible, warning)
	st.wait(time.Hour)
	second := st.assess(NotCredible, warning)
	c := st.fold(t)
	if d := duty(t, c, DutyAssess, warning); d.Discharge != first.ID {
		t.Errorf("discharged by %s", d.Discharge.Short())
	}
	if owed := c.OpenDuties(south); len(owed) != 2 || owed[0].From != first.ID || owed[1].From != first.ID {
		t.Errorf("a second thought takes no undertaking back: %s", told(owed, st.now))
	}
	third := st.assess(PartlyCredible, warning)
	st.given(south, KindOutcome, to(first, third))
	c = st.fold(t)
	if !c.Settled() || len(c.Duties) != 6 {
		t.Errorf("one outcome concludes all that it answers: %s", told(c.Duties, st.now))
	}
	if wrong := st.say(south, KindOutcome, to(warning, second)); len(st.fold(t).Misfits) != 0 {
		t.Errorf("an outcome may refer to the warning and to any assessment: %s", wrong.ID.Short())
	}
}

func TestOutcomeReportsToo(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	assessed := st.assess(Credible, st.all[0])
	outcome := st.given(south, KindOutcome, to(assessed))
	if d := duty(t, st.fold(t), DutyReport, assessed); d.Discharge != outcome.ID {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
}

func TestMissingReceiptsMakeNoDuties(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	c := st.fold(t)
	if len(c.Duties) != 0 || !c.Settled() || c.Stage() != StateSent {
		t.Errorf("a warning that is not given obliges nobody: %s", told(c.Duties, st.now))
	}
	if _, ok := c.Receipt(warning.ID); ok {
		t.Error("there is a receipt")
	}
	// The acknowledgement overtakes the receipt.
	acknowledged := st.say(south, KindAcknowledgement, to(warning))
	receipt := st.receipt(warning)
	if d := duty(t, st.fold(t), DutyAcknowledge, warning); d.Discharge != acknowledged.ID {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	if got, ok := st.fold(t).Receipt(warning.ID); !ok || got.ID != receipt.ID {
		t.Error("the receipt is not found")
	}
	// What only waits for its receipt is folded all the same.
	if last := st.fold(t).Last(south); last != acknowledged.ID {
		t.Errorf("last %s", last.Short())
	}
}

// A question whose predecessor is withheld obliges nobody: its clock runs from
// when the last of what it follows was received, and both sides say so.
func TestAWithheldPredecessorStopsTheClock(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	st.wait(time.Minute)
	withheld := st.say(north, KindCall, nil)
	question := st.say(north, KindQuestion, nil)
	st.wait(time.Minute)
	receipt := st.receipt(question)
	without := func(ids ...StatementID) Case {
		return Fold(st.id, slices.DeleteFunc(slices.Clone(st.all), func(s Statement) bool { return slices.Contains(ids, s.ID) }))
	}
	owes := func(c Case) bool { _, ok := c.Duty(DutyAnswer, question.ID); return ok }

	// South has not got it; north has, and no receipt for it.
	if south := without(withheld.ID); owes(south) || !slices.Equal(south.Waiting, sortedIDs(question.ID, receipt.ID)) {
		t.Errorf("south owes %s, and %v wait", told(south.Duties, st.now), south.Waiting)
	}
	if c := st.fold(t); owes(c) || len(c.Waiting) > 0 {
		t.Errorf("north is owed %s", told(c.Duties, st.now))
	}
	if _, ok := st.fold(t).Given(question.ID); ok {
		t.Error("given, without what it follows")
	}
	// It comes ten hours later: south has its whole time from then on. On its
	// way back, the receipt makes no difference but to whom it has reached.
	st.wait(10 * time.Hour)
	late := st.receipt(withheld)
	c := st.fold(t)
	if d := duty(t, c, DutyAnswer, question); !d.Due.Equal(st.now.Add(8*time.Hour)) || !d.Promised.Equal(d.Due) || d.State(st.now) != DutyOpen {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	if since, ok := c.Given(question.ID); !ok || !since.Equal(late.Received) {
		t.Errorf("given since %s", since)
	}
	if owes(without(late.ID)) {
		t.Error("north is owed an answer, and south's receipt has not come back")
	}
	// What follows is asked by then, and its clock runs from its own receipt.
	st.wait(time.Hour)
	next := st.given(north, KindQuestion, nil)
	if d := duty(t, st.fold(t), DutyAnswer, next); !d.Due.Equal(st.now.Add(8 * time.Hour)) {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	// The warning's own duties run as they did.
	if d := duty(t, st.fold(t), DutyAssess, warning); !d.Due.Equal(storyBegins.Add(8 * time.Hour)) {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
}

// Whatever may be withheld: the opening, a second link of the chain, something
// of its author's that is only answered, its author's receipt, which has none.
func TestEverythingThatAStatementRestsOnMustBeGiven(t *testing.T) {
	for name, missing := range map[string]func(st *story) Statement{
		"the opening": func(st *story) Statement { return st.all[0] },
		"two back": func(st *story) Statement {
			st.receipt(st.all[0])
			s := st.say(north, KindCall, nil)
			st.given(north, KindCall, nil)
			return s
		},
		"a branch": func(st *story) Statement {
			st.receipt(st.all[0])
			s := st.say(north, KindCall, nil)
			st.last[north] = st.all[0].ID
			st.given(north, KindInterim, to(s))
			return s
		},
	} {
		st := newStory(UrgencyImmediate, false)
		withheld := missing(st)
		question := st.given(north, KindQuestion, nil)
		if _, ok := Fold(st.id, st.all).Duty(DutyAnswer, question.ID); ok {
			t.Errorf("%s: an answer is owed", name)
		}
		st.wait(time.Hour)
		st.receipt(withheld)
		if d := duty(t, Fold(st.id, st.all), DutyAnswer, question); !d.Due.Equal(st.now.Add(8 * time.Hour)) {
			t.Errorf("%s: %s", name, told([]Duty{d}, st.now))
		}
	}
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	own := st.receipt(st.given(south, KindCall, nil))
	st.given(north, KindInterim, to(own))
	question := st.given(north, KindQuestion, nil)
	if _, ok := Fold(st.id, st.all).Duty(DutyAnswer, question.ID); ok {
		t.Error("it rests on a receipt of its author's, of which nothing shows that south has it")
	}
	// What the debtor said itself it has.
	st = newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	question = st.given(north, KindQuestion, to(st.say(south, KindCall, nil)))
	duty(t, Fold(st.id, st.all), DutyAnswer, question)
	back := st.given(south, KindQuestion, nil) // south's first word follows south's call, which has no receipt
	if _, ok := Fold(st.id, st.all).Duty(DutyAnswer, back.ID); ok {
		t.Error("north owes an answer, and has not got south's call")
	}
}

// A second receipt gains no time, neither for what a statement follows nor for
// the statement itself.
func TestSecondReceiptInAChainGainsNoTime(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	call := st.say(north, KindCall, nil)
	question := st.given(north, KindQuestion, nil)
	st.wait(time.Hour)
	st.receipt(call)
	due := st.now.Add(8 * time.Hour)
	for _, again := range []Statement{call, question} {
		st.wait(time.Hour)
		st.receipt(again)
		if d := duty(t, Fold(st.id, st.all), DutyAnswer, question); !d.Due.Equal(due) {
			t.Errorf("a second receipt for the %s: %s", again.Kind, told([]Duty{d}, st.now))
		}
	}
}

func sortedIDs(ids ...StatementID) []StatementID {
	slices.SortFunc(ids, compareIDs)
	return ids
}

// Of two receipts the one received earliest counts, whatever their signed
// times: whoever lies gains no time.
func TestSecondReceiptGainsNoTime(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.wait(time.Hour)
	honest := st.receipt(warning)
	st.wait(time.Hour)
	later := st.receipt(warning)
	st.all[len(st.all)-1].Time = storyBegins
	c := Fold(st.id, st.all)
	if got, _ := c.Receipt(warning.ID); got.ID != honest.ID {
		t.Error("the second receipt counts")
	}
	if d := duty(t, c, DutyAcknowledge, warning); !d.Due.Equal(storyBegins.Add(2*time.Hour)) || len(c.Duties) != 2 {
		t.Errorf("got %s", told(c.Duties, st.now))
	}
	if len(c.Equivocations) != 1 || !slices.Contains(c.Equivocations[0][:], later.ID) || !slices.Contains(c.Equivocations[0][:], honest.ID) {
		t.Errorf("equivocations: %v", c.Equivocations)
	}
}

func TestEquivocation(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	first := st.say(south, KindAcknowledgement, to(warning))
	st.last[south] = StatementID{}
	st.wait(time.Minute)
	other := st.say(south, KindOpening, to(warning))
	c := Fold(st.id, st.all)
	if len(c.Equivocations) != 1 || c.Equivocations[0] != [2]StatementID{first.ID, other.ID} {
		t.Errorf("got %v", c.Equivocations)
	}
	if len(c.Misfits) != 0 || len(c.Statements) != 4 {
		t.Error("both are kept: the pair is the proof")
	}
}

func TestMisfits(t *testing.T) {
	for what, tell := range map[string]func(st *story) Statement{
		"a third party": func(st *story) Statement {
			return st.say(north, KindCall, nil, func(s *Statement) { s.Author = "east.example" })
		},
		"to a third party": func(st *story) Statement {
			return st.say(north, KindCall, nil, func(s *Statement) { s.Recipient = "east.example" })
		},
		"the warned recalls":       func(st *story) Statement { return st.say(south, KindRecall, to(st.all[0])) },
		"the warned supplements":   func(st *story) Statement { return st.say(south, KindSupplement, to(st.all[0])) },
		"the warner acknowledges":  func(st *story) Statement { return st.say(north, KindAcknowledgement, to(st.all[0])) },
		"the warner assesses":      func(st *story) Statement { return st.say(north, KindAssessment, to(st.all[0])) },
		"the warner concludes":     func(st *story) Statement { return st.say(north, KindOutcome, to(st.all[0])) },
		"opening its own":          func(st *story) Statement { return st.say(north, KindOpening, to(st.all[0])) },
		"acknowledging a receipt":  func(st *story) Statement { return st.say(south, KindAcknowledgement, to(st.all[1])) },
		"assessing a receipt":      func(st *story) Statement { return st.say(south, KindAssessment, to(st.all[1])) },
		"acting on a receipt":      func(st *story) Statement { return st.say(south, KindAction, to(st.all[1])) },
		"supplementing a receipt":  func(st *story) Statement { return st.say(north, KindSupplement, to(st.all[1])) },
		"refusing a receipt":       func(st *story) Statement { return st.say(north, KindRefusal, to(st.all[1])) },
		"answering a receipt":      func(st *story) Statement { return st.say(north, KindAnswer, to(st.all[1])) },
		"a receipt for a receipt":  func(st *story) Statement { return st.receipt(st.all[1]) },
		"a receipt for one's own":  func(st *story) Statement { s := st.all[0]; s.Recipient = north; return st.receipt(s) },
		"a receipt of another key": func(st *story) Statement { return edited(st.receipt, st, func(s *Statement) { s.TagKey = Digest{9} }) },
		"an unpromised duty": func(st *story) Statement {
			return edited(st.receipt, st, func(s *Statement) { s.Duties = []Promise{{DutyConclude, st.now}} })
		},
		"without its previous":       func(st *story) Statement { st.last[north] = StatementID{}; return st.say(north, KindCall, nil) },
		"behind the other's":         func(st *story) Statement { st.last[south] = st.all[0].ID; return st.say(south, KindCall, nil) },
		"behind a receipt":           func(st *story) Statement { st.last[south] = st.all[1].ID; return st.say(south, KindCall, nil) },
		"signed before its previous": func(st *story) Statement { st.wait(-time.Millisecond); return st.say(north, KindCall, nil) },
		"incomplete": func(st *story) Statement {
			return st.say(north, KindCall, nil, func(s *Statement) { s.Contents = nil })
		},
		"reminding oneself":   func(st *story) Statement { return st.say(south, KindReminder, to(st.all[0])) },
		"a warning in a case": func(st *story) Statement { return st.say(north, KindWarning, nil) },
		"concluding the other's word": func(st *story) Statement {
			s := st.say(north, KindQuestion, nil)
			return st.say(south, KindOutcome, to(s))
		},
	} {
		st := newStory(UrgencyImmediate, false)
		st.receipt(st.all[0])
		before := Fold(st.id, st.all)
		bad := tell(st)
		c := Fold(st.id, st.all)
		if !slices.Equal(c.Misfits, []StatementID{bad.ID}) {
			t.Errorf("%s: misfits %v, waiting %v", what, c.Misfits, c.Waiting)
		}
		if !reflect.DeepEqual(c.Duties, before.Duties) {
			t.Errorf("%s: it counts: %s", what, told(c.Duties, st.now))
		}
		if last := st.say(bad.Author, KindCall, nil, func(s *Statement) { s.Previous = bad.ID }); !slices.Contains(Fold(st.id, st.all).Waiting, last.ID) {
			t.Errorf("%s: what stands on a misfit is folded", what)
		}
	}
}

// edited is a second receipt for the opening of a story that has none, altered.
func edited(receipt func(Statement) Statement, st *story, edit func(*Statement)) Statement {
	st.all = st.all[:1]
	receipt(st.all[0])
	edit(&st.all[1])
	bad := st.all[1]
	receipt(st.all[0])
	return bad
}

func TestFoldWithoutItsOpening(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	st.given(south, KindAcknowledgement, to(st.all[0]))
	c := Fold(st.id, st.all[1:])
	if !c.Opening.ID.IsZero() || len(c.Waiting) != 3 || len(c.Statements) != 0 || len(c.Duties) != 0 || c.Stage() != StateSent {
		t.Errorf("got %+v", c)
	}
	if c := Fold(CaseID{9}, st.all); len(c.Waiting) != 0 || len(c.Statements) != 0 {
		t.Error("statements of another case are folded")
	}
}

func TestStatesAreListed(t *testing.T) {
	for _, s := range States() {
		if got, err := ParseState(string(s)); err != nil || got != s {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	for kind, s := range stateOf {
		if !slices.Contains(States(), s) {
			t.Errorf("%s reaches %q, which is not listed", kind, s)
		}
	}
	if len(States()) != len(stateOf)+5 { // two of the opening, two of one kind of notice, one more of reports of hits
		t.Errorf("%d states, %d kinds that reach one", len(States()), len(stateOf))
	}
	if _, err := ParseState("Sent"); err == nil {
		t.Error("a state has one spelling")
	}
}

// anyOpening begins a case in any way that there is, with or without an accord.
func anyOpening(t *rapid.T) *story {
	var opens []Kind
	for _, kind := range Kinds() {
		if m, _ := kind.manner(); m.opens {
			opens = append(opens, kind)
		}
	}
	kind := rapid.SampledFrom(append(opens, KindWarning, KindWarning, KindWarning, KindAccordProposal, KindAccordAmendment)).Draw(t, "opening")
	asks, under := rapid.Bool().Draw(t, "asks"), rapid.Bool().Draw(t, "under an accord")
	urgency := rapid.SampledFrom(Urgencies()).Draw(t, "urgency")
	return begin(kind, "", func(s *Statement) {
		switch {
		case kind.Proposes():
			if !asks {
				s.Reply = 0
			}
		case !kind.Enclosed():
			s.Urgency, s.AsksAnswer = urgency, asks && kind == KindWarning
			if under {
				s.Accord, s.Version = AccordID{3}, VersionID{4}
			}
		}
	})
}

// anyStory is a random case in which both parties keep to the rules. Their
// clocks differ, and times repeat.
func anyStory(t *rapid.T) *story {
	st := anyOpening(t)
	last := map[PartyID]time.Time{north: st.now, south: st.now}
	receipted := map[StatementID]bool{}
	for range rapid.IntRange(0, 40).Draw(t, "length") {
		by := rapid.SampledFrom([]PartyID{north, south}).Draw(t, "author")
		kinds := Kinds()[1:]
		if st.all[0].Kind.Proposes() && by == south {
			kinds = append(kinds, KindAccordRatification, KindAccordReservation, KindAccordReservation, KindAccordDecline)
		}
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		if m, _ := kind.manner(); m.side == byWarner && by != north || m.side == byWarned && by != south || !kind.InCase() || kind.Proposes() {
			continue
		}
		st.now = last[by].Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1000, 3_600_000, 30_000_000}).Draw(t, "wait")) * time.Millisecond)
		named := []Promise{{rapid.SampledFrom(append(DutyKinds()[:5], DutyRatify)).Draw(t, "duty"), st.now.Add(time.Hour)}}
		var fit []Statement
		for _, a := range st.all {
			if fits := mayStand(kind, named[0].Kind, by, a, st.all[0]) && !(kind == KindReceipt && receipted[a.ID]); fits {
				fit = append(fit, a)
			}
		}
		m, _ := kind.manner()
		must := m.answersMust > 0 || kind.Enclosed()
		if len(fit) == 0 && must {
			continue
		}
		var answers []Statement
		if must {
			answers = to(rapid.SampledFrom(fit).Draw(t, "answers"))
		}
		if len(fit) > 1 && (kind == KindAcknowledgement || kind == KindAssessment || kind == KindOutcome || kind == KindInterim) {
			if more := rapid.SampledFrom(fit).Draw(t, "more"); more.ID != answers[0].ID {
				answers = append(answers, more)
			}
		}
		switch kind {
		case KindReceipt:
			receipted[answers[0].ID] = true
			st.receipt(answers[0])
			continue // stands outside the chain
		case KindAssessment:
			d := rapid.SampledFrom(Dispositions()).Draw(t, "disposition")
			st.say(by, kind, answers, func(s *Statement) { s.Disposition, s.Duties = d, Undertakings(d, st.all[0].Urgency, st.terms, st.now) })
		case KindExtension, KindReminder:
			st.say(by, kind, answers, func(s *Statement) { s.Duties = named })
		default:
			st.say(by, kind, answers)
		}
		last[by] = st.now
	}
	return st
}

// mayStand is what the exchange lets people answer: the rule of docs/cases.md,
// section 4, written again.
func mayStand(kind Kind, named DutyKind, by PartyID, a, opening Statement) bool {
	theirs := a.Author != by
	switch kind {
	case KindReceipt, KindOpening:
		return theirs && (kind == KindOpening || a.Kind != KindReceipt)
	case KindAcknowledgement:
		return theirs && (a.Kind == KindWarning || a.Kind == KindSupplement || a.Kind == KindCorrection || a.Kind == KindReminder)
	case KindAssessment:
		return theirs && (a.Kind == KindWarning || a.Kind == KindSupplement || a.Kind == KindCorrection)
	case KindAnswer:
		return theirs && (a.Kind == KindQuestion || a.AsksAnswer)
	case KindRefusal:
		return theirs && (a.Kind == KindWarning || a.Kind == KindSupplement || a.Kind == KindCorrection || a.Kind == KindQuestion)
	case KindSupplement, KindCorrection, KindRecall:
		return a.ID == opening.ID && !a.Kind.OfAccord() && a.Kind != KindFigures
	case KindRating:
		return theirs && slices.Contains([]Kind{KindAssessment, KindAnswer, KindAction, KindOutcome, KindRefusal}, a.Kind)
	case KindFigures:
		return theirs && a.Kind == KindFigures
	case KindWatchHit, KindWatchLapseNotice:
		return theirs && (a.Kind == KindWarning || a.Kind == KindSupplement || a.Kind == KindCorrection)
	case KindAction, KindOutcome:
		return a.ID == opening.ID && !a.Kind.OfAccord() && a.Kind != KindFigures || !theirs && a.Kind == KindAssessment
	case KindAccordRatification, KindAccordReservation, KindAccordDecline, KindAccordSuspension, KindAccordResumption, KindAccordWithdrawal:
		return a.ID == opening.ID && theirs && a.Kind.Proposes()
	case KindForwardRequest:
		return a.ID == opening.ID && a.Kind == KindWarning
	case KindForwardConsent:
		return theirs && a.Kind == KindForwardRequest
	case KindExtension, KindReminder:
		debtor := a.Recipient
		if named == DutyReport || named == DutyConclude {
			debtor = a.Author
		}
		return debtor != by
	}
	return true
}

// shuffled is what a node may hold: all, some of it more than once, in any order.
func shuffled(t *rapid.T, all []Statement) []Statement {
	held := slices.Clone(all)
	for range rapid.IntRange(0, 10).Draw(t, "repeats") {
		held = append(held, rapid.SampledFrom(all).Draw(t, "repeated"))
	}
	return rapid.Permutation(held).Draw(t, "order")
}

func TestAnyOrderGivesTheSameCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := anyStory(t)
		want := Fold(st.id, st.all)
		if len(want.Misfits)+len(want.Waiting)+len(want.Equivocations) > 0 || len(want.Statements) != len(st.all) {
			t.Fatalf("an honest story has misfits %v, waiting %v, equivocations %v", want.Misfits, want.Waiting, want.Equivocations)
		}
		for _, side := range []PartyID{north, south} {
			got := Fold(st.id, shuffled(t, st.all))
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(got.Reached(), want.Reached()) {
				t.Fatalf("%s computes another case", side)
			}
		}
	})
}

// Statements arrive one by one in any order. Nothing that is folded leaves,
// no discharge changes, and no duty goes.
func TestPartialDelivery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := anyStory(t)
		held := shuffled(t, st.all)
		before := Fold(st.id, nil)
		for n := range held {
			c := Fold(st.id, held[:n+1])
			if len(c.Misfits) > 0 || len(c.Equivocations) > 0 {
				t.Fatalf("with %d of %d, an honest story has misfits or equivocations", n+1, len(held))
			}
			for _, s := range before.Statements {
				if _, ok := c.Statement(s.ID); !ok {
					t.Fatalf("statement %s left the case", s.ID.Short())
				}
			}
			for _, old := range before.Duties {
				d, ok := c.Duty(old.Kind, old.From)
				switch {
				case !ok:
					t.Fatalf("duty %s from %s is gone", old.Kind, old.From.Short())
				case !old.Discharge.IsZero() && (d.Discharge != old.Discharge || !d.At.Equal(old.At) || d.Refused != old.Refused):
					t.Fatalf("the discharge of %s changed from %s to %s", old.Kind, old.Discharge.Short(), d.Discharge.Short())
				case !old.Open() && d.Open():
					t.Fatalf("duty %s is open again", old.Kind)
				case d.Due.Before(old.Due) || !d.Promised.Equal(old.Promised) || d.Level < old.Level:
					t.Fatalf("duty %s went back: %+v, %+v", old.Kind, old, d)
				}
			}
			for state, at := range before.Reached() {
				if now, ok := c.Reached()[state]; !ok || now.After(at) {
					t.Fatalf("state %s was reached at %s, and now at %s", state, at, now)
				}
			}
			before = c
		}
		if !reflect.DeepEqual(before, Fold(st.id, st.all)) {
			t.Fatal("what came in pieces is another case")
		}
	})
}

// hostileSet is what nobody keeping to the rules would say: forks, cycles,
// answers to what is unknown, wrong sides, senseless fields.
func hostileSet(t *rapid.T) (CaseID, []Statement) {
	var all []Statement
	if rapid.Bool().Draw(t, "opened properly") {
		all = anyStory(t).all
	}
	known := len(all)
	size := known + rapid.IntRange(1, 40).Draw(t, "size")
	id := func(label string) StatementID {
		n := rapid.IntRange(-1, size+2).Draw(t, label)
		switch {
		case n < 0:
			return StatementID{}
		case n < known:
			return all[n].ID
		}
		return StatementID(madeUp(1<<40 + uint64(n)))
	}
	opening := StatementID(madeUp(1<<40 + uint64(known)))
	if known > 0 {
		opening = all[0].ID
	}
	parties := []PartyID{north, south, north, south, "east.example", ""}
	for n := known; n < size; n++ {
		kind := rapid.SampledFrom(append(Kinds(), "unheard-of")).Draw(t, "kind")
		s := complete(kind, rapid.SampledFrom(parties).Draw(t, "author"), storyBegins.Add(time.Duration(rapid.IntRange(-2, 5).Draw(t, "time"))*time.Hour))
		if rapid.IntRange(0, 9).Draw(t, "misdirect") == 0 {
			s.Recipient = rapid.SampledFrom(parties).Draw(t, "recipient")
		}
		s.ID = StatementID(madeUp(1<<40 + uint64(n)))
		if n > known || known > 0 {
			s.Case = CaseID(opening)
		}
		if rapid.IntRange(0, 9).Draw(t, "stray") == 0 {
			s.Case = CaseID(id("case"))
		}
		s.Previous = id("previous")
		for range rapid.IntRange(0, 3).Draw(t, "answers") {
			s.Answers = append(s.Answers, id("answer"))
		}
		if kind.OfAccord() && n > 0 {
			switch first := all[0]; rapid.IntRange(0, 5).Draw(t, "about") {
			case 0:
				s.Accord, s.Version = first.Accord, first.Version
			case 1:
				s.Accord, s.Version, s.Answers = first.Accord, first.Version, []StatementID{opening}
			case 2:
				s.Version = VersionID{5}
			}
		}
		if kind == KindReceipt && rapid.Bool().Draw(t, "outside") {
			s.Previous = StatementID{}
		}
		if rapid.Bool().Draw(t, "duties") {
			s.Duties = nil
			for _, k := range DutyKinds() {
				if rapid.Bool().Draw(t, "duty") {
					s.Duties = append(s.Duties, Promise{k, s.Time.Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "due")) * time.Hour)})
				}
			}
		}
		switch rapid.IntRange(0, 9).Draw(t, "twist") {
		case 0:
			s.Time = time.Time{}
		case 1:
			s.Level = rapid.Int().Draw(t, "level")
		case 2:
			s.Disposition = Credible
		case 3:
			s.Officers = nil
		case 4:
			s.Received = s.Received.Add(-time.Hour)
		case 5:
			s.TagKey = Digest{}
		case 6:
			s.Status, s.Urgency = StatusActual, UrgencyImmediate
		case 7:
			s.Accord, s.Version, s.Reply = AccordID{byte(rapid.IntRange(0, 3).Draw(t, "accord"))}, VersionID{4}, time.Duration(rapid.Int64().Draw(t, "reply"))
		}
		all = append(all, s)
	}
	return CaseID(opening), all
}

func TestHostileSetsFoldAlikeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, all := hostileSet(t)
		want := Fold(id, all)
		if got := Fold(id, shuffled(t, all)); !reflect.DeepEqual(got, want) {
			t.Fatal("the order decides")
		}
		mine := 0
		for _, s := range all {
			if s.CaseID() == id {
				mine++
			}
		}
		if len(want.Statements)+len(want.Waiting)+len(want.Misfits) != mine {
			t.Fatalf("of %d statements, %d are folded, %d wait, %d are misfits", mine, len(want.Statements), len(want.Waiting), len(want.Misfits))
		}
		for n := range all {
			c := Fold(id, all[:n])
			c.Stage()
			c.Settled()
			c.Last(north)
			c.OpenDuties(south)
			if err := c.Admit(all[n], DefaultBaseline(), storyBegins); err == nil && !c.Opening.ID.IsZero() {
				if grown := Fold(id, all[:n+1]); slices.Contains(grown.Misfits, all[n].ID) {
					t.Fatalf("a %s was admitted and does not fit", all[n].Kind)
				}
			}
			for _, d := range c.Duties {
				if d.OwedBy == d.OwedTo || d.Level > MaxRungs || d.Due.Before(d.Promised) {
					t.Fatalf("a duty that cannot be: %+v", d)
				}
			}
		}
	})
}

// long is a case of n statements in one millisecond, so that nothing but the
// chain says what comes first, with many duties and many recalls.
func long(n int) *story {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	for len(st.all) < n {
		question := st.given(south, KindQuestion, to(st.all[0]))
		st.given(north, KindQuestion, to(question))
		st.given(north, KindRecall, to(st.all[0]))
	}
	return st
}

// A peer chooses how much it says and how it dates it. Were placing quadratic
// in passes, this would be felt.
func TestLongCaseOfOneMillisecond(t *testing.T) {
	st := long(8_000)
	held := slices.Clone(st.all)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	c := Fold(st.id, held)
	if len(c.Statements) != len(held) || len(c.Waiting)+len(c.Misfits)+len(c.Equivocations) > 0 {
		t.Errorf("%d of %d folded", len(c.Statements), len(held))
	}
	slices.Reverse(held)
	if !reflect.DeepEqual(c, Fold(st.id, held)) {
		t.Error("the order decides")
	}
	if last := c.Last(north); last != st.last[north] {
		t.Errorf("last %s", last.Short())
	}
}

func BenchmarkFold(b *testing.B) {
	for _, n := range []int{20, 500, 5000} {
		st := long(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Fold(st.id, st.all)
			}
		})
	}
}
