package witness

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// Cards are the signed cards that are held of a party with serials after one,
// oldest first and at most exchange.MaxShownCards: by them a creditor finds the ledger that
// its debtor goes on in, whomever the debtor still answers. A serial that was
// never held is left out. exchange.ErrNotFound: no ledger of it is witnessed.
func (w *Witness) Cards(ctx context.Context, of heed.PartyID, after uint64) (notes [][]byte, err error) {
	err = w.Store.Read(ctx, func(v exchange.View) error {
		p, err := v.Peer(of)
		if err != nil || after >= p.Card.Serial {
			return err
		}
		oldest := p.Card.Serial - min(p.Card.Serial-1, mostCards)
		for serial := max(after+1, oldest); len(notes) < exchange.MaxShownCards; serial++ {
			card, err := v.CardOf(of, serial)
			if err == nil {
				note, err := v.CardNote(card.ID)
				if err != nil {
					return err
				}
				notes = append(notes, note)
			} else if !errors.Is(err, exchange.ErrNotFound) {
				return err
			}
			if serial == p.Card.Serial {
				break // by itself: a serial may be the largest that there is
			}
		}
		return nil
	})
	return notes, err
}

// Successions are the signed successions that are held of a party, in the order
// in which they were kept. Errors as Cards.
func (w *Witness) Successions(ctx context.Context, of heed.PartyID) (notes [][]byte, err error) {
	err = w.Store.Read(ctx, func(v exchange.View) error {
		if _, err := v.Peer(of); err != nil {
			return err
		}
		notes, err = v.Successions(of)
		return err
	})
	return notes, err
}

func (w *Witness) serveCards(out http.ResponseWriter, r *http.Request) {
	name, serial, paged := strings.Cut(strings.TrimPrefix(r.URL.Path, CardsPath), "/")
	after := uint64(0)
	if paged {
		var err error
		if after, err = strconv.ParseUint(serial, 10, 64); err != nil || strconv.FormatUint(after, 10) != serial {
			w.nothingHere(out, r)
			return
		}
	}
	w.serveNotes(out, r, name, ledger.Showing{What: ledger.ShowsCards, After: after}, func(party heed.PartyID) ([][]byte, error) {
		return w.Cards(r.Context(), party, after)
	})
}

func (w *Witness) serveSuccessions(out http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, SuccessionsPath)
	w.serveNotes(out, r, name, ledger.Showing{What: ledger.ShowsSuccessions}, func(party heed.PartyID) ([][]byte, error) {
		return w.Successions(r.Context(), party)
	})
}

// serveNotes answers with notes, before them what the witness signs about them:
// on the way, and under its address, is anybody.
func (w *Witness) serveNotes(out http.ResponseWriter, r *http.Request, name string, what ledger.Showing, read func(heed.PartyID) ([][]byte, error)) {
	party, err := heed.ParsePartyID(name)
	if err != nil || r.URL.RawPath != "" {
		w.nothingHere(out, r)
		return
	}
	notes, err := read(party)
	var signed []byte
	if err == nil {
		what.Party, what.At, what.Notes = string(party), w.Now(), sha256.Sum256(wire.JoinNotes(notes))
		signed, err = w.Key.Show(what)
	}
	switch {
	case err == nil:
		w.answer(out, r, http.StatusOK, shownType, wire.JoinNotes(slices.Concat([][]byte{signed}, notes)))
	case errors.Is(err, exchange.ErrNotFound):
		w.answer(out, r, http.StatusNotFound, textType, []byte("no ledger of this party is witnessed here\n"))
	default:
		w.failed(r, err)
		w.answer(out, r, http.StatusInternalServerError, textType, []byte("the witness failed; its operator was told\n"))
	}
}

func (w *Witness) nothingHere(out http.ResponseWriter, r *http.Request) {
	w.answer(out, r, http.StatusNotFound, textType, []byte("nothing is served under this path\n"))
}

// errUnannounced is an end whose succession is not held here.
var errUnannounced = errors.New("the succession that the end leaf names is not held")

// announced holds a head that ends its ledger against the successions that are
// held. An end proves nothing about now without the ledger that follows: who
// shows its next card to nobody is to have no end cosigned either, so that the
// head before goes on speaking for it.
func announced(v exchange.View, party heed.PartyID, head ledger.Checkpoint) error {
	leaves, err := v.MirrorLeaves(head.Origin, head.Size-1, head.Size)
	if err != nil {
		return err
	}
	last, err := ledger.ParseMapRoot(leaves[0])
	if err != nil || !last.Ends() {
		return err
	}
	notes, err := v.Successions(party)
	if err != nil {
		return err
	}
	for _, note := range notes {
		if wire.SignedDigest(note) == last.Succession {
			return nil
		}
	}
	return errUnannounced
}

// unannounced refuses an end once the party was asked for its succession in vain.
func (w *Witness) unannounced(l *log, o offer, looking error) error {
	w.Log.Warn("a ledger ends, and what follows it is not shown: the head is not cosigned", "ledger", l.origin, "leaves", o.head.Size, "error", looking)
	why := ""
	if looking != nil {
		why = fmt.Sprintf(": %v", looking)
	}
	return refuse(statusLater, "the ledger ends with this head, and the succession that its last leaf names is not held here, with a card that could be taken over%s", why)
}
