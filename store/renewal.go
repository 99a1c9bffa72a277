package store

import (
	"heed"
	"heed/exchange"
)

// Renewals implements exchange.PeerView.
func (v *view) Renewals(peer heed.PartyID) ([]exchange.Renewal, error) {
	return list(v, func(r *row) exchange.Renewal {
		return exchange.Renewal{Peer: peer, Card: uint64(r.int()), Envelope: r.bytes()}
	}, `SELECT card, envelope FROM renewal WHERE peer = $1 ORDER BY card`, string(peer))
}

// PutRenewal implements exchange.PeerTx.
func (t *tx) PutRenewal(r exchange.Renewal) error {
	return t.run(`INSERT INTO renewal (peer, card, envelope) VALUES ($1, $2, $3) ON CONFLICT (peer, card) DO UPDATE SET envelope = excluded.envelope`,
		string(r.Peer), int64(r.Card), whole(r.Envelope))
}

// ForgetRenewals implements exchange.PeerTx.
func (t *tx) ForgetRenewals(peer heed.PartyID) error {
	return t.run(`DELETE FROM renewal WHERE peer = $1`, string(peer))
}
