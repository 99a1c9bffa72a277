package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// The hashing of the map: an insert-only Merkle Patricia tree over byte
// strings, byte for byte that of filippo.io/torchwood's package mpt. The
// ledger's own keys are tags and its values leaf indexes, but nothing in this
// file depends on it.

// patriciaLeaf is H(0x00 | len(key) | key | len(value) | value).
func patriciaLeaf(key, value []byte) tlog.Hash {
	var array [1 + 2*binary.MaxVarintLen64 + 32 + 8]byte
	b := append(array[:0], 0)
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	b = binary.AppendUvarint(b, uint64(len(value)))
	b = append(b, value...)
	return sha256.Sum256(b)
}

// patriciaNode is H(0x01 | position | left | right): the node at which the
// keys below first differ, left those that have a 0 there.
func patriciaNode(position int, left, right *tlog.Hash) tlog.Hash {
	var array [1 + binary.MaxVarintLen64 + 2*tlog.HashSize]byte
	b := append(array[:0], 1)
	b = binary.AppendUvarint(b, uint64(position))
	b = append(b, left[:]...)
	b = append(b, right[:]...)
	return sha256.Sum256(b)
}

// patriciaByte is the key's byte i, the key being followed by one 0x00 and
// then 0xff for ever, so that no key is another's beginning.
func patriciaByte(key []byte, i int) byte {
	switch {
	case i < len(key):
		return key[i]
	case i == len(key):
		return 0x00
	default:
		return 0xff
	}
}

// patriciaBit is the key's bit at position, 0 or 1; bit 0 is the top bit of
// the first byte.
func patriciaBit(key []byte, position int) byte {
	return patriciaByte(key, position/8) >> (7 - position%8) & 1
}

// patriciaDifference is the first position at which two different keys differ.
func patriciaDifference(a, b []byte) int {
	i := 0
	for patriciaByte(a, i) == patriciaByte(b, i) {
		i++
	}
	position := i * 8
	for patriciaBit(a, position) == patriciaBit(b, position) {
		position++
	}
	return position
}

// maxPatriciaPosition bounds the positions of a path before any arithmetic.
const maxPatriciaPosition = 1<<31 - 1

// patriciaPath leads from one leaf of a tree up to its root. The zero value is
// the path of the empty tree.
type patriciaPath struct {
	leaf       bool // whether there is a leaf
	key, value []byte
	steps      []patriciaStep // from the leaf up, positions strictly decreasing
}

type patriciaStep struct {
	position int
	sibling  tlog.Hash
}

// root folds the path up to the root it leads to.
func (p patriciaPath) root() tlog.Hash {
	if !p.leaf {
		return emptyRoot()
	}
	return foldPatricia(patriciaLeaf(p.key, p.value), p.key, p.steps)
}

// agrees reports whether a walk by key's bits, from the root down, ends at the
// path's leaf.
func (p patriciaPath) agrees(key []byte) bool {
	for _, step := range p.steps {
		if patriciaBit(key, step.position) != patriciaBit(p.key, step.position) {
			return false
		}
	}
	return true
}

// insert is the root of the tree with key and value added, of which p shows
// that key is absent.
func (p patriciaPath) insert(key, value []byte) tlog.Hash {
	added := patriciaLeaf(key, value)
	if !p.leaf {
		return added
	}
	at := patriciaDifference(key, p.key)
	below := 0
	for below < len(p.steps) && p.steps[below].position > at {
		below++
	}
	other := foldPatricia(patriciaLeaf(p.key, p.value), p.key, p.steps[:below])
	joined := joinPatricia(at, added, other, key)
	return foldPatricia(joined, key, p.steps[below:])
}

func foldPatricia(hash tlog.Hash, key []byte, steps []patriciaStep) tlog.Hash {
	for _, step := range steps {
		hash = joinPatricia(step.position, hash, step.sibling, key)
	}
	return hash
}

// joinPatricia is the node over hash and sibling, hash being on key's side.
func joinPatricia(position int, hash, sibling tlog.Hash, key []byte) tlog.Hash {
	if patriciaBit(key, position) == 0 {
		return patriciaNode(position, &hash, &sibling)
	}
	return patriciaNode(position, &sibling, &hash)
}

// bytes is len(key) | key | len(value) | value | position | sibling | ...,
// lengths and positions being unsigned varints; nothing for the empty tree.
func (p patriciaPath) bytes() []byte {
	if !p.leaf {
		return nil
	}
	b := make([]byte, 0, 2*binary.MaxVarintLen16+len(p.key)+len(p.value)+len(p.steps)*(binary.MaxVarintLen16+tlog.HashSize))
	b = binary.AppendUvarint(b, uint64(len(p.key)))
	b = append(b, p.key...)
	b = binary.AppendUvarint(b, uint64(len(p.value)))
	b = append(b, p.value...)
	for _, step := range p.steps {
		b = binary.AppendUvarint(b, uint64(step.position))
		b = append(b, step.sibling[:]...)
	}
	return b
}

// parsePatriciaPath parses what bytes makes, and nothing else.
func parsePatriciaPath(b []byte) (patriciaPath, error) {
	if len(b) == 0 {
		return patriciaPath{}, nil
	}
	key, rest, err := cutString(b)
	if err != nil {
		return patriciaPath{}, fmt.Errorf("key: %w", err)
	}
	value, rest, err := cutString(rest)
	if err != nil {
		return patriciaPath{}, fmt.Errorf("value: %w", err)
	}
	steps, err := parsePatriciaSteps(rest)
	if err != nil {
		return patriciaPath{}, err
	}
	return patriciaPath{leaf: true, key: bytes.Clone(key), value: bytes.Clone(value), steps: steps}, nil
}

// parsePatriciaSteps parses a path without its key and value: what torchwood
// gives as the proof of a key that is present.
func parsePatriciaSteps(b []byte) ([]patriciaStep, error) {
	steps := make([]patriciaStep, 0, len(b)/(1+tlog.HashSize))
	for len(b) > 0 {
		position, rest, err := cutUvarint(b)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", len(steps), err)
		}
		if position > maxPatriciaPosition || len(rest) < tlog.HashSize {
			return nil, fmt.Errorf("step %d is cut short", len(steps))
		}
		if n := len(steps); n > 0 && int(position) >= steps[n-1].position {
			return nil, fmt.Errorf("step %d at bit %d follows one at bit %d", n, position, steps[n-1].position)
		}
		steps = append(steps, patriciaStep{position: int(position), sibling: tlog.Hash(rest[:tlog.HashSize])})
		b = rest[tlog.HashSize:]
	}
	return steps, nil
}

func cutString(b []byte) (s, rest []byte, err error) {
	n, rest, err := cutUvarint(b)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(rest)) {
		return nil, nil, errors.New("cut short")
	}
	return rest[:n], rest[n:], nil
}

// cutUvarint takes a varint in its shortest spelling off b.
func cutUvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 {
		return 0, nil, errors.New("not a varint in its shortest form")
	}
	return v, b[n:], nil
}
