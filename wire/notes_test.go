package wire

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	for _, notes := range [][][]byte{nil, {[]byte("a")}, {[]byte("a"), []byte("bcd"), []byte("a")}} {
		read, err := SplitNotes(JoinNotes(notes), 3, 3)
		if err != nil || !slices.EqualFunc(read, notes, bytes.Equal) {
			t.Errorf("%q is read as %q (%v)", notes, read, err)
		}
	}
	whole := JoinNotes([][]byte{[]byte("one"), []byte("two")})
	for name, list := range map[string][]byte{
		"cut in a note":          whole[:len(whole)-1],
		"cut in a length":        whole[:len(whole)-4],
		"something after it":     append(whole[:len(whole):len(whole)], 0),
		"an empty note":          {0, 0, 0, 0},
		"a length beyond memory": {0xff, 0xff, 0xff, 0xff, 'a'},
		"a note too long":        JoinNotes([][]byte{[]byte("four")}),
		"a note too many":        JoinNotes([][]byte{[]byte("1"), []byte("2"), []byte("3")}),
	} {
		if notes, err := SplitNotes(list, 2, 3); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %q, %v", name, notes, err)
		}
	}
}

// FuzzSplitNotes: a list has one form.
func FuzzSplitNotes(f *testing.F) {
	f.Add([]byte{})
	f.Add(JoinNotes([][]byte{[]byte("one"), []byte("two")}))
	f.Add([]byte(strings.Repeat("\x00", 8)))
	f.Fuzz(func(t *testing.T, list []byte) {
		notes, err := SplitNotes(list, 16, 64)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(JoinNotes(notes), list) {
			t.Fatalf("%q is written otherwise", list)
		}
	})
}
