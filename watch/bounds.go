package watch

import "heed/names"

// boundedWords is how many words of a name a bound tells apart; more are counted
// as so many.
const boundedWords = 6

// bounds are what names of each pair of scripts can come to at most beside
// their pairs of words, and what they need: the model's, asked for once.
type bounds [names.Classes]struct {
	cover Points // the most that is added to any number of pairs
	// most is the most that is added to so many pairs, or fewer, where so many
	// words of the record's name count, and so many of the list's.
	most [boundedWords + 1][boundedWords + 1][boundedWords + 1]Points
	// alone is the most that is added to one pair, by how many words of the record's
	// name count, where more than one word of the list's does.
	alone [boundedWords + 1]Points
}

func boundsOf(m *names.Model) *bounds {
	b := new(bounds)
	for c := range b {
		class, of := names.Class(c), &b[c]
		of.cover = max(m.BestCover(class, 1), m.BestCover(class, 2), m.BestCover(class, 3))
		for mine := range of.alone {
			of.alone[mine] = notAlike
			for theirs := range of.alone {
				fewer, more := max(1, min(mine, theirs)), max(1, mine, theirs)
				best := notAlike
				of.most[0][mine][theirs] = best
				for pairs := 1; pairs <= boundedWords; pairs++ {
					best = max(best, m.Cover(class, names.Coverage{Pairs: pairs, Both: max(0, fewer-pairs), More: more - fewer}))
					of.most[pairs][mine][theirs] = best
				}
				if theirs > 1 {
					of.alone[mine] = max(of.alone[mine], of.most[1][mine][theirs])
				}
			}
		}
	}
	return b
}
