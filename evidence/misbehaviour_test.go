package evidence

import (
	"testing"
	"time"

	"heed"
	"heed/ledger"
)

// Each lie with its proof, and with what is nearly a proof and must not be one.
func TestMisbehaviour(t *testing.T) {
	type shot struct {
		sc   *scene
		b    *book // south's
		out  Bundle
		near Bundle
	}
	claim := func(s *shot, lie Lie, at int64) {
		c := Claim{Kind: ClaimMisbehaviour, Party: s.sc.south.id, Lie: lie, Ledger: s.b.vkey(), At: at}
		s.out.Claims, s.near.Claims = []Claim{c}, []Claim{c}
	}
	// fork is a second ledger under the same key that begins alike.
	fork := func(s *shot) *book {
		other := newBook(s.sc, s.b.key)
		for _, leaf := range s.b.leaves {
			other.append(leaf)
		}
		other.root, other.mapped = s.b.root, s.b.mapped
		var entries []ledger.MapEntry
		for i, leaf := range s.b.leaves {
			if l, err := ledger.ParseLeaf(leaf); err == nil {
				entries = append(entries, ledger.MapEntry{Tag: l.Tag, Index: int64(i)})
			}
		}
		_, err := other.m.Insert(entries)
		s.sc.must(err)
		return other
	}
	for lie, make := range map[Lie]func(s *shot){
		TwoHeads: func(s *shot) {
			claim(s, TwoHeads, 32)
			other := fork(s)
			a, b := s.b.cut(), other.cut()
			s.out.Checkpoints = [][]byte{a, b}
			s.near.Checkpoints = [][]byte{a, s.sc.cosigned(a), s.b.cut()}
		},
		TwoLeaves: func(s *shot) {
			claim(s, TwoLeaves, 20)
			other := fork(s)
			a := s.b.cut()
			other.cut()
			b := other.cut()
			s.out.Leaves = []Leaf{s.b.leaf(20, a), other.leaf(20, b)}
			s.near.Leaves = []Leaf{s.b.leaf(20, a), s.b.leaf(20, s.b.cut()), other.leaf(21, b)}
		},
		Rewritten: func(s *shot) {
			claim(s, Rewritten, 32)
			other := fork(s)
			a := s.b.cut()
			other.cut()
			b := other.cut()
			s.out.Checkpoints = [][]byte{a}
			s.out.Leaves = []Leaf{other.leaf(31, b)}
			s.near.Checkpoints = [][]byte{a, b}
			s.near.Leaves = []Leaf{s.b.leaf(31, s.b.cut()), s.b.leaf(31, a), other.leaf(30, b)}
		},
		LeftOut: func(s *shot) {
			tag := ledger.Tag(s.sc.fresh()[:32])
			index := s.b.append(append(tag[:], s.sc.fresh()[:32]...))
			claim(s, LeftOut, index)
			before := s.b.sign() // covers nothing of it
			s.b.hide[tag] = true
			a := s.b.cut()
			s.out.Leaves, s.out.Maps = []Leaf{s.b.leaf(index, a)}, []Map{s.b.proof(a, tag)}
			s.near.Leaves, s.near.Maps = []Leaf{s.b.leaf(index, before)}, []Map{s.b.proofAt(15, a, tag)}
		},
		BadLeaf: func(s *shot) {
			index := s.b.append([]byte("not a leaf"))
			claim(s, BadLeaf, index)
			s.out.Leaves = []Leaf{s.b.leaf(index, s.b.cut())}
			s.near.Leaves = []Leaf{s.b.leaf(index+1, s.b.cut())}
		},
		TagTwice: func(s *shot) {
			tag := ledger.Tag(s.sc.fresh()[:32])
			s.b.append(append(tag[:], s.sc.fresh()[:32]...))
			index := s.b.append(append(tag[:], s.sc.fresh()[:32]...))
			claim(s, TagTwice, index)
			s.b.hide[tag] = true
			a := s.b.cut()
			s.out.Leaves = []Leaf{s.b.leaf(index-1, a), s.b.leaf(index, a)}
			s.near.Leaves = []Leaf{s.b.leaf(index, a), s.b.leaf(index, s.b.cut()), s.b.leaf(index+1, a)}
		},
		RootCovers: func(s *shot) {
			s.b.edit = func(r *ledger.MapRoot) { r.Covers-- }
			a := s.b.cut()
			claim(s, RootCovers, 31)
			s.out.Leaves = []Leaf{s.b.leaf(31, a)}
			s.near.Leaves = []Leaf{s.b.leaf(15, a)}
		},
		RootPrevious: func(s *shot) {
			s.b.cut()
			s.b.edit = func(r *ledger.MapRoot) { r.Previous = 15 }
			a := s.b.cut()
			claim(s, RootPrevious, 47)
			s.out.Leaves = []Leaf{s.b.leaf(31, a), s.b.leaf(47, a)}
			s.near.Leaves = []Leaf{s.b.leaf(15, a), s.b.leaf(47, a)}
		},
		RootWrong: func(s *shot) {
			hidden := ledger.Tag(s.sc.fresh()[:32])
			s.b.append(append(hidden[:], s.sc.fresh()[:32]...))
			honest := fork(s) // the map as it should be
			s.b.hide[hidden] = true
			a := s.b.cut()
			claim(s, RootWrong, 31)
			for index := int64(15); index <= 31; index++ {
				s.out.Leaves = append(s.out.Leaves, s.b.leaf(index, a))
			}
			insertions(s.sc, s.b, honest, 16, 31, &s.out)
			s.near = s.out
			s.near.Insertions = s.out.Insertions[:14]
		},
		AfterEnd: func(s *shot) {
			succession, old := s.sc.south.rotate(false)
			end := old.end(succession)
			claim(s, AfterEnd, 31)
			s.b.append(s.sc.fresh())
			s.out.Leaves = []Leaf{old.leaf(31, end)}
			s.near.Leaves, s.near.Checkpoints = s.out.Leaves, [][]byte{s.sc.cosigned(end)}
			s.out.Checkpoints = [][]byte{s.b.cut()}
		},
		NotEndingInRoot: func(s *shot) {
			index := s.b.append(s.sc.fresh())
			claim(s, NotEndingInRoot, index)
			a := s.b.sign()
			s.out.Leaves = []Leaf{s.b.leaf(index, a)}
			s.near.Leaves = []Leaf{s.b.leaf(index, s.b.cut())}
		},
		TwoStatements: func(s *shot) {
			warning := s.sc.north.warns(s.sc.south)
			a := s.sc.south.say(heed.KindAcknowledgement, s.sc.north, warning, []*piece{warning}, nil)
			s.sc.south.last[warning.CaseID()] = heed.StatementID{}
			b := s.sc.south.assesses(warning, s.sc.north)
			claim(s, TwoStatements, -1)
			s.out.Claims[0].Statement, s.out.Claims[0].Other, s.out.Claims[0].Ledger = a.ID, b.ID, ""
			s.out.Statements = []Statement{a.bare(), b.bare()}
			r1, r2 := s.sc.south.receipt(warning, s.sc.north), s.sc.south.receipt(s.sc.north.asks(s.sc.south, warning), s.sc.north)
			s.near.Claims = []Claim{s.out.Claims[0]}
			s.near.Claims[0].Statement, s.near.Claims[0].Other = r1.ID, r2.ID
			s.near.Statements = []Statement{r1.bare(), r2.bare()}
		},
		ReceivedAhead: func(s *shot) {
			warning := s.sc.north.warns(s.sc.south)
			for i, after := range []time.Duration{receiptSkew + time.Second + time.Millisecond, receiptSkew + time.Second} {
				// The second of four witnesses a second apart is the upper bound.
				at := s.sc.now
				s.sc.now = at.Add(after)
				r := s.sc.south.receipt(warning, s.sc.north)
				s.sc.now = at
				book := newBook(s.sc, s.b.key)
				index := book.slot(r, warning.key, ledger.SlotReceipt, warning.ID)
				c := Claim{Kind: ClaimMisbehaviour, Party: s.sc.south.id, Lie: ReceivedAhead, At: -1, Statement: r.ID}
				b := Bundle{Claims: []Claim{c}, Statements: []Statement{warning.part(), r.bare()}, Leaves: []Leaf{book.leaf(index, s.sc.cosigned(book.cut()))}}
				if i == 0 {
					s.out = b
				} else {
					s.near = b
				}
			}
		},
		Unpublished: func(s *shot) {
			warning := s.sc.north.warns(s.sc.south)
			r := s.sc.south.receipt(warning, s.sc.north)
			head := s.b.cut()
			c := Claim{Kind: ClaimMisbehaviour, Party: s.sc.south.id, Lie: Unpublished, At: -1, Statement: r.ID}
			s.near = Bundle{Claims: []Claim{c}, Statements: []Statement{warning.part(), r.bare()}}
			s.out = s.near
			s.near.Maps = []Map{s.b.proof(s.sc.cosigned(head), warning.tag(ledger.SlotReceipt))}
			s.sc.wait(heed.DefaultPublicationDelay)
			s.out.Maps = []Map{s.b.proof(s.sc.cosigned(head), warning.tag(ledger.SlotReceipt))}
		},
	} {
		t.Run(string(lie), func(t *testing.T) {
			sc := newScene(t)
			sc.south.log.cut()
			s := &shot{sc: sc, b: sc.south.log}
			make(s)
			s.out.Cards, s.near.Cards = sc.south.cards, sc.south.cards
			s.out.Cards = append(s.out.Cards, sc.north.cards[0])
			v := sc.only(sc.verify(s.out), LedgerInconsistency)
			if v.Lie != lie || v.OwedBy != sc.south.id || v.Why == "" {
				t.Errorf("%+v", v)
			}
			s.near.Cards = s.out.Cards
			sc.only(sc.verify(s.near), CannotTell)

			policy := sc.policy()
			policy.Parties = policy.Parties[:1]
			sc.only(sc.verifyBy(policy, s.out), UnknownSigner)
			// Somebody else's ledger is not south's.
			if s.out.Claims[0].Ledger != "" {
				s.out.Claims[0].Ledger = sc.north.log.vkey()
				sc.only(sc.verify(s.out), UnknownSigner)
			}
		})
	}
	if len(lies) != 14 {
		t.Errorf("%d lies, of which 14 have a test", len(lies))
	}
}

// insertions adds the path of each leaf's tag under the map of all before it.
func insertions(sc *scene, b, honest *book, from, to int64, out *Bundle) {
	sc.t.Helper()
	for index := from; index < to; index++ {
		leaf, err := ledger.ParseLeaf(b.leaves[index])
		sc.must(err)
		if _, there, err := honest.m.Lookup(leaf.Tag); err == nil && there {
			path, err := honest.m.Prove(leaf.Tag, index)
			sc.must(err)
			out.Insertions = append(out.Insertions, Insertion{Index: index, Path: path.Bytes()})
			continue
		}
		path, err := honest.m.Prove(leaf.Tag, index)
		sc.must(err)
		_, err = honest.m.Insert([]ledger.MapEntry{{Tag: leaf.Tag, Index: index}})
		sc.must(err)
		out.Insertions = append(out.Insertions, Insertion{Index: index, Path: path.Bytes()})
	}
}

// An honest map is no lie, however it is accused.
func TestARightMapIsNoLie(t *testing.T) {
	sc := newScene(t)
	b := sc.south.log
	b.cut()
	honest := newBook(sc, b.key)
	var entries []ledger.MapEntry
	for i, leaf := range b.leaves[:15] {
		l, err := ledger.ParseLeaf(leaf)
		sc.must(err)
		entries = append(entries, ledger.MapEntry{Tag: l.Tag, Index: int64(i)})
	}
	_, err := honest.m.Insert(entries)
	sc.must(err)
	a := b.cut()
	out := Bundle{
		Claims: []Claim{{Kind: ClaimMisbehaviour, Party: sc.south.id, Lie: RootWrong, Ledger: b.vkey(), At: 31}},
		Cards:  sc.south.cards,
	}
	for index := int64(15); index <= 31; index++ {
		out.Leaves = append(out.Leaves, b.leaf(index, a))
	}
	insertions(sc, b, honest, 16, 31, &out)
	sc.only(sc.verify(out), CannotTell)

	// From the beginning, without a map root before.
	first := Bundle{Claims: []Claim{{Kind: ClaimMisbehaviour, Party: sc.south.id, Lie: RootWrong, Ledger: b.vkey(), At: 15}}, Cards: sc.south.cards}
	for index := int64(0); index <= 15; index++ {
		first.Leaves = append(first.Leaves, b.leaf(index, a))
	}
	insertions(sc, b, newBook(sc, b.key), 0, 15, &first)
	sc.only(sc.verify(first), CannotTell)
}

// Claims about statements that prove nothing, each for its own reason.
func TestNoLies(t *testing.T) {
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	other := sc.north.warns(sc.south)
	first := sc.south.say(heed.KindAcknowledgement, sc.north, warning, []*piece{warning}, nil)
	second := sc.south.assesses(warning, sc.north)
	elsewhere := sc.south.say(heed.KindAcknowledgement, sc.north, other, []*piece{other}, nil)
	receipt := sc.south.receives(warning, sc.north)
	head := sc.south.log.cut()
	sc.wait(time.Hour)
	there := sc.south.log.proof(sc.cosigned(head), warning.tag(ledger.SlotReceipt))
	for name, c := range map[string]struct {
		claim Claim
		maps  []Map
		bare  bool
	}{
		"one statement after the other":    {claim: Claim{Lie: TwoStatements, Statement: first.ID, Other: second.ID}},
		"one statement twice":              {claim: Claim{Lie: TwoStatements, Statement: first.ID, Other: first.ID}},
		"the beginnings of two cases":      {claim: Claim{Lie: TwoStatements, Statement: first.ID, Other: elsewhere.ID}},
		"a statement of the other party's": {claim: Claim{Lie: TwoStatements, Statement: first.ID, Other: warning.ID}},
		"a statement that is not there":    {claim: Claim{Lie: TwoStatements, Statement: first.ID, Other: heed.StatementID{1}}},
		"a receipt that is published":      {claim: Claim{Lie: Unpublished, Statement: receipt.ID}, maps: []Map{there}},
		"a receipt, and no head":           {claim: Claim{Lie: Unpublished, Statement: receipt.ID}},
		"a receipt, and no key":            {claim: Claim{Lie: Unpublished, Statement: receipt.ID}, maps: []Map{there}, bare: true},
		"no receipt":                       {claim: Claim{Lie: Unpublished, Statement: first.ID}},
		"a receipt that nothing dates":     {claim: Claim{Lie: ReceivedAhead, Statement: receipt.ID}},
		"received by nobody":               {claim: Claim{Lie: ReceivedAhead, Statement: heed.StatementID{1}}},
		"a ledger without proofs":          {claim: Claim{Lie: RootWrong, Ledger: sc.south.log.vkey()}},
	} {
		c.claim.Kind, c.claim.Party, c.claim.At = ClaimMisbehaviour, sc.south.id, -1
		if c.claim.Ledger != "" {
			c.claim.At = 15
		}
		b := Bundle{Claims: []Claim{c.claim}, Cards: [][]byte{sc.north.cards[0], sc.south.cards[0]}, Maps: c.maps}
		for _, p := range []*piece{warning, other, first, second, elsewhere, receipt} {
			b.Statements = append(b.Statements, p.bare())
		}
		if !c.bare {
			b.Statements = append(b.Statements, warning.part())
		}
		if v := sc.only(sc.verify(b), CannotTell); v.Lie != c.claim.Lie || v.Headline(Layout{}) == "Cannot tell." {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
