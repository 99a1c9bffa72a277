package heed

import (
	"fmt"
	"strings"
)

// Code is a case's short code: eight characters that can be read over a bad
// telephone line (Crockford's base 32, which has no I, L, O or U). It is cut
// from a hash of 256 bits to 40: a handle, never a proof. Where a code names
// more than one case, software asks for the full id.
type Code string

const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeOf derives the code of everything that was opened by one release (or, for
// a case without a release, by one statement).
func CodeOf(opening Digest) Code {
	bits := uint64(opening[0])<<32 | uint64(opening[1])<<24 | uint64(opening[2])<<16 | uint64(opening[3])<<8 | uint64(opening[4])
	var out [8]byte
	for i := range out {
		out[i] = codeAlphabet[bits>>(35-5*i)&31]
	}
	return Code(out[:])
}

// ParseCode reads a code as people say and write it: any case, with or without
// a hyphen or spaces, O for 0 and I or L for 1.
func ParseCode(s string) (Code, error) {
	folded := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	ok := len(folded) == 8
	for _, c := range folded {
		ok = ok && strings.ContainsRune(codeAlphabet, c)
	}
	if !ok {
		return "", &Invalid{What: fmt.Sprintf("%q is not a case code", clip(s)), Hint: "a code has eight letters and digits, like 7K3MQ2XA; `heed inbox` lists those with owed replies"}
	}
	return Code(folded), nil
}

// Spoken is the code in two groups of four, for reading aloud.
func (c Code) Spoken() string {
	if len(c) != 8 {
		return string(c)
	}
	return string(c[:4]) + "-" + string(c[4:])
}
