// Package feed reads records to be screened from files and streams that other
// programs write: comma- and tab-separated values, JSON Lines, and the aviation
// passenger list message (UN/EDIFACT PAXLST). docs/screening-input.md says what is
// read and what is refused.
//
// A record that cannot be read does not stop those behind it: it comes out as an
// error with its place, for the caller to count. Nothing here reads a clock.
package feed

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

// Format is how a file has its records.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // RFC 4180, the values separated by comma, semicolon or tab
	TSV    Format = "tsv"    // IANA text/tab-separated-values: no quoting
	JSONL  Format = "jsonl"  // one JSON object a line
	PAXLST Format = "paxlst" // UN/EDIFACT passenger list message
)

// Formats lists them.
func Formats() []Format { return []Format{CSV, TSV, JSONL, PAXLST} }

// ParseFormat reads a format in its one spelling.
func ParseFormat(s string) (Format, error) {
	for _, f := range Formats() {
		if s == string(f) {
			return f, nil
		}
	}
	return "", &heed.Invalid{What: fmt.Sprintf("%q is no format of records", s), Hint: "one of csv, tsv, jsonl, paxlst"}
}

// FormatOf guesses the format from the name of a file.
func FormatOf(name string) (Format, bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return CSV, true
	case ".tsv", ".tab":
		return TSV, true
	case ".jsonl", ".ndjson", ".json":
		return JSONL, true
	case ".edi", ".edifact", ".paxlst", ".pax":
		return PAXLST, true
	}
	return "", false
}

// Options say how a file is read.
type Options struct {
	File    string // its name in messages
	Format  Format
	Type    watch.RecordType // of records that do not say it; empty: passenger
	Columns sheet.Mapping    // csv, tsv, jsonl: what columns or keys state, where their names do not tell
	Dates   sheet.Order
	Now     time.Time // nobody is born after it; two digits of a year are read so
	// Resume is where to go on, as a Read before had it in Next. Zero: from the
	// beginning. The input is given from its beginning in either case.
	Resume Position
}

// Position is a place between two records.
type Position struct {
	sheet.Place
	Records int64 `json:"records"` // before it, those that could not be read included
}

// Read is one record with its place.
type Read struct {
	Record   watch.Record
	At       Position       // where it begins
	Next     Position       // where the next one does: for going on from there
	Problems []*sheet.Error // what was left out of it
}

// RecordError is a record that could not be read. Those behind it can be.
type RecordError struct {
	At   Position
	Next Position
	ID   string // the record's own; empty: it has none that can be read
	Err  error  // a *sheet.Error
}

func (e *RecordError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong.
func (e *RecordError) Unwrap() error { return e.Err }

// Reader reads records one after the other.
type Reader struct {
	file   string
	source source
	next   Position
	header *sheet.Header
	ended  error
	ahead  *ahead
}

// ahead is what Next returns next, where it was read before.
type ahead struct {
	read Read
	err  error
}

// source is one format. Its errors are *sheet.Error where only that record is
// lost, io.EOF at the end, and any other where nothing can follow.
type source interface {
	// record reads what begins at the place, and says what begins behind it.
	record(at Position) (r watch.Record, begins, next sheet.Place, problems []*sheet.Error, err error)
}

// NewReader opens a file's records. Of a table it reads the headings, and refuses
// one in which nobody is named. Where the input can seek (io.ReadSeeker), the
// dates of a table are surveyed first, so that one that is told by another
// further on is read.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	if o.Now.IsZero() {
		return nil, errors.New("feed: Options.Now is not set")
	}
	if o.Type == "" {
		o.Type = watch.Passenger
	}
	reading := sheet.Reading{File: o.File, Dates: sheet.NewDates(o.Dates), Now: o.Now}
	var r *Reader
	var err error
	switch o.Format {
	case CSV, TSV:
		r, err = newTable(in, o, reading)
	case JSONL:
		r, err = newObjects(in, o, reading)
	case PAXLST:
		r, err = newPassengers(in, o)
	default:
		_, err = ParseFormat(string(o.Format))
	}
	if err != nil {
		return nil, err
	}
	r.file = o.File
	return r, nil
}

// Next reads one record. Its error is io.EOF at the end, a *RecordError where this
// record is lost and the next can be read, and any other where nothing can follow.
func (r *Reader) Next() (Read, error) {
	if a := r.ahead; a != nil {
		r.ahead = nil
		return a.read, a.err
	}
	if r.ended != nil {
		return Read{}, r.ended
	}
	record, begins, next, problems, err := r.source.record(r.next)
	read := Read{Record: record, Problems: problems}
	read.At = Position{Place: begins, Records: r.next.Records}
	read.Next = Position{Place: next, Records: r.next.Records + 1}
	var lost *sheet.Error
	switch {
	case err == nil:
		if read.Record.ID == "" {
			read.Record.ID = "line-" + strconv.FormatInt(begins.Line, 10)
		}
		r.next = read.Next
		if err := read.Record.Check(); err != nil {
			return Read{}, &RecordError{At: read.At, Next: read.Next, ID: record.ID, Err: r.placed(err, begins.Line)}
		}
		return read, nil
	case errors.As(err, &lost):
		r.next = read.Next
		return Read{}, &RecordError{At: read.At, Next: read.Next, ID: record.ID, Err: err}
	}
	r.ended = err
	return Read{}, err
}

// Empty reports whether no record follows, and waits for one to come.
func (r *Reader) Empty() bool {
	if r.ahead == nil {
		read, err := r.Next()
		r.ahead = &ahead{read, err}
	}
	return errors.Is(r.ahead.err, io.EOF)
}

// placed says of which record something is wrong that has no column.
func (r *Reader) placed(err error, line int64) error {
	e := &sheet.Error{File: r.file, Line: line, What: err.Error()}
	var field *heed.FieldError
	if errors.As(err, &field) {
		e.What, e.Hint = field.Path+" "+field.Problem, field.Hint
	}
	return e
}

// All reads the records to the end. What it yields with an error is a record that
// was lost, with its id, its At and Next; a last error that is no *RecordError ends it.
func (r *Reader) All() iter.Seq2[Read, error] {
	return func(yield func(Read, error) bool) {
		for {
			read, err := r.Next()
			var lost *RecordError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &lost):
				read.At, read.Next, read.Record.ID = lost.At, lost.Next, lost.ID
			}
			if !yield(read, err) || err != nil && lost == nil {
				return
			}
		}
	}
}

// Unread lists the columns of a table from which nothing is read.
func (r *Reader) Unread() []string {
	if r.header == nil {
		return nil
	}
	return r.header.Unread()
}

// record is a row's particulars as a record.
func record(p sheet.Particulars, o Options, reading sheet.Reading, line int64, problems []*sheet.Error) (watch.Record, []*sheet.Error) {
	r := watch.Record{
		ID: p.ID, Type: o.Type, Names: p.Names, MRZ: p.MRZ, Sex: p.Sex, Nationalities: p.Nationalities, Documents: p.Documents,
		Vehicle: p.Vehicle, From: p.From, To: p.To, Carrier: p.Carrier,
	}
	note := func(column, what, hint string) {
		problems = append(problems, &sheet.Error{File: o.File, Line: line, Column: column, What: what, Hint: hint})
	}
	if p.Type != "" {
		if t, err := watch.ParseRecordType(strings.ToLower(p.Type)); err == nil {
			r.Type = t
		} else {
			note("type", fmt.Sprintf("is %q, which is not a type of record; it is read as %s", short(p.Type), o.Type), "one of passenger, border, visitor, accreditation, visa")
		}
	}
	if len(p.Born) > 0 {
		r.Born = p.Born[0]
	}
	for i := 1; i < len(p.Born); i++ {
		note(p.BornColumns[i], fmt.Sprintf("has the date of birth %s, and column %q has %s, which is used", p.Born[i], p.BornColumns[0], p.Born[0]), "which of them is right?")
	}
	if len(p.Organisations) > 0 {
		r.Organisation = p.Organisations[0].Text
	}
	if p.At != "" {
		at, err := reading.Dates.At(p.AtColumn, p.At)
		if err != nil {
			e := &sheet.Error{What: err.Error()}
			errors.As(err, &e)
			note(p.AtColumn, e.What+"; it is left out", e.Hint)
			problems[len(problems)-1].Sent = e.Sent
		}
		r.At = at
	}
	return r, problems
}

func short(s string) string {
	const bound = 60
	if len(s) > bound {
		return strings.ToValidUTF8(s[:bound], "") + "..."
	}
	return s
}
