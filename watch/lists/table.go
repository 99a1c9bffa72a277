package lists

import (
	"fmt"
	"io"
	"strings"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

// table is a list as a plain table.
type table struct {
	options Options
	rows    *sheet.Table
	header  *sheet.Header
	reading sheet.Reading
}

func newTable(in io.Reader, o Options) (*table, error) {
	dates := sheet.NewDates(o.Dates)
	first := in
	if o.Survey != nil {
		first = o.Survey
	}
	if err := sheet.Survey(first, dates, func() (*sheet.Table, *sheet.Header, error) { return openTable(first, o) }); err != nil {
		return nil, err
	}
	rows, header, err := openTable(in, o)
	if err != nil {
		return nil, err
	}
	return &table{o, rows, header, sheet.Reading{File: o.File, Dates: dates, Now: o.Now, Many: true}}, nil
}

func openTable(in io.Reader, o Options) (*sheet.Table, *sheet.Header, error) {
	rows, header, _, err := sheet.Open(in, o.File, 0, true, o.Columns)
	if err != nil {
		return nil, nil, err
	}
	if !header.Has(sheet.FieldID) {
		return nil, nil, &sheet.Error{File: o.File, Line: 1, What: "no column has the source's own number of an entry", Hint: `entries are known over updates by it: have a column "id", or name it with --columns "id=HEADING"`}
	}
	return rows, header, nil
}

func (t *table) entry() (Entry, error) {
	row, err := t.rows.Next()
	e := Entry{Line: row.At.Line}
	if err != nil {
		return e, err
	}
	values, err := t.header.Values(row)
	if err != nil {
		return e, err
	}
	p, left, err := t.reading.Gather(row.At.Line, values)
	if err != nil {
		return e, err
	}
	e.ID, e.Left = p.ID, left
	e.Subject, err = t.subject(p, row.At.Line)
	return e, err
}

// sorts are the words with which lists say what an entry is.
var sorts = map[string]string{
	"": "", "person": "person", "individual": "person", "natural person": "person", "p": "person", "i": "person", "физическое лицо": "person", "человек": "person",
	"organisation": "organisation", "organization": "organisation", "entity": "organisation", "company": "organisation", "legal person": "organisation", "o": "organisation", "e": "organisation", "юридическое лицо": "organisation",
	"vehicle": "vehicle", "vessel": "vehicle", "aircraft": "vehicle", "car": "vehicle", "ship": "vehicle", "v": "vehicle",
}

func (t *table) subject(p sheet.Particulars, line int64) (watch.Subject, error) {
	sort, ok := sorts[strings.ToLower(p.Type)]
	if !ok {
		return watch.Subject{}, &sheet.Error{File: t.options.File, Line: line, Column: "type", What: fmt.Sprintf("is %q, which is not the sort of an entry", clip(p.Type)), Hint: "one of person, organisation, vehicle"}
	}
	if sort == "" {
		switch {
		case len(p.Names) > 0 || len(p.Documents) > 0 || p.MRZ != "":
			sort = "person"
		case len(p.Organisations) > 0:
			sort = "organisation"
		default:
			sort = "vehicle"
		}
	}
	switch sort {
	case "person":
		names := p.Names
		if len(names) == 0 && p.MRZ != "" {
			names = []heed.Name{{Text: strings.Join(strings.FieldsFunc(p.MRZ, func(r rune) bool { return r == '<' }), " "), Use: heed.NamePrimary}}
		}
		if len(names) == 0 && len(p.Documents) == 0 {
			return watch.Subject{}, &sheet.Error{File: t.options.File, Line: line, What: "names nobody", Hint: "a person has a name or a document"}
		}
		return watch.Subject{Person: &heed.Person{Names: names, Born: p.Born, Birthplace: p.Birthplace, Sex: p.Sex, Nationalities: p.Nationalities, Documents: p.Documents, Description: p.Description}}, nil
	case "organisation":
		names := append(p.Organisations, p.Names...)
		if len(names) > heed.MaxNames {
			names = names[:heed.MaxNames]
		}
		if len(names) == 0 {
			return watch.Subject{}, &sheet.Error{File: t.options.File, Line: line, What: "names no organisation", Hint: "an organisation has a name"}
		}
		o := &heed.Organisation{Names: names, Registrations: p.Registrations, Description: p.Description}
		for i := range o.Names { // the comma of a company is no surname's
			o.Names[i].Family, o.Names[i].Given = "", ""
		}
		if len(p.Nationalities) > 0 {
			o.Country = p.Nationalities[0]
		}
		if len(o.Registrations) > heed.MaxDocuments {
			o.Registrations = o.Registrations[:heed.MaxDocuments]
		}
		return watch.Subject{Organisation: o}, nil
	}
	v := p.Vehicle
	v.Description = p.Description
	if v.Plate == "" && v.VIN == "" {
		return watch.Subject{}, &sheet.Error{File: t.options.File, Line: line, What: "names no person, organisation or vehicle", Hint: "a vehicle has a plate or a VIN"}
	}
	return watch.Subject{Vehicle: &v}, nil
}
