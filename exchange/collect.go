package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// soonestCollect and latestCollect bound how often a depositary is asked,
// whatever a card says.
const (
	soonestCollect = time.Second
	latestCollect  = 30 * time.Minute
	// answersEvery is how often a peer's depositary is asked at least while it
	// may have the peer's answers for us.
	answersEvery = 5 * time.Minute
)

// collection is a depositary that is to be asked, and how often.
type collection struct {
	at    heed.Depositary
	every time.Duration
}

// CollectAll asks every depositary that is due: those that our card names, and
// those of peers for whom we have deposited something that has no receipt yet.
// It reports whether there may be more at once; an error is a failed attempt.
func (x *Exchange) CollectAll(ctx context.Context) (more bool, err error) {
	all, err := x.collections(ctx)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, c := range all {
		if !x.fallback.mayCollect(c, x.Now()) {
			continue
		}
		again, err := x.Collect(ctx, c.at)
		x.fallback.collected(c, again, err, x.Now())
		if err != nil {
			errs = append(errs, fmt.Errorf("collecting from %s: %w", c.at.Party, err))
			continue
		}
		more = more || again
	}
	return more, errors.Join(errs...)
}

// signedAt is a time for the next collect that is later than the last one's:
// a depositary serves none twice.
func (f *fallback) signedAt(key string, now time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if next := f.signed[key].Add(time.Millisecond); now.Before(next) && next.Sub(now) < time.Second {
		now = next
	}
	f.signed[key] = now
	return now
}

func (f *fallback) mayCollect(c collection, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, asked := f.collect[c.at.NodeKey]
	return (!asked || now.Sub(last) >= c.every || now.Before(last)) && !now.Before(f.alone[c.at.NodeKey])
}

func (f *fallback) collected(c collection, again bool, err error, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		f.alone[c.at.NodeKey] = now.Add(min(time.Second<<min(f.calls[c.at.NodeKey], 10), c.every))
		f.calls[c.at.NodeKey]++
	case again:
		delete(f.collect, c.at.NodeKey)
	default:
		f.collect[c.at.NodeKey] = now
		delete(f.calls, c.at.NodeKey)
	}
}

// collections lists the depositaries that may have something for us.
func (x *Exchange) collections(ctx context.Context) ([]collection, error) {
	var all []collection
	add := func(at heed.Depositary, every time.Duration) {
		every = min(max(every, soonestCollect), latestCollect)
		for i, c := range all {
			if c.at.NodeKey == at.NodeKey {
				all[i].every = min(c.every, every)
				return
			}
		}
		all = append(all, collection{at, every})
	}
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // what it collected now it could not give receipts for
		}
		for _, d := range me.Card.Depositaries {
			add(d, me.Card.CollectEvery/2)
		}
		// Whoever holds a former card of ours can deposit by it for ever.
		for card, i := me.Card, 0; card.Serial > 1 && i < MaxCollectCards; i++ {
			if card, err = v.Card(card.Previous); errors.Is(err, ErrNotFound) {
				break
			} else if err != nil {
				return err
			}
			for _, d := range card.Depositaries {
				add(d, card.CollectEvery/2)
			}
		}
		peers, err := v.Peers()
		if err != nil {
			return err
		}
		named := slices.ContainsFunc(peers, func(p Peer) bool { return len(p.Card.Depositaries) > 0 })
		if !named {
			return nil
		}
		waiting, err := v.Outbox(fallbackScan)
		if err != nil {
			return err
		}
		for _, p := range peers {
			if len(p.Card.Depositaries) == 0 {
				continue
			}
			awaited, err := x.awaited(v, p, waiting)
			if err != nil {
				return err
			}
			if !awaited {
				continue
			}
			for _, d := range p.Card.Depositaries {
				add(d, min(p.Card.CollectEvery/2, answersEvery))
			}
		}
		return nil
	})
	return all, err
}

// awaited reports whether something waits for a peer's receipt that one of its
// depositaries has.
func (x *Exchange) awaited(v View, peer Peer, waiting []Outgoing) (bool, error) {
	for _, o := range waiting {
		if o.Channel.Peer != peer.Card.Party {
			continue
		}
		taken, err := v.Deposits(o.Statement)
		if err != nil || len(taken) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// Collect asks one depositary for what it holds for us, receives it, and
// leaves our answers there for their senders. Only then does the next collect
// say that we have it. It reports whether there may be more.
func (x *Exchange) Collect(ctx context.Context, at heed.Depositary) (more bool, err error) {
	now := x.fallback.signedAt(at.NodeKey, x.Now())
	me, cards, after, err := x.beforeCollect(ctx, at)
	if err != nil || me.Restored {
		return false, err
	}
	node, err := x.keys.Node(me.Card.NodeKey)
	if err != nil {
		return false, err
	}
	collect, err := wire.SignCollect(wire.Collect{Depositary: at.Party, Party: x.party, Card: me.Card.Serial, After: uint64(after), Time: now}, node)
	if err != nil {
		return false, err
	}
	held, err := x.courier.Collect(ctx, at, cards, collect)
	if err != nil || len(held) == 0 {
		return false, err
	}
	if err := x.takeHeld(ctx, me, at, held); err != nil {
		return false, err
	}
	upTo := held[len(held)-1].Seq
	err = x.write(ctx, func(tx Tx) error { return tx.SetCollected(at.NodeKey, upTo) })
	return err == nil, err
}

// beforeCollect reads what goes into a collect: our cards, the present one
// first, as far as each names the key that signed the one after it.
func (x *Exchange) beforeCollect(ctx context.Context, at heed.Depositary) (me Self, cards [][]byte, after int64, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if me, err = v.Self(); err != nil {
			return err
		}
		if after, err = v.CollectedUpTo(at.NodeKey); err != nil {
			return err
		}
		cards = [][]byte{me.CardNote}
		later, laterNote := me.Card, me.CardNote
		for len(cards) < MaxCollectCards && later.Serial > 1 {
			former, err := v.Card(later.Previous)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			note, err := v.CardNote(former.ID)
			if err != nil {
				return err
			}
			if !succeedsCard(former, later, laterNote) {
				return nil
			}
			cards, later, laterNote = append(cards, note), former, note
		}
		return nil
	})
	return me, cards, after, err
}

// takeHeld receives what a depositary handed over, sender by sender.
func (x *Exchange) takeHeld(ctx context.Context, me Self, at heed.Depositary, held []Collected) error {
	of := map[heed.PartyID][]wire.Envelope{}
	var senders []heed.PartyID
	for _, c := range held {
		_, e, err := splitEnvelope(c.Envelope)
		if err != nil {
			x.log.Warn("a depositary handed over something that is no envelope", "depositary", at.Party, "seq", c.Seq, "error", err)
			continue
		}
		if of[e.Sender] == nil {
			senders = append(senders, e.Sender)
		}
		of[e.Sender] = append(of[e.Sender], e)
	}
	var errs []error
	for _, sender := range senders {
		// What one sender has left must not keep us from what others have.
		if err := x.receiveHeld(ctx, me, at, of[sender]); err != nil {
			errs = append(errs, fmt.Errorf("envelopes of %s: %w", sender, err))
		}
	}
	return errors.Join(errs...)
}

// receiveHeld takes the envelopes of one sender by the same way as those that
// are brought to the door, and deposits the answers.
func (x *Exchange) receiveHeld(ctx context.Context, me Self, at heed.Depositary, envelopes []wire.Envelope) error {
	sender := envelopes[0].Sender
	var back returned
	for _, run := range runs(envelopes) {
		// Before the next run, which may bring another card of the sender, and
		// with it another to answer to.
		answer, err := x.receiveRun(ctx, me, run, &back)
		if err == nil {
			err = x.depositAnswer(ctx, me, at, sender, answer)
		}
		if err != nil {
			return err
		}
	}
	if back.isBehind {
		if err := x.depositRenewals(ctx, sender, at); err != nil {
			return err
		}
	}
	if len(back.refusals) == 0 {
		return nil
	}
	answer, err := x.sealRefusals(ctx, me, sender, back.refusals, x.Now())
	if err != nil {
		return err
	}
	return x.depositAnswer(ctx, me, at, sender, answer)
}

// returned is what goes back to a sender of envelopes that were refused by their headers.
type returned struct {
	refusals []wire.Part
	isBehind bool // it holds a card of ours that was renewed
}

// runs cuts a sender's envelopes, in their order, into what is decided
// together: numbered ones in a row, and each other one alone. That one may
// bring the card that what follows is under.
func runs(envelopes []wire.Envelope) (all [][]wire.Envelope) {
	for i, e := range envelopes {
		if i == 0 || e.Number == 0 || envelopes[i-1].Number == 0 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], e)
	}
	return all
}

// receiveRun decides about one run. The answer is a stream; empty where none is owed.
func (x *Exchange) receiveRun(ctx context.Context, me Self, run []wire.Envelope, back *returned) (answer []byte, err error) {
	post := &incoming{held: true}
	now := x.Now()
	for _, e := range run {
		err := x.admitHeader(ctx, post, e.Header)
		var refused *heed.Refused
		switch {
		case errors.As(err, &refused):
			note, err := x.refuseHeld(ctx, me, e, refused, now)
			if err != nil {
				return nil, err
			}
			switch {
			case post.isBehind(e.Header):
				// Under the card that the refusal is under it could not be read:
				// what it needs is that card.
				back.isBehind = true
			case note != nil:
				back.refusals = append(back.refusals, wire.Part{Type: wire.PartRefusal, Data: note})
			}
		case err != nil:
			return nil, err
		default:
			if len(post.items) == 0 {
				post.first = e.Header
			}
			post.last = e.Header
			post.items = append(post.items, &item{envelope: e})
		}
	}
	if len(post.items) == 0 {
		return nil, nil
	}
	if err := x.decide(ctx, post, now); err != nil {
		return nil, err
	}
	if post.me.Restored {
		return nil, ErrRestored // nothing was taken: it is collected again
	}
	if err := x.followHeld(ctx, post, now); err != nil || !post.owesAnswer() {
		return nil, err
	}
	reply, err := x.answer(ctx, post, now)
	return reply.Envelope, err
}

// isBehind reports whether an envelope is, by its header, from a peer that
// holds a card of ours that was renewed since.
func (post *incoming) isBehind(h wire.Header) bool {
	return h.SenderCard == post.peer.Card.Serial && h.Node == post.peer.Card.NodeKey && h.RecipientCard < post.me.Card.Serial
}

// owesAnswer reports whether there is anything to say to the sender: an answer
// is not answered.
func (post *incoming) owesAnswer() bool {
	return slices.ContainsFunc(post.items, func(it *item) bool { return it.envelope.Number > 0 && it.answer != nil })
}

// followHeld is follow for envelopes that a depositary handed over: that one
// was written to says nothing of whether the sender can be reached. A renewed
// card that could not be kept is collected again: it comes no other way.
func (x *Exchange) followHeld(ctx context.Context, post *incoming, now time.Time) error {
	for _, it := range post.items {
		if it.refusal != nil {
			continue
		}
		x.notice(ctx, post.peer.Card, it.letter, now)
		if err := x.takeRenewed(ctx, post.peer.Card, it.letter); err != nil {
			return fmt.Errorf("renewed card of %s: %w", post.peer.Card.Party, err)
		}
	}
	return nil
}

// refuseHeld refuses an envelope by its header, on record where it says what it
// carries. It returns what the sender is told; nil where nobody known could be
// told, or nothing would come of it.
func (x *Exchange) refuseHeld(ctx context.Context, me Self, e wire.Envelope, refused *heed.Refused, now time.Time) ([]byte, error) {
	x.log.Warn("an envelope that was deposited for us was refused by its header", "sender", e.Sender, "number", e.Number, "code", refused.Code, "detail", refused.Detail)
	node, err := x.keys.Node(me.Card.NodeKey)
	if err != nil {
		return nil, err
	}
	f, note, err := wire.SignRefusal(wire.Refusal{
		Author: x.party, AuthorCard: me.Card.Serial, Sender: e.Sender, SenderCard: e.SenderCard, Number: e.Number,
		Envelope: e.SealedDigest, Time: now, Code: refused.Code, Detail: refused.Detail,
	}, node)
	if err != nil {
		return nil, err
	}
	if len(e.Carries) > 0 {
		err := x.write(ctx, func(tx Tx) error {
			if _, err := self(tx); err != nil {
				return err
			}
			return x.logRefusal(tx, e.Header, f, note)
		})
		if err != nil {
			return nil, err
		}
	}
	if e.Number == 0 || refused.Code != heed.StaleCard && refused.Code != heed.TooLarge {
		return nil, nil
	}
	return note, nil
}

// sealRefusals seals refusals to a peer that has our present card.
func (x *Exchange) sealRefusals(ctx context.Context, me Self, sender heed.PartyID, parts []wire.Part, now time.Time) ([]byte, error) {
	var peer Peer
	err := x.store.Read(ctx, func(v View) error {
		var err error
		peer, err = knownPeer(v, sender)
		return err
	})
	if err != nil {
		return nil, err
	}
	return x.sealFor(peer.Card, me.Card, 0, parts, now)
}

// depositAnswer leaves an answer, a stream that may be empty, with the
// depositary from which the questions came. An envelope of it that the
// depositary refuses is given up: its sender will send again.
func (x *Exchange) depositAnswer(ctx context.Context, me Self, at heed.Depositary, sender heed.PartyID, stream []byte) error {
	if len(stream) == 0 {
		return nil
	}
	var peer Peer
	err := x.store.Read(ctx, func(v View) error {
		var err error
		peer, err = v.Peer(sender)
		return err
	})
	if err != nil {
		return err
	}
	for len(stream) > 0 {
		h, err := wire.ReadHeader(bytes.NewReader(stream))
		if err != nil {
			return err
		}
		n := envelopeSize(stream, h)
		note, err := x.courier.Deposit(ctx, at, me.CardNote, peer.CardNote, stream[:n])
		var refused *heed.Refused
		switch {
		case errors.As(err, &refused):
			x.log.Warn("a depositary would not take our answer", "depositary", at.Party, "for", sender, "error", err)
		case err != nil:
			return err
		default:
			if err := checkDeposit(note, at, peer.Card, h, x.Now()); err != nil {
				x.log.Warn("a depositary gave no proper deposit for our answer", "for", sender, "error", err)
			}
		}
		stream = stream[n:]
	}
	return nil
}
