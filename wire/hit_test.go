package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"heed"
)

func sampleHits() map[string]heed.HitReport {
	born := func(s string) heed.Birth {
		b, err := heed.ParseBirth(s)
		if err != nil {
			panic(err) // a constant of this file
		}
		return b
	}
	return map[string]heed.HitReport{
		"whole": {
			Subject: "persons/0", Record: heed.RecordBorder, At: heed.MomentAt(time.Date(2026, 11, 22, 21, 40, 0, 0, time.UTC)), Where: "North Harbour - Ferry Quay, NF 12",
			Name: "ЖУЩЕВ ЮЛИАН", Born: born("1987-05-14"), Document: &heed.Document{Type: heed.DocumentPassport, Country: "HM", Number: "0017345"},
			Score: 9731, Threshold: 9000, Model: "n3-w2",
		},
		"as little as can be told": {Subject: "organisations/199", Record: heed.RecordVisitor, Threshold: heed.MaxScore},
		"withdrawn":                {Subject: "persons/0", Record: heed.RecordBorder, Verdict: heed.DifferentPerson, Score: 9731, Threshold: 9000, Model: "n3-w2"},
		"of a day": {
			Subject: "vehicles/7", Record: heed.RecordPassenger, At: heed.MomentOn(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), Born: born("1986/1988"),
			Document: &heed.Document{Type: heed.DocumentOther, Number: "A 1 B"}, Score: heed.MaxScore, Threshold: 5000,
		},
	}
}

func TestHitReportVectors(t *testing.T) {
	v := readFormatVectors(t)
	if len(v.Hits) != len(sampleHits()) {
		t.Errorf("%d vectors", len(v.Hits))
	}
	for _, want := range v.Hits {
		report := sampleHits()[want.Name]
		data, err := EncodeHitReport(report)
		if err != nil || string(data) != want.Text {
			t.Fatalf("%s: written as\n%s%v, want\n%s", want.Name, data, err, want.Text)
		}
		if read, err := ParseHitReport(data); err != nil || !reflect.DeepEqual(read, report) {
			t.Errorf("%s: read as %+v, %v", want.Name, read, err)
		}
	}
}

func TestHitReportHasOneForm(t *testing.T) {
	whole, err := EncodeHitReport(sampleHits()["whole"])
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another version":      {"report/v1", "report/v2"},
		"no such list":         {"persons/0", "people/0"},
		"beyond the list":      {"persons/0", "persons/200"},
		"a leading zero":       {"persons/0", "persons/00"},
		"an unknown record":    {"record: border", "record: hotel"},
		"a verdict of nothing": {"record: border\n", "record: border\nverdict: same-person\n"},
		"an unknown verdict":   {"record: border\n", "record: border\nverdict: perhaps\n"},
		"an empty line":        {"where: North Harbour - Ferry Quay, NF 12", "where: "},
		"lines out of order":   {"name: ЖУЩЕВ ЮЛИАН\nborn: 1987-05-14", "born: 1987-05-14\nname: ЖУЩЕВ ЮЛИАН"},
		"a control character":  {"NF 12", "NF\x0712"},
		"a hidden override":    {"NF 12", "NF\u202e12"},
		"a time with millis":   {"21:40:00Z", "21:40:00.000Z"},
		"another offset":       {"21:40:00Z", "22:40:00+01:00"},
		"no such date":         {"1987-05-14", "1987-02-30"},
		"a document of none":   {"document: passport", "document: library-card"},
		"a document's country": {"passport HM", "passport hm"},
		"three decimals":       {"0.9731", "0.973"},
		"beyond one":           {"0.9731", "1.0001"},
		"a sign":               {"0.9731", "+0.9731"},
		"no threshold":         {"threshold: 0.9000\n", ""},
		"an empty model":       {"model: n3-w2", "model: "},
		"a model of two words": {"model: n3-w2", "model: n3 w2"},
		"a line more":          {"model: n3-w2\n", "model: n3-w2\nnote: x\n"},
		"no end":               {"model: n3-w2\n", "model: n3-w2"},
	} {
		if strings.Count(string(whole), change[0]) != 1 {
			t.Errorf("%s: changes nothing", name)
		}
		if read, err := ParseHitReport([]byte(strings.Replace(string(whole), change[0], change[1], 1))); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v, %v", name, read, err)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "invalid UTF-8": append([]byte(hitReportFirst+"\nsubject: "), 0xff, '\n'), "too much": make([]byte, MaxHitReport+1),
	} {
		if _, err := ParseHitReport(data); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is refused when it is read is not written either, and the error names the field.
func TestHitReportIsCheckedBeforeItIsWritten(t *testing.T) {
	report := sampleHits()["whole"]
	report.Subject, report.Score, report.Name = "persons/-1", heed.MaxScore+1, strings.Repeat("x", heed.MaxLabel+1)
	data, err := EncodeHitReport(report)
	if data != nil || !errors.As(err, new(*heed.FieldError)) {
		t.Fatalf("%q, %v", data, err)
	}
	for _, field := range []string{"subject", "score", "name"} {
		if !strings.Contains(err.Error(), field+" ") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

func FuzzParseHitReport(f *testing.F) {
	for _, report := range sampleHits() {
		data, err := EncodeHitReport(report)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := ParseHitReport(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again, err := EncodeHitReport(report); err != nil || string(again) != string(data) {
			t.Fatalf("written again as\n%s%v", again, err)
		}
	})
}
