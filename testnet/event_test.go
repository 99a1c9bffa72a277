package testnet

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/stats"
)

// delegation is what one of the twelve is called.
func delegation(i int) heed.PartyID { return heed.PartyID(fmt.Sprintf("delegation-%02d.example", i)) }

const host heed.PartyID = "host.example"

// Twelve parties secure an event: one proposes, one reserves, one declines and
// one never answers, which the host can show; it enters into force, warnings
// run under it, a member is removed in the middle, the event ends, contents
// expire, the statistics of all agree, and another accord is proposed from it
// for the next one. All of it on a lossy network.
func TestEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ids := []heed.PartyID{host}
		for i := 1; i < 12; i++ {
			ids = append(ids, delegation(i))
		}
		baseline := Seconds()
		if raced { // heads a quarter as often, for all of them to follow
			baseline.PublicationDelay = 8 * time.Second
		}
		net := New(t, Options{Seed: 12, Knows: star(host), Baseline: baseline}, ids...)
		net.AddWitnesses(4)
		for i, a := range ids {
			for _, b := range ids[:i] {
				net.Network.Between(a, b, lossy)
			}
		}
		net.Start()
		h, reserving, declining, silent, removed := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3], net.Parties[4]
		ratifying := append([]*Party{removed}, net.Parties[5:]...)

		opens, ends := heed.Instant(time.Now()).Add(45*time.Second), heed.Instant(time.Now()).Add(90*time.Second)
		terms := Terms("The games", net.Parties...)
		terms.From, terms.Until, terms.Limitation = opens, ends, 90*time.Second
		terms.End = heed.Ending{Contents: heed.ContentsErase, After: 30 * time.Second, Watches: heed.WatchesDecide}
		proposed := propose(t, h, terms)
		id := proposed.Accord
		for _, p := range ratifying {
			reach(t, p, id, heed.AccordProposed)
			declare(t, p, id, heed.AccordRatification)
		}
		reach(t, reserving, id, heed.AccordProposed)
		declare(t, reserving, id, heed.AccordReservation, func(o *exchange.AccordOrder) {
			o.Clause, o.Reason = "situation-report", "The night desk is not staffed"
		})
		reach(t, declining, id, heed.AccordProposed)
		declare(t, declining, id, heed.AccordDecline, func(o *exchange.AccordOrder) { o.Reason = "We send no delegation" })
		reach(t, silent, id, heed.AccordProposed)

		// Its time has not come, though its quorum has.
		time.Sleep(20 * time.Second)
		if _, err := h.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Too early")}); !isRefused(err) {
			t.Errorf("a warning under an accord that is not in force: %v", err)
		}

		// Whoever never answers is shown never to have.
		unanswered := proposed.Cases[slices.Index(proposed.To, silent.ID)]
		waitOverdue(t, h, unanswered, heed.DutyRatify)
		says(t, evidence.Silent, present(t, net), certificate(t, h, unanswered, heed.DutyRatify))

		time.Sleep(time.Until(opens.Add(time.Second)))
		for _, p := range net.Parties {
			reach(t, p, id, heed.AccordInForce)
		}
		standing := reach(t, h, id, heed.AccordInForce)
		if got := standing.Effective(); len(got) != 10 || slices.Contains(got, declining.ID) || slices.Contains(got, silent.ID) {
			t.Errorf("it binds %v", got)
		}
		if got := standing.Reservations(reserving.ID); len(got) != 1 || got[0].Clause != "situation-report" {
			t.Errorf("reservations: %+v", got)
		}

		// Some warn everybody it binds, and are answered by most of them.
		warners := []*Party{h, reserving, removed, net.Parties[11]}
		if raced {
			warners = []*Party{h, removed}
		}
		var settled []dealtWith
		for i, p := range warners {
			headline := fmt.Sprintf("Matter %d of the games", i)
			warned, err := p.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning(headline)})
			if err != nil {
				t.Fatalf("%s: %v", p.ID, err)
			}
			if len(warned.Cases) != 9 {
				t.Errorf("%s warns %d", p.ID, len(warned.Cases))
			}
			for k, to := range warned.To {
				q := net.party(to)
				waitFor(t, q, warned.Cases[k], heed.StateSent) // before anybody is removed
				if k%3 > 0 {
					do(t)(q.Assess(t.Context(), Boris, warned.Cases[k], heed.NotCredible, ""))
					settled = append(settled, dealtWith{q, warned.Cases[k], headline})
				}
			}
		}

		// One is removed in the middle.
		removal, err := h.RemoveMember(t.Context(), Anna, id, removed.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range append([]*Party{reserving}, ratifying[1:]...) {
			reach(t, p, id, heed.AccordAmending)
			declare(t, p, id, heed.AccordRatification)
		}
		for _, p := range net.Parties {
			if got := reach(t, p, id, heed.AccordInForce); got.InForce != removal.Version {
				t.Errorf("%s has version %s in force", p.ID, got.InForce.Short())
			}
		}
		warned, err := net.Parties[6].Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Late matter of the games")})
		if err != nil || slices.Contains(warned.To, removed.ID) || len(warned.To) != 8 {
			t.Errorf("after the removal it is sealed to %v (%v)", warned.To, err)
		}
		for _, k := range settled {
			if k.at != removed { // whose contents end with its membership
				isErased(t, k.at, k.id, false)
			}
			if !onDisk(t, k.at, k.headline) {
				t.Errorf("%s does not have on its disk what it is to erase", k.at.ID)
			}
		}

		time.Sleep(time.Until(ends.Add(time.Second)))
		for _, p := range net.Parties {
			if got := reach(t, p, id, heed.AccordEnded); got.Why != heed.EndExpired || !got.Ended.Equal(ends) {
				t.Errorf("%s sees it ended %s as %s", p.ID, got.Ended, got.Why)
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties[1:] {
			if err := AgreeOnAccords(h, p, id); err != nil {
				t.Error(err)
			}
		}
		before := agreeOnStatistics(t, net, id)

		// Contents expire: what was settled in time, what never was with the
		// limitation period. What is counted stays.
		time.Sleep(time.Until(ends.Add(terms.Limitation + time.Second)))
		for _, k := range settled {
			isErased(t, k.at, k.id, true)
		}
		for _, p := range net.Parties {
			if onDisk(t, p, "of the games") {
				t.Errorf("%s still has contents on its disk", p.ID)
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if after := agreeOnStatistics(t, net, id); !reflect.DeepEqual(before, after) {
			t.Errorf("the figures have changed with what was erased:\n%+v\n%+v", before, after)
		}

		// The next event is proposed from it, by one that was introduced.
		next := Terms("The next games", slices.Concat(net.Parties[:2], net.Parties[5:])...)
		next.Renews = id
		again := propose(t, net.Parties[7], next)
		for _, p := range slices.Concat(net.Parties[:2], net.Parties[5:7]) {
			reach(t, p, again.Accord, heed.AccordProposed)
			declare(t, p, again.Accord, heed.AccordRatification)
		}
		reach(t, net.Parties[11], again.Accord, heed.AccordInForce)
	})
}

// dealtWith is a case whose contents are at a party that owes nothing in it.
type dealtWith struct {
	at       *Party
	id       heed.CaseID
	headline string
}

// agreeOnStatistics has all count their cases under an accord, and holds what
// both of every two count of each other against each other.
func agreeOnStatistics(t *testing.T, net *Net, id heed.AccordID) map[[2]heed.PartyID]stats.Relation {
	t.Helper()
	counted, sides := map[[2]heed.PartyID]stats.Relation{}, map[[2]heed.PartyID]int{}
	for _, p := range net.Parties {
		report, err := p.Statistics(t.Context(), exchange.Counted{Accord: id})
		if err != nil {
			t.Fatalf("%s: %v", p.ID, err)
		}
		if report.Unconfirmed != 0 || report.Incomplete != 0 {
			t.Errorf("%s counts %d cases unconfirmed and %d incomplete", p.ID, report.Unconfirmed, report.Incomplete)
		}
		for _, r := range report.Relations {
			if other, ok := counted[r.Parties]; ok && !reflect.DeepEqual(other, r) {
				t.Errorf("%v count otherwise:\n%+v\n%+v", r.Parties, other, r)
			}
			counted[r.Parties] = r
			sides[r.Parties]++
		}
	}
	for parties, n := range sides {
		if n != 2 {
			t.Errorf("%d of %v count what is between them", n, parties)
		}
	}
	if len(counted) == 0 {
		t.Error("nothing was counted")
	}
	return counted
}

// party finds a party by its name.
func (n *Net) party(id heed.PartyID) *Party {
	return n.Parties[slices.IndexFunc(n.Parties, func(p *Party) bool { return p.ID == id })]
}

// waitOverdue waits until a party sees a duty of a case overdue.
func waitOverdue(t *testing.T, p *Party, id heed.CaseID, kind heed.DutyKind) {
	t.Helper()
	for range 1200 {
		for _, d := range p.Case(id).Duties {
			if d.Kind == kind && d.State(time.Now()) == heed.DutyOverdue {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never saw %s of case %s overdue", p.ID, kind, id)
}
