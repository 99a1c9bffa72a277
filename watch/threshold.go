package watch

import (
	"math"

	"heed"
	"heed/names"
)

// needs is what the pairs of words, and what they cover, have to come to, for
// each pair of scripts.
type needs [names.Classes]Points

// thresholds are what persons need: those whose dates of birth are not compared,
// and those whose are.
type thresholds [2]needs

const (
	undated = iota
	dated
)

// thresholds are those on a list of so many names. They hold one record in a
// thousand to be somebody else's: the longer the list, the likelier it is that
// somebody on it is like him, so that what is needed grows with its logarithm, as
// the prior odds do (Fellegi and Sunter 1969). On lists shorter than the one that they
// were fitted to they stay, so that a desk with few warnings has few false hits.
func (w *weights) thresholds(listed int) *thresholds {
	t := new(thresholds)
	longer := math.Log(float64(max(listed, w.needed.names)) / float64(w.needed.names))
	for of := range t {
		for class := range t[of] {
			t[of][class] = w.needed.points[of][class] + Points(math.Round(100*w.needed.growth[of]*longer))
		}
	}
	return t
}

// needs are those of a record: with nothing beside the names but soft evidence,
// and with dates of birth that are compared, without what they say.
func (w *weights) needs(r *Record, limits *thresholds) (soft, compared needs) {
	hard, birth := w.besides(r), w.softBirth(r.Born)
	for c := range soft {
		soft[c], compared[c] = limits[undated][c]-hard, limits[dated][c]-hard
		if !r.Born.IsZero() {
			soft[c] = min(soft[c], compared[c]-birth)
		}
	}
	return soft, compared
}

// softBirth is the most that dates of birth may add, without the relations that
// lead to the subject by themselves: those to kindredDays, and of a day to what is
// entered under its year.
func (w *weights) softBirth(b heed.Birth) Points {
	of := []BirthRelation{BirthDayDiffers, BirthYearDiffers, BirthSameYear, BirthYearNear}
	switch {
	case b.IsZero():
		return 0
	case birthDay(b) == 0:
		of = []BirthRelation{BirthMonthAgrees, BirthYearAgrees, BirthWithin, BirthSameYear, BirthYearNear}
	case isJanuaryFirst(b.From):
		of = append(of, BirthJanuaryFirst)
	}
	best := notAlike
	for _, relation := range of {
		best = max(best, w.birth[relation])
	}
	return best
}

// besides is the most that sex and nationality may add.
func (w *weights) besides(r *Record) Points {
	sum := Points(0)
	if statesSex(r.Sex) {
		sum += max(0, w.sexSame)
	}
	if len(r.Nationalities) > 0 {
		sum += max(0, w.stateShared)
	}
	return sum
}
