package sheet

import (
	"errors"
	"fmt"
	"io"
)

// Open reads the headings of a table and stands behind them, at the place that it
// returns. Zero for sep: whichever the first line has most of. Without quotes it
// is tab-separated values.
func Open(in io.Reader, file string, sep byte, quotes bool, m Mapping) (*Table, *Header, Place, error) {
	none := Place{}
	text, skipped, err := Text(file, in)
	if err != nil {
		return nil, nil, none, err
	}
	lines := NewLines(file, text, Place{Line: 1, Offset: skipped})
	rows := NewTSV(lines)
	if quotes {
		if rows, err = NewCSV(lines, sep); err != nil {
			return nil, nil, none, err
		}
	}
	head, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return nil, nil, none, &Error{File: file, What: "is empty", Hint: "its first line has the headings of the columns"}
	}
	if err != nil {
		return nil, nil, none, err
	}
	header, err := NewHeader(file, head, m)
	return rows, header, head.Next, err
}

// Discard goes on at a place further on, which a Row before had as the next one's.
func (t *Table) Discard(to Place) error { return t.lines.Discard(to) }

// Survey reads the whole of a table that can seek (io.Seeker) for the order of its
// dates, and goes back to where it was. open reads its headings. What cannot seek
// is not surveyed: its dates are read as they come. A row that cannot be read
// tells nothing.
func Survey(in io.Reader, dates *Dates, open func() (*Table, *Header, error)) error {
	seeker, ok := in.(io.Seeker)
	if !ok || dates.Order != OrderAuto {
		return nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil // a pipe
	}
	rows, header, err := open()
	if err != nil {
		return err
	}
	for header.Has(FieldBorn) || header.Has(FieldAt) {
		row, err := rows.Next()
		var lost *Error
		if errors.As(err, &lost) {
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		values, err := header.Values(row)
		if err != nil {
			continue
		}
		for _, v := range values {
			if v.Field == FieldBorn || v.Field == FieldAt {
				dates.Survey(v.Column, v.Text)
			}
		}
	}
	if _, err := seeker.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("go back to the beginning of the file: %w", err)
	}
	return nil
}
