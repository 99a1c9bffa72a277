package names

import "strings"

// arabicLetters gives the consonants of the Arabic script and of the languages
// that write in it (BGN/PCGN for Arabic, Persian, Urdu and Pashto without their
// marks). و, ي, ا and ه, which are vowels or consonants by their place, are read
// in readArabic.
var arabicLetters = map[rune]string{
	'ب': "b", 'ت': "t", 'ث': "th", 'ج': "j", 'ح': "h", 'خ': "kh", 'د': "d", 'ذ': "dh", 'ر': "r", 'ز': "z",
	'س': "s", 'ش': "sh", 'ص': "s", 'ض': "d", 'ط': "t", 'ظ': "z", 'غ': "gh", 'ف': "f", 'ق': "q", 'ك': "k",
	'ل': "l", 'م': "m", 'ن': "n",
	'پ': "p", 'چ': "ch", 'ژ': "zh", 'گ': "g", 'ک': "k", // Persian
	'ٹ': "t", 'ڈ': "d", 'ڑ': "r", 'ں': "n", 'ھ': "h", // Urdu
	'ټ': "t", 'ډ': "d", 'ړ': "r", 'ږ': "zh", 'ښ': "sh", 'ڼ': "n", 'ځ': "dz", 'څ': "ts", 'ګ': "g", // Pashto
	'ڕ': "r", 'ڵ': "l", 'ڤ': "v", 'ڥ': "v", 'ڨ': "g", 'ڭ': "ng", 'ڠ': "ng", 'ݢ': "g", 'ڽ': "ny", 'ۋ': "w", // Kurdish, Maghreb, Uyghur, Malay
	'ٺ': "t", 'ٻ': "b", 'ڀ': "b", 'ٽ': "t", 'ٿ': "t", 'ڄ': "j", 'ڃ': "ny", 'ڇ': "ch", 'ڌ': "d", 'ڊ': "d", 'ڍ': "d", 'ڪ': "k", 'ڳ': "g", 'ڱ': "ng", 'ڻ': "n", 'ڦ': "p", // Sindhi
	'ݣ': "ng", 'ۀ': "e", 'ۃ': "a", 'ۏ': "w",
}

// readArabic reads a word in Arabic letters. Short vowels are not written, so
// that its readings are to be compared by their consonants.
func readArabic(word []rune) ([]Form, Flags) {
	plain := spellArabic(word, nil)
	forms := []Form{{Latin: plain, Rule: "Arabic, short vowels unwritten"}}
	if name, ok := vocalised[plain]; ok {
		forms = append([]Form{{Latin: name, Rule: "Arabic, customary vowels"}}, forms...)
	}
	text := string(word)
	if text == "الله" {
		return []Form{{Latin: "allah", Rule: "Arabic, customary vowels"}}, VowelsUnwritten | BVUnreliable
	}
	if strings.ContainsRune(text, 'ج') {
		forms = append(forms, Form{Latin: spellArabic(word, map[rune]string{'ج': "g"}), Rule: "Arabic, ج as g"})
	}
	if strings.ContainsAny(text, "وۋ") {
		forms = append(forms, Form{Latin: spellArabic(word, map[rune]string{'و': "v"}), Rule: "Arabic, و as v"})
	}
	return forms, VowelsUnwritten | BVUnreliable
}

// spellArabic writes a word letter by letter; own reads some letters otherwise.
func spellArabic(word []rune, own map[rune]string) string {
	var out strings.Builder
	last := ""
	write := func(s string) {
		if apart(last, s) {
			out.WriteByte('a') // a doubled consonant is written once: between two there is a vowel
		}
		out.WriteString(s)
		if s != "" {
			last = s
		}
	}
	after := func(i int) rune {
		for i++; i < len(word); i++ {
			if !harakat(word[i]) {
				return word[i]
			}
		}
		return 0
	}
	for i, r := range word {
		if s, ok := own[r]; ok && (r != 'و' || i == 0 || arabicGlide(last, after(i))) {
			write(s)
			continue
		}
		switch r {
		case 'ا', 'أ', 'إ', 'آ', 'ٱ', 'ٵ':
			if next := after(i); out.Len() == 0 && (next == 'و' || next == 'ي' || next == 'ی') && r != 'آ' {
				continue // او, اي at the start: one long vowel
			}
			if r == 'إ' {
				write("i")
			} else if last != "a" {
				write("a")
			}
		case 'ى', 'ة':
			write("a")
		case 'ە':
			write("e")
		case 'ه', 'ہ', 'ۂ':
			if after(i) == 0 && last != "" && !vowel(last[0]) {
				write("e") // the final e of Persian and Urdu: Fatemeh
			}
			write("h")
		case 'و', 'ؤ':
			if arabicGlide(last, after(i)) || i == 0 {
				write("w")
			} else {
				write("u")
			}
		case 'ۆ', 'ۇ', 'ۈ', 'ۉ':
			write("u")
		case 'ي', 'ی', 'ئ', 'ې', 'ێ', 'ے', 'ۍ', 'ۓ':
			if r == 'ئ' && (after(i) == 0 || arabicVowel(after(i))) {
				continue
			}
			if arabicGlide(last, after(i)) || i == 0 {
				write("y")
			} else {
				write("i")
			}
		case '\u064b', '\u064e': // fathatan, fatha
			if next := after(i); next != 'ا' {
				write("a")
			}
		case '\u064c', '\u064f':
			if after(i) != 'و' {
				write("u")
			}
		case '\u064d', '\u0650':
			if after(i) != 'ي' {
				write("i")
			}
		case '\u0670':
			write("a")
		default:
			write(arabicLetters[r])
		}
	}
	return out.String()
}

// apart says that two neighbouring consonants, of a script that leaves vowels
// out, have one between them.
func apart(a, b string) bool {
	if a == "" || b == "" || vowel(a[0]) || vowel(b[0]) {
		return false
	}
	return a == b || a == "l" && b == "r"
}

// arabicGlide says that و or ي is a consonant here: before a long vowel.
func arabicGlide(last string, next rune) bool {
	return next == 'ا' || next == 'ى' || next == 'ة' || next == 'آ' || (next == 'و' || next == 'ي' || next == 'ی') && last != ""
}

func arabicVowel(r rune) bool { return r == 'ا' || r == 'و' || r == 'ي' || r == 'ی' }

func harakat(r rune) bool { return r >= '\u064b' && r <= '\u0655' || r == '\u0670' }

// articleCuts gives the places to cut a word at: after عبد and after the article
// ال, where enough is left for a name.
func articleCuts(word []rune) []int {
	var cuts []int
	from := 0
	if len(word) >= 7 && word[0] == 'ع' && word[1] == 'ب' && word[2] == 'د' && word[3] == 'ا' && word[4] == 'ل' && string(word[3:]) != "الله" {
		from = 3
		cuts = append(cuts, from)
	}
	if len(word)-from >= 5 && word[from] == 'ا' && word[from+1] == 'ل' && string(word[from:]) != "الله" {
		cuts = append(cuts, from+2)
	}
	if len(cuts) == 1 && cuts[0] == 3 {
		return nil
	}
	return cuts
}

// vocalised gives the vowels that are customary in the commonest names, which
// the script leaves out: consonants as spellArabic writes them -> reading.
var vocalised = map[string]string{
	"mhmd": "muhammad", "ahmd": "ahmad", "mhmud": "mahmud", "hsn": "hasan", "hsin": "husayn", "hsyn": "husayn", "aly": "ali", "li": "ali",
	"mr": "umar", "bd": "abd", "khald": "khalid", "ibrahim": "ibrahim", "abrahim": "ibrahim", "msta": "mustafa", "mstfa": "mustafa",
	"rhmn": "rahman", "krim": "karim", "hmd": "hamad", "hamd": "hamid",
	"sid": "said", "syd": "sayyid", "slim": "salim", "salm": "salim", "slman": "salman", "sliman": "sulayman", "fysl": "faysal", "fisl": "faysal", "ysf": "yusuf", "yusf": "yusuf",
	"nsr": "nasr", "nasr": "nasir", "tarq": "tariq", "jml": "jamal", "jmal": "jamal", "kml": "kamal", "kmal": "kamal", "qasm": "qasim", "kazm": "kazim",
	"tha": "taha", "yhya": "yahya", "ysa": "isa", "isa": "isa", "musa": "musa", "mhdi": "mahdi", "mjid": "majid", "rshid": "rashid", "rashd": "rashid", "rza": "reza", "rda": "rida",
	"fatma": "fatima", "zinb": "zaynab", "mrym": "maryam", "mrim": "maryam", "aisha": "aisha", "aysha": "aisha", "hsna": "hasna", "klthum": "kulthum", "zhra": "zahra", "lyla": "layla", "lila": "layla",
	"bkr": "bakr", "thman": "uthman", "jfr": "jafar", "sdq": "sadiq", "sadq": "sadiq", "hydr": "haydar", "hidr": "haydar", "bas": "abbas", "nur": "nur", "din": "din", "aldin": "aldin",
	"zyz": "aziz", "ziz": "aziz", "lltif": "latif", "ltif": "latif", "qadr": "qadir", "rhim": "rahim", "hkim": "hakim", "hakm": "hakim", "jbar": "jabbar", "ghfar": "ghaffar", "mlk": "malik", "malk": "malik",
	"amr": "amir", "amir": "amir", "anur": "anwar", "akrm": "akram", "ashrf": "ashraf", "asad": "asad", "asd": "asad", "badr": "badr", "bdr": "badr", "wlid": "walid", "wald": "walid", "hani": "hani", "sami": "sami", "smir": "samir", "shrif": "sharif",
	"mnsur": "mansur", "msud": "masud", "mbark": "mubarak", "mahr": "mahir", "mrad": "murad", "nbil": "nabil", "ndr": "nadir", "nadr": "nadir", "riad": "riyad", "ryad": "riyad", "sad": "saad", "sd": "saad", "hsm": "husam", "hsam": "husam",
}
