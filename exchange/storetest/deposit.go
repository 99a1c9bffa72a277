package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func deposits(t *testing.T, w *world) {
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	one, two := heed.StatementID(w.digest()), heed.StatementID(w.digest())
	deposited := func(s heed.StatementID, depositary heed.PartyID, note string, n int) exchange.Deposited {
		return exchange.Deposited{Statement: s, Depositary: depositary, Header: []byte("the header of " + note), Note: []byte(note), At: at(n)}
	}
	later, first := deposited(one, "east.example", "later", 2), deposited(one, "east.example", "first", 1)
	other, third := deposited(one, "west.example", "first", 3), deposited(two, "east.example", "first", 0)
	for range 2 { // the second time changes nothing
		w.write(func(tx exchange.Tx) error {
			for _, d := range []exchange.Deposited{later, first, other, third} {
				if err := tx.PutDeposit(d); err != nil {
					return err
				}
			}
			again := first
			again.At, again.Header = at(50), []byte("another header")
			return tx.PutDeposit(again)
		})
	}
	w.both(func(v exchange.View) error {
		got, err := v.Deposits(one)
		sameList(t, "Deposits", got, err, []exchange.Deposited{first, later, other})
		got, err = v.Deposits(two)
		sameList(t, "Deposits", got, err, []exchange.Deposited{third})
		got, err = v.Deposits(heed.StatementID{9})
		sameList(t, "Deposits", got, err, nil)
		return nil
	})
}

func holding(t *testing.T, w *world) {
	const north, south, renewed, west, east = "north.example/node+1", "south.example/node+1", "south.example/node+2", "west.example/node+1", "east.example/node+1"
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	var last int64
	hold := func(sender, recipient string, size int, note []byte) exchange.Held {
		t.Helper()
		h := exchange.Held{For: recipient, Sender: sender, Envelope: w.digest(), Bytes: bytes.Repeat([]byte{byte(size)}, size), Note: note, At: at(size)}
		w.write(func(tx exchange.Tx) (err error) {
			h.Seq, err = tx.Hold(h)
			return err
		})
		if h.Seq <= last {
			t.Errorf("a deposit has the number %d after %d", h.Seq, last)
		}
		last = h.Seq
		w.both(func(v exchange.View) error {
			highest, err := v.LastHeld()
			same(t, "LastHeld", highest, err, last)
			return nil
		})
		return h
	}
	w.both(func(v exchange.View) error {
		highest, err := v.LastHeld()
		same(t, "LastHeld of none", highest, err, 0)
		return nil
	})
	one, two := hold(north, south, 100, []byte("a deposit")), hold(north, south, 200, []byte("a second"))
	other := hold(south, west, 5000, []byte("another"))
	three, four := hold(west, renewed, 300, []byte("a third")), hold(north, south, 1<<20, []byte("a fourth"))

	both := []string{south, renewed}
	list := func(keys []string, after int64, limit int, size int64, want ...exchange.Held) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.HeldFor(keys, after, limit, size)
			sameList(t, "HeldFor", got, err, want)
			return nil
		})
	}
	waiting := func(recipient, sender string, count int, size int64) {
		t.Helper()
		w.both(func(v exchange.View) error {
			n, bytes, err := v.Holding(recipient, sender)
			same(t, "Holding", n, err, count)
			same(t, "Holding", bytes, nil, size)
			return nil
		})
	}
	list(both, 0, 10, 1<<30, one, two, three, four)
	list([]string{south, renewed, south, "a.example/node+1", "b.example/node+1"}, 0, 10, 1<<30, one, two, three, four)
	list([]string{south}, 0, 10, 1<<30, one, two, four)
	list([]string{renewed}, 0, 10, 1<<30, three)
	list(both, 0, 3, 1<<30, one, two, three)
	list(both, 0, 10, 300, one, two)
	list(both, 0, 10, 299, one)
	list(both, 0, 10, 0, one)
	list(both, 0, 0, 1, one)
	list(both, two.Seq, 10, 600, three)
	list(both, three.Seq, 10, 1, four)
	list(both, four.Seq, 10, 1<<30)
	list([]string{west}, 0, 10, 1<<30, other)
	list([]string{east}, 0, 10, 1<<30)
	list(nil, 0, 10, 1<<30)
	waiting(south, "", 3, 300+1<<20)
	waiting(renewed, "", 1, 300)
	waiting("", north, 3, 300+1<<20)
	waiting("", west, 1, 300)
	waiting(south, north, 3, 300+1<<20)
	waiting(south, west, 0, 0)
	waiting("", "", 5, 5600+1<<20)
	waiting(east, "", 0, 0)
	w.both(func(v exchange.View) error {
		for _, c := range []struct {
			sender, recipient string
			want              bool
		}{{north, south, true}, {south, west, true}, {west, renewed, true}, {north, renewed, false}, {south, north, false}, {west, south, false}, {"", south, false}} {
			got, err := v.HasDeposited(c.sender, c.recipient)
			same(t, "HasDeposited by "+c.sender+" for "+c.recipient, got, err, c.want)
		}
		return nil
	})

	// The same envelope keeps its number and everything else, whoever brings it.
	again := one
	again.Seq, again.For, again.Bytes, again.Note, again.At = 77, west, []byte("x"), []byte("y"), at(99)
	w.write(func(tx exchange.Tx) error {
		seq, err := tx.Hold(again)
		same(t, "Hold, again", seq, err, one.Seq)
		return nil
	})
	list([]string{west}, 0, 10, 1<<30, other)

	// A number that was lost with its change may be given again, and none that was not.
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		seq, err := tx.Hold(exchange.Held{For: south, Envelope: w.digest(), At: w.now})
		if err == nil && seq <= last {
			t.Errorf("a deposit has the number %d after %d", seq, last)
		}
		return errors.Join(err, tx.GiveUp(both, four.Seq, at(60)), errNo)
	}); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	waiting(south, "", 3, 300+1<<20)
	list(both, 0, 10, 1<<30, one, two, three, four)

	// What is given up is known for good, without its bytes.
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.GiveUp(nil, four.Seq, at(60)), tx.GiveUp([]string{east}, four.Seq, at(60)), tx.GiveUp([]string{south}, one.Seq, at(61)))
	})
	w.write(func(tx exchange.Tx) error { return tx.GiveUp(both, three.Seq, at(62)) })
	one.Asked, two.Asked, three.Asked = at(61), at(62), at(62)
	one.Bytes, two.Bytes, three.Bytes = nil, nil, nil
	list(both, 0, 10, 1<<30, four)
	waiting(south, "", 1, 1<<20)
	waiting(renewed, "", 0, 0)
	waiting("", "", 2, 5000+1<<20)
	w.write(func(tx exchange.Tx) error {
		seq, err := tx.Hold(again)
		same(t, "Hold of what was given up", seq, err, one.Seq)
		return nil
	})
	w.both(func(v exchange.View) error {
		for _, h := range []exchange.Held{one, two, three, four, other} {
			got, err := v.HeldEnvelope(h.Envelope)
			same(t, "HeldEnvelope", got, err, h)
		}
		got, err := v.HeldEnvelope(heed.Digest{1})
		missing(t, "HeldEnvelope", got, err)
		deposited, err := v.HasDeposited(west, renewed)
		same(t, "HasDeposited of what was given up", deposited, err, true)
		return nil
	})
	five := hold(north, south, 1, nil)
	list(both, four.Seq, 10, 0, five)
	w.write(func(tx exchange.Tx) error { return tx.GiveUp(both, five.Seq, at(63)) })
	w.both(func(v exchange.View) error {
		highest, err := v.LastHeld()
		same(t, "LastHeld", highest, err, five.Seq)
		return nil
	})
}

func collecting(t *testing.T, w *world) {
	const east, west = "east.example/node+1", "west.example/node+1"
	upTo := func(depositary string, want int64) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.CollectedUpTo(depositary)
			same(t, "CollectedUpTo", got, err, want)
			return nil
		})
	}
	upTo(east, 0)
	for _, n := range []int64{5, 9, 9, 3} {
		w.write(func(tx exchange.Tx) error { return tx.SetCollected(east, n) })
		upTo(east, n)
	}
	upTo(west, 0)
}
