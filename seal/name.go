package seal

import (
	"errors"
	"fmt"
	"strings"
)

// MaxKeyName is the length in bytes of the longest key name.
const MaxKeyName = 200

// maxLabel is the longest part of a key name between its dots or slashes, in bytes (RFC 1035, section 2.3.4).
const maxLabel = 63

// ErrKeyName is matched by every error about the form of a key name.
var ErrKeyName = errors.New("not a key name")

// CheckKeyName tells whether name can name a key: a lower-case DNS-like name, then any number of parts, each after a
// slash, as in north.example/officer/anna. At most MaxKeyName bytes. A label of the DNS-like name has letters a to z,
// digits and inner hyphens; a later part may have inner dots and underscores too; each has 1 to 63 bytes.
//
// This is narrower than C2SP signed-note, which only excludes spaces and plus signs: two names that look alike to a
// person must not both be valid.
func CheckKeyName(name string) error {
	if len(name) == 0 {
		return fmt.Errorf("%w: empty; write it like north.example/node", ErrKeyName)
	}
	if len(name) > MaxKeyName {
		return fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", ErrKeyName, clip(name), len(name), MaxKeyName)
	}
	host, rest, more := strings.Cut(name, "/")
	if !isHostName(host) {
		return fmt.Errorf("%w: %s does not begin with a lower-case domain name like north.example", ErrKeyName, clip(name))
	}
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if !isLabel(part, "-._") {
			return fmt.Errorf("%w: %s has a part after a slash that is not 1 to %d letters a-z, digits and inner . - _",
				ErrKeyName, clip(name), maxLabel)
		}
	}
	return nil
}

// keyHost returns the DNS-like name that a valid key name begins with.
func keyHost(name string) string {
	host, _, _ := strings.Cut(name, "/")
	return host
}

func isHostName(host string) bool {
	if len(host) > 253 {
		return false
	}
	for {
		label, rest, more := strings.Cut(host, ".")
		if !isLabel(label, "-") {
			return false
		}
		if !more {
			return true
		}
		host = rest
	}
}

// isLabel tells whether s is 1 to maxLabel letters and digits, with the bytes of inner allowed between them.
func isLabel(s, inner string) bool {
	if len(s) == 0 || len(s) > maxLabel {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alphanumeric := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		edge := i == 0 || i == len(s)-1
		if !alphanumeric && (edge || strings.IndexByte(inner, c) < 0) {
			return false
		}
	}
	return true
}
