package names

import (
	"bufio"
	"compress/gzip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

func model(t testing.TB) *Model {
	t.Helper()
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// somePairs are labelled pairs of the development set, spread over all of it.
func somePairs(t testing.TB, n int) [][2]string {
	t.Helper()
	file, err := os.Open("testdata/dev/pairs_dev.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all [][2]string
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		if c := strings.Split(lines.Text(), "\t"); len(c) > 6 {
			all = append(all, [2]string{c[4], c[6]})
		}
	}
	if lines.Err() != nil || len(all) < n {
		t.Fatal(lines.Err(), len(all))
	}
	var some [][2]string
	for i := 1; i < len(all) && len(some) < n; i += len(all) / n {
		some = append(some, all[i])
	}
	return some
}

// judged is what must not depend on how a comparison is asked for.
type judged struct {
	class         Class
	points        int32
	score, needed float64
	coverage      Coverage
}

func judgedOf(c Comparison) judged {
	return judged{c.Class, c.Points, c.Score, c.Threshold, c.Coverage}
}

func TestCompareIsSymmetric(t *testing.T) {
	m := model(t)
	for _, p := range somePairs(t, 1500) {
		a, b := Parse(p[0]), Parse(p[1])
		there, back := m.Compare(a, b), m.Compare(b, a)
		if judgedOf(there) != judgedOf(back) {
			t.Errorf("%q ~ %q: %+v, the other way %+v", p[0], p[1], judgedOf(there), judgedOf(back))
		}
		back.turn()
		if there.Text() != back.Text() {
			t.Errorf("%q ~ %q: the explanation depends on which comes first:\n%s\n%s", p[0], p[1], there.Text(), back.Text())
		}
		if points := m.Points(m.Weigh(a), m.Weigh(b)); points != there.Points {
			t.Errorf("%q ~ %q: Points %d, Compare %d", p[0], p[1], points, there.Points)
		}
	}
}

func TestTokenScoreIsSymmetric(t *testing.T) {
	m := model(t)
	for _, p := range somePairs(t, 1500) {
		for _, a := range Parse(p[0]).Tokens {
			for _, b := range Parse(p[1]).Tokens {
				there, back := m.TokenScore(a, b), m.TokenScore(b, a)
				if there.Points != back.Points || there.Alike != back.Alike || there.Bin != back.Bin {
					t.Errorf("%q ~ %q: %+v, the other way %+v", a.Text, b.Text, there, back)
				}
			}
		}
	}
}

// A vowel that is read otherwise does not make a short name another.
func TestShortNamesAreAlike(t *testing.T) {
	m := model(t)
	for _, p := range [][2]string{{"Рита", "Rata"}, {"Мит", "Mita"}, {"Дора", "Dura"}} {
		a, b := Parse(p[0]), Parse(p[1])
		if match := m.TokenScore(a.Tokens[0], b.Tokens[0]); !match.Alike || match.Points <= 0 || match.Bin == 0 {
			t.Errorf("%s and %s: %+v", p[0], p[1], match)
		}
	}
}

// Two neighbours written as one are not like two others because one of each is.
func TestNeighboursDoNotLendTheirLikeness(t *testing.T) {
	m := model(t)
	for _, p := range [][2]string{{"Надежда Блинова", "Nadezhda Alliluyeva"}, {"Валерия Бурова", "Valeria Bufanu"}} {
		if c := m.Compare(Parse(p[0]), Parse(p[1])); c.Coverage.Joined != 0 || c.Above() {
			t.Errorf("%s and %s: %+v", p[0], p[1], c.Coverage)
		}
	}
	// With a particle they are one name, however far apart its spellings.
	if c := m.Compare(Parse("Salah al-Din Haddad"), Parse("Salahuddin Haddad")); c.Coverage.Joined == 0 || !c.Above() {
		t.Errorf("Salah al-Din and Salahuddin: %+v", c.Coverage)
	}
}

// What a clerk's keyboard does to a name makes no difference.
func TestCompareIsStable(t *testing.T) {
	m := model(t)
	pairs := somePairs(t, 400)
	ways := map[string]func(string) string{
		"upper case":   strings.ToUpper,
		"lower case":   strings.ToLower,
		"decomposed":   norm.NFD.String,
		"composed":     norm.NFC.String,
		"full width":   width.Widen.String,
		"more spaces":  func(s string) string { return "  " + strings.ReplaceAll(s, " ", " \t ") + " " },
		"no-break":     func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
		"bidi isolate": func(s string) string { return "\u2068" + s + "\u2069" },
	}
	var names []string
	for way := range ways {
		names = append(names, way)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(pairs).Draw(t, "pair")
		way := rapid.SampledFrom(names).Draw(t, "way")
		// A capital inside a word is a hint that two words were joined; a change of
		// case takes it away.
		if strings.HasSuffix(way, "case") && strings.ToUpper(p[0]) != p[0] && strings.ToLower(p[0]) != p[0] && camel(p[0]) {
			return
		}
		want := judgedOf(m.Compare(Parse(p[0]), Parse(p[1])))
		if got := judgedOf(m.Compare(Parse(ways[way](p[0])), Parse(p[1]))); got != want {
			t.Fatalf("%s of %q ~ %q: %+v, want %+v", way, p[0], p[1], got, want)
		}
	})
}

func camel(s string) bool {
	before := 'A'
	for _, r := range s {
		if r >= 'A' && r <= 'Z' && before >= 'a' && before <= 'z' {
			return true
		}
		before = r
	}
	return false
}

// The parts of a name may come in any order.
func TestCompareIgnoresOrder(t *testing.T) {
	m := model(t)
	parts := []string{"Tamerlan", "Tsarnaev", "Natalia", "Ivanova", "Haddad", "Petrovic", "Olofsson", "Тимур", "Сидоров"}
	rapid.Check(t, func(t *rapid.T) {
		// Neighbours may be one word elsewhere, so order matters to what is joined;
		// two parts have the same neighbours either way.
		chosen := rapid.Permutation(parts).Draw(t, "parts")[:2]
		other := rapid.SampledFrom([]string{"Tamerlan Tsarnayev", "Natalya Ivanova-Haddad", "Olofsson Petrovich", "Timur Sidorov"}).Draw(t, "other")
		there := m.Compare(Parse(chosen[0]+" "+chosen[1]), Parse(other))
		back := m.Compare(Parse(chosen[1]+" "+chosen[0]), Parse(other))
		if judgedOf(there) != judgedOf(back) {
			t.Fatalf("%q ~ %q: %+v, turned round %+v", chosen, other, judgedOf(there), judgedOf(back))
		}
	})
}

// The reasons add up to the evidence: a person can check it.
func TestReasonsAddUp(t *testing.T) {
	m := model(t)
	for _, p := range somePairs(t, 1500) {
		c := m.Compare(Parse(p[0]), Parse(p[1]))
		sum := int32(0)
		for _, pair := range c.Pairs {
			sum += pair.Points
		}
		for _, other := range c.Other {
			sum += other.Points
		}
		if sum != c.Points {
			t.Errorf("%q ~ %q: the reasons give %d, the evidence is %d\n%s", p[0], p[1], sum, c.Points, c.Text())
		}
		if c.Score < 0 || c.Score > 1 {
			t.Errorf("%q ~ %q: score %v", p[0], p[1], c.Score)
		}
	}
}

// More evidence is never a lower score.
func TestCalibrationRises(t *testing.T) {
	m := model(t)
	for class := range Classes {
		before := -1.0
		for points := int32(-4000); points <= 4000; points++ {
			score := m.Calibrate(class, points)
			if score <= before {
				t.Fatalf("%s: %d points give %v, one less %v", class, points, score, before)
			}
			before = score
		}
	}
}

func TestNothingIsLikeNothing(t *testing.T) {
	m := model(t)
	for _, p := range [][2]string{{"", ""}, {"", "Tamerlan"}, {"---", "..."}, {"123", "456"}, {"Olofsson", "Haddad"}} {
		c := m.Compare(Parse(p[0]), Parse(p[1]))
		if c.Above() || len(c.Pairs) != 0 {
			t.Errorf("%q ~ %q: above %v with %d pairs", p[0], p[1], c.Above(), len(c.Pairs))
		}
		if c.Text() == "" {
			t.Errorf("%q ~ %q has no explanation", p[0], p[1])
		}
	}
}

// One shared common part of a name raises nothing.
func TestOneCommonPartIsNotEnough(t *testing.T) {
	m := model(t)
	for _, p := range [][2]string{{"Muhammad Haddad", "Muhammad Olofsson"}, {"Muhammad", "Muhammad Haddad"}, {"Ivan Petrov", "Ivan Sidorov"}} {
		if c := m.Compare(Parse(p[0]), Parse(p[1])); c.Above() {
			t.Errorf("%q ~ %q is above the threshold:\n%s", p[0], p[1], c.Text())
		}
	}
}

// A given name has other forms in other countries.
func TestVariants(t *testing.T) {
	m := model(t)
	for _, p := range [][2]string{{"Jurj Haswani", "George Haswani"}, {"Siarhei Azemsha", "Serhii Azemsha"}, {"Juan Olofsson", "Giovanni Olofsson"}} {
		c := m.Compare(Parse(p[0]), Parse(p[1]))
		if c.Coverage.Pairs != 2 {
			t.Errorf("%q ~ %q: %d parts face each other\n%s", p[0], p[1], c.Coverage.Pairs, c.Text())
		}
	}
}

func TestReadModelRefuses(t *testing.T) {
	for what, weights := range map[string]string{"no JSON": "x", "no classes": `{"tokens":1}`, "no tokens": `{}`} {
		if _, err := ReadModel([]byte(weights), "a 1\n"); err == nil {
			t.Errorf("%s was read as a model", what)
		}
	}
	for what, frequency := range map[string]string{"no number": "abc\n", "no sounds": " 1\n", "none": "abc 0\n", "beyond": "abc 99999999999\n"} {
		if _, err := ReadModel(embeddedWeights, frequency); err == nil {
			t.Errorf("%s was read as a frequency", what)
		}
	}
}

func FuzzCompare(f *testing.F) {
	m := model(f)
	for _, p := range somePairs(f, 40) {
		f.Add(p[0], p[1])
	}
	f.Add("\u202eTamerlan\u2069", "Та\u0301\u0301\u0301\u0301мерлан")
	f.Add(strings.Repeat("ab ", 40), strings.Repeat("ba-", 50))
	f.Add("\xff\xfe", "塔梅尔兰·察尔纳耶夫")
	f.Fuzz(func(t *testing.T, a, b string) {
		began := time.Now()
		there, back := m.Compare(Parse(a), Parse(b)), m.Compare(Parse(b), Parse(a))
		if judgedOf(there) != judgedOf(back) {
			t.Errorf("%q ~ %q: %+v, the other way %+v", a, b, judgedOf(there), judgedOf(back))
		}
		if there.Text() == "" {
			t.Error("no explanation")
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%d and %d bytes took %v", len(a), len(b), took)
		}
	})
}

// The longest names that are read cost a bounded time.
func TestCompareLongest(t *testing.T) {
	m := model(t)
	a, b := strings.Repeat(strings.Repeat("na", 32)+" ", 33), strings.Repeat(strings.Repeat("an", 32)+" ", 33)
	c := m.Compare(Parse(a), Parse(b))
	if c.Score < 0 || c.Score > 1 {
		t.Error(c.Score)
	}
	if huge := m.Compare(Parse(strings.Repeat("Tamerlan ", 1<<20)), Parse("Tamerlan")); huge.Coverage.Pairs == 0 {
		t.Error("the beginning of a huge name is not read")
	}
}

func BenchmarkCompare(b *testing.B) {
	m := model(b)
	for _, p := range [][2]string{{"Tamerlan Tsarnaev", "Tamerlan Tsarnayev"}, {"Царнаев Тамерлан Анзорович", "Tamerlan Tsarnaev"}, {"AL-ZOMOR, Abboud Abdul Latif Hassan", "Abbud Abd al-Latif al-Zumar"}} {
		left, right := m.Weigh(Parse(p[0])), m.Weigh(Parse(p[1]))
		b.Run(p[0], func(b *testing.B) {
			for b.Loop() {
				m.CompareWeighed(left, right)
			}
		})
	}
}

func BenchmarkPoints(b *testing.B) {
	m := model(b)
	left, right := m.Weigh(Parse("Tamerlan Tsarnaev")), m.Weigh(Parse("Tamerlan Tsarnayev"))
	for b.Loop() {
		m.Points(left, right)
	}
}
