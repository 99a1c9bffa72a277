// Package witness is the mirroring witness: it cosigns a ledger's head only
// after it has fetched every leaf, replayed tree and map, and kept them, so
// that no party can hide behind a head whose leaves it withholds. It serves
// what it mirrors.
//
// The protocol is C2SP tlog-witness; docs/witnesses.md says what is ours.
package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// Parties is how the witness reaches the parties whose ledgers it witnesses,
// at the endpoints of their cards. peer.Client is one.
type Parties interface {
	// Resource reads from a ledger of the party by its origin, its own present
	// one or one that it has ended. What is not there is ledger.ErrNotFound.
	Resource(ctx context.Context, at heed.Card, origin, path string) ([]byte, error)
	// Cards are all signed cards of the party, oldest first.
	Cards(ctx context.Context, at heed.Card) ([][]byte, error)
	// Successions are all its signed successions, oldest first.
	Successions(ctx context.Context, at heed.Card) ([][]byte, error)
}

// Options are what a witness is built from. What is not a limit is required,
// but for Tiles. A limit of zero is its default.
type Options struct {
	Store   exchange.Store // of the witness alone
	Key     ledger.CosigningKey
	Parties Parties
	// Tiles reads a log below an http:// prefix, for cards that name a tiles
	// address; nil: every leaf is asked of the card's endpoint.
	Tiles func(prefix string) ledger.Fetch
	Now   func() time.Time
	Log   *slog.Logger
	// Keep makes a finding durable where people will look for it. Both signed
	// checkpoints are in the store as well.
	Keep func(Finding) error

	MaxLogs     int           // ledgers, ended ones included; 0: 4096
	MaxLeaves   int           // leaves fetched for one request; the next goes on from there; 0: 2^20
	PieceLeaves int           // leaves replayed in one transaction, and as many more as it takes to a map root; 0: 4096
	FetchTime   time.Duration // for all that one request fetches; 0: 45 s
	AskTime     time.Duration // for one resource; 0: 15 s
	LookEvery   time.Duration // between two looks at a party's cards; 0: 10 s
	MaxWaiting  int           // requests that wait while a party's ledger is fetched; 0: 8
	MaxRequests int           // requests at the same time; 0: 256
}

func (o Options) filled() Options {
	fill(&o.MaxLogs, 4096)
	fill(&o.MaxLeaves, 1<<20)
	fill(&o.PieceLeaves, 4096)
	fill(&o.FetchTime, 45*time.Second)
	fill(&o.AskTime, 15*time.Second)
	fill(&o.LookEvery, 10*time.Second)
	fill(&o.MaxWaiting, 8)
	fill(&o.MaxRequests, 256)
	return o
}

func fill[T int | time.Duration](limit *T, standard T) {
	if *limit <= 0 {
		*limit = standard
	}
}

// Witness is a witness with its logs. It is safe for concurrent use; nobody
// else may use its store.
type Witness struct {
	Options

	mu      sync.Mutex
	logs    map[string]*log // by origin
	parties map[heed.PartyID]*party
}

// party is one whose ledgers are witnessed.
type party struct {
	growing chan struct{} // one token: who has it fetches leaves of the party's
	waiting int           // guarded by Witness.mu
	ledgers int           // how many; guarded by Witness.mu
	looking sync.Mutex
	looked  time.Time // guarded by looking
	card    heed.Card // the newest; guarded by Witness.mu
}

// log is one ledger.
type log struct {
	origin string
	key    seal.VerifyKey
	party  *party

	mu     sync.Mutex // from reading the head until its cosignature is given
	given  given      // guarded by mu, as what follows
	proven map[tlog.Hash]string
	// doubted is when the ledger was last asked about a head with a wrong proof.
	doubted time.Time
}

// given is the last cosignature.
type given struct {
	head ledger.Checkpoint
	at   time.Time
	line []byte
}

// maxProven bounds the heads of one log that are remembered as proven bad; the
// proofs themselves are on disk.
const maxProven = 64

// maxPartyLogs bounds the ledgers of one party, so that none fills the witness.
const maxPartyLogs = 32

// New is the witness of what its store holds.
func New(ctx context.Context, o Options) (*Witness, error) {
	w := &Witness{Options: o.filled(), logs: map[string]*log{}, parties: map[heed.PartyID]*party{}}
	err := w.Store.Read(ctx, func(v exchange.View) error {
		peers, err := v.Peers()
		if err != nil {
			return err
		}
		for _, p := range peers {
			cards, err := cardsOf(v, p.Card)
			if err != nil {
				return err
			}
			for _, card := range cards {
				if err := w.know(card); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return w, err
}

// mostCards is how many cards of a party are looked through for its ledgers.
const mostCards = 4096

// cardsOf lists what is held of a party's cards, the newest last.
func cardsOf(v exchange.View, newest heed.Card) ([]heed.Card, error) {
	var cards []heed.Card
	for serial := newest.Serial - min(newest.Serial-1, mostCards); serial <= newest.Serial; serial++ {
		card, err := v.CardOf(newest.Party, serial)
		if errors.Is(err, exchange.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// AddCard has the witness witness the ledgers of a party whose card people have
// compared, from this one on. That comparison is what a recovery key stands for
// elsewhere: the card replaces the one that is held, and may name a ledger that
// none before it named. It never gives a ledger that is witnessed another key. A
// card that is held already, or an older one, changes nothing.
//
// Errors: *heed.Invalid where the note is no card, *heed.Refused where the card
// cannot be taken.
func (w *Witness) AddCard(ctx context.Context, note []byte) (heed.Card, error) {
	card, err := wire.ParseCard(note)
	if err != nil {
		return card, &heed.Invalid{What: err.Error(), Hint: "the file must be what `heed card` printed on the party's node, unchanged"}
	}
	err = w.Store.Write(ctx, func(tx exchange.Tx) error {
		held, err := tx.Peer(card.Party)
		if errors.Is(err, exchange.ErrNotFound) {
			held, err = exchange.Peer{Added: heed.Instant(w.Now())}, nil
		}
		if err != nil || held.Card.Serial > card.Serial || held.Card.ID == card.ID {
			return err
		}
		held.Card, held.CardNote = card, note
		if err := w.know(card); err != nil {
			return err
		}
		return tx.PutPeer(held)
	})
	return card, err
}

// know notes a card's ledger among those that are witnessed.
func (w *Witness) know(card heed.Card) error {
	key, err := seal.ParseVerifyKey(card.LedgerKey)
	if err != nil {
		return fmt.Errorf("ledger key of %s: %w", card.Party, err)
	}
	if _, _, err := ledger.ParseOrigin(key.Name()); err != nil {
		return &heed.Refused{Detail: fmt.Sprintf("card %d of %s names the ledger %s, which has no map roots", card.Serial, card.Party, key.Name()), Hint: "only ledgers of this version can be witnessed"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.parties[card.Party]
	if p == nil {
		p = &party{growing: make(chan struct{}, 1)}
	}
	held := w.logs[key.Name()]
	switch {
	case held == nil && p.ledgers >= maxPartyLogs:
		return &heed.Refused{Detail: fmt.Sprintf("%d ledgers of %s are witnessed here, and that is the most of one party", p.ledgers, card.Party)}
	case held == nil && len(w.logs) >= w.MaxLogs:
		return &heed.Refused{Detail: fmt.Sprintf("%d ledgers are witnessed here, and that is the most", len(w.logs))}
	case held == nil:
		p.ledgers++
		w.logs[key.Name()] = &log{origin: key.Name(), key: key, party: p, proven: map[tlog.Hash]string{}}
	case held.key != key:
		return &heed.Refused{Detail: fmt.Sprintf("card %d of %s has another key for the ledger %s than the one that is witnessed", card.Serial, card.Party, key.Name()), Hint: "ask the party by telephone: a new ledger has a new number, and one number never has two keys"}
	}
	if card.Serial >= p.card.Serial {
		p.card = card
	}
	w.parties[card.Party] = p
	return nil
}

// Origins lists the ledgers that are witnessed, in no order.
func (w *Witness) Origins() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for origin := range w.logs {
		all = append(all, origin)
	}
	return all
}

func (w *Witness) known(origin string) (*log, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l, ok := w.logs[origin]
	return l, ok
}

// cardOf is the newest card held of a party.
func (w *Witness) cardOf(p *party) heed.Card {
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.card
}

// logOf finds the ledger with an origin. Where it is none that is known, of a
// party that is, the party may have begun its next one: its cards say so.
func (w *Witness) logOf(ctx context.Context, origin string) (*log, error) {
	if l, ok := w.known(origin); ok {
		return l, nil
	}
	name, _, err := ledger.ParseOrigin(origin)
	if err != nil {
		return nil, refuse(statusUnknown, "%v", err)
	}
	w.mu.Lock()
	p := w.parties[heed.PartyID(name)]
	w.mu.Unlock()
	if p == nil {
		return nil, refuse(statusUnknown, "no ledger of %.80q is witnessed here", name)
	}
	looking := w.look(ctx, p)
	if l, ok := w.known(origin); ok {
		return l, nil
	}
	if looking != nil {
		w.Log.Warn("cards of a party could not be taken over", "party", name, "error", looking)
		return nil, refuse(statusUnknown, "the ledger %s is in no card of %s that is held here: %v", origin, name, looking)
	}
	return nil, refuse(statusUnknown, "the ledger %s is in no card of %s", origin, name)
}

// Look asks every party for the cards that it has made since the one that is
// held, and takes them over. Errors are of those that could not be asked, or
// whose cards do not follow.
func (w *Witness) Look(ctx context.Context) error {
	w.mu.Lock()
	var all []*party
	for _, p := range w.parties {
		all = append(all, p)
	}
	w.mu.Unlock()
	var errs []error
	for _, p := range all {
		if err := w.look(ctx, p); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", w.cardOf(p).Party, err))
		}
	}
	return errors.Join(errs...)
}

// look takes over the cards that a party has made since the one that is held.
// It looks no more often than LookEvery: whoever asks for an unknown ledger
// makes it look.
func (w *Witness) look(ctx context.Context, p *party) error {
	p.looking.Lock()
	defer p.looking.Unlock()
	now := w.Now()
	if since := now.Sub(p.looked); since >= 0 && since < w.LookEvery {
		return nil
	}
	p.looked = now
	card := w.cardOf(p)
	ctx, cancel := context.WithTimeout(ctx, w.AskTime)
	defer cancel()
	cards, err := w.Parties.Cards(ctx, card)
	if err != nil {
		return err
	}
	successions, err := w.Parties.Successions(ctx, card)
	if err != nil {
		return err
	}
	for _, note := range cards {
		next, err := wire.ParseCard(note)
		if err != nil {
			return fmt.Errorf("cards of %s: %w", card.Party, err)
		}
		if next.Party != card.Party || next.Serial <= card.Serial {
			continue
		}
		if err := w.takeOver(ctx, card, next, note, successions); err != nil {
			return err
		}
		card = next
	}
	// Where its operator gave a card, nobody has announced the ledger in it.
	return w.Store.Write(ctx, func(tx exchange.Tx) error { return exchange.KeepSuccessions(tx, card, successions) })
}

// takeOver takes a party's next card, as every peer of it does: signed by the
// recovery key of the one before, and, where it names another ledger, announced
// by a succession.
func (w *Witness) takeOver(ctx context.Context, held, next heed.Card, note []byte, successions [][]byte) error {
	var succession *heed.Statement
	var signed []byte
	for _, candidate := range successions {
		s, err := wire.ParseStatement(candidate)
		if err != nil {
			return fmt.Errorf("successions of %s: %w", held.Party, err)
		}
		if s.Kind == heed.KindSuccession && s.Author == held.Party && s.Card == next.ID {
			succession, signed = &s, candidate
		}
	}
	if err := held.Follows(next, wire.CardSignedBy(note, held.RecoveryKey), succession); err != nil {
		return forOperator(err)
	}
	err := w.Store.Write(ctx, func(tx exchange.Tx) error {
		p, err := tx.Peer(held.Party)
		if err != nil {
			return err
		}
		p.Card, p.CardNote = next, note
		if succession != nil {
			if err := tx.PutSuccession(held.Party, signed); err != nil {
				return err
			}
		}
		if err := w.know(next); err != nil {
			return err
		}
		return tx.PutPeer(p)
	})
	if err == nil {
		w.Log.Info("the next card of a party was taken over", "party", held.Party, "card", next.Serial, "ledger", next.LedgerKey)
	}
	return err
}

// forOperator gives a refused card the way out that a witness has.
func forOperator(err error) error {
	var refused *heed.Refused
	if !errors.As(err, &refused) {
		return err
	}
	out := *refused
	out.Hint = "compare the present card's fingerprint by telephone, then start the witness with --log and that card"
	return &out
}
