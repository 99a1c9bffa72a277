package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a table.
const (
	MaxRecord = 1 << 20 // bytes of one row or line, its quoted line ends included
	MaxFields = 1_000   // of one row
)

// Place is where a row, a line or a message lies in a file.
type Place struct {
	Line   int64 `json:"line"`   // from 1, that it begins on
	Offset int64 `json:"offset"` // bytes of the file's text before it, as UTF-8
}

// Row is one row of a table.
type Row struct {
	Fields []string
	At     Place
	Next   Place // of what follows
}

// Lines cuts a text into lines, with their places. It is the base of every
// reader here: one that is too long or no UTF-8 costs itself and nothing else.
type Lines struct {
	file string
	in   *bufio.Reader
	buf  []byte // read and not consumed
	room []byte // that buf lies in, from its beginning
	next Place  // of buf[0]
	err  error  // why nothing follows buf
}

// NewLines reads on from a place: in is at it.
func NewLines(file string, in *bufio.Reader, from Place) *Lines {
	if from.Line == 0 {
		from.Line = 1
	}
	return &Lines{file: file, in: in, next: from}
}

// Next is the place of what Line reads next.
func (l *Lines) Next() Place { return l.next }

// extend makes buf hold a line from position p on; end is that behind its line
// end. At the end of the text, of nothing: io.EOF. tooLong: there is none within MaxRecord.
func (l *Lines) extend(p int) (end int, err error) {
	for {
		i := bytes.IndexByte(l.buf[p:], '\n')
		if i >= 0 && p+i < MaxRecord {
			return p + i + 1, nil
		}
		if i >= 0 || len(l.buf) > MaxRecord {
			return 0, errTooLong
		}
		if l.err == nil {
			l.read()
			continue
		}
		if !errors.Is(l.err, io.EOF) {
			return 0, l.err
		}
		if p == len(l.buf) {
			return 0, io.EOF
		}
		return len(l.buf), nil
	}
}

var errTooLong = errors.New("too long")

// consume goes on behind the first n bytes, which hold so many lines.
func (l *Lines) consume(n int, lines int64) {
	l.buf = l.buf[n:]
	l.next.Offset += int64(n)
	l.next.Line += lines
}

// skip consumes the rest of a line that is too long.
func (l *Lines) skip() error {
	for {
		if i := bytes.IndexByte(l.buf, '\n'); i >= 0 {
			l.consume(i+1, 1)
			return nil
		}
		l.consume(len(l.buf), 0)
		if l.err != nil {
			if errors.Is(l.err, io.EOF) {
				return nil
			}
			return l.err
		}
		l.read()
	}
}

// read adds what there is of a line to buf.
func (l *Lines) read() {
	var more []byte
	more, l.err = l.in.ReadSlice('\n')
	if errors.Is(l.err, bufio.ErrBufferFull) {
		l.err = nil
	}
	if len(l.buf) == 0 {
		l.buf = l.room[:0]
	}
	if len(l.buf)+len(more) > cap(l.buf) {
		l.buf = append(l.buf, more...)
		l.room = l.buf
		return
	}
	l.buf = append(l.buf, more...)
}

// Line reads one line without its end, empty ones too. After an *Error the next
// line can be read; io.EOF is the end, and any other error final.
func (l *Lines) Line() (text string, at Place, err error) {
	at = l.next
	end, err := l.extend(0)
	if errors.Is(err, errTooLong) {
		if err := l.skip(); err != nil {
			return "", at, err
		}
		return "", at, l.tooLong(at)
	}
	if err != nil {
		return "", at, err
	}
	line := string(trimEnd(l.buf[:end]))
	l.consume(end, 1)
	return line, at, l.valid(line, at)
}

func (l *Lines) tooLong(at Place) error {
	return &Error{File: l.file, Line: at.Line, What: fmt.Sprintf("is longer than %d bytes", MaxRecord), Hint: "is the file of this format, and does each record have its own line?"}
}

func (l *Lines) valid(s string, at Place) error {
	if utf8.ValidString(s) {
		return nil
	}
	n := 0
	for i, r := range s {
		if n = i; r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				break
			}
		}
	}
	return &Error{File: l.file, Line: at.Line, What: fmt.Sprintf("is not UTF-8 at its byte %d (0x%02X)", n+1, s[n]), Hint: encodingHint, Sent: encodingSent}
}

func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// Table reads rows of comma-separated values (RFC 4180) or of tab-separated
// values (IANA text/tab-separated-values, which has no quoting).
type Table struct {
	lines  *Lines
	sep    byte
	quotes bool
}

// NewCSV reads values separated by sep. Zero: by comma, semicolon or tab,
// whichever the first line has most of, as spreadsheets choose by country.
func NewCSV(lines *Lines, sep byte) (*Table, error) {
	t := &Table{lines: lines, sep: sep, quotes: true}
	if sep != 0 {
		return t, nil
	}
	t.sep = ','
	end, err := lines.extend(0)
	switch {
	case errors.Is(err, errTooLong):
		return nil, lines.tooLong(lines.next)
	case errors.Is(err, io.EOF):
		return t, nil
	case err != nil:
		return nil, err
	}
	counts, quoted := map[byte]int{}, false
	for _, b := range trimEnd(lines.buf[:end]) {
		if b == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[b]++
		}
	}
	for _, other := range []byte{';', '\t'} {
		if counts[other] > counts[t.sep] {
			t.sep = other
		}
	}
	return t, nil
}

// NewTSV reads values separated by tabs. A quotation mark is one like any other.
func NewTSV(lines *Lines) *Table { return &Table{lines: lines, sep: '\t'} }

// Separator is what separates the values.
func (t *Table) Separator() byte { return t.sep }

// Next reads one row; blank lines are none. After an *Error the next row can be
// read: what cannot be one costs its first line only. io.EOF is the end, and any
// other error final.
func (t *Table) Next() (Row, error) {
	l := t.lines
	for {
		row := Row{At: l.next}
		end, err := l.extend(0)
		if errors.Is(err, errTooLong) {
			if err := l.skip(); err != nil {
				return row, err
			}
			row.Next = l.next
			return row, l.tooLong(row.At)
		}
		if err != nil {
			return row, err
		}
		line := trimEnd(l.buf[:end])
		if len(bytes.TrimSpace(line)) == 0 {
			l.consume(end, 1)
			continue
		}
		lines := int64(1)
		var problem error
		if !t.quotes {
			row.Fields = strings.Split(string(line), string(t.sep))
			problem = l.valid(string(line), row.At)
		} else {
			row.Fields, end, lines, problem = t.quoted(end)
		}
		if problem == nil && len(row.Fields) > MaxFields {
			problem = &Error{File: l.file, Line: row.At.Line, What: fmt.Sprintf("has %d fields, more than %d", len(row.Fields), MaxFields)}
		}
		l.consume(end, lines)
		row.Next = l.next
		return row, problem
	}
}

// quoted parses a row whose first line ends at end. Where it is none, only the
// first line is to be consumed.
func (t *Table) quoted(first int) (fields []string, end int, lines int64, err error) {
	l := t.lines
	end, lines = first, 1
	fail := func(what, hint string) ([]string, int, int64, error) {
		return nil, first, 1, &Error{File: l.file, Line: l.next.Line, What: what, Hint: hint}
	}
	p := 0
	for {
		rest := trimEnd(l.buf[p:end])
		if len(rest) == 0 || rest[0] != '"' {
			field := rest
			i := bytes.IndexByte(rest, t.sep)
			if i >= 0 {
				field = rest[:i]
			}
			fields = append(fields, string(field))
			if i < 0 {
				break
			}
			p += i + 1
			continue
		}
		var b strings.Builder
		p++
		for {
			i := bytes.IndexByte(l.buf[p:end], '"')
			if i < 0 {
				b.Write(bytes.ReplaceAll(l.buf[p:end], []byte("\r\n"), []byte("\n")))
				p = end
				next, err := l.extend(end)
				switch {
				case errors.Is(err, io.EOF):
					return fail(fmt.Sprintf("has a quotation mark in field %d that is never closed", len(fields)+1), `close it; within quotes a quotation mark is doubled, ""`)
				case errors.Is(err, errTooLong):
					return fail(fmt.Sprintf("has a quotation mark in field %d that is not closed within %d bytes", len(fields)+1, MaxRecord), `close it; within quotes a quotation mark is doubled, ""`)
				case err != nil:
					return nil, first, 1, err
				}
				end = next
				lines++
				continue
			}
			b.Write(l.buf[p : p+i])
			p += i + 1
			if p < end && l.buf[p] == '"' {
				b.WriteByte('"')
				p++
				continue
			}
			break
		}
		fields = append(fields, b.String())
		rest = trimEnd(l.buf[p:end])
		if len(rest) == 0 {
			break
		}
		if rest[0] != t.sep {
			return fail(fmt.Sprintf("has %s behind the closing quotation mark of field %d", found(string(rest[:min(len(rest), 20)])), len(fields)), `within quotes a quotation mark is doubled, ""`)
		}
		p++
		if len(fields) > MaxFields {
			break
		}
	}
	for _, f := range fields {
		if err := l.valid(f, l.next); err != nil {
			return nil, first, 1, err
		}
	}
	return fields, end, lines, nil
}

// Discard goes on at a place further on, which a Row or Line before had as the one
// that follows it.
func (l *Lines) Discard(to Place) error {
	for l.next.Offset < to.Offset {
		if len(l.buf) == 0 && l.err == nil {
			l.read()
		}
		if len(l.buf) == 0 {
			if l.err != nil && !errors.Is(l.err, io.EOF) {
				return l.err
			}
			return &Error{File: l.file, What: fmt.Sprintf("ends after %d bytes, before the place to go on from, %d", l.next.Offset, to.Offset), Hint: "is it the same file, unchanged?"}
		}
		l.consume(int(min(int64(len(l.buf)), to.Offset-l.next.Offset)), 0)
	}
	l.next = to
	return nil
}
