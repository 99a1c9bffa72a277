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
// no answer on record.
func (g *gathering) silence(kind heed.DutyKind) error {
	debtor := g.c.Other(g.x.party)
	froms, err := g.owing(kind, debtor)
	if err != nil {
		return err
	}
	if len(froms) == 0 {
		return &heed.Invalid{What: fmt.Sprintf("%s owes no %s in case %s", debtor, kind, g.c.Code.Spoken()), Hint: "`heed show` lists the duties of the case"}
	}
	if err := g.asOf(debtor); err != nil {
		return err
	}
	for _, from := range froms {
		g.bundle.Claims = append(g.bundle.Claims, evidence.Claim{Kind: evidence.ClaimSilence, Statement: from, Duty: kind, At: -1})
		if err := g.oneSilence(kind, g.kept[from], debtor); err != nil {
			return err
		}
	}
	if err := g.addRecalls(debtor); err != nil {
		return err
	}
	return errors.Join(g.addMaps(g.c.Warner), g.addMaps(g.c.Warned))
}

// asOf reads as of when our own witnesses say what the debtor's ledger has.
// The verifier's policy may name others.
func (g *gathering) asOf(debtor heed.PartyID) error {
	counting, err := g.counting()
	if err != nil {
		return err
	}
	if len(counting) == 0 {
		return &heed.Invalid{What: "this node has no mirroring witness: nobody but the two parties can say that something was not there by some time", Hint: "`heed witness add URL` adds one; it must know the other party's card, too"}
	}
	logs := g.logs[debtor]
	if len(logs) == 0 {
		return nil
	}
	head, err := g.asserting(logs[len(logs)-1])
	if err != nil {
		return err
	}
	c, err := ledger.UnverifiedCheckpoint(head.Note)
	if err != nil {
		return err
	}
	g.shown, _ = ledger.DefaultQuorum(len(counting)).Silence(ledger.WitnessTimes(c, counting))
	return nil
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

// oneSilence gathers what shows that one duty has no answer on record, or that
// it has one after all.
func (g *gathering) oneSilence(kind heed.DutyKind, from Kept, debtor heed.PartyID) error {
	id := from.Statement.ID
	if err := g.addPromise(from, debtor); err != nil {
		return err
	}
	reply := ledger.SlotTag(from.Key, ledger.Slot(kind), 0, id)
	g.lookUp(debtor, reply)
	if err := g.addExtensions(kind, id); err != nil {
		return err
	}
	d, owed := g.c.Duty(kind, id)
	if !d.Discharge.IsZero() {
		return g.addAnswer(d.Discharge)
	}
	logged, err := g.addFirstMap(debtor, reply)
	if err != nil || logged {
		return err
	}
	ripe, err := g.ripens(from, d, owed)
	if ripe.After(g.ripe) {
		g.ripe = ripe
	}
	return err
}

// addPromise adds the statement from which the duty follows, and what binds the
// debtor to it: its receipt, or the leaf of its own statement; where it gave
// none, the deposits.
func (g *gathering) addPromise(from Kept, debtor heed.PartyID) error {
	id := from.Statement.ID
	if from.Statement.Author == debtor {
		slots, err := slotsOf(g.v, g.c, from)
		if err != nil {
			return err
		}
		for _, at := range slots {
			g.lookUp(debtor, ledger.SlotTag(at.key, at.slot, 0, at.of))
		}
		return g.addLogged(id)
	}
	if err := g.add(id); err != nil {
		return err
	}
	g.lookUp(debtor, ledger.SlotTag(from.Key, ledger.SlotReceipt, 0, id))
	if receipt, ok := g.c.Receipt(id); ok {
		return g.addStanding(receipt.ID)
	}
	deposits, err := g.deposits(id)
	for _, d := range deposits {
		g.lookUp(debtor, ledger.SlotTag(ledger.Key(d.Envelope), ledger.SlotBadSeal, 0, heed.StatementID(d.Envelope)))
	}
	return err
}

// deposits are those of a statement, read.
func (g *gathering) deposits(id heed.StatementID) (all []heed.Statement, err error) {
	kept, err := g.v.Deposits(id)
	if err != nil {
		return nil, err
	}
	for _, d := range kept {
		s, err := wire.ReadStatement(d.Note)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// addFirstMap adds, where the debtor has logged something as its reply, the
// earliest witnessed map that shows it: by its time it is seen whether it was late.
func (g *gathering) addFirstMap(debtor heed.PartyID, reply ledger.Tag) (logged bool, err error) {
	log, index, found, err := g.find(debtor, reply)
	if err != nil || !found {
		return false, err
	}
	head, err := log.dated(index)
	if err != nil {
		return false, err
	}
	return true, g.addMap(log, head, reply)
}

// ripens is from when on the absence of a reply tells anything: as soon as one
// could not be published in time any more.
func (g *gathering) ripens(from Kept, d heed.Duty, owed bool) (time.Time, error) {
	receipt, received := g.c.Receipt(from.Statement.ID)
	switch {
	case owed && received:
		return d.Due.Add(receipt.PublishBy.Sub(receipt.Received)), nil
	case owed:
		card, err := signedByCard(g.v, from.Statement)
		return d.Due.Add(card.PublicationDelay), err
	}
	deposits, err := g.deposits(from.Statement.ID)
	if err != nil || len(deposits) == 0 {
		return time.Time{}, err
	}
	// The first of them is enough.
	card, err := g.v.Card(deposits[0].Terms)
	return deposits[0].Received.Add(card.CollectEvery + card.PublicationDelay), err
}

// addRecalls adds what shows whether the case was recalled, which only who opened
// it can do: its recall, or that there is none in the maker's own ledgers.
func (g *gathering) addRecalls(debtor heed.PartyID) error {
	opening := g.kept[g.c.Opening.ID]
	if g.c.Warner == debtor {
		return g.mention(opening.Statement.ID)
	}
	if err := g.add(opening.Statement.ID); err != nil {
		return err
	}
	g.lookUp(g.c.Warner, ledger.SlotTag(opening.Key, ledger.SlotRecalled, 0, opening.Statement.ID))
	if id := firstRecall(g.c); !id.IsZero() {
		return g.addLogged(id)
	}
	return nil
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
