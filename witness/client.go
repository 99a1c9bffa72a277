package witness

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// Client asks witnesses, ours and others, over HTTP. It implements
// exchange.Cosigner; how long an answer may take is its caller's to say. It
// follows no redirect, uses no proxy, and reads no more than an answer can have.
type Client struct{ http *http.Client }

var _ exchange.Cosigner = (*Client)(nil)

// NewClient makes a client. dial makes connections; nil: the system's network.
func NewClient(dial func(ctx context.Context, network, address string) (net.Conn, error)) *Client {
	const connectTime = 10 * time.Second
	if dial == nil {
		dial = (&net.Dialer{Timeout: connectTime}).DialContext
	}
	return &Client{&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dial, TLSHandshakeTimeout: connectTime, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
			DisableCompression: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
	}}
}

// Close closes the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// AddCheckpoint implements exchange.Cosigner.
func (c *Client) AddCheckpoint(ctx context.Context, url string, body []byte) (status int, answer []byte, err error) {
	return c.call(ctx, http.MethodPost, url, AddPath, body, ledger.MaxCheckpointBytes)
}

// Describe implements exchange.Cosigner.
func (c *Client) Describe(ctx context.Context, url string) (exchange.WitnessDescription, error) {
	status, answer, err := c.call(ctx, http.MethodGet, url, DescribePath, nil, MaxDescription)
	switch {
	case err != nil:
		return exchange.WitnessDescription{}, err
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return exchange.WitnessDescription{}, fmt.Errorf("%s does not say who it is: %w", url, exchange.ErrNotFound)
	case status != http.StatusOK:
		return exchange.WitnessDescription{}, fmt.Errorf("%s answered %d %s", url, status, http.StatusText(status))
	}
	return ParseDescription(answer)
}

// Resource implements exchange.Cosigner.
func (c *Client) Resource(ctx context.Context, url, origin, path string) ([]byte, error) {
	if _, _, err := ledger.ParseOrigin(origin); err != nil {
		return nil, err
	}
	data, err := ledger.FetchHTTP(c.http, url+LogsPath+origin)(ctx, path)
	return data, unanswered(url, err)
}

// Cards implements exchange.Cosigner.
func (c *Client) Cards(ctx context.Context, url string, of heed.PartyID, after uint64) ([]byte, error) {
	return c.shown(ctx, url, of, CardsPath+string(of)+"/"+strconv.FormatUint(after, 10))
}

// Successions implements exchange.Cosigner.
func (c *Client) Successions(ctx context.Context, url string, of heed.PartyID) ([]byte, error) {
	return c.shown(ctx, url, of, SuccessionsPath+string(of))
}

func (c *Client) shown(ctx context.Context, url string, of heed.PartyID, path string) ([]byte, error) {
	if _, err := heed.ParsePartyID(string(of)); err != nil {
		return nil, err // it becomes a part of the path
	}
	status, answer, err := c.call(ctx, http.MethodGet, url, path, nil, exchange.MaxShown)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return nil, fmt.Errorf("%s does not know the cards of %s: %w", url, of, exchange.ErrNotFound)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%s answered %d %s", url, status, http.StatusText(status))
	}
	return answer, nil
}

// Tiles reads a log below a prefix: for the tiles address of a card.
func (c *Client) Tiles(prefix string) ledger.Fetch { return ledger.FetchHTTP(c.http, prefix) }

var errLong = errors.New("the answer is longer than one can be")

func (c *Client) call(ctx context.Context, method, url, path string, body []byte, most int64) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	r.Header.Set("User-Agent", "") // nobody's business
	response, err := c.http.Do(r)
	if err != nil {
		return 0, nil, unanswered(url, err)
	}
	answer, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	if closing := response.Body.Close(); err == nil {
		err = closing
	}
	if err == nil && int64(len(answer)) > most {
		err = fmt.Errorf("%s: %w", url, errLong)
	}
	return response.StatusCode, answer, unanswered(url, err)
}

// unanswered puts into people's words why there was no answer from an address.
// Errors of other kinds, and of a caller that has given up, stay as they are.
func unanswered(address string, err error) error {
	var request *url.Error
	var socket *net.OpError
	var patience net.Error
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err == nil || errors.Is(err, context.Canceled) || !cut && !errors.As(err, &request) && !errors.As(err, &socket) {
		return err
	}
	var name *net.DNSError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	what := ""
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		what = fmt.Sprintf("there is no machine of the name %s", name.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		what = fmt.Sprintf("nothing answers at %s", address)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &patience) && patience.Timeout():
		what = fmt.Sprintf("%s did not answer in time", address)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		what = fmt.Sprintf("there is no way from this machine to %s", address)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		what = fmt.Sprintf("%s speaks no TLS; is it an address with http://?", address)
	case errors.As(err, &certificate):
		what = fmt.Sprintf("%s does not show a certificate that this machine believes: %v", address, certificate.Err)
	case cut, errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		what = fmt.Sprintf("%s broke off in the middle", address)
	case request != nil:
		what = fmt.Sprintf("%s cannot be asked: %v", address, request.Err)
	default:
		what = fmt.Sprintf("%s cannot be asked: %v", address, err)
	}
	return &exchange.Unreachable{What: what, Err: err}
}
