package watch

import "strings"

// prefixes are the beginnings that many ids have in common, each kept once: those
// of the entries of a list.
type prefixes struct {
	texts  []string // by number, from 1
	number map[string]uint64
}

// maxPrefixes bounds what is kept for lists that may have gone again.
const maxPrefixes = 4096

// of is the prefix of an id, and its number; 0: it has none of its own.
func (p *prefixes) of(id string) (uint64, string) {
	_, entry, ok := SubjectID(id).Listed()
	if !ok {
		return 0, ""
	}
	prefix := id[:len(id)-len(entry)]
	number, known := p.number[prefix]
	if !known {
		if len(p.texts) == maxPrefixes {
			return 0, ""
		}
		p.texts = append(p.texts, strings.Clone(prefix))
		number = uint64(len(p.texts))
		p.number[p.texts[number-1]] = number
	}
	return number, prefix
}

func (p *prefixes) text(number uint64) string {
	if number == 0 {
		return ""
	}
	return p.texts[number-1]
}
