package watch

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"heed/names"
)

// realm is the sort of names: persons' and organisations' words are kept apart.
type realm byte

const (
	realmPerson       realm = 'p'
	realmOrganisation realm = 'o'
)

// A run is what the lexicon keeps of one subject's names: a word that belongs to
// the owner of the lexicon, then a word for each token of each name, in order.
// A token's word has its number and the marks below. Run references are places
// of words, and never 0.
const (
	wordToken     = 1<<26 - 1 // the token's number
	wordSpanShift = 26        // in two bits, of how many tokens it was joined, less 1; 0 is of none
	wordSpan      = 3 << wordSpanShift
	wordKindShift = 28 // in two bits, a wordKind
	wordKind      = 3 << wordKindShift
	wordNameEnds  = 1 << 30
	wordRunEnds   = 1 << 31
	noToken       = wordToken // stands in the run of a subject without names
)

// What a token is, as far as it bears on the score. A silent one (a particle, a
// title) takes no part and has no posting.
const (
	wordPlain uint32 = iota << wordKindShift
	wordPatronymic
	wordInitial
	wordSilent
)

// maxRun is the longest run: it does not leave a page.
const maxRun = 1 << pageBits

// lexicon keeps names by their distinct words.
type lexicon struct {
	model  *names.Model
	seed   maphash.Seed
	tokens pages[entry]
	high   uint32 // token numbers below it are or were in use; 0 never is
	free   []uint32
	packed *arena
	byText *table
	byKey  map[names.Key]*keyed
	change uint64 // counts changes of byKey

	released uint64 // counts words given up: their numbers may stand for others then
	words    pages[uint32]
	top      uint32
	spare    map[uint32][]uint32 // runs given up, by length
	sets     postings
	singles  map[uint32]posting // of the names of which one word counts, by that word
	silent   map[uint32]uint32  // how often words stand silent beyond silentMost: the few particles and titles of a long list
}

// entry is one distinct word of the list.
type entry struct {
	in     posting
	packed uint32
	sign   signature // and, above it, how often the word stands silent in a name
}

// silentOne counts, above a signature, how often a word stands silent in a
// name. What is beyond silentMost is counted in lexicon.silent: a count that
// stopped there could not tell when the last of these names has gone, and the
// word would stay for ever.
const (
	silentOne  signature = 1 << 24
	silentMost signature = 0xff << 24
)

// keyed are the words under one key.
type keyed struct {
	words   []signed
	changed uint64
}

// signed is a word with its signature, by which most others are passed over.
type signed struct {
	token uint32
	sign  signature
}

func newLexicon(m *names.Model) *lexicon {
	l := &lexicon{model: m, seed: maphash.MakeSeed(), byKey: map[names.Key]*keyed{}, high: 1, top: 1, spare: map[uint32][]uint32{}, singles: map[uint32]posting{}, silent: map[uint32]uint32{}}
	l.packed = &arena{moved: func(token, to uint32) { l.tokens.at(token).packed = to }}
	l.byText = newTable(func(token uint32) uint64 { return l.identity(l.packed.at(l.tokens.at(token).packed)) })
	return l
}

func (l *lexicon) identity(packed []byte) uint64 { return maphash.Bytes(l.seed, packed[packedFrom:]) }

// signature says which sounds a word has in any of its readings, a bit each, and
// how many the first reading has, so that words which differ in many are told
// apart without looking at them.
type signature uint32

const (
	// signatureVowels are the bits of sounds that some scripts do not write.
	signatureVowels signature = 1<<5 - 1
	// signatureSounds are the bits of consonants.
	signatureSounds signature = 1<<19 - 1 - signatureVowels
	// signatureLength is where the length stands, in four bits.
	signatureLength            = 19
	signatureLongest           = 15
	signatureForeign signature = 1 << 23 // in other than Latin letters
)

func soundBit(sound byte) signature {
	switch sound {
	case 'a':
		return 1
	case 'e':
		return 1 << 1
	case 'i', 'y':
		return 1 << 2
	case 'o':
		return 1 << 3
	case 'u':
		return 1 << 4
	case 'p', 'b':
		return 1 << 5
	case 'f', 'v', 'w':
		return 1 << 6
	case 't', 'T':
		return 1 << 7
	case 'd', 'D':
		return 1 << 8
	case 'k', 'q':
		return 1 << 9
	case 'g', 'G':
		return 1 << 10
	case 'x', 'h':
		return 1 << 11
	case 's', 'z':
		return 1 << 12
	case 'S', 'C':
		return 1 << 13
	case 'Z', 'j', 'J':
		return 1 << 14
	case 'c':
		return 1 << 15
	case 'm':
		return 1 << 16
	case 'n':
		return 1 << 17
	case 'l', 'r':
		return 1 << 18
	}
	return 0
}

func signatureOf(t *names.Ready) signature {
	s, first := signature(0), 0
	if t.Script() != names.Latin {
		s = signatureForeign
	}
	for reading, sound := range t.EachSound {
		if reading == 0 {
			first++
		}
		s |= soundBit(sound)
	}
	return s | signature(min(first, signatureLongest))<<signatureLength
}

// traits are what a word of a record's is told apart by: its signature, the sounds
// that all of its readings have, and how many sounds the shortest and the longest
// have. A word of many readings has sounds that no one of them has together: what
// it has beyond another word's is what every reading has.
type traits struct {
	signature
	sure              signature
	shortest, longest int
}

func traitsOf(t *names.Ready) traits {
	w := traits{signature: signatureOf(t), sure: signatureSounds | signatureVowels, shortest: signatureLongest}
	at, bits, n := 0, signature(0), 0
	ends := func() {
		w.sure &= bits
		w.shortest, w.longest = min(w.shortest, n), max(w.longest, min(n, signatureLongest))
		bits, n = 0, 0
	}
	for reading, sound := range t.EachSound {
		if reading != at {
			ends()
			at = reading
		}
		bits |= soundBit(sound)
		n++
	}
	ends()
	return w
}

// and is the signature of two words written as one.
func (s signature) and(other signature) signature {
	return (s|other)&(signatureSounds|signatureVowels|signatureForeign) | signature(min(s.length()+other.length(), signatureLongest))<<signatureLength
}

func (s signature) length() int { return int(s >> signatureLength & signatureLongest) }

// differ counts the consonants and the vowels that a record's word has in every
// reading and the list's in none, or the list's in one and the record's in none, and how
// far their lengths are apart. Of the list's words no more is kept, for it is many
// of them. Scripts that leave vowels out say nothing of them.
func (w *traits) differ(other signature) (consonants, vowels, apart int) {
	differ := uint32(w.sure&^other | other&^w.signature)
	consonants = bits.OnesCount32(differ & uint32(signatureSounds))
	if w.signature&signatureVowels != 0 && other&signatureVowels != 0 {
		vowels = bits.OnesCount32(differ & uint32(signatureVowels))
	}
	return consonants, vowels, max(w.shortest-other.length(), other.length()-w.longest, 0)
}

// likely reports whether two words may be alike, so that a comparison is worth
// its while. Of the pairs in names of one person on the development list, two in a
// thousand are not.
func (w *traits) likely(other signature) bool {
	consonants, vowels, apart := w.differ(other)
	return consonants <= 3 && consonants+vowels <= 4 && apart <= 4
}

// near reports whether two words of one key may be alike enough to lead to
// names. On the development list this keeps 989 of 1000 such pairs, and 996 of the
// closer ones, and drops two thirds of the others. Of short words fewer sounds may differ.
func (w *traits) near(other signature) bool {
	consonants, vowels, apart := w.differ(other)
	longer := 2
	if (w.signature|other)&signatureForeign != 0 {
		longer = 4 // vowels may be unwritten
	}
	switch {
	case apart > longer || consonants > 2:
		return false
	case min(w.longest, other.length()) <= 4:
		return consonants <= 1 && consonants+vowels <= 2
	case consonants == 2:
		return vowels == 0
	}
	return consonants+vowels <= 3
}

// same reports whether two words may be one that is only written together or apart.
func (w *traits) same(other signature) bool {
	consonants, vowels, _ := w.differ(other)
	return w.near(other) && ((w.signature|other)&signatureForeign != 0 || consonants+vowels <= 1)
}

// A packed word is its surprise, the lexicon's to fill in, then what tells it from
// all others: its realm and what names.AppendPacked writes.
const (
	packedFrom = 2
	packedWord = packedFrom + 1
)

// pack writes all of a token that matching and finding it looks at.
func pack(r realm, t *names.Token, buf []byte) []byte {
	return t.AppendPacked(append(buf, 0, 0, byte(r)))
}

// ready makes a packed word ready to be matched.
func ready(packed []byte, into *names.Ready) bool {
	return into.Read(packed[packedWord:], int32(binary.LittleEndian.Uint16(packed)))
}

// eachKey yields the keys of a packed word, with the realm in their highest byte:
// no key of names reaches so far.
func eachKey(packed []byte, yield func(names.Key)) {
	for _, k := range names.PackedKeys(packed[packedWord:]) {
		yield(inRealm(realm(packed[packedFrom]), k))
	}
}

func inRealm(r realm, k names.Key) names.Key { return k ^ names.Key(r)<<56 }

// ready makes the word ready to be matched. It is so until the lexicon changes.
func (l *lexicon) ready(token uint32, into *names.Ready) {
	ready(l.packed.at(l.tokens.at(token).packed), into)
}

// lookup finds a word by what pack wrote of it.
func (l *lexicon) lookup(packed []byte) (uint32, uint64, bool) {
	hash := l.identity(packed)
	token, ok := l.byText.find(hash, func(token uint32) bool {
		return string(l.packed.at(l.tokens.at(token).packed)[packedFrom:]) == string(packed[packedFrom:])
	})
	return token, hash, ok
}

// intern returns the number of a word, and makes it one of the list's.
func (l *lexicon) intern(r realm, t *names.Token, buf []byte) (uint32, bool) {
	packed := pack(r, t, buf[:0])
	token, hash, ok := l.lookup(packed)
	if ok {
		return token, true
	}
	binary.LittleEndian.PutUint16(packed, packedSurprise(l.model.Surprise(t)))
	return l.internNew(packed, hash)
}

func packedSurprise(points int32) uint16 { return uint16(min(max(points, 0), 1<<16-1)) }

func (l *lexicon) internNew(packed []byte, hash uint64) (uint32, bool) {
	token := l.high
	if n := len(l.free); n > 0 {
		token = l.free[n-1]
	} else if l.high == noToken {
		return 0, false
	}
	at, ok := l.packed.put(token, packed)
	if !ok {
		return 0, false
	}
	if n := len(l.free); n > 0 {
		l.free = l.free[:n-1]
	} else {
		l.high++
		l.tokens.reach(token)
	}
	var made names.Ready
	ready(packed, &made)
	sign := signatureOf(&made)
	*l.tokens.at(token) = entry{packed: at, sign: sign}
	l.byText.add(hash, token)
	l.change++
	eachKey(packed, func(k names.Key) {
		under := l.byKey[k]
		if under == nil {
			under = &keyed{}
			l.byKey[k] = under
		}
		if n := len(under.words); n == cap(under.words) {
			under.words = append(make([]signed, 0, n+n/4+1), under.words...)
		}
		under.words = append(under.words, signed{token, sign})
		under.changed = l.change
	})
	return token, true
}

// release forgets the word if no name holds it any more.
func (l *lexicon) release(token uint32) {
	e := l.tokens.at(token)
	if e.packed == 0 || l.sets.len(e.in) > 0 || e.sign&silentMost != 0 {
		return
	}
	packed := l.packed.at(e.packed)
	l.change++
	eachKey(packed, func(k names.Key) {
		under := l.byKey[k]
		for i, w := range under.words {
			if w.token == token {
				under.words[i] = under.words[len(under.words)-1]
				under.words = under.words[:len(under.words)-1]
				break
			}
		}
		under.changed = l.change
	})
	l.byText.drop(l.identity(packed), token)
	l.packed.drop(e.packed)
	*e = entry{}
	l.free = append(l.free, token)
	l.released++
}

// indexed are the tokens of a name that a list keeps: all plain ones, and those
// that are joined of neighbours which are often written as one: with a
// particle, a very short word or a hyphen between, or all of them syllables. A record's name keeps all.
func indexed(n *names.Name, yield func(t *names.Token, kind uint32)) {
	plain := min(n.Positions, len(n.Tokens))
	for i := range plain {
		if len(n.Tokens[i].Forms) == 0 {
			continue
		}
		yield(&n.Tokens[i], kindOf(n, &n.Tokens[i]))
		for k := plain; k < len(n.Tokens); k++ {
			if t := &n.Tokens[k]; t.From == i && oftenJoined(n, t) {
				yield(t, kindOf(n, t))
			}
		}
	}
}

// oftenJoined reports whether the parts of a joined token are often written as one.
func oftenJoined(n *names.Name, t *names.Token) bool {
	const (
		short    = 2
		syllable = 4 // of Chinese and Korean given names, Persian compounds: Xiao Ming, Ali Reza
	)
	if t.To-t.From < 2 || t.To-t.From > wordSpan>>wordSpanShift+1 || t.To > n.Positions || len(t.Forms) == 0 {
		return false
	}
	syllables := true
	for k := t.From; k < t.To; k++ {
		part := &n.Tokens[k]
		if len(part.Forms) == 0 {
			return false
		}
		syllables = syllables && len(part.Forms[0].Latin) <= syllable
		if part.Kind == names.Particle || len(part.Forms[0].Latin) <= short || k+1 < t.To && part.Flags.Has(names.Hyphenated) {
			return true
		}
	}
	return syllables
}

func kindOf(n *names.Name, t *names.Token) uint32 {
	switch {
	case t.Kind == names.Patronymic:
		return wordPatronymic
	case t.Kind == names.Initial:
		return wordInitial
	case !n.Counts(t):
		return wordSilent
	}
	return wordPlain
}

// addRun keeps the names and returns their run. The first word is the owner's.
// It reports false when the lexicon is full; then it holds what it held before.
func (l *lexicon) addRun(r realm, all []names.Name, owner uint32) (uint32, bool) {
	run := make([]uint32, 1, 16)
	run[0] = owner
	var buf [512]byte
	full := false
	for i := range all {
		begun := len(run)
		indexed(&all[i], func(t *names.Token, kind uint32) {
			if full || len(run) == maxRun {
				return
			}
			token, ok := l.intern(r, t, buf[:])
			if !ok {
				full = true
				return
			}
			if t.Joined {
				kind |= uint32(t.To-t.From-1) << wordSpanShift
			}
			run = append(run, token|kind)
		})
		if len(run) == begun && len(run) < maxRun {
			run = append(run, noToken|wordSilent)
		}
		if len(run) > begun {
			run[len(run)-1] |= wordNameEnds
		}
	}
	if len(run) == 1 {
		run = append(run, noToken|wordSilent|wordNameEnds)
	}
	run[len(run)-1] |= wordRunEnds
	ref, ok := uint32(0), false
	if !full {
		ref, ok = l.place(run)
	}
	if !ok {
		for _, w := range run[1:] {
			if t := w & wordToken; t != noToken {
				l.release(t)
			}
		}
		return 0, false
	}
	for i, w := range run[1:] {
		l.enter(ref, run[1:1+i], w)
	}
	l.enterSingles(ref)
	return ref, true
}

// enter puts the run into a word's posting, once for each word.
func (l *lexicon) enter(ref uint32, before []uint32, w uint32) {
	token := w & wordToken
	if token == noToken {
		return
	}
	e := l.tokens.at(token)
	if w&wordKind == wordSilent {
		if e.sign&silentMost != silentMost {
			e.sign += silentOne
		} else {
			l.silent[token]++
		}
		return
	}
	for _, b := range before {
		if b&wordToken == token && b&wordKind != wordSilent {
			return
		}
	}
	l.sets.add(&e.in, ref)
}

// place finds room for a run.
func (l *lexicon) place(run []uint32) (uint32, bool) {
	n := uint32(len(run))
	ref := l.top
	if spare := l.spare[n]; len(spare) > 0 {
		ref = spare[len(spare)-1]
		l.spare[n] = spare[:len(spare)-1]
	} else {
		const page = 1 << pageBits
		if ref&(page-1)+n > page {
			ref = (ref + page - 1) &^ (page - 1)
		}
		if uint64(ref)+uint64(n) > 1<<32-page {
			return 0, false
		}
		l.top = ref + n
		l.words.reach(ref)
	}
	copy(l.words.from(ref), run)
	return ref, true
}

// single yields the words of a run's names of which no more than one counts, each once.
func single(run []uint32, yield func(token uint32)) {
	var room [8]uint32
	seen := room[:0]
	for words := run[1:]; len(words) > 0; {
		n, counting := nameEnds(words), 0
		for _, w := range words[:n] {
			if w&(wordKind|wordSpan) == wordPlain {
				counting++
			}
		}
		for _, w := range words[:n] {
			if token := w & wordToken; counting <= 1 && token != noToken && w&wordKind != wordSilent && !slices.Contains(seen, token) {
				seen = append(seen, token)
				yield(token)
			}
		}
		words = words[n:]
	}
}

// enterSingles makes a run's names of one word known.
func (l *lexicon) enterSingles(ref uint32) {
	single(l.run(ref), func(token uint32) {
		p := l.singles[token]
		l.sets.add(&p, ref)
		l.singles[token] = p
	})
}

// run returns the words of a run, the owner's first. They must not be changed.
func (l *lexicon) run(ref uint32) []uint32 {
	words := l.words.from(ref)
	for i := 1; ; i++ {
		if words[i]&wordRunEnds != 0 {
			return words[:i+1]
		}
	}
}

// owner is the owner's word of a run.
func (l *lexicon) owner(ref uint32) *uint32 { return l.words.at(ref) }

// dropRun forgets a run and the words that nobody else has.
func (l *lexicon) dropRun(ref uint32) {
	run := l.run(ref)
	single(run, func(token uint32) {
		p := l.singles[token]
		if l.sets.drop(&p, ref); l.sets.len(p) == 0 {
			delete(l.singles, token)
			return
		}
		l.singles[token] = p
	})
	for i, w := range run[1:] {
		token := w & wordToken
		if token == noToken {
			continue
		}
		e := l.tokens.at(token)
		if w&wordKind == wordSilent {
			switch beyond := l.silent[token]; beyond {
			case 0:
				e.sign -= silentOne
			case 1:
				delete(l.silent, token)
			default:
				l.silent[token] = beyond - 1
			}
			continue
		}
		first := true
		for _, b := range run[1 : 1+i] {
			first = first && (b&wordToken != token || b&wordKind == wordSilent)
		}
		if first {
			l.sets.drop(&e.in, ref)
		}
	}
	for i, w := range run[1:] {
		token := w & wordToken
		first := token != noToken
		for _, b := range run[1 : 1+i] {
			first = first && b&wordToken != token
		}
		if first {
			l.release(token)
		}
	}
	l.spare[uint32(len(run))] = append(l.spare[uint32(len(run))], ref)
}

// packedRight reports whether pack may have written this.
func packedRight(b []byte) bool {
	return len(b) > packedWord && (b[packedFrom] == byte(realmPerson) || b[packedFrom] == byte(realmOrganisation)) && names.ValidPacked(b[packedWord:])
}
