package testnet

import (
	"context"
	"sync"

	"heed/exchange"
)

// Mails is a mail server that keeps what it has accepted.
type Mails struct {
	mu       sync.Mutex
	accepted []exchange.Mailing
	fail     error
}

var _ exchange.Mailer = (*Mails)(nil)

// Mail implements exchange.Mailer.
func (m *Mails) Mail(_ context.Context, mail exchange.Mailing) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.accepted = append(m.accepted, mail)
	return nil
}

// Fail makes every further mail fail with err; nil: no more.
func (m *Mails) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// All lists what was accepted, in that order.
func (m *Mails) All() []exchange.Mailing {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]exchange.Mailing(nil), m.accepted...)
}
