package peer

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// strangers keeps a token bucket for each address whose requests were refused
// as no peer's. It remembers a bounded number of them and forgets first the
// one that was charged longest ago, whose bucket is the fullest.
type strangers struct {
	refill rate.Limit
	burst  int
	most   int

	mu     sync.Mutex
	of     map[netip.Addr]*list.Element
	recent *list.List // of *stranger; charged most recently first
}

type stranger struct {
	address netip.Addr
	bucket  *rate.Limiter
}

func newStrangers(every time.Duration, burst, most int) *strangers {
	return &strangers{refill: rate.Every(every), burst: burst, most: most, of: map[netip.Addr]*list.Element{}, recent: list.New()}
}

// wait is how long the address has to wait before it is heard; 0: not at all.
func (s *strangers) wait(address netip.Addr, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.of[address]
	if !ok {
		return 0
	}
	tokens := known.Value.(*stranger).bucket.TokensAt(now)
	if tokens >= 1 {
		return 0
	}
	return time.Duration((1 - tokens) / float64(s.refill) * float64(time.Second))
}

// charge takes a token from the address. Requests that were let in at the same
// time may take the bucket below zero.
func (s *strangers) charge(address netip.Addr, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.of[address]
	if !ok {
		if s.recent.Len() >= s.most {
			oldest := s.recent.Back()
			delete(s.of, s.recent.Remove(oldest).(*stranger).address)
		}
		known = s.recent.PushFront(&stranger{address: address, bucket: rate.NewLimiter(s.refill, s.burst)})
		s.of[address] = known
	}
	s.recent.MoveToFront(known)
	known.Value.(*stranger).bucket.ReserveN(now, 1)
}
