package storetest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// world is a store with two parties whose statements it may keep. We are north.
type world struct {
	t     *testing.T
	store exchange.Store
	now   time.Time
	count byte

	north, south *party
}

type party struct {
	id       heed.PartyID
	node     seal.SigningKey
	officer  seal.SigningKey
	card     heed.Card
	cardNote []byte
}

func newWorld(t *testing.T, store exchange.Store) *world {
	t.Helper()
	w := &world{t: t, store: store, now: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)}
	w.north, w.south = w.party("north.example"), w.party("south.example")
	return w
}

func (w *world) key(name string) seal.SigningKey {
	w.t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := seal.NewSigningKey(bytes.NewReader(seed[:]), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

func (w *world) party(id heed.PartyID) *party {
	w.t.Helper()
	p := &party{id: id, node: w.key(wire.NodeKeyName(id)), officer: w.key(wire.OfficerKeyName(id, "anna"))}
	p.card, p.cardNote = w.card(p, 1, heed.CardID{})
	return p
}

// card signs a card of the party. Two of one serial differ in their sealing keys.
func (w *world) card(p *party, serial uint64, previous heed.CardID) (heed.Card, []byte) {
	w.t.Helper()
	sealing, err := seal.NewSealingKey()
	if err != nil {
		w.t.Fatal(err)
	}
	card, note, err := wire.SignCard(heed.Card{
		Party: p.id, Serial: serial, Issued: w.now, Previous: previous,
		NodeKey: p.node.Verifier().String(), SealingKey: sealing.Recipient().String(),
		LedgerKey: w.key(ledger.Origin(string(p.id), 1)).Verifier().String(),
		Endpoint:  "https://" + string(p.id) + ":8443", Baseline: heed.DefaultBaseline(),
	}, p.node)
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := wire.ParseCard(note)
	if err != nil {
		w.t.Fatal(err)
	}
	if parsed.ID != card.ID {
		w.t.Fatal("a card changes its id when it is parsed")
	}
	return parsed, note
}

// digest is another one each time.
func (w *world) digest() heed.Digest {
	w.count++
	return sha256.Sum256([]byte{w.count})
}

// sign completes a statement from one party to the other, as it is kept.
func (w *world) sign(from, to *party, s heed.Statement) exchange.Kept {
	w.t.Helper()
	s.Author, s.AuthorCard, s.Recipient, s.RecipientCard = from.id, 1, to.id, 1
	if s.Time.IsZero() {
		s.Time = w.now
	}
	key := ledger.Key(w.digest())
	if s.Kind == heed.KindReceipt {
		key = ledger.Key{}
	} else {
		s.TagKey = ledger.KeyDigest(key)
	}
	var officers []seal.SigningKey
	for range s.Officers {
		officers = append(officers, from.officer)
	}
	_, note, err := wire.SignStatement(s, from.node, officers...)
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := wire.ParseStatement(note)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.Kept{Statement: parsed, Note: note, Key: key, Arrived: w.now}
}

func (w *world) contents() []heed.ContentRef {
	return []heed.ContentRef{{Digest: w.digest(), Size: 3, MediaType: heed.MediaText}}
}

func (w *world) warning(from, to *party) exchange.Kept {
	w.t.Helper()
	return w.sign(from, to, heed.Statement{
		Kind: heed.KindWarning, Release: heed.ReleaseID(w.digest()), Contents: w.contents(),
		Urgency: heed.UrgencyImmediate, Status: heed.StatusActual,
	})
}

// receipt is the promise that the recipient of k gives for it.
func (w *world) receipt(from, to *party, k exchange.Kept, number uint64) exchange.Kept {
	w.t.Helper()
	return w.sign(from, to, heed.Statement{
		Kind: heed.KindReceipt, Case: k.Statement.CaseID(), Answers: []heed.StatementID{k.Statement.ID}, TagKey: k.Statement.TagKey,
		Number: number, Received: w.now, Ledger: from.card.LedgerKey, Terms: from.card.ID, PublishBy: w.now.Add(from.card.PublicationDelay),
		Duties: heed.Promises(k.Statement, from.card.Baseline, w.now),
	})
}

func (w *world) acknowledgement(from, to *party, of exchange.Kept, previous heed.StatementID) exchange.Kept {
	w.t.Helper()
	return w.sign(from, to, heed.Statement{
		Kind: heed.KindAcknowledgement, Case: of.Statement.CaseID(), Previous: previous, Answers: []heed.StatementID{of.Statement.ID},
		Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}},
	})
}

func (w *world) keep(all ...exchange.Kept) {
	w.t.Helper()
	w.write(func(tx exchange.Tx) error {
		for _, k := range all {
			if err := tx.Keep(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// leaf is a statement leaf with a tag and a commitment that tests can tell.
func leaf(n int) []byte {
	return ledger.Leaf{Tag: sha256.Sum256(fmt.Appendf(nil, "tag %d", n)), Commit: sha256.Sum256(fmt.Appendf(nil, "commit %d", n))}.Bytes()
}
