package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// bytesOnly is MapPages as a database keeps them. With broken set its methods
// fail.
type bytesOnly struct {
	pages   map[string][]byte
	written int
	broken  error
}

func (b *bytesOnly) Page(prefix []byte) ([]byte, error) {
	if b.broken != nil {
		return nil, b.broken
	}
	return bytes.Clone(b.pages[string(prefix)]), nil
}

func (b *bytesOnly) PutPage(prefix, page []byte) error {
	if b.broken != nil {
		return b.broken
	}
	if len(page) > MaxMapPageBytes {
		return fmt.Errorf("a page of %d bytes", len(page))
	}
	if b.pages == nil {
		b.pages = map[string][]byte{}
	}
	b.pages[string(prefix)] = bytes.Clone(page)
	b.written += len(page)
	return nil
}

// testTag is a tag that looks random.
func testTag(i int) Tag { return sha256.Sum256(fmt.Appendf(nil, "tag %d", i)) }

// naiveOf is the reference over the entries with an index below covers.
func naiveOf(entries []MapEntry, covers int64) naiveMap {
	naive := naiveMap{}
	for _, e := range entries {
		if e.Index < covers {
			naive[string(e.Tag[:])] = binary.BigEndian.AppendUint64(nil, uint64(e.Index))
		}
	}
	return naive
}

// drawTags draws tags that often share long prefixes.
func drawTags(t *rapid.T, most int) []Tag {
	seed := rapid.Uint64().Draw(t, "seed")
	random := rand.New(rand.NewPCG(seed, seed))
	n := rapid.IntRange(0, most).Draw(t, "tags")
	var trunks []Tag
	for range rapid.IntRange(1, 3).Draw(t, "trunks") {
		var trunk Tag
		for i := range trunk {
			trunk[i] = byte(random.Uint32())
		}
		trunks = append(trunks, trunk)
	}
	shared := rapid.IntRange(0, 31).Draw(t, "shared")
	seen := map[Tag]bool{}
	var tags []Tag
	for range n {
		tag := trunks[random.IntN(len(trunks))]
		for i := shared; i < len(tag); i++ {
			tag[i] = byte(random.Uint32())
		}
		if !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// In whatever batches, over whatever pages, with whatever tags, the map is the
// reference's, now and at any time before.
func TestMapAgreesWithTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tags := drawTags(t, 260)
		var entries []MapEntry
		var index int64
		for _, tag := range tags {
			entries = append(entries, MapEntry{tag, index})
			index += int64(rapid.IntRange(1, 3).Draw(t, "gap"))
		}
		stored := &bytesOnly{}
		layered := NewMemoryPages(&bytesOnly{})
		all := []*Map{NewMap(stored), NewMap(&MemoryPages{}), NewMap(layered), NewMap(NewTopPages(&bytesOnly{}))}
		for done := 0; done < len(entries); {
			batch := entries[done:min(len(entries), done+rapid.IntRange(1, 300).Draw(t, "batch"))]
			done += len(batch)
			mixed := slices.Clone(batch)
			slices.Reverse(mixed)
			want := naiveOf(entries[:done], MaxSize).root()
			for i, m := range all {
				if got, err := m.Insert(mixed); err != nil || got != want {
					t.Fatalf("map %d: root of %d entries = %v, %v; want %v", i, done, got, err, want)
				}
			}
			if rapid.Bool().Draw(t, "flush") {
				if err := layered.Flush(); err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "reopen") {
					layered = NewMemoryPages(layered.under)
					all[2] = NewMap(layered)
				}
			}
		}
		if err := layered.Flush(); err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(stored.pages, layered.under.(*bytesOnly).pages, bytes.Equal) {
			t.Fatal("pages in memory differ from pages in bytes")
		}
		for range 3 {
			covers := rapid.Int64Range(0, index+1).Draw(t, "covers")
			naive := naiveOf(entries, covers)
			want := naive.root()
			for i, m := range all {
				if got, err := m.Root(covers); err != nil || got != want {
					t.Fatalf("map %d: root of the first %d leaves = %v, %v; want %v", i, covers, got, err, want)
				}
			}
			probes := []Tag{testTag(0), {}}
			for range 4 {
				if len(tags) > 0 {
					tag := tags[rapid.IntRange(0, len(tags)-1).Draw(t, "which")]
					probes = append(probes, tag)
					tag[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
					probes = append(probes, tag)
				}
			}
			for _, tag := range probes {
				m := all[rapid.IntRange(0, len(all)-1).Draw(t, "map")]
				checkPath(t, m, naive, tag, covers, want)
			}
		}
	})
}

// checkPath holds tag's path to the reference, and to what it lets a verifier do.
func checkPath(t interface{ Fatalf(string, ...any) }, m *Map, naive naiveMap, tag Tag, covers int64, root tlog.Hash) {
	path, err := m.Prove(tag, covers)
	if err != nil {
		t.Fatalf("prove %v: %v", tag, err)
	}
	data := path.Bytes()
	parsed, err := ParseMapPath(data)
	if err != nil || !bytes.Equal(parsed.Bytes(), data) || len(data) > MaxMapPathBytes {
		t.Fatalf("path of %v comes back as %x, %v; want %x", tag, parsed.Bytes(), err, data)
	}
	index, present, err := parsed.Check(root, tag)
	if err != nil {
		t.Fatalf("check %v: %v", tag, err)
	}
	value, want := naive[string(tag[:])]
	if present != want || present && index != int64(binary.BigEndian.Uint64(value)) {
		t.Fatalf("tag %v: present %v at %d, want %v at %x", tag, present, index, want, value)
	}
	if _, _, err := parsed.Check(tlog.Hash(tag), tag); !errors.Is(err, ErrProof) {
		t.Fatalf("path of %v under another root: %v", tag, err)
	}
	added := MapEntry{tag, covers + 5}
	after, err := parsed.Insert(root, added)
	if present {
		if !errors.Is(err, ErrMapTaken) {
			t.Fatalf("insert of %v, which is there: %v", tag, err)
		}
		shrunk := maps.Clone(naive)
		delete(shrunk, string(tag[:]))
		if got := parsed.Without(); got != shrunk.root() {
			t.Fatalf("without %v: %v, want %v", tag, got, shrunk.root())
		}
		return
	}
	grown := maps.Clone(naive)
	wanted := added.value()
	grown[string(tag[:])] = wanted[:]
	if err != nil || after != grown.root() {
		t.Fatalf("insert of %v by its path gives %v, %v; want %v", tag, after, err, grown.root())
	}
	if _, err := parsed.Insert(after, added); !errors.Is(err, ErrProof) {
		t.Fatalf("insert under another root: %v", err)
	}
}

func TestMapOfEachSize(t *testing.T) {
	m := NewMap(&bytesOnly{})
	var entries []MapEntry
	for i := range 300 { // over the split of a bucket, one by one
		naive := naiveOf(entries, MaxSize)
		root, err := m.Root(MaxSize)
		if err != nil || root != naive.root() {
			t.Fatalf("%d entries: %v, %v", i, root, err)
		}
		checkPath(t, m, naive, testTag(i), int64(i), root)
		e := MapEntry{testTag(i), int64(i)}
		entries = append(entries, e)
		if _, err := m.Insert([]MapEntry{e}); err != nil {
			t.Fatal(err)
		}
		if index, ok, err := m.Lookup(e.Tag); err != nil || !ok || index != e.Index {
			t.Errorf("lookup %d: %d, %v, %v", i, index, ok, err)
		}
	}
	if _, ok, err := m.Lookup(testTag(300)); ok || err != nil {
		t.Errorf("a tag that is absent: %v, %v", ok, err)
	}
	for _, covers := range []int64{0, 1, 127, 128, 129, 299, 300} {
		naive := naiveOf(entries, covers)
		root, err := m.Root(covers)
		if err != nil || root != naive.root() {
			t.Errorf("root of the first %d leaves: %v, %v", covers, root, err)
		}
		for i := 0; i < 300; i += 23 {
			checkPath(t, m, naive, testTag(i), covers, root)
		}
	}
}

// Whoever chooses the tags can make the map deep, not its pages or paths large.
func TestMapOfHostileTags(t *testing.T) {
	var entries []MapEntry
	add := func(tag Tag) { entries = append(entries, MapEntry{tag, int64(len(entries))}) }
	for i := range 700 { // agree in 8 bytes, then in 24, then in all but the last bits
		var tag Tag
		binary.BigEndian.PutUint16(tag[8:], uint16(i))
		add(tag)
	}
	for i := range 500 {
		tag := Tag{1}
		binary.BigEndian.PutUint16(tag[24:], uint16(i<<5))
		add(tag)
	}
	for i := range 256 {
		tag := Tag{2}
		tag[31] = byte(i)
		add(tag)
	}
	for i := range 256 { // one step at each bit of a tag of zeros
		tag := Tag{3}
		if i > 7 {
			tag[i/8] |= 0x80 >> (i % 8)
			add(tag)
		}
	}
	add(Tag{3})
	pages := &bytesOnly{}
	m := NewMap(pages)
	for batch := range slices.Chunk(entries, 37) {
		if _, err := m.Insert(batch); err != nil {
			t.Fatal(err)
		}
	}
	naive := naiveOf(entries, MaxSize)
	root, err := m.Root(MaxSize)
	if err != nil || root != naive.root() {
		t.Fatalf("root %v, %v; want %v", root, err, naive.root())
	}
	total := 0
	for prefix, page := range pages.pages {
		total += len(page)
		if len(page) > MaxMapPageBytes || len(prefix) > 32 {
			t.Errorf("page of %d bytes under %x", len(page), prefix)
		}
	}
	if limit := len(entries) * 200; total > limit {
		t.Errorf("%d entries take %d bytes of pages, want at most %d", len(entries), total, limit)
	}
	longest := 0
	for _, e := range entries {
		path, err := m.Prove(e.Tag, MaxSize)
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, len(path.Bytes()))
		if index, present, err := path.Check(root, e.Tag); err != nil || !present || index != e.Index {
			t.Errorf("tag %v: %d, %v, %v", e.Tag, index, present, err)
		}
		for _, near := range []int{7, 40, 200, 255} {
			tag := e.Tag
			tag[near/8] ^= 0x80 >> (near % 8)
			index, ok, err := m.Lookup(tag)
			_, want := naive[string(tag[:])]
			if err != nil || ok != want {
				t.Errorf("tag %v: %d, %v, %v", tag, index, ok, err)
			}
		}
	}
	if longest < 42+240*33 || longest > MaxMapPathBytes {
		t.Errorf("the longest path has %d bytes", longest)
	}
	for _, covers := range []int64{1, 129, 700, 1000, int64(len(entries)) - 1} {
		root, err := m.Root(covers)
		if then := naiveOf(entries, covers); err != nil || root != then.root() {
			t.Errorf("root of the first %d leaves: %v, %v", covers, root, err)
		}
	}
}

// What cannot be inserted leaves every page as it is.
func TestMapInsertRefuses(t *testing.T) {
	for name, pages := range map[string]MapPages{"bytes": &bytesOnly{}, "memory": &MemoryPages{}, "layered": NewMemoryPages(&bytesOnly{})} {
		m := NewMap(pages)
		var entries []MapEntry
		for i := range 1000 {
			entries = append(entries, MapEntry{testTag(i), int64(i)})
		}
		root, err := m.Insert(entries)
		if err != nil {
			t.Fatal(err)
		}
		same, err := m.Insert(nil)
		if err != nil || same != root {
			t.Errorf("%s: no entries: %v, %v", name, same, err)
		}
		for why, c := range map[string]struct {
			batch []MapEntry
			want  error
		}{
			"a tag that is there":   {[]MapEntry{{testTag(1001), 1001}, {testTag(5), 1002}, {testTag(1003), 1003}}, ErrMapTaken},
			"the very same entry":   {[]MapEntry{entries[7]}, ErrMapTaken},
			"a tag twice":           {[]MapEntry{{testTag(1001), 1001}, {testTag(1002), 1002}, {testTag(1001), 1003}}, ErrMapTaken},
			"a negative index":      {[]MapEntry{{testTag(1001), -1}}, ErrRange},
			"an index out of reach": {[]MapEntry{{testTag(1001), MaxSize}}, ErrRange},
		} {
			if _, err := m.Insert(c.batch); !errors.Is(err, c.want) {
				t.Errorf("%s: %s: %v, want %v", name, why, err, c.want)
			}
			if after, err := m.Root(MaxSize); err != nil || after != root {
				t.Errorf("%s: %s: the root is now %v, %v", name, why, after, err)
			}
			if _, ok, err := m.Lookup(testTag(1001)); ok || err != nil {
				t.Errorf("%s: %s: part of the batch is there: %v", name, why, err)
			}
		}
		if _, err := m.Root(-1); !errors.Is(err, ErrRange) {
			t.Errorf("%s: negative covers: %v", name, err)
		}
		if _, err := m.Prove(Tag{}, -1); !errors.Is(err, ErrRange) {
			t.Errorf("%s: negative covers: %v", name, err)
		}
	}
	if _, err := (MapPath{}).Insert(emptyRoot(), MapEntry{Tag{}, -1}); !errors.Is(err, ErrRange) {
		t.Errorf("insert by a path: %v", err)
	}
}

// A byte of a page that storage changed is found by whoever reads the page, or
// gives another root than the one it had.
func TestMapFindsDamage(t *testing.T) {
	var entries []MapEntry
	for i := range 2000 {
		entries = append(entries, MapEntry{testTag(i), int64(i)})
	}
	whole := &bytesOnly{}
	root, err := NewMap(whole).Insert(entries)
	if err != nil {
		t.Fatal(err)
	}
	tag := testTag(77)
	probe := func(pages MapPages) []error {
		m := NewMap(pages)
		var found []error
		index, ok, err := m.Lookup(tag)
		if err == nil && (!ok || index != 77) {
			err = errors.New("wrong answer")
		}
		found = append(found, err)
		path, err := m.Prove(tag, MaxSize)
		if err == nil {
			_, _, err = path.Check(root, tag)
		}
		found = append(found, err)
		if got, rootErr := m.Root(1000); rootErr != nil {
			found = append(found, rootErr)
		} else if now, rootErr := m.Root(MaxSize); rootErr != nil || now != root || got != naiveOf(entries, 1000).root() {
			found = append(found, errors.New("another root"))
		}
		near := tag
		near[31]++
		_, err = m.Insert([]MapEntry{{near, 2000}})
		return append(found, err)
	}
	for i, err := range probe(&bytesOnly{pages: maps.Clone(whole.pages)}) {
		if err != nil {
			t.Errorf("undamaged pages: probe %d: %v", i, err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	way := []string{"", string(tag[:1])}
	for _, prefix := range way {
		for range 60 {
			pages := maps.Clone(whole.pages)
			page := bytes.Clone(pages[prefix])
			page[random.IntN(len(page))] ^= 1 << random.IntN(8)
			pages[prefix] = page
			if !slices.ContainsFunc(probe(&bytesOnly{pages: pages}), func(err error) bool { return err != nil }) {
				t.Errorf("a flipped bit in page %x goes unnoticed", prefix)
			}
			if !slices.ContainsFunc(probe(NewMemoryPages(&bytesOnly{pages: pages})), func(err error) bool { return err != nil }) {
				t.Errorf("a flipped bit in page %x goes unnoticed through memory", prefix)
			}
		}
		for _, n := range []int{0, 1, 5, len(whole.pages[prefix]) - 1} {
			pages := maps.Clone(whole.pages)
			pages[prefix] = pages[prefix][:n]
			for _, err := range probe(&bytesOnly{pages: pages}) {
				if !errors.Is(err, ErrMapPage) {
					t.Errorf("page %x cut to %d bytes: %v", prefix, n, err)
				}
			}
		}
	}
	pages := maps.Clone(whole.pages)
	delete(pages, way[1])
	for _, err := range probe(&bytesOnly{pages: pages}) {
		if !errors.Is(err, ErrMapPage) {
			t.Errorf("a missing page: %v", err)
		}
	}
	broken := errors.New("broken disk")
	for i, err := range probe(&bytesOnly{pages: whole.pages, broken: broken}) {
		if !errors.Is(err, broken) {
			t.Errorf("a broken disk: probe %d: %v", i, err)
		}
	}
}

func TestMemoryPages(t *testing.T) {
	under := &bytesOnly{}
	pages := NewMemoryPages(under)
	m := NewMap(pages)
	root, err := m.Insert([]MapEntry{{testTag(1), 1}, {testTag(2), 2}})
	if err != nil {
		t.Fatal(err)
	}
	if len(under.pages) != 0 {
		t.Error("written before Flush")
	}
	under.broken = errors.New("broken disk")
	if err := pages.Flush(); !errors.Is(err, under.broken) {
		t.Errorf("flush to a broken disk: %v", err)
	}
	if _, err := NewMap(NewMemoryPages(under)).Root(MaxSize); !errors.Is(err, under.broken) {
		t.Errorf("reading a broken disk: %v", err)
	}
	under.broken = nil
	if err := pages.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, err := NewMap(under).Root(MaxSize); err != nil || got != root {
		t.Errorf("root of what was flushed: %v, %v", got, err)
	}
	written := under.written
	if err := pages.Flush(); err != nil || under.written != written {
		t.Errorf("a second flush writes %d bytes, %v", under.written-written, err)
	}
	// Pages taken out and put in elsewhere are the same map.
	var other MemoryPages
	page, err := pages.Page(nil)
	if err != nil {
		t.Fatal(err)
	}
	if none, err := other.Page([]byte{1}); none != nil || err != nil {
		t.Errorf("a page that is not there: %x, %v", none, err)
	}
	if err := other.PutPage(nil, page); err != nil {
		t.Fatal(err)
	}
	if got, err := NewMap(&other).Root(MaxSize); err != nil || got != root {
		t.Errorf("root of copied pages: %v, %v", got, err)
	}
	if err := other.PutPage(nil, page[:7]); !errors.Is(err, ErrMapPage) {
		t.Errorf("a page cut short: %v", err)
	}
	if err := other.Flush(); err != nil {
		t.Errorf("flush with nothing below: %v", err)
	}
}

// What TopPages remembers is good for as long as the pages below are the same,
// whoever changes them, and whatever fails.
func TestTopPages(t *testing.T) {
	var entries []MapEntry
	for i := range 3000 {
		entries = append(entries, MapEntry{testTag(i), int64(i)})
	}
	under := &bytesOnly{}
	if _, err := NewMap(under).Insert(entries); err != nil {
		t.Fatal(err)
	}
	top := NewTopPages(under)
	m := NewMap(top)
	agrees := func(when string) {
		t.Helper()
		want, err := NewMap(under).Root(MaxSize)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.Root(MaxSize); err != nil || got != want {
			t.Errorf("%s: root %v, %v; want %v", when, got, err, want)
		}
		for _, e := range entries {
			if index, ok, err := m.Lookup(e.Tag); !ok || index != e.Index || err != nil {
				t.Fatalf("%s: tag %d at %d, %v, %v", when, e.Index, index, ok, err)
			}
		}
	}
	agrees("first")
	if len(top.held) != 257 {
		t.Errorf("%d pages are held", len(top.held))
	}
	held := top.held[""].mapPage
	agrees("again")
	if top.held[""].mapPage != held {
		t.Error("the top page was parsed again")
	}
	more := func(i int) []MapEntry { return []MapEntry{{testTag(i), int64(i)}} }
	if _, err := NewMap(under).Insert(more(3000)); err != nil {
		t.Fatal(err)
	}
	entries = append(entries, more(3000)...)
	agrees("after somebody else's insertion")
	readOnly := NewTopPages(refusing{under})
	m = NewMap(readOnly)
	agrees("read only")
	for i := range 300 {
		if _, err := m.Insert(more(4000 + i)); !errors.Is(err, errRefused) {
			t.Fatalf("an insertion that cannot be written: %v", err)
		}
	}
	agrees("after insertions that were not written")
	if _, ok, err := m.Lookup(testTag(4000)); ok || err != nil {
		t.Errorf("a tag that was not written: %v, %v", ok, err)
	}
}

var errRefused = errors.New("read only")

// refusing is pages that nobody may change.
type refusing struct{ MapPages }

func (refusing) PutPage(_, _ []byte) error { return errRefused }

func TestParseMapPageRefuses(t *testing.T) {
	bucket := newMapPage(1, false, []mapItem{entryItem(MapEntry{Tag{1, 1}, 5}), entryItem(MapEntry{Tag{1, 2}, 6})})
	fan := newMapPage(1, true, []mapItem{{tag: Tag{1, 1}, index: 5}, {tag: Tag{1, 2}, index: 6}})
	for _, page := range []*mapPage{bucket, fan} {
		good := page.bytes()
		if again, err := parseMapPage([]byte{1}, good); err != nil || !bytes.Equal(again.bytes(), good) {
			t.Errorf("page %x comes back as %v", good, err)
		}
		size := (len(good) - 1) / 2
		change := func(f func(b []byte)) []byte { b := bytes.Clone(good); f(b); return b }
		for why, b := range map[string][]byte{
			"nothing":         {},
			"no item":         good[:1],
			"cut short":       good[:len(good)-1],
			"one byte more":   append(bytes.Clone(good), 0),
			"unknown kind":    change(func(b []byte) { b[0] = 3 }),
			"other kind":      change(func(b []byte) { b[0] ^= 3 }),
			"out of order":    slices.Concat(good[:1], good[1+size:], good[1:1+size]),
			"an item twice":   slices.Concat(good[:1+size], good[1:1+size]),
			"index of a tree": change(func(b []byte) { copy(b[1+size-indexBytes:], bytes.Repeat([]byte{0xff}, indexBytes)) }),
			"too many":        slices.Concat(good[:1], bytes.Repeat(good[1:1+size], 300)),
		} {
			if _, err := parseMapPage([]byte{1}, b); !errors.Is(err, ErrMapPage) {
				t.Errorf("%s: %v", why, err)
			}
		}
	}
	if _, err := parseMapPage(make([]byte, 33), bucket.bytes()); !errors.Is(err, ErrMapPage) {
		t.Errorf("a prefix longer than a tag: %v", err)
	}
	if _, err := parseMapPage(make([]byte, 32), fan.bytes()); !errors.Is(err, ErrMapPage) {
		t.Errorf("a fan below a whole tag: %v", err)
	}
}

func TestMapPathRefuses(t *testing.T) {
	m := NewMap(&MemoryPages{})
	var entries []MapEntry
	for i := range 200 {
		entries = append(entries, MapEntry{testTag(i), int64(i)})
	}
	root, err := m.Insert(entries)
	if err != nil {
		t.Fatal(err)
	}
	tag := testTag(3)
	path, err := m.Prove(tag, MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	good := path.Bytes()
	for i := range good { // a flipped bit is refused, or is a path to another root or another tag
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			p, err := ParseMapPath(b)
			if err != nil {
				if !errors.Is(err, ErrProof) {
					t.Fatal(err)
				}
				continue
			}
			if _, _, err := p.Check(root, tag); !errors.Is(err, ErrProof) {
				t.Errorf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
	step := func(position ...byte) []byte { return append(position, make([]byte, 32)...) }
	leaf := good[:42]
	for why, b := range map[string][]byte{
		"cut within the tag":     good[:20],
		"cut within the index":   good[:40],
		"cut within a step":      good[:len(good)-1],
		"one byte more":          append(bytes.Clone(good), 0),
		"a tag of 31 bytes":      slices.Concat([]byte{31}, make([]byte, 31), leaf[33:]),
		"an index of 7 bytes":    slices.Concat(leaf[:33], []byte{7}, make([]byte, 7)),
		"an index out of reach":  slices.Concat(leaf[:34], bytes.Repeat([]byte{0xff}, 8)),
		"a long varint":          slices.Concat([]byte{0xa0, 0}, leaf[1:]),
		"a long position":        slices.Concat(leaf, step(0x85, 0)),
		"bit 256":                slices.Concat(leaf, step(0x80, 0x02)),
		"an endless position":    slices.Concat(leaf, step(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
		"a position twice":       slices.Concat(leaf, step(5), step(5)),
		"positions that go down": slices.Concat(leaf, step(4), step(5)),
		"too long":               make([]byte, MaxMapPathBytes+1),
	} {
		if _, err := ParseMapPath(b); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", why, err)
		}
	}
	// The path of an absent tag says nothing about one that leaves its way.
	for i := 200; i < 230; i++ {
		absent, err := m.Prove(testTag(i), MaxSize)
		if err != nil {
			t.Fatal(err)
		}
		if _, present, err := absent.Check(root, testTag(i)); present || err != nil {
			t.Errorf("tag %d: %v, %v", i, present, err)
		}
		for j := range 230 {
			_, present, err := absent.Check(root, testTag(j))
			if j < 200 && !present && err == nil {
				t.Errorf("the path of tag %d shows tag %d absent", i, j)
			}
		}
	}
	if _, _, err := (MapPath{}).Check(root, tag); !errors.Is(err, ErrProof) {
		t.Errorf("the empty map's path under another root: %v", err)
	}
	if _, present, err := (MapPath{}).Check(emptyRoot(), tag); present || err != nil {
		t.Errorf("the empty map's path: %v, %v", present, err)
	}
}

func FuzzParseMapPath(f *testing.F) {
	m := NewMap(&MemoryPages{})
	f.Add([]byte{}, []byte{})
	for i := range 40 {
		if _, err := m.Insert([]MapEntry{{testTag(i), int64(i)}}); err != nil {
			f.Fatal(err)
		}
		path, err := m.Prove(testTag(i/2), MaxSize)
		if err != nil {
			f.Fatal(err)
		}
		tag := testTag(i)
		f.Add(path.Bytes(), tag[:])
	}
	f.Fuzz(func(t *testing.T, data, key []byte) {
		path, err := ParseMapPath(data)
		if err != nil {
			return
		}
		if again := path.Bytes(); !bytes.Equal(again, data) || len(again) > MaxMapPathBytes {
			t.Errorf("%x comes back as %x", data, again)
		}
		var tag Tag
		copy(tag[:], key)
		root := path.path.root()
		index, present, err := path.Check(root, tag)
		if present && (err != nil || index < 0 || index >= MaxSize) {
			t.Errorf("%x: present at %d, %v", data, index, err)
		}
		next, err2 := path.Insert(root, MapEntry{tag, 1})
		if (err2 == nil) != (err == nil && !present) || err2 == nil && next == root {
			t.Errorf("%x: insert: %v, %v", data, next, err2)
		}
	})
}

func FuzzParseMapPage(f *testing.F) {
	pages := &bytesOnly{}
	var entries []MapEntry
	for i := range 400 {
		entries = append(entries, MapEntry{testTag(i), int64(i)})
	}
	if _, err := NewMap(pages).Insert(entries); err != nil {
		f.Fatal(err)
	}
	for _, prefix := range []string{"", "\x00", "\x01", "\x02"} {
		f.Add([]byte(prefix), pages.pages[prefix])
	}
	f.Fuzz(func(t *testing.T, prefix, data []byte) {
		page, err := parseMapPage(prefix, data)
		if err != nil {
			return
		}
		if again := page.bytes(); !bytes.Equal(again, data) {
			t.Errorf("%x comes back as %x", data, again)
		}
		// A hostile top page gives errors and wrong answers, and no panic.
		m := NewMap(&bytesOnly{pages: map[string][]byte{"": data, string(prefix): data}})
		var tag Tag
		copy(tag[:], prefix)
		if path, err := m.Prove(tag, 3); err == nil {
			if root, err := m.Root(3); err == nil {
				path.Check(root, tag)
			}
		}
		m.Lookup(tag)
		m.Insert([]MapEntry{{tag, 1}, {testTag(0), 2}})
	})
}
