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
// zero value.
func (k SigningKey) Secret() string {
	if k.IsZero() {
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
func (k SigningKey) IsZero() bool { return k.private == nil }

// Sign returns the 64-byte Ed25519 signature of message. It is deterministic. The zero value returns ErrNoKey.
//
// The caller answers for what is signed: a key signs one kind of text only (a node's key statements, a ledger's key
// checkpoints), or a signature given for one purpose could be shown as another.
func (k SigningKey) Sign(message []byte) ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("signing: %w", ErrNoKey)
	}
	return ed25519.Sign(*k.private, message), nil
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
