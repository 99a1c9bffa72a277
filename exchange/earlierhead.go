package exchange

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"heed"
	"heed/ledger"
)

// refreshEarlier renews the time of an earlier head of another party's ledger,
// where the witnesses have not cosigned the newest that we hold: the party may
// have shown us more than it shows them. It must not stop its own clock by that.
func (x *Exchange) refreshEarlier(ctx context.Context, all []Witness, origin string) error {
	counting, err := listWitnesses(mirroring(all))
	if err != nil || len(counting) == 0 {
		return err
	}
	newest, err := x.target(ctx, origin)
	if err != nil || newest.own || ledger.DefaultQuorum(len(counting)).Published(ledger.WitnessTimes(newest.c, counting)) {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	earlier, ok := mostHeld(x.headsAt(limited, mirroring(all), newest))
	if !ok {
		return nil
	}
	asked := x.Now()
	for _, lines := range x.cosignedAnew(limited, mirroring(all), earlier) {
		c, err := earlier.c.AddCosignatures(lines, keysOf(counting)...)
		if err != nil {
			x.log.Info("what a witness gave is no cosignature of ours", "ledger", origin, "error", err)
			continue
		}
		earlier.c = c
	}
	return x.keepEarlier(ctx, earlier, asked)
}

func keysOf(listed []ledger.Witness) (keys []ledger.CosignerKey) {
	for _, w := range listed {
		keys = append(keys, w.Keys...)
	}
	return keys
}

// headsAt asks witnesses for the heads that they hold, of those before our newest.
func (x *Exchange) headsAt(ctx context.Context, witnesses []Witness, newest cosigning) (heads []cosigning) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, w := range witnesses {
		wait.Go(func() {
			t, err := x.headAt(ctx, w, newest.origin)
			if err != nil {
				x.log.Info("a witness has not shown the head that it holds", "witness", w.Name, "ledger", newest.origin, "error", err)
				return
			}
			if t.c.Size > 0 && t.c.Size < newest.c.Size {
				mu.Lock()
				defer mu.Unlock()
				heads = append(heads, t)
			}
		})
	}
	wait.Wait()
	return heads
}

// headAt is the head of another party's ledger that a witness holds: signed by
// the ledger, and of the leaves that we hold ourselves as far as they go.
func (x *Exchange) headAt(ctx context.Context, w Witness, origin string) (t cosigning, err error) {
	note, err := x.cosigner.Resource(ctx, w.URL, origin, ledger.CheckpointPath)
	if err != nil {
		return t, err
	}
	var head ledger.Checkpoint
	err = x.store.Read(ctx, func(v View) error {
		key, err := ledgerKeyOf(v, origin)
		if err == nil {
			head, err = ledger.ParseCheckpoint(note, origin, key)
		}
		return err
	})
	if err != nil {
		return t, err
	}
	party, _, err := ledger.ParseOrigin(origin)
	if err != nil {
		return t, err
	}
	if err := x.compareMirror(ctx, heed.PartyID(party), head, note); err != nil {
		return t, err
	}
	bare, err := ledger.RenderCheckpoint(note, nil)
	head.Cosignatures = nil
	return cosigning{origin: origin, head: Head{Size: head.Size, Note: bare}, c: head}, err
}

// mostHeld is the head that most witnesses hold, of those the newest.
func mostHeld(heads []cosigning) (t cosigning, ok bool) {
	most := 0
	for _, h := range heads {
		count := 0
		for _, other := range heads {
			if other.c.Same(h.c) {
				count++
			}
		}
		if count > most || count == most && h.c.Size > t.c.Size {
			most, t = count, h
		}
	}
	return t, most > 0
}

// cosignedAnew has witnesses cosign a head that they hold, as of now.
func (x *Exchange) cosignedAnew(ctx context.Context, witnesses []Witness, t cosigning) (lines [][]byte) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, w := range witnesses {
		wait.Go(func() {
			status, answer, err := x.askWitness(ctx, w, t, t.c.Size)
			if err == nil && status != http.StatusOK {
				err = unwilling(status, answer, t)
			}
			if err != nil {
				x.log.Info("a witness has not cosigned", "witness", w.Name, "ledger", t.origin, "error", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, answer)
		})
	}
	wait.Wait()
	return lines
}

// keepEarlier keeps an earlier head that enough witnesses have cosigned.
func (x *Exchange) keepEarlier(ctx context.Context, t cosigning, asked time.Time) error {
	note, err := ledger.RenderCheckpoint(t.head.Note, t.c.Cosignatures)
	if err != nil {
		return fmt.Errorf("head of %d leaves of %s: %w", t.c.Size, t.origin, err)
	}
	return x.store.Write(ctx, func(tx Tx) error { return keepWitnessed(tx, t.c, note, asked) })
}
