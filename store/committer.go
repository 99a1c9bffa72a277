package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// request is one Write on its way. Whoever moves state from waiting decides:
// the committer begins it, or the caller withdraws it.
type request struct {
	ctx   context.Context
	f     func(exchange.Tx) error
	state atomic.Int32

	done     chan struct{} // closed once what follows is set
	err      error
	panicked any
}

const (
	waiting int32 = iota
	begun
	withdrawn
)

func (r *request) begin() bool {
	if r.ctx.Err() != nil {
		return false // its caller sees the same, and withdraws it
	}
	return r.state.CompareAndSwap(waiting, begun)
}

func (r *request) withdraw() bool { return r.state.CompareAndSwap(waiting, withdrawn) }

// stage is a point of the group commit at which tests look in.
type stage int

const (
	stageBegun  stage = iota // a batch's transaction has begun
	stageCommit              // all of a batch is done, and COMMIT is next
)

var errGoexit = errors.New("store: the change's function ended its goroutine (runtime.Goexit)")

// writer is the one that writes. All of it belongs to its goroutine.
type writer struct {
	store *Store
	conn  *conn // nil after a failure, until it can be opened again
	memory

	batch    []*request
	undo     []func() // puts memory back as it was before the present savepoint
	log      int      // pages written to the write-ahead log since it was copied
	unlisted bool     // the batch changes a peer
	scrub    bool     // the write-ahead log may still have what was erased
	ailing   error    // why the connection was given up after a commit
}

// memory is what the writer knows without asking the database. It is as the
// transaction under way has it, and is read anew after a failed one.
type memory struct {
	tree        *ledger.Tree
	era         int64 // how many ledgers of ours have ended
	nextCase    int64
	nextSeq     int64
	nextChannel int64
	nextNotice  int64
	caseKeys    map[heed.CaseID]heldCase // some of those that exist
	channels    map[exchange.Channel]channelState
	fresh       map[int64]caseEntry // cases read in this batch
	self        *exchange.Self      // nil: to be read
	peers       map[heed.PartyID]exchange.Peer
}

// open connects and reads memory.
func (w *writer) open(ctx context.Context) error {
	c, err := openConn(ctx, w.store.db)
	if err != nil {
		return fmt.Errorf("store: open %s: %w", w.store.path, err)
	}
	w.conn = c
	return w.load()
}

func (w *writer) load() error {
	w.conn.failed = nil
	m := memory{caseKeys: map[heed.CaseID]heldCase{}, channels: map[exchange.Channel]channelState{}, fresh: map[int64]caseEntry{}, peers: map[heed.PartyID]exchange.Peer{}}
	v := &view{store: w.store, conn: w.conn}
	for _, next := range []struct {
		to    *int64
		query string
	}{
		{&m.nextCase, "SELECT MAX(key) FROM cases"},
		{&m.nextSeq, "SELECT MAX(seq) FROM statement"},
		{&m.nextChannel, "SELECT MAX(key) FROM channel"},
		{&m.nextNotice, "SELECT MAX(seq) FROM notice"},
	} {
		highest, err := find(v, (*row).int, next.query)
		if err != nil {
			return err
		}
		*next.to = highest + 1
	}
	held, err := v.readTree()
	if err != nil {
		return fmt.Errorf("store: read the ledger's tree: %w", err)
	}
	m.tree, m.era = held.tree.Clone(), held.era
	w.memory = m
	w.store.tree.Store(held)
	return nil
}

// discard drops the connection and with it whatever it had not committed.
func (w *writer) discard() error {
	if w.conn == nil {
		return nil
	}
	c := w.conn
	w.conn = nil
	return c.close()
}

// run takes requests until the store is closed.
func (w *writer) run() {
	closed := false
	defer func() {
		if closed {
			close(w.store.ended)
			return
		}
		// A change's function has ended this goroutine, and another takes its
		// place: the others of the batch must not suffer for it.
		go func() {
			w.finish(w.undoChange())
			w.run()
		}()
	}()
	for {
		var again <-chan time.Time
		if w.scrub {
			again = time.After(scrubPause)
		}
		select {
		case r := <-w.store.queue:
			w.commit(r)
		case <-again:
			w.emptyLog()
		case <-w.store.closing:
			// What waits in the queue is withdrawn by its callers.
			w.store.ending = w.discard()
			closed = true
			return
		}
	}
}

// commit runs first, and what else is waiting, in one transaction.
func (w *writer) commit(first *request) {
	if w.conn == nil {
		if err := w.open(context.Background()); err != nil {
			err = fmt.Errorf("store: no connection since an earlier failure: %w", errors.Join(w.ailing, err, w.discard()))
			if first.begin() {
				w.batch = append(w.batch, first)
			}
			w.conclude(err)
			return
		}
		w.ailing = nil
	}
	for r := first; r != nil; r = w.next() {
		if !r.begin() {
			continue
		}
		w.batch = append(w.batch, r)
		if len(w.batch) == 1 {
			if err := w.start(); err != nil {
				w.finish(err)
				return
			}
		}
		if err := w.change(r); err != nil {
			w.finish(err)
			return
		}
	}
	w.finish(nil)
}

// start begins the batch's transaction.
func (w *writer) start() error {
	w.conn.failed, w.conn.wrote = nil, 0
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	return w.probe(stageBegun)
}

// finish commits the batch, publishes what it did and tells its callers. err
// is why it cannot be committed; then, and where COMMIT fails, nothing of it
// counts, and neither does anything that was remembered of it.
func (w *writer) finish(err error) {
	if len(w.batch) == 0 {
		return
	}
	if err == nil {
		err = w.end()
	}
	if err != nil {
		w.conclude(fmt.Errorf("%w: %w", ErrCommit, errors.Join(err, w.discard())))
		return
	}
	w.store.tree.Store(&heldTree{w.era, w.tree.Clone()})
	for key, entry := range w.fresh {
		w.store.cases.put(key, entry, entry.weight())
	}
	clear(w.fresh)
	if len(w.caseKeys) > w.store.options.Cached {
		clear(w.caseKeys)
	}
	if len(w.channels) > w.store.options.Cached {
		clear(w.channels)
	}
	w.conclude(nil)
	w.copyLog()
	w.emptyLog()
}

func (w *writer) end() error {
	if err := w.probe(stageCommit); err != nil {
		return err
	}
	if w.unlisted {
		w.unlisted = false
		w.store.listed.generation.Add(1)
		defer w.store.listed.generation.Add(1)
	}
	_, err := w.conn.exec("COMMIT")
	return err
}

// conclude tells every caller of the batch how it went.
func (w *writer) conclude(err error) {
	for _, r := range w.batch {
		if r.err == nil && r.panicked == nil {
			r.err = err
		}
		close(r.done)
	}
	clear(w.batch)
	w.batch, w.undo = w.batch[:0], w.undo[:0]
}

func (w *writer) probe(at stage) error {
	if w.store.probe == nil {
		return nil
	}
	return w.store.probe(at, len(w.batch))
}

// batchBytes ends a batch: small changes neither wait for a large content to
// reach the disk, nor fail with it where there is no room for it.
const batchBytes = 1 << 20

// next is another request for the batch; nil where none waits or it is full.
func (w *writer) next() *request {
	if len(w.batch) >= w.store.options.Batch || len(w.batch) > 0 && w.conn.wrote > batchBytes {
		return nil
	}
	select {
	case r := <-w.store.queue:
		return r
	default:
		return nil
	}
}

// change runs one request in its savepoint. An error is the batch's.
func (w *writer) change(r *request) error {
	w.undo = w.undo[:0]
	if _, err := w.conn.exec("SAVEPOINT change"); err != nil {
		return err
	}
	t := &tx{view: view{store: w.store, conn: w.conn, write: w}}
	returned := false
	func() {
		defer func() {
			t.ended = true
			if returned {
				return
			}
			if r.panicked = recover(); r.panicked == nil {
				r.err = errGoexit // and the goroutine goes on ending: see run
			}
		}()
		if r.err = r.f(t); r.err == nil {
			r.err = t.flushMaps()
		}
		returned = true
	}()
	if r.err == nil && r.panicked == nil && w.conn.failed != nil {
		// A change that passes over a failed statement is not what it says.
		r.err = w.conn.failed
	}
	if r.err == nil && r.panicked == nil {
		_, err := w.conn.exec("RELEASE change")
		return err
	}
	return w.undoChange()
}

// undoChange takes back the change whose savepoint is open.
func (w *writer) undoChange() error {
	for i := len(w.undo) - 1; i >= 0; i-- {
		w.undo[i]()
	}
	w.undo = w.undo[:0]
	w.conn.failed = nil
	if _, err := w.conn.exec("ROLLBACK TO change"); err != nil {
		// SQLite has rolled back more than this change, perhaps all of them.
		return err
	}
	_, err := w.conn.exec("RELEASE change")
	return err
}

// copyLog copies the write-ahead log into the database once it is long: between
// commits, so that no caller waits for it.
func (w *writer) copyLog() {
	err := func() error {
		counts, ok := w.conn.driver.(sqlite.DBStatus)
		if !ok {
			return fmt.Errorf("store: the driver's connection is a %T", w.conn.driver)
		}
		pages, _, err := counts.Status(sqlite.DBStatusCacheWrite, true)
		if err != nil {
			return err
		}
		if w.log += pages; w.log < w.store.options.CheckpointPages {
			return nil
		}
		// Where readers keep some of it from being copied, the next time does.
		w.log = 0
		return w.conn.query("PRAGMA wal_checkpoint(PASSIVE)", func(*row) error { return nil })
	}()
	if err != nil {
		// Everything is committed; a fresh connection finds out what ails the disk.
		w.log = 0
		w.ailing = errors.Join(err, w.discard())
	}
}

// scrubPause is between attempts to empty the write-ahead log while somebody reads.
const scrubPause = time.Second

// emptyLog copies all of the write-ahead log into the database and cuts it off,
// where something was erased: until then the log has it. It waits for no reader;
// while one holds an older snapshot, it is tried again.
func (w *writer) emptyLog() {
	if !w.scrub || w.conn == nil {
		return
	}
	ignore := func(*row) error { return nil }
	busy := false
	err := w.conn.query("PRAGMA busy_timeout(0)", ignore)
	if err == nil {
		err = w.conn.query("PRAGMA wal_checkpoint(TRUNCATE)", func(r *row) error {
			busy = r.bool()
			return nil
		})
	}
	if err == nil {
		err = w.conn.query("PRAGMA busy_timeout("+busyTimeout+")", ignore)
	}
	if err != nil {
		w.ailing = errors.Join(err, w.discard()) // as in copyLog
		return
	}
	if w.scrub = busy; !busy {
		w.log = 0
	}
}

// undone runs f should the present change be undone.
func (w *writer) undone(f func()) { w.undo = append(w.undo, f) }
