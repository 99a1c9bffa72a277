package testnet

import (
	"context"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/wire"
)

// keptOf is what a party keeps of a statement, and the parts that go with one
// that has no release.
func keptOf(t *testing.T, p *Party, id heed.StatementID) (k exchange.Kept, parts []wire.Part) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) (err error) {
		if k, err = v.Kept(id); err != nil {
			return err
		}
		parts = []wire.Part{{Type: wire.PartStatement, Data: k.Note}, {Type: wire.PartTagKey, Data: k.Key[:]}}
		for _, ref := range k.Statement.Contents {
			content, err := v.Content(ref.Digest)
			if err != nil {
				return err
			}
			parts = append(parts, wire.Part{Type: wire.PartContent, Data: append(content.Salt[:], content.Data...)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return k, parts
}

// TestHostileWithheldPredecessor: north delivers a question and holds back what
// it follows. South's receipt starts no clock, on neither side; the clock runs
// from south's receipt for what was held back.
func TestHostileWithheldPredecessor(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 91}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		net.Network.Between(north, south, Link{Down: true})
		withheld := do(t)(n.Ask(t.Context(), Anna, id, "Which hall?"))
		question := do(t)(n.Ask(t.Context(), Anna, id, "Which door?"))
		_, parts := keptOf(t, n, question.ID)
		got := hand(t, n, s, sealed(t, n, s, 3, parts...))
		if len(got.receipts) != 1 || len(got.missing) == 0 {
			t.Fatalf("%+v", got)
		}
		time.Sleep(20 * time.Second) // its six seconds, and all the rungs
		if c := s.Case(id); len(c.Waiting) != 2 || len(s.Notices.About(id, heed.DutyAnswer, question.ID)) > 0 {
			t.Errorf("%d wait, and south was told of a duty", len(c.Waiting))
		}
		// North's certificate, with the receipt that south did give.
		file := certificate(t, n, id, heed.DutyAnswer)
		given := evidence.Bundle{Claims: []evidence.Claim{{Kind: evidence.ClaimSteps, Case: heed.CaseID{1}, At: -1}}, Statements: []evidence.Statement{{Note: got.notes[0]}}}
		beside, err := given.Encode()
		if err != nil {
			t.Fatal(err)
		}
		shown := false
		for _, v := range verified(t, present(t, net), file, beside).Verdicts {
			if v.Claim != evidence.ClaimSilence || v.Statement != question.ID.String() {
				continue
			}
			shown = true
			if v.Verdict != evidence.CannotTell || v.Late || !strings.Contains(v.Why, "no receipt of south.example for question statement "+withheld.ID.Short()) {
				t.Errorf("%q, late %v: %s", v.Verdict, v.Late, v.Why)
			}
		}
		if !shown {
			t.Error("no verdict about the question")
		}

		net.Network.Heal()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		last, ok := n.Case(id).Receipt(withheld.ID)
		if !ok || last.Received.Sub(got.receipts[0].Received) < 20*time.Second {
			t.Fatalf("received %s", last.Received)
		}
		due := last.Received.Add(6 * time.Second)
		for _, p := range net.Parties {
			if d, ok := p.Case(id).Duty(heed.DutyAnswer, question.ID); !ok || !d.Due.Equal(due) {
				t.Errorf("%s has %+v, due %s", p.ID, d, due)
			}
		}
		found := false
		for _, v := range verified(t, present(t, net), certificate(t, n, id, heed.DutyAnswer)).Verdicts {
			if v.Statement == question.ID.String() {
				found = true
				if v.Verdict != evidence.Silent || !v.Due.Equal(due) || !v.AsOf.After(due.Add(2*time.Second)) {
					t.Errorf("%q, due %s: %s", v.Verdict, v.Due, v.Why)
				}
			}
		}
		if !found {
			t.Error("no verdict about the question")
		}
		if told := s.Notices.About(id, heed.DutyAnswer, question.ID); len(told) == 0 || told[0].At.Before(last.Received) {
			t.Errorf("south was told: %+v", told)
		}
	})
}

// TestSizeOfACertificateByItsChain: each statement that another follows adds
// itself and its receipt; a certificate about the opening has nothing more.
func TestSizeOfACertificateByItsChain(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 92}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(30 * time.Second)
		plain := len(certificate(t, n, id, heed.DutyAcknowledge))
		size := func() (size, statements int) {
			time.Sleep(30 * time.Second)
			file := certificate(t, n, id, heed.DutyAnswer)
			b, err := evidence.Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verified(t, present(t, net), file).Verdicts {
				if v.Verdict != evidence.Silent {
					t.Errorf("%q: %s", v.Verdict, v.Why)
				}
			}
			return len(file), len(b.Statements)
		}
		do(t)(n.Ask(t.Context(), Anna, id, "Which hall?"))
		first, few := size()
		for range 10 {
			do(t)(n.Call(t.Context(), Anna, id, "duty desk", "We rang you."))
		}
		do(t)(n.Ask(t.Context(), Anna, id, "Which door?"))
		longer, many := size()
		t.Logf("about the opening %d bytes; %d bytes with %d statements, %d bytes with %d", plain, first, few, longer, many)
		if plain > 16_000 || few < 8 || many < few+20 || longer-first > 1_200*(many-few) {
			t.Error("a certificate has grown")
		}
	})
}
