package foreign

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"heed/ledger"
)

// appends is how many statements the large ledger holds.
const appends = 100_000

// TestLargeLedger makes a ledger of 10^5 statements and shows it to everybody.
func TestLargeLedger(t *testing.T) {
	l := grow(t)
	url := l.serve(t)
	t.Run("fsck accepts it", func(t *testing.T) { fsckAccepts(t, l, url) })
	t.Run("fsck refuses it damaged", func(t *testing.T) { fsckRefuses(t, l) })
	t.Run("torchwood reads all of it, for our auditor", func(t *testing.T) { replay(t, l, torchwoodReads(t, l, url)) })
	t.Run("torchwood refuses it damaged", func(t *testing.T) { torchwoodRefuses(t, l) })
	t.Run("others verify our proofs and we theirs", func(t *testing.T) { proofsTravel(t, l) })
}

// TestRoundLedgers shows them ledgers whose newest tiles are just full, or have
// just begun, at the levels that fit into a test.
func TestRoundLedgers(t *testing.T) {
	l := newLog(t, "north.example", "round")
	for _, size := range []int{16, 256, 272, 512, 65_536, 65_552} {
		l.say(size - len(l.leaves) - 1)
		if l.cut([32]byte{}).Size != int64(size) {
			t.Fatalf("%d leaves, want %d", l.head.Size, size)
		}
		url := l.serve(t)
		if err := check(t, l, url); err != nil {
			t.Errorf("%d leaves: fsck: %v", size, err)
		}
		torchwoodReads(t, l, url)
	}
}

// grow is a ledger after 10^5 mixed appends: every kind of leaf, hundreds of
// cuts of uneven size, partial tiles, and an end leaf that closes it.
func grow(t *testing.T) *log {
	t.Helper()
	l := newLog(t, "north.example", "large")
	for left := appends; left > 0; {
		n := min(left, int(1+l.random.Uint64()%700))
		l.say(n)
		if left -= n; left > 0 {
			l.cut([32]byte{})
		}
	}
	l.cut([32]byte{31: 1})

	lengths := map[int]int{}
	for _, leaf := range l.leaves {
		lengths[len(leaf)]++
	}
	t.Logf("%d leaves; by length %v", l.head.Size, lengths)
	switch size := l.head.Size; {
	case lengths[64] < appends || lengths[49] < 100 || lengths[81] != 1 || len(lengths) != 3:
		t.Fatalf("leaves by length: %v", lengths)
	case size%ledger.PadTo != 0 || size%ledger.TileWidth == 0:
		t.Fatalf("%d leaves: not padded, or without a partial tile", size)
	}
	return l
}

// replay audits leaves as a mirroring witness does, up to the ledger's head.
func replay(t *testing.T, l *log, leaves [][]byte) {
	t.Helper()
	auditor := ledger.NewReplay(l.head.Origin, &ledger.Tree{}, ledger.NewMap(&ledger.MemoryPages{}), -1, false)
	for i, leaf := range leaves {
		if _, err := auditor.Append(leaf); err != nil {
			t.Fatalf("leaf %d: %v", i, err)
		}
	}
	must(t, auditor.Agree(ledger.Checkpoint{Origin: l.head.Origin, Root: (&ledger.Tree{}).Root()}, l.head))
}

// damaged serves the ledger with one resource changed.
func damaged(t *testing.T, l *log, path string, damage func([]byte) []byte) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource, err := ledger.Read(r.Context(), l, strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		body := resource.Body
		if r.URL.Path == "/"+path {
			body = damage(bytes.Clone(body))
		}
		// A client that has seen enough hangs up: what it missed is no error here.
		_, _ = w.Write(body)
	}))
}

// flipLast changes the lowest bit of the last byte.
func flipLast(body []byte) []byte {
	body[len(body)-1] ^= 1
	return body
}
