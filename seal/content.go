package seal

import (
	"crypto/sha256"
	"fmt"
	"io"
)

// ContentDigest names a statement's content: SHA-256("heed-content-v1\0" | salt | content). The salt keeps a short
// content (a name, a date) from being guessed from its digest; when content and salt are erased, the digest says nothing.
func ContentDigest(salt [32]byte, content []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("heed-content-v1\x00"))
	h.Write(salt[:])
	h.Write(content)
	return [32]byte(h.Sum(nil))
}

// NewSalt returns the next 32 bytes of random, which must be cryptographically secure. Every content needs its own.
func NewSalt(random io.Reader) ([32]byte, error) {
	var salt [32]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return [32]byte{}, fmt.Errorf("reading randomness for a salt: %w", err)
	}
	return salt, nil
}
