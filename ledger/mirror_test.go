package ledger

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestExtendInAnySteps(t *testing.T) {
	log := grow(t, 300)
	rapid.Check(t, func(t *rapid.T) {
		var mirror, reference Tree
		var stored []tlog.Hash
		for mirror.Size() < 300 {
			step := rapid.Int64Range(0, 300-mirror.Size()).Draw(t, "step")
			leaves := log.leaves[mirror.Size() : mirror.Size()+step]
			for _, leaf := range leaves {
				if _, _, err := reference.Append(leaf); err != nil {
					t.Fatal(err)
				}
			}
			hashes, err := Extend(&mirror, leaves, reference.Head(origin))
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hashes {
				if h.Index != int64(len(stored)) {
					t.Fatalf("hash %d follows %d others", h.Index, len(stored))
				}
				stored = append(stored, h.Hash)
			}
			if mirror != reference {
				t.Fatalf("the mirror differs at %d", mirror.Size())
			}
		}
		if !slices.Equal(stored, log.hashes) {
			t.Fatal("the mirror stores other hashes than the log")
		}
	})
}

func TestExtendFindsInconsistency(t *testing.T) {
	log := grow(t, 20)
	held := grow(t, 10).tree
	head := log.tree.Head(origin)
	forged := slices.Clone(log.leaves[10:])
	forged[4] = []byte("forged")
	cases := []struct {
		name   string
		leaves [][]byte
		head   Checkpoint
		reason Reason
	}{
		{"a leaf altered", forged, head, Rewritten},
		{"two leaves swapped", append([][]byte{log.leaves[11], log.leaves[10]}, log.leaves[12:]...), head, Rewritten},
		{"history altered", log.leaves[10:], Checkpoint{Origin: origin, Size: 20, Root: naiveRoot(append([][]byte{{1}}, log.leaves[1:]...))}, Rewritten},
		{"same size, another root", nil, Checkpoint{Origin: origin, Size: 10, Root: head.Root}, Forked},
		{"fewer leaves", nil, grow(t, 9).tree.Head(origin), Shrunk},
		{"none at all", nil, (&Tree{}).Head(origin), Shrunk},
	}
	for _, c := range cases {
		tree := held
		hashes, err := Extend(&tree, c.leaves, c.head)
		var wrong *Inconsistency
		if !errors.As(err, &wrong) || wrong.Reason != c.reason || hashes != nil {
			t.Errorf("%s: %d hashes, %v; want %q", c.name, len(hashes), err, c.reason)
			continue
		}
		if !wrong.Held.Same(held.Head(origin)) || !wrong.Offered.Same(c.head) {
			t.Errorf("%s: held %+v, offered %+v", c.name, wrong.Held, wrong.Offered)
		}
		if !strings.Contains(err.Error(), string(c.reason)) || !strings.Contains(err.Error(), origin) {
			t.Errorf("%s: says %q", c.name, err)
		}
		if tree != held {
			t.Errorf("%s: the tree moved", c.name)
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	log := grow(t, 20)
	held := grow(t, 10).tree
	head := log.tree.Head(origin)
	empty := slices.Clone(log.leaves[10:])
	empty[9] = nil
	for name, c := range map[string]struct {
		leaves [][]byte
		head   Checkpoint
		want   error
	}{
		"too few leaves":  {log.leaves[10:19], head, ErrRange},
		"too many leaves": {log.leaves[9:], head, ErrRange},
		"an empty leaf":   {empty, head, ErrLeaf},
		"a huge head":     {nil, Checkpoint{Origin: origin, Size: MaxSize + 1}, ErrRange},
		"a negative head": {nil, Checkpoint{Origin: origin, Size: -1}, ErrRange},
	} {
		tree := held
		if _, err := Extend(&tree, c.leaves, c.head); !errors.Is(err, c.want) || tree != held {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAgree(t *testing.T) {
	held, head := grow(t, 10).tree.Head(origin), grow(t, 20).tree.Head(origin)
	tree := grow(t, 20).tree
	if err := tree.Agree(held, head); err != nil {
		t.Error(err)
	}
	unfinished := grow(t, 19).tree
	if err := unfinished.Agree(held, head); !errors.Is(err, ErrRange) {
		t.Errorf("an unfinished replay: %v", err)
	}
	var wrong *Inconsistency
	other := head
	other.Root = held.Root
	if err := tree.Agree(held, other); !errors.As(err, &wrong) || wrong.Reason != Rewritten {
		t.Errorf("another root: %v", err)
	}
	if err := tree.Agree(head, held); !errors.As(err, &wrong) || wrong.Reason != Shrunk {
		t.Errorf("an older head: %v", err)
	}
}

// The two contradictions that signatures alone prove are named before any proof.
func TestCheckConsistencyNamesContradictions(t *testing.T) {
	small, large := grow(t, 10).tree.Head(origin), grow(t, 20).tree.Head(origin)
	var wrong *Inconsistency
	if err := CheckConsistency(nil, large, small); !errors.As(err, &wrong) || wrong.Reason != Shrunk {
		t.Errorf("shrunk: %v", err)
	}
	fork := large
	fork.Root = small.Root
	if err := CheckConsistency(nil, large, fork); !errors.As(err, &wrong) || wrong.Reason != Forked {
		t.Errorf("forked: %v", err)
	}
	if err := CheckConsistency(nil, large, large); err != nil {
		t.Errorf("the same head twice: %v", err)
	}
}
