package names

import "math/bits"

// Distances and evidence are natural logarithms in hundredths ("points"): whole
// numbers, so that a sum is the same in whatever order it is made, and the
// comparison of two names exactly symmetric.

// Alphabet is what Form.Sounds is made of, as far as the model tells sounds
// apart. A sound that is not in it counts as one more, like no other.
const Alphabet = "abcdefghijklmnopqrstuvwxyzCDGJSTZ"

// places is the size of a cost table: "no sound" first, then the Alphabet, then
// any other sound.
const places = len(Alphabet) + 2

// place is a sound's place in a cost table.
func place(sound byte) int {
	switch {
	case sound >= 'a' && sound <= 'z':
		return int(sound-'a') + 1
	case sound == 'C':
		return 27
	case sound == 'D':
		return 28
	case sound == 'G':
		return 29
	case sound == 'J':
		return 30
	case sound == 'S':
		return 31
	case sound == 'T':
		return 32
	case sound == 'Z':
		return 33
	}
	return places - 1
}

// Costs are what it costs to read one sound as another within one class of
// scripts, in points: -log of how often that happens in names of one person,
// against how often the sounds occur at all. Costs[0][y] is a sound that only the
// right side has, Costs[x][0] one that only the left side has.
type Costs [places][places]int16

// farDistance is further apart than any two forms worth comparing.
const farDistance = 1 << 20

// A sounding is a form with its sounds turned into places of the cost table.
type sounding struct {
	at  []uint8
	set uint64 // of those places, a bit each
	// variant is the group of given names that the form belongs to; 0 is none.
	variant uint16
}

// text is the sounds again, as letters of the Alphabet.
func (s *sounding) text() string {
	var b [MaxRunes]byte
	for i, at := range s.at {
		b[i] = soundAtPlace(at)
	}
	return string(b[:len(s.at)])
}

// soundAtPlace is the sound of a place in a cost table.
func soundAtPlace(at uint8) byte {
	if at == 0 || int(at) > len(Alphabet) {
		return '?'
	}
	return Alphabet[at-1]
}

func sound(sounds string) sounding {
	s := sounding{at: appendPlaces(nil, sounds), variant: variantOf(sounds)}
	s.collect()
	return s
}

// collect notes which sounds there are.
func (s *sounding) collect() {
	s.set = 0
	for _, at := range s.at {
		s.set |= 1 << at
	}
}

// appendPlaces writes the places of MaxRunes sounds at most.
func appendPlaces(b []byte, sounds string) []byte {
	for i := range min(len(sounds), MaxRunes) {
		b = append(b, uint8(place(sounds[i])))
	}
	return b
}

// metric is the distance of two forms within one class of scripts, with what is
// known of it beforehand.
type metric struct {
	costs *Costs
	swap  int32
	// What it costs at least that a sound of one side is not among the other's: to
	// read it as another, or to leave it out.
	lacking [2][places]int32
	// The least that a sound costs which only the right side has, and only the left.
	add, drop int32
}

func newMetric(w *ClassWeights) metric {
	m := metric{costs: &w.Costs, swap: w.Swap, add: farDistance, drop: farDistance}
	for s := range places {
		left, right := int32(farDistance), int32(farDistance)
		for other := range places {
			if other != s {
				left, right = min(left, int32(w.Costs[s][other])), min(right, int32(w.Costs[other][s]))
			}
		}
		m.lacking[0][s], m.lacking[1][s] = max(left, 0), max(right, 0)
		if s > 0 {
			m.add, m.drop = min(m.add, int32(w.Costs[0][s])), min(m.drop, int32(w.Costs[s][0]))
		}
	}
	m.add, m.drop = max(m.add, 0), max(m.drop, 0)
	return m
}

// beyond reports whether the sounds that only one side has cost more than bound
// already. There is no pair in most that are compared, and this finds that out.
func (m *metric) beyond(a, b *sounding, bound int32) bool {
	return lack(&m.lacking[0], a.set&^b.set) > bound || lack(&m.lacking[1], b.set&^a.set) > bound
}

func lack(costs *[places]int32, set uint64) int32 {
	sum := int32(0)
	for ; set != 0; set &= set - 1 {
		sum += costs[bits.TrailingZeros64(set)]
	}
	return sum
}

// rows is the scratch of a distance.
type rows [3][MaxRunes + 2]int32

// distance is the cost of the cheapest way to edit a into b: sounds read as
// others, dropped, added, or two neighbours swapped. It answers farDistance if
// every way costs more than bound, and looks at no more ways than that takes: where
// one side has fallen behind by as many sounds as the bound pays for, it stops
// (Ukkonen, Algorithms for approximate string matching, 1985).
func (m *metric) distance(a, b *sounding, bound int32, scratch *rows) int32 {
	if m.beyond(a, b, bound) {
		return farDistance
	}
	before, above, row := &scratch[0], &scratch[1], &scratch[2]
	x, y := a.at, b.at[:min(len(b.at), MaxRunes)]
	// How far j may be ahead of i, and behind: going there and back to where the
	// two ends meet takes so many sounds of one side only.
	ahead, behind := len(y), len(x)
	apart := int32(len(y) - len(x))
	if apart*m.add > bound || -apart*m.drop > bound {
		return farDistance
	}
	if each := m.add + m.drop; each > 0 {
		ahead = min(ahead, int((bound+apart*m.drop)/each))
		behind = min(behind, int((bound-apart*m.add)/each))
	}
	none := &m.costs[0]
	above[0] = 0
	for j := range ahead {
		above[j+1] = above[j] + int32(none[y[j]])
	}
	above[ahead+1] = farDistance
	leastAbove := int32(0)
	for i, sound := range x {
		read := &m.costs[sound]
		drop := int32(read[0])
		from, to := max(i-behind, 0), min(i+1+ahead, len(y))
		left := int32(farDistance)
		if i < behind {
			left = above[0] + drop
		}
		row[from] = left
		least := left
		for j := from; j < to; j++ {
			at := y[j]
			cheapest := min(above[j]+int32(read[at]), above[j+1]+drop, left+int32(none[at]))
			if i > 0 && j > 0 && sound == y[j-1] && x[i-1] == at && sound != at {
				cheapest = min(cheapest, before[j-1]+m.swap)
			}
			left = cheapest
			row[j+1] = cheapest
			least = min(least, cheapest)
		}
		if least > bound && leastAbove+m.swap > bound {
			return farDistance
		}
		leastAbove = least
		row[to+1] = farDistance
		before, above, row = above, row, before
	}
	if above[len(y)] > bound {
		return farDistance
	}
	return above[len(y)]
}
