package exchange

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"heed"
	"heed/watch"
)

// HitEnd is why the subject of a hit is on watch no more.
type HitEnd string

// The ways in which a hit ends before anybody has decided.
const (
	EndRecalled  HitEnd = "recalled"  // the warner has recalled its warning
	EndLapsed    HitEnd = "lapsed"    // the watch has lapsed, as announced
	EndRefused   HitEnd = "refused"   // we may not keep the watch, and have said so
	EndCorrected HitEnd = "corrected" // the warner does not name the subject any more
	EndErased    HitEnd = "erased"    // what names the subject was erased
	EndUnlisted  HitEnd = "unlisted"  // the list does not have the subject any more
)

// HitEnds lists them.
func HitEnds() []HitEnd {
	return []HitEnd{EndRecalled, EndLapsed, EndRefused, EndCorrected, EndErased, EndUnlisted}
}

// Words say it to people, of the warner or the list that had the subject on watch.
func (e HitEnd) Words(of string) string {
	switch e {
	case EndRecalled:
		return of + " recalled its warning"
	case EndLapsed:
		return "the watch lapsed, as it was announced to " + of
	case EndRefused:
		return "the warning of " + of + " was refused as unlawful here, and its watch ended"
	case EndCorrected:
		return of + " corrected its warning, which names this subject no more"
	case EndErased:
		return "the contents of the warning of " + of + " were erased"
	case EndUnlisted:
		return of + " does not have this subject any more"
	}
	return "its subject is on watch no more"
}

// EndText says why nobody owes a review of the hit; empty: its subject did not go
// off watch before somebody had decided.
func (f HitFile) EndText() string {
	switch {
	case f.Ended.IsZero():
		return ""
	case f.List != "":
		return f.Why.Words("list " + f.List)
	}
	return f.Why.Words(string(f.Warner))
}

// endedShown is how long a hit that has ended undecided still stands in the list
// of those that wait: whoever was told of it finds out what became of it.
const endedShown = 7 * 24 * time.Hour

// EndedHits lists the hits whose subjects went off watch in the last week before
// anybody had decided, the latest first, without what they say of anybody.
func (x *Exchange) EndedHits(ctx context.Context, limit int) (all []HitFile, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		ended, err := v.EndedHits(now.Add(-endedShown), limit)
		if err != nil {
			return err
		}
		all, err = x.hitFiles(v, ended, now)
		return err
	})
	return all, err
}

// ending is when and why hits end.
type ending struct {
	at  time.Time
	why HitEnd
}

// whyOver is why a case has nobody on watch any more, or not some subject that it had.
func whyOver(v View, c heed.Case, w heed.Watch, now time.Time) (ending, error) {
	if at, err := erased(v, c.ID); err != nil || !at.IsZero() {
		return ending{at, EndErased}, err
	}
	switch w.State {
	case heed.WatchRecalled:
		return ending{now, EndRecalled}, nil
	case heed.WatchRefused:
		return ending{w.Effective, EndRefused}, nil
	case heed.WatchLapsed:
		return ending{w.Effective, EndLapsed}, nil
	}
	// The watch runs for others: the last that the two parties said of it has ended it
	// for this one.
	out := ending{now, EndCorrected}
	var corrected, lapsed time.Time
	for _, s := range c.Statements {
		since, received := c.Given(s.ID)
		switch {
		case s.Kind == heed.KindCorrection && received && since.After(corrected):
			corrected = since
		case s.Kind == heed.KindWatchLapseNotice && !s.Effective.IsZero() && !s.Effective.After(now) && s.Effective.After(lapsed):
			lapsed = s.Effective
		}
	}
	if lapsed.After(corrected) {
		out = ending{lapsed, EndLapsed}
	}
	return out, nil
}

// endHits ends the hits of a case that has nobody on watch any more: nobody owes
// a review of somebody whom nobody seeks.
func (x *Exchange) endHits(tx Tx, c heed.Case, w heed.Watch, now time.Time) error {
	end, err := whyOver(tx, c, w, now)
	if err != nil {
		return err
	}
	return tx.EndHits(c.ID, "", end.at, end.why, now.Add(HitKept))
}

// goneSince is when and why the subject of a hit is on watch no more; false: it
// may be. It is as much as can be told without looking for the record again.
func (x *Exchange) goneSince(v View, k KeptHit, now time.Time) (ending, bool, error) {
	if _, ok := x.lookout.origin(watch.SubjectID(k.Subject)); !ok && k.Case.IsZero() && x.WatchState().Ready {
		return ending{now, EndUnlisted}, true, nil
	}
	if k.Case.IsZero() {
		i, err := currentList(v, k.List)
		return ending{now, EndUnlisted}, i.ID == 0, err
	}
	row, err := v.WatchRow(k.Case)
	if err != nil && !isNotFound(err) || err == nil && row.Subjects > 0 {
		return ending{}, false, err
	}
	c, err := v.Case(k.Case)
	if err != nil {
		return ending{}, false, err
	}
	end, err := whyOver(v, c, c.Watch(now), now)
	return end, true, err
}

// endGone ends those of the open hits of a case, or of a list, whose subject is
// gone: the warner has corrected its warning, or the list was imported anew. A
// subject of whom something else is said now is still sought as long as the record
// matches it, or another subject of the same warning or list: nothing ends by a
// spelling that is added. The index is up to date with the case, or the list.
func (x *Exchange) endGone(ctx context.Context, id heed.CaseID, name string) error {
	const most = 200
	now := x.Now()
	for after := (heed.HitID{}); ; {
		var some []KeptHit
		var gone []heed.HitID
		var end ending
		err := x.store.Read(ctx, func(v View) (err error) {
			if some, err = v.OpenHits(id, name, after, most); err != nil || len(some) == 0 {
				return err
			}
			end = ending{now, EndUnlisted}
			var on []OnWatch
			if !id.IsZero() {
				c, err := v.Case(id)
				if err != nil {
					return err
				}
				if end, err = whyOver(v, c, c.Watch(now), now); err != nil {
					return err
				}
				of, err := x.watchedOf(v, id, now)
				if err != nil {
					return err
				}
				for _, s := range of {
					on = append(on, s.OnWatch)
				}
			}
			for _, k := range some {
				sought, err := x.stillSought(v, k, on)
				if err != nil {
					return err
				}
				if !sought {
					gone = append(gone, k.ID)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			if err := x.write(ctx, func(tx Tx) error { return endEach(tx, gone, end, now) }); err != nil {
				return err
			}
		}
		if len(some) < most {
			return nil
		}
		after = some[len(some)-1].ID
	}
}

func endEach(tx Tx, gone []heed.HitID, end ending, now time.Time) error {
	for _, id := range gone {
		k, err := tx.Hit(id)
		if err != nil {
			return err
		}
		if !k.Open {
			continue // somebody has decided meanwhile
		}
		k.end(end, now)
		if err := tx.PutHit(k); err != nil {
			return err
		}
	}
	return nil
}

func (h *KeptHit) end(e ending, now time.Time) {
	h.Open, h.Next, h.Ended, h.Why, h.Erase = false, time.Time{}, e.at, e.why, now.Add(HitKept)
}

// stillSought reports whether the record of a hit still matches somebody whom the
// warning, on has all that it names, or the list has on watch.
func (x *Exchange) stillSought(v View, k KeptHit, on []OnWatch) (bool, error) {
	said, err := x.hitContents(v, k)
	if err != nil || said == nil {
		return true, err // erased, and so ended by that
	}
	same := func(s watch.Subject) bool {
		return reflect.DeepEqual(s.Person, said.Subject.Person) && reflect.DeepEqual(s.Vehicle, said.Subject.Vehicle) && reflect.DeepEqual(s.Organisation, said.Subject.Organisation)
	}
	if from, ok := x.lookout.origin(said.Subject.ID); k.Case.IsZero() && ok && same(from.Subject) || slices.ContainsFunc(on, func(w OnWatch) bool { return same(w.Subject) }) {
		return true, nil
	}
	if !k.Case.IsZero() && len(on) == 0 {
		return false, nil
	}
	s, done, ready := x.lookout.screener()
	if !ready {
		return true, x.errNotReady()
	}
	defer done()
	return slices.ContainsFunc(s.Screen(said.Record), func(hit watch.Hit) bool {
		from, ok := x.lookout.origin(hit.Subject)
		return ok && from.Case == k.Case && from.List == k.List && hit.Score >= from.Threshold
	}), nil
}

// lookAtHits ends what has ended in the cases and the lists in which something may
// have gone off watch. What fails is looked at again.
func (x *Exchange) lookAtHits(ctx context.Context, cases []heed.CaseID, lists []string) error {
	var errs []error
	for _, id := range cases {
		if err := x.endGone(ctx, id, ""); err != nil {
			x.lookout.wish(map[heed.CaseID]bool{id: true})
			errs = append(errs, fmt.Errorf("hits of case %s: %w", id, err))
		}
	}
	for _, name := range lists {
		if err := x.endGone(ctx, heed.CaseID{}, name); err != nil {
			x.lookout.wishList(name)
			errs = append(errs, fmt.Errorf("hits of list %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
