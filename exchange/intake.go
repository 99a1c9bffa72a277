package exchange

import (
	"context"
	"errors"
	"io"
	"time"

	"heed"
	"heed/wire"
)

// takeIn reads the stream and refuses on the outer header what can be refused
// there, before anything is decrypted.
func (x *Exchange) takeIn(ctx context.Context, in io.Reader) (*incoming, error) {
	post := &incoming{}
	var total int64
	for {
		h, err := wire.ReadHeader(in)
		if errors.Is(err, wire.ErrNoEnvelope) && len(post.items) > 0 {
			return post, nil
		}
		if err != nil {
			return post, refusalOf(err)
		}
		if len(post.items) == 0 {
			post.first = h
		}
		post.last = h
		if err := x.admitHeader(ctx, post, h); err != nil {
			return post, err
		}
		if total += h.Sealed; total > MaxStreamBytes || len(post.items) == MaxStream {
			return post, heed.Refuse(heed.TooLarge, "more than %d envelopes or %d bytes at once", MaxStream, int64(MaxStreamBytes))
		}
		e, err := wire.ReadBody(in, h)
		if err != nil {
			return post, refusalOf(err)
		}
		post.items = append(post.items, &item{envelope: e})
	}
}

// admitHeader decides by the signed header alone.
func (x *Exchange) admitHeader(ctx context.Context, post *incoming, h wire.Header) error {
	if h.Recipient != x.party {
		return heed.Refuse(heed.WrongRecipient, "the envelope is for %s, and this is %s", h.Recipient, x.party)
	}
	if len(post.items) > 0 && h.Sender != post.first.Sender {
		return heed.Refuse(heed.Malformed, "one stream holds envelopes of %s and of %s", post.first.Sender, h.Sender)
	}
	if len(post.items) == 0 {
		if err := x.recognise(ctx, post, h.Sender); err != nil {
			return err
		}
	}
	switch {
	case h.SenderCard > post.peer.Card.Serial:
		// The sender has renewed its card. It cannot bring us the new one under
		// a card that we do not hold, so we fetch it.
		x.errands.card(h.Sender)
		return heed.Refuse(heed.StaleCard, "the envelope is under card %d of %s, and we hold card %d", h.SenderCard, h.Sender, post.peer.Card.Serial)
	case h.SenderCard != post.peer.Card.Serial:
		return heed.Refuse(heed.StaleCard, "the envelope is under card %d of %s, and we hold card %d", h.SenderCard, h.Sender, post.peer.Card.Serial)
	case h.Node != post.peer.Card.NodeKey:
		return heed.Refuse(heed.BadSignature, "the envelope is not signed by the key of %s", h.Sender)
	case h.RecipientCard != post.me.Card.Serial && !post.answersFormerCard(h):
		return heed.Refuse(heed.StaleCard, "the envelope is for card %d of %s, and the card is now %d", h.RecipientCard, x.party, post.me.Card.Serial)
	case h.Sealed > post.me.Card.MaxEnvelope || h.Opened > post.me.Card.MaxEnvelope:
		return heed.Refuse(heed.TooLarge, "the envelope has %d bytes, and our card admits %d", max(h.Sealed, h.Opened), post.me.Card.MaxEnvelope)
	}
	return nil
}

// answersFormerCard reports whether an envelope outside the channels was left
// with a depositary for a card of ours that was renewed since: a receipt, or
// the sender's renewed card. It is signed by its sender all the same, and binds
// us to nothing new.
func (post *incoming) answersFormerCard(h wire.Header) bool {
	return post.held && h.Number == 0 && h.RecipientCard < post.me.Card.Serial
}

// recognise finds out who is writing.
func (x *Exchange) recognise(ctx context.Context, post *incoming, sender heed.PartyID) error {
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if post.me, err = v.Self(); err != nil {
			return err
		}
		post.peer, err = v.Peer(sender)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && post.peer.Removed {
		return heed.Refuse(heed.UnknownSender, "%s is not a peer of %s", sender, x.party)
	}
	return err
}

// turnAway answers a stream that was refused as a whole with a bare signed
// refusal; it is not sealed, so it says nothing but the code and the reason.
func (x *Exchange) turnAway(ctx context.Context, cause error, post *incoming, now time.Time) (Reply, error) {
	var refused *heed.Refused
	if !errors.As(cause, &refused) || post.first.Sender == "" || post.me.Restored {
		return Reply{}, cause
	}
	if post.me.Card.Serial == 0 {
		// It was refused before it was clear who is writing.
		var err error
		if post.me, err = x.Self(ctx); err != nil || post.me.Restored {
			return Reply{}, errors.Join(err, cause)
		}
	}
	node, err := x.keys.Node(post.me.Card.NodeKey)
	if err != nil {
		return Reply{}, err
	}
	_, note, err := wire.SignRefusal(wire.Refusal{
		Author: x.party, AuthorCard: post.me.Card.Serial, Sender: post.last.Sender, SenderCard: post.last.SenderCard,
		Number: post.last.Number, Envelope: post.last.SealedDigest, Time: now, Code: refused.Code, Detail: refused.Detail,
	}, node)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Refusal: note}, cause
}

// openAllLetters decrypts and verifies on all processors.
func (x *Exchange) openAllLetters(post *incoming) {
	abreast(4, len(post.items), func(i int) {
		it := post.items[i]
		it.letter, it.refusal = x.openLetter(it.envelope)
		if it.refusal == nil {
			it.refusal = checkAuthors(it.letter, post)
		}
	})
}

// checkAuthors refuses statements that the sender did not make for us. In an
// answer to a refetch the sender returns our own.
func checkAuthors(l letter, post *incoming) error {
	for _, k := range l.statements {
		s := k.Statement
		switch {
		case !s.Kind.InCase():
			return heed.Refuse(heed.NotAdmitted, "a %s is not carried as a statement of a case", s.Kind)
		case s.Author == post.peer.Card.Party && s.Recipient == post.me.Card.Party:
		case l.header.Number == 0 && s.Author == post.me.Card.Party && s.Recipient == post.peer.Card.Party:
		default:
			return heed.Refuse(heed.WrongRecipient, "statement %s is from %s to %s", s.ID.Short(), s.Author, s.Recipient)
		}
	}
	for _, f := range l.refusals {
		if f.Author != post.peer.Card.Party || f.Sender != post.me.Card.Party || f.Node != post.peer.Card.NodeKey {
			return heed.Refuse(heed.BadSignature, "a refusal is not the sender's, or not for us")
		}
	}
	return nil
}
