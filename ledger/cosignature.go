package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxCosignatureTime is the last second of the year 9999, beyond which times
// have no RFC 3339 form.
const maxCosignatureTime = 253402300799

// MergeCosignatures returns c with the signature lines of lines among its own:
// one line a key, and of two by one key the one with the later time. Lines of
// lengths that carry no time stay as they stand in c. The order is that of c,
// then that of lines; nothing is verified.
//
// So whoever writes a line with a later time in another's name drives out the
// good one: pass only what Verified or AddCosignatures let through, on both
// sides, where that matters.
//
// Errors: ErrCosignature if lines is not none to MaxCosignatures strict
// signature lines, ErrCheckpoint if c is not in its strict form, or the outcome
// is too much for one checkpoint.
func (c Checkpoint) MergeCosignatures(lines []byte) (Checkpoint, error) {
	_, held, err := c.cosigned()
	if err != nil {
		return Checkpoint{}, err
	}
	offered, err := splitOffered(lines)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, line := range offered {
		i := slices.IndexFunc(held, line.by)
		switch {
		case i < 0:
			held = append(held, line)
		case line.laterThan(held[i]):
			held[i] = line
		}
	}
	if len(held) > MaxCosignatures {
		return Checkpoint{}, fmt.Errorf("ledger: %w: more than %d cosignatures", ErrCheckpoint, MaxCosignatures)
	}
	return c.withCosignatures(held)
}

// Verified returns c with only those of its cosignatures that verify under
// keys, in the order in which they stand. If c is not in its strict form none
// is left.
func (c Checkpoint) Verified(keys ...CosignerKey) Checkpoint {
	body, lines, err := c.cosigned()
	c.Cosignatures = nil
	if err != nil {
		return c
	}
	for _, line := range lines {
		if verifiesUnderOne(keys, body, line) {
			c.Cosignatures = append(c.Cosignatures, line.raw...)
		}
	}
	return c
}

// AddCosignatures returns c with those lines of a witness's answer that verify
// under keys, merged among its own as MergeCosignatures does. Lines by other
// keys are ignored (C2SP tlog-witness, "add-checkpoint"); so is what c holds in
// the name of keys without verifying, so that it stands in nothing's way.
// Errors: ErrCosignature if the answer is malformed or no line of it verifies
// under keys; ErrCheckpoint as for MergeCosignatures.
func (c Checkpoint) AddCosignatures(answer []byte, keys ...CosignerKey) (Checkpoint, error) {
	if _, err := ParseCosignatureLines(answer); err != nil {
		return Checkpoint{}, err
	}
	body, held, err := c.cosigned()
	if err != nil {
		return Checkpoint{}, err
	}
	offered := c
	offered.Cosignatures = answer
	offered = offered.Verified(keys...)
	if len(offered.Cosignatures) == 0 {
		return Checkpoint{}, fmt.Errorf("ledger: %w: none on checkpoint %d of %s by the keys asked for: has the witness another key?",
			ErrCosignature, c.Size, c.Origin)
	}
	held = slices.DeleteFunc(held, func(line signatureLine) bool {
		named := slices.ContainsFunc(keys, func(k CosignerKey) bool { return k.name == line.name && k.id == line.keyHash })
		return named && !verifiesUnderOne(keys, body, line)
	})
	if c, err = c.withCosignatures(held); err != nil {
		return Checkpoint{}, err
	}
	return c.MergeCosignatures(offered.Cosignatures)
}

// RenderCheckpoint returns a signed checkpoint with other cosignatures in place
// of its own: body and the log's signature line as they stand in note, then
// cosignatures, none to MaxCosignatures strict signature lines. It verifies
// nothing. Errors: ErrCheckpoint, as ParseCheckpoint would refuse note or the
// outcome.
func RenderCheckpoint(note, cosignatures []byte) ([]byte, error) {
	c, _, err := splitCheckpoint(note)
	if err != nil {
		return nil, err
	}
	rendered := slices.Concat(note[:len(note)-len(c.Cosignatures)], cosignatures)
	if _, _, err := splitCheckpoint(rendered); err != nil {
		return nil, err
	}
	return rendered, nil
}

// UnverifiedCheckpoint parses a signed checkpoint as ParseCheckpoint does, and
// verifies no signature: it says whose head this claims to be, to whoever must
// know that before looking for the key. Errors: ErrCheckpoint.
func UnverifiedCheckpoint(note []byte) (Checkpoint, error) {
	c, _, err := splitCheckpoint(note)
	if err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// ParseCosignatureLines splits a witness's answer to add-checkpoint: 1 to
// MaxCosignatures signature lines, no two by one key, at most
// MaxCheckpointBytes in all (C2SP tlog-witness, "add-checkpoint"). Each keeps
// its newline; all are parts of body, not copies, and joined they are body
// again. Nothing is verified. Errors: ErrCosignature.
func ParseCosignatureLines(body []byte) ([][]byte, error) {
	lines, err := splitOffered(body)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("ledger: %w: no signature line", ErrCosignature)
	}
	all := make([][]byte, 0, len(lines))
	for _, line := range lines {
		all = append(all, line.raw)
	}
	return all, nil
}

// splitOffered is splitSignatures for lines that came without a checkpoint.
func splitOffered(lines []byte) ([]signatureLine, error) {
	if len(lines) > MaxCheckpointBytes {
		return nil, fmt.Errorf("ledger: %w: %d bytes of signature lines, at most %d", ErrCosignature, len(lines), MaxCheckpointBytes)
	}
	all, err := splitSignatures(lines, 1)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w: %v", ErrCosignature, err)
	}
	return all, nil
}

// cosigned is what cosignatures are verified with: the body, and the lines. It
// refuses a head that no checkpoint could carry.
func (c Checkpoint) cosigned() (body []byte, lines []signatureLine, err error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	lines, err = splitSignatures(c.Cosignatures, 1)
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: %w: cosignatures: %v", ErrCheckpoint, err)
	}
	return c.Body(), lines, nil
}

// withCosignatures replaces c's cosignatures. The size of the log's own line
// is not known here: whoever signs or renders c checks the whole.
func (c Checkpoint) withCosignatures(lines []signatureLine) (Checkpoint, error) {
	var all []byte
	for _, line := range lines {
		all = append(all, line.raw...)
	}
	if len(all) > MaxCheckpointBytes {
		return Checkpoint{}, fmt.Errorf("ledger: %w: %d bytes of cosignatures, at most %d in a whole checkpoint",
			ErrCheckpoint, len(all), MaxCheckpointBytes)
	}
	c.Cosignatures = all
	return c, nil
}

func verifiesUnderOne(keys []CosignerKey, body []byte, line signatureLine) bool {
	return slices.ContainsFunc(keys, func(k CosignerKey) bool {
		_, ok := k.verify(body, []signatureLine{line})
		return ok
	})
}

// laterThan reports whether s carries a time and other an earlier one or none.
func (s signatureLine) laterThan(other signatureLine) bool {
	at, ok := cosignatureTime(s.signature)
	if !ok {
		return false
	}
	before, ok := cosignatureTime(other.signature)
	return !ok || at.After(before)
}

// cosignedMessage is what an Ed25519 cosigner signs (C2SP tlog-cosignature,
// "Ed25519 signed message").
func cosignedMessage(at time.Time, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString("cosignature/v1\ntime ")
	b.WriteString(strconv.FormatInt(at.Unix(), 10))
	b.WriteByte('\n')
	b.Write(body)
	return b.Bytes()
}

// cosignatureTime is the time that stands in front of a signature of either
// cosigners' length (C2SP tlog-cosignature, "Format"). Nothing is verified.
func cosignatureTime(signature []byte) (time.Time, bool) {
	if len(signature) != ed25519CosignatureBytes && len(signature) != mldsa44CosignatureBytes {
		return time.Time{}, false
	}
	seconds := binary.BigEndian.Uint64(signature)
	if seconds > maxCosignatureTime || !isCosignatureTime(int64(seconds)) {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// isCosignatureTime refuses 0, with which a cosigner says that it makes no
// statement about time (C2SP tlog-cosignature, "ML-DSA-44 signed message").
func isCosignatureTime(seconds int64) bool {
	return seconds > 0 && seconds <= maxCosignatureTime
}
