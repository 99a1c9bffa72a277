package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func weekly() Drill {
	first := storyBegins.Add(7 * day)
	return Drill{Name: "drill-1", Officer: "ruth", At: storyBegins, To: []PartyID{south}, Every: 7 * day, First: first, Next: first}
}

func TestDrillSchedules(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Drill)
		want   string // empty: it can be scheduled
	}{
		"every week":            {func(*Drill) {}, ""},
		"under an accord":       {func(d *Drill) { d.To, d.Accord = nil, AccordID{1} }, ""},
		"at once":               {func(d *Drill) { d.First = d.At }, ""},
		"every second":          {func(d *Drill) { d.Every = MinDrillSpan }, ""},
		"every two years":       {func(d *Drill) { d.Every = MaxDrillSpan }, ""},
		"it is not said":        {func(d *Drill) { d.Every = 0 }, "how often"},
		"too often":             {func(d *Drill) { d.Every = MinDrillSpan - time.Millisecond }, "out of bounds"},
		"too seldom":            {func(d *Drill) { d.Every = MaxDrillSpan + time.Millisecond }, "out of bounds"},
		"backwards":             {func(d *Drill) { d.Every = -time.Hour }, "out of bounds"},
		"less than millisecond": {func(d *Drill) { d.Every = time.Second + time.Microsecond }, "out of bounds"},
		"first in the past":     {func(d *Drill) { d.First = d.At.Add(-time.Millisecond) }, "in the past"},
		"first far off":         {func(d *Drill) { d.First = d.At.Add(MaxDrillSpan + time.Millisecond) }, "within 732d"},
	} {
		d := weekly()
		c.change(&d)
		err := d.Check()
		var invalid *Invalid
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) || invalid.Hint == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDrillRuns(t *testing.T) {
	d := weekly()
	ends := d.Stop(d.First, "enough")
	if d.Due(d.First.Add(-time.Millisecond)) || !d.Due(d.First) || !d.Due(d.First.Add(day)) || ends.Due(d.First) {
		t.Error("it is due from its time on, until it is stopped")
	}
	for late, next := range map[time.Duration]time.Duration{ // after the first run was due
		0:                    7 * day,
		time.Second:          7 * day,
		3 * day:              7 * day,
		3*day + 12*time.Hour: 7 * day,
		3*day + 13*time.Hour: 14 * day, // three days after it has caught up would be too soon
		7 * day:              14 * day,
		100 * day:            105 * day, // one run for all that were missed
		102 * day:            112 * day,
	} {
		ran := d.Ran(d.First.Add(late), "7K3MQ2XA", false)
		if !ran.Next.Equal(d.First.Add(next)) || ran.Runs != 1 || !ran.Last.Equal(d.First.Add(late)) || ran.Code != "7K3MQ2XA" || ran.Due(ran.Last) {
			t.Errorf("run %s late it runs next at %s: %+v", late, ran.Next.Sub(d.First), ran)
		}
		if passed := d.PassedOver(d.First.Add(late), "a draft waits"); !passed.Next.Equal(ran.Next) || passed.Runs != 0 || passed.Passed == "" || passed.Ran(ran.Next, "", false).Passed != "" {
			t.Errorf("passed over %s late: %+v", late, passed)
		}
	}
	// What could not run is tried again soon, and the schedule stays what it is.
	now := d.First.Add(time.Minute)
	failed := d.Failed(now, "the accord is suspended")
	if !failed.Next.Equal(now.Add(time.Hour)) || failed.Runs != 0 || failed.Passed == "" {
		t.Errorf("failed: %+v", failed)
	}
	if again := failed.Ran(failed.Next, "7K3MQ2XA", true); !again.Next.Equal(d.First.Add(7*day)) || again.Passed != "" || !again.Drafted {
		t.Errorf("run in the end: %+v", again)
	}
	quick := d
	quick.Every = time.Minute
	if failed := quick.Failed(now, "no"); !failed.Next.Equal(now.Add(time.Minute)) {
		t.Errorf("one that runs every minute is tried again after %s", failed.Next.Sub(now))
	}
}

// A run while the clock was ahead does not put the next ones off for long; a
// late first run was meant.
func TestDrillAfterAClockThatWasAhead(t *testing.T) {
	d := weekly()
	d.First = d.At.Add(300 * day)
	d.Next = d.First
	if got := d.Settled(d.At); !got.Next.Equal(d.First) {
		t.Errorf("the first run is at %s", got.Next)
	}
	d = weekly()
	ahead := d.Ran(d.First.Add(3650*day), "7K3MQ2XA", false)
	now := d.First.Add(day)
	back := ahead.Settled(now)
	if !back.Next.Equal(d.First.Add(7*day)) || !back.Settled(now).Next.Equal(back.Next) {
		t.Errorf("it runs next at %s", back.Next)
	}
	if got := d.Ran(d.First, "7K3MQ2XA", false); !got.Settled(d.First).Next.Equal(got.Next) {
		t.Errorf("a clock that is right changes the next run to %s", got.Next)
	}
}

// However often somebody looks, and however long nobody does: there is at most
// one run in half a span, each run is due, and none is put off for more than a
// span and a half.
func TestDrillsNeverBurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := weekly()
		d.Every = time.Duration(rapid.Int64Range(1000, 100*86_400_000).Draw(t, "every")) * time.Millisecond
		now := d.At
		var last time.Time
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 3*d.Every.Milliseconds()).Draw(t, "pause")) * time.Millisecond)
			if !d.Due(now) {
				continue
			}
			if !last.IsZero() && now.Sub(last) < d.Every/2 {
				t.Fatalf("two runs within %s, every %s", now.Sub(last), d.Every)
			}
			last, d = now, d.Ran(now, "7K3MQ2XA", false)
			if put := d.Next.Sub(now); put < d.Every/2 || put > d.Every*3/2 || d.Next.Sub(d.First)%d.Every != 0 {
				t.Fatalf("the next run is %s off, every %s", put, d.Every)
			}
			if !d.Settled(now).Next.Equal(d.Next) {
				t.Fatal("the clock was right")
			}
		}
	})
}

func TestBuiltInExercise(t *testing.T) {
	desk := func(languages string) Ladder { return Ladder{{Role: "duty-desk", Languages: languages}} }
	for languages, want := range map[string]Language{"": "en", "en": "en", "de": "de", "de-AT en": "de", "sw de": "de", "sw": "en", "RU": "ru", "fr en": "fr"} {
		if got := DrillWarning(desk(languages), Accord{}).Language; got != want {
			t.Errorf("the desk speaks %q, and the exercise %q", languages, got)
		}
	}
	if got := DrillWarning(nil, Accord{}).Language; got != "en" {
		t.Errorf("nobody speaks, and the exercise %q", got)
	}
	for _, text := range drillTexts {
		for ceiling, want := range map[TLP]TLP{"": TLPGreen, TLPRed: TLPGreen, TLPGreen: TLPGreen, TLPClear: TLPClear} {
			for _, purposes := range [][]Purpose{nil, {PurposePrevention}, {PurposePrevention, PurposeExercise}} {
				terms := Accord{Ceiling: Ceiling{TLP: ceiling}, Purposes: purposes}
				if purposes != nil {
					terms.ID = VersionID{1}
				}
				w := DrillWarning(desk(string(text.language)), terms)
				if err := w.Check(); err != nil {
					t.Fatalf("%s: %v", text.language, err)
				}
				if w.Status != StatusExercise || !strings.HasPrefix(w.Headline, "EXERCISE EXERCISE EXERCISE: ") || w.Handling.TLP != want || w.AsksAnswer() {
					t.Errorf("%s: %+v", text.language, w)
				}
				if !slices.ContainsFunc(w.Narratives, func(n Narrative) bool { return n.Language == "en" && strings.Contains(n.Text, "This is an exercise.") }) {
					t.Errorf("%s: nothing in English", text.language)
				}
				if err := terms.Admits(w.Handling); ceiling != "" && purposes != nil && err != nil {
					t.Errorf("%s: %v", text.language, err)
				}
			}
		}
	}
}
