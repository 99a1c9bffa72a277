package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// Bounds of a depositary.
const (
	// MaxCollectCards is how many of a party's cards go with one collect.
	MaxCollectCards = 8
	// CollectFresh is how old a collect may be, and how far ahead of our clock.
	CollectFresh = heed.ClockSkew

	// rememberedCollects bounds how many parties' last collect is remembered.
	rememberedCollects = 4096
)

// DepositBounds are what a depositary holds at most; zero: the default.
type DepositBounds struct {
	// For are the cards of the parties that it serves; empty: any party whose
	// card names it.
	For []heed.Card

	EachCount, EachBytes int64 // for one recipient, not collected yet; the same again of one sender
	AllCount, AllBytes   int64 // in all, not collected yet
	LargestEnvelope      int64 // sealed bytes
	HandCount            int   // envelopes handed over at once
	HandBytes            int64 // bytes handed over at once, and at least one envelope
}

func (b DepositBounds) filled() DepositBounds {
	fill := func(bound *int64, standard int64) {
		if *bound <= 0 {
			*bound = standard
		}
	}
	fill(&b.EachCount, 10_000)
	fill(&b.EachBytes, 1<<30)
	fill(&b.AllCount, 200_000)
	fill(&b.AllBytes, 20<<30)
	fill(&b.LargestEnvelope, heed.DefaultMaxEnvelope)
	fill(&b.HandBytes, batchBytes)
	if b.HandCount <= 0 || b.HandCount > MaxStream {
		b.HandCount = 64
	}
	return b
}

// Depositary is a node that keeps envelopes for parties whose cards name it,
// opens nothing, and gives signed deposits for what it keeps. It exchanges
// nothing itself.
type Depositary struct {
	*Exchange
	bounds DepositBounds

	mu   sync.Mutex
	last map[string]collected // each party's newest collect, by node key
}

// collected is what is remembered of a collect.
type collected struct {
	at   time.Time
	keys []string // the party's node keys, the present one first
}

// NewDepositary makes a depositary of a node.
func NewDepositary(x *Exchange, bounds DepositBounds) *Depositary {
	return &Depositary{Exchange: x, bounds: bounds.filled(), last: map[string]collected{}}
}

// TakeDeposit keeps one envelope for its recipient and returns the signed
// deposit: it leaves only after envelope and ledger leaf are committed
// together. The same envelope again gets its first deposit. The recipient's
// card names this depositary, or the recipient has itself deposited here for
// the sender, so that this is an answer on its way back.
//
// An error is a *heed.Refused where the depositor is at fault; anything else is ours.
func (d *Depositary) TakeDeposit(ctx context.Context, senderNote, recipientNote []byte, in io.Reader) ([]byte, error) {
	sender, err := wire.ParseCard(senderNote)
	if err != nil {
		return nil, refusalOf(fmt.Errorf("the sender's card: %w", err))
	}
	recipient, err := wire.ParseCard(recipientNote)
	if err != nil {
		return nil, refusalOf(fmt.Errorf("the recipient's card: %w", err))
	}
	var whole bytes.Buffer
	header, err := wire.ReadHeader(io.TeeReader(in, &whole))
	if err != nil {
		return nil, refusalOf(err)
	}
	if err := d.admitDeposit(ctx, sender, recipient, recipientNote, header); err != nil {
		return nil, err
	}
	envelope, err := wire.ReadBody(in, header)
	if err != nil {
		return nil, refusalOf(err)
	}
	if n, err := io.ReadFull(in, make([]byte, 1)); n > 0 || err != io.EOF {
		if n > 0 {
			return nil, heed.Refuse(heed.Malformed, "more follows the envelope")
		}
		return nil, refusalOf(err)
	}
	whole.Write(envelope.Body)
	return d.keepDeposit(ctx, sender, recipient, envelope, whole.Bytes())
}

// admitDeposit decides before the body is read.
func (d *Depositary) admitDeposit(ctx context.Context, sender, recipient heed.Card, recipientNote []byte, h wire.Header) error {
	switch {
	case h.Sender != sender.Party || h.SenderCard != sender.Serial || h.Node != sender.NodeKey:
		return heed.Refuse(heed.BadSignature, "the envelope is not from card %d of %s", sender.Serial, sender.Party)
	case h.Recipient != recipient.Party || h.RecipientCard != recipient.Serial:
		return heed.Refuse(heed.WrongRecipient, "the envelope is not for card %d of %s", recipient.Serial, recipient.Party)
	case sender.Party == d.party || recipient.Party == d.party:
		return heed.Refuse(heed.WrongRecipient, "%s keeps envelopes for others, and neither sends nor receives any", d.party)
	case h.Sealed > min(d.bounds.LargestEnvelope, recipient.MaxEnvelope):
		return heed.Refuse(heed.TooLarge, "the envelope has %d sealed bytes, and at most %d are kept", h.Sealed, min(d.bounds.LargestEnvelope, recipient.MaxEnvelope))
	}
	return d.store.Read(ctx, func(v View) error {
		me, err := self(v)
		if err != nil {
			return err
		}
		if err := d.serves(v, me.Card, sender, recipient, recipientNote); err != nil {
			return err
		}
		_, err = v.HeldEnvelope(h.SealedDigest)
		if errors.Is(err, ErrNotFound) {
			err = d.roomToHold(v, sender.NodeKey, recipient.NodeKey, h.Sealed)
		}
		return err
	})
}

// serves decides whether envelopes for that card are kept here.
func (d *Depositary) serves(v View, me, sender, recipient heed.Card, recipientNote []byte) error {
	if namesDepositary(recipient, me) && d.isFor(recipient, recipientNote) {
		return nil
	}
	for _, key := range d.keysOf(sender.NodeKey) {
		returning, err := v.HasDeposited(recipient.NodeKey, key)
		if err != nil || returning {
			return err
		}
	}
	if namesDepositary(recipient, me) {
		return &heed.Refused{Code: heed.NotAdmitted, Detail: fmt.Sprintf("%s keeps nothing for %s under this card", d.party, recipient.Party), Hint: "its operator serves the parties named with --for"}
	}
	return heed.Refuse(heed.NotAdmitted, "card %d of %s does not name %s with its present key as a depositary", recipient.Serial, recipient.Party, d.party)
}

// namesDepositary reports whether a card names a depositary's present key.
func namesDepositary(card, depositary heed.Card) bool {
	for _, d := range card.Depositaries {
		if d.Party == depositary.Party && d.NodeKey == depositary.NodeKey {
			return true
		}
	}
	return false
}

// isFor reports whether the operator serves that card's party.
func (d *Depositary) isFor(card heed.Card, note []byte) bool {
	for _, served := range d.bounds.For {
		if succeedsCard(served, card, note) {
			return true
		}
	}
	return len(d.bounds.For) == 0
}

// succeedsCard reports whether a card is that one or a later one of the same
// party, by the word of a key that the earlier one names: cards in between may
// be missing.
func succeedsCard(earlier, card heed.Card, note []byte) bool {
	switch {
	case card.Party != earlier.Party || card.Serial < earlier.Serial:
		return false
	case card.Serial == earlier.Serial:
		return card.ID == earlier.ID
	}
	return card.NodeKey == earlier.NodeKey || earlier.RecoveryKey != "" && wire.CardSignedBy(note, earlier.RecoveryKey)
}

// roomToHold refuses for now what goes beyond a bound.
func (d *Depositary) roomToHold(v View, sender, recipient string, size int64) error {
	for _, bound := range []struct {
		recipient, sender string
		count, bytes      int64
		what              string
	}{
		{recipient, "", d.bounds.EachCount, d.bounds.EachBytes, "for this recipient"},
		{"", sender, d.bounds.EachCount, d.bounds.EachBytes, "of this sender"},
		{"", "", d.bounds.AllCount, d.bounds.AllBytes, "in all"},
	} {
		count, held, err := v.Holding(bound.recipient, bound.sender)
		if err != nil {
			return err
		}
		if int64(count) >= bound.count || held+size > bound.bytes {
			return heed.Refuse(heed.OverQuota, "%d envelopes with %d bytes are held %s, and at most %d and %d are", count, held, bound.what, bound.count, bound.bytes)
		}
	}
	return nil
}

// keepDeposit commits envelope, deposit and leaf. Its time is that at which all
// of it is here: a slow depositor must not date our promise back.
func (d *Depositary) keepDeposit(ctx context.Context, sender, recipient heed.Card, e wire.Envelope, whole []byte) ([]byte, error) {
	now := d.Now()
	var note []byte
	err := d.write(ctx, func(tx Tx) error {
		me, err := self(tx)
		if err != nil {
			return err
		}
		first, err := tx.HeldEnvelope(e.Digest())
		if err == nil {
			note = first.Note
			return sameDeposit(first, e)
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := d.roomToHold(tx, sender.NodeKey, recipient.NodeKey, e.Sealed); err != nil {
			return err
		}
		if note, err = d.signDeposit(me.Card, sender, recipient, e, now); err != nil {
			return err
		}
		held := Held{For: recipient.NodeKey, Sender: sender.NodeKey, Envelope: e.Digest(), Bytes: whole, Note: note, At: now}
		if _, err := tx.Hold(held); err != nil {
			return err
		}
		return d.logSlot(tx, slot{key: ledger.Key(e.Digest()), slot: ledger.SlotDeposit, of: heed.StatementID(e.Digest())}, note)
	})
	return note, err
}

// sameDeposit holds an envelope against what came first under its digest: who
// puts another header before the same bytes gets no deposit for it.
func sameDeposit(first Held, e wire.Envelope) error {
	s, err := wire.ParseStatement(first.Note)
	if err != nil {
		return err
	}
	if s.Recipient != e.Sender || s.RecipientCard != e.SenderCard || first.Sender != e.Node || s.Party != e.Recipient || s.Number != e.Number || !slices.Equal(s.Carries, e.Carries) {
		return heed.Refuse(heed.NumberReused, "the same sealed bytes were deposited under another header")
	}
	return nil
}

func (d *Depositary) signDeposit(me, sender, recipient heed.Card, e wire.Envelope, now time.Time) ([]byte, error) {
	node, err := d.keys.Node(me.NodeKey)
	if err != nil {
		return nil, err
	}
	_, note, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindDeposit, Author: d.party, AuthorCard: me.Serial, Recipient: sender.Party, RecipientCard: sender.Serial, Time: now,
		Party: recipient.Party, Number: e.Number, Received: now, Ledger: me.LedgerKey, Terms: recipient.ID, PublishBy: now.Add(me.PublicationDelay),
		Envelope: e.Digest(), Carries: e.Carries,
	}, node)
	return note, err
}

// ServeCollect hands over what is held for a party, oldest first, and gives up
// what the party says that it has. cards are signed notes of the party: the
// present one, whose key has signed the collect, and any before it for which
// something may still be held.
//
// An error is a *heed.Refused where the party is at fault; anything else is ours.
func (d *Depositary) ServeCollect(ctx context.Context, cards [][]byte, collect []byte) ([]Collected, error) {
	now := d.Now()
	c, err := wire.ParseCollect(collect)
	if err != nil {
		return nil, refusalOf(err)
	}
	keys, err := collector(cards, c)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Depositary != d.party:
		return nil, heed.Refuse(heed.WrongRecipient, "the collect is for %s, and this is %s", c.Depositary, d.party)
	case c.Time.After(now.Add(CollectFresh)):
		return nil, heed.Refuse(heed.ClockAhead, "the collect is signed %s, which is ahead of our clock (%s)", heed.FormatTime(c.Time), heed.FormatTime(now))
	case c.Time.Before(now.Add(-CollectFresh)):
		return nil, heed.Refuse(heed.NotAdmitted, "the collect is signed %s, and our clock says %s", heed.FormatTime(c.Time), heed.FormatTime(now))
	case !d.isNewest(keys, c.Time):
		return nil, heed.Refuse(heed.NotAdmitted, "a collect of that time or a later one was served already")
	}
	return d.handOver(ctx, keys, int64(c.After), now)
}

// collector checks the cards of a collect and lists their node keys.
func collector(cards [][]byte, c wire.Collect) ([]string, error) {
	if len(cards) == 0 || len(cards) > MaxCollectCards {
		return nil, heed.Refuse(heed.Malformed, "%d cards, and 1 to %d go with a collect", len(cards), MaxCollectCards)
	}
	var keys []string
	var later heed.Card
	for i, note := range cards {
		card, err := wire.ParseCard(note)
		if err != nil {
			return nil, refusalOf(err)
		}
		switch {
		case i == 0 && (card.Party != c.Party || card.Serial != c.Card || card.NodeKey != c.Node):
			return nil, heed.Refuse(heed.BadSignature, "the collect is not signed by card %d of %s", card.Serial, card.Party)
		case i > 0 && (card.Serial >= later.Serial || !succeedsCard(card, later, cards[i-1])):
			return nil, heed.Refuse(heed.BadSignature, "card %d of %s does not name the key that signed card %d", card.Serial, card.Party, later.Serial)
		}
		keys, later = append(keys, card.NodeKey), card
	}
	return keys, nil
}

// isNewest remembers a party's newest collect, so that nobody plays it again.
// It forgets first the oldest, which is the first that is too old to be served.
func (d *Depositary) isNewest(keys []string, at time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := keys[0]
	if last, ok := d.last[key]; ok && !at.After(last.at) {
		return false
	}
	if _, ok := d.last[key]; !ok && len(d.last) >= rememberedCollects {
		oldest, first := "", at
		for k, last := range d.last {
			if oldest == "" || last.at.Before(first) {
				oldest, first = k, last.at
			}
		}
		delete(d.last, oldest)
	}
	d.last[key] = collected{at, keys}
	return true
}

// keysOf are a party's node keys, as far as it has shown them when it collected.
func (d *Depositary) keysOf(key string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last, ok := d.last[key]; ok {
		return last.keys
	}
	return []string{key}
}

func (d *Depositary) handOver(ctx context.Context, keys []string, after int64, now time.Time) ([]Collected, error) {
	var held []Held
	read := func(v View) error {
		last, err := v.LastHeld()
		if err != nil {
			return err
		}
		if after > last {
			// Ours is an older state than the one that the party collected from.
			after = 0
		}
		held, err = v.HeldFor(keys, after, d.bounds.HandCount, d.bounds.HandBytes)
		return err
	}
	if err := d.store.Read(ctx, read); err != nil {
		return nil, err
	}
	if after > 0 {
		if err := d.giveUp(ctx, keys, after, now); err != nil {
			return nil, err
		}
	}
	var out []Collected
	for _, h := range held {
		out = append(out, Collected{Seq: h.Seq, Deposit: h.Note, Envelope: h.Bytes})
	}
	return out, nil
}

// giveUp forgets what the party has, where there is any of it left.
func (d *Depositary) giveUp(ctx context.Context, keys []string, upTo int64, now time.Time) error {
	left := false
	err := d.store.Read(ctx, func(v View) error {
		held, err := v.HeldFor(keys, 0, 1, 0)
		left = err == nil && len(held) > 0 && held[0].Seq <= upTo
		return err
	})
	if err != nil || !left {
		return err
	}
	return d.write(ctx, func(tx Tx) error { return tx.GiveUp(keys, upTo, now) })
}

// envelopeSize is how many bytes of a stream its first envelope has.
func envelopeSize(stream []byte, h wire.Header) int64 {
	return 4 + int64(binary.BigEndian.Uint32(stream)) + h.Sealed
}

// splitEnvelope takes an envelope's signed header off its front.
func splitEnvelope(envelope []byte) (header []byte, e wire.Envelope, err error) {
	in := bytes.NewReader(envelope)
	h, err := wire.ReadHeader(in)
	if err != nil {
		return nil, e, err
	}
	if h.Sealed != int64(in.Len()) {
		return nil, e, fmt.Errorf("%w: an envelope of %d sealed bytes, and %d follow its header", wire.ErrMalformed, h.Sealed, in.Len())
	}
	size := binary.BigEndian.Uint32(envelope)
	header = envelope[4 : 4+size]
	e, err = wire.ReadBody(in, h)
	return header, e, err
}
