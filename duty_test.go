package heed

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// What discharges what, written again by hand: a kind that is not named in a
// row leaves the duty owed. Review and decide wait for the watch.
var dischargeTable = map[DutyKind][]Kind{
	DutyAcknowledge: {KindAcknowledgement, KindAssessment, KindRefusal},
	DutyAssess:      {KindAssessment, KindRefusal},
	DutyAnswer:      {KindAnswer, KindRefusal},
	DutyReport:      {KindAction, KindOutcome},
	DutyConclude:    {KindOutcome},
	DutyReview:      nil,
	DutyRatify:      {KindAccordRatification, KindAccordReservation, KindAccordDecline, KindAccordWithdrawal},
	DutyDecide:      nil,
}

func TestDischargeTable(t *testing.T) {
	if len(dischargeTable) != len(DutyKinds()) {
		t.Fatal("a duty is not in the table")
	}
	for _, owed := range DutyKinds() {
		for _, kind := range Kinds() {
			d := Duty{Kind: owed, From: StatementID{1}, OwedBy: south, OwedTo: north}
			s := Statement{Kind: kind, Author: south, Answers: []StatementID{{1}}}
			want := slices.Contains(dischargeTable[owed], kind)
			if got := Discharges(s, d); got != want {
				t.Errorf("a %s discharges %s: %t", kind, owed, got)
			}
			if kind.ByMachine() && want {
				t.Errorf("a machine's %s discharges %s", kind, owed)
			}
			s.Author = north
			if Discharges(s, d) {
				t.Errorf("a %s of the other party discharges %s", kind, owed)
			}
			s.Author, s.Answers = south, []StatementID{{2}}
			if Discharges(s, d) {
				t.Errorf("a %s in answer to something else discharges %s", kind, owed)
			}
		}
	}
}

func TestDocumentedDischargeTable(t *testing.T) {
	duties, rows := documentTable(t, "6. What discharges a duty")
	used := append(DutyKinds()[:5], DutyRatify)
	if !slices.Equal(duties, words(used)) || len(rows) != len(Kinds())-2 {
		t.Fatalf("docs/cases.md has duties %v and %d kinds", duties, len(rows))
	}
	for _, kind := range Kinds() {
		if !kind.InCase() {
			continue
		}
		for i, owed := range used {
			if len(rows[string(kind)]) != len(duties) || (rows[string(kind)][i] == "x") != slices.Contains(dischargeTable[owed], kind) {
				t.Errorf("docs/cases.md is wrong about %s and %s", kind, owed)
			}
		}
	}
}

func TestParseDutyKind(t *testing.T) {
	for _, k := range DutyKinds() {
		if got, err := ParseDutyKind(string(k)); err != nil || got != k {
			t.Errorf("%s: %s, %v", k, got, err)
		}
	}
	if _, err := ParseDutyKind("Assess"); !errors.As(err, new(*Invalid)) {
		t.Error(err)
	}
}

func TestPromises(t *testing.T) {
	terms := DefaultBaseline()
	received := storyBegins.Add(999 * time.Microsecond)
	for _, kind := range Kinds() {
		for _, asks := range []bool{false, true} {
			var want []DutyKind
			switch {
			case kind == KindWarning && asks:
				want = []DutyKind{DutyAcknowledge, DutyAssess, DutyAnswer}
			case kind == KindWarning:
				want = []DutyKind{DutyAcknowledge, DutyAssess}
			case kind == KindSupplement || kind == KindCorrection:
				want = []DutyKind{DutyAcknowledge}
			case kind == KindQuestion:
				want = []DutyKind{DutyAnswer}
			}
			for _, u := range Urgencies() {
				got := Promises(Statement{Kind: kind, AsksAnswer: asks, Urgency: u}, terms, received)
				var kinds []DutyKind
				for _, p := range got {
					kinds = append(kinds, p.Kind)
					response, _ := terms.Clock.Of(p.Kind, u)
					if !p.Due.Equal(storyBegins.Add(response)) {
						t.Errorf("%s of %s: due %s", p.Kind, kind, p.Due)
					}
				}
				if !slices.Equal(kinds, want) {
					t.Errorf("%s: got %v, want %v", kind, kinds, want)
				}
			}
		}
	}
	terms.Clock = Clock{DutyAnswer: {UrgencyPast: time.Hour}}
	warning := Statement{Kind: KindWarning, AsksAnswer: true, Urgency: UrgencyPast}
	if got := Promises(warning, terms, storyBegins); len(got) != 1 || got[0] != (Promise{DutyAnswer, storyBegins.Add(time.Hour)}) {
		t.Errorf("a pair that is not in the clock gives no duty: %v", got)
	}
	warning.Urgency = UrgencyImmediate
	if got := Promises(warning, terms, storyBegins); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestUndertakings(t *testing.T) {
	terms := DefaultBaseline()
	for _, d := range Dispositions() {
		got := Undertakings(d, UrgencyImmediate, terms, storyBegins)
		if !d.Obliges() {
			if got != nil {
				t.Errorf("%s undertakes %v", d, got)
			}
			continue
		}
		want := []Promise{{DutyReport, storyBegins.Add(8 * time.Hour)}, {DutyConclude, storyBegins.Add(16 * time.Hour)}}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", d, got, want)
		}
	}
}

func TestDutyStateDownToTheMillisecond(t *testing.T) {
	due := storyBegins
	const ms = time.Millisecond
	open := Duty{Due: due}
	for _, c := range []struct {
		now  time.Time
		want DutyState
	}{{due.Add(-ms), DutyOpen}, {due, DutyOpen}, {due.Add(ms), DutyOverdue}} {
		if got := open.State(c.now); got != c.want || !open.Open() {
			t.Errorf("at %s: got %s", c.now.Sub(due), got)
		}
		done := Duty{Due: due, Discharge: StatementID{1}, At: c.now}
		want := DutyDischarged
		if c.want == DutyOverdue {
			want = DutyDischargedLate
		}
		if got := done.State(due.Add(1000 * time.Hour)); got != want || done.Open() {
			t.Errorf("discharged at %s: got %s", c.now.Sub(due), got)
		}
	}
	refused := Duty{Due: due, Discharge: StatementID{1}, At: due.Add(time.Hour), Refused: true}
	ended := Duty{Due: due, Ended: StatementID{1}}
	if refused.State(due) != DutyRefused || refused.Open() || ended.State(due.Add(time.Hour)) != DutyEnded || ended.Open() {
		t.Error("what was refused or recalled is owed no more")
	}
}

func TestRungs(t *testing.T) {
	for name, want := range map[string]struct {
		kind DutyKind
		base DutyKind
		rung int
	}{
		"acknowledge":   {DutyAcknowledge, DutyAcknowledge, 0},
		"acknowledge/1": {OfRung(1), DutyAcknowledge, 1},
		"acknowledge/8": {OfRung(MaxRungs), DutyAcknowledge, MaxRungs},
		"ratify":        {DutyRatify, DutyRatify, 0},
	} {
		kind, err := ParseDutyKind(name)
		if err != nil || kind != want.kind || kind.Base() != want.base || kind.Rung() != want.rung {
			t.Errorf("%s: %q of %q, rung %d, %v", name, kind, kind.Base(), kind.Rung(), err)
		}
	}
	for _, name := range []string{"acknowledge/", "acknowledge/0", "acknowledge/9", "acknowledge/01", "acknowledge/+1", "acknowledge/1 ", "assess/1", "/1"} {
		if kind, err := ParseDutyKind(name); err == nil {
			t.Errorf("%q was read as %q", name, kind)
		}
	}
	names := DutyNames()
	if len(names) != len(DutyKinds())+MaxRungs || !slices.IsSortedFunc(names, func(a, b DutyKind) int { return dutyOrder(a) - dutyOrder(b) }) {
		t.Errorf("names: %v", names)
	}
	if dutyOrder("nothing") <= dutyOrder(DutyDecide) {
		t.Error("what is no duty comes before one")
	}
	if (Clock{OfRung(1): {UrgencyImmediate: time.Hour}}).Check() == nil {
		t.Error("a clock gives one rung a time of its own")
	}
}

// Two rungs owe the acknowledgement of what asks for one, each for itself.
func TestEachRungAcknowledges(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.terms.Acknowledge = []int{1, 3}
	warning := st.all[0]
	received := st.now
	st.receipt(warning)
	rung := func(n int, role string) func(*Statement) {
		return func(s *Statement) { s.Level, s.Role = n, role }
	}
	owed := func(want ...DutyKind) {
		t.Helper()
		var open []DutyKind
		for _, d := range st.fold(t).OpenDuties(south) {
			open = append(open, d.Kind)
		}
		if !slices.Equal(open, want) {
			t.Errorf("south owes %v, want %v", open, want)
		}
	}
	owed(OfRung(1), OfRung(3), DutyAssess)
	if d := duty(t, st.fold(t), OfRung(3), warning); !d.Due.Equal(received.Add(time.Hour)) {
		t.Errorf("rung 3 owes it by %s", d.Due)
	}
	// Somebody's word for nobody, and for a rung that owes none, discharges nothing.
	st.given(south, KindAcknowledgement, to(warning))
	st.given(south, KindAcknowledgement, to(warning), rung(2, "head-of-desk"))
	owed(OfRung(1), OfRung(3), DutyAssess)
	first := st.given(south, KindAcknowledgement, to(warning), rung(1, "duty-desk"))
	owed(OfRung(3), DutyAssess)
	if whole, ok := st.fold(t).Whole(DutyAcknowledge, warning.ID); !ok || whole.Kind != OfRung(3) {
		t.Errorf("it stands by %q", whole.Kind)
	}
	st.wait(time.Minute)
	st.assess(NotCredible, warning)
	owed(OfRung(3))
	if _, done := st.fold(t).Reached()[StateAcknowledged]; done {
		t.Error("acknowledged, and a rung has not")
	}
	st.wait(time.Minute)
	last := st.given(south, KindAcknowledgement, to(warning), rung(3, "head-of-service"))
	st.given(south, KindAcknowledgement, to(warning), rung(3, "head-of-service"))
	owed()
	c := st.fold(t)
	if at := c.Reached()[StateAcknowledged]; !at.Equal(last.Time) {
		t.Errorf("acknowledged at %s, want %s", at, last.Time)
	}
	if d := duty(t, c, OfRung(1), warning); d.Discharge != first.ID {
		t.Errorf("rung 1: %+v", d)
	}
	if whole, ok := c.Whole(DutyAcknowledge, warning.ID); !ok || whole.Discharge != last.ID {
		t.Errorf("the whole: %+v", whole)
	}
}

// A refusal is the party's answer, and takes the place of all.
func TestRefusedForAllRungs(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.terms.Acknowledge = []int{1, 2}
	st.receipt(st.all[0])
	st.given(south, KindRefusal, to(st.all[0]))
	c := st.fold(t)
	if len(c.OpenDuties(south)) != 0 {
		t.Errorf("still owed: %s", told(c.Duties, st.now))
	}
	if _, done := c.Reached()[StateAcknowledged]; done {
		t.Error("acknowledged")
	}
}
