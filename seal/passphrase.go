package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

const (
	// DefaultWorkFactor is the scrypt work factor for writing: 2^18 rounds, about a second and 256 MiB of memory.
	DefaultWorkFactor = 18

	// MaxWorkFactor is the largest work factor that is written or read: 1 GiB of memory.
	MaxWorkFactor = 20
)

var (
	// ErrPassphraseNeeded is matched when a file is encrypted and no passphrase was given.
	ErrPassphraseNeeded = errors.New("the file is encrypted: its passphrase is needed (--passphrase-file)")

	// ErrPassphraseWrong is matched when a passphrase does not open a file.
	ErrPassphraseWrong = errors.New("the passphrase is wrong")

	// ErrNotEncrypted is matched when a passphrase was given for a file that is not encrypted. It is an error because
	// whoever gives a passphrase relies on it: the file may have been put there by somebody who does not know it.
	ErrNotEncrypted = errors.New("a passphrase was given, but the file is not encrypted")
)

// Passphrase protects a key file as a whole, with age's scrypt recipient. The zero value means no encryption.
type Passphrase struct {
	Text       string // the exact bytes; empty: none. A newline at the end would count: trim what was read from a file
	WorkFactor int    // log2 of the scrypt rounds on writing, 1 to MaxWorkFactor; 0 means DefaultWorkFactor
}

// String does not show the passphrase.
func (p Passphrase) String() string {
	if p.Text == "" {
		return "passphrase (none)"
	}
	return "passphrase (hidden)"
}

// GoString does not show the passphrase.
func (p Passphrase) GoString() string { return p.String() }

// lock encrypts text, or returns it as it is if there is no passphrase.
func (p Passphrase) lock(text []byte) ([]byte, error) {
	if p.Text == "" {
		return text, nil
	}
	if p.WorkFactor < 0 || p.WorkFactor > MaxWorkFactor {
		return nil, fmt.Errorf("passphrase work factor %d: 1 to %d are allowed, 0 means %d", p.WorkFactor, MaxWorkFactor, DefaultWorkFactor)
	}
	recipient, err := age.NewScryptRecipient(p.Text)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	factor := p.WorkFactor
	if factor == 0 {
		factor = DefaultWorkFactor
	}
	recipient.SetWorkFactor(factor)
	var locked bytes.Buffer
	w, err := age.Encrypt(&locked, recipient)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return locked.Bytes(), nil
}

// unlock decrypts what lock made. Whether data is encrypted is seen from age's first line.
func (p Passphrase) unlock(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte(sealIntro)) {
		if p.Text != "" {
			return nil, ErrNotEncrypted
		}
		return data, nil
	}
	if !bytes.HasPrefix(data[len(sealIntro):], []byte("-> scrypt ")) {
		return nil, fmt.Errorf("%w: it is encrypted, but not with a passphrase", ErrKeyFile)
	}
	if p.Text == "" {
		return nil, ErrPassphraseNeeded
	}
	identity, err := age.NewScryptIdentity(p.Text)
	if err != nil {
		return nil, fmt.Errorf("decrypting: %w", err)
	}
	identity.SetMaxWorkFactor(MaxWorkFactor)
	r, err := age.Decrypt(bytes.NewReader(data), identity)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrPassphraseWrong
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrKeyFile, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrKeyFile, err)
	}
	return text, nil
}
