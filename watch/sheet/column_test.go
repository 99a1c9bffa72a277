package sheet

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heed"
)

func header(headings string, mapping string) (*Header, error) {
	m, err := ParseMapping(mapping)
	if err != nil {
		return nil, err
	}
	return NewHeader("p.csv", Row{Fields: strings.Split(headings, ","), At: Place{Line: 1}}, m)
}

// states is what the columns of a header state, in their order.
func states(h *Header) []string {
	var all []string
	for _, c := range h.columns {
		all = append(all, string(c.field))
	}
	return all
}

func TestHeadings(t *testing.T) {
	for headings, want := range map[string]string{
		"name,born":                               "name,born",
		"Full Name,DOB,Nationality":               "name,born,nationality",
		"SURNAME,First_Name,Date of birth,Gender": "family,given,born,sex",
		"Last-Name, Given names ,Passport No.":    "family,given,passport",
		"Фамилия,Имя,Отчество,Дата рождения,Гражданство": "family,given,middle,born,nationality",
		"ФИО,дата рождения,пол,паспорт":                  "name,born,sex,passport",
		"Prénom,Nom de famille":                           "given,family",
		"passport 1,passport 2":                           "passport,passport",
		"doc type 1,doc number 1,doc type 2,doc number 2": "document type,document number,document type,document number",
		"record_id,name,flight,from,to":                   "id,name,carrier,from,to",
		"plate,VIN,licence plate 2":                       "plate,vin,plate",
		"mrz":                                             "mrz",
		"name,seat,gate":                                  "name,,",
		"employer":                                        "organisation",
	} {
		h, err := header(headings, "")
		if err != nil {
			t.Errorf("%s: %v", headings, err)
		} else if got := strings.Join(states(h), ","); got != want {
			t.Errorf("%s states %s, want %s", headings, got, want)
		}
	}
}

// Every refusal says where, what was found, and what to do.
func TestHeadingsRefused(t *testing.T) {
	for name, test := range map[string]struct{ headings, mapping, where, what, hint string }{
		"nobody":               {"foo,bar", "", "p.csv, line 1", `the columns are "foo", "bar"`, "name, family, given"},
		"nobody, but nearly":   {"seat,pasenger nam", "", "p.csv, line 1", "no column names anybody", `--columns "name=pasenger nam"`},
		"nearly a known one":   {"name,date of brth", "", `p.csv, line 1, column "date of brth"`, `nearly "date of birth"`, `--columns "ignore=date of brth"`},
		"twice":                {"name,DOB,born", "", `column "born"`, `states "born", as column "DOB" does`, `--columns "born=born"`},
		"mapped and not there": {"name,DOB", "born=Birthday", `column "Birthday"`, "is not among the columns", `the columns are "name", "DOB"`},
		"an unknown field":     {"name", "nmae=name", "", `the field "nmae", which is not known`, "the fields are id, type, name"},
		"a near field":         {"name", "passpor=name", "", `the field "passpor"`, `is "passport" meant?`},
		"no mapping":           {"name", "born", "", "names no column", "--columns"},
	} {
		_, err := header(test.headings, test.mapping)
		var e *Error
		var invalid *heed.Invalid
		if !errors.As(err, &e) || !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(e.Place(), test.where) || !strings.Contains(e.What, test.what) || !strings.Contains(e.Hint, test.hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMappingGoesFirst(t *testing.T) {
	h, err := header("name,DOB,Entered,Hotel", `born=Entered,ignore=DOB,organisation="Hotel"`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := states(h), []string{"name", "ignore", "born", "organisation"}; !slices.Equal(got, want) {
		t.Errorf("states %q, want %q", got, want)
	}
	// A mapped field is read from nowhere else.
	h, err = header("name,full name,seat", "name=full name")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := states(h), []string{"", "name", ""}; !slices.Equal(got, want) {
		t.Errorf("states %q, want %q", got, want)
	}
	if got, want := h.Unread(), []string{"name", "seat"}; !slices.Equal(got, want) {
		t.Errorf("unread are %q, want %q", got, want)
	}
}

// What a stranger calls its values costs little, and nothing of it stays.
func TestUnknownKeysCostLittle(t *testing.T) {
	keys := NewKeys("body", nil)
	long := strings.Repeat("x", MaxKey)
	for i := range 2 * maxUnknown {
		_, _, err := keys.Means(7, long+strconv.Itoa(i))
		var e *Error
		if !errors.As(err, &e) || e.Line != 7 || !strings.Contains(e.What, "a key of 20") || e.Hint == "" || len(err.Error()) > 400 {
			t.Fatalf("a key of more than %d bytes: %v", MaxKey, err)
		}
	}
	if len(keys.near) > 0 {
		t.Errorf("%d keys that are too long are remembered", len(keys.near))
	}
	if field, _, err := keys.Means(7, long); field != "" || err != nil {
		t.Errorf("a key of %d bytes means %q, %v", MaxKey, field, err)
	}
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		i++
		if _, _, err := keys.Means(1, "gate entered "+strconv.Itoa(i)); err != nil {
			t.Error(err)
		}
	}); n > 40 {
		t.Errorf("an unknown key takes %.0f allocations: is the vocabulary folded again for each?", n)
	}
}

// No heading means two things.
func TestVocabularyIsPlain(t *testing.T) {
	seen := map[string]Field{}
	for _, f := range Fields() {
		for _, name := range f.Names() {
			word := fold(name)
			if before, ok := seen[word]; ok && before != f {
				t.Errorf("%q is a heading of %q and of %q", name, before, f)
			}
			if word == "" || strings.TrimRight(word, "0123456789") != word {
				t.Errorf("%q ends with a number, which is a group's", name)
			}
			seen[word] = f
		}
	}
}

func TestCountryNamed(t *testing.T) {
	for s, want := range map[string]heed.Country{
		"DE": "DE", "de": "DE", "DEU": "DE", "D": "DE", "D<<": "DE", "Germany": "DE", "GERMANY": "DE", "Германия": "DE", "RUS": "RU", "Russian Federation": "RU", "россия": "RU", "Korea, North": "KP",
		"UK": "GB", "GBR": "GB", "GBD": "GB", "Côte d'Ivoire": "CI", "Cote d’Ivoire": "CI", "Bosnia and Herzegovina": "BA", "RKS": "XK", "XXA": Stateless, "stateless": Stateless, "Türkiye": "TR",
		"Congo, Democratic Republic of the": "CD", "USA": "US",
	} {
		if got, ok := CountryNamed(s); !ok || got != want {
			t.Errorf("%q is %q, %t; want %q", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "ZZ", "QQQ", "EU", "Atlantis", "419", "001", "DDR", "AA"} {
		if got, ok := CountryNamed(s); ok {
			t.Errorf("%q is %q", s, got)
		}
	}
	// What is read can stand in a warning.
	for name, c := range countryNames {
		if again, ok := CountryNamed(string(c)); !ok || again != c {
			t.Errorf("%s is %s, which is %s, %t", name, c, again, ok)
		}
	}
}
