package foreign

import (
	"bytes"
	"slices"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"heed/ledger"
)

// policy is torchwood's own for checkpoints that the log alone has signed.
func (l *log) policy() torchwood.Policy {
	return torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(l.head.Origin), torchwood.SingleVerifierPolicy(l.verifier))
}

// open is torchwood's client of the ledger served at the URL, with the tree
// of its checkpoint.
func open(t *testing.T, l *log, at string) (*torchwood.Client, tlog.Tree) {
	t.Helper()
	fetcher, err := torchwood.NewTileFetcher(at, torchwood.WithConcurrencyLimit(8))
	must(t, err)
	reader, err := torchwood.NewClient(fetcher)
	must(t, err)
	signed, err := fetcher.ReadEndpoint(t.Context(), ledger.CheckpointPath)
	must(t, err)
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, l.policy())
	must(t, err)
	return reader, checkpoint.Tree
}

// torchwoodReads returns the leaves as torchwood's client reads them, which are
// the ledger's.
func torchwoodReads(t *testing.T, l *log, at string) [][]byte {
	t.Helper()
	reader, tree := open(t, l, at)
	if tree.N != l.head.Size || tree.Hash != l.head.Root {
		t.Fatalf("torchwood reads the head as %d %v", tree.N, tree.Hash)
	}
	var leaves [][]byte
	for i, entry := range reader.AllEntries(t.Context(), tree, 0) {
		if i != int64(len(leaves)) || !bytes.Equal(entry, l.leaves[i]) {
			t.Fatalf("torchwood reads leaf %d, after %d others, as %x", i, len(leaves), entry)
		}
		leaves = append(leaves, entry)
	}
	must(t, reader.Err())
	if int64(len(leaves)) != l.head.Size {
		t.Fatalf("torchwood read %d leaves of %d", len(leaves), l.head.Size)
	}

	for _, index := range []int64{0, 255, 256, 65_535, 65_536, l.head.Size - 1} {
		if index >= l.head.Size {
			continue
		}
		entry, proof, err := reader.Entry(t.Context(), tree, index)
		must(t, err)
		ours, err := ledger.Inclusion(l.head.Size, index, l)
		must(t, err)
		if !bytes.Equal(entry, l.leaves[index]) || !slices.Equal(proof, ours) {
			t.Errorf("torchwood reads leaf %d as %x, its proof as %v", index, entry, proof)
		}
	}
	return leaves
}

func torchwoodRefuses(t *testing.T, l *log) {
	for _, level := range []int{0, ledger.EntriesLevel} {
		path := tilePath(level, 7, ledger.TileWidth)
		reader, tree := open(t, l, damaged(t, l, path, flipLast))
		read := int64(0)
		for range reader.AllEntries(t.Context(), tree, 0) {
			read++
		}
		if reader.Err() == nil || read >= 8*ledger.TileWidth {
			t.Errorf("damaged %s: torchwood read %d leaves and says %v", path, read, reader.Err())
		}
	}
}
