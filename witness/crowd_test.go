package witness_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"heed"
	"heed/seal"
	"heed/wire"
	"heed/witness"
)

// One party makes so many ledgers that no other party's next one is witnessed.
func TestHostilePartyFillsTheWitness(t *testing.T) {
	w, l, id := founded(t, func(w *world) { w.limits = func(o *witness.Options) { o.MaxLogs = 64 } })
	from := l
	for i := 2; i <= 70; i++ {
		to := newLog(t, fmt.Sprintf("north.example/v1-%d", i))
		w.parties.mu.Lock()
		w.parties.successions = append(w.parties.successions, id.succeed(from, to, true))
		w.parties.cards = append(w.parties.cards, id.note)
		w.parties.mu.Unlock()
		from = to
	}
	_ = w.Look(t.Context())
	other := newLog(t, "south.example/v1")
	node, _ := seal.NewSigningKey(rand.Reader, wire.NodeKeyName("south.example"))
	sealing, _ := seal.NewSealingKey()
	_, note, err := wire.SignCard(heed.Card{Party: "south.example", Serial: 1, Issued: start, NodeKey: node.Verifier().String(), SealingKey: sealing.Recipient().String(),
		LedgerKey: other.key.Verifier().String(), Endpoint: "https://127.0.0.1:7002", Baseline: heed.DefaultBaseline()}, node)
	if err != nil {
		t.Fatal(err)
	}
	var refused *heed.Refused
	if _, err := w.AddCard(t.Context(), note); errors.As(err, &refused) {
		t.Errorf("north alone has %d ledgers here, and south is refused: %v", len(w.Origins()), err)
	}
	_ = bytes.Equal
}
