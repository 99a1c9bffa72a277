package bench

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"heed"
	"heed/watch"
)

// IndexRecall is how the watch index does against full comparison, with the
// shipped weights.
type IndexRecall struct {
	Subjects  int           `json:"subjects"`
	Above     int           `json:"above"` // queries whose person is above the default threshold in full comparison
	Found     int           `json:"found"` // of those, how many the index finds
	PerSecond float64       `json:"queries_per_cpu_second"`
	Median    time.Duration `json:"median_ns"`
	P99       time.Duration `json:"p99_ns"`
}

// index puts the list's persons on watch and screens every query.
func (m *measurement) index(ctx context.Context) (*IndexRecall, error) {
	x := watch.New(m.options.Model)
	for i, e := range m.list.Entries {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		subject := watch.Subject{ID: entryID(i), Urgency: heed.Urgencies()[0], Person: &heed.Person{Names: []heed.Name{{Text: e.Text}}}}
		if err := x.Put(subject); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Text, err)
		}
	}
	r := &IndexRecall{Subjects: x.Len()}
	at := map[watch.SubjectID]int{}
	for i := range m.list.Entries {
		at[entryID(i)] = i
	}
	screener := x.NewScreener()
	var took []time.Duration
	start := m.options.CPU()
	for i, p := range m.whole {
		if i%256 == 0 {
			m.options.Progress("index", i, len(m.whole))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		query, right := m.read.Name(p.Left), m.read.Name(p.Right)
		began := m.options.Clock()
		hits := screener.Screen(watch.Record{Names: []heed.Name{{Text: p.Left}}})
		took = append(took, m.options.Clock()-began)
		c := m.options.Model.Compare(query, right)
		if !c.Above() {
			continue
		}
		r.Above++
		for _, hit := range hits {
			if m.list.Means(at[hit.Subject], p, right) {
				r.Found++
				break
			}
		}
	}
	if spent := (m.options.CPU() - start).Seconds(); spent > 0 {
		r.PerSecond = float64(len(m.whole)) / spent
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	if len(took) > 0 {
		r.Median, r.P99 = took[len(took)/2], took[len(took)*99/100]
	}
	return r, nil
}

// Watched is how the watch index decides on whole records, with the shipped
// weights: what a desk would see.
type Watched struct {
	Persons int     `json:"persons"`
	Names   int     `json:"names"`
	Dated   float64 `json:"false_hits_per_10000"`           // records of innocent travellers with a hit
	Undated float64 `json:"false_hits_per_10000_name_only"` // the same without their dates of birth
	Wrong   Found   `json:"wrong_date"`                     // records whose date of birth is wrong
	Right   Found   `json:"right_date"`
}

// Found is the share of so many records that hit the person they are of.
type Found struct {
	N     int     `json:"records"`
	Share float64 `json:"share"`
}

// watched puts the persons to watch on watch with all their names, and screens
// travellers and labelled records.
func (m *measurement) watched(ctx context.Context) (*Watched, error) {
	x := watch.New(m.options.Model)
	w, put := &Watched{}, map[string]bool{}
	for _, p := range m.set.Persons {
		person := &heed.Person{}
		for _, n := range p.Names {
			if n.Name != "" && len(person.Names) < heed.MaxNames {
				person.Names = append(person.Names, heed.Name{Text: n.Name})
			}
		}
		for _, born := range p.Born {
			// What is no date says nothing, here as on a list.
			if date, err := heed.ParseBirth(born); err == nil {
				person.Born = append(person.Born, date)
			}
		}
		if len(person.Names) == 0 {
			continue
		}
		if err := x.Put(watch.Subject{ID: watch.SubjectID(p.ID), Urgency: heed.Urgencies()[0], Person: person}); err != nil {
			return nil, fmt.Errorf("%s: %w", p.ID, err)
		}
		put[p.ID] = true
		w.Persons++
		w.Names += len(person.Names)
	}
	if w.Persons == 0 {
		return nil, nil
	}
	screener := x.NewScreener()
	screen := func(name, born string) []watch.Hit {
		record := watch.Record{Names: []heed.Name{{Text: name}}}
		if date, err := heed.ParseBirth(born); err == nil {
			record.Born = date
		}
		return screener.Screen(record)
	}
	var dated, undated int
	for i, t := range m.set.Travellers {
		if i%256 == 0 {
			m.options.Progress("travellers by the index", i, len(m.set.Travellers))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		if len(screen(t.Name, t.Born)) > 0 {
			dated++
		}
		if len(screen(t.Name, "")) > 0 {
			undated++
		}
	}
	w.Dated, w.Undated = 10000*ratio(dated, len(m.set.Travellers)), 10000*ratio(undated, len(m.set.Travellers))
	var wrong, right tally
	for _, r := range m.set.Records {
		of := &wrong
		switch {
		case !put[r.Expect] || r.BirthError == "missing":
			continue
		case r.BirthError == "exact":
			of = &right
		}
		of.n++
		if slices.ContainsFunc(screen(r.Name, r.Born), func(h watch.Hit) bool { return string(h.Subject) == r.Expect }) {
			of.at++
		}
	}
	w.Wrong, w.Right = Found{wrong.n, ratio(wrong.at, wrong.n)}, Found{right.n, ratio(right.at, right.n)}
	return w, nil
}

func entryID(i int) watch.SubjectID { return watch.SubjectID(fmt.Sprintf("bench:%d", i)) }
