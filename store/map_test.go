package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// testLeaf is a statement leaf whose tag looks random.
func testLeaf(n int) []byte {
	return ledger.Leaf{Tag: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n))), Commit: [32]byte{1}}.Bytes()
}

// cut brings the map of the own ledger up to the newest leaf, and has its root
// leaf and a head follow.
func cut(tx exchange.Tx, origin string) error {
	from, previous := int64(0), int64(-1)
	switch held, err := tx.Head(); {
	case err == nil:
		from, previous = held.Size, held.Size-1
	case !errors.Is(err, exchange.ErrNotFound):
		return err
	}
	tree, err := tx.Tree()
	if err != nil {
		return err
	}
	leaves, err := tx.Leaves(from, tree.Size())
	if err != nil {
		return err
	}
	entries := make([]ledger.MapEntry, len(leaves))
	for i, leaf := range leaves {
		entries[i] = ledger.MapEntry{Tag: ledger.Tag(leaf[:32]), Index: from + int64(i)}
	}
	root, err := tx.Map().Insert(entries)
	if err != nil {
		return err
	}
	if _, err := tx.Append(ledger.MapRoot{Covers: tree.Size(), Root: root, Previous: previous}.Bytes()); err != nil {
		return err
	}
	if tree, err = tx.Tree(); err != nil {
		return err
	}
	return tx.PutHead(exchange.Head{Size: tree.Size(), Note: append(tree.Head(origin).Body(), '\n'), At: benchStart})
}

// logs appends statement leaves and cuts.
func logs(tx exchange.Tx, origin string, from, to int) error {
	for n := from; n < to; n++ {
		if _, err := tx.Append(testLeaf(n)); err != nil {
			return err
		}
	}
	return cut(tx, origin)
}

// mirrorOf gives the mirror of a ledger that is cut once for each number of leaves.
func mirrorOf(tx exchange.Tx, origin string, cuts ...int) error {
	tree, err := tx.MirrorTree(origin)
	if err != nil {
		return err
	}
	held, err := tx.MirrorMap(origin)
	if err != nil {
		return err
	}
	n, previous := 0, int64(-1)
	for _, leaves := range cuts {
		var all [][]byte
		var entries []ledger.MapEntry
		for range leaves {
			leaf := testLeaf(n)
			entries = append(entries, ledger.MapEntry{Tag: ledger.Tag(leaf[:32]), Index: tree.Size() + int64(len(all))})
			all = append(all, leaf)
			n++
		}
		root, err := held.Insert(entries)
		if err != nil {
			return err
		}
		covers := tree.Size() + int64(len(all))
		all = append(all, ledger.MapRoot{Covers: covers, Root: root, Previous: previous}.Bytes())
		previous = covers
		var hashes []ledger.StoredHash
		for _, leaf := range all {
			_, made, err := tree.Append(leaf)
			if err != nil {
				return err
			}
			hashes = append(hashes, made...)
		}
		head := exchange.Head{Size: tree.Size(), Note: append(tree.Head(origin).Body(), '\n'), At: benchStart}
		if err := tx.ExtendMirror(origin, all, hashes, head); err != nil {
			return err
		}
	}
	return nil
}

// filledWithMaps has a ledger that has ended, another that goes on, a mirror, and
// what is found by its hash.
func filledWithMaps(t testing.TB) *Store {
	t.Helper()
	s := open(t)
	for _, change := range []func(tx exchange.Tx) error{
		func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 0, 15) },
		func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 15, 400) },
		func(tx exchange.Tx) error { return tx.EndLedger("north.example/v1") },
		func(tx exchange.Tx) error { return logs(tx, "north.example/v1-2", 0, 300) },
		func(tx exchange.Tx) error { return logs(tx, "north.example/v1-2", 300, 315) },
		func(tx exchange.Tx) error { _, err := tx.Append(testLeaf(1000)); return err }, // not cut yet
		func(tx exchange.Tx) error { return mirrorOf(tx, "south.example/v1", 5, 200, 0) },
		func(tx exchange.Tx) error {
			return errors.Join(tx.KeepCheckpoint([]byte("a checkpoint")), tx.PutSuccession("south.example", []byte("a succession")),
				tx.PutDeposit(exchange.Deposited{Note: []byte("a deposit")}))
		},
	} {
		if err := s.Write(context.Background(), change); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestCheckOfMaps(t *testing.T) {
	sound := filledWithMaps(t)
	if err := sound.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// What a change of one leaf does to the tree is covered elsewhere; these
	// keep the rest of the ledger as it is.
	for name, c := range map[string]struct{ damage, found string }{
		"the top page": {`UPDATE map_page SET page = x'0000' WHERE mirror = 0 AND length(prefix) = 0`, "our ledger: its map: "},
		"a page below": {`UPDATE map_page SET page = (SELECT page FROM map_page WHERE mirror = 0 AND prefix = (SELECT MAX(prefix) FROM map_page WHERE mirror = 0))
			WHERE mirror = 0 AND prefix = x'07'`,
			"our ledger: its map: "},
		"a page that is gone":     {`DELETE FROM map_page WHERE mirror = 0 AND prefix = x'07'`, "our ledger: its map: "},
		"the whole map":           {`DELETE FROM map_page WHERE mirror = 0`, "our ledger: its map has the root 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		"a page of the ended one": {`DELETE FROM map_page WHERE mirror = (SELECT key FROM mirror WHERE ours = 1) AND prefix = x'07'`, "the mirror of north.example/v1: its map: "},
		"a page of a mirror":      {`DELETE FROM map_page WHERE mirror = (SELECT key FROM mirror WHERE ours = 0) AND prefix = x'07'`, "the mirror of south.example/v1: its map: "},
		"a map of another": {`DELETE FROM map_page WHERE mirror = 0; UPDATE map_page SET mirror = 0 WHERE mirror = (SELECT key FROM mirror WHERE ours = 1)`,
			"our ledger: its map has the root"},
		"a map of no ledger":     {`UPDATE map_page SET mirror = 99 WHERE mirror = 0 AND prefix = x'07'`, "1 pages are of the map of no ledger"},
		"a map without roots":    {`UPDATE mirror SET origin = 'south.example/v0' WHERE ours = 0`, "the mirror of south.example/v0: its map has the root"},
		"a root leaf":            {`UPDATE leaf SET rest = CAST(substr(rest, 1, 9) || zeroblob(32) || substr(rest, 42) AS BLOB) WHERE place = 316`, "breaks rule root-wrong"},
		"a root leaf that is no": {`UPDATE leaf SET rest = x'01' WHERE place = 300`, "leaf 300 breaks rule bad-leaf"},
		"a head at another leaf": {`UPDATE head SET size = 200 WHERE size = 301`, "the head of 200 leaves"},
		"a kept checkpoint":      {`UPDATE checkpoint SET note = x'00'`, "the checkpoint "},
		"a succession":           {`UPDATE succession SET note = x'00'`, "the succession "},
		"a deposit":              {`UPDATE deposit SET note = x'00'`, "the deposit "},
	} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, copyOf(t, sound.path), Options{})
			if _, err := s.db.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			err := s.Check(t.Context(), nil)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.found) {
				t.Errorf("found %v, want %q", err, c.found)
			}
		})
	}
}

// A head whose last leaf is no map root is found also where its text is right.
func TestCheckOfAHeadWithoutARoot(t *testing.T) {
	s := open(t)
	err := s.Write(t.Context(), func(tx exchange.Tx) error {
		if err := logs(tx, "north.example/v1", 0, 15); err != nil {
			return err
		}
		if _, err := tx.Append(testLeaf(15)); err != nil {
			return err
		}
		tree, err := tx.Tree()
		if err != nil {
			return err
		}
		return tx.PutHead(exchange.Head{Size: tree.Size(), Note: append(tree.Head("north.example/v1").Body(), '\n')})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), nil); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "does not end in a map root") {
		t.Errorf("found %v", err)
	}
}

func TestMapErrors(t *testing.T) {
	s := filledWithMaps(t)
	entry := []ledger.MapEntry{{Tag: ledger.Tag{1}, Index: 5}}
	err := s.Read(t.Context(), func(v exchange.View) error {
		if _, err := v.Map().Insert(entry); !errors.Is(err, ErrReadOnly) {
			t.Errorf("an insertion within a Read: %v, want ErrReadOnly", err)
		}
		held, err := v.MirrorMap("west.example/v1")
		if err != nil {
			return err
		}
		if _, err := held.Insert(entry); !errors.Is(err, ErrReadOnly) {
			t.Errorf("an insertion within a Read: %v, want ErrReadOnly", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	var held *ledger.Map
	err = s.Write(t.Context(), func(tx exchange.Tx) error {
		held = tx.Map()
		if err := tx.EndLedger("south.example/v1"); !errors.Is(err, ErrMirrored) {
			t.Errorf("an end as what is mirrored: %v, want ErrMirrored", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := held.Insert(entry); !errors.Is(err, ErrEnded) {
		t.Errorf("an insertion after the Write: %v, want ErrEnded", err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A commit that fails takes cuts and ends of ledgers back with it, in memory too.
func TestMapsOfAFailedCommit(t *testing.T) {
	for name, at := range map[string]stage{"as it begins": stageBegun, "at COMMIT": stageCommit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				roots := func(size int64, origin string) {
					t.Helper()
					if err := s.Check(t.Context(), nil); err != nil {
						t.Error(err)
					}
					err := s.Read(t.Context(), func(v exchange.View) error {
						tree, err := v.Tree()
						if err != nil {
							return err
						}
						head, err := v.Head()
						if err != nil {
							return err
						}
						if tree.Size() != size || head.Size != size || !strings.HasPrefix(string(head.Note), origin+"\n") {
							t.Errorf("%d leaves, and a head of %d: %.30q; want %d of %s", tree.Size(), head.Size, head.Note, size, origin)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
				work := []func(exchange.Tx) error{
					func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 300, 500) },
					func(tx exchange.Tx) error { return tx.EndLedger("north.example/v1") },
					func(tx exchange.Tx) error { return logs(tx, "north.example/v1-2", 0, 150) },
					func(tx exchange.Tx) error { return mirrorOf(tx, "south.example/v1", 10, 150) },
				}
				if err := errors.Join(together(s, func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 0, 300) })...); err != nil {
					t.Fatal(err)
				}
				s.watch(func(now stage, _ int) error {
					if now == at {
						return errNo
					}
					return nil
				})
				// The end of a ledger ends its batch, too: it comes last.
				for i, err := range together(s, work[0], work[3], work[1]) {
					if !errors.Is(err, ErrCommit) || !errors.Is(err, errNo) {
						t.Errorf("change %d of a failed commit: %v", i, err)
					}
				}
				s.watch(nil)
				roots(301, "north.example/v1")
				// The last of them fails alone, and the next begins where it began.
				errs := together(s, append(work[:3:3], func(tx exchange.Tx) error {
					return errors.Join(logs(tx, "north.example/v1-2", 150, 400), tx.EndLedger("north.example/v1-2"), logs(tx, "lost", 0, 9), errNo)
				}, work[3], func(tx exchange.Tx) error { return logs(tx, "north.example/v1-2", 150, 160) })...)
				for i, err := range errs {
					if (i == 3) != (err != nil) {
						t.Errorf("change %d: %v", i, err)
					}
				}
				roots(162, "north.example/v1-2")
			})
		})
	}
}

// What is inserted into the map of a ledger that has ended since is not lost
// without a word.
func TestAMapFromBeforeItsLedgerEnded(t *testing.T) {
	s := filledWithMaps(t)
	for name, given := range map[string]func(tx exchange.Tx) (*ledger.Map, error){
		"our own":       func(tx exchange.Tx) (*ledger.Map, error) { return tx.Map(), nil },
		"of the mirror": func(tx exchange.Tx) (*ledger.Map, error) { return tx.MirrorMap("north.example/v1-2") },
		"that was read": func(tx exchange.Tx) (*ledger.Map, error) {
			if _, err := tx.Map().Root(0); err != nil {
				return nil, err
			}
			return tx.Map(), nil
		},
	} {
		var inserted error
		err := s.Write(t.Context(), func(tx exchange.Tx) error {
			held, err := given(tx)
			if err != nil {
				return err
			}
			if err := tx.EndLedger("north.example/v1-2"); err != nil {
				return err
			}
			if _, inserted = held.Insert([]ledger.MapEntry{{Tag: ledger.Tag{1}, Index: 5}}); inserted != nil {
				return inserted
			}
			return nil
		})
		if (inserted == nil) != (name == "that was read") || !errors.Is(err, ErrEnded) {
			t.Errorf("%s: the insertion: %v; the change: %v, want ErrEnded", name, inserted, err)
		}
		if err := s.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// Pages run out in the middle of a cut.
func TestACutThatDoesNotFit(t *testing.T) {
	s := openAt(t, t.TempDir()+"/heed.db", Options{MaxPages: 200})
	cuts, failed := 0, 0
	for n := 0; n < 3000; n += 60 {
		err := s.Write(t.Context(), func(tx exchange.Tx) error { return logs(tx, "north.example/v1", n, n+60) })
		if err != nil {
			failed++
		} else if cuts++; failed > 0 {
			t.Log("a cut fitted after one that did not")
		}
		if failed == 3 {
			break
		}
	}
	if cuts == 0 || failed < 3 {
		t.Fatalf("%d cuts were made and %d failed", cuts, failed)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	path := copyOf(t, s.path)
	again := openAt(t, path, Options{})
	if err := again.Write(t.Context(), func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 10_000, 10_500) }); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if err := again.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A replay's pages are written once, however often it cuts.
func TestAReplayWritesItsPagesOnce(t *testing.T) {
	s := open(t)
	err := s.Write(t.Context(), func(tx exchange.Tx) error {
		if err := mirrorOf(tx, "south.example/v1", 10, 10, 10, 10, 10); err != nil {
			return err
		}
		mine, ok := tx.(*txn)
		if !ok {
			return fmt.Errorf("a %T", tx)
		}
		n, err := find(&mine.view, (*row).int, `SELECT COUNT(*) FROM map_page`)
		if n != 0 {
			t.Errorf("%d pages were written before the change ended", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// One statement serves many numbers of keys.
func TestAnyOf(t *testing.T) {
	seen := map[string]bool{}
	for n := 1; n <= 64; n++ {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprint(i)
		}
		condition, args := anyOf("recipient", values)
		seen[condition] = true
		if len(args) < n || strings.Count(condition, "$") != len(args) || args[len(args)-1] != values[n-1] {
			t.Errorf("%d keys: %s with %v", n, condition, args)
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d statements for up to 64 keys, want 7", len(seen))
	}
}

// planOf is how SQLite would go about a query.
func planOf(t *testing.T, s *Store, query string) []string {
	t.Helper()
	rows, err := s.db.Query("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return plan
}

// Queries over what a depositary holds, and those of every transaction, find
// what they ask for by an index.
func TestQueryPlans(t *testing.T) {
	s := filledWithMaps(t)
	for query, want := range map[string]string{
		`SELECT page FROM map_page WHERE mirror = 0 AND prefix = x'00'`:                                                   "(mirror=? AND prefix=?)",
		`SELECT (SELECT COUNT(*) FROM mirror WHERE ours = 1), COALESCE(MAX(place) + 1, 0) FROM leaf`:                      "mirror_ours",
		`SELECT seq, size FROM held WHERE recipient IN ('a', 'b') AND waiting = 1 AND seq > 5 ORDER BY seq LIMIT 10`:      "COVERING INDEX held_waiting (recipient=? AND seq>?)",
		`SELECT COUNT(*), SUM(size) FROM held WHERE waiting = 1 AND recipient = 'a'`:                                      "COVERING INDEX held_waiting (recipient=?)",
		`SELECT COUNT(*), SUM(size) FROM held WHERE waiting = 1 AND sender = 'a'`:                                         "COVERING INDEX held_sender (sender=?)",
		`SELECT COUNT(*), SUM(size) FROM held WHERE waiting = 1 AND recipient = 'a' AND sender = 'b'`:                     "held_",
		`SELECT EXISTS (SELECT 1 FROM held WHERE sender = 'a' AND recipient = 'b')`:                                       "COVERING INDEX held_sender (sender=? AND recipient=?)",
		`UPDATE held SET waiting = 0, bytes = NULL, asked = 1 WHERE recipient = 'a' AND seq <= 5 AND waiting = 1`:         "held_waiting (recipient=? AND seq<?)",
		`SELECT depositary, header, note, at FROM deposit WHERE statement = x'00' ORDER BY at, seq`:                       "(statement=?)",
		`SELECT note FROM succession WHERE party = 'a' ORDER BY seq`:                                                      "(party=?)",
		`SELECT COALESCE(MAX(size), 0) FROM mirror_head WHERE mirror = 1`:                                                 "(mirror=?)",
		`SELECT size, note, at FROM mirror_head WHERE mirror = (SELECT key FROM mirror WHERE origin = 'a') ORDER BY size`: "(mirror=?)",
	} {
		plan := planOf(t, s, query)
		if !strings.Contains(strings.Join(plan, "\n"), want) {
			t.Errorf("%s: %q, want %q", query, plan, want)
		}
	}
}

// A statement that a depositary has taken twice is told by the note.
func TestDepositsInOneMillisecond(t *testing.T) {
	s := open(t)
	err := s.Write(t.Context(), func(tx exchange.Tx) error {
		for _, note := range []string{"b", "a", "c"} {
			if err := tx.PutDeposit(exchange.Deposited{Statement: heed.StatementID{1}, Depositary: "east.example", Note: []byte(note), At: benchStart}); err != nil {
				return err
			}
		}
		all, err := tx.Deposits(heed.StatementID{1})
		if err == nil && (len(all) != 3 || string(all[0].Note)+string(all[1].Note)+string(all[2].Note) != "bac") {
			t.Errorf("deposits of one moment come as %+v", all)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
