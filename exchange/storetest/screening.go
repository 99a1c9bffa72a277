package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func vaultKeys(t *testing.T, w *world) {
	var identity, today exchange.VaultKey
	w.write(func(tx exchange.Tx) (err error) {
		identity = exchange.VaultKey{Kind: exchange.VaultIdentity, Sealed: []byte("identity")}
		if identity.Key, err = tx.PutVaultKey(identity); err != nil {
			return err
		}
		today = exchange.VaultKey{Kind: exchange.VaultHit, Day: 20_000, Sealed: []byte("hit")}
		today.Key, err = tx.PutVaultKey(today)
		return err
	})
	if identity.Key == today.Key {
		t.Fatal("two keys have one number")
	}
	hit := keptHit(w, 1)
	hit.Vault = today.Key
	w.write(func(tx exchange.Tx) error {
		if _, err := tx.AddHit(hit); err != nil {
			return err
		}
		return tx.ForgetVaultKeys(30_000)
	})
	w.both(func(v exchange.View) error {
		got, err := v.VaultKey(today.Key)
		same(t, "a key under which something is kept", got, err, today)
		got, err = v.VaultKeyOf(exchange.VaultIdentity, 0)
		same(t, "the key of digests", got, err, identity)
		none, err := v.VaultKeyOf(exchange.VaultRecord, 20_000)
		missing(t, "a key of another kind", none, err)
		return nil
	})
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.EraseHit(hit.ID), tx.ForgetVaultKeys(20_000))
	})
	w.read(func(v exchange.View) error {
		got, err := v.VaultKey(today.Key)
		same(t, "the key of this day", got, err, today)
		return nil
	})
	w.write(func(tx exchange.Tx) error { return tx.ForgetVaultKeys(20_001) })
	w.read(func(v exchange.View) error {
		none, err := v.VaultKey(today.Key)
		missing(t, "a key under which nothing is kept", none, err)
		got, err := v.VaultKeyOf(exchange.VaultIdentity, 0)
		same(t, "the key of digests", got, err, identity)
		return nil
	})
}

func askings(t *testing.T, w *world) {
	first := exchange.Asking{Asker: "officer anna", Via: exchange.ViaCommand, Type: heed.RecordPassenger, Reason: "why", Began: w.now, Changed: w.now}
	second := first
	second.Asker, second.Via, second.Changed = "token gate", exchange.ViaAPI, w.now.Add(time.Minute)
	w.write(func(tx exchange.Tx) (err error) {
		if first.ID, err = tx.PutAsking(first); err != nil {
			return err
		}
		second.ID, err = tx.PutAsking(second)
		return err
	})
	w.both(func(v exchange.View) error {
		got, err := v.Asking(first.ID)
		same(t, "Asking", got, err, first)
		all, err := v.Askings(10)
		sameList(t, "Askings, the newest first", all, err, []exchange.Asking{second, first})
		all, err = v.Askings(1)
		sameList(t, "Askings, at most one", all, err, []exchange.Asking{second})
		all, err = v.IdleAskings(w.now.Add(time.Second), 10)
		sameList(t, "IdleAskings", all, err, []exchange.Asking{first})
		none, err := v.Asking(99)
		missing(t, "a screening that there is not", none, err)
		return nil
	})
	first.Ended, first.Records, first.Matched, first.Hits, first.Excluded, first.Unread = w.now.Add(time.Hour), 5, 4, 3, 2, 1
	w.write(func(tx exchange.Tx) error { _, err := tx.PutAsking(first); return err })
	w.read(func(v exchange.View) error {
		got, err := v.Asking(first.ID)
		same(t, "an ended screening", got, err, first)
		all, err := v.IdleAskings(w.now.Add(time.Second), 10)
		sameList(t, "idle ones, after one has ended", all, err, nil)
		return nil
	})
	err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		_, err := tx.PutAsking(exchange.Asking{ID: 99, Asker: "nobody"})
		return err
	})
	if !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("a change of a screening that there is not: %v", err)
	}
}

// keptHit is a hit that waits for its review, the n-th by due time.
func keptHit(w *world, n int) exchange.KeptHit {
	return exchange.KeptHit{
		ID: heed.HitID(w.digest()), Subject: "list:sanctions/12", State: w.digest(), List: "sanctions", Status: heed.StatusActual, Urgency: heed.UrgencyExpected, Type: heed.RecordVisa,
		Score: 0.875, Found: w.now, Due: w.now.Add(time.Duration(n) * time.Hour), Open: true, Told: -1, Next: w.now.Add(time.Duration(n) * time.Minute), Vault: 1, Sealed: []byte("sealed"),
	}
}

func hits(t *testing.T, w *world) {
	first, second, done := keptHit(w, 1), keptHit(w, 2), keptHit(w, 3)
	second.Case, second.List, second.Asking, second.Past = heed.CaseID(w.digest()), "", 7, true
	done.Open, done.Next, done.Verdict, done.Officer, done.Decided, done.Erase = false, time.Time{}, heed.DifferentPerson, "anna", w.now.Add(time.Minute), w.now.Add(time.Hour)
	w.write(func(tx exchange.Tx) error {
		for _, h := range []exchange.KeptHit{done, second, first} {
			if added, err := tx.AddHit(h); err != nil || !added {
				t.Errorf("hit %s: %v, %v", h.ID, added, err)
			}
		}
		changed := first
		changed.Subject = "another"
		added, err := tx.AddHit(changed)
		if added {
			t.Error("a hit was added twice")
		}
		return err
	})
	w.both(func(v exchange.View) error {
		for _, h := range []exchange.KeptHit{first, second, done} {
			got, err := v.Hit(h.ID)
			same(t, "Hit", got, err, h)
			ids, err := v.HitsOf(h.Code())
			sameList(t, "HitsOf", ids, err, []heed.HitID{h.ID})
		}
		all, err := v.Hits(false, 10)
		sameList(t, "Hits, those that are open first", all, err, []exchange.KeptHit{first, second, done})
		all, err = v.Hits(true, 10)
		sameList(t, "open Hits", all, err, []exchange.KeptHit{first, second})
		all, err = v.Hits(false, 2)
		sameList(t, "two Hits", all, err, []exchange.KeptHit{first, second})
		all, err = v.HitWakes(w.now.Add(time.Minute), 10)
		sameList(t, "HitWakes", all, err, []exchange.KeptHit{first})
		next, err := v.NextHit()
		same(t, "NextHit", next, err, first.Next)
		none, err := v.Hit(heed.HitID(w.digest()))
		missing(t, "a hit that there is not", none, err)
		erase, err := v.HitsToErase(w.now, 10)
		sameList(t, "nothing to erase", erase, err, nil)
		erase, err = v.HitsToErase(done.Erase, 10)
		sameList(t, "HitsToErase", erase, err, []heed.HitID{done.ID})
		return nil
	})
	first.Due, first.Verdict, first.Officer, first.Decided, first.Expected, first.Reported = w.now.Add(5*time.Hour), heed.Undecided, "boris", w.now.Add(time.Second), w.now.Add(time.Hour), "not told"
	first.Asking, first.Past = 9, true
	first.Told, first.Next, first.Attempts, first.Trouble = 2, w.now.Add(4*time.Hour), 3, "the mail server was away"
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutHit(first), tx.EraseHit(done.ID)) })
	done.Vault, done.Sealed, done.Erase = 0, nil, time.Time{}
	w.both(func(v exchange.View) error {
		all, err := v.Hits(false, 10)
		sameList(t, "Hits, changed", all, err, []exchange.KeptHit{second, first, done})
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.PutHit(keptHit(w, 9)) }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("a change of a hit that there is not: %v", err)
	}
}

// endings are hits that nobody owes a review of any more, and those whose case was erased.
func endings(t *testing.T, w *world) {
	k := w.warning(w.north, w.south)
	w.keep(k)
	id := k.Statement.CaseID()
	first, second, decided, listed := keptHit(w, 1), keptHit(w, 2), keptHit(w, 3), keptHit(w, 4)
	for _, h := range []*exchange.KeptHit{&first, &second, &decided} {
		h.Case, h.List, h.Subject = id, "", "case:x/persons/0"
	}
	decided.Open, decided.Next, decided.Verdict, decided.Decided = false, time.Time{}, heed.SamePerson, w.now
	if first.ID.String() > second.ID.String() {
		first.ID, second.ID = second.ID, first.ID
	}
	w.write(func(tx exchange.Tx) error {
		for _, h := range []exchange.KeptHit{first, second, decided, listed} {
			if _, err := tx.AddHit(h); err != nil {
				return err
			}
		}
		return nil
	})
	w.both(func(v exchange.View) error {
		all, err := v.OpenHits(id, "", heed.HitID{}, 10)
		sameList(t, "OpenHits of a case", all, err, []exchange.KeptHit{first, second})
		all, err = v.OpenHits(id, "", first.ID, 10)
		sameList(t, "OpenHits, after one", all, err, []exchange.KeptHit{second})
		all, err = v.OpenHits(id, "", heed.HitID{}, 1)
		sameList(t, "OpenHits, bounded", all, err, []exchange.KeptHit{first})
		all, err = v.OpenHits(heed.CaseID{}, "sanctions", heed.HitID{}, 10)
		sameList(t, "OpenHits of a list", all, err, []exchange.KeptHit{listed})
		all, err = v.OpenHits(heed.CaseID{}, "another", heed.HitID{}, 10)
		sameList(t, "OpenHits of another list", all, err, nil)
		cases, lists, err := v.WithOpenHits()
		sameList(t, "cases with open hits", cases, err, []heed.CaseID{id})
		sameList(t, "lists with open hits", lists, err, []string{"sanctions"})
		all, err = v.EndedHits(w.now, 10)
		sameList(t, "none has ended", all, err, nil)
		return nil
	})
	ended := w.now.Add(time.Minute)
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.EndHits(id, "", ended, exchange.EndRecalled, ended.Add(time.Hour)), tx.EndHits(heed.CaseID{}, "another", ended, exchange.EndUnlisted, ended))
	})
	for _, h := range []*exchange.KeptHit{&first, &second} {
		h.Open, h.Next, h.Ended, h.Why, h.Erase = false, time.Time{}, ended, exchange.EndRecalled, ended.Add(time.Hour)
	}
	w.both(func(v exchange.View) error {
		for _, h := range []exchange.KeptHit{first, second, decided, listed} {
			got, err := v.Hit(h.ID)
			same(t, "a hit, after those of a case have ended", got, err, h)
		}
		all, err := v.EndedHits(ended, 1)
		if err != nil || len(all) != 1 || all[0].Ended != ended {
			t.Errorf("EndedHits, bounded: %+v, %v", all, err)
		}
		all, err = v.EndedHits(ended.Add(time.Millisecond), 10)
		sameList(t, "EndedHits since later", all, err, nil)
		return nil
	})
	first.Open, first.Next, first.Ended, first.Why, first.Erase, first.Vault, first.Sealed = true, w.now.Add(time.Hour), time.Time{}, "", time.Time{}, 2, []byte("sealed anew")
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutHit(first), tx.SealHit(first.ID, first.Vault, first.Sealed))
	})
	w.read(func(v exchange.View) error {
		got, err := v.Hit(first.ID)
		same(t, "a hit that is open again", got, err, first)
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.SealHit(heed.HitID(w.digest()), 1, nil) }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("what a hit says that there is not: %v", err)
	}

	// What hits of an erased case say is due for erasure with it.
	erased := w.now.Add(2 * time.Minute)
	w.write(func(tx exchange.Tx) error { return tx.EraseCase(id, nil, erased) })
	w.both(func(v exchange.View) error {
		all, err := v.HitsToErase(erased.Add(-time.Millisecond), 10)
		sameList(t, "HitsToErase, before", all, err, nil)
		next, err := v.NextHit()
		same(t, "NextHit, where the erasure is", next, err, erased)
		all, err = v.HitsToErase(erased, 10)
		if err != nil || len(all) != 3 {
			t.Errorf("HitsToErase of an erased case: %v, %v", all, err)
		}
		return nil
	})
}

func exclusions(t *testing.T, w *world) {
	first := exchange.Exclusion{
		Decision: heed.DecisionID(w.digest()), Traveller: w.digest(), Subject: "list:sanctions/12", State: w.digest(), Hit: heed.HitID(w.digest()), Officer: "anna", Made: w.now, Until: w.now.Add(time.Hour),
	}
	second := first
	second.Decision, second.Subject, second.Until = heed.DecisionID(w.digest()), "list:sanctions/13", w.now.Add(2*time.Hour)
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutExclusion(first), tx.PutExclusion(second)) })
	w.both(func(v exchange.View) error {
		got, err := v.Exclusion(first.Decision)
		same(t, "Exclusion", got, err, first)
		all, err := v.Exclusions(w.now, false, 10)
		sameList(t, "Exclusions, the last to end first", all, err, []exchange.Exclusion{second, first})
		all, err = v.ExclusionsFor(first.Traveller, w.now.Add(time.Hour))
		sameList(t, "of a traveller, after one has ended", all, err, []exchange.Exclusion{second})
		all, err = v.ExclusionsFor(w.digest(), w.now)
		sameList(t, "of another traveller", all, err, nil)
		none, err := v.Exclusion(heed.DecisionID(w.digest()))
		missing(t, "an exclusion that there is not", none, err)
		return nil
	})
	second.Revoked = w.now.Add(time.Minute)
	w.write(func(tx exchange.Tx) error { return tx.PutExclusion(second) })
	w.read(func(v exchange.View) error {
		all, err := v.Exclusions(w.now, false, 10)
		sameList(t, "without what was revoked", all, err, []exchange.Exclusion{first})
		all, err = v.Exclusions(w.now, true, 10)
		sameList(t, "with what was revoked", all, err, []exchange.Exclusion{second, first})
		all, err = v.ExclusionsFor(first.Traveller, w.now)
		sameList(t, "of a traveller, without what was revoked", all, err, []exchange.Exclusion{first})
		return nil
	})
	w.write(func(tx exchange.Tx) error { return tx.ForgetExclusions(w.now.Add(90 * time.Minute)) })
	w.read(func(v exchange.View) error {
		all, err := v.Exclusions(w.now, true, 10)
		sameList(t, "after some were forgotten", all, err, []exchange.Exclusion{second})
		return nil
	})
}

func keptRecords(t *testing.T, w *world) {
	record := func(first byte, lasts time.Duration) exchange.KeptRecord {
		id := w.digest()
		id[0] = first
		return exchange.KeptRecord{ID: id, Type: heed.RecordVisa, At: w.now, Expires: w.now.Add(lasts), Vault: 3, Sealed: []byte("sealed")}
	}
	a, b, c := record(1, time.Hour), record(2, 2*time.Hour), record(3, 3*time.Hour)
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.KeepRecord(c), tx.KeepRecord(a), tx.KeepRecord(b))
	})
	w.both(func(v exchange.View) error {
		got, err := v.KeptRecord(b.ID)
		same(t, "KeptRecord", got, err, b)
		all, err := v.KeptRecords(w.now, heed.Digest{}, 2)
		sameList(t, "KeptRecords, two of them", all, err, []exchange.KeptRecord{a, b})
		all, err = v.KeptRecords(w.now, b.ID, 10)
		sameList(t, "KeptRecords, after one", all, err, []exchange.KeptRecord{c})
		all, err = v.KeptRecords(w.now.Add(time.Hour), heed.Digest{}, 10)
		sameList(t, "KeptRecords, later", all, err, []exchange.KeptRecord{b, c})
		due, err := v.KeptDue(w.now)
		same(t, "KeptDue", due, err, false)
		due, err = v.KeptDue(a.Expires)
		same(t, "KeptDue, later", due, err, true)
		next, err := v.NextHit()
		same(t, "NextHit, where a kept record ends first", next, err, a.Expires)
		return nil
	})
	// Kept again it is of the later time and kept for longer, and never for less.
	longer, shorter := a, b
	longer.Expires, shorter.Expires = w.now.Add(4*time.Hour), w.now.Add(time.Minute)
	longer.At, c.At = w.now.Add(time.Hour), w.now
	earlier := c
	earlier.At = w.now.Add(-time.Hour)
	w.write(func(tx exchange.Tx) error {
		if err := errors.Join(tx.KeepRecord(longer), tx.KeepRecord(shorter), tx.KeepRecord(earlier)); err != nil {
			return err
		}
		n, err := tx.ForgetRecords(w.now.Add(2 * time.Hour))
		same(t, "ForgetRecords", n, err, 1)
		return nil
	})
	w.read(func(v exchange.View) error {
		all, err := v.KeptRecords(w.now, heed.Digest{}, 10)
		sameList(t, "what is left", all, err, []exchange.KeptRecord{longer, c})
		none, err := v.KeptRecord(b.ID)
		missing(t, "a record that was forgotten", none, err)
		return nil
	})
}

func tokens(t *testing.T, w *world) {
	gate := exchange.Token{Name: "gate", Scope: exchange.ScopeScreen, Hash: w.digest(), Officer: "anna", Added: w.now, Until: w.now.Add(time.Hour)}
	desk := exchange.Token{Name: "desk", Scope: exchange.ScopeScreen, Hash: w.digest(), Added: w.now}
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutToken(gate), tx.PutToken(desk)) })
	w.both(func(v exchange.View) error {
		all, err := v.Tokens()
		sameList(t, "Tokens, by name", all, err, []exchange.Token{desk, gate})
		got, err := v.Token("desk")
		same(t, "Token", got, err, desk)
		got, err = v.TokenOf(gate.Hash)
		same(t, "TokenOf", got, err, gate)
		none, err := v.Token("des")
		missing(t, "a token that was never made", none, err)
		none, err = v.TokenOf(heed.Digest{1})
		missing(t, "a hash of no token", none, err)
		return nil
	})
	gate.Removed, gate.Used = w.now.Add(time.Minute), w.now.Add(time.Second)
	w.write(func(tx exchange.Tx) error { return tx.PutToken(gate) })
	w.read(func(v exchange.View) error {
		all, err := v.Tokens()
		sameList(t, "Tokens, one removed", all, err, []exchange.Token{desk, gate})
		got, err := v.TokenOf(gate.Hash)
		same(t, "TokenOf one that was removed", got, err, gate)
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.PutToken(exchange.Token{Hash: w.digest()}) }); err == nil {
		t.Error("a token without a name was kept")
	}
}
