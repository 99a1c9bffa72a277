package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Source is where the published part of a log is read from. Its methods
// are called concurrently.
type Source interface {
	// Checkpoint is the newest published signed checkpoint, or an error
	// wrapping ErrNotFound before there is one.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Size is the number of leaves of the newest published checkpoint. What
	// was appended after it is not served.
	Size(ctx context.Context) (int64, error)
	// Hashes returns the stored hashes with these tlog.StoredHashIndex, in
	// their order, all of them or an error.
	Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)
	// Leaves returns the leaves from (included) to to (excluded), all of them
	// or an error.
	Leaves(ctx context.Context, from, to int64) ([][]byte, error)
}

// A Resource is the answer to one path of a log.
type Resource struct {
	Body        []byte
	ContentType string
	// Forever: the path will have these bytes as long as the log exists, and
	// every log keeps it: it may be cached and stored as a file for good.
	Forever bool
	// Volatile: the bytes may be others at the next request. A resource that
	// is neither is a partial tile: its bytes stay, but other logs may drop it
	// once the tile is full.
	Volatile bool
}

// Read returns what the log serves under path, which has no leading slash:
// the checkpoint, a tile or an entry bundle. Errors: ErrNotFound for any
// other path and for tiles beyond the published size, ErrReader, and those
// of source.
func Read(ctx context.Context, source Source, path string) (Resource, error) {
	if path == CheckpointPath {
		body, err := source.Checkpoint(ctx)
		if err != nil {
			return Resource{}, err
		}
		return Resource{Body: body, ContentType: "text/plain; charset=utf-8", Volatile: true}, nil
	}
	tile, err := ParseTilePath(path)
	if err != nil {
		return Resource{}, fmt.Errorf("ledger: %w: %v", ErrNotFound, err)
	}
	size, err := source.Size(ctx)
	if err != nil {
		return Resource{}, err
	}
	if tile.End() > size {
		return Resource{}, fmt.Errorf("ledger: %w: %s ends at leaf %d, published are %d", ErrNotFound, path, tile.End(), size)
	}
	body, err := readTile(ctx, source, tile)
	if err != nil {
		return Resource{}, err
	}
	return Resource{Body: body, ContentType: "application/octet-stream", Forever: tile.Full()}, nil
}

func readTile(ctx context.Context, source Source, tile Tile) ([]byte, error) {
	if tile.Level != EntriesLevel {
		return TileData(tile, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			return source.Hashes(ctx, indexes)
		}))
	}
	from := tile.N * TileWidth
	leaves, err := source.Leaves(ctx, from, tile.End())
	if err != nil {
		return nil, err
	}
	if len(leaves) != tile.Width {
		return nil, fmt.Errorf("ledger: %w: %d of %d leaves for %s", ErrReader, len(leaves), tile.Width, tile.Path())
	}
	return EncodeBundle(leaves)
}

// Handler serves a log over plain HTTP as C2SP tlog-tiles lays out, to GET
// and HEAD. It expects its prefix to be stripped (http.StripPrefix). What a
// client may not learn, the cause of a 500, goes to report, which must be
// safe for concurrent use.
func Handler(source Source, report func(*http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		// A path that needed escaping is a second spelling, not ours.
		if r.URL.RawPath != "" {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		resource, err := Read(r.Context(), source, strings.TrimPrefix(r.URL.Path, "/"))
		if errors.Is(err, ErrNotFound) {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		if err != nil {
			report(r, err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", resource.ContentType)
		h.Set("Content-Length", strconv.Itoa(len(resource.Body)))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", resource.cacheControl())
		if _, err := w.Write(resource.Body); err != nil && r.Context().Err() == nil {
			report(r, err) // not the client that hung up
		}
	})
}

func (r Resource) cacheControl() string {
	switch {
	case r.Forever:
		return "public, max-age=31536000, immutable"
	case r.Volatile:
		return "no-store"
	default:
		return "public, max-age=600"
	}
}
