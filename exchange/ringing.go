package exchange

import (
	"sync"
	"time"
)

const (
	// RungSingly is how many hits the same people are told of one by one within a
	// RingSpan; of what is more they are told together, once in it.
	RungSingly = 5
	RingSpan   = time.Minute
)

// ringing keeps a feed that hits without end from ringing a desk without end: the
// duties stay each its own, and the notices of them go together. It is remembered
// in memory alone: after a restart people may be rung some times more.
type ringing struct {
	mu    sync.Mutex
	bells map[bell]minute
}

// bell is whom a notice reaches. Exercises ring apart.
type bell struct {
	role, mail, telephone string
	exercise              bool
}

// minute is what one bell has rung within a RingSpan.
type minute struct {
	began    time.Time
	asked    int  // hits of which there was to be told
	flooded  bool // the one before it had too many: nobody is told of one by one
	together bool // the one notice for many was given
}

// mostBells bounds what is remembered: accords have ladders of their own.
const mostBells = 1_000

func newRinging() *ringing { return &ringing{bells: map[bell]minute{}} }

// take decides of how many out of n hits people are told one by one now, and
// whether they are told of the rest together; where not, the rest waits until then.
func (r *ringing) take(b bell, n int, now time.Time) (singly int, together bool, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.bells[b]
	if age := now.Sub(m.began); !ok || age < 0 || age >= RingSpan {
		m = minute{began: now, flooded: ok && age >= 0 && age < 2*RingSpan && m.asked > RungSingly}
	}
	if !m.flooded {
		singly = min(n, max(RungSingly-m.asked, 0))
	}
	if m.asked += n; singly < n {
		together, m.together = !m.together, true
	}
	if len(r.bells) >= mostBells {
		clear(r.bells)
	}
	r.bells[b] = m
	return singly, together, m.began.Add(RingSpan)
}

// failed takes back that people were told of many together: nobody was.
func (r *ringing) failed(b bell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m, ok := r.bells[b]; ok {
		m.together = false
		r.bells[b] = m
	}
}
