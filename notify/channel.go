// Package notify tells people that a reply is owed or overdue: by mail, by a
// signed webhook, by chat. A notice says which case, which reply, by when, who
// was told and whom to ring. It never says what the case is about: mail
// servers, chat services and pagers are outside the circle that may know.
//
// Nothing here reads the clock, the environment or a store; a notice brings its
// own time. Deciding who is told, and trying again, is the caller's.
package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Channel carries a notice to people. Send returns nil only once the other end
// has accepted the notice; sending one again is harmless to a receiver that
// compares ids. Every error of Send answers to [Permanent]. A Channel is safe
// for concurrent use.
type Channel interface {
	// Name is the name that the channel has in the home's notify.yaml.
	Name() string
	// Send delivers n before ctx ends, or says why not.
	Send(ctx context.Context, n Notice) error
}

// Fault is a failed attempt to send.
type Fault struct {
	Channel string // the channel's configured name
	// Final means that the same notice would fail in the same way again, so
	// that the caller should give up on this channel and say so. Faults that
	// mending a password or waiting for a server could lift are not final.
	Final bool
	Err   error
}

func (f *Fault) Error() string { return fmt.Sprintf("channel %s: %v", f.Channel, f.Err) }

func (f *Fault) Unwrap() error { return f.Err }

// Permanent reports whether repeating what led to err is useless. Everything
// else, errors that this package does not know included, is worth another try:
// a notice sent twice costs less than one given up too early.
func Permanent(err error) bool {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Final
	}
	return errors.Is(err, ErrNotice)
}

// Setting is a channel's setting that cannot be used. Its text never holds the
// setting's value, which may be a secret.
type Setting struct {
	Name    string // as it is spelt in notify.yaml
	Problem string // what is wrong, and how to mend it
}

func (s *Setting) Error() string { return s.Name + ": " + s.Problem }

// secret keeps a value out of logs: fmt prints a pointer inside a struct as an
// address, whatever the verb.
type secret struct{ value *string }

func conceal(s string) secret { return secret{&s} }

func (s secret) reveal() string { return *s.value }

// printable makes a foreign server's words fit for a log line: one line, no
// control or formatting characters, at most limit bytes and a mark.
func printable(s string, limit int) string {
	var out strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = ' '
		}
		if out.Len()+utf8.RuneLen(r) > limit {
			return strings.TrimSpace(out.String()) + "..."
		}
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}
