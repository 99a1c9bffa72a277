package foreign

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"heed/ledger"
)

// A log is a whole ledger in memory, as a node keeps it in its database. It
// grows first and is served afterwards: nothing guards one against the other.
type log struct {
	t        testing.TB
	key      note.Signer
	verifier note.Verifier
	vkey     string
	random   *rand.ChaCha8

	tree     ledger.Tree
	leaves   [][]byte
	hashes   []tlog.Hash // by tlog.StoredHashIndex
	tags     *ledger.Map
	fresh    []ledger.MapEntry // logged since the newest map root
	lastRoot int64

	head   ledger.Checkpoint
	signed []byte
}

// newLog is an empty ledger of the party. All of it follows from the seed, the
// key too.
func newLog(t testing.TB, party, seed string) *log {
	t.Helper()
	l := &log{t: t, tags: ledger.NewMap(&ledger.MemoryPages{}), lastRoot: -1}
	l.reseed(seed)
	skey, vkey, err := note.GenerateKey(l.random, party+"/v1")
	must(t, err)
	l.vkey = vkey
	l.key, err = note.NewSigner(skey)
	must(t, err)
	l.verifier, err = note.NewVerifier(vkey)
	must(t, err)
	return l
}

// reseed lets two ledgers with one key and one past part ways.
func (l *log) reseed(seed string) {
	var long [32]byte
	copy(long[:], seed)
	l.random = rand.NewChaCha8(long)
}

// said is what a ledger is told, in turn: a statement's own slots, the duties
// that it creates, and "" for leaves under a random tag.
var said = []ledger.Slot{
	ledger.SlotSent, ledger.SlotReceipt, ledger.SlotAcknowledge, ledger.SlotAssess, "",
	ledger.SlotAnswer, ledger.SlotSent, ledger.SlotReport, ledger.SlotRecalled, ledger.SlotReceipt,
	ledger.SlotConclude, "", ledger.SlotReview, ledger.SlotDecide, ledger.SlotRatify, ledger.SlotBadSeal,
}

// say logs n statements.
func (l *log) say(n int) {
	l.t.Helper()
	for range n {
		var statement, signed [32]byte
		read(l.t, l.random, statement[:])
		read(l.t, l.random, signed[:])
		k, err := ledger.NewKey(l.random)
		must(l.t, err)
		tag, err := ledger.RandomTag(l.random)
		must(l.t, err)
		if slot := said[len(l.leaves)%len(said)]; slot != "" {
			tag = ledger.SlotTag(k, slot, uint8(len(l.leaves)%3), statement)
		}
		l.append(ledger.StatementLeaf(k, tag, signed))
	}
}

// cut pads, commits to the map and signs the head. A succession other than
// zero ends the ledger for ever.
func (l *log) cut(succession [32]byte) ledger.Checkpoint {
	l.t.Helper()
	for range ledger.Padding(int64(len(l.leaves)) + 1) {
		leaf, err := ledger.PaddingLeaf(l.random)
		must(l.t, err)
		l.append(leaf)
	}
	root, err := l.tags.Insert(l.fresh)
	must(l.t, err)
	l.fresh = nil
	covers := int64(len(l.leaves))
	l.store(ledger.MapRoot{Covers: covers, Root: root, Previous: l.lastRoot, Succession: succession}.Bytes())
	l.lastRoot = covers
	l.head = l.tree.Head(l.key.Name())
	l.sign()
	return l.head
}

// sign publishes the head with the cosignatures that it has.
func (l *log) sign() {
	l.t.Helper()
	signed, err := l.head.Sign(l.key)
	must(l.t, err)
	l.signed = signed
}

func (l *log) append(leaf ledger.Leaf) {
	l.t.Helper()
	l.fresh = append(l.fresh, ledger.MapEntry{Tag: leaf.Tag, Index: int64(len(l.leaves))})
	l.store(leaf.Bytes())
}

func (l *log) store(leaf []byte) {
	l.t.Helper()
	_, hashes, err := l.tree.Append(leaf)
	must(l.t, err)
	l.leaves = append(l.leaves, leaf)
	for _, h := range hashes {
		if h.Index != int64(len(l.hashes)) {
			l.t.Fatalf("stored hash %d follows %d", h.Index, len(l.hashes)-1)
		}
		l.hashes = append(l.hashes, h.Hash)
	}
}

// serve serves the ledger as a node does and returns its URL.
func (l *log) serve(t testing.TB) string {
	t.Helper()
	return serve(t, ledger.Handler(l, func(r *http.Request, err error) { t.Errorf("%s: %v", r.URL.Path, err) }))
}

func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func (l *log) Checkpoint(context.Context) ([]byte, error) { return l.signed, nil }

func (l *log) Size(context.Context) (int64, error) { return l.head.Size, nil }

func (l *log) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	return l.ReadHashes(indexes)
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(l.hashes))
		}
		hashes[i] = l.hashes[index]
	}
	return hashes, nil
}

func (l *log) Leaves(_ context.Context, from, to int64) ([][]byte, error) {
	if from < 0 || from > to || to > int64(len(l.leaves)) {
		return nil, fmt.Errorf("leaves %d to %d of %d", from, to, len(l.leaves))
	}
	return l.leaves[from:to:to], nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, random *rand.ChaCha8, into []byte) {
	t.Helper()
	_, err := random.Read(into)
	must(t, err)
}
