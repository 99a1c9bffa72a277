package stats

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
)

// Every figure that is counted can be signed under a name of heed.FigureNames,
// in that order, and there is no name for what is not counted.
func TestFigureNames(t *testing.T) {
	r := counted(north, Period{}, looked, month(t))
	names := heed.FigureNames()
	seen := map[[2]string]bool{}
	for _, l := range r.Relations[1].Directions[0].Lines {
		last := -1
		for _, f := range l.list() {
			at := slices.IndexFunc(names, func(n heed.FigureName) bool { return n.About == f.about && n.Name == f.name })
			if at <= last || names[at].Span != f.time {
				t.Fatalf("%s %s has the place %d after %d", f.about, f.name, at, last)
			}
			seen[[2]string{f.about, f.name}], last = true, at
		}
	}
	for _, n := range names {
		switch heed.DutyKind(n.About) {
		case heed.DutyReview, heed.DutyRatify, heed.DutyDecide:
			continue // not owed in this month
		}
		if !seen[[2]string{n.About, n.Name}] {
			t.Errorf("%s %s is never counted", n.About, n.Name)
		}
	}
}

// What was signed, or received, after a time plays no part in a count as of it.
func TestAsOf(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusActual, heed.UrgencyImmediate)
	w := st.given(north, south, heed.KindWarning, st.warning)
	st.wait(time.Hour)
	st.given(south, north, heed.KindAcknowledgement, nil, w)
	whole := st.fold()
	for _, tt := range []struct {
		at         time.Time
		statements int
	}{
		{begins, 0}, {begins.Add(time.Millisecond), 2}, {begins.Add(time.Hour), 2}, {begins.Add(time.Hour + time.Millisecond), 4}, {looked, 4},
	} {
		if got := AsOf(whole, tt.at); len(got.Statements) != tt.statements || got.Opening.ID.IsZero() != (tt.statements == 0) {
			t.Errorf("as of %s: %d statements, want %d", tt.at, len(got.Statements), tt.statements)
		}
	}
	if got := AsOf(whole, looked); !reflect.DeepEqual(got.Duties, whole.Duties) {
		t.Error("a case that is all there is another one")
	}
	// A receipt that its author dates back says later that it was received.
	late := tell(t, 2, begins, heed.StatusActual, heed.UrgencyImmediate)
	w = late.say(north, south, heed.KindWarning, late.warning)
	late.say(south, north, heed.KindReceipt, func(r *heed.Statement) {
		r.Contents, r.Number, r.Received, r.PublishBy, r.Ledger, r.Terms = nil, 1, begins.Add(time.Hour), begins.Add(2*time.Hour), "ledger", heed.CardID{1}
	}, w)
	if got := AsOf(late.fold(), begins.Add(time.Minute)); len(got.Statements) != 1 {
		t.Errorf("%d statements: what was received later counts", len(got.Statements))
	}
}

// Lower bounds count what the other party has signed or receipted, and no more.
func TestProvable(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusActual, heed.UrgencyImmediate)
	w := st.given(north, south, heed.KindWarning, st.warning)
	q := st.given(south, north, heed.KindQuestion, st.question, w)
	st.say(north, south, heed.KindAnswer, nil, q) // without a receipt
	st.assess(south, north, heed.NotCredible, w)
	unseen := tell(t, 2, begins, heed.StatusActual, heed.UrgencyImmediate)
	unseen.say(north, south, heed.KindWarning, unseen.warning)
	tally := New(north, Period{}, looked)
	for _, c := range []heed.Case{st.fold(), unseen.fold()} {
		if c = Provable(c, north); !c.Opening.ID.IsZero() {
			tally.Add(c)
		}
	}
	b := tally.Report().Body(south, heed.AccordID{}, heed.ReadAtLeast, false)
	got := map[string]uint64{}
	for _, l := range b.Lines {
		if l.Urgency == AllUrgencies {
			got[string(l.From)+" "+l.About+" "+l.Name] = l.Value
		}
	}
	want := map[string]uint64{
		"north.example warnings sent": 1, "north.example warnings received": 1, "north.example warnings acknowledged": 1, "north.example warnings assessed": 1,
		"north.example acknowledge owed": 1, "north.example acknowledge timely": 1, "north.example assess owed": 1, "north.example assess timely": 1,
		"south.example questions sent": 1, "south.example questions received": 1, "south.example answer owed": 1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	own := map[string]bool{}
	for _, l := range b.OnlyOf(north).Lines {
		own[string(l.From)+" "+l.About+" "+l.Name] = true
	}
	if want := map[string]bool{"north.example warnings sent": true, "south.example questions received": true, "south.example answer owed": true}; !reflect.DeepEqual(own, want) {
		t.Errorf("north did %v itself, want %v", own, want)
	}
}

// Two counts of the same cases differ nowhere; where one lacks a statement, the
// difference names the figures, the case and the statement.
func TestCompare(t *testing.T) {
	body := func(cases []heed.Case) (heed.FiguresBody, []heed.CountedCase) {
		var list []heed.CountedCase
		for _, c := range cases {
			if c.Status == heed.StatusActual {
				list = append(list, Counted(c))
			}
		}
		slices.SortFunc(list, func(a, b heed.CountedCase) int { return slices.Compare(a.ID[:], b.ID[:]) })
		if err := heed.CheckCounted(list); err != nil {
			t.Fatal(err)
		}
		return counted(north, Period{}, looked, cases).Body(south, heed.AccordID{}, heed.ReadExact, true), list
	}
	cases := month(t)[:8]
	ours, listed := body(cases)
	if err := (heed.Figures{Author: north, AuthorCard: 1, Time: looked, FiguresBody: ours, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}).Check(); err != nil {
		t.Fatal(err)
	}
	parties := [2]heed.PartyID{north, south}
	if d := Compare(parties, [2]heed.FiguresBody{ours, ours}, [2][]heed.CountedCase{listed, listed}); !d.None() || len(d.Cases) != 0 || d.Unexplained() {
		t.Errorf("the same count differs: %+v", d)
	}
	for _, l := range ours.Lines {
		if l.Value == 7 {
			t.Fatal("a value is 7, which the test takes for none")
		}
	}

	// South lacks the second case, and of the first what was said last.
	short := only(cases[0], func(s heed.Statement) bool { return s.Outcome != heed.Averted && !s.AnswersTo(cases[0].Last(south)) })
	theirs, shorter := body(append([]heed.Case{short}, cases[2:]...))
	d := Compare(parties, [2]heed.FiguresBody{ours, theirs}, [2][]heed.CountedCase{listed, shorter})
	said := map[string]string{}
	for _, f := range d.Figures {
		if f.Urgency == AllUrgencies {
			said[f.Label()] = f.Value(0) + " " + f.Value(1)
		}
	}
	for label, want := range map[string]string{
		"north.example to south.example: warnings, sent":                                             "5 4",
		"north.example to south.example: warnings, concluded as averted, as stated by the recipient": "1 0",
		"north.example to south.example: warnings, outcome occurred":                                 "0 1",
		"north.example to south.example: acknowledge, late":                                          "1 0",
	} {
		if said[label] != want {
			t.Errorf("%s: %q, want %q", label, said[label], want)
		}
	}
	if len(d.Cases) != 2 {
		t.Fatalf("%d cases are counted differently: %+v", len(d.Cases), d.Cases)
	}
	for _, c := range d.Cases {
		switch why := strings.Join(c.Why(), " "); c.Case {
		case cases[0].ID:
			if len(c.Said) != 2 || c.OnlyWith != "" || c.Code != cases[0].Code || !strings.Contains(why, "The outcome ") || !strings.Contains(why, "The receipt ") || strings.Count(why, "is with north.example alone") != 2 {
				t.Errorf("of the first case: %+v, %s", c, why)
			}
		case cases[1].ID:
			if c.OnlyWith != north || !strings.HasPrefix(why, "Only north.example has counted") {
				t.Errorf("of the second case: %+v, %s", c, why)
			}
		default:
			t.Errorf("case %s is counted alike", c.Code)
		}
	}
	// From the other side it is the same difference.
	back := Compare([2]heed.PartyID{south, north}, [2]heed.FiguresBody{theirs, ours}, [2][]heed.CountedCase{shorter, listed})
	if len(back.Figures) != len(d.Figures) || len(back.Cases) != len(d.Cases) || back.Figures[0].Value(1) != d.Figures[0].Value(0) {
		t.Errorf("from the other side it differs: %+v", back)
	}
	if d := Compare(parties, [2]heed.FiguresBody{ours, theirs}, [2][]heed.CountedCase{listed, listed}); !d.Unexplained() {
		t.Error("figures that differ over the same statements are explained")
	}
}

// Exercises are in no figures that are signed.
func TestExercisesAreNotSigned(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusExercise, heed.UrgencyImmediate)
	if b := counted(north, Period{}, looked, []heed.Case{heeded(st, north, south)}).Body(south, heed.AccordID{}, heed.ReadExact, true); len(b.Lines) != 0 {
		t.Errorf("an exercise is signed: %+v", b.Lines)
	}
}

// The report shows what both have signed, and where they differ both and where.
func TestReportShowsBoth(t *testing.T) {
	one, two := uint64(5), uint64(4)
	said := Reconciled{
		Case: "7K3MQ2XA", Pair: [2]heed.PartyID{north, south}, AsOf: Time{looked}, State: Differs,
		Signed: []SignedFigures{{Party: north, ID: strings.Repeat("a", 64), At: Time{looked}}, {Party: south, ID: strings.Repeat("b", 64), At: Time{looked}}},
		Difference: &Difference{
			Parties: [2]heed.PartyID{north, south},
			Figures: []FigureDifference{{From: north, To: south, Urgency: AllUrgencies, About: "warnings", Figure: "sent", Values: [2]*uint64{&one, &two}}},
			Cases:   []CaseDifference{{Code: "8K3MQ2XA", Said: []SaidDifference{{ID: strings.Repeat("c", 64), Kind: heed.KindReceipt, OnlyWith: north}}}},
		},
	}
	r := counted(north, november, looked, month(t))
	r.Reconciled = []Reconciled{said, {Case: "9K3MQ2XA", Pair: said.Pair, AsOf: said.AsOf, State: Agreed, Signed: said.Signed}, {Case: "AK3MQ2XA", Pair: said.Pair, AsOf: said.AsOf, State: Awaited, Signed: said.Signed[:1]}}
	var page bytes.Buffer
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"What both sides have signed", "case 7K3M-Q2XA", "Not reconciled: 1 figure differs, and 1 case is counted differently.",
		`<th scope="row">north.example to south.example: warnings, sent</th><td>5</td><td>4</td>`, "Case 8K3M-Q2XA: The receipt cccccccc is with north.example alone.",
		"Reconciled: north.example and south.example have signed the same figures.", "Signed by one: the answer of south.example is missing.",
	} {
		if !strings.Contains(page.String(), text) {
			t.Errorf("the report does not say %q", text)
		}
	}
}
