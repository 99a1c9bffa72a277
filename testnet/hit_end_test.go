package testnet

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// soughtAll is a warning about several, each with a passport.
func soughtAll(people ...[2]string) heed.Warning {
	w := Warning("Several who may travel")
	for _, p := range people {
		w.Persons = append(w.Persons, heed.Person{Names: []heed.Name{{Text: p[0]}}, Documents: []heed.Document{{Type: heed.DocumentPassport, Number: p[1]}}})
	}
	return w
}

// openHits lists the hits of which a review is owed.
func openHits(t *testing.T, p *Party) (all []heed.HitID) {
	t.Helper()
	files, err := p.Hits(t.Context(), true, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		all = append(all, f.ID)
	}
	return all
}

// endedAs holds how a hit stands against how it ended.
func endedAs(t *testing.T, p *Party, id heed.HitID, why exchange.HitEnd, says string) {
	t.Helper()
	f := readHit(t, p, id)
	if f.Open || f.State != heed.DutyEnded || f.Why != why || f.Ended.IsZero() || !f.Next.IsZero() || !strings.Contains(f.EndText(), says) {
		t.Errorf("hit %s: open %v, %s, ended %v by %q (%s); want %s: %s", id.Code(), f.Open, f.State, f.Ended, f.Why, f.EndText(), why, says)
	}
	listed, err := p.EndedHits(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listed {
		if l.ID == id {
			return
		}
	}
	t.Errorf("hit %s is not listed as ended", id.Code())
}

// The warning is recalled, its watch lapses or is refused, or it is corrected: the
// open hits of whom nobody seeks any more end by themselves and climb no further.
// A decision is on record all the same, and nothing is owed by it.
func TestHitsEndWithTheirWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 81, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		cases := map[exchange.HitEnd]heed.CaseID{}
		hits := map[exchange.HitEnd]heed.HitID{}
		for why, p := range map[exchange.HitEnd][2]string{
			exchange.EndRecalled: {"Yulian Zhushchev", "AB1234567"}, exchange.EndLapsed: {"Mirela Kostandinova", "CD7654321"}, exchange.EndRefused: {"Odo Marram", "EF2468013"},
		} {
			cases[why] = warned(t, n, s, exchange.WarnOrder{Warning: soughtAll(p)})
			calm(t, net)
			hits[why] = onlyHit(t, s, passes("p-"+p[1], p[0], "", p[1])).ID
		}
		if got := openHits(t, s); len(got) != 3 {
			t.Fatalf("%d hits are open", len(got))
		}
		if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{cases[exchange.EndRecalled]}, "It was another man"); err != nil {
			t.Fatal(err)
		}
		notice := do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: cases[exchange.EndLapsed], After: 3 * time.Second, Reason: "She was found"}))
		do(t)(s.Refuse(t.Context(), Boris, cases[exchange.EndRefused], heed.UnlawfulHere, "No law admits it"))
		calm(t, net)
		if got := openHits(t, s); !reflect.DeepEqual(got, []heed.HitID{hits[exchange.EndLapsed]}) {
			t.Errorf("open are %v", got)
		}
		time.Sleep(time.Until(notice.Effective.Add(2 * time.Second)))
		if got := openHits(t, s); len(got) != 0 {
			t.Errorf("open are %v", got)
		}
		endedAs(t, s, hits[exchange.EndRecalled], exchange.EndRecalled, "north.example recalled its warning")
		endedAs(t, s, hits[exchange.EndLapsed], exchange.EndLapsed, "the watch lapsed")
		endedAs(t, s, hits[exchange.EndRefused], exchange.EndRefused, "refused as unlawful here")
		if f := readHit(t, s, hits[exchange.EndLapsed]); !f.Ended.Equal(notice.Effective) {
			t.Errorf("it ended %v, and the watch lapsed %v", f.Ended, notice.Effective)
		}
		time.Sleep(30 * time.Second)
		for why, id := range hits {
			if got := hitLevels(s, id); len(got) > 1 || len(got) == 1 && got[0] != 0 {
				t.Errorf("%s: people were told at levels %v after it had ended", why, got)
			}
		}

		// Whoever has met the man writes down what came of it.
		met := decide(t, s, hits[exchange.EndRecalled], exchange.HitOrder{Verdict: heed.SamePerson})
		if !strings.Contains(met.Ended, "recalled its warning") || met.Told || !strings.Contains(met.Report, "not reported to the warner") {
			t.Errorf("decided: %+v", met)
		}
		decide(t, s, hits[exchange.EndLapsed], exchange.HitOrder{Verdict: heed.Undecided})
		if got := openHits(t, s); len(got) != 0 {
			t.Errorf("an interim word makes a review owed that nobody owes: %v", got)
		}
		if f := readHit(t, s, hits[exchange.EndRecalled]); f.State != heed.DutyEnded || f.Verdict != heed.SamePerson {
			t.Errorf("decided: %s, %s", f.State, f.Verdict)
		}

		// What the warner says after its recall is on watch anew, and so is the hit.
		if _, err := n.Correct(t.Context(), Boris, []heed.CaseID{cases[exchange.EndLapsed]}, soughtAll([2]string{"Mirela Kostandinova", "CD7654321"}), nil); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		again := onlyHit(t, s, passes("p-CD7654321", "Mirela Kostandinova", "", "CD7654321"))
		if f := readHit(t, s, again.ID); again.ID != hits[exchange.EndLapsed] || !f.Open || !f.Ended.IsZero() || f.Contents == nil {
			t.Errorf("on watch anew: %+v", f.KeptHit)
		}
		calm(t, net)
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}

		// What an ended hit said goes as that of a different person does.
		net.Stop()
		s.StepClock(exchange.HitKept + time.Hour)
		if _, err := s.RunHits(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := readHit(t, s, hits[exchange.EndRefused]); f.Sealed != nil || f.Why != exchange.EndRefused {
			t.Errorf("after %s: %+v", exchange.HitKept, f.KeptHit)
		}
	})
}

// A correction ends the hits of whom it names no more, and of nobody whom it still
// names: at another place, or with another spelling. An update of a list likewise.
// What ended while the node was away is found at its start.
func TestHitsEndWithTheirSubject(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 82, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		gone, moved, spelt := [2]string{"Yulian Zhushchev", "AB1234567"}, [2]string{"Mirela Kostandinova", "CD7654321"}, [2]string{"Odo Marram", "EF2468013"}
		id := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll(gone, moved, spelt)})
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, append(people(9), onList("x", "Tadeo Quillfeather", "GH1357908"))...)
		calm(t, net)
		hit := func(p [2]string) heed.HitID { return onlyHit(t, s, passes("p-"+p[1], p[0], "", p[1])).ID }
		ofGone, ofMoved, ofSpelt, ofList, ofOther := hit(gone), hit(moved), hit(spelt), hit([2]string{"Tadeo Quillfeather", "GH1357908"}), hit([2]string{"Unlike Anybody", passportOf(3)})

		corrected := soughtAll(moved, spelt)
		corrected.Persons[1].Names = append(corrected.Persons[1].Names, heed.Name{Text: "Otto Marramsson", Use: heed.NameSpelling})
		if _, err := n.Correct(t.Context(), Boris, []heed.CaseID{id}, corrected, nil); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, people(9)...)
		time.Sleep(time.Second)
		calm(t, net)
		endedAs(t, s, ofGone, exchange.EndCorrected, "names this subject no more")
		endedAs(t, s, ofList, exchange.EndUnlisted, "list harbour does not have this subject any more")
		for what, id := range map[string]heed.HitID{"at another place": ofMoved, "with another spelling": ofSpelt, "still on the list": ofOther} {
			if f := readHit(t, s, id); !f.Open {
				t.Errorf("%s: ended %s (%s)", what, f.Why, f.EndText())
			}
		}

		// A decided hit that is undecided again is owed only while somebody is sought.
		decide(t, s, ofMoved, exchange.HitOrder{Verdict: heed.DifferentPerson})
		decide(t, s, ofOther, exchange.HitOrder{Verdict: heed.DifferentPerson})
		if _, err := s.ForgetList(t.Context(), Boris, "harbour", "the regatta is over"); err != nil {
			t.Fatal(err)
		}
		decide(t, s, ofMoved, exchange.HitOrder{Verdict: heed.Undecided})
		decide(t, s, ofOther, exchange.HitOrder{Verdict: heed.Undecided})
		if f := readHit(t, s, ofMoved); !f.Open {
			t.Errorf("it is owed again: %+v", f.KeptHit)
		}
		endedAs(t, s, ofOther, exchange.EndUnlisted, "list harbour")

		// The node goes down between the correction and the look at who was found.
		s.Stop()
		if err := s.Store.Write(t.Context(), func(tx exchange.Tx) error {
			k, err := tx.Hit(ofGone)
			if err != nil {
				return err
			}
			k.Open, k.Ended, k.Why = true, time.Time{}, ""
			return tx.PutHit(k)
		}); err != nil {
			t.Fatal(err)
		}
		s.Shut()
		s.Reopen()
		loadWatch(t, s)
		s.Start()
		calm(t, net)
		time.Sleep(time.Second)
		endedAs(t, s, ofGone, exchange.EndCorrected, "names this subject no more")
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// A feed that hits without end does not ring a desk without end: of the first few
// people are told one by one, of the others together once a minute; each stays a
// duty of its own, and of each people were told.
func TestFloodOfHitsRingsOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := reviewing()
		for u := range slow.Clock[heed.DutyReview] {
			slow.Clock[heed.DutyReview][u] = time.Hour
		}
		net := New(t, Options{Seed: 83, Baseline: slow}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567")})
		calm(t, net)
		flood := func(from, to int) {
			var records []watch.Record
			for i := from; i < to; i++ {
				records = append(records, passes(fmt.Sprintf("seat %d", i), "Yulian Zhushchev", "1987-05-14", "AB1234567"))
			}
			for _, out := range screened(t, s, heed.RecordPassenger, records...) {
				if out.Err != nil || len(out.Hits) != 1 {
					t.Fatalf("%d hits, %v", len(out.Hits), out.Err)
				}
			}
		}
		rung := func(singly int, together ...int) {
			t.Helper()
			one, many := 0, []int(nil)
			for _, told := range s.Notices.All() {
				switch {
				case told.Hit == "":
				case told.More == 0:
					one++
				default:
					many = append(many, told.More+1)
				}
			}
			if one != singly || !reflect.DeepEqual(many, together) {
				t.Errorf("people were rung %d times for one, and for %v together; want %d and %v", one, many, singly, together)
			}
		}
		flood(0, 60)
		time.Sleep(2 * time.Second)
		rung(exchange.RungSingly, 60-exchange.RungSingly)
		flood(60, 90)
		time.Sleep(20 * time.Second)
		rung(exchange.RungSingly, 60-exchange.RungSingly)
		time.Sleep(exchange.RingSpan)
		rung(exchange.RungSingly, 60-exchange.RungSingly, 30)
		all, err := s.Hits(t.Context(), true, 100)
		if err != nil || len(all) != 90 {
			t.Fatalf("%d hits are open, %v", len(all), err)
		}
		for _, f := range all {
			if f.Told != 0 || f.Due.Sub(f.Found) != time.Hour {
				t.Errorf("hit %s: told up to level %d, due %s after it was found", f.Code(), f.Told, f.Due.Sub(f.Found))
			}
		}
		time.Sleep(3 * exchange.RingSpan)
		flood(90, 91)
		time.Sleep(2 * time.Second)
		rung(exchange.RungSingly+1, 60-exchange.RungSingly, 30)
	})
}
