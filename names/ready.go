package names

import "math"

// Ready is a token made ready to be matched many times: what an index keeps of
// a token, without its text. Its memory may be used again for another token.
type Ready struct {
	weighed weighed
	token   Token
	forms   [MaxForms]Form
}

// Surprise is -log of how likely a token of these readings is, in points.
func (r *Ready) Surprise() int32 { return r.weighed.surprise }

// Ready makes the token ready. It takes far longer than Restore.
func (m *Model) Ready(t *Token, into *Ready) {
	into.Restore(t.Script, t.Kind, t.Forms, m.surprise(t))
}

// Restore makes a token ready of what a Match looks at: its script, its kind,
// of its readings the sounds and the first letter of the first, and its surprise.
func (r *Ready) Restore(script Script, kind TokenKind, forms []Form, surprise int32) {
	n := copy(r.forms[:], forms)
	r.token = Token{Script: script, Kind: kind, Forms: r.forms[:n]}
	r.weighed.token, r.weighed.surprise = &r.token, surprise
	for i := range n {
		// In place: a copy of the whole would take as long as the match itself.
		into, sounds := &r.weighed.sounds[i], forms[i].Sounds
		into.len, into.variant = min(len(sounds), MaxRunes), variantOf(sounds)
		for k := range into.len {
			into.at[k] = placeOf[sounds[k]]
		}
	}
}

// placeOf is place as a table.
var placeOf = func() (table [256]uint8) {
	for c := range table {
		table[c] = uint8(place(byte(c)))
	}
	return table
}()

// Match is TokenScore for tokens made ready.
func (m *Model) Match(a, b *Ready) TokenMatch { return m.match(&a.weighed, &b.weighed) }

// Cover is what a comparison adds to the evidence of its pairs, in points.
func (m *Model) Cover(class Class, v Coverage) int32 {
	of := &m.classes[class]
	points := int32(nothingAlike)
	if v.Pairs > 0 {
		points = of.Coverage[min(v.Pairs, 3)-1][min(v.Both, 2)][min(v.More, 3)]
	}
	return points + of.Joined*int32(v.Joined) + of.Patronymic*int32(v.Patronymics) + of.Contradiction*int32(v.Contradictions)
}

// BestCover is the most that Cover adds where so many parts of one name face
// one of the other.
func (m *Model) BestCover(class Class, pairs int) int32 {
	best := int32(math.MinInt32)
	for both := range 3 {
		for more := range 4 {
			best = max(best, m.Cover(class, Coverage{Pairs: pairs, Both: both, More: more}))
		}
	}
	return best
}

// Counts reports whether a name's token takes part in comparing it: particles
// and titles do only where there is nothing else.
func (n *Name) Counts(t *Token) bool {
	if t.tells() {
		return true
	}
	for i := range min(n.Positions, len(n.Tokens)) {
		if n.Tokens[i].tells() {
			return false
		}
	}
	return true
}

func (t *Token) tells() bool { return t.Kind == Plain || t.Kind == Patronymic || t.Kind == Initial }
