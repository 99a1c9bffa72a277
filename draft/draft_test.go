package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heed"
)

// written are the hand-written warnings of the project's testdata.
var written = []string{"warning.yaml", "exercise.yaml", "supplement.yaml", "correction.yaml", "attachments.yaml"}

func source(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTestdataIsValid(t *testing.T) {
	for _, name := range written {
		w, err := Warning(name, source(t, name))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if err := w.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// What is shown as JSON can be written by hand again, with the same meaning.
		text, err := json.MarshalIndent(w, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		again, err := Warning(name+".json", text)
		if err != nil || !reflect.DeepEqual(again, w) {
			t.Errorf("%s as JSON: %+v, %v", name, again, err)
		}
	}
}

func TestWarningYAMLHasNearlyEverything(t *testing.T) {
	w, err := Warning("warning.yaml", source(t, "warning.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !w.AsksAnswer() || w.Urgency != heed.UrgencyImmediate {
		t.Error("scripts rely on an immediate warning that asks for an answer")
	}
	if len(w.Attachments) != 0 {
		t.Error("scripts send it without attachments")
	}
	if got := w.Persons[0].Documents[0].Number; got != "0017345" {
		t.Errorf("document number %q is not as it was written", got)
	}
	if got := w.Windows[0].From.String(); got != "2026-11-24T18:00:00Z" {
		t.Errorf("the window begins at %s", got)
	}
	if b := w.Persons[0].Born; b[0].Precision() != heed.PrecisionDay || b[1].Precision() != heed.PrecisionRange {
		t.Errorf("born %v", b)
	}
	v := reflect.ValueOf(w)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Attachments" {
			t.Errorf("%s is not in use", name)
		}
	}
}

// head is a valid beginning of eleven lines, to which a test adds.
const head = `headline: Bridge closed
language: en
narratives:
  - language: en
    text: The bridge is closed.
category: Transport
urgency: Expected
severity: Minor
certainty: Observed
status: Actual
handling: {tlp: CLEAR}
`

func TestErrorsNameLineFieldAndRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want []string // "line path: words of problem and hint", "..." for anything
	}{
		"valid":                {head, nil},
		"valid, commented":     {"# hi\n---\n" + head + "...\n", nil},
		"byte order mark":      {"\ufeff" + head, nil},
		"old line ends":        {strings.ReplaceAll(head+"mood: x\n", "\n", "\r"), []string{"12 mood: not a key"}},
		"line separator":       {head + "reference: a\u2028b\n", []string{"12 : invisible"}},
		"Windows line ends":    {strings.ReplaceAll(head, "\n", "\r\n"), nil},
		"misspelt key":         {head + "refrence: x\n", []string{"12 refrence: not a key ... did you mean reference?"}},
		"key with underscore":  {head + "legal_basis: x\n", []string{"12 legal_basis: ... did you mean legal-basis?"}},
		"key in capitals":      {strings.Replace(head, "urgency", "Urgency", 1), []string{"7 Urgency: ... did you mean urgency?"}},
		"key of nothing":       {head + "mood: x\n", []string{"12 mood: ... the keys here are asks, attachments"}},
		"key further down":     {strings.Replace(head, "    text:", "    txt:", 1), []string{"5 narratives/0/txt: ... did you mean text?"}},
		"key twice":            {head + "status: Draft\n", []string{"12 status: stands twice, first on line 10"}},
		"missing keys":         {"headline: x\nlanguage: en\n", []string{"1 narratives: is missing", "1 category: is missing ... Geo, Met", "1 urgency: is missing ... Immediate, Expected", "1 severity: is missing", "1 certainty: is missing", "1 status: is missing ... Actual", "1 handling: is missing ... tlp"}},
		"missing further down": {head + "asks:\n  - code: assess\n  - text: x\n", []string{"14 asks/1/code: is missing ... acknowledge, assess"}},
		"bad word":             {strings.Replace(head, "Expected", "expected", 1), []string{`7 urgency: "expected" ... did you mean Expected? ... Immediate, Expected, Future, Past, Unknown`}},
		"bad word, none near":  {strings.Replace(head, "Expected", "soonish", 1), []string{`7 urgency: "soonish" ... one of Immediate`}},
		"no offset":            {head + "windows:\n- from: 2026-11-24T07:00:00\n", []string{"13 windows/0/from: no offset ... 2026-11-24T07:00:00+01:00"}},
		"not a date":           {head + "windows:\n- from: 24.11.2026\n", []string{"13 windows/0/from: not a date ... 2026-11-24"}},
		"no such day":          {head + "windows:\n- from: 2026-02-30\n", []string{"13 windows/0/from: not a date"}},
		"born":                 {head + "persons:\n- names: [{text: x}]\n  born: [14.5.1987]\n", []string{"14 persons/0/born/0: not a date of birth ... 1990-05-14"}},
		"text for a list":      {head + "persons:\n- names: x\n", []string{"13 persons/0/names: is text ... after a hyphen"}},
		"text for keys":        {head + "source: B2\n", []string{"12 source: is text ... reliability"}},
		"keys for a text":      {head + "reference: {a: b}\n", []string{"12 reference: a set of keys ... file number"}},
		"list for a text":      {head + "reference: [a]\n", []string{"12 reference: a list"}},
		"yes":                  {head + "asks:\n- code: assess\n  standing: yes\n", []string{"14 asks/0/standing: is text ... true or false"}},
		"number in words":      {head + "source: {confidence: high}\n", []string{"12 source/confidence: ... whole number"}},
		"number in quotes":     {head + "source: {confidence: \"50\"}\n", []string{"12 source/confidence: ... without quotes"}},
		"number too large":     {head + "source: {confidence: 101}\n", []string{"12 source/confidence: is 101 ... 100"}},
		"exact coordinate":     {head + "places:\n- name: x\n  point: {latitude: 52.12345678, longitude: -180.5}\n", []string{"14 places/0/point/latitude: more than six decimals", "14 places/0/point/longitude: is -180.5 ... the least is -180"}},
		"trailing zeros":       {head + "places:\n- name: x\n  point: {latitude: 52.50000000, longitude: -0.0}\n", nil},
		"nothing":              {head + "reference:\nlegal-basis: ~\n", []string{"12 reference: is empty", "13 legal-basis: is empty"}},
		"empty text":           {head + "reference: \"  \"\n", []string{"12 reference: is empty"}},
		"empty list":           {head + "asks: []\n", []string{"12 asks: is empty ... leave the key out"}},
		"called Null":          {head + "persons:\n- names: [{text: Null}, {text: No}, {text: 0x1F}, {text: 1e3}]\n", nil},
		"rule":                 {head + "windows:\n- from: 2026-11-24\n  place: nowhere\n", []string{"14 windows/0/place: ... under places"}},
		"rules and schema":     {head + "windows:\n- place: nowhere\nasks:\n- code: asess\n", []string{"13 windows/0: neither a beginning nor an end", "13 windows/0/place: not the name", "15 asks/0/code: ... did you mean assess?"}},
		"anchor":               {head + "reference: &a x\nlegal-basis: *a\n", []string{"12 reference: anchor", "13 legal-basis: ... alias"}},
		"tag":                  {head + "reference: !!binary eA==\n", []string{"12 reference: explicit tag"}},
		"merge key":            {head + "<<: {reference: x}\n", []string{"12 <<: not a key"}},
		"key of keys":          {head + "? [a]\n: b\n", []string{"12 : not a word"}},
		"two documents":        {head + "---\n" + head, []string{"12 : second document"}},
		"broken second":        {head + "---\na: b: c\n", []string{"13 : not YAML"}},
		"tab":                  {head + "asks:\n\t- code: assess\n", []string{"13 : not YAML ... tabs"}},
		"colon":                {head + "reference: a: b\n", []string{"12 : not YAML ... quotes"}},
		"indentation":          {head + "source:\n  reliability: A\n   credibility: 1\nreference: x\n", []string{"14 : not YAML"}},
		"open quote":           {head + "reference: 'a\n", []string{"12 : not YAML ... quote"}},
		"open bracket":         {head + "asks: [a\nreference: x\n", []string{"12 : not YAML"}},
		"a text":               {"hello", []string{"1 : is text ... keys and values"}},
		"a list":               {"- a\n", []string{"1 : a list"}},
		"empty":                {" \n", []string{"1 : is empty"}},
		"comment only":         {"# a\n", []string{"1 : is empty"}},
		"Latin-1":              {head + "reference: Caf\xe9\n", []string{"12 : not valid UTF-8"}},
		"too large":            {head + "# " + strings.Repeat("a", MaxSource), []string{"1 : larger than"}},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, "warning.yaml", c.src, c.want)
		})
	}
}

func TestErrorsInJSON(t *testing.T) {
	w, err := Warning("warning.yaml", []byte(head))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(w, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	good := string(text) // line 3 has the language, line 14 the urgency
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"valid":          {good, nil},
		"surrogates":     {strings.Replace(good, "Bridge", `\ud83d\ude00`, 1), nil},
		"bad word":       {strings.Replace(good, "Expected", "Soon", 1), []string{"11 urgency: ... one of Immediate"}},
		"key twice":      {strings.Replace(good, `"category"`, `"status": "Draft",`+"\n"+`"category"`, 1), []string{"15 status: twice, first on line 10"}},
		"null":           {strings.Replace(good, `"Expected"`, "null", 1), []string{"11 urgency: is empty"}},
		"comma":          {strings.Replace(good, `"Expected",`, `"Expected"`, 1), []string{"12 : not JSON ... commas"}},
		"comma too many": {strings.Replace(good, "]", ",]", 1), []string{"9 : not JSON"}},
		"ends early":     {good[:40], []string{"3 : not JSON ... too early"}},
		"goes on":        {good + "\n{}", []string{"19 : not JSON ... follows"}},
		"deep":           {`{"asks":` + strings.Repeat("[", 1000), []string{"1 : not JSON ... deeper"}},
		"not an object":  {"3", []string{"1 : ... keys and values"}},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, "warning.json", c.src, c.want)
		})
	}
}

func compare(t *testing.T, name, src string, want []string) {
	t.Helper()
	w, err := Warning(name, []byte(src))
	got := problems(t, err)
	if len(got) == 0 {
		if err := w.Check(); err != nil {
			t.Errorf("it passed, but %v", err)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d complaints, want %d: %v", len(got), len(want), err)
	}
	for i, e := range got {
		place, words, _ := strings.Cut(want[i], ": ")
		if is := strconv.Itoa(e.Line) + " " + e.Path; is != place || !mentions(e.Error(), words) {
			t.Errorf("got %v\nwant %s", e, want[i])
		}
		if !strings.HasPrefix(e.Error(), name+":"+strconv.Itoa(e.Line)+": ") || strings.Contains(e.Error(), "\n") {
			t.Errorf("%q is not one line that begins with file and line", e)
		}
	}
}

func problems(t testing.TB, err error) []*Error {
	t.Helper()
	if err == nil {
		return nil
	}
	var all []*Error
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var one *Error
		if !errors.As(e, &one) {
			t.Fatalf("not a *draft.Error: %v", e)
		}
		all = append(all, one)
	}
	return all
}

func mentions(s, words string) bool {
	for part := range strings.SplitSeq(words, "...") {
		_, rest, ok := strings.Cut(s, strings.TrimSpace(part))
		if !ok {
			return false
		}
		s = rest
	}
	return true
}

func TestNoFloodOfErrors(t *testing.T) {
	_, err := Warning("x.yaml", []byte(head+"asks:\n"+strings.Repeat("- {}\n", 40)+"indicators:\n"+strings.Repeat("- {}\n", 40)))
	all := problems(t, err)
	if len(all) != maxErrors+1 || !strings.Contains(all[maxErrors].Problem, "70 more") {
		t.Errorf("%d complaints, the last: %v", len(all), all[len(all)-1])
	}
}

func TestHostileSourcesAreRefused(t *testing.T) {
	const size = MaxSource / 8
	for _, src := range []string{
		strings.Repeat("[", size), strings.Repeat("{", size), strings.Repeat("- ", size/2), strings.Repeat("? ", size/2),
		strings.Repeat("a:\n ", size/4), "a: &a [x]\n" + strings.Repeat("b: [*a, *a, *a]\n", size/16), strings.Repeat("x: y\n", size/5),
		"a: '" + strings.Repeat("\n", size), strings.Repeat("!a ", size/3), strings.Repeat("--- a\n", size/6), "{\"a\":" + strings.Repeat("[", 1000),
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nheadline: *c\n",
	} {
		if _, err := Warning("x.yaml", []byte(src)); err == nil {
			t.Errorf("%.20s is a warning", src)
		}
	}
}

// The schema, the type and its rules say the same.
func TestSchemaFitsTheType(t *testing.T) {
	schema, err := warningSchema()
	if err != nil {
		t.Fatal(err)
	}
	fits(t, "", schema, reflect.TypeFor[heed.Warning]())
	for path, want := range map[string]any{
		"category": heed.Categories(), "threat": heed.Threats(), "urgency": heed.Urgencies(), "severity": heed.Severities(),
		"certainty": heed.Certainties(), "status": heed.Statuses(), "asks/0/code": heed.AskCodes(), "source/reliability": heed.Reliabilities(),
		"source/credibility": heed.Credibilities(), "handling/tlp": heed.TLPs(), "handling/pap": heed.PAPs(),
		"handling/police-codes/0": heed.PoliceCodes(), "handling/purposes/0": heed.Purposes(), "duty-basis/ground": heed.Grounds(),
		"persons/0/sex": heed.Sexes(), "persons/0/names/0/use": heed.NameUses(), "persons/0/documents/0/type": heed.DocumentTypes(),
	} {
		s := at(schema, strings.Split(path, "/"))
		list := reflect.ValueOf(want)
		if s.Enum == nil || len(s.Enum.Values) != list.Len() {
			t.Errorf("%s: the words differ", path)
			continue
		}
		for i, v := range s.Enum.Values {
			if v != list.Index(i).String() {
				t.Errorf("%s: %v, want %v", path, v, list.Index(i))
			}
		}
	}
	for path, want := range map[string]int{
		"narratives": heed.MaxNarratives, "windows": heed.MaxWindows, "places": heed.MaxPlaces, "persons": heed.MaxPersons,
		"vehicles": heed.MaxVehicles, "organisations": heed.MaxOrganisations, "indicators": heed.MaxIndicators, "asks": heed.MaxAsks,
		"attachments": heed.MaxAttachments, "persons/0/names": heed.MaxNames, "persons/0/born": heed.MaxBirths,
		"persons/0/nationalities": heed.MaxNationalities, "persons/0/documents": heed.MaxDocuments, "organisations/0/names": heed.MaxNames,
		"organisations/0/registrations": heed.MaxDocuments, "handling/police-codes": len(heed.PoliceCodes()),
		"handling/purposes": len(heed.Purposes()), "handling/release-to": heed.MaxReleaseTo,
	} {
		if s := at(schema, strings.Split(path, "/")); s.MaxItems == nil || *s.MaxItems != want || s.MinItems == nil || *s.MinItems != 1 {
			t.Errorf("%s: bounds differ from 1 to %d", path, want)
		}
	}
	notes := []string{"legal-basis", "persons/0/description", "vehicles/0/description", "organisations/0/description", "indicators/0/value", "indicators/0/description", "asks/0/text", "asks/0/legal-basis", "source/description", "handling/restriction", "duty-basis/reason", "attachments/0/description"}
	texts := 0
	eachText(schema, "", func(path string, s *jsonschema.Schema) {
		texts++
		want := heed.MaxLabel
		switch {
		case path == "headline" || path == "narratives/0/headline":
			want = heed.MaxHeadline
		case path == "narratives/0/text":
			want = heed.MaxNarrative
		case slices.Contains(notes, path):
			want = heed.MaxNote
		}
		if *s.MaxLength != want {
			t.Errorf("%s: at most %d characters, want %d", path, *s.MaxLength, want)
		}
	})
	if texts < 30 {
		t.Errorf("only %d texts were found", texts)
	}
	if radius := at(schema, []string{"places", "0", "point", "radius"}); radius.Maximum.Num().Int64() != heed.MaxRadius {
		t.Error("the largest radius differs")
	}
}

func fits(t *testing.T, path string, s *jsonschema.Schema, typ reflect.Type) {
	s = resolve(s)
	switch typ {
	case reflect.TypeFor[heed.Moment](), reflect.TypeFor[heed.Birth]():
		if s.Format == nil || !wants(s, "string") {
			t.Errorf("%s: a date without its format", path)
		}
		return
	case reflect.TypeFor[heed.Degrees]():
		if !wants(s, "number") {
			t.Errorf("%s: not a number", path)
		}
		return
	}
	switch typ.Kind() {
	case reflect.Pointer:
		fits(t, path, s, typ.Elem())
	case reflect.Slice:
		if !wants(s, "array") {
			t.Errorf("%s: not a list", path)
			return
		}
		fits(t, join(path, "0"), s.Items2020, typ.Elem())
	case reflect.Struct:
		if s.AdditionalProperties != false || len(s.Properties) != typ.NumField() {
			t.Errorf("%s: %d keys, want %d and no other", path, len(s.Properties), typ.NumField())
		}
		for f := range typ.Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			property, ok := s.Properties[key]
			if !ok {
				t.Errorf("%s: no key %s", path, key)
				continue
			}
			fits(t, join(path, key), property, f.Type)
		}
	case reflect.Bool:
		if !wants(s, "boolean") {
			t.Errorf("%s: not true or false", path)
		}
	case reflect.Int:
		if !wants(s, "integer") {
			t.Errorf("%s: not a whole number", path)
		}
	default:
		if !wants(s, "string") {
			t.Errorf("%s: not a text", path)
		}
	}
}

func eachText(s *jsonschema.Schema, path string, do func(string, *jsonschema.Schema)) {
	s = resolve(s)
	if s.MaxLength != nil {
		do(path, s)
	}
	if s.Items2020 != nil {
		eachText(s.Items2020, join(path, "0"), do)
	}
	for key, property := range s.Properties {
		eachText(property, join(path, key), do)
	}
}

// The page that explains the keys has all of them, and all words of the lists.
func TestThePageHasEveryKeyAndWord(t *testing.T) {
	page, err := os.ReadFile("../docs/warning.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := warningSchema()
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(string(page), func(r rune) bool { return strings.ContainsRune(" \n\t`*,;:|/()", r) }) {
		words[strings.TrimSuffix(word, ".")] = true
	}
	var visit func(s *jsonschema.Schema)
	visit = func(s *jsonschema.Schema) {
		s = resolve(s)
		if s.Enum != nil && !wants(s, "object") {
			for _, v := range s.Enum.Values {
				if w := v.(string); !words[w] && len(w) > 1 {
					t.Errorf("docs/warning.md lacks the word %s", w)
				}
			}
		}
		if s.Items2020 != nil {
			visit(s.Items2020)
		}
		for key, property := range s.Properties {
			if !words[key] {
				t.Errorf("docs/warning.md lacks the key %s", key)
			}
			visit(property)
		}
	}
	visit(schema)
}

func TestNearest(t *testing.T) {
	words := []string{"headline", "language", "born", "asks", "AMBER+STRICT", "AMBER"}
	for got, want := range map[string]string{
		"headlin": "headline", "haedline": "headline", "Headline": "headline", "HEADLNE": "headline", "langauge": "language",
		"bron": "born", "ask": "asks", "amber strict": "AMBER+STRICT", "Amber": "AMBER", "colour": "", "": "", "x": "",
		strings.Repeat("headline", 10): "",
	} {
		if near := nearest(got, words); near != want {
			t.Errorf("%q: %q, want %q", got, near, want)
		}
	}
}

func FuzzWarning(f *testing.F) {
	for _, name := range written {
		f.Add(name, source(f, name))
	}
	f.Add("x.json", []byte(`{"headline":"\ud83d\ude00","asks":[{"code":"assess"}]}`))
	f.Add("x.yaml", []byte("a: &a\n - *a\n<<: *a\n? [b]\n: !!int c\n"))
	f.Add("x.yaml", []byte("handling: [\n"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		w, err := Warning(name, src)
		if err == nil {
			if err := w.Check(); err != nil {
				t.Fatalf("it passed, but %v", err)
			}
			return
		}
		for _, e := range problems(t, err) {
			if e.Line < 1 || e.Line > bytes.Count(src, []byte("\n"))+bytes.Count(src, []byte("\r"))+1 || e.Problem == "" {
				t.Fatalf("complaint without a place: %v", e)
			}
		}
	})
}

// A warning that is written now has nobody who is born on a day that is to come.
func TestWarningAt(t *testing.T) {
	data := source(t, "warning.yaml")
	src := string(data)
	at := strings.Index(src, "born:\n      - ") + len("born:\n      - ")
	src = src[:at] + "2090-01-02" + src[at+strings.Index(src[at:], "\n"):]
	if _, err := Warning("w.yaml", []byte(src)); err != nil {
		t.Errorf("without a day: %v", err)
	}
	_, err := WarningAt("w.yaml", []byte(src), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("w.yaml:%d", strings.Count(src[:at], "\n")+1)) || !strings.Contains(err.Error(), "born/0 is 2090-01-02, which is still to come") {
		t.Errorf("said: %v", err)
	}
	if _, err := WarningAt("w.yaml", data, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}
