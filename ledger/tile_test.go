package ledger

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestTileVectors(t *testing.T) {
	var vectors struct {
		Good []struct {
			Path   string
			Level  int
			N, End int64
			Width  int
		}
		Bad     []string
		Bundles []struct {
			Leaves []hexBytes
			Bundle hexBytes
		}
		BadBundles []struct {
			Why    string
			Width  int
			Bundle hexBytes
		}
	}
	readVectors(t, "tiles.json", &vectors)
	for _, v := range vectors.Good {
		want := Tile{Level: v.Level, N: v.N, Width: v.Width}
		got, err := ParseTilePath(v.Path)
		if err != nil || got != want || got.End() != v.End || got.Full() != (v.Width == 256) {
			t.Errorf("ParseTilePath(%q) = %+v ending at %d, %v; want %+v ending at %d", v.Path, got, got.End(), err, want, v.End)
		}
		if want.Path() != v.Path {
			t.Errorf("path of %+v = %q, want %q", want, want.Path(), v.Path)
		}
	}
	for _, path := range vectors.Bad {
		if tile, err := ParseTilePath(path); !errors.Is(err, ErrTile) {
			t.Errorf("ParseTilePath(%q) = %+v, %v; want ErrTile", path, tile, err)
		}
	}
	for i, v := range vectors.Bundles {
		var leaves [][]byte
		for _, leaf := range v.Leaves {
			leaves = append(leaves, leaf)
		}
		if got, err := EncodeBundle(leaves); err != nil || !bytes.Equal(got, v.Bundle) {
			t.Errorf("bundle %d = %x, %v; want %x", i, got, err, v.Bundle)
		}
	}
	for _, v := range vectors.BadBundles {
		if leaves, err := ParseBundle(v.Bundle, v.Width); !errors.Is(err, ErrTile) && !errors.Is(err, ErrLeaf) {
			t.Errorf("%s: %x, %v", v.Why, leaves, err)
		}
	}
}

func anyTile(t *rapid.T) Tile {
	tile := Tile{
		Level: rapid.IntRange(EntriesLevel, 5).Draw(t, "level"),
		Width: rapid.IntRange(1, TileWidth).Draw(t, "width"),
	}
	perTile := int64(TileWidth) << (8 * max(tile.Level, 0))
	tile.N = rapid.Int64Range(0, (MaxSize+1)/perTile-1).Draw(t, "n")
	if tile.End() > MaxSize {
		tile.Width--
	}
	return tile
}

func TestTilePathRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyTile(t)
		if got, err := ParseTilePath(want.Path()); err != nil || got != want {
			t.Fatalf("%+v has path %q, which is %+v, %v", want, want.Path(), got, err)
		}
		if limit, err := MaxBytes(want.Path()); err != nil || limit != want.MaxBytes() {
			t.Fatalf("limit %d, %v", limit, err)
		}
		if want.Level == EntriesLevel {
			return
		}
		// The one difference from tlog's own paths is the height.
		theirs := tlog.Tile{H: 8, L: want.Level, N: want.N, W: want.Width}
		if got := "tile/8/" + want.Path()[len("tile/"):]; got != theirs.Path() {
			t.Fatalf("path %q, tlog says %q", got, theirs.Path())
		}
	})
}

func TestTileData(t *testing.T) {
	log := grow(t, 70000)
	for _, tile := range []tlog.Tile{{H: 8, L: 0, N: 0, W: 256}, {H: 8, L: 0, N: 273, W: 112}, {H: 8, L: 1, N: 0, W: 256}, {H: 8, L: 1, N: 1, W: 17}, {H: 8, L: 2, N: 0, W: 1}} {
		want, err := tlog.ReadTileData(tile, log)
		if err != nil {
			t.Fatal(err)
		}
		got, err := TileData(Tile{Level: tile.L, N: tile.N, Width: tile.W}, log)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: %d bytes, %v", tile, len(got), err)
		}
	}
	for _, tile := range []Tile{{}, {Level: EntriesLevel, Width: 1}, {Level: -2, Width: 1}, {Level: 6, Width: 1}, {Level: 63, Width: 1},
		{Width: 257}, {Width: -1}, {N: -1, Width: 1}, {N: MaxSize, Width: 1}, {Level: 5, N: 1, Width: 1}, {Level: 5, Width: 256}, {N: 1 << 62, Width: 1}} {
		if _, err := TileData(tile, log); !errors.Is(err, ErrTile) {
			t.Errorf("%+v: %v, want ErrTile", tile, err)
		}
	}
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	if _, err := TileData(Tile{Width: 1}, short); !errors.Is(err, ErrReader) {
		t.Errorf("short read: %v", err)
	}
	broken := errors.New("broken disk")
	fails := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, broken })
	if _, err := TileData(Tile{Width: 1}, fails); !errors.Is(err, broken) {
		t.Errorf("failing read: %v", err)
	}
}

func TestBundleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 100), 1, TileWidth).Draw(t, "leaves")
		data, err := EncodeBundle(leaves)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseBundle(data, len(leaves))
		if err != nil {
			t.Fatal(err)
		}
		for i := range leaves {
			if !bytes.Equal(got[i], leaves[i]) {
				t.Fatalf("leaf %d: %x, want %x", i, got[i], leaves[i])
			}
		}
	})
}

func TestBundleLimits(t *testing.T) {
	largest := make([][]byte, TileWidth)
	for i := range largest {
		largest[i] = make([]byte, MaxLeafBytes)
	}
	data, err := EncodeBundle(largest)
	if err != nil || len(data) != (Tile{Level: EntriesLevel, Width: TileWidth}).MaxBytes() {
		t.Errorf("largest bundle: %d bytes, %v", len(data), err)
	}
	if _, err := ParseBundle(data, TileWidth); err != nil {
		t.Errorf("largest bundle: %v", err)
	}
	for why, c := range map[string]struct {
		leaves [][]byte
		want   error
	}{
		"none":      {nil, ErrTile},
		"too many":  {append(largest, []byte("x")), ErrTile},
		"empty":     {[][]byte{{}}, ErrLeaf},
		"oversized": {[][]byte{make([]byte, MaxLeafBytes+1)}, ErrLeaf},
	} {
		if _, err := EncodeBundle(c.leaves); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", why, err, c.want)
		}
	}
}
