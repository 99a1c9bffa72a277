package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

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
	return v.readTree()
}

// readTree is the tree as of the snapshot. A ledger that only grows has one
// tree of each size, so a remembered one of the same size is the same.
func (v *view) readTree() (*ledger.Tree, error) {
	size, err := v.size()
	if err != nil {
		return nil, err
	}
	if held := v.store.tree.Load(); held != nil && held.Size() == size && v.write == nil {
		return held.Clone(), nil
	}
	return ledger.NewTree(size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return v.hashes(indexes, hashTable)
	}))
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
	index, hashes, err := w.tree.Append(leaf)
	if err != nil {
		return 0, err
	}
	written := len(w.hashes)
	undo := func() { w.tree, w.hashes = before, w.hashes[:written] }
	tag, rest := splitLeaf(leaf)
	n, err := t.exec(`INSERT INTO leaf (place, tag, rest) VALUES ($1, $2, $3) ON CONFLICT (tag) DO NOTHING`, index, tag, rest)
	if err != nil || n == 0 {
		undo()
		if err == nil {
			err = exchange.ErrTagTaken
		}
		return 0, err
	}
	w.undone(undo)
	for _, h := range hashes {
		w.hashes = append(w.hashes, h.Hash)
	}
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

var putHashes = func() (queries [hashesAtOnce + 1]string) {
	for n := 1; n <= hashesAtOnce; n++ {
		queries[n] = "INSERT INTO hash (place, hash) VALUES " + places(n, 2)
	}
	return queries
}()

// hashesAtOnce is how many rows of hashes one statement writes.
const hashesAtOnce = 32

// places is the list of n rows of so many columns each: ($1, $2), ($3, $4).
func places(n, columns int) string {
	var b bytes.Buffer
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		for j := range columns {
			b.WriteString([]string{"(", ", "}[min(j, 1)])
			fmt.Fprintf(&b, "$%d", i*columns+j+1)
		}
		b.WriteString(")")
	}
	return b.String()
}

// flushHashes writes the hashes of the batch's leaves.
func (w *writer) flushHashes() error {
	args := make([]any, 0, 2*hashesAtOnce)
	at := w.firstHash
	for part := range slices.Chunk(w.hashes, hashesAtOnce) {
		args = args[:0]
		for i := range part {
			args = append(args, at, part[i][:])
			at++
		}
		if _, err := w.conn.exec(putHashes[len(part)], args...); err != nil {
			return err
		}
	}
	w.firstHash, w.hashes = at, w.hashes[:0]
	return nil
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

// hashQueries reads hashes of one log: one by its place, or many in a row.
// $1 (and $2) are places; further arguments say which log.
type hashQueries struct {
	one, span string
	which     []any
}

var hashTable = hashQueries{
	one:  `SELECT hash FROM hash WHERE place = $1`,
	span: `SELECT place, hash FROM hash WHERE place BETWEEN $1 AND $2`,
}

// Hashes implements exchange.LedgerView. One that is not there: ledger.ErrRange.
func (v *view) Hashes(indexes []int64) ([]tlog.Hash, error) {
	if v.write == nil {
		return v.hashes(indexes, hashTable)
	}
	// The batch's own are not in the database yet.
	w := v.write
	all := make([]tlog.Hash, len(indexes))
	var stored, at []int64
	for i, index := range indexes {
		switch {
		case index < w.firstHash:
			stored, at = append(stored, index), append(at, int64(i))
		case index < w.firstHash+int64(len(w.hashes)):
			all[i] = w.hashes[index-w.firstHash]
		default:
			return nil, noHash(index)
		}
	}
	hashes, err := v.hashes(stored, hashTable)
	for i, h := range hashes {
		all[at[i]] = h
	}
	return all, err
}

func noHash(index int64) error {
	return fmt.Errorf("store: stored hash %d: %w", index, ledger.ErrRange)
}

func (v *view) hashes(indexes []int64, q hashQueries) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	all := make([]tlog.Hash, len(indexes))
	lowest, highest := slices.Min(indexes), slices.Max(indexes)
	// A row in passing costs a tenth of a row sought.
	if len(indexes) < 4 || highest-lowest > 8*int64(len(indexes)) {
		for i, index := range indexes {
			h, err := find(v, (*row).digest, q.one, append([]any{index}, q.which...)...)
			if errors.Is(err, exchange.ErrNotFound) {
				return nil, noHash(index)
			}
			if err != nil {
				return nil, err
			}
			all[i] = tlog.Hash(h)
		}
		return all, nil
	}
	span := make([]tlog.Hash, highest-lowest+1)
	found := make([]bool, len(span))
	err := v.query(q.span, func(r *row) error {
		at := r.int() - lowest
		span[at], found[at] = tlog.Hash(r.digest()), true
		return nil
	}, append([]any{lowest, highest}, q.which...)...)
	if err != nil {
		return nil, err
	}
	for i, index := range indexes {
		if !found[index-lowest] {
			return nil, noHash(index)
		}
		all[i] = span[index-lowest]
	}
	return all, nil
}
