package main

import (
	"testing"

	"heed/control"
)

// Hits that have ended do not push those that wait off the screen.
func TestFewEndedHitsAreShown(t *testing.T) {
	lines := make([]control.HitLine, 2, 1302)
	for range 1300 {
		lines = append(lines, control.HitLine{Ended: &control.Time{}})
	}
	for _, test := range []struct{ of, shown, more int }{{2, 2, 0}, {22, 22, 0}, {23, 22, 1}, {1302, 22, 1280}} {
		shown, more := withFewEnded(lines[:test.of])
		if len(shown) != test.shown || more != test.more || shown[0].Ended != nil || shown[1].Ended != nil {
			t.Errorf("of %d are shown %d, and %d more are said", test.of, len(shown), more)
		}
	}
}
