package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	kind = firstOwing(g.c, kind, debtor)
	froms, err := g.owing(kind, debtor)
	if err != nil {
		return err
	}
	if len(froms) == 0 {
		return &heed.Invalid{What: fmt.Sprintf("%s owes no %s in case %s", debtor, kind.Words(), g.c.Code.Spoken()), Hint: "`heed show` lists the duties of the case"}
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
	for _, from := range froms {
		if err := g.addBefore(from, debtor); err != nil {
			return err
		}
	}
	return errors.Join(g.addMaps(g.c.Warner), g.addMaps(g.c.Warned))
}

// firstOwing is the acknowledgement of the first rung that has not given its
// own, where each of several owes one and none is named.
func firstOwing(c heed.Case, kind heed.DutyKind, debtor heed.PartyID) heed.DutyKind {
	if kind != heed.DutyAcknowledge {
		return kind
	}
	named := kind
	for _, d := range c.Duties {
		if d.OwedBy != debtor || d.Kind.Rung() == 0 {
			continue
		}
		if d.Open() {
			return d.Kind
		}
		if named == kind {
			named = d.Kind
		}
	}
	return named
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
	_, g.shown, err = g.asserting(logs[len(logs)-1])
	return err
}

// owing lists the statements from which the debtor owes a duty of that kind:
// by the fold, or because they ask for it and they, or something that they
// follow, have no receipt.
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
		if s.Author == g.x.party && s.Asks(kind) && !g.runs(kind, id) {
			unreceived = append(unreceived, id)
		}
	}
	if all := append(open, unreceived...); len(all) > 0 {
		return all, nil
	}
	return settled, nil
}

// runs reports whether a statement of ours starts a clock, as far as its
// recipient owes a duty of that kind for it at all.
func (g *gathering) runs(kind heed.DutyKind, id heed.StatementID) bool {
	receipt, received := g.c.Receipt(id)
	if !received {
		return false
	}
	_, promised := receipt.Promised(kind)
	_, given := g.c.Given(id)
	return given || !promised
}

// oneSilence gathers what shows that one duty has no answer on record, or that
// it has one after all.
func (g *gathering) oneSilence(kind heed.DutyKind, from Kept, debtor heed.PartyID) error {
	id := from.Statement.ID
	if err := g.addPromise(from, debtor); err != nil {
		return err
	}
	reply := slotOfDuty(from.Key, kind, id).tag()
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
			g.lookUp(debtor, at.tag())
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
	return g.lookUpRefusals(id, debtor)
}

// lookUpRefusals looks up whether the debtor refused the envelopes in which a
// statement was deposited for it.
func (g *gathering) lookUpRefusals(id heed.StatementID, debtor heed.PartyID) error {
	deposits, err := g.deposits(id)
	for _, d := range deposits {
		g.lookUp(debtor, ledger.SlotTag(ledger.Key(d.Envelope), ledger.SlotBadSeal, 0, heed.StatementID(d.Envelope)))
	}
	return err
}

// addBefore adds what shows since when the debtor has all that a statement of
// ours follows, back to the opening: its receipt for each of them, and what the
// debtor itself had said. Where it gave none, the deposits of that one.
func (g *gathering) addBefore(id heed.StatementID, debtor heed.PartyID) error {
	if g.kept[id].Statement.Author == debtor {
		return nil // it undertook the duty itself
	}
	unreceived := g.unreceived(id)
	for _, before := range g.before(id) {
		k := g.kept[before]
		if k.Statement.Author == debtor {
			if err := g.addNote(k); err != nil {
				return err
			}
			continue
		}
		receipt, ok := g.c.Receipt(before)
		if before == unreceived {
			if err := g.addPromise(k, debtor); err != nil {
				return err
			}
			continue
		}
		g.bare(k)
		if !ok {
			continue
		}
		if err := g.addNote(g.kept[receipt.ID]); err != nil {
			return err
		}
	}
	return nil
}

// addNote adds the signed text of what binds the debtor, and its leaf where the
// key that signed it has ended.
func (g *gathering) addNote(k Kept) error {
	card, err := g.x.newestCard(g.v, k.Statement.Author)
	if err != nil {
		return err
	}
	if card.NodeKey != k.Statement.Node {
		return g.addLogged(k.Statement.ID)
	}
	g.bare(k)
	return nil
}

// bare adds the signed text of a statement alone: nothing that tells what became of it.
func (g *gathering) bare(k Kept) {
	if !slices.ContainsFunc(g.bundle.Statements, func(s evidence.Statement) bool { return bytes.Equal(s.Note, k.Note) }) {
		g.bundle.Statements = append(g.bundle.Statements, evidence.Statement{Note: k.Note})
	}
}

// before lists what a statement follows and answers, and what these do, each
// behind all on which it rests. What is not kept is left out: it waits for it, too.
func (g *gathering) before(id heed.StatementID) (all []heed.StatementID) {
	seen := map[heed.StatementID]bool{id: true}
	var walk func(id heed.StatementID)
	walk = func(id heed.StatementID) {
		s := g.kept[id].Statement
		for _, parent := range append([]heed.StatementID{g.c.Opening.ID, s.Previous}, s.Answers...) {
			if _, ok := g.kept[parent]; ok && !seen[parent] {
				seen[parent] = true
				walk(parent)
				all = append(all, parent)
			}
		}
	}
	walk(id)
	return all
}

// unreceived is the first statement of ours on which this one rests and for
// which we hold no receipt; zero where there is none.
func (g *gathering) unreceived(id heed.StatementID) heed.StatementID {
	for _, before := range g.before(id) {
		if _, ok := g.c.Receipt(before); !ok && g.kept[before].Statement.Author == g.x.party {
			return before
		}
	}
	return heed.StatementID{}
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
	lying := from.Statement.ID
	if received {
		lying = g.unreceived(lying)
	}
	deposits, err := g.deposits(lying)
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
