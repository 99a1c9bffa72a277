package names

import "slices"

// Comparison is how far two names are one person's, and why. Compare(b, a) is
// Compare(a, b) with left and right changed over.
type Comparison struct {
	// Class is the pair of scripts.
	Class Class
	// Points is the evidence: log of how much likelier the two names are of one
	// person than of two, in hundredths of a natural logarithm. It is the sum of
	// the Points of Pairs and of Other.
	Points int32
	// LLR is Points as a natural logarithm.
	LLR float64
	// Score is LLR on the class's calibrated scale, 0 to 1.
	Score float64
	// Threshold is the score from which on the two are worth a look: on the
	// development list one innocent traveller in a thousand reaches it.
	Threshold float64
	// Needed is the threshold in points.
	Needed int32
	// Pairs are the tokens that face each other, the strongest evidence first.
	Pairs []Pair
	// Unpaired are the tokens that face none.
	Unpaired []Unpaired
	// Other is what counts beside the pairs.
	Other []Contribution
	// Rules are the rules of reading that the pairs rest on.
	Rules []string
	// ModelVersion names the weights.
	ModelVersion string
	// Coverage is how far the names cover each other.
	Coverage Coverage
}

// Above reports whether the score reaches the threshold.
func (c Comparison) Above() bool { return len(c.Pairs) > 0 && c.Points >= c.Needed }

// Pair is two tokens that face each other.
type Pair struct {
	Left, Right Token // as the names have them; a joined token stands for several
	TokenMatch
	// Parts is how many parts of a name the pair stands for, and Points counts it
	// as often: more than one where a whole name is written as one word.
	Parts int32
}

// TokenMatch is what two tokens say about each other.
type TokenMatch struct {
	Class     Class
	LeftForm  int // the readings that are closest, places in Token.Forms
	RightForm int
	Distance  int32 // between those, in points
	Length    int   // of the two, as a row of ClassWeights.Alike
	Bin       int   // of Distance, as a column there
	Surprise  int32 // of the likelier token, in points: -log of its frequency
	Initial   bool  // one is the other's initial
	Variant   bool  // forms of one name in different languages, see Variants
	Points    int32 // the evidence
	Alike     bool  // false: nothing in common, Points is zero
}

// LLR is the evidence as a natural logarithm.
func (t TokenMatch) LLR() float64 { return float64(t.Points) / 100 }

// Unpaired is a token of one name that has none to face in the other.
type Unpaired struct {
	Token Token
	Left  bool // of the left name
}

// Contribution is evidence other than a pair's.
type Contribution struct {
	What   string
	Points int32
}

// Coverage counts the tokens by how they found each other. Particles, titles
// and generations do not count, nor initials that face nothing.
type Coverage struct {
	Pairs          int // of tokens
	Both           int // unpaired in each name, as many as in the one with fewer
	More           int // unpaired in one name beyond that
	Joined         int // pairs with a token made of neighbours
	Patronymics    int // that have none to face
	Contradictions int // patronymics that have another to face
}

// A token made ready to be compared.
type weighed struct {
	token    *Token // nil where only the score is asked for
	script   Script
	kind     TokenKind
	first    byte // letter of the likeliest reading
	forms    int
	sounds   [MaxForms]sounding
	surprise int32
	bare     bool // made of neighbours of which none is a particle
}

// Weighed is a Name with all that comparing it needs, for whoever compares it
// often. It does not change.
type Weighed struct {
	name   *Name
	tokens []weighed // the spans' tokens
	parts  []int32   // how many parts each stands for, if that is the whole name; else none
	side   side
}

// Weigh makes a name ready to be compared under this model.
func (m *Model) Weigh(n Name) *Weighed {
	w := &Weighed{name: &n}
	m.weigh(w)
	return w
}

func (m *Model) weigh(w *Weighed) {
	n := w.name
	positions := min(n.Positions, MaxTokens)
	w.side.written = positions
	counts := (*Token).tells
	any := false
	for i := range positions {
		any = any || counts(&n.Tokens[i])
	}
	w.tokens = make([]weighed, 0, len(n.Tokens))
	w.side.spans = make([]span, 0, len(n.Tokens))
	for i := range n.Tokens {
		t := &n.Tokens[i]
		if len(t.Forms) == 0 || t.From < 0 || t.To > positions || any && !counts(t) {
			continue
		}
		w.side.spans = append(w.side.spans, span{token: i, from: t.From, to: t.To})
		w.tokens = append(w.tokens, m.ready(t))
		w.tokens[len(w.tokens)-1].bare = t.Joined && !slices.ContainsFunc(n.Tokens[t.From:t.To], func(t Token) bool { return t.Kind == Particle })
		// A token that stands for the whole name counts as all of its parts.
		parts, others := int32(0), false
		for p := range positions {
			switch inside := p >= t.From && p < t.To; {
			case counts(&n.Tokens[p]) && inside:
				parts++
			case counts(&n.Tokens[p]):
				others = true
			}
		}
		if others {
			parts = 0
		}
		w.parts = append(w.parts, parts)
		if t.To == t.From+1 && !t.Joined && t.Kind != Initial {
			w.side.leave[t.From] = leaveCost
		}
	}
}

// leaveCost is what leaving a token unpaired costs while the assignment is
// sought, in points; what it costs in the end is the class's Coverage.
const leaveCost = 60

// TokenScore is what two tokens say about each other: the same whichever comes
// first, but for left and right.
func (m *Model) TokenScore(a, b Token) TokenMatch {
	ra, rb := m.ready(&a), m.ready(&b)
	return m.match(&ra, &rb, anyEvidence)
}

func (m *Model) ready(t *Token) weighed {
	r := weighed{token: t, script: t.Script, kind: t.Kind, forms: min(len(t.Forms), MaxForms), surprise: m.surprise(t)}
	if r.forms > 0 {
		r.first = t.Forms[0].Latin[0]
	}
	for f := range r.forms {
		r.sounds[f] = sound(t.Forms[f].Sounds)
	}
	return r
}

// anyEvidence has match score all tokens that are alike.
const anyEvidence = Bins

// match scores two tokens. Unless it is to score them for anyEvidence, those whose
// evidence would not be above zero are not alike, nor those in a bin beyond
// farthest, which is found out sooner than how much they differ.
func (m *Model) match(a, b *weighed, farthest int) TokenMatch {
	class := ClassOf(a.script, b.script)
	if turned(a.script, b.script) {
		t := m.matchTurned(class, b, a, farthest)
		t.LeftForm, t.RightForm = t.RightForm, t.LeftForm
		return t
	}
	return m.matchTurned(class, a, b, farthest)
}

// turned reports whether the costs of the class, which read from the other
// script into Latin letters, have b on their left.
func turned(a, b Script) bool { return a == Latin && b != Latin }

func (m *Model) matchTurned(class Class, a, b *weighed, farthest int) TokenMatch {
	of, by := &m.classes[class], &m.metrics[class]
	t := TokenMatch{Class: class, Distance: farDistance, Surprise: min(a.surprise, b.surprise)}
	if a.kind == Initial || b.kind == Initial {
		if a.forms > 0 && b.forms > 0 && a.first == b.first {
			t.Initial, t.Alike, t.Points, t.Distance = true, true, of.Initial, 0
		}
		return t
	}
	best := int32(binCuts[farthestBin]*64 + 1)
	var most [Lengths]int32 // distance for each sound, by length, once it is asked for
	var scratch rows
	for i := range a.forms {
		for j := range min(b.forms, MaxForms-i) {
			x, y := &a.sounds[i], &b.sounds[j]
			longer := int32(max(len(x.at), len(y.at)))
			if longer == 0 {
				continue
			}
			rank, limit := of.Rank*int32(i+j), best
			if farthest != anyEvidence {
				l := LengthOf(len(x.at) + len(y.at))
				if most[l] == 0 {
					most[l] = of.farthestInFavour(l, t.Surprise, farthest)
				}
				limit = min(limit, most[l])
			}
			d := by.distance(x, y, (limit*longer-1)/64-rank, &scratch)
			if d >= farDistance {
				continue
			}
			d += rank
			each := d * 64 / longer
			if each < best {
				best = each
				t.LeftForm, t.RightForm, t.Distance = i, j, d
				t.Length = LengthOf(len(x.at) + len(y.at))
				t.Bin = binOf(each)
			}
		}
	}
	if t.Distance < farDistance {
		t.Points = of.points(t.Length, t.Surprise, t.Bin)
		t.Alike = farthest == anyEvidence || t.Points > 0
	}
	if !t.Alike {
		t.Points = 0
		t.Bin = Bins - 1
	}
	if i, j, ok := variant(a, b); ok && (!t.Alike || t.Points < of.Variant) {
		t.LeftForm, t.RightForm = i, j
		t.Variant, t.Alike, t.Points = true, true, of.Variant
	}
	return t
}

// points is the evidence of two tokens of a length whose distance is in the bin.
func (w *ClassWeights) points(length int, surprise int32, bin int) int32 {
	return w.Alike[length][RarityOf(surprise)][bin] + w.Rarity[bin]*(surprise-w.Usual)/1000
}

// farthestInFavour is one more than the distance for each sound up to which there
// may be evidence above zero, in a bin or a closer one, in 64ths of a point; 1:
// there is none.
func (w *ClassWeights) farthestInFavour(length int, surprise int32, bin int) int32 {
	for ; bin >= 0; bin-- {
		if w.points(length, surprise, bin) > 0 {
			return int32(binCuts[bin]*64 + 1)
		}
	}
	return 1
}

// variant finds readings of two tokens that are forms of one name.
func variant(a, b *weighed) (i, j int, ok bool) {
	for i := range a.forms {
		group := a.sounds[i].variant
		for j := range b.forms {
			if group != 0 && b.sounds[j].variant == group {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// binOf is the bin of a distance for each sound, in 64ths of a point.
func binOf(each int32) int {
	for i, cut := range binCuts {
		if each <= cut*64 {
			return i
		}
	}
	return Bins - 1
}

// Compare weighs the evidence that two names are of one person. The order of
// a name's tokens does not matter.
func (m *Model) Compare(a, b Name) Comparison {
	wa, wb := &Weighed{name: &a}, &Weighed{name: &b}
	m.weigh(wa)
	m.weigh(wb)
	return m.CompareWeighed(wa, wb)
}

// CompareWeighed is Compare for names made ready.
func (m *Model) CompareWeighed(a, b *Weighed) Comparison {
	if laterThan(a.name, b.name) {
		c := m.compare(b, a)
		c.turn()
		return c
	}
	return m.compare(a, b)
}

// laterThan orders names, so that each two are compared one way round only.
func laterThan(a, b *Name) bool {
	if a.Positions != b.Positions {
		return a.Positions > b.Positions
	}
	return a.Text > b.Text
}

// turn changes left and right over.
func (c *Comparison) turn() {
	for i := range c.Pairs {
		p := &c.Pairs[i]
		p.Left, p.Right = p.Right, p.Left
		p.LeftForm, p.RightForm = p.RightForm, p.LeftForm
	}
	for i := range c.Unpaired {
		c.Unpaired[i].Left = !c.Unpaired[i].Left
	}
}

func (m *Model) compare(a, b *Weighed) Comparison {
	c := Comparison{Class: ClassOf(a.name.Script, b.name.Script), ModelVersion: m.version}
	var few [48]TokenMatch
	matches, found := m.align(a, b, few[:])
	m.sum(&c, a, b, &found, matches)
	return c
}

// farthestJoined is the bin up to which neighbours written as one are like other
// neighbours: what differs more has a part in common that can face the other by
// itself. Neighbours with a particle are one name, and are told by the whole.
const farthestJoined = 8

// align scores every token of a against every token of b, and assigns them. The
// matches are a row for each token of a, in few if they fit.
func (m *Model) align(a, b *Weighed, few []TokenMatch) ([]TokenMatch, pairing) {
	matches := few
	width := len(b.tokens)
	if n := len(a.tokens) * width; n > len(few) {
		matches = make([]TokenMatch, n)
	}
	for i := range a.tokens {
		for j := range b.tokens {
			t := m.match(&a.tokens[i], &b.tokens[j], anyEvidence)
			if t.Bin > farthestJoined && a.tokens[i].bare && b.tokens[j].bare {
				t = TokenMatch{}
			}
			matches[i*width+j] = t
		}
	}
	return matches, assign(&a.side, &b.side, func(i, j int) int32 {
		t := &matches[i*width+j]
		if !t.Alike {
			return noGain
		}
		return t.Points * standsFor(a, b, i, j)
	})
}

// standsFor is how many parts a pair stands for. Where one name is a single word
// and the other in the whole reads like it, they count as often as that has parts.
func standsFor(a, b *Weighed, i, j int) int32 {
	if min(a.parts[i], b.parts[j]) != 1 {
		return 1
	}
	return max(a.parts[i], b.parts[j])
}

// Points is what CompareWeighed finds, without the reasons.
func (m *Model) Points(a, b *Weighed) int32 {
	if laterThan(a.name, b.name) {
		a, b = b, a
	}
	var few [48]TokenMatch
	matches, found := m.align(a, b, few[:])
	var usedA, usedB [MaxTokens]bool
	points, coverage := tally(a, b, &found, matches, &usedA, &usedB)
	return points + m.Cover(ClassOf(a.name.Script, b.name.Script), coverage)
}

// tally adds up the pairs of an assignment and counts how far the names cover
// each other, noting which written tokens face one.
func tally(a, b *Weighed, found *pairing, matches []TokenMatch, usedA, usedB *[MaxTokens]bool) (points int32, v Coverage) {
	for k := range found.pairs {
		i, j := found.left[k], found.right[k]
		sa, sb := a.side.spans[i], b.side.spans[j]
		for p := sa.from; p < sa.to; p++ {
			usedA[p] = true
		}
		for p := sb.from; p < sb.to; p++ {
			usedB[p] = true
		}
		if a.tokens[i].token.Joined || b.tokens[j].token.Joined {
			v.Joined++
		}
		t := &matches[i*len(b.tokens)+j]
		parts := standsFor(a, b, i, j)
		if !t.Initial {
			v.Pairs += int(parts)
		}
		points += t.Points * parts
	}
	leftA, fathersA := a.rest(usedA)
	leftB, fathersB := b.rest(usedB)
	v.Both = min(leftA, leftB)
	v.More = max(leftA, leftB) - v.Both
	v.Contradictions = min(fathersA, fathersB)
	v.Patronymics = max(fathersA, fathersB) - v.Contradictions
	return points, v
}

// rest counts the tokens that face none and tell persons apart: plain ones, and
// patronymics.
func (w *Weighed) rest(used *[MaxTokens]bool) (plain, patronymics int) {
	for i := range w.side.written {
		if used[i] {
			continue
		}
		switch w.name.Tokens[i].Kind {
		case Plain:
			plain++
		case Patronymic:
			patronymics++
		}
	}
	return plain, patronymics
}

// sum adds up the evidence of an assignment, with the reasons.
func (m *Model) sum(c *Comparison, a, b *Weighed, found *pairing, matches []TokenMatch) {
	of := &m.classes[c.Class]
	var usedA, usedB [MaxTokens]bool
	c.Points, c.Coverage = tally(a, b, found, matches, &usedA, &usedB)
	c.Pairs = make([]Pair, 0, found.pairs)
	for k := range found.pairs {
		i, j := found.left[k], found.right[k]
		pair := Pair{Left: *a.tokens[i].token, Right: *b.tokens[j].token, TokenMatch: matches[i*len(b.tokens)+j], Parts: standsFor(a, b, i, j)}
		pair.Points *= pair.Parts
		c.Pairs = append(c.Pairs, pair)
	}
	unpaired := func(w *Weighed, used *[MaxTokens]bool, left bool) {
		for i := range w.side.written {
			if !used[i] {
				c.Unpaired = append(c.Unpaired, Unpaired{Token: w.name.Tokens[i], Left: left})
			}
		}
	}
	unpaired(a, &usedA, true)
	unpaired(b, &usedB, false)
	add := func(what string, points int32) {
		if points != 0 {
			c.Other = append(c.Other, Contribution{what, points})
			c.Points += points
		}
	}
	if c.Coverage.Pairs == 0 {
		add("no part of one is like a part of the other", nothingAlike)
	} else {
		add(c.Coverage.words(), of.Coverage[min(c.Coverage.Pairs, 3)-1][min(c.Coverage.Both, 2)][min(c.Coverage.More, 3)])
	}
	add("parts written as one", of.Joined*int32(c.Coverage.Joined))
	add("patronymic on one side only", of.Patronymic*int32(c.Coverage.Patronymics))
	add("different patronymics", of.Contradiction*int32(c.Coverage.Contradictions))
	c.LLR = float64(c.Points) / 100
	c.Score = m.Calibrate(c.Class, c.Points)
	c.Threshold, c.Needed = m.Threshold(c.Class)
	c.explain()
}

// nothingAlike is the evidence of names that have no part in common, in points.
const nothingAlike = -2000
