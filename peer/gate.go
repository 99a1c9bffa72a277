package peer

import (
	"net/netip"
	"sync"
)

// gate bounds how many requests are under way, in all and from one address.
type gate struct {
	most, each int

	mu  sync.Mutex
	all int
	of  map[netip.Addr]int // only addresses with a request under way
}

type admission int

const (
	admitted admission = iota
	fullForAll
	fullForAddress
)

func newGate(most, each int) *gate {
	return &gate{most: most, each: each, of: map[netip.Addr]int{}}
}

// enter admits a request, which must leave again, or says what is full.
func (g *gate) enter(from netip.Addr) admission {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.of[from] >= g.each:
		return fullForAddress
	case g.all >= g.most:
		return fullForAll
	}
	g.all++
	g.of[from]++
	return admitted
}

func (g *gate) leave(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.of[from]--; g.of[from] == 0 {
		delete(g.of, from)
	}
}

// ipv6Subscriber is the prefix that one subscriber gets (RFC 6177, section 2):
// whoever has one address of it has them all.
const ipv6Subscriber = 64

// remote is the address that a request is counted under. All that have none
// that can be read are counted as one.
func remote(address string) netip.Addr {
	port, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Addr{}
	}
	ip := port.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip
	}
	prefix, err := ip.Prefix(ipv6Subscriber)
	if err != nil {
		return netip.Addr{}
	}
	return prefix.Addr()
}
