package ledger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// naiveMap is docs/ledger.md, "The map", word for word, over strings of '0'
// and '1': the set of keys alone, with nothing kept between calls.
type naiveMap map[string][]byte

// keyBits writes a key's bits out, followed by 0x00 and then 0xff up to length bytes.
func keyBits(key string, length int) string {
	var b strings.Builder
	for i := range length {
		c := byte(0xff)
		if i < len(key) {
			c = key[i]
		} else if i == len(key) {
			c = 0
		}
		for mask := byte(0x80); mask > 0; mask >>= 1 {
			if c&mask != 0 {
				b.WriteByte('1')
			} else {
				b.WriteByte('0')
			}
		}
	}
	return b.String()
}

func naiveUvarint(n int) []byte {
	if n < 0x80 {
		return []byte{byte(n)}
	}
	return append([]byte{byte(n) | 0x80}, naiveUvarint(n>>7)...)
}

func (m naiveMap) root() tlog.Hash {
	type entry struct{ key, bits string }
	length := 0
	for key := range m {
		length = max(length, len(key)+2)
	}
	var entries []entry
	for key := range m {
		entries = append(entries, entry{key, keyBits(key, length)})
	}
	var hash func(entries []entry, from int) tlog.Hash
	hash = func(entries []entry, from int) tlog.Hash {
		if len(entries) == 1 {
			key, value := entries[0].key, m[entries[0].key]
			return sha256.Sum256(slices.Concat([]byte{0}, naiveUvarint(len(key)), []byte(key), naiveUvarint(len(value)), value))
		}
		for position := from; ; position++ {
			var sides [2][]entry
			for _, e := range entries {
				sides[e.bits[position]-'0'] = append(sides[e.bits[position]-'0'], e)
			}
			if len(sides[0]) > 0 && len(sides[1]) > 0 {
				left, right := hash(sides[0], position+1), hash(sides[1], position+1)
				return sha256.Sum256(slices.Concat([]byte{1}, naiveUvarint(position), left[:], right[:]))
			}
		}
	}
	if len(entries) == 0 {
		return sha256.Sum256(nil)
	}
	return hash(entries, 0)
}

// patriciaRoot is the root of any keys and values by the code under test: each
// is inserted by its absence path, which is read off the others.
func patriciaRoot(t testing.TB, keys []string, values [][]byte) tlog.Hash {
	t.Helper()
	type node struct {
		key      string
		hash     tlog.Hash
		position int // -1 for a leaf
		side     [2]*node
	}
	var top *node
	for i, key := range keys {
		var path patriciaPath
		var way []*node
		if top != nil {
			at := top
			for ; at.position >= 0; at = at.side[patriciaBit([]byte(key), at.position)] {
				way = append(way, at)
			}
			path = patriciaPath{leaf: true, key: []byte(at.key)}
			path.value = values[slices.Index(keys, at.key)]
			for j := len(way) - 1; j >= 0; j-- {
				other := way[j].side[1-patriciaBit([]byte(key), way[j].position)]
				path.steps = append(path.steps, patriciaStep{way[j].position, other.hash})
			}
			if path.root() != top.hash || !path.agrees([]byte(key)) {
				t.Fatalf("the path of %x does not lead to its root", key)
			}
			parsed, err := parsePatriciaPath(path.bytes())
			if err != nil || parsed.root() != top.hash || !bytes.Equal(parsed.bytes(), path.bytes()) {
				t.Fatalf("the path of %x comes back as %+v, %v", key, parsed, err)
			}
		}
		want := path.insert([]byte(key), values[i])
		leaf := &node{key: key, hash: patriciaLeaf([]byte(key), values[i]), position: -1}
		if top == nil {
			top = leaf
		} else {
			difference := patriciaDifference([]byte(key), path.key)
			place := &top
			for (*place).position >= 0 && (*place).position < difference {
				place = &(*place).side[patriciaBit([]byte(key), (*place).position)]
			}
			added := &node{position: difference}
			added.side[patriciaBit([]byte(key), difference)] = leaf
			added.side[1-patriciaBit([]byte(key), difference)] = *place
			*place = added
			var rehash func(n *node)
			rehash = func(n *node) {
				if n.position < difference {
					rehash(n.side[patriciaBit([]byte(key), n.position)])
				}
				n.hash = patriciaNode(n.position, &n.side[0].hash, &n.side[1].hash)
			}
			rehash(top)
		}
		if top.hash != want {
			t.Fatalf("inserting %x gives %v, the path says %v", key, top.hash, want)
		}
	}
	if top == nil {
		return patriciaPath{}.root()
	}
	return top.hash
}

// vectorLines yields the fields of each line, with continued lines joined.
func vectorLines(t *testing.T, name string) [][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for _, line := range strings.Split(strings.ReplaceAll(string(data), "\\\n", " "), "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(line, "#") {
			lines = append(lines, fields)
		}
	}
	return lines
}

func unhex(t *testing.T, fields ...string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(fields, ""), "''", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMapTreeVectors(t *testing.T) {
	naive := naiveMap{}
	var keys []string
	var values [][]byte
	tests := 0
	for _, line := range vectorLines(t, "map-treehash.txt") {
		switch line[0] {
		case "kv":
			key, value := string(unhex(t, line[1])), unhex(t, line[2])
			naive[key] = value
			keys, values = append(keys, key), append(values, value)
		case "hash":
			want := tlog.Hash(unhex(t, line[1]))
			if got := naive.root(); got != want {
				t.Errorf("reference root of %d keys = %x, want %x", len(keys), got, want)
			}
			if got := patriciaRoot(t, keys, values); got != want {
				t.Errorf("root of %d keys = %x, want %x", len(keys), got, want)
			}
			naive, keys, values = naiveMap{}, nil, nil
			tests++
		default:
			t.Fatalf("unknown line %q", line[0])
		}
	}
	if tests < 20 {
		t.Errorf("only %d vectors", tests)
	}
}

func TestMapPathVectors(t *testing.T) {
	var root tlog.Hash
	var key, value, proof []byte
	var present bool
	tests := map[string]int{}
	for _, line := range vectorLines(t, "map-verify.txt") {
		switch line[0] {
		case "snap":
			root = tlog.Hash(unhex(t, line[1:]...))
		case "key":
			key = unhex(t, line[1:]...)
		case "val":
			present = line[1] != "-"
			value = nil
			if present {
				value = unhex(t, line[1:]...)
			}
		case "proof":
			proof = unhex(t, line[1:]...)
		case "verify":
			path, err := patriciaPath{}, error(nil)
			if present {
				path = patriciaPath{leaf: true, key: key, value: value}
				path.steps, err = parsePatriciaSteps(proof)
			} else {
				path, err = parsePatriciaPath(proof)
			}
			good := err == nil && path.root() == root && path.agrees(key) && (present || !path.leaf || !bytes.Equal(path.key, key))
			if good != (line[1] == "true") {
				t.Errorf("key %x, value %x: %v, want %s (%v)", key, value, good, line[1], err)
			}
			tests[line[1]]++
		case "prefix", "hash", "verifyprefix": // see testdata/README.md
		default:
			t.Fatalf("unknown line %q", line[0])
		}
	}
	if tests["true"] < 30 || tests["false"] < 30 {
		t.Errorf("only %v vectors", tests)
	}
}

// The set of keys decides the tree, not their order.
func TestMapOrderDoesNotMatter(t *testing.T) {
	keys := []string{"", "\x00", "a", "a\x00", "a\x00\xff", "ab", "b", "\xff", "\xff\xff"}
	naive := naiveMap{}
	var values [][]byte
	for _, key := range keys {
		values = append(values, []byte(key+"!"))
		naive[key] = []byte(key + "!")
	}
	for range keys {
		keys, values = append(keys[1:], keys[0]), append(values[1:], values[0])
		if got := patriciaRoot(t, keys, values); got != naive.root() {
			t.Errorf("from %q on: %v, want %v", cmp.Or(keys[0], "nothing"), got, naive.root())
		}
	}
}

type mapVectors struct {
	Roots []struct {
		Covers int64
		Root   hexBytes
	}
	Paths []struct {
		Covers, Index       int64
		Tag, Path, Inserted hexBytes
		Present             bool
	}
	Leaves []struct {
		Covers, Previous       int64
		Root, Succession, Leaf hexBytes
	}
	BadLeaves []struct {
		Why  string
		Leaf hexBytes
	}
}

// Tag i of the vectors, and its entry.
func vectorEntry(i int) MapEntry {
	return MapEntry{sha256.Sum256(binary.BigEndian.AppendUint64([]byte("t"), uint64(i))), int64(i)}
}

func TestMapVectors(t *testing.T) {
	var vectors mapVectors
	readVectors(t, "map.json", &vectors)
	var entries []MapEntry
	for i := range 300 {
		entries = append(entries, vectorEntry(i))
	}
	m := NewMap(&MemoryPages{})
	if _, err := m.Insert(entries); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors.Roots {
		if got, err := m.Root(v.Covers); err != nil || !bytes.Equal(got[:], v.Root) {
			t.Errorf("root of %d leaves = %x, %v; want %x", v.Covers, got, err, v.Root)
		}
	}
	for _, v := range vectors.Paths {
		root, err := m.Root(v.Covers)
		if err != nil {
			t.Fatal(err)
		}
		made, err := m.Prove(Tag(v.Tag), v.Covers)
		if err != nil || !bytes.Equal(made.Bytes(), v.Path) {
			t.Errorf("path of %x in %d leaves = %x, %v; want %x", v.Tag, v.Covers, made.Bytes(), err, v.Path)
		}
		path, err := ParseMapPath(v.Path)
		if err != nil {
			t.Errorf("path %x: %v", v.Path, err)
			continue
		}
		index, present, err := path.Check(root, Tag(v.Tag))
		if err != nil || present != v.Present || index != v.Index {
			t.Errorf("path of %x in %d leaves shows %d, %v, %v", v.Tag, v.Covers, index, present, err)
		}
		if v.Present {
			continue
		}
		var next MapEntry
		for i := range 1001 {
			if e := vectorEntry(i); e.Tag == Tag(v.Tag) {
				next = e
			}
		}
		if got, err := path.Insert(root, next); err != nil || !bytes.Equal(got[:], v.Inserted) {
			t.Errorf("%x inserted into %d leaves gives %x, %v; want %x", v.Tag, v.Covers, got, err, v.Inserted)
		}
	}
	for _, v := range vectors.Leaves {
		want := MapRoot{Covers: v.Covers, Root: tlog.Hash(v.Root), Previous: v.Previous}
		copy(want.Succession[:], v.Succession)
		if got, err := ParseMapRoot(v.Leaf); err != nil || got != want || !bytes.Equal(want.Bytes(), v.Leaf) {
			t.Errorf("leaf %x is %+v, %v; want %+v", v.Leaf, got, err, want)
		}
	}
	for _, v := range vectors.BadLeaves {
		if got, err := ParseMapRoot(v.Leaf); !errors.Is(err, ErrLeaf) {
			t.Errorf("%s: %+v, %v", v.Why, got, err)
		}
	}
	if len(vectors.Roots) == 0 || len(vectors.Paths) == 0 || len(vectors.Leaves) == 0 || len(vectors.BadLeaves) == 0 {
		t.Error("vectors are missing")
	}
}
