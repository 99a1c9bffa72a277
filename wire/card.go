package wire

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

// MaxCard bounds a card in bytes.
const MaxCard = 64 << 10

const cardFirst = "heed-card/v1"

// CardText is the text that the node key signs, and, for a renewal, the
// recovery key of the card before it.
func CardText(c heed.Card) string {
	w := &writer{}
	w.first(cardFirst)
	w.line("party", string(c.Party))
	w.number("serial", c.Serial)
	w.time("issued", c.Issued)
	w.digest("previous", heed.Digest(c.Previous))
	w.line("node-key", c.NodeKey)
	w.line("sealing-key", c.SealingKey)
	w.line("ledger-key", c.LedgerKey)
	w.line("recovery-key", orNone(c.RecoveryKey))
	w.line("endpoint", c.Endpoint)
	w.digest("pin", c.Pin)
	w.line("tiles", orNone(c.Tiles))
	w.span("publication-delay", c.PublicationDelay)
	w.number("max-envelope", uint64(c.MaxEnvelope))
	w.span("collect-every", c.CollectEvery)
	w.line("profile", c.Profile)
	for _, kind := range heed.DutyKinds() {
		for _, urgency := range heed.Urgencies() {
			if d, ok := c.Clock.Of(kind, urgency); ok {
				w.line("clock", string(kind)+" "+string(urgency)+" "+span(d))
			}
		}
	}
	for _, q := range c.Quotas {
		w.line("quota", string(q.Urgency)+" "+strconv.Itoa(q.Count)+" "+span(q.Per))
	}
	for _, r := range c.Ladder {
		w.line("rung", strings.Join([]string{r.Role + " " + span(r.After), r.Telephone, r.Mail, r.Hours, r.Zone, r.Languages}, "|"))
	}
	for _, d := range c.Depositaries {
		pin := "none"
		if !d.Pin.IsZero() {
			pin = d.Pin.String()
		}
		w.line("depositary", strings.Join([]string{string(d.Party), d.Endpoint, pin, d.NodeKey}, " "))
	}
	return w.text()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func noneOr(s string) string {
	if s == "none" {
		return ""
	}
	return s
}

// SignCard signs a card with its node key and, for a renewal, with the
// recovery key of the card before it. What ParseCard would refuse is not
// signed; the error is then a *heed.Invalid or matches ErrMalformed.
func SignCard(c heed.Card, keys ...seal.SigningKey) (heed.Card, []byte, error) {
	if err := c.Check(); err != nil {
		return c, nil, err
	}
	text := CardText(c)
	read, err := parseCardText(text)
	if err != nil {
		return c, nil, fmt.Errorf("sign card: %w", err)
	}
	if len(keys) == 0 || len(keys) > 2 || keys[0].Verifier().String() != read.NodeKey {
		return c, nil, malformed("sign card: the node key that the card names signs first, and at most one other key after it")
	}
	note, err := seal.SignNote(text, keys...)
	if err != nil {
		return c, nil, fmt.Errorf("sign card: %w", err)
	}
	return read, note, nil
}

// ParseCard reads a card and verifies that its own node key signed it. A
// second signature may stand behind it; CardSignedBy says whose it is. Whether
// the card is really the party's, people find out by its fingerprint.
func ParseCard(note []byte) (heed.Card, error) {
	c, sigs, err := readCard(note)
	if err != nil {
		return heed.Card{}, fmt.Errorf("card: %w", err)
	}
	key, err := seal.ParseVerifyKey(c.NodeKey)
	if err != nil {
		return heed.Card{}, fmt.Errorf("card: %w", err)
	}
	if err := sigs.verifyOne(0, key); err != nil {
		return heed.Card{}, fmt.Errorf("card of %s: %w", c.Party, err)
	}
	return c, nil
}

// CardSignedBy reports whether the card's second signature is by the key.
func CardSignedBy(note []byte, recovery string) bool {
	_, sigs, err := readCard(note)
	if err != nil || recovery == "" {
		return false
	}
	key, err := seal.ParseVerifyKey(recovery)
	return err == nil && sigs.verifyOne(1, key) == nil
}

// signatures of a note whose keys are not all known beforehand.
type signatures struct {
	text  string
	lines []seal.NoteSignature
}

func (s signatures) verifyOne(i int, key seal.VerifyKey) error {
	if i >= len(s.lines) {
		return fmt.Errorf("signature line %d is missing: %w", i+1, seal.ErrSignature)
	}
	line := s.lines[i]
	if line.Name != key.Name() || line.KeyHash != key.KeyHash() || !key.Verify([]byte(s.text), line.Signature) {
		return fmt.Errorf("signature line %d: %w", i+1, seal.ErrSignature)
	}
	return nil
}

func readCard(note []byte) (heed.Card, signatures, error) {
	text, lines, err := splitNote(note, MaxCard, 2)
	if err != nil {
		return heed.Card{}, signatures{}, err
	}
	c, err := parseCardText(text)
	if err != nil {
		return heed.Card{}, signatures{}, err
	}
	return c, signatures{text, lines}, nil
}

func parseCardText(text string) (heed.Card, error) {
	if len(text) > MaxCard {
		return heed.Card{}, malformed("%d bytes, and at most %d are read", len(text), MaxCard)
	}
	var c heed.Card
	r := newReader(text, cardFirst)
	c.Party = r.party("party")
	c.Serial = r.number("serial")
	c.Issued = r.time("issued")
	c.Previous = heed.CardID(r.digest("previous"))
	c.NodeKey = get(r, r.need("node-key"), parseKey)
	c.SealingKey = get(r, r.need("sealing-key"), func(s string) (string, error) {
		_, err := seal.ParseRecipient(s)
		return s, err
	})
	c.LedgerKey = get(r, r.need("ledger-key"), parseKey)
	if c.RecoveryKey = noneOr(r.need("recovery-key")); c.RecoveryKey != "" {
		c.RecoveryKey = get(r, c.RecoveryKey, parseKey)
	}
	c.Endpoint = r.need("endpoint")
	c.Pin = r.digest("pin")
	c.Tiles = noneOr(r.need("tiles"))
	c.PublicationDelay = r.span("publication-delay")
	c.MaxEnvelope = r.size("max-envelope")
	c.CollectEvery = r.span("collect-every")
	c.Profile = get(r, r.need("profile"), parseWord)
	c.Clock = readClock(r)
	c.Quotas = list(r, "quota", len(heed.Urgencies()), parseQuota)
	c.Ladder = list(r, "rung", heed.MaxRungs, parseRung)
	c.Depositaries = list(r, "depositary", heed.MaxDepositaries, parseDepositary)
	if err := r.end(); err != nil {
		return heed.Card{}, err
	}
	if err := c.Check(); err != nil {
		return heed.Card{}, malformed("%v", err)
	}
	if err := checkCardKeys(c); err != nil {
		return heed.Card{}, err
	}
	if CardText(c) != text {
		return heed.Card{}, malformed("not in its canonical form")
	}
	c.ID = heed.CardID(sha256.Sum256([]byte(text)))
	return c, nil
}

// checkCardKeys holds the rule that keys of different uses are never shared.
func checkCardKeys(c heed.Card) error {
	if _, err := keyNamed(c.NodeKey, NodeKeyName(c.Party)); err != nil {
		return err
	}
	if _, err := ledgerKey(c.LedgerKey, c.Party); err != nil {
		return err
	}
	material := []string{keyMaterial(c.NodeKey), keyMaterial(c.LedgerKey)}
	if c.RecoveryKey != "" {
		if _, err := keyNamed(c.RecoveryKey, RecoveryKeyName(c.Party)); err != nil {
			return err
		}
		material = append(material, keyMaterial(c.RecoveryKey))
	}
	for _, d := range c.Depositaries {
		if _, err := keyNamed(d.NodeKey, NodeKeyName(d.Party)); err != nil {
			return err
		}
		material = append(material, keyMaterial(d.NodeKey))
	}
	return checkDistinct(material)
}

// clockTime is one line of a clock.
type clockTime struct {
	kind    heed.DutyKind
	urgency heed.Urgency
	time    time.Duration
}

// readClock takes the clock's lines. Their order, and that none stands twice,
// is held by writing them again.
func readClock(r *reader) heed.Clock {
	clock := heed.Clock{}
	for _, c := range list(r, "clock", len(heed.DutyKinds())*len(heed.Urgencies()), parseClockTime) {
		if clock[c.kind] == nil {
			clock[c.kind] = map[heed.Urgency]time.Duration{}
		}
		clock[c.kind][c.urgency] = c.time
	}
	return clock
}

func parseClockTime(s string) (c clockTime, err error) {
	parts := strings.Split(s, " ")
	if len(parts) != 3 {
		return c, malformed("a clock has a duty, an urgency and a time")
	}
	if c.kind, err = heed.ParseDutyKind(parts[0]); err != nil {
		return c, err
	}
	if c.kind.Rung() > 0 {
		return c, malformed("a clock has one time for all that acknowledge")
	}
	if c.urgency, err = heed.ParseUrgency(parts[1]); err != nil {
		return c, err
	}
	c.time, err = parseSpan(parts[2])
	return c, err
}

func parseQuota(s string) (heed.Quota, error) {
	parts := strings.Split(s, " ")
	if len(parts) != 3 {
		return heed.Quota{}, malformed("a quota has an urgency, a count and a time")
	}
	urgency, err := heed.ParseUrgency(parts[0])
	if err != nil {
		return heed.Quota{}, err
	}
	count, err := parseNumber(parts[1])
	if err != nil {
		return heed.Quota{}, err
	}
	per, err := parseSpan(parts[2])
	return heed.Quota{Urgency: urgency, Count: int(count), Per: per}, err
}

func parseRung(s string) (heed.Rung, error) {
	parts := strings.Split(s, "|")
	if len(parts) != 6 {
		return heed.Rung{}, malformed("a rung has six fields")
	}
	role, after, _ := strings.Cut(parts[0], " ")
	d, err := parseSpan(after)
	return heed.Rung{Role: role, After: d, Telephone: parts[1], Mail: parts[2], Hours: parts[3], Zone: parts[4], Languages: parts[5]}, err
}

func parseDepositary(s string) (d heed.Depositary, err error) {
	parts := strings.Split(s, " ")
	if len(parts) != 4 {
		return d, malformed("a depositary has a party, an endpoint, a pin and a node key")
	}
	if d.Party, err = heed.ParsePartyID(parts[0]); err != nil {
		return d, err
	}
	d.Endpoint = parts[1]
	if parts[2] != "none" {
		if d.Pin, err = parseNonzero(parts[2]); err != nil {
			return d, err
		}
	}
	d.NodeKey, err = parseKey(parts[3])
	return d, err
}
