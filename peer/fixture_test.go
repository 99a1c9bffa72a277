package peer

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys of north, who sends, and south, who is called.
type keys struct {
	north, south seal.SigningKey
	sealing      seal.SealingKey
}

var madeKeys = sync.OnceValues(func() (keys, error) {
	north, err := seal.NewSigningKey(rand.Reader, "north.example/node")
	if err != nil {
		return keys{}, err
	}
	south, err := seal.NewSigningKey(rand.Reader, "south.example/node")
	if err != nil {
		return keys{}, err
	}
	sealing, err := seal.NewSealingKey()
	return keys{north, south, sealing}, err
})

func testKeys(t testing.TB) keys {
	t.Helper()
	k, err := madeKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var sentAt = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// envelope is one from north to south with a part of that many bytes.
func envelope(t testing.TB, number uint64, size int) []byte {
	t.Helper()
	k := testKeys(t)
	header := wire.Header{Sender: "north.example", SenderCard: 1, Recipient: "south.example", RecipientCard: 1, Number: number, Time: sentAt}
	out, err := wire.SealEnvelope(header, []wire.Part{{Type: wire.PartCheckpoint, Data: make([]byte, size)}}, k.sealing.Recipient(), k.north)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refusal is what south says of north's envelope.
func refusal(t testing.TB, code heed.RefusalCode, wait time.Duration) []byte {
	t.Helper()
	_, note, err := wire.SignRefusal(wire.Refusal{Author: "south.example", AuthorCard: 1, Sender: "north.example", SenderCard: 1,
		Number: 1, Envelope: heed.Digest{1}, Time: sentAt, Code: code, RetryAfter: wait, Detail: "as the test wants it"}, testKeys(t).south)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// fakeNode stands in for exchange.Exchange. Where receive is nil it reads the
// stream as that does, and answers with the digest of what it read.
type fakeNode struct {
	receive func(context.Context, io.Reader) (exchange.Reply, error)
	card    func(context.Context) ([]byte, error)
	own     ledger.Source
	mirrors map[string]ledger.Source
	cards   func(context.Context) ([][]byte, error)
	handed  [][]byte
	pulse   exchange.Pulse
}

func (n *fakeNode) Pulse(context.Context) (exchange.Pulse, error) { return n.pulse, nil }

func (n *fakeNode) Receive(ctx context.Context, in io.Reader) (exchange.Reply, error) {
	if n.receive != nil {
		return n.receive(ctx, in)
	}
	return readAll(in)
}

var _ Node = (*exchange.Exchange)(nil)

// readAll reads envelopes to the end and says in the Reply how many came.
func readAll(in io.Reader) (exchange.Reply, error) {
	for count := 0; ; count++ {
		header, err := wire.ReadHeader(in)
		if errors.Is(err, wire.ErrNoEnvelope) && count > 0 {
			return exchange.Reply{Envelope: fmt.Appendf(nil, "%d envelopes", count)}, nil
		}
		if err != nil {
			return exchange.Reply{}, heed.Refuse(heed.Malformed, "%v", err)
		}
		if _, err := wire.ReadBody(in, header); err != nil {
			return exchange.Reply{}, heed.Refuse(heed.Malformed, "%v", err)
		}
	}
}

func (n *fakeNode) CardNote(ctx context.Context) ([]byte, error) {
	if n.card != nil {
		return n.card(ctx)
	}
	return []byte("card of south"), nil
}

func (n *fakeNode) Ledger() ledger.Source {
	if n.own != nil {
		return n.own
	}
	return fakeLog("south's checkpoint")
}

func (n *fakeNode) Mirror(origin string) ledger.Source {
	if source, ok := n.mirrors[origin]; ok {
		return source
	}
	return fakeLog("")
}

func (n *fakeNode) Cards(ctx context.Context) ([][]byte, error) {
	if n.cards != nil {
		return n.cards(ctx)
	}
	return [][]byte{[]byte("first card of south"), []byte("card of south")}, nil
}

func (n *fakeNode) Successions(context.Context) ([][]byte, error) { return n.handed, nil }

// fakeLog is a checkpoint and one leaf; the empty one is no log.
type fakeLog string

func (l fakeLog) Checkpoint(context.Context) ([]byte, error) {
	if l == "" {
		return nil, fmt.Errorf("nothing mirrored: %w", ledger.ErrNotFound)
	}
	return []byte(l), nil
}

func (l fakeLog) Size(context.Context) (int64, error) { return 1, nil }

func (l fakeLog) Hashes(context.Context, []int64) ([]tlog.Hash, error) {
	return []tlog.Hash{tlog.RecordHash(l.leaf())}, nil
}

func (l fakeLog) Leaves(context.Context, int64, int64) ([][]byte, error) {
	return [][]byte{l.leaf()}, nil
}

func (l fakeLog) leaf() []byte { return bytes.Repeat([]byte{7}, 64) }

// reports collects what a handler reports.
type reports struct {
	mu  sync.Mutex
	all []error
}

func (r *reports) add(_ *http.Request, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func (r *reports) list() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error(nil), r.all...)
}

// none fails the test for anything that was reported.
func (r *reports) none(t *testing.T) {
	t.Helper()
	for _, err := range r.list() {
		t.Errorf("reported: %v", err)
	}
}

func options(r *reports) Options { return Options{Now: time.Now, Report: r.add} }

// serve runs a handler on loopback until the test ends. config nil: plain HTTP.
func serve(t testing.TB, server *http.Server) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, server, listener)
	return listener.Addr().String()
}

func serveOn(t testing.TB, server *http.Server, listener net.Listener) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			done <- server.ServeTLS(listener, "", "")
			return
		}
		done <- server.Serve(listener)
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving: %v", err)
		}
	})
}

func identity(t testing.TB, notBefore time.Time) seal.TLSIdentity {
	t.Helper()
	id, err := seal.NewTLSIdentity(rand.Reader, "127.0.0.1", notBefore)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// south serves a node with a pinned certificate and returns its card.
func south(t testing.TB, node Node, opts Options) heed.Card {
	t.Helper()
	id := identity(t, time.Now())
	address := serve(t, Server(Handler(node, opts), id.ServerTLS(), opts))
	return heed.Card{Party: "south.example", Endpoint: "https://" + address, Pin: id.Pin()}
}

// stub serves any answer with a pinned certificate and returns a card for it.
func stub(t testing.TB, h http.HandlerFunc) heed.Card {
	t.Helper()
	id := identity(t, time.Now())
	opts := options(&reports{})
	address := serve(t, Server(h, id.ServerTLS(), opts))
	return heed.Card{Party: "south.example", Endpoint: "https://" + address, Pin: id.Pin()}
}

func client(t testing.TB, opts ClientOptions) *Client {
	t.Helper()
	opts.Now = time.Now
	c := NewClient(opts)
	t.Cleanup(c.Close)
	return c
}

func tlsConfig(certificate tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{certificate}}
}

// recorder is an httptest.ResponseRecorder that has deadlines, so that a
// handler can be called with any remote address.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// ask calls a handler without a network.
func ask(h http.Handler, method, path, from, media string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	r.RemoteAddr = from
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := recorder{httptest.NewRecorder()}
	h.ServeHTTP(w, r)
	return w.ResponseRecorder
}

func post(h http.Handler, from string, body []byte) *httptest.ResponseRecorder {
	return ask(h, http.MethodPost, EnvelopesPath, from, MediaEnvelopes, bytes.NewReader(body))
}
