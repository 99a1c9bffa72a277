package testnet

import (
	"testing"
	"time"

	"heed"
	"heed/evidence"
)

// TestSilence: each duty has its certificate, made by the party owed alone.
func TestSilence(t *testing.T) {
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
				// The other side's word that nothing was said changes nothing.
				says(t, evidence.Silent, present(t, net), file, everything(t, debtor, id))
			})
		})
	}
}
