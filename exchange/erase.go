package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// clauseEnd is the clause about what happens when an accord ends.
const clauseEnd heed.Clause = "end"

// Erasure is what an accord says of the contents of what was opened under it,
// to one party, once the accord has ended for it.
type Erasure struct {
	From  time.Time     // when the accord ended for the party
	After time.Duration // from then, or from what settled a case later, to the erasure
	Limit time.Time     // when contents are erased whatever is still owed or on its way
}

// ErasureOf is what the terms last in force say of a party's contents: false
// while they bind it, where they say that contents are kept, and where the party
// has made a reservation to the clause.
//
// For a party that left, was removed or has declined an amendment the accord
// ended then, and the terms are those that were in force until then; for all
// others, and for observers, it ends when it ends.
func ErasureOf(held AccordHeld, party heed.PartyID, now time.Time) (Erasure, bool) {
	from, before, ok := held.endFor(party, now)
	if !ok {
		return Erasure{}, false
	}
	terms, ok := held.Version(before.InForce)
	reserved := slices.ContainsFunc(before.Reservations(party), func(r heed.Reservation) bool { return r.Clause == clauseEnd })
	if !ok || terms.End.Contents != heed.ContentsErase || reserved {
		return Erasure{}, false
	}
	return Erasure{From: from, After: terms.End.After, Limit: from.Add(terms.Limitation)}, true
}

// endFor is when the accord ended for a party, and how it stood right before:
// false where it goes on for it, or never bound it.
func (h AccordHeld) endFor(party heed.PartyID, now time.Time) (end time.Time, before heed.Standing, ok bool) {
	at := func(t time.Time) heed.Standing { return standingOf(h.Standing.Accord, h.Versions, h.Acts, t) }
	holds := func(s heed.Standing) bool {
		terms, _ := h.Version(s.InForce)
		return s.Ended.IsZero() && (s.Party(party).Bound() || terms.Observes(party))
	}
	standing := at(now)
	if holds(standing) {
		return time.Time{}, heed.Standing{}, false
	}
	// Only these can end it. The latest that did is meant: who was removed may
	// have come back.
	for _, t := range h.turns(standing, party) {
		if t.After(now) {
			continue
		}
		if before := at(t.Add(-time.Millisecond)); holds(before) && !holds(at(t)) {
			return t, before, true
		}
	}
	return time.Time{}, heed.Standing{}, false
}

// turns are the times at which the accord can have ended for a party, the latest first.
func (h AccordHeld) turns(standing heed.Standing, party heed.PartyID) []time.Time {
	all := []time.Time{standing.Ended, standing.Party(party).Leaves}
	for _, v := range standing.Versions {
		all = append(all, v.Started)
	}
	for _, k := range h.Acts {
		if k.Act.Party != party {
			continue
		}
		all = append(all, k.Act.Time, k.Act.From)
		for _, v := range h.Versions {
			all = append(all, k.Act.Time.Add(v.Accord.Notice))
		}
	}
	all = slices.DeleteFunc(all, time.Time.IsZero)
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	return slices.CompactFunc(all, time.Time.Equal)
}

// At is when the contents of a case are to be erased. While a reply is owed in
// it whoever owes it must be able to read what it is asked; what was said or
// settled after the end is kept for as long as what was said before it. Signed
// times decide, so that both parties of the case come to the same.
func (e Erasure) At(c heed.Case) time.Time {
	settled := e.From
	for _, s := range c.Statements {
		if len(s.Contents) > 0 && s.Time.After(settled) {
			settled = s.Time
		}
	}
	for _, d := range c.Duties {
		if d.Open() {
			return e.Limit
		}
		ended, _ := c.Statement(d.Ended)
		for _, t := range []time.Time{d.At, ended.Time} {
			if t.After(settled) {
				settled = t
			}
		}
	}
	if at := settled.Add(e.After); at.Before(e.Limit) {
		return at
	}
	return e.Limit
}

// erasureAt is At, where somebody whom the contents name may be on watch: whoever
// watches must know for whom, until a decision that ends it, as a reply is owed to
// what can be read. Nobody keeps contents by never deciding: the limit stays.
func (x *Exchange) erasureAt(v View, e Erasure, c heed.Case, now time.Time) (time.Time, error) {
	at, w := e.At(c), c.Watch(now)
	if w.State.Runs() {
		documents, err := watchedDocuments(v, c, w)
		if err != nil || len(subjectsOn(c, documents)) == 0 {
			return at, err
		}
		if w.State == heed.WatchOn {
			return e.Limit, nil
		}
	}
	if over := w.Effective.Add(e.After); !w.Effective.IsZero() && over.After(at) {
		at = over
	}
	if at.After(e.Limit) {
		at = e.Limit
	}
	return at, nil
}

const (
	// erasuresAtOnce and eraseBytes bound one transaction, so that nobody waits
	// long to write: what is erased is written over.
	erasuresAtOnce = 64
	eraseBytes     = 8 << 20
	// erasureSweep is the longest between looks at what is to be erased: a reply that
	// was given meanwhile, or what was brought back, calls nobody.
	erasureSweep = time.Minute
)

// Erase erases the contents that are to be erased by now by the accords under
// which they were sent or drafted. It returns when the next ones are, as far as
// is known; zero: none are. What is erased in one transaction is erased for good,
// and an Erase that was interrupted goes on with the rest.
func (x *Exchange) Erase(ctx context.Context) (next time.Time, err error) {
	now := x.Now()
	var ids []heed.AccordID
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // what it has lost may be owed a reply
		}
		ids, err = v.Accords()
		return err
	})
	if err != nil {
		return next, err
	}
	var errs []error
	for _, id := range ids {
		at, err := x.eraseUnder(ctx, id, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("erasing what was sent under accord %s: %w", id.Short(), err))
		}
		next = sooner(next, at)
	}
	return next, errors.Join(errs...)
}

// sooner is the earlier of two times; zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (x *Exchange) eraseUnder(ctx context.Context, id heed.AccordID, now time.Time) (next time.Time, err error) {
	var e Erasure
	due := false
	err = x.store.Read(ctx, func(v View) error {
		held, err := accordHeld(v, id, now)
		if err != nil {
			return err
		}
		var ends bool
		if e, ends = ErasureOf(held, x.party, now); !ends {
			next = held.Next(now)
			return nil
		}
		if first := e.From.Add(e.After); first.After(now) {
			next = first
			return nil
		}
		due = true
		return nil
	})
	if err != nil || !due {
		return next, err
	}
	if err := x.eraseDrafts(ctx, id); err != nil {
		return next, err
	}
	for after := (heed.CaseID{}); ; {
		batch, err := x.erasable(ctx, id, after, e, now)
		if err != nil {
			return next, err
		}
		next = sooner(next, batch.next)
		if len(batch.due) > 0 {
			if err := x.eraseCases(ctx, id, batch.due, now); err != nil {
				return next, err
			}
		}
		if batch.last == (heed.CaseID{}) {
			return next, nil
		}
		after = batch.last
	}
}

// eraseDrafts erases what was drafted under an accord that has ended, and can
// not be sent under it any more.
func (x *Exchange) eraseDrafts(ctx context.Context, id heed.AccordID) error {
	var drafts []heed.Code
	err := x.store.Read(ctx, func(v View) (err error) {
		drafts, err = v.UnerasedDrafts(id)
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(drafts, erasuresAtOnce) {
		err := x.write(ctx, func(tx Tx) error {
			for _, code := range some {
				if err := tx.EraseDraft(code); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// erasures are some cases of an accord: those that are due, when the next of
// the others is, and where to go on; zero: nowhere.
type erasures struct {
	due  []heed.CaseID
	next time.Time
	last heed.CaseID
}

func (x *Exchange) erasable(ctx context.Context, id heed.AccordID, after heed.CaseID, e Erasure, now time.Time) (out erasures, err error) {
	err = x.store.Read(ctx, func(v View) error {
		ids, err := v.Unerased(id, after, erasuresAtOnce)
		if err != nil {
			return err
		}
		if len(ids) == erasuresAtOnce {
			out.last = ids[len(ids)-1]
		}
		size := int64(0)
		for _, id := range ids {
			c, err := v.Case(id)
			if err != nil {
				return err
			}
			at, err := x.erasureAt(v, e, c, now)
			if err != nil {
				return err
			}
			if at.After(now) {
				out.next = sooner(out.next, at)
				continue
			}
			waits, err := unsent(v, c, x.party)
			if err != nil {
				return err
			}
			if len(waits) > 0 && e.Limit.After(now) {
				out.next = sooner(out.next, e.Limit)
				continue
			}
			out.due = append(out.due, id)
			for _, s := range c.Statements {
				for _, ref := range s.Contents {
					size += ref.Size
				}
			}
			if size > eraseBytes {
				out.last = id
				return nil
			}
		}
		return nil
	})
	return out, err
}

// unsent lists the statements of a party's own in a case that wait for a
// receipt, and would have to be sent again with their contents.
func unsent(v View, c heed.Case, party heed.PartyID) (waits []heed.StatementID, err error) {
	for _, s := range c.Statements {
		if s.Author != party || len(s.Contents) == 0 {
			continue
		}
		_, err := v.Queued(s.ID)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		waits = append(waits, s.ID)
	}
	return waits, nil
}

// eraseCases erases the contents of cases that are due, unless what has arrived
// since they were looked at says otherwise.
func (x *Exchange) eraseCases(ctx context.Context, id heed.AccordID, due []heed.CaseID, now time.Time) error {
	return x.write(ctx, func(tx Tx) error {
		held, err := accordHeld(tx, id, now)
		if err != nil {
			return err
		}
		e, ends := ErasureOf(held, x.party, now)
		if !ends {
			return nil
		}
		for _, id := range due {
			if err := x.eraseCase(tx, e, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *Exchange) eraseCase(tx Tx, e Erasure, id heed.CaseID, now time.Time) error {
	c, err := tx.Case(id)
	if err != nil {
		return err
	}
	at, err := x.erasureAt(tx, e, c, now)
	if err != nil || at.After(now) {
		return err
	}
	waits, err := unsent(tx, c, x.party)
	if err != nil || len(waits) > 0 && e.Limit.After(now) {
		return err
	}
	for _, s := range waits {
		// Its recipient has been out of reach for all of the limitation period.
		if err := tx.Unqueue(s); err != nil {
			return err
		}
	}
	contents, err := belonging(tx, id)
	if err != nil {
		return err
	}
	if err := tx.EraseCase(id, contents, now); err != nil {
		return err
	}
	return x.rewatchCase(tx, id, now) // nobody is left to be looked for
}

// belonging lists the contents that belong to a case: those that its statements
// name, and the forms of their releases.
func belonging(v View, id heed.CaseID) (contents []heed.Digest, err error) {
	kept, err := v.KeptOf(id)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		for _, ref := range k.Statement.Contents {
			contents = append(contents, ref.Digest)
		}
		if k.Statement.Release.IsZero() {
			continue
		}
		note, err := v.Release(k.Statement.Release)
		if err != nil {
			return nil, err
		}
		rel, err := wire.ParseRelease(note)
		if err != nil {
			return nil, err
		}
		if !rel.Check.IsZero() {
			contents = append(contents, rel.Check)
		}
	}
	return contents, nil
}

// runErasure erases at each time at which something is to be erased, as far as
// it is known, looks whenever an accord may stand otherwise or it is said when a
// watch ends, and once a minute.
func (x *Exchange) runErasure(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := x.Erase(ctx)
		x.report(ctx, "erasure", err)
		pause := erasureSweep
		if err == nil && !next.IsZero() {
			pause = min(max(next.Sub(x.Now()), 5*time.Millisecond), erasureSweep)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-x.errands.accords:
		}
	}
}

// erased is when the contents of a case were erased; zero: they were not.
func erased(v View, id heed.CaseID) (time.Time, error) {
	at, err := v.Erased(id)
	if isNotFound(err) {
		return time.Time{}, nil
	}
	return at, err
}

// hasContents reports whether all contents of a statement are here.
func hasContents(v View, s heed.Statement) (bool, error) {
	for _, ref := range s.Contents {
		_, err := v.Content(ref.Digest)
		if isNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
