package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"heed"
	"heed/exchange"
)

const listColumns = `id, list, state, format, file, digest, officer, role, reason, urgency, threshold, began, changed, ended, entries, persons, vehicles, organisations,
	unread, partial, added, altered, removed`

func readListImport(r *row) exchange.ListImport {
	return exchange.ListImport{
		ID: r.int(), List: r.text(), State: exchange.ListState(r.text()), Format: r.text(), File: r.text(), Digest: r.digest(), Officer: heed.OfficerID(r.text()),
		Role: heed.Role(r.text()), Reason: r.text(), Urgency: heed.Urgency(r.text()), Threshold: float64(r.int()) / 1e6, Began: r.time(), Changed: r.time(), Ended: r.time(),
		Entries: r.int(), Persons: r.int(), Vehicles: r.int(), Organisations: r.int(), Unread: r.int(), Partial: r.int(),
		ListDiff: exchange.ListDiff{Added: r.int(), Altered: r.int(), Removed: r.int()},
	}
}

// Lists implements exchange.ListView.
func (v *view) Lists() ([]exchange.ListImport, error) {
	return list(v, readListImport, `SELECT `+listColumns+` FROM list_import WHERE state = 'current' ORDER BY list`)
}

// ListImports implements exchange.ListView.
func (v *view) ListImports(name string, limit int) ([]exchange.ListImport, error) {
	return list(v, readListImport, `SELECT `+listColumns+` FROM list_import WHERE list = $1 ORDER BY id DESC LIMIT $2`, name, limit)
}

// ListImport implements exchange.ListView.
func (v *view) ListImport(id int64) (exchange.ListImport, error) {
	return find(v, readListImport, `SELECT `+listColumns+` FROM list_import WHERE id = $1`, id)
}

// StagedLists implements exchange.ListView.
func (v *view) StagedLists() ([]exchange.ListImport, error) {
	return list(v, readListImport, `SELECT `+listColumns+` FROM list_import WHERE state = 'staged' ORDER BY id`)
}

// listEntryRow is an entry whose subject is not parsed yet.
type listEntryRow struct {
	entry   string
	subject []byte
}

func readListEntry(r *row) listEntryRow { return listEntryRow{r.text(), r.bytes()} }

func (r listEntryRow) parse() (exchange.ListEntry, error) {
	e := exchange.ListEntry{Entry: r.entry}
	if err := json.Unmarshal(r.subject, &e.Subject); err != nil {
		return e, fmt.Errorf("store: %w: entry %q of a watch list cannot be read: %w", ErrDamaged, r.entry, err)
	}
	return e, nil
}

// ListEntries implements exchange.ListView.
func (v *view) ListEntries(id int64, after string, limit int) ([]exchange.ListEntry, error) {
	rows, err := list(v, readListEntry, `SELECT entry, subject FROM list_entry WHERE import = $1 AND entry > $2 ORDER BY entry LIMIT $3`, id, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]exchange.ListEntry, len(rows))
	for i, r := range rows {
		if all[i], err = r.parse(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ListRemoved implements exchange.ListView.
func (v *view) ListRemoved(id, later int64, after string, limit int) ([]string, error) {
	return list(v, (*row).text, `SELECT entry FROM list_entry AS before WHERE import = $1 AND entry > $2
		AND NOT EXISTS (SELECT 1 FROM list_entry WHERE import = $3 AND entry = before.entry) ORDER BY entry LIMIT $4`, id, after, later, limit)
}

// CompareLists implements exchange.ListView.
func (v *view) CompareLists(id, later int64) (d exchange.ListDiff, err error) {
	count := func(to *int64, query string, args ...any) {
		if err == nil {
			*to, err = find(v, (*row).int, query, args...)
		}
	}
	count(&d.Added, `SELECT COUNT(*) FROM list_entry AS later WHERE import = $1
		AND NOT EXISTS (SELECT 1 FROM list_entry WHERE import = $2 AND entry = later.entry)`, later, id)
	count(&d.Removed, `SELECT COUNT(*) FROM list_entry AS before WHERE import = $1
		AND NOT EXISTS (SELECT 1 FROM list_entry WHERE import = $2 AND entry = before.entry)`, id, later)
	count(&d.Altered, `SELECT COUNT(*) FROM list_entry AS later JOIN list_entry AS before ON before.import = $1 AND before.entry = later.entry
		WHERE later.import = $2 AND later.subject <> before.subject`, id, later)
	return d, err
}

// ListLeftovers implements exchange.ListView.
func (v *view) ListLeftovers(limit int) ([]int64, error) {
	return list(v, (*row).int, `SELECT id FROM list_import WHERE state NOT IN ('current', 'staged')
		AND EXISTS (SELECT 1 FROM list_entry WHERE import = list_import.id) ORDER BY id LIMIT $1`, limit)
}

// ListedSubjects implements exchange.ListView.
func (v *view) ListedSubjects() (int64, error) {
	return find(v, (*row).int, `SELECT COALESCE(SUM(entries), 0) FROM list_import WHERE state = 'current'`)
}

// PutListImport implements exchange.ListTx.
func (t *tx) PutListImport(i exchange.ListImport) (int64, error) {
	if i.List == "" || i.State == "" {
		return 0, errors.New("store: an import of a watch list without a name or a state")
	}
	if i.ID == 0 {
		highest, err := find(&t.view, (*row).int, `SELECT MAX(id) FROM list_import`)
		if err != nil {
			return 0, err
		}
		i.ID = highest + 1
	}
	return i.ID, t.run(`INSERT INTO list_import (`+listColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		ON CONFLICT (id) DO UPDATE SET list = excluded.list, state = excluded.state, format = excluded.format, file = excluded.file, digest = excluded.digest,
		officer = excluded.officer, role = excluded.role, reason = excluded.reason, urgency = excluded.urgency, threshold = excluded.threshold, began = excluded.began,
		changed = excluded.changed, ended = excluded.ended, entries = excluded.entries, persons = excluded.persons, vehicles = excluded.vehicles,
		organisations = excluded.organisations, unread = excluded.unread, partial = excluded.partial, added = excluded.added, altered = excluded.altered, removed = excluded.removed`,
		i.ID, i.List, string(i.State), i.Format, i.File, orNull(i.Digest), string(i.Officer), string(i.Role), i.Reason, string(i.Urgency), millionths(i.Threshold),
		i.Began, i.Changed, i.Ended, i.Entries, i.Persons, i.Vehicles, i.Organisations, i.Unread, i.Partial, i.Added, i.Altered, i.Removed)
}

// AddListEntry implements exchange.ListTx.
func (t *tx) AddListEntry(id int64, e exchange.ListEntry) error {
	if e.Entry == "" {
		return errors.New("store: an entry of a watch list without a number")
	}
	e.Subject.ID, e.Subject.Urgency = "", ""
	subject, err := json.Marshal(e.Subject)
	if err != nil {
		return fmt.Errorf("store: entry %q of a watch list: %w", e.Entry, err)
	}
	return t.run(`INSERT INTO list_entry (import, entry, subject) VALUES ($1, $2, $3) ON CONFLICT (import, entry) DO UPDATE SET subject = excluded.subject`, id, e.Entry, subject)
}

// ForgetListEntries implements exchange.ListTx. Whoever was on a list is not to be
// read in the database after the list has gone.
func (t *tx) ForgetListEntries(id int64, limit int) (int64, error) {
	n, err := t.exec(`DELETE FROM list_entry WHERE import = $1 AND entry IN (SELECT entry FROM list_entry WHERE import = $1 ORDER BY entry LIMIT $2)`, id, limit)
	if n > 0 {
		t.write.scrub = true
	}
	return n, err
}

// lists holds the entries of imports against what they say of themselves, for a
// check of the database.
func (c *checker) lists() error {
	known := map[int64]exchange.ListImport{}
	err := c.query(`SELECT `+listColumns+` FROM list_import ORDER BY id`, func(r *row) error {
		i := readListImport(r)
		known[i.ID] = i
		return c.step(0)
	})
	if err != nil {
		return err
	}
	count := map[int64]int64{}
	err = c.query(`SELECT import, entry, subject FROM list_entry`, func(r *row) error {
		id := r.int()
		e, err := readListEntry(r).parse()
		count[id]++
		switch {
		case err != nil:
			err = c.damage("entry %q of a watch list cannot be read", e.Entry)
		case known[id].ID == 0:
			err = c.damage("entry %q of a watch list belongs to import %d, which is not there", e.Entry, id)
		}
		return errors.Join(err, c.step(0))
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if i := known[id]; i.State == exchange.ListCurrent && count[id] != i.Entries {
			if err := c.damage("watch list %s has %d entries, and its import says %d", i.List, count[id], i.Entries); err != nil {
				return err
			}
		}
	}
	return nil
}
