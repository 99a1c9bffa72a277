package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"heed"
	"heed/exchange"
	"heed/wire"
)

const figuresColumns = `id, peer, in_case, statement, note`

// figuresRow is a text of figures under its name.
type figuresRow struct {
	id        heed.FiguresID
	peer      heed.PartyID
	inCase    heed.CaseID
	statement heed.StatementID
	note      []byte
}

func readFiguresRow(r *row) figuresRow {
	return figuresRow{heed.FiguresID(r.digest()), heed.PartyID(r.text()), heed.CaseID(r.digest()), heed.StatementID(r.digest()), r.bytes()}
}

// figures parses what was verified before it was kept.
func (r figuresRow) figures() (exchange.KeptFigures, error) {
	f, err := wire.ReadFigures(r.note)
	if err != nil {
		return exchange.KeptFigures{}, fmt.Errorf("store: %w: figures that were kept cannot be read: %w", ErrDamaged, err)
	}
	if f.ID != r.id {
		return exchange.KeptFigures{}, fmt.Errorf("store: %w: figures %s were kept under the name %s", ErrDamaged, f.ID, r.id)
	}
	return exchange.KeptFigures{Figures: f, Note: r.note, Peer: r.peer, Case: r.inCase, Statement: r.statement}, nil
}

func (v *view) listFigures(query string, args ...any) ([]exchange.KeptFigures, error) {
	rows, err := list(v, readFiguresRow, query, args...)
	if err != nil {
		return nil, err
	}
	all := make([]exchange.KeptFigures, len(rows))
	for i, r := range rows {
		if all[i], err = r.figures(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Figures implements exchange.FiguresView.
func (v *view) Figures(id heed.FiguresID) (exchange.KeptFigures, error) {
	r, err := find(v, readFiguresRow, `SELECT `+figuresColumns+` FROM figures WHERE id = $1`, id[:])
	if err != nil {
		return exchange.KeptFigures{}, err
	}
	return r.figures()
}

// FiguresIn implements exchange.FiguresView.
func (v *view) FiguresIn(id heed.CaseID, limit int) ([]exchange.KeptFigures, error) {
	all, err := v.listFigures(`SELECT `+figuresColumns+` FROM figures WHERE in_case = $1 ORDER BY seq DESC LIMIT $2`, id[:], limit)
	slices.Reverse(all)
	return all, err
}

// FiguresCases implements exchange.FiguresView.
func (v *view) FiguresCases(peer heed.PartyID, limit int) ([]heed.CaseID, error) {
	caseOf := func(r *row) heed.CaseID { return heed.CaseID(r.digest()) }
	if peer == "" {
		return list(v, caseOf, `SELECT in_case FROM figures WHERE in_case IS NOT NULL GROUP BY in_case ORDER BY MAX(seq) DESC LIMIT $1`, limit)
	}
	return list(v, caseOf, `SELECT in_case FROM figures WHERE in_case IS NOT NULL AND peer = $1 GROUP BY in_case ORDER BY MAX(seq) DESC LIMIT $2`, string(peer), limit)
}

// FiguresWith implements exchange.FiguresView.
func (v *view) FiguresWith(peer heed.PartyID, limit int) ([]exchange.KeptFigures, error) {
	if peer == "" {
		return v.listFigures(`SELECT `+figuresColumns+` FROM figures ORDER BY seq DESC LIMIT $1`, limit)
	}
	return v.listFigures(`SELECT `+figuresColumns+` FROM figures WHERE peer = $1 ORDER BY seq DESC LIMIT $2`, string(peer), limit)
}

// FiguresNamed implements exchange.FiguresView.
func (v *view) FiguresNamed(digits string) ([]heed.FiguresID, error) {
	if strings.Trim(digits, "0123456789abcdef") != "" {
		return nil, nil // no wildcard of the query's
	}
	return list(v, func(r *row) heed.FiguresID { return heed.FiguresID(r.digest()) },
		`SELECT id FROM figures WHERE lower(hex(id)) LIKE $1 ORDER BY seq`, digits+"%")
}

// PutFigures implements exchange.FiguresTx. The note must be that of the figures.
func (t *tx) PutFigures(k exchange.KeptFigures) error {
	if t.ended {
		return ErrEnded
	}
	f, err := wire.ReadFigures(k.Note)
	if err != nil {
		return fmt.Errorf("store: keep figures %s: %w", k.Figures.ID.Short(), err)
	}
	if f.ID != k.Figures.ID {
		return fmt.Errorf("store: keep figures %s: their note is of figures %s", k.Figures.ID.Short(), f.ID.Short())
	}
	return t.run(`INSERT INTO figures (id, peer, in_case, statement, note) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
		f.ID[:], string(k.Peer), orNull(k.Case), orNull(k.Statement), k.Note)
}

// allFigures reads every text, one at a time, for a check of the database.
func (c *checker) allFigures() error {
	return c.query(`SELECT `+figuresColumns+` FROM figures ORDER BY seq`, func(r *row) error {
		_, err := readFiguresRow(r).figures()
		if err != nil {
			err = c.damage("%v", err)
		}
		return errors.Join(err, c.step(0))
	})
}
