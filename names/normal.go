package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many combining marks may follow one letter; a longer run is
// an ornament or an attack, and its rest is dropped.
const maxMarks = 4

// clean gives text in normal form C with compatibility forms (full width,
// ligatures, Arabic presentation forms) undone, without invisible format
// characters (bidirectional marks, joiners, soft hyphens) and with at most
// MaxBytes of the input looked at. Bytes that are not UTF-8 and controls come
// out as spaces.
func clean(text string) string {
	if len(text) > MaxBytes {
		cut := MaxBytes
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	if plainASCII(text) || settled(text) {
		return text
	}
	var kept strings.Builder
	kept.Grow(len(text))
	for _, r := range text {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r):
			kept.WriteByte(' ')
		case r == '\u034f', r >= '\ufe00' && r <= '\ufe0f', unicode.Is(unicode.Cf, r):
			// Grapheme joiner, variation selectors, format characters.
		default:
			kept.WriteRune(r)
		}
	}
	apart := norm.NFKD.String(kept.String())
	kept.Reset()
	marks := 0
	for _, r := range apart {
		if unicode.Is(unicode.Mn, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		kept.WriteRune(r)
	}
	return norm.NFC.String(kept.String())
}

// settled says that clean has nothing to change in the text.
func settled(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || unicode.IsControl(r) || r >= 0x300 && (unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r)) || r == '\u00ad' {
			return false
		}
	}
	return norm.NFKC.IsNormalString(text)
}

func plainASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// lower folds case so that a text and its capitals come out alike: through the
// capital, since final sigma, dotless i and long s have no other way back.
func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	switch {
	case 'а' <= r && r <= 'я':
		return r
	case 'А' <= r && r <= 'Я':
		return r + ('а' - 'А')
	case 0x0590 <= r && r < 0x10A0, 0x3000 <= r && r < 0xA640, 0xAC00 <= r && r < 0xD7B0:
		return r // scripts without case: Hebrew to Myanmar, kana, Han, Hangul
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// decompose gives a letter's base and marks.
func decompose(r rune) []rune { return []rune(norm.NFD.String(string(r))) }
