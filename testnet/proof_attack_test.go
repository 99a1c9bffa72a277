package testnet

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// edited is a file as somebody may make it of another one.
func edited(t *testing.T, file []byte, edit func(*evidence.Bundle)) []byte {
	t.Helper()
	b, err := evidence.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	edit(&b)
	out, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// accusing is the material of a file under a claim of misbehaviour.
func accusing(t *testing.T, file []byte, c evidence.Claim) []byte {
	t.Helper()
	c.Kind = evidence.ClaimMisbehaviour
	return edited(t, file, func(b *evidence.Bundle) { b.Claims = []evidence.Claim{c} })
}

func convicts(t *testing.T, policy evidence.Policy, file []byte) evidence.Verdict {
	t.Helper()
	all := verified(t, policy, file).Verdicts
	if len(all) != 1 || all[0].Verdict != evidence.LedgerInconsistency {
		t.Fatalf("%+v", all)
	}
	return all[0]
}

// mapsOf are the maps of a bundle that are of a ledger.
func mapsOf(t *testing.T, b *evidence.Bundle, origin string) (of, others []evidence.Map) {
	t.Helper()
	for _, m := range b.Maps {
		proof, err := ledger.ParseLeafProof(m.Proof)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(proof.Checkpoint, []byte(origin+"\n")) {
			of = append(of, m)
		} else {
			others = append(others, m)
		}
	}
	return of, others
}

// TestReceiptNeverPublished: south says that it has received, and never logs it
// where others could see it.
func TestReceiptNeverPublished(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 111}, 4, func(t *testing.T, net *Net, n, s *Party) {
		s.Stop() // nobody cuts its ledger any more, and its door is open
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		early := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
		says(t, evidence.CannotTell, present(t, net), early)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		v := says(t, evidence.PromisedNotPublished, present(t, net), file)
		receipt, _ := n.Case(id).Receipt(heed.StatementID(id))
		if !v.AsOf.After(receipt.PublishBy) {
			t.Errorf("to be published by %s, shown as of %s", receipt.PublishBy, v.AsOf)
		}
		convicts(t, present(t, net), accusing(t, file, evidence.Claim{Party: south, Lie: evidence.Unpublished, At: -1, Statement: receipt.ID}))
		// Published late it binds all the same.
		s.Start()
		time.Sleep(5 * time.Second)
		says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
	})
}

// atDepositary is a warning that south, whose card names a depositary, has not
// been given: it cannot be reached.
func atDepositary(t *testing.T, story func(t *testing.T, net *Net, n, s, d *Party, id heed.CaseID)) {
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 112}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		net.AddWitnesses(3)
		startAll(n, s, d)
		time.Sleep(3 * time.Second)
		s.Stop()
		net.Network.Between(north, south, Link{Down: true})
		id := n.Warn("Possible attack on a concert", s)[0]
		story(t, net, n, s, d, id)
	})
}

func deposited(t *testing.T, n *Party, id heed.CaseID) {
	t.Helper()
	for range 600 {
		if len(deposits(t, n, id)) > 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it was not deposited")
}

func TestNeverAccepted(t *testing.T) {
	t.Parallel()
	atDepositary(t, func(t *testing.T, net *Net, n, s, d *Party, id heed.CaseID) {
		// Without a deposit nothing shows that it was ever given.
		says(t, evidence.DeliveryNotShown, present(t, net), prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge}))
		deposited(t, n, id)
		says(t, evidence.DeliveryNotShown, present(t, net), prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge}))
		file := certificate(t, n, id, heed.DutyAcknowledge)
		v := says(t, evidence.NeverAccepted, present(t, net), file)
		if v.OwedBy != south || !v.AsOf.After(v.Due.Time) {
			t.Errorf("%+v", v)
		}
		// A false one, that leaves the deposit out, is no more than a delivery not shown.
		stripped := edited(t, file, func(b *evidence.Bundle) { b.Headers = nil })
		says(t, evidence.DeliveryNotShown, present(t, net), stripped)
		// South collects at last: its receipt is what counts from then on.
		s.Start()
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		time.Sleep(3 * time.Second)
		if v := says(t, evidence.Answered, present(t, net), file, everything(t, s, id)); !v.Late {
			t.Errorf("%+v", v)
		}
	})
}

// TestFalseNeverAccepted: south logged its receipt in time, and north says that
// it never came.
func TestFalseNeverAccepted(t *testing.T) {
	t.Parallel()
	atDepositary(t, func(t *testing.T, net *Net, n, s, d *Party, id heed.CaseID) {
		deposited(t, n, id)
		net.Network.Set(keeper, south, Link{})
		s.Start()
		waitFor(t, s, id, heed.StateReceived)
		time.Sleep(5 * time.Second)
		receipt, _ := s.Case(id).Receipt(heed.StatementID(id))
		hidden := edited(t, certificate(t, n, id, heed.DutyAcknowledge), func(b *evidence.Bundle) {
			b.Statements = slices.DeleteFunc(b.Statements, func(part evidence.Statement) bool {
				r, err := wire.ParseStatement(part.Note)
				return err == nil && r.ID == receipt.ID
			})
		})
		v := says(t, evidence.DeliveryNotShown, present(t, net), hidden)
		t.Log(v.Why)
		says(t, evidence.Silent, present(t, net), hidden, everything(t, s, id))
	})
}

// TestBadSealDefence: what did not open was not accepted, and the ledger says why.
func TestBadSealDefence(t *testing.T) {
	t.Parallel()
	atDepositary(t, func(t *testing.T, net *Net, n, s, d *Party, id heed.CaseID) {
		n.Stop()
		kept := keptOpening(t, n, id)
		forged := sealParts(t, n, s, 40, []wire.Part{{Type: wire.PartCheckpoint, Data: []byte("x")}}, []heed.Digest{carriedBy(kept)})
		note, err := d.Depositary.TakeDeposit(t.Context(), n.CardNote(), s.CardNote(), bytes.NewReader(forged))
		if err != nil {
			t.Fatal(err)
		}
		_, head := headerOf(t, forged)
		err = n.Store.Write(t.Context(), func(tx exchange.Tx) error {
			return tx.PutDeposit(exchange.Deposited{Statement: kept.Statement.ID, Depositary: keeper, Header: forged[4:head], Note: note, At: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		time.Sleep(10 * time.Second)
		v := says(t, evidence.DeliveryNotShown, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
		t.Log(v.Why)
	})
}

// TestHiddenRecall: north takes the warning back, and asks for the reply all the
// same.
func TestHiddenRecall(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 113}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		early := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
		if _, err := n.Recall(t.Context(), Anna, []heed.CaseID{id}, "a mistake"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		policy := present(t, net)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.Recalled, policy, file)
		unsaid := edited(t, file, func(b *evidence.Bundle) {
			b.Statements = slices.DeleteFunc(b.Statements, func(part evidence.Statement) bool {
				s, err := wire.ParseStatement(part.Note)
				return err == nil && s.Kind == heed.KindRecall
			})
		})
		says(t, evidence.Recalled, policy, unsaid) // north's own ledger has it
		origin := n.Keys.ledgers[0].Name()
		unshown := edited(t, unsaid, func(b *evidence.Bundle) { _, b.Maps = mapsOf(t, b, origin) })
		says(t, evidence.CannotTell, policy, unshown)
		before, err := evidence.Parse(early)
		if err != nil {
			t.Fatal(err)
		}
		older, _ := mapsOf(t, &before, origin)
		said := says(t, evidence.CannotTell, policy, edited(t, unshown, func(b *evidence.Bundle) { b.Maps = append(b.Maps, older...) }))
		t.Log(said.Why)
		says(t, evidence.Recalled, policy, unshown, everything(t, s, id))
	})
}

// TestBackdatedAnswer: south signs, after the reply was due, that it was before.
func TestBackdatedAnswer(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 114}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		d := duty(t, s, id, heed.DutyAcknowledge)
		time.Sleep(2 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		s.Stop() // whatever it says of itself in time would give it away
		until(d.Due.Add(20 * time.Second))
		file := certificate(t, n, id, heed.DutyAcknowledge)
		s.StepClock(-23 * time.Second)
		answer := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		s.Start()
		time.Sleep(5 * time.Second)
		if answer.Time.After(d.Due) {
			t.Fatalf("signed %s, due %s", answer.Time, d.Due)
		}
		if v := says(t, evidence.Answered, present(t, net), file, everything(t, s, id)); !v.Late {
			t.Errorf("a backdated answer counts as in time: %+v", v)
		}
	})
}

// TestBackdatedByBoth: both say that the warning was there five minutes earlier. The
// witnesses' times are what they are.
func TestBackdatedByBoth(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 115}, 4, func(t *testing.T, net *Net, n, s *Party) {
		time.Sleep(6 * time.Minute)
		n.StepClock(-5 * time.Minute)
		s.StepClock(-5 * time.Minute)
		begun := time.Now()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		time.Sleep(3 * time.Second)
		for _, step := range verified(t, present(t, net), everything(t, n, id)).Cases[0].Steps {
			if step.Time.After(begun.Add(-4*time.Minute)) || step.NotBefore.Before(begun.Add(-2*time.Minute)) || step.NotAfter.Before(begun) {
				t.Errorf("the %s was signed %s, and made between %s and %s", step.Kind, step.Time, step.NotBefore, step.NotAfter)
			}
		}
	})
}

// TestReceivedAhead: south says that it received later than it did.
func TestReceivedAhead(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 116}, 3, func(t *testing.T, net *Net, n, s *Party) {
		s.StepClock(90 * time.Second)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		receipt, _ := n.Case(id).Receipt(heed.StatementID(id))
		convicts(t, present(t, net), accusing(t, everything(t, n, id), evidence.Claim{Party: south, Lie: evidence.ReceivedAhead, At: -1, Statement: receipt.ID}))
	})
}

// TestReplayOfAnOldHead: north keeps a head from before the answer, and wants it
// to speak of now.
func TestReplayOfAnOldHead(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 117}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		old := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		time.Sleep(20 * time.Second)
		b, err := evidence.Parse(old)
		if err != nil {
			t.Fatal(err)
		}
		maps, _ := mapsOf(t, &b, s.Keys.ledgers[0].Name())
		proof, err := ledger.ParseLeafProof(maps[0].Proof)
		if err != nil {
			t.Fatal(err)
		}
		bare, err := ledger.RenderCheckpoint(proof.Checkpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		head, err := ledger.UnverifiedCheckpoint(bare)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int64{0, head.Size, leaves(t, s)} {
			body, err := ledger.AddCheckpoint{Old: size, Checkpoint: bare}.Marshal()
			if err != nil {
				continue // no such request can be written
			}
			for _, w := range net.Witnesses {
				status, _, err := cosigner{net.Network, north}.AddCheckpoint(t.Context(), w.URL, body)
				if err != nil || status == http.StatusOK {
					t.Errorf("%s says %d to an old head shown as of %d: %v", w.Name, status, size, err)
				}
			}
		}
		says(t, evidence.CannotTell, present(t, net), old)
		if v := says(t, evidence.Answered, present(t, net), old, everything(t, s, id)); v.Late {
			t.Errorf("%+v", v)
		}
		sound(t, net)
	})
}

// TestDummyLeafUnderADuty: south takes the duty's place in its ledger with
// nothing, and answers when it likes.
func TestDummyLeafUnderADuty(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 118}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		opening := keptOpening(t, s, id)
		tag := ledger.SlotTag(opening.Key, ledger.SlotAcknowledge, 0, opening.Statement.ID)
		err := s.Store.Write(t.Context(), func(tx exchange.Tx) error {
			_, err := tx.Append(ledger.Leaf{Tag: tag, Commit: [32]byte{1}}.Bytes())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.LoggedNotDelivered, present(t, net), file)
		if !n.Case(id).Duties[0].Open() {
			t.Error("a leaf has ended the duty")
		}
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		time.Sleep(3 * time.Second)
		if v := says(t, evidence.Answered, present(t, net), file, everything(t, s, id)); !v.Late {
			t.Errorf("what was there in time was nothing: %+v", v)
		}
	})
}

// TestSecondTagKey: the tag key is the one that both signed for, and no other.
func TestSecondTagKey(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 119}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id, file := unacknowledged(t, net, n, s)
		swapped := edited(t, file, func(b *evidence.Bundle) {
			for i, part := range b.Statements {
				if part.Key != nil {
					b.Statements[i].Key = &ledger.Key{1}
				}
			}
		})
		if _, err := evidence.Verify(present(t, net), swapped); !errors.Is(err, evidence.ErrDamaged) {
			t.Errorf("with another key: %v", err)
		}
		bare := edited(t, file, func(b *evidence.Bundle) {
			for i := range b.Statements {
				b.Statements[i].Key = nil
			}
		})
		says(t, evidence.CannotTell, present(t, net), bare)
		// South's second receipt, for another key, is none.
		receipt, _ := s.Case(id).Receipt(heed.StatementID(id))
		receipt.TagKey[0] ^= 1
		forged := note(t, wire.StatementText(receipt), s.Keys.nodes[0])
		says(t, evidence.Silent, present(t, net), edited(t, file, func(b *evidence.Bundle) { b.Statements = append(b.Statements, evidence.Statement{Note: forged}) }))
	})
}

// TestSplitView: south signs another head for north's eyes.
func TestSplitView(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 120}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id, file := unacknowledged(t, net, n, s)
		published, err := s.Ledger().Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		other, err := ledger.UnverifiedCheckpoint(published)
		if err != nil {
			t.Fatal(err)
		}
		other.Root[0] ^= 1
		forked, err := other.Sign(s.Keys.ledgers[0])
		if err != nil {
			t.Fatal(err)
		}
		body, err := ledger.AddCheckpoint{Old: other.Size, Checkpoint: forked}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range net.Witnesses {
			if status, _, err := (cosigner{net.Network, north}).AddCheckpoint(t.Context(), w.URL, body); err != nil || status == http.StatusOK {
				t.Errorf("%s: %d, %v", w.Name, status, err)
			}
			if len(w.Findings()) == 0 {
				t.Errorf("%s has found nothing", w.Name)
			}
		}
		both := edited(t, file, func(b *evidence.Bundle) { b.Checkpoints = append(b.Checkpoints, published, forked) })
		convicts(t, present(t, net), accusing(t, both, evidence.Claim{Party: south, Lie: evidence.TwoHeads, Ledger: s.Card().LedgerKey, At: other.Size}))
		_ = id
	})
}

// TestInventedWitnesses: what others cosigned proves nothing to somebody who
// believes these.
func TestInventedWitnesses(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 121}, 3, func(t *testing.T, net *Net, n, s *Party) {
		_, file := unacknowledged(t, net, n, s)
		var others []*Witness
		for i, w := range net.Witnesses {
			key, err := ledger.NewCosigningKey(w.Name, newBytesOf(uint64(i), "invented", 0))
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, &Witness{Name: w.Name, URL: w.URL, Key: key})
		}
		says(t, evidence.UnknownSigner, pinning(t, others, n.Card(), s.Card()), file)
		mixed := []*Witness{net.Witnesses[0], others[1], others[2]}
		says(t, evidence.CannotTell, pinning(t, mixed, n.Card(), s.Card()), file)
		says(t, evidence.UnknownSigner, pinning(t, net.Witnesses, n.Card()), file)
	})
}

// TestDamagedFiles: no byte of a real file can be another.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 122}, 3, func(t *testing.T, net *Net, n, s *Party) {
		_, file := unacknowledged(t, net, n, s)
		policy := present(t, net)
		for i := 0; i < len(file); i += 53 {
			changed := bytes.Clone(file)
			changed[i] ^= 1
			if _, err := evidence.Verify(policy, changed); !errors.Is(err, evidence.ErrDamaged) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
		// Nor can anybody add a line of a signature.
		b, err := evidence.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		stranger := otherKey(t, wire.NodeKeyName(north))
		for i := range b.Statements {
			extra := edited(t, file, func(b *evidence.Bundle) { b.Statements[i].Note = addLine(t, stranger)(b.Statements[i].Note) })
			if _, err := evidence.Verify(policy, extra); !errors.Is(err, evidence.ErrDamaged) {
				t.Errorf("a line more on statement %d: %v", i, err)
			}
		}
	})
}

// TestOneWitnessLies: with four, one may say any time, and nothing moves.
func TestOneWitnessLies(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"ahead": 24 * time.Hour, "behind": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			proven(t, Options{Seed: 123}, 4, func(t *testing.T, net *Net, n, s *Party) {
				time.Sleep(time.Second)
				net.Witnesses[0].StepClock(step)
				id := n.Warn("Possible attack on a concert", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				time.Sleep(3 * time.Second)
				early := prove(t, n, exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
				says(t, evidence.CannotTell, present(t, net), early)
				v := says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
				if v.AsOf.After(time.Now()) {
					t.Errorf("as of %s, and it is %s", v.AsOf, time.Now())
				}
				for _, step := range verified(t, present(t, net), everything(t, n, id)).Cases[0].Steps {
					if step.NotBefore.After(time.Now()) || step.NotAfter.After(time.Now()) || step.NotAfter.Before(step.Time.Add(-time.Second)) {
						t.Errorf("the %s was signed %s, and made between %s and %s", step.Kind, step.Time, step.NotBefore, step.NotAfter)
					}
				}
			})
		})
	}
}
