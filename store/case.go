package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// Case implements exchange.CaseView.
func (v *view) Case(id heed.CaseID) (heed.Case, error) {
	statements, err := v.statements(id)
	if err != nil {
		return heed.Case{}, err
	}
	return heed.Fold(id, statements), nil
}

// CasesOf implements exchange.CaseView. A case whose opening is missing has no
// code yet; one whose opening was dropped is still found by it.
func (v *view) CasesOf(code heed.Code) ([]heed.CaseID, error) {
	return list(v, readCaseID, `SELECT id FROM cases WHERE code = $1 ORDER BY id`, string(code))
}

func readCaseID(r *row) heed.CaseID { return heed.CaseID(r.digest()) }

// Cases implements exchange.CaseView. Of two that changed at once, the one
// that came later is first.
func (v *view) Cases(limit int) ([]exchange.CaseRow, error) {
	return list(v, func(r *row) exchange.CaseRow {
		return exchange.CaseRow{
			ID: readCaseID(r), Code: heed.Code(r.text()), Peer: heed.PartyID(r.text()), Ours: r.bool(),
			Urgency: heed.Urgency(r.text()), Status: heed.Status(r.text()), Stage: heed.State(r.text()),
			Opened: r.time(), Changed: r.time(),
		}
	}, `SELECT id, listed_code, peer, ours, urgency, status, stage, opened, changed FROM cases
		WHERE changed IS NOT NULL ORDER BY changed DESC, key DESC LIMIT $1`, atLeastNone(limit))
}

// atLeastNone keeps a negative limit from meaning none at all.
func atLeastNone(limit int) int { return max(limit, 0) }

// Taking implements exchange.CaseView.
func (v *view) Taking(id heed.CaseID) (exchange.Taking, error) {
	return find(v, func(r *row) exchange.Taking {
		return exchange.Taking{Officer: heed.OfficerID(r.text()), At: r.time()}
	}, `SELECT officer, at FROM taking WHERE case_id = $1`, id[:])
}

// Take implements exchange.CaseTx. The zero Taking gives the case back.
func (t *tx) Take(id heed.CaseID, taking exchange.Taking) error {
	if taking.Officer == "" {
		return t.run(`DELETE FROM taking WHERE case_id = $1`, id[:])
	}
	return t.run(`INSERT INTO taking (case_id, officer, at) VALUES ($1, $2, $3)
		ON CONFLICT (case_id) DO UPDATE SET officer = excluded.officer, at = excluded.at`, id[:], string(taking.Officer), taking.At)
}

// Readings implements exchange.CaseView. They come in the order in which they were added.
func (v *view) Readings(id heed.CaseID) ([]exchange.Reading, error) {
	return list(v, func(r *row) exchange.Reading {
		return exchange.Reading{Case: id, Officer: heed.OfficerID(r.text()), Role: heed.Role(r.text()), At: r.time()}
	}, `SELECT officer, role, at FROM reading WHERE case_id = $1 ORDER BY seq`, id[:])
}

// AddReading implements exchange.CaseTx.
func (t *tx) AddReading(reading exchange.Reading) error {
	return t.run(`INSERT INTO reading (case_id, officer, role, at) VALUES ($1, $2, $3, $4)`,
		reading.Case[:], string(reading.Officer), string(reading.Role), reading.At)
}

const dutyValues = 17

// putDuties writes one to dutiesAtOnce duties of a case, over what stood in
// their places.
var putDuties = func() (queries [dutiesAtOnce + 1]string) {
	for n := 1; n <= dutiesAtOnce; n++ {
		queries[n] = `INSERT INTO duty (case_key, place, kind, from_id, owed_by, owed_to, due, promised, discharge, at, refused, ended, level, expected, told, next, open)
			VALUES ` + places(n, dutyValues) + `
			ON CONFLICT (case_key, place) DO UPDATE SET kind = excluded.kind, from_id = excluded.from_id, owed_by = excluded.owed_by, owed_to = excluded.owed_to,
			due = excluded.due, promised = excluded.promised, discharge = excluded.discharge, at = excluded.at, refused = excluded.refused, ended = excluded.ended,
			level = excluded.level, expected = excluded.expected, told = excluded.told, next = excluded.next, open = excluded.open`
	}
	return queries
}()

const dutiesAtOnce = 8

// PutIndex implements exchange.CaseTx.
func (t *tx) PutIndex(c exchange.CaseRow, duties []exchange.IndexedDuty) error {
	key, err := t.caseKey(c.ID)
	if err != nil {
		return err
	}
	var wake any
	for _, d := range duties {
		if next := millis(d.Next); next != 0 && d.Open() && (wake == nil || next < wake.(int64)) {
			wake = next
		}
	}
	err = t.run(`UPDATE cases SET listed_code = $1, peer = $2, ours = $3, urgency = $4, status = $5, stage = $6, opened = $7, changed = $8, wake = $9 WHERE key = $10`,
		string(c.Code), string(c.Peer), c.Ours, string(c.Urgency), string(c.Status), string(c.Stage), c.Opened, c.Changed, wake, key)
	if err != nil {
		return err
	}
	args := make([]any, 0, dutiesAtOnce*dutyValues)
	place := 0
	for part := range slices.Chunk(duties, dutiesAtOnce) {
		args = args[:0]
		for i := range part {
			d := &part[i]
			args = append(args, key, place, string(d.Kind), d.From[:], string(d.OwedBy), string(d.OwedTo), d.Due, d.Promised,
				orNull(d.Discharge), d.At, d.Refused, orNull(d.Ended), d.Level, d.Expected, d.Told, d.Next, d.Open())
			place++
		}
		if err := t.run(putDuties[len(part)], args...); err != nil {
			return err
		}
	}
	w := t.write
	before := w.caseKeys[c.ID]
	w.caseKeys[c.ID] = heldCase{key: key, duties: place}
	w.undone(func() { w.caseKeys[c.ID] = before })
	if before.duties >= 0 && before.duties <= place {
		return nil
	}
	return t.run(`DELETE FROM duty WHERE case_key = $1 AND place >= $2`, key, place)
}

// places is the list of n rows of so many columns each: ($1, $2), ($3, $4).
func places(n, columns int) string {
	var b strings.Builder
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String() + ")"
}

const dutyColumns = `cases.id, cases.listed_code, cases.peer, cases.status,
	duty.kind, duty.from_id, duty.owed_by, duty.owed_to, duty.due, duty.promised, duty.discharge, duty.at, duty.refused,
	duty.ended, duty.level, duty.expected, duty.told, duty.next`

func readDuty(r *row) exchange.IndexedDuty {
	return exchange.IndexedDuty{
		Case: readCaseID(r), Code: heed.Code(r.text()), Peer: heed.PartyID(r.text()), Status: heed.Status(r.text()),
		Duty: heed.Duty{
			Kind: heed.DutyKind(r.text()), From: heed.StatementID(r.digest()), OwedBy: heed.PartyID(r.text()), OwedTo: heed.PartyID(r.text()),
			Due: r.time(), Promised: r.time(), Discharge: heed.StatementID(r.digest()), At: r.time(), Refused: r.bool(),
			Ended: heed.StatementID(r.digest()), Level: int(r.int()), Expected: r.time(),
		},
		Told: int(r.int()), Next: r.time(),
	}
}

// Index implements exchange.CaseView. The order is that of PutIndex.
func (v *view) Index(id heed.CaseID) ([]exchange.IndexedDuty, error) {
	return list(v, readDuty, `SELECT `+dutyColumns+` FROM cases JOIN duty ON duty.case_key = cases.key
		WHERE cases.id = $1 ORDER BY duty.place`, id[:])
}

// OpenDuties implements exchange.CaseView.
func (v *view) OpenDuties(owedBy heed.PartyID, limit int) ([]exchange.IndexedDuty, error) {
	const order = ` ORDER BY duty.due, duty.owed_by, duty.case_key, duty.place LIMIT $1`
	if owedBy == "" {
		return list(v, readDuty, `SELECT `+dutyColumns+` FROM duty JOIN cases ON cases.key = duty.case_key
			WHERE duty.open = 1`+order, atLeastNone(limit))
	}
	return list(v, readDuty, `SELECT `+dutyColumns+` FROM duty JOIN cases ON cases.key = duty.case_key
		WHERE duty.open = 1 AND duty.owed_by = $2`+order, atLeastNone(limit), string(owedBy))
}

// Wakes implements exchange.CaseView.
func (v *view) Wakes(now time.Time, limit int) ([]exchange.IndexedDuty, error) {
	// Only a case's earliest time is indexed. That is enough: of the first n
	// cases by that time each has a duty that comes before all duties of any
	// later case, so the first n duties are among theirs.
	return list(v, readDuty, `SELECT `+dutyColumns+` FROM
		(SELECT key FROM cases WHERE wake IS NOT NULL AND wake <= $1 ORDER BY wake, key LIMIT $2) AS early
		JOIN cases ON cases.key = early.key JOIN duty ON duty.case_key = early.key
		WHERE duty.open = 1 AND duty.next <> 0 AND duty.next <= $1
		ORDER BY duty.next, duty.case_key, duty.place LIMIT $2`, now, atLeastNone(limit))
}

// NextWake implements exchange.CaseView.
func (v *view) NextWake() (time.Time, error) {
	return find(v, (*row).time, `SELECT wake FROM cases WHERE wake IS NOT NULL ORDER BY wake LIMIT 1`)
}
