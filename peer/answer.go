package peer

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"heed"
)

// answer is a peer's answer whose header has come.
type answer struct {
	*http.Response
	to    heed.Card
	watch *time.Timer // ends the request
	pace  pacer
	err   error // why reading failed
}

// Status is the HTTP status.
func (a *answer) Status() int { return a.StatusCode }

// Read implements io.Reader over the body, under the pacer.
func (a *answer) Read(p []byte) (int, error) {
	before := a.pace.now()
	a.watch.Reset(a.pace.allowance())
	n, err := a.Body.Read(p)
	a.watch.Stop()
	a.pace.count(a.pace.now().Sub(before), n)
	if err != nil && err != io.EOF {
		a.err = err
	}
	return n, err
}

// read takes the body, which has 1 to limit bytes. Memory grows with what
// comes, not with what the header says will.
func (a *answer) read(limit int64) ([]byte, error) {
	if a.ContentLength > limit {
		return nil, a.bad(fmt.Sprintf("an answer of %d bytes, and at most %d are read", a.ContentLength, limit))
	}
	body, err := io.ReadAll(io.LimitReader(a, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > limit:
		return nil, a.bad(fmt.Sprintf("an answer of more than the %d bytes that are read", limit))
	case len(body) == 0:
		return nil, a.bad("an empty answer")
	}
	return body, nil
}

// bad is an answer that no node gives that follows the protocol.
func (a *answer) bad(detail string) error {
	return &Rejected{Party: a.to.Party, Endpoint: a.to.Endpoint, Status: a.StatusCode, Code: CodeBadAnswer, Detail: detail}
}

// rejected reads what the answer says about a failure.
func (a *answer) rejected() error {
	switch {
	case a.StatusCode >= 300 && a.StatusCode < 400:
		return a.bad("a redirect, and none is followed")
	case a.StatusCode < 400:
		return a.bad(fmt.Sprintf("media type %q is not part of the protocol", shownLine(a.Header.Get("Content-Type"))))
	}
	rejected := &Rejected{Party: a.to.Party, Endpoint: a.to.Endpoint, Status: a.StatusCode, RetryAfter: retryAfter(a.Header)}
	if !hasMedia(a.Header, MediaProblem) {
		return rejected
	}
	body, err := io.ReadAll(io.LimitReader(a, maxProblem))
	if err != nil {
		return err
	}
	p := parseProblem(body)
	rejected.Code, rejected.Detail, rejected.Hint = p.Code, p.Detail, p.Hint
	return rejected
}
