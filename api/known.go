package api

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"

	"heed"
	"heed/exchange"
)

// known are the tokens on record, as they were knownFor ago at most: a flood of
// wrong ones is told from good ones without asking the database for each.
type known struct {
	Options

	mu     sync.Mutex
	at     time.Time
	hashes []heed.Digest
}

// knownFor is how long a token that was just made may go unrecognised at an address
// from which too many came that are none.
const knownFor = time.Second

// has reports whether a token may be good; TokenHolder decides. It compares with
// each in constant time.
func (k *known) has(ctx context.Context, shown string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.Now(); now.Before(k.at) || now.Sub(k.at) >= knownFor {
		all, err := k.Exchange.Tokens(ctx)
		if err != nil {
			return false, err
		}
		k.at, k.hashes = now, k.hashes[:0]
		for _, t := range all {
			if t.Removed.IsZero() {
				k.hashes = append(k.hashes, t.Hash)
			}
		}
	}
	hash, found := exchange.HashOfToken(shown), 0
	for _, h := range k.hashes {
		found |= subtle.ConstantTimeCompare(hash[:], h[:])
	}
	return found == 1, nil
}
