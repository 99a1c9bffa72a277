package foreign

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"heed/ledger"
)

// proofsTravel hands tlog-proofs over in both directions.
func proofsTravel(t *testing.T, l *log) {
	for _, index := range []int64{0, 1, 4_242, l.head.Size - 1} {
		leaf := l.leaves[index]
		hashes, err := ledger.Inclusion(l.head.Size, index, l)
		must(t, err)
		ours, err := ledger.LeafProof{Index: index, Hashes: hashes, Checkpoint: l.signed}.Marshal()
		must(t, err)

		must(t, torchwood.VerifyProof(l.policy(), tlog.RecordHash(leaf), ours))
		var wrong *torchwood.VerifyRecordError
		err = torchwood.VerifyProof(l.policy(), tlog.RecordHash(l.leaves[2]), ours)
		if !errors.As(err, &wrong) || wrong.Index != index {
			t.Errorf("torchwood says of another leaf under the proof of %d: %v", index, err)
		}

		var parsed proof.TLogProof
		must(t, parsed.Unmarshal(ours))
		if parsed.Index != uint64(index) || len(parsed.Hashes) != len(hashes) || !bytes.Equal(parsed.Checkpoint, l.signed) {
			t.Errorf("formats reads the proof of %d as %+v", index, parsed)
		}
		for writer, theirs := range map[string][]byte{
			"torchwood": torchwood.FormatProof(index, hashes, l.signed),
			"formats":   parsed.Marshal(),
		} {
			if !bytes.Equal(theirs, ours) {
				t.Errorf("%s writes the proof of %d as\n%s\nand we as\n%s", writer, index, theirs, ours)
			}
			mine, err := ledger.ParseLeafProof(theirs)
			must(t, err)
			head, err := mine.Check(leaf, l.head.Origin, l.verifier)
			must(t, err)
			if !head.Same(l.head) || mine.Index != index || !slices.Equal(mine.Hashes, []tlog.Hash(hashes)) {
				t.Errorf("we read %s's proof of %d as %+v", writer, index, mine)
			}
		}
	}
}
