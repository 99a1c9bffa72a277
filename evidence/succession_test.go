package evidence

import (
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// rotate gives o a new ledger under a new card, and returns the succession and
// the old book. Nothing is logged.
func (o *org) rotate(lost bool) (succession *piece, old *book) {
	sc := o.scene
	sc.t.Helper()
	old = o.log
	size, root := old.tree.Size(), heed.Digest(old.tree.Root())
	before := o.card
	o.log = newBook(sc, sc.key(string(o.id)+"/v1-2", string(o.id)+"/v1-2"))
	o.issue(nil)
	succession = &piece{}
	var err error
	succession.Statement, succession.note, err = wire.SignStatement(heed.Statement{
		Kind: heed.KindSuccession, Author: o.id, AuthorCard: before.Serial, Time: sc.now, Node: before.NodeKey,
		Ledger: old.vkey(), Size: size, Root: root, Successor: o.log.vkey(), Card: o.card.ID, Lost: lost,
	}, o.node)
	sc.must(err)
	return succession, old
}

// A debtor that ended its ledger owes on: the certificate follows it.
func TestSilenceAcrossLedgers(t *testing.T) {
	sc, warning, receipt, cert := warned(t)
	tag := warning.tag(ledger.SlotAssess)
	succession, old := sc.south.rotate(false)
	end := old.end(succession)
	next := sc.south.log.cut()
	sc.wait(time.Hour)

	ended := Bundle{
		Claims:     cert.Claims,
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0], sc.south.cards[1]},
		Statements: []Statement{warning.part(), receipt.bare(), succession.bare()},
		Maps: []Map{
			old.proof(sc.cosigned(end), warning.tag(ledger.SlotReceipt), tag),
			cert.Maps[1],
			sc.south.log.proof(sc.cosigned(next), tag),
		},
	}
	if v := sc.only(sc.verify(ended), Silent); !v.AsOf.Equal(sc.now.Add(time.Second)) {
		t.Errorf("as of %s", v.AsOf)
	}
	for name, change := range map[string]func(b *Bundle){
		"without the next ledger": func(b *Bundle) { b.Maps = b.Maps[:2] },
		"without the succession":  func(b *Bundle) { b.Statements = b.Statements[:2] },
		"without the next card":   func(b *Bundle) { b.Cards, b.Maps = b.Cards[:2], b.Maps[:2] },
		"with another succession": func(b *Bundle) {
			s := succession.Statement
			s.Time = s.Time.Add(time.Millisecond)
			_, note, err := wire.SignStatement(s, sc.south.node)
			sc.must(err)
			b.Statements = []Statement{warning.part(), receipt.bare(), {Note: note}}
		},
		"without the end's absence": func(b *Bundle) {
			b.Maps = []Map{{Leaf: b.Maps[0].Leaf, Proof: b.Maps[0].Proof, Paths: b.Maps[0].Paths[:1]}, b.Maps[1], b.Maps[2]}
		},
	} {
		b := ended
		change(&b)
		if v := sc.verify(b).Verdicts[0]; v.Verdict != CannotTell {
			t.Errorf("%s: %+v", name, v)
		}
	}
	// A head from before the end keeps its word, as of its own time.
	before := ended
	before.Maps = append([]Map{cert.Maps[0]}, ended.Maps[:2]...)
	if v := sc.only(sc.verify(before), Silent); !v.AsOf.Equal(sc.now.Add(time.Second - time.Hour)) {
		t.Errorf("as of %s", v.AsOf)
	}
	// The answer stands in the next ledger.
	answer := sc.south.assesses(warning, sc.north)
	head := sc.cosigned(sc.south.log.cut())
	found := steps(warning)
	found.Maps = []Map{sc.south.log.proof(head, tag)}
	if v := sc.verify(ended, found).Verdicts[0]; v.Verdict != LoggedNotDelivered || !v.Late {
		t.Errorf("%+v", v)
	}
	opened := steps(warning, answer)
	opened.Leaves = []Leaf{sc.south.log.leaf(int64(len(sc.south.log.leaves)-2), head)}
	for i, leaf := range sc.south.log.leaves {
		if l, err := ledger.ParseLeaf(leaf); err == nil && l.Tag == tag {
			opened.Leaves[0] = sc.south.log.leaf(int64(i), head)
		}
	}
	if v := sc.verify(ended, opened).Verdicts[0]; v.Verdict != Answered || !v.Late {
		t.Errorf("%+v", v)
	}
}

// The creditor cannot hide a recall in a new ledger either.
func TestRecallAcrossLedgers(t *testing.T) {
	sc, warning, _, cert := warned(t)
	tag := warning.tag(ledger.SlotRecalled)
	succession, old := sc.north.rotate(false)
	end := sc.cosigned(old.end(succession))
	sc.north.recalls(warning, sc.south)
	next := sc.cosigned(sc.north.log.cut())
	cert.Cards = append(cert.Cards, sc.north.cards[1])
	cert.Statements = append(cert.Statements, succession.bare())
	cert.Maps[1] = old.proof(end, tag)
	sc.only(sc.verify(cert), CannotTell)
	cert.Maps = append(cert.Maps, sc.north.log.proof(next, tag))
	sc.only(sc.verify(cert), Recalled)
}

// A lost ledger has no end leaf, and its witnesses could renew its last head
// for ever. Giving it up is no way out, and no trap either.
func TestSilenceAndALostLedger(t *testing.T) {
	sc, warning, _, cert := warned(t)
	tag := warning.tag(ledger.SlotAssess)
	sc.now = begins.Add(time.Hour)
	succession, _ := sc.south.rotate(true)
	early := sc.south.log.cut()
	rebuttal := steps(warning)
	rebuttal.Cards = sc.south.cards
	rebuttal.Statements = append(rebuttal.Statements, succession.bare())
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != Silent {
		t.Errorf("a mere succession ends a certificate: %+v", v)
	}
	rebuttal.Checkpoints = [][]byte{early}
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != Silent {
		t.Errorf("a head that no witness saw ends a certificate: %+v", v)
	}
	rebuttal.Checkpoints = [][]byte{sc.cosigned(early)}
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != CannotTell {
		t.Errorf("the next ledger existed, and was not looked at: %+v", v)
	}
	sc.now = begins.Add(9 * time.Hour)
	cert.Maps = append(cert.Maps, sc.south.log.proof(sc.cosigned(early), tag))
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != Silent || !v.AsOf.Equal(sc.now.Add(time.Second)) {
		t.Errorf("%+v", v)
	}
}

// rekey gives o a new node key under a new card that its recovery key signed.
func (o *org) rekey() {
	o.node = o.scene.key(string(o.id)+"/node", string(o.id)+"/second node")
	o.issue(nil)
}

// What a key signed binds after its end only if the party's ledger has it.
func TestKeysEnd(t *testing.T) {
	sc, _, _, cert := warned(t)
	sc.now = begins.Add(2 * time.Second)
	head := sc.cosigned(sc.south.log.sign())
	sc.wait(time.Hour)
	sc.south.rekey()
	cert.Cards = append(cert.Cards, sc.south.cards[1])
	sc.only(sc.verify(cert), CannotTell)

	dated := cert
	dated.Leaves = []Leaf{sc.south.log.leaf(0, head)}
	sc.only(sc.verify(dated), Silent)

	// However late: the party's own ledger has it, whatever time its next card names.
	sc.wait(24 * time.Hour)
	late := cert
	late.Leaves = []Leaf{sc.south.log.leaf(0, sc.cosigned(sc.south.log.sign()))}
	sc.only(sc.verify(late), Silent)

	unwitnessed := cert
	unwitnessed.Leaves = []Leaf{sc.south.log.leaf(0, sc.south.log.sign())}
	sc.only(sc.verify(unwitnessed), CannotTell)
}

// That the other side's witnessed ledger had a receipt for it while the key held
// binds nobody to what an ended key signed (docs/decisions/0016): the receipt
// names a text, which its debtor can write itself and have signed later, and a
// thief signs before the theft is found. The author's own ledger binds it.
func TestTheOtherSidesReceiptBindsNoEndedKey(t *testing.T) {
	sc, warning, _, cert := warned(t)
	sc.now = begins.Add(time.Hour)
	extension := sc.north.extends(warning, sc.south, heed.DutyAssess, begins.Add(1000*time.Hour))
	index := int64(len(sc.south.log.leaves))
	given := sc.south.receives(extension, sc.north)
	head := sc.cosigned(sc.south.log.cut())
	rebuttal := steps(warning, extension, given)
	rebuttal.Leaves = []Leaf{sc.south.log.leaf(index, head)}
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != CannotTell {
		t.Errorf("the key holds: %+v", v)
	}
	sc.now = begins.Add(2 * time.Hour)
	sc.north.rekey()
	rebuttal.Cards = [][]byte{sc.north.cards[1]}
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != Silent {
		t.Errorf("the key has ended, and its author never logged it: %+v", v)
	}
	index = sc.north.log.slot(extension, extension.key, ledger.SlotSent, extension.ID)
	rebuttal.Leaves = append(rebuttal.Leaves, sc.north.log.leaf(index, sc.cosigned(sc.north.log.cut())))
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != CannotTell {
		t.Errorf("its author logged it: %+v", v)
	}
}

// A chain of cards leads forwards only by recovery signatures, and backwards
// only by hashes.
func TestChainsOfCards(t *testing.T) {
	sc, _, _, cert := warned(t)
	sc.south.rekey()
	sc.now = sc.now.Add(10 * time.Hour)
	second := sc.south.cards[1]
	warning := sc.north.warns(sc.south)
	receipt := sc.south.receives(warning, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(10 * time.Hour)
	later := sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))
	sc.only(sc.verify(later), UnknownSigner)
	later.Cards = append(later.Cards, second)
	sc.only(sc.verify(later), Silent)

	stripped, err := wire.ParseCard(second)
	sc.must(err)
	_, alone, err := wire.SignCard(stripped, sc.south.node)
	sc.must(err)
	later.Cards[2] = alone
	sc.only(sc.verify(later), UnknownSigner)

	// Pinned by the second card: the first is vouched for by its hash.
	policy := sc.policy()
	policy.Parties[1].Card = sc.south.card.ID
	cert.Cards = [][]byte{sc.north.cards[0], sc.south.cards[0], alone}
	cert.Leaves = nil
	if v := sc.verifyBy(policy, cert).Verdicts[0]; v.Verdict != CannotTell { // its key ended, and nothing dates the receipt
		t.Errorf("%+v", v)
	}
	later.Cards = [][]byte{sc.north.cards[0], alone}
	sc.only(sc.verifyBy(policy, later), Silent)
}

// What the lost ledger had is needed too; and an answer in the next one is found.
func TestALostLedgerHidesNothing(t *testing.T) {
	sc, warning, receipt, cert := warned(t)
	tag := warning.tag(ledger.SlotAssess)
	sc.now = begins.Add(time.Hour)
	succession, old := sc.south.rotate(true)
	sc.now = begins.Add(12 * time.Hour)
	empty := sc.cosigned(sc.south.log.cut())
	b := Bundle{
		Claims: cert.Claims, Cards: [][]byte{sc.north.cards[0], sc.south.cards[0], sc.south.cards[1]},
		Statements: []Statement{warning.part(), receipt.bare(), succession.bare()},
		Maps: []Map{
			old.proof(sc.cosigned(old.sign()), warning.tag(ledger.SlotReceipt)),
			cert.Maps[1], sc.south.log.proof(empty, tag),
		},
	}
	if v := sc.verify(b).Verdicts[0]; v.Verdict != CannotTell {
		t.Errorf("%+v", v)
	}
	b.Maps = append(b.Maps, cert.Maps[0])
	if v := sc.verify(b).Verdicts[0]; v.Verdict != Silent || !v.AsOf.Equal(begins.Add(10*time.Hour+2*time.Second)) { // the earlier of the two
		t.Errorf("%+v", v)
	}
	sc.south.assesses(warning, sc.north)
	b.Maps = append(b.Maps, sc.south.log.proof(sc.cosigned(sc.south.log.cut()), tag))
	if v := sc.verify(b).Verdicts[0]; v.Verdict != LoggedNotDelivered {
		t.Errorf("%+v", v)
	}
}

// A receipt in the debtor's ledger does not vouch for the debtor's own word on
// which the question rests: a node gives one for a question whose case it does
// not know yet, too, so a thief of an ended key could write both that opening
// and the question. What is shown is the same where the debtor has opened the
// case indeed, and never logged that.
func TestAReceiptVouchesForNothingBeforeItsStatement(t *testing.T) {
	for _, ended := range []bool{false, true} {
		sc := newScene(t)
		thief := *sc.south // has its node key, and not its ledger
		if ended {
			sc.south.node = sc.key("south.example/node", "another")
			sc.south.issue(nil)
		}
		opening := thief.say(heed.KindWarning, sc.north, nil, nil, func(s *heed.Statement) {
			s.Urgency, s.Status, s.Contents = heed.UrgencyImmediate, heed.StatusActual, []heed.ContentRef{text}
		})
		sc.wait(time.Second)
		question := sc.north.asks(sc.south, opening)
		receipt := sc.south.receives(question, sc.north)
		southNote, northNote := sc.south.log.cut(), sc.north.log.cut()
		sc.wait(10 * 24 * time.Hour)
		south, north := sc.cosigned(southNote), sc.cosigned(northNote)
		cert := sc.silence(heed.DutyAnswer, question, receipt, south, north)
		cert.Cards = append(cert.Cards, sc.south.cards[1:]...)
		cert.Statements = append(cert.Statements, opening.bare())
		for i := range int64(len(sc.south.log.leaves)) {
			cert.Leaves = append(cert.Leaves, sc.south.log.leaf(i, south))
		}
		want := Silent
		if ended {
			want = CannotTell
		}
		sc.only(sc.verify(cert), want)
	}
}
