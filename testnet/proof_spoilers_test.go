package testnet

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// A debtor fills its head with 64 lines that nobody verifies.
func TestHostileHeadIsFull(t *testing.T) {
	t.Parallel()
	proven(t, Options{}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Something", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(5 * time.Second)
		s.Stop()
		var own exchange.Head
		if err := s.Store.Read(t.Context(), func(v exchange.View) (err error) { own, err = v.Head(); return err }); err != nil {
			t.Fatal(err)
		}
		bare, err := ledger.RenderCheckpoint(own.Note, nil)
		if err != nil {
			t.Fatal(err)
		}
		var junk strings.Builder
		for i := range 64 {
			sig := make([]byte, 4+8+64)
			sig[0] = byte(i + 1)
			fmt.Fprintf(&junk, "\u2014 nobody-%d %s\n", i, base64.StdEncoding.EncodeToString(sig))
		}
		full, err := ledger.RenderCheckpoint(bare, []byte(junk.String()))
		if err != nil {
			t.Fatal(err)
		}
		hand(t, s, n, sealed(t, s, n, 0, wire.Part{Type: wire.PartCheckpoint, Data: full}))
		time.Sleep(10 * time.Minute)
		file, err := n.Prove(t.Context(), exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge, Until: time.Now().Add(time.Minute)})
		if err != nil {
			t.Errorf("no certificate can be made: %v", err)
			return
		}
		says(t, evidence.Silent, present(t, net), file.File)
	})
}
