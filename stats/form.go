package stats

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"heed"
)

// Time is a time in JSON: RFC 3339 in UTC with milliseconds; null where it is zero.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + heed.FormatTime(t.Time) + `"`), nil
}

// UnmarshalJSON reads any RFC 3339 time, or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = Time{}
		return nil
	}
	return t.Time.UnmarshalJSON(b)
}

// Span is a duration in whole milliseconds; in JSON and CSV a number of
// seconds with at most three decimals.
type Span time.Duration

// MarshalJSON implements json.Marshaler.
func (s Span) MarshalJSON() ([]byte, error) { return []byte(s.seconds()), nil }

// UnmarshalJSON reads a number of seconds up to a hundred years.
func (s *Span) UnmarshalJSON(b []byte) error {
	seconds, err := strconv.ParseFloat(string(b), 64)
	if err != nil || seconds < 0 || seconds > 100*366*24*60*60 {
		return fmt.Errorf("%q is not a number of seconds", b)
	}
	*s = Span(time.Duration(math.Round(seconds*1000)) * time.Millisecond)
	return nil
}

// seconds writes it; nothing where there is none.
func (s *Span) seconds() string {
	if s == nil {
		return ""
	}
	return strconv.FormatFloat(float64(time.Duration(*s)/time.Millisecond)/1000, 'f', -1, 64)
}

// String writes the two largest units, cut and never rounded up, and what is
// below ten seconds to a tenth: 3 d 4 h, 1 h 05 min, 12 min 30 s, 41 s, 2.5 s.
func (s Span) String() string {
	d := time.Duration(s)
	days, hours, minutes, seconds := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	case d >= 10*time.Second:
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%.1f s", float64(d/(100*time.Millisecond))/10)
}
