package store

import (
	"testing"

	"heed"
	"heed/exchange"
)

// The list of peers that readers remember is that of their snapshots, and
// nobody else's to change.
func TestListedPeers(t *testing.T) {
	s := open(t)
	first := newAgreement(t).peer
	second := first
	names := func(v exchange.View) (all []heed.PartyID) {
		t.Helper()
		peers, err := v.Peers()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range peers {
			all = append(all, p.Card.Party)
		}
		return all
	}
	put := func(p exchange.Peer) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx exchange.Tx) error {
			if err := tx.PutPeer(p); err != nil {
				return err
			}
			if got := len(names(tx)); p.Removed == (got == 1) {
				t.Errorf("within its change a peer that is removed (%t) is listed %d times", p.Removed, got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(f func(exchange.View)) {
		t.Helper()
		if err := s.Read(t.Context(), func(v exchange.View) error {
			f(v)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	listed := func(want int) {
		t.Helper()
		read(func(v exchange.View) {
			for range 2 {
				if got := names(v); len(got) != want {
					t.Errorf("%v are listed, and there are %d", got, want)
				}
			}
		})
	}
	listed(0)
	put(first)
	listed(1)

	// Whoever gets the list may change it.
	read(func(v exchange.View) {
		peers, err := v.Peers()
		if err != nil {
			t.Fatal(err)
		}
		peers[0].Trouble = "none of ours"
	})
	read(func(v exchange.View) {
		if peers, err := v.Peers(); err != nil || len(peers) != 1 || peers[0].Trouble != "" {
			t.Errorf("the list was changed for others: %+v, %v", peers, err)
		}
	})

	// A reader that began before a commit sees what was before it, whatever
	// another has remembered meanwhile; and the other way round.
	second.Removed = true
	read(func(earlier exchange.View) {
		if got := names(earlier); len(got) != 1 {
			t.Errorf("before the removal %v are listed", got)
		}
		put(second)
		listed(0)
		if got := names(earlier); len(got) != 1 {
			t.Errorf("after another's removal a snapshot from before it lists %v", got)
		}
		listed(0)
	})
	// One that has begun, and read nothing yet, may see either, but all of it alike.
	read(func(begun exchange.View) {
		put(first)
		listed(1)
		peer, err := begun.Peer(first.Card.Party)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(begun); len(got) == 1 == peer.Removed {
			t.Errorf("one snapshot lists %v, and has the peer as removed %t", got, peer.Removed)
		}
	})
}
