package exchange

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
	"heed/watch"
)

// A watch list comes in three steps, so that neither its size nor its sender
// keeps anybody else waiting: BeginList, StageList for some entries at a time,
// FinishList. Until the last of them, whose transaction changes one row of each
// import, what was on watch before is on watch.

// Bounds of imports.
const (
	// MaxListed is how many subjects all lists may have on watch together.
	MaxListed = 5_000_000
	// MaxStaged is how many entries StageList takes at a time.
	MaxStaged = 2_000
	// MaxListReason bounds the reason of an import, in characters.
	MaxListReason = heed.MaxReason
	// maxRemoved is how much of a list, of its entries and of their names, an update
	// removes without being told to: a file that was cut short looks like one from
	// which many were struck.
	maxRemoved = 0.20
	// stagedFor is how long an import may stand still before another sweeps it away.
	stagedFor = time.Hour
	// listBatch is how many entries one transaction reads or removes.
	listBatch = 2_000
)

// ListOrder begins an import.
type ListOrder struct {
	Officer   heed.OfficerID
	List      string // see watch.CheckListName
	Format    string
	File      string
	Reason    string
	Urgency   heed.Urgency // of its hits; empty: as the import before, or Expected
	Threshold float64      // from which a score is a hit, 0 to 1, where the model asks for less; 0: as the import before, or the model's
}

// BeginList begins an import of a watch list, or of an update of one: a whole
// file either way. An import of that list which was not finished is given up.
func (x *Exchange) BeginList(ctx context.Context, order ListOrder) (ListImport, error) {
	now := x.Now()
	i := ListImport{
		List: order.List, State: ListStaged, Format: order.Format, File: strings.ToValidUTF8(clipped(order.File), ""), Officer: order.Officer, Reason: order.Reason,
		Urgency: order.Urgency, Threshold: order.Threshold, Began: now, Changed: now,
	}
	if err := watch.CheckListName(i.List); err != nil {
		return i, err
	}
	switch {
	case i.Threshold < 0 || i.Threshold > 1:
		return i, &heed.Invalid{What: fmt.Sprintf("the threshold %v is no score", i.Threshold), Hint: "a score is between 0 and 1; `heed names compare A B` shows the model's threshold"}
	case i.Urgency != "" && !slices.Contains(heed.Urgencies(), i.Urgency):
		_, err := heed.ParseUrgency(string(i.Urgency))
		return i, err
	case utf8.RuneCountInString(i.Reason) > MaxListReason:
		return i, &heed.Invalid{What: fmt.Sprintf("the reason has more than %d characters", MaxListReason), Hint: "shorten it"}
	}
	if err := x.sweepLists(ctx, now); err != nil {
		return i, err
	}
	err := x.write(ctx, func(tx Tx) error {
		officer, err := rosterEntry(tx, i.Officer)
		if err != nil {
			return err
		}
		if i.Role, err = officer.Acting(heed.ActScreen); err != nil {
			return err
		}
		current, err := currentList(tx, i.List)
		if err != nil {
			return err
		}
		if i.Urgency == "" {
			if i.Urgency = current.Urgency; i.Urgency == "" {
				i.Urgency = heed.UrgencyExpected
			}
		}
		if i.Threshold == 0 {
			i.Threshold = current.Threshold
		}
		staged, err := tx.StagedLists()
		if err != nil {
			return err
		}
		for _, s := range staged {
			if s.List == i.List {
				if err := dropList(tx, s, now); err != nil {
					return err
				}
			}
		}
		i.ID, err = tx.PutListImport(i)
		return err
	})
	return i, err
}

// currentList is the import of a list that is on watch; the zero one where none is.
func currentList(v View, name string) (ListImport, error) {
	all, err := v.Lists()
	for _, i := range all {
		if i.List == name {
			return i, err
		}
	}
	return ListImport{}, err
}

func dropList(tx Tx, i ListImport, now time.Time) error {
	i.State, i.Changed = ListDropped, now
	_, err := tx.PutListImport(i)
	return err
}

// StageList adds entries to an import that was begun. Each is held against the
// bounds of a warning's subjects.
func (x *Exchange) StageList(ctx context.Context, id int64, entries []ListEntry) error {
	now := x.Now()
	if len(entries) > MaxStaged {
		return &heed.Invalid{What: fmt.Sprintf("%d entries come at once, more than %d", len(entries), MaxStaged), Hint: "are node and command of the same version?"}
	}
	return x.write(ctx, func(tx Tx) error {
		i, err := stagedList(tx, id)
		if err != nil {
			return err
		}
		for _, e := range entries {
			s := e.Subject
			s.ID, s.Urgency = watch.ListedID(i.List, e.Entry), i.Urgency
			if err := s.Check(); err != nil {
				return &heed.Invalid{What: err.Error(), Hint: "the entry is not as a watch list may have it"}
			}
			switch {
			case s.Person != nil:
				i.Persons++
			case s.Vehicle != nil:
				i.Vehicles++
			default:
				i.Organisations++
			}
			if err := tx.AddListEntry(id, e); err != nil {
				return err
			}
		}
		i.Entries += int64(len(entries))
		if i.Entries > MaxListed {
			return &heed.Refused{Detail: fmt.Sprintf("the list has more than %d entries", MaxListed)}
		}
		i.Changed = now
		_, err = tx.PutListImport(i)
		return err
	})
}

func stagedList(v View, id int64) (ListImport, error) {
	i, err := v.ListImport(id)
	if err == nil && i.State != ListStaged {
		err = &heed.Refused{Detail: fmt.Sprintf("this import of watch list %s was given up: another one was begun, or it stood still for %s", i.List, stagedFor), Hint: "import the file again; what was on watch before is on watch"}
	}
	if isNotFound(err) {
		err = &heed.Invalid{What: "this import of a watch list is not known", Hint: "import the file again"}
	}
	return i, err
}

// ListFinish ends an import.
type ListFinish struct {
	Digest  heed.Digest // SHA-256 of the file
	Unread  int64       // entries that could not be read
	Partial int64       // entries of which something was left out
	DryRun  bool        // say what would change, and give the import up
	// Anyway goes on where much would come off watch, entries or names, or where
	// entries could not be read.
	Anyway bool
}

// ListFinished is what an import has changed.
type ListFinished struct {
	ListImport
	Before ListImport // the one that was current; zero: none was
	DryRun bool
	// Guarded is why it is not done unless it is told to be (ListFinish.Anyway);
	// nil: it is done.
	Guarded *heed.Refused
}

// FinishList puts the entries of an import on watch, in the place of those of the
// import before, and returns what is new, other and gone. Entries that both have
// keep their subjects' ids. It refuses to take more than a fifth of a list's entries
// or of their names off watch, or to leave out entries that could not be read,
// unless it is told to by an officer who may let a watch lapse. A dry run says so.
func (x *Exchange) FinishList(ctx context.Context, by heed.OfficerID, id int64, finish ListFinish) (ListFinished, error) {
	now := x.Now()
	out, err := x.finishList(ctx, by, id, finish, now)
	if err != nil {
		return out, err
	}
	return out, x.sweepLists(ctx, now, out.List)
}

func (x *Exchange) finishList(ctx context.Context, by heed.OfficerID, id int64, finish ListFinish, now time.Time) (ListFinished, error) {
	l := x.lookout
	l.building.Lock() // what is on watch changes in the store and in the index
	defer l.building.Unlock()
	var out ListFinished
	if err := x.store.Read(ctx, func(v View) (err error) {
		out, err = compareStaged(v, id, finish)
		return err
	}); err != nil {
		return out, err
	}
	var err error
	if out.Guarded, err = x.guard(ctx, out); err != nil {
		return out, err
	}
	if finish.DryRun {
		out.DryRun = true
		return out, x.write(ctx, func(tx Tx) error { return dropList(tx, out.ListImport, now) })
	}
	err = x.write(ctx, func(tx Tx) error {
		i, err := stagedList(tx, id)
		if err != nil {
			return err
		}
		officer, err := rosterEntry(tx, by)
		if err != nil {
			return err
		}
		if i.Role, err = officer.Acting(heed.ActScreen); err != nil {
			return err
		}
		if out.Guarded != nil {
			if !finish.Anyway {
				return out.Guarded
			}
			if i.Role, err = officer.Acting(heed.ActLapse); err != nil {
				return err
			}
		}
		before, err := currentList(tx, i.List)
		if err != nil {
			return err
		}
		if before.ID != out.Before.ID {
			return &heed.Refused{Detail: fmt.Sprintf("watch list %s was imported by somebody else meanwhile", i.List), Hint: "import the file again"}
		}
		total, err := tx.ListedSubjects()
		if err != nil {
			return err
		}
		if total = total - before.Entries + i.Entries; total > MaxListed {
			return &heed.Refused{Detail: fmt.Sprintf("all lists together would have %d subjects on watch, more than %d", total, MaxListed), Hint: "`heed watch forget` takes a list off watch"}
		}
		if before.ID != 0 {
			before.State, before.Changed = ListReplaced, now
			if _, err := tx.PutListImport(before); err != nil {
				return err
			}
			if err := relinkAltered(tx, i.List, before.ID, i.ID); err != nil {
				return err
			}
		}
		i.State, i.Officer, i.Changed, i.Ended = ListCurrent, by, now, now
		i.Digest, i.Unread, i.Partial, i.ListDiff = finish.Digest, finish.Unread, finish.Partial, out.ListDiff
		out.ListImport, out.Before = i, before
		_, err = tx.PutListImport(i)
		return err
	})
	if err != nil {
		return out, err
	}
	// It is done, and stays so: nobody who gives up waiting keeps it from the index.
	err = x.relist(context.WithoutCancel(ctx), out.List, out.ID, out.Before.ID)
	l.wishList(out.List)
	return out, err
}

func compareStaged(v View, id int64, finish ListFinish) (out ListFinished, err error) {
	if out.ListImport, err = stagedList(v, id); err != nil {
		return out, err
	}
	out.Unread, out.Partial = finish.Unread, finish.Partial
	if out.Entries == 0 {
		return out, &heed.Invalid{What: "the file has no entry that can be read", Hint: "is it the right file, and of that format? `heed watch forget` takes a list off watch"}
	}
	if out.Before, err = currentList(v, out.List); err != nil {
		return out, err
	}
	out.ListDiff, err = v.CompareLists(out.Before.ID, id)
	return out, err
}

// guard is why an import is not to be finished without a further word; nil: it may be.
func (x *Exchange) guard(ctx context.Context, f ListFinished) (*heed.Refused, error) {
	const anyway = "say --yes to go on all the same, which takes the role for letting a watch lapse; --dry-run shows what would change"
	switch {
	case most(f.Removed, f.Before.Entries):
		return &heed.Refused{Detail: fmt.Sprintf("%d of %d entries of watch list %s would come off watch, more than a fifth", f.Removed, f.Before.Entries, f.List), Hint: "is the file whole? " + anyway}, nil
	case f.Unread > 0:
		what := "1 entry"
		if f.Unread > 1 {
			what = fmt.Sprintf("%d entries", f.Unread)
		}
		return &heed.Refused{Detail: fmt.Sprintf("%s of watch list %s could not be read, and nobody would look there", what, f.List), Hint: "mend the file; " + anyway}, nil
	}
	lost, had, err := x.namesLost(ctx, f)
	if err == nil && most(lost, had) {
		// The other names of an SDN list stand in a file of their own, which is easily forgotten.
		return &heed.Refused{
			Detail: fmt.Sprintf("%d of %d names on watch list %s would come off watch, more than a fifth, and nobody would be found under them", lost, had, f.List),
			Hint:   "are the other names left out (--alt alt.csv, of an SDN list), or is the file not whole? " + anyway,
		}, nil
	}
	return nil, err
}

// most reports whether so many are more than an update removes by itself.
func most(removed, of int64) bool {
	return of > 0 && float64(removed) > maxRemoved*float64(of)
}

// namesLost counts the names that the entries of the import before had, and how
// many of them an entry has fewer now, or went with it. A name that is only
// spelt otherwise is none that is lost.
func (x *Exchange) namesLost(ctx context.Context, f ListFinished) (lost, had int64, err error) {
	if f.Before.ID == 0 || f.Altered+f.Removed == 0 {
		return 0, 0, nil
	}
	// Both come in the order of their entries, some thousand at a time in memory.
	next, stop := iter.Pull2(x.entriesOf(ctx, f.ID))
	defer stop()
	later, err, ok := next()
	if err != nil {
		return 0, 0, err
	}
	for before, err := range x.entriesOf(ctx, f.Before.ID) {
		if err != nil {
			return 0, 0, err
		}
		for ok && err == nil && later.Entry < before.Entry {
			later, err, ok = next()
		}
		if err != nil {
			return 0, 0, err
		}
		names, left := nameCount(before), int64(0)
		if ok && later.Entry == before.Entry {
			left = nameCount(later)
		}
		had += names
		lost += max(0, names-left)
	}
	return lost, had, err
}

func nameCount(e ListEntry) int64 {
	switch s := e.Subject; {
	case s.Person != nil:
		return int64(len(s.Person.Names))
	case s.Organisation != nil:
		return int64(len(s.Organisation.Names))
	}
	return 0
}

// entriesOf are the entries of an import in the order of their numbers.
func (x *Exchange) entriesOf(ctx context.Context, id int64) iter.Seq2[ListEntry, error] {
	return func(yield func(ListEntry, error) bool) {
		for after := ""; ; {
			var some []ListEntry
			err := x.store.Read(ctx, func(v View) (err error) {
				some, err = v.ListEntries(id, after, listBatch)
				return err
			})
			if err != nil {
				yield(ListEntry{}, err)
				return
			}
			for _, e := range some {
				if !yield(e, nil) {
					return
				}
				after = e.Entry
			}
			if len(some) < listBatch {
				return
			}
		}
	}
}

// ForgetList takes a list off watch, with all its entries: an act of an officer
// who may let a watch lapse. Who imported it, when and why, stays on record, and
// so does this.
func (x *Exchange) ForgetList(ctx context.Context, by heed.OfficerID, name, reason string) (ListImport, error) {
	now := x.Now()
	out, err := x.forgetList(ctx, by, name, reason, now)
	if err != nil {
		return out, err
	}
	return out, x.sweepLists(ctx, now, name)
}

func (x *Exchange) forgetList(ctx context.Context, by heed.OfficerID, name, reason string, now time.Time) (ListImport, error) {
	if reason == "" || utf8.RuneCountInString(reason) > MaxListReason {
		return ListImport{}, &heed.Invalid{What: fmt.Sprintf("a reason of at most %d characters is needed to take a list off watch", MaxListReason), Hint: "add --reason TEXT"}
	}
	l := x.lookout
	l.building.Lock()
	defer l.building.Unlock()
	var out ListImport
	var gone int64
	err := x.write(ctx, func(tx Tx) error {
		officer, err := rosterEntry(tx, by)
		if err != nil {
			return err
		}
		role, err := officer.Acting(heed.ActLapse)
		if err != nil {
			return err
		}
		before, err := currentList(tx, name)
		if err != nil {
			return err
		}
		if before.ID == 0 {
			return &heed.Invalid{What: fmt.Sprintf("there is no list %q on watch", clipped(name)), Hint: "`heed watch list` lists them"}
		}
		gone = before.ID
		before.State, before.Changed = ListReplaced, now
		if _, err := tx.PutListImport(before); err != nil {
			return err
		}
		out = ListImport{
			List: name, State: ListForgotten, Officer: by, Role: role, Reason: reason, Urgency: before.Urgency, Began: now, Changed: now, Ended: now,
			ListDiff: ListDiff{Removed: before.Entries},
		}
		if out.ID, err = tx.PutListImport(out); err != nil {
			return err
		}
		return tx.EndHits(heed.CaseID{}, name, now, EndUnlisted, now.Add(HitKept))
	})
	if err != nil {
		return out, err
	}
	err = x.relist(context.WithoutCancel(ctx), name, out.ID, gone)
	l.wishList(name)
	return out, err
}

// Lists lists what is on watch by lists, by their names.
func (x *Exchange) Lists(ctx context.Context) (all []ListImport, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Lists()
		return err
	})
	return all, err
}

// ListImports lists the imports of a list, the newest first, those that came to
// nothing too.
func (x *Exchange) ListImports(ctx context.Context, name string, limit int) (all []ListImport, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.ListImports(name, limit)
		return err
	})
	return all, err
}

// eachListed passes the subjects of all lists that are on watch, some thousand at
// a time in memory. Nothing is imported meanwhile where the caller holds
// lookout.building.
func (x *Exchange) eachListed(ctx context.Context, pass func(OnWatch) error) error {
	lists, err := x.Lists(ctx)
	if err != nil {
		return err
	}
	for _, i := range lists {
		if err := x.eachEntry(ctx, i, pass); err != nil {
			return err
		}
	}
	return nil
}

func (x *Exchange) eachEntry(ctx context.Context, i ListImport, pass func(OnWatch) error) error {
	for e, err := range x.entriesOf(ctx, i.ID) {
		if err != nil {
			return err
		}
		e.Subject.ID, e.Subject.Urgency = watch.ListedID(i.List, e.Entry), i.Urgency
		if err := pass(OnWatch{Subject: e.Subject, List: i.List, Status: heed.StatusActual, Threshold: i.Threshold}); err != nil {
			return err
		}
	}
	return nil
}

// relist puts into the index what an import has put on watch, and takes off what
// it has not. before is the import that was current; 0: none was. The caller holds lookout.building.
func (x *Exchange) relist(ctx context.Context, name string, now, before int64) error {
	l := x.lookout
	l.mu.RLock()
	index := l.index
	l.mu.RUnlock()
	if index == nil {
		return nil // it is built from the store, which has the change
	}
	var i ListImport
	err := x.store.Read(ctx, func(v View) (err error) {
		i, err = v.ListImport(now)
		return err
	})
	if err != nil {
		return err
	}
	fresh := &listWatched{}
	var errs []error
	if i.State == ListCurrent {
		err = x.eachEntry(ctx, i, func(w OnWatch) error {
			if held, ok := index.Subject(w.Subject.ID); !ok || !reflect.DeepEqual(held, w.Subject) {
				if err := index.Put(w.Subject); err != nil {
					// The others of the list are watched for all the same.
					errs = append(errs, fmt.Errorf("subject %s: %w", w.Subject.ID, err))
					return ctx.Err()
				}
			}
			fresh.subjects++
			w.Subject = watch.Subject{ID: w.Subject.ID, Urgency: w.Subject.Urgency}
			fresh.OnWatch = w
			return ctx.Err()
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	l.mu.Lock()
	l.changes++
	if delete(l.lists, name); fresh.subjects > 0 {
		l.lists[name] = fresh
	}
	l.mu.Unlock()
	err = x.eachRemoved(ctx, name, before, now, func(gone watch.SubjectID) { index.Remove(gone) })
	return errors.Join(append(errs, err)...)
}

// eachRemoved passes the subjects of the import before that a later one does not
// have, some thousand at a time in memory.
func (x *Exchange) eachRemoved(ctx context.Context, name string, before, now int64, pass func(watch.SubjectID)) error {
	for after := ""; ; {
		var some []string
		err := x.store.Read(ctx, func(v View) (err error) {
			some, err = v.ListRemoved(before, now, after, listBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, entry := range some {
			pass(watch.ListedID(name, entry))
			after = entry
		}
		if len(some) < listBatch {
			return nil
		}
	}
}

// sweepLists gives up imports that stand still, and removes the entries of those
// that are on watch no more, some at a time: nobody waits for it. The links with them
// go before them, and those of the lists named changed, of which the index is up to
// date: none is made any more.
func (x *Exchange) sweepLists(ctx context.Context, now time.Time, changed ...string) error {
	var leftovers []int64
	err := x.write(ctx, func(tx Tx) error {
		staged, err := tx.StagedLists()
		if err != nil {
			return err
		}
		for _, i := range staged {
			if now.Sub(i.Changed) >= stagedFor {
				if err := dropList(tx, i, now); err != nil {
					return err
				}
			}
		}
		const most = 100
		if leftovers, err = tx.ListLeftovers(most); err != nil {
			return err
		}
		for _, id := range leftovers {
			i, err := tx.ListImport(id)
			if err != nil {
				return err
			}
			changed = append(changed, i.List)
		}
		slices.Sort(changed)
		for _, name := range slices.Compact(changed) {
			if err := tx.ForgetListLinks(name); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range leftovers {
		for n := int64(listBatch); err == nil && n == listBatch; {
			err = x.write(ctx, func(tx Tx) error {
				n, err = tx.ForgetListEntries(id, listBatch)
				return err
			})
		}
	}
	if err != nil {
		return fmt.Errorf("remove what lists had on watch before: %w", err)
	}
	return nil
}
