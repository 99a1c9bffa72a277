package bench

import (
	"context"
	"math"

	"heed"
	"heed/names"
	"heed/names/fit"
	"heed/watch"
)

// recordOutcome is what became of one record of a listed person.
type recordOutcome struct {
	record fit.Record
	rank   int
	at     [len(Shares)]bool
}

// beside is what an entry's dates of birth add, in points.
func (m *measurement) beside(w *fit.Beside, born string, entry int) int32 {
	if w == nil {
		return 0
	}
	var listed []heed.Birth
	for _, b := range m.persons[m.list.Entries[entry].Person] {
		if date, err := heed.ParseBirth(b); err == nil {
			listed = append(listed, date)
		}
	}
	relation := fit.Relate(born, listed)
	if relation == watch.BirthUnknown {
		return 0
	}
	return int32(math.Round(100 * w.Birth[relation]))
}

// foldRecords looks for the records of one fold, names and dates of birth
// together. Their thresholds are those of travellers with their dates of birth.
func (m *measurement) foldRecords(ctx context.Context, searches *pool, model *names.Model, w *fit.Beside, dated []stranger, k int) {
	if w == nil {
		return
	}
	cut := thresholdsOf(dated, k)
	for _, t := range dated {
		if t.fold == k {
			for s := range Shares {
				t.at[s] = cut.reached(s, t.class, t.points, t.score)
			}
			m.passing = append(m.passing, t)
		}
	}
	var records []fit.Record
	for _, r := range m.set.Records {
		if foldOf(r.Expect, m.options.Folds) == k {
			records = append(records, r)
		}
	}
	found := make([]recordOutcome, len(records))
	m.each(ctx, "records", len(records), func(i int) {
		r := records[i]
		query := m.read.Name(r.Name)
		class := names.ClassOf(query.Script, names.Latin)
		s := searches.take()
		defer searches.give(s)
		own, better := int32(nothing), 0
		hits := s.Best(query, fit.Blocked, nil)
		points := make([]int32, len(hits))
		for n, hit := range hits {
			points[n] = hit.Points + m.beside(w, r.Born, hit.Entry)
			if m.list.Entries[hit.Entry].Person == r.Expect {
				own = max(own, points[n])
			}
		}
		ahead := map[string]bool{}
		for n, hit := range hits {
			if person := m.list.Entries[hit.Entry].Person; points[n] > own && !ahead[person] {
				ahead[person] = true
				better++
			}
		}
		o := recordOutcome{record: r}
		if own > nothing {
			o.rank = better + 1
		}
		for s := range Shares {
			o.at[s] = own > nothing && cut.reached(s, class, own, model.Calibrate(class, own))
		}
		found[i] = o
	})
	m.records = append(m.records, found...)
}
