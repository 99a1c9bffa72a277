package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

var (
	// ErrVerifyKey is matched by every error about the form of a verification key.
	ErrVerifyKey = errors.New("not a verification key")

	// ErrKeyType is matched when a key is well formed, but of a type that this version does not know.
	ErrKeyType = errors.New("unknown key type")
)

// KeyType is the signature type identifier of C2SP signed-note: the first byte of an encoded key. It is part of the
// key's hash, and so of every signature line.
type KeyType byte

// KeyEd25519 is an Ed25519 key (RFC 8032) that signs the text of a note as it stands (C2SP signed-note, "Ed25519").
const KeyEd25519 KeyType = 0x01

// maxVerifyKey bounds the text of a verification key of any type, in bytes.
const maxVerifyKey = 512

// VerifyKey is a named public key. It is comparable: two are == exactly if their text is the same. The zero value is no
// key. It implements note.Verifier of golang.org/x/mod/sumdb/note.
type VerifyKey struct {
	name string
	hash uint32
	data string // type byte | public key, as a string so that the struct stays comparable
}

var _ note.Verifier = VerifyKey{}

// ParseVerifyKey reads the C2SP vkey form, name+hash+base64(type | public key). The hash must be that of the name and
// the key, and the text the only one that String gives back. Errors match ErrVerifyKey, ErrKeyName or ErrKeyType. It
// reads the keys of machines; ParsePersonKey reads those of people, too.
func ParseVerifyKey(s string) (VerifyKey, error) {
	key, err := splitVerifyKey(s)
	if err != nil {
		return VerifyKey{}, err
	}
	if key.Type() != KeyEd25519 {
		return VerifyKey{}, fmt.Errorf("%w: %s has type 0x%02x; needed here is 0x01 (Ed25519)", ErrKeyType, key.name, key.data[0])
	}
	if err := checkEd25519([]byte(key.data[1:])); err != nil {
		return VerifyKey{}, fmt.Errorf("%w: %s: %w", ErrVerifyKey, key.name, err)
	}
	return key, nil
}

// splitVerifyKey reads the form of a vkey of any type. What the key itself is has yet to be looked at.
func splitVerifyKey(s string) (VerifyKey, error) {
	if len(s) > maxVerifyKey {
		return VerifyKey{}, fmt.Errorf("%w: %d bytes long, at most %d are allowed", ErrVerifyKey, len(s), maxVerifyKey)
	}
	name, rest, _ := strings.Cut(s, "+")
	hash, encoded, ok := strings.Cut(rest, "+")
	if !ok {
		return VerifyKey{}, fmt.Errorf("%w: %s is not of the form name+hash+key", ErrVerifyKey, clip(s))
	}
	if err := CheckKeyName(name); err != nil {
		return VerifyKey{}, fmt.Errorf("verification key: %w", err)
	}
	data, ok := decodeBase64(encoded)
	if !ok || len(data) == 0 {
		return VerifyKey{}, fmt.Errorf("%w: the key of %s is not canonical base64", ErrVerifyKey, name)
	}
	key := VerifyKey{name: name, hash: keyHash(name, data), data: string(data)}
	if hash != fmt.Sprintf("%08x", key.hash) {
		return VerifyKey{}, fmt.Errorf("%w: %s has the hash %s where its key gives %08x; copy the whole line again",
			ErrVerifyKey, name, clip(hash), key.hash)
	}
	return key, nil
}

func newEd25519VerifyKey(name string, public ed25519.PublicKey) VerifyKey {
	data := append([]byte{byte(KeyEd25519)}, public...)
	return VerifyKey{name: name, hash: keyHash(name, data), data: string(data)}
}

// keyHash is the key ID of C2SP signed-note: the first 4 bytes of SHA-256(name | "\n" | type | public key).
func keyHash(name string, data []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte("\n"))
	h.Write(data)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// Name returns the key's name, as in north.example/node. It is empty for the zero value.
func (k VerifyKey) Name() string { return k.name }

// KeyHash returns the first 4 bytes of the hash of name and key, which signature lines carry. It only tells keys apart:
// 32 bits prove nothing.
func (k VerifyKey) KeyHash() uint32 { return k.hash }

// Type returns the key's type, 0 for the zero value.
func (k VerifyKey) Type() KeyType {
	if k.data == "" {
		return 0
	}
	return KeyType(k.data[0])
}

// IsZero tells whether no key was set.
func (k VerifyKey) IsZero() bool { return k == VerifyKey{} }

// String returns the C2SP vkey form, which ParseVerifyKey or ParsePersonKey reads; it is empty for the zero value.
func (k VerifyKey) String() string {
	if k.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash, base64.StdEncoding.EncodeToString([]byte(k.data)))
}

// Verify tells whether signature is this key's over message. The zero value verifies nothing.
func (k VerifyKey) Verify(message, signature []byte) bool {
	switch k.Type() {
	case KeyEd25519:
		return ed25519.Verify(ed25519.PublicKey(k.data[1:]), message, signature)
	case KeySSH:
		return verifySSH(SSHKey{blob: k.data[1+len(sshKeyID):]}, message, signature)
	default:
		return false
	}
}

// checkEd25519 refuses public keys that a party could publish in order to deny its signatures later: under a point of
// small order one signature fits many messages, and a second encoding of one point would be a second key.
// RFC 8032, section 5.1.3 has verifiers refuse y >= p; crypto/ed25519 does not.
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
		return errors.New("the Ed25519 public key has a small order: its signatures would prove nothing")
	}
	return nil
}
