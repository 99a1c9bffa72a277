package wire

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
)

func TestCardRules(t *testing.T) {
	v := readFormatVectors(t)
	same := func(name string) string { // another name's key, made of the node key's seed
		key := nodeOf(t, north)
		other, err := seal.NewSigningKey(strings.NewReader(string(seedOf(key.Name()))), name)
		if err != nil {
			t.Fatal(err)
		}
		return other.Verifier().String()
	}
	key := func(name string) string { return testKey(t, name).Verifier().String() }
	for name, change := range map[string]func(*heed.Card){
		"node key of another party":        func(c *heed.Card) { c.NodeKey = key("south.example/node") },
		"node key under another name":      func(c *heed.Card) { c.NodeKey = key("north.example/v1") },
		"no ledger key":                    func(c *heed.Card) { c.LedgerKey = "" },
		"ledger key of another party":      func(c *heed.Card) { c.LedgerKey = key("south.example/v1") },
		"ledger key of a longer name":      func(c *heed.Card) { c.LedgerKey = key("north.example.org/v1") },
		"ledger key is the node key":       func(c *heed.Card) { c.LedgerKey = c.NodeKey },
		"ledger key is the recovery key":   func(c *heed.Card) { c.RecoveryKey, c.LedgerKey = "", c.RecoveryKey },
		"ledger key is an officer's":       func(c *heed.Card) { c.LedgerKey = key(anna) },
		"ledger key shares the node key":   func(c *heed.Card) { c.LedgerKey = same("north.example/v1") },
		"recovery key shares the node key": func(c *heed.Card) { c.RecoveryKey = same("north.example/recovery") },
		"recovery key of another party":    func(c *heed.Card) { c.RecoveryKey = key("south.example/recovery") },
		"recovery key is an officer's":     func(c *heed.Card) { c.RecoveryKey = key(anna) },
		"classic sealing key":              func(c *heed.Card) { c.SealingKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p" },
		"damaged sealing key":              func(c *heed.Card) { c.SealingKey = c.SealingKey[:len(c.SealingKey)-1] + "q" },
		"serial 0":                         func(c *heed.Card) { c.Serial = 0 },
		"serial 2 after nothing":           func(c *heed.Card) { c.Serial = 2 },
		"serial 1 after something":         func(c *heed.Card) { c.Previous = heed.CardID{1} },
		"endpoint without https":           func(c *heed.Card) { c.Endpoint = "http://heed.north.example:443" },
		"endpoint with a user":             func(c *heed.Card) { c.Endpoint = "https://a@heed.north.example:443" },
		"endpoint with a line feed":        func(c *heed.Card) { c.Endpoint = "https://heed.north.example:443\npin: none" },
		"no endpoint":                      func(c *heed.Card) { c.Endpoint = "" },
		"tiles called none":                func(c *heed.Card) { c.Tiles = "none" },
		"no ladder":                        func(c *heed.Card) { c.Ladder = nil },
		"too many rungs":                   func(c *heed.Card) { c.Ladder = make(heed.Ladder, heed.MaxRungs+1) },
		"a rung with a bar":                func(c *heed.Card) { c.Ladder[0].Telephone = "1|2" },
		"a rung with a line feed":          func(c *heed.Card) { c.Ladder[0].Hours = "24/7\nrung: x" },
		"rungs at one time":                func(c *heed.Card) { c.Ladder[1].After = 0 },
		"a rung within a millisecond":      func(c *heed.Card) { c.Ladder[2].After = 5*time.Hour + time.Microsecond },
		"quotas out of order":              func(c *heed.Card) { slices.Reverse(c.Quotas) },
		"a quota twice":                    func(c *heed.Card) { c.Quotas[1] = c.Quotas[0] },
		"a quota of nothing":               func(c *heed.Card) { c.Quotas[0].Count = 0 },
		"a quota for no urgency":           func(c *heed.Card) { c.Quotas[0].Urgency = "soon" },
		"a clock of an hour in parts":      func(c *heed.Card) { c.Clock[heed.DutyAssess][heed.UrgencyPast] = time.Hour + time.Microsecond },
		"a clock of ten years":             func(c *heed.Card) { c.Clock[heed.DutyAssess][heed.UrgencyPast] = 10 * 366 * 24 * time.Hour },
		"a profile with a blank":           func(c *heed.Card) { c.Profile = "urgent police" },
		"an envelope too small":            func(c *heed.Card) { c.MaxEnvelope = 1 },
		"a delay of nothing":               func(c *heed.Card) { c.PublicationDelay = 0 },
		"depositaries never asked":         func(c *heed.Card) { c.CollectEvery = 0 },
		"no depositary to ask":             func(c *heed.Card) { c.Depositaries = nil },
		"its own depositary":               func(c *heed.Card) { c.Depositaries[0].Party, c.Depositaries[0].NodeKey = c.Party, c.NodeKey },
		"a depositary twice":               func(c *heed.Card) { c.Depositaries[1] = c.Depositaries[0] },
		"too many depositaries":            func(c *heed.Card) { c.Depositaries = make([]heed.Depositary, heed.MaxDepositaries+1) },
		"a depositary without a key":       func(c *heed.Card) { c.Depositaries[0].NodeKey = "" },
		"a depositary's other key":         func(c *heed.Card) { c.Depositaries[0].NodeKey = key("west.example/v1") },
		"a depositary with another's key":  func(c *heed.Card) { c.Depositaries[0].NodeKey = key("south.example/node") },
		"a depositary sharing the node key": func(c *heed.Card) {
			c.Depositaries[0].NodeKey = same("west.example/node")
		},
		"a depositary without https":    func(c *heed.Card) { c.Depositaries[0].Endpoint = "http://heed.west.example:443" },
		"a depositary with a path":      func(c *heed.Card) { c.Depositaries[0].Endpoint += "/x" },
		"a depositary with a line feed": func(c *heed.Card) { c.Depositaries[0].Endpoint += "\ndepositary: x" },
		"a depositary with a blank":     func(c *heed.Card) { c.Depositaries[0].Endpoint += " x" },
		"a depositary of no party":      func(c *heed.Card) { c.Depositaries[0].Party = "west" },
	} {
		card := sampleCards(t, v)["with recovery key"]
		change(&card)
		if _, note, err := SignCard(card, nodeOf(t, north)); err == nil {
			t.Errorf("%s: signed as\n%s", name, note)
		}
		// One who signs all the same is not read, or is read as having said
		// something else that is within the rules.
		read, err := ParseCard(rawNote(t, CardText(card), nodeOf(t, north)))
		if err == nil && (read.Check() != nil || CardText(read) != CardText(card)) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read with %v", name, err)
		}
	}
	card := sampleCards(t, v)["with recovery key"]
	for name, keys := range map[string][]seal.SigningKey{
		"nobody": {}, "another party": {nodeOf(t, south)}, "its recovery key only": {testKey(t, "north.example/recovery")},
		"its recovery key first": {testKey(t, "north.example/recovery"), nodeOf(t, north)}, "three keys": {nodeOf(t, north), testKey(t, "north.example/recovery"), testKey(t, anna)},
	} {
		if _, _, err := SignCard(card, keys...); err == nil {
			t.Errorf("signed by %s", name)
		}
		if len(keys) == 0 {
			continue
		}
		_, err := ParseCard(rawNote(t, CardText(card), keys...))
		if !errors.Is(err, seal.ErrSignature) && !errors.Is(err, ErrMalformed) {
			t.Errorf("read from %s: %v", name, err)
		}
	}
}

func seedOf(name string) []byte {
	d := digestOf("seed of " + name)
	return d[:]
}

// The second line of a card is whose it is, whatever stands in it.
func TestCardSignedBy(t *testing.T) {
	v := readFormatVectors(t)
	recovery := testKey(t, "north.example/recovery")
	stranger, err := seal.NewSigningKey(strings.NewReader(strings.Repeat("s", 32)), recovery.Name())
	if err != nil {
		t.Fatal(err)
	}
	node := nodeOf(t, north)
	text := CardText(sampleCards(t, v)["renewal"])
	other := rawNote(t, text+"x", recovery)
	for name, c := range map[string]struct {
		note []byte
		key  string
		want bool
	}{
		"signed by it":              {rawNote(t, text, node, recovery), recovery.Verifier().String(), true},
		"only the node":             {rawNote(t, text, node), recovery.Verifier().String(), false},
		"by a namesake":             {rawNote(t, text, node, stranger), recovery.Verifier().String(), false},
		"another key is asked for":  {rawNote(t, text, node, recovery), stranger.Verifier().String(), false},
		"no key is asked for":       {rawNote(t, text, node, recovery), "", false},
		"a key that is none":        {rawNote(t, text, node, recovery), "north.example/recovery", false},
		"the node key is no second": {rawNote(t, text, node), node.Verifier().String(), false},
		"it stands first":           {rawNote(t, text, recovery, node), recovery.Verifier().String(), false},
		"over another text":         {append(rawNote(t, text, node), other[strings.Index(string(other), "\n\n")+2:]...), recovery.Verifier().String(), false},
		"no card":                   {[]byte("x"), recovery.Verifier().String(), false},
	} {
		if got := CardSignedBy(c.note, c.key); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A second line changes neither the card nor its id.
	one, err := ParseCard(rawNote(t, text, node))
	if err != nil {
		t.Fatal(err)
	}
	two, err := ParseCard(rawNote(t, text, node, stranger))
	if err != nil || one.ID != two.ID {
		t.Errorf("with another second line: %s, %v, want %s", two.ID, err, one.ID)
	}
}

// Every line of the clock has its place, whatever the map's order.
func TestCardClockIsInOrder(t *testing.T) {
	card := sampleCards(t, readFormatVectors(t))["with recovery key"]
	first := CardText(card)
	for range 20 {
		card.Clock = maps.Clone(card.Clock)
		if CardText(card) != first {
			t.Fatal("the order of the clock's lines changes")
		}
	}
}

// A card that names another ledger is taken over only with the succession to
// it, of that party and for that card.
func TestCardFollowsWithSuccession(t *testing.T) {
	v := readFormatVectors(t)
	card := func(name string) heed.Card {
		c, err := ParseCard([]byte(noteNamed(t, v.Cards, name).Note))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	statement := func(name string) *heed.Statement {
		s, err := ParseStatement([]byte(noteNamed(t, v.Statements, name).Note))
		if err != nil {
			t.Fatal(err)
		}
		return &s
	}
	held, next := card("renewal"), card("another ledger")
	signed := CardSignedBy([]byte(noteNamed(t, v.Cards, "another ledger").Note), held.RecoveryKey)
	if err := held.Follows(next, signed, statement("succession")); err != nil {
		t.Error(err)
	}
	for name, succession := range map[string]*heed.Statement{"none": nil, "another party's": statement("succession of a lost ledger"), "a deposit": statement("deposit")} {
		if err := held.Follows(next, signed, succession); err == nil {
			t.Errorf("with %s: it follows", name)
		}
	}
	if err := card("with recovery key").Follows(held, true, nil); err != nil {
		t.Errorf("the same ledger needs no succession: %v", err)
	}
}
