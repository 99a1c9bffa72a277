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

func (m *material) takeCard(note []byte) error {
	c, err := wire.ParseCard(note)
	if err != nil {
		return damaged("%v", err)
	}
	held := m.cards[c.ID]
	if held == nil {
		held = &cardNotes{Card: c}
		m.cards[c.ID] = held
	}
	held.notes = append(held.notes, note)
	return nil
}

// recognise finds each pinned party's cards among those in the files.
func (m *material) recognise() {
	corroborators := m.policy.corroborators()
	for _, pin := range m.policy.Parties {
		group, _ := m.policy.Group(pin.Group) // a checked policy has it
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
			if known[id] || next.Party != pinned.Party || !m.vouches(cards[i], next) {
				continue
			}
			known[id] = true
			cards = append(cards, next.Card)
		}
	}
	slices.SortFunc(cards, func(a, b heed.Card) int {
		return cmp.Or(cmp.Compare(a.Serial, b.Serial), slices.Compare(a.ID[:], b.ID[:]))
	})
	return cards
}

// vouches reports whether a card that is the party's makes another one the
// party's.
func (m *material) vouches(c heed.Card, other *cardNotes) bool {
	if c.Previous == other.ID {
		return c.Serial == other.Serial+1
	}
	if other.Previous != c.ID {
		return false
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
		return nil, fmt.Sprintf("the card of %s that the policy pins is not in the files", id)
	}
	return p, ""
}

// by says why a statement is not by its author; empty where it is.
func (m *material) by(s *said) (why string) {
	p, why := m.known(s.Author)
	if p == nil {
		return why
	}
	if p.cardOf(s.Statement) == nil {
		return fmt.Sprintf("%s statement %s is signed under card %d of %s with a key that no card vouched for by the pinned one names", s.Kind, s.ID.Short(), s.AuthorCard, s.Author)
	}
	return ""
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
