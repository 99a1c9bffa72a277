package exchange

import (
	"crypto/sha256"
	"errors"
	"sync"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// witnessed remembers the newest checkpoint of ours that enough witnesses have
// cosigned: what we sign from then on names it, and so was made after it.
type witnessed struct {
	mu     sync.Mutex
	looked bool // at the store, since the start or since the witnesses changed
	newest heed.Digest
	head   ledger.Checkpoint // what newest is of
	notes  map[heed.Digest][]byte
	order  []heed.Digest // of notes, oldest first
}

// mostNotes is how many checkpoints are remembered: a statement that names one
// is committed long before so many have come after it.
const mostNotes = 256

// offer moves on to a checkpoint, unless it is of an older head.
func (w *witnessed) offer(note []byte, c ledger.Checkpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.newest.IsZero() && older(c, w.head) {
		return
	}
	w.looked, w.head = true, c
	w.newest = heed.Digest(sha256.Sum256(note))
	if w.notes == nil {
		w.notes = map[heed.Digest][]byte{}
	}
	if _, ok := w.notes[w.newest]; ok {
		return
	}
	w.notes[w.newest] = note
	if w.order = append(w.order, w.newest); len(w.order) > mostNotes {
		delete(w.notes, w.order[0])
		w.order = w.order[1:]
	}
}

// older compares two heads of ours, perhaps of two of our ledgers.
func older(a, b ledger.Checkpoint) bool {
	if a.Origin == b.Origin {
		return a.Size < b.Size
	}
	_, first, err := ledger.ParseOrigin(a.Origin)
	_, second, other := ledger.ParseOrigin(b.Origin)
	return err == nil && other == nil && first < second
}

// forget has the store looked at again: the witnesses are others.
func (w *witnessed) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked, w.newest = false, heed.Digest{}
}

func (w *witnessed) get() (digest heed.Digest, looked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest, w.looked
}

func (w *witnessed) note(digest heed.Digest) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	note, ok := w.notes[digest]
	return note, ok
}

func (w *witnessed) nothing() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked = true
}

// after names the newest checkpoint of ours with more mirroring cosignatures
// than may be faulty: what is signed now was made after it. Zero where there
// are no witnesses, or none has answered yet.
func (x *Exchange) after(v View) (heed.Digest, error) {
	if digest, looked := x.witnessed.get(); looked {
		return digest, nil
	}
	head, err := v.Head()
	if errors.Is(err, ErrNotFound) {
		x.witnessed.nothing()
		return heed.Digest{}, nil
	}
	if err != nil {
		return heed.Digest{}, err
	}
	c, err := ledger.UnverifiedCheckpoint(head.Note)
	if err != nil {
		return heed.Digest{}, err
	}
	cosigners, err := cosignersOf(v, c)
	if err != nil {
		return heed.Digest{}, err
	}
	if cosigners.enough() {
		x.witnessed.offer(head.Note, c)
	} else {
		x.witnessed.nothing()
	}
	digest, _ := x.witnessed.get()
	return digest, nil
}

// keepAfter keeps the checkpoint that a statement of ours names.
func (x *Exchange) keepAfter(tx Tx, s heed.Statement) error {
	if s.After.IsZero() {
		return nil
	}
	if note, ok := x.witnessed.note(s.After); ok {
		return tx.KeepCheckpoint(note)
	}
	_, err := tx.Checkpoint(s.After) // made in another life of this process
	return err
}

// witnessedParts carry the checkpoint that a statement names. Of what a peer
// said, it may not have come along.
func witnessedParts(v View, s heed.Statement) ([]wire.Part, error) {
	if s.After.IsZero() {
		return nil, nil
	}
	note, err := v.Checkpoint(s.After)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return []wire.Part{{Type: wire.PartWitnessed, Data: note}}, err
}

// keepAfter keeps the checkpoint that a statement of the letter names, where
// it came with it. Whether its cosignatures are any good is for whoever rests
// something on them.
func (l *letter) keepAfter(tx Tx, s heed.Statement) error {
	note, ok := l.witnessed[s.After]
	if !ok {
		return nil
	}
	return tx.KeepCheckpoint(note)
}

// addWitnessed keeps a checkpoint in mind that came with the letter.
func (l *letter) addWitnessed(note []byte) error {
	if _, err := ledger.UnverifiedCheckpoint(note); err != nil {
		return err
	}
	if l.witnessed == nil {
		l.witnessed = map[heed.Digest][]byte{}
	}
	l.witnessed[heed.Digest(sha256.Sum256(note))] = note
	return nil
}
