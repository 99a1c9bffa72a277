package watch

import (
	"strings"
	"testing"

	"heed"
)

// FuzzScreen: whatever a record says, it is screened, and every hit's
// contributions add up to what its score is of.
func FuzzScreen(f *testing.F) {
	f.Add("ZAVGORODNIY, Oleksandr", "ZAVGORODNIY<<OLEKSANDR", "Vostok-Trans LLC", "AB1234", "1234567", 1986, 10, 21)
	f.Add("Завгородній\u202e Олександр", "<<<<", "\xff", "К123", "", 0, 0, 0)
	f.Add(strings.Repeat("Muhammad ", 400), strings.Repeat("<", 400), strings.Repeat("ООО ", 50), "", "1", -5, 99, 99)
	f.Add("塔梅尔兰·察尔纳耶夫 a\u0301\u0301\u0301\u0301", "", "株式会社", "", "", 9999, 1, 1)
	x := few(f)
	put(f, x, devWatch(f)[:100]...)
	s := x.NewScreener()
	f.Fuzz(func(t *testing.T, name, mrz, organisation, plate, number string, year, month, day int) {
		r := Record{
			Names: []heed.Name{{Text: name}, {Text: organisation, Family: mrz}}, MRZ: mrz, Organisation: organisation,
			Born:      heed.Birth{From: heed.PartialDate{Year: year, Month: month, Day: day}},
			Vehicle:   heed.Vehicle{Plate: plate, VIN: number},
			Documents: []heed.Document{{Number: number}},
		}
		hits := s.Screen(r)
		if len(hits) > MaxHits {
			t.Errorf("%d hits", len(hits))
		}
		for _, h := range hits {
			sum := Points(0)
			for _, c := range h.Explanation.Contributions {
				sum += c.Points
			}
			if sum != h.Explanation.Points || h.Explanation.Text(false) == "" {
				t.Errorf("%+v", h)
			}
		}
	})
}
