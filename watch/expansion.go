package watch

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"heed/names"
)

// expansion is a word of a record's name and the words of the list that are
// like it, scored once and remembered for the records that follow. One that is
// remembered does not change but for what guards say of it.
type expansion struct {
	packed []byte // as the lexicon packs a word
	number uint64 // among those that the index has met
	joined bool   // of neighbours
	sign   traits
	under  []names.Key
	built  atomic.Uint64 // the lexicon's count of changes when near was true
	near   []neighbour
	self   Points // what the word is worth against itself: about the best that any word can say

	token *names.Token // of a joined one whose surprise and self are not known yet
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

// rememberedWords bounds what an index remembers between records: words of
// records in each of two generations, some 500 bytes each.
const rememberedWords = 16384

// memory is what an index knows of words that records have had.
type memory struct {
	mu         sync.RWMutex
	young, old map[string]*expansion
	met        atomic.Uint64 // how many there have been
}

// of is what is remembered of a word, or nil.
func (m *memory) of(key []byte) *expansion {
	m.mu.RLock()
	e, young := m.young[string(key)]
	if !young {
		e = m.old[string(key)]
	}
	m.mu.RUnlock()
	if e != nil && !young {
		m.keep(string(key), e)
	}
	return e
}

func (m *memory) keep(key string, e *expansion) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= rememberedWords {
		m.young, m.old = make(map[string]*expansion), m.young
	}
	m.young[key] = e
}

// expand finds the list's words that are like a record's.
func (s *Screener) expand(r realm, t *names.Token) *expansion {
	s.packing = pack(r, t, s.packing[:0])
	if t.Joined {
		return s.expandJoined(r, t)
	}
	m := &s.index.memory
	key := s.packing[packedFrom:]
	e := m.of(key)
	switch {
	case e == nil:
		e = &expansion{}
		s.describe(e, r, t)
		s.complete(e, t)
	case s.index.names.unchanged(e):
		return e
	default: // others may be using it
		e = &expansion{packed: e.packed, number: e.number, sign: e.sign, under: e.under, self: e.self}
	}
	s.refresh(e)
	m.keep(string(key), e)
	return e
}

// expandJoined is expand for neighbours written as one. Few of those come
// twice, so they are not remembered: they are good until the next record.
func (s *Screener) expandJoined(r realm, t *names.Token) *expansion {
	if s.joints == len(s.joint) {
		s.joint = append(s.joint, &expansion{})
	}
	e := s.joint[s.joints]
	s.joints++
	e.joined, e.token, e.near, e.under = true, t, e.near[:0], e.under[:0]
	s.describe(e, r, t)
	s.refresh(e)
	return e
}

// describe says of a word that has just been packed what finding others takes.
func (s *Screener) describe(e *expansion, r realm, t *names.Token) {
	e.packed = append(e.packed[:0], s.packing...)
	e.number = s.index.memory.met.Add(1)
	e.ready(&s.own)
	e.sign = traitsOf(&s.own)
	for _, k := range t.Keys {
		e.under = append(e.under, inRealm(r, k))
	}
}

// complete says besides what comparing it takes.
func (s *Screener) complete(e *expansion, t *names.Token) {
	m := s.index.judge.model
	binary.LittleEndian.PutUint16(e.packed, packedSurprise(m.Surprise(t)))
	e.ready(&s.own)
	e.self = max(0, m.Match(&s.own, &s.own).Points)
	e.token = nil
}

// ready makes the record's word ready to be matched.
func (e *expansion) ready(into *names.Ready) { ready(e.packed, into) }

// unchanged reports whether no word has come or gone under the expansion's keys.
func (l *lexicon) unchanged(e *expansion) bool {
	built := e.built.Load()
	if built == l.change {
		return true
	}
	for _, k := range e.under {
		if under := l.byKey[k]; under != nil && under.changed > built {
			return false
		}
	}
	e.built.Store(l.change)
	return true
}

// refresh scores the words under the expansion's keys.
func (s *Screener) refresh(e *expansion) {
	l := s.index.names
	e.built.Store(l.change)
	s.scored.reset()
	s.likely = s.likely[:0]
	for _, k := range e.under {
		under := l.byKey[k]
		if under == nil {
			continue
		}
		for _, w := range under.words {
			if (e.sign.near(w.sign) && !e.joined || e.sign.same(w.sign)) && s.scored.first(w.token) {
				s.likely = append(s.likely, w.token)
			}
		}
	}
	if len(s.likely) == 0 {
		return
	}
	if e.token != nil {
		s.complete(e, e.token)
	}
	e.ready(&s.own)
	for few := range slices.Chunk(s.likely, atOnce) {
		// On a long list none of these is in the processor's cache. Asked for one
		// after the other, without anything in between, they come together.
		for _, token := range few {
			s.touched += l.tokens.at(token).packed
		}
		for _, token := range few {
			s.touched += uint32(l.packed.first(l.tokens.at(token).packed))
		}
		for _, token := range few {
			s.consider(e, token)
		}
	}
	slices.SortFunc(e.near, func(a, b neighbour) int { return int(a.token) - int(b.token) })
	if !e.joined {
		e.near = slices.Clip(e.near)
	}
}

// atOnce is how many places of memory are asked for together.
const atOnce = 32

// consider scores one word of the list.
func (s *Screener) consider(e *expansion, token uint32) {
	s.index.names.ready(token, &s.theirs)
	if m := s.index.judge.model.MatchWithin(&s.own, &s.theirs, nearBins); m.Alike && m.Bin <= nearBins {
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
// the same common words meet in name after name. It takes 1.5 MB.
type pairs struct {
	slots   []pair
	changed uint64
}

type pair struct {
	asked         uint64 // the expansion's number; 0 is none
	token, second uint32
	points        Points
}

const pairSlots = 1 << 16

// of is the place of a pair, unseen if it is not remembered.
func (p *pairs) of(l *lexicon, asked uint64, token, second uint32) *pair {
	if p.slots == nil || p.changed != l.released {
		// Numbers of words may stand for others now.
		p.slots, p.changed = make([]pair, pairSlots), l.released
	}
	at := &p.slots[(uint32(asked)*0x9e3779b1^token*0x85ebca6b^second*0xc2b2ae35)>>16]
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
