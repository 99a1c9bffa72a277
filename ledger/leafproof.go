package ledger

import (
	"bytes"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// maxInclusionHashes is the longest inclusion proof in a tree of MaxSize.
	maxInclusionHashes = 48

	// MaxLeafProofBytes caps a leaf proof as text.
	MaxLeafProofBytes = MaxCheckpointBytes + 4<<10
)

// A LeafProof proves offline that a log has a leaf at Index: by its inclusion
// proof under a signed checkpoint (C2SP tlog-proof). It does not hold the leaf.
type LeafProof struct {
	Index      int64
	Hashes     []tlog.Hash // from the leaf's sibling upwards, at most 48
	Checkpoint []byte      // the whole signed checkpoint, cosignatures included
}

// Marshal is the proof's only text form (C2SP tlog-proof, "Format", without
// extra data). Errors: ErrProof or ErrCheckpoint for what ParseLeafProof would
// refuse.
func (p LeafProof) Marshal() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.text().Marshal(), nil
}

// ParseLeafProof parses what Marshal gives, and refuses every other spelling
// and extra data, which no signature covers. It checks form alone: see Check.
// Errors: ErrProof, or ErrCheckpoint for the checkpoint inside.
func ParseLeafProof(data []byte) (LeafProof, error) {
	if len(data) > MaxLeafProofBytes {
		return LeafProof{}, fmt.Errorf("ledger: %w: a leaf proof of %d bytes, at most %d", ErrProof, len(data), MaxLeafProofBytes)
	}
	var text proof.TLogProof
	if err := text.Unmarshal(data); err != nil {
		return LeafProof{}, fmt.Errorf("ledger: %w: %.200v", ErrProof, err) // it may quote what it could not read
	}
	if text.ExtraData != nil {
		return LeafProof{}, fmt.Errorf("ledger: %w: extra data in a leaf proof", ErrProof)
	}
	if text.Index >= MaxSize {
		return LeafProof{}, fmt.Errorf("ledger: %w: index %d, at most %d", ErrProof, text.Index, int64(MaxSize-1))
	}
	p := LeafProof{Index: int64(text.Index), Checkpoint: text.Checkpoint}
	for _, h := range text.Hashes {
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	if err := p.check(); err != nil {
		return LeafProof{}, err
	}
	// The library is lenient about line ends, numbers and base64.
	if !bytes.Equal(p.text().Marshal(), data) {
		return LeafProof{}, fmt.Errorf("ledger: %w: the leaf proof is not written in its one strict form", ErrProof)
	}
	return p, nil
}

// Check verifies that the log with this origin and key has leaf at p.Index,
// and returns the checkpoint, whose cosignatures say when and to whom it was
// shown and are not verified here. Errors: those of ParseCheckpoint and
// CheckInclusion.
func (p LeafProof) Check(leaf []byte, origin string, verifier note.Verifier) (Checkpoint, error) {
	c, err := ParseCheckpoint(p.Checkpoint, origin, verifier)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := CheckInclusion(p.Hashes, c, p.Index, leaf); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// check refuses values that have no text form.
func (p LeafProof) check() error {
	if len(p.Hashes) > maxInclusionHashes {
		return fmt.Errorf("ledger: %w: %d hashes, at most %d", ErrProof, len(p.Hashes), maxInclusionHashes)
	}
	c, err := UnverifiedCheckpoint(p.Checkpoint)
	if err != nil {
		return err
	}
	if p.Index < 0 || p.Index >= c.Size {
		return fmt.Errorf("ledger: %w: leaf %d in a tree of %d leaves", ErrProof, p.Index, c.Size)
	}
	return nil
}

func (p LeafProof) text() proof.TLogProof {
	text := proof.TLogProof{Index: uint64(p.Index), Checkpoint: p.Checkpoint}
	for _, h := range p.Hashes {
		text.Hashes = append(text.Hashes, h)
	}
	return text
}
