package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"heed/ledger"
)

// Bounds of a bundle (docs/evidence.md, section 1).
const (
	MaxBundle     = 64 << 20 // bytes in all
	MaxBundleBare = 8 << 20  // bytes without the data of its contents

	// MaxPaths is the number of paths that one map proof has at most.
	MaxPaths = 64
)

const bundleFirst = "heed-evidence/v1\n"

// A Bundle is what one evidence file holds. Each list keeps its order; a part
// that stands twice is written once. The zero Bundle is empty; one that is
// encoded has at least one claim.
type Bundle struct {
	Claims      []Claim
	Cards       [][]byte // signed cards
	Statements  []Statement
	Releases    [][]byte // signed releases
	Contents    []Content
	Headers     [][]byte // signed headers of envelopes, beside the deposits for them
	Checkpoints [][]byte // signed checkpoints that statements' after names, or that a claim compares
	Leaves      []Leaf
	Maps        []Map
	Insertions  []Insertion
}

// A Statement is a signed statement of any kind, deposits and successions
// included. Key is its tag key K, nil where it is not shown: its tags are then
// nobody's to compute.
type Statement struct {
	Note []byte
	Key  *ledger.Key
}

// A Content is salt and bytes of a content. Those of a warning document may be
// what wire.Disclose left of it.
type Content struct {
	Salt [32]byte
	Data []byte
}

// A Leaf is a leaf of a ledger with the proof that it is there.
type Leaf struct {
	Leaf  []byte // as logged: 64, 49 or 81 bytes, or whatever a violation has, at least 1
	Proof []byte // C2SP tlog-proof with its checkpoint, as ledger.LeafProof writes it
}

// A Map is a map root leaf that is the last leaf of a checkpoint, with the
// proof of it, and paths of the map that it is the root of.
type Map struct {
	Leaf  []byte // ledger.MapRoot.Bytes
	Proof []byte // C2SP tlog-proof of Leaf
	Paths []Path
}

// A Path shows whether the map has a tag.
type Path struct {
	Tag  ledger.Tag
	Path []byte // ledger.MapPath.Bytes, of presence or of absence
}

// An Insertion is the absence path of the tag of the leaf at Index under the
// root of the map of all leaves before it.
type Insertion struct {
	Index int64
	Path  []byte
}

// partType says what a part is. Parts of a file stand in ascending order of it.
type partType byte

const (
	partClaim partType = iota + 1
	partCard
	partStatement
	partRelease
	partContent
	partHeader
	partCheckpoint
	partLeaf
	partMap
	partInsertion
)

// most is how many parts of each type a file has at most.
var most = map[partType]int{
	partClaim: 64, partCard: 256, partStatement: 4096, partRelease: 1024, partContent: 4096,
	partHeader: 256, partCheckpoint: 1024, partLeaf: 8192, partMap: 256, partInsertion: 8192,
}

const partHead = 1 + 4

// Encode writes the bundle in its one byte form. What Parse would refuse is
// not written: errors match ErrDamaged.
func (b Bundle) Encode() ([]byte, error) {
	var w partWriter
	w.out = append(w.out, bundleFirst...)
	for _, c := range b.Claims {
		text, err := c.encode()
		if err != nil {
			return nil, err
		}
		w.part(partClaim, text)
	}
	w.parts(partCard, b.Cards)
	for _, s := range b.Statements {
		w.part(partStatement, s.encode())
	}
	w.parts(partRelease, b.Releases)
	for _, c := range b.Contents {
		w.part(partContent, slices.Concat(c.Salt[:], c.Data))
	}
	w.parts(partHeader, b.Headers)
	w.parts(partCheckpoint, b.Checkpoints)
	for _, l := range b.Leaves {
		if len(l.Leaf) > ledger.MaxLeafBytes {
			return nil, damaged("a leaf of %d bytes", len(l.Leaf))
		}
		w.part(partLeaf, l.encode())
	}
	for _, m := range b.Maps {
		data, err := m.encode()
		if err != nil {
			return nil, err
		}
		w.part(partMap, data)
	}
	for _, i := range b.Insertions {
		w.part(partInsertion, append(binary.BigEndian.AppendUint64(nil, uint64(i.Index)), i.Path...))
	}
	sum := sha256.Sum256(w.out)
	out := append(w.out, sum[:]...)
	if _, err := Parse(out); err != nil {
		return nil, err
	}
	return out, nil
}

// partWriter writes parts, each distinct one once.
type partWriter struct {
	out  []byte
	seen map[[32]byte]bool
}

func (w *partWriter) part(t partType, data []byte) {
	sum := partSum(t, data)
	if w.seen[sum] {
		return
	}
	if w.seen == nil {
		w.seen = map[[32]byte]bool{}
	}
	w.seen[sum] = true
	w.out = append(w.out, byte(t))
	w.out = binary.BigEndian.AppendUint32(w.out, uint32(min(len(data), MaxBundle)))
	w.out = append(w.out, data...)
}

func (w *partWriter) parts(t partType, all [][]byte) {
	for _, data := range all {
		w.part(t, data)
	}
}

func partSum(t partType, data []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{byte(t)})
	h.Write(data)
	return [32]byte(h.Sum(nil))
}

// Parse reads an evidence file. It checks the form only: signatures and proofs
// are Verify's. The bundle's parts are parts of data, not copies. Errors match
// ErrDamaged.
func Parse(data []byte) (Bundle, error) {
	if len(data) > MaxBundle {
		return Bundle{}, damaged("%d bytes, and at most %d are read", len(data), MaxBundle)
	}
	body := len(data) - sha256.Size
	if body < len(bundleFirst) || !bytes.HasPrefix(data, []byte(bundleFirst)) {
		return Bundle{}, damaged("it does not begin with %q: is this an evidence file?", bundleFirst[:len(bundleFirst)-1])
	}
	if sha256.Sum256(data[:body]) != [32]byte(data[body:]) {
		return Bundle{}, damaged("the hash at its end is not that of what stands before it")
	}
	r := partReader{rest: data[len(bundleFirst):body], seen: map[[32]byte]bool{}, counts: map[partType]int{}, bare: len(data)}
	var b Bundle
	for len(r.rest) > 0 {
		t, part, err := r.next()
		if err == nil {
			err = b.take(t, part)
		}
		if err != nil {
			return Bundle{}, err
		}
	}
	switch {
	case len(b.Claims) == 0:
		return Bundle{}, damaged("it claims nothing")
	case r.bare > MaxBundleBare:
		return Bundle{}, damaged("%d bytes without its contents, and at most %d are read", r.bare, MaxBundleBare)
	}
	return b, nil
}

// partReader takes parts one by one and holds their order and their bounds.
type partReader struct {
	rest   []byte
	last   partType
	number int
	seen   map[[32]byte]bool
	counts map[partType]int
	bare   int // bytes of the file without the data of contents
}

func (r *partReader) next() (partType, []byte, error) {
	r.number++
	if len(r.rest) < partHead {
		return 0, nil, damaged("part %d is cut short", r.number)
	}
	t, size := partType(r.rest[0]), int64(binary.BigEndian.Uint32(r.rest[1:partHead]))
	r.rest = r.rest[partHead:]
	if size > int64(len(r.rest)) {
		return 0, nil, damaged("part %d says %d bytes, and %d are left", r.number, size, len(r.rest))
	}
	part := r.rest[:size:size]
	r.rest = r.rest[size:]
	if most[t] == 0 {
		return 0, nil, damaged("part %d is of the unknown type %d", r.number, t)
	}
	if t < r.last {
		return 0, nil, damaged("part %d of type %d stands after one of type %d", r.number, t, r.last)
	}
	r.last = t
	if r.counts[t]++; r.counts[t] > most[t] {
		return 0, nil, damaged("more than %d parts of type %d", most[t], t)
	}
	if sum := partSum(t, part); r.seen[sum] {
		return 0, nil, damaged("part %d stands twice", r.number)
	} else {
		r.seen[sum] = true
	}
	if t == partContent {
		r.bare -= len(part)
	}
	return t, part, nil
}

// take adds one part to the bundle.
func (b *Bundle) take(t partType, data []byte) error {
	var err error
	switch t {
	case partClaim:
		err = add(&b.Claims, data, parseClaim)
	case partCard:
		b.Cards = append(b.Cards, data)
	case partStatement:
		err = add(&b.Statements, data, parseStatement)
	case partRelease:
		b.Releases = append(b.Releases, data)
	case partContent:
		err = add(&b.Contents, data, parseContent)
	case partHeader:
		b.Headers = append(b.Headers, data)
	case partCheckpoint:
		b.Checkpoints = append(b.Checkpoints, data)
	case partLeaf:
		err = add(&b.Leaves, data, parseLeaf)
	case partMap:
		err = add(&b.Maps, data, parseMap)
	case partInsertion:
		err = add(&b.Insertions, data, parseInsertion)
	}
	return err
}

func add[T any](to *[]T, data []byte, parse func([]byte) (T, error)) error {
	v, err := parse(data)
	if err == nil {
		*to = append(*to, v)
	}
	return err
}

func (s Statement) encode() []byte {
	if s.Key == nil {
		return append([]byte{0}, s.Note...)
	}
	return slices.Concat([]byte{1}, s.Key[:], s.Note)
}

func parseStatement(data []byte) (Statement, error) {
	switch {
	case len(data) > 1 && data[0] == 0:
		return Statement{Note: data[1:]}, nil
	case len(data) > 1+32 && data[0] == 1:
		key := ledger.Key(data[1 : 1+32])
		return Statement{Note: data[1+32:], Key: &key}, nil
	}
	return Statement{}, damaged("a statement says neither that its tag key is shown nor that it is not")
}

func parseContent(data []byte) (Content, error) {
	if len(data) < 32 {
		return Content{}, damaged("a content has no salt")
	}
	return Content{Salt: [32]byte(data), Data: data[32:]}, nil
}

func (l Leaf) encode() []byte {
	out := binary.BigEndian.AppendUint16(nil, uint16(len(l.Leaf)))
	return append(append(out, l.Leaf...), l.Proof...)
}

func parseLeaf(data []byte) (Leaf, error) {
	if len(data) < 2 {
		return Leaf{}, damaged("a leaf's proof is cut short")
	}
	n := int(binary.BigEndian.Uint16(data))
	if n == 0 || n > len(data)-2 {
		return Leaf{}, damaged("a leaf says %d bytes, and %d are left", n, len(data)-2)
	}
	return Leaf{Leaf: data[2 : 2+n : 2+n], Proof: data[2+n:]}, nil
}

func (m Map) encode() ([]byte, error) {
	if len(m.Leaf) > 255 || len(m.Paths) > MaxPaths {
		return nil, damaged("a map proof with %d bytes of leaf and %d paths", len(m.Leaf), len(m.Paths))
	}
	out := append([]byte{byte(len(m.Leaf))}, m.Leaf...)
	out = binary.BigEndian.AppendUint32(out, uint32(min(len(m.Proof), MaxBundle)))
	out = append(out, m.Proof...)
	for _, p := range m.Paths {
		if len(p.Path) > 1<<16-1 {
			return nil, damaged("a path of %d bytes", len(p.Path))
		}
		out = append(out, p.Tag[:]...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(p.Path)))
		out = append(out, p.Path...)
	}
	return out, nil
}

func parseMap(data []byte) (Map, error) {
	short := func() (Map, error) { return Map{}, damaged("a map proof is cut short") }
	if len(data) < 1 || len(data) < 1+int(data[0])+4 {
		return short()
	}
	n := int(data[0])
	m := Map{Leaf: data[1 : 1+n : 1+n]}
	rest := data[1+n:]
	size := int64(binary.BigEndian.Uint32(rest))
	if rest = rest[4:]; size > int64(len(rest)) {
		return short()
	}
	m.Proof, rest = rest[:size:size], rest[size:]
	for len(rest) > 0 {
		if len(rest) < 32+2 {
			return short()
		}
		p := Path{Tag: ledger.Tag(rest[:32])}
		size := int(binary.BigEndian.Uint16(rest[32:]))
		if rest = rest[32+2:]; size > len(rest) {
			return short()
		}
		p.Path, rest = rest[:size:size], rest[size:]
		if m.Paths = append(m.Paths, p); len(m.Paths) > MaxPaths {
			return Map{}, damaged("a map proof has more than %d paths", MaxPaths)
		}
	}
	return m, nil
}

func parseInsertion(data []byte) (Insertion, error) {
	if len(data) < 8 || binary.BigEndian.Uint64(data) > ledger.MaxSize {
		return Insertion{}, damaged("an insertion has no index that a ledger can have")
	}
	return Insertion{Index: int64(binary.BigEndian.Uint64(data)), Path: data[8:]}, nil
}
