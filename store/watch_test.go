package store

import (
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// What was received before there was a watch is looked at first: every case that
// another party opened is on the list of those to be looked at, and no other.
func TestCasesFromBeforeTheWatch(t *testing.T) {
	newer := filledWithMaps(t)
	all := plain(t, 6)
	for i := range all {
		if err := all[i].commit(newer); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newer.db.Exec(`UPDATE cases SET ours = key % 2`); err != nil {
		t.Fatal(err)
	}
	path, rows := oldDatabase(t, 8, newer) // up to 009
	s := openAt(t, path, Options{})
	var theirs int
	if err := s.db.QueryRow(`SELECT COUNT(*) FROM cases WHERE ours = 0`).Scan(&theirs); err != nil || theirs == 0 || theirs == rows["cases"] {
		t.Fatalf("%d of %d cases are theirs, %v", theirs, rows["cases"], err)
	}
	err := s.Read(t.Context(), func(v exchange.View) error {
		due, err := v.WatchesDue(time.UnixMilli(1), 1000)
		if err != nil {
			return err
		}
		if len(due) != theirs {
			t.Errorf("%d cases are to be looked at, want %d", len(due), theirs)
		}
		for _, row := range due {
			if !row.Source.IsZero() || row.Compared || row.Told != -1 || !row.Due.IsZero() {
				t.Errorf("it is %+v", row)
			}
		}
		all, err := v.WatchRows(heed.CaseID{}, 1000)
		if len(all) != theirs {
			t.Errorf("%d rows, want %d", len(all), theirs)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
