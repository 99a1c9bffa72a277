package watch

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"heed"
	"pgregory.net/rapid"
)

// TestSnapshotAfterRemovals: whatever was put and removed before, a snapshot can
// be read again, is that of an index where nothing else ever was, and finds what
// the written index finds. Particles and titles come in hundreds here, as on a
// long list; a few words come again and again, silent in one name and not in another.
func TestSnapshotAfterRemovals(t *testing.T) {
	m := model(t)
	word := rapid.SampledFrom([]string{"de", "bin", "al", "van", "der", "Mr", "Dr", "Abu", "el", "von", "la",
		"Oleksandr", "Zavgorodniy", "Завгородній", "Ignat", "Boreyko", "محمد", "Li", "Xiao", "O'Neill", "Anne-Marie", "J.", "Petrovich", "?"})
	name := rapid.Custom(func(t *rapid.T) heed.Name {
		text := ""
		for _, w := range rapid.SliceOfN(word, 1, 9).Draw(t, "words") {
			text += " " + w
		}
		return heed.Name{Text: text[1:]}
	})
	subject := rapid.Custom(func(t *rapid.T) Subject {
		all := rapid.SliceOfN(name, 1, 8).Draw(t, "names")
		if rapid.IntRange(0, 3).Draw(t, "sort") == 0 {
			return Subject{Organisation: &heed.Organisation{Names: all}}
		}
		if rapid.Bool().Draw(t, "many aliases") {
			for len(all) < heed.MaxNames {
				all = append(all, heed.Name{Text: "Ignat de la de " + all[0].Text})
			}
		}
		return Subject{Person: &heed.Person{Names: all}}
	})
	rapid.Check(t, func(t *rapid.T) {
		x := New(m)
		held := map[SubjectID]Subject{}
		remove := func(id SubjectID) {
			if _, was := held[id]; x.Remove(id) != was {
				t.Fatalf("Remove of %s does not say whether it was there", id)
			}
			delete(held, id)
		}
		check := func() {
			var written, fresh bytes.Buffer
			if err := x.WriteSnapshot(&written); err != nil {
				t.Fatal(err)
			}
			other := New(m)
			for _, s := range held {
				if err := other.Put(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := other.WriteSnapshot(&fresh); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written.Bytes(), fresh.Bytes()) {
				t.Fatal("what was removed shows in the snapshot")
			}
			read, err := ReadSnapshot(&written, m)
			if err != nil {
				t.Fatal(err)
			}
			asked := name.Draw(t, "asked").Text
			for _, r := range []Record{record(asked, ""), {Organisation: asked}, record("Ignat Boreyko de la Zavgorodniy", "")} {
				want := x.NewScreener().Screen(r)
				if got := read.NewScreener().Screen(r); !reflect.DeepEqual(got, want) {
					t.Fatalf("%+v finds %v, and %v from the snapshot", r, hitIDs(want), hitIDs(got))
				}
			}
		}
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for _, s := range rapid.SliceOfN(subject, 0, 12).Draw(t, "put") {
				s.ID = SubjectID(fmt.Sprint(rapid.IntRange(0, 15).Draw(t, "id")))
				if err := x.Put(s); err != nil {
					t.Fatal(err)
				}
				held[s.ID] = s
			}
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 15), 0, 8).Draw(t, "removed") {
				remove(SubjectID(fmt.Sprint(n)))
			}
			check()
			if rapid.Bool().Draw(t, "of everything") {
				for id := range held {
					remove(id)
				}
				check()
			}
		}
		for id := range held {
			remove(id)
		}
		if n := len(x.names.free) + 1; n != int(x.names.high) {
			t.Fatalf("the empty index holds %d words", int(x.names.high)-n)
		}
	})
}

// TestSnapshotAfterALongList puts a list on watch whose particles stand in
// thousands of names, as an SDN list's do, and takes it off again but for one.
func TestSnapshotAfterALongList(t *testing.T) {
	x := New(model(t))
	const entries = 1000
	for i := range entries {
		put(t, x, person(fmt.Sprintf("list:sdn/%d", i), "", "Ignat de la Boreyko", "Omar bin al Khattab"))
	}
	put(t, x, person("stays", "", "Oleksandr van der Zavgorodniy"))
	for i := range entries {
		x.Remove(SubjectID(fmt.Sprintf("list:sdn/%d", i)))
	}
	alone := New(model(t))
	put(t, alone, person("stays", "", "Oleksandr van der Zavgorodniy"))
	whole := snapshot(t, x)
	if _, err := ReadSnapshot(bytes.NewReader(whole), model(t)); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(whole, snapshot(t, alone)) {
		t.Error("what was removed shows in the snapshot")
	}
}

// TestSnapshotAfterAFullPut: words of a subject that there is no room for are
// not left behind.
func TestSnapshotAfterAFullPut(t *testing.T) {
	x := few(t)
	before := snapshot(t, x)
	x.names.top = 1<<32 - 1<<pageBits // as if all runs were taken
	if err := x.Put(person("e", "", "Ignat de la Boreyko")); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	if !bytes.Equal(snapshot(t, x), before) {
		t.Error("what did not fit shows in the snapshot")
	}
}
