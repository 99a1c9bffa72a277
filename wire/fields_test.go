package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heed"
)

// counter is the randomness of the vectors: the n-th field has the salt n.
type counter struct{ n uint64 }

func (c *counter) Read(p []byte) (int, error) {
	clear(p)
	binary.BigEndian.PutUint64(p[len(p)-8:], c.n)
	c.n++
	return len(p), nil
}

type fieldVectors struct {
	Warnings []struct {
		Name     string
		Warning  heed.Warning
		Document string
		Salt     string `json:"content-salt"`
		Digest   string
	}
	Fields []struct {
		Salt, Path, Value, Commitment string
	}
	Disclosures []struct {
		Of       string // the name of a warning above
		Open     []string
		Document string
	}
	Refused []struct {
		Name, Document, Why string
	}
}

func readVectors(t testing.TB) fieldVectors {
	t.Helper()
	text, err := os.ReadFile("testdata/warning-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v fieldVectors
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWarningVectors(t *testing.T) {
	vectors := readVectors(t)
	documents := map[string][]byte{}
	salts := map[string][32]byte{}
	digests := map[string]string{}
	for _, v := range vectors.Warnings {
		document, err := EncodeWarning(v.Warning, &counter{})
		if err != nil || string(document) != v.Document {
			t.Errorf("%s: written as %s, %v", v.Name, document, err)
		}
		w, err := ParseWarning([]byte(v.Document))
		if err != nil || !reflect.DeepEqual(w, v.Warning) {
			t.Errorf("%s: read as %+v, %v", v.Name, w, err)
		}
		var salt [32]byte
		if _, err := hex.Decode(salt[:], []byte(v.Salt)); err != nil {
			t.Fatal(err)
		}
		digest, err := WarningDigest(salt, []byte(v.Document))
		if err != nil || hex.EncodeToString(digest[:]) != v.Digest {
			t.Errorf("%s: digest %x, %v, want %s", v.Name, digest, err, v.Digest)
		}
		documents[v.Name], salts[v.Name], digests[v.Name] = document, salt, v.Digest
	}
	for _, v := range vectors.Fields {
		f := Field{Path: v.Path, Value: v.Value}
		if _, err := hex.Decode(f.Salt[:], []byte(v.Salt)); err != nil {
			t.Fatal(err)
		}
		if c := f.Commitment(); hex.EncodeToString(c[:]) != v.Commitment {
			t.Errorf("%s: commitment %x, want %s", v.Path, c, v.Commitment)
		}
	}
	for _, v := range vectors.Disclosures {
		opened, err := Disclose(documents[v.Of], v.Open...)
		if err != nil || string(opened) != v.Document {
			t.Errorf("%s opened at %q: %s, %v", v.Of, v.Open, opened, err)
		}
		digest, err := WarningDigest(salts[v.Of], []byte(v.Document))
		if err != nil || hex.EncodeToString(digest[:]) != digests[v.Of] {
			t.Errorf("%s opened at %q: digest %x, %v", v.Of, v.Open, digest, err)
		}
	}
	for _, v := range vectors.Refused {
		_, err := ParseWarning([]byte(v.Document))
		if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), v.Why) {
			t.Errorf("%s: got %v, want %q", v.Name, err, v.Why)
		}
	}
	if len(vectors.Warnings) < 2 || len(vectors.Fields) < 4 || len(vectors.Disclosures) < 3 || len(vectors.Refused) < 20 {
		t.Error("vectors are missing")
	}
}

func TestWarningRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWarning().Draw(t, "warning")
		document, err := EncodeWarning(w, randomness(t))
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseWarning(document)
		if err != nil || !reflect.DeepEqual(again, w) {
			t.Fatalf("read as %+v, %v", again, err)
		}
		p, err := ParsePartial(document)
		if err != nil || !bytes.Equal(p.encode(), document) {
			t.Fatalf("encode(parse(x)) != x: %v", err)
		}
	})
}

func TestDisclosureKeepsTheDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		document, err := EncodeWarning(anyWarning().Draw(t, "warning"), randomness(t))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := ParsePartial(document)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, f := range whole.Fields() {
			paths = append(paths, f.Path)
		}
		open := rapid.SliceOfDistinct(rapid.SampledFrom(paths), rapid.ID[string]).Draw(t, "open")
		partial, err := Disclose(document, open...)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParsePartial(partial)
		if err != nil || len(read.Fields()) != len(open) || read.Closed() != len(paths)-len(open) {
			t.Fatalf("opened %d of %d: %v", len(read.Fields()), len(paths), err)
		}
		for _, f := range read.Fields() {
			if !slices.Contains(open, f.Path) || !slices.Contains(whole.Fields(), f) {
				t.Fatalf("%s was not to be opened so", f.Path)
			}
		}
		salt := [32]byte{7}
		if read.Digest(salt) != whole.Digest(salt) || read.Digest(salt) == read.Digest([32]byte{8}) {
			t.Fatal("the digest differs")
		}
		if _, err := ParseWarning(partial); len(open) < len(paths) && !errors.Is(err, ErrMalformed) {
			t.Fatalf("a closed field passes as a whole warning: %v", err)
		}
		if again, err := Disclose(partial, open...); err != nil || !bytes.Equal(again, partial) {
			t.Fatalf("opening the same again: %v", err)
		}
	})
}

func TestDiscloseNamesWhatIsNotThere(t *testing.T) {
	document, err := EncodeWarning(leastWarning(), &counter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "headlin", "handling/", "handling/tl", "narratives/1", "threat"} {
		var form *FormError
		if _, err := Disclose(document, "headline", path); !errors.As(err, &form) {
			t.Errorf("%q: %v", path, err)
		}
	}
	subtree, err := Disclose(document, "narratives")
	if err != nil || bytes.Count(subtree, []byte("narratives/0/")) != 2 {
		t.Errorf("a path opens all below it: %s, %v", subtree, err)
	}
}

func TestEncodeWarningRefuses(t *testing.T) {
	w := leastWarning()
	w.Urgency = "soon"
	var field *heed.FieldError
	if _, err := EncodeWarning(w, &counter{}); !errors.As(err, &field) || field.Path != "urgency" {
		t.Errorf("an invalid warning: %v", err)
	}
	if _, err := EncodeWarning(leastWarning(), strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("randomness that ends: %v", err)
	}
	many := leastWarning()
	for range heed.MaxPersons {
		p := heed.Person{Names: make([]heed.Name, heed.MaxNames)}
		for i := range p.Names {
			p.Names[i].Text = "a"
		}
		many.Persons = append(many.Persons, p)
	}
	if _, err := EncodeWarning(many, &counter{}); !errors.Is(err, ErrWarningTooLarge) {
		t.Errorf("too many fields: %v", err)
	}
	long := leastWarning()
	for range heed.MaxIndicators {
		long.Indicators = append(long.Indicators, heed.Indicator{Type: "url", Value: strings.Repeat("a", heed.MaxNote)})
	}
	if _, err := EncodeWarning(long, &counter{}); !errors.Is(err, ErrWarningTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	if _, err := ParsePartial([]byte(warningMagic + strings.Repeat("- x\n", MaxWarningFields+1))); !errors.Is(err, ErrWarningTooLarge) {
		t.Errorf("too many lines: %v", err)
	}
	if _, err := ParsePartial(make([]byte, MaxWarningBytes+1)); !errors.Is(err, ErrWarningTooLarge) || !errors.Is(err, ErrMalformed) {
		t.Errorf("too many bytes read: %v", err)
	}
}

func TestFieldText(t *testing.T) {
	for value, want := range map[string]string{`"a\nb"`: "a\nb", `"2026-11-24"`: "2026-11-24", "true": "", "52.5": ""} {
		if got, ok := (Field{Value: value}).Text(); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", value, got, ok)
		}
	}
}

// JSON cannot hold a text that is not UTF-8, so the vectors cannot.
func TestParseWarningRefusesBrokenUTF8(t *testing.T) {
	f := Field{Path: "headline", Value: "\"a\xff\""}
	document := (Partial{lines: []line{{f.Commitment(), &f}}}).encode()
	if _, err := ParsePartial(document); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), "one spelling") {
		t.Errorf("got %v", err)
	}
}

// The longest path that a warning can have is within the parser's bound.
func TestPathsFit(t *testing.T) {
	const longest = "organisations/9999/registrations/9999/register"
	if len(longest) > maxPath || checkField(longest, `"x"`) != "" {
		t.Errorf("%s does not fit", longest)
	}
}

func leastWarning() heed.Warning {
	return heed.Warning{
		Headline:   "Bridge closed",
		Language:   "en",
		Narratives: []heed.Narrative{{Language: "en", Text: "The bridge is closed."}},
		Category:   heed.CategoryTransport,
		Urgency:    heed.UrgencyExpected,
		Severity:   heed.SeverityMinor,
		Certainty:  heed.CertaintyObserved,
		Status:     heed.StatusActual,
		Handling:   heed.Handling{TLP: heed.TLPClear},
	}
}

func randomness(t *rapid.T) io.Reader {
	return rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
}

// anyWarning draws valid warnings with every field in use.
func anyWarning() *rapid.Generator[heed.Warning] {
	return rapid.Custom(func(t *rapid.T) heed.Warning {
		w := heed.Warning{
			Headline:  line1(t, "headline"),
			Language:  "en",
			Category:  rapid.SampledFrom(heed.Categories()).Draw(t, "category"),
			Threat:    maybe(t, heed.Threats()),
			Urgency:   rapid.SampledFrom(heed.Urgencies()).Draw(t, "urgency"),
			Severity:  rapid.SampledFrom(heed.Severities()).Draw(t, "severity"),
			Certainty: rapid.SampledFrom(heed.Certainties()).Draw(t, "certainty"),
			Status:    rapid.SampledFrom(heed.Statuses()).Draw(t, "status"),
			Source: heed.Source{
				Reliability: maybe(t, heed.Reliabilities()),
				Credibility: maybe(t, heed.Credibilities()),
				Confidence:  rapid.IntRange(0, 100).Draw(t, "confidence"),
				Description: text0(t, "source"),
			},
			LegalBasis: text0(t, "legal basis"),
			Reference:  line0(t, "reference"),
		}
		languages := []heed.Language{"en", "fr", "pt-BR", "sr-Latn", "ckb"}
		for i := range rapid.IntRange(1, len(languages)).Draw(t, "narratives") {
			w.Narratives = append(w.Narratives, heed.Narrative{Language: languages[i], Text: "a" + text0(t, "narrative")})
			if i > 0 {
				w.Narratives[i].Headline = line0(t, "translation")
			}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "places") {
			p := heed.Place{Name: string(rune('a'+i)) + line1(t, "place"), Address: line0(t, "address"), Country: country(t)}
			if rapid.Bool().Draw(t, "point") {
				p.Point = &heed.Point{
					Latitude:  heed.Degrees(rapid.Int32Range(-90_000_000, 90_000_000).Draw(t, "latitude")),
					Longitude: heed.Degrees(rapid.Int32Range(-180_000_000, 180_000_000).Draw(t, "longitude")),
					Radius:    rapid.IntRange(0, heed.MaxRadius).Draw(t, "radius"),
				}
			}
			w.Places = append(w.Places, p)
			w.Windows = append(w.Windows, heed.Window{From: moment(t), Place: p.Name})
		}
		for range rapid.IntRange(0, 3).Draw(t, "persons") {
			w.Persons = append(w.Persons, person(t))
		}
		for range rapid.IntRange(0, 2).Draw(t, "vehicles") {
			w.Vehicles = append(w.Vehicles, heed.Vehicle{Plate: line1(t, "plate"), Country: country(t), Type: line0(t, "type"), Make: line0(t, "make"), Model: line0(t, "model"), Colour: line0(t, "colour"), VIN: "1M8GDM9AXKP042788", Description: text0(t, "vehicle")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "organisations") {
			w.Organisations = append(w.Organisations, heed.Organisation{Names: names(t), Country: country(t), Registrations: []heed.Registration{{Register: line1(t, "register"), Country: country(t), Number: line1(t, "entry")}}, Description: text0(t, "organisation")})
		}
		for range rapid.IntRange(0, 12).Draw(t, "indicators") {
			w.Indicators = append(w.Indicators, heed.Indicator{Type: "free", Value: line1(t, "value"), Description: text0(t, "indicator")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "asks") {
			a := heed.Ask{Code: rapid.SampledFrom(heed.AskCodes()).Draw(t, "ask"), Text: "a" + text0(t, "asked"), Standing: rapid.Bool().Draw(t, "standing"), LegalBasis: text0(t, "basis")}
			if a.Standing {
				a.Until = moment(t)
			}
			w.Asks = append(w.Asks, a)
		}
		w.Handling = heed.Handling{
			TLP:               rapid.SampledFrom(heed.TLPs()).Draw(t, "tlp"),
			PAP:               maybe(t, heed.PAPs()),
			PoliceCodes:       subset(t, heed.PoliceCodes()),
			OriginatorControl: rapid.Bool().Draw(t, "originator control"),
			Purposes:          subset(t, heed.Purposes()),
			ReleaseTo:         subset(t, []heed.PartyID{"east.example", "west.example"}),
			DeleteAfter:       moment(t),
		}
		if slices.Contains(w.Handling.PoliceCodes, heed.H3) {
			w.Handling.Restriction = "a" + text0(t, "restriction")
		}
		if rapid.Bool().Draw(t, "duty") {
			w.DutyBasis = heed.DutyBasis{Ground: rapid.SampledFrom(heed.Grounds()).Draw(t, "ground"), Reason: "a" + text0(t, "reason")}
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "attachments") {
			w.Attachments = append(w.Attachments, heed.Attachment{Name: string(rune('a'+i)) + ".pdf", MediaType: "application/pdf", Description: text0(t, "attachment"), Language: "en"})
		}
		return w
	})
}

func person(t *rapid.T) heed.Person {
	return heed.Person{
		Names: names(t),
		Born: rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) heed.Birth {
			b := heed.Birth{From: heed.PartialDate{Year: rapid.IntRange(1800, 2199).Draw(t, "year")}}
			switch rapid.IntRange(0, 4).Draw(t, "precision") {
			case 0:
				b.From.Month = rapid.IntRange(1, 12).Draw(t, "month")
			case 1:
				b.From.Month, b.From.Day = rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day")
			case 2:
				b.Circa = true
			case 3:
				b.To = heed.PartialDate{Year: rapid.IntRange(b.From.Year, 2199).Draw(t, "until")}
			}
			return b
		}), 1, 3, rapid.ID[heed.Birth]).Draw(t, "born"),
		Birthplace:    line0(t, "birthplace"),
		Sex:           maybe(t, heed.Sexes()),
		Nationalities: subset(t, []heed.Country{"BV", "HM"}),
		Documents:     []heed.Document{{Type: rapid.SampledFrom(heed.DocumentTypes()).Draw(t, "document"), Country: country(t), Number: line1(t, "number")}},
		Description:   text0(t, "person"),
	}
}

func names(t *rapid.T) []heed.Name {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) heed.Name {
		return heed.Name{
			Text: line1(t, "name"), Use: maybe(t, heed.NameUses()), Family: line0(t, "family"), Given: line0(t, "given"),
			Script: rapid.SampledFrom([]string{"", "Cyrl", "Arab", "Hant"}).Draw(t, "script"), Language: rapid.SampledFrom([]heed.Language{"", "ru", "zh-Hant"}).Draw(t, "language"),
		}
	}), 1, 3).Draw(t, "names")
}

func moment(t *rapid.T) heed.Moment {
	s := rapid.SampledFrom([]string{"2026-11-24", "2026-11-24T06:00:00Z", "1900-01-01", "2999-12-31T23:59:59Z"}).Draw(t, "moment")
	m, err := heed.ParseMoment(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func country(t *rapid.T) heed.Country {
	return rapid.SampledFrom([]heed.Country{"", "BV", "HM", "AQ"}).Draw(t, "country")
}

func maybe[T ~string](t *rapid.T, all []T) T {
	return rapid.SampledFrom(append([]T{""}, all...)).Draw(t, "maybe")
}

// subset draws distinct entries; none are nil, as in what is parsed.
func subset[T comparable](t *rapid.T, all []T) []T {
	chosen := rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[T]).Draw(t, "some")
	if len(chosen) == 0 {
		return nil
	}
	return chosen
}

func line0(t *rapid.T, what string) string {
	return rapid.SampledFrom([]string{"", "a", `"\`, "Жущёв", "茹謝夫", "جوشیف‌زاده", "a  b", "0", "true", "null", "- x", "😀", "<&>"}).Draw(t, what)
}

func line1(t *rapid.T, what string) string { return "x" + line0(t, what) }

func text0(t *rapid.T, what string) string {
	return rapid.SampledFrom([]string{"", "a", "a\nb\n\n\tc", `\n`, "\"\"", "é\u0301", "é"}).Draw(t, what)
}

func FuzzParseWarning(f *testing.F) {
	vectors := readVectors(f)
	for _, v := range vectors.Warnings {
		f.Add([]byte(v.Document))
	}
	for _, v := range vectors.Refused {
		f.Add([]byte(v.Document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		w, err := ParseWarning(document)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		// The same salts, in the order in which they are drawn, give the same bytes.
		p, err := ParsePartial(document)
		if err != nil {
			t.Fatal(err)
		}
		salts := map[string][]byte{}
		for _, l := range p.lines {
			salts[l.field.Path] = l.field.Salt[:]
		}
		var drawn []byte
		for _, field := range flatten(w) {
			drawn = append(drawn, salts[field.Path]...)
		}
		again, err := EncodeWarning(w, bytes.NewReader(drawn))
		if err != nil || !bytes.Equal(again, document) {
			t.Fatalf("written again as %q, %v", again, err)
		}
	})
}

func FuzzParsePartial(f *testing.F) {
	vectors := readVectors(f)
	for _, v := range vectors.Disclosures {
		f.Add([]byte(v.Document))
	}
	for _, v := range vectors.Refused {
		f.Add([]byte(v.Document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := ParsePartial(document)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("not ErrMalformed: %v", err)
			}
			return
		}
		if !bytes.Equal(p.encode(), document) {
			t.Fatal("written again differently")
		}
		closed, err := Disclose(document)
		if err != nil {
			t.Fatal(err)
		}
		q, err := ParsePartial(closed)
		if err != nil || len(q.Fields()) != 0 || q.Digest([32]byte{}) != p.Digest([32]byte{}) {
			t.Fatalf("closing it changed it: %v", err)
		}
	})
}
