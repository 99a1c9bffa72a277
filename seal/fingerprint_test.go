package seal

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
)

func TestParseFingerprintTolerance(t *testing.T) {
	f := FingerprintOf(sha256.Sum256([]byte("a card")))
	text := f.String()
	groups := strings.Fields(text)
	for _, typed := range []string{
		text, "  " + text + "\n", strings.Join(groups, ""), strings.Join(groups, "\n"), strings.Join(groups, " \t "),
		strings.Join(groups[:4], " ") + "\n" + strings.Join(groups[4:8], " ") + "\n" + strings.Join(groups[8:], " "),
		strings.Join(strings.Split(strings.Join(groups, ""), ""), " "), strings.Join(groups, "\u00a0"),
	} {
		if got, err := ParseFingerprint(typed); err != nil || got != f {
			t.Errorf("%q is read as %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", text[:len(text)-1] + "x", strings.Join(groups[1:], " "), text + " 00000", text[1:],
		strings.Repeat("0", 60_000), strings.ReplaceAll(text, " ", "-")} {
		if _, err := ParseFingerprint(typed); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%s: %v, want ErrFingerprint", clip(typed), err)
		}
	}
	if f == FingerprintOf(sha256.Sum256([]byte("another card"))) {
		t.Error("two cards have one fingerprint")
	}
}

// Every single wrong digit, exchange of neighbours and exchange of neighbouring groups is found, and its group named.
func TestFingerprintNamesTheWrongGroup(t *testing.T) {
	wrong := func(text string, group int) {
		t.Helper()
		_, err := ParseFingerprint(text)
		var mistyped *FingerprintError
		if !errors.As(err, &mistyped) || mistyped.Group != group {
			t.Fatalf("%s: %v, want group %d", text, err, group)
		}
	}
	for card := range byte(8) {
		text := FingerprintOf(sha256.Sum256([]byte{card})).String()
		for i := range text {
			if text[i] == ' ' {
				continue
			}
			group := i/6 + 1
			for digit := byte('0'); digit <= '9'; digit++ {
				if digit != text[i] {
					wrong(text[:i]+string(digit)+text[i+1:], group)
				}
			}
			if i+1 < len(text) && text[i+1] != ' ' && text[i] != text[i+1] {
				wrong(text[:i]+string(text[i+1])+string(text[i])+text[i+2:], group)
			}
			wrong(text[:i]+text[i+1:], group)   // a digit left out
			wrong(text[:i]+"0"+text[i:], group) // a digit too many
		}
	}
	for number := range uint16(10_000) {
		for place := range FingerprintGroups - 1 {
			f := Fingerprint{}
			f.groups[place] = number
			group := f.String()[place*6 : place*6+5]
			if _, ok := parseGroup(place+1, group); ok {
				t.Fatalf("group %s of place %d passes at the next", group, place)
			}
		}
	}
}

func FuzzParseFingerprint(f *testing.F) {
	for _, v := range readVectors(f).Fingerprints {
		f.Add(v.Fingerprint)
		f.Add(strings.ReplaceAll(v.Fingerprint, " ", ""))
	}
	f.Fuzz(func(t *testing.T, text string) {
		fingerprint, err := ParseFingerprint(text)
		if err != nil {
			return
		}
		if strings.ReplaceAll(fingerprint.String(), " ", "") != strings.Join(strings.Fields(text), "") {
			t.Errorf("%q is read as %s", text, fingerprint)
		}
	})
}
