package testnet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/store"
	"heed/wire"
	"heed/witness"
)

// Witness is a mirroring witness of everybody's ledgers, in this process.
type Witness struct {
	Name string
	URL  string
	Key  ledger.CosigningKey
	Path string // where the database is

	net   *Net
	store *store.Store
	ahead atomic.Int64

	mu      sync.Mutex
	running *witness.Witness // nil: it is down
	lie     func(status int, answer []byte) (int, []byte)
	mislead func(path string, notes []byte) []byte
	tamper  func(path string, answer []byte) []byte
	found   []witness.Finding
}

// AddWitnesses founds witnesses that know everybody's card and has everybody
// add them. Tests do that before anything is said, or later.
func (n *Net) AddWitnesses(count int) []*Witness {
	n.T.Helper()
	var added []*Witness
	for range count {
		w, err := n.foundWitness(len(n.Witnesses) + 1)
		if err != nil {
			n.T.Fatalf("found a witness: %v", err)
		}
		n.Witnesses, added = append(n.Witnesses, w), append(added, w)
		for _, p := range n.Parties {
			if _, err := p.AddWitness(n.T.Context(), exchange.WitnessOrder{URL: w.URL}); err != nil {
				n.T.Fatalf("%s adds %s: %v", p.ID, w.Name, err)
			}
		}
	}
	return added
}

func (n *Net) foundWitness(place int) (*Witness, error) {
	home, err := os.MkdirTemp("", "heed-witness-")
	if err != nil {
		return nil, err
	}
	n.T.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			n.T.Errorf("%v", err)
		}
	})
	w := &Witness{Name: fmt.Sprintf("w%d.example", place), net: n, Path: filepath.Join(home, "witness.db")}
	w.URL = "http://" + w.Name + ":7100"
	if w.Key, err = ledger.NewCosigningKey(w.Name, newBytesOf(n.options.Seed, heed.PartyID(w.Name), 0)); err != nil {
		return nil, err
	}
	n.Network.mu.Lock()
	n.Network.witnesses[w.URL] = w
	n.Network.mu.Unlock()
	w.Reopen()
	n.T.Cleanup(w.Shut)
	return w, nil
}

// Reopen starts a witness that was shut.
func (w *Witness) Reopen() {
	w.net.T.Helper()
	fail := func(err error) {
		if err != nil {
			w.net.T.Fatalf("%s starts: %v", w.Name, err)
		}
	}
	var err error
	w.store, err = store.Open(context.Background(), w.Path, store.Options{})
	fail(err)
	running, err := witness.New(context.Background(), witness.Options{
		Store: w.store, Key: w.Key, Parties: courier{w.net.Network, heed.PartyID(w.Name)}, Now: w.now,
		Log: logger(w.net.options.Log, heed.PartyID(w.Name)), LookEvery: time.Second,
		Keep: func(f witness.Finding) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.found = append(w.found, f)
			return nil
		},
	})
	fail(err)
	for _, p := range w.net.Parties {
		if p.closed {
			continue
		}
		_, err := running.AddCard(context.Background(), p.CardNote())
		fail(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = running
}

// Shut stops a witness: it cannot be reached.
func (w *Witness) Shut() {
	w.mu.Lock()
	up := w.running != nil
	w.running = nil
	w.mu.Unlock()
	if !up {
		return
	}
	if err := w.store.Close(); err != nil {
		w.net.T.Errorf("%s closes its home: %v", w.Name, err)
	}
}

func (w *Witness) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// StepClock sets the witness's clock that much further ahead of the others', or back.
func (w *Witness) StepClock(by time.Duration) { w.ahead.Add(int64(by)) }

// Forget has a witness that is shut lose all that it mirrors, but not its key.
func (w *Witness) Forget() {
	w.net.T.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(w.Path + end); err != nil && !os.IsNotExist(err) {
			w.net.T.Fatalf("%s loses its home: %v", w.Name, err)
		}
	}
}

// Lie changes what the witness answers to requests for cosignatures; nil: nothing.
func (w *Witness) Lie(lie func(status int, answer []byte) (int, []byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lie = lie
}

// Mislead changes what the witness shows of parties' cards and successions,
// and it signs that; nil: nothing.
func (w *Witness) Mislead(mislead func(path string, notes []byte) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mislead = mislead
}

// Tamper changes the witness's answers about parties' cards and successions on
// their way; nil: nothing.
func (w *Witness) Tamper(tamper func(path string, answer []byte) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tamper = tamper
}

// Show is the answer that the witness would give to a path about cards or
// successions with these notes, signed with any key at any time.
func Show(key ledger.CosigningKey, path string, notes []byte, at time.Time) ([]byte, error) {
	s := ledger.Showing{What: ledger.ShowsSuccessions, At: at, Notes: sha256.Sum256(notes)}
	party := strings.TrimPrefix(path, witness.SuccessionsPath)
	if rest, ok := strings.CutPrefix(path, witness.CardsPath); ok {
		var serial string
		var err error
		party, serial, _ = strings.Cut(rest, "/")
		s.What = ledger.ShowsCards
		if s.After, err = strconv.ParseUint(serial, 10, 64); err != nil {
			return nil, err
		}
	}
	s.Party = party
	signed, err := key.Show(s)
	return append(wire.JoinNotes([][]byte{signed}), notes...), err
}

// Findings lists the misbehaviour that the witness has proven.
func (w *Witness) Findings() []witness.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]witness.Finding(nil), w.found...)
}

func (w *Witness) serve(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	w.mu.Lock()
	running, lie, mislead, tamper := w.running, w.lie, w.mislead, w.tamper
	w.mu.Unlock()
	if running == nil {
		return 0, nil, ErrDown
	}
	answer := httptest.NewRecorder()
	running.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(body)))
	status, text := answer.Code, answer.Body.Bytes()
	if lie != nil && path == witness.AddPath {
		status, text = lie(status, text)
	}
	about := strings.HasPrefix(path, witness.CardsPath) || strings.HasPrefix(path, witness.SuccessionsPath)
	if !about || status != http.StatusOK { // whoever asked may have gone away meanwhile
		return status, text, nil
	}
	if mislead != nil {
		_, notes, err := wire.CutNote(text, ledger.MaxShowing)
		if err != nil {
			return 0, nil, err
		}
		if text, err = Show(w.Key, path, mislead(path, notes), w.now()); err != nil {
			return 0, nil, err
		}
	}
	if tamper != nil {
		text = tamper(path, text)
	}
	return status, text, nil
}

// cosigner is one party's way to the witnesses.
type cosigner struct {
	net  *Network
	from heed.PartyID
}

var _ exchange.Cosigner = cosigner{}

func (c cosigner) ask(ctx context.Context, method, url, path string, body []byte) (int, []byte, error) {
	c.net.mu.Lock()
	w := c.net.witnesses[url]
	c.net.mu.Unlock()
	if w == nil {
		return 0, nil, ErrDown
	}
	if _, err := courier(c).travel(ctx, heed.PartyID(w.Name)); err != nil {
		return 0, nil, err
	}
	return w.serve(ctx, method, path, body)
}

// AddCheckpoint implements exchange.Cosigner.
func (c cosigner) AddCheckpoint(ctx context.Context, url string, body []byte) (int, []byte, error) {
	return c.ask(ctx, http.MethodPost, url, witness.AddPath, body)
}

// Describe implements exchange.Cosigner.
func (c cosigner) Describe(ctx context.Context, url string) (exchange.WitnessDescription, error) {
	_, answer, err := c.ask(ctx, http.MethodGet, url, witness.DescribePath, nil)
	if err != nil {
		return exchange.WitnessDescription{}, err
	}
	return witness.ParseDescription(answer)
}

// Resource implements exchange.Cosigner.
func (c cosigner) Resource(ctx context.Context, url, origin, path string) ([]byte, error) {
	status, answer, err := c.ask(ctx, http.MethodGet, url, witness.LogsPath+origin+"/"+path, nil)
	if err == nil && status == http.StatusNotFound {
		err = fmt.Errorf("testnet: %s: %w", path, ledger.ErrNotFound)
	}
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("testnet: %s: status %d: %s", path, status, strings.TrimSpace(string(answer)))
	}
	return answer, err
}

// Cards implements exchange.Cosigner.
func (c cosigner) Cards(ctx context.Context, url string, of heed.PartyID, after uint64) ([]byte, error) {
	return c.shown(ctx, url, fmt.Sprintf("%s%s/%d", witness.CardsPath, of, after))
}

// Successions implements exchange.Cosigner.
func (c cosigner) Successions(ctx context.Context, url string, of heed.PartyID) ([]byte, error) {
	return c.shown(ctx, url, witness.SuccessionsPath+string(of))
}

func (c cosigner) shown(ctx context.Context, url, path string) ([]byte, error) {
	status, answer, err := c.ask(ctx, http.MethodGet, url, path, nil)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNotFound:
		return nil, fmt.Errorf("testnet: %s: %w", path, exchange.ErrNotFound)
	case status != http.StatusOK:
		return nil, fmt.Errorf("testnet: %s: status %d: %s", path, status, strings.TrimSpace(string(answer)))
	}
	return answer, nil
}
