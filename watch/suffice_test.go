package watch

import "testing"

// A name that very many bear is no hit by itself; with a date of birth it is.
func TestNamesSuffice(t *testing.T) {
	x := New(model(t))
	for name, want := range map[string]bool{"Tamerlan Tsarnaev": true, "Царнаев Тамерлан": true, "Muhammad Ali": false, "Li Wei": false} {
		s := person("sought", "1970-03-04", name)
		put(t, x, s)
		if got := x.NamesSuffice(s); got != want {
			t.Errorf("%s by its name alone: %v, want %v", name, got, want)
		}
		if got := len(x.NewScreener().Screen(record(name, ""))); (got > 0) != want {
			t.Errorf("%s without a date of birth: %d hits", name, got)
		}
		if got := len(x.NewScreener().Screen(record(name, "1970-03-04"))); got != 1 {
			t.Errorf("%s with its date of birth: %d hits", name, got)
		}
	}
	if !x.NamesSuffice(Subject{ID: "car"}) {
		t.Error("what is no person")
	}
}
