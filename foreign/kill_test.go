package foreign

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"heed/exchange"
	"heed/ledger"
)

// kills is how often the node is killed. The first time it has told of a head.
const kills = 25

// homeVariable names, for a child of this test, the home to live in.
const homeVariable = "HEED_FOREIGN_HOME"

func TestMain(m *testing.M) {
	if home := os.Getenv(homeVariable); home != "" {
		life := live
		if os.Getenv(cosignedVariable) != "" {
			life = liveCosigned
		}
		fmt.Fprintln(os.Stderr, life(home)) // it returns only to complain
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilled kills a node at any moment, without warning, again and again:
// everybody accepts the ledger that it left, and each head that it told of is
// in it.
func TestKilled(t *testing.T) {
	home := t.TempDir()
	moment := mathrand.New(mathrand.NewPCG(20261122, 3))
	told := int64(0)
	for range kills {
		told = max(told, killed(t, home, 6+moment.IntN(60)))

		n, err := openNode(home)
		must(t, err)
		if l := accepted(t, n.Ledger(), ledgerKey(1).Verifier().String()); l.head.Size < told {
			t.Errorf("the node told of a head of %d and has one of %d", told, l.head.Size)
		}
		must(t, n.store.Close())
	}
	t.Logf("a head of %d leaves after %d kills", told, kills)
}

// killed has a process live in the home, kills it after it has written so many
// lines, and returns the size of the largest head that it told of.
func killed(t *testing.T, home string, lines int) (told int64) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), homeVariable+"="+home)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	must(t, err)
	must(t, process.Start())
	return listen(t, process, out, lines)
}

// listen reads what the process tells to its end, kills it after it has
// written so many lines, unless it is killed before, and returns the size of
// the largest head that it told of.
func listen(t *testing.T, process *exec.Cmd, out io.Reader, lines int) (told int64) {
	t.Helper()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() { // to the end: what is in the pipe was told
		if lines--; lines == 0 {
			kill(t, process)
		}
		var size int64
		if _, err := fmt.Sscanf(scanner.Text(), "head %d", &size); err == nil {
			told = size
		}
	}
	must(t, scanner.Err())
	var ended *exec.ExitError
	if err := process.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the node was not killed: %v", err)
	}
	return told
}

// kill kills a process that may have been killed before.
func kill(t *testing.T, process *exec.Cmd) {
	if err := process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

// live logs and publishes for ever, and says on standard output where it is.
func live(home string) error {
	n, err := openNode(home)
	if err != nil {
		return err
	}
	for round := 1; ; round++ {
		size, err := n.round(round)
		if err != nil {
			return err
		}
		fmt.Println("head", size)
	}
}

// round logs some leaves, publishes a head, and returns its size.
func (n *node) round(round int) (size int64, err error) {
	ctx := context.Background()
	fmt.Println("round")
	err = n.store.Write(ctx, func(tx exchange.Tx) error {
		for i := range round % 40 {
			leaf, err := ledger.PaddingLeaf(rand.Reader) // as good as a statement's
			if err != nil {
				return err
			}
			if _, err := tx.Append(leaf.Bytes()); err != nil {
				return err
			}
			if i == round%3 {
				fmt.Println("amid leaves")
			}
		}
		fmt.Println("leaves")
		return nil
	})
	if err != nil {
		return 0, err
	}
	fmt.Println("committed")
	if err := n.Cut(ctx); err != nil {
		return 0, err
	}
	return n.Ledger().Size(ctx)
}
