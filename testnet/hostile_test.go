package testnet

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// forgedReceipt is a receipt of s for a statement of n, changed.
func forgedReceipt(t *testing.T, s *Party, first heed.Statement, change func(*heed.Statement)) wire.Part {
	t.Helper()
	r := first
	r.Duties = slices.Clone(first.Duties)
	r.Node = s.Keys.nodes[0].Verifier().String()
	change(&r)
	return wire.Part{Type: wire.PartStatement, Data: note(t, wire.StatementText(r), s.Keys.nodes[0])}
}

// TestSecondReceiptUnderALaterCardGainsNoTime: a debtor that renews its card and receipts again, earlier, under slower clocks gains no time by it.
func TestSecondReceiptUnderALaterCardGainsNoTime(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]heed.Clock{
		"slower": {heed.DutyAcknowledge: {heed.UrgencyImmediate: heed.MaxResponse}, heed.DutyAssess: {heed.UrgencyImmediate: heed.MaxResponse}},
		"empty":  {},
	} {
		t.Run(name, func(t *testing.T) {
			still(t, Options{Recovery: true}, func(t *testing.T, net *Net, n, s *Party) {
				id := n.Warn("Something", s)[0]
				deliver(t, n, s)
				before := n.Case(id).Duties
				first, _ := n.Case(id).Receipt(heed.StatementID(id))
				s.NextCard(true, func(c *heed.Card) { c.Clock = clock })
				if err := n.RefreshCard(t.Context(), south); err != nil {
					t.Fatal(err)
				}
				card := s.Card()
				second := forgedReceipt(t, s, first, func(r *heed.Statement) {
					r.AuthorCard, r.Terms, r.Number = card.Serial, card.ID, 99
					r.Received = r.Received.Add(-time.Millisecond)
					r.PublishBy = r.Received.Add(card.PublicationDelay)
					r.Duties = heed.Promises(n.Case(id).Opening, card.Baseline, r.Received)
				})
				hand(t, s, n, sealed(t, s, n, 0, second))
				after := n.Case(id).Duties
				if len(n.Case(id).Equivocations) != 1 {
					t.Errorf("trouble: %s", trouble(t, n, south))
				}
				for _, d := range before {
					now, ok := n.Case(id).Duty(d.Kind, d.From)
					if !ok || now.Due.After(d.Due) {
						t.Errorf("%s was due %s, and is now due %s (%d duties)", d.Kind, d.Due, now.Due, len(after))
					}
				}
			})
		})
	}
}

// slowly is a stream that takes its time before it begins.
type slowly struct {
	in    io.Reader
	pause time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(s.pause)
	s.pause = 0
	return s.in.Read(p)
}

// TestReceivedIsWhenItHasCome: an envelope that takes an hour to arrive is received when all of it is here, so that its sender cannot date our promise back.
func TestReceivedIsWhenItHasCome(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		stream := forge(n, s, 1).envelope(t)
		reply, err := s.Receive(t.Context(), &slowly{bytes.NewReader(stream), time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		r := opened(t, n, reply.Envelope).receipts[0]
		if now := heed.Instant(time.Now()); r.Received.Before(now.Add(-time.Second)) {
			t.Errorf("received %s, publish by %s, due %s; it came %s", r.Received, r.PublishBy, r.Duties[0].Due, now)
		}
	})
}

// TestTooLargeSupplementHoldsNothingUp: what the peer would never take is refused to the officer, and what is said next arrives.
func TestTooLargeSupplementHoldsNothingUp(t *testing.T) {
	t.Parallel()
	baseline := Seconds()
	baseline.MaxEnvelope = 128 << 10
	still(t, Options{Baseline: baseline}, func(t *testing.T, net *Net, n, s *Party) {
		cases := n.Warn("Something", s)
		deliver(t, n, s)
		_, err := n.Supplement(t.Context(), Anna, cases, Warning("More"), []exchange.Attachment{{Name: "plan.bin", MediaType: "application/octet-stream", Data: make([]byte, 200<<10)}})
		var refused *heed.Refused
		if !errors.As(err, &refused) || refused.Code != heed.TooLarge {
			t.Errorf("a supplement larger than the peer's envelopes: %v", err)
		}
		if _, err := n.Recall(t.Context(), Anna, cases, "A mistake."); err != nil {
			t.Fatal(err)
		}
		deliver(t, n, s)
		_, there := s.Case(cases[0]).Reached()[heed.StateRecalled]
		_, here := n.Case(cases[0]).Reached()[heed.StateRecalled]
		if here != there {
			t.Errorf("recalled at north %t, at south %t; south waits for %d", here, there, len(s.Case(cases[0]).Waiting))
		}
	})
}

// TestReceiptsAreBounded: a flood of receipts for one statement does not fill the case: two prove the lie.
func TestReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Something", s)[0]
		deliver(t, n, s)
		first, _ := n.Case(id).Receipt(heed.StatementID(id))
		before := kept(t, n, id)
		var parts []wire.Part
		for i := range 500 {
			parts = append(parts, forgedReceipt(t, s, first, func(r *heed.Statement) { shift(r, -time.Duration(i+1)*time.Millisecond) }))
		}
		hand(t, s, n, sealed(t, s, n, 0, parts...))
		if got := kept(t, n, id) - before; got > 1 {
			t.Errorf("%d further receipts for one statement were kept", got)
		}
	})
}

// TestRemovedWhileItsStreamArrives: a party that is removed while its stream arrives opens no case with it.
func TestRemovedWhileItsStreamArrives(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		stream := forge(n, s, 1).envelope(t)
		_, head := headerOf(t, stream)
		in, out := io.Pipe()
		go func() {
			out.Write(stream[:head])
			time.Sleep(time.Second)
			if err := s.RemovePeer(t.Context(), north); err != nil {
				t.Error(err)
			}
			out.Write(stream[head:])
			out.Close()
		}()
		_, err := s.Receive(t.Context(), in)
		rows, _ := s.Cases(t.Context(), 10)
		if len(rows) != 0 {
			t.Errorf("%d cases were opened by a party that was removed (%v)", len(rows), err)
		}
	})
}

// TestWhatArrivedBeforeItsCaseIsAnnounced: people are told of a question that overtook its warning as soon as the warning is here.
func TestWhatArrivedBeforeItsCaseIsAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		id := n.Warn("Something", s)[0]
		q := do(t)(n.Ask(t.Context(), Anna, id, "Where?"))
		var stream []byte
		net.Network.Set(north, south, Link{Tamper: func(b []byte) []byte {
			all := envelopes(t, b)
			slices.Reverse(all)
			stream = slices.Concat(all...)
			return stream
		}})
		n.Deliver(t.Context(), south)
		net.Network.Heal()
		s.Start()
		time.Sleep(2 * time.Second)
		if got := s.Notices.About(id, heed.DutyAnswer, q.ID); len(got) == 0 {
			t.Errorf("nobody was told of the question; told: %d notices, duties %+v", len(s.Notices.All()), s.Case(id).Duties)
		}
		s.Stop()
	})
}

// TestRenewedLadderIsClimbed: a duty that is open when a card is renewed climbs the new card's ladder, on both sides.
func TestRenewedLadderIsClimbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		baseline := Seconds()
		baseline.Ladder = baseline.Ladder[:1]
		baseline.Ladder[0].After = time.Hour
		net := New(t, Options{Baseline: baseline, Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := n.Warn("Something", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		s.NextCard(true, func(c *heed.Card) { c.Ladder = Seconds().Ladder })
		time.Sleep(time.Minute)
		if got := s.Notices.About(id, heed.DutyAcknowledge, heed.StatementID(id)); len(got) != 4 {
			t.Errorf("south was told %d times", len(got))
		}
		if got := n.Notices.About(id, heed.DutyAcknowledge, heed.StatementID(id)); len(got) != 3 {
			t.Errorf("north was told %d times", len(got))
		}
		net.Stop()
	})
}

// TestAnotherLedgerIsNotTakenOver: a recovery key does not let a party leave its ledger behind unseen, and a
// succession counts only under the key of the card that is left.
func TestAnotherLedgerIsNotTakenOver(t *testing.T) {
	t.Parallel()
	still(t, Options{Recovery: true}, func(t *testing.T, net *Net, n, s *Party) {
		held := s.Card()
		for _, p := range []func() error{s.Keys.RotateLedger, s.Keys.Rotate} {
			if err := p(); err != nil {
				t.Fatal(err)
			}
		}
		next := held
		next.Previous, next.Serial, next.Issued = held.ID, held.Serial+1, heed.Instant(time.Now())
		next.NodeKey, next.LedgerKey = s.Keys.nodes[0].Verifier().String(), s.Keys.ledgers[0].Verifier().String()
		next, note, err := wire.SignCard(next, s.Keys.nodes[0], s.Recovery)
		if err != nil {
			t.Fatal(err)
		}
		succession := func(by seal.SigningKey) []byte {
			_, note, err := wire.SignStatement(heed.Statement{
				Kind: heed.KindSuccession, Author: south, AuthorCard: held.Serial, Time: next.Issued, Ledger: held.LedgerKey,
				Root: heed.Digest(sha256.Sum256(nil)), Successor: next.LedgerKey, Card: next.ID, Lost: true,
			}, by)
			if err != nil {
				t.Fatal(err)
			}
			return note
		}
		if err := n.TakeOver(t.Context(), note); err == nil {
			t.Error("another ledger was taken over without a succession")
		}
		if err := n.TakeOver(t.Context(), note, succession(s.Keys.nodes[0])); err == nil {
			t.Error("a succession under the next card's own key was believed")
		}
		if err := n.TakeOver(t.Context(), note, succession(s.Keys.nodes[1])); err != nil {
			t.Errorf("a proper succession: %v", err)
		}
		if trouble := trouble(t, n, south); !strings.Contains(trouble, "lost its ledger") {
			t.Errorf("people are told %q of a ledger that was lost", trouble)
		}
	})
}

// TestRestoredNodeIsNotGivenAnything: what a peer returns to a restored node keeps to the rules under which it was once received.
func TestRestoredNodeIsNotGivenAnything(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id, ack := accepted(t, net, n, s)
		n.Restore(n.Backup(), true)
		a := saying(heed.KindAssessment, id, ack.ID, heed.StatementID(id))
		a.Disposition = heed.Credible
		a.Duties = []heed.Promise{{Kind: heed.DutyReport, Due: time.Now().Add(10000 * time.Hour).UTC().Truncate(time.Millisecond)}, {Kind: heed.DutyConclude, Due: time.Now().Add(10000 * time.Hour).UTC().Truncate(time.Millisecond)}}
		a.Officers = []heed.OfficerStamp{{Role: heed.Assessor}}
		a, parts := spokenBy(t, s, a, Anna)
		hand(t, s, n, sealed(t, s, n, 0, parts...))
		for _, d := range n.Case(id).Duties {
			if d.Kind == heed.DutyReport {
				t.Error("an assessment with a due time that no terms give was taken in")
			}
		}
	})
}

// TestRefetchIsBounded: a stream of requests to be told everything is answered once.
func TestRefetchIsBounded(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		order := exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{north}, Warning: Warning("Large"),
			Attachments: []exchange.Attachment{{Name: "plan.bin", MediaType: "application/octet-stream", Data: make([]byte, 6<<20)}}}
		if _, err := s.Exchange.Warn(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		deliver(t, s, n)
		one := sealed(t, s, n, 0, wire.Part{Type: wire.PartRefetch})
		reply, err := n.Receive(t.Context(), bytes.NewReader(bytes.Repeat(one, 20)))
		if err != nil {
			t.Fatal(err)
		}
		if len(reply.Envelope) > 16<<20 {
			t.Errorf("an answer of %d bytes to a request of %d", len(reply.Envelope), 20*len(one))
		}
	})
}

// TestARestoredNodeCanStillSpeak: a receipt with an absurd number does not drive a restored node's channel to its end.
func TestARestoredNodeCanStillSpeak(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Something", s)[0]
		deliver(t, n, s)
		first, _ := n.Case(id).Receipt(heed.StatementID(id))
		n.Restore(n.Backup(), true)
		r := forgedReceipt(t, s, first, func(r *heed.Statement) { shift(r, -time.Millisecond); r.Number = 1<<53 - 1 })
		hand(t, s, n, sealed(t, s, n, 0, r))
		if _, err := n.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: Warning("x")}); err != nil {
			t.Error(err)
		}
		if _, err := n.Deliver(t.Context(), south); err != nil {
			t.Error(err)
		}
	})
}

// TestAStrangerCannotMakeUsCall: a forged claim that a peer has a newer card makes us look once in a while, and not for each claim.
func TestAStrangerCannotMakeUsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		node := otherKey(t, wire.NodeKeyName(north))
		h := wire.Header{Sender: north, SenderCard: 9, Recipient: south, RecipientCard: 1, Number: 1, Time: heed.Instant(time.Now())}
		stream := sealedAs(t, h, s, node, forge(n, s, 1).parts(t)...)
		s.Start()
		changes := 0
		synctest.Wait()
		for range 50 {
			next := s.Changes().Next()
			hand(t, n, s, stream)
			synctest.Wait()
			select {
			case <-next:
				changes++
			default:
			}
		}
		if changes > 2 {
			t.Errorf("50 forged claims made south commit %d times", changes)
		}
		s.Stop()
	})
}

// TestTwoRenewalsWhileThePeerIsAway: what was signed under a card that came and went
// while the peer was away is received once people have added the present one.
func TestTwoRenewalsWhileThePeerIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{Recovery: true})
		net.Network.Between(north, south, Link{Down: true})
		n.NextCard(true, nil)
		id := n.Warn("Under card 2", s)[0]
		n.NextCard(true, nil)
		net.Network.Heal()
		time.Sleep(5 * time.Minute)
		if _, err := s.AddPeer(t.Context(), n.CardNote()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if _, err := s.Look(t.Context(), id); err != nil {
			t.Errorf("it never came: %v %+v", err, outbox(t, n)[0].Trouble)
		}
		net.Stop()
	})
}
