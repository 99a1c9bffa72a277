package heed

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// FieldError is one thing that is wrong with one field of a warning.
type FieldError struct {
	Path    string // keys and positions joined by "/", from 0: persons/0/names/1/text
	Problem string // what is wrong, as a predicate of the field
	Hint    string // how to mend it; may be empty
}

func (e *FieldError) Error() string { return withHint(e.Path+" "+e.Problem, e.Hint) }

// checker gathers every problem, so that a person mends a document in one go.
type checker struct{ errs []error }

func (c *checker) bad(path, problem, hint string) {
	c.errs = append(c.errs, &FieldError{Path: path, Problem: problem, Hint: hint})
}

func (c *checker) err() error { return errors.Join(c.errs...) }

// shape is what a field may hold, beside its bound.
type shape uint8

const (
	optional shape = 0
	required shape = 1 << iota
	lines          // several lines; a tab is allowed
)

func at(path string, i int) string { return path + "/" + strconv.Itoa(i) }

// most refuses a list that is longer than its bound.
func (c *checker) most(path string, n, bound int) {
	if n > bound {
		c.bad(path, fmt.Sprintf("has %d entries, more than %d", n, bound), "split it over several warnings")
	}
}

func (c *checker) missing(path string) {
	c.bad(path, "is missing", "")
}

// text checks a text of at most bound characters. What a terminal or a page
// would show differently from what it says is refused: control characters and
// the embedding, override and isolate controls of Unicode's bidirectional
// algorithm (UAX 9 section 2), which can make a name read as another.
func (c *checker) text(path, s string, bound int, is shape) {
	switch {
	case s == "":
		if is&required != 0 {
			c.missing(path)
		}
		return
	case !utf8.ValidString(s):
		c.bad(path, "is not valid UTF-8", "save the text as UTF-8")
		return
	case strings.TrimSpace(s) != s:
		c.bad(path, "begins or ends with a blank", "remove the blank")
	}
	if n := utf8.RuneCountInString(s); n > bound {
		c.bad(path, fmt.Sprintf("has %d characters, more than %d", n, bound), "shorten it, or attach it as a file")
	}
	for _, r := range s {
		switch {
		case (r == '\n' || r == '\t') && is&lines != 0:
		case r == '\n' || r == '\u2028' || r == '\u2029':
			c.bad(path, "has more than one line", "write it on one line")
			return
		case unicode.IsControl(r), r == '\ufeff', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			c.bad(path, fmt.Sprintf("has the invisible character U+%04X", r), "remove it")
			return
		}
	}
}

func (c *checker) moment(path string, m Moment) {
	if m.IsZero() {
		return
	}
	if parsed, err := ParseMoment(m.String()); err != nil || parsed != m {
		c.bad(path, "is not a day or a whole second in UTC", "make it with MomentAt or MomentOn")
	}
}

func (c *checker) country(path string, country Country, is shape) {
	if country == "" {
		if is&required != 0 {
			c.missing(path)
		}
		return
	}
	region, err := language.ParseRegion(string(country))
	if len(country) != 2 || err != nil || !region.IsCountry() || region.String() != string(country) {
		c.bad(path, fmt.Sprintf("is %q, which is not a country", clip(string(country))), "write the two capital letters of ISO 3166-1, like DE")
	}
}

func (c *checker) language(path string, tag Language, is shape) {
	if tag == "" {
		if is&required != 0 {
			c.missing(path)
		}
		return
	}
	const longest = 35 // RFC 5646 section 4.4.1
	var parsed language.Tag
	err := errors.New("too long")
	if len(tag) <= longest {
		parsed, err = language.Raw.Parse(string(tag))
	}
	switch {
	case err != nil:
		c.bad(path, fmt.Sprintf("is %q, which is not a language", clip(string(tag))), "write a BCP 47 tag, like en or pt-BR")
	case parsed.String() != string(tag):
		c.bad(path, fmt.Sprintf("is %q, which is not the usual spelling of that language", clip(string(tag))), "write "+parsed.String())
	}
}

// term checks a word of a closed list.
func term[T ~string](c *checker, path, noun string, v T, all []T, is shape) {
	if v == "" {
		if is&required != 0 {
			c.bad(path, "is missing", "one of "+joined(all))
		}
		return
	}
	if !slices.Contains(all, v) {
		c.bad(path, fmt.Sprintf("is %q, which is not a %s", clip(string(v)), noun), "one of "+joined(all))
	}
}

// terms checks a list of distinct words of a closed list.
func terms[T ~string](c *checker, path, noun string, vs, all []T) {
	c.most(path, len(vs), len(all))
	for i, v := range vs {
		term(c, at(path, i), noun, v, all, required)
		if slices.Index(vs, v) < i {
			c.bad(at(path, i), fmt.Sprintf("is %q, which stands twice", clip(string(v))), "leave one of them out")
		}
	}
}

func joined[T ~string](all []T) string {
	var b strings.Builder
	for i, v := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}
