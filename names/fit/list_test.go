package fit

import (
	"fmt"
	"testing"

	"heed/names"
)

// A name is found behind however many whose words have the same consonants.
func TestListFindsBehindTheCommon(t *testing.T) {
	m, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	read := NewReader()
	var entries []Entry
	add := func(text string) {
		entries = append(entries, Entry{Person: fmt.Sprint(len(entries)), Text: text, Parsed: read.Name(text)})
	}
	for i := range 300 {
		add(fmt.Sprintf("Dilv%c Telub%c", "aeiou"[i%5], "aeiou"[i/5%5]))
	}
	add("Taruffi Taribo")
	weighed := NewList(entries).Weigh(m)
	found := weighed.Search().Best(read.Name("таруффи тарибо"), 1, nil)
	if len(found) != 1 || found[0].Entry != 300 {
		t.Fatalf("%+v", found)
	}
	// Evidence beside the name counts in what comes first, and in the points.
	s := weighed.Search()
	query := read.Name("Dilva Teluba")
	plain := s.Best(query, 1, nil)
	last := 0
	for i, e := range entries {
		if e.Text == "Dilva Teluba" {
			last = i
		}
	}
	beside := s.BestBeside(query, 1, nil, func(e int) int32 {
		if e == last {
			return 50
		}
		return 0
	})
	if len(beside) != 1 || beside[0].Entry != last || beside[0].Points != plain[0].Points+50 {
		t.Errorf("%+v, by names alone %+v", beside, plain)
	}
	// A search leaves nothing behind.
	if again := s.Best(query, 1, nil); again[0] != plain[0] {
		t.Errorf("%+v, then %+v", plain, again)
	}
}

// The model that is fitted is the one that is shipped: its frequencies are those
// that are stored.
func TestFrequenciesAreThoseStored(t *testing.T) {
	set, _ := small(t)
	f := &Fitted{}
	f.count(set, nil, NewReader())
	if len(f.Frequency) == 0 {
		t.Fatal("nothing was counted")
	}
	for sounds, n := range f.Frequency {
		if n < 2 {
			t.Fatalf("%q was counted %d times", sounds, n)
		}
	}
}

// Strangers of rare scripts are as many as there are.
func TestStrangersOfEveryScript(t *testing.T) {
	set, _ := small(t)
	read := NewReader()
	have, taken := map[names.Script]int{}, map[names.Script]int{}
	for _, s := range set.Travellers {
		have[read.Name(s.Name).Script]++
	}
	for _, s := range strangersOf(set, read) {
		taken[read.Name(s.Name).Script]++
	}
	if have[names.Cyrillic] == 0 || taken[names.Cyrillic] != have[names.Cyrillic] || taken[names.Hebrew] != have[names.Hebrew] {
		t.Errorf("of %v were taken %v", have, taken)
	}
}
