package heed

import (
	"strings"
	"testing"
	"time"
)

func TestHitDecisionCheck(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	sound := func() HitDecision {
		return HitDecision{
			Kind: DecisionVerdict, Party: "south.example", Hit: HitID{1}, Subject: Digest{2}, Time: at, Verdict: DifferentPerson, Traveller: Digest{3}, Until: at.Add(MaxExclusion),
			Contents: []ContentRef{{Digest: Digest{4}, MediaType: MediaText}}, Officers: []OfficerStamp{{Role: DutyOfficer}},
		}
	}
	revocation := sound()
	revocation.Kind, revocation.Verdict, revocation.Traveller, revocation.Until, revocation.Revokes = DecisionRevoked, "", Digest{}, time.Time{}, DecisionID{5}
	plain := sound()
	plain.Traveller, plain.Until, plain.Verdict = Digest{}, time.Time{}, Undecided
	for what, d := range map[string]HitDecision{"exclusion": sound(), "revocation": revocation, "interim": plain} {
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, test := range map[string]struct {
		edit func(*HitDecision)
		path string
	}{
		"no kind":                     {func(d *HitDecision) { d.Kind = "guess" }, "kind"},
		"no hit":                      {func(d *HitDecision) { d.Hit = HitID{} }, "hit"},
		"no subject":                  {func(d *HitDecision) { d.Subject = Digest{} }, "hit"},
		"no reason":                   {func(d *HitDecision) { d.Contents = nil }, "content"},
		"a reason that is no text":    {func(d *HitDecision) { d.Contents[0].MediaType = "image/png" }, "content"},
		"nobody decides":              {func(d *HitDecision) { d.Officers = nil }, "officers"},
		"two decide":                  {func(d *HitDecision) { d.Officers = append(d.Officers, d.Officers[0]) }, "officers"},
		"a drafter decides":           {func(d *HitDecision) { d.Officers[0].Role = Drafter }, "officers/0"},
		"no verdict":                  {func(d *HitDecision) { d.Verdict = "" }, "verdict"},
		"the same person is excluded": {func(d *HitDecision) { d.Verdict = SamePerson }, "until"},
		"excluded without an end":     {func(d *HitDecision) { d.Until = time.Time{} }, "until"},
		"nobody is excluded":          {func(d *HitDecision) { d.Traveller = Digest{} }, "until"},
		"excluded for too long":       {func(d *HitDecision) { d.Until = d.Until.Add(time.Millisecond) }, "until"},
		"excluded until before":       {func(d *HitDecision) { d.Until = d.Time }, "until"},
		"a verdict revokes":           {func(d *HitDecision) { d.Revokes = DecisionID{5} }, "revokes"},
		"a revocation of nothing":     {func(d *HitDecision) { *d = revocation; d.Revokes = DecisionID{} }, "revokes"},
		"a revocation with a verdict": {func(d *HitDecision) { *d = revocation; d.Verdict = SamePerson }, "revokes"},
		"a revocation that excludes":  {func(d *HitDecision) { *d = revocation; d.Traveller = Digest{3} }, "revokes"},
	} {
		d := sound()
		test.edit(&d)
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), test.path+" ") {
			t.Errorf("%s: %v, want %s", what, err, test.path)
		}
	}
}

func TestHitVerdicts(t *testing.T) {
	for _, v := range HitVerdicts() {
		if got, err := ParseHitVerdict(string(v)); err != nil || got != v {
			t.Errorf("%s: %s, %v", v, got, err)
		}
		if v.Settles() == (v == Undecided) {
			t.Errorf("%s settles: %v", v, v.Settles())
		}
	}
	if _, err := ParseHitVerdict("Same-Person"); err == nil {
		t.Error("another spelling is read")
	}
}
