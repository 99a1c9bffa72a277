package exchange

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"heed"
	"heed/ledger"
)

// refreshEarlier has each witness renew the time of the head that it holds of
// another party's ledger, where they have not cosigned the newest that we hold:
// the party may have shown us more than it shows them, or some of them more
// than the others. It must not stop its own clock by that.
//
// Where one of these heads is that of enough witnesses, it is kept. Where none
// is, they are given back with the newest: what none of them has was not
// published, if together they have the word of enough (docs/witnesses.md, section 4).
func (x *Exchange) refreshEarlier(ctx context.Context, all []Witness, origin string) (scattered []Head, err error) {
	counting, err := listWitnesses(mirroring(all))
	if err != nil || len(counting) == 0 {
		return nil, err
	}
	newest, err := x.target(ctx, origin)
	if err != nil || newest.own {
		return nil, err
	}
	quorum := ledger.DefaultQuorum(len(counting))
	if quorum.Published(ledger.WitnessTimes(newest.c, counting)) {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	held := x.headsAt(limited, mirroring(all), newest)
	asked := x.Now()
	x.renewEach(limited, held, counting)
	for _, h := range held {
		if !quorum.Published(ledger.WitnessTimes(h.c, counting)) {
			continue
		}
		return nil, x.keepEarlier(ctx, h.cosigning, asked)
	}
	for _, t := range append([]cosigning{newest}, heads(held)...) {
		if len(ledger.WitnessTimes(t.c, counting)) == 0 {
			continue
		}
		note, err := ledger.RenderCheckpoint(t.head.Note, t.c.Cosignatures)
		if err != nil {
			return nil, fmt.Errorf("head of %d leaves of %s: %w", t.c.Size, origin, err)
		}
		scattered = append(scattered, Head{Size: t.c.Size, Note: note, At: asked})
	}
	return scattered, nil
}

// heldHead is a head with the witnesses that hold it as their last.
type heldHead struct {
	cosigning
	by []Witness
}

func heads(held []*heldHead) (all []cosigning) {
	for _, h := range held {
		all = append(all, h.cosigning)
	}
	return all
}

// renewEach has each head cosigned, as of now, by those who hold it.
func (x *Exchange) renewEach(ctx context.Context, held []*heldHead, counting []ledger.Witness) {
	var wait sync.WaitGroup
	for _, h := range held {
		wait.Go(func() {
			for _, lines := range x.cosignedAnew(ctx, h.by, h.cosigning) {
				c, err := h.c.AddCosignatures(lines, keysOf(counting)...)
				if err != nil {
					x.log.Info("what a witness gave is no cosignature of ours", "ledger", h.origin, "error", err)
					continue
				}
				h.c = c
			}
		})
	}
	wait.Wait()
}

func keysOf(listed []ledger.Witness) (keys []ledger.CosignerKey) {
	for _, w := range listed {
		keys = append(keys, w.Keys...)
	}
	return keys
}

// headsAt asks witnesses for the heads that they hold, of those before our
// newest: each head once, the largest first.
func (x *Exchange) headsAt(ctx context.Context, witnesses []Witness, newest cosigning) (held []*heldHead) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, w := range witnesses {
		wait.Go(func() {
			t, err := x.headAt(ctx, w, newest.origin)
			if err != nil {
				x.log.Info("a witness has not shown the head that it holds", "witness", w.Name, "ledger", newest.origin, "error", err)
				return
			}
			if t.c.Size == 0 || t.c.Size >= newest.c.Size {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			i := slices.IndexFunc(held, func(h *heldHead) bool { return h.c.Same(t.c) })
			if i < 0 {
				i, held = len(held), append(held, &heldHead{cosigning: t})
			}
			held[i].by = append(held[i].by, w)
		})
	}
	wait.Wait()
	slices.SortFunc(held, func(a, b *heldHead) int { return cmp.Compare(b.c.Size, a.c.Size) })
	return held
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
	return x.store.Write(ctx, func(tx Tx) error {
		cosigners, err := cosignersOf(tx, t.c)
		if err != nil {
			return err
		}
		return cosigners.keep(tx, t.c, note, asked)
	})
}
