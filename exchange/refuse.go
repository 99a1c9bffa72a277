package exchange

import (
	"errors"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// refuse commits a signed refusal of one envelope: it consumes the number.
func (x *Exchange) refuse(tx Tx, post *incoming, it *item, cause error, now time.Time) error {
	var refused *heed.Refused
	if !errors.As(cause, &refused) {
		return cause
	}
	h := it.envelope.Header
	f := wire.Refusal{
		Author: x.party, AuthorCard: post.me.Card.Serial, Sender: h.Sender, SenderCard: h.SenderCard,
		Number: h.Number, Envelope: h.SealedDigest, Time: now, Code: refused.Code, Detail: refused.Detail,
	}
	if refused.Code == heed.OverQuota {
		f.RetryAfter = quotaRelief(post.me.Card, it.letter)
	}
	node, err := x.keys.Node(post.me.Card.NodeKey)
	if err != nil {
		return err
	}
	_, note, err := wire.SignRefusal(f, node)
	if err != nil {
		return err
	}
	it.answer = note
	keeps := refused.Code == heed.NumberReused || refused.Code == heed.CatchingUp || h.Number == 0 // its first answer, or it has none yet
	if keeps && (len(h.Carries) == 0 || refused.Code == heed.CatchingUp) {
		return nil
	}
	if err := x.logRefusal(tx, h, f, note); err != nil || keeps {
		return err
	}
	return tx.Consume(Consumed{Channel: Channel{Peer: h.Sender, OurCard: h.RecipientCard, TheirCard: h.SenderCard}, Number: h.Number, Envelope: h.SealedDigest, Answer: note})
}

// logRefusal logs a bad-seal refusal under a tag that the sender can compute:
// there is no tag key, so the envelope's digest stands in for it. So is every
// refusal of an envelope that says what it carries: with a deposit of it the
// sender could else show that we took it and said nothing. Every other refusal
// is logged aside.
func (x *Exchange) logRefusal(tx Tx, h wire.Header, f wire.Refusal, note []byte) error {
	if f.Code != heed.BadSeal && len(h.Carries) == 0 {
		return x.logAside(tx, note)
	}
	tag := ledger.SlotTag(ledger.Key(f.Envelope), ledger.SlotBadSeal, 0, heed.StatementID(f.Envelope))
	if _, err := tx.LeafIndex(tag); !errors.Is(err, ErrNotFound) && len(h.Carries) > 0 {
		return err // it is on record, and the same envelope again says nothing new
	}
	return x.logSlot(tx, slot{key: ledger.Key(f.Envelope), slot: ledger.SlotBadSeal, of: heed.StatementID(f.Envelope)}, note)
}

// quotaRelief is how long the sender should wait: a tenth of the quota's
// period, so that a waiting sender is let in soon after there is room.
func quotaRelief(card heed.Card, l letter) time.Duration {
	if len(l.statements) == 0 {
		return 0
	}
	quota, ok := card.Quota(l.statements[0].Statement.Urgency)
	if !ok {
		return 0
	}
	return min(quota.Per/10, time.Hour).Truncate(time.Millisecond)
}
