package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// The environment of the crash test: a child writes until it is killed.
const (
	crashPath = "HEED_TEST_CRASH_PATH" // set in the child: the database
	crashFrom = "HEED_TEST_CRASH_FROM" // set in the child: the number of its first change
	killCount = "HEED_TEST_KILLS"      // set by whoever wants more than 10
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		if err := writeUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled tells of every change on standard output once it is
// promised: its number, its leaf and its place in the channel.
func writeUntilKilled(path string) error {
	from, err := strconv.Atoi(os.Getenv(crashFrom))
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), path, Options{CheckpointPages: 50})
	if err != nil {
		return err
	}
	m, err := newSignedMaker()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	// One cuts all the time, and now and then what it has cut is lost; one follows
	// another's ledger.
	all.Go(func() {
		for n := 0; ; n++ {
			err := s.Write(context.Background(), func(tx exchange.Tx) error {
				if err := cut(tx, "north.example/v1"); err != nil {
					return err
				}
				if n%3 == 2 {
					return errNo
				}
				return nil
			})
			if err != nil && !errors.Is(err, errNo) {
				fail(err)
				return
			}
		}
	})
	all.Go(func() {
		for n := 0; ; n++ {
			err := s.Write(context.Background(), func(tx exchange.Tx) error {
				return mirrorOf(tx, fmt.Sprintf("south-%d.example/v1", from+n), 3, n%200, 1)
			})
			if err != nil {
				fail(err)
				return
			}
		}
	})
	for worker := range 8 {
		all.Go(func() {
			for i := from + worker; ; i += 8 {
				c := m.change(i, 0)
				var leaf int64
				var number uint64
				err := s.Write(context.Background(), func(tx exchange.Tx) (err error) {
					leaf, number, err = c.apply(tx)
					return err
				})
				if err == nil {
					mu.Lock()
					_, err = fmt.Printf("%d %d %d\n", i, leaf, number)
					mu.Unlock()
				}
				if err != nil {
					fail(err)
					return
				}
			}
		})
	}
	return <-failed
}

// A process is killed at some point under load, again and again, on one
// database. Whatever it had promised is there, and the ledger is sound.
func TestKilledUnderLoad(t *testing.T) {
	kills := 10
	if text := os.Getenv(killCount); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", killCount, err)
		}
		kills = n
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "heed.db")
	m := newMaker(t)
	type promise struct {
		change int
		leaf   int64
		number uint64
	}
	var promised []promise
	for round := range kills {
		child := exec.Command(self)
		child.Env = append(os.Environ(), crashPath+"="+path, crashFrom+"="+strconv.Itoa(round*1_000_000))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		before := len(promised)
		for lines.Scan() {
			var p promise
			if n, err := fmt.Sscan(lines.Text(), &p.change, &p.leaf, &p.number); n != 3 || err != nil {
				t.Fatalf("the child said %q", lines.Text())
			}
			promised = append(promised, p)
			// Another point each time; what is on its way is read to its end.
			if len(promised)-before == 20+round*37%100 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		var killed *exec.ExitError
		if err := child.Wait(); !errors.As(err, &killed) || killed.ExitCode() != -1 {
			t.Fatalf("the child was not killed: %v", err)
		}

		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(t.Context(), func(v exchange.View) error {
			for _, p := range promised {
				c := m.change(p.change, 0)
				leaf, err := v.LeafIndex(ledger.Tag(c.leaf[:32]))
				if err != nil || leaf != p.leaf {
					return fmt.Errorf("change %d was promised leaf %d and has %d: %w", p.change, p.leaf, leaf, err)
				}
				sent, err := v.Sent(c.channel, p.number)
				if err != nil || sent != c.kept.Statement.ID {
					return fmt.Errorf("change %d was promised number %d, which is that of %s: %w", p.change, p.number, heed.StatementID(sent), err)
				}
				if _, err := v.Kept(c.kept.Statement.ID); err != nil {
					return fmt.Errorf("change %d: %w", p.change, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("after kill %d: %v", round+1, err)
		}
		if err := s.Check(t.Context(), nil); err != nil {
			t.Errorf("after kill %d: %v", round+1, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
