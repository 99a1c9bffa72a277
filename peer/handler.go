package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// Defaults of Options.
const (
	DefaultMaxBody       = 512 << 20
	DefaultPatience      = 30 * time.Second
	DefaultMinRate       = 1 << 10
	DefaultMaxRequests   = 256
	DefaultMaxPerAddress = 64
	DefaultStrangerBurst = 20
	DefaultStrangerEvery = 3 * time.Second
	DefaultMaxStrangers  = 4096
)

// Options bound what callers can cost a node. A bound of zero means its default.
type Options struct {
	// Now is the clock, and required. Deadlines of connections run by the
	// system's: give time.Now, or a bubble's of testing/synctest.
	Now func() time.Time
	// Report gets what callers may not learn: the cause of a 500, panics
	// included. It is required, and called concurrently. The request is nil
	// where a connection failed before there was one.
	Report func(*http.Request, error)

	MaxBody  int64         // bytes of one request's body
	Patience time.Duration // how long a caller may neither send nor take anything
	MinRate  int64         // bytes a second below which a caller is given up, once it has used up its patience

	MaxRequests   int // requests at the same time
	MaxPerAddress int // of these, from one IPv4 address or one IPv6 /64

	// An address may send StrangerBurst requests that are refused as no
	// peer's, and one more for every StrangerEvery. MaxStrangers bounds how
	// many such addresses are remembered.
	StrangerBurst int
	StrangerEvery time.Duration
	MaxStrangers  int
}

func (o Options) filled() Options {
	if o.Now == nil || o.Report == nil {
		panic("peer: Options need Now and Report") // of the program, before anything is served
	}
	fill(&o.MaxBody, DefaultMaxBody)
	fill(&o.Patience, DefaultPatience)
	fill(&o.MinRate, DefaultMinRate)
	fill(&o.MaxRequests, DefaultMaxRequests)
	fill(&o.MaxPerAddress, DefaultMaxPerAddress)
	fill(&o.StrangerBurst, DefaultStrangerBurst)
	fill(&o.StrangerEvery, DefaultStrangerEvery)
	fill(&o.MaxStrangers, DefaultMaxStrangers)
	return o
}

func fill[T int | int64 | time.Duration](bound *T, standard T) {
	if *bound <= 0 {
		*bound = standard
	}
}

// Handler serves a node to its peers, over HTTPS: docs/protocol.md. It needs
// an http.Server's own ResponseWriter, or one that unwraps to it, because it
// moves the deadlines of connections; Server makes a fitting one.
func Handler(node Node, opts Options) http.Handler {
	h := newHandler(opts)
	h.strangers = newStrangers(h.StrangerEvery, h.StrangerBurst, h.MaxStrangers)
	h.node = node
	h.route = h.routeNode
	return h
}

// DepositaryHandler serves a depositary, over HTTPS: what is public of it, and
// deposits and their collection. It takes no envelopes for itself. It needs a
// ResponseWriter as Handler does.
func DepositaryHandler(depositary Depositary, opts Options) http.Handler {
	h := newHandler(opts)
	h.strangers = newStrangers(h.StrangerEvery, h.StrangerBurst, h.MaxStrangers)
	h.depositary = depositary
	h.route = h.routeDepositary
	return h
}

// TilesHandler serves what is public to everybody over plain HTTP: the ledger
// as C2SP tlog-tiles lays out, with /checkpoint and /tile/ at the root, and
// beside it mirrors, cards and successions.
func TilesHandler(public Public, opts Options) http.Handler {
	h := newHandler(opts)
	tiles := ledger.Handler(public.Ledger(), h.Report)
	paths := publicPaths{mirror: TilesMirrorPath, cards: TilesCardsPath, successions: TilesSuccessionsPath}
	h.route = func(w *response, r *http.Request, _ netip.Addr) {
		if !h.routePublic(w, r, public, paths) {
			tiles.ServeHTTP(w, r)
		}
	}
	return h
}

// Server is an http.Server for a handler of this package: it gives up on
// callers that are slow before their request reaches the handler. config is
// nil for plain HTTP. What goes wrong on connections goes to opts.Report.
func Server(handler http.Handler, config *tls.Config, opts Options) *http.Server {
	opts = opts.filled()
	return &http.Server{
		Handler:           handler,
		TLSConfig:         config,
		ReadHeaderTimeout: headerTimeout, // of the TLS handshake, too
		IdleTimeout:       serverIdle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(reportWriter(opts.Report), "", 0),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: opts.MaxPerAddress,
			SendPingTimeout:      opts.Patience,
			PingTimeout:          headerTimeout,
			WriteByteTimeout:     opts.Patience,
		},
	}
}

const (
	headerTimeout  = 10 * time.Second
	maxHeaderBytes = 16 << 10
	// serverIdle outlasts clientIdle, so that it is the client who closes: a
	// request on a connection that the server is just closing would fail.
	serverIdle = 120 * time.Second
)

// reportWriter turns the lines of a server's log into reports.
type reportWriter func(*http.Request, error)

// Write implements io.Writer.
func (report reportWriter) Write(line []byte) (int, error) {
	report(nil, errors.New(strings.TrimSpace(string(line))))
	return len(line), nil
}

type handler struct {
	Options
	node       Node
	depositary Depositary
	gate       *gate
	strangers  *strangers
	route      func(*response, *http.Request, netip.Addr)
}

func newHandler(opts Options) *handler {
	opts = opts.filled()
	return &handler{Options: opts, gate: newGate(opts.MaxRequests, opts.MaxPerAddress)}
}

func (h *handler) pacer() pacer {
	return pacer{now: h.Now, patience: h.Patience, rate: h.MinRate}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(plain http.ResponseWriter, r *http.Request) {
	w := &response{ResponseWriter: plain, control: http.NewResponseController(plain), pace: h.pacer()}
	defer h.survive(w, r)
	from := remote(r.RemoteAddr)
	switch h.gate.enter(from) {
	case fullForAddress:
		h.problem(w, r, problem{Status: http.StatusTooManyRequests, Code: CodeTooMany, retryAfter: time.Second,
			Detail: fmt.Sprintf("%d requests from your address are under way", h.MaxPerAddress), Hint: "send many envelopes in one request"})
		return
	case fullForAll:
		h.problem(w, r, problem{Status: http.StatusServiceUnavailable, Code: CodeBusy, retryAfter: busyFor,
			Detail: "as many requests are under way as this node serves at a time", Hint: "try again later"})
		return
	}
	defer h.gate.leave(from)
	h.route(w, r, from)
}

const busyFor = 5 * time.Second

// survive answers for a panic, and lets the caller see that an answer which
// had begun is not complete.
func (h *handler) survive(w *response, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	h.Report(r, fmt.Errorf("panic while serving %s: %v\n%s", r.URL.Path, cause, debug.Stack()))
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	clear(w.Header())
	h.problem(w, r, internal())
}

// routeNode knows every path in its one spelling: nothing is cleaned or
// redirected.
func (h *handler) routeNode(w *response, r *http.Request, from netip.Addr) {
	path := r.URL.Path
	if r.URL.RawPath != "" {
		h.notFound(w, r)
		return
	}
	if path == EnvelopesPath {
		if h.allow(w, r, http.MethodPost) {
			h.deliver(w, r, from)
		}
		return
	}
	h.routeKnown(w, r, h.node)
}

// routeDepositary knows the paths of a depositary.
func (h *handler) routeDepositary(w *response, r *http.Request, from netip.Addr) {
	if r.URL.RawPath != "" {
		h.notFound(w, r)
		return
	}
	switch r.URL.Path {
	case DepositsPath:
		if h.allow(w, r, http.MethodPost) {
			h.deposit(w, r, from)
		}
	case CollectPath:
		if h.allow(w, r, http.MethodPost) {
			h.collect(w, r, from)
		}
	default:
		h.routeKnown(w, r, h.depositary)
	}
}

// routeKnown serves what every node tells of itself.
func (h *handler) routeKnown(w *response, r *http.Request, node Known) {
	switch path := r.URL.Path; {
	case path == CardPath:
		if h.allow(w, r, http.MethodGet, http.MethodHead) {
			h.card(w, r, node)
		}
	case path == PulsePath:
		if h.allow(w, r, http.MethodGet, http.MethodHead) {
			h.pulse(w, r, node)
		}
	case strings.HasPrefix(path, LedgerPath):
		h.tiles(w, r, node.Ledger(), LedgerPath)
	case !h.routePublic(w, r, node, publicPaths{mirror: MirrorPath, cards: CardsPath, successions: SuccessionsPath}):
		h.notFound(w, r)
	}
}

// publicPaths is where the same things are at two addresses.
type publicPaths struct{ mirror, cards, successions string }

// routePublic serves mirrors, cards and successions, and says whether it knew
// the path.
func (h *handler) routePublic(w *response, r *http.Request, public Public, at publicPaths) bool {
	path := r.URL.Path
	if r.URL.RawPath != "" {
		return false
	}
	switch path {
	case at.cards:
		h.notes(w, r, "cards", public.Cards)
		return true
	case at.successions:
		h.notes(w, r, "successions", public.Successions)
		return true
	}
	rest, ok := strings.CutPrefix(path, at.mirror)
	if !ok {
		return false
	}
	origin, ok := originOf(rest)
	if !ok {
		return false
	}
	h.tiles(w, r, public.Mirror(origin), at.mirror+origin+"/")
	return true
}

// originOf takes a ledger's origin, a party, a slash and a label, from the
// front of a path that goes on.
func originOf(path string) (origin string, ok bool) {
	party, rest, _ := strings.Cut(path, "/")
	label, _, more := strings.Cut(rest, "/")
	origin = party + "/" + label
	return origin, more && checkOrigin(origin) == nil
}

// checkOrigin keeps anything but a party's ledger out of a path.
func checkOrigin(origin string) error {
	party, _, err := ledger.ParseOrigin(origin)
	if err != nil {
		return err
	}
	_, err = heed.ParsePartyID(party)
	return err
}

// notes answers with signed notes, each after its length.
func (h *handler) notes(w *response, r *http.Request, what string, read func(context.Context) ([][]byte, error)) {
	if !h.allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	all, err := read(r.Context())
	if err != nil {
		h.fail(w, r, fmt.Errorf("reading the own %s: %w", what, err))
		return
	}
	h.sent(r, write(w, http.StatusOK, MediaNotes, wire.JoinNotes(all)))
}

func (h *handler) tiles(w *response, r *http.Request, source ledger.Source, prefix string) {
	http.StripPrefix(prefix, ledger.Handler(source, h.Report)).ServeHTTP(w, r)
}

func (h *handler) card(w *response, r *http.Request, node Known) {
	note, err := node.CardNote(r.Context())
	if err != nil {
		h.fail(w, r, fmt.Errorf("reading the own card: %w", err))
		return
	}
	h.sent(r, write(w, http.StatusOK, "text/plain; charset=utf-8", note))
}

// allow answers for a method that the path does not have.
func (h *handler) allow(w *response, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	h.problem(w, r, problem{Status: http.StatusMethodNotAllowed, Code: CodeMethod, Detail: "this path is served to " + allowed})
	return false
}

func (h *handler) notFound(w *response, r *http.Request) {
	h.problem(w, r, problem{Status: http.StatusNotFound, Code: CodeNotFound, Detail: "nothing is served under this path"})
}

// fail answers for an error that the caller may not learn. Where the request
// was given up, by its caller or because the node stops, it is none.
func (h *handler) fail(w *response, r *http.Request, err error) {
	if r.Context().Err() != nil {
		h.problem(w, r, problem{Status: http.StatusServiceUnavailable, Code: CodeBusy, retryAfter: busyFor, Detail: "the request was given up"})
		return
	}
	h.Report(r, err)
	h.problem(w, r, internal())
}

func internal() problem {
	return problem{Status: http.StatusInternalServerError, Code: CodeInternal, Detail: "the node failed; its operator was told", Hint: "try again later"}
}

func (h *handler) problem(w *response, r *http.Request, p problem) { h.sent(r, p.writeTo(w)) }

// sent reports an answer that could not be sent, unless the caller went away
// or would not take it.
func (h *handler) sent(r *http.Request, err error) {
	if err == nil || r.Context().Err() != nil || isConnection(err) {
		return
	}
	h.Report(r, fmt.Errorf("answering: %w", err))
}
