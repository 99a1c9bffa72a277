package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
)

// grow follows a ledger to a larger head and cosigns that. Leaves are fetched
// by one request at a time for a party, and without holding up those that want
// the head held cosigned anew: a party that withholds leaves must not be able
// to keep others from proving its silence.
func (w *Witness) grow(ctx context.Context, l *log, o offer) ([]byte, error) {
	if reason, ok := l.accused(o.head.Root); ok {
		return nil, refuse(statusBad, "%s", reason)
	}
	have, err := w.held(ctx, l)
	if err != nil {
		return nil, err
	}
	if o.Old != have.Size {
		return nil, conflict(have.Size)
	}
	if err := ledger.CheckConsistency(o.Proof, have.Checkpoint, o.head); err != nil {
		return nil, w.suspect(ctx, l, have, o, err)
	}
	leave, err := w.enter(ctx, l.party)
	if err != nil {
		return nil, err
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, w.FetchTime)
	defer cancel()
	if have, err = w.held(ctx, l); err != nil {
		return nil, err
	}
	if o.Old != have.Size {
		return nil, conflict(have.Size) // another request was faster
	}
	if err := w.notEnded(ctx, l, have, o); err != nil {
		return nil, err
	}
	line, err := w.follow(limited, l, have, o)
	if err != nil && limited.Err() != nil && errors.Is(err, limited.Err()) {
		return nil, refuse(statusLater, "the time for this request is up: ask again, and it goes on")
	}
	return line, err
}

// enter waits for the party's turn.
func (w *Witness) enter(ctx context.Context, p *party) (leave func(), err error) {
	full := func(change int) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if change > 0 && p.waiting >= w.MaxWaiting {
			return true
		}
		p.waiting += change
		return false
	}
	busy := refuse(statusLater, "leaves of this party are being fetched for others: try again")
	if full(1) {
		return nil, busy
	}
	defer full(-1)
	patience := time.NewTimer(w.FetchTime)
	defer patience.Stop()
	select {
	case p.growing <- struct{}{}:
		return func() { <-p.growing }, nil
	case <-ctx.Done():
		return nil, busy
	case <-patience.C:
		return nil, busy
	}
}

// suspect refuses a wrong consistency proof, and asks the ledger's own tiles
// whether its tree does continue the one held: whoever submits may err or lie,
// but a tree that the ledger has signed and that rewrites leaves convicts it.
func (w *Witness) suspect(ctx context.Context, l *log, have held, o offer, wrong error) error {
	refusal := refuse(statusBad, "%v", wrong)
	if have.Size == 0 || !l.doubt(w.Now(), w.LookEvery) {
		return refusal
	}
	limited, cancel := context.WithTimeout(ctx, w.FetchTime)
	defer cancel()
	forked, err := w.forks(limited, l, have.Checkpoint, o.head)
	if err != nil {
		w.Log.Warn("a consistency proof was wrong, and the ledger could not be asked", "ledger", l.origin, "leaves", o.head.Size, "error", err)
		return refusal
	}
	if !forked {
		return refusal
	}
	return w.found(ctx, l, statusBad, o.head, o.Checkpoint, have.note,
		fmt.Sprintf("the tree of %d leaves does not continue the one of %d that is held here", o.head.Size, have.Size))
}

// doubt reports whether the ledger may be asked about a doubtful head: not so
// soon after it was asked last.
func (l *log) doubt(now time.Time, every time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := now.Sub(l.doubted); since >= 0 && since < every {
		return false
	}
	l.doubted = now
	return true
}

// forks reports whether a ledger's tiles, which lead to its signed head, show
// that the head's tree does not begin with one that we hold. An error says
// that the tiles are not to be had, or are not the head's.
func (w *Witness) forks(ctx context.Context, l *log, have, head ledger.Checkpoint) (bool, error) {
	proof, err := ledger.Consistency(have.Size, head.Size, ledger.Remote(ctx, w.fetch(l), head))
	if err != nil {
		return false, err
	}
	return ledger.CheckConsistency(proof, have, head) != nil, nil
}

// notEnded refuses every head beyond the last one of a ledger that has ended.
func (w *Witness) notEnded(ctx context.Context, l *log, have held, o offer) error {
	if have.Size == 0 {
		return nil
	}
	var last ledger.MapRoot
	err := w.Store.Read(ctx, func(v exchange.View) error {
		leaves, err := v.MirrorLeaves(l.origin, have.Size-1, have.Size)
		if err != nil {
			return err
		}
		last, err = ledger.ParseMapRoot(leaves[0])
		return err
	})
	if err != nil || !last.Ends() {
		return err
	}
	return w.found(ctx, l, statusBad, o.head, o.Checkpoint, have.note,
		fmt.Sprintf("the ledger ended with leaf %d, and this head has %d leaves", have.Size-1, o.head.Size))
}

// follow fetches what is missing up to the head, piece by piece: each is held
// against the signed head, replayed and committed before the next is fetched,
// so that the way is never longer than one piece. The last one comes with the
// head, and only then is it cosigned.
func (w *Witness) follow(ctx context.Context, l *log, have held, o offer) ([]byte, error) {
	tree, unfinished, err := w.mirrored(ctx, l)
	if err != nil {
		return nil, err
	}
	if tree.Size() > have.Size {
		if err := w.continues(ctx, l, tree, unfinished, o); err != nil {
			return nil, err
		}
	}
	fetched, asked := 0, w.cardOf(l.party)
	for tree.Size() < o.head.Size {
		if fetched >= w.MaxLeaves {
			return nil, refuse(statusLater, "%d of %d leaves are fetched: ask again, and it goes on", tree.Size(), o.head.Size)
		}
		p, err := w.fetchPiece(ctx, l, tree, o.head)
		if err != nil && w.moved(ctx, l.party, asked) {
			asked = w.cardOf(l.party)
			continue
		}
		if err != nil {
			return nil, w.withheld(l, o, err)
		}
		fetched += len(p.leaves)
		if p.next.Size() == o.head.Size {
			return w.commit(ctx, l, o, p.leaves)
		}
		if err := w.keepPiece(ctx, l, o, p); err != nil {
			return nil, err
		}
		tree = p.next
	}
	return w.commit(ctx, l, o, nil)
}

// moved reports whether a party has another card than the one at whose
// addresses its leaves were not to be had.
func (w *Witness) moved(ctx context.Context, p *party, asked heed.Card) bool {
	if err := w.look(ctx, p); err != nil {
		w.Log.Warn("cards of a party could not be taken over", "party", asked.Party, "error", err)
	}
	return w.cardOf(p).ID != asked.ID
}

// mirrored is the tree of what is mirrored, which may go beyond the head held:
// leaves of a head on the way to which the witness stopped. unfinished is that
// head, as it was signed.
func (w *Witness) mirrored(ctx context.Context, l *log) (tree *ledger.Tree, unfinished []byte, err error) {
	err = w.Store.Read(ctx, func(v exchange.View) error {
		if tree, err = v.MirrorTree(l.origin); err != nil {
			return err
		}
		if err := sound(v, l, tree); err != nil {
			return err
		}
		p, err := v.Peer(w.cardOf(l.party).Party)
		unfinished = p.Head
		return err
	})
	return tree, unfinished, err
}

// ErrDamaged: what the witness holds of a ledger is not what it cosigned. No
// ledger is accused on it.
var ErrDamaged = errors.New("the witness's copy of a ledger is damaged")

// sound holds what is mirrored against itself: a replay goes on from it, and
// takes its word.
func sound(v exchange.View, l *log, tree *ledger.Tree) error {
	have, err := heldIn(v, l)
	if err != nil || tree.Size() == 0 {
		return err
	}
	root, err := rootOf(v, l.origin, have.Size)
	if err != nil {
		return err
	}
	last := tree.Size() - 1
	leaves, err := v.MirrorLeaves(l.origin, last, last+1)
	if err != nil {
		return err
	}
	said, err := ledger.ParseMapRoot(leaves[0])
	if err != nil {
		return fmt.Errorf("%w: %s does not end in a map root", ErrDamaged, l.origin)
	}
	marks, err := v.MirrorMap(l.origin)
	if err != nil {
		return err
	}
	mapped, err := marks.Root(said.Covers)
	if err != nil {
		return err
	}
	if root != have.Root || mapped != said.Root {
		return fmt.Errorf("%w: its leaves or its map of %s do not lead to the head of %d leaves that it cosigned: restore it from a backup, or begin a new home and a new key", ErrDamaged, l.origin, have.Size)
	}
	return nil
}

// continues checks that an offered head has the leaves that were kept on the
// way to another one, which is signed as well.
func (w *Witness) continues(ctx context.Context, l *log, tree *ledger.Tree, unfinished []byte, o offer) error {
	forked := false
	if o.head.Size >= tree.Size() {
		var err error
		if forked, err = w.forks(ctx, l, tree.Head(l.origin), o.head); err != nil {
			return w.withheld(l, o, err)
		}
	} else {
		err := w.Store.Read(ctx, func(v exchange.View) error {
			root, err := rootOf(v, l.origin, o.head.Size)
			forked = root != o.head.Root
			return err
		})
		if err != nil {
			return err
		}
	}
	if !forked {
		return nil
	}
	return w.found(ctx, l, statusBad, o.head, o.Checkpoint, unfinished,
		fmt.Sprintf("the tree of %d leaves does not go together with another head of this ledger, of which %d leaves are held here", o.head.Size, tree.Size()))
}

// piece is leaves that end with a map root or at the head, and the tree with them.
type piece struct {
	leaves [][]byte
	next   *ledger.Tree
}

// errUnending is a ledger that goes on without a map root for longer than a
// transaction can be.
var errUnending = errors.New("too many leaves without a map root")

// fetchPiece fetches leaves from where the tree ends, and checks that they are
// those of the signed head.
func (w *Witness) fetchPiece(ctx context.Context, l *log, tree *ledger.Tree, head ledger.Checkpoint) (piece, error) {
	p := piece{next: tree.Clone()}
	fetch := w.fetch(l)
	for page, err := range ledger.FetchLeaves(ctx, fetch, head.Size, tree.Size(), head.Size) {
		if err != nil {
			return piece{}, err
		}
		for _, leaf := range page {
			if _, _, err := p.next.Append(leaf); err != nil {
				return piece{}, err
			}
			p.leaves = append(p.leaves, leaf)
			if len(p.leaves) >= w.PieceLeaves && ledger.IsMapRoot(leaf) && p.next.Size() < head.Size {
				return p, w.belongs(ctx, fetch, p.next, head)
			}
		}
		if len(p.leaves) >= w.MaxLeaves+w.PieceLeaves && p.next.Size() < head.Size {
			return piece{}, errUnending
		}
	}
	return p, p.next.Agree(tree.Head(l.origin), head)
}

// belongs checks, by the ledger's own tiles, that its signed head begins with a tree.
func (w *Witness) belongs(ctx context.Context, fetch ledger.Fetch, tree *ledger.Tree, head ledger.Checkpoint) error {
	proof, err := ledger.Consistency(tree.Size(), head.Size, ledger.Remote(ctx, fetch, head))
	if err != nil {
		return err
	}
	return ledger.CheckConsistency(proof, tree.Head(head.Origin), head)
}

// withheld refuses a head whose leaves are not to be had, or are not those that
// it was signed over. They may have been damaged on the way, so it proves nothing.
func (w *Witness) withheld(l *log, o offer, err error) error {
	w.Log.Warn("leaves are withheld, or cannot be reached: the head is not cosigned", "ledger", l.origin, "leaves", o.head.Size, "error", err)
	return refuse(statusLater, "its leaves could not be fetched: %v", err)
}

// keepPiece replays and keeps leaves on the way to a head. With the first of
// them the signed head is kept: should the ledger ever show another one, both
// will be needed.
func (w *Witness) keepPiece(ctx context.Context, l *log, o offer, p piece) error {
	err := w.Store.Write(ctx, func(tx exchange.Tx) error {
		row, err := tx.Peer(w.cardOf(l.party).Party)
		if err != nil {
			return err
		}
		row.Head, row.HeadSize = o.Checkpoint, o.head.Size
		if err := tx.PutPeer(row); err != nil {
			return err
		}
		return exchange.ExtendMirror(tx, o.head, p.leaves, exchange.Head{})
	})
	return w.judged(ctx, l, o, err)
}

// commit keeps the last leaves and the head in one transaction, and then, and
// only then, cosigns.
func (w *Witness) commit(ctx context.Context, l *log, o offer, leaves [][]byte) ([]byte, error) {
	line, err := w.commitAndSign(ctx, l, o, leaves)
	if errors.Is(err, errUnannounced) {
		looking := w.look(ctx, l.party)
		if line, err = w.commitAndSign(ctx, l, o, leaves); errors.Is(err, errUnannounced) {
			err = w.unannounced(l, o, looking)
		}
	}
	return line, w.judged(ctx, l, o, err)
}

func (w *Witness) commitAndSign(ctx context.Context, l *log, o offer, leaves [][]byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	row := exchange.Head{Size: o.head.Size, Note: o.Checkpoint, At: heed.Instant(w.Now())}
	err := w.Store.Write(ctx, func(tx exchange.Tx) (err error) {
		if len(leaves) > 0 {
			err = exchange.ExtendMirror(tx, o.head, leaves, row)
		} else {
			err = adopt(tx, o.head, row)
		}
		if err != nil {
			return err
		}
		return announced(tx, w.cardOf(l.party).Party, o.head)
	})
	if err != nil {
		return nil, err
	}
	return w.cosign(ctx, l, held{o.head, o.Checkpoint}, o)
}

// adopt keeps a head whose leaves are held and replayed already.
func adopt(tx exchange.Tx, head ledger.Checkpoint, row exchange.Head) error {
	leaves, err := tx.MirrorLeaves(head.Origin, head.Size-1, head.Size)
	if err != nil {
		return err
	}
	if !ledger.IsMapRoot(leaves[0]) {
		return &ledger.Violation{Origin: head.Origin, Rule: ledger.NotEndingInRoot, Index: head.Size - 1, Earlier: -1}
	}
	return tx.ExtendMirror(head.Origin, nil, nil, row)
}

// judged turns a broken rule into a finding: the leaves were held against the
// signed head before they were replayed.
func (w *Witness) judged(ctx context.Context, l *log, o offer, err error) error {
	var broken *ledger.Violation
	if !errors.As(err, &broken) {
		return err
	}
	return w.found(context.WithoutCancel(ctx), l, statusBad, o.head, o.Checkpoint, nil, broken.Error())
}

// fetch reads a ledger of a party: from its tiles address where its card names
// one, and else, or where that fails, from its endpoint. Nothing rests on who
// answers: leaves and tiles are held against the signed head.
func (w *Witness) fetch(l *log) ledger.Fetch {
	card := w.cardOf(l.party)
	var from []ledger.Fetch
	if w.Tiles != nil && card.Tiles != "" {
		from = append(from, w.Tiles(card.Tiles+"/mirror/"+l.origin+"/"))
		if key, err := seal.ParseVerifyKey(card.LedgerKey); err == nil && key.Name() == l.origin {
			from = append(from, w.Tiles(card.Tiles+"/"))
		}
	}
	from = append(from, func(ctx context.Context, path string) ([]byte, error) {
		return w.Parties.Resource(ctx, w.cardOf(l.party), l.origin, path)
	})
	return func(ctx context.Context, path string) (data []byte, err error) {
		for i, ask := range from {
			limited, cancel := context.WithTimeout(ctx, w.AskTime)
			data, err = ask(limited, path)
			cancel()
			if err == nil {
				from = from[i:] // what failed before it is not asked again
				return data, nil
			}
			if ctx.Err() != nil {
				return nil, err
			}
		}
		return nil, err
	}
}
