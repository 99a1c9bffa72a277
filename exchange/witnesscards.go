package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"heed"
	"heed/wire"
)

const (
	// askTime bounds what witnesses are waited for about a party's cards.
	askTime = 10 * time.Second
	// cardPages is how often one witness is asked for more cards at a time;
	// each page leads on from the card that we then hold.
	cardPages = 256
)

// refreshAtWitnesses takes over what our mirroring witnesses hold of a party's
// next cards and successions, all of them asked at once: a debtor must not be
// able to leave a creditor behind in a ledger that it has ended. taken: there
// was a card that we had not.
//
// Nothing is believed because a witness says it. A card counts as one that the
// party itself has shown: it follows the one that we hold, under the recovery
// key named there, and with another ledger only with its succession. What does
// not is logged and changes nothing, the party's record not either: it may be
// the witness's own. Errors are ours, or the context's.
func (x *Exchange) refreshAtWitnesses(ctx context.Context, party heed.PartyID) (taken bool, err error) {
	witnesses, err := x.mirroringWitnesses(ctx)
	if err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var any atomic.Bool
	var wait sync.WaitGroup
	for _, w := range witnesses {
		wait.Go(func() {
			took, err := x.refreshAtWitness(limited, w, party)
			if took {
				any.Store(true)
			}
			switch {
			case err == nil || errors.Is(err, ErrNotFound):
			case isUnbelieved(err):
				x.log.Warn("a witness shows a card or a succession that cannot be taken over: it changes nothing", "witness", w.Name, "party", party, "error", err)
			default:
				x.log.Info("a witness has not given a party's cards", "witness", w.Name, "party", party, "error", err)
			}
		})
	}
	wait.Wait()
	return any.Load(), ctx.Err()
}

// errUnbelieved is about what a witness shows of a party and the party did not make.
var errUnbelieved = errors.New("it is not what the party has signed")

func isUnbelieved(err error) bool {
	var refused *heed.Refused
	return errors.Is(err, errUnbelieved) || errors.As(err, &refused)
}

// refreshAtWitness takes over what one witness holds, page by page.
func (x *Exchange) refreshAtWitness(ctx context.Context, w Witness, party heed.PartyID) (taken bool, err error) {
	held, loose, err := x.standingOf(ctx, party)
	if err != nil {
		return false, err
	}
	var successions [][]byte // nil: not asked for yet
	for range cardPages {
		cards, err := x.cosigner.Cards(ctx, w.URL, party, held.Serial)
		if err != nil {
			return taken, err
		}
		if len(cards) == 0 {
			break
		}
		if successions == nil {
			if successions, err = x.successionsAt(ctx, w, party); err != nil {
				return taken, err
			}
		}
		if err := x.takeShown(ctx, party, held, cards, successions); err != nil {
			return taken, err
		}
		before := held.Serial
		if held, loose, err = x.standingOf(ctx, party); err != nil {
			return taken, err
		}
		if held.Serial == before {
			break // it shows nothing that leads on
		}
		taken = true
	}
	if !loose {
		return taken, nil
	}
	if successions == nil {
		if successions, err = x.successionsAt(ctx, w, party); err != nil {
			return taken, err
		}
	}
	return taken, x.write(ctx, func(tx Tx) error { return KeepSuccessions(tx, held, successions) })
}

// successionsAt asks a witness for a party's successions. Each is signed in the
// party's name by some key; whose it is, is seen where it is kept.
func (x *Exchange) successionsAt(ctx context.Context, w Witness, party heed.PartyID) ([][]byte, error) {
	notes, err := x.cosigner.Successions(ctx, w.URL, party)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		s, err := wire.ParseStatement(note)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errUnbelieved, err)
		}
		if s.Kind != heed.KindSuccession || s.Author != party {
			return nil, fmt.Errorf("%w: a %s of %s was shown for a succession of %s", errUnbelieved, s.Kind, s.Author, party)
		}
	}
	return append([][]byte{}, notes...), nil
}

// standingOf is a party's newest card held, and whether a succession is missing
// between those that are, or is not the one that the ledger ended for.
func (x *Exchange) standingOf(ctx context.Context, party heed.PartyID) (card heed.Card, loose bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		peer, err := v.Peer(party)
		if err != nil {
			return err
		}
		cards, err := unlinked(v, peer.Card)
		if err != nil {
			return err
		}
		wrong, err := misnamed(v, party)
		card, loose = peer.Card, len(cards) > 0 || wrong
		return err
	})
	return card, loose, err
}

// takeShown takes over a party's cards after the one held, as a witness shows them.
func (x *Exchange) takeShown(ctx context.Context, party heed.PartyID, held heed.Card, cards, successions [][]byte) error {
	for _, note := range cards {
		card, err := wire.ParseCard(note)
		if err != nil {
			return fmt.Errorf("%w: %w", errUnbelieved, err)
		}
		if card.Party != party {
			return fmt.Errorf("%w: a card of %s was shown for %s", errUnbelieved, card.Party, party)
		}
		if card.Serial <= held.Serial {
			continue // it was not asked for
		}
		if err := x.takeNext(ctx, card, note, successions); err != nil {
			return err
		}
	}
	return nil
}
