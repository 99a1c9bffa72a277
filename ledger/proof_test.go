package ledger

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

const origin = "north.example/v1"

func TestProofVectors(t *testing.T) {
	var vectors struct {
		Inclusion []struct {
			Size, Index int64
			Root        hash64
			Proof       []hash64
		}
		Consistency []struct {
			Old, Size     int64
			OldRoot, Root hash64
			Proof         []hash64
		}
	}
	readVectors(t, "proofs.json", &vectors)
	log := grow(t, 1000)
	for _, v := range vectors.Inclusion {
		head := Checkpoint{Origin: origin, Size: v.Size, Root: tlog.Hash(v.Root)}
		proof, err := Inclusion(v.Size, v.Index, log)
		if err != nil || !slices.Equal(proof, hashes64(v.Proof)) {
			t.Errorf("inclusion of %d in %d: %v, %v; want %v", v.Index, v.Size, proof, err, hashes64(v.Proof))
		}
		if err := CheckInclusion(hashes64(v.Proof), head, v.Index, vectorLeaf(int(v.Index))); err != nil {
			t.Error(err)
		}
	}
	for _, v := range vectors.Consistency {
		old := Checkpoint{Origin: origin, Size: v.Old, Root: tlog.Hash(v.OldRoot)}
		head := Checkpoint{Origin: origin, Size: v.Size, Root: tlog.Hash(v.Root)}
		proof, err := Consistency(v.Old, v.Size, log)
		if err != nil || !slices.Equal(proof, hashes64(v.Proof)) {
			t.Errorf("consistency from %d to %d: %v, %v; want %v", v.Old, v.Size, proof, err, hashes64(v.Proof))
		}
		if err := CheckConsistency(hashes64(v.Proof), old, head); err != nil {
			t.Error(err)
		}
	}
}

func TestProofsHoldAndNothingElseDoes(t *testing.T) {
	log := grow(t, 300)
	heads := make([]Checkpoint, 301)
	var tree Tree
	for i := range heads {
		heads[i] = tree.Head(origin)
		if _, _, err := tree.Append(vectorLeaf(i)); err != nil {
			t.Fatal(err)
		}
	}
	spoil := func(t *rapid.T, proof []tlog.Hash) []tlog.Hash {
		proof = slices.Clone(proof)
		at := rapid.IntRange(0, len(proof)).Draw(t, "at")
		if at == len(proof) || rapid.Bool().Draw(t, "insert") {
			return slices.Insert(proof, at, tlog.Hash{})
		}
		if rapid.Bool().Draw(t, "remove") {
			return slices.Delete(proof, at, at+1)
		}
		proof[at][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		return proof
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 300).Draw(t, "size")
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		proof, err := Inclusion(size, index, log)
		if err != nil {
			t.Fatal(err)
		}
		leaf := vectorLeaf(int(index))
		if err := CheckInclusion(proof, heads[size], index, leaf); err != nil {
			t.Fatal(err)
		}
		if err := CheckInclusion(proof, heads[size], index, append(bytes.Clone(leaf), 0)); !errors.Is(err, ErrProof) {
			t.Fatalf("another leaf: %v", err)
		}
		if err := CheckInclusion(spoil(t, proof), heads[size], index, leaf); !errors.Is(err, ErrProof) {
			t.Fatalf("spoilt inclusion proof: %v", err)
		}

		old := rapid.Int64Range(0, size).Draw(t, "old")
		growth, err := Consistency(old, size, log)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(growth, heads[old], heads[size]); err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(spoil(t, growth), heads[old], heads[size]); !errors.Is(err, ErrProof) {
			t.Fatalf("spoilt consistency proof: %v", err)
		}
	})
}

func TestProofRanges(t *testing.T) {
	log := grow(t, 8)
	head := log.tree.Head(origin)
	for _, c := range [][2]int64{{8, 8}, {8, -1}, {0, 0}, {-1, -2}, {MaxSize + 1, 0}, {math.MaxInt64, 1}} {
		if _, err := Inclusion(c[0], c[1], log); !errors.Is(err, ErrRange) {
			t.Errorf("Inclusion(%d, %d): %v", c[0], c[1], err)
		}
		huge := Checkpoint{Origin: origin, Size: c[0]}
		if err := CheckInclusion(nil, huge, c[1], []byte("x")); !errors.Is(err, ErrRange) {
			t.Errorf("CheckInclusion(%d, %d): %v", c[0], c[1], err)
		}
	}
	for _, c := range [][2]int64{{9, 8}, {-1, 8}, {0, MaxSize + 1}, {1, math.MaxInt64}} {
		if _, err := Consistency(c[0], c[1], log); !errors.Is(err, ErrRange) {
			t.Errorf("Consistency(%d, %d): %v", c[0], c[1], err)
		}
	}
	if err := CheckConsistency(nil, head, Checkpoint{Origin: origin, Size: math.MaxInt64}); !errors.Is(err, ErrRange) {
		t.Errorf("consistency with a huge tree: %v", err)
	}
	if err := CheckConsistency(nil, Checkpoint{Origin: origin, Size: -1}, head); !errors.Is(err, ErrRange) {
		t.Errorf("consistency from a negative tree: %v", err)
	}
	if err := CheckConsistency(nil, Checkpoint{Origin: "south.example/v1"}, head); !errors.Is(err, ErrOrigin) {
		t.Errorf("consistency of two logs: %v", err)
	}
	// The largest tree that can be proved anything about ends at all.
	top := Checkpoint{Origin: origin, Size: MaxSize}
	if err := CheckInclusion(make(tlog.RecordProof, 48), top, MaxSize-1, []byte("x")); !errors.Is(err, ErrProof) {
		t.Errorf("the largest tree: %v", err)
	}
}

func TestProofsOfAShortReader(t *testing.T) {
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	if _, err := Inclusion(8, 3, short); !errors.Is(err, ErrReader) {
		t.Errorf("inclusion: %v", err)
	}
	if _, err := Consistency(3, 8, short); !errors.Is(err, ErrReader) {
		t.Errorf("consistency: %v", err)
	}
}

// An inclusion proof of a leaf holds the root of the tree that ends with it.
func TestPrefixRoot(t *testing.T) {
	hashes := grow(t, 70)
	for size := int64(1); size <= 70; size++ {
		for index := range size {
			proof, err := Inclusion(size, index, hashes)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := NewTree(index+1, hashes)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := PrefixRoot(proof, size, index, vectorLeaf(int(index))); err != nil || got != tree.Root() {
				t.Fatalf("leaf %d of %d: %v, %v, want %v", index, size, got, err, tree.Root())
			}
			if _, err := PrefixRoot(append(proof, tlog.Hash{}), size, index, vectorLeaf(int(index))); !errors.Is(err, ErrProof) {
				t.Fatalf("a hash too many: %v", err)
			}
			if len(proof) > 0 {
				if _, err := PrefixRoot(proof[1:], size, index, vectorLeaf(int(index))); !errors.Is(err, ErrProof) {
					t.Fatalf("a hash too few: %v", err)
				}
			}
		}
		if _, err := PrefixRoot(nil, size, size, nil); !errors.Is(err, ErrRange) {
			t.Fatal(err)
		}
	}
}
