package audit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/audit"
	"heed/evidence"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

const south heed.PartyID = "south.example"

// A scene is a party whose ledger is audited, with real keys: nothing in it is
// random, so that a failure fails again.
type scene struct {
	t        testing.TB
	card     heed.Card
	cardNote []byte
	witness  ledger.CosigningKey
	log      *book
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func signingKey(t testing.TB, name string) seal.SigningKey {
	t.Helper()
	seed := sha256.Sum256([]byte("seed of " + name))
	key, err := seal.NewSigningKey(bytes.NewReader(seed[:]), name)
	must(t, err)
	return key
}

func newScene(t testing.TB) *scene {
	t.Helper()
	sc := &scene{t: t}
	sc.log = &book{t: t, key: signingKey(t, ledger.Origin(string(south), 1)), tree: &ledger.Tree{}, marks: ledger.NewMap(ledger.NewMemoryPages(nil)), root: -1, hide: map[ledger.Tag]bool{}}
	sealing, err := seal.NewSealingKey()
	must(t, err)
	node := signingKey(t, wire.NodeKeyName(south))
	sc.card, sc.cardNote, err = wire.SignCard(heed.Card{
		Party: south, Serial: 1, Issued: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC), Endpoint: "https://south.example:7001", Baseline: heed.DefaultBaseline(),
		NodeKey: node.Verifier().String(), SealingKey: sealing.Recipient().String(), LedgerKey: sc.log.key.Verifier().String(),
	}, node)
	must(t, err)
	seed := sha256.Sum256([]byte("seed of the witness"))
	sc.witness, err = ledger.NewCosigningKey("w1.example/key", bytes.NewReader(seed[:]))
	must(t, err)
	return sc
}

// policy is a verifier's who pins the party's card.
func (sc *scene) policy() evidence.Policy {
	return evidence.Policy{
		Witnesses: []evidence.PolicyWitness{{Name: "w1", Key: sc.witness.Public()}},
		Groups:    []evidence.PolicyGroup{{Name: "neutral", Quorum: ledger.DefaultQuorum(1), Members: []string{"w1"}}},
		Parties:   []evidence.PolicyParty{{Party: south, Card: sc.card.ID, Group: "neutral"}},
	}
}

// audit audits what fetch shows.
func (sc *scene) audit(fetch ledger.Fetch, views ...audit.View) audit.Report {
	sc.t.Helper()
	report, err := audit.Run(sc.t.Context(), audit.Order{Card: sc.card, CardNote: sc.cardNote, Fetch: fetch, Views: views})
	must(sc.t, err)
	if report.Party != south || report.Origin != "south.example/v1" || len(report.Compared) != len(views) {
		sc.t.Fatalf("%+v", report)
	}
	return report
}

// one is the report's only finding.
func (sc *scene) one(r audit.Report) audit.Finding {
	sc.t.Helper()
	if len(r.Findings) != 1 {
		sc.t.Fatalf("findings %+v, want one", r.Findings)
	}
	return r.Findings[0]
}

// accuses wants one finding, with a proof that convinces whoever pinned the
// party's card, and that nothing can be taken away from.
func (sc *scene) accuses(r audit.Report, lie evidence.Lie, at int64) audit.Finding {
	sc.t.Helper()
	f := sc.one(r)
	sc.proven(f, lie, at)
	return f
}

func (sc *scene) proven(f audit.Finding, lie evidence.Lie, at int64) {
	sc.t.Helper()
	if f.Lie != lie || f.At != at || f.Bundle == nil || f.What == "" {
		sc.t.Fatalf("found %s at %d: %s; want %s at %d", f.Lie, f.At, f.What, lie, at)
	}
	if v := sc.verdict(sc.policy(), f.Bundle); v.Verdict != evidence.LedgerInconsistency || v.Lie != lie || v.OwedBy != south {
		sc.t.Fatalf("%s: %+v", lie, v)
	}
	stranger := sc.policy()
	stranger.Parties = []evidence.PolicyParty{{Party: "north.example", Card: heed.CardID{1}, Group: "neutral"}}
	if v := sc.verdict(stranger, f.Bundle); v.Verdict != evidence.UnknownSigner {
		sc.t.Errorf("%s, to somebody who does not know the party: %+v", lie, v)
	}
	whole, err := evidence.Parse(f.Bundle)
	must(sc.t, err)
	for name, less := range nearMisses(whole) {
		file, err := less.Encode()
		must(sc.t, err)
		if v := sc.verdict(sc.policy(), file); v.Verdict != evidence.CannotTell {
			sc.t.Errorf("%s, %s: %+v", lie, name, v)
		}
	}
}

// nearMisses are the bundle with one thing of it gone, and with the claim of
// the next index.
func nearMisses(b evidence.Bundle) map[string]evidence.Bundle {
	misses := map[string]evidence.Bundle{}
	next := b
	next.Claims = slices.Clone(b.Claims)
	next.Claims[0].At++
	misses["at the next index"] = next
	step := max(1, len(b.Leaves)/8)
	for i := 0; i < len(b.Leaves); i += step {
		less := b
		less.Leaves = slices.Delete(slices.Clone(b.Leaves), i, i+1)
		misses[fmt.Sprintf("without leaf %d", i)] = less
	}
	for i := 0; i < len(b.Insertions); i += step {
		less := b
		less.Insertions = slices.Delete(slices.Clone(b.Insertions), i, i+1)
		misses[fmt.Sprintf("without insertion %d", i)] = less
	}
	for i := range b.Checkpoints {
		less := b
		less.Checkpoints = slices.Delete(slices.Clone(b.Checkpoints), i, i+1)
		misses[fmt.Sprintf("without checkpoint %d", i)] = less
	}
	if len(b.Maps) > 0 {
		less := b
		less.Maps = nil
		misses["without the map"] = less
	}
	return misses
}

func (sc *scene) verdict(policy evidence.Policy, file []byte) evidence.Verdict {
	sc.t.Helper()
	report, err := evidence.Verify(policy, file)
	must(sc.t, err)
	if len(report.Verdicts) != 1 {
		sc.t.Fatalf("%+v", report)
	}
	return report.Verdicts[0]
}

// suspects wants findings, none of which accuses, and one that says this.
func (sc *scene) suspects(r audit.Report, what string) {
	sc.t.Helper()
	said := false
	for _, f := range r.Findings {
		if f.Lie != "" || f.Bundle != nil || f.At != -1 {
			sc.t.Fatalf("accused: %+v", f)
		}
		said = said || strings.Contains(f.What, what)
	}
	if !said {
		sc.t.Fatalf("%q is not among %+v", what, r.Findings)
	}
}

// book is a ledger in memory, made by the rules or against them.
type book struct {
	t      testing.TB
	key    seal.SigningKey
	salt   byte // so that a fork's leaves are others
	leaves [][]byte
	hashes []tlog.Hash
	tree   *ledger.Tree
	marks  *ledger.Map
	mapped int   // leaves that the map has
	root   int64 // the newest map root leaf
	made   uint64

	hide map[ledger.Tag]bool               // tags that the map is not to have
	move map[ledger.Tag]int64              // tags that the map has elsewhere
	edit func(*ledger.MapRoot)             // makes map root leaves lie
	note []byte                            // the newest signed head
	past map[int64][]byte                  // and all before it, by size
	lose func(path string, b []byte) error // what is served of a path; may change the bytes
}

// fork is the ledger, from here on with another future.
func (b *book) fork() *book {
	c := *b
	c.salt++
	c.tree, c.leaves, c.hashes = b.tree.Clone(), slices.Clone(b.leaves), slices.Clone(b.hashes)
	c.marks, c.mapped, c.past, c.hide = ledger.NewMap(ledger.NewMemoryPages(nil)), 0, map[int64][]byte{}, map[ledger.Tag]bool{}
	return &c
}

// fresh is 64 bytes that nothing else has.
func (b *book) fresh() []byte {
	b.made++
	seed := binary.BigEndian.AppendUint64([]byte{'s', b.salt}, b.made)
	one, two := sha256.Sum256(append(seed, 1)), sha256.Sum256(append(seed, 2))
	return append(one[:], two[:]...)
}

func (b *book) append(leaf []byte) int64 {
	b.t.Helper()
	index, made, err := b.tree.Append(leaf)
	must(b.t, err)
	b.leaves = append(b.leaves, leaf)
	for _, h := range made {
		b.hashes = append(b.hashes, h.Hash)
	}
	return index
}

// say logs n statements.
func (b *book) say(n int) {
	b.t.Helper()
	for range n {
		b.append(b.fresh())
	}
}

// cut pads, writes the map root and signs the head.
func (b *book) cut() { b.cutWith([32]byte{}) }

func (b *book) cutWith(succession [32]byte) {
	b.t.Helper()
	b.cutUnsigned(succession)
	b.sign()
}

func (b *book) cutUnsigned(succession [32]byte) {
	b.t.Helper()
	b.say(ledger.Padding(int64(len(b.leaves)) + 1))
	var entries []ledger.MapEntry
	for ; b.mapped < len(b.leaves); b.mapped++ {
		leaf, err := ledger.ParseLeaf(b.leaves[b.mapped])
		if err != nil || b.hide[leaf.Tag] {
			continue
		}
		e := ledger.MapEntry{Tag: leaf.Tag, Index: int64(b.mapped)}
		if index, ok := b.move[leaf.Tag]; ok {
			e.Index = index
		}
		entries = append(entries, e)
	}
	root, err := b.marks.Insert(entries)
	must(b.t, err)
	r := ledger.MapRoot{Covers: int64(len(b.leaves)), Root: root, Previous: b.root, Succession: succession}
	if b.edit != nil {
		b.edit(&r)
	}
	b.root = b.append(r.Bytes())
}

func (b *book) sign() {
	b.t.Helper()
	var err error
	b.note, err = b.tree.Head(b.key.Name()).Sign(b.key)
	must(b.t, err)
	if b.past == nil {
		b.past = map[int64][]byte{}
	}
	b.past[int64(len(b.leaves))] = b.note
}

// size is that of the newest head.
func (b *book) size() int64 {
	c, err := ledger.UnverifiedCheckpoint(b.note)
	must(b.t, err)
	return c.Size
}

// The ledger.Source of what is published.
func (b *book) Checkpoint(context.Context) ([]byte, error) { return b.note, nil }
func (b *book) Size(context.Context) (int64, error)        { return b.size(), nil }
func (b *book) Leaves(_ context.Context, from, to int64) ([][]byte, error) {
	return b.leaves[from:to], nil
}
func (b *book) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = b.hashes[index]
	}
	return out, nil
}

// fetch reads the ledger as it is served.
func (b *book) fetch(ctx context.Context, path string) ([]byte, error) {
	r, err := ledger.Read(ctx, b, path)
	if err != nil || b.lose == nil {
		return r.Body, err
	}
	body := bytes.Clone(r.Body)
	return body, b.lose(path, body)
}

// kept is fetch of a ledger that grows no more, made once.
func (b *book) kept() ledger.Fetch {
	b.t.Helper()
	kept := map[string][]byte{}
	keep := func(path string) {
		body, err := b.fetch(b.t.Context(), path)
		must(b.t, err)
		kept[path] = body
	}
	keep(ledger.CheckpointPath)
	for from := int64(0); from < b.size(); from += ledger.TileWidth {
		keep(ledger.Tile{Level: ledger.EntriesLevel, N: from / ledger.TileWidth, Width: int(min(ledger.TileWidth, b.size()-from))}.Path())
	}
	return func(_ context.Context, path string) ([]byte, error) { return kept[path], nil }
}

// served is fetch over HTTP.
func (b *book) served() ledger.Fetch {
	b.t.Helper()
	server := httptest.NewServer(ledger.Handler(b, func(r *http.Request, err error) { b.t.Errorf("%s: %v", r.URL.Path, err) }))
	b.t.Cleanup(server.Close)
	return ledger.FetchHTTP(server.Client(), server.URL)
}

// view is a witness's copy of the ledger as it is now.
func (b *book) view() audit.View {
	return audit.View{From: "witness w1", Checkpoint: b.note, Fetch: b.fetch}
}

// headAt is a head that somebody kept, and nothing else.
func (b *book) headAt(size int64) audit.View {
	b.t.Helper()
	if b.past[size] == nil {
		b.t.Fatalf("no head of %d leaves", size)
	}
	return audit.View{From: "old.checkpoint", Checkpoint: b.past[size]}
}

var errLine = errors.New("the line is down")
