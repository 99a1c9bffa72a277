package heed

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseSubjectPath(t *testing.T) {
	for _, s := range []string{"persons/0", "persons/199", "vehicles/7", "organisations/42"} {
		if got, err := ParseSubjectPath(s); err != nil || string(got) != s {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "persons", "persons/", "persons/-1", "persons/+1", "persons/01", "persons/200", "Persons/0", "indicators/0", "persons/0/names", "persons/0 "} {
		if got, err := ParseSubjectPath(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
	if p := PathOfSubject(SubjectVehicles, 3); p != "vehicles/3" {
		t.Errorf("it is %s", p)
	}
}

func TestScore(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0000", 1: "1.0000", 0.97305: "0.9731", 0.00004: "0.0000", -3: "0.0000", 17: "1.0000", math.Inf(1): "1.0000", math.Inf(-1): "0.0000",
	} {
		s := ScoreOf(f)
		if s.String() != want {
			t.Errorf("%g is %s, want %s", f, s, want)
		}
		if again, err := ParseScore(s.String()); err != nil || again != s {
			t.Errorf("%s: %d, %v", s, again, err)
		}
	}
	if s := ScoreOf(math.NaN()); s != 0 {
		t.Errorf("what is no number is %s", s)
	}
	for _, s := range []string{"", "1", "1.0", "0.97310", ".9731", "-0.1000", "+0.1000", "1.0001", "0,9731", "00.9731"} {
		if got, err := ParseScore(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
}

// reported is a hit that the warned has confirmed at a time and reports now.
func (st *story) reported(confirmed time.Time, owed bool, of Statement) Statement {
	return st.given(south, KindWatchHit, to(of), func(s *Statement) {
		s.Confirmed = confirmed
		if owed {
			s.Duties = HitPromises(st.all[0].Urgency, st.terms, confirmed)
		}
	})
}

func TestReportedHits(t *testing.T) {
	st, warning := watchStory()
	response, _ := st.terms.Clock.Of(DutyReport, UrgencyImmediate)
	first := st.now
	st.wait(response)
	intime := st.reported(first, true, warning)
	st.wait(time.Millisecond)
	late := st.reported(first, true, warning)
	st.wait(time.Hour)
	unasked := st.reported(first, false, warning)
	c := st.fold(t)
	hits := c.ReportedHits()
	if len(hits) != 3 || hits[0].Statement != intime.ID || hits[1].Statement != late.ID || hits[2].Statement != unasked.ID {
		t.Fatalf("%+v", hits)
	}
	for i, want := range []bool{false, true, false} {
		if hits[i].Late() != want || hits[i].Of != warning.ID || !hits[i].Confirmed.Equal(first) {
			t.Errorf("%+v", hits[i])
		}
	}
	if c.Reached()[StateHit] != intime.Time {
		t.Errorf("reached %v", c.Reached())
	}
	for _, d := range c.Duties {
		if d.From == intime.ID {
			t.Errorf("the warner could be owed %s before it was told", d.Kind)
		}
	}
}

func TestAdmitHoldsTheReportOfAHit(t *testing.T) {
	st, warning := watchStory()
	c := st.fold(t)
	right := HitPromises(UrgencyImmediate, st.terms, st.now)
	for what, a := range map[string]struct {
		edit func(*Statement)
		want RefusalCode
	}{
		"owed":              {func(s *Statement) { s.Duties = right }, ""},
		"not owed":          {func(*Statement) {}, ""},
		"more time":         {func(s *Statement) { s.Duties = []Promise{{DutyReport, right[0].Due.Add(time.Millisecond)}} }, NotAdmitted},
		"confirmed later":   {func(s *Statement) { s.Confirmed = s.Time.Add(time.Millisecond) }, Malformed},
		"never confirmed":   {func(s *Statement) { s.Confirmed = time.Time{} }, Malformed},
		"another duty":      {func(s *Statement) { s.Duties = []Promise{{DutyConclude, right[0].Due}} }, Malformed},
		"two duties":        {func(s *Statement) { s.Duties = append([]Promise{{DutyAssess, right[0].Due}}, right...) }, Malformed},
		"without a report":  {func(s *Statement) { s.Contents = nil }, Malformed},
		"with a text first": {func(s *Statement) { s.Contents[0].MediaType = MediaText }, Malformed},
		"of two documents":  {func(s *Statement) { s.Answers = append(s.Answers, StatementID{255}) }, Malformed},
		"of a receipt":      {func(s *Statement) { s.Answers = []StatementID{st.all[1].ID} }, NotAdmitted},
	} {
		s := st.next(south, KindWatchHit, to(warning), a.edit)
		if got := code(c.Admit(s, st.terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", what, got, a.want)
		}
	}
	if err := c.Admit(st.next(north, KindWatchHit, to(warning)), st.terms, st.now); err == nil {
		t.Error("the warner reports a hit to the party that watches")
	}
	if got := HitPromises(UrgencyImmediate, Baseline{}, st.now); got != nil {
		t.Errorf("a clock without a time for it gives %v", got)
	}
}

// What is owed, allowed and barred follows from the clause, the asks, the record
// and its time, and says so.
func TestNeedToReport(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	until := MomentOn(now)
	standing := func(code AskCode) []Ask { return []Ask{{Code: code, Standing: true, Until: until}} }
	accord := func(r Reporting) *Accord { return &Accord{Name: "Liaison", ReportHits: r} }
	for what, a := range map[string]struct {
		terms    *Accord
		reserved []Clause
		asks     []Ask
		record   RecordType
		at       time.Time
		want     ReportNeed
		because  string
	}{
		"no accord, nothing asked":          {nil, nil, nil, RecordBorder, now, ReportAllowed, "no standing ask"},
		"no accord, asked":                  {nil, nil, standing(AskReportHit), RecordVisa, now, ReportOwed, "report-hit"},
		"asked, and not standing":           {nil, nil, []Ask{{Code: AskReportHit}}, RecordVisa, now, ReportAllowed, "no standing ask"},
		"something else is asked":           {nil, nil, standing(AskLocate), RecordVisa, now, ReportAllowed, "no standing ask"},
		"asked about travel, at the border": {nil, nil, standing(AskReportTravel), RecordBorder, now, ReportOwed, "report-travel"},
		"asked about travel, accredited":    {nil, nil, standing(AskReportTravel), RecordAccreditation, now, ReportAllowed, "no standing ask"},
		"asked about contact, accredited":   {nil, nil, standing(AskReportContact), RecordAccreditation, now, ReportOwed, "report-contact"},
		"asked about contact, on a list":    {nil, nil, standing(AskReportContact), RecordPassenger, now, ReportAllowed, "no standing ask"},
		"in the last second of the ask":     {nil, nil, standing(AskReportHit), RecordVisa, until.Latest(), ReportOwed, "report-hit"},
		"after the ask":                     {nil, nil, standing(AskReportHit), RecordVisa, until.Latest().Add(time.Millisecond), ReportAllowed, "no standing ask"},
		"the accord says all":               {accord(ReportConfirmed), nil, nil, RecordVisa, now, ReportOwed, "clause report-hits: confirmed"},
		"the accord says what is asked":     {accord(ReportAsked), nil, standing(AskReportHit), RecordVisa, now, ReportOwed, "clause report-hits: asked"},
		"the accord says so, nothing is":    {accord(ReportAsked), nil, nil, RecordVisa, now, ReportAllowed, "clause report-hits: asked"},
		"the accord says never":             {accord(ReportNever), nil, standing(AskReportHit), RecordVisa, now, ReportBarred, "clause report-hits: never"},
		"all, and a reservation was made":   {accord(ReportConfirmed), []Clause{"report-hits"}, standing(AskReportHit), RecordVisa, now, ReportAllowed, "reservation"},
		"never, and a reservation was made": {accord(ReportNever), []Clause{"report-hits"}, nil, RecordVisa, now, ReportAllowed, "reservation"},
		"a reservation to something else":   {accord(ReportConfirmed), []Clause{"screening"}, nil, RecordVisa, now, ReportOwed, "confirmed"},
	} {
		need, because := NeedToReport(a.terms, a.reserved, a.asks, a.record, a.at)
		if need != a.want || !strings.Contains(because, a.because) {
			t.Errorf("%s: %s, %q; want %s, %q", what, need, because, a.want, a.because)
		}
	}
}

func TestReportings(t *testing.T) {
	for _, r := range Reportings() {
		if got, err := ParseReporting(r.String()); err != nil || got != r {
			t.Errorf("%s: %s, %v", r, got, err)
		}
	}
	for _, s := range []string{"", "yes", "true", "Confirmed"} {
		if _, err := ParseReporting(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if s := Reporting(9).String(); s != "Reporting(9)" {
		t.Errorf("one that is none is %s", s)
	}
}

// withdrawn is what withdraws a report, decided now.
func (st *story) withdrawn(report Statement) Statement {
	return st.given(south, KindWatchHit, to(report), func(s *Statement) {
		s.Withdrawn, s.Confirmed = s.Time, time.Time{}
		s.Duties = HitPromises(st.all[0].Urgency, st.terms, s.Withdrawn)
	})
}

// A report that does not hold any more is withdrawn by a second one that answers it;
// the same hit confirmed again is a report of its own.
func TestReportIsWithdrawn(t *testing.T) {
	st, warning := watchStory()
	first := st.reported(st.now, false, warning)
	st.wait(time.Minute)
	withdrawal := st.withdrawn(first)
	st.withdrawn(first) // told once more: the first word counts
	again := st.reported(st.now, false, warning)
	c := st.fold(t)
	if at := c.Reached(); !at[StateHit].Equal(first.Time) || !at[StateHitWithdrawn].Equal(withdrawal.Time) {
		t.Errorf("reached: %v", at)
	}
	hits := c.ReportedHits()
	if len(hits) != 2 || hits[0].Statement != first.ID || hits[1].Statement != again.ID || hits[1].Withdrawn != nil {
		t.Fatalf("%+v", hits)
	}
	if w := hits[0].Withdrawn; w == nil || w.Statement != withdrawal.ID || !w.Decided.Equal(withdrawal.Time) || w.Due.IsZero() || w.Late() {
		t.Errorf("withdrawn: %+v", w)
	}
	for what, s := range map[string]Statement{
		"the warning":     st.next(south, KindWatchHit, to(warning), func(s *Statement) { s.Withdrawn, s.Confirmed = s.Time, time.Time{} }),
		"a withdrawal":    st.next(south, KindWatchHit, to(withdrawal), func(s *Statement) { s.Withdrawn, s.Confirmed = s.Time, time.Time{} }),
		"nothing, by one": st.next(south, KindWatchHit, to(first)),
	} {
		if got := code(c.Admit(s, st.terms, st.now)); got != NotAdmitted {
			t.Errorf("it withdraws %s: %q", what, got)
		}
	}
	both := st.next(south, KindWatchHit, to(first), func(s *Statement) { s.Withdrawn = s.Time })
	if got := code(c.Admit(both, st.terms, st.now)); got != Malformed {
		t.Errorf("it confirms and withdraws: %q", got)
	}
	late := st.next(south, KindWatchHit, to(again), func(s *Statement) {
		s.Withdrawn, s.Confirmed = s.Time, time.Time{}
		s.Duties = []Promise{{DutyReport, s.Time.Add(1000 * time.Hour)}}
	})
	if got := code(c.Admit(late, st.terms, st.now)); got != NotAdmitted {
		t.Errorf("with more time than the terms give: %q", got)
	}
	for verdict, want := range map[HitVerdict]bool{"": true, DifferentPerson: true, Undecided: true, SamePerson: false, "perhaps": false} {
		r := HitReport{Subject: "persons/0", Record: RecordVisa, Verdict: verdict}
		if err := r.Check(); (err == nil) != want {
			t.Errorf("a report of the verdict %q: %v", verdict, err)
		}
	}
}
