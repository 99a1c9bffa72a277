package peer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// readAhead lets the small reads of an envelope's beginning share one deadline.
// It is all of a body that a handler holds.
const readAhead = 64 << 10

// deliver takes a stream of envelopes and passes on what the node answers.
func (h *handler) deliver(w *response, r *http.Request, from netip.Addr) {
	body, ok := h.hear(w, r, from, MediaEnvelopes, h.MaxBody)
	if !ok {
		return
	}
	reply, err := h.node.Receive(r.Context(), bufio.NewReaderSize(body, readAhead))
	h.heard(r, body)
	h.answer(w, r, from, body, reply, err)
}

// hear lets a request's body be read, of at most limit bytes, or answers for
// it by its header and its sender's address alone.
func (h *handler) hear(w *response, r *http.Request, from netip.Addr, media string, limit int64) (*requestBody, bool) {
	if wait := h.strangers.wait(from, h.Now()); wait > 0 {
		h.problem(w, r, problem{Status: http.StatusTooManyRequests, Code: CodeTooMany, retryAfter: wait,
			Detail: "too many requests from your address were refused as no peer's", Hint: "wait, and ask the operator by telephone whether your card was added"})
		return nil, false
	}
	if p, bad := h.unwanted(r, media, limit); bad {
		h.problem(w, r, p)
		return nil, false
	}
	return &requestBody{in: http.MaxBytesReader(w.ResponseWriter, r.Body, limit), control: w.control, pace: h.pacer()}, true
}

// heard lets the sender come to its end.
func (h *handler) heard(r *http.Request, body *requestBody) {
	if err := body.rest(); err != nil && r.Context().Err() == nil && !isConnection(err) {
		h.Report(r, err)
	}
}

// unwanted refuses by the request's header alone.
func (h *handler) unwanted(r *http.Request, media string, limit int64) (problem, bool) {
	switch {
	case !hasMedia(r.Header, media):
		return problem{Status: http.StatusUnsupportedMediaType, Code: CodeMediaType, Detail: "the body is to be " + media}, true
	case r.Header.Get("Content-Encoding") != "":
		return problem{Status: http.StatusUnsupportedMediaType, Code: CodeMediaType, Detail: "the body is to have no content encoding"}, true
	case r.ContentLength > limit:
		return bodyTooLarge(limit), true
	}
	return problem{}, false
}

func bodyTooLarge(limit int64) problem {
	return problem{Status: http.StatusRequestEntityTooLarge, Code: CodeBodyTooLarge,
		Detail: fmt.Sprintf("one request may bring %d bytes", limit), Hint: "send fewer envelopes in one request"}
}

func (h *handler) answer(w *response, r *http.Request, from netip.Addr, body *requestBody, reply exchange.Reply, err error) {
	// A body that did not arrive is no fault of the envelope in it, whatever
	// the node made of its stump: the sender is to send it again.
	if body.err != nil && (err != nil || reply.Envelope == nil) {
		h.broken(w, r, body.err)
		return
	}
	var refused *heed.Refused
	isRefused := errors.As(err, &refused)
	switch {
	case reply.Refusal != nil && (err == nil || isRefused):
		h.refuse(w, r, from, reply.Refusal)
	case isRefused && refused.Code != "":
		h.charge(from, refused.Code)
		h.problem(w, r, problem{Status: statusOf(refused.Code), Code: string(refused.Code), Detail: refused.Detail, Hint: refused.Hint})
	case err != nil:
		h.fail(w, r, fmt.Errorf("receiving envelopes: %w", err))
	case reply.Envelope != nil:
		h.sent(r, write(w, http.StatusOK, MediaEnvelopes, reply.Envelope))
	default:
		h.fail(w, r, errors.New("receiving envelopes: the node gave neither an envelope nor a refusal"))
	}
}

// broken answers for a body that could not be read.
func (h *handler) broken(w *response, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		h.problem(w, r, bodyTooLarge(tooLarge.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		h.problem(w, r, problem{Status: http.StatusRequestTimeout, Code: CodeTimeout,
			Detail: "the body came too slowly", Hint: "send fewer envelopes in one request"})
	case errors.Is(err, http.ErrNotSupported):
		h.Report(r, err)
		h.problem(w, r, internal())
	default:
		h.problem(w, r, problem{Status: http.StatusBadRequest, Code: CodeCutShort, Detail: "the body did not arrive in full", Hint: "send it again"})
	}
}

// refuse passes on a signed refusal. Its code is read from what is sent, so
// that the two cannot differ.
func (h *handler) refuse(w *response, r *http.Request, from netip.Addr, note []byte) {
	refusal, err := wire.ParseRefusal(note)
	if err != nil {
		h.fail(w, r, fmt.Errorf("answering with a refusal: %w", err))
		return
	}
	h.charge(from, refusal.Code)
	if refusal.RetryAfter > 0 {
		setRetryAfter(w.Header(), refusal.RetryAfter)
	}
	h.sent(r, write(w, statusOf(refusal.Code), MediaRefusal, note))
}

// charge counts what anybody can cause without being a peer.
func (h *handler) charge(from netip.Addr, code heed.RefusalCode) {
	switch code {
	case heed.UnknownSender, heed.WrongRecipient, heed.Malformed, heed.BadSignature:
		h.strangers.charge(from, h.Now())
	}
}

// statusOf is the HTTP status that goes with a refusal. Peers act on the code;
// the status is for what stands between.
func statusOf(code heed.RefusalCode) int {
	switch code {
	case heed.Malformed, heed.BadSignature:
		return http.StatusBadRequest
	case heed.StaleCard, heed.ClockAhead, heed.Equivocation, heed.NumberReused, heed.CatchingUp:
		return http.StatusConflict
	case heed.TooLarge:
		return http.StatusRequestEntityTooLarge
	case heed.WrongRecipient:
		return http.StatusMisdirectedRequest
	case heed.BadSeal:
		return http.StatusUnprocessableEntity
	case heed.OverQuota:
		return http.StatusTooManyRequests
	default: // heed.UnknownSender, heed.NotAdmitted
		return http.StatusForbidden
	}
}

// isConnection tells errors of a connection, which concern nobody but who was
// at its other end, from those of a handler.
func isConnection(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}
