package names

import (
	"slices"
	"strings"
)

// Key is a blocking key: the classes of a token's consonants in order, and for
// a token with few consonants its first vowel too. Tokens that share no key are
// not compared by an index. Zero is no key.
type Key uint64

// The consonant classes. Sounds that one script or system writes for another
// are in one class.
const (
	classNone   = iota
	classLabial // p b f v
	classDental // t d th
	classVelar  // k g q kh gh
	classSibil  // s z sh zh ch j ts
	classM
	classN
	classL // l and r: one letter in half of Asia
	classA // a first vowel, in a short token's key only
	classI
	classU
)

const classBits = 4

// keyConsonants is how many consonants a key holds. Endings (-ov, -ova, -s, -i)
// are beyond it in most names.
const keyConsonants = 5

// String spells the key with a letter for each class, as "TMLLN"; "~" marks a key without its
// r before consonants.
func (k Key) String() string {
	var letters []byte
	marked := k&markedKey != 0
	for k &^= markedKey; k != 0; k >>= classBits {
		letters = append(letters, "-PTKSMNLaiu-----"[k&(1<<classBits-1)])
	}
	if marked {
		letters = append(letters, '~')
	}
	slices.Reverse(letters)
	return string(letters)
}

// classes gives the classes that a sound may stand for in a key, likeliest
// first; classNone means that it may be unwritten. Zero ways: a vowel.
func classes(sound byte) (of [2]byte, ways int) {
	one := func(c byte) ([2]byte, int) { return [2]byte{c}, 1 }
	switch sound {
	case 'p', 'b', 'f', 'v':
		return one(classLabial)
	case 't', 'd':
		return one(classDental)
	case 'T', 'D':
		return [2]byte{classDental, classSibil}, 2
	case 'k', 'g':
		return one(classVelar)
	case 'x', 'G':
		return [2]byte{classVelar, classNone}, 2
	case 's', 'z', 'S', 'Z', 'J', 'c':
		return one(classSibil)
	case 'C':
		return [2]byte{classSibil, classVelar}, 2
	case 'j':
		return [2]byte{classSibil, classNone}, 2
	case 'w':
		return [2]byte{classNone, classLabial}, 2
	case 'm':
		return one(classM)
	case 'n':
		return one(classN)
	case 'l', 'r':
		return one(classL)
	}
	return of, 0
}

// keysOf gives the keys of the readings, MaxKeys at most: every reading's
// likeliest first.
func keysOf(forms []Form, flags Flags) []Key {
	var room [MaxKeys + 4]Key
	keys := room[:0]
	add := func(key Key) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for i := range forms {
		found, n := skeletons(forms[i].Sounds)
		for _, key := range found[:n] {
			if len(keys) < MaxKeys-2 {
				add(key)
			}
		}
	}
	// Kana, Hangul and Han leave out an r that no vowel follows. Their keys come
	// once more, marked, and meet the marked keys of other scripts' readings
	// without such an r; so those do not fill the plain keys.
	if flags.Has(LRUnreliable) {
		for _, key := range keys[:min(len(keys), 2)] {
			add(key | markedKey)
		}
	} else {
		for i := range forms[:min(len(forms), 2)] {
			if short := withoutCodaR(forms[i].Sounds); short != forms[i].Sounds {
				found, _ := skeletons(short)
				add(found[0] | markedKey)
			}
		}
	}
	for i := range forms {
		if group := variantOf(forms[i].Sounds); group != 0 && len(keys) < MaxKeys {
			add(variantKey(group))
		}
	}
	slices.Sort(keys)
	return slices.Clone(keys)
}

// markedKey is set in the keys that drop an r without a vowel after it.
const markedKey Key = 1 << 62

// withoutCodaR drops each r that no vowel follows.
func withoutCodaR(sounds string) string {
	if strings.IndexByte(sounds, 'r') < 1 {
		return sounds
	}
	var out strings.Builder
	for i := 0; i < len(sounds); i++ {
		if sounds[i] == 'r' && i > 0 && (i+1 == len(sounds) || !vowel(sounds[i+1])) {
			continue
		}
		out.WriteByte(sounds[i])
	}
	return out.String()
}

const maxSkeletons = 4

// partial is a skeleton in the making.
type partial struct {
	key  Key
	n    int
	last byte // the class before, classNone after a vowel
}

func (p *partial) take(class byte) {
	if class == classNone {
		return
	}
	if class != p.last && p.n < keyConsonants {
		p.key = p.key<<classBits | Key(class)
		p.n++
	}
	p.last = class
}

// skeletons gives the consonant skeletons of one reading, maxSkeletons at most.
func skeletons(sounds string) (keys [maxSkeletons]Key, n int) {
	var at [maxSkeletons]partial
	count := 1
	for i := 0; i < len(sounds); i++ {
		of, ways := classes(sounds[i])
		if sounds[i] == 'g' && i > 0 && sounds[i-1] == 'n' && (i+1 == len(sounds) || !vowel(sounds[i+1])) {
			continue // ng is one sound
		}
		if i+1 < len(sounds) && (sounds[i] == 'd' || sounds[i] == 't') {
			if next, _ := classes(sounds[i+1]); next[0] == classSibil && sounds[i+1] != 'T' {
				continue // dz, tsh: one affricate
			}
		}
		if ways == 0 {
			for j := range at[:count] {
				at[j].last = classNone
			}
			continue
		}
		if ways == 2 && 2*count <= maxSkeletons {
			copy(at[count:], at[:count])
			for j := range at[count : 2*count] {
				at[count+j].take(of[1])
			}
		} else {
			ways = 1
		}
		for j := range at[:count] {
			at[j].take(of[0])
		}
		count *= ways
	}
next:
	for _, p := range at[:count] {
		if p.n < 2 {
			p.key = p.key<<classBits | vowelClass(sounds)
		}
		for _, k := range keys[:n] {
			if k == p.key {
				continue next
			}
		}
		keys[n] = p.key
		n++
	}
	return keys, n
}

// vowelClass is the class of the first vowel of a short reading.
func vowelClass(sounds string) Key {
	i := strings.IndexAny(sounds, "aeiou")
	if i < 0 {
		return classA
	}
	switch sounds[i] {
	case 'e', 'i':
		return classI
	case 'o', 'u':
		return classU
	}
	return classA
}
