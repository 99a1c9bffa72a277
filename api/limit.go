package api

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// bucket admits so many at once, and one more for each refill.
type bucket struct {
	left  float64
	since time.Time
}

// buckets keeps one for each name, and forgets those that are full again.
type buckets struct {
	now    func() time.Time
	most   float64
	refill time.Duration
	names  int // remembered at most

	mu sync.Mutex
	at map[string]*bucket
}

func newBuckets(now func() time.Time, most int, refill time.Duration, names int) *buckets {
	return &buckets{now: now, most: float64(most), refill: refill, names: names, at: map[string]*bucket{}}
}

// take takes one; otherwise it says when there is one again.
func (b *buckets) take(name string) (ok bool, after time.Duration) { return b.spend(name, 1) }

// empty reports whether there is nothing to take, and takes nothing.
func (b *buckets) empty(name string) (bool, time.Duration) {
	ok, after := b.spend(name, 0)
	return !ok, after
}

func (b *buckets) spend(name string, n float64) (ok bool, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	at := b.at[name]
	if at == nil {
		if len(b.at) >= b.names {
			b.forget(now)
		}
		if len(b.at) >= b.names {
			return false, b.refill // so many strangers at once are one flood
		}
		at = &bucket{left: b.most, since: now}
		b.at[name] = at
	}
	at.left = min(b.most, at.left+max(0, float64(now.Sub(at.since)))/float64(b.refill))
	at.since = now
	if at.left < 1 {
		return false, time.Duration((1 - at.left) * float64(b.refill))
	}
	at.left -= n
	return true, 0
}

func (b *buckets) forget(now time.Time) {
	for name, at := range b.at {
		if at.left+float64(now.Sub(at.since))/float64(b.refill) >= b.most {
			delete(b.at, name)
		}
	}
}

// caller is the address that a request comes from: one IPv4 address, or one IPv6
// network of 64 bits.
func caller(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}

// slots count what goes on at once.
type slots struct {
	mu    sync.Mutex
	all   int
	of    map[string]int
	total int // at most
	each  int // at most of one name
}

func newSlots(total, each int) *slots { return &slots{of: map[string]int{}, total: total, each: each} }

// enter takes a slot, and gives what leaves it again; false: there is none.
func (s *slots) enter(name string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.total || s.of[name] >= s.each {
		return nil, false
	}
	s.all++
	s.of[name]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.of[name]--; s.of[name] == 0 {
			delete(s.of, name)
		}
	}, true
}
