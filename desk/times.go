package desk

import (
	"fmt"
	"strings"
	"time"
)

// times writes times for one reader: UTC, and the officer's zone beside it.
type times struct {
	now  time.Time
	zone *time.Location
}

// timesIn falls back to UTC where the machine does not know the zone: a time
// in UTC alone is right, and a wrong one is not.
func timesIn(zone string, now time.Time) times {
	location, err := loadZone(zone)
	if err != nil {
		location = time.UTC
	}
	return times{now: now, zone: location}
}

// loadZone reads an IANA zone. "Local" would be the machine's, which is not the
// officer's to choose.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	return time.LoadLocation(name)
}

// stamp is one time as a page shows it.
type stamp struct {
	ISO   string
	UTC   string
	Local string // empty where the zone is UTC
}

func (t times) at(v time.Time) stamp {
	if v.IsZero() {
		return stamp{}
	}
	utc, local := v.UTC(), v.In(t.zone)
	s := stamp{ISO: utc.Format(time.RFC3339Nano), UTC: utc.Format("2 Jan 2006 15:04:05") + " UTC"}
	if t.zone == time.UTC || t.zone.String() == "UTC" {
		return s
	}
	layout := "15:04:05 MST"
	if local.YearDay() != utc.YearDay() {
		layout = "2 Jan 15:04:05 MST"
	}
	s.Local = local.Format(layout)
	return s
}

// words is the whole time where no markup can stand.
func (s stamp) words() string {
	if s.Local == "" {
		return s.UTC
	}
	return s.UTC + " (" + s.Local + ")"
}

// leftOrLate is left beside a word that says already that it is overdue.
func (t times) leftOrLate(due time.Time) string { return strings.TrimPrefix(t.left(due), "overdue ") }

// left says how long there is until due, or since when it is past.
func (t times) left(due time.Time) string {
	if d := due.Sub(t.now); d >= 0 {
		return span(d) + " left"
	}
	return "overdue by " + span(t.now.Sub(due))
}

// ago says how long ago something was.
func (t times) ago(v time.Time) string {
	if d := t.now.Sub(v); d >= time.Second {
		return span(d) + " ago"
	}
	return "just now"
}

// span writes a duration in the two units that matter. It is cut, never
// rounded up: nobody has more time than it says.
func span(d time.Duration) string {
	days, hours, minutes, seconds := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes >= 2:
		return fmt.Sprintf("%d min", minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}

// formLayout is what <input type=datetime-local> sends.
const formLayout = "2006-01-02T15:04"

// parseLocal reads a time that was typed in a zone; seconds may be missing.
func parseLocal(s, zone string) (time.Time, error) {
	location, err := loadZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04:05", s, location); err == nil {
		return at, nil
	}
	return time.ParseInLocation(formLayout, s, location)
}
