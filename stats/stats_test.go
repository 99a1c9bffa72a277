package stats

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"heed"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is written now (look at it with -update and git diff):\n%s", path, got)
	}
}

var november = Period{Since: begins.Truncate(24 * time.Hour), Until: begins.AddDate(0, 0, 25).Add(12 * time.Hour)}

var looked = begins.AddDate(0, 0, 27)

func line(t *testing.T, r Report, from, to heed.PartyID, status heed.Status, urgency heed.Urgency) Line {
	t.Helper()
	for _, relation := range r.Relations {
		for _, d := range relation.Directions {
			if d.From == from && d.To == to {
				if l, ok := d.Line(status, urgency); ok {
					return l
				}
			}
		}
	}
	t.Fatalf("there is no line from %s to %s, %s, %s", from, to, status, urgency)
	return Line{}
}

func replies(t *testing.T, l Line, kind heed.DutyKind) Replies {
	t.Helper()
	for _, r := range l.Replies {
		if r.Duty == kind {
			return r
		}
	}
	t.Fatalf("no %s was owed", kind)
	return Replies{}
}

func span(d time.Duration) *Span { s := Span(d); return &s }

func TestCounts(t *testing.T) {
	r := counted(north, november, looked, month(t))
	if r.Cases != 10 || r.Unconfirmed != 1 || r.Incomplete != 1 {
		t.Errorf("%d cases, %d unconfirmed, %d incomplete", r.Cases, r.Unconfirmed, r.Incomplete)
	}
	there := line(t, r, north, south, heed.StatusActual, AllUrgencies)
	w := there.Warnings
	dispositions, outcomes := w.Dispositions, w.Outcomes
	w.Dispositions, w.Outcomes = nil, nil
	if want := (Warnings{Sent: 6, Received: 5, Opened: 2, Acknowledged: 2, Assessed: 2, Asking: 1, Answered: 1, Heeded: 1, Concluded: 1, Refused: 1, Recalled: 1}); !reflect.DeepEqual(w, want) {
		t.Errorf("warnings: %+v, want %+v", w, want)
	}
	if dispositions[heed.Credible] != 1 || dispositions[heed.NotCredible] != 1 || len(dispositions) != 4 {
		t.Errorf("dispositions: %v", dispositions)
	}
	if outcomes[heed.Averted] != 1 || outcomes[heed.Occurred] != 0 || len(outcomes) != 5 {
		t.Errorf("the last outcome counts: %v", outcomes)
	}
	if want := (Questions{Sent: 1, Received: 1, Opened: 1, Answered: 1}); there.Questions != want {
		t.Errorf("north asked back once: %+v, want %+v", there.Questions, want)
	}
	for _, want := range []Replies{
		{Duty: heed.DutyAcknowledge, Owed: 5, Timely: 2, Late: 1, Recalled: 1, Overdue: 1, OverdueAtEnd: 1, Refused: 1, Median: span(30 * time.Minute), Ninetieth: span(3 * time.Hour)},
		{Duty: heed.DutyAssess, Owed: 5, Timely: 3, Recalled: 1, Overdue: 1, OverdueAtEnd: 1, Refused: 1, Extended: 1, Median: span(150 * time.Minute), Ninetieth: span(27 * time.Hour)},
		{Duty: heed.DutyAnswer, Owed: 2, Timely: 2, Median: span(time.Hour), Ninetieth: span(150 * time.Minute)},
		{Duty: heed.DutyReport, Owed: 1, Timely: 1, Median: span(3 * time.Hour), Ninetieth: span(3 * time.Hour)},
		{Duty: heed.DutyConclude, Owed: 1, Timely: 1, Median: span(4 * time.Hour), Ninetieth: span(4 * time.Hour)},
	} {
		if got := replies(t, there, want.Duty); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", want.Duty, got, want)
		}
	}
	back := line(t, r, south, north, heed.StatusActual, AllUrgencies)
	if want := (Questions{Sent: 2, Received: 2, Opened: 1, Answered: 1}); back.Questions != want {
		t.Errorf("questions: %+v, want %+v", back.Questions, want)
	}
	if got := replies(t, back, heed.DutyAnswer); got.Owed != 3 || got.Timely != 2 || got.Overdue != 1 {
		t.Errorf("answers that north owed: %+v", got)
	}
	if there.Meaningful != nil {
		t.Error("nobody has rated anything")
	}
}

func TestWhatIsNotActualIsApart(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusExercise, heed.UrgencyImmediate)
	r := counted(north, Period{}, looked, []heed.Case{heeded(st, north, south)})
	if got := r.Relations[0].Statuses(); !slices.Equal(got, []heed.Status{heed.StatusExercise}) {
		t.Errorf("got %v", got)
	}
	for _, d := range r.Relations[0].Directions {
		if _, ok := d.Line(heed.StatusActual, AllUrgencies); ok {
			t.Errorf("an exercise is among what is meant: %+v", d)
		}
	}
	var page bytes.Buffer
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	if before, after, ok := strings.Cut(page.String(), `class="apart"`); !ok || strings.Count(before, "Nothing was sent.") != 2 || !strings.Contains(after, "Exercises, counted apart") {
		t.Errorf("the exercise is not shown apart:\n%s", page.String())
	}
}

// TestOverdueAtTheEnd looks at one unanswered warning from several ends.
func TestOverdueAtTheEnd(t *testing.T) {
	hour := func(n int) time.Time { return begins.Add(time.Duration(n) * time.Hour) }
	for _, tt := range []struct {
		name    string
		make    func(*story) heed.Case
		until   time.Time
		asOf    time.Time
		overdue int // acknowledgements
		atEnd   int
	}{
		{"before it is due", func(st *story) heed.Case { return unanswered(st, north, south) }, hour(1), hour(1), 0, 0},
		{"one millisecond past due", func(st *story) heed.Case { return unanswered(st, north, south) }, hour(1).Add(time.Millisecond), hour(1).Add(time.Millisecond), 1, 1},
		{"the period goes on", func(st *story) heed.Case { return unanswered(st, north, south) }, hour(48), hour(2), 1, 1},
		{"without an end", func(st *story) heed.Case { return unanswered(st, north, south) }, time.Time{}, hour(2), 1, 1},
		{"due after the end", func(st *story) heed.Case { return unanswered(st, north, south) }, begins.Add(time.Minute), hour(2), 1, 0},
		{"answered after the end", func(st *story) heed.Case { return late(st, north, south) }, hour(2), hour(48), 0, 1},
		{"answered late, before the end", func(st *story) heed.Case { return late(st, north, south) }, hour(3), hour(48), 0, 0},
		{"recalled after the end", func(st *story) heed.Case { return recalled(st, north, south, 3*time.Hour) }, hour(2), hour(48), 0, 1},
		{"recalled before the end", func(st *story) heed.Case { return recalled(st, north, south, 3*time.Hour) }, hour(4), hour(48), 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := tell(t, 1, begins, heed.StatusActual, heed.UrgencyImmediate)
			r := counted(north, Period{Until: tt.until}, tt.asOf, []heed.Case{tt.make(st)})
			got := replies(t, line(t, r, north, south, heed.StatusActual, AllUrgencies), heed.DutyAcknowledge)
			if got.Overdue != tt.overdue || got.OverdueAtEnd != tt.atEnd {
				t.Errorf("overdue %d, at the end %d", got.Overdue, got.OverdueAtEnd)
			}
		})
	}
}

// TestWhatMustAddUp holds the sums that docs/statistics.md promises.
func TestWhatMustAddUp(t *testing.T) {
	cases := month(t)
	whole := counted(north, Period{}, looked, cases)
	backwards := slices.Clone(cases)
	slices.Reverse(backwards)
	if again := counted(north, Period{}, looked, backwards); !reflect.DeepEqual(whole, again) {
		t.Error("the order of cases plays a part")
	}
	other := counted(south, Period{}, looked, cases)
	if !reflect.DeepEqual(whole.Relations, other.Relations) {
		t.Error("who counts plays a part")
	}
	for _, relation := range whole.Relations {
		for _, d := range relation.Directions {
			for _, l := range d.Lines {
				for _, r := range l.Replies {
					if r.Owed != r.Timely+r.Late+r.Recalled+r.Open+r.Overdue || r.Refused > r.Given() || (r.Median == nil) != (r.Given() == 0) {
						t.Errorf("%s to %s, %s, %s: %+v", d.From, d.To, l.Status, l.Urgency, r)
					}
				}
			}
			for _, status := range heed.Statuses() {
				sum := map[string]int{}
				all := map[string]int{}
				for _, l := range d.Lines {
					into := sum
					if l.Urgency == AllUrgencies {
						into = all
					}
					if l.Status == status {
						addUp(t, into, l.list())
					}
				}
				if !reflect.DeepEqual(sum, all) {
					t.Errorf("%s to %s, %s: the urgencies are %v, their sum %v", d.From, d.To, status, sum, all)
				}
			}
		}
	}
	cut := begins.AddDate(0, 0, 7)
	first, second := counted(north, Period{Until: cut}, looked, cases), counted(north, Period{Since: cut}, looked, cases)
	if first.Cases == 0 || second.Cases == 0 || first.Cases+second.Cases != whole.Cases {
		t.Errorf("%d and %d cases are not %d", first.Cases, second.Cases, whole.Cases)
	}
}

func addUp(t *testing.T, into map[string]int, figures []figure) {
	t.Helper()
	for _, f := range figures {
		if f.value() == "" || f.time {
			continue
		}
		n := 0
		if err := json.Unmarshal([]byte(f.value()), &n); err != nil {
			t.Fatal(err)
		}
		into[f.about+" "+f.name] += n
	}
}

func TestNearestRank(t *testing.T) {
	seconds := func(all ...int) (out []time.Duration) {
		for _, n := range all {
			out = append(out, time.Duration(n)*time.Second)
		}
		return out
	}
	for _, tt := range []struct {
		times             []time.Duration
		median, ninetieth string
	}{
		{nil, "", ""},
		{seconds(7), "7", "7"},
		{seconds(9, 1), "1", "9"},
		{seconds(3, 1, 2), "2", "3"},
		{seconds(40, 15, 35, 20, 50), "35", "50"},
		{seconds(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), "5", "9"},
		{seconds(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1), "6", "10"},
		{[]time.Duration{1500 * time.Millisecond, 250 * time.Millisecond}, "0.25", "1.5"},
	} {
		if median, ninetieth := percentiles(tt.times); median.seconds() != tt.median || ninetieth.seconds() != tt.ninetieth {
			t.Errorf("%v: %q, %q", tt.times, median.seconds(), ninetieth.seconds())
		}
	}
}

func TestPeriod(t *testing.T) {
	at := begins
	for _, tt := range []struct {
		p    Period
		at   time.Time
		want bool
	}{
		{Period{}, at, true},
		{Period{Since: at}, at, true},
		{Period{Until: at}, at, false},
		{Period{Since: at.Add(time.Millisecond)}, at, false},
		{Period{Until: at.Add(time.Millisecond)}, at, true},
	} {
		if tt.p.Holds(tt.at) != tt.want {
			t.Errorf("%v holds %v: %v", tt.p, tt.at, !tt.want)
		}
	}
	for _, p := range []Period{{Since: at, Until: at}, {Since: at, Until: at.Add(-time.Hour)}} {
		if p.Check() == nil {
			t.Errorf("%v is let pass", p)
		}
	}
	for _, p := range []Period{{}, {Since: at}, {Until: at}, {Since: at, Until: at.Add(time.Millisecond)}} {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestSpansInWords(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0.0 s": 0, "2.5 s": 2599 * time.Millisecond, "41 s": 41*time.Second + 999*time.Millisecond, "12 min 30 s": 750 * time.Second,
		"1 h 05 min": 65*time.Minute + 59*time.Second, "3 d 4 h": 76 * time.Hour,
	} {
		if got := Span(d).String(); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestFormsAreGolden(t *testing.T) {
	r := counted(north, november, looked, month(t))
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(text, '\n'))
	var again Report
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(r, again) {
		t.Errorf("the report does not come back from its JSON: %v", err)
	}
	var table, page bytes.Buffer
	if err := WriteCSV(&table, r); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.csv", table.Bytes())
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.html", page.Bytes())
	page.Reset()
	if err := WriteHTML(&page, counted(north, Period{}, looked, nil)); err != nil {
		t.Fatal(err)
	}
	golden(t, "empty.html", page.Bytes())
}

// TestReportAsksForNothing: no script, no address, and a policy that forbids both.
func TestReportAsksForNothing(t *testing.T) {
	var page bytes.Buffer
	if err := WriteHTML(&page, counted(north, november, looked, month(t))); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	policy := false
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "link", "img", "iframe", "object", "form", "base"}, n.Data) {
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src":
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "#"):
				t.Errorf("it refers to %q", a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("the id %s stands twice", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "content" && strings.HasPrefix(a.Val, "default-src 'none'; style-src 'sha256-"):
				policy = true
			}
		}
	}
	if !policy {
		t.Error("it has no content security policy")
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if name, ok := strings.CutPrefix(a.Val, "#"); a.Key == "href" && ok && !ids[name] || a.Key == "aria-labelledby" && !ids[a.Val] {
				t.Errorf("nothing has the id %s", a.Val)
			}
		}
	}
}

// TestEveryFigureIsDefined holds docs/statistics.md against what is counted.
func TestEveryFigureIsDefined(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "statistics.md"))
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := WriteCSV(&table, counted(north, november, looked, month(t))); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range rows[0] {
		if !bytes.Contains(text, []byte("`"+column+"`")) {
			t.Errorf("the column %s is not explained", column)
		}
	}
	for _, row := range rows[1:] {
		name := row[8]
		name = regexp.MustCompile(`^(disposition|outcome)-.*`).ReplaceAllString(name, "$1-…")
		if !bytes.Contains(text, []byte("`"+name+"`")) {
			t.Errorf("%s %s is not defined", row[7], name)
		}
	}
}
