package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
)

// pulseDocument is the answer to PulsePath: how many milliseconds ago the node
// last did each work that nobody calls for.
type pulseDocument struct {
	Deadlines   int64 `json:"deadlines"`
	Notices     int64 `json:"notices"`
	Checkpoints int64 `json:"checkpoints"`
}

// maxPulse bounds the answer to PulsePath, in bytes.
const maxPulse = 1 << 10

// pulse answers 200, or 503 where the node's clocks do not run: so that a
// monitor needs to read the status alone.
func (h *handler) pulse(w *response, r *http.Request, node Known) {
	p, err := node.Pulse(r.Context())
	if err != nil {
		h.fail(w, r, fmt.Errorf("taking the own pulse: %w", err))
		return
	}
	status := http.StatusOK
	if p.Stalled() != "" {
		status = http.StatusServiceUnavailable
	}
	body, err := json.Marshal(pulseDocument{p.Deadlines.Milliseconds(), p.Notices.Milliseconds(), p.Checkpoints.Milliseconds()})
	if err != nil {
		h.fail(w, r, fmt.Errorf("writing the own pulse: %w", err))
		return
	}
	h.sent(r, write(w, status, "application/json", append(body, '\n')))
}

// Pulse implements exchange.Courier.
func (c *Client) Pulse(ctx context.Context, at heed.Card) (exchange.Pulse, error) {
	var p exchange.Pulse
	err := c.call(ctx, at, request{method: http.MethodGet, path: PulsePath}, func(a *answer) error {
		if (a.Status() != http.StatusOK && a.Status() != http.StatusServiceUnavailable) || !hasMedia(a.Header, "application/json") {
			return a.rejected()
		}
		body, err := a.read(maxPulse)
		if err != nil {
			return err
		}
		p, err = readPulse(body)
		if err != nil {
			return a.bad(err.Error())
		}
		return nil
	})
	return p, err
}

func readPulse(body []byte) (exchange.Pulse, error) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	var d pulseDocument
	if err := in.Decode(&d); err != nil {
		return exchange.Pulse{}, fmt.Errorf("no pulse: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return exchange.Pulse{}, fmt.Errorf("something stands behind the pulse")
	}
	const most = 1 << 42 // ms: 139 years, which a time.Duration has room for
	for _, ms := range []int64{d.Deadlines, d.Notices, d.Checkpoints} {
		if ms < 0 || ms > most {
			return exchange.Pulse{}, fmt.Errorf("a pulse of %d ms", ms)
		}
	}
	span := func(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
	return exchange.Pulse{Deadlines: span(d.Deadlines), Notices: span(d.Notices), Checkpoints: span(d.Checkpoints)}, nil
}
