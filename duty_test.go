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
