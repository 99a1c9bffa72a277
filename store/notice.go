package store

import (
	"encoding/json"
	"fmt"
	"time"

	"heed"
	"heed/exchange"
)

// AddNotice implements exchange.NoticeTx.
func (t *tx) AddNotice(n exchange.Notice) error {
	if t.ended {
		return ErrEnded
	}
	rung, err := json.Marshal(n.Rung)
	if err != nil {
		return fmt.Errorf("store: notice %s: %w", n.ID, err)
	}
	ring, err := json.Marshal(n.Ring)
	if err != nil {
		return fmt.Errorf("store: notice %s: %w", n.ID, err)
	}
	w := t.write
	added, err := t.exec(`INSERT INTO notice (seq, id, case_id, code, party, peer, duty, from_id, owed_by, due, level, rung, ring, exercise, created, attempts, next_at, trouble, waiting, told)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1, 0) ON CONFLICT (id) DO NOTHING`,
		w.nextNotice, n.ID, n.Case[:], string(n.Code), string(n.Party), string(n.Peer), string(n.Duty), n.From[:], string(n.OwedBy), n.Due, n.Level,
		string(rung), string(ring), n.Exercise, n.Created, n.Attempts, n.NextAt, n.Trouble)
	if err != nil || added == 0 {
		return err
	}
	w.nextNotice++
	w.undone(func() { w.nextNotice-- })
	return nil
}

// DueNotices implements exchange.NoticeView.
func (v *view) DueNotices(now time.Time, limit int) ([]exchange.Notice, error) {
	var due []exchange.Notice
	err := v.query(`SELECT id, case_id, code, party, peer, duty, from_id, owed_by, due, level, rung, ring, exercise, created, attempts, next_at, trouble
		FROM notice WHERE waiting = 1 AND next_at <= $1 ORDER BY created, seq LIMIT $2`, func(r *row) error {
		n := exchange.Notice{
			ID: r.text(), Case: readCaseID(r), Code: heed.Code(r.text()), Party: heed.PartyID(r.text()), Peer: heed.PartyID(r.text()),
			Duty: heed.DutyKind(r.text()), From: heed.StatementID(r.digest()), OwedBy: heed.PartyID(r.text()), Due: r.time(), Level: int(r.int()),
		}
		for _, to := range []*heed.Rung{&n.Rung, &n.Ring} {
			if text := r.text(); r.err == nil {
				if err := json.Unmarshal([]byte(text), to); err != nil {
					return fmt.Errorf("store: notice %s: %w", n.ID, err)
				}
			}
		}
		n.Exercise, n.Created, n.Attempts, n.NextAt, n.Trouble = r.bool(), r.time(), int(r.int()), r.time(), r.text()
		due = append(due, n)
		return nil
	}, now, atLeastNone(limit))
	if err != nil {
		return nil, err
	}
	return due, nil
}

// NextNotice implements exchange.NoticeView. A notice without a NextAt is due
// at once, and its zero time the earliest.
func (v *view) NextNotice() (time.Time, error) {
	return find(v, (*row).time, `SELECT next_at FROM notice WHERE waiting = 1 ORDER BY next_at LIMIT 1`)
}

// Notices implements exchange.NoticeView.
func (v *view) Notices() (int, error) {
	n, err := find(v, (*row).int, `SELECT (SELECT COUNT(*) FROM notice WHERE waiting = 1) + (SELECT COUNT(*) FROM news WHERE waiting = 1)`)
	return int(n), err
}

// NoticeTried implements exchange.NoticeTx. What is not in the queue is left alone.
func (t *tx) NoticeTried(id string, next time.Time, trouble string) error {
	return t.run(`UPDATE notice SET attempts = attempts + 1, next_at = $1, trouble = $2 WHERE id = $3 AND waiting = 1`, next, trouble, id)
}

// NoticeTold implements exchange.NoticeTx. What is not in the queue is left alone.
func (t *tx) NoticeTold(id string, at time.Time) error {
	return t.run(`UPDATE notice SET waiting = 0, told = $1 WHERE id = $2 AND waiting = 1`, at, id)
}
