package wire

import (
	"bytes"
	"errors"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"heed"
	"heed/ledger"
	"heed/seal"
)

// forwardedOf signs a warning of north to south with an attachment, as it would
// be enclosed when south passes it on.
func forwardedOf(t testing.TB, w heed.Warning, edits ...func(*heed.Statement, *heed.Release)) Forwarded {
	t.Helper()
	f := Forwarded{Salt: [32]byte(digestOf("salt"))}
	var err error
	if f.Document, err = EncodeWarning(w, rand.New(rand.NewSource(1))); err != nil {
		t.Fatal(err)
	}
	digest, err := ContentDigest(heed.MediaWarning, f.Salt, f.Document)
	if err != nil {
		t.Fatal(err)
	}
	contents := []heed.ContentRef{{Digest: digest, Size: int64(len(f.Document)), MediaType: heed.MediaWarning}, reportRef}
	rel := heed.Release{Author: north, Kind: heed.KindWarning, Time: at(0), Nonce: digestOf("nonce"), Contents: contents, Officers: []heed.OfficerStamp{{Role: heed.Releaser}}}
	s := heed.Statement{
		Kind: heed.KindWarning, Author: north, AuthorCard: 1, Recipient: south, RecipientCard: 3, Time: at(0), Contents: contents,
		TagKey: heed.Digest(ledger.KeyDigest(ledger.Key(digestOf("K")))), Urgency: w.Urgency, Status: w.Status,
	}
	for _, edit := range edits {
		edit(&s, &rel)
	}
	if rel, f.Release, err = SignRelease(rel, testKey(t, anna)); err != nil {
		t.Fatal(err)
	}
	s.Release = rel.ID
	if _, f.Statement, err = SignStatement(s, nodeOf(t, north)); err != nil {
		t.Fatal(err)
	}
	return f
}

func enclosedBytes(t testing.TB, f Forwarded) []byte {
	t.Helper()
	data, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestForwarded(t *testing.T) {
	f := forwardedOf(t, leastWarning())
	data := enclosedBytes(t, f)
	read, err := ParseForwarded(data)
	if err != nil || !reflect.DeepEqual(read, f) {
		t.Fatalf("read as %+v, %v", read, err)
	}
	for _, part := range [][]byte{read.Statement, read.Release, read.Document} {
		if len(part) != cap(part) {
			t.Error("appending to a part would write over the next one")
		}
	}
	o, err := read.Open()
	if err != nil || o.Statement.Author != north || o.Release.ID != o.Statement.Release || !reflect.DeepEqual(o.Warning, leastWarning()) || !slices.Equal(o.Attached(), []heed.ContentRef{reportRef}) {
		t.Errorf("opened as %+v, %v", o, err)
	}
	for i := range data {
		if _, err := ParseForwarded(data[:i]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	swapped := append([]byte(forwardedFirst), Part{Type: 2, Data: f.Release}.append(nil)...)
	for name, bad := range map[string][]byte{
		"nothing":             nil,
		"another first line":  bytes.Replace(data, []byte("/v1\n"), []byte("/v2\n"), 1),
		"more behind it":      append(slices.Clone(data), 0),
		"a fourth part":       Part{Type: 4, Data: []byte("x")}.append(slices.Clone(data)),
		"the release first":   swapped,
		"an empty statement":  append([]byte(forwardedFirst), 1, 0, 0, 0, 0),
		"salt and nothing":    Part{Type: 3, Data: make([]byte, 32)}.append(Part{Type: 2, Data: []byte("x")}.append(Part{Type: 1, Data: []byte("x")}.append([]byte(forwardedFirst)))),
		"a length beyond all": append([]byte(forwardedFirst), 1, 255, 255, 255, 255),
		"too much":            append(slices.Clone(data), make([]byte, MaxForwarded)...),
	} {
		if read, err := ParseForwarded(bad); !errors.Is(err, ErrMalformed) || !reflect.DeepEqual(read, Forwarded{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]func(*Forwarded){
		"no statement": func(f *Forwarded) { f.Statement = nil },
		"no release":   func(f *Forwarded) { f.Release = nil },
		"no document":  func(f *Forwarded) { f.Document = nil },
		"too large":    func(f *Forwarded) { f.Document = make([]byte, MaxForwarded) },
	} {
		f := f
		bad(&f)
		if _, err := f.Bytes(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is not just what the originator signed does not open.
func TestForwardedDoesNotOpen(t *testing.T) {
	f := forwardedOf(t, leastWarning())
	other := leastWarning()
	other.Headline = "Bridge open"
	changed := forwardedOf(t, other)
	closed, err := Disclose(f.Document, "headline")
	if err != nil {
		t.Fatal(err)
	}
	replace := func(note []byte, old, with string) []byte {
		out := bytes.Replace(note, []byte(old), []byte(with), 1)
		if bytes.Equal(out, note) {
			t.Fatalf("there is no %q in it", old)
		}
		return out
	}
	for name, c := range map[string]struct {
		edit func(*Forwarded)
		want error
	}{
		"another time":      {func(f *Forwarded) { f.Statement = replace(f.Statement, "2026-11-22", "2026-11-23") }, seal.ErrSignature},
		"another urgency":   {func(f *Forwarded) { f.Statement = replace(f.Statement, "urgency: Expected", "urgency: Future") }, seal.ErrSignature},
		"another officer":   {func(f *Forwarded) { f.Release = replace(f.Release, "releaser", "drafter") }, seal.ErrSignature},
		"another release":   {func(f *Forwarded) { f.Release = changed.Release }, ErrMalformed},
		"another document":  {func(f *Forwarded) { f.Document = changed.Document }, ErrMalformed},
		"another salt":      {func(f *Forwarded) { f.Salt[0]++ }, ErrMalformed},
		"no document":       {func(f *Forwarded) { f.Document = []byte("The bridge is closed.") }, ErrMalformed},
		"fields closed":     {func(f *Forwarded) { f.Document = closed }, ErrMalformed},
		"no statement":      {func(f *Forwarded) { f.Statement = []byte("north warned south") }, ErrMalformed},
		"a release instead": {func(f *Forwarded) { f.Statement = f.Release }, ErrMalformed},
	} {
		f := f
		c.edit(&f)
		if o, err := f.Open(); !errors.Is(err, c.want) || !reflect.DeepEqual(o, Origin{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range readFormatVectors(t).Statements { // none of them is of this release
		f := f
		f.Statement = []byte(v.Note)
		if _, err := f.Open(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

func TestAltered(t *testing.T) {
	w := leastWarning()
	w.Source.Description = "The ferryman."
	w.Handling = heed.Handling{TLP: heed.TLPAmber}
	o, err := forwardedOf(t, w).Open()
	if err != nil {
		t.Fatal(err)
	}
	came := []heed.ContentRef{documentRef, reportRef, wordsRef}
	for name, c := range map[string]struct {
		edit func(*heed.Warning)
		came []heed.ContentRef
		want string
	}{
		"as it is passed on":  {func(*heed.Warning) {}, came, ""},
		"stricter":            {func(w *heed.Warning) { w.Handling = heed.Handling{TLP: heed.TLPRed, OriginatorControl: true} }, came, ""},
		"a further file":      {func(w *heed.Warning) { w.Attachments = []heed.Attachment{{Name: "x", MediaType: "text/plain"}} }, came, ""},
		"without the file":    {func(*heed.Warning) {}, came[:1], "attachments/0"},
		"with another file":   {func(*heed.Warning) {}, []heed.ContentRef{documentRef, bundleRef}, "attachments/0"},
		"without its source":  {func(w *heed.Warning) { w.Source.Description = "Passed on from north.example." }, came, "source/description"},
		"as its own":          {func(w *heed.Warning) { w.Source.Description = "The ferryman." }, came, "source/description"},
		"looser":              {func(w *heed.Warning) { w.Handling.TLP = heed.TLPClear }, came, "handling/tlp"},
		"something added":     {func(w *heed.Warning) { w.LegalBasis = "Police Act" }, came, "legal-basis"},
		"something taken out": {func(w *heed.Warning) { w.Source = heed.Source{} }, came, "source/description"},
		"all sorts": {func(w *heed.Warning) {
			w.Headline, w.Urgency, w.Narratives[0].Text = "Bridge open", heed.UrgencyPast, "It is open."
		}, came, "headline narratives/0/text urgency"},
	} {
		copied := w.PassedOn(north)
		copied.Narratives = slices.Clone(copied.Narratives)
		c.edit(&copied)
		if got := strings.Join(o.Altered(copied, c.came), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzParseForwarded(f *testing.F) {
	one := forwardedOf(f, leastWarning())
	data := enclosedBytes(f, one)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte(forwardedFirst))
	f.Add(enclosedBytes(f, Forwarded{Statement: one.Release, Release: one.Statement, Document: []byte("x")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := ParseForwarded(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		again, err := read.Bytes()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("written again as %q, %v", again, err)
		}
		o, err := read.Open()
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
			t.Fatalf("opened with %v", err)
		}
		if err == nil {
			o.Altered(o.Warning, o.Statement.Contents)
		}
	})
}
