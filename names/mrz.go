package names

import "strings"

// ParseMRZ reads a name as a machine-readable zone spells it: capitals A-Z, "<"
// for a space, "<<" between the primary and the secondary identifier (ICAO Doc
// 9303-3, 4.6). A whole first line of a travel document (TD3, or a visa: "P<",
// "V<" and the issuing state before the name) is accepted too. The
// transliterations of Doc 9303-3 section 6 are undone as far as they can be:
// AE, OE, UE, AA may each be one letter with a mark, and both readings are kept;
// IA, IU, IE may be я, ю and are read as glides; the codes with X for Arabic
// letters (XSH, XKH, XAA) become the letters that they stand for.
func ParseMRZ(text string) Name {
	if len(text) > MaxBytes {
		text = text[:MaxBytes]
	}
	text = strings.ToUpper(clean(text))
	text = strings.TrimRight(documentName(text), "< ")
	primary, secondary, two := strings.Cut(text, "<<")
	var words []word
	family := mrzWords(primary, PartUnknown)
	if two {
		words = mrzWords(secondary, PartGiven)
		for i := range family {
			family[i].part = PartFamily
		}
	}
	words = append(words, family...)
	p := parser{name: Name{Text: strings.Join(strings.FieldsFunc(text, filler), " ")}}
	for _, w := range compounds(words) {
		p.add(w, mrzForms(string(w.runes))...)
	}
	return p.finish()
}

func filler(r rune) bool { return r == '<' || r == ' ' }

// documentName cuts the document type and the issuing state off a whole line.
func documentName(text string) string {
	const before = 5 // type (2), state (3)
	if len(text) != 44 && len(text) != 36 || !strings.Contains(text[before:], "<<") {
		return text
	}
	if text[0] != 'P' && text[0] != 'V' || text[1] != '<' && !strings.Contains("PPDSOVM", text[1:2]) {
		return text
	}
	if text[1] != '<' && text[0] != 'P' {
		return text
	}
	return text[before:]
}

func mrzWords(text string, part Part) []word {
	words := split(strings.ReplaceAll(text, "<", " "))
	for i := range words {
		words[i].part = part
	}
	return words
}

// mrzForms gives the readings of a word that the zone's transliteration adds.
func mrzForms(word string) []Form {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return nil // no machine-readable zone has such letters
	}
	var forms []Form
	if arabic, ok := mrzArabic(word); ok {
		forms = append(forms, Form{Latin: arabic, Rule: "ICAO 9303 Arabic"})
	}
	if cyrillic := mrzCyrillic.Replace(word); cyrillic != word {
		forms = append(forms, Form{Latin: cyrillic, Rule: "ICAO 9303 Cyrillic, ia and iu as one letter"})
	}
	if umlaut := mrzUmlauts.Replace(word); umlaut != word {
		forms = append(forms, Form{Latin: umlaut, Rule: "ICAO 9303, two vowels as one letter with a mark"})
	}
	if len(forms) > 0 {
		forms = append([]Form{{Latin: word, Rule: "as written"}}, forms...)
	}
	return forms
}

// Two letters that may stand for one (ICAO Doc 9303-3, section 6 A and B).
var (
	mrzUmlauts  = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "aa", "a")
	mrzCyrillic = strings.NewReplacer("shch", "shch", "iu", "yu", "ia", "ya", "ie", "ye")
)

// mrzCodes are the letters of an Arabic-script name in a machine-readable zone
// (ICAO Doc 9303-3, section 6 C) that are not spelt by themselves, longest first.
var mrzCodes = [...]struct{ code, latin string }{
	{"xaa", "a"}, {"xae", "a"}, {"xta", "a"}, {"xah", "a"}, {"xth", "th"}, {"xkh", "kh"}, {"xdh", "dh"}, {"xsh", "sh"}, {"xss", "s"},
	{"xdz", "d"}, {"xtt", "t"}, {"xzz", "z"}, {"xay", "a"}, {"xxa", "a"}, {"xxt", "t"}, {"xrt", "t"}, {"xke", "z"}, {"xxh", "ts"},
	{"xxd", "d"}, {"xdr", "d"}, {"xxr", "r"}, {"xrr", "r"}, {"xrx", "zh"}, {"xxs", "sh"}, {"xkk", "k"}, {"xxk", "ng"}, {"xng", "ng"},
	{"xgg", "g"}, {"xnn", "n"}, {"xxn", "n"}, {"xdo", "h"}, {"xyh", "e"}, {"xxg", "h"}, {"xge", "e"}, {"xtg", "a"}, {"xya", "y"},
	{"xxy", "i"}, {"xyb", "e"}, {"xbe", "e"}, {"xh", "h"}, {"xe", ""}, {"xi", ""}, {"xj", "zh"}, {"xc", "ch"},
}

// mrzArabic undoes the codes with X. ok is false where the word has none: then
// it is no Arabic spelling, or one that needs no code and reads as it stands.
func mrzArabic(word string) (latin string, ok bool) {
	var out strings.Builder
next:
	for i := 0; i < len(word); {
		if word[i] == 'x' {
			for _, c := range mrzCodes {
				if strings.HasPrefix(word[i:], c.code) {
					out.WriteString(c.latin)
					i += len(c.code)
					ok = true
					continue next
				}
			}
		}
		out.WriteByte(word[i])
		i++
	}
	return out.String(), ok
}
