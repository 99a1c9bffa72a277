package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// Bounds of what a witness shows of a party at a time.
const (
	MaxShownCards       = 16 // whoever wants more asks for those after the last
	MaxShownSuccessions = 64 // more than a witness holds of one party

	// maxCardNote is a card's text with its two signature lines.
	maxCardNote = wire.MaxCard + 2<<10
	// maxSuccessionNote is a statement's text with a node's signature line.
	maxSuccessionNote = wire.MaxStatementText + 1<<10

	// MaxShown bounds an answer in bytes: what the witness has signed, and the
	// notes that it is about.
	MaxShown = wire.NoteLength + ledger.MaxShowing +
		max(MaxShownCards*(wire.NoteLength+maxCardNote), MaxShownSuccessions*(wire.NoteLength+maxSuccessionNote))
)

const (
	// askTime bounds what witnesses are waited for about a party's cards, and
	// roundTime a single question: one that hangs must not use all of it up.
	askTime   = 10 * time.Second
	roundTime = askTime / 2
	// cardRounds is how often witnesses are asked for more cards at a time; each
	// round leads on from the card that we then hold.
	cardRounds = 256
)

// errUnbelieved is about what a witness shows of a party and it is not that
// witness's word, or the party did not make.
var errUnbelieved = errors.New("it is not what the party has signed")

// refreshAtWitnesses takes over what our mirroring witnesses hold of a party's
// next cards and successions, all of them asked at once: a debtor must not be
// able to leave a creditor behind in a ledger that it has ended. taken: there
// was a card that we had not.
//
// Nothing is believed because a witness says it, and nobody on the way is
// believed at all: an answer counts under the witness's own key. A card counts
// as one that the party itself has shown: it follows the one that we hold,
// under the recovery key named there, and with another ledger only with its
// succession. One that the present node key has no part in is taken when so
// many witnesses show it that one of them is sound: the recovery key alone
// must not move a peer. What does not count is logged and changes nothing, the
// party's record not either: it may be the witness's own. Errors are ours, or
// the context's.
func (x *Exchange) refreshAtWitnesses(ctx context.Context, party heed.PartyID) (taken bool, err error) {
	witnesses, err := x.mirroringWitnesses(ctx)
	if err != nil || len(witnesses) == 0 {
		return false, err
	}
	needed := ledger.DefaultQuorum(len(witnesses)).F + 1
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for range cardRounds {
		r := round{party: party, needed: needed}
		r.held, r.loose, err = x.standingOf(ctx, party)
		if errors.Is(err, ErrNotFound) {
			return taken, nil // nobody whose cards we follow
		}
		if err != nil {
			return taken, err
		}
		before := r.held.Serial
		if err := x.ask(ctx, limited, &r, witnesses); err != nil {
			return taken, err
		}
		if r.held.Serial == before {
			break // they show nothing that leads on
		}
		taken = true
		// Who has not answered is not waited for again.
		witnesses = slices.DeleteFunc(witnesses, func(w Witness) bool { return !r.answered[w.Name] })
	}
	return taken, ctx.Err()
}

// round is one question to all witnesses: for a party's cards after one.
type round struct {
	party    heed.PartyID
	needed   int       // witnesses that must show a card which rests on the recovery key alone
	held     heed.Card // the newest card that we hold
	loose    bool      // a succession between those that we hold is missing
	answered map[string]bool
	shown    []*shownCard
	// successions are those that each witness has shown.
	successions map[string][][]byte
}

// shownCard is a card after the one held, and the witnesses that show it.
type shownCard struct {
	card heed.Card
	note []byte
	by   []string
	why  error // why it was not taken over; nil: nothing was against it yet
}

// shownBy is one witness's answer.
type shownBy struct {
	witness     Witness
	cards       []shownCard
	successions [][]byte
	err         error
}

// ask asks the witnesses, and takes over what leads on as soon as enough have
// answered for it. limited bounds the asking, and not the taking over.
func (x *Exchange) ask(ctx, limited context.Context, r *round, witnesses []Witness) error {
	limited, cancel := context.WithTimeout(limited, roundTime)
	defer cancel()
	answers := make(chan shownBy, len(witnesses))
	for _, w := range witnesses {
		go func(held heed.Card, loose bool) {
			answer := shownBy{witness: w}
			answer.cards, answer.successions, answer.err = x.askOne(limited, w, held, loose)
			answers <- answer
		}(r.held, r.loose)
	}
	r.answered, r.successions = map[string]bool{}, map[string][][]byte{}
	for range witnesses {
		answer := <-answers
		switch err := answer.err; {
		case errors.Is(err, ErrNotFound):
			continue
		case errors.Is(err, errUnbelieved):
			x.log.Warn("a witness's answer about a party's cards is not believed: it changes nothing", "witness", answer.witness.Name, "party", r.party, "error", err)
			continue
		case err != nil:
			x.log.Info("a witness has not given a party's cards", "witness", answer.witness.Name, "party", r.party, "error", err)
			continue
		}
		r.add(answer)
		if err := x.leadOn(ctx, r); err != nil {
			return err
		}
		if r.loose && len(answer.successions) > 0 {
			if err := x.write(ctx, func(tx Tx) error { return KeepSuccessions(tx, r.held, answer.successions) }); err != nil {
				return err
			}
		}
	}
	x.tellUntaken(r)
	return nil
}

func (r *round) add(answer shownBy) {
	r.answered[answer.witness.Name] = true
	r.successions[answer.witness.Name] = answer.successions
	for _, c := range answer.cards {
		at := slices.IndexFunc(r.shown, func(s *shownCard) bool { return s.card.ID == c.card.ID })
		if at < 0 {
			at, r.shown = len(r.shown), append(r.shown, &c)
		}
		if s := r.shown[at]; !slices.Contains(s.by, answer.witness.Name) {
			s.by = append(s.by, answer.witness.Name)
		}
	}
}

// leadOn takes over, one after the other, what of the cards shown so far
// follows the one held.
func (x *Exchange) leadOn(ctx context.Context, r *round) error {
	for before := (heed.CardID{}); before != r.held.ID; {
		before = r.held.ID
		for _, s := range r.shown {
			if s.card.Previous != r.held.ID {
				continue
			}
			took, err := x.takeShown(ctx, r, s)
			if err != nil {
				return err
			}
			if !took {
				continue
			}
			if r.held, r.loose, err = x.standingOf(ctx, r.party); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeShown takes over a card that follows the one held, if it may be.
func (x *Exchange) takeShown(ctx context.Context, r *round, s *shownCard) (took bool, err error) {
	if byRecoveryAlone(r.held, s.card) && len(s.by) < r.needed {
		s.why = fmt.Errorf("the recovery key alone speaks for it, and %d of our witnesses must show it, not %d", r.needed, len(s.by))
		return false, nil
	}
	candidates := [][][]byte{nil}
	if s.card.LedgerKey != r.held.LedgerKey {
		// Each witness's by themselves: a false one must not hide another's.
		candidates = slices.Collect(maps.Values(r.successions))
	}
	for _, successions := range candidates {
		err := x.takeNext(ctx, s.card, s.note, successions)
		var refused *heed.Refused
		if !errors.As(err, &refused) {
			s.why = nil
			return err == nil, err
		}
		s.why = refused
	}
	return false, nil
}

// byRecoveryAlone reports whether nothing about a next card bears the signature
// of the present node key: that key has changed, and there is no succession,
// which it would have signed (heed.Card.Follows).
func byRecoveryAlone(held, next heed.Card) bool {
	return next.NodeKey != held.NodeKey && next.LedgerKey == held.LedgerKey
}

// tellUntaken logs, once for each witness, what it shows and we have not taken over.
func (x *Exchange) tellUntaken(r *round) {
	told := map[string]bool{}
	for _, s := range r.shown {
		if s.card.Serial <= r.held.Serial && s.why == nil {
			continue // it was taken over, or is one that we hold
		}
		why := s.why
		if why == nil {
			why = fmt.Errorf("it does not follow card %d, which we hold", r.held.Serial)
		}
		fresh := slices.DeleteFunc(slices.Clone(s.by), func(name string) bool { return told[name] })
		if len(fresh) == 0 {
			continue
		}
		for _, name := range fresh {
			told[name] = true
		}
		x.log.Warn("witnesses show a card that cannot be taken over: it changes nothing",
			"witnesses", strings.Join(fresh, ", "), "party", r.party, "card", s.card.Serial, "error", why)
	}
}

// askOne asks one witness for a party's cards after the one held and, where
// there are any or one is missing, for its successions.
func (x *Exchange) askOne(ctx context.Context, w Witness, held heed.Card, loose bool) (cards []shownCard, successions [][]byte, err error) {
	if cards, err = x.cardsAt(ctx, w, held); err == nil && (loose || len(cards) > 0) {
		successions, err = x.successionsAt(ctx, w, held.Party)
	}
	return cards, successions, err
}

// cardsAt are the cards that a witness shows of a party after the one held.
// Each is signed in the party's name by some key.
func (x *Exchange) cardsAt(ctx context.Context, w Witness, held heed.Card) (cards []shownCard, err error) {
	answer, err := x.cosigner.Cards(ctx, w.URL, held.Party, held.Serial)
	if err != nil {
		return nil, err
	}
	asked := ledger.Showing{Party: string(held.Party), What: ledger.ShowsCards, After: held.Serial, At: x.Now()}
	notes, err := openShown(w, answer, asked, MaxShownCards, maxCardNote)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		card, err := wire.ParseCard(note)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errUnbelieved, err)
		}
		if card.Party != held.Party {
			return nil, fmt.Errorf("%w: a card of %s was shown for %s", errUnbelieved, card.Party, held.Party)
		}
		if card.Serial > held.Serial { // else it was not asked for
			cards = append(cards, shownCard{card: card, note: note})
		}
	}
	return cards, nil
}

// successionsAt are a party's successions, as a witness shows them. Each is
// signed in the party's name by some key; whose it is, is seen where it is kept.
func (x *Exchange) successionsAt(ctx context.Context, w Witness, party heed.PartyID) ([][]byte, error) {
	answer, err := x.cosigner.Successions(ctx, w.URL, party)
	if err != nil {
		return nil, err
	}
	asked := ledger.Showing{Party: string(party), What: ledger.ShowsSuccessions, At: x.Now()}
	notes, err := openShown(w, answer, asked, MaxShownSuccessions, maxSuccessionNote)
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
	return notes, nil
}

// openShown takes a witness's answer apart: at most count notes, of at most size
// bytes each, that it has signed as what it was asked for, under a key that we
// have of it, within heed.ClockSkew of asked.At. Errors that are about the
// answer match errUnbelieved.
func openShown(w Witness, answer []byte, asked ledger.Showing, count, size int) ([][]byte, error) {
	listed, err := listWitnesses([]Witness{w})
	if err != nil {
		return nil, err
	}
	notes, err := wire.SplitNotes(answer, 1+count, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnbelieved, err)
	}
	if len(notes) == 0 {
		return nil, fmt.Errorf("%w: the witness has signed nothing", errUnbelieved)
	}
	said, err := ledger.OpenShowing(notes[0], listed[0].Keys...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnbelieved, err)
	}
	notes = notes[1:]
	if apart := asked.At.Sub(said.At); apart.Abs() > heed.ClockSkew {
		return nil, fmt.Errorf("%w: the witness signed it at %s, and it is %s: is it an old answer, or a wrong clock?",
			errUnbelieved, heed.FormatTime(said.At), heed.FormatTime(asked.At))
	}
	asked.At, asked.Notes = said.At, sha256.Sum256(wire.JoinNotes(notes))
	if said != asked {
		return nil, fmt.Errorf("%w: the witness has signed other notes than these, or an answer to another question", errUnbelieved)
	}
	return notes, nil
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
