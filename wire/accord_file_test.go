package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sampleFiles are those of the vectors, as a program would make them.
func sampleFiles(t testing.TB) map[string]AccordFile {
	t.Helper()
	v := readAccordVectors(t)
	note := func(name string) []byte {
		for _, n := range slices.Concat(v.Accords, v.Acts) {
			if n.Name == name {
				return []byte(n.Note)
			}
		}
		t.Fatalf("there is no vector %q", name)
		return nil
	}
	return map[string]AccordFile{
		"nothing":   {},
		"an act":    {Acts: [][]byte{note("ratification")}},
		"two cards": {Cards: [][]byte{[]byte("the card of north\n"), []byte("the card of south\n")}},
		"all": {Versions: [][]byte{note("first"), note("amendment")}, Acts: [][]byte{note("reservation"), note("ratification"), note("withdrawal")},
			Cards: [][]byte{[]byte("the card of north\n"), []byte("the next card of north\n"), []byte("the card of south\n")}},
	}
}

func TestAccordFileVectors(t *testing.T) {
	v, files := readAccordVectors(t), sampleFiles(t)
	if len(v.Files) != len(files) {
		t.Errorf("%d vectors, %d samples", len(v.Files), len(files))
	}
	for _, vector := range v.Files {
		want := vector.bytes(t)
		got, err := files[vector.Name].Bytes()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: written as %q, %v, want %q", vector.Name, got, err, want)
		}
		read, err := ParseAccordFile(want)
		if err != nil || !reflect.DeepEqual(read, files[vector.Name]) {
			t.Errorf("%s: read as %v, %v", vector.Name, read, err)
		}
		for _, list := range [][][]byte{read.Versions, read.Acts, read.Cards} {
			for _, note := range list {
				if len(note) != cap(note) {
					t.Errorf("%s: appending to a note would write over the next one", vector.Name)
				}
			}
		}
	}
	if len(v.RefusedFiles) < 10 {
		t.Error("vectors are missing")
	}
	for _, vector := range v.RefusedFiles {
		if f, err := ParseAccordFile(vector.bytes(t)); !errors.Is(err, ErrMalformed) || !reflect.DeepEqual(f, AccordFile{}) {
			t.Errorf("%s: %v, %v", vector.Name, f, err)
		}
	}
}

func TestAccordFileIsReadAsItWasWritten(t *testing.T) {
	notes := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 40), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		f := AccordFile{Versions: notes.Draw(t, "versions"), Acts: notes.Draw(t, "acts"), Cards: notes.Draw(t, "cards")}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseAccordFile(data)
		if err != nil || !slices.EqualFunc(slices.Concat(read.Versions, read.Acts, read.Cards), slices.Concat(f.Versions, f.Acts, f.Cards), bytes.Equal) || len(read.Acts) != len(f.Acts) || len(read.Cards) != len(f.Cards) {
			t.Fatalf("read as %v, %v", read, err)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		if short, err := ParseAccordFile(data[:cut]); err == nil {
			if again, err := short.Bytes(); err != nil || !bytes.Equal(again, data[:cut]) {
				t.Fatalf("cut to %d bytes it is written again as %q, %v", cut, again, err)
			}
		} else if !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
	})
}

// Exactly as much as is permitted passes, and one more is refused on both
// sides.
func TestBoundsOfAccordFiles(t *testing.T) {
	many := func(n int) [][]byte { return slices.Repeat([][]byte{[]byte("x")}, n) }
	large := func(n int) [][]byte { return [][]byte{bytes.Repeat([]byte("x"), n)} }
	room := MaxAccordFile - len(accordFileFirst) - partHead
	for name, f := range map[string]AccordFile{
		"most":    {Versions: many(MaxAccordFileNotes), Acts: many(MaxAccordFileNotes), Cards: many(MaxAccordFileNotes)},
		"largest": {Acts: large(room)},
	} {
		data, err := f.Bytes()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if read, err := ParseAccordFile(data); err != nil || len(read.Acts) != len(f.Acts) {
			t.Errorf("%s: %d acts, %v", name, len(read.Acts), err)
		}
		for _, more := range []string{"\x03\x00\x00\x00\x01x", "\x02\x00\x00\x00\x01x", "x"} {
			if _, err := ParseAccordFile(append(slices.Clip(data), more...)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s with %q added: %v", name, more, err)
			}
		}
	}
	for name, f := range map[string]AccordFile{
		"too many versions": {Versions: many(MaxAccordFileNotes + 1)},
		"too many acts":     {Acts: many(MaxAccordFileNotes + 1)},
		"too many cards":    {Cards: many(MaxAccordFileNotes + 1)},
		"too large":         {Cards: large(room + 1)},
		"an empty act":      {Acts: [][]byte{[]byte("x"), {}}},
		"no card":           {Cards: [][]byte{nil}},
	} {
		if _, err := f.Bytes(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseAccordFile([]byte(strings.TrimSuffix(accordFileFirst, "\n"))); !errors.Is(err, ErrMalformed) {
		t.Errorf("cut in its first line: %v", err)
	}
}

func FuzzAccordFile(f *testing.F) {
	v := readAccordVectors(f)
	for _, file := range slices.Concat(v.Files, v.RefusedFiles) {
		f.Add(file.bytes(f))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseAccordFile(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		if again, err := file.Bytes(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("written again as %q, %v", again, err)
		}
	})
}
