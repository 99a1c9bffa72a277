package testnet

import (
	"time"

	"heed"
	"heed/exchange"
)

// AddDepositary founds a depositary, which is nobody's peer. It does not run yet.
func (n *Net) AddDepositary(id heed.PartyID, bounds exchange.DepositBounds) *Party {
	n.T.Helper()
	p, err := n.found(id, 100+len(n.Depositaries))
	if err != nil {
		n.T.Fatalf("found %s: %v", id, err)
	}
	p.bounds = bounds
	p.Depositary = exchange.NewDepositary(p.Exchange, bounds)
	n.Depositaries = append(n.Depositaries, p)
	return p
}

// AsDepositary is how a card names the party.
func (p *Party) AsDepositary() heed.Depositary {
	c := p.Card()
	return heed.Depositary{Party: c.Party, Endpoint: c.Endpoint, Pin: c.Pin, NodeKey: c.NodeKey}
}

// NameDepositaries has a party renew its card to name depositaries, which it
// asks that often, and everybody else add the card.
func (n *Net) NameDepositaries(p *Party, every time.Duration, all ...*Party) {
	n.T.Helper()
	p.NextCard(false, func(c *heed.Card) {
		c.Depositaries, c.CollectEvery = nil, every
		for _, d := range all {
			c.Depositaries = append(c.Depositaries, d.AsDepositary())
		}
	})
	for _, other := range n.Parties {
		if other == p {
			continue
		}
		if _, err := other.AddPeer(n.T.Context(), p.CardNote()); err != nil {
			n.T.Fatalf("%s adds %s: %v", other.ID, p.ID, err)
		}
	}
}
