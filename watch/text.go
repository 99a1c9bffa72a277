package watch

import (
	"unsafe"

	"heed/names"
)

// textOf reads bytes of an arena as a string without copying them. A block's
// bytes never change once they are written, and the string keeps them alive.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

const latinLetters = "abcdefghijklmnopqrstuvwxyz"

func latinLetter(c byte) string {
	if c < 'a' || c > 'z' {
		return ""
	}
	return latinLetters[c-'a' : c-'a'+1]
}

// scriptNamed is names.Script(b) without allocating for those that names reads.
func scriptNamed(b []byte) names.Script {
	for _, s := range [...]names.Script{
		names.Latin, names.Cyrillic, names.Arabic, names.Han, names.Hangul, names.Kana, names.Hebrew, names.Greek,
		names.Georgian, names.Armenian, names.Devanagari, names.Thai,
	} {
		if string(b) == string(s) {
			return s
		}
	}
	return names.Script(b)
}
