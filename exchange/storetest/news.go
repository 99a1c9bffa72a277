package storetest

import (
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func news(t *testing.T, w *world) {
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	of := func(n int) exchange.CaseNews {
		id := heed.CaseID(w.digest())
		return exchange.CaseNews{
			Case: id, Code: heed.CodeOf(heed.Digest(id)), Peer: "south.example", Exercise: n%2 == 0,
			Hits:      exchange.HitNews{Count: n, Told: n - 1, When: at(-n), Arrived: at(n)},
			Withdrawn: exchange.HitNews{Count: 1, When: at(-n), Arrived: at(n)},
			Watch:     exchange.WatchNews{News: exchange.NewsLapse, When: at(100), By: heed.StatementID(w.digest()), Told: heed.StatementID(w.digest()), Arrived: at(n)},
			Links:     []string{"list sanctions", id.String()}, ToldLinks: []string{"list \"<ü>"},
			Arrived: at(n), Waiting: true, Rang: []time.Time{at(-2), at(-1)}, Attempts: n, NextAt: at(10 - n), Trouble: "the pager is away",
		}
	}
	one, two, three := of(1), of(2), of(3)
	check := func(what string, ask func(exchange.View) ([]exchange.CaseNews, error), want ...exchange.CaseNews) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := ask(v)
			sameList(t, what, got, err, want)
			return nil
		})
	}
	due := func(now time.Time, limit int, want ...exchange.CaseNews) {
		t.Helper()
		check("DueNews", func(v exchange.View) ([]exchange.CaseNews, error) { return v.DueNews(now, limit) }, want...)
	}
	latest := func(since time.Time, limit int, want ...exchange.CaseNews) {
		t.Helper()
		check("LatestNews", func(v exchange.View) ([]exchange.CaseNews, error) { return v.LatestNews(since, limit) }, want...)
	}
	w.both(func(v exchange.View) error {
		at, err := v.NextNews()
		missing(t, "NextNews", at, err)
		got, err := v.News(one.Case)
		missing(t, "News", got, err)
		return nil
	})
	for _, n := range []exchange.CaseNews{one, two, three} {
		w.write(func(tx exchange.Tx) error { return tx.PutNews(n) })
	}
	due(at(9), 10, three, two, one)
	due(at(9), 1, three)
	due(at(7), 10, three)
	due(at(6), 10)
	latest(at(2), 10, three, two)
	latest(at(0), 1, three)
	latest(at(4), 10)

	three.Waiting, three.NextAt, three.Rang = false, time.Time{}, nil // told
	two.Arrived = time.Time{}                                         // of a link alone
	for _, n := range []exchange.CaseNews{three, two} {
		w.write(func(tx exchange.Tx) error { return tx.PutNews(n) })
	}
	due(at(9), 10, two, one)
	latest(at(0), 10, three, one)
	w.both(func(v exchange.View) error {
		next, err := v.NextNews()
		same(t, "NextNews", next, err, at(8))
		waiting, err := v.Notices()
		same(t, "Notices", waiting, err, 2)
		got, err := v.News(three.Case)
		same(t, "News", got, err, three)
		return nil
	})
}
