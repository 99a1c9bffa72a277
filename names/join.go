package names

import "strings"

// join appends the alternatives, the readings of neighbours as one word: each
// two neighbours, three around an Arabic article (Nur al-Din, Abd al-Aziz), and
// three syllables that hyphens hold together. Titles, initials, patronymics and
// generations take no part.
func (p *parser) join() {
	n := &p.name
	for i := 0; i < n.Positions; i++ {
		if i+2 <= n.Positions && n.joinable(i, i+2) {
			p.joined(i, i+2)
		}
		if i+3 <= n.Positions && n.joinable(i, i+3) && (n.article(i+1) || n.syllables(i, i+3)) {
			p.joined(i, i+3)
		}
	}
}

// joinable says whether the tokens [from, to) may be one word. A particle at the
// end begins something else.
func (n *Name) joinable(from, to int) bool {
	for _, t := range n.Tokens[from:to] {
		if t.Script != n.Tokens[from].Script || t.Kind != Plain && t.Kind != Particle {
			return false
		}
	}
	return n.Tokens[to-1].Kind != Particle
}

func (n *Name) article(i int) bool {
	return n.Tokens[i].Kind == Particle && articles[n.Tokens[i].Forms[0].Latin]
}

// syllables says whether the tokens are short parts that hyphens join.
func (n *Name) syllables(from, to int) bool {
	for i, t := range n.Tokens[from:to] {
		if len(t.Forms[0].Latin) > 6 || from+i < to-1 && !t.Flags.Has(Hyphenated) {
			return false
		}
	}
	return true
}

// joined appends the alternative that reads the tokens [from, to) as one word.
func (p *parser) joined(from, to int) {
	n := &p.name
	var text strings.Builder
	var runes []rune
	script, part := n.Tokens[from].Script, n.Tokens[from].Part
	for i, t := range n.Tokens[from:to] {
		text.WriteString(t.Text)
		runes = append(runes, p.words[from+i]...)
		if t.Part != part {
			part = PartUnknown
		}
	}
	if len(runes) > MaxRunes {
		return
	}
	var of reading
	if forms := n.assimilated(from, to); len(forms) > 0 {
		of = readingOf(forms, n.Tokens[to-1].Flags)
	} else {
		of = readingOf(read(runes, script, PartUnknown, Hint{})) // not remembered: few come twice
	}
	if len(of.forms) == 0 {
		return
	}
	n.Tokens = append(n.Tokens, Token{
		Text: text.String(), Script: script, Forms: of.forms, Keys: of.keys, Kind: Plain,
		Part: part, Flags: of.flags &^ Hyphenated, From: from, To: to, Joined: true,
	})
}

// assimilated reads an Arabic compound, first (al) second, in the one form that
// its many spellings have in common: Abd al-Rahman, Abdurrahman, Abdel Rahman
// are abdurahman, Nur al-Din and Noureddine nurudin. None for other words.
func (n *Name) assimilated(from, to int) []Form {
	first, last := n.Tokens[from], n.Tokens[to-1]
	servant := servants[first.Forms[0].Latin]
	if !servant && to-from != 3 || to-from == 3 && !n.article(from+1) {
		return nil
	}
	stem := "abd"
	if !servant {
		stem = strings.TrimRight(first.Forms[0].Latin, "aeiou")
	}
	if stem == "" {
		return nil
	}
	var forms []Form
	for _, f := range last.Forms {
		second := f.Latin
		if second == "allah" {
			second = "lah"
		}
		link := "ul"
		if sunLetter(second) {
			link = "u"
		}
		forms = append(forms, Form{Latin: stem + link + second, Rule: "Arabic compound, " + f.Rule})
	}
	return forms
}

// sunLetter says whether the article's l is lost before the word.
func sunLetter(latin string) bool {
	if latin == "" {
		return false
	}
	switch latin[0] {
	case 't', 'd', 'r', 'z', 's', 'n', 'l':
		return true
	}
	return false
}

// servant cuts a name of the kind Abdulaziz into "abdul" and "aziz"; ok is
// false for other words, Abdullah among them. The word is in Latin or Cyrillic.
func servant(word []rune) (n int, ok bool) {
	if len(word) < 7 || word[1] != 'b' && word[1] != 'б' {
		return 0, false
	}
	for i := range servantPrefixes {
		if n, ok = cutServant(word, &servantPrefixes[i]); ok {
			return n, true
		}
	}
	return 0, false
}

func cutServant(word []rune, p *servantPrefix) (int, bool) {
	i := 0
	for _, r := range p.abd {
		if i >= len(word) || word[i] != r {
			return 0, false
		}
		i++
	}
	vowels := 0
	for i < len(word) && vowels < 2 && strings.ContainsRune(p.vowels, word[i]) {
		i, vowels = i+1, vowels+1
	}
	if vowels == 0 {
		return 0, false
	}
	least := 4
	if i < len(word) && word[i] == p.l {
		i, least = i+1, 3
	} else if i+1 < len(word) && word[i] == word[i+1] {
		i++ // Abdurrahman: the doubled letter was the article
	}
	stem := string(word[i:])
	if len(word)-i < least {
		return 0, false
	}
	for _, other := range p.not {
		if strings.HasPrefix(stem, other) {
			return 0, false
		}
	}
	return i, true
}

type servantPrefix struct {
	abd, vowels string
	l           rune
	not         []string // how the rest begins in a name of another kind
}

var servantPrefixes = [...]servantPrefix{
	{"abd", "aeiou", 'l', []string{"lah", "la", "ah", "aev", "ayev", "aiev", "ova", "eva", "ina", "in", "iev"}},
	{"абд", "аеиоу", 'л', []string{"лах", "ла", "ах", "аев", "ова", "ева", "ина", "ин", "иев"}},
}
