package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"heed/control"
)

// One parser reads every time on the command line; what makes no sense where it
// stands is refused, with what would.
func TestTimeNamed(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 123_456_789, time.UTC)
	instant := time.Date(2026, 11, 24, 12, 0, 0, 123_000_000, time.UTC)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		written             string
		toCome, gone, until any // the time, or what the refusal says
	}{
		{"2026-11-01T01:00:00+01:00", day, day, day},
		{"2026-11-01T00:00Z", day, day, day},
		{"2026-11-01T00:00:00.5Z", day.Add(time.Second / 2), day.Add(time.Second / 2), day.Add(time.Second / 2)},
		{"2026-11-01", "is a day", day, day},
		{"+1h", instant.Add(time.Hour), "is a time to come", instant.Add(time.Hour)},
		{"-1d12h", "is a time gone by", instant.Add(-36 * time.Hour), instant.Add(-36 * time.Hour)},
		{"24h ago", "is a time gone by", instant.Add(-24 * time.Hour), instant.Add(-24 * time.Hour)},
		{"30d  ago", "is a time gone by", instant.Add(-720 * time.Hour), instant.Add(-720 * time.Hour)},
		{"", "is not a time", "is not a time", "is not a time"},
		{"yesterday", "is not a time", "is not a time", "is not a time"},
		{"-yesterday", "is not a time", "is not a time", "is not a time"},
		{"+-1h", "is not a time", "is not a time", "is not a time"},
		{"--1h", "is not a time", "is not a time", "is not a time"},
		{" ago", "is not a time", "is not a time", "is not a time"},
		{"2026-13-01", "is not a time", "is not a time", "is not a time"},
		{"2026-11-01T00:00", "is not a time", "is not a time", "is not a time"},
		{"2026-11-01T00:00:00", "is not a time", "is not a time", "is not a time"},
	} {
		for when, want := range map[tense]any{toCome: tt.toCome, gone: tt.gone, either: tt.until} {
			got, err := timeNamed("--since", tt.written, when, now)
			if at, ok := want.(time.Time); ok {
				if err != nil || !got.Equal(at) {
					t.Errorf("%q as %d: %s, %v, want %s", tt.written, when, got, err, at)
				}
				continue
			}
			var fault *control.Fault
			if !errors.As(err, &fault) || fault.Exit != control.ExitInput || !strings.Contains(fault.Message, want.(string)) || fault.Hint != timeHints[when] {
				t.Errorf("%q as %d: %v, want %q", tt.written, when, err, want)
			}
		}
	}
}

// What is put on record has happened, at a time of a day; the hint offers nothing
// that is refused.
func TestWhenSomethingHappened(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	if at, err := timeNamed("--at", "-10m", happened, now); err != nil || !at.Equal(now.Add(-10*time.Minute)) {
		t.Errorf("%s, %v", at, err)
	}
	for written, want := range map[string]string{"+5m": "is a time to come", "2026-11-23": "is a whole day", "2026-13-23": "is not a time"} {
		_, err := timeNamed("--at", written, happened, now)
		var fault *control.Fault
		if !errors.As(err, &fault) || fault.Exit != control.ExitInput || !strings.Contains(fault.Message, want) || fault.Hint != timeHints[happened] || strings.Contains(fault.Hint, "2026-11-24 ") {
			t.Errorf("%q: %v", written, err)
		}
	}
}
