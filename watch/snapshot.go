package watch

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"heed/names"
)

// A snapshot is the line "heed-watch-snapshot/v2 VERSION", where VERSION is the
// index's, then in binary, all numbers as uvarints:
//
//	the distinct words: how many; each its length and its packed form, ascending
//	the subjects: how many; each its length and its stored form, ascending by id;
//	  then its run: how many words, each the place of the distinct word, from 0,
//	  with its marks above, or one more than the last for no word
//	SHA-256 of all before, 32 bytes
//
// It is a function of what is on watch: the order of Puts does not show.
const snapshotMagic = "heed-watch-snapshot/v2 "

// ErrSnapshot is in the chain of every error about a snapshot that cannot be
// read. Whoever gets it makes the index anew by Put.
var ErrSnapshot = errors.New("the snapshot of the watch cannot be used")

// ErrSnapshotVersion is returned, together with ErrSnapshot, for a snapshot of
// other weights: what it has indexed may not be what they would.
var ErrSnapshotVersion = errors.New("it was made by another model")

// WriteSnapshot writes all that is on watch, names in clear: where it is kept
// must be as safe as the warnings. Puts wait until it is done, screening does not.
func (x *Index) WriteSnapshot(w io.Writer) error {
	x.changing.Lock()
	defer x.changing.Unlock()
	digest := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, digest), 1<<18)
	out.WriteString(snapshotMagic + x.Version() + "\n") // errors stay until Flush
	l := x.names
	var used []uint32
	for token := uint32(1); token < l.high; token++ {
		if l.tokens.at(token).packed != 0 {
			used = append(used, token)
		}
	}
	packed := func(token uint32) []byte { return l.packed.at(l.tokens.at(token).packed) }
	slices.SortFunc(used, func(a, b uint32) int { return bytes.Compare(packed(a)[packedFrom:], packed(b)[packedFrom:]) })
	var buf []byte
	number := func(n uint64) { out.Write(binary.AppendUvarint(buf[:0], n)) }
	buf = make([]byte, 0, binary.MaxVarintLen64)
	number(uint64(len(used)))
	places := make([]uint32, l.high)
	for place, token := range used {
		places[token] = uint32(place)
		number(uint64(len(packed(token))))
		out.Write(packed(token))
	}
	runs := make([]uint32, 0, x.ids.n)
	for run := range x.ids.all {
		runs = append(runs, run)
	}
	slices.SortFunc(runs, x.byID)
	number(uint64(len(runs)))
	var stored []byte
	for _, run := range runs {
		stored = x.whole(run, stored)
		number(uint64(len(stored)))
		out.Write(stored)
		words := l.run(run)[1:]
		number(uint64(len(words)))
		for _, word := range words {
			place := uint32(len(used))
			if token := word & wordToken; token != noToken {
				place = places[token]
			}
			number(uint64(place)<<8 | uint64(word>>wordSpanShift))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the snapshot of the watch: %w", err)
	}
	if _, err := w.Write(digest.Sum(nil)); err != nil {
		return fmt.Errorf("writing the snapshot of the watch: %w", err)
	}
	return nil
}

// ReadSnapshot makes an index of a snapshot, for the model that it was written
// under. Every error has ErrSnapshot in its chain.
func ReadSnapshot(r io.Reader, m *names.Model) (*Index, error) {
	x := New(m)
	if err := x.readSnapshot(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return x, nil
}

// snapshotReader reads what WriteSnapshot wrote, and remembers the first fault.
type snapshotReader struct {
	in     *bufio.Reader
	digest hash.Hash
	buf    []byte
	err    error
}

func (s *snapshotReader) fail(what string) {
	if s.err == nil {
		s.err = errors.New(what)
	}
}

func (s *snapshotReader) read(n int) []byte {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	b := s.buf[:n]
	if s.err == nil {
		_, s.err = io.ReadFull(s.in, b)
	}
	if s.err != nil {
		clear(b)
		return b
	}
	s.digest.Write(b)
	return b
}

// number reads a uvarint in its shortest form.
func (s *snapshotReader) number(most uint64, what string) uint64 {
	var b [binary.MaxVarintLen64]byte
	for n := 0; s.err == nil; n++ {
		if n == len(b) {
			s.fail("a number is too long")
			break
		}
		if b[n], s.err = s.in.ReadByte(); b[n] >= 0x80 {
			continue
		}
		v, whole := binary.Uvarint(b[:n+1])
		s.digest.Write(b[:n+1])
		if whole <= 0 || v > most || n > 0 && b[n] == 0 {
			s.fail(what + " is out of bounds")
		}
		if s.err != nil {
			return 0
		}
		return v
	}
	return 0
}

// mostPacked bounds a packed word: four readings of 255 sounds, and keys.
const mostPacked = 2048

func (x *Index) readSnapshot(r io.Reader) error {
	s := &snapshotReader{in: bufio.NewReaderSize(r, 1<<18), digest: sha256.New()}
	want := snapshotMagic + x.Version() + "\n"
	if head := string(s.read(len(want))); s.err != nil {
		return s.err
	} else if head[:len(snapshotMagic)] != snapshotMagic {
		return errors.New("it is none, or of another format")
	} else if head != want {
		return ErrSnapshotVersion
	}
	words := s.number(noToken-1, "the number of words")
	var last []byte
	for i := range words {
		packed := s.read(int(s.number(mostPacked, "the length of a word")))
		if s.err != nil {
			return s.err
		}
		if !packedRight(packed) || i > 0 && bytes.Compare(last, packed[packedFrom:]) >= 0 {
			return fmt.Errorf("word %d is not as it is written", i)
		}
		if token, ok := x.names.internNew(packed, x.names.identity(packed)); !ok || uint64(token) != i+1 {
			return ErrFull
		}
		last = append(last[:0], packed[packedFrom:]...)
	}
	subjects := s.number(MaxSubjects, "the number of subjects")
	run := make([]uint32, 0, 64)
	lastID := ""
	for i := range subjects {
		stored := s.read(int(s.number(mostStored, "the length of a subject")))
		if s.err != nil {
			return s.err
		}
		subject, err := readSubject(stored)
		if err != nil {
			return err
		}
		if i > 0 && string(subject.ID) <= lastID {
			return fmt.Errorf("subject %d is out of order", i)
		}
		lastID = string(subject.ID)
		run = s.run(run[:0], words, namesOf(&subject))
		if s.err != nil {
			return s.err
		}
		ref, ok := x.names.place(run)
		if !ok || !x.own(ref, stored) {
			return ErrFull
		}
		for k, w := range run[1:] {
			x.names.enter(ref, run[1:1+k], w)
		}
		x.names.enterSingles(ref)
		x.listed += namesStored(stored)
		x.enter(ref, x.hash([]byte(subject.ID)), x.otherEntries(&subject))
	}
	for token := uint32(1); token < x.names.high; token++ {
		if e := x.names.tokens.at(token); x.names.sets.len(e.in) == 0 && e.sign&silentMost == 0 {
			return fmt.Errorf("word %d stands in no name", token-1)
		}
	}
	sum := s.digest.Sum(nil)
	if string(s.read(sha256.Size)) != string(sum) || s.err != nil {
		return errors.New("its checksum is wrong: it was cut or changed")
	}
	if _, err := s.in.ReadByte(); err != io.EOF {
		return errors.New("something follows its end")
	}
	return nil
}

// mostStored bounds a stored subject: what Check lets through is smaller.
const mostStored = 1 << 20

func namesOf(s *Subject) int {
	switch {
	case s.Person != nil:
		return len(s.Person.Names)
	case s.Organisation != nil:
		return len(s.Organisation.Names)
	}
	return 0
}

// run reads the words of a subject's names, of which there are so many.
func (s *snapshotReader) run(run []uint32, words uint64, most int) []uint32 {
	run = append(run, 0)
	n := s.number(maxRun-1, "the number of a subject's words")
	names := 0
	begins := true // of a name: nothing is joined before it
	for i := range n {
		v := s.number(words<<8|0xff, "a word")
		place, marks := v>>8, uint32(v&0xff)
		token := uint32(noToken)
		if place < words {
			token = uint32(place) + 1
		}
		w := token | marks<<wordSpanShift
		if marks > 0x3f || (w&wordRunEnds != 0) != (i == n-1) || w&wordRunEnds != 0 && w&wordNameEnds == 0 ||
			token == noToken && w&(wordKind|wordSpan) != wordSilent || begins && w&wordSpan != 0 {
			s.fail("the words of a subject are not as they are written")
			return run
		}
		if begins = w&wordNameEnds != 0; begins {
			names++
		}
		run = append(run, w)
	}
	if n == 0 || names > max(1, most) || most == 0 && run[1]&wordToken != noToken {
		s.fail("a subject's words are not those of its names")
	}
	return run
}
