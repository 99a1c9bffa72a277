package heed

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Card is what a party publishes of itself, signed by its node key. Cards are
// numbered by serial from 1; the next one names this one.
type Card struct {
	ID CardID // SHA-256 of the signed text; no part of it

	Party    PartyID
	Serial   uint64
	Issued   time.Time
	Previous CardID // zero for serial 1

	NodeKey     string // C2SP vkey; signs statements and envelopes
	SealingKey  string // age hybrid recipient, age1pq1...
	LedgerKey   string // C2SP vkey whose name is the ledger's origin
	RecoveryKey string // C2SP vkey kept offline, or empty; may sign the next card

	Endpoint string // https://host:port where peers deliver
	Pin      Digest // SHA-256 of the TLS key's SubjectPublicKeyInfo; zero: an ordinary certificate
	Tiles    string // http://host:port of the ledger's tiles, or empty: under the endpoint

	Baseline

	// Depositaries take envelopes for the party while it cannot or will not be
	// reached; senders try them in this order.
	Depositaries []Depositary
}

// Depositary is a neutral node that keeps a party's envelopes unopened until
// the party collects them, and gives deposits for them. The card that names it
// pins it, so that nobody else's word counts as its.
type Depositary struct {
	Party    PartyID
	Endpoint string // https://host:port
	Pin      Digest // SHA-256 of the TLS key's SubjectPublicKeyInfo; zero: an ordinary certificate
	NodeKey  string // C2SP vkey named PARTY/node; signs its deposits
}

// MaxDepositaries bounds how many depositaries one card names.
const MaxDepositaries = 4

// Baseline is what a party commits to towards everybody with whom it has no
// accord: the terms under which it receives.
type Baseline struct {
	Profile          string // the clock's name, for people
	Clock            Clock
	Ladder           Ladder
	Quotas           []Quota
	PublicationDelay time.Duration // from `received` to when the ledger shows it
	MaxEnvelope      int64         // bytes of one sealed envelope
	Acknowledge      []int         // an accord's: the rungs that must acknowledge, each for itself, ascending; none: whoever of the party
	LapseNotice      time.Duration // an accord's: how long beforehand a lapse is announced; zero: it may take effect at once
	CollectEvery     time.Duration // how often depositaries are asked; zero exactly where the card names none
}

// Quota bounds how many statements that create duties one peer may send.
type Quota struct {
	Urgency Urgency
	Count   int
	Per     time.Duration
}

// Bounds of a baseline.
const (
	DefaultPublicationDelay = 60 * time.Second
	DefaultMaxEnvelope      = 32 << 20
	LargestEnvelope         = 256 << 20
	MaxQuotaPeriod          = 366 * 24 * time.Hour
)

// DefaultBaseline is what a new card commits to.
func DefaultBaseline() Baseline {
	p, err := ProfileNamed(DefaultProfile)
	if err != nil {
		panic(err) // the constant names a profile of the table beside it
	}
	return Baseline{
		Profile: p.Name,
		Clock:   p.Clock,
		Ladder: Ladder{
			{Role: "duty-desk", Telephone: "+000 0000", Hours: "24/7", Zone: "UTC", Languages: "en"},
			{Role: "head-of-desk", After: time.Hour, Telephone: "+000 0001", Hours: "24/7", Zone: "UTC", Languages: "en"},
			{Role: "head-of-service", After: 4 * time.Hour, Telephone: "+000 0002", Hours: "24/7", Zone: "UTC", Languages: "en"},
		},
		Quotas:           DefaultQuotas(),
		PublicationDelay: DefaultPublicationDelay,
		MaxEnvelope:      DefaultMaxEnvelope,
	}
}

// DefaultQuotas admits far more than a liaison desk can read, and far less
// than would bury it.
func DefaultQuotas() []Quota {
	return []Quota{
		{Urgency: UrgencyImmediate, Count: 200, Per: time.Hour},
		{Urgency: UrgencyExpected, Count: 500, Per: time.Hour},
		{Urgency: UrgencyFuture, Count: 500, Per: time.Hour},
		{Urgency: UrgencyPast, Count: 500, Per: time.Hour},
		{Urgency: UrgencyUnknown, Count: 500, Per: time.Hour},
	}
}

// Quota is the bound for an urgency; false where there is none.
func (b Baseline) Quota(u Urgency) (Quota, bool) {
	for _, q := range b.Quotas {
		if q.Urgency == u {
			return q, true
		}
	}
	return Quota{}, false
}

// Check reports whether the baseline is within its bounds.
func (b Baseline) Check() error {
	if err := b.Clock.Check(); err != nil {
		return err
	}
	if err := b.Ladder.Check(); err != nil {
		return err
	}
	if !isToken(b.Profile, 40) {
		return &Invalid{What: fmt.Sprintf("clock profile name %q is not one lower-case word", clip(b.Profile))}
	}
	if b.PublicationDelay < 100*time.Millisecond || b.PublicationDelay > 24*time.Hour || b.PublicationDelay%time.Millisecond != 0 {
		return &Invalid{What: fmt.Sprintf("publication delay %s is out of bounds", b.PublicationDelay), Hint: "from 100ms to 24h"}
	}
	if b.MaxEnvelope < 64<<10 || b.MaxEnvelope > LargestEnvelope {
		return &Invalid{What: fmt.Sprintf("largest envelope of %d bytes is out of bounds", b.MaxEnvelope), Hint: "from 64 KiB to 256 MiB"}
	}
	if b.CollectEvery < 0 || b.CollectEvery > MaxResponse || b.CollectEvery%time.Millisecond != 0 {
		return &Invalid{What: fmt.Sprintf("collect-every %s is out of bounds", b.CollectEvery)}
	}
	for i, q := range b.Quotas {
		if urgencyOrder(q.Urgency) < 0 {
			return &Invalid{What: fmt.Sprintf("quota for unknown urgency %q", clip(string(q.Urgency)))}
		}
		if q.Count < 1 || q.Count > 1_000_000 || q.Per < time.Second || q.Per > MaxQuotaPeriod || q.Per%time.Millisecond != 0 {
			return &Invalid{What: fmt.Sprintf("quota for %s is out of bounds", q.Urgency), Hint: "1 to 1,000,000 per 1s to one year"}
		}
		if i > 0 && urgencyOrder(b.Quotas[i-1].Urgency) >= urgencyOrder(q.Urgency) {
			return &Invalid{What: "quotas are not in the order of urgency, or one stands twice"}
		}
	}
	return nil
}

func urgencyOrder(u Urgency) int {
	for i, v := range Urgencies() {
		if v == u {
			return i
		}
	}
	return -1
}

// Check reports whether the card is complete. Keys are checked by whoever
// verifies the signature.
func (c Card) Check() error {
	if _, err := ParsePartyID(string(c.Party)); err != nil {
		return err
	}
	if c.Serial == 0 || (c.Serial == 1) != c.Previous.IsZero() {
		return &Invalid{What: "card: the first has serial 1 and no previous card, and every later one names the one before it"}
	}
	if err := checkURL(c.Endpoint, "https"); err != nil {
		return err
	}
	if c.Tiles != "" {
		if err := checkURL(c.Tiles, "http"); err != nil {
			return err
		}
	}
	if err := c.Baseline.Check(); err != nil {
		return err
	}
	return c.checkDepositaries()
}

func (c Card) checkDepositaries() error {
	if len(c.Depositaries) > MaxDepositaries {
		return &Invalid{What: fmt.Sprintf("card: %d depositaries, and it names at most %d", len(c.Depositaries), MaxDepositaries)}
	}
	if (len(c.Depositaries) > 0) != (c.CollectEvery > 0) {
		return &Invalid{What: "card: collect-every is above 0 where a depositary is named, and 0 where none is", Hint: "say how often its depositaries are asked, or name none"}
	}
	for i, d := range c.Depositaries {
		if _, err := ParsePartyID(string(d.Party)); err != nil {
			return err
		}
		if d.Party == c.Party {
			return &Invalid{What: fmt.Sprintf("card: %s names itself as its depositary", c.Party), Hint: "name another party, which both sides can reach"}
		}
		if slices.ContainsFunc(c.Depositaries[:i], func(e Depositary) bool { return e.Party == d.Party }) {
			return &Invalid{What: fmt.Sprintf("card: depositary %s stands twice", d.Party)}
		}
		if err := checkURL(d.Endpoint, "https"); err != nil {
			return err
		}
		if d.NodeKey == "" {
			return &Invalid{What: fmt.Sprintf("card: depositary %s has no node key", d.Party)}
		}
	}
	return nil
}

// checkURL admits scheme://host:port and nothing else, so that a card cannot
// make a peer's node call some other path of some other service.
func checkURL(s, scheme string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != scheme || u.Hostname() == "" || u.Scheme+"://"+u.Host != s || len(s) > 200 || !isLine(s, 200) {
		return &Invalid{What: fmt.Sprintf("card: %q is not an endpoint", clip(s)), Hint: "write it like " + scheme + "://host:port"}
	}
	return nil
}

// Follows reports whether next may replace c without people comparing its
// fingerprint again: it is the next serial, names c, and is signed by c's
// recovery key (byRecovery). Where it names another ledger, a succession must
// say so: by c's party, signed under c's node key, from c's ledger to next's,
// for next itself. Where it names the same one, succession is not looked at
// and may be nil. Errors are *Refused.
//
// The caller has verified both signatures. Whether the old ledger did end, or
// was lost, as the succession says, is for whoever reads that ledger.
func (c Card) Follows(next Card, byRecovery bool, succession *Statement) error {
	switch {
	case next.Party != c.Party:
		return &Refused{Detail: fmt.Sprintf("the card is of %s, not of %s", next.Party, c.Party)}
	case next.Serial != c.Serial+1 || next.Previous != c.ID:
		return &Refused{Detail: fmt.Sprintf("card %d of %s does not follow card %d, which we hold", next.Serial, c.Party, c.Serial), Hint: "ask for the cards in between, or compare the fingerprint and add it again"}
	case next.LedgerKey != c.LedgerKey && !c.succeeds(next, succession):
		return &Refused{Detail: fmt.Sprintf("card %d of %s names another ledger than card %d, and no succession to it came from %s", next.Serial, c.Party, c.Serial, c.Party), Hint: "ask by telephone what became of the old one, then compare the fingerprint and `heed peer add` it"}
	case c.RecoveryKey == "" || !byRecovery:
		return &Refused{Detail: fmt.Sprintf("card %d of %s is not signed by the recovery key that card %d names", next.Serial, c.Party, c.Serial), Hint: "compare its fingerprint by telephone, then `heed peer add` it"}
	}
	return nil
}

// succeeds reports whether s hands c's ledger over to that of next. Each of
// next's id and both ledgers is bound, so that no succession serves twice.
func (c Card) succeeds(next Card, s *Statement) bool {
	return s != nil && s.Kind == KindSuccession && s.Check() == nil &&
		s.Author == c.Party && s.Node == c.NodeKey && s.Ledger == c.LedgerKey && s.Successor == next.LedgerKey && s.Card == next.ID
}
