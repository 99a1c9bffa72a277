package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// CaseFile is a case with what this node alone knows of it.
type CaseFile struct {
	heed.Case
	At       time.Time // of the look
	Taken    *Taking
	Waiting  []Outgoing  // statements of ours that wait for their receipt
	Deposits []Deposited // of those that wait, what depositaries have taken
	Refusals []Kept      // statements of ours that the peer's node refused for good
	Unlogged []Kept      // of the peer's, what we rest something on and our mirror of its ledger does not show
	Index    []IndexedDuty
	Releases map[heed.ReleaseID]heed.Release // of warnings, supplements, corrections and recalls
	Self     heed.Card
	Peer     Peer
	Ladders  map[heed.PartyID]heed.Ladder // of both parties, as this case is climbed; none before its opening is here
	Readings []Reading
	// Erased is when the contents were erased, under the accord that the opening
	// names; zero: they were not.
	Erased time.Time
	// Watched is where the watch for the subjects of its warning stands; Keeps, where
	// it is we who keep it, what we alone know of it; nil: it does not run.
	Watched    heed.Watch
	Keeps      *KeptWatch
	Unreported []OwedReport // hits that are to be reported to the warner and were not
	Links      []LinkedCase // others who warned of somebody whom it names
}

// addRelease reads who released a statement.
func (f *CaseFile) addRelease(v View, id heed.ReleaseID) error {
	if id.IsZero() {
		return nil
	}
	note, err := v.Release(id)
	if err != nil {
		return err
	}
	rel, err := wire.ParseRelease(note)
	if err != nil {
		return err
	}
	if f.Releases == nil {
		f.Releases = map[heed.ReleaseID]heed.Release{}
	}
	f.Releases[id] = rel
	return nil
}

// Acting lists who acted in a statement: its own officers, or those of its release.
func (f CaseFile) Acting(s heed.Statement) []heed.OfficerStamp {
	if rel, ok := f.Releases[s.Release]; ok {
		return rel.Signers()
	}
	return s.Officers
}

// Ladder is the ladder of one of the case's parties.
func (f CaseFile) Ladder(party heed.PartyID) heed.Ladder {
	if ladder, ok := f.Ladders[party]; ok {
		return ladder
	}
	if party == f.Self.Party {
		return f.Self.Ladder
	}
	return f.Peer.Card.Ladder
}

// Role is the word for the rung that owes a duty for itself; empty where the
// party owes it.
func (f CaseFile) Role(d heed.Duty) string {
	ladder, rung := f.Ladder(d.OwedBy), d.Kind.Rung()
	if rung < 1 || rung > len(ladder) {
		return ""
	}
	return ladder[rung-1].Role
}

// Look reads the case file without its contents: headers, duties, times.
func (x *Exchange) Look(ctx context.Context, id heed.CaseID) (CaseFile, error) {
	file := CaseFile{At: x.Now()}
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		file.Self = me.Card
		if file.Case, err = v.Case(id); err != nil {
			return err
		}
		taken, err := v.Taking(id)
		if err == nil {
			file.Taken = &taken
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		kept, err := v.KeptOf(id)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if k.Dropped != nil {
				file.Refusals = append(file.Refusals, k)
			}
			if queued, err := v.Queued(k.Statement.ID); err == nil {
				file.Waiting = append(file.Waiting, queued)
				taken, err := v.Deposits(k.Statement.ID)
				if err != nil {
					return err
				}
				file.Deposits = append(file.Deposits, taken...)
			} else if !errors.Is(err, ErrNotFound) {
				return err
			}
			if err := file.addRelease(v, k.Statement.Release); err != nil {
				return err
			}
		}
		if file.Index, err = v.Index(id); err != nil {
			return err
		}
		if file.Readings, err = v.Readings(id); err != nil {
			return err
		}
		if file.Erased, err = erased(v, id); err != nil {
			return err
		}
		if file.Opening.ID.IsZero() {
			return nil
		}
		if file.Peer, err = v.Peer(file.Other(x.party)); err != nil {
			return err
		}
		file.Ladders = map[heed.PartyID]heed.Ladder{}
		for _, party := range []heed.PartyID{file.Warner, file.Warned} {
			if file.Ladders[party], err = x.ladderIn(v, file.Opening, party); err != nil {
				return err
			}
		}
		if err := x.lookAtWatchOf(v, &file); err != nil {
			return err
		}
		file.Unlogged, err = x.unlogged(v, file.Case, kept)
		return err
	})
	return file, err
}

// Find resolves what a person calls a case: its code, its full id, or a code
// and the recipient as CODE@PARTY where a warning went to several. An accord's
// id, or more than eight digits of it, stands for the cases of its newest proposal,
// and the code of a draft for the cases that it became.
func (x *Exchange) Find(ctx context.Context, name string) (ids []heed.CaseID, err error) {
	spoken, party, _ := strings.Cut(strings.TrimSpace(name), "@")
	code, notCode := heed.ParseCode(spoken)
	err = x.store.Read(ctx, func(v View) error {
		var all []heed.CaseID
		digits := strings.ToLower(spoken)
		switch {
		case notCode == nil:
			if all, err = v.CasesOf(code); err == nil && len(all) == 0 {
				all, err = casesOfDraft(v, code)
			}
			if err == nil && len(all) == 0 {
				err = ratherOneSided(v, spoken)
			}
			if err == nil && len(all) == 0 {
				err = ratherAccord(v, digits)
			}
			if err != nil {
				return err
			}
		case IsAccordName(digits):
			if all, err = casesNamed(v, digits); err != nil {
				return err
			}
		default:
			return notCode
		}
		for _, id := range all {
			c, err := v.Case(id)
			if err != nil {
				return err
			}
			if party == "" || string(c.Other(x.party)) == party {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err == nil && len(ids) == 0 {
		err = &heed.Invalid{What: fmt.Sprintf("there is no case %s here", name), Hint: "`heed inbox --all` lists the cases"}
	}
	return ids, err
}

// ratherAccord says what to write where eight digits are no case's code, and
// begin the id of an accord.
func ratherAccord(v View, digits string) error {
	if !IsAccordName(digits) {
		return nil
	}
	accords, err := accordsNamed(v, digits)
	if err != nil || len(accords) == 0 {
		return err
	}
	hint := "write more of its digits, " + accords[0].String()[:12]
	cases, err := proposalCases(v, accords[0])
	if err != nil {
		return err
	}
	if len(cases) > 0 {
		c, err := v.Case(cases[0])
		if err != nil {
			return err
		}
		hint += ", or the code of its proposal, " + c.Code.Spoken()
	}
	return &heed.Invalid{What: fmt.Sprintf("%s is an accord, and as a code of eight digits there is no such case", digits), Hint: hint}
}

// casesNamed finds the case of a full id, or those that an accord's id stands for.
func casesNamed(v View, digits string) ([]heed.CaseID, error) {
	if d, err := heed.ParseDigest(digits); err == nil {
		_, err := v.Case(heed.CaseID(d))
		if err == nil {
			return []heed.CaseID{heed.CaseID(d)}, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	accords, err := accordsNamed(v, digits)
	if err != nil || len(accords) != 1 {
		return nil, err
	}
	return proposalCases(v, accords[0])
}

// FindOne is Find for an act that concerns one case.
func (x *Exchange) FindOne(ctx context.Context, name string) (heed.CaseID, error) {
	ids, err := x.Find(ctx, name)
	if err != nil {
		return heed.CaseID{}, err
	}
	if len(ids) > 1 {
		var which []string
		err := x.store.Read(ctx, func(v View) error {
			for _, id := range ids {
				c, err := v.Case(id)
				if err != nil {
					return err
				}
				which = append(which, c.Code.Spoken()+"@"+string(c.Other(x.party)))
			}
			return nil
		})
		if err != nil {
			return heed.CaseID{}, err
		}
		return heed.CaseID{}, &heed.Invalid{What: fmt.Sprintf("%s names %d cases", name, len(ids)), Hint: "say which: " + strings.Join(which, ", ")}
	}
	return ids[0], nil
}

// Board is what a duty officer sees first.
type Board struct {
	At       time.Time
	Ours     []BoardLine // what we owe, by time left
	Theirs   []BoardLine // what we are owed
	Cases    []CaseRow
	Drafts   []DraftRow  // what waits for release, without contents
	Links    []BoardLink // of the last week, the latest first
	News     []BoardNews // of the last week, the latest first
	Outbox   []Outgoing
	Peers    []Peer
	Restored bool
}

// BoardLine is one owed reply.
type BoardLine struct {
	IndexedDuty
	State heed.DutyState
	Taken *Taking
	Ring  *heed.Rung // whom to ring, once it is overdue
}

// Board reads the owed replies of both sides and the latest cases.
func (x *Exchange) Board(ctx context.Context, limit int) (Board, error) {
	board := Board{At: x.Now()}
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		board.Restored = me.Restored
		all, err := v.OpenDuties("", limit)
		if err != nil {
			return err
		}
		for _, d := range all {
			line, err := x.boardLine(v, d, board.At)
			if err != nil {
				return err
			}
			if d.OwedBy == x.party {
				board.Ours = append(board.Ours, line)
			} else {
				board.Theirs = append(board.Theirs, line)
			}
		}
		watched, err := x.watchLines(v, board.At, limit)
		if err != nil {
			return err
		}
		board.Ours = append(board.Ours, watched...)
		slices.SortStableFunc(board.Ours, func(a, b BoardLine) int { return a.Due.Compare(b.Due) })
		if board.Cases, err = v.Cases(limit); err != nil {
			return err
		}
		if board.Links, err = x.latestLinks(v, board.At); err != nil {
			return err
		}
		if board.News, err = latestNews(v, board.At); err != nil {
			return err
		}
		if board.Drafts, err = draftRows(v); err != nil {
			return err
		}
		if board.Outbox, err = v.Outbox(limit); err != nil {
			return err
		}
		board.Peers, err = v.Peers()
		return err
	})
	return board, err
}

func (x *Exchange) boardLine(v View, d IndexedDuty, now time.Time) (BoardLine, error) {
	line := BoardLine{IndexedDuty: d, State: d.State(now)}
	taken, err := v.Taking(d.Case)
	if err == nil {
		line.Taken = &taken
	} else if !errors.Is(err, ErrNotFound) {
		return line, err
	}
	if line.State == heed.DutyOverdue {
		ladder, err := x.ladderOf(v, d.Case, d.OwedBy)
		if err != nil {
			return line, err
		}
		rung := ladder.Told(d.Kind, ladder.Level(d.Due, now))
		line.Ring = &rung
	}
	return line, nil
}

// Cases lists cases by last change.
func (x *Exchange) Cases(ctx context.Context, limit int) (rows []CaseRow, err error) {
	err = x.store.Read(ctx, func(v View) error {
		rows, err = v.Cases(limit)
		return err
	})
	return rows, err
}

// Peers lists the peers.
func (x *Exchange) Peers(ctx context.Context) (peers []Peer, err error) {
	peers, _, err = x.peersAndSelf(ctx)
	return peers, err
}

// Self is the node's own standing.
func (x *Exchange) Self(ctx context.Context) (me Self, err error) {
	err = x.store.Read(ctx, func(v View) error {
		me, err = v.Self()
		return err
	})
	return me, err
}

// Ledger is our own ledger as far as it is published.
func (x *Exchange) Ledger() ledger.Source { return ownLedger{x.store} }

type ownLedger struct{ store Store }

func (l ownLedger) head(ctx context.Context) (head Head, err error) {
	err = l.store.Read(ctx, func(v View) error {
		head, err = v.Head()
		return err
	})
	return head, ledgerNotFound(err)
}

func (l ownLedger) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := l.head(ctx)
	return head.Note, err
}

func (l ownLedger) Size(ctx context.Context) (int64, error) {
	head, err := l.head(ctx)
	return head.Size, err
}

func (l ownLedger) Hashes(ctx context.Context, indexes []int64) (hashes []tlog.Hash, err error) {
	err = l.store.Read(ctx, func(v View) error {
		hashes, err = v.Hashes(indexes)
		return err
	})
	return hashes, err
}

func (l ownLedger) Leaves(ctx context.Context, from, to int64) (leaves [][]byte, err error) {
	err = l.store.Read(ctx, func(v View) error {
		leaves, err = v.Leaves(from, to)
		return err
	})
	return leaves, err
}

// Mirror is whatever ledger we hold under an origin, as far as it is
// published: our copy of another party's, our own present one, or one of ours
// that has ended.
func (x *Exchange) Mirror(origin string) ledger.Source { return mirrored{x.store, origin} }

type mirrored struct {
	store  Store
	origin string
}

// read says whether the origin is that of our own present ledger: a succession
// may move it to the mirrors while it is being read.
func (m mirrored) read(ctx context.Context, f func(v View, own bool) error) error {
	return m.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return ledgerNotFound(err)
		}
		present, err := ledgerOrigin(me.Card)
		if err != nil {
			return err
		}
		return f(v, present == m.origin)
	})
}

func (m mirrored) head(ctx context.Context) (head Head, err error) {
	err = m.read(ctx, func(v View, own bool) error {
		if own {
			head, err = v.Head()
		} else {
			head, err = v.MirrorHead(m.origin)
		}
		return ledgerNotFound(err)
	})
	return head, err
}

func (m mirrored) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := m.head(ctx)
	return head.Note, err
}

func (m mirrored) Size(ctx context.Context) (int64, error) {
	head, err := m.head(ctx)
	return head.Size, err
}

func (m mirrored) Hashes(ctx context.Context, indexes []int64) (hashes []tlog.Hash, err error) {
	err = m.read(ctx, func(v View, own bool) error {
		if own {
			hashes, err = v.Hashes(indexes)
		} else {
			hashes, err = v.MirrorHashes(m.origin, indexes)
		}
		return err
	})
	return hashes, err
}

func (m mirrored) Leaves(ctx context.Context, from, to int64) (leaves [][]byte, err error) {
	err = m.read(ctx, func(v View, own bool) error {
		if own {
			leaves, err = v.Leaves(from, to)
		} else {
			leaves, err = v.MirrorLeaves(m.origin, from, to)
		}
		return err
	})
	return leaves, err
}

// Cards are all our cards, oldest first: with them anybody can tell which key
// of ours signed when.
func (x *Exchange) Cards(ctx context.Context) (notes [][]byte, err error) {
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		for serial := uint64(1); serial <= me.Card.Serial; serial++ {
			card, err := v.CardOf(x.party, serial)
			if errors.Is(err, ErrNotFound) {
				continue // lost with what a restored node lost
			}
			if err != nil {
				return err
			}
			note, err := v.CardNote(card.ID)
			if err != nil {
				return err
			}
			notes = append(notes, note)
		}
		return nil
	})
	return notes, err
}

// Successions are our signed successions, oldest first.
func (x *Exchange) Successions(ctx context.Context) (notes [][]byte, err error) {
	err = x.store.Read(ctx, func(v View) error {
		notes, err = v.Successions(x.party)
		return err
	})
	return notes, err
}

// ledgerNotFound says it in the ledger's own word.
func ledgerNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ledger.ErrNotFound, err)
	}
	return err
}
