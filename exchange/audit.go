package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// LedgerReport is the result of checking our own ledger.
type LedgerReport struct {
	Origin     string
	Leaves     int64 // in all
	Published  int64 // covered by the newest checkpoint
	Statements int   // of ours, each found under its slots
	Peers      []LedgerPeer
}

// LedgerPeer is what one peer holds of our ledger, and we of its.
type LedgerPeer struct {
	Party   heed.PartyID
	Holds   int64 // leaves of ours that it mirrors
	Held    int64 // leaves of its that we mirror
	Problem string
}

// ErrLedger says that a ledger does not hold what it must.
var ErrLedger = errors.New("the ledger does not hold")

// CheckLedger replays our ledger from its first leaf, compares the result with
// the newest published checkpoint, and looks up every statement of ours under
// its slots. progress is told how many leaves have been replayed.
func (x *Exchange) CheckLedger(ctx context.Context, progress func(done, total int64)) (LedgerReport, error) {
	var report LedgerReport
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		if report.Origin, err = ledgerOrigin(me.Card); err != nil {
			return err
		}
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		report.Leaves = tree.Size()
		head, err := v.Head()
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		report.Published = head.Size
		if err := replayOwn(ctx, v, tree, head, me.Card, progress); err != nil {
			return err
		}
		report.Statements, err = x.checkSlots(v)
		return err
	})
	return report, err
}

// replayOwn hashes every leaf again.
func replayOwn(ctx context.Context, v View, tree *ledger.Tree, head Head, card heed.Card, progress func(done, total int64)) error {
	const page = 4096
	again := &ledger.Tree{}
	for at := int64(0); at < tree.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		// A page ends at the published size, where the root is compared.
		to := min(at+page, tree.Size())
		if at < head.Size && to > head.Size {
			to = head.Size
		}
		leaves, err := v.Leaves(at, to)
		if err != nil {
			return err
		}
		if err := rehash(v, again, leaves); err != nil {
			return err
		}
		at = to
		if at == head.Size {
			published, err := parseHead(card, head.Note)
			if err != nil {
				return fmt.Errorf("%w: published checkpoint: %w", ErrLedger, err)
			}
			if published.Root != again.Root() {
				return fmt.Errorf("%w: the leaves do not give the root of the published checkpoint of %d leaves", ErrLedger, head.Size)
			}
		}
		progress(at, tree.Size())
	}
	if again.Root() != tree.Root() {
		return fmt.Errorf("%w: the leaves do not give the root that the node goes on from", ErrLedger)
	}
	return nil
}

// rehash appends leaves to the tree that is made again and compares the hashes
// that come of it with those that are stored: from them come tiles and proofs.
func rehash(v View, again *ledger.Tree, leaves [][]byte) error {
	var made []ledger.StoredHash
	var indexes []int64
	for _, leaf := range leaves {
		_, hashes, err := again.Append(leaf)
		if err != nil {
			return err
		}
		made = append(made, hashes...)
		for _, h := range hashes {
			indexes = append(indexes, h.Index)
		}
	}
	stored, err := v.Hashes(indexes)
	if err != nil {
		return err
	}
	for i, h := range stored {
		if h != made[i].Hash {
			return fmt.Errorf("%w: stored hash %d is not that of the leaves", ErrLedger, made[i].Index)
		}
	}
	return nil
}

// checkSlots finds every statement of ours in the ledger.
func (x *Exchange) checkSlots(v View) (int, error) {
	rows, err := v.Cases(1 << 20)
	if err != nil {
		return 0, err
	}
	count := 0
	for _, row := range rows {
		leaves, err := x.leavesOf(v, row.ID)
		if err != nil {
			return count, err
		}
		for _, leaf := range leaves {
			if !leaf.Opens {
				return count, fmt.Errorf("%w: %s statement %s of case %s is not what its leaf %d commits to", ErrLedger, leaf.Kind, leaf.Statement.Short(), row.Code, leaf.Index)
			}
		}
		count += len(leaves)
	}
	return count, nil
}

// StatementLeaf is where a statement of ours stands in our ledger.
type StatementLeaf struct {
	Statement heed.StatementID
	Kind      heed.Kind
	Slot      ledger.Slot
	Origin    string // of our ledger that has it
	Index     int64
	Leaf      []byte
	Opens     bool // the leaf commits to this statement
	Proof     []tlog.Hash
}

// leavesOf finds the leaves of a case's statements of ours.
func (x *Exchange) leavesOf(v View, id heed.CaseID) ([]StatementLeaf, error) {
	c, err := v.Case(id)
	if err != nil {
		return nil, err
	}
	kept, err := v.KeptOf(id)
	if err != nil {
		return nil, err
	}
	var leaves []StatementLeaf
	for _, k := range kept {
		if k.Statement.Author != x.party || k.Dropped != nil {
			continue
		}
		slots, err := slotsOf(v, c, k)
		if err != nil {
			return nil, err
		}
		for _, at := range slots {
			tag := at.tag()
			log, index, err := x.findOwn(v, tag)
			if errors.Is(err, ErrNotFound) {
				return nil, fmt.Errorf("%w: %s statement %s of case %s has no leaf under %q", ErrLedger, k.Statement.Kind, k.Statement.ID.Short(), c.Code, at.slot)
			}
			if err != nil {
				return nil, err
			}
			stored, err := log.leaf(index)
			if err != nil {
				return nil, err
			}
			leaf, err := ledger.ParseLeaf(stored)
			if err != nil {
				return nil, err
			}
			leaves = append(leaves, StatementLeaf{
				Statement: k.Statement.ID, Kind: k.Statement.Kind, Slot: at.slot, Origin: log.origin, Index: index, Leaf: stored,
				Opens: leaf.Opens(at.key, wire.SignedDigest(k.Note)),
			})
		}
	}
	return leaves, nil
}

// LedgerProof is the inclusion of a case's statements of ours in published
// checkpoints. Anyone can check it with the ledgers' keys alone.
type LedgerProof struct {
	Checkpoint []byte // of the present ledger
	Size       int64
	Former     map[string][]byte // the last checkpoints of ended ledgers that have one of the leaves, by origin
	Leaves     []StatementLeaf
}

// ProveLeaves publishes a checkpoint if one is due and proves the case's leaves in it.
func (x *Exchange) ProveLeaves(ctx context.Context, id heed.CaseID) (LedgerProof, error) {
	if err := x.Cut(ctx); err != nil {
		return LedgerProof{}, err
	}
	proof := LedgerProof{Former: map[string][]byte{}}
	err := x.store.Read(ctx, func(v View) error {
		present, err := v.Head()
		if err != nil {
			return err
		}
		proof.Checkpoint, proof.Size = present.Note, present.Size
		if proof.Leaves, err = x.leavesOf(v, id); err != nil {
			return err
		}
		for i, leaf := range proof.Leaves {
			log, err := x.keptLedger(v, leaf.Origin)
			if err != nil {
				return err
			}
			head, err := log.head()
			if err != nil {
				return err
			}
			if !log.own {
				proof.Former[leaf.Origin] = head.Note
			}
			if leaf.Index >= head.Size {
				continue // said since the checkpoint: the next one has it
			}
			if proof.Leaves[i].Proof, err = ledger.Inclusion(head.Size, leaf.Index, tlog.HashReaderFunc(log.hashes)); err != nil {
				return err
			}
		}
		return nil
	})
	return proof, err
}

// CompareLedgers follows every peer's ledger to its newest checkpoint and asks
// each for what it holds of ours. What does not fit is in Problem.
func (x *Exchange) CompareLedgers(ctx context.Context) ([]LedgerPeer, error) {
	peers, me, err := x.peersAndSelf(ctx)
	if err != nil {
		return nil, err
	}
	var out []LedgerPeer
	for _, peer := range peers {
		line := LedgerPeer{Party: peer.Card.Party, Problem: peer.Trouble}
		if err := x.compareWith(ctx, peer, me, &line); err != nil {
			line.Problem = err.Error()
		}
		out = append(out, line)
	}
	return out, nil
}

func (x *Exchange) compareWith(ctx context.Context, peer Peer, me Self, line *LedgerPeer) error {
	asked := x.Now()
	err := x.Follow(ctx, peer.Card.Party)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	if err == nil {
		missing, err := x.checkGiven(ctx, peer.Card.Party, asked)
		if err != nil {
			return err
		}
		if missing != "" || strings.HasPrefix(line.Problem, unloggedTrouble) {
			line.Problem = missing
		}
	}
	ours, err := ledgerOrigin(me.Card)
	if err != nil {
		return err
	}
	note, err := x.courier.Resource(ctx, peer.Card, ours, ledger.CheckpointPath)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	if err == nil {
		held, err := parseHead(me.Card, note)
		if err != nil {
			return err
		}
		line.Holds = held.Size
		if err := x.compareOwn(ctx, peer.Card.Party, note, x.Now()); err != nil {
			return err
		}
	}
	origin, err := ledgerOrigin(peer.Card)
	if err != nil {
		return err
	}
	return x.store.Read(ctx, func(v View) error {
		tree, err := v.MirrorTree(origin)
		if err != nil {
			return err
		}
		line.Held = tree.Size()
		if line.Held == 0 {
			return nil
		}
		head, err := v.MirrorHead(origin)
		if err != nil {
			return err
		}
		held, err := parseHead(peer.Card, head.Note)
		if err != nil {
			return err
		}
		if held.Root != tree.Root() {
			return fmt.Errorf("%w: our copy of the ledger of %s does not give its checkpoint's root", ErrLedger, peer.Card.Party)
		}
		return nil
	})
}
