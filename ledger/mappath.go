package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxMapPathBytes is the largest byte form of a MapPath: the leaf, and a step
// at each of a tag's 256 bits. In a map of a million random tags it is some
// 700 bytes.
const MaxMapPathBytes = 1 + 32 + 1 + 8 + 128*(1+tlog.HashSize) + 128*(2+tlog.HashSize)

const tagBits = 8 * len(Tag{})

// A MapPath shows whether a tag is in a map, and under which leaf index: it is
// the way from the one leaf at which a walk by the tag's bits ends up to the
// root. If that leaf is the tag's own, the tag is there; otherwise it is
// nowhere. The zero MapPath is that of the empty map.
type MapPath struct {
	path patriciaPath
}

// Bytes is the path's byte form (docs/ledger.md, "The map"), empty for the
// empty map.
func (p MapPath) Bytes() []byte { return p.path.bytes() }

// ParseMapPath parses a path in its one byte form, at most MaxMapPathBytes.
// Errors are ErrProof. What it shows is for Check to say.
func ParseMapPath(b []byte) (MapPath, error) {
	fail := func(format string, args ...any) (MapPath, error) {
		return MapPath{}, fmt.Errorf("ledger: %w: map path: "+format, append([]any{ErrProof}, args...)...)
	}
	if len(b) > MaxMapPathBytes {
		return fail("%d bytes, at most %d", len(b), MaxMapPathBytes)
	}
	path, err := parsePatriciaPath(b)
	if err != nil {
		return fail("%v", err)
	}
	if !path.leaf {
		return MapPath{}, nil
	}
	if len(path.key) != len(Tag{}) || len(path.value) != 8 {
		return fail("key of %d and value of %d bytes, want %d and 8", len(path.key), len(path.value), len(Tag{}))
	}
	if index := binary.BigEndian.Uint64(path.value); index >= MaxSize {
		return fail("leaf index %d, at most %d", index, int64(MaxSize)-1)
	}
	// The first step has the highest position of all.
	if len(path.steps) > 0 && path.steps[0].position >= tagBits {
		return fail("a step at bit %d, a tag has %d", path.steps[0].position, tagBits)
	}
	return MapPath{path}, nil
}

// Check returns what the path shows of tag in the map with this root: present,
// at a leaf index, or absent. One root cannot have a path for both: the
// positions of the steps are hashed with them. Errors are ErrProof, for a path
// that leads to another root, or does not lie on tag's way.
func (p MapPath) Check(root tlog.Hash, tag Tag) (index int64, present bool, err error) {
	if p.path.root() != root {
		return 0, false, fmt.Errorf("ledger: %w: the map path does not lead to the root %v", ErrProof, root)
	}
	if !p.path.leaf {
		return 0, false, nil
	}
	if bytes.Equal(p.path.key, tag[:]) {
		return int64(binary.BigEndian.Uint64(p.path.value)), true, nil
	}
	if !p.path.agrees(tag[:]) {
		return 0, false, fmt.Errorf("ledger: %w: the map path does not lie on the way to tag %v", ErrProof, tag)
	}
	return 0, false, nil
}

// Insert is the root of the map with e added, for somebody who holds nothing
// of the map but its root and this path, which shows that e.Tag is absent.
// Errors: ErrProof as for Check, ErrMapTaken for a tag that is present,
// ErrRange for an index that no leaf has.
func (p MapPath) Insert(root tlog.Hash, e MapEntry) (tlog.Hash, error) {
	if err := e.check(); err != nil {
		return tlog.Hash{}, err
	}
	index, present, err := p.Check(root, e.Tag)
	if err != nil {
		return tlog.Hash{}, err
	}
	if present {
		return tlog.Hash{}, fmt.Errorf("ledger: %w: tag %v, by leaf %d", ErrMapTaken, e.Tag, index)
	}
	value := e.value()
	return p.path.insert(e.Tag[:], value[:]), nil
}

// Without is the root of the map without the tag that the path is of: what an
// auditor holds a wrong root against, to find out what it leaves out. It means
// nothing for a path that was not checked.
func (p MapPath) Without() tlog.Hash {
	if len(p.path.steps) == 0 {
		return emptyRoot()
	}
	return foldPatricia(p.path.steps[0].sibling, p.path.key, p.path.steps[1:])
}
