package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"heed/names"
	"heed/names/fit"
)

func options(t *testing.T) Options {
	t.Helper()
	model, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	var ticks time.Duration
	tick := func() time.Duration { ticks += time.Millisecond; return ticks }
	return Options{Folds: 2, Resamples: 20, Model: model, Clock: tick, CPU: tick, Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Machine: "a machine"}
}

// few is a small part of the development set, taken as data of other origin.
func few(t *testing.T) *fit.Set {
	t.Helper()
	all, err := fit.ReadSet(os.DirFS("../testdata/dev"))
	if err != nil {
		t.Fatal(err)
	}
	set := &fit.Set{Digest: "other", Persons: all.Persons[:200], Records: all.Records[:60], Incident: all.Incident, Cases: all.Cases[:40]}
	for i, p := range all.Pairs {
		if i%150 == 0 {
			set.Pairs = append(set.Pairs, p)
		}
	}
	for i, p := range all.Travellers {
		if i%50 == 0 {
			set.Travellers = append(set.Travellers, p)
		}
	}
	return set
}

func TestRun(t *testing.T) {
	o := options(t)
	o.Watchman = running(t, &fakeWatchman{})
	report, err := Run(context.Background(), few(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if w := report.Watchman; w == nil || len(w.Runs) != 6 || !strings.Contains(report.Text(), "romanised") {
		t.Errorf("%+v", w)
	}
	report.Watchman = nil // as where there is none
	if report.Refitted {
		t.Error("weights were fitted again to a set that they are not of")
	}
	if len(report.Overall) == 0 || report.Overall[0].Ten.Share < 0.7 {
		t.Errorf("%+v", report.Overall)
	}
	for _, row := range append(report.Classes, report.Records...) {
		if row.First.Share > row.Ten.Share || row.Mille.Share > row.One.Share || row.One.Low > row.One.Share || row.One.High < row.One.Share {
			t.Errorf("%+v", row)
		}
	}
	if report.Index == nil || report.Index.Above == 0 || report.Index.Found > report.Index.Above {
		t.Errorf("%+v", report.Index)
	}
	if w := report.Watched; w == nil || w.Persons == 0 || w.Names < w.Persons || w.Wrong.N+w.Right.N == 0 || w.Right.N > 0 && w.Right.Share < 0.5 || w.Dated > 200 {
		t.Errorf("%+v", w)
	}
	text := report.Text()
	for _, want := range []string{"recall@10", "not run (set WATCHMAN_URL)", "false hits to expect", "the shipped weights", "targets"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	o := options(t)
	o.Folds = 1
	if _, err := Run(context.Background(), few(t), o); !errors.Is(err, ErrFolds) {
		t.Error(err)
	}
	o = options(t)
	o.Watchman.URL = "127.0.0.1:8084" // no scheme: told before anything is measured
	if _, err := Run(context.Background(), few(t), o); err == nil || !strings.Contains(err.Error(), "WATCHMAN_URL") {
		t.Error(err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := Run(ended, few(t), options(t)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestBootstrap(t *testing.T) {
	var votes []vote
	for i := range 100 {
		votes = append(votes, vote{fmt.Sprint(i), i < 80})
	}
	r := bootstrap(votes, 500)
	if r.Share != 0.8 || r.Low < 0.65 || r.Low > 0.78 || r.High < 0.82 || r.High > 0.95 {
		t.Errorf("%+v", r)
	}
	if again := bootstrap(votes, 500); again != r {
		t.Errorf("%+v, then %+v", r, again)
	}
	if (bootstrap(nil, 10) != Rate{}) {
		t.Error("no votes have a rate")
	}
}
