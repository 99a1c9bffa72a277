package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxNameBytes bounds a key name, and so an origin.
const maxNameBytes = 255

// A Checkpoint is a tree's head: so many leaves, with this root (C2SP
// tlog-checkpoint). By its signature a log binds itself to the order and
// content of every leaf below Size.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash

	// Cosignatures are the signature lines that follow the log's own, verbatim
	// and unverified, each ending in a newline; nil where there are none.
	Cosignatures []byte
}

// Same reports whether c and d are one head: origin, size and root agree,
// whoever cosigned them.
func (c Checkpoint) Same(d Checkpoint) bool {
	return c.Origin == d.Origin && c.Size == d.Size && c.Root == d.Root
}

// Body is the text that signatures are over: three lines, each ending in a
// newline, and never an extension line (newer cosignatures do not sign them).
func (c Checkpoint) Body() []byte {
	b := make([]byte, 0, len(c.Origin)+1+16+1+44+1)
	b = append(b, c.Origin...)
	b = append(b, '\n')
	b = strconv.AppendInt(b, c.Size, 10)
	b = append(b, '\n')
	b = base64.StdEncoding.AppendEncode(b, c.Root[:])
	return append(b, '\n')
}

// Sign returns the checkpoint as a signed note: the body, an empty line, the
// log's signature line, then Cosignatures as they are. The key must bear the
// origin's name (ErrOrigin). It signs nothing that ParseCheckpoint would
// refuse; errors are then ErrCheckpoint.
//
// A signed checkpoint is a promise that cannot be taken back. Sign only what
// has been committed to storage, and never on a node that may have been
// restored to an older state.
func (c Checkpoint) Sign(key note.Signer) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if key.Name() != c.Origin {
		return nil, fmt.Errorf("ledger: %w: key %q cannot sign for %q", ErrOrigin, key.Name(), c.Origin)
	}
	body := c.Body()
	signature, err := key.Sign(body)
	if err != nil {
		return nil, fmt.Errorf("ledger: sign checkpoint %d of %s: %w", c.Size, c.Origin, err)
	}
	var msg []byte
	msg = append(msg, body...)
	msg = append(msg, '\n')
	msg = append(msg, formatSignatureLine(c.Origin, key.KeyHash(), signature)...)
	msg = append(msg, c.Cosignatures...)
	if _, _, err := splitCheckpoint(msg); err != nil {
		return nil, err
	}
	return msg, nil
}

// ParseCheckpoint parses and verifies one log's signed checkpoint. It accepts
// exactly one byte form: three body lines, sizes and base64 in their canonical
// spelling, the log's own signature line first, no key twice. Cosignatures are
// checked in form only. Errors: ErrCheckpoint for the form or an excess of
// MaxCheckpointBytes or MaxCosignatures, ErrOrigin for another log or key,
// ErrSignature.
func ParseCheckpoint(msg []byte, origin string, verifier note.Verifier) (Checkpoint, error) {
	c, own, err := splitCheckpoint(msg)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, fmt.Errorf("ledger: %w: checkpoint of %q, want %q", ErrOrigin, c.Origin, origin)
	}
	if verifier.Name() != origin {
		return Checkpoint{}, fmt.Errorf("ledger: %w: key %q does not speak for %q", ErrOrigin, verifier.Name(), origin)
	}
	if own.keyHash != verifier.KeyHash() {
		return Checkpoint{}, fmt.Errorf("ledger: %w: signed by key %08x, want %08x: has the log's key changed?",
			ErrOrigin, own.keyHash, verifier.KeyHash())
	}
	if !verifier.Verify(c.Body(), own.signature) {
		return Checkpoint{}, fmt.Errorf("ledger: %w: checkpoint %d of %s", ErrSignature, c.Size, c.Origin)
	}
	return c, nil
}

// check refuses values that have no byte form.
func (c Checkpoint) check() error {
	if !isKeyName(c.Origin) {
		return fmt.Errorf("ledger: %w: origin %.80q must be 1 to %d bytes without spaces, control characters or '+'",
			ErrCheckpoint, c.Origin, maxNameBytes)
	}
	if c.Size < 0 || c.Size > MaxSize {
		return fmt.Errorf("ledger: %w: size %d, want 0 to %d", ErrCheckpoint, c.Size, int64(MaxSize))
	}
	if c.Size == 0 && c.Root != emptyRoot() {
		return fmt.Errorf("ledger: %w: an empty tree with a root other than the empty one", ErrCheckpoint)
	}
	return nil
}

// splitCheckpoint parses the form of a signed checkpoint and returns it with
// the first signature line, which must bear the origin's name.
func splitCheckpoint(msg []byte) (Checkpoint, signatureLine, error) {
	fail := func(format string, args ...any) (Checkpoint, signatureLine, error) {
		return Checkpoint{}, signatureLine{}, fmt.Errorf("ledger: %w: "+format, append([]any{ErrCheckpoint}, args...)...)
	}
	if len(msg) > MaxCheckpointBytes {
		return fail("%d bytes, at most %d", len(msg), MaxCheckpointBytes)
	}
	var c Checkpoint
	var lines [4]string
	rest := msg
	for i := range lines {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return fail("line %d is missing or unfinished", i+1)
		}
		lines[i], rest = string(line), after
	}
	if lines[3] != "" {
		return fail("line 4 must be empty: extension lines are not accepted")
	}
	c.Origin = lines[0]
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return fail("line 2: size %.32q is not a plain decimal number", lines[1])
	}
	c.Size = size
	root, ok := decodeBase64(lines[2])
	if !ok || len(root) != tlog.HashSize {
		return fail("line 3: root %.64q is not the base64 of %d bytes", lines[2], tlog.HashSize)
	}
	c.Root = tlog.Hash(root)
	if err := c.check(); err != nil {
		return Checkpoint{}, signatureLine{}, err
	}

	line, rest, found := bytes.Cut(rest, []byte("\n"))
	if !found {
		return fail("line 5: the log's signature is missing or unfinished")
	}
	own, ok := parseSignatureLine(line)
	if !ok {
		return fail("line 5 is not a signature line")
	}
	if own.name != c.Origin {
		return fail("line 5: the first signature is by %.80q, not by the log itself", own.name)
	}
	if len(rest) > 0 {
		c.Cosignatures = bytes.Clone(rest)
	}
	if _, err := splitSignatures(rest, 6, own); err != nil {
		return fail("%v", err)
	}
	return c, own, nil
}

const signaturePrefix = "— " // U+2014 and a space (C2SP signed-note, "Format")

type signatureLine struct {
	name      string
	keyHash   uint32
	signature []byte
	raw       []byte // the line as it stood, with its newline
}

// by reports whether the line claims to be by the same key as the other. A
// claim is all it is: 32 bits tell keys apart and prove nothing.
func (s signatureLine) by(other signatureLine) bool {
	return s.name == other.name && s.keyHash == other.keyHash
}

// splitSignatures parses none to MaxCosignatures signature lines, each ending
// in a newline, no two by one key nor by that of a line before them. number is
// that of the first, for errors.
func splitSignatures(lines []byte, number int, before ...signatureLine) ([]signatureLine, error) {
	var all []signatureLine
	for ; len(lines) > 0; number++ {
		if len(all) == MaxCosignatures {
			return nil, fmt.Errorf("more than %d cosignatures", MaxCosignatures)
		}
		line, after, found := bytes.Cut(lines, []byte("\n"))
		if !found {
			return nil, fmt.Errorf("line %d is unfinished", number)
		}
		s, ok := parseSignatureLine(line)
		if !ok {
			return nil, fmt.Errorf("line %d is not a signature line", number)
		}
		if slices.ContainsFunc(before, s.by) || slices.ContainsFunc(all, s.by) {
			return nil, fmt.Errorf("line %d: key %s+%08x signs twice", number, s.name, s.keyHash)
		}
		s.raw = lines[: len(line)+1 : len(line)+1]
		all = append(all, s)
		lines = after
	}
	return all, nil
}

func parseSignatureLine(line []byte) (signatureLine, bool) {
	text, ok := strings.CutPrefix(string(line), signaturePrefix)
	if !ok {
		return signatureLine{}, false
	}
	name, encoded, ok := strings.Cut(text, " ")
	if !ok || !isKeyName(name) {
		return signatureLine{}, false
	}
	raw, ok := decodeBase64(encoded)
	if !ok || len(raw) < 5 {
		return signatureLine{}, false
	}
	return signatureLine{name: name, keyHash: binary.BigEndian.Uint32(raw), signature: raw[4:]}, true
}

// formatSignatureLine is the line, with its newline, that parseSignatureLine reads.
func formatSignatureLine(name string, keyHash uint32, signature []byte) []byte {
	line := make([]byte, 0, len(signaturePrefix)+len(name)+2+base64.StdEncoding.EncodedLen(4+len(signature)))
	line = append(line, signaturePrefix...)
	line = append(line, name...)
	line = append(line, ' ')
	raw := append(binary.BigEndian.AppendUint32(nil, keyHash), signature...)
	line = base64.StdEncoding.AppendEncode(line, raw)
	return append(line, '\n')
}

// decodeBase64 accepts only what encoding yields: the decoder alone would let
// pass line breaks and stray low bits, a second spelling of the same bytes.
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, false
	}
	return b, true
}

func isKeyName(s string) bool {
	return len(s) > 0 && len(s) <= maxNameBytes && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return r == '+' || unicode.IsSpace(r) || unicode.IsControl(r)
		})
}
