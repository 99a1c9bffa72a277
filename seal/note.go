package seal

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxSignature is the length in bytes of the longest signature in a note, without the key hash. It has room for
	// SSH and WebAuthn signatures; an Ed25519 signature has 64.
	MaxSignature = 4096

	// MaxSignatures is the largest number of signature lines that SignNote writes and OpenNote reads.
	MaxSignatures = 64
)

var (
	// ErrMalformedNote is matched when bytes are not a signed note in its one form.
	ErrMalformedNote = errors.New("malformed note")

	// ErrSignature is matched by every *SignatureError.
	ErrSignature = errors.New("wrong signature")
)

// SignatureProblem says what is wrong with a signature line.
type SignatureProblem string

// What can be wrong with the signature lines of a well-formed note.
const (
	SignatureMissing    SignatureProblem = "missing"        // the note ends before this key's line: stripped
	SignatureUnexpected SignatureProblem = "unexpected"     // there is a line after that of the last key: added
	SignatureWrongKey   SignatureProblem = "by another key" // another key's line stands here: swapped, stripped or added
	SignatureRepeated   SignatureProblem = "repeated"       // an earlier line carries the same name and key hash
	SignatureInvalid    SignatureProblem = "invalid"        // the right key's line, which does not verify
)

// SignatureError says which signature line of a note is wrong, and why. It matches ErrSignature.
type SignatureError struct {
	Line    int              // from 1, counting signature lines only
	Problem SignatureProblem // why
	Want    string           // name+hash of the key that must sign here; empty if none may
	Got     string           // name+hash that the line carries; empty if there is no line
}

func (e *SignatureError) Error() string {
	message := fmt.Sprintf("%v: signature line %d is %s", ErrSignature, e.Line, e.Problem)
	if e.Want != "" {
		message += ": needed is " + e.Want
	}
	if e.Got != "" {
		message += ", found is " + e.Got
	}
	return message
}

// Is makes errors.Is(err, ErrSignature) true.
func (e *SignatureError) Is(target error) bool { return target == ErrSignature }

// NoteSignature is one signature line of a note. Having one says nothing: only OpenNote verifies.
type NoteSignature struct {
	Name      string // the key's name, valid by CheckKeyName
	KeyHash   uint32 // the key's hash, as the line states it
	Signature []byte // 1 to MaxSignature bytes
}

func (s NoteSignature) key() string { return fmt.Sprintf("%s+%08x", s.Name, s.KeyHash) }

const noteDash = "— " // U+2014, space

// maxSignatureLine is the longest signature line in bytes.
var maxSignatureLine = len(noteDash) + MaxKeyName + len(" ") + base64.StdEncoding.EncodedLen(4+MaxSignature) + len("\n")

// SignNote returns the C2SP signed note of text: the text, an empty line, and one signature line for each key in the
// order given. Each key signs the text up to and with its last newline. The text must be as SplitNote demands, and 1 to
// MaxSignatures different keys are needed.
func SignNote(text string, keys ...SigningKey) ([]byte, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("signing a note: %w", ErrNoKey)
	}
	signatures := make([]NoteSignature, len(keys))
	for i, key := range keys {
		signature, err := key.Sign([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("signature line %d: %w", i+1, err)
		}
		signatures[i] = NoteSignature{Name: key.Name(), KeyHash: key.KeyHash(), Signature: signature}
	}
	return JoinNote(text, signatures)
}

// JoinNote writes the note that SplitNote takes apart. It checks the form of text and lines and verifies no signature.
func JoinNote(text string, signatures []NoteSignature) ([]byte, error) {
	if err := checkNoteText(text); err != nil {
		return nil, err
	}
	if len(signatures) == 0 || len(signatures) > MaxSignatures {
		return nil, fmt.Errorf("%w: %d signature lines where 1 to %d are allowed", ErrMalformedNote, len(signatures), MaxSignatures)
	}
	note := make([]byte, 0, len(text)+1+len(signatures)*(MaxKeyName+100))
	note = append(note, text...)
	note = append(note, '\n')
	for i, s := range signatures {
		if err := CheckKeyName(s.Name); err != nil {
			return nil, fmt.Errorf("%w: signature line %d: %w", ErrMalformedNote, i+1, err)
		}
		if len(s.Signature) == 0 || len(s.Signature) > MaxSignature {
			return nil, fmt.Errorf("%w: signature line %d has %d bytes of signature where 1 to %d are allowed",
				ErrMalformedNote, i+1, len(s.Signature), MaxSignature)
		}
		if repeats(signatures[:i], s) {
			return nil, &SignatureError{Line: i + 1, Problem: SignatureRepeated, Got: s.key()}
		}
		note = append(note, noteDash...)
		note = append(note, s.Name...)
		note = append(note, ' ')
		note = base64.StdEncoding.AppendEncode(note, append(binary.BigEndian.AppendUint32(nil, s.KeyHash), s.Signature...))
		note = append(note, '\n')
	}
	return note, nil
}

// SplitNote takes a signed note apart and verifies nothing: it is for reading in the text which keys must have signed,
// before OpenNote. It accepts only what JoinNote writes, at most maxText bytes of text and maxSignatures lines (and
// never more than MaxSignatures).
//
// The text is valid UTF-8 without control characters (Unicode category Cc) but newline, ends in a newline, and its last
// line is not empty. It may have empty lines inside: as in C2SP signed-note, the last empty line of the note separates
// text and signatures, so that what looks like a signature line before it is text.
//
// Errors match ErrMalformedNote, or ErrSignature if a line repeats an earlier line's key.
func SplitNote(msg []byte, maxText, maxSignatures int) (text string, signatures []NoteSignature, err error) {
	maxSignatures = min(maxSignatures, MaxSignatures)
	if len(msg) > maxText+1+maxSignatures*maxSignatureLine {
		return "", nil, fmt.Errorf("%w: %d bytes are too many", ErrMalformedNote, len(msg))
	}
	note := string(msg)
	split := strings.LastIndex(note, "\n\n")
	if split < 0 {
		return "", nil, fmt.Errorf("%w: no empty line before the signatures", ErrMalformedNote)
	}
	text, rest := note[:split+1], note[split+2:]
	if len(text) > maxText {
		return "", nil, fmt.Errorf("%w: %d bytes of text, at most %d are allowed", ErrMalformedNote, len(text), maxText)
	}
	if err := checkNoteText(text); err != nil {
		return "", nil, err
	}
	if rest == "" {
		return "", nil, fmt.Errorf("%w: no signature lines", ErrMalformedNote)
	}
	for number := 1; rest != ""; number++ {
		if number > maxSignatures {
			return "", nil, fmt.Errorf("%w: more than %d signature lines", ErrMalformedNote, maxSignatures)
		}
		line, after, ended := strings.Cut(rest, "\n")
		if !ended {
			return "", nil, fmt.Errorf("%w: signature line %d does not end in a newline: cut short", ErrMalformedNote, number)
		}
		rest = after
		signature, err := parseSignatureLine(line)
		if err != nil {
			return "", nil, fmt.Errorf("%w: signature line %d: %w", ErrMalformedNote, number, err)
		}
		if repeats(signatures, signature) {
			return "", nil, &SignatureError{Line: number, Problem: SignatureRepeated, Got: signature.key()}
		}
		signatures = append(signatures, signature)
	}
	return text, signatures, nil
}

// OpenNote returns the text of a note that is signed by exactly these keys, in this order, and by no other. A line
// stripped, added, swapped, repeated or not verifying is a *SignatureError. Bytes that are no note are
// ErrMalformedNote. The caller bounds the length of msg.
//
// It is stricter than note.Open of golang.org/x/mod/sumdb/note, which skips lines of unknown keys: a statement says
// itself who signs it, and nobody may change that on the way.
func OpenNote(msg []byte, keys []VerifyKey) (text string, err error) {
	text, signatures, err := SplitNote(msg, len(msg), MaxSignatures)
	if err != nil {
		return "", err
	}
	for i := range max(len(keys), len(signatures)) {
		if i >= len(signatures) {
			return "", &SignatureError{Line: i + 1, Problem: SignatureMissing, Want: keyID(keys[i])}
		}
		signature := signatures[i]
		if i >= len(keys) {
			return "", &SignatureError{Line: i + 1, Problem: SignatureUnexpected, Got: signature.key()}
		}
		key := keys[i]
		problem := SignatureProblem("")
		switch {
		case signature.Name != key.Name() || signature.KeyHash != key.KeyHash():
			problem = SignatureWrongKey
		case !key.Verify([]byte(text), signature.Signature):
			problem = SignatureInvalid
		default:
			continue
		}
		return "", &SignatureError{Line: i + 1, Problem: problem, Want: keyID(key), Got: signature.key()}
	}
	return text, nil
}

func keyID(key VerifyKey) string { return fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash()) }

func repeats(earlier []NoteSignature, s NoteSignature) bool {
	for _, e := range earlier {
		if e.Name == s.Name && e.KeyHash == s.KeyHash {
			return true
		}
	}
	return false
}

func checkNoteText(text string) error {
	if !strings.HasSuffix(text, "\n") {
		return fmt.Errorf("%w: the text does not end in a newline", ErrMalformedNote)
	}
	if text == "\n" || strings.HasSuffix(text, "\n\n") {
		return fmt.Errorf("%w: the text is empty or ends in an empty line", ErrMalformedNote)
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return fmt.Errorf("%w: byte %d of the text is not UTF-8", ErrMalformedNote, i)
			}
		}
		if r != '\n' && unicode.IsControl(r) {
			return fmt.Errorf("%w: control character U+%04X at byte %d of the text", ErrMalformedNote, r, i)
		}
	}
	return nil
}

func parseSignatureLine(line string) (NoteSignature, error) {
	rest, ok := strings.CutPrefix(line, noteDash)
	if !ok {
		return NoteSignature{}, errors.New("it does not begin with an em dash and a space")
	}
	name, encoded, ok := strings.Cut(rest, " ")
	if !ok {
		return NoteSignature{}, errors.New("no space between name and signature")
	}
	if err := CheckKeyName(name); err != nil {
		return NoteSignature{}, err
	}
	data, ok := decodeBase64(encoded)
	if !ok {
		return NoteSignature{}, errors.New("the signature is not canonical base64")
	}
	if len(data) < 4+1 || len(data) > 4+MaxSignature {
		return NoteSignature{}, fmt.Errorf("a key hash of 4 bytes and 1 to %d bytes of signature are needed, found are %d bytes",
			MaxSignature, len(data))
	}
	return NoteSignature{Name: name, KeyHash: binary.BigEndian.Uint32(data), Signature: data[4:]}, nil
}
