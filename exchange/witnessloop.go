package exchange

import (
	"context"
	"sync"
	"time"
)

// witnessErrand is the errand of one witness.
type witnessErrand struct {
	wanted chan struct{}
	stop   context.CancelFunc
}

// runWitnesses keeps one errand going for each witness, as witnesses come and go.
func (x *Exchange) runWitnesses(ctx context.Context, pace Pace) {
	var wait sync.WaitGroup
	defer wait.Wait()
	running := map[string]*witnessErrand{}
	ticker := time.NewTicker(pace.Sweep)
	defer ticker.Stop()
	for {
		all, err := x.Witnesses(ctx)
		x.report(ctx, "list of witnesses", err)
		if err == nil {
			x.matchWitnesses(ctx, running, all, &wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-x.errands.heads:
			for _, e := range running {
				wish(e.wanted)
			}
		}
	}
}

func (x *Exchange) matchWitnesses(ctx context.Context, running map[string]*witnessErrand, all []Witness, wait *sync.WaitGroup) {
	there := map[string]bool{}
	for _, w := range all {
		there[w.Name] = true
		if running[w.Name] != nil {
			continue
		}
		own, stop := context.WithCancel(ctx)
		e := &witnessErrand{wanted: make(chan struct{}, 1), stop: stop}
		running[w.Name] = e
		wait.Go(func() { x.runWitness(own, w.Name, e.wanted) })
	}
	for name, e := range running {
		if !there[name] {
			e.stop()
			delete(running, name)
		}
	}
}

// runWitness has one witness cosign every new head at once, and an unchanged
// one every minute. A witness that fails is left alone for longer and longer.
func (x *Exchange) runWitness(ctx context.Context, name string, wanted <-chan struct{}) {
	attempts := 0
	for ctx.Err() == nil {
		err := x.cosignByName(ctx, name)
		x.report(ctx, "cosignature of witness "+name, err)
		pause := cosignEvery
		if err != nil {
			pause = Backoff(attempts)
			attempts++
		} else {
			attempts = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-wanted:
			if err != nil {
				// What fails is not tried sooner because more waits for it.
				select {
				case <-ctx.Done():
				case <-timer.C:
				}
			}
		}
		timer.Stop()
	}
}

// cosignByName reads the witness as it is now: it may have another address.
func (x *Exchange) cosignByName(ctx context.Context, name string) error {
	all, err := x.Witnesses(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.Name == name {
			return x.cosignWith(ctx, w)
		}
	}
	return nil
}
