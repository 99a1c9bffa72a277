package watch

import (
	"math"
	"math/bits"

	"heed/names"
)

// nearby tells which words of the record's spellings a word of the list is like.
type nearby struct {
	slots []nearSlot
	round uint32
}

type nearSlot struct {
	round uint32
	asked uint16 // which spelling
	place uint16 // which of its tokens
	to    neighbour
}

func (n *nearby) fill(all []asked) {
	count := 0
	for i := range all {
		for k := range all[i].tokens {
			count += len(all[i].tokens[k].near)
		}
	}
	if n.round++; n.round == 0 || count*2 >= len(n.slots) {
		size := 1024
		for size <= count*2 {
			size *= 2
		}
		n.slots, n.round = make([]nearSlot, size), 1
	}
	mask := uint32(len(n.slots) - 1)
	for i := range all {
		for k := range all[i].tokens {
			for _, w := range all[i].tokens[k].near {
				at := nearHash(w.token) & mask
				for n.slots[at].round == n.round {
					at = (at + 1) & mask
				}
				n.slots[at] = nearSlot{n.round, uint16(i), uint16(k), w}
			}
		}
	}
}

func nearHash(token uint32) uint32 { return token * 0x9e3779b1 >> 7 }

// listToken is a token of a name of the list. Of two neighbours that the list
// does not keep as one, a token that stands for both is made up for the time of
// a comparison: it has no number, but that of the first of the two and of the second.
type listToken struct {
	token    uint32
	second   uint32 // 0 unless it is made up
	kind     uint32
	from, to int
	parts    Points // as askedToken.parts
}

func (t *listToken) joined() bool { return t.to > t.from+1 }

// rough is the scratch of one rough comparison.
type rough struct {
	list  []listToken
	gains []Points // by the record's token, then the list's
	width int
	used  [2]uint64
	hoped int // words of the record that may have a pair
	left  int // steps that the search for the best assignment may still take

	counting int // words of the list's name that tell persons apart
	class    names.Class
	best     Points
}

// unseenBest is what two words that no key has brought together may be worth at
// most, when it is asked whether a closer look is worth its while.
const unseenBest Points = 450

// dayNames is what names have to come to at least where no key has brought two of
// their words together and it is the day of birth that led to the subject. On a long
// list many have the same day of birth as the record: a day alone makes no hit.
const dayNames Points = -100

// unseen marks a pair of words that has not been scored yet.
const unseen = notAlike + 1

// compare sums the evidence of one name of the list against one of the record's
// spellings: what CompareWeighed would, but for joined words that the list does
// not keep. It returns how much that is above what is needed, with what other
// evidence there is beside the names. It reports false where no word is shared,
// unless the day is, or where the sum does not come near enough.
func (s *Screener) compare(which int, words []uint32, limits *needs, other Points, day bool) (Points, bool) {
	a, g := &s.asked[which], &s.rough
	g.read(words)
	g.width = len(g.list)
	g.gains = g.gains[:0]
	for range a.tokens {
		for range g.list {
			g.gains = append(g.gains, unseen)
		}
	}
	best, joined := notAlike, false
	mask := uint32(len(s.near.slots) - 1)
	for k, w := range g.list {
		if w.second != 0 {
			break // those stand last
		}
		for at := nearHash(w.token) & mask; s.near.slots[at].round == s.near.round; at = (at + 1) & mask {
			if slot := &s.near.slots[at]; slot.to.token == w.token && int(slot.asked) == which {
				g.gains[int(slot.place)*g.width+k] = slot.to.points
				joined = joined || w.joined() || a.tokens[slot.place].joined()
				if slot.to.points > best {
					best, g.class = slot.to.points, slot.to.class
				}
			}
		}
	}
	needed := limits[g.class] - other
	if best == notAlike {
		if !day || len(g.list) == 0 || len(a.tokens) == 0 {
			return 0, false
		}
		g.class = s.classOf(a.tokens[0].expansion, g.list[0].token)
		needed = max(limits[g.class]-other, dayNames)
	}
	for k, w := range g.list {
		sign := s.index.names.tokens.at(w.token).sign
		if w.second != 0 {
			sign = sign.and(s.index.names.tokens.at(w.second).sign)
		}
		for i := range a.tokens {
			// What one side writes as one is known by its keys, or is not like it.
			known := w.second == 0 && w.joined() != a.tokens[i].joined()
			switch gain := &g.gains[i*g.width+k]; {
			case *gain != unseen:
			case known || !a.tokens[i].sign.likely(sign):
				*gain = notAlike
			case w.joined():
				joined = true
			}
		}
	}
	for i := range a.tokens {
		if e := a.tokens[i].expansion; e.token != nil {
			s.complete(e, e.token)
		}
	}
	hope, some := g.hope(a)
	if hope+s.hopeCover(a, hope, joined) < needed-slack {
		return 0, false
	}
	if some {
		s.fill(a)
	}
	points := s.assign(a)
	return points - needed, points+slack >= needed
}

// promises reports whether one of a name's words is like one of the record's, and
// what is known of them does not rule out that enough comes together, with so many
// points beside the names. It looks at most names and lets few of them through,
// so it does not take them apart.
func (s *Screener) promises(which int, words []uint32, needs *needs, points Points) bool {
	a := &s.asked[which]
	mask := uint32(len(s.near.slots) - 1)
	sum, theirs, joined := points+slack, 0, false
	places, classes := uint64(0), uint32(0)
	for _, w := range words {
		token, best := w&wordToken, Points(0)
		if w&(wordKind|wordSpan) == wordPlain {
			theirs++
		}
		for at := nearHash(token) & mask; s.near.slots[at].round == s.near.round; at = (at + 1) & mask {
			slot := &s.near.slots[at]
			if slot.to.token != token || int(slot.asked) != which {
				continue
			}
			best = max(best, slot.to.points*max(a.tokens[slot.place].parts, Points(w&wordSpan>>wordSpanShift)+1))
			classes |= 1 << slot.to.class
			if a.tokens[slot.place].joined() || w&wordSpan != 0 {
				joined = true
			} else {
				places |= 1 << slot.place
			}
		}
		sum += best
	}
	if classes == 0 {
		return false
	}
	most, pairs := Points(0), bits.OnesCount64(places)
	for i := range a.tokens {
		if t := &a.tokens[i]; !t.joined() && places>>i&1 == 0 {
			most = max(most, min(unseenBest, t.self))
		}
	}
	if most > 0 {
		pairs++
	}
	mine := min(a.counting, boundedWords)
	theirs, pairs = min(theirs, boundedWords), min(pairs, boundedWords)
	for ; classes != 0; classes &= classes - 1 {
		class := bits.TrailingZeros32(classes)
		of := &s.index.judge.bounds[class]
		cover := of.cover
		if !joined {
			cover = of.most[pairs][mine][theirs]
		}
		if sum+most+cover >= needs[class] {
			return true
		}
	}
	return false
}

// classOf is the pair of scripts of a record's word and one of the list's.
func (s *Screener) classOf(e *expansion, token uint32) names.Class {
	e.ready(&s.own)
	s.index.names.ready(token, &s.theirs)
	return names.ClassOf(s.own.Script(), s.theirs.Script())
}

// fill scores the pairs of words that no key has brought together.
func (s *Screener) fill(a *asked) {
	g := &s.rough
	for i := range a.tokens {
		ready := false
		for k := range g.list {
			gain := &g.gains[i*g.width+k]
			if *gain != unseen {
				continue
			}
			if !ready {
				a.tokens[i].ready(&s.own)
				ready = true
			}
			*gain = s.match(a.tokens[i].expansion, &s.own, g.list[k].token, g.list[k].second)
		}
	}
}

// hopeCover is the most that is added to the pairs that hope has counted: pairs
// of words that are alike, or may be. Where words are joined, anything may be.
func (s *Screener) hopeCover(a *asked, hope Points, joined bool) Points {
	g, m := &s.rough, s.index.judge.model
	best := s.index.judge.bounds[g.class].cover
	if joined || g.counting == 0 || a.counting == 0 {
		return best
	}
	pairs := max(1, min(g.hoped, a.counting, g.counting))
	best = notAlike
	for p := 1; p <= pairs; p++ {
		best = max(best, m.Cover(g.class, names.Coverage{
			Pairs: p, Both: min(a.counting, g.counting) - p, More: max(a.counting, g.counting) - min(a.counting, g.counting),
		}))
	}
	return best
}

// read takes a name's words apart.
func (g *rough) read(words []uint32) {
	g.list, g.counting = g.list[:0], 0
	at := 0
	for _, w := range words {
		from, to := at, at+1
		if joined := int(w & wordSpan >> wordSpanShift); joined > 0 {
			from, to = at-1, at+joined
		} else {
			at++
		}
		if token := w & wordToken; token != noToken && w&wordKind != wordSilent {
			g.list = append(g.list, listToken{token: token, kind: w & wordKind, from: from, to: to})
			if w&(wordKind|wordSpan) == wordPlain {
				g.counting++
			}
		}
	}
	stored := len(g.list)
	for i := range g.list[:stored] {
		first := g.list[i]
		if first.joined() || first.kind == wordInitial {
			continue
		}
		for _, second := range g.list[i+1 : stored] {
			switch {
			case second.joined() && second.from == first.from && second.to == first.from+2:
				// It is kept.
			case second.joined() || second.from != first.to || second.kind == wordInitial:
				continue
			default:
				g.list = append(g.list, listToken{token: first.token, second: second.token, kind: wordPlain, from: first.from, to: second.to})
			}
			break
		}
	}
	for i := range g.list {
		t := &g.list[i]
		if t.parts = 1; t.joined() {
			t.parts = standsFor(t.from, t.to, stored, func(i int) (int, int) { return g.list[i].from, g.list[i].to })
		}
	}
}

// hope is more than the pairs can be worth, with one unseen pair taken for good:
// of names that reach the threshold hardly any have two words that are alike and
// share no key. It counts the words that may have a pair.
func (g *rough) hope(a *asked) (sum Points, some bool) {
	g.hoped = 0
	most := Points(0) // that an unseen pair adds to what is known
	for i := range a.tokens {
		best, hoped := Points(0), Points(0)
		alike := false
		for k, p := range g.gains[i*g.width : (i+1)*g.width] {
			if p == notAlike {
				continue
			}
			alike = true
			parts := max(a.tokens[i].parts, g.list[k].parts)
			if p == unseen {
				some = true
				hoped = max(hoped, min(unseenBest, a.tokens[i].self)*parts)
				continue
			}
			best = max(best, p*parts)
		}
		sum += best
		most = max(most, hoped-best)
		if alike && !a.tokens[i].joined() {
			g.hoped++
		}
	}
	return sum + most, some
}

// assignSteps bounds the search for the best assignment of words. Names of few
// words, or few words that are alike, take less.
const assignSteps = 400

// leaveCost is what an assignment pays, while it is sought, for each word that
// it leaves without a pair: as the comparison of names has it.
const leaveCost Points = 60

// assign finds the best one-to-one assignment of words and returns the evidence
// of the names.
func (s *Screener) assign(a *asked) Points {
	g := &s.rough
	g.best, g.left = math.MinInt32, assignSteps
	g.used = [2]uint64{}
	total := Points(math.MinInt32)
	g.search(a, 0, 0, 0, names.Coverage{}, func(sum Points, c names.Coverage) {
		left, fathers := rest(g.used[0], len(a.tokens), func(i int) (int, int, uint32) {
			return a.tokens[i].from, a.tokens[i].to, a.tokens[i].kind
		})
		right, theirs := rest(g.used[1], len(g.list), func(i int) (int, int, uint32) {
			return g.list[i].from, g.list[i].to, g.list[i].kind
		})
		c.Both = min(left, right)
		c.More = max(left, right) - c.Both
		c.Contradictions = min(fathers, theirs)
		c.Patronymics = max(fathers, theirs) - c.Contradictions
		total = sum + s.index.judge.model.Cover(g.class, c)
	})
	return total
}

// rest counts what no pair has used: plain words and patronymics.
func rest(used uint64, n int, token func(int) (from, to int, kind uint32)) (plain, patronymics int) {
	for i := range n {
		from, to, kind := token(i)
		if to != from+1 || used>>from&1 != 0 {
			continue
		}
		switch kind {
		case wordPlain:
			plain++
		case wordPatronymic:
			patronymics++
		}
	}
	return plain, patronymics
}

// search tries the record's tokens from i on, and tells every assignment that is
// better than the best before.
func (g *rough) search(a *asked, i int, worth, sum Points, c names.Coverage, tell func(sum Points, c names.Coverage)) {
	if i == len(a.tokens) {
		if worth > g.best {
			g.best = worth
			tell(sum, c)
		}
		return
	}
	g.left--
	t := &a.tokens[i]
	own := span(t.from, t.to)
	if g.used[0]&own == 0 {
		for tried := 0; ; tried++ {
			k := g.strongest(i, tried)
			if k < 0 {
				break
			}
			w := &g.list[k]
			theirs := span(w.from, w.to)
			parts := max(t.parts, w.parts)
			p := g.gains[i*g.width+k] * parts
			gain := p + leaveCost*Points(t.to-t.from+w.to-w.from)
			if g.used[1]&theirs != 0 || gain <= 0 {
				continue
			}
			with := c
			if t.kind != wordInitial && w.kind != wordInitial {
				with.Pairs += int(parts)
			}
			if t.to-t.from > 1 || w.to-w.from > 1 {
				with.Joined++
			}
			g.used[0] |= own
			g.used[1] |= theirs
			g.search(a, i+1, worth+gain, sum+p, with, tell)
			g.used[0] &^= own
			g.used[1] &^= theirs
			if g.left <= 0 {
				break
			}
		}
	}
	if g.left > 0 || g.best == math.MinInt32 {
		g.search(a, i+1, worth, sum, c, tell)
	}
}

// strongest is the list's token with the rank-th highest gain for the record's
// token i that is alike, or -1.
func (g *rough) strongest(i, rank int) int {
	row := g.gains[i*g.width : (i+1)*g.width]
	last, at := Points(math.MaxInt32), -1
	for ; rank >= 0; rank-- {
		next := -1
		for k, p := range row {
			if p == notAlike || p > last || p == last && k <= at {
				continue
			}
			if next < 0 || p > row[next] {
				next = k
			}
		}
		if next < 0 {
			return -1
		}
		last, at = row[next], next
	}
	return at
}

// standsFor is as how many pairs a token counts: where it was joined of all
// tokens of its name that tell persons apart, as that many.
func standsFor(from, to, n int, token func(int) (from, to int)) Points {
	parts := Points(0)
	for i := range n {
		switch f, t := token(i); {
		case t > f+1:
		case f >= from && t <= to:
			parts++
		default:
			return 1
		}
	}
	return max(1, parts)
}

func span(from, to int) uint64 { return 1<<to - 1<<from }

// mayPromise reports whether one of a run's names promises enough. The run is at
// hand; the subject is not.
func (s *Screener) mayPromise(words []uint32, needs *needs, points Points) bool {
	for len(words) > 0 {
		n := nameEnds(words)
		for i := range s.asked {
			if s.promises(i, words[:n], needs, points) {
				return true
			}
		}
		words = words[n:]
	}
	return false
}

// nameEnds is how many words the first name of some has.
func nameEnds(words []uint32) int {
	n := 1
	for words[n-1]&wordNameEnds == 0 {
		n++
	}
	return n
}

// weigh sums the evidence for one subject roughly and enters it where that comes
// near what is needed. It was met in a way that says so much beside the names;
// where that is too little, it may be met again in another. Where it was met by
// the day of birth, its names are compared even if no key has brought their words
// together.
func (s *Screener) weigh(r realm, record *Record, run uint32, needs *needs, points Points, day bool) {
	x := s.index
	words := x.names.run(run)[1:]
	if !day && !s.mayPromise(words, needs, points) || !s.met.first(run) {
		return
	}
	other, limits := Points(0), &s.limits[undated]
	if r == realmPerson {
		_, stored := x.stored(run)
		s.outline.read(stored)
		of := undated
		other, of = x.judge.beside(record, &s.outline)
		limits = &s.limits[of]
	}
	s.margins = s.margins[:0]
	best := notAlike
	for len(words) > 0 {
		n := nameEnds(words)
		margin := notAlike
		for i := range s.asked {
			if !day && !s.promises(i, words[:n], limits, other) {
				continue
			}
			if m, ok := s.compare(i, words[:n], limits, other, day); ok {
				margin = max(margin, m)
			}
		}
		s.margins = append(s.margins, margin)
		best = max(best, margin)
		words = words[n:]
	}
	if best == notAlike {
		return
	}
	f := found{run: run, margin: best}
	for i, m := range s.margins {
		if m != notAlike && m >= best-2*slack {
			f.names = append(f.names, int32(i))
		}
	}
	s.found = append(s.found, f)
}
