package peer

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// pacer says how long the other side of a connection may take for its next
// bytes: at most patience at a time, and in all no longer than patience and
// what the bytes that have moved would take at the lowest rate. Only waiting
// for the other side counts, so that a node's own work is nobody's fault. A
// deadline that merely moved with every byte would let one byte every half
// minute hold a connection for ever.
type pacer struct {
	now      func() time.Time
	patience time.Duration
	rate     int64 // bytes a second
	waited   time.Duration
	moved    int64
}

// allowance is how long the next read or write may take; negative where the
// time is used up.
func (p *pacer) allowance() time.Duration {
	earned := time.Duration(float64(p.moved) / float64(p.rate) * float64(time.Second))
	return min(p.patience, p.patience+earned-p.waited)
}

// deadline is allowance from a time on.
func (p *pacer) deadline(from time.Time) time.Time { return from.Add(p.allowance()) }

func (p *pacer) count(waited time.Duration, n int) {
	p.waited += waited
	p.moved += int64(n)
}

// requestBody reads a request's body under a pacer.
type requestBody struct {
	in      io.Reader
	control *http.ResponseController
	pace    pacer
	ended   bool
	err     error // why reading failed, unless the body simply ended
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	before := b.pace.now()
	if err := b.control.SetReadDeadline(b.pace.deadline(before)); err != nil {
		b.err = fmt.Errorf("setting the deadline of a read: %w", err)
		return 0, b.err
	}
	n, err := b.in.Read(p)
	b.pace.count(b.pace.now().Sub(before), n)
	switch {
	case err == io.EOF:
		b.ended = true
	case err != nil:
		b.err = err
		return n, err
	}
	// A deadline that passed while the node works on what it read would end an
	// HTTP/2 stream, or cancel the context of an HTTP/1.1 request that was read
	// to its end.
	if clearing := b.control.SetReadDeadline(time.Time{}); clearing != nil {
		b.err = fmt.Errorf("clearing the deadline of a read: %w", clearing)
		return n, b.err
	}
	return n, err
}

// rest gives the sender the time that it has left for what the node did not
// want to read: an HTTP/1.1 server reads on a little before it answers.
func (b *requestBody) rest() error {
	if b.ended || b.err != nil {
		return nil
	}
	if err := b.control.SetReadDeadline(b.pace.deadline(b.pace.now())); err != nil {
		return fmt.Errorf("setting the deadline of a body's rest: %w", err)
	}
	return nil
}

// writeChunk is small enough that a reader at the lowest rate takes one within
// the patience.
const writeChunk = 16 << 10

// response writes an answer under a pacer, and knows whether it has begun.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	pace    pacer
	begun   bool
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. The deadline of the last write stays:
// it also ends the flush that the server does after the handler.
func (w *response) Write(data []byte) (int, error) {
	w.begun = true
	written := 0
	for {
		chunk := data[written:min(len(data), written+writeChunk)]
		before := w.pace.now()
		if err := w.control.SetWriteDeadline(w.pace.deadline(before)); err != nil {
			return written, fmt.Errorf("setting the deadline of a write: %w", err)
		}
		n, err := w.ResponseWriter.Write(chunk)
		w.pace.count(w.pace.now().Sub(before), n)
		written += n
		if err != nil || written == len(data) {
			return written, err
		}
	}
}
