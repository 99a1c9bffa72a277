package heed

import (
	"errors"
	"testing"
)

func TestBirth(t *testing.T) {
	for s, want := range map[string]struct{ precision, first, last string }{
		"1990-05-14":         {PrecisionDay, "1990-05-14", "1990-05-14"},
		"1990-05":            {PrecisionMonth, "1990-05-01", "1990-05-31"},
		"1990":               {PrecisionYear, "1990-01-01", "1990-12-31"},
		"1990~":              {PrecisionCirca, "1990-01-01", "1990-12-31"},
		"1992-02~":           {PrecisionCirca, "1992-02-01", "1992-02-29"},
		"1988/1992":          {PrecisionRange, "1988-01-01", "1992-12-31"},
		"1988-05/1988-06-10": {PrecisionRange, "1988-05-01", "1988-06-10"},
	} {
		b, err := ParseBirth(s)
		if err != nil || b.String() != s || b.Precision() != want.precision {
			t.Errorf("%s: got %s (%s), %v", s, b, b.Precision(), err)
		}
		first, last := b.Bounds()
		if first.Format(dayLayout) != want.first || last.Format(dayLayout) != want.last {
			t.Errorf("%s: from %v to %v", s, first, last)
		}
	}
	for _, s := range []string{"", "~", "/", "90", "1990-5", "1990-13", "1990-02-30", "1990-05-14T00:00", "14.5.1990", "circa 1990", "1992/1988", "1988~/1992", "1988/", "1988/1992~", "1799", "2200", "+1990", "1990/1991/1992"} {
		if b, err := ParseBirth(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: got %v, %v", s, b, err)
		}
	}
}
