// Package store keeps a node in an SQLite database: the adapter of
// exchange.Store. One process has a database at a time, one goroutine of it
// writes, and readers see what is committed. docs/store.md has the schema and
// the promises.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// Errors that callers test for.
var (
	// ErrClosed: the store was closed before the request began.
	ErrClosed = errors.New("the store is closed")
	// ErrCommit: the group commit that a change was part of failed, perhaps for
	// another's sake. Nothing of it is promised; the same change may be tried again.
	ErrCommit = errors.New("store: the group commit that the change was part of failed")
	// ErrEnded: a View or a Tx was used after the function that it was given to had returned.
	ErrEnded = errors.New("used after its transaction")
	// ErrNewer: the database was written by a newer version of the program.
	ErrNewer = errors.New("the database is of a newer version")
	// ErrExists: the target of a backup exists.
	ErrExists = errors.New("the file exists already")
	// ErrReadOnly: a map was changed within a Read.
	ErrReadOnly = errors.New("store: a map is changed within a Write only")
	// ErrMirrored: the own ledger cannot end as the mirror of an origin that has one.
	ErrMirrored = errors.New("there is a mirror of that origin already")
)

// Options of a store. The zero value is right for a node.
type Options struct {
	// Readers is how many Reads run at once; 0: 4. A Read within a Read takes two.
	Readers int
	// Batch is how many changes share one commit at most; 0: 1024.
	Batch int
	// Cached is how many parsed statements, and how many of every other small
	// thing, are kept in memory; 0: 20,000 (some 20 MB).
	Cached int
	// CheckpointPages is the size of the write-ahead log, in pages of 4 KiB,
	// from which it is copied into the database; 0: 4096.
	CheckpointPages int
	// MaxPages bounds the database, in pages of 4 KiB; 0: nothing but the
	// disk does. What exceeds it fails as on a full disk.
	MaxPages int
}

func (o Options) withDefaults() Options {
	or := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	or(&o.Readers, 4)
	or(&o.Batch, 1024)
	or(&o.Cached, 20_000)
	or(&o.CheckpointPages, 4096)
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path    string
	options Options
	lock    *lock
	db      *sql.DB
	readers chan *conn // those that are idle

	queue   chan *request
	closing chan struct{} // closed by Close
	ended   chan struct{} // closed when the committer has ended
	ending  error         // what went wrong then
	closed  atomic.Bool

	cases    *cache[int64, caseEntry]                 // by cases.key
	cards    *cache[heed.CardID, heed.Card]           // what is named by its hash is never stale
	said     *cache[heed.StatementID, heed.Statement] // parsed, committed or not
	versions *cache[heed.VersionID, heed.Accord]      // the same of versions and acts of accords
	acts     *cache[heed.AccordActID, heed.AccordAct]
	tree     atomic.Pointer[heldTree] // as of the newest commit
	listed   listed
	probe    func(stage stage, batch int) error // tests' view into the committer; nil otherwise
}

var _ exchange.Store = (*Store)(nil)

// Open opens the database at path, makes it where there is none, and brings
// it to the present schema. The directory must exist; a file "lock" in it
// keeps a second process out: *LockedError, which is ErrLocked. A database of
// a newer schema is refused with ErrNewer.
//
// The context is for opening only. Whoever opens must Close.
func Open(ctx context.Context, path string, options Options) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	held, err := takeLock(filepath.Join(filepath.Dir(path), "lock"))
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, options: options.withDefaults(), lock: held, closing: make(chan struct{}), ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	if err := createDatabase(path); err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("sqlite", dataSource(path, s.options)); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	if err := migrateUp(ctx, s.db, path); err != nil {
		return nil, err
	}
	// What a killed process had erased may stand in the log that it has left.
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	// A connection that is given back is closed, and with it whatever a failed
	// transaction has left open on it.
	s.db.SetMaxIdleConns(-1)
	s.cases = newCache[int64, caseEntry](s.options.Cached)
	s.cards = newCache[heed.CardID, heed.Card](s.options.Cached)
	s.said = newCache[heed.StatementID, heed.Statement](s.options.Cached)
	s.versions = newCache[heed.VersionID, heed.Accord](s.options.Cached)
	s.acts = newCache[heed.AccordActID, heed.AccordAct](s.options.Cached)
	s.readers = make(chan *conn, s.options.Readers)
	for range s.options.Readers {
		c, err := openConn(ctx, s.db)
		if err != nil {
			return nil, fmt.Errorf("store: open %s: %w", path, err)
		}
		s.readers <- c
	}
	w := &writer{store: s}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	s.queue = make(chan *request, s.options.Batch)
	go w.run()
	return s, nil
}

// createDatabase makes an empty file that nobody else may read; SQLite gives
// its own files beside it the same permissions.
func createDatabase(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: create the database: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), syncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("store: create the database: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// busyTimeout is how long a connection waits for another's lock, in milliseconds.
const busyTimeout = "10000"

// dataSource sets every connection up alike. The committer copies the
// write-ahead log itself, between commits.
func dataSource(path string, o Options) string {
	q := url.Values{}
	pragma := func(name, v string) { q.Add("_pragma", name+"("+v+")") }
	pragma("busy_timeout", busyTimeout)
	pragma("journal_mode", "WAL")
	pragma("synchronous", "FULL")
	pragma("foreign_keys", "ON")
	pragma("secure_delete", "ON")
	pragma("temp_store", "MEMORY")
	pragma("cache_size", "-16384")
	pragma("wal_autocheckpoint", "0")
	pragma("journal_size_limit", strconv.Itoa(2*4096*o.CheckpointPages))
	if o.MaxPages > 0 {
		pragma("max_page_count", strconv.Itoa(o.MaxPages))
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Close waits for the commit under way and for Reads that have begun, fails
// what has not begun with ErrClosed, and leaves the database in one file.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.closing)
	<-s.ended
	return errors.Join(s.ending, s.release())
}

// release gives back what Open has taken so far.
func (s *Store) release() error {
	var errs []error
	if s.readers != nil {
		// Open may have failed before all readers were made.
		n := cap(s.readers)
		if s.queue == nil {
			n = len(s.readers)
		}
		for range n {
			errs = append(errs, (<-s.readers).close())
		}
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if err := errors.Join(append(errs, s.lock.release())...); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Read implements exchange.Store.
func (s *Store) Read(ctx context.Context, f func(exchange.View) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
	v := &view{store: s, conn: c, generation: s.listed.generation.Load()}
	defer func() {
		v.ended = true
		if _, end := c.exec("ROLLBACK"); end != nil && err == nil {
			err = end
		}
		s.readers <- c
	}()
	c.failed = nil
	if _, err := c.exec("BEGIN"); err != nil {
		return err
	}
	return f(v)
}

// Write implements exchange.Store. A Write within a Write's f never returns.
func (s *Store) Write(ctx context.Context, f func(exchange.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx: ctx, f: f, done: make(chan struct{})}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.withdraw() {
			return ctx.Err()
		}
		<-r.done
	case <-s.ended:
		if r.withdraw() {
			return ErrClosed
		}
		<-r.done
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.err
}

// view is one transaction of a connection, for as long as its function runs.
type view struct {
	store *Store
	conn  *conn
	write *writer // nil for a Read
	plain bool    // reads what the database has, and not what is remembered of statements
	ended bool
	// generation of the list of peers, from before a Read's snapshot was taken
	generation uint64

	// The maps that were asked for, of the own ledger and of mirrors by origin. A tx has its own.
	own     *ledger.Map
	mirrors map[string]*ledger.Map
}

func (v *view) query(query string, f func(*row) error, args ...any) error {
	if v.ended {
		return ErrEnded
	}
	return v.conn.query(query, f, args...)
}

func (v *view) one(query string, f func(*row) error, args ...any) error {
	if v.ended {
		return ErrEnded
	}
	return v.conn.one(query, f, args...)
}

// list gathers what read makes of every row.
func list[T any](v *view, read func(*row) T, query string, args ...any) ([]T, error) {
	var all []T
	err := v.query(query, func(r *row) error {
		all = append(all, read(r))
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// find is what read makes of the one row; ErrNotFound where there is none.
func find[T any](v *view, read func(*row) T, query string, args ...any) (T, error) {
	var found T
	err := v.one(query, func(r *row) error {
		found = read(r)
		return nil
	}, args...)
	if err != nil {
		var none T
		return none, err
	}
	return found, nil
}
