// Package evidence proves what was said in a case and when, or that something
// was not said, to anybody, offline: a bundle of signed texts and proofs goes
// in, with the verifier's own policy, and verdicts come out.
//
// The byte forms and the rules are those of docs/evidence.md and
// docs/policy.md. The package reads no clock, no file, no network and no
// configuration, and nothing of a bundle is believed but what keys, hashes and
// the policy's witnesses show. A policy inside a bundle has no form.
package evidence

import (
	"errors"
	"fmt"
)

var (
	// ErrDamaged is matched by every error about the bytes of a bundle: they are
	// not of the one strict form, exceed a bound, or hold a signed text whose
	// signatures are not exactly those that it demands. No verdict is then given.
	ErrDamaged = errors.New("damaged evidence")

	// ErrPolicy is matched by every error about a policy.
	ErrPolicy = errors.New("unusable policy")
)

// A FileError says which of the files given to Verify is damaged, and how. It
// matches ErrDamaged.
type FileError struct {
	File int // index into the files as they were given, from 0
	Of   int // how many were given
	Err  error
}

func (e *FileError) Error() string {
	if e.Of == 1 {
		return e.Err.Error()
	}
	return fmt.Sprintf("file %d of %d: %v", e.File+1, e.Of, e.Err)
}

// Unwrap gives the damage itself.
func (e *FileError) Unwrap() error { return e.Err }

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// clip keeps hostile bytes from filling an error message.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
