package seal

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// FingerprintGroups is the number of groups of five digits in a fingerprint.
const FingerprintGroups = 12

const groupDigits = 4 // of a group's five; the fifth is its check digit

// ErrFingerprint is matched by every error of ParseFingerprint.
var ErrFingerprint = errors.New("not a fingerprint")

// FingerprintError says which group of a fingerprint was mistyped or misheard. It matches ErrFingerprint.
type FingerprintError struct {
	Group int // from 1
}

func (e *FingerprintError) Error() string {
	return fmt.Sprintf("%v: group %d of %d is mistyped: have it read again", ErrFingerprint, e.Group, FingerprintGroups)
}

// Is makes errors.Is(err, ErrFingerprint) true.
func (e *FingerprintError) Is(target error) bool { return target == ErrFingerprint }

// Fingerprint is a digest in a form that two people can read to each other over the telephone: twelve groups of five
// decimal digits, which every language has. The first four digits of each group carry the digest, 159 bits in all, so
// that nobody can make another card with the same fingerprint; the fifth is a check digit for the group and its place.
// It is comparable: == compares two.
type Fingerprint struct {
	groups [FingerprintGroups]uint16 // without check digits, 0 to 9999
}

// FingerprintOf returns the fingerprint of a SHA-256 digest: the digest as a big-endian number, modulo 10^48.
func FingerprintOf(digest [32]byte) Fingerprint {
	number, base := new(big.Int).SetBytes(digest[:]), big.NewInt(10_000)
	var f Fingerprint
	for i := FingerprintGroups - 1; i >= 0; i-- {
		var group big.Int
		number.QuoRem(number, base, &group)
		f.groups[i] = uint16(group.Uint64())
	}
	return f
}

// ParseFingerprint reads a fingerprint as a person types it: 60 digits, with white space anywhere or nowhere. A wrong
// group is a *FingerprintError that names it.
func ParseFingerprint(s string) (Fingerprint, error) {
	if len(s) > 1000 {
		return Fingerprint{}, fmt.Errorf("%w: %d bytes are too many", ErrFingerprint, len(s))
	}
	groups := strings.Fields(s)
	if len(groups) != FingerprintGroups {
		joined := strings.Join(groups, "")
		if len(joined) != FingerprintGroups*(groupDigits+1) {
			return Fingerprint{}, fmt.Errorf("%w: %d groups of %d digits are needed", ErrFingerprint, FingerprintGroups, groupDigits+1)
		}
		groups = groups[:0]
		for i := 0; i < len(joined); i += groupDigits + 1 {
			groups = append(groups, joined[i:i+groupDigits+1])
		}
	}
	var f Fingerprint
	for i, group := range groups {
		number, ok := parseGroup(i, group)
		if !ok {
			return Fingerprint{}, &FingerprintError{Group: i + 1}
		}
		f.groups[i] = number
	}
	return f, nil
}

// String returns the twelve groups, check digits included, with a space between each two.
func (f Fingerprint) String() string {
	var text strings.Builder
	for i, group := range f.groups {
		if i > 0 {
			text.WriteByte(' ')
		}
		digits := fmt.Sprintf("%0*d", groupDigits, group)
		text.WriteString(digits)
		text.WriteByte('0' + checkDigit(i, digits))
	}
	return text.String()
}

func parseGroup(place int, group string) (uint16, bool) {
	if len(group) != groupDigits+1 {
		return 0, false
	}
	number := uint16(0)
	for i := range len(group) {
		if group[i] < '0' || group[i] > '9' {
			return 0, false
		}
		if i < groupDigits {
			number = number*10 + uint16(group[i]-'0')
		}
	}
	return number, group[groupDigits] == '0'+checkDigit(place, group[:groupDigits])
}

// checkDigit is Damm's (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004), begun with the group's place modulo 10
// in the place of 0. It finds every wrong digit, every two neighbours exchanged, and a group read at another place
// unless that is ten groups away.
func checkDigit(place int, digits string) byte {
	table := [10]string{
		"0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
		"3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
	}
	interim := byte(place % 10)
	for i := range len(digits) {
		interim = table[interim][digits[i]-'0'] - '0'
	}
	return interim
}
