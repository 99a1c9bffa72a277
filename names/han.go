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
	first, _, _ := strings.Cut(readings, ",")
	var out strings.Builder
	for _, letter := range first {
		out.WriteString(strip(letter))
	}
	return out.String()
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

// kanjiSurname finds a common Japanese surname of two or three characters before
// a given name, where the hint says Japanese or the rest is a known given name.
func kanjiSurname(word []rune, h Hint) (n int, ok bool) {
	for n := min(3, len(word)-1); n >= 1; n-- {
		if kanjiNames[string(word[:n])] != "" && (japaneseHint(h) || kanjiNames[string(word[n:])] != "") {
			return n, true
		}
	}
	return 0, false
}

func japaneseHint(h Hint) bool {
	return h.Script == "Jpan" || len(h.Language) >= 2 && strings.EqualFold(h.Language[:2], "ja")
}

// readHan reads a word in Han characters.
func readHan(word []rune, part Part, h Hint) ([]Form, Flags) {
	var forms []Form
	text := string(word)
	if reading, ok := kanjiNames[text]; ok {
		for _, r := range strings.Fields(reading) {
			forms = append(forms, Form{Latin: r, Rule: "kanji, customary Japanese reading"})
		}
	}
	if japaneseHint(h) && len(forms) > 0 {
		return append(forms, pinyinForm(word)), LRUnreliable | BVUnreliable | Syllabic
	}
	if part == PartFamily {
		forms = append([]Form{pinyinForm(word)}, forms...)
		for _, s := range strings.Fields(hanDialects[text]) {
			forms = append(forms, Form{Latin: s, Rule: "Han surname, spelt in a southern tongue or abroad"})
		}
		return append(forms, wadeGilesForm(word)), LRUnreliable | VoicingUnreliable | Syllabic
	}
	native := []Form{pinyinForm(word), wadeGilesForm(word)}
	if c, ok := cantoneseForm(word); ok {
		native = []Form{native[0], c, native[1]}
	}
	native = append(forms, native...)
	if part == PartGiven && len(word) <= 2 {
		return native, LRUnreliable | VoicingUnreliable | Syllabic
	}
	foreign := Form{Latin: spellForeignHan(word), Rule: "Han, transcription characters"}
	flags := LRUnreliable | BVUnreliable | VoicingUnreliable | Epenthetic
	if len(word) <= 2 {
		return append(native[:min(len(native), MaxForms-1)], foreign), flags
	}
	return append([]Form{foreign}, native...), flags
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
