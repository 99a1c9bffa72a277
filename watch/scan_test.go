package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heed/names"
)

// TestScreenFindsWhatScanFinds holds the index against the linear scan on the
// development data: 199 of 200 hits that scoring everything finds, at least,
// and none that it does not.
func TestScreenFindsWhatScanFinds(t *testing.T) {
	subjects := devWatch(t)[:300]
	x := New(model(t))
	put(t, x, subjects...)
	spelt := map[SubjectID][]spelling{}
	for i := range subjects {
		spelt[subjects[i].ID] = spellings(&subjects[i])
	}
	var asked []Record
	records, of := devRecords(t)
	for i, r := range records {
		if _, on := spelt[of[i]]; on && i%4 == 0 {
			asked = append(asked, r)
		}
	}
	asked = append(asked, devTravellers(t)[:20]...)
	s, limits := x.NewScreener(), x.limits()
	all, missed := 0, 0
	for _, r := range asked {
		q := ask(&r, new(names.Parser))
		var want []SubjectID
		for i := range subjects {
			if hit, ok := x.judge.score(q, &subjects[i], spelt[subjects[i].ID], limits); ok {
				want = append(want, hit.Subject)
			}
		}
		got := hitIDs(s.Screen(r))
		for _, id := range got {
			if !slices.Contains(want, id) {
				t.Errorf("%s: %s is a hit, and is none by the scan", r.ID, id)
			}
		}
		for _, id := range want {
			if all++; !slices.Contains(got, id) {
				missed++
				t.Logf("%s %q: %s is missed", r.ID, r.Names[0].Text, id)
			}
		}
	}
	if all < 15 || missed*200 > all {
		t.Errorf("%d of %d hits are missed", missed, all)
	}
	t.Logf("%d records, %d hits, %d missed", len(asked), all, missed)
}

// TestScanIsScreen compares whole hits, explanations and all, on a small list.
func TestScanIsScreen(t *testing.T) {
	x := New(model(t))
	put(t, x, devWatch(t)[:60]...)
	s := x.NewScreener()
	records, of := devRecords(t)
	seen := 0
	for i, r := range records {
		if _, on := x.Subject(of[i]); !on || seen > 12 {
			continue
		}
		seen++
		want, got := x.Scan(r), s.Screen(r)
		if len(want) != len(got) {
			t.Fatalf("%s: %v scanned, %v screened", r.ID, hitIDs(want), hitIDs(got))
		}
		for k := range want {
			if want[k].Explanation.Text(false) != got[k].Explanation.Text(false) || want[k].Score != got[k].Score {
				t.Errorf("%s: scanned\n%sscreened\n%s", r.ID, want[k].Explanation.Text(false), got[k].Explanation.Text(false))
			}
		}
	}
	if seen == 0 {
		t.Error("no record is of anyone on the list")
	}
}

// TestScreenFindsTheMissedName: the index loses none of the spellings of the
// missed name that the comparison of names has above the threshold, and adds none.
func TestScreenFindsTheMissedName(t *testing.T) {
	m := model(t)
	x := New(m)
	put(t, x, person("sought", "", "Tamerlan Tsarnaev"))
	put(t, x, devWatch(t)[:200]...)
	s := x.NewScreener()
	text, err := os.ReadFile(filepath.Join(dev, "incident_tsarnaev.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	above := 0
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		f := strings.Split(line, "\t")
		c := m.Compare(names.Parse(f[3]), names.Parse(f[4]))
		got := slices.Contains(hitIDs(s.Screen(record(f[3], ""))), "sought")
		if got != c.Above() {
			t.Errorf("%s %q: %v by the index, %v by the names", f[2], f[3], got, c.Above())
		}
		if got {
			above++
		}
	}
	if above < 12 {
		t.Errorf("%d of 24 spellings are found", above)
	}
}

// BenchmarkAgainstScan measures the recall of the index on more of the
// development data than the test takes.
//
//	go test ./watch -run '^$' -bench AgainstScan -benchtime 1x
func BenchmarkAgainstScan(b *testing.B) {
	subjects := devWatch(b)[:2000]
	x := New(model(b))
	put(b, x, subjects...)
	spelt := map[SubjectID][]spelling{}
	for i := range subjects {
		spelt[subjects[i].ID] = spellings(&subjects[i])
	}
	records, of := devRecords(b)
	var asked []Record
	for i, r := range records {
		if _, on := spelt[of[i]]; on && len(asked) < 300 {
			asked = append(asked, r)
		}
	}
	asked = append(asked, devTravellers(b)[:100]...)
	s, limits := x.NewScreener(), x.limits()
	for b.Loop() {
		all, missed := 0, 0
		for _, r := range asked {
			got := hitIDs(s.Screen(r))
			q := ask(&r, new(names.Parser))
			for i := range subjects {
				if _, ok := x.judge.score(q, &subjects[i], spelt[subjects[i].ID], limits); ok {
					if all++; !slices.Contains(got, subjects[i].ID) {
						missed++
						b.Logf("%s %q: %s is missed", r.ID, r.Names[0].Text, subjects[i].ID)
					}
				}
			}
		}
		b.ReportMetric(float64(all), "hits")
		b.ReportMetric(float64(missed), "missed")
	}
}
