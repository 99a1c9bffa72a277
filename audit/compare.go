package audit

import (
	"bytes"
	"context"
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"heed/evidence"
	"heed/ledger"
)

// compare holds the ledger against what somebody else holds of it.
func (a *auditor) compare(ctx context.Context, theirs copyOf) error {
	own, theirSize := a.own.head, theirs.head.Size
	a.report.Compared = append(a.report.Compared, theirs.from)
	switch {
	case theirSize == own.Size && theirs.head.Root == own.Root:
		return nil
	case theirSize == own.Size:
		return a.find(evidence.Claim{Lie: evidence.TwoHeads, At: own.Size}, evidence.Bundle{Checkpoints: [][]byte{a.own.note, theirs.note}},
			"it signed two heads of %d leaves with different roots: one is shown to us, the other to %s", own.Size, theirs.from)
	case theirSize > own.Size:
		a.unproven("%s holds a head of %d leaves, and the ledger shows one of %d: an older state", theirs.from, theirSize, own.Size)
		return a.continues(ctx, a.own, theirs)
	default:
		return a.continues(ctx, theirs, a.own)
	}
}

// continues reports a larger head that does not continue the smaller one.
func (a *auditor) continues(ctx context.Context, small, large copyOf) error {
	if large.hashes == nil || small.head.Size == 0 {
		return nil // where we hold no more of it than its head, nothing can be compared
	}
	root, err := large.rootAt(small.head.Size)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.unproven("whether the head of %d leaves that %s shows continues that of %d leaves from %s cannot be told: %v",
			large.head.Size, large.from, small.head.Size, small.from, err)
		return nil
	case root == small.head.Root:
		return nil
	}
	found, err := a.twoLeaves(ctx, small, large)
	if found || err != nil {
		return err
	}
	return a.rewritten(ctx, small, large)
}

// rootAt is the root of the copy's first size leaves.
func (c copyOf) rootAt(size int64) (tlog.Hash, error) {
	if root, ok := c.roots[size]; ok {
		return root, nil
	}
	tree, err := ledger.NewTree(size, c.hashes)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tree.Root(), nil
}

// twoLeaves proves a fork by the first leaf that differs, where both sides
// show their leaves.
func (a *auditor) twoLeaves(ctx context.Context, small, large copyOf) (found bool, err error) {
	if small.hashes == nil {
		return false, nil
	}
	index, err := firstDifference(small.head.Size, small.hashes, large.hashes)
	if err != nil || index < 0 {
		return false, ctx.Err()
	}
	one, err := small.proof(ctx, index)
	if err != nil {
		return false, ctx.Err()
	}
	other, err := large.proof(ctx, index)
	if err != nil {
		return false, ctx.Err()
	}
	return true, a.find(evidence.Claim{Lie: evidence.TwoLeaves, At: index}, evidence.Bundle{Leaves: []evidence.Leaf{one, other}},
		"it signed two different leaves at index %d: %s shows one, and %s another", index, small.from, large.from)
}

// rewritten proves a fork by the larger head alone, and the smaller one's signature.
func (a *auditor) rewritten(ctx context.Context, small, large copyOf) error {
	last, err := large.proof(ctx, small.head.Size-1)
	if err != nil {
		a.unproven("the head of %d leaves that %s shows does not continue that of %d leaves from %s, and a leaf that would prove it is not to be had: %v",
			large.head.Size, large.from, small.head.Size, small.from, err)
		return ctx.Err()
	}
	return a.find(evidence.Claim{Lie: evidence.Rewritten, At: small.head.Size}, evidence.Bundle{Checkpoints: [][]byte{small.note}, Leaves: []evidence.Leaf{last}},
		"its head of %d leaves, which %s shows, does not continue the one of %d that %s holds: leaves were rewritten or taken away", large.head.Size, large.from, small.head.Size, small.from)
}

// errOther is a copy that serves what is not its head's.
var errOther = errors.New("what is served is not what the head was signed over")

// proof proves a leaf of the copy, under its head without cosignatures: the
// party's own signature is what proves its lies.
func (c copyOf) proof(ctx context.Context, index int64) (evidence.Leaf, error) {
	leaf, err := c.leaf(ctx, index)
	if err != nil {
		return evidence.Leaf{}, err
	}
	path, err := ledger.Inclusion(c.head.Size, index, c.hashes)
	if err != nil {
		return evidence.Leaf{}, err
	}
	if ledger.CheckInclusion(path, c.head, index, leaf) != nil {
		return evidence.Leaf{}, errOther
	}
	bare, err := ledger.RenderCheckpoint(c.note, nil)
	if err != nil {
		return evidence.Leaf{}, err
	}
	text, err := ledger.LeafProof{Index: index, Hashes: path, Checkpoint: bare}.Marshal()
	return evidence.Leaf{Leaf: bytes.Clone(leaf), Proof: text}, err
}

// firstDifference is the index of the first of size leaves in which two trees
// differ, -1 for none, found by descending from the roots of their perfect
// subtrees. Errors are those of the readers.
func firstDifference(size int64, one, other tlog.HashReader) (int64, error) {
	differ := func(indexes ...int64) (int, error) {
		left, err := one.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		right, err := other.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i := range indexes {
			if left[i] != right[i] {
				return i, nil
			}
		}
		return -1, nil
	}
	var levels []int
	var starts, indexes []int64 // of the perfect subtrees, from the left
	for start := int64(0); start < size; {
		level := bits.Len64(uint64(size-start)) - 1
		levels, starts = append(levels, level), append(starts, start)
		indexes = append(indexes, tlog.StoredHashIndex(level, start>>level))
		start += 1 << level
	}
	at, err := differ(indexes...)
	if err != nil || at < 0 {
		return -1, err
	}
	n := starts[at] >> levels[at]
	for level := levels[at] - 1; level >= 0; level-- {
		n *= 2
		left, err := differ(tlog.StoredHashIndex(level, n))
		if err != nil {
			return -1, err
		}
		if left < 0 {
			n++
		}
	}
	return n, nil
}
