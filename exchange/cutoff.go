package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// cutOff reports whether something is sealed to its recipient no more: it was
// said under an accord, and the recipient has been removed from it or has left.
// What replies to the recipient is not under the accord, and still goes.
func cutOff(v View, s heed.Statement, now time.Time) (bool, error) {
	if s.Version.IsZero() || s.Kind.OfAccord() {
		return false, nil
	}
	held, err := accordHeld(v, s.Accord, now)
	if err != nil {
		return false, err
	}
	standing := held.Standing
	party := standing.Party(s.Recipient)
	if party.Presence == heed.PresenceGone || slices.Contains(standing.Cut, s.Recipient) {
		return true, nil
	}
	terms, ok := held.Version(standing.InForce)
	if !ok || standing.State == heed.AccordEnded {
		return false, nil // what was under way when it ended is brought to its end
	}
	_, stands := terms.Card(s.Recipient)
	return !stands, nil
}

// withholdFor is how long something waits that may have reached a party before
// it was cut off: only its receipt can say so.
const withholdFor = time.Hour

// withhold takes out of the outbox what is sealed to the peer no more. What was
// tried before may have been given, and waits for a receipt unsealed.
func (x *Exchange) withhold(ctx context.Context, out outgoing, now time.Time) error {
	if len(out.cut) == 0 {
		return nil
	}
	detail := fmt.Sprintf("not sealed to %s: the accord under which it was said does not bind it any more", out.peer.Card.Party)
	node, err := x.keys.Node(out.me.Card.NodeKey)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		for _, o := range out.cut {
			queued, err := tx.Queued(o.Statement)
			if errors.Is(err, ErrNotFound) {
				continue // it was given, or asked for again by its number
			}
			if err != nil {
				return err
			}
			if queued.Attempts > 0 {
				if err := tx.Tried(o.Statement, now.Add(withholdFor), detail, nil); err != nil {
					return err
				}
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
}
