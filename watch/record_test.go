package watch

import (
	"errors"
	"strings"
	"testing"

	"heed"
)

func TestRecordCheck(t *testing.T) {
	good := record("Ignat Boreyko", "1980-02-03")
	good.Nationalities, good.Sex = []heed.Country{"UA"}, heed.SexMale
	if err := good.Check(); err != nil {
		t.Errorf("%v", err)
	}
	for path, change := range map[string]func(*Record){
		"id":                 func(r *Record) { r.ID = strings.Repeat("a", MaxRecordID+1) },
		"type":               func(r *Record) { r.Type = "cruise" },
		"names":              func(r *Record) { r.Names = make([]heed.Name, heed.MaxNames+1) },
		"names/0/text":       func(r *Record) { r.Names[0].Text = "\xff" },
		"mrz":                func(r *Record) { r.MRZ = strings.Repeat("<", MaxMRZ+1) },
		"born":               func(r *Record) { r.Born.From.Month = 13 },
		"sex":                func(r *Record) { r.Sex = "m" },
		"nationalities/0":    func(r *Record) { r.Nationalities[0] = "ua" },
		"documents/0/number": func(r *Record) { r.Documents = []heed.Document{{}} },
		"vehicle/plate":      func(r *Record) { r.Vehicle.Plate = strings.Repeat("A", MaxText+1) },
	} {
		r := record("Ignat Boreyko", "1980-02-03")
		r.Nationalities = []heed.Country{"UA"}
		change(&r)
		var field *heed.FieldError
		if err := r.Check(); !errors.As(err, &field) || field.Path != path {
			t.Errorf("%s: %v", path, err)
		}
		New(model(t)).NewScreener().Screen(r) // refused or not, it can be screened
	}
	if _, err := ParseRecordType("border"); err != nil {
		t.Error(err)
	}
	if _, err := ParseRecordType("Border"); err == nil {
		t.Error("another spelling is taken")
	}
}

func TestOrganisations(t *testing.T) {
	for text, want := range map[string][2]string{
		"Vostok-Trans LLC":           {"Vostok-Trans", "llc"},
		`ООО "Восток-Транс"`:         {"Восток-Транс", "ооо"},
		"Vostok Trans, S.A. de C.V.": {"Vostok Trans de", "sa cv"},
		"Limited":                    {"Limited", ""},
	} {
		if name, form := splitLegalForm(text); name != want[0] || form != want[1] {
			t.Errorf("%s: %q and %q", text, name, form)
		}
	}
	x := New(model(t))
	put(t, x, Subject{ID: "body", Organisation: &heed.Organisation{Names: []heed.Name{{Text: `ООО "Востокнефтегаз Логистика"`}}}})
	s := x.NewScreener()
	if got := hitIDs(s.Screen(Record{Organisation: "Vostokneftegaz Logistika Ltd"})); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := s.Screen(record("Vostokneftegaz Logistika", "")); len(got) != 0 {
		t.Error("a person's name found an organisation")
	}
}
