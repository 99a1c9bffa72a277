package heed

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParsePartyID(t *testing.T) {
	for _, s := range []string{"north.example", "a.b", "desk-7.north.example", "1.2", strings.Repeat("a", 63) + ".example"} {
		if got, err := ParsePartyID(s); err != nil || string(got) != s {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "north", ".", "north.", ".example", "north..example", "North.example", "north.EXAMPLE", "-north.example", "north-.example",
		"north.-example", "north_.example", "nörth.example", "north.example ", "north.exa\nmple", "north.example:443",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 50) + "b",
	} {
		if got, err := ParsePartyID(s); !errors.As(err, new(*Invalid)) || got != "" {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
	if _, err := ParsePartyID(strings.Repeat("a.", 49) + "bc"); err != nil {
		t.Errorf("100 bytes are admitted: %v", err)
	}
}

func TestParseOfficerID(t *testing.T) {
	for _, s := range []string{"ivars", "a", "7", "i.berzins", "desk-2", strings.Repeat("x", 40)} {
		if got, err := ParseOfficerID(s); err != nil || string(got) != s {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-a", ".a", "Ivars", "i berzins", "i_b", "bērziņš", "a\n", strings.Repeat("x", 41)} {
		if got, err := ParseOfficerID(s); !errors.As(err, new(*Invalid)) || got != "" {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
}

func TestDigestHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Digest
		copy(d[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest"))
		got, err := ParseDigest(d.String())
		if err != nil || got != d {
			t.Fatalf("%s: got %s, %v", d, got, err)
		}
		if d.IsZero() != (d.String() == strings.Repeat("0", 64)) {
			t.Fatalf("%s: IsZero is %t", d, d.IsZero())
		}
	})
	whole := strings.Repeat("0a", 32)
	for _, s := range []string{"", "none", whole[1:], whole + "0", strings.ToUpper(whole), strings.Repeat("0g", 32), " " + whole[1:]} {
		if d, err := ParseDigest(s); !errors.As(err, new(*Invalid)) || !d.IsZero() {
			t.Errorf("%q: got %s, %v", s, d, err)
		}
	}
}

func TestIDsAreWrittenAsDigests(t *testing.T) {
	d := Digest{0xab, 0xcd, 0xef, 0x01}
	want := "abcdef01" + strings.Repeat("0", 56)
	for what, got := range map[string]string{
		"statement": StatementID(d).String(), "case": CaseID(d).String(), "card": CardID(d).String(), "release": ReleaseID(d).String(),
	} {
		if got != want {
			t.Errorf("%s: got %s", what, got)
		}
	}
	if got := StatementID(d).Short(); got != "abcdef01" {
		t.Errorf("short: got %s", got)
	}
	if StatementID(d).IsZero() || CaseID(d).IsZero() || CardID(d).IsZero() || ReleaseID(d).IsZero() {
		t.Error("an id that names something is zero")
	}
	if !(StatementID{}).IsZero() || !(CaseID{}).IsZero() || !(CardID{}).IsZero() || !(ReleaseID{}).IsZero() {
		t.Error("an id that names nothing is not zero")
	}
}

func TestTimeHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 253402300799999).Draw(t, "milliseconds") // to the end of year 9999
		at := time.UnixMilli(ms)
		got, err := ParseTime(FormatTime(at))
		if err != nil || !got.Equal(at) || got.Location() != time.UTC {
			t.Fatalf("%s: got %v, %v", FormatTime(at), got, err)
		}
	})
	for _, s := range []string{
		"", "2026-11-22", "2026-11-22T21:00:00Z", "2026-11-22T21:00:00.00Z", "2026-11-22T21:00:00.0000Z", "2026-11-22T21:00:00,000Z",
		"2026-11-22T21:00:00.000+00:00", "2026-11-22T21:00:00.000z", "2026-11-22 21:00:00.000Z", "2026-11-22T24:00:00.000Z",
		"2026-02-29T21:00:00.000Z", "2026-11-22T21:00:60.000Z", "2026-11-22T21:00:00.000Z ", "+2026-11-22T21:00:00.000Z",
	} {
		if got, err := ParseTime(s); !errors.As(err, new(*Invalid)) || !got.IsZero() {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
}

func TestInstantIsWhatSignedTextCanSay(t *testing.T) {
	zone := time.FixedZone("", 3600)
	at := time.Date(2026, 11, 22, 22, 0, 0, 1_999_999, zone)
	if got, want := FormatTime(Instant(at)), "2026-11-22T21:00:00.001Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	back, err := ParseTime(FormatTime(Instant(at)))
	if err != nil || back != Instant(at) {
		t.Errorf("got %v, %v", back, err)
	}
}
