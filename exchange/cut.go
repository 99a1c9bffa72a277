package exchange

import (
	"context"
	"errors"
	"fmt"

	"heed/ledger"
)

// Cut publishes a checkpoint over what the ledger holds: padded, so that its
// size says little, and ending in a map root that covers all before it. Leaf,
// map and head are one transaction, and the head is committed before it leaves
// the process; where nothing is new, nothing happens.
func (x *Exchange) Cut(ctx context.Context) error {
	if due, err := x.cutDue(ctx); err != nil || !due {
		return err
	}
	err := x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil || me.Restored {
			return err
		}
		return x.cut(tx, me, [32]byte{})
	})
	if err == nil {
		x.errands.cosign()
	}
	return err
}

// cut closes the ledger with a map root and signs its head. With a succession
// it is the ledger's last.
func (x *Exchange) cut(tx Tx, me Self, succession [32]byte) error {
	tree, err := tx.Tree()
	if err != nil {
		return err
	}
	head, err := publishedHead(tx)
	if err != nil {
		return err
	}
	for range ledger.Padding(tree.Size() + 1) {
		leaf, err := ledger.PaddingLeaf(x.random)
		if err != nil {
			return err
		}
		if _, err := tx.Append(leaf.Bytes()); err != nil {
			return err
		}
	}
	root, err := mapRoot(tx, head.Size, succession)
	if err != nil {
		return err
	}
	if _, err := tx.Append(root.Bytes()); err != nil {
		return err
	}
	if tree, err = tx.Tree(); err != nil {
		return err
	}
	key, err := x.keys.Ledger(me.Card.LedgerKey)
	if err != nil {
		return err
	}
	note, err := tree.Head(key.Name()).Sign(key)
	if err != nil {
		return err
	}
	return tx.PutHead(Head{Size: tree.Size(), Note: note, At: x.Now()})
}

// mapRoot takes the leaves since the last head into the map.
func mapRoot(tx Tx, published int64, succession [32]byte) (ledger.MapRoot, error) {
	tree, err := tx.Tree()
	if err != nil {
		return ledger.MapRoot{}, err
	}
	leaves, err := tx.Leaves(published, tree.Size())
	if err != nil {
		return ledger.MapRoot{}, err
	}
	entries := make([]ledger.MapEntry, 0, len(leaves))
	for i, b := range leaves {
		leaf, err := ledger.ParseLeaf(b)
		if err != nil {
			return ledger.MapRoot{}, fmt.Errorf("leaf %d of our ledger: %w", published+int64(i), err)
		}
		entries = append(entries, ledger.MapEntry{Tag: leaf.Tag, Index: published + int64(i)})
	}
	hash, err := tx.Map().Insert(entries)
	// Heads end in map roots, so the one before is the newest head's last leaf.
	return ledger.MapRoot{Covers: tree.Size(), Root: hash, Previous: published - 1, Succession: succession}, err
}

// publishedHead is the newest head, of no leaves before the first.
func publishedHead(v View) (Head, error) {
	head, err := v.Head()
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return head, err
}

// cutDue reports whether leaves have come since the newest head.
func (x *Exchange) cutDue(ctx context.Context) (due bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		tree, err := v.Tree()
		if err != nil {
			return err
		}
		head, err := publishedHead(v)
		due = tree.Size() > head.Size
		return err
	})
	return due, err
}
