package watch

import (
	"slices"

	"heed"
)

// byBirth finds the subjects whose date of birth is akin to the record's, and
// tells what that says at most.
func (s *Screener) byBirth(date heed.Birth, yield func(run uint32, points Points)) {
	if birthDay(date) == 0 {
		return
	}
	births := s.index.judge.weights.birth
	s.births = s.births[:0]
	visits := 0
	enter := func(key uint64, points Points) {
		if p := s.index.other.of(key); p != (posting{}) {
			s.births = append(s.births, ofBirth{p, points})
			visits += s.index.names.sets.len(p)
		}
	}
	s.days = kindredDays(date, s.days[:0])
	for _, day := range s.days {
		enter(otherDay|uint64(day), births[relateDays(date.From, unpackDay(day))])
	}
	vague := max(births[BirthMonthAgrees], births[BirthYearAgrees], births[BirthWithin])
	enter(otherYear|uint64(date.From.Year), vague)
	enter(otherYear, vague)
	alike := s.alike(visits * alikeForVisit)
	for _, b := range s.births {
		var few [2]uint32
		for some := range slices.Chunk(s.index.names.sets.refs(b.posting, &few), atOnce) {
			if alike {
				for _, run := range some {
					if s.filter.has(run) {
						yield(run, b.points)
					}
				}
				continue
			}
			for _, run := range some { // see refresh
				s.touched += *s.index.names.words.at(run)
			}
			for _, run := range some {
				yield(run, b.points)
			}
		}
	}
}

// ofBirth are subjects by their date of birth, and what that says at most.
type ofBirth struct {
	posting
	points Points
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
