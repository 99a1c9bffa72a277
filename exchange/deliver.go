package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/seal"
	"heed/wire"
)

// Bounds of one delivery: many envelopes a request, so that a backlog drains
// at the speed of the disk and not of the round trip.
const (
	batchEnvelopes = 64
	batchBytes     = 16 << 20
)

// Backoff is how long a peer that failed is left alone.
func Backoff(attempts int) time.Duration {
	const first, most = 250 * time.Millisecond, time.Minute
	if attempts > 8 {
		return most
	}
	return min(first<<attempts, most)
}

// Deliver sends what waits for one peer, in the order of its channel, and
// takes in the receipts. It reports whether more is waiting; an error is a
// failed attempt, to be repeated after Backoff.
func (x *Exchange) Deliver(ctx context.Context, party heed.PartyID) (more bool, err error) {
	now := x.Now()
	out, err := x.pack(ctx, party, now)
	if err != nil {
		return false, err
	}
	if err := x.withhold(ctx, out, now); err != nil || len(out.batch) == 0 {
		return false, err
	}
	stream, err := x.sealAll(&out, now)
	if err != nil {
		return false, err
	}
	reply, err := x.courier.Carry(ctx, out.peer.Card, stream)
	if err != nil {
		return false, x.failed(ctx, out, err)
	}
	if reply.Refusal != nil {
		return x.turnedAway(ctx, out, reply.Refusal)
	}
	if err := x.takeAnswer(ctx, out.peer, out.digest, reply.Envelope); err != nil {
		return false, x.failed(ctx, out, err)
	}
	x.fallback.reached(party)
	if unanswered, err := x.unanswered(ctx, out); err != nil || len(unanswered) > 0 {
		out.batch = unanswered
		return false, errors.Join(err, x.failed(ctx, out, fmt.Errorf("%s answered, but not for everything that it was sent", party)))
	}
	return out.full, nil
}

// unanswered is what the peer has given neither a receipt nor a refusal for:
// without this a peer that answers nothing would be called again at once.
func (x *Exchange) unanswered(ctx context.Context, out outgoing) (left []outgoingEnvelope, err error) {
	err = x.store.Read(ctx, func(v View) error {
		for _, sent := range out.batch {
			now, err := v.Queued(sent.Statement)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if now.Number == sent.Number && now.Channel == sent.Channel && now.Attempts == sent.Attempts {
				left = append(left, sent)
			}
		}
		return nil
	})
	return left, err
}

// outgoing is one delivery on its way.
type outgoing struct {
	me     Self
	peer   Peer
	batch  []outgoingEnvelope
	full   bool
	cut    []Outgoing  // what is sealed to the peer no more
	digest heed.Digest // of the first envelope, by which the answer names its request
}

type outgoingEnvelope struct {
	Outgoing
	parts []wire.Part
	roles []seal.Recipient // of the peer, to which it is sealed too
}

// pack reads what is to be sent, with everything that belongs to it.
func (x *Exchange) pack(ctx context.Context, party heed.PartyID, now time.Time) (outgoing, error) {
	var out outgoing
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if out.me, err = v.Self(); err != nil || out.me.Restored {
			return err
		}
		out.peer, err = v.Peer(party)
		if errors.Is(err, ErrNotFound) || err == nil && out.peer.Removed {
			return nil
		}
		if err != nil {
			return err
		}
		pending, err := v.Pending(party, now, batchEnvelopes)
		if err != nil {
			return err
		}
		out.full = len(pending) == batchEnvelopes
		pending = append(pending, x.wantedAgain(v, out)...)
		var size int
		for _, o := range pending {
			kept, err := v.Kept(o.Statement)
			if err != nil {
				return fmt.Errorf("queued statement %s: %w", o.Statement.Short(), err)
			}
			e, err := x.inEnvelope(v, out.me.Card, o, kept, now)
			if errors.Is(err, errCutOff) {
				out.cut = append(out.cut, o)
				continue
			}
			if err != nil {
				return err
			}
			for _, p := range e.parts {
				size += len(p.Data)
			}
			if len(out.batch) > 0 && size > batchBytes {
				out.full = true
				return nil
			}
			if len(out.batch) == 0 {
				heads, err := x.headParts(v, out.peer.Card)
				if err != nil {
					return err
				}
				e.parts = append(e.parts, heads...)
			}
			out.batch = append(out.batch, e)
		}
		return nil
	})
	return out, err
}

// inEnvelope is what is sealed to its recipient of one statement of ours. Every
// way to a peer - the network, its depositaries, a file - asks here, at the time
// at which it seals: what could be sealed yesterday need not be today. The error
// matches errCutOff where nothing is, and ErrNotFound where a content was erased.
func (x *Exchange) inEnvelope(v View, present heed.Card, o Outgoing, kept Kept, now time.Time) (e outgoingEnvelope, err error) {
	if err := x.cutOff(v, kept.Statement, now); err != nil {
		return e, err
	}
	if e.parts, err = partsFor(v, kept); err != nil {
		return e, err
	}
	former, err := x.formerCard(v, present, kept.Statement)
	if err != nil {
		return e, err
	}
	e.Outgoing, e.parts = o, append(e.parts, former...)
	e.roles, err = x.roleKeys(v, kept.Statement)
	return e, err
}

// formerCard goes with a statement that was signed under a card of ours before
// the present one: the peer may have been away while that one held.
func (x *Exchange) formerCard(v View, present heed.Card, s heed.Statement) ([]wire.Part, error) {
	if s.AuthorCard == present.Serial {
		return nil, nil
	}
	card, err := v.CardOf(x.party, s.AuthorCard)
	if err != nil {
		return nil, fmt.Errorf("our card %d: %w", s.AuthorCard, err)
	}
	note, err := v.CardNote(card.ID)
	if err != nil {
		return nil, fmt.Errorf("our card %d: %w", s.AuthorCard, err)
	}
	return []wire.Part{{Type: wire.PartCard, Data: note}}, nil
}

// wantedAgain finds numbers that the peer has asked for although they do not
// wait in the outbox: it lost them after it had receipted them.
func (x *Exchange) wantedAgain(v View, out outgoing) []Outgoing {
	party := out.peer.Card.Party
	x.contact.Lock()
	numbers := x.wanted[party]
	delete(x.wanted, party)
	x.contact.Unlock()
	channel := Channel{Peer: party, OurCard: out.me.Card.Serial, TheirCard: out.peer.Card.Serial, Outward: true}
	var again []Outgoing
	for _, n := range numbers {
		id, err := v.Sent(channel, n)
		if err != nil {
			continue // never given by us: there is nothing that could be sent
		}
		if queued, err := v.Queued(id); err == nil && queued.Number == n {
			continue // it is on its way as it is
		}
		kept, err := v.Kept(id)
		if err != nil {
			continue // as above
		}
		if here, err := hasContents(v, kept.Statement); err != nil || !here {
			continue // erased: a peer that has lost it gets the statement back by catching up
		}
		again = append(again, Outgoing{Channel: channel, Number: n, Statement: id})
	}
	return again
}

// sealAll seals the envelopes on all processors and joins them in order.
func (x *Exchange) sealAll(out *outgoing, now time.Time) ([]byte, error) {
	sealed := make([][]byte, len(out.batch))
	errs := make([]error, len(out.batch))
	abreast(4, len(out.batch), func(i int) {
		sealed[i], errs[i] = x.sealFor(out.peer.Card, out.me.Card, out.batch[i].Number, out.batch[i].parts, now, out.batch[i].roles...)
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	stream := slices.Concat(sealed...)
	first, err := wire.ReadHeader(bytes.NewReader(stream))
	out.digest = first.SealedDigest
	return stream, err
}

// roleKeys is to whom a reminder is sealed beside the party: the role that it
// reminds, where the accord gives that a key of its own. So the role can read
// it, by whatever way it comes, when the party's node does nothing with it.
func (x *Exchange) roleKeys(v View, s heed.Statement) ([]seal.Recipient, error) {
	if s.Kind != heed.KindReminder {
		return nil, nil
	}
	c, err := v.Case(s.CaseID())
	if err != nil || c.Opening.Version.IsZero() || c.Opening.Kind.OfAccord() {
		return nil, err
	}
	terms, err := accordOf(v, c.Opening)
	if err != nil {
		return nil, err
	}
	m, _ := terms.Member(s.Recipient)
	key, ok := m.Key(s.Role)
	if !ok {
		return nil, nil
	}
	to, err := seal.ParseRecipient(key)
	if err != nil {
		return nil, fmt.Errorf("key of %s of %s in accord %s: %w", s.Role, s.Recipient, c.Opening.Accord.Short(), err)
	}
	return []seal.Recipient{to}, nil
}

// sealFor seals parts to a peer, and to roles of it, in an envelope of ours.
func (x *Exchange) sealFor(peer, me heed.Card, number uint64, parts []wire.Part, now time.Time, roles ...seal.Recipient) ([]byte, error) {
	return x.sealCarrying(peer, me, number, parts, nil, now, roles...)
}

// recipients are the peers' sealing keys, decoded: decoding one takes as long
// as sealing to it.
type recipients struct {
	mu sync.Mutex
	to map[heed.PartyID]seal.Recipient
}

func (r *recipients) of(card heed.Card) (seal.Recipient, error) {
	r.mu.Lock()
	to := r.to[card.Party]
	r.mu.Unlock()
	if !to.IsZero() && to.String() == card.SealingKey {
		return to, nil
	}
	to, err := seal.ParseRecipient(card.SealingKey)
	if err != nil {
		return to, fmt.Errorf("sealing key of %s: %w", card.Party, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to[card.Party] = to
	return to, nil
}

// failed notes a failed attempt on what was tried, for people to see.
func (x *Exchange) failed(ctx context.Context, out outgoing, cause error) error {
	if ctx.Err() != nil {
		return cause
	}
	err := x.store.Write(ctx, func(tx Tx) error {
		for _, o := range out.batch {
			if err := tx.Tried(o.Statement, o.NextAt, cause.Error(), nil); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return nil
	})
	return errors.Join(cause, err)
}

// turnedAway takes a bare signed refusal of the whole stream. It reports whether
// to go on at once, without the one envelope that is to blame.
func (x *Exchange) turnedAway(ctx context.Context, out outgoing, note []byte) (more bool, err error) {
	f, err := wire.ParseRefusal(note)
	if err != nil {
		return false, x.failed(ctx, out, fmt.Errorf("%s answered with something that is no refusal: %w", out.peer.Card.Party, err))
	}
	if f.Author != out.peer.Card.Party || f.Sender != x.party {
		return false, x.failed(ctx, out, fmt.Errorf("%s answered with a refusal of %s to %s", out.peer.Card.Party, f.Author, f.Sender))
	}
	if f.Code == heed.StaleCard {
		if err := x.RefreshCard(ctx, out.peer.Card.Party); err != nil {
			return false, x.failed(ctx, out, fmt.Errorf("%s: %s; its new card could not be taken over: %w", f.Author, f.Detail, err))
		}
	}
	refused := &heed.Refused{Code: f.Code, Detail: fmt.Sprintf("%s refused it: %s", f.Author, f.Detail)}
	for _, o := range out.batch {
		if f.Code == heed.TooLarge && o.Number == f.Number && f.Number > 0 {
			// It alone is left out for a while, so that it does not keep back what follows.
			others := len(out.batch) > 1
			o.NextAt = x.Now().Add(max(f.RetryAfter, Backoff(o.Attempts)))
			out.batch = []outgoingEnvelope{o}
			if err := x.failed(ctx, out, refused); !others || !errors.Is(err, refused) {
				return false, err
			}
			return true, ctx.Err()
		}
	}
	shown := x.write(ctx, func(tx Tx) error { return x.trouble(tx, f.Author, deliveryTrouble+string(f.Code)+": "+f.Detail) })
	return false, errors.Join(x.failed(ctx, out, refused), shown)
}

// deliveryTrouble begins what is shown on a peer that turns our envelopes away;
// it is taken back once one gets through.
const deliveryTrouble = "it turns our envelopes away: "

// takeAnswer opens the peer's answer and takes in what it holds.
func (x *Exchange) takeAnswer(ctx context.Context, peer Peer, request heed.Digest, stream []byte) error {
	now := x.Now()
	letters, err := x.openAnswer(ctx, peer, stream)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if !l.answered.IsZero() && !request.IsZero() && l.answered != request {
			return fmt.Errorf("%s answered another request than ours", peer.Card.Party)
		}
	}
	err = x.write(ctx, func(tx Tx) error {
		for _, l := range letters {
			if _, err := x.absorb(tx, peer.Card, l, now); err != nil {
				return err
			}
		}
		return errors.Join(getsThrough(tx, peer.Card.Party), x.contacted(tx, peer.Card.Party, now))
	})
	if err != nil {
		return err
	}
	for _, l := range letters {
		x.notice(ctx, peer.Card, l, now)
		x.report(ctx, "renewed card of "+string(peer.Card.Party), x.takeRenewed(ctx, peer.Card, l))
	}
	return nil
}

// getsThrough takes back that the peer turns our envelopes away.
func getsThrough(tx Tx, party heed.PartyID) error {
	peer, err := tx.Peer(party)
	if err != nil || !strings.HasPrefix(peer.Trouble, deliveryTrouble) {
		return err
	}
	peer.Trouble = ""
	return tx.PutPeer(peer)
}
