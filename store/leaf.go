package store

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// Tree implements exchange.LedgerView.
func (v *view) Tree() (*ledger.Tree, error) {
	if v.ended {
		return nil, ErrEnded
	}
	if v.write != nil {
		return v.write.tree.Clone(), nil
	}
	held, err := v.readTree()
	if err != nil {
		return nil, err
	}
	return held.tree.Clone(), nil
}

// heldTree is the tree of our own ledger, after so many others of ours that
// have ended. It is shared, and so never appended to.
type heldTree struct {
	era  int64
	tree *ledger.Tree
}

// readTree is the tree as of the snapshot. A ledger that only grows has one
// tree of each size, so a remembered one of the same ledger and size is the same.
func (v *view) readTree() (*heldTree, error) {
	var size int64
	read := &heldTree{}
	err := v.one(`SELECT (SELECT COUNT(*) FROM mirror WHERE ours = 1), COALESCE(MAX(place) + 1, 0) FROM leaf`, func(r *row) error {
		read.era, size = r.int(), r.int()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if held := v.store.tree.Load(); held != nil && held.era == read.era && held.tree.Size() == size {
		return held, nil
	}
	if read.tree, err = ledger.NewTree(size, v.reader(ownLog)); err != nil {
		return nil, err
	}
	return read, nil
}

// size is the number of leaves that the database has.
func (v *view) size() (int64, error) {
	return find(v, (*row).int, `SELECT COALESCE(MAX(place) + 1, 0) FROM leaf`)
}

// Append implements exchange.LedgerTx.
func (t *tx) Append(leaf []byte) (int64, error) {
	if t.ended {
		return 0, ErrEnded
	}
	w := t.write
	before := w.tree.Clone()
	index, made, err := w.tree.Append(leaf)
	if err != nil {
		return 0, err
	}
	tag, rest := splitLeaf(leaf)
	n, err := t.exec(`INSERT INTO leaf (place, tag, rest, hashes) VALUES ($1, $2, $3, $4) ON CONFLICT (tag) DO NOTHING`, index, tag, rest, joinHashes(made))
	if err != nil || n == 0 {
		w.tree = before
		if err == nil {
			err = exchange.ErrTagTaken
		}
		return 0, err
	}
	w.undone(func() { w.tree = before })
	return index, nil
}

// splitLeaf is a leaf's columns.
func splitLeaf(leaf []byte) (tag any, rest []byte) {
	if len(leaf) != ledger.LeafBytes {
		return nil, leaf
	}
	return leaf[:len(ledger.Tag{})], leaf[len(ledger.Tag{}):]
}

func readLeaf(r *row) []byte {
	tag := r.bytes()
	return append(tag, r.bytes()...)
}

// joinHashes is what is stored with a leaf: all hashes that came to be with it.
func joinHashes(made []ledger.StoredHash) []byte {
	b := make([]byte, 0, len(made)*tlog.HashSize)
	for _, h := range made {
		b = append(b, h.Hash[:]...)
	}
	return b
}

// PutHead implements exchange.LedgerTx. A head of a size that has one replaces it.
func (t *tx) PutHead(h exchange.Head) error {
	return t.run(`INSERT INTO head (size, note, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO UPDATE SET note = excluded.note, at = excluded.at`,
		h.Size, whole(h.Note), h.At)
}

func readHead(r *row) exchange.Head {
	return exchange.Head{Size: r.int(), Note: r.bytes(), At: r.time()}
}

// Head implements exchange.LedgerView.
func (v *view) Head() (exchange.Head, error) {
	return find(v, readHead, `SELECT size, note, at FROM head ORDER BY size DESC LIMIT 1`)
}

// LeafIndex implements exchange.LedgerView.
func (v *view) LeafIndex(tag ledger.Tag) (int64, error) {
	return find(v, (*row).int, `SELECT place FROM leaf WHERE tag = $1`, tag[:])
}

// Leaves implements exchange.LedgerView. Beyond the last leaf: ledger.ErrRange.
func (v *view) Leaves(from, to int64) ([][]byte, error) {
	leaves, err := list(v, readLeaf, `SELECT tag, rest FROM leaf WHERE place >= $1 AND place < $2 ORDER BY place`, from, to)
	return leaves, checkRange(err, from, to, len(leaves))
}

func checkRange(err error, from, to int64, got int) error {
	if err == nil && (from < 0 || from > to || int64(got) != to-from) {
		return fmt.Errorf("store: leaves %d to %d: %w", from, to, ledger.ErrRange)
	}
	return err
}

// hashQueries reads the hashes of one log that are stored with its leaves: one
// of them, or all of a span of leaves. Further arguments say which log.
type hashQueries struct {
	one   string // $1 the leaf's place, $2 where in its hashes, from 1
	span  string // $1 the first place, $2 the last
	which []any
}

var ownLog = hashQueries{
	one:  `SELECT substr(hashes, $2, 32) FROM leaf WHERE place = $1`,
	span: `SELECT place, hashes FROM leaf WHERE place BETWEEN $1 AND $2`,
}

// Hashes implements exchange.LedgerView. One that is not there: ledger.ErrRange.
func (v *view) Hashes(indexes []int64) ([]tlog.Hash, error) { return v.hashes(indexes, ownLog) }

func (v *view) reader(q hashQueries) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return v.hashes(indexes, q) })
}

// stored is where a hash is: with the leaf that completed its subtree, at its level.
type stored struct {
	place int64
	level int
}

func storedAt(index int64) stored {
	level, n := tlog.SplitStoredHashIndex(index)
	return stored{place: (n+1)<<level - 1, level: level}
}

// lastStoredHash bounds what tlog is asked to split: beyond it are no leaves.
var lastStoredHash = tlog.StoredHashIndex(0, ledger.MaxSize)

func (v *view) hashes(indexes []int64, q hashQueries) ([]tlog.Hash, error) {
	if v.ended {
		return nil, ErrEnded
	}
	if len(indexes) == 0 {
		return nil, nil
	}
	noHash := func(i int) error { return fmt.Errorf("store: stored hash %d: %w", indexes[i], ledger.ErrRange) }
	at := make([]stored, len(indexes))
	first, last := int64(ledger.MaxSize), int64(0)
	for i, index := range indexes {
		if index < 0 || index >= lastStoredHash {
			return nil, noHash(i)
		}
		at[i] = storedAt(index)
		first, last = min(first, at[i].place), max(last, at[i].place)
	}
	all := make([]tlog.Hash, len(indexes))
	// A row in passing costs a tenth of a row sought.
	if len(indexes) < 4 || last-first > 8*int64(len(indexes)) {
		for i := range at {
			hash, err := find(v, (*row).bytes, q.one, append([]any{at[i].place, at[i].level*tlog.HashSize + 1}, q.which...)...)
			if errors.Is(err, exchange.ErrNotFound) || err == nil && len(hash) != tlog.HashSize {
				return nil, noHash(i)
			}
			if err != nil {
				return nil, err
			}
			all[i] = tlog.Hash(hash)
		}
		return all, nil
	}
	span := make([][]byte, last-first+1)
	err := v.query(q.span, func(r *row) error {
		place := r.int()
		span[place-first] = r.bytes()
		return nil
	}, append([]any{first, last}, q.which...)...)
	if err != nil {
		return nil, err
	}
	for i := range at {
		from := at[i].level * tlog.HashSize
		hashes := span[at[i].place-first]
		if from+tlog.HashSize > len(hashes) {
			return nil, noHash(i)
		}
		all[i] = tlog.Hash(hashes[from:])
	}
	return all, nil
}
