package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"heed"
)

// Error is what is wrong with one place of a file that somebody else wrote. It
// matches *heed.Invalid with errors.As.
type Error struct {
	File   string // as people named it; may be empty
	Line   int64  // from 1, that the record begins on; 0: no one line
	Column string // heading or key; empty: no one column
	What   string // what is wrong and what was found, as a predicate of the place
	Hint   string // how to mend it; may be empty
	// Sent is the hint for a program that has sent the record, where Hint names flags
	// of the command line, which such a program has none of; empty: Hint is for all.
	Sent string
}

// ForSender is the error as a program is told it that has sent the record.
func (e *Error) ForSender() *Error {
	told := *e
	if told.Sent != "" {
		told.Hint = told.Sent
	}
	return &told
}

// Place is where it is, without what is wrong.
func (e *Error) Place() string {
	parts := []string{}
	if e.File != "" {
		parts = append(parts, e.File)
	}
	if e.Line > 0 {
		parts = append(parts, "line "+strconv.FormatInt(e.Line, 10))
	}
	if e.Column != "" {
		parts = append(parts, "column "+strconv.Quote(e.Column))
	}
	return strings.Join(parts, ", ")
}

func (e *Error) message() string {
	if place := e.Place(); place != "" {
		return place + ": " + e.What
	}
	return e.What
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.message()
	}
	return e.message() + " (" + e.Hint + ")"
}

// Unwrap is the same as bad input.
func (e *Error) Unwrap() error { return &heed.Invalid{What: e.message(), Hint: e.Hint} }

// found quotes what a file has for a message: bounded, and with nothing that a
// terminal would obey.
func found(s string) string {
	const bound = 60
	if utf8.RuneCountInString(s) > bound {
		s = string([]rune(s)[:bound]) + "…"
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != ' ' {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return fmt.Sprintf("%q", s)
}
