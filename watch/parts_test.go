package watch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestArena puts and drops blocks at random, and finds each where its owner was told.
func TestArena(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	at, text := map[uint32]uint32{}, map[uint32][]byte{}
	a := &arena{moved: func(owner, to uint32) { at[owner] = to }}
	bytesLive := 0
	for step := range 20_000 {
		owner := uint32(random.IntN(2000))
		if ref, ok := at[owner]; ok {
			a.drop(ref)
			bytesLive -= blockSize(len(text[owner]))
			delete(at, owner)
			delete(text, owner)
			continue
		}
		size := random.IntN(300)
		if step%1000 == 0 {
			size = 2 * chunkSize
		}
		block := bytes.Repeat([]byte{byte(step)}, size)
		ref, ok := a.put(owner, block)
		if !ok || ref == 0 {
			t.Fatalf("step %d: reference %d, %v", step, ref, ok)
		}
		at[owner], text[owner] = ref, block
		bytesLive += blockSize(size)
	}
	for owner, ref := range at {
		if !bytes.Equal(a.at(ref), text[owner]) {
			t.Fatalf("the block of %d is another's", owner)
		}
	}
	if most := 3*bytesLive + 2*chunkSize; a.bytes > most {
		t.Errorf("%d bytes taken for %d in use", a.bytes, bytesLive)
	}
}

func TestTable(t *testing.T) {
	keys := make([]uint64, 50_000)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range keys {
		keys[i] = random.Uint64()
	}
	table := newTable(func(ref uint32) uint64 { return keys[ref] })
	for i := range keys {
		table.add(keys[i], uint32(i))
	}
	for i := 0; i < len(keys); i += 2 {
		table.drop(keys[i], uint32(i))
	}
	if table.n != len(keys)/2 {
		t.Errorf("%d entries, not %d", table.n, len(keys)/2)
	}
	for i := range keys {
		ref, ok := table.find(keys[i], func(ref uint32) bool { return ref == uint32(i) })
		if ok != (i%2 == 1) || ok && ref != uint32(i) {
			t.Fatalf("entry %d: %d, %v", i, ref, ok)
		}
	}
	var all []uint32
	for ref := range table.all {
		all = append(all, ref)
	}
	slices.Sort(all)
	if len(all) != len(keys)/2 || len(slices.Compact(all)) != len(keys)/2 {
		t.Errorf("%d entries listed", len(all))
	}
}

func TestPosting(t *testing.T) {
	var p posting
	var sets postings
	held := map[uint32]bool{}
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		ref := uint32(1 + random.IntN(40))
		if held[ref] {
			sets.drop(&p, ref)
			delete(held, ref)
		} else {
			sets.add(&p, ref)
			held[ref] = true
		}
		var few [2]uint32
		refs := sets.refs(p, &few)
		if len(refs) != len(held) || sets.len(p) != len(held) {
			t.Fatalf("%d references, not %d", len(refs), len(held))
		}
		for _, r := range refs {
			if !held[r] {
				t.Fatalf("%d is not in the set", r)
			}
		}
	}
}

func TestMarks(t *testing.T) {
	var m marks
	for round := range 3 {
		m.reset()
		for i := range uint32(3000) {
			if !m.first(i*7) || m.first(i*7) {
				t.Fatalf("round %d: %d", round, i)
			}
		}
	}
}

func TestFilter(t *testing.T) {
	var f filter
	f.reset()
	for i := range uint32(40_000) {
		f.add(i * 13)
	}
	for i := range uint32(40_000) {
		if !f.has(i * 13) {
			t.Fatalf("%d is lost", i*13)
		}
	}
	f.reset()
	for i := range uint32(40_000) {
		if f.has(i * 13) {
			t.Fatalf("%d is left", i*13)
		}
	}
}

func ExampleRelateNumbers() {
	fmt.Println(RelateNumbers("К 123 ОМ 77", "k123om-77"))
	fmt.Println(RelateNumbers("AB0157", "A8O1S7"))
	fmt.Println(RelateNumbers("AB0157", "AB0158"))
	// Output:
	// same
	// blurred
	// other
}
