package watch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"heed"
	"heed/names"
)

// generator makes large lists with the word frequencies of the development
// data: watch_dev's names, and a tenth of the names in the scripts of
// travellers_dev. New words appear as Heaps' law has it, with the exponent
// measured on watch_dev, and are made of the beginning of one word and the end
// of another. Each subject has one name and a date of birth.
type generator struct {
	random  *rand.Rand
	latin   [][]string                // names of the list, in words
	other   map[names.Script][]string // names in other scripts
	scripts []names.Script
	words   []string // every word of latin, as often as it occurs
	made    []string
	drawn   float64
	k, beta float64
	n       int
}

func newGenerator(t testing.TB, seed uint64) *generator {
	g := &generator{random: rand.New(rand.NewPCG(seed, 1))}
	distinct := map[string]bool{}
	var halfway float64
	subjects := devWatch(t)
	for i, s := range subjects {
		for _, n := range s.Person.Names {
			words := strings.Fields(n.Text)
			g.latin = append(g.latin, words)
			for _, w := range words {
				g.words = append(g.words, w)
				distinct[strings.ToLower(w)] = true
			}
		}
		if i == len(subjects)/2 {
			halfway, g.k = float64(len(distinct)), float64(len(g.words))
		}
	}
	total := float64(len(g.words))
	g.beta = math.Log(float64(len(distinct))/halfway) / math.Log(total/g.k)
	g.k = float64(len(distinct)) / math.Pow(total, g.beta)
	g.drawn = 1
	g.other = map[names.Script][]string{}
	for _, r := range devTravellers(t) {
		text := r.Names[0].Text
		if script := names.Parse(text).Script; script != names.Latin && strings.Contains(text, " ") {
			g.other[script] = append(g.other[script], text)
			g.scripts = append(g.scripts, script) // as often as it occurs
		}
	}
	return g
}

// word draws one, new ones at the rate of Heaps' law.
func (g *generator) word() string {
	g.drawn++
	fresh := g.k * g.beta * math.Pow(g.drawn, g.beta-1)
	common := g.words[g.random.IntN(len(g.words))]
	switch draw := g.random.Float64(); {
	case draw < fresh && g.drawn > float64(len(g.words)):
		other := g.words[g.random.IntN(len(g.words))]
		made := middle(common, true) + middle(other, false)
		g.made = append(g.made, made)
		return made
	case len(g.made) > 0 && g.random.IntN(4) == 0:
		return g.made[g.random.IntN(len(g.made))]
	}
	return common
}

// middle is the first or the last half of a word.
func middle(word string, first bool) string {
	letters := []rune(strings.Trim(word, ",.-'"))
	at := (len(letters) + 1) / 2
	if first {
		return string(letters[:at])
	}
	return strings.ToLower(string(letters[at:])) + strings.Repeat("a", max(0, 2-len(letters)))
}

func (g *generator) subject() Subject {
	g.n++
	s := Subject{ID: SubjectID(fmt.Sprintf("list:generated/%d", g.n)), Urgency: heed.UrgencyExpected, Person: &heed.Person{}}
	text := ""
	if g.random.IntN(10) == 0 {
		same := g.other[g.scripts[g.random.IntN(len(g.scripts))]]
		first, _, _ := strings.Cut(same[g.random.IntN(len(same))], " ")
		_, rest, _ := strings.Cut(same[g.random.IntN(len(same))], " ")
		text = first + " " + rest
	} else {
		words := make([]string, len(g.latin[g.random.IntN(len(g.latin))]))
		for i := range words {
			words[i] = g.word()
		}
		text = strings.Join(words, " ")
	}
	s.Person.Names = []heed.Name{{Text: text}}
	s.Person.Born = []heed.Birth{{From: heed.PartialDate{Year: 1940 + g.random.IntN(66), Month: 1 + g.random.IntN(12), Day: 1 + g.random.IntN(28)}}}
	return s
}
