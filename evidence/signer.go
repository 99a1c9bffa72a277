package evidence

import (
	"cmp"
	"fmt"
	"slices"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// party is one that the policy pins, with those cards in the files that the
// pinned one vouches for.
type party struct {
	PolicyParty
	group     PolicyGroup
	witnesses []ledger.Witness
	others    []ledger.Witness // corroborators
	cards     []heed.Card      // ascending by serial; empty where nothing leads to the pinned card
	ledgers   map[string]seal.VerifyKey
}

// cardNotes is a card with every signed form of it: anybody may add or strip
// its second line.
type cardNotes struct {
	heed.Card
	notes [][]byte
}

func (m *material) takeCard(c heed.Card, note []byte) {
	held := m.cards[c.ID]
	if held == nil {
		held = &cardNotes{Card: c}
		m.cards[c.ID] = held
	}
	held.notes = append(held.notes, note)
}

// recognise finds each pinned party's cards among those in the files.
func (m *material) recognise() {
	corroborators := m.policy.corroborators()
	for _, pin := range m.policy.Parties {
		group, _ := m.policy.Group(pin.Group) // a checked policy has it, or is for figures, of which no head counts
		p := &party{PolicyParty: pin, group: group, witnesses: m.policy.Members(group), others: corroborators, ledgers: map[string]seal.VerifyKey{}}
		m.parties[pin.Party] = p
		if pinned := m.cards[pin.Card]; pinned != nil && pinned.Party == pin.Party {
			p.cards = m.vouched(pinned.Card)
		}
		for _, c := range p.cards {
			if key, err := seal.ParseVerifyKey(c.LedgerKey); err == nil { // ParseCard held that it is one
				p.ledgers[c.LedgerKey] = key
			}
		}
	}
}

// vouched is the pinned card, and every card to which a chain of hashes leads
// back from it or a chain of recovery signatures forward.
func (m *material) vouched(pinned heed.Card) []heed.Card {
	cards := []heed.Card{pinned}
	known := map[heed.CardID]bool{pinned.ID: true}
	for i := 0; i < len(cards); i++ {
		for id, next := range m.cards {
			if known[id] || next.Party != pinned.Party || !m.vouches(pinned, cards[i], next) {
				continue
			}
			known[id] = true
			cards = append(cards, next.Card)
		}
	}
	slices.SortFunc(cards, bySerial)
	return cards
}

func bySerial(a, b heed.Card) int {
	return cmp.Or(cmp.Compare(a.Serial, b.Serial), slices.Compare(a.ID[:], b.ID[:]))
}

// vouches reports whether a card that is the party's makes another one the
// party's.
func (m *material) vouches(pinned, c heed.Card, other *cardNotes) bool {
	if c.Previous == other.ID {
		return c.Serial == other.Serial+1
	}
	if other.Previous != c.ID || c.Serial < pinned.Serial {
		return false // up to the pinned card its own chain of hashes says which they are
	}
	byRecovery := slices.ContainsFunc(other.notes, func(note []byte) bool { return wire.CardSignedBy(note, c.RecoveryKey) })
	if c.Follows(other.Card, byRecovery, nil) == nil {
		return true
	}
	return slices.ContainsFunc(m.order, func(s *said) bool {
		return s.Kind == heed.KindSuccession && c.Follows(other.Card, byRecovery, &s.Statement) == nil
	})
}

// known is the party, if the policy pins it and its pinned card is at hand;
// otherwise why says in words what is missing.
func (m *material) known(id heed.PartyID) (p *party, why string) {
	p = m.parties[id]
	switch {
	case p == nil:
		return nil, fmt.Sprintf("the policy does not pin %s", id)
	case len(p.cards) == 0:
		return nil, m.pinMissing(p)
	}
	return p, ""
}

// pinMissing says what it means that a party's pinned card is not in the files,
// and what would help.
func (m *material) pinMissing(p *party) string {
	held := m.named(p.Party)
	missing := fmt.Sprintf("the card of %s that the policy pins is not in the files", p.Party)
	switch {
	case len(held) == 0:
		return missing + ", nor is any other card of it: add its cards (--card)"
	case slices.ContainsFunc(held, func(c heed.Card) bool { return c.Previous == p.Card }):
		return missing + ", which begin with the card after it: add that card, too (--card)"
	}
	return fmt.Sprintf("%s, which have its %s and nothing that leads from the one to the other. Either this evidence is older than the card that the policy pins: "+
		"add a newer file of that party, or its cards (--card). Or somebody else signs as %s", missing, serials(held), p.Party)
}

// serials names cards by their serials.
func serials(cards []heed.Card) string {
	if first, last := cards[0].Serial, cards[len(cards)-1].Serial; first != last {
		return fmt.Sprintf("cards %d to %d", first, last)
	}
	return fmt.Sprintf("card %d", cards[0].Serial)
}

// by says why a statement is not by its author; empty where it is.
func (m *material) by(s *said) (why string) {
	p, why := m.known(s.Author)
	if p == nil {
		return why
	}
	if p.cardOf(s.Statement) != nil {
		return ""
	}
	signed := fmt.Sprintf("%s statement %s is signed under card %d of %s", s.Kind, s.ID.Short(), s.AuthorCard, s.Author)
	switch {
	case s.AuthorCard < p.cards[0].Serial:
		return fmt.Sprintf("%s, and the cards that lead back to it from card %d are not in the files: this evidence is older than the card that the policy pins: "+
			"add a newer file of that party, or its cards (--card)", signed, p.cards[0].Serial)
	case s.AuthorCard > p.cards[len(p.cards)-1].Serial:
		return fmt.Sprintf("%s, and no cards that a recovery key signed lead on to it from card %d in the files: this evidence is newer than the card that the policy pins: "+
			"add the cards since (--card), or pin the newer one once you have compared it", signed, p.cards[len(p.cards)-1].Serial)
	}
	return signed + " with a key that no card vouched for by the pinned one names"
}

// cardOf is the card under which a statement of the party's is signed.
func (p *party) cardOf(s heed.Statement) *heed.Card {
	i := slices.IndexFunc(p.cards, func(c heed.Card) bool { return c.Serial == s.AuthorCard && c.NodeKey == s.Node })
	if i < 0 {
		return nil
	}
	return &p.cards[i]
}

// card finds one of the party's cards by its id.
func (p *party) card(id heed.CardID) *heed.Card {
	i := slices.IndexFunc(p.cards, func(c heed.Card) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &p.cards[i]
}

// stands says why a statement by its author binds nobody, because its key had
// ended; empty where it stands. Whoever stole a key cannot log in the party's
// ledger; and a party cannot disown what its own ledger has logged.
func (m *material) stands(s *said) (why string) {
	p := m.parties[s.Author]
	for _, c := range p.cards {
		if c.Serial <= s.AuthorCard || c.NodeKey == s.Node {
			continue
		}
		if _, ok := m.notAfter(s); !ok {
			return fmt.Sprintf("%s statement %s is signed with a key that card %d of %s ended, and its leaf is not shown in a witnessed head of the party's ledger", s.Kind, s.ID.Short(), c.Serial, s.Author)
		}
		return ""
	}
	return ""
}

// valid is by and stands together.
func (m *material) valid(s *said) (why string) {
	if why := m.by(s); why != "" {
		return why
	}
	return m.stands(s)
}
