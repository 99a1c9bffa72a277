package names

import "strings"

// The letters of Burmese as names are spelt by those who bear them, which no
// standard governs: aspiration is left out (ဆ s), ရ is y as in speech.
var (
	myanmarLetters = map[rune]string{
		'က': "k", 'ခ': "kh", 'ဂ': "g", 'ဃ': "g", 'င': "ng", 'စ': "s", 'ဆ': "s", 'ဇ': "z", 'ဈ': "z", 'ဉ': "ny", 'ည': "ny", 'ဋ': "t", 'ဌ': "t",
		'ဍ': "d", 'ဎ': "d", 'ဏ': "n", 'တ': "t", 'ထ': "t", 'ဒ': "d", 'ဓ': "d", 'န': "n", 'ပ': "p", 'ဖ': "p", 'ဗ': "b", 'ဘ': "b", 'မ': "m",
		'ယ': "y", 'ရ': "y", 'လ': "l", 'ဝ': "w", 'သ': "th", 'ဟ': "h", 'ဠ': "l", 'အ': "", 'ဿ': "th", 'ဥ': "u", 'ဦ': "u", 'ဧ': "e", 'ဣ': "i", 'ဤ': "i", 'ဩ': "aw", 'ဪ': "aw",
	}
	myanmarSigns = map[rune]string{'ါ': "a", 'ာ': "a", 'ိ': "i", 'ီ': "i", 'ု': "u", 'ူ': "u", 'ေ': "e", 'ဲ': "e", 'ံ': "n"}
	// myanmarRimes are a vowel before a consonant with asat, and the consonant.
	myanmarRimes = map[string]string{
		"ng": "in", "awng": "aung", "ong": "aing", "k": "et", "awk": "auk", "ok": "aik", "n": "an", "m": "an", "in": "ein", "im": "ein", "un": "on", "um": "on", "wn": "un", "wm": "un",
		"t": "at", "p": "at", "it": "eik", "ip": "eik", "ut": "ok", "up": "ok", "wt": "ut", "wp": "ut", "s": "it", "ny": "i", "y": "e", "en": "an",
	}
)

// readMyanmar reads a word in Burmese letters, syllable by syllable.
func readMyanmar(word []rune) ([]Form, Flags) {
	var out strings.Builder
	for i := 0; i < len(word); {
		i += myanmarSyllable(word[i:], &out)
	}
	return []Form{{Latin: out.String(), Rule: "Burmese, customary"}, {Latin: general(word), Rule: "Mymr, general table"}}, 0
}

// myanmarSyllable reads the syllable that the letters begin with, and says how
// many it took: a consonant with its medials, vowel signs, and a consonant that
// asat (်) makes final.
func myanmarSyllable(word []rune, out *strings.Builder) int {
	const asat, virama = '်', '္'
	i := 1
	letter, ok := myanmarLetters[word[0]]
	if !ok {
		return 1
	}
	w := ""
	for ; i < len(word); i++ {
		switch word[i] {
		case 'ျ', 'ြ':
			switch letter {
			case "kh":
				letter = "ch"
			default:
				letter += "y"
			}
			continue
		case 'ွ':
			w = "w"
			continue
		case 'ှ':
			if letter == "y" {
				letter = "sh"
			} else {
				letter = "h" + letter
			}
			continue
		}
		break
	}
	vowels := ""
	for ; i < len(word); i++ {
		s, sign := myanmarSigns[word[i]]
		if !sign && word[i] != '့' && word[i] != 'း' {
			break
		}
		vowels += s
	}
	if i < len(word) && word[i] == asat { // ော်
		i++
	}
	switch vowels {
	case "ea":
		vowels = "aw"
	case "iu":
		vowels = "o"
	}
	final := ""
	if i+1 < len(word) && (word[i+1] == asat || word[i+1] == virama) {
		final = myanmarLetters[word[i]]
		i += 2
		for i < len(word) && (word[i] == '့' || word[i] == 'း') {
			i++
		}
	}
	rime := vowels
	if final != "" {
		key := vowels + final
		if vowels == "" && w != "" {
			key = "w" + final
		}
		if r, ok := myanmarRimes[key]; ok {
			rime = r
			if key == "w"+final {
				w = ""
			}
		} else {
			rime = vowels + final
		}
	} else if rime == "" && !vowel(lastByte(letter)) {
		rime = "a"
	}
	out.WriteString(letter + w + rime)
	return i
}

func lastByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}
