package testnet

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

const west heed.PartyID = "west.example"

// star has the first party know all others, and each of them it alone.
func star(first heed.PartyID) func(who, whom heed.PartyID) bool {
	return func(who, whom heed.PartyID) bool { return who == first || whom == first }
}

// reach waits until a party sees the accord in a state.
func reach(t *testing.T, p *Party, id heed.AccordID, state heed.AccordState) heed.Standing {
	t.Helper()
	var standing heed.Standing
	for range 1200 {
		held, err := p.Accord(t.Context(), id)
		standing = held.Standing
		if err == nil && standing.State == state {
			return standing
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never saw accord %s %s, but %s", p.ID, id.Short(), state, standing.State)
	return standing
}

func declare(t *testing.T, p *Party, id heed.AccordID, kind heed.AccordActKind, edits ...func(*exchange.AccordOrder)) heed.AccordAct {
	t.Helper()
	order := exchange.AccordOrder{Officer: Anna, Accord: id, Kind: kind}
	for _, edit := range edits {
		edit(&order)
	}
	act, err := p.Declare(t.Context(), order)
	if err != nil {
		t.Fatalf("%s: %s: %v", p.ID, kind, err)
	}
	return act
}

func propose(t *testing.T, p *Party, terms heed.Accord) exchange.Proposed {
	t.Helper()
	out, err := p.Propose(t.Context(), Anna, terms)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// inForce is an accord of all parties that the first proposes and all others ratify.
func inForce(t *testing.T, net *Net, name string) heed.AccordID {
	t.Helper()
	id := propose(t, net.Parties[0], Terms(name, net.Parties...)).Accord
	for _, p := range net.Parties[1:] {
		reach(t, p, id, heed.AccordProposed)
		declare(t, p, id, heed.AccordRatification)
	}
	for _, p := range net.Parties {
		reach(t, p, id, heed.AccordInForce)
	}
	return id
}

func peerOf(t *testing.T, p *Party, of heed.PartyID) (peer exchange.Peer) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) (err error) {
		peer, err = v.Peer(of)
		return err
	})
	if err != nil && !errors.Is(err, exchange.ErrNotFound) {
		t.Fatal(err)
	}
	return peer
}

// Four parties that know only the first of them agree on how they warn each
// other; one is removed, and is cut off; all see the same at the end.
func TestAccord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 4, Knows: star(north)}, north, south, east, west)
		n, s, e, w := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3]
		net.Start()
		proposed := propose(t, n, Terms("Four desks", net.Parties...))
		id := proposed.Accord
		reach(t, s, id, heed.AccordProposed)
		reach(t, e, id, heed.AccordProposed)
		reach(t, w, id, heed.AccordProposed)

		// A card that a proposal brought is no peer's yet.
		if peer := peerOf(t, s, east); !peer.Pending || peer.Introducer != north || peer.Via != id || peer.Card.ID != e.Card().ID {
			t.Errorf("south holds east's card as pending %v, introduced by %q", peer.Pending, peer.Introducer)
		}
		if _, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{east}, Warning: Warning("Too soon")}); !isRefused(err) {
			t.Errorf("south warns a party whose card it has not accepted: %v", err)
		}
		declare(t, s, id, heed.AccordRatification)
		if peer := peerOf(t, s, east); peer.Pending || peer.Introducer != north {
			t.Errorf("after ratifying, south holds east's card as pending %v, introduced by %q", peer.Pending, peer.Introducer)
		}
		if got := reach(t, n, id, heed.AccordProposed); len(got.Effective()) != 0 {
			t.Errorf("two of four have ratified, and it binds %v", got.Effective())
		}
		declare(t, e, id, heed.AccordReservation, func(o *exchange.AccordOrder) { o.Clause, o.Reason = "disclosure", "Article 7 of our law" })
		for _, p := range net.Parties {
			reach(t, p, id, heed.AccordInForce)
		}
		declare(t, w, id, heed.AccordRatification)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties {
			if err := AgreeOnAccords(n, p, id); err != nil {
				t.Error(err)
			}
		}
		c := s.Case(proposed.Cases[slices.Index(proposed.To, south)])
		if d, ok := c.Duty(heed.DutyRatify, c.Opening.ID); !ok || d.State(time.Now()) != heed.DutyDischarged {
			t.Errorf("south's reply is %+v", d)
		}

		// Under it south warns everybody, also those that it never met; the clock
		// is the accord's.
		warned, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("To all")})
		if err != nil {
			t.Fatal(err)
		}
		if len(warned.Cases) != 3 {
			t.Fatalf("%d cases", len(warned.Cases))
		}
		if !slices.Equal(warned.To, []heed.PartyID{east, north, west}) {
			t.Fatalf("it goes to %v", warned.To)
		}
		for i, p := range []*Party{e, n, w} {
			waitFor(t, p, warned.Cases[i], heed.StateReceived)
			c := p.Case(warned.Cases[i])
			receipt, _ := c.Receipt(c.Opening.ID)
			due, ok := receipt.Promised(heed.DutyAcknowledge)
			if want := receipt.Received.Add(Seconds().Clock[heed.DutyAcknowledge][heed.UrgencyImmediate] / 2); !ok || !due.Equal(want) {
				t.Errorf("%s promises to acknowledge by %s, want %s", p.ID, due, want)
			}
			do(t)(p.Acknowledge(t.Context(), Boris, warned.Cases[i], false))
			do(t)(p.Assess(t.Context(), Boris, warned.Cases[i], heed.Credible, ""))
		}
		do(t)(e.Ask(t.Context(), Anna, warned.Cases[0], "Which hall?"))
		waitFor(t, s, warned.Cases[0], heed.StateAsked)

		// West is removed. Nothing goes to it from anybody who holds the removal.
		removal, err := n.RemoveMember(t.Context(), Anna, id, west)
		if err != nil {
			t.Fatal(err)
		}
		reach(t, s, id, heed.AccordAmending)
		reach(t, e, id, heed.AccordAmending)
		declare(t, s, id, heed.AccordRatification)
		declare(t, e, id, heed.AccordReservation, func(o *exchange.AccordOrder) { o.Clause, o.Reason = "disclosure", "Article 7 of our law" })
		for _, p := range net.Parties {
			got := reach(t, p, id, heed.AccordInForce)
			if got.InForce != removal.Version {
				t.Errorf("%s has version %s in force", p.ID, got.InForce.Short())
			}
			if r, ok := got.Removal(west); !ok || r.Version != removal.Version || len(got.Removed) != 1 {
				t.Errorf("%s sees as removed: %+v", p.ID, got.Removed)
			}
		}
		again, err := e.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Without west")})
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Cases) != 2 {
			t.Errorf("a warning under it goes to %d parties", len(again.Cases))
		}
		if _, err := e.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{west}, Warning: Warning("To west")}); !isRefused(err) {
			t.Errorf("east warns the removed party under the accord: %v", err)
		}
		if _, err := w.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("From west")}); !isRefused(err) {
			t.Errorf("the removed party warns under the accord: %v", err)
		}
		held, err := n.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []heed.PartyID{south, east, west} {
			if !slices.ContainsFunc(held.Told, func(t exchange.Telling) bool {
				return t.To == to && t.Version == removal.Version && t.Kind == heed.KindAccordAmendment && !t.Given.IsZero()
			}) {
				t.Errorf("north does not see that %s has the removal", to)
			}
		}

		// Amending something else gives up no reservation of whoever amends.
		fourth, err := e.Amend(t.Context(), Anna, id, func(a heed.Accord) (heed.Accord, error) {
			a.Drills = 24 * time.Hour
			return a, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		held, err = e.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got := held.Standing.Answer(fourth.Version, east); got.Answer != heed.AnswerReserved || len(got.Reservations) != 1 || got.Reservations[0].Clause != "disclosure" {
			t.Errorf("east's own amendment is %s by it, with %+v", got.Answer, got.Reservations)
		}

		// South and east leave, once they have what was under way; what is left is under quorum.
		for i, to := range again.To {
			waitFor(t, net.party(to), again.Cases[i], heed.StateReceived)
		}
		declare(t, s, id, heed.AccordWithdrawal)
		declare(t, e, id, heed.AccordWithdrawal)
		members := []*Party{n, s, e}
		for _, p := range members {
			if got := reach(t, p, id, heed.AccordEnded); got.Why != heed.EndUnderQuorum {
				t.Errorf("%s sees it ended as %s", p.ID, got.Why)
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if got := heldBy(t, w, id); got.Standing.State != heed.AccordInForce || len(got.Versions) != 2 {
			t.Errorf("west, which was removed, has %d versions and sees it %s", len(got.Versions), got.Standing.State)
		}
		for _, p := range members {
			if err := AgreeOnAccords(n, p, id); err != nil {
				t.Error(err)
			}
		}
	})
}

func isRefused(err error) bool {
	var refused *heed.Refused
	return errors.As(err, &refused)
}

// What waits for a member when it is removed is not sealed to it any more; what
// replies to it still is.
func TestCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		theirs, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{north}, Warning: Warning("From south")})
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, n, theirs.Cases[0], heed.StateReceived)

		net.Network.Set(north, south, Link{Down: true})
		do(t)(n.Assess(t.Context(), Boris, theirs.Cases[0], heed.NotCredible, "of the same matter"))
		if _, err := n.RemoveMember(t.Context(), Anna, id, south); err != nil {
			t.Fatal(err)
		}
		reach(t, e, id, heed.AccordAmending)
		n.Stop() // what it says now waits until it has been tried by nobody
		ours, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Of south")})
		if err != nil {
			t.Fatal(err)
		}
		declare(t, e, id, heed.AccordRatification)
		n.Start()
		reach(t, n, id, heed.AccordInForce)
		net.Network.Heal()
		waitFor(t, s, theirs.Cases[0], heed.StateAssessed)
		time.Sleep(time.Minute)
		at := slices.Index(ours.To, south)
		if _, err := s.Look(t.Context(), ours.Cases[at]); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("the removed party has the warning: %v", err)
		}
		if _, err := e.Look(t.Context(), ours.Cases[slices.Index(ours.To, east)]); err != nil {
			t.Errorf("the other one has not: %v", err)
		}
	})
}

// What had reached a member before it was removed, and whose receipt was lost,
// is not sent to it again: it is asked for its receipt.
func TestReceiptOfOneCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 42}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		net.Network.Set(north, south, Link{LoseAnswer: 1})
		ours, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{south}, Warning: Warning("Of south")})
		if err != nil {
			t.Fatal(err)
		}
		c := ours.Cases[0]
		waitFor(t, s, c, heed.StateReceived)
		do(t)(s.Assess(t.Context(), Boris, c, heed.NotCredible, ""))
		if _, err := n.RemoveMember(t.Context(), Anna, id, south); err != nil {
			t.Fatal(err)
		}
		reach(t, e, id, heed.AccordAmending)
		declare(t, e, id, heed.AccordRatification)
		reach(t, n, id, heed.AccordInForce)
		time.Sleep(10 * time.Second)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
	})
}
