package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// MaxRecipients is the largest number of recipients of one seal: a party's keys during a rotation and the roles of its
// ladder. The header is then about 25 kB.
const MaxRecipients = 16

var (
	// ErrRecipient is matched by every error about the form of a recipient.
	ErrRecipient = errors.New("not a sealing recipient")

	// ErrClassicRecipient is matched when a recipient is an age or SSH key that a quantum computer would break.
	ErrClassicRecipient = errors.New("not a post-quantum recipient")

	// ErrSealingKey is matched by every error about the form of a private sealing key. Its messages never show the key.
	ErrSealingKey = errors.New("not a sealing key")

	// ErrBadSeal is matched when sealed bytes do not open: not a seal of ours, damaged, or for another key.
	ErrBadSeal = errors.New("the seal does not open")

	// ErrSize is matched when sealed bytes do not hold as many bytes as stated.
	ErrSize = errors.New("not of the stated size")
)

const (
	recipientPrefix  = "age1pq1"
	sealingKeyPrefix = "AGE-SECRET-KEY-PQ-1"

	// The public key has 1,184 + 32 bytes and the private key is a seed of 32; Bech32 adds 6 characters of checksum.
	recipientLength  = len(recipientPrefix) + (1216*8+4)/5 + 6
	sealingKeyLength = len(sealingKeyPrefix) + (32*8+4)/5 + 6
)

// Recipient is the public half of a SealingKey. Compare two with Equal, or by their text: it keeps the decoded key,
// which takes as long to decode as sealing does, so that == would not tell. The zero value is no recipient.
type Recipient struct {
	_       [0]func() // keeps == from compiling
	encoded string
	key     *age.HybridRecipient
}

// ParseRecipient reads an age post-quantum hybrid recipient (mlkem768x25519), which begins with age1pq1, in its one
// canonical form. Classic recipients match ErrClassicRecipient: what is sealed today may be kept by others until it can
// be opened. All errors match ErrRecipient.
func ParseRecipient(s string) (Recipient, error) {
	if !strings.HasPrefix(s, recipientPrefix) {
		if strings.HasPrefix(s, "age1") || strings.HasPrefix(s, "ssh-") {
			return Recipient{}, fmt.Errorf("%w: %w: %s; only recipients that begin with %s are accepted (age-keygen -pq makes them)",
				ErrRecipient, ErrClassicRecipient, clip(s), recipientPrefix)
		}
		return Recipient{}, fmt.Errorf("%w: %s does not begin with %s", ErrRecipient, clip(s), recipientPrefix)
	}
	if len(s) != recipientLength {
		return Recipient{}, fmt.Errorf("%w: %d characters where %d are needed: it was cut or joined when copied",
			ErrRecipient, len(s), recipientLength)
	}
	// Bech32 admits no second spelling here: neither mixed case, as the prefix is
	// in lower case, nor stray bits at the end.
	key, err := age.ParseHybridRecipient(s)
	if err != nil {
		return Recipient{}, fmt.Errorf("%w: %s is damaged (its checksum or its key is wrong)", ErrRecipient, clip(s))
	}
	return Recipient{encoded: s, key: key}, nil
}

// String returns the age1pq1 form, which ParseRecipient reads; it is empty for the zero value.
func (r Recipient) String() string { return r.encoded }

// Equal tells whether both are the same recipient.
func (r Recipient) Equal(other Recipient) bool { return r.encoded == other.encoded }

// IsZero tells whether no recipient was set.
func (r Recipient) IsZero() bool { return r.encoded == "" }

// SealingKey is the private key that opens what is sealed to its Recipient. The zero value is no key. It is safe for
// concurrent use.
type SealingKey struct {
	identity *age.HybridIdentity // behind a pointer: fmt prints an address and not the key
}

// NewSealingKey makes a key. Its randomness is the operating system's: age takes no other.
func NewSealingKey() (SealingKey, error) {
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return SealingKey{}, fmt.Errorf("making a sealing key: %w", err)
	}
	return SealingKey{identity: identity}, nil
}

// ParseSealingKey reads the form that Secret gives, AGE-SECRET-KEY-PQ-1 and so on in capitals. Errors match
// ErrSealingKey.
func ParseSealingKey(s string) (SealingKey, error) {
	if !strings.HasPrefix(s, sealingKeyPrefix) || len(s) != sealingKeyLength {
		return SealingKey{}, fmt.Errorf("%w: it does not have %d characters that begin with %s",
			ErrSealingKey, sealingKeyLength, sealingKeyPrefix)
	}
	identity, err := age.ParseHybridIdentity(s)
	if err != nil || identity.String() != s {
		// The cause is left out: it can quote a part of the key.
		return SealingKey{}, fmt.Errorf("%w: its checksum is wrong: the line is damaged", ErrSealingKey)
	}
	return SealingKey{identity: identity}, nil
}

// Secret returns the private form, which ParseSealingKey and the age program read. It is empty for the zero value.
func (k SealingKey) Secret() string {
	if k.IsZero() {
		return ""
	}
	return k.identity.String()
}

// Recipient returns the public half, the zero value for the zero value.
func (k SealingKey) Recipient() Recipient {
	if k.IsZero() {
		return Recipient{}
	}
	key := k.identity.Recipient()
	return Recipient{encoded: key.String(), key: key}
}

// IsZero tells whether no key was set.
func (k SealingKey) IsZero() bool { return k.identity == nil }

// String names the key without showing it.
func (k SealingKey) String() string {
	if k.IsZero() {
		return "sealing key (none)"
	}
	return "sealing key (private)"
}

// GoString names the key without showing it.
func (k SealingKey) GoString() string { return k.String() }

// Seal encrypts plaintext to 1 to MaxRecipients different recipients, each of which can open it alone. The result is a
// binary age file of exactly SealedSize bytes. It says nothing about who sealed it: the sender's signature goes inside.
func Seal(plaintext []byte, to ...Recipient) ([]byte, error) {
	if len(to) == 0 {
		return nil, fmt.Errorf("sealing: %w", ErrNoKey)
	}
	if len(to) > MaxRecipients {
		return nil, fmt.Errorf("sealing to %d recipients: at most %d are allowed", len(to), MaxRecipients)
	}
	recipients := make([]age.Recipient, len(to))
	for i, r := range to {
		if r.IsZero() {
			return nil, fmt.Errorf("sealing to recipient %d: %w", i+1, ErrNoKey)
		}
		for _, earlier := range to[:i] {
			if earlier.Equal(r) {
				return nil, fmt.Errorf("sealing: recipient %d is named twice", i+1)
			}
		}
		recipients[i] = r.key
	}
	var sealed bytes.Buffer
	sealed.Grow(int(SealedSize(int64(len(plaintext)), len(to))))
	w, err := age.Encrypt(&sealed, recipients...)
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return sealed.Bytes(), nil
}

// The parts of an age header with hybrid recipients only (age-encryption.org/v1): every one has a fixed length, so that
// the length of a seal follows from that of its plaintext and the number of its recipients.
const (
	sealIntro    = "age-encryption.org/v1\n"
	stanzaPrefix = "-> mlkem768x25519 "
	stanzaKey    = 1494 // characters: an encapsulated key of 1,120 bytes
	stanzaBody   = 43   // characters: a wrapped file key of 32 bytes
	stanzaLength = len(stanzaPrefix) + stanzaKey + len("\n") + stanzaBody + len("\n")
	footerPrefix = "--- "
	footerLength = len(footerPrefix) + 43 + len("\n") // an HMAC of 32 bytes
	payloadNonce = 16
	payloadChunk = 64 << 10
	payloadTag   = 16
)

// SealedSize is the length in bytes of a seal of plaintext bytes to that many recipients.
func SealedSize(plaintext int64, recipients int) int64 {
	chunks := max(1, (plaintext+payloadChunk-1)/payloadChunk)
	header := len(sealIntro) + recipients*stanzaLength + footerLength
	return int64(header+payloadNonce) + plaintext + chunks*payloadTag
}

// Open opens what Seal made for one of ids, trying them in the order given. The size of the plaintext must have been
// stated beforehand, in opened: the length of sealed is held against it before anything is decrypted, and no more than
// opened bytes are ever allocated.
//
// Errors match ErrSize if the length does not fit what was stated (cut short, or with bytes added), ErrBadSeal if sealed
// is not in Seal's form, is for other keys or was changed, and ErrNoKey if ids is empty. A file by another age program
// opens if it has 1 to MaxRecipients hybrid recipients and nothing else in its header.
func Open(sealed []byte, opened int64, ids ...SealingKey) ([]byte, error) {
	if len(ids) == 0 {
		return nil, fmt.Errorf("opening a seal: %w", ErrNoKey)
	}
	identities := make([]age.Identity, len(ids))
	for i, id := range ids {
		if id.IsZero() {
			return nil, fmt.Errorf("opening a seal with key %d: %w", i+1, ErrNoKey)
		}
		identities[i] = id.identity
	}
	recipients, err := countRecipients(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadSeal, err)
	}
	if opened < 0 || opened > int64(len(sealed)) || SealedSize(opened, recipients) != int64(len(sealed)) {
		return nil, fmt.Errorf("%w: a seal of %d bytes cannot hold %d", ErrSize, len(sealed), opened)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBadSeal, err)
	}
	plaintext := make([]byte, opened)
	if _, err := io.ReadFull(r, plaintext); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBadSeal, err)
	}
	// The end must be read too: only there age has checked that nothing follows.
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%w: it holds more than %d bytes", ErrSize, opened)
	} else if err != io.EOF {
		return nil, fmt.Errorf("%w: %v", ErrBadSeal, err)
	}
	return plaintext, nil
}

// countRecipients returns the number of recipients in the header of sealed. Each costs a decapsulation for every key
// that is tried, so that they are counted, and every other kind is refused, before age sees the bytes.
func countRecipients(sealed []byte) (int, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(sealIntro))
	if !ok {
		return 0, errors.New("it is not a binary age file")
	}
	count := 0
	for bytes.HasPrefix(rest, []byte("->")) {
		if count == MaxRecipients {
			return 0, fmt.Errorf("it has more than %d recipients", MaxRecipients)
		}
		if len(rest) < stanzaLength || !bytes.HasPrefix(rest, []byte(stanzaPrefix)) ||
			rest[len(stanzaPrefix)+stanzaKey] != '\n' || rest[stanzaLength-1] != '\n' {
			return 0, fmt.Errorf("recipient %d is not of the type mlkem768x25519", count+1)
		}
		rest = rest[stanzaLength:]
		count++
	}
	if count == 0 {
		return 0, errors.New("it has no recipients")
	}
	if len(rest) < footerLength || !bytes.HasPrefix(rest, []byte(footerPrefix)) || rest[footerLength-1] != '\n' {
		return 0, errors.New("its header is cut short")
	}
	return count, nil
}
