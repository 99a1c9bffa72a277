package names

import (
	"github.com/mozillazg/go-unidecode"
)

// readFallback reads a script without a table here, letter by letter.
func readFallback(word []rune, script Script) ([]Form, Flags) {
	var latin []byte
	for _, c := range []byte(unidecode.Unidecode(string(word))) {
		switch {
		case 'a' <= c && c <= 'z':
			latin = append(latin, c)
		case 'A' <= c && c <= 'Z':
			latin = append(latin, c+'a'-'A')
		}
	}
	return []Form{{Latin: string(latin), Rule: string(script) + ", general table"}}, 0
}
