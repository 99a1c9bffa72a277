package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/watch"
)

// mostLinked bounds the links that one subject makes, the best ones, and
// mostSpellings the dates of birth and names under which it is looked for.
const (
	mostLinked    = 16
	mostSpellings = 8
)

// compareNew compares the subjects that were not compared yet: with who else is on
// watch, and with the records that are kept. The index is up to date with them.
func (x *Exchange) compareNew(ctx context.Context) error {
	const most = 64
	for ctx.Err() == nil {
		var fresh []heed.CaseID
		err := x.store.Read(ctx, func(v View) (err error) {
			fresh, err = v.WatchesUncompared(most)
			return err
		})
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range fresh {
			if err := x.compare(ctx, id); err != nil {
				errs = append(errs, fmt.Errorf("subjects of case %s: %w", id, err))
			}
		}
		if len(fresh) < most || len(errs) > 0 {
			return errors.Join(errs...)
		}
	}
	return ctx.Err()
}

// compare looks for the subjects of a case among what else is on watch, and among
// the records that are kept, and then puts on record that it did. Done twice, it
// finds the same. What linked the case and is not found any more goes: the list, or a
// warning, says something else of somebody now.
func (x *Exchange) compare(ctx context.Context, id heed.CaseID) error {
	now := x.Now()
	var read WatchRow
	err := x.store.Read(ctx, func(v View) (err error) {
		read, err = v.WatchRow(id)
		return err
	})
	if isNotFound(err) {
		return nil // it has ended meanwhile
	}
	if err != nil {
		return err
	}
	on, err := x.WatchedIn(ctx, id)
	if err != nil {
		return err
	}
	if err := x.lookBackFor(ctx, on); err != nil {
		return err
	}
	// A list that is imported meanwhile is in the store before it is in the index: what
	// the index finds by then would be put on record as what the list says now.
	x.lookout.building.Lock()
	defer x.lookout.building.Unlock()
	links, err := x.linksOf(id, on, now)
	if err != nil {
		return err
	}
	links, err = x.fromOthers(ctx, id, links, now)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		row, err := tx.WatchRow(id)
		if errors.Is(err, ErrNotFound) {
			return nil // it has ended meanwhile
		}
		if err != nil {
			return err
		}
		if err := forgetUnlike(tx, id, links); err != nil {
			return err
		}
		linked := map[heed.CaseID]bool{id: true}
		for _, l := range links {
			linked[l.Case] = true
			// What was erased while they were compared is not told by a link.
			gone, err := erasedEither(tx, l)
			if err != nil {
				return err
			}
			if gone || x.unlisted(l) {
				continue
			}
			switch other, err := findsUs(tx, l); {
			case err != nil:
				return err
			case other:
				continue
			}
			if err := tx.PutLink(l); err != nil {
				return err
			}
		}
		for of := range linked {
			if err := x.keepLinkNews(tx, of, now); err != nil {
				return err
			}
		}
		if row.Source != read.Source || row.Subjects != read.Subjects {
			return nil // corrected meanwhile: compared with what it said before
		}
		row.Compared = true
		return tx.PutWatch(row)
	})
}

// findsUs reports whether the other case of a link came after this one and is still to be
// compared itself: the link will be its own, as that of the later case. Both are in
// the index at once where that is built on start.
func findsUs(v View, l Link) (bool, error) {
	if l.OtherCase.IsZero() {
		return false, nil
	}
	row, err := v.WatchRow(l.OtherCase)
	switch {
	case isNotFound(err):
		return false, nil
	case err != nil || row.Compared:
		return false, err
	}
	var received [2]time.Time
	for i, id := range []heed.CaseID{l.Case, l.OtherCase} {
		c, err := v.Case(id)
		if err != nil {
			return false, err
		}
		received[i], _ = c.Given(c.Opening.ID)
	}
	return received[1].After(received[0]), nil
}

// fromOthers takes, for each link that another case made with this one, what its
// subject finds now, in the place of what was found from this side: the link stays that of
// the later case. One that is found from this side alone begins here.
func (x *Exchange) fromOthers(ctx context.Context, id heed.CaseID, found []Link, now time.Time) ([]Link, error) {
	var before []Link
	err := x.store.Read(ctx, func(v View) (err error) {
		before, err = v.LinksOf(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	looked := map[heed.CaseID][]Link{}
	for _, l := range before {
		if l.Case == id {
			continue
		}
		theirs, known := looked[l.Case]
		if !known {
			on, err := x.WatchedIn(ctx, l.Case)
			if err != nil {
				return nil, err
			}
			if theirs, err = x.linksOf(l.Case, on, now); err != nil {
				return nil, err
			}
			looked[l.Case] = theirs
		}
		at := slices.IndexFunc(theirs, l.alike)
		if at < 0 {
			continue
		}
		found = slices.DeleteFunc(found, func(f Link) bool { return f.Subject == l.Other && f.Other == l.Subject })
		found = append(found, theirs[at])
	}
	return found, nil
}

// alike reports whether both links are of the same two subjects, from the same side.
func (l Link) alike(other Link) bool { return l.Subject == other.Subject && l.Other == other.Other }

// forgetUnlike removes the links of a case that are not among those that were found.
// One with a case of which nobody is on watch any more stays as it was found.
func forgetUnlike(tx Tx, id heed.CaseID, found []Link) error {
	before, err := tx.LinksOf(id)
	if err != nil {
		return err
	}
	for _, l := range before {
		if slices.ContainsFunc(found, l.alike) {
			continue
		}
		if l.OtherList == "" {
			other := l.OtherCase
			if other == id {
				other = l.Case
			}
			switch _, err := tx.WatchRow(other); {
			case isNotFound(err):
				continue
			case err != nil:
				return err
			}
		}
		if err := tx.ForgetLink(l.Subject, l.Other); err != nil {
			return err
		}
	}
	return nil
}

// relinkAltered has the cases compared anew that are linked with an entry of which an
// update of its list says something else. Where nobody looks for whom the case names
// any more there is nothing to compare, and the link goes at once.
func relinkAltered(tx Tx, list string, before, later int64) error {
	altered, err := tx.AlteredLinks(list, before, later)
	if err != nil {
		return err
	}
	for _, l := range altered {
		row, err := tx.WatchRow(l.Case)
		switch {
		case isNotFound(err):
			err = tx.ForgetLink(l.Subject, l.Other)
		case err == nil && row.Compared:
			row.Compared = false
			err = tx.PutWatch(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// erasedEither reports whether the contents of one of a link's cases were erased.
func erasedEither(v View, l Link) (bool, error) {
	for _, id := range []heed.CaseID{l.Case, l.OtherCase} {
		if at, err := erased(v, id); err != nil || !at.IsZero() {
			return true, err
		}
	}
	return false, nil
}

// unlisted reports whether a list has the subject of a link on watch no more: the
// links with it were removed.
func (x *Exchange) unlisted(l Link) bool {
	_, on := x.lookout.origin(l.Other)
	return l.OtherList != "" && !on && x.WatchState().Ready
}

// linksOf finds who else on watch the subjects of a case may be: from whatever
// warner, or list.
func (x *Exchange) linksOf(id heed.CaseID, on []OnWatch, now time.Time) ([]Link, error) {
	if len(on) == 0 {
		return nil, nil
	}
	s, done, ready := x.lookout.screener()
	if !ready {
		return nil, x.errNotReady()
	}
	defer done()
	var all []Link
	for _, w := range on {
		best := map[watch.SubjectID]watch.Hit{}
		for _, r := range recordsOf(w.Subject) {
			for _, hit := range s.Screen(r) {
				if before, ok := best[hit.Subject]; !ok || hit.Score > before.Score {
					best[hit.Subject] = hit
				}
			}
		}
		var found []Link
		for other, hit := range best {
			origin, known := x.lookout.origin(other)
			if !known || origin.Case == id {
				continue
			}
			found = append(found, Link{Case: id, Subject: w.Subject.ID, Other: other, OtherCase: origin.Case, OtherList: origin.List, Hit: hit, At: now})
		}
		slices.SortFunc(found, func(a, b Link) int {
			return cmp.Or(cmp.Compare(b.Hit.Score, a.Hit.Score), cmp.Compare(a.Other, b.Other))
		})
		all = append(all, found[:min(len(found), mostLinked)]...)
	}
	return all, nil
}

// recordsOf are the records as which a subject is looked for among the others: a
// record has one date of birth, and a person may have several.
func recordsOf(s watch.Subject) []watch.Record {
	switch {
	case s.Person != nil:
		p := s.Person
		r := watch.Record{ID: string(s.ID), Names: p.Names, Sex: p.Sex, Nationalities: p.Nationalities, Documents: p.Documents}
		if len(r.ID) > watch.MaxRecordID {
			r.ID = ""
		}
		if len(p.Born) == 0 {
			return []watch.Record{r}
		}
		var all []watch.Record
		for _, born := range p.Born[:min(len(p.Born), mostSpellings)] {
			r.Born = born
			all = append(all, r)
		}
		return all
	case s.Vehicle != nil:
		return []watch.Record{{Vehicle: *s.Vehicle}}
	case s.Organisation != nil:
		var all []watch.Record
		for _, n := range s.Organisation.Names[:min(len(s.Organisation.Names), mostSpellings)] {
			all = append(all, watch.Record{Organisation: n.Text})
		}
		return all
	}
	return nil
}
