package names

import (
	"bufio"
	"compress/gzip"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestKeyString(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Tamerlan", "TMLN ~TMLN"}, {"Tsarnaev", "SLNP ~SNP"}, {"Zhang", "SN"}, {"Ali", "La"}, {"Oh", "u"},
	} {
		var got []string
		for _, key := range Parse(c.text).Tokens[0].Keys {
			got = append(got, key.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s has the keys %q, want %q", c.text, got, c.want)
		}
	}
}

// TestKeysAgree holds that spellings which differ by what the keys leave out
// share one: vowels, doubled letters, voicing, h, and r or l where a script has
// but one of them.
func TestKeysAgree(t *testing.T) {
	for _, pair := range [][2]string{
		{"Tsarnaev", "Sarnayev"}, {"Qadhafi", "Gaddafi"}, {"Mikhail", "Mihail"}, {"Khaled", "Haled"}, {"Wasiliew", "Vasiliev"}, {"Chang", "Zhang"},
		{"Hartman", "ハートマン"}, {"Miller", "ミラー"}, {"Carter", "카터"}, {"Ramadhan", "Ramazan"}, {"Dzhokhar", "Jokhar"}, {"Christian", "Kristian"}, {"Tamerlan", "טמרלן"},
	} {
		if a, b := Parse(pair[0]).Tokens[0], Parse(pair[1]).Tokens[0]; !share(a, b) {
			t.Errorf("%s %v and %s %v share no key", pair[0], a.Keys, pair[1], b.Keys)
		}
	}
}

// TestKeysOfDevelopmentPairs holds how many pairs of the development set share
// a key, by the script across from Latin, and how few other words share one. The
// pairs are made from encyclopedia titles, by machine: some are not one name at
// all ("마사미", "Kurumada"), so that no share of one can be had.
func TestKeysOfDevelopmentPairs(t *testing.T) {
	floors := map[string]float64{
		"token-cyrl-latn": .94, "token-arab-latn": .95, "token-hebr-latn": .91, "token-kana-latn": .92, "token-hang-latn": .79, "token-hani-latn": .80,
	}
	pairs := developmentPairs(t)
	for category, floor := range floors {
		var left, right []Name
		for i, pair := range pairs[category] {
			if i%4 == 0 {
				left, right = append(left, Parse(pair[0])), append(right, Parse(pair[1]))
			}
		}
		shared, others := 0, 0
		for i := range left {
			if sharesAny(left[i], right[i]) {
				shared++
			}
			for j := 1; j <= 20; j++ {
				if sharesAny(left[i], right[(i+j*31)%len(right)]) {
					others++
				}
			}
		}
		share, other := float64(shared)/float64(len(left)), float64(others)/float64(20*len(left))
		t.Logf("%s: %.3f of %d pairs share a key, %.4f of other pairs", category, share, len(left), other)
		if share < floor {
			t.Errorf("%s: %.3f of the pairs share a key, want %.2f", category, share, floor)
		}
		if other > .03 {
			t.Errorf("%s: %.4f of words that are not a pair share a key", category, other)
		}
	}
}

// TestMissedNameKeys holds that every word of every spelling of the missed name
// is found under a key of the warning's spelling.
func TestMissedNameKeys(t *testing.T) {
	warned := Parse("Tamerlan Tsarnaev")
	file, err := os.Open("testdata/dev/incident_tsarnaev.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if cells[1] != "pos" {
			continue
		}
		n := Parse(cells[3])
		for _, tok := range warned.Tokens[:2] {
			// A spelling without a space is found by the joined alternative.
			if !slices.ContainsFunc(n.Tokens, func(o Token) bool { return share(tok, o) || share(warned.Tokens[2], o) }) {
				t.Errorf("%s %s: nothing of it is found under the keys of %s", cells[0], cells[3], tok.Text)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// developmentPairs reads the pairs of one name, by category.
func developmentPairs(t *testing.T) map[string][][2]string {
	t.Helper()
	file, err := os.Open("testdata/dev/pairs_dev.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string][][2]string{}
	lines := bufio.NewScanner(plain)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if cells[2] == "pos" {
			pairs[cells[3]] = append(pairs[cells[3]], [2]string{cells[4], cells[6]})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return pairs
}

func share(a, b Token) bool {
	return slices.ContainsFunc(a.Keys, func(k Key) bool { return slices.Contains(b.Keys, k) })
}

func sharesAny(a, b Name) bool {
	return slices.ContainsFunc(a.Tokens, func(x Token) bool {
		return slices.ContainsFunc(b.Tokens, func(y Token) bool { return share(x, y) })
	})
}
