package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
)

const (
	// cosignTime bounds one attempt at a witness: a mirroring one fetches every
	// leaf before it answers.
	cosignTime = 75 * time.Second
	// cosignEvery is how often the time of an unchanged head is renewed.
	cosignEvery = time.Minute
	// refreshTime bounds what people wait for witnesses.
	refreshTime = 20 * time.Second
	// cosignTries is how often one attempt begins anew from the size that the
	// witness says it holds.
	cosignTries = 4
	// oldCosignature is how far behind our clock a witness's fresh time may lie
	// before people are told.
	oldCosignature = 10 * time.Minute
)

// cosigning is a head that is to be cosigned.
type cosigning struct {
	origin string
	head   Head
	c      ledger.Checkpoint
	own    bool // of our ledger: to be the newest, or the last of one that has ended
}

// Cosign has our newest head, and the last heads of our ledgers that have
// ended, cosigned by every witness, at once. One that is down is no outage: it
// is an error, and noted for people, and the others' cosignatures are kept.
func (x *Exchange) Cosign(ctx context.Context) error {
	all, err := x.Witnesses(ctx)
	if err != nil {
		return err
	}
	var failed failures
	var wait sync.WaitGroup
	for _, w := range all {
		wait.Go(func() { failed.add(x.cosignWith(ctx, w)) })
	}
	wait.Wait()
	return failed.err()
}

// Refresh has the newest head that we hold of any ledger, our own or another
// party's, cosigned anew by all witnesses, and keeps the outcome: it moves on
// the time as of which the ledger says what it says, also while its party
// cannot be reached. Where a witness holds a newer head, that is followed first.
//
// Witnesses that do not answer in time, or do not know the ledger, leave the
// head without their fresh cosignature. Errors are ours, or the context's;
// ErrNotFound where nothing of the ledger is held.
func (x *Exchange) Refresh(ctx context.Context, origin string) error {
	_, err := x.refresh(ctx, origin)
	return err
}

// refresh is Refresh, and gives the heads that only together have the word of
// enough witnesses, where no one head has it now.
func (x *Exchange) refresh(ctx context.Context, origin string) (scattered []Head, err error) {
	all, err := x.Witnesses(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	for range 3 {
		t, err := x.target(ctx, origin)
		if err != nil {
			return nil, err
		}
		if !x.refreshOnce(limited, all, t) {
			break
		}
	}
	scattered, err = x.refreshEarlier(ctx, all, origin)
	return scattered, errors.Join(err, ctx.Err())
}

// refreshOnce asks all witnesses for the time of one head; again says that a
// newer one was found with them.
func (x *Exchange) refreshOnce(ctx context.Context, all []Witness, t cosigning) (again bool) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, w := range all {
		wait.Go(func() {
			err := x.submit(ctx, w, t)
			var ahead *aheadError
			if errors.As(err, &ahead) && !t.own && w.Mirrors {
				if err = x.followWitness(ctx, w, t.origin); err == nil {
					mu.Lock()
					defer mu.Unlock()
					again = true
					return
				}
			}
			if err != nil {
				x.log.Info("a witness has not cosigned", "witness", w.Name, "ledger", t.origin, "error", err)
			}
		})
	}
	wait.Wait()
	return again
}

// target reads the newest head that is held of a ledger.
func (x *Exchange) target(ctx context.Context, origin string) (t cosigning, err error) {
	err = x.store.Read(ctx, func(v View) error {
		log, err := x.keptLedger(v, origin)
		if err != nil {
			return err
		}
		head, err := log.head()
		if err != nil {
			return err
		}
		party, _, err := ledger.ParseOrigin(origin)
		if err != nil {
			return err
		}
		t, err = cosigningOf(origin, head, heed.PartyID(party) == x.party)
		return err
	})
	return t, err
}

func cosigningOf(origin string, head Head, own bool) (cosigning, error) {
	c, err := ledger.UnverifiedCheckpoint(head.Note)
	return cosigning{origin: origin, head: head, c: c, own: own}, err
}

// targets are the heads of ours that a witness is to cosign.
func (x *Exchange) targets(v View, w Witness) ([]cosigning, error) {
	me, err := v.Self()
	if err != nil || me.Restored {
		return nil, err
	}
	listed, err := listWitnesses([]Witness{w})
	if err != nil {
		return nil, err
	}
	former, err := formerOrigins(v, x.party)
	if err != nil {
		return nil, err
	}
	var all []cosigning
	for _, origin := range former {
		ended, err := hasEnded(v, origin)
		if err != nil {
			return nil, err
		}
		if !ended {
			continue // it was lost: no witness takes a head of it any more
		}
		head, err := v.MirrorHead(origin)
		if err != nil {
			return nil, err
		}
		t, err := cosigningOf(origin, head, true)
		if err != nil {
			return nil, err
		}
		if len(ledger.WitnessTimes(t.c, listed)) == 0 {
			all = append(all, t)
		}
	}
	head, err := v.Head()
	if errors.Is(err, ErrNotFound) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	present, err := ledgerOrigin(me.Card)
	if err != nil {
		return nil, err
	}
	t, err := cosigningOf(present, head, true)
	return append(all, t), err
}

// cosignWith has one witness cosign what it is to.
func (x *Exchange) cosignWith(ctx context.Context, w Witness) error {
	var targets []cosigning
	err := x.store.Read(ctx, func(v View) (err error) {
		targets, err = x.targets(v, w)
		return err
	})
	if err != nil {
		return err
	}
	var failed error
	for i, t := range targets {
		limited, cancel := context.WithTimeout(ctx, cosignTime)
		err := x.submit(limited, w, t)
		cancel()
		var ahead *aheadError
		if errors.As(err, &ahead) {
			err = x.lookAtWitness(ctx, w, t, ahead)
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		if i < len(targets)-1 {
			// It may never have heard of a ledger that has ended: that must not
			// keep the present one waiting.
			x.log.Info("a witness has not cosigned", "witness", w.Name, "ledger", t.origin, "error", err)
			continue
		}
		failed = fmt.Errorf("witness %s, ledger %s: %w", w.Name, t.origin, err)
		failed = errors.Join(failed, x.witnessTrouble(ctx, w.Name, err.Error()))
	}
	return errors.Join(failed, ctx.Err())
}

// aheadError says that a witness holds a larger head than the one it was to
// cosign, or one that contradicts it. So far it is the witness's word alone.
type aheadError struct {
	held, asked int64 // held is -1: it said that they contradict
}

func (e *aheadError) Error() string {
	if e.held < 0 {
		return fmt.Sprintf("it holds a head that contradicts ours of %d leaves", e.asked)
	}
	return fmt.Sprintf("it holds a head of %d leaves, and was shown one of %d", e.held, e.asked)
}

// submit has one witness cosign one head, and keeps what it gives.
func (x *Exchange) submit(ctx context.Context, w Witness, t cosigning) error {
	listed, err := listWitnesses([]Witness{w})
	if err != nil {
		return err
	}
	keys := listed[0].Keys
	old := startingSize(w, listed, t)
	for range cosignTries {
		asked := x.Now()
		status, answer, err := x.askWitness(ctx, w, t, old)
		if err != nil {
			return err
		}
		switch status {
		case http.StatusOK:
			return x.keepCosignature(ctx, w, keys, t, answer, asked)
		case http.StatusConflict:
			held, err := ledger.ParseTreeSize(answer)
			switch {
			case err != nil || held == old:
				return &aheadError{held: -1, asked: t.c.Size}
			case held > t.c.Size:
				return &aheadError{held: held, asked: t.c.Size}
			}
			old = held
		default:
			return unwilling(status, answer, t)
		}
	}
	return errors.New("it goes on saying that it holds another size")
}

// unwilling says in people's words why a witness has given nothing.
func unwilling(status int, answer []byte, t cosigning) error {
	why := reason(answer)
	switch {
	case status == http.StatusNotFound && t.own:
		return fmt.Errorf("it does not witness the ledger %s; give its operator our card, for --log (it said: %s)", t.origin, why)
	case status == http.StatusNotFound:
		return fmt.Errorf("it does not witness the ledger %s (it said: %s)", t.origin, why)
	case status == http.StatusForbidden:
		return fmt.Errorf("it knows the ledger %s under another key: its operator has to compare our card with the one that it has (it said: %s)", t.origin, why)
	case status == http.StatusUnprocessableEntity:
		return fmt.Errorf("it refuses the head: %s", why)
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("it cannot cosign now: %s", why)
	}
	return fmt.Errorf("it answered %d: %s", status, why)
}

// startingSize is a guess at what a witness holds; where it is wrong the
// witness says so.
func startingSize(w Witness, listed []ledger.Witness, t cosigning) int64 {
	if len(ledger.WitnessTimes(t.c, listed)) > 0 {
		return t.c.Size
	}
	if t.own && w.Size <= t.c.Size {
		return w.Size
	}
	return 0
}

// reason is what a witness said, as one bounded line.
func reason(answer []byte) string {
	line, _, _ := strings.Cut(strings.ToValidUTF8(string(answer[:min(len(answer), 300)]), "?"), "\n")
	line = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, line)
	if line == "" {
		return "no reason was given"
	}
	return line
}

// askWitness makes one request.
func (x *Exchange) askWitness(ctx context.Context, w Witness, t cosigning, old int64) (status int, answer []byte, err error) {
	// Bare: what others have cosigned is of no use to it, and plain witnesses
	// read no more than some kilobytes.
	bare, err := ledger.RenderCheckpoint(t.head.Note, nil)
	if err != nil {
		return 0, nil, err
	}
	request := ledger.AddCheckpoint{Old: old, Checkpoint: bare}
	err = x.store.Read(ctx, func(v View) error {
		log, err := x.keptLedger(v, t.origin)
		if err != nil {
			return err
		}
		request.Proof, err = ledger.Consistency(old, t.c.Size, tlog.HashReaderFunc(log.hashes))
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	body, err := request.Marshal()
	if err != nil {
		return 0, nil, err
	}
	return x.cosigner.AddCheckpoint(ctx, w.URL, body)
}

// keepCosignature verifies what a witness gave and keeps it with the head, and
// with it that the witness is well.
func (x *Exchange) keepCosignature(ctx context.Context, w Witness, keys []ledger.CosignerKey, t cosigning, answer []byte, asked time.Time) error {
	if _, err := t.c.AddCosignatures(answer, keys...); err != nil {
		return fmt.Errorf("what it gave is no cosignature under the key that we hold of it: %w", err)
	}
	var note []byte
	var c ledger.Checkpoint
	enough := false
	err := x.store.Write(ctx, func(tx Tx) (err error) {
		if note, c, err = x.mergeInto(tx, t, keys, answer); err != nil {
			return err
		}
		cosigners, err := cosignersOf(tx, c)
		if err != nil {
			return err
		}
		if err := cosigners.keep(tx, c, note, asked); err != nil || !t.own {
			return err
		}
		enough = cosigners.enough()
		var at time.Time
		if times := ledger.WitnessTimes(c, []ledger.Witness{{Name: w.Name, Keys: keys}}); len(times) > 0 {
			at = times[0].At
		}
		trouble := ""
		if at.Before(asked.Add(-oldCosignature)) {
			trouble = fmt.Sprintf("asked at %s it gave the time %s: its clock is wrong, or it repeats itself", heed.FormatTime(asked), heed.FormatTime(at))
		}
		return updateWitness(tx, w.Name, func(row *Witness) { row.Size, row.At, row.Trouble = t.c.Size, at, trouble })
	})
	if err == nil && enough {
		x.witnessed.offer(note, c)
	}
	return err
}

// mergeInto adds cosignatures to a head that is held, and returns its note.
func (x *Exchange) mergeInto(tx Tx, t cosigning, keys []ledger.CosignerKey, answer []byte) ([]byte, ledger.Checkpoint, error) {
	fail := func(err error) ([]byte, ledger.Checkpoint, error) { return nil, ledger.Checkpoint{}, err }
	log, err := x.keptLedger(tx, t.origin)
	if err != nil {
		return fail(err)
	}
	newest, err := log.head()
	if err != nil {
		return fail(err)
	}
	head := t.head
	if newest.Size == head.Size {
		head = newest // others may have cosigned it meanwhile
	}
	c, err := ledger.UnverifiedCheckpoint(head.Note)
	if err != nil {
		return fail(err)
	}
	if !c.Same(t.c) {
		return fail(fmt.Errorf("the head of %d leaves of %s was replaced meanwhile", t.c.Size, t.origin))
	}
	if c, err = c.AddCosignatures(answer, keys...); err != nil {
		return fail(err)
	}
	if head.Note, err = ledger.RenderCheckpoint(head.Note, c.Cosignatures); err != nil {
		return fail(err)
	}
	if log.own {
		err = tx.PutHead(head)
	} else {
		err = tx.ExtendMirror(t.origin, nil, nil, head)
	}
	return head.Note, c, err
}

// cosigners is which of our witnesses that count have cosigned a head, verified
// once for all that hangs on it: a verification takes longer than what else is
// done within the change.
type cosigners struct {
	quorum ledger.Quorum
	times  []ledger.WitnessTime
}

func cosignersOf(v View, c ledger.Checkpoint) (cosigners, error) {
	all, err := v.Witnesses()
	if err != nil {
		return cosigners{}, err
	}
	counting, err := listWitnesses(mirroring(all))
	if err != nil || len(counting) == 0 {
		return cosigners{}, err
	}
	return cosigners{ledger.DefaultQuorum(len(counting)), ledger.WitnessTimes(c, counting)}, nil
}

// enough reports whether more have cosigned than may be faulty: one of them at
// least is sound.
func (n cosigners) enough() bool {
	_, enough := n.quorum.NotBefore(n.times)
	return enough
}

func (n cosigners) published() bool { return n.quorum.Published(n.times) }

// keep keeps a head once so many witnesses have cosigned it that it counts as
// published: by their times its leaves are dated.
func (n cosigners) keep(tx Tx, c ledger.Checkpoint, note []byte, asked time.Time) error {
	if !n.published() {
		return nil
	}
	return tx.KeepWitnessed(c.Origin, Head{Size: c.Size, Note: note, At: asked})
}

// updateWitness changes what is kept of a witness, where it was not removed.
func updateWitness(tx Tx, name string, change func(*Witness)) error {
	all, err := tx.Witnesses()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w Witness) bool { return w.Name == name })
	if i < 0 {
		return nil
	}
	change(&all[i])
	return tx.PutWitness(all[i])
}

// witnessTrouble notes for people why a witness has not cosigned.
func (x *Exchange) witnessTrouble(ctx context.Context, name, what string) error {
	return x.store.Write(ctx, func(tx Tx) error {
		return updateWitness(tx, name, func(w *Witness) { w.Trouble = what })
	})
}
