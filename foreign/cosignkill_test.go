package foreign

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"heed"
	"heed/audit"
	"heed/exchange"
	"heed/ledger"
	"heed/store"
	"heed/witness"
)

// cosignedVariable tells a child that its ledger is cosigned, and that it
// serves it on the listener that it was given.
const cosignedVariable = "HEED_FOREIGN_COSIGNED"

// A moment is where on the way of a head to its cosignature the node dies.
type moment string

const (
	atALine   moment = "at some line that it writes"
	asking    moment = "with its request at the witness"
	fetched   moment = "while the witness fetches leaves"
	committed moment = "when the witness has cosigned, and not answered"
	answered  moment = "when the witness has answered"
)

// TestKilledAmidCosigning kills a node at any moment between leaf, map, head
// and cosignature. What it leaves is accepted by everybody, and by our auditor
// together with what the witness has seen of it.
func TestKilledAmidCosigning(t *testing.T) {
	home := t.TempDir()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, door.Close()) })
	tiles := "http://" + door.Addr().String()
	n, err := openNodeAt(home, tiles)
	must(t, err)
	me, err := n.Self(t.Context())
	must(t, err)
	w := newKillingWitness(t, me.CardNote)
	_, err = n.AddWitness(t.Context(), exchange.WitnessOrder{URL: w.url})
	must(t, err)
	must(t, n.store.Close())

	random := mathrand.New(mathrand.NewPCG(20261122, 4))
	told, cosigned := int64(0), int64(0)
	moments := []moment{atALine, asking, fetched, committed, answered}
	for i := range 5 * len(moments) {
		when := moments[i%len(moments)]
		lines := 0
		if when == atALine {
			lines = 6 + random.IntN(40)
		}
		head := w.live(t, home, door, when, 1+random.IntN(3), lines)
		told = max(told, head)

		n, err := openNodeAt(home, tiles)
		must(t, err)
		l := accepted(t, n.Ledger(), ledgerKey(1).Verifier().String())
		if l.head.Size < told {
			t.Errorf("killed %s: it told of a head of %d and has one of %d", when, told, l.head.Size)
		}
		seen := w.audits(t, n, me, l)
		if seen < cosigned || seen > l.head.Size {
			t.Errorf("killed %s: the witness has %d leaves, after %d, of %d", when, seen, cosigned, l.head.Size)
		}
		cosigned = seen
		must(t, n.store.Close())
	}
	if cosigned == 0 {
		t.Error("the witness never cosigned")
	}
	t.Logf("a head of %d leaves, %d of them cosigned", told, cosigned)
}

// killingWitness is one of ours that kills the node it serves.
type killingWitness struct {
	*witness.Witness
	url string

	mu      sync.Mutex
	when    moment
	left    int // requests until then
	process *exec.Cmd
}

func newKillingWitness(t *testing.T, card []byte) *killingWitness {
	t.Helper()
	w := &killingWitness{}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "witness.db"), store.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	key, err := ledger.NewCosigningKey("w1.example", rand.Reader)
	must(t, err)
	client := witness.NewClient(nil)
	t.Cleanup(client.Close)
	w.Witness, err = witness.New(t.Context(), witness.Options{
		Store: db, Key: key, Parties: away{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Tiles: func(prefix string) ledger.Fetch {
			fetch := client.Tiles(prefix)
			return func(ctx context.Context, path string) ([]byte, error) {
				w.reached(t, fetched)
				return fetch(ctx, path)
			}
		},
		Keep: func(f witness.Finding) error {
			t.Errorf("the witness accuses the ledger: %s", f.Reason)
			return nil
		},
	})
	must(t, err)
	_, err = w.AddCard(t.Context(), card)
	must(t, err)
	handler := w.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path != witness.AddPath {
			handler.ServeHTTP(out, r)
			return
		}
		w.reached(t, asking)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code == http.StatusOK {
			w.reached(t, committed)
		}
		for name, values := range answer.Header() {
			out.Header()[name] = values
		}
		out.WriteHeader(answer.Code)
		if _, err := out.Write(answer.Body.Bytes()); err == nil && answer.Code == http.StatusOK {
			if flusher, ok := out.(http.Flusher); ok {
				flusher.Flush()
			}
			w.reached(t, answered)
		}
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// live has a process live in the home until the moment comes, or it has
// written so many lines, and returns the largest head that it told of.
func (w *killingWitness) live(t *testing.T, home string, door net.Listener, when moment, count, lines int) int64 {
	t.Helper()
	file, err := door.(*net.TCPListener).File()
	must(t, err)
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), homeVariable+"="+home, cosignedVariable+"=yes")
	process.Stderr = os.Stderr
	process.ExtraFiles = []*os.File{file}
	out, err := process.StdoutPipe()
	must(t, err)
	w.mu.Lock()
	w.when, w.left, w.process = when, count, process
	err = process.Start()
	w.mu.Unlock()
	must(t, err)
	must(t, file.Close())
	return listen(t, process, out, lines)
}

// reached kills the node if this is the moment.
func (w *killingWitness) reached(t *testing.T, when moment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.when != when || w.process == nil {
		return
	}
	if w.left--; w.left == 0 {
		kill(t, w.process)
		w.process = nil
	}
}

// audits has our auditor look at the ledger beside the witness's copy, and
// everybody at that copy too. It returns how much the witness has.
func (w *killingWitness) audits(t *testing.T, n *node, me exchange.Self, l *log) int64 {
	t.Helper()
	order := audit.Order{Card: me.Card, CardNote: me.CardNote, Fetch: func(ctx context.Context, path string) ([]byte, error) {
		r, err := ledger.Read(ctx, n.Ledger(), path)
		return r.Body, err
	}}
	copied := ledger.FetchHTTP(http.DefaultClient, w.url+witness.LogsPath+l.head.Origin)
	note, err := copied(t.Context(), ledger.CheckpointPath)
	seen := int64(0)
	if !errors.Is(err, ledger.ErrNotFound) {
		must(t, err)
		head, err := ledger.ParseCheckpoint(note, l.head.Origin, l.verifier)
		must(t, err)
		seen = head.Size
		order.Views = []audit.View{{From: "the witness", Checkpoint: note, Fetch: copied}}
		mirrored := adopt(t, w.Mirror(l.head.Origin), l.vkey)
		must(t, check(t, mirrored, w.url+strings.TrimSuffix(witness.LogsPath, "/")+"/"+l.head.Origin))
	}
	report, err := audit.Run(t.Context(), order)
	must(t, err)
	for _, f := range report.Findings {
		t.Errorf("our auditor: %s", f.What)
	}
	return seen
}

// away is a party whose endpoint nobody can reach: its tiles must do.
type away struct{}

var errAway = errors.New("the party's endpoint is away")

func (away) Resource(context.Context, heed.Card, string, string) ([]byte, error) { return nil, errAway }
func (away) Cards(context.Context, heed.Card) ([][]byte, error)                  { return nil, errAway }
func (away) Successions(context.Context, heed.Card) ([][]byte, error)            { return nil, errAway }

// liveCosigned is live with each head cosigned.
func liveCosigned(home string) error {
	ctx := context.Background()
	n, err := openNode(home)
	if err != nil {
		return err
	}
	door, err := net.FileListener(os.NewFile(3, "door"))
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() {
		served <- http.Serve(door, ledger.Handler(n.Ledger(), func(*http.Request, error) {}))
	}()
	for round := 1; ; round++ {
		size, err := n.round(round)
		if err != nil {
			return err
		}
		fmt.Println("head", size)
		if err := n.Cosign(ctx); err != nil {
			fmt.Println("not cosigned:", err) // by a witness that another request of ours still keeps busy
			continue
		}
		fmt.Println("cosigned")
		select {
		case err := <-served:
			return err
		default:
		}
	}
}
