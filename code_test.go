package heed

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func anyDigest(t *rapid.T, label string) Digest {
	return Digest(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func TestCodeIsCutFromTheFirstFortyBits(t *testing.T) {
	for want, d := range map[Code]Digest{
		"00000000": {},
		"ZZZZZZZZ": {0xff, 0xff, 0xff, 0xff, 0xff},
		"00000001": {0, 0, 0, 0, 1, 0xff},
		"80000000": {0x40},
		"01234567": {0x00, 0x44, 0x32, 0x14, 0xc7},
	} {
		if got := CodeOf(d); got != want {
			t.Errorf("%x: got %s, want %s", d[:6], got, want)
		}
	}
	a, b := Digest{1, 2, 3, 4, 5, 6}, Digest{1, 2, 3, 4, 5, 7}
	if CodeOf(a) != CodeOf(b) {
		t.Error("the sixth byte is no part of the code")
	}
}

func TestCodeIsSpeakable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := CodeOf(anyDigest(t, "opening"))
		if len(code) != 8 || strings.ContainsAny(string(code), "ILOU") || strings.ToUpper(string(code)) != string(code) {
			t.Fatalf("%q is not speakable", code)
		}
	})
}

func TestParseCodeReadsWhatPeopleWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := CodeOf(anyDigest(t, "opening"))
		heard := []byte(code)
		for i := range heard {
			switch heard[i] {
			case '0':
				heard[i] = rapid.SampledFrom([]byte("0Oo")).Draw(t, "zero")
			case '1':
				heard[i] = rapid.SampledFrom([]byte("1IiLl")).Draw(t, "one")
			default:
				if rapid.Bool().Draw(t, "lower") {
					heard[i] = strings.ToLower(string(heard[i]))[0]
				}
			}
		}
		written := string(heard[:4]) + rapid.SampledFrom([]string{"", "-", " ", " - "}).Draw(t, "gap") + string(heard[4:])
		for _, s := range []string{written, " " + written + " ", code.Spoken()} {
			if got, err := ParseCode(s); err != nil || got != code {
				t.Fatalf("%q: got %q, %v", s, got, err)
			}
		}
	})
	for _, s := range []string{"", "7K3MQ2X", "7K3MQ2XAB", "7K3MQ2XU", "7K3M_2XA", "7K3M\n2XA", "７K3MQ2XA", strings.Repeat("-", 8), strings.Repeat("7", 1<<16)} {
		if got, err := ParseCode(s); !errors.As(err, new(*Invalid)) || got != "" {
			t.Errorf("%q: got %q, %v", clip(s), got, err)
		}
	}
}

func TestCodeSpoken(t *testing.T) {
	if got := Code("7K3MQ2XA").Spoken(); got != "7K3M-Q2XA" {
		t.Errorf("got %s", got)
	}
	if got := Code("short").Spoken(); got != "short" {
		t.Errorf("what is no code is left as it is: got %s", got)
	}
}

func TestCasesOfOneReleaseShareTheirCode(t *testing.T) {
	release := ReleaseID{1, 2, 3}
	one := Statement{ID: StatementID{4}, Release: release}
	two := Statement{ID: StatementID{5}, Release: release}
	if one.CaseCode() != two.CaseCode() || one.CaseCode() != CodeOf(Digest(release)) {
		t.Errorf("got %s and %s", one.CaseCode(), two.CaseCode())
	}
	for _, kind := range []Kind{KindAccordProposal, KindAccordAmendment} {
		one := Statement{ID: StatementID{4}, Kind: kind, Accord: AccordID{8}, Version: VersionID{9}}
		two := Statement{ID: StatementID{5}, Kind: kind, Accord: AccordID{8}, Version: VersionID{9}}
		if one.CaseCode() != two.CaseCode() || one.CaseCode() != CodeOf(Digest{9}) {
			t.Errorf("%s: got %s and %s", kind, one.CaseCode(), two.CaseCode())
		}
	}
	document := []ContentRef{{Digest: Digest{7}}, {Digest: Digest{8}}}
	drafted := Statement{ID: StatementID{4}, Kind: KindWarning, Release: release, Accord: AccordID{8}, Version: VersionID{9}, Contents: document}
	if drafted.CaseCode() != CodeOf(Digest{7}) {
		t.Errorf("a warning under an accord has the code of its document, which its draft had: got %s", drafted.CaseCode())
	}
	act := Statement{ID: StatementID{6}, Kind: KindAccordDecline, Accord: AccordID{8}, Version: VersionID{9}}
	if act.CaseCode() != CodeOf(Digest(act.ID)) {
		t.Errorf("an act is no part of its proposal's case: got %s", act.CaseCode())
	}
	question := Statement{ID: StatementID{6}}
	if question.CaseCode() != CodeOf(Digest(question.ID)) {
		t.Errorf("without a release, the statement names the case: got %s", question.CaseCode())
	}
}
