package evidence

import (
	"testing"
	"time"

	"bytes"
	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

func (sc *scene) show(name string, want Finding, b ...Bundle) {
	sc.t.Helper()
	r := sc.verify(b...)
	if r.Verdicts[0].Verdict != want {
		sc.t.Errorf("%s: want %q, got %q: %s", name, want, r.Verdicts[0].Verdict, r.Verdicts[0].Why)
	}
}

// 1: a debtor adds a second receipt after the fact.
func TestHostileSecondReceipt(t *testing.T) {
	sc, warning, receipt, cert := warned(t)
	sc.only(sc.verify(cert), Silent)
	make := func(edit func(*heed.Statement)) Bundle {
		now := sc.now
		sc.now = receipt.Received.Add(-time.Millisecond)
		r := sc.south.say(heed.KindReceipt, sc.north, warning, []*piece{warning}, func(s *heed.Statement) {
			s.Number, s.Received, s.Ledger, s.Terms = 1, sc.now, sc.south.log.vkey(), sc.south.card.ID
			s.PublishBy = sc.now.Add(sc.south.card.PublicationDelay)
			s.Duties = receipt.Duties
			edit(s)
		})
		sc.now = now
		b := steps(warning, r)
		b.Cards = cert.Cards
		return b
	}
	sc.show("publish-by in ten years", Silent, cert, make(func(s *heed.Statement) { s.PublishBy = s.Received.AddDate(10, 0, 0) }))
	other := sc.key("south.example/v1-7", "nowhere")
	sc.show("a ledger that is nowhere", Silent, cert, make(func(s *heed.Statement) { s.Ledger = other.Verifier().String() }))
}

// the receipt is the only one, and names absurd terms
func TestHostileReceiptForged(t *testing.T) {
	sc, warning, b := neverAcceptedScene(t)
	sc.only(sc.verify(b), NeverAccepted)
	// anybody can make this
	stranger := sc.key("south.example/node", "mallory")
	s := heed.Statement{Kind: heed.KindReceipt, Case: warning.CaseID(), Author: "south.example", AuthorCard: 1, Recipient: "north.example", RecipientCard: 1, Time: sc.now,
		Answers: []heed.StatementID{warning.ID}, TagKey: warning.TagKey, Number: 1, Received: sc.now, Ledger: sc.south.log.vkey(), Terms: sc.south.card.ID, PublishBy: sc.now}
	_, note, err := wire.SignStatement(s, stranger)
	sc.must(err)
	spoil := steps(warning)
	spoil.Cards = b.Cards
	spoil.Claims = []Claim{{Kind: ClaimSilence, Statement: warning.ID, Duty: heed.DutyAssess}}
	spoil.Statements = append(spoil.Statements, Statement{Note: note})
	sc.show("a forged receipt", NeverAccepted, b, spoil)
	// the debtor itself: a real receipt, never logged, under a key that a card made today ends
	r := sc.south.receipt(warning, sc.north)
	sc.south.rekey()
	own := steps(warning, r)
	own.Claims = spoil.Claims
	own.Cards = sc.south.cards
	sc.show("a receipt disowned by a card made for the purpose", NeverAccepted, b, own)
}

func neverAcceptedScene(t testing.TB) (*scene, *piece, Bundle) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	sc.wait(time.Second)
	deposit, header := sc.depot.deposits(warning, sc.north, sc.south)
	sc.wait(3 * time.Hour)
	head := sc.cosigned(sc.south.log.cut())
	b := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: warning.ID, Duty: heed.DutyAssess}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{warning.part(), deposit.bare()},
		Headers:    [][]byte{header},
		Maps: []Map{sc.south.log.proof(head, warning.tag(ledger.SlotReceipt),
			ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope))},
	}
	return sc, warning, b
}

// 3: honest debtor lost its ledger, answered in the next; verifier pins the NEW card; creditor leaves the succession out.
func TestHostileLostLedgerWithoutSuccession(t *testing.T) {
	sc, warning, receipt, _ := warned(t)
	sc.now = begins.Add(time.Minute)
	_, old := sc.south.rotate(true)
	sc.south.assesses(warning, sc.north) // in time, in the new ledger
	sc.cosigned(sc.south.log.cut())
	sc.now = begins.Add(20 * time.Hour)
	policy := sc.policy()
	policy.Parties[1].Card = sc.south.card.ID // the present card, which names v1-2
	b := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: warning.ID, Duty: heed.DutyAssess}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0], sc.south.cards[1]},
		Statements: []Statement{warning.part(), receipt.bare()},
		Maps: []Map{
			old.proof(sc.cosigned(old.sign()), warning.tag(ledger.SlotReceipt), warning.tag(ledger.SlotAssess)),
			sc.north.log.proof(sc.cosigned(sc.north.log.sign()), warning.tag(ledger.SlotRecalled)),
		},
	}
	if v := sc.verifyBy(policy, b).Verdicts[0]; v.Verdict == Silent {
		t.Errorf("silent as of %s, although the pinned card names another ledger, with the answer in it: %s", v.AsOf, v.Why)
	}
}

// 4: a receipt is owed no receipt.
func TestHostileNeverAcceptedReceipt(t *testing.T) {
	sc := newScene(t)
	// south asked north; north's receipt is put into south's depositary by north
	question := sc.south.asks(sc.north, nil)
	sc.wait(time.Second)
	receipt := sc.north.receives(question, sc.south)
	deposit, header := sc.depot.deposits(receipt, sc.north, sc.south)
	sc.wait(3 * time.Hour)
	head := sc.cosigned(sc.south.log.cut())
	b := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: receipt.ID, Duty: heed.DutyAnswer}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{question.part(), receipt.part(), deposit.bare()},
		Headers:    [][]byte{header},
		Maps: []Map{sc.south.log.proof(head, receipt.tag(ledger.SlotReceipt),
			ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope))},
	}
	if v := sc.verify(b).Verdicts[0]; v.Verdict == NeverAccepted {
		t.Errorf("never accepted, of a receipt, with a duty to %s: %s", v.Duty, v.Why)
	}
}

// 6: a deposit that the creditor said did not open delivers an answer.
func TestHostileNoiseDelivers(t *testing.T) {
	sc, warning, _, cert := warned(t)
	sc.only(sc.verify(cert), Silent)
	sc.now = begins.Add(time.Minute)
	answer := sc.south.say(heed.KindAssessment, sc.north, warning, []*piece{warning}, func(s *heed.Statement) { s.Disposition = heed.NotCredible }) // never logged, never sent
	deposit, header := sc.depot.deposits(answer, sc.south, sc.north)                                                                                // noise inside
	bad := ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope)
	sc.north.log.slot(deposit, ledger.Key(deposit.Envelope), ledger.SlotBadSeal, heed.StatementID(deposit.Envelope))
	sc.now = begins.Add(11 * time.Hour)
	b := steps(warning, answer)
	b.Statements = append(b.Statements, deposit.bare())
	b.Headers = [][]byte{header}
	b.Maps = []Map{sc.north.log.proof(sc.cosigned(sc.north.log.cut()), bad)}
	b.Cards = cert.Cards
	sc.show("noise, refused on record by the creditor", Silent, cert, b)
}

// 11: a fork of cards beside the pinned one
func TestHostileCardFork(t *testing.T) {
	sc := newScene(t)
	first := sc.south.card
	sc.south.issue(nil) // card 2, same keys
	second := sc.south.card
	warning := sc.north.warns(sc.south)
	sc.wait(time.Second)
	sc.south.receives(warning, sc.north)
	a := sc.south.assesses(warning, sc.north)
	sc.south.log.slot(a, a.key, ledger.SlotSent, a.ID)
	sc.south.log.cut()
	sc.north.log.cut()
	sc.wait(400 * 24 * time.Hour)
	policy := sc.policy()
	policy.Parties[1].Card = second.ID
	b := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: a.ID, Duty: heed.DutyConclude}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0], sc.south.cards[1]},
		Statements: []Statement{warning.part(), a.part()},
		Maps: []Map{sc.south.log.proof(sc.cosigned(sc.south.log.sign()), a.tag(ledger.SlotSent), a.tag(ledger.SlotConclude)),
			sc.north.log.proof(sc.cosigned(sc.north.log.sign()), warning.tag(ledger.SlotRecalled))},
	}
	if v := sc.verifyBy(policy, b).Verdicts[0]; v.Verdict != Silent {
		t.Fatalf("%+v", v)
	}
	// the debtor grinds another card 2, under another ledger
	old := sc.south.log
	var fork heed.Card
	var note, succession []byte
	for i := 0; ; i++ {
		sc.south.card = first
		sc.south.log = newBook(sc, sc.key("south.example/v1-2", "fork"))
		sc.now = sc.now.Add(time.Second)
		sc.south.issue(nil)
		fork, note = sc.south.card, sc.south.cards[len(sc.south.cards)-1]
		if bytes.Compare(fork.ID[:], second.ID[:]) < 0 {
			break
		}
	}
	_, succession, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindSuccession, Author: sc.south.id, AuthorCard: 1, Time: sc.now, Node: first.NodeKey,
		Ledger: old.vkey(), Size: 0, Root: heed.Digest(newBook(sc, old.key).tree.Root()), Successor: sc.south.log.vkey(), Card: fork.ID, Lost: true,
	}, sc.south.node)
	sc.must(err)
	r := steps(warning)
	r.Cards = [][]byte{note}
	r.Statements = append(r.Statements, Statement{Note: succession})
	if v := sc.verifyBy(policy, b, r).Verdicts[0]; v.Verdict != Silent {
		t.Errorf("another card 2, beside the pinned card 2, ends the certificate: %q: %s", v.Verdict, v.Why)
	}
	_ = seal.VerifyKey{}
}
