package store

import (
	"errors"
	"fmt"
	"strings"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// card parses a card that was verified before it was kept, once.
func (v *view) card(id heed.CardID, note []byte) (heed.Card, error) {
	if c, ok := v.store.cards.get(id); ok {
		return c, nil
	}
	c, err := wire.ParseCard(note)
	if err != nil {
		return heed.Card{}, fmt.Errorf("store: the card %s cannot be read: %w", id, err)
	}
	if c.ID != id {
		return heed.Card{}, fmt.Errorf("store: the bytes of card %s are those of card %s of %s", id, c.ID, c.Party)
	}
	v.store.cards.put(id, c, 1)
	return c, nil
}

// keepCard keeps a card for good. The note must be that of the card.
func (t *tx) keepCard(c heed.Card, note []byte) error {
	if _, err := t.card(c.ID, note); err != nil {
		return err
	}
	return t.run(`INSERT INTO card (id, party, serial, note) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		c.ID[:], string(c.Party), int64(c.Serial), note)
}

// Card implements exchange.PeerView.
func (v *view) Card(id heed.CardID) (heed.Card, error) {
	note, err := find(v, (*row).bytes, `SELECT note FROM card WHERE id = $1`, id[:])
	if err != nil {
		return heed.Card{}, err
	}
	return v.card(id, note)
}

// CardNote implements exchange.PeerView.
func (v *view) CardNote(id heed.CardID) ([]byte, error) {
	return find(v, (*row).bytes, `SELECT note FROM card WHERE id = $1`, id[:])
}

// CardOf implements exchange.PeerView. Where a party has signed two cards of one
// serial, it is the one that came later.
func (v *view) CardOf(party heed.PartyID, serial uint64) (heed.Card, error) {
	var id heed.CardID
	note, err := find(v, func(r *row) []byte {
		id = heed.CardID(r.digest())
		return r.bytes()
	}, `SELECT id, note FROM card WHERE party = $1 AND serial = $2 ORDER BY seq DESC LIMIT 1`, string(party), int64(serial))
	if err != nil {
		return heed.Card{}, err
	}
	return v.card(id, note)
}

// Self implements exchange.PeerView; ErrNotFound before the first PutSelf.
func (v *view) Self() (exchange.Self, error) {
	if v.ended {
		return exchange.Self{}, ErrEnded
	}
	if v.write != nil && v.write.self != nil {
		return *v.write.self, nil
	}
	var id heed.CardID
	s, err := find(v, func(r *row) exchange.Self {
		id = heed.CardID(r.digest())
		return exchange.Self{CardNote: r.bytes(), RosterSerial: uint64(r.int()), Restored: r.bool()}
	}, `SELECT card, card_note, roster_serial, restored FROM self`)
	if err != nil {
		return exchange.Self{}, err
	}
	if s.Card, err = v.card(id, s.CardNote); err != nil {
		return exchange.Self{}, err
	}
	if v.write != nil {
		v.write.self = &s
	}
	return s, nil
}

// forgetSelf has Self read anew what this change, or undoing it, makes of it.
func (t *tx) forgetSelf() {
	forget := func() { t.write.self = nil }
	forget()
	t.write.undone(forget)
}

// forgetPeer does the same for a Peer.
func (t *tx) forgetPeer(party heed.PartyID) {
	t.write.unlisted = true
	forget := func() { delete(t.write.peers, party) }
	forget()
	t.write.undone(forget)
}

// PutSelf implements exchange.PeerTx.
func (t *tx) PutSelf(s exchange.Self) error {
	if err := t.keepCard(s.Card, s.CardNote); err != nil {
		return err
	}
	t.forgetSelf()
	return t.run(`INSERT INTO self (one, card, card_note, roster_serial, restored) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (one) DO UPDATE SET card = excluded.card, card_note = excluded.card_note,
		roster_serial = excluded.roster_serial, restored = excluded.restored`,
		s.Card.ID[:], s.CardNote, int64(s.RosterSerial), s.Restored)
}

const peerColumns = `card, card_note, added, removed, head, head_size, our_head_size, trouble, last_contact, introducer, via, pending`

type peerRow struct {
	card heed.CardID
	exchange.Peer
}

func readPeer(r *row) peerRow {
	return peerRow{heed.CardID(r.digest()), exchange.Peer{
		CardNote: r.bytes(), Added: r.time(), Removed: r.bool(), Head: r.bytes(), HeadSize: r.int(), OurHeadSize: r.int(),
		Trouble: r.text(), LastContact: r.time(), Introducer: heed.PartyID(r.text()), Via: readAccordID(r), Pending: r.bool(),
	}}
}

// Peer implements exchange.PeerView. One that was removed is found, and says so.
func (v *view) Peer(party heed.PartyID) (exchange.Peer, error) {
	if v.ended {
		return exchange.Peer{}, ErrEnded
	}
	if v.write != nil {
		if p, ok := v.write.peers[party]; ok {
			return p, nil
		}
	}
	p, err := find(v, readPeer, `SELECT `+peerColumns+` FROM peer WHERE party = $1`, string(party))
	if err != nil {
		return exchange.Peer{}, err
	}
	if p.Card, err = v.card(p.card, p.CardNote); err != nil {
		return exchange.Peer{}, err
	}
	if v.write != nil {
		v.write.peers[party] = p.Peer
	}
	return p.Peer, nil
}

// Peers implements exchange.PeerView.
func (v *view) Peers() ([]exchange.Peer, error) {
	generation, settled, err := v.settled()
	if err != nil {
		return nil, err
	}
	if settled {
		if peers, ok := v.store.listed.get(generation); ok {
			return peers, nil
		}
	}
	rows, err := list(v, readPeer, `SELECT `+peerColumns+` FROM peer WHERE removed = 0 ORDER BY party`)
	if err != nil {
		return nil, err
	}
	peers := make([]exchange.Peer, len(rows))
	for i, p := range rows {
		if p.Card, err = v.card(p.card, p.CardNote); err != nil {
			return nil, err
		}
		peers[i] = p.Peer
	}
	if settled {
		v.store.listed.put(generation, peers)
	}
	return peers, nil
}

// PutPeer implements exchange.PeerTx.
func (t *tx) PutPeer(p exchange.Peer) error {
	if err := t.keepCard(p.Card, p.CardNote); err != nil {
		return err
	}
	t.forgetPeer(p.Card.Party)
	return t.run(`INSERT INTO peer (party, card, card_note, added, removed, head, head_size, our_head_size, trouble, last_contact, introducer, via, pending)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (party) DO UPDATE SET card = excluded.card, card_note = excluded.card_note, added = excluded.added, removed = excluded.removed,
		head = excluded.head, head_size = excluded.head_size, our_head_size = excluded.our_head_size, trouble = excluded.trouble, last_contact = excluded.last_contact,
		introducer = excluded.introducer, via = excluded.via, pending = excluded.pending`,
		string(p.Card.Party), p.Card.ID[:], p.CardNote, p.Added, p.Removed, bytesOrNull(p.Head), p.HeadSize, p.OurHeadSize, p.Trouble, p.LastContact,
		string(p.Introducer), orNull(p.Via), p.Pending)
}

// Officers implements exchange.PeerView.
func (v *view) Officers() ([]heed.Officer, error) {
	return list(v, func(r *row) heed.Officer {
		o := heed.Officer{ID: heed.OfficerID(r.text())}
		for role := range strings.SplitSeq(r.text(), ",") {
			o.Roles = append(o.Roles, heed.Role(role))
		}
		o.Key, o.Removed = r.text(), r.bool()
		return o
	}, `SELECT id, roles, key, removed FROM officer ORDER BY id`)
}

// PutRoster implements exchange.PeerTx: the roster replaces the officers, and
// where there is a Self its serial becomes that of the roster.
func (t *tx) PutRoster(roster wire.Roster, note []byte) error {
	if len(note) == 0 {
		return errors.New("store: a roster without its signed bytes")
	}
	err := t.run(`INSERT INTO roster (serial, note) VALUES ($1, $2) ON CONFLICT (serial) DO UPDATE SET note = excluded.note`, int64(roster.Serial), note)
	if err != nil {
		return err
	}
	if err := t.run(`DELETE FROM officer`); err != nil {
		return err
	}
	for _, o := range roster.Officers {
		roles := make([]string, len(o.Roles))
		for i, role := range o.Roles {
			roles[i] = string(role)
		}
		err := t.run(`INSERT INTO officer (id, roles, key, removed) VALUES ($1, $2, $3, $4)`, string(o.ID), strings.Join(roles, ","), o.Key, o.Removed)
		if err != nil {
			return fmt.Errorf("store: officer %s of roster %d: %w", o.ID, roster.Serial, err)
		}
	}
	t.forgetSelf()
	return t.run(`UPDATE self SET roster_serial = $1`, int64(roster.Serial))
}
