package ledger

import (
	"fmt"
	"io"
)

// LeafBytes is the length of a statement leaf and of a padding leaf.
const LeafBytes = 64

// A Leaf is one entry of a ledger: tag[32] | commit[32]. Beside it a ledger
// has map roots and an end leaf (MapRoot), of other lengths; a mirror stores
// whatever a log holds, from 1 to MaxLeafBytes, and a Replay says what it is.
type Leaf struct {
	Tag    Tag
	Commit [32]byte
}

// StatementLeaf is the leaf that logs a signed statement, by the SHA-256 of
// its signed bytes, under tag.
func StatementLeaf(k Key, tag Tag, signedDigest [32]byte) Leaf {
	return Leaf{Tag: tag, Commit: Commit(k, tag, signedDigest)}
}

// PaddingLeaf is 64 bytes from rand. Nobody, ourselves included, can later
// tell it from a statement leaf whose key is gone.
func PaddingLeaf(rand io.Reader) (Leaf, error) {
	var b [LeafBytes]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return Leaf{}, fmt.Errorf("ledger: random bytes for padding: %w", err)
	}
	return leafOf(b), nil
}

// PadTo is the multiple of leaves at which checkpoints are cut, the map root at
// their end included, so that a ledger's growth says little about how much was
// said.
const PadTo = 16

// Padding is the number of padding leaves, 0 to PadTo-1, that bring a tree of
// size leaves (0 or more) to the next multiple of PadTo.
func Padding(size int64) int { return int(-size & (PadTo - 1)) }

// ParseLeaf parses a statement or padding leaf. Errors are ErrLeaf.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) != LeafBytes {
		return Leaf{}, fmt.Errorf("ledger: %w: %d bytes, a statement leaf has %d", ErrLeaf, len(b), LeafBytes)
	}
	return leafOf([LeafBytes]byte(b)), nil
}

// Bytes is the leaf's byte form, always LeafBytes long.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, LeafBytes)
	b = append(b, l.Tag[:]...)
	return append(b, l.Commit[:]...)
}

// Opens reports whether the leaf commits, under k, to the signed statement
// with this SHA-256.
func (l Leaf) Opens(k Key, signedDigest [32]byte) bool {
	return l.Commit == Commit(k, l.Tag, signedDigest)
}

func leafOf(b [LeafBytes]byte) Leaf {
	return Leaf{Tag: Tag(b[:32]), Commit: [32]byte(b[32:])}
}

// checkLeafBytes refuses what no entry bundle could carry.
func checkLeafBytes(leaf []byte) error {
	if len(leaf) == 0 || len(leaf) > MaxLeafBytes {
		return fmt.Errorf("ledger: %w: %d bytes, want 1 to %d", ErrLeaf, len(leaf), MaxLeafBytes)
	}
	return nil
}
