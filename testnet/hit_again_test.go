package testnet

import (
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// Whoever was waved through for a time, or is met again, is somebody's duty again
// when it is told: once for each passage.
func TestSettledHitIsOwedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 84, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567")})
		calm(t, net)
		record := passes("p1", "Julian Zhuschew", "1990-02-01", "AB1234567")
		hit := onlyHit(t, s, record)
		owed := func(what string, want ...heed.HitID) {
			t.Helper()
			if got := openHits(t, s); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: reviews are owed of %v, want %v", what, got, want)
			}
		}
		again := func(what string, want ...heed.HitID) {
			t.Helper()
			if found := onlyHit(t, s, record); found.ID != hit.ID {
				t.Fatalf("%s: it is another hit", what)
			}
			owed(what, want...)
		}
		time.Sleep(time.Second)
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: 30 * time.Second})
		noHit(t, s, "excluded", record)
		time.Sleep(31 * time.Second)
		rung := len(hitLevels(s, hit.ID))
		began := time.Now()
		again("its exclusion has ended", hit.ID)
		again("screened again before anybody has decided", hit.ID)
		if f := readHit(t, s, hit.ID); f.Due.Sub(began) != 5*time.Second || f.State != heed.DutyOpen || f.Verdict != heed.DifferentPerson || f.Contents == nil {
			t.Errorf("owed again: %s, %+v", f.State, f.KeptHit)
		}
		time.Sleep(time.Second)
		if got := hitLevels(s, hit.ID); len(got) != rung+1 || got[rung] != 0 {
			t.Errorf("people were told at levels %v", got)
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson})
		again("a verdict without an exclusion")
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: time.Hour})
		noHit(t, s, "excluded anew", record)
		if _, err := s.RevokeExclusion(t.Context(), hit.ID, Boris, "a mistake"); err != nil {
			t.Fatal(err)
		}
		owed("revoked, and nobody passed")
		again("its exclusion was revoked", hit.ID)

		// The same person is met in every screening anew, and in each of them once.
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		a, err := s.BeginScreening(t.Context(), exchange.ScreeningOrder{Officer: Anna, Via: exchange.ViaCommand, Reason: "a gate"})
		if err != nil {
			t.Fatal(err)
		}
		pass := func() {
			t.Helper()
			if out, err := s.Screen(t.Context(), a.ID, []watch.Record{record}, 0); err != nil || len(out[0].Hits) != 1 {
				t.Fatal(out, err)
			}
		}
		pass()
		owed("met again", hit.ID)
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		pass()
		owed("sent twice in one screening")
		again("met a third time", hit.ID)
		time.Sleep(time.Second)

		// Nobody is sought any more: it ends, though it was settled before.
		if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{id}, "He was found"); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		owed("recalled")
		endedAs(t, s, hit.ID, exchange.EndRecalled, "recalled its warning")
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// A record that says when it passed is one passage, however often it is sent; at
// another time it is another hit.
func TestPassageIsReviewedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 85, Baseline: reviewing()}, "north.example")
		p := net.Parties[0]
		loadWatch(t, p)
		imported(t, p, exchange.ListOrder{List: "harbour", Format: "csv"}, onList("1", "Tadeo Quillfeather", "GH1357908"))
		record := passes("p1", "Tadeo Quillfeather", "", "GH1357908")
		record.At = time.Now().Truncate(time.Second)
		hit := onlyHit(t, p, record)
		decide(t, p, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		onlyHit(t, p, record)
		if got := openHits(t, p); len(got) != 0 {
			t.Errorf("one passage is owed two reviews: %v", got)
		}
		record.At = record.At.Add(time.Hour)
		if later := onlyHit(t, p, record); later.ID == hit.ID || !reflect.DeepEqual(openHits(t, p), []heed.HitID{later.ID}) {
			t.Errorf("a later passage: %v are open", openHits(t, p))
		}
	})
}

// An exclusion lasts longer than what the hit said: it can be ended all the same,
// and the record that is screened again can be judged again.
func TestExclusionOutlivesItsHit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 86, Baseline: reviewing()}, "north.example")
		p := net.Parties[0]
		loadWatch(t, p)
		imported(t, p, exchange.ListOrder{List: "harbour", Format: "csv"}, onList("1", "Tadeo Quillfeather", "GH1357908"))
		record := passes("p1", "Tadeo Quillfeather", "1990-02-01", "GH1357908")
		hit := onlyHit(t, p, record)
		decide(t, p, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: 300 * 24 * time.Hour})
		p.StepClock(exchange.HitKept + time.Hour)
		if _, err := p.RunHits(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := readHit(t, p, hit.ID); f.Contents != nil {
			t.Fatal("what it said was not erased")
		}
		noHit(t, p, "excluded", record)
		_, err := p.DecideHit(t.Context(), hit.ID, exchange.HitOrder{Officer: Boris, Verdict: heed.DifferentPerson, Reason: "late", Exclude: time.Hour})
		mustRefuse(t, "a verdict about what was erased", err, "screen the record again")
		if _, err := p.RevokeExclusion(t.Context(), hit.ID, Boris, "a mistake"); err != nil {
			t.Fatal(err)
		}
		if f := readHit(t, p, hit.ID); len(f.Decisions) != 2 || f.Decisions[1].Reason != "a mistake" || f.Exclusion == nil || f.Exclusion.Revoked.IsZero() {
			t.Errorf("revoked: %+v, %+v", f.Decisions, f.Exclusion)
		}
		forget := func(before time.Time) {
			t.Helper()
			if err := p.Store.Write(t.Context(), func(tx exchange.Tx) error { return tx.ForgetExclusions(before) }); err != nil {
				t.Fatal(err)
			}
		}
		forget(p.Now())
		if f := readHit(t, p, hit.ID); f.Decisions[1].Reason != "a mistake" {
			t.Errorf("the reason went before its time: %+v", f.Decisions)
		}
		forget(p.Now().Add(time.Hour))
		if f := readHit(t, p, hit.ID); f.Decisions[1].Reason != "" {
			t.Errorf("the reason stays: %+v", f.Decisions)
		}
		if found := onlyHit(t, p, record); found.ID != hit.ID {
			t.Error("it is another hit")
		}
		if f := readHit(t, p, hit.ID); !f.Open || f.Contents == nil {
			t.Errorf("screened again: %+v", f.KeptHit)
		}
		decide(t, p, hit.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if err := p.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// A record that passes again within the time for which it is kept is found by a
// warning that comes after the end of the first time.
func TestKeptRecordIsOfItsLastPassage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 87, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		terms := Terms("Kept for two minutes", net.Parties...)
		terms.Screening = heed.Screening{Types: []heed.RecordType{heed.RecordVisa}, Retention: 2 * time.Minute}
		accord := propose(t, n, terms).Accord
		reach(t, s, accord, heed.AccordProposed)
		declare(t, s, accord, heed.AccordRatification)
		calm(t, net)
		reach(t, s, accord, heed.AccordInForce)
		applicant := passes("visa-1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
		screened(t, s, heed.RecordVisa, applicant)
		time.Sleep(90 * time.Second)
		screened(t, s, heed.RecordVisa, applicant)
		time.Sleep(60 * time.Second)
		warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Accord: accord, Warning: sought("AB1234567")})
		calm(t, net)
		if all, err := s.Hits(t.Context(), true, 10); err != nil || len(all) != 1 || !all[0].Past {
			t.Errorf("hits of a past record: %+v, %v", all, err)
		}
	})
}

// A list has somebody no more: what linked a warning with that entry goes with it,
// and nobody reads the names of the list in the database.
func TestLinksGoWithTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 88, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		first, second := onList("1", "Yulian Ambrosius Zhushchev", "AB1234567"), onList("2", "Mirela Vespertina Kostandinova", "CD7654321")
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, append(people(9), first, second)...)
		imported(t, s, exchange.ListOrder{List: "quay", Format: "csv"}, first)
		id := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Yulian Zhushchev", "AB1234567"}, [2]string{"Mirela Kostandinova", "CD7654321"})})
		calm(t, net)
		links := func(want ...string) {
			t.Helper()
			file, err := s.Look(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			on := map[string]bool{}
			for _, l := range file.Links {
				on[string(l.Other)] = true
			}
			for _, w := range want {
				if !on[w] {
					t.Errorf("no link with %s: %v", w, on)
				}
			}
			if len(on) != len(want) {
				t.Errorf("linked with %v, want %v", on, want)
			}
		}
		links("list:harbour/1", "list:harbour/2", "list:quay/1")
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, append(people(9), first)...)
		links("list:harbour/1", "list:quay/1")
		if onDisk(t, s, "Vespertina") {
			t.Error("whom an update does not have any more stands in the database")
		}
		for _, name := range []string{"harbour", "quay"} {
			if _, err := s.ForgetList(t.Context(), Boris, name, "the regatta is over"); err != nil {
				t.Fatal(err)
			}
		}
		links()
		if onDisk(t, s, "Ambrosius") {
			t.Error("whom a forgotten list had stands in the database")
		}
	})
}

// An update of a list says something else of somebody: the links with that entry are
// found anew. The one that still holds says why by what the list says now; the other
// one goes, from the case, the board and the disk. So does the link of a case whose
// watch is over, which nobody can find anew.
func TestLinksAreFoundAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 91, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		harbour := exchange.ListOrder{List: "harbour", Format: "csv"}
		imported(t, s, harbour, append(people(9), onList("1", "Yulian Ambrosius Zhushchev", "AB1234567"), onList("2", "Mirela Vespertina Kostandinova", "CD7654321"), onList("3", "Odo Quillfeather Marram", "EF2468013"))...)
		id := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Yulian Zhushchev", "AB1234567"}, [2]string{"Mirela Kostandinova", "CD7654321"})})
		over := warned(t, n, s, exchange.WarnOrder{Warning: soughtAll([2]string{"Odo Marram", "EF2468013"})})
		calm(t, net)
		links := func(id heed.CaseID, want ...string) []exchange.LinkedCase {
			t.Helper()
			calm(t, net)
			time.Sleep(3 * time.Second) // the log is emptied of what went once nobody reads
			file, err := s.Look(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range file.Links {
				got = append(got, string(l.Other))
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("case %s is linked with %v, want %v", file.Code, got, want)
			}
			return file.Links
		}
		since := links(id, "list:harbour/1", "list:harbour/2")[0].At
		links(over, "list:harbour/3")
		if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{over}, "He was found"); err != nil {
			t.Fatal(err)
		}
		links(over, "list:harbour/3")
		time.Sleep(time.Minute)

		if !onDisk(t, s, "Ambrosius") || !onDisk(t, s, "Vespertina") || !onDisk(t, s, "Quillfeather") {
			t.Fatal("what the list says does not stand in the database")
		}
		imported(t, s, harbour, append(people(9), onList("1", "Yulian Leopold Zhushchev", "AB1234567"), onList("2", "Tadeo Bartholomew Ironside", "GH1357908"), onList("3", "Casimir Longfellow", "JK3579135"))...)
		found := links(id, "list:harbour/1")
		links(over)
		if len(found) == 1 && !found[0].At.Equal(since) {
			t.Errorf("what is known since %s is known since %s", since, found[0].At)
		}
		board, err := s.Board(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(board.Links) != 1 || board.Links[0].Other != "list:harbour/1" {
			t.Errorf("the board shows %+v", board.Links)
		}
		for _, gone := range []string{"Ambrosius", "Vespertina", "Quillfeather"} {
			if onDisk(t, s, gone) {
				t.Errorf("%s, which the list does not say any more, stands in the database", gone)
			}
		}

		// A start between the update and the look at it: it is looked at then.
		s.Stop()
		imported(t, s, harbour, append(people(9), onList("1", "Casimir Longfellow", "JK3579135"), onList("2", "Tadeo Bartholomew Ironside", "GH1357908"), onList("3", "Casimir Longfellow", "JK3579135"))...)
		s.Shut()
		s.Reopen()
		loadWatch(t, s)
		s.Start()
		links(id)
		if onDisk(t, s, "Leopold") {
			t.Error("the reasons of a link that does not hold stand in the database")
		}
	})
}
