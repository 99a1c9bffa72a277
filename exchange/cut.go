package exchange

import (
	"context"
	"errors"

	"heed/ledger"
)

// Cut publishes a checkpoint over what the ledger holds, padded so that its
// size says little. The head is committed before it leaves the process; where
// nothing is new, nothing happens.
func (x *Exchange) Cut(ctx context.Context) error {
	now := x.Now()
	if due, err := x.cutDue(ctx); err != nil || !due {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil || me.Restored {
			return err
		}
		tree, err := tx.Tree()
		if err != nil {
			return err
		}
		for range ledger.Padding(tree.Size()) {
			leaf, err := ledger.PaddingLeaf(x.random)
			if err != nil {
				return err
			}
			if _, err := tx.Append(leaf.Bytes()); err != nil {
				return err
			}
		}
		if tree, err = tx.Tree(); err != nil {
			return err
		}
		key := x.keys.Ledger()
		note, err := tree.Head(key.Name()).Sign(key)
		if err != nil {
			return err
		}
		return tx.PutHead(Head{Size: tree.Size(), Note: note, At: now})
	})
}

// cutDue reports whether leaves have come since the newest head.
func (x *Exchange) cutDue(ctx context.Context) (due bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		head, err := v.Head()
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		due = tree.Size() > head.Size
		return err
	})
	return due, err
}
