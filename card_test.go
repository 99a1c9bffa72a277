package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDefaultBaseline(t *testing.T) {
	b := DefaultBaseline()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	if b.Profile != DefaultProfile || b.PublicationDelay != time.Minute || b.CollectEvery != 0 {
		t.Errorf("got profile %s, publication delay %s, collect-every %s", b.Profile, b.PublicationDelay, b.CollectEvery)
	}
	for _, u := range Urgencies() {
		if q, ok := b.Quota(u); !ok || q.Urgency != u {
			t.Errorf("%s: quota %+v, %t", u, q, ok)
		}
	}
	if _, ok := (Baseline{}).Quota(UrgencyPast); ok {
		t.Error("a baseline without quotas has one")
	}
}

func TestBaselineBounds(t *testing.T) {
	good := map[string]func(*Baseline){
		"no quotas":                  func(b *Baseline) { b.Quotas = nil },
		"shortest publication delay": func(b *Baseline) { b.PublicationDelay = 100 * time.Millisecond },
		"longest publication delay":  func(b *Baseline) { b.PublicationDelay = 24 * time.Hour },
		"smallest envelope":          func(b *Baseline) { b.MaxEnvelope = 64 << 10 },
		"largest envelope":           func(b *Baseline) { b.MaxEnvelope = LargestEnvelope },
		"longest collect-every":      func(b *Baseline) { b.CollectEvery = MaxResponse },
		"smallest quota":             func(b *Baseline) { b.Quotas = []Quota{{UrgencyPast, 1, time.Second}} },
		"largest quota":              func(b *Baseline) { b.Quotas = []Quota{{UrgencyPast, 1_000_000, MaxQuotaPeriod}} },
		"quotas of two":              func(b *Baseline) { b.Quotas = []Quota{b.Quotas[0], b.Quotas[3]} },
	}
	for what, edit := range good {
		b := DefaultBaseline()
		edit(&b)
		if err := b.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	quota := func(q Quota) func(*Baseline) { return func(b *Baseline) { b.Quotas = []Quota{q} } }
	const ms, us = time.Millisecond, time.Microsecond
	bad := []struct {
		says string
		edit func(*Baseline)
	}{
		{"response time", func(b *Baseline) { b.Clock[DutyAssess][UrgencyPast] = 1 }},
		{"ladder", func(b *Baseline) { b.Ladder = nil }},
		{"rung 2", func(b *Baseline) { b.Ladder[1].After = 0 }},
		{"profile name", func(b *Baseline) { b.Profile = "" }},
		{"profile name", func(b *Baseline) { b.Profile = "Urgent Police" }},
		{"publication delay", func(b *Baseline) { b.PublicationDelay = 0 }},
		{"publication delay", func(b *Baseline) { b.PublicationDelay = 99 * ms }},
		{"publication delay", func(b *Baseline) { b.PublicationDelay = 24*time.Hour + ms }},
		{"publication delay", func(b *Baseline) { b.PublicationDelay = time.Second + us }},
		{"envelope", func(b *Baseline) { b.MaxEnvelope = 64<<10 - 1 }},
		{"envelope", func(b *Baseline) { b.MaxEnvelope = LargestEnvelope + 1 }},
		{"collect-every", func(b *Baseline) { b.CollectEvery = -ms }},
		{"collect-every", func(b *Baseline) { b.CollectEvery = MaxResponse + ms }},
		{"collect-every", func(b *Baseline) { b.CollectEvery = us }},
		{"quota", quota(Quota{UrgencyPast, 0, time.Hour})},
		{"quota", quota(Quota{UrgencyPast, 1_000_001, time.Hour})},
		{"quota", quota(Quota{UrgencyPast, 1, 999 * ms})},
		{"quota", quota(Quota{UrgencyPast, 1, MaxQuotaPeriod + ms})},
		{"quota", quota(Quota{UrgencyPast, 1, time.Hour + us})},
		{"unknown urgency", quota(Quota{"Soon", 1, time.Hour})},
		{"order of urgency", func(b *Baseline) { slices.Reverse(b.Quotas) }},
		{"stands twice", func(b *Baseline) { b.Quotas[1] = b.Quotas[0] }},
	}
	for _, c := range bad {
		b := DefaultBaseline()
		c.edit(&b)
		if err := b.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}

func someCard() Card {
	return Card{
		ID: CardID{1}, Party: "north.example", Serial: 1, Issued: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC),
		RecoveryKey: "north.example/recovery", Endpoint: "https://north.example:7443", Baseline: DefaultBaseline(),
	}
}

func TestCardBounds(t *testing.T) {
	for what, edit := range map[string]func(*Card){
		"as it is":    func(*Card) {},
		"renewed":     func(c *Card) { c.Serial, c.Previous = 2, CardID{9} },
		"tiles":       func(c *Card) { c.Tiles = "http://north.example:7480" },
		"address":     func(c *Card) { c.Endpoint = "https://192.0.2.1:7443" },
		"IPv6":        func(c *Card) { c.Endpoint = "https://[2001:db8::1]:7443" },
		"usual port":  func(c *Card) { c.Endpoint = "https://north.example" },
		"no recovery": func(c *Card) { c.RecoveryKey = "" },
		"depositaries": func(c *Card) {
			c.CollectEvery = time.Millisecond
			for _, p := range []PartyID{"west.example", "harbour.example", "east.example", "south.example"} {
				c.Depositaries = append(c.Depositaries, Depositary{Party: p, Endpoint: "https://" + string(p), NodeKey: "key"})
			}
		},
		"longest bound": func(c *Card) { c.Endpoint = "https://" + strings.Repeat("a", 192) },
	} {
		c := someCard()
		edit(&c)
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	bad := []struct {
		says string
		edit func(*Card)
	}{
		{"party name", func(c *Card) { c.Party = "north" }},
		{"serial", func(c *Card) { c.Serial = 0 }},
		{"serial", func(c *Card) { c.Previous = CardID{9} }},
		{"serial", func(c *Card) { c.Serial = 2 }},
		{"ladder", func(c *Card) { c.Ladder = nil }},
		{"collect-every", func(c *Card) { c.CollectEvery = time.Hour }},
	}
	for _, d := range []struct {
		says string
		edit func(*Card)
	}{
		{"collect-every", func(c *Card) { c.CollectEvery = 0 }},
		{"at most 4", func(c *Card) { c.Depositaries = make([]Depositary, MaxDepositaries+1) }},
		{"party name", func(c *Card) { c.Depositaries[1].Party = "West.example" }},
		{"itself", func(c *Card) { c.Depositaries[1].Party = c.Party }},
		{"twice", func(c *Card) { c.Depositaries[1].Party = "west.example" }},
		{"endpoint", func(c *Card) { c.Depositaries[1].Endpoint = "" }},
		{"endpoint", func(c *Card) { c.Depositaries[1].Endpoint = "http://harbour.example" }},
		{"endpoint", func(c *Card) { c.Depositaries[1].Endpoint = "https://harbour.example/x" }},
		{"node key", func(c *Card) { c.Depositaries[1].NodeKey = "" }},
	} {
		bad = append(bad, struct {
			says string
			edit func(*Card)
		}{d.says, func(c *Card) {
			c.CollectEvery = time.Hour
			c.Depositaries = []Depositary{{Party: "west.example", Endpoint: "https://west.example", NodeKey: "a"}, {Party: "harbour.example", Endpoint: "https://harbour.example", NodeKey: "b"}}
			d.edit(c)
		}})
	}
	for _, url := range []string{
		"", "north.example:7443", "http://north.example:7443", "https://", "https://north.example:7443/", "https://north.example:7443/v1",
		"https://north.example?x", "https://north.example#x", "https://user@north.example", "https://north.example:port", "https://a b",
		"https://north.example\n", " https://north.example", "HTTPS://north.example", "https:north.example", "https://a|b",
		"https://" + strings.Repeat("a", 193),
	} {
		bad = append(bad, struct {
			says string
			edit func(*Card)
		}{"endpoint", func(c *Card) { c.Endpoint = url }})
	}
	for _, url := range []string{"https://north.example:7480", "http://north.example/tiles"} {
		bad = append(bad, struct {
			says string
			edit func(*Card)
		}{"endpoint", func(c *Card) { c.Tiles = url }})
	}
	for _, b := range bad {
		c := someCard()
		b.edit(&c)
		if err := c.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), b.says) {
			t.Errorf("%s, %s, %s: %v", b.says, c.Endpoint, c.Tiles, err)
		}
	}
}

func TestCardFollows(t *testing.T) {
	old := someCard()
	next := someCard()
	next.ID, next.Serial, next.Previous = CardID{2}, 2, old.ID
	if err := old.Follows(next, true, nil); err != nil {
		t.Error(err)
	}
	for what, edit := range map[string]func(old, next *Card){
		"not of north.example":          func(_, next *Card) { next.Party = "south.example" },
		"does not follow card 1":        func(_, next *Card) { next.Serial = 3 },
		"card 1 of north.example does ": func(_, next *Card) { next.Serial = 1 },
		"card 2 of north.example does ": func(_, next *Card) { next.Previous = CardID{7} },
		"recovery key":                  func(old, _ *Card) { old.RecoveryKey = "" },
	} {
		o, n := old, next
		edit(&o, &n)
		if err := o.Follows(n, true, nil); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := old.Follows(next, false, nil); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), "fingerprint") {
		t.Errorf("the node's key alone renews no card: %v", err)
	}
	largest := old
	largest.Serial = ^uint64(0)
	wrapped := next
	wrapped.Serial, wrapped.Previous = 0, largest.ID
	if err := wrapped.Check(); err == nil {
		t.Error("a serial wraps around")
	}
}

// Another ledger needs a succession, and only the one to it.
func TestCardFollowsIntoAnotherLedger(t *testing.T) {
	old := someCard()
	old.NodeKey, old.LedgerKey = "north.example/node", "north.example/v1"
	next := old
	next.ID, next.Serial, next.Previous, next.LedgerKey = CardID{2}, 2, old.ID, "north.example/v1-2"
	good := Statement{Kind: KindSuccession, Author: old.Party, AuthorCard: 1, Node: old.NodeKey, Ledger: old.LedgerKey, Size: 16, Root: Digest{1}, Successor: next.LedgerKey, Card: next.ID}
	if err := old.Follows(next, true, &good); err != nil {
		t.Fatal(err)
	}
	if err := old.Follows(next, false, &good); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), "recovery key") {
		t.Errorf("a succession replaces no recovery key: %v", err)
	}
	if err := old.Follows(next, true, nil); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), "another ledger") {
		t.Errorf("without a succession: %v", err)
	}
	for what, edit := range map[string]func(*Statement){
		"of another kind":        func(s *Statement) { *s = placed(KindDeposit) },
		"of another party":       func(s *Statement) { s.Author = "south.example" },
		"under another node key": func(s *Statement) { s.Node = "north.example/other" },
		"from another ledger":    func(s *Statement) { s.Ledger = "north.example/v0" },
		"to another ledger":      func(s *Statement) { s.Successor = "north.example/v1-3" },
		"for another card":       func(s *Statement) { s.Card = CardID{3} },
		"incomplete":             func(s *Statement) { s.Root = Digest{} },
	} {
		s := good
		edit(&s)
		if err := old.Follows(next, true, &s); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), "another ledger") {
			t.Errorf("a succession %s: %v", what, err)
		}
	}
}
