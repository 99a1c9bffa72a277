package peer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

// pipes is a network in memory, whose deadlines run in a synctest bubble.
type pipes struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{calls: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "192.0.2.1:443" }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.calls <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func failing(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nil, err }
}

func recording(address *atomic.Value) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, to string) (net.Conn, error) {
		address.Store(to)
		return nil, net.ErrClosed
	}
}

// dripping gives what it has a drop at a time, with a pause before each, in a
// bubble's time.
type dripping struct {
	data   []byte
	drop   int // bytes
	pause  time.Duration
	once   sync.Once
	closed chan struct{}
}

func drip(data []byte, drop int, pause time.Duration) *dripping {
	return &dripping{data: data, drop: drop, pause: pause, closed: make(chan struct{})}
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(d.pause):
	case <-d.closed:
		return 0, io.ErrClosedPipe
	}
	n := copy(p[:min(len(p), d.drop)], d.data)
	d.data = d.data[n:]
	return n, nil
}

func (d *dripping) Close() error { d.once.Do(func() { close(d.closed) }); return nil }

// hangUp ends a bubble's client and server. A pipe holds nothing, so that the
// last words of both, which nobody hears any more, wait for their time limits.
// The server is closed last: it closes what is left with its lock held, and time
// stands still in a bubble while somebody waits for a lock.
func hangUp(t *testing.T, server *http.Server, done <-chan error, c *Client) {
	t.Helper()
	<-time.After(time.Minute) // until connections in use are idle or broken
	c.Close()
	<-time.After(time.Minute) // until the server has noticed
	if err := server.Close(); err != nil {
		t.Errorf("closing the server: %v", err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving: %v", err)
	}
}

// slowly posts a body in a bubble, over HTTP/1.1 or HTTP/2, and returns the
// status and how long it took.
func slowly(t *testing.T, node Node, http2 bool, body io.Reader, said *reports) (status int, answer string, took time.Duration) {
	t.Helper()
	network := newPipes()
	id := identity(t, time.Now())
	opts := Options{Now: time.Now, Report: said.add}
	server := Server(Handler(node, opts), id.ServerTLS(), opts)
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(http2)
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(network, "", "") }()
	c := NewClient(ClientOptions{Now: time.Now, Dial: network.dial})
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://127.0.0.1"+EnvelopesPath, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", MediaEnvelopes)
	began := time.Now()
	response, err := c.transport(id.Pin()).RoundTrip(r)
	took = time.Since(began)
	if err == nil {
		text, reading := io.ReadAll(response.Body)
		if reading != nil {
			t.Errorf("reading the answer: %v", reading)
		}
		response.Body.Close()
		status, answer = response.StatusCode, string(text)
	} else {
		t.Errorf("no answer: %v", err)
	}
	hangUp(t, server, done, c)
	return status, answer, took
}

func eachVersion(t *testing.T, f func(t *testing.T, http2 bool)) {
	for _, http2 := range []bool{false, true} {
		name := "HTTP 1.1"
		if http2 {
			name = "HTTP 2"
		}
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, http2) }) })
	}
}

func TestBodyThatStops(t *testing.T) {
	eachVersion(t, func(t *testing.T, http2 bool) {
		var said reports
		whole := envelope(t, 1, 100)
		body, sender := io.Pipe()
		go func() {
			if _, err := sender.Write(whole[:len(whole)-5]); err != nil {
				t.Errorf("sending: %v", err)
			}
		}()
		status, _, took := slowly(t, &fakeNode{}, http2, body, &said)
		if status != 408 || took != DefaultPatience {
			t.Errorf("%d after %s", status, took)
		}
		body.CloseWithError(io.ErrClosedPipe)
		said.none(t)
	})
}

// Each byte comes within the patience, and all of them would take hours.
func TestBodyThatDrips(t *testing.T) {
	eachVersion(t, func(t *testing.T, http2 bool) {
		var said reports
		whole := envelope(t, 1, 100)
		status, _, took := slowly(t, &fakeNode{}, http2, drip(whole, 1, 20*time.Second), &said)
		if most := DefaultPatience + 2*time.Second; status != 408 || took > most {
			t.Errorf("%d after %s", status, took)
		}
		said.none(t)
	})
}

// A slow line that keeps above the lowest rate may take all day.
func TestSlowBodyIsTaken(t *testing.T) {
	eachVersion(t, func(t *testing.T, http2 bool) {
		var said reports
		whole := envelope(t, 1, 50_000)
		status, answer, took := slowly(t, &fakeNode{}, http2, drip(whole, 64, 55*time.Millisecond), &said)
		if status != 200 || answer != "1 envelopes" || took < DefaultPatience {
			t.Errorf("%d %q after %s", status, answer, took)
		}
		said.none(t)
	})
}

// The time that a node takes is not the caller's, whether it falls between two
// reads or after the last.
func TestNodeMayTakeItsTime(t *testing.T) {
	eachVersion(t, func(t *testing.T, http2 bool) {
		var said reports
		node := &fakeNode{receive: func(ctx context.Context, in io.Reader) (exchange.Reply, error) {
			if _, err := io.ReadFull(in, make([]byte, 100)); err != nil {
				return exchange.Reply{}, err
			}
			time.Sleep(10 * time.Minute)
			if _, err := io.Copy(io.Discard, in); err != nil {
				return exchange.Reply{}, err
			}
			time.Sleep(10 * time.Minute)
			return exchange.Reply{Envelope: []byte("done")}, ctx.Err()
		}}
		status, answer, took := slowly(t, node, http2, bytes.NewReader(make([]byte, 300_000)), &said)
		if status != 200 || answer != "done" || took != 20*time.Minute {
			t.Errorf("%d %q after %s", status, answer, took)
		}
		said.none(t)
	})
}

// A caller that takes no answer does not hold the handler.
func TestAnswerThatIsNotTaken(t *testing.T) {
	eachVersion(t, func(t *testing.T, http2 bool) {
		var said reports
		returned := make(chan time.Duration, 1)
		node := &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) {
			return exchange.Reply{Envelope: make([]byte, 8<<20)}, nil
		}}
		opts := Options{Now: time.Now, Report: said.add}
		handler := Handler(node, opts)
		network := newPipes()
		id := identity(t, time.Now())
		server := Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			handler.ServeHTTP(w, r)
			returned <- time.Since(began)
		}), id.ServerTLS(), opts)
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetHTTP2(http2)
		done := make(chan error, 1)
		go func() { done <- server.ServeTLS(network, "", "") }()
		c := NewClient(ClientOptions{Now: time.Now, Dial: network.dial})
		r, err := http.NewRequestWithContext(t.Context(), "POST", "https://127.0.0.1"+EnvelopesPath, bytes.NewReader([]byte("x")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", MediaEnvelopes)
		response, err := c.transport(id.Pin()).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if took := <-returned; took < DefaultPatience || took > 2*DefaultPatience {
			t.Errorf("the handler was held for %s", took)
		}
		response.Body.Close()
		hangUp(t, server, done, c)
	})
}

func TestAnswerThatStops(t *testing.T) {
	silent := func(http.ResponseWriter, *http.Request) {}
	header := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }
	tests := []struct {
		name   string
		answer http.HandlerFunc
		after  time.Duration
	}{
		{"before the header", silent, DefaultAnswerTime + 2*time.Second}, // 16 KiB at 8 KiB/s
		{"after the header", header, DefaultPatience},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said reports
				network := newPipes()
				id := identity(t, time.Now())
				server := Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", MediaEnvelopes)
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						t.Error(err)
					}
					test.answer(w, r)
					if test.after == DefaultPatience {
						if err := http.NewResponseController(w).Flush(); err != nil {
							t.Error(err)
						}
					}
					<-r.Context().Done()
				}), id.ServerTLS(), Options{Now: time.Now, Report: said.add})
				done := make(chan error, 1)
				go func() { done <- server.ServeTLS(network, "", "") }()
				c := NewClient(ClientOptions{Now: time.Now, Dial: network.dial})
				began := time.Now()
				_, err := c.Carry(t.Context(), heed.Card{Party: "south.example", Endpoint: "https://127.0.0.1", Pin: id.Pin()}, make([]byte, 16<<10))
				var unreachable *Unreachable
				if took := time.Since(began); !errors.As(err, &unreachable) || !errors.Is(err, errSlow) || took != test.after {
					t.Errorf("%v after %s", err, took)
				}
				hangUp(t, server, done, c)
			})
		})
	}
}

// A node that vanished without a word is noticed before the answer is due.
func TestVanishedNodeIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c := NewClient(ClientOptions{Now: time.Now, Dial: never})
		began := time.Now()
		_, err := c.CurrentCard(t.Context(), heed.Card{Party: "south.example", Endpoint: "https://127.0.0.1", Pin: heed.Digest{1}})
		var unreachable *Unreachable
		if took := time.Since(began); !errors.As(err, &unreachable) || took != dialTimeout {
			t.Errorf("%v after %s", err, took)
		}
		c.Close()
	})
}

func TestPacer(t *testing.T) {
	tests := []struct {
		waited time.Duration
		moved  int64
		want   time.Duration
	}{
		{0, 0, 30 * time.Second},
		{10 * time.Second, 0, 20 * time.Second},
		{30 * time.Second, 0, 0},
		{31 * time.Second, 0, -time.Second},
		{31 * time.Second, 2048, time.Second},
		{0, 1 << 40, 30 * time.Second}, // no more than the patience, however fast it was
		{time.Hour, 1 << 40, 30 * time.Second},
	}
	for _, test := range tests {
		p := pacer{patience: 30 * time.Second, rate: 1024}
		p.count(test.waited, int(test.moved))
		if got := p.allowance(); got != test.want {
			t.Errorf("waited %s for %d bytes: %s, want %s", test.waited, test.moved, got, test.want)
		}
	}
}
