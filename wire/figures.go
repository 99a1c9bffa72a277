package wire

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

// Bounds of figures, in bytes.
const (
	MaxFigures      = 256 << 10 // of a text
	MaxFiguresFile  = 8 << 20   // of what is published
	MaxFiguresCases = 24 << 20  // of a list of counted cases
	// MaxFileNotes bounds the notes in a file of figures: two texts, and cards.
	MaxFileNotes = 64
)

const (
	figuresFirst      = "heed-figures/v1"
	figuresBodyFirst  = "heed-figures-body/v1"
	figuresCasesFirst = "heed-figures-cases/v1"
)

// FiguresText is the text that a party's node and officers sign.
func FiguresText(f heed.Figures) string {
	w := &writer{}
	w.first(figuresFirst)
	w.line("author", string(f.Author))
	w.number("author-card", f.AuthorCard)
	w.time("time", f.Time)
	writeFiguresBody(w, f.FiguresBody)
	w.line("node", f.Node)
	writeOfficers(w, f.Officers)
	return w.text()
}

func writeFiguresBody(w *writer, b heed.FiguresBody) {
	w.line("reading", string(b.Reading))
	w.line("pair", string(b.Pair[0])+" "+string(b.Pair[1]))
	w.digest("accord", heed.Digest(b.Accord))
	w.timeOrNone("since", b.Since)
	w.timeOrNone("until", b.Until)
	w.time("as-of", b.AsOf)
	w.yes("times", b.Times)
	for _, l := range b.Lines {
		w.line("figure", fmt.Sprintf("%s %s %s %s %d", l.From, l.Urgency, l.About, l.Name, l.Value))
	}
}

// timeOrNone writes a time, or that there is none.
func (w *writer) timeOrNone(name string, t time.Time) {
	if t.IsZero() {
		w.line(name, "none")
		return
	}
	w.time(name, t)
}

func (r *reader) timeOrNone(name string) time.Time {
	value := r.need(name)
	if value == "none" {
		return time.Time{}
	}
	return get(r, value, heed.ParseTime)
}

// FiguresDigest names what two parties sign alike: the SHA-256 of the lines of
// the text from reading to the last figure, after a line of their own.
func FiguresDigest(b heed.FiguresBody) heed.Digest {
	w := &writer{}
	w.first(figuresBodyFirst)
	writeFiguresBody(w, b)
	return sha256.Sum256([]byte(w.text()))
}

// SignFigures signs figures with the party's node key and those of its
// officers, whose roles f names in their order; it fills in the keys and gives
// the figures their id. What ParseFigures would refuse is not signed: the error
// then is a *heed.Invalid or matches ErrMalformed.
func SignFigures(f heed.Figures, node seal.SigningKey, officers ...seal.SigningKey) (heed.Figures, []byte, error) {
	if len(officers) != len(f.Officers) {
		return f, nil, fmt.Errorf("sign figures: %d keys for %d officers", len(officers), len(f.Officers))
	}
	f.Node, f.Officers = node.Verifier().String(), stamped(f.Officers, officers)
	if err := f.Check(); err != nil {
		return f, nil, err
	}
	text := FiguresText(f)
	read, err := parseFiguresText(text)
	if err != nil {
		return f, nil, fmt.Errorf("sign figures: %w", err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return f, nil, fmt.Errorf("sign figures: %w", err)
	}
	return read, note, nil
}

// ParseFigures reads signed figures and verifies every signature with the keys
// that their text lists. Whether the node key is the author's is for the caller,
// who has the author's card.
func ParseFigures(note []byte) (heed.Figures, error) {
	f, err := ReadFigures(note)
	if err != nil {
		return heed.Figures{}, fmt.Errorf("figures: %w", err)
	}
	if err := openNote(note, f.Author, f.Node, f.Officers); err != nil {
		return heed.Figures{}, fmt.Errorf("figures of %s: %w", f.Author, err)
	}
	return f, nil
}

// ReadFigures reads figures that were verified before they were kept: it parses
// strictly and verifies nothing.
func ReadFigures(note []byte) (heed.Figures, error) {
	text, _, err := splitNote(note, MaxFigures, MaxSignatures)
	if err != nil {
		return heed.Figures{}, err
	}
	return parseFiguresText(text)
}

func parseFiguresText(text string) (heed.Figures, error) {
	if len(text) > MaxFigures {
		return heed.Figures{}, malformed("%d bytes, and at most %d are read", len(text), MaxFigures)
	}
	var f heed.Figures
	r := newReader(text, figuresFirst)
	f.Author = r.party("author")
	f.AuthorCard = r.serial("author-card")
	f.Time = r.time("time")
	f.Reading = get(r, r.need("reading"), heed.ParseReading)
	f.Pair = get(r, r.need("pair"), parsePair)
	f.Accord = heed.AccordID(r.digest("accord"))
	f.Since, f.Until = r.timeOrNone("since"), r.timeOrNone("until")
	f.AsOf = r.time("as-of")
	f.Times = r.yes("times")
	f.Lines = list(r, "figure", heed.MaxFigureLines(), parseFigure)
	f.Node = get(r, r.need("node"), parseKey)
	f.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Figures{}, err
	}
	if err := f.Check(); err != nil {
		return heed.Figures{}, malformed("%v", err)
	}
	if err := checkAuthorKeys(f.Author, f.Node, f.Officers); err != nil {
		return heed.Figures{}, err
	}
	if FiguresText(f) != text {
		return heed.Figures{}, malformed("not in their canonical form")
	}
	f.ID = heed.FiguresID(sha256.Sum256([]byte(text)))
	return f, nil
}

func parsePair(s string) (pair [2]heed.PartyID, err error) {
	a, b, _ := strings.Cut(s, " ")
	if pair[0], err = heed.ParsePartyID(a); err == nil {
		pair[1], err = heed.ParsePartyID(b)
	}
	return pair, err
}

func parseFigure(s string) (heed.FigureLine, error) {
	items := strings.Split(s, " ")
	if len(items) != 5 {
		return heed.FigureLine{}, malformed("a figure is written FROM URGENCY ABOUT NAME VALUE")
	}
	from, err := heed.ParsePartyID(items[0])
	if err != nil {
		return heed.FigureLine{}, err
	}
	value, err := parseNumber(items[4])
	return heed.FigureLine{From: from, Urgency: heed.Urgency(items[1]), About: items[2], Name: items[3], Value: value}, err
}

// FiguresCasesText is the list of what was counted. Nobody signs it: it goes as
// a content of a statement, which names it.
func FiguresCasesText(cases []heed.CountedCase) []byte {
	var b bytes.Buffer
	b.WriteString(figuresCasesFirst + "\n")
	for _, c := range cases {
		b.WriteString("case: " + c.ID.String() + " " + string(c.Code) + "\n")
		for _, s := range c.Said {
			b.WriteString("said: " + s.ID.String() + " " + string(s.Kind) + "\n")
		}
	}
	return b.Bytes()
}

// ParseFiguresCases reads a list of what was counted. Errors match ErrMalformed.
func ParseFiguresCases(text []byte) ([]heed.CountedCase, error) {
	if len(text) > MaxFiguresCases {
		return nil, malformed("list of counted cases: %d bytes, and at most %d are read", len(text), MaxFiguresCases)
	}
	var cases []heed.CountedCase
	said := 0
	r := newReader(string(text), figuresCasesFirst)
	for r.err == nil && r.at < len(r.lines) {
		c := get(r, r.need("case"), parseCounted)
		c.Said = list(r, "said", heed.MaxCaseStatements, parseSaid)
		said += len(c.Said)
		if cases = append(cases, c); len(cases) > heed.MaxCountedCases || said > heed.MaxCountedSaid {
			return nil, malformed("list of counted cases: line %d: more than %d cases or %d statements", r.at, heed.MaxCountedCases, heed.MaxCountedSaid)
		}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("list of counted cases: %w", err)
	}
	if err := heed.CheckCounted(cases); err != nil {
		return nil, malformed("%v", err)
	}
	if !bytes.Equal(FiguresCasesText(cases), text) {
		return nil, malformed("list of counted cases: not in its canonical form")
	}
	return cases, nil
}

func parseCounted(s string) (heed.CountedCase, error) {
	id, code, _ := strings.Cut(s, " ")
	d, err := parseNonzero(id)
	if err != nil {
		return heed.CountedCase{}, err
	}
	c, err := heed.ParseCode(code)
	return heed.CountedCase{ID: heed.CaseID(d), Code: c}, err
}

func parseSaid(s string) (heed.SaidRef, error) {
	id, kind, _ := strings.Cut(s, " ")
	d, err := parseNonzero(id)
	if err != nil {
		return heed.SaidRef{}, err
	}
	k, err := heed.ParseKind(kind)
	return heed.SaidRef{Kind: k, ID: heed.StatementID(d)}, err
}

// FiguresFile is what is published: one signed text of lower bounds, or two that
// say the same, one of each party, with the cards that show whose they are.
type FiguresFile struct {
	Figures [][]byte // signed texts, 1 or 2; of two, the one of the pair's first party first
	Cards   [][]byte // signed cards, whatever order
}

const figuresFileFirst = "heed-figures-file/v1\n"

// Bytes is the file: its first line, the number of texts in a line of its own,
// and the list of notes (JoinNotes), texts before cards.
func (f FiguresFile) Bytes() []byte {
	head := figuresFileFirst + strconv.Itoa(len(f.Figures)) + "\n"
	return append([]byte(head), JoinNotes(append(append([][]byte{}, f.Figures...), f.Cards...))...)
}

// IsFiguresFile reports whether data begins as such a file does.
func IsFiguresFile(data []byte) bool { return bytes.HasPrefix(data, []byte(figuresFileFirst)) }

// ParseFiguresFile takes a file apart and checks its form; signatures and what
// the texts say are for ParseFigures, cards for ParseCard. Errors match ErrMalformed.
func ParseFiguresFile(data []byte) (FiguresFile, error) {
	rest, ok := bytes.CutPrefix(data, []byte(figuresFileFirst))
	if !ok || len(data) > MaxFiguresFile {
		return FiguresFile{}, malformed("this is no file of figures, or it has more than %d bytes", MaxFiguresFile)
	}
	count, rest, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || len(count) != 1 || count[0] != '1' && count[0] != '2' {
		return FiguresFile{}, malformed("a file of figures has one text or two")
	}
	notes, err := SplitNotes(rest, MaxFileNotes, MaxFigures+MaxSignatures*1024)
	if err != nil {
		return FiguresFile{}, fmt.Errorf("file of figures: %w", err)
	}
	n := int(count[0] - '0')
	if len(notes) < n {
		return FiguresFile{}, malformed("a file of %d texts of figures has %d notes", n, len(notes))
	}
	return FiguresFile{Figures: notes[:n:n], Cards: notes[n:]}, nil
}
