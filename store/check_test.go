package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// filled has a ledger of 1,500 leaves with heads, a mirror, and cases.
func filled(t *testing.T) *Store {
	t.Helper()
	s := open(t)
	all := plain(t, 20)
	for i := range all {
		if err := all[i].commit(s); err != nil {
			t.Fatal(err)
		}
	}
	put := func(tx exchange.Tx) error {
		tree, err := tx.Tree()
		if err != nil {
			return err
		}
		head := tree.Head("north.example/v0")
		return tx.PutHead(exchange.Head{Size: head.Size, Note: append(head.Body(), "\n— north.example/v0 signature\n"...), At: benchStart})
	}
	err := s.Write(t.Context(), func(tx exchange.Tx) error {
		for i := range 1480 {
			if i%370 == 0 {
				if err := put(tx); err != nil {
					return err
				}
			}
			if _, err := tx.Append([]byte{1, byte(i), byte(i >> 8)}); err != nil {
				return err
			}
		}
		if err := put(tx); err != nil {
			return err
		}
		var tree ledger.Tree
		leaves := [][]byte{{1}, {2}, {3}}
		next := tree.Clone()
		for _, l := range leaves {
			if _, _, err := next.Append(l); err != nil {
				return err
			}
		}
		head := next.Head("south.example/v0")
		hashes, err := ledger.Extend(&tree, leaves, head)
		if err != nil {
			return err
		}
		return tx.ExtendMirror(head.Origin, leaves, hashes, exchange.Head{Size: 3, Note: append(head.Body(), '\n'), At: benchStart})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheckFindsNothingWrong(t *testing.T) {
	s := filled(t)
	var last, total int64 = -1, 0
	err := s.Check(t.Context(), func(done, of int64) {
		if done < last || done > of || total != 0 && of != total {
			t.Errorf("progress from %d of %d to %d of %d", last, total, done, of)
		}
		last, total = done, of
	})
	if err != nil {
		t.Error(err)
	}
	if want := int64(1500 + 3 + 20); last != want || total != want {
		t.Errorf("the last progress was %d of %d, want %d", last, total, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Check(ctx, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a check that was stopped: %v", err)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	sound := filled(t)
	for name, c := range map[string]struct{ damage, found string }{
		"a stored hash":            {`UPDATE leaf SET hashes = zeroblob(64) WHERE place = 77`, "our ledger: stored hash 150 "},
		"a stored hash is gone":    {`UPDATE leaf SET hashes = substr(hashes, 1, 32) WHERE place = 77`, "our ledger: stored hash"},
		"a leaf":                   {`UPDATE leaf SET rest = zeroblob(32) WHERE place = 5`, "the head of 20 leaves has another root"},
		"a leaf is gone":           {`DELETE FROM leaf WHERE place = 600`, "leaves are missing between"},
		"the last leaves are gone": {`DELETE FROM leaf WHERE place >= 1400`, "it has 1400 leaves, and a head was published of 1500"},
		"a head's text":            {`UPDATE head SET note = x'00' WHERE size = 390`, "the head of 390 leaves has another root or size"},
		"a head's size":            {`UPDATE head SET size = 391 WHERE size = 390`, "the head of 391 leaves has another root or size"},
		"a mirrored leaf":          {`UPDATE mirror_leaf SET rest = x'00' WHERE place = 2`, "the mirror of south.example/v0: the head of 3 leaves"},
		"a mirrored hash":          {`UPDATE mirror_leaf SET hashes = zeroblob(64) WHERE place = 1`, "the mirror of south.example/v0: stored hash 1 "},
		"a duty's statement": {`INSERT INTO duty (case_key, place, kind, from_id, owed_by, owed_to, due, promised, at, refused, level, expected, told, next, open)
			VALUES (2, 0, 'assess', x'00', 'south.example', 'north.example', 1, 1, 0, 0, 0, 0, 0, 0, 1)`, "is not 32 bytes"},
		"signed figures":       {`INSERT INTO figures (id, peer, note) VALUES (zeroblob(32), 'south.example', x'00')`, "figures that were kept cannot be read"},
		"a watch list's entry": {`INSERT INTO list_entry (import, entry, subject) VALUES (1, 'a', x'00')`, "entry \"a\" of a watch list cannot be read"},
		"a watch list's size": {`INSERT INTO list_import (id, list, state, format, file, officer, role, reason, urgency, threshold, began, changed, ended, entries, persons, vehicles,
			organisations, unread, partial, added, altered, removed) VALUES (1, 'lamp', 'current', '', '', '', '', '', '', 0, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0)`, "watch list lamp has 0 entries, and its import says 2"},
		"an entry of no watch list": {`INSERT INTO list_entry (import, entry, subject) VALUES (7, 'a', x'7b7d')`, "belongs to import 7, which is not there"},
		"a statement":               {`UPDATE statement SET note = x'00' WHERE seq = 3`, "a statement that was kept cannot be read"},
		"the index": {`INSERT INTO duty (case_key, place, kind, from_id, owed_by, owed_to, due, promised, at, refused, level, expected, told, next, open)
			VALUES (2, 0, 'assess', zeroblob(32), 'south.example', 'north.example', 1, 1, 0, 0, 0, 0, 0, 0, 1)`, "1 duties are indexed, and it has 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, copyOf(t, sound.path), Options{})
			if _, err := s.db.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			err := s.Check(t.Context(), nil)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.found) {
				t.Errorf("found %v, want %q", err, c.found)
			}
		})
	}
}

func TestCheckStopsAtManyFindings(t *testing.T) {
	s := open(t)
	all := plain(t, maxDamages+50)
	for i := range all {
		if err := all[i].commit(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.db.Exec(`UPDATE statement SET note = x'00'`); err != nil {
		t.Fatal(err)
	}
	err := s.Check(t.Context(), nil)
	if n := strings.Count(err.Error(), "\n"); n != maxDamages || !errors.Is(err, errEnough) {
		t.Errorf("%d findings; there is more: %t", n, errors.Is(err, errEnough))
	}
}

// The duties of a real case are indexed as its fold has them.
func TestCheckComparesTheIndexWithTheFold(t *testing.T) {
	s := open(t)
	all := plain(t, 1)
	opening := all[0].kept.Statement
	if err := all[0].commit(s); err != nil {
		t.Fatal(err)
	}
	wrong := exchange.IndexedDuty{Duty: heed.Duty{Kind: heed.DutyAssess, From: opening.ID, OwedBy: "south.example", OwedTo: "north.example", Due: benchStart}}
	err := s.Write(t.Context(), func(tx exchange.Tx) error { return tx.PutIndex(all[0].row, []exchange.IndexedDuty{wrong}) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("an index that its case does not have: %v", err)
	}
}

func TestBackup(t *testing.T) {
	s := filled(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "o'clock.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v beside the backup, %v", entries, err)
	}
	// The store goes on, and the backup does not.
	if err := s.Write(t.Context(), func(tx exchange.Tx) error { _, err := tx.Append([]byte{9}); return err }); err != nil {
		t.Fatal(err)
	}
	restored := openAt(t, path, Options{})
	if err := restored.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	err = restored.Read(t.Context(), func(v exchange.View) error {
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		if tree.Size() != 1500 {
			t.Errorf("%d leaves in the backup, want 1500", tree.Size())
		}
		_, err = v.Hashes([]int64{tlog.StoredHashIndex(0, 1499)})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, ErrExists) {
		t.Errorf("a backup over another: %v, want ErrExists", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "missing", "x.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a backup into no directory: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ended, filepath.Join(dir, "never.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "never.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a backup that was not made left something: %v", err)
	}
}

// A backup while changes go on is one moment of them.
func TestBackupUnderLoad(t *testing.T) {
	s := open(t)
	all := plain(t, 300)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		for i := range all {
			select {
			case <-stop:
				stopped <- i
				return
			default:
			}
			if err := all[i].commit(s); err != nil {
				t.Error(err)
			}
		}
		stopped <- len(all)
	}()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Error(err)
	}
	close(stop)
	n := <-stopped
	restored := openAt(t, path, Options{})
	if err := restored.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	whole := 0
	for whole < n && has(t, restored, &all[whole]) {
		whole++
	}
	for i := whole; i < n; i++ {
		if has(t, restored, &all[i]) {
			t.Errorf("change %d is in the backup, and change %d is not", i, whole)
		}
	}
}
