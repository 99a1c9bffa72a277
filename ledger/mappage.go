package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// MaxMapPageBytes is the largest page of a map.
	MaxMapPageBytes = 1 + 256*fanItemBytes

	// maxBucket is the number of entries above which a bucket is split into
	// one for each value of the next byte.
	maxBucket = 128

	fanPage      = 0x01
	bucketPage   = 0x02
	indexBytes   = 6 // enough for MaxSize
	fanItemBytes = 1 + tlog.HashSize + indexBytes
)

// A mapPage is the part of the map below one prefix of whole bytes: a bucket,
// which has the entries themselves, or a fan of up to 256 pages below it, one
// for each value of the next byte that occurs. Either is a Patricia tree over
// its items; hashes of nodes are kept until something below them changes.
type mapPage struct {
	depth int // length of the prefix in bytes
	fan   bool
	items []mapItem // as they came
	nodes []mapNode // one fewer than items
	top   mapRef    // meaningless without items
	max   int64     // highest index of all entries in and below; -1 for none
}

// A mapItem is an entry with its leaf hash, or a page below with its root and
// highest index. The tag of a page is its prefix, then zeros.
type mapItem struct {
	tag   Tag
	hash  tlog.Hash
	index int64
}

// A mapNode is where the tags below first differ.
type mapNode struct {
	hash     tlog.Hash
	fresh    bool // whether hash is that of the items as they are
	position int16
	side     [2]mapRef // by the bit at position
}

// A mapRef is a node's place in nodes or, negated bit for bit, an item's in
// items: no page has more than 256.
type mapRef int16

func newMapPage(depth int, fan bool, items []mapItem) *mapPage {
	p := &mapPage{depth: depth, fan: fan, max: -1}
	if len(items) > 0 {
		p.items = make([]mapItem, 0, len(items))
		p.nodes = make([]mapNode, 0, len(items)-1)
	}
	for _, item := range items {
		p.put(item)
	}
	return p
}

func entryItem(e MapEntry) mapItem {
	value := e.value()
	return mapItem{tag: e.Tag, hash: patriciaLeaf(e.Tag[:], value[:]), index: e.Index}
}

// tagDifference is patriciaDifference of two tags; tagBits for equal ones.
func tagDifference(a, b *Tag) int16 {
	for i := 0; i < len(a); i += 8 {
		if x := binary.BigEndian.Uint64(a[i:]) ^ binary.BigEndian.Uint64(b[i:]); x != 0 {
			return int16(i*8 + bits.LeadingZeros64(x))
		}
	}
	return int16(tagBits)
}

func tagBit(t *Tag, position int16) byte { return t[position>>3] >> (7 - position&7) & 1 }

// root is the root of the tree over the page's keys.
func (p *mapPage) root() tlog.Hash {
	if len(p.items) == 0 {
		return emptyRoot()
	}
	return *p.sum(p.top)
}

func (p *mapPage) sum(at mapRef) *tlog.Hash {
	if at < 0 {
		return &p.items[^at].hash
	}
	node := &p.nodes[at]
	if !node.fresh {
		node.hash = patriciaNode(int(node.position), p.sum(node.side[0]), p.sum(node.side[1]))
		node.fresh = true
	}
	return &node.hash
}

// end is the item at which a walk by tag's bits ends. There is at least one.
func (p *mapPage) end(tag *Tag) *mapItem {
	at := p.top
	for at >= 0 {
		node := &p.nodes[at]
		at = node.side[tagBit(tag, node.position)]
	}
	return &p.items[^at]
}

// find is a bucket's item for tag, or the item of a fan on tag's way; nil for none.
func (p *mapPage) find(tag *Tag) *mapItem {
	if len(p.items) == 0 {
		return nil
	}
	item := p.end(tag)
	same := len(tag)
	if p.fan {
		same = p.depth + 1
	}
	if !bytes.Equal(item.tag[:same], tag[:same]) {
		return nil
	}
	return item
}

// put adds an item, or puts it in place of the one with its tag.
func (p *mapPage) put(item mapItem) {
	p.max = max(p.max, item.index)
	if len(p.items) == 0 {
		p.items, p.top = append(p.items, item), ^0
		return
	}
	old := p.end(&item.tag)
	position := tagDifference(&item.tag, &old.tag)
	if int(position) == tagBits {
		*old = item
	} else {
		p.items = append(p.items, item)
		p.nodes = append(p.nodes, mapNode{position: position})
	}
	place := &p.top // of what is on the item's way at or below position
	for *place >= 0 && p.nodes[*place].position < position {
		node := &p.nodes[*place]
		node.fresh = false
		place = &node.side[tagBit(&item.tag, node.position)]
	}
	if int(position) < tagBits {
		side := tagBit(&item.tag, position)
		node := mapRef(len(p.nodes) - 1)
		p.nodes[node].side[side] = ^mapRef(len(p.items) - 1)
		p.nodes[node].side[1-side] = *place
		*place = node
	}
}

// item is the page as an item of the page above it. It has items itself.
func (p *mapPage) item() mapItem {
	item := mapItem{hash: p.root(), index: p.max}
	copy(item.tag[:], p.items[0].tag[:p.depth])
	return item
}

// sorted yields the items in the order of their tags.
func (p *mapPage) sorted(yield func(*mapItem) bool) {
	var walk func(at mapRef) bool
	walk = func(at mapRef) bool {
		if at < 0 {
			return yield(&p.items[^at])
		}
		return walk(p.nodes[at].side[0]) && walk(p.nodes[at].side[1])
	}
	if len(p.items) > 0 {
		walk(p.top)
	}
}

// bytes is the page's byte form. A page without items has none.
//
//	fan:    0x01 | for each page below: next byte | root[32] | highest index[6]
//	bucket: 0x02 | for each entry: tag without the prefix | index[6]
func (p *mapPage) bytes() []byte {
	size := len(Tag{}) - p.depth + indexBytes
	kind := byte(bucketPage)
	if p.fan {
		size, kind = fanItemBytes, fanPage
	}
	b := make([]byte, 1, 1+len(p.items)*size)
	b[0] = kind
	for item := range p.sorted {
		if p.fan {
			b = append(b, item.tag[p.depth])
			b = append(b, item.hash[:]...)
		} else {
			b = append(b, item.tag[p.depth:]...)
		}
		b = append(b, byte(item.index>>40), byte(item.index>>32))
		b = binary.BigEndian.AppendUint32(b, uint32(item.index))
	}
	return b
}

// parseMapPage parses what bytes makes, and nothing else.
func parseMapPage(prefix, b []byte) (*mapPage, error) {
	fail := func(why string) (*mapPage, error) {
		return nil, fmt.Errorf("ledger: %w: prefix %x: %s", ErrMapPage, prefix, why)
	}
	if len(prefix) > len(Tag{}) {
		return fail("longer than a tag")
	}
	if len(b) < 2 || len(b) > MaxMapPageBytes {
		return fail(fmt.Sprintf("%d bytes, want 2 to %d", len(b), MaxMapPageBytes))
	}
	depth := len(prefix)
	fan := b[0] == fanPage
	size := fanItemBytes
	switch {
	case fan && depth == len(Tag{}):
		return fail("a fan below a whole tag")
	case b[0] == bucketPage:
		size = len(Tag{}) - depth + indexBytes
	case !fan:
		return fail(fmt.Sprintf("unknown kind %#02x", b[0]))
	}
	b = b[1:]
	if len(b)%size != 0 || !fan && len(b)/size > maxBucket {
		return fail(fmt.Sprintf("%d bytes of items of %d", len(b), size))
	}
	items := make([]mapItem, len(b)/size)
	for i := range items {
		item, data := &items[i], b[i*size:(i+1)*size]
		copy(item.tag[:], prefix)
		if fan {
			item.tag[depth] = data[0]
			item.hash = tlog.Hash(data[1:])
		} else {
			copy(item.tag[depth:], data)
		}
		index := data[size-indexBytes:]
		item.index = int64(index[0])<<40 | int64(index[1])<<32 | int64(binary.BigEndian.Uint32(index[2:]))
		if item.index >= MaxSize {
			return fail(fmt.Sprintf("item %d: no leaf has the index %d", i, item.index))
		}
		if i > 0 && bytes.Compare(items[i-1].tag[:], item.tag[:]) >= 0 {
			return fail(fmt.Sprintf("item %d is out of order", i))
		}
		if !fan {
			*item = entryItem(MapEntry{Tag: item.tag, Index: item.index})
		}
	}
	return newMapPage(depth, fan, items), nil
}
