package names

import (
	"strings"

	"github.com/mozillazg/go-unidecode"
)

// readFallback reads a script without a table here, letter by letter.
func readFallback(word []rune, script Script) ([]Form, Flags) {
	latin := general(word)
	rule := string(script) + ", general table"
	switch script {
	case Ethiopic:
		// The table's own letters for sounds that names are spelt without; the
		// vowel of the sixth order is mostly silent.
		latin = ethiopic.Replace(latin)
		return []Form{{Latin: latin, Rule: rule}, {Latin: strings.ReplaceAll(latin, "e", ""), Rule: rule + ", sixth order silent"}}, 0
	case Khmer:
		latin = strings.TrimPrefix(latin, "q") // the letter that carries a vowel
	}
	return []Form{{Latin: latin, Rule: rule}}, 0
}

var ethiopic = strings.NewReplacer("hh", "h", "sz", "s", "xw", "hw", "x", "h", "ee", "e", "aa", "a", "qq", "q", "tth", "ts", "tz", "ts")

// general gives the letters of the general table in a-z.
func general(word []rune) string {
	var latin []byte
	for _, c := range []byte(unidecode.Unidecode(string(word))) {
		switch {
		case 'a' <= c && c <= 'z':
			latin = append(latin, c)
		case 'A' <= c && c <= 'Z':
			latin = append(latin, c+'a'-'A')
		}
	}
	return string(latin)
}
