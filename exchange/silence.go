package exchange

import (
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/evidence"
	"heed/ledger"
	"heed/wire"
)

// silence gathers the certificate that a duty which the other party owes has
// no answer on record. It reports from when on an absence tells anything.
func (g *gathering) silence(kind heed.DutyKind) (ripe time.Time, err error) {
	debtor := g.c.Other(g.x.party)
	froms, err := g.owing(kind, debtor)
	if err != nil {
		return ripe, err
	}
	if len(froms) == 0 {
		return ripe, &heed.Invalid{What: fmt.Sprintf("%s owes no %s in case %s", debtor, kind, g.c.Code.Spoken()), Hint: "`heed show` lists the duties of the case"}
	}
	for _, from := range froms {
		g.bundle.Claims = append(g.bundle.Claims, evidence.Claim{Kind: evidence.ClaimSilence, Statement: from, Duty: kind, At: -1})
		at, err := g.oneSilence(kind, from, debtor)
		if err != nil {
			return ripe, err
		}
		if at.After(ripe) {
			ripe = at
		}
	}
	return ripe, nil
}

// owing lists the statements from which the debtor owes a duty of that kind:
// by the fold, or because they ask for it and have no receipt.
func (g *gathering) owing(kind heed.DutyKind, debtor heed.PartyID) ([]heed.StatementID, error) {
	var open, settled, unreceived []heed.StatementID
	for _, d := range g.c.Duties {
		if d.Kind != kind || d.OwedBy != debtor {
			continue
		}
		if d.Open() {
			open = append(open, d.From)
		} else {
			settled = append(settled, d.From)
		}
	}
	for _, id := range g.order {
		s := g.kept[id].Statement
		if _, receipted := g.c.Receipt(id); s.Author == g.x.party && !receipted && s.Asks(kind) {
			unreceived = append(unreceived, id)
		}
	}
	if all := append(open, unreceived...); len(all) > 0 {
		return all, nil
	}
	return settled, nil
}

func (g *gathering) oneSilence(kind heed.DutyKind, from heed.StatementID, debtor heed.PartyID) (ripe time.Time, err error) {
	k := g.kept[from]
	if err := g.add(from); err != nil {
		return ripe, err
	}
	tags := []ledger.Tag{ledger.SlotTag(k.Key, ledger.Slot(kind), 0, from)}
	if k.Statement.Author == debtor {
		// The duty follows from the debtor's own word: it is that which its ledger shows.
		slots, err := slotsOf(g.v, g.c, k)
		if err != nil {
			return ripe, err
		}
		for _, at := range slots {
			if err := g.add(at.of); err != nil {
				return ripe, err
			}
			tags = append(tags, ledger.SlotTag(at.key, at.slot, 0, at.of))
		}
		if err := g.addLogged(from); err != nil {
			return ripe, err
		}
	} else {
		tags = append(tags, ledger.SlotTag(k.Key, ledger.SlotReceipt, 0, from))
	}
	if receipt, ok := g.c.Receipt(from); ok {
		if err := g.add(receipt.ID); err != nil {
			return ripe, err
		}
		ripe = receipt.PublishBy
	}
	deposits, err := g.v.Deposits(from)
	if err != nil {
		return ripe, err
	}
	for _, d := range deposits {
		digest, err := depositDigest(d.Note)
		if err != nil {
			return ripe, err
		}
		tags = append(tags, ledger.SlotTag(ledger.Key(digest), ledger.SlotBadSeal, 0, heed.StatementID(digest)))
	}
	if err := g.addMaps(debtor, tags...); err != nil {
		return ripe, err
	}
	if err := g.addRecalls(); err != nil {
		return ripe, err
	}
	if d, ok := g.c.Duty(kind, from); ok {
		card, err := g.v.CardOf(debtor, g.serialOf(debtor))
		if err != nil {
			return ripe, err
		}
		ripe = d.Due.Add(card.PublicationDelay)
		if !d.Discharge.IsZero() {
			if err := g.addAnswer(d.Discharge); err != nil {
				return ripe, err
			}
		}
	}
	return ripe, g.addExtensions(kind, from)
}

// serialOf is that of the newest card of a party that we hold.
func (g *gathering) serialOf(party heed.PartyID) uint64 {
	if me, err := g.v.Self(); err == nil && party == me.Card.Party {
		return me.Card.Serial
	}
	if peer, err := g.v.Peer(party); err == nil {
		return peer.Card.Serial
	}
	return 0
}

// addRecalls adds what shows whether the case's warning was recalled: the
// opening with its key, its recall, or the absence of one in its maker's ledgers.
func (g *gathering) addRecalls() error {
	opening := g.kept[g.c.Opening.ID]
	if err := g.add(g.c.Opening.ID); err != nil {
		return err
	}
	if id := firstRecall(g.c); !id.IsZero() {
		if err := g.addLogged(id); err != nil {
			return err
		}
	}
	tag := ledger.SlotTag(opening.Key, ledger.SlotRecalled, 0, g.c.Opening.ID)
	return g.addMaps(g.c.Warner, tag)
}

// addAnswer adds what discharged a duty, with its leaf and the receipt for it.
func (g *gathering) addAnswer(id heed.StatementID) error {
	if err := g.addLogged(id); err != nil {
		return err
	}
	if receipt, ok := g.c.Receipt(id); ok {
		return g.addLogged(receipt.ID)
	}
	return nil
}

// addExtensions adds what moved the due time.
func (g *gathering) addExtensions(kind heed.DutyKind, from heed.StatementID) error {
	for _, id := range g.order {
		s := g.kept[id].Statement
		if _, names := s.Promised(kind); s.Kind == heed.KindExtension && names && s.AnswersTo(from) {
			if err := g.addAnswer(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// depositDigest is the envelope that a deposit names.
func depositDigest(note []byte) (heed.Digest, error) {
	s, err := wire.ReadStatement(note)
	if err != nil {
		return heed.Digest{}, err
	}
	if s.Kind != heed.KindDeposit {
		return heed.Digest{}, errors.New("what is kept as a deposit is none")
	}
	return s.Envelope, nil
}
