package testnet

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
)

// unacknowledged is a warning that was received, and on which south is silent
// until its time is up; north has the certificate.
func unacknowledged(t *testing.T, net *Net, n, s *Party) (id heed.CaseID, file []byte) {
	t.Helper()
	id = n.Warn("Possible attack on a concert", s)[0]
	waitFor(t, n, id, heed.StateReceived)
	file = certificate(t, n, id, heed.DutyAcknowledge)
	says(t, evidence.Silent, present(t, net), file)
	return id, file
}

// TestRebuttals: whoever is right is right when both have been heard.
func TestRebuttals(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		rebut func(t *testing.T, net *Net, n, s *Party, id heed.CaseID)
		want  evidence.Finding
		late  bool
	}{
		"a late answer with a receipt": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			waitFor(t, n, id, heed.StateAcknowledged)
		}, evidence.Answered, true},
		"a late answer that nobody received": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			net.Network.Between(north, south, Link{Down: true})
			do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			time.Sleep(5 * time.Second)
		}, evidence.Answered, true},
		"a refusal": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			do(t)(s.Refuse(t.Context(), Anna, id, heed.NotCompetent, "not ours"))
			waitFor(t, n, id, heed.StateRefused)
		}, evidence.Answered, true},
		"a recall": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			if _, err := n.Recall(t.Context(), Anna, []heed.CaseID{id}, "a mistake"); err != nil {
				t.Fatal(err)
			}
			waitFor(t, s, id, heed.StateRecalled)
		}, evidence.Recalled, false},
		"an extension": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			do(t)(n.Extend(t.Context(), Anna, id, heed.DutyAcknowledge, time.Now().Add(time.Hour)))
			waitFor(t, s, id, heed.StateExtended)
		}, evidence.CannotTell, false},
		"an interim reply": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			do(t)(s.Interim(t.Context(), Anna, id, time.Now().Add(time.Hour), "soon"))
			waitFor(t, n, id, heed.StateInterim)
		}, evidence.Silent, true},
		"a question": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			do(t)(s.Ask(t.Context(), Anna, id, "Which hall?"))
			waitFor(t, n, id, heed.StateAsked)
		}, evidence.Silent, true},
		"a reading": {func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
			if _, err := s.Open(t.Context(), Anna, id); err != nil {
				t.Fatal(err)
			}
			waitFor(t, n, id, heed.StateOpened)
		}, evidence.Silent, true},
	} {
		t.Run(name, func(t *testing.T) {
			proven(t, Options{Seed: 101}, 3, func(t *testing.T, net *Net, n, s *Party) {
				id, file := unacknowledged(t, net, n, s)
				story.rebut(t, net, n, s, id)
				time.Sleep(3 * time.Second)
				rebuttal := everything(t, s, id)
				for _, files := range [][][]byte{{file, rebuttal}, {rebuttal, file}} {
					if v := says(t, story.want, present(t, net), files...); v.Late != story.late {
						t.Errorf("late: %v (%s)", v.Late, v.Why)
					}
				}
				// Without it, the certificate is what it was.
				says(t, evidence.Silent, present(t, net), file)
				// Whoever asks anew is told.
				if again := certificate(t, n, id, heed.DutyAcknowledge); story.want != evidence.CannotTell && name != "a late answer that nobody received" {
					says(t, story.want, present(t, net), again)
				}
			})
		})
	}
}

// TestExtensionRunsOut: more time is not for ever.
func TestExtensionRunsOut(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 102}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id, _ := unacknowledged(t, net, n, s)
		do(t)(n.Extend(t.Context(), Anna, id, heed.DutyAcknowledge, time.Now().Add(time.Minute)))
		waitFor(t, s, id, heed.StateExtended)
		early := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
		says(t, evidence.CannotTell, present(t, net), early)
		late := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge, Until: time.Now().Add(2 * time.Minute)})
		if v := says(t, evidence.Silent, present(t, net), late, everything(t, s, id)); !v.AsOf.After(v.Due.Add(2 * time.Second)) {
			t.Errorf("due %s, shown as of %s", v.Due, v.AsOf)
		}
	})
}

// TestAnswerWitnessedInTime: an answer that the other side never received, and
// of which its certificate knows nothing, stands by its witnessed time, however
// late it is shown.
func TestAnswerWitnessedInTime(t *testing.T) {
	t.Parallel()
	for name, mirrored := range map[string]bool{"in time": true, "too late": false} {
		t.Run("looked at "+name, func(t *testing.T) {
			proven(t, Options{Seed: 103}, 3, func(t *testing.T, net *Net, n, s *Party) {
				id := n.Warn("Possible attack on a concert", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				net.Network.Between(north, south, Link{Down: true})
				do(t)(s.Acknowledge(t.Context(), Anna, id, false))
				time.Sleep(2 * time.Second)
				if mirrored {
					if err := n.Refresh(t.Context(), s.Keys.ledgers[0].Name()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(20 * time.Second)
				file := certificate(t, n, id, heed.DutyAcknowledge)
				// Who has not looked at the ledger in time can date what is in it by now only.
				if v := says(t, evidence.LoggedNotDelivered, present(t, net), file); v.Late == mirrored {
					t.Errorf("it was logged by %s, and due %s", v.AsOf, v.Due)
				}
				time.Sleep(6 * time.Minute)
				if v := says(t, evidence.Answered, present(t, net), file, everything(t, s, id)); v.Late {
					t.Errorf("due %s, shown to have been there by %s: %s", v.Due, v.AsOf, v.Why)
				}
			})
		})
	}
}

// TestDepositedAnswer: an answer that lies where north says that it collects is
// given, whether north collects it or not.
func TestDepositedAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 104}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(n, 4*time.Second, d)
		net.AddWitnesses(3)
		startAll(n, s, d)
		time.Sleep(3 * time.Second)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(2 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		net.Network.Set(north, keeper, Link{Down: true}) // it does not collect
		answer := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		deposited(t, s, id)
		time.Sleep(20 * time.Second)
		policy := present(t, net)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.LoggedNotDelivered, policy, file)
		rebuttal := everything(t, s, id)
		v := says(t, evidence.Answered, policy, file, rebuttal)
		if v.Late || v.Answer != answer.ID.String() || !strings.Contains(v.Why, "deposit") {
			t.Errorf("%+v", v)
		}
		// The deposit is enough: what south's own ledger shows is not needed for it.
		alone := edited(t, rebuttal, func(b *evidence.Bundle) { b.Leaves, b.Maps = nil, nil })
		if v := says(t, evidence.Answered, policy, file, alone); !strings.Contains(v.Why, "deposit") {
			t.Errorf("%+v", v)
		}
	})
}
