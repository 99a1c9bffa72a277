package heed

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// PartyID names an organisation: a DNS-like name of two or more labels, in
// lower case, at most 100 bytes ("north.example"). It is an identity within
// the exchange and need not resolve.
type PartyID string

// ParsePartyID checks the spelling of a party's name (RFC 1123 section 2.1
// labels, lower case only, so that one party has one spelling).
func ParsePartyID(s string) (PartyID, error) {
	bad := func(why string) (PartyID, error) {
		return "", &Invalid{What: fmt.Sprintf("party name %q %s", clip(s), why), Hint: "write it like north.example: lower-case letters, digits and hyphens, with a dot"}
	}
	if len(s) > 100 {
		return bad("is longer than 100 bytes")
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return bad("has no dot")
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return bad("has an empty or too long label")
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return bad("has a label that begins or ends with a hyphen")
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return bad("has a character that is not allowed")
			}
		}
	}
	return PartyID(s), nil
}

// OfficerID names an officer within a party: one lower-case word of letters,
// digits, dots and hyphens, at most 40 bytes.
type OfficerID string

// ParseOfficerID checks the spelling of an officer's name.
func ParseOfficerID(s string) (OfficerID, error) {
	ok := len(s) >= 1 && len(s) <= 40 && s[0] != '.' && s[0] != '-'
	for _, c := range s {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.')
	}
	if !ok {
		return "", &Invalid{What: fmt.Sprintf("officer name %q is not a name that can be signed with", clip(s)), Hint: "use 1 to 40 lower-case letters, digits, dots and hyphens, beginning with a letter or digit"}
	}
	return OfficerID(s), nil
}

// Digest is a SHA-256 value. The zero Digest is written "none" in signed text.
type Digest [32]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is the zero Digest, which names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// ParseDigest reads 64 lower-case hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != 64 || strings.ToLower(s) != s {
		return d, &Invalid{What: fmt.Sprintf("%q is not a SHA-256 value", clip(s)), Hint: "64 lower-case hexadecimal digits are expected"}
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, &Invalid{What: fmt.Sprintf("%q is not a SHA-256 value", clip(s)), Hint: "64 lower-case hexadecimal digits are expected"}
	}
	return d, nil
}

// StatementID is the SHA-256 of a statement's signed text.
type StatementID Digest

func (id StatementID) String() string { return Digest(id).String() }

// IsZero reports whether id names no statement.
func (id StatementID) IsZero() bool { return id == StatementID{} }

// Short is the first eight digits, for people to tell statements of one case apart.
func (id StatementID) Short() string { return id.String()[:8] }

// CaseID is the id of the statement that opened the case.
type CaseID Digest

func (id CaseID) String() string { return Digest(id).String() }

// IsZero reports whether id names no case; in signed text that is "new".
func (id CaseID) IsZero() bool { return id == CaseID{} }

// CardID is the SHA-256 of a card's signed text. It also names the terms that
// the card's baseline commitments are.
type CardID Digest

func (id CardID) String() string { return Digest(id).String() }

// IsZero reports whether id names no card.
func (id CardID) IsZero() bool { return id == CardID{} }

// ReleaseID is the SHA-256 of a release's signed text: one officer's act that
// any number of statements to different recipients share.
type ReleaseID Digest

func (id ReleaseID) String() string { return Digest(id).String() }

// IsZero reports whether id names no release.
func (id ReleaseID) IsZero() bool { return id == ReleaseID{} }

// TimeLayout is the one spelling of a time in signed text: RFC 3339 in UTC
// with exactly three digits of fraction.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Instant is t as signed text can say it: UTC, cut to whole milliseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// FormatTime writes t in TimeLayout.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

// ParseTime reads the one spelling that FormatTime writes.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(TimeLayout, s)
	if err != nil || FormatTime(t) != s {
		return time.Time{}, &Invalid{What: fmt.Sprintf("%q is not a time of the signed form", clip(s)), Hint: "times are written like 2026-11-22T21:00:00.000Z"}
	}
	return t.UTC(), nil
}

// clip keeps hostile input from filling an error message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
