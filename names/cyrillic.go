package names

import (
	"slices"
	"strings"
)

// cyrillic gives each letter its commonest reading (BGN/PCGN for Russian where
// it has one, with y for й and without the apostrophes), and the letters of the
// other languages theirs (BGN/PCGN, ISO 9 for the rest).
var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i",
	'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t",
	'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "",
	'э': "e", 'ю': "yu", 'я': "ya",
	'ѣ': "e", 'і': "i", 'ѳ': "f", 'ѵ': "i", 'ѐ': "e", 'ѝ': "i",
	'ґ': "g", 'є': "ye", 'ї': "yi", 'ў': "w", // Ukrainian, Belarusian
	'ђ': "dj", 'ј': "y", 'љ': "ly", 'њ': "ny", 'ћ': "ch", 'џ': "dzh", 'ѓ': "gy", 'ќ': "ky", 'ѕ': "dz", // Serbian, Macedonian
	'ә': "a", 'ғ': "gh", 'қ': "q", 'ң': "ng", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", // Kazakh, Kyrgyz, Mongolian, Tatar
	'ӣ': "i", 'ӯ': "u", 'ҳ': "h", 'ҷ': "j", // Tajik, Uzbek
	'җ': "j", 'ҙ': "z", 'ҫ': "s", 'ҡ': "q", 'ӗ': "e", 'ӑ': "a", 'ӳ': "u", // Tatar, Bashkir, Chuvash
	'ӏ': "", 'ԝ': "w", 'ԛ': "q", 'ҕ': "gh", 'ӈ': "ng", 'ӊ': "ng", 'ҥ': "ng", 'ӧ': "o", 'ӱ': "u", 'ӓ': "a", 'ӡ': "dz",
	'ҟ': "k", 'ҝ': "g", 'ҧ': "p", 'ҭ': "t", 'ҩ': "o", 'ҽ': "ch", 'ҿ': "ch", 'ӌ': "ch", 'ҹ': "j", 'ӂ': "zh", 'ӟ': "dz", 'ӝ': "j",
	'ӵ': "ch", 'ӹ': "y", 'ӭ': "e", 'ӛ': "a", 'ӫ': "o", 'ӷ': "gh", 'ӽ': "kh", 'ԥ': "p",
}

// A tongue is a language written in Cyrillic, as far as it reads letters its own way.
type tongue struct {
	name     string
	letters  map[rune]string
	evidence string // letters that only it and its kin have
}

var tongues = map[string]*tongue{
	"uk": {"Ukrainian", map[rune]string{'г': "h", 'и': "y", 'є': "ie", 'щ': "shch", 'й': "i"}, "іїєґ"},
	"be": {"Belarusian", map[rune]string{'г': "h", 'і': "i", 'ё': "io"}, "ў"},
	"bg": {"Bulgarian", map[rune]string{'щ': "sht", 'ъ': "a", 'х': "h", 'ь': "y"}, ""},
	"sr": {"Serbian", map[rune]string{'х': "h", 'ц': "ts", 'ж': "zh", 'ч': "ch"}, "ђјљњћџ"},
	"mk": {"Macedonian", map[rune]string{'х': "h"}, "ѓќѕ"},
	"kk": {"Kazakh", map[rune]string{'ж': "zh", 'х': "h", 'и': "i", 'ы': "y", 'і': "i"}, "әғқңөұүһ"},
	"ky": {"Kyrgyz", map[rune]string{'ж': "j", 'х': "h"}, ""},
	"tg": {"Tajik", map[rune]string{'ҷ': "j", 'х': "kh", 'ъ': ""}, "ӣӯҳҷ"},
	"uz": {"Uzbek", map[rune]string{'ж': "j", 'ў': "o", 'х': "kh", 'ҳ': "h"}, ""},
	"mn": {"Mongolian", map[rune]string{'ж': "j", 'з': "z", 'в': "v", 'х': "kh", 'ц': "ts"}, ""},
	"tt": {"Tatar", map[rune]string{'җ': "j"}, ""},
}

// readCyrillic reads a word of a Cyrillic alphabet: first in the language of
// the hint or of its letters, then as Russian, then with the readings that
// differ most between the systems.
func readCyrillic(word []rune, h Hint) ([]Form, Flags) {
	var forms []Form
	add := func(latin, rule string) { forms = append(forms, Form{Latin: latin, Rule: rule}) }
	if t := tongueOf(word, h); t != nil {
		add(spellCyrillic(word, t.letters), "Cyrillic, "+t.name)
	}
	add(spellCyrillic(word, nil), "Cyrillic")
	has := func(r rune) bool { return slices.Contains(word, r) }
	if latin, ok := palladius(word); ok {
		add(latin, "Cyrillic, Chinese after Palladius")
	}
	if latin, ok := polivanov(word); ok {
		add(latin, "Cyrillic, Japanese after Polivanov")
	}
	if latin, ok := englishCyrillic(word); ok {
		add(latin, "Cyrillic, English name")
	}
	if has('г') {
		add(spellCyrillic(word, map[rune]string{'г': "h"}), "Cyrillic, г as h")
	}
	if has('щ') {
		add(spellCyrillic(word, map[rune]string{'щ': "sch"}), "Cyrillic, щ as sch")
	}
	if has('ё') || has('х') {
		add(spellCyrillic(word, map[rune]string{'ё': "e", 'х': "h"}), "Cyrillic, ё as e, х as h")
	}
	return forms, 0
}

func tongueOf(word []rune, h Hint) *tongue {
	if len(h.Language) >= 2 {
		if t := tongues[strings.ToLower(h.Language[:2])]; t != nil {
			return t
		}
	}
	if !slices.ContainsFunc(word, func(r rune) bool { return (r < 'а' || r > 'я') && r != 'ё' }) {
		return nil // Russian letters only: no evidence
	}
	for _, code := range [...]string{"uk", "be", "mk", "sr", "tg", "kk"} {
		if strings.ContainsAny(string(word), tongues[code].evidence) && tongues[code].evidence != "" {
			return tongues[code]
		}
	}
	return nil
}

func spellCyrillic(word []rune, own map[rune]string) string {
	var latin strings.Builder
	var before rune
	for i, r := range word {
		letter, ok := own[r]
		if !ok {
			letter, ok = cyrillic[r]
		}
		if !ok {
			letter = strip(r)
		}
		last := i == len(word)-1
		switch r {
		case 'е':
			// BGN/PCGN: ye at the start, after a vowel and after й, ъ, ь.
			if before == 'ъ' || before == 'ь' {
				letter = "ye"
			}
		case 'й':
			if last && (before == 'и' || before == 'ы' || before == 'і') {
				letter = "" // -ий, -ый: y
			}
		case 'ь':
			if before != 0 && !last && (word[i+1] == 'о') {
				letter = "y"
			}
		}
		latin.WriteString(letter)
		before = r
	}
	return latin.String()
}

// polivanovSyllables are the syllables of Japanese that Cyrillic writes other
// than by their sound (the system of Polivanov, 1917), longest first.
var polivanovSyllables = []respelling{
	{"дзю", "ju", anywhere}, {"дзё", "jo", anywhere}, {"дзя", "ja", anywhere}, {"дзи", "ji", anywhere}, {"дз", "z", anywhere},
	{"тю", "chu", anywhere}, {"тё", "cho", anywhere}, {"тя", "cha", anywhere}, {"ти", "chi", anywhere}, {"тти", "tchi", anywhere},
	{"сю", "shu", anywhere}, {"сё", "sho", anywhere}, {"ся", "sha", anywhere}, {"си", "shi", anywhere}, {"цу", "tsu", anywhere}, {"ва", "wa", anywhere}, {"х", "h", anywhere},
}

// polivanov reads a word as Japanese, where it is made of syllables of Japanese
// and one of them is written in a way of its own.
func polivanov(word []rune) (string, bool) {
	open := true // the syllable before has ended
	for i, r := range word {
		switch {
		case strings.ContainsRune("аиуэояюёй", r):
			open = true
		case r == 'н' && (i+1 == len(word) || !strings.ContainsRune("аиуэояюё", word[i+1])),
			r == 'м' && i+1 < len(word) && strings.ContainsRune("бпм", word[i+1]):
			if !open {
				return "", false
			}
		case r == 'ъ':
			if i == 0 || word[i-1] != 'н' {
				return "", false
			}
		case strings.ContainsRune("кгсзтдцнхфбпмрв", r):
			if !open && (i == 0 || word[i-1] != r && (word[i-1] != 'д' || r != 'з')) {
				return "", false
			}
			open = false
		default:
			return "", false
		}
	}
	if !open {
		return "", false
	}
	text := string(word)
	found := false
	var out strings.Builder
next:
	for i := 0; i < len(text); {
		for _, s := range polivanovSyllables {
			if strings.HasPrefix(text[i:], s.from) {
				out.WriteString(s.to)
				i += len(s.from)
				found = found || s.from != "х" && s.from != "ва"
				continue next
			}
		}
		letter, n := firstRune(text[i:])
		out.WriteString(cyrillic[letter])
		i += n
	}
	return out.String(), found
}

// The initials and finals of Chinese syllables in Cyrillic (the system of
// Palladius, 1888), longest first, and how Hanyu Pinyin spells each, with ch, sh, ts
// for q, x, c. Before front finals j, ch, sh stand for z, ts, s.
var (
	palladiusInitials = [...]respelling{
		{"чж", "zh", anywhere}, {"цз", "z", anywhere}, {"б", "b", anywhere}, {"п", "p", anywhere}, {"м", "m", anywhere}, {"ф", "f", anywhere},
		{"д", "d", anywhere}, {"т", "t", anywhere}, {"н", "n", anywhere}, {"л", "l", anywhere}, {"г", "g", anywhere}, {"к", "k", anywhere},
		{"х", "h", anywhere}, {"ц", "ts", anywhere}, {"с", "s", anywhere}, {"ч", "ch", anywhere}, {"ш", "sh", anywhere}, {"ж", "r", anywhere},
	}
	palladiusFinals = [...]respelling{
		{"юань", "yuan", beforeFront}, {"уань", "uan", anywhere}, {"янь", "ian", beforeFront}, {"яо", "iao", beforeFront}, {"ян", "iang", beforeFront},
		{"уан", "uang", anywhere}, {"уай", "uai", anywhere}, {"уэй", "ui", anywhere}, {"уй", "ui", anywhere}, {"юнь", "un", beforeFront}, {"юэ", "ue", beforeFront},
		{"юй", "u", beforeFront}, {"юн", "iong", beforeFront}, {"ань", "an", anywhere}, {"энь", "en", anywhere}, {"инь", "in", beforeFront},
		{"унь", "un", anywhere}, {"ан", "ang", anywhere}, {"эн", "eng", anywhere}, {"ин", "ing", beforeFront}, {"ун", "ong", anywhere}, {"ай", "ai", anywhere},
		{"ао", "ao", anywhere}, {"эй", "ei", anywhere}, {"оу", "ou", anywhere}, {"уа", "ua", anywhere}, {"уо", "uo", anywhere}, {"эр", "er", anywhere},
		{"а", "a", anywhere}, {"о", "uo", anywhere}, {"э", "e", anywhere}, {"ы", "i", anywhere}, {"я", "ia", beforeFront}, {"е", "ie", beforeFront},
		{"ю", "iu", beforeFront}, {"и", "i", beforeFront}, {"у", "u", anywhere},
	}
	// Syllables that begin with a vowel, or with в for w, and those that Pinyin
	// spells in a way of their own.
	palladiusWhole = [...]respelling{
		{"юань", "yuan", anywhere}, {"янь", "yan", anywhere}, {"яо", "yao", anywhere}, {"ян", "yang", anywhere}, {"юнь", "yun", anywhere}, {"юэ", "yue", anywhere},
		{"юй", "yu", anywhere}, {"юн", "yong", anywhere}, {"инь", "yin", anywhere}, {"ин", "ying", anywhere}, {"я", "ya", anywhere}, {"е", "ye", anywhere},
		{"ю", "you", anywhere}, {"и", "yi", anywhere}, {"вэнь", "wen", anywhere}, {"вэн", "weng", anywhere}, {"вэй", "wei", anywhere}, {"вань", "wan", anywhere},
		{"ван", "wang", anywhere}, {"вай", "wai", anywhere}, {"ва", "wa", anywhere}, {"во", "wo", anywhere}, {"у", "wu", anywhere}, {"хуэй", "hui", anywhere},
		{"чжи", "zhi", anywhere}, {"чи", "chi", anywhere}, {"ши", "shi", anywhere}, {"жи", "ri", anywhere}, {"бо", "bo", anywhere}, {"по", "po", anywhere},
		{"мо", "mo", anywhere}, {"фо", "fo", anywhere}, {"ань", "an", anywhere}, {"ан", "ang", anywhere}, {"ай", "ai", anywhere}, {"ао", "ao", anywhere},
		{"эр", "er", anywhere}, {"э", "e", anywhere}, {"оу", "ou", anywhere}, {"а", "a", anywhere},
	}
)

// palladiusMarks are spellings that Chinese names in Cyrillic have and others
// hardly ever do.
var palladiusMarks = [...]string{"чж", "цз", "ань", "энь", "инь", "унь", "юнь", "янь", "ян", "юй", "юн", "сяо", "цю", "хуэй", "сю", "ся", "яо", "эн", "вэй", "уан"}

// maxPalladius is the most syllables that a Chinese name has in one word: two of
// the surname and two of the given name.
const maxPalladius = 4

// palladius reads a word as Chinese, where it is made of syllables of Chinese
// and one of them is written as hardly any other name is.
func palladius(word []rune) (string, bool) {
	text := string(word)
	marked := false
	for _, mark := range palladiusMarks {
		marked = marked || strings.Contains(text, mark)
	}
	if !marked {
		return "", false
	}
	return palladiusFrom(text, maxPalladius)
}

// palladiusFrom reads text as so many syllables at most: the first way to cut
// it that uses all its letters, long syllables first.
func palladiusFrom(text string, most int) (string, bool) {
	if text == "" {
		return "", true
	}
	if most == 0 {
		return "", false
	}
	then := func(latin, rest string) (string, bool) {
		tail, ok := palladiusFrom(strings.TrimPrefix(rest, "ъ"), most-1)
		return latin + tail, ok
	}
	for _, s := range palladiusWhole {
		if rest, ok := strings.CutPrefix(text, s.from); ok {
			if latin, ok := then(s.to, rest); ok {
				return latin, true
			}
		}
	}
	for _, initial := range palladiusInitials {
		after, ok := strings.CutPrefix(text, initial.from)
		if !ok {
			continue
		}
		for _, final := range palladiusFinals {
			rest, ok := strings.CutPrefix(after, final.from)
			if !ok {
				continue
			}
			letter := initial.to
			if final.place == beforeFront {
				letter = palatal(letter)
			}
			if latin, ok := then(letter+final.to, rest); ok {
				return latin, true
			}
		}
	}
	return "", false
}

// palatal is what an initial sounds like before a front final.
func palatal(initial string) string {
	switch initial {
	case "z":
		return "j"
	case "ts":
		return "ch"
	case "s":
		return "sh"
	}
	return initial
}

// englishVowels are the vowels of English names as Cyrillic writes them by their
// sound, and how English spells them.
var englishVowels = [...]respelling{
	{"эй", "a", anywhere}, {"ей", "a", anywhere}, {"ай", "i", anywhere}, {"оу", "o", anywhere}, {"ау", "ou", anywhere},
	{"уа", "wa", anywhere}, {"уэ", "we", anywhere}, {"уи", "wi", anywhere}, {"уо", "wo", anywhere},
}

// englishCyrillic reads a word as an English name written by its sound, where
// one of its vowels is English.
func englishCyrillic(word []rune) (string, bool) {
	text := string(word)
	found := false
	var out strings.Builder
next:
	for i := 0; i < len(text); {
		for _, v := range englishVowels {
			// At the end, й is spelt as well: Sidney, Murray.
			if rest, ok := strings.CutPrefix(text[i:], v.from); ok && (rest != "" || !strings.HasSuffix(v.from, "й")) {
				out.WriteString(v.to)
				i += len(v.from)
				found = true
				continue next
			}
		}
		letter, n := firstRune(text[i:])
		i += n
		switch letter {
		case 'х':
			out.WriteString("h")
		case 'ю':
			out.WriteString("u")
		default:
			out.WriteString(spellCyrillic([]rune{letter}, nil))
		}
	}
	return out.String(), found
}
