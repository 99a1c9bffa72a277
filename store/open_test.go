package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"heed"
	"heed/exchange"
)

func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heed.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// flock is held by an open file, so the same process is refused like another.
	second, err := Open(t.Context(), path, Options{})
	var held *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &held) || held.PID != os.Getpid() || held.Path != filepath.Join(filepath.Dir(path), "lock") {
		t.Errorf("a second store on one database: %v, %v", second, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path, Options{})
}

func TestWhatIsInTheLockFileDoesNotMatter(t *testing.T) {
	for _, text := range []string{"", "nobody", "-5", "99999999999999999999999999999999999999", strings.Repeat("1", 1000)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "lock"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), filepath.Join(dir, "heed.db"), Options{})
		if err != nil {
			t.Fatalf("a lock file left with %q: %v", text, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "lock"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var held *LockedError
		if _, err := Open(t.Context(), filepath.Join(dir, "heed.db"), Options{}); !errors.As(err, &held) {
			t.Errorf("a lock held with %q: %v", text, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesAreOursAlone(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "it's 100%?#.db"), Options{})
	all := plain(t, 1)
	if err := all[0].commit(s); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 4 {
		t.Errorf("%d files, want the database, its log, its index and the lock", len(entries))
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	ctx := t.Context()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "missing", "heed.db"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such directory: %v", err)
	}
	garbage := filepath.Join(t.TempDir(), "heed.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, garbage, Options{}); err == nil {
		t.Error("a file that is no database was opened")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(ended, filepath.Join(t.TempDir(), "heed.db"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heed.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("a database of schema 999: %v, want ErrNewer", err)
	}
	// The refusal holds no lock and changed nothing.
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("again: %v, want ErrNewer", err)
	}
}

// A store leaves no goroutine behind, and waits on nothing but channels while
// it is idle: the bubble would not end otherwise.
func TestAStoreInABubble(t *testing.T) {
	all := plain(t, 3)
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		for i := range all {
			if err := all[i].commit(s); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
			t.Error(err)
		}
		if err := s.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestReadersWaitTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, filepath.Join(t.TempDir(), "heed.db"), Options{Readers: 1})
		gate, done := make(chan struct{}), make(chan error)
		read := func(ctx context.Context) {
			done <- s.Read(ctx, func(v exchange.View) error {
				<-gate
				_, err := v.Cases(1)
				return err
			})
		}
		go read(context.Background())
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		go read(ctx)
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that waited: %v", err)
		}
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestTimes(t *testing.T) {
	for _, at := range []struct{ in, out int64 }{{-5, -5}, {1, 1}, {1795381260123, 1795381260123}} {
		if got := millis(fromMillis(at.in)); got != at.out {
			t.Errorf("%d ms became %d", at.in, got)
		}
	}
	if !fromMillis(0).IsZero() || millis(fromMillis(0)) != 0 {
		t.Error("no time did not stay none")
	}
	if name, _ := fromMillis(5).Zone(); name != "UTC" {
		t.Errorf("a time in %s", name)
	}
}

func TestTheCacheForgets(t *testing.T) {
	c := newCache[int, string](10)
	for i := range 1000 {
		c.put(i, "x", 1)
		if len(c.young)+len(c.old) > 10 {
			t.Fatalf("%d entries", len(c.young)+len(c.old))
		}
		if _, ok := c.get(0); !ok && i < 3 {
			t.Fatal("an entry was forgotten at once")
		}
	}
	if v, ok := c.get(999); !ok || v != "x" {
		t.Error("the newest entry is forgotten")
	}
	if _, ok := c.get(5); ok {
		t.Error("an old entry is kept")
	}
	c.put(999, "heavier than the cache", 100)
	if _, ok := c.get(999); ok {
		t.Error("an entry heavier than the cache is kept, or the lighter one before it")
	}
	kept := newCache[heed.CaseID, int](100)
	kept.put(heed.CaseID{1}, 1, 1)
	for i := range 1000 {
		kept.put(heed.CaseID{2, byte(i), byte(i >> 8)}, i, 1)
		if _, ok := kept.get(heed.CaseID{1}); !ok {
			t.Fatalf("what is asked for all the time was forgotten after %d", i)
		}
	}
}

func TestUnnamed(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                "SELECT 1",
		"a = $1 AND b = $2":       "a = ? AND b = ?",
		"$1, $2, $3)":             "?, ?, ?)",
		"a = $1 OR b = $1":        "a = $1 OR b = $1",
		"a = $2 AND b = $1":       "a = $2 AND b = $1",
		"a = $10":                 "a = $10",
		"LIMIT $1 WHERE a = $11 ": "LIMIT $1 WHERE a = $11 ",
	} {
		if got := unnamed(query); got != want {
			t.Errorf("%q became %q, want %q", query, got, want)
		}
	}
}

// A tile's hashes are read in few queries, and its edges one by one: both ways
// agree everywhere.
func TestHashesEitherWay(t *testing.T) {
	s := filled(t)
	err := s.Read(t.Context(), func(v exchange.View) error {
		for _, far := range []int64{1, 3, 50, 700} {
			var indexes []int64
			for i := int64(0); i < 2900; i += far {
				indexes = append(indexes, i)
			}
			together, err := v.Hashes(indexes)
			if err != nil {
				return err
			}
			for i, index := range indexes {
				if alone, err := v.Hashes([]int64{index}); err != nil || alone[0] != together[i] {
					t.Errorf("hash %d: %v alone, %v together, %v", index, alone, together[i], err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
