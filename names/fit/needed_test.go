package fit

import (
	"math"
	"testing"

	"heed/names"
	"heed/watch"
)

// A longer list needs more evidence, by its logarithm and within bounds.
func TestNeededGrows(t *testing.T) {
	n := &Needed{Names: 10_000, Growth: map[string]float64{"name": 0.5, "dated": 1},
		Name: map[string]float64{"latn": 2}, Dated: map[string]float64{"latn": 4}}
	for _, c := range []struct {
		dated  bool
		listed int
		want   int32
	}{
		{false, 10_000, 200}, {true, 10_000, 400},
		{true, 100_000, 400 + 230}, {false, 100_000, 200 + 115}, {true, 1_000, 400 - 230},
		{true, 0, 400 - 230}, {true, 1 << 40, 400 + 921},
	} {
		if got := n.Points(names.ClassLatin, c.dated, c.listed); got != c.want {
			t.Errorf("dated %v, %d names: %d, want %d", c.dated, c.listed, got, c.want)
		}
	}
}

// What a whole record needs is what one traveller in a thousand has at most; a
// date of birth that chance makes agree asks for more.
func TestFitNeeded(t *testing.T) {
	set, _ := small(t)
	set.Travellers = set.Travellers[:200]
	m, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	read := NewReader()
	beside := FitBeside(set, set.Records)
	n := FitNeeded(set, m, beside, read)
	if n.Names == 0 || len(n.Name) != int(names.Classes) || len(n.Dated) != int(names.Classes) {
		t.Fatalf("%+v", n)
	}
	for what, growth := range n.Growth {
		if growth < 1 || growth > 1.5 {
			t.Errorf("%s grows by %v", what, growth)
		}
	}
	l := newListing(set.Persons, m, read)
	for what, of := range map[string]map[string]float64{"name": n.Name, "dated": n.Dated} {
		var alarm int
		found := margins(set.Travellers, m, read, l, l.beside(beside, false, what == "dated"))
		for _, f := range found {
			if f.class == names.ClassLatin && f.points >= int32(math.Round(100*of["latn"])) {
				alarm++
			}
		}
		if most := int(alarms*float64(len(found))) + 1; alarm > most {
			t.Errorf("%s: %d of %d travellers have a hit", what, alarm, len(found))
		}
	}
}

func TestRelateTakesTheClosest(t *testing.T) {
	listed := births([]string{"1971-05-10", "no date", "1969-05-10"})
	if len(listed) != 2 {
		t.Fatalf("%v", listed)
	}
	if got := Relate(birth("1970-05-10"), listed[:1]); got != watch.BirthYearOffOne {
		t.Error(got)
	}
	if got := Relate(birth("1969-05-10"), listed); got != watch.BirthExact {
		t.Error(got)
	}
	if got := Relate(birth("no date"), listed); got != watch.BirthUnknown {
		t.Error(got)
	}
}
