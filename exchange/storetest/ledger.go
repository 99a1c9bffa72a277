package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// replays checks that the ledger of a view is the tree of its leaves.
func replays(t *testing.T, v exchange.View, size int64) {
	t.Helper()
	tree, err := v.Tree()
	if err != nil {
		t.Errorf("Tree: %v", err)
		return
	}
	leaves, err := v.Leaves(0, size)
	if err != nil {
		t.Errorf("Leaves: %v", err)
		return
	}
	var replayed ledger.Tree
	var indexes []int64
	var want []tlog.Hash
	for _, leaf := range leaves {
		_, hashes, err := replayed.Append(leaf)
		if err != nil {
			t.Errorf("Append: %v", err)
			return
		}
		for _, h := range hashes {
			indexes, want = append(indexes, h.Index), append(want, h.Hash)
		}
	}
	sameTree(t, "Tree", tree, nil, &replayed)
	got, err := v.Hashes(indexes)
	sameList(t, "Hashes", got, err, want)
	slices.Reverse(indexes)
	slices.Reverse(want)
	got, err = v.Hashes(indexes)
	sameList(t, "Hashes in reverse", got, err, want)
	if len(indexes) > 20 {
		few := []int64{indexes[len(indexes)-1], indexes[3], indexes[3], indexes[0]}
		got, err = v.Hashes(few)
		sameList(t, "a few Hashes", got, err, []tlog.Hash{want[len(want)-1], want[3], want[3], want[0]})
	}
}

func ownLedger(t *testing.T, w *world) {
	const size = 300
	w.write(func(tx exchange.Tx) error {
		for n := range 10 {
			index, err := tx.Append(leaf(n))
			same(t, "Append", index, err, int64(n))
			at, err := tx.LeafIndex(ledger.Tag(leaf(n)[:32]))
			same(t, "LeafIndex", at, err, int64(n))
		}
		replays(t, tx, 10)
		tree, err := tx.Tree()
		if err != nil {
			return err
		}
		if _, _, err := tree.Append(leaf(1000)); err != nil { // a copy: it changes nothing
			return err
		}
		replays(t, tx, 10)
		return nil
	})
	w.write(func(tx exchange.Tx) error {
		for n := 10; n < size; n++ {
			if _, err := tx.Append(leaf(n)); err != nil {
				return err
			}
		}
		replays(t, tx, size)
		return nil
	})
	w.both(func(v exchange.View) error {
		replays(t, v, size)
		leaves, err := v.Leaves(7, 9)
		sameList(t, "Leaves", leaves, err, [][]byte{leaf(7), leaf(8)})
		for _, beyond := range [][2]int64{{0, size + 1}, {size, size + 1}, {-1, 1}, {5, 4}} {
			if leaves, err := v.Leaves(beyond[0], beyond[1]); err == nil {
				t.Errorf("Leaves(%d, %d) gave %d leaves", beyond[0], beyond[1], len(leaves))
			}
		}
		for _, beyond := range [][]int64{{tlog.StoredHashIndex(0, size)}, {-1}, {0, 1, 2, 3, tlog.StoredHashIndex(0, size)}, {0, 1 << 40}} {
			if hashes, err := v.Hashes(beyond); err == nil {
				t.Errorf("Hashes(%d) gave %d hashes", beyond, len(hashes))
			}
		}
		return nil
	})

	older, newer := exchange.Head{Size: 16, Note: []byte("older"), At: w.now}, exchange.Head{Size: 32, Note: []byte("newer"), At: w.now.Add(1e9)}
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutHead(newer), tx.PutHead(older))
	})
	w.both(func(v exchange.View) error {
		head, err := v.Head()
		same(t, "Head", head, err, newer)
		return nil
	})
	// Other leaves than a statement's have no tag.
	for _, other := range [][]byte{{1}, bytes.Repeat([]byte{2}, 63), bytes.Repeat([]byte{2}, 65), bytes.Repeat([]byte{3}, ledger.MaxLeafBytes)} {
		w.write(func(tx exchange.Tx) error {
			for range 2 {
				if _, err := tx.Append(other); err != nil {
					return err
				}
			}
			return nil
		})
		w.read(func(v exchange.View) error {
			tree, err := v.Tree()
			if err != nil {
				return err
			}
			leaves, err := v.Leaves(tree.Size()-2, tree.Size())
			sameList(t, "Leaves", leaves, err, [][]byte{other, other})
			return nil
		})
	}
	for _, bad := range [][]byte{nil, make([]byte, ledger.MaxLeafBytes+1)} {
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
			_, err := tx.Append(bad)
			return err
		})
		if !errors.Is(err, ledger.ErrLeaf) {
			t.Errorf("a leaf of %d bytes: %v, want ledger.ErrLeaf", len(bad), err)
		}
	}
	w.read(func(v exchange.View) error {
		replays(t, v, size+8)
		return nil
	})
}

func failedLeaves(t *testing.T, w *world) {
	w.write(func(tx exchange.Tx) error {
		_, err := tx.Append(leaf(0))
		return err
	})
	for round := range 3 {
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
			for n := range 5 {
				index, err := tx.Append(leaf(100 + n))
				same(t, "Append", index, err, int64(round+1+n))
			}
			return errNo
		})
		if !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		w.both(func(v exchange.View) error {
			replays(t, v, int64(round)+1)
			index, err := v.LeafIndex(ledger.Tag(leaf(100)[:32]))
			missing(t, "the tag of a failed change", index, err)
			return nil
		})
		w.write(func(tx exchange.Tx) error {
			index, err := tx.Append(leaf(round + 1))
			same(t, "Append", index, err, int64(round)+1)
			return nil
		})
	}
	w.read(func(v exchange.View) error {
		replays(t, v, 4)
		return nil
	})
}

func tags(t *testing.T, w *world) {
	other := slices.Concat(leaf(1)[:32], leaf(2)[32:])
	w.write(func(tx exchange.Tx) error {
		_, err := tx.Append(leaf(1))
		return err
	})
	w.write(func(tx exchange.Tx) error {
		if _, err := tx.Append(leaf(3)); err != nil {
			return err
		}
		for _, again := range [][]byte{leaf(1), other, leaf(3)} {
			if index, err := tx.Append(again); !errors.Is(err, exchange.ErrTagTaken) {
				t.Errorf("a taken tag: leaf %d, %v; want ErrTagTaken", index, err)
			}
		}
		// The refusal is an answer: the change may go on.
		index, err := tx.Append(leaf(4))
		same(t, "the leaf after a taken tag", index, err, 2)
		return nil
	})
	w.both(func(v exchange.View) error {
		replays(t, v, 3)
		index, err := v.LeafIndex(ledger.Tag(leaf(1)[:32]))
		same(t, "LeafIndex", index, err, 0)
		return nil
	})
}

func mirrors(t *testing.T, w *world) {
	const origin, other = "south.example/v0", "west.example/v0"
	var tree ledger.Tree
	extend := func(origin string, tree *ledger.Tree, leaves ...[]byte) error {
		next := tree.Clone()
		for _, l := range leaves {
			if _, _, err := next.Append(l); err != nil {
				return err
			}
		}
		head := next.Head(origin)
		hashes, err := ledger.Extend(tree, leaves, head)
		if err != nil {
			return err
		}
		return w.store.Write(context.Background(), func(tx exchange.Tx) error {
			return tx.ExtendMirror(origin, leaves, hashes, exchange.Head{Size: head.Size, Note: head.Body(), At: w.now})
		})
	}
	long := bytes.Repeat([]byte{9}, 3000)
	// A mirror takes what it is given: tags of other ledgers are theirs to keep unique.
	var all [][]byte
	for _, part := range [][][]byte{{leaf(1), leaf(1), long}, {leaf(2)}, {leaf(3), leaf(4), leaf(5), leaf(6), leaf(7)}} {
		if err := extend(origin, &tree, part...); err != nil {
			t.Fatal(err)
		}
		all = append(all, part...)
	}
	var second ledger.Tree
	if err := extend(other, &second, leaf(1)); err != nil {
		t.Fatal(err)
	}
	w.both(func(v exchange.View) error {
		got, err := v.MirrorTree(origin)
		sameTree(t, "MirrorTree", got, err, &tree)
		got, err = v.MirrorTree(other)
		sameTree(t, "MirrorTree of the other", got, err, &second)
		head, err := v.MirrorHead(origin)
		same(t, "MirrorHead", head, err, exchange.Head{Size: tree.Size(), Note: tree.Head(origin).Body(), At: w.now})
		leaves, err := v.MirrorLeaves(origin, 0, tree.Size())
		sameList(t, "MirrorLeaves", leaves, err, all)
		leaves, err = v.MirrorLeaves(origin, 2, 4)
		sameList(t, "MirrorLeaves", leaves, err, all[2:4])
		if leaves, err := v.MirrorLeaves(origin, 0, tree.Size()+1); err == nil {
			t.Errorf("MirrorLeaves beyond the end gave %d leaves", len(leaves))
		}
		last := tlog.StoredHashIndex(0, tree.Size())
		indexes := make([]int64, last)
		for i := range indexes {
			indexes[i] = int64(i)
		}
		hashes, err := v.MirrorHashes(origin, indexes)
		same(t, "the number of MirrorHashes", int64(len(hashes)), err, last)
		read, err := ledger.NewTree(tree.Size(), tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return v.MirrorHashes(origin, i) }))
		sameTree(t, "the tree of MirrorHashes", read, err, &tree)
		if hashes, err := v.MirrorHashes(origin, []int64{last}); err == nil {
			t.Errorf("MirrorHashes beyond the end gave %v", hashes)
		}
		own, err := v.Tree()
		sameTree(t, "the own tree", own, err, &ledger.Tree{})
		index, err := v.LeafIndex(ledger.Tag(leaf(1)[:32]))
		missing(t, "a mirrored tag in the own ledger", index, err)
		return nil
	})
	// The same head again, now with cosignatures.
	cosigned := exchange.Head{Size: tree.Size(), Note: []byte("cosigned"), At: w.now}
	w.write(func(tx exchange.Tx) error { return tx.ExtendMirror(origin, nil, nil, cosigned) })
	w.read(func(v exchange.View) error {
		head, err := v.MirrorHead(origin)
		same(t, "MirrorHead", head, err, cosigned)
		return nil
	})
	for what, head := range map[string]exchange.Head{"an older head": {Size: 1}, "a head without its leaves": {Size: tree.Size() + 1}} {
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.ExtendMirror(origin, nil, nil, head) })
		if !errors.Is(err, ledger.ErrRange) {
			t.Errorf("%s: %v, want ledger.ErrRange", what, err)
		}
	}
}
