package testnet

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

func anew(purpose string) func(heed.Accord) (heed.Accord, error) {
	return func(a heed.Accord) (heed.Accord, error) { a.Purpose = purpose; return a, nil }
}

func heldBy(t *testing.T, p *Party, id heed.AccordID) exchange.AccordHeld {
	t.Helper()
	held, err := p.Exchange.Accord(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// Whoever was removed from an accord learns that it was, and nothing of what the
// others say and agree on afterwards.
func TestRemovedIsToldNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		if _, err := n.RemoveMember(t.Context(), Anna, id, south); err != nil {
			t.Fatal(err)
		}
		reach(t, e, id, heed.AccordAmending)
		declare(t, e, id, heed.AccordRatification)
		reach(t, n, id, heed.AccordInForce)
		time.Sleep(time.Minute)
		if _, err := n.Amend(t.Context(), Anna, id, anew("Another purpose")); err != nil {
			t.Fatal(err)
		}
		version := reach(t, e, id, heed.AccordAmending).InForce
		declare(t, e, id, heed.AccordSuspension, func(o *exchange.AccordOrder) { o.Version, o.Reason = version, "of our own" })
		declare(t, e, id, heed.AccordRatification)
		time.Sleep(time.Minute)
		held := heldBy(t, s, id)
		if r, ok := held.Standing.Removal(south); !ok || r.Version != version {
			t.Errorf("the removed party does not see its removal: %+v", held.Standing.Removed)
		}
		if len(held.Versions) != 2 {
			t.Errorf("the removed party has %d versions", len(held.Versions))
		}
		for _, k := range held.Acts {
			if k.Act.Kind == heed.AccordSuspension {
				t.Errorf("the removed party has a %s of %s: %s", k.Act.Kind, k.Act.Party, k.Act.Reason)
			}
		}
		if got := heldBy(t, n, id); len(got.Versions) != 3 || got.Standing.Party(east).Presence != heed.PresenceSuspended {
			t.Errorf("and its members do not have it all: %d versions, east is %s", len(got.Versions), got.Standing.Party(east).Presence)
		}
	})
}

// Whoever has withdrawn is left out of the next version, and not told of it.
func TestGoneIsLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		with := heldBy(t, n, id).Versions[0].Accord.Members
		declare(t, s, id, heed.AccordWithdrawal)
		time.Sleep(30 * time.Second)
		if _, err := n.Amend(t.Context(), Anna, id, func(a heed.Accord) (heed.Accord, error) { a.Members = with; return a, nil }); !isRefused(err) {
			t.Errorf("a party that has withdrawn is asked in again: %v", err)
		}
		amended, err := n.Amend(t.Context(), Anna, id, anew("Another purpose"))
		if err != nil || !slices.Equal(amended.To, []heed.PartyID{east}) {
			t.Fatalf("sent to %v: %v", amended.To, err)
		}
		reach(t, e, id, heed.AccordAmending)
		declare(t, e, id, heed.AccordRatification)
		if st := reach(t, n, id, heed.AccordInForce); st.InForce != amended.Version || len(st.Removed) != 0 {
			t.Errorf("in force is %s, removed are %v", st.InForce.Short(), st.Removed)
		}
		time.Sleep(30 * time.Second)
		if held := heldBy(t, s, id); len(held.Versions) != 1 || len(held.Acts) != 4 {
			t.Errorf("who has withdrawn has %d versions and %d acts", len(held.Versions), len(held.Acts))
		}
	})
}

// To remove who has withdrawn says no more than that it is left out.
func TestGoneIsRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := inForce(t, net, "Three desks")
		declare(t, s, id, heed.AccordWithdrawal)
		time.Sleep(30 * time.Second)
		out, err := n.RemoveMember(t.Context(), Anna, id, south)
		if err != nil || !slices.Equal(out.To, []heed.PartyID{east}) {
			t.Fatalf("sent to %v: %v", out.To, err)
		}
		held := heldBy(t, n, id)
		if terms, _ := held.Version(out.Version); len(terms.Members) != 2 || terms.Quorum != 2 {
			t.Errorf("%d members, quorum %d", len(terms.Members), terms.Quorum)
		}
	})
}
