package desk

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Bounds of live pages.
const (
	maxStreams        = 64
	maxSessionStreams = 8
)

// pace is how often a live page is sent anew.
type pace struct {
	least time.Duration // between two fragments: changes come in bursts
	beat  time.Duration // a look at the time left at least this often; pages without it say that they are not live
	write time.Duration // in which the reader must take what is sent
}

var livePace = pace{least: 300 * time.Millisecond, beat: 10 * time.Second, write: 10 * time.Second}

func (d *desk) getBoardStream(v *visit) {
	d.stream(v, func(ctx context.Context) ([]byte, error) {
		b, err := d.board(ctx, v)
		if err != nil {
			return nil, err
		}
		return d.part("board-live", b)
	})
}

func (d *desk) getCaseStream(v *visit) {
	id, ok := d.caseOf(v)
	if !ok {
		return
	}
	d.stream(v, func(ctx context.Context) ([]byte, error) {
		r, err := d.recordOf(ctx, v, id)
		if err != nil {
			return nil, err
		}
		return d.part("case-live", r)
	})
}

// stream sends a fragment whenever it has changed, until the reader goes, the
// session ends or the officer changes.
func (d *desk) stream(v *visit, render func(context.Context) ([]byte, error)) {
	select {
	case d.streams <- struct{}{}:
		defer func() { <-d.streams }()
	default:
		d.refuseStream(v)
		return
	}
	if !v.streaming() {
		d.refuseStream(v)
		return
	}
	defer func() { v.streamed(d.now()) }()

	ctx, cancel := context.WithCancel(v.r.Context())
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-v.over:
		case <-ctx.Done():
		}
	}()

	out := &eventWriter{w: v.w, to: http.NewResponseController(v.w), now: d.now, within: d.pace.write}
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.WriteHeader(http.StatusOK)
	err := follow(ctx, d.pace, d.exchange.Changes().Next, func() ([]byte, error) {
		if officer, zone := v.chosen(); !d.sessions.lives(v.session) || officer != v.as.ID || zone != "" && zone != v.zone.String() {
			return nil, errOver
		}
		return render(ctx)
	}, out.send)
	if !errors.Is(err, errOver) && ctx.Err() == nil {
		d.log.Warn("desk: live page ended", "path", v.r.URL.Path, "error", err)
	}
}

// isStream reports whether a script asks, which a login page would not help.
func isStream(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/stream") }

func (d *desk) refuseStream(v *visit) {
	v.w.Header().Set("Retry-After", "30")
	http.Error(v.w, "Too many live pages are open.", http.StatusServiceUnavailable)
}

var errOver = errors.New("the page was for another session or officer")

// follow renders and sends at once, at each change, and at each beat, because
// the time left goes on also where nothing changes. It takes the next change
// before it renders, so that none is lost in between, and never sends two
// fragments sooner after each other than pace.least. It ends only with an error.
func follow(ctx context.Context, p pace, next func() <-chan struct{}, render func() ([]byte, error), send func([]byte) error) error {
	for {
		changed := next()
		fragment, err := render()
		if err != nil {
			return err
		}
		if err := send(fragment); err != nil {
			return err
		}
		if err := pause(ctx, p.least, nil); err != nil {
			return err
		}
		if err := pause(ctx, max(p.beat-p.least, 0), changed); err != nil {
			return err
		}
	}
}

// pause waits, or less long where it is woken.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-wake:
	}
	return nil
}

// eventWriter writes server-sent events (WHATWG HTML, section 9.2), each within
// a time of its own: a reader that takes nothing must not hold the node.
type eventWriter struct {
	w      http.ResponseWriter
	to     *http.ResponseController
	now    func() time.Time
	within time.Duration
}

func (e *eventWriter) send(fragment []byte) error {
	var event bytes.Buffer
	// A carriage return would end a line of the event, so none is sent.
	for line := range bytes.SplitSeq(bytes.ReplaceAll(fragment, []byte("\r"), nil), []byte("\n")) {
		event.WriteString("data: ")
		event.Write(line)
		event.WriteByte('\n')
	}
	event.WriteByte('\n')
	if err := e.deadline(e.now().Add(e.within)); err != nil {
		return err
	}
	if _, err := e.w.Write(event.Bytes()); err != nil {
		return err
	}
	if err := e.to.Flush(); err != nil {
		return err
	}
	// In HTTP/2 a deadline that passes between two writes ends the stream, too.
	return e.deadline(time.Time{})
}

func (e *eventWriter) deadline(at time.Time) error {
	if err := e.to.SetWriteDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
