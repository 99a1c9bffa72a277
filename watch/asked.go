package watch

import "heed/names"

// asked is a spelling of the record's name as it is looked up.
type asked struct {
	plain    int // positions
	counting int // of those, the ones that tell persons apart
	tokens   []askedToken
}

type askedToken struct {
	*expansion
	from, to int
	kind     uint32
	parts    Points // as how many pairs it counts: see standsFor
}

func (t *askedToken) joined() bool { return t.to > t.from+1 }

// look makes a record's name ready to be looked up.
func (s *Screener) look(r realm, n *names.Name) {
	var room []askedToken // of an earlier record's
	if len(s.asked) < cap(s.asked) {
		room = s.asked[:len(s.asked)+1][len(s.asked)].tokens[:0]
	}
	a := asked{plain: min(n.Positions, len(n.Tokens)), tokens: room}
	for i := range n.Tokens {
		t := &n.Tokens[i]
		kind := kindOf(n, t)
		if len(t.Forms) == 0 || kind == wordSilent || t.To > a.plain {
			continue
		}
		if !t.Joined && kind == wordPlain {
			a.counting++
		}
		a.tokens = append(a.tokens, askedToken{s.expand(r, t), t.From, t.To, kind, 1})
	}
	for i := range a.tokens {
		if t := &a.tokens[i]; t.joined() {
			t.parts = standsFor(t.from, t.to, len(a.tokens), func(i int) (int, int) { return a.tokens[i].from, a.tokens[i].to })
		}
	}
	s.asked = append(s.asked, a)
}

// Of a name that is one word of so many letters, each way to take it for two is
// looked up, as long as both have a few.
const (
	splitFrom, splitTo = 9, 30
	splitPart          = 4
)

// split looks up a name that is written as one word as if it were two, so that
// a name of two words leads to it. What is found is compared as it is written.
func (s *Screener) split(r realm, n *names.Name) {
	if n.Positions != 1 || len(n.Tokens[0].Forms) == 0 {
		return
	}
	latin := n.Tokens[0].Forms[0].Latin
	if len(latin) < splitFrom || len(latin) > splitTo {
		return
	}
	for at := splitPart; at <= len(latin)-splitPart; at++ {
		two := names.Parse(latin[:at] + " " + latin[at:])
		s.look(r, &two)
	}
}
