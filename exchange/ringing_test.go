package exchange

import (
	"testing"
	"time"
)

// The first few of a minute ring each; the rest rings once, and what comes after
// that waits for the next minute, which in a flood begins with one ring for all.
func TestRinging(t *testing.T) {
	r := newRinging()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	desk, head := bell{role: "duty-desk"}, bell{role: "head-of-desk"}
	for i, c := range []struct {
		of       bell
		after    time.Duration
		n        int
		singly   int
		together bool
		waits    bool
	}{
		{desk, 0, 3, 3, false, false},
		{desk, time.Second, 4, 2, true, false},
		{desk, 2 * time.Second, 500, 0, false, true},
		{head, 2 * time.Second, 1, 1, false, false}, // others are rung for themselves
		{bell{role: "duty-desk", exercise: true}, 2 * time.Second, 1, 1, false, false},
		{desk, RingSpan, 500, 0, true, false}, // the flood goes on: one ring
		{desk, RingSpan + time.Second, 1, 0, false, true},
		{desk, 2 * RingSpan, 2, 0, true, false},  // what was left of it
		{desk, 3 * RingSpan, 2, 2, false, false}, // it is over
		{desk, 9 * RingSpan, 6, 5, true, false},
		{desk, 12 * RingSpan, 5, 5, false, false}, // long after a flood
		{desk, -time.Hour, 5, 5, false, false},    // the clock was set back
	} {
		singly, together, until := r.take(c.of, c.n, start.Add(c.after))
		if waits := singly < c.n && !together; singly != c.singly || together != c.together || waits != c.waits || !until.After(start.Add(c.after)) || until.After(start.Add(c.after+RingSpan)) {
			t.Errorf("%d: %d one by one, together %v, until %v; want %+v", i, singly, together, until, c)
		}
	}
	r.take(desk, 6, start.Add(time.Hour))
	r.failed(desk)
	if _, together, _ := r.take(desk, 1, start.Add(time.Hour+time.Second)); !together {
		t.Error("nobody was told, and nobody is")
	}
	for i := range 3 * mostBells {
		r.take(bell{role: string(rune(i))}, 1, start)
	}
	if len(r.bells) > mostBells {
		t.Errorf("%d bells are remembered", len(r.bells))
	}
}
