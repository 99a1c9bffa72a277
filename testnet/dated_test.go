package testnet

import (
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// A peer's head that comes with the cosignatures of our witnesses is dated by
// them: nobody asks the witnesses again, and so nobody has to reach them.
func TestDatedByWhatCameAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 31}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		for _, w := range net.AddWitnesses(4) {
			net.Network.Set(south, heed.PartyID(w.Name), Link{Down: true})
		}
		net.Start()
		waitFor(t, s, n.Warn("Possible attack on a concert", s)[0], heed.StateReceived)
		time.Sleep(2 * time.Minute) // every minute each ledger is looked at

		origin := ledger.Origin(string(north), 1)
		err := s.Store.Read(t.Context(), func(v exchange.View) error {
			tree, err := v.MirrorTree(origin)
			if err != nil {
				return err
			}
			if tree.Size() == 0 {
				t.Error("south mirrors nothing of north's ledger")
			}
			note, err := v.Witnessed(origin, tree.Size()-1)
			if err != nil {
				return err
			}
			c, err := ledger.UnverifiedCheckpoint(note)
			if err != nil {
				return err
			}
			var listed []ledger.Witness
			for _, w := range net.Witnesses {
				listed = append(listed, ledger.Witness{Name: w.Name, Keys: []ledger.CosignerKey{w.Key.Public()}})
			}
			if times := ledger.WitnessTimes(c, listed); !ledger.DefaultQuorum(4).Published(times) {
				t.Errorf("it is dated by %d witnesses", len(times))
			}
			return nil
		})
		if err != nil {
			t.Fatalf("the end of what south mirrors of north is not dated: %v", err)
		}
	})
}
