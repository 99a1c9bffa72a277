package testnet

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

const keeper heed.PartyID = "keeper.example"

// unreachable is north and south where nobody reaches south, which itself
// reaches nobody but the depositary that its card names.
func unreachable(t *testing.T, options Options, bounds exchange.DepositBounds) (net *Net, n, s, d *Party) {
	t.Helper()
	net = New(t, options, north, south)
	n, s = net.Parties[0], net.Parties[1]
	d = net.AddDepositary(keeper, bounds)
	net.NameDepositaries(s, 4*time.Second, d)
	net.Network.Between(north, south, Link{Down: true})
	return net, n, s, d
}

func startAll(parties ...*Party) {
	for _, p := range parties {
		p.Start()
	}
}

func TestUnreachablePartyIsReachedByItsDepositary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 2}, exchange.DepositBounds{})
		net.NameDepositaries(n, 4*time.Second, d) // so that south's acts get back, too
		startAll(n, s, d)
		ctx := context.Background()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		if got := deposits(t, n, id); len(got) != 1 {
			t.Fatalf("%d deposits of the warning, and one is expected", len(got))
		}
		do(t)(s.Acknowledge(ctx, Anna, id, true))
		waitFor(t, n, id, heed.StateAcknowledged)
		do(t)(s.Assess(ctx, Anna, id, heed.NotCredible, "the hall is closed"))
		waitFor(t, n, id, heed.StateAssessed)
		drained(t, n, s)
		if a, b := net.Network.Carried(), int64(0); a != b {
			t.Errorf("%d streams got through the line that is down", a)
		}
		same(t, n, s, id)
		for _, p := range []*Party{n, s} {
			for _, dep := range deposits(t, p, id) {
				logged(t, d, dep)
			}
		}
		// What both have is given up, and its deposits stay.
		time.Sleep(10 * time.Second)
		for _, p := range []*Party{n, s} {
			if count, _ := holding(t, d, p.Card().NodeKey); count != 0 {
				t.Errorf("%d envelopes are still held for %s", count, p.ID)
			}
		}
		// Once the line is up the two ledgers are mirrored and nothing is said twice.
		net.Network.Heal()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		same(t, n, s, id)
	})
}

// A restart of everybody in between loses nothing.
func TestDepositsSurviveRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := unreachable(t, Options{Seed: 3}, exchange.DepositBounds{})
		startAll(n, d)
		id := n.Warn("Possible attack on a concert", s)[0]
		for range 600 {
			if len(deposits(t, n, id)) > 0 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if len(deposits(t, n, id)) != 1 {
			t.Fatal("the warning was not deposited")
		}
		for _, p := range []*Party{n, d} {
			p.Shut()
			p.Reopen()
			p.Start()
		}
		time.Sleep(20 * time.Second)
		if got := deposits(t, n, id); len(got) != 1 {
			t.Errorf("%d deposits after a restart, and one is expected", len(got))
		}
		if count, _ := holding(t, d, s.Card().NodeKey); count != 1 {
			t.Errorf("%d envelopes are held", count)
		}
		s.Start()
		waitFor(t, n, id, heed.StateReceived)
	})
}

// A receipt that is given and never published is deposited all the same.
func TestUnpublishedReceiptIsDeposited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 4}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		startAll(n, d)
		id := n.Warn("Possible attack on a concert", s)[0] // south answers, and never cuts its ledger
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(20 * time.Second)
		if got := deposits(t, n, id); len(got) != 0 {
			t.Fatalf("%d deposits although the receipt is not late yet", len(got))
		}
		time.Sleep(2 * time.Minute)
		got := slices.DeleteFunc(deposits(t, n, id), func(d exchange.Deposited) bool { return d.Statement != heed.StatementID(id) })
		if len(got) != 1 {
			t.Fatalf("%d deposits of what the ledger does not show, and one is expected", len(got))
		}
		logged(t, d, got[0])
		// South collects what it has already, and gives its first receipt again.
		s.Start()
		drained(t, n, s)
		same(t, n, s, id)
	})
}

// An honest peer that publishes in time gives nobody a reason.
func TestNothingIsDepositedWithoutReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 5}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		startAll(n, s, d)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(5 * time.Minute)
		if got := deposits(t, n, id); len(got) != 0 {
			t.Errorf("%d deposits", len(got))
		}
		if count, _ := holding(t, d, ""); count != 0 {
			t.Errorf("the depositary holds %d envelopes", count)
		}
	})
}

func TestDepositariesThatLoseRefuseAndAlter(t *testing.T) {
	t.Parallel()
	other := heed.PartyID("other.example")
	tests := map[string]func(net *Net, d *Party){
		"it loses answers": func(net *Net, d *Party) { net.Network.Set(north, keeper, Link{LoseAnswer: 1}) },
		"it is down":       func(net *Net, d *Party) { net.Network.Set(north, keeper, Link{Down: true}) },
		"it alters the deposit": func(net *Net, d *Party) {
			net.Network.Set(north, keeper, Link{TamperDeposit: func(note []byte) []byte {
				return bytes.Replace(note, []byte("number: 1\n"), []byte("number: 2\n"), 1)
			}})
		},
		"it gives somebody else's deposit": func(net *Net, d *Party) {
			net.Network.Set(north, keeper, Link{TamperDeposit: func([]byte) []byte { return net.Depositaries[1].CardNote() }})
		},
		"it serves others only": func(net *Net, d *Party) {
			d.Depositary = exchange.NewDepositary(d.Exchange, exchange.DepositBounds{For: []heed.Card{net.Parties[0].Card()}})
		},
		"it has no room": func(net *Net, d *Party) {
			d.Depositary = exchange.NewDepositary(d.Exchange, exchange.DepositBounds{EachBytes: 1})
		},
	}
	for name, harm := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := New(t, Options{Seed: 6}, north, south)
				n, s := net.Parties[0], net.Parties[1]
				d, e := net.AddDepositary(keeper, exchange.DepositBounds{}), net.AddDepositary(other, exchange.DepositBounds{})
				net.NameDepositaries(s, 4*time.Second, d, e)
				net.Network.Between(north, south, Link{Down: true})
				harm(net, d)
				startAll(n, s, d, e)
				// The second depositary that the card names has it.
				id := n.Warn("Possible attack on a concert", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				for _, got := range deposits(t, n, id) {
					if got.Depositary != other {
						t.Errorf("a deposit of %s was believed", got.Depositary)
					}
				}
			})
		})
	}
}

// What a depositary makes of envelopes on their way out reaches nobody.
func TestAlteredCollections(t *testing.T) {
	t.Parallel()
	flip := func(held []exchange.Collected) []exchange.Collected {
		for i := range held {
			held[i].Envelope = bytes.Clone(held[i].Envelope)
			held[i].Envelope[len(held[i].Envelope)-1] ^= 1
		}
		return held
	}
	twice := func(held []exchange.Collected) []exchange.Collected { return append(held, held...) }
	for name, tamper := range map[string]func([]exchange.Collected) []exchange.Collected{"altered": flip, "twice": twice} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net, n, s, d := unreachable(t, Options{Seed: 7}, exchange.DepositBounds{})
				net.Network.Set(south, keeper, Link{TamperCollection: tamper})
				startAll(n, s, d)
				id := n.Warn("Possible attack on a concert", s)[0]
				time.Sleep(time.Minute)
				_, err := s.Look(context.Background(), id)
				if has := err == nil; has != (name == "twice") {
					t.Errorf("south has the case: %v", err)
				}
				net.Network.Heal()
				waitFor(t, n, id, heed.StateReceived)
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				same(t, n, s, id)
			})
		})
	}
}

func TestDepositsOfStrangers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 8}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		d, other := net.AddDepositary(keeper, exchange.DepositBounds{}), net.AddDepositary("other.example", exchange.DepositBounds{})
		ctx := context.Background()
		first := sealedFor(t, n, s)
		_, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(first))
		refusedWith(t, err, heed.NotAdmitted) // south's card names nobody
		net.NameDepositaries(s, 4*time.Second, other)
		second := sealedFor(t, n, s)
		_, err = d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(second))
		refusedWith(t, err, heed.NotAdmitted) // it names another
		note, err := other.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(second))
		if err != nil {
			t.Fatal(err)
		}
		again, err := other.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(second))
		if err != nil || !bytes.Equal(note, again) {
			t.Errorf("the same envelope again did not get its first deposit: %v", err)
		}
		_, err = other.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(append(bytes.Clone(second), 0)))
		refusedWith(t, err, heed.Malformed)
		_, err = other.Depositary.TakeDeposit(ctx, s.CardNote(), n.CardNote(), bytes.NewReader(second))
		refusedWith(t, err, heed.BadSignature)
		_, err = other.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(first))
		refusedWith(t, err, heed.WrongRecipient) // sealed for an older card
		// An answer travels back to whoever has deposited, and to nobody else.
		answer := sealedFor(t, s, n)
		if _, err := other.Depositary.TakeDeposit(ctx, s.CardNote(), n.CardNote(), bytes.NewReader(answer)); err != nil {
			t.Errorf("an answer: %v", err)
		}
		_, err = d.Depositary.TakeDeposit(ctx, s.CardNote(), n.CardNote(), bytes.NewReader(answer))
		refusedWith(t, err, heed.NotAdmitted)
		if count, _ := holding(t, d, ""); count != 0 {
			t.Errorf("%d envelopes of strangers are held", count)
		}
	})
}

func TestCollectsOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 9}, exchange.DepositBounds{})
		ctx := context.Background()
		if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(sealedFor(t, n, s))); err != nil {
			t.Fatal(err)
		}
		sign := func(p *Party, by heed.PartyID, at time.Time, after uint64) []byte {
			key, err := p.Keys.Node(p.Card().NodeKey)
			if err != nil {
				t.Fatal(err)
			}
			note, err := wire.SignCollect(wire.Collect{Depositary: by, Party: p.ID, Card: p.Card().Serial, After: after, Time: heed.Instant(at)}, key)
			if err != nil {
				t.Fatal(err)
			}
			return note
		}
		own := [][]byte{s.CardNote()}
		collect := func(cards [][]byte, note []byte) ([]exchange.Collected, error) {
			return d.Depositary.ServeCollect(ctx, cards, note)
		}
		good := sign(s, keeper, time.Now(), 0)
		if held, err := collect(own, good); err != nil || len(held) != 1 {
			t.Fatalf("%d envelopes, %v", len(held), err)
		}
		_, err := collect(own, good)
		refusedWith(t, err, heed.NotAdmitted) // a replay
		_, err = collect(own, sign(s, "other.example", time.Now().Add(time.Second), 0))
		refusedWith(t, err, heed.WrongRecipient)
		_, err = collect(own, sign(s, keeper, time.Now().Add(-time.Hour), 0))
		refusedWith(t, err, heed.NotAdmitted)
		_, err = collect(own, sign(s, keeper, time.Now().Add(time.Hour), 0))
		refusedWith(t, err, heed.ClockAhead)
		_, err = collect(own, sign(n, keeper, time.Now().Add(time.Second), 0))
		refusedWith(t, err, heed.BadSignature) // south's card, north's key
		_, err = collect([][]byte{n.CardNote(), s.CardNote()}, sign(n, keeper, time.Now().Add(time.Second), 0))
		refusedWith(t, err, heed.BadSignature) // south's card as an older one of north
		if held, err := collect([][]byte{n.CardNote()}, sign(n, keeper, time.Now().Add(time.Second), 0)); err != nil || len(held) != 0 {
			t.Errorf("north collected %d envelopes for south, %v", len(held), err)
		}
		// Somebody who calls himself south gets nothing of south's.
		liar := net.AddDepositary("liar.example", exchange.DepositBounds{})
		liar.Keys.party = south
		if err := liar.Keys.Rotate(); err != nil {
			t.Fatal(err)
		}
		false1 := s.Card()
		false1.NodeKey, false1.LedgerKey, false1.Depositaries[0].Party = liar.Keys.nodes[0].Verifier().String(), s.Card().LedgerKey, keeper
		_, note, err := wire.SignCard(false1, liar.Keys.nodes[0])
		if err != nil {
			t.Fatal(err)
		}
		claim, err := wire.SignCollect(wire.Collect{Depositary: keeper, Party: south, Card: false1.Serial, Time: heed.Instant(time.Now())}, liar.Keys.nodes[0])
		if err != nil {
			t.Fatal(err)
		}
		if held, err := collect([][]byte{note}, claim); err != nil || len(held) != 0 {
			t.Errorf("a false south collected %d envelopes, %v", len(held), err)
		}
		// What was collected stays until the party says that it has it.
		if held, err := collect(own, sign(s, keeper, time.Now().Add(2*time.Second), 0)); err != nil || len(held) != 1 {
			t.Errorf("once more: %d envelopes, %v", len(held), err)
		}
		if held, err := collect(own, sign(s, keeper, time.Now().Add(3*time.Second), 1)); err != nil || len(held) != 0 {
			t.Errorf("after the first: %d envelopes, %v", len(held), err)
		}
		if count, size := holding(t, d, s.Card().NodeKey); count != 0 || size != 0 {
			t.Errorf("%d envelopes of %d bytes are held on", count, size)
		}
	})
}

// A card that was renewed, by the word of the recovery key, collects what was
// deposited for the one before it.
func TestCollectingWithALaterCard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := unreachable(t, Options{Seed: 10, Recovery: true}, exchange.DepositBounds{})
		ctx := context.Background()
		if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(sealParts(t, n, s, 1, nil, nil))); err != nil {
			t.Fatal(err)
		}
		s.NextCard(true, nil)
		more, err := s.Collect(ctx, d.AsDepositary())
		if err != nil || !more {
			t.Fatalf("nothing was collected: %v", err)
		}
		// It was sealed for a card that holds no more: north is told, by way of the depositary.
		if count, _ := holding(t, d, n.Card().NodeKey); count != 1 {
			t.Errorf("%d envelopes are held for north", count)
		}
	})
}

// Who says on the outside of an envelope what is not inside has given nothing.
func TestFalseCarriesAreRefusedAsBadSeal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := unreachable(t, Options{Seed: 11}, exchange.DepositBounds{})
		ctx := context.Background()
		id := n.Warn("Possible attack on a concert", s)[0]
		kept := keptOpening(t, n, id)
		for i, carries := range [][]heed.Digest{{{1}}, {carriedBy(kept), {1}}} {
			forged := sealParts(t, n, s, uint64(i+40), []wire.Part{{Type: wire.PartCheckpoint, Data: []byte("x")}}, carries)
			if i == 1 {
				forged = sealParts(t, n, s, uint64(i+40), openingParts(t, n, kept), carries)
			}
			if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(forged)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Collect(ctx, d.AsDepositary()); err != nil {
				t.Fatal(err)
			}
			h, err := wire.ReadHeader(bytes.NewReader(forged))
			if err != nil {
				t.Fatal(err)
			}
			tag := ledger.SlotTag(ledger.Key(h.SealedDigest), ledger.SlotBadSeal, 0, heed.StatementID(h.SealedDigest))
			if err := s.Store.Read(ctx, func(v exchange.View) error { _, err := v.LeafIndex(tag); return err }); err != nil {
				t.Errorf("envelope %d: no bad-seal refusal is logged: %v", i, err)
			}
		}
		if _, err := s.Look(ctx, id); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("south has the case: %v", err)
		}
	})
}

// Whatever a recipient refuses of what was deposited for it is on record, so
// that the deposit does not show that it was silent.
func TestRefusalsOfDepositsAreOnRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 12}, exchange.DepositBounds{})
		ctx := context.Background()
		first := keptOpening(t, n, n.Warn("Possible attack on a concert", s)[0])
		second := keptOpening(t, n, n.Warn("Possible attack on a match", s)[0])
		good := sealParts(t, n, s, 1, openingParts(t, n, first), []heed.Digest{carriedBy(first)})
		reused := sealParts(t, n, s, 1, openingParts(t, n, second), []heed.Digest{carriedBy(second)})
		stranger := net.AddDepositary("stranger.example", exchange.DepositBounds{})
		unknown := sealParts(t, stranger, s, 1, nil, []heed.Digest{{1}})
		for _, c := range []struct {
			from     *Party
			envelope []byte
			refused  bool
		}{{n, good, false}, {n, reused, true}, {stranger, unknown, true}} {
			if _, err := d.Depositary.TakeDeposit(ctx, c.from.CardNote(), s.CardNote(), bytes.NewReader(c.envelope)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Collect(ctx, d.AsDepositary()); err != nil {
				t.Fatal(err)
			}
			h, err := wire.ReadHeader(bytes.NewReader(c.envelope))
			if err != nil {
				t.Fatal(err)
			}
			tag := ledger.SlotTag(ledger.Key(h.SealedDigest), ledger.SlotBadSeal, 0, heed.StatementID(h.SealedDigest))
			err = s.Store.Read(ctx, func(v exchange.View) error { _, err := v.LeafIndex(tag); return err })
			if logged := err == nil; logged != c.refused {
				t.Errorf("envelope %d of %s: a refusal is logged: %v, %v", h.Number, h.Sender, logged, err)
			}
		}
	})
}

func deposits(t *testing.T, p *Party, id heed.CaseID) (all []exchange.Deposited) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		kept, err := v.KeptOf(id)
		if err != nil {
			return err
		}
		for _, k := range kept {
			some, err := v.Deposits(k.Statement.ID)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func holding(t *testing.T, d *Party, key string) (count int, size int64) {
	t.Helper()
	err := d.Store.Read(context.Background(), func(v exchange.View) (err error) {
		count, size, err = v.Holding(key, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return count, size
}

// logged finds a deposit's leaf in the depositary's published ledger.
func logged(t *testing.T, d *Party, dep exchange.Deposited) {
	t.Helper()
	s, err := wire.ParseStatement(dep.Note)
	if err != nil {
		t.Fatal(err)
	}
	tag := ledger.SlotTag(ledger.Key(s.Envelope), ledger.SlotDeposit, 0, heed.StatementID(s.Envelope))
	err = d.Store.Read(context.Background(), func(v exchange.View) error {
		index, err := v.LeafIndex(tag)
		if err != nil {
			return err
		}
		leaves, err := v.Leaves(index, index+1)
		if err != nil {
			return err
		}
		leaf, err := ledger.ParseLeaf(leaves[0])
		if err == nil && !leaf.Opens(ledger.Key(s.Envelope), wire.SignedDigest(dep.Note)) {
			err = errors.New("the leaf is of something else")
		}
		return err
	})
	if err != nil {
		t.Errorf("deposit of %s: %v", dep.Depositary, err)
	}
}

// same compares the case on both sides.
func same(t *testing.T, a, b *Party, id heed.CaseID) {
	t.Helper()
	ids := func(p *Party) (out []heed.StatementID) {
		for _, s := range p.Case(id).Statements {
			out = append(out, s.ID)
		}
		return out
	}
	if x, y := ids(a), ids(b); !slices.Equal(x, y) {
		t.Errorf("%s has %d statements and %s has %d, or others", a.ID, len(x), b.ID, len(y))
	}
}

// drained waits until no statement waits for its receipt.
func drained(t *testing.T, parties ...*Party) {
	t.Helper()
	for range 1200 {
		left := 0
		for _, p := range parties {
			count, err := p.InFlight(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			left += count
		}
		if left == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("statements still wait for their receipts")
}

func refusedWith(t *testing.T, err error, code heed.RefusalCode) {
	t.Helper()
	var refused *heed.Refused
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("%v, and %s is expected", err, code)
	}
}

func sealedFor(t *testing.T, from, to *Party) []byte {
	t.Helper()
	return sealParts(t, from, to, 0, []wire.Part{{Type: wire.PartCheckpoint, Data: []byte("x")}}, nil)
}

func sealParts(t *testing.T, from, to *Party, number uint64, parts []wire.Part, carries []heed.Digest) []byte {
	t.Helper()
	key, err := from.Keys.Node(from.Card().NodeKey)
	if err != nil {
		t.Fatal(err)
	}
	return sealedAs(t, wire.Header{
		Sender: from.ID, SenderCard: from.Card().Serial, Recipient: to.ID, RecipientCard: to.Card().Serial, Number: number,
		Time: heed.Instant(time.Now()), Carries: carries,
	}, to, key, parts...)
}

func keptOpening(t *testing.T, p *Party, id heed.CaseID) (k exchange.Kept) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) (err error) {
		k, err = v.Kept(heed.StatementID(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func carriedBy(k exchange.Kept) heed.Digest {
	return heed.Digest(ledger.SlotTag(k.Key, ledger.SlotCarried, 0, k.Statement.ID))
}

// openingParts are all that belongs to a case's opening statement.
func openingParts(t *testing.T, p *Party, k exchange.Kept) []wire.Part {
	t.Helper()
	parts := []wire.Part{{Type: wire.PartStatement, Data: k.Note}, {Type: wire.PartTagKey, Data: k.Key[:]}}
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		release, err := v.Release(k.Statement.Release)
		if err != nil {
			return err
		}
		parts = append(parts, wire.Part{Type: wire.PartRelease, Data: release})
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
	return parts
}
