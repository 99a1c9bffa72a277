package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"heed"
)

// The byte form of a warning (docs/warning.md): a list of salted fields in the
// order of their commitments, so that single fields can be opened to a third
// party while the rest stays closed (the idea of SD-JWT, RFC 9901), and both
// forms have the digest that the signed statement names.

// Bounds of a warning document.
const (
	MaxWarningBytes  = 1 << 20
	MaxWarningFields = 10_000
)

// ErrWarningTooLarge is a warning document beyond MaxWarningBytes or MaxWarningFields.
var ErrWarningTooLarge = fmt.Errorf("%w: the warning is larger than 1 MiB or 10,000 fields (send long texts as attachments)", ErrMalformed)

const (
	warningMagic = "heed-warning/v1\n"
	fieldTag     = "heed-field-v1\x00"
	contentTag   = "heed-content-v1\x00"
	saltSize     = 16
	maxPath      = 200
)

// FormError is a warning document that is not of the one form.
type FormError struct {
	Line    int    // counted from 1; 0 where no single line is at fault
	Path    string // of the field; may be empty
	Problem string
}

func (e *FormError) Error() string {
	var b strings.Builder
	b.WriteString("warning document")
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Path != "" {
		b.WriteString(", field " + e.Path)
	}
	return b.String() + ": " + e.Problem
}

// Unwrap makes a FormError an ErrMalformed.
func (e *FormError) Unwrap() error { return ErrMalformed }

// Field is one opened field.
type Field struct {
	Salt  [saltSize]byte
	Path  string // keys and positions joined by "/": persons/0/names/1/text
	Value string // canonical JSON scalar (RFC 8785)
}

// Commitment hides the field as long as its salt is not known:
// SHA-256("heed-field-v1\0" | salt | len(path) | path | len(value) | value),
// lengths as 32 bits, big endian.
func (f Field) Commitment() [32]byte {
	b := make([]byte, 0, len(fieldTag)+saltSize+8+len(f.Path)+len(f.Value))
	b = append(b, fieldTag...)
	b = append(b, f.Salt[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Path)))
	b = append(b, f.Path...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Value)))
	b = append(b, f.Value...)
	return sha256.Sum256(b)
}

// Text is the value of a field that is a text or a date; false for the others.
func (f Field) Text() (string, bool) {
	var s string
	if err := json.Unmarshal([]byte(f.Value), &s); err != nil {
		return "", false
	}
	return s, true
}

// Partial is a warning document of which some fields may be closed.
type Partial struct {
	lines []line // in the order of commitments
}

// line is one field of a document, opened where field is set.
type line struct {
	commitment [32]byte
	field      *Field
}

// Fields are the opened fields in the order of their paths' spelling.
func (p Partial) Fields() []Field {
	var opened []Field
	for _, l := range p.lines {
		if l.field != nil {
			opened = append(opened, *l.field)
		}
	}
	slices.SortFunc(opened, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return opened
}

// Closed is the number of fields that are not opened.
func (p Partial) Closed() int { return len(p.lines) - len(p.Fields()) }

// Digest is the content digest under the content's salt, the same for every
// way of opening one document:
// SHA-256("heed-content-v1\0" | salt | C1 | ... | Cn).
func (p Partial) Digest(salt [32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(contentTag))
	h.Write(salt[:])
	for _, l := range p.lines {
		h.Write(l.commitment[:])
	}
	return [32]byte(h.Sum(nil))
}

func (p Partial) encode() []byte {
	b := []byte(warningMagic)
	for _, l := range p.lines {
		if l.field == nil {
			b = append(b, "- "...)
			b = hex.AppendEncode(b, l.commitment[:])
		} else {
			b = hex.AppendEncode(b, l.field.Salt[:])
			b = append(b, ' ')
			b = append(b, l.field.Path...)
			b = append(b, ' ')
			b = append(b, l.field.Value...)
		}
		b = append(b, '\n')
	}
	return b
}

// EncodeWarning writes a warning in its byte form, drawing 16 bytes of salt
// for each field from rand, in the order of the fields in heed.Warning. A
// warning that does not pass its Check is refused with the Check's errors.
func EncodeWarning(w heed.Warning, rand io.Reader) ([]byte, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	fields := flatten(w)
	if len(fields) > MaxWarningFields {
		return nil, ErrWarningTooLarge
	}
	p := Partial{lines: make([]line, len(fields))}
	for i := range fields {
		if _, err := io.ReadFull(rand, fields[i].Salt[:]); err != nil {
			return nil, fmt.Errorf("drawing a field's salt: %w", err)
		}
		p.lines[i] = line{fields[i].Commitment(), &fields[i]}
	}
	slices.SortFunc(p.lines, func(a, b line) int { return bytes.Compare(a.commitment[:], b.commitment[:]) })
	document := p.encode()
	if len(document) > MaxWarningBytes {
		return nil, ErrWarningTooLarge
	}
	return document, nil
}

// ParseWarning reads a whole warning document. It accepts exactly the bytes
// that EncodeWarning makes of some warning with some salts. The error is
// ErrMalformed, and ErrWarningTooLarge, a *FormError, or the *heed.FieldErrors of
// Warning.Check.
func ParseWarning(document []byte) (heed.Warning, error) {
	p, err := ParsePartial(document)
	if err != nil {
		return heed.Warning{}, err
	}
	if n := p.Closed(); n > 0 {
		return heed.Warning{}, &FormError{Problem: fmt.Sprintf("%d fields are closed, and a whole warning is expected", n)}
	}
	opened := p.Fields()
	w, err := unflatten(opened)
	if err != nil {
		return heed.Warning{}, err
	}
	if err := w.Check(); err != nil {
		return heed.Warning{}, fmt.Errorf("%w warning document: %w", ErrMalformed, err)
	}
	if err := sameFields(flatten(w), opened); err != nil {
		return heed.Warning{}, err
	}
	return w, nil
}

// sameFields holds the promise of one byte form: what was read writes the same
// fields. The lines' own spelling was held by ParsePartial.
func sameFields(written, read []Field) error {
	values := make(map[string]string, len(written))
	for _, f := range written {
		values[f.Path] = f.Value
	}
	for _, f := range read {
		if value, ok := values[f.Path]; !ok || value != f.Value {
			return &FormError{Path: f.Path, Problem: "the value " + oneLine(f.Value, 80) + " is not in its one spelling"}
		}
	}
	if len(written) != len(read) {
		return &FormError{Problem: "the fields are not those of a warning"}
	}
	return nil
}

// ParsePartial reads a warning document whose fields are all, partly or not
// opened. Opened fields have known paths and values of their types; that the
// closed ones form a valid warning with them is what the recipient of the
// whole document found when it signed the receipt. The error is ErrWarningTooLarge
// or a *FormError.
func ParsePartial(document []byte) (Partial, error) {
	if len(document) > MaxWarningBytes {
		return Partial{}, ErrWarningTooLarge
	}
	body, ok := bytes.CutPrefix(document, []byte(warningMagic))
	if !ok {
		return Partial{}, &FormError{Line: 1, Problem: "does not begin with " + strings.TrimSpace(warningMagic)}
	}
	if bytes.Count(body, []byte("\n")) > MaxWarningFields {
		return Partial{}, ErrWarningTooLarge
	}
	var p Partial
	paths := make(map[string]bool)
	for number := 2; len(body) > 0; number++ {
		text, rest, ended := bytes.Cut(body, []byte("\n"))
		if !ended {
			return Partial{}, &FormError{Line: number, Problem: "the last line is not ended"}
		}
		body = rest
		l, err := parseLine(string(text))
		if err != nil {
			err.Line = number
			return Partial{}, err
		}
		if n := len(p.lines); n > 0 && bytes.Compare(p.lines[n-1].commitment[:], l.commitment[:]) >= 0 {
			return Partial{}, &FormError{Line: number, Problem: "the lines are not in the order of their commitments"}
		}
		if l.field != nil {
			if paths[l.field.Path] {
				return Partial{}, &FormError{Line: number, Path: l.field.Path, Problem: "stands twice"}
			}
			paths[l.field.Path] = true
		}
		p.lines = append(p.lines, l)
	}
	if len(p.lines) == 0 {
		return Partial{}, &FormError{Problem: "has no field"}
	}
	return p, nil
}

func parseLine(s string) (line, *FormError) {
	if closed, ok := strings.CutPrefix(s, "- "); ok {
		var l line
		if !decodeHex(l.commitment[:], closed) {
			return line{}, &FormError{Problem: "a closed field is not 64 lower-case hexadecimal digits"}
		}
		return l, nil
	}
	salt, rest, _ := strings.Cut(s, " ")
	path, value, ok := strings.Cut(rest, " ")
	if !ok {
		return line{}, &FormError{Problem: "is not salt, path and value"}
	}
	f := Field{Path: path, Value: value}
	if !decodeHex(f.Salt[:], salt) {
		return line{}, &FormError{Problem: "the salt is not 32 lower-case hexadecimal digits"}
	}
	if len(path) > maxPath {
		return line{}, &FormError{Problem: "the path is too long"}
	}
	if problem := checkField(path, value); problem != "" {
		return line{}, &FormError{Path: oneLine(path, 80), Problem: problem}
	}
	return line{f.Commitment(), &f}, nil
}

func decodeHex(into []byte, s string) bool {
	if len(s) != 2*len(into) || strings.ToLower(s) != s {
		return false
	}
	_, err := hex.Decode(into, []byte(s))
	return err == nil
}

// Disclose closes every field of the document but those at the paths and
// below them: persons/0 opens all that is said of the first person. A path at
// which the document has no opened field is an error, so that a slip of the
// pen does not silently prove less.
func Disclose(document []byte, paths ...string) ([]byte, error) {
	p, err := ParsePartial(document)
	if err != nil {
		return nil, err
	}
	used := make([]bool, len(paths))
	for i, l := range p.lines {
		if l.field == nil {
			continue
		}
		open := false
		for j, path := range paths {
			if l.field.Path == path || strings.HasPrefix(l.field.Path, path+"/") {
				open, used[j] = true, true
			}
		}
		if !open {
			p.lines[i].field = nil
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, &FormError{Path: oneLine(paths[i], 80), Problem: "there is no such field to open"}
	}
	return p.encode(), nil
}

// WarningDigest is the digest by which a statement names a warning document,
// whole or partly closed: SHA-256("heed-content-v1\0" | salt | commitments).
// It is that of DESIGN 3 for other contents, over the commitments instead of
// the bytes.
func WarningDigest(salt [32]byte, document []byte) ([32]byte, error) {
	p, err := ParsePartial(document)
	if err != nil {
		return [32]byte{}, err
	}
	return p.Digest(salt), nil
}

// quote writes a text as RFC 8785 section 3.2.2.2 has it: only what JSON
// demands is escaped, so a field is always one line.
func quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			if c < 0x20 {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return string(append(b, '"'))
}

// unquote reads what quote writes of valid UTF-8, and nothing else.
func unquote(value string) (string, bool) {
	var s string
	if len(value) < 2 || value[0] != '"' || !utf8.ValidString(value) {
		return "", false
	}
	if err := json.Unmarshal([]byte(value), &s); err != nil || quote(s) != value {
		return "", false
	}
	return s, true
}
