package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"heed"
	"heed/wire"
)

// AddPeer takes a card whose fingerprint people have compared. Adding the
// card of a peer that we have replaces it: that is the new fingerprint check
// of a renewal without a recovery key.
func (x *Exchange) AddPeer(ctx context.Context, note []byte) (heed.Card, error) {
	now := x.Now()
	card, err := wire.ParseCard(note)
	if err != nil {
		return card, &heed.Invalid{What: err.Error(), Hint: "the file must be what `heed card` printed on the peer's side, unchanged"}
	}
	if card.Party == x.party {
		return card, &heed.Invalid{What: "this is our own card", Hint: "`heed peer add` takes the other party's"}
	}
	err = x.write(ctx, func(tx Tx) error {
		held, err := tx.Peer(card.Party)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && !held.Removed && held.Card.Serial > card.Serial {
			return &heed.Refused{Code: heed.StaleCard, Detail: fmt.Sprintf("card %d of %s is older than card %d, which we hold", card.Serial, card.Party, held.Card.Serial), Hint: "ask for the current card"}
		}
		peer := replaced(held, card, note, now)
		peer.Introducer, peer.Via, peer.Pending = "", heed.AccordID{}, false // people vouch for it themselves now
		if err := tx.PutPeer(peer); err != nil {
			return err
		}
		if err := x.reladder(tx, card.Party, now); err != nil {
			return err
		}
		return x.requeue(tx, card.Party, now)
	})
	x.errands.deliver(card.Party)
	return card, err
}

func replaced(held Peer, card heed.Card, note []byte, now time.Time) Peer {
	held.Card, held.CardNote, held.Removed, held.Trouble = card, note, false, ""
	if held.Added.IsZero() {
		held.Added = now
	}
	return held
}

// requeue moves what waits for a peer to the channel of the present cards: a
// new card serial starts a new channel.
func (x *Exchange) requeue(tx Tx, party heed.PartyID, now time.Time) error {
	current, err := x.outward(tx, party)
	if err != nil {
		return err
	}
	all, err := tx.Outbox(1 << 20)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Channel.Peer != party || o.Channel == current {
			continue
		}
		if _, err := tx.Enqueue(current, o.Case, o.Statement, now, atOnce); err != nil {
			return err
		}
	}
	return nil
}

// reladder brings the index of what a party owes up to date with the ladder of
// its new card: a rung that the old one did not have is told in time.
func (x *Exchange) reladder(tx Tx, owedBy heed.PartyID, now time.Time) error {
	open, err := tx.OpenDuties(owedBy, 1<<20)
	if err != nil {
		return err
	}
	done := map[heed.CaseID]bool{}
	for _, d := range open {
		if done[d.Case] {
			continue
		}
		done[d.Case] = true
		if err := x.reindex(tx, d.Case, now); err != nil {
			return err
		}
	}
	return nil
}

// RemovePeer ends the exchange with a party. What was said stays; what waits
// is not sent; its envelopes are refused.
func (x *Exchange) RemovePeer(ctx context.Context, party heed.PartyID) error {
	return x.write(ctx, func(tx Tx) error {
		peer, err := knownPeer(tx, party)
		if err != nil {
			return err
		}
		peer.Removed = true
		return tx.PutPeer(peer)
	})
}

// TakeOver takes a peer's next card without people comparing fingerprints,
// where the recovery key that its present card names has signed it. One that
// names another ledger needs the succession that ends the one before.
func (x *Exchange) TakeOver(ctx context.Context, note []byte, successions ...[]byte) error {
	now := x.Now()
	card, err := wire.ParseCard(note)
	if err != nil {
		return err
	}
	err = x.write(ctx, func(tx Tx) error {
		peer, err := tx.Peer(card.Party)
		if errors.Is(err, ErrNotFound) {
			peer, err = knownPeer(tx, card.Party)
		}
		if err != nil || peer.Card.ID == card.ID {
			return err
		}
		succession, signed, err := successionTo(card, successions)
		if err != nil {
			return err
		}
		if err := peer.Card.Follows(card, wire.CardSignedBy(note, peer.Card.RecoveryKey), succession); err != nil {
			return err
		}
		next := replaced(peer, card, note, now)
		next.Removed = peer.Removed // who was removed comes back by people's hands alone
		if strings.HasPrefix(peer.Trouble, inconsistencyTrouble) {
			next.Trouble = peer.Trouble // a new card mends no ledger: that is for people to say
		}
		if succession != nil {
			if err := tx.PutSuccession(card.Party, signed); err != nil {
				return err
			}
			if succession.Lost && next.Trouble == "" {
				next.Trouble = fmt.Sprintf("it has lost its ledger after %d leaves and begun another: ask by telephone what happened", succession.Size)
			}
		}
		if err := tx.PutPeer(next); err != nil {
			return err
		}
		if err := x.reladder(tx, card.Party, now); err != nil {
			return err
		}
		return x.requeue(tx, card.Party, now)
	})
	if err == nil {
		x.errands.deliver(card.Party)
		x.errands.mirror(card.Party)
	}
	return err
}

// takeNext is TakeOver for one of several cards that more than one errand may be
// taking over, the peer's and those of witnesses: that another was faster is no
// failure.
func (x *Exchange) takeNext(ctx context.Context, card heed.Card, note []byte, successions [][]byte) error {
	err := x.TakeOver(ctx, note, successions...)
	var refused *heed.Refused
	if !errors.As(err, &refused) {
		return err
	}
	held := false
	reading := x.store.Read(ctx, func(v View) error {
		_, err := v.Card(card.ID)
		held = err == nil
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if held {
		return nil
	}
	return errors.Join(err, reading)
}

// successionTo finds the succession to a card's ledger.
func successionTo(card heed.Card, successions [][]byte) (*heed.Statement, []byte, error) {
	for _, note := range successions {
		s, err := wire.ParseStatement(note)
		if err != nil {
			return nil, nil, err
		}
		if s.Kind == heed.KindSuccession && s.Author == card.Party && s.Card == card.ID {
			return &s, note, nil
		}
	}
	return nil, nil, nil
}

// cardsOf asks a peer for all its cards and successions.
func (x *Exchange) cardsOf(ctx context.Context, at heed.Card) (cards, successions [][]byte, err error) {
	if cards, err = x.courier.Cards(ctx, at); err == nil {
		successions, err = x.courier.Successions(ctx, at)
	}
	return cards, successions, err
}

// RefreshCard asks a peer for its cards since the one that we hold and takes
// them over, one after the other; where it does not answer, our witnesses.
func (x *Exchange) RefreshCard(ctx context.Context, party heed.PartyID) error {
	var peer Peer
	err := x.store.Read(ctx, func(v View) error {
		var err error
		peer, err = knownPeer(v, party)
		return err
	})
	if err != nil {
		return err
	}
	cards, successions, err := x.cardsOf(ctx, peer.Card)
	if err != nil {
		taken, asking := x.refreshAtWitnesses(ctx, party)
		if taken && asking == nil {
			return nil
		}
		return errors.Join(err, asking)
	}
	for _, note := range cards {
		card, err := wire.ParseCard(note)
		if err != nil {
			return fmt.Errorf("cards of %s: %w", party, err)
		}
		if card.Party != party || card.Serial <= peer.Card.Serial {
			continue
		}
		err = x.takeNext(ctx, card, note, successions)
		var refused *heed.Refused
		if errors.As(err, &refused) {
			// People have to act: nothing goes between the two until they have.
			return errors.Join(err, x.write(ctx, func(tx Tx) error { return x.trouble(tx, party, refused.Error()) }))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CardNote is our present card.
func (x *Exchange) CardNote(ctx context.Context) (note []byte, err error) {
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		note = me.CardNote
		return err
	})
	return note, err
}

// Found gives a new home its first card: logged, as every card is.
func (x *Exchange) Found(ctx context.Context, card heed.Card, note []byte) error {
	return x.write(ctx, func(tx Tx) error {
		_, err := tx.Self()
		if err == nil {
			return &heed.Invalid{What: "this home has a card already"}
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := tx.PutSelf(Self{Card: card, CardNote: note}); err != nil {
			return err
		}
		return x.logAside(tx, note)
	})
}

// Renew replaces our card by the next one, which is signed. Peers that hold our
// recovery key take it over by themselves; the others compare its fingerprint.
// One that names another ledger key ends our ledger and begins the next; lost
// says that the present one cannot be gone on with, which a node that was
// restored may say too.
func (x *Exchange) Renew(ctx context.Context, card heed.Card, note []byte, lost bool) error {
	now := x.Now()
	err := x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err == nil && !lost {
			me, err = self(tx)
		}
		if err != nil {
			return err
		}
		if card.Serial != me.Card.Serial+1 || card.Previous != me.Card.ID || card.Party != x.party {
			return &heed.Invalid{What: fmt.Sprintf("card %d does not follow our card %d", card.Serial, me.Card.Serial), Hint: "run `heed card renew` again"}
		}
		before := me
		me.Card, me.CardNote = card, note
		if card.LedgerKey != before.Card.LedgerKey {
			if err := x.succeed(tx, before, card, note, lost, now); err != nil {
				return err
			}
		}
		if err := tx.PutSelf(me); err != nil {
			return err
		}
		if err := x.reladder(tx, x.party, now); err != nil {
			return err
		}
		peers, err := tx.Peers()
		if err != nil {
			return err
		}
		for _, p := range peers {
			if err := x.requeue(tx, p.Card.Party, now); err != nil {
				return err
			}
		}
		if err := x.sealRenewals(tx, before.Card, card, note, peers, now); err != nil {
			return err
		}
		return x.logAside(tx, note)
	})
	if err == nil {
		x.errands.cosign()
	}
	return err
}
