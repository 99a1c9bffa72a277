package testnet

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"heed"
	"heed/exchange"
)

// gate stands before a store's Write, for tests that force an order.
type gate struct {
	exchange.Store
	mu     sync.Mutex
	before func()                    // of every Write, while it is set
	within func(tx exchange.Tx) bool // at the start of every change; false: no more
}

func (g *gate) set(before func(), within func(exchange.Tx) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before, g.within = before, within
}

func (g *gate) Write(ctx context.Context, f func(exchange.Tx) error) error {
	g.mu.Lock()
	before, within := g.before, g.within
	g.mu.Unlock()
	if before != nil {
		before()
	}
	return g.Store.Write(ctx, func(tx exchange.Tx) error {
		if within != nil && !within(tx) {
			g.set(nil, nil)
		}
		return f(tx)
	})
}

// gated is two parties whose stores have gates.
func gated(t *testing.T, story func(t *testing.T, net *Net, n, s *Party, gates map[heed.PartyID]*gate)) {
	gates := map[heed.PartyID]*gate{}
	still(t, Options{Wrap: func(id heed.PartyID, s exchange.Store) exchange.Store {
		gates[id] = &gate{Store: s}
		return gates[id]
	}}, func(t *testing.T, net *Net, n, s *Party) { story(t, net, n, s, gates) })
}

// TestTwoOfficersAtOnce: both have composed and signed when either commits.
func TestTwoOfficersAtOnce(t *testing.T) {
	t.Parallel()
	gated(t, func(t *testing.T, net *Net, n, s *Party, gates map[heed.PartyID]*gate) {
		id := n.Warn("Something", s)[0]
		deliver(t, n, s)
		var both sync.WaitGroup
		both.Add(2)
		arrived := make(chan struct{}, 2)
		arrived <- struct{}{}
		arrived <- struct{}{}
		gates[south].set(func() {
			select {
			case <-arrived: // the first Write of each
				both.Done()
				both.Wait()
			default:
			}
		}, nil)
		errs := make(chan error, 2)
		for _, officer := range []heed.OfficerID{Anna, Boris} {
			go func() {
				_, err := s.Acknowledge(context.Background(), officer, id, false)
				errs <- err
			}()
		}
		won, lost := 0, 0
		for range 2 {
			err := <-errs
			var refused *heed.Refused
			switch {
			case err == nil:
				won++
			case errors.As(err, &refused) && strings.Contains(refused.Detail, "already acknowledged by"):
				lost++
			default:
				t.Errorf("%v", err)
			}
		}
		if won != 1 || lost != 1 {
			t.Errorf("%d won and %d lost", won, lost)
		}
		gates[south].set(nil, nil)
		count := 0
		for _, st := range s.Case(id).Statements {
			if st.Kind == heed.KindAcknowledgement {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d acknowledgements", count)
		}
		settle(t, net)
	})
}

// TestCancelledInAGroupCommit: of the changes that wait for one commit, one is
// given up before it begins, and one while it is under way.
func TestCancelledInAGroupCommit(t *testing.T) {
	t.Parallel()
	gated(t, func(t *testing.T, net *Net, n, s *Party, gates map[heed.PartyID]*gate) {
		warn := func(ctx context.Context, headline string) (exchange.Warned, error) {
			return n.Exchange.Warn(ctx, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: Warning(headline)})
		}
		// A change that is under way holds the committer; the others wait for it.
		begun, release := make(chan struct{}), make(chan struct{})
		held := make(chan error, 1)
		go func() {
			held <- n.Store.Write(context.Background(), func(exchange.Tx) error {
				close(begun)
				<-release
				return nil
			})
		}()
		<-begun
		size := leaves(t, n)
		givenUp, cancel := context.WithCancel(t.Context())
		type result struct {
			warned exchange.Warned
			err    error
		}
		results := make([]chan result, 4)
		for i := range results {
			results[i] = make(chan result, 1)
			go func() {
				ctx := t.Context()
				if i == 1 {
					ctx = givenUp
				}
				warned, err := warn(ctx, "Something")
				results[i] <- result{warned, err}
			}()
		}
		synctest.Wait()
		cancel()
		if got := <-results[1]; !errors.Is(got.err, context.Canceled) {
			t.Errorf("given up before it began: %v", got.err)
		}
		close(release)
		if err := <-held; err != nil {
			t.Error(err)
		}
		for _, i := range []int{0, 2, 3} {
			if got := <-results[i]; got.err != nil || len(got.warned.Cases) != 1 {
				t.Errorf("%+v", got)
			}
		}
		if got := leaves(t, n); got != size+3 {
			t.Errorf("%d leaves for three warnings", got-size)
		}
		// Given up while it is under way: the caller hears how the commit went.
		under, cancel := context.WithCancel(t.Context())
		gates[north].set(nil, func(exchange.Tx) bool { cancel(); return false })
		if warned, err := warn(under, "Under way"); err != nil || len(warned.Cases) != 1 {
			t.Errorf("given up under way: %+v, %v", warned, err)
		}
		if rows, err := n.Cases(t.Context(), 10); err != nil || len(rows) != 4 {
			t.Errorf("%d cases, want 4: %v", len(rows), err)
		}
		settle(t, net)
	})
}

// TestAFailedChangeLeavesNothing: a change that fails after it has appended its
// leaf takes the leaf with it, and nobody else's.
func TestAFailedChangeLeavesNothing(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		size := leaves(t, n)
		failure := errors.New("on purpose")
		err := n.Store.Write(t.Context(), func(tx exchange.Tx) error {
			if _, err := tx.Append(bytesLike(1)); err != nil {
				return err
			}
			return failure
		})
		if !errors.Is(err, failure) || leaves(t, n) != size {
			t.Errorf("%v, and %d leaves more", err, leaves(t, n)-size)
		}
		n.Warn("Something", s)
		settle(t, net)
	})
}

func bytesLike(b byte) []byte {
	leaf := make([]byte, 64)
	leaf[0] = b
	return leaf
}
