package store

import (
	"errors"
	"fmt"
	"math"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

func readVaultKey(r *row) exchange.VaultKey {
	return exchange.VaultKey{Key: r.int(), Kind: exchange.VaultKind(r.text()), Day: r.int(), Sealed: r.bytes()}
}

// VaultKey implements exchange.ScreeningView.
func (v *view) VaultKey(key int64) (exchange.VaultKey, error) {
	return find(v, readVaultKey, `SELECT key, kind, day, sealed FROM vault_key WHERE key = $1`, key)
}

// VaultKeyOf implements exchange.ScreeningView.
func (v *view) VaultKeyOf(kind exchange.VaultKind, day int64) (exchange.VaultKey, error) {
	return find(v, readVaultKey, `SELECT key, kind, day, sealed FROM vault_key WHERE kind = $1 AND day = $2`, string(kind), day)
}

// PutVaultKey implements exchange.ScreeningTx.
func (t *tx) PutVaultKey(k exchange.VaultKey) (int64, error) {
	if err := t.run(`INSERT INTO vault_key (kind, day, sealed) VALUES ($1, $2, $3)`, string(k.Kind), k.Day, k.Sealed); err != nil {
		return 0, err
	}
	return find(&t.view, (*row).int, `SELECT last_insert_rowid()`)
}

// ForgetVaultKeys implements exchange.ScreeningTx.
func (t *tx) ForgetVaultKeys(before int64) error {
	n, err := t.exec(`DELETE FROM vault_key WHERE kind <> 'identity' AND day < $1
		AND NOT EXISTS (SELECT 1 FROM hit WHERE hit.vault = vault_key.key)
		AND NOT EXISTS (SELECT 1 FROM hit_decision WHERE hit_decision.vault = vault_key.key)
		AND NOT EXISTS (SELECT 1 FROM kept_record WHERE kept_record.vault = vault_key.key)`, before)
	t.scrubbed(n)
	return err
}

// scrubbed has what was erased overwritten in the write-ahead log too.
func (t *tx) scrubbed(n int64) {
	if n > 0 {
		t.write.scrub = true
	}
}

const askingColumns = `id, asker, via, type, reason, began, ended, changed, records, matched, hits, excluded, unread`

func readAsking(r *row) exchange.Asking {
	return exchange.Asking{
		ID: r.int(), Asker: r.text(), Via: exchange.Via(r.text()), Type: heed.RecordType(r.text()), Reason: r.text(), Began: r.time(), Ended: r.time(), Changed: r.time(),
		Records: r.int(), Matched: r.int(), Hits: r.int(), Excluded: r.int(), Unread: r.int(),
	}
}

// Asking implements exchange.ScreeningView.
func (v *view) Asking(id int64) (exchange.Asking, error) {
	return find(v, readAsking, `SELECT `+askingColumns+` FROM screening WHERE id = $1`, id)
}

// Askings implements exchange.ScreeningView.
func (v *view) Askings(limit int) ([]exchange.Asking, error) {
	return list(v, readAsking, `SELECT `+askingColumns+` FROM screening ORDER BY id DESC LIMIT $1`, atLeastNone(limit))
}

// IdleAskings implements exchange.ScreeningView.
func (v *view) IdleAskings(before time.Time, limit int) ([]exchange.Asking, error) {
	return list(v, readAsking, `SELECT `+askingColumns+` FROM screening WHERE ended = 0 AND changed < $1 ORDER BY changed, id LIMIT $2`, before, atLeastNone(limit))
}

// PutAsking implements exchange.ScreeningTx.
func (t *tx) PutAsking(a exchange.Asking) (int64, error) {
	if a.ID == 0 {
		err := t.run(`INSERT INTO screening (asker, via, type, reason, began, ended, changed, records, matched, hits, excluded, unread)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			a.Asker, string(a.Via), string(a.Type), a.Reason, a.Began, a.Ended, a.Changed, a.Records, a.Matched, a.Hits, a.Excluded, a.Unread)
		if err != nil {
			return 0, err
		}
		return find(&t.view, (*row).int, `SELECT last_insert_rowid()`)
	}
	n, err := t.exec(`UPDATE screening SET asker = $1, via = $2, type = $3, reason = $4, began = $5, ended = $6, changed = $7, records = $8, matched = $9, hits = $10,
		excluded = $11, unread = $12 WHERE id = $13`,
		a.Asker, string(a.Via), string(a.Type), a.Reason, a.Began, a.Ended, a.Changed, a.Records, a.Matched, a.Hits, a.Excluded, a.Unread, a.ID)
	if err == nil && n == 0 {
		err = fmt.Errorf("store: screening %d: %w", a.ID, exchange.ErrNotFound)
	}
	return a.ID, err
}

const hitColumns = `id, subject, state, case_id, list, status, urgency, type, screening, past, score, found, due, verdict, officer, decided, expected, reported,
	open, told, next, attempts, trouble, erase, vault, sealed, ended, why, passage`

// scoreUnit is what a score is kept in.
const scoreUnit = 1e6

func readHit(r *row) exchange.KeptHit {
	return exchange.KeptHit{
		ID: heed.HitID(r.digest()), Subject: r.text(), State: r.digest(), Case: readCaseID(r), List: r.text(), Status: heed.Status(r.text()), Urgency: heed.Urgency(r.text()),
		Type: heed.RecordType(r.text()), Asking: r.int(), Past: r.bool(), Score: float64(r.int()) / scoreUnit, Found: r.time(), Due: r.time(),
		Verdict: heed.HitVerdict(r.text()), Officer: heed.OfficerID(r.text()), Decided: r.time(), Expected: r.time(), Reported: r.text(),
		Open: r.bool(), Told: int(r.int()), Next: r.time(), Attempts: int(r.int()), Trouble: r.text(), Erase: r.time(), Vault: r.int(), Sealed: r.bytes(),
		Ended: r.time(), Why: exchange.HitEnd(r.text()), Passage: int(r.int()),
	}
}

// Hit implements exchange.ScreeningView.
func (v *view) Hit(id heed.HitID) (exchange.KeptHit, error) {
	return find(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE id = $1`, id[:])
}

// HitsOf implements exchange.ScreeningView.
func (v *view) HitsOf(code heed.Code) ([]heed.HitID, error) {
	return list(v, func(r *row) heed.HitID { return heed.HitID(r.digest()) }, `SELECT id FROM hit WHERE code = $1 ORDER BY key`, string(code))
}

// Hits implements exchange.ScreeningView.
func (v *view) Hits(open bool, limit int) ([]exchange.KeptHit, error) {
	all, err := list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE open = 1 ORDER BY due, key LIMIT $1`, atLeastNone(limit))
	if err != nil || open || len(all) >= limit {
		return all, err
	}
	rest, err := list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE open = 0 ORDER BY key DESC LIMIT $1`, limit-len(all))
	return append(all, rest...), err
}

// EndedHits implements exchange.ScreeningView.
func (v *view) EndedHits(since time.Time, limit int) ([]exchange.KeptHit, error) {
	return list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE ended > 0 AND ended >= $1 AND (verdict IN ('', $2) OR decided < ended) ORDER BY ended DESC, key DESC LIMIT $3`,
		since, string(heed.Undecided), atLeastNone(limit))
}

// OpenHits implements exchange.ScreeningView.
func (v *view) OpenHits(of heed.CaseID, name string, after heed.HitID, limit int) ([]exchange.KeptHit, error) {
	if of.IsZero() {
		return list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE open = 1 AND case_id IS NULL AND list = $1 AND id > $2 ORDER BY id LIMIT $3`, name, after[:], atLeastNone(limit))
	}
	return list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE open = 1 AND case_id IS NOT NULL AND case_id = $1 AND id > $2 ORDER BY id LIMIT $3`, of[:], after[:], atLeastNone(limit))
}

// WithOpenHits implements exchange.ScreeningView.
func (v *view) WithOpenHits() (cases []heed.CaseID, lists []string, err error) {
	if cases, err = list(v, readCaseID, `SELECT DISTINCT case_id FROM hit WHERE open = 1 AND case_id IS NOT NULL ORDER BY case_id`); err != nil {
		return nil, nil, err
	}
	lists, err = list(v, (*row).text, `SELECT DISTINCT list FROM hit WHERE open = 1 AND case_id IS NULL ORDER BY list`)
	return cases, lists, err
}

// HitWakes implements exchange.ScreeningView.
func (v *view) HitWakes(now time.Time, limit int) ([]exchange.KeptHit, error) {
	return list(v, readHit, `SELECT `+hitColumns+` FROM hit WHERE next > 0 AND next <= $1 ORDER BY next, key LIMIT $2`, now, atLeastNone(limit))
}

// NextHit implements exchange.ScreeningView.
func (v *view) NextHit() (time.Time, error) {
	var next time.Time
	for _, query := range []string{
		`SELECT next FROM hit WHERE next > 0 ORDER BY next LIMIT 1`,
		`SELECT erase FROM hit WHERE erase > 0 AND sealed IS NOT NULL ORDER BY erase LIMIT 1`,
		`SELECT expires FROM kept_record ORDER BY expires LIMIT 1`,
	} {
		at, err := find(v, (*row).time, query)
		if errors.Is(err, exchange.ErrNotFound) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if next.IsZero() {
		return next, exchange.ErrNotFound
	}
	return next, nil
}

// hitsToErase is asked at each look at what is due: one step in an index, however
// many hits there are. EraseCase has written into it when those of its case are.
const hitsToErase = `SELECT id FROM hit WHERE sealed IS NOT NULL AND erase > 0 AND erase <= $1 ORDER BY erase, key LIMIT $2`

// HitsToErase implements exchange.ScreeningView.
func (v *view) HitsToErase(now time.Time, limit int) ([]heed.HitID, error) {
	return list(v, func(r *row) heed.HitID { return heed.HitID(r.digest()) }, hitsToErase, now, atLeastNone(limit))
}

func millionths(score float64) int64 { return int64(math.Round(score * scoreUnit)) }

func vaultOrNull(key int64) any {
	if key == 0 {
		return nil
	}
	return key
}

// AddHit implements exchange.ScreeningTx.
func (t *tx) AddHit(h exchange.KeptHit) (bool, error) {
	n, err := t.exec(`INSERT INTO hit (`+hitColumns+`, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
		ON CONFLICT (id) DO NOTHING`,
		h.ID[:], h.Subject, h.State[:], orNull(h.Case), h.List, string(h.Status), string(h.Urgency), string(h.Type), h.Asking, h.Past, millionths(h.Score), h.Found, h.Due,
		string(h.Verdict), string(h.Officer), h.Decided, h.Expected, h.Reported, h.Open, h.Told, h.Next, h.Attempts, h.Trouble, h.Erase, vaultOrNull(h.Vault), bytesOrNull(h.Sealed), h.Ended, string(h.Why), h.Passage, string(h.Code()))
	return n > 0, err
}

// PutHit implements exchange.ScreeningTx.
func (t *tx) PutHit(h exchange.KeptHit) error {
	n, err := t.exec(`UPDATE hit SET due = $1, verdict = $2, officer = $3, decided = $4, expected = $5, reported = $6, open = $7, told = $8, next = $9, attempts = $10,
		trouble = $11, erase = $12, ended = $13, why = $14, screening = $15, past = $16, passage = $17 WHERE id = $18`,
		h.Due, string(h.Verdict), string(h.Officer), h.Decided, h.Expected, h.Reported, h.Open, h.Told, h.Next, h.Attempts, h.Trouble, h.Erase, h.Ended, string(h.Why), h.Asking, h.Past, h.Passage, h.ID[:])
	if err == nil && n == 0 {
		err = fmt.Errorf("store: hit %s: %w", h.ID, exchange.ErrNotFound)
	}
	return err
}

// SealHit implements exchange.ScreeningTx.
func (t *tx) SealHit(id heed.HitID, vault int64, sealed []byte) error {
	n, err := t.exec(`UPDATE hit SET vault = $1, sealed = $2 WHERE id = $3`, vaultOrNull(vault), bytesOrNull(sealed), id[:])
	if err == nil && n == 0 {
		err = fmt.Errorf("store: hit %s: %w", id, exchange.ErrNotFound)
	}
	return err
}

// EndHits implements exchange.ScreeningTx.
func (t *tx) EndHits(of heed.CaseID, name string, at time.Time, why exchange.HitEnd, erase time.Time) error {
	const set = `UPDATE hit SET open = 0, next = 0, ended = $1, why = $2, erase = $3 WHERE open = 1 AND `
	if of.IsZero() {
		return t.run(set+`case_id IS NULL AND list = $4`, at, string(why), erase, name)
	}
	return t.run(set+`case_id IS NOT NULL AND case_id = $4`, at, string(why), erase, of[:])
}

// EraseHit implements exchange.ScreeningTx.
func (t *tx) EraseHit(id heed.HitID) error {
	n, err := t.exec(`UPDATE hit SET vault = NULL, sealed = NULL, open = 0, next = 0, erase = 0 WHERE id = $1`, id[:])
	if err != nil {
		return err
	}
	t.scrubbed(n)
	return t.run(`UPDATE hit_decision SET vault = NULL, reason = NULL WHERE hit = $1`, id[:])
}

type decisionRow struct {
	id     heed.Digest
	note   []byte
	vault  int64
	reason []byte
}

// DecisionsOf implements exchange.ScreeningView.
func (v *view) DecisionsOf(id heed.HitID) ([]exchange.KeptDecision, error) {
	rows, err := list(v, func(r *row) decisionRow { return decisionRow{r.digest(), r.bytes(), r.int(), r.bytes()} },
		`SELECT id, note, vault, reason FROM hit_decision WHERE hit = $1 ORDER BY at, id`, id[:])
	if err != nil {
		return nil, err
	}
	var all []exchange.KeptDecision
	for _, d := range rows {
		parsed, err := wire.ReadHitDecision(d.note)
		if err == nil && heed.Digest(parsed.ID) != d.id {
			err = errors.New("it is not of its name")
		}
		if err != nil {
			return nil, fmt.Errorf("store: decision %s: %w", d.id, err)
		}
		all = append(all, exchange.KeptDecision{Decision: parsed, Note: d.note, Vault: d.vault, Reason: d.reason})
	}
	return all, nil
}

// AddDecision implements exchange.ScreeningTx.
func (t *tx) AddDecision(k exchange.KeptDecision) error {
	d := k.Decision
	return t.run(`INSERT INTO hit_decision (id, hit, at, note, vault, reason) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		d.ID[:], d.Hit[:], d.Time, k.Note, vaultOrNull(k.Vault), bytesOrNull(k.Reason))
}

const exclusionColumns = `decision, traveller, subject, state, hit, officer, made, until, revoked`

func readExclusion(r *row) exchange.Exclusion {
	return exchange.Exclusion{
		Decision: heed.DecisionID(r.digest()), Traveller: r.digest(), Subject: r.text(), State: r.digest(), Hit: heed.HitID(r.digest()), Officer: heed.OfficerID(r.text()),
		Made: r.time(), Until: r.time(), Revoked: r.time(),
	}
}

// ExclusionsFor implements exchange.ScreeningView.
func (v *view) ExclusionsFor(traveller heed.Digest, now time.Time) ([]exchange.Exclusion, error) {
	return list(v, readExclusion, `SELECT `+exclusionColumns+` FROM exclusion WHERE traveller = $1 AND until > $2 AND revoked = 0 ORDER BY decision`, traveller[:], now)
}

// Exclusions implements exchange.ScreeningView.
func (v *view) Exclusions(now time.Time, past bool, limit int) ([]exchange.Exclusion, error) {
	return list(v, readExclusion, `SELECT `+exclusionColumns+` FROM exclusion WHERE $1 OR until > $2 AND revoked = 0 ORDER BY until DESC, decision LIMIT $3`, past, now, atLeastNone(limit))
}

// Exclusion implements exchange.ScreeningView.
func (v *view) Exclusion(id heed.DecisionID) (exchange.Exclusion, error) {
	return find(v, readExclusion, `SELECT `+exclusionColumns+` FROM exclusion WHERE decision = $1`, id[:])
}

// PutExclusion implements exchange.ScreeningTx.
func (t *tx) PutExclusion(e exchange.Exclusion) error {
	return t.run(`INSERT INTO exclusion (`+exclusionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (decision) DO UPDATE SET until = excluded.until, revoked = excluded.revoked`,
		e.Decision[:], e.Traveller[:], e.Subject, e.State[:], e.Hit[:], string(e.Officer), e.Made, e.Until, e.Revoked)
}

// ForgetExclusions implements exchange.ScreeningTx.
func (t *tx) ForgetExclusions(before time.Time) error {
	n, err := t.exec(`DELETE FROM exclusion WHERE until < $1`, before)
	if err != nil {
		return err
	}
	t.scrubbed(n)
	n, err = t.exec(`UPDATE hit_decision SET vault = NULL, reason = NULL WHERE vault IS NOT NULL AND at < $1
		AND EXISTS (SELECT 1 FROM hit WHERE hit.id = hit_decision.hit AND hit.sealed IS NULL)`, before)
	t.scrubbed(n)
	return err
}

func readKeptRecord(r *row) exchange.KeptRecord {
	return exchange.KeptRecord{ID: r.digest(), Type: heed.RecordType(r.text()), At: r.time(), Expires: r.time(), Vault: r.int(), Sealed: r.bytes()}
}

// KeptRecord implements exchange.ScreeningView.
func (v *view) KeptRecord(id heed.Digest) (exchange.KeptRecord, error) {
	return find(v, readKeptRecord, `SELECT id, type, at, expires, vault, sealed FROM kept_record WHERE id = $1`, id[:])
}

// KeptRecords implements exchange.ScreeningView.
func (v *view) KeptRecords(now time.Time, after heed.Digest, limit int) ([]exchange.KeptRecord, error) {
	return list(v, readKeptRecord, `SELECT id, type, at, expires, vault, sealed FROM kept_record WHERE id > $1 AND expires > $2 ORDER BY id LIMIT $3`, after[:], now, atLeastNone(limit))
}

// KeptDue implements exchange.ScreeningView.
func (v *view) KeptDue(now time.Time) (bool, error) {
	return find(v, (*row).bool, `SELECT EXISTS (SELECT 1 FROM kept_record WHERE expires <= $1)`, now)
}

// KeepRecord implements exchange.ScreeningTx.
func (t *tx) KeepRecord(k exchange.KeptRecord) error {
	return t.run(`INSERT INTO kept_record (id, type, at, expires, vault, sealed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET at = MAX(at, excluded.at), expires = MAX(expires, excluded.expires)`, k.ID[:], string(k.Type), k.At, k.Expires, k.Vault, k.Sealed)
}

// ForgetRecords implements exchange.ScreeningTx.
func (t *tx) ForgetRecords(now time.Time) (int64, error) {
	n, err := t.exec(`DELETE FROM kept_record WHERE expires <= $1`, now)
	t.scrubbed(n)
	return n, err
}

const tokenColumns = `SELECT name, scope, hash, officer, added, until, removed, used FROM token `

func readToken(r *row) exchange.Token {
	return exchange.Token{
		Name: r.text(), Scope: exchange.Scope(r.text()), Hash: r.digest(), Officer: heed.OfficerID(r.text()), Added: r.time(), Until: r.time(), Removed: r.time(), Used: r.time(),
	}
}

// Tokens implements exchange.ScreeningView.
func (v *view) Tokens() ([]exchange.Token, error) {
	return list(v, readToken, tokenColumns+`ORDER BY name`)
}

// Token implements exchange.ScreeningView.
func (v *view) Token(name string) (exchange.Token, error) {
	return find(v, readToken, tokenColumns+`WHERE name = $1`, name)
}

// TokenOf implements exchange.ScreeningView.
func (v *view) TokenOf(hash heed.Digest) (exchange.Token, error) {
	return find(v, readToken, tokenColumns+`WHERE hash = $1`, hash[:])
}

// PutToken implements exchange.ScreeningTx.
func (t *tx) PutToken(k exchange.Token) error {
	if k.Name == "" {
		return errors.New("store: a token without a name")
	}
	return t.run(`INSERT INTO token (name, scope, hash, officer, added, until, removed, used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET scope = excluded.scope, hash = excluded.hash, officer = excluded.officer, added = excluded.added, until = excluded.until,
		removed = excluded.removed, used = excluded.used`,
		k.Name, string(k.Scope), k.Hash[:], string(k.Officer), k.Added, k.Until, k.Removed, k.Used)
}

// screenings holds what is kept of hits against what they were decided by.
func (c *checker) screenings() error {
	hits, err := list(c.view, func(r *row) heed.HitID { return heed.HitID(r.digest()) }, `SELECT id FROM hit`)
	if err != nil {
		return err
	}
	for _, id := range hits {
		h, err := c.Hit(id)
		if err != nil {
			return err
		}
		decided, err := c.DecisionsOf(id)
		if err != nil {
			if err := c.damage("%v", err); err != nil {
				return err
			}
			continue
		}
		var last heed.HitVerdict
		for _, d := range decided {
			if d.Decision.Kind == heed.DecisionVerdict {
				last = d.Decision.Verdict
			}
		}
		if h.Verdict != last || h.Open && !h.Ended.IsZero() {
			if err := c.damage("hit %s does not stand as it was decided", h.Code().Spoken()); err != nil {
				return err
			}
		}
	}
	n, err := find(c.view, (*row).int, `SELECT (SELECT COUNT(*) FROM hit WHERE vault IS NOT NULL AND vault NOT IN (SELECT key FROM vault_key))
		+ (SELECT COUNT(*) FROM kept_record WHERE vault NOT IN (SELECT key FROM vault_key))
		+ (SELECT COUNT(*) FROM hit_decision WHERE vault IS NOT NULL AND vault NOT IN (SELECT key FROM vault_key))`)
	if err == nil && n > 0 {
		err = c.damage("the keys of %d hits, reasons or kept records are missing", n)
	}
	return err
}
