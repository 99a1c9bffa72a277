package heed

import "testing"

func TestStrictness(t *testing.T) {
	tlps := TLPs()
	for i, a := range tlps {
		for j, b := range tlps {
			if got := a.StricterThan(b); got != (i < j) {
				t.Errorf("%s stricter than %s: %v", a, b, got)
			}
		}
	}
	paps := append(PAPs(), "")
	for i, a := range paps {
		for j, b := range paps {
			if got := a.StricterThan(b); got != (i < j) {
				t.Errorf("%q stricter than %q: %v", a, b, got)
			}
		}
	}
	if !TLP("PURPLE").StricterThan(TLPRed) || TLPRed.StricterThan("PURPLE") || !TLP("").StricterThan(TLPRed) || !PAP("PURPLE").StricterThan(PAPRed) {
		t.Error("a label that nobody knows must count as the strictest")
	}
}

func TestAskFirst(t *testing.T) {
	const south, east = PartyID("south.example"), PartyID("east.example")
	for name, c := range map[string]struct {
		h    Handling
		want bool
	}{
		"clear":               {Handling{TLP: TLPClear}, false},
		"green":               {Handling{TLP: TLPGreen, PoliceCodes: []PoliceCode{H0, H1}}, false},
		"amber":               {Handling{TLP: TLPAmber}, true},
		"red":                 {Handling{TLP: TLPRed}, true},
		"H2":                  {Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H2}}, true},
		"originator control":  {Handling{TLP: TLPClear, OriginatorControl: true}, true},
		"released to another": {Handling{TLP: TLPAmber, ReleaseTo: []PartyID{east}}, true},
		"released in advance": {Handling{TLP: TLPRed, OriginatorControl: true, ReleaseTo: []PartyID{south}}, false},
		"no label":            {Handling{}, true},
	} {
		if got := c.h.AskFirst(south); got != c.want {
			t.Errorf("%s: ask first = %v, want %v", name, got, c.want)
		}
	}
}
