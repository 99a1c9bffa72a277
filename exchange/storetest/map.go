package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// mapped is a ledger that is cut: what the suite knows of it.
type mapped struct {
	origin  string
	size    int64
	next    int // the number of its next statement leaf
	entries []ledger.MapEntry
	roots   []ledger.MapRoot
	heads   []exchange.Head
}

// cut logs so many more statement leaves and has the map, its root leaf and a
// head follow, in one change. It returns the ledger as it is if that commits.
func (m mapped) cut(tx exchange.Tx, leaves int) (mapped, error) {
	m.entries, m.roots, m.heads = slices.Clip(m.entries), slices.Clip(m.roots), slices.Clip(m.heads)
	var fresh []ledger.MapEntry
	for range leaves {
		l := leaf(m.next)
		index, err := tx.Append(l)
		if err != nil {
			return m, err
		}
		if index != m.size {
			return m, fmt.Errorf("leaf %d where %d is next", index, m.size)
		}
		fresh = append(fresh, ledger.MapEntry{Tag: ledger.Tag(l[:32]), Index: index})
		m.size++
		m.next++
	}
	root, err := tx.Map().Insert(fresh)
	if err != nil {
		return m, err
	}
	cut := ledger.MapRoot{Covers: m.size, Root: root, Previous: -1}
	if len(m.roots) > 0 {
		cut.Previous = m.roots[len(m.roots)-1].Covers
	}
	if _, err := tx.Append(cut.Bytes()); err != nil {
		return m, err
	}
	m.size++
	tree, err := tx.Tree()
	if err != nil {
		return m, err
	}
	head := exchange.Head{Size: m.size, Note: tree.Head(m.origin).Body()}
	m.entries, m.roots, m.heads = append(m.entries, fresh...), append(m.roots, cut), append(m.heads, head)
	return m, tx.PutHead(head)
}

// cut is a cut that commits.
func (w *world) cut(m *mapped, leaves int) {
	w.t.Helper()
	var next mapped
	w.write(func(tx exchange.Tx) (err error) {
		next, err = m.cut(tx, leaves)
		return err
	})
	*m = next
}

// agrees checks a map against every cut of its ledger, by a map of the same
// entries in memory.
func (m mapped) agrees(t *testing.T, got *ledger.Map) {
	t.Helper()
	var memory ledger.MemoryPages
	want := ledger.NewMap(&memory)
	rest := m.entries
	at := func(covers int64, root tlog.Hash, entry ledger.MapEntry, present bool) {
		t.Helper()
		path, err := got.Prove(entry.Tag, covers)
		if err != nil {
			t.Errorf("Prove as of %d leaves: %v", covers, err)
			return
		}
		index, found, err := path.Check(root, entry.Tag)
		if err != nil || found != present || present && index != entry.Index {
			t.Errorf("the path of tag %v as of %d leaves says %d, %t, %v; want %d, %t", entry.Tag, covers, index, found, err, entry.Index, present)
		}
	}
	for _, cut := range m.roots {
		n := 0
		for n < len(rest) && rest[n].Index < cut.Covers {
			n++
		}
		root, err := want.Insert(rest[:n])
		if err != nil || root != cut.Root {
			t.Errorf("the map root over %d leaves is %v, want %v, %v", cut.Covers, cut.Root, root, err)
			return
		}
		root, err = got.Root(cut.Covers)
		same(t, fmt.Sprintf("Root(%d)", cut.Covers), root, err, cut.Root)
		if n > 0 {
			at(cut.Covers, cut.Root, rest[n-1], true)
		}
		if rest = rest[n:]; len(rest) > 0 {
			at(cut.Covers, cut.Root, rest[0], false)
		}
	}
	for _, e := range m.entries {
		if index, found, err := got.Lookup(e.Tag); err != nil || !found || index != e.Index {
			t.Errorf("Lookup of the tag of leaf %d: %d, %t, %v", e.Index, index, found, err)
			return
		}
	}
	if index, found, err := got.Lookup(ledger.Tag(leaf(m.next)[:32])); err != nil || found {
		t.Errorf("Lookup of a tag that is not there: %d, %t, %v", index, found, err)
	}
}

// holds checks that the own ledger of a view is m.
func (m mapped) holds(t *testing.T, v exchange.View) {
	t.Helper()
	replays(t, v, m.size)
	m.agrees(t, v.Map())
	head, err := v.Head()
	if len(m.heads) == 0 {
		missing(t, "Head", head, err)
	} else {
		same(t, "Head", head, err, m.heads[len(m.heads)-1])
	}
}

func ownMap(t *testing.T, w *world) {
	north := mapped{origin: "north.example/v1"}
	w.both(func(v exchange.View) error {
		north.holds(t, v)
		return nil
	})
	for _, leaves := range []int{0, 1, 15, 300, 0, 7} { // 300 do not fit into one page
		w.cut(&north, leaves)
		w.both(func(v exchange.View) error {
			north.holds(t, v)
			return nil
		})
	}
	// A change sees what it has inserted itself, and what it has not cut yet is not in the map.
	w.write(func(tx exchange.Tx) error {
		next, err := north.cut(tx, 200)
		if err != nil {
			return err
		}
		next.holds(t, tx)
		index, err := tx.Append(leaf(next.next))
		same(t, "Append", index, err, next.size)
		if next, err = next.cutAfter(tx, index); err != nil {
			return err
		}
		next.holds(t, tx)
		north = next
		return nil
	})
	w.both(func(v exchange.View) error {
		north.holds(t, v)
		return nil
	})
	// A cosigned note in place of the one without.
	cosigned := exchange.Head{Size: north.size, Note: []byte("cosigned"), At: w.now}
	w.write(func(tx exchange.Tx) error { return tx.PutHead(cosigned) })
	north.heads[len(north.heads)-1] = cosigned
	w.read(func(v exchange.View) error {
		north.holds(t, v)
		if _, err := v.Map().Insert([]ledger.MapEntry{{Tag: ledger.Tag{1}, Index: 1}}); err == nil {
			t.Error("a Read has inserted into a map")
		}
		north.holds(t, v)
		return nil
	})
	var tx exchange.Tx
	var view exchange.View
	w.write(func(given exchange.Tx) error { tx = given; return nil })
	w.read(func(given exchange.View) error { view = given; return nil })
	if root, err := view.Map().Root(north.size); err == nil {
		t.Errorf("a map after the end of its Read has the root %v", root)
	}
	if _, err := tx.Map().Insert([]ledger.MapEntry{{Tag: ledger.Tag{1}, Index: 1}}); err == nil {
		t.Error("a map took an insertion after the end of its Write")
	}
}

// cutAfter is cut where one statement leaf is logged already.
func (m mapped) cutAfter(tx exchange.Tx, index int64) (mapped, error) {
	e := ledger.MapEntry{Tag: ledger.Tag(leaf(m.next)[:32]), Index: index}
	if _, err := tx.Map().Insert([]ledger.MapEntry{e}); err != nil {
		return m, err
	}
	m.entries = append(slices.Clip(m.entries), e)
	m.size++
	m.next++
	return m.cut(tx, 0)
}

// failedMaps has changes fail after they have changed many pages.
func failedMaps(t *testing.T, w *world) {
	north := mapped{origin: "north.example/v1"}
	w.cut(&north, 100)
	for round := range 3 {
		for what, end := range map[string]func() error{
			"an error": func() error { return errNo },
			"a panic":  func() error { panic(errNo) },
		} {
			err := func() (err error) {
				defer func() {
					if value := recover(); value != nil {
						err, _ = value.(error)
					}
				}()
				return w.store.Write(context.Background(), func(tx exchange.Tx) error {
					lost, err := north.cut(tx, 200)
					if err != nil {
						return err
					}
					lost.holds(t, tx)
					return end()
				})
			}()
			if !errors.Is(err, errNo) {
				t.Fatalf("%s: %v", what, err)
			}
			w.both(func(v exchange.View) error {
				north.holds(t, v)
				return nil
			})
		}
		w.cut(&north, round*100+1)
		w.both(func(v exchange.View) error {
			north.holds(t, v)
			return nil
		})
	}
	// A tag that the map has is an answer, and changes nothing.
	w.write(func(tx exchange.Tx) error {
		taken := []ledger.MapEntry{{Tag: ledger.Tag(leaf(north.next)[:32]), Index: north.size}, north.entries[5]}
		if root, err := tx.Map().Insert(taken); !errors.Is(err, ledger.ErrMapTaken) {
			t.Errorf("a taken tag: root %v, %v; want ledger.ErrMapTaken", root, err)
		}
		north.holds(t, tx)
		next, err := north.cut(tx, 3)
		north = next
		return err
	})
	w.both(func(v exchange.View) error {
		north.holds(t, v)
		return nil
	})
}

// oldMaps proves from an old snapshot while the ledger is cut.
func oldMaps(t *testing.T, w *world) {
	north := mapped{origin: "north.example/v1"}
	for range 5 {
		w.cut(&north, 60)
	}
	w.read(func(v exchange.View) error {
		old, held := north, v.Map()
		old.agrees(t, held)
		for range 5 {
			w.cut(&north, 60)
			old.holds(t, v)
			old.agrees(t, held)
			w.read(func(newer exchange.View) error {
				north.holds(t, newer)
				return nil
			})
		}
		return nil
	})
}

// cutting has one who cuts while others log, fail and read: every snapshot's
// newest map root is that of its map.
func cutting(t *testing.T, w *world) {
	const rounds = 40
	north := mapped{origin: "north.example/v1"}
	w.cut(&north, 20)
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for range 3 {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := w.store.Read(context.Background(), func(v exchange.View) error {
					head, err := v.Head()
					if err != nil {
						return err
					}
					last, err := v.Leaves(head.Size-1, head.Size)
					if err != nil {
						return err
					}
					newest, err := ledger.ParseMapRoot(last[0])
					if err != nil {
						return err
					}
					for older := 3; older > 0 && newest.Covers > 0; older-- {
						root, err := v.Map().Root(newest.Covers)
						if err != nil || root != newest.Root {
							return fmt.Errorf("the map over %d leaves has the root %v, and its leaf says %v: %w", newest.Covers, root, newest.Root, err)
						}
						if newest.Previous < 0 {
							break
						}
						if last, err = v.Leaves(newest.Previous, newest.Previous+1); err != nil {
							return err
						}
						if newest, err = ledger.ParseMapRoot(last[0]); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
				if _, err := tx.Append(leaf(1_000_000)); err != nil {
					return err
				}
				if _, err := tx.Map().Insert([]ledger.MapEntry{{Tag: ledger.Tag{5}, Index: 5}}); err != nil {
					return err
				}
				return errNo
			})
			if !errors.Is(err, errNo) {
				t.Errorf("a change that fails: %v", err)
				return
			}
		}
	})
	for n := range rounds {
		w.cut(&north, n)
	}
	close(stop)
	busy.Wait()
	w.both(func(v exchange.View) error {
		north.holds(t, v)
		return nil
	})
}
