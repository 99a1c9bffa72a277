// Package audit looks through another party's whole ledger, holds it against
// what others have seen of it, and makes of every broken rule a proof that
// anybody can verify without it.
package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/evidence"
	"heed/ledger"
	"heed/seal"
)

// MaxLeaves bounds the ledgers that are audited: all leaves and hashes of one
// are held in memory, some 200 bytes a leaf.
const MaxLeaves = 1 << 23

// A View is a head of the audited ledger that somebody holds.
type View struct {
	From       string // who holds it, for people
	Checkpoint []byte
	Fetch      ledger.Fetch // its leaves; nil where only the head is held
}

// A Report is what an audit found.
type Report struct {
	Party      heed.PartyID `json:"party"`
	Origin     string       `json:"origin"`
	Leaves     int64        `json:"leaves"`
	Roots      int64        `json:"mapRoots"`
	Tags       int64        `json:"tags"`
	Ended      bool         `json:"ended"` // the ledger has an end leaf
	Compared   []string     `json:"compared"`
	Findings   []Finding    `json:"findings"`
	Checkpoint []byte       `json:"-"` // the head that was audited
}

// A Finding is one inconsistency. Without a Bundle it is a fault that no
// signature of the party proves: leaves that are withheld, or were damaged.
type Finding struct {
	What   string `json:"what"`
	Lie    string `json:"lie,omitempty"`
	At     int64  `json:"at"`
	Bundle []byte `json:"-"`
}

// An Order says what is audited.
type Order struct {
	Card     heed.Card
	CardNote []byte
	Fetch    ledger.Fetch
	Views    []View
	// Progress is told how many leaves have been read and replayed; it may be nil.
	Progress func(done, total int64)
}

// Run audits the ledger that the card names. An error is one of reading; what
// is wrong with the ledger is in the report.
func Run(ctx context.Context, order Order) (Report, error) {
	a, err := begin(ctx, order)
	if err != nil {
		return Report{}, err
	}
	if err := a.read(ctx); err != nil {
		return a.report, err
	}
	if len(a.report.Findings) > 0 {
		return a.report, nil // leaves that do not lead to the head prove nothing more
	}
	if err := a.replay(); err != nil {
		return a.report, err
	}
	for _, view := range order.Views {
		if err := a.compare(ctx, view); err != nil {
			return a.report, err
		}
	}
	return a.report, nil
}

// auditor holds a whole ledger.
type auditor struct {
	order  Order
	key    seal.VerifyKey
	note   []byte
	head   ledger.Checkpoint
	leaves [][]byte
	hashes []tlog.Hash // by stored hash index
	report Report
}

func begin(ctx context.Context, order Order) (*auditor, error) {
	if order.Progress == nil {
		order.Progress = func(int64, int64) {}
	}
	key, err := seal.ParseVerifyKey(order.Card.LedgerKey)
	if err != nil {
		return nil, err
	}
	if _, _, err := ledger.ParseOrigin(key.Name()); err != nil {
		return nil, err
	}
	a := &auditor{order: order, key: key, report: Report{Party: order.Card.Party, Origin: key.Name(), Findings: []Finding{}, Compared: []string{}}}
	if a.note, err = order.Fetch(ctx, ledger.CheckpointPath); err != nil {
		return nil, err
	}
	if a.head, err = ledger.ParseCheckpoint(a.note, key.Name(), key); err != nil {
		return nil, err
	}
	if a.head.Size > MaxLeaves {
		return nil, fmt.Errorf("the ledger has %d leaves, and at most %d are audited", a.head.Size, int64(MaxLeaves))
	}
	a.report.Checkpoint, a.report.Leaves = a.note, a.head.Size
	return a, nil
}

// read fetches every leaf and holds them against the head's root.
func (a *auditor) read(ctx context.Context) error {
	tree := &ledger.Tree{}
	for page, err := range ledger.FetchLeaves(ctx, a.order.Fetch, a.head.Size, 0, a.head.Size) {
		if err != nil {
			if errors.Is(err, ledger.ErrNotFound) {
				a.unproven("leaves from %d on are withheld: the head of %d leaves is signed, and they are not served", tree.Size(), a.head.Size)
				return nil
			}
			return err
		}
		for _, leaf := range page {
			_, made, err := tree.Append(leaf)
			if err != nil {
				return err
			}
			a.leaves = append(a.leaves, leaf)
			for _, h := range made {
				a.hashes = append(a.hashes, h.Hash)
			}
		}
		a.order.Progress(tree.Size(), 2*a.head.Size)
	}
	if tree.Root() != a.head.Root {
		a.unproven("the leaves that are served do not lead to the root that is signed")
	}
	return nil
}

func (a *auditor) unproven(format string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{What: fmt.Sprintf(format, args...), At: -1})
}

// replay holds the leaves to the rules. It stops at the first that is broken:
// what follows stands on it.
func (a *auditor) replay() error {
	tree := &ledger.Tree{}
	replay := ledger.NewReplay(a.head.Origin, tree, ledger.NewMap(ledger.NewMemoryPages(nil)), -1, false)
	for i, leaf := range a.leaves {
		if _, err := replay.Append(leaf); err != nil {
			return a.broken(err)
		}
		if ledger.IsMapRoot(leaf) {
			a.report.Roots++
		} else {
			a.report.Tags++
		}
		if i%4096 == 0 {
			a.order.Progress(a.head.Size+int64(i), 2*a.head.Size)
		}
	}
	a.order.Progress(2*a.head.Size, 2*a.head.Size)
	a.report.Ended = replay.Ended()
	if err := replay.Agree(ledger.Checkpoint{Origin: a.head.Origin}, a.head); err != nil {
		return a.broken(err)
	}
	return nil
}

// compare holds the ledger against a head that somebody else has of it.
func (a *auditor) compare(ctx context.Context, view View) error {
	a.report.Compared = append(a.report.Compared, view.From)
	theirs, err := ledger.ParseCheckpoint(view.Checkpoint, a.key.Name(), a.key)
	if err != nil {
		return fmt.Errorf("what %s holds: %w", view.From, err)
	}
	switch {
	case theirs.Size > a.head.Size:
		a.unproven("%s holds a head of %d leaves, and the ledger shows one of %d: it is an older state", view.From, theirs.Size, a.head.Size)
		return nil
	case theirs.Size == 0:
		return nil
	}
	tree, err := ledger.NewTree(theirs.Size, tlog.HashReaderFunc(a.read1))
	if err != nil {
		return err
	}
	if tree.Root() == theirs.Root {
		return nil
	}
	if theirs.Size == a.head.Size {
		return a.find(evidence.Claim{Lie: evidence.TwoHeads, At: theirs.Size}, evidence.Bundle{Checkpoints: [][]byte{a.note, view.Checkpoint}},
			"two heads of %d leaves with different roots: one is shown to us, the other to %s", theirs.Size, view.From)
	}
	return a.twoLeaves(ctx, view, theirs)
}

// twoLeaves finds the first leaf that differs in what the other holds.
func (a *auditor) twoLeaves(ctx context.Context, view View, theirs ledger.Checkpoint) error {
	if view.Fetch == nil {
		a.unproven("%s holds a head of %d leaves that the ledger does not contain", view.From, theirs.Size)
		return nil
	}
	tree := &ledger.Tree{}
	var hashes []tlog.Hash
	var leaves [][]byte
	for page, err := range ledger.FetchLeaves(ctx, view.Fetch, theirs.Size, 0, theirs.Size) {
		if err != nil {
			return fmt.Errorf("leaves that %s holds: %w", view.From, err)
		}
		for _, leaf := range page {
			_, made, err := tree.Append(leaf)
			if err != nil {
				return err
			}
			leaves = append(leaves, leaf)
			for _, h := range made {
				hashes = append(hashes, h.Hash)
			}
		}
	}
	if tree.Root() != theirs.Root {
		a.unproven("%s holds a head of %d leaves that the ledger does not contain, and serves leaves that do not lead to it", view.From, theirs.Size)
		return nil
	}
	for i := range leaves {
		if bytes.Equal(leaves[i], a.leaves[i]) {
			continue
		}
		ours, err := a.leafProof(int64(i))
		if err != nil {
			return err
		}
		other, err := leafProof(view.Checkpoint, theirs.Size, int64(i), leaves[i], hashes)
		if err != nil {
			return err
		}
		return a.find(evidence.Claim{Lie: evidence.TwoLeaves, At: int64(i)}, evidence.Bundle{Leaves: []evidence.Leaf{ours, other}},
			"leaf %d is one to us and another to %s", i, view.From)
	}
	return nil
}

// read1 reads the stored hashes of the ledger.
func (a *auditor) read1(indexes []int64) ([]tlog.Hash, error) { return pick(a.hashes, indexes) }

func pick(hashes []tlog.Hash, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(hashes)) {
			return nil, ledger.ErrRange
		}
		out[i] = hashes[index]
	}
	return out, nil
}

// leafProof proves a leaf in the head that is audited.
func (a *auditor) leafProof(index int64) (evidence.Leaf, error) {
	return leafProof(a.note, a.head.Size, index, a.leaves[index], a.hashes)
}

func leafProof(note []byte, size, index int64, leaf []byte, hashes []tlog.Hash) (evidence.Leaf, error) {
	path, err := ledger.Inclusion(size, index, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return pick(hashes, indexes) }))
	if err != nil {
		return evidence.Leaf{}, err
	}
	text, err := ledger.LeafProof{Index: index, Hashes: path, Checkpoint: note}.Marshal()
	return evidence.Leaf{Leaf: leaf, Proof: text}, err
}

// find adds a finding with its proof.
func (a *auditor) find(claim evidence.Claim, bundle evidence.Bundle, format string, args ...any) error {
	claim.Kind, claim.Party, claim.Ledger = evidence.ClaimMisbehaviour, a.order.Card.Party, a.order.Card.LedgerKey
	bundle.Claims = []evidence.Claim{claim}
	bundle.Cards = [][]byte{a.order.CardNote}
	file, err := bundle.Encode()
	if err != nil {
		return err
	}
	a.report.Findings = append(a.report.Findings, Finding{What: fmt.Sprintf(format, args...), Lie: string(claim.Lie), At: claim.At, Bundle: file})
	return nil
}
