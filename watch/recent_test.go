package watch

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"heed"
)

func TestRecent(t *testing.T) {
	x := NewRecent(model(t))
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	add := func(id string, r Record, expires time.Time) {
		t.Helper()
		if err := x.Add(id, r, expires); err != nil {
			t.Fatal(err)
		}
	}
	traveller := record("ZAVGORODNIY, Oleksandr", "1986-10-21")
	traveller.Documents = []heed.Document{{Number: "EK104568", Country: "UA"}}
	traveller.Vehicle = heed.Vehicle{Plate: "K123OM77"}
	traveller.Organisation = "Vostok-Trans Logistika LLC"
	add("first", traveller, at.Add(time.Hour))
	add("second", record("Завгородній Олександр", "1986-10-21"), at.Add(2*time.Hour))
	for i, r := range devTravellers(t)[:200] {
		add(fmt.Sprintf("other%d", i), r, at.Add(3*time.Hour))
	}
	watched := person("a", "1986-10-21", "Oleksandr Zavgorodniy")
	check := func(name string, s Subject, want ...string) {
		t.Helper()
		got := x.Candidates(s)
		for _, id := range want {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %v lacks %s", name, got, id)
			}
		}
		if len(want) == 0 && (slices.Contains(got, "first") || slices.Contains(got, "second")) {
			t.Errorf("%s: %v", name, got)
		}
	}
	check("name", watched, "first", "second")
	check("document", Subject{ID: "b", Person: &heed.Person{Documents: []heed.Document{{Number: "EK 104568"}}}}, "first")
	check("plate", Subject{ID: "c", Vehicle: &heed.Vehicle{Plate: "К 123 ОМ 77"}}, "first")
	check("organisation", Subject{ID: "d", Organisation: &heed.Organisation{Names: []heed.Name{{Text: "OOO Vostok-Trans Logistika"}}}}, "first")
	check("another", person("e", "1950-01-02", "Quentin Vandermeersch"))

	add("first", record("Quentin Vandermeersch", ""), at.Add(4*time.Hour))
	if got := x.Candidates(watched); slices.Contains(got, "first") {
		t.Error("a replaced record is still found")
	}
	if got := x.Candidates(Subject{ID: "c", Vehicle: &heed.Vehicle{Plate: "К 123 ОМ 77"}}); len(got) != 0 {
		t.Errorf("a replaced record's plate is still found: %v", got)
	}
	if gone := x.Expire(at.Add(time.Hour)); len(gone) != 0 {
		t.Errorf("%v expired at the time that the record had before", gone)
	}
	if gone := x.Expire(at.Add(2 * time.Hour)); !slices.Equal(gone, []string{"second"}) {
		t.Errorf("%v expired", gone)
	}
	check("expired", watched)
	if !x.Remove("first") || x.Remove("first") {
		t.Error("Remove does not say whether the record was there")
	}
	if gone := x.Expire(at.Add(5 * time.Hour)); len(gone) != 200 || x.Len() != 0 || x.index.Len() != 0 || x.index.other.n != 0 {
		t.Errorf("%d expired, %d are left", len(gone), x.Len())
	}
}

func TestRecentIsBounded(t *testing.T) {
	x := NewRecent(model(t))
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i := range 5000 {
		if err := x.Add("same", record("Oleksandr Zavgorodniy", ""), at.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if len(x.queue) > 1100 {
		t.Errorf("%d times are queued for one record", len(x.queue))
	}
	var field *heed.FieldError
	if err := x.Add("", record("A", ""), at); !errors.As(err, &field) {
		t.Errorf("%v", err)
	}
	if err := x.Add("empty", Record{}, at); !errors.As(err, &field) {
		t.Errorf("%v", err)
	}
}
