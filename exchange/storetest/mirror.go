package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// logOf is a ledger of another party's, cut once, as its leaves.
func logOf(t *testing.T, leaves ...int) [][]byte {
	t.Helper()
	var all [][]byte
	var entries []ledger.MapEntry
	for i, n := range leaves {
		all = append(all, leaf(n))
		entries = append(entries, ledger.MapEntry{Tag: ledger.Tag(leaf(n)[:32]), Index: int64(i)})
	}
	var memory ledger.MemoryPages
	root, err := ledger.NewMap(&memory).Insert(entries)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, ledger.MapRoot{Covers: int64(len(all)), Root: root, Previous: -1}.Bytes())
}

// follow replays leaves into a mirror's tree and map within a change.
func follow(tx exchange.Tx, origin string, leaves [][]byte) (*ledger.Tree, error) {
	tree, err := tx.MirrorTree(origin)
	if err != nil {
		return nil, err
	}
	held, err := tx.MirrorMap(origin)
	if err != nil {
		return nil, err
	}
	before := tree.Head(origin)
	replay := ledger.NewReplay(origin, tree, held, -1, false)
	var hashes []ledger.StoredHash
	for _, l := range leaves {
		made, err := replay.Append(l)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, made...)
	}
	head := tree.Head(origin)
	if err := replay.Agree(before, head); err != nil {
		return nil, err
	}
	return tree, tx.ExtendMirror(origin, leaves, hashes, exchange.Head{Size: head.Size, Note: head.Body()})
}

func mirrorMaps(t *testing.T, w *world) {
	const south, west = "south.example/v1", "west.example/v1"
	var numbers []int
	for n := range 200 {
		numbers = append(numbers, n)
	}
	logs := map[string][][]byte{south: logOf(t, numbers...), west: logOf(t, 5, 6, 7)}
	north := mapped{origin: "north.example/v1"}
	w.cut(&north, 10)
	// mirrors checks that each of the maps has its own ledger's tags and no other's.
	mirrors := func(v exchange.View, with ...string) {
		t.Helper()
		north.holds(t, v)
		has := map[string]bool{}
		for _, origin := range with {
			has[origin] = true
		}
		for origin, leaves := range logs {
			held, err := v.MirrorMap(origin)
			if err != nil {
				t.Errorf("MirrorMap: %v", err)
				continue
			}
			want := tlog.Hash(sha256.Sum256(nil)) // without tags
			if has[origin] {
				cut, err := ledger.ParseMapRoot(leaves[len(leaves)-1])
				if err != nil {
					t.Fatal(err)
				}
				want = cut.Root
			}
			root, err := held.Root(ledger.MaxSize)
			same(t, "the root of the map of "+origin, root, err, want)
			tree, err := v.MirrorTree(origin)
			same(t, "leaves of "+origin, tree.Size() > 0, err, has[origin])
		}
	}
	w.both(func(v exchange.View) error {
		mirrors(v)
		return nil
	})
	for range 2 {
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
			if _, err := follow(tx, south, logs[south]); err != nil {
				return err
			}
			mirrors(tx, south)
			return errNo
		})
		if !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		w.both(func(v exchange.View) error {
			mirrors(v)
			return nil
		})
	}
	w.write(func(tx exchange.Tx) error {
		_, err := follow(tx, south, logs[south])
		return err
	})
	w.both(func(v exchange.View) error {
		mirrors(v, south)
		held, err := v.MirrorMap(south)
		if err != nil {
			return err
		}
		index, found, err := held.Lookup(ledger.Tag(leaf(77)[:32]))
		if !found {
			t.Error("a mirrored tag is not found")
		}
		same(t, "Lookup", index, err, 77)
		return nil
	})
	w.read(func(v exchange.View) error {
		held, err := v.MirrorMap(south)
		if err != nil {
			return err
		}
		if _, err := held.Insert([]ledger.MapEntry{{Tag: ledger.Tag{1}, Index: 1}}); err == nil {
			t.Error("a Read has inserted into the map of a mirror")
		}
		return nil
	})
	w.write(func(tx exchange.Tx) error {
		_, err := follow(tx, west, logs[west])
		return err
	})
	w.both(func(v exchange.View) error {
		mirrors(v, south, west)
		return nil
	})
}

// pagedMirrors has leaves come before the head that they lead to.
func pagedMirrors(t *testing.T, w *world) {
	const origin = "south.example/v1"
	var tree ledger.Tree
	extend := func(n int, head exchange.Head) error {
		var leaves [][]byte
		var hashes []ledger.StoredHash
		next := tree.Clone()
		for i := range n {
			leaves = append(leaves, leaf(int(tree.Size())+i))
			_, made, err := next.Append(leaves[i])
			if err != nil {
				return err
			}
			hashes = append(hashes, made...)
		}
		err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.ExtendMirror(origin, leaves, hashes, head) })
		if err == nil {
			tree = *next
		}
		return err
	}
	head := func(size int64, note string) exchange.Head {
		return exchange.Head{Size: size, Note: []byte(note), At: w.now}
	}
	newest := func(want exchange.Head) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.MirrorHead(origin)
			if want.Size == 0 {
				missing(t, "MirrorHead", got, err)
			} else {
				same(t, "MirrorHead", got, err, want)
			}
			held, err := v.MirrorTree(origin)
			sameTree(t, "MirrorTree", held, err, &tree)
			return nil
		})
	}
	if err := extend(0, exchange.Head{}); err != nil {
		t.Errorf("nothing of a ledger: %v", err)
	}
	newest(exchange.Head{})
	for range 3 {
		if err := extend(20, exchange.Head{}); err != nil {
			t.Fatal(err)
		}
		newest(exchange.Head{})
	}
	if err := extend(10, head(70, "the head of 70")); err != nil {
		t.Fatal(err)
	}
	newest(head(70, "the head of 70"))
	if err := extend(5, exchange.Head{}); err != nil {
		t.Fatal(err)
	}
	newest(head(70, "the head of 70"))
	// Cosignatures come for a head while leaves beyond it are held; so does a
	// head that is passed by.
	for _, next := range []exchange.Head{head(70, "cosigned"), head(73, "the head of 73"), head(75, "the head of 75"), head(75, "cosigned")} {
		if err := extend(0, next); err != nil {
			t.Errorf("%s: %v", next.Note, err)
		}
		newest(next)
	}
	if err := extend(0, head(70, "cosigned again")); err != nil {
		t.Errorf("an older head in place of itself: %v", err)
	}
	newest(head(75, "cosigned"))
	for _, bad := range []struct {
		leaves int
		size   int64
	}{{0, 60}, {0, 74}, {0, 76}, {0, -1}, {3, 75}, {3, 77}, {3, 79}, {3, -1}} {
		if err := extend(bad.leaves, head(bad.size, "bad")); !errors.Is(err, ledger.ErrRange) {
			t.Errorf("a head of %d with %d leaves after 75: %v, want ledger.ErrRange", bad.size, bad.leaves, err)
		}
	}
	newest(head(75, "cosigned"))
}

func successions(t *testing.T, w *world) {
	for range 2 { // the second time changes nothing
		w.write(func(tx exchange.Tx) error {
			return errors.Join(tx.PutSuccession("south.example", []byte("second")), tx.PutSuccession("south.example", []byte("first")),
				tx.PutSuccession("west.example", []byte("second")))
		})
	}
	w.both(func(v exchange.View) error {
		notes, err := v.Successions("south.example")
		sameList(t, "Successions", notes, err, [][]byte{[]byte("second"), []byte("first")})
		notes, err = v.Successions("west.example")
		sameList(t, "Successions", notes, err, [][]byte{[]byte("second")})
		notes, err = v.Successions("north.example")
		sameList(t, "Successions", notes, err, nil)
		return nil
	})
}

// isMirror checks that what was an own ledger is a mirror now.
func (m mapped) isMirror(t *testing.T, v exchange.View) {
	t.Helper()
	leaves, err := v.MirrorLeaves(m.origin, 0, m.size)
	if err != nil {
		t.Errorf("MirrorLeaves: %v", err)
		return
	}
	var want ledger.Tree
	tags := 0
	for _, l := range leaves {
		if len(l) == ledger.LeafBytes {
			e := m.entries[tags]
			if same(t, "the tag of a leaf", ledger.Tag(l[:32]), nil, e.Tag); e.Index != want.Size() {
				t.Errorf("tag %d is at leaf %d, want %d", tags, want.Size(), e.Index)
			}
			tags++
		}
		if _, _, err := want.Append(l); err != nil {
			t.Error(err)
			return
		}
	}
	same(t, "the number of tags", tags, nil, len(m.entries))
	tree, err := v.MirrorTree(m.origin)
	sameTree(t, "MirrorTree", tree, err, &want)
	head, err := v.MirrorHead(m.origin)
	same(t, "MirrorHead", head, err, m.heads[len(m.heads)-1])
	if string(head.Note) != string(want.Head(m.origin).Body()) {
		t.Errorf("the head is %q, and its leaves give %q", head.Note, want.Head(m.origin).Body())
	}
	held, err := v.MirrorMap(m.origin)
	if err != nil {
		t.Errorf("MirrorMap: %v", err)
		return
	}
	m.agrees(t, held)
}

func ended(t *testing.T, w *world) {
	first, second := mapped{origin: "north.example/v1"}, mapped{origin: "north.example/v1-2", next: 40}
	for _, leaves := range []int{15, 200, 31} {
		w.cut(&first, leaves)
	}
	all := func(v exchange.View, own mapped, mirrors ...mapped) error {
		t.Helper()
		own.holds(t, v)
		for _, m := range mirrors {
			m.isMirror(t, v)
		}
		return nil
	}
	end := func(origin string, result error) error {
		return w.store.Write(context.Background(), func(tx exchange.Tx) error {
			if err := tx.EndLedger(origin); err != nil {
				return err
			}
			if _, err := tx.Tree(); err != nil {
				return err
			}
			return result
		})
	}

	// One that is undone, with what was begun after it.
	err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		last, err := first.cut(tx, 3)
		if err != nil {
			return err
		}
		if err := tx.EndLedger(first.origin); err != nil {
			return err
		}
		if err := all(tx, mapped{}, last); err != nil {
			return err
		}
		next, err := second.cut(tx, 300)
		if err != nil {
			return err
		}
		if err := all(tx, next, last); err != nil {
			return err
		}
		return errNo
	})
	if !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	w.both(func(v exchange.View) error { return all(v, first) })
	w.cut(&first, 1)
	w.both(func(v exchange.View) error { return all(v, first) })

	w.read(func(old exchange.View) error {
		if err := all(old, first); err != nil {
			return err
		}
		if err := end(first.origin, nil); err != nil {
			t.Fatal(err)
		}
		if err := all(old, first); err != nil {
			return err
		}
		w.both(func(v exchange.View) error {
			index, err := v.LeafIndex(ledger.Tag(leaf(1)[:32]))
			missing(t, "a tag of the ended ledger in the new one", index, err)
			return all(v, mapped{}, first)
		})
		// The new one grows to the size of the old one, with tags that both have,
		// and readers of either see their own.
		w.cut(&second, int(first.size)-1)
		if second.size != first.size {
			t.Fatalf("the suite's own ledgers have %d and %d leaves", first.size, second.size)
		}
		w.both(func(v exchange.View) error { return all(v, second, first) })
		return all(old, first)
	})
	if err := end(first.origin, nil); err == nil {
		t.Errorf("a second ledger has ended as %s", first.origin)
	}
	w.both(func(v exchange.View) error { return all(v, second, first) })
	if err := end(second.origin, nil); err != nil {
		t.Fatal(err)
	}
	third := mapped{origin: "north.example/v1-3"}
	w.both(func(v exchange.View) error { return all(v, mapped{}, first, second) })
	w.cut(&third, 5)
	w.both(func(v exchange.View) error { return all(v, third, first, second) })
	w.write(func(tx exchange.Tx) error { return tx.EndLedger(third.origin) })
	// An empty ledger ends, too: as the mirror of nothing.
	if err := end("north.example/v1-4", nil); err != nil {
		t.Fatal(err)
	}
	w.both(func(v exchange.View) error {
		tree, err := v.MirrorTree("north.example/v1-4")
		sameTree(t, "MirrorTree", tree, err, &ledger.Tree{})
		return all(v, mapped{}, first, second, third)
	})
	// An ended ledger may be extended, by what others hold of it.
	more := leaf(5000)
	tree, err := func() (*ledger.Tree, error) {
		var tree *ledger.Tree
		err := w.store.Write(context.Background(), func(tx exchange.Tx) (err error) {
			if tree, err = tx.MirrorTree(first.origin); err != nil {
				return err
			}
			_, hashes, err := tree.Append(more)
			if err != nil {
				return err
			}
			return tx.ExtendMirror(first.origin, [][]byte{more}, hashes, exchange.Head{Size: tree.Size(), Note: []byte("newer")})
		})
		return tree, err
	}()
	if err != nil {
		t.Fatal(err)
	}
	w.read(func(v exchange.View) error {
		got, err := v.MirrorTree(first.origin)
		sameTree(t, "MirrorTree", got, err, tree)
		return nil
	})
}

// endsAndLogs has a ledger end among changes of others, some of which fail.
func endsAndLogs(t *testing.T, w *world) {
	north := mapped{origin: "north.example/v1"}
	w.cut(&north, 50)
	done := make(chan error)
	for i := range 8 {
		go func() {
			for n := range 20 {
				err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
					before, err := tx.Tree()
					if err != nil {
						return err
					}
					index, err := tx.Append(leaf(1000 + i*100 + n))
					if err != nil {
						return err
					}
					if index != before.Size() {
						return fmt.Errorf("leaf %d in a tree of %d", index, before.Size())
					}
					if n%5 == 3 {
						return tx.EndLedger(fmt.Sprintf("north.example/v1-%d", 2+i*100+n))
					}
					if n%5 == 4 {
						if err := tx.EndLedger("lost"); err != nil {
							return err
						}
						if _, err := tx.Append(leaf(7)); err != nil {
							return err
						}
						return errNo
					}
					return nil
				})
				if err != nil && !errors.Is(err, errNo) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.both(func(v exchange.View) error {
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		replays(t, v, tree.Size())
		lost, err := v.MirrorTree("lost")
		sameTree(t, "the mirror of an end that was undone", lost, err, &ledger.Tree{})
		leaves := tree.Size()
		for i := range 8 {
			for n := 3; n < 20; n += 5 {
				mirror, err := v.MirrorTree(fmt.Sprintf("north.example/v1-%d", 2+i*100+n))
				if err != nil {
					return err
				}
				leaves += mirror.Size()
			}
		}
		same(t, "leaves, of all ledgers", leaves, nil, north.size+8*16)
		return nil
	})
}
