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

// beside gives what an entry's dates of birth add for somebody born then, in points.
func (m *measurement) beside(w *fit.Beside, born string) func(entry int) int32 {
	date, err := heed.ParseBirth(born)
	if w == nil || err != nil {
		return nil // no date, no evidence
	}
	return func(entry int) int32 {
		relation := fit.Relate(date, m.births[entry])
		if relation == watch.BirthUnknown {
			return 0
		}
		return int32(math.Round(100 * w.Birth[relation]))
	}
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
		own, rank, seen := int32(nothing), 0, map[string]bool{}
		for _, hit := range s.BestBeside(query, fit.Blocked, nil, m.beside(w, r.Born)) {
			person := m.list.Entries[hit.Entry].Person
			if !seen[person] {
				seen[person] = true
				rank++
			}
			if person == r.Expect {
				own = hit.Points
				break
			}
		}
		o := recordOutcome{record: r}
		if own > nothing {
			o.rank = rank
		}
		for s := range Shares {
			o.at[s] = own > nothing && cut.reached(s, class, own, model.Calibrate(class, own))
		}
		found[i] = o
	})
	m.records = append(m.records, found...)
}
