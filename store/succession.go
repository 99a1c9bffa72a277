package store

import (
	"crypto/sha256"
	"fmt"

	"heed"
	"heed/ledger"
)

// Successions implements exchange.LedgerView.
func (v *view) Successions(party heed.PartyID) ([][]byte, error) {
	return list(v, (*row).bytes, `SELECT note FROM succession WHERE party = $1 ORDER BY seq`, string(party))
}

// PutSuccession implements exchange.LedgerTx.
func (t *tx) PutSuccession(party heed.PartyID, note []byte) error {
	digest := sha256.Sum256(note)
	return t.run(`INSERT INTO succession (party, digest, note) VALUES ($1, $2, $3) ON CONFLICT (party, digest) DO NOTHING`,
		string(party), digest[:], whole(note))
}

// EndLedger implements exchange.LedgerTx. It takes as long as copying the ledger
// does: some seconds for a million leaves. ErrMirrored where there is a mirror
// of that origin already. A Map of either that this change was given before is
// not to be inserted into any more: the change would fail.
func (t *tx) EndLedger(origin string) error {
	if err := t.flushMaps(); err != nil {
		return err
	}
	m, err := t.mirror(origin)
	if err != nil {
		return err
	}
	if m.key != 0 {
		return fmt.Errorf("store: end the own ledger as %s: %w", origin, ErrMirrored)
	}
	w := t.write
	before := w.tree
	if m, err = t.addMirror(origin, before.Size(), true); err != nil {
		return err
	}
	for _, query := range []string{
		// The concatenation of two blobs is a text of the same bytes.
		`INSERT INTO mirror_leaf (mirror, place, rest, hashes)
			SELECT $1, place, CASE WHEN tag IS NULL THEN rest ELSE CAST(tag || rest AS BLOB) END, hashes FROM leaf ORDER BY place`,
		`INSERT INTO mirror_head (mirror, size, note, at) SELECT $1, size, note, at FROM head ORDER BY size`,
		`UPDATE map_page SET mirror = $1 WHERE mirror = 0`,
	} {
		if err := t.run(query, m.key); err != nil {
			return err
		}
	}
	for _, query := range []string{`DELETE FROM leaf`, `DELETE FROM head`} {
		if err := t.run(query); err != nil {
			return err
		}
	}
	w.tree, w.era = &ledger.Tree{}, w.era+1
	w.undone(func() { w.tree, w.era = before, w.era-1 })
	t.retireMaps(origin)
	t.conn.wrote += batchBytes + 1 // nobody else waits for a commit of this size
	return nil
}
