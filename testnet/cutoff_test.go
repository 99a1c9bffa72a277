package testnet

import (
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// removedMeanwhile has north warn south under an accord, try in vain to give it
// the warning, and remove it together with east.
func removedMeanwhile(t *testing.T, net *Net) (heed.AccordID, heed.CaseID) {
	t.Helper()
	n, e := net.Parties[0], net.Parties[2]
	id := inForce(t, net, "Three desks")
	net.Network.Between(north, south, Link{Down: true})
	ours, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{south}, Warning: Warning("Of south")})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Second)
	if _, err := n.RemoveMember(t.Context(), Anna, id, south); err != nil {
		t.Fatal(err)
	}
	reach(t, e, id, heed.AccordAmending)
	declare(t, e, id, heed.AccordRatification)
	if _, removed := reach(t, n, id, heed.AccordInForce).Removal(south); !removed {
		t.Fatal("south is a member still")
	}
	return id, ours.Cases[0]
}

// Whoever is cut off by an accord is sealed nothing under it by its depositary
// either, although it was tried before by the way that failed.
func TestCutOffByDepositary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s := net.Parties[0], net.Parties[1]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		net.Start()
		d.Start()
		time.Sleep(20 * time.Second)
		net.Network.Between(north, keeper, Link{Down: true})
		_, id := removedMeanwhile(t, net)
		time.Sleep(3 * time.Minute)
		net.Network.Between(north, keeper, Link{})
		time.Sleep(5 * time.Minute)
		if got := deposits(t, n, id); len(got) > 0 {
			t.Errorf("%d deposits were made for the party after it was removed", len(got))
		}
		if f, err := s.Look(t.Context(), id); err == nil {
			t.Errorf("the removed party has the %s by its depositary", f.Opening.Kind)
		}
	})
}

// An export leaves out what is not sealed to the other party any more, and is
// refused where that is all.
func TestCutOffByExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 41}, north, south, east)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		accord, id := removedMeanwhile(t, net)
		if out, err := n.Export(t.Context(), id); !isRefused(err) {
			t.Errorf("what south is not sealed goes into a file of %d envelopes: %v", len(out.Envelopes), err)
		}
		if _, err := n.Recall(t.Context(), Anna, []heed.CaseID{id}, "of another man"); err != nil {
			t.Fatal(err)
		}
		out, err := n.Export(t.Context(), id)
		if err != nil || out.CutOff != 1 || out.Accord != accord || out.To != south {
			t.Errorf("left out of %d envelopes: %d by accord %s: %v", len(out.Envelopes), out.CutOff, out.Accord.Short(), err)
		}
		for _, e := range out.Envelopes {
			for _, part := range partsOf(t, s, e) {
				if part.Type != wire.PartStatement {
					continue
				}
				if said, err := wire.ParseStatement(part.Data); err != nil || said.Kind == heed.KindWarning {
					t.Errorf("a %s goes to the removed party: %v", said.Kind, err)
				}
			}
		}
	})
}
