package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// follow brings a mirror's tree to the log's newest head, and checks that head's
// consistency from the log's tiles alone.
func follow(ctx context.Context, fetch Fetch, verifier note.Verifier, held *Tree) error {
	msg, err := fetch(ctx, CheckpointPath)
	if err != nil {
		return err
	}
	head, err := ParseCheckpoint(msg, verifier.Name(), verifier)
	if err != nil {
		return err
	}
	before := held.Head(head.Origin)
	proof, err := Consistency(before.Size, head.Size, Remote(ctx, fetch, head))
	if err != nil {
		return err
	}
	if err := CheckConsistency(proof, before, head); err != nil {
		return err
	}
	next := held.Clone()
	for page, err := range FetchLeaves(ctx, fetch, head.Size, before.Size, head.Size) {
		if err != nil {
			return err
		}
		for _, leaf := range page {
			if _, _, err := next.Append(leaf); err != nil {
				return err
			}
		}
	}
	if err := next.Agree(before, head); err != nil {
		return err
	}
	*held = *next
	return nil
}

// direct is a Fetch without a network.
func direct(source Source) Fetch {
	return func(ctx context.Context, path string) ([]byte, error) {
		r, err := Read(ctx, source, path)
		return r.Body, err
	}
}

func collect(pages func(func([][]byte, error) bool)) ([][]byte, error) {
	var leaves [][]byte
	for page, err := range pages {
		if err != nil {
			return leaves, err
		}
		if len(page) == 0 || len(page) > TileWidth {
			return leaves, fmt.Errorf("a page of %d leaves", len(page))
		}
		leaves = append(leaves, page...)
	}
	return leaves, nil
}

func published(t testing.TB, size int) (*memory, Checkpoint) {
	t.Helper()
	log := grow(t, size)
	signer, _ := testKey(t, origin, 1)
	head, err := log.publish(signer)
	if err != nil {
		t.Fatal(err)
	}
	return log, head
}

func TestFetchLeavesAnyRange(t *testing.T) {
	log, _ := published(t, 700)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 700).Draw(t, "size")
		to := rapid.Int64Range(0, size).Draw(t, "to")
		from := rapid.Int64Range(0, to).Draw(t, "from")
		got, err := collect(FetchLeaves(context.Background(), direct(log), size, from, to))
		if err != nil || !slices.EqualFunc(got, log.leaves[from:to], bytes.Equal) {
			t.Fatalf("leaves %d to %d of %d: %d leaves, %v", from, to, size, len(got), err)
		}
	})
}

// A log that has grown on may have dropped the partial tiles of an older head.
func TestPartialTileGone(t *testing.T) {
	log, head := published(t, 600)
	for i := 600; i < 768; i++ {
		if err := log.append(vectorLeaf(i)); err != nil {
			t.Fatal(err)
		}
	}
	signer, _ := testKey(t, origin, 1)
	if _, err := log.publish(signer); err != nil {
		t.Fatal(err)
	}
	var asked []string
	dropping := func(ctx context.Context, path string) ([]byte, error) {
		asked = append(asked, path)
		if strings.HasPrefix(path, "tile/0/") || strings.HasPrefix(path, "tile/entries/") {
			if strings.Contains(path, ".p/") {
				return nil, fmt.Errorf("dropped: %w", ErrNotFound)
			}
		}
		return direct(log)(ctx, path)
	}
	got, err := collect(FetchLeaves(t.Context(), dropping, head.Size, 500, head.Size))
	if err != nil || !slices.EqualFunc(got, log.leaves[500:600], bytes.Equal) {
		t.Fatalf("%d leaves, %v", len(got), err)
	}
	want := []string{"tile/entries/001", "tile/entries/002.p/88", "tile/entries/002"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	proof, err := Inclusion(head.Size, 599, Remote(t.Context(), dropping, head))
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckInclusion(proof, head, 599, vectorLeaf(599)); err != nil {
		t.Error(err)
	}
}

func TestFetchLeavesEnds(t *testing.T) {
	log, head := published(t, 600)
	broken := errors.New("no route")
	calls := 0
	fails := func(context.Context, string) ([]byte, error) { calls++; return nil, broken }
	if _, err := collect(FetchLeaves(t.Context(), fails, 600, 0, 600)); !errors.Is(err, broken) || calls != 1 {
		t.Errorf("a failing fetch: %v after %d calls", err, calls)
	}
	// Only "not found" leads on to the full tile.
	calls = 0
	if _, err := collect(FetchLeaves(t.Context(), fails, 600, 599, 600)); !errors.Is(err, broken) || calls != 1 {
		t.Errorf("a failing fetch of a partial tile: %v after %d calls", err, calls)
	}
	calls = 0
	missing := func(context.Context, string) ([]byte, error) { calls++; return nil, ErrNotFound }
	if _, err := collect(FetchLeaves(t.Context(), missing, 600, 599, 600)); !errors.Is(err, ErrNotFound) || calls != 2 {
		t.Errorf("a missing partial tile: %v after %d calls", err, calls)
	}
	for _, c := range [][3]int64{{600, -1, 1}, {600, 2, 1}, {600, 0, 601}, {MaxSize + 1, 0, 1}} {
		if _, err := collect(FetchLeaves(t.Context(), direct(log), c[0], c[1], c[2])); !errors.Is(err, ErrRange) {
			t.Errorf("range %v: %v", c, err)
		}
	}
	cut := func(ctx context.Context, path string) ([]byte, error) {
		b, err := direct(log)(ctx, path)
		return b[:max(len(b)-1, 0)], err
	}
	if _, err := collect(FetchLeaves(t.Context(), cut, 600, 0, 600)); !errors.Is(err, ErrTile) {
		t.Errorf("a cut bundle: %v", err)
	}
	if _, err := Inclusion(600, 0, Remote(t.Context(), cut, head)); !errors.Is(err, ErrTile) {
		t.Errorf("a cut tile: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(FetchLeaves(gone, direct(log), 600, 0, 600)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fetch: %v", err)
	}
	pages := 0
	for _, err := range FetchLeaves(t.Context(), direct(log), 600, 0, 600) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		break
	}
	if pages != 1 {
		t.Errorf("%d pages after the first was enough", pages)
	}
}

func TestRemoteChecksTiles(t *testing.T) {
	log, head := published(t, 70000)
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		size := rapid.SampledFrom([]int64{1, 255, 256, 257, 65535, 65536, 70000}).Draw(t, "size")
		tree, err := NewTree(size, log)
		if err != nil {
			t.Fatal(err)
		}
		head := tree.Head(origin)
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		proof, err := Inclusion(size, index, Remote(ctx, direct(log), head))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckInclusion(proof, head, index, vectorLeaf(int(index))); err != nil {
			t.Fatal(err)
		}
		old := rapid.Int64Range(0, size).Draw(t, "old")
		growth, err := Consistency(old, size, Remote(ctx, direct(log), head))
		if err != nil {
			t.Fatal(err)
		}
		before, err := NewTree(old, log)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(growth, before.Head(origin), head); err != nil {
			t.Fatal(err)
		}
	})
	lying := func(ctx context.Context, path string) ([]byte, error) {
		b, err := direct(log)(ctx, path)
		if path == "tile/0/003" {
			b = bytes.Clone(b)
			b[77] ^= 1
		}
		return b, err
	}
	if _, err := Inclusion(head.Size, 800, Remote(t.Context(), lying, head)); !errors.Is(err, ErrProof) {
		t.Errorf("an altered tile: %v, want ErrProof", err)
	}
	other := head
	other.Root[0] ^= 1
	if _, err := Inclusion(head.Size, 800, Remote(t.Context(), direct(log), other)); !errors.Is(err, ErrProof) {
		t.Errorf("another root: %v, want ErrProof", err)
	}
	empty := (&Tree{}).Head(origin)
	for _, c := range []struct {
		head    Checkpoint
		indexes []int64
	}{{head, []int64{-1}}, {head, []int64{tlog.StoredHashCount(head.Size)}}, {empty, []int64{0}}, {Checkpoint{Size: MaxSize + 1}, []int64{0}}} {
		if _, err := Remote(t.Context(), direct(log), c.head).ReadHashes(c.indexes); !errors.Is(err, ErrRange) {
			t.Errorf("hashes %v of %d leaves: %v, want ErrRange", c.indexes, c.head.Size, err)
		}
	}
	if hashes, err := Remote(t.Context(), direct(log), empty).ReadHashes(nil); err != nil || len(hashes) != 0 {
		t.Errorf("no hashes of an empty tree: %v, %v", hashes, err)
	}
}

// hostile answers every request in one way.
func hostile(t *testing.T, answer http.HandlerFunc) Fetch {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return FetchHTTP(server.Client(), server.URL)
}

func TestFetchHTTP(t *testing.T) {
	log, head := published(t, 300)
	var prefix string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix = r.URL.Path
		http.StripPrefix("/a/b", Handler(log, mustNot(t))).ServeHTTP(w, r)
	}))
	defer server.Close()
	fetch := FetchHTTP(server.Client(), server.URL+"/a/b")
	got, err := collect(FetchLeaves(t.Context(), fetch, head.Size, 0, head.Size))
	if err != nil || !slices.EqualFunc(got, log.leaves, bytes.Equal) {
		t.Errorf("%d leaves, %v", len(got), err)
	}
	if prefix != "/a/b/tile/entries/001.p/44" {
		t.Errorf("asked for %q", prefix)
	}
	if _, err := fetch(t.Context(), "tile/0/001"); !errors.Is(err, ErrNotFound) {
		t.Errorf("beyond the log: %v", err)
	}
	if _, err := fetch(t.Context(), "../secrets"); !errors.Is(err, ErrTile) {
		t.Errorf("a path that no log has: %v", err)
	}
	var status *StatusError
	busy := hostile(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if _, err := busy(t.Context(), CheckpointPath); !errors.As(err, &status) || status.Status != 503 ||
		errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "checkpoint: the log answered 503 Service Unavailable") {
		t.Errorf("a busy log: %v", err)
	}
	gone := hostile(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	if _, err := gone(t.Context(), CheckpointPath); !errors.Is(err, ErrNotFound) {
		t.Errorf("a pruned log: %v", err)
	}
	endless := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	for _, path := range []string{CheckpointPath, "tile/0/000", "tile/0/000.p/1"} {
		if b, err := endless(t.Context(), path); !errors.Is(err, ErrTile) || b != nil {
			t.Errorf("an endless %s: %d bytes, %v", path, len(b), err)
		}
	}
	cut := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "8192")
		if _, err := w.Write([]byte("cut")); err != nil {
			t.Error(err)
		}
	})
	if _, err := cut(t.Context(), "tile/0/000"); err == nil {
		t.Error("a cut answer was taken for whole")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch(over, CheckpointPath); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fetch: %v", err)
	}
	if _, err := FetchHTTP(server.Client(), "http://[")(t.Context(), CheckpointPath); err == nil {
		t.Error("a prefix that is no URL was accepted")
	}
}
