package heed

import (
	"fmt"
	"strings"
	"time"
)

// Birth is a date of birth as far as it is known, in the spelling of EDTF
// (ISO 8601-2): a day 1990-05-14, a month 1990-05, a year 1990, any of them
// approximate 1990~, or a range 1988/1992.
type Birth struct {
	From  PartialDate
	To    PartialDate // zero unless it is a range, which includes both ends
	Circa bool        // approximate; never with a range
}

// PartialDate is a date whose day, or day and month, may be unknown (zero).
type PartialDate struct {
	Year, Month, Day int
}

// The words of Birth.Precision.
const (
	PrecisionDay   = "day"
	PrecisionMonth = "month"
	PrecisionYear  = "year"
	PrecisionCirca = "circa"
	PrecisionRange = "range"
)

// ParseBirth reads a date of birth in its one spelling.
func ParseBirth(s string) (Birth, error) {
	bad := func(what string) (Birth, error) {
		return Birth{}, &Invalid{
			What: fmt.Sprintf("%q %s", clip(s), what),
			Hint: "write a day 1990-05-14, a month 1990-05, a year 1990, about then 1990~, or a range 1988/1992",
		}
	}
	from, to, isRange := strings.Cut(s, "/")
	from, circa := strings.CutSuffix(from, "~")
	b := Birth{Circa: circa}
	var ok bool
	if b.From, ok = parsePartialDate(from); !ok {
		return bad("is not a date of birth")
	}
	if !isRange {
		return b, nil
	}
	if b.To, ok = parsePartialDate(to); !ok || circa {
		return bad("is not a range of dates of birth")
	}
	if b.To.last().Before(b.From.first()) {
		return bad("is a range that ends before it begins")
	}
	return b, nil
}

func parsePartialDate(s string) (PartialDate, bool) {
	for _, layout := range []string{"2006", "2006-01", dayLayout} {
		t, err := time.Parse(layout, s)
		if err != nil || t.Format(layout) != s || t.Year() < 1800 || t.Year() > 2199 {
			continue
		}
		d := PartialDate{Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
		switch layout {
		case "2006":
			d.Month, d.Day = 0, 0
		case "2006-01":
			d.Day = 0
		}
		return d, true
	}
	return PartialDate{}, false
}

// String writes the date as far as it is known.
func (d PartialDate) String() string {
	switch {
	case d == PartialDate{}:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

func (d PartialDate) first() time.Time {
	return time.Date(d.Year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
}

func (d PartialDate) last() time.Time {
	switch {
	case d.Month == 0:
		return d.first().AddDate(1, 0, -1)
	case d.Day == 0:
		return d.first().AddDate(0, 1, -1)
	}
	return d.first()
}

// IsZero reports whether nothing is known.
func (b Birth) IsZero() bool { return b == Birth{} }

// String is the one spelling that ParseBirth reads; empty for the zero Birth.
func (b Birth) String() string {
	s := b.From.String()
	if b.Circa {
		s += "~"
	}
	if b.To != (PartialDate{}) {
		s += "/" + b.To.String()
	}
	return s
}

// MarshalText writes the one spelling.
func (b Birth) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what ParseBirth reads.
func (b *Birth) UnmarshalText(text []byte) error {
	parsed, err := ParseBirth(string(text))
	if err != nil {
		return err
	}
	*b = parsed
	return nil
}

// Precision says how exactly the date is known: PrecisionDay and its kin.
func (b Birth) Precision() string {
	switch {
	case b.To != PartialDate{}:
		return PrecisionRange
	case b.Circa:
		return PrecisionCirca
	case b.From.Month == 0:
		return PrecisionYear
	case b.From.Day == 0:
		return PrecisionMonth
	}
	return PrecisionDay
}

// ToCome reports whether nobody can have been born then, as all of it lies behind
// the present day. A day ahead is none: somewhere it has begun.
func (b Birth) ToCome(now time.Time) bool {
	first, _ := b.Bounds()
	return !b.IsZero() && first.After(now.AddDate(0, 0, 1))
}

// Bounds are the first and the last day that b states, at midnight UTC. What
// "about" adds on either side is for the reader to judge.
func (b Birth) Bounds() (first, last time.Time) {
	if b.To != (PartialDate{}) {
		return b.From.first(), b.To.last()
	}
	return b.From.first(), b.From.last()
}
