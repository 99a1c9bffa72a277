package names

import "strings"

// greekLetters follows ELOT 743 / ISO 843 where one letter is one sound.
var greekLetters = map[rune]string{
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m",
	'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
	'ϲ': "s", 'ϳ': "j",
}

// greekPairs are two letters with a sound of their own, tried first.
var greekPairs = []respelling{
	{"τσ", "ts", anywhere}, {"τζ", "tz", anywhere}, {"γκ", "g", atStart}, {"μπ", "b", atStart}, {"ντ", "d", atStart},
	{"γγ", "ng", anywhere}, {"γχ", "nch", anywhere}, {"γξ", "nx", anywhere}, {"γκ", "ng", anywhere}, {"μπ", "mp", anywhere}, {"ντ", "nt", anywhere},
	{"ου", "ou", anywhere}, {"αι", "e", anywhere}, {"ει", "i", anywhere}, {"οι", "i", anywhere}, {"υι", "i", anywhere},
}

// readGreek reads a word in Greek letters: in ELOT 743, with μπ ντ γκ as the b,
// d, g that foreign names are written with, and by letters as in older books.
func readGreek(word []rune) ([]Form, Flags) {
	plain := make([]rune, 0, len(word))
	apart := make([]bool, 0, len(word)) // ϊ, ϋ and ά before ι: no digraph with the letter before
	for _, r := range word {
		base, split := greekBase(r)
		plain = append(plain, base)
		apart = append(apart, split)
	}
	elot := spellGreek(plain, apart, "", "", "")
	forms := []Form{{Latin: elot, Rule: "Greek, ELOT 743"}}
	// A Greek word ends in no v: Slavic -ev, -ov is written as it sounds.
	if n := len(plain); n > 2 && plain[n-1] == 'φ' && strings.ContainsRune("εοω", plain[n-2]) && strings.HasSuffix(elot, "f") {
		forms = append(forms, Form{Latin: strings.TrimSuffix(elot, "f") + "v", Rule: "Greek, Slavic -εφ, -οφ as -ev, -ov"})
	}
	return append(forms, []Form{
		{Latin: spellGreek(plain, apart, "b", "d", "g"), Rule: "Greek, μπ ντ γκ as b d g"},
		{Latin: spellGreek(plain, apart, "", "", "gh"), Rule: "Greek, γ as y, χ as h"},
	}...), BVUnreliable
}

// greekBase takes the accents off a letter; split says that it forms no digraph
// with the vowel before it.
func greekBase(r rune) (base rune, split bool) {
	switch r {
	case 'ϊ', 'ΐ', 'ϋ', 'ΰ':
		split = true
	}
	for _, d := range decompose(r) {
		if _, ok := greekLetters[d]; ok {
			return d, split
		}
	}
	return r, split
}

func spellGreek(word []rune, apart []bool, mp, nt, gk string) string {
	var out strings.Builder
	soft := gk == "gh"
	for i := 0; i < len(word); i++ {
		var next rune
		if i+1 < len(word) && !apart[i+1] {
			next = word[i+1]
		}
		pair := string([]rune{word[i], next})
		if mp != "" {
			switch pair {
			case "μπ":
				out.WriteString(mp)
				i++
				continue
			case "ντ":
				out.WriteString(nt)
				i++
				continue
			case "γκ":
				out.WriteString(gk)
				i++
				continue
			}
		}
		if next == 'υ' && (word[i] == 'α' || word[i] == 'ε' || word[i] == 'η') {
			// v before a vowel or a voiced consonant, else f.
			sound := "f"
			if i+2 < len(word) && strings.ContainsRune("αεηιουωβγδζλμνρ", word[i+2]) {
				sound = "v"
			}
			out.WriteString(greekLetters[word[i]] + sound)
			i++
			continue
		}
		matched := false
		for _, p := range greekPairs {
			if p.from == pair && (p.place != atStart || i == 0) {
				out.WriteString(p.to)
				matched = true
				break
			}
		}
		if matched {
			i++
			continue
		}
		switch {
		case soft && word[i] == 'γ' && (next == 'ε' || next == 'ι' || next == 'η' || next == 'υ'):
			out.WriteString("y")
		case soft && word[i] == 'χ':
			out.WriteString("h")
		default:
			out.WriteString(greekLetters[word[i]])
		}
	}
	return out.String()
}
