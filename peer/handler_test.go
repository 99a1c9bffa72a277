package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// problemOf checks the form of a problem and returns its code.
func problemOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct {
		Title, Detail, Code string
		Status              int
	}
	if w.Header().Get("Content-Type") != MediaProblem || json.Unmarshal(w.Body.Bytes(), &p) != nil ||
		p.Status != w.Code || p.Title != http.StatusText(w.Code) || !isCode(p.Code) {
		t.Errorf("not a problem: %d %v %q", w.Code, w.Header(), w.Body)
	}
	if w.Header().Get("Server") != "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", w.Header())
	}
	return p.Code
}

func TestRoutes(t *testing.T) {
	var said reports
	defer said.none(t)
	h := Handler(&fakeNode{}, options(&said))
	tests := []struct {
		method, path, media string
		status              int
		code, allow         string
	}{
		{"GET", "/", "", 404, CodeNotFound, ""},
		{"GET", "/ledger", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/card/", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/../v1/card", "", 404, CodeNotFound, ""},
		{"GET", "//heed/v1/card", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/c%61rd", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v2/card", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/SOUTH.example/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror//checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/SOUTH.example/v1/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example/v1", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example/v1-1/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example/v1-02/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/mirror/south.example%2fv1/checkpoint", "", 404, CodeNotFound, ""},
		{"GET", "/heed/v1/cards/", "", 404, CodeNotFound, ""},
		{"GET", "/cards", "", 404, CodeNotFound, ""},
		{"POST", "/heed/v1/cards", "", 405, CodeMethod, "GET, HEAD"},
		{"POST", "/heed/v1/successions", "", 405, CodeMethod, "GET, HEAD"},
		{"POST", "/heed/v1/card", "", 405, CodeMethod, "GET, HEAD"},
		{"GET", "/heed/v1/envelopes", "", 405, CodeMethod, "POST"},
		{"PUT", "/heed/v1/envelopes", MediaEnvelopes, 405, CodeMethod, "POST"},
		{"POST", "/heed/v1/envelopes", "", 415, CodeMediaType, ""},
		{"POST", "/heed/v1/envelopes", "text/plain", 415, CodeMediaType, ""},
		{"POST", "/heed/v1/envelopes", MediaEnvelopes, 400, "malformed", ""},
	}
	for _, test := range tests {
		w := ask(h, test.method, test.path, "192.0.2.1:1", test.media, strings.NewReader(""))
		if code := problemOf(t, w); w.Code != test.status || code != test.code || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d %s %v", test.method, test.path, w.Code, code, w.Header())
		}
	}
	if w := ask(h, "HEAD", CardPath, "192.0.2.1:1", "", nil); w.Code != 200 || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the card: %d %v", w.Code, w.Header())
	}
	r := httptest.NewRequest("POST", EnvelopesPath, strings.NewReader("x"))
	r.Header.Set("Content-Type", MediaEnvelopes)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(recorder{w}, r)
	if code := problemOf(t, w); w.Code != 415 || code != CodeMediaType {
		t.Errorf("content encoding: %d %s", w.Code, code)
	}
}

func TestBodyTooLarge(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	opts.MaxBody = 100
	read := 0
	node := &fakeNode{receive: func(_ context.Context, in io.Reader) (exchange.Reply, error) {
		n, err := io.Copy(io.Discard, in)
		read += int(n)
		if err != nil {
			return exchange.Reply{}, heed.Refuse(heed.Malformed, "cut short")
		}
		return exchange.Reply{Envelope: []byte("done")}, nil
	}}
	h := Handler(node, opts)
	w := post(h, "192.0.2.1:1", make([]byte, 101))
	if code := problemOf(t, w); w.Code != 413 || code != CodeBodyTooLarge || read != 0 {
		t.Errorf("announced: %d %s, %d bytes read", w.Code, code, read)
	}
	w = ask(h, "POST", EnvelopesPath, "192.0.2.1:1", MediaEnvelopes, io.MultiReader(bytes.NewReader(make([]byte, 101))))
	if code := problemOf(t, w); w.Code != 413 || code != CodeBodyTooLarge || read != 100 {
		t.Errorf("not announced: %d %s, %d bytes read", w.Code, code, read)
	}
	if w := post(h, "192.0.2.1:1", make([]byte, 100)); w.Code != 200 || w.Body.String() != "done" {
		t.Errorf("exactly the bound: %d %q", w.Code, w.Body)
	}
}

func TestTruncatedAndInflatedEnvelopes(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	opts.StrangerBurst = 1000
	h := Handler(&fakeNode{}, opts)
	whole := envelope(t, 1, 100)
	for _, size := range []int{0, 1, 3, 4, 5, 200, len(whole) - 1} {
		w := post(h, "192.0.2.1:1", whole[:size])
		if code := problemOf(t, w); w.Code != 400 || code != "malformed" {
			t.Errorf("%d of %d bytes: %d %s", size, len(whole), w.Code, code)
		}
	}
	inflated := bytes.Clone(whole)
	inflated[0] = 0xff // a header of 4 GB
	longer := append(bytes.Clone(whole), 0)
	for _, stream := range [][]byte{inflated, longer} {
		w := post(h, "192.0.2.1:1", stream)
		if code := problemOf(t, w); w.Code != 400 || code != "malformed" {
			t.Errorf("%d %s", w.Code, code)
		}
	}
}

// failingReader breaks off as a connection does.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// A final refusal for bytes that never arrived would lose the statement.
func TestBrokenBodyIsNotRefusedForGood(t *testing.T) {
	var said reports
	defer said.none(t)
	final := refusal(t, heed.Malformed, 0)
	node := &fakeNode{receive: func(_ context.Context, in io.Reader) (exchange.Reply, error) {
		if _, err := readAll(in); err != nil {
			return exchange.Reply{Refusal: final}, nil
		}
		return exchange.Reply{}, errors.New("the body was whole")
	}}
	h := Handler(node, options(&said))
	whole := envelope(t, 1, 100)
	body := io.MultiReader(bytes.NewReader(whole[:len(whole)-10]), failingReader{io.ErrUnexpectedEOF})
	w := ask(h, "POST", EnvelopesPath, "192.0.2.1:1", MediaEnvelopes, body)
	if code := problemOf(t, w); w.Code != 400 || code != CodeCutShort {
		t.Errorf("%d %s", w.Code, code)
	}
	// What was committed before the break is still promised.
	node.receive = func(_ context.Context, in io.Reader) (exchange.Reply, error) {
		if _, err := readAll(in); err == nil {
			t.Error("the body was whole")
		}
		return exchange.Reply{Envelope: []byte("receipts")}, nil
	}
	body = io.MultiReader(bytes.NewReader(whole[:len(whole)-10]), failingReader{io.ErrUnexpectedEOF})
	if w := ask(h, "POST", EnvelopesPath, "192.0.2.1:1", MediaEnvelopes, body); w.Code != 200 || w.Body.String() != "receipts" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestFailuresAreReportedAndNotTold(t *testing.T) {
	secret := errors.New("disk /var/lib/heed is full")
	tests := []struct {
		name string
		node *fakeNode
		path string
		want string
	}{
		{"receive", &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) { return exchange.Reply{}, secret }}, EnvelopesPath, secret.Error()},
		{"refused without a code", &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) {
			return exchange.Reply{}, &heed.Refused{Detail: secret.Error()}
		}}, EnvelopesPath, secret.Error()},
		{"no reply", &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) { return exchange.Reply{}, nil }}, EnvelopesPath, "neither"},
		{"no refusal", &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) {
			return exchange.Reply{Refusal: []byte(secret.Error())}, nil
		}}, EnvelopesPath, "refusal"},
		{"panic", &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) { panic(secret) }}, EnvelopesPath, "fakeNode"},
		{"card", &fakeNode{card: func(context.Context) ([]byte, error) { return nil, secret }}, CardPath, secret.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var said reports
			h := Handler(test.node, options(&said))
			method, media := "POST", MediaEnvelopes
			if test.path == CardPath {
				method, media = "GET", ""
			}
			w := ask(h, method, test.path, "192.0.2.1:1", media, strings.NewReader("x"))
			if code := problemOf(t, w); w.Code != 500 || code != CodeInternal || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			if all := said.list(); len(all) != 1 || !strings.Contains(all[0].Error(), test.want) {
				t.Errorf("reported: %v", all)
			}
		})
	}
}

func TestPanicAfterTheAnswerBegan(t *testing.T) {
	var said reports
	h := newHandler(options(&said))
	w := &response{ResponseWriter: httptest.NewRecorder(), begun: true}
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler {
			t.Errorf("the answer was not cut off: %v", cause)
		}
		if len(said.list()) != 1 {
			t.Errorf("reported: %v", said.list())
		}
	}()
	func() {
		defer h.survive(w, httptest.NewRequest("GET", "/", nil))
		panic("half way")
	}()
}

func TestStoppingNodeSaysSo(t *testing.T) {
	var said reports
	defer said.none(t)
	node := &fakeNode{receive: func(ctx context.Context, _ io.Reader) (exchange.Reply, error) { return exchange.Reply{}, ctx.Err() }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", EnvelopesPath, strings.NewReader("x"))
	r.Header.Set("Content-Type", MediaEnvelopes)
	w := httptest.NewRecorder()
	Handler(node, options(&said)).ServeHTTP(recorder{w}, r)
	if code := problemOf(t, w); w.Code != 503 || code != CodeBusy || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, code)
	}
}

// A writer without deadlines would quietly lose the protection against slow callers.
func TestWriterWithoutDeadlines(t *testing.T) {
	var said reports
	r := httptest.NewRequest("POST", EnvelopesPath, bytes.NewReader(envelope(t, 1, 10)))
	r.Header.Set("Content-Type", MediaEnvelopes)
	w := httptest.NewRecorder()
	Handler(&fakeNode{}, options(&said)).ServeHTTP(w, r)
	if w.Code != 500 || len(said.list()) == 0 || !errors.Is(said.list()[0], http.ErrNotSupported) {
		t.Errorf("%d, reported %v", w.Code, said.list())
	}
}

func TestTooManyAtOnce(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	opts.MaxRequests, opts.MaxPerAddress = 3, 2
	entered, release := make(chan struct{}), make(chan struct{})
	node := &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) {
		entered <- struct{}{}
		<-release
		return exchange.Reply{Envelope: []byte("done")}, nil
	}}
	h := Handler(node, opts)
	answers := make(chan int, 3)
	for _, from := range []string{"192.0.2.1:1", "192.0.2.1:2", "[2001:db8::1]:3"} {
		go func() { answers <- post(h, from, []byte("x")).Code }()
		<-entered
	}
	w := post(h, "192.0.2.1:9", []byte("x"))
	if code := problemOf(t, w); w.Code != 429 || code != CodeTooMany || w.Header().Get("Retry-After") != "1" {
		t.Errorf("the third of an address: %d %s", w.Code, code)
	}
	w = ask(h, "GET", CardPath, "192.0.2.2:9", "", nil)
	if code := problemOf(t, w); w.Code != 503 || code != CodeBusy || w.Header().Get("Retry-After") == "" {
		t.Errorf("the fourth of all: %d %s", w.Code, code)
	}
	close(release)
	for range 3 {
		if status := <-answers; status != 200 {
			t.Errorf("one of those admitted: %d", status)
		}
	}
	if w := ask(h, "GET", CardPath, "192.0.2.1:9", "", nil); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestStrangersHaveToWait(t *testing.T) {
	var said reports
	defer said.none(t)
	now := sentAt
	opts := options(&said)
	opts.Now = func() time.Time { return now }
	opts.StrangerBurst, opts.StrangerEvery, opts.MaxStrangers = 3, 10*time.Second, 2
	received := 0
	reply := exchange.Reply{Refusal: refusal(t, heed.UnknownSender, 0)}
	node := &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) { received++; return reply, nil }}
	h := Handler(node, opts)
	status := func(from string) int { return post(h, from, []byte("x")).Code }

	for i := range 3 {
		if got := status(fmt.Sprintf("[2001:db8:0:1::%d]:1", i)); got != 403 {
			t.Fatalf("request %d: %d", i, got)
		}
	}
	w := post(h, "[2001:db8:0:1:ffff::9]:1", []byte("x"))
	if code := problemOf(t, w); w.Code != 429 || code != CodeTooMany || w.Header().Get("Retry-After") != "10" || received != 3 {
		t.Errorf("the same /64: %d %s, Retry-After %s, %d received", w.Code, code, w.Header().Get("Retry-After"), received)
	}
	if got := status("[2001:db8:0:2::1]:1"); got != 403 {
		t.Errorf("another /64: %d", got)
	}
	if got := ask(h, "GET", CardPath, "[2001:db8:0:1::1]:1", "", nil).Code; got != 200 {
		t.Errorf("the card is for everybody: %d", got)
	}
	now = now.Add(9 * time.Second)
	if got := status("[2001:db8:0:1::1]:1"); got != 429 {
		t.Errorf("too early: %d", got)
	}
	now = now.Add(time.Second)
	if got := status("[2001:db8:0:1::1]:1"); got != 403 {
		t.Errorf("after the wait: %d", got)
	}
	// The table holds two; a third makes it forget who was charged longest ago.
	if got := status("192.0.2.3:1"); got != 403 {
		t.Errorf("the third address: %d", got)
	}
	if got := len(h.(*handler).strangers.of); got != 2 || h.(*handler).strangers.recent.Len() != 2 {
		t.Errorf("%d addresses are remembered", got)
	}
	if got := status("[2001:db8:0:1::1]:1"); got != 429 {
		t.Errorf("the one charged recently was forgotten: %d", got)
	}
	// Peers are not charged, whatever else is refused of them.
	for _, code := range []heed.RefusalCode{heed.OverQuota, heed.StaleCard, heed.CatchingUp, heed.BadSeal, heed.NotAdmitted} {
		reply = exchange.Reply{Refusal: refusal(t, code, 0)}
		for range 4 {
			if got := post(h, "192.0.2.77:1", []byte("x")); got.Header().Get("Content-Type") != MediaRefusal {
				t.Errorf("%s: %d %v", code, got.Code, got.Header())
			}
		}
	}
}

// exchange.Exchange gives the cause along with a signed refusal.
func TestSignedRefusalWithItsCause(t *testing.T) {
	var said reports
	defer said.none(t)
	note := refusal(t, heed.StaleCard, 0)
	node := &fakeNode{receive: func(context.Context, io.Reader) (exchange.Reply, error) {
		return exchange.Reply{Refusal: note}, heed.Refuse(heed.StaleCard, "card 1, and we hold card 2")
	}}
	w := post(Handler(node, options(&said)), "192.0.2.1:1", []byte("x"))
	if w.Code != 409 || w.Header().Get("Content-Type") != MediaRefusal || !bytes.Equal(w.Body.Bytes(), note) {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}

func TestUnsignedRefusalsAreCharged(t *testing.T) {
	var said reports
	opts := options(&said)
	now := sentAt
	opts.Now = func() time.Time { return now }
	opts.StrangerBurst = 2
	h := Handler(&fakeNode{}, opts)
	for range 2 {
		if w := post(h, "192.0.2.1:1", []byte("junk")); problemOf(t, w) != "malformed" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
	if w := post(h, "192.0.2.1:1", envelope(t, 1, 1)); problemOf(t, w) != CodeTooMany {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	now = now.Add(DefaultStrangerEvery)
	if w := post(h, "192.0.2.1:1", envelope(t, 1, 1)); w.Code != 200 {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestRemote(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:80":              "192.0.2.1",
		"[::ffff:192.0.2.1]:80":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::",
		"[fe80::1%eth0]:80":         "fe80::",
		"pipe":                      "invalid IP",
		"":                          "invalid IP",
	} {
		if got := remote(address).String(); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-1": 0, "1.5": 0, "99999999999999999999": 0, "2000000000": maxRetryAfter,
		"Fri, 31 Dec 1999 23:59:59 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestOptionsAreRequired(t *testing.T) {
	for name, make := range map[string]func(){
		"handler": func() { Handler(&fakeNode{}, Options{Now: time.Now}) },
		"client":  func() { NewClient(ClientOptions{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: made without what it needs", name)
				}
			}()
			make()
		}()
	}
}

func FuzzDeliver(f *testing.F) {
	whole := envelope(f, 1, 20)
	f.Add(whole)
	f.Add(append(bytes.Clone(whole), whole...))
	f.Add(whole[:50])
	f.Add([]byte{0, 0, 16, 1})
	var said reports
	opts := options(&said)
	opts.StrangerBurst = 1 << 30
	h := Handler(&fakeNode{}, opts)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := post(h, "192.0.2.1:1", body)
		_, err := splitStream(body)
		if whole := err == nil && len(body) > 0; whole != (w.Code == 200) || w.Code != 200 && w.Code != 400 {
			t.Errorf("%d %q, split: %v", w.Code, w.Body, err)
		}
		said.none(t)
	})
}

func FuzzParseProblem(f *testing.F) {
	f.Add([]byte(`{"code":"busy","detail":"later","hint":"x"}`))
	f.Add([]byte(`{"detail":"\u202e"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := parseProblem(body)
		if p.Code != "" && !isCode(p.Code) || shownLine(p.Detail) != p.Detail || len(p.Detail) > maxProblemDetail || strings.ContainsAny(p.Hint, "\n\x1b") {
			t.Errorf("%+v", p)
		}
	})
}
