package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"heed"
)

// reachTime bounds what people wait for a party against whom they want evidence.
const reachTime = 10 * time.Second

// freshen publishes, follows the other party as far as it can be reached, and
// has witnesses renew the times of the heads that the evidence will rest on.
// scattered are, by ledger, heads of the other party's that only together have
// the word of enough witnesses.
func (x *Exchange) freshen(ctx context.Context, id heed.CaseID) (scattered map[string][]Head, err error) {
	var c heed.Case
	err = x.store.Read(ctx, func(v View) (err error) {
		c, err = provable(v, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := x.Cut(ctx); err != nil {
		return nil, err
	}
	other := c.Other(x.party)
	var failed failures
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := x.refreshLedgers(ctx, x.party)
		failed.add(err)
	})
	wait.Go(func() {
		// Witnesses are asked whatever the party says: it may show us an old card
		// as if it were the newest.
		var asking sync.WaitGroup
		asking.Go(func() {
			_, err := x.refreshAtWitnesses(ctx, other)
			failed.add(err)
		})
		reach, cancel := context.WithTimeout(ctx, reachTime)
		defer cancel()
		if err := x.followDirectly(reach, other); err != nil && ctx.Err() == nil {
			x.log.Info("the evidence is made of what others hold of the other party's ledger", "party", other, "error", err)
		}
		asking.Wait()
		failed.add(x.followAtWitnesses(ctx, other))
		var err error
		scattered, err = x.refreshLedgers(ctx, other)
		failed.add(err)
		// Only now is it seen for which succession an old ledger has ended.
		_, loose, err := x.standingOf(ctx, other)
		if failed.add(err); loose {
			_, err := x.refreshAtWitnesses(ctx, other)
			failed.add(err)
		}
	})
	wait.Wait()
	return scattered, failed.err()
}

// followAtWitnesses takes a party's ledgers of which we hold nothing from the
// first witness that mirrors them: we may never have reached the party itself.
func (x *Exchange) followAtWitnesses(ctx context.Context, party heed.PartyID) error {
	var missing []string
	err := x.store.Read(ctx, func(v View) error {
		held, err := x.originsOf(v, party)
		if err != nil {
			return err
		}
		all, err := x.knownOrigins(v, party)
		missing = slices.DeleteFunc(all, func(origin string) bool { return slices.Contains(held, origin) })
		return err
	})
	if err != nil {
		return err
	}
	witnesses, err := x.mirroringWitnesses(ctx)
	limited, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	for _, origin := range missing {
		for _, w := range witnesses {
			err := x.followWitness(limited, w, origin)
			if err == nil {
				break
			}
			x.log.Info("a witness has not given a ledger", "witness", w.Name, "ledger", origin, "error", err)
		}
	}
	return errors.Join(err, ctx.Err())
}

// refreshLedgers has the newest heads that we hold of a party's ledgers
// cosigned anew, all at once. scattered is what refresh gives of each.
func (x *Exchange) refreshLedgers(ctx context.Context, party heed.PartyID) (scattered map[string][]Head, err error) {
	var origins []string
	err = x.store.Read(ctx, func(v View) error {
		held, err := x.originsOf(v, party)
		for _, origin := range held {
			done, err := x.hasLastWord(v, origin)
			if err != nil {
				return err
			}
			if !done {
				origins = append(origins, origin)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var failed failures
	var wait sync.WaitGroup
	scattered = map[string][]Head{}
	for _, origin := range origins {
		wait.Go(func() {
			heads, err := x.refresh(ctx, origin)
			if err != nil {
				failed.add(fmt.Errorf("witnessed time of %s: %w", origin, err))
			}
			mu.Lock()
			defer mu.Unlock()
			scattered[origin] = heads
		})
	}
	wait.Wait()
	return scattered, failed.err()
}

// hasLastWord reports whether a ledger has ended and enough witnesses have
// cosigned its end, to which a later time adds nothing.
func (x *Exchange) hasLastWord(v View, origin string) (bool, error) {
	log, err := x.keptLedger(v, origin)
	if err != nil || log.own {
		return false, err
	}
	end, err := lastRoot(v, origin)
	if err != nil || !end.Ends() {
		return false, err
	}
	_, err = v.Witnessed(origin, end.Covers)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
