package witness_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/store"
	"heed/wire"
	"heed/witness"
)

const north heed.PartyID = "north.example"

// origin1 and origin2 are north's first ledger and the next.
const (
	origin1 = "north.example/v1"
	origin2 = "north.example/v1-2"
)

// testLog is a party's ledger in memory, made by the rules or against them.
type testLog struct {
	t      testing.TB
	origin string
	key    seal.SigningKey

	mu       sync.Mutex
	tree     *ledger.Tree
	hashes   []tlog.Hash
	leaves   [][]byte
	marks    *ledger.Map
	unmapped []ledger.MapEntry
	lastRoot int64
	note     []byte // of the newest head
	size     int64
	hidden   bool // it serves its checkpoint and no leaves
}

func newLog(t testing.TB, origin string) *testLog {
	t.Helper()
	key, err := seal.NewSigningKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	return &testLog{t: t, origin: origin, key: key, tree: &ledger.Tree{}, marks: ledger.NewMap(ledger.NewMemoryPages(nil)), lastRoot: -1}
}

// copy is a ledger that goes on beside the first one, under the same key.
func (l *testLog) copy() *testLog {
	l.t.Helper()
	c := &testLog{t: l.t, origin: l.origin, key: l.key, tree: &ledger.Tree{}, marks: ledger.NewMap(ledger.NewMemoryPages(nil)), lastRoot: -1}
	for _, leaf := range l.leaves {
		c.put(leaf)
	}
	c.sign()
	return c
}

// put appends any leaf, and keeps the map up to date where it can.
func (l *testLog) put(leaf []byte) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	index, made, err := l.tree.Append(leaf)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, h := range made {
		l.hashes = append(l.hashes, h.Hash)
	}
	l.leaves = append(l.leaves, leaf)
	if parsed, err := ledger.ParseLeaf(leaf); err == nil {
		l.unmapped = append(l.unmapped, ledger.MapEntry{Tag: parsed.Tag, Index: index})
	}
	if ledger.IsMapRoot(leaf) {
		l.mapped()
		l.lastRoot = index
	}
}

func (l *testLog) mapped() tlog.Hash {
	root, err := l.marks.Insert(l.unmapped)
	if err != nil {
		l.t.Fatal(err)
	}
	l.unmapped = nil
	return root
}

func (l *testLog) say(count int) {
	l.t.Helper()
	for range count {
		leaf, err := ledger.PaddingLeaf(rand.Reader)
		if err != nil {
			l.t.Fatal(err)
		}
		l.put(leaf.Bytes())
	}
}

func (l *testLog) sign() {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	note, err := l.tree.Head(l.origin).Sign(l.key)
	if err != nil {
		l.t.Fatal(err)
	}
	l.note, l.size = note, l.tree.Size()
}

// root is the map root leaf that belongs next.
func (l *testLog) root() ledger.MapRoot {
	l.mu.Lock()
	defer l.mu.Unlock()
	root := l.mapped()
	return ledger.MapRoot{Covers: l.tree.Size(), Root: root, Previous: l.lastRoot}
}

// cut publishes what was said, and count leaves more, by the rules.
func (l *testLog) cut(count int) {
	l.t.Helper()
	l.say(count)
	l.say(ledger.Padding(l.tree.Size() + 1))
	l.put(l.root().Bytes())
	l.sign()
}

// end publishes the ledger's last head.
func (l *testLog) end(succession []byte) {
	l.t.Helper()
	l.say(ledger.Padding(l.tree.Size() + 1))
	root := l.root()
	root.Succession = wire.SignedDigest(succession)
	l.put(root.Bytes())
	l.sign()
}

func (l *testLog) hashesOf(indexes []int64) ([]tlog.Hash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(l.hashes)) {
			return nil, ledger.ErrRange
		}
		all = append(all, l.hashes[i])
	}
	return all, nil
}

// request asks for the newest head, as of an older size.
func (l *testLog) request(old int64) []byte {
	l.t.Helper()
	return l.requestFor(old, l.note, l.size)
}

func (l *testLog) requestFor(old int64, note []byte, size int64) []byte {
	l.t.Helper()
	proof, err := ledger.Consistency(old, size, tlog.HashReaderFunc(l.hashesOf))
	if err != nil {
		l.t.Fatal(err)
	}
	body, err := ledger.AddCheckpoint{Old: old, Proof: proof, Checkpoint: note}.Marshal()
	if err != nil {
		l.t.Fatal(err)
	}
	return body
}

// The ledger.Source of what is published.
func (l *testLog) Checkpoint(context.Context) ([]byte, error) { return l.note, nil }
func (l *testLog) Size(context.Context) (int64, error)        { return l.size, nil }
func (l *testLog) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	return l.hashesOf(indexes)
}
func (l *testLog) Leaves(_ context.Context, from, to int64) ([][]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaves[from:to], nil
}

var errAway = errors.New("the party's node is away")

// parties is the network of the witness: what each party's endpoint serves.
type parties struct {
	mu          sync.Mutex
	logs        map[string]*testLog
	cards       [][]byte
	successions [][]byte
	away        bool
	block       chan struct{} // requests for leaves wait until it is closed
	blocked     chan struct{} // gets a token when the first of them waits
}

func (p *parties) serve(logs ...*testLog) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logs == nil {
		p.logs = map[string]*testLog{}
	}
	for _, l := range logs {
		p.logs[l.origin] = l
	}
}

// blocking has requests for leaves wait until release is called, which is to
// be done once the first of them does.
func (p *parties) blocking() (waits <-chan struct{}, release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.block, p.blocked = make(chan struct{}), make(chan struct{}, 1)
	return p.blocked, func() { close(p.block) }
}

func (p *parties) state(origin string) (*testLog, chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return nil, nil, errAway
	}
	return p.logs[origin], p.block, nil
}

func (p *parties) Resource(ctx context.Context, _ heed.Card, origin, path string) ([]byte, error) {
	l, block, err := p.state(origin)
	if err != nil {
		return nil, err
	}
	if block != nil && strings.HasPrefix(path, "tile/") {
		select {
		case p.blocked <- struct{}{}:
		default:
		}
		select {
		case <-block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if l == nil || l.hidden && strings.HasPrefix(path, "tile/") {
		return nil, fmt.Errorf("%s: %w", path, ledger.ErrNotFound)
	}
	r, err := ledger.Read(ctx, l, path)
	return r.Body, err
}

func (p *parties) Cards(context.Context, heed.Card) ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return nil, errAway
	}
	return p.cards, nil
}

func (p *parties) Successions(context.Context, heed.Card) ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.successions, nil
}

// identity is a party's keys and its cards.
type identity struct {
	t        testing.TB
	node     seal.SigningKey
	recovery seal.SigningKey
	card     heed.Card
	note     []byte
}

func newIdentity(t testing.TB, l *testLog) *identity {
	t.Helper()
	id := &identity{t: t}
	var err error
	if id.node, err = seal.NewSigningKey(rand.Reader, wire.NodeKeyName(north)); err != nil {
		t.Fatal(err)
	}
	if id.recovery, err = seal.NewSigningKey(rand.Reader, wire.RecoveryKeyName(north)); err != nil {
		t.Fatal(err)
	}
	sealing, err := seal.NewSealingKey()
	if err != nil {
		t.Fatal(err)
	}
	id.sign(heed.Card{
		Party: north, Serial: 1, Issued: start, NodeKey: id.node.Verifier().String(), SealingKey: sealing.Recipient().String(),
		LedgerKey: l.key.Verifier().String(), RecoveryKey: id.recovery.Verifier().String(), Endpoint: "https://127.0.0.1:7001", Baseline: heed.DefaultBaseline(),
	})
	return id
}

func (id *identity) sign(card heed.Card, also ...seal.SigningKey) {
	id.t.Helper()
	var err error
	if id.card, id.note, err = wire.SignCard(card, append([]seal.SigningKey{id.node}, also...)...); err != nil {
		id.t.Fatal(err)
	}
}

// succeed makes the next card, which names another ledger, and its succession.
func (id *identity) succeed(from, to *testLog, byRecovery bool) (succession []byte) {
	id.t.Helper()
	next := id.card
	next.Serial, next.Previous, next.Issued, next.LedgerKey = id.card.Serial+1, id.card.ID, start, to.key.Verifier().String()
	var also []seal.SigningKey
	if byRecovery {
		also = append(also, id.recovery)
	}
	serial := id.card.Serial
	id.sign(next, also...)
	head := from.tree.Head(from.origin)
	_, note, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindSuccession, Author: north, AuthorCard: serial, Time: start, Node: id.node.Verifier().String(),
		Ledger: from.key.Verifier().String(), Successor: to.key.Verifier().String(), Card: id.card.ID, Size: head.Size, Root: heed.Digest(head.Root),
	}, id.node)
	if err != nil {
		id.t.Fatal(err)
	}
	return note
}

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a witness of north's ledger, over HTTP.
type world struct {
	t       testing.TB
	dir     string
	parties *parties
	key     ledger.CosigningKey
	tiles   func(string) ledger.Fetch
	limits  func(*witness.Options)
	wrap    func(exchange.Store) exchange.Store

	mu    sync.Mutex
	now   time.Time
	found []witness.Finding

	db *store.Store
	*witness.Witness
	server *httptest.Server
	client *witness.Client
}

func newWorld(t testing.TB, change func(*world), notes ...[]byte) *world {
	t.Helper()
	key, err := ledger.NewCosigningKey("witness.example", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), parties: &parties{}, key: key, now: start, client: witness.NewClient(nil)}
	t.Cleanup(w.client.Close)
	if change != nil {
		change(w)
	}
	w.open()
	t.Cleanup(func() { w.close() })
	for _, note := range notes {
		if _, err := w.AddCard(t.Context(), note); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.db, err = store.Open(context.Background(), filepath.Join(w.dir, "witness.db"), store.Options{}); err != nil {
		w.t.Fatal(err)
	}
	var kept exchange.Store = w.db
	if w.wrap != nil {
		kept = w.wrap(kept)
	}
	o := witness.Options{
		Store: kept, Key: w.key, Parties: w.parties, Tiles: w.tiles, Now: w.clock, Log: slog.New(slog.DiscardHandler), LookEvery: time.Nanosecond,
		Keep: func(f witness.Finding) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.found = append(w.found, f)
			return nil
		},
	}
	if w.limits != nil {
		w.limits(&o)
	}
	if w.Witness, err = witness.New(context.Background(), o); err != nil {
		w.t.Fatal(err)
	}
	w.server = httptest.NewServer(w.Handler())
}

func (w *world) close() {
	w.server.Close()
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

// reopen is the witness's process ended and begun again.
func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) findings() []witness.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}

// post makes a request over HTTP.
func (w *world) post(body []byte) (status int, answer string) {
	w.t.Helper()
	code, data, err := w.client.AddCheckpoint(w.t.Context(), w.server.URL, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return code, string(data)
}

// cosigned makes a request that must be granted, for a head of the log as it
// is now, and returns the time of the cosignature.
func (w *world) cosigned(l *testLog, old int64) time.Time {
	w.t.Helper()
	status, answer := w.post(l.request(old))
	if status != http.StatusOK {
		w.t.Fatalf("status %d: %s", status, answer)
	}
	return w.verified(l, answer)
}

func (w *world) verified(l *testLog, answer string) time.Time {
	w.t.Helper()
	c, err := ledger.ParseCheckpoint(append(bytes.Clone(l.note), answer...), l.origin, l.key.Verifier())
	if err != nil {
		w.t.Fatal(err)
	}
	at, ok := w.key.Public().Verify(c)
	if !ok {
		w.t.Fatal("its cosignature does not verify")
	}
	return at
}

// refused makes a request that must be refused with a status.
func (w *world) refused(status int, body []byte) string {
	w.t.Helper()
	got, answer := w.post(body)
	if got != status {
		w.t.Fatalf("status %d, want %d: %s", got, status, answer)
	}
	return answer
}
