package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// restedOn are the kinds of what a peer gives us to rest on: more time, an end
// of what we owe it, another text of its warning, leave to forward, its consent to an accord. What is in
// none of its ledgers it can disown, by renewing the key that signed it
// (docs/decisions/0016). What discharges its own duties only it loses by that.
var restedOn = []heed.Kind{heed.KindExtension, heed.KindRecall, heed.KindCorrection, heed.KindForwardConsent,
	heed.KindAccordRatification, heed.KindAccordReservation}

// unlogged are the statements of a peer, among those kept of a case, that we
// rest something on and that our mirrors of its ledgers do not show.
func (x *Exchange) unlogged(v View, c heed.Case, kept []Kept) (missing []Kept, err error) {
	for _, k := range kept {
		if k.Dropped != nil || k.Statement.Author == x.party || !slices.Contains(restedOn, k.Statement.Kind) {
			continue
		}
		if _, placed := c.Statement(k.Statement.ID); !placed {
			continue // it gives nothing yet
		}
		logged, err := x.loggedByPeer(v, c, k)
		if err != nil {
			return nil, err
		}
		if !logged {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// loggedByPeer reports whether our mirrors show a leaf that commits to the
// signed bytes: one under the right tag that commits to something else binds nobody.
func (x *Exchange) loggedByPeer(v View, c heed.Case, k Kept) (bool, error) {
	slots, err := slotsOf(v, c, k)
	if err != nil {
		return false, err
	}
	origins, err := x.originsOf(v, k.Statement.Author)
	if err != nil {
		return false, err
	}
	for _, origin := range origins {
		log, err := x.keptLedger(v, origin)
		if err != nil {
			return false, err
		}
		for _, at := range slots {
			index, found, err := log.find(at.tag())
			if err != nil {
				return false, err
			}
			if !found {
				continue
			}
			stored, err := log.leaf(index)
			if err != nil {
				return false, err
			}
			leaf, err := ledger.ParseLeaf(stored)
			if err != nil {
				return false, err
			}
			if leaf.Opens(at.key, wire.SignedDigest(k.Note)) {
				return true, nil
			}
		}
	}
	return false, nil
}

// unmirrored remembers which cases have something in them that no mirror shows yet.
// It is found again in the store after a start.
type unmirrored struct {
	mu     sync.Mutex
	looked time.Time // up to which changes of cases have been looked through; zero: not since the start
	cases  map[heed.PartyID]map[heed.CaseID]bool
}

func newUnmirrored() *unmirrored { return &unmirrored{cases: map[heed.PartyID]map[heed.CaseID]bool{}} }

// watchOverlap is how far behind the last look the next one begins: a case
// changes at the time at which its envelope was here, and is committed later.
const watchOverlap = 10 * time.Minute

// since is from when on changes are to be looked through at now.
func (w *unmirrored) since(now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.looked.IsZero():
		return time.Time{}
	case now.Before(w.looked):
		return now.Add(-watchOverlap) // the clock was set back
	}
	return w.looked.Add(-watchOverlap)
}

func (w *unmirrored) add(rows []CaseRow, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range rows {
		if w.cases[row.Peer] == nil {
			w.cases[row.Peer] = map[heed.CaseID]bool{}
		}
		w.cases[row.Peer][row.ID] = true
	}
	w.looked = now
}

func (w *unmirrored) of(party heed.PartyID) []heed.CaseID {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []heed.CaseID
	for id := range w.cases[party] {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b heed.CaseID) int { return slices.Compare(a[:], b[:]) })
	return all
}

func (w *unmirrored) done(party heed.PartyID, ids []heed.CaseID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		delete(w.cases[party], id)
	}
}

// unloggedTrouble begins what people are shown of a peer that gave us something
// to rest on and has not logged it; it is taken back once its ledger shows it.
const unloggedTrouble = "given to us and not in its ledger: "

// checkGiven looks whether what a peer gave us to rest on stands in its ledger,
// as we mirrored it after asked, once its publication delay has passed. It says
// what does not, in words, and notes it as trouble with the peer.
func (x *Exchange) checkGiven(ctx context.Context, party heed.PartyID, asked time.Time) (missing string, err error) {
	if err := x.watchChanges(ctx, asked); err != nil {
		return "", err
	}
	const most = 3 // a peer that logs nothing must not have us read all its cases each time
	var late []string
	for some := range slices.Chunk(x.unmirrored.of(party), watchAtOnce) {
		if len(late) > most {
			break
		}
		var settled []heed.CaseID
		err := x.store.Read(ctx, func(v View) error {
			settled = nil
			for _, id := range some {
				open, words, err := x.givenIn(v, id, asked)
				if err != nil {
					return err
				}
				late = append(late, words...)
				if !open {
					settled = append(settled, id)
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		x.unmirrored.done(party, settled)
	}
	if len(late) > most {
		late = append(late[:most], "and more")
	}
	if len(late) > 0 {
		missing = unloggedTrouble + strings.Join(late, ", ") + ". Rest nothing on it until it is there; keep to the old time"
	}
	return missing, x.noteUnlogged(ctx, party, missing)
}

// watchAtOnce bounds how many cases are read over one snapshot.
const watchAtOnce = 64

// watchChanges takes note of the cases that have changed.
func (x *Exchange) watchChanges(ctx context.Context, now time.Time) error {
	since := x.unmirrored.since(now)
	var changed []CaseRow
	err := x.store.Read(ctx, func(v View) error {
		for limit := 64; ; limit *= 8 {
			rows, err := v.Cases(limit)
			if err != nil {
				return err
			}
			all := len(rows)
			if changed = slices.DeleteFunc(rows, func(r CaseRow) bool { return r.Changed.Before(since) }); len(changed) < all || all < limit {
				return nil
			}
		}
	})
	if err == nil {
		x.unmirrored.add(changed, now)
	}
	return err
}

// givenIn looks through one case: whether anything of it is still to be
// watched, and what its author should have logged by now.
func (x *Exchange) givenIn(v View, id heed.CaseID, asked time.Time) (open bool, late []string, err error) {
	kept, err := v.KeptOf(id)
	if err != nil {
		return false, nil, err
	}
	if !slices.ContainsFunc(kept, func(k Kept) bool { return slices.Contains(restedOn, k.Statement.Kind) && k.Statement.Author != x.party }) {
		return false, nil, nil
	}
	c, err := v.Case(id)
	if err != nil {
		return false, nil, err
	}
	missing, err := x.unlogged(v, c, kept)
	if err != nil {
		return false, nil, err
	}
	for _, k := range missing {
		card, err := signedByCard(v, k.Statement)
		if err != nil {
			return false, nil, err
		}
		if asked.After(k.Arrived.Add(card.PublicationDelay)) {
			late = append(late, fmt.Sprintf("%s %s of case %s", k.Statement.Kind, k.Statement.ID.Short(), c.Code.Spoken()))
		}
	}
	return len(missing) > 0, late, nil
}

// noteUnlogged puts on a peer's record what it has not logged, or takes it back.
// Another trouble that people were shown stays.
func (x *Exchange) noteUnlogged(ctx context.Context, party heed.PartyID, missing string) error {
	var now Peer
	err := x.store.Read(ctx, func(v View) (err error) {
		now, err = v.Peer(party)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && !mayNote(now.Trouble, missing) {
		return nil
	}
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		peer, err := tx.Peer(party)
		if err != nil || !mayNote(peer.Trouble, missing) {
			return err
		}
		if missing != "" {
			return x.trouble(tx, party, missing)
		}
		peer.Trouble = ""
		return tx.PutPeer(peer)
	})
}

func mayNote(held, missing string) bool {
	return held != missing && (held == "" || strings.HasPrefix(held, unloggedTrouble))
}
