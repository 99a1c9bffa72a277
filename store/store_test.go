package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"heed/exchange"
	"heed/exchange/storetest"
)

func openAt(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "heed.db"), Options{})
}

func TestStore(t *testing.T) { conforms(t, Options{}) }

// With everything as small as it goes, each change is a batch of its own, every
// cache forgets at once, and the log is copied after every commit.
func TestASmallStore(t *testing.T) {
	conforms(t, Options{Readers: 3, Batch: 1, Cached: 1, CheckpointPages: 1})
}

func conforms(t *testing.T, o Options) {
	again := func(t *testing.T, s exchange.Store) *Store {
		t.Helper()
		mine, ok := s.(*Store)
		if !ok {
			t.Fatalf("the suite gave back a %T", s)
		}
		return mine
	}
	storetest.Run(t, func(t *testing.T) exchange.Store { return openAt(t, filepath.Join(t.TempDir(), "heed.db"), o) }, storetest.Hooks{
		Reopen: func(t *testing.T, s exchange.Store) exchange.Store {
			old := again(t, s)
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			return openAt(t, old.path, o)
		},
		Crash: func(t *testing.T, s exchange.Store) exchange.Store { return openAt(t, copyOf(t, again(t, s).path), o) },
	})
}

// copyOf is the database as a crash would leave it: the files as they are, in
// another directory, without what only memory has.
func copyOf(t testing.TB, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "heed.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
