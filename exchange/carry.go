package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"heed"
	"heed/wire"
)

// Export packs what we have said in a case as the envelopes that would go over
// the network: our statements under their numbers, and, outside the channel,
// our receipts. Importing them is receiving them; a resend is harmless. What was
// said under an accord that binds the other party no more is left out; a
// *heed.Refused says so where that is all.
func (x *Exchange) Export(ctx context.Context, id heed.CaseID) (Exported, error) {
	now := x.Now()
	var me Self
	var peer Peer
	var out Exported
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
		out.To = peer.Card.Party
		batch, err = x.exportable(v, c, me, peer, &out, now)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, e := range batch {
		sealed, err := x.sealFor(peer.Card, me.Card, e.Number, e.parts, now, e.roles...)
		if err != nil {
			return out, err
		}
		out.Envelopes = append(out.Envelopes, sealed)
	}
	return out, nil
}

// Exported is what goes into a file of envelopes.
type Exported struct {
	To        heed.PartyID
	Envelopes [][]byte
	CutOff    int           // statements that are left out, as To is bound no more by
	Accord    heed.AccordID // this; zero: none is
}

// exportable are the envelopes of a case, not sealed yet; what is left out is
// counted.
func (x *Exchange) exportable(v View, c heed.Case, me Self, peer Peer, out *Exported, now time.Time) ([]outgoingEnvelope, error) {
	errErased := &heed.Refused{Detail: fmt.Sprintf("contents of case %s were erased, and cannot be carried any more", c.Code.Spoken()), Hint: "`heed prove` shows what was said and when, without contents"}
	// That they are gone is the reason to give, also where the accord that had them
	// erased binds the other party no more.
	at, err := erased(v, c.ID)
	if err != nil {
		return nil, err
	}
	if !at.IsZero() {
		return nil, errErased
	}
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
		if s.Kind == heed.KindReceipt {
			parts, err := partsFor(v, kept)
			if err != nil {
				return nil, err
			}
			receipts = append(receipts, parts...)
			continue
		}
		e, err := x.inEnvelope(v, me.Card, Outgoing{Channel: channel, Statement: s.ID}, kept, now)
		if errors.Is(err, errCutOff) {
			out.CutOff++
			out.Accord = s.Accord
			continue
		}
		if isNotFound(err) {
			return nil, errErased
		}
		if err != nil {
			return nil, err
		}
		if e.Number, err = numberOf(v, c, s, channel); err != nil {
			return nil, err
		}
		if e.Number > 0 {
			batch = append(batch, e)
		}
	}
	if out.CutOff > 0 && len(batch)+len(receipts) == 0 {
		return nil, &heed.Refused{
			Detail: fmt.Sprintf("nothing that we said in case %s is sealed to %s: it was said under accord %s, which does not bind %s any more", c.Code.Spoken(), peer.Card.Party, out.Accord.Short(), peer.Card.Party),
			Hint:   fmt.Sprintf("`heed accord show %s` says whom it binds", out.Accord.Short()),
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
