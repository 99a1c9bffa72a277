package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// tx is a view that changes things.
type tx struct {
	view
	maps heldMaps
}

func (t *tx) exec(query string, args ...any) (int64, error) {
	if t.ended {
		return 0, ErrEnded
	}
	return t.conn.exec(query, args...)
}

func (t *tx) run(query string, args ...any) error {
	_, err := t.exec(query, args...)
	return err
}

// caseEntry is what is remembered of a case: the parsed statements that stand,
// as of one state of its rows.
type caseEntry struct {
	last       int64 // the highest seq, dropped ones included
	drops      int64
	statements []heed.Statement
}

func (e caseEntry) weight() int { return 1 + len(e.statements) }

// statements are those that stand of a case, parsed. They are shared: nobody
// changes them.
func (v *view) statements(id heed.CaseID) ([]heed.Statement, error) {
	if entry, ok := v.current(id); ok && !v.ended {
		return entry.statements, nil
	}
	var key int64
	var now caseEntry
	err := v.one(`SELECT key, drops, (SELECT MAX(seq) FROM statement WHERE case_key = cases.key) FROM cases WHERE id = $1`,
		func(r *row) error {
			key, now.drops, now.last = r.int(), r.int(), r.int()
			return nil
		}, id[:])
	if err != nil {
		return nil, err
	}
	if now.last == 0 {
		return nil, exchange.ErrNotFound // a row in lists, and nothing kept
	}
	held, ok := v.remembered(key)
	if ok && held.last == now.last && held.drops == now.drops {
		return held.statements, nil
	}
	if ok && held.drops == now.drops && held.last < now.last {
		// Every statement up to held.last is parsed; clipped, for others may
		// be reading the same array.
		now.statements = slices.Clip(held.statements)
	} else {
		held.last = 0
	}
	added, err := list(v, readSaid, `SELECT id, note FROM statement WHERE case_key = $1 AND seq > $2 AND dropped IS NULL ORDER BY seq`, key, held.last)
	if err != nil {
		return nil, err
	}
	for _, a := range added {
		s, err := v.parse(a)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", id, err)
		}
		now.statements = append(now.statements, s)
	}
	v.remember(key, now)
	if v.write != nil {
		if _, ok := v.write.caseKeys[id]; !ok {
			v.write.caseKeys[id] = heldCase{key: key, duties: -1}
		}
	}
	return now.statements, nil
}

// current is the case as the transaction under way has it, where it was read in
// this batch: Keep and Drop see to it, and nobody else writes.
func (v *view) current(id heed.CaseID) (caseEntry, bool) {
	if v.write == nil {
		return caseEntry{}, false
	}
	held, ok := v.write.caseKeys[id]
	if !ok {
		return caseEntry{}, false
	}
	entry, ok := v.write.fresh[held.key]
	return entry, ok
}

// said is a statement under its name.
type said struct {
	id   heed.StatementID
	note []byte
}

func readSaid(r *row) said { return said{heed.StatementID(r.digest()), r.bytes()} }

// parse reads a statement that was verified before it was kept, once.
func (v *view) parse(row said) (heed.Statement, error) {
	if s, ok := v.store.said.get(row.id); ok && !v.plain {
		return s, nil
	}
	s, err := wire.ReadStatement(row.note)
	if err != nil {
		return heed.Statement{}, fmt.Errorf("store: %w: a statement that was kept cannot be read: %w", ErrDamaged, err)
	}
	if s.ID != row.id {
		return heed.Statement{}, fmt.Errorf("store: %w: statement %s was kept under the name %s", ErrDamaged, s.ID.Short(), row.id.Short())
	}
	v.store.said.put(row.id, s, 1)
	return s, nil
}

// remembered prefers what the present batch knows. An entry of the shared
// cache is of some committed state; its seq and drops tell whether of this one.
func (v *view) remembered(key int64) (caseEntry, bool) {
	if v.write != nil {
		if entry, ok := v.write.fresh[key]; ok {
			return entry, true
		}
	}
	if v.plain {
		return caseEntry{}, false
	}
	return v.store.cases.get(key)
}

// remember keeps what a Write parsed to itself until it is committed: a seq
// that is rolled back is used again for another statement.
func (v *view) remember(key int64, entry caseEntry) {
	if v.write == nil {
		v.store.cases.put(key, entry, entry.weight())
		return
	}
	w := v.write
	before, ok := w.fresh[key]
	w.undone(func() {
		if ok {
			w.fresh[key] = before
		} else {
			delete(w.fresh, key)
		}
	})
	w.fresh[key] = entry
}

// Keep implements exchange.CaseTx.
func (t *tx) Keep(k exchange.Kept) error {
	if t.ended {
		return ErrEnded
	}
	s := k.Statement
	end := bytes.LastIndex(k.Note, []byte("\n\n"))
	if end < 0 || sha256.Sum256(k.Note[:end+1]) != s.ID {
		return fmt.Errorf("store: keep %s statement %s: its note is of another statement", s.Kind, s.ID.Short())
	}
	key, err := t.caseKey(s.CaseID())
	if err != nil {
		return err
	}
	var asker, urgency any
	if s.Urgency != "" { // only kinds that create duties have one
		asker, urgency = string(s.Author), string(s.Urgency)
	}
	w := t.write
	var dropped any
	if k.Dropped != nil {
		dropped = k.Dropped
	}
	n, err := t.exec(`INSERT INTO statement (seq, id, case_key, note, tag_key, arrived, dropped, asker, urgency)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		w.nextSeq, s.ID[:], key, k.Note, orNull(k.Key), k.Arrived, dropped, asker, urgency)
	if err != nil {
		return err
	}
	if n == 0 {
		return t.unerase(key, s)
	}
	w.nextSeq++
	w.undone(func() { w.nextSeq-- })
	t.store.said.put(s.ID, s, 1)
	if entry, ok := w.fresh[key]; ok {
		entry.last = w.nextSeq - 1
		if k.Dropped == nil {
			entry.statements = append(slices.Clip(entry.statements), s)
		}
		t.remember(key, entry)
	}
	for _, ref := range s.Contents {
		if err := t.attach(key, ref.Digest); err != nil {
			return err
		}
	}
	if s.Case.IsZero() {
		return t.run(`UPDATE cases SET code = $1, accord = $2, under = $3, erased = NULL WHERE key = $4`, string(s.CaseCode()), orNull(s.Accord), orNull(openedUnder(s)), key)
	}
	return t.unerase(key, s)
}

// unerase takes the mark off a case that may have contents again: they come
// before the statement that names them.
func (t *tx) unerase(key int64, s heed.Statement) error {
	if len(s.Contents) == 0 {
		return nil
	}
	return t.run(`UPDATE cases SET erased = NULL WHERE key = $1 AND erased IS NOT NULL`, key)
}

// openedUnder is the accord under which a statement opens its case; zero where
// it names none, or is about one.
func openedUnder(opening heed.Statement) heed.AccordID {
	if opening.Kind.OfAccord() {
		return heed.AccordID{}
	}
	return opening.Accord
}

// heldCase is what the writer remembers of a case's rows.
type heldCase struct {
	key    int64
	duties int // how many are indexed; -1: not known
}

// caseKey finds or makes the row of a case.
func (t *tx) caseKey(id heed.CaseID) (int64, error) {
	if t.ended {
		return 0, ErrEnded
	}
	w := t.write
	if held, ok := w.caseKeys[id]; ok {
		return held.key, nil
	}
	key := w.nextCase
	n, err := t.exec(`INSERT INTO cases (key, id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, key, id[:])
	if err != nil {
		return 0, err
	}
	if n == 0 {
		if key, err = find(&t.view, (*row).int, `SELECT key FROM cases WHERE id = $1`, id[:]); err != nil {
			return 0, err
		}
		w.caseKeys[id] = heldCase{key: key, duties: -1}
		return key, nil
	}
	w.nextCase++
	w.caseKeys[id] = heldCase{key: key}
	w.undone(func() {
		w.nextCase--
		delete(w.caseKeys, id)
	})
	return key, nil
}

// Drop implements exchange.CaseTx. The first refusal stays.
func (t *tx) Drop(id heed.StatementID, refusal []byte) error {
	key, err := find(&t.view, (*row).int, `SELECT case_key FROM statement WHERE id = $1`, id[:])
	if err != nil {
		return err
	}
	n, err := t.exec(`UPDATE statement SET dropped = $1 WHERE id = $2 AND dropped IS NULL`, whole(refusal), id[:])
	if err != nil || n == 0 {
		return err
	}
	w := t.write
	if before, ok := w.fresh[key]; ok {
		w.undone(func() { w.fresh[key] = before })
		delete(w.fresh, key)
	}
	return t.run(`UPDATE cases SET drops = drops + 1 WHERE key = $1`, key)
}

const keptColumns = `id, note, tag_key, arrived, dropped`

type keptRow struct {
	said
	key     heed.Digest
	arrived time.Time
	dropped []byte
}

func readKept(r *row) keptRow {
	return keptRow{said: readSaid(r), key: r.digest(), arrived: r.time(), dropped: r.bytes()}
}

func (v *view) kept(k keptRow) (exchange.Kept, error) {
	s, err := v.parse(k.said)
	if err != nil {
		return exchange.Kept{}, err
	}
	return exchange.Kept{Statement: s, Note: k.note, Key: ledger.Key(k.key), Arrived: k.arrived, Dropped: k.dropped}, nil
}

// Kept implements exchange.CaseView.
func (v *view) Kept(id heed.StatementID) (exchange.Kept, error) {
	k, err := find(v, readKept, `SELECT `+keptColumns+` FROM statement WHERE id = $1`, id[:])
	if err != nil {
		return exchange.Kept{}, err
	}
	return v.kept(k)
}

// KeptOf implements exchange.CaseView.
func (v *view) KeptOf(id heed.CaseID) ([]exchange.Kept, error) {
	rows, err := list(v, readKept, `SELECT `+keptColumns+` FROM statement
		WHERE case_key = (SELECT key FROM cases WHERE id = $1) ORDER BY seq`, id[:])
	if err != nil {
		return nil, err
	}
	all := make([]exchange.Kept, len(rows))
	for i, k := range rows {
		if all[i], err = v.kept(k); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Strays implements exchange.CaseView.
func (v *view) Strays() (int, error) {
	n, err := find(v, (*row).int, `SELECT COUNT(*) FROM statement WHERE case_key IN (SELECT key FROM cases WHERE code IS NULL)`)
	return int(n), err
}

// Demands implements exchange.CaseView.
func (v *view) Demands(peer heed.PartyID, urgency heed.Urgency, since time.Time) (int, error) {
	n, err := find(v, (*row).int, `SELECT COUNT(*) FROM statement WHERE asker = $1 AND urgency = $2 AND arrived > $3`,
		string(peer), string(urgency), since)
	return int(n), err
}

// PutRelease implements exchange.CaseTx.
func (t *tx) PutRelease(id heed.ReleaseID, note []byte) error {
	return t.run(`INSERT INTO release (id, note) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id[:], whole(note))
}

// Release implements exchange.CaseView.
func (v *view) Release(id heed.ReleaseID) ([]byte, error) {
	return find(v, (*row).bytes, `SELECT note FROM release WHERE id = $1`, id[:])
}

// PutContent implements exchange.CaseTx.
func (t *tx) PutContent(c exchange.Content) error {
	if c.Ref.Digest.IsZero() || c.Ref.Size != int64(len(c.Data)) {
		return errors.New("store: a content that is not of its digest and size")
	}
	return t.run(`INSERT INTO content (digest, size, media, name, salt, data) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (digest) DO NOTHING`,
		c.Ref.Digest[:], c.Ref.Size, c.Ref.MediaType, c.Ref.Name, c.Salt[:], whole(c.Data))
}

// Content implements exchange.CaseView.
func (v *view) Content(digest heed.Digest) (exchange.Content, error) {
	return find(v, func(r *row) exchange.Content {
		return exchange.Content{
			Ref:  heed.ContentRef{Digest: digest, Size: r.int(), MediaType: r.text(), Name: r.text()},
			Salt: r.digest(), Data: r.bytes(),
		}
	}, `SELECT size, media, name, salt, data FROM content WHERE digest = $1`, digest[:])
}
