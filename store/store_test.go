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

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) exchange.Store { return open(t) }, storetest.Hooks{
		Reopen: func(t *testing.T, s exchange.Store) exchange.Store {
			path := s.(*Store).path
			if err := s.(*Store).Close(); err != nil {
				t.Fatal(err)
			}
			return openAt(t, path, Options{})
		},
		Crash: func(t *testing.T, s exchange.Store) exchange.Store {
			return openAt(t, copyOf(t, s.(*Store).path), Options{})
		},
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
