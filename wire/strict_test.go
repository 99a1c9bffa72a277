package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"heed/seal"
)

// signedNote is one note of the vectors, whatever its type.
type signedNote struct {
	kind, name string
	note       []byte
}

// allNotes is every signed note of the vectors, envelopes' headers included.
func allNotes(t testing.TB) []signedNote {
	t.Helper()
	v := readFormatVectors(t)
	var all []signedNote
	of := map[string][]noteVector{"statement": v.Statements, "release": v.Releases, "card": v.Cards, "roster": v.Rosters, "refusal": v.Refusals, "collect": v.Collects, "figure": v.Figures}
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		for _, n := range of[kind] {
			all = append(all, signedNote{kind, kind + "/" + n.Name, []byte(n.Note)})
		}
	}
	for _, e := range v.Envelopes {
		all = append(all, signedNote{"header", "header/" + e.Name, headerNote(e.bytes(t))})
	}
	return all
}

func headerNote(envelope []byte) []byte {
	n := int(envelope[2])<<8 | int(envelope[3])
	return envelope[4 : 4+n]
}

// taken apart: the text, and the keys that signed it.
func (n signedNote) split(t testing.TB) (string, []seal.SigningKey) {
	t.Helper()
	text, lines, err := seal.SplitNote(n.note, 1<<20, MaxSignatures)
	if err != nil {
		t.Fatal(err)
	}
	var keys []seal.SigningKey
	for _, line := range lines {
		keys = append(keys, testKey(t, line.Name))
	}
	return text, keys
}

// mutation is one wrong way to write a text.
type mutation struct{ name, text string }

// mutations of each line, and of the whole.
func mutations(text string) []mutation {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	var all []mutation
	add := func(i int, what string, replaced ...string) {
		changed := slices.Concat(lines[:i], replaced, lines[min(i+1, len(lines)):])
		all = append(all, mutation{fmt.Sprintf("line %d (%.40q) %s", i+1, lines[min(i, len(lines)-1)], what), strings.Join(changed, "")})
	}
	for i, line := range lines {
		body := strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(body, ": ")
		add(i, "deleted")
		add(i, "twice", line, line)
		if i > 0 && lines[i-1] != line {
			swapped := slices.Clone(lines)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			all = append(all, mutation{fmt.Sprintf("lines %d and %d (%.40q) swapped", i, i+1, line), strings.Join(swapped, "")})
		}
		for what, other := range map[string]string{
			"in capitals": strings.ToUpper(body), "name in capitals": strings.ToUpper(name) + ": " + value, "value in capitals": name + ": " + strings.ToUpper(value),
			"value in small letters": name + ": " + strings.ToLower(value), "with a blank at its end": body + " ", "with a blank before it": " " + body, "with two blanks": strings.Replace(body, ": ", ":  ", 1),
			"with no blank": strings.Replace(body, ": ", ":", 1), "with a tab": strings.Replace(body, ": ", ":\t", 1), "ended by CRLF": body + "\r", "without value": name + ": ",
			"with an empty line after it": body + "\n", "with a line after it": body + "\nx: y", "with U+FFFD": body + "\uFFFD", "with a byte that is no UTF-8": body + "\xff", "with NUL": body + "\x00",
			"with an invisible character": body + "\u200b",
		} {
			if other != body {
				add(i, what, other+"\n")
			}
		}
	}
	all = append(all,
		mutation{"without its last line feed", strings.TrimSuffix(text, "\n")}, mutation{"with a byte order mark", "\uFEFF" + text},
		mutation{"all CRLF", strings.ReplaceAll(text, "\n", "\r\n")}, mutation{"an empty line first", "\n" + text}, mutation{"nothing", "\n"})
	return all
}

// another text may be right, where lists and free words are concerned. Each
// such way is named: the line, and what may be done to it.
func isAnotherText(kind, how string) bool {
	for line, ways := range map[string][]string{
		"answers: ": {"deleted"}, "content: ": {"deleted", "swapped", "small letters"}, "duty: ": {"deleted"}, "clock: ": {"deleted"}, "quota: ": {"deleted"}, "rung: ": {"deleted", "value in"},
		"detail: ": {"value in"}, "officer: ": {"deleted"}, "carries: ": {"deleted", "swapped"}, "depositary: ": {"deleted", "swapped"},
		"accord: ": {"deleted"}, "figure: ": {"deleted"},
	} {
		if !strings.Contains(how, `("`+line) {
			continue
		}
		for _, way := range ways {
			if strings.Contains(how, way) {
				return true
			}
		}
	}
	// Free words of a rung, and what else people write for people.
	return kind == "card" && strings.Contains(how, `("rung: `) && (strings.HasSuffix(how, "U+FFFD") || strings.HasSuffix(how, "invisible character"))
}

// Each text has one spelling: whatever else is signed in its place is refused,
// or is the one spelling of something else.
func TestOneSpelling(t *testing.T) {
	parse := parsers()
	other := map[string]int{}
	for _, n := range allNotes(t) {
		text, keys := n.split(t)
		if again, err := parse[n.kind](n.note); err != nil || again != text {
			t.Fatalf("%s: %v, written again as %q", n.name, err, again)
		}
		for _, m := range mutations(text) {
			again, err := parse[n.kind](rawNote(t, m.text, keys...))
			switch {
			case err == nil && again != m.text:
				t.Errorf("%s, %s: accepted, and written again differently", n.name, m.name)
			case err == nil && !isAnotherText(n.kind, m.name):
				t.Errorf("%s, %s: accepted", n.name, m.name)
			case err == nil:
				other[m.name]++
			case !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature):
				t.Errorf("%s, %s: %v is neither ErrMalformed nor ErrSignature", n.name, m.name, err)
			case errors.Is(err, seal.ErrSignature) && !strings.Contains(m.name, `("officer: `):
				t.Errorf("%s, %s: refused for its signature, and not for its text: %v", n.name, m.name, err)
			}
		}
	}
	if len(other) == 0 {
		t.Error("no list could be shortened")
	}
}

// A note that is cut anywhere is refused, and so is one with anything added.
func TestCutAnywhere(t *testing.T) {
	parse := parsers()
	for _, n := range allNotes(t) {
		if n.kind == "card" && n.name != "card/first" {
			continue // large, and cut in the same places
		}
		for i := range n.note {
			_, err := parse[n.kind](n.note[:i])
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("%s cut to %d bytes: %v", n.name, i, err)
			}
		}
		for _, more := range []string{"\n", " ", "x", "\x00", "\n\n"} {
			if _, err := parse[n.kind](append(slices.Clone(n.note), more...)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s with %q added: %v", n.name, more, err)
			}
		}
	}
}

// A text may be read only as what it says it is, also with a right signature.
func TestOneTypeIsNotAnother(t *testing.T) {
	for _, n := range allNotes(t) {
		for kind, parse := range parsers() {
			if _, err := parse(n.note); kind != n.kind && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s read as a %s: %v", n.name, kind, err)
			}
		}
	}
	// The same words under another first line are not signed words.
	first := map[string]string{"statement": statementFirst, "release": releaseFirst, "card": cardFirst, "roster": rosterFirst, "refusal": refusalFirst, "collect": collectFirst, "header": headerFirst}
	for _, n := range allNotes(t) {
		text, keys := n.split(t)
		for kind, line := range first {
			if kind == n.kind {
				continue
			}
			changed := line + strings.TrimPrefix(text, first[n.kind])
			if _, err := parsers()[kind](rawNote(t, changed, keys...)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s under %q: %v", n.name, line, err)
			}
			old := strings.Replace(string(n.note), first[n.kind], line, 1)
			if _, err := parsers()[n.kind]([]byte(old)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s under %q with its old signature: %v", n.name, line, err)
			}
		}
	}
}

// Nobody may strip, add, swap or replace a signature line, or sign in
// another's name.
func TestSignatureLines(t *testing.T) {
	for _, n := range allNotes(t) {
		parse := parsers()[n.kind]
		text, keys := n.split(t)
		lines := strings.SplitAfter(strings.TrimPrefix(string(n.note), text+"\n"), "\n")
		lines = lines[:len(lines)-1]
		join := func(lines ...string) []byte { return []byte(text + "\n" + strings.Join(lines, "")) }
		stranger := testKey(t, "east.example/node")
		strangers := strings.TrimPrefix(string(rawNote(t, text, stranger)), text+"\n")
		refused := func(what string, note []byte) {
			t.Helper()
			_, err := parse(note)
			if !errors.Is(err, seal.ErrSignature) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s with %s: %v", n.name, what, err)
			}
		}
		// A card may carry a second line, which others verify.
		if n.kind != "card" {
			refused("a stranger's line behind", join(append(slices.Clone(lines), strangers)...))
		}
		refused("a stranger's line before", join(append([]string{strangers}, lines...)...))
		refused("its first line twice", join(append([]string{lines[0]}, lines...)...))
		for i := range lines {
			if i > 0 || n.kind != "card" {
				stripped := slices.Delete(slices.Clone(lines), i, i+1)
				if n.kind != "card" {
					refused(fmt.Sprintf("line %d stripped", i+1), join(stripped...))
				}
			}
			if i > 0 && n.kind == "card" {
				continue
			}
			replaced := slices.Clone(lines)
			replaced[i] = strangers
			refused(fmt.Sprintf("line %d by a stranger", i+1), join(replaced...))

			// The right name and hash, over other words.
			wrong := strings.TrimPrefix(string(rawNote(t, "other words\n", keys[i])), "other words\n\n")
			replaced[i] = wrong
			refused(fmt.Sprintf("line %d over another text", i+1), join(replaced...))

			// The right name and another key.
			namesake, err := seal.NewSigningKey(strings.NewReader(strings.Repeat("s", 32)), keys[i].Name())
			if err != nil {
				t.Fatal(err)
			}
			replaced[i] = strings.TrimPrefix(string(rawNote(t, text, namesake)), text+"\n")
			refused(fmt.Sprintf("line %d by a namesake", i+1), join(replaced...))
		}
		if len(lines) > 1 {
			swapped := slices.Clone(lines)
			swapped[0], swapped[1] = swapped[1], swapped[0]
			refused("two lines swapped", join(swapped...))
		}
		// One bit of the signed text.
		for _, i := range []int{len(statementFirst) + 8, len(text) / 2, len(text) - 2} {
			flipped := slices.Clone(n.note)
			flipped[i] ^= 1
			refused(fmt.Sprintf("byte %d changed", i), flipped)
		}
	}
}
