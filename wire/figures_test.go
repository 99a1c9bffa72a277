package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
)

// sampleFigures are those of the vectors, as a program would make them.
func sampleFigures() []struct {
	name     string
	f        heed.Figures
	officers []string
} {
	pair := [2]heed.PartyID{north, south}
	line := func(from heed.PartyID, u heed.Urgency, about, name string, value uint64) heed.FigureLine {
		return heed.FigureLine{From: from, Urgency: u, About: about, Name: name, Value: value}
	}
	all := heed.AllUrgencies
	exact := heed.FiguresBody{Reading: heed.ReadExact, Pair: pair, Since: at(0), Until: at(3600), AsOf: at(7000), Times: true, Lines: []heed.FigureLine{
		line(north, all, "warnings", "sent", 3), line(north, all, "warnings", "received", 2), line(north, all, "warnings", "outcome-averted", 1),
		line(north, all, "assess", "owed", 2), line(north, all, "assess", "timely", 1), line(north, all, "assess", "overdue", 1), line(north, all, "assess", "median", 0),
		line(north, all, "assess", "p90", 5_400_000), line(north, all, "replies", "rated", 1), line(north, all, "replies", "meaningful", 1),
		line(north, heed.UrgencyImmediate, "warnings", "sent", 3), line(south, all, "questions", "sent", 1), line(south, heed.UrgencyUnknown, "questions", "sent", 1),
	}}
	accord := heed.AccordID(digestOf("the first version"))
	bounds := heed.FiguresBody{Reading: heed.ReadAtLeast, Pair: pair, Accord: accord, Until: at(3600), AsOf: at(7000), Lines: []heed.FigureLine{
		line(north, all, "warnings", "sent", 2), line(north, all, "assess", "timely", 1),
	}}
	by := func(author heed.PartyID, t time.Time, b heed.FiguresBody, roles ...heed.Role) heed.Figures {
		f := heed.Figures{Author: author, AuthorCard: 1, Time: t, FiguresBody: b}
		for _, role := range roles {
			f.Officers = append(f.Officers, heed.OfficerStamp{Role: role})
		}
		return f
	}
	return []struct {
		name     string
		f        heed.Figures
		officers []string
	}{
		{"exact", by(north, at(7000), exact, heed.Supervisor), []string{ben}},
		{"the same", by(south, at(7001, 1), exact, heed.Supervisor), []string{dario}},
		{"nothing", by(south, at(7002), heed.FiguresBody{Reading: heed.ReadExact, Pair: pair, Accord: accord, AsOf: at(7000)}, heed.Releaser), []string{dario}},
		{"at least", by(north, at(7003), bounds, heed.Releaser, heed.Supervisor), []string{ben, anna}},
	}
}

// Figures are signed as the second implementation signs them, and read back;
// two texts that say the same have one digest.
func TestFiguresVectors(t *testing.T) {
	v := readFormatVectors(t)
	digests := map[string]heed.Digest{}
	samples := sampleFigures()
	for _, sample := range samples {
		want := noteNamed(t, v.Figures, sample.name)
		var keys []seal.SigningKey
		for _, name := range sample.officers {
			keys = append(keys, testKey(t, name))
		}
		signed, note, err := SignFigures(sample.f, nodeOf(t, sample.f.Author), keys...)
		if err != nil {
			t.Fatal(err)
		}
		if string(note) != want.Note {
			t.Fatalf("signed as\n%s\nwant\n%s", note, want.Note)
		}
		digest := SignedDigest(note)
		if signed.ID.String() != want.ID || hex.EncodeToString(digest[:]) != want.Signed {
			t.Errorf("%s: id %s, digest %x", sample.name, signed.ID, digest)
		}
		read, err := ParseFigures(note)
		if err != nil || !reflect.DeepEqual(read, signed) {
			t.Errorf("%s: %+v, %v", sample.name, read, err)
		}
		if kept, err := ReadFigures(note); err != nil || !reflect.DeepEqual(kept, signed) {
			t.Errorf("%s: kept as %+v, %v", sample.name, kept, err)
		}
		digests[sample.name] = FiguresDigest(signed.FiguresBody)
		text, _, _ := strings.Cut(want.Note, "\n\n")
		_, body, _ := strings.Cut(text, "reading: ")
		body, _, _ = strings.Cut(body, "node: ")
		if digestOf("heed-figures-body/v1\nreading: "+body) != digests[sample.name] {
			t.Errorf("%s: its digest is not that of the lines between", sample.name)
		}
	}
	if len(v.Figures) != len(samples) {
		t.Errorf("%d vectors, %d samples", len(v.Figures), len(samples))
	}
	if digests["exact"] != digests["the same"] || digests["exact"] == digests["nothing"] {
		t.Errorf("digests: %v", digests)
	}
}

func TestSignFiguresRefuses(t *testing.T) {
	f := sampleFigures()[0].f
	node := nodeOf(t, north)
	if _, _, err := SignFigures(f, node); err == nil {
		t.Error("signed without an officer's key")
	}
	if _, _, err := SignFigures(f, nodeOf(t, south), testKey(t, ben)); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed with another party's node key: %v", err)
	}
	wrong := f
	wrong.Lines = append(wrong.Lines[:1:1], wrong.Lines[0])
	var invalid *heed.Invalid
	if _, _, err := SignFigures(wrong, node, testKey(t, ben)); !errors.As(err, &invalid) {
		t.Errorf("a figure that stands twice is signed: %v", err)
	}
}

func countedCases() []heed.CountedCase {
	id := func(b byte) heed.Digest { return heed.Digest{b} }
	return []heed.CountedCase{
		{ID: heed.CaseID(id(1)), Code: "7K3MQ2XA", Said: []heed.SaidRef{{Kind: heed.KindWarning, ID: heed.StatementID(id(1))}, {Kind: heed.KindReceipt, ID: heed.StatementID(id(3))}}},
		{ID: heed.CaseID(id(2)), Code: "8K3MQ2XA"},
	}
}

func TestFiguresCases(t *testing.T) {
	text := FiguresCasesText(countedCases())
	if want := "heed-figures-cases/v1\n" +
		"case: 01" + strings.Repeat("0", 62) + " 7K3MQ2XA\nsaid: 01" + strings.Repeat("0", 62) + " warning\nsaid: 03" + strings.Repeat("0", 62) + " receipt\n" +
		"case: 02" + strings.Repeat("0", 62) + " 8K3MQ2XA\n"; string(text) != want {
		t.Fatalf("written as\n%s\nwant\n%s", text, want)
	}
	read, err := ParseFiguresCases(text)
	if err != nil || !reflect.DeepEqual(read, countedCases()) {
		t.Errorf("read %+v, %v", read, err)
	}
	if none, err := ParseFiguresCases(FiguresCasesText(nil)); err != nil || none != nil {
		t.Errorf("none: %+v, %v", none, err)
	}
	for name, change := range map[string][2]string{
		"another version": {"cases/v1", "cases/v2"}, "no end": {"8K3MQ2XA\n", "8K3MQ2XA"}, "a spelt code": {"7K3MQ2XA", "7K3M-Q2XA"}, "a code in small letters": {"7K3MQ2XA", "7k3mq2xa"},
		"an unknown kind": {" receipt", " receipts"}, "a kind outside of cases": {" receipt", " deposit"}, "zeros": {"case: 02", "case: 00"}, "cases out of order": {"case: 01", "case: 03"},
		"one case twice": {"case: 01", "case: 02"}, "statements out of order": {"said: 01", "said: 04"}, "one statement twice": {"said: 01", "said: 03"},
		"a statement of no case": {"case: 01" + strings.Repeat("0", 62) + " 7K3MQ2XA\n", ""}, "an empty line": {"\nsaid: 03", "\n\nsaid: 03"}, "capitals": {"said: 03", "said: 0A"},
	} {
		wrong := strings.Replace(string(text), change[0], change[1], 1)
		if _, err := ParseFiguresCases([]byte(wrong)); !errors.Is(err, ErrMalformed) || wrong == string(text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseFiguresCases(make([]byte, MaxFiguresCases+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("too long: %v", err)
	}
}

func TestFiguresFile(t *testing.T) {
	v := readFormatVectors(t)
	ours, theirs, card := []byte(noteNamed(t, v.Figures, "exact").Note), []byte(noteNamed(t, v.Figures, "the same").Note), []byte(v.Cards[0].Note)
	for _, want := range []FiguresFile{{Figures: [][]byte{ours}, Cards: [][]byte{}}, {Figures: [][]byte{ours, theirs}, Cards: [][]byte{card, card}}} {
		data := want.Bytes()
		if !IsFiguresFile(data) || IsFiguresFile(ours) {
			t.Error("it is not known by its first line")
		}
		got, err := ParseFiguresFile(data)
		if err != nil || !reflect.DeepEqual(got, want) || !bytes.Equal(got.Bytes(), data) {
			t.Errorf("%d texts: %v", len(want.Figures), err)
		}
		for _, cut := range []int{1, len(figuresFileFirst), len(figuresFileFirst) + 1, len(data) - 1} {
			if _, err := ParseFiguresFile(data[:cut]); !errors.Is(err, ErrMalformed) {
				t.Errorf("cut to %d bytes: %v", cut, err)
			}
		}
	}
	for name, data := range map[string]string{
		"no text": figuresFileFirst + "0\n", "three texts": figuresFileFirst + "3\n", "fewer texts than it says": string(FiguresFile{Figures: [][]byte{ours}}.Bytes()[:0]) + figuresFileFirst + "2\n" + string(JoinNotes([][]byte{ours})),
		"a number with a blank": figuresFileFirst + "1 \n" + string(JoinNotes([][]byte{ours})), "another version": strings.Replace(string(FiguresFile{Figures: [][]byte{ours}}.Bytes()), "file/v1", "file/v2", 1),
	} {
		if _, err := ParseFiguresFile([]byte(data)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseFiguresCases(f *testing.F) {
	f.Add(FiguresCasesText(countedCases()))
	f.Add(FiguresCasesText(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		cases, err := ParseFiguresCases(text)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		if !bytes.Equal(FiguresCasesText(cases), text) {
			t.Fatal("written again differently")
		}
	})
}

func FuzzParseFiguresFile(f *testing.F) {
	v := readFormatVectors(f)
	f.Add(FiguresFile{Figures: [][]byte{[]byte(v.Figures[0].Note)}, Cards: [][]byte{[]byte(v.Cards[0].Note)}}.Bytes())
	f.Add(FiguresFile{Figures: [][]byte{[]byte(v.Figures[0].Note), []byte(v.Figures[1].Note)}}.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseFiguresFile(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		if !bytes.Equal(file.Bytes(), data) {
			t.Fatal("written again differently")
		}
	})
}
