package watch

import "bytes"

// bucketSize is how many entries a bucket of a table has: it takes 640 bytes, a
// size that Go allocates without a rest.
const bucketSize = 127

// table finds a 32-bit reference by the hash of what it refers to: extendible
// hashing (Fagin, Nievergelt, Pippenger, Strong 1979). It grows by splitting one
// bucket, never as a whole, and takes some 7 bytes an entry.
type table struct {
	hash      func(ref uint32) uint64 // of what ref refers to
	directory []*bucket
	depth     uint8
	n         int
}

type bucket struct {
	depth uint8
	n     uint8
	tags  [bucketSize]byte // a byte of each entry's hash: most others are told apart by it alone
	refs  [bucketSize]uint32
}

func newTable(hash func(ref uint32) uint64) *table {
	return &table{hash: hash, directory: []*bucket{{}}}
}

func (t *table) bucket(hash uint64) *bucket { return t.directory[hash&(1<<t.depth-1)] }

func tag(hash uint64) byte { return byte(hash >> 56) }

// find returns the reference of that hash that is said to be the one.
func (t *table) find(hash uint64, is func(ref uint32) bool) (uint32, bool) {
	b := t.bucket(hash)
	for i := 0; ; i++ {
		next := bytes.IndexByte(b.tags[i:b.n], tag(hash))
		if next < 0 {
			return 0, false
		}
		if i += next; is(b.refs[i]) {
			return b.refs[i], true
		}
	}
}

// maxDepth bounds the directory. More than a bucket of entries whose hashes
// have so many bits in common do not occur by chance, and nobody can choose
// them: the hashes are seeded.
const maxDepth = 30

// add enters a reference that is not there yet.
func (t *table) add(hash uint64, ref uint32) {
	for {
		b := t.bucket(hash)
		if b.n < bucketSize {
			b.tags[b.n], b.refs[b.n] = tag(hash), ref
			b.n++
			t.n++
			return
		}
		if b.depth == maxDepth {
			panic("watch: hashes are not spread")
		}
		t.split(b, hash)
	}
}

func (t *table) split(b *bucket, hash uint64) {
	if b.depth == t.depth {
		t.directory = append(t.directory, t.directory...)
		t.depth++
	}
	low, high := &bucket{depth: b.depth + 1}, &bucket{depth: b.depth + 1}
	for i := range b.n {
		to := low
		if t.hash(b.refs[i])>>b.depth&1 == 1 {
			to = high
		}
		to.tags[to.n], to.refs[to.n] = b.tags[i], b.refs[i]
		to.n++
	}
	step := uint64(1) << b.depth
	for i := hash & (step - 1); i < uint64(len(t.directory)); i += step {
		if i&step == 0 {
			t.directory[i] = low
		} else {
			t.directory[i] = high
		}
	}
}

// drop takes a reference out.
func (t *table) drop(hash uint64, ref uint32) {
	b := t.bucket(hash)
	for i := range b.n {
		if b.refs[i] == ref {
			b.n--
			b.tags[i], b.refs[i] = b.tags[b.n], b.refs[b.n]
			t.n--
			return
		}
	}
}

// all yields the references, in no particular order.
func (t *table) all(yield func(ref uint32) bool) {
	for i, b := range t.directory {
		if uint64(i)>>b.depth != 0 {
			continue // a bucket stands in the directory once for each hash that leads to it
		}
		for _, ref := range b.refs[:b.n] {
			if !yield(ref) {
				return
			}
		}
	}
}
