package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads a personal name in any script. It never fails: text without
// letters gives a Name without tokens. Text beyond MaxBytes, tokens beyond
// MaxTokens and letters of a token beyond MaxRunes are not looked at.
func Parse(text string) Name { return ParseHinted(text, Hint{}) }

// ParseHinted is Parse with what the record says besides. An empty text is made
// of the hint's given and family names.
func ParseHinted(text string, h Hint) Name {
	p := parser{hint: h}
	return p.parse(text)
}

func (p *parser) parse(text string) Name {
	h := p.hint
	if text == "" && (h.Given != "" || h.Family != "") {
		text = h.Given + " " + h.Family
		if h.Family != "" && h.Given != "" {
			text = h.Family + ", " + h.Given
		}
	}
	p.name.Text = clean(text)
	words := order(surnames(compounds(split(p.name.Text)), h))
	p.name.Tokens, p.words = make([]Token, 0, 2*len(words)), make([][]rune, 0, len(words))
	for _, w := range words {
		p.add(w)
	}
	return p.finish()
}

// parser builds a Name.
type parser struct {
	name  Name
	words [][]rune // of the plain tokens, as they were read
	hint  Hint
	met   *Parser // nil: nothing is remembered
}

// finish completes the name whose tokens have been added.
func (p *parser) finish() Name {
	p.name.Positions = len(p.name.Tokens)
	p.name.Script = p.name.mainScript()
	p.name.markParts(p.hint)
	p.promote()
	p.join()
	return p.name
}

// promote takes the particles that are names as well (Le, Ben, Van) for names
// where the name has less than two others.
func (p *parser) promote() {
	names := 0
	for _, t := range p.name.Tokens {
		if t.Kind == Plain || t.Kind == Patronymic {
			names++
		}
	}
	if names >= 2 {
		return
	}
	for i := range p.name.Tokens {
		if t := &p.name.Tokens[i]; t.Kind == Particle && doubtful[t.Forms[0].Latin] {
			t.Kind = Plain
		}
	}
}

// word is a piece of a name before it is read.
type word struct {
	text   string // as written
	runes  []rune // in lower case
	script Script
	part   Part
	hyphen bool // a hyphen follows
	dotted bool // a full stop follows
	comma  bool // stood before the first comma
	cut    bool
}

// split cuts a text at everything that is not a letter, at changes of script,
// and marks what stands before the first comma as the family name.
func split(text string) []word {
	words := make([]word, 0, 8)
	var glued []bool                                    // words that touch the one before, once there is one
	slab := make([]rune, 0, min(len(text), 2*MaxRunes)) // the letters of all words, while they fit
	var current word
	start, end, first := 0, 0, 0 // of current: bytes of text, and its first letter in slab
	comma := false
	take := func(r rune) {
		if len(current.runes) == 0 {
			first = len(slab)
		}
		slab = append(slab, r)
		current.runes = slab[first:len(slab):len(slab)]
	}
	touches := false
	flush := func() {
		if len(current.runes) > 0 && len(words) < MaxTokens {
			current.text = text[start:end]
			words = append(words, current)
			if touches || glued != nil {
				glued = append(glued, make([]bool, len(words)-len(glued))...)
				glued[len(words)-1] = touches
			}
		}
		touches = false
		current = word{}
	}
	for i, r := range text {
		if len(words) >= MaxTokens {
			break
		}
		size := utf8.RuneLen(r)
		open := len(current.runes) > 0
		s := scriptOf(r)
		switch {
		case s != "":
			if open && current.script != s {
				flush()
				touches = true
			}
			current.script = s
			if len(current.runes) == 0 {
				start = i
			}
			if len(current.runes) >= MaxRunes {
				current.cut = true
				continue
			}
			take(lower(r))
			end = i + size
		case open && len(current.runes) < MaxRunes && unicode.IsMark(r):
			take(r)
			end = i + size
		case unicode.IsMark(r):
		case open && current.script == Latin && len(current.runes) < MaxRunes && digitInWord(r, text[i+size:]):
			take(digitLetters[r])
			end = i + size
		case apostrophe(r):
			if open && len(current.runes) < MaxRunes {
				if current.script == Hebrew {
					take('\'')
				}
				end = i + size
			}
		default:
			if open {
				current.hyphen = hyphen(r)
				current.dotted = r == '.'
			}
			flush()
			if (r == ',' || r == '،' || r == '、') && !comma {
				comma = true
				for i := range words {
					words[i].part, words[i].comma = PartFamily, true
				}
			}
		}
	}
	flush()
	if glued != nil {
		return unmix(words, append(glued, make([]bool, len(words)-len(glued))...))
	}
	return words
}

// digitInWord says whether r is a digit that stands for a letter: the text goes
// on with a Latin letter.
func digitInWord(r rune, rest string) bool {
	next, _ := firstRune(rest)
	return digitLetters[r] != 0 && next != 0 && scriptOf(next) == Latin
}

// order puts a family name that stood before a comma behind the given names,
// so that neighbours are the same either way.
func order(words []word) []word {
	family := 0
	for family < len(words) && words[family].comma {
		family++
	}
	if family == 0 || family == len(words) {
		return words
	}
	turned := append([]word(nil), words[family:]...)
	for i := range turned {
		turned[i].part = PartGiven
	}
	return append(turned, words[:family]...)
}

// compounds cuts the Arabic article, and Abd with it, from the words that begin
// so, and lets a name meet its spelling in pieces; the whole comes back as an
// alternative.
func compounds(words []word) []word {
	if !slices.ContainsFunc(words, func(w word) bool { return compoundCuts(w) != nil }) {
		return words
	}
	var out []word
	for _, w := range words {
		cuts := compoundCuts(w)
		if w.cut || len(out)+len(cuts) >= MaxTokens {
			cuts = nil
		}
		from := 0
		for _, to := range append(cuts, len(w.runes)) {
			piece := w
			piece.runes, piece.text = w.runes[from:to], string(w.runes[from:to])
			if len(cuts) == 0 {
				piece.text = w.text
			}
			piece.hyphen = w.hyphen && to == len(w.runes)
			out = append(out, piece)
			from = to
		}
	}
	return out
}

// compoundCuts gives the places where a word is cut.
func compoundCuts(w word) []int {
	switch w.script {
	case Arabic:
		return articleCuts(w.runes)
	case Latin, Cyrillic:
		if n, ok := servant(w.runes); ok {
			return []int{n}
		}
	}
	return nil
}

// surnames cuts a Korean or Chinese name that is written together into surname
// and given name.
func surnames(words []word, h Hint) []word {
	if len(words) == 1 && words[0].script == Hangul && !words[0].cut {
		w := words[0]
		if surname, ok := hangulSurname(w.runes); ok {
			return cutWord(w, len(surname))
		}
	}
	if len(words) == 1 && words[0].script == Han && !words[0].cut {
		if kanjiNames[string(words[0].runes)] != "" {
			return words
		}
		if n, ok := kanjiSurname(words[0].runes, h); ok {
			return cutWord(words[0], n)
		}
		if n, ok := hanSurname(words[0].runes); ok {
			return cutWord(words[0], n)
		}
		return words
	}
	if len(words) == 2 && words[0].script == Han && words[1].script == Han {
		for i := range words {
			w, other := words[i].runes, words[1-i].runes
			if len(other) <= 2 && (len(w) == 1 && strings.ContainsRune(hanSingle, w[0]) || hanCompound[string(w)]) {
				words[i].part, words[1-i].part = PartFamily, PartGiven
				break
			}
		}
		return words
	}
	if len(words) == 2 && words[0].script == Hangul && words[1].script == Hangul && len(words[0].runes) == 1 && len(words[1].runes) <= 2 {
		if hangulSurnames[string(words[0].runes)] != nil {
			words[0].part, words[1].part = PartFamily, PartGiven
		}
	}
	return words
}

// cutWord cuts a word of syllables into a surname of n and the given name.
func cutWord(w word, n int) []word {
	family, given := w, w
	family.text, family.runes, family.part, family.hyphen = string(w.runes[:n]), w.runes[:n], PartFamily, false
	given.text, given.runes, given.part = string(w.runes[n:]), w.runes[n:], PartGiven
	if len(given.runes) == 0 {
		return []word{family}
	}
	return []word{family, given}
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', 'ʹ', 'ʿ', 'ʾ', '`', '´', '′', '׳', '״', 'ʽ', 'ˈ', '"', '“', '”':
		return true
	}
	return false
}

func hyphen(r rune) bool {
	switch r {
	case '-', '‐', '‑', '‒', '–', '—', '−', '־', '﹣', '－':
		return true
	}
	return false
}

// add reads one word and appends its token; first are readings that come before
// the script's own.
func (p *parser) add(w word, first ...Form) {
	n := len(p.name.Tokens)
	if n >= MaxTokens {
		return
	}
	var of reading
	if len(first) > 0 {
		forms, flags := read(w.runes, w.script, w.part, p.hint)
		of = readingOf(append(first, forms...), flags)
	} else {
		of = p.read(w.runes, w.script, w.part, p.hint)
	}
	forms, flags := of.forms, of.flags
	if len(forms) == 0 {
		return
	}
	t := Token{Text: w.text, Script: w.script, Forms: forms, Part: w.part, Flags: flags, From: n, To: n + 1}
	if w.hyphen {
		t.Flags |= Hyphenated
	}
	if w.cut {
		t.Flags |= Cut
	}
	t.Kind = kindOf(t, w)
	if t.Kind == Initial {
		t.Forms = t.Forms[:1]
	} else {
		t.Keys = of.keys
	}
	if feminine(t) {
		t.Flags |= Feminine
	}
	p.name.Tokens = append(p.name.Tokens, t)
	p.words = append(p.words, w.runes)
}

// settle drops readings that are empty or repeated, fills in their sounds, and
// keeps MaxForms.
func settle(forms []Form) []Form {
	kept := forms[:0]
next:
	for _, f := range forms {
		if f.Latin == "" || len(kept) == MaxForms {
			continue
		}
		if len(f.Latin) > MaxRunes {
			f.Latin = f.Latin[:MaxRunes]
		}
		if f.Sounds == "" {
			f.Sounds = Sounds(f.Latin)
		}
		if len(f.Sounds) > MaxRunes {
			f.Sounds = f.Sounds[:MaxRunes]
		}
		if f.Sounds == "" {
			f.Sounds = f.Latin
		}
		for _, k := range kept {
			if k.Sounds == f.Sounds {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// kindOf tells titles, particles and the rest apart by the first reading, and in
// scripts without vowels by the letters.
func kindOf(t Token, w word) TokenKind {
	latin := t.Forms[0].Latin
	short := len(w.runes) == 1 || w.dotted && len(w.runes) <= 2 && w.script == Latin && !vowelIn(latin)
	switch {
	case titles[latin] || native[string(w.runes)] == Title:
		return Title
	case short && t.Script != Han && t.Script != Hangul && t.Script != Kana:
		return Initial
	case generations[latin]:
		return Generation
	case (t.Script == Latin || t.Script == Cyrillic || t.Script == Greek) && (particles[latin] || servants[latin]), native[string(w.runes)] == Particle:
		return Particle
	case patronymic(t):
		return Patronymic
	}
	return Plain
}

func vowelIn(latin string) bool { return strings.ContainsAny(latin, "aeiouy") }

func (n *Name) mainScript() Script {
	letters := map[Script]int{}
	best := Other
	for _, t := range n.Tokens {
		letters[t.Script] += len(t.Text)
		if letters[t.Script] > letters[best] {
			best = t.Script
		}
	}
	return best
}

func (n *Name) markParts(h Hint) {
	mark := func(text string, part Part) {
		if text == "" {
			return
		}
		for _, w := range split(clean(text)) {
			for i := range n.Tokens {
				if strings.EqualFold(n.Tokens[i].Text, w.text) {
					n.Tokens[i].Part = part
				}
			}
		}
	}
	mark(h.Given, PartGiven)
	mark(h.Family, PartFamily)
}
