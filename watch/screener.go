package watch

import (
	"cmp"
	"slices"

	"heed"
	"heed/names"
)

// Screener screens records for one goroutine at a time. It and its index
// remember the words that they have met, not the records, in some megabytes.
type Screener struct {
	index   *Index
	parser  names.Parser
	packing []byte
	scored  marks // words under the keys of one word
	met     marks // runs that were looked at for one record
	pairs   pairs
	own     names.Ready // the record's word that is being matched
	theirs  names.Ready // the list's
	second  names.Ready // its neighbour
	joined  names.Ready // the two as one
	sounds  [2 * names.MaxRunes]byte
	near    nearby
	days    []uint32
	births  []ofBirth
	outline outline
	filter  filter
	asked   []asked
	found   []found
	rough   rough
	margins []Points
	limits  *thresholds // of what is looked for
	listed  int         // the length of list that long is for
	long    *thresholds
	lists   [names.Classes][]wordList
	joint   []*expansion // joined words of the record
	joints  int          // of which so many are in use
	likely  []uint32
	touched uint32 // keeps what was read to have it at hand from being left out
}

// NewScreener makes a screener: one for each goroutine that screens.
func (x *Index) NewScreener() *Screener {
	return &Screener{index: x}
}

// persons are what persons need on the list as it is.
func (s *Screener) persons() *thresholds {
	if s.long == nil || s.listed != s.index.listed {
		s.listed = s.index.listed
		s.long = s.index.judge.weights.thresholds(s.listed)
	}
	return s.long
}

// Work bounds for one record.
const (
	askedWords   = 300 // words of its names that are looked up; the first name's all are
	bestCompared = 64  // subjects that are compared in full
	numberShares = 256 // subjects of one document, plate or vehicle number
)

// slack is how much less than needed a rough sum may be, in points, for the
// subject to be compared in full: the rough assignment of words is not always
// the best one.
const slack Points = 120

// Screen returns the subjects that the record may be about, the best first:
// those whose score reaches the threshold, MaxHits at most. Of a record that
// Check refuses, what is beyond the bounds is not looked at.
func (s *Screener) Screen(r Record) []Hit {
	x := s.index
	x.mu.RLock()
	defer x.mu.RUnlock()
	q := ask(&r, &s.parser)
	var hits []Hit
	limits := s.persons()
	score := func(run uint32, spelt func(*Subject) []spelling) {
		subject := x.subject(run)
		if hit, ok := x.judge.score(q, &subject, spelt(&subject), limits); ok {
			hits = append(hits, hit)
		}
	}
	s.met.reset()
	// By number first: those are compared whatever their names.
	s.byNumber(&r, func(run uint32) { score(run, spellings) })
	for _, f := range s.candidates(realmPerson, q.persons, &r, bestCompared) {
		score(f.run, func(subject *Subject) []spelling { return s.spellings(&f, subject) })
	}
	for _, f := range s.candidates(realmOrganisation, q.organisation, &r, bestCompared) {
		score(f.run, func(subject *Subject) []spelling { return s.spellings(&f, subject) })
	}
	return rank(hits)
}

// reach finds the subjects that the record may be about, without comparing them
// in full, and adds those that share a number with it.
func (s *Screener) reach(r *Record) []found {
	x := s.index
	x.mu.RLock()
	defer x.mu.RUnlock()
	q := ask(r, &s.parser)
	s.met.reset()
	var all []found
	s.byNumber(r, func(run uint32) { all = append(all, found{run: run, margin: documentSame}) })
	all = append(all, s.candidates(realmPerson, q.persons, r, MaxCandidates)...)
	return append(all, s.candidates(realmOrganisation, q.organisation, r, MaxCandidates)...)
}

// byNumber finds the subjects that share a number with the record.
func (s *Screener) byNumber(r *Record, yield func(run uint32)) {
	share := func(sort uint64, number string) {
		blurred := blurredNumber(plainNumber(number))
		if blurred == "" {
			return
		}
		p := s.index.other.of(s.index.numberKey(sort, blurred))
		var few [2]uint32
		runs := s.index.names.sets.refs(p, &few)
		if len(runs) > numberShares {
			runs = s.index.crowd(p, runs, numberShares)
		}
		for _, run := range runs {
			if s.met.first(run) {
				yield(run)
			}
		}
	}
	for _, d := range r.Documents[:min(len(r.Documents), heed.MaxDocuments)] {
		share(otherDocument, d.Number)
	}
	share(otherPlate, r.Vehicle.Plate)
	share(otherVIN, r.Vehicle.VIN)
}

// found is a subject that may reach the threshold.
type found struct {
	run    uint32
	margin Points  // of the best of its names above what is needed, roughly
	names  []int32 // the places of its names that come near that, in order
}

// spellings are those of a subject's names that may be its best ones.
func (s *Screener) spellings(f *found, subject *Subject) []spelling {
	var all []spelling
	for _, i := range f.names {
		if subject.Person != nil {
			all = append(all, spell(subject.Person.Names[i]))
		} else {
			all = append(all, spellOrganisation(subject.Organisation.Names[i]))
		}
	}
	return all
}

// candidates finds the subjects that may reach the threshold by their names, so
// many at most, the likeliest first.
func (s *Screener) candidates(r realm, spelt []spelling, record *Record, most int) []found {
	if len(spelt) == 0 {
		return nil
	}
	s.found = s.found[:0]
	s.asked = s.asked[:0]
	s.joints = 0
	words := 0
	for i := range spelt {
		if words += len(spelt[i].name.Tokens); i > 0 && words > askedWords {
			break
		}
		s.look(r, &spelt[i].name)
		s.split(r, &spelt[i].name)
	}
	s.near.fill(s.asked)
	s.limits = s.index.judge.named
	if r == realmPerson {
		s.limits = s.persons()
	}
	soft, compared := s.index.judge.weights.needs(record, s.limits)
	if r == realmPerson {
		s.byBirth(record.Born, func(run uint32, points Points, day bool) {
			s.weigh(r, record, run, &compared, points, day)
		})
	}
	for i := range s.asked {
		s.byNames(&s.asked[i], &soft, func(run uint32) { s.weigh(r, record, run, &soft, 0, false) })
	}
	slices.SortFunc(s.found, func(a, b found) int {
		if c := cmp.Compare(b.margin, a.margin); c != 0 {
			return c
		}
		return s.index.byID(a.run, b.run)
	})
	return fairly(s.found, most, func(f found) SubjectID { return s.index.id(f.run) })
}

// byNames finds the subjects whose names alone, with soft evidence beside
// them, may reach what is needed. For each pair of scripts the record's words are
// opened from the rarest on, until those that are left could not reach it
// together (the essential lists of MaxScore: Turtle and Flood 1995). A word
// that cannot reach it alone, and that many have, is opened only where another
// of the words is in the same names.
func (s *Screener) byNames(a *asked, needs *needs, yield func(run uint32)) {
	lists := &s.lists
	for c := range lists {
		lists[c] = lists[c][:0]
	}
	for i := range a.tokens {
		t := &a.tokens[i]
		for _, n := range t.near {
			of := &lists[n.class]
			if k := len(*of) - 1; k < 0 || (*of)[k].token != i {
				*of = append(*of, wordList{token: i})
			}
			last := &(*of)[len(*of)-1]
			last.best = max(last.best, n.points)
			last.size += s.index.names.sets.len(s.index.names.tokens.at(n.token).in)
		}
	}
	for c := range lists {
		class, of, limit := names.Class(c), lists[c], &s.index.judge.bounds[c]
		if len(of) == 0 {
			continue
		}
		needed := needs[class] - slack
		slices.SortStableFunc(of, func(a, b wordList) int { return cmp.Compare(a.size, b.size) })
		rest := Points(0)
		for _, l := range of {
			rest += l.best
		}
		counting := min(a.counting, boundedWords)
		for k, l := range of {
			enough := rest+limit.cover >= needed
			rest -= l.best
			if l.size <= fewNames || l.best+limit.alone[counting] >= needed {
				s.open(a, class, l, nil, yield)
				continue
			}
			if l.best+limit.most[1][counting][1] >= needed {
				s.openSingles(a, class, l, yield)
			}
			if enough && k+1 < len(of) {
				s.filter.reset()
				for _, other := range of[k+1:] {
					s.each(a, class, other, s.filter.add)
				}
				s.open(a, class, l, &s.filter, yield)
			}
		}
	}
}

// fewNames is up to how many names a word is rare, and opened whatever is known
// of the others: they may be garbled.
const fewNames = 64

// wordList is a word of the record with all names that have a word like it.
type wordList struct {
	token int // in asked.tokens
	best  Points
	size  int
}

func (s *Screener) each(a *asked, class names.Class, l wordList, yield func(run uint32)) {
	var few [2]uint32
	for _, n := range a.tokens[l.token].near {
		if n.class == class {
			for _, run := range s.index.names.sets.refs(s.index.names.tokens.at(n.token).in, &few) {
				yield(run)
			}
		}
	}
}

func (s *Screener) open(a *asked, class names.Class, l wordList, within *filter, yield func(run uint32)) {
	s.each(a, class, l, func(run uint32) {
		if within == nil || within.has(run) {
			yield(run)
		}
	})
}

// openSingles opens of a word's names those that are one word.
func (s *Screener) openSingles(a *asked, class names.Class, l wordList, yield func(run uint32)) {
	var few [2]uint32
	for _, n := range a.tokens[l.token].near {
		if p, ok := s.index.names.singles[n.token]; ok && n.class == class {
			for _, run := range s.index.names.sets.refs(p, &few) {
				yield(run)
			}
		}
	}
}

// filter is a set of runs that may have a few more.
type filter struct {
	bits  []uint64
	dirty []uint32
}

const filterBits = 1 << 20

func (f *filter) reset() {
	if f.bits == nil {
		f.bits = make([]uint64, filterBits/64)
	}
	if len(f.dirty) > filterBits/64 {
		clear(f.bits)
	} else {
		for _, i := range f.dirty {
			f.bits[i] = 0
		}
	}
	f.dirty = f.dirty[:0]
}

func (f *filter) slot(run uint32) (uint32, uint64) {
	run *= 0x9e3779b1
	run >>= 32 - 20
	return run >> 6, 1 << (run & 63)
}

func (f *filter) add(run uint32) {
	i, bit := f.slot(run)
	if f.bits[i] == 0 {
		f.dirty = append(f.dirty, i)
	}
	f.bits[i] |= bit
}

func (f *filter) has(run uint32) bool {
	i, bit := f.slot(run)
	return f.bits[i]&bit != 0
}
