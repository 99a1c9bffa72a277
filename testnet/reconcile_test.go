package testnet

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/stats"
	"heed/wire"
)

// TestBothSidesSignTheSame: whatever officers of both sides do, whatever the
// network does to it, and whenever in the middle of it one of them counts, once
// all is delivered both count the same, also as of then, and can sign it.
func TestBothSidesSignTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed, story := rapid.Uint64().Draw(rt, "seed"), moves().Draw(rt, "moves")
		counts := rapid.SliceOfN(rapid.IntRange(0, 5), len(story), len(story)).Draw(rt, "counts") // below 2: that side counts after the move
		rapid.SyncTest(rt, func(rt *rapid.T) {
			net := New(rt, Options{Seed: seed}, north, south)
			net.Start()
			ctx := rt.Context()
			var cases []heed.CaseID
			var said []exchange.Reconciliation
			for i, m := range story {
				net.Network.Between(north, south, m.Line)
				cases, _ = play(net, m, cases) // what the rules refuse, TestAnyOrderGivesTheSameCases looks at
				if side := counts[i]; side < 2 {
					r, err := net.Parties[side].Reconcile(ctx, exchange.FiguresOrder{Officer: Anna, With: net.Parties[1-side].ID})
					if err != nil {
						rt.Fatalf("count after move %d: %v", i, err)
					}
					said = append(said, r)
				}
				time.Sleep(m.Pause)
			}
			if err := net.Settle(); err != nil {
				rt.Fatalf("%v", err)
			}
			var reports [2]stats.Report
			for i, p := range net.Parties {
				r, err := p.Statistics(ctx, exchange.Counted{})
				if err != nil {
					rt.Fatalf("%v", err)
				}
				reports[i] = r
			}
			if !reflect.DeepEqual(reports[0].Relations, reports[1].Relations) {
				rt.Fatalf("the two sides count otherwise:\n%+v\n%+v", reports[0].Relations, reports[1].Relations)
			}
			for _, r := range said {
				p := net.Parties[0]
				if r.With == p.ID {
					answered, err := p.AnswerFigures(ctx, Boris, r.Ours.Figures.ID, false)
					if err != nil || answered.Agreed == nil {
						rt.Fatalf("%s does not sign the same: %v", p.ID, err)
					}
					continue
				}
				answered, err := net.Parties[1].AnswerFigures(ctx, Boris, r.Ours.Figures.ID, false)
				if err != nil || answered.Agreed == nil {
					rt.Fatalf("%s does not sign the same: %v", net.Parties[1].ID, err)
				}
			}
			if err := net.Settle(); err != nil {
				rt.Fatalf("%v", err)
			}
			for _, p := range net.Parties {
				all, err := p.Reconciliations(ctx, "")
				if err != nil || len(all) != len(said) {
					rt.Fatalf("%s has %d of %d reconciliations: %v", p.ID, len(all), len(said), err)
				}
				for _, r := range all {
					if r.Agreed == nil || r.Difference != nil {
						rt.Fatalf("%s does not know that case %s is reconciled", p.ID, r.Code)
					}
				}
			}
		})
	})
}

// reconciled is north's and south's word about everything so far, signed by both.
func reconciled(t *testing.T, net *Net, order exchange.FiguresOrder) heed.FiguresID {
	t.Helper()
	n, s := net.Parties[0], net.Parties[1]
	order.Officer, order.With = Anna, south
	said, err := n.Reconcile(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AnswerFigures(t.Context(), Boris, said.Ours.Figures.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	return said.Ours.Figures.ID
}

func refusedAs(t *testing.T, err error, says string) {
	t.Helper()
	var refused *heed.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Detail, says) {
		t.Errorf("%v, want a refusal that says %q", err, says)
	}
}

// pins is a policy that pins the parties to their present cards.
func pins(t *testing.T, net *Net, parties ...*Party) evidence.Policy {
	t.Helper()
	if len(net.Witnesses) == 0 {
		net.AddWitnesses(3)
	}
	policy := evidence.Policy{}
	group := evidence.PolicyGroup{Name: "neutral"}
	for _, w := range net.Witnesses {
		for _, key := range w.Keys() {
			policy.Witnesses = append(policy.Witnesses, evidence.PolicyWitness{Name: string(w.Name()), Key: key})
		}
		group.Members = append(group.Members, string(w.Name()))
	}
	group.Quorum = ledger.DefaultQuorum(len(group.Members))
	policy.Groups = []evidence.PolicyGroup{group}
	for _, p := range parties {
		policy.Parties = append(policy.Parties, evidence.PolicyParty{Party: p.ID, Card: p.Card().ID, Group: group.Name})
	}
	if err := policy.Check(); err != nil {
		t.Fatal(err)
	}
	return policy
}
