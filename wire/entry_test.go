package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
)

// letterVectors were made by testdata/letter-vectors.py, which shares nothing
// with this package.
type letterVectors struct {
	Contacts, Entries []struct{ Name, ID, Note string }
	Accounts          []struct{ Name, By, Body, Text string }
	RefusedContacts   []struct{ Name, Note string } `json:"refused_contacts"`
	RefusedEntries    []struct{ Name, Note string } `json:"refused_entries"`
	RefusedAccounts   []struct{ Name, Text string } `json:"refused_accounts"`
}

func readLetterVectors(t testing.TB) letterVectors {
	t.Helper()
	text, err := os.ReadFile("testdata/letter-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v letterVectors
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(v.Contacts) != 2 || len(v.Entries) < 11 || len(v.Accounts) != 3 || len(v.RefusedContacts) < 14 || len(v.RefusedEntries) < 36 || len(v.RefusedAccounts) < 9 {
		t.Fatal("vectors are missing")
	}
	return v
}

// keysOf are the keys that sign an entry, by the names in it.
func keysOf(t testing.TB, officers []heed.OfficerStamp) []seal.SigningKey {
	var keys []seal.SigningKey
	for _, o := range officers {
		id, ok := OfficerOf(o.Key)
		if !ok {
			t.Fatal(o.Key)
		}
		keys = append(keys, testKey(t, OfficerKeyName(north, id)))
	}
	return keys
}

// What the second implementation has written is read, and is written again byte for byte.
func TestEntryVectors(t *testing.T) {
	v := readLetterVectors(t)
	kinds := map[heed.EntryKind]bool{}
	for _, want := range v.Entries {
		e, err := ParseEntry([]byte(want.Note))
		if err != nil || e.ID.String() != want.ID {
			t.Fatalf("%s: %s, %v, want %s", want.Name, e.ID, err, want.ID)
		}
		kinds[e.Kind] = true
		again, note, err := SignEntry(e, nodeOf(t, north), keysOf(t, e.Officers)...)
		if err != nil || string(note) != want.Note || !reflect.DeepEqual(again, e) {
			t.Errorf("%s: signed again as\n%s%v, want\n%s", want.Name, note, err, want.Note)
		}
		if read, err := ReadEntry([]byte(want.Note)); err != nil || !reflect.DeepEqual(read, e) {
			t.Errorf("%s: read without its signatures as %+v, %v", want.Name, read, err)
		}
	}
	if len(kinds) != 10 {
		t.Errorf("vectors of %d kinds", len(kinds))
	}
	for _, want := range v.Contacts {
		c, err := ParseContact([]byte(want.Note))
		if err != nil || c.Version.String() != want.ID {
			t.Fatalf("%s: %s, %v, want %s", want.Name, c.Version, err, want.ID)
		}
		again, note, err := SignContact(c, nodeOf(t, north))
		if err != nil || string(note) != want.Note || !reflect.DeepEqual(again, c) {
			t.Errorf("%s: signed again as\n%s%v, want\n%s", want.Name, note, err, want.Note)
		}
	}
	for _, want := range v.Accounts {
		data, err := EncodeAccount(heed.Account{By: want.By, Text: want.Body})
		if err != nil || string(data) != want.Text {
			t.Errorf("%s: %q, %v, want %q", want.Name, data, err, want.Text)
		}
		if a, err := ParseAccount([]byte(want.Text)); err != nil || a.By != want.By || a.Text != want.Body {
			t.Errorf("%s: read as %+v, %v", want.Name, a, err)
		}
	}
}

func TestRefusedEntryVectors(t *testing.T) {
	v := readLetterVectors(t)
	for _, r := range v.RefusedEntries {
		if e, err := ParseEntry([]byte(r.Note)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v, %v", r.Name, e, err)
		}
	}
	for _, r := range v.RefusedContacts {
		if c, err := ParseContact([]byte(r.Note)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v, %v", r.Name, c, err)
		}
	}
	for _, r := range v.RefusedAccounts {
		if a, err := ParseAccount([]byte(r.Text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v, %v", r.Name, a, err)
		}
	}
}

// A signature line changed, left out or added is refused, and so is another
// type's text: no entry is read as a statement, and no statement as an entry.
func TestEntriesAreNoStatements(t *testing.T) {
	v := readLetterVectors(t)
	for _, want := range v.Entries {
		if _, err := ParseStatement([]byte(want.Note)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as a statement: %v", want.Name, err)
		}
		at := strings.LastIndex(strings.TrimSuffix(want.Note, "\n"), "\n") + 1
		for name, note := range map[string]string{
			"without its last signature": want.Note[:at], "signed twice": want.Note + want.Note[at:],
			"another time": strings.Replace(want.Note, "time: 2026-11-22T21", "time: 2026-11-22T22", 1),
		} {
			if _, err := ParseEntry([]byte(note)); err == nil {
				t.Errorf("%s, %s: read", want.Name, name)
			}
		}
	}
	for _, n := range allNotes(t) {
		if n.kind != "statement" {
			continue
		}
		if _, err := ParseEntry(n.note); !errors.Is(err, ErrMalformed) {
			t.Errorf("a statement was read as an entry: %v", err)
		}
	}
}

// What cannot be read cannot be signed.
func TestSignEntryRefuses(t *testing.T) {
	v := readLetterVectors(t)
	e, err := ParseEntry([]byte(v.Entries[1].Note)) // sent
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*heed.Entry){
		"in the future":     func(e *heed.Entry) { e.At = e.Time.Add(time.Second) },
		"another's node":    func(e *heed.Entry) { e.Author = south },
		"a party":           func(e *heed.Entry) { e.Contact = "south.example" },
		"two lines of it":   func(e *heed.Entry) { e.Contact = "a\nnode: x" },
		"too many contents": func(e *heed.Entry) { e.Contents = make([]heed.ContentRef, heed.MaxContents+1) },
	} {
		changed := e
		change(&changed)
		if _, note, err := SignEntry(changed, nodeOf(t, north), testKey(t, anna)); err == nil {
			t.Errorf("%s: signed as\n%s", name, note)
		}
	}
	if _, _, err := SignEntry(e, nodeOf(t, north)); err == nil {
		t.Error("signed without its officer")
	}
}

func FuzzParseEntry(f *testing.F) {
	v := readLetterVectors(f)
	for _, e := range v.Entries {
		f.Add([]byte(e.Note))
	}
	for _, r := range v.RefusedEntries {
		f.Add([]byte(r.Note))
	}
	fuzzSigned(f, func(note []byte) (string, error) {
		e, err := ParseEntry(note)
		return EntryText(e), err
	})
}

func FuzzParseContact(f *testing.F) {
	v := readLetterVectors(f)
	for _, c := range v.Contacts {
		f.Add([]byte(c.Note))
	}
	for _, r := range v.RefusedContacts {
		f.Add([]byte(r.Note))
	}
	fuzzSigned(f, func(note []byte) (string, error) {
		c, err := ParseContact(note)
		return ContactText(c), err
	})
}

// fuzzSigned holds that whatever is read is written again to the same text.
func fuzzSigned(f *testing.F, parse func([]byte) (string, error)) {
	f.Fuzz(func(t *testing.T, note []byte) {
		text, err := parse(note)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("neither ErrMalformed nor ErrSignature: %v", err)
			}
			return
		}
		if signed, _, err := seal.SplitNote(note, len(note), MaxSignatures); err != nil || signed != text {
			t.Fatalf("written again as %q, %v", text, err)
		}
	})
}

// FuzzEntryTexts goes past the signatures, which no fuzzer can make.
func FuzzEntryTexts(f *testing.F) {
	v := readLetterVectors(f)
	for _, all := range [][]struct{ Name, ID, Note string }{v.Entries, v.Contacts} {
		for _, n := range all {
			text, _, _ := strings.Cut(n.Note, "\n\n")
			f.Add(text + "\n")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := parseEntryText(text); err == nil && EntryText(e) != text {
			t.Fatalf("an entry is written again as %q", EntryText(e))
		}
		if c, err := parseContactText(text); err == nil && ContactText(c) != text {
			t.Fatalf("a contact is written again as %q", ContactText(c))
		}
	})
}

func FuzzParseAccount(f *testing.F) {
	v := readLetterVectors(f)
	for _, a := range v.Accounts {
		f.Add([]byte(a.Text))
	}
	for _, r := range v.RefusedAccounts {
		f.Add([]byte(r.Text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAccount(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again, err := EncodeAccount(a); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("written again as %q, %v", again, err)
		}
	})
}
