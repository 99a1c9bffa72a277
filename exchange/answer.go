package exchange

import (
	"context"
	"time"

	"heed/wire"
)

// answer seals the receipts and refusals to the sender, with what else it
// should know: gaps, our newest checkpoint, the newest of its own that we hold.
func (x *Exchange) answer(ctx context.Context, post *incoming, now time.Time) (Reply, error) {
	var parts []wire.Part
	err := x.store.Read(ctx, func(v View) error {
		for _, it := range post.items {
			said, err := answerParts(v, it)
			if err != nil {
				return err
			}
			parts = append(parts, said...)
		}
		parts = append(parts, wire.Part{Type: wire.PartAnswered, Data: post.first.SealedDigest[:]})
		channel := Channel{Peer: post.first.Sender, OurCard: post.first.RecipientCard, TheirCard: post.first.SenderCard}
		missing, err := v.Missing(channel, wire.MaxGap)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			parts = append(parts, wire.Part{Type: wire.PartGap, Data: wire.EncodeGap(missing)})
		}
		for _, it := range post.items {
			if it.refusal == nil && it.letter.refetch != nil {
				more, err := refetched(v, post.peer.Card, it.letter.refetch)
				if err != nil {
					return err
				}
				parts = append(parts, more...)
				break // one for each request, or it would cost the sender nothing and us all that we hold
			}
		}
		heads, err := x.headParts(v, post.peer.Card)
		parts = append(parts, heads...)
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	var stream []byte
	for len(parts) > 0 {
		n := oneEnvelope(parts)
		sealed, err := x.sealFor(post.peer.Card, post.me.Card, 0, parts[:n], now)
		if err != nil {
			return Reply{}, err
		}
		stream, parts = append(stream, sealed...), parts[n:]
	}
	return Reply{Envelope: stream}, nil
}

// answerParts are the receipt or the refusal of one envelope, and with a
// receipt the checkpoint after which it was made.
func answerParts(v View, it *item) ([]wire.Part, error) {
	if it.answer == nil {
		return nil, nil
	}
	if !it.accepted {
		return []wire.Part{{Type: wire.PartRefusal, Data: it.answer}}, nil
	}
	receipt, err := wire.ReadStatement(it.answer)
	if err != nil {
		return nil, err
	}
	witnessed, err := witnessedParts(v, receipt)
	return append([]wire.Part{{Type: wire.PartStatement, Data: it.answer}}, witnessed...), err
}

// oneEnvelope is how many of the parts go into one envelope. It is cut before a
// statement, behind which stands all that belongs to it.
func oneEnvelope(parts []wire.Part) int {
	size, end := 0, 0
	for i, p := range parts {
		if p.Type == wire.PartStatement {
			end = i
		}
		if size += len(p.Data); end > 0 && (i >= wire.MaxParts || size > batchBytes) {
			return end
		}
	}
	return len(parts)
}
