package bench

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Rate is a share of queries, with the interval that 95 % of bootstrap samples
// fall in: persons are drawn with replacement, so that the several spellings of
// one person do not count as so many persons.
type Rate struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// vote is one query's outcome and the person it is of.
type vote struct {
	person string
	hit    bool
}

// bootstrap is the rate of the votes. The seed is fixed: the same votes give
// the same interval.
func bootstrap(votes []vote, resamples int) Rate {
	if len(votes) == 0 {
		return Rate{}
	}
	at := map[string]int{}
	var hits, n []float64
	for _, v := range votes {
		i, ok := at[v.person]
		if !ok {
			i = len(n)
			at[v.person] = i
			hits, n = append(hits, 0), append(n, 0)
		}
		n[i]++
		if v.hit {
			hits[i]++
		}
	}
	share := func(of func(i int) int) float64 {
		var h, all float64
		for i := range n {
			j := of(i)
			h += hits[j]
			all += n[j]
		}
		return h / all
	}
	r := Rate{Share: share(func(i int) int { return i })}
	r.Low, r.High = r.Share, r.Share
	if resamples < 1 {
		return r
	}
	random := rand.New(rand.NewPCG(7, uint64(len(votes))))
	drawn := make([]float64, resamples)
	for s := range drawn {
		drawn[s] = share(func(int) int { return random.IntN(len(n)) })
	}
	sort.Float64s(drawn)
	r.Low = drawn[int(math.Floor(0.025*float64(resamples)))]
	r.High = drawn[min(int(math.Ceil(0.975*float64(resamples))), resamples-1)]
	return r
}
