package storetest

import (
	"errors"
	"testing"

	"heed/exchange"
)

func renewals(t *testing.T, w *world) {
	first := exchange.Renewal{Peer: "south.example", Card: 1, Envelope: []byte("under the first card")}
	second := exchange.Renewal{Peer: "south.example", Card: 2, Envelope: []byte("under the second card")}
	other := exchange.Renewal{Peer: "west.example", Card: 2, Envelope: []byte("for another peer")}
	hold := func(want ...exchange.Renewal) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.Renewals("south.example")
			sameList(t, "Renewals", got, err, want)
			return nil
		})
	}
	hold()
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutRenewal(second), tx.PutRenewal(other), tx.PutRenewal(first))
	})
	hold(first, second)
	second.Envelope = []byte("sealed anew")
	w.write(func(tx exchange.Tx) error { return tx.PutRenewal(second) })
	hold(first, second)
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.ForgetRenewals("south.example"), tx.ForgetRenewals("nobody.example"))
	})
	hold()
	w.read(func(v exchange.View) error {
		got, err := v.Renewals("west.example")
		sameList(t, "Renewals of another peer", got, err, []exchange.Renewal{other})
		return nil
	})
}
