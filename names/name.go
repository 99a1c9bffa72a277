package names

// Script is the ISO 15924 code of a writing system, as "Latn" or "Cyrl".
type Script string

// The scripts that have a reader of their own, or a family of them (the Brahmic
// scripts). Everything else is read through a general table and comes out under
// its own code where this package knows it, else as Other.
const (
	Latin      Script = "Latn"
	Cyrillic   Script = "Cyrl"
	Arabic     Script = "Arab"
	Hebrew     Script = "Hebr"
	Greek      Script = "Grek"
	Georgian   Script = "Geor"
	Armenian   Script = "Armn"
	Hangul     Script = "Hang"
	Kana       Script = "Kana" // katakana and hiragana alike
	Han        Script = "Hani"
	Devanagari Script = "Deva"
	Bengali    Script = "Beng"
	Gurmukhi   Script = "Guru"
	Gujarati   Script = "Gujr"
	Oriya      Script = "Orya"
	Tamil      Script = "Taml"
	Telugu     Script = "Telu"
	Kannada    Script = "Knda"
	Malayalam  Script = "Mlym"
	Sinhala    Script = "Sinh"
	Thai       Script = "Thai"
	Lao        Script = "Laoo"
	Khmer      Script = "Khmr"
	Myanmar    Script = "Mymr"
	Tibetan    Script = "Tibt"
	Ethiopic   Script = "Ethi"
	Other      Script = "Zyyy" // no letters, or a script without a name here
)

// Hint is what the record says about a name besides its letters. Every field
// may be empty.
type Hint struct {
	Script   string // ISO 15924; only tells Han read in Japanese ("Jpan") from Chinese
	Language string // BCP 47, as "uk" or "zh-HK": which of a script's tables comes first
	Family   string // the part of the name that is the family name, as written
	Given    string // the part that is the given name, as written
}

// Name is a parsed personal name. It does not change after Parse returned it,
// so that many goroutines may compare it at once. The zero Name has no tokens.
type Name struct {
	// Text is what was parsed, in normal form C, cut to the bounds of Parse.
	Text string
	// Script is the script of most letters.
	Script Script
	// Tokens holds the plain tokens first, one for each position in the name
	// (Token.From == its index), then the alternatives (Token.Joined).
	Tokens []Token
	// Positions is the number of plain tokens. Tokens[:Positions] is the name
	// told once.
	Positions int
}

// Token is one part of a name.
type Token struct {
	// Text is the part as written, in normal form C.
	Text string
	// Script is the script of its letters.
	Script Script
	// Forms holds its readings in Latin letters, likeliest first: one at least,
	// MaxForms at most.
	Forms []Form
	// Keys holds the blocking keys: two spellings of one name nearly always
	// share one. Sorted, without repetition.
	Keys []Key
	// Kind says what the part is.
	Kind TokenKind
	// Part says which side of the name it belongs to, where the writing says so.
	Part Part
	// Flags say what the script leaves unwritten or cannot tell apart.
	Flags Flags
	// From and To give the positions it covers: Tokens[From:To].
	From, To int
	// Joined is true of a token made of neighbours. It stands instead of the
	// tokens that it covers, never beside them.
	Joined bool
}

// Form is one reading of a token.
type Form struct {
	// Latin is the reading in lower-case a-z, spelt the English way
	// ("tsarnaev", "zhukov", "muhammad"). Never empty.
	Latin string
	// Sounds is Latin with one byte for each sound, see Sounds: what ought to be
	// compared.
	Sounds string
	// Rule names the rule that made the reading, for the explanation
	// ("Cyrillic", "Cyrillic, г as h", "German z, w, j").
	Rule string
}

// TokenKind says what a token is in its name.
type TokenKind uint8

// The kinds of token. Only Plain, Patronymic and, weakly, Initial tell persons apart.
const (
	Plain      TokenKind = iota
	Initial              // one letter
	Particle             // al-, bin, de, van, abd
	Title                // Dr., Shaykh, Mr, Haji
	Patronymic           // Anzorovich, Vladimirovna
	Generation           // Jr, III
)

// String is the kind's name in lower case.
func (k TokenKind) String() string {
	switch k {
	case Plain:
		return "plain"
	case Initial:
		return "initial"
	case Particle:
		return "particle"
	case Title:
		return "title"
	case Patronymic:
		return "patronymic"
	case Generation:
		return "generation"
	}
	return "unknown"
}

// Part is the side of a name that a token belongs to.
type Part uint8

// The parts. PartUnknown is the usual case: order says little between languages.
const (
	PartUnknown Part = iota
	PartFamily       // before the comma, before << in a machine-readable zone, by a hint, or a Han or Hangul surname
	PartGiven
)

// Flags are properties of a token's spelling that change how far a difference counts.
type Flags uint16

// The flags.
const (
	// VowelsUnwritten: short vowels are not written (Arabic, Hebrew).
	VowelsUnwritten Flags = 1 << iota
	// LRUnreliable: l and r are one letter or are chosen by habit (kana, Hangul, Han).
	LRUnreliable
	// BVUnreliable: b and v (and f, p) are not told apart.
	BVUnreliable
	// VoicingUnreliable: b/p, d/t, g/k are not told apart (Hangul, Han, Tamil).
	VoicingUnreliable
	// Epenthetic: vowels were put in to break up consonants, and the last
	// form has them taken out (kana, Hangul, Han).
	Epenthetic
	// Syllabic: a name in Han characters or Hangul of that culture, of whole syllables.
	Syllabic
	// Feminine: has a Slavic or Baltic feminine ending.
	Feminine
	// Hyphenated: the token was joined to the one after it by a hyphen.
	Hyphenated
	// Cut: the token was longer than what is looked at.
	Cut
)

// Has says whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Bounds of Parse. What is beyond them is not looked at, so that a name of any
// size costs a bounded time.
const (
	MaxBytes  = 4096 // of a name's text
	MaxTokens = 32   // plain tokens in a name
	MaxRunes  = 64   // letters in a token
	MaxForms  = 4    // readings of a token
	MaxKeys   = 8    // keys of a token
)
