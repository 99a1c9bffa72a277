package sheet

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The specimens are those of ICAO Doc 9303 parts 4, 5 and 6, of the state Utopia,
// which is none; the visas are made like them.
func TestMRZ(t *testing.T) {
	const (
		td3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
		td2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
		td1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
	)
	long := "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
	for name, test := range map[string]struct {
		text, want string
	}{
		"a passport":             {td3, `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"passport","number":"L898902C3"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"in one line":            {strings.ReplaceAll(td3, "\n", ""), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"passport","number":"L898902C3"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"with bars":              {strings.ReplaceAll(td3, "\n", "|"), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"passport","number":"L898902C3"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"in lower case":          {strings.ToLower(td3), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"passport","number":"L898902C3"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"a card of two lines":    {td2, `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"identity-card","number":"D23145890"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"a card of three lines":  {td1, `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"identity-card","number":"D23145890"},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":null}`},
		"a long number":          {long, `{"Name":"STEVENSON<<PETER<JOHN","Cut":false,"Document":{"type":"identity-card","number":"D23145890734"},"Nationality":"","Born":"1934-07-12","Sex":"male","Bad":null}`},
		"a digit of the number":  {strings.Replace(td3, "L898902C36", "L898902C37", 1), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"","number":""},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":["the check digit of the document number does not hold","the check digit over the whole zone does not hold"]}`},
		"a digit of the birth":   {strings.Replace(td3, "7408122F", "7408123F", 1), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"passport","number":"L898902C3"},"Nationality":"","Born":"","Sex":"female","Bad":["the check digit of the date of birth does not hold","the check digit over the whole zone does not hold"]}`},
		"an O for a zero":        {strings.Replace(td3, "L898902C36", "L8989O2C36", 1), `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"","number":""},"Nationality":"","Born":"1974-08-12","Sex":"female","Bad":["the check digit of the document number does not hold","the check digit over the whole zone does not hold"]}`},
		"a visa":                 {"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<", `{"Name":"ERIKSSON<<ANNA<MARIA","Cut":false,"Document":{"type":"visa","number":"L8988901C"},"Nationality":"","Born":"1940-09-07","Sex":"female","Bad":null}`},
		"a name that was cut":    {strings.Replace(td2, "<<ANNA<MARIA<<<<<<<<<<<", "<<ANNA<MARIA<WILHELMINE<", 1), ""},
		"a line too short":       {td3[:len(td3)-1], ""},
		"lines of wrong lengths": {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10<", ""},
		"no name":                {strings.Replace(td2, "ERIKSSON<<ANNA<MARIA", strings.Repeat("<", 20), 1), ""},
		"another character":      {strings.Replace(td2, "ANNA", "ÄNNA", 1), ""},
		"nothing":                {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMRZ(test.text, now)
			if test.want == "" {
				if err == nil && !m.Cut {
					t.Errorf("is read as %+v", m)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			e := json.NewEncoder(&got)
			e.SetEscapeHTML(false)
			if err := e.Encode(m); err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(got.String()) != test.want {
				t.Errorf("got  %s\nwant %s", got.String(), test.want)
			}
		})
	}
}

// Two digits of a year are the latest such year that is not to come.
func TestShortBirth(t *testing.T) {
	for text, want := range map[string]string{"900514": "1990-05-14", "261123": "2026-11-23", "261231": "1926-12-31", "260000": "2026", "270101": "1927-01-01", "000229": "2000-02-29", "850000": "1985", "850700": "1985-07", "85<<<<": "1985", "990231": "", "<<<<<<": "", "9o0514": ""} {
		b, ok := ShortBirth(text, now)
		if ok != (want != "") || b.String() != want {
			t.Errorf("%s is %v, %t; want %q", text, b, ok, want)
		}
	}
}

// Whatever is read from a zone stands behind check digits or among what is bad.
func FuzzMRZ(f *testing.F) {
	f.Add("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10")
	f.Add("I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMRZ(text, now)
		if err == nil && (m.Name == "" || strings.Trim(m.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "") {
			t.Fatalf("%q has the name %q", text, m.Name)
		}
	})
}
