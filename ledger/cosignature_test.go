package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

func TestMergeCosignatures(t *testing.T) {
	v := readCosignatures(t)
	untimed := func(name string) string { return string(formatSignatureLine(name, 7, []byte("whatever"))) }
	timed := func(name string, at uint64) string {
		signature := make([]byte, ed25519CosignatureBytes)
		for i := range timeBytes {
			signature[i] = byte(at >> (8 * (timeBytes - 1 - i)))
		}
		return string(formatSignatureLine(name, 7, signature))
	}
	for why, test := range map[string]struct{ held, lines, want []string }{
		"nothing with nothing":             {},
		"into nothing":                     {nil, []string{v.edLine, v.postLine}, []string{v.edLine, v.postLine}},
		"nothing into some":                {[]string{v.edLine}, nil, []string{v.edLine}},
		"another key":                      {[]string{v.edLine}, []string{v.westLine}, []string{v.edLine, v.westLine}},
		"the order of the holder":          {[]string{v.westLine, v.edLine}, []string{v.postLine, v.edLine}, []string{v.westLine, v.edLine, v.postLine}},
		"a later time replaces":            {[]string{v.edLine, v.westLine}, []string{v.Later}, []string{v.Later, v.westLine}},
		"a later time replaces, ML-DSA-44": {[]string{v.postLine}, []string{v.LaterPost}, []string{v.LaterPost}},
		"an earlier time does not":         {[]string{v.Later}, []string{v.edLine}, []string{v.Later}},
		"the same time does not":           {[]string{timed("w", 9)}, []string{timed("w", 9)}, []string{timed("w", 9)}},
		"unknown keys are kept":            {[]string{untimed("a")}, []string{untimed("b")}, []string{untimed("a"), untimed("b")}},
		"a line without time is kept":      {[]string{untimed("a")}, []string{untimed("a")}, []string{untimed("a")}},
		"a time replaces none":             {[]string{untimed("w")}, []string{timed("w", 9)}, []string{timed("w", 9)}},
		"none does not replace a time":     {[]string{timed("w", 9)}, []string{untimed("w")}, []string{timed("w", 9)}},
		"no time is earlier than any":      {[]string{timed("w", 1)}, []string{timed("w", 0)}, []string{timed("w", 1)}},
		"a time beyond reason is none":     {[]string{timed("w", 1)}, []string{timed("w", 1<<63+1)}, []string{timed("w", 1)}},
	} {
		held := v.head(test.held...)
		before := bytes.Clone(held.Cosignatures)
		got, err := held.MergeCosignatures([]byte(strings.Join(test.lines, "")))
		if err != nil || !got.Same(held) || string(got.Cosignatures) != strings.Join(test.want, "") {
			t.Errorf("%s: %q, %v", why, got.Cosignatures, err)
		}
		if !bytes.Equal(held.Cosignatures, before) {
			t.Errorf("%s: the head merged into has changed", why)
		}
	}

	var sixtyFour strings.Builder
	for i := range MaxCosignatures {
		sixtyFour.WriteString(untimed(fmt.Sprintf("w%d", i)))
	}
	full := v.head(sixtyFour.String())
	if c, err := full.MergeCosignatures([]byte(untimed("w63"))); err != nil || !bytes.Equal(c.Cosignatures, full.Cosignatures) {
		t.Errorf("one of 64: %v", err)
	}
	if _, err := full.MergeCosignatures([]byte(untimed("w64"))); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("a 65th: %v", err)
	}
	if _, err := v.head().MergeCosignatures([]byte(sixtyFour.String() + untimed("w64"))); !errors.Is(err, ErrCosignature) {
		t.Errorf("65 at once: %v", err)
	}
	long := func(name string) string { return string(formatSignatureLine(name, 7, make([]byte, 30_000))) }
	if _, err := v.head(long("a")).MergeCosignatures([]byte(long("b"))); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("too many bytes: %v", err)
	}
	for _, broken := range []string{"\n", "text\n", strings.TrimSuffix(v.edLine, "\n"), v.edLine + v.Later, v.edLine + "\n"} {
		if _, err := v.head().MergeCosignatures([]byte(broken)); !errors.Is(err, ErrCosignature) {
			t.Errorf("merging %q: %v", broken, err)
		}
		if _, err := v.head(broken).MergeCosignatures(nil); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("merging into %q: %v", broken, err)
		}
	}
}

// A stranger's line in a witness's name, with a later time, drives nothing out.
func TestAddCosignatures(t *testing.T) {
	v := readCosignatures(t)
	forged := func(line string) string {
		parsed, ok := parseSignatureLine([]byte(strings.TrimSuffix(line, "\n")))
		if !ok {
			t.Fatal(line)
		}
		parsed.signature[4] ^= 0x10 // eight years later
		return string(formatSignatureLine(parsed.name, parsed.keyHash, parsed.signature))
	}
	if at, ok := cosignatureTime(mustSignature(t, forged(v.edLine))); !ok || !at.After(v.edTime) {
		t.Fatalf("the forgery has the time %v", at)
	}
	keys := []CosignerKey{v.edKey, v.westKey, v.postKey}
	for why, test := range map[string]struct {
		held   []string
		answer string
		keys   []CosignerKey
		want   []string
	}{
		"all of them":              {nil, v.edLine + v.westLine + v.postLine, keys, []string{v.edLine, v.westLine, v.postLine}},
		"unknown keys are ignored": {nil, v.edLine + v.westLine, keys[:1], []string{v.edLine}},
		"renewed":                  {[]string{v.westLine, v.edLine}, v.Later, keys, []string{v.westLine, v.Later}},
		"a forged line is ignored": {[]string{v.edLine}, forged(v.edLine) + v.westLine, keys, []string{v.edLine, v.westLine}},
		"a forged line held gives way": {
			[]string{forged(v.edLine)}, v.edLine, keys, []string{v.edLine}},
		"strangers' lines held stay": {[]string{v.westLine}, v.edLine, keys[:1], []string{v.westLine, v.edLine}},
	} {
		got, err := v.head(test.held...).AddCosignatures([]byte(test.answer), test.keys...)
		if err != nil || string(got.Cosignatures) != strings.Join(test.want, "") {
			t.Errorf("%s: %q, %v", why, got.Cosignatures, err)
		}
	}
	for why, answer := range map[string]string{
		"nothing": "", "text": "not found\n", "another's": v.westLine, "forged": forged(v.edLine),
	} {
		if c, err := v.head(v.westLine).AddCosignatures([]byte(answer), v.edKey); !errors.Is(err, ErrCosignature) {
			t.Errorf("%s: %q, %v", why, c.Cosignatures, err)
		}
	}
	other := v.head()
	other.Size++
	if c, err := other.AddCosignatures([]byte(v.edLine), v.edKey); !errors.Is(err, ErrCosignature) {
		t.Errorf("another head: %q, %v", c.Cosignatures, err)
	}
	if c := v.head(forged(v.edLine), v.westLine, v.postLine).Verified(v.edKey, v.postKey); string(c.Cosignatures) != v.postLine {
		t.Errorf("verified: %q", c.Cosignatures)
	}
	if c := v.head(v.edLine, "text\n").Verified(keys...); c.Cosignatures != nil {
		t.Errorf("verified in a broken head: %q", c.Cosignatures)
	}
}

func mustSignature(t testing.TB, line string) []byte {
	t.Helper()
	parsed, ok := parseSignatureLine([]byte(strings.TrimSuffix(line, "\n")))
	if !ok {
		t.Fatalf("%q is no signature line", line)
	}
	return parsed.signature
}

// Lines merged in any order, and in any number of steps, are the same lines.
func TestMergeOrderDoesNotMatter(t *testing.T) {
	v := readCosignatures(t)
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.Permutation([]string{v.edLine, v.Later, v.westLine, v.postLine, v.LaterPost}).Draw(t, "lines")
		c := v.head()
		var err error
		for _, line := range lines {
			if c, err = c.MergeCosignatures([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.SplitAfter(strings.TrimSuffix(string(c.Cosignatures), "\n"), "\n")
		want := []string{v.Later, v.westLine, v.LaterPost}
		for i, line := range got {
			got[i] = strings.TrimSuffix(line, "\n") + "\n"
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q", got)
		}
	})
}

func TestRenderCheckpoint(t *testing.T) {
	v := readCosignatures(t)
	bare, err := RenderCheckpoint([]byte(v.Signed), nil)
	if err != nil || !strings.HasPrefix(v.Signed, string(bare)) || strings.Count(string(bare), "\n") != 5 {
		t.Fatalf("without cosignatures: %q, %v", bare, err)
	}
	if again, err := RenderCheckpoint(bare, []byte(v.edLine+v.westLine+v.postLine)); err != nil || string(again) != v.Signed {
		t.Errorf("with them again: %q, %v", again, err)
	}
	if c, err := UnverifiedCheckpoint([]byte(v.Signed)); err != nil || !c.Same(v.head()) || string(c.Cosignatures) != v.edLine+v.westLine+v.postLine {
		t.Errorf("unverified: %+v, %v", c, err)
	}
	own := strings.SplitAfter(string(bare), "\n")[4]
	for why, cosignatures := range map[string]string{
		"unfinished": strings.TrimSuffix(v.edLine, "\n"), "text": "text\n", "an empty line": "\n", "twice": v.edLine + v.Later,
		"the log's own again": own, "too large": string(formatSignatureLine("w", 7, make([]byte, MaxCheckpointBytes))),
	} {
		if got, err := RenderCheckpoint(bare, []byte(cosignatures)); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %d bytes, %v", why, len(got), err)
		}
	}
	if got, err := RenderCheckpoint(bare[1:], []byte("text\n")); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("no checkpoint: %q, %v", got, err)
	}
	if _, err := UnverifiedCheckpoint(bare[:len(bare)-1]); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("unfinished: %v", err)
	}
}

// As many cosignatures as docs/witnesses.md promises fit, and the limit is
// exact.
func TestCheckpointLimit(t *testing.T) {
	signer, verifier := testKey(t, "north.example/v1", 1)
	head := grow(t, 16).tree.Head("north.example/v1")
	fill := func(count, nameBytes, signatureBytes int) []byte {
		var lines []byte
		for i := range count {
			name := fmt.Sprintf("w%02d.example/", i)
			name += strings.Repeat("x", nameBytes-len(name))
			lines = append(lines, formatSignatureLine(name, 7, make([]byte, signatureBytes))...)
		}
		return lines
	}
	for why, lines := range map[string][]byte{
		"64 by Ed25519":   fill(MaxCosignatures, maxNameBytes, ed25519CosignatureBytes),
		"19 by ML-DSA-44": fill(19, 100, mldsa44CosignatureBytes),
	} {
		c := head
		c.Cosignatures = lines
		msg, err := c.Sign(signer)
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		if _, err := ParseCheckpoint(msg, head.Origin, verifier); err != nil {
			t.Errorf("%s: %v", why, err)
		}
	}
	bare, err := head.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	// Base64 comes in fours: the rest of the distance is the name's.
	room := MaxCheckpointBytes - len(bare) - len(signaturePrefix) - len(" \n")
	for _, over := range []int{0, 1} {
		name := strings.Repeat("w", 4+(room+over)%4)
		signature := make([]byte, (room+over-len(name))/4*3-4)
		c := head
		c.Cosignatures = formatSignatureLine(name, 7, signature)
		msg, err := c.Sign(signer)
		if over == 0 && (err != nil || len(msg) != MaxCheckpointBytes) {
			t.Errorf("at the limit: %d bytes, %v", len(msg), err)
		}
		if over == 1 && !errors.Is(err, ErrCheckpoint) {
			t.Errorf("beyond the limit: %d bytes, %v", len(msg), err)
		}
	}
}

func FuzzMergeCosignatures(f *testing.F) {
	v := readCosignatures(f)
	f.Add([]byte(v.edLine), []byte(v.Later))
	f.Add([]byte(v.edLine+v.westLine), []byte(v.postLine))
	f.Add([]byte{}, []byte("— w AAAAAAA=\n"))
	_, verifier := testKey(f, v.Origin, 1)
	f.Fuzz(func(t *testing.T, held, lines []byte) {
		c := v.head()
		c.Cosignatures = held
		merged, err := c.MergeCosignatures(lines)
		if err != nil {
			return
		}
		if _, err := merged.Sign(echo{verifier, make([]byte, 64)}); err != nil {
			if len(merged.Cosignatures) < MaxCheckpointBytes-512 {
				t.Errorf("%q and %q: %v", held, lines, err)
			}
			return
		}
		again, err := merged.MergeCosignatures(lines)
		if err != nil || !bytes.Equal(again.Cosignatures, merged.Cosignatures) {
			t.Errorf("%q merged twice: %q, %v", lines, again.Cosignatures, err)
		}
	})
}

func FuzzRenderCheckpoint(f *testing.F) {
	v := readCosignatures(f)
	f.Add([]byte(v.Signed), []byte(v.Later))
	f.Add([]byte(v.Signed), []byte{})
	verifier, err := note.NewVerifier(v.Verifier)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, msg, cosignatures []byte) {
		rendered, err := RenderCheckpoint(msg, cosignatures)
		if err != nil {
			return
		}
		before, err := UnverifiedCheckpoint(msg)
		if err != nil {
			t.Fatal(err)
		}
		after, err := UnverifiedCheckpoint(rendered)
		if err != nil || !after.Same(before) || !bytes.Equal(after.Cosignatures, cosignatures) {
			t.Errorf("%q and %q give %q, %v", msg, cosignatures, rendered, err)
		}
		back, err := RenderCheckpoint(rendered, before.Cosignatures)
		if err != nil || !bytes.Equal(back, msg) {
			t.Errorf("%q comes back as %q, %v", msg, back, err)
		}
		// The log's own signature is the same as before.
		_, errBefore := ParseCheckpoint(msg, v.Origin, verifier)
		_, errAfter := ParseCheckpoint(rendered, v.Origin, verifier)
		if (errBefore == nil) != (errAfter == nil) {
			t.Errorf("%q: %v; rendered: %v", msg, errBefore, errAfter)
		}
	})
}

func FuzzParseCosignatureLines(f *testing.F) {
	v := readWitnessVectors(f)
	for _, lines := range v.Answers.Good {
		f.Add([]byte(strings.Join(lines, "")))
	}
	for _, bad := range v.Answers.Bad {
		f.Add([]byte(bad.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		lines, err := ParseCosignatureLines(body)
		if err == nil && !bytes.Equal(bytes.Join(lines, nil), body) {
			t.Errorf("%q comes back as %q", body, lines)
		}
	})
}

func TestCosignatureTimeBounds(t *testing.T) {
	for _, length := range []int{0, 64, ed25519CosignatureBytes - 1, ed25519CosignatureBytes + 1, mldsa44CosignatureBytes - 1, mldsa44CosignatureBytes + 1} {
		signature := bytes.Repeat([]byte{0}, length)
		if length >= timeBytes {
			signature[timeBytes-1] = 1
		}
		if at, ok := cosignatureTime(signature); ok {
			t.Errorf("%d bytes: %v", length, at)
		}
	}
	for _, length := range []int{ed25519CosignatureBytes, mldsa44CosignatureBytes} {
		signature := make([]byte, length)
		signature[timeBytes-1] = 1
		if at, ok := cosignatureTime(signature); !ok || !at.Equal(time.Unix(1, 0)) {
			t.Errorf("%d bytes: %v, %v", length, at, ok)
		}
	}
}
