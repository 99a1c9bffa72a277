package store

import (
	"context"
	"errors"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

var errNo = errors.New("no")

// together runs changes in one group commit, in their order, and returns how
// each went. It needs a bubble.
func together(s *Store, all ...func(exchange.Tx) error) []error {
	gate := make(chan struct{})
	var done sync.WaitGroup
	errs := make([]error, len(all))
	for i, f := range append([]func(exchange.Tx) error{func(exchange.Tx) error { <-gate; return nil }}, all...) {
		done.Go(func() {
			err := s.Write(context.Background(), f)
			if i > 0 {
				errs[i-1] = err
			}
		})
		synctest.Wait() // the gate's f is running, or this request is in the queue
	}
	close(gate)
	done.Wait()
	return errs
}

// watch has f look at every batch.
func (s *Store) watch(f func(at stage, batch int) error) {
	s.probe = f
}

// has tells which of the changes the store has, whole; half of one is an error.
func has(t *testing.T, s *Store, c *change) bool {
	t.Helper()
	var parts int
	err := s.Read(context.Background(), func(v exchange.View) error {
		for _, read := range []func() error{
			func() error { _, err := v.Kept(c.kept.Statement.ID); return err },
			func() error { _, err := v.LeafIndex(ledger.Tag(c.leaf[:32])); return err },
			func() error { _, err := v.Queued(c.kept.Statement.ID); return err },
			func() error { _, err := v.Case(c.kept.Statement.CaseID()); return err },
		} {
			switch err := read(); {
			case err == nil:
				parts++
			case !errors.Is(err, exchange.ErrNotFound):
				return err
			}
		}
		return nil
	})
	if err != nil || parts != 0 && parts != 4 {
		t.Fatalf("a change is there in %d of 4 parts: %v", parts, err)
	}
	return parts == 4
}

// holds checks that the store has what was promised and nothing else, and is sound.
func holds(t *testing.T, s *Store, all []change, errs []error) {
	t.Helper()
	for i := range all {
		if got := has(t, s, &all[i]); got != (errs[i] == nil) {
			t.Errorf("change %d was answered with %v, and is there: %t", i, errs[i], got)
		}
	}
	if err := s.Check(context.Background(), nil); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// plain changes have no duties, as the fold of a case without its opening has none.
func plain(t testing.TB, n int) []change {
	m := newMaker(t)
	all := make([]change, n)
	for i := range all {
		all[i] = m.change(i, 0)
	}
	return all
}

func applying(all []change) []func(exchange.Tx) error {
	fs := make([]func(exchange.Tx) error, len(all))
	for i := range all {
		fs[i] = func(tx exchange.Tx) error { _, _, err := all[i].apply(tx); return err }
	}
	return fs
}

func TestManyChangesShareOneCommit(t *testing.T) {
	all := plain(t, 50)
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		var batches []int
		s.watch(func(at stage, batch int) error {
			if at == stageCommit {
				batches = append(batches, batch)
			}
			return nil
		})
		errs := together(s, applying(all)...)
		if len(batches) != 1 || batches[0] != 51 {
			t.Errorf("commits of %d changes, want one of 51", batches)
		}
		holds(t, s, all, errs)
	})
}

func TestABatchIsBounded(t *testing.T) {
	all := plain(t, 20)
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, t.TempDir()+"/heed.db", Options{Batch: 8})
		var batches []int
		s.watch(func(at stage, batch int) error {
			if at == stageCommit {
				batches = append(batches, batch)
			}
			return nil
		})
		holds(t, s, all, together(s, applying(all)...))
		if len(batches) != 3 || batches[0] != 8 || batches[1] != 8 || batches[2] != 5 {
			t.Errorf("commits of %d changes, want 8, 8 and 5", batches)
		}
	})
}

// Nobody joins a batch in which a large content waits for its commit.
func TestALargeChangeEndsItsBatch(t *testing.T) {
	all := plain(t, 2)
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		var batches []int
		s.watch(func(at stage, batch int) error {
			if at == stageCommit {
				batches = append(batches, batch)
			}
			return nil
		})
		large := make([]byte, batchBytes+1)
		fs := applying(all)
		errs := together(s, fs[0], func(tx exchange.Tx) error {
			return tx.PutContent(exchange.Content{Ref: heed.ContentRef{Digest: heed.Digest{1}, Size: int64(len(large)), MediaType: heed.MediaText}, Data: large})
		}, fs[1])
		if errors.Join(errs...) != nil || len(batches) != 2 || batches[0] != 3 || batches[1] != 1 {
			t.Errorf("commits of %d changes, want 3 and 1; %v", batches, errs)
		}
	})
}

// What ends one change badly does not touch the others of its commit.
func TestOneChangeFailsAlone(t *testing.T) {
	for name, bad := range map[string]func(exchange.Tx) error{
		"an error": func(exchange.Tx) error { return errNo },
		"a panic":  func(exchange.Tx) error { panic("on purpose") },
		"Goexit":   func(exchange.Tx) error { runtime.Goexit(); return nil },
		"a failed statement that is passed over": func(tx exchange.Tx) error {
			if _, err := tx.(*txn).exec("INSERT INTO cases (key) VALUES (NULL)"); err == nil {
				return errors.New("the statement did not fail")
			}
			return nil
		},
		"a failed statement": func(tx exchange.Tx) error {
			_, err := tx.(*txn).exec("INSERT INTO nowhere VALUES (1)")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := plain(t, 9)
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				fs := applying(all)
				good := fs[4]
				var recovered any
				fs[4] = func(tx exchange.Tx) error {
					if err := good(tx); err != nil {
						return err
					}
					if _, err := tx.Case(all[4].kept.Statement.CaseID()); err != nil {
						return err
					}
					return bad(tx)
				}
				errs := make([]error, len(fs))
				gate := make(chan struct{})
				var done sync.WaitGroup
				done.Go(func() {
					if err := s.Write(context.Background(), func(exchange.Tx) error { <-gate; return nil }); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				for i, f := range fs {
					done.Go(func() {
						defer func() {
							if value := recover(); value != nil {
								recovered, errs[i] = value, errNo
							}
						}()
						errs[i] = s.Write(context.Background(), f)
					})
					synctest.Wait()
				}
				close(gate)
				done.Wait()
				for i, err := range errs {
					if (err != nil) != (i == 4) {
						t.Errorf("change %d: %v", i, err)
					}
				}
				if (name == "a panic") != (recovered == "on purpose") {
					t.Errorf("the caller recovered %v", recovered)
				}
				holds(t, s, all, errs)
				// What was undone is undone in memory, too.
				again := together(s, good)
				errs[4] = again[0]
				if errs[4] != nil {
					t.Errorf("the same change, later: %v", errs[4])
				}
				holds(t, s, all, errs)
			})
		})
	}
}

// txn is tx where a parameter has taken its name.
type txn = tx

func TestACancelledRequestInAGroupCommit(t *testing.T) {
	all := plain(t, 3)
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		ctx, cancel := context.WithCancel(context.Background())
		gate := make(chan struct{})
		fs := applying(all)
		errs := make([]error, len(all))
		var done sync.WaitGroup
		write := func(i int, ctx context.Context, f func(exchange.Tx) error) {
			done.Go(func() { errs[i] = s.Write(ctx, f) })
			synctest.Wait()
		}
		// The first is in its f when the context ends, the second waits.
		write(0, ctx, func(tx exchange.Tx) error { <-gate; return fs[0](tx) })
		write(1, ctx, fs[1])
		write(2, context.Background(), fs[2])
		cancel()
		synctest.Wait()
		if !errors.Is(errs[1], context.Canceled) {
			t.Errorf("the one that waited was told %v", errs[1])
		}
		close(gate)
		done.Wait()
		if errs[0] != nil || errs[2] != nil {
			t.Errorf("the one that had begun: %v; a bystander: %v", errs[0], errs[2])
		}
		holds(t, s, all, errs)
	})
}

// A commit that fails promises nothing to anybody, and what was remembered of
// it is forgotten.
func TestAFailedCommit(t *testing.T) {
	for name, at := range map[string]stage{"as it begins": stageBegun, "at COMMIT": stageCommit} {
		t.Run(name, func(t *testing.T) {
			all := plain(t, 12)
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				errs := together(s, applying(all[:4])...)
				s.watch(func(now stage, _ int) error {
					if now == at {
						return errNo
					}
					return nil
				})
				if _, err := failing(s, all[4:8]); err != nil {
					t.Error(err)
				}
				errs = append(errs, errNo, errNo, errNo, errNo)
				s.watch(nil)
				errs = append(errs, together(s, applying(all[8:])...)...)
				holds(t, s, all, errs)
				// The failed ones go through now: nothing of them was left behind.
				copy(errs[4:8], together(s, applying(all[4:8])...))
				holds(t, s, all, errs)
			})
		})
	}
}

// failing runs changes of which every one has to fail with the batch's error.
func failing(s *Store, all []change) ([]error, error) {
	errs := together(s, applying(all)...)
	for _, err := range errs {
		if !errors.Is(err, ErrCommit) || !errors.Is(err, errNo) {
			return errs, errors.Join(errors.New("a change of a failed commit was told otherwise"), err)
		}
	}
	return errs, nil
}

// A full disk: pages run out in the middle of one change of a batch.
func TestADatabaseThatMayNotGrow(t *testing.T) {
	all := plain(t, 40)
	path := t.TempDir() + "/heed.db"
	errs := make([]error, len(all))
	fs := applying(all)
	large := make([]byte, 1<<20)
	grow := func(tx exchange.Tx) error {
		return tx.PutContent(exchange.Content{Ref: heed.ContentRef{Digest: heed.Digest{1}, Size: int64(len(large)), MediaType: heed.MediaText}, Data: large})
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), path, Options{MaxPages: 240})
		if err != nil {
			t.Fatal(err)
		}
		copy(errs, together(s, fs[:10]...))
		full := together(s, append(append([]func(exchange.Tx) error{}, fs[10:20]...), append([]func(exchange.Tx) error{grow}, fs[20:30]...)...)...)
		if full[10] == nil {
			t.Error("a megabyte went into half of one")
		}
		copy(errs[10:20], full[:10])
		copy(errs[20:30], full[11:])
		for _, err := range errs[:10] {
			if err != nil {
				t.Error(err)
			}
		}
		holds(t, s, all[:30], errs[:30])
		copy(errs[30:], together(s, fs[30:]...))
		holds(t, s, all, errs)
		if errs[30] != nil {
			t.Errorf("a small change after the large one: %v", errs[30])
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s := openAt(t, path, Options{})
	for i := range all {
		if errs[i] != nil {
			if errs[i] = all[i].commit(s); errs[i] != nil {
				t.Error(errs[i])
			}
		}
	}
	if err := s.Write(t.Context(), grow); err != nil {
		t.Errorf("with space again: %v", err)
	}
	holds(t, s, all, errs)
}

// A full disk: the system refuses to make files longer, so that COMMIT fails,
// under load; then it gives space again.
func TestAFullDisk(t *testing.T) {
	all := plain(t, 400)
	s := open(t)
	errs := make([]error, len(all))
	load := func(from, to int) {
		var done sync.WaitGroup
		for i := from; i < to; i++ {
			done.Go(func() { errs[i] = all[i].commit(s) })
		}
		done.Wait()
	}
	load(0, 100)

	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	var log syscall.Stat_t
	if err := syscall.Stat(s.path+"-wal", &log); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // else it ends the process
	defer signal.Reset(syscall.SIGXFSZ)
	little := limit
	little.Cur = uint64(log.Size) + 20*4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &little); err != nil {
		t.Fatal(err)
	}
	load(100, 300)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, err := range errs[100:300] {
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
	load(300, 400)
	for i, err := range errs {
		if err != nil && (i < 100 || i >= 300) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	holds(t, s, all, errs)
	path := copyOf(t, s.path)
	holds(t, openAt(t, path, Options{}), all, errs)
}

func TestCloseAnswersEverybody(t *testing.T) {
	all := plain(t, 5)
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), t.TempDir()+"/heed.db", Options{})
		if err != nil {
			t.Fatal(err)
		}
		gate := make(chan struct{})
		errs := make([]error, len(all))
		var done sync.WaitGroup
		for i, f := range applying(all) {
			done.Go(func() {
				errs[i] = s.Write(t.Context(), func(tx exchange.Tx) error { <-gate; return f(tx) })
			})
			synctest.Wait()
		}
		done.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(gate)
		done.Wait()
		for i, err := range errs {
			if err != nil && !errors.Is(err, ErrClosed) {
				t.Errorf("change %d: %v", i, err)
			}
		}
		if errs[0] != nil {
			t.Errorf("the change under way: %v", errs[0])
		}
		if err := s.Write(context.Background(), func(exchange.Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		if err := s.Read(context.Background(), func(exchange.View) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
		if err := s.Backup(context.Background(), t.TempDir()+"/copy.db"); !errors.Is(err, ErrClosed) {
			t.Errorf("Backup after Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close after Close: %v", err)
		}
		holds(t, openAt(t, s.path, Options{}), all, errs)
	})
}
