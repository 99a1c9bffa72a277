package wire

import (
	"encoding/binary"
	"slices"
	"strconv"

	"heed"
)

// PartType says what a part of an envelope is.
type PartType byte

// The parts. A statement's tag key follows it at once; contents may stand
// anywhere and are found by their digests.
const (
	PartStatement  PartType = 1  // a signed statement
	PartTagKey     PartType = 2  // 32 bytes: K of the statement before it
	PartRelease    PartType = 3  // a signed release
	PartContent    PartType = 4  // 32 bytes of salt, then the content
	PartRefusal    PartType = 5  // a signed refusal of an envelope
	PartGap        PartType = 6  // numbers that are missing from the recipient's channel to the sender
	PartCheckpoint PartType = 7  // the newest checkpoint of the sender's own ledger
	PartSeen       PartType = 8  // the newest checkpoint of the recipient's ledger that the sender holds
	PartCard       PartType = 9  // a card of the sender: a former one, or the one after that of the header
	PartRefetch    PartType = 10 // a request for what the recipient holds of the sender's: empty, or a case's 32-byte id to go on after
	PartAnswered   PartType = 11 // 32 bytes: digest of the request envelope that this one answers
	PartWitnessed  PartType = 12 // a checkpoint with cosignatures that a statement's `after` names
	PartSuccession PartType = 13 // a signed succession, to the ledger of a card in the same envelope

	lastPart = PartSuccession
)

// Part is one part of an envelope.
type Part struct {
	Type PartType
	Data []byte
}

// Bounds of what an envelope holds.
const (
	MaxParts = 4096
	partHead = 1 + 4
)

const partsFirst = "heed-parts/v1\n"

// encodeParts writes the first line, then each part.
func encodeParts(parts []Part) ([]byte, error) {
	if len(parts) > MaxParts {
		return nil, malformed("%d parts, and an envelope has at most %d", len(parts), MaxParts)
	}
	size := len(partsFirst)
	for i, p := range parts {
		if p.Type < PartStatement || p.Type > lastPart {
			return nil, malformed("part %d is of the unknown type %d", i+1, p.Type)
		}
		if int64(len(p.Data)) > heed.LargestEnvelope {
			return nil, malformed("a part of %d bytes is too large", len(p.Data))
		}
		size += partHead + len(p.Data)
	}
	out := make([]byte, 0, size)
	out = append(out, partsFirst...)
	for _, p := range parts {
		out = p.append(out)
	}
	return out, nil
}

// append writes the part's type in one byte, its length in four (big endian),
// and its bytes.
func (p Part) append(out []byte) []byte {
	out = append(out, byte(p.Type))
	out = binary.BigEndian.AppendUint32(out, uint32(len(p.Data)))
	return append(out, p.Data...)
}

// cutPart takes the n-th part, counted from 1, off rest, of which its bytes
// stay a part.
func cutPart(rest []byte, n int) (p Part, after []byte, err error) {
	if len(rest) < partHead {
		return p, nil, malformed("part %d is cut short", n)
	}
	length := int64(binary.BigEndian.Uint32(rest[1:partHead]))
	p.Type, rest = PartType(rest[0]), rest[partHead:]
	if length > int64(len(rest)) {
		return p, nil, malformed("part %d says %d bytes, and %d are left", n, length, len(rest))
	}
	p.Data = rest[:length:length]
	return p, rest[length:], nil
}

func decodeParts(plain []byte) ([]Part, error) {
	if len(plain) < len(partsFirst) || string(plain[:len(partsFirst)]) != partsFirst {
		return nil, malformed("the opened envelope does not begin with %q", partsFirst[:len(partsFirst)-1])
	}
	rest := plain[len(partsFirst):]
	var parts []Part
	for len(rest) > 0 {
		part, after, err := cutPart(rest, len(parts)+1)
		if err != nil {
			return nil, err
		}
		if part.Type < PartStatement || part.Type > lastPart {
			return nil, malformed("part %d is of the unknown type %d", len(parts)+1, part.Type)
		}
		if len(parts) == MaxParts {
			return nil, malformed("more than %d parts", MaxParts)
		}
		parts, rest = append(parts, part), after
	}
	return parts, nil
}

// MaxGap is how many missing numbers one envelope asks for.
const MaxGap = 256

const gapFirst = "heed-gap/v1"

// EncodeGap writes the numbers that are missing, in ascending order.
func EncodeGap(missing []uint64) []byte {
	w := &writer{}
	w.first(gapFirst)
	for _, n := range missing {
		w.line("missing", strconv.FormatUint(n, 10))
	}
	return []byte(w.text())
}

// ParseGap reads the numbers that are missing.
func ParseGap(data []byte) ([]uint64, error) {
	if len(data) > 16<<10 {
		return nil, malformed("gap: too long")
	}
	r := newReader(string(data), gapFirst)
	missing := list(r, "missing", MaxGap, parseNumber)
	if err := r.end(); err != nil {
		return nil, err
	}
	if !slices.IsSorted(missing) || len(slices.Compact(slices.Clone(missing))) != len(missing) || len(missing) > 0 && missing[0] == 0 {
		return nil, malformed("gap: numbers are not ascending from 1")
	}
	return missing, nil
}
