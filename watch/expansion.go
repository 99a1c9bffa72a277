package watch

import (
	"encoding/binary"
	"math"
	"slices"

	"heed/names"
)

// expansion is a word of a record's name and the words of the list that are
// like it, scored once and remembered for the records that follow.
type expansion struct {
	packed []byte // as the lexicon packs a word
	number uint32 // among those that the screener has met
	joined bool   // of neighbours
	sign   signature
	under  []names.Key
	built  uint64 // the lexicon's count of changes then
	near   []neighbour
	self   Points // what the word is worth against itself: about the best that any word can say
}

// neighbour is a word of the list that is like the record's.
type neighbour struct {
	token  uint32
	points Points
	class  names.Class
}

// nearBins are the bins of distance up to which a word leads to names. Of names
// of one person that reach the threshold, all but one in a thousand have a
// pair of words so close; the others are then looked at, however close they are.
const nearBins = 7

// rememberedWords bounds what a screener remembers between records: words of
// records in each of two generations, some 500 bytes each.
const rememberedWords = 16384

// memory is what a screener knows of words that records have had.
type memory struct {
	young, old map[string]*expansion
	met        uint32 // how many there have been
}

// expand finds the list's words that are like a record's.
func (s *Screener) expand(r realm, t *names.Token) *expansion {
	l := s.index.names
	s.packing = pack(r, t, s.packing[:0])
	packed := len(s.packing)
	if t.Joined {
		s.packing = append(s.packing, '+') // looked up otherwise than a word of its own
	}
	key := s.packing[packedFrom:]
	e, ok := s.memory.young[string(key)]
	if !ok {
		if e, ok = s.memory.old[string(key)]; !ok {
			e = s.newExpansion(r, t, s.packing[:packed])
		}
		if len(s.memory.young) >= rememberedWords {
			s.memory.young, s.memory.old = map[string]*expansion{}, s.memory.young
		}
		s.memory.young[string(key)] = e
	}
	for _, k := range e.under {
		if under := l.byKey[k]; under != nil && under.changed > e.built {
			s.refresh(e)
			break
		}
	}
	return e
}

func (s *Screener) newExpansion(r realm, t *names.Token, packed []byte) *expansion {
	m := s.index.judge.model
	binary.LittleEndian.PutUint16(packed, packedSurprise(m.Surprise(t)))
	s.memory.met++
	e := &expansion{packed: slices.Clone(packed), number: s.memory.met, joined: t.Joined}
	e.ready(&s.own)
	e.sign = signatureOf(&s.own)
	for _, k := range t.Keys {
		e.under = append(e.under, inRealm(r, k))
	}
	e.self = max(0, m.Match(&s.own, &s.own).Points)
	return e
}

// ready makes the record's word ready to be matched.
func (e *expansion) ready(into *names.Ready) { ready(e.packed, into) }

// refresh scores the words under the expansion's keys.
func (s *Screener) refresh(e *expansion) {
	l := s.index.names
	e.near, e.built = e.near[:0], l.change
	e.ready(&s.own)
	s.scored.reset()
	for _, k := range e.under {
		under := l.byKey[k]
		if under == nil {
			continue
		}
		for _, w := range under.words {
			if (e.sign.near(w.sign) && !e.joined || e.sign.same(w.sign)) && s.scored.first(w.token) {
				s.consider(e, w.token)
			}
		}
	}
	slices.SortFunc(e.near, func(a, b neighbour) int { return int(a.token) - int(b.token) })
	e.near = slices.Clip(e.near)
}

// consider scores one word of the list.
func (s *Screener) consider(e *expansion, token uint32) {
	s.index.names.ready(token, &s.theirs)
	if m := s.index.judge.model.MatchInFavour(&s.own, &s.theirs); m.Alike && m.Bin <= nearBins {
		e.near = append(e.near, neighbour{token, m.Points, m.Class})
	}
}

// match scores a word of the list, or two of them written as one, against a
// record's, one pair at a time.
func (s *Screener) match(e *expansion, own *names.Ready, token, second uint32) Points {
	l := s.index.names
	known := s.pairs.of(l, e.number, token, second)
	if known.points != unseen {
		return known.points
	}
	l.ready(token, &s.theirs)
	theirs := &s.theirs
	if second != 0 {
		l.ready(second, &s.second)
		s.index.judge.model.Join(&s.theirs, &s.second, &s.joined, s.sounds[:0])
		theirs = &s.joined
	}
	known.points = notAlike
	if m := s.index.judge.model.Match(own, theirs); m.Alike {
		known.points = m.Points
	}
	return known.points
}

// pairs remembers what pairs of words came to that no key has brought together:
// the same common words meet in name after name. It takes 1 MB.
type pairs struct {
	slots   []pair
	changed uint64
}

type pair struct {
	asked         uint32 // the expansion's number; 0 is none
	token, second uint32
	points        Points
}

const pairSlots = 1 << 16

// of is the place of a pair, unseen if it is not remembered.
func (p *pairs) of(l *lexicon, asked, token, second uint32) *pair {
	if p.slots == nil || p.changed != l.released {
		// Numbers of words may stand for others now.
		p.slots, p.changed = make([]pair, pairSlots), l.released
	}
	at := &p.slots[(asked*0x9e3779b1^token*0x85ebca6b^second*0xc2b2ae35)>>16]
	if at.asked != asked || at.token != token || at.second != second {
		*at = pair{asked, token, second, unseen}
	}
	return at
}

const notAlike Points = math.MinInt32

// marks is a set of references that is emptied at no cost.
type marks struct {
	slots []mark
	round uint32
	n     int
}

type mark struct{ ref, round uint32 }

func (m *marks) reset() {
	m.n = 0
	if m.round++; m.round == 0 || m.slots == nil {
		m.slots, m.round = make([]mark, max(1024, len(m.slots))), 1
	}
}

// first reports whether the reference was not in the set, and puts it in.
func (m *marks) first(ref uint32) bool {
	if m.n*2 >= len(m.slots) {
		grown := marks{slots: make([]mark, 2*len(m.slots)), round: 1}
		for _, s := range m.slots {
			if s.round == m.round {
				grown.first(s.ref)
			}
		}
		*m = grown
	}
	mask := uint32(len(m.slots) - 1)
	for i := ref * 0x9e3779b1 & mask; ; i = (i + 1) & mask {
		switch slot := &m.slots[i]; {
		case slot.round != m.round:
			*slot = mark{ref, m.round}
			m.n++
			return true
		case slot.ref == ref:
			return false
		}
	}
}
