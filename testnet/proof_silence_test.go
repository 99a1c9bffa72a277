package testnet

import (
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// TestSilence: each duty has its certificate, made by the party owed alone.
func TestSilence(t *testing.T) {
	t.Parallel()
	for kind, story := range map[heed.DutyKind]func(t *testing.T, n, s *Party) (by, debtor *Party, id heed.CaseID){
		heed.DutyAcknowledge: func(t *testing.T, n, s *Party) (*Party, *Party, heed.CaseID) {
			id := n.Warn("Possible attack on a concert", s)[0]
			waitFor(t, n, id, heed.StateReceived)
			return n, s, id
		},
		heed.DutyAssess: func(t *testing.T, n, s *Party) (*Party, *Party, heed.CaseID) {
			id := n.Warn("Possible attack on a concert", s)[0]
			waitFor(t, n, id, heed.StateReceived)
			do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			waitFor(t, n, id, heed.StateAcknowledged)
			return n, s, id
		},
		heed.DutyAnswer: func(t *testing.T, n, s *Party) (*Party, *Party, heed.CaseID) {
			id := n.Warn("Possible attack on a concert", s)[0]
			waitFor(t, s, id, heed.StateReceived)
			do(t)(s.Ask(t.Context(), Anna, id, "Which hall?"))
			waitFor(t, n, id, heed.StateAsked)
			return s, n, id
		},
		heed.DutyReport: func(t *testing.T, n, s *Party) (*Party, *Party, heed.CaseID) {
			id := n.Warn("Possible attack on a concert", s)[0]
			waitFor(t, s, id, heed.StateReceived)
			do(t)(s.Assess(t.Context(), Anna, id, heed.Credible, "we take it seriously"))
			waitFor(t, n, id, heed.StateAssessed)
			return n, s, id
		},
		heed.DutyConclude: func(t *testing.T, n, s *Party) (*Party, *Party, heed.CaseID) {
			id := n.Warn("Possible attack on a concert", s)[0]
			waitFor(t, s, id, heed.StateReceived)
			do(t)(s.Assess(t.Context(), Anna, id, heed.Credible, "we take it seriously"))
			do(t)(s.Report(t.Context(), Anna, id, "The hall is guarded."))
			waitFor(t, n, id, heed.StateActed)
			return n, s, id
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			proven(t, Options{Seed: 81}, 4, func(t *testing.T, net *Net, n, s *Party) {
				by, debtor, id := story(t, n, s)
				time.Sleep(5 * time.Second)
				debtor.Shut() // it is not needed any more
				net.Witnesses[3].Shut()
				before := time.Now()
				file := certificate(t, by, id, kind)
				if took := time.Since(before); took > time.Minute {
					t.Errorf("it took %s", took)
				}
				var cards []heed.Card
				debtor.Reopen()
				for _, p := range net.Parties {
					cards = append(cards, p.Card())
				}
				v := says(t, evidence.Silent, pinning(t, net.Witnesses, cards...), file)
				if v.OwedBy != debtor.ID || v.Duty != kind || len(v.Witnesses) < 3 || !v.AsOf.After(v.Due.Add(2*time.Second)) || v.AsOf.After(time.Now()) {
					t.Errorf("%+v", v)
				}
				if !verified(t, present(t, net), file).Holds() {
					t.Error("it does not hold")
				}
				sparing(t, file, id, kind)
				// The other side's word that nothing was said changes nothing.
				says(t, evidence.Silent, present(t, net), file, everything(t, debtor, id))
			})
		})
	}
}

// sparing checks that a certificate opens nothing, and gives away the tag keys
// of what it is about only.
func sparing(t *testing.T, file []byte, id heed.CaseID, kind heed.DutyKind) {
	t.Helper()
	b, err := evidence.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Contents) > 0 {
		t.Errorf("%d contents are in it", len(b.Contents))
	}
	sizes := map[string]int{}
	for _, m := range b.Maps {
		proof, err := ledger.ParseLeafProof(m.Proof)
		if err != nil {
			t.Fatal(err)
		}
		head, err := ledger.UnverifiedCheckpoint(proof.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		sizes[head.Origin] += len(m.Leaf) + len(m.Proof)
		for _, p := range m.Paths {
			sizes[head.Origin] += len(p.Tag) + len(p.Path)
		}
	}
	t.Logf("bytes for each ledger: %v", sizes)
	for _, part := range b.Statements {
		s, err := wire.ParseStatement(part.Note)
		if err != nil {
			t.Fatal(err)
		}
		mine := s.ID == heed.StatementID(id)
		switch kind {
		case heed.DutyAnswer:
			mine = s.Kind == heed.KindQuestion
		case heed.DutyReport, heed.DutyConclude:
			mine = mine || s.Kind == heed.KindAssessment
		}
		if part.Key != nil && !mine {
			t.Errorf("the tag key of the %s is in it", s.Kind)
		}
	}
}

// TestSilenceWithTwoOfThree: with three witnesses two are enough, and one is not.
func TestSilenceWithTwoOfThree(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 82}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		for _, w := range net.Witnesses[:2] {
			w.Shut()
		}
		// One witness alone says nothing, however long it is asked.
		begun := time.Now()
		order := exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge, Until: time.Now().Add(30 * time.Second)}
		says(t, evidence.CannotTell, present(t, net), prove(t, n, order))
		if took := time.Since(begun); took > 40*time.Second {
			t.Errorf("it took %s", took)
		}
		net.Witnesses[0].Reopen()
		says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
	})
}

// TestSlowWitnesses: whose clocks are behind is waited for.
func TestSlowWitnesses(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 83}, 3, func(t *testing.T, net *Net, n, s *Party) {
		for _, w := range net.Witnesses {
			w.StepClock(-20 * time.Second)
		}
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		v := says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
		if !v.AsOf.After(v.Due.Add(2*time.Second)) || v.AsOf.After(time.Now().Add(-18*time.Second)) {
			t.Errorf("due %s, shown as of %s, and it is %s", v.Due, v.AsOf, time.Now())
		}
	})
}

// TestSilenceAboutSeveral: two questions, and no answer to either.
func TestSilenceAboutSeveral(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 84}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		do(t)(s.Ask(t.Context(), Anna, id, "Which hall?"))
		do(t)(s.Ask(t.Context(), Boris, id, "Which day?"))
		waitFor(t, n, id, heed.StateAsked)
		time.Sleep(3 * time.Second)
		report := verified(t, present(t, net), certificate(t, s, id, heed.DutyAnswer))
		for _, v := range report.Verdicts {
			if v.Verdict != evidence.Silent {
				t.Errorf("%s: %s", v.Verdict, v.Why)
			}
		}
		if len(report.Verdicts) != 2 {
			t.Errorf("%d verdicts", len(report.Verdicts))
		}
	})
}

// TestSilenceAfterRelationsBreak: north has removed south, and can still show
// what south owed it.
func TestSilenceAfterRelationsBreak(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 85}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		policy := present(t, net)
		for _, p := range net.Parties {
			if err := p.RemovePeer(t.Context(), map[heed.PartyID]heed.PartyID{north: south, south: north}[p.ID]); err != nil {
				t.Fatal(err)
			}
		}
		says(t, evidence.Silent, policy, certificate(t, n, id, heed.DutyAcknowledge))
		if !verified(t, policy, everything(t, s, id)).Holds() {
			t.Error("south cannot show its side")
		}
	})
}
