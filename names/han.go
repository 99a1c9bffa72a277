package names

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// syllableOf gives a character's commonest reading in Hanyu Pinyin without its
// tone, "" where it has none. ü is written u.
func syllableOf(r rune) string {
	readings, ok := pinyin.PinyinDict[int(r)]
	if !ok {
		return ""
	}
	var room [8]byte
	out := room[:0]
	for _, letter := range readings {
		if letter == ',' || len(out) == len(room) {
			break
		}
		out = append(out, toneless(letter))
	}
	return string(out)
}

// toneless takes the tone off a letter of Pinyin.
func toneless(r rune) byte {
	switch r {
	case 'ā', 'á', 'ǎ', 'à':
		return 'a'
	case 'ē', 'é', 'ě', 'è', 'ê', 'ế', 'ề':
		return 'e'
	case 'ī', 'í', 'ǐ', 'ì':
		return 'i'
	case 'ō', 'ó', 'ǒ', 'ò':
		return 'o'
	case 'ū', 'ú', 'ǔ', 'ù', 'ü', 'ǖ', 'ǘ', 'ǚ', 'ǜ':
		return 'u'
	case 'ń', 'ň', 'ǹ':
		return 'n'
	case 'ḿ':
		return 'm'
	}
	if 'a' <= r && r <= 'z' {
		return byte(r)
	}
	return 'e'
}

// hanSurname finds the surname at the start of a name in Han characters written
// together: one character or two, with one or two after it.
func hanSurname(word []rune) (n int, ok bool) {
	switch {
	case len(word) >= 3 && len(word) <= 4 && hanCompound[string(word[:2])]:
		return 2, true
	case (len(word) == 2 || len(word) == 3) && strings.ContainsRune(hanSingle, word[0]):
		return 1, true
	}
	return 0, false
}

// readHan reads a word in Han characters: in Mandarin, Cantonese and Wade-Giles,
// in Japanese where its characters are common in names there, and, unless it is
// a surname or a short given name, as the transcription of a foreign name.
func readHan(word []rune, part Part, h Hint) ([]Form, Flags) {
	flags := LRUnreliable | VoicingUnreliable
	mandarin, japanese := pinyinForm(word), kanjiForms(word, part)
	if japaneseHint(h) && len(japanese) > 0 {
		return append(japanese, mandarin), flags | BVUnreliable | Syllabic
	}
	forms := []Form{mandarin}
	if part == PartFamily {
		for _, s := range strings.Fields(hanDialects[string(word)]) {
			forms = append(forms, Form{Latin: s, Rule: "Han surname, spelt in a southern tongue or abroad"})
		}
		if len(japanese) > 0 {
			forms = append(forms[:min(len(forms), MaxForms-1)], japanese[0])
		}
		return append(forms, wadeGilesForm(word)), flags | Syllabic
	}
	if cantonese, ok := cantoneseForm(word); ok {
		forms = append(forms, cantonese)
	}
	forms = append(forms, wadeGilesForm(word))
	if part == PartGiven && len(word) <= 3 {
		if len(japanese) > 0 {
			forms = append(forms[:min(len(forms), MaxForms-1)], japanese[0])
		}
		return forms, flags | Syllabic
	}
	foreign := Form{Latin: spellForeignHan(word), Rule: "Han, transcription characters"}
	flags |= BVUnreliable | Epenthetic
	switch {
	case len(japanese) > 0:
		forms = append(japanese[:1], forms[0], foreign, forms[len(forms)-1])
		if kanjiNames[string(word)] == "" {
			forms[0], forms[1] = forms[1], forms[0]
		}
	case len(word) <= 2:
		forms = append(forms[:min(len(forms), MaxForms-1)], foreign)
	default:
		forms = append([]Form{foreign}, forms...)
	}
	return forms, flags
}

func pinyinForm(word []rune) Form {
	var latin, sounds strings.Builder
	for _, r := range word {
		s := syllableOf(r)
		latin.WriteString(s)
		sounds.WriteString(pinyinSounds(s))
	}
	return Form{Latin: latin.String(), Sounds: Sounds(sounds.String()), Rule: "Han, Hanyu Pinyin"}
}

// pinyinSounds respells a syllable of Pinyin the way Sounds reads letters.
func pinyinSounds(s string) string {
	switch {
	case strings.HasPrefix(s, "q"):
		return "ch" + s[1:]
	case strings.HasPrefix(s, "x"):
		return "sh" + s[1:]
	case strings.HasPrefix(s, "c") && !strings.HasPrefix(s, "ch"):
		return "ts" + s[1:]
	}
	return s
}

// initial cuts a syllable of Pinyin into initial and final.
func initial(s string) (string, string) {
	for i := 0; i < len(s); i++ {
		if vowel(s[i]) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

var wadeInitials = map[string]string{
	"b": "p", "d": "t", "g": "k", "j": "ch", "q": "ch", "zh": "ch", "z": "ts", "c": "ts", "x": "hs", "r": "j",
}

// wadeGilesForm spells the word in Wade-Giles without its apostrophes and marks.
func wadeGilesForm(word []rune) Form {
	var latin strings.Builder
	for _, r := range word {
		i, f := initial(syllableOf(r))
		switch {
		case (i == "zh" || i == "ch" || i == "sh" || i == "r") && f == "i":
			f = "ih"
		case (i == "z" || i == "c" || i == "s") && f == "i":
			f = "u"
			if i == "s" {
				i = "ss"
			}
		case f == "ong":
			f = "ung"
		case f == "ian":
			f = "ien"
		case i == "y" && f == "an":
			f = "en"
		case i == "y" && f == "ou":
			f = "u"
		case f == "e" && (i == "g" || i == "k" || i == "h"):
			f = "o"
		case f == "uo" && i != "g" && i != "k" && i != "h" && i != "sh":
			f = "o"
		case f == "ie", f == "ue":
			f += "h"
		}
		if w, ok := wadeInitials[i]; ok {
			i = w
		}
		latin.WriteString(i + f)
	}
	return Form{Latin: latin.String(), Rule: "Han, Wade-Giles"}
}

// cantoneseForm spells the word as names are in Hong Kong; ok is false unless
// every character is in the table.
func cantoneseForm(word []rune) (Form, bool) {
	var latin strings.Builder
	for _, r := range word {
		s, ok := cantonese[r]
		if !ok {
			return Form{}, false
		}
		latin.WriteString(s)
	}
	return Form{Latin: latin.String(), Rule: "Han, Cantonese as in Hong Kong"}, true
}

// spellForeignHan reads the characters that are used for foreign names as what
// they stand for (after the transcription tables of the Xinhua agency), and
// others by their sound.
func spellForeignHan(word []rune) string {
	var out strings.Builder
	for _, r := range word {
		s, ok := transcription[r]
		if !ok {
			s = foreignSyllable(syllableOf(r))
		}
		out.WriteString(s)
	}
	return out.String()
}

var foreignInitials = map[string]string{"q": "ch", "x": "sh", "c": "ts", "j": "j"}

var foreignFinals = map[string]string{
	"ao": "o", "uo": "o", "ou": "o", "iao": "io", "ang": "an", "eng": "en", "ong": "on", "iang": "ian", "ing": "in", "uang": "wan", "ua": "wa",
	"ei": "e", "ie": "ie", "ian": "en", "uan": "an", "iu": "iu", "ui": "ui", "un": "un", "ue": "ue",
}

func foreignSyllable(s string) string {
	i, f := initial(s)
	if w, ok := foreignInitials[i]; ok {
		i = w
	}
	if w, ok := foreignFinals[f]; ok {
		f = w
	}
	return i + f
}
