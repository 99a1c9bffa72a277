package foreign

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// TestNodesLedgers makes a ledger of 10^5 appends as a node does: leaves, map
// pages and heads in its database, cut by its own verb, ended by a card that
// names the next ledger. Everybody accepts both.
func TestNodesLedgers(t *testing.T) {
	n, err := openNode(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, n.store.Close()) })
	told := newLog(t, party, "what the node logs") // for its leaves alone
	for left := appends; left > 0; {
		count := min(left, int(1+told.random.Uint64()%1_000))
		left -= count
		from := len(told.leaves)
		told.say(count)
		must(t, n.store.Write(t.Context(), func(tx exchange.Tx) error {
			for _, leaf := range told.leaves[from:] {
				if _, err := tx.Append(leaf); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, n.Cut(t.Context()))
	}
	me, err := n.Self(t.Context())
	must(t, err)
	next := me.Card
	next.Previous, next.Serial, next.Issued = next.ID, next.Serial+1, heed.Instant(time.Now())
	next.LedgerKey = ledgerKey(2).Verifier().String()
	next, signed, err := wire.SignCard(next, nodeKey())
	must(t, err)
	must(t, n.Renew(t.Context(), next, signed, false))
	must(t, n.Cut(t.Context()))

	ended := accepted(t, n.Mirror(ledger.Origin(party, 1)), ledgerKey(1).Verifier().String())
	last, err := ledger.ParseMapRoot(ended.leaves[ended.head.Size-1])
	if err != nil || !last.Ends() || ended.head.Size < appends {
		t.Errorf("%d leaves, the last one %+v (%v): want more, and an end", ended.head.Size, last, err)
	}
	accepted(t, n.Ledger(), ledgerKey(2).Verifier().String())
}

// accepted serves the ledger that a node keeps and has everybody read it.
func accepted(t *testing.T, source ledger.Source, vkey string) *log {
	t.Helper()
	l := adopt(t, source, vkey)
	url := serve(t, ledger.Handler(source, func(r *http.Request, err error) { t.Errorf("%s: %v", r.URL.Path, err) }))
	if err := check(t, l, url); err != nil {
		t.Errorf("fsck, %s, %d leaves: %v", l.head.Origin, l.head.Size, err)
	}
	replay(t, l, torchwoodReads(t, l, url))
	return l
}

// adopt reads a ledger that somebody else keeps.
func adopt(t *testing.T, source ledger.Source, vkey string) *log {
	t.Helper()
	l := &log{t: t, vkey: vkey}
	var err error
	l.verifier, err = note.NewVerifier(vkey)
	must(t, err)
	l.signed, err = source.Checkpoint(t.Context())
	must(t, err)
	origin, _, _ := strings.Cut(string(l.signed), "\n")
	l.head, err = ledger.ParseCheckpoint(l.signed, origin, l.verifier)
	must(t, err)
	leaves, err := source.Leaves(t.Context(), 0, l.head.Size)
	must(t, err)
	for _, leaf := range leaves {
		l.store(leaf)
	}
	if l.tree.Root() != l.head.Root {
		t.Fatalf("the leaves of %s do not lead to its root", origin)
	}
	return l
}
