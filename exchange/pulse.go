package exchange

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"heed"
)

// StalledAfter is how long a node may go without looking at what is due before
// it counts as stalled: it looks once a second, and what it does then takes
// seconds at the most.
const StalledAfter = 2 * time.Minute

// never is the age of what has not happened yet.
const never = 100 * 365 * 24 * time.Hour

// Pulse is how long ago a node last did, without a failure, the work that
// nobody calls for. A node whose clocks do not run is a danger to whoever
// relies on its people being told: its own people and its peers look at it.
type Pulse struct {
	Deadlines   time.Duration // looked at what is due, on both sides
	Notices     time.Duration // told people, or tried to
	Checkpoints time.Duration // published its ledger
}

// Stalled says in words which work has not been done for StalledAfter; empty:
// all of it has.
func (p Pulse) Stalled() string {
	var late []string
	for _, work := range []struct {
		what string
		age  time.Duration
	}{{"looked at its deadlines", p.Deadlines}, {"told its people", p.Notices}, {"published its ledger", p.Checkpoints}} {
		switch {
		case work.age >= never:
			late = append(late, "has not "+work.what+" since it was started")
		case work.age > StalledAfter:
			late = append(late, fmt.Sprintf("has not %s for %s", work.what, work.age.Truncate(time.Second)))
		}
	}
	return strings.Join(late, ", ")
}

// pulse remembers when each work was last done.
type pulse struct {
	mu      sync.Mutex
	started time.Time
	last    map[string]time.Time
}

// The works whose pulse is taken.
const (
	workDeadlines   = "reminders"
	workNotices     = "notices"
	workCheckpoints = "checkpoint"
)

func (p *pulse) start(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = now
}

func (p *pulse) beat(work string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[work] = now
}

// age is how long ago a work was done; since the start where it never was, so
// that a node which has just been started is not taken for one that stalls.
func (p *pulse) age(work string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.last[work]
	if !ok {
		if at = p.started; at.IsZero() {
			return never
		}
	}
	return max(now.Sub(at), 0)
}

// Pulse takes this node's own.
func (x *Exchange) Pulse(context.Context) (Pulse, error) {
	now := x.Now()
	return Pulse{
		Deadlines: x.pulse.age(workDeadlines, now), Notices: x.pulse.age(workNotices, now), Checkpoints: x.pulse.age(workCheckpoints, now),
	}, nil
}

// stalledTrouble begins what is shown on a peer whose clocks do not run; it is
// taken back once they do.
const stalledTrouble = "its node answers, and its clocks do not run: it "

// CheckPulse takes a peer's pulse, and shows people one that has stalled: who
// is owed a reply should ring, because the other side's people are not told.
func (x *Exchange) CheckPulse(ctx context.Context, party heed.PartyID) error {
	var peer Peer
	err := x.store.Read(ctx, func(v View) (err error) {
		peer, err = knownPeer(v, party)
		return err
	})
	if err != nil {
		return err
	}
	p, err := x.courier.Pulse(ctx, peer.Card)
	if err != nil {
		return err
	}
	stalled := p.Stalled()
	if stalled == "" && !strings.HasPrefix(peer.Trouble, stalledTrouble) {
		return nil
	}
	return x.write(ctx, func(tx Tx) error {
		peer, err := tx.Peer(party)
		if err != nil {
			return err
		}
		if peer.Trouble != "" && !strings.HasPrefix(peer.Trouble, stalledTrouble) {
			return nil // there is something worse
		}
		if stalled != "" && strings.HasPrefix(peer.Trouble, stalledTrouble) {
			return nil // it is on record; how long is not worth a change a minute
		}
		if stalled == "" {
			peer.Trouble = ""
			return tx.PutPeer(peer)
		}
		return x.trouble(tx, party, stalledTrouble+stalled)
	})
}
