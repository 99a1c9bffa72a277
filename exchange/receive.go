package exchange

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// Bounds of one stream of envelopes.
const (
	MaxStream      = 256       // envelopes
	MaxStreamBytes = 512 << 20 // sealed bytes in all
)

// Receive takes a stream of sealed envelopes from a peer and returns our
// signed receipts, sealed to it. A receipt is a promise: it leaves only after
// the statement, the duties that it creates and its ledger entry are committed
// together. A resend gets its first receipt back.
//
// An error is a *heed.Refused where the sender is at fault and is nobody to
// whom we could seal an answer; anything else is ours.
func (x *Exchange) Receive(ctx context.Context, in io.Reader) (Reply, error) {
	post, err := x.takeIn(ctx, in)
	now := x.Now() // once all of it is here: a slow sender must not date our promise back
	if err != nil {
		return x.turnAway(ctx, err, post, now)
	}
	if err := x.decide(ctx, post, now); err != nil {
		return Reply{}, err
	}
	x.follow(ctx, post, now)
	return x.answer(ctx, post, now)
}

// decide opens every envelope, decides about it, and commits all decisions together.
func (x *Exchange) decide(ctx context.Context, post *incoming, now time.Time) error {
	x.openAllLetters(post)
	if err := x.lookAtSeen(ctx, post, now); err != nil {
		return err
	}
	if err := x.promise(ctx, post, now); err != nil {
		return err
	}
	return x.commitPost(ctx, post, now)
}

// lookAtSeen compares our ledger with what the sender has seen of it before
// anything is logged: a leaf that was appended to an older state of the ledger
// could never be taken back.
func (x *Exchange) lookAtSeen(ctx context.Context, post *incoming, now time.Time) error {
	for _, it := range post.items {
		if it.refusal != nil || it.letter.seen == nil || post.me.Restored {
			continue
		}
		if err := x.compareOwn(ctx, post.peer.Card.Party, it.letter.seen, now); err != nil {
			x.log.Error("our ledger and what a peer shows of it do not agree", "peer", post.peer.Card.Party, "error", err)
			continue
		}
		me, err := x.Self(ctx)
		if err != nil {
			return err
		}
		post.me.Restored = me.Restored
	}
	return nil
}

// commitPost commits the decisions about every envelope.
func (x *Exchange) commitPost(ctx context.Context, post *incoming, now time.Time) error {
	for some := range slices.Chunk(post.items, commitAtOnce) {
		if err := x.commitSome(ctx, post, some, now); err != nil {
			return err
		}
	}
	return nil
}

// commitAtOnce bounds how long one peer's stream keeps everybody else from
// writing. What was committed before a failure is a resend's first receipt.
const commitAtOnce = 16

func (x *Exchange) commitSome(ctx context.Context, post *incoming, some []*item, now time.Time) error {
	return x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		if me.Restored {
			post.catchingUp()
		}
		// A stream may take hours to arrive: whoever it began with may be no peer
		// any more, or have given up the key that signed it.
		peer, err := tx.Peer(post.peer.Card.Party)
		if err != nil {
			return err
		}
		if peer.Removed || peer.Card.NodeKey != post.peer.Card.NodeKey {
			return heed.Refuse(heed.StaleCard, "%s was removed or has another key since its stream began", post.peer.Card.Party)
		}
		for _, item := range some {
			if err := x.admit(tx, post, item, now); err != nil {
				return err
			}
		}
		if post.first.RecipientCard == me.Card.Serial {
			if err := tx.ForgetRenewals(post.peer.Card.Party); err != nil {
				return err
			}
		}
		return x.contacted(tx, post.peer.Card.Party, now)
	})
}

// incoming is one stream on its way through Receive.
type incoming struct {
	me    Self
	peer  Peer
	items []*item
	first wire.Header // of the first envelope that could be read
	last  wire.Header // of the last one: in a stream that was refused, the one that it was refused for
	held  bool        // a depositary handed it over
}

// item is one envelope of the stream and what becomes of it.
type item struct {
	envelope wire.Envelope
	letter   letter
	receipt  Kept   // prepared before the transaction, void if refused there
	answer   []byte // the signed receipt or refusal that the sender gets
	accepted bool   // answer is a receipt
	refusal  error  // *heed.Refused: decided before the transaction
}

// promise prepares the receipts, outside the transaction: signing is slow.
func (x *Exchange) promise(ctx context.Context, post *incoming, now time.Time) error {
	if post.me.Restored {
		post.catchingUp()
		return nil
	}
	var after heed.Digest
	err := x.store.Read(ctx, func(v View) (err error) {
		after, err = x.after(v)
		return err
	})
	if err != nil {
		return err
	}
	for _, it := range post.items {
		if it.refusal != nil || it.envelope.Number == 0 {
			continue
		}
		s := it.letter.statements[0].Statement
		var terms heed.Baseline
		err := x.store.Read(ctx, func(v View) (err error) {
			terms, err = termsFor(v, s, post.me.Card, now)
			return err
		})
		var refused *heed.Refused
		if errors.As(err, &refused) {
			it.refusal = err
			continue
		}
		if err != nil {
			return err
		}
		receipt, err := x.receiptFor(s, it.envelope.Header, post.me.Card, terms, after, now)
		if err != nil {
			return err
		}
		it.receipt = receipt
	}
	return nil
}

// catchingUp refuses every numbered envelope, whatever is wrong with it: a
// refusal that is logged or that consumes its number has to wait until the
// ledger is whole again.
func (post *incoming) catchingUp() {
	post.me.Restored = true
	for _, it := range post.items {
		if it.envelope.Number > 0 {
			it.refusal = heed.Refuse(heed.CatchingUp, "%v", ErrRestored)
		}
	}
}

func (x *Exchange) receiptFor(s heed.Statement, h wire.Header, card heed.Card, terms heed.Baseline, after heed.Digest, now time.Time) (Kept, error) {
	node, err := x.keys.Node(card.NodeKey)
	if err != nil {
		return Kept{}, err
	}
	receipt, note, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindReceipt, Case: s.CaseID(), Author: x.party, AuthorCard: card.Serial, Recipient: s.Author, RecipientCard: h.SenderCard,
		Time: now, After: after, Answers: []heed.StatementID{s.ID}, TagKey: s.TagKey,
		Number: h.Number, Received: now, Ledger: card.LedgerKey, Terms: card.ID, PublishBy: now.Add(card.PublicationDelay),
		Duties: heed.Promises(s, terms, now),
	}, node)
	return Kept{Statement: receipt, Note: note, Arrived: now}, err
}

// contacted notes that the peer is alive.
func (x *Exchange) contacted(tx Tx, party heed.PartyID, now time.Time) error {
	peer, err := tx.Peer(party)
	if err != nil {
		return err
	}
	if now.Sub(peer.LastContact) < time.Second {
		return nil
	}
	peer.LastContact = now
	return tx.PutPeer(peer)
}

// follow does what a stream asks for besides being received: it is done after
// the commit, and what fails of it is tried again at the next contact.
func (x *Exchange) follow(ctx context.Context, post *incoming, now time.Time) {
	party := post.peer.Card.Party
	x.errands.deliver(party) // who writes can be written to
	for _, it := range post.items {
		if it.refusal == nil {
			x.notice(ctx, post.peer.Card, it.letter, now)
			x.report(ctx, "renewed card of "+string(party), x.takeRenewed(ctx, post.peer.Card, it.letter))
		}
	}
}
