package peer

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// problem is an answer of RFC 9457 with two members of ours: a code for
// programs and a hint for people.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
	Hint   string `json:"hint,omitempty"`

	retryAfter time.Duration // 0: not said
}

// writeTo answers with the problem. The error is that of the connection.
func (p problem) writeTo(w http.ResponseWriter) error {
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if p.retryAfter > 0 {
		setRetryAfter(w.Header(), p.retryAfter)
	}
	return write(w, p.Status, MediaProblem, body)
}

func write(w http.ResponseWriter, status int, media string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// setRetryAfter rounds up to whole seconds, the only unit that the field has
// (RFC 9110, section 10.2.3).
func setRetryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
}

// maxRetryAfter bounds what a hostile answer can ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads seconds; a date, which is a second clock to disagree with,
// or nonsense counts as not said.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

const (
	maxProblem       = 16 << 10
	maxProblemDetail = 300
	maxProblemCode   = 40
)

// parseProblem reads what a peer says about a failure. Nothing of it is
// trusted: it is cut to short lines that are safe to show. Unknown members are
// ignored, as RFC 9457, section 3.2 demands.
func parseProblem(body []byte) problem {
	var p problem
	if json.Unmarshal(body, &p) != nil {
		return problem{}
	}
	if !isCode(p.Code) {
		p.Code = ""
	}
	p.Detail, p.Hint = shownLine(p.Detail), shownLine(p.Hint)
	return p
}

func isCode(s string) bool {
	if s == "" || len(s) > maxProblemCode {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' })
}

// shownLine makes one line of text that cannot move a terminal's cursor or
// turn the direction of what stands around it.
func shownLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError {
			return ' '
		}
		return c
	}, s)
	if len(s) > maxProblemDetail {
		s = strings.ToValidUTF8(s[:maxProblemDetail], "")
	}
	return strings.TrimSpace(s)
}
