package names

// Parser reads names as Parse does, and remembers the words that it has met: of a
// stream of records most words are in others, too. The zero Parser is ready; it is
// for one goroutine at a time, and takes 20 MB at most.
type Parser struct {
	young, old map[string]reading
	key        []byte
}

// rememberedWords is how many words each of two generations has.
const rememberedWords = 1 << 14

// Parse is the function ParseHinted.
func (p *Parser) Parse(text string, h Hint) Name {
	reads := parser{hint: h, met: p}
	return reads.parse(text)
}

// reading is what a word comes to by itself.
type reading struct {
	forms []Form
	keys  []Key
	flags Flags
}

// readingOf settles the forms of a word.
func readingOf(forms []Form, flags Flags) reading {
	of := reading{forms: settle(forms), flags: flags}
	if len(of.forms) > 0 {
		of.keys = keysOf(of.forms, flags)
	}
	return of
}

// read is what a word comes to, from memory if it was met before.
func (p *parser) read(word []rune, script Script, part Part, h Hint) reading {
	met := p.met
	if met == nil || h.Language != "" || h.Script != "" {
		return readingOf(read(word, script, part, h))
	}
	met.key = append(append(met.key[:0], byte(part)), script...)
	for _, r := range word {
		met.key = append(met.key, byte(r), byte(r>>8), byte(r>>16))
	}
	of, ok := met.young[string(met.key)]
	if ok {
		return of
	}
	if of, ok = met.old[string(met.key)]; !ok {
		of = readingOf(read(word, script, part, Hint{}))
	}
	if met.young == nil || len(met.young) >= rememberedWords {
		met.young, met.old = make(map[string]reading), met.young
	}
	met.young[string(met.key)] = of
	return of
}
