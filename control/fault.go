package control

import (
	"cmp"
	"context"
	"errors"

	"heed"
	"heed/draft"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// Fault is an error on its way to the command line.
type Fault struct {
	Exit    int              `json:"exit"`
	Message string           `json:"message"`
	Hint    string           `json:"hint,omitempty"`
	Code    heed.RefusalCode `json:"code,omitempty"`
	// Signs is the key of the officer who must sign what was asked for, and could
	// not be asked: CallSigned can.
	Signs string `json:"signs,omitempty"`

	cause error // why a node did not answer; nil where it did
}

func (f *Fault) Error() string { return f.Message }

// Unwrap makes a Fault match ErrNoNode or ErrWentAway.
func (f *Fault) Unwrap() error { return f.cause }

// Exit statuses of the command line (docs/cli.md).
const (
	ExitDone        = 0
	ExitFault       = 1
	ExitInput       = 2
	ExitUnreachable = 3
	ExitRefused     = 4
	ExitEvidence    = 5
	ExitTimeout     = 6
)

const damaged = "stop the node, keep its home as it is for whoever looks into it, and restore the last backup"

// faultOf sorts an error by what the caller can do about it.
func faultOf(err error) *Fault {
	var invalid *heed.Invalid
	var refused *heed.Refused
	var fault *Fault
	var silent *exchange.Unreachable
	var written *draft.Error
	var field *heed.FieldError
	var elsewhere *exchange.SignedElsewhere
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &elsewhere):
		return &Fault{Exit: ExitInput, Message: elsewhere.Error(), Hint: "act with `heed` on the command line, where ssh-keygen reaches the key", Signs: elsewhere.Key}
	case errors.As(err, &refused):
		return &Fault{Exit: ExitRefused, Message: refused.Detail, Hint: refused.Hint, Code: refused.Code}
	case errors.As(err, &invalid):
		return &Fault{Exit: ExitInput, Message: invalid.What, Hint: invalid.Hint}
	case errors.As(err, &silent):
		return &Fault{Exit: ExitUnreachable, Message: err.Error(), Hint: cmp.Or(silent.Hint, "does it run, and may this machine reach it?")}
	case errors.Is(err, exchange.ErrLedger):
		return &Fault{Exit: ExitEvidence, Message: err.Error(), Hint: damaged}
	case errors.Is(err, wire.ErrMalformed) || errors.Is(err, seal.ErrSignature):
		// What users give is judged where it is read: this is what the node keeps.
		return &Fault{Exit: ExitEvidence, Message: err.Error(), Hint: damaged}
	case errors.As(err, &written), errors.As(err, &field):
		return &Fault{Exit: ExitInput, Message: err.Error()} // with a hint in each line
	case errors.Is(err, exchange.ErrNotFound):
		return &Fault{Exit: ExitInput, Message: err.Error(), Hint: "`heed inbox --all` lists the cases, `heed peer list` the peers"}
	case errors.Is(err, context.DeadlineExceeded):
		return &Fault{Exit: ExitTimeout, Message: err.Error()}
	}
	return &Fault{Exit: ExitFault, Message: err.Error(), Hint: "the fault is the node's or its machine's: is there room on its disk? What `heed serve` printed says more"}
}
