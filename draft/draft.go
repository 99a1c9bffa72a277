// Package draft reads what people write: a warning in YAML or JSON, judged
// against its schema and its rules. Every complaint names file, line and
// field, and how to mend it, and all of them are given at once.
package draft

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"heed"
)

// MaxSource is the largest hand-written warning, in bytes. Files belong into
// attachments.
const MaxSource = 1 << 20

// maxErrors is how many complaints one reading gives. Nobody mends more at once.
const maxErrors = 50

// Error is one thing that is wrong in a hand-written document.
type Error struct {
	File    string // as it was named by the caller
	Line    int    // counted from 1
	Path    string // of the field, as in docs/warning.md; empty where the document as a whole is meant
	Problem string // what is wrong, as a predicate of the field
	Hint    string // how to mend it; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d: ", e.File, e.Line)
	if e.Path != "" {
		s += e.Path + " "
	}
	s += e.Problem
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Warning reads a hand-written warning, YAML or JSON; name is that of the
// file, for messages, and a name ending in .json demands JSON. The warning
// that is returned passes its Check. Otherwise the error joins one *Error for
// each problem, in the order of lines, 50 at most.
func Warning(name string, src []byte) (heed.Warning, error) {
	return warning(name, src, heed.Warning.Check)
}

// WarningAt is Warning for one that is written now: it passes its CheckDates, too.
func WarningAt(name string, src []byte, now time.Time) (heed.Warning, error) {
	return warning(name, src, func(w heed.Warning) error { return errors.Join(w.Check(), w.CheckDates(now)) })
}

func warning(name string, src []byte, check func(heed.Warning) error) (heed.Warning, error) {
	r := &reading{file: name, lines: map[string]int{}}
	root := r.parse(src)
	if root == nil {
		return heed.Warning{}, r.err()
	}
	schema, err := warningSchema()
	if err != nil {
		return heed.Warning{}, err
	}
	value := r.convert(root, schema, "")
	r.validate(schema, value)
	if root.Kind != yaml.MappingNode {
		return heed.Warning{}, r.err()
	}
	w, err := decode(value)
	if err != nil {
		r.complain("", "cannot be read: "+err.Error(), "")
		return heed.Warning{}, r.err()
	}
	r.judge(check(w))
	if err := r.err(); err != nil {
		return heed.Warning{}, err
	}
	return w, nil
}

// decode fills a warning from a value that fits the schema.
func decode(value any) (heed.Warning, error) {
	var w heed.Warning
	text, err := json.Marshal(value)
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(text, &w)
}

// reading is one document being read: where its fields stand, and what was
// found wrong so far.
type reading struct {
	file   string
	lines  map[string]int // by path
	errors []*Error
	meant  []string // paths of the keys that misspelt ones most likely mean
}

func (r *reading) complain(path, problem, hint string) {
	r.complainAt(r.line(path), path, problem, hint)
}

func (r *reading) complainAt(line int, path, problem, hint string) {
	r.errors = append(r.errors, &Error{File: r.file, Line: line, Path: clip(path), Problem: problem, Hint: hint})
}

// line is where the field stands, or the nearest one that it belongs to.
func (r *reading) line(path string) int {
	for {
		if n, ok := r.lines[path]; ok {
			return n
		}
		if path == "" {
			return 1
		}
		path = parent(path)
	}
}

func parent(path string) string { return path[:max(strings.LastIndex(path, "/"), 0)] }

func join(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return path + "/" + step
}

// judge adds the complaints of the rules, leaving out what is only the
// consequence of a complaint that the document got before: a field that could
// not be read is missing, too.
func (r *reading) judge(err error) {
	earlier := r.errors
	for _, e := range fieldErrors(err) {
		known := slices.ContainsFunc(earlier, func(o *Error) bool { return related(o.Path, e.Path) })
		if !known && !slices.Contains(r.meant, e.Path) {
			r.complain(e.Path, e.Problem, e.Hint)
		}
	}
}

func related(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

func fieldErrors(err error) []*heed.FieldError {
	var found []*heed.FieldError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			found = append(found, fieldErrors(e)...)
		}
		return found
	}
	var field *heed.FieldError
	if errors.As(err, &field) {
		found = append(found, field)
	}
	return found
}

func (r *reading) err() error {
	slices.SortStableFunc(r.errors, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	all := make([]error, 0, min(len(r.errors), maxErrors+1))
	for i, e := range r.errors {
		if i == maxErrors {
			all = append(all, &Error{File: r.file, Line: e.Line, Problem: fmt.Sprintf("and %d more problems", len(r.errors)-i), Hint: "mend those above first"})
			break
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}
