package ledger

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// EntriesLevel is the Level of a tile that is an entry bundle.
const EntriesLevel = -1

const (
	tileHeight   = 8 // log2(TileWidth)
	maxTileLevel = 5 // the highest with a hash in a tree of MaxSize leaves
	maxPathBytes = 64
)

// CheckpointPath is where a log serves its newest signed checkpoint.
const CheckpointPath = "checkpoint"

// A Tile is a run of up to TileWidth consecutive hashes of one level of the
// tree, or leaves (C2SP tlog-tiles). Level l holds the roots of subtrees of
// 256^l leaves; EntriesLevel holds the leaves themselves. N is the tile's
// place in its level, Width the number of hashes or leaves in it, from 1.
type Tile struct {
	Level int
	N     int64
	Width int
}

// Full reports whether the tile will never grow. Only a full tile is kept
// forever by every log.
func (t Tile) Full() bool { return t.Width == TileWidth }

// End is the size of the smallest tree that has the tile.
func (t Tile) End() int64 {
	return (t.N*TileWidth + int64(t.Width)) << (tileHeight * max(t.Level, 0))
}

// MaxBytes is the largest byte form the tile can have, for a reader to stop at.
func (t Tile) MaxBytes() int {
	if t.Level == EntriesLevel {
		return t.Width * (2 + MaxLeafBytes)
	}
	return t.Width * tlog.HashSize
}

// Path is the tile's one path below the log's prefix, without a leading
// slash: tile/<L>/<N>, with .p/<W> for a partial tile.
func (t Tile) Path() string {
	var b strings.Builder
	b.WriteString("tile/")
	if t.Level == EntriesLevel {
		b.WriteString("entries")
	} else {
		b.WriteString(strconv.Itoa(t.Level))
	}
	groups := fmt.Sprintf("%03d", t.N)
	groups = strings.Repeat("0", (3-len(groups)%3)%3) + groups
	for ; len(groups) > 3; groups = groups[3:] {
		b.WriteString("/x")
		b.WriteString(groups[:3])
	}
	b.WriteString("/")
	b.WriteString(groups)
	if !t.Full() {
		b.WriteString(".p/")
		b.WriteString(strconv.Itoa(t.Width))
	}
	return b.String()
}

// ParseTilePath parses a path that Path could have made, and no other
// spelling of it. Errors are ErrTile.
func ParseTilePath(path string) (Tile, error) {
	fail := func() (Tile, error) {
		return Tile{}, fmt.Errorf("ledger: %w: path %.80q", ErrTile, path)
	}
	if len(path) > maxPathBytes {
		return fail()
	}
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return fail()
	}
	level, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return fail()
	}
	t := Tile{Width: TileWidth}
	switch {
	case level == "entries":
		t.Level = EntriesLevel
	case len(level) == 1 && level[0] >= '0' && level[0] <= '0'+maxTileLevel:
		t.Level = int(level[0] - '0')
	default:
		return fail()
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		w, err := strconv.ParseUint(width, 10, 8)
		if err != nil {
			return fail()
		}
		t.Width = int(w)
	}
	for _, group := range strings.Split(rest, "/") {
		n, err := strconv.ParseUint(strings.TrimPrefix(group, "x"), 10, 10)
		if err != nil || t.N > MaxSize {
			return fail()
		}
		t.N = t.N*1000 + int64(n)
	}
	// Leading zeros, misplaced x and numbers of four digits all show here.
	if t.check() != nil || t.Path() != path {
		return fail()
	}
	return t, nil
}

// check refuses a tile that no tree of this package has.
func (t Tile) check() error {
	shift := tileHeight * max(t.Level, 0)
	if t.Level < EntriesLevel || t.Level > maxTileLevel || t.Width < 1 || t.Width > TileWidth ||
		t.N < 0 || t.N > MaxSize>>shift>>tileHeight || t.End() > MaxSize {
		return fmt.Errorf("ledger: %w: level %d, index %d, width %d", ErrTile, t.Level, t.N, t.Width)
	}
	return nil
}

// TileData reads the bytes of a tile of hashes, Width times 32 of them, in
// one call to r. Errors: ErrTile for an entry bundle or a tile that cannot
// be, ErrReader, and those of r.
func TileData(t Tile, r tlog.HashReader) ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.Level == EntriesLevel {
		return nil, fmt.Errorf("ledger: %w: %s holds leaves, not hashes", ErrTile, t.Path())
	}
	indexes := make([]int64, t.Width)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(t.Level*tileHeight, t.N*TileWidth+int64(i))
	}
	hashes, err := exact(r).ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	data := make([]byte, 0, t.Width*tlog.HashSize)
	for i := range hashes {
		data = append(data, hashes[i][:]...)
	}
	return data, nil
}
