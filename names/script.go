package names

import "unicode"

// scriptOf gives the script of a letter, or "" for what belongs to none: marks,
// digits, punctuation.
func scriptOf(r rune) Script {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return Latin
		}
		return ""
	case r == 'ー' || r == 'ｰ':
		return Kana
	case r == '々' || r == '〇':
		return Han
	}
	for _, s := range blocks {
		if s.first <= r && r <= s.last {
			if !unicode.IsLetter(r) {
				return ""
			}
			return s.script
		}
	}
	if unicode.IsLetter(r) {
		switch {
		case unicode.Is(unicode.Latin, r):
			return Latin
		case unicode.Is(unicode.Cyrillic, r):
			return Cyrillic
		case unicode.Is(unicode.Greek, r):
			return Greek
		case unicode.Is(unicode.Arabic, r):
			return Arabic
		case unicode.Is(unicode.Han, r):
			return Han
		case unicode.Is(unicode.Hangul, r):
			return Hangul
		case unicode.Is(unicode.Georgian, r):
			return Georgian
		case unicode.Is(unicode.Ethiopic, r):
			return Ethiopic
		case unicode.Is(unicode.Hiragana, r), unicode.Is(unicode.Katakana, r):
			return Kana
		}
		return Other
	}
	return ""
}

// blocks are the parts of Unicode that hold nearly every letter of a name,
// commonest first.
var blocks = [...]struct {
	first, last rune
	script      Script
}{
	{0x00C0, 0x024F, Latin},
	{0x1E00, 0x1EFF, Latin},
	{0x0250, 0x02AF, Latin}, // IPA: ə
	{0x0400, 0x052F, Cyrillic},
	{0x0620, 0x06FF, Arabic},
	{0x4E00, 0x9FFF, Han},
	{0x3400, 0x4DBF, Han},
	{0xAC00, 0xD7AF, Hangul},
	{0x1100, 0x11FF, Hangul},
	{0x3041, 0x30FF, Kana},
	{0x0370, 0x03FF, Greek},
	{0x1F00, 0x1FFF, Greek},
	{0x05D0, 0x05F2, Hebrew},
	{0x0531, 0x0588, Armenian},
	{0x10A0, 0x10FF, Georgian},
	{0x1C90, 0x1CBF, Georgian},
	{0x0900, 0x097F, Devanagari},
	{0x0980, 0x09FF, Bengali},
	{0x0A00, 0x0A7F, Gurmukhi},
	{0x0A80, 0x0AFF, Gujarati},
	{0x0B00, 0x0B7F, Oriya},
	{0x0B80, 0x0BFF, Tamil},
	{0x0C00, 0x0C7F, Telugu},
	{0x0C80, 0x0CFF, Kannada},
	{0x0D00, 0x0D7F, Malayalam},
	{0x0D80, 0x0DFF, Sinhala},
	{0x0E00, 0x0E7F, Thai},
	{0x0E80, 0x0EFF, Lao},
	{0x0F00, 0x0FFF, Tibetan},
	{0x1000, 0x109F, Myanmar},
	{0x1200, 0x139F, Ethiopic},
	{0x1780, 0x17FF, Khmer},
}

// read gives the readings of a word. The word is in lower case and in normal
// form C, of one script and not empty; at most MaxForms readings are kept. A
// reader may return none, when the word has no sound of its own.
func read(word []rune, script Script, part Part, h Hint) (forms []Form, flags Flags) {
	switch script {
	case Latin:
		return readLatin(word, h)
	case Cyrillic:
		return readCyrillic(word, h)
	case Arabic:
		return readArabic(word)
	case Hebrew:
		return readHebrew(word)
	case Hangul:
		return readHangul(word, part)
	case Kana:
		return readKana(word)
	case Han:
		return readHan(word, part, h)
	case Greek:
		return readGreek(word)
	case Georgian:
		return readGeorgian(word)
	case Armenian:
		return readArmenian(word)
	case Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam, Sinhala:
		return readBrahmic(word, script)
	case Thai:
		return readThai(word)
	case Myanmar:
		return readMyanmar(word)
	}
	return readFallback(word, script)
}
