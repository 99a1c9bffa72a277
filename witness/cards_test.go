package witness_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
	"heed/witness"
)

// show has the party's endpoint serve its newest card, and a succession.
func (w *world) show(card, succession []byte) {
	w.pass(time.Minute) // it does not look twice within one of its moments
	w.parties.mu.Lock()
	defer w.parties.mu.Unlock()
	if card != nil {
		w.parties.cards = append(w.parties.cards, card)
	}
	if succession != nil {
		w.parties.successions = append(w.parties.successions, succession)
	}
}

// served is what the witness serves of north.
func (w *world) served() (cards, successions [][]byte) {
	w.t.Helper()
	answer, err := w.client.Successions(w.t.Context(), w.server.URL, north)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.cardsAfter(0), w.shown(answer, ledger.Showing{Party: string(north), What: ledger.ShowsSuccessions})
}

func (w *world) cardsAfter(serial uint64) [][]byte {
	w.t.Helper()
	answer, err := w.client.Cards(w.t.Context(), w.server.URL, north, serial)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.shown(answer, ledger.Showing{Party: string(north), What: ledger.ShowsCards, After: serial})
}

// shown takes an answer apart, which the witness must have signed as what it
// was asked for, at this time.
func (w *world) shown(answer []byte, asked ledger.Showing) [][]byte {
	w.t.Helper()
	notes, err := wire.SplitNotes(answer, 1<<10, 1<<20)
	if err != nil || len(notes) == 0 || len(answer) > exchange.MaxShown {
		w.t.Fatalf("an answer of %d bytes: %v", len(answer), err)
	}
	said, err := ledger.OpenShowing(notes[0], w.key.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	asked.At, asked.Notes = w.clock().Truncate(time.Second), sha256.Sum256(wire.JoinNotes(notes[1:]))
	if said != asked {
		w.t.Errorf("it has signed %+v, want %+v", said, asked)
	}
	return notes[1:]
}

func same(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// TestServesCards: what a party has shown its witness, the witness shows
// everybody, whomever the party still answers.
func TestServesCards(t *testing.T) {
	w, l, id := founded(t, nil)
	w.cosigned(l, 0)
	all := [][]byte{id.note}
	if cards, successions := w.served(); !same(cards, all) || len(successions) != 0 {
		t.Errorf("%d cards and %d successions before any other was made", len(cards), len(successions))
	}
	next := newLog(t, origin2)
	succession := id.succeed(l, next, true)
	l.end(succession)
	next.cut(5)
	w.parties.serve(next)
	w.show(id.note, succession)
	all = append(all, id.note)
	w.cosigned(next, 0)
	w.parties.away = true
	w.reopen()
	if cards, successions := w.served(); !same(cards, all) || !same(successions, [][]byte{succession}) {
		t.Errorf("%d cards and %d successions", len(cards), len(successions))
	}
	for after, want := range [][][]byte{all, all[1:], nil, nil} {
		if cards := w.cardsAfter(uint64(after)); !same(cards, want) {
			t.Errorf("after card %d: %d cards, want %d", after, len(cards), len(want))
		}
	}
	if cards := w.cardsAfter(1<<64 - 1); len(cards) != 0 {
		t.Errorf("after the largest serial: %d cards", len(cards))
	}
	if _, err := w.client.Cards(t.Context(), w.server.URL, "south.example", 0); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("cards of nobody: %v", err)
	}
	if _, err := w.client.Successions(t.Context(), w.server.URL, "south.example"); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("successions of nobody: %v", err)
	}
	var invalid *heed.Invalid
	if _, err := w.client.Cards(t.Context(), w.server.URL, "../north", 0); !errors.As(err, &invalid) {
		t.Errorf("cards of a path: %v", err)
	}
}

func TestCardPaths(t *testing.T) {
	w, _, id := founded(t, nil)
	for path, want := range map[string]int{
		"/heed/v1/cards/north.example":                      http.StatusOK,
		"/heed/v1/cards/north.example/0":                    http.StatusOK,
		"/heed/v1/successions/north.example":                http.StatusOK,
		"/heed/v1/cards/":                                   http.StatusNotFound,
		"/heed/v1/cards/south.example":                      http.StatusNotFound,
		"/heed/v1/cards/NORTH.example":                      http.StatusNotFound,
		"/heed/v1/cards/%6eorth.example":                    http.StatusNotFound,
		"/heed/v1/cards/north.example/":                     http.StatusNotFound,
		"/heed/v1/cards/north.example/00":                   http.StatusNotFound,
		"/heed/v1/cards/north.example/-1":                   http.StatusNotFound,
		"/heed/v1/cards/north.example/1/2":                  http.StatusNotFound,
		"/heed/v1/cards/north.example/18446744073709551616": http.StatusNotFound,
		"/heed/v1/successions/":                             http.StatusNotFound,
		"/heed/v1/successions/north.example/0":              http.StatusNotFound,
	} {
		response, err := http.Get(w.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, response.StatusCode, want)
		}
		if media := response.Header.Get("Content-Type"); want == http.StatusOK && media != "application/vnd.heed.witness-notes" {
			t.Errorf("%s: %s", path, media)
		}
		if strings.HasPrefix(path, witness.CardsPath) && want == http.StatusOK && !bytes.HasSuffix(body, wire.JoinNotes([][]byte{id.note})) {
			t.Errorf("%s: %q", path, body)
		}
	}
	response, err := http.Post(w.server.URL+"/heed/v1/cards/north.example", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("posted: status %d, %v", response.StatusCode, err)
	}
}

// TestManyCards: a party that renews its card very often cannot make the answer
// large, nor the way through its cards end.
func TestManyCards(t *testing.T) {
	w, _, id := founded(t, nil)
	all := [][]byte{id.note}
	for range 40 {
		next := id.card
		next.Serial, next.Previous = id.card.Serial+1, id.card.ID
		id.sign(next, id.recovery)
		w.show(id.note, nil)
		all = append(all, id.note)
	}
	if err := w.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	var cards [][]byte
	for {
		page := w.cardsAfter(uint64(len(cards)))
		if len(page) > exchange.MaxShownCards {
			t.Fatalf("%d cards at a time", len(page))
		}
		if cards = append(cards, page...); len(page) == 0 {
			break
		}
	}
	if !same(cards, all) {
		t.Errorf("%d cards, want %d", len(cards), len(all))
	}
}

// TestEndNeedsItsSuccession: an end is cosigned only by who can show what
// follows it; until then the head before it goes on.
func TestEndNeedsItsSuccession(t *testing.T) {
	ending := func(t *testing.T, byRecovery bool) (w *world, l *testLog, id *identity, succession []byte, before []byte, size int64) {
		w, l, id = founded(t, nil)
		w.cosigned(l, 0)
		before, size = l.note, l.size
		succession = id.succeed(l, newLog(t, origin2), byRecovery)
		l.end(succession)
		return w, l, id, succession, before, size
	}
	goesOn := func(t *testing.T, w *world, l *testLog, before []byte, size int64) {
		t.Helper()
		if answer := w.refused(http.StatusServiceUnavailable, l.request(size)); !strings.Contains(answer, "succession") {
			t.Errorf("it says %q", answer)
		}
		if status, answer := w.post(l.requestFor(size, before, size)); status != http.StatusOK {
			t.Errorf("the head before: status %d: %s", status, answer)
		}
		if len(w.findings()) != 0 {
			t.Errorf("findings: %+v", w.findings())
		}
	}
	t.Run("shown at last", func(t *testing.T) {
		w, l, id, succession, before, size := ending(t, true)
		goesOn(t, w, l, before, size)
		w.show(id.note, nil)
		goesOn(t, w, l, before, size)
		w.show(nil, succession)
		w.cosigned(l, size)
		if _, successions := w.served(); !same(successions, [][]byte{succession}) {
			t.Errorf("%d successions are served", len(successions))
		}
	})
	t.Run("another one is shown", func(t *testing.T) {
		w, l, id, _, before, size := ending(t, true)
		first := id.card
		first.Serial, first.ID = 1, id.card.Previous
		other := *id
		other.card = first
		other.card.LedgerKey = l.key.Verifier().String()
		succession := other.succeed(l, newLog(t, origin2), true)
		w.show(other.note, succession)
		goesOn(t, w, l, before, size)
		w.pass(time.Minute)
		goesOn(t, w, l, before, size)
	})
	t.Run("with a card that people have to compare", func(t *testing.T) {
		w, l, id, succession, before, size := ending(t, false)
		w.show(id.note, succession)
		goesOn(t, w, l, before, size)
		if _, err := w.AddCard(t.Context(), id.note); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		w.cosigned(l, size)
		if cards, successions := w.served(); len(cards) != 2 || !same(successions, [][]byte{succession}) {
			t.Errorf("%d cards and %d successions are served", len(cards), len(successions))
		}
	})
	t.Run("after pieces", func(t *testing.T) {
		w, l, id := founded(t, func(w *world) { w.limits = func(o *witness.Options) { o.PieceLeaves = 16 } })
		w.cosigned(l, 0)
		size := l.size
		for range 5 {
			l.cut(14)
		}
		succession := id.succeed(l, newLog(t, origin2), true)
		l.end(succession)
		w.refused(http.StatusServiceUnavailable, l.request(size))
		w.show(id.note, succession)
		w.cosigned(l, size)
	})
}

// TestHostileCardServers: a witness's answer is bounded. What is in it, the
// exchange looks at.
func TestHostileCardServers(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"endless": func(out http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := out.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		},
		"too long":   func(out http.ResponseWriter, _ *http.Request) { out.Write(make([]byte, exchange.MaxShown+1)) },
		"an error":   func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusInternalServerError) },
		"a redirect": func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, "/elsewhere", http.StatusFound) },
	} {
		server := httptest.NewServer(serve)
		client := witness.NewClient(nil)
		if cards, err := client.Cards(t.Context(), server.URL, north, 0); err == nil {
			t.Errorf("%s: %d bytes of cards", name, len(cards))
		}
		if successions, err := client.Successions(t.Context(), server.URL, north); err == nil {
			t.Errorf("%s: %d bytes of successions", name, len(successions))
		}
		client.Close()
		server.Close()
	}
}
