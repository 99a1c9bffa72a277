package watch

import "heed/names"

// bounds are what names of each pair of scripts can come to at most beside
// their pairs of words, and what they need: the model's, asked for once.
type bounds [names.Classes]struct {
	needed Points                      // the threshold
	cover  Points                      // the most that is added to any number of pairs
	alone  [names.MaxTokens + 1]Points // the most that is added to one pair, by how many words of the record's name count
	// lacking is what the pairs have to come to at least, by the same.
	lacking [names.MaxTokens + 1]Points
}

func boundsOf(m *names.Model) *bounds {
	b := new(bounds)
	for c := range b {
		class, of := names.Class(c), &b[c]
		_, of.needed = m.Threshold(class)
		several := max(m.BestCover(class, 2), m.BestCover(class, 3))
		of.cover = max(m.BestCover(class, 1), several)
		for words := range of.alone {
			of.alone[words] = notAlike
			for theirs := 1; theirs <= len(of.alone); theirs++ {
				fewer, more := min(max(words, 1), theirs), max(words, theirs)
				of.alone[words] = max(of.alone[words], m.Cover(class, names.Coverage{Pairs: 1, Both: fewer - 1, More: more - fewer}))
			}
			of.lacking[words] = of.needed - max(of.alone[words], several)
		}
	}
	return b
}
