package store

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"heed"
	"heed/exchange"
)

// Witnesses implements exchange.WitnessView.
func (v *view) Witnesses() ([]exchange.Witness, error) {
	var all []exchange.Witness
	err := v.query(`SELECT name, url, keys, mirrors, added, size, at, trouble FROM witness ORDER BY name`, func(r *row) error {
		w := exchange.Witness{Name: r.text(), URL: r.text()}
		keys := r.text()
		w.Mirrors, w.Added, w.Size, w.At, w.Trouble = r.bool(), r.time(), r.int(), r.time(), r.text()
		if r.err == nil {
			if err := json.Unmarshal([]byte(keys), &w.Keys); err != nil {
				return fmt.Errorf("store: the keys of witness %s: %w", w.Name, err)
			}
		}
		all = append(all, w)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// PutWitness implements exchange.WitnessTx.
func (t *tx) PutWitness(w exchange.Witness) error {
	keys, err := json.Marshal(w.Keys)
	if err != nil {
		return fmt.Errorf("store: the keys of witness %s: %w", w.Name, err)
	}
	return t.run(`INSERT INTO witness (name, url, keys, mirrors, added, size, at, trouble) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET url = excluded.url, keys = excluded.keys, mirrors = excluded.mirrors, added = excluded.added,
		size = excluded.size, at = excluded.at, trouble = excluded.trouble`,
		w.Name, w.URL, string(keys), w.Mirrors, w.Added, w.Size, w.At, w.Trouble)
}

// RemoveWitness implements exchange.WitnessTx; ErrNotFound where there is none of that name.
func (t *tx) RemoveWitness(name string) error {
	n, err := t.exec(`DELETE FROM witness WHERE name = $1`, name)
	if err == nil && n == 0 {
		return exchange.ErrNotFound
	}
	return err
}

// Checkpoint implements exchange.WitnessView.
func (v *view) Checkpoint(digest heed.Digest) ([]byte, error) {
	return find(v, (*row).bytes, `SELECT note FROM checkpoint WHERE digest = $1`, digest[:])
}

// KeepCheckpoint implements exchange.WitnessTx.
func (t *tx) KeepCheckpoint(note []byte) error {
	digest := sha256.Sum256(note)
	return t.run(`INSERT INTO checkpoint (digest, note) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, digest[:], whole(note))
}

// Witnessed implements exchange.WitnessView.
func (v *view) Witnessed(origin string, index int64) ([]byte, error) {
	return find(v, (*row).bytes, `SELECT note FROM witnessed WHERE origin = $1 AND size > $2 ORDER BY size LIMIT 1`, origin, index)
}

// LatestWitnessed implements exchange.WitnessView.
func (v *view) LatestWitnessed(origin string) (exchange.Head, error) {
	return find(v, readHead, `SELECT size, note, at FROM latest_witnessed WHERE origin = $1`, origin)
}

// KeepWitnessed implements exchange.WitnessTx. A smaller head than the latest changes that one not.
func (t *tx) KeepWitnessed(origin string, head exchange.Head) error {
	err := t.run(`INSERT INTO witnessed (origin, size, note) VALUES ($1, $2, $3) ON CONFLICT (origin, size) DO NOTHING`, origin, head.Size, whole(head.Note))
	if err != nil {
		return err
	}
	return t.run(`INSERT INTO latest_witnessed (origin, size, note, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note, at = excluded.at WHERE excluded.size >= size`,
		origin, head.Size, whole(head.Note), head.At)
}
