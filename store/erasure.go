package store

import (
	"fmt"
	"time"

	"heed"
	"heed/exchange"
)

// Erased implements exchange.ErasureView.
func (v *view) Erased(id heed.CaseID) (time.Time, error) {
	return find(v, (*row).time, `SELECT erased FROM cases WHERE id = $1 AND erased IS NOT NULL`, id[:])
}

// Unerased implements exchange.ErasureView.
func (v *view) Unerased(accord heed.AccordID, after heed.CaseID, limit int) ([]heed.CaseID, error) {
	return list(v, readCaseID, `SELECT id FROM cases WHERE under = $1 AND erased IS NULL
		AND key > COALESCE((SELECT key FROM cases WHERE id = $2), 0) ORDER BY key LIMIT $3`, accord[:], after[:], atLeastNone(limit))
}

// keptByACase says that a case whose contents were not erased has the content
// of that digest.
const keptByACase = `EXISTS (SELECT 1 FROM content_case JOIN cases ON cases.key = content_case.case_key
	WHERE content_case.digest = content.digest AND cases.erased IS NULL)`

// UnerasedDrafts implements exchange.ErasureView.
func (v *view) UnerasedDrafts(accord heed.AccordID) ([]heed.Code, error) {
	return list(v, func(r *row) heed.Code { return heed.Code(r.text()) }, `SELECT code FROM draft
		WHERE accord = $1 AND accord IS NOT NULL AND released IS NULL
		AND EXISTS (SELECT 1 FROM draft_content JOIN content ON content.digest = draft_content.digest
			WHERE draft_content.draft = draft.key AND NOT `+keptByACase+`) ORDER BY key`, accord[:])
}

// Attach implements exchange.ErasureTx.
func (t *tx) Attach(id heed.CaseID, digest heed.Digest) error {
	key, err := t.caseKey(id)
	if err != nil {
		return err
	}
	return t.attach(key, digest)
}

func (t *tx) attach(key int64, digest heed.Digest) error {
	return t.run(`INSERT INTO content_case (digest, case_key) VALUES ($1, $2) ON CONFLICT (digest, case_key) DO NOTHING`, digest[:], key)
}

// EraseCase implements exchange.ErasureTx.
func (t *tx) EraseCase(id heed.CaseID, digests []heed.Digest, at time.Time) error {
	n, err := t.exec(`UPDATE cases SET erased = $1 WHERE id = $2`, at, id[:])
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("store: erase the contents of case %s: %w", id, exchange.ErrNotFound)
	}
	if err := t.eraseLinks(id); err != nil {
		return err
	}
	if err := t.run(`UPDATE hit SET erase = $1 WHERE case_id = $2 AND case_id IS NOT NULL AND sealed IS NOT NULL`, at, id[:]); err != nil {
		return err
	}
	return t.eraseContents(digests)
}

// EraseDraft implements exchange.ErasureTx.
func (t *tx) EraseDraft(code heed.Code) error {
	key, err := find(&t.view, (*row).int, `SELECT key FROM draft WHERE code = $1`, string(code))
	if err != nil {
		return fmt.Errorf("store: erase draft %s: %w", code, err)
	}
	refs, err := t.draftRefs(key)
	if err != nil {
		return err
	}
	var digests []heed.Digest
	for _, c := range refs {
		digests = append(digests, c.Ref.Digest)
	}
	return t.eraseContents(digests)
}

// eraseContents deletes what no case keeps. SQLite overwrites it (secure_delete),
// and the writer sees to what is left of it in the write-ahead log.
func (t *tx) eraseContents(digests []heed.Digest) error {
	for _, digest := range digests {
		n, err := t.exec(`DELETE FROM content WHERE digest = $1 AND NOT `+keptByACase, digest[:])
		if err != nil {
			return err
		}
		if n > 0 {
			t.write.scrub = true
		}
	}
	return nil
}
