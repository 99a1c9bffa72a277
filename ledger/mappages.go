package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// MapPages keeps the pages of one map: byte strings of 2 to MaxMapPageBytes
// under keys of 0 to 32 bytes. A map reads and writes each page at most once
// in a batch. Pages are never removed.
//
// Whoever keeps them in a database gives the pages of one transaction: a
// batch that failed half way is undone by rolling it back.
type MapPages interface {
	// Page returns the page under prefix; nil and no error if there is none.
	// The caller does not change the bytes and keeps no part of them.
	Page(prefix []byte) ([]byte, error)
	// PutPage keeps page under prefix, in place of any before it. It must not
	// hold on to either slice.
	PutPage(prefix, page []byte) error
}

// MemoryPages is MapPages in memory, decoded, with every hash that is still
// good: a map over it grows some ten times as fast as over bytes. It takes
// about 250 bytes an entry. Over other pages it is what they have until they
// are asked for, and what Flush has yet to give them: so a long replay of
// small cuts can end in one write of each page.
//
// The zero MemoryPages is empty, in memory alone, and ready. It is not safe
// for concurrent use. A map works on it with all processors, and on the pages
// below with one at a time.
type MemoryPages struct {
	below sync.Mutex // holds under
	under MapPages
	top   map[string]*memoryPage
	// By the first byte of the prefix: so that what is below one value of it can
	// be worked on beside the others.
	shards [256]map[string]*memoryPage
}

type memoryPage struct {
	*mapPage
	changed bool
}

// NewMemoryPages is pages in memory over those of under, which it reads when
// they are first needed and writes in Flush only.
func NewMemoryPages(under MapPages) *MemoryPages { return &MemoryPages{under: under} }

// Page implements MapPages. Errors: those of the pages below, ErrMapPage.
func (m *MemoryPages) Page(prefix []byte) ([]byte, error) {
	page, err := m.load(prefix)
	if err != nil || page == nil {
		return nil, err
	}
	return page.bytes(), nil
}

// PutPage implements MapPages. Errors: ErrMapPage.
func (m *MemoryPages) PutPage(prefix, page []byte) error {
	parsed, err := parseMapPage(prefix, page)
	if err != nil {
		return err
	}
	return m.save(prefix, parsed)
}

// Flush writes each page that changed since the last Flush to the pages below,
// in ascending order of prefix. Errors are theirs; a page that was not
// written stays to be written.
func (m *MemoryPages) Flush() error {
	if m.under == nil {
		return nil
	}
	var changed []string
	collect := func(pages map[string]*memoryPage) {
		for prefix, page := range pages {
			if page.changed {
				changed = append(changed, prefix)
			}
		}
	}
	collect(m.top)
	for _, shard := range m.shards {
		collect(shard)
	}
	slices.SortFunc(changed, strings.Compare)
	for _, prefix := range changed {
		page := (*m.shard([]byte(prefix)))[prefix]
		if err := m.under.PutPage([]byte(prefix), page.bytes()); err != nil {
			return err
		}
		page.changed = false
	}
	return nil
}

func (m *MemoryPages) load(prefix []byte) (*mapPage, error) {
	if page, held := (*m.shard(prefix))[string(prefix)]; held {
		return page.mapPage, nil
	}
	if m.under == nil {
		return nil, nil
	}
	page, err := m.loadBelow(prefix)
	if err != nil || page == nil {
		return nil, err
	}
	m.hold(prefix, &memoryPage{mapPage: page})
	return page, nil
}

func (m *MemoryPages) loadBelow(prefix []byte) (*mapPage, error) {
	m.below.Lock()
	defer m.below.Unlock()
	return bytePages{m.under}.load(prefix)
}

func (m *MemoryPages) save(prefix []byte, page *mapPage) error {
	if held := (*m.shard(prefix))[string(prefix)]; held != nil {
		held.mapPage, held.changed = page, true
		return nil
	}
	m.hold(prefix, &memoryPage{mapPage: page, changed: true})
	return nil
}

func (m *MemoryPages) hold(prefix []byte, page *memoryPage) {
	shard := m.shard(prefix)
	if *shard == nil {
		*shard = map[string]*memoryPage{}
	}
	(*shard)[string(prefix)] = page
}

func (m *MemoryPages) shard(prefix []byte) *map[string]*memoryPage {
	if len(prefix) == 0 {
		return &m.top
	}
	return &m.shards[prefix[0]]
}

// TopPages is the pages below it. It remembers those of the two topmost layers,
// which are on the way of most tags, parsed and with their hashes, in at most
// 10 MB, and goes by that for as long as the pages below give the same bytes: for
// whoever asks one map many things. It is not safe for concurrent use.
type TopPages struct {
	under MapPages
	held  map[string]topPage
}

type topPage struct {
	*mapPage
	bytes []byte
}

// topLayers is how many layers of pages TopPages remembers: 1 + 256 pages.
const topLayers = 2

// NewTopPages remembers the topmost pages of under.
func NewTopPages(under MapPages) *TopPages { return &TopPages{under: under} }

// Page implements MapPages. Errors are those of the pages below.
func (t *TopPages) Page(prefix []byte) ([]byte, error) { return t.under.Page(prefix) }

// PutPage implements MapPages. Errors are those of the pages below.
func (t *TopPages) PutPage(prefix, page []byte) error { return t.under.PutPage(prefix, page) }

func (t *TopPages) load(prefix []byte) (*mapPage, error) {
	if len(prefix) >= topLayers {
		return bytePages{t.under}.load(prefix)
	}
	data, err := bytePages{t.under}.read(prefix)
	if err != nil || data == nil {
		return nil, err
	}
	if held, ok := t.held[string(prefix)]; ok && bytes.Equal(held.bytes, data) {
		return held.mapPage, nil
	}
	page, err := parseMapPage(prefix, data)
	if err != nil {
		return nil, err
	}
	if t.held == nil {
		t.held = map[string]topPage{}
	}
	t.held[string(prefix)] = topPage{page, bytes.Clone(data)}
	return page, nil
}

// save forgets everything: the batch may have changed pages in place that it
// then fails to write.
func (t *TopPages) save(prefix []byte, page *mapPage) error {
	clear(t.held)
	return bytePages{t.under}.save(prefix, page)
}

// pageStore is what a map works on. A page that was loaded may be changed in
// place, and is then saved in the same batch.
type pageStore interface {
	load(prefix []byte) (*mapPage, error) // nil, nil: none
	save(prefix []byte, page *mapPage) error
}

// bytePages is any MapPages as a pageStore.
type bytePages struct{ pages MapPages }

func (b bytePages) load(prefix []byte) (*mapPage, error) {
	data, err := b.read(prefix)
	if err != nil || data == nil {
		return nil, err
	}
	return parseMapPage(prefix, data)
}

func (b bytePages) read(prefix []byte) ([]byte, error) {
	data, err := b.pages.Page(prefix)
	if err != nil {
		return nil, fmt.Errorf("ledger: map page under prefix %x: %w", prefix, err)
	}
	return data, nil
}

func (b bytePages) save(prefix []byte, page *mapPage) error {
	if err := b.pages.PutPage(prefix, page.bytes()); err != nil {
		return fmt.Errorf("ledger: map page under prefix %x: %w", prefix, err)
	}
	return nil
}
