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
	if refused.Code == heed.NumberReused || refused.Code == heed.CatchingUp || h.Number == 0 && len(h.Carries) == 0 {
		return nil // the number keeps its first answer, or has none yet
	}
	if err := x.logRefusal(tx, f, note); err != nil || h.Number == 0 {
		return err
	}
	return tx.Consume(Consumed{Channel: Channel{Peer: h.Sender, OurCard: h.RecipientCard, TheirCard: h.SenderCard}, Number: h.Number, Envelope: h.SealedDigest, Answer: note})
}

// logRefusal logs a bad-seal refusal under a tag that the sender can compute:
// there is no tag key, so the envelope's digest stands in for it. Every other
// refusal is logged aside.
func (x *Exchange) logRefusal(tx Tx, f wire.Refusal, note []byte) error {
	if f.Code != heed.BadSeal {
		return x.logAside(tx, note)
	}
	return x.logSlot(tx, slot{ledger.Key(f.Envelope), ledger.SlotBadSeal, heed.StatementID(f.Envelope)}, note)
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
