package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
)

// Opened is what an officer gets to read.
type Opened struct {
	Case     heed.Case
	Contents []Content // in the order of statements, each content once, those that are here
	Erased   time.Time // when they were erased; zero: they were not
	// Provenance is, of a warning that was passed on to us, what it brought along
	// of those who warned before: the one nearest to us first.
	Provenance []Provenance
}

// Open lets an officer read a case. That a person of the warned party opened
// what was sent is a statement, made once for each thing that was opened; that
// it was read is noted each time, whoever reads.
func (x *Exchange) Open(ctx context.Context, officer heed.OfficerID, id heed.CaseID) (Opened, error) {
	opened, unopened, err := x.read(ctx, officer, id, true)
	if err != nil || len(unopened) == 0 {
		return opened, err
	}
	_, err = x.say(ctx, id, officer, heed.KindOpening, func(v View, c heed.Case, s *heed.Statement) (_ []Content, err error) {
		if s.Answers, err = x.unopened(v, c); err == nil && len(s.Answers) == 0 {
			err = errNothingToOpen
		}
		return nil, err
	})
	if errors.Is(err, errNothingToOpen) {
		err = nil // another officer opened it in between
	}
	return opened, err
}

var errNothingToOpen = errors.New("nothing is left to be opened")

// Read lets an officer read a case without opening it towards the other
// party: an auditor's right, and the author's own people's.
func (x *Exchange) Read(ctx context.Context, officer heed.OfficerID, id heed.CaseID) (Opened, error) {
	opened, _, err := x.read(ctx, officer, id, false)
	return opened, err
}

// read gives out what a case says. opens says that what nobody has opened is then
// opened: by an officer who can sign that, or nothing is read.
func (x *Exchange) read(ctx context.Context, officer heed.OfficerID, id heed.CaseID, opens bool) (Opened, []heed.StatementID, error) {
	now := x.Now()
	var opened Opened
	var unopened []heed.StatementID
	err := x.store.Read(ctx, func(v View) error {
		entry, err := rosterEntry(v, officer)
		if err != nil {
			return err
		}
		if _, err := entry.Acting(heed.ActRead); err != nil {
			return err
		}
		if opened.Case, err = v.Case(id); err != nil {
			return err
		}
		if opened.Erased, err = erased(v, id); err != nil {
			return err
		}
		if opened.Contents, err = contentsOf(v, opened.Case); err != nil {
			return err
		}
		if opened.Provenance, err = x.provenance(v, opened.Case, opened.Contents); err != nil {
			return err
		}
		if _, err := entry.Acting(heed.ActOpen); err == nil {
			if unopened, err = x.unopened(v, opened.Case); err == nil && opens && len(unopened) > 0 {
				_, err = x.pens().act(v, officer, heed.ActOpen)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return Opened{}, nil, err
	}
	// What is read is given out only once the reading is on record.
	err = x.write(ctx, func(tx Tx) error {
		entry, err := rosterEntry(tx, officer)
		if err != nil {
			return err
		}
		role, err := entry.Acting(heed.ActRead)
		if err != nil {
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
	if err != nil {
		return Opened{}, nil, err
	}
	return opened, unopened, nil
}

// unopened lists what the other party sent to be read and no person of ours has
// opened. What is not here any more nobody can open.
func (x *Exchange) unopened(v View, c heed.Case) ([]heed.StatementID, error) {
	if at, err := erased(v, c.ID); err != nil || !at.IsZero() {
		return nil, err
	}
	done := map[heed.StatementID]bool{}
	for _, s := range c.Statements {
		if s.Kind == heed.KindOpening && s.Author == x.party {
			for _, id := range s.Answers {
				done[id] = true
			}
		}
	}
	var ids []heed.StatementID
	for _, s := range c.Statements {
		if s.Author == x.party || len(s.Contents) == 0 || done[s.ID] || len(ids) >= heed.MaxAnswers {
			continue
		}
		here, err := hasContents(v, s)
		if err != nil {
			return nil, err
		}
		if here {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

// contentsOf reads the contents of a case that are here. Where they were erased
// there are none, although another case may have the same.
func contentsOf(v View, c heed.Case) ([]Content, error) {
	if at, err := erased(v, c.ID); err != nil || !at.IsZero() {
		return nil, err
	}
	var contents []Content
	seen := map[heed.Digest]bool{}
	for _, s := range c.Statements {
		for _, ref := range s.Contents {
			if seen[ref.Digest] {
				continue
			}
			seen[ref.Digest] = true
			content, err := v.Content(ref.Digest)
			if isNotFound(err) {
				continue // erased here, or by the peer from which a restored node got the statement back
			}
			if err != nil {
				return nil, fmt.Errorf("content %s of %s statement %s: %w", ref.Digest, s.Kind, s.ID.Short(), err)
			}
			content.Ref = ref
			contents = append(contents, content)
		}
	}
	return contents, nil
}
