package desk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heed/exchange"
)

// changes is a source of changes in a test's hand.
type changes struct {
	mu   sync.Mutex
	next chan struct{}
}

func newChanges() *changes { return &changes{next: make(chan struct{})} }

func (c *changes) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}

func TestFollow(t *testing.T) {
	p := pace{least: 300 * time.Millisecond, beat: 10 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		source := newChanges()
		start := time.Now()
		var sent []time.Duration
		var mu sync.Mutex
		times := func() []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			out := sent
			sent = nil
			return out
		}
		ended := make(chan error, 1)
		go func() {
			ended <- follow(ctx, p, source.wait, func() ([]byte, error) { return []byte("x"), nil }, func([]byte) error {
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, time.Since(start))
				return nil
			})
		}()
		expect := func(what string, want ...time.Duration) {
			t.Helper()
			synctest.Wait()
			got := times()
			if len(got) != len(want) {
				t.Fatalf("%s: sent at %v, not at %v", what, got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s: sent at %v, not at %v", what, got, want)
				}
			}
		}
		expect("at once", 0)
		source.tell()
		time.Sleep(299 * time.Millisecond)
		expect("a change soon after waits")
		time.Sleep(time.Millisecond)
		expect("until the least pause is over", 300*time.Millisecond)
		for range 1000 {
			source.tell()
			time.Sleep(time.Millisecond)
		}
		expect("a burst of a second", 600*time.Millisecond, 900*time.Millisecond, 1200*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		expect("the last of the burst is not lost", 1500*time.Millisecond)
		time.Sleep(10 * time.Second)
		expect("a beat without a change", 11500*time.Millisecond)
		time.Sleep(time.Second)
		source.tell()
		expect("a change after a pause goes out at once", 12500*time.Millisecond)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	})
}

func TestFollowEnds(t *testing.T) {
	broken := errors.New("broken")
	p := pace{least: time.Millisecond, beat: time.Second}
	fine := func([]byte) error { return nil }
	render := func() ([]byte, error) { return nil, nil }
	if err := follow(t.Context(), p, newChanges().wait, func() ([]byte, error) { return nil, broken }, fine); !errors.Is(err, broken) {
		t.Errorf("a page that cannot be made: %v", err)
	}
	if err := follow(t.Context(), p, newChanges().wait, render, func([]byte) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a reader that has gone: %v", err)
	}
}

// firstWrite is a reader that goes away after the first event.
type firstWrite struct {
	header http.Header
	status int
	body   bytes.Buffer
	cancel context.CancelFunc
}

func (w *firstWrite) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *firstWrite) WriteHeader(status int)           { w.status = status }
func (w *firstWrite) Write(b []byte) (int, error)      { return w.body.Write(b) }
func (w *firstWrite) FlushError() error                { w.cancel(); return nil }
func (w *firstWrite) SetWriteDeadline(time.Time) error { return nil }

// listener is a stream that a test reads event by event.
type listener struct {
	http.ResponseWriter
	events    chan string
	deadlines []time.Time // one before each event, and none between two
}

func (l *listener) Write(b []byte) (int, error) { l.events <- string(b); return len(b), nil }
func (l *listener) FlushError() error           { return nil }
func (l *listener) SetWriteDeadline(at time.Time) error {
	l.deadlines = append(l.deadlines, at)
	return nil
}

// listen opens a stream; the channel closes when it has ended.
func (b *browser) listen(ctx context.Context, path string) (<-chan string, *listener) {
	l := &listener{ResponseWriter: &firstWrite{}, events: make(chan string, 16)}
	r := b.request(http.MethodGet, path, nil).WithContext(ctx)
	go func() {
		defer close(l.events)
		b.desk.ServeHTTP(l, r)
	}()
	return l.events, l
}

func TestBoardStream(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, l := b.listen(ctx, "/desk/board/stream")
	first := <-events
	if !strings.HasPrefix(first, "data: ") || !strings.HasSuffix(first, "\n\n") || !strings.Contains(first, "We owe no reply.") {
		t.Fatalf("the first event is %q", first)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(first, "\n\n"), "\n") {
		if !strings.HasPrefix(line, "data: ") {
			t.Errorf("a line of the event is %q", line)
		}
	}
	w.warn(nil)
	for event := range events {
		if strings.Contains(event, "Acknowledgement") {
			break
		}
	}
	cancel()
	for range events { // it ends with the request
	}
	for i, at := range l.deadlines {
		if want := w.clock.Now().Add(livePace.write); i%2 == 0 && !at.Equal(want) || i%2 == 1 && !at.IsZero() {
			t.Errorf("deadline %d is %s", i, at)
		}
	}
}

// TestStreamOutlastsItsDeadlines: the time in which an event must be taken is
// over long before the next one, and the stream goes on, in both protocols.
func TestStreamOutlastsItsDeadlines(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			options := w.options(south)
			options.Now = time.Now // deadlines of real connections
			d := newDesk(options)
			d.pace = pace{least: time.Millisecond, beat: 1500 * time.Millisecond, write: time.Second}
			server := httptest.NewUnstartedServer(d.handler())
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()
			b := &browser{t: t, desk: d.handler(), cookies: map[string]string{}}
			b.get("/desk/login?token=" + testToken)
			b.choose("s.birk")

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/desk/board/stream", nil)
			must(t, err)
			for name, value := range b.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			got, err := server.Client().Do(r)
			must(t, err)
			defer func() { must(t, got.Body.Close()) }()
			if got.StatusCode != http.StatusOK || got.Proto != name {
				t.Fatalf("status %s, %s", got.Status, got.Proto)
			}
			lines := bufio.NewScanner(got.Body)
			for events := 0; events < 3; {
				if !lines.Scan() {
					t.Fatalf("the stream ended after %d events: %v", events, lines.Err())
				}
				if lines.Text() == "" {
					events++
				}
			}
		})
	}
}

func TestCaseStream(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	got := b.first(casePath(id) + "/stream")
	for _, want := range []string{`<hx-partial hx-target="#record" hx-swap="innerMorph">`, `<hx-partial hx-target="#timeline" hx-swap="innerMorph">`, "Received"} {
		if !strings.Contains(got, want) {
			t.Errorf("the event has no %q: %s", want, got)
		}
	}
}

func TestStreamsEnd(t *testing.T) {
	for name, end := range map[string]func(*world, *browser){
		"at logout":                 func(_ *world, b *browser) { b.submit("/desk/", "/desk/logout", nil) },
		"when another officer acts": func(w *world, b *browser) { b.choose("s.duty"); w.change() },
		"when the session expires":  func(w *world, _ *browser) { w.clock.advance(sessionLongest + time.Second); w.change() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.as(south, "s.birk")
			events, _ := b.listen(t.Context(), "/desk/board/stream")
			<-events
			end(w, b)
			for range events {
			}
		})
	}
	t.Run("but not because nobody clicks", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(south, "s.birk")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events, _ := b.listen(ctx, "/desk/board/stream")
		<-events
		w.clock.advance(2 * sessionIdle)
		w.change()
		if event, open := <-events; !open || !strings.Contains(event, "As of") {
			t.Errorf("the stream has ended: %q", event)
		}
		b.get("/desk/").status(200)
	})
}

// change commits something that shows on the board.
func (w *world) change() {
	w.t.Helper()
	_, err := w.nodes[north].Warn(w.t.Context(), exchange.WarnOrder{Officer: "n.arden", To: parties(south), Warning: w.warning(nil)})
	must(w.t, err)
	w.deliver()
}

func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var open []<-chan string
	for range maxSessionStreams {
		events, _ := b.listen(ctx, "/desk/board/stream")
		<-events
		open = append(open, events)
	}
	got := b.get("/desk/board/stream").status(http.StatusServiceUnavailable)
	if got.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	// Other sessions have their own, until the desk has too many.
	cookies := b.cookies
	for len(open) < maxStreams {
		b.cookies = map[string]string{}
		b.get("/desk/login?token=" + testToken).status(http.StatusSeeOther)
		b.submit("/desk/you", "/desk/you", url.Values{"officer": {"s.birk"}})
		for range maxSessionStreams {
			events, _ := b.listen(ctx, "/desk/board/stream")
			<-events
			open = append(open, events)
		}
	}
	b.cookies = map[string]string{}
	b.get("/desk/login?token=" + testToken).status(http.StatusSeeOther)
	b.submit("/desk/you", "/desk/you", url.Values{"officer": {"s.birk"}})
	b.get("/desk/board/stream").status(http.StatusServiceUnavailable)

	cancel()
	for _, events := range open {
		for range events {
		}
	}
	b.cookies = cookies
	if got := b.first("/desk/board/stream"); !strings.Contains(got, "As of") {
		t.Errorf("after others have ended: %q", got)
	}
}
