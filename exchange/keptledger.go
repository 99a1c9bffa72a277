package exchange

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed/ledger"
)

// keptLedger reads any ledger that this node keeps, by its origin: its own
// present one, one that it has ended, or the mirror of another party's.
type keptLedger struct {
	v      View
	origin string
	own    bool // the present one
}

func (x *Exchange) keptLedger(v View, origin string) (keptLedger, error) {
	me, err := v.Self()
	if err != nil {
		return keptLedger{}, err
	}
	present, err := ledgerOrigin(me.Card)
	return keptLedger{v: v, origin: origin, own: origin == present}, err
}

func (k keptLedger) head() (Head, error) {
	if k.own {
		return k.v.Head()
	}
	return k.v.MirrorHead(k.origin)
}

func (k keptLedger) hashes(indexes []int64) ([]tlog.Hash, error) {
	if k.own {
		return k.v.Hashes(indexes)
	}
	return k.v.MirrorHashes(k.origin, indexes)
}

func (k keptLedger) leaves(from, to int64) ([][]byte, error) {
	if k.own {
		return k.v.Leaves(from, to)
	}
	return k.v.MirrorLeaves(k.origin, from, to)
}

func (k keptLedger) marks() (*ledger.Map, error) {
	if k.own {
		return k.v.Map(), nil
	}
	return k.v.MirrorMap(k.origin)
}

// find looks a tag up, below the ledger's newest map root.
func (k keptLedger) find(tag ledger.Tag) (int64, bool, error) {
	marks, err := k.marks()
	if err != nil {
		return 0, false, err
	}
	return marks.Lookup(tag)
}

// leaf reads one leaf.
func (k keptLedger) leaf(index int64) ([]byte, error) {
	leaves, err := k.leaves(index, index+1)
	if err != nil {
		return nil, err
	}
	return leaves[0], nil
}

// dated is the head by which a leaf is dated: the first one with it that enough
// witnesses have cosigned, and where there is none the newest.
func (k keptLedger) dated(index int64) (Head, error) {
	note, err := k.v.Witnessed(k.origin, index)
	if errors.Is(err, ErrNotFound) {
		return k.head()
	}
	if err != nil {
		return Head{}, err
	}
	c, err := ledger.UnverifiedCheckpoint(note)
	return Head{Size: c.Size, Note: note}, err
}

// proof is the inclusion of a leaf in the head.
func (k keptLedger) proof(head Head, index int64) (ledger.LeafProof, error) {
	if index >= head.Size {
		return ledger.LeafProof{}, fmt.Errorf("leaf %d of %s is not in its head of %d: %w", index, k.origin, head.Size, ErrNotFound)
	}
	hashes, err := ledger.Inclusion(head.Size, index, tlog.HashReaderFunc(k.hashes))
	return ledger.LeafProof{Index: index, Hashes: hashes, Checkpoint: head.Note}, err
}

// proven is a leaf with the text of its proof in the head.
func (k keptLedger) proven(head Head, index int64) (leaf, proof []byte, err error) {
	found, err := k.proof(head, index)
	if err != nil {
		return nil, nil, err
	}
	if proof, err = found.Marshal(); err != nil {
		return nil, nil, err
	}
	leaf, err = k.leaf(index)
	return leaf, proof, err
}

// findOwn looks a tag of ours up in our present ledger, as far as it reaches,
// and in those that we have ended.
func (x *Exchange) findOwn(v View, tag ledger.Tag) (keptLedger, int64, error) {
	me, err := v.Self()
	if err != nil {
		return keptLedger{}, 0, err
	}
	present, err := ledgerOrigin(me.Card)
	if err != nil {
		return keptLedger{}, 0, err
	}
	index, err := v.LeafIndex(tag)
	if !errors.Is(err, ErrNotFound) {
		return keptLedger{v: v, origin: present, own: true}, index, err
	}
	origin, index, err := x.loggedBefore(v, tag)
	return keptLedger{v: v, origin: origin}, index, err
}
