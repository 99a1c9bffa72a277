package evidence

import (
	"strings"
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// A chain is a case in which north warned south, called, and asked. South gave
// receipts for the warning at once and for the question an hour later, and has
// been silent since; the call it received some time after that, or never.
type chain struct {
	sc                              *scene
	warning, call, question         *piece
	received, callReceived, promise *piece
	south, north                    []byte
}

// chained has south receive the call after a time; never where that is negative.
func chained(t testing.TB, after time.Duration) *chain {
	t.Helper()
	c := &chain{sc: newScene(t)}
	sc := c.sc
	c.warning = sc.north.warns(sc.south)
	sc.wait(time.Second)
	c.received = sc.south.receives(c.warning, sc.north)
	c.call = sc.north.calls(sc.south, c.warning)
	c.question = sc.north.asks(sc.south, c.warning)
	sc.wait(time.Hour)
	c.promise = sc.south.receives(c.question, sc.north)
	if after >= 0 {
		sc.wait(after)
		c.callReceived = sc.south.receives(c.call, sc.north)
	}
	c.south, c.north = sc.south.log.cut(), sc.north.log.cut()
	return c
}

// calls is a call of o's, logged as sent.
func (o *org) calls(to *org, of *piece) *piece {
	p := o.say(heed.KindCall, to, of, nil, func(s *heed.Statement) { s.Contents = []heed.ContentRef{text} })
	o.log.slot(p, p.key, ledger.SlotSent, p.ID)
	return p
}

// certificate is that of south's silence about the question, as of now.
func (c *chain) certificate() Bundle {
	sc := c.sc
	b := Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: c.question.ID, Duty: heed.DutyAnswer}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{c.question.part(), c.promise.bare(), c.warning.part(), c.received.bare(), c.call.bare()},
		Maps: []Map{
			sc.south.log.proof(sc.cosigned(c.south), c.question.tag(ledger.SlotReceipt), c.question.tag(ledger.SlotAnswer)),
			sc.north.log.proof(sc.cosigned(c.north), c.warning.tag(ledger.SlotRecalled)),
		},
	}
	if c.callReceived != nil {
		b.Statements = append(b.Statements, c.callReceived.bare())
	}
	return b
}

// The clock of a question runs from when the last of what it follows was
// received; the verdict names that time.
func TestSilenceCountsFromTheLastOfTheChain(t *testing.T) {
	for after, due := range map[time.Duration]time.Duration{
		0:             time.Second + time.Hour + 8*time.Hour,
		5 * time.Hour: time.Second + 6*time.Hour + 8*time.Hour,
	} {
		c := chained(t, after)
		last := begins.Add(due + heed.DefaultPublicationDelay)
		for wait, want := range map[time.Duration]Finding{0: CannotTell, time.Second: Silent} {
			c.sc.now = last.Add(wait - time.Second) // the third largest of four times a second apart
			v := c.sc.only(c.sc.verify(c.certificate()), want)
			if !v.Due.Equal(begins.Add(due)) || !v.Received.Equal(begins.Add(time.Second+time.Hour)) || v.Late != (want == Silent) {
				t.Errorf("received %v after: %+v", after, v)
			}
			if said := strings.Contains(v.Why, "its time runs from "+utc(begins.Add(time.Second+time.Hour+after))); said != (want == Silent && after > 0) {
				t.Errorf("received %v after: %s", after, v.Why)
			}
		}
	}
}

// What the certificate leaves out of the chain leaves nothing of it.
func TestSilenceNeedsTheWholeChain(t *testing.T) {
	at := func(b *Bundle, p *piece) int {
		for i, s := range b.Statements {
			if string(s.Note) == string(p.note) {
				return i
			}
		}
		return -1
	}
	drop := func(b *Bundle, p *piece) {
		i := at(b, p)
		b.Statements = append(b.Statements[:i:i], b.Statements[i+1:]...)
	}
	for name, change := range map[string]struct {
		change func(c *chain, b *Bundle)
		want   Finding
		says   string
	}{
		"the statement before":        {func(c *chain, b *Bundle) { drop(b, c.call) }, CannotTell, "is not in the files"},
		"the receipt for it":          {func(c *chain, b *Bundle) { drop(b, c.callReceived) }, CannotTell, "no receipt of south.example for call statement"},
		"the receipt for the opening": {func(c *chain, b *Bundle) { drop(b, c.received) }, CannotTell, "no receipt of south.example for warning statement"},
		"the opening":                 {func(c *chain, b *Bundle) { drop(b, c.warning); drop(b, c.received) }, CannotTell, "is not in the files"},
		"nothing":                     {func(*chain, *Bundle) {}, Silent, "its time runs from"},
		"the creditor's own for a receipt": {func(c *chain, b *Bundle) {
			forged := c.callReceived.Statement
			_, note, err := wire.SignStatement(forged, c.sc.key("south.example/node", "a forger"))
			c.sc.must(err)
			b.Statements[at(b, c.callReceived)] = Statement{Note: note}
		}, UnknownSigner, "no receipt of south.example for call statement"},
		"a receipt of another case": {func(c *chain, b *Bundle) {
			r := c.callReceived.Statement
			r.Case = heed.CaseID{5}
			_, note, err := wire.SignStatement(r, c.sc.south.node)
			c.sc.must(err)
			b.Statements[at(b, c.callReceived)] = Statement{Note: note}
		}, CannotTell, "no receipt of south.example for call statement"},
		"a receipt under a key that has ended": {func(c *chain, b *Bundle) {
			c.sc.south.rekey()
			b.Cards = append(b.Cards, c.sc.south.cards[1])
		}, CannotTell, "its leaf is not shown"},
	} {
		t.Run(name, func(t *testing.T) {
			c := chained(t, time.Hour)
			c.sc.wait(20 * time.Hour)
			b := c.certificate()
			change.change(c, &b)
			v := c.sc.only(c.sc.verify(b), change.want)
			if !strings.Contains(v.Why, change.says) {
				t.Errorf("%s", v.Why)
			}
		})
	}
}

// A receipt of the chain is needed in a key's last days, too: with its leaf it
// binds after the key's end.
func TestAChainAcrossKeys(t *testing.T) {
	c := chained(t, time.Hour)
	sc := c.sc
	head := sc.cosigned(c.south)
	sc.wait(20 * time.Hour)
	b := c.certificate()
	sc.south.rekey()
	b.Cards = append(b.Cards, sc.south.cards[1])
	sc.only(sc.verify(b), CannotTell)
	for _, p := range []*piece{c.warning, c.call, c.question} {
		b.Statements = append(b.Statements, p.part())
		for i, leaf := range sc.south.log.leaves {
			if l, err := ledger.ParseLeaf(leaf); err == nil && l.Tag == p.tag(ledger.SlotReceipt) {
				b.Leaves = append(b.Leaves, sc.south.log.leaf(int64(i), head))
			}
		}
	}
	sc.only(sc.verify(b), Silent)
}

// Everything has its receipt, and the question could not be read all the same:
// what it follows had no place in the case once its own predecessor came.
func TestSilenceAboutWhatHasNoPlace(t *testing.T) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	received := sc.south.receives(warning, sc.north)
	call := sc.north.calls(sc.south, warning)
	// Signed before its predecessor: refused by whoever can place it, and received
	// while the predecessor is withheld.
	misfit := sc.north.say(heed.KindCall, sc.south, warning, nil, func(s *heed.Statement) {
		s.Contents, s.Time = []heed.ContentRef{text}, begins.Add(-time.Hour)
	})
	question := sc.north.asks(sc.south, warning)
	misfitReceived, promise := sc.south.receives(misfit, sc.north), sc.south.receives(question, sc.north)
	callReceived := sc.south.receives(call, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(20 * time.Hour)
	v := sc.only(sc.verify(Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: question.ID, Duty: heed.DutyAnswer}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{question.part(), promise.bare(), warning.part(), received.bare(), call.bare(), callReceived.bare(), misfit.bare(), misfitReceived.bare()},
		Maps: []Map{
			sc.south.log.proof(sc.cosigned(south), question.tag(ledger.SlotReceipt), question.tag(ledger.SlotAnswer)),
			sc.north.log.proof(sc.cosigned(north), warning.tag(ledger.SlotRecalled)),
		},
	}), CannotTell)
	if !strings.Contains(v.Why, "has no place in its case") {
		t.Errorf("%s", v.Why)
	}
}

// A question that answers what the debtor said needs that, too, and by the
// debtor's own key: without it nobody can tell that the debtor ever said it.
func TestSilenceAboutAnAnswerToTheDebtor(t *testing.T) {
	for _, forged := range []bool{false, true} {
		sc, warning, received, _ := warned(t)
		theirs := sc.south.calls(sc.north, warning)
		if forged {
			s := theirs.Statement
			node := sc.key("south.example/node", "a forger")
			s.Node = node.Verifier().String()
			var err error
			theirs.Statement, theirs.note, err = wire.SignStatement(s, node, sc.key("south.example/officer/anna", "a forged officer"))
			sc.must(err)
		}
		question := sc.north.say(heed.KindQuestion, sc.south, warning, []*piece{theirs}, func(s *heed.Statement) {
			s.Urgency, s.Contents = heed.UrgencyImmediate, []heed.ContentRef{text}
		})
		promise := sc.south.receives(question, sc.north)
		south, north := sc.south.log.cut(), sc.north.log.cut()
		sc.wait(20 * time.Hour)
		b := Bundle{
			Claims:     []Claim{{Kind: ClaimSilence, Statement: question.ID, Duty: heed.DutyAnswer}},
			Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
			Statements: []Statement{question.part(), promise.bare(), warning.part(), received.bare(), theirs.bare()},
			Maps: []Map{
				sc.south.log.proof(sc.cosigned(south), question.tag(ledger.SlotReceipt), question.tag(ledger.SlotAnswer)),
				sc.north.log.proof(sc.cosigned(north), warning.tag(ledger.SlotRecalled)),
			},
		}
		want := Silent
		if forged {
			want = CannotTell
		}
		sc.only(sc.verify(b), want)
		b.Statements = b.Statements[:4]
		sc.only(sc.verify(b), CannotTell)
	}
}

// A debtor that gives a receipt for the question and none for what it follows
// starts no clock; but what it follows lay where the debtor collects.
func TestNeverAcceptedOfTheChain(t *testing.T) {
	scene := func(refused bool) (*chain, Bundle) {
		c := chained(t, -1)
		sc := c.sc
		deposit, header := sc.depot.deposits(c.call, sc.north, sc.south)
		if refused {
			tag := ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope)
			sc.south.log.append(append(tag[:], sc.fresh()[:32]...))
			c.south = sc.south.log.cut()
		}
		sc.wait(20 * time.Hour)
		b := c.certificate()
		b.Statements = append(b.Statements, c.call.part(), deposit.bare())
		b.Headers = [][]byte{header}
		b.Maps = append(b.Maps, sc.south.log.proof(sc.cosigned(c.south), c.call.tag(ledger.SlotReceipt),
			ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope)))
		return c, b
	}
	c, b := scene(false)
	v := c.sc.only(c.sc.verify(b), NeverAccepted)
	if !strings.Contains(v.Why, "question statement "+c.question.ID.Short()+" follows call statement "+c.call.ID.Short()) || !v.Late || v.Duty != heed.DutyAnswer {
		t.Errorf("%+v", v)
	}
	bare := b
	bare.Headers = nil
	c.sc.only(c.sc.verify(bare), CannotTell)
	c, b = scene(true)
	if v := c.sc.only(c.sc.verify(b), CannotTell); !strings.Contains(v.Why, "did not open") {
		t.Errorf("%s", v.Why)
	}
}

// An answer is late by the same clock; where the clock is not shown, it is an
// answer, and nothing says that it was late.
func TestAnAnswerIsLateByTheWholeChain(t *testing.T) {
	for name, want := range map[string]struct {
		signed time.Duration // after the question's receipt
		late   bool
		unsure bool
	}{
		"in time for the question's receipt": {7 * time.Hour, false, false},
		"in time for the call's":             {9 * time.Hour, false, true},
		"late":                               {12 * time.Hour, true, true},
	} {
		c := chained(t, 2*time.Hour)
		sc := c.sc
		sc.now = c.promise.Received.Add(want.signed)
		answer := sc.south.say(heed.KindAnswer, sc.north, c.question, []*piece{c.question}, func(s *heed.Statement) { s.Contents = []heed.ContentRef{text} })
		index := sc.south.log.slot(answer, c.question.key, ledger.SlotAnswer, c.question.ID)
		head := sc.cosigned(sc.south.log.cut())
		sc.wait(20 * time.Hour)
		rebuttal := steps(c.warning, c.question, answer)
		rebuttal.Claims[0].Case = heed.CaseID{1} // so that its own claim says nothing here
		rebuttal.Leaves = []Leaf{sc.south.log.leaf(index, head)}
		b := c.certificate()
		v := sc.verify(b, rebuttal).Verdicts[0]
		if v.Verdict != Answered || v.Late != want.late || strings.Contains(v.Why, "in time is not shown") {
			t.Errorf("%s: %+v", name, v)
		}
		b.Statements = b.Statements[:len(b.Statements)-1] // the receipt for the call
		v = sc.verify(b, rebuttal).Verdicts[0]
		if v.Verdict != Answered || v.Late || strings.Contains(v.Why, "in time is not shown") != want.unsure {
			t.Errorf("%s, without the call's receipt: %+v", name, v)
		}
	}
}

// A long chain is judged in one pass, however many duties follow from it.
func TestALongChainIsJudged(t *testing.T) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	b := Bundle{Cards: [][]byte{sc.north.cards[0], sc.south.cards[0]}, Statements: []Statement{warning.part(), sc.south.receipt(warning, sc.north).bare()}}
	var last *piece
	for range 200 {
		last = sc.north.asks(sc.south, warning)
		b.Statements = append(b.Statements, last.part(), sc.south.receipt(last, sc.north).bare())
		b.Claims = append(b.Claims, Claim{Kind: ClaimSilence, Statement: last.ID, Duty: heed.DutyAnswer})
		if len(b.Claims) > 50 {
			b.Claims = b.Claims[1:]
		}
	}
	for _, v := range sc.verify(b).Verdicts {
		if v.Verdict != CannotTell || strings.Contains(v.Why, "follows or answers") || v.Due.IsZero() {
			t.Fatalf("%+v", v)
		}
	}
}

// Anybody can forge receipts for what a question rests on: the verdict tells of
// the first few.
func TestForgedReceiptsDoNotFillAVerdict(t *testing.T) {
	sc := newScene(t)
	opening := sc.north.warns(sc.south)
	question := sc.north.asks(sc.south, opening)
	receipt := sc.south.receives(question, sc.north)
	forger := *sc.south
	forger.node = sc.key("south.example/node", "forger")
	b := Bundle{Claims: []Claim{{Kind: ClaimSilence, Statement: question.ID, Duty: heed.DutyAnswer}}, Cards: [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{opening.bare(), question.part(), receipt.bare()}}
	for range 200 {
		sc.wait(time.Millisecond)
		b.Statements = append(b.Statements, forger.receipt(opening, sc.north).bare())
	}
	v := sc.only(sc.verify(b), UnknownSigner)
	if len(v.Why) > 4096 || !strings.HasSuffix(v.Why, "and more") {
		t.Errorf("why of %d bytes: %s", len(v.Why), v.Why)
	}
}
