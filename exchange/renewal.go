package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/wire"
)

// sealRenewals makes, for each peer, the envelope under the card before that
// brings it the next one, with the succession where that names another ledger.
// It is made with the renewal or never: the node key of the card before, by
// which peers know us, is not kept.
func (x *Exchange) sealRenewals(tx Tx, before, next heed.Card, note []byte, peers []Peer, now time.Time) error {
	parts := []wire.Part{{Type: wire.PartCard, Data: note}}
	if next.LedgerKey != before.LedgerKey {
		successions, err := tx.Successions(x.party)
		if err != nil {
			return err
		}
		_, signed, err := successionTo(next, successions)
		if err != nil {
			return err
		}
		parts = append(parts, wire.Part{Type: wire.PartSuccession, Data: signed})
	}
	for _, p := range peers {
		envelope, err := x.sealFor(p.Card, before, 0, parts, now)
		if err != nil {
			return fmt.Errorf("renewed card for %s: %w", p.Card.Party, err)
		}
		if err := tx.PutRenewal(Renewal{Peer: p.Card.Party, Card: before.Serial, Envelope: envelope}); err != nil {
			return err
		}
	}
	return nil
}

// renewalKey is one renewal with one depositary.
type renewalKey struct {
	peer       heed.PartyID
	card       uint64
	depositary string
}

func (f *fallback) hasRenewal(key renewalKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renewed[key]
}

func (f *fallback) renewalTaken(key renewalKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewed[key] = true
}

// sealedRenewal is a renewal with the cards that go with its deposit.
type sealedRenewal struct {
	Renewal
	header              wire.Header
	recipient           heed.Card
	ours, recipientNote []byte
}

// depositRenewals leaves with a depositary, in their order, the renewals that a
// peer may not have and that were not left there before: without them it would
// refuse by its header whatever is under our present card. A depositary keeps
// each once, so that leaving one again after a restart changes nothing. What it
// refuses is tried again with the next statement; an error is ours, or the way's.
func (x *Exchange) depositRenewals(ctx context.Context, party heed.PartyID, at heed.Depositary) error {
	var all []sealedRenewal
	err := x.store.Read(ctx, func(v View) error {
		kept, err := v.Renewals(party)
		if err != nil {
			return err
		}
		for _, r := range kept {
			if x.fallback.hasRenewal(renewalKey{party, r.Card, at.NodeKey}) {
				continue
			}
			sealed, err := x.withCards(v, r)
			if err != nil {
				return fmt.Errorf("renewal of our card %d for %s: %w", r.Card, party, err)
			}
			all = append(all, sealed)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range all {
		note, err := x.courier.Deposit(ctx, at, r.ours, r.recipientNote, r.Envelope)
		var refused *heed.Refused
		switch {
		case errors.As(err, &refused):
			x.log.Warn("a depositary would not take our renewed card", "depositary", at.Party, "for", party, "card", r.Card, "error", err)
			continue
		case err != nil:
			return fmt.Errorf("leaving our renewed card for %s: %w", party, err)
		}
		if err := checkDeposit(note, at, r.recipient, r.header, x.Now()); err != nil {
			x.log.Warn("a depositary gave no proper deposit for our renewed card", "depositary", at.Party, "for", party, "error", err)
			continue
		}
		x.fallback.renewalTaken(renewalKey{party, r.Card, at.NodeKey})
	}
	return nil
}

// withCards finds the two cards that a renewal's header names, and reads what
// its deposit is held against.
func (x *Exchange) withCards(v View, r Renewal) (sealed sealedRenewal, err error) {
	sealed.Renewal = r
	if sealed.header, err = wire.ReadHeader(bytes.NewReader(r.Envelope)); err != nil {
		return sealed, err
	}
	ours, err := v.CardOf(x.party, r.Card)
	if err != nil {
		return sealed, err
	}
	if sealed.ours, err = v.CardNote(ours.ID); err != nil {
		return sealed, err
	}
	if sealed.recipient, err = v.CardOf(r.Peer, sealed.header.RecipientCard); err != nil {
		return sealed, err
	}
	sealed.recipientNote, err = v.CardNote(sealed.recipient.ID)
	return sealed, err
}

// takeRenewed takes over what a peer's letter has of its cards after the
// present one, by the same rules as one that was fetched from its endpoint. One
// that those rules leave to people is shown on the peer; an error is ours.
func (x *Exchange) takeRenewed(ctx context.Context, peer heed.Card, l letter) error {
	for _, note := range l.cards {
		card, err := wire.ParseCard(note)
		if err != nil || card.Party != peer.Party || card.Serial <= peer.Serial {
			continue // nothing rests on what is no card of the sender's, or came with a statement that was signed under it
		}
		err = x.takeNext(ctx, card, note, l.successions)
		var refused *heed.Refused
		if errors.As(err, &refused) {
			// People have to act: nothing goes between the two until they have.
			return x.write(ctx, func(tx Tx) error { return x.trouble(tx, peer.Party, refused.Error()) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}
