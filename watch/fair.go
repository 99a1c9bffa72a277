package watch

import (
	"slices"
	"strings"
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
