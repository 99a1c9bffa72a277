package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Domain prefixes: each hash of this package starts with its own, so that no
// value made for one purpose can be shown for another.
const (
	tagKeyDomain = "heed-tagkey-v1\x00"
	tagDomain    = "heed-tag-v1\x00"
	saltDomain   = "heed-salt-v1\x00"
	commitDomain = "heed-commit-v1\x00"
)

// maxSlotBytes bounds a slot's name.
const maxSlotBytes = 32

// A Key is the tag key K of one statement to one recipient: 32 fresh random
// bytes, chosen by the statement's author and carried inside the seal. Who
// holds it can compute the statement's tags and open its commitments; to
// everybody else the leaves are noise. It is secret: it prints as a
// placeholder.
type Key [32]byte

// NewKey reads a fresh key from rand.
func NewKey(rand io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(rand, k[:]); err != nil {
		return Key{}, fmt.Errorf("ledger: random bytes for a tag key: %w", err)
	}
	return k, nil
}

// String hides the key, so that it cannot slip into a log line.
func (Key) String() string { return "ledger.Key(hidden)" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "ledger.Key(hidden)" }

// KeyDigest is what a statement's signed text and its receipt say of K:
// SHA-256("heed-tagkey-v1\0" | K). It binds both sides to one key, and so to
// one tag for each slot, without showing it.
func KeyDigest(k Key) [32]byte {
	var b [len(tagKeyDomain) + len(k)]byte
	copy(b[:], tagKeyDomain)
	copy(b[len(tagKeyDomain):], k[:])
	return sha256.Sum256(b[:])
}

// A Slot names one thing that can happen to a statement and that is logged
// under a predictable tag: that it was sent, received, recalled, refused
// unopened, or that one of its duties was discharged. A slot is 1 to 32
// bytes, each of a-z or '-'.
type Slot string

// The slots of a statement. A duty's slot bears the name of the duty's kind.
const (
	SlotSent     Slot = "sent"
	SlotReceipt  Slot = "receipt"
	SlotRecalled Slot = "recalled"
	SlotBadSeal  Slot = "bad-seal"

	// SlotCarried names a statement on the outside of its envelope and is
	// never logged. SlotDeposit is that of a depositary's deposit: both K and
	// the statement id are then the envelope's digest.
	SlotCarried Slot = "carried"
	SlotDeposit Slot = "deposit"

	SlotAcknowledge Slot = "acknowledge"
	SlotAssess      Slot = "assess"
	SlotAnswer      Slot = "answer"
	SlotReport      Slot = "report"
	SlotConclude    Slot = "conclude"
	SlotReview      Slot = "review"
	SlotDecide      Slot = "decide"
	SlotRatify      Slot = "ratify"
)

// ParseSlot returns s as a slot. It accepts any well-formed name, not only
// this version's. Errors are ErrSlot.
func ParseSlot(s string) (Slot, error) {
	if len(s) == 0 || len(s) > maxSlotBytes {
		return "", fmt.Errorf("ledger: %w: %d bytes, want 1 to %d", ErrSlot, len(s), maxSlotBytes)
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') {
			return "", fmt.Errorf("ledger: %w: %q has something other than a-z and '-' at byte %d", ErrSlot, s, i)
		}
	}
	return Slot(s), nil
}

// A Tag is a leaf's public name. The holder of the tag key can compute it;
// for anybody else it cannot be told from random bytes.
type Tag [32]byte

// String is the tag in lower-case hexadecimal.
func (t Tag) String() string { return hex.EncodeToString(t[:]) }

// RandomTag reads a tag from rand, for a statement that has no slot of its
// own: it discharges nothing, or discharges again what already was.
func RandomTag(rand io.Reader) (Tag, error) {
	var t Tag
	if _, err := io.ReadFull(rand, t[:]); err != nil {
		return Tag{}, fmt.Errorf("ledger: random bytes for a tag: %w", err)
	}
	return t, nil
}

// SlotTag is the one tag under which slot, on the given rung of the ladder
// (0 where the slot has no rung), is logged for a statement id:
// HMAC-SHA256(K, "heed-tag-v1\0" | len(slot) | slot | rung | statement), the
// length and the rung one byte each.
//
// It panics on a slot that ParseSlot refuses: a slot longer than its length
// byte can tell would let two slots share a tag.
func SlotTag(k Key, slot Slot, rung uint8, statement [32]byte) Tag {
	if _, err := ParseSlot(string(slot)); err != nil {
		panic(err)
	}
	b := make([]byte, 0, len(tagDomain)+1+maxSlotBytes+1+len(statement))
	b = append(b, tagDomain...)
	b = append(b, byte(len(slot)))
	b = append(b, slot...)
	b = append(b, rung)
	b = append(b, statement[:]...)
	return Tag(keyed(k, b))
}

// Commit is the second half of a statement leaf: SHA-256("heed-commit-v1\0" |
// HMAC-SHA256(K, "heed-salt-v1\0" | tag) | signedDigest), where signedDigest is
// the SHA-256 of the whole signed statement, signatures included. The salt
// keeps a short or guessable statement from being recognised.
func Commit(k Key, tag Tag, signedDigest [32]byte) [32]byte {
	salt := keyed(k, append([]byte(saltDomain), tag[:]...))
	b := make([]byte, 0, len(commitDomain)+2*32)
	b = append(b, commitDomain...)
	b = append(b, salt[:]...)
	b = append(b, signedDigest[:]...)
	return sha256.Sum256(b)
}

func keyed(k Key, message []byte) [32]byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write(message) // hash.Hash: never returns an error
	var sum [32]byte
	mac.Sum(sum[:0])
	return sum
}
