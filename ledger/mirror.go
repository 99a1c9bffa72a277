package ledger

import "fmt"

// A Reason says in which way two heads of one log contradict each other.
type Reason string

const (
	// Shrunk: the offered head has fewer leaves than the held one. By itself it
	// may be an old head from a cache or a restored backup.
	Shrunk Reason = "fewer leaves than before"
	// Forked: one size, two roots. Both signatures together prove it.
	Forked Reason = "another root at the same size"
	// Rewritten: the leaves offered do not lead from the held tree to the
	// offered root. Either the log does not continue what we hold, or the
	// leaves were damaged on the way: fetch them again before saying which.
	Rewritten Reason = "leaves do not lead to the root"
)

// An Inconsistency reports that a log's offered head does not continue what
// we hold of it. Keep both signed checkpoints: they are what an outsider
// will ask for.
type Inconsistency struct {
	Held    Checkpoint
	Offered Checkpoint
	Reason  Reason
}

func (e *Inconsistency) Error() string {
	return fmt.Sprintf("ledger inconsistency in %s: %s: held %d leaves with root %v, offered %d with root %v",
		e.Offered.Origin, e.Reason, e.Held.Size, e.Held.Root, e.Offered.Size, e.Offered.Root)
}

// Extend replays a log from the tree we hold to a newer head: leaves are
// exactly those from tree.Size() to head.Size. It returns the hashes to store
// and moves tree on; after any error tree is as it was. Whoever must first
// commit the hashes passes a Clone.
//
// Errors: *Inconsistency; ErrRange for another number of leaves than head
// calls for or a head beyond MaxSize; ErrLeaf. It does not check head's
// signature.
//
// A replay too large to hold at once appends page by page to a Clone, and
// ends with Agree before it commits.
func Extend(tree *Tree, leaves [][]byte, head Checkpoint) ([]StoredHash, error) {
	held := tree.Head(head.Origin)
	if head.Size < 0 || head.Size > MaxSize {
		return nil, fmt.Errorf("ledger: extend to %d leaves: %w", head.Size, ErrRange)
	}
	if err := checkGrowth(held, head); err != nil {
		return nil, err
	}
	if int64(len(leaves)) != head.Size-held.Size {
		return nil, fmt.Errorf("ledger: extend from %d to %d leaves with %d leaves: %w", held.Size, head.Size, len(leaves), ErrRange)
	}
	next := tree.Clone()
	hashes := make([]StoredHash, 0, 2*len(leaves))
	for _, leaf := range leaves {
		_, made, err := next.Append(leaf)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, made...)
	}
	if next.Root() != head.Root {
		return nil, &Inconsistency{Held: held, Offered: head, Reason: Rewritten}
	}
	*tree = *next
	return hashes, nil
}

// Agree checks that the tree, at head's size, has head's root; held is the
// head it was extended from, for the report. Errors: *Inconsistency; ErrRange
// for a tree of another size, whose replay is not finished.
func (t *Tree) Agree(held, head Checkpoint) error {
	if err := checkGrowth(held, head); err != nil {
		return err
	}
	if t.size != head.Size {
		return fmt.Errorf("ledger: a tree of %d leaves against a head of %d: %w", t.size, head.Size, ErrRange)
	}
	if t.Root() != head.Root {
		return &Inconsistency{Held: held, Offered: head, Reason: Rewritten}
	}
	return nil
}

// checkGrowth finds the contradictions that two heads show by themselves.
func checkGrowth(held, offered Checkpoint) error {
	switch {
	case offered.Size < held.Size:
		return &Inconsistency{Held: held, Offered: offered, Reason: Shrunk}
	case offered.Size == held.Size && offered.Root != held.Root:
		return &Inconsistency{Held: held, Offered: offered, Reason: Forked}
	}
	return nil
}
