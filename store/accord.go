package store

import (
	"fmt"

	"heed"
	"heed/exchange"
	"heed/wire"
)

func readAccordID(r *row) heed.AccordID { return heed.AccordID(r.digest()) }

// Accords implements exchange.AccordView.
func (v *view) Accords() ([]heed.AccordID, error) {
	return list(v, readAccordID, `SELECT id FROM accord ORDER BY key`)
}

// accordKey finds or makes the row of an accord.
func (t *tx) accordKey(id heed.AccordID) (int64, error) {
	if err := t.run(`INSERT INTO accord (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, id[:]); err != nil {
		return 0, err
	}
	return find(&t.view, (*row).int, `SELECT key FROM accord WHERE id = $1`, id[:])
}

// versionRow is a version's note under its name.
type versionRow struct {
	id   heed.VersionID
	note []byte
}

func readVersion(r *row) versionRow { return versionRow{heed.VersionID(r.digest()), r.bytes()} }

// version parses a version that was verified before it was kept, once. It is
// shared: nobody changes it.
func (v *view) version(r versionRow) (exchange.KeptVersion, error) {
	if a, ok := v.store.versions.get(r.id); ok && !v.plain {
		return exchange.KeptVersion{Accord: a, Note: r.note}, nil
	}
	a, err := wire.ReadAccord(r.note)
	if err != nil {
		return exchange.KeptVersion{}, fmt.Errorf("store: %w: a version of an accord that was kept cannot be read: %w", ErrDamaged, err)
	}
	if a.ID != r.id {
		return exchange.KeptVersion{}, fmt.Errorf("store: %w: version %s of an accord was kept under the name %s", ErrDamaged, a.ID.Short(), r.id.Short())
	}
	v.rememberVersion(a)
	return exchange.KeptVersion{Accord: a, Note: r.note}, nil
}

// rememberVersion weighs members, for a version may have thousands.
func (v *view) rememberVersion(a heed.Accord) {
	v.store.versions.put(a.ID, a, 1+len(a.Members)+len(a.Observers))
}

// AccordVersions implements exchange.AccordView.
func (v *view) AccordVersions(id heed.AccordID) ([]exchange.KeptVersion, error) {
	rows, err := list(v, readVersion, `SELECT id, note FROM accord_version
		WHERE accord = (SELECT key FROM accord WHERE id = $1) ORDER BY number, id`, id[:])
	if err != nil {
		return nil, err
	}
	all := make([]exchange.KeptVersion, len(rows))
	for i, r := range rows {
		if all[i], err = v.version(r); err != nil {
			return nil, fmt.Errorf("accord %s: %w", id.Short(), err)
		}
	}
	return all, nil
}

// AccordVersion implements exchange.AccordView.
func (v *view) AccordVersion(id heed.VersionID) (exchange.KeptVersion, error) {
	r, err := find(v, readVersion, `SELECT id, note FROM accord_version WHERE id = $1`, id[:])
	if err != nil {
		return exchange.KeptVersion{}, err
	}
	return v.version(r)
}

// PutVersion implements exchange.AccordTx. The note must be that of the version.
func (t *tx) PutVersion(k exchange.KeptVersion) error {
	if t.ended {
		return ErrEnded
	}
	a, err := wire.ReadAccord(k.Note)
	if err != nil {
		return fmt.Errorf("store: keep version %s of an accord: %w", k.Accord.ID.Short(), err)
	}
	if a.ID != k.Accord.ID {
		return fmt.Errorf("store: keep version %s of an accord: its note is of version %s", k.Accord.ID.Short(), a.ID.Short())
	}
	key, err := t.accordKey(a.AccordID())
	if err != nil {
		return err
	}
	t.rememberVersion(a)
	return t.run(`INSERT INTO accord_version (id, accord, number, note) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		a.ID[:], key, int64(a.Number), k.Note)
}

// actRow is an act's note under its name.
type actRow struct {
	id   heed.AccordActID
	note []byte
}

func readAct(r *row) actRow { return actRow{heed.AccordActID(r.digest()), r.bytes()} }

// act parses an act that was verified before it was kept, once.
func (v *view) act(r actRow) (exchange.KeptAct, error) {
	if a, ok := v.store.acts.get(r.id); ok && !v.plain {
		return exchange.KeptAct{Act: a, Note: r.note}, nil
	}
	a, err := wire.ReadAccordAct(r.note)
	if err != nil {
		return exchange.KeptAct{}, fmt.Errorf("store: %w: an act about an accord that was kept cannot be read: %w", ErrDamaged, err)
	}
	if a.ID != r.id {
		return exchange.KeptAct{}, fmt.Errorf("store: %w: act %s about an accord was kept under the name %s", ErrDamaged, a.ID, r.id)
	}
	v.store.acts.put(a.ID, a, 1)
	return exchange.KeptAct{Act: a, Note: r.note}, nil
}

// AccordActs implements exchange.AccordView.
func (v *view) AccordActs(id heed.AccordID) ([]exchange.KeptAct, error) {
	rows, err := list(v, readAct, `SELECT id, note FROM accord_act
		WHERE accord = (SELECT key FROM accord WHERE id = $1) ORDER BY seq`, id[:])
	if err != nil {
		return nil, err
	}
	all := make([]exchange.KeptAct, len(rows))
	for i, r := range rows {
		if all[i], err = v.act(r); err != nil {
			return nil, fmt.Errorf("accord %s: %w", id.Short(), err)
		}
	}
	return all, nil
}

// AccordMark implements exchange.AccordView. Nothing of an accord is deleted, and
// what comes later has a higher place.
func (v *view) AccordMark(id heed.AccordID) (exchange.AccordMark, error) {
	return find(v, func(r *row) exchange.AccordMark { return exchange.AccordMark{Version: r.int(), Act: r.int()} },
		`SELECT (SELECT MAX(seq) FROM accord_version WHERE accord = held.key), (SELECT MAX(seq) FROM accord_act WHERE accord = held.key)
		FROM (SELECT (SELECT key FROM accord WHERE id = $1) AS key) AS held`, id[:])
}

// PutAct implements exchange.AccordTx. The note must be that of the act.
func (t *tx) PutAct(k exchange.KeptAct) error {
	if t.ended {
		return ErrEnded
	}
	a, err := wire.ReadAccordAct(k.Note)
	if err != nil {
		return fmt.Errorf("store: keep act %s about an accord: %w", k.Act.ID, err)
	}
	if a.ID != k.Act.ID {
		return fmt.Errorf("store: keep act %s about an accord: its note is of act %s", k.Act.ID, a.ID)
	}
	key, err := t.accordKey(a.Accord)
	if err != nil {
		return err
	}
	t.store.acts.put(a.ID, a, 1)
	return t.run(`INSERT INTO accord_act (id, accord, note) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, a.ID[:], key, k.Note)
}

// AccordCases implements exchange.AccordView. A case whose opening was dropped
// is still found, as in CasesOf; one whose opening is missing is not found yet.
func (v *view) AccordCases(id heed.AccordID) ([]heed.CaseID, error) {
	return list(v, readCaseID, `SELECT id FROM cases WHERE accord = $1 ORDER BY key`, id[:])
}
