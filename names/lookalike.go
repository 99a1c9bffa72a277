package names

import (
	"slices"
	"strings"
)

// lookalikes pairs the letters of Latin, Cyrillic and Greek that look alike in
// capitals or in small letters. A word that mixes them was typed on the wrong
// keyboard, read badly by a machine, or written so as not to be found.
var lookalikes = [...]struct{ latin, cyrillic, greek rune }{
	{'a', 'а', 'α'}, {'b', 'в', 'β'}, {'c', 'с', 0}, {'d', 'ԁ', 0}, {'e', 'е', 'ε'}, {'h', 'н', 'η'}, {'i', 'і', 'ι'}, {'j', 'ј', 0}, {'k', 'к', 'κ'},
	{'m', 'м', 'μ'}, {'n', 0, 'ν'}, {'o', 'о', 'ο'}, {'p', 'р', 'ρ'}, {'q', 'ԛ', 0}, {'s', 'ѕ', 0}, {'t', 'т', 'τ'}, {'w', 'ԝ', 0}, {'x', 'х', 'χ'}, {'y', 'у', 'υ'}, {'z', 0, 'ζ'},
}

// lookalike gives the letter of another script that looks like r, or false.
func lookalike(r rune, as Script) (rune, bool) {
	for _, l := range lookalikes {
		if r != l.latin && r != l.cyrillic && r != l.greek {
			continue
		}
		to := l.latin
		switch as {
		case Cyrillic:
			to = l.cyrillic
		case Greek:
			to = l.greek
		}
		return to, to != 0
	}
	return 0, false
}

// mixable says whether letters of the script may stand in for another's.
func mixable(s Script) bool { return s == Latin || s == Cyrillic || s == Greek }

// unmix reads words of different alphabets that touch as one, in the alphabet of
// most of their letters (of the first, among equals), where every other letter
// has a lookalike in it. glued[i] says that words[i] touches the one before.
func unmix(words []word, glued []bool) []word {
	out := words[:0]
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && glued[j] && mixable(words[j].script) && mixable(words[i].script) {
			j++
		}
		if w, ok := merged(words[i:j]); ok {
			out = append(out, w)
		} else {
			out = append(out, words[i:j]...)
		}
		i = j
	}
	return out
}

func merged(pieces []word) (word, bool) {
	if len(pieces) == 1 {
		return pieces[0], true
	}
	scripts := []Script{Latin, Cyrillic, Greek}
	slices.SortStableFunc(scripts, func(a, b Script) int { return lettersIn(pieces, b) - lettersIn(pieces, a) })
	for _, s := range scripts {
		if lettersIn(pieces, s) == 0 {
			break
		}
		if w, ok := mergedAs(pieces, s); ok {
			return w, true
		}
	}
	return word{}, false
}

// mergedAs reads the pieces in one alphabet; ok is false where a letter has no
// lookalike in it.
func mergedAs(pieces []word, script Script) (word, bool) {
	last := pieces[len(pieces)-1]
	whole := word{script: script, part: pieces[0].part, comma: pieces[0].comma, hyphen: last.hyphen, dotted: last.dotted}
	var text strings.Builder
	for _, p := range pieces {
		text.WriteString(p.text)
		whole.cut = whole.cut || p.cut
		for _, r := range p.runes {
			if p.script != script {
				var ok bool
				if r, ok = lookalike(r, script); !ok {
					return word{}, false
				}
			}
			whole.runes = append(whole.runes, r)
		}
	}
	whole.text = text.String()
	return whole, len(whole.runes) <= MaxRunes
}

func lettersIn(pieces []word, s Script) (n int) {
	for _, p := range pieces {
		if p.script == s {
			n += len(p.runes)
		}
	}
	return n
}

// digitLetters are the letters that a digit inside a word stands for.
var digitLetters = map[rune]rune{'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b'}
