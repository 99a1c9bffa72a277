package exchange

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/stats"
	"heed/wire"
)

// OneSidedFile is a one-sided case as it is shown: headers, times, what is owed.
type OneSidedFile struct {
	heed.OneSided
	At       time.Time
	Terms    heed.Contact // the version by whose clock it is counted
	Contact  heed.Contact // as it is on record now
	Ladder   heed.Ladder  // ours, which what is not on record climbs
	Signed   map[heed.EntryID][]heed.OfficerStamp
	Tasks    []OneSidedTask
	Readings []Reading
	Contents []Content // for an officer who may read; each once, in the order of entries
}

// LookOneSided reads a one-sided case without its contents.
func (x *Exchange) LookOneSided(ctx context.Context, id heed.CaseID) (OneSidedFile, error) {
	f := OneSidedFile{At: x.Now()}
	return f, x.store.Read(ctx, func(v View) error { return x.lookOneSided(v, id, &f) })
}

func (x *Exchange) lookOneSided(v View, id heed.CaseID, f *OneSidedFile) (err error) {
	if f.OneSided, err = v.OneSided(id); err != nil {
		return err
	}
	terms, err := v.ContactVersion(f.OneSided.Terms)
	if err != nil {
		return err
	}
	present, err := v.Contact(f.OneSided.Contact)
	if err != nil {
		return err
	}
	me, err := v.Self()
	if err != nil {
		return err
	}
	f.Terms, f.Contact, f.Ladder = terms.Contact, present.Contact, me.Card.Ladder
	f.Signed = map[heed.EntryID][]heed.OfficerStamp{}
	for _, e := range f.Entries {
		f.Signed[e.ID] = e.Officers
		if e.Release.IsZero() {
			continue
		}
		note, err := v.Release(e.Release)
		if err != nil {
			return err
		}
		rel, err := wire.ParseRelease(note)
		if err != nil {
			return err
		}
		f.Signed[e.ID] = rel.Signers()
	}
	if f.Tasks, err = v.OneSidedTasksOf(id); err != nil {
		return err
	}
	f.Readings, err = v.Readings(id)
	return err
}

// ReadOneSided reads a one-sided case with its contents, for an officer who may:
// that it was read is on record first.
func (x *Exchange) ReadOneSided(ctx context.Context, officer heed.OfficerID, id heed.CaseID) (OneSidedFile, error) {
	f := OneSidedFile{At: x.Now()}
	if err := x.noteOneSidedReading(ctx, officer, id, f.At); err != nil {
		return OneSidedFile{}, err
	}
	return f, x.store.Read(ctx, func(v View) error {
		if err := x.lookOneSided(v, id, &f); err != nil {
			return err
		}
		seen := map[heed.Digest]bool{}
		for _, e := range f.Entries {
			for _, ref := range e.Contents {
				if seen[ref.Digest] {
					continue
				}
				seen[ref.Digest] = true
				content, err := v.Content(ref.Digest)
				if err != nil {
					return fmt.Errorf("content of entry %s: %w", e.ID.Short(), err)
				}
				f.Contents = append(f.Contents, content)
			}
		}
		return nil
	})
}

// noteOneSidedReading puts on record that an officer who may read a one-sided
// case did.
func (x *Exchange) noteOneSidedReading(ctx context.Context, officer heed.OfficerID, id heed.CaseID, now time.Time) error {
	return x.write(ctx, func(tx Tx) error {
		entry, err := rosterEntry(tx, officer)
		if err != nil {
			return err
		}
		role, err := entry.Acting(heed.ActRead)
		if err != nil {
			return err
		}
		if _, err := tx.OneSided(id); err != nil {
			return err
		}
		if err := tx.AddReading(Reading{Case: id, Officer: officer, Role: role, At: now}); err != nil {
			return err
		}
		me, err := tx.Self()
		if err != nil || me.Restored {
			return err // a restored node's ledger takes no leaf until it has caught up
		}
		return x.logAside(tx, fmt.Appendf(nil, "heed-reading/v1\ncase: %s\nofficer: %s\nrole: %s\ntime: %s\n", id, officer, role, heed.FormatTime(now)))
	})
}

// OneSidedBoard is the one-sided part of the board. It stands apart from Board:
// nothing on it was signed by anybody else.
type OneSidedBoard struct {
	At     time.Time
	Ours   []OneSidedLine // what we owe, by time left
	Theirs []OneSidedLine // what partners owe, as we count it
	Cases  []OneSidedRow
}

// OneSidedLine is one owed reply of a one-sided case.
type OneSidedLine struct {
	OneSidedIndexed
	Code    heed.Code
	Contact heed.Contact // whom to ring
	Status  heed.Status
	State   heed.DutyState
	Level   int
	// RemindNow says that it is overdue and no reminder names it: one is ready to
	// be sent.
	RemindNow bool
}

// OneSidedBoard reads the owed replies and the cases with partners without heed.
func (x *Exchange) OneSidedBoard(ctx context.Context, limit int) (OneSidedBoard, error) {
	b := OneSidedBoard{At: x.Now()}
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		all, err := v.OneSidedOpen(limit)
		if err != nil {
			return err
		}
		if b.Cases, err = v.OneSidedCases(limit); err != nil {
			return err
		}
		for _, d := range all {
			c, err := v.OneSided(d.Case)
			if err != nil {
				return err
			}
			kept, err := v.Contact(c.Contact)
			if err != nil {
				return err
			}
			line := OneSidedLine{OneSidedIndexed: d, Code: c.Code, Contact: kept.Contact, Status: c.Status, State: d.State(b.At), Level: me.Card.Ladder.Level(d.Due, b.At)}
			line.RemindNow = line.State == heed.DutyOverdue && d.OwedBy == heed.Them && d.Reminded == 0
			if d.OwedBy == heed.Us {
				b.Ours = append(b.Ours, line)
			} else {
				b.Theirs = append(b.Theirs, line)
			}
		}
		return nil
	})
	return b, err
}

// OneSidedFigures counts the one-sided cases with one contact, in one direction.
// They are our own records alone, and are never added to figures of cases in
// which both sides have signed.
type OneSidedFigures struct {
	Contact      heed.ContactID
	Warned       heed.Side
	Status       heed.Status
	Cases        int
	Sent         int
	Delivered    int
	Acknowledged int
	Assessed     int
	Answered     int
	Acted        int
	Concluded    int
	Refused      int
	Recalled     int
	Reminders    int
	Owed         int // replies
	OnTime       int
	Late         int
	Overdue      int
	Open         int // not yet due
	Ended        int // by a recall
}

// OneSidedStatistics counts the one-sided cases that were opened in a period, by
// contact, direction and status.
func (x *Exchange) OneSidedStatistics(ctx context.Context, period stats.Period) (all []OneSidedFigures, asOf time.Time, err error) {
	asOf = x.Now()
	if err := period.Check(); err != nil {
		return nil, asOf, err
	}
	type key struct {
		contact heed.ContactID
		warned  heed.Side
		status  heed.Status
	}
	at := map[key]int{}
	err = x.store.Read(ctx, func(v View) error {
		rows, err := v.OneSidedCases(countAtMost)
		if err != nil {
			return err
		}
		for i := len(rows) - 1; i >= 0; i-- {
			row := rows[i]
			if !period.Holds(row.Opened) {
				continue
			}
			c, err := v.OneSided(row.ID)
			if err != nil {
				return err
			}
			k := key{row.Contact, row.Warned, row.Status}
			if _, ok := at[k]; !ok {
				at[k] = len(all)
				all = append(all, OneSidedFigures{Contact: row.Contact, Warned: row.Warned, Status: row.Status})
			}
			all[at[k]].add(c, asOf)
		}
		return nil
	})
	return all, asOf, err
}

func (f *OneSidedFigures) add(c heed.OneSided, now time.Time) {
	f.Cases++
	reached := c.Reached()
	for state, n := range map[heed.State]*int{
		heed.StateSent: &f.Sent, heed.StateDelivered: &f.Delivered, heed.StateAcknowledged: &f.Acknowledged, heed.StateAssessed: &f.Assessed,
		heed.StateAnswered: &f.Answered, heed.StateActed: &f.Acted, heed.StateConcluded: &f.Concluded, heed.StateRefused: &f.Refused, heed.StateRecalled: &f.Recalled,
	} {
		if _, ok := reached[state]; ok {
			*n++
		}
	}
	for _, e := range c.Entries {
		if _, struck := c.Struck(e.ID); e.Kind == heed.EntryReminded && !struck {
			f.Reminders++
		}
	}
	for _, d := range c.Duties {
		f.Owed++
		switch d.State(now) {
		case heed.DutyDischarged:
			f.OnTime++
		case heed.DutyDischargedLate:
			f.Late++
		case heed.DutyRefused:
			if d.At.After(d.Due) {
				f.Late++
			} else {
				f.OnTime++
			}
		case heed.DutyOverdue:
			f.Overdue++
		case heed.DutyEnded:
			f.Ended++
		default:
			f.Open++
		}
	}
}

// EntryLeaf is where an entry stands in our ledger.
type EntryLeaf struct {
	Entry  heed.EntryID
	Kind   heed.EntryKind
	Origin string
	Index  int64
	Leaf   []byte
	Note   []byte      // the signed entry
	Key    ledger.Key  // with which the leaf opens to it
	Proof  []tlog.Hash // none: the leaf is not in the published checkpoint yet
}

// EntryProof is the inclusion of a one-sided case's entries in a published
// checkpoint of ours: that we had put them on record by then. It is no proof that
// the contact was sent, or has, anything.
type EntryProof struct {
	Checkpoints map[string][]byte // by origin
	Leaves      []EntryLeaf
}

// ProveEntries publishes a checkpoint if one is due and proves the leaves of a
// one-sided case in it.
func (x *Exchange) ProveEntries(ctx context.Context, id heed.CaseID) (EntryProof, error) {
	if err := x.Cut(ctx); err != nil {
		return EntryProof{}, err
	}
	out := EntryProof{Checkpoints: map[string][]byte{}}
	err := x.store.Read(ctx, func(v View) error {
		kept, err := v.EntriesOf(id)
		if err != nil {
			return err
		}
		for _, k := range kept {
			tag := slot{key: k.Key, slot: ledger.SlotSent, of: heed.StatementID(k.Entry.ID)}.tag()
			log, index, err := x.findOwn(v, tag)
			if err != nil {
				return fmt.Errorf("leaf of entry %s: %w", k.Entry.ID.Short(), err)
			}
			stored, err := log.leaf(index)
			if err != nil {
				return err
			}
			leaf, err := ledger.ParseLeaf(stored)
			if err != nil {
				return err
			}
			if !leaf.Opens(k.Key, wire.SignedDigest(k.Note)) {
				return fmt.Errorf("%w: leaf %d does not commit to entry %s", ErrLedger, index, k.Entry.ID.Short())
			}
			head, err := log.head()
			if err != nil {
				return err
			}
			out.Checkpoints[log.origin] = head.Note
			line := EntryLeaf{Entry: k.Entry.ID, Kind: k.Entry.Kind, Origin: log.origin, Index: index, Leaf: stored, Note: k.Note, Key: k.Key}
			if index < head.Size {
				if line.Proof, err = ledger.Inclusion(head.Size, index, tlog.HashReaderFunc(log.hashes)); err != nil {
					return err
				}
			}
			out.Leaves = append(out.Leaves, line)
		}
		return nil
	})
	return out, err
}
