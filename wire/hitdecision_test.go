package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
)

func decisions(t testing.TB) map[string]heed.HitDecision {
	at := time.Date(2026, 11, 23, 12, 0, 0, 250e6, time.UTC)
	verdict := heed.HitDecision{
		Kind: heed.DecisionVerdict, Party: north, Hit: heed.HitID{1}, Subject: heed.Digest{2}, Time: at, Verdict: heed.DifferentPerson, Traveller: heed.Digest{3}, Until: at.Add(time.Hour),
		Contents: []heed.ContentRef{{Digest: heed.Digest{4}, Size: 7, MediaType: heed.MediaText}}, Officers: []heed.OfficerStamp{{Role: heed.Assessor}},
	}
	same, revoked := verdict, verdict
	same.Verdict, same.Traveller, same.Until = heed.SamePerson, heed.Digest{}, time.Time{}
	revoked.Kind, revoked.Verdict, revoked.Traveller, revoked.Until, revoked.Revokes = heed.DecisionRevoked, "", heed.Digest{}, time.Time{}, heed.DecisionID{5}
	return map[string]heed.HitDecision{"exclusion": verdict, "same": same, "revocation": revoked}
}

func signDecision(t testing.TB, d heed.HitDecision) (heed.HitDecision, []byte) {
	t.Helper()
	signed, note, err := SignHitDecision(d, nodeOf(t, north), testKey(t, OfficerKeyName(north, "irma")))
	if err != nil {
		t.Fatal(err)
	}
	return signed, note
}

func TestHitDecisionRoundTrip(t *testing.T) {
	for name, d := range decisions(t) {
		signed, note := signDecision(t, d)
		read, err := ParseHitDecision(note)
		if err != nil || !reflect.DeepEqual(read, signed) || read.ID.IsZero() {
			t.Errorf("%s: read as %+v, %v; signed %+v", name, read, err, signed)
		}
		again, second := signDecision(t, read)
		if string(second) != string(note) || again.ID != read.ID {
			t.Errorf("%s: signed again as\n%s, want\n%s", name, second, note)
		}
	}
	golden := `heed-hit-decision/v1
kind: verdict
party: north.example
hit: 0100000000000000000000000000000000000000000000000000000000000000
subject: 0200000000000000000000000000000000000000000000000000000000000000
time: 2026-11-23T12:00:00.250Z
verdict: different-person
excludes: 0300000000000000000000000000000000000000000000000000000000000000
until: 2026-11-23T13:00:00.250Z
content: 0400000000000000000000000000000000000000000000000000000000000000 7 text/plain;charset=utf-8
node: `
	if signed, _ := signDecision(t, decisions(t)["exclusion"]); !strings.HasPrefix(HitDecisionText(signed), golden) {
		t.Errorf("the text is\n%s", HitDecisionText(signed))
	}
}

func TestHitDecisionRefused(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"another version": func(s string) string { return strings.Replace(s, "/v1", "/v2", 1) },
		"a line more":     func(s string) string { return strings.Replace(s, "node: ", "note: x\nnode: ", 1) },
		"a line less":     func(s string) string { return strings.Replace(s, "verdict: different-person\n", "", 1) },
		"lines exchanged": func(s string) string {
			return strings.Replace(s, "kind: verdict\nparty: north.example\n", "party: north.example\nkind: verdict\n", 1)
		},
		"another spelling":  func(s string) string { return strings.Replace(s, "12:00:00.250Z", "12:00:00.25Z", 1) },
		"no hit":            func(s string) string { return strings.Replace(s, "hit: 01"+strings.Repeat("0", 62), "hit: none", 1) },
		"a verdict unknown": func(s string) string { return strings.Replace(s, "different-person", "twin", 1) },
		"another party":     func(s string) string { return strings.Replace(s, "party: north.example", "party: south.example", 1) },
	} {
		_, note := signDecision(t, decisions(t)["exclusion"])
		text, rest, _ := strings.Cut(string(note), "\n\n")
		if changed := edit(text); changed == text {
			t.Fatalf("%s changes nothing", name)
		} else if _, err := ParseHitDecision([]byte(changed + "\n\n" + rest)); !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := decisions(t)["same"]
	d.Contents = nil
	if _, _, err := SignHitDecision(d, nodeOf(t, north), testKey(t, OfficerKeyName(north, "irma"))); err == nil {
		t.Error("a decision without a reason was signed")
	}
	if _, _, err := SignHitDecision(decisions(t)["same"], nodeOf(t, north)); err == nil {
		t.Error("a decision without its officer's key was signed")
	}
}

func FuzzParseHitDecision(f *testing.F) {
	for _, d := range decisions(f) {
		_, note := signDecision(f, d)
		f.Add(note)
	}
	f.Fuzz(func(t *testing.T, note []byte) {
		d, err := ReadHitDecision(note)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("neither ErrMalformed nor ErrSignature: %v", err)
			}
			return
		}
		if text, _, err := seal.SplitNote(note, len(note), MaxSignatures); err != nil || HitDecisionText(d) != text {
			t.Fatalf("written again as %q, %v", HitDecisionText(d), err)
		}
	})
}
