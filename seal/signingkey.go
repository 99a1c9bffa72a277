package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ErrSigningKey is matched by every error about the form of a private signing key. Its messages never show the key.
var ErrSigningKey = errors.New("not a signing key")

const signingKeyPrefix = "PRIVATE+KEY+"

// SigningKey is a named Ed25519 private key. The zero value is no key. It implements note.Signer of
// golang.org/x/mod/sumdb/note. It is safe for concurrent use.
type SigningKey struct {
	verify  VerifyKey
	private *ed25519.PrivateKey // behind a pointer: fmt prints an address and not the key
	held    *heldElsewhere      // instead of private
}

// heldElsewhere asks whoever holds a private key for a signature.
type heldElsewhere struct {
	sign func(message []byte) ([]byte, error)
}

// HeldElsewhere is a signing key whose private half somebody else holds: sign is asked for each signature, which may
// take as long as a person needs. What it gives is verified before it is given on, and an error of sign is returned as
// it is. The key has no Secret.
func HeldElsewhere(verify VerifyKey, sign func(message []byte) ([]byte, error)) SigningKey {
	return SigningKey{verify: verify, held: &heldElsewhere{sign}}
}

var _ note.Signer = SigningKey{}

// NewSigningKey makes a key from the next 32 bytes of random, which must be cryptographically secure. The name must
// pass CheckKeyName.
func NewSigningKey(random io.Reader, name string) (SigningKey, error) {
	if err := CheckKeyName(name); err != nil {
		return SigningKey{}, err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return SigningKey{}, fmt.Errorf("reading randomness for the key %s: %w", name, err)
	}
	return signingKeyOf(name, seed), nil
}

func signingKeyOf(name string, seed []byte) SigningKey {
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	return SigningKey{verify: newEd25519VerifyKey(name, public), private: &private}
}

// ParseSigningKey reads the form that Secret gives, PRIVATE+KEY+name+hash+base64(0x01 | seed), where the hash is that of
// the public key. Errors match ErrSigningKey, ErrKeyName or ErrKeyType.
func ParseSigningKey(s string) (SigningKey, error) {
	rest, ok := strings.CutPrefix(s, signingKeyPrefix)
	if !ok {
		return SigningKey{}, fmt.Errorf("%w: it does not begin with %s", ErrSigningKey, signingKeyPrefix)
	}
	if len(rest) > maxVerifyKey {
		return SigningKey{}, fmt.Errorf("%w: longer than %d bytes", ErrSigningKey, maxVerifyKey)
	}
	name, rest, _ := strings.Cut(rest, "+")
	hash, encoded, ok := strings.Cut(rest, "+")
	if !ok {
		return SigningKey{}, fmt.Errorf("%w: not of the form %sname+hash+key", ErrSigningKey, signingKeyPrefix)
	}
	if CheckKeyName(name) != nil {
		// The name is not shown: in a mangled line it may be the key.
		return SigningKey{}, fmt.Errorf("%w: it does not carry a valid key name: %w", ErrSigningKey, ErrKeyName)
	}
	data, ok := decodeBase64(encoded)
	if !ok || len(data) == 0 {
		return SigningKey{}, fmt.Errorf("%w: the key of %s is not canonical base64", ErrSigningKey, name)
	}
	if KeyType(data[0]) != KeyEd25519 {
		return SigningKey{}, fmt.Errorf("%w: %s has type 0x%02x; this version knows 0x01 (Ed25519)", ErrKeyType, name, data[0])
	}
	if len(data) != 1+ed25519.SeedSize {
		return SigningKey{}, fmt.Errorf("%w: the key of %s has %d bytes where %d are needed",
			ErrSigningKey, name, len(data), 1+ed25519.SeedSize)
	}
	key := signingKeyOf(name, data[1:])
	if hash != fmt.Sprintf("%08x", key.KeyHash()) {
		return SigningKey{}, fmt.Errorf("%w: the hash of %s does not fit its key: the line is damaged", ErrSigningKey, name)
	}
	return key, nil
}

// Secret returns the private form, which ParseSigningKey reads. Whoever has it can sign as Name. It is empty for the
// zero value and for a key that is held elsewhere.
func (k SigningKey) Secret() string {
	if k.private == nil {
		return ""
	}
	data := append([]byte{byte(KeyEd25519)}, k.private.Seed()...)
	return fmt.Sprintf("%s%s+%08x+%s", signingKeyPrefix, k.Name(), k.KeyHash(), base64.StdEncoding.EncodeToString(data))
}

// Verifier returns the public half.
func (k SigningKey) Verifier() VerifyKey { return k.verify }

// Name returns the key's name, as in north.example/node.
func (k SigningKey) Name() string { return k.verify.Name() }

// KeyHash returns the hash that its signature lines carry; see VerifyKey.KeyHash.
func (k SigningKey) KeyHash() uint32 { return k.verify.KeyHash() }

// IsZero tells whether no key was set.
func (k SigningKey) IsZero() bool { return k.private == nil && k.held == nil }

// Sign returns the signature of message: the 64 bytes of Ed25519, which are always the same, or what the holder of an
// SSH key gives. The zero value returns ErrNoKey; a signature from elsewhere that does not verify matches ErrSignature.
//
// The caller answers for what is signed: a key signs one kind of text only (a node's key statements, a ledger's key
// checkpoints), or a signature given for one purpose could be shown as another.
func (k SigningKey) Sign(message []byte) ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("signing: %w", ErrNoKey)
	}
	if k.private != nil {
		return ed25519.Sign(*k.private, message), nil
	}
	signature, err := k.held.sign(message)
	if err != nil {
		return nil, err
	}
	if !k.verify.Verify(message, signature) {
		return nil, fmt.Errorf("%w: what came is not the signature of %s over this text", ErrSignature, k.Name())
	}
	return signature, nil
}

// String names the key without showing it.
func (k SigningKey) String() string {
	if k.IsZero() {
		return "signing key (none)"
	}
	return fmt.Sprintf("signing key %s+%08x (private)", k.Name(), k.KeyHash())
}

// GoString names the key without showing it.
func (k SigningKey) GoString() string { return k.String() }
