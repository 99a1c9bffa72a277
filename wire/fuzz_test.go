package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"heed/seal"
)

// fuzzNotes is the property of every signed note: whatever is read is written
// again to the same text, and its error says whose fault it is.
func fuzzNotes(f *testing.F, kind string) {
	for _, n := range allNotes(f) {
		if n.kind == kind {
			f.Add(n.note)
		}
	}
	for _, r := range readFormatVectors(f).Refused {
		if r.Type == kind {
			f.Add([]byte(r.Note))
		}
	}
	parse := parsers()[kind]
	f.Fuzz(func(t *testing.T, note []byte) {
		text, err := parse(note)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("neither ErrMalformed nor ErrSignature: %v", err)
			}
			return
		}
		signed, lines, err := seal.SplitNote(note, len(note), MaxSignatures)
		if err != nil || signed != text {
			t.Fatalf("written again as %q, %v", text, err)
		}
		again, err := seal.JoinNote(text, lines)
		if err != nil || !bytes.Equal(again, note) {
			t.Fatalf("joined again as %q, %v", again, err)
		}
	})
}

func FuzzParseStatement(f *testing.F) { fuzzNotes(f, "statement") }
func FuzzParseRelease(f *testing.F)   { fuzzNotes(f, "release") }
func FuzzParseCard(f *testing.F)      { fuzzNotes(f, "card") }
func FuzzParseRoster(f *testing.F)    { fuzzNotes(f, "roster") }
func FuzzParseRefusal(f *testing.F)   { fuzzNotes(f, "refusal") }
func FuzzParseCollect(f *testing.F)   { fuzzNotes(f, "collect") }
func FuzzParseFigures(f *testing.F)   { fuzzNotes(f, "figure") }
func FuzzParseHeader(f *testing.F)    { fuzzNotes(f, "header") }

// FuzzTexts goes past the signatures, which no fuzzer can make: texts that are
// read before they are verified.
func FuzzTexts(f *testing.F) {
	for _, n := range allNotes(f) {
		text, _ := n.split(f)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := 0
		check := func(again string, err error) {
			if err == nil {
				read++
				if again != text {
					t.Fatalf("written again as %q", again)
				}
			} else if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
		}
		s, err := parseStatementText(text)
		check(StatementText(s), err)
		if err == nil && s.ID != StatementID(text) {
			t.Fatal("the id is not that of the text")
		}
		rel, err := parseReleaseText(text)
		check(ReleaseText(rel), err)
		c, err := parseCardText(text)
		check(CardText(c), err)
		o, err := parseRosterText(text)
		check(RosterText(o), err)
		r, err := parseRefusalText(text)
		check(RefusalText(r), err)
		q, err := parseCollectText(text)
		check(CollectText(q), err)
		h, err := parseHeaderText(text)
		check(HeaderText(h), err)
		if read > 1 {
			t.Fatal("read as two things")
		}
	})
}

func FuzzReadEnvelope(f *testing.F) {
	for _, e := range readFormatVectors(f).Envelopes {
		b := e.bytes(f)
		f.Add(b)
		f.Add(append(b, b...))
	}
	key := sealingKey(f)
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bytes.NewReader(stream)
		h, err := ReadHeader(in)
		if err != nil {
			if err != ErrNoEnvelope && !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("header: %v", err)
			}
			return
		}
		header := stream[4 : len(stream)-in.Len()]
		if !strings.HasPrefix(string(header), HeaderText(h)+"\n") {
			t.Fatal("the header is written again differently")
		}
		e, err := ReadBody(in, h)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("body: %v", err)
			}
			return
		}
		if used := len(stream) - in.Len(); !bytes.Equal(stream[4+len(header):used], e.Body) || int64(len(e.Body)) != h.Sealed {
			t.Fatal("the body is not what the stream holds")
		}
		if _, err := e.Open(key); err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrBadSeal) && !errors.Is(err, seal.ErrSize) {
			t.Fatalf("opening: %v", err)
		}
	})
}

func FuzzParts(f *testing.F) {
	for _, p := range readFormatVectors(f).Parts {
		f.Add(p.bytes(f))
	}
	f.Add([]byte(partsFirst + "\x0e\x00\x00\x00\x00"))
	f.Add([]byte(partsFirst + "\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		parts, err := decodeParts(plain)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		again, err := encodeParts(parts)
		if err != nil || !bytes.Equal(again, plain) {
			t.Fatalf("written again as %q, %v", again, err)
		}
	})
}

func FuzzGap(f *testing.F) {
	for _, g := range readFormatVectors(f).Gaps {
		f.Add(g.bytes(f))
	}
	f.Add([]byte("heed-gap/v1\nmissing: 2\nmissing: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		missing, err := ParseGap(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		if len(missing) > MaxGap || !bytes.Equal(EncodeGap(missing), data) {
			t.Fatalf("%d numbers, written again as %q", len(missing), EncodeGap(missing))
		}
	})
}
