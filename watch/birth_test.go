package watch

import (
	"slices"
	"testing"

	"heed"
)

func TestRelateBirths(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want BirthRelation
	}{
		{"1986-10-21", "1986-10-21", BirthExact},
		{"1986-10-05", "1986-05-10", BirthSwapped},
		{"1986-10-21", "1987-10-21", BirthYearOffOne},
		{"1986-10-21", "1976-10-21", BirthDecade},
		{"1986-10-21", "1983-10-21", BirthYearDigit},
		{"1986-10-21", "1968-10-21", BirthYearDigit}, // changed places
		{"1986-10-21", "1986-10-22", BirthDayDigit},
		{"1986-10-21", "1986-10-12", BirthDayDigit},
		{"1986-10-21", "1986-11-21", BirthMonthDigit},
		{"1986-10-21", "1986-01-01", BirthJanuaryFirst},
		{"1986-01-01", "1986-01-01", BirthJanuaryFirst},
		{"1986-10", "1986-10-21", BirthMonthAgrees},
		{"1986", "1986-10-21", BirthYearAgrees},
		{"1986", "1986", BirthYearAgrees},
		{"1986~", "1987-10-21", BirthWithin},
		{"1980/1990", "1986-10-21", BirthWithin},
		{"1980/1985", "1986-10-21", BirthContradiction},
		{"1986-10-21", "1986-10-03", BirthDayDiffers},
		{"1986-10-21", "1986-03-21", BirthMonthDiffers},
		{"1986-10-21", "1953-10-21", BirthYearDiffers},
		{"1986-10-21", "1986-03-02", BirthSameYear},
		{"1986", "1987-10-21", BirthYearNear},
		{"1986-10-21", "1970-03-02", BirthContradiction},
		{"", "1970-03-02", BirthUnknown},
	} {
		a, b := born(t, c.a), born(t, c.b)
		if got := RelateBirths(a, b); got != c.want {
			t.Errorf("%s and %s: %s, not %s", c.a, c.b, got, c.want)
		}
		if got := RelateBirths(b, a); got != c.want {
			t.Errorf("%s and %s, turned: %s, not %s", c.a, c.b, got, c.want)
		}
	}
}

// TestKindredDays holds the second way into the index against the relations:
// it leads to every day of a strong one, and to few others.
func TestKindredDays(t *testing.T) {
	for _, text := range []string{"1986-10-05", "1999-12-31", "2000-02-29", "1850-11-11", "1986-01-01"} {
		b := born(t, text)
		days := kindredDays(b, nil)
		if len(days) > 80 || len(slices.Compact(slices.Sorted(slices.Values(days)))) != len(days) {
			t.Errorf("%s: %d days, some of them twice", text, len(days))
		}
		for year := 1840; year <= 2060; year++ {
			for month := 1; month <= 12; month++ {
				for day := 1; day <= 31; day++ {
					other := heed.PartialDate{Year: year, Month: month, Day: day}
					switch relateDays(b.From, other) {
					case BirthExact, BirthSwapped, BirthYearOffOne, BirthDecade, BirthYearDigit, BirthDayDigit, BirthMonthDigit, BirthMonthDiffers:
						if !slices.Contains(days, packDay(year, month, day)) {
							t.Fatalf("%s does not lead to %s", text, other)
						}
					}
				}
			}
		}
	}
}

func TestWeightsAreFitted(t *testing.T) {
	w, err := readWeights(embeddedWeights)
	if err != nil {
		t.Fatal(err)
	}
	if w.birth[BirthExact] <= w.birth[BirthYearAgrees] || w.birth[BirthContradiction] >= 0 {
		t.Errorf("exact %d, year %d, contradiction %d", w.birth[BirthExact], w.birth[BirthYearAgrees], w.birth[BirthContradiction])
	}
}
