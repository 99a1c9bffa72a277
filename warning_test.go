package heed

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// least is the smallest valid warning.
func least() Warning {
	return Warning{
		Headline:   "Bridge closed",
		Language:   "en",
		Narratives: []Narrative{{Language: "en", Text: "The bridge is closed."}},
		Category:   CategoryTransport,
		Urgency:    UrgencyExpected,
		Severity:   SeverityMinor,
		Certainty:  CertaintyObserved,
		Status:     StatusActual,
		Handling:   Handling{TLP: TLPClear},
	}
}

func TestLeastWarning(t *testing.T) {
	if err := least().Check(); err != nil {
		t.Fatal(err)
	}
	if least().AsksAnswer() {
		t.Error("it asks for nothing")
	}
	w := least()
	w.Asks = []Ask{{Code: AskAssess}, {Code: AskAnswer}}
	if !w.AsksAnswer() {
		t.Error("it asks for an answer")
	}
}

func TestEmptyWarningNamesEveryRequiredField(t *testing.T) {
	want := "headline language narratives category urgency severity certainty status handling/tlp"
	if got := strings.Join(badPaths(Warning{}.Check()), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func badPaths(err error) []string {
	if err == nil {
		return nil
	}
	var paths []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var field *FieldError
		if !errors.As(e, &field) {
			return []string{fmt.Sprintf("not a FieldError: %v", e)}
		}
		paths = append(paths, field.Path)
	}
	return paths
}

func TestWhatCheckRefuses(t *testing.T) {
	long := strings.Repeat("ё", MaxLabel+1)
	for name, c := range map[string]struct {
		change func(*Warning)
		paths  string // those that are wrong
	}{
		"two lines":             {func(w *Warning) { w.Headline = "a\nb" }, "headline"},
		"blank at the end":      {func(w *Warning) { w.Headline = "a " }, "headline"},
		"too long":              {func(w *Warning) { w.Reference = long }, "reference"},
		"not UTF-8":             {func(w *Warning) { w.Reference = "\xff" }, "reference"},
		"control character":     {func(w *Warning) { w.Reference = "a\x1b[2J" }, "reference"},
		"reversed text":         {func(w *Warning) { w.Reference = "a\u202eb" }, "reference"},
		"isolated text":         {func(w *Warning) { w.Narratives[0].Text = "a\u2067b" }, "narratives/0/text"},
		"lines in a narrative":  {func(w *Warning) { w.Narratives[0].Text = "a\n\tb" }, ""},
		"word of no list":       {func(w *Warning) { w.Urgency = "urgent"; w.Threat = "rain" }, "threat urgency"},
		"language casing":       {func(w *Warning) { w.Language = "EN-gb" }, "language"},
		"no language":           {func(w *Warning) { w.Language = "english!" }, "language"},
		"long language":         {func(w *Warning) { w.Language = Language("en" + strings.Repeat("-x", 20)) }, "language"},
		"language twice":        {func(w *Warning) { w.Narratives = append(w.Narratives, Narrative{Language: "en", Text: "b"}) }, "narratives/1/language"},
		"headline twice":        {func(w *Warning) { w.Narratives[0].Headline = "b" }, "narratives/0/headline"},
		"narrative says none":   {func(w *Warning) { w.Narratives = append(w.Narratives, Narrative{Language: "de"}) }, "narratives/1/text"},
		"headline translated":   {func(w *Warning) { w.Narratives = append(w.Narratives, Narrative{Language: "de", Headline: "b"}) }, ""},
		"window without ends":   {func(w *Warning) { w.Windows = []Window{{}} }, "windows/0"},
		"window backwards":      {func(w *Warning) { w.Windows = []Window{{From: onDay(t, "2026-11-24"), Until: onDay(t, "2026-11-20")}} }, "windows/0/until"},
		"window of one day":     {func(w *Warning) { w.Windows = []Window{{From: onDay(t, "2026-11-24"), Until: onDay(t, "2026-11-24")}} }, ""},
		"window nowhere":        {func(w *Warning) { w.Windows = []Window{{From: onDay(t, "2026-11-24"), Place: "x"}} }, "windows/0/place"},
		"moment out of form":    {func(w *Warning) { m := onDay(t, "2026-11-24"); m.Time = m.Time.Add(1); w.Windows = []Window{{From: m}} }, "windows/0/from"},
		"places alike":          {func(w *Warning) { w.Places = []Place{{Name: "x"}, {Name: "x"}} }, "places/1/name"},
		"country in lower case": {func(w *Warning) { w.Places = []Place{{Name: "x", Country: "bv"}} }, "places/0/country"},
		"region, not country":   {func(w *Warning) { w.Places = []Place{{Name: "x", Country: "ZZ"}, {Name: "y", Country: "419"}} }, "places/0/country places/1/country"},
		"off the globe": {func(w *Warning) {
			w.Places = []Place{{Name: "x", Point: &Point{Latitude: 90_000_001, Longitude: -180_000_001, Radius: -1}}}
		}, "places/0/point/latitude places/0/point/longitude places/0/point/radius"},
		"null island":       {func(w *Warning) { w.Places = []Place{{Name: "x", Point: &Point{}}} }, ""},
		"nobody":            {func(w *Warning) { w.Persons = []Person{{Sex: SexMale}} }, "persons/0"},
		"name without text": {func(w *Warning) { w.Persons = []Person{{Names: []Name{{Use: NameAlias}}}} }, "persons/0/names/0/text"},
		"no script":         {func(w *Warning) { w.Persons = []Person{{Names: []Name{{Text: "a", Script: "cyrl"}}}} }, "persons/0/names/0/script"},
		"any script": {func(w *Warning) {
			w.Persons = []Person{{Names: []Name{{Text: "Жущёв"}, {Text: "جوشیف‌زاده"}, {Text: "茹謝夫"}}}}
		}, ""},
		"born never": {func(w *Warning) {
			w.Persons = []Person{{Description: "a", Born: []Birth{{}, {From: PartialDate{Year: 1990, Day: 3}}}}}
		}, "persons/0/born/0 persons/0/born/1"},
		"born twice alike": {func(w *Warning) {
			b := Birth{From: PartialDate{Year: 1990}}
			w.Persons = []Person{{Description: "a", Born: []Birth{b, b}}}
		}, "persons/0/born/1"},
		"nationality twice":  {func(w *Warning) { w.Persons = []Person{{Description: "a", Nationalities: []Country{"BV", "BV"}}} }, "persons/0/nationalities/1"},
		"document unnamed":   {func(w *Warning) { w.Persons = []Person{{Documents: []Document{{Type: "pass"}}}} }, "persons/0/documents/0/type persons/0/documents/0/number"},
		"vehicle unnamed":    {func(w *Warning) { w.Vehicles = []Vehicle{{Colour: "red"}, {VIN: "1M8GDM9AXKP04278O"}} }, "vehicles/0 vehicles/1/vin"},
		"organisation":       {func(w *Warning) { w.Organisations = []Organisation{{Registrations: []Registration{{}}}} }, "organisations/0/names organisations/0/registrations/0/register organisations/0/registrations/0/number"},
		"indicator shouting": {func(w *Warning) { w.Indicators = []Indicator{{Type: "IP", Value: "1"}, {}} }, "indicators/0/type indicators/1/type indicators/1/value"},
		"ask for nothing":    {func(w *Warning) { w.Asks = []Ask{{}, {Code: AskOther}} }, "asks/0/code asks/1/text"},
		"ends without end":   {func(w *Warning) { w.Asks = []Ask{{Code: AskReportTravel, Until: onDay(t, "2027-01-01")}} }, "asks/0/until"},
		"confidence":         {func(w *Warning) { w.Source.Confidence = 101 }, "source/confidence"},
		"H3 unsaid":          {func(w *Warning) { w.Handling.PoliceCodes = []PoliceCode{H3} }, "handling/restriction"},
		"unrestricted":       {func(w *Warning) { w.Handling.Restriction = "x" }, "handling/restriction"},
		"code twice":         {func(w *Warning) { w.Handling.PoliceCodes = []PoliceCode{H1, H1} }, "handling/police-codes/1"},
		"release to whom":    {func(w *Warning) { w.Handling.ReleaseTo = []PartyID{"x", "a.example", "a.example"} }, "handling/release-to/0 handling/release-to/2"},
		"waived without why": {func(w *Warning) { w.DutyBasis.Ground = GroundWaiver }, "duty-basis/reason"},
		"reason of nothing":  {func(w *Warning) { w.DutyBasis.Reason = "x" }, "duty-basis/ground"},
		"attachments": {func(w *Warning) {
			w.Attachments = []Attachment{{Name: "../a", MediaType: "pdf"}, {Name: "b.PDF", MediaType: "application/pdf"}, {Name: "B.pdf", MediaType: "application/pdf; x=1"}}
		}, "attachments/0/name attachments/0/media-type attachments/2/name attachments/2/media-type"},
		"too many": {func(w *Warning) {
			for i := range MaxPlaces + 1 {
				w.Places = append(w.Places, Place{Name: fmt.Sprint(i)})
			}
		}, "places"},
	} {
		t.Run(name, func(t *testing.T) {
			w := least()
			c.change(&w)
			err := w.Check()
			if got := strings.Join(badPaths(err), " "); got != c.paths {
				t.Errorf("wrong at %q, want %q: %v", got, c.paths, err)
			}
		})
	}
}

func onDay(t *testing.T, s string) Moment {
	m, err := ParseMoment(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestIndicatorsHaveOneSpelling(t *testing.T) {
	for _, c := range []struct {
		kind       IndicatorType
		good, evil string // separated by blanks
	}{
		{IndicatorIPv4, "192.0.2.7 192.0.2.0/24", "192.0.2.256 192.0.2.07 192.0.2.7/24 2001:db8::1 x"},
		{IndicatorIPv6, "2001:db8::7 2001:db8::/32", "2001:DB8::7 2001:db8:0::7 fe80::1%eth0 192.0.2.7"},
		{IndicatorDomain, "mail.example.net xn--bcher-kva.example _dmarc.example.net", "Example.net example example.net. -a.example " + strings.Repeat("a.", 130) + "net"},
		{IndicatorEmail, "a@example.net", "a a@ @b a@b@c"},
		{IndicatorPhone, "+441632960001", "00441632960001 +0123 01632960001 +44-1632"},
		{IndicatorMD5, strings.Repeat("0f", 16), strings.Repeat("0F", 16) + " 00"},
		{IndicatorSHA1, strings.Repeat("0f", 20), strings.Repeat("0f", 16)},
		{IndicatorSHA256, strings.Repeat("0f", 32), strings.Repeat("0f", 16)},
		{IndicatorSHA512, strings.Repeat("0f", 64), strings.Repeat("0g", 64)},
		{IndicatorVulnerability, "CVE-2026-12345", "cve-2026-12345 CVE-26-1"},
		{"iban", "anything GB00", ""},
	} {
		for value := range strings.FieldsSeq(c.good) {
			if hint := c.kind.spelling(value); hint != "" {
				t.Errorf("%s %s is refused: %s", c.kind, value, hint)
			}
		}
		for value := range strings.FieldsSeq(c.evil) {
			if c.kind.spelling(value) == "" {
				t.Errorf("%s %s is admitted", c.kind, value)
			}
		}
	}
}

func TestFileNames(t *testing.T) {
	for _, s := range []string{"a.pdf", "Жущёв.jpg", "a b.tar.gz"} {
		if !IsFileName(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", ".", "..", ".bashrc", "-rf", "a/b", `a\b`, "a:b", "a ", "a.", "nul?", strings.Repeat("a", 201)} {
		if IsFileName(s) {
			t.Errorf("%q is admitted", s)
		}
	}
}

func TestDegreesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Degrees(rapid.Int32Range(-360_000_000, 360_000_000).Draw(t, "microdegrees"))
		if again, err := ParseDegrees(d.String()); err != nil || again != d {
			t.Fatalf("%s is read as %s, %v", d, again, err)
		}
		if DegreesOf(d.Float()) != d {
			t.Fatalf("%s as a float is %v, and back %s", d, d.Float(), DegreesOf(d.Float()))
		}
		// The spelling is that of RFC 8785, which is ECMAScript's.
		if text, err := json.Marshal(d.Float()); err != nil || d != 0 && (d > 99 || d < -99) && string(text) != d.String() {
			t.Fatalf("%s, but JSON has %s", d, text)
		}
	})
	for _, s := range []string{"", "-", ".5", "5.", "1e1", "+1", "01", "1.1234567", "1000", "1_0", "0x1", "999999999", " 1", "1.-5", "--1"} {
		if d, err := ParseDegrees(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
}

// A warning shown as JSON (heed show --json) has the keys that people write.
func TestWarningAsJSON(t *testing.T) {
	w := least()
	w.Windows = []Window{{From: onDay(t, "2026-11-24T06:00:00Z"), Place: "x"}}
	w.Places = []Place{{Name: "x", Point: &Point{Latitude: 52_525_100}}}
	w.Persons = []Person{{Names: []Name{{Text: "Жущёв"}}, Born: []Birth{{From: PartialDate{Year: 1987}}}}}
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"headline":"Bridge closed","language":"en","narratives":[{"language":"en","text":"The bridge is closed."}],` +
		`"category":"Transport","urgency":"Expected","severity":"Minor","certainty":"Observed","status":"Actual",` +
		`"windows":[{"from":"2026-11-24T06:00:00Z","place":"x"}],"places":[{"name":"x","point":{"latitude":52.5251,"longitude":0}}],` +
		`"persons":[{"names":[{"text":"Жущёв"}],"born":["1987"]}],"handling":{"tlp":"CLEAR"}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var again Warning
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, w) {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

// Who writes a warning is told of a date that is to come; who receives one judges
// it by what does not depend on the day.
func TestWarningDates(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)
	born := func(s string) Birth {
		b, err := ParseBirth(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	w := Warning{Persons: []Person{{}, {Born: []Birth{born("1990"), born("2026-11-24"), born("2026/2030"), born("2026-11-25"), born("2090~")}}}}
	err := w.CheckDates(now)
	if err == nil {
		t.Fatal("nothing is said of 2026-11-25")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 2 || !strings.Contains(lines[0], "persons/1/born/3") || !strings.Contains(lines[0], "is 2026-11-25, which is still to come") || !strings.Contains(lines[1], "persons/1/born/4") {
		t.Errorf("said: %v", err)
	}
	if err := w.CheckDates(now.AddDate(100, 0, 0)); err != nil {
		t.Errorf("a century later: %v", err)
	}
}
