package feed

import (
	"io"

	"heed/watch"
	"heed/watch/sheet"
)

// table is a source of rows under headings.
type table struct {
	rows    *sheet.Table
	header  *sheet.Header
	options Options
	reading sheet.Reading
}

func newTable(in io.Reader, o Options, reading sheet.Reading) (*Reader, error) {
	open := func() (*sheet.Table, *sheet.Header, sheet.Place, error) {
		return sheet.Open(in, o.File, 0, o.Format == CSV, o.Columns)
	}
	err := sheet.Survey(in, reading.Dates, func() (*sheet.Table, *sheet.Header, error) {
		rows, header, _, err := open()
		return rows, header, err
	})
	if err != nil {
		return nil, err
	}
	rows, header, begins, err := open()
	if err != nil {
		return nil, err
	}
	next := Position{Place: begins}
	if o.Resume.Offset > begins.Offset {
		if err := rows.Discard(o.Resume.Place); err != nil {
			return nil, err
		}
		next = o.Resume
	}
	return &Reader{source: &table{rows, header, o, reading}, header: header, next: next}, nil
}

func (t *table) record(Position) (r watch.Record, begins, next sheet.Place, problems []*sheet.Error, err error) {
	row, err := t.rows.Next()
	begins, next = row.At, row.Next
	if err != nil {
		return r, begins, next, nil, err
	}
	values, err := t.header.Values(row)
	if err != nil {
		return r, begins, next, nil, err
	}
	r.ID = sheet.IDOf(values)
	p, problems, err := gather(t.reading, row.At.Line, values)
	if err != nil {
		return r, begins, next, nil, err
	}
	r, problems = record(p, t.options, t.reading, row.At.Line, problems)
	return r, begins, next, problems, nil
}
