package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func someFigures() Figures {
	line := func(from PartyID, u Urgency, about, name string, value uint64) FigureLine {
		return FigureLine{From: from, Urgency: u, About: about, Name: name, Value: value}
	}
	return Figures{
		Author: north, AuthorCard: 1, Time: storyBegins.Add(time.Hour), Officers: []OfficerStamp{{Key: "officer", Role: Supervisor}},
		FiguresBody: FiguresBody{Reading: ReadExact, Pair: [2]PartyID{north, south}, AsOf: storyBegins, Times: true, Lines: []FigureLine{
			line(north, AllUrgencies, "warnings", "sent", 3), line(north, AllUrgencies, "warnings", "received", 2), line(north, AllUrgencies, "assess", "p90", 0),
			line(north, UrgencyImmediate, "warnings", "sent", 3), line(south, AllUrgencies, "replies", "meaningful", 1),
		}},
	}
}

// Each thing that figures must have is taken away, or made wrong; the error says which.
func TestFiguresCheck(t *testing.T) {
	if err := someFigures().Check(); err != nil {
		t.Fatal(err)
	}
	for says, edit := range map[string]func(*Figures){
		"none of the pair":            func(f *Figures) { f.Author = "east.example" },
		"serial":                      func(f *Figures) { f.AuthorCard = 0 },
		"as of when":                  func(f *Figures) { f.AsOf = time.Time{} },
		"before the time as of which": func(f *Figures) { f.Time = f.AsOf.Add(-time.Millisecond) },
		"officers sign":               func(f *Figures) { f.Officers = nil },
		"does not permit":             func(f *Figures) { f.Officers[0].Role = DutyOfficer },
		"reading of figures":          func(f *Figures) { f.Reading = "about" },
		"two parties, by name":        func(f *Figures) { f.Pair = [2]PartyID{south, north} },
		"does not end after":          func(f *Figures) { f.Since, f.Until = storyBegins.Add(-time.Hour), storyBegins.Add(-time.Hour) },
		"before the period begins":    func(f *Figures) { f.Since = f.AsOf },
		"no lower bound":              func(f *Figures) { f.Reading = ReadAtLeast },
		"there is no such figure":     func(f *Figures) { f.Lines[0].Name = "believed" },
		"no party of the pair":        func(f *Figures) { f.Lines[0].From = "east.example" },
		"or of no urgency":            func(f *Figures) { f.Lines[0].Urgency = "Sometimes" },
		"stands twice":                func(f *Figures) { f.Lines[1] = f.Lines[0] },
		"out of order":                func(f *Figures) { f.Lines[0], f.Lines[1] = f.Lines[1], f.Lines[0] },
		"a count of zero":             func(f *Figures) { f.Lines[1].Value = 0 },
		"no response times are among": func(f *Figures) { f.Times = false },
	} {
		f := someFigures()
		edit(&f)
		if err := f.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	bounds := someFigures()
	bounds.Reading, bounds.Times, bounds.Lines = ReadAtLeast, false, bounds.Lines[:2]
	if err := bounds.Check(); err != nil {
		t.Error(err)
	}
	bounds.Lines = append(bounds.Lines, FigureLine{From: north, Urgency: AllUrgencies, About: "assess", Name: "overdue", Value: 1})
	if err := bounds.Check(); err == nil || !strings.Contains(err.Error(), "assess overdue: it is no lower bound") {
		t.Errorf("an overdue reply is a lower bound: %v", err)
	}
}

func TestFiguresSorted(t *testing.T) {
	want := someFigures().FiguresBody
	mixed := want
	mixed.Lines = append([]FigureLine{{From: south, Urgency: UrgencyPast, About: "questions", Name: "sent"}}, want.Lines...)
	slices.Reverse(mixed.Lines)
	if got := mixed.Sorted(); !got.Same(want) {
		t.Errorf("got %+v", got.Lines)
	}
	if len(mixed.Lines) != 6 {
		t.Error("sorting has changed what was sorted")
	}
}

func TestFigureNamesAreDistinct(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, n := range FigureNames() {
		if at := [2]string{n.About, n.Name}; seen[at] {
			t.Errorf("%s %s stands twice", n.About, n.Name)
		} else {
			seen[at] = true
		}
		if n.Span && n.Bound {
			t.Errorf("%s %s: a response time is a bound", n.About, n.Name)
		}
	}
	if MaxFigureLines() != 1404 {
		t.Errorf("a text has at most %d lines, and docs/formats.md says 1,404", MaxFigureLines())
	}
}

func TestFiguresOnlyOf(t *testing.T) {
	b := someFigures().FiguresBody
	var all []string
	for _, p := range b.Pair {
		for _, l := range b.OnlyOf(p).Lines {
			all = append(all, string(p)+" "+l.Name)
		}
	}
	// North sent; south received and replied, and rates what it asked for.
	if want := []string{"north.example sent", "north.example sent", "south.example received", "south.example p90", "south.example meaningful"}; !slices.Equal(all, want) {
		t.Errorf("got %v", all)
	}
}

func TestFiguresScope(t *testing.T) {
	b := someFigures().FiguresBody
	for what, edit := range map[string]func(*FiguresBody){
		"reading": func(b *FiguresBody) { b.Reading = ReadAtLeast }, "pair": func(b *FiguresBody) { b.Pair[1] = "west.example" }, "accord": func(b *FiguresBody) { b.Accord = AccordID{1} },
		"since": func(b *FiguresBody) { b.Since = storyBegins }, "until": func(b *FiguresBody) { b.Until = storyBegins }, "as-of": func(b *FiguresBody) { b.AsOf = storyBegins.Add(1) }, "times": func(b *FiguresBody) { b.Times = false },
	} {
		other := b
		edit(&other)
		if b.SameScope(other) || b.Same(other) {
			t.Errorf("another %s is the same", what)
		}
	}
	other := b
	other.AsOf = b.AsOf.In(time.FixedZone("", 3600))
	if !b.Same(other) {
		t.Error("one time in another zone is another one")
	}
	other.Lines = b.Lines[1:]
	if !b.SameScope(other) || b.Same(other) {
		t.Error("other figures of the same cases")
	}
}

func TestCheckCounted(t *testing.T) {
	some := func() []CountedCase {
		return []CountedCase{{ID: CaseID{1}, Said: []SaidRef{{KindWarning, StatementID{1}}, {KindReceipt, StatementID{2}}}}, {ID: CaseID{2}}}
	}
	if err := CheckCounted(some()); err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func([]CountedCase){
		"order of cases": func(c []CountedCase) { c[0].ID = CaseID{3} }, "a case twice": func(c []CountedCase) { c[0].ID = c[1].ID }, "no case": func(c []CountedCase) { c[0].ID = CaseID{} },
		"order of statements": func(c []CountedCase) { c[0].Said[0].ID = StatementID{3} }, "a statement twice": func(c []CountedCase) { c[0].Said[0].ID = StatementID{2} },
		"outside cases": func(c []CountedCase) { c[0].Said[1].Kind = KindDeposit },
	} {
		cases := some()
		edit(cases)
		if err := CheckCounted(cases); !errors.As(err, new(*Invalid)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	many := make([]CountedCase, MaxCountedCases+1)
	for i := range many {
		many[i].ID = CaseID(madeUp(uint64(i)))
	}
	slices.SortFunc(many, func(a, b CountedCase) int { return slices.Compare(a.ID[:], b.ID[:]) })
	var invalid *Invalid
	if err := CheckCounted(many); !errors.As(err, &invalid) || invalid.Hint != "choose a shorter period" {
		t.Errorf("more cases than are compared at once: %v", err)
	}
}

// Who asked rates, the last rating counts, and a rating does nothing else.
func TestRatingsOfACase(t *testing.T) {
	st := newStory(UrgencyImmediate, true)
	warning := st.all[0]
	st.receipt(warning)
	assessment := st.given(south, KindAssessment, to(warning), func(s *Statement) { s.Disposition = NotCredible })
	reply := st.given(south, KindAnswer, to(warning))
	before := Fold(st.id, st.all)
	first := st.given(north, KindRating, to(reply))
	last := st.given(north, KindRating, to(reply), func(s *Statement) { s.Meaningful = false })
	c := Fold(st.id, st.all)
	if len(c.Misfits) != 0 || len(c.Duties) != len(before.Duties) || len(c.OpenDuties(north)) != 0 {
		t.Errorf("a rating has made duties, or does not fit: %d, %d", len(c.Misfits), len(c.Duties))
	}
	got := c.Ratings()
	if len(got) != 1 || got[reply.ID].ID != last.ID || got[reply.ID].Meaningful {
		t.Errorf("got %v, want the last", got)
	}
	if c.Asked(reply).ID != warning.ID || c.Asked(assessment).ID != warning.ID {
		t.Error("a reply answers something else than what asked for it")
	}
	for what, s := range map[string]Statement{
		"of its own reply":  st.next(south, KindRating, to(reply)),
		"of a warning":      st.next(south, KindRating, to(warning)),
		"of another rating": st.next(south, KindRating, to(first)),
	} {
		if err := c.Admit(s, Baseline{}, st.now); err == nil {
			t.Errorf("a rating %s is admitted", what)
		}
	}
}

// Figures open a case and are answered by figures of the other party; in their
// case nothing is supplemented, reported or concluded.
func TestCaseOfFigures(t *testing.T) {
	st := begin(KindFigures, "")
	opening := st.all[0]
	st.receipt(opening)
	c := Fold(st.id, st.all)
	if len(c.Misfits) != 0 || len(c.Duties) != 0 || c.Urgency != "" || c.Code != CodeOf(Digest(opening.ID)) {
		t.Errorf("%d misfits, %d duties", len(c.Misfits), len(c.Duties))
	}
	for what, tt := range map[string]struct {
		s  Statement
		ok bool
	}{
		"an answer":               {st.next(south, KindFigures, to(opening)), true},
		"an answer to its own":    {st.next(north, KindFigures, to(opening)), false},
		"a question":              {st.next(south, KindQuestion, nil), true},
		"a supplement":            {st.next(north, KindSupplement, to(opening)), false},
		"a recall":                {st.next(north, KindRecall, to(opening)), false},
		"a report":                {st.next(south, KindAction, to(opening)), false},
		"a conclusion":            {st.next(south, KindOutcome, to(opening)), false},
		"an assessment":           {st.next(south, KindAssessment, to(opening)), false},
		"a rating of the figures": {st.next(south, KindRating, to(opening)), false},
	} {
		if err := c.Admit(tt.s, Baseline{}, st.now); (err == nil) != tt.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}
