package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/sumdb/tlog"
)

var (
	// ErrMapTaken: the tag is in the map already.
	ErrMapTaken = errors.New("tag already in the map")
	// ErrMapPage: a page of the map is malformed, missing, or not the one that
	// the page above it names. Its storage is damaged: rebuild the map from
	// the leaves.
	ErrMapPage = errors.New("damaged map page")
)

// A MapEntry says which leaf has a tag.
type MapEntry struct {
	Tag   Tag
	Index int64
}

func (e MapEntry) check() error {
	if e.Index < 0 || e.Index >= MaxSize {
		return fmt.Errorf("ledger: tag %v at leaf %d: %w", e.Tag, e.Index, ErrRange)
	}
	return nil
}

func (e MapEntry) value() (value [8]byte) {
	binary.BigEndian.PutUint64(value[:], uint64(e.Index))
	return value
}

// A Map is the tree of a ledger's tags, each with the index of its leaf: an
// insert-only Merkle Patricia tree, whose root says for every tag whether it
// is there. It is a function of the leaves alone, so that anybody can
// rebuild it.
//
// It keeps nothing between calls but its pages. It trusts them as far as the
// root page: each other page is checked against the hash that the one above
// it has. Compare Root with the newest map root leaf when a ledger is opened.
// It is as safe for concurrent use as its pages, and Insert never is.
type Map struct {
	pages pageStore
}

// NewMap is the map in pages.
func NewMap(pages MapPages) *Map {
	if parsed, ok := pages.(pageStore); ok {
		return &Map{parsed}
	}
	return &Map{bytePages{pages}}
}

// Insert adds entries, in any order, and returns the new root. Each page on
// their way is read and written once, so that large batches are cheap. For
// none it returns the root as it is.
//
// Errors: ErrMapTaken for a tag that is there already or twice among entries,
// ErrRange for an index that no leaf has, ErrMapPage, and those of reading
// pages; nothing is then written. After an error of writing, part may be.
func (m *Map) Insert(entries []MapEntry) (tlog.Hash, error) {
	batch := make([]mapInsert, len(entries))
	for i, e := range entries {
		batch[i].MapEntry = e
	}
	roots, err := m.insert(batch, 1)
	if err != nil {
		return tlog.Hash{}, err
	}
	return roots[0], nil
}

// A mapInsert is an entry of a batch, and the number of its cut.
type mapInsert struct {
	MapEntry
	cut int
}

// insert is Insert of cuts batches, one after the other, in one go, and returns
// the root after each of them. The entries are those of cuts 0, 1, ... in
// ascending order of cut. It reorders them.
func (m *Map) insert(batch []mapInsert, cuts int) ([]tlog.Hash, error) {
	slices.SortFunc(batch, func(a, b mapInsert) int { return bytes.Compare(a.Tag[:], b.Tag[:]) })
	for i, e := range batch {
		if err := e.check(); err != nil {
			return nil, err
		}
		if i > 0 && batch[i-1].Tag == e.Tag {
			return nil, fmt.Errorf("ledger: %w: tag %v, by leaves %d and %d", ErrMapTaken, e.Tag, batch[i-1].Index, e.Index)
		}
	}
	page, err := m.top()
	if err != nil {
		return nil, err
	}
	roots := make([]tlog.Hash, cuts)
	root, after := page.root(), []mapUpdate(nil)
	if len(batch) > 0 {
		plan, err := m.plan(page, batch)
		if err != nil {
			return nil, err
		}
		if after, err = m.apply(plan); err != nil {
			return nil, err
		}
	}
	for cut := range roots {
		if len(after) > 0 && after[0].cut == cut {
			root, after = after[0].hash, after[1:]
		}
		roots[cut] = root
	}
	return roots, nil
}

// A mapChange is what a batch does to one page.
type mapChange struct {
	page  *mapPage
	batch []mapInsert // those with the page's prefix, sorted by tag
	below []mapChange // for a fan: the pages below that change
}

// A mapUpdate is a page after a cut, as the item of the page above it.
type mapUpdate struct {
	mapItem
	cut int
}

// plan reads all that a batch will change, and refuses it before anything is
// changed.
func (m *Map) plan(page *mapPage, batch []mapInsert) (mapChange, error) {
	change := mapChange{page: page, batch: batch}
	if !page.fan {
		for i := range batch {
			if item := page.find(&batch[i].Tag); item != nil {
				return change, fmt.Errorf("ledger: %w: tag %v, by leaves %d and %d", ErrMapTaken, item.tag, item.index, batch[i].Index)
			}
		}
		return change, nil
	}
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].Tag[page.depth] == batch[0].Tag[page.depth] {
			n++
		}
		change.below = append(change.below, mapChange{batch: batch[:n]})
		batch = batch[n:]
	}
	err := parallel(m.workers(change), len(change.below), func(i int) error {
		below := &change.below[i]
		var next *mapPage
		var err error
		if item := page.find(&below.batch[0].Tag); item != nil {
			next, err = m.load(page.depth+1, item)
		} else {
			next = newMapPage(page.depth+1, false, nil)
		}
		if err == nil {
			*below, err = m.plan(next, below.batch)
		}
		return err
	})
	return change, err
}

// apply changes and saves pages from the leaves up, and returns what the page
// was after each cut that changed it.
func (m *Map) apply(change mapChange) ([]mapUpdate, error) {
	page := change.page
	if !page.fan {
		return m.applyBucket(page, change.batch)
	}
	if m.workers(change) > 1 {
		return m.applySectors(change)
	}
	below, err := m.applyAll(change.below)
	if err != nil {
		return nil, err
	}
	return page.takeCuts(below), m.save(page)
}

// applyAll is apply of pages beside each other, in the order of cuts.
func (m *Map) applyAll(changes []mapChange) ([]mapUpdate, error) {
	results := make([][]mapUpdate, len(changes))
	total := 0
	for i := range changes {
		var err error
		if results[i], err = m.apply(changes[i]); err != nil {
			return nil, err
		}
		total += len(results[i])
	}
	all := make([]mapUpdate, 0, total)
	for _, result := range results {
		all = append(all, result...)
	}
	slices.SortFunc(all, func(a, b mapUpdate) int { return a.cut - b.cut })
	return all, nil
}

// A mapSector is the part of the top page whose tags begin with the same four
// bits: large enough for the work below to be worth a processor's while, and
// few enough for what is left to be done over all of them.
type mapSector struct {
	page  *mapPage
	below []mapChange
	after []mapUpdate // of the sector, as an item of the page over all sectors
	items []mapUpdate // of the top page
}

const mapSectors = 16

func sectorOf(tag *Tag) int { return int(tag[0] >> 4) }

func (s *mapSector) item(sector int) mapItem {
	return mapItem{tag: Tag{byte(sector << 4)}, hash: s.page.root(), index: s.page.max}
}

// applySectors is apply of the top page on all processors. The Patricia tree
// over the page is that over its sectors' trees: so but for the topmost 15
// nodes even the top page is not worked on by one processor alone, which would
// be a third of all hashing in a ledger with small cuts.
func (m *Map) applySectors(change mapChange) ([]mapUpdate, error) {
	var sectors [mapSectors]mapSector
	for i := range sectors {
		sectors[i].page = newMapPage(0, true, nil)
	}
	for i := range change.page.items {
		item := &change.page.items[i]
		sectors[sectorOf(&item.tag)].page.put(*item)
	}
	for i := range change.below {
		at := &sectors[sectorOf(&change.below[i].batch[0].Tag)]
		at.below = append(at.below, change.below[i])
	}
	joint := newMapPage(0, true, nil)
	for i := range sectors {
		if len(sectors[i].page.items) > 0 {
			joint.put(sectors[i].item(i))
		}
	}
	err := parallel(m.workers(change), mapSectors, func(i int) (err error) {
		s := &sectors[i]
		if s.items, err = m.applyAll(s.below); err != nil {
			return err
		}
		s.after = s.page.takeCuts(s.items)
		for j := range s.after {
			s.after[j].tag = Tag{byte(i << 4)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []mapUpdate
	for i := range sectors {
		all = append(all, sectors[i].after...)
		for j := range sectors[i].items {
			change.page.put(sectors[i].items[j].mapItem)
		}
	}
	slices.SortFunc(all, func(a, b mapUpdate) int { return a.cut - b.cut })
	return joint.takeCuts(all), m.save(change.page)
}

// takeCuts puts what is below after each cut, in the order of cuts, and returns
// what the page was after each.
func (p *mapPage) takeCuts(below []mapUpdate) []mapUpdate {
	after := make([]mapUpdate, 0, len(below))
	for i := range below {
		p.put(below[i].mapItem)
		if i+1 == len(below) || below[i+1].cut != below[i].cut {
			after = append(after, mapUpdate{p.item(), below[i].cut})
		}
	}
	return after
}

func (m *Map) applyBucket(page *mapPage, batch []mapInsert) ([]mapUpdate, error) {
	slices.SortFunc(batch, func(a, b mapInsert) int { return a.cut - b.cut })
	var after []mapUpdate
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].cut == batch[0].cut {
			n++
		}
		cut := batch[0].cut
		if len(page.items)+n > maxBucket {
			fan, err := m.split(page, batch[:n])
			if err != nil {
				return nil, err
			}
			after = append(after, mapUpdate{fan.item(), cut})
			if batch = batch[n:]; len(batch) == 0 {
				return after, nil
			}
			slices.SortFunc(batch, func(a, b mapInsert) int { return bytes.Compare(a.Tag[:], b.Tag[:]) })
			plan, err := m.plan(fan, batch)
			if err != nil {
				return nil, err
			}
			rest, err := m.apply(plan)
			return append(after, rest...), err
		}
		for _, e := range batch[:n] {
			page.put(entryItem(e.MapEntry))
		}
		after = append(after, mapUpdate{page.item(), cut})
		batch = batch[n:]
	}
	return after, m.save(page)
}

// split makes and saves the pages of a bucket that is to have more entries than
// one holds.
func (m *Map) split(bucket *mapPage, more []mapInsert) (*mapPage, error) {
	all := slices.Clone(bucket.items)
	for _, e := range more {
		all = append(all, entryItem(e.MapEntry))
	}
	slices.SortFunc(all, func(a, b mapItem) int { return bytes.Compare(a.tag[:], b.tag[:]) })
	return m.build(bucket.depth, all)
}

// build makes and saves the pages of entries that have one prefix, and are sorted.
func (m *Map) build(depth int, entries []mapItem) (*mapPage, error) {
	if len(entries) <= maxBucket {
		page := newMapPage(depth, false, entries)
		return page, m.save(page)
	}
	var items []mapItem
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].tag[depth] == entries[0].tag[depth] {
			n++
		}
		page, err := m.build(depth+1, entries[:n])
		if err != nil {
			return nil, err
		}
		items = append(items, page.item())
		entries = entries[n:]
	}
	page := newMapPage(depth, true, items)
	return page, m.save(page)
}

func (m *Map) save(page *mapPage) error {
	return m.pages.save(page.items[0].tag[:page.depth], page)
}

// manyInserts is from how many entries on it pays to wake other processors.
const manyInserts = 256

// workers is how many processors work on what is below change.page: all for
// large batches in memory; other pages need not be safe for that.
func (m *Map) workers(change mapChange) int {
	if _, memory := m.pages.(*MemoryPages); !memory || change.page.depth > 0 || len(change.batch) < manyInserts {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// parallel does work 0 to n-1 with so many workers.
func parallel(workers, n int, work func(i int) error) error {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			if err := work(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = work(i)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// top is the page of the empty prefix.
func (m *Map) top() (*mapPage, error) {
	page, err := m.pages.load(nil)
	if err == nil && page == nil {
		page = newMapPage(0, false, nil)
	}
	return page, err
}

// load is the page, with a prefix of depth bytes, that item names.
func (m *Map) load(depth int, item *mapItem) (*mapPage, error) {
	prefix := item.tag[:depth]
	page, err := m.pages.load(prefix)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, fmt.Errorf("ledger: %w: none under prefix %x", ErrMapPage, prefix)
	}
	if page.max != item.index || page.root() != item.hash {
		return nil, fmt.Errorf("ledger: %w: that under prefix %x is not the one that the page above it names", ErrMapPage, prefix)
	}
	return page, nil
}

// Lookup returns the index of the leaf that has tag, as of the newest entry.
// Errors: ErrMapPage, and those of the pages.
func (m *Map) Lookup(tag Tag) (index int64, ok bool, err error) {
	page, err := m.top()
	if err != nil {
		return 0, false, err
	}
	for page.fan {
		item := page.find(&tag)
		if item == nil {
			return 0, false, nil
		}
		if page, err = m.load(page.depth+1, item); err != nil {
			return 0, false, err
		}
	}
	item := page.find(&tag)
	if item == nil {
		return 0, false, nil
	}
	return item.index, true, nil
}

// Root is the root as of the first covers leaves: that of the map of the
// entries with a lower index. The root of all of them is read off the top
// page; for an older one every page that has changed since is read, which
// for random tags soon means all of them.
//
// Errors: ErrRange for a negative covers, ErrMapPage, and those of the pages.
func (m *Map) Root(covers int64) (tlog.Hash, error) {
	_, then, err := m.topAsOf(covers)
	if err != nil {
		return tlog.Hash{}, err
	}
	return then.root(), nil
}

// Prove is the path of tag in the map as of the first covers leaves; Check it
// against the root of the map root leaf that covers them. It costs what Root
// does. Errors are those of Root.
func (m *Map) Prove(tag Tag, covers int64) (MapPath, error) {
	page, then, err := m.topAsOf(covers)
	if err != nil {
		return MapPath{}, err
	}
	if len(then.items) == 0 {
		return MapPath{}, nil
	}
	var steps []patriciaStep // from the root down
	for {
		at := then.top
		for at >= 0 {
			node := &then.nodes[at]
			side := tagBit(&tag, node.position)
			steps = append(steps, patriciaStep{position: int(node.position), sibling: *then.sum(node.side[1-side])})
			at = node.side[side]
		}
		end := then.items[^at]
		if !page.fan {
			value := MapEntry{Index: end.index}.value()
			slices.Reverse(steps)
			return MapPath{patriciaPath{leaf: true, key: end.tag[:], value: value[:], steps: steps}}, nil
		}
		// The tag itself may have left this way: only the bits of the steps count.
		if page, then, err = m.belowAsOf(page, page.find(&end.tag), covers); err != nil {
			return MapPath{}, err
		}
	}
}

// topAsOf is the top page as it is stored and as it was.
func (m *Map) topAsOf(covers int64) (page, then *mapPage, err error) {
	if covers < 0 {
		return nil, nil, fmt.Errorf("ledger: map of %d leaves: %w", covers, ErrRange)
	}
	if page, err = m.top(); err != nil {
		return nil, nil, err
	}
	then, err = m.asOf(page, covers)
	return page, then, err
}

// belowAsOf is the page that an item of fan names, as it is stored and as it was.
func (m *Map) belowAsOf(fan *mapPage, item *mapItem, covers int64) (page, then *mapPage, err error) {
	if page, err = m.load(fan.depth+1, item); err != nil {
		return nil, nil, err
	}
	then, err = m.asOf(page, covers)
	return page, then, err
}

// asOf is the page as it was, without the entries from index covers on; it may
// be left with none. Of a fan it holds the pages below as they were.
func (m *Map) asOf(page *mapPage, covers int64) (*mapPage, error) {
	if page.max < covers {
		return page, nil
	}
	items := make([]mapItem, 0, len(page.items))
	for i := range page.items {
		item := page.items[i]
		if item.index >= covers {
			if !page.fan {
				continue
			}
			_, then, err := m.belowAsOf(page, &item, covers)
			if err != nil {
				return nil, err
			}
			if len(then.items) == 0 {
				continue
			}
			item.hash, item.index = then.root(), then.max
		}
		items = append(items, item)
	}
	return newMapPage(page.depth, page.fan, items), nil
}
