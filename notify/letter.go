package notify

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

// Letter is a mail to a partner that runs no heed. It is no notice: it goes
// outside the organisation, and what it says is for whoever writes it to decide.
type Letter struct {
	// ID is the same each time that this letter is sent, and no other letter's: it
	// becomes the Message-ID. 1 to 100 letters, digits, '-' and '_'.
	ID      string
	To      string // one bare address
	Subject string // one line of at most 200 bytes
	Text    string // at most 256 KiB
	HTML    []byte // the same matter as a page; empty: none
	Now     time.Time
}

const maxLetter = 256 << 10

// Check refuses what no mail may carry. The error wraps [ErrNotice].
func (l Letter) Check() error {
	refuse := func(field, why string) error { return fmt.Errorf("%w: letter: %s %s", ErrNotice, field, why) }
	switch {
	case !idForm.MatchString(l.ID):
		return refuse("id", "must have 1 to 100 letters, digits, hyphens and underscores")
	case l.Subject == "" || len(l.Subject) > 200 || !utf8.ValidString(l.Subject) || strings.ContainsFunc(l.Subject, unprintable):
		return refuse("subject", "must be one line of at most 200 bytes")
	case l.Text == "" || len(l.Text) > maxLetter || len(l.HTML) > 2*maxLetter || !utf8.ValidString(l.Text) || !utf8.Valid(l.HTML):
		return refuse("text", "must be valid UTF-8 of at most 256 KiB")
	case !writable(l.Now):
		return refuse("now", "must be set to a time of the years 1970 to 9998")
	}
	return address(l.To)
}

// SendLetter hands a letter to the mail server and returns nil once that has
// accepted it. Replies go to the sender's address. Errors are as [Mail.Send]'s.
func (m *Mail) SendLetter(ctx context.Context, l Letter) error {
	if err := l.Check(); err != nil {
		return &Fault{Channel: m.name, Final: true, Err: err}
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	from := m.from
	message.FromMailAddress(&from)
	message.ToMailAddress(&netmail.Address{Address: l.To})
	message.Subject(l.Subject)
	message.SetDateWithValue(l.Now.UTC())
	message.SetMessageIDWithValue(l.ID + "@" + m.domain)
	message.SetBodyString(mail.TypeTextPlain, l.Text)
	if len(l.HTML) > 0 {
		message.AddAlternativeString(mail.TypeTextHTML, string(l.HTML))
	}
	return m.deliver(ctx, message)
}

// Mailer is the first mail channel of the routes, by which letters go; false
// where there is none.
func (routes Routes) Mailer() (*Mail, bool) {
	for _, route := range routes {
		if m, ok := route.Channel.(*Mail); ok {
			return m, true
		}
	}
	return nil, false
}

// deliver has one message accepted by the mail server.
func (m *Mail) deliver(ctx context.Context, message *mail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	line := &line{}
	defer line.close()
	client, err := m.client(ctx, line)
	if err != nil {
		return &Fault{Channel: m.name, Err: err}
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		// Accepted is accepted: what goes wrong while saying goodbye must not
		// make the caller send it again.
		return nil
	}
	var refused *mail.SendError
	final := errors.As(err, &refused) && refused.ErrorCode() >= 500 && refused.ErrorCode() <= 599
	if ctx.Err() != nil {
		return &Fault{Channel: m.name, Err: fmt.Errorf("mail server %s: %w", m.host, ctx.Err())}
	}
	return &Fault{Channel: m.name, Final: final, Err: fmt.Errorf("mail server %s: %w", m.host, tidied{err})}
}
