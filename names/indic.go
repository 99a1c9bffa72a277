package names

import "strings"

// The Brahmic scripts of India share one order of letters (ISCII), so that the
// place of a letter in its block says what it is. Names are read in the spelling
// of Hunter, as the Survey of India and passports have it: no marks, sh for both
// ś and ṣ, ch for c.
var brahmicLetters = [0x80]string{
	0x05: "a", 0x06: "a", 0x07: "i", 0x08: "i", 0x09: "u", 0x0A: "u", 0x0B: "ri", 0x0C: "l", 0x0D: "e", 0x0E: "e", 0x0F: "e", 0x10: "ai",
	0x11: "o", 0x12: "o", 0x13: "o", 0x14: "au",
	0x15: "k", 0x16: "kh", 0x17: "g", 0x18: "gh", 0x19: "n", 0x1A: "ch", 0x1B: "ch", 0x1C: "j", 0x1D: "j", 0x1E: "n",
	0x1F: "t", 0x20: "th", 0x21: "d", 0x22: "dh", 0x23: "n", 0x24: "t", 0x25: "th", 0x26: "d", 0x27: "dh", 0x28: "n", 0x29: "n",
	0x2A: "p", 0x2B: "ph", 0x2C: "b", 0x2D: "bh", 0x2E: "m", 0x2F: "y", 0x30: "r", 0x31: "r", 0x32: "l", 0x33: "l", 0x34: "zh", 0x35: "v",
	0x36: "sh", 0x37: "sh", 0x38: "s", 0x39: "h",
	0x58: "q", 0x59: "kh", 0x5A: "gh", 0x5B: "z", 0x5C: "r", 0x5D: "rh", 0x5E: "f", 0x5F: "y", 0x60: "ri",
	0x70: "r", 0x71: "v", // Assamese
}

var brahmicSigns = [0x80]string{
	0x3E: "a", 0x3F: "i", 0x40: "i", 0x41: "u", 0x42: "u", 0x43: "ri", 0x44: "ri", 0x45: "e", 0x46: "e", 0x47: "e", 0x48: "ai", 0x49: "o",
	0x4A: "o", 0x4B: "o", 0x4C: "au", 0x55: "", 0x56: "ai", 0x57: "au",
}

const (
	brahmicCandrabindu = 0x01
	brahmicAnusvara    = 0x02
	brahmicVisarga     = 0x03
	brahmicNukta       = 0x3C
	brahmicVirama      = 0x4D
	gurmukhiTippi      = 0x70
	gurmukhiAddak      = 0x71
)

// akshara is a letter of a Brahmic word: a consonant with its vowel, or a vowel.
type akshara struct {
	consonant string // empty for a vowel
	vowel     string
	inherent  bool // the vowel is the a that is not written
	nasal     bool
}

// readBrahmic reads a word of an Indian script: with the inherent a where it is
// spoken (dropped at the end and between consonants that do not need it, as
// modern northern languages do), then with every a written out.
func readBrahmic(word []rune, script Script) ([]Form, Flags) {
	letters := aksharas(word, script)
	var full strings.Builder
	for _, l := range letters {
		full.WriteString(l.String())
	}
	spoken := spokenBrahmic(letters)
	rule := string(script)
	switch script {
	case Tamil, Telugu, Kannada, Malayalam, Sinhala:
		// The languages of the south speak the a.
		flags := Flags(0)
		forms := []Form{{Latin: full.String(), Rule: rule + ", inherent vowels written"}}
		if script == Tamil {
			flags = VoicingUnreliable
			forms = append(forms, Form{Latin: voicedTamil(full.String()), Rule: rule + ", voiced between vowels"})
		}
		return append(forms, Form{Latin: spoken, Rule: rule + ", final a dropped"}), flags
	case Bengali, Oriya:
		return []Form{
			{Latin: spoken, Rule: rule + ", silent a dropped"},
			{Latin: strings.ReplaceAll(spoken, "v", "b"), Rule: rule + ", v as b"},
			{Latin: full.String(), Rule: rule + ", inherent vowels written"},
		}, BVUnreliable
	}
	return []Form{
		{Latin: spoken, Rule: rule + ", silent a dropped"},
		{Latin: full.String(), Rule: rule + ", inherent vowels written"},
	}, 0
}

// String is the letter with its vowel.
func (l akshara) String() string {
	s := l.consonant + l.vowel
	if l.nasal {
		s += "n"
	}
	return s
}

// spokenBrahmic drops the inherent a at the end of a word of two letters or
// more, and, from the end, between a vowel and a consonant that has its own.
func spokenBrahmic(letters []akshara) string {
	spoken := append([]akshara(nil), letters...)
	for i := len(spoken) - 1; i > 0; i-- {
		l := &spoken[i]
		if !l.inherent || l.nasal || l.vowel == "" {
			continue
		}
		last := i == len(spoken)-1
		if last && spoken[i-1].vowel != "" {
			l.vowel = ""
			continue
		}
		if !last && spoken[i-1].vowel != "" && spoken[i+1].consonant != "" && spoken[i+1].vowel != "" {
			l.vowel = ""
		}
	}
	var out strings.Builder
	for _, l := range spoken {
		out.WriteString(l.String())
	}
	return out.String()
}

// aksharas takes a word apart.
func aksharas(word []rune, script Script) []akshara {
	var out []akshara
	last := func() *akshara {
		if len(out) == 0 {
			out = append(out, akshara{})
		}
		return &out[len(out)-1]
	}
	for _, r := range word {
		place := int(r) & 0x7F
		if script == Sinhala {
			sinhala(r, &out)
			continue
		}
		if script == Malayalam && r >= 0x0D7A && r <= 0x0D7F { // chillu: a consonant without a vowel
			out = append(out, akshara{consonant: [...]string{"n", "n", "r", "l", "l", "k"}[r-0x0D7A]})
			continue
		}
		if script == Bengali && r == 'ৎ' {
			out = append(out, akshara{consonant: "t"})
			continue
		}
		switch {
		case place == brahmicVirama:
			last().vowel, last().inherent = "", false
		case place == brahmicNukta:
			if c, ok := brahmicDotted[last().consonant]; ok {
				last().consonant = c
			}
		case place == brahmicCandrabindu, place == brahmicAnusvara, script == Gurmukhi && place == gurmukhiTippi:
			last().nasal, last().inherent = true, false
		case place == brahmicVisarga, script == Gurmukhi && place == gurmukhiAddak:
		case brahmicSigns[place] != "":
			last().vowel, last().inherent = brahmicSigns[place], false
		case place >= 0x05 && place <= 0x14:
			out = append(out, akshara{vowel: brahmicLetters[place]})
		case brahmicLetters[place] != "":
			c := brahmicLetters[place]
			if script == Tamil {
				if t, ok := tamilLetters[place]; ok {
					c = t
				}
			}
			out = append(out, akshara{consonant: c, vowel: "a", inherent: true})
		}
	}
	return out
}

// brahmicDotted are consonants with a nukta.
var brahmicDotted = map[string]string{"k": "q", "kh": "kh", "g": "gh", "j": "z", "d": "r", "dh": "rh", "ph": "f", "y": "y", "b": "b", "s": "sh", "l": "l"}

// tamilLetters are read otherwise in Tamil, which writes no voicing.
var tamilLetters = map[int]string{0x1A: "s", 0x34: "zh", 0x31: "r", 0x29: "n"}

// voicedTamil reads the stops of Tamil between vowels as voiced.
func voicedTamil(latin string) string {
	voiced := map[byte]byte{'k': 'g', 't': 'd', 'p': 'b'}
	out := []byte(latin)
	for i := 1; i+1 < len(out); i++ {
		if v, ok := voiced[out[i]]; ok && (vowel(out[i-1]) || out[i-1] == 'n' || out[i-1] == 'm') && vowel(out[i+1]) {
			out[i] = v
		}
	}
	return string(out)
}

var sinhalaLetters = map[rune]string{
	'අ': "a", 'ආ': "a", 'ඇ': "a", 'ඈ': "a", 'ඉ': "i", 'ඊ': "i", 'උ': "u", 'ඌ': "u", 'එ': "e", 'ඒ': "e", 'ඓ': "ai", 'ඔ': "o", 'ඕ': "o", 'ඖ': "au",
	'ක': "k", 'ඛ': "kh", 'ග': "g", 'ඝ': "gh", 'ඞ': "n", 'ඟ': "ng", 'ච': "ch", 'ඡ': "ch", 'ජ': "j", 'ඣ': "j", 'ඤ': "n", 'ඥ': "gn", 'ට': "t", 'ඨ': "t",
	'ඩ': "d", 'ඪ': "d", 'ණ': "n", 'ඬ': "nd", 'ත': "th", 'ථ': "th", 'ද': "d", 'ධ': "dh", 'න': "n", 'ඳ': "nd", 'ප': "p", 'ඵ': "ph", 'බ': "b", 'භ': "bh",
	'ම': "m", 'ඹ': "mb", 'ය': "y", 'ර': "r", 'ල': "l", 'ව': "w", 'ශ': "sh", 'ෂ': "sh", 'ස': "s", 'හ': "h", 'ළ': "l", 'ෆ': "f",
}

var sinhalaSigns = map[rune]string{
	'ා': "a", 'ැ': "a", 'ෑ': "a", 'ි': "i", 'ී': "i", 'ු': "u", 'ූ': "u", 'ෘ': "ru", 'ෙ': "e", 'ේ': "e", 'ෛ': "ai", 'ො': "o", 'ෝ': "o", 'ෞ': "au",
}

// sinhala reads one letter of Sinhala, whose block has an order of its own.
func sinhala(r rune, out *[]akshara) {
	if s, ok := sinhalaSigns[r]; ok && len(*out) > 0 {
		(*out)[len(*out)-1].vowel, (*out)[len(*out)-1].inherent = s, false
		return
	}
	switch {
	case r == '්' && len(*out) > 0:
		(*out)[len(*out)-1].vowel, (*out)[len(*out)-1].inherent = "", false
	case r == 'ං' && len(*out) > 0:
		(*out)[len(*out)-1].nasal = true
	default:
		if s := sinhalaLetters[r]; s != "" {
			if vowel(s[0]) {
				*out = append(*out, akshara{vowel: s})
			} else {
				*out = append(*out, akshara{consonant: s, vowel: "a", inherent: true})
			}
		}
	}
}
