package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// listed is an entry about somebody of that name.
func listed(entry, name string) exchange.ListEntry {
	return exchange.ListEntry{Entry: entry, Subject: watch.Subject{Person: &heed.Person{Names: []heed.Name{{Text: name, Use: heed.NamePrimary}}, Born: []heed.Birth{{From: heed.PartialDate{Year: 1990}}}}}}
}

func watchLists(t *testing.T, w *world) {
	put := func(i exchange.ListImport, entries ...exchange.ListEntry) exchange.ListImport {
		t.Helper()
		w.write(func(tx exchange.Tx) (err error) {
			if i.ID, err = tx.PutListImport(i); err != nil {
				return err
			}
			for _, e := range entries {
				if err := tx.AddListEntry(i.ID, e); err != nil {
					return err
				}
			}
			return nil
		})
		return i
	}
	full := exchange.ListImport{
		List: "lamp", State: exchange.ListCurrent, Format: "csv", File: "lamp.csv", Digest: w.digest(), Officer: "vera", Role: heed.Supervisor, Reason: "weekly",
		Urgency: heed.UrgencyFuture, Threshold: 0.875, Began: w.now, Changed: w.now.Add(time.Second), Ended: w.now.Add(time.Minute),
		Entries: 3, Persons: 1, Vehicles: 2, Organisations: 4, Unread: 5, Partial: 6, ListDiff: exchange.ListDiff{Added: 7, Altered: 8, Removed: 9},
	}
	w.both(func(v exchange.View) error {
		all, err := v.Lists()
		sameList(t, "Lists of an empty store", all, err, nil)
		n, err := v.ListedSubjects()
		same(t, "ListedSubjects of an empty store", n, err, 0)
		none, err := v.ListImport(1)
		missing(t, "an import that there is not", none, err)
		return nil
	})
	first := put(full, listed("c", "Clara"), listed("a", "Anna"), listed("b", "Boris"))
	second := put(exchange.ListImport{List: "lamp", State: exchange.ListStaged, Format: "csv", Officer: "otto", Began: w.now, Changed: w.now}, listed("b", "Boris"), listed("d", "Dora"), listed("a", "Anne"))
	other := put(exchange.ListImport{List: "harbour", State: exchange.ListCurrent, Officer: "otto", Began: w.now, Changed: w.now, Entries: 1}, listed("a", "Ada"))
	w.both(func(v exchange.View) error {
		for _, i := range []exchange.ListImport{first, second, other} {
			got, err := v.ListImport(i.ID)
			same(t, "ListImport", got, err, i)
		}
		lists, err := v.Lists()
		sameList(t, "Lists, those on watch by name", lists, err, []exchange.ListImport{other, first})
		staged, err := v.StagedLists()
		sameList(t, "StagedLists", staged, err, []exchange.ListImport{second})
		imports, err := v.ListImports("lamp", 10)
		sameList(t, "ListImports, the newest first", imports, err, []exchange.ListImport{second, first})
		imports, err = v.ListImports("lamp", 1)
		sameList(t, "ListImports, bounded", imports, err, []exchange.ListImport{second})
		n, err := v.ListedSubjects()
		same(t, "ListedSubjects", n, err, 4)

		entries, err := v.ListEntries(first.ID, "", 10)
		sameList(t, "ListEntries, in their order", entries, err, []exchange.ListEntry{listed("a", "Anna"), listed("b", "Boris"), listed("c", "Clara")})
		entries, err = v.ListEntries(first.ID, "a", 1)
		sameList(t, "ListEntries behind one", entries, err, []exchange.ListEntry{listed("b", "Boris")})
		diff, err := v.CompareLists(first.ID, second.ID)
		same(t, "CompareLists", diff, err, exchange.ListDiff{Added: 1, Altered: 1, Removed: 1})
		diff, err = v.CompareLists(0, second.ID)
		same(t, "CompareLists with nothing", diff, err, exchange.ListDiff{Added: 3})
		gone, err := v.ListRemoved(first.ID, second.ID, "", 10)
		sameList(t, "ListRemoved", gone, err, []string{"c"})
		gone, err = v.ListRemoved(first.ID, 0, "a", 1)
		sameList(t, "ListRemoved by nothing, behind one", gone, err, []string{"b"})
		left, err := v.ListLeftovers(10)
		sameList(t, "ListLeftovers", left, err, nil)
		return nil
	})

	// The second takes the place of the first, whose entries go some at a time. An
	// entry's id and urgency are its import's.
	w.write(func(tx exchange.Tx) error {
		first.State, second.State, second.Entries = exchange.ListReplaced, exchange.ListCurrent, 3
		for _, i := range []exchange.ListImport{first, second} {
			if id, err := tx.PutListImport(i); err != nil || id != i.ID {
				return fmt.Errorf("import %d is put as %d: %w", i.ID, id, err)
			}
		}
		e := listed("d", "Doris")
		e.Subject.ID, e.Subject.Urgency = "list:lamp/d", heed.UrgencyPast
		return tx.AddListEntry(second.ID, e)
	})
	w.both(func(v exchange.View) error {
		lists, err := v.Lists()
		sameList(t, "Lists after the update", lists, err, []exchange.ListImport{other, second})
		left, err := v.ListLeftovers(10)
		sameList(t, "ListLeftovers after the update", left, err, []int64{first.ID})
		entries, err := v.ListEntries(second.ID, "b", 10)
		sameList(t, "an entry that was put again", entries, err, []exchange.ListEntry{listed("d", "Doris")})
		return nil
	})
	for _, want := range []int64{2, 1, 0} {
		w.write(func(tx exchange.Tx) error {
			n, err := tx.ForgetListEntries(first.ID, 2)
			same(t, "ForgetListEntries", n, err, want)
			return nil
		})
	}
	w.both(func(v exchange.View) error {
		left, err := v.ListLeftovers(10)
		sameList(t, "ListLeftovers behind it", left, err, nil)
		entries, err := v.ListEntries(other.ID, "", 10)
		sameList(t, "ListEntries of another list", entries, err, []exchange.ListEntry{listed("a", "Ada")})
		return nil
	})

	undone := errors.New("undone")
	for what, f := range map[string]func(exchange.Tx) error{
		"a second current import": func(tx exchange.Tx) error {
			_, err := tx.PutListImport(exchange.ListImport{List: "lamp", State: exchange.ListCurrent})
			return err
		},
		"an import without a name": func(tx exchange.Tx) error {
			_, err := tx.PutListImport(exchange.ListImport{State: exchange.ListStaged})
			return err
		},
		"an import without a state": func(tx exchange.Tx) error { _, err := tx.PutListImport(exchange.ListImport{List: "lamp"}); return err },
		"an entry without a number": func(tx exchange.Tx) error { return tx.AddListEntry(second.ID, listed("", "Nobody")) },
		"a change that fails": func(tx exchange.Tx) error {
			return errors.Join(tx.AddListEntry(second.ID, listed("z", "Zoe")), undone)
		},
	} {
		if err := w.store.Write(context.Background(), f); err == nil {
			t.Errorf("%s is kept", what)
		}
	}
	w.both(func(v exchange.View) error {
		entries, err := v.ListEntries(second.ID, "d", 10)
		sameList(t, "entries after a failed change", entries, err, nil)
		return nil
	})
}
