package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func drills(t *testing.T, w *world) {
	first := exchange.Drill{
		Drill: heed.Drill{
			Name: "drill-1", Officer: "ruth", At: w.now, To: []heed.PartyID{"south.example", "east.example"}, Accord: heed.AccordID(w.digest()),
			Every: 90*24*time.Hour + time.Millisecond, First: w.now.Add(time.Hour), Next: w.now.Add(2 * time.Hour), Runs: 3, Last: w.now.Add(time.Minute),
			Code: "7K3MQ2XA", Drafted: true, Passed: "the draft before waits", Stopped: w.now.Add(3 * time.Hour), Why: "stopped by otto",
		},
		Document: []byte("what it says"),
	}
	second := exchange.Drill{Drill: heed.Drill{Name: "drill-2", Officer: "otto", At: w.now, Accord: heed.AccordID(w.digest()), Every: time.Second, First: w.now, Next: w.now}}
	third := exchange.Drill{Drill: heed.Drill{Name: "drill-3", Officer: "otto", At: w.now.Add(-time.Hour), To: []heed.PartyID{"south.example"}, Every: time.Second, First: w.now, Next: w.now}}
	hold := func(want ...exchange.Drill) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			var bare []heed.Drill
			for _, d := range want {
				bare = append(bare, d.Drill)
				got, err := v.Drill(d.Name)
				same(t, "Drill", got, err, d)
			}
			got, err := v.Drills()
			sameList(t, "Drills, in the order in which they were scheduled", got, err, bare)
			return nil
		})
	}
	put := func(d exchange.Drill) {
		t.Helper()
		w.write(func(tx exchange.Tx) error { return tx.PutDrill(d) })
	}
	hold()
	put(first)
	put(second)
	put(third)
	hold(first, second, third)
	w.both(func(v exchange.View) error {
		none, err := v.Drill("drill-4")
		missing(t, "a drill that there is not", none, err)
		return nil
	})

	// Everything of it but its place is replaced.
	document := first.Document
	first, second.Drill = exchange.Drill{Drill: second.Drill}, first.Drill
	first.Name, second.Name, second.Document = "drill-1", "drill-2", document
	put(second)
	put(first)
	hold(first, second, third)

	for what, d := range map[string]exchange.Drill{"a change that fails": {Drill: heed.Drill{Name: "drill-3", Officer: "anna"}}, "no name": {}} {
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return errors.Join(tx.PutDrill(d), errNo) })
		if !errors.Is(err, errNo) || d.Name == "" && err.Error() == errNo.Error() {
			t.Errorf("%s: %v", what, err)
		}
	}
	hold(first, second, third)
}
