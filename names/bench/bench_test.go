package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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
	report, err := Run(context.Background(), few(t), options(t))
	if err != nil {
		t.Fatal(err)
	}
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
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := Run(ended, few(t), options(t)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Another program, in so far as we know its interface.
func TestWatchman(t *testing.T) {
	for _, takes := range []bool{true, false} {
		t.Run(fmt.Sprint("takes our list: ", takes), func(t *testing.T) {
			searches := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/metrics":
					fmt.Fprintf(w, "# HELP\nprocess_cpu_seconds_total %d\nprocess_resident_memory_bytes 104857600\n", searches)
				case r.Method == http.MethodPost && takes:
				case r.URL.Path == "/v2/search":
					searches++
					fmt.Fprintf(w, `{"entities":[{"name":%q,"sourceID":"1","match":0.5}]}`, r.URL.Query().Get("name"))
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			m := &measurement{options: options(t), set: few(t), read: fit.NewReader()}
			m.options.Watchman = server.URL
			m.options.Progress = func(string, int, int) {}
			m.pairs = m.set.Pairs
			for _, p := range m.pairs {
				if p.Same && !p.Part() && !p.Loose() {
					m.whole = append(m.whole, p)
				}
			}
			m.list = fit.NewList(fit.Entries(m.set, m.pairs, m.read))
			entries := m.longList(m.whole, 300)
			w := &watchmanServer{base: server.URL, client: server.Client()}
			note, err := w.load(context.Background(), entries)
			if err != nil || (note == "") != takes || w.own != takes {
				t.Fatal(note, err)
			}
			run := WatchmanRun{}
			err = run.measure(m.whole[:5], []string{"Olof Olofsson", "Ada Haddad"}, func(name string, right func(string, string) bool) (rated, error) {
				return w.ask(context.Background(), name, right, m.options.Clock)
			})
			if err != nil || run.Queries != 5 {
				t.Fatal(run, err)
			}
			if seconds, resident, ok := w.used(context.Background()); !ok || seconds != 7 || resident != 100<<20 {
				t.Error(seconds, resident, ok)
			}
			var exact []fit.Labelled
			for _, e := range entries[:20] {
				exact = append(exact, fit.Labelled{Left: e.Text, Right: e.Text, RightID: e.Person})
			}
			own, err := m.ownRun(entries, exact, []string{"Olof Olofsson"})
			if err != nil || own.Ten == 0 {
				t.Error(own, err)
			}
			if text := (&WatchmanReport{URL: server.URL, Runs: []WatchmanRun{run, own}}).text(); !strings.Contains(text, "heed") {
				t.Error(text)
			}
		})
	}
	m := &measurement{options: options(t), set: few(t), read: fit.NewReader(), list: fit.NewList(nil)}
	m.options.Watchman = "http://127.0.0.1:1"
	if _, err := m.watchman(context.Background()); err == nil || !strings.Contains(err.Error(), "WATCHMAN_URL") {
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
