package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func outward(t *testing.T, w *world) {
	south := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true}
	renewed := south
	renewed.TheirCard = 2
	west := exchange.Channel{Peer: "west.example", OurCard: 1, TheirCard: 1, Outward: true}
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	var out []exchange.Outgoing
	for i, c := range []exchange.Channel{south, south, west, renewed, south} {
		s, id := heed.StatementID(w.digest()), heed.CaseID(w.digest())
		want := exchange.Outgoing{Channel: c, Number: []uint64{1, 2, 1, 1, 3}[i], Statement: s, Case: id, Queued: at(i), NextAt: at(10 - i)}
		w.write(func(tx exchange.Tx) error {
			got, err := tx.Enqueue(c, id, s, at(i), at(10-i))
			same(t, "Enqueue", got, err, want)
			return nil
		})
		out = append(out, want)
	}
	w.both(func(v exchange.View) error {
		pending := func(peer heed.PartyID, now time.Time, limit int, want ...exchange.Outgoing) {
			t.Helper()
			got, err := v.Pending(peer, now, limit)
			sameList(t, "Pending", got, err, want)
		}
		pending("south.example", at(20), 10, out[0], out[1], out[4], out[3])
		pending("south.example", at(20), 2, out[0], out[1])
		pending("south.example", at(9), 10, out[1], out[4], out[3])
		pending("south.example", at(6), 10, out[4])
		pending("south.example", at(5), 10)
		pending("west.example", at(20), 10, out[2])
		for now, want := range map[int][]heed.PartyID{5: nil, 6: {"south.example"}, 7: {"south.example"}, 8: {"south.example", "west.example"}, 20: {"south.example", "west.example"}} {
			peers, err := v.PeersPending(at(now))
			sameList(t, fmt.Sprintf("PeersPending at %d", now), peers, err, want)
		}
		all, err := v.Outbox(10)
		sameList(t, "Outbox", all, err, []exchange.Outgoing{out[0], out[1], out[4], out[3], out[2]})
		all, err = v.Outbox(3)
		same(t, "Outbox, three of it", len(all), err, 3)
		for _, o := range out {
			got, err := v.Queued(o.Statement)
			same(t, "Queued", got, err, o)
			s, err := v.Sent(o.Channel, o.Number)
			same(t, "Sent", s, err, o.Statement)
		}
		for c, want := range map[exchange.Channel]uint64{south: 3, renewed: 1, west: 1} {
			n, err := v.Highest(c)
			same(t, "Highest", n, err, want)
		}
		return nil
	})

	// A failed attempt, and another; a refusal stands until the next one.
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.Tried(out[0].Statement, at(30), "over quota", []byte("a refusal")), tx.Tried(out[0].Statement, at(40), "no route", nil))
	})
	out[0].Attempts, out[0].NextAt, out[0].Trouble, out[0].Refusal = 2, at(40), "no route", []byte("a refusal")
	w.both(func(v exchange.View) error {
		got, err := v.Queued(out[0].Statement)
		same(t, "Queued", got, err, out[0])
		return nil
	})

	// Given, or dropped: gone from the outbox, and its number stays its own.
	for range 2 {
		w.write(func(tx exchange.Tx) error {
			return errors.Join(tx.Unqueue(out[1].Statement), tx.Tried(out[1].Statement, at(50), "too late", nil))
		})
	}
	w.both(func(v exchange.View) error {
		got, err := v.Queued(out[1].Statement)
		missing(t, "Queued after Unqueue", got, err)
		s, err := v.Sent(south, 2)
		same(t, "Sent after Unqueue", s, err, out[1].Statement)
		all, err := v.Pending("south.example", at(20), 10)
		sameList(t, "Pending", all, err, []exchange.Outgoing{out[4], out[3]})
		peers, err := v.PeersPending(at(6))
		sameList(t, "PeersPending", peers, err, []heed.PartyID{"south.example"})
		none, err := v.Sent(south, 4)
		missing(t, "Sent of a number that was not given", none, err)
		return nil
	})

	// A restored node goes on after what the peer has seen, and never back.
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.Raise(south, 40), tx.Raise(south, 7), tx.Raise(west, 5))
	})
	w.write(func(tx exchange.Tx) error {
		got, err := tx.Enqueue(south, heed.CaseID{1}, heed.StatementID{1}, w.now, w.now)
		same(t, "the number after Raise", got.Number, err, 41)
		got, err = tx.Enqueue(west, heed.CaseID{1}, heed.StatementID{2}, w.now, w.now)
		same(t, "the number after Raise", got.Number, err, 6)
		return nil
	})
	fresh := exchange.Channel{Peer: "east.example", OurCard: 1, TheirCard: 1, Outward: true}
	w.write(func(tx exchange.Tx) error { return tx.Raise(fresh, 3) })
	w.both(func(v exchange.View) error {
		n, err := v.Highest(fresh)
		same(t, "Highest after Raise", n, err, 3)
		none, err := v.Sent(fresh, 3)
		missing(t, "Sent of a number that was raised over", none, err)
		return nil
	})
}

func requeue(t *testing.T, w *world) {
	c := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true}
	renewed := c
	renewed.OurCard = 2
	s, id := heed.StatementID(w.digest()), heed.CaseID(w.digest())
	later := w.now.Add(time.Minute)
	w.write(func(tx exchange.Tx) error {
		if _, err := tx.Enqueue(c, id, s, w.now, w.now); err != nil {
			return err
		}
		return tx.Tried(s, w.now, "no route", nil)
	})
	want := exchange.Outgoing{Channel: renewed, Number: 1, Statement: s, Case: id, Queued: w.now, NextAt: later, Attempts: 1, Trouble: "no route"}
	w.write(func(tx exchange.Tx) error {
		got, err := tx.Enqueue(renewed, id, s, later, later)
		same(t, "Enqueue again", got, err, want)
		return nil
	})
	w.both(func(v exchange.View) error {
		all, err := v.Outbox(10)
		sameList(t, "Outbox", all, err, []exchange.Outgoing{want})
		for _, channel := range []exchange.Channel{c, renewed} {
			got, err := v.Sent(channel, 1)
			same(t, "Sent", got, err, s)
		}
		return nil
	})
	want.Number = 2
	w.write(func(tx exchange.Tx) error {
		got, err := tx.Enqueue(renewed, id, s, later, later)
		same(t, "Enqueue on the same channel", got, err, want)
		return nil
	})
	// What was given and is sent again begins anew.
	w.write(func(tx exchange.Tx) error {
		if err := tx.Unqueue(s); err != nil {
			return err
		}
		got, err := tx.Enqueue(renewed, id, s, later, later)
		same(t, "Enqueue after Unqueue", got, err, exchange.Outgoing{Channel: renewed, Number: 3, Statement: s, Case: id, Queued: later, NextAt: later})
		return nil
	})
}

func inward(t *testing.T, w *world) {
	c := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1}
	receipt := exchange.Consumed{Channel: c, Number: 1, Envelope: w.digest(), Statement: heed.StatementID(w.digest()), Answer: []byte("a receipt")}
	refusal := exchange.Consumed{Channel: c, Number: 2, Envelope: w.digest(), Answer: []byte("a refusal")}
	other := receipt
	other.Channel.OurCard = 2
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.Consume(receipt), tx.Consume(refusal), tx.Consume(other), tx.Consume(receipt))
	})
	w.both(func(v exchange.View) error {
		for _, want := range []exchange.Consumed{receipt, refusal, other} {
			got, err := v.Consumed(want.Channel, want.Number)
			same(t, "Consumed", got, err, want)
		}
		got, err := v.Consumed(c, 3)
		missing(t, "Consumed", got, err)
		n, err := v.Highest(c)
		same(t, "Highest", n, err, 2)
		outward := c
		outward.Outward = true
		n, err = v.Highest(outward)
		same(t, "Highest of the other direction", n, err, 0)
		return nil
	})
	again := receipt
	again.Answer = []byte("another receipt")
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.Consume(again) }); err == nil {
		t.Error("one number was answered for in two ways")
	}
	w.read(func(v exchange.View) error {
		got, err := v.Consumed(c, 1)
		same(t, "Consumed", got, err, receipt)
		return nil
	})
}

func gaps(t *testing.T, w *world) {
	c := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1}
	consume := func(numbers ...uint64) {
		t.Helper()
		w.write(func(tx exchange.Tx) error {
			for _, n := range numbers {
				if err := tx.Consume(exchange.Consumed{Channel: c, Number: n, Envelope: heed.Digest{byte(n)}, Answer: []byte{1}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	missingAre := func(limit int, want ...uint64) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.Missing(c, limit)
			sameList(t, "Missing", got, err, want)
			return nil
		})
	}
	consume(1, 2)
	missingAre(10)
	consume(5)
	missingAre(10, 3, 4)
	consume(11)
	missingAre(10, 3, 4, 6, 7, 8, 9, 10)
	missingAre(3, 3, 4, 6)
	missingAre(0)
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		if err := tx.Consume(exchange.Consumed{Channel: c, Number: 8, Envelope: heed.Digest{8}, Answer: []byte{1}}); err != nil {
			return err
		}
		return errNo
	}); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	missingAre(10, 3, 4, 6, 7, 8, 9, 10)
	consume(8, 3, 10, 6)
	missingAre(10, 4, 7, 9)
	consume(9, 7, 4)
	missingAre(10)
	// A number far ahead costs nothing.
	const far = 1 << 50
	consume(far)
	missingAre(2, 12, 13)
	consume(far-1, 12)
	missingAre(2, 13, 14)
	w.read(func(v exchange.View) error {
		n, err := v.Highest(c)
		same(t, "Highest", n, err, far)
		return nil
	})
}
