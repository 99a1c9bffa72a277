package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Backup writes a consistent copy of what is committed to path, which must not
// exist (else ErrExists), while the store goes on. The copy is a database in
// one file that nobody else may read, and is durable when Backup returns;
// until then, and after an error, there is nothing at path. A context that
// ends stops it.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	fail := func(err error) error { return fmt.Errorf("store: backup to %s: %w", path, err) }
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	if _, err := os.Lstat(path); err == nil {
		return fail(ErrExists)
	} else if !errors.Is(err, os.ErrNotExist) {
		return fail(err)
	}
	// VACUUM INTO fills an empty file, and so keeps its permissions.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return fail(err)
	}
	part := f.Name()
	defer func() {
		closing := f.Close()
		if err == nil && closing != nil {
			err = fail(closing)
		}
		if err != nil {
			if removing := os.Remove(part); removing != nil && !errors.Is(removing, os.ErrNotExist) {
				err = errors.Join(err, fail(removing))
			}
		}
	}()
	if err := s.vacuumInto(ctx, part); err != nil {
		return fail(err)
	}
	if err := f.Sync(); err != nil {
		return fail(err)
	}
	// Link, unlike rename, does not replace what came to stand there meanwhile.
	if err := os.Link(part, path); err != nil {
		if errors.Is(err, os.ErrExist) {
			err = ErrExists
		}
		return fail(err)
	}
	if err := os.Remove(part); err != nil {
		return fail(err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fail(err)
	}
	return nil
}

// vacuumInto takes a connection of its own: it may run for minutes.
func (s *Store) vacuumInto(ctx context.Context, path string) (err error) {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	_, err = c.ExecContext(ctx, "VACUUM INTO '"+strings.ReplaceAll(path, "'", "''")+"'")
	return err
}
