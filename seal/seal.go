// Package seal keeps a party's secrets and checks everybody's signatures: key names, Ed25519 signing keys, signed
// notes, sealing with age's post-quantum hybrid recipients, salted content digests, key files, the TLS identity of a
// node and the fingerprint that people read to each other. Bytes in, bytes out: it knows no statement and no case.
//
// Every parser here takes hostile bytes, accepts exactly one byte form of each value and is bounded in size. The forms
// are written down in docs/keys.md, with test vectors.
//
// No value that holds a secret shows it through fmt or log/slog; secrets leave only by methods named Secret, KeyPEM and
// Encode.
package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
)

// ErrNoKey is returned when an operation is given a key that was never set (the zero value), or no key at all.
var ErrNoKey = errors.New("no key given")

// clip quotes text from outside for an error message. It keeps at most 60 bytes, so that a hostile sender cannot fill
// the log through our own errors.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q (and %d bytes more)", s[:most], len(s)-most)
}

// decodeBase64 accepts the one canonical form of padded standard base64 (RFC 4648, section 4).
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	// Strict still skips CR and LF inside the text, so that the encoding has to be compared as well.
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, false
	}
	return b, true
}
