package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"heed"
)

// gathered is what a row under headings states, as JSON, and what was left out.
func gathered(t *testing.T, headings, row string) (string, []string, error) {
	t.Helper()
	h, err := header(headings, "")
	if err != nil {
		t.Fatal(err)
	}
	values, err := h.Values(Row{Fields: strings.Split(row, ","), At: Place{Line: 2}})
	if err != nil {
		return "", nil, err
	}
	p, problems, err := Reading{File: "p.csv", Dates: NewDates(OrderAuto), Now: now, Many: true}.Gather(2, values)
	if err != nil {
		return "", nil, err
	}
	data, err := json.Marshal(map[string]any{"n": p.Names, "b": p.Born, "s": p.Sex, "c": p.Nationalities, "d": p.Documents, "v": p.Vehicle, "o": p.Organisations})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range problems {
		left = append(left, e.Error())
	}
	return string(data), left, nil
}

func TestParticulars(t *testing.T) {
	for name, test := range map[string]struct {
		headings, row string
		want          []string // parts of it
		left          string   // a part of the one thing that was left out
	}{
		"parts of a name":        {"surname,first name,patronymic", "Петров,Иван,Сергеевич", []string{`"text":"Иван Сергеевич Петров"`, `"family":"Петров"`, `"given":"Иван Сергеевич"`}, ""},
		"family first":           {"surname,first name", "王,小明", []string{`"text":"王小明"`}, ""},
		"a name and its parts":   {"name,surname,first name", "Ivan Petrov,Petrov,Ivan", []string{`[{"text":"Ivan Petrov","use":"primary"}]`}, ""},
		"aliases":                {"name,aka", "Ivan Petrov,Vanya; Ivan P | Petrov", []string{`{"text":"Vanya","use":"alias"},{"text":"Ivan P","use":"alias"},{"text":"Petrov","use":"alias"}`}, ""},
		"blanks and marks":       {"name", " Ivan\t \u202ePetrov\u202c ", []string{`"text":"Ivan Petrov"`}, ""},
		"two documents":          {"name,document number 1,document type 1,document number 2,document country 2", "x,A1,P,B2,FRA", []string{`{"type":"passport","number":"A1"},{"type":"other","country":"FR","number":"B2"}`}, ""},
		"a passport's country":   {"name,passport", "x,12345 (Egypt); 678", []string{`{"type":"passport","country":"EG","number":"12345"},{"type":"passport","number":"678"}`}, ""},
		"nationalities":          {"name,nationality", "x,RU;Germany", []string{`"c":["RU","DE"]`}, ""},
		"no such nationality":    {"name,nationality", "x,Atlantis", []string{`"c":null`}, `column "nationality": is "Atlantis", which is not a country; it is left out`},
		"no such sex":            {"name,sex", "x,?!Q", nil, "is no sex that documents state"},
		"an unspecified sex":     {"name,sex", "x,X", []string{`"s":""`}, ""},
		"no such document":       {"name,document number,document type", "x,1,scroll", []string{`{"type":"other","number":"1"}`}, `no sort of document`},
		"several births":         {"name,born", "x,1990-05-14;1991", []string{`"b":["1990-05-14","1991"]`}, ""},
		"an unknown birth":       {"name,born", "x,unknown", []string{`"b":null`}, ""},
		"a vehicle":              {"plate,make,colour", "AB 123,Volvo,red", []string{`"plate":"AB 123"`, `"colour":"red"`}, ""},
		"a VIN":                  {"vin", "wvwzzz1jz-xw000001", []string{`"vin":"WVWZZZ1JZXW000001"`}, ""},
		"no VIN":                 {"name,vin", "x,123", []string{`"v":{}`}, "not a vehicle identification number"},
		"a person's red car":     {"name,colour", "x,red", []string{`"v":{}`}, ""},
		"a zone beside a name":   {"name,mrz", "x,P<UTO", []string{`"text":"x"`}, "is no machine-readable zone; it is left out"},
		"a zone before a birth":  {"mrz,born", "I<UTOD231458907<<<<<<<<<<<<<<<|7408122F1204159UTO<<<<<<<<<<<6|ERIKSSON<<ANNA<MARIA<<<<<<<<<<,1974-12-08", []string{`"b":["1974-12-08","1974-08-12"]`}, ""},
		"an organisation":        {"organisation", "North Ltd", []string{`"o":[{"text":"North Ltd"}]`}, ""},
		"empty values":           {"name,born,sex,nationality", "x,,,", []string{`"b":null`}, ""},
		"values for no column":   {"name,born", "x,,,", []string{`"b":null`}, ""},
		"a name in many spaces":  {"name", "a\u00a0\u2003b", []string{`"text":"a b"`}, ""},
		"a name after its comma": {"surname,given", "O'Neill,Mary-Jane", []string{`"text":"Mary-Jane O'Neill"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, left, err := gathered(t, test.headings, test.row)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %s in it", got, want)
				}
			}
			if (test.left == "") != (len(left) == 0) || len(left) > 0 && !strings.Contains(left[0], test.left) {
				t.Errorf("left out: %q, want %q", left, test.left)
			}
		})
	}
}

// What would hide somebody in silence costs the record.
func TestParticularsRefused(t *testing.T) {
	long := strings.Repeat("x", heed.MaxLabel+1)
	for name, test := range map[string]struct{ headings, row, where, what string }{
		"an ambiguous birth": {"name,DOB", "x,05/06/1990", `p.csv, line 2, column "DOB"`, "may be 1990-06-05 or 1990-05-06"},
		"no birth":           {"name,DOB", "x,soon", `column "DOB"`, `is "soon", which is not a date`},
		"a long name":        {"name", long, `column "name"`, "more than 200 characters"},
		"a long number":      {"name,passport", "x," + long, `column "passport"`, "more than 200 characters"},
		"no zone":            {"mrz", "P<UTO", `column "mrz"`, "is no machine-readable zone"},
		"more values":        {"name,born", "x,1990,Smith", "p.csv, line 2", `3 values for 2 columns: "Smith"`},
		"a long id":          {"id,name", strings.Repeat("1", MaxID+1) + ",x", `column "id"`, "more than 200 bytes"},
	} {
		_, _, err := gathered(t, test.headings, test.row)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Place(), test.where) || !strings.Contains(e.What, test.what) || len(e.Error()) > 400 {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

// Nobody is born on a day that is to come. A day ahead it may have begun where the
// record was made.
func TestBirthsToCome(t *testing.T) {
	for born, want := range map[string]string{"2026-11-24": "2026-11-24", "2026": "2026", "2026/2030": "2026/2030", "2026-11-25": "", "2026-12": "", "2027~": "", "2099-01-01": ""} {
		got, left, err := gathered(t, "name,born", "x,"+born)
		if err != nil {
			t.Errorf("%s: %v", born, err)
			continue
		}
		switch said := strings.Join(left, "; "); {
		case want != "" && (!strings.Contains(got, `"b":["`+want+`"]`) || said != ""), want == "" && !strings.Contains(got, `"b":null`):
			t.Errorf("%s is read as %s, left out: %s", born, got, said)
		case want == "" && !strings.Contains(said, `p.csv, line 2, column "born": has the date of birth `+born+", which is still to come; it is left out (is the year right?)"):
			t.Errorf("%s: %q is said", born, said)
		}
	}
}

// However much a record has, a subject's bounds hold, and what went beyond is said.
func TestParticularsAreBounded(t *testing.T) {
	var names, births, papers, nations []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("name %d", i))
		births = append(births, fmt.Sprint(1900+i))
		papers = append(papers, fmt.Sprintf("N%d", i))
	}
	for _, c := range countryNames {
		nations = append(nations, string(c))
	}
	reading := Reading{Dates: NewDates(OrderAuto), Now: now, Many: true}
	p, problems, err := reading.Gather(1, []Value{
		{Field: FieldAlias, Text: strings.Join(names, ";")}, {Field: FieldBorn, Text: strings.Join(births, ";")}, {Field: FieldPassport, Text: strings.Join(papers, ";")},
		{Field: FieldNationality, Text: strings.Join(nations, ";")}, {Field: FieldFamily, Text: "Petrov"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Names) != heed.MaxNames || len(p.Born) != heed.MaxBirths || len(p.Documents) != heed.MaxDocuments || len(p.Nationalities) != heed.MaxNationalities {
		t.Errorf("%d names, %d births, %d documents, %d nationalities", len(p.Names), len(p.Born), len(p.Documents), len(p.Nationalities))
	}
	if p.Names[0].Text != "Petrov" {
		t.Errorf("the name in parts was left out for an alias: %v", p.Names[0])
	}
	if n := len(problems); n != maxProblems+1 || !strings.Contains(problems[n-1].What, fmt.Sprint(50+80+50+1-maxProblems)) {
		t.Errorf("what was left out: %d, the last: %v", n, problems[n-1])
	}
}
