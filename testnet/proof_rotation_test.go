package testnet

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// TestRotationAndSilence: whatever keys either side renews, and whenever, what
// was silent is silent: for who pinned the cards of before and for who pins
// those of now, and in files from before.
func TestRotationAndSilence(t *testing.T) {
	t.Parallel()
	renew := map[string]func(*Party){
		"node and sealing key": func(p *Party) { p.NextCard(true, nil) },
		"ledger":               rotate,
	}
	stages := []string{"before the warning", "before the receipt is published", "before it is due", "after the certificate"}
	for what, renewed := range renew {
		for stage, name := range stages {
			if raced && stage%2 == 0 {
				continue
			}
			t.Run(what+" "+name, func(t *testing.T) {
				proven(t, Options{Seed: 131, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
					first := present(t, net)
					at := func(here int) {
						if here == stage {
							renewed(s)
							renewed(n)
						}
					}
					at(0)
					id := n.Warn("Possible attack on a concert", s)[0]
					waitFor(t, n, id, heed.StateReceived)
					at(1)
					time.Sleep(3 * time.Second)
					at(2)
					old := certificate(t, n, id, heed.DutyAcknowledge)
					before := present(t, net)
					at(3)
					time.Sleep(time.Minute)
					last := present(t, net)
					says(t, evidence.Silent, first, old)
					says(t, evidence.Silent, before, old)
					fresh := certificate(t, n, id, heed.DutyAcknowledge)
					for name, policy := range map[string]evidence.Policy{"the first cards": first, "the present cards": last} {
						for i, files := range [][][]byte{{fresh}, {old, fresh}, {old, everything(t, s, id)}} {
							if v := judged(t, policy, files...); v.Verdict != evidence.Silent {
								t.Errorf("pinning %s, files %d: %s: %s", name, i, v.Verdict, v.Why)
							}
						}
					}
					if v := judged(t, last, fresh); !v.AsOf.After(judged(t, first, old).AsOf.Time) {
						t.Error("a certificate made anew is not of now")
					}
					for _, p := range net.Parties {
						if report := verified(t, last, everything(t, p, id)); !report.Holds() {
							t.Errorf("%s: %+v", p.ID, report.Verdicts)
						}
					}
					sound(t, net)
				})
			})
		}
	}
}

// TestAnsweredAcrossRotations: every act under another card and in another
// ledger, and all of it stands.
func TestAnsweredAcrossRotations(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 132, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		ctx := t.Context()
		first := present(t, net)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		rotate(s)
		do(t)(s.Acknowledge(ctx, Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		rotate(n)
		do(t)(s.Ask(ctx, Anna, id, "Which hall?"))
		waitFor(t, n, id, heed.StateAsked)
		s.NextCard(true, nil)
		do(t)(n.Answer(ctx, Boris, id, heed.StatementID{}, "North Harbour Hall."))
		waitFor(t, s, id, heed.StateAnswered)
		do(t)(s.Assess(ctx, Boris, id, heed.Credible, "we take it seriously"))
		rotate(s)
		waitFor(t, n, id, heed.StateAssessed)
		time.Sleep(time.Minute)
		file := certificate(t, n, id, heed.DutyConclude)
		for _, policy := range []evidence.Policy{first, present(t, net)} {
			says(t, evidence.Silent, policy, file)
			for _, p := range net.Parties {
				report := verified(t, policy, everything(t, p, id))
				if !report.Holds() || len(report.Verdicts) != 3 {
					t.Errorf("%s: %+v", p.ID, report.Verdicts)
				}
				for _, v := range report.Verdicts {
					if v.Verdict != evidence.Answered || v.Late {
						t.Errorf("%s: %s: %s, late: %v, %s", p.ID, v.Duty, v.Verdict, v.Late, v.Why)
					}
				}
			}
		}
		sound(t, net)
	})
}

// TestAnsweredInTheLedgerBefore: the reply stands in a ledger that has ended;
// a certificate about the next one alone proves nothing.
func TestAnsweredInTheLedgerBefore(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 133, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		net.Network.Set(south, north, Link{Down: true})
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		time.Sleep(3 * time.Second)
		rotate(s)
		time.Sleep(time.Minute)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.LoggedNotDelivered, present(t, net), file)
		second := edited(t, file, func(b *evidence.Bundle) { b.Maps, _ = mapsOf(t, b, s.Keys.ledgers[0].Name()) })
		says(t, evidence.CannotTell, present(t, net), second)
		first := edited(t, file, func(b *evidence.Bundle) { _, b.Maps = mapsOf(t, b, s.Keys.ledgers[0].Name()) })
		says(t, evidence.LoggedNotDelivered, present(t, net), first)
		if v := says(t, evidence.Answered, present(t, net), file, everything(t, s, id)); v.Late {
			t.Errorf("%+v", v)
		}
	})
}

// TestSilenceWhereTheLedgerEnded: an old head, from before the end, does not
// speak for the ledger that follows.
func TestSilenceWhereTheLedgerEnded(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 134, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(2 * time.Second)
		rotate(s)
		time.Sleep(time.Minute)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.Silent, present(t, net), file)
		unfinished := edited(t, file, func(b *evidence.Bundle) { _, b.Maps = mapsOf(t, b, s.Keys.ledgers[0].Name()) })
		says(t, evidence.CannotTell, present(t, net), unfinished)
	})
}

// begun is a case that was there when south was backed up, and on which it went
// on; everybody is stopped, and south is as it was then.
func begun(t *testing.T, net *Net, n, s *Party) (id, later heed.CaseID, size int64) {
	t.Helper()
	id = n.Warn("Before", s)[0]
	waitFor(t, n, id, heed.StateReceived)
	time.Sleep(3 * time.Second)
	backup := s.Backup()
	do(t)(s.Ask(t.Context(), Anna, id, "Where?"))
	waitFor(t, n, id, heed.StateAsked)
	later = n.Warn("After", s)[0]
	waitFor(t, n, later, heed.StateReceived)
	time.Sleep(3 * time.Second)
	size = leaves(t, s)
	net.Stop()
	s.Restore(backup, false)
	if leaves(t, s) >= size {
		t.Fatal("nothing was lost")
	}
	return id, later, size
}

// TestRestoredFromWitnessesAlone: no peer can be reached, and the witnesses have
// every leaf.
func TestRestoredFromWitnessesAlone(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 135}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id, later, size := begun(t, net, n, s)
		n.Shut()
		net.Witnesses[2].Shut()
		if err := s.LookBack(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !restored(t, s) {
			t.Fatal("it did not notice")
		}
		if err := s.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recover(t.Context()); err == nil || !restored(t, s) {
			t.Errorf("it goes on without its peer: %v", err)
		}
		if _, err := s.Recover(t.Context(), north); err != nil {
			t.Fatal(err)
		}
		if got := leaves(t, s); restored(t, s) || got < size {
			t.Fatalf("it has %d of %d leaves", got, size)
		}
		s.Start()
		time.Sleep(10 * time.Second)
		n.Reopen()
		n.Start()
		net.Witnesses[2].Reopen()
		time.Sleep(3 * time.Minute)
		if trouble := trouble(t, n, south); trouble != "" {
			t.Errorf("north has trouble with it: %s", trouble)
		}
		for _, id := range []heed.CaseID{id, later} {
			says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
		}
		sound(t, net)
	})
}

// TestRestoredWhileWitnessesAreDown: with too few of them nobody knows whether
// something was published, and nothing is signed.
func TestRestoredWhileWitnessesAreDown(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 136}, 4, func(t *testing.T, net *Net, n, s *Party) {
		_, _, size := begun(t, net, n, s)
		for _, w := range net.Witnesses[:2] {
			w.Shut()
		}
		if err := s.LookBack(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recover(t.Context(), north); err == nil || !restored(t, s) {
			t.Errorf("with two of four witnesses it goes on: %v", err)
		}
		net.Witnesses[0].Reopen()
		net.Start()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if restored(t, s) || leaves(t, s) < size {
			t.Error("it has not caught up")
		}
		sound(t, net)
	})
}

// losing has a party begin its next ledger because nobody can give it back what
// it lost of the present one.
func losing(t *testing.T, p *Party) {
	t.Helper()
	if err := p.Keys.RotateLedger(); err != nil {
		t.Fatal(err)
	}
	card := p.Card()
	card.Previous, card.Serial, card.Issued, card.LedgerKey = card.ID, card.Serial+1, heed.Instant(p.now()), p.Keys.ledgers[0].Verifier().String()
	card, note, err := wire.SignCard(card, p.Keys.nodes[0], p.Recovery)
	if err == nil {
		err = p.Renew(context.Background(), card, note, true)
	}
	if err != nil {
		t.Fatalf("%s gives up its ledger: %v", p.ID, err)
	}
}

// TestLostLedger: nobody can help a restored node. It begins its next ledger,
// says so, owes what it owed, and its lost ledger shows no more than it did.
func TestLostLedger(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 137, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		first := present(t, net)
		id, later, _ := begun(t, net, n, s)
		for _, w := range net.Witnesses {
			net.Network.Set(south, heed.PartyID(w.Name), Link{Down: true})
		}
		net.Network.Between(north, south, Link{Down: true})
		// It knows that it was restored, and that is all.
		err := s.Store.Write(t.Context(), func(tx exchange.Tx) error {
			me, err := tx.Self()
			me.Restored = err == nil
			if err != nil {
				return err
			}
			return tx.PutSelf(me)
		})
		if err != nil {
			t.Fatal(err)
		}
		losing(t, s)
		net.Start()
		net.Network.Heal()
		time.Sleep(3 * time.Minute)
		if got := trouble(t, n, south); !strings.Contains(got, "lost its ledger") {
			t.Errorf("north's people are told %q", got)
		}
		if held := lastLeaf(t, n, ledger.Origin(string(south), 2)); held.Covers <= 0 {
			t.Error("north does not follow the next ledger")
		}
		if d, ok := s.Case(id).Duty(heed.DutyAcknowledge, heed.StatementID(id)); !ok || !d.Open() {
			t.Error("what was owed before is not owed any more")
		}
		for _, policy := range []evidence.Policy{first, present(t, net)} {
			for _, id := range []heed.CaseID{id, later} {
				says(t, evidence.Silent, policy, certificate(t, n, id, heed.DutyAcknowledge))
			}
		}
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		time.Sleep(5 * time.Second)
		for _, policy := range []evidence.Policy{first, present(t, net)} {
			if v := says(t, evidence.Answered, policy, certificate(t, n, id, heed.DutyAcknowledge)); !v.Late {
				t.Errorf("%+v", v)
			}
		}
		sound(t, net)
	})
}

// TestNoHeadIsSignedTwice: a node that was put back, and knows nothing of it,
// cannot fork its ledger while its witnesses can be reached.
func TestNoHeadIsSignedTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 138}, north, south)
		net.AddWitnesses(3)
		net.Start()
		n, s := net.Parties[0], net.Parties[1]
		time.Sleep(3 * time.Second)
		_, _, size := begun(t, net, n, s)
		net.Network.Between(north, south, Link{Down: true})
		s.Start() // looks back, before it signs anything
		time.Sleep(30 * time.Second)
		if !restored(t, s) {
			t.Error("it signs although its peer has not been asked")
		}
		net.Network.Heal()
		n.Start()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if leaves(t, s) < size {
			t.Error("it has not caught up")
		}
		sound(t, net)
	})
}
