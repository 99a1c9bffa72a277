package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

// objects is a source of JSON objects, one a line (JSON Lines).
type objects struct {
	lines   *sheet.Lines
	keys    *sheet.Keys
	options Options
	reading sheet.Reading
}

func newObjects(in io.Reader, o Options, reading sheet.Reading) (*Reader, error) {
	text, skipped, err := sheet.Text(o.File, in)
	if err != nil {
		return nil, err
	}
	lines := sheet.NewLines(o.File, text, sheet.Place{Line: 1, Offset: skipped})
	next := Position{Place: lines.Next()}
	if o.Resume.Offset > next.Offset {
		if err := lines.Discard(o.Resume.Place); err != nil {
			return nil, err
		}
		next = o.Resume
	}
	return &Reader{source: &objects{lines, sheet.NewKeys(o.File, o.Columns), o, reading}, next: next}, nil
}

func (s *objects) record(Position) (r watch.Record, begins, next sheet.Place, problems []*sheet.Error, err error) {
	for {
		text, at, err := s.lines.Line()
		begins, next = at, s.lines.Next()
		if err != nil {
			return r, begins, next, nil, err
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		r, problems, err = s.parse(text, at.Line)
		return r, begins, next, problems, err
	}
}

func (s *objects) parse(text string, line int64) (r watch.Record, problems []*sheet.Error, err error) {
	object, err := parseObject(text)
	var bounded *sheet.Error
	if errors.As(err, &bounded) {
		bounded.File, bounded.Line = s.options.File, line
		return r, nil, bounded
	}
	if err != nil {
		return r, nil, &sheet.Error{File: s.options.File, Line: line, What: "is not a JSON object: " + err.Error(), Hint: `write one object a line, like {"id": "1", "name": "...", "born": "1990-05-14"}`}
	}
	r.ID = s.id(object)
	var unread []string
	var values []sheet.Value
	for i, key := range object.keys {
		field, group, err := s.keys.Means(line, key)
		if err != nil {
			return r, nil, err
		}
		if fold := strings.ToLower(key); field == "" && fold == "vehicle" {
			// Of a table, a vehicle's columns stand by themselves.
			field = fieldVehicle
		}
		if field == "" {
			if !s.keys.Ignored(key) && object.items[i].kind != nothing {
				unread = append(unread, key)
			}
			continue
		}
		more, err := s.values(field, group, key, object.items[i])
		if err != nil {
			return r, nil, &sheet.Error{File: s.options.File, Line: line, Column: key, What: err.Error(), Hint: "write a text, or a list of texts"}
		}
		values = append(values, more...)
	}
	p, problems, err := gather(s.reading, line, values)
	if err != nil {
		return r, nil, err
	}
	r, problems = record(p, s.options, s.reading, line, problems)
	if namesNobody(r) {
		if e := s.keys.Nobody(line, unread); e != nil {
			return r, nil, e
		}
	}
	return r, problems, nil
}

// namesNobody reports whether there is nothing in a record to screen: its Check says so, too.
func namesNobody(r watch.Record) bool {
	return len(r.Names) == 0 && r.MRZ == "" && len(r.Documents) == 0 && r.Vehicle.Plate == "" && r.Vehicle.VIN == "" && r.Organisation == ""
}

// id is an object's own id, whatever else of it can be read.
func (s *objects) id(object node) string {
	for i, key := range object.keys {
		// A key that is refused is no id, and is complained of by whoever reads it.
		if field, _, err := s.keys.Means(0, key); err == nil && field == sheet.FieldID && object.items[i].kind == scalar {
			return sheet.IDOf([]sheet.Value{{Field: field, Text: object.items[i].text}})
		}
	}
	return ""
}

const fieldVehicle sheet.Field = "vehicle"

// values are what the value of a key states: a text, a number, an object in
// parts, or a list of these.
func (s *objects) values(field sheet.Field, group int, key string, n node) ([]sheet.Value, error) {
	switch n.kind {
	case nothing:
		return nil, nil
	case scalar:
		text := strings.TrimSpace(n.text)
		if text == "" {
			return nil, nil
		}
		if field == fieldVehicle {
			field = sheet.FieldPlate
		}
		return []sheet.Value{{Field: field, Group: group, Column: key, Text: text}}, nil
	case array:
		var all []sheet.Value
		for i, item := range n.items {
			if item.kind == array {
				return nil, errors.New("has a list within a list")
			}
			more, err := s.values(field, group+1+i, key, item)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	text := map[string]string{}
	for i, name := range n.keys {
		switch item := n.items[i]; item.kind {
		case scalar:
			text[strings.ToLower(name)] = strings.TrimSpace(item.text)
		case nothing:
		default:
			return nil, fmt.Errorf("has more than a text in %q", short(name))
		}
	}
	switch field {
	case sheet.FieldName, sheet.FieldAlias, sheet.FieldNative, sheet.FieldFormer, sheet.FieldMaiden:
		name := &heed.Name{Text: first(text, "text", "name"), Use: heed.NameUse(text["use"]), Family: text["family"], Given: text["given"], Script: text["script"], Language: heed.Language(text["language"])}
		return []sheet.Value{{Field: field, Group: group, Column: key, Name: name}}, nil
	case sheet.FieldNumber:
		return []sheet.Value{{Field: field, Group: group, Column: key, Document: &sheet.DocumentText{Type: text["type"], Country: first(text, "country", "issuer"), Number: text["number"]}}}, nil
	case sheet.FieldOrganisation:
		if name := first(text, "name", "text"); name != "" {
			return []sheet.Value{{Field: field, Group: group, Column: key, Text: name}}, nil
		}
		return nil, nil
	case fieldVehicle:
		var all []sheet.Value
		for _, part := range []struct {
			name  string
			field sheet.Field
		}{{"plate", sheet.FieldPlate}, {"country", sheet.FieldPlateCountry}, {"vin", sheet.FieldVIN}, {"make", sheet.FieldMake}, {"model", sheet.FieldModel}, {"colour", sheet.FieldColour}, {"color", sheet.FieldColour}, {"type", sheet.FieldVehicleType}} {
			if text[part.name] != "" {
				all = append(all, sheet.Value{Field: part.field, Group: group, Column: key, Text: text[part.name]})
			}
		}
		return all, nil
	}
	return nil, errors.New("has an object")
}

func first(text map[string]string, names ...string) string {
	for _, name := range names {
		if text[name] != "" {
			return text[name]
		}
	}
	return ""
}

// node is a JSON value. Keys that stand twice are refused: readers disagree on
// which of the two counts (RFC 8259 section 4).
type node struct {
	kind  kind
	text  string
	keys  []string
	items []node
}

type kind int

const (
	nothing kind = iota // null
	scalar              // a text or a number
	array
	object
)

const maxDepth = 4

func parseObject(text string) (node, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := parseNode(d, 0)
	if err != nil {
		return node{}, err
	}
	if n.kind != object {
		return node{}, errors.New("it is another value")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("more follows its end")
	}
	return n, nil
}

func parseNode(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("more than %d values within another", maxDepth)
	}
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case string:
		return node{kind: scalar, text: t}, nil
	case json.Number:
		return node{kind: scalar, text: t.String()}, nil
	case bool:
		return node{}, fmt.Errorf("it has %t, which states nothing of anybody", t)
	case json.Delim:
		n := node{kind: array}
		if t == '{' {
			n.kind = object
		}
		seen := map[string]bool{}
		for d.More() {
			if n.kind == object {
				key, err := d.Token()
				if err != nil {
					return node{}, err
				}
				name := fmt.Sprint(key) // a decoder gives no other keys
				if seen[name] {
					return node{}, fmt.Errorf("the key %q stands twice", short(name))
				}
				if len(seen) == sheet.MaxFields {
					return node{}, &sheet.Error{What: fmt.Sprintf("has an object with more than %d keys", sheet.MaxFields), Hint: "send one object for each record, with its own values only"}
				}
				seen[name] = true
				n.keys = append(n.keys, name)
			}
			item, err := parseNode(d, depth+1)
			if err != nil {
				return node{}, err
			}
			n.items = append(n.items, item)
		}
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return n, err
	}
	return node{}, nil
}
