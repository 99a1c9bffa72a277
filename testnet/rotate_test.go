package testnet

import (
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// rotate gives a party its next card, with the next ledger.
func rotate(p *Party) {
	p.net.T.Helper()
	if err := p.Keys.RotateLedger(); err != nil {
		p.net.T.Fatalf("%s: %v", p.ID, err)
	}
	p.NextCard(true, func(c *heed.Card) { c.LedgerKey = p.Keys.ledgers[0].Verifier().String() })
}

// lastLeaf is what a party holds at the end of some ledger.
func lastLeaf(t *testing.T, p *Party, origin string) (root ledger.MapRoot) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) error {
		tree, err := v.MirrorTree(origin)
		if err != nil || tree.Size() == 0 {
			return err
		}
		leaves, err := v.MirrorLeaves(origin, tree.Size()-1, tree.Size())
		if err == nil {
			root, err = ledger.ParseMapRoot(leaves[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// A ledger is ended and the next one begun in the middle of a case: the peer
// follows the old one to its end, takes the new card over by itself, and what
// was owed is still owed.
func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 71, Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := n.Warn("Before", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		old := ledger.Origin(string(south), 1)
		size := leaves(t, s)
		rotate(s)
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		later := n.Warn("After", s)[0]
		waitFor(t, s, later, heed.StateReceived)
		waitFor(t, n, id, heed.StateAcknowledged)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if trouble := trouble(t, n, south); trouble != "" {
			t.Errorf("north has trouble with it: %s", trouble)
		}
		for _, p := range []*Party{n, s} {
			end := lastLeaf(t, p, old)
			if !end.Ends() || end.Covers < size {
				t.Errorf("%s holds an old ledger that ends with %+v, after %d leaves and more", p.ID, end, size)
			}
		}
		if d, ok := s.Case(id).Duty(heed.DutyAssess, heed.StatementID(id)); !ok || !d.Open() {
			t.Error("what was owed before is not owed any more")
		}
		for _, card := range []heed.Card{s.Card(), peerCard(t, n, south)} {
			if card.LedgerKey != s.Keys.ledgers[0].Verifier().String() {
				t.Errorf("card %d names the ledger %s", card.Serial, card.LedgerKey)
			}
		}
	})
}

func peerCard(t *testing.T, p *Party, of heed.PartyID) (card heed.Card) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) error {
		peer, err := v.Peer(of)
		card = peer.Card
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// A discharge that was logged before the rotation is not logged again after it,
// and a second rotation names the third ledger.
func TestRotationKeepsSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 72, Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := n.Warn("Before", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		for range 2 {
			rotate(s)
			time.Sleep(time.Minute)
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := s.Keys.ledgers[0].Name(), ledger.Origin(string(south), 3); got != want {
			t.Errorf("the third ledger is %s, want %s", got, want)
		}
		do(t)(s.Assess(t.Context(), Boris, id, heed.NotCredible, "nothing in it"))
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
	})
}
