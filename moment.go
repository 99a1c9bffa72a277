package heed

import (
	"fmt"
	"strings"
	"time"
)

// Moment is a point in time as far as a warning states it: an instant, or a
// whole day in the local time of the place that is meant. The zero Moment
// states nothing. Moments that mean the same compare equal with ==.
type Moment struct {
	Time time.Time // UTC, whole seconds; midnight UTC where Day is set
	Day  bool      // only the date is known
}

const (
	momentLayout = "2006-01-02T15:04:05Z"
	dayLayout    = "2006-01-02"
)

// MomentAt is the instant t, cut to whole seconds.
func MomentAt(t time.Time) Moment { return Moment{Time: t.UTC().Truncate(time.Second)} }

// MomentOn is the whole day on which t falls in t's own zone.
func MomentOn(t time.Time) Moment {
	y, m, d := t.Date()
	return Moment{Time: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Day: true}
}

// ParseMoment reads a date (2026-11-24) or a time with its offset from UTC
// (2026-11-24T07:00:00+01:00, 2026-11-24 07:00 +01:00, 2026-11-24T06:00Z).
// A time without an offset is refused: two services in two zones would read
// it differently.
func ParseMoment(s string) (Moment, error) {
	if t, err := time.Parse(dayLayout, s); err == nil {
		return bounded(Moment{Time: t, Day: true}, s)
	}
	compact := strings.Replace(strings.Replace(s, " ", "T", 1), " ", "", 1)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, compact); err == nil {
			if t.Nanosecond() != 0 {
				return Moment{}, &Invalid{What: fmt.Sprintf("time %q has fractions of a second", clip(s)), Hint: "write whole seconds"}
			}
			return bounded(MomentAt(t), s)
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, compact); err == nil {
			return Moment{}, &Invalid{
				What: fmt.Sprintf("time %q has no offset from UTC", clip(s)),
				Hint: "write it like " + t.Format("2006-01-02T15:04:05") + "+01:00, or with Z for UTC",
			}
		}
	}
	return Moment{}, &Invalid{What: fmt.Sprintf("%q is not a date or a time", clip(s)), Hint: "write a date like 2026-11-24, or a time with its offset like 2026-11-24T07:00:00+01:00"}
}

// bounded keeps to years that the canonical spelling can say.
func bounded(m Moment, s string) (Moment, error) {
	if y := m.Time.Year(); y < 1900 || y > 2999 {
		return Moment{}, &Invalid{What: fmt.Sprintf("%q is out of bounds", clip(s)), Hint: "years from 1900 to 2999"}
	}
	return m, nil
}

// IsZero reports whether m states nothing.
func (m Moment) IsZero() bool { return m.Time.IsZero() && !m.Day }

// String is the canonical spelling: 2026-11-24, or 2026-11-24T06:00:00Z; the
// zero Moment is empty.
func (m Moment) String() string {
	switch {
	case m.IsZero():
		return ""
	case m.Day:
		return m.Time.Format(dayLayout)
	}
	return m.Time.Format(momentLayout)
}

// MarshalText writes the canonical spelling.
func (m Moment) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMoment reads.
func (m *Moment) UnmarshalText(text []byte) error {
	parsed, err := ParseMoment(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// Earliest is the first instant that m can mean. A day begins somewhere on
// earth 14 hours before it begins in UTC.
func (m Moment) Earliest() time.Time {
	if m.Day {
		return m.Time.Add(-14 * time.Hour)
	}
	return m.Time
}

// Latest is the last instant that m can mean, so that nothing bound to it ends
// too early. A day ends somewhere on earth 12 hours after it ends in UTC.
func (m Moment) Latest() time.Time {
	if m.Day {
		return m.Time.Add(36*time.Hour - time.Second)
	}
	return m.Time
}
