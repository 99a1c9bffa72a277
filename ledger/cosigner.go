package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// Types of cosigners' keys: the first byte of an encoded key (C2SP
// tlog-cosignature, "Format"). It is part of the key's id, so that a
// cosignature is never mistaken for a log's own signature.
const (
	cosignerEd25519 = 0x04 // Ed25519 (RFC 8032) over the message "cosignature/v1"
	cosignerMLDSA44 = 0x06 // ML-DSA-44 (FIPS 204) over the message "subtree/v1"
)

const (
	timeBytes               = 8
	ed25519CosignatureBytes = timeBytes + ed25519.SignatureSize
	mldsa44CosignatureBytes = timeBytes + 2420
	mldsa44PublicBytes      = 1312

	// maxCosignerKeyBytes bounds the text of a cosigner's key of either type.
	maxCosignerKeyBytes = maxNameBytes + 10 + 1752

	cosigningKeyPrefix = "PRIVATE+KEY+"
)

// A CosignerKey is the public key of a witness, of either type that
// ParseCosignerKey names. Its name is the witness's for its cosignatures and
// need not be the one that a policy gives to the witness. The zero value
// verifies nothing. Two are the same key exactly if String gives the same.
type CosignerKey struct {
	name string
	id   uint32
	data string        // type byte | public key
	post note.Verifier // ML-DSA-44; nil for Ed25519
}

// ParseCosignerKey reads the C2SP vkey form, name+id+base64(type | public
// key), of a key that cosigns: type 0x04, Ed25519, or 0x06, ML-DSA-44 (C2SP
// signed-note, "Verifier keys"; tlog-cosignature, "Format"). It accepts the
// only text that String gives back. Ed25519 keys of small order or in a second
// encoding are refused: anybody could cosign under them. Errors are
// ErrCosigner.
func ParseCosignerKey(vkey string) (CosignerKey, error) {
	fail := func(format string, args ...any) (CosignerKey, error) {
		return CosignerKey{}, fmt.Errorf("ledger: %w: "+format, append([]any{ErrCosigner}, args...)...)
	}
	if len(vkey) > maxCosignerKeyBytes {
		return fail("%d bytes, at most %d", len(vkey), maxCosignerKeyBytes)
	}
	name, rest, _ := strings.Cut(vkey, "+")
	id, encoded, ok := strings.Cut(rest, "+")
	if !ok || !isKeyName(name) {
		return fail("%.80q is not of the form name+id+key", vkey)
	}
	data, ok := decodeBase64(encoded)
	if !ok || len(data) == 0 {
		return fail("the key of %s is not canonical base64", name)
	}
	key := CosignerKey{name: name, id: keyID(name, data), data: string(data)}
	if id != fmt.Sprintf("%08x", key.id) {
		return fail("%s has the id %.16q where its key gives %08x: copy the whole line again", name, id, key.id)
	}
	switch public := data[1:]; data[0] {
	case cosignerEd25519:
		if err := checkEd25519(public); err != nil {
			return fail("%s: %v", name, err)
		}
	case cosignerMLDSA44:
		if len(public) != mldsa44PublicBytes {
			return fail("the key of %s has %d bytes, an ML-DSA-44 key has %d", name, len(public), mldsa44PublicBytes)
		}
		verifier, err := formats.NewMLDSAVerifier(vkey)
		if err != nil {
			return fail("%s: %v", name, err)
		}
		key.post = verifier
	default:
		return fail("%s has type 0x%02x; cosigners' keys have 0x%02x (Ed25519) or 0x%02x (ML-DSA-44)",
			name, data[0], cosignerEd25519, cosignerMLDSA44)
	}
	return key, nil
}

// Name is the name in the key's signature lines, as in witness.example/w1. It
// is empty for the zero value.
func (k CosignerKey) Name() string { return k.name }

// String is the C2SP vkey form, which ParseCosignerKey reads; it is empty for
// the zero value.
func (k CosignerKey) String() string {
	if k.data == "" {
		return ""
	}
	return fmt.Sprintf("%s+%08x+%s", k.name, k.id, base64.StdEncoding.EncodeToString([]byte(k.data)))
}

// Verify finds this key's line among c.Cosignatures and verifies it. at is the
// time that the cosigner signed, in whole seconds, UTC: as of then, c was the
// largest head that it had seen of this log (C2SP tlog-cosignature, "Ed25519
// signed message", "ML-DSA-44 signed message"). A cosignature without a time
// says no such thing and is not ok; nor is anything if c is not in its strict
// form. Verify does not check the log's own signature.
func (k CosignerKey) Verify(c Checkpoint) (at time.Time, ok bool) {
	body, lines, err := c.cosigned()
	if err != nil {
		return time.Time{}, false
	}
	return k.verify(body, lines)
}

// verify is Verify over what it takes from a checkpoint.
func (k CosignerKey) verify(body []byte, lines []signatureLine) (time.Time, bool) {
	for _, line := range lines {
		if line.name == k.name && line.keyHash == k.id {
			return k.verifyLine(body, line)
		}
	}
	return time.Time{}, false
}

// verifyLine verifies a line that bears this key's name and id.
func (k CosignerKey) verifyLine(body []byte, line signatureLine) (time.Time, bool) {
	at, ok := cosignatureTime(line.signature)
	if !ok {
		return time.Time{}, false
	}
	switch {
	case k.data == "":
		return time.Time{}, false
	case k.post != nil:
		ok = k.post.Verify(body, line.signature)
	default:
		ok = len(line.signature) == ed25519CosignatureBytes &&
			ed25519.Verify(ed25519.PublicKey(k.data[1:]), cosignedMessage(at, body), line.signature[timeBytes:])
	}
	if !ok {
		return time.Time{}, false
	}
	return at, true
}

// A CosigningKey is a witness's private Ed25519 key. Printing it does not show
// it. The zero value signs nothing.
//
// A key cosigns under one name: the signed message does not say whose it is
// (C2SP tlog-cosignature, "Ed25519 signed message"). It must not serve as any
// other key either; what it signs besides, Show alone makes.
type CosigningKey struct {
	public  CosignerKey
	private *ed25519.PrivateKey
}

// NewCosigningKey makes a key from the next 32 bytes of rand, which must be
// cryptographically secure. The name has 1 to 255 bytes of UTF-8 without
// spaces, control characters or '+'. Errors: ErrCosigner, and those of rand.
func NewCosigningKey(name string, rand io.Reader) (CosigningKey, error) {
	if !isKeyName(name) {
		return CosigningKey{}, fmt.Errorf("ledger: %w: name %.80q must be 1 to %d bytes without spaces, control characters or '+'",
			ErrCosigner, name, maxNameBytes)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return CosigningKey{}, fmt.Errorf("ledger: random bytes for the key of %s: %w", name, err)
	}
	return cosigningKeyOf(name, seed), nil
}

func cosigningKeyOf(name string, seed []byte) CosigningKey {
	private := ed25519.NewKeyFromSeed(seed)
	data := append([]byte{cosignerEd25519}, private.Public().(ed25519.PublicKey)...)
	return CosigningKey{
		public:  CosignerKey{name: name, id: keyID(name, data), data: string(data)},
		private: &private,
	}
}

// ParseCosigningKey reads the form that Secret gives. Errors are ErrCosigner,
// and never show the key.
func ParseCosigningKey(skey string) (CosigningKey, error) {
	fail := func(format string, args ...any) (CosigningKey, error) {
		return CosigningKey{}, fmt.Errorf("ledger: %w: "+format, append([]any{ErrCosigner}, args...)...)
	}
	rest, ok := strings.CutPrefix(skey, cosigningKeyPrefix)
	if !ok || len(rest) > maxCosignerKeyBytes {
		return fail("a private key begins with %s and has at most %d more bytes", cosigningKeyPrefix, maxCosignerKeyBytes)
	}
	name, rest, _ := strings.Cut(rest, "+")
	id, encoded, ok := strings.Cut(rest, "+")
	if !ok || !isKeyName(name) {
		// The name is not shown: in a mangled line it may be the key.
		return fail("not of the form %sname+id+key", cosigningKeyPrefix)
	}
	data, ok := decodeBase64(encoded)
	if !ok || len(data) == 0 {
		return fail("the private key of %s is not canonical base64", name)
	}
	if data[0] != cosignerEd25519 || len(data) != 1+ed25519.SeedSize {
		return fail("the private key of %s has type 0x%02x and %d bytes; want 0x%02x (Ed25519 that cosigns) and %d",
			name, data[0], len(data)-1, cosignerEd25519, ed25519.SeedSize)
	}
	key := cosigningKeyOf(name, data[1:])
	if id != fmt.Sprintf("%08x", key.public.id) {
		return fail("the id of %s does not fit its key: the line is damaged", name)
	}
	return key, nil
}

// Secret is the private form, PRIVATE+KEY+name+id+base64(0x04 | seed), with
// the id of the public key. Whoever has it can cosign as Name. It is empty for
// the zero value.
func (k CosigningKey) Secret() string {
	if k.private == nil {
		return ""
	}
	data := append([]byte{cosignerEd25519}, k.private.Seed()...)
	return fmt.Sprintf("%s%s+%08x+%s", cosigningKeyPrefix, k.public.name, k.public.id, base64.StdEncoding.EncodeToString(data))
}

// Public is the public half.
func (k CosigningKey) Public() CosignerKey { return k.public }

// VKey is the public half as text, which ParseCosignerKey reads. It is empty
// for the zero value.
func (k CosigningKey) VKey() string { return k.public.String() }

// Name is the name in the key's signature lines. It is empty for the zero value.
func (k CosigningKey) Name() string { return k.public.name }

// Format names the key without showing it, whatever the verb.
func (k CosigningKey) Format(s fmt.State, _ rune) {
	if k.private == nil {
		_, _ = io.WriteString(s, "cosigning key (none)") // fmt gives no way to return it
		return
	}
	_, _ = fmt.Fprintf(s, "cosigning key %s+%08x (private)", k.public.name, k.public.id)
}

// Cosign signs that at the time at, c is the largest head of its log that this
// witness has seen, and returns the signature line with its newline. at is cut
// to whole seconds and must lie between 1970-01-01T00:00:01Z and the end of
// the year 9999. Errors: ErrCheckpoint for a head that has no byte form,
// ErrCosignature for the time and for the zero key.
//
// A witness checks the log's own signature and growth first, signs only what it
// has committed to storage, and gives no time before one that it has given for
// this log: quorums prove nothing without it (docs/witnesses.md, section 3). Two
// heads of one size under one cosigner's key convict the cosigner.
func (k CosigningKey) Cosign(c Checkpoint, at time.Time) (line []byte, err error) {
	if k.private == nil {
		return nil, fmt.Errorf("ledger: %w: no key to cosign with", ErrCosignature)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	at = time.Unix(at.Unix(), 0).UTC()
	if !isCosignatureTime(at.Unix()) {
		return nil, fmt.Errorf("ledger: %w: the time %v is no time to cosign at: is the clock right?", ErrCosignature, at)
	}
	signature := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	signature = append(signature, ed25519.Sign(*k.private, cosignedMessage(at, c.Body()))...)
	return formatSignatureLine(k.public.name, k.public.id, signature), nil
}

// keyID is the key id of C2SP signed-note, "Signatures": the first 4 bytes of
// SHA-256(name | "\n" | type | public key).
func keyID(name string, data []byte) uint32 {
	sum := sha256.Sum256(slices.Concat([]byte(name), []byte("\n"), data))
	return binary.BigEndian.Uint32(sum[:])
}

// checkEd25519 refuses keys that anybody could cosign under: with a point of
// small order, one signature fits many messages and needs no private key. A
// second encoding of one point would be a second key; RFC 8032, section 5.1.3
// has verifiers refuse it, and crypto/ed25519 does not.
func checkEd25519(public []byte) error {
	if len(public) != ed25519.PublicKeySize {
		return fmt.Errorf("an Ed25519 public key has %d bytes, not %d", ed25519.PublicKeySize, len(public))
	}
	var y [32]byte // big-endian, without the sign of x
	for i, b := range public {
		y[31-i] = b
	}
	y[0] &= 0x7f
	encoded := fmt.Sprintf("%x", y)
	if encoded >= "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed" {
		return errors.New("the Ed25519 public key is not in its canonical form")
	}
	switch encoded {
	case "0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000001", // order 1
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", // order 8
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", // order 8
		"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec": // order 2
		return errors.New("the Ed25519 public key has a small order: anybody could sign under it")
	}
	return nil
}
