package names

import "strings"

// The letters of a Hangul syllable in the order of Unicode (section 3.12), in
// Revised Romanization (2000).
var (
	hangulLeads  = [...]string{"g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"}
	hangulVowels = [...]string{"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"}
	hangulTails  = [...]string{"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"}
	// hangulLiaison is a tail before a syllable that begins with a vowel.
	hangulLiaison = [...]string{"", "g", "kk", "ks", "n", "nj", "n", "d", "r", "lg", "lm", "lb", "ls", "lt", "lp", "r", "m", "b", "ps", "s", "ss", "ng", "j", "ch", "k", "t", "p", ""}

	// McCune-Reischauer's initials, and vowels without marks; spelling habit for
	// names (the roster of most Korean passports) in the vowels.
	hangulLeadsMR   = [...]string{"k", "kk", "n", "t", "tt", "r", "m", "p", "pp", "s", "ss", "", "ch", "tch", "ch", "k", "t", "p", "h"}
	hangulVowelsMR  = [...]string{"a", "ae", "ya", "yae", "o", "e", "yo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "u", "ui", "i"}
	hangulVowelsUse = [...]string{"a", "ae", "ya", "yae", "u", "e", "you", "ye", "o", "wa", "wae", "oe", "yo", "oo", "won", "we", "wi", "yu", "u", "hee", "ee"}
)

// hangulSurnames gives the customary spellings of surnames, commonest first.
var hangulSurnames = map[string][]string{
	"김": {"kim", "gim"}, "이": {"lee", "yi", "rhee", "ri"}, "리": {"ri", "lee", "rhee"}, "박": {"park", "pak", "bak"}, "최": {"choi", "choe"},
	"정": {"jung", "jeong", "chung", "chong"}, "강": {"kang", "gang"}, "조": {"cho", "jo"}, "윤": {"yoon", "yun"}, "장": {"jang", "chang"},
	"임": {"lim", "im", "yim", "rim"}, "림": {"rim", "lim"}, "한": {"han"}, "오": {"oh", "o"}, "서": {"seo", "suh", "so"}, "신": {"shin", "sin"},
	"권": {"kwon", "gwon"}, "황": {"hwang"}, "안": {"ahn", "an"}, "송": {"song"}, "전": {"jeon", "chun", "jun", "chon"}, "홍": {"hong"},
	"유": {"yoo", "yu", "ryu"}, "류": {"ryu", "yoo", "ryoo"}, "고": {"ko", "go", "koh"}, "문": {"moon", "mun"}, "양": {"yang"}, "량": {"ryang"}, "손": {"son", "sohn"},
	"배": {"bae", "pae"}, "백": {"baek", "paek", "paik"}, "허": {"heo", "huh", "hur", "ho"}, "남": {"nam"}, "심": {"shim", "sim"}, "노": {"roh", "noh", "no"}, "로": {"ro"},
	"하": {"ha"}, "곽": {"kwak", "gwak"}, "성": {"sung", "seong", "song"}, "차": {"cha"}, "주": {"joo", "ju", "chu"}, "우": {"woo", "u", "wu"}, "구": {"koo", "gu", "ku"}, "민": {"min"},
	"진": {"jin", "chin"}, "나": {"na", "ra"}, "라": {"ra"}, "지": {"ji", "chi"}, "엄": {"eom", "um", "uhm"}, "채": {"chae"}, "원": {"won"}, "천": {"cheon", "chun", "chon"}, "방": {"bang", "pang"},
	"공": {"kong", "gong"}, "현": {"hyun", "hyeon", "hyon"}, "함": {"ham"}, "변": {"byun", "byeon"}, "염": {"yeom", "yum"}, "여": {"yeo", "yuh"}, "추": {"choo", "chu"}, "도": {"do", "to"}, "소": {"so"},
	"석": {"seok", "suk"}, "선": {"sun", "seon"}, "설": {"seol", "sul"}, "마": {"ma"}, "길": {"gil", "kil"}, "연": {"yeon"}, "위": {"wi"}, "표": {"pyo"}, "명": {"myung", "myeong"}, "기": {"ki"}, "반": {"ban"}, "왕": {"wang"},
	"금": {"keum", "geum"}, "옥": {"ok"}, "육": {"yuk", "yook"}, "인": {"in"}, "맹": {"maeng"}, "제": {"je"}, "모": {"mo"}, "탁": {"tak"}, "국": {"kook", "guk"}, "어": {"eo"}, "은": {"eun"}, "편": {"pyun"}, "용": {"yong"}, "태": {"tae"}, "현영": nil,
	"남궁": {"namkung", "namgung", "namkoong"}, "황보": {"hwangbo"}, "제갈": {"jegal"}, "선우": {"sunwoo", "seonu"}, "독고": {"dokgo"}, "사공": {"sagong"}, "서문": {"seomun"},
}

// hangulSurname finds the surname at the start of a Korean name written
// together: two to four syllables. ok is false where there is none.
func hangulSurname(word []rune) (surname []rune, ok bool) {
	if len(word) == 4 && hangulSurnames[string(word[:2])] != nil {
		return word[:2], true
	}
	if (len(word) == 2 || len(word) == 3 || len(word) == 4) && hangulSurnames[string(word[:1])] != nil {
		return word[:1], true
	}
	return nil, false
}

// syllables takes a word apart; what is no syllable is left out.
func syllables(word []rune) (out [][3]int) {
	for _, r := range word {
		if r >= 0xAC00 && r <= 0xD7A3 {
			n := int(r - 0xAC00)
			out = append(out, [3]int{n / (21 * 28), n / 28 % 21, n % 28})
		}
	}
	return out
}

// readHangul reads a word in Hangul: as a Korean surname, as Korean in Revised
// Romanization, in spelling habit and McCune-Reischauer, and as the transcription
// of a foreign name, without the vowel eu that breaks up its consonants.
func readHangul(word []rune, part Part) ([]Form, Flags) {
	flags := LRUnreliable | BVUnreliable | VoicingUnreliable
	var forms []Form
	if part == PartFamily {
		for _, s := range hangulSurnames[string(word)] {
			forms = append(forms, Form{Latin: s, Rule: "Hangul surname, customary"})
		}
		if len(forms) > 0 {
			return forms, flags | Syllabic
		}
	}
	s := syllables(word)
	korean := []Form{
		{Latin: spellHangul(s, &hangulLeads, &hangulVowels, true), Rule: "Hangul, Revised Romanization"},
		{Latin: spellHangul(s, &hangulLeads, &hangulVowelsUse, false), Rule: "Hangul, customary vowels"},
		{Latin: spellHangul(s, &hangulLeadsMR, &hangulVowelsMR, false), Rule: "Hangul, McCune-Reischauer"},
	}
	foreign := []Form{
		{Latin: spellForeignHangul(s, false), Rule: "Hangul, inserted vowels dropped"},
		{Latin: spellForeignHangul(s, true), Rule: "Hangul, inserted vowels dropped, p as f"},
	}
	if part != PartUnknown {
		return append(korean, foreign[0]), flags | Syllabic
	}
	if foreign[0].Latin == foreign[1].Latin {
		foreign = foreign[:1]
	}
	return append(foreign, korean[:2]...), flags | Epenthetic
}

func spellHangul(s [][3]int, leads *[19]string, vowels *[21]string, liaison bool) string {
	var out strings.Builder
	for i, syllable := range s {
		lead := leads[syllable[0]]
		if i > 0 && s[i-1][2] == 8 && syllable[0] == 5 {
			lead = "l"
		}
		v := vowels[syllable[1]]
		switch {
		case v == "hee" && lead != "" && lead != "h":
			v = "ui"
		case v == "hee":
			v = "ee"
			if lead == "" {
				v = "eui"
			}
		case v == "won":
			v = "wo"
		}
		out.WriteString(lead)
		out.WriteString(v)
		if i+1 < len(s) && s[i+1][0] == 11 && syllable[2] != 21 && liaison {
			out.WriteString(hangulLiaison[syllable[2]])
		} else {
			out.WriteString(hangulTails[syllable[2]])
		}
	}
	return out.String()
}

// The vowels of foreign names in Hangul (the national rules for loan words, 1986).
var hangulVowelsForeign = [...]string{"a", "e", "ya", "ye", "o", "e", "yo", "ye", "o", "wa", "we", "e", "yo", "u", "wo", "we", "wi", "yu", "", "i", "i"}
var hangulLeadsForeign = [...]string{"g", "k", "n", "d", "t", "r", "m", "b", "p", "s", "s", "", "j", "j", "ch", "k", "t", "p", "h"}
var hangulTailsForeign = [...]string{"", "k", "k", "k", "n", "n", "n", "d", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "j", "ch", "k", "t", "p", "h"}

// spellForeignHangul undoes the rules by which foreign names are written: eu is
// inserted after a consonant without a vowel, i after sh, ch and j at the end;
// ll between vowels is one l; p stands for f too.
func spellForeignHangul(s [][3]int, pAsF bool) string {
	var out strings.Builder
	for i, syllable := range s {
		lead, tail := hangulLeadsForeign[syllable[0]], hangulTailsForeign[syllable[2]]
		if i > 0 && s[i-1][2] == 8 && syllable[0] == 5 {
			lead = "" // ㄹㄹ: the tail has written it
		}
		v := hangulVowelsForeign[syllable[1]]
		if syllable[1] == 18 && lead == "" && tail == "" || syllable[1] == 18 && syllable[0] == 11 {
			v = "u"
		}
		last := i == len(s)-1
		if last && syllable[2] == 0 && syllable[1] == 20 && i > 0 && (lead == "j" || lead == "ch") {
			v = ""
		}
		if syllable[1] == 16 && syllable[0] == 9 || syllable[0] == 9 && syllable[1] == 20 && last && tail == "" && i > 0 {
			lead = "sh"
		}
		if syllable[0] == 9 && (syllable[1] == 2 || syllable[1] == 6 || syllable[1] == 7 || syllable[1] == 12 || syllable[1] == 17 || syllable[1] == 3) {
			lead, v = "sh", strings.TrimPrefix(v, "y")
		}
		if pAsF && lead == "p" {
			lead = "f"
		}
		out.WriteString(lead)
		out.WriteString(v)
		if i+1 < len(s) && s[i+1][0] == 11 && syllable[2] != 21 && syllable[2] != 0 && syllable[2] != 8 {
			tail = hangulLiaison[syllable[2]]
		}
		out.WriteString(tail)
	}
	return out.String()
}
