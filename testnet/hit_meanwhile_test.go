package testnet

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// watching is a net in which south watches, behind a gate.
func watching(t *testing.T, story func(t *testing.T, net *Net, n, s *Party, g *gate)) {
	synctest.Test(t, func(t *testing.T) {
		var g *gate
		net := New(t, Options{Seed: 95, Baseline: reviewing(), Wrap: func(id heed.PartyID, s exchange.Store) exchange.Store {
			if id != south {
				return s
			}
			g = &gate{Store: s}
			return g
		}}, north, south)
		loadWatch(t, net.Parties[1])
		net.Start()
		defer net.Stop()
		story(t, net, net.Parties[0], net.Parties[1], g)
	})
}

// reportsOn counts the reports of hits that the warner holds, as they stand.
func reportsOn(t *testing.T, net *Net, warner *Party, id heed.CaseID) (stand, withdrawn int) {
	t.Helper()
	calm(t, net)
	for _, h := range warner.Case(id).ReportedHits() {
		if h.Withdrawn == nil {
			stand++
		} else {
			withdrawn++
		}
	}
	return stand, withdrawn
}

// A traveller passes again after an officer has confirmed an earlier passage, and
// before the warner is told: it is told of what was confirmed, and a review of the
// other passage is owed.
func TestPassageMeanwhile(t *testing.T) {
	t.Parallel()
	watching(t, func(t *testing.T, net *Net, n, s *Party, g *gate) {
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		record := passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
		hit := onlyHit(t, s, record)
		calm(t, net)
		writes := 0
		g.set(func() {
			if writes++; writes == 2 { // the first one is the verdict
				g.set(nil, nil)
				onlyHit(t, s, record)
			}
		}, nil)
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if stand, withdrawn := reportsOn(t, net, n, id); writes != 2 || stand != 1 || withdrawn != 0 {
			t.Errorf("after %d writes: %d reports stand, %d do not", writes, stand, withdrawn)
		}
		if f := readHit(t, s, hit.ID); !f.Open || f.Passage != 1 {
			t.Errorf("passage %d, a review is owed: %v", f.Passage, f.Open)
		}
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if stand, withdrawn := reportsOn(t, net, n, id); stand != 2 || withdrawn != 0 {
			t.Errorf("after both: %d reports stand, %d do not", stand, withdrawn)
		}
	})
}

// An interim word about one passage takes nothing back of those before it.
func TestUndecidedIsAboutOnePassage(t *testing.T) {
	t.Parallel()
	watching(t, func(t *testing.T, net *Net, n, s *Party, _ *gate) {
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		record := passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
		verdicts := []heed.HitVerdict{heed.SamePerson, heed.SamePerson, heed.Undecided}
		var hit exchange.ScreenedHit
		for _, v := range verdicts {
			hit = onlyHit(t, s, record)
			decide(t, s, hit.ID, exchange.HitOrder{Verdict: v})
		}
		if stand, withdrawn := reportsOn(t, net, n, id); stand != 2 || withdrawn != 0 {
			t.Errorf("undecided about the third: %d reports stand, %d do not", stand, withdrawn)
		}
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if stand, withdrawn := reportsOn(t, net, n, id); stand != 3 || withdrawn != 0 {
			t.Errorf("the third is he: %d reports stand, %d do not", stand, withdrawn)
		}
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.Undecided})
		if stand, withdrawn := reportsOn(t, net, n, id); stand != 2 || withdrawn != 1 {
			t.Errorf("the third is not certain after all: %d reports stand, %d do not", stand, withdrawn)
		}
	})
}

// Whatever a record holds, the verdict about it is put on record and the warner told.
func TestVerdictOnWhatCannotBeSaid(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*watch.Record){
		"a blank behind the name":       func(r *watch.Record) { r.Names[0].Text += " " },
		"marks around the name":         func(r *watch.Record) { r.Names[0].Text = "\u202b" + r.Names[0].Text + "\u202c" },
		"a tab in the carrier":          func(r *watch.Record) { r.Carrier = "XX\t1" },
		"a blank behind the number":     func(r *watch.Record) { r.Documents[0].Number += " " },
		"a country that is none":        func(r *watch.Record) { r.Documents[0].Country = "ZZ" },
		"two lines in from":             func(r *watch.Record) { r.From = "A\nB" },
		"a long origin, cut at a blank": func(r *watch.Record) { r.From, r.To = strings.Repeat("x", heed.MaxLabel-1), "Doha" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watching(t, func(t *testing.T, net *Net, n, s *Party, _ *gate) {
				id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
				calm(t, net)
				record := passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
				change(&record)
				hit := onlyHit(t, s, record)
				decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
				if f := readHit(t, s, hit.ID); f.Verdict != heed.SamePerson || f.Open {
					t.Errorf("the verdict on record is %q; a review is owed: %v", f.Verdict, f.Open)
				}
				if stand, _ := reportsOn(t, net, n, id); stand != 1 {
					t.Errorf("%d reports", stand)
				}
			})
		})
	}
}

// An exclusion is of what was said of the subject when the record met it: where
// something else is said by then it would hold nobody back, and is refused.
func TestExclusionOfWhatIsNotSaidAnyMore(t *testing.T) {
	t.Parallel()
	watching(t, func(t *testing.T, net *Net, n, s *Party, _ *gate) {
		warning := sought("AB1234567")
		id := warned(t, n, s, exchange.WarnOrder{Warning: warning})
		calm(t, net)
		record := passes("p1", "Yulian Zhushchev", "1987-05-14", "ZZ1111111")
		hit := onlyHit(t, s, record)
		warning.Persons[0].Description = "He limps."
		if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, warning, nil); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		order := exchange.HitOrder{Officer: Boris, Verdict: heed.DifferentPerson, Reason: "he does not", Exclude: time.Hour}
		var refused *heed.Refused
		if _, err := s.DecideHit(t.Context(), hit.ID, order); !errors.As(err, &refused) || !strings.Contains(refused.Hint, "without --exclude") {
			t.Fatalf("an exclusion that holds nobody back: %v", err)
		}
		order.Exclude = 0
		decide(t, s, hit.ID, order)
		again := onlyHit(t, s, record)
		order.Exclude = time.Hour
		decide(t, s, again.ID, order)
		noHit(t, s, "he is excluded from what is said now", record)
	})
}

// A warning is corrected while its subjects are being compared: whom the correction
// names is compared then.
func TestCorrectedWhileCompared(t *testing.T) {
	t.Parallel()
	watching(t, func(t *testing.T, net *Net, n, s *Party, g *gate) {
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, append(people(9), onList("1", "Mirela Kostandinova", "CD7654321"))...)
		corrected := make(chan bool)
		var met atomic.Bool
		g.set(func() {
			if calledBy("(*Exchange).compare(") && met.CompareAndSwap(false, true) {
				<-corrected
			}
		}, nil)
		id := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Yulian Zhushchev", "AB1234567"})})
		time.Sleep(5 * time.Second)
		if !met.Load() {
			t.Fatal("nobody was compared")
		}
		if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, soughtAll([2]string{"Mirela Kostandinova", "CD7654321"}), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		close(corrected)
		calm(t, net)
		time.Sleep(time.Minute)
		if file, err := s.Look(t.Context(), id); err != nil || len(file.Links) != 1 {
			t.Errorf("whom the correction names is on the list, and %d links say so: %v", len(file.Links), err)
		}
	})
}

// calledBy reports whether a function is among those that wait for this one.
func calledBy(name string) bool {
	stack := make([]byte, 1<<16)
	return strings.Contains(string(stack[:runtime.Stack(stack, false)]), name)
}

// Two warnings of one person, of which one is corrected: to another spelling, and the
// link stays as one, of the later case; to somebody else, and it goes from both.
func TestLinksAfterACorrection(t *testing.T) {
	t.Parallel()
	watching(t, func(t *testing.T, net *Net, n, s *Party, _ *gate) {
		first := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Yulian Zhushchev", "AB1234567"})})
		calm(t, net)
		second := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Yulian Zhushchyov", "AB1234567"}, [2]string{"Odo Marram", "EF2468013"})})
		calm(t, net)
		links := func(what string, want int) {
			t.Helper()
			calm(t, net)
			for _, id := range []heed.CaseID{first, second} {
				file, err := s.Look(t.Context(), id)
				if err != nil || len(file.Links) != want {
					t.Errorf("%s: %d links of case %s, want %d: %v", what, len(file.Links), file.Code, want, err)
				}
				for _, l := range file.Links {
					if l.Later != (id == second) || l.Ours != "persons/0" {
						t.Errorf("%s: case %s: %+v", what, file.Code, l)
					}
				}
			}
		}
		corrects := func(id heed.CaseID, w heed.Warning) {
			t.Helper()
			if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, w, nil); err != nil {
				t.Fatal(err)
			}
		}
		links("warned of twice", 1)
		corrects(first, soughtAll([2]string{"Julian Zhushchev", "AB1234567"}))
		links("the first is spelt otherwise", 1)
		corrects(second, soughtAll([2]string{"Yulian Zhushchew", "AB1234567"}))
		links("the second is spelt otherwise", 1)
		corrects(first, soughtAll([2]string{"Casimir Longfellow", "JK3579135"}))
		links("the first is somebody else", 0)
		corrects(first, soughtAll([2]string{"Yulian Zhushchew", "AB1234567"}))
		calm(t, net)
		for _, id := range []heed.CaseID{first, second} {
			if file, err := s.Look(t.Context(), id); err != nil || len(file.Links) != 1 {
				t.Errorf("it is he after all: %d links of case %s: %v", len(file.Links), file.Code, err)
			}
		}
		corrects(second, soughtAll([2]string{"Casimir Longfellow", "JK3579135"}))
		links("the second is somebody else", 0)
	})
}
