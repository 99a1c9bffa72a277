package watch

import (
	"slices"

	"heed"
)

// dayShares is up to how many subjects of one day of birth that day leads to by
// itself, whatever their words. A day that more have, as one that officials
// write where they do not know it, tells too little.
const dayShares = 64

// byBirth finds the subjects whose date of birth is akin to the record's, and
// tells what that says at most, and whether it is the very day, or day and month
// change places: those are few, and what they say outweighs that every word of a
// name is spelt so differently that none leads to the other.
func (s *Screener) byBirth(date heed.Birth, yield func(run uint32, points Points, day bool)) {
	if birthDay(date) == 0 {
		return
	}
	births := s.index.judge.weights.birth
	s.births = s.births[:0]
	visits := 0
	enter := func(key uint64, points Points, day bool) {
		if p := s.index.other.of(key); p != (posting{}) {
			n := s.index.names.sets.len(p)
			s.births = append(s.births, ofBirth{p, points, day && n <= dayShares})
			visits += n
		}
	}
	s.days = kindredDays(date, s.days[:0])
	for _, day := range s.days {
		relation := relateDays(date.From, unpackDay(day))
		enter(otherDay|uint64(day), births[relation], relation == BirthExact || relation == BirthSwapped)
	}
	vague := max(births[BirthMonthAgrees], births[BirthYearAgrees], births[BirthWithin])
	enter(otherYear|uint64(date.From.Year), vague, false)
	enter(otherYear, vague, false)
	alike := s.alike(visits * alikeForVisit)
	for _, b := range s.births {
		var few [2]uint32
		for some := range slices.Chunk(s.index.names.sets.refs(b.posting, &few), atOnce) {
			if alike && !b.day {
				for _, run := range some {
					if s.filter.has(run) {
						yield(run, b.points, b.day)
					}
				}
				continue
			}
			for _, run := range some { // see refresh
				s.touched += *s.index.names.words.at(run)
			}
			for _, run := range some {
				yield(run, b.points, b.day)
			}
		}
	}
}

// ofBirth are subjects by their date of birth, and what that says at most.
type ofBirth struct {
	posting
	points Points
	day    bool // it leads to them whatever their words
}

// alikeForVisit is how many names with a word like one of the record's are
// entered in the filter, at most, to spare one look at a subject: on a long
// list that waits for memory.
const alikeForVisit = 8

// alike fills the filter with all subjects that have a word like one of the
// record's, if those are so many at most.
func (s *Screener) alike(most int) bool {
	l := s.index.names
	for i := range s.asked {
		for k := range s.asked[i].tokens {
			for _, n := range s.asked[i].tokens[k].near {
				if most -= l.sets.len(l.tokens.at(n.token).in); most < 0 {
					return false
				}
			}
		}
	}
	s.filter.reset()
	var few [2]uint32
	for i := range s.asked {
		for k := range s.asked[i].tokens {
			for _, n := range s.asked[i].tokens[k].near {
				for _, run := range l.sets.refs(l.tokens.at(n.token).in, &few) {
					s.filter.add(run)
				}
			}
		}
	}
	return true
}
