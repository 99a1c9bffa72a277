package audit

import (
	"context"
	"errors"
	"iter"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"heed/ledger"
)

// ahead is the number of entry bundles that are fetched at a time: enough to
// keep both processors at work over a slow line.
const ahead = 16

// read takes every leaf, replays it, and holds all of them against the head. It
// reports what is not served, what is damaged, and the first broken rule.
func (a *auditor) read(ctx context.Context) error {
	tree, roots := &ledger.Tree{}, map[int64]tlog.Hash{}
	replay := ledger.NewReplay(a.own.head.Origin, tree, ledger.NewMap(ledger.NewMemoryPages(nil)), -1, false)
	var broken *ledger.Violation
	served, err := a.readLeaves(ctx, func(leaf []byte) error {
		if broken != nil {
			return nil // what follows stands on it
		}
		if _, err := replay.Append(leaf); err != nil && !errors.As(err, &broken) {
			return err
		}
		a.mark(roots, tree)
		return nil
	})
	if err != nil {
		return err
	}
	if served && broken == nil {
		err := replay.Agree(ledger.Checkpoint{Origin: a.own.head.Origin, Root: (&ledger.Tree{}).Root()}, a.own.head)
		var other *ledger.Inconsistency
		if err != nil && !errors.As(err, &broken) && !errors.As(err, &other) {
			return err
		}
		a.whole = err == nil
	}
	if served && !a.whole {
		if err := a.judgeLeaves(); err != nil {
			return err
		}
	}
	if a.whole { // from here on, the ledger is what we hold of it
		a.own.roots = roots
		a.own.hashes = tlog.HashReaderFunc(a.storedHashes)
		a.own.leaf = func(_ context.Context, index int64) ([]byte, error) { return a.leaves[index], nil }
		a.report.Ended = broken == nil && replay.Ended()
	}
	if broken == nil {
		return nil
	}
	return a.accuse(ctx, broken)
}

// readLeaves fetches all leaves and gives each to take. It reports whether all
// were served.
func (a *auditor) readLeaves(ctx context.Context, take func(leaf []byte) error) (whole bool, err error) {
	a.leaves = make([][]byte, 0, a.own.head.Size)
	for page, err := range fetchAhead(ctx, a.order.Fetch, a.own.head.Size) {
		switch {
		case err == nil:
		case errors.Is(err, ledger.ErrNotFound):
			a.unproven("leaves from %d on are withheld: a head of %d leaves is signed, and they are not served", len(a.leaves), a.own.head.Size)
			return false, nil
		case errors.Is(err, ledger.ErrTile), errors.Is(err, ledger.ErrLeaf):
			a.unproven("what is served for the leaves from %d on is no entry bundle: it may have been damaged on the way", len(a.leaves))
			return false, nil
		default:
			return false, err
		}
		for _, leaf := range page {
			a.leaves = append(a.leaves, leaf)
			if len(leaf) != ledger.LeafBytes && ledger.IsMapRoot(leaf) {
				a.report.Roots++
			}
			if err := take(leaf); err != nil {
				return false, err
			}
		}
		a.order.Progress(int64(len(a.leaves)), a.own.head.Size)
	}
	return true, nil
}

// fetchAhead is ledger.FetchLeaves of all leaves with several bundles under
// way at a time. It ends with the first error.
func fetchAhead(ctx context.Context, fetch ledger.Fetch, size int64) iter.Seq2[[][]byte, error] {
	type result struct {
		page [][]byte
		err  error
	}
	return func(yield func([][]byte, error) bool) {
		var group sync.WaitGroup
		defer group.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		results := make(chan chan result, ahead)
		group.Go(func() {
			defer close(results)
			for from := int64(0); from < size; from += ledger.TileWidth {
				one := make(chan result, 1)
				select {
				case results <- one:
				case <-ctx.Done():
					return
				}
				group.Go(func() {
					for page, err := range ledger.FetchLeaves(ctx, fetch, size, from, min(from+ledger.TileWidth, size)) {
						one <- result{page, err}
					}
				})
			}
		})
		for one := range results {
			if r := <-one; !yield(r.page, r.err) || r.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// mark notes the root of the tree where a view is to be compared with it.
func (a *auditor) mark(roots map[int64]tlog.Hash, tree *ledger.Tree) {
	for i := range a.views {
		if a.views[i].head.Size == tree.Size() {
			roots[tree.Size()] = tree.Root()
		}
	}
}

// judgeLeaves holds the leaves against the head by themselves, where the replay
// did not come to that. It reports leaves that are not those of the head, and,
// where the ledger's own tiles of hashes show it, from which on.
func (a *auditor) judgeLeaves() error {
	ours := tlog.HashReaderFunc(a.storedHashes)
	tree, err := ledger.NewTree(a.own.head.Size, ours)
	if err != nil {
		return err
	}
	if a.whole = tree.Root() == a.own.head.Root; a.whole {
		return nil
	}
	const what = "the leaves that are served do not lead to the root that is signed: they may have been damaged on the way"
	if index, err := firstDifference(a.own.head.Size, ours, a.own.hashes); err == nil && index >= 0 {
		a.unproven(what+"; leaf %d is the first", index)
		return nil
	}
	a.unproven(what) // the tiles are not to be had either
	return nil
}

// storedHashes reads the hashes of the tree over the leaves that we hold. Few
// audits ask for any, so that they are made only then: 64 bytes a leaf.
func (a *auditor) storedHashes(indexes []int64) ([]tlog.Hash, error) {
	if a.hashes == nil {
		tree := &ledger.Tree{}
		a.hashes = make([]tlog.Hash, 0, 2*len(a.leaves))
		for _, leaf := range a.leaves {
			_, made, err := tree.Append(leaf)
			if err != nil {
				return nil, err
			}
			for _, h := range made {
				a.hashes = append(a.hashes, h.Hash)
			}
		}
	}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(a.hashes)) {
			return nil, ledger.ErrRange
		}
		out[i] = a.hashes[index]
	}
	return out, nil
}
