package names

import "strings"

// kana gives the syllables in modified Hepburn, and those made for foreign
// names (Cabinet notice no. 2 of 1991) as they sound. Katakana; hiragana is
// turned into it first.
var kana = map[string]string{
	"ア": "a", "イ": "i", "ウ": "u", "エ": "e", "オ": "o", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o",
	"カ": "ka", "キ": "ki", "ク": "ku", "ケ": "ke", "コ": "ko", "ガ": "ga", "ギ": "gi", "グ": "gu", "ゲ": "ge", "ゴ": "go",
	"サ": "sa", "シ": "shi", "ス": "su", "セ": "se", "ソ": "so", "ザ": "za", "ジ": "ji", "ズ": "zu", "ゼ": "ze", "ゾ": "zo",
	"タ": "ta", "チ": "chi", "ツ": "tsu", "テ": "te", "ト": "to", "ダ": "da", "ヂ": "ji", "ヅ": "zu", "デ": "de", "ド": "do",
	"ナ": "na", "ニ": "ni", "ヌ": "nu", "ネ": "ne", "ノ": "no", "ハ": "ha", "ヒ": "hi", "フ": "fu", "ヘ": "he", "ホ": "ho",
	"バ": "ba", "ビ": "bi", "ブ": "bu", "ベ": "be", "ボ": "bo", "パ": "pa", "ピ": "pi", "プ": "pu", "ペ": "pe", "ポ": "po",
	"マ": "ma", "ミ": "mi", "ム": "mu", "メ": "me", "モ": "mo", "ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ャ": "ya", "ュ": "yu", "ョ": "yo",
	"ラ": "ra", "リ": "ri", "ル": "ru", "レ": "re", "ロ": "ro", "ワ": "wa", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ン": "n", "ヮ": "wa",
	"ヴ": "vu", "ヷ": "va", "ヸ": "vi", "ヹ": "ve", "ヺ": "vo", "ヵ": "ka", "ヶ": "ke",
	"キャ": "kya", "キュ": "kyu", "キョ": "kyo", "ギャ": "gya", "ギュ": "gyu", "ギョ": "gyo", "シャ": "sha", "シュ": "shu", "ショ": "sho", "シェ": "she",
	"ジャ": "ja", "ジュ": "ju", "ジョ": "jo", "ジェ": "je", "チャ": "cha", "チュ": "chu", "チョ": "cho", "チェ": "che", "ニャ": "nya", "ニュ": "nyu", "ニョ": "nyo",
	"ヒャ": "hya", "ヒュ": "hyu", "ヒョ": "hyo", "ビャ": "bya", "ビュ": "byu", "ビョ": "byo", "ピャ": "pya", "ピュ": "pyu", "ピョ": "pyo", "ミャ": "mya", "ミュ": "myu", "ミョ": "myo", "リャ": "rya", "リュ": "ryu", "リョ": "ryo",
	"ファ": "fa", "フィ": "fi", "フェ": "fe", "フォ": "fo", "フュ": "fyu", "ヴァ": "va", "ヴィ": "vi", "ヴェ": "ve", "ヴォ": "vo", "ヴュ": "vyu",
	"ツァ": "tsa", "ツィ": "tsi", "ツェ": "tse", "ツォ": "tso", "ティ": "ti", "テュ": "tyu", "ディ": "di", "デュ": "dyu", "トゥ": "tu", "ドゥ": "du",
	"ウィ": "wi", "ウェ": "we", "ウォ": "wo", "ウァ": "wa", "クァ": "kwa", "クィ": "kwi", "クェ": "kwe", "クォ": "kwo", "グァ": "gwa", "グィ": "gwi", "グェ": "gwe", "グォ": "gwo",
	"イェ": "ye", "キェ": "kye", "ニェ": "nye", "ヒェ": "hye", "ミェ": "mye", "リェ": "rye", "スィ": "si", "ズィ": "zi", "ビェ": "bye", "ピェ": "pye", "ヂャ": "ja", "ヂュ": "ju", "ヂョ": "jo",
}

// mora is one syllable of a kana word: its reading, and what stood after it.
type mora struct {
	latin  string
	double bool // ッ before it
	long   bool // ー after it
}

func morae(word []rune) []mora {
	var out []mora
	double := false
	for i := 0; i < len(word); i++ {
		r := katakana(word[i])
		switch r {
		case 'ッ':
			double = true
			continue
		case 'ー':
			if len(out) > 0 {
				out[len(out)-1].long = true
			}
			continue
		}
		latin, ok := "", false
		if i+1 < len(word) {
			if latin, ok = kana[string([]rune{r, katakana(word[i+1])})]; ok {
				i++
			}
		}
		if !ok {
			latin, ok = kana[string(r)]
		}
		if ok {
			out = append(out, mora{latin: latin, double: double})
			double = false
		}
	}
	return out
}

func katakana(r rune) rune {
	if r >= 'ぁ' && r <= 'ゖ' {
		return r + ('ァ' - 'ぁ')
	}
	return r
}

// readKana reads a word in kana: in Hepburn, and as a foreign name with the
// vowels taken out that Japanese put in between its consonants (u; o after t and
// d; i after ch and j), once plain and once with r where a long vowel may stand
// for one.
func readKana(word []rune) ([]Form, Flags) {
	m := morae(word)
	var hepburn strings.Builder
	for i, s := range m {
		if s.double && s.latin != "" && !vowel(s.latin[0]) {
			hepburn.WriteString(strings.Replace(s.latin[:1], "c", "t", 1))
		}
		if s.latin == "n" && i+1 < len(m) && strings.ContainsAny(m[i+1].latin[:1], "mbp") {
			hepburn.WriteString("m")
			continue
		}
		hepburn.WriteString(s.latin)
	}
	forms := []Form{
		{Latin: spellForeignKana(m, false), Rule: "kana, inserted vowels dropped"},
		{Latin: hepburn.String(), Rule: "kana, Hepburn"},
		{Latin: spellForeignKana(m, true), Rule: "kana, inserted vowels dropped, long vowel as r"},
	}
	return forms, LRUnreliable | BVUnreliable | Epenthetic
}

func spellForeignKana(m []mora, r bool) string {
	var out strings.Builder
	dropped := false // the mora after lost its vowel
	spelt := make([]string, len(m))
	for i := len(m) - 1; i >= 0; i-- {
		latin := m[i].latin
		before := m[i].long || i+1 < len(m) && (vowel(m[i+1].latin[0]) || m[i+1].latin[0] == 'y')
		cluster := latin == "su" && i+1 < len(m) && strings.ContainsAny(m[i+1].latin[:1], "tpk") // strenj
		if !before && (i > 0 || len(m) > 1 && (!dropped || cluster)) {
			latin = withoutInserted(m[i], i == len(m)-1, dropped && spelt[i+1] != "r")
		}
		dropped = !vowel(latin[len(latin)-1]) && latin != "n"
		spelt[i] = latin
	}
	for i, latin := range spelt {
		if latin[0] == 'r' && i > 0 && spelt[i-1][len(spelt[i-1])-1] == 'r' {
			latin = "l" + latin[1:] // ルラ: r and l met
		}
		out.WriteString(latin)
		if m[i].long && r {
			out.WriteString("r")
		}
	}
	return out.String()
}

// withoutInserted reads a mora without a vowel that may be put in; crowded says
// that the next one has lost its own already.
func withoutInserted(m mora, last, crowded bool) string {
	switch m.latin {
	case "ku", "gu", "su", "zu", "fu", "bu", "pu", "mu", "ru", "vu":
		return m.latin[:1]
	case "tsu":
		return "ts"
	case "shu":
		return "sh"
	case "to", "do":
		if !crowded {
			return m.latin[:1]
		}
	case "chi", "ji":
		if m.double || last {
			return strings.TrimSuffix(m.latin, "i")
		}
	}
	return m.latin
}
