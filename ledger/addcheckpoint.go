package ledger

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// maxConsistencyHashes is what C2SP tlog-witness, "add-checkpoint", allows.
	// A tree of MaxSize needs fewer.
	maxConsistencyHashes = 63

	// MaxAddCheckpointBytes caps the body of a request to add-checkpoint.
	MaxAddCheckpointBytes = MaxCheckpointBytes + 4<<10

	// MaxTreeSizeBytes caps the body of a witness's 409 answer.
	MaxTreeSizeBytes = 16

	// TreeSizeType is the media type of a witness's 409 answer that tells the
	// size it holds (C2SP tlog-witness, "add-checkpoint").
	TreeSizeType = "text/x.tlog.size"
)

// An AddCheckpoint asks a witness for its cosignature (C2SP tlog-witness,
// "add-checkpoint").
type AddCheckpoint struct {
	Old        int64       // the size of the head that the witness holds, 0 for none
	Proof      []tlog.Hash // consistency from Old to the checkpoint; empty from 0, and to the same size
	Checkpoint []byte      // the whole signed checkpoint
}

// Marshal is the body of the request. Errors: ErrAddCheckpoint or
// ErrCheckpoint, for what ParseAddCheckpoint would refuse.
func (a AddCheckpoint) Marshal() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(oldPrefix)
	b.WriteString(strconv.FormatInt(a.Old, 10))
	b.WriteByte('\n')
	for _, h := range a.Proof {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(a.Checkpoint)
	return b.Bytes(), nil
}

// ParseAddCheckpoint parses the body of a request, and refuses every spelling
// but that of Marshal. It checks form alone, and that Old is not beyond the
// checkpoint's size: signature and proof are the witness's to verify. Errors:
// ErrAddCheckpoint, or ErrCheckpoint for the checkpoint inside; a witness
// answers 400 to both.
func ParseAddCheckpoint(body []byte) (AddCheckpoint, error) {
	fail := func(format string, args ...any) (AddCheckpoint, error) {
		return AddCheckpoint{}, fmt.Errorf("ledger: %w: "+format, append([]any{ErrAddCheckpoint}, args...)...)
	}
	if len(body) > MaxAddCheckpointBytes {
		return fail("%d bytes, at most %d", len(body), MaxAddCheckpointBytes)
	}
	line, rest, found := bytes.Cut(body, []byte("\n"))
	size, isOld := bytes.CutPrefix(line, []byte(oldPrefix))
	if !found || !isOld {
		return fail("line 1 is not %qand a size", oldPrefix)
	}
	var a AddCheckpoint
	var ok bool
	if a.Old, ok = parseSize(string(size)); !ok {
		return fail("line 1: size %.32q is not a plain decimal number up to %d", size, int64(MaxSize))
	}
	for number := 2; ; number++ {
		if line, rest, found = bytes.Cut(rest, []byte("\n")); !found {
			return fail("line %d is missing or unfinished", number)
		}
		if len(line) == 0 {
			break
		}
		if len(a.Proof) == maxConsistencyHashes {
			return fail("more than %d hashes", maxConsistencyHashes)
		}
		hash, ok := decodeBase64(string(line))
		if !ok || len(hash) != tlog.HashSize {
			return fail("line %d is not the base64 of %d bytes", number, tlog.HashSize)
		}
		a.Proof = append(a.Proof, tlog.Hash(hash))
	}
	a.Checkpoint = bytes.Clone(rest)
	if err := a.check(); err != nil {
		return AddCheckpoint{}, err
	}
	return a, nil
}

// FormatTreeSize is the body of a witness's 409 answer: the size of the head
// that it holds, 0 to MaxSize, and a newline.
func FormatTreeSize(size int64) []byte {
	return append(strconv.AppendInt(nil, size, 10), '\n')
}

// ParseTreeSize parses what FormatTreeSize gives. Errors: ErrAddCheckpoint.
func ParseTreeSize(body []byte) (int64, error) {
	text, ok := bytes.CutSuffix(body, []byte("\n"))
	if ok && len(body) <= MaxTreeSizeBytes {
		if size, ok := parseSize(string(text)); ok {
			return size, nil
		}
	}
	return 0, fmt.Errorf("ledger: %w: %.32q is not a tree size and a newline", ErrAddCheckpoint, body)
}

const oldPrefix = "old "

// check refuses values that have no byte form.
func (a AddCheckpoint) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("ledger: %w: "+format, append([]any{ErrAddCheckpoint}, args...)...)
	}
	if len(a.Proof) > maxConsistencyHashes {
		return fail("%d hashes, at most %d", len(a.Proof), maxConsistencyHashes)
	}
	c, err := UnverifiedCheckpoint(a.Checkpoint)
	if err != nil {
		return err
	}
	if a.Old < 0 || a.Old > c.Size {
		return fail("old size %d, and the checkpoint has %d", a.Old, c.Size)
	}
	return nil
}

// parseSize accepts a tree's size in its only decimal spelling.
func parseSize(s string) (int64, bool) {
	size, err := strconv.ParseInt(s, 10, 64)
	if err != nil || size < 0 || size > MaxSize || strconv.FormatInt(size, 10) != s {
		return 0, false
	}
	return size, true
}
