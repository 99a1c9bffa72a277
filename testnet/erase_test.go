package testnet

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

// ending puts an accord in force among all parties that ends after a minute,
// erases contents two minutes later, and all else a quarter of an hour later.
func ending(t *testing.T, net *Net, edits ...func(*heed.Accord)) (id heed.AccordID, ends time.Time) {
	t.Helper()
	ends = heed.Instant(time.Now()).Add(time.Minute)
	terms := Terms("Until tonight", net.Parties...)
	terms.Until, terms.Limitation = ends, 15*time.Minute
	terms.End = heed.Ending{Contents: heed.ContentsErase, After: 2 * time.Minute, Watches: heed.WatchesDecide}
	for _, edit := range edits {
		edit(&terms)
	}
	id = propose(t, net.Parties[0], terms).Accord
	for _, p := range net.Parties[1:] {
		reach(t, p, id, heed.AccordProposed)
		declare(t, p, id, heed.AccordRatification)
	}
	if err := net.Settle(); err != nil { // all have heard of all
		t.Fatal(err)
	}
	for _, p := range net.Parties {
		reach(t, p, id, heed.AccordInForce)
	}
	return id, ends
}

// reads reads a case as an officer may who opens nothing by it.
func reads(t *testing.T, p *Party, id heed.CaseID) exchange.Opened {
	t.Helper()
	opened, err := p.Read(t.Context(), Anna, id)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// isErased holds what a party has of a case against when its contents were erased.
func isErased(t *testing.T, p *Party, id heed.CaseID, want bool) {
	t.Helper()
	opened := reads(t, p, id)
	file, err := p.Look(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if file.Erased.IsZero() == want || !opened.Erased.Equal(file.Erased) || len(opened.Contents) > 0 == want {
		t.Errorf("%s: case %s was erased at %v and has %d contents; want erased: %v", p.ID, id, file.Erased, len(opened.Contents), want)
	}
}

// onDisk reports whether a text stands in a party's database.
func onDisk(t *testing.T, p *Party, text string) bool {
	t.Helper()
	if err := p.Store.Write(t.Context(), func(exchange.Tx) error { return nil }); err != nil { // the log is emptied before
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(p.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

// The accord ends; what was settled is erased in time on both sides, what a
// reply is still owed for when that has been given, and what was signed stays.
func TestContentsEndWithTheAccord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 21}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id, ends := ending(t, net, func(a *heed.Accord) { a.RightsCheck = true })
		erases := ends.Add(2 * time.Minute)

		// The hint is one warning to both; only south deals with it in time.
		draft := drafted(t, n, exchange.WarnOrder{Accord: id, Warning: Warning("The hint of the ferryman")})
		out := release(t, n, Boris, draft.Code, form())
		ofSouth, ofEast := out.Cases[slices.Index(out.To, south)], out.Cases[slices.Index(out.To, east)]
		waitFor(t, s, ofSouth, heed.StateSent)
		waitFor(t, e, ofEast, heed.StateSent)
		do(t)(s.Ask(t.Context(), Anna, ofSouth, "Which of the ferries?"))
		waitFor(t, n, ofSouth, heed.StateAsked)
		do(t)(n.Answer(t.Context(), Anna, ofSouth, heed.StatementID{}, "That of noon."))
		do(t)(s.Assess(t.Context(), Boris, ofSouth, heed.NotCredible, ""))
		waits := drafted(t, s, exchange.WarnOrder{Accord: id, Warning: Warning("What south never sent")})
		outside := n.Warn("Of the accord independent", s)[0]
		waitFor(t, s, outside, heed.StateSent)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}

		time.Sleep(time.Until(erases.Add(-time.Second)))
		isErased(t, n, ofSouth, false)
		isErased(t, s, ofSouth, false)
		if !onDisk(t, s, "hint of the ferryman") || !onDisk(t, s, "That of noon") || !onDisk(t, s, "south never sent") {
			t.Error("south does not have on its disk what it is to erase")
		}
		time.Sleep(time.Until(erases.Add(100 * time.Millisecond)))
		isErased(t, n, ofSouth, true)
		isErased(t, s, ofSouth, true)
		isErased(t, n, ofEast, false) // it has the same contents
		isErased(t, e, ofEast, false)
		isErased(t, s, outside, false)
		if file, _ := s.Look(t.Context(), ofSouth); !file.Erased.Equal(erases) {
			t.Errorf("south erased at %v, not at %v", file.Erased, erases)
		}
		for _, text := range []string{"hint of the ferryman", "That of noon", "south never sent"} {
			if onDisk(t, s, text) {
				t.Errorf("south still has %q on its disk", text)
			}
		}
		if !onDisk(t, n, "hint of the ferryman") || !onDisk(t, n, "ferryman's wife") {
			t.Error("north has erased what east still owes a reply for, or the form of its release")
		}
		if onDisk(t, n, "That of noon") {
			t.Error("north keeps what only south's case has")
		}

		// Nobody can open what is not here, and no proof opens it; a draft of it goes no more.
		before := len(s.Case(ofSouth).Statements)
		if opened, err := s.Open(t.Context(), Anna, ofSouth); err != nil || len(opened.Contents) > 0 || len(s.Case(ofSouth).Statements) != before {
			t.Errorf("south opens what is not here: %v", err)
		}
		if _, err := s.Prove(t.Context(), exchange.ProofOrder{Case: ofSouth, Open: []string{exchange.OpenAll}}); !isRefused(err) {
			t.Errorf("south opens it in a proof: %v", err)
		}
		do(t)(heed.Statement{}, second2(s.Prove(t.Context(), exchange.ProofOrder{Case: ofSouth})))
		if _, err := n.Export(t.Context(), ofSouth); !isRefused(err) {
			t.Errorf("north carries out what is not here: %v", err)
		}
		if _, err := s.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(waits.Code), Check: form()}); !isRefused(err) {
			t.Errorf("south sends a draft that was erased: %v", err)
		}

		// East replies late. What it has answered is kept for as long again.
		late := heed.Instant(time.Now())
		do(t)(e.Assess(t.Context(), Boris, ofEast, heed.NotCredible, "an old story"))
		time.Sleep(2*time.Minute - time.Second)
		isErased(t, n, ofEast, false)
		time.Sleep(time.Until(late.Add(3 * time.Minute)))
		for _, p := range []*Party{n, e} {
			isErased(t, p, ofEast, true)
			for _, text := range []string{"hint of the ferryman", "an old story", "ferryman's wife"} {
				if onDisk(t, p, text) {
					t.Errorf("%s still has %q on its disk", p.ID, text)
				}
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties {
			if err := p.Store.Check(t.Context(), nil); err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
			held, err := p.Accord(t.Context(), id)
			if err != nil || len(held.Versions) != 1 || len(held.Acts) != 3 {
				t.Errorf("%s has %d versions and %d acts of the accord: %v", p.ID, len(held.Versions), len(held.Acts), err)
			}
		}
	})
}

func second2[A any](_ A, err error) error { return err }

// What never reached its recipient is not erased, so that it still can; when
// the limitation period is over it is given up, and nothing hangs on it.
func TestContentsThatAreNotGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 22}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id, ends := ending(t, net)
		net.Network.Set(north, south, Link{Down: true})
		net.Network.Set(north, east, Link{Down: true})
		warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("On its way")})
		if err != nil {
			t.Fatal(err)
		}
		ofSouth, ofEast := warned.Cases[slices.Index(warned.To, south)], warned.Cases[slices.Index(warned.To, east)]
		time.Sleep(time.Until(ends.Add(5 * time.Minute)))
		isErased(t, n, ofSouth, false)
		isErased(t, n, ofEast, false)

		// South can be reached again, and does not take what comes after the end.
		net.Network.Set(north, south, Link{})
		time.Sleep(3 * time.Minute)
		if _, err := s.Look(t.Context(), ofSouth); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("south has taken it: %v", err)
		}
		isErased(t, n, ofSouth, true)
		isErased(t, n, ofEast, false)

		time.Sleep(time.Until(ends.Add(15*time.Minute + time.Second)))
		isErased(t, n, ofEast, true)
		if onDisk(t, n, "On its way") {
			t.Error("north still has it on its disk")
		}
		net.Network.Heal()
		after := n.Warn("After all that", e)[0]
		waitFor(t, e, after, heed.StateReceived)
		if err := net.Drain(3 * time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Look(t.Context(), ofEast); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("east has what was given up: %v", err)
		}
	})
}

// A node that was put back to before the erasure erases again; one that lost
// more gets back from its peer what that still has.
func TestContentsAfterARestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 23}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id, ends := ending(t, net)
		warn := func(headline string) heed.CaseID {
			t.Helper()
			warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning(headline)})
			if err != nil {
				t.Fatal(err)
			}
			waitFor(t, s, warned.Cases[0], heed.StateSent)
			do(t)(s.Assess(t.Context(), Boris, warned.Cases[0], heed.NotCredible, ""))
			return warned.Cases[0]
		}
		one := warn("In the backup")
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		backup := s.Backup()
		two := warn("Lost with the disk")
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(ends.Add(3 * time.Minute)))
		for _, p := range net.Parties {
			isErased(t, p, one, true)
			isErased(t, p, two, true)
		}
		s.Restore(backup, true)
		isErased(t, s, one, false)
		if !onDisk(t, s, "In the backup") {
			t.Error("the backup does not have it")
		}
		s.Start()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		isErased(t, s, one, true)
		isErased(t, s, two, true)
		if onDisk(t, s, "In the backup") || onDisk(t, s, "Lost with the disk") {
			t.Error("south still has it on its disk")
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// When the accord ends for whom, and by which terms.
func TestWhenContentsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 24}, north, south, east, west)
		n, s, e, w := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3]
		net.Start()
		id, ends := ending(t, net, func(a *heed.Accord) { a.Until = a.Until.Add(9 * time.Minute) })
		ends = ends.Add(9 * time.Minute)
		removal, err := n.RemoveMember(t.Context(), Anna, id, west)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*Party{s, e} {
			reach(t, p, id, heed.AccordAmending)
		}
		declare(t, s, id, heed.AccordRatification)
		declare(t, e, id, heed.AccordReservation, func(o *exchange.AccordOrder) { o.Clause, o.Reason = "end", "our archive law" })
		removed := reach(t, w, id, heed.AccordInForce).Since
		reach(t, s, id, heed.AccordInForce)
		leaves := declare(t, s, id, heed.AccordWithdrawal).Time // no notice: at once
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		held, err := n.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if held.Standing.State != heed.AccordInForce || held.Standing.InForce != removal.Version {
			t.Fatalf("it is %s", held.Standing.State)
		}
		for _, c := range []struct {
			party heed.PartyID
			now   time.Time
			from  time.Time // zero: it goes on
		}{
			{north, time.Now(), time.Time{}},
			{south, leaves.Add(-time.Millisecond), time.Time{}},
			{south, leaves, leaves},
			{south, ends.Add(time.Hour), leaves},
			{west, removed.Add(-time.Millisecond), time.Time{}},
			{west, removed, removed},
			{west, ends.Add(time.Hour), removed},
			{north, ends.Add(-time.Millisecond), time.Time{}},
			{north, ends, ends},
			{east, ends.Add(time.Hour), time.Time{}}, // the clause does not bind it
			{"nobody.example", ends.Add(time.Hour), time.Time{}},
		} {
			got, over := exchange.ErasureOf(held, c.party, c.now)
			if over == c.from.IsZero() || over && (!got.From.Equal(c.from) || got.After != 2*time.Minute || !got.Limit.Equal(c.from.Add(15*time.Minute))) {
				t.Errorf("%s at %v: %+v, %v; want it over from %v", c.party, c.now, got, over, c.from)
			}
		}
	})
}
