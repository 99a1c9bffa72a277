package evidence

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

func TestSilence(t *testing.T) {
	sc, warning, _, cert := warned(t)
	v := sc.only(sc.verify(cert), Silent)
	due := begins.Add(time.Second + 8*time.Hour)
	// Four witnesses, a second apart: the third largest time is the second.
	if want := sc.now.Add(time.Second); !v.AsOf.Equal(want) || !v.Due.Equal(due) {
		t.Errorf("as of %s, due %s; want %s, %s", v.AsOf, v.Due, want, due)
	}
	if v.OwedBy != sc.south.id || v.OwedTo != sc.north.id || v.Duty != heed.DutyAssess || v.Statement != warning.ID.String() || v.Code != warning.CaseCode() || !v.Late || !slices.Equal(v.Witnesses, []string{"w1", "w2", "w3", "w4"}) {
		t.Errorf("%+v", v)
	}
}

// Until the due time and the publication delay are over, nobody can say that
// there is no answer: exactly then is still too early.
func TestSilenceBeginsAfterTheDelay(t *testing.T) {
	for after, want := range map[time.Duration]Finding{0: CannotTell, time.Second: Silent} {
		sc := newScene(t)
		warning := sc.north.warns(sc.south)
		receipt := sc.south.receives(warning, sc.north)
		south, north := sc.south.log.cut(), sc.north.log.cut()
		// Witnesses sign a second apart, and the third largest of four counts.
		sc.now = begins.Add(8*time.Hour + heed.DefaultPublicationDelay - time.Second + after)
		sc.only(sc.verify(sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))), want)
	}
}

func steps(of *piece, pieces ...*piece) Bundle {
	b := Bundle{Claims: []Claim{{Kind: ClaimSteps, Case: of.CaseID()}}, Statements: []Statement{of.part()}}
	for _, p := range pieces {
		b.Statements = append(b.Statements, p.part())
	}
	return b
}

// What can be held against a certificate of silence, each in a file of the
// other side's, and what cannot.
func TestRebuttals(t *testing.T) {
	type made struct {
		sc       *scene
		warning  *piece
		receipt  *piece
		rebuttal Bundle
	}
	for name, c := range map[string]struct {
		rebut func(m *made)
		want  Finding
		late  bool
	}{
		"an answer that was witnessed in time": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			index := int64(len(m.sc.south.log.leaves) - 1)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.cosigned(m.sc.south.log.cut()))}
		}, Answered, false}, // although the certificate's head says a later time: no honest witness cosigns both
		"an answer that was witnessed after the certificate": {func(m *made) {
			m.sc.wait(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			index := int64(len(m.sc.south.log.leaves) - 1)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.cosigned(m.sc.south.log.cut()))}
		}, Answered, true},
		"an answer with the creditor's receipt in time": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, false},
		"an answer with the creditor's receipt within the delay": {func(m *made) {
			m.sc.now = m.receipt.Received.Add(8 * time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			m.sc.wait(heed.DefaultPublicationDelay)
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, false},
		"an answer with the creditor's receipt after the delay": {func(m *made) {
			m.sc.now = m.receipt.Received.Add(8 * time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			m.sc.wait(heed.DefaultPublicationDelay + time.Millisecond)
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, true},
		"an answer signed a millisecond late": {func(m *made) {
			m.sc.now = m.receipt.Received.Add(8*time.Hour + time.Millisecond)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, true},
		"an answer with the deposit of the creditor's depositary": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			deposit, header := m.sc.depot.deposits(a, m.sc.south, m.sc.north)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Statements = append(m.rebuttal.Statements, deposit.bare())
			m.rebuttal.Headers = [][]byte{header}
		}, Answered, false},
		"a deposit without the envelope's header": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			deposit, _ := m.sc.depot.deposits(a, m.sc.south, m.sc.north)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Statements = append(m.rebuttal.Statements, deposit.bare())
		}, Silent, true},
		"an answer that nothing dates": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.south.assesses(m.warning, m.sc.north))
		}, Silent, true},
		"an answer under a head that no witness saw": {func(m *made) {
			a := m.sc.south.assesses(m.warning, m.sc.north)
			index := int64(len(m.sc.south.log.leaves) - 1)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.south.log.cut())}
		}, Silent, true},
		"an answer logged as sent, aside from its slot": {func(m *made) {
			m.sc.wait(time.Hour)
			a := m.sc.south.say(heed.KindAssessment, m.sc.north, m.warning, []*piece{m.warning}, func(s *heed.Statement) { s.Disposition = heed.NotCredible })
			index := m.sc.south.log.slot(a, a.key, ledger.SlotSent, a.ID)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.cosigned(m.sc.south.log.cut()))}
		}, Silent, true},
		"the debtor's own receipt for its answer": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			r := m.sc.north.receipt(a, m.sc.south)
			forged := r.Statement
			forged.AuthorCard = 2
			var err error
			r.Statement, r.note, err = wire.SignStatement(forged, m.sc.key("north.example/node", "a forger"))
			m.sc.must(err)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Claims[0].Case = heed.CaseID{1} // so that its own claim says nothing here
			m.rebuttal.Statements = append(m.rebuttal.Statements, r.bare())
		}, Silent, true},
		"an answer dated back": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			index := int64(len(m.sc.south.log.leaves) - 1)
			m.sc.now = begins.Add(20 * time.Hour)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.cosigned(m.sc.south.log.cut()))}
		}, Answered, true},
		"an answer under a second key": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.say(heed.KindAssessment, m.sc.north, m.warning, []*piece{m.warning}, func(s *heed.Statement) { s.Disposition = heed.NotCredible })
			index := m.sc.south.log.slot(a, a.key, ledger.SlotAssess, m.warning.ID)
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, m.sc.cosigned(m.sc.south.log.cut()))}
		}, Silent, true},
		"a refusal in time": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.say(heed.KindRefusal, m.sc.north, m.warning, []*piece{m.warning}, func(s *heed.Statement) { s.Code = heed.NotCompetent })
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, false},
		"an acknowledgement": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.say(heed.KindAcknowledgement, m.sc.north, m.warning, []*piece{m.warning}, nil)
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Silent, true},
		"an interim reply": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			a := m.sc.south.say(heed.KindInterim, m.sc.north, m.warning, []*piece{m.warning}, func(s *heed.Statement) { s.By = m.sc.now.Add(100 * time.Hour) })
			m.rebuttal = steps(m.warning, a, m.sc.north.receipt(a, m.sc.south))
		}, Silent, true},
		"a recall": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.north.recalls(m.warning, m.sc.south))
		}, Recalled, false},
		"a recall in the ledger, not shown": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.sc.north.recalls(m.warning, m.sc.south)
			m.rebuttal = steps(m.warning)
			m.rebuttal.Maps = []Map{m.sc.north.log.proof(m.sc.north.log.cut(), m.warning.tag(ledger.SlotRecalled))}
		}, Recalled, false},
		"a recall and then an answer": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			recall := m.sc.north.recalls(m.warning, m.sc.south)
			a := m.sc.south.assesses(m.warning, m.sc.north)
			m.rebuttal = steps(m.warning, recall, a, m.sc.north.receipt(a, m.sc.south))
		}, Answered, false},
		"an extension by the creditor": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.north.extends(m.warning, m.sc.south, heed.DutyAssess, begins.Add(1000*time.Hour)))
		}, CannotTell, false},
		"an extension of another duty": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.north.extends(m.warning, m.sc.south, heed.DutyAnswer, begins.Add(1000*time.Hour)))
		}, Silent, true},
		"an extension by the debtor": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.south.extends(m.warning, m.sc.north, heed.DutyAssess, begins.Add(1000*time.Hour)))
		}, Silent, true},
		"an extension that is over": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning, m.sc.north.extends(m.warning, m.sc.south, heed.DutyAssess, begins.Add(9*time.Hour)))
		}, Silent, true},
		"a second receipt with a later due time": {func(m *made) {
			m.sc.now = begins.Add(time.Hour)
			m.rebuttal = steps(m.warning)
			m.rebuttal.Statements = append(m.rebuttal.Statements, m.sc.south.receipt(m.warning, m.sc.north).bare())
		}, Silent, true},
		"something under the duty's tag, not opened": {func(m *made) {
			m.sc.wait(time.Hour)
			tag := m.warning.tag(ledger.SlotAssess)
			m.sc.south.log.append(append(tag[:], m.sc.fresh()[:32]...))
			m.rebuttal = steps(m.warning)
			m.rebuttal.Maps = []Map{m.sc.south.log.proof(m.sc.cosigned(m.sc.south.log.cut()), tag)}
		}, LoggedNotDelivered, true},
		"something under the duty's tag in a head that no witness saw": {func(m *made) {
			tag := m.warning.tag(ledger.SlotAssess)
			m.sc.south.log.append(append(tag[:], m.sc.fresh()[:32]...))
			m.rebuttal = steps(m.warning)
			m.rebuttal.Maps = []Map{m.sc.south.log.proof(m.sc.south.log.cut(), tag)}
		}, Silent, true},
		"a dummy leaf under the duty's tag beside the answer": {func(m *made) {
			m.sc.wait(time.Hour)
			tag := m.warning.tag(ledger.SlotAssess)
			index := m.sc.south.log.append(append(tag[:], m.sc.fresh()[:32]...))
			a := m.sc.south.say(heed.KindAssessment, m.sc.north, m.warning, []*piece{m.warning}, func(s *heed.Statement) { s.Disposition = heed.NotCredible })
			head := m.sc.cosigned(m.sc.south.log.cut())
			m.rebuttal = steps(m.warning, a)
			m.rebuttal.Leaves = []Leaf{m.sc.south.log.leaf(index, head)}
			m.rebuttal.Maps = []Map{m.sc.south.log.proof(head, tag)}
		}, LoggedNotDelivered, true},
	} {
		t.Run(name, func(t *testing.T) {
			sc, warning, receipt, cert := warned(t)
			m := &made{sc: sc, warning: warning, receipt: receipt}
			c.rebut(m)
			for _, files := range [][]Bundle{{cert, m.rebuttal}, {m.rebuttal, cert}} {
				report := sc.verify(files...)
				v := report.Verdicts[0]
				if v.Claim != ClaimSilence || v.Verdict != c.want || v.Late != c.late {
					t.Errorf("%q, late %v (%s); want %q, late %v", v.Verdict, v.Late, v.Why, c.want, c.late)
				}
			}
		})
	}
}

// The debtor logged its answer, left it out of the map, and shows it only now:
// the leaf stands before the map root that denies it.
func TestAnAnswerThatTheMapDenies(t *testing.T) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	receipt := sc.south.receives(warning, sc.north)
	sc.wait(time.Hour)
	sc.south.log.hide[warning.tag(ledger.SlotAssess)] = true
	answer := sc.south.assesses(warning, sc.north)
	index := int64(len(sc.south.log.leaves) - 1)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(10 * time.Hour)
	cert := sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))
	sc.only(sc.verify(cert), Silent)

	rebuttal := steps(warning, answer)
	rebuttal.Leaves = []Leaf{sc.south.log.leaf(index, sc.cosigned(south))}
	if v := sc.verify(cert, rebuttal).Verdicts[0]; v.Verdict != LedgerInconsistency || v.Lie != LeftOut || v.OwedBy != sc.south.id {
		t.Errorf("%+v", v)
	}
}

func TestPromisedNotPublished(t *testing.T) {
	for after, want := range map[time.Duration]Finding{0: CannotTell, time.Second: PromisedNotPublished} {
		sc := newScene(t)
		warning := sc.north.warns(sc.south)
		receipt := sc.south.receipt(warning, sc.north) // signed, and not logged
		south, north := sc.south.log.cut(), sc.north.log.cut()
		sc.now = begins.Add(heed.DefaultPublicationDelay - time.Second + after)
		sc.only(sc.verify(sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))), want)
	}
}

// never is a scene in which north deposited a warning for south, which neither
// took nor refused it.
func never(t *testing.T, also func(sc *scene, digest heed.Digest, warning *piece)) (*scene, *piece, Bundle) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	deposit, header := sc.depot.deposits(warning, sc.north, sc.south)
	if also != nil {
		also(sc, deposit.Envelope, warning)
	}
	head := sc.south.log.cut()
	// Collected every hour, published within the delay; the third largest of four times a second apart counts.
	sc.now = begins.Add(time.Hour + heed.DefaultPublicationDelay)
	envelope := ledger.Key(deposit.Envelope)
	cert := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: warning.ID, Duty: heed.DutyAcknowledge}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{warning.part(), deposit.bare()},
		Headers:    [][]byte{header},
		Maps: []Map{sc.south.log.proof(sc.cosigned(head), warning.tag(ledger.SlotReceipt),
			ledger.SlotTag(envelope, ledger.SlotBadSeal, 0, deposit.Envelope))},
	}
	return sc, warning, cert
}

func TestNeverAccepted(t *testing.T) {
	sc, _, cert := never(t, nil)
	v := sc.only(sc.verify(cert), NeverAccepted)
	if v.OwedBy != sc.south.id || !v.AsOf.Equal(sc.now.Add(time.Second)) {
		t.Errorf("%+v", v)
	}
}

func TestFalseNeverAccepted(t *testing.T) {
	for name, change := range map[string]func(sc *scene, warning *piece, cert *Bundle){
		"without a deposit": func(_ *scene, warning *piece, cert *Bundle) { cert.Statements = []Statement{warning.part()} },
		"without a header":  func(_ *scene, _ *piece, cert *Bundle) { cert.Headers = nil },
		"with another envelope's header": func(sc *scene, warning *piece, cert *Bundle) {
			note, _ := sc.header(sc.north, sc.south, []heed.Digest{heed.Digest(warning.tag(ledger.SlotCarried))})
			cert.Headers = [][]byte{note}
		},
		"with a deposit of something else": func(sc *scene, warning *piece, cert *Bundle) {
			deposit, header := sc.depot.deposits(sc.north.asks(sc.south, nil), sc.north, sc.south)
			cert.Statements, cert.Headers = []Statement{warning.part(), deposit.bare()}, [][]byte{header}
		},
		"with the deposit of somebody that the card does not name": func(sc *scene, warning *piece, cert *Bundle) {
			west := sc.newOrg("west.example")
			west.issue(nil)
			deposit, header := west.deposits(warning, sc.north, sc.south)
			cert.Statements, cert.Headers = []Statement{warning.part(), deposit.bare()}, [][]byte{header}
			cert.Cards = append(cert.Cards, west.cards[0])
		},
		"without the statement's key": func(_ *scene, _ *piece, cert *Bundle) { cert.Statements[0].Key = nil },
		"without the bad-seal tag":    func(_ *scene, _ *piece, cert *Bundle) { cert.Maps[0].Paths = cert.Maps[0].Paths[:1] },
		"without the receipt's tag":   func(_ *scene, _ *piece, cert *Bundle) { cert.Maps[0].Paths = cert.Maps[0].Paths[1:] },
		"under a head of two witnesses": func(sc *scene, warning *piece, cert *Bundle) {
			sc.now = sc.now.Add(time.Hour)
			sc.refresh(cert, 0, sc.witnesses[:2]...)
		},
		"as of the collecting itself": func(sc *scene, _ *piece, cert *Bundle) {
			sc.now = sc.now.Add(-time.Second)
			sc.refresh(cert, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			sc, warning, cert := never(t, nil)
			change(sc, warning, &cert)
			sc.only(sc.verify(cert), DeliveryNotShown)
		})
	}
	for name, also := range map[string]func(sc *scene, digest heed.Digest, warning *piece){
		"although the envelope did not open": func(sc *scene, digest heed.Digest, _ *piece) {
			tag := ledger.SlotTag(ledger.Key(digest), ledger.SlotBadSeal, 0, digest)
			sc.south.log.append(append(tag[:], sc.fresh()[:32]...))
		},
		"although a receipt was logged": func(sc *scene, _ heed.Digest, warning *piece) { sc.south.receives(warning, sc.north) },
	} {
		t.Run(name, func(t *testing.T) {
			sc, _, cert := never(t, also)
			sc.only(sc.verify(cert), DeliveryNotShown)
		})
	}
}

// refresh has the head of one of a file's map proofs cosigned anew.
func (sc *scene) refresh(b *Bundle, at int, by ...ledger.CosigningKey) {
	sc.t.Helper()
	proof, err := ledger.ParseLeafProof(b.Maps[at].Proof)
	sc.must(err)
	proof.Checkpoint = sc.cosigned(proof.Checkpoint, by...)
	b.Maps[at].Proof, err = proof.Marshal()
	sc.must(err)
}

// What a certificate of silence needs, each piece taken away or replaced.
func TestNotSilent(t *testing.T) {
	for name, c := range map[string]struct {
		change func(sc *scene, warning *piece, cert *Bundle)
		want   Finding
	}{
		"no statement":      {func(_ *scene, _ *piece, cert *Bundle) { cert.Statements = cert.Statements[1:] }, CannotTell},
		"no receipt":        {func(_ *scene, _ *piece, cert *Bundle) { cert.Statements = cert.Statements[:1] }, DeliveryNotShown},
		"no key":            {func(_ *scene, _ *piece, cert *Bundle) { cert.Statements[0].Key = nil }, CannotTell},
		"no debtor's map":   {func(_ *scene, _ *piece, cert *Bundle) { cert.Maps = cert.Maps[1:] }, CannotTell},
		"no creditor's map": {func(_ *scene, _ *piece, cert *Bundle) { cert.Maps = cert.Maps[:1] }, CannotTell},
		"no presence":       {func(_ *scene, _ *piece, cert *Bundle) { cert.Maps[0].Paths = cert.Maps[0].Paths[1:] }, CannotTell},
		"no absence":        {func(_ *scene, _ *piece, cert *Bundle) { cert.Maps[0].Paths = cert.Maps[0].Paths[:1] }, CannotTell},
		"no card":           {func(_ *scene, _ *piece, cert *Bundle) { cert.Cards = cert.Cards[:1] }, UnknownSigner},
		"a head without cosignatures": {func(sc *scene, _ *piece, cert *Bundle) {
			sc.strip(cert, 0)
		}, CannotTell},
		"two witnesses":                     {func(sc *scene, _ *piece, cert *Bundle) { sc.refresh(cert, 0, sc.witnesses[:2]...) }, CannotTell},
		"three witnesses":                   {func(sc *scene, _ *piece, cert *Bundle) { sc.refresh(cert, 0, sc.witnesses[:3]...) }, Silent},
		"two witnesses over the creditor's": {func(sc *scene, _ *piece, cert *Bundle) { sc.refresh(cert, 1, sc.witnesses[:2]...) }, CannotTell},
		"an old head": {func(sc *scene, _ *piece, cert *Bundle) {
			sc.now = begins.Add(8 * time.Hour)
			sc.refresh(cert, 0)
		}, CannotTell},
		"an old head of the creditor's": {func(sc *scene, _ *piece, cert *Bundle) {
			sc.now = begins.Add(8*time.Hour - time.Second)
			sc.refresh(cert, 1)
		}, CannotTell},
		"strangers' witnesses": {func(sc *scene, _ *piece, cert *Bundle) {
			var strangers []ledger.CosigningKey
			for _, name := range []string{"w1", "w2", "w3", "w4"} {
				key, err := ledger.NewCosigningKey(name+".example/key", strings.NewReader(string(sc.seed("stranger "+name))))
				sc.must(err)
				strangers = append(strangers, key)
			}
			sc.refresh(cert, 0, strangers...)
		}, UnknownSigner},
		"the creditor's absence for the debtor's": {func(sc *scene, warning *piece, cert *Bundle) {
			head := sc.cosigned(sc.north.log.cut())
			cert.Maps[0].Paths = cert.Maps[0].Paths[:1]
			cert.Maps[1] = sc.north.log.proof(head, warning.tag(ledger.SlotAssess), warning.tag(ledger.SlotRecalled))
		}, CannotTell},
		"an older map of the same head": {func(sc *scene, warning *piece, cert *Bundle) {
			// A map root that is not the last leaf: the answer may stand behind it.
			sc.south.assesses(warning, sc.north)
			old := int64(len(sc.south.log.leaves) - 3)
			head := sc.cosigned(sc.south.log.cut())
			cert.Maps[0] = sc.south.log.proofAt(old, head, warning.tag(ledger.SlotReceipt), warning.tag(ledger.SlotAssess))
		}, CannotTell},
		"the receipt of another statement": {func(sc *scene, warning *piece, cert *Bundle) {
			other := sc.north.warns(sc.south)
			cert.Statements = []Statement{warning.part(), sc.south.receives(other, sc.north).bare()}
		}, DeliveryNotShown},
		"a receipt that names another key": {func(sc *scene, warning *piece, cert *Bundle) {
			r := sc.south.receipt(warning, sc.north).Statement
			r.TagKey = heed.Digest{7}
			_, note, err := wire.SignStatement(r, sc.south.node)
			sc.must(err)
			cert.Statements = []Statement{warning.part(), {Note: note}}
		}, DeliveryNotShown},
		"a receipt signed by the creditor": {func(sc *scene, warning *piece, cert *Bundle) {
			r := sc.south.receipt(warning, sc.north).Statement
			_, note, err := wire.SignStatement(r, sc.key("south.example/node", "a forger"))
			sc.must(err)
			cert.Statements = []Statement{warning.part(), {Note: note}}
		}, UnknownSigner},
		"a duty that the receipt does not promise": {func(_ *scene, _ *piece, cert *Bundle) { cert.Claims[0].Duty = heed.DutyReport }, CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			sc, warning, _, cert := warned(t)
			c.change(sc, warning, &cert)
			sc.only(sc.verify(cert), c.want)
		})
	}
}

// strip takes all cosignatures from the head of a map proof.
func (sc *scene) strip(b *Bundle, at int) {
	proof, err := ledger.ParseLeafProof(b.Maps[at].Proof)
	sc.must(err)
	proof.Checkpoint, err = ledger.RenderCheckpoint(proof.Checkpoint, nil)
	sc.must(err)
	b.Maps[at].Proof, err = proof.Marshal()
	sc.must(err)
}

// Whoever has one witness's two keys has one witness.
func TestAWitnessCountsOnce(t *testing.T) {
	sc, _, _, cert := warned(t)
	policy := sc.policy()
	second, err := ledger.NewCosigningKey("w1.example/new", strings.NewReader(string(sc.seed("w1 again"))))
	sc.must(err)
	policy.Witnesses = append(policy.Witnesses, PolicyWitness{Name: "w1", Key: second.Public()})
	sc.refresh(&cert, 0, sc.witnesses[0], second, sc.witnesses[1])
	sc.only(sc.verifyBy(policy, cert), CannotTell)
	sc.refresh(&cert, 0, second, sc.witnesses[1], sc.witnesses[2])
	sc.only(sc.verifyBy(policy, cert), Silent)
}

// Corroborators are shown, and count for nothing.
func TestCorroborators(t *testing.T) {
	sc, _, _, cert := warned(t)
	policy := sc.policy()
	lite, err := ledger.NewCosigningKey("lite.example", strings.NewReader(string(sc.seed("lite"))))
	sc.must(err)
	policy.Witnesses = append(policy.Witnesses, PolicyWitness{Name: "lite", Key: lite.Public(), Corroborating: true})
	sc.refresh(&cert, 0, sc.witnesses[0], sc.witnesses[1], lite)
	sc.only(sc.verifyBy(policy, cert), CannotTell)
	sc.refresh(&cert, 0, sc.witnesses[0], sc.witnesses[1], sc.witnesses[2], lite)
	if v := sc.only(sc.verifyBy(policy, cert), Silent); len(v.Witnesses) != 3 || len(v.Corroborations) != 1 || v.Corroborations[0] != "lite" {
		t.Errorf("%+v", v)
	}
}

// The policy is the verifier's: parties and cards that it does not pin are
// nobody, whatever the bundle says.
func TestUnknownSigners(t *testing.T) {
	sc, _, _, cert := warned(t)
	for name, change := range map[string]func(p *Policy){
		"debtor not pinned":     func(p *Policy) { p.Parties = p.Parties[:1] },
		"creditor not pinned":   func(p *Policy) { p.Parties = p.Parties[1:] },
		"debtor's other card":   func(p *Policy) { p.Parties[1].Card = heed.CardID{1} },
		"creditor's other card": func(p *Policy) { p.Parties[0].Card = heed.CardID{1} },
		"one card for both":     func(p *Policy) { p.Parties[0].Card = p.Parties[1].Card },
	} {
		policy := sc.policy()
		change(&policy)
		if v := sc.only(sc.verifyBy(policy, cert), UnknownSigner); v.Why == "" {
			t.Errorf("%s: no reason", name)
		}
	}
	// The whole world of the bundle is invented, names included.
	forger := newForgery(t, sc)
	sc.only(sc.verify(forger), UnknownSigner)
}

// newForgery is a certificate in which every key is another's.
func newForgery(t *testing.T, sc *scene) Bundle {
	t.Helper()
	fake := &scene{t: t, now: begins.Add(time.Minute), witnesses: sc.witnesses}
	forge := func(id heed.PartyID) *org {
		o := fake.newOrg(id)
		name := string(id)
		o.node, o.log = fake.key(name+"/node", "forged node of "+name), newBook(fake, fake.key(name+"/v1", "forged ledger of "+name))
		o.issue(nil)
		return o
	}
	fake.north, fake.south = forge("north.example"), forge("south.example")
	warning := fake.north.warns(fake.south)
	receipt := fake.south.receives(warning, fake.north)
	south, north := fake.south.log.cut(), fake.north.log.cut()
	fake.wait(10 * time.Hour)
	return fake.silence(heed.DutyAssess, warning, receipt, fake.cosigned(south), fake.cosigned(north))
}

// Silence goes both ways: the warned asks, and the warner does not answer. No
// recall can end that, so nothing of the creditor's ledger is needed.
func TestSilenceOfTheWarner(t *testing.T) {
	sc, warning, receipt, _ := warned(t)
	question := sc.south.asks(sc.north, warning)
	answer := sc.north.receives(question, sc.south)
	head := sc.north.log.cut()
	sc.wait(10 * time.Hour)
	cert := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: question.ID, Duty: heed.DutyAnswer}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{question.part(), answer.bare(), warning.bare()},
		Maps:       []Map{sc.north.log.proof(sc.cosigned(head), question.tag(ledger.SlotReceipt), question.tag(ledger.SlotAnswer))},
	}
	v := sc.only(sc.verify(cert), Silent)
	if v.OwedBy != sc.north.id || v.OwedTo != sc.south.id || v.Case != warning.CaseID().String() {
		t.Errorf("%+v", v)
	}
	recall := steps(warning, receipt, sc.north.recalls(warning, sc.south))
	recall.Statements[1].Key = nil
	if v := sc.verify(cert, recall).Verdicts[0]; v.Verdict != Silent {
		t.Errorf("the warner's recall ends what it owes: %+v", v)
	}
	cert.Statements = cert.Statements[:2]
	sc.only(sc.verify(cert), CannotTell) // who opened the case is not shown
}

// A statement later in the case needs the opening and its key, since the
// recall's tag is the opening's. What is asked after a recall is owed.
func TestSilenceOnALaterStatement(t *testing.T) {
	sc, warning, received, _ := warned(t)
	question := sc.north.asks(sc.south, warning)
	receipt := sc.south.receives(question, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(10 * time.Hour)
	cert := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: question.ID, Duty: heed.DutyAnswer}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{question.part(), receipt.bare(), warning.part(), received.bare()},
		Maps: []Map{
			sc.south.log.proof(sc.cosigned(south), question.tag(ledger.SlotReceipt), question.tag(ledger.SlotAnswer)),
			sc.north.log.proof(sc.cosigned(north), warning.tag(ledger.SlotRecalled)),
		},
	}
	sc.only(sc.verify(cert), Silent)
	without := cert
	without.Statements = []Statement{question.part(), receipt.bare(), warning.bare(), received.bare()}
	sc.only(sc.verify(without), CannotTell)
	// The tag of the wrong statement: absent for ever.
	wrong := cert
	wrong.Maps = []Map{cert.Maps[0], sc.north.log.proof(sc.cosigned(north), question.tag(ledger.SlotRecalled))}
	sc.only(sc.verify(wrong), CannotTell)

	recall := sc.north.recalls(warning, sc.south)
	if v := sc.verify(cert, steps(warning, recall)).Verdicts[0]; v.Verdict != Recalled {
		t.Errorf("a recall after the question: %+v", v)
	}
	sc2, warning2, received2, _ := warned(t)
	early := sc2.north.recalls(warning2, sc2.south)
	earlyReceived := sc2.south.receives(early, sc2.north)
	again := sc2.north.asks(sc2.south, warning2)
	receipt2 := sc2.south.receives(again, sc2.north)
	south2 := sc2.south.log.cut()
	sc2.wait(10 * time.Hour)
	anew := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: again.ID, Duty: heed.DutyAnswer}},
		Cards:      cert.Cards,
		Statements: []Statement{again.part(), receipt2.bare(), warning2.part(), received2.bare(), early.bare(), earlyReceived.bare()},
		Maps:       []Map{sc2.south.log.proof(sc2.cosigned(south2), again.tag(ledger.SlotReceipt), again.tag(ledger.SlotAnswer))},
	}
	if v := sc2.verify(anew).Verdicts[0]; v.Verdict == Recalled {
		t.Errorf("asked after the recall, and ended by it: %+v", v)
	}
}

// Who assessed a warning as credible undertook to report and to conclude: the
// due times stand in its own statement, and no receipt is needed for them.
func TestSilenceOnAnUndertaking(t *testing.T) {
	sc, warning, _, _ := warned(t)
	assessment := sc.south.assesses(warning, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(100 * time.Hour)
	cert := func(duty heed.DutyKind) Bundle {
		return Bundle{
			Claims:     []Claim{{Kind: ClaimSilence, Statement: assessment.ID, Duty: duty}},
			Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
			Statements: []Statement{assessment.part(), warning.part()},
			Maps: []Map{
				sc.south.log.proof(sc.cosigned(south), warning.tag(ledger.SlotAssess), assessment.tag(slotNames[duty])),
				sc.north.log.proof(sc.cosigned(north), warning.tag(ledger.SlotRecalled)),
			},
		}
	}
	for _, duty := range []heed.DutyKind{heed.DutyReport, heed.DutyConclude} {
		v := sc.only(sc.verify(cert(duty)), Silent)
		if v.OwedBy != sc.south.id || v.OwedTo != sc.north.id {
			t.Errorf("%+v", v)
		}
	}
	missing := cert(heed.DutyReport)
	missing.Maps[0].Paths = missing.Maps[0].Paths[1:]
	sc.only(sc.verify(missing), CannotTell)

	outcome := sc.south.say(heed.KindOutcome, sc.north, warning, []*piece{assessment}, func(s *heed.Statement) { s.Outcome = heed.Unfounded })
	if v := sc.verify(cert(heed.DutyReport), steps(warning, outcome, sc.north.receipt(outcome, sc.south))).Verdicts[0]; v.Verdict != Answered || !v.Late {
		t.Errorf("%+v", v)
	}
}
