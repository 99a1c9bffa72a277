package testnet

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

// TestOverQuotaIsDeliveredInTheEnd: what exceeds the quota is refused by a
// machine, gets a fresh number, and is received once there is room, although
// answers are lost on the way.
func TestOverQuotaIsDeliveredInTheEnd(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]Link{"sound": {}, "losing answers": {LoseAnswer: 0.6}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				baseline := Seconds()
				baseline.Quotas = []heed.Quota{{Urgency: heed.UrgencyImmediate, Count: 2, Per: time.Minute}}
				net, n, s := quiet(t, Options{Baseline: baseline, Seed: 5})
				net.Network.Between(north, south, line)
				var cases []heed.CaseID
				for range 5 {
					cases = append(cases, n.Warn("Something", s)...)
				}
				time.Sleep(20 * time.Second)
				if rows, err := s.Cases(t.Context(), 10); err != nil || len(rows) != 2 {
					t.Errorf("%d cases were admitted, and the quota is 2: %v", len(rows), err)
				}
				waiting := outbox(t, n)
				if !slices.ContainsFunc(waiting, func(o exchange.Outgoing) bool { return o.Refusal != nil && o.Number > 5 }) {
					t.Errorf("no refused warning waits under a fresh number: %+v", waiting)
				}
				time.Sleep(4 * time.Minute)
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				for _, id := range cases {
					if len(s.Case(id).Duties) != 2 {
						t.Errorf("case %s was not received", id)
					}
				}
			})
		})
	}
}

// TestClockAhead: a statement from a clock that is too far ahead is refused, and
// received as it is once the other clocks have come so far.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		id := n.Warn("Something", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		s.StepClock(10 * time.Minute)
		ack := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		s.StepClock(-10 * time.Minute)
		time.Sleep(30 * time.Second)
		if _, ok := n.Case(id).Statement(ack.ID); ok {
			t.Error("it was received ten minutes before it was signed")
		}
		if waiting := outbox(t, s); !slices.ContainsFunc(waiting, func(o exchange.Outgoing) bool { return o.Statement == ack.ID && o.Refusal != nil }) {
			t.Errorf("it does not wait with its refusal: %+v", waiting)
		}
		time.Sleep(7 * time.Minute)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if got, ok := n.Case(id).Statement(ack.ID); !ok || !got.Time.Equal(ack.Time) {
			t.Error("it was not received as it is")
		}
	})
}

// TestGap: an envelope that is lost on the way out of a stream is missed, asked
// for and filled in, and does not hold up what follows.
func TestGap(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		first, second := n.Warn("First", s)[0], n.Warn("Second", s)[0]
		var missing []uint64
		net.Network.Set(north, south, Link{
			Tamper: func(stream []byte) []byte { return envelopes(t, stream)[1] },
			TamperAnswer: func(reply exchange.Reply) exchange.Reply {
				missing = opened(t, n, reply.Envelope).missing
				return reply
			},
		})
		// Our own node looks for the answer to the first of its envelopes, so it
		// takes this one for an answer to something else.
		if _, err := n.Deliver(t.Context(), south); err == nil {
			t.Error("a stream that lost an envelope counts as delivered")
		}
		if !slices.Equal(missing, []uint64{1}) {
			t.Errorf("asked for %v", missing)
		}
		if c := s.Case(second); len(c.Duties) != 2 {
			t.Error("what follows the gap was held up")
		}
		if _, err := s.Look(t.Context(), first); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("the lost one: %v", err)
		}
		settle(t, net)
	})
}

// TestAskedForAgain: a number that the peer has lost after it receipted it is
// sent again when the peer asks for it.
func TestAskedForAgain(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		n.Warn("First", s)
		backup := s.Backup()
		second := n.Warn("Second", s)[0]
		deliver(t, n, s)
		s.Restore(backup, false) // before it had received anything
		third := n.Warn("Third", s)[0]
		deliver(t, n, s)
		deliver(t, n, s)
		for _, id := range []heed.CaseID{second, third} {
			if _, err := s.Look(t.Context(), id); err != nil {
				t.Errorf("case %s: %v", id, err)
			}
		}
		if err := CheckChannels(n, s); err != nil {
			t.Error(err)
		}
	})
}

// TestTooLargeKeepsNothingElseBack: a card that admits less than it did refuses
// what waits on the header, and what follows is received all the same.
func TestTooLargeKeepsNothingElseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Network.Between(north, south, Link{Down: true})
		net.Start()
		warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: Warning("Large"),
			Attachments: []exchange.Attachment{{Name: "plan.bin", MediaType: "application/octet-stream", Data: make([]byte, 100<<10)}}})
		if err != nil {
			t.Fatal(err)
		}
		small := n.Warn("Small", s)[0]
		s.NextCard(true, func(c *heed.Card) { c.MaxEnvelope = 64 << 10 })
		net.Network.Heal()
		time.Sleep(30 * time.Second)
		if len(s.Case(small).Duties) != 2 {
			t.Error("the small warning was held up")
		}
		if waiting := outbox(t, n); len(waiting) == 0 || !slices.ContainsFunc(waiting, func(o exchange.Outgoing) bool { return o.Case == warned.Cases[0] && o.Trouble != "" }) {
			t.Errorf("the large warning does not wait with its trouble: %+v", waiting)
		}
		s.NextCard(true, func(c *heed.Card) { c.MaxEnvelope = 1 << 20 })
		time.Sleep(5 * time.Minute)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if len(s.Case(warned.Cases[0]).Duties) != 2 {
			t.Error("the large warning never came")
		}
	})
}

// TestByFile: the same envelopes carried as files, receipts returning as a file.
func TestByFile(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		net.Network.Between(north, south, Link{Down: true})
		id := n.Warn("Something", s)[0]
		carry := func(from, to *Party) exchange.Imported {
			t.Helper()
			out, err := from.Export(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			got, err := to.Import(t.Context(), bytes.NewReader(bytes.Join(out.Envelopes, nil)))
			if err != nil || len(got.Refused) > 0 {
				t.Fatalf("%+v, %v", got, err)
			}
			return got
		}
		got := carry(n, s)
		if got.Accepted != 1 || got.From != north {
			t.Errorf("imported %+v", got)
		}
		if c := n.Case(id); len(c.Duties) != 0 {
			t.Error("the receipt came by itself")
		}
		if back, err := n.Import(t.Context(), bytes.NewReader(got.Reply)); err != nil || back.Taken != 1 {
			t.Errorf("the receipts: %+v, %v", back, err)
		}
		if len(outbox(t, n)) != 0 || len(n.Case(id).Duties) != 2 {
			t.Error("the receipt that came back as a file was not taken")
		}
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		do(t)(s.Ask(t.Context(), Boris, id, "Where?"))
		carry(s, n)
		carry(n, s) // with the receipts for what came, which could return by the network too
		carry(s, n) // again: harmless
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
		if len(outbox(t, n))+len(outbox(t, s)) != 0 {
			t.Error("something still waits")
		}
		settle(t, net)
	})
}

// TestRefusedForGood: a final refusal drops the statement: it was never given.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id, _ := accepted(t, net, n, s)
		// South's disk was put back without its knowing, so it says again what it said.
		_, parts := spokenBy(t, s, saying(heed.KindAcknowledgement, id, heed.StatementID{}, heed.StatementID(id)), Boris)
		if got := hand(t, s, n, sealed(t, s, n, 2, parts...)); len(got.refusals) != 1 || got.refusals[0].Code.Passing() {
			t.Fatalf("%+v", got)
		}
		question := do(t)(s.Ask(t.Context(), Anna, id, "Where?")) // goes under number 2, which is used
		deliver(t, s, n)
		time.Sleep(time.Second)
		deliver(t, s, n)
		if _, ok := n.Case(id).Statement(question.ID); !ok {
			t.Error("a number that was used has cost us the statement")
		}
		settle(t, net)
	})
}
