package peer

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"heed"
	"heed/seal"
)

// errSlow is the Err of an Unreachable whose peer was given up.
var errSlow = errors.New("it took too long")

// Unreachable says that a peer's node did not answer. It may at another time.
// Err is the network's error, and matches seal.ErrPin where another key than
// the card's answered.
type Unreachable struct {
	Party    heed.PartyID
	Endpoint string
	Err      error
}

func (e *Unreachable) Error() string {
	hint := "is the network up, and does their node run?"
	if errors.Is(e.Err, seal.ErrPin) {
		hint = "ask them by telephone whether they have a new card; if not, something stands between you and them"
	}
	return fmt.Sprintf("%s cannot be reached at %s: %v (%s)", e.Party, e.Endpoint, e.Err, hint)
}

// Unwrap returns the network's error.
func (e *Unreachable) Unwrap() error { return e.Err }

// Rejected is an answer that is neither what was asked for nor a signed
// refusal. Nothing in it is signed: it says what whoever answered says.
type Rejected struct {
	Party      heed.PartyID
	Endpoint   string
	Status     int           // HTTP status
	Code       string        // docs/protocol.md, section 7; empty where the answer had none
	Detail     string        // one line for people, at most 300 bytes
	Hint       string        // the same, how to mend it; may be empty
	RetryAfter time.Duration // 0: not said; at most a day
}

func (e *Rejected) Error() string {
	what := fmt.Sprintf("%s at %s answered %d", e.Party, e.Endpoint, e.Status)
	if e.Code != "" {
		what += " " + e.Code
	} else if text := http.StatusText(e.Status); text != "" {
		what += " " + text
	}
	if e.Detail != "" {
		what += ": " + e.Detail
	}
	if e.Hint != "" {
		what += " (" + e.Hint + ")"
	}
	return what
}

// Passing reports whether the same request may succeed later as it is.
func (e *Rejected) Passing() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500 || e.Code == CodeCutShort
}
