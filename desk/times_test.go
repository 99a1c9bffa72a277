package desk

import (
	"testing"
	"time"

	"heed"
)

func TestLeft(t *testing.T) {
	now := time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)
	at := times{now: now, zone: time.UTC}
	for want, d := range map[string]time.Duration{
		"0 s left":               0,
		"0 s left ":              999 * time.Millisecond,
		"overdue by 0 s":         -time.Millisecond,
		"45 s left":              45 * time.Second,
		"1 min 59 s left":        2*time.Minute - time.Second,
		"2 min left":             2 * time.Minute,
		"59 min left":            time.Hour - time.Second,
		"2 h 05 min left":        2*time.Hour + 5*time.Minute + 59*time.Second,
		"23 h 59 min left":       24*time.Hour - time.Second,
		"2 d 3 h left":           51*time.Hour + 59*time.Minute,
		"overdue by 12 min":      -12 * time.Minute,
		"overdue by 1 min 01 s":  -61 * time.Second,
		"overdue by 730 d 0 h":   -730 * 24 * time.Hour,
		"overdue by 1 h 00 min":  -time.Hour,
		"1 d 0 h left":           24 * time.Hour,
		"10 h 10 min left":       10*time.Hour + 10*time.Minute,
		"overdue by 0 s ":        -999 * time.Millisecond,
		"overdue by 23 h 59 min": -24*time.Hour + time.Minute,
	} {
		if got := at.left(now.Add(d)); got != trimmed(want) {
			t.Errorf("%s: %q, not %q", d, got, want)
		}
	}
}

func trimmed(s string) string {
	if s[len(s)-1] == ' ' {
		return s[:len(s)-1]
	}
	return s
}

func TestStamp(t *testing.T) {
	v := time.Date(2026, 11, 22, 23, 30, 5, 0, time.UTC)
	for zone, want := range map[string]stamp{
		"UTC":            {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", ""},
		"Europe/London":  {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", "23:30:05 GMT"},
		"Europe/Vienna":  {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", "23 Nov 00:30:05 CET"},
		"Asia/Kathmandu": {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", "23 Nov 05:15:05 +0545"},
		"No/Where":       {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", ""},
		"Local":          {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", ""},
		"":               {"2026-11-22T23:30:05Z", "22 Nov 2026 23:30:05 UTC", ""},
	} {
		if got := timesIn(zone, v).at(v); got != want {
			t.Errorf("%s: %+v", zone, got)
		}
	}
	if got := timesIn("UTC", v).at(time.Time{}); got != (stamp{}) {
		t.Errorf("no time is shown as %+v", got)
	}
}

func TestTypedTimes(t *testing.T) {
	for typed, want := range map[string]string{
		"2026-11-23T01:30":    "2026-11-23T00:30:00Z",
		"2026-11-23T01:30:05": "2026-11-23T00:30:05Z",
		"2026-07-23T01:30":    "2026-07-22T23:30:00Z",
	} {
		at, err := parseLocal(typed, "Europe/Vienna")
		if err != nil || at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", typed, at, err)
		}
	}
	for _, typed := range []string{"", "tomorrow", "2026-11-23", "2026-11-23T01:30Z", "2026-13-01T00:00"} {
		if at, err := parseLocal(typed, "UTC"); err == nil {
			t.Errorf("%q is %s", typed, at)
		}
	}
}

// TestWords: nothing that a person can meet is without words.
func TestWords(t *testing.T) {
	complete(t, dutyWords, heed.DutyKinds())
	complete(t, dispositionWords, heed.Dispositions())
	complete(t, outcomeWords, heed.Outcomes())
	complete(t, refusalWords, heed.ContentRefusals())
	complete(t, roleWords, heed.Roles())
	complete(t, policeWords, heed.PoliceCodes())
	complete(t, tlpWords, heed.TLPs())
	complete(t, papWords, heed.PAPs())
	complete(t, reliabilityWords, heed.Reliabilities())
	complete(t, credibilityWords, heed.Credibilities())
	complete(t, askWords, heed.AskCodes())
	complete(t, groundWords, heed.Grounds())
	for _, k := range heed.Kinds() {
		if _, ok := kindWords[k]; !ok && k != heed.KindReceipt && k.InCase() {
			t.Errorf("%s has no words", k)
		}
	}
}

func complete[K ~string](t *testing.T, words map[K]string, all []K) {
	t.Helper()
	for _, k := range all {
		if words[k] == "" {
			t.Errorf("%s has no words", k)
		}
	}
}
