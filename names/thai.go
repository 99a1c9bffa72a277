package names

import "strings"

// thaiLetters gives a consonant's sound at the start and at the end of a
// syllable (Royal Thai General System of Transcription).
var thaiLetters = map[rune][2]string{
	'ก': {"k", "k"}, 'ข': {"kh", "k"}, 'ฃ': {"kh", "k"}, 'ค': {"kh", "k"}, 'ฅ': {"kh", "k"}, 'ฆ': {"kh", "k"}, 'ง': {"ng", "ng"}, 'จ': {"ch", "t"},
	'ฉ': {"ch", "t"}, 'ช': {"ch", "t"}, 'ซ': {"s", "t"}, 'ฌ': {"ch", "t"}, 'ญ': {"y", "n"}, 'ฎ': {"d", "t"}, 'ฏ': {"t", "t"}, 'ฐ': {"th", "t"},
	'ฑ': {"th", "t"}, 'ฒ': {"th", "t"}, 'ณ': {"n", "n"}, 'ด': {"d", "t"}, 'ต': {"t", "t"}, 'ถ': {"th", "t"}, 'ท': {"th", "t"}, 'ธ': {"th", "t"},
	'น': {"n", "n"}, 'บ': {"b", "p"}, 'ป': {"p", "p"}, 'ผ': {"ph", "p"}, 'ฝ': {"f", "p"}, 'พ': {"ph", "p"}, 'ฟ': {"f", "p"}, 'ภ': {"ph", "p"},
	'ม': {"m", "m"}, 'ย': {"y", "i"}, 'ร': {"r", "n"}, 'ล': {"l", "n"}, 'ว': {"w", "o"}, 'ศ': {"s", "t"}, 'ษ': {"s", "t"}, 'ส': {"s", "t"},
	'ห': {"h", ""}, 'ฬ': {"l", "n"}, 'อ': {"", ""}, 'ฮ': {"h", ""}, 'ฤ': {"ru", "ru"}, 'ฦ': {"lu", "lu"},
}

var thaiVowels = map[rune]string{
	'ะ': "a", 'ั': "a", 'า': "a", 'ำ': "am", 'ิ': "i", 'ี': "i", 'ึ': "ue", 'ื': "ue", 'ุ': "u", 'ู': "u", 'ๅ': "", '็': "", 'ํ': "am",
}

var thaiLeading = map[rune]string{'เ': "e", 'แ': "ae", 'โ': "o", 'ใ': "ai", 'ไ': "ai"}

// readThai reads a word in Thai letters: vowels that stand before their
// consonant are put after it, silenced letters (◌์) are left out, and a vowel
// that is not written is read o between two consonants and a elsewhere. A first
// reading takes a consonant at a syllable's end by its sound there, a second as
// the letter, as names of Indian origin are often spelt.
func readThai(word []rune) ([]Form, Flags) {
	return []Form{
		{Latin: spellThai(word, true), Rule: "Thai, RTGS"},
		{Latin: spellThai(word, false), Rule: "Thai, by letters"},
	}, LRUnreliable
}

func spellThai(word []rune, finals bool) string {
	// Silenced letters and tones first.
	var letters []rune
	for i := 0; i < len(word); i++ {
		r := word[i]
		if r == '์' {
			// It silences the consonant before it, and a vowel sign on that.
			for len(letters) > 0 {
				dropped := letters[len(letters)-1]
				letters = letters[:len(letters)-1]
				if _, ok := thaiLetters[dropped]; ok {
					break
				}
			}
			continue
		}
		if r >= '่' && r <= '๋' {
			continue
		}
		letters = append(letters, r)
	}
	consonant := func(i int) bool {
		if i < 0 || i >= len(letters) {
			return false
		}
		_, ok := thaiLetters[letters[i]]
		return ok
	}
	follows := func(i int) bool { // a written vowel stands at i
		if i < 0 || i >= len(letters) {
			return false
		}
		_, ok := thaiVowels[letters[i]]
		return ok
	}
	var out strings.Builder
	voiced := false // the syllable has its vowel
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		if v, ok := thaiLeading[r]; ok {
			if consonant(i + 1) {
				out.WriteString(thaiLetters[letters[i+1]][0])
				i++
				if consonant(i+1) && strings.ContainsRune("รลว", letters[i+1]) && consonant(i+2) {
					out.WriteString(thaiLetters[letters[i+1]][0])
					i++
				}
			}
			out.WriteString(v)
			voiced = true
			continue
		}
		if v, ok := thaiVowels[r]; ok {
			out.WriteString(v)
			voiced = v != ""
			continue
		}
		sound, ok := thaiLetters[r]
		if !ok {
			continue
		}
		switch {
		case follows(i + 1):
			out.WriteString(sound[0])
			if r == 'อ' && voiced {
				out.WriteString("o")
			}
			voiced = false
		case r == 'ร' && i+1 < len(letters) && letters[i+1] == 'ร': // รร
			out.WriteString("a")
			i++
			if !consonant(i + 1) {
				out.WriteString("n")
			}
			voiced = true
		case voiced:
			if finals {
				out.WriteString(sound[1])
			} else {
				out.WriteString(sound[0])
			}
			voiced = false
		case r == 'อ' && i > 0:
			out.WriteString("o")
			voiced = true
		case consonant(i+1) && !follows(i+2):
			out.WriteString(sound[0])
			if letters[i+1] != 'อ' && !strings.ContainsRune("รล", letters[i+1]) {
				out.WriteString("o")
			}
			voiced = letters[i+1] != 'อ'
		case consonant(i+1) && strings.ContainsRune("รล", letters[i+1]):
			out.WriteString(sound[0])
		default:
			out.WriteString(sound[0])
			if i+1 < len(letters) {
				out.WriteString("a")
			}
		}
	}
	return out.String()
}
