package witness_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/witness"
)

// founded is north with a ledger of some leaves, and a witness that knows its card.
func founded(t *testing.T, change func(*world)) (*world, *testLog, *identity) {
	t.Helper()
	l := newLog(t, origin1)
	l.cut(20)
	id := newIdentity(t, l)
	w := newWorld(t, change, id.note)
	w.parties.serve(l)
	w.parties.cards = [][]byte{id.note}
	return w, l, id
}

func TestCosigns(t *testing.T) {
	w, l, _ := founded(t, nil)
	if at := w.cosigned(l, 0); !at.Equal(start) {
		t.Errorf("cosigned at %s", at)
	}
	old := l.size
	l.cut(1000)
	w.pass(time.Minute)
	if at := w.cosigned(l, old); !at.Equal(start.Add(time.Minute)) {
		t.Errorf("cosigned at %s", at)
	}
	// What it mirrors leads to what it cosigned, and it shows its cosignature.
	fetch := func(ctx context.Context, path string) ([]byte, error) {
		return w.client.Resource(ctx, w.server.URL, origin1, path)
	}
	note, err := fetch(t.Context(), ledger.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	head, err := ledger.ParseCheckpoint(note, origin1, l.key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := w.key.Public().Verify(head); !ok || head.Size != l.size {
		t.Errorf("it shows a head of %d leaves, cosigned: %t", head.Size, ok)
	}
	var leaves [][]byte
	for page, err := range ledger.FetchLeaves(t.Context(), fetch, head.Size, 0, head.Size) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, page...)
	}
	if _, err := ledger.Extend(&ledger.Tree{}, leaves, head); err != nil {
		t.Error(err)
	}
	if len(w.findings()) != 0 {
		t.Errorf("findings: %+v", w.findings())
	}
}

func TestSaysWhoItIs(t *testing.T) {
	w, _, _ := founded(t, nil)
	d, err := w.client.Describe(t.Context(), w.server.URL)
	if want := (exchange.WitnessDescription{Name: "witness.example", Key: w.key.VKey(), Mirrors: true}); err != nil || d != want {
		t.Errorf("%+v, %v", d, err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if _, err := w.client.Describe(t.Context(), other.URL); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("of another's: %v", err)
	}
	for _, bad := range []string{"", "heed-witness/v1\n", "heed-witness/v1\nname: x\nkey: " + w.key.VKey() + "\nmirrors: yes\n",
		"heed-witness/v1\nname: witness.example\nkey: " + w.key.VKey() + "\nmirrors: perhaps\n", string(witness.FormatDescription(d)) + "\n"} {
		if _, err := witness.ParseDescription([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestRenewsAnUnchangedHead: the time moves on, also while the party is away
// and after a restart.
func TestRenewsAnUnchangedHead(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	w.parties.away = true
	for _, d := range []time.Duration{0, 300 * time.Millisecond, time.Hour} {
		w.pass(d)
		if at := w.cosigned(l, l.size); !at.Equal(w.clock().Truncate(time.Second)) {
			t.Errorf("after %s: %s", d, at)
		}
	}
	w.reopen()
	w.pass(time.Hour)
	if at := w.cosigned(l, l.size); !at.Equal(w.clock().Truncate(time.Second)) {
		t.Errorf("after a restart: %s", at)
	}
	body, err := ledger.AddCheckpoint{Old: l.size, Proof: l.hashes[:1], Checkpoint: l.note}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	w.refused(http.StatusUnprocessableEntity, body)
}

// TestClockSetBack: no time is given before one that was given.
func TestClockSetBack(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	w.pass(-30 * time.Second)
	w.reopen()
	if at := w.cosigned(l, l.size); !at.Equal(start) {
		t.Errorf("half a minute back: %s", at)
	}
	w.pass(-time.Hour)
	w.refused(http.StatusServiceUnavailable, l.request(l.size))
	w.pass(2 * time.Hour)
	w.cosigned(l, l.size)
}

func TestKeepsTheCosignaturesOfOthers(t *testing.T) {
	w, l, _ := founded(t, nil)
	other, err := ledger.NewCosigningKey("other.example", bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	line, err := other.Cosign(l.tree.Head(origin1), start)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else's line in our name must not stand in the way of ours.
	forger, err := ledger.NewCosigningKey("witness.example", bytes.NewReader(bytes.Repeat([]byte{8}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := forger.Cosign(l.tree.Head(origin1), start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	plain := l.note
	l.note = append(append(bytes.Clone(plain), line...), forged...)
	body := l.request(0)
	l.note = plain
	status, answer := w.post(body)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	w.verified(l, answer)
	note, err := w.Mirror(origin1).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ledger.ParseCheckpoint(note, origin1, l.key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := w.key.Public().Verify(c); !ok {
		t.Error("its own is not shown")
	}
	if _, ok := other.Public().Verify(c); !ok {
		t.Error("the other's was lost")
	}
}

func TestRefusesWhatIsNotForIt(t *testing.T) {
	w, l, _ := founded(t, nil)
	stranger := newLog(t, "south.example/v1")
	stranger.cut(3)
	w.refused(http.StatusNotFound, stranger.request(0))
	impostor := newLog(t, origin1)
	impostor.cut(3)
	w.refused(http.StatusForbidden, impostor.request(0))
	next := newLog(t, origin2)
	next.cut(3)
	w.refused(http.StatusNotFound, next.request(0))
	w.parties.away = true
	w.refused(http.StatusNotFound, next.request(0))
	for _, body := range []string{"", "old 0\n", "old 1\n\n" + string(l.note[:20]), "old 99\n\n" + string(l.note), "old 00\n\n" + string(l.note)} {
		w.refused(http.StatusBadRequest, []byte(body))
	}
	w.refused(http.StatusRequestEntityTooLarge, bytes.Repeat([]byte("x"), ledger.MaxAddCheckpointBytes+1))
	for path, want := range map[string]int{
		"/logs/north.example/v1/checkpoint":  http.StatusNotFound, // nothing is held yet
		"/logs/south.example/v1/checkpoint":  http.StatusNotFound,
		"/logs/north.example/v1":             http.StatusNotFound,
		"/logs/north.example%2Fv1/tile/0/00": http.StatusNotFound,
		"/add-checkpoint":                    http.StatusMethodNotAllowed,
	} {
		response, err := http.Get(w.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, response.StatusCode, want)
		}
	}
	if len(w.findings()) != 0 {
		t.Errorf("findings: %+v", w.findings())
	}
}

// TestConflict: whoever has the wrong idea of what the witness holds is told.
func TestConflict(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	first, note := l.size, l.note
	l.cut(30)
	if got := w.refused(http.StatusConflict, l.request(0)); got != fmt.Sprintf("%d\n", first) {
		t.Errorf("it says %q", got)
	}
	w.cosigned(l, first)
	// An old head is no rollback that proves anything: somebody repeats it.
	if got := w.refused(http.StatusConflict, l.requestFor(first, note, first)); got != fmt.Sprintf("%d\n", l.size) {
		t.Errorf("it says %q", got)
	}
	if len(w.findings()) != 0 {
		t.Errorf("findings: %+v", w.findings())
	}
}

// kept checks that both signed checkpoints of a finding are in the store.
func (w *world) kept(f witness.Finding) {
	w.t.Helper()
	for _, note := range [][]byte{f.Offered, f.Held} {
		if note == nil {
			continue
		}
		err := w.db.Read(w.t.Context(), func(v exchange.View) error {
			got, err := v.Checkpoint(sha256.Sum256(note))
			if err == nil && !bytes.Equal(got, note) {
				err = errors.New("another")
			}
			return err
		})
		if err != nil {
			w.t.Errorf("a checkpoint of the proof is not kept: %v", err)
		}
	}
}

func one(t *testing.T, w *world) witness.Finding {
	t.Helper()
	found := w.findings()
	if len(found) != 1 {
		t.Fatalf("%d findings: %+v", len(found), found)
	}
	w.kept(found[0])
	return found[0]
}

func TestSplitView(t *testing.T) {
	t.Run("same size", func(t *testing.T) {
		w, l, _ := founded(t, nil)
		fork := l.copy()
		l.cut(10)
		fork.cut(10)
		w.cosigned(l, 0)
		for range 3 {
			w.refused(http.StatusConflict, fork.request(fork.size))
		}
		f := one(t, w)
		if !bytes.Equal(f.Offered, fork.note) || !strings.HasPrefix(string(f.Held), string(l.note)) {
			t.Errorf("the proof is of\n%s\nand\n%s", f.Offered, f.Held)
		}
		w.pass(time.Minute)
		w.cosigned(l, l.size) // the head that it holds is the head that it holds
	})
	t.Run("a smaller head", func(t *testing.T) {
		w, l, _ := founded(t, nil)
		fork := l.copy()
		fork.cut(5)
		l.cut(100)
		w.cosigned(l, 0)
		w.refused(http.StatusConflict, fork.request(0))
		one(t, w)
	})
	t.Run("a larger head", func(t *testing.T) {
		w, l, _ := founded(t, nil)
		fork := l.copy()
		l.cut(10)
		w.cosigned(l, 0)
		held := l.size
		fork.cut(200)
		w.parties.serve(fork)
		for range 2 {
			w.refused(http.StatusUnprocessableEntity, fork.request(held))
			w.pass(time.Minute)
		}
		one(t, w)
		// A wrong proof of an honest head accuses nobody.
		w.parties.serve(l)
		l.cut(10)
		body, err := ledger.AddCheckpoint{Old: held, Proof: l.hashes[:3], Checkpoint: l.note}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		w.refused(http.StatusUnprocessableEntity, body)
		one(t, w)
		w.cosigned(l, held)
	})
}

// TestWithheldLeaves: a head whose leaves are not to be had is not cosigned,
// and the one before it is, again and again.
func TestWithheldLeaves(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	held, note := l.size, l.note
	l.cut(300)
	l.hidden = true
	w.refused(http.StatusServiceUnavailable, l.request(held))
	w.pass(time.Hour)
	if status, answer := w.post(l.requestFor(held, note, held)); status != http.StatusOK {
		t.Fatalf("the head before: %d %s", status, answer)
	}
	l.hidden = false
	w.cosigned(l, held)
}

// TestSlowLeaves: while one request waits for leaves that come slowly, the head
// held is cosigned anew.
func TestSlowLeaves(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	held, note := l.size, l.note
	l.cut(300)
	waits, release := w.parties.blocking()
	body := l.request(held)
	done := make(chan int)
	go func() {
		status, _, err := w.client.AddCheckpoint(t.Context(), w.server.URL, body)
		if err != nil {
			status = -1
		}
		done <- status
	}()
	<-waits
	w.pass(time.Hour)
	if status, answer := w.post(l.requestFor(held, note, held)); status != http.StatusOK {
		t.Fatalf("the head held: %d %s", status, answer)
	}
	release()
	if status := <-done; status != http.StatusOK {
		t.Errorf("the larger head: %d", status)
	}
}

// TestDamagedLeaves: leaves that are not those of the signed head prove nothing.
func TestDamagedLeaves(t *testing.T) {
	w, l, _ := founded(t, nil)
	honest := l.leaves[3]
	l.leaves[3] = bytes.Repeat([]byte{1}, ledger.LeafBytes)
	w.refused(http.StatusServiceUnavailable, l.request(0))
	if len(w.findings()) != 0 {
		t.Errorf("findings: %+v", w.findings())
	}
	l.leaves[3] = honest
	w.cosigned(l, 0)
}

// TestBrokenRules: what the ledger has signed breaks a rule, and is kept.
func TestBrokenRules(t *testing.T) {
	wrong := map[string]func(l *testLog){
		"no map root at the end": func(l *testLog) { l.say(16); l.sign() },
		"a map that leaves a tag out": func(l *testLog) {
			l.say(15)
			root := l.root()
			root.Root[0] ^= 1
			l.put(root.Bytes())
			l.sign()
		},
		"a map root that covers less": func(l *testLog) {
			l.say(15)
			root := l.root()
			root.Covers--
			l.put(root.Bytes())
			l.sign()
		},
		"a map root that forgets the one before": func(l *testLog) {
			l.say(15)
			root := l.root()
			root.Previous = -1
			l.put(root.Bytes())
			l.sign()
		},
		"a leaf of no kind": func(l *testLog) {
			l.put([]byte("what is this"))
			l.say(14)
			l.put(l.root().Bytes())
			l.sign()
		},
		"a tag twice": func(l *testLog) {
			l.say(13)
			l.put(l.leaves[0])
			l.unmapped = l.unmapped[:len(l.unmapped)-1]
			l.say(1)
			l.put(l.root().Bytes())
			l.sign()
		},
	}
	for name, do := range wrong {
		t.Run(name, func(t *testing.T) {
			w, l, _ := founded(t, nil)
			w.cosigned(l, 0)
			held, note := l.size, l.note
			do(l)
			for range 2 {
				w.refused(http.StatusUnprocessableEntity, l.request(held))
			}
			f := one(t, w)
			if !bytes.Equal(f.Offered, l.note) {
				t.Errorf("kept was\n%s", f.Offered)
			}
			w.reopen()
			w.refused(http.StatusUnprocessableEntity, l.request(held))
			w.pass(time.Minute)
			if status, answer := w.post(l.requestFor(held, note, held)); status != http.StatusOK {
				t.Errorf("the head held: %d %s", status, answer)
			}
		})
	}
}

// TestNextLedger: a party ends its ledger, names the next one in its next card,
// and the witness finds out by itself.
func TestNextLedger(t *testing.T) {
	rotated := func(t *testing.T, byRecovery bool) (*world, *testLog, *testLog) {
		w, l, id := founded(t, nil)
		w.cosigned(l, 0)
		next := newLog(t, origin2)
		succession := id.succeed(l, next, byRecovery)
		l.end(succession)
		next.cut(5)
		w.parties.serve(next)
		w.parties.cards = append(w.parties.cards, id.note)
		w.parties.successions = append(w.parties.successions, succession)
		return w, l, next
	}
	t.Run("follows", func(t *testing.T) {
		w, l, next := rotated(t, true)
		w.cosigned(next, 0)
		w.cosigned(l, 32) // the last head of the old one, a little late
		w.reopen()
		w.cosigned(next, next.size)
		w.cosigned(l, l.size)
		if len(w.findings()) != 0 {
			t.Errorf("findings: %+v", w.findings())
		}
		// Nothing follows an end.
		ended := l.size
		l.cut(3)
		w.refused(http.StatusUnprocessableEntity, l.request(ended))
		one(t, w)
	})
	t.Run("not without the recovery key", func(t *testing.T) {
		w, _, next := rotated(t, false)
		w.refused(http.StatusNotFound, next.request(0))
	})
	t.Run("not without the succession", func(t *testing.T) {
		w, _, next := rotated(t, true)
		w.parties.successions = nil
		w.refused(http.StatusNotFound, next.request(0))
	})
	t.Run("by its operator's word", func(t *testing.T) {
		w, _, next := rotated(t, false)
		if _, err := w.AddCard(t.Context(), w.parties.cards[1]); err != nil {
			t.Fatal(err)
		}
		w.cosigned(next, 0)
		if _, err := w.AddCard(t.Context(), w.parties.cards[0]); err != nil {
			t.Fatalf("an older card: %v", err)
		}
		w.cosigned(next, next.size)
	})
}

// TestOperatorReplacesACard: a party renewed its card more than once without a
// recovery key. Its operator has compared the newest one, and that is enough.
func TestOperatorReplacesACard(t *testing.T) {
	w, l, id := founded(t, nil)
	w.cosigned(l, 0)
	next := newLog(t, origin2)
	next.cut(5)
	w.parties.serve(next)
	card := id.card
	card.Serial, card.Previous, card.LedgerKey = 4, heed.CardID{3}, next.key.Verifier().String()
	id.sign(card)
	w.parties.cards = append(w.parties.cards, id.note)
	if answer := w.refused(http.StatusNotFound, next.request(0)); !strings.Contains(answer, "--log") || strings.Contains(answer, "peer add") {
		t.Errorf("the way out is not a witness's: %s", answer)
	}
	if _, err := w.AddCard(t.Context(), id.note); err != nil {
		t.Fatal(err)
	}
	w.cosigned(next, 0)
	w.reopen()
	w.cosigned(next, next.size)
	w.cosigned(l, l.size) // what it witnessed before stays
}

func TestRefusesAnotherKeyForALedger(t *testing.T) {
	w, l, id := founded(t, nil)
	other := newIdentity(t, newLog(t, origin1))
	for _, previous := range []heed.CardID{{1}, id.card.ID} {
		next := other.card
		next.Serial, next.Previous = 2, previous
		other.sign(next)
		var refused *heed.Refused
		if _, err := w.AddCard(t.Context(), other.note); !errors.As(err, &refused) {
			t.Errorf("another key for the same ledger: %v", err)
		}
	}
	w.cosigned(l, 0)
	w.reopen()
	w.cosigned(l, l.size)
}

// TestSaysWhyNobodyAnswered: people read it in the list of witnesses.
func TestSaysWhyNobodyAnswered(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := silent.Addr().String()
	hasty, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	client := witness.NewClient(nil)
	defer client.Close()
	ask := func(ctx context.Context, url, want string) {
		t.Helper()
		for _, err := range []error{
			func() error { _, err := client.Describe(ctx, url); return err }(),
			func() error { _, _, err := client.AddCheckpoint(ctx, url, nil); return err }(),
			func() error { _, err := client.Resource(ctx, url, origin1, ledger.CheckpointPath); return err }(),
		} {
			var unreachable *exchange.Unreachable
			if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "dial tcp") {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
	ask(hasty, "http://"+address, "did not answer in time")
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	ask(t.Context(), "http://"+address, "nothing answers at http://"+address)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
	defer plain.Close()
	ask(t.Context(), plain.URL, "broke off")
	ask(t.Context(), strings.Replace(plain.URL, "http:", "https:", 1), "speaks no TLS")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	ask(t.Context(), secure.URL, "certificate")
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := client.Describe(gone, secure.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gave up: %v", err)
	}
}

// TestPieces: a long way to a head is gone in pieces that outlive requests,
// limits and restarts, and the head is cosigned at its end only.
func TestPieces(t *testing.T) {
	short := func(w *world) {
		w.limits = func(o *witness.Options) { o.PieceLeaves, o.MaxLeaves = 40, 100 }
	}
	long := func(t *testing.T) (*world, *testLog) {
		w, l, _ := founded(t, short)
		w.cosigned(l, 0)
		for range 20 {
			l.cut(15)
		}
		return w, l
	}
	size := func(w *world) (tree int64) {
		err := w.db.Read(context.Background(), func(v exchange.View) error {
			held, err := v.MirrorTree(origin1)
			tree = held.Size()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	t.Run("goes on", func(t *testing.T) {
		w, l := long(t)
		for requests := 1; ; requests++ {
			status, answer := w.post(l.request(32))
			if status == http.StatusOK {
				w.verified(l, answer)
				if requests < 3 {
					t.Errorf("%d leaves in %d requests", l.size, requests)
				}
				break
			}
			if status != http.StatusServiceUnavailable || requests > 10 {
				t.Fatalf("request %d: %d %s", requests, status, answer)
			}
			if note, err := w.Mirror(origin1).Checkpoint(t.Context()); err != nil || !strings.HasPrefix(string(note), origin1+"\n32\n") {
				t.Fatalf("on the way it shows %s, %v", note, err)
			}
			w.reopen()
		}
	})
	t.Run("a head on the way", func(t *testing.T) {
		w, l := long(t)
		w.refused(http.StatusServiceUnavailable, l.request(32))
		if size(w) <= 48 {
			t.Fatalf("it holds %d leaves", size(w))
		}
		early := newLog(t, origin1)
		early.key = l.key
		for _, leaf := range l.leaves[:48] {
			early.put(leaf)
		}
		early.sign()
		w.cosigned(early, 32)
		for status := 0; status != http.StatusOK; {
			var answer string
			status, answer = w.post(l.request(48))
			if status != http.StatusOK && status != http.StatusServiceUnavailable {
				t.Fatalf("status %d: %s", status, answer)
			}
		}
	})
	t.Run("another head on the way", func(t *testing.T) {
		w, l := long(t)
		fork := newLog(t, origin1)
		fork.key = l.key
		for _, leaf := range l.leaves[:32] {
			fork.put(leaf)
		}
		fork.sign()
		w.refused(http.StatusServiceUnavailable, l.request(32))
		unfinished := l.note
		fork.cut(5)
		w.refused(http.StatusUnprocessableEntity, fork.request(32))
		f := one(t, w)
		if !bytes.Equal(f.Held, unfinished) || !bytes.Equal(f.Offered, fork.note) {
			t.Errorf("the proof is of\n%s\nand\n%s", f.Offered, f.Held)
		}
		fork.cut(500)
		w.parties.serve(fork)
		w.refused(http.StatusUnprocessableEntity, fork.request(32))
		if len(w.findings()) != 2 {
			t.Errorf("findings: %+v", w.findings())
		}
	})
	t.Run("a broken rule on the way", func(t *testing.T) {
		w, l, _ := founded(t, short)
		w.cosigned(l, 0)
		for i := range 20 {
			l.cut(15)
			if i == 12 {
				l.put([]byte("no leaf of a ledger"))
			}
		}
		for range 10 {
			status, answer := w.post(l.request(32))
			if status == http.StatusUnprocessableEntity {
				one(t, w)
				return
			}
			if status != http.StatusServiceUnavailable {
				t.Fatalf("%d %s", status, answer)
			}
		}
		t.Error("it was never found")
	})
}

// TestTilesAddress: leaves come from the address in the card, and from the
// party's endpoint where that fails.
func TestTilesAddress(t *testing.T) {
	l := newLog(t, origin1)
	l.cut(600)
	id := newIdentity(t, l)
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(out, "down", http.StatusBadGateway)
			return
		}
		ledger.Handler(l, func(*http.Request, error) {}).ServeHTTP(out, r)
	}))
	defer server.Close()
	card := id.card
	card.Tiles = server.URL
	id.sign(card)
	w := newWorld(t, func(w *world) { w.tiles = w.client.Tiles }, id.note)
	w.parties.away = true
	w.cosigned(l, 0)
	held := l.size
	l.cut(600)
	down.Store(true)
	w.refused(http.StatusServiceUnavailable, l.request(held))
	w.parties.away = false
	w.parties.serve(l)
	w.parties.cards = [][]byte{id.note}
	w.cosigned(l, held)
}

// failing is a store that fails a write once it is armed: after so many more.
type failing struct {
	exchange.Store
	after atomic.Int64
}

var errPower = errors.New("the power failed")

func (f *failing) Write(ctx context.Context, do func(exchange.Tx) error) error {
	if f.after.Add(-1) == 0 {
		return errPower
	}
	return f.Store.Write(ctx, do)
}

// TestCrashes: whatever write is the last one, no cosignature is given that is
// not kept, and a restarted witness gives it.
func TestCrashes(t *testing.T) {
	for last := int64(1); last <= 2; last++ {
		t.Run(fmt.Sprintf("at write %d", last), func(t *testing.T) {
			power := &failing{}
			w, l, _ := founded(t, func(w *world) {
				w.wrap = func(s exchange.Store) exchange.Store { power.Store = s; return power }
			})
			w.cosigned(l, 0)
			held := l.size
			l.cut(40)
			power.after.Store(last)
			w.refused(http.StatusInternalServerError, l.request(held))
			w.pass(time.Minute)
			w.reopen()
			if last == 1 { // nothing was committed
				w.cosigned(l, held)
				return
			}
			// The head was: the client is told so, and gets the cosignature.
			if got := w.refused(http.StatusConflict, l.request(held)); got != fmt.Sprintf("%d\n", l.size) {
				t.Fatalf("it says %q", got)
			}
			w.cosigned(l, l.size)
		})
	}
}

func TestTwoHeadsAtOnce(t *testing.T) {
	w, l, _ := founded(t, nil)
	w.cosigned(l, 0)
	old := l.size
	fork := l.copy()
	bodies := [][]byte{}
	for _, one := range []*testLog{l, fork} {
		one.cut(10)
		bodies = append(bodies, one.request(old))
	}
	w.parties.serve(l)
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() { statuses[i], _ = w.post(bodies[i%2]) })
	}
	wait.Wait()
	granted := 0
	for i, status := range statuses {
		switch {
		case status == http.StatusOK && i%2 == 0:
			granted++
		case status == http.StatusOK:
			t.Error("the head whose leaves are not served was cosigned")
		case status != http.StatusConflict && status != http.StatusServiceUnavailable && status != http.StatusUnprocessableEntity:
			t.Errorf("status %d", status)
		}
	}
	if granted == 0 {
		t.Errorf("no head was cosigned: %v", statuses)
	}
	head, err := w.Mirror(origin1).Checkpoint(t.Context())
	if err != nil || !bytes.HasPrefix(head, l.tree.Head(origin1).Body()) {
		t.Errorf("it holds\n%s %v", head, err)
	}
}

func TestBounds(t *testing.T) {
	t.Run("ledgers", func(t *testing.T) {
		w, l, id := founded(t, func(w *world) { w.limits = func(o *witness.Options) { o.MaxLogs = 1 } })
		id.succeed(l, newLog(t, origin2), true)
		var refused *heed.Refused
		if _, err := w.AddCard(t.Context(), id.note); !errors.As(err, &refused) {
			t.Errorf("a second ledger was taken: %v", err)
		}
	})
	t.Run("a ledger without map roots", func(t *testing.T) {
		w, l, _ := founded(t, func(w *world) {
			w.limits = func(o *witness.Options) { o.PieceLeaves, o.MaxLeaves = 16, 256 }
		})
		w.cosigned(l, 0)
		l.say(2000)
		l.cut(0)
		for range 4 {
			w.refused(http.StatusServiceUnavailable, l.request(32))
		}
	})
	t.Run("requests", func(t *testing.T) {
		w, l, _ := founded(t, func(w *world) { w.limits = func(o *witness.Options) { o.MaxRequests = 1 } })
		waits, release := w.parties.blocking()
		body := l.request(0)
		done := make(chan int)
		go func() {
			status, _, err := w.client.AddCheckpoint(t.Context(), w.server.URL, body)
			if err != nil {
				status = -1
			}
			done <- status
		}()
		<-waits
		w.refused(http.StatusServiceUnavailable, body)
		release()
		if status := <-done; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	})
}

// FuzzAddCheckpoint: whatever is asked, in whatever order, the witness refuses
// or cosigns, and what it cosigned is the ledger's.
func FuzzAddCheckpoint(f *testing.F) {
	l := newLog(f, origin1)
	l.cut(20)
	first := l.request(0)
	l.cut(20)
	w := newWorld(f, nil, newIdentity(f, l).note)
	w.parties.serve(l)
	f.Add([]byte{})
	f.Add(first)
	f.Add(l.request(0))
	f.Add(l.request(32))
	f.Add(l.request(l.size))
	f.Add([]byte("old 0\n\nnorth.example/v1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		line, err := w.AddCheckpoint(t.Context(), body)
		var refusal *witness.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("it failed: %v", err)
		}
		if err != nil {
			return
		}
		_, note, _ := bytes.Cut(body, []byte("\n\n"))
		c, err := ledger.ParseCheckpoint(note, origin1, l.key.Verifier())
		if err != nil {
			t.Fatalf("it cosigned what the ledger has not signed: %v", err)
		}
		c.Cosignatures = line
		if _, ok := w.key.Public().Verify(c); !ok {
			t.Fatal("its cosignature does not verify")
		}
	})
}
