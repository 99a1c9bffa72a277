package heed

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	for written, canonical := range map[string]string{
		"2026-11-24":                "2026-11-24",
		"2026-11-24T06:00:00Z":      "2026-11-24T06:00:00Z",
		"2026-11-24T07:00:00+01:00": "2026-11-24T06:00:00Z",
		"2026-11-24T07:00+01:00":    "2026-11-24T06:00:00Z",
		"2026-11-24 07:00 +01:00":   "2026-11-24T06:00:00Z",
		"2026-11-24T00:30:00+05:45": "2026-11-23T18:45:00Z",
	} {
		m, err := ParseMoment(written)
		if err != nil || m.String() != canonical {
			t.Errorf("%s: got %s, %v; want %s", written, m, err, canonical)
		}
		if again, err := ParseMoment(m.String()); err != nil || again != m {
			t.Errorf("%s: read again as %v, %v", written, again, err)
		}
	}
	for written, hint := range map[string]string{
		"2026-11-24T07:00:00":       "+01:00",
		"2026-11-24 07:00":          "2026-11-24T07:00:00+01:00",
		"2026-11-24T07:00:00.5Z":    "whole seconds",
		"24.11.2026":                "2026-11-24",
		"2026-02-30":                "date like",
		"tomorrow":                  "date like",
		"":                          "date like",
		"0001-01-01":                "1900",
		"9999-12-31T23:59:59-12:00": "1900",
	} {
		_, err := ParseMoment(written)
		var invalid *Invalid
		if !errors.As(err, &invalid) || !strings.Contains(invalid.Hint, hint) {
			t.Errorf("%q: got %v, want a hint with %q", written, err, hint)
		}
	}
}

func TestADayIsTheDayOfThePlace(t *testing.T) {
	m, err := ParseMoment("2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	kiritimati, baker := time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)
	if want := time.Date(2026, 11, 24, 0, 0, 0, 0, kiritimati); !m.Earliest().Equal(want) {
		t.Errorf("earliest %v, want %v", m.Earliest(), want)
	}
	if want := time.Date(2026, 11, 24, 23, 59, 59, 0, baker); !m.Latest().Equal(want) {
		t.Errorf("latest %v, want %v", m.Latest(), want)
	}
	if got := MomentOn(time.Date(2026, 11, 24, 23, 0, 0, 0, baker)); got != m {
		t.Errorf("MomentOn takes the day of another zone: %v", got)
	}
	at := MomentAt(time.Date(2026, 11, 24, 7, 0, 0, 999, kiritimati))
	if at.Earliest() != at.Latest() || at.String() != "2026-11-23T17:00:00Z" {
		t.Errorf("an instant is not one: %v", at)
	}
}
