package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// offer is a head that wants a cosignature.
type offer struct {
	ledger.AddCheckpoint
	head ledger.Checkpoint
}

// held is the newest head of a ledger that the witness has committed itself to.
type held struct {
	ledger.Checkpoint
	note []byte // nil before the first
}

// AddCheckpoint answers a request for a cosignature (C2SP tlog-witness,
// "add-checkpoint"): the witness's signature line, given only once the head and
// every leaf below it are durable here. Errors are *Refusal; anything else is
// the witness's own fault.
func (w *Witness) AddCheckpoint(ctx context.Context, body []byte) ([]byte, error) {
	request, err := ledger.ParseAddCheckpoint(body)
	if err != nil {
		return nil, refuse(statusMalformed, "%v", err)
	}
	claimed, err := ledger.UnverifiedCheckpoint(request.Checkpoint)
	if err != nil {
		return nil, refuse(statusMalformed, "%v", err)
	}
	l, err := w.logOf(ctx, claimed.Origin)
	if err != nil {
		return nil, err
	}
	head, err := ledger.ParseCheckpoint(request.Checkpoint, l.origin, l.key)
	if err != nil {
		return nil, refuse(statusForged, "%v", err)
	}
	o := offer{request, head}
	if line, err := w.renew(ctx, l, o); line != nil || err != nil {
		return line, err
	}
	return w.grow(ctx, l, o)
}

// renew answers for a head that is not larger than the one held; where it is
// larger, line is nil and it has to be looked into. It never waits for a party:
// a head can be cosigned anew whatever the party's node does.
func (w *Witness) renew(ctx context.Context, l *log, o offer) (line []byte, err error) {
	contradicted, err := w.contradicted(ctx, l, o.head)
	if err != nil {
		return nil, err
	}
	if contradicted != nil {
		err := w.found(ctx, l, statusConflict, o.head, o.Checkpoint, contradicted.note,
			fmt.Sprintf("the head of %d leaves contradicts the one of %d that is held here", o.head.Size, contradicted.Size))
		var refusal *Refusal
		if errors.As(err, &refusal) {
			return nil, conflict(contradicted.Size)
		}
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	have, err := w.held(ctx, l)
	switch {
	case err != nil:
		return nil, err
	case o.Old != have.Size:
		return nil, conflict(have.Size)
	case o.head.Size > have.Size:
		return nil, nil
	}
	if err := ledger.CheckConsistency(o.Proof, have.Checkpoint, o.head); err != nil || len(o.Proof) > 0 {
		return nil, refuse(statusBad, "no proof is needed from a head to itself")
	}
	return w.cosign(ctx, l, have, o)
}

// held reads the newest head.
func (w *Witness) held(ctx context.Context, l *log) (have held, err error) {
	err = w.Store.Read(ctx, func(v exchange.View) error {
		have, err = heldIn(v, l)
		return err
	})
	return have, err
}

func heldIn(v exchange.View, l *log) (held, error) {
	head, err := v.MirrorHead(l.origin)
	if errors.Is(err, exchange.ErrNotFound) {
		return held{Checkpoint: (&ledger.Tree{}).Head(l.origin)}, nil
	}
	if err != nil {
		return held{}, err
	}
	c, err := ledger.ParseCheckpoint(head.Note, l.origin, l.key)
	return held{c, head.Note}, err
}

// contradicted finds the head held that a signed one, not larger, contradicts:
// they have leaves in common, and not the same ones. nil: none.
func (w *Witness) contradicted(ctx context.Context, l *log, head ledger.Checkpoint) (found *held, err error) {
	err = w.Store.Read(ctx, func(v exchange.View) error {
		have, err := heldIn(v, l)
		if err != nil || head.Size > have.Size || head.Size == 0 {
			return err
		}
		root, err := rootOf(v, l.origin, head.Size)
		if err == nil && root != head.Root {
			found = &have
		}
		return err
	})
	return found, err
}

// rootOf is the root of the first leaves of a mirror.
func rootOf(v exchange.View, origin string, size int64) (tlog.Hash, error) {
	tree, err := ledger.NewTree(size, tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return v.MirrorHashes(origin, i) }))
	if err != nil {
		return tlog.Hash{}, err
	}
	return tree.Root(), nil
}

// maxForeign bounds other witnesses' lines that are kept with a head. They are
// not verified: their keys are not known here.
const maxForeign = 32

// cosign signs the head held, as of now. The caller holds l.mu, and the head is
// committed. Requests within one second get one cosignature.
func (w *Witness) cosign(ctx context.Context, l *log, have held, o offer) ([]byte, error) {
	now, err := w.time(ctx, l)
	if err != nil {
		return nil, err
	}
	if l.given.line != nil && l.given.head.Same(have.Checkpoint) && l.given.at.Equal(now) {
		return l.given.line, nil
	}
	line, err := w.Key.Cosign(have.Checkpoint, now)
	if err != nil {
		return nil, err
	}
	if have.Size > 0 {
		if err := w.keepLine(ctx, l, have, o.head, line, now); err != nil {
			return nil, err
		}
	}
	l.given = given{have.Checkpoint, now, line}
	w.Log.Info("cosigned", "ledger", l.origin, "leaves", have.Size, "at", heed.FormatTime(now))
	return line, nil
}

// clockStep is how far our clock may have been set back without our refusing
// to say the time.
const clockStep = time.Minute

// time is the time to sign: now, and never before a time that was given for a
// ledger of this party. With a clock that was set back by much, none is right.
func (w *Witness) time(ctx context.Context, l *log) (now time.Time, err error) {
	now = w.Now().Truncate(time.Second)
	err = w.Store.Read(ctx, func(v exchange.View) error {
		row, err := v.Peer(w.cardOf(l.party).Party)
		if err != nil || !row.LastContact.After(now) {
			return err
		}
		if row.LastContact.Sub(now) > clockStep {
			w.Log.Error("the clock was set back: nothing is cosigned before it has caught up", "given", row.LastContact, "now", now)
			return refuse(statusLater, "the clock of this witness was set back: it says no time before it has caught up")
		}
		now = row.LastContact
		return nil
	})
	return now, err
}

// keepLine keeps a head with our cosignature and those that came with it, and
// the time that was given.
func (w *Witness) keepLine(ctx context.Context, l *log, have held, offered ledger.Checkpoint, line []byte, at time.Time) error {
	note, err := cosigned(have, offered, line, w.Key.Public())
	if err != nil {
		return err
	}
	return w.Store.Write(ctx, func(tx exchange.Tx) error {
		row, err := tx.Peer(w.cardOf(l.party).Party)
		if err != nil {
			return err
		}
		row.LastContact = at
		if err := tx.PutPeer(row); err != nil {
			return err
		}
		return tx.ExtendMirror(l.origin, nil, nil, exchange.Head{Size: have.Size, Note: note, At: heed.Instant(w.Now())})
	})
}

// cosigned is the note of a head with our line. The others' lines are kept as
// far as there is room, since nobody here can tell the good from the bad.
func cosigned(have held, offered ledger.Checkpoint, line []byte, key ledger.CosignerKey) ([]byte, error) {
	ours := have.Checkpoint
	ours.Cosignatures = nil
	candidates := []ledger.Checkpoint{ours}
	if merged, err := have.MergeCosignatures(offered.Cosignatures); err == nil {
		candidates = append(candidates, merged)
	}
	for i := len(candidates) - 1; i >= 0; i-- {
		c := candidates[i]
		if lines, err := ledger.ParseCosignatureLines(c.Cosignatures); err == nil && len(lines) > maxForeign {
			continue
		}
		full, err := c.AddCosignatures(line, key)
		if err != nil && i > 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return ledger.RenderCheckpoint(have.note, full.Cosignatures)
	}
	return nil, fmt.Errorf("cosignature of %s: %w", have.Origin, ledger.ErrCosignature)
}
