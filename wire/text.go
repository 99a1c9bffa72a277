package wire

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

// ErrMalformed is wrapped by every error of a parser in this package that
// concerns the bytes themselves, rather than who signed them.
var ErrMalformed = errors.New("malformed")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// cutShort is a stream that ended too early. The cause stays in the chain, so
// that a broken connection can be told from bytes that are wrong.
func cutShort(cause error, format string, args ...any) error {
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %s: %w", ErrMalformed, fmt.Sprintf(format, args...), cause)
}

// splitNote takes a signed note apart and verifies nothing. Its errors match
// ErrMalformed, or seal.ErrSignature where a signature line stands twice.
func splitNote(note []byte, maxText, maxSignatures int) (string, []seal.NoteSignature, error) {
	text, lines, err := seal.SplitNote(note, maxText, maxSignatures)
	if err != nil && !errors.Is(err, seal.ErrSignature) {
		err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return text, lines, err
}

// writer builds header lines.
type writer struct{ b strings.Builder }

func (w *writer) first(line string) { w.b.WriteString(line + "\n") }
func (w *writer) text() string      { return w.b.String() }

// line writes one line. A line feed in the value is written as U+FFFD, so that
// what is said in one field cannot become another one; reading the text back
// before it is signed then refuses the value.
func (w *writer) line(name, value string) {
	w.b.WriteString(name + ": " + strings.ReplaceAll(value, "\n", "\uFFFD") + "\n")
}

func (w *writer) digest(name string, d heed.Digest) {
	if d.IsZero() {
		w.line(name, "none")
		return
	}
	w.line(name, d.String())
}

func (w *writer) number(name string, n uint64)      { w.line(name, strconv.FormatUint(n, 10)) }
func (w *writer) time(name string, t time.Time)     { w.line(name, heed.FormatTime(t)) }
func (w *writer) yes(name string, v bool)           { w.line(name, yesNo(v)) }
func (w *writer) span(name string, d time.Duration) { w.line(name, span(d)) }

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// span writes a duration in whole milliseconds, the only unit there is.
func span(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }

func parseSpan(s string) (time.Duration, error) {
	digits, ok := strings.CutSuffix(s, "ms")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || n > int64(1)<<40 || strconv.FormatInt(n, 10) != digits {
		return 0, malformed("%q is not a duration in milliseconds", clip(s))
	}
	return time.Duration(n) * time.Millisecond, nil
}

// reader takes header lines one by one; its first error stays.
type reader struct {
	lines []string
	at    int
	err   error
}

// newReader checks the first line and splits the rest.
func newReader(text, first string) *reader {
	r := &reader{}
	body, ok := strings.CutSuffix(text, "\n")
	if !ok {
		r.err = malformed("the text does not end with a line feed")
		return r
	}
	r.lines = strings.Split(body, "\n")
	if r.lines[0] != first {
		r.err = malformed("line 1 is %q, not %q", clip(r.lines[0]), first)
		return r
	}
	r.at = 1
	return r
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// next takes the line if it has that name.
func (r *reader) next(name string) (string, bool) {
	if r.err != nil || r.at >= len(r.lines) {
		return "", false
	}
	value, ok := strings.CutPrefix(r.lines[r.at], name+": ")
	if ok {
		r.at++
	}
	return value, ok
}

// need takes a line that must be there.
func (r *reader) need(name string) string {
	value, ok := r.next(name)
	if !ok && r.err == nil {
		found := "the end"
		if r.at < len(r.lines) {
			found = strconv.Quote(clip(r.lines[r.at]))
		}
		r.err = malformed("line %d: %q is expected, not %s", r.at+1, name+":", found)
	}
	return value
}

// list parses all lines of that name, at most most of them.
func list[T any](r *reader, name string, most int, parse func(string) (T, error)) []T {
	var all []T
	for {
		value, ok := r.next(name)
		if !ok {
			return all
		}
		if len(all) == most {
			r.fail(malformed("line %d: more than %d %q lines", r.at, most, name))
			return nil
		}
		all = append(all, get(r, value, parse))
	}
}

// end reports the first error, or that lines are left over.
func (r *reader) end() error {
	if r.err == nil && r.at < len(r.lines) {
		r.err = malformed("line %d: %q is not expected here", r.at+1, clip(r.lines[r.at]))
	}
	return r.err
}

// get parses a value that was read, unless something has failed already.
func get[T any](r *reader, value string, parse func(string) (T, error)) T {
	var none T
	if r.err != nil {
		return none
	}
	v, err := parse(value)
	if err != nil {
		r.fail(malformed("line %d: %s", r.at, strings.TrimPrefix(err.Error(), ErrMalformed.Error()+": ")))
		return none
	}
	return v
}

func (r *reader) digest(name string) heed.Digest {
	value := r.need(name)
	if value == "none" {
		return heed.Digest{}
	}
	return get(r, value, parseNonzero)
}

// parseNonzero refuses the second spelling of "none".
func parseNonzero(s string) (heed.Digest, error) {
	d, err := heed.ParseDigest(s)
	if err == nil && d.IsZero() {
		err = malformed("a digest of zeros is written \"none\"")
	}
	return d, err
}

func (r *reader) number(name string) uint64 { return get(r, r.need(name), parseNumber) }
func (r *reader) size(name string) int64    { return int64(r.number(name)) }

// serial reads a number that counts from 1.
func (r *reader) serial(name string) uint64 {
	return get(r, r.need(name), func(s string) (uint64, error) {
		n, err := parseNumber(s)
		if err == nil && n == 0 {
			err = malformed("%s counts from 1", name)
		}
		return n, err
	})
}

// named reads a digest that is never "none".
func (r *reader) named(name string) heed.Digest { return get(r, r.need(name), parseNonzero) }

func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, malformed("%q is not a whole number", clip(s))
	}
	return n, nil
}

func (r *reader) time(name string) time.Time { return get(r, r.need(name), heed.ParseTime) }
func (r *reader) party(name string) heed.PartyID {
	return get(r, r.need(name), heed.ParsePartyID)
}
func (r *reader) yes(name string) bool {
	return get(r, r.need(name), func(s string) (bool, error) {
		if s != "yes" && s != "no" {
			return false, malformed("%q is neither yes nor no", clip(s))
		}
		return s == "yes", nil
	})
}
func (r *reader) span(name string) time.Duration { return get(r, r.need(name), parseSpan) }

// parseWord reads a lower-case word of letters, digits and hyphens.
func parseWord(s string) (string, error) {
	ok := s != "" && len(s) <= 40
	for _, c := range s {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return "", malformed("%q is not a word", clip(s))
	}
	return s, nil
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}

// oneLine cuts text to what a header line can hold: one line of valid text
// without controls, not empty, at most most bytes.
func oneLine(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if hidden(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, " "))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	if s = strings.TrimSpace(s); s == "" {
		return "-"
	}
	return s
}
