package ledger

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A StoredHash is one hash for the caller to store. Index is its
// tlog.StoredHashIndex. A hash, once made, never changes.
type StoredHash struct {
	Index int64
	Hash  tlog.Hash
}

// A Tree is the size and right edge of a log's Merkle tree: the roots of its
// perfect subtrees, one for each bit set in the size. That is all it takes to
// append and to know the root, so neither reads storage.
//
// A Tree is not safe for concurrent use while one of its users appends.
// Whoever appends before knowing that the batch will commit works on a Clone
// and puts it in the old one's place only afterwards. The zero Tree is empty
// and ready.
type Tree struct {
	size int64
	edge [48]tlog.Hash // edge[l] is meaningful where bit l of size is set
}

// NewTree reads the right edge of a tree of size leaves from its stored
// hashes, in one call to r. It takes the hashes at their word: compare Root
// with a checkpoint that is trusted. Errors: ErrRange for the size, ErrReader,
// and those of r.
func NewTree(size int64, r tlog.HashReader) (*Tree, error) {
	if size < 0 || size > MaxSize {
		return nil, fmt.Errorf("ledger: tree size %d: %w", size, ErrRange)
	}
	t := &Tree{size: size}
	if size == 0 {
		return t, nil
	}
	var levels []int
	var indexes []int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if n := size >> level; n&1 == 1 {
			levels = append(levels, level)
			indexes = append(indexes, tlog.StoredHashIndex(level, n-1))
		}
	}
	hashes, err := exact(r).ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, level := range levels {
		t.edge[level] = hashes[i]
	}
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Clone is an independent copy, some 1.5 kB and never more.
func (t *Tree) Clone() *Tree {
	c := *t
	return &c
}

// Append adds a leaf and returns its index and the hashes to store with it:
// the leaf's own and that of each subtree it completes, with consecutive
// indexes. Errors are ErrLeaf for an empty or oversized leaf and ErrRange for
// a full tree; the tree is then as it was.
func (t *Tree) Append(leaf []byte) (index int64, hashes []StoredHash, err error) {
	if err := checkLeafBytes(leaf); err != nil {
		return 0, nil, err
	}
	if t.size >= MaxSize {
		return 0, nil, fmt.Errorf("ledger: append to a full tree of %d leaves: %w", t.size, ErrRange)
	}
	index = t.size
	level := 0
	hash := leafHash(leaf)
	at := tlog.StoredHashIndex(0, index)
	hashes = make([]StoredHash, 1, 1+bits.TrailingZeros64(uint64(index+1)))
	hashes[0] = StoredHash{Index: at, Hash: hash}
	for ; index>>level&1 == 1; level++ {
		hash = tlog.NodeHash(t.edge[level], hash)
		at++
		hashes = append(hashes, StoredHash{Index: at, Hash: hash})
	}
	t.edge[level] = hash
	t.size++
	return index, hashes, nil
}

// Root is the Merkle tree hash (RFC 6962, section 2.1); that of the empty
// tree is the SHA-256 of nothing.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot()
	}
	level := bits.TrailingZeros64(uint64(t.size))
	root := t.edge[level]
	for level++; t.size>>level > 0; level++ {
		if t.size>>level&1 == 1 {
			root = tlog.NodeHash(t.edge[level], root)
		}
	}
	return root
}

// Head is the tree's unsigned checkpoint under origin.
func (t *Tree) Head(origin string) Checkpoint {
	return Checkpoint{Origin: origin, Size: t.size, Root: t.Root()}
}

// exact holds r to the number of hashes that it is asked for.
func exact(r tlog.HashReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := r.ReadHashes(indexes)
		if err != nil {
			return nil, err
		}
		if len(hashes) != len(indexes) {
			return nil, fmt.Errorf("ledger: %w: %d of %d hashes", ErrReader, len(hashes), len(indexes))
		}
		return hashes, nil
	})
}

func emptyRoot() tlog.Hash { return sha256.Sum256(nil) }

// leafHash is tlog.RecordHash without its allocation for leaves of our own size.
func leafHash(leaf []byte) tlog.Hash {
	var b [1 + LeafBytes]byte
	if len(leaf) > LeafBytes {
		return tlog.RecordHash(leaf)
	}
	n := copy(b[1:], leaf)
	return sha256.Sum256(b[:1+n])
}
