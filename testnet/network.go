package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// Errors that a caller sees of the network.
var (
	ErrDown = errors.New("testnet: the link is down")
	ErrLost = errors.New("testnet: no answer came")
)

// Link is one direction between two parties: what befalls the requests of the
// one and the answers of the other. Probabilities are from 0 to 1.
type Link struct {
	Down        bool
	Hangs       bool // requests get no answer, until whoever makes them gives up
	LoseRequest float64
	LoseAnswer  float64 // the request arrives, and its answer does not
	Duplicate   float64 // the request arrives a second time, later
	Late        float64 // no answer comes, and the request arrives later, after others
	MaxDelay    time.Duration
	// Tamper and TamperAnswer change what passes; nil: nothing.
	Tamper       func(envelopes []byte) []byte
	TamperAnswer func(exchange.Reply) exchange.Reply
	// TamperDeposit and TamperCollection change what a depositary says.
	TamperDeposit    func(note []byte) []byte
	TamperCollection func([]exchange.Collected) []exchange.Collected
	// Arrived sees every stream that reaches the other side, before it is received.
	Arrived func(envelopes []byte)
}

// Network carries between parties in one process.
type Network struct {
	chance    *chance
	mu        sync.Mutex
	nodes     map[heed.PartyID]*Party
	witnesses map[string]*Witness // by URL
	links     map[[2]heed.PartyID]Link
	inFlight  atomic.Int64
	late      sync.WaitGroup
	carried   atomic.Int64
}

func newNetwork(seed uint64) *Network {
	return &Network{chance: newChance(seed), nodes: map[heed.PartyID]*Party{}, witnesses: map[string]*Witness{}, links: map[[2]heed.PartyID]Link{}}
}

// Set replaces what befalls requests from one party to another.
func (n *Network) Set(from, to heed.PartyID, link Link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[[2]heed.PartyID{from, to}] = link
}

// Between sets both directions between two parties.
func (n *Network) Between(a, b heed.PartyID, link Link) {
	n.Set(a, b, link)
	n.Set(b, a, link)
}

// Heal makes every link sound.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.links)
}

// InFlight counts requests that have neither arrived nor been lost.
func (n *Network) InFlight() int64 { return n.inFlight.Load() }

// Carried counts the streams of envelopes that have reached a party.
func (n *Network) Carried() int64 { return n.carried.Load() }

func (n *Network) link(from, to heed.PartyID) (Link, *Party) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.links[[2]heed.PartyID{from, to}], n.nodes[to]
}

// courier is one party's end of the network.
type courier struct {
	net  *Network
	from heed.PartyID
}

var _ exchange.Courier = courier{}

// Carry implements exchange.Courier.
func (c courier) Carry(ctx context.Context, to heed.Card, envelopes []byte) (exchange.Reply, error) {
	c.net.inFlight.Add(1)
	defer c.net.inFlight.Add(-1)
	link, err := c.travel(ctx, to.Party)
	if err != nil {
		return exchange.Reply{}, err
	}
	if link.Tamper != nil {
		envelopes = link.Tamper(bytes.Clone(envelopes))
	}
	if c.net.chance.happens(link.Late) {
		c.later(to.Party, envelopes, link)
		return exchange.Reply{}, ErrLost
	}
	if c.net.chance.happens(link.Duplicate) {
		c.later(to.Party, envelopes, link)
	}
	reply, err := c.arrive(ctx, to.Party, envelopes)
	if err != nil {
		return exchange.Reply{}, err
	}
	if link, err = c.travel(ctx, to.Party); err != nil {
		return exchange.Reply{}, err
	}
	if c.net.chance.happens(link.LoseAnswer) {
		return exchange.Reply{}, ErrLost
	}
	if link.TamperAnswer != nil {
		reply = link.TamperAnswer(reply)
	}
	return reply, nil
}

// travel is the way there or back.
func (c courier) travel(ctx context.Context, to heed.PartyID) (Link, error) {
	link, _ := c.net.link(c.from, to)
	if d := c.net.chance.within(link.MaxDelay); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return link, ctx.Err()
		}
		link, _ = c.net.link(c.from, to)
	}
	if link.Hangs {
		<-ctx.Done()
		return link, ctx.Err()
	}
	if link.Down {
		return link, ErrDown
	}
	if c.net.chance.happens(link.LoseRequest) {
		return link, ErrLost
	}
	return link, nil
}

// arrive hands a stream to the other party's node, as its door would.
func (c courier) arrive(ctx context.Context, to heed.PartyID, envelopes []byte) (exchange.Reply, error) {
	link, node := c.net.link(c.from, to)
	if node == nil || !node.up.Load() {
		return exchange.Reply{}, ErrDown
	}
	if link.Arrived != nil {
		link.Arrived(bytes.Clone(envelopes))
	}
	c.net.carried.Add(1)
	reply, err := node.exchange().Receive(ctx, bytes.NewReader(envelopes))
	var refused *heed.Refused
	if reply.Refusal != nil && (err == nil || errors.As(err, &refused)) {
		return exchange.Reply{Refusal: reply.Refusal}, nil
	}
	if err != nil {
		return exchange.Reply{}, fmt.Errorf("testnet: %s failed: %w", to, err)
	}
	return reply, nil
}

// later brings a stream once more, after a while and perhaps after others. It
// counts as being in flight until then.
func (c courier) later(to heed.PartyID, envelopes []byte, link Link) {
	pause := time.Millisecond + c.net.chance.within(max(4*link.MaxDelay, 2*time.Second))
	envelopes = bytes.Clone(envelopes)
	c.net.inFlight.Add(1)
	c.net.late.Go(func() {
		defer c.net.inFlight.Add(-1)
		time.Sleep(pause)
		// Nobody waits for the answer: a failure is as if it had been lost.
		_, _ = c.arrive(context.Background(), to, envelopes)
	})
}

// Resource implements exchange.Courier.
func (c courier) Resource(ctx context.Context, at heed.Card, origin string, path string) ([]byte, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	source := node.exchange().Ledger()
	if origin != "" {
		source = node.exchange().Mirror(origin)
	}
	resource, err := ledger.Read(ctx, source, path)
	return resource.Body, err
}

// CurrentCard implements exchange.Courier.
func (c courier) CurrentCard(ctx context.Context, at heed.Card) ([]byte, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	return node.exchange().CardNote(ctx)
}

// Pulse implements exchange.Courier.
func (c courier) Pulse(ctx context.Context, at heed.Card) (exchange.Pulse, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return exchange.Pulse{}, err
	}
	return node.exchange().Pulse(ctx)
}

// Cards implements exchange.Courier.
func (c courier) Cards(ctx context.Context, at heed.Card) ([][]byte, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	return node.exchange().Cards(ctx)
}

// Successions implements exchange.Courier.
func (c courier) Successions(ctx context.Context, at heed.Card) ([][]byte, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	return node.exchange().Successions(ctx)
}

// Deposit implements exchange.Courier.
func (c courier) Deposit(ctx context.Context, at heed.Depositary, sender, recipient, envelope []byte) ([]byte, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	if node.Depositary == nil {
		return nil, fmt.Errorf("testnet: %s is no depositary", at.Party)
	}
	link, _ := c.net.link(c.from, at.Party)
	if link.Arrived != nil {
		link.Arrived(bytes.Clone(envelope))
	}
	note, err := node.Depositary.TakeDeposit(ctx, sender, recipient, bytes.NewReader(envelope))
	if err != nil {
		return nil, err
	}
	if link.TamperDeposit != nil {
		note = link.TamperDeposit(bytes.Clone(note))
	}
	if c.net.chance.happens(link.LoseAnswer) {
		return nil, ErrLost
	}
	return note, nil
}

// Collect implements exchange.Courier.
func (c courier) Collect(ctx context.Context, at heed.Depositary, cards [][]byte, collect []byte) ([]exchange.Collected, error) {
	node, err := c.reach(ctx, at.Party)
	if err != nil {
		return nil, err
	}
	if node.Depositary == nil {
		return nil, fmt.Errorf("testnet: %s is no depositary", at.Party)
	}
	held, err := node.Depositary.ServeCollect(ctx, cards, collect)
	if err != nil {
		return nil, err
	}
	link, _ := c.net.link(c.from, at.Party)
	if link.TamperCollection != nil {
		held = link.TamperCollection(held)
	}
	if c.net.chance.happens(link.LoseAnswer) {
		return nil, ErrLost
	}
	return held, nil
}

// reach finds the other party's node, if a request gets there.
func (c courier) reach(ctx context.Context, to heed.PartyID) (*Party, error) {
	if _, err := c.travel(ctx, to); err != nil {
		return nil, err
	}
	_, node := c.net.link(c.from, to)
	if node == nil || !node.up.Load() {
		return nil, ErrDown
	}
	return node, nil
}
