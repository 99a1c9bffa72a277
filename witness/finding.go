package witness

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// Finding is misbehaviour of a ledger that its own signatures prove.
type Finding struct {
	Origin string
	At     time.Time
	Reason string
	// Offered is the signed checkpoint that was refused. Held, where it is part
	// of the proof, is the one that it contradicts; nil otherwise: the offered
	// one and its leaves are enough.
	Offered, Held []byte
}

// found makes a finding durable, tells the operator, and says why the head is
// refused. A head that was found out before is only refused.
func (w *Witness) found(ctx context.Context, l *log, status int, head ledger.Checkpoint, offered, held []byte, reason string) error {
	refusal := refuse(status, "%s", reason)
	if !l.accuse(head.Root, reason) {
		return refusal
	}
	err := w.Store.Write(ctx, func(tx exchange.Tx) error {
		for _, note := range [][]byte{offered, held} {
			if note == nil {
				continue
			}
			if err := tx.KeepCheckpoint(note); err != nil {
				return err
			}
		}
		return nil
	})
	finding := Finding{Origin: l.origin, At: w.Now(), Reason: reason, Offered: offered, Held: held}
	if err == nil {
		err = w.Keep(finding)
	}
	w.Log.Error("LEDGER INCONSISTENCY: a head was refused, and the proof is kept", "ledger", l.origin, "leaves", head.Size, "reason", reason)
	if err != nil {
		l.pardon(head.Root) // it is to be kept with the next request
		return err
	}
	return refusal
}

// accuse remembers a bad head; false where it is remembered already.
func (l *log) accuse(root tlog.Hash, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.proven[root]; ok {
		return false
	}
	if len(l.proven) >= maxProven {
		clear(l.proven) // to be found out again
	}
	l.proven[root] = reason
	return true
}

func (l *log) pardon(root tlog.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.proven, root)
}

// accused is why a head was found bad before.
func (l *log) accused(root tlog.Hash) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	reason, ok := l.proven[root]
	return reason, ok
}
