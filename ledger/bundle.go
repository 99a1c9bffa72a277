package ledger

import (
	"encoding/binary"
	"fmt"
)

// EncodeBundle is the entry bundle of 1 to TileWidth leaves: each leaf after
// its length as a big-endian uint16 (C2SP tlog-tiles, "Log entries"). Errors:
// ErrTile for their number, ErrLeaf for an empty or oversized leaf.
func EncodeBundle(leaves [][]byte) ([]byte, error) {
	if len(leaves) == 0 || len(leaves) > TileWidth {
		return nil, fmt.Errorf("ledger: %w: an entry bundle of %d leaves, want 1 to %d", ErrTile, len(leaves), TileWidth)
	}
	size := 0
	for _, leaf := range leaves {
		if err := checkLeafBytes(leaf); err != nil {
			return nil, err
		}
		size += 2 + len(leaf)
	}
	data := make([]byte, 0, size)
	for _, leaf := range leaves {
		data = binary.BigEndian.AppendUint16(data, uint16(len(leaf)))
		data = append(data, leaf...)
	}
	return data, nil
}

// ParseBundle parses an entry bundle of exactly width leaves, 1 to
// TileWidth. The leaves are parts of data, not copies. Errors: ErrTile for a
// bundle that is cut short or has another number of leaves, ErrLeaf for an
// empty leaf.
func ParseBundle(data []byte, width int) ([][]byte, error) {
	if width < 1 || width > TileWidth {
		return nil, fmt.Errorf("ledger: %w: an entry bundle of %d leaves, want 1 to %d", ErrTile, width, TileWidth)
	}
	leaves := make([][]byte, 0, width)
	for i := range width {
		if len(data) < 2 {
			return nil, fmt.Errorf("ledger: %w: entry bundle ends at leaf %d of %d", ErrTile, i, width)
		}
		size := int(binary.BigEndian.Uint16(data))
		data = data[2:]
		if len(data) < size {
			return nil, fmt.Errorf("ledger: %w: entry bundle ends within leaf %d of %d", ErrTile, i, width)
		}
		if size == 0 {
			return nil, fmt.Errorf("ledger: %w: leaf %d of an entry bundle is empty", ErrLeaf, i)
		}
		leaves = append(leaves, data[:size:size])
		data = data[size:]
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("ledger: %w: %d bytes after the %d leaves of an entry bundle", ErrTile, len(data), width)
	}
	return leaves, nil
}
