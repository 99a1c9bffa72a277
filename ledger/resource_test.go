package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// mustNot is a report for handlers that have nothing to report.
func mustNot(t testing.TB) func(*http.Request, error) {
	return func(r *http.Request, err error) { t.Errorf("%s %s: %v", r.Method, r.URL, err) }
}

func TestServedVectors(t *testing.T) {
	var vectors struct {
		Size      int
		Resources []struct{ Path, SHA256 string }
	}
	readVectors(t, "served.json", &vectors)
	log := grow(t, vectors.Size)
	signer, _ := testKey(t, origin, 1)
	if _, err := log.publish(signer); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors.Resources {
		r, err := Read(t.Context(), log, v.Path)
		sum := sha256.Sum256(r.Body)
		if err != nil || hex.EncodeToString(sum[:]) != v.SHA256 {
			t.Errorf("%s: %d bytes with SHA-256 %x, %v; want %s", v.Path, len(r.Body), sum, err, v.SHA256)
		}
	}
}

func TestHandler(t *testing.T) {
	log := grow(t, 600)
	handler := Handler(log, mustNot(t))
	get := func(method, target string) *http.Response {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		return w.Result()
	}
	if r := get("GET", "/checkpoint"); r.StatusCode != http.StatusNotFound {
		t.Errorf("before the first checkpoint: %d", r.StatusCode)
	}
	if r := get("GET", "/tile/0/000.p/1"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a tile before the first checkpoint: %d", r.StatusCode)
	}
	signer, _ := testKey(t, origin, 1)
	if _, err := log.publish(signer); err != nil {
		t.Fatal(err)
	}
	for range 100 { // appended and not published
		if err := log.append([]byte("unpublished")); err != nil {
			t.Fatal(err)
		}
	}
	const forever, partial, never = "public, max-age=31536000, immutable", "public, max-age=600", "no-store"
	const octets, text = "application/octet-stream", "text/plain; charset=utf-8"
	for _, c := range []struct {
		method, target string
		status, length int
		cache, media   string
	}{
		{"GET", "/checkpoint", 200, len(log.published), never, text},
		{"HEAD", "/checkpoint", 200, len(log.published), never, text},
		{"GET", "/tile/0/000", 200, 8192, forever, octets},
		{"HEAD", "/tile/0/000", 200, 8192, forever, octets},
		{"GET", "/tile/0/001", 200, 8192, forever, octets},
		{"GET", "/tile/0/002.p/88", 200, 88 * 32, partial, octets},
		{"GET", "/tile/0/002.p/12", 200, 12 * 32, partial, octets},
		{"GET", "/tile/0/001.p/255", 200, 255 * 32, partial, octets},
		{"GET", "/tile/1/000.p/2", 200, 64, partial, octets},
		{"GET", "/tile/entries/000", 200, 256 * 66, forever, octets},
		{"GET", "/tile/entries/002.p/88", 200, 88 * 66, partial, octets},
		{"GET", "/tile/0/002.p/89", 404, -1, never, text},
		{"GET", "/tile/0/002", 404, -1, never, text},
		{"GET", "/tile/0/003.p/1", 404, -1, never, text},
		{"GET", "/tile/1/000.p/3", 404, -1, never, text},
		{"GET", "/tile/2/000.p/1", 404, -1, never, text},
		{"GET", "/tile/entries/002.p/89", 404, -1, never, text},
		{"GET", "/tile/0/x000/000", 404, -1, never, text},
		{"GET", "/tile%2F0/000", 404, -1, "", text},
		{"GET", "/tile/0/%30%30%30", 404, -1, "", text},
		{"GET", "//checkpoint", 404, -1, never, text},
		{"GET", "/checkpoint/", 404, -1, never, text},
		{"GET", "/", 404, -1, never, text},
		{"GET", "/tile/", 404, -1, never, text},
		{"POST", "/checkpoint", 405, -1, "", text},
		{"DELETE", "/tile/0/000", 405, -1, "", text},
	} {
		r := get(c.method, c.target)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != c.status || r.Header.Get("Cache-Control") != c.cache || r.Header.Get("Content-Type") != c.media {
			t.Errorf("%s %s: %d, %v", c.method, c.target, r.StatusCode, r.Header)
		}
		if c.length >= 0 && (r.ContentLength != int64(c.length) || c.method == "GET" && len(body) != c.length) {
			t.Errorf("%s %s: %d bytes announced, %d sent, want %d", c.method, c.target, r.ContentLength, len(body), c.length)
		}
		if c.status == 405 && r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: allows %q", c.method, c.target, r.Header.Get("Allow"))
		}
	}
}

// damaged is a log whose storage fails in one way or another.
type damaged struct{ err error }

func (d *damaged) Checkpoint(context.Context) ([]byte, error) { return nil, d.err }
func (d *damaged) Size(context.Context) (int64, error)        { return 600, nil }

func (d *damaged) Hashes(context.Context, []int64) ([]tlog.Hash, error) {
	return nil, d.err
}

func (d *damaged) Leaves(context.Context, int64, int64) ([][]byte, error) {
	return nil, d.err
}

// sizeless does not even know its size.
type sizeless struct{ *damaged }

func (s sizeless) Size(context.Context) (int64, error) { return 0, s.err }

// A client learns nothing of a damaged storage; the operator learns all.
func TestHandlerReports(t *testing.T) {
	broken := errors.New("disk 3 is on fire")
	for _, c := range []struct {
		path   string
		source Source
		want   error
	}{
		{"/checkpoint", &damaged{err: broken}, broken},
		{"/tile/0/000", &damaged{err: broken}, broken},
		{"/tile/entries/000", &damaged{err: broken}, broken},
		{"/tile/0/000", &damaged{}, ErrReader},
		{"/tile/entries/000", &damaged{}, ErrReader},
		{"/tile/0/000", sizeless{&damaged{err: broken}}, broken},
	} {
		var reported error
		w := httptest.NewRecorder()
		Handler(c.source, func(_ *http.Request, err error) { reported = err }).
			ServeHTTP(w, httptest.NewRequest("GET", c.path, nil))
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "fire") {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
		if !errors.Is(reported, c.want) {
			t.Errorf("%s: reported %v, want %v", c.path, reported, c.want)
		}
	}
}

// Mirrors follow over HTTP while the log grows and publishes.
func TestMirrorsFollowAGrowingLog(t *testing.T) {
	log := &memory{}
	signer, verifier := testKey(t, origin, 1)
	if _, err := log.publish(signer); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/ledger", Handler(log, mustNot(t))))
	defer server.Close()

	const size = 3000
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := range size {
			if err := log.append(vectorLeaf(i)); err != nil {
				t.Error(err)
				return
			}
			if i%37 == 0 || i == size-1 {
				if _, err := log.publish(signer); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 3 {
		wait.Go(func() {
			fetch := FetchHTTP(server.Client(), server.URL+"/ledger/")
			held := &Tree{}
			for held.Size() < size {
				if err := follow(t.Context(), fetch, verifier, held); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}
