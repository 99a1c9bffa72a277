package names

import "strings"

// hebrewLetters gives the consonants of Hebrew that have one reading.
var hebrewLetters = map[rune]string{
	'ד': "d", 'ז': "z", 'ט': "t", 'ל': "l", 'מ': "m", 'ם': "m", 'נ': "n", 'ן': "n", 'ס': "s", 'ק': "k", 'ר': "r", 'ת': "t",
	'צ': "ts", 'ץ': "ts", 'ג': "g", 'ח': "kh", 'ך': "kh", 'ף': "f",
}

// hebrewGeresh gives the letters that a geresh turns into foreign sounds.
var hebrewGeresh = map[rune]string{
	'ג': "j", 'ז': "zh", 'צ': "ch", 'ץ': "ch", 'ת': "th", 'ד': "dh", 'ח': "kh", 'ו': "w", 'ע': "gh", 'ר': "gh", 'ט': "z", 'ס': "s",
}

// hebrewChoice is how one reading takes the letters that have two.
type hebrewChoice struct {
	rule         string
	bet, kaf, pe string // within a word; at its start they are b, k, p
	shin         string
	vav          string // between consonants
	heth         string
}

// readHebrew reads a word in Hebrew letters. Vowels are written by matres
// lectionis at most, so that its readings are to be compared by their consonants.
func readHebrew(word []rune) ([]Form, Flags) {
	var forms []Form
	for _, c := range [...]hebrewChoice{
		{"Hebrew, vowels unwritten", "b", "k", "p", "sh", "o", "h"},
		{"Hebrew, spirants", "v", "kh", "f", "sh", "o", "kh"},
		{"Hebrew, vav as v, shin as s", "v", "k", "f", "s", "v", "h"},
	} {
		forms = append(forms, Form{Latin: spellHebrew(word, c), Rule: c.rule})
	}
	return forms, VowelsUnwritten | BVUnreliable
}

func spellHebrew(word []rune, c hebrewChoice) string {
	var letters []rune // without points, each geresh and shin dot noted on its letter
	geresh := map[int]bool{}
	sin := map[int]bool{}
	hard := map[int]bool{}
	for _, r := range word {
		switch {
		case r == '\'':
			geresh[len(letters)-1] = true
		case r == '\u05c2':
			sin[len(letters)-1] = true
		case r == '\u05bc':
			hard[len(letters)-1] = true
		case r >= 'א' && r <= 'ת':
			letters = append(letters, r)
		case r == 'װ':
			letters = append(letters, 'ו', 'ו')
		case r == 'ױ':
			letters = append(letters, 'ו', 'י')
		case r == 'ײ':
			letters = append(letters, 'י', 'י')
		}
	}
	var out strings.Builder
	last := ""
	write := func(s string) {
		if apart(last, s) {
			out.WriteByte('e')
		}
		out.WriteString(s)
		last = s
	}
	at := func(i int) rune {
		if i >= 0 && i < len(letters) {
			return letters[i]
		}
		return 0
	}
	for i := 0; i < len(letters); i++ {
		r, first, final := letters[i], i == 0, i == len(letters)-1
		if geresh[i] && !final || geresh[i] && hebrewGeresh[r] != "" {
			if s, ok := hebrewGeresh[r]; ok {
				write(s)
				continue
			}
		}
		pick := func(soft, stop string) {
			if first || hard[i] {
				write(stop)
			} else {
				write(soft)
			}
		}
		switch r {
		case 'א':
			if next := at(i + 1); first && (next == 'ו' || next == 'י') {
				continue // או, אי at the start: one vowel
			}
			write("a")
		case 'ע':
			write("a")
		case 'ה':
			if final && !first {
				write("a")
			} else {
				write("h")
			}
		case 'ב':
			pick(c.bet, "b")
		case 'כ':
			pick(c.kaf, "k")
		case 'פ':
			if final {
				write("p")
			} else {
				pick(c.pe, "p")
			}
		case 'ח':
			write(c.heth)
		case 'ש':
			if sin[i] {
				write("s")
			} else {
				write(c.shin)
			}
		case 'ו':
			switch {
			case at(i+1) == 'ו':
				write("w")
				i++
			case first && at(i+1) != 0:
				write("v")
			case at(i-1) == 'א' && first:
				write("o")
			case final:
				write("o")
			case at(i+1) == 'א' || at(i+1) == 'ה' && i+1 == len(letters)-1:
				write("v")
			default:
				write(c.vav)
			}
		case 'י':
			switch {
			case at(i+1) == 'י':
				write("ai")
				i++
			case first, at(i+1) == 'א', at(i+1) == 'ו', at(i+1) == 'ה':
				write("y")
			default:
				write("i")
			}
		default:
			write(hebrewLetters[r])
		}
	}
	return out.String()
}
