package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
	"github.com/nicholas-fedor/shoutrrr/pkg/util/jsonclient"
)

// ChatConfig is what a [Chat] is made from.
type ChatConfig struct {
	Name string
	// URL names the service and holds its tokens, as shoutrrr spells it:
	// "mattermost://", "matrix://", "ntfy://" and so on. It is shown nowhere.
	URL string
	// Timeout bounds the wait for the service; see [DefaultTimeout].
	Timeout time.Duration
}

// Chat posts notices to a chat or push service.
//
// The services' clients take no context, so an attempt that outlasts its time
// is left to end by itself, and may still deliver. At most four such attempts
// of one channel exist; beyond them Send fails without trying.
type Chat struct {
	name    string
	service string
	url     secret
	timeout time.Duration
	slots   chan struct{}
}

const maxPending = 4

// errPending means that earlier attempts still wait for the service.
var errPending = errors.New("earlier notices still wait for the service")

// NewChat checks c, without a connection to anywhere, and makes the channel.
// Its error is a [*Setting].
func NewChat(c ChatConfig) (*Chat, error) {
	if err := checkName(c.Name); err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(c.Timeout)
	if err != nil {
		return nil, err
	}
	// What url.Parse says of a URL repeats it.
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme == "" {
		return nil, &Setting{"url", "must be a service's address, like mattermost://heed@chat.north.example/TOKEN"}
	}
	service, _, _ := strings.Cut(u.Scheme, "+")
	switch service {
	case "logger":
		return nil, &Setting{"url", "names the service logger, which tells nobody"}
	case "smtp":
		return nil, &Setting{"url", "names the service smtp; use a channel of type mail, which insists on TLS"}
	case "matrix":
		// Its set-up logs in, so that it can only be tried while sending.
		if password, given := u.User.Password(); u.Host == "" || !given || password == "" {
			return nil, &Setting{"url", "must be like matrix://:TOKEN@matrix.north.example/?rooms=!room:north.example"}
		}
	default:
		if _, err := locate(c.URL); err != nil {
			return nil, &Setting{"url", "is not accepted by the chat service's client: " + redact(err.Error(), c.URL)}
		}
	}
	return &Chat{name: c.Name, service: service, url: conceal(c.URL), timeout: timeout, slots: make(chan struct{}, maxPending)}, nil
}

// locate makes a service's client. The clients are many and by many hands: a
// panic in one must end neither a node's start nor its work.
func locate(address string) (service types.Service, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("the service's client failed: %v", problem)
		}
	}()
	return new(router.ServiceRouter).Locate(address)
}

// Name is the channel's configured name.
func (c *Chat) Name() string { return c.name }

// Send posts n's subject and text. A fault is final only if the service's
// client says by its type that the service answered with a 4xx other than 408
// and 429; most clients only say it in words, and words decide nothing.
func (c *Chat) Send(ctx context.Context, n Notice) error {
	if err := n.Check(); err != nil {
		return &Fault{Channel: c.name, Final: true, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if ctx.Err() != nil {
		return &Fault{Channel: c.name, Err: ctx.Err()}
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return &Fault{Channel: c.name, Err: fmt.Errorf("%s: %w", c.service, errPending)}
	}
	sent := make(chan error, 1)
	go func() {
		defer func() { <-c.slots }()
		sent <- c.deliver(n.Subject() + "\n\n" + n.Text())
	}()
	select {
	case err := <-sent:
		return c.verdict(err)
	case <-ctx.Done():
		return &Fault{Channel: c.name, Err: fmt.Errorf("%s does not answer: %w", c.service, ctx.Err())}
	}
}

// deliver makes a new client each time: none of them promises to be safe for
// concurrent use.
func (c *Chat) deliver(text string) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("the service's client failed: %v", problem)
		}
	}()
	service, err := locate(c.url.reveal())
	if err != nil {
		return err
	}
	return service.Send(text, &types.Params{})
}

func (c *Chat) verdict(err error) error {
	if err == nil {
		return nil
	}
	var answered jsonclient.Error
	final := errors.As(err, &answered) && answered.StatusCode >= 400 && answered.StatusCode <= 499 &&
		answered.StatusCode != http.StatusRequestTimeout && answered.StatusCode != http.StatusTooManyRequests
	// Not wrapped: the clients' errors hold addresses with tokens.
	return &Fault{Channel: c.name, Final: final, Err: fmt.Errorf("%s: %s", c.service, redact(err.Error(), c.url.reveal()))}
}

var addressForm = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"']+`)

// redact takes addresses, and every part of the configured one, out of a text.
func redact(text, address string) string {
	const mark = "[hidden]"
	text = addressForm.ReplaceAllString(text, mark)
	var parts []string
	add := func(values ...string) {
		for _, value := range values {
			if len(value) >= 4 {
				parts = append(parts, value, url.PathEscape(value), url.QueryEscape(value))
			}
		}
	}
	add(address)
	if u, err := url.Parse(address); err == nil {
		password, _ := u.User.Password()
		add(u.User.Username(), password, u.Host, u.Hostname(), u.Fragment, u.RawQuery, u.Path, u.Opaque)
		add(strings.Split(u.Path, "/")...)
		add(strings.FieldsFunc(u.Opaque, func(r rune) bool { return r == '/' || r == '@' || r == ':' })...)
		for _, values := range u.Query() {
			for _, value := range values {
				add(value)
				add(strings.Split(value, ",")...)
			}
		}
	}
	// The longest first, so that no tail of a token survives its head.
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, part := range parts {
		text = strings.ReplaceAll(text, part, mark)
	}
	return printable(text, 300)
}
