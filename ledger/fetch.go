package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Fetch reads one resource of a log by its path below the log's prefix,
// without a leading slash. It reads no more than MaxBytes(path), and returns
// an error wrapping ErrNotFound, and only then, when the log says that it
// has no such resource.
type Fetch func(ctx context.Context, path string) ([]byte, error)

// MaxBytes is the largest answer that a log can have for path: for a Fetch to
// stop at. Errors: ErrTile for a path that no log has.
func MaxBytes(path string) (int, error) {
	if path == CheckpointPath {
		return MaxCheckpointBytes, nil
	}
	tile, err := ParseTilePath(path)
	if err != nil {
		return 0, err
	}
	return tile.MaxBytes(), nil
}

// A StatusError is a log's HTTP answer that is neither success nor "not found".
type StatusError struct {
	URL    string
	Status int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("ledger: GET %s: the log answered %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// FetchHTTP is a Fetch over HTTP from a log's URL prefix. The client decides on
// time limits, certificates and redirects. Errors: ErrTile, ErrNotFound for 404
// and 410, *StatusError for any other status than 200, and the client's own.
func FetchHTTP(client *http.Client, prefix string) Fetch {
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	return func(ctx context.Context, path string) ([]byte, error) {
		limit, err := MaxBytes(path)
		if err != nil {
			return nil, err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, prefix+path, nil)
		if err != nil {
			return nil, fmt.Errorf("ledger: fetch: %w", err)
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, fmt.Errorf("ledger: fetch: %w", err)
		}
		defer response.Body.Close()
		switch response.StatusCode {
		case http.StatusOK:
		case http.StatusNotFound, http.StatusGone:
			return nil, fmt.Errorf("ledger: %w: %s", ErrNotFound, prefix+path)
		default:
			return nil, &StatusError{URL: prefix + path, Status: response.StatusCode}
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
		if err != nil {
			return nil, fmt.Errorf("ledger: fetch %s: %w", prefix+path, err)
		}
		if len(body) > limit {
			return nil, fmt.Errorf("ledger: fetch %s: more than the %d bytes that it can have: %w", prefix+path, limit, ErrTile)
		}
		return body, nil
	}
}

// FetchLeaves reads the leaves from (included) to to (excluded) of a log whose
// verified checkpoint has size leaves, page by page: each page is what one
// entry bundle has of the range, 1 to TileWidth leaves. It holds one bundle
// at a time. The leaves are the log's word alone until a replay (Extend, Agree)
// reaches the checkpoint's root.
//
// After an error the sequence ends. Errors: ErrRange, ErrTile, ErrLeaf, and
// those of fetch.
func FetchLeaves(ctx context.Context, fetch Fetch, size, from, to int64) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		if from < 0 || from > to || to > size || size > MaxSize {
			yield(nil, fmt.Errorf("ledger: leaves %d to %d of %d: %w", from, to, size, ErrRange))
			return
		}
		for from < to {
			n := from / TileWidth
			start := n * TileWidth
			tile := Tile{Level: EntriesLevel, N: n, Width: int(min(TileWidth, size-start))}
			leaves, err := fetchTile(ctx, fetch, tile, ParseBundle)
			if err != nil {
				yield(nil, err)
				return
			}
			end := min(to, start+int64(tile.Width))
			if !yield(leaves[from-start:end-start:end-start], nil) {
				return
			}
			from = end
		}
	}
}

// Remote reads hashes of a log's tree from its tiles, each checked against
// head's root: with it, Inclusion and Consistency work on a log of which we
// hold nothing but a verified checkpoint. Its errors are those of fetch,
// ErrTile, ErrRange for hashes that head's tree does not have, and ErrProof
// for tiles that do not lead to head's root.
func Remote(ctx context.Context, fetch Fetch, head Checkpoint) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		if head.Size < 0 || head.Size > MaxSize {
			return nil, fmt.Errorf("ledger: tree size %d: %w", head.Size, ErrRange)
		}
		for _, index := range indexes {
			if index < 0 || index >= tlog.StoredHashCount(head.Size) {
				return nil, fmt.Errorf("ledger: hash %d of a tree of %d leaves: %w", index, head.Size, ErrRange)
			}
		}
		if len(indexes) == 0 {
			return nil, nil
		}
		tiles := &remoteTiles{ctx: ctx, fetch: fetch}
		tree := tlog.Tree{N: head.Size, Hash: head.Root}
		hashes, err := tlog.TileHashReader(tree, tiles).ReadHashes(indexes)
		if err != nil && tiles.err == nil {
			return nil, fmt.Errorf("ledger: %w: tiles of %s at %d leaves: %v", ErrProof, head.Origin, head.Size, err)
		}
		return hashes, err
	})
}

// remoteTiles is one ReadHashes call's tlog.TileReader, an interface that has
// no place for a context.
type remoteTiles struct {
	ctx   context.Context
	fetch Fetch
	err   error // of fetch, to be told from tlog's
}

func (r *remoteTiles) Height() int { return tileHeight }

func (r *remoteTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, 0, len(tiles))
	for _, t := range tiles {
		hashes, err := fetchTile(r.ctx, r.fetch, Tile{Level: t.L, N: t.N, Width: t.W}, splitHashes)
		if err != nil {
			r.err = err
			return nil, err
		}
		var tile []byte
		for _, hash := range hashes {
			tile = append(tile, hash...)
		}
		data = append(data, tile)
	}
	return data, nil
}

// SaveTiles keeps nothing: caching is fetch's business.
func (r *remoteTiles) SaveTiles([]tlog.Tile, [][]byte) {}

// fetchTile fetches the Width items of a tile. A log may drop a partial tile
// once it is full (C2SP tlog-tiles, "Partial Tiles"); the full one, cut to the
// width asked for, then says the same.
func fetchTile(ctx context.Context, fetch Fetch, tile Tile, parse func([]byte, int) ([][]byte, error)) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	asked := tile
	data, err := fetch(ctx, tile.Path())
	if !tile.Full() && errors.Is(err, ErrNotFound) {
		asked.Width = TileWidth
		data, err = fetch(ctx, asked.Path())
	}
	if err != nil {
		return nil, err
	}
	items, err := parse(data, asked.Width)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", asked.Path(), err)
	}
	return items[:tile.Width], nil
}

func splitHashes(data []byte, width int) ([][]byte, error) {
	if len(data) != width*tlog.HashSize {
		return nil, fmt.Errorf("ledger: %w: %d bytes for %d hashes", ErrTile, len(data), width)
	}
	hashes := make([][]byte, 0, width)
	for i := range width {
		hashes = append(hashes, data[i*tlog.HashSize:(i+1)*tlog.HashSize])
	}
	return hashes, nil
}
