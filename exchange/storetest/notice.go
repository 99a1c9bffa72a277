package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func notices(t *testing.T, w *world) {
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	rung := heed.Rung{Role: "duty-desk", After: time.Hour, Telephone: "+000 0000", Mail: "desk@north.example", Hours: "24/7", Zone: "UTC", Languages: "en fr"}
	ring := heed.Rung{Role: "head-of-desk", After: 2 * time.Hour, Telephone: "+000 0001 \"<ü>"}
	notice := func(n int) exchange.Notice {
		id := heed.CaseID(w.digest())
		return exchange.Notice{ID: fmt.Sprintf("notice %d", n), Case: id, Code: heed.CodeOf(heed.Digest(id)), Party: "north.example", Peer: "south.example",
			Duty: heed.DutyAssess, From: heed.StatementID(id), OwedBy: "south.example", Due: at(-5), Level: n, Rung: rung, Ring: ring,
			Exercise: n%2 == 0, Created: at(n), NextAt: at(10 - n)}
	}
	one, two, three := notice(1), notice(2), notice(3)
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.AddNotice(three), tx.AddNotice(one), tx.AddNotice(two))
	})
	changed := one
	changed.Level = 7
	w.write(func(tx exchange.Tx) error { return tx.AddNotice(changed) })
	check := func(now time.Time, limit int, want ...exchange.Notice) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.DueNotices(now, limit)
			sameList(t, "DueNotices", got, err, want)
			return nil
		})
	}
	queue := func(n int, next time.Time) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.Notices()
			same(t, "Notices", got, err, n)
			at, err := v.NextNotice()
			if n == 0 {
				missing(t, "NextNotice", at, err)
			} else {
				same(t, "NextNotice", at, err, next)
			}
			return nil
		})
	}
	check(at(20), 10, one, two, three)
	check(at(20), 2, one, two)
	check(at(8), 10, two, three)
	check(at(6), 10)
	queue(3, at(7))

	w.write(func(tx exchange.Tx) error { return tx.NoticeTried(three.ID, at(30), "the mail server is away") })
	three.Attempts, three.NextAt, three.Trouble = 1, at(30), "the mail server is away"
	check(at(20), 10, one, two)
	check(at(30), 10, one, two, three)
	queue(3, at(8))

	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.NoticeTold(one.ID, at(11)), tx.NoticeTold(two.ID, at(11)))
	})
	queue(1, at(30))
	w.write(func(tx exchange.Tx) error { // told is told: neither tried, nor told, nor queued again
		return errors.Join(tx.AddNotice(one), tx.NoticeTried(one.ID, at(40), "too late"), tx.NoticeTold(one.ID, at(41)))
	})
	queue(1, at(30))
	check(at(60), 10, three)
	w.write(func(tx exchange.Tx) error { return tx.NoticeTold(three.ID, at(50)) })
	queue(0, time.Time{})
}
