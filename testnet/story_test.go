package testnet

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"heed"
)

const (
	north heed.PartyID = "north.example"
	south heed.PartyID = "south.example"
)

// lossy is a bad line: it loses, repeats, delays and reorders.
var lossy = Link{LoseRequest: 0.2, LoseAnswer: 0.2, Duplicate: 0.2, Late: 0.1, MaxDelay: 200 * time.Millisecond}

func TestHeededOverALossyNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 1}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Network.Between(north, south, lossy)
		net.Start()
		ctx := context.Background()

		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateSent)
		if _, err := s.Open(ctx, Anna, id); err != nil {
			t.Fatal(err)
		}
		do(t)(s.Acknowledge(ctx, Anna, id, true))
		do(t)(s.Assess(ctx, Anna, id, heed.Credible, "it fits what we have"))
		do(t)(s.Ask(ctx, Boris, id, "Is he known under another spelling?"))
		waitFor(t, n, id, heed.StateAsked)
		net.Network.Between(north, south, Link{Down: true})
		do(t)(n.Answer(ctx, Anna, id, heed.StatementID{}, "Zhushchyov."))
		time.Sleep(2 * time.Second)
		net.Network.Between(north, south, lossy)
		waitFor(t, s, id, heed.StateAnswered)
		do(t)(s.Report(ctx, Anna, id, "the hall was searched"))
		do(t)(s.Conclude(ctx, Anna, id, heed.Averted, ""))
		waitFor(t, n, id, heed.StateConcluded)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		c := n.Case(id)
		if !c.Settled() {
			t.Errorf("still owed: %+v", c.Duties)
		}
		for _, d := range c.Duties {
			if d.State(time.Now()) != heed.DutyDischarged {
				t.Errorf("%s is %s", d.Kind, d.State(time.Now()))
			}
		}
	})
}

// do is for acts that must succeed.
func do(t *testing.T) func(heed.Statement, error) heed.Statement {
	t.Helper()
	return func(s heed.Statement, err error) heed.Statement {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// waitFor waits until a party's case has reached a state.
func waitFor(t *testing.T, p *Party, id heed.CaseID, state heed.State) {
	t.Helper()
	for range 1200 {
		file, err := p.Look(context.Background(), id)
		if err == nil {
			if _, ok := file.Reached()[state]; ok {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never had case %s %s", p.ID, id, state)
}
