package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// openAnswer opens the envelopes of an answer: from that peer, to us, number 0.
func (x *Exchange) openAnswer(ctx context.Context, peer Peer, stream []byte) ([]letter, error) {
	var me Self
	err := x.store.Read(ctx, func(v View) error {
		var err error
		me, err = v.Self()
		return err
	})
	if err != nil {
		return nil, err
	}
	var letters []letter
	in := bytes.NewReader(stream)
	for {
		h, err := wire.ReadHeader(in)
		if errors.Is(err, wire.ErrNoEnvelope) {
			if len(letters) == 0 {
				return nil, fmt.Errorf("%s sent an empty answer", peer.Card.Party)
			}
			return letters, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Sender != peer.Card.Party || h.Recipient != x.party || h.Number != 0 || h.Node != peer.Card.NodeKey {
			return nil, fmt.Errorf("the answer is from %s to %s, and not %s's to us", h.Sender, h.Recipient, peer.Card.Party)
		}
		if h.Sealed > int64(in.Len()) {
			return nil, fmt.Errorf("the answer of %s is cut short", peer.Card.Party)
		}
		e, err := wire.ReadBody(in, h)
		if err != nil {
			return nil, err
		}
		l, err := x.openLetter(e)
		if err != nil {
			return nil, fmt.Errorf("answer of %s: %w", peer.Card.Party, err)
		}
		if err := checkAuthors(l, &incoming{me: me, peer: peer}); err != nil {
			return nil, fmt.Errorf("answer of %s: %w", peer.Card.Party, err)
		}
		letters = append(letters, l)
	}
}

// absorb takes in what an envelope outside the channels holds: receipts and
// refusals for what we sent, and, for a restored node, what it has lost. One
// bad receipt does not keep the good ones out: refused says what was left.
func (x *Exchange) absorb(tx Tx, peer heed.Card, l letter, now time.Time) (refused []error, err error) {
	touched := map[heed.CaseID]bool{}
	for _, k := range l.statements {
		err := x.absorbStatement(tx, peer, l, k, now)
		var rule *heed.Refused
		if errors.As(err, &rule) {
			refused = append(refused, err)
			if err := x.trouble(tx, peer.Party, rule.Error()); err != nil {
				return refused, err
			}
			continue
		}
		if err != nil {
			return refused, err
		}
		touched[k.Statement.CaseID()] = true
	}
	for id := range touched {
		if err := x.reindex(tx, id, now); err != nil && !errors.Is(err, ErrNotFound) {
			return refused, err
		}
	}
	for _, f := range l.refusals {
		if err := x.absorbRefusal(tx, f, l.refused[f.Envelope], now); err != nil {
			return refused, err
		}
	}
	return refused, nil
}

// checkReceipt holds a receipt against the terms by which it promises. A
// restored node may have lost the accord that gives them, but has the leaf of
// what it sent: then it stands as it is.
func checkReceipt(v View, receipt, sent heed.Statement, card heed.Card, now time.Time) error {
	terms, err := termsFor(v, sent, card, receipt.Received)
	if isUnknownAccord(err) {
		me, other := v.Self()
		if other != nil || me.Restored {
			return other
		}
	}
	if err != nil {
		return err
	}
	return heed.CheckReceipt(receipt, sent, terms, now)
}

func (x *Exchange) absorbStatement(tx Tx, peer heed.Card, l letter, k Kept, now time.Time) error {
	s := k.Statement
	if _, err := tx.Kept(s.ID); err == nil {
		return x.given(tx, s)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	card, err := signedByCard(tx, s)
	if err != nil {
		return err
	}
	k.Arrived = now
	if s.Kind == heed.KindReceipt && s.Author == peer.Party {
		sent, err := tx.Kept(s.Answers[0])
		if errors.Is(err, ErrNotFound) {
			return heed.Refuse(heed.NotAdmitted, "%s receipted statement %s, which we do not have", s.Author, s.Answers[0].Short())
		}
		if err != nil {
			return err
		}
		if err := checkTerms(tx, s, sent.Statement, card); err != nil {
			return err
		}
		if err := checkReceipt(tx, s, sent.Statement, card, now); err != nil {
			return err
		}
		if err := roomForReceipt(tx, s); err != nil {
			return err
		}
		if err := errors.Join(tx.Keep(k), l.keepAfter(tx, s)); err != nil {
			return err
		}
		me, err := tx.Self()
		if err != nil {
			return err
		}
		if me.Restored {
			if err := tx.Raise(Channel{Peer: peer.Party, OurCard: s.RecipientCard, TheirCard: s.AuthorCard, Outward: true}, s.Number); err != nil {
				return err
			}
		}
		x.fallback.expect(s)
		return x.given(tx, s)
	}
	return x.restore(tx, peer, l, k, now)
}

// roomForReceipt keeps a first receipt, and a second one, which proves that its
// author lied. More would prove nothing, and fill the case.
func roomForReceipt(v View, receipt heed.Statement) error {
	c, err := v.Case(receipt.CaseID())
	if err != nil {
		return err
	}
	held := 0
	for _, s := range c.Statements {
		if s.Kind == heed.KindReceipt && s.Author == receipt.Author && s.AnswersTo(receipt.Answers[0]) {
			held++
		}
	}
	if held > 1 {
		return heed.Refuse(heed.Equivocation, "%s gave %d receipts for statement %s already", receipt.Author, held, receipt.Answers[0].Short())
	}
	return nil
}

// maxReceiptNumber keeps a peer from driving a restored node's channel, which
// goes on after the highest number receipted, to its end.
const maxReceiptNumber = 1 << 52

// checkTerms holds a receipt against the card whose terms it names: it is the
// card under which the receipt is signed, not one older than the statement was
// made for, and its ledger is that card's. Otherwise a peer could choose among
// all the terms that it ever had.
func checkTerms(v View, receipt, sent heed.Statement, card heed.Card) error {
	bad := func(why string) error {
		return heed.Refuse(heed.NotAdmitted, "receipt of %s for %s statement %s: %s", receipt.Author, sent.Kind, sent.ID.Short(), why)
	}
	switch {
	case receipt.Terms != card.ID:
		return bad("its terms are not those of the card under which it is signed")
	case receipt.AuthorCard < sent.RecipientCard:
		return bad("its terms are those of an older card than the statement was made for")
	case receipt.Number > maxReceiptNumber:
		return bad("no channel has come so far")
	case receipt.Ledger != card.LedgerKey:
		return bad("it names another ledger than the card")
	}
	id, err := v.Sent(Channel{Peer: receipt.Author, OurCard: receipt.RecipientCard, TheirCard: receipt.AuthorCard, Outward: true}, receipt.Number)
	if errors.Is(err, ErrNotFound) {
		return nil // a restored node has lost which numbers it gave
	}
	if err == nil && id != sent.ID {
		err = bad("it names the number of another statement")
	}
	return err
}

// given takes what a receipt is for out of the outbox.
func (x *Exchange) given(tx Tx, s heed.Statement) error {
	if s.Kind != heed.KindReceipt || s.Author == x.party {
		return nil
	}
	err := tx.Unqueue(s.Answers[0])
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// absorbRefusal takes a refusal of one of our envelopes: a passing one puts
// the statement back into the queue under a fresh number, a final one drops it.
func (x *Exchange) absorbRefusal(tx Tx, f wire.Refusal, note []byte, now time.Time) error {
	channel := Channel{Peer: f.Author, OurCard: f.SenderCard, TheirCard: f.AuthorCard, Outward: true}
	id, err := tx.Sent(channel, f.Number)
	if errors.Is(err, ErrNotFound) {
		return nil // of another age of this node, or made up: nothing of ours is refused
	}
	if err != nil {
		return err
	}
	queued, err := tx.Queued(id)
	if errors.Is(err, ErrNotFound) || err == nil && (queued.Number != f.Number || queued.Channel != channel) {
		return nil // it was given meanwhile, or goes under another number already
	}
	if err != nil {
		return err
	}
	// A number that was used says nothing about what came under it: its first
	// answer was lost, or this node was restored and gave the number twice.
	if !f.Code.Passing() && f.Code != heed.NumberReused {
		if err := tx.Drop(id, note); err != nil {
			return err
		}
		if err := tx.Unqueue(id); err != nil {
			return err
		}
		x.log.Error("a peer refused a statement for good", "peer", f.Author, "statement", id.String(), "code", f.Code, "detail", f.Detail)
		return x.reindex(tx, queued.Case, now)
	}
	if f.Code == heed.ClockAhead {
		// Nothing gets through until somebody sets a clock right.
		if err := x.trouble(tx, f.Author, fmt.Sprintf("%s refuses what we sign: %s", f.Author, f.Detail)); err != nil {
			return err
		}
	}
	wait := min(max(f.RetryAfter, Backoff(queued.Attempts)), longestRetry)
	current, err := x.outward(tx, f.Author)
	if err != nil {
		return err
	}
	if f.Code != heed.CatchingUp {
		if _, err := tx.Enqueue(current, queued.Case, id, now, now.Add(wait)); err != nil {
			return err
		}
	}
	return tx.Tried(id, now.Add(wait), fmt.Sprintf("%s: %s", f.Code, f.Detail), note)
}

// longestRetry is the longest that a peer's word keeps a statement waiting.
const longestRetry = time.Hour

// trouble notes on a peer what people should look at.
func (x *Exchange) trouble(tx Tx, party heed.PartyID, what string) error {
	peer, err := tx.Peer(party)
	if err != nil {
		return err
	}
	x.log.Warn("trouble with a peer", "peer", party, "trouble", what)
	if peer.Trouble == what {
		return nil
	}
	peer.Trouble = what
	return tx.PutPeer(peer)
}

// notice follows up what a peer's envelope says besides statements: gaps, its
// newest checkpoint, the newest of ours that it holds. What fails of it is
// noted, and comes again with the next contact.
func (x *Exchange) notice(ctx context.Context, peer heed.Card, l letter, now time.Time) {
	note := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			x.log.Warn("follow-up with a peer failed", "peer", peer.Party, "what", what, "error", err)
		}
	}
	if len(l.missing) > 0 {
		x.contact.Lock()
		x.wanted[peer.Party] = l.missing
		x.contact.Unlock()
		x.errands.deliver(peer.Party)
	}
	if l.head != nil {
		note("checkpoint", x.compareHead(ctx, peer, l.head))
	}
	if l.seen != nil {
		note("our own checkpoint", x.compareOwn(ctx, peer.Party, l.seen, now))
	}
}

// headParts are our newest checkpoint and the newest of the peer's ledger that
// we hold, which go with every contact.
func (x *Exchange) headParts(v View, peer heed.Card) ([]wire.Part, error) {
	var parts []wire.Part
	if head, err := v.Head(); err == nil {
		parts = append(parts, wire.Part{Type: wire.PartCheckpoint, Data: head.Note})
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	origin, err := ledgerOrigin(peer)
	if err != nil {
		return nil, err
	}
	if seen, err := v.MirrorHead(origin); err == nil {
		parts = append(parts, wire.Part{Type: wire.PartSeen, Data: seen.Note})
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return parts, nil
}

func ledgerOrigin(card heed.Card) (string, error) {
	key, err := seal.ParseVerifyKey(card.LedgerKey)
	if err != nil {
		return "", fmt.Errorf("ledger key of %s: %w", card.Party, err)
	}
	return key.Name(), nil
}

func parseHead(card heed.Card, note []byte) (ledger.Checkpoint, error) {
	key, err := seal.ParseVerifyKey(card.LedgerKey)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("ledger key of %s: %w", card.Party, err)
	}
	return ledger.ParseCheckpoint(note, key.Name(), key)
}
