package watch

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/names"
)

// MaxRecent is how many records a Recent takes at most. With one name each it
// then has about 1 GB: some 250 bytes a record, and 100 more for each further name.
const MaxRecent = 4_000_000

// MaxCandidates bounds what Candidates returns for one subject.
const MaxCandidates = 1024

// Recent indexes recent records by the same keys as an Index its subjects, so
// that a new or corrected warning finds past passages. It keeps of a record its
// id, the words of its names as sounds, dates of birth, sex, nationalities and
// hashes of numbers; the records themselves are somebody else's to keep, and to
// erase. Its methods may be called at the same time by many goroutines.
type Recent struct {
	mu     sync.Mutex
	index  *Index
	screen *Screener
	until  map[string]time.Time
	queue  expiries
}

// NewRecent makes an empty index of records.
func NewRecent(m *names.Model) *Recent {
	x := New(m)
	x.entries = keptEntries
	return &Recent{index: x, screen: x.NewScreener(), until: map[string]time.Time{}}
}

// The parts of a record that are found on their own, as the first letter of a
// subject's id in the index.
const (
	partPerson       = "p"
	partVehicle      = "v"
	partOrganisation = "o"
)

// Add indexes a record until it expires. A record of the same id is replaced.
// The error is of Record.Check, or has ErrFull in its chain.
func (x *Recent) Add(id string, r Record, expires time.Time) error {
	if id == "" || len(id) > MaxRecordID {
		return &heed.FieldError{Path: "id", Problem: fmt.Sprintf("%q cannot name a record", clip(id)), Hint: fmt.Sprintf("use 1 to %d bytes", MaxRecordID)}
	}
	if err := r.Check(); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, known := x.until[id]; !known && len(x.until) >= MaxRecent {
		return fmt.Errorf("%w: %d recent records", ErrFull, len(x.until))
	}
	until, again := x.until[id]
	x.remove(id)
	if err := x.enter(id, &r); err != nil {
		x.remove(id)
		return err
	}
	x.until[id] = expires
	if again && until.Equal(expires) {
		return nil // it stands in the queue already
	}
	if len(x.queue) > 2*len(x.until)+1024 {
		x.queue = x.queue[:0] // more than half are of records that have come again
		for id, at := range x.until {
			x.queue = append(x.queue, expiry{at, id})
		}
		heap.Init(&x.queue)
		return nil
	}
	heap.Push(&x.queue, expiry{expires, id})
	return nil
}

func (x *Recent) enter(id string, r *Record) error {
	var errs []error
	put := func(part string, s, kept *Subject, rm realm, all []names.Name) {
		kept.ID = SubjectID(part + id)
		other := x.index.otherEntries(s)
		keepEntries(kept, other)
		errs = append(errs, x.index.put(kept.ID, appendSubject(nil, kept), rm, all, other))
	}
	if len(r.Names) > 0 || r.MRZ != "" || len(r.Documents) > 0 {
		var all []names.Name
		for _, n := range r.Names {
			all = append(all, parseName(n))
		}
		if r.MRZ != "" {
			all = append(all, names.ParseMRZ(r.MRZ))
		}
		kept := heed.Person{Sex: r.Sex, Nationalities: r.Nationalities}
		if !r.Born.IsZero() {
			kept.Born = []heed.Birth{r.Born}
		}
		whole := kept
		whole.Documents = r.Documents
		put(partPerson, &Subject{Person: &whole}, &Subject{Person: &kept}, realmPerson, all)
	}
	if r.Vehicle.Plate != "" || r.Vehicle.VIN != "" {
		put(partVehicle, &Subject{Vehicle: &r.Vehicle}, &Subject{Vehicle: &heed.Vehicle{}}, realmOrganisation, nil)
	}
	if r.Organisation != "" {
		name, _ := parseOrganisation(heed.Name{Text: r.Organisation})
		put(partOrganisation, &Subject{Organisation: &heed.Organisation{}}, &Subject{Organisation: &heed.Organisation{}}, realmOrganisation, []names.Name{name})
	}
	return errors.Join(errs...)
}

// keepEntries writes the entries of a record beside its names where the
// description of a subject stands: the numbers themselves are not kept.
func keepEntries(kept *Subject, entries []uint64) {
	var b []byte
	for _, e := range entries {
		b = binary.BigEndian.AppendUint64(b, e)
	}
	switch {
	case kept.Person != nil:
		kept.Person.Description = string(b)
	case kept.Vehicle != nil:
		kept.Vehicle.Description = string(b)
	}
}

func keptEntries(kept *Subject) []uint64 {
	var text string
	switch {
	case kept.Person != nil:
		text = kept.Person.Description
	case kept.Vehicle != nil:
		text = kept.Vehicle.Description
	}
	var entries []uint64
	for b := []byte(text); len(b) >= 8; b = b[8:] {
		entries = append(entries, binary.BigEndian.Uint64(b))
	}
	return entries
}

// Remove forgets a record, and reports whether it was there.
func (x *Recent) Remove(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.remove(id)
}

func (x *Recent) remove(id string) bool {
	for _, part := range [...]string{partPerson, partVehicle, partOrganisation} {
		x.index.Remove(SubjectID(part + id))
	}
	_, was := x.until[id]
	delete(x.until, id)
	return was
}

// Expire forgets the records whose time has come, and returns their ids in
// order of time.
func (x *Recent) Expire(now time.Time) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var gone []string
	for len(x.queue) > 0 && !x.queue[0].at.After(now) {
		next := heap.Pop(&x.queue).(expiry)
		// A record that was removed or has come again has another time, or none.
		if until, ok := x.until[next.id]; ok && until.Equal(next.at) {
			x.remove(next.id)
			gone = append(gone, next.id)
		}
	}
	return gone
}

// Len is how many records are indexed.
func (x *Recent) Len() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.until)
}

// Candidates returns the ids of the records that may be about the subject, the
// likeliest first, MaxCandidates at most: all that screening would find and
// some that it would not. Whoever holds the records screens them against the
// subject to know.
func (x *Recent) Candidates(s Subject) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	best := map[string]Points{}
	for _, r := range asRecords(&s) {
		for _, f := range x.screen.reach(&r) {
			id := string(x.index.id(f.run))[1:]
			if margin, ok := best[id]; !ok || f.margin > margin {
				best[id] = f.margin
			}
		}
	}
	all := make([]string, 0, len(best))
	for id := range best {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b string) int {
		if c := cmp.Compare(best[b], best[a]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return all[:min(len(all), MaxCandidates)]
}

// asRecords asks for a subject as if it were a record: the evidence is the same
// from either side. A record has one date of birth.
func asRecords(s *Subject) []Record {
	switch {
	case s.Vehicle != nil:
		return []Record{{Vehicle: *s.Vehicle}}
	case s.Organisation != nil:
		var all []Record
		for _, n := range s.Organisation.Names {
			all = append(all, Record{Organisation: n.Text})
		}
		return all
	case s.Person != nil:
		r := Record{Names: s.Person.Names, Sex: s.Person.Sex, Nationalities: s.Person.Nationalities, Documents: s.Person.Documents}
		if len(s.Person.Born) == 0 {
			return []Record{r}
		}
		var all []Record
		for _, b := range s.Person.Born {
			r.Born = b
			all = append(all, r)
		}
		return all
	}
	return nil
}

// expiries is a heap of when records expire.
type expiries []expiry

type expiry struct {
	at time.Time
	id string
}

func (e expiries) Len() int { return len(e) }
func (e expiries) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].id < e[j].id
}
func (e expiries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push and Pop are heap.Interface's.
func (e *expiries) Push(v any) { *e = append(*e, v.(expiry)) }
func (e *expiries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
