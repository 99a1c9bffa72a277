package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"heed"
	"heed/exchange"
)

// Problem is an error as RFC 9457 has it, with what to do about it.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// answer writes a problem instead of an answer. after is when it may be better;
// zero: not by waiting.
func (p Problem) answer(w http.ResponseWriter, after time.Duration) {
	p.Title = http.StatusText(p.Status)
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Detail, p.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// A caller that has gone away is told nothing.
	if _, err := w.Write(append(body, '\n')); err != nil {
		return
	}
}

// problemOf tells what the caller can mend from what the machine did; ours
// reports the latter.
func problemOf(err error) (p Problem, after time.Duration, ours bool) {
	var refused *heed.Refused
	var invalid *heed.Invalid
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, exchange.ErrToken):
		return unauthorized, 0, false
	case errors.Is(err, exchange.ErrWatchNotReady) && errors.As(err, &refused):
		return Problem{Status: http.StatusServiceUnavailable, Detail: refused.Detail, Hint: "ask again in some seconds"}, 5 * time.Second, false
	case errors.As(err, &large):
		return Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is too large", Hint: "send the rest in another request"}, 0, false
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return Problem{Status: http.StatusRequestTimeout, Detail: "the body stopped coming", Hint: "send the rest in another request"}, 0, false
	case errors.As(err, &refused) && refused.Code == exchange.ScreeningEnded:
		return Problem{Status: http.StatusForbidden, Detail: refused.Detail, Hint: "send what was not answered, and the rest, in another request"}, 0, false
	case errors.As(err, &refused):
		return Problem{Status: http.StatusForbidden, Detail: refused.Detail, Hint: refused.Hint}, 0, false
	case errors.As(err, &invalid):
		return Problem{Status: http.StatusBadRequest, Detail: invalid.What, Hint: invalid.Hint}, 0, false
	}
	return Problem{Status: http.StatusInternalServerError, Detail: "nothing more was done; the node's log says why"}, 0, true
}

var unauthorized = Problem{
	Status: http.StatusUnauthorized, Detail: "this needs a token with the scope screen",
	Hint: "an administrator makes one with `heed token add --scope screen`; send it as Authorization: Bearer TOKEN",
}
