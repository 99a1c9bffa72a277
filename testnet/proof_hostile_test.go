package testnet

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// onRecord: south's ledger has a receipt for the statement or a refusal of the envelope.
func onRecord(t *testing.T, s *Party, k exchange.Kept, envelope []byte) bool {
	t.Helper()
	h, err := wire.ReadHeader(bytes.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	has := func(tag ledger.Tag) bool {
		return s.Store.Read(context.Background(), func(v exchange.View) error { _, err := v.LeafIndex(tag); return err }) == nil
	}
	return has(ledger.SlotTag(ledger.Key(h.SealedDigest), ledger.SlotBadSeal, 0, heed.StatementID(h.SealedDigest))) ||
		has(ledger.SlotTag(k.Key, ledger.SlotReceipt, 0, k.Statement.ID))
}

func TestHostileNumberZeroIsDeposited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s, d := unreachable(t, Options{Seed: 12}, exchange.DepositBounds{})
		ctx := context.Background()
		first := keptOpening(t, n, n.Warn("Possible attack on a concert", s)[0])
		e := sealParts(t, n, s, 0, openingParts(t, n, first), []heed.Digest{carriedBy(first)})
		note, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(e))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.Collect(ctx, d.AsDepositary()); err != nil {
				t.Fatal(err)
			}
		}
		dep, _ := wire.ParseStatement(note)
		if !onRecord(t, s, first, e) {
			t.Errorf("south collected it, and has neither receipt nor refusal on record: never accepted (number %d)", dep.Number)
		}
	})
}

func TestHostileOtherStatementUnderAReceiptedEnvelope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 12}, exchange.DepositBounds{})
		ctx := context.Background()
		net.Network.Heal()
		good := keptOpening(t, n, n.Warn("Possible attack on a concert", s)[0])
		never := keptOpening(t, n, n.Warn("Possible attack on a match", s)[0]) // south never sees it
		e := sealParts(t, n, s, 1, openingParts(t, n, good), nil)
		if got := hand(t, n, s, e); len(got.receipts) != 1 {
			t.Fatalf("%+v", got)
		}
		// the same sealed bytes, under a header that says that the other warning is inside
		again := recarried(t, n, e, []heed.Digest{carriedBy(never)})
		if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(again)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.Collect(ctx, d.AsDepositary()); err != nil {
				t.Fatal(err)
			}
		}
		if !onRecord(t, s, never, again) {
			t.Error("a warning that south was never given: the deposit says it was, and no refusal is on record")
		}
	})
}

func TestHostileRefusedAtTheDoorThenDeposited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 12}, exchange.DepositBounds{})
		ctx := context.Background()
		net.Network.Heal()
		good := keptOpening(t, n, n.Warn("Possible attack on a concert", s)[0])
		// south refuses: signed an hour ahead
		f := forge(n, s, 1)
		f.statement.Time = f.statement.Time.Add(time.Hour)
		f.statement.RecipientCard = s.Card().Serial
		parts := f.parts(t)
		st, err := wire.ParseStatement(parts[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		k := exchange.Kept{Statement: st, Key: ledger.Key(parts[1].Data)}
		e := sealParts(t, n, s, 1, parts, nil)
		if got := hand(t, n, s, e); len(got.refusals) != 1 {
			t.Fatalf("%+v", got)
		} else {
			t.Log(got.refusals[0].Code)
		}
		again := recarried(t, n, e, []heed.Digest{carriedBy(k)})
		if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), s.CardNote(), bytes.NewReader(again)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.Collect(ctx, d.AsDepositary()); err != nil {
				t.Fatal(err)
			}
		}
		if !onRecord(t, s, k, again) {
			t.Error("refused at the door, then deposited: nothing on record under the envelope's digest")
		}
		_ = good
	})
}

// recarried puts another header before the same sealed bytes.
func recarried(t *testing.T, from *Party, e []byte, carries []heed.Digest) []byte {
	t.Helper()
	in := bytes.NewReader(e)
	h, err := wire.ReadHeader(in)
	if err != nil {
		t.Fatal(err)
	}
	body := e[len(e)-int(h.Sealed):]
	h.Carries = carries
	text := wire.HeaderText(h)
	return frame(note(t, text, from.Keys.nodes[0]), body)
}

func frame(head, body []byte) []byte {
	n := len(head)
	return append(append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, head...), body...)
}

// A depositary that a former card named is not asked any more, and takes deposits for it for ever.
func TestHostileFormerDepositary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s, d := unreachable(t, Options{Seed: 13, Recovery: true}, exchange.DepositBounds{})
		other := net.AddDepositary("other.example", exchange.DepositBounds{})
		ctx := context.Background()
		old := s.CardNote()
		first := keptOpening(t, n, n.Warn("Possible attack on a concert", s)[0])
		e := sealParts(t, n, s, 1, openingParts(t, n, first), []heed.Digest{carriedBy(first)})
		s.NextCard(true, func(c *heed.Card) { c.Depositaries = []heed.Depositary{other.AsDepositary()} })
		if _, err := d.Depositary.TakeDeposit(ctx, n.CardNote(), old, bytes.NewReader(e)); err != nil {
			t.Fatal(err)
		}
		startAll(s, d, other)
		time.Sleep(10 * time.Minute)
		if !onRecord(t, s, first, e) {
			t.Error("south does not ask the depositary of its former card: never accepted")
		}
	})
}
