package store

import (
	"errors"
	"fmt"

	"heed/exchange"
	"heed/ledger"
)

// Map implements exchange.LedgerView.
func (v *view) Map() *ledger.Map {
	if v.own == nil {
		v.own = readMap(&pages{view: v, own: true})
	}
	return v.own
}

// readMap is a map for reading. Evidence asks one several times for tags whose
// ways begin with the same pages.
func readMap(p *pages) *ledger.Map { return ledger.NewMap(ledger.NewTopPages(p)) }

// MirrorMap implements exchange.LedgerView. The map of what is not mirrored is empty.
func (v *view) MirrorMap(origin string) (*ledger.Map, error) {
	if v.ended {
		return nil, ErrEnded
	}
	held, ok := v.mirrors[origin]
	if !ok {
		held = readMap(&pages{view: v, origin: origin})
		if v.mirrors == nil {
			v.mirrors = map[string]*ledger.Map{}
		}
		v.mirrors[origin] = held
	}
	return held, nil
}

// heldMaps are the maps that a change has asked for. Their pages stay in memory
// until the change ends, some 250 bytes for each of their entries: a replay
// changes the same ones again and again, and writes each only once.
type heldMaps struct {
	own     *heldMap
	mirrors map[string]*heldMap
	retired []*heldMap // from before a ledger ended
}

type heldMap struct {
	pages  *pages
	memory *ledger.MemoryPages
}

func holdMap(p *pages) *heldMap { return &heldMap{p, ledger.NewMemoryPages(p)} }

// Map implements exchange.LedgerView, and takes insertions.
func (t *tx) Map() *ledger.Map {
	if t.maps.own == nil {
		t.maps.own = holdMap(&pages{view: &t.view, tx: t, own: true})
	}
	return ledger.NewMap(t.maps.own.memory)
}

// MirrorMap implements exchange.LedgerView, and takes insertions: the first of
// them begins the mirror where there is none.
func (t *tx) MirrorMap(origin string) (*ledger.Map, error) {
	if t.ended {
		return nil, ErrEnded
	}
	held, ok := t.maps.mirrors[origin]
	if !ok {
		held = holdMap(&pages{view: &t.view, tx: t, origin: origin})
		if t.maps.mirrors == nil {
			t.maps.mirrors = map[string]*heldMap{}
		}
		t.maps.mirrors[origin] = held
	}
	return ledger.NewMap(held.memory), nil
}

// flushMaps writes what the change has inserted into maps.
func (t *tx) flushMaps() error {
	all := t.maps.retired
	if t.maps.own != nil {
		all = append(all, t.maps.own)
	}
	for _, held := range t.maps.mirrors {
		all = append(all, held)
	}
	for _, held := range all {
		if err := held.memory.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// retireMaps has the maps of the own ledger and of origin read anew. Those that
// were given out of either go on as they are, and a change that inserts into
// one of them fails with ErrEnded.
func (t *tx) retireMaps(origin string) {
	for _, held := range []*heldMap{t.maps.own, t.maps.mirrors[origin]} {
		if held != nil {
			held.pages.retired = true
			t.maps.retired = append(t.maps.retired, held)
		}
	}
	t.maps.own = nil
	delete(t.maps.mirrors, origin)
}

// pages implements ledger.MapPages: those of one map, as the transaction has
// them in the database.
type pages struct {
	view   *view
	tx     *tx // nil within a Read
	own    bool
	origin string // of the mirror, where it is not our own ledger
	key    int64  // of the mirror, once it is known; that of our own ledger is 0

	retired bool // the ledger has ended since
}

// known finds the mirror; false where there is none.
func (p *pages) known() (bool, error) {
	if p.retired {
		return false, fmt.Errorf("store: a map from before its ledger ended: %w", ErrEnded)
	}
	if p.own || p.key != 0 {
		return true, nil
	}
	m, err := p.view.mirror(p.origin)
	p.key = m.key
	return m.key != 0, err
}

// Page implements ledger.MapPages.
func (p *pages) Page(prefix []byte) ([]byte, error) {
	if known, err := p.known(); err != nil || !known {
		return nil, err
	}
	page, err := find(p.view, (*row).bytes, `SELECT page FROM map_page WHERE mirror = $1 AND prefix = $2`, p.key, whole(prefix))
	if errors.Is(err, exchange.ErrNotFound) {
		return nil, nil
	}
	return page, err
}

// PutPage implements ledger.MapPages; ErrReadOnly within a Read.
func (p *pages) PutPage(prefix, page []byte) error {
	if p.tx == nil {
		return ErrReadOnly
	}
	if known, err := p.known(); err != nil {
		return err
	} else if !known {
		m, err := p.tx.addMirror(p.origin, 0, false)
		if err != nil {
			return err
		}
		p.key = m.key
	}
	return p.tx.run(`INSERT INTO map_page (mirror, prefix, page) VALUES ($1, $2, $3)
		ON CONFLICT (mirror, prefix) DO UPDATE SET page = excluded.page`, p.key, whole(prefix), page)
}
