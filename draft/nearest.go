package draft

import "strings"

// nearest is the word that someone most likely meant, or nothing where none is
// near: at most a third of its letters differ (transpositions count once).
func nearest(got string, words []string) string {
	got = plain(got)
	if len(got) > 40 {
		return ""
	}
	best, least := "", 1000
	for _, w := range words {
		if d := distance(got, plain(w)); d < least && d <= max(1, len(w)/3) {
			best, least = w, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "_", "-")
}

// distance is the optimal string alignment distance in bytes.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
