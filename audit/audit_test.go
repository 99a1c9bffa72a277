package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"heed/audit"
	"heed/evidence"
	"heed/ledger"
)

// grown is a ledger of some cuts, all by the rules.
func (sc *scene) grown(cuts int) *book {
	sc.t.Helper()
	for i := range cuts {
		sc.log.say(7 * i % 40)
		sc.log.cut()
	}
	return sc.log
}

func TestAnHonestLedger(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(30)
	w := b.fork()
	b.say(300)
	b.cut()
	for name, fetch := range map[string]ledger.Fetch{"HTTP": b.served(), "memory": b.fetch} {
		done := int64(0)
		report, err := audit.Run(t.Context(), audit.Order{
			Card: sc.card, CardNote: sc.cardNote, Fetch: fetch, Views: []audit.View{w.view(), b.view(), b.headAt(16), b.headAt(b.size())},
			Progress: func(now, total int64) {
				if now < done || total != b.size() {
					t.Errorf("%d of %d after %d", now, total, done)
				}
				done = now
			},
		})
		must(t, err)
		if len(report.Findings) != 0 || report.Leaves != b.size() || report.Roots != 31 || report.Ended || len(report.Compared) != 4 || done != b.size() || !bytes.Equal(report.Checkpoint, b.note) {
			t.Errorf("%s: %+v", name, report)
		}
	}
	b.cutWith([32]byte{1})
	if report := sc.audit(b.served()); len(report.Findings) != 0 || !report.Ended {
		t.Errorf("%+v", report)
	}
	empty := newScene(t)
	empty.log.sign()
	if report := empty.audit(empty.log.served()); len(report.Findings) != 0 || report.Leaves != 0 {
		t.Errorf("%+v", report)
	}
}

// Each rule that a ledger breaks is found, and what is written proves it.
func TestBrokenRules(t *testing.T) {
	type lie struct {
		lie evidence.Lie
		at  int64
	}
	for name, make := range map[string]func(b *book) lie{
		"a leaf of no form": func(b *book) lie {
			at := b.append([]byte("not a leaf"))
			b.cut()
			return lie{evidence.BadLeaf, at}
		},
		"a leaf as long as can be": func(b *book) lie {
			at := b.append(bytes.Repeat([]byte{1}, ledger.MaxLeafBytes))
			b.cut()
			return lie{evidence.BadLeaf, at}
		},
		"a head that does not end in a map root": func(b *book) lie {
			b.say(3)
			b.sign()
			return lie{evidence.NotEndingInRoot, b.size() - 1}
		},
		"a root that covers fewer": func(b *book) lie {
			b.edit = func(r *ledger.MapRoot) { r.Covers-- }
			b.cut()
			return lie{evidence.RootCovers, b.size() - 1}
		},
		"a root that passes over the one before it": func(b *book) lie {
			before := b.root
			b.cut()
			b.edit = func(r *ledger.MapRoot) { r.Previous = before }
			b.cut()
			return lie{evidence.RootPrevious, b.size() - 1}
		},
		"a root that knows of none before it": func(b *book) lie {
			b.edit = func(r *ledger.MapRoot) { r.Previous = -1 }
			b.cut()
			return lie{evidence.RootPrevious, b.size() - 1}
		},
		"a root that follows what is no root": func(b *book) lie {
			b.edit = func(r *ledger.MapRoot) { r.Previous++ }
			b.cut()
			return lie{evidence.RootPrevious, b.size() - 1}
		},
		"a tag that is left out": func(b *book) lie {
			leaf := b.fresh()
			at := b.append(leaf)
			b.hide[ledger.Tag(leaf[:32])] = true
			b.cut()
			return lie{evidence.LeftOut, at}
		},
		"two tags that are left out": func(b *book) lie {
			for range 2 {
				leaf := b.fresh()
				b.append(leaf)
				b.hide[ledger.Tag(leaf[:32])] = true
			}
			b.cut()
			return lie{evidence.RootWrong, b.size() - 1}
		},
		"a tag at another leaf": func(b *book) lie {
			leaf := b.fresh()
			b.move = map[ledger.Tag]int64{ledger.Tag(leaf[:32]): b.append(leaf) - 1}
			b.cut()
			return lie{evidence.RootWrong, b.size() - 1}
		},
		"a root out of the air": func(b *book) lie {
			b.edit = func(r *ledger.MapRoot) { r.Root[7]++ }
			b.cut()
			return lie{evidence.RootWrong, b.size() - 1}
		},
		"an end leaf with a wrong root": func(b *book) lie {
			b.edit = func(r *ledger.MapRoot) { r.Root[7]++ }
			b.cutWith([32]byte{1})
			return lie{evidence.RootWrong, b.size() - 1}
		},
		"a tag that stands twice": func(b *book) lie {
			tag := ledger.Tag(b.leaves[3][:32])
			at := b.append(append(tag[:], b.fresh()[:32]...))
			b.hide[tag] = true
			b.cut()
			return lie{evidence.TagTwice, at}
		},
		"a leaf after the end": func(b *book) lie {
			b.cutWith([32]byte{1})
			at := b.root
			b.say(1)
			b.edit = func(r *ledger.MapRoot) { r.Succession = [32]byte{} }
			b.cut()
			return lie{evidence.AfterEnd, at}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t)
			b := sc.grown(20)
			want := make(b)
			b.edit, b.hide, b.move = nil, map[ledger.Tag]bool{}, nil
			sc.accuses(sc.audit(b.served()), want.lie, want.at)
			if want.lie == evidence.NotEndingInRoot {
				b.cut()
				if later := sc.audit(b.fetch); len(later.Findings) != 0 {
					t.Errorf("a later head that does: %+v", later.Findings)
				}
				return
			}
			// Whatever it does later, and whoever saw it: the first is what is found.
			b.append([]byte("and more"))
			b.cut()
			report := sc.audit(b.fetch, b.view(), b.headAt(16))
			sc.accuses(report, want.lie, want.at)
			if report.Ended {
				t.Error("ended")
			}
		})
	}
}

// An old tag that is dropped, and roots of the first cut.
func TestOldTags(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(5)
	// The map is made anew without a tag that roots before have.
	w := b.fork()
	dropped := ledger.Tag(b.leaves[2][:32])
	w.hide[dropped] = true
	w.cut()
	sc.accuses(sc.audit(w.fetch), evidence.RootWrong, w.size()-1)

	first := newScene(t)
	leaf := first.log.fresh()
	first.log.append(leaf)
	first.log.hide[ledger.Tag(leaf[:32])] = true
	first.log.cut()
	first.accuses(first.audit(first.log.fetch), evidence.LeftOut, 0)
	wrong := newScene(t)
	wrong.log.edit = func(r *ledger.MapRoot) { r.Root[0]++ }
	wrong.log.cut()
	wrong.accuses(wrong.audit(wrong.log.fetch), evidence.RootWrong, 15)
}

// Between two roots stand more leaves than a file can prove.
func TestLargeCuts(t *testing.T) {
	t.Run("what fits is proven", func(t *testing.T) {
		sc := newScene(t)
		b := sc.grown(3)
		b.say(3000)
		b.edit = func(r *ledger.MapRoot) { r.Root[0]++ }
		b.cut()
		f := sc.one(sc.audit(b.fetch))
		if v := sc.verdict(sc.policy(), f.Bundle); v.Verdict != evidence.LedgerInconsistency || v.Lie != evidence.RootWrong || f.Lie != v.Lie || f.At != b.size()-1 {
			t.Errorf("%+v: %+v", f.What, v)
		}
	})
	for _, n := range []int{7000, 9000} {
		t.Run(fmt.Sprintf("%d leaves", n), func(t *testing.T) {
			sc := newScene(t)
			sc.grown(3)
			leaf := sc.log.fresh()
			at := sc.log.append(leaf)
			sc.log.say(n)
			b := sc.log.fork()
			b.edit = func(r *ledger.MapRoot) { r.Root[0]++ }
			b.cut()
			f := sc.one(sc.audit(b.fetch))
			if f.Lie != evidence.RootWrong || f.At != b.size()-1 || f.Bundle != nil || !strings.Contains(f.What, "too large") {
				t.Errorf("%+v", f)
			}
			// A tag that is left out takes one path, however many there are.
			b = sc.log.fork()
			b.hide[ledger.Tag(leaf[:32])] = true
			b.cut()
			sc.accuses(sc.audit(b.fetch), evidence.LeftOut, at)
			// So does one that roots before have.
			b = sc.log.fork()
			b.hide[ledger.Tag(b.leaves[4][:32])] = true
			b.cut()
			sc.accuses(sc.audit(b.fetch), evidence.LeftOut, 4)
		})
	}
}

// The party shows one ledger to us and another to a witness.
func TestSplitView(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(20)
	common := b.size()
	w := b.fork()
	b.say(30)
	b.cut()
	w.say(30)
	w.cut()
	sc.accuses(sc.audit(b.served(), w.view()), evidence.TwoHeads, b.size())
	sc.accuses(sc.audit(b.fetch, w.headAt(w.size())), evidence.TwoHeads, b.size())

	b.cut() // ours is larger now
	sc.accuses(sc.audit(b.fetch, audit.View{From: "w1", Checkpoint: w.note, Fetch: w.served()}), evidence.TwoLeaves, common)
	sc.accuses(sc.audit(b.fetch, w.headAt(w.size())), evidence.Rewritten, w.size())
	if honest := sc.audit(b.fetch, b.headAt(common)); len(honest.Findings) != 0 {
		t.Errorf("%+v", honest.Findings)
	}

	// A copy that is not served, or not the one that was signed, is no obstacle.
	for name, lose := range losses {
		w.lose = lose
		t.Run(name, func(t *testing.T) {
			sc.accuses(sc.audit(b.fetch, w.view()), evidence.Rewritten, w.size())
		})
	}
	w.lose = nil

	for range 3 {
		w.cut() // theirs is larger
	}
	report := sc.audit(b.fetch, w.view())
	if len(report.Findings) != 2 || report.Findings[0].Lie != "" || !strings.Contains(report.Findings[0].What, "older state") {
		t.Fatalf("%+v", report.Findings)
	}
	sc.proven(report.Findings[1], evidence.TwoLeaves, common)
	sc.suspects(sc.audit(b.fetch, w.headAt(w.size())), "older state")
	for name, lose := range losses {
		w.lose = lose
		t.Run("the larger one: "+name, func(t *testing.T) { sc.suspects(sc.audit(b.fetch, w.view()), "cannot be told") })
	}
}

// A fork is found whatever we ourselves are shown of our side.
func TestSplitViewWithoutLeaves(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(20)
	common := b.size()
	w := b.fork()
	b.say(30)
	b.cut()
	w.say(30)
	w.cut()
	w.say(300)
	w.cut()
	b.lose = func(path string, body []byte) error {
		if strings.HasPrefix(path, "tile/entries/002") {
			return ledger.ErrNotFound
		}
		return nil
	}
	if common < 512 {
		t.Fatal("the fork is not in the third bundle")
	}
	report := sc.audit(b.fetch, w.view())
	if len(report.Findings) != 3 || !strings.Contains(report.Findings[0].What, "leaves from 512 on are withheld") || !strings.Contains(report.Findings[1].What, "older state") {
		t.Fatalf("%+v", report.Findings)
	}
	sc.proven(report.Findings[2], evidence.Rewritten, b.size())
}

// A ledger that is put back to an older state, or cannot be told from one.
func TestRolledBack(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(10)
	old := b.fork()
	b.cut()
	for _, v := range []audit.View{b.view(), b.headAt(b.size())} {
		sc.suspects(sc.audit(old.fetch, v), "an older state")
	}
}

var losses = map[string]func(path string, body []byte) error{
	"nothing is served": func(path string, _ []byte) error {
		if path == ledger.CheckpointPath {
			return nil
		}
		return ledger.ErrNotFound
	},
	"everything is damaged": func(path string, body []byte) error {
		if path != ledger.CheckpointPath {
			body[len(body)/2] ^= 0x10
		}
		return nil
	},
}

// What is withheld, or damaged on the way, accuses nobody.
func TestWithheldAndDamaged(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(30)
	for n, from := range map[string]int64{"000": 0, "001": 256, "002": 512} {
		b.lose = func(path string, _ []byte) error {
			if strings.HasPrefix(path, "tile/entries/"+n) {
				return ledger.ErrNotFound
			}
			return nil
		}
		sc.suspects(sc.audit(b.fetch, b.headAt(16)), fmt.Sprintf("leaves from %d on are withheld", from))
	}
	flip := func(at int, tiles bool) func(string, []byte) error {
		return func(path string, body []byte) error {
			entries := strings.HasPrefix(path, "tile/entries/")
			if entries && at < len(body) || tiles && !entries && path != ledger.CheckpointPath {
				body[at%len(body)] ^= 1 << (at % 8)
			}
			return nil
		}
	}
	for at := 0; at < 2000; at += 13 {
		b.lose = flip(at, at%2 == 0)
		r := sc.audit(b.fetch, b.headAt(16))
		if len(r.Findings) == 0 {
			t.Fatalf("byte %d of each bundle: not seen", at)
		}
		sc.suspects(r, "damaged on the way")
	}
	// Which leaf it is, the ledger's own tiles say.
	b.lose = flip(66*100+50, false)
	sc.suspects(sc.audit(b.fetch), "; leaf 1")
}

// A lie is proven although other leaves are withheld, where its own are shown.
func TestALieBesideWithheldLeaves(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(3)
	at := b.append([]byte("not a leaf"))
	b.say(600)
	b.cut()
	b.lose = func(path string, _ []byte) error {
		if strings.HasPrefix(path, "tile/entries/001") {
			return ledger.ErrNotFound
		}
		return nil
	}
	report := sc.audit(b.fetch)
	if len(report.Findings) != 2 || report.Findings[0].Lie != "" {
		t.Fatalf("%+v", report.Findings)
	}
	sc.proven(report.Findings[1], evidence.BadLeaf, at)
}

// What cannot be audited is an error, and no finding.
func TestErrors(t *testing.T) {
	sc := newScene(t)
	b := sc.grown(10)
	other := newScene(t)
	other.log.key = signingKey(t, "north.example/v1")
	other.log.cut()
	forger := newScene(t)
	seed := signingKey(t, "south.example/v1-2")
	forger.log.key = seed
	forger.log.cut()
	run := func(ctx context.Context, fetch ledger.Fetch, views ...audit.View) error {
		report, err := audit.Run(ctx, audit.Order{Card: sc.card, CardNote: sc.cardNote, Fetch: fetch, Views: views})
		if len(report.Findings) != 0 {
			t.Errorf("%+v", report.Findings)
		}
		return err
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct{ err, want error }{
		"another ledger":        {run(t.Context(), other.log.fetch), ledger.ErrOrigin},
		"a view of another":     {run(t.Context(), b.fetch, other.log.view()), ledger.ErrOrigin},
		"the party's next":      {run(t.Context(), forger.log.fetch), ledger.ErrOrigin},
		"a forged head":         {run(t.Context(), forged(b)), ledger.ErrSignature},
		"no head":               {run(t.Context(), func(context.Context, string) ([]byte, error) { return []byte("<html>"), nil }), ledger.ErrCheckpoint},
		"nothing published":     {run(t.Context(), func(context.Context, string) ([]byte, error) { return nil, ledger.ErrNotFound }), ledger.ErrNotFound},
		"a line that is down":   {run(t.Context(), failing(b)), errLine},
		"given up":              {run(cancelled, b.fetch), context.Canceled},
		"a ledger of 2^22 + 16": {run(t.Context(), huge(t, b)), audit.ErrTooLarge},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v", name, test.err)
		}
	}
}

func forged(b *book) ledger.Fetch {
	return func(ctx context.Context, path string) ([]byte, error) {
		body, err := b.fetch(ctx, path)
		return bytes.Replace(body, fmt.Appendf(nil, "\n%d\n", b.size()), []byte("\n16\n"), 1), err
	}
}

func failing(b *book) ledger.Fetch {
	return func(ctx context.Context, path string) ([]byte, error) {
		if strings.Contains(path, "entries/000") {
			return nil, errLine
		}
		return b.fetch(ctx, path)
	}
}

func huge(t *testing.T, b *book) ledger.Fetch {
	note, err := ledger.Checkpoint{Origin: b.key.Name(), Size: audit.MaxLeaves + 16}.Sign(b.key)
	must(t, err)
	return func(context.Context, string) ([]byte, error) { return note, nil }
}
