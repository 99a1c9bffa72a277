package bench

import (
	"heed/names"
	"heed/names/fit"
)

// tally counts how often something was so.
type tally struct{ n, at int }

// neighbours compares the labelled pairs of two persons with similar names, and
// the parts of names, of one fold.
func (m *measurement) neighbours(model *names.Model, cut cuts, k int) {
	for _, p := range m.set.Pairs {
		if p.Same || foldOf(p.RightID, m.options.Folds) != k {
			continue
		}
		c := model.Compare(m.read.Name(p.Left), m.read.Name(p.Right))
		for s, share := range Shares {
			name := p.Category
			if p.Source == "nk-name-bench" {
				name = "nkb, all negatives"
			}
			m.count(nearName(name, share), len(c.Pairs) > 0 && cut.reached(s, c.Class, c.Points, c.Score))
		}
	}
}

func nearName(category string, share float64) string {
	if share == Shares[0] {
		return category + " at 1 %"
	}
	return category + " at 0.1 %"
}

func (m *measurement) count(name string, so bool) {
	t := m.near[name]
	if t == nil {
		t = &tally{}
		m.near[name] = t
	}
	t.n++
	if so {
		t.at++
	}
}

// Judged is how the shipped model judges pairs one by one at a threshold.
type Judged struct {
	Pairs         int     `json:"pairs"`
	True          int     `json:"true_positives"`
	FalsePositive int     `json:"false_positives"`
	Missed        int     `json:"false_negatives"`
	Precision     float64 `json:"precision"`
	Recall        float64 `json:"recall"`
}

// judge compares labelled pairs of persons; loose is the threshold of one
// traveller in a hundred instead of one in a thousand.
func judge(model *names.Model, cases []fit.Labelled, loose bool) Judged {
	var j Judged
	for _, p := range cases {
		if p.Source != "Person" && p.Source != "incident" {
			continue
		}
		c := model.Compare(names.Parse(p.Left), names.Parse(p.Right))
		needed := c.Needed
		if loose {
			needed = model.Loose(c.Class)
		}
		above := len(c.Pairs) > 0 && c.Points >= needed
		j.Pairs++
		switch {
		case above && p.Same:
			j.True++
		case above:
			j.FalsePositive++
		case p.Same:
			j.Missed++
		}
	}
	j.Precision = ratio(j.True, j.True+j.FalsePositive)
	j.Recall = ratio(j.True, j.True+j.Missed)
	return j
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
