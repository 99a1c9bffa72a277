package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// succeed ends our ledger and begins the one that the next card names: the
// succession and the card are logged in the old one, whose last leaf commits to
// the succession, and nothing can follow it. Open duties stay owed.
//
// A lost ledger is one that peers or witnesses hold longer than we have it, and
// that nobody can give back: it cannot be ended, only left.
func (x *Exchange) succeed(tx Tx, me Self, card heed.Card, cardNote []byte, lost bool, now time.Time) error {
	head, err := publishedHead(tx)
	if err != nil {
		return err
	}
	s := heed.Statement{
		Kind: heed.KindSuccession, Author: x.party, AuthorCard: me.Card.Serial, Time: now, Node: me.Card.NodeKey,
		Ledger: me.Card.LedgerKey, Successor: card.LedgerKey, Card: card.ID, Lost: lost,
	}
	if s.Size, s.Root, err = lastKnown(tx, me.Card, head); err != nil {
		return err
	}
	node, err := x.keys.Node(me.Card.NodeKey)
	if err != nil {
		return err
	}
	_, note, err := wire.SignStatement(s, node)
	if err != nil {
		return err
	}
	if !lost {
		if err := x.logAside(tx, cardNote); err != nil {
			return err
		}
		if err := x.logAside(tx, note); err != nil {
			return err
		}
		if err := x.cut(tx, me, sha256.Sum256(note)); err != nil {
			return err
		}
	}
	if err := tx.PutSuccession(x.party, note); err != nil {
		return err
	}
	origin, err := ledgerOrigin(me.Card)
	if err != nil {
		return err
	}
	if err := tx.EndLedger(origin); err != nil {
		return err
	}
	return x.logAside(tx, note)
}

// lastKnown is the newest head of our ledger that we know of: ours, or what is
// kept of one that a peer or a witness has shown us.
func lastKnown(v View, card heed.Card, head Head) (int64, heed.Digest, error) {
	if head.Size == 0 {
		return 0, heed.Digest(sha256.Sum256(nil)), nil
	}
	c, err := parseHead(card, head.Note)
	return c.Size, heed.Digest(c.Root), err
}

// formerOrigins are the origins of our ended ledgers, oldest first.
func formerOrigins(v View, party heed.PartyID) ([]string, error) {
	notes, err := v.Successions(party)
	if err != nil {
		return nil, err
	}
	var origins []string
	for _, note := range notes {
		s, err := wire.ReadStatement(note)
		if err != nil {
			return nil, err
		}
		key, err := seal.ParseVerifyKey(s.Ledger)
		if err != nil {
			return nil, err
		}
		origins = append(origins, key.Name())
	}
	return origins, nil
}

// loggedBefore reports whether a tag stands in a ledger of ours that has
// ended: what was said there is not said again.
func (x *Exchange) loggedBefore(v View, tag ledger.Tag) (string, int64, error) {
	origins, err := formerOrigins(v, x.party)
	if err != nil {
		return "", 0, err
	}
	for _, origin := range origins {
		marks, err := v.MirrorMap(origin)
		if err != nil {
			return "", 0, err
		}
		index, found, err := marks.Lookup(tag)
		if err != nil || found {
			return origin, index, err
		}
	}
	return "", 0, fmt.Errorf("tag %s: %w", tag, ErrNotFound)
}

// learnSuccessions asks a peer for the successions between the ledgers that its
// cards name, where we hold such cards and not all of them: people may have
// taken over a card by its fingerprint.
func (x *Exchange) learnSuccessions(ctx context.Context, party heed.PartyID) error {
	var peer Peer
	var cards []heed.Card
	err := x.store.Read(ctx, func(v View) (err error) {
		if peer, err = knownPeer(v, party); err != nil {
			return err
		}
		cards, err = unlinked(v, peer.Card)
		return err
	})
	if err != nil || len(cards) == 0 {
		return err
	}
	notes, err := x.courier.Successions(ctx, peer.Card)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error { return KeepSuccessions(tx, peer.Card, notes) })
}

// KeepSuccessions keeps, of what anybody shows as the successions of a party
// with that present card, those that hand over a ledger of an earlier card that
// is held, under that card's node key, where none is held yet. Where the mirror
// of a ledger has its end leaf, it is the one that this names, and no other.
func KeepSuccessions(tx Tx, present heed.Card, notes [][]byte) error {
	if len(notes) == 0 {
		return nil
	}
	cards, err := unlinked(tx, present)
	if err != nil {
		return err
	}
	for _, note := range notes {
		s, err := wire.ParseStatement(note)
		if err != nil {
			return fmt.Errorf("successions of %s: %w", present.Party, err)
		}
		if s.Kind != heed.KindSuccession || s.Author != present.Party {
			continue
		}
		end, err := endOf(tx, s)
		if err != nil {
			return err
		}
		hands := func(card heed.Card) bool { return s.Node == card.NodeKey && s.Ledger == card.LedgerKey }
		if end.Ends() && end.Succession != wire.SignedDigest(note) || !end.Ends() && !slices.ContainsFunc(cards, hands) {
			continue
		}
		if err := tx.PutSuccession(present.Party, note); err != nil {
			return err
		}
		cards = slices.DeleteFunc(cards, func(card heed.Card) bool { return card.LedgerKey == s.Ledger })
	}
	return nil
}

// endOf is the map root that our mirror of the ledger ends with which a
// succession hands over.
func endOf(v View, s heed.Statement) (ledger.MapRoot, error) {
	key, err := seal.ParseVerifyKey(s.Ledger)
	if err != nil {
		return ledger.MapRoot{}, err
	}
	if party, _, err := ledger.ParseOrigin(key.Name()); err != nil || heed.PartyID(party) != s.Author {
		return ledger.MapRoot{Previous: -1}, nil // no ledger of the party's that could be mirrored
	}
	return lastRoot(v, key.Name())
}

// misnamed reports whether the end leaf of a party's ledger names a succession
// that is not held, but another one is: the party has signed two.
func misnamed(v View, party heed.PartyID) (bool, error) {
	notes, err := v.Successions(party)
	if err != nil {
		return false, err
	}
	for _, note := range notes {
		s, err := wire.ReadStatement(note)
		if err != nil {
			return false, err
		}
		end, err := endOf(v, s)
		if err != nil {
			return false, err
		}
		named := func(note []byte) bool { return wire.SignedDigest(note) == end.Succession }
		if end.Ends() && !slices.ContainsFunc(notes, named) {
			return true, nil
		}
	}
	return false, nil
}

// mostCards is how many of a party's cards are looked through.
const mostCards = 4096

// unlinked are the cards of a party whose ledger is not the present one, and
// of which we hold no succession.
func unlinked(v View, present heed.Card) ([]heed.Card, error) {
	notes, err := v.Successions(present.Party)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, note := range notes {
		s, err := wire.ReadStatement(note)
		if err != nil {
			return nil, err
		}
		left[s.Ledger] = true
	}
	var cards []heed.Card
	for serial := present.Serial - min(present.Serial-1, mostCards); serial < present.Serial; serial++ {
		card, err := v.CardOf(present.Party, serial)
		if errors.Is(err, ErrNotFound) {
			continue // one from before we knew the party
		}
		if err != nil {
			return nil, err
		}
		if card.LedgerKey != present.LedgerKey && !left[card.LedgerKey] {
			cards = append(cards, card)
		}
	}
	return cards, nil
}

// openEnds are the successions of a peer whose old ledger we have not followed
// to its end leaf. One that was lost has none.
func openEnds(v View, party heed.PartyID) ([]heed.Statement, error) {
	notes, err := v.Successions(party)
	if err != nil {
		return nil, err
	}
	var open []heed.Statement
	for _, note := range notes {
		s, err := wire.ReadStatement(note)
		if err != nil {
			return nil, err
		}
		key, err := seal.ParseVerifyKey(s.Ledger)
		if err != nil {
			return nil, err
		}
		ended, err := hasEnded(v, key.Name())
		if err != nil {
			return nil, err
		}
		if !ended && !s.Lost {
			open = append(open, s)
		}
	}
	return open, nil
}

// checkEnd holds the end leaf of a peer's old ledger against its succession.
func (x *Exchange) checkEnd(ctx context.Context, party heed.PartyID, s heed.Statement) error {
	key, err := seal.ParseVerifyKey(s.Ledger)
	if err != nil {
		return err
	}
	var wrong string
	err = x.store.Read(ctx, func(v View) error {
		end, err := lastRoot(v, key.Name())
		if err != nil || !end.Ends() {
			return err
		}
		notes, err := v.Successions(party)
		for _, note := range notes {
			if sha256.Sum256(note) == end.Succession {
				return err
			}
		}
		wrong = fmt.Sprintf("%sits ledger %s ended for another succession than the one that it has shown", inconsistencyTrouble, key.Name())
		return err
	})
	if err != nil || wrong == "" {
		return err
	}
	return errors.Join(errors.New(wrong), x.write(ctx, func(tx Tx) error { return x.trouble(tx, party, wrong) }))
}
