package exchange

import (
	"context"
	"errors"
	"fmt"

	"heed"
	"heed/ledger"
	"heed/seal"
)

// lookAtWitness finds out about a witness that says it holds more of our ledger
// than it was shown. Its word alone changes nothing: what counts is a head
// that our own key has signed.
func (x *Exchange) lookAtWitness(ctx context.Context, w Witness, t cosigning, ahead *aheadError) error {
	newest, err := x.target(ctx, t.origin)
	if err != nil {
		return err
	}
	if ahead.held >= 0 && ahead.held <= newest.c.Size {
		return nil // a newer head of ours was faster
	}
	if !w.Mirrors {
		return fmt.Errorf("%w: if this node was not put back to an older state the witness is wrong; only a mirroring witness can show which", ahead)
	}
	limited, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	note, err := x.cosigner.Resource(limited, w.URL, t.origin, ledger.CheckpointPath)
	if err != nil {
		return fmt.Errorf("%w, and does not show it: %w", ahead, err)
	}
	behind, err := x.behindWitness(ctx, w, note)
	if err != nil {
		return err
	}
	if !behind {
		return fmt.Errorf("%w, and shows another", ahead)
	}
	return nil
}

// behindWitness compares our ledger with a head of it that a witness shows. One
// that our key signed and that we do not know means that this node was put
// back to an older state: it stops signing and catches up.
func (x *Exchange) behindWitness(ctx context.Context, w Witness, note []byte) (behind bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		behind, err = x.isBehind(v, heed.PartyID(w.Name), note)
		return err
	})
	var forked *ledger.Inconsistency
	if errors.As(err, &forked) {
		// People have to look: a copy of this node went on beside it.
		x.log.Error("a witness holds a head of our ledger that contradicts ours: does a copy of this node run?", "witness", w.Name, "error", err)
		return false, errors.Join(err, x.store.Write(ctx, func(tx Tx) error { return tx.KeepCheckpoint(note) }))
	}
	if err != nil || !behind {
		return false, err
	}
	x.log.Error("a witness holds a newer head of our ledger than we do: this node was put back to an older state; it signs nothing until it has caught up", "witness", w.Name)
	err = x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		me.Restored = true
		return tx.PutSelf(me)
	})
	x.errands.recover()
	return true, err
}

// followWitness follows another party's ledger to the head that a mirroring
// witness holds: whoever was silent has said something, and the leaves are there.
func (x *Exchange) followWitness(ctx context.Context, w Witness, origin string) error {
	var key seal.VerifyKey
	var tree *ledger.Tree
	err := x.store.Read(ctx, func(v View) (err error) {
		if key, err = ledgerKeyOf(v, origin); err != nil {
			return err
		}
		tree, err = v.MirrorTree(origin)
		return err
	})
	if err != nil {
		return err
	}
	fetch := func(ctx context.Context, path string) ([]byte, error) {
		return x.cosigner.Resource(ctx, w.URL, origin, path)
	}
	note, err := fetch(ctx, ledger.CheckpointPath)
	if err != nil {
		return err
	}
	head, err := ledger.ParseCheckpoint(note, origin, key)
	if err != nil {
		return err
	}
	held := tree.Head(origin)
	if grown := head.Size - held.Size; grown > mostFollowed {
		return fmt.Errorf("ledger %s: it grew by %d leaves at once, and at most %d are followed", origin, grown, mostFollowed)
	}
	if head.Size <= held.Size {
		return nil // another errand was faster
	}
	leaves, err := fetchLeaves(ctx, fetch, tree, held, head)
	if err != nil {
		return err
	}
	return x.keepMirror(ctx, held.Size, leaves, Head{Size: head.Size, Note: note, At: x.Now()}, head)
}

// ledgerKeyOf finds the key of another party's ledger among the cards held of it.
func ledgerKeyOf(v View, origin string) (seal.VerifyKey, error) {
	party, _, err := ledger.ParseOrigin(origin)
	if err != nil {
		return seal.VerifyKey{}, err
	}
	peer, err := v.Peer(heed.PartyID(party))
	if err != nil {
		return seal.VerifyKey{}, err
	}
	card := peer.Card
	for {
		key, err := seal.ParseVerifyKey(card.LedgerKey)
		if err != nil || key.Name() == origin {
			return key, err
		}
		if card, err = v.Card(card.Previous); err != nil {
			return seal.VerifyKey{}, fmt.Errorf("card of %s with the ledger %s: %w", party, origin, err)
		}
	}
}
