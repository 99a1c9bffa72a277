package names

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
	at []uint8
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
	return sounding{at: appendPlaces(nil, sounds), variant: variantOf(sounds)}
}

// appendPlaces writes the places of MaxRunes sounds at most.
func appendPlaces(b []byte, sounds string) []byte {
	for i := range min(len(sounds), MaxRunes) {
		b = append(b, uint8(place(sounds[i])))
	}
	return b
}

// distance is the cost of the cheapest way to edit a into b: sounds read as
// others, dropped, added, or two neighbours swapped. It stops, and answers
// farDistance, once every way costs more than bound.
func (c *Costs) distance(a, b *sounding, swap, bound int32) int32 {
	var rows [3][MaxRunes + 1]int32
	before, above, row := &rows[0], &rows[1], &rows[2]
	x, y := a.at, b.at[:min(len(b.at), MaxRunes)]
	none := &c[0]
	for j, at := range y {
		above[j+1] = above[j] + int32(none[at])
	}
	for i, sound := range x {
		read := &c[sound]
		drop := int32(read[0])
		left := above[0] + drop
		row[0] = left
		least := left
		for j, at := range y {
			cheapest := min(above[j]+int32(read[at]), above[j+1]+drop, left+int32(none[at]))
			if i > 0 && j > 0 && sound == y[j-1] && x[i-1] == at && sound != at {
				cheapest = min(cheapest, before[j-1]+swap)
			}
			left = cheapest
			row[j+1] = cheapest
			least = min(least, cheapest)
		}
		if least > bound {
			return farDistance
		}
		before, above, row = above, row, before
	}
	if above[len(y)] > bound {
		return farDistance
	}
	return above[len(y)]
}
