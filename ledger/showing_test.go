package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func testShowing() Showing {
	return Showing{Party: "north.example", What: ShowsCards, After: 3, At: time.Unix(1795500000, 0).UTC(), Notes: [32]byte{1, 2}}
}

func mustShow(t testing.TB, key CosigningKey, s Showing) []byte {
	t.Helper()
	note, err := key.Show(s)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func TestShowing(t *testing.T) {
	key, other := testCosigner(t, "witness.example/w1", 1), testCosigner(t, "witness.example/w1", 2)
	s := testShowing()
	s.At = s.At.Add(999 * time.Millisecond)
	note := mustShow(t, key, s)
	if got, err := OpenShowing(note, other.Public(), CosignerKey{}, key.Public()); err != nil || got != testShowing() {
		t.Errorf("%+v, %v", got, err)
	}
	const text = `heed-witness-notes/v1
party: north.example
what: cards
after: 3
time: 1795500000
sha256: 0102000000000000000000000000000000000000000000000000000000000000

— witness.example/w1 `
	if !strings.HasPrefix(string(note), text) || len(note) > MaxShowing {
		t.Errorf("%q", note)
	}
	if _, err := OpenShowing(note, other.Public()); !errors.Is(err, ErrShowing) {
		t.Errorf("under another key: %v", err)
	}
	if _, err := OpenShowing(note); !errors.Is(err, ErrShowing) {
		t.Errorf("under no key: %v", err)
	}
	for i := range note {
		for _, flip := range []byte{1, 0x20, 0x80} {
			bad := bytes.Clone(note)
			bad[i] ^= flip
			if _, err := OpenShowing(bad, key.Public()); !errors.Is(err, ErrShowing) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
	}
	signed := func(text string, id uint32) []byte {
		return append([]byte(text+"\n"), formatSignatureLine(key.Name(), id, ed25519.Sign(*key.private, []byte(text)))...)
	}
	whole, id := testShowing().text(), key.Public().showingID()
	if _, err := OpenShowing(signed(whole, id), key.Public()); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"nothing":                nil,
		"no signature":           []byte(whole + "\n"),
		"the id of cosignatures": signed(whole, key.public.id),
		"a second line":          append(bytes.Clone(note), note[len(whole)+1:]...),
		"something before":       append([]byte("\n"), note...),
		"another first line":     signed(strings.Replace(whole, "/v1", "/v2", 1), id),
		"a leading zero":         signed(strings.Replace(whole, "after: 3", "after: 03", 1), id),
		"a sign":                 signed(strings.Replace(whole, "time: ", "time: +", 1), id),
		"capitals":               signed(strings.Replace(whole, "sha256: 01", "sha256: 0A", 1), id),
		"something else":         signed(strings.Replace(whole, "cards", "leaves", 1), id),
		"successions after one":  signed(strings.Replace(whole, "cards", ShowsSuccessions, 1), id),
		"no party":               signed(strings.Replace(whole, "north.example", "", 1), id),
		"no time":                signed(strings.Replace(whole, "1795500000", "0", 1), id),
		"too long":               signed(whole+strings.Repeat("x", MaxShowing)+"\n", id),
	} {
		if _, err := OpenShowing(bad, key.Public()); !errors.Is(err, ErrShowing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]Showing{
		"no party":              {What: ShowsCards, At: s.At},
		"no kind":               {Party: s.Party, At: s.At},
		"successions after one": {Party: s.Party, What: ShowsSuccessions, After: 1, At: s.At},
		"no time":               {Party: s.Party, What: ShowsCards},
	} {
		if _, err := key.Show(s); !errors.Is(err, ErrShowing) {
			t.Errorf("signed with %s: %v", name, err)
		}
	}
	if _, err := (CosigningKey{}).Show(testShowing()); !errors.Is(err, ErrShowing) {
		t.Errorf("without a key: %v", err)
	}
}

// FuzzOpenShowing: what is accepted is what Show writes.
func FuzzOpenShowing(f *testing.F) {
	key := testCosigner(f, "witness.example/w1", 1)
	f.Add(mustShow(f, key, testShowing()))
	f.Add([]byte(testShowing().text() + "\n"))
	f.Fuzz(func(t *testing.T, note []byte) {
		s, err := OpenShowing(note, key.Public())
		if err != nil {
			if !errors.Is(err, ErrShowing) {
				t.Fatal(err)
			}
			return
		}
		if again := mustShow(t, key, s); !bytes.Equal(again, note) {
			t.Fatalf("%q is written as %q", note, again)
		}
	})
}

// TestWitnessDocumentShowsAShowing: the page has one by the key of its other vectors.
func TestWitnessDocumentShowsAShowing(t *testing.T) {
	key, err := ParseCosigningKey("PRIVATE+KEY+witness.example/w1+a4030e90+BKChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/")
	if err != nil {
		t.Fatal(err)
	}
	s := testShowing()
	s.After, s.Notes = 2, sha256.Sum256(nil)
	page, err := os.ReadFile("../docs/witnesses.md")
	if err != nil {
		t.Fatal(err)
	}
	if note := string(mustShow(t, key, s)); !strings.Contains(string(page), indented(note)) {
		t.Errorf("docs/witnesses.md does not show\n%s", indented(note))
	}
}
