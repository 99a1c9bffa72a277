package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	"heed"
	"heed/wire"
)

// Export packs what we have said in a case as the envelopes that would go over
// the network: our statements under their numbers, and, outside the channel,
// our receipts. Importing them is receiving them; a resend is harmless.
func (x *Exchange) Export(ctx context.Context, id heed.CaseID) ([][]byte, error) {
	now := x.Now()
	var me Self
	var peer Peer
	var batch []outgoingEnvelope
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if me, err = self(v); err != nil {
			return err
		}
		c, err := v.Case(id)
		if err != nil {
			return err
		}
		if c.Opening.ID.IsZero() {
			return &heed.Refused{Detail: "the statement that opened this case has not arrived yet, so there is nothing of ours in it"}
		}
		if peer, err = knownPeer(v, c.Other(x.party)); err != nil {
			return err
		}
		batch, err = x.exportable(v, c, me, peer)
		return err
	})
	if err != nil {
		return nil, err
	}
	var envelopes [][]byte
	for _, e := range batch {
		sealed, err := x.sealFor(peer.Card, me.Card, e.Number, e.parts, now, e.roles...)
		if err != nil {
			return nil, err
		}
		envelopes = append(envelopes, sealed)
	}
	return envelopes, nil
}

func (x *Exchange) exportable(v View, c heed.Case, me Self, peer Peer) ([]outgoingEnvelope, error) {
	channel := Channel{Peer: peer.Card.Party, OurCard: me.Card.Serial, TheirCard: peer.Card.Serial, Outward: true}
	var batch []outgoingEnvelope
	var receipts []wire.Part
	for _, s := range c.Statements {
		if s.Author != x.party {
			continue
		}
		kept, err := v.Kept(s.ID)
		if err != nil {
			return nil, err
		}
		parts, err := partsFor(v, kept)
		if isNotFound(err) {
			return nil, &heed.Refused{Detail: fmt.Sprintf("contents of case %s were erased, and cannot be carried any more", c.Code.Spoken()), Hint: "`heed prove` shows what was said and when, without contents"}
		}
		if err != nil {
			return nil, err
		}
		if s.Kind == heed.KindReceipt {
			receipts = append(receipts, parts...)
			continue
		}
		number, err := numberOf(v, c, s, channel)
		if err != nil {
			return nil, err
		}
		former, err := x.formerCard(v, me.Card, s)
		if err != nil {
			return nil, err
		}
		parts = append(parts, former...)
		if number > 0 {
			roles, err := x.roleKeys(v, s)
			if err != nil {
				return nil, err
			}
			batch = append(batch, outgoingEnvelope{Outgoing{Channel: channel, Number: number, Statement: s.ID}, parts, roles})
		}
	}
	heads, err := x.headParts(v, peer.Card)
	if err != nil {
		return nil, err
	}
	return append(batch, outgoingEnvelope{parts: append(receipts, heads...)}), nil
}

// numberOf is the number under which a statement of ours goes, or went, in the
// present channel; 0: it was given under earlier cards.
func numberOf(v View, c heed.Case, s heed.Statement, channel Channel) (uint64, error) {
	queued, err := v.Queued(s.ID)
	if err == nil && queued.Channel == channel {
		return queued.Number, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	receipt, ok := c.Receipt(s.ID)
	if ok && receipt.AuthorCard == channel.TheirCard && receipt.RecipientCard == channel.OurCard {
		return receipt.Number, nil
	}
	return 0, nil
}

// Imported is what became of a file of envelopes.
type Imported struct {
	From     heed.PartyID
	Accepted int      // statements, those that we had already included
	Taken    int      // envelopes outside the channel: receipts for what we sent
	Refused  []string // reasons, in the order of the file
	Reply    []byte   // our receipts, sealed: they go back as a file, or with the next contact
}

// Import receives envelopes that came as a file.
func (x *Exchange) Import(ctx context.Context, in io.Reader) (Imported, error) {
	post, err := x.takeIn(ctx, in)
	now := x.Now()
	if err != nil {
		return Imported{From: post.first.Sender}, err
	}
	out := Imported{From: post.first.Sender}
	if err := x.decide(ctx, post, now); err != nil {
		return out, err
	}
	for _, it := range post.items {
		switch {
		case it.accepted:
			out.Accepted++
		case it.answer != nil:
			f, err := wire.ParseRefusal(it.answer)
			if err != nil {
				return out, err
			}
			out.Refused = append(out.Refused, fmt.Sprintf("envelope %d: %s: %s", f.Number, f.Code, f.Detail))
		default:
			out.Taken++
		}
	}
	x.follow(ctx, post, now)
	reply, err := x.answer(ctx, post, now)
	out.Reply = reply.Envelope
	return out, err
}
