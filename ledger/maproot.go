package ledger

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// MapRootBytes is the length of a map root leaf.
	MapRootBytes = 1 + 8 + tlog.HashSize + 8
	// EndBytes is the length of an end leaf.
	EndBytes = MapRootBytes + 32

	mapRootLeaf = 0x01
	endLeaf     = 0x02
)

// noPrevious stands for "no map root before this one" in a leaf.
const noPrevious = 1<<64 - 1

// A MapRoot is the leaf by which a ledger binds itself to its map: the tree of
// the tags of all leaves before it. Every checkpoint's last leaf is one.
type MapRoot struct {
	Covers   int64     // how many leaves the map is of: the leaf's own index
	Root     tlog.Hash // of the map
	Previous int64     // index of the map root leaf before this one; -1 for none

	// Succession, unless zero, makes this the ledger's end leaf, its last for
	// ever: the SHA-256 of the signed statement that names what follows.
	Succession [32]byte
}

// Ends reports whether the leaf is an end leaf.
func (r MapRoot) Ends() bool { return r.Succession != [32]byte{} }

// Bytes is the leaf: MapRootBytes long, or EndBytes for an end leaf. Values
// that ParseMapRoot would refuse have no meaning.
func (r MapRoot) Bytes() []byte {
	b := make([]byte, 1, EndBytes)
	b[0] = mapRootLeaf
	b = binary.BigEndian.AppendUint64(b, uint64(r.Covers))
	b = append(b, r.Root[:]...)
	previous := uint64(noPrevious)
	if r.Previous >= 0 {
		previous = uint64(r.Previous)
	}
	b = binary.BigEndian.AppendUint64(b, previous)
	if r.Ends() {
		b[0] = endLeaf
		b = append(b, r.Succession[:]...)
	}
	return b
}

// ParseMapRoot parses a map root or end leaf: its form, not whether it is
// right where it stands. Errors are ErrLeaf.
func ParseMapRoot(b []byte) (MapRoot, error) {
	ends := len(b) == EndBytes && b[0] == endLeaf
	if !ends && !(len(b) == MapRootBytes && b[0] == mapRootLeaf) {
		return MapRoot{}, fmt.Errorf("ledger: %w: %d bytes that are neither a map root nor an end leaf", ErrLeaf, len(b))
	}
	covers := binary.BigEndian.Uint64(b[1:])
	previous := binary.BigEndian.Uint64(b[41:])
	r := MapRoot{Covers: int64(covers), Root: tlog.Hash(b[9:41]), Previous: -1}
	if previous != noPrevious {
		r.Previous = int64(previous)
	}
	if ends {
		r.Succession = [32]byte(b[49:])
	}
	switch {
	case covers >= MaxSize:
		return MapRoot{}, fmt.Errorf("ledger: %w: a map root over %d leaves, at most %d", ErrLeaf, covers, int64(MaxSize)-1)
	case previous != noPrevious && previous >= covers:
		return MapRoot{}, fmt.Errorf("ledger: %w: a map root over %d leaves that follows one at index %d", ErrLeaf, covers, previous)
	case ends != r.Ends():
		return MapRoot{}, fmt.Errorf("ledger: %w: an end leaf without a succession", ErrLeaf)
	}
	return r, nil
}

// IsMapRoot reports whether leaf is a map root or an end leaf, by its form.
func IsMapRoot(leaf []byte) bool {
	_, err := ParseMapRoot(leaf)
	return err == nil
}
