package exchange

import (
	"errors"

	"heed"
)

// knownOrigins are the ledgers of a party: ended ones first, the present one last.
func (x *Exchange) knownOrigins(v View, party heed.PartyID) ([]string, error) {
	origins, err := formerOrigins(v, party)
	if err != nil {
		return nil, err
	}
	card, err := x.newestCard(v, party)
	if err != nil {
		return nil, err
	}
	present, err := ledgerOrigin(card)
	return append(origins, present), err
}

// originsOf are those of them of which we hold a head.
func (x *Exchange) originsOf(v View, party heed.PartyID) ([]string, error) {
	origins, err := x.knownOrigins(v, party)
	if err != nil {
		return nil, err
	}
	var held []string
	for _, origin := range origins {
		log, err := x.keptLedger(v, origin)
		if err != nil {
			return nil, err
		}
		_, err = log.head()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		held = append(held, origin)
	}
	return held, nil
}

// newestCard is our present card, or the newest that we hold of a peer.
func (x *Exchange) newestCard(v View, party heed.PartyID) (heed.Card, error) {
	if party == x.party {
		me, err := v.Self()
		return me.Card, err
	}
	peer, err := v.Peer(party)
	return peer.Card, err
}
