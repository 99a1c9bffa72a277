package store

import (
	"encoding/json"
	"fmt"
	"time"

	"heed"
	"heed/exchange"
)

// PutNews implements exchange.NoticeTx.
func (t *tx) PutNews(n exchange.CaseNews) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("store: news of case %s: %w", n.Case, err)
	}
	return t.run(`INSERT INTO news (case_id, body, arrived, waiting, next_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id) DO UPDATE SET body = excluded.body, arrived = excluded.arrived, waiting = excluded.waiting, next_at = excluded.next_at`,
		n.Case[:], string(body), n.Arrived, n.Waiting, n.NextAt)
}

// readNews reads case_id, body, arrived, waiting and next_at.
func readNews(r *row) (n exchange.CaseNews, err error) {
	id, body := readCaseID(r), r.text()
	arrived, waiting, next := r.time(), r.bool(), r.time()
	if r.err != nil {
		return n, nil // the caller sees r.err
	}
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		return n, fmt.Errorf("store: news of case %s: %w", id, err)
	}
	n.Case, n.Arrived, n.Waiting, n.NextAt = id, arrived, waiting, next
	return n, nil
}

func (v *view) allNews(where string, args ...any) (all []exchange.CaseNews, err error) {
	err = v.query(`SELECT case_id, body, arrived, waiting, next_at FROM news `+where, func(r *row) error {
		n, err := readNews(r)
		all = append(all, n)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// News implements exchange.NoticeView.
func (v *view) News(id heed.CaseID) (exchange.CaseNews, error) {
	all, err := v.allNews(`WHERE case_id = $1`, id[:])
	if err == nil && len(all) == 0 {
		err = exchange.ErrNotFound
	}
	if err != nil {
		return exchange.CaseNews{}, err
	}
	return all[0], nil
}

// LatestNews implements exchange.NoticeView.
func (v *view) LatestNews(since time.Time, limit int) ([]exchange.CaseNews, error) {
	return v.allNews(`WHERE arrived > 0 AND arrived >= $1 ORDER BY arrived DESC, case_id LIMIT $2`, since, atLeastNone(limit))
}

// DueNews implements exchange.NoticeView.
func (v *view) DueNews(now time.Time, limit int) ([]exchange.CaseNews, error) {
	return v.allNews(`WHERE waiting = 1 AND next_at <= $1 ORDER BY next_at, case_id LIMIT $2`, now, atLeastNone(limit))
}

// NextNews implements exchange.NoticeView.
func (v *view) NextNews() (time.Time, error) {
	return find(v, (*row).time, `SELECT next_at FROM news WHERE waiting = 1 ORDER BY next_at LIMIT 1`)
}
