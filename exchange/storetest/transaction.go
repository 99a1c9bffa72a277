package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

var errNo = errors.New("no")

func empty(t *testing.T, w *world) {
	w.both(func(v exchange.View) error {
		c, err := v.Case(heed.CaseID{1})
		missing(t, "Case", c, err)
		k, err := v.Kept(heed.StatementID{1})
		missing(t, "Kept", k, err)
		r, err := v.Release(heed.ReleaseID{1})
		missing(t, "Release", r, err)
		content, err := v.Content(heed.Digest{1})
		missing(t, "Content", content, err)
		taking, err := v.Taking(heed.CaseID{1})
		missing(t, "Taking", taking, err)
		at, err := v.NextWake()
		missing(t, "NextWake", at, err)
		self, err := v.Self()
		missing(t, "Self", self, err)
		peer, err := v.Peer("south.example")
		missing(t, "Peer", peer, err)
		card, err := v.Card(heed.CardID{1})
		missing(t, "Card", card, err)
		card, err = v.CardOf("south.example", 1)
		missing(t, "CardOf", card, err)
		queued, err := v.Queued(heed.StatementID{1})
		missing(t, "Queued", queued, err)
		c1, err := v.Consumed(exchange.Channel{Peer: "south.example"}, 1)
		missing(t, "Consumed", c1, err)
		sent, err := v.Sent(exchange.Channel{Peer: "south.example", Outward: true}, 1)
		missing(t, "Sent", sent, err)
		at, err = v.NextNotice()
		missing(t, "NextNotice", at, err)
		head, err := v.Head()
		missing(t, "Head", head, err)
		head, err = v.MirrorHead("south.example/v0")
		missing(t, "MirrorHead", head, err)
		place, err := v.LeafIndex(ledger.Tag{1})
		missing(t, "LeafIndex", place, err)

		kept, err := v.KeptOf(heed.CaseID{1})
		sameList(t, "KeptOf", kept, err, nil)
		ids, err := v.CasesOf("7K3MQ2XA")
		sameList(t, "CasesOf", ids, err, nil)
		rows, err := v.Cases(10)
		sameList(t, "Cases", rows, err, nil)
		readings, err := v.Readings(heed.CaseID{1})
		sameList(t, "Readings", readings, err, nil)
		index, err := v.Index(heed.CaseID{1})
		sameList(t, "Index", index, err, nil)
		index, err = v.OpenDuties("", 10)
		sameList(t, "OpenDuties", index, err, nil)
		index, err = v.Wakes(w.now, 10)
		sameList(t, "Wakes", index, err, nil)
		peers, err := v.Peers()
		sameList(t, "Peers", peers, err, nil)
		officers, err := v.Officers()
		sameList(t, "Officers", officers, err, nil)
		pending, err := v.Pending("south.example", w.now, 10)
		sameList(t, "Pending", pending, err, nil)
		pending, err = v.Outbox(10)
		sameList(t, "Outbox", pending, err, nil)
		numbers, err := v.Missing(exchange.Channel{Peer: "south.example"}, 10)
		sameList(t, "Missing", numbers, err, nil)
		due, err := v.DueNotices(w.now, 10)
		sameList(t, "DueNotices", due, err, nil)
		leaves, err := v.Leaves(0, 0)
		sameList(t, "Leaves", leaves, err, nil)
		leaves, err = v.MirrorLeaves("south.example/v0", 0, 0)
		sameList(t, "MirrorLeaves", leaves, err, nil)

		checkpoint, err := v.Checkpoint(heed.Digest{1})
		missing(t, "Checkpoint", checkpoint, err)
		held, err := v.HeldEnvelope(heed.Digest{1})
		missing(t, "HeldEnvelope", held, err)
		witnesses, err := v.Witnesses()
		sameList(t, "Witnesses", witnesses, err, nil)
		notes, err := v.Successions("south.example")
		sameList(t, "Successions", notes, err, nil)
		deposits, err := v.Deposits(heed.StatementID{1})
		sameList(t, "Deposits", deposits, err, nil)
		waiting, err := v.HeldFor([]string{"south.example/node+1"}, 0, 10, 1<<20)
		sameList(t, "HeldFor", waiting, err, nil)

		accords, err := v.Accords()
		sameList(t, "Accords", accords, err, nil)
		versions, err := v.AccordVersions(heed.AccordID{1})
		sameList(t, "AccordVersions", versions, err, nil)
		version, err := v.AccordVersion(heed.VersionID{1})
		missing(t, "AccordVersion", version, err)
		acts, err := v.AccordActs(heed.AccordID{1})
		sameList(t, "AccordActs", acts, err, nil)
		ids, err = v.AccordCases(heed.AccordID{1})
		sameList(t, "AccordCases", ids, err, nil)
		drafts, err := v.Drafts()
		sameList(t, "Drafts", drafts, err, nil)
		draft, err := v.Draft("7K3MQ2XA")
		missing(t, "Draft", draft, err)

		deposited, err := v.HasDeposited("south.example/node+1", "north.example/node+1")
		same(t, "HasDeposited", deposited, err, false)
		n, err := v.Demands("south.example", heed.UrgencyImmediate, w.now)
		same(t, "Demands", n, err, 0)
		n, err = v.Notices()
		same(t, "Notices", n, err, 0)
		n, err = v.Strays()
		same(t, "Strays", n, err, 0)
		highest, err := v.Highest(exchange.Channel{Peer: "south.example"})
		same(t, "Highest", highest, err, 0)
		for _, tree := range []func() (*ledger.Tree, error){v.Tree, func() (*ledger.Tree, error) { return v.MirrorTree("south.example/v0") }} {
			got, err := tree()
			sameTree(t, "tree", got, err, &ledger.Tree{})
		}
		return nil
	})
}

func allOrNothing(t *testing.T, w *world) {
	first, second := w.warning(w.north, w.south), w.warning(w.north, w.south)
	channel := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true}
	change := func(k exchange.Kept, result error) error {
		return w.store.Write(context.Background(), func(tx exchange.Tx) error {
			id := k.Statement.CaseID()
			if err := tx.Keep(k); err != nil {
				return err
			}
			if _, err := tx.Enqueue(channel, id, k.Statement.ID, w.now, w.now); err != nil {
				return err
			}
			if err := tx.PutIndex(exchange.CaseRow{ID: id, Peer: "south.example", Changed: w.now}, nil); err != nil {
				return err
			}
			if err := tx.AddNotice(exchange.Notice{ID: k.Statement.ID.String(), Created: w.now}); err != nil {
				return err
			}
			if _, err := tx.Case(id); err != nil {
				return err
			}
			return result
		})
	}
	if err := change(first, errNo); !errors.Is(err, errNo) {
		t.Fatalf("the error of f came back as %v", err)
	}
	w.both(func(v exchange.View) error {
		k, err := v.Kept(first.Statement.ID)
		missing(t, "Kept", k, err)
		c, err := v.Case(first.Statement.CaseID())
		missing(t, "Case", c, err)
		rows, err := v.Cases(1)
		sameList(t, "Cases", rows, err, nil)
		highest, err := v.Highest(channel)
		same(t, "Highest", highest, err, 0)
		n, err := v.Notices()
		same(t, "Notices", n, err, 0)
		return nil
	})
	if err := change(second, nil); err != nil {
		t.Fatal(err)
	}
	if err := change(first, nil); err != nil {
		t.Fatal(err)
	}
	w.both(func(v exchange.View) error {
		for i, k := range []exchange.Kept{second, first} {
			got, err := v.Kept(k.Statement.ID)
			same(t, "Kept", got, err, k)
			c, err := v.Case(k.Statement.CaseID())
			same(t, "Case", c, err, heed.Fold(k.Statement.CaseID(), []heed.Statement{k.Statement}))
			sent, err := v.Sent(channel, uint64(i+1))
			same(t, "Sent", sent, err, k.Statement.ID)
		}
		n, err := v.Notices()
		same(t, "Notices", n, err, 2)
		return nil
	})
	if err := w.store.Read(context.Background(), func(exchange.View) error { return errNo }); !errors.Is(err, errNo) {
		t.Errorf("the error of a Read's f came back as %v", err)
	}
}

func snapshot(t *testing.T, w *world) {
	first, second := w.warning(w.north, w.south), w.warning(w.north, w.south)
	w.keep(first)
	w.write(func(tx exchange.Tx) error {
		_, err := tx.Append(leaf(1))
		return err
	})
	w.read(func(v exchange.View) error {
		if _, err := v.Case(first.Statement.CaseID()); err != nil {
			return err
		}
		answer := w.acknowledgement(w.south, w.north, first, heed.StatementID{})
		w.write(func(tx exchange.Tx) error {
			if err := tx.Keep(second); err != nil {
				return err
			}
			if err := tx.Keep(answer); err != nil {
				return err
			}
			_, err := tx.Append(leaf(2))
			return err
		})
		w.read(func(newer exchange.View) error {
			c, err := newer.Case(first.Statement.CaseID())
			same(t, "newer statements", len(c.Statements), err, 2)
			return nil
		})
		k, err := v.Kept(second.Statement.ID)
		missing(t, "what was kept after the snapshot", k, err)
		c, err := v.Case(first.Statement.CaseID())
		same(t, "statements as of the snapshot", len(c.Statements), err, 1)
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		same(t, "leaves as of the snapshot", tree.Size(), nil, 1)
		return nil
	})
}

func ownWrites(t *testing.T, w *world) {
	k := w.warning(w.north, w.south)
	w.write(func(tx exchange.Tx) error {
		if err := tx.Keep(k); err != nil {
			return err
		}
		got, err := tx.Kept(k.Statement.ID)
		same(t, "own write", got, err, k)
		c, err := tx.Case(k.Statement.CaseID())
		same(t, "own case", len(c.Statements), err, 1)
		w.read(func(v exchange.View) error {
			got, err := v.Kept(k.Statement.ID)
			missing(t, "an uncommitted write", got, err)
			return nil
		})
		return nil
	})
}

func endedContext(t *testing.T, w *world) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ran := false
	err := w.store.Write(ctx, func(exchange.Tx) error {
		ran = true
		return nil
	})
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("write with an ended context: %v, ran %t", err, ran)
	}
	err = w.store.Read(ctx, func(exchange.View) error {
		ran = true
		return nil
	})
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("read with an ended context: %v, ran %t", err, ran)
	}

	// One that ends while it waits for another's f.
	inside, leave := make(chan struct{}), make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() {
		w.write(func(exchange.Tx) error {
			close(inside)
			<-leave
			return nil
		})
	})
	<-inside
	ctx, cancel = context.WithCancel(context.Background())
	waited := make(chan error)
	go func() {
		waited <- w.store.Write(ctx, func(exchange.Tx) error {
			ran = true
			return nil
		})
	}()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("write whose context ended while it waited: %v", err)
	}
	close(leave)
	busy.Wait()
	w.write(func(exchange.Tx) error { return nil })
	if ran {
		t.Error("f ran although its context had ended before")
	}
}

func endingContext(t *testing.T, w *world) {
	ctx, cancel := context.WithCancel(context.Background())
	k := w.warning(w.north, w.south)
	err := w.store.Write(ctx, func(tx exchange.Tx) error {
		cancel()
		return tx.Keep(k)
	})
	if err != nil {
		t.Errorf("write whose context ended within: %v", err)
	}
	w.read(func(v exchange.View) error {
		got, err := v.Kept(k.Statement.ID)
		same(t, "Kept", got, err, k)
		return nil
	})
}

func panics(t *testing.T, w *world) {
	k := w.warning(w.north, w.south)
	caught := func(do func()) (value any) {
		defer func() { value = recover() }()
		do()
		return nil
	}
	value := caught(func() {
		w.write(func(tx exchange.Tx) error {
			if err := tx.Keep(k); err != nil {
				return err
			}
			panic("on purpose")
		})
	})
	same(t, "what a Write's caller recovers", value, nil, any("on purpose"))
	value = caught(func() { w.read(func(exchange.View) error { panic("on purpose") }) })
	same(t, "what a Read's caller recovers", value, nil, any("on purpose"))
	w.both(func(v exchange.View) error {
		got, err := v.Kept(k.Statement.ID)
		missing(t, "what a panicking change kept", got, err)
		return nil
	})
}

func afterTheEnd(t *testing.T, w *world) {
	var tx exchange.Tx
	var view exchange.View
	version := w.version("Liaison", nil)
	w.write(func(given exchange.Tx) error { tx = given; return tx.PutVersion(version) })
	w.read(func(given exchange.View) error { view = given; return nil })
	for what, use := range map[string]func() error{
		"Keep":    func() error { return tx.Keep(w.warning(w.north, w.south)) },
		"Append":  func() error { _, err := tx.Append(leaf(1)); return err },
		"Tx.Tree": func() error { _, err := tx.Tree(); return err },
		"Enqueue": func() error {
			_, err := tx.Enqueue(exchange.Channel{Peer: "south.example", Outward: true}, heed.CaseID{1}, heed.StatementID{1}, w.now, w.now)
			return err
		},
		"Hashes": func() error { _, err := view.Hashes([]int64{0}); return err },
		"Cases":  func() error { _, err := view.Cases(1); return err },
		"Tree":   func() error { _, err := view.Tree(); return err },

		"PutVersion":     func() error { return tx.PutVersion(version) },
		"PutAct":         func() error { return tx.PutAct(w.act(w.north, heed.AccordRatification, version.Accord)) },
		"PutDraft":       func() error { return tx.PutDraft(w.draft("7K3MQ2XA", w.now)) },
		"AccordVersion":  func() error { _, err := view.AccordVersion(version.Accord.ID); return err },
		"AccordVersions": func() error { _, err := view.AccordVersions(version.Accord.AccordID()); return err },
		"AccordActs":     func() error { _, err := view.AccordActs(version.Accord.AccordID()); return err },
		"Draft":          func() error { _, err := view.Draft("7K3MQ2XA"); return err },
	} {
		if err := use(); err == nil || errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("%s after the end: %v, want an error of its own", what, err)
		}
	}
}

// concurrency has writers that succeed, fail and give up, and readers who must
// never see a part of a change, nor a ledger that goes back.
func concurrency(t *testing.T, w *world) {
	const writers, each = 16, 12
	channel := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true}
	kept := make([]exchange.Kept, writers)
	for i := range kept {
		kept[i] = w.warning(w.north, w.south)
	}
	stop := make(chan struct{})
	var writing, reading sync.WaitGroup
	for range 3 {
		reading.Go(func() {
			var last int64
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := w.store.Read(context.Background(), func(v exchange.View) error {
					tree, err := v.Tree()
					if err != nil {
						return err
					}
					highest, err := v.Highest(channel)
					if err != nil {
						return err
					}
					if tree.Size() != int64(highest) || tree.Size() < last {
						return fmt.Errorf("%d leaves and %d numbers, after %d leaves", tree.Size(), highest, last)
					}
					last = tree.Size()
					_, err = v.Leaves(0, last)
					return err
				})
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	for i := range writers {
		writing.Go(func() {
			for j := range each {
				n := i*each + j
				fails := n%5 == 4
				err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
					index, err := tx.Append(leaf(n))
					if err != nil {
						return err
					}
					s := heed.StatementID(leaf(n)[:32])
					out, err := tx.Enqueue(channel, kept[i].Statement.CaseID(), s, w.now, w.now)
					if err != nil {
						return err
					}
					if out.Number != uint64(index)+1 {
						return fmt.Errorf("leaf %d has number %d", index, out.Number)
					}
					if err := tx.Keep(kept[i]); err != nil {
						return err
					}
					if fails {
						return errNo
					}
					return nil
				})
				if fails != errors.Is(err, errNo) || !fails && err != nil {
					t.Errorf("write %d: %v", n, err)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
	w.read(func(v exchange.View) error {
		var want int64
		for n := range writers * each {
			index, err := v.LeafIndex(ledger.Tag(leaf(n)[:32]))
			if n%5 == 4 {
				missing(t, "the leaf of a failed change", index, err)
				continue
			}
			want++
			if err != nil {
				t.Errorf("leaf %d: %v", n, err)
			}
		}
		replays(t, v, want)
		return nil
	})
}

// durable has every kind of thing written, and finds it again.
func durable(t *testing.T, w *world, reopen func(*testing.T, exchange.Store) exchange.Store) {
	k := w.warning(w.south, w.north)
	channel := exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true}
	first, north := mapped{origin: "north.example/v1"}, mapped{origin: "north.example/v1-2"}
	w.cut(&first, 150)
	w.write(func(tx exchange.Tx) error { return tx.EndLedger(first.origin) })
	witness := exchange.Witness{Name: "east.example/witness", Keys: []string{"east+1"}, Added: w.now}
	held := exchange.Held{Seq: 1, For: "west.example/node+1", Sender: "south.example/node+1", Envelope: heed.Digest{3}, Bytes: []byte("an envelope"), At: w.now}
	version := w.version("Liaison", nil)
	act, proposal, draft := w.act(w.north, heed.AccordRatification, version.Accord), w.proposal(version.Accord), w.draft("7K3MQ2XA", w.now)
	south := exchange.Peer{Card: w.south.card, CardNote: w.south.cardNote, Added: w.now, Introducer: "east.example", Via: version.Accord.AccordID(), Pending: true}
	deposited := exchange.Deposited{Statement: k.Statement.ID, Depositary: "east.example", Header: []byte("a header"), Note: []byte("a deposit"), At: w.now}
	due := w.now.Add(time.Hour)
	row := exchange.CaseRow{ID: k.Statement.CaseID(), Code: k.Statement.CaseCode(), Peer: "south.example", Changed: w.now}
	duties := []exchange.IndexedDuty{{Case: row.ID, Code: row.Code, Peer: row.Peer,
		Duty: heed.Duty{Kind: heed.DutyAssess, From: k.Statement.ID, OwedBy: "north.example", OwedTo: "south.example", Due: due, Promised: due}, Told: 1, Next: due}}
	notice := exchange.Notice{ID: "one", Case: row.ID, Due: due, Created: w.now, NextAt: w.now}
	w.write(func(tx exchange.Tx) error {
		if err := tx.PutSelf(exchange.Self{Card: w.north.card, CardNote: w.north.cardNote, RosterSerial: 1, Restored: true}); err != nil {
			return err
		}
		if err := errors.Join(tx.PutPeer(south), tx.PutVersion(version), tx.PutAct(act), tx.Keep(proposal), tx.PutDraft(draft)); err != nil {
			return err
		}
		if err := tx.Keep(k); err != nil {
			return err
		}
		if err := tx.PutIndex(row, duties); err != nil {
			return err
		}
		var err error
		if north, err = north.cut(tx, 20); err != nil {
			return err
		}
		held.Seq, err = tx.Hold(held)
		if err := errors.Join(err, tx.PutWitness(witness), tx.KeepCheckpoint([]byte("a checkpoint")), tx.PutDeposit(deposited),
			tx.SetCollected("east.example", 4), tx.PutSuccession("north.example", []byte("a succession"))); err != nil {
			return err
		}
		if _, err := tx.Enqueue(channel, row.ID, k.Statement.ID, w.now, w.now); err != nil {
			return err
		}
		return tx.AddNotice(notice)
	})
	var before *ledger.Tree
	w.read(func(v exchange.View) (err error) {
		before, err = v.Tree()
		return err
	})
	w.store = reopen(t, w.store)
	w.both(func(v exchange.View) error {
		self, err := v.Self()
		same(t, "Self", self, err, exchange.Self{Card: w.north.card, CardNote: w.north.cardNote, RosterSerial: 1, Restored: true})
		got, err := v.Kept(k.Statement.ID)
		same(t, "Kept", got, err, k)
		index, err := v.Index(row.ID)
		sameList(t, "Index", index, err, duties)
		highest, err := v.Highest(channel)
		same(t, "Highest", highest, err, 1)
		due, err := v.DueNotices(w.now, 10)
		sameList(t, "DueNotices", due, err, []exchange.Notice{notice})
		tree, err := v.Tree()
		sameTree(t, "Tree", tree, err, before)
		north.holds(t, v)
		first.isMirror(t, v)
		witnesses, err := v.Witnesses()
		sameList(t, "Witnesses", witnesses, err, []exchange.Witness{witness})
		checkpoint, err := v.Checkpoint(sha256.Sum256([]byte("a checkpoint")))
		same(t, "Checkpoint", checkpoint, err, []byte("a checkpoint"))
		deposits, err := v.Deposits(k.Statement.ID)
		sameList(t, "Deposits", deposits, err, []exchange.Deposited{deposited})
		waiting, err := v.HeldFor([]string{"west.example/node+1"}, 0, 10, 1<<20)
		sameList(t, "HeldFor", waiting, err, []exchange.Held{held})
		collected, err := v.CollectedUpTo("east.example")
		same(t, "CollectedUpTo", collected, err, 4)
		successions, err := v.Successions("north.example")
		sameList(t, "Successions", successions, err, [][]byte{[]byte("a succession")})
		peer, err := v.Peer("south.example")
		same(t, "Peer", peer, err, south)
		versions, err := v.AccordVersions(version.Accord.AccordID())
		sameList(t, "AccordVersions", versions, err, []exchange.KeptVersion{version})
		acts, err := v.AccordActs(version.Accord.AccordID())
		sameList(t, "AccordActs", acts, err, []exchange.KeptAct{act})
		cases, err := v.AccordCases(version.Accord.AccordID())
		sameList(t, "AccordCases", cases, err, []heed.CaseID{proposal.Statement.CaseID()})
		drafts, err := v.Drafts()
		sameList(t, "Drafts", drafts, err, []exchange.Draft{refs(draft)})
		content, err := v.Content(draft.Contents[0].Ref.Digest)
		same(t, "a draft's Content", content, err, draft.Contents[0])
		return nil
	})
	w.write(func(tx exchange.Tx) error {
		if _, err := north.cut(tx, 200); err != nil {
			return err
		}
		seq, err := tx.Hold(exchange.Held{For: "west.example/node+1", Envelope: heed.Digest{4}, At: w.now})
		if err != nil || seq <= held.Seq {
			return fmt.Errorf("an envelope is held as %d after %d: %w", seq, held.Seq, err)
		}
		out, err := tx.Enqueue(channel, row.ID, heed.StatementID{2}, w.now, w.now)
		same(t, "the next number", out.Number, err, 2)
		return tx.Keep(w.warning(w.north, w.south))
	})
}
