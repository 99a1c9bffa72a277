package storetest

import (
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

func parties(t *testing.T, w *world) {
	self := exchange.Self{Card: w.north.card, CardNote: w.north.cardNote, RosterSerial: 3, Restored: true}
	south := exchange.Peer{Card: w.south.card, CardNote: w.south.cardNote, Added: w.now}
	west := w.party("west.example")
	removed := exchange.Peer{Card: west.card, CardNote: west.cardNote, Added: w.now, Removed: true, Trouble: "gone"}
	east := w.party("east.example")
	full := exchange.Peer{Card: east.card, CardNote: east.cardNote, Added: w.now, Head: []byte("a checkpoint"), HeadSize: 32, OurHeadSize: 16,
		Trouble: "ledger inconsistency", LastContact: w.now.Add(time.Minute)}
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutSelf(self), tx.PutPeer(south), tx.PutPeer(removed), tx.PutPeer(full))
	})
	w.both(func(v exchange.View) error {
		got, err := v.Self()
		same(t, "Self", got, err, self)
		for _, want := range []exchange.Peer{south, removed, full} {
			peer, err := v.Peer(want.Card.Party)
			same(t, "Peer", peer, err, want)
			card, err := v.Card(want.Card.ID)
			same(t, "Card", card, err, want.Card)
			note, err := v.CardNote(want.Card.ID)
			same(t, "CardNote", note, err, want.CardNote)
			card, err = v.CardOf(want.Card.Party, 1)
			same(t, "CardOf", card, err, want.Card)
		}
		card, err := v.Card(w.north.card.ID)
		same(t, "our own Card", card, err, w.north.card)
		peers, err := v.Peers()
		sameList(t, "Peers", peers, err, []exchange.Peer{full, south})
		return nil
	})

	// A renewal replaces the card, and the old one is still found.
	newer, note := w.card(w.south, 2, w.south.card.ID)
	south.Card, south.CardNote, south.LastContact = newer, note, w.now
	ours, note := w.card(w.north, 2, w.north.card.ID)
	self = exchange.Self{Card: ours, CardNote: note, RosterSerial: 4}
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutPeer(south), tx.PutSelf(self)) })
	w.both(func(v exchange.View) error {
		peer, err := v.Peer("south.example")
		same(t, "Peer", peer, err, south)
		got, err := v.Self()
		same(t, "Self", got, err, self)
		for party, want := range map[heed.PartyID][2]heed.Card{"south.example": {w.south.card, newer}, "north.example": {w.north.card, ours}} {
			for i, card := range want {
				got, err := v.Card(card.ID)
				same(t, "Card", got, err, card)
				got, err = v.CardOf(party, uint64(i+1))
				same(t, "CardOf", got, err, card)
			}
			none, err := v.CardOf(party, 3)
			missing(t, "CardOf a serial that is not held", none, err)
		}
		return nil
	})
}

func rosters(t *testing.T, w *world) {
	officer := func(id heed.OfficerID, removed bool, roles ...heed.Role) heed.Officer {
		return heed.Officer{ID: id, Roles: roles, Removed: removed, Key: w.key(wire.OfficerKeyName("north.example", id)).Verifier().String()}
	}
	put := func(serial uint64, officers ...heed.Officer) {
		roster := wire.Roster{Party: "north.example", Serial: serial, Time: w.now, Officers: officers}
		note, err := wire.SignRoster(roster, w.north.node)
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(tx exchange.Tx) error {
			self := exchange.Self{Card: w.north.card, CardNote: w.north.cardNote, RosterSerial: serial}
			return errors.Join(tx.PutSelf(self), tx.PutRoster(roster, note))
		})
	}
	anna, boris := officer("anna", false, heed.Drafter, heed.Releaser), officer("boris", false, heed.Supervisor)
	put(1, anna, boris)
	w.both(func(v exchange.View) error {
		got, err := v.Officers()
		sameList(t, "Officers", got, err, []heed.Officer{anna, boris})
		return nil
	})
	boris.Removed = true
	clara := officer("clara", false, heed.Auditor)
	put(2, anna, boris, clara)
	w.both(func(v exchange.View) error {
		got, err := v.Officers()
		sameList(t, "Officers", got, err, []heed.Officer{anna, boris, clara})
		self, err := v.Self()
		same(t, "RosterSerial", self.RosterSerial, err, 2)
		return nil
	})
}
