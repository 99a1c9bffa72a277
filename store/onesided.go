package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/post"
	"heed/wire"
)

type contactRow struct {
	version heed.Digest
	note    []byte
}

func readContact(r *row) contactRow { return contactRow{r.digest(), r.bytes()} }

// contact parses what was verified before it was kept.
func contact(c contactRow) (exchange.KeptContact, error) {
	parsed, err := wire.ParseContact(c.note)
	if err == nil && heed.Digest(parsed.Version) != c.version {
		err = errors.New("it is not of its name")
	}
	if err != nil {
		return exchange.KeptContact{}, fmt.Errorf("store: contact %s: %w", c.version, err)
	}
	return exchange.KeptContact{Contact: parsed, Note: c.note}, nil
}

// Contact implements exchange.OneSidedView.
func (v *view) Contact(id heed.ContactID) (exchange.KeptContact, error) {
	c, err := find(v, readContact, `SELECT version, note FROM contact WHERE name = $1 ORDER BY serial DESC LIMIT 1`, string(id))
	if err != nil {
		return exchange.KeptContact{}, err
	}
	return contact(c)
}

// ContactVersion implements exchange.OneSidedView.
func (v *view) ContactVersion(id heed.ContactVersionID) (exchange.KeptContact, error) {
	c, err := find(v, readContact, `SELECT version, note FROM contact WHERE version = $1`, id[:])
	if err != nil {
		return exchange.KeptContact{}, err
	}
	return contact(c)
}

// Contacts implements exchange.OneSidedView.
func (v *view) Contacts() ([]exchange.KeptContact, error) {
	rows, err := list(v, readContact, `SELECT version, note FROM contact
		WHERE serial = (SELECT MAX(serial) FROM contact AS newer WHERE newer.name = contact.name) ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var all []exchange.KeptContact
	for _, c := range rows {
		k, err := contact(c)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// PutContact implements exchange.OneSidedTx.
func (t *tx) PutContact(k exchange.KeptContact) error {
	c := k.Contact
	return t.run(`INSERT INTO contact (version, name, serial, note) VALUES ($1, $2, $3, $4)`, c.Version[:], string(c.ID), int64(c.Serial), k.Note)
}

type entryRow struct {
	note []byte
	key  heed.Digest
}

// EntriesOf implements exchange.OneSidedView.
func (v *view) EntriesOf(id heed.CaseID) ([]exchange.KeptEntry, error) {
	rows, err := list(v, func(r *row) entryRow { return entryRow{r.bytes(), r.digest()} }, `SELECT note, tag_key FROM entry WHERE case_id = $1 ORDER BY seq`, id[:])
	if err != nil {
		return nil, err
	}
	var all []exchange.KeptEntry
	for _, e := range rows {
		parsed, err := wire.ReadEntry(e.note)
		if err != nil {
			return nil, fmt.Errorf("store: one-sided case %s: %w", id, err)
		}
		all = append(all, exchange.KeptEntry{Entry: parsed, Note: e.note, Key: ledger.Key(e.key)})
	}
	return all, nil
}

// OneSided implements exchange.OneSidedView.
func (v *view) OneSided(id heed.CaseID) (heed.OneSided, error) {
	kept, err := v.EntriesOf(id)
	if err != nil {
		return heed.OneSided{}, err
	}
	if len(kept) == 0 {
		return heed.OneSided{}, fmt.Errorf("one-sided case %s: %w", id, exchange.ErrNotFound)
	}
	entries := make([]heed.Entry, len(kept))
	for i, k := range kept {
		entries[i] = k.Entry
	}
	return heed.FoldOneSided(id, entries), nil
}

// OneSidedOf implements exchange.OneSidedView.
func (v *view) OneSidedOf(code heed.Code) ([]heed.CaseID, error) {
	return list(v, readCaseID, `SELECT id FROM one_sided WHERE code = $1 ORDER BY id`, string(code))
}

// OneSidedCases implements exchange.OneSidedView.
func (v *view) OneSidedCases(limit int) ([]exchange.OneSidedRow, error) {
	return list(v, func(r *row) exchange.OneSidedRow {
		return exchange.OneSidedRow{
			ID: readCaseID(r), Code: heed.Code(r.text()), Contact: heed.ContactID(r.text()), Warned: heed.Side(r.text()),
			Urgency: heed.Urgency(r.text()), Status: heed.Status(r.text()), Stage: heed.State(r.text()), Opened: r.time(), Changed: r.time(),
		}
	}, `SELECT id, code, contact, warned, urgency, status, stage, opened, changed FROM one_sided ORDER BY changed DESC, id LIMIT $1`, atLeastNone(limit))
}

// KeepEntry implements exchange.OneSidedTx.
func (t *tx) KeepEntry(k exchange.KeptEntry) error {
	id := k.Entry.CaseID()
	return t.run(`INSERT INTO entry (id, case_id, note, tag_key) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, k.Entry.ID[:], id[:], k.Note, k.Key[:])
}

// PutOneSidedIndex implements exchange.OneSidedTx.
func (t *tx) PutOneSidedIndex(c exchange.OneSidedRow, duties []exchange.OneSidedIndexed) error {
	err := t.run(`INSERT INTO one_sided (id, code, contact, warned, urgency, status, stage, opened, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, contact = excluded.contact, warned = excluded.warned, urgency = excluded.urgency,
		status = excluded.status, stage = excluded.stage, opened = excluded.opened, changed = excluded.changed`,
		c.ID[:], string(c.Code), string(c.Contact), string(c.Warned), string(c.Urgency), string(c.Status), string(c.Stage), c.Opened, c.Changed)
	if err != nil {
		return err
	}
	if err := t.run(`DELETE FROM one_sided_duty WHERE case_id = $1`, c.ID[:]); err != nil {
		return err
	}
	for _, d := range duties {
		err := t.run(`INSERT INTO one_sided_duty (case_id, kind, owed_by, from_id, due, discharge, at, refused, ended, reminded, told, next, open)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			c.ID[:], string(d.Kind), string(d.OwedBy), d.From[:], d.Due, orNull(d.Discharge), d.At, d.Refused, orNull(d.Ended), d.Reminded, d.Told, d.Next, d.Open())
		if err != nil {
			return err
		}
	}
	return nil
}

const oneSidedDuty = `SELECT case_id, kind, owed_by, from_id, due, discharge, at, refused, ended, reminded, told, next FROM one_sided_duty `

func readOneSidedDuty(r *row) exchange.OneSidedIndexed {
	return exchange.OneSidedIndexed{
		Case: readCaseID(r),
		OneSidedDuty: heed.OneSidedDuty{
			Kind: heed.DutyKind(r.text()), OwedBy: heed.Side(r.text()), From: heed.EntryID(r.digest()), Due: r.time(),
			Discharge: heed.EntryID(r.digest()), At: r.time(), Refused: r.bool(), Ended: heed.EntryID(r.digest()), Reminded: int(r.int()),
		},
		Told: int(r.int()), Next: r.time(),
	}
}

// OneSidedIndex implements exchange.OneSidedView.
func (v *view) OneSidedIndex(id heed.CaseID) ([]exchange.OneSidedIndexed, error) {
	return list(v, readOneSidedDuty, oneSidedDuty+`WHERE case_id = $1 ORDER BY due, kind`, id[:])
}

// OneSidedOpen implements exchange.OneSidedView.
func (v *view) OneSidedOpen(limit int) ([]exchange.OneSidedIndexed, error) {
	return list(v, readOneSidedDuty, oneSidedDuty+`WHERE open = 1 ORDER BY due, case_id, kind LIMIT $1`, atLeastNone(limit))
}

// OneSidedWakes implements exchange.OneSidedView.
func (v *view) OneSidedWakes(now time.Time, limit int) ([]exchange.OneSidedIndexed, error) {
	return list(v, readOneSidedDuty, oneSidedDuty+`WHERE open = 1 AND next > 0 AND next <= $1 ORDER BY next, case_id, kind LIMIT $2`, now, atLeastNone(limit))
}

const oneSidedTask = `SELECT id, case_id, kind, duty, due, level, sort, entry, officer, contact, created, attempts, next_at, trouble FROM one_sided_task `

func readOneSidedTask(r *row) exchange.OneSidedTask {
	return exchange.OneSidedTask{
		ID: r.text(), Case: readCaseID(r), Kind: exchange.OneSidedTaskKind(r.text()), Duty: heed.DutyKind(r.text()), Due: r.time(), Level: int(r.int()),
		Sort: post.Sort(r.text()), Entry: heed.EntryID(r.digest()), Officer: heed.OfficerID(r.text()), Contact: heed.ContactVersionID(r.digest()), Created: r.time(),
		Attempts: int(r.int()), NextAt: r.time(), Trouble: r.text(),
	}
}

// OneSidedTasks implements exchange.OneSidedView.
func (v *view) OneSidedTasks(now time.Time, limit int) ([]exchange.OneSidedTask, error) {
	return list(v, readOneSidedTask, oneSidedTask+`WHERE waiting = 1 AND next_at <= $1 ORDER BY created, seq LIMIT $2`, now, atLeastNone(limit))
}

// OneSidedTasksOf implements exchange.OneSidedView.
func (v *view) OneSidedTasksOf(id heed.CaseID) ([]exchange.OneSidedTask, error) {
	return list(v, readOneSidedTask, oneSidedTask+`WHERE waiting = 1 AND case_id = $1 ORDER BY created, seq`, id[:])
}

// AddOneSidedTask implements exchange.OneSidedTx.
func (t *tx) AddOneSidedTask(k exchange.OneSidedTask) error {
	if k.ID == "" {
		return errors.New("store: a task without an id")
	}
	return t.run(`INSERT INTO one_sided_task (id, case_id, kind, duty, due, level, sort, entry, officer, contact, created, attempts, next_at, trouble, waiting, done)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, 0) ON CONFLICT (id) DO NOTHING`,
		k.ID, k.Case[:], string(k.Kind), string(k.Duty), k.Due, k.Level, string(k.Sort), orNull(k.Entry), string(k.Officer), orNull(k.Contact), k.Created, k.Attempts, k.NextAt, k.Trouble)
}

// OneSidedTried implements exchange.OneSidedTx. What is not in the queue is left alone.
func (t *tx) OneSidedTried(id string, next time.Time, trouble string) error {
	return t.run(`UPDATE one_sided_task SET attempts = attempts + 1, next_at = $1, trouble = $2 WHERE id = $3 AND waiting = 1`, next, trouble, id)
}

// OneSidedDone implements exchange.OneSidedTx. What is not in the queue is left alone.
func (t *tx) OneSidedDone(id string, at time.Time) error {
	return t.run(`UPDATE one_sided_task SET waiting = 0, done = $1 WHERE id = $2 AND waiting = 1`, at, id)
}

// NextOneSided implements exchange.OneSidedView. A task without a NextAt is due at
// once, and its zero time the earliest.
func (v *view) NextOneSided() (time.Time, error) {
	task, noTask := find(v, (*row).time, `SELECT next_at FROM one_sided_task WHERE waiting = 1 ORDER BY next_at LIMIT 1`)
	duty, noDuty := find(v, (*row).time, `SELECT next FROM one_sided_duty WHERE open = 1 AND next > 0 ORDER BY next LIMIT 1`)
	for _, err := range []error{noTask, noDuty} {
		if err != nil && !errors.Is(err, exchange.ErrNotFound) {
			return time.Time{}, err
		}
	}
	switch {
	case noTask != nil:
		return duty, noDuty
	case noDuty != nil || task.Before(duty):
		return task, nil
	}
	return duty, nil
}

// oneSided reads every contact and one-sided case, with their signatures left
// alone, and holds the index of duties against the fold.
func (c *checker) oneSided() error {
	versions, err := list(c.view, readContact, `SELECT version, note FROM contact`)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if _, err := contact(v); err != nil {
			if err := c.damage("%v", err); err != nil {
				return err
			}
		}
	}
	n, err := find(c.view, (*row).int, `SELECT COUNT(*) FROM one_sided_duty WHERE open <> (discharge IS NULL AND ended IS NULL)`)
	if err == nil && n > 0 {
		err = c.damage("%d replies of one-sided cases are listed as open and were given, or the other way round", n)
	}
	if err != nil {
		return err
	}
	ids, err := list(c.view, readCaseID, `SELECT DISTINCT case_id FROM entry UNION SELECT id FROM one_sided`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.oneSidedCase(id); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) oneSidedCase(id heed.CaseID) error {
	folded, err := c.OneSided(id)
	if err != nil {
		return c.damage("%v", err)
	}
	if folded.Opening.ID.IsZero() {
		return c.damage("the entry that opened one-sided case %s is missing", id)
	}
	if _, err := c.ContactVersion(folded.Terms); err != nil {
		return c.damage("one-sided case %s: %v", folded.Code, err)
	}
	for _, e := range folded.Entries {
		for _, ref := range e.Contents {
			if _, err := c.Content(ref.Digest); err != nil {
				if err := c.damage("one-sided case %s: a content of entry %s is not here: %v", folded.Code, e.ID.Short(), err); err != nil {
					return err
				}
			}
		}
	}
	listed, err := c.OneSidedOf(folded.Code)
	if err != nil {
		return err
	}
	if !slices.Contains(listed, id) {
		if err := c.damage("one-sided case %s is not listed under its code", folded.Code); err != nil {
			return err
		}
	}
	index, err := c.OneSidedIndex(id)
	if err != nil {
		return err
	}
	indexed := map[heed.DutyKind]heed.OneSidedDuty{}
	for _, d := range index {
		indexed[d.Kind] = d.OneSidedDuty
	}
	if len(index) != len(folded.Duties) {
		return c.damage("one-sided case %s: what is owed is not indexed as its entries say", folded.Code)
	}
	for _, d := range folded.Duties {
		held, ok := indexed[d.Kind]
		same := ok && held.OwedBy == d.OwedBy && held.From == d.From && held.Due.Equal(d.Due) && held.Discharge == d.Discharge && held.At.Equal(d.At) && held.Refused == d.Refused && held.Ended == d.Ended && held.Reminded == d.Reminded
		if !same {
			return c.damage("one-sided case %s: what is owed is not indexed as its entries say", folded.Code)
		}
	}
	return nil
}
