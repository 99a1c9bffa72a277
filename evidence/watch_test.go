package evidence

import (
	"testing"
	"time"

	"heed"
)

// What a notice about a watch and the report of a hit state, stands with the step.
func TestStepsOfTheWatchSayWhatTheyState(t *testing.T) {
	at := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	for want, s := range map[string]heed.Statement{
		"confirmed 2026-11-24 11:00:00Z":      {Kind: heed.KindWatchHit, Confirmed: at},
		"the watch ends 2026-11-24 11:00:00Z": {Kind: heed.KindWatchLapseNotice, Effective: at},
		"the watch goes on":                   {Kind: heed.KindWatchLapseNotice},
		"by 2026-11-24 11:00:00Z":             {Kind: heed.KindInterim, By: at},
	} {
		if got := says(s); got != want {
			t.Errorf("a %s says %q, want %q", s.Kind, got, want)
		}
	}
}
