package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestTreeVectors(t *testing.T) {
	var vectors struct {
		Leaves []hexBytes
		Stored []hexBytes
		Roots  []struct {
			Size int64
			Root hash64
		}
	}
	readVectors(t, "tree.json", &vectors)
	var stored []string
	var tree Tree
	for i, leaf := range vectors.Leaves {
		if !bytes.Equal(leaf, vectorLeaf(i)) {
			t.Errorf("leaf %d is %x, the tests make %x", i, leaf, vectorLeaf(i))
		}
		_, hashes, err := tree.Append(leaf)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hashes {
			stored = append(stored, hex.EncodeToString(h.Hash[:]))
		}
	}
	for i, want := range vectors.Stored {
		if stored[i] != hex.EncodeToString(want) {
			t.Errorf("stored hash %d = %s, want %x", i, stored[i], want)
		}
	}
	if len(stored) != len(vectors.Stored) {
		t.Errorf("%d stored hashes, want %d", len(stored), len(vectors.Stored))
	}
	tree = Tree{}
	for _, v := range vectors.Roots {
		for tree.Size() < v.Size {
			if _, _, err := tree.Append(vectorLeaf(int(tree.Size()))); err != nil {
				t.Fatal(err)
			}
		}
		if tree.Root() != tlog.Hash(v.Root) {
			t.Errorf("root of %d leaves = %v, want %v", v.Size, tree.Root(), tlog.Hash(v.Root))
		}
	}
}

// A tree, reopened at any point, agrees with RFC 6962 read literally and with
// tlog's numbering of stored hashes.
func TestTreeAgreesWithTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 70), 0, 80).Draw(t, "leaves")
		reopen := rapid.IntRange(0, len(leaves)).Draw(t, "reopen")
		var stored []tlog.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			var hashes []tlog.Hash
			for _, i := range indexes {
				hashes = append(hashes, stored[i])
			}
			return hashes, nil
		})
		tree := &Tree{}
		for i, leaf := range leaves {
			if i == reopen {
				var err error
				if tree, err = NewTree(int64(i), reader); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := tree.Root(), naiveRoot(leaves[:i]); got != want {
				t.Fatalf("root of %d leaves = %v, want %v", i, got, want)
			}
			want, err := tlog.StoredHashes(int64(i), leaf, reader)
			if err != nil {
				t.Fatal(err)
			}
			index, hashes, err := tree.Append(leaf)
			if err != nil || index != int64(i) || len(hashes) != len(want) {
				t.Fatalf("append %d: index %d, %d hashes, %v; want %d hashes", i, index, len(hashes), err, len(want))
			}
			for j, h := range hashes {
				if h.Hash != want[j] || h.Index != tlog.StoredHashIndex(j, int64(i)>>j) || h.Index != int64(len(stored)) {
					t.Fatalf("append %d: hash %d is %+v, want %v", i, j, h, want[j])
				}
				stored = append(stored, h.Hash)
			}
		}
		if got, want := tree.Root(), naiveRoot(leaves); got != want || tree.Size() != int64(len(leaves)) {
			t.Fatalf("root of %d leaves = %v, want %v", tree.Size(), got, want)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	var tree Tree
	for _, n := range []int{0, MaxLeafBytes + 1} {
		if _, _, err := tree.Append(make([]byte, n)); !errors.Is(err, ErrLeaf) {
			t.Errorf("append of %d bytes: %v, want ErrLeaf", n, err)
		}
	}
	if tree != (Tree{}) {
		t.Error("a refused leaf changed the tree")
	}
	for _, n := range []int{1, MaxLeafBytes} {
		leaf := make([]byte, n)
		tree := Tree{}
		if _, _, err := tree.Append(leaf); err != nil || tree.Root() != naiveRoot([][]byte{leaf}) {
			t.Errorf("append of %d bytes: %v", n, err)
		}
	}
}

// The last leaf that fits, and the one after it.
func TestFullTree(t *testing.T) {
	tree, err := NewTree(MaxSize-1, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return make([]tlog.Hash, len(indexes)), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	index, hashes, err := tree.Append([]byte("last"))
	if err != nil || index != MaxSize-1 || hashes[0].Index != tlog.StoredHashIndex(0, MaxSize-1) {
		t.Fatalf("last leaf: %d, %v, %v", index, hashes, err)
	}
	root := tree.Root()
	if _, _, err := tree.Append([]byte("one more")); !errors.Is(err, ErrRange) || tree.Size() != MaxSize || tree.Root() != root {
		t.Errorf("append to a full tree: %v", err)
	}
}

func TestNewTreeRefuses(t *testing.T) {
	broken := errors.New("broken disk")
	short := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return make([]tlog.Hash, len(indexes)-1), nil })
	fails := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, broken })
	if _, err := NewTree(-1, fails); !errors.Is(err, ErrRange) {
		t.Errorf("negative size: %v", err)
	}
	if _, err := NewTree(MaxSize+1, fails); !errors.Is(err, ErrRange) {
		t.Errorf("size beyond the limit: %v", err)
	}
	if _, err := NewTree(5, short); !errors.Is(err, ErrReader) {
		t.Errorf("short read: %v", err)
	}
	if _, err := NewTree(5, fails); !errors.Is(err, broken) {
		t.Errorf("failing read: %v", err)
	}
	if tree, err := NewTree(0, fails); err != nil || tree.Root() != naiveRoot(nil) {
		t.Errorf("empty tree: %v", err)
	}
}

// A committer's batch on a clone leaves the published tree alone.
func TestCloneIsIndependent(t *testing.T) {
	tree := grow(t, 21).tree
	before, root := tree, tree.Root()
	clone := tree.Clone()
	for range 50 {
		if _, _, err := clone.Append([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if tree != before || tree.Root() != root {
		t.Error("appending to a clone changed the original")
	}
	var leaves [][]byte
	for i := range 21 {
		leaves = append(leaves, vectorLeaf(i))
	}
	leaves = append(leaves, slices.Repeat([][]byte{[]byte("x")}, 50)...)
	if clone.Root() != naiveRoot(leaves) {
		t.Error("the clone went wrong")
	}
}
