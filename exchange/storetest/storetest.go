// Package storetest is the suite that every adapter of exchange.Store passes.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"heed/exchange"
	"heed/ledger"
)

// Hooks are what only the adapter can do. The tests of a hook that is nil do
// not run.
type Hooks struct {
	// Reopen closes the store, and opens what it kept.
	Reopen func(*testing.T, exchange.Store) exchange.Store
	// Crash opens what the store has kept without closing it first, as after
	// the end of its process. The store is not used afterwards.
	Crash func(*testing.T, exchange.Store) exchange.Store
}

// Run holds the adapter to ports.go. open gives a new, empty store for each
// test and closes it when the test ends.
func Run(t *testing.T, open func(*testing.T) exchange.Store, hooks Hooks) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"an empty store has nothing", empty},
		{"a write is seen whole or not at all", allOrNothing},
		{"a read is one snapshot", snapshot},
		{"a tx sees its own writes, a read does not", ownWrites},
		{"a context that ends before f begins prevents it", endedContext},
		{"a context that ends within f changes nothing", endingContext},
		{"a panic is its caller's", panics},
		{"a change is not used after its end", afterTheEnd},
		{"many write and read at once", concurrency},
		{"statements and cases", cases},
		{"dropped statements", drops},
		{"a case is folded anew after every change", refold},
		{"releases and contents", contents},
		{"takings and readings", takings},
		{"the index of duties", index},
		{"wakes", wakes},
		{"lists of cases", lists},
		{"demands", demands},
		{"self, peers and cards", parties},
		{"rosters", rosters},
		{"renewals", renewals},
		{"outward channels", outward},
		{"a statement queued again", requeue},
		{"inward channels", inward},
		{"numbers that leave gaps", gaps},
		{"notices", notices},
		{"news", news},
		{"the ledger", ownLedger},
		{"leaves of a failed change are gone", failedLeaves},
		{"a tag is taken once", tags},
		{"mirrors", mirrors},
		{"mirrors that run ahead of their heads", pagedMirrors},
		{"the map", ownMap},
		{"pages of a failed change are gone", failedMaps},
		{"maps as of an old snapshot", oldMaps},
		{"cuts among other changes", cutting},
		{"maps of mirrors", mirrorMaps},
		{"successions", successions},
		{"a ledger that has ended", ended},
		{"ledgers end among other changes", endsAndLogs},
		{"witnesses", witnesses},
		{"kept checkpoints", checkpoints},
		{"witnessed heads", witnessedHeads},
		{"deposits", deposits},
		{"envelopes held for others", holding},
		{"how far we have collected", collecting},
		{"versions and acts of accords", accords},
		{"the cases of an accord", accordCases},
		{"peers that were introduced", introductions},
		{"drafts", drafts},
		{"drills", drills},
		{"watch lists", watchLists},
		{"contacts", contacts},
		{"one-sided cases", oneSided},
		{"tasks of one-sided cases", oneSidedTasks},
		{"figures", figures},
		{"keys of what was screened", vaultKeys},
		{"screenings", askings},
		{"hits", hits},
		{"hits that have ended", endings},
		{"exclusions", exclusions},
		{"kept records", keptRecords},
		{"tokens", tokens},
		{"watches", watches},
		{"links", links},
		{"reports of hits that are owed", owedReports},
		{"erased contents", erasure},
		{"erased drafts", draftErasure},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newWorld(t, open(t))) })
	}
	for name, reopen := range map[string]func(*testing.T, exchange.Store) exchange.Store{"reopened": hooks.Reopen, "crashed": hooks.Crash} {
		if reopen != nil {
			t.Run("what was written is there when "+name, func(t *testing.T) { durable(t, newWorld(t, open(t)), reopen) })
		}
	}
}

// write commits f and fails the test where that fails.
func (w *world) write(f func(tx exchange.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(context.Background(), f); err != nil {
		w.t.Fatalf("write: %v", err)
	}
}

// read runs f over a snapshot and fails the test where that fails.
func (w *world) read(f func(v exchange.View) error) {
	w.t.Helper()
	if err := w.store.Read(context.Background(), f); err != nil {
		w.t.Fatalf("read: %v", err)
	}
}

// both runs f over a Tx and over a View, which have to agree.
func (w *world) both(f func(v exchange.View) error) {
	w.t.Helper()
	w.write(func(tx exchange.Tx) error { return f(tx) })
	w.read(f)
}

// same compares what was read with what was written.
func same[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// sameList is same; no entries may be nil or empty.
func sameList[T any](t *testing.T, what string, got []T, err error, want []T) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		got, want = nil, nil
	}
	same(t, what, got, err, want)
}

// sameTree compares what is meaningful of a tree.
func sameTree(t *testing.T, what string, got *ledger.Tree, err error, want *ledger.Tree) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	} else if !got.Head("").Same(want.Head("")) {
		t.Errorf("%s: %d leaves with root %v, want %d with %v", what, got.Size(), got.Root(), want.Size(), want.Root())
	}
}

func missing[T any](t *testing.T, what string, got T, err error) {
	t.Helper()
	if !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("%s: %+v, %v; want ErrNotFound", what, got, err)
	}
}
