package names

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// strip gives a letter's plain reading in a-z: its base without marks, or what
// is customary for a letter that has none ("" where nothing is).
func strip(r rune) string {
	if 'a' <= r && r <= 'z' {
		return string(r)
	}
	if s, ok := bases[r]; ok {
		return s
	}
	var plain []byte
	for _, d := range norm.NFKD.String(string(r)) {
		if 'a' <= d && d <= 'z' {
			plain = append(plain, byte(d))
		} else if s, ok := bases[d]; ok {
			plain = append(plain, s...)
		}
	}
	return string(plain)
}

// bases are the Latin letters that do not come apart into a base and marks.
var bases = map[rune]string{
	'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h",
	'ŋ': "ng", 'ə': "a", 'ɛ': "e", 'ɔ': "o", 'ɖ': "d", 'ɓ': "b", 'ɗ': "d", 'ƙ': "k", 'ŧ': "t", 'ǝ': "e", 'ƒ': "f",
	'ƴ': "y", 'ɣ': "g", 'ɲ': "ny", 'ɩ': "i", 'ʋ': "v", 'ȷ': "j", 'ĸ': "k", 'ɨ': "i", 'ʉ': "u", 'ǥ': "g", 'ƶ': "z",
}

// spellings is how a language spells with Latin letters. Its rules are tried in
// order at every letter; a letter that none fits is stripped of its marks.
type spellings struct {
	name      string
	languages string // BCP 47 primary tags that it is for, each between spaces
	rules     []respelling
	proof     string   // letters that make it the likeliest
	signs     []string // spellings that make it possible, strongest first
}

// orthography is spellings made ready for reading.
type orthography struct {
	rule      string
	languages string
	proof     string
	signs     []sign
	rules     [256][]respelling // by their first byte
}

// sign is a spelling that speaks for an orthography.
type sign struct {
	text    string
	place   byte
	letters uint32 // the set of its letters, see lettersOf
	weight  int
}

// respelling writes from as to, where the place fits.
type respelling struct {
	from, to string
	place    byte
}

// The places that a respelling may be bound to.
const (
	anywhere byte = iota
	atStart
	atEnd
	beforeFront // before e, i, y, or a mark on them
	beforeVowel
	beforeOther // before a consonant or at the end
	afterBack   // after a, o, u
	inside      // not at the start
	asPinyin    // of a sign: the whole word is Pinyin
)

const pinyinSign = "pinyin"

func rules(place byte, pairs ...string) []respelling {
	var out []respelling
	for _, p := range pairs {
		from, to, _ := strings.Cut(p, ">")
		out = append(out, respelling{from, to, place})
	}
	return out
}

func together(lists ...[]respelling) []respelling { return slices.Concat(lists...) }

// orthographies are the ways to read Latin letters besides the plain one.
var orthographies = ready(latinSpellings[:])

func ready(all []spellings) []orthography {
	made := make([]orthography, len(all))
	for i, s := range all {
		o := &made[i]
		o.rule, o.languages, o.proof = s.name+" spelling", s.languages, s.proof
		for k, text := range s.signs {
			g := sign{text: strings.Trim(text, "$^"), weight: 2 * (len(s.signs) - k + 2*len(text))}
			switch {
			case strings.HasSuffix(text, "$"):
				g.place = atEnd
			case strings.HasSuffix(text, "^"):
				g.place = atStart
			case text == pinyinSign:
				g.place = asPinyin
			}
			if g.place != asPinyin {
				g.letters = lettersOf(g.text)
			}
			o.signs = append(o.signs, g)
		}
		for _, r := range s.rules {
			o.rules[r.from[0]] = append(o.rules[r.from[0]], r)
		}
	}
	return made
}

// lettersOf is the set of a text's letters: a bit for each of a-z, and one for
// all others.
func lettersOf(text string) (set uint32) {
	for i := 0; i < len(text); i++ {
		if c := text[i]; 'a' <= c && c <= 'z' {
			set |= 1 << (c - 'a')
		} else {
			set |= 1 << 26
		}
	}
	return set
}

// latinSpellings. Sources: the languages' own spelling rules; ISO 9:1995 for
// Cyrillic; Hanyu Pinyin (ISO 7098).
var latinSpellings = [...]spellings{
	{
		name: "Polish", languages: " pl ",
		rules: together(
			rules(anywhere, "szcz>shch", "sz>sh", "cz>ch", "rz>zh", "dż>dj", "dź>dj", "drz>dj", "ch>kh"),
			rules(beforeVowel, "dzi>dj", "si>sh", "ci>ch", "zi>zh", "ni>ny"),
			rules(anywhere, "c>ts", "ć>ch", "w>v", "j>y", "ś>sh", "ź>zh", "ż>zh", "ń>n", "ó>u", "ą>on", "ę>en", "ł>l"),
		),
		proof: "łśźżćńąę", signs: []string{"sz", "cz", "rz", "wicz", "iech", "jc", "owsk", "ewsk", "inck", "jew", "ajew", "icki$", "ecki$"},
	},
	{
		name: "Slavic or Baltic Latin", languages: " cs sk sl hr sr bs lv lt mk ",
		rules: together(
			rules(atEnd, "ic>ich"),
			rules(anywhere, "šč>shch", "dž>dj", "ch>kh", "ck>ck", "č>ch", "ć>ch", "c>ts", "š>sh", "ś>sh", "ž>zh", "ź>zh", "đ>dj", "dj>dj", "ř>rzh", "j>y", "w>v",
				"ŝ>shch", "û>yu", "â>ya", "ě>e", "ů>u", "ň>n", "ť>t", "ď>d", "ķ>ky", "ģ>gy", "ļ>l", "ņ>n", "ė>e", "ŭ>u", "x>ks"),
		),
		proof: "čšžđřěůňťďķģļņėŝ", signs: []string{"vic", "vics", "jev", "aj", "ej", "ij", "oj", "uj", "yj", "ja", "je", "ju", "ov$", "ev$", "ova$", "eva$", "ovs$", "evs$", "enko$", "ski$", "sky$", "ic$", "ac$", "ec$", "ica$", "cv", "ina$", "in$", "ak$", "ek$", "ik$", "uk$", "j"},
	},
	{
		name: "South Slavic without marks",
		rules: together(
			rules(atEnd, "ic>ich"),
			rules(inside, "c>ch"),
			rules(anywhere, "c>ts", "dj>dj", "j>y"),
		),
		signs: []string{"cevic$", "covic$", "cic$"},
	},
	{
		name: "German", languages: " de ",
		rules: together(
			rules(anywhere, "tsch>ch", "dsch>dj", "sch>sh", "chs>ks", "tz>ts", "ck>k"),
			rules(afterBack, "ch>kh"),
			rules(anywhere, "ch>kh", "qu>kv", "ph>f", "th>t", "dt>t", "ei>ai", "ey>ai", "ie>i", "eu>oi", "äu>oi", "ä>e", "ö>o", "ü>u", "z>ts", "w>v", "j>y"),
			rules(inside, "oe>o", "ue>u", "ae>e"),
			rules(atStart, "v>f", "ae>e", "oe>o", "ue>u"),
		),
		proof: "äß", signs: []string{"tsch", "sch", "jew", "tz", "ei", "eu", "ch", "w", "j", "ö", "ü"},
	},
	{
		name: "French", languages: " fr ",
		rules: together(
			rules(atEnd, "eaux>o", "aux>o", "eux>e", "oux>u", "ault>o", "auld>o", "aud>o", "aut>o", "oist>wa", "out>u", "outs>u", "oût>u", "amps>an", "emps>an", "ingt>en", "iers>ye", "ots>o", "ot>o", "oit>wa", "ois>wa", "oix>wa", "ais>e", "ait>e", "ets>e", "et>e", "er>e", "ez>e", "ard>ar", "art>ar", "ert>er", "ort>or",
				"ent>an", "ant>an", "and>an", "ond>on", "ont>on", "ens>an", "ins>in", "ns>n", "ieu>ye", "ières>yer", "ès>es", "x>", "es>", "e>"),
			rules(anywhere, "esb>eb", "esd>ed", "esl>el", "esm>em", "esn>en", "esr>er", "esv>ev", // an s that only lengthens
				"tch>ch", "sch>sh", "sh>sh", "ch>sh", "dj>dj", "eau>o", "au>o", "oui>wi", "oua>wa", "ou>u", "où>u", "oy>wai", "oi>wa", "oî>wa", "ai>e", "aî>e", "eu>e", "œu>e", "gn>ny", "quo>ko", "qu>k", "ph>f", "th>t", "aill>ai", "eill>ei", "ill>iy", "ç>s"),
			rules(beforeFront, "ge>zh", "gu>g", "g>zh", "c>s"),
			rules(beforeVowel, "ge>zh"),
			rules(anywhere, "j>zh", "œ>e", "é>e", "è>e", "ê>e", "ë>e", "h>"),
		),
		proof: "œèêûîç", signs: []string{"eau", "tch", "dj", "ou", "oi", "ch", "gn", "qu", "é", "ï", "au", "eux", "ault", "aud", "ot$", "et$", "er$", "ez$", "ard$", "ge", "gi", "x$", "ent$", "es$", "ist$", "ut$", "amps$", "ert$", "ort$", "art$"},
	},
	{
		name: "Spanish", languages: " es gl eu ca ",
		rules: together(
			rules(anywhere, "ch>ch", "tx>ch", "ll>y", "ñ>ny", "qu>k"),
			rules(beforeFront, "gu>g", "g>kh", "c>s"),
			rules(anywhere, "gü>gw", "j>kh", "z>s", "rr>r", "hu>w"),
			rules(atStart, "x>kh"),
			rules(anywhere, "h>"),
		),
		proof: "ñ", signs: []string{"ll", "ez$", "gue", "gui", "tx", "j^", "jo", "ju", "ja$", "jan", "jar", "jal", "á", "í", "ó", "ge", "gi"},
	},
	{
		name: "Portuguese", languages: " pt ",
		rules: together(
			rules(anywhere, "lh>ly", "nh>ny", "ch>sh", "ç>s", "ão>an", "ões>ons", "qu>k"),
			rules(beforeFront, "gu>g", "g>zh", "c>s"),
			rules(anywhere, "j>zh", "x>sh"),
		),
		proof: "ãõ", signs: []string{"lh", "nh", "ç", "x", "inho"},
	},
	{
		name: "Italian", languages: " it ro ",
		rules: together(
			rules(anywhere, "cch>k", "ch>k", "gh>g", "gli>ly", "gn>ny", "ț>ts", "ţ>ts", "ș>sh", "ş>sh", "zz>ts"),
			rules(beforeVowel, "cci>ch", "ci>ch", "ggi>dj", "gi>dj", "sci>sh"),
			rules(beforeFront, "sc>sh", "cc>ch", "c>ch", "gg>dj", "g>dj"),
			rules(anywhere, "z>ts", "j>y"),
		),
		proof: "țșăţ", signs: []string{"cch", "cci", "ggi", "gli", "gio", "gia", "giu", "gn", "sci", "sce", "zz", "cio", "cia", "ciu", "ci", "ce", "che", "chi", "gh", "gi", "ge"},
	},
	{
		name: "Turkish or Azerbaijani", languages: " tr az tk ",
		rules: rules(anywhere, "sh>sh", "ch>ch", "ck>k", "c>dj", "ç>ch", "ş>sh", "ğ>", "ı>i", "ə>a", "j>zh", "x>kh", "q>g", "ý>y", "ň>ng", "ž>zh", "w>v"),
		proof: "şğıəý", signs: []string{"ç", "oglu", "cem", "cev", "cep", "cel", "can$", "can^", "cih", "ncu", "cak$", "xa", "xu", "xl"},
	},
	{
		name: "Hungarian", languages: " hu ",
		rules: rules(anywhere, "dzs>dj", "sz>s", "cs>ch", "zs>zh", "gy>dy", "ly>y", "cz>ts", "ts>ch", "c>ts", "j>y", "s>sh", "w>v"),
		proof: "őű", signs: []string{"cs", "zs", "gy", "sz", "ly"},
	},
	{
		name: "Dutch or Scandinavian", languages: " nl af sv da nb nn no fi ",
		rules: together(
			rules(anywhere, "sch>skh", "qu>kv", "tj>ch", "sj>sh", "skj>sh", "kj>ch", "ij>ei", "oe>u", "uy>oi", "ui>oi", "aa>a", "ph>f", "th>t", "j>y", "w>v", "å>o", "ø>o", "æ>e", "ä>e", "ö>o", "dt>t"),
			rules(beforeFront, "g>kh"),
		),
		proof: "åøæ", signs: []string{"ij", "oe", "uy", "sch", "kj", "skj", "ui", "aa", "quist$"},
	},
	{
		name: "English soft g, silent letters", languages: " en ",
		rules: together(
			rules(atStart, "kn>n", "wr>r", "wh>w", "gn>n", "x>z", "mac>mak", "mc>mak", "th>th", "thom>tom", "ch>ch"),
			rules(atEnd, "dge>dj", "ge>dj", "ught>ot", "ough>o", "igh>ai", "aigh>ei", "eigh>ei", "ey>i", "mb>m", "ew>u", "e>"),
			rules(anywhere, "augh>o", "ough>o", "igh>ai", "dg>dj", "chr>kr", "sch>sk", "tch>ch", "ck>k", "ph>f", "wh>w", "al>al", "ea>i", "ay>ei", "ow>ou", "aw>o", "ew>yu"),
			rules(beforeFront, "c>s", "g>dj"),
			rules(anywhere, "x>ks"),
		),
		signs: []string{"ge", "gi", "gy", "igh", "ough", "augh", "kn^", "wr^", "ch", "sch", "mc^", "x^", "ow", "aw", "ew", "ea", "ay$", "e$"},
	},
	{
		name: "Latin", languages: " la ",
		rules: together(
			rules(atEnd, "ius>i", "us>"),
			rules(beforeVowel, "ti>tsi"),
			rules(anywhere, "aeus>e", "qu>kv", "ph>f", "th>t", "ch>kh", "ae>e", "oe>e", "au>av", "eu>ev"),
			rules(beforeFront, "c>ts"),
		),
		signs: []string{"ius$", "us$"},
	},
	{
		name: "Belarusian Latin", languages: " be ",
		rules: together(
			rules(atEnd, "ouski>ovski", "euski>evski", "ouskaya>ovskaya", "euskaya>evskaya", "iou>ev", "ou>ov", "eu>ev"),
			rules(anywhere, "ŭ>v", "ź>z", "ś>s", "ć>ts", "č>ch", "š>sh", "ž>zh", "j>y"),
		),
		proof: "ŭ", signs: []string{"ouski$", "euski$", "ouskaya$", "euskaya$", "ayeu$", "yeu$", "aeu$", "ieu$", "nou$", "kou$", "lou$", "rou$", "mou$", "tou$", "sou$", "zou$"},
	},
	{
		name: "Hanyu Pinyin", languages: " zh ",
		rules: rules(anywhere, "zh>zh", "ch>ch", "sh>sh", "q>ch", "x>sh", "c>ts"),
		signs: []string{pinyinSign},
	},
	{
		name: "Albanian", languages: " sq ",
		rules: rules(anywhere, "xh>dj", "zh>zh", "sh>sh", "gj>gy", "q>ch", "ç>ch", "x>dz", "c>ts", "ll>l", "j>y", "ë>e"),
		proof: "ë", signs: []string{"xh", "gj"},
	},
	{
		name: "Indonesian, old spelling", languages: " id ms ",
		rules: rules(anywhere, "tj>ch", "dj>dj", "sj>sh", "nj>ny", "oe>u", "j>y", "sy>sh", "kh>kh", "c>ch"),
		signs: []string{"tj", "sj", "nj", "sy"},
	},
}

// readLatin reads a word in Latin letters: as written, then in the
// orthographies that its spelling allows, most evident first.
func readLatin(word []rune, h Hint) ([]Form, Flags) {
	text := string(word)
	forms := make([]Form, 1, MaxForms+1)
	forms[0] = Form{Latin: spellLatin(text, nil), Rule: "as written"}
	if patronymicForm(forms[0].Latin) {
		return forms, 0 // Russian without doubt: no other spelling to think of
	}
	type scored struct {
		weight int
		of     *orthography
	}
	var room [16]scored
	fitting := room[:0]
	letters := lettersOf(text)
	for i := range orthographies {
		if w := orthographies[i].weight(text, letters, h); w > 0 {
			fitting = append(fitting, scored{w, &orthographies[i]})
		}
	}
	// The likeliest first; few, so that insertion is quickest.
	for i := 1; i < len(fitting); i++ {
		for k := i; k > 0 && fitting[k].weight > fitting[k-1].weight; k-- {
			fitting[k], fitting[k-1] = fitting[k-1], fitting[k]
		}
	}
	if stem, ok := strings.CutSuffix(text, "s"); ok && len(word) >= 5 && stem[len(stem)-1] != 's' {
		// The nominative of Latvian, Lithuanian and Greek, which others leave out.
		rule, of := "ending -s dropped", (*orthography)(nil)
		if len(fitting) > 0 {
			of = fitting[0].of
			rule = of.rule + ", " + rule
		}
		forms = append(forms, Form{Latin: spellLatin(stem, of), Rule: rule})
	}
	for _, f := range fitting {
		latin := spellLatin(text, f.of)
		known := false
		for i := range forms {
			known = known || forms[i].Latin == latin
		}
		if !known {
			forms = append(forms, Form{Latin: latin, Rule: f.of.rule})
		}
	}
	return forms, 0
}

// weight is how much a word's spelling speaks for an orthography; 0 is not at all.
func (o *orthography) weight(text string, letters uint32, h Hint) int {
	if len(h.Language) >= 2 && strings.Contains(o.languages, " "+strings.ToLower(h.Language[:2])+" ") {
		return 1000
	}
	weight := 0
	if o.proof != "" && letters&(1<<26) != 0 && strings.ContainsAny(text, o.proof) {
		weight += 100
	}
	for i := range o.signs {
		if s := &o.signs[i]; s.letters&^letters == 0 && s.in(text) {
			weight += s.weight
		}
	}
	return weight
}

// in says whether the sign is in the text.
func (s *sign) in(text string) bool {
	switch s.place {
	case asPinyin:
		return pinyinSpelling(text)
	case atEnd:
		return strings.HasSuffix(text, s.text)
	case atStart:
		return strings.HasPrefix(text, s.text)
	}
	return strings.Contains(text, s.text)
}

// pinyinSpelling says whether a word may be Hanyu Pinyin and has letters that only it
// uses so: q without u, x, zh, c without h.
func pinyinSpelling(text string) bool {
	if strings.Contains(text, "v") || len(text) > 12 {
		return false
	}
	marked := false
	for i := 0; i < len(text); i++ {
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch text[i] {
		case 'q', 'x':
			if next != 'i' && next != 'u' {
				return false
			}
			marked = true
		case 'z', 'c':
			if next != 'h' && !vowel(next) {
				return false
			}
			marked = true
		}
	}
	return marked && pinyinWord(text)
}

// pinyinWord says whether the word is made of syllables of Pinyin: an optional
// initial, vowels, and n, ng or r at most.
func pinyinWord(text string) bool {
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && !vowel(text[i]) {
			i++
		}
		switch text[start:i] {
		case "", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s", "y", "w",
			"nb", "np", "nm", "nf", "nd", "nt", "nn", "nl", "ng", "nk", "nh", "nj", "nq", "nx", "nzh", "nch", "nsh", "nr", "nz", "nc", "ns", "ny", "nw",
			"ngb", "ngp", "ngm", "ngf", "ngd", "ngt", "ngn", "ngl", "ngg", "ngk", "ngh", "ngj", "ngq", "ngx", "ngzh", "ngch", "ngsh", "ngr", "ngz", "ngc", "ngs", "ngy", "ngw":
			if i == len(text) {
				return start > 0 && (text[start:] == "n" || text[start:] == "ng" || text[start:] == "r")
			}
		case "n'", "ng'":
		default:
			return i == len(text) && text[start:] == "ng"
		}
		for i < len(text) && vowel(text[i]) {
			i++
		}
	}
	return true
}

// spellLatin respells a word by an orthography, nil for none.
func spellLatin(text string, o *orthography) string {
	var room [2 * MaxRunes]byte
	out := room[:0]
next:
	for i := 0; i < len(text); {
		if o != nil {
			for _, r := range o.rules[text[i]] {
				if strings.HasPrefix(text[i:], r.from) && fits(text, i, len(r.from), r.place) {
					out = append(out, r.to...)
					i += len(r.from)
					continue next
				}
			}
		}
		if c := text[i]; 'a' <= c && c <= 'z' {
			out = append(out, c)
			i++
			continue
		}
		letter, n := firstRune(text[i:])
		out = append(out, strip(letter)...)
		i += n
	}
	return string(out)
}

func firstRune(text string) (rune, int) {
	if text == "" {
		return 0, 0
	}
	return utf8.DecodeRuneInString(text)
}

// fits says whether the n bytes at text[i:] stand in the place.
func fits(text string, i, n int, place byte) bool {
	plain := byte(0)
	if place == beforeFront || place == beforeVowel || place == beforeOther {
		if next, _ := firstRune(text[i+n:]); next != 0 {
			if s := strip(next); s != "" {
				plain = s[0]
			}
		}
	}
	switch place {
	case atStart:
		return i == 0
	case atEnd:
		return i+n == len(text) && i > 1
	case beforeFront:
		return plain == 'e' || plain == 'i' || plain == 'y'
	case beforeVowel:
		return vowel(plain)
	case beforeOther:
		return !vowel(plain)
	case afterBack:
		return i > 0 && (text[i-1] == 'a' || text[i-1] == 'o' || text[i-1] == 'u')
	case inside:
		return i > 0
	}
	return true
}
