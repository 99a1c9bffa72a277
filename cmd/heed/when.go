package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

// tense says which times make sense where one is named.
type tense int

const (
	toCome   tense = iota // by when a reply is due, until when something holds
	gone                  // since when something is counted
	either                // until when it is
	happened              // when something happened, from which a clock runs
)

// timeHints say how a time is written where it is expected.
var timeHints = map[tense]string{
	toCome: "write 2026-11-24T12:00:00+01:00, 2026-11-24T11:00Z, or +6h from now",
	gone:   "write 2026-11-24T12:00:00+01:00, 2026-11-24 for the beginning of that day in UTC, or -30d for thirty days ago",
	either: "write 2026-11-24T12:00:00+01:00, 2026-11-24 for the beginning of that day in UTC, -30d for thirty days ago, or +1h from now",

	happened: "write 2026-11-24T12:00+01:00, or -10m for ten minutes ago",
}

// timeNamed reads a time as people write it on a command line: RFC 3339 with or
// without seconds, always with its offset; +6h from now; -6h or "6h ago". Where
// time gone by is counted a date is the beginning of that day in UTC, so that
// two parties in two zones count the same; where something is promised or has
// happened a day alone is refused, since it begins and ends at two times.
func timeNamed(flag, s string, when tense, now time.Time) (time.Time, error) {
	wrong := func(why string) error {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s %q %s", flag, s, why), Hint: timeHints[when]}
	}
	ahead, isAhead := strings.CutPrefix(s, "+")
	back, isBack := strings.CutPrefix(s, "-")
	if before, ok := strings.CutSuffix(s, " ago"); ok {
		back, isBack = strings.TrimSpace(before), true
	}
	switch {
	case isAhead || isBack:
		span, err := draft.Span(back)
		if isAhead {
			span, err = draft.Span(ahead)
		}
		switch {
		case err != nil:
			return time.Time{}, wrong("is not a time")
		case isAhead && when == gone:
			return time.Time{}, wrong("is a time to come, and what has been is counted")
		case isAhead && when == happened:
			return time.Time{}, wrong("is a time to come, and what is put on record has happened")
		case isBack && when == toCome:
			return time.Time{}, wrong("is a time gone by, and one to come is wanted")
		case isBack:
			span = -span
		}
		return heed.Instant(now.Add(span)), nil
	case len(s) == len(time.DateOnly):
		day, err := time.Parse(time.DateOnly, s)
		switch {
		case err != nil:
			return time.Time{}, wrong("is not a time")
		case when == toCome:
			return time.Time{}, wrong("is a day, which begins and ends at other times elsewhere")
		case when == happened:
			return time.Time{}, wrong("is a whole day, and a clock runs from a time of it")
		}
		return day, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrong("is not a time")
}

// parseWhen reads a time to come.
func parseWhen(flag, s string) (*control.Time, error) {
	t, err := timeNamed(flag, s, toCome, time.Now())
	if err != nil {
		return nil, err
	}
	at := control.At(t)
	return &at, nil
}

// parsePast reads a time gone by; nil where none is named.
func parsePast(flag, s string, now time.Time) (*control.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := timeNamed(flag, s, gone, now)
	if err != nil {
		return nil, err
	}
	at := control.At(t)
	return &at, nil
}

// period is from when and until when something is counted, as flags name it.
type period struct{ since, until string }

// add names the flags.
func (p *period) add(c *cobra.Command) {
	c.Flags().StringVar(&p.since, "since", "", "TIME: only cases opened then or later")
	c.Flags().StringVar(&p.until, "until", "", "TIME: only cases opened before")
}

// read reads both; nil where none is named.
func (p period) read() (since, until *control.Time, err error) {
	now := time.Now()
	named := func(flag, s string, when tense) *control.Time {
		if s == "" || err != nil {
			return nil
		}
		var t time.Time
		if t, err = timeNamed(flag, s, when, now); err != nil {
			return nil
		}
		at := control.At(t)
		return &at
	}
	since, until = named("--since", p.since, gone), named("--until", p.until, either)
	return since, until, err
}
