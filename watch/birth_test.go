package watch

import (
	"slices"
	"strings"
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
		{"1958-02-01/1958-02-28", "1958-02-01", BirthWithin},
		{"1958-02-01/1958-02-28", "1958-01-02", BirthWithin}, // swapped
		{"1958-02-01/1958-02-28", "1958-12-02", BirthWithin}, // swapped
		{"1958-02-01/1958-02-10", "1958-12-02", BirthContradiction},
		{"1958-02-01/1958-02-28", "1958-01-03", BirthContradiction},
		{"1958-02-01/1958-02-28", "1957-01-02", BirthContradiction},
		{"1958-02", "1958-01-02", BirthWithin}, // swapped
		{"1958-02", "1958-01-03", BirthSameYear},
		{"1958-02/1958-05", "1958-11-03", BirthWithin},        // swapped
		{"1957-02/1958-05", "1958-11-03", BirthContradiction}, // too long for a swap to say much
		{"1958-02~", "1961-01-02", BirthContradiction},
		{"1958-02", "1958-01", BirthSameYear},
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

// TestSwappedWithinIsFound: somebody of whom a list knows the month, as a range of
// days or as a month, is found where his record has day and month changed over, with
// words that say so, as one is of whom it knows the day.
func TestSwappedWithinIsFound(t *testing.T) {
	for _, listed := range []string{"1958-02-01", "1958-02", "1958-02-01/1958-02-28"} {
		x := New(model(t))
		put(t, x, person("he", listed, "Ahmed Khalfan Ghailani"))
		r := record("Ahmed Ghaylani", "1958-01-02")
		hits := x.NewScreener().Screen(r)
		if len(hits) != 1 || len(x.Scan(r)) != 1 {
			t.Errorf("%s: %d hits, %d when scanned", listed, len(hits), len(x.Scan(r)))
			continue
		}
		if text := hits[0].Explanation.Text(false); !strings.Contains(text, "day and month change places") {
			t.Errorf("%s: %s", listed, text)
		}
	}
}

// TestWrongDateIsNoVeto: a date that lies outside a range takes away what a
// contradiction of two days does and no more, so that an unmistakable name is found still.
func TestWrongDateIsNoVeto(t *testing.T) {
	x := New(model(t))
	put(t, x, person("he", "1958-02-01/1958-02-28", "Dzhokhar Anzorovich Tsarnaev"))
	w := x.judge.weights.birth
	for relation, points := range w {
		if points < w[BirthContradiction] || w[BirthContradiction] < -400 {
			t.Errorf("%s takes away %d", relation, -points)
		}
	}
	for _, wrong := range []string{"1958-01-03", "1958-07-19", "1981-11-30", "1981", "1981-03/1981-04"} {
		r := record("TSARNAEV, Dzhokhar Anzorovich", wrong)
		if got := x.NewScreener().Screen(r); len(got) != 1 || got[0].Explanation.Birth.Points != w[BirthContradiction] {
			t.Errorf("%s: %+v", wrong, got)
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
