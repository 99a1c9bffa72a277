package heed

import (
	"errors"
	"strings"
	"testing"
)

// The spellings are those of CAP 1.2, TLP 2.0, PAP and the Admiralty code; a
// change of one letter would break every exchange with other systems.
func TestSpellingsOfTheStandards(t *testing.T) {
	for _, list := range []struct{ got, want string }{
		{joined(Urgencies()), "Immediate, Expected, Future, Past, Unknown"},
		{joined(Severities()), "Extreme, Severe, Moderate, Minor, Unknown"},
		{joined(Certainties()), "Observed, Likely, Possible, Unlikely, Unknown"},
		{joined(Statuses()), "Actual, Exercise, System, Test, Draft"},
		{joined(Categories()), "Geo, Met, Safety, Security, Rescue, Fire, Health, Env, Transport, Infra, CBRNE, Other"},
		{joined(Reliabilities()), "A, B, C, D, E, F"},
		{joined(Credibilities()), "1, 2, 3, 4, 5, 6"},
		{joined(TLPs()), "RED, AMBER+STRICT, AMBER, GREEN, CLEAR"},
		{joined(PAPs()), "RED, AMBER, GREEN, CLEAR"},
		{joined(PoliceCodes()), "H0, H1, H2, H3"},
	} {
		if list.got != list.want {
			t.Errorf("got %s, want %s", list.got, list.want)
		}
	}
}

func TestParseTakesTheExactSpellingOnly(t *testing.T) {
	roundTrip(t, "urgency", Urgencies(), ParseUrgency)
	roundTrip(t, "severity", Severities(), ParseSeverity)
	roundTrip(t, "certainty", Certainties(), ParseCertainty)
	roundTrip(t, "status", Statuses(), ParseStatus)
	roundTrip(t, "category", Categories(), ParseCategory)
	roundTrip(t, "threat", Threats(), ParseThreat)
	roundTrip(t, "reliability", Reliabilities(), ParseReliability)
	roundTrip(t, "credibility", Credibilities(), ParseCredibility)
	roundTrip(t, "tlp", TLPs(), ParseTLP)
	roundTrip(t, "pap", PAPs(), ParsePAP)
	roundTrip(t, "police", PoliceCodes(), ParsePoliceCode)
	roundTrip(t, "purpose", Purposes(), ParsePurpose)
	roundTrip(t, "ask", AskCodes(), ParseAskCode)
}

func roundTrip[T ~string](t *testing.T, noun string, all []T, parse func(string) (T, error)) {
	t.Helper()
	seen := map[T]bool{}
	for _, v := range all {
		if got, err := parse(string(v)); err != nil || got != v {
			t.Errorf("%s %q: got %q, %v", noun, v, got, err)
		}
		if seen[v] {
			t.Errorf("%s %q stands twice", noun, v)
		}
		seen[v] = true
		for _, wrong := range []string{string(v) + " ", swapCase(string(v)), ""} {
			if T(wrong) == v {
				continue
			}
			_, err := parse(wrong)
			var invalid *Invalid
			if !errors.As(err, &invalid) || !strings.Contains(invalid.Hint, string(all[0])) {
				t.Errorf("%s %q: got %v, want an error that lists the words", noun, wrong, err)
			}
		}
	}
}

func swapCase(s string) string {
	if strings.ToUpper(s) == s {
		return strings.ToLower(s)
	}
	return strings.ToUpper(s)
}
