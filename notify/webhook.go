package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// WebhookConfig is what a [Webhook] is made from.
type WebhookConfig struct {
	Name string
	// URL receives the POST: http or https, without user name or fragment. Its
	// path may be a secret and is shown nowhere.
	URL string
	// Secret is "whsec_" and 24 to 64 bytes in base 64 (Standard Webhooks,
	// "Signature scheme").
	Secret string
	// Roots are the authorities to trust for https; nil means the system's.
	Roots *x509.CertPool
	// Timeout bounds a whole attempt; see [DefaultTimeout].
	Timeout time.Duration
}

// Webhook posts notices as JSON, signed as Standard Webhooks 1.0.0 has it:
// headers webhook-id, webhook-timestamp and webhook-signature (v1,
// HMAC-SHA256). The body is described in docs/notifications.md. It follows no
// redirect and uses no proxy.
type Webhook struct {
	name    string
	url     secret
	host    string // for errors
	signer  *standardwebhooks.Webhook
	client  *http.Client
	timeout time.Duration
}

const (
	secretPrefix  = "whsec_"
	maxExcerpt    = 200      // bytes of an error response that are read and shown
	maxHeaderRead = 16 << 10 // bytes of a response's header
)

// NewWebhook checks c and makes the channel. Its error is a [*Setting].
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	if err := checkName(c.Name); err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(c.Timeout)
	if err != nil {
		return nil, err
	}
	// What url.Parse says of a URL repeats it.
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &Setting{"url", "must be an address like https://hooks.north.example/heed"}
	}
	if u.User != nil || u.Fragment != "" {
		return nil, &Setting{"url", "must have neither a user name nor a fragment; the secret signs the request"}
	}
	encoded, prefixed := strings.CutPrefix(c.Secret, secretPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !prefixed || err != nil || strings.ContainsAny(encoded, "\r\n") || len(key) < 24 || len(key) > 64 {
		return nil, &Setting{"secret", "must be whsec_ followed by 24 to 64 random bytes in base 64; make one with: echo whsec_$(head -c 32 /dev/urandom | base64)"}
	}
	signer, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, &Setting{"secret", "is refused by the signing library"}
	}
	return &Webhook{
		name:    c.Name,
		url:     conceal(u.String()),
		host:    u.Scheme + "://" + u.Host,
		signer:  signer,
		timeout: timeout,
		client: &http.Client{
			// A redirect could carry the signed body to where nobody meant it to go.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				// Notices are rare: a connection each, so that none fails on a
				// connection that the other end has given up.
				DisableKeepAlives:      true,
				MaxResponseHeaderBytes: maxHeaderRead,
				TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
			},
		},
	}, nil
}

// Name is the channel's configured name.
func (w *Webhook) Name() string { return w.name }

// hook is the body. Its field names are a contract with receivers.
type hook struct {
	Type      string   `json:"type"`
	Timestamp string   `json:"timestamp"`
	Data      hookData `json:"data"`
}

type hookData struct {
	ID        string `json:"id"`
	Case      string `json:"case"`
	Party     string `json:"party"`
	Peer      string `json:"peer"`
	OneSided  bool   `json:"oneSided,omitempty"` // peer is a partner without heed, by the name on record
	Hit       bool   `json:"hit,omitempty"`      // case is a hit's code, and peer whose warning, or which list, it is of
	More      int    `json:"more,omitempty"`     // hits that wait beside that one, told of with it
	Kind      string `json:"kind"`
	Reply     string `json:"reply"`
	OwedBy    string `json:"owedBy"`
	Due       string `json:"due"`
	State     string `json:"state"`
	Level     int    `json:"level"`
	Role      string `json:"role"`
	Ring      string `json:"ring,omitempty"`
	Telephone string `json:"telephone,omitempty"`
	Exercise  bool   `json:"exercise"`
	News      string `json:"news,omitempty"` // what has come about; nobody owes a reply then
	Summary   string `json:"summary"`
}

func (n Notice) hook() hook {
	kind, reply := "owed_reply."+n.State, wordsOf(n.Duty).noun
	if n.News != "" {
		kind, reply = "news."+n.News, ""
	}
	return hook{
		Type:      kind,
		Timestamp: n.Now.UTC().Format(time.RFC3339),
		Data: hookData{
			ID: n.ID, Case: n.Case, Party: n.Party, Peer: n.Peer, OneSided: n.OneSided, Hit: n.Hit, More: n.More,
			Kind: n.Duty, Reply: reply, News: n.News,
			OwedBy: n.OwedBy, Due: n.Due.UTC().Format(time.RFC3339), State: n.State, Level: n.Level,
			Role: n.Role, Ring: n.Ring, Telephone: n.Telephone, Exercise: n.Exercise, Summary: n.Subject(),
		},
	}
}

// Send posts n. Any 2xx status is success, and no byte of its body is read. A
// redirect, and a 4xx other than 408 and 429, is final; anything else may pass
// later.
func (w *Webhook) Send(ctx context.Context, n Notice) error {
	if err := n.Check(); err != nil {
		return &Fault{Channel: w.name, Final: true, Err: err}
	}
	body, err := json.Marshal(n.hook())
	if err != nil {
		return &Fault{Channel: w.name, Final: true, Err: err}
	}
	signature, err := w.signer.Sign(n.ID, n.Now, body)
	if err != nil {
		return &Fault{Channel: w.name, Final: true, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.reveal(), bytes.NewReader(body))
	if err != nil {
		return &Fault{Channel: w.name, Final: true, Err: errors.New("the address cannot be used for a request")}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "heed")
	request.Header.Set(standardwebhooks.HeaderWebhookID, n.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(n.Now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	response, err := w.client.Do(request)
	if err != nil {
		return &Fault{Channel: w.name, Err: fmt.Errorf("%s does not answer: %w", w.host, withoutURL(err))}
	}
	defer response.Body.Close()
	return w.verdict(response)
}

func (w *Webhook) verdict(response *http.Response) error {
	status := response.StatusCode
	if status >= 200 && status <= 299 {
		return nil
	}
	if status >= 300 && status <= 399 {
		return &Fault{Channel: w.name, Final: true, Err: fmt.Errorf("%s answers %d: redirects are not followed; put the final address into the channel's url", w.host, status)}
	}
	// The excerpt only helps the reader; what of it cannot be read is left out.
	excerpt, _ := io.ReadAll(io.LimitReader(response.Body, maxExcerpt))
	final := status >= 400 && status <= 499 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
	return &Fault{Channel: w.name, Final: final, Err: fmt.Errorf("%s answers %d %q", w.host, status, printable(string(excerpt), maxExcerpt))}
}

// withoutURL drops the address that net/http puts into its errors: it may hold
// a token.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
