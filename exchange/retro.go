package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/watch"
)

// retain keeps records for as long as accords ask, encrypted, and then has the
// index of recent records know them.
func (x *Exchange) retain(ctx context.Context, id identifier, kept retention, records []watch.Record, out []Screened, now time.Time) error {
	type keeping struct {
		KeptRecord
		record watch.Record
	}
	var all []keeping
	for i, r := range records {
		span, ok := kept[heed.RecordType(r.Type)]
		if !ok || out[i].Err != nil {
			continue
		}
		digest, err := recordDigest(id, r)
		if err != nil {
			return err
		}
		all = append(all, keeping{KeptRecord{ID: digest, Type: heed.RecordType(r.Type), At: now, Expires: now.Add(span)}, r})
	}
	if len(all) == 0 {
		return nil
	}
	err := x.write(ctx, func(tx Tx) error {
		vault, key, err := x.vaultKey(tx, VaultRecord, dayOf(now))
		if err != nil {
			return err
		}
		for _, k := range all {
			text, err := json.Marshal(k.record)
			if err != nil {
				return err
			}
			k.Vault = vault.Key
			if k.Sealed, err = x.encrypt(key, k.ID, text); err != nil {
				return err
			}
			if err := tx.KeepRecord(k.KeptRecord); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l := x.lookout
	l.mu.RLock()
	recent := l.recent
	l.mu.RUnlock()
	if recent == nil {
		return nil // it is built from the store, which has them
	}
	for _, k := range all {
		if err := x.noteRecent(recent, k.KeptRecord, k.record); err != nil {
			return err
		}
	}
	return nil
}

// noteRecent has the index of recent records know one. Where that is full the
// record is kept all the same, and later warnings do not find it: people are told
// in the log, and screening goes on.
func (x *Exchange) noteRecent(recent *watch.Recent, k KeptRecord, r watch.Record) error {
	err := recent.Add(k.ID.String(), r, k.Expires)
	if errors.Is(err, watch.ErrFull) {
		x.log.Warn("a kept record is found by no later warning: too many are kept", "kept", recent.Len(), "error", err)
		return nil
	}
	return err
}

// openRecord decrypts a kept record.
func (x *Exchange) openRecord(v View, k KeptRecord) (r watch.Record, err error) {
	text, err := x.decrypt(v, k.Vault, k.ID, k.Sealed)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}

// eachKept passes every record that is kept at now.
func (x *Exchange) eachKept(ctx context.Context, now time.Time, pass func(KeptRecord, watch.Record) error) error {
	const most = 500
	var after heed.Digest
	for {
		n := 0
		err := x.store.Read(ctx, func(v View) error {
			all, err := v.KeptRecords(now, after, most)
			if err != nil {
				return err
			}
			n = len(all)
			for _, k := range all {
				r, err := x.openRecord(v, k)
				if err != nil {
					return fmt.Errorf("kept record: %w", err)
				}
				if err := pass(k, r); err != nil {
					return err
				}
				after = k.ID
			}
			return nil
		})
		if err != nil || n < most {
			return err
		}
	}
}

// lookBackFor matches subjects that are new on watch, or of which something else
// is said now, against the records that are kept, and makes hits of what matches:
// the person has passed already. Of a warning, only records that its own accord
// has us keep, and for as long as that one does; of a list, none.
func (x *Exchange) lookBackFor(ctx context.Context, news []OnWatch) error {
	now := x.Now()
	l := x.lookout
	l.mu.RLock()
	recent := l.recent
	l.mu.RUnlock()
	if recent == nil || recent.Len() == 0 {
		return nil
	}
	for _, w := range news {
		if w.Case.IsZero() {
			continue
		}
		candidates := recent.Candidates(w.Subject)
		if len(candidates) == 0 {
			continue
		}
		var found []foundHit
		err := x.store.Read(ctx, func(v View) error {
			kept, err := x.keptForCase(v, w.Case, now)
			if err != nil || len(kept) == 0 {
				return err
			}
			id, err := x.identifier(v)
			if err != nil {
				return err
			}
			for _, name := range candidates {
				f, err := x.matchPast(v, id, w, name, kept, now)
				if err != nil {
					return err
				}
				found = append(found, f...)
			}
			return nil
		})
		if err == nil && len(found) > 0 {
			err = x.write(ctx, func(tx Tx) error { return x.keepHits(tx, [][]foundHit{found}, now) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keptForCase says which kept records may be looked at for a case's warning.
func (x *Exchange) keptForCase(v View, id heed.CaseID, now time.Time) (retention, error) {
	c, err := v.Case(id)
	if err != nil || c.Opening.Accord.IsZero() {
		return nil, err
	}
	held, err := accordHeld(v, c.Opening.Accord, now)
	if err != nil {
		return nil, err
	}
	out := retention{}
	for _, k := range x.keptUnder(held) {
		out[k.kind] = k.span
	}
	return out, nil
}

func (x *Exchange) matchPast(v View, id identifier, w OnWatch, name string, kept retention, now time.Time) ([]foundHit, error) {
	digest, err := heed.ParseDigest(name)
	if err != nil {
		return nil, err
	}
	k, err := v.KeptRecord(digest)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if span, ok := kept[k.Type]; !ok || !now.Before(k.Expires) || now.Sub(k.At) > span {
		return nil, nil
	}
	r, err := x.openRecord(v, k)
	if err != nil {
		return nil, err
	}
	s, done, ready := x.lookout.screener()
	if !ready {
		return nil, x.errNotReady()
	}
	defer done()
	for _, hit := range s.Screen(r) {
		if hit.Subject != w.Subject.ID {
			continue
		}
		f, err := x.findHit(v, id, r, hit, now)
		if err != nil || !f.ok || f.excluded {
			return nil, err
		}
		f.kept.Past = true
		return []foundHit{f}, nil
	}
	return nil, nil
}

// forgetKept erases what need not be kept any more.
func (x *Exchange) forgetKept(ctx context.Context, now time.Time) error {
	x.lookout.expireRecent(now)
	return x.write(ctx, func(tx Tx) error {
		if _, err := tx.ForgetRecords(now); err != nil {
			return err
		}
		if err := tx.ForgetExclusions(now.Add(-exclusionsShown)); err != nil {
			return err
		}
		return tx.ForgetVaultKeys(dayOf(now))
	})
}

// exclusionsShown is how long an exclusion that has ended is still shown.
const exclusionsShown = 90 * 24 * time.Hour
