package store

import (
	"errors"
	"time"

	"heed"
	"heed/exchange"
)

const drillColumns = `name, officer, at, parties, accord, every, first, next, runs, last, code, drafted, passed, stopped, why`

func readDrill(r *row) heed.Drill {
	return heed.Drill{
		Name: r.text(), Officer: heed.OfficerID(r.text()), At: r.time(), To: splitParties(r.text()), Accord: readAccordID(r),
		Every: time.Duration(r.int()) * time.Millisecond, First: r.time(), Next: r.time(), Runs: int(r.int()), Last: r.time(),
		Code: heed.Code(r.text()), Drafted: r.bool(), Passed: r.text(), Stopped: r.time(), Why: r.text(),
	}
}

// Drills implements exchange.DrillView.
func (v *view) Drills() ([]heed.Drill, error) {
	return list(v, readDrill, `SELECT `+drillColumns+` FROM drill ORDER BY key`)
}

// Drill implements exchange.DrillView.
func (v *view) Drill(name string) (exchange.Drill, error) {
	return find(v, func(r *row) exchange.Drill { return exchange.Drill{Drill: readDrill(r), Document: r.bytes()} },
		`SELECT `+drillColumns+`, document FROM drill WHERE name = $1`, name)
}

// PutDrill implements exchange.DrillTx.
func (t *tx) PutDrill(d exchange.Drill) error {
	if d.Name == "" {
		return errors.New("store: a scheduled exercise without a name")
	}
	return t.run(`INSERT INTO drill (`+drillColumns+`, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (name) DO UPDATE SET officer = excluded.officer, at = excluded.at, parties = excluded.parties, accord = excluded.accord,
		every = excluded.every, first = excluded.first, next = excluded.next, runs = excluded.runs, last = excluded.last, code = excluded.code,
		drafted = excluded.drafted, passed = excluded.passed, stopped = excluded.stopped, why = excluded.why, document = excluded.document`,
		d.Name, string(d.Officer), d.At, joinParties(d.To), orNull(d.Accord), d.Every.Milliseconds(), d.First, d.Next, d.Runs, d.Last,
		string(d.Code), d.Drafted, d.Passed, d.Stopped, d.Why, bytesOrNull(d.Document))
}
