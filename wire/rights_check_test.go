package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"heed"
	"heed/seal"
)

// releaseVectors were made by testdata/release-vectors.py, which shares nothing
// with this package.
type releaseVectors struct {
	Checks          []struct{ Name, Salt, Text, Digest string }
	Releases        []struct{ Name, ID, Note string }
	RefusedChecks   []struct{ Name, Text string } `json:"refused_checks"`
	RefusedReleases []struct{ Name, Note string } `json:"refused_releases"`
}

func readReleaseVectors(t testing.TB) releaseVectors {
	t.Helper()
	text, err := os.ReadFile("testdata/release-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v releaseVectors
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func sampleChecks() map[string]heed.RightsCheck {
	return map[string]heed.RightsCheck{
		"duty": {
			DutyBasis: heed.DutyBasis{Ground: heed.GroundDutyToWarn}, LegalBasis: "Police Cooperation Act, section 12", Purpose: heed.PurposeProtectionOfLife,
			Character:   heed.Finding[heed.Character]{Answer: heed.CharacterNone, Reason: "An attack on a crowd is ordinary crime, whatever its motive"},
			Necessity:   heed.Finding[heed.Necessity]{Answer: heed.NecessityGiven, Reason: "Without the names of the two men nobody can look for them"},
			Reliability: heed.Finding[heed.Sufficiency]{Answer: heed.SourceSufficient, Reason: "B2: the source has been right before, and a second one agrees"},
			Risk:        heed.Finding[heed.Risk]{Answer: heed.RiskMitigated, Reason: "Nothing in the text points to the source; whoever is named is to be observed, not detained"},
		},
		"waiver": {
			DutyBasis:  heed.DutyBasis{Ground: heed.GroundWaiver, Reason: "Those responsible for the hall know already"},
			LegalBasis: "Accord des deux bureaux, article 4", Purpose: heed.PurposeEventSecurity,
			Character:   heed.Finding[heed.Character]{Answer: heed.CharacterNotPredominant, Reason: "Der Anlaß ist politisch, die Tat ist es nicht"},
			Necessity:   heed.Finding[heed.Necessity]{Answer: heed.NecessityReduced, Reason: "The family was left out"},
			Reliability: heed.Finding[heed.Sufficiency]{Answer: heed.SourceLimited, Reason: "One source, not yet confirmed, and the text says so"},
			Risk:        heed.Finding[heed.Risk]{Answer: heed.RiskOutweighed, Reason: "A life is in danger: the source agreed"},
		},
	}
}

func TestRightsCheckVectors(t *testing.T) {
	v := readReleaseVectors(t)
	if len(v.Checks) != len(sampleChecks()) {
		t.Errorf("%d vectors", len(v.Checks))
	}
	for _, want := range v.Checks {
		form := sampleChecks()[want.Name]
		data, err := EncodeRightsCheck(form)
		if err != nil || string(data) != want.Text {
			t.Fatalf("%s: written as\n%s%v, want\n%s", want.Name, data, err, want.Text)
		}
		read, err := ParseRightsCheck(data)
		if err != nil || read != form {
			t.Errorf("%s: read as %+v, %v", want.Name, read, err)
		}
		salt, err := hex.DecodeString(want.Salt)
		if err != nil {
			t.Fatal(err)
		}
		if digest, err := ContentDigest(heed.MediaRightsCheck, [32]byte(salt), data); err != nil || digest.String() != want.Digest {
			t.Errorf("%s: digest %s, %v", want.Name, digest, err)
		}
	}
	for _, r := range v.RefusedChecks {
		if f, err := ParseRightsCheck([]byte(r.Text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v, %v", r.Name, f, err)
		}
	}
	if len(v.RefusedChecks) < 18 || len(v.RefusedReleases) < 6 {
		t.Error("vectors are missing")
	}
	if _, err := EncodeRightsCheck(heed.RightsCheck{}); !errors.As(err, new(*heed.FieldError)) {
		t.Errorf("an empty form: %v", err)
	}
}

// The longest form that passes its Check has a byte form, whatever its letters.
func TestLongestRightsCheck(t *testing.T) {
	f := sampleChecks()["waiver"]
	long := strings.Repeat("𐍈", heed.MaxReason)
	f.DutyBasis.Reason, f.LegalBasis, f.Character.Reason, f.Necessity.Reason, f.Reliability.Reason, f.Risk.Reason = long, long, long, long, long, long
	data, err := EncodeRightsCheck(f)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ParseRightsCheck(data); err != nil || read != f {
		t.Errorf("%d bytes: %v", len(data), err)
	}
}

// A release with a check is signed as the second implementation signs it.
func TestCheckedReleaseVectors(t *testing.T) {
	v := readReleaseVectors(t)
	digest := func(i int) heed.Digest {
		d, err := heed.ParseDigest(v.Checks[i].Digest)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, err := heed.ParseDigest(v.Releases[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		rel  heed.Release
		keys []seal.SigningKey
	}{
		{heed.Release{Author: north, Kind: heed.KindWarning, Time: at(0), Contents: []heed.ContentRef{documentRef}, Check: digest(0),
			Officers: []heed.OfficerStamp{{Role: heed.Drafter}, {Role: heed.Releaser}}}, []seal.SigningKey{testKey(t, anna), testKey(t, ben)}},
		{heed.Release{Author: north, Kind: heed.KindCorrection, Of: heed.ReleaseID(first), Time: at(0), Contents: []heed.ContentRef{documentRef}, Check: digest(1),
			Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}, []seal.SigningKey{testKey(t, ben)}},
		{heed.Release{Author: north, Kind: heed.KindWarning, Accord: heed.AccordID(digestOf("the accord")), Version: heed.VersionID(digestOf("the second version")), Time: at(0),
			Contents: []heed.ContentRef{documentRef}, Check: digest(0), Officers: []heed.OfficerStamp{{Role: heed.Drafter}, {Role: heed.Releaser}}}, []seal.SigningKey{testKey(t, anna), testKey(t, ben)}},
	} {
		want := v.Releases[i]
		c.rel.Nonce = digestOf("nonce of " + want.Name)
		signed, note, err := SignRelease(c.rel, c.keys...)
		if err != nil || string(note) != want.Note || signed.ID.String() != want.ID {
			t.Fatalf("%s: signed as\n%s%v, want\n%s", want.Name, note, err, want.Note)
		}
		if read, err := ParseRelease(note); err != nil || !reflect.DeepEqual(read, signed) {
			t.Errorf("%s: read as %+v, %v", want.Name, read, err)
		}
		// What was signed cannot lose its check, or get another.
		for _, other := range []string{"", "check: " + digestOf("another form").String() + "\n"} {
			changed := strings.Replace(want.Note, "check: "+c.rel.Check.String()+"\n", other, 1)
			if _, err := ParseRelease([]byte(changed)); !errors.Is(err, seal.ErrSignature) {
				t.Errorf("%s with %q: %v", want.Name, other, err)
			}
		}
		c.rel.Check = documentRef.Digest
		if _, _, err := SignRelease(c.rel, c.keys...); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s whose check is sent: %v", want.Name, err)
		}
	}
	for _, r := range v.RefusedReleases {
		if _, err := ParseRelease([]byte(r.Note)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}

// Each form has one spelling.
func TestRightsCheckHasOneSpelling(t *testing.T) {
	for _, v := range readReleaseVectors(t).Checks {
		for _, m := range mutations(v.Text) {
			f, err := ParseRightsCheck([]byte(m.text))
			if err != nil {
				if !errors.Is(err, ErrMalformed) {
					t.Errorf("%s, %s: %v", v.Name, m.name, err)
				}
				continue
			}
			again, err := EncodeRightsCheck(f)
			if err != nil || string(again) != m.text {
				t.Errorf("%s, %s: accepted, and written again as %q, %v", v.Name, m.name, again, err)
			}
		}
		for i := range v.Text {
			if _, err := ParseRightsCheck([]byte(v.Text[:i])); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s cut to %d bytes: %v", v.Name, i, err)
			}
		}
	}
}

func FuzzParseRightsCheck(f *testing.F) {
	v := readReleaseVectors(f)
	for _, c := range v.Checks {
		f.Add([]byte(c.Text))
	}
	for _, c := range v.RefusedChecks {
		f.Add([]byte(c.Text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := ParseRightsCheck(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		again, err := EncodeRightsCheck(form)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("written again as %q, %v", again, err)
		}
	})
}
