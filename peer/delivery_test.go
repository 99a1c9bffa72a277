package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
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
	"heed/seal"
	"heed/wire"
)

func TestDelivery(t *testing.T) {
	var said reports
	defer said.none(t)
	node := &fakeNode{mirrors: map[string]ledger.Source{"west.example/v1-2": fakeLog("west's checkpoint")}}
	var protocols sync.Map
	id := identity(t, time.Now())
	opts := options(&said)
	handler := Handler(node, opts)
	address := serve(t, Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols.Store(r.Proto, true)
		handler.ServeHTTP(w, r)
	}), id.ServerTLS(), opts))
	card := heed.Card{Party: "south.example", Endpoint: "https://" + address, Pin: id.Pin()}
	c := client(t, ClientOptions{})

	stream := append(envelope(t, 1, 10), envelope(t, 2, 3<<20)...)
	reply, err := c.Carry(t.Context(), card, stream)
	if err != nil || string(reply.Envelope) != "2 envelopes" || reply.Refusal != nil {
		t.Errorf("Carry: %q, %v", reply, err)
	}
	if note, err := c.CurrentCard(t.Context(), card); err != nil || string(note) != "card of south" {
		t.Errorf("CurrentCard: %q, %v", note, err)
	}
	for _, want := range []struct {
		of   string
		path string
		body string
	}{
		{"", "checkpoint", "south's checkpoint"},
		{"", "tile/entries/000.p/1", "\x00\x40" + strings.Repeat("\x07", 64)},
		{"west.example/v1-2", "checkpoint", "west's checkpoint"},
	} {
		if body, err := c.Resource(t.Context(), card, want.of, want.path); err != nil || string(body) != want.body {
			t.Errorf("Resource %q %s: %q, %v", want.of, want.path, body, err)
		}
	}
	for _, missing := range []struct {
		of   string
		path string
	}{{"", "tile/0/007"}, {"east.example/v1", "checkpoint"}, {"west.example/v1", "checkpoint"}} {
		var rejected *Rejected
		_, err := c.Resource(t.Context(), card, missing.of, missing.path)
		if !errors.Is(err, ledger.ErrNotFound) || !errors.As(err, &rejected) || rejected.Status != 404 {
			t.Errorf("Resource %q %s: %v", missing.of, missing.path, err)
		}
	}
	if _, err := c.Resource(t.Context(), card, "", "../heed/v1/card"); !errors.Is(err, ledger.ErrTile) {
		t.Errorf("a path that no ledger has: %v", err)
	}
	for _, origin := range []string{"West/../x", "west.example", "west.example/v2", "West.example/v1", "west.example/v1/x", "west.example/v1-1"} {
		if _, err := c.Resource(t.Context(), card, origin, "checkpoint"); err == nil {
			t.Errorf("a mirror of %q, which is no ledger", origin)
		}
	}
	if notes, err := c.Cards(t.Context(), card); err != nil || len(notes) != 2 || string(notes[1]) != "card of south" {
		t.Errorf("Cards: %q, %v", notes, err)
	}
	if notes, err := c.Successions(t.Context(), card); err != nil || notes != nil {
		t.Errorf("Successions, of which there are none: %q, %v", notes, err)
	}
	node.handed = [][]byte{[]byte("from v1 to v1-2")}
	if notes, err := c.Successions(t.Context(), card); err != nil || len(notes) != 1 || string(notes[0]) != "from v1 to v1-2" {
		t.Errorf("Successions: %q, %v", notes, err)
	}
	protocols.Range(func(proto, _ any) bool {
		if proto != "HTTP/2.0" {
			t.Errorf("spoken: %v", proto)
		}
		return true
	})
}

func TestDeliveryOverHTTP1(t *testing.T) {
	var said reports
	defer said.none(t)
	id := identity(t, time.Now())
	opts := options(&said)
	server := Server(Handler(&fakeNode{}, opts), id.ServerTLS(), opts)
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	card := heed.Card{Party: "south.example", Endpoint: "https://" + serve(t, server), Pin: id.Pin()}
	c := client(t, ClientOptions{})
	for range 3 { // on one connection, whose deadlines must have been cleared
		if reply, err := c.Carry(t.Context(), card, envelope(t, 1, 1<<20)); err != nil || string(reply.Envelope) != "1 envelopes" {
			t.Fatalf("%q, %v", reply, err)
		}
	}
}

func TestRefusalsReachTheSender(t *testing.T) {
	for _, code := range heed.EnvelopeRefusals() {
		t.Run(string(code), func(t *testing.T) {
			note := refusal(t, code, 1500*time.Millisecond)
			node := &fakeNode{receive: func(_ context.Context, in io.Reader) (exchange.Reply, error) {
				_, err := wire.ReadHeader(in)
				return exchange.Reply{Refusal: note}, err
			}}
			var said reports
			w := post(Handler(node, options(&said)), "192.0.2.1:1", envelope(t, 1, 10))
			if w.Code < 400 || w.Code > 499 || w.Header().Get("Content-Type") != MediaRefusal || !bytes.Equal(w.Body.Bytes(), note) || w.Header().Get("Retry-After") != "2" {
				t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
			}
			said.none(t)
		})
	}
}

// A refusal comes back although most of a large body was never read, over
// either version of HTTP.
func TestRefusalBeforeTheBodyWasSent(t *testing.T) {
	note := refusal(t, heed.UnknownSender, 0)
	node := &fakeNode{receive: func(_ context.Context, in io.Reader) (exchange.Reply, error) {
		_, err := wire.ReadHeader(in)
		return exchange.Reply{Refusal: note}, err
	}}
	large := append(envelope(t, 1, 10), make([]byte, 24<<20)...)
	for _, http2 := range []bool{false, true} {
		var said reports
		opts := options(&said)
		id := identity(t, time.Now())
		server := Server(Handler(node, opts), id.ServerTLS(), opts)
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetHTTP2(http2)
		card := heed.Card{Party: "south.example", Endpoint: "https://" + serve(t, server), Pin: id.Pin()}
		c := client(t, ClientOptions{})
		for i := range 5 {
			reply, err := c.Carry(t.Context(), card, large)
			if err != nil || !bytes.Equal(reply.Refusal, note) {
				t.Errorf("HTTP/2 %v, attempt %d: %v", http2, i, err)
			}
		}
		said.none(t)
	}
}

func TestPins(t *testing.T) {
	var said reports
	var calls atomic.Int32
	node := &fakeNode{card: func(context.Context) ([]byte, error) { calls.Add(1); return []byte("card"), nil }}
	opts := options(&said)
	handler := Handler(node, opts)
	c := client(t, ClientOptions{})

	t.Run("expired, but pinned", func(t *testing.T) {
		id := identity(t, time.Now().AddDate(-20, 0, 0))
		card := heed.Card{Party: "south.example", Endpoint: "https://" + serve(t, Server(handler, id.ServerTLS(), opts)), Pin: id.Pin()}
		if _, err := c.CurrentCard(t.Context(), card); err != nil {
			t.Error(err)
		}
	})
	t.Run("another key", func(t *testing.T) {
		calls.Store(0)
		card := south(t, node, opts)
		card.Pin = identity(t, time.Now()).Pin()
		_, err := c.CurrentCard(t.Context(), card)
		var unreachable *Unreachable
		if !errors.As(err, &unreachable) || !errors.Is(err, seal.ErrPin) || unreachable.Party != "south.example" {
			t.Errorf("error: %v", err)
		}
		if calls.Load() != 0 {
			t.Error("the request was sent to somebody else")
		}
	})
	t.Run("connections are not shared between pins", func(t *testing.T) {
		card := south(t, node, opts)
		if _, err := c.CurrentCard(t.Context(), card); err != nil {
			t.Fatal(err)
		}
		card.Pin = heed.Digest{1}
		if _, err := c.CurrentCard(t.Context(), card); !errors.Is(err, seal.ErrPin) {
			t.Errorf("another pin on an open connection: %v", err)
		}
	})
	t.Run("TLS 1.2", func(t *testing.T) {
		id := identity(t, time.Now())
		config := id.ServerTLS()
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		card := heed.Card{Party: "south.example", Endpoint: "https://" + serve(t, Server(handler, config, opts)), Pin: id.Pin()}
		if _, err := c.CurrentCard(t.Context(), card); err == nil {
			t.Error("an old version was spoken")
		}
	})
}

func TestOrdinaryCertificate(t *testing.T) {
	var said reports
	opts := options(&said)
	// httptest has a certificate for 127.0.0.1 and example.com with its authority.
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	certificate, root := borrowed.TLS.Certificates[0], borrowed.Certificate()
	borrowed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(root)
	address := serve(t, Server(Handler(&fakeNode{}, opts), tlsConfig(certificate), opts))
	card := heed.Card{Party: "south.example", Endpoint: "https://" + address}

	if _, err := client(t, ClientOptions{Roots: roots}).CurrentCard(t.Context(), card); err != nil {
		t.Errorf("known authority: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := client(t, ClientOptions{Roots: x509.NewCertPool()}).CurrentCard(t.Context(), card); !errors.As(err, &unknown) {
		t.Errorf("unknown authority: %v", err)
	}
	_, port, _ := strings.Cut(address, ":")
	card.Endpoint = "https://localhost:" + port
	var name x509.HostnameError
	if _, err := client(t, ClientOptions{Roots: roots}).CurrentCard(t.Context(), card); !errors.As(err, &name) {
		t.Errorf("another host name: %v", err)
	}
	card.Endpoint = "https://" + address
	late := NewClient(ClientOptions{Roots: roots, Now: func() time.Time { return root.NotAfter.Add(time.Hour) }})
	defer late.Close()
	var invalid x509.CertificateInvalidError
	if _, err := late.CurrentCard(t.Context(), card); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("expired: %v", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var said reports
	var from sync.Map
	card := stub(t, func(w http.ResponseWriter, r *http.Request) {
		from.Store(r.RemoteAddr, true)
		fmt.Fprint(w, "card")
	})
	c := client(t, ClientOptions{})
	for range 5 {
		if _, err := c.CurrentCard(t.Context(), card); err != nil {
			t.Fatal(err)
		}
	}
	connections := 0
	from.Range(func(any, any) bool { connections++; return true })
	if connections != 1 {
		t.Errorf("%d connections", connections)
	}
	said.none(t)
}

func TestUnreachable(t *testing.T) {
	refusedConnection := errors.New("connection refused, for the test")
	c := client(t, ClientOptions{Dial: failing(refusedConnection)})
	card := heed.Card{Party: "south.example", Endpoint: "https://127.0.0.1:1", Pin: heed.Digest{1}}
	_, err := c.Carry(t.Context(), card, []byte("x"))
	var unreachable *Unreachable
	if !errors.As(err, &unreachable) || !errors.Is(err, refusedConnection) || !strings.Contains(err.Error(), "south.example cannot be reached at https://127.0.0.1:1") {
		t.Errorf("error: %v", err)
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", "https://", "\x1b[2J", ""} {
		card.Endpoint = endpoint
		var invalid *heed.Invalid
		if _, err := c.CurrentCard(t.Context(), card); !errors.As(err, &invalid) {
			t.Errorf("endpoint %q: %v", endpoint, err)
		}
	}
}

func TestProxyFromTheEnvironmentIsNotUsed(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	var dialled atomic.Value
	c := client(t, ClientOptions{Dial: recording(&dialled)})
	card := heed.Card{Party: "south.example", Endpoint: "https://192.0.2.7:8443", Pin: heed.Digest{1}}
	if _, err := c.CurrentCard(t.Context(), card); err == nil {
		t.Fatal("an answer from nowhere")
	}
	if dialled.Load() != "192.0.2.7:8443" {
		t.Errorf("dialled %v", dialled.Load())
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	target := stub(t, func(w http.ResponseWriter, _ *http.Request) { elsewhere.Add(1) })
	card := stub(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.Endpoint+r.URL.Path, http.StatusTemporaryRedirect)
	})
	c := client(t, ClientOptions{})
	_, first := c.Carry(t.Context(), card, []byte("x"))
	_, second := c.CurrentCard(t.Context(), card)
	_, third := c.Resource(t.Context(), card, "", "checkpoint")
	for _, err := range []error{first, second, third} {
		var rejected *Rejected
		if !errors.As(err, &rejected) || rejected.Status != 307 || rejected.Code != CodeBadAnswer {
			t.Errorf("error: %v", err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestHostileAnswers(t *testing.T) {
	endless := func(media string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			chunk := bytes.Repeat([]byte("x"), 32<<10)
			for {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}
	}
	say := func(media string, status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	announced := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", MediaEnvelopes)
		w.Header().Set("Content-Length", "1000000000000")
		_, _ = io.WriteString(w, "x")
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", MediaEnvelopes)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "x")
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   Rejected // no status: Unreachable
	}{
		{"endless envelope", endless(MediaEnvelopes, 200), Rejected{Status: 200, Code: CodeBadAnswer}},
		{"endless refusal", endless(MediaRefusal, 403), Rejected{Status: 403, Code: CodeBadAnswer}},
		{"endless problem", endless(MediaProblem, 500), Rejected{Status: 500}},
		{"endless page", endless("text/html", 502), Rejected{Status: 502}},
		{"terabyte announced", announced, Rejected{Status: 200, Code: CodeBadAnswer}},
		{"cut short", cut, Rejected{}},
		{"empty", say(MediaEnvelopes, 200, ""), Rejected{Status: 200, Code: CodeBadAnswer}},
		{"empty refusal", say(MediaRefusal, 400, ""), Rejected{Status: 400, Code: CodeBadAnswer}},
		{"page", say("text/html", 200, "<h1>Sign in to the hotel's network</h1>"), Rejected{Status: 200, Code: CodeBadAnswer}},
		{"no media type", say("", 200, "x"), Rejected{Status: 200, Code: CodeBadAnswer}},
		{"refusal as success", say(MediaRefusal, 200, "x"), Rejected{Status: 200, Code: CodeBadAnswer}},
		{"refusal as failure", say(MediaRefusal, 500, "x"), Rejected{Status: 500}},
		{"nothing", say("", 204, ""), Rejected{Status: 204, Code: CodeBadAnswer}},
		{"problem", say(MediaProblem, 403, `{"code":"unknown-sender","detail":"a\u001b[2J\u202eb\nc","hint":"call","more":[1]}`),
			Rejected{Status: 403, Code: "unknown-sender", Detail: "a [2J b c", Hint: "call"}},
		{"problem with a false code", say(MediaProblem, 403, `{"code":"Unknown Sender\u0007","detail":"d"}`), Rejected{Status: 403, Detail: "d"}},
		{"problem that is none", say(MediaProblem, 403, `[`), Rejected{Status: 403}},
		{"long problem", say(MediaProblem, 403, `{"code":"x","detail":"`+strings.Repeat("ä", 400)+`"}`),
			Rejected{Status: 403, Code: "x", Detail: strings.Repeat("ä", 150)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			card := stub(t, test.answer)
			_, err := client(t, ClientOptions{MaxAnswer: 1 << 20}).Carry(t.Context(), card, []byte("x"))
			var rejected *Rejected
			var unreachable *Unreachable
			switch {
			case test.want.Status == 0:
				if !errors.As(err, &unreachable) {
					t.Errorf("error: %v", err)
				}
			case !errors.As(err, &rejected):
				t.Errorf("error: %v", err)
			case rejected.Status != test.want.Status || rejected.Code != test.want.Code:
				t.Errorf("error: %v", err)
			case test.want.Code != CodeBadAnswer && (rejected.Detail != test.want.Detail || rejected.Hint != test.want.Hint):
				t.Errorf("error: %v", err)
			}
		})
	}
	t.Run("card", func(t *testing.T) {
		_, err := client(t, ClientOptions{}).CurrentCard(t.Context(), stub(t, endless("text/plain", 200)))
		var rejected *Rejected
		if !errors.As(err, &rejected) || rejected.Code != CodeBadAnswer {
			t.Errorf("error: %v", err)
		}
	})
	t.Run("tile", func(t *testing.T) {
		_, err := client(t, ClientOptions{}).Resource(t.Context(), stub(t, endless("application/octet-stream", 200)), "", "tile/0/000")
		var rejected *Rejected
		if !errors.As(err, &rejected) || rejected.Code != CodeBadAnswer || errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("error: %v", err)
		}
	})
}

func TestRejected(t *testing.T) {
	var said reports
	opts := options(&said)
	opts.MaxBody = 1000
	card := south(t, &fakeNode{}, opts)
	c := client(t, ClientOptions{})
	_, err := c.Carry(t.Context(), card, make([]byte, 1001))
	var rejected *Rejected
	if !errors.As(err, &rejected) || rejected.Status != 413 || rejected.Code != CodeBodyTooLarge || rejected.Passing() {
		t.Fatalf("error: %v", err)
	}
	if want := "south.example at " + card.Endpoint + " answered 413 body-too-large: one request may bring 1000 bytes (send fewer envelopes in one request)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	for status, want := range map[int]bool{400: false, 403: false, 404: false, 408: true, 409: false, 425: true, 429: true, 500: true, 503: true, 200: false} {
		if got := (&Rejected{Status: status}).Passing(); got != want {
			t.Errorf("%d: passing %v", status, got)
		}
	}
	if !(&Rejected{Status: 400, Code: CodeCutShort}).Passing() {
		t.Error("cut short is final")
	}
	if got := (&Rejected{Party: "south.example", Endpoint: "https://x", Status: 502}).Error(); got != "south.example at https://x answered 502 Bad Gateway" {
		t.Errorf("%q", got)
	}
}

func TestCancelledContexts(t *testing.T) {
	var said reports
	defer said.none(t)
	received, ended := make(chan struct{}), make(chan error, 1)
	node := &fakeNode{receive: func(ctx context.Context, in io.Reader) (exchange.Reply, error) {
		if _, err := readAll(in); err != nil {
			return exchange.Reply{}, err
		}
		close(received)
		<-ctx.Done()
		ended <- ctx.Err()
		return exchange.Reply{}, ctx.Err()
	}}
	card := south(t, node, options(&said))
	c := client(t, ClientOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-received; cancel() }()
	_, err := c.Carry(ctx, card, envelope(t, 1, 10))
	var unreachable *Unreachable
	if !errors.Is(err, context.Canceled) || errors.As(err, &unreachable) {
		t.Errorf("error: %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the node was told %v", err)
	}
	if _, err := c.CurrentCard(ctx, card); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	// Cancelled while the answer comes.
	begun := make(chan struct{})
	stalled := stub(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", MediaEnvelopes)
		w.WriteHeader(200)
		if err := http.NewResponseController(w).Flush(); err == nil {
			close(begun)
		}
		<-r.Context().Done()
	})
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go func() { <-begun; cancel() }()
	if _, err := c.Carry(ctx, stalled, []byte("x")); !errors.Is(err, context.Canceled) || errors.As(err, &unreachable) {
		t.Errorf("cancelled during the answer: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	var said reports
	defer said.none(t)
	card := south(t, &fakeNode{}, options(&said))
	c := client(t, ClientOptions{})
	stream := envelope(t, 1, 1000)
	var group sync.WaitGroup
	for range DefaultMaxPerAddress {
		group.Go(func() {
			for range 4 {
				if reply, err := c.Carry(t.Context(), card, stream); err != nil || string(reply.Envelope) != "1 envelopes" {
					t.Errorf("%q, %v", reply, err)
				}
			}
		})
	}
	group.Wait()
}

func TestTilesHandler(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	node := &fakeNode{mirrors: map[string]ledger.Source{"west.example/v1": fakeLog("west's checkpoint")}}
	address := serve(t, Server(TilesHandler(node, opts), nil, opts))
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	fetch := ledger.FetchHTTP(plain, "http://"+address)
	if body, err := fetch(t.Context(), "checkpoint"); err != nil || string(body) != "south's checkpoint" {
		t.Errorf("checkpoint: %q, %v", body, err)
	}
	if _, err := fetch(t.Context(), "tile/0/000.p/1"); err != nil {
		t.Errorf("tile: %v", err)
	}
	if _, err := fetch(t.Context(), "tile/0/001"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("missing tile: %v", err)
	}
	if body, err := fetch(t.Context(), "mirror/west.example/v1/checkpoint"); err == nil {
		t.Errorf("a path that no ledger has: %q", body)
	}
	mirror := ledger.FetchHTTP(plain, "http://"+address+"/mirror/west.example/v1")
	if body, err := mirror(t.Context(), "checkpoint"); err != nil || string(body) != "west's checkpoint" {
		t.Errorf("mirror: %q, %v", body, err)
	}
	if _, err := mirror(t.Context(), "tile/0/000.p/1"); err != nil {
		t.Errorf("tile of a mirror: %v", err)
	}
	for path, want := range map[string]string{
		TilesCardsPath:       "\x00\x00\x00\x13first card of south\x00\x00\x00\x0dcard of south",
		TilesSuccessionsPath: "",
	} {
		response, err := plain.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != MediaNotes || string(body) != want {
			t.Errorf("%s: %d %q, %v", path, response.StatusCode, body, err)
		}
	}
	response, err := plain.Get("http://" + address + CardPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 404 || response.Header.Get("Server") != "" {
		t.Errorf("the card on the public listener: %d %v", response.StatusCode, response.Header)
	}
}
