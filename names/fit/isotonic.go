package fit

import (
	"math"
	"sort"

	"heed/names"
)

// block is a stretch of equal values in a monotone curve.
type block struct {
	sum, weight float64
	first, n    int
}

// rising is the closest curve to the values that never falls (pool adjacent violators).
func rising(values, weight []float64) []float64 {
	var blocks []block
	for i, v := range values {
		blocks = append(blocks, block{v * weight[i], weight[i], i, 1})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if a.sum/a.weight < b.sum/b.weight {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.sum + b.sum, a.weight + b.weight, a.first, a.n + b.n})
		}
	}
	out := make([]float64, len(values))
	for _, b := range blocks {
		for i := b.first; i < b.first+b.n; i++ {
			out[i] = b.sum / b.weight
		}
	}
	return out
}

// falling is the closest curve to the values that never rises.
func falling(values, weight []float64) []float64 {
	turned := make([]float64, len(values))
	for i, v := range values {
		turned[i] = -v
	}
	out := rising(turned, weight)
	for i := range out {
		out[i] = -out[i]
	}
	return out
}

// calibrate fits the curve from evidence to probability, and the thresholds;
// those only stand if every traveller was looked at (thorough).
func (f *Fitted) calibrate(m *names.Model, list *List, whole []Labelled, set *Set, read *Reader, thorough bool) error {
	weighed := list.Weigh(m)
	travellers := set.Travellers
	if !thorough {
		travellers = nil
		for i := 0; i < len(set.Travellers); i += 5 {
			travellers = append(travellers, set.Travellers[i])
		}
	}
	type scored struct {
		class  names.Class
		points int32
		same   bool
		what   int // 0 pair, 1 impostor from a pair, 2 traveller
	}
	n := len(whole)*2 + len(travellers)
	all := make([]scored, n)
	workers := make(chan *Search, 16)
	parallel(n, func(i int) {
		var s *Search
		select {
		case s = <-workers:
		default:
			s = weighed.Search()
		}
		defer func() { workers <- s }()
		best := func(text string, skip func(int) bool) (names.Class, int32) {
			name := read.Name(text)
			c := names.ClassOf(name.Script, names.Latin)
			for _, hit := range s.Best(name, 1, skip) {
				return c, hit.Points
			}
			return c, -2000
		}
		switch {
		case i < len(whole):
			c := m.Compare(read.Name(whole[i].Left), read.Name(whole[i].Right))
			all[i] = scored{c.Class, c.Points, true, 0}
		case i < 2*len(whole):
			p := whole[i-len(whole)]
			right := read.Name(p.Right)
			c, points := best(p.Left, func(e int) bool { return list.Means(e, p, right) })
			all[i] = scored{c, points, false, 1}
		default:
			c, points := best(travellers[i-2*len(whole)].Name, nil)
			all[i] = scored{c, points, false, 2}
		}
	})
	by := map[names.Class][]scored{}
	for _, s := range all {
		by[s.class] = append(by[s.class], s)
	}
	var innocentsOf [names.Classes][]int32
	for c := range names.Classes {
		from := by[c]
		for _, o := range pooled[c] {
			from = append(from[:len(from):len(from)], by[o]...)
		}
		w := f.Weights.Classes[classOf(c)]
		var innocents []int32
		for _, s := range from {
			switch s.what {
			case 0:
				f.Report.Pairs[classOf(c)]++
			case 1:
				f.Report.Impostors[classOf(c)]++
			case 2:
				innocents = append(innocents, s.points)
			}
		}
		innocentsOf[c] = innocents
		sort.SliceStable(from, func(i, j int) bool { return from[i].points < from[j].points })
		var same, other float64
		for _, s := range from {
			if s.same {
				same++
			} else {
				other++
			}
		}
		var values, weight []float64
		for _, s := range from {
			if s.same {
				values, weight = append(values, 1), append(weight, 1/max(same, 1))
			} else {
				values, weight = append(values, 0), append(weight, 1/max(other, 1))
			}
		}
		w.Calibration = nil
		const every = 100 // points between the corners of the curve
		curve := rising(values, weight)
		corner := func(from, to int, sum float64, points int32) {
			p := (sum + 0.002) / (float64(to-from) + 0.004)
			w.Calibration = append(w.Calibration, names.Calibrated{Points: points, Score: math.Round(p*1e6) / 1e6})
		}
		if len(from) == 0 {
			continue
		}
		low := int(math.Floor(float64(from[0].points) / every))
		for i := 0; i < len(from); {
			j, sum := i, 0.0
			for ; j < len(from) && int(math.Floor(float64(from[j].points)/every)) == low; j++ {
				sum += curve[j]
			}
			if j > i {
				corner(i, j, sum, int32(low*every+every/2))
			}
			i = j
			low++
		}
		w.Calibration = strictly(w.Calibration)
	}
	calibrated, err := f.Model()
	if err != nil {
		return err
	}
	var scores []float64
	for _, s := range all {
		if s.what == 2 {
			scores = append(scores, calibrated.Calibrate(s.class, s.points))
		}
	}
	for c := range names.Classes {
		w := f.Weights.Classes[classOf(c)]
		for share, threshold := range map[float64]*int32{0.01: &w.Loose, 0.001: &w.Threshold} {
			if own := innocentsOf[c]; Enough(len(own), share) {
				*threshold = Exceeded(own, share) // of all that it is fitted to
			} else {
				*threshold = reaches(calibrated, c, ExceededScore(scores, share))
			}
		}
	}
	return nil
}

// Enough reports whether n travellers tell the value that a share of them
// reaches. Where they are fewer, the threshold is the score that the share of all
// travellers reaches: that is what the scores are calibrated for.
func Enough(n int, share float64) bool { return float64(n)*share >= 2 }

// reaches is the smallest evidence whose calibrated score is at least so high.
func reaches(m *names.Model, c names.Class, score float64) int32 {
	return int32(sort.Search(8000, func(i int) bool { return m.Calibrate(c, int32(i)-4000) >= score })) - 4000
}

// ExceededScore is the smallest score that at most the share of the scores reaches.
func ExceededScore(scores []float64, share float64) float64 {
	if len(scores) == 0 {
		return math.Inf(1)
	}
	sorted := append([]float64{}, scores...)
	sort.Sort(sort.Reverse(sort.Float64Slice(sorted)))
	return math.Nextafter(sorted[min(int(share*float64(len(sorted))), len(sorted)-1)], 2)
}

// strictly makes a curve rise everywhere, so that scores order as the evidence does.
func strictly(curve []names.Calibrated) []names.Calibrated {
	for i := 1; i < len(curve); i++ {
		curve[i].Score = math.Round(max(curve[i].Score, curve[i-1].Score+1e-5)*1e6) / 1e6
	}
	// The top is moved down where the steps pushed it beyond 1.
	if over := curve[len(curve)-1].Score - 0.9999; over > 0 {
		for i := range curve {
			curve[i].Score = math.Round((curve[i].Score/(1+over)-1e-7)*1e7) / 1e7
		}
	}
	return curve
}

// Exceeded is the smallest value that at most the share given of the values reaches.
func Exceeded(values []int32, share float64) int32 {
	if len(values) == 0 {
		return math.MaxInt32
	}
	sorted := append([]int32{}, values...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] > sorted[j] })
	allowed := int(share * float64(len(sorted)))
	return sorted[min(allowed, len(sorted)-1)] + 1
}
