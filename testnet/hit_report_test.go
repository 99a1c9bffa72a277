package testnet

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// dying is a store that loses its power after so many changes more; below zero: never.
type dying struct {
	exchange.Store
	left *atomic.Int64
}

var errPower = errors.New("the power went")

func (d dying) Write(ctx context.Context, f func(exchange.Tx) error) error {
	for {
		left := d.left.Load()
		if left == 0 {
			return errPower
		}
		if left < 0 || d.left.CompareAndSwap(left, left-1) {
			return d.Store.Write(ctx, f)
		}
	}
}

// The power goes between a verdict and what it has the warner told: what is owed is
// on record with the verdict, since when it was owed, and the same verdict again
// tells it.
func TestVerdictAndWhatItOwesAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var left atomic.Int64
		left.Store(-1)
		net := New(t, Options{Seed: 89, Baseline: reviewing(), Wrap: func(id heed.PartyID, s exchange.Store) exchange.Store {
			if id == south {
				return dying{s, &left}
			}
			return s
		}}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		hit := onlyHit(t, s, passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567"))
		for i, verdict := range []heed.HitVerdict{heed.SamePerson, heed.DifferentPerson, heed.SamePerson} {
			calm(t, net)
			s.Stop()
			left.Store(1)
			decided := time.Now()
			out, err := s.DecideHit(t.Context(), hit.ID, exchange.HitOrder{Officer: Boris, Verdict: verdict, Reason: "the photograph was compared"})
			if !errors.Is(err, errPower) || out.Told {
				t.Fatalf("%s: %+v, %v", verdict, out, err)
			}
			s.Shut()
			left.Store(-1)
			s.Reopen()
			loadWatch(t, s)
			s.Start()
			time.Sleep(3 * time.Second)
			f := readHit(t, s, hit.ID)
			if f.Verdict != verdict || !strings.Contains(f.Reported, "owed to the warner") {
				t.Errorf("after the power came back: %s, %q", f.Verdict, f.Reported)
			}
			file, err := s.Look(t.Context(), id)
			if err != nil || len(file.Unreported) != 1 || !file.Unreported[0].Confirmed.Equal(f.Decided) {
				t.Fatalf("%s is not owed to the warner: %+v, %v", verdict, file.Unreported, err)
			}
			board, err := s.Board(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			owed := 0
			for _, line := range board.Ours {
				if line.Kind == heed.DutyReport && line.Due.Equal(file.Unreported[0].Due) {
					owed++
				}
			}
			if owed != 1 {
				t.Errorf("%s stands %d times in the inbox", verdict, owed)
			}
			if out := decide(t, s, hit.ID, exchange.HitOrder{Verdict: verdict}); !out.Told {
				t.Errorf("%s again: %+v", verdict, out)
			}
			calm(t, net)
			hits := n.Case(id).ReportedHits()
			if want := i/2 + 1; len(hits) != want {
				t.Fatalf("%s: the warner was told of %d hits, want %d", verdict, len(hits), want)
			}
			last := hits[len(hits)-1]
			since := last.Confirmed
			if verdict == heed.DifferentPerson {
				if last.Withdrawn == nil {
					t.Fatalf("%s: the warner holds that it stands", verdict)
				}
				since = last.Withdrawn.Decided
			}
			if since.Sub(decided).Abs() > time.Second {
				t.Errorf("%s was decided %s, and told as of %s", verdict, decided, since)
			}
			if file, err := s.Look(t.Context(), id); err != nil || len(file.Unreported) != 0 {
				t.Errorf("%s is still owed: %+v, %v", verdict, file.Unreported, err)
			}
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
	})
}

// A man whose records do not say when he passed is met again in another screening,
// and on another day of a gate that is never closed: the warner is told of each
// passage, once; and of all of them when it was somebody else.
func TestEachPassageIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 90, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		record := passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
		a, err := s.BeginScreening(t.Context(), exchange.ScreeningOrder{Officer: Anna, Via: exchange.ViaCommand, Reason: "a gate"})
		if err != nil {
			t.Fatal(err)
		}
		var hit heed.HitID
		pass := func() {
			t.Helper()
			out, err := s.Screen(t.Context(), a.ID, []watch.Record{record}, 0)
			if err != nil || len(out[0].Hits) != 1 {
				t.Fatal(out, err)
			}
			hit = out[0].Hits[0].ID
		}
		reported := func(what string, stand, withdrawn int) {
			t.Helper()
			calm(t, net)
			got := [2]int{}
			for _, h := range n.Case(id).ReportedHits() {
				if h.Withdrawn == nil {
					got[0]++
				} else {
					got[1]++
				}
			}
			if got != [2]int{stand, withdrawn} {
				t.Errorf("%s: the warner holds that %d reports stand and %d do not, want %d and %d", what, got[0], got[1], stand, withdrawn)
			}
		}
		same := func() exchange.DecidedAs {
			t.Helper()
			return decide(t, s, hit, exchange.HitOrder{Verdict: heed.SamePerson})
		}
		pass()
		same()
		reported("he passed", 1, 0)
		pass()
		if open := openHits(t, s); len(open) != 0 {
			t.Errorf("sent twice on one day: %v are open", open)
		}
		same()
		reported("decided twice", 1, 0)

		// The gate is open all night.
		net.Stop()
		for range 48 {
			time.Sleep(exchange.AskingIdle / 2)
			if _, err := s.Screen(t.Context(), a.ID, []watch.Record{passes("p2", "Somebody Else", "1950-01-01", "ZZ9999999")}, 0); err != nil {
				t.Fatal(err)
			}
		}
		net.Start()
		pass()
		if open := openHits(t, s); len(open) != 1 || open[0] != hit {
			t.Fatalf("on the next day: %v are open", open)
		}
		if out := same(); !out.Told || !strings.Contains(out.Report, "as is owed") {
			t.Errorf("on the next day: %+v", out)
		}
		reported("on the next day", 2, 0)
		onlyHit(t, s, record) // at another gate
		same()
		reported("at another gate", 3, 0)
		hits := n.Case(id).ReportedHits()
		for i, h := range hits {
			if i > 0 && !h.Confirmed.After(hits[i-1].Confirmed) || h.Due.IsZero() || h.Late() {
				t.Errorf("report %d: %+v", i, h)
			}
		}

		out := decide(t, s, hit, exchange.HitOrder{Verdict: heed.DifferentPerson})
		if !out.Told || !strings.Contains(out.Report, "earlier passages (2)") {
			t.Errorf("it was somebody else: %+v", out)
		}
		reported("it was somebody else", 0, 3)
		same()
		reported("it is the last one after all", 1, 3)
		if file, err := s.Look(t.Context(), id); err != nil || len(file.Unreported) != 0 {
			t.Errorf("still owed: %+v, %v", file.Unreported, err)
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
	})
}

// Two officers decide at once, each otherwise: the warner is told what the later one
// has decided, and nothing of the other one that had not left yet.
func TestVerdictThatAnotherReplacedIsNotTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g *gate
		net := New(t, Options{Seed: 92, Baseline: reviewing(), Wrap: func(id heed.PartyID, s exchange.Store) exchange.Store {
			if id != south {
				return s
			}
			g = &gate{Store: s}
			return g
		}}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		hit := onlyHit(t, s, passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567"))
		calm(t, net)
		s.Stop()
		writes := 0
		g.set(func() {
			if writes++; writes == 2 { // the first one was the verdict's
				g.set(nil, nil)
				if out := decide(t, s, hit.ID, exchange.HitOrder{Officer: Anna, Verdict: heed.DifferentPerson}); out.Told {
					t.Errorf("what was never told is told otherwise: %+v", out)
				}
			}
		}, nil)
		if out := decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson}); writes != 2 || out.Told || !strings.Contains(out.Report, "another verdict was given meanwhile") {
			t.Errorf("after %d changes: %+v", writes, out)
		}
		s.Start()
		calm(t, net)
		if got := n.Case(id).ReportedHits(); len(got) != 0 {
			t.Errorf("the warner was told of %+v", got)
		}
		file, err := s.Look(t.Context(), id)
		if err != nil || len(file.Unreported) != 0 {
			t.Errorf("owed to the warner: %+v, %v", file.Unreported, err)
		}
		if f := readHit(t, s, hit.ID); f.Verdict != heed.DifferentPerson || f.Reported != "" {
			t.Errorf("it stands as %s, %q", f.Verdict, f.Reported)
		}
	})
}
