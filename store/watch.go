package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

const watchColumns = `SELECT case_id, under, source, by_notice, subjects, effective, due, told, next, compared FROM watches `

func readWatch(r *row) exchange.WatchRow {
	return exchange.WatchRow{
		Case: readCaseID(r), Under: heed.AccordID(r.digest()), Source: heed.StatementID(r.digest()), By: heed.StatementID(r.digest()),
		Subjects: int(r.int()), Effective: r.time(), Due: r.time(), Told: int(r.int()), Next: r.time(), Compared: r.bool(),
	}
}

// WatchRow implements exchange.WatchView.
func (v *view) WatchRow(id heed.CaseID) (exchange.WatchRow, error) {
	return find(v, readWatch, watchColumns+`WHERE case_id = $1`, id[:])
}

// WatchRows implements exchange.WatchView.
func (v *view) WatchRows(after heed.CaseID, limit int) ([]exchange.WatchRow, error) {
	return list(v, readWatch, watchColumns+`WHERE case_id > $1 ORDER BY case_id LIMIT $2`, after[:], atLeastNone(limit))
}

// WatchesDue implements exchange.WatchView.
func (v *view) WatchesDue(now time.Time, limit int) ([]exchange.WatchRow, error) {
	return list(v, readWatch, watchColumns+`WHERE next > 0 AND next <= $1 ORDER BY next, case_id LIMIT $2`, now, atLeastNone(limit))
}

// NextWatch implements exchange.WatchView.
func (v *view) NextWatch() (time.Time, error) {
	return find(v, (*row).time, `SELECT next FROM watches WHERE next > 0 ORDER BY next LIMIT 1`)
}

// WatchesUncompared implements exchange.WatchView.
func (v *view) WatchesUncompared(limit int) ([]heed.CaseID, error) {
	return list(v, readCaseID, `SELECT case_id FROM watches WHERE compared = 0 ORDER BY case_id LIMIT $1`, atLeastNone(limit))
}

// Decisions implements exchange.WatchView.
func (v *view) Decisions(limit int) ([]exchange.WatchRow, error) {
	return list(v, readWatch, watchColumns+`WHERE due > 0 AND told >= 0 ORDER BY due, case_id LIMIT $1`, atLeastNone(limit))
}

// WatchedSubjects implements exchange.WatchView.
func (v *view) WatchedSubjects() (int64, error) {
	return find(v, (*row).int, `SELECT COALESCE(SUM(subjects), 0) FROM watches`)
}

// PutWatch implements exchange.WatchTx.
func (t *tx) PutWatch(w exchange.WatchRow) error {
	return t.run(`INSERT INTO watches (case_id, under, source, by_notice, subjects, effective, due, told, next, compared)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (case_id) DO UPDATE SET under = excluded.under, source = excluded.source, by_notice = excluded.by_notice, subjects = excluded.subjects,
		effective = excluded.effective, due = excluded.due, told = excluded.told, next = excluded.next, compared = excluded.compared`,
		w.Case[:], orNull(w.Under), orNull(w.Source), orNull(w.By), w.Subjects, w.Effective, w.Due, w.Told, w.Next, w.Compared)
}

// LookAgain implements exchange.WatchTx.
func (t *tx) LookAgain(under heed.AccordID, by time.Time) error {
	return t.run(`UPDATE watches SET next = $1 WHERE under = $2 AND under IS NOT NULL AND (next = 0 OR next > $1)`, by, under[:])
}

// ForgetWatch implements exchange.WatchTx.
func (t *tx) ForgetWatch(id heed.CaseID) error {
	return t.run(`DELETE FROM watches WHERE case_id = $1`, id[:])
}

// linkRow is a link whose explanation is not read yet.
type linkRow struct {
	link exchange.Link
	hit  []byte
}

func readLink(r *row) linkRow {
	l := linkRow{link: exchange.Link{
		Case: readCaseID(r), Subject: watch.SubjectID(r.text()), Other: watch.SubjectID(r.text()), OtherCase: readCaseID(r), OtherList: r.text(),
	}}
	l.hit, l.link.At = r.bytes(), r.time()
	return l
}

// LinksOf implements exchange.WatchView.
func (v *view) LinksOf(id heed.CaseID) ([]exchange.Link, error) {
	return v.links(linkColumns+`WHERE case_id = $1 OR other_case = $1 ORDER BY seq`, id[:])
}

// LatestLinks implements exchange.WatchView.
func (v *view) LatestLinks(since time.Time, limit int) ([]exchange.Link, error) {
	return v.links(linkColumns+`WHERE at >= $1 ORDER BY at DESC, seq DESC LIMIT $2`, since, atLeastNone(limit))
}

// AlteredLinks implements exchange.WatchView.
func (v *view) AlteredLinks(name string, before, later int64) ([]exchange.Link, error) {
	return v.links(linkColumns+`WHERE other_case IS NULL AND other_list = $1 AND EXISTS (SELECT 1 FROM list_entry AS later
		JOIN list_entry AS before ON before.import = $2 AND before.entry = later.entry
		WHERE later.import = $3 AND later.entry = substr(watch_link.other, $4) AND later.subject <> before.subject) ORDER BY seq`,
		name, before, later, len(watch.ListedID(name, ""))+1)
}

const linkColumns = `SELECT case_id, subject, other, other_case, other_list, hit, at FROM watch_link `

func (v *view) links(query string, args ...any) ([]exchange.Link, error) {
	rows, err := list(v, readLink, query, args...)
	if err != nil {
		return nil, err
	}
	var all []exchange.Link
	for _, r := range rows {
		if err := json.Unmarshal(r.hit, &r.link.Hit); err != nil {
			return nil, fmt.Errorf("store: %w: the explanation of a link of case %s cannot be read: %w", ErrDamaged, r.link.Case, err)
		}
		all = append(all, r.link)
	}
	return all, nil
}

// PutLink implements exchange.WatchTx.
func (t *tx) PutLink(l exchange.Link) error {
	hit, err := json.Marshal(l.Hit)
	if err != nil {
		return fmt.Errorf("store: link of case %s: %w", l.Case, err)
	}
	// The explanation before has what one of the two said before.
	n, err := t.exec(`UPDATE watch_link SET hit = $1 WHERE subject = $2 AND other = $3 AND hit <> $1`, hit, string(l.Subject), string(l.Other))
	if err != nil {
		return err
	}
	t.scrubbed(n)
	return t.run(`INSERT INTO watch_link (case_id, subject, other, other_case, other_list, hit, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (subject, other) DO NOTHING`,
		l.Case[:], string(l.Subject), string(l.Other), orNull(l.OtherCase), l.OtherList, hit, l.At)
}

// ForgetLink implements exchange.WatchTx.
func (t *tx) ForgetLink(subject, other watch.SubjectID) error {
	n, err := t.exec(`DELETE FROM watch_link WHERE subject = $1 AND other = $2`, string(subject), string(other))
	t.scrubbed(n)
	return err
}

// eraseLinks forgets the links of a case, whose explanations say what its contents said.
func (t *tx) eraseLinks(id heed.CaseID) error {
	n, err := t.exec(`DELETE FROM watch_link WHERE case_id = $1 OR other_case = $1`, id[:])
	if n > 0 {
		t.write.scrub = true
	}
	return err
}

// ForgetListLinks implements exchange.WatchTx. The explanation of a link has the names
// that the list had.
func (t *tx) ForgetListLinks(name string) error {
	n, err := t.exec(`DELETE FROM watch_link WHERE other_case IS NULL AND other_list = $1 AND NOT EXISTS (SELECT 1 FROM list_import
		JOIN list_entry ON list_entry.import = list_import.id AND list_entry.entry = substr(watch_link.other, $2)
		WHERE list_import.list = $1 AND list_import.state = 'current')`, name, len(watch.ListedID(name, ""))+1)
	t.scrubbed(n)
	return err
}

const reportColumns = `SELECT hit, case_id, subject, confirmed, due, statement, verdict, withdraws FROM watch_report `

func readReport(r *row) exchange.OwedReport {
	return exchange.OwedReport{
		Hit: r.text(), Case: readCaseID(r), Subject: watch.SubjectID(r.text()), Confirmed: r.time(), Due: r.time(), Statement: heed.StatementID(r.digest()),
		Verdict: heed.HitVerdict(r.text()), Withdraws: heed.StatementID(r.digest()),
	}
}

// OwedReport implements exchange.WatchView.
func (v *view) OwedReport(hit string) (exchange.OwedReport, error) {
	return find(v, readReport, reportColumns+`WHERE hit = $1`, hit)
}

// OwedReports implements exchange.WatchView.
func (v *view) OwedReports(limit int) ([]exchange.OwedReport, error) {
	return list(v, readReport, reportColumns+`WHERE statement IS NULL ORDER BY due, hit LIMIT $1`, atLeastNone(limit))
}

// PutOwedReport implements exchange.WatchTx.
func (t *tx) PutOwedReport(o exchange.OwedReport) error {
	return t.run(`INSERT INTO watch_report (hit, case_id, subject, confirmed, due, statement, verdict, withdraws) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (hit) DO UPDATE SET case_id = excluded.case_id, subject = excluded.subject, confirmed = excluded.confirmed,
		due = excluded.due, statement = excluded.statement, verdict = excluded.verdict, withdraws = excluded.withdraws`,
		o.Hit, o.Case[:], string(o.Subject), o.Confirmed, o.Due, orNull(o.Statement), string(o.Verdict), orNull(o.Withdraws))
}

// ForgetOwedReport implements exchange.WatchTx.
func (t *tx) ForgetOwedReport(hit string) error {
	return t.run(`DELETE FROM watch_report WHERE hit = $1`, hit)
}

// allLinks reads every explanation, one at a time, for a check of the database.
func (c *checker) allLinks() error {
	return c.query(linkColumns+`ORDER BY seq`, func(r *row) error {
		l := readLink(r)
		var err error
		if wrong := json.Unmarshal(l.hit, &l.link.Hit); wrong != nil {
			err = c.damage("the explanation of a link of case %s cannot be read: %v", l.link.Case, wrong)
		}
		return errors.Join(err, c.step(0))
	})
}
