package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"heed"
)

// errands are wishes for work that a verb has left: whom to deliver to, whose
// ledger to mirror. They live in memory only: all work is found again in the
// store, so that a lost wish costs time and loses nothing.
type errands struct {
	mu      sync.Mutex
	peers   map[heed.PartyID]*errand
	changed chan struct{} // a peer was added to peers
	recall  chan struct{}
	heads   chan struct{} // a head of ours is to be cosigned
	accords chan struct{} // an accord may have ended
}

// errand is the wishes about one peer.
type errand struct {
	delivery chan struct{}
	pending  chan struct{} // the outbox was looked through, and has something for the peer
	mirror   chan struct{}
	renewal  chan struct{}
}

func newErrands() *errands {
	return &errands{peers: map[heed.PartyID]*errand{}, changed: make(chan struct{}, 1), recall: make(chan struct{}, 1), heads: make(chan struct{}, 1), accords: make(chan struct{}, 1)}
}

func (e *errands) of(party heed.PartyID) *errand {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.peers[party] == nil {
		e.peers[party] = &errand{delivery: make(chan struct{}, 1), pending: make(chan struct{}, 1), mirror: make(chan struct{}, 1), renewal: make(chan struct{}, 1)}
		wish(e.changed)
	}
	return e.peers[party]
}

// wish leaves one token; a wish that is there already is enough.
func wish(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (e *errands) deliver(party heed.PartyID) { wish(e.of(party).delivery) }
func (e *errands) mirror(party heed.PartyID)  { wish(e.of(party).mirror) }
func (e *errands) card(party heed.PartyID)    { wish(e.of(party).renewal) }
func (e *errands) recover()                   { wish(e.recall) }
func (e *errands) cosign()                    { wish(e.heads) }
func (e *errands) erase()                     { wish(e.accords) }

// Pace is how often what Run does is looked at although nothing has asked for
// it: so that no lost wish, no clock that was set and no timer that fired early
// can lose a deadline.
type Pace struct {
	Beat   time.Duration // between checkpoints
	Sweep  time.Duration // between looks at deadlines, notices and the outbox
	Mirror time.Duration // between looks at each peer's ledger; 0: only at contact
}

// PaceFor is the pace that keeps the promises of a card: a checkpoint well
// within its publication delay, and deadlines noticed within a second.
func PaceFor(card heed.Card) Pace {
	return Pace{
		Beat:   min(max(card.PublicationDelay/4, 20*time.Millisecond), 5*time.Second),
		Sweep:  time.Second,
		Mirror: time.Minute,
	}
}

// Run does everything that nobody calls for: deliveries, deadlines, notices,
// exercises, checkpoints, mirrors, catching up. It returns when ctx ends, after
// all of it has stopped.
func (x *Exchange) Run(ctx context.Context, pace Pace, without ...heed.PartyID) {
	x.pulse.start(x.Now())
	var wait sync.WaitGroup
	wait.Go(func() { x.runRecovery(ctx, pace, without) })
	wait.Go(func() { x.every(ctx, pace.Beat, workCheckpoints, x.Cut) })
	wait.Go(func() { x.atDeadlines(ctx, pace.Sweep, workDeadlines, x.Remind, x.NextWake) })
	wait.Go(func() { x.atDeadlines(ctx, pace.Sweep, workNotices, x.Tell, x.NextNotice) })
	wait.Go(func() { x.atDeadlines(ctx, pace.Sweep, "exercises", x.RunDrills, x.NextDrill) })
	wait.Go(func() {
		x.atDeadlines(ctx, pace.Sweep, "one-sided cases", x.RunOneSided, x.NextOneSided)
	})
	wait.Go(func() { x.atDeadlines(ctx, pace.Sweep, "hits", x.RunHits, x.NextHit) })
	wait.Go(func() { x.runWatch(ctx, pace.Sweep) })
	wait.Go(func() { x.atDeadlines(ctx, pace.Sweep, "watches", x.RunWatch, x.NextWatch) })
	wait.Go(func() { x.runPeers(ctx, pace) })
	wait.Go(func() { x.runWitnesses(ctx, pace) })
	wait.Go(func() { x.untilDone(ctx, pace.Sweep, "deposits", x.DepositAll) })
	wait.Go(func() { x.untilDone(ctx, pace.Sweep, "collection", x.CollectAll) })
	wait.Go(func() { x.runErasure(ctx) })
	wait.Wait()
}

// done takes the pulse of work that nobody has called for, or logs its failure.
func (x *Exchange) done(ctx context.Context, what string, err error) {
	if err == nil {
		x.pulse.beat(what, x.Now())
	}
	x.report(ctx, what, err)
}

// report logs a failure of work that is tried again by itself.
func (x *Exchange) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		x.log.Warn("failed, and will be tried again", "work", what, "error", err)
	}
}

func (x *Exchange) every(ctx context.Context, pause time.Duration, what string, work func(context.Context) error) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		x.done(ctx, what, work(ctx))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// untilDone works at once again where there may be more, and else every sweep.
func (x *Exchange) untilDone(ctx context.Context, sweep time.Duration, what string, work func(context.Context) (bool, error)) {
	for ctx.Err() == nil {
		more, err := work(ctx)
		x.report(ctx, what, err)
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(sweep):
		}
	}
}

// atDeadlines works whenever something is due by the store, whenever anything
// changes that may bring a deadline forward, and at least once a sweep.
func (x *Exchange) atDeadlines(ctx context.Context, sweep time.Duration, what string, work func(context.Context) (bool, error), next func(context.Context) (time.Time, bool, error)) {
	for ctx.Err() == nil {
		changed := x.changes.Next()
		more, err := work(ctx)
		x.done(ctx, what, err)
		if more && err == nil {
			continue
		}
		pause := sweep // after a failure, too: what has failed is still due, and must not spin
		if err == nil {
			at, ok, err := next(ctx)
			x.report(ctx, what, err)
			if ok && err == nil {
				pause = min(max(at.Sub(x.Now()), 5*time.Millisecond), sweep)
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-changed:
			// Changes come in bursts; one look serves many.
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Millisecond):
			}
		}
		timer.Stop()
	}
}

// runPeers keeps one courier and one mirror going for each peer, as peers come,
// and wakes the couriers of those for whom something waits: with thousands of
// peers, one look at the outbox and not one for each of them.
func (x *Exchange) runPeers(ctx context.Context, pace Pace) {
	var wait sync.WaitGroup
	defer wait.Wait()
	running := map[heed.PartyID]bool{}
	ticker := time.NewTicker(pace.Sweep)
	defer ticker.Stop()
	for {
		x.report(ctx, "outbox", x.wakeCouriers(ctx))
		x.errands.mu.Lock()
		for party, errand := range x.errands.peers {
			if running[party] {
				continue
			}
			running[party] = true
			wait.Go(func() { x.runDelivery(ctx, party, errand) })
			wait.Go(func() { x.runMirror(ctx, party, errand, pace.Mirror) })
		}
		x.errands.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-x.errands.changed:
		}
	}
}

// wakeCouriers looks at who the peers are, and for whom of them something waits.
func (x *Exchange) wakeCouriers(ctx context.Context) error {
	now := x.Now()
	return x.store.Read(ctx, func(v View) error {
		peers, err := v.Peers()
		if err != nil {
			return err
		}
		for _, peer := range peers {
			x.errands.of(peer.Card.Party)
		}
		pending, err := v.PeersPending(now)
		for _, party := range pending {
			wish(x.errands.of(party).pending)
		}
		return err
	})
}

// runDelivery drains a peer's channel whenever something may wait there, and
// leaves a peer that fails alone for longer and longer, until it writes to us
// itself.
func (x *Exchange) runDelivery(ctx context.Context, party heed.PartyID, e *errand) {
	attempts := 0
	for ctx.Err() == nil {
		more, err := x.Deliver(ctx, party)
		switch {
		case err != nil:
			x.report(ctx, "delivery to "+string(party), err)
			leaveAlone(ctx, Backoff(attempts), e.delivery)
			attempts++
		case more:
			attempts = 0
		default:
			attempts = 0
			select {
			case <-ctx.Done():
			case <-e.delivery:
			case <-e.pending:
			}
		}
	}
}

// leaveAlone waits after a failure. A wish cuts the wait short, but not to
// nothing; that something waits does not, for that is known.
func leaveAlone(ctx context.Context, pause time.Duration, wished <-chan struct{}) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wished:
		select {
		case <-ctx.Done():
		case <-time.After(Backoff(0)):
		}
	}
}

// renewalPause is between two looks at a peer's card that an envelope asked for.
const renewalPause = 5 * time.Second

func (x *Exchange) runMirror(ctx context.Context, party heed.PartyID, e *errand, pause time.Duration) {
	if pause == 0 {
		pause = 24 * time.Hour
	}
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.renewal:
			x.report(ctx, "present card of "+string(party), x.RefreshCard(ctx, party))
			// Anybody can claim in a peer's name that it has a newer card.
			select {
			case <-ctx.Done():
			case <-time.After(renewalPause):
			}
			continue
		case <-ticker.C:
		case <-e.mirror:
		}
		asked := x.Now()
		err := x.Follow(ctx, party)
		if err == nil {
			_, given := x.checkGiven(ctx, party, asked)
			err = errors.Join(given, x.dateMirror(ctx, party))
		}
		x.report(ctx, "mirror of "+string(party), err)
		// One that cannot be reached at all has been reported just now.
		if alive := x.CheckPulse(ctx, party); err == nil {
			x.report(ctx, "pulse of "+string(party), alive)
		}
	}
}

// runRecovery catches up whenever the node finds that it is behind.
func (x *Exchange) runRecovery(ctx context.Context, pace Pace, without []heed.PartyID) {
	ticker := time.NewTicker(pace.Sweep)
	defer ticker.Stop()
	var failures repeats // others may be away for days
	for {
		if _, err := x.Recover(ctx, without...); failures.tell(err, x.Now()) {
			x.report(ctx, "catching up", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-x.errands.recall:
		}
	}
}

// InFlight counts what this node has not finished saying: statements without
// a receipt and notices that were not told. What waits for a peer that was
// removed is not on its way.
func (x *Exchange) InFlight(ctx context.Context) (count int, err error) {
	err = x.store.Read(ctx, func(v View) error {
		out, err := v.Outbox(1 << 20)
		if err != nil {
			return err
		}
		for _, o := range out {
			peer, err := v.Peer(o.Channel.Peer)
			if err != nil {
				return err
			}
			if !peer.Removed {
				count++
			}
		}
		notices, err := v.Notices()
		count += notices
		return err
	})
	return count, err
}
