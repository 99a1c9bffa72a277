package testnet

import (
	"crypto/rand"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
)

// The debtor shows some of its witnesses one more head, and then nobody
// anything: where no head is held by three of the four, the last ones of each
// show together that it is silent.
func TestSilenceWhileWitnessesHoldDifferentHeads(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]struct {
		shown, down int // the first few are shown one more head; the last few answer nobody any more
		want        evidence.Finding
	}{
		"two of four":               {2, 0, evidence.Silent},
		"one of four":               {1, 0, evidence.Silent},
		"three of four":             {3, 0, evidence.Silent},
		"two of four, and one down": {2, 1, evidence.Silent},
		"two of four, and two down": {2, 2, evidence.CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			proven(t, Options{Seed: 80}, 4, func(t *testing.T, net *Net, n, s *Party) {
				id := n.Warn("Something", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				time.Sleep(3 * time.Second) // all witnesses have the receipt's leaf, and the reply is not due yet
				for _, w := range net.Witnesses[shape.shown:] {
					net.Network.Between(south, heed.PartyID(w.Name), Link{Down: true})
				}
				if err := s.Store.Write(t.Context(), func(tx exchange.Tx) error {
					var leaf [64]byte
					rand.Read(leaf[:])
					_, err := tx.Append(leaf[:])
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if err := s.Cut(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := s.Cosign(t.Context()); err == nil {
					t.Fatal("all witnesses have cosigned the head that some were not shown")
				}
				net.Network.Between(north, south, Link{Down: true})
				for i, w := range net.Witnesses {
					net.Network.Between(south, heed.PartyID(w.Name), Link{Down: true})
					if i >= len(net.Witnesses)-shape.down {
						net.Network.Between(north, heed.PartyID(w.Name), Link{Down: true})
					}
				}
				s.Stop()
				time.Sleep(30 * time.Minute)
				proof, err := n.Prove(t.Context(), exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge, Until: time.Now().Add(time.Minute)})
				if err != nil {
					t.Fatal(err)
				}
				v := judged(t, present(t, net), proof.File)
				if v.Verdict != shape.want {
					t.Errorf("%s as of %s, due %s: %s", v.Verdict, v.AsOf, v.Due, v.Why)
				}
				if v.Verdict == evidence.Silent && v.AsOf.Before(v.Due.Add(20*time.Minute)) {
					t.Errorf("silent as of %s, and the witnesses were asked half an hour after %s", v.AsOf, v.Due)
				}
				t.Logf("%d bytes", len(proof.File))
			})
		})
	}
}
