package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// conn is one connection of its own with its prepared statements. It uses the
// driver's statements without database/sql in between: what a change costs is
// mostly the number of statements, and this halves the price of each. Nobody
// else can come upon the driver's connection, for sql holds it until close; and
// Raw, which database/sql has for this, would close it under a function that panics.
type conn struct {
	sql    *sql.Conn
	driver driver.Conn
	stmts  map[string]statement
	args   []driver.NamedValue
	row    row
	failed error // the first statement error since it was last reset
	wrote  int   // bytes bound in statements that change something, since it was last reset
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func openConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	opened := &conn{sql: c, stmts: map[string]statement{}}
	err = c.Raw(func(dc any) error {
		d, ok := dc.(driver.Conn)
		if !ok {
			return fmt.Errorf("store: the driver's connection is a %T", dc)
		}
		opened.driver = d
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return opened, nil
}

func (c *conn) close() error {
	return errors.Join(c.closeStatements(), c.sql.Close())
}

func (c *conn) closeStatements() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	clear(c.stmts)
	return errors.Join(errs...)
}

func (c *conn) prepare(query string) (statement, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	d, err := c.driver.Prepare(unnamed(query))
	if err != nil {
		return nil, err
	}
	s, ok := d.(statement)
	if !ok {
		return nil, fmt.Errorf("store: the driver's statement is a %T", d)
	}
	c.stmts[query] = s
	return s, nil
}

// unnamed is the query without the names of its parameters, where each is named
// once and in order: the driver looks every name up again each time it binds.
func unnamed(query string) string {
	var b strings.Builder
	next := 1
	for rest := query; ; {
		text, name, found := strings.Cut(rest, "$")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		number := strconv.Itoa(next)
		after, isNext := strings.CutPrefix(name, number)
		if !isNext || after != "" && after[0] >= '0' && after[0] <= '9' {
			return query
		}
		b.WriteByte('?')
		rest = after
		next++
	}
}

func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: value(a)})
	}
	return c.args
}

// value is a in one of the forms that drivers know.
func value(a any) driver.Value {
	switch a := a.(type) {
	case int64, []byte, string, nil:
		return a
	case int:
		return int64(a)
	case bool:
		if a {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		return millis(a)
	}
	panic(fmt.Sprintf("store: no column holds a %T", a))
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	n, err := c.execute(query, args)
	if err != nil {
		return 0, c.fail(err)
	}
	return n, nil
}

func (c *conn) execute(query string, args []any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	for _, a := range args {
		if b, ok := a.([]byte); ok {
			c.wrote += len(b)
		}
	}
	result, err := s.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs f over every row. f may not use the connection. An error of f
// ends it and is returned as it is.
func (c *conn) query(query string, f func(*row) error, args ...any) (err error) {
	s, err := c.prepare(query)
	if err != nil {
		return c.fail(err)
	}
	rows, err := s.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return c.fail(err)
	}
	defer func() {
		if closing := rows.Close(); closing != nil && err == nil {
			err = c.fail(closing)
		}
	}()
	r := &c.row
	r.values = append(r.values[:0], make([]driver.Value, len(rows.Columns()))...)
	for {
		switch err := rows.Next(r.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.fail(err)
		}
		r.at, r.err = 0, nil
		if err := f(r); err != nil {
			return err
		}
		if r.err != nil {
			return c.fail(fmt.Errorf("%w (query: %s)", r.err, query))
		}
	}
}

// one is query for at most one row; exchange.ErrNotFound where there is none.
func (c *conn) one(query string, f func(*row) error, args ...any) error {
	found := false
	err := c.query(query, func(r *row) error {
		found = true
		return f(r)
	}, args...)
	if err == nil && !found {
		return exchange.ErrNotFound
	}
	return err
}

func (c *conn) fail(err error) error {
	err = fmt.Errorf("store: %w", err)
	if c.failed == nil {
		c.failed = err
	}
	return err
}

// row reads the columns of a row one after the other. The first column that is
// not of its kind is the row's error.
type row struct {
	values []driver.Value
	at     int
	err    error
}

func (r *row) next() driver.Value {
	if r.at >= len(r.values) {
		r.bad("one column more")
		return nil
	}
	r.at++
	return r.values[r.at-1]
}

func (r *row) bad(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: column %d of %d is not %s", ErrDamaged, r.at, len(r.values), want)
	}
}

// int reads a number; NULL is 0.
func (r *row) int() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case nil:
		return 0
	}
	r.bad("a number")
	return 0
}

func (r *row) bool() bool { return r.int() != 0 }

func (r *row) time() time.Time { return fromMillis(r.int()) }

// text reads a string; NULL is empty.
func (r *row) text() string {
	switch v := r.next().(type) {
	case string:
		return v
	case nil:
		return ""
	}
	r.bad("a text")
	return ""
}

// bytes reads bytes that are the caller's to keep; NULL is nil.
func (r *row) bytes() []byte {
	switch v := r.next().(type) {
	case []byte:
		return v
	case nil:
		return nil
	}
	r.bad("bytes")
	return nil
}

// digest reads 32 bytes; NULL is the zero Digest.
func (r *row) digest() heed.Digest {
	b := r.bytes()
	switch len(b) {
	case 0:
		return heed.Digest{}
	case len(heed.Digest{}):
		return heed.Digest(b)
	}
	r.bad("32 bytes")
	return heed.Digest{}
}

// millis is a time in a column: 0 is the zero time. The first millisecond of
// 1970 would read back as no time; no time of heed's lies there.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// orNull keeps the zero digest out of columns and of their indexes.
func orNull[D ~[32]byte](d D) any {
	if d == (D{}) {
		return nil
	}
	return d[:]
}

// whole keeps empty bytes apart from NULL.
func whole(b []byte) any {
	if b == nil {
		return []byte{}
	}
	return b
}

// bytesOrNull stores empty bytes as NULL.
func bytesOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
