// Package lists reads watch lists that others publish: the OFAC SDN list in its
// comma-separated layout, the consolidated list of the United Nations Security
// Council in XML, and plain tables. Each entry comes out as a subject to be
// watched for, under the source's own number. docs/watch-lists.md says what is
// read of each layout.
//
// Lists are read in a stream. An entry that cannot be read does not stop those
// behind it; whoever imports a list decides whether one with such entries counts.
package lists

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

// Format is the layout of a list.
type Format string

// The layouts.
const (
	SDN Format = "sdn" // OFAC: sdn.csv, with alt.csv and add.csv beside it
	UN  Format = "un"  // United Nations Security Council: consolidated.xml
	CSV Format = "csv" // a table with headings, also separated by semicolons or tabs
)

// ParseFormat reads a layout in its one spelling.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case SDN, UN, CSV:
		return f, nil
	}
	return "", &heed.Invalid{What: fmt.Sprintf("%q is no layout of a watch list", s), Hint: "one of sdn, un, csv"}
}

// Bounds of a list.
const (
	MaxEntries = 1_000_000
	maxEntry   = 1 << 20 // bytes of one entry
)

// Options say how a list is read.
type Options struct {
	File    string // its name in messages
	Format  Format
	Source  string       // see watch.CheckListName
	Urgency heed.Urgency // of every hit; empty: Expected
	Now     time.Time
	Columns sheet.Mapping // csv
	Dates   sheet.Order   // csv
	// Survey is the same file once more, for its dates to be surveyed before it is
	// read (csv). Nil: the list itself is, where it can seek.
	Survey io.Reader

	Alt     io.Reader // sdn: alt.csv, the other names; nil: without
	AltFile string
	Add     io.Reader // sdn: add.csv, the addresses; nil: without
	AddFile string
}

// Entry is one entry of a list.
type Entry struct {
	ID      string // the source's own
	Line    int64  // that it begins on
	Subject watch.Subject
	Left    []*sheet.Error // what was left out of it
}

// Reader reads a list's entries one after the other.
type Reader struct {
	options Options
	source  source
	seen    map[string]int64
	ended   error
}

type source interface {
	// entry reads one. An *sheet.Error costs that entry alone; io.EOF is the end,
	// and any other error final.
	entry() (Entry, error)
}

// NewReader opens a list.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	if err := watch.CheckListName(o.Source); err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		return nil, errors.New("lists: Options.Now is not set")
	}
	if o.Urgency == "" {
		o.Urgency = heed.UrgencyExpected
	}
	if _, err := ParseFormat(string(o.Format)); err != nil {
		return nil, err
	}
	r := &Reader{options: o, seen: map[string]int64{}}
	head, in, err := begins(in)
	if err != nil {
		return nil, err
	}
	if err := mismatch(head, o); err != nil {
		return nil, err
	}
	switch o.Format {
	case SDN:
		r.source, err = newSDN(in, o)
	case UN:
		r.source, err = newUN(in, o)
	case CSV:
		r.source, err = newTable(in, o)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Next reads one entry. Its error is io.EOF at the end, one that matches
// *sheet.Error where this entry is lost and the next can be read, and any other
// where nothing can follow.
func (r *Reader) Next() (Entry, error) {
	if r.ended != nil {
		return Entry{}, r.ended
	}
	e, err := r.source.entry()
	lost := func(what, hint string) (Entry, error) {
		return Entry{Line: e.Line}, &sheet.Error{File: r.options.File, Line: e.Line, What: what, Hint: hint}
	}
	var place *sheet.Error
	switch {
	case errors.As(err, &place) && !errors.As(err, &final{}):
		return Entry{Line: place.Line}, place
	case err != nil:
		r.ended = err
		return Entry{}, err
	case e.ID == "":
		return lost("has no number of its own", "an entry is known over updates by the source's number for it")
	case len(e.ID) > sheet.MaxID:
		return lost(fmt.Sprintf("has a number of more than %d bytes", sheet.MaxID), "")
	case r.seen[e.ID] != 0:
		return lost(fmt.Sprintf("has the number %q, which line %d has already", clip(e.ID), r.seen[e.ID]), "each entry has its own; further names of one person stand in the same entry")
	case len(r.seen) >= MaxEntries:
		r.ended = &sheet.Error{File: r.options.File, Line: e.Line, What: fmt.Sprintf("has more than %d entries", MaxEntries), Hint: "import it as several sources"}
		return Entry{}, r.ended
	}
	r.seen[strings.Clone(e.ID)] = max(e.Line, 1) // a part of its line would keep all of that
	e.Subject.ID, e.Subject.Urgency = watch.ListedID(r.options.Source, e.ID), r.options.Urgency
	if err := e.Subject.Check(); err != nil {
		return lost(err.Error(), "")
	}
	return e, nil
}

// Beside is what was left out of the files that belong to the list, and is of no
// entry that was read. It is complete once Next has returned io.EOF.
func (r *Reader) Beside() []*sheet.Error {
	if s, ok := r.source.(interface{ beside() []*sheet.Error }); ok {
		return s.beside()
	}
	return nil
}

// Ended reports whether nothing more can be read.
func (r *Reader) Ended() bool { return r.ended != nil }

// final is an error behind which nothing can be read.
type final struct{ why error }

func (f final) Error() string { return f.why.Error() }
func (f final) Unwrap() error { return f.why }

// All reads the entries to the end. An error that matches *sheet.Error is an entry
// that was lost, and others follow; any other ends it.
func (r *Reader) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			e, err := r.Next()
			if errors.Is(err, io.EOF) || !yield(e, err) || r.Ended() {
				return
			}
		}
	}
}

// builder gathers an entry within the bounds of a warning, and says what does not fit.
type builder struct {
	file  string
	now   time.Time // nobody is born after it
	entry Entry
	more  int // names, births and documents beyond the bounds
	texts []string
}

func (b *builder) leave(what, hint string) {
	b.entry.Left = append(b.entry.Left, &sheet.Error{File: b.file, Line: b.entry.Line, What: what, Hint: hint})
}

// name adds a name where there is room and it is new.
func (b *builder) name(to *[]heed.Name, n heed.Name) {
	n.Text, n.Family, n.Given = sheet.Clean(n.Text), sheet.Clean(n.Family), sheet.Clean(n.Given)
	if n.Text == "" {
		return
	}
	if utf8.RuneCountInString(n.Text) > heed.MaxLabel {
		b.leave(fmt.Sprintf("has a name of more than %d characters: %q; it is left out", heed.MaxLabel, clip(n.Text)), "")
		return
	}
	for _, have := range *to {
		if have.Text == n.Text {
			return
		}
	}
	if len(*to) >= heed.MaxNames {
		b.more++
		return
	}
	*to = append(*to, n)
}

// said adds something to the description, once.
func (b *builder) said(format string, args ...any) {
	if s := sheet.Clean(fmt.Sprintf(format, args...)); s != "" && !slices.Contains(b.texts, s) {
		b.texts = append(b.texts, s)
	}
}

// description is what was said, as far as there is room.
func (b *builder) description() string {
	s := strings.Join(b.texts, "; ")
	if r := []rune(s); len(r) > heed.MaxNote {
		b.leave(fmt.Sprintf("has remarks of %d characters; those behind %d are left out", len(r), heed.MaxNote), "")
		s = strings.TrimSpace(string(r[:heed.MaxNote]))
	}
	return s
}

// done ends the entry.
func (b *builder) done() Entry {
	if b.more > 0 {
		b.leave(fmt.Sprintf("has %d names, dates or documents more than a subject holds (%d, %d, %d); they are left out", b.more, heed.MaxNames, heed.MaxBirths, heed.MaxDocuments), "")
	}
	return b.entry
}

func (b *builder) born(p *heed.Person, birth heed.Birth) {
	for _, have := range p.Born {
		if have == birth {
			return
		}
	}
	if birth.ToCome(b.now) {
		b.leave(fmt.Sprintf("has the date of birth %s, which is still to come; it is left out", birth), "")
		return
	}
	if len(p.Born) >= heed.MaxBirths {
		b.more++
		return
	}
	p.Born = append(p.Born, birth)
}

func (b *builder) nationality(p *heed.Person, c heed.Country) {
	for _, have := range p.Nationalities {
		if have == c {
			return
		}
	}
	if c == sheet.Stateless {
		return
	}
	if len(p.Nationalities) >= heed.MaxNationalities {
		b.more++
		return
	}
	p.Nationalities = append(p.Nationalities, c)
}

func (b *builder) document(p *heed.Person, d heed.Document) {
	if d.Number = sheet.Clean(d.Number); d.Number == "" {
		return
	}
	for _, have := range p.Documents {
		if have == d {
			return
		}
	}
	if len(p.Documents) >= heed.MaxDocuments || utf8.RuneCountInString(d.Number) > heed.MaxLabel {
		b.more++
		return
	}
	p.Documents = append(p.Documents, d)
}

func (b *builder) registration(o *heed.Organisation, r heed.Registration) {
	if r.Register, r.Number = sheet.Clean(r.Register), sheet.Clean(r.Number); r.Register == "" || r.Number == "" {
		return
	}
	if len(o.Registrations) >= heed.MaxDocuments || utf8.RuneCountInString(r.Number) > heed.MaxLabel || utf8.RuneCountInString(r.Register) > heed.MaxLabel {
		b.more++
		return
	}
	o.Registrations = append(o.Registrations, r)
}

// cut is a text that is only shown, cut to the bound of a label.
func cut(s string) string {
	s = sheet.Clean(s)
	if r := []rune(s); len(r) > heed.MaxLabel {
		return strings.TrimSpace(string(r[:heed.MaxLabel]))
	}
	return s
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
