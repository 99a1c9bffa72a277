package heed

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLevelDownToTheMillisecond(t *testing.T) {
	l := Ladder{{Role: "desk"}, {Role: "head", After: time.Hour}, {Role: "service", After: 4 * time.Hour}}
	due := time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)
	const ms = time.Millisecond
	for after, want := range map[time.Duration]int{
		-24 * time.Hour: 0, -ms: 0, 0: 0, ms: 1, time.Hour - ms: 1, time.Hour: 1, time.Hour + ms: 2,
		4*time.Hour - ms: 2, 4 * time.Hour: 2, 4*time.Hour + ms: 3, 10000 * time.Hour: 3,
	} {
		if got := l.Level(due, due.Add(after)); got != want {
			t.Errorf("due%+v: got level %d, want %d", after, got, want)
		}
	}
	for level, want := range map[int]time.Duration{-1: ms, 0: ms, 1: time.Hour + ms, 2: 4*time.Hour + ms} {
		if got, ok := l.Next(due, level); !ok || got.Sub(due) != want {
			t.Errorf("after level %d: got due+%s, %t, want due+%s", level, got.Sub(due), ok, want)
		}
	}
	for _, level := range []int{3, 4, MaxRungs} {
		if got, ok := l.Next(due, level); ok || !got.IsZero() {
			t.Errorf("above the top: got %v, %t", got, ok)
		}
	}
}

func anyLadder(t *rapid.T) Ladder {
	var l Ladder
	after := time.Duration(rapid.Int64Range(0, 1000).Draw(t, "first")) * time.Millisecond
	for range rapid.IntRange(1, MaxRungs).Draw(t, "rungs") {
		l = append(l, Rung{Role: "desk", After: after, Telephone: "+000"})
		after += time.Duration(rapid.Int64Range(1, 100_000).Draw(t, "step")) * time.Millisecond
	}
	return l
}

// The node sleeps until Next and asks Level on waking: were they to disagree,
// it would wake for nothing, or miss a rung.
func TestNextIsTheFirstInstantOfALevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLadder(t)
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		due := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "due")).UTC()
		now := due.Add(time.Duration(rapid.Int64Range(-1000, 1_000_000).Draw(t, "now")) * time.Millisecond)
		level := l.Level(due, now)
		if l.Level(due, now.Add(time.Millisecond)) < level {
			t.Fatal("time takes a level away")
		}
		at, ok := l.Next(due, level)
		if ok != (level < len(l)) {
			t.Fatalf("level %d of %d: there is a next: %t", level, len(l), ok)
		}
		if !ok {
			return
		}
		if !at.After(now) {
			t.Fatalf("level %d is reached, and the next is at %s, not after %s", level, at, now)
		}
		if got := l.Level(due, at); got != level+1 {
			t.Fatalf("at Next, the level is %d and not %d", got, level+1)
		}
		if got := l.Level(due, at.Add(-time.Millisecond)); got != level {
			t.Fatalf("a millisecond before Next, the level is %d and not %d", got, level)
		}
	})
}

func TestRungOfALevel(t *testing.T) {
	l := Ladder{{Role: "desk"}, {Role: "head", After: 1}}
	for level, want := range map[int]string{-1: "desk", 0: "desk", 1: "desk", 2: "head", 3: "head", MaxRungs: "head"} {
		if got := l.Rung(level).Role; got != want {
			t.Errorf("level %d: got %s, want %s", level, got, want)
		}
	}
}

func TestLadderBounds(t *testing.T) {
	rung := Rung{Role: "desk", Telephone: "+000 0000"}
	with := func(edit func(*Rung)) Ladder {
		r := rung
		edit(&r)
		return Ladder{r}
	}
	var longest, longer Ladder
	for i := range MaxRungs + 1 {
		r := rung
		r.After = time.Duration(i) * time.Millisecond
		longer = append(longer, r)
	}
	longest = longer[:MaxRungs]
	for what, l := range map[string]Ladder{
		"one rung":        {rung},
		"eight rungs":     longest,
		"mail only":       with(func(r *Rung) { r.Telephone, r.Mail = "", "desk@north.example" }),
		"longest after":   with(func(r *Rung) { r.After = MaxResponse }),
		"longest line":    with(func(r *Rung) { r.Hours = strings.Repeat("x", 120) }),
		"other scripts":   with(func(r *Rung) { r.Hours = "П-П 08-16" }),
		"longest role":    with(func(r *Rung) { r.Role = strings.Repeat("r", 40) }),
		"everything said": with(func(r *Rung) { r.Mail, r.Hours, r.Zone, r.Languages = "a@b", "24/7", "Europe/Riga", "lv en" }),
	} {
		if err := l.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, l := range map[string]Ladder{
		"1 to 8 rungs":                {},
		"1 to 8 rungs, not 9":         longer,
		"rung 2: comes no later":      {rung, rung},
		"role \"\"":                   with(func(r *Rung) { r.Role = "" }),
		"role \"Desk\"":               with(func(r *Rung) { r.Role = "Desk" }),
		"role \"-desk\"":              with(func(r *Rung) { r.Role = "-desk" }),
		"role \"duty desk\"":          with(func(r *Rung) { r.Role = "duty desk" }),
		"is not one lower-case word":  with(func(r *Rung) { r.Role = strings.Repeat("r", 41) }),
		"after -1ms":                  with(func(r *Rung) { r.After = -time.Millisecond }),
		"after 17568h0m0.001s":        with(func(r *Rung) { r.After = MaxResponse + time.Millisecond }),
		"after 1µs":                   with(func(r *Rung) { r.After = time.Microsecond }),
		"telephone is not one line":   with(func(r *Rung) { r.Telephone = "1\n2" }),
		"mail is not one line":        with(func(r *Rung) { r.Mail = "a|b" }),
		"hours is not one line":       with(func(r *Rung) { r.Hours = strings.Repeat("x", 121) }),
		"zone is not one line":        with(func(r *Rung) { r.Zone = "\xff" }),
		"languages is not one line":   with(func(r *Rung) { r.Languages = "en " }),
		"neither telephone nor mail":  with(func(r *Rung) { r.Telephone = "" }),
		"telephone is not one line o": with(func(r *Rung) { r.Telephone = "1\u20282" }),
	} {
		if err := l.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
