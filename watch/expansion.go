package watch

import (
	"math"
	"slices"

	"heed/names"
)

// expansion is a word of a record's name and the words of the list that are
// like it, scored once and remembered for the records that follow.
type expansion struct {
	script   names.Script
	kind     names.TokenKind
	forms    []names.Form
	surprise int32
	joined   bool // of neighbours
	sign     signature
	under    []names.Key
	built    uint64 // the lexicon's count of changes then
	near     []neighbour
	self     Points // what the word is worth against itself: about the best that any word can say
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
const nearBins = 9

// rememberedWords bounds what a screener remembers between records: words of
// records in each of two generations, some 500 bytes each.
const rememberedWords = 16384

// memory is what a screener knows of words that records have had.
type memory struct{ young, old map[string]*expansion }

// expand finds the list's words that are like a record's.
func (s *Screener) expand(r realm, t *names.Token) *expansion {
	l := s.index.names
	s.packing = pack(r, t, s.packing[:0])
	if t.Joined {
		s.packing = append(s.packing, '+') // looked up otherwise than a word of its own
	}
	key := s.packing[packedFrom:]
	e, ok := s.memory.young[string(key)]
	if !ok {
		if e, ok = s.memory.old[string(key)]; !ok {
			e = s.newExpansion(r, t)
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

func (s *Screener) newExpansion(r realm, t *names.Token) *expansion {
	e := &expansion{script: t.Script, kind: t.Kind, sign: signatureOf(t.Script, t.Forms), joined: t.Joined}
	s.index.judge.model.Ready(t, &s.own)
	e.surprise = s.own.Surprise()
	for _, f := range t.Forms[:min(len(t.Forms), names.MaxForms)] {
		e.forms = append(e.forms, names.Form{Latin: f.Latin, Sounds: f.Sounds})
	}
	for _, k := range t.Keys {
		e.under = append(e.under, inRealm(r, k))
	}
	e.self = max(0, s.index.judge.model.Match(&s.own, &s.own).Points)
	return e
}

// ready makes the record's word ready to be matched.
func (e *expansion) ready(into *names.Ready) { into.Restore(e.script, e.kind, e.forms, e.surprise) }

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
	if m := s.index.judge.model.Match(&s.own, s.ready.of(s.index.names, token)); m.Alike && m.Bin <= nearBins && m.Points > 0 {
		e.near = append(e.near, neighbour{token, m.Points, m.Class})
	}
}

// match scores a word of the list, or two of them written as one, against a
// record's, one pair at a time.
func (s *Screener) match(own *names.Ready, token, second uint32) Points {
	l := s.index.names
	theirs := s.ready.of(l, token)
	if second != 0 {
		var one, two unpacked
		one.read(l.packed.at(l.tokens.at(token).packed))
		two.read(l.packed.at(l.tokens.at(second).packed))
		if one.n == 0 || two.n == 0 {
			return notAlike
		}
		s.index.judge.model.Ready(&names.Token{
			Script: one.script, Kind: names.Plain, Joined: true,
			Forms: []names.Form{{Latin: one.forms[0].Latin, Sounds: one.forms[0].Sounds + two.forms[0].Sounds}},
		}, &s.joined)
		theirs = &s.joined
	}
	if m := s.index.judge.model.Match(own, theirs); m.Alike {
		return m.Points
	}
	return notAlike
}

// readied keeps words of the list ready to be matched: those that were looked
// at last. It takes some 700 bytes a word, 23 MB at most.
type readied struct {
	pages    [readyWords / readyPage]*[readyPage]readyWord
	released uint64
	unpacked unpacked
}

const (
	readyWords = 1 << 15
	readyPage  = 1 << 6
)

type readyWord struct {
	token uint32
	names.Ready
}

// of makes a word of the list ready, or finds it so.
func (r *readied) of(l *lexicon, token uint32) *names.Ready {
	if r.released != l.released {
		// Numbers of words may stand for others now.
		r.pages = [readyWords / readyPage]*[readyPage]readyWord{}
		r.released = l.released
	}
	at := token % readyWords
	page := r.pages[at/readyPage]
	if page == nil {
		page = new([readyPage]readyWord)
		r.pages[at/readyPage] = page
	}
	word := &page[at%readyPage]
	if word.token != token {
		word.token = token
		l.ready(token, &r.unpacked, &word.Ready)
	}
	return &word.Ready
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
