package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion proves that the tree of size leaves has the leaf at index
// (RFC 6962, section 2.1.1), in one call to r. Errors: ErrRange,
// ErrReader, and those of r.
func Inclusion(size, index int64, r tlog.HashReader) (tlog.RecordProof, error) {
	if err := checkIndex(size, index); err != nil {
		return nil, err
	}
	return tlog.ProveRecord(size, index, exact(r))
}

// CheckInclusion checks that the tree that head stands for has leaf at index.
// Errors: ErrRange, ErrProof. It does not check head's signature.
func CheckInclusion(proof tlog.RecordProof, head Checkpoint, index int64, leaf []byte) error {
	if err := checkIndex(head.Size, index); err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, head.Size, head.Root, index, leafHash(leaf)); err != nil {
		return fmt.Errorf("ledger: %w: leaf %d in the tree of %d leaves of %s: %v", ErrProof, index, head.Size, head.Origin, err)
	}
	return nil
}

// PrefixRoot is the root of the tree of the first index+1 leaves, read off an
// inclusion proof of the last of them in a larger tree: the siblings on the
// proof's left are that tree's right edge. So a leaf and its proof show whether
// a larger head continues a smaller one. The proof is one that CheckInclusion
// accepted. Errors: ErrRange, ErrProof for another number of hashes.
func PrefixRoot(proof tlog.RecordProof, size, index int64, leaf []byte) (tlog.Hash, error) {
	if err := checkIndex(size, index); err != nil {
		return tlog.Hash{}, err
	}
	root := leafHash(leaf)
	// Upwards, as long as something is on the right of the leaf's subtree or on
	// its left; a subtree at the tree's ragged right end rises without a sibling.
	for last := size - 1; last > 0; index, last = index>>1, last>>1 {
		if index == last && index&1 == 0 {
			continue
		}
		if len(proof) == 0 {
			return tlog.Hash{}, fmt.Errorf("ledger: %w: too few hashes for a leaf of %d", ErrProof, size)
		}
		if index&1 == 1 {
			root = tlog.NodeHash(proof[0], root)
		}
		proof = proof[1:]
	}
	if len(proof) > 0 {
		return tlog.Hash{}, fmt.Errorf("ledger: %w: too many hashes for a leaf of %d", ErrProof, size)
	}
	return root, nil
}

// Consistency proves that the tree of size leaves begins with all those of
// the tree of old leaves (RFC 6962, section 2.1.2), in at most one call to r.
// For an empty old tree, and for one of the same size, the proof is empty.
// Errors: ErrRange, ErrReader, and those of r.
func Consistency(old, size int64, r tlog.HashReader) (tlog.TreeProof, error) {
	if old < 0 || old > size || size > MaxSize {
		return nil, fmt.Errorf("ledger: consistency from %d to %d leaves: %w", old, size, ErrRange)
	}
	if old == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(size, old, exact(r))
}

// CheckConsistency checks that head's tree begins with all the leaves of
// old's. Two heads of one log that have the same size and another root, or
// the other order of sizes, are an *Inconsistency whatever the proof says;
// ErrProof says only that this proof does not hold. Other errors: ErrOrigin
// for heads of two logs, ErrRange. It does not check signatures.
func CheckConsistency(proof tlog.TreeProof, old, head Checkpoint) error {
	if old.Origin != head.Origin {
		return fmt.Errorf("ledger: %w: heads of %q and %q", ErrOrigin, old.Origin, head.Origin)
	}
	if old.Size < 0 || old.Size > MaxSize || head.Size < 0 || head.Size > MaxSize {
		return fmt.Errorf("ledger: consistency from %d to %d leaves: %w", old.Size, head.Size, ErrRange)
	}
	if err := checkGrowth(old, head); err != nil {
		return err
	}
	var err error
	if old.Size > 0 {
		err = tlog.CheckTree(proof, head.Size, head.Root, old.Size, old.Root)
	} else if len(proof) != 0 {
		err = fmt.Errorf("%d hashes where none are needed", len(proof))
	}
	if err != nil {
		return fmt.Errorf("ledger: %w: from %d to %d leaves of %s: %v", ErrProof, old.Size, head.Size, head.Origin, err)
	}
	return nil
}

func checkIndex(size, index int64) error {
	if size < 0 || size > MaxSize || index < 0 || index >= size {
		return fmt.Errorf("ledger: leaf %d of %d: %w", index, size, ErrRange)
	}
	return nil
}
