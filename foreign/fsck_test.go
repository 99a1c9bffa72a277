package foreign

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"

	"heed/ledger"
)

// check is tessera's cmd/fsck without its screen. That command ends with
// status 0 whatever it finds, so a test has to call what it calls.
func check(t *testing.T, l *log, at string) error {
	t.Helper()
	root, err := url.Parse(at + "/")
	must(t, err)
	fetcher, err := client.NewHTTPFetcher(root, nil)
	must(t, err)
	verifier, err := f_note.NewVerifier(l.vkey)
	must(t, err)
	// With a single worker, fsck waits for ever after the first damaged tile.
	return fsck.New(l.head.Origin, verifier, fetcher, hashBundle, fsck.Opts{N: 4}).Check(t.Context())
}

// hashBundle is cmd/fsck's defaultMerkleLeafHasher.
func hashBundle(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, fmt.Errorf("unmarshal: %w", err)
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func fsckAccepts(t *testing.T, l *log, at string) {
	must(t, check(t, l, at))
}

// fsckRefuses shows that fsck looks at each kind of resource, and so that its
// silence above means something.
func fsckRefuses(t *testing.T, l *log) {
	last := (l.head.Size - 1) / ledger.TileWidth
	tests := []struct {
		name string
		path string
		says string
	}{
		{"full tile of leaf hashes", tilePath(0, 7, ledger.TileWidth), "log has"},
		{"partial tile of leaf hashes", tilePath(0, last, int(l.head.Size%ledger.TileWidth)), "log has"},
		{"full tile above", tilePath(1, 0, ledger.TileWidth), "log has"},
		{"partial tile above", tilePath(1, 1, int(last-ledger.TileWidth)), "log has"},
		{"top tile", tilePath(2, 0, 1), "log has"},
		{"full entry bundle", tilePath(ledger.EntriesLevel, 7, ledger.TileWidth), "log has"},
		{"partial entry bundle", tilePath(ledger.EntriesLevel, last, int(l.head.Size%ledger.TileWidth)), "log has"},
		{"checkpoint", ledger.CheckpointPath, "checkpoint"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			met := false
			at := damaged(t, l, test.path, func(body []byte) []byte {
				met = true
				if test.path == ledger.CheckpointPath {
					return []byte(strings.Replace(string(body), fmt.Sprint(l.head.Size), fmt.Sprint(l.head.Size-1), 1))
				}
				return flipLast(body)
			})
			err := check(t, l, at)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("fsck says of a damaged %s: %.200v", test.path, err)
			}
			if !met {
				t.Errorf("fsck never asked for %s", test.path)
			}
		})
	}
}

func tilePath(level int, n int64, width int) string {
	return ledger.Tile{Level: level, N: n, Width: width}.Path()
}
