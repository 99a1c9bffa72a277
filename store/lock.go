package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrLocked: another process has the database open.
var ErrLocked = errors.New("another process has this database open")

// LockedError says who holds the lock. It is ErrLocked.
type LockedError struct {
	Path string
	PID  int // 0: not known
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%s has the database open (lock file %s): stop it first, or work through it", who, e.Path)
}

// Is makes a LockedError match ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// lock is an exclusive flock(2). The kernel lets go of it when the process
// ends, however it ends; the file stays, for unlinking it would let two
// processes lock two files of one name.
type lock struct{ f *os.File }

func takeLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock: %w", err)
	}
	if err := flock(f); err != nil {
		defer f.Close() // nothing was written
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("store: lock %s: %w", path, err)
		}
		held := &LockedError{Path: path}
		if text, err := io.ReadAll(io.LimitReader(f, 32)); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 0 {
				held.PID = pid
			}
		}
		return nil, held
	}
	l := &lock{f}
	if err := l.sign(); err != nil {
		return nil, errors.Join(fmt.Errorf("store: lock %s: %w", path, err), l.release())
	}
	return l, nil
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (l *lock) sign() error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (l *lock) release() error { return l.f.Close() }
