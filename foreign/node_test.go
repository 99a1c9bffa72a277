package foreign

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"path/filepath"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/store"
	"heed/wire"
	"heed/witness"
)

// node is the ledger's side of a node: no peers, nobody to tell.
type node struct {
	*exchange.Exchange
	store *store.Store
}

const party = "north.example"

// openNode opens the home, and founds the party where there is none.
func openNode(home string) (*node, error) { return openNodeAt(home, "") }

// openNodeAt is openNode of a party that serves its ledger at a tiles address.
func openNodeAt(home, tiles string) (*node, error) {
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(home, "heed.db"), store.Options{})
	if err != nil {
		return nil, err
	}
	n := &node{store: db, Exchange: exchange.New(exchange.Parts{
		Party: party, Store: db, Keys: ring{}, Courier: struct{ exchange.Courier }{}, Notifier: struct{ exchange.Notifier }{}, Cosigner: witness.NewClient(nil),
		Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})}
	if _, err := n.Self(ctx); err == nil || !errors.Is(err, exchange.ErrNotFound) {
		return n, err
	}
	sealing, err := seal.NewSealingKey()
	if err != nil {
		return nil, err
	}
	card, note, err := wire.SignCard(heed.Card{
		Party: party, Serial: 1, Issued: heed.Instant(time.Now()), Endpoint: "https://127.0.0.1:7001", Tiles: tiles, Baseline: heed.DefaultBaseline(),
		NodeKey: nodeKey().Verifier().String(), SealingKey: sealing.Recipient().String(), LedgerKey: ledgerKey(1).Verifier().String(),
	}, nodeKey())
	if err != nil {
		return nil, err
	}
	return n, n.Found(ctx, card, note)
}

// ring has the same keys in every process.
type ring struct{ exchange.Keys }

func (ring) Node(string) (seal.SigningKey, error) { return nodeKey(), nil }

func (ring) Ledger(vkey string) (seal.SigningKey, error) {
	for number := range 2 {
		if key := ledgerKey(number + 1); key.Verifier().String() == vkey {
			return key, nil
		}
	}
	return seal.SigningKey{}, fmt.Errorf("no ledger key %s", vkey)
}

func nodeKey() seal.SigningKey { return fixedKey(wire.NodeKeyName(party)) }

// ledgerKey is the key of the party's n-th ledger.
func ledgerKey(n int) seal.SigningKey { return fixedKey(ledger.Origin(party, n)) }

func fixedKey(name string) seal.SigningKey {
	key, err := seal.NewSigningKey(mathrand.NewChaCha8(sha256.Sum256([]byte(name))), name)
	if err != nil {
		panic(err) // the names above are well-formed
	}
	return key
}
