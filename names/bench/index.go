package bench

import (
	"context"
	"fmt"
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

func entryID(i int) watch.SubjectID { return watch.SubjectID(fmt.Sprintf("bench:%d", i)) }
