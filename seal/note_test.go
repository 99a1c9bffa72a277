package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// signedNote is a note by a node and two officers, in its parts.
type signedNote struct {
	text  string
	lines []string // with their newlines
	keys  []VerifyKey
}

func newSignedNote(t testing.TB) signedNote {
	t.Helper()
	signers := []SigningKey{
		newKey(t, 1, "north.example/node"), newKey(t, 2, "north.example/officer/anna"), newKey(t, 3, "north.example/officer/ben"),
	}
	n := signedNote{text: "heed-test/v1\nfrom: north.example\n"}
	for _, key := range signers {
		n.keys = append(n.keys, key.Verifier())
	}
	msg, err := SignNote(n.text, signers...)
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(msg), "\n\n")
	n.lines = strings.SplitAfter(block, "\n")[:len(signers)]
	return n
}

func (n signedNote) with(lines ...string) []byte {
	return []byte(n.text + "\n" + strings.Join(lines, ""))
}

func TestOpenNote(t *testing.T) {
	n := newSignedNote(t)
	node, anna, ben := n.lines[0], n.lines[1], n.lines[2]
	if text, err := OpenNote(n.with(node, anna, ben), n.keys); err != nil || text != n.text {
		t.Fatalf("OpenNote gives %q, %v", text, err)
	}

	stranger := newKey(t, 9, "south.example/node")
	added, err := SignNote(n.text, stranger)
	if err != nil {
		t.Fatal(err)
	}
	strangers := string(added)[len(n.text)+1:]
	// The right name with a key of the stranger's own: the hash differs.
	impostor, err := SignNote(n.text, newKey(t, 9, "north.example/officer/anna"))
	if err != nil {
		t.Fatal(err)
	}
	// The right name and hash over another text.
	other, err := SignNote("heed-test/v1\nfrom: south.example\n", newKey(t, 2, "north.example/officer/anna"))
	if err != nil {
		t.Fatal(err)
	}
	otherLine := string(other)[strings.Index(string(other), noteDash):]

	for _, test := range []struct {
		name    string
		msg     []byte
		line    int
		problem SignatureProblem
	}{
		{"last stripped", n.with(node, anna), 3, SignatureMissing},
		{"first stripped", n.with(anna, ben), 1, SignatureWrongKey},
		{"middle stripped", n.with(node, ben), 2, SignatureWrongKey},
		{"added at the end", n.with(node, anna, ben, strangers), 4, SignatureUnexpected},
		{"added at the start", n.with(strangers, node, anna, ben), 1, SignatureWrongKey},
		{"swapped", n.with(node, ben, anna), 2, SignatureWrongKey},
		{"repeated", n.with(node, anna, anna, ben), 3, SignatureRepeated},
		{"repeated at the end", n.with(node, anna, ben, node), 4, SignatureRepeated},
		{"replaced", n.with(node, strangers, ben), 2, SignatureWrongKey},
		{"impostor", n.with(node, string(impostor)[len(n.text)+1:], ben), 2, SignatureWrongKey},
		{"from another text", n.with(node, otherLine, ben), 2, SignatureInvalid},
		{"text changed", bytes.Replace(n.with(node, anna, ben), []byte("north"), []byte("south"), 1), 1, SignatureInvalid},
	} {
		text, err := OpenNote(test.msg, n.keys)
		var signature *SignatureError
		if !errors.As(err, &signature) || !errors.Is(err, ErrSignature) || text != "" {
			t.Errorf("%s: got %q, %v, want a SignatureError", test.name, text, err)
			continue
		}
		if signature.Line != test.line || signature.Problem != test.problem {
			t.Errorf("%s: got line %d %s, want line %d %s", test.name, signature.Line, signature.Problem, test.line, test.problem)
		}
	}

	if _, err := OpenNote(n.with(node), nil); !errors.Is(err, ErrSignature) {
		t.Errorf("a note opens without any key: %v", err)
	}
	if _, err := OpenNote(n.with(node), []VerifyKey{{}}); !errors.Is(err, ErrSignature) {
		t.Errorf("a note opens with a zero key: %v", err)
	}
	if _, err := OpenNote(n.with(node), []VerifyKey{n.keys[0], n.keys[0]}); !errors.Is(err, ErrSignature) {
		t.Errorf("one line stands for two keys: %v", err)
	}
}

func TestSplitNoteIsStrict(t *testing.T) {
	n := newSignedNote(t)
	node := n.lines[0]
	line := func(name string, data []byte) string {
		return noteDash + name + " " + base64.StdEncoding.EncodeToString(data) + "\n"
	}
	tooMany := n.text + "\n"
	for i := range MaxSignatures + 1 {
		tooMany += line(fmt.Sprintf("north.example/officer/o%d", i), []byte("hashsignature"))
	}
	for _, test := range []struct{ name, msg string }{
		{"empty", ""},
		{"newline", "\n"},
		{"newlines", "\n\n\n\n"},
		{"text only", n.text},
		{"no lines", n.text + "\n"},
		{"no empty line", n.text + node},
		{"no text", "\n" + node},
		{"empty text", "\n\n" + node},
		{"text ends in an empty line", "text\n\n\n" + node},
		{"last newline missing", n.text + "\n" + strings.TrimSuffix(node, "\n")},
		{"newline after", n.text + "\n" + node + "\n"},
		{"text after", n.text + "\n" + node + "more\n"},
		{"text and empty line after", n.text + "\n" + node + "\nmore\n"},
		{"CRLF", strings.ReplaceAll(n.text+"\n"+node, "\n", "\r\n")},
		{"CR in a signature", n.text + "\n" + strings.TrimSuffix(node, "\n") + "\r\n"},
		{"tab", "te\txt\n\n" + node},
		{"null", "te\x00xt\n\n" + node},
		{"delete", "te\x7fxt\n\n" + node},
		{"C1 control", "te\u0085xt\n\n" + node},
		{"not UTF-8", "te\xffxt\n\n" + node},
		{"surrogate", "te\xed\xa0\x80xt\n\n" + node},
		{"overlong", "te\xc0\xafxt\n\n" + node},
		{"hyphen for the dash", n.text + "\n" + strings.Replace(node, "—", "-", 1)},
		{"en dash", n.text + "\n" + strings.Replace(node, "—", "–", 1)},
		{"no space", n.text + "\n" + strings.Replace(node, "— ", "—", 1)},
		{"two spaces", n.text + "\n" + strings.Replace(node, "node ", "node  ", 1)},
		{"space at the end", n.text + "\n" + strings.TrimSuffix(node, "\n") + " \n"},
		{"no signature", n.text + "\n— north.example/node\n"},
		{"bad name", n.text + "\n" + strings.Replace(node, "north", "North", 1)},
		{"empty name", n.text + "\n" + strings.Replace(node, "north.example/node", "", 1)},
		{"hash only", n.text + "\n" + line("north.example/node", []byte("hash"))},
		{"no padding", n.text + "\n" + noteDash + "north.example/node aGFzaHM\n"},
		{"other spare bits", n.text + "\n" + noteDash + "north.example/node aGFzaHN=\n"},
		{"URL alphabet", n.text + "\n" + noteDash + "north.example/node aGFzaHNz_-__\n"},
		{"signature too long", n.text + "\n" + line("north.example/node", make([]byte, 4+MaxSignature+1))},
		{"too many lines", tooMany},
		{"text too long", strings.Repeat("a", 2000) + "\n\n" + node},
	} {
		if text, _, err := SplitNote([]byte(test.msg), 1000, 100); !errors.Is(err, ErrMalformedNote) || text != "" {
			t.Errorf("%s: got %q, %v, want ErrMalformedNote", test.name, text, err)
		}
	}
	if _, _, err := SplitNote(n.with(n.lines...), 1000, 2); !errors.Is(err, ErrMalformedNote) {
		t.Errorf("three lines pass where two are allowed: %v", err)
	}
	if _, _, err := SplitNote(n.with(n.lines...), len(n.text), 3); err != nil {
		t.Errorf("a note that just fits is refused: %v", err)
	}
	if _, _, err := SplitNote(n.with(n.lines...), len(n.text)-1, 3); !errors.Is(err, ErrMalformedNote) {
		t.Errorf("a text that is one byte too long passes: %v", err)
	}
}

// As in C2SP signed-note, the last empty line separates: what looks like a signature before it is signed text, and
// nobody can move the border.
func TestLastEmptyLineSeparates(t *testing.T) {
	node, anna := newKey(t, 1, "north.example/node"), newKey(t, 2, "north.example/officer/anna")
	inner, err := SignNote("inner\n", node)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := SignNote(string(inner), anna)
	if err != nil {
		t.Fatal(err)
	}
	text, err := OpenNote(outer, []VerifyKey{anna.Verifier()})
	if err != nil || text != string(inner) {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := OpenNote(outer, []VerifyKey{node.Verifier(), anna.Verifier()}); !errors.Is(err, ErrSignature) {
		t.Errorf("a signature inside the text counts: %v", err)
	}
	joined := slices.Concat(inner, outer[len(inner)+1:]) // without the empty line between the two blocks
	if _, err := OpenNote(joined, []VerifyKey{node.Verifier(), anna.Verifier()}); !errors.Is(err, ErrSignature) {
		t.Errorf("the border moves: %v", err)
	}
}

func TestSignNoteRefuses(t *testing.T) {
	key := newKey(t, 1, "north.example/node")
	for _, text := range []string{"", "no newline", "\n", "a\n\n", "tab\t\n", "\xff\n"} {
		if _, err := SignNote(text, key); !errors.Is(err, ErrMalformedNote) {
			t.Errorf("SignNote(%q) gives %v", text, err)
		}
	}
	if _, err := SignNote("a\n"); !errors.Is(err, ErrNoKey) {
		t.Errorf("signing without a key gives %v", err)
	}
	if _, err := SignNote("a\n", key, SigningKey{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("signing with a zero key gives %v", err)
	}
	if _, err := SignNote("a\n", key, key); !errors.Is(err, ErrSignature) {
		t.Errorf("signing twice with one key gives %v", err)
	}
	if _, err := JoinNote("a\n", []NoteSignature{{Name: "a", Signature: nil}}); !errors.Is(err, ErrMalformedNote) {
		t.Errorf("an empty signature gives %v", err)
	}
	if _, err := JoinNote("a\n", []NoteSignature{{Name: "A", Signature: []byte{1}}}); !errors.Is(err, ErrKeyName) {
		t.Errorf("a bad name gives %v", err)
	}
}

func addNoteSeeds(f *testing.F) {
	n := newSignedNote(f)
	f.Add(n.with(n.lines...))
	f.Add(n.with(n.lines[0]))
	f.Add(n.with(n.lines[1], n.lines[0]))
	f.Add(n.with(n.lines[0], n.lines[0]))
	f.Add([]byte(readVectors(f).Note))
	f.Add([]byte("a\n\n— b aGFzaHM=\n"))
	f.Add([]byte("a\n\n\n— b aGFzaHM=\n"))
}

func FuzzSplitNote(f *testing.F) {
	addNoteSeeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		text, signatures, err := SplitNote(msg, 1000, 10)
		if err != nil {
			return
		}
		if len(text) > 1000 || len(signatures) == 0 || len(signatures) > 10 {
			t.Errorf("%d bytes of text and %d lines pass", len(text), len(signatures))
		}
		if again, err := JoinNote(text, signatures); err != nil || !bytes.Equal(again, msg) {
			t.Errorf("%q becomes %q, %v", msg, again, err)
		}
	})
}

func FuzzOpenNote(f *testing.F) {
	addNoteSeeds(f)
	n := newSignedNote(f)
	var known []note.Verifier
	for _, key := range n.keys {
		known = append(known, key)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		text, err := OpenNote(msg, n.keys)
		if err != nil {
			return
		}
		opened, err := note.Open(msg, note.VerifierList(known...))
		if err != nil || opened.Text != text || len(opened.Sigs) != len(n.keys) || len(opened.UnverifiedSigs) != 0 {
			t.Errorf("sumdb/note reads %q as %v, %v", msg, opened, err)
		}
	})
}

func BenchmarkSignNote10kB(b *testing.B) {
	key := newKey(b, 1, "north.example/node")
	text := strings.Repeat("line of text\n", 10_000/13)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := SignNote(text, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenNote10kB(b *testing.B) {
	key := newKey(b, 1, "north.example/node")
	text := strings.Repeat("line of text\n", 10_000/13)
	msg, err := SignNote(text, key)
	if err != nil {
		b.Fatal(err)
	}
	keys := []VerifyKey{key.Verifier()}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := OpenNote(msg, keys); err != nil {
			b.Fatal(err)
		}
	}
}
