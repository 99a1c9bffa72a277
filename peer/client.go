package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// Defaults of ClientOptions, and time limits that nobody needs to change.
const (
	// DefaultMaxAnswer admits the largest envelope that there is: a restored
	// node gets a whole case back in one.
	DefaultMaxAnswer  = heed.LargestEnvelope + 1<<20
	DefaultAnswerTime = 60 * time.Second

	dialTimeout = 10 * time.Second
	// sendRate is what a request's body counts for in its time limit, in bytes
	// a second: a satellite telephone's line.
	sendRate   = 8 << 10
	clientIdle = 90 * time.Second
	pingAfter  = 15 * time.Second
	idleConns  = 4

	// maxRefusal is a refusal's text with its one signature line.
	maxRefusal = wire.MaxHeader + 1<<10
	// maxCard is a card's text with its two.
	maxCard = wire.MaxCard + 2<<10
	// maxSuccession is a statement's text with a node's signature line.
	maxSuccession = wire.MaxStatementText + 1<<10

	// maxNotes and maxNotesBytes bound what is read of a party's cards or
	// successions: far more than a party that renews its card every day makes in
	// ten years.
	maxNotes      = 4096
	maxNotesBytes = 32 << 20
)

// ClientOptions are a Client's. Zero values mean what they say or the default.
type ClientOptions struct {
	// Now is the clock, and required: pacing runs by it, and the dates of
	// ordinary certificates are compared with it.
	Now func() time.Time
	// Roots are the authorities for cards without a pin; nil: the system's.
	Roots *x509.CertPool
	// Proxy as in http.Transport; nil: none. The environment is not asked.
	Proxy func(*http.Request) (*url.URL, error)
	// Dial makes connections; nil: the system's network. A connection must be
	// made within 10 s.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	AnswerTime time.Duration // until an answer begins; a request's body adds its size at 8 KiB/s
	Patience   time.Duration // how long an answer that has begun may stall
	MinRate    int64         // bytes a second below which an answer is given up, once the patience is used up
	MaxAnswer  int64         // bytes of an answer to envelopes
}

// Client calls peers' nodes. It implements exchange.Courier, and is safe for
// concurrent use. Its errors are *Unreachable and *Rejected; one that wraps
// ledger.ErrNotFound, from Resource; and the context's, where that ended.
type Client struct {
	opts ClientOptions

	mu sync.Mutex
	// of has one transport for each pin, since the pin is part of its TLS
	// configuration; each keeps its connections by endpoint. There are as many
	// as people added cards.
	of map[heed.Digest]*http.Transport
}

var _ exchange.Courier = (*Client)(nil)

// NewClient makes a Client, which is to be closed.
func NewClient(opts ClientOptions) *Client {
	if opts.Now == nil {
		panic("peer: ClientOptions need Now") // of the program, before anything is sent
	}
	if opts.Dial == nil {
		opts.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	fill(&opts.AnswerTime, DefaultAnswerTime)
	fill(&opts.Patience, DefaultPatience)
	fill(&opts.MinRate, DefaultMinRate)
	fill(&opts.MaxAnswer, DefaultMaxAnswer)
	return &Client{opts: opts, of: map[heed.Digest]*http.Transport{}}
}

// Close closes the connections that are not in use. Call it when no request is
// under way any more.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.of {
		t.CloseIdleConnections()
	}
}

// Carry posts a stream of envelopes and returns what the peer's node answers:
// an envelope, or a bare signed refusal with whatever status. Neither has been
// verified.
func (c *Client) Carry(ctx context.Context, to heed.Card, envelopes []byte) (exchange.Reply, error) {
	var reply exchange.Reply
	err := c.call(ctx, to, request{method: http.MethodPost, path: EnvelopesPath, media: MediaEnvelopes, body: envelopes}, func(a *answer) error {
		var err error
		switch {
		case a.Status() == http.StatusOK && hasMedia(a.Header, MediaEnvelopes):
			reply.Envelope, err = a.read(c.opts.MaxAnswer)
		case a.Status() >= 400 && a.Status() < 500 && hasMedia(a.Header, MediaRefusal):
			reply.Refusal, err = a.read(maxRefusal)
		default:
			err = a.rejected()
		}
		return err
	})
	if err != nil {
		return exchange.Reply{}, err
	}
	return reply, nil
}

// Resource reads from a ledger at the peer's endpoint: its own present one, or
// what it holds under an origin. It never goes by the card's tiles address, which is
// for everybody else and without TLS. What is not there is ledger.ErrNotFound,
// and so is a path that no ledger has, ledger.ErrTile.
func (c *Client) Resource(ctx context.Context, at heed.Card, origin string, path string) ([]byte, error) {
	limit, err := ledger.MaxBytes(path)
	if err != nil {
		return nil, err
	}
	prefix := LedgerPath
	if origin != "" {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		prefix = MirrorPath + origin + "/"
	}
	var body []byte
	err = c.call(ctx, at, request{method: http.MethodGet, path: prefix + path}, func(a *answer) (err error) {
		switch a.Status() {
		case http.StatusOK:
			body, err = a.read(int64(limit))
			return err
		case http.StatusNotFound, http.StatusGone:
			return fmt.Errorf("%w: %w", ledger.ErrNotFound, a.rejected())
		default:
			return a.rejected()
		}
	})
	return body, err
}

// CurrentCard asks for the card that the peer has now: a signed note that has
// not been verified.
func (c *Client) CurrentCard(ctx context.Context, at heed.Card) ([]byte, error) {
	var note []byte
	err := c.call(ctx, at, request{method: http.MethodGet, path: CardPath}, func(a *answer) (err error) {
		if a.Status() != http.StatusOK {
			return a.rejected()
		}
		note, err = a.read(maxCard)
		return err
	})
	return note, err
}

// Cards asks for all cards of the peer, oldest first: signed notes that have
// not been verified.
func (c *Client) Cards(ctx context.Context, at heed.Card) ([][]byte, error) {
	return c.notes(ctx, at, CardsPath, maxCard)
}

// Successions asks for the peer's successions, oldest first: signed notes that
// have not been verified.
func (c *Client) Successions(ctx context.Context, at heed.Card) ([][]byte, error) {
	return c.notes(ctx, at, SuccessionsPath, maxSuccession)
}

func (c *Client) notes(ctx context.Context, at heed.Card, path string, limit int) ([][]byte, error) {
	var notes [][]byte
	err := c.call(ctx, at, request{method: http.MethodGet, path: path}, func(a *answer) error {
		if a.Status() != http.StatusOK || !hasMedia(a.Header, MediaNotes) {
			return a.rejected()
		}
		if a.ContentLength == 0 {
			return nil // there is none
		}
		body, err := a.read(maxNotesBytes)
		if err != nil {
			return err
		}
		if notes, err = wire.SplitNotes(body, maxNotes, limit); err != nil {
			return a.bad(err.Error())
		}
		return nil
	})
	return notes, err
}

type request struct {
	method, path string
	media        string // of the body
	body         []byte
}

// call sends a request and gives the answer to read, within the time limits.
func (c *Client) call(ctx context.Context, to heed.Card, q request, read func(*answer) error) error {
	endpoint, err := url.Parse(to.Endpoint)
	if err != nil || endpoint.Scheme != "https" || endpoint.Host == "" {
		return &heed.Invalid{What: fmt.Sprintf("card of %s: %q is not an endpoint", to.Party, shownLine(to.Endpoint)), Hint: "like https://host:port"}
	}
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(c.opts.AnswerTime+time.Duration(len(q.body))*time.Second/sendRate, func() { cancel(errSlow) })
	defer watch.Stop()
	r, err := http.NewRequestWithContext(limited, q.method, to.Endpoint+q.path, bytes.NewReader(q.body))
	if err != nil {
		return fmt.Errorf("calling %s: %w", to.Party, err)
	}
	if q.method == http.MethodPost {
		r.Header.Set("Content-Type", q.media)
	}
	r.Header.Set("User-Agent", "") // nobody's business
	// The transport itself, and no http.Client: it follows no redirect and
	// keeps no cookie.
	response, err := c.transport(to.Pin).RoundTrip(r)
	if err != nil {
		return lost(ctx, limited, to, err)
	}
	watch.Stop()
	a := &answer{Response: response, to: to, watch: watch, pace: pacer{now: c.opts.Now, patience: c.opts.Patience, rate: c.opts.MinRate}}
	err = read(a)
	if closing := response.Body.Close(); closing != nil && err == nil {
		a.err = closing
	}
	if a.err != nil {
		return lost(ctx, limited, to, a.err)
	}
	return err
}

// lost says why there was no whole answer: the caller's context, our limit of
// it, or the network.
func lost(ctx, limited context.Context, to heed.Card, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("calling %s: %w", to.Party, context.Cause(ctx))
	}
	if cause := context.Cause(limited); cause != nil {
		err = cause
	}
	return &Unreachable{Party: to.Party, Endpoint: to.Endpoint, Err: err}
}

func (c *Client) transport(pin heed.Digest) *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.of[pin]; ok {
		return t
	}
	t := &http.Transport{
		Proxy:                  c.opts.Proxy,
		DialContext:            c.dial,
		TLSClientConfig:        c.tls(pin),
		TLSHandshakeTimeout:    dialTimeout,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        clientIdle,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true, // which own TLS settings turn off
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter, WriteByteTimeout: c.opts.Patience},
	}
	c.of[pin] = t
	return t
}

func (c *Client) tls(pin heed.Digest) *tls.Config {
	if pin.IsZero() {
		return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: c.opts.Roots, Time: c.opts.Now}
	}
	return seal.PinnedTLS(pin)
}

func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return c.opts.Dial(ctx, network, address)
}
