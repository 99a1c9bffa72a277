package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Rule is one of those that the leaves of a ledger keep (docs/ledger.md,
// "What an auditor checks").
type Rule string

// The rules, by what breaking them looks like.
const (
	// BadLeaf: a leaf of no known form.
	BadLeaf Rule = "bad-leaf"
	// TagTwice: two statement leaves have one tag.
	TagTwice Rule = "tag-twice"
	// RootCovers: a map root does not cover exactly the leaves before it.
	RootCovers Rule = "root-covers"
	// RootPrevious: a map root does not name the one before it.
	RootPrevious Rule = "root-previous"
	// RootWrong: a map root is not that of the tags of the leaves before it.
	RootWrong Rule = "root-wrong"
	// AfterEnd: a leaf follows the end leaf.
	AfterEnd Rule = "after-end"
	// NotEndingInRoot: a checkpoint's last leaf is no map root.
	NotEndingInRoot Rule = "not-ending-in-root"
)

// A Violation reports that a ledger's leaves break a rule. It accuses the
// ledger only once the leaf, and with TagTwice the earlier one, are shown to
// be in a tree that the ledger signed: until then they may have been damaged
// on the way.
type Violation struct {
	Origin  string
	Rule    Rule
	Index   int64  // of the leaf at fault
	Leaf    []byte // its bytes; nil with TagTwice and NotEndingInRoot
	Tag     Tag    // TagTwice: the tag
	Earlier int64  // TagTwice: the first leaf with the tag; AfterEnd: the end leaf; else -1

	// Want is what the leaf should have said, for RootCovers, RootPrevious and
	// RootWrong.
	Want MapRoot
}

func (v *Violation) Error() string {
	text := fmt.Sprintf("ledger inconsistency in %s: leaf %d breaks rule %s: ", v.Origin, v.Index, v.Rule)
	switch v.Rule {
	case BadLeaf:
		return text + fmt.Sprintf("%d bytes that are no leaf of a ledger", len(v.Leaf))
	case TagTwice:
		return text + fmt.Sprintf("leaf %d has its tag %v", v.Earlier, v.Tag)
	case RootCovers:
		return text + fmt.Sprintf("it should cover %d leaves", v.Want.Covers)
	case RootPrevious:
		return text + fmt.Sprintf("the map root before it is at %d", v.Want.Previous)
	case RootWrong:
		return text + fmt.Sprintf("the map's root is %v", v.Want.Root)
	case AfterEnd:
		return text + fmt.Sprintf("leaf %d ended the ledger", v.Earlier)
	default:
		return text + "the checkpoint does not end in a map root"
	}
}

// maxPending is the number of leaves after which a replay brings its map up to
// them: enough for each page of the map to be worked on once for many cuts,
// and a bound on what a log can make its auditor hold.
const maxPending = 1 << 14

// A Replay is an auditor's way through a ledger: leaf by leaf it builds the
// tree and the map anew and holds the leaves to the rules. Nothing of the
// ledger's word is taken but the leaves.
//
// It looks at the map in batches, the last of them in Agree: before that
// the map lags behind the tree. Over MemoryPages that are over no others a
// batch is held against the map while the next is gathered: nobody else may use
// such a map before Agree or an error. After an error tree and map are of no
// more use: roll their pages back, or throw them away.
type Replay struct {
	origin   string
	tree     *Tree
	m        *Map
	lastRoot int64 // -1 for none
	ended    bool
	failed   error

	batch replayBatch
	held  chan error // the result of the batch before; nil for none
}

// A replayBatch is what is not yet held against the map: entries, each with
// the number of map roots before it as its cut, and the map roots.
type replayBatch struct {
	entries []mapInsert
	roots   []foundRoot
}

// A foundRoot is a map root leaf as it stands in the log.
type foundRoot struct {
	MapRoot
	index    int64
	previous int64 // what the leaf should say of it
}

// NewReplay goes on with a ledger from where tree, m and the index of the
// newest map root leaf stand, which is a head that a replay agreed with: tree
// ends in that leaf and m has the tags of all before it. For a new ledger all
// are empty and lastRoot is -1. ended says that the leaf is an end leaf.
//
// It takes all of it at its word: who reads it from storage first compares
// tree's root with the head held, and m's with the leaf, so that damage of
// its own is not taken for the ledger's fault. The replay moves tree and m on;
// they are its own until it is done.
func NewReplay(origin string, tree *Tree, m *Map, lastRoot int64, ended bool) *Replay {
	return &Replay{origin: origin, tree: tree, m: m, lastRoot: lastRoot, ended: ended}
}

// LastRoot is the index of the newest map root leaf, -1 for none.
func (r *Replay) LastRoot() int64 { return r.lastRoot }

// Ended reports whether the ledger has ended: its newest leaf is an end leaf.
func (r *Replay) Ended() bool { return r.ended }

// Append takes the next leaf and returns the hashes to store with it, as
// Tree.Append does.
//
// Errors: *Violation, of this leaf or an earlier one: it is the log's first,
// but for NotEndingInRoot; ErrRange for a full tree; ErrMapPage, and those of
// the map's pages. After an error every call returns it.
func (r *Replay) Append(leaf []byte) ([]StoredHash, error) {
	if r.failed != nil {
		return nil, r.failed
	}
	hashes, err := r.append(leaf)
	r.failed = err
	return hashes, err
}

func (r *Replay) append(leaf []byte) ([]StoredHash, error) {
	index := r.tree.Size()
	asExpected := true
	switch {
	case r.ended:
		return nil, r.first(r.violation(AfterEnd, index, leaf, r.lastRoot))
	case len(leaf) == LeafBytes:
		r.batch.entries = append(r.batch.entries, mapInsert{MapEntry{Tag(leaf[:32]), index}, len(r.batch.roots)})
	default:
		root, err := ParseMapRoot(leaf)
		if err != nil {
			return nil, r.first(r.violation(BadLeaf, index, leaf, -1))
		}
		r.batch.roots = append(r.batch.roots, foundRoot{root, index, r.lastRoot})
		asExpected = root.Covers == index && root.Previous == r.lastRoot
		r.lastRoot, r.ended = index, root.Ends()
	}
	var err error
	switch {
	case !asExpected:
		err = r.settle()
	case len(r.batch.entries)+len(r.batch.roots) >= maxPending:
		err = r.handOver()
	}
	if err != nil {
		return nil, err
	}
	_, hashes, err := r.tree.Append(leaf)
	return hashes, err
}

// first is v, unless a leaf before it is at fault.
func (r *Replay) first(v *Violation) error {
	if err := r.settle(); err != nil {
		return err
	}
	return v
}

// settle brings the map up to the newest leaf and holds the roots against it.
func (r *Replay) settle() error {
	if err := r.await(); err != nil {
		return err
	}
	err := r.hold(r.batch)
	r.batch.entries, r.batch.roots = r.batch.entries[:0], r.batch.roots[:0]
	return err
}

// handOver settles what is gathered while more is.
func (r *Replay) handOver() error {
	if memory, ok := r.m.pages.(*MemoryPages); !ok || memory.under != nil {
		return r.settle()
	}
	if err := r.await(); err != nil {
		return err
	}
	batch, result := r.batch, make(chan error, 1) // it never waits for somebody who has given up
	go func() { result <- r.hold(batch) }()
	r.batch, r.held = replayBatch{}, result
	return nil
}

// await is the result of what was handed over.
func (r *Replay) await() error {
	if r.held == nil {
		return nil
	}
	err := <-r.held
	r.held = nil
	return err
}

// hold holds a batch against the map. Of the replay it uses the map alone.
func (r *Replay) hold(batch replayBatch) error {
	err := r.check(batch.entries, batch.roots)
	if errors.Is(err, ErrMapTaken) {
		return r.twice(batch, err)
	}
	return err
}

func (r *Replay) check(entries []mapInsert, found []foundRoot) error {
	roots, err := r.m.insert(entries, len(found)+1)
	if err != nil {
		return err
	}
	for i, got := range found {
		want := MapRoot{Covers: got.index, Root: roots[i], Previous: got.previous, Succession: got.Succession}
		if got.MapRoot == want {
			continue
		}
		rule := RootWrong
		switch {
		case got.Covers != want.Covers:
			rule = RootCovers
		case got.Previous != want.Previous:
			rule = RootPrevious
		}
		v := r.violation(rule, got.index, got.Bytes(), -1)
		v.Want = want
		return v
	}
	return nil
}

// twice is the violation of the first leaf whose tag was taken, unless a root
// before it is wrong.
func (r *Replay) twice(batch replayBatch, taken error) error {
	slices.SortFunc(batch.entries, func(a, b mapInsert) int { return cmp.Compare(a.Index, b.Index) })
	seen := map[Tag]int64{}
	for i, e := range batch.entries {
		earlier, twice := seen[e.Tag]
		if !twice {
			var err error
			if earlier, twice, err = r.m.Lookup(e.Tag); err != nil {
				return err
			}
		}
		if twice {
			if err := r.check(batch.entries[:i], batch.roots[:e.cut]); err != nil {
				return err
			}
			v := r.violation(TagTwice, e.Index, nil, earlier)
			v.Tag = e.Tag
			return v
		}
		seen[e.Tag] = e.Index
	}
	return taken
}

func (r *Replay) violation(rule Rule, index int64, leaf []byte, earlier int64) *Violation {
	return &Violation{Origin: r.origin, Rule: rule, Index: index, Leaf: bytes.Clone(leaf), Earlier: earlier}
}

// Agree checks that the replay has reached head, which ends in a map root, and
// that the ledger continues held, the head it was extended from. An empty
// ledger has no leaf to end in.
//
// Errors: those of Append, which come first; ErrOrigin; *Inconsistency;
// ErrRange for a replay that is not finished.
func (r *Replay) Agree(held, head Checkpoint) error {
	if r.failed != nil {
		return r.failed
	}
	if r.failed = r.settle(); r.failed != nil {
		return r.failed
	}
	if head.Origin != r.origin {
		return fmt.Errorf("ledger: %w: a replay of %q against a head of %q", ErrOrigin, r.origin, head.Origin)
	}
	if err := r.tree.Agree(held, head); err != nil {
		return err
	}
	if head.Size > 0 && r.lastRoot != head.Size-1 {
		return r.violation(NotEndingInRoot, head.Size-1, nil, -1)
	}
	return nil
}
