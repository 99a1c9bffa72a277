package watch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"

	"heed/names"
)

// MaxSubjects is how many subjects an index takes at most. With one name each
// they are some 5 GB: see docs/performance.md.
const MaxSubjects = 1 << 25

// ErrFull is returned when an index can take no more.
var ErrFull = errors.New("the watch is full: split the lists over several nodes")

// Index holds the subjects on watch. Its methods may be called at the same
// time by many goroutines: Put and Remove wait for the records that are being
// screened, and records wait for them: some milliseconds, and up to half a second
// with the longest record that is admitted, of fifty names of 200 letters each.
type Index struct {
	judge judge

	changing sync.Mutex // held by whoever changes the index, or needs that nobody does for long
	mu       sync.RWMutex
	stock    *arena   // the subjects as keep writes them; owned by their runs
	prefixes prefixes // of their ids
	names    *lexicon // their names; a run's first word is the place in stock
	listed   int      // names of the persons, as namesStored counts them
	ids      *table   // runs by subject id
	other    ways     // runs by day of birth and by the numbers of documents, plates and vehicles

	memory  memory // of the words of records
	crowds  crowds
	changes uint64 // how many there have been

	entries func(stored *Subject) []uint64 // the keys in other of a subject that is stored
}

// New makes an empty index that scores by the model.
func New(m *names.Model) *Index {
	w, err := readWeights(embeddedWeights)
	if err != nil {
		panic(fmt.Sprintf("heed/watch was built wrongly: %v", err)) // a test reads the embedded file
	}
	return newIndex(m, w)
}

func newIndex(m *names.Model, w *weights) *Index {
	x := &Index{judge: judge{model: m, bounds: boundsOf(m), weights: w, version: m.Version() + "/" + w.version}}
	x.judge.named = new(thresholds)
	for of := range x.judge.named {
		for class := range x.judge.named[of] {
			_, x.judge.named[of][class] = m.Threshold(names.Class(class))
		}
	}
	x.names = newLexicon(m)
	x.stock = &arena{moved: func(run, to uint32) { *x.names.owner(run) = to }}
	x.ids = newTable(x.hashID)
	x.prefixes.number = map[string]uint64{}
	x.entries = x.otherEntries
	return x
}

// Version names the weights that score names and everything else: two indexes
// of one version give one result.
func (x *Index) Version() string { return x.judge.version }

func (x *Index) hash(b []byte) uint64 { return maphash.Bytes(x.names.seed, b) }

// stored is the subject of a run in its stored form, but for the prefix of its id.
func (x *Index) stored(run uint32) (prefix string, b []byte) {
	number, n := binary.Uvarint(x.stock.at(*x.names.owner(run)))
	return x.prefixes.text(number), x.stock.at(*x.names.owner(run))[n:]
}

// keep is what the index keeps of a stored subject: the number of its id's
// prefix, then the rest.
func (x *Index) keep(stored []byte) []byte {
	id := string(storedID(stored))
	number, prefix := x.prefixes.of(id)
	b := binary.AppendUvarint(make([]byte, 0, len(stored)+1), number)
	if prefix == "" {
		return append(b, stored...)
	}
	return withID(b, stored, id[len(prefix):])
}

// whole is the stored form of a run's subject.
func (x *Index) whole(run uint32, buf []byte) []byte {
	prefix, b := x.stored(run)
	return withID(buf[:0], b, prefix, textOf(storedID(b)))
}

// id is that of a run's subject.
func (x *Index) id(run uint32) SubjectID {
	prefix, b := x.stored(run)
	return SubjectID(prefix + textOf(storedID(b)))
}

func (x *Index) hashID(run uint32) uint64 {
	var h maphash.Hash
	h.SetSeed(x.names.seed)
	prefix, b := x.stored(run)
	h.WriteString(prefix)
	h.Write(storedID(b))
	return h.Sum64()
}

func (x *Index) byID(a, b uint32) int {
	prefixA, storedA := x.stored(a)
	prefixB, storedB := x.stored(b)
	if prefixA == prefixB {
		return bytes.Compare(storedID(storedA), storedID(storedB))
	}
	return strings.Compare(string(x.id(a)), string(x.id(b)))
}

func (x *Index) find(id SubjectID) (run uint32, hash uint64, ok bool) {
	hash = x.hash([]byte(id))
	run, ok = x.ids.find(hash, func(run uint32) bool {
		prefix, b := x.stored(run)
		rest, ok := strings.CutPrefix(string(id), prefix)
		return ok && rest == string(storedID(b))
	})
	return run, hash, ok
}

// The sorts of entries beside names, in the highest byte.
const (
	otherDay  uint64 = (iota + 1) << 56
	otherYear        // of a date that is less than a day
	otherDocument
	otherPlate
	otherVIN
)

// otherEntries are the ways to a subject that are not its names, each once.
func (x *Index) otherEntries(s *Subject) []uint64 {
	var keys []uint64
	enter := func(key uint64) {
		for _, k := range keys {
			if k == key {
				return
			}
		}
		keys = append(keys, key)
	}
	number := func(sort uint64, number string) {
		if blurred := blurredNumber(plainNumber(number)); blurred != "" {
			enter(x.numberKey(sort, blurred))
		}
	}
	switch {
	case s.Person != nil:
		for _, b := range s.Person.Born {
			if day := birthDay(b); day != 0 {
				enter(otherDay | uint64(day))
			}
			for _, year := range vagueYears(b, nil) {
				enter(otherYear | uint64(year))
			}
		}
		for _, d := range s.Person.Documents {
			number(otherDocument, d.Number)
		}
	case s.Vehicle != nil:
		number(otherPlate, s.Vehicle.Plate)
		number(otherVIN, s.Vehicle.VIN)
	}
	return keys
}

func (x *Index) numberKey(sort uint64, blurred string) uint64 {
	return sort | x.hash([]byte(blurred))>>8
}

// parsed are a subject's names, as the lexicon takes them.
func parsed(s *Subject) (realm, []names.Name) {
	var all []names.Name
	switch {
	case s.Person != nil:
		for _, n := range s.Person.Names {
			all = append(all, parseName(n))
		}
		return realmPerson, all
	case s.Organisation != nil:
		for _, n := range s.Organisation.Names {
			name, _ := parseOrganisation(n)
			all = append(all, name)
		}
	}
	return realmOrganisation, all
}

// Put puts a subject on watch, or changes it, if its id is there already. An
// error has ErrSubject or ErrFull in its chain, and then nothing has changed.
func (x *Index) Put(s Subject) error {
	if err := s.Check(); err != nil {
		return err
	}
	r, all := parsed(&s)
	return x.put(s.ID, appendSubject(nil, &s), r, all, x.otherEntries(&s))
}

// put enters a subject in its stored form, under its names and other entries.
func (x *Index) put(id SubjectID, stored []byte, r realm, all []names.Name, other []uint64) error {
	x.changing.Lock()
	defer x.changing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	old, hash, changes := x.find(id)
	if !changes && x.ids.n >= MaxSubjects {
		return ErrFull
	}
	run, ok := x.names.addRun(r, all, 0)
	if !ok {
		return ErrFull
	}
	if !x.own(run, stored) {
		x.names.dropRun(run)
		return ErrFull
	}
	if changes {
		x.remove(old, hash)
	}
	x.enter(run, hash, other)
	x.listed += x.listedOf(run)
	return nil
}

// listedOf is how many names of persons a run's subject adds to the list.
func (x *Index) listedOf(run uint32) int {
	_, b := x.stored(run)
	return namesStored(b)
}

// own gives a run its subject.
func (x *Index) own(run uint32, stored []byte) bool {
	at, ok := x.stock.put(run, x.keep(stored))
	if ok {
		*x.names.owner(run) = at
	}
	return ok
}

// enter makes the subject of a run known by its id and beside its names.
func (x *Index) enter(run uint32, hash uint64, other []uint64) {
	x.changes++
	x.ids.add(hash, run)
	for _, key := range other {
		p := x.other.of(key)
		x.names.sets.add(&p, run)
		x.other.set(key, p)
	}
}

// Remove takes a subject off watch and reports whether it was on.
func (x *Index) Remove(id SubjectID) bool {
	x.changing.Lock()
	defer x.changing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	run, hash, ok := x.find(id)
	if ok {
		x.remove(run, hash)
	}
	return ok
}

func (x *Index) remove(run uint32, hash uint64) {
	x.changes++
	x.listed -= x.listedOf(run)
	s := x.subject(run)
	for _, key := range x.entries(&s) {
		p := x.other.of(key)
		x.names.sets.drop(&p, run)
		x.other.set(key, p)
	}
	x.ids.drop(hash, run)
	at := *x.names.owner(run)
	x.names.dropRun(run)
	x.stock.drop(at)
}

// subject decodes what Put has stored.
func (x *Index) subject(run uint32) Subject {
	prefix, stored := x.stored(run)
	s, err := decodeSubject(stored)
	if s.ID = SubjectID(prefix) + s.ID; err != nil {
		panic(fmt.Sprintf("watch: the index has lost a subject: %v", err)) // only this package writes there
	}
	return s
}

// Len is how many subjects are on watch.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.ids.n
}

// Subject returns what was put under the id.
func (x *Index) Subject(id SubjectID) (Subject, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	run, _, ok := x.find(id)
	if !ok {
		return Subject{}, false
	}
	return x.subject(run), true
}

// All yields the subjects, in no particular order. The index cannot be changed
// until the loop ends.
func (x *Index) All(yield func(Subject) bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for run := range x.ids.all {
		if !yield(x.subject(run)) {
			return
		}
	}
}

// limits are what persons need on a list of this length.
func (x *Index) limits() *thresholds {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.judge.weights.thresholds(x.listed)
}

// Scan scores every subject: what Screen is measured against, and thousands of
// times slower.
func (x *Index) Scan(r Record) []Hit {
	q := ask(&r, new(names.Parser))
	var hits []Hit
	limits := x.limits()
	for s := range x.All {
		if hit, ok := x.judge.score(q, &s, spellings(&s), limits); ok {
			hits = append(hits, hit)
		}
	}
	return rank(hits)
}
