package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// renew gives a party its next card, by the word of its recovery key, with
// fresh keys, and takes its former node keys from it: no node keeps them.
func renew(p *Party) {
	p.NextCard(true, nil)
	p.Keys.forget()
}

// renewLedger is renew with the next ledger.
func renewLedger(p *Party) {
	rotate(p)
	p.Keys.forget()
}

func (k *Keys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nodes = k.nodes[:1]
}

// apart is north and south with a depositary that both name, and no other way
// between them.
func apart(t *testing.T, seed uint64) (net *Net, n, s, d *Party) {
	t.Helper()
	net, n, s, d = unreachable(t, Options{Seed: seed, Recovery: true}, exchange.DepositBounds{})
	net.NameDepositaries(n, 4*time.Second, d)
	return net, n, s, d
}

// inTime is waitFor for what goes back and forth by a depositary a few times.
func inTime(t *testing.T, p *Party, id heed.CaseID, state heed.State) {
	t.Helper()
	for range 600 {
		if file, err := p.Look(context.Background(), id); err == nil {
			if _, ok := file.Reached()[state]; ok {
				return
			}
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%s never had case %s %s", p.ID, id, state)
}

// knowEachOther holds what the parties have of each other's cards against them.
func knowEachOther(t *testing.T, a, b *Party) {
	t.Helper()
	for _, p := range [][2]*Party{{a, b}, {b, a}} {
		if got, want := peerCard(t, p[0], p[1].ID), p[1].Card(); got.ID != want.ID {
			t.Errorf("%s has card %d of %s, which has card %d", p[0].ID, got.Serial, p[1].ID, want.Serial)
		}
		if what := trouble(t, p[0], p[1].ID); what != "" {
			t.Errorf("%s has trouble with %s: %s", p[0].ID, p[1].ID, what)
		}
	}
}

// receiptedOnce holds that every statement that is owed a receipt has one.
func receiptedOnce(t *testing.T, p *Party, id heed.CaseID) {
	t.Helper()
	c := p.Case(id)
	receipts := map[heed.StatementID]int{}
	for _, s := range c.Statements {
		if s.Kind == heed.KindReceipt {
			receipts[s.Answers[0]]++
		}
	}
	for _, s := range c.Statements {
		if s.Kind.OwedReceipt() && receipts[s.ID] != 1 {
			t.Errorf("%s has %d receipts for %s statement %s", p.ID, receipts[s.ID], s.Kind, s.ID.Short())
		}
	}
}

// Whoever renews its card, how often, and which of its keys: two parties that
// reach each other by a depositary alone go on by themselves, in a case from
// before and in a new one.
func TestRenewedCardsTravelByDepositary(t *testing.T) {
	t.Parallel()
	stories := []struct {
		name  string
		renew func(n, s *Party)
	}{
		{"the recipient renews", func(n, s *Party) { renew(s) }},
		{"the sender renews", func(n, s *Party) { renew(n) }},
		{"the recipient begins another ledger", func(n, s *Party) { renewLedger(s) }},
		{"the sender begins another ledger", func(n, s *Party) { renewLedger(n) }},
		{"the recipient renews twice", func(n, s *Party) { renew(s); renewLedger(s) }},
		{"the sender renews twice", func(n, s *Party) { renewLedger(n); renew(n) }},
		{"both renew", func(n, s *Party) { renew(s); renew(n) }},
		{"both renew twice", func(n, s *Party) { renewLedger(s); renew(n); renew(s); renewLedger(n) }},
	}
	for i, story := range stories {
		if raced && i%3 != 1 {
			continue
		}
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net, n, s, d := apart(t, uint64(200+i))
				net.AddWitnesses(3)
				startAll(n, s, d)
				ctx := t.Context()
				before := n.Warn("Before", s)[0]
				inTime(t, n, before, heed.StateReceived)
				story.renew(n, s)
				after := n.Warn("After", s)[0]
				inTime(t, n, after, heed.StateReceived)
				do(t)(s.Acknowledge(ctx, Anna, after, true))
				inTime(t, n, after, heed.StateAcknowledged)
				question := do(t)(s.Ask(ctx, Boris, after, "Which hall?"))
				inTime(t, n, after, heed.StateAsked)
				do(t)(n.Answer(ctx, Anna, after, question.ID, "The large one."))
				inTime(t, s, after, heed.StateAnswered)
				do(t)(s.Assess(ctx, Anna, before, heed.NotCredible, "the hall is closed"))
				inTime(t, n, before, heed.StateAssessed)
				drained(t, n, s)
				if count := net.Network.Carried(); count != 0 {
					t.Errorf("%d streams got through the line that is down", count)
				}
				knowEachOther(t, n, s)
				for _, id := range []heed.CaseID{before, after} {
					same(t, n, s, id)
					receiptedOnce(t, n, id)
				}
				// Each has what it needs to follow the other's ledgers once it can.
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				knowEachOther(t, n, s)
				sound(t, net)
				for _, p := range [][2]*Party{{n, s}, {s, n}} {
					origin := ledger.Origin(string(p[1].ID), 1)
					if p[1].Card().LedgerKey == p[1].Keys.ledgers[len(p[1].Keys.ledgers)-1].Verifier().String() {
						continue
					}
					if end := lastLeaf(t, p[0], origin); !end.Ends() {
						t.Errorf("%s holds %s without its end", p[0].ID, origin)
					}
				}
			})
		})
	}
}

// Where only the recipient names a depositary, the sender's card goes there
// with its warning, and the recipient's goes back with the receipt.
func TestRenewedCardsTravelByOneDepositary(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]func(n, s *Party) []*Party{
		"the recipient's": func(_, s *Party) []*Party { return []*Party{s, s} },
		"the sender's":    func(n, _ *Party) []*Party { return []*Party{n, n} },
		"both":            func(n, s *Party) []*Party { return []*Party{n, s} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net, n, s, d := unreachable(t, Options{Seed: 210, Recovery: true}, exchange.DepositBounds{})
				startAll(n, s, d)
				for _, p := range who(n, s) {
					renew(p)
					// What is to be brought is in the store, not in the process.
					p.Shut()
					p.Reopen()
					p.Start()
				}
				id := n.Warn("Possible attack on a concert", s)[0]
				inTime(t, n, id, heed.StateReceived)
				knowEachOther(t, n, s)
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				receiptedOnce(t, n, id)
			})
		})
	}
}

// A warning and a receipt that lie at the depositary while a card is renewed
// are not lost: what was given before the renewal stays given.
func TestRenewalWhileEnvelopesLie(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := apart(t, 220)
		startAll(n, d)
		id := n.Warn("Possible attack on a concert", s)[0]
		for len(deposits(t, n, id)) == 0 {
			time.Sleep(time.Second)
		}
		n.Shut() // and has not heard anything yet when it renews
		s.Start()
		inTime(t, s, id, heed.StateReceived)
		s.Stop()
		n.Reopen()
		renew(n)
		more, err := n.Collect(t.Context(), d.AsDepositary())
		if err != nil || !more {
			t.Fatalf("nothing was collected: %v", err)
		}
		waitFor(t, n, id, heed.StateReceived)
		receiptedOnce(t, n, id)
	})
}

// One collection brings what was given before a renewal, the renewal, and what
// was given after it: each is decided by the card of its time, and answered to it.
func TestRenewalBetweenWarnings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := apart(t, 224)
		startAll(n, d)
		before := n.Warn("Before", s)[0]
		for len(deposits(t, n, before)) < 1 {
			time.Sleep(time.Second)
		}
		old := n.Card().NodeKey
		renew(n)
		after := n.Warn("After", s)[0]
		for len(deposits(t, n, before)) < 2 || len(deposits(t, n, after)) < 1 {
			time.Sleep(time.Second)
		}
		n.Stop()
		size := leaves(t, s)
		if _, err := s.Collect(t.Context(), d.AsDepositary()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []heed.CaseID{before, after} {
			if _, err := s.Look(t.Context(), id); err != nil {
				t.Errorf("south has not the case: %v", err)
			}
		}
		if got := leaves(t, s) - size; got != 2 {
			t.Errorf("south logged %d leaves, and two receipts are all that it says", got)
		}
		for _, key := range []string{old, n.Card().NodeKey} {
			if count, _ := holding(t, d, key); count == 0 {
				t.Errorf("nothing is held for north under %s", key)
			}
		}
	})
}

// A renewal that no recovery key has signed is for people, and says so on the
// other side; comparing the fingerprint lets everything on.
func TestRenewalWithoutRecoveryKeyByDepositary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := apart(t, 221)
		startAll(n, s, d)
		held := peerCard(t, s, north)
		n.NextCard(false, nil)
		n.Keys.forget()
		id := n.Warn("Possible attack on a concert", s)[0]
		for range 600 {
			if trouble(t, s, north) != "" {
				break
			}
			time.Sleep(time.Second)
		}
		if trouble(t, s, north) == "" {
			t.Error("nobody at south is told to compare a card")
		}
		if got := peerCard(t, s, north); got.ID != held.ID {
			t.Errorf("south took card %d over", got.Serial)
		}
		if _, err := s.Look(t.Context(), id); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("south has the case: %v", err)
		}
		if _, err := s.AddPeer(t.Context(), n.CardNote()); err != nil {
			t.Fatal(err)
		}
		later := n.Warn("Possible attack on a match", s)[0]
		inTime(t, n, later, heed.StateReceived)
		knowEachOther(t, n, s)
		net.Network.Heal()
		inTime(t, n, id, heed.StateReceived)
		receiptedOnce(t, n, id)
	})
}

// Nobody but the party itself brings its next card: not who has its recovery
// key alone, or its node key alone, nor another peer, nor the depositary, with
// whatever succession; nor does an older card come back.
func TestFalseRenewalsChangeNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 222, Recovery: true}, north, south, "west.example")
		n, s, west := net.Parties[0], net.Parties[1], net.Parties[2]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		net.Network.Between(north, south, Link{Down: true})
		present := n.Card()
		node, old := n.Keys.nodes[0], n.CardNote()

		// next is a card that would follow, with keys of the attacker's.
		fresh, err := seal.NewSigningKey(rand.Reader, wire.NodeKeyName(north))
		if err != nil {
			t.Fatal(err)
		}
		log, err := seal.NewSigningKey(rand.Reader, ledger.Origin(string(north), 2))
		if err != nil {
			t.Fatal(err)
		}
		next := func(change func(*heed.Card), keys ...seal.SigningKey) (heed.Card, []byte) {
			t.Helper()
			card := present
			card.Previous, card.Serial, card.Issued, card.NodeKey = present.ID, present.Serial+1, heed.Instant(time.Now()), keys[0].Verifier().String()
			if change != nil {
				change(&card)
			}
			card, note, err := wire.SignCard(card, keys...)
			if err != nil {
				t.Fatal(err)
			}
			return card, note
		}
		succession := func(card heed.CardID, by seal.SigningKey) []byte {
			t.Helper()
			_, note, err := wire.SignStatement(heed.Statement{
				Kind: heed.KindSuccession, Author: north, AuthorCard: present.Serial, Time: heed.Instant(time.Now()), Ledger: present.LedgerKey,
				Size: 1, Root: heed.Digest{1}, Successor: log.Verifier().String(), Card: card,
			}, by)
			if err != nil {
				t.Fatal(err)
			}
			return note
		}
		otherLedger := func(c *heed.Card) { c.LedgerKey = log.Verifier().String() }
		_, unsigned := next(nil, node)
		good, recovered := next(nil, fresh, n.Recovery)
		ended, forked := next(otherLedger, fresh, n.Recovery)
		_, skipped := next(func(c *heed.Card) { c.Serial++ }, fresh, n.Recovery)
		part := func(t wire.PartType, data []byte) wire.Part { return wire.Part{Type: t, Data: data} }
		header := func(from heed.PartyID, card uint64) wire.Header {
			return wire.Header{Sender: from, SenderCard: card, Recipient: south, RecipientCard: s.Card().Serial, Time: heed.Instant(time.Now())}
		}
		before := peerCard(t, s, north)
		size := len(successionsOf(t, s, north))
		for _, c := range []struct {
			name     string
			card     []byte // of the depositor
			envelope []byte
		}{
			{"the recovery key alone, under the next card", recovered, sealedAs(t, header(north, good.Serial), s, fresh, part(wire.PartCard, recovered))},
			{"the recovery key alone, under the present card", nil, sealedAs(t, header(north, present.Serial), s, fresh, part(wire.PartCard, recovered))},
			{"the node key alone", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, unsigned))},
			{"a succession by the new key", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, forked), part(wire.PartSuccession, succession(ended.ID, fresh)))},
			{"a succession to another card", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, forked), part(wire.PartSuccession, succession(good.ID, node)))},
			{"no succession", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, forked))},
			{"a succession and no card", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartSuccession, succession(ended.ID, node)))},
			{"a statement as a succession", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, recovered), part(wire.PartSuccession, []byte("none")))},
			{"a card left out", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, skipped))},
			{"a card of before", old, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, old))},
			{"another peer", west.CardNote(), sealedAs(t, header(west.ID, west.Card().Serial), s, west.Keys.nodes[0], part(wire.PartCard, recovered))},
		} {
			// A depositary that is the attacker's own hands over what it likes.
			net.Network.Set(south, keeper, Link{TamperCollection: func([]exchange.Collected) []exchange.Collected {
				return []exchange.Collected{{Seq: 1, Envelope: c.envelope}}
			}})
			if c.card != nil {
				if _, err := d.Depositary.TakeDeposit(t.Context(), c.card, s.CardNote(), bytes.NewReader(c.envelope)); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			}
			if _, err := s.Collect(t.Context(), d.AsDepositary()); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if got := peerCard(t, s, north); got.ID != before.ID {
				t.Fatalf("%s: south has card %d of north", c.name, got.Serial)
			}
			if got := len(successionsOf(t, s, north)); got != size {
				t.Fatalf("%s: south has %d successions of north", c.name, got)
			}
		}

		// The true one is taken, and what was before does not come back.
		renew(n)
		renewal := renewalsOf(t, n, south)
		if len(renewal) != 1 {
			t.Fatalf("north has %d renewals for south", len(renewal))
		}
		for _, envelope := range [][]byte{renewal[0].Envelope, renewal[0].Envelope, sealedAs(t, header(north, present.Serial), s, node, part(wire.PartCard, recovered))} {
			net.Network.Set(south, keeper, Link{TamperCollection: func([]exchange.Collected) []exchange.Collected {
				return []exchange.Collected{{Seq: 1, Envelope: envelope}}
			}})
			if _, err := s.Collect(t.Context(), d.AsDepositary()); err != nil {
				t.Error(err)
			}
			if got, want := peerCard(t, s, north), n.Card(); got.ID != want.ID {
				t.Fatalf("south has card %d of north, and not its present one", got.Serial)
			}
		}
	})
}

// What a peer has is not kept for it.
func TestRenewalsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 223, Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		renew(n)
		if got := renewalsOf(t, n, south); len(got) != 1 || got[0].Card != 1 {
			t.Fatalf("north keeps %d renewals for south", len(got))
		}
		net.Start()
		id := s.Warn("Possible attack on a concert", n)[0]
		waitFor(t, s, id, heed.StateReceived)
		if got := renewalsOf(t, n, south); len(got) != 0 {
			t.Errorf("north keeps %d renewals that south has", len(got))
		}
	})
}

func renewalsOf(t *testing.T, p *Party, peer heed.PartyID) (all []exchange.Renewal) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) (err error) {
		all, err = v.Renewals(peer)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func successionsOf(t *testing.T, p *Party, of heed.PartyID) (all [][]byte) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) (err error) {
		all, err = v.Successions(of)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
