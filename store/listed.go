package store

import (
	"slices"
	"sync"
	"sync/atomic"

	"heed/exchange"
)

// listed remembers the list of peers for readers: a node with thousands of
// them looks at it every second and it seldom changes. It is of one generation;
// each commit that changes a peer begins another.
type listed struct {
	generation atomic.Uint64 // odd while such a commit is under way
	mu         sync.Mutex
	of         uint64
	peers      []exchange.Peer
}

// get is a copy of the list of a generation.
func (l *listed) get(generation uint64) ([]exchange.Peer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.peers == nil || l.of != generation {
		return nil, false
	}
	return slices.Clone(l.peers), true
}

func (l *listed) put(generation uint64, peers []exchange.Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of, l.peers = generation, slices.Clone(peers)
}

// settled is the generation of a reader's snapshot; false where a peer was
// changed while the snapshot was taken, so that nobody knows. It takes the
// snapshot, where no query has: SQLite does so at the first one, and not at
// BEGIN. The generation from before it that still holds after it is its own.
func (v *view) settled() (generation uint64, ok bool, err error) {
	if v.write != nil || v.plain {
		return 0, false, nil
	}
	if err := v.query(`SELECT one FROM self`, func(*row) error { return nil }); err != nil {
		return 0, false, err
	}
	return v.generation, v.generation%2 == 0 && v.store.listed.generation.Load() == v.generation, nil
}
