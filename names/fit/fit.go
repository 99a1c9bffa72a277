// Package fit fits the weights of heed's name model to labelled names, and those
// of whole records. Program names/fit/weigh runs it over names/testdata/dev and
// writes what it finds; names/bench fits within the folds of a cross-validation.
//
// The model is Fellegi and Sunter's (A Theory for Record Linkage, JASA 64, 1969):
// a sum of logarithms of m over u, m being how often names of one person show
// something and u how often names of two persons do.
//
//  1. Token frequencies are counted in the list and among the travellers.
//  2. What sounds become of each other is learnt from parts of names that belong
//     together, for each pair of scripts, by expectation maximisation.
//  3. m of a distance between two parts is counted where parts belong together, u
//     among parts of travellers and of persons on the list.
//  4. How these weigh against each other, against rarity, and against parts that
//     face none, is a penalised logistic regression over names of one person and
//     the best wrong hit of others: the tail in which false alarms are made.
//  5. Isotonic regression turns the sum into a probability.
//
// Everything is seeded and single-minded about order: the same input gives the
// same bytes.
package fit

import (
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"sort"
	"strings"
	"sync"

	"heed/names"
)

// Fitted is what a fit finds.
type Fitted struct {
	Weights   *names.Weights
	Frequency map[string]int32
	Report    Report
}

// Report is what a fit says about itself.
type Report struct {
	Pairs      map[string]int // of names, by class
	Parts      map[string]int // pairs of parts, by class
	Impostors  map[string]int // best wrong hits, by class
	Iterations int
}

// Model is the fitted model.
func (f *Fitted) Model() (*names.Model, error) { return names.NewModel(f.Weights, f.Frequency) }

// Reader parses names and remembers them. It is safe for concurrent use.
type Reader struct {
	mu    sync.Mutex
	known map[string]names.Name
}

// NewReader makes an empty reader.
func NewReader() *Reader { return &Reader{known: map[string]names.Name{}} }

// Name parses text.
func (r *Reader) Name(text string) names.Name {
	r.mu.Lock()
	n, ok := r.known[text]
	r.mu.Unlock()
	if !ok {
		n = names.Parse(text)
		r.mu.Lock()
		r.known[text] = n
		r.mu.Unlock()
	}
	return n
}

// Part reports whether a pair is of single parts of a name.
func (l Labelled) Part() bool { return strings.HasPrefix(l.Category, "token-") }

// Loose reports whether a pair is an alias that spelling cannot decide.
func (l Labelled) Loose() bool { return strings.HasSuffix(l.Category, "-loose") }

// Entries are the names of a list: the persons' primary names, and the right
// sides of pairs (whole names) whose person is not among them.
func Entries(set *Set, pairs []Labelled, read *Reader) []Entry {
	var entries []Entry
	seen := map[string]bool{}
	add := func(person, text string) {
		if k := person + "\x00" + text; !seen[k] && text != "" {
			seen[k] = true
			entries = append(entries, Entry{Person: person, Text: text, Parsed: read.Name(text)})
		}
	}
	for _, p := range set.Persons {
		add(p.ID, p.Primary())
	}
	for _, p := range pairs {
		if p.Same && !p.Part() {
			add(p.RightID, p.Right)
		}
	}
	return entries
}

// Compose makes whole names of parts: the development set has only parts in
// some scripts, and what is screened is whole names. Each takes two parts of one
// source and script; both sides are composed alike.
func Compose(set *Set) []Labelled {
	groups := map[string][]Labelled{}
	var order []string
	have := map[string]int{}
	for _, p := range set.Pairs {
		if p.Same && !p.Part() {
			have[p.LeftScript+" "+p.RightScript]++
		}
	}
	for _, p := range set.Pairs {
		if !p.Part() || have[p.LeftScript+" "+p.RightScript] >= enoughPairs || strings.HasPrefix(p.Source, "google") {
			continue
		}
		k := p.Source + " " + p.Category
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], p)
	}
	sort.Strings(order)
	var out []Labelled
	for _, k := range order {
		parts := groups[k]
		random := rand.New(rand.NewPCG(5, uint64(len(parts))))
		random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for i := 0; i+1 < len(parts); i += 2 {
			a, b := parts[i], parts[i+1]
			out = append(out, Labelled{ID: a.ID + "+" + b.ID, Source: a.Source, Same: true, Category: "composed" + strings.TrimPrefix(a.Category, "token"),
				Left: a.Left + " " + b.Left, Right: a.Right + " " + b.Right, LeftScript: a.LeftScript, RightScript: a.RightScript,
				LeftID: a.LeftID + "+" + b.LeftID, RightID: a.RightID + "+" + b.RightID})
		}
	}
	return out
}

// classes of scripts that have pairs of their own to fit to; the others are
// fitted to several of these together.
var pooled = map[names.Class][]names.Class{
	names.ClassBrahmic:    {names.ClassArabic, names.ClassKana, names.ClassCyrillic, names.ClassHebrew},
	names.ClassAlphabetic: {names.ClassCyrillic, names.ClassLatin},
	names.ClassOther:      {names.ClassCyrillic, names.ClassArabic, names.ClassKana, names.ClassHangul},
	names.ClassSame:       {names.ClassLatin},
	names.ClassCross:      {names.ClassCyrillic, names.ClassArabic, names.ClassHebrew, names.ClassHangul, names.ClassKana},
}

// enoughPairs is how many whole names a pair of scripts must have for none to be
// composed.
const enoughPairs = 500

func classOf(c names.Class) string { return c.String() }

func pairClass(a, b names.Name) names.Class { return names.ClassOf(a.Script, b.Script) }

// example is one row of the regression.
type example struct {
	x    []float64
	same bool
	w    float64
}

// sample is how many pairs of a class the regression takes; more change little.
const sample = 1200

// Fit fits a model to the set's travellers, persons, and the pairs given. Only a
// fit whose thresholds are to be used looks at every traveller (thorough).
func Fit(set *Set, pairs []Labelled, read *Reader, thorough bool) (*Fitted, error) {
	f := &Fitted{Report: Report{Pairs: map[string]int{}, Parts: map[string]int{}, Impostors: map[string]int{}}}
	entries := Entries(set, pairs, read)
	list := NewList(entries)
	f.count(set, entries, read)
	f.Weights.Classes = map[string]*names.ClassWeights{}

	parts := map[names.Class][]part{}
	var whole []Labelled
	for _, p := range pairs {
		if !p.Same || p.Loose() {
			continue
		}
		a, b := read.Name(p.Left), read.Name(p.Right)
		if p.Part() {
			if a.Positions == 1 && b.Positions == 1 {
				c := pairClass(a, b)
				parts[c] = append(parts[c], part{a.Tokens[0], b.Tokens[0]})
			}
			continue
		}
		whole = append(whole, p)
	}
	sides, others := chanceSides(set, entries, read)
	some := thinned(whole, read)
	f.begin()
	const rounds = 2
	for round := range rounds {
		model, err := f.Model()
		if err != nil {
			return nil, err
		}
		aligned := f.alignedParts(model, whole, read)
		for c, more := range parts {
			aligned[c] = append(aligned[c], more...)
		}
		if round == 0 {
			f.edits(aligned)
		}
		f.alike(aligned, sides, others)
		if model, err = f.Model(); err != nil {
			return nil, err
		}
		rowsOf, err := f.examples(model, list, some, set, read)
		if err != nil {
			return nil, err
		}
		f.regress(rowsOf)
		f.Report.Iterations = round + 1
	}
	model, err := f.Model()
	if err != nil {
		return nil, err
	}
	return f, f.calibrate(model, list, some, set, read, thorough)
}

// thinned takes every so many of each class's pairs.
func thinned(whole []Labelled, read *Reader) []Labelled {
	of := map[names.Class]int{}
	class := func(p Labelled) names.Class { return pairClass(read.Name(p.Left), read.Name(p.Right)) }
	for _, p := range whole {
		of[class(p)]++
	}
	at := map[names.Class]int{}
	var out []Labelled
	for _, p := range whole {
		c := class(p)
		most := sample
		if c == names.ClassLatin {
			most *= 3 // in which names are as they are met
		}
		if at[c]%max(1, (of[c]+most-1)/most) == 0 {
			out = append(out, p)
		}
		at[c]++
	}
	return out
}

// count counts the tokens of the list and of the travellers.
func (f *Fitted) count(set *Set, entries []Entry, read *Reader) {
	f.Weights = &names.Weights{}
	f.Frequency = map[string]int32{}
	add := func(n names.Name) {
		for _, t := range n.Tokens[:n.Positions] {
			if t.Kind == names.Plain || t.Kind == names.Patronymic {
				f.Frequency[t.Forms[0].Sounds]++
				f.Weights.Tokens++
			}
		}
	}
	for _, e := range entries {
		add(e.Parsed)
	}
	for _, t := range set.Travellers {
		add(read.Name(t.Name))
	}
	// One met once says no more than one not met, and is not stored: the model
	// that is fitted must be the one that is shipped.
	maps.DeleteFunc(f.Frequency, func(sounds string, n int32) bool { return n < 2 || sounds == "" })
}

// begin makes weights to start from.
func (f *Fitted) begin() {
	costs := plainEditor().costs()
	for c := range names.Classes {
		w := &names.ClassWeights{Costs: costs, Swap: 350, Rank: 15, Usual: 900, Initial: 100, Variant: 250}
		for l := range names.Lengths {
			for r := range names.Rarities {
				for b := range names.Bins {
					w.Alike[l][r][b] = int32(600 - 60*b)
				}
			}
		}
		for b := range names.Bins {
			w.Rarity[b] = 500
		}
		for p := range 3 {
			for both := range 3 {
				for more := range 4 {
					w.Coverage[p][both][more] = int32(-400*both - 100*more)
				}
			}
		}
		f.Weights.Classes[classOf(c)] = w
	}
}

// part is two parts of names that belong together, or do not.
type part struct{ left, right names.Token }

func (f *Fitted) alignedParts(m *names.Model, whole []Labelled, read *Reader) map[names.Class][]part {
	found := map[names.Class][]part{}
	for _, p := range whole {
		c := m.Compare(read.Name(p.Left), read.Name(p.Right))
		for _, pair := range c.Pairs {
			if !pair.Initial && !pair.Variant {
				found[pair.Class] = append(found[pair.Class], part{pair.Left, pair.Right})
			}
		}
	}
	return found
}

// latinLast turns a pair of tokens the way that costs read: into Latin letters.
func latinLast(p part) part {
	if p.left.Script == names.Latin && p.right.Script != names.Latin {
		return part{p.right, p.left}
	}
	return p
}

// mirrored reports whether the costs of a class must be the same both ways.
func mirrored(c names.Class) bool {
	return c == names.ClassLatin || c == names.ClassSame || c == names.ClassCross
}

// edits learns the costs of edits for each class: readings are chosen by the
// costs so far, so the choice and the costs improve each other.
func (f *Fitted) edits(parts map[names.Class][]part) {
	const (
		most     = 3000 // pairs for each class
		strength = 400  // how many edits the prior counts as
	)
	prior := plainEditor()
	choose := func(e *editor, from []part) []spelling {
		costs := e.costs()
		step := max(1, len(from)/most)
		var out []spelling
		for i := 0; i < len(from); i += step {
			p := latinLast(from[i])
			best, chosen := math.Inf(1), spelling{}
			for ra, a := range p.left.Forms {
				for rb, b := range p.right.Forms {
					if a.Sounds == "" || b.Sounds == "" {
						continue
					}
					d := float64(viterbi(&costs, a.Sounds, b.Sounds)) / float64(max(len(a.Sounds), len(b.Sounds)))
					if d += float64(ra + rb); d < best {
						best, chosen = d, spelling{a.Sounds, b.Sounds, 1}
					}
				}
			}
			// What is nothing like the other is a translation, not a spelling.
			if best < 150 {
				out = append(out, chosen)
			}
		}
		return out
	}
	learn := func(from []part, prior *editor, mirror bool) *editor {
		e := prior
		for range 4 {
			e = e.learn(choose(e, from), prior, strength, mirror)
		}
		return e
	}
	var all []part
	for c := range names.Classes {
		all = append(all, parts[c]...)
	}
	general := learn(all, prior, true)
	for c := range names.Classes {
		from := parts[c]
		if of := pooled[c]; of != nil {
			for _, other := range of {
				from = append(from[:len(from):len(from)], parts[other][:min(3000, len(parts[other]))]...)
			}
		}
		f.Weights.Classes[classOf(c)].Costs = learn(from, general, mirrored(c)).costs()
	}
}

func viterbi(c *names.Costs, a, b string) int {
	var above, row [66]int
	for j := range len(b) {
		above[j+1] = above[j] + int(c[0][place(b[j])])
	}
	for i := range len(a) {
		x := place(a[i])
		row[0] = above[0] + int(c[x][0])
		for j := range len(b) {
			y := place(b[j])
			row[j+1] = min(above[j]+int(c[x][y]), above[j+1]+int(c[x][0]), row[j]+int(c[0][y]))
		}
		above = row
	}
	return above[len(b)]
}

// counted is a token and how often it was counted.
type counted struct {
	token names.Token
	n     float64
}

// chanceSides are the parts of travellers and of the list's names that meet by
// chance: by class, and the list's last.
func chanceSides(set *Set, entries []Entry, read *Reader) (sides map[names.Class][]counted, list []counted) {
	sides = map[names.Class][]counted{}
	type slot struct {
		class names.Class
		text  string
	}
	at := map[slot]int{}
	add := func(class names.Class, into []counted, n names.Name) []counted {
		for _, t := range n.Tokens[:n.Positions] {
			if t.Kind != names.Plain {
				continue
			}
			k := slot{class, strings.ToLower(t.Text)}
			if i, ok := at[k]; ok {
				into[i].n++
				continue
			}
			at[k] = len(into)
			into = append(into, counted{t, 1})
		}
		return into
	}
	for _, e := range entries {
		if e.Parsed.Script == names.Latin {
			list = add(names.Classes, list, e.Parsed)
		}
	}
	each := func(n names.Name) {
		c := names.ClassOf(n.Script, names.Latin)
		sides[c] = add(c, sides[c], n)
	}
	for _, t := range set.Travellers {
		each(read.Name(t.Name))
	}
	for _, p := range set.Pairs {
		if p.LeftScript != "Latn" {
			each(read.Name(p.Left))
		}
	}
	// Enough of each for the counts to be steady.
	const most = 2000
	random := rand.New(rand.NewPCG(1, 5))
	for c := range names.Classes {
		side := sides[c]
		random.Shuffle(len(side), func(i, j int) { side[i], side[j] = side[j], side[i] })
		sides[c] = side[:min(most, len(side))]
	}
	return sides, list
}

func soundsIn(t names.Token) int {
	if len(t.Forms) == 0 {
		return 0
	}
	return len(t.Forms[0].Sounds)
}

// alike counts m and u of the bins of distance. u is counted over all that share
// a blocking key; of what shares none, and is hardly ever close but makes up most of
// what is far, a sample stands for the rest.
func (f *Fitted) alike(parts map[names.Class][]part, sides map[names.Class][]counted, list []counted) {
	model, err := f.Model()
	if err != nil {
		panic(err) // the weights are ours and whole
	}
	type cells [names.Lengths][names.Rarities][names.Bins]float64
	type counts struct {
		m, u       cells
		allM, allU [names.Lengths]float64 // of each length, alike or not
		usual, n   float64
	}
	var all [names.Classes]counts
	byKey := map[names.Key][]int{}
	right := make([]names.Ready, len(list))
	lengths := map[int]float64{}
	for i := range list {
		for _, k := range list[i].token.Keys {
			byKey[k] = append(byKey[k], i)
		}
		model.Ready(&list[i].token, &right[i])
		lengths[soundsIn(list[i].token)] += list[i].n
	}
	parallel(int(names.Classes), func(c int) {
		of := &all[c]
		from := parts[names.Class(c)]
		for i, step := 0, max(1, len(from)/8000); i < len(from); i += step {
			t := model.TokenScore(from[i].left, from[i].right)
			of.allM[sharedLength(from[i])]++
			if !t.Alike || t.Variant {
				continue
			}
			of.m[t.Length][names.RarityOf(t.Surprise)][t.Bin]++
			of.usual += float64(t.Surprise)
			of.n++
		}
		met := make([]int, len(list))
		const sampled = 60 // parts of the list for each side
		random := rand.New(rand.NewPCG(7, uint64(c)))
		var left names.Ready
		for i, a := range sides[names.Class(c)] {
			model.Ready(&a.token, &left)
			for length, n := range lengths {
				of.allU[names.LengthOf(soundsIn(a.token)+length)] += a.n * n
			}
			for _, k := range a.token.Keys {
				for _, j := range byKey[k] {
					if met[j] == i+1 {
						continue
					}
					met[j] = i + 1
					if t := model.Match(&left, &right[j]); t.Alike && !t.Variant {
						of.u[t.Length][names.RarityOf(t.Surprise)][t.Bin] += a.n * list[j].n
					}
				}
			}
			some := min(sampled, len(list))
			for range some {
				j := random.IntN(len(list))
				if met[j] == i+1 {
					continue
				}
				if t := model.Match(&left, &right[j]); t.Alike && !t.Variant {
					of.u[t.Length][names.RarityOf(t.Surprise)][t.Bin] += a.n * list[j].n * float64(len(list)) / float64(some)
				}
			}
		}
	})
	for c := range names.Classes {
		if of := pooled[c]; of != nil {
			for _, o := range of {
				for l := range names.Lengths {
					all[c].allM[l] += all[o].allM[l]
					all[c].allU[l] += all[o].allU[l]
					for r := range names.Rarities {
						for b := range names.Bins {
							all[c].m[l][r][b] += all[o].m[l][r][b]
							all[c].u[l][r][b] += all[o].u[l][r][b]
						}
					}
				}
				all[c].usual += all[o].usual
				all[c].n += all[o].n
			}
		}
		w := f.Weights.Classes[classOf(c)]
		f.Report.Parts[classOf(c)] = len(parts[c])
		w.Usual = int32(math.Round(all[c].usual / max(all[c].n, 1)))
		for l := range names.Lengths {
			for r := range names.Rarities {
				var llr, weight []float64
				for b := range names.Bins - 1 {
					// A few of each, as many as chance would have: what was hardly ever
					// seen says little.
					m, u := (all[c].m[l][r][b]+0.3)/(all[c].allM[l]+30), (all[c].u[l][r][b]+3)/(all[c].allU[l]+3000)
					llr = append(llr, math.Log(m/u))
					weight = append(weight, all[c].m[l][r][b]+0.3)
				}
				// The closer, the likelier: counts of rare bins must not say otherwise.
				for b, v := range falling(llr, weight) {
					w.Alike[l][r][b] = int32(math.Round(100 * min(max(v, -3), 14)))
				}
				w.Alike[l][r][names.Bins-1] = 0
			}
		}
	}
}

func sharedLength(p part) int {
	n := 0
	for _, t := range []names.Token{p.left, p.right} {
		if len(t.Forms) > 0 {
			n += len(t.Forms[0].Sounds)
		}
	}
	return names.LengthOf(n)
}

// parallel runs do(0..n-1) on the machine's processors. Each writes what is its
// own, so that the result does not depend on which ran first.
func parallel(n int, do func(int)) {
	var wait sync.WaitGroup
	work := make(chan int)
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range work {
				do(i)
			}
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	wait.Wait()
}
