package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"heed/watch/sheet"
)

// Bounds of an interchange.
const (
	maxSegment  = 16 << 10 // bytes of one segment
	maxElements = 200      // components of one segment
)

// segment is one segment of an interchange: a tag and elements of components
// (ISO 9735-1 section 7).
type segment struct {
	tag      string
	elements [][]string
	at, next sheet.Place
}

// get is a component, counted from 1 as directories count elements; empty where
// it is not there.
func (s segment) get(element, component int) string {
	if element-1 >= len(s.elements) || component-1 >= len(s.elements[element-1]) {
		return ""
	}
	return s.elements[element-1][component-1]
}

// service are the service characters of an interchange (UNA, ISO 9735-1 annex A).
type service struct{ component, element, release, terminator byte }

var usual = service{':', '+', '?', '\''}

// segments reads an interchange's segments.
type segments struct {
	file    string
	in      *bufio.Reader
	next    sheet.Place
	service service
	decoder *encoding.Decoder // nil: the text is UTF-8, ASCII among it
	charset string
	ascii   bool
}

func newSegments(file string, in io.Reader) *segments {
	return &segments{file: file, in: bufio.NewReaderSize(in, 64<<10), next: sheet.Place{Line: 1}, service: usual, ascii: true, charset: "UNOA"}
}

func (s *segments) errorf(at sheet.Place, hint, format string, args ...any) *sheet.Error {
	return &sheet.Error{File: s.file, Line: at.Line, What: fmt.Sprintf(format, args...), Hint: hint}
}

// charsets are those of ISO 9735-1 section 5 that are read. UNOX (ISO 2022) is
// not; UNOY is read as UTF-8, and refused where it is something else.
var charsets = map[string]encoding.Encoding{
	"UNOA": nil, "UNOB": nil, "UNOC": charmap.ISO8859_1, "UNOD": charmap.ISO8859_2, "UNOE": charmap.ISO8859_5, "UNOF": charmap.ISO8859_7,
	"UNOG": charmap.ISO8859_3, "UNOH": charmap.ISO8859_4, "UNOI": charmap.ISO8859_6, "UNOJ": charmap.ISO8859_8, "UNOK": charmap.ISO8859_9,
	"UNOL": charmap.ISO8859_15, "UNOW": nil, "UNOY": nil,
}

// begin looks for the service characters where an interchange begins: those of
// UNA, or the usual ones.
func (s *segments) begin() error {
	if err := s.blanks(); err != nil {
		return err
	}
	s.service, s.decoder, s.ascii, s.charset = usual, nil, true, "UNOA"
	head, err := s.in.Peek(9)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case len(head) == 9 && string(head[:3]) == "UNA":
		s.service = service{component: head[3], element: head[4], release: head[6], terminator: head[8]}
		signs := []byte{head[3], head[4], head[6], head[8]}
		for i, b := range signs {
			if b >= 0x80 || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == ' ' && i != 2 || bytes.IndexByte(signs[:i], b) >= 0 {
				return s.fatal("UNA gives the service characters %q, which cannot be told apart from text or from each other", head[3:])
			}
		}
		s.skip(9)
		return s.blanks()
	case len(head) >= 4 && string(head[:3]) == "UNB":
		return nil
	}
	return s.fatal("is no interchange of UN/EDIFACT: it begins with %q", short(string(head)))
}

// broken is an interchange that cannot be read on.
type broken struct{ why *sheet.Error }

func (b broken) Error() string { return b.why.Error() }

func (b broken) Unwrap() error { return b.why }

func (s *segments) fatal(format string, args ...any) error {
	return broken{s.errorf(s.next, "an interchange begins with UNA or UNB; take off what a message system has put before it", format, args...)}
}

// blanks skips line ends and blanks between segments.
func (s *segments) blanks() error {
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
			s.count(b)
		default:
			return s.in.UnreadByte()
		}
	}
}

func (s *segments) count(b byte) {
	s.next.Offset++
	if b == '\n' {
		s.next.Line++
	}
}

// skip passes bytes that were peeked at.
func (s *segments) skip(n int) {
	for range n {
		b, err := s.in.ReadByte()
		if err != nil {
			return // they are buffered
		}
		s.count(b)
	}
}

// read reads one segment. An *sheet.Error costs that segment alone.
func (s *segments) read() (segment, error) {
	if err := s.blanks(); err != nil {
		return segment{}, err
	}
	seg := segment{at: s.next}
	var raw []byte
	released := false
	for {
		b, err := s.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return seg, broken{s.errorf(seg.at, "the file was cut off: get it again", "ends within a segment")}
		}
		if err != nil {
			return seg, err
		}
		s.count(b)
		if !released && b == s.service.terminator {
			break
		}
		released = !released && b == s.service.release && s.service.release != ' '
		if raw = append(raw, b); len(raw) > maxSegment {
			return seg, broken{s.errorf(seg.at, "is it UN/EDIFACT, and its segment terminator that of UNA?", "has a segment longer than %d bytes", maxSegment)}
		}
	}
	seg.next = s.next
	return seg, s.split(&seg, raw)
}

func (s *segments) split(seg *segment, raw []byte) error {
	if end := bytes.IndexFunc(raw, func(r rune) bool { return r < 'A' || r > 'Z' }); end == 3 {
		seg.tag = string(raw[:3]) // also of a segment that cannot be read any further
	}
	var component []byte
	element, total := []string{}, 0
	var elements [][]string
	end := func() error {
		text, err := s.text(component)
		if err != nil {
			return s.errorf(seg.at, "UNB must name the character set in which the interchange is written", "has bytes that are not of its character set %s", s.charset)
		}
		element = append(element, text)
		component = component[:0]
		if total++; total > maxElements {
			return s.errorf(seg.at, "", "has a segment of more than %d values", maxElements)
		}
		return nil
	}
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b == s.service.release && b != ' ':
			if i++; i < len(raw) {
				component = append(component, raw[i])
			}
		case b == s.service.component, b == s.service.element:
			if err := end(); err != nil {
				return err
			}
			if b == s.service.element {
				elements, element = append(elements, element), nil
			}
		case b == '\r' || b == '\n':
			// Lines are broken for the eye, or by a carrier.
		default:
			component = append(component, b)
		}
	}
	if err := end(); err != nil {
		return err
	}
	elements = append(elements, element)
	seg.tag = elements[0][0]
	seg.elements = elements[1:]
	if len(seg.tag) != 3 || strings.Trim(seg.tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		tag := seg.tag
		seg.tag = ""
		return s.errorf(seg.at, "a segment begins with a tag of three capitals, like NAD", "has a segment that begins with %q", short(tag))
	}
	return nil
}

func (s *segments) text(raw []byte) (string, error) {
	if s.decoder != nil {
		text, err := s.decoder.Bytes(raw)
		if err == nil && bytes.ContainsRune(text, utf8.RuneError) {
			err = errors.New("not of the character set")
		}
		return sheet.Clean(string(text)), err
	}
	for _, b := range raw {
		if s.ascii && b >= 0x80 {
			return "", errors.New("not of the character set")
		}
	}
	if !utf8.Valid(raw) {
		return "", errors.New("not UTF-8")
	}
	return sheet.Clean(string(raw)), nil
}

// declare goes on in the character set that UNB names.
func (s *segments) declare(unb segment) error {
	name := strings.ToUpper(unb.get(1, 1))
	set, ok := charsets[name]
	if !ok {
		return broken{s.errorf(unb.at, "UNOA to UNOL, UNOW and UNOY are; ask the sender for one of them", "is written in the character set %q, which is not read", short(name))}
	}
	s.charset, s.ascii, s.decoder = name, name == "UNOA" || name == "UNOB", nil
	if set != nil {
		s.decoder = set.NewDecoder()
	}
	return nil
}
