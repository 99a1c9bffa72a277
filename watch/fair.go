package watch

import (
	"slices"
	"strings"
	"sync"
)

// source is what put a subject on watch: a case, or a list.
func (s SubjectID) source() string {
	source, _, _ := strings.Cut(string(s), "/")
	return source
}

// fairly takes so many of what is in order, the best first, that there is one of
// every source before there are two of any, and leaves them in order: nobody who
// puts many alike on watch hides what another has put there.
func fairly[T any](all []T, most int, id func(T) SubjectID) []T {
	if len(all) <= most {
		return all
	}
	// By how many of the same source are before it, then by its place.
	of, turn, order := map[string]int{}, make([]int, len(all)), make([]int, len(all))
	for i := range all {
		source := id(all[i]).source()
		turn[i], order[i] = of[source], i
		of[source]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return turn[a] - turn[b] })
	order = order[:most]
	slices.Sort(order)
	kept := make([]T, 0, most)
	for _, i := range order {
		kept = append(kept, all[i])
	}
	return kept
}

// crowds remembers, of numbers that very many subjects share, which of them are
// looked at: whoever enters "unknown" for a passport costs a sort once, not with
// every record.
type crowds struct {
	mu sync.Mutex
	of map[posting]crowd
}

type crowd struct {
	changes uint64 // of the index, then
	runs    []uint32
}

// rememberedCrowds bounds what is remembered, 1 KB each.
const rememberedCrowds = 1024

// crowd takes so many of the subjects of a posting, and always the same.
func (x *Index) crowd(p posting, runs []uint32, most int) []uint32 {
	x.crowds.mu.Lock()
	defer x.crowds.mu.Unlock()
	known, ok := x.crowds.of[p]
	if !ok || known.changes != x.changes {
		all := slices.Clone(runs)
		slices.SortFunc(all, x.byID)
		known = crowd{x.changes, slices.Clone(fairly(all, most, x.id))}
		if len(x.crowds.of) >= rememberedCrowds {
			clear(x.crowds.of)
		}
		if x.crowds.of == nil {
			x.crowds.of = map[posting]crowd{}
		}
		x.crowds.of[p] = known
	}
	return known.runs
}
