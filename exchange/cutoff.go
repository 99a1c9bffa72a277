package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"heed"
	"heed/wire"
)

// errCutOff says that something is sealed to its recipient no more.
var errCutOff = errors.New("the accord under which it was said does not bind its recipient any more")

// cutOff is errCutOff where something is sealed to its recipient no more: it was
// said under an accord, and the recipient has been removed from it or has left.
// What replies to the recipient is not under the accord, and still goes.
func (x *Exchange) cutOff(v View, s heed.Statement, now time.Time) error {
	if s.Version.IsZero() || s.Kind.OfAccord() {
		return nil
	}
	mark, err := v.AccordMark(s.Accord)
	if err != nil {
		return err
	}
	sealed, ok := x.sealable.get(s.Accord, mark, now)
	if !ok {
		held, err := accordHeld(v, s.Accord, now)
		if err != nil {
			return err
		}
		sealed = sealableUnder(held, mark, now)
		x.sealable.put(s.Accord, sealed)
	}
	if sealed.cut[s.Recipient] || sealed.only != nil && !sealed.only[s.Recipient] {
		return errCutOff
	}
	return nil
}

// sealable is to whom something under an accord is sealed, as it stood at a
// time: with ten thousand members it takes a tenth of a second to find out, and
// a warning to them all asks for each.
type sealable struct {
	mark        AccordMark
	from, until time.Time // it is so from then on, and before until; zero: for good
	cut         map[heed.PartyID]bool
	only        map[heed.PartyID]bool // nil: nobody else is cut off
}

func sealableUnder(held AccordHeld, mark AccordMark, now time.Time) sealable {
	standing := held.Standing
	out := sealable{mark: mark, from: now, until: held.nextMoment(now), cut: map[heed.PartyID]bool{}}
	for _, p := range standing.Parties {
		if p.Presence == heed.PresenceGone {
			out.cut[p.Party] = true
		}
	}
	for _, p := range standing.Cut {
		out.cut[p] = true
	}
	terms, ok := held.Version(standing.InForce)
	if !ok || standing.State == heed.AccordEnded {
		return out // what was under way when it ended is brought to its end
	}
	out.only = map[heed.PartyID]bool{}
	for _, p := range partiesOf(terms) {
		out.only[p] = true
	}
	return out
}

// nextMoment is the first time after now that any version or act names: until
// then the accord stands as it does, as long as nothing is added. Zero: none.
func (h AccordHeld) nextMoment(now time.Time) (next time.Time) {
	add := func(times ...time.Time) {
		for _, t := range times {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	for _, v := range h.Versions {
		add(v.Accord.Time, v.Accord.From, v.Accord.Until)
	}
	for _, k := range h.Acts {
		add(k.Act.Time, k.Act.From, k.Act.Until)
		for _, v := range h.Versions {
			add(k.Act.Time.Add(v.Accord.Notice))
		}
	}
	return next
}

// mostSealable bounds the accords for which that is remembered.
const mostSealable = 64

// sealables remembers to whom something is sealed. All of it can be lost.
type sealables struct {
	mu    sync.Mutex
	under map[heed.AccordID]sealable
}

func (s *sealables) get(id heed.AccordID, mark AccordMark, now time.Time) (sealable, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.under[id]
	return held, ok && held.mark == mark && !now.Before(held.from) && (held.until.IsZero() || now.Before(held.until))
}

func (s *sealables) put(id heed.AccordID, held sealable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil || len(s.under) >= mostSealable {
		s.under = map[heed.AccordID]sealable{}
	}
	s.under[id] = held
}

// withholdFor is how long something waits that may have reached a party before
// it was cut off, until the party is asked again: only its receipt can say so.
const withholdFor = time.Hour

// withhold takes out of the outbox what is sealed to the peer no more. What was
// tried before may have been given, and the answer lost: it waits unsealed, and
// the peer is asked for its receipt.
func (x *Exchange) withhold(ctx context.Context, out outgoing, now time.Time) error {
	if len(out.cut) == 0 {
		return nil
	}
	detail := fmt.Sprintf("not sealed to %s: %v", out.peer.Card.Party, errCutOff)
	node, err := x.keys.Node(out.me.Card.NodeKey)
	if err != nil {
		return err
	}
	var tried []Outgoing
	err = x.write(ctx, func(tx Tx) error {
		tried = tried[:0]
		for _, o := range out.cut {
			queued, err := tx.Queued(o.Statement)
			if errors.Is(err, ErrNotFound) {
				continue // it was given, or asked for again by its number
			}
			if err != nil {
				return err
			}
			if queued.Attempts > 0 {
				tried = append(tried, queued)
				continue
			}
			_, note, err := wire.SignRefusal(wire.Refusal{
				Author: x.party, AuthorCard: out.me.Card.Serial, Sender: x.party, SenderCard: out.me.Card.Serial,
				Number: queued.Number, Envelope: heed.Digest(o.Statement), Time: now, Code: heed.NotAdmitted, Detail: detail,
			}, node)
			if err != nil {
				return err
			}
			if err := errors.Join(tx.Drop(o.Statement, note), tx.Unqueue(o.Statement)); err != nil {
				return err
			}
			x.log.Info("a statement is not sealed to a party that an accord binds no more", "party", out.peer.Card.Party, "statement", o.Statement.String())
			if err := x.reindex(tx, queued.Case, now); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range tried {
		next := now.Add(withholdFor)
		asked := x.askForReceipt(ctx, out, o, now)
		if asked != nil {
			next = now.Add(Backoff(o.Attempts))
			x.log.Warn("a party that was cut off cannot be asked for its receipt", "party", out.peer.Card.Party, "statement", o.Statement.String(), "error", asked)
		}
		err := x.write(ctx, func(tx Tx) error { return tx.Tried(o.Statement, next, detail, nil) })
		if err != nil && !errors.Is(err, ErrNotFound) { // it has its receipt
			return err
		}
	}
	return nil
}

// askForReceipt takes in the receipts that the peer has given in the case of a
// statement, without sending that again. Whatever else it holds of the case is
// left alone: what it says comes by its channel.
func (x *Exchange) askForReceipt(ctx context.Context, out outgoing, o Outgoing, now time.Time) error {
	letters, err := x.heldAfter(ctx, out.peer, out.me, before(o.Case), now)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		for _, l := range letters {
			l.statements = slices.DeleteFunc(l.statements, func(k Kept) bool {
				s := k.Statement
				return s.Kind != heed.KindReceipt || s.Author != out.peer.Card.Party || s.CaseID() != o.Case
			})
			l.refusals = nil
			if _, err := x.absorb(tx, out.peer.Card, l, now); err != nil {
				return err
			}
		}
		return x.contacted(tx, out.peer.Card.Party, now)
	})
}

// before is the id after which a case is the next one.
func before(id heed.CaseID) []byte {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id[:]
}
