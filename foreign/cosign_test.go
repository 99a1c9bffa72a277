package foreign

import (
	"testing"

	"heed/exchange"
	"heed/ledger"
)

// TestLitewitnessesCosignANode has a node of ours ask litewitnesses by itself:
// its own verbs, over its own client, from what it has in its database.
func TestLitewitnessesCosignANode(t *testing.T) {
	program := build(t)
	n, err := openNode(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, n.store.Close()) })
	vkey := ledgerKey(1).Verifier().String()

	var all []*litewitness
	add := func(w *litewitness) {
		_, err := n.AddWitness(t.Context(), exchange.WitnessOrder{URL: w.url, Key: w.cosigns.String()})
		must(t, err)
	}
	for _, name := range []string{"witness.example/w1", "witness.example/w2"} {
		w := newLitewitness(t, program, name)
		w.enroll(t, ledger.Origin(party, 1), vkey)
		all = append(all, w)
		add(w)
	}
	leaves := newLog(t, party, "what the node logs") // for its leaves alone
	for round, down := range []bool{false, false, true, true, false, false} {
		w := all[1]
		if down {
			w.stop(t)
		} else if w.process == nil {
			w.start(t)
			add(w)
		}
		from := len(leaves.leaves)
		leaves.say(1 + 50*round)
		must(t, n.store.Write(t.Context(), func(tx exchange.Tx) error {
			for _, leaf := range leaves.leaves[from:] {
				if _, err := tx.Append(leaf); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, n.Cut(t.Context()))
		if err := n.Cosign(t.Context()); (err != nil) != down {
			t.Errorf("round %d, one is down: %t: %v", round, down, err)
		}
		l := accepted(t, n.Ledger(), vkey)
		for i, w := range all {
			if _, ok := w.cosigns.Verify(l.head); ok == (down && i == 1) {
				t.Errorf("round %d: the head of %d has a cosignature by %s: %t", round, l.head.Size, w.name, ok)
			}
		}
	}
}
