package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
)

// compareHead holds a checkpoint of a peer's ledger against what we mirror of
// it. One that is newer is fetched by Follow; one that contradicts is trouble.
func (x *Exchange) compareHead(ctx context.Context, peer heed.Card, note []byte) error {
	offered, err := parseHead(peer, note)
	if err != nil {
		return err
	}
	var newer bool
	err = x.store.Read(ctx, func(v View) error {
		tree, err := v.MirrorTree(offered.Origin)
		if err != nil {
			return err
		}
		if newer = offered.Size > tree.Size(); newer || offered.Size == 0 {
			return nil
		}
		root, err := ledgerRoot(offered.Size, func(i []int64) ([]tlog.Hash, error) { return v.MirrorHashes(offered.Origin, i) })
		if err == nil && root != offered.Root {
			return &ledger.Inconsistency{Held: tree.Head(offered.Origin), Offered: offered, Reason: ledger.Forked}
		}
		return err
	})
	if newer {
		x.errands.mirror(peer.Party)
	}
	return x.noteInconsistency(ctx, peer.Party, err)
}

// inconsistencyTrouble begins what people are shown of a proven one.
const inconsistencyTrouble = "ledger inconsistency: "

// noteInconsistency puts a proven ledger inconsistency on the peer's record.
func (x *Exchange) noteInconsistency(ctx context.Context, party heed.PartyID, err error) error {
	var broken *ledger.Inconsistency
	if !errors.As(err, &broken) {
		return err
	}
	return errors.Join(err, x.write(ctx, func(tx Tx) error {
		return x.trouble(tx, party, inconsistencyTrouble+broken.Error())
	}))
}

func ledgerRoot(size int64, read func([]int64) ([]tlog.Hash, error)) (tlog.Hash, error) {
	tree, err := ledger.NewTree(size, tlog.HashReaderFunc(read))
	if err != nil {
		return tlog.Hash{}, err
	}
	return tree.Root(), nil
}

// mostFollowed bounds what is held in memory of a peer's ledger: some 400 MB.
const mostFollowed = 1 << 22

// Follow fetches what is new of a peer's ledger, replays it, and keeps it: so
// that the peer cannot unsay anything, and can get it back from us.
func (x *Exchange) Follow(ctx context.Context, party heed.PartyID) error {
	var peer Peer
	var held ledger.Checkpoint
	var tree *ledger.Tree
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if peer, err = knownPeer(v, party); err != nil {
			return err
		}
		origin, err := ledgerOrigin(peer.Card)
		if err != nil {
			return err
		}
		tree, err = v.MirrorTree(origin)
		if err == nil {
			held = tree.Head(origin)
		}
		return err
	})
	if err != nil {
		return err
	}
	fetch := func(ctx context.Context, path string) ([]byte, error) {
		return x.courier.Resource(ctx, peer.Card, "", path)
	}
	note, err := fetch(ctx, ledger.CheckpointPath)
	if err != nil {
		return err
	}
	head, err := parseHead(peer.Card, note)
	if err != nil {
		return err
	}
	if head.Size <= held.Size {
		return x.compareHead(ctx, peer.Card, note)
	}
	if grown := head.Size - held.Size; grown > mostFollowed {
		return fmt.Errorf("ledger of %s: it grew by %d leaves at once, and at most %d are followed", party, grown, mostFollowed)
	}
	leaves, hashes, err := replay(ctx, fetch, tree, held, head)
	if err != nil {
		return x.noteInconsistency(ctx, party, fmt.Errorf("ledger of %s: %w", party, err))
	}
	now := x.Now()
	return x.write(ctx, func(tx Tx) error {
		current, err := tx.MirrorTree(head.Origin)
		if err != nil {
			return err
		}
		if current.Size() != held.Size {
			return nil // another errand was faster
		}
		return tx.ExtendMirror(head.Origin, leaves, hashes, Head{Size: head.Size, Note: note, At: now})
	})
}

// replay fetches the leaves between two heads page by page and checks that
// they lead from the one to the other. tree stands at held and is moved.
func replay(ctx context.Context, fetch ledger.Fetch, tree *ledger.Tree, held, head ledger.Checkpoint) (leaves [][]byte, hashes []ledger.StoredHash, err error) {
	for page, err := range ledger.FetchLeaves(ctx, fetch, head.Size, held.Size, head.Size) {
		if err != nil {
			return nil, nil, err
		}
		for _, leaf := range page {
			_, stored, err := tree.Append(leaf)
			if err != nil {
				return nil, nil, err
			}
			leaves = append(leaves, leaf)
			hashes = append(hashes, stored...)
		}
	}
	return leaves, hashes, tree.Agree(held, head)
}

// compareOwn holds what a peer has seen of our ledger against the ledger. A
// head of ours that we do not know means that this node was put back to an
// older state: it stops signing and catches up.
func (x *Exchange) compareOwn(ctx context.Context, party heed.PartyID, note []byte, now time.Time) error {
	var behind bool
	err := x.store.Read(ctx, func(v View) error {
		var err error
		behind, err = x.isBehind(v, party, note)
		return err
	})
	var forked *ledger.Inconsistency
	if errors.As(err, &forked) {
		// People have to look: a copy of this node went on beside it.
		return errors.Join(err, x.write(ctx, func(tx Tx) error { return x.trouble(tx, party, err.Error()) }))
	}
	if err != nil || !behind {
		return err
	}
	x.log.Error("a peer holds a newer head of our ledger than we do: this node was put back to an older state; it signs nothing until it has caught up", "peer", party)
	err = x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		me.Restored = true
		return tx.PutSelf(me)
	})
	x.errands.recover()
	return err
}

// isBehind decides whether a checkpoint of ours, held by a peer, is from later
// than what we have. One of the same age that differs is an error: somebody
// else signs with our ledger key.
func (x *Exchange) isBehind(v View, party heed.PartyID, note []byte) (bool, error) {
	me, err := v.Self()
	if err != nil {
		return false, err
	}
	theirs, err := parseHead(me.Card, note)
	if err != nil {
		return false, fmt.Errorf("what %s shows as ours: %w", party, err)
	}
	tree, err := v.Tree()
	if err != nil {
		return false, err
	}
	if theirs.Size > tree.Size() {
		return true, nil
	}
	if theirs.Size == 0 {
		return false, nil
	}
	root, err := ledgerRoot(theirs.Size, v.Hashes)
	if err != nil {
		return false, err
	}
	if root != theirs.Root {
		return false, fmt.Errorf("%s holds a head of our ledger with %d leaves that contradicts ours: %w", party, theirs.Size, &ledger.Inconsistency{Held: tree.Head(theirs.Origin), Offered: theirs, Reason: ledger.Forked})
	}
	return false, nil
}
