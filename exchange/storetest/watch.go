package storetest

import (
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

func watches(t *testing.T, w *world) {
	accord := heed.AccordID(w.digest())
	ids := []heed.CaseID{{1}, {2}, {3}}
	first := exchange.WatchRow{
		Case: ids[0], Under: accord, Source: heed.StatementID(w.digest()), By: heed.StatementID(w.digest()), Subjects: 3,
		Effective: w.now.Add(time.Hour), Due: w.now.Add(2 * time.Hour), Told: 2, Next: w.now.Add(time.Minute), Compared: true,
	}
	second := exchange.WatchRow{Case: ids[1], Source: heed.StatementID(w.digest()), Subjects: 4, Due: w.now.Add(time.Hour), Told: -1, Next: w.now}
	third := exchange.WatchRow{Case: ids[2], Under: accord, Told: -1}
	for _, row := range []exchange.WatchRow{third, second, first} {
		w.write(func(tx exchange.Tx) error { return tx.PutWatch(row) })
	}
	w.both(func(v exchange.View) error {
		for _, row := range []exchange.WatchRow{first, second, third} {
			got, err := v.WatchRow(row.Case)
			same(t, "WatchRow", got, err, row)
		}
		none, err := v.WatchRow(heed.CaseID{9})
		missing(t, "a watch that does not run", none, err)
		rows, err := v.WatchRows(heed.CaseID{}, 10)
		sameList(t, "WatchRows", rows, err, []exchange.WatchRow{first, second, third})
		rows, err = v.WatchRows(ids[0], 1)
		sameList(t, "WatchRows after one, bounded", rows, err, []exchange.WatchRow{second})
		rows, err = v.WatchesDue(w.now, 10)
		sameList(t, "WatchesDue now", rows, err, []exchange.WatchRow{second})
		rows, err = v.WatchesDue(w.now.Add(time.Minute), 10)
		sameList(t, "WatchesDue in a minute", rows, err, []exchange.WatchRow{second, first})
		next, err := v.NextWatch()
		same(t, "NextWatch", next, err, w.now)
		cases, err := v.WatchesUncompared(10)
		sameList(t, "WatchesUncompared", cases, err, []heed.CaseID{ids[1], ids[2]})
		rows, err = v.Decisions(10)
		sameList(t, "Decisions that are owed", rows, err, []exchange.WatchRow{first})
		rows, err = v.Decisions(0)
		sameList(t, "Decisions, bounded", rows, err, nil)
		n, err := v.WatchedSubjects()
		same(t, "WatchedSubjects", n, err, 7)
		return nil
	})
	later := w.now.Add(30 * time.Second)
	w.write(func(tx exchange.Tx) error { return tx.LookAgain(accord, later) })
	w.write(func(tx exchange.Tx) error { return tx.LookAgain(accord, w.now.Add(time.Hour)) }) // what is looked at sooner stays so
	w.write(func(tx exchange.Tx) error { return tx.LookAgain(heed.AccordID{}, w.now.Add(-time.Hour)) })
	first.Next, third.Next = later, later
	w.both(func(v exchange.View) error {
		rows, err := v.WatchRows(heed.CaseID{}, 10)
		sameList(t, "WatchRows that are looked at again", rows, err, []exchange.WatchRow{first, second, third})
		return nil
	})
	first.Next, first.Due, first.Under = time.Time{}, time.Time{}, heed.AccordID{}
	w.write(func(tx exchange.Tx) error { return tx.PutWatch(first) })
	for range 2 {
		w.write(func(tx exchange.Tx) error { return tx.ForgetWatch(ids[1]) })
	}
	w.both(func(v exchange.View) error {
		rows, err := v.WatchRows(heed.CaseID{}, 10)
		sameList(t, "WatchRows after changes", rows, err, []exchange.WatchRow{first, third})
		due, err := v.WatchesDue(w.now.Add(time.Hour), 10)
		sameList(t, "WatchesDue, where one is looked at no more", due, err, []exchange.WatchRow{third})
		next, err := v.NextWatch()
		same(t, "NextWatch", next, err, later)
		return nil
	})
}

func links(t *testing.T, w *world) {
	one, other := heed.CaseID(w.digest()), heed.CaseID(w.digest())
	hit := watch.Hit{Subject: "b", Score: 0.97, Threshold: 0.9, Explanation: watch.Explanation{ModelVersion: "m1", Contributions: []watch.Contribution{{What: "name", Points: 7}}, Points: 7}}
	found := exchange.Link{Case: one, Subject: "a", Other: "b", OtherCase: other, Hit: hit, At: w.now}
	listed := exchange.Link{Case: one, Subject: "a", Other: "list:x/1", OtherList: "x", Hit: hit, At: w.now.Add(time.Second)}
	again := found
	again.At, again.Hit.Score = w.now.Add(time.Hour), 0.5
	for _, l := range []exchange.Link{found, listed, again} {
		w.write(func(tx exchange.Tx) error { return tx.PutLink(l) })
	}
	found.Hit.Score = 0.5
	w.both(func(v exchange.View) error {
		all, err := v.LinksOf(one)
		sameList(t, "LinksOf the later case", all, err, []exchange.Link{found, listed})
		all, err = v.LinksOf(other)
		sameList(t, "LinksOf the earlier case", all, err, []exchange.Link{found})
		all, err = v.LatestLinks(w.now, 10)
		sameList(t, "LatestLinks", all, err, []exchange.Link{listed, found})
		all, err = v.LatestLinks(w.now.Add(time.Second), 10)
		sameList(t, "LatestLinks since later", all, err, []exchange.Link{listed})
		all, err = v.LatestLinks(w.now, 1)
		sameList(t, "LatestLinks, bounded", all, err, []exchange.Link{listed})
		all, err = v.LinksOf(heed.CaseID{9})
		sameList(t, "LinksOf a case without any", all, err, nil)
		return nil
	})

	// Links with a list go with its entries: those that its current import has not.
	stays := listed
	stays.Other, stays.At = "list:x/2", w.now.Add(2*time.Second)
	elsewhere := listed
	elsewhere.Other, elsewhere.OtherList, elsewhere.At = "list:xy/1", "xy", w.now.Add(3*time.Second)
	w.write(func(tx exchange.Tx) error {
		current, err := tx.PutListImport(exchange.ListImport{List: "x", State: exchange.ListCurrent, Began: w.now, Changed: w.now})
		if err != nil {
			return err
		}
		before, err := tx.PutListImport(exchange.ListImport{List: "x", State: exchange.ListReplaced, Began: w.now, Changed: w.now})
		if err != nil {
			return err
		}
		person := watch.Subject{Person: &heed.Person{Names: []heed.Name{{Text: "Ada"}}}}
		return errors.Join(tx.AddListEntry(before, exchange.ListEntry{Entry: "1", Subject: person}), tx.AddListEntry(current, exchange.ListEntry{Entry: "2", Subject: person}),
			tx.PutLink(stays), tx.PutLink(elsewhere), tx.ForgetListLinks("x"))
	})
	w.both(func(v exchange.View) error {
		all, err := v.LinksOf(one)
		sameList(t, "links, without those of an entry that is gone", all, err, []exchange.Link{found, stays, elsewhere})
		return nil
	})

	// An import later, one entry is another, and one is not.
	var before, later int64
	w.write(func(tx exchange.Tx) (err error) {
		i := exchange.ListImport{List: "y", State: exchange.ListStaged, Began: w.now, Changed: w.now}
		if before, err = tx.PutListImport(i); err != nil {
			return err
		}
		later, err = tx.PutListImport(i)
		return err
	})
	altered, same := listed, listed
	altered.Other, altered.OtherList, altered.At = "list:y/1", "y", w.now.Add(4*time.Second)
	same.Other, same.OtherList, same.At = "list:y/2", "y", w.now.Add(5*time.Second)
	w.write(func(tx exchange.Tx) error {
		ada := watch.Subject{Person: &heed.Person{Names: []heed.Name{{Text: "Ada"}}}}
		eve := watch.Subject{Person: &heed.Person{Names: []heed.Name{{Text: "Eve"}}}}
		return errors.Join(tx.PutLink(altered), tx.PutLink(same),
			tx.AddListEntry(before, exchange.ListEntry{Entry: "1", Subject: ada}), tx.AddListEntry(before, exchange.ListEntry{Entry: "2", Subject: ada}),
			tx.AddListEntry(later, exchange.ListEntry{Entry: "1", Subject: eve}), tx.AddListEntry(later, exchange.ListEntry{Entry: "2", Subject: ada}))
	})
	w.both(func(v exchange.View) error {
		all, err := v.AlteredLinks("y", before, later)
		sameList(t, "AlteredLinks", all, err, []exchange.Link{altered})
		all, err = v.AlteredLinks("y", before, before)
		sameList(t, "AlteredLinks of an import with itself", all, err, nil)
		return nil
	})
	for range 2 {
		w.write(func(tx exchange.Tx) error { return tx.ForgetLink(altered.Subject, altered.Other) })
	}
	w.both(func(v exchange.View) error {
		all, err := v.LinksOf(one)
		sameList(t, "links, without one that was forgotten", all, err, []exchange.Link{found, stays, elsewhere, same})
		return nil
	})
}

func owedReports(t *testing.T, w *world) {
	id := heed.CaseID(w.digest())
	late := exchange.OwedReport{Hit: "h2", Case: id, Subject: "s", Confirmed: w.now, Due: w.now.Add(time.Hour)}
	soon := exchange.OwedReport{Hit: "h1", Case: id, Subject: "s", Confirmed: w.now, Due: w.now.Add(time.Minute)}
	told := exchange.OwedReport{Hit: "h3", Case: id, Subject: "s", Confirmed: w.now, Statement: heed.StatementID(w.digest()), Verdict: heed.DifferentPerson, Withdraws: heed.StatementID(w.digest())}
	for _, o := range []exchange.OwedReport{late, soon, told} {
		w.write(func(tx exchange.Tx) error { return tx.PutOwedReport(o) })
	}
	w.both(func(v exchange.View) error {
		got, err := v.OwedReport("h3")
		same(t, "OwedReport", got, err, told)
		none, err := v.OwedReport("h9")
		missing(t, "a report that nobody owes", none, err)
		all, err := v.OwedReports(10)
		sameList(t, "OwedReports", all, err, []exchange.OwedReport{soon, late})
		all, err = v.OwedReports(1)
		sameList(t, "OwedReports, bounded", all, err, []exchange.OwedReport{soon})
		return nil
	})
	soon.Statement = heed.StatementID(w.digest())
	w.write(func(tx exchange.Tx) error { return tx.PutOwedReport(soon) })
	w.both(func(v exchange.View) error {
		all, err := v.OwedReports(10)
		sameList(t, "OwedReports after one was told", all, err, []exchange.OwedReport{late})
		return nil
	})
	for range 2 {
		w.write(func(tx exchange.Tx) error { return tx.ForgetOwedReport("h2") })
	}
	w.both(func(v exchange.View) error {
		none, err := v.OwedReport("h2")
		missing(t, "a report that is owed no more", none, err)
		got, err := v.OwedReport("h3")
		same(t, "the other one", got, err, told)
		return nil
	})
}
