// Package testnet plays many parties in one process: the real exchange, the
// real store, real keys and the real byte forms, over a network in memory that
// fails on demand. It is for tests, best inside a bubble of testing/synctest,
// where its clock stands still until everybody waits.
package testnet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"heed"
	"heed/exchange"
)

// Options of a net. The zero value is a quiet, sound network.
type Options struct {
	// Seed decides all that the network does by chance.
	Seed uint64
	// Baseline is what every card commits to; the zero value: Seconds().
	Baseline heed.Baseline
	// Recovery gives every party a recovery key, named in its card.
	Recovery bool
	// Knows says who has compared whose fingerprint; nil: everybody everybody's.
	Knows func(who, whom heed.PartyID) bool
	// Wrap stands between each node and its store; nil: nothing does.
	Wrap func(heed.PartyID, exchange.Store) exchange.Store
	// Log gets what the nodes log; nil: nobody does.
	Log io.Writer
}

// TB is what a net needs of a test: *testing.T, *testing.B and *rapid.T have it.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Net is some parties, each of which has all the others as peers unless the options say otherwise.
type Net struct {
	T       TB
	Network *Network
	Parties []*Party
	// Depositaries are not among the parties: nobody exchanges with them.
	Depositaries []*Party
	// Witnesses are those of everybody's ledger.
	Witnesses []*Witness
	options   Options
}

// New founds the parties, in temporary homes, gives each two officers with all
// roles, Anna and Boris, and has everybody add everybody. Nothing runs yet.
// Homes are closed and removed when the test ends.
func New(t TB, options Options, ids ...heed.PartyID) *Net {
	t.Helper()
	if options.Baseline.Profile == "" {
		options.Baseline = Seconds()
	}
	n := &Net{T: t, options: options, Network: newNetwork(options.Seed)}
	for i, id := range ids {
		p, err := n.found(id, i)
		if err != nil {
			t.Fatalf("found %s: %v", id, err)
		}
		n.Parties = append(n.Parties, p)
	}
	for _, p := range n.Parties {
		for _, other := range n.Parties {
			if p == other || options.Knows != nil && !options.Knows(p.ID, other.ID) {
				continue
			}
			if _, err := p.AddPeer(t.Context(), other.CardNote()); err != nil {
				t.Fatalf("%s adds %s: %v", p.ID, other.ID, err)
			}
		}
	}
	return n
}

// The officers that every party has, each with all roles.
const (
	Anna  heed.OfficerID = "anna"
	Boris heed.OfficerID = "boris"
)

// Seconds is a baseline whose clocks run in seconds: 5 s to acknowledge, 8 s to
// assess and to report, 6 s to answer, 12 s to conclude; rungs at 0, 2 and 5 s
// past due; two seconds of publication delay; quotas that nothing here reaches.
func Seconds() heed.Baseline {
	b := heed.DefaultBaseline()
	b.Profile = "seconds"
	b.Clock = heed.Clock{}
	for kind, d := range map[heed.DutyKind]time.Duration{
		heed.DutyAcknowledge: 5 * time.Second, heed.DutyAssess: 8 * time.Second, heed.DutyAnswer: 6 * time.Second,
		heed.DutyReport: 8 * time.Second, heed.DutyConclude: 12 * time.Second,
	} {
		b.Clock[kind] = map[heed.Urgency]time.Duration{}
		for _, u := range heed.Urgencies() {
			b.Clock[kind][u] = d
		}
	}
	b.Ladder = heed.Ladder{
		{Role: "duty-desk", Telephone: "+000 555 0100", Hours: "24/7", Zone: "UTC", Languages: "en"},
		{Role: "head-of-desk", After: 2 * time.Second, Telephone: "+000 555 0101", Hours: "24/7", Zone: "UTC", Languages: "en"},
		{Role: "head-of-service", After: 5 * time.Second, Telephone: "+000 555 0102", Hours: "24/7", Zone: "UTC", Languages: "en"},
	}
	b.Quotas = nil
	for _, u := range heed.Urgencies() {
		b.Quotas = append(b.Quotas, heed.Quota{Urgency: u, Count: 1_000_000, Per: time.Hour})
	}
	b.PublicationDelay = 2 * time.Second
	return b
}

// Warning is a small warning with an invented matter.
func Warning(headline string) heed.Warning {
	return heed.Warning{
		Headline: headline, Language: "en",
		Narratives: []heed.Narrative{{Language: "en", Text: "A source that has been right before reports an attack on the concert at North Harbour Hall."}},
		Category:   "Security", Urgency: heed.UrgencyImmediate, Severity: "Extreme", Certainty: "Possible", Status: heed.StatusActual,
		Handling: heed.Handling{TLP: heed.TLPAmberStrict},
	}
}

// Start has every party run.
func (n *Net) Start() {
	for _, p := range n.Parties {
		p.Start()
	}
}

// Stop has every party stop.
func (n *Net) Stop() {
	for _, p := range n.Parties {
		p.Stop()
	}
}

// Drain runs until nobody has anything left to say and every published leaf is
// mirrored by everybody else, or until limit has passed. The parties must run,
// and the network must be sound again.
func (n *Net) Drain(limit time.Duration) error {
	end := time.Now().Add(limit)
	for {
		busy, err := n.busy()
		if err != nil {
			return err
		}
		if busy == "" {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %s there is still %s", limit, busy)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// busy says what is still under way; empty where nothing is.
func (n *Net) busy() (string, error) {
	if k := n.Network.InFlight(); k > 0 {
		return fmt.Sprintf("%d requests on the network", k), nil
	}
	for _, p := range n.Parties {
		if !p.up.Load() {
			continue
		}
		count, err := p.InFlight(context.Background())
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.ID, err)
		}
		if count > 0 {
			return fmt.Sprintf("%d unsaid at %s", count, p.ID), nil
		}
		me, err := p.Self(context.Background())
		if err != nil {
			return "", err
		}
		if me.Restored {
			return fmt.Sprintf("%s catching up", p.ID), nil
		}
	}
	return "", nil
}

// Mirror has everybody publish and then follow everybody else's ledger.
func (n *Net) Mirror() error {
	for _, p := range n.Parties {
		if err := p.Cut(context.Background()); err != nil {
			return fmt.Errorf("%s publishes: %w", p.ID, err)
		}
	}
	for _, p := range n.Parties {
		for _, other := range n.Parties {
			if p == other || !p.has(other.ID) {
				continue
			}
			if err := p.Follow(context.Background(), other.ID); err != nil {
				return fmt.Errorf("%s follows %s: %w", p.ID, other.ID, err)
			}
		}
	}
	return nil
}

// has reports whether a party has another as its peer, pending or not.
func (p *Party) has(other heed.PartyID) bool {
	return p.Store.Read(context.Background(), func(v exchange.View) error {
		_, err := v.Peer(other)
		return err
	}) == nil
}

// chance is a source of chance that many may use at once.
type chance struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newChance(seed uint64) *chance {
	return &chance{rng: rand.New(rand.NewPCG(seed, 0x6865656400000000))}
}

// happens is true with that probability.
func (c *chance) happens(probability float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.Float64() < probability
}

// within is a duration from 0 to most.
func (c *chance) within(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.rng.Int64N(int64(most)))
}

// bytesOf is a reader of pseudo-random bytes for one party: keys and salts that
// are the same in every run, and good for nothing but tests.
type bytesOf struct {
	mu      sync.Mutex
	chacha8 *rand.ChaCha8
}

func newBytesOf(seed uint64, party heed.PartyID, age int) *bytesOf {
	text := binary.BigEndian.AppendUint64(nil, seed)
	text = binary.BigEndian.AppendUint64(text, uint64(age))
	return &bytesOf{chacha8: rand.NewChaCha8(sha256.Sum256(append(text, party...)))}
}

// Read implements io.Reader.
func (b *bytesOf) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chacha8.Read(p)
}

func logger(to io.Writer, party heed.PartyID) *slog.Logger {
	if to == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug})).With("party", party)
}
