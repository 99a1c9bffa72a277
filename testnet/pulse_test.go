package testnet

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

// stuck is a store that can be made to fail.
type stuck struct {
	exchange.Store
	fails *atomic.Bool
}

func (s stuck) Write(ctx context.Context, f func(exchange.Tx) error) error {
	if s.fails.Load() {
		return errors.New("the disk is full")
	}
	return s.Store.Write(ctx, f)
}

func (s stuck) Read(ctx context.Context, f func(exchange.View) error) error {
	if s.fails.Load() {
		return errors.New("the disk is gone")
	}
	return s.Store.Read(ctx, f)
}

// A node that answers while its clocks stand still is noticed by itself and by
// its peers, until they run again.
func TestStalledNodeIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		net := New(t, Options{Seed: 9, Wrap: func(p heed.PartyID, s exchange.Store) exchange.Store {
			if p == south {
				return stuck{s, &fails}
			}
			return s
		}}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		time.Sleep(3 * time.Minute)
		if p, err := s.Pulse(t.Context()); err != nil || p.Stalled() != "" {
			t.Errorf("a node that is well: %v, %v", p.Stalled(), err)
		}
		if got := peerOf(t, n, south).Trouble; got != "" {
			t.Errorf("its peer sees %q", got)
		}
		fails.Store(true)
		time.Sleep(exchange.StalledAfter + 2*time.Minute)
		if p, err := s.Pulse(t.Context()); err != nil || !strings.Contains(p.Stalled(), "looked at its deadlines for") {
			t.Errorf("a node that is stalled: %q, %v", p.Stalled(), err)
		}
		if got := peerOf(t, n, south).Trouble; !strings.Contains(got, "its clocks do not run") {
			t.Errorf("its peer sees %q", got)
		}
		fails.Store(false)
		time.Sleep(3 * time.Minute)
		if got := peerOf(t, n, south).Trouble; got != "" {
			t.Errorf("once it is well, its peer sees %q", got)
		}
	})
}
