package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"heed"
	"heed/names"
	"heed/watch"
)

// OnWatch is a subject with what put it on watch: a warning's case, or a list.
type OnWatch struct {
	Subject watch.Subject
	Case    heed.CaseID // zero: a list
	Code    heed.Code   // of the case
	Warner  heed.PartyID
	List    string
	Status  heed.Status
	// Threshold is that of the list, where it was given one; 0: the model's.
	Threshold float64
}

// lookout is the watch index of a running node. The store has everything that
// is in it: it is built again at each start.
type lookout struct {
	mu      sync.RWMutex
	model   *names.Model
	index   *watch.Index                // nil: not ready
	origins map[watch.SubjectID]OnWatch // of cases, without what the index has
	cases   map[heed.CaseID][]watch.SubjectID
	lists   map[string]*listWatched // the id of a subject of a list says of which
	recent  *watch.Recent

	building sync.Mutex // held by whoever changes what is on watch
	changes  int64      // how often the index was changed since it was built
	done     int64      // of total subjects, while it is built
	total    int64

	idle chan *watch.Screener // those of the present index that nobody uses

	wanted struct { // cases and lists whose subjects, or whose hits, are to be looked at anew
		mu    sync.Mutex
		cases map[heed.CaseID]bool
		lists map[string]bool
	}
	call chan struct{}
}

// listWatched is what all subjects of a list have in common.
type listWatched struct {
	OnWatch
	subjects int
}

func newLookout() *lookout { return &lookout{call: make(chan struct{}, 1)} }

// wish has cases looked at: what they have on watch may be something else now.
func (l *lookout) wish(cases map[heed.CaseID]bool) {
	l.wanted.mu.Lock()
	if l.wanted.cases == nil {
		l.wanted.cases = map[heed.CaseID]bool{}
	}
	maps.Copy(l.wanted.cases, cases)
	l.wanted.mu.Unlock()
	wish(l.call)
}

// wishList has the hits of a list looked at: it may have other subjects now.
func (l *lookout) wishList(name string) {
	l.wanted.mu.Lock()
	if l.wanted.lists == nil {
		l.wanted.lists = map[string]bool{}
	}
	l.wanted.lists[name] = true
	l.wanted.mu.Unlock()
	wish(l.call)
}

// wishHits has the hits looked at of whatever put the subject of one on watch.
func (l *lookout) wishHits(k KeptHit) {
	if k.Case.IsZero() {
		l.wishList(k.List)
		return
	}
	l.wish(map[heed.CaseID]bool{k.Case: true})
}

func (l *lookout) wishes() (cases []heed.CaseID, lists []string) {
	l.wanted.mu.Lock()
	defer l.wanted.mu.Unlock()
	cases = slices.Collect(maps.Keys(l.wanted.cases))
	slices.SortFunc(cases, func(a, b heed.CaseID) int { return slices.Compare(a[:], b[:]) })
	lists = slices.Sorted(maps.Keys(l.wanted.lists))
	l.wanted.cases, l.wanted.lists = nil, nil
	return cases, lists
}

// WatchState is how far the watch index is.
type WatchState struct {
	Ready    bool
	Done     int64 // subjects that were put on watch so far
	Total    int64 // of how many; 0: not known yet
	Subjects int
	Warnings int // cases whose subjects are on watch
	Lists    int
	Kept     int // records that are kept for later warnings
	Model    string
	Changes  int64 // how often the index was changed since it was built
}

// WatchState says how far the watch index is.
func (x *Exchange) WatchState() WatchState {
	l := x.lookout
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := WatchState{Ready: l.index != nil, Done: l.done, Total: l.total, Warnings: len(l.cases), Lists: len(l.lists), Changes: l.changes}
	if l.model != nil {
		s.Model = l.model.Version()
	}
	if l.index != nil {
		s.Subjects = l.index.Len()
		s.Kept = l.recent.Len()
	}
	return s
}

// errNotReady is the answer to whoever would screen before all that is on watch
// is in the index: a hit would be missed.
func (x *Exchange) errNotReady() error {
	s := x.WatchState()
	refused := &heed.Refused{Detail: "the watch index is being built", Hint: "`heed health` shows when it is ready; ask again then"}
	if s.Total > 0 {
		refused.Detail += fmt.Sprintf(": %d of %d subjects", s.Done, s.Total)
	}
	return fmt.Errorf("%w: %w", ErrWatchNotReady, refused)
}

// ErrWatchNotReady says that not all that is on watch is in the index yet.
var ErrWatchNotReady = errors.New("not ready to screen")

// LoadWatch builds the watch index from the store: what it has of a snapshot
// that an earlier run has left is taken over where it still holds, and anything
// else is put anew. snapshot may be nil; one that cannot be used is reported in
// its error, and costs time only. progress may be nil. Nothing is screened until
// LoadWatch has returned.
func (x *Exchange) LoadWatch(ctx context.Context, model *names.Model, snapshot io.Reader, progress func(done, total int64)) (unused error, err error) {
	l := x.lookout
	l.building.Lock()
	defer l.building.Unlock()
	index := watch.New(model)
	if snapshot != nil {
		old, err := watch.ReadSnapshot(snapshot, model)
		if err == nil {
			index = old
		} else {
			unused = fmt.Errorf("watch snapshot: %w", err)
		}
	}
	if err := x.write(ctx, func(tx Tx) error {
		_, _, err := x.vaultKey(tx, VaultIdentity, 0)
		return err
	}); err != nil {
		return unused, err
	}
	fresh := &lookout{origins: map[watch.SubjectID]OnWatch{}, cases: map[heed.CaseID][]watch.SubjectID{}, lists: map[string]*listWatched{}}
	seen := map[watch.SubjectID]struct{}{}
	total, err := x.countWatched(ctx)
	if err != nil {
		return unused, err
	}
	var done int64
	err = x.eachWatched(ctx, func(w OnWatch) error {
		if held, ok := index.Subject(w.Subject.ID); !ok || !reflect.DeepEqual(held, w.Subject) {
			if err := index.Put(w.Subject); err != nil {
				return fmt.Errorf("subject %s: %w", w.Subject.ID, err)
			}
		}
		fresh.add(w)
		if seen[w.Subject.ID] = struct{}{}; int64(len(seen)) > done {
			done = int64(len(seen))
		}
		if done%1000 == 0 || done == total {
			l.mu.Lock()
			l.done, l.total = done, total
			l.mu.Unlock()
			if progress != nil {
				progress(done, total)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return unused, err
	}
	if index.Len() != len(seen) {
		// The snapshot has what is on watch no more.
		index = watch.New(model)
		if err := x.eachWatched(ctx, func(w OnWatch) error { return index.Put(w.Subject) }); err != nil {
			return unused, err
		}
	}
	recent := watch.NewRecent(model)
	if err := x.eachKept(ctx, x.Now(), func(k KeptRecord, r watch.Record) error {
		return x.noteRecent(recent, k, r)
	}); err != nil {
		return unused, err
	}
	l.mu.Lock()
	l.model, l.index, l.origins, l.cases, l.lists, l.recent = model, index, fresh.origins, fresh.cases, fresh.lists, recent
	l.done, l.total, l.idle = done, done, make(chan *watch.Screener, maxIdleScreeners)
	l.mu.Unlock()
	wish(l.call) // an earlier run may have left somebody uncompared
	return unused, x.wishAll(ctx)
}

// wishAll has all open hits looked at: a run before may have ended between what
// took somebody off watch and the look at who was found.
func (x *Exchange) wishAll(ctx context.Context) error {
	return x.store.Read(ctx, func(v View) error {
		cases, lists, err := v.WithOpenHits()
		if err != nil {
			return err
		}
		wished := map[heed.CaseID]bool{}
		for _, id := range cases {
			wished[id] = true
		}
		x.lookout.wish(wished)
		for _, name := range lists {
			x.lookout.wishList(name)
		}
		return nil
	})
}

// maxIdleScreeners bounds the scratch that is kept for the next screening.
const maxIdleScreeners = 8

func (l *lookout) add(w OnWatch) {
	id := w.Subject.ID
	w.Subject = watch.Subject{ID: id, Urgency: w.Subject.Urgency} // the index has the rest
	if w.Case.IsZero() {
		if l.lists[w.List] == nil {
			l.lists[w.List] = &listWatched{}
		}
		l.lists[w.List].OnWatch = w
		l.lists[w.List].subjects++
		return
	}
	if _, known := l.origins[id]; !known {
		l.cases[w.Case] = append(l.cases[w.Case], id)
	}
	l.origins[id] = w
}

// SaveWatch writes a snapshot of the index, for the next start. ErrNotFound
// where there is no index yet.
func (x *Exchange) SaveWatch(w io.Writer) error {
	l := x.lookout
	l.mu.RLock()
	index := l.index
	l.mu.RUnlock()
	if index == nil {
		return ErrNotFound
	}
	return index.WriteSnapshot(w)
}

// screener takes one from those that are idle, or makes one.
func (l *lookout) screener() (*watch.Screener, func(), bool) {
	l.mu.RLock()
	index, idle := l.index, l.idle
	l.mu.RUnlock()
	if index == nil {
		return nil, nil, false
	}
	var s *watch.Screener
	select {
	case s = <-idle:
	default:
		s = index.NewScreener()
	}
	return s, func() {
		select {
		case idle <- s:
		default:
		}
	}, true
}

// origin says what put a subject on watch; false where it is no more.
func (l *lookout) origin(id watch.SubjectID) (OnWatch, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.index == nil {
		return OnWatch{}, false
	}
	w, ok := l.origins[id]
	if name, _, listed := id.Listed(); !ok && listed && l.lists[name] != nil {
		w, ok = l.lists[name].OnWatch, true
	}
	if ok {
		w.Subject, ok = l.index.Subject(id)
	}
	return w, ok
}

// rewatch puts what a case has on watch now into the index, in the place of what
// it had.
func (x *Exchange) rewatch(id heed.CaseID, now []OnWatch) error {
	l := x.lookout
	l.building.Lock()
	defer l.building.Unlock()
	l.mu.RLock()
	index := l.index
	before := l.cases[id]
	l.mu.RUnlock()
	if index == nil {
		return nil // it is built from the store, which has the change
	}
	changed := len(before) != len(now)
	var put []OnWatch
	var errs []error
	for _, w := range now {
		held, ok := index.Subject(w.Subject.ID)
		if !ok || !reflect.DeepEqual(held, w.Subject) {
			changed = true
			if err := index.Put(w.Subject); err != nil {
				// The others of the warning are watched for all the same.
				errs = append(errs, fmt.Errorf("subject %s: %w", w.Subject.ID, err))
				continue
			}
		}
		put = append(put, w)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if changed {
		l.changes++
	}
	delete(l.cases, id)
	for _, old := range before {
		delete(l.origins, old)
	}
	for _, w := range put {
		l.add(w)
	}
	for _, old := range before {
		if _, ok := l.origins[old]; !ok {
			index.Remove(old)
		}
	}
	return errors.Join(errs...)
}

// stateOf is the digest of what is said of a subject, under the node's key: two
// subjects with one state are the same to whoever decides about a hit.
func stateOf(id identifier, s watch.Subject) (heed.Digest, error) {
	s.Urgency = "" // says how soon, and not who
	text, err := json.Marshal(s)
	if err != nil {
		return heed.Digest{}, err
	}
	return id.of("heed-subject-v1", text), nil
}

// WatchedLine is one warning or one list with what it has on watch.
type WatchedLine struct {
	Case     heed.CaseID // zero: a list
	Code     heed.Code
	Warner   heed.PartyID
	List     string
	Status   heed.Status
	Urgency  heed.Urgency
	Subjects int
	Kinds    map[string]int // of persons, vehicles, organisations
	Unfound  int            // of a warning: persons whom no record can be found to be, see Unfindable
}

// WatchedLines lists what is on watch now: warnings by code, then lists by name.
func (x *Exchange) WatchedLines() []WatchedLine {
	l := x.lookout
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []WatchedLine
	for _, ids := range l.cases {
		var out WatchedLine
		for i, id := range ids {
			w := l.origins[id]
			if i == 0 {
				out = WatchedLine{Case: w.Case, Code: w.Code, Warner: w.Warner, Status: w.Status, Urgency: w.Subject.Urgency, Subjects: len(ids), Kinds: map[string]int{}}
			}
			switch s, _ := l.index.Subject(id); {
			case s.Person != nil:
				out.Kinds["person"]++
				if unfindable(l.index, s) {
					out.Unfound++
				}
			case s.Vehicle != nil:
				out.Kinds["vehicle"]++
			case s.Organisation != nil:
				out.Kinds["organisation"]++
			}
		}
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b WatchedLine) int {
		return slices.Compare([]string{string(a.Code), a.Case.String()}, []string{string(b.Code), b.Case.String()})
	})
	for _, name := range slices.Sorted(maps.Keys(l.lists)) {
		w := l.lists[name]
		all = append(all, WatchedLine{List: name, Status: w.Status, Urgency: w.Subject.Urgency, Subjects: w.subjects})
	}
	return all
}

// Unfindable lists the persons of a warning of whom nothing is said but a name that
// very many bear: no record is a hit on them until it says more. What is told to
// the party that is warned goes by its own list; this goes by ours.
func (x *Exchange) Unfindable(w heed.Warning) (all []heed.SubjectPath) {
	l := x.lookout
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.index == nil {
		return nil
	}
	for i := range w.Persons {
		if unfindable(l.index, watch.Subject{Person: &w.Persons[i]}) {
			all = append(all, heed.SubjectPath(fmt.Sprintf("persons/%d", i)))
		}
	}
	return all
}

func unfindable(index *watch.Index, s watch.Subject) bool {
	return len(s.Person.Born) == 0 && len(s.Person.Documents) == 0 && !index.NamesSuffice(s)
}

// expireRecent forgets what is kept of records whose time has come.
func (l *lookout) expireRecent(now time.Time) {
	l.mu.RLock()
	recent := l.recent
	l.mu.RUnlock()
	if recent != nil {
		recent.Expire(now)
	}
}
