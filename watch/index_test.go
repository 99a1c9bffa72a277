package watch

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"heed"
)

func person(id, born string, spelt ...string) Subject {
	s := Subject{ID: SubjectID(id), Urgency: heed.UrgencyExpected, Person: &heed.Person{}}
	for _, n := range spelt {
		s.Person.Names = append(s.Person.Names, heed.Name{Text: n})
	}
	if born != "" {
		b, err := heed.ParseBirth(born)
		if err != nil {
			panic(err)
		}
		s.Person.Born = []heed.Birth{b}
	}
	return s
}

func record(name, born string) Record {
	r := Record{Type: Border, Names: []heed.Name{{Text: name}}}
	if born != "" {
		b, err := heed.ParseBirth(born)
		if err != nil {
			panic(err)
		}
		r.Born = b
	}
	return r
}

func put(t testing.TB, x *Index, subjects ...Subject) {
	t.Helper()
	for _, s := range subjects {
		if err := x.Put(s); err != nil {
			t.Fatal(err)
		}
	}
}

func hitIDs(hits []Hit) []SubjectID {
	var ids []SubjectID
	for _, h := range hits {
		ids = append(ids, h.Subject)
	}
	return ids
}

func TestScreenNumbers(t *testing.T) {
	x := New(model(t))
	holder := person("holder", "1980-02-03", "Ignat Boreyko")
	holder.Person.Documents = []heed.Document{{Type: heed.DocumentPassport, Country: "UA", Number: "EK 104568"}}
	put(t, x, holder,
		Subject{ID: "van", Vehicle: &heed.Vehicle{Plate: "К 123 ОМ 77", Country: "RU"}},
		Subject{ID: "lorry", Vehicle: &heed.Vehicle{VIN: "WVWZZZ1JZXW000001"}})
	s := x.NewScreener()
	for _, c := range []struct {
		name   string
		record Record
		want   []SubjectID
	}{
		{"document", Record{Names: []heed.Name{{Text: "Quentin Vandermeersch"}}, Documents: []heed.Document{{Number: "EK104568"}}}, []SubjectID{"holder"}},
		{"document alone", Record{Documents: []heed.Document{{Number: "EK104568", Country: "UA"}}}, []SubjectID{"holder"}},
		{"of another state", Record{Documents: []heed.Document{{Number: "EK104568", Country: "DE"}}}, nil},
		{"blurred, another name", Record{Names: []heed.Name{{Text: "Quentin Vandermeersch"}}, Documents: []heed.Document{{Number: "EK1O4568"}}}, nil},
		{"blurred, the name", Record{Names: []heed.Name{{Text: "Ignat Boreyko"}}, Documents: []heed.Document{{Number: "EK1O4568"}}}, []SubjectID{"holder"}},
		{"plate", Record{Vehicle: heed.Vehicle{Plate: "k123om-77"}}, []SubjectID{"van"}},
		{"plate, blurred", Record{Vehicle: heed.Vehicle{Plate: "K I23 0M 77"}}, []SubjectID{"van"}},
		{"plate, blurred, abroad", Record{Vehicle: heed.Vehicle{Plate: "K I23 0M 77", Country: "FI"}}, nil},
		{"VIN", Record{Vehicle: heed.Vehicle{VIN: "WVWZZZ1JZXWO0OOO1"}}, []SubjectID{"lorry"}},
		{"nothing", Record{Vehicle: heed.Vehicle{Plate: "A1"}}, nil},
	} {
		if got := hitIDs(s.Screen(c.record)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
		if got := hitIDs(x.Scan(c.record)); !slices.Equal(got, c.want) {
			t.Errorf("%s, scanned: %v, not %v", c.name, got, c.want)
		}
	}
}

// TestIndexFollowsChanges puts, changes and removes subjects at random, and
// compares with an index that was made of the result alone, in another order.
func TestIndexFollowsChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	subjects := devWatch(t)[:300]
	x := New(model(t))
	held := map[SubjectID]Subject{}
	for range 1500 {
		s := subjects[random.IntN(len(subjects))]
		switch random.IntN(4) {
		case 0:
			if _, was := held[s.ID]; x.Remove(s.ID) != was {
				t.Fatalf("Remove of %s does not say whether it was there", s.ID)
			}
			delete(held, s.ID)
		case 1: // another person under this id
			other := subjects[random.IntN(len(subjects))]
			other.ID = s.ID
			put(t, x, other)
			held[s.ID] = other
		default:
			put(t, x, s)
			held[s.ID] = s
		}
	}
	if x.Len() != len(held) {
		t.Fatalf("%d subjects, not %d", x.Len(), len(held))
	}
	other := New(model(t))
	for _, s := range held { // in whatever order
		put(t, other, s)
	}
	for id, want := range held {
		if got, ok := x.Subject(id); !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("subject %s is %+v, not %+v", id, got, want)
		}
	}
	var a, b bytes.Buffer
	if err := errors.Join(x.WriteSnapshot(&a), other.WriteSnapshot(&b)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the snapshots differ")
	}
	read, err := ReadSnapshot(bytes.NewReader(a.Bytes()), model(t))
	if err != nil {
		t.Fatal(err)
	}
	s, o, r := x.NewScreener(), other.NewScreener(), read.NewScreener()
	records, _ := devRecords(t)
	found := 0
	for i := 0; i < len(records); i += 40 {
		want := s.Screen(records[i])
		found += len(want)
		if got := o.Screen(records[i]); !reflect.DeepEqual(got, want) {
			t.Fatalf("record %s: %v, and %v where the same subjects were put in another order", records[i].ID, hitIDs(want), hitIDs(got))
		}
		if got := r.Screen(records[i]); !reflect.DeepEqual(got, want) {
			t.Fatalf("record %s: %v, and %v from the snapshot", records[i].ID, hitIDs(want), hitIDs(got))
		}
	}
	if found == 0 {
		t.Error("nothing was found at all")
	}
	for id := range held {
		x.Remove(id)
	}
	if n := len(x.names.free) + 1; n != int(x.names.high) || x.ids.n != 0 || x.other.n != 0 {
		t.Errorf("the empty index holds %d words, %d ids and %d other entries", int(x.names.high)-n, x.ids.n, x.other.n)
	}
}

// TestScreenWhilePut lets screeners read while the index changes: the race
// detector is the judge, and a subject that stays is always found.
func TestScreenWhilePut(t *testing.T) {
	subjects := devWatch(t)[:200]
	x := New(model(t))
	stays := person("stays", "1986-10-21", "Oleksandr Zavgorodniy")
	put(t, x, stays)
	var group sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		group.Go(func() {
			s := x.NewScreener()
			for {
				if got := s.Screen(record("ZAVGORODNIY, Oleksandr", "1986-10-21")); !slices.Contains(hitIDs(got), "stays") {
					t.Errorf("found %v", hitIDs(got))
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for round := range 2 {
		put(t, x, subjects...)
		var out bytes.Buffer
		if err := x.WriteSnapshot(&out); err != nil || out.Len() == 0 {
			t.Error(err)
		}
		for _, s := range subjects {
			if !x.Remove(s.ID) {
				t.Errorf("round %d: %s was not there", round, s.ID)
			}
		}
	}
	close(done)
	group.Wait()
}

func TestPutRefuses(t *testing.T) {
	x := New(model(t))
	many := person("many", "")
	for range heed.MaxNames + 1 {
		many.Person.Names = append(many.Person.Names, heed.Name{Text: "A"})
	}
	for name, s := range map[string]Subject{
		"nothing":    {ID: "a"},
		"two":        {ID: "a", Person: &heed.Person{}, Vehicle: &heed.Vehicle{Plate: "X"}},
		"no id":      person("", "", "Ignat Boreyko"),
		"long id":    person(strings.Repeat("a", MaxSubjectID+1), "", "Ignat Boreyko"),
		"many names": many,
		"long name":  person("a", "", strings.Repeat("a", MaxText+1)),
		"no UTF-8":   person("a", "", "\xff"),
		"urgency":    {ID: "a", Urgency: "soon", Person: &heed.Person{}},
	} {
		err := x.Put(s)
		var field *heed.FieldError
		if !errors.Is(err, ErrSubject) || !errors.As(err, &field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if x.Len() != 0 {
		t.Errorf("%d subjects", x.Len())
	}
}

func TestExplanationAddsUp(t *testing.T) {
	x := New(model(t))
	put(t, x, devWatch(t)[:400]...)
	records, _ := devRecords(t)
	s := x.NewScreener()
	seen := 0
	for i := 0; i < len(records); i += 10 {
		for _, h := range s.Screen(records[i]) {
			sum := Points(0)
			for _, c := range h.Explanation.Contributions {
				sum += c.Points
			}
			if sum != h.Explanation.Points {
				t.Fatalf("%s for %s: the contributions are %d points, not %d", h.Subject, records[i].ID, sum, h.Explanation.Points)
			}
			if h.Score < h.Threshold || h.Explanation.ModelVersion != x.Version() {
				t.Fatalf("%+v", h)
			}
			text := h.Explanation.Text(false)
			if !strings.Contains(text, fmt.Sprintf("%q", records[i].Names[0].Text)) || !strings.Contains(text, "is needed") {
				t.Fatal(text)
			}
			seen++
		}
	}
	if seen == 0 {
		t.Error("nothing was found at all")
	}
}

// TestNobodyIsCrowdedOut: whoever puts a hundred subjects on watch that are like
// one of another's does not hide that one, by name or by the number of a document.
func TestNobodyIsCrowdedOut(t *testing.T) {
	x := New(model(t))
	passport := heed.Document{Type: heed.DocumentPassport, Country: "XX", Number: "AB1234567"}
	sought := person("case:ff/persons/0", "1987-05-04", "Julian Zhushchev")
	sought.Person.Documents = []heed.Document{passport}
	put(t, x, sought)
	for i := range 2 * numberShares {
		other := person(fmt.Sprintf("case:00/persons/%d", i), "1987-05-04", "Julian Zhushchev")
		if i%2 == 0 {
			other.Person.Documents = []heed.Document{passport}
		}
		put(t, x, other)
	}
	named := record("Julian Zhushchev", "1987-05-04")
	numbered := record("Nobody Alike", "")
	numbered.Documents = []heed.Document{passport}
	for _, r := range []Record{named, numbered} {
		hits := hitIDs(x.NewScreener().Screen(r))
		if len(hits) != MaxHits || !slices.Contains(hits, "case:ff/persons/0") {
			t.Errorf("%q: %d hits, the one of another case is none of them", r.Names[0].Text, len(hits))
		}
	}
	// Which of very many are looked at is remembered until one of them goes or comes.
	for _, on := range []bool{false, true} {
		if on {
			put(t, x, sought)
		} else {
			x.Remove(sought.ID)
		}
		if hits := hitIDs(x.NewScreener().Screen(numbered)); slices.Contains(hits, "case:ff/persons/0") != on {
			t.Errorf("on watch: %v; found: %v", on, !on)
		}
	}
}

// TestMemory: what an index of an SDN list's size takes. A longer one takes less
// for each name, as its words are those of others; BenchmarkScreen reports it.
func TestMemory(t *testing.T) {
	if _, _, each := generated(t, sdn); each > 200 {
		t.Errorf("%.0f bytes a name, more than 200", each)
	}
}
