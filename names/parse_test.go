package names

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

// sampleNames has something of every script, and of every rule of Parse.
var sampleNames = []string{
	"Tamerlan Tsarnaev", "TSARNAEV, TAMERLAN", "O'Neill-Smith, J. R.", "AL-'ATA, Baha' Salim Hasan Abu", "Abd al-Aziz Nur al-Din", "Abdurrahman",
	"Kovačević, Đorđe", "Çelik Şekim Öcalan", "Nguyễn Văn Trỗi", "Łukasz Brzęczyszczykiewicz", "Müller-Lüdenscheidt", "Dr. María José Carreño Quiñones", "Xi Jin-ping",
	"Царнаев Тамерлан Анзорович", "Щербицький Юрій", "Ђоковић Новак", "Харуки Мураками", "Ғалым Нұрланұлы",
	"تامرلان تسارناييف", "العبد الله", "عبدالعزيز بن محمد", "حسین موسوی", "טמרלן צרנאייב", "צ'ולוק'שווילי", "Ταμερλάν Τσαρνάεφ", "Ευάγγελος Μπένζιος",
	"თამერლან ცარნაევი", "Արամ Խաչատրյան", "타메를란 차르나예프", "정몽규", "タメルラン・ツァルナエフ", "さとう けんいち", "塔梅尔兰·察尔纳耶夫", "习近平", "欧阳修", "安倍晋三", "陳方安生",
	"नरेन्द्र मोदी", "রবীন্দ্রনাথ ঠাকুর", "நரேந்திர மோடி", "ਮਨਮੋਹਨ ਸਿੰਘ", "ශ්\u200dරී ලංකා", "ทักษิณ ชินวัตร", "ကျော်", "ហ៊ុន សែន", "ገብረ ሥላሴ", "Tamerlan Царнаев",
}

// TestParseMeets holds that two spellings of one name have a reading in common:
// what the systems of romanisation write differently comes out alike.
func TestParseMeets(t *testing.T) {
	for _, pair := range [][2]string{
		{"Царнаев", "Tsarnaev"}, {"Zarnajew", "Tsarnayev"}, {"Carnajev", "Tsarnayev"}, {"Carnajevs", "Tsarnayev"}, {"Tzarnaev", "Tsarnaev"},
		{"Чайковский", "Tschaikowski"}, {"Tchaikovski", "Chaykovski"}, {"Хрущёв", "Khrushchyov"}, {"Жуков", "Zhukov"}, {"Žukov", "Zhukov"},
		{"Igor", "Игорь"}, {"Ihor", "Ігор"}, {"Ihor", "Игорь"}, {"Wałęsa", "Valensa"}, {"Szymański", "Shymanski"}, {"Kovačević", "Kovachevich"}, {"Kovacevic", "Kovatsevich"}, {"Kovacevic", "Ковачевић"}, {"Vucic", "Вучић"}, {"Zelenskyy", "Зеленський"}, {"Zelenskii", "Zelensky"},
		{"Чжан", "Zhang"}, {"Цзяньцзинь", "Jianjin"}, {"Хуан", "Huang"}, {"Сяолинь", "Xiaolin"}, {"Хироэ", "Hiroe"}, {"Сиодзава", "Shiozawa"}, {"Дзюнъитиро", "Junichiro"},
		{"Блейк", "Blake"}, {"Бейкон", "Bacon"}, {"Квентин", "Kwentin"}, {"Дево", "Desvaux"}, {"Сульпиций", "Sulpitius"}, {"Котов", "Kotou"}, {"Бергквист", "Bergquist"},
		{"Çelik", "Chelik"}, {"Erdoğan", "Erdoan"}, {"Cəfərov", "Djafarov"}, {"Müller", "Muller"}, {"Schröder", "Shroder"}, {"Jiménez", "Khimenes"},
		{"Ouattara", "Watara"}, {"Djamel", "Dzhamel"}, {"Nguyễn", "Nguyen"}, {"Xi", "习"}, {"Qian", "Chian"}, {"Joseph", "Josef"},
		{"Ταμερλάν", "Tamerlan"}, {"Παπαδόπουλος", "Papadopoulos"}, {"Μπένζιος", "Benzios"}, {"Παύλος", "Pavlos"}, {"თამერლან", "Tamerlan"}, {"ცარნაევი", "Tsarnaev"},
		{"Սարգսյան", "Sargsyan"}, {"Երեւան", "Yerevan"}, {"모리슨", "Morisun"}, {"타메를란", "Tamerlan"}, {"タメルラン", "Tamerlan"}, {"ツァルナエフ", "Tsarnaef"}, {"トム", "Tom"},
		{"塔梅尔兰", "Tamerlan"}, {"太郎", "Taro"}, {"河野", "Kawano"}, {"浩二", "Hiroji"}, {"毛", "Mao"}, {"陳", "Chan"}, {"塔梅爾蘭", "Tamerlan"}, {"मोदी", "Modi"}, {"रजनीकांत", "Rajnikant"}, {"நரேந்திர", "Narendira"}, {"ঠাকুর", "Thakur"}, {"ทักษิณ", "Thaksin"},
		{"Тamеrlan", "Tamerlan"}, {"ЦAPHAEB", "Царнаев"}, {"Tam3rlan", "Tamerlan"}, {"محمد", "Muhammad"}, {"تامرلان", "Tamrlan"}, {"צרנאייב", "Tsrnaib"}, {"Ｔａｍｅｒｌａｎ", "Tamerlan"},
	} {
		a, b := Parse(pair[0]), Parse(pair[1])
		if !slices.ContainsFunc(a.Tokens, func(x Token) bool { return meet(x, b.Tokens[0]) }) {
			t.Errorf("%s %q and %s %q have no reading in common", pair[0], soundsOf(a.Tokens[0]), pair[1], soundsOf(b.Tokens[0]))
		}
	}
}

// TestParsePieces holds how names are cut, and that alternatives bring pieces
// together again.
func TestParsePieces(t *testing.T) {
	for _, c := range []struct{ text, plain, joined string }{
		{"TSARNAEV, Tamerlan", "Tamerlan TSARNAEV", "TamerlanTSARNAEV"},
		{"O'Neill-Smith", "O'Neill Smith", "O'NeillSmith"},
		{"Al-'Ata", "Al Ata", "AlAta"},
		{"Abdulaziz", "abdul aziz", "abdulaziz"},
		{"Abd al-Aziz", "Abd al Aziz", "AbdalAziz alAziz"},
		{"Abdullah", "Abdullah", ""},
		{"Abdullayev", "Abdullayev", ""},
		{"Nur al-Din", "Nur al Din", "NuralDin alDin"},
		{"عبدالعزيز", "عبد ال عزيز", "عبدالعزيز العزيز"},
		{"الله", "الله", ""},
		{"习近平", "习 近平", "习近平"},
		{"欧阳修", "欧阳 修", "欧阳修"},
		{"山田太郎", "山田 太郎", "山田太郎"},
		{"森喜朗", "森 喜朗", "森喜朗"},
		{"小渕恵三", "小渕 恵三", "小渕恵三"},
		{"塔梅尔兰·察尔纳耶夫", "塔梅尔兰 察尔纳耶夫", "塔梅尔兰察尔纳耶夫"},
		{"정몽규", "정 몽규", "정몽규"},
		{"안 철수", "안 철수", "안철수"},
		{"TamerlanЦарнаев", "Tamerlan Царнаев", ""},
		{"Тamеrlan", "Тamеrlan", ""}, // Cyrillic Т and е
		{"Tam3rlan", "Tam3rlan", ""},
		{"A.Q. Khan", "A Q Khan", ""},
		{"", "", ""},
		{" ,-'. 123", "", ""},
	} {
		n := Parse(c.text)
		var plain, joined []string
		for _, tok := range n.Tokens {
			if tok.Joined {
				joined = append(joined, tok.Text)
			} else {
				plain = append(plain, tok.Text)
			}
		}
		if got := strings.Join(plain, " "); got != c.plain {
			t.Errorf("%s: cut into %q, want %q", c.text, got, c.plain)
		}
		if got := strings.Join(joined, " "); got != c.joined {
			t.Errorf("%s: alternatives %q, want %q", c.text, got, c.joined)
		}
	}
}

// TestParseCompounds holds that every spelling of an Arabic compound has one
// form, whether it is written in one word or three.
func TestParseCompounds(t *testing.T) {
	for _, same := range [][]string{
		{"Abd al-Aziz", "Abdulaziz", "Abdelaziz", "Abdul Aziz", "Abd Al Aziz", "ABDUL-AZIZ", "Абдулазиз", "عبد العزيز", "عبدالعزيز"},
		{"Abd al-Rahman", "Abdurrahman", "Abdel Rahman", "Abdulrahman", "Abd ar-Rahman", "Абдурахман", "Abdirahman"},
		{"Salah al-Din", "Salah ad-Din", "Salah ud Din"},
	} {
		first := Parse(same[0])
		for _, other := range same[1:] {
			n := Parse(other)
			if !slices.ContainsFunc(first.Tokens, func(a Token) bool {
				return a.Joined && a.To-a.From == first.Positions && slices.ContainsFunc(n.Tokens, func(b Token) bool { return b.Joined && meet(a, b) })
			}) {
				t.Errorf("%s and %s have no compound in common", same[0], other)
			}
		}
	}
}

func TestParseKinds(t *testing.T) {
	n := Parse("Dr. Ivan P. Sergeyevich van der Ivanova Jr")
	want := []TokenKind{Title, Plain, Initial, Patronymic, Particle, Particle, Plain, Generation}
	for i, kind := range want {
		if got := n.Tokens[i].Kind; got != kind {
			t.Errorf("%s is %v, want %v", n.Tokens[i].Text, got, kind)
		}
	}
	if !n.Tokens[6].Flags.Has(Feminine) {
		t.Error("Ivanova has no feminine ending")
	}
	if n := Parse("Le Van Thinh"); n.Tokens[0].Kind != Plain || n.Tokens[1].Kind != Plain {
		t.Error("Le Van Thinh has less than two names")
	}
	for _, text := range []string{"الشيخ", "बाबू डॉ", "ד'ר"} {
		n := Parse(text)
		if got := n.Tokens[n.Positions-1].Kind; got != Title {
			t.Errorf("%s is %v, want a title", text, got)
		}
	}
}

func TestParseHinted(t *testing.T) {
	n := ParseHinted("", Hint{Family: "Tsarnaev", Given: "Tamerlan"})
	if n.Positions != 2 || n.Tokens[0].Part != PartGiven || n.Tokens[1].Part != PartFamily {
		t.Errorf("made of a hint: %+v", n.Tokens)
	}
	if got := ParseHinted("三浦 健", Hint{Language: "ja"}).Tokens[0].Forms[0].Latin; got != "miura" {
		t.Errorf("三浦 in Japanese is read %s", got)
	}
	if got := ParseHinted("Гончар", Hint{Language: "uk"}).Tokens[0].Forms[0].Latin; got != "honchar" {
		t.Errorf("Гончар in Ukrainian is read %s", got)
	}
	if got := ParseHinted("Cem", Hint{Language: "tr-TR"}).Tokens[0].Forms[1].Latin; got != "djem" {
		t.Errorf("Cem in Turkish is read %s", got)
	}
	n = ParseHinted("Kim Min Jun", Hint{Family: "KIM"})
	if n.Tokens[0].Part != PartFamily || n.Tokens[1].Part != PartUnknown {
		t.Errorf("family name by hint: %+v", n.Tokens)
	}
}

// TestParseStable holds that case, width, spacing and normal forms make no
// difference to what is compared.
func TestParseStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(sampleNames), rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew, unicode.Hangul, unicode.Han, unicode.Devanagari), 0, 20, -1)).Draw(t, "text")
		want := compared(Parse(text))
		for change, other := range map[string]string{
			"composed":           norm.NFC.String(text),
			"decomposed":         norm.NFD.String(text),
			"spaces around":      " \t" + text + "\u00a0 ",
			"spaces doubled":     strings.ReplaceAll(text, " ", "  "),
			"bidirectional mark": "\u202b" + text + "\u200f",
			"upper case":         strings.Map(unicode.ToUpper, text),
			"full width":         width.Widen.String(text),
		} {
			if change == "full width" && strings.ContainsAny(text, "'\"-.,") {
				continue // full-width punctuation has meanings of its own
			}
			if got := compared(Parse(other)); got != want {
				t.Fatalf("%s of %q:\n got %s\nwant %s", change, text, got, want)
			}
		}
	})
}

// TestParseOrder holds that the order of a name's words does not change how
// each is read.
func TestParseOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"Tamerlan", "Anzorovich", "Tsarnaev", "Мария", "Сергеевна", "Hassan", "bin", "Çelik", "Ταμερλάν", "محمد"}), 2, 6).Draw(t, "words")
		turned := rapid.Permutation(words).Draw(t, "turned")
		a, b := plainTokens(Parse(strings.Join(words, " "))), plainTokens(Parse(strings.Join(turned, " ")))
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Fatalf("%q and %q differ:\n%q\n%q", words, turned, a, b)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range sampleNames {
		f.Add(s)
	}
	f.Add("\u202e\u200f" + strings.Repeat("\u0301", 500) + "e" + strings.Repeat("\u0323\u0301", 300))
	f.Add(strings.Repeat("a", 100_000))
	f.Add(strings.Repeat("ﷺ", 2000))
	f.Add("\xff\xfe\x80 \xf0\x28")
	f.Fuzz(func(t *testing.T, text string) { checkName(t, Parse(text)) })
}

// checkName holds what every Name promises.
func checkName(t *testing.T, n Name) {
	t.Helper()
	if n.Positions > MaxTokens || n.Positions > len(n.Tokens) || len(n.Tokens) > 3*MaxTokens {
		t.Fatalf("%d positions, %d tokens", n.Positions, len(n.Tokens))
	}
	for i, tok := range n.Tokens {
		if len(tok.Forms) == 0 || len(tok.Forms) > MaxForms {
			t.Fatalf("%q has %d readings", tok.Text, len(tok.Forms))
		}
		for _, form := range tok.Forms {
			if form.Latin == "" || len(form.Latin) > MaxRunes || strings.Trim(form.Latin, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Fatalf("%q is read %q", tok.Text, form.Latin)
			}
			if form.Sounds == "" || len(form.Sounds) > MaxRunes || strings.Trim(form.Sounds, SoundAlphabet) != "" {
				t.Fatalf("%q sounds %q", tok.Text, form.Sounds)
			}
			if form.Rule == "" {
				t.Fatalf("%q is read %q by no rule", tok.Text, form.Latin)
			}
		}
		if len(tok.Keys) > MaxKeys || !slices.IsSorted(tok.Keys) || slices.Contains(tok.Keys, 0) || len(slices.Compact(slices.Clone(tok.Keys))) != len(tok.Keys) {
			t.Fatalf("%q has the keys %v", tok.Text, tok.Keys)
		}
		if (len(tok.Keys) == 0) != (tok.Kind == Initial) {
			t.Fatalf("%q of kind %v has the keys %v", tok.Text, tok.Kind, tok.Keys)
		}
		if tok.Joined != (i >= n.Positions) || !tok.Joined && (tok.From != i || tok.To != i+1) || tok.Joined && (tok.To-tok.From < 2 || tok.To > n.Positions) {
			t.Fatalf("%q at %d covers [%d, %d)", tok.Text, i, tok.From, tok.To)
		}
		if !utf8.ValidString(tok.Text) || tok.Script == "" {
			t.Fatalf("token %q in script %q", tok.Text, tok.Script)
		}
	}
}

// TestParseHuge holds that what is beyond the bounds costs nothing: ten megabytes
// allocate no more than four kilobytes do, within a factor.
func TestParseHuge(t *testing.T) {
	for _, unit := range []string{"Tsarnaev ", "a", "\u0301", "\u202e", "\xff", "ﷺ", "塔", "عبد ال", "가", "(", "<<"} {
		huge := strings.Repeat(unit, 10<<20/len(unit))
		checkName(t, Parse(huge))
		checkName(t, ParseMRZ(huge))
		cost := testing.AllocsPerRun(1, func() { Parse(huge) })
		if cost > 60_000 {
			t.Errorf("%q repeated: %.0f allocations", unit, cost)
		}
	}
}

// compared gives all that a comparison looks at, as one text.
func compared(n Name) string {
	var out strings.Builder
	for _, tok := range n.Tokens {
		out.WriteString(string(tok.Script) + " " + tok.Kind.String() + " ")
		for _, form := range tok.Forms {
			out.WriteString(form.Latin + "=" + form.Sounds + " ")
		}
		for _, key := range tok.Keys {
			out.WriteString(key.String() + " ")
		}
		out.WriteString("; ")
	}
	return out.String()
}

func plainTokens(n Name) []string {
	var out []string
	for _, tok := range n.Tokens[:n.Positions] {
		out = append(out, strings.ToLower(tok.Text)+" "+tok.Kind.String()+" "+strings.Join(soundsOf(tok), " "))
	}
	return out
}

func soundsOf(t Token) []string {
	var out []string
	for _, f := range t.Forms {
		out = append(out, f.Sounds)
	}
	return out
}

// meet says whether two tokens have a reading in common.
func meet(a, b Token) bool {
	return slices.ContainsFunc(soundsOf(a), func(s string) bool { return slices.Contains(soundsOf(b), s) })
}

// TestParserReadsAsParse: a Parser gives of every name what Parse does, also the
// second time.
func TestParserReadsAsParse(t *testing.T) {
	var p Parser
	hints := []Hint{{}, {Language: "uk"}, {Script: "Jpan"}, {Family: "Tsarnaev"}}
	for range 2 {
		for _, text := range append([]string{"", "Xiao Ming", "J. R. Smith"}, sampleNames...) {
			for _, h := range hints {
				if got, want := p.Parse(text, h), ParseHinted(text, h); !reflect.DeepEqual(got, want) {
					t.Errorf("%q, %+v:\n%+v, not\n%+v", text, h, got, want)
				}
			}
		}
	}
}

// TestPackedTokensMatchAlike holds what an index keeps of a token against the token.
func TestPackedTokensMatchAlike(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	var all []Token
	for _, text := range append([]string{"William J. Smith", "Guillermo Charles"}, sampleNames...) {
		name := Parse(text)
		all = append(all, name.Tokens...)
	}
	for i := range all {
		packed := all[i].AppendPacked(nil)
		var a, b Ready
		if !ValidPacked(packed) || !a.Read(packed, m.Surprise(&all[i])) {
			t.Fatalf("%q is not read", all[i].Text)
		}
		if !slices.Equal(PackedKeys(packed), all[i].Keys) {
			t.Errorf("%q: keys %v, not %v", all[i].Text, PackedKeys(packed), all[i].Keys)
		}
		for k := range packed {
			if a.Read(packed[:k], 0) {
				t.Errorf("%q is read from %d of its %d bytes", all[i].Text, k, len(packed))
			}
		}
		a.Read(packed, m.Surprise(&all[i]))
		for k := range all {
			m.Ready(&all[k], &b)
			want := m.TokenScore(all[i], all[k])
			if got := m.Match(&a, &b); got != want {
				t.Errorf("%q and %q: %+v, not %+v", all[i].Text, all[k].Text, got, want)
			}
			if got := m.MatchInFavour(&a, &b); want.Alike && want.Points > 0 && (!got.Alike || got.Points < want.Points) || got.Alike && got.Points <= 0 && !got.Initial {
				t.Errorf("%q and %q in favour: %+v, not %+v", all[i].Text, all[k].Text, got, want)
			}
		}
	}
}
