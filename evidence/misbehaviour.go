package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
)

// Lie says what is wrong with a party's ledger or word. Where it is a rule of
// ledgers that is broken, it is spelt as that rule (ledger.Rule).
type Lie string

// The lies (docs/evidence.md, section 7).
const (
	TwoHeads        Lie = "two-heads"
	TwoLeaves       Lie = "two-leaves"
	Rewritten       Lie = "rewritten"
	LeftOut         Lie = "left-out"
	BadLeaf             = Lie(ledger.BadLeaf)
	TagTwice            = Lie(ledger.TagTwice)
	RootCovers          = Lie(ledger.RootCovers)
	RootPrevious        = Lie(ledger.RootPrevious)
	RootWrong           = Lie(ledger.RootWrong)
	AfterEnd            = Lie(ledger.AfterEnd)
	NotEndingInRoot     = Lie(ledger.NotEndingInRoot)
	TwoStatements   Lie = "two-statements"
	ReceivedAhead   Lie = "received-ahead"
	Unpublished     Lie = "unpublished"
)

// receiptSkew is how much later than its witnessed leaf a receipt may say that
// it was received: two clocks and one cut.
const receiptSkew = 60 * time.Second

// lies are the ways to prove each. A proof says in words what it shows; ok is
// false where it says what is missing.
var lies = map[Lie]func(m *material, c Claim, p *party) (words string, ok bool){
	TwoHeads:        (*material).twoHeads,
	TwoLeaves:       (*material).twoLeaves,
	Rewritten:       (*material).rewritten,
	LeftOut:         (*material).leftOut,
	BadLeaf:         (*material).badLeaf,
	TagTwice:        (*material).tagTwice,
	RootCovers:      (*material).rootCovers,
	RootPrevious:    (*material).rootPrevious,
	RootWrong:       (*material).rootWrong,
	AfterEnd:        (*material).afterEnd,
	NotEndingInRoot: (*material).notEndingInRoot,
	TwoStatements:   (*material).twoStatements,
	ReceivedAhead:   (*material).receivedAhead,
	Unpublished:     (*material).unpublished,
}

// judgeLie decides about a claim of misbehaviour.
func (m *material) judgeLie(c Claim) Verdict {
	v := Verdict{OwedBy: c.Party, Lie: c.Lie}
	if !c.Statement.IsZero() {
		v.Statement = c.Statement.String()
	}
	p, why := m.known(c.Party)
	if p == nil {
		return v.unknown(m.posing(c.Party), why)
	}
	if c.Ledger != "" && p.ledgers[c.Ledger].IsZero() {
		return v.unknown([]Signer{{Party: c.Party, Ledger: origin(c.Ledger), Key: c.Ledger}},
			fmt.Sprintf("no card of %s that the pinned one vouches for names the ledger %s: if this evidence is older than the card that the policy pins, add the party's cards (--card)", c.Party, origin(c.Ledger)))
	}
	words, ok := lies[c.Lie](m, c, p)
	if !ok {
		return v.becausef(CannotTell, "not proven: %s", words)
	}
	return v.because(LedgerInconsistency, words)
}

// at is the ledger that a claim is about, as far as the files prove it.
func (m *material) at(c Claim) *log {
	if l := m.ledgers[c.Ledger]; l != nil {
		return l
	}
	return &log{}
}

// one is a proven leaf at an index. Where heads of a fork have several there,
// which is a lie of its own, it is always the same one.
func (l *log) one(index int64) (leaf []byte, ok bool) {
	for _, at := range l.leaves[index] {
		if !ok || bytes.Compare(at.leaf, leaf) < 0 {
			leaf, ok = at.leaf, true
		}
	}
	return leaf, ok
}

// mapRoot is a proven map root leaf at an index.
func (l *log) mapRoot(index int64) (ledger.MapRoot, bool) {
	leaf, ok := l.one(index)
	if !ok {
		return ledger.MapRoot{}, false
	}
	root, err := ledger.ParseMapRoot(leaf)
	return root, err == nil
}

func (m *material) twoHeads(c Claim, _ *party) (string, bool) {
	var first *head
	for _, h := range m.at(c).heads {
		switch {
		case h.Size != c.At:
		case first == nil:
			first = h
		case first.Root != h.Root:
			return fmt.Sprintf("%s signed two heads of %d leaves with different roots", h.Origin, c.At), true
		}
	}
	return fmt.Sprintf("no two heads of %d leaves with different roots are in the files", c.At), false
}

func (m *material) twoLeaves(c Claim, _ *party) (string, bool) {
	all := m.at(c).leaves[c.At]
	for i := range all {
		if !bytes.Equal(all[0].leaf, all[i].leaf) {
			return fmt.Sprintf("%s signed heads of %d and of %d leaves that have different leaves at index %d", all[i].head.Origin, all[0].head.Size, all[i].head.Size, c.At), true
		}
	}
	return fmt.Sprintf("no two leaves at index %d are in the files", c.At), false
}

// rewritten needs no leaf of the smaller head: the proof of the leaf with which
// it should end, in a larger one, has the root that it should have.
func (m *material) rewritten(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	for _, at := range l.leaves[c.At-1] {
		for _, h := range l.heads {
			if h.Size == c.At && at.head.Size > c.At && at.prefix != h.Root {
				return fmt.Sprintf("%s signed a head of %d leaves, and one of %d that does not continue it", h.Origin, h.Size, at.head.Size), true
			}
		}
	}
	return fmt.Sprintf("no larger head that does not continue one of %d leaves is in the files", c.At), false
}

func (m *material) leftOut(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	for _, at := range l.leaves[c.At] {
		slot, err := ledger.ParseLeaf(at.leaf)
		if err != nil {
			continue
		}
		if denied := l.denies(slot.Tag, at.index); denied != nil {
			return fmt.Sprintf("leaf %d of %s is not in the map that its leaf %d says is of all leaves before it", at.index, at.head.Origin, denied.index), true
		}
	}
	return fmt.Sprintf("no map root after leaf %d that denies it is in the files", c.At), false
}

func (m *material) badLeaf(c Claim, _ *party) (string, bool) {
	for _, at := range m.at(c).leaves[c.At] {
		if len(at.leaf) != ledger.LeafBytes && !ledger.IsMapRoot(at.leaf) {
			return fmt.Sprintf("leaf %d of %s has %d bytes that are no leaf of a ledger", c.At, at.head.Origin, len(at.leaf)), true
		}
	}
	return fmt.Sprintf("no such leaf at index %d is in the files", c.At), false
}

func (m *material) tagTwice(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	for _, at := range l.leaves[c.At] {
		slot, err := ledger.ParseLeaf(at.leaf)
		if err != nil {
			continue
		}
		for _, other := range l.tags[slot.Tag] {
			if other.index != at.index {
				return fmt.Sprintf("leaves %d and %d of %s have one tag", min(at.index, other.index), max(at.index, other.index), at.head.Origin), true
			}
		}
	}
	return fmt.Sprintf("no other leaf with the tag of leaf %d is in the files", c.At), false
}

func (m *material) rootCovers(c Claim, _ *party) (string, bool) {
	for _, at := range m.at(c).leaves[c.At] {
		if root, err := ledger.ParseMapRoot(at.leaf); err == nil && root.Covers != at.index {
			return fmt.Sprintf("the map root at leaf %d of %s says that it is of %d leaves", at.index, at.head.Origin, root.Covers), true
		}
	}
	return fmt.Sprintf("no map root at leaf %d that covers another number of leaves is in the files", c.At), false
}

func (m *material) rootPrevious(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	for _, at := range l.leaves[c.At] {
		root, err := ledger.ParseMapRoot(at.leaf)
		if err != nil {
			continue
		}
		for _, other := range l.leaves[root.Previous] {
			if !ledger.IsMapRoot(other.leaf) {
				return fmt.Sprintf("the map root at leaf %d of %s names leaf %d as the one before it, which is no map root", at.index, at.head.Origin, root.Previous), true
			}
		}
		for _, index := range slices.Sorted(maps.Keys(l.leaves)) {
			if _, ok := l.mapRoot(index); ok && index > root.Previous && index < at.index {
				return fmt.Sprintf("the map root at leaf %d of %s passes over the one at leaf %d", at.index, at.head.Origin, index), true
			}
		}
	}
	return fmt.Sprintf("nothing against what the map root at leaf %d names as the one before it is in the files", c.At), false
}

// rootWrong replays the leaves between two map roots: each is inserted by its
// own path under the root that the ones before it left.
func (m *material) rootWrong(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	last, ok := l.mapRoot(c.At)
	if !ok {
		return fmt.Sprintf("no map root at leaf %d is in the files", c.At), false
	}
	root, from, err := emptyMap(), int64(0), error(nil)
	if last.Previous >= 0 {
		before, ok := l.mapRoot(last.Previous)
		if !ok {
			return fmt.Sprintf("the map root at leaf %d, which the one at leaf %d follows, is not in the files", last.Previous, c.At), false
		}
		root, from = before.Root, last.Previous+1
	}
	if c.At-from > int64(most[partLeaf]) {
		return fmt.Sprintf("%d leaves are more than a file can hold", c.At-from), false
	}
	for index := from; index < c.At; index++ {
		if root, err = m.insert(l, index, root); err != nil {
			return fmt.Sprintf("leaf %d: %v", index, err), false
		}
	}
	if root == last.Root {
		return fmt.Sprintf("the map root at leaf %d is the one that the leaves before it give", c.At), false
	}
	return fmt.Sprintf("the map root at leaf %d of %s is not the one that the leaves before it give", c.At, l.leaves[c.At][0].head.Origin), true
}

// emptyMap is the root of a map without entries.
func emptyMap() tlog.Hash { return sha256.Sum256(nil) }

// insert is the root of the map with the tag of the leaf at index, by one of
// the insertions of that index.
func (m *material) insert(l *log, index int64, root tlog.Hash) (tlog.Hash, error) {
	logged, ok := l.one(index)
	if !ok {
		return tlog.Hash{}, errors.New("it is not in the files")
	}
	leaf, err := ledger.ParseLeaf(logged)
	if err != nil {
		return tlog.Hash{}, err
	}
	err = errors.New("the path of its insertion is not in the files")
	for _, path := range m.insertions[index] {
		next, failed := path.Insert(root, ledger.MapEntry{Tag: leaf.Tag, Index: index})
		if failed == nil {
			return next, nil
		}
		err = failed
	}
	return tlog.Hash{}, err
}

func (m *material) afterEnd(c Claim, _ *party) (string, bool) {
	l := m.at(c)
	if root, ok := l.mapRoot(c.At); !ok || !root.Ends() {
		return fmt.Sprintf("no end leaf at index %d is in the files", c.At), false
	}
	for _, h := range l.heads {
		if h.Size > c.At+1 {
			return fmt.Sprintf("%s signed a head of %d leaves although leaf %d had ended it", h.Origin, h.Size, c.At), true
		}
	}
	return fmt.Sprintf("no head beyond the end leaf %d is in the files", c.At), false
}

func (m *material) notEndingInRoot(c Claim, _ *party) (string, bool) {
	for _, at := range m.at(c).leaves[c.At] {
		if at.index == at.head.Size-1 && !ledger.IsMapRoot(at.leaf) {
			return fmt.Sprintf("the head of %d leaves that %s signed does not end in a map root", at.head.Size, at.head.Origin), true
		}
	}
	return fmt.Sprintf("no head that ends in leaf %d without a map root is in the files", c.At), false
}

func (m *material) twoStatements(c Claim, p *party) (string, bool) {
	a, b := m.statements[c.Statement], m.statements[c.Other]
	switch {
	case a == nil || b == nil || a == b:
		return "two statements are needed, and are not in the files", false
	case a.Author != p.Party || b.Author != p.Party || m.valid(a) != "" || m.valid(b) != "":
		return fmt.Sprintf("the two statements are not both by %s", p.Party), false
	case !a.Kind.InCase() || !b.Kind.InCase() || a.Kind == heed.KindReceipt || b.Kind == heed.KindReceipt:
		return "receipts, deposits and successions stand in no chain", false
	case a.CaseID() != b.CaseID() || a.Previous != b.Previous:
		return "the two statements do not follow the same one", false
	}
	return fmt.Sprintf("%s signed two statements in one case that follow the same one: %s %s and %s %s", p.Party, a.Kind, a.ID.Short(), b.Kind, b.ID.Short()), true
}

// receipt is the claim's, by the party.
func (m *material) receipt(c Claim, p *party) (*said, string) {
	r := m.statements[c.Statement]
	if r == nil || r.Kind != heed.KindReceipt || r.Author != p.Party {
		return nil, fmt.Sprintf("the receipt of %s is not in the files", p.Party)
	}
	return r, m.valid(r)
}

func (m *material) receivedAhead(c Claim, p *party) (string, bool) {
	r, why := m.receipt(c, p)
	if why != "" {
		return why, false
	}
	upper, ok := m.notAfter(r)
	if !ok {
		return "no witnessed head with the receipt's leaf is in the files", false
	}
	if !r.Received.After(upper.Add(receiptSkew)) {
		return fmt.Sprintf("the receipt says %s, which is not more than %s after it was witnessed", utc(r.Received), receiptSkew), false
	}
	return fmt.Sprintf("the receipt of %s says that it received the statement at %s, and was in its ledger by %s", p.Party, utc(r.Received), utc(upper)), true
}

func (m *material) unpublished(c Claim, p *party) (string, bool) {
	r, why := m.receipt(c, p)
	if why != "" {
		return why, false
	}
	key, ok := m.keys[r.TagKey]
	if !ok {
		return "the tag key of the statement that was received is not in the files", false
	}
	if p.ledgers[r.Ledger].IsZero() {
		return fmt.Sprintf("the receipt names a ledger that is on no card of %s", p.Party), false
	}
	at := m.look(p, r.Ledger, slot{key: key, slot: ledger.SlotReceipt, of: r.Answers[0]}.tag())
	switch {
	case at.present:
		return "the receipt is in the ledger", false
	case !at.absent:
		return at.why, false
	case !at.at.After(r.PublishBy):
		return fmt.Sprintf("the receipt was to be published by %s, and its absence is shown as of %s", utc(r.PublishBy), utc(at.at)), false
	}
	return fmt.Sprintf("%s promised to publish its receipt by %s; its ledger does not have it as of %s", p.Party, utc(r.PublishBy), utc(at.at)), true
}
