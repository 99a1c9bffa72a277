package names

import "math"

// Ready is a token made ready to be matched many times. It refers to the bytes
// that it was read from, which must not change while it is used; its memory may be
// used again for another token.
type Ready struct{ weighed weighed }

// Ready makes a token with a reading ready, of memory of its own.
func (m *Model) Ready(t *Token, into *Ready) { into.Read(t.AppendPacked(nil), m.surprise(t)) }

// Surprise is -log of how likely a token of these readings is, in points.
func (m *Model) Surprise(t *Token) int32 { return m.surprise(t) }

// The head of a packed token: its kind and how many readings it has, what it can
// be found under, its script, and the first letter of its likeliest reading.
const (
	packedKind     = 0x07
	packedForms    = 0x18 // in two bits, less 1
	packedUnclear  = 0x20 // LRUnreliable
	packedVariants = 0x40 // the groups of given names follow the readings
	packedHead     = 3
	packedScript   = 1
	packedFirst    = 2
)

// scripts are all that a token can have, in the order of their numbers in packed
// tokens: new ones go to the end.
var scripts = [...]Script{
	Latin, Cyrillic, Arabic, Hebrew, Greek, Georgian, Armenian, Hangul, Kana, Han, Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil,
	Telugu, Kannada, Malayalam, Sinhala, Thai, Lao, Khmer, Myanmar, Tibetan, Ethiopic, Other,
}

// AppendPacked writes what a Ready reads of a token, one reading at least, without
// its text: some 20 bytes. Tokens with the same bytes match alike.
func (t *Token) AppendPacked(b []byte) []byte {
	n := min(len(t.Forms), MaxForms)
	script := byte(len(scripts) - 1)
	for i, s := range scripts {
		if s == t.Script {
			script = byte(i)
			break
		}
	}
	at := len(b)
	b = append(b, byte(t.Kind)|byte(n-1)<<3, script, t.Forms[0].Latin[0])
	if t.Flags.Has(LRUnreliable) {
		b[at] |= packedUnclear
	}
	var groups [MaxForms]uint16
	for i, f := range t.Forms[:n] {
		b = append(b, byte(min(len(f.Sounds), MaxRunes)))
		b = appendPlaces(b, f.Sounds)
		if groups[i] = variantOf(f.Sounds); groups[i] != 0 {
			b[at] |= packedVariants
		}
	}
	if b[at]&packedVariants != 0 {
		for _, g := range groups[:n] {
			b = append(b, byte(g), byte(g>>8))
		}
	}
	return b
}

// Read makes a token ready that AppendPacked wrote. It reports false for bytes
// that are none; whoever keeps them safe need not ask.
func (r *Ready) Read(b []byte, surprise int32) bool {
	w := &r.weighed
	if len(b) < packedHead || int(b[packedScript]) >= len(scripts) || b[0]&^(packedKind|packedForms|packedUnclear|packedVariants) != 0 {
		return false
	}
	w.kind, w.forms = TokenKind(b[0]&packedKind), int(b[0]&packedForms>>3)+1
	w.script, w.first, w.surprise = scripts[b[packedScript]], b[packedFirst], surprise
	rest := b[packedHead:]
	for i := range w.forms {
		if len(rest) == 0 {
			return false
		}
		n := int(rest[0])
		if n == 0 || n > MaxRunes || len(rest) < 1+n {
			return false
		}
		w.sounds[i] = sounding{at: rest[1 : 1+n]}
		w.sounds[i].collect()
		rest = rest[1+n:]
	}
	if b[0]&packedVariants != 0 {
		if len(rest) != 2*w.forms {
			return false
		}
		for i := range w.forms {
			w.sounds[i].variant = uint16(rest[2*i]) | uint16(rest[2*i+1])<<8
		}
		rest = nil
	}
	return len(rest) == 0
}

// ValidPacked reports whether AppendPacked may have written this.
func ValidPacked(b []byte) bool {
	var r Ready
	if !r.Read(b, 0) || r.weighed.kind > Generation {
		return false
	}
	grouped := false
	for i := range r.weighed.forms {
		form := &r.weighed.sounds[i]
		for _, at := range form.at {
			if at == 0 || int(at) >= places {
				return false
			}
		}
		grouped = grouped || form.variant != 0
		if form.variant != variantOf(form.text()) {
			return false
		}
	}
	return grouped == (b[0]&packedVariants != 0)
}

// Join makes ready what two tokens would be, written as one: by their likeliest
// readings. Its sounds are written to buf, which it refers to.
func (m *Model) Join(a, b, into *Ready, buf []byte) {
	both := append(append(buf[:0], a.weighed.sounds[0].at...), b.weighed.sounds[0].at...)
	both = both[:min(len(both), MaxRunes)]
	w := &into.weighed
	w.script, w.kind, w.first, w.forms = a.weighed.script, Plain, a.weighed.first, 1
	w.sounds[0] = sounding{at: both}
	w.sounds[0].collect()
	w.surprise = m.surprise(&Token{Forms: []Form{{Sounds: w.sounds[0].text()}}})
}

// PackedKeys are the blocking keys that Parse gave a token which AppendPacked wrote.
func PackedKeys(b []byte) []Key {
	var r Ready
	if !r.Read(b, 0) || r.weighed.kind == Initial {
		return nil
	}
	var forms [MaxForms]Form
	for i := range r.weighed.forms {
		forms[i].Sounds = r.weighed.sounds[i].text()
	}
	flags := Flags(0)
	if b[0]&packedUnclear != 0 {
		flags = LRUnreliable
	}
	return keysOf(forms[:r.weighed.forms], flags)
}

// EachSound yields the sounds of every reading, and which reading they are of.
func (r *Ready) EachSound(yield func(reading int, sound byte) bool) {
	for i := range r.weighed.forms {
		for _, at := range r.weighed.sounds[i].at {
			if !yield(i, soundAtPlace(at)) {
				return
			}
		}
	}
}

// Script is the token's.
func (r *Ready) Script() Script { return r.weighed.script }

// Match is TokenScore for tokens made ready.
func (m *Model) Match(a, b *Ready) TokenMatch { return m.match(&a.weighed, &b.weighed, anyEvidence) }

// MatchInFavour is Match for tokens whose evidence is above zero. It takes no others
// for alike, and finds that out several times as fast. Of tokens with readings of
// different lengths it may find more than Match.
func (m *Model) MatchInFavour(a, b *Ready) TokenMatch {
	return m.match(&a.weighed, &b.weighed, farthestBin)
}

// MatchWithin is MatchInFavour for tokens whose distance is in the bin or a closer
// one, 0 to Bins-2; of others it may or may not say that they are alike.
func (m *Model) MatchWithin(a, b *Ready, bin int) TokenMatch {
	return m.match(&a.weighed, &b.weighed, min(bin, farthestBin))
}

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
