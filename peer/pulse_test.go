package peer

import (
	"strings"
	"testing"
	"time"

	"heed/exchange"
)

// A monitor reads the status, a peer the ages.
func TestPulse(t *testing.T) {
	fit := exchange.Pulse{Deadlines: time.Second, Notices: 1500 * time.Millisecond, Checkpoints: time.Minute}
	stalled := fit
	stalled.Deadlines = time.Hour
	for _, test := range []struct {
		pulse exchange.Pulse
		code  int
	}{{fit, 200}, {stalled, 503}} {
		node := &fakeNode{pulse: test.pulse}
		h := Handler(node, options(&reports{}))
		if w := ask(h, "GET", PulsePath, "192.0.2.1:1", "", nil); w.Code != test.code || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("status %d, %s", w.Code, w.Body)
		} else if read, err := readPulse(w.Body.Bytes()); err != nil || read != test.pulse {
			t.Errorf("read back as %+v, %v", read, err)
		}
	}
	if w := ask(Handler(&fakeNode{}, options(&reports{})), "POST", PulsePath, "192.0.2.1:1", "", nil); w.Code != 405 {
		t.Errorf("POST: status %d", w.Code)
	}
}

func TestReadPulse(t *testing.T) {
	for _, body := range []string{
		"", "{}x", `{"deadlines":-1,"notices":0,"checkpoints":0}`, `{"deadlines":1,"more":2}`, `{"deadlines":1e40}`,
		`{"deadlines":9223372036854775807,"notices":0,"checkpoints":0}`, "[]", strings.Repeat("{", 100),
	} {
		if p, err := readPulse([]byte(body)); err == nil {
			t.Errorf("%q was read as %+v", body, p)
		}
	}
}
