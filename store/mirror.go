package store

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// mirror is what is held of another ledger.
type mirror struct{ key, size int64 }

// mirror finds one by its origin; the zero mirror where nothing is held.
func (v *view) mirror(origin string) (mirror, error) {
	m, err := find(v, func(r *row) mirror { return mirror{r.int(), r.int()} }, `SELECT key, size FROM mirror WHERE origin = $1`, origin)
	if errors.Is(err, exchange.ErrNotFound) {
		return mirror{}, nil
	}
	return m, err
}

func (m mirror) hashes() hashQueries {
	return hashQueries{
		one:   `SELECT substr(hashes, $2, 32) FROM mirror_leaf WHERE place = $1 AND mirror = $3`,
		span:  `SELECT place, hashes FROM mirror_leaf WHERE place BETWEEN $1 AND $2 AND mirror = $3`,
		which: []any{m.key},
	}
}

// MirrorTree implements exchange.LedgerView.
func (v *view) MirrorTree(origin string) (*ledger.Tree, error) {
	m, err := v.mirror(origin)
	if err != nil {
		return nil, err
	}
	return ledger.NewTree(m.size, v.reader(m.hashes()))
}

// MirrorHead implements exchange.LedgerView; ErrNotFound where nothing is mirrored.
func (v *view) MirrorHead(origin string) (exchange.Head, error) {
	return find(v, readHead, `SELECT size, note, at FROM mirror_head WHERE mirror = (SELECT key FROM mirror WHERE origin = $1)
		ORDER BY size DESC LIMIT 1`, origin)
}

// MirrorHashes implements exchange.LedgerView. One that is not there: ledger.ErrRange.
func (v *view) MirrorHashes(origin string, indexes []int64) ([]tlog.Hash, error) {
	m, err := v.mirror(origin)
	if err != nil {
		return nil, err
	}
	return v.hashes(indexes, m.hashes())
}

// MirrorLeaves implements exchange.LedgerView. Beyond the last leaf: ledger.ErrRange.
func (v *view) MirrorLeaves(origin string, from, to int64) ([][]byte, error) {
	m, err := v.mirror(origin)
	if err != nil {
		return nil, err
	}
	leaves, err := list(v, (*row).bytes, `SELECT rest FROM mirror_leaf WHERE mirror = $1 AND place >= $2 AND place < $3 ORDER BY place`, m.key, from, to)
	return leaves, checkRange(err, from, to, len(leaves))
}

// addMirror begins a mirror of so many leaves; ours is one of our own former ledgers.
func (t *tx) addMirror(origin string, size int64, ours bool) (mirror, error) {
	err := t.run(`INSERT INTO mirror (key, origin, size, ours) VALUES ((SELECT COALESCE(MAX(key), 0) + 1 FROM mirror), $1, $2, $3)`, origin, size, ours)
	if err != nil {
		return mirror{}, err
	}
	return t.mirror(origin)
}

// makeMirror finds the mirror of origin, or begins one without leaves.
func (t *tx) makeMirror(origin string) (mirror, error) {
	m, err := t.mirror(origin)
	if err != nil || m.key != 0 {
		return m, err
	}
	return t.addMirror(origin, 0, false)
}

// ExtendMirror implements exchange.LedgerTx. Leaves and hashes must begin where
// the mirror ends (else ledger.ErrRange), and lead to the size of the head,
// unless that is 0. A head that comes without leaves must be of a size that has
// one, or of one beyond those that do (else ledger.ErrRange).
func (t *tx) ExtendMirror(origin string, leaves [][]byte, hashes []ledger.StoredHash, head exchange.Head) error {
	m, err := t.mirror(origin)
	if err != nil {
		return err
	}
	size := m.size + int64(len(leaves))
	first := tlog.StoredHashIndex(0, m.size)
	fits := head.Size == 0 || head.Size == size
	if !fits && len(leaves) == 0 {
		if fits, err = t.takesHead(m, head.Size); err != nil {
			return err
		}
	}
	if !fits || int64(len(hashes)) != tlog.StoredHashIndex(0, size)-first {
		return fmt.Errorf("store: %d leaves and %d hashes after the %d leaves of %s, for a head of %d: %w", len(leaves), len(hashes), m.size, origin, head.Size, ledger.ErrRange)
	}
	for i, h := range hashes {
		if h.Index != first+int64(i) {
			return fmt.Errorf("store: stored hash %d of %s where %d is next: %w", h.Index, origin, first+int64(i), ledger.ErrRange)
		}
	}
	if len(leaves) > 0 {
		if m, err = t.makeMirror(origin); err != nil {
			return err
		}
		if err := t.run(`UPDATE mirror SET size = $1 WHERE key = $2`, size, m.key); err != nil {
			return err
		}
	}
	for i, leaf := range leaves {
		place := m.size + int64(i)
		made := tlog.StoredHashIndex(0, place+1) - tlog.StoredHashIndex(0, place)
		err := t.run(`INSERT INTO mirror_leaf (mirror, place, rest, hashes) VALUES ($1, $2, $3, $4)`, m.key, place, leaf, joinHashes(hashes[:made]))
		if err != nil {
			return err
		}
		hashes = hashes[made:]
	}
	if head.Size == 0 {
		return nil
	}
	return t.run(`INSERT INTO mirror_head (mirror, size, note, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (mirror, size) DO UPDATE SET note = excluded.note, at = excluded.at`, m.key, head.Size, whole(head.Note), head.At)
}

// takesHead tells whether a head that comes without leaves has its place: it
// replaces one, or is the newest of those whose leaves are held.
func (t *tx) takesHead(m mirror, size int64) (bool, error) {
	if size < 0 || size > m.size {
		return false, nil
	}
	newest, err := find(&t.view, (*row).int, `SELECT COALESCE(MAX(size), 0) FROM mirror_head WHERE mirror = $1`, m.key)
	if err != nil || size > newest {
		return err == nil, err
	}
	n, err := find(&t.view, (*row).int, `SELECT COUNT(*) FROM mirror_head WHERE mirror = $1 AND size = $2`, m.key, size)
	return n > 0, err
}
