package wire

import (
	"crypto/sha256"
	"fmt"
	"slices"
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
// recovery key of the card before it.
func SignCard(c heed.Card, keys ...seal.SigningKey) (heed.Card, []byte, error) {
	if err := c.Check(); err != nil {
		return c, nil, err
	}
	text := CardText(c)
	note, err := seal.SignNote(text, keys...)
	if err != nil {
		return c, nil, fmt.Errorf("sign card: %w", err)
	}
	c.ID = heed.CardID(sha256.Sum256([]byte(text)))
	return c, note, nil
}

// ParseCard reads a card and verifies that its own node key signed it. A
// second signature may stand behind it; CardSignedBy says whose it is. Whether
// the card is really the party's, people find out by its fingerprint.
func ParseCard(note []byte) (heed.Card, error) {
	c, sigs, err := readCard(note)
	if err != nil {
		return heed.Card{}, fmt.Errorf("card: %w", err)
	}
	key, err := keyNamed(c.NodeKey, NodeKeyName(c.Party))
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
		return fmt.Errorf("signature line %d is missing", i+1)
	}
	line := s.lines[i]
	if line.Name != key.Name() || line.KeyHash != key.KeyHash() || !key.Verify([]byte(s.text), line.Signature) {
		return fmt.Errorf("signature line %d: %w", i+1, seal.ErrSignature)
	}
	return nil
}

func readCard(note []byte) (heed.Card, signatures, error) {
	text, lines, err := seal.SplitNote(note, MaxCard, 2)
	if err != nil {
		return heed.Card{}, signatures{}, err
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
	for _, v := range r.many("quota", len(heed.Urgencies())) {
		c.Quotas = append(c.Quotas, get(r, v, parseQuota))
	}
	for _, v := range r.many("rung", heed.MaxRungs) {
		c.Ladder = append(c.Ladder, get(r, v, parseRung))
	}
	if err := r.end(); err != nil {
		return heed.Card{}, signatures{}, err
	}
	if err := c.Check(); err != nil {
		return heed.Card{}, signatures{}, malformed("%v", err)
	}
	if err := checkCardKeys(c); err != nil {
		return heed.Card{}, signatures{}, err
	}
	if CardText(c) != text {
		return heed.Card{}, signatures{}, malformed("not in its canonical form")
	}
	c.ID = heed.CardID(sha256.Sum256([]byte(text)))
	return c, signatures{text, lines}, nil
}

// checkCardKeys holds the rule that keys of different uses are never shared.
func checkCardKeys(c heed.Card) error {
	ledger, err := seal.ParseVerifyKey(c.LedgerKey)
	if err != nil {
		return malformed("%v", err)
	}
	if !strings.HasPrefix(ledger.Name(), string(c.Party)+"/") || ledger.Name() == NodeKeyName(c.Party) {
		return malformed("the ledger key is named %q, which is no ledger of %s", clip(ledger.Name()), c.Party)
	}
	material := []string{keyMaterial(c.NodeKey), keyMaterial(c.LedgerKey)}
	if c.RecoveryKey != "" {
		if _, err := keyNamed(c.RecoveryKey, RecoveryKeyName(c.Party)); err != nil {
			return err
		}
		material = append(material, keyMaterial(c.RecoveryKey))
	}
	slices.Sort(material)
	if len(slices.Compact(material)) != len(material) {
		return malformed("one key is used for two purposes")
	}
	return nil
}

func keyMaterial(vkey string) string { return vkey[strings.LastIndex(vkey, "+")+1:] }

func readClock(r *reader) heed.Clock {
	clock := heed.Clock{}
	for _, v := range r.many("clock", len(heed.DutyKinds())*len(heed.Urgencies())) {
		parts := strings.Split(v, " ")
		if len(parts) != 3 {
			r.fail(malformed("line %d: a clock has a duty, an urgency and a time", r.at))
			return clock
		}
		kind := get(r, parts[0], heed.ParseDutyKind)
		urgency := get(r, parts[1], heed.ParseUrgency)
		d := get(r, parts[2], parseSpan)
		if clock[kind] == nil {
			clock[kind] = map[heed.Urgency]time.Duration{}
		}
		clock[kind][urgency] = d
	}
	return clock
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
