package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// mark is what is looked for in the files: it tells one content from all others.
func mark(i int) []byte { return fmt.Appendf(nil, "the matter of case %06d", i) }

// told puts a case under an accord into the store, with contents of many sizes:
// within a page, over several, more than one.
func told(t *testing.T, s *Store, a *agreement, i int, rng *rand.Rand) (id heed.CaseID, digests []heed.Digest) {
	t.Helper()
	terms := a.versions[0].Accord
	var contents []exchange.Content
	for j := range 1 + rng.IntN(3) {
		data := bytes.Repeat(append(mark(i), ' '), 1+rng.IntN(1+rng.IntN(400)))
		salt := [32]byte(bytes.Repeat(mark(i), 2)[:32])
		contents = append(contents, exchange.Content{
			Ref:  heed.ContentRef{Digest: heed.Digest{7, byte(i), byte(i >> 8), byte(j)}, Size: int64(len(data)), MediaType: heed.MediaText},
			Salt: salt, Data: data,
		})
	}
	key := ledger.Key{byte(i), byte(i >> 8)}
	warning := heed.Statement{
		Kind: heed.KindWarning, Author: "south.example", AuthorCard: 1, Recipient: "north.example", RecipientCard: 1, Time: benchStart,
		TagKey: ledger.KeyDigest(key), Status: heed.StatusActual, Urgency: heed.UrgencyImmediate, Release: heed.ReleaseID{1},
		Accord: terms.AccordID(), Version: terms.ID,
	}
	for _, c := range contents {
		warning.Contents = append(warning.Contents, c.Ref)
	}
	seed := sha256.Sum256([]byte("south.example/node"))
	node, err := seal.NewSigningKey(bytes.NewReader(seed[:]), "south.example/node")
	if err != nil {
		t.Fatal(err)
	}
	k := exchange.Kept{Key: key, Arrived: benchStart}
	if k.Statement, k.Note, err = wire.SignStatement(warning, node); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx exchange.Tx) error {
		for _, c := range contents {
			if err := tx.PutContent(c); err != nil {
				return err
			}
			digests = append(digests, c.Ref.Digest)
		}
		return tx.Keep(k)
	})
	if err != nil {
		t.Fatal(err)
	}
	return k.Statement.CaseID(), digests
}

// What was erased stands in no file of the database any more, and what was not
// is there, while the store goes on and after it was closed.
func TestErasedContentsAreOverwritten(t *testing.T) {
	s, made := filledWithAccord(t)
	rng := rand.New(rand.NewPCG(5, 5))
	cases, digests := map[int]heed.CaseID{}, map[int][]heed.Digest{}
	gone := map[int]bool{}
	next := 0
	here := func(when string) {
		t.Helper()
		var files []byte
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(s.path + suffix)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			files = append(files, data...)
		}
		for i := range next {
			if found := bytes.Contains(files, mark(i)[4:]); found == gone[i] {
				t.Fatalf("%s: case %d of %d: found in the files: %v; erased: %v", when, i, next, found, gone[i])
			}
		}
	}
	for round := range 12 {
		for range 20 {
			cases[next], digests[next] = told(t, s, made, next, rng)
			next++
		}
		err := s.Write(t.Context(), func(tx exchange.Tx) error {
			for i := range next {
				if !gone[i] && rng.IntN(3) == 0 {
					gone[i] = true
					if err := tx.EraseCase(cases[i], digests[i], benchStart); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// The log is emptied before the next change begins.
		if err := s.Write(t.Context(), func(exchange.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		here(fmt.Sprintf("round %d", round))
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	here("closed")
	crashed := openAt(t, s.path, Options{})
	if err := crashed.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A reader of an older state keeps what was erased in the log; it goes as soon
// as there is none, without anybody writing.
func TestErasedContentsThatSomebodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, made := filledWithAccord(t)
		id, digests := told(t, s, made, 0, rand.New(rand.NewPCG(6, 6)))
		logged := func() bool {
			data, err := os.ReadFile(s.path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Contains(data, mark(0))
		}
		err := s.Read(t.Context(), func(v exchange.View) error {
			if _, err := v.Content(digests[0]); err != nil { // begins the snapshot
				return err
			}
			if err := s.Write(t.Context(), func(tx exchange.Tx) error { return tx.EraseCase(id, digests, benchStart) }); err != nil {
				return err
			}
			if content, err := v.Content(digests[0]); err != nil || !bytes.Contains(content.Data, mark(0)) {
				t.Errorf("the reader has lost its snapshot: %v", err)
			}
			if !logged() {
				t.Error("the log has lost what is being read")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * scrubPause)
		if logged() {
			t.Error("the log still has it")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What a process that was killed had erased is not left in its log.
func TestErasedContentsAfterAKill(t *testing.T) {
	s, made := filledWithAccord(t)
	id, digests := told(t, s, made, 0, rand.New(rand.NewPCG(7, 7)))
	var path string
	err := s.Read(t.Context(), func(v exchange.View) error {
		if _, err := v.Content(digests[0]); err != nil { // begins the snapshot
			return err
		}
		if err := s.Write(t.Context(), func(tx exchange.Tx) error { return tx.EraseCase(id, digests, benchStart) }); err != nil {
			return err
		}
		path = copyOf(t, s.path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path + "-wal"); err != nil || !bytes.Contains(data, mark(0)) {
		t.Fatalf("the log of the killed process does not have it: %v", err)
	}
	again := openAt(t, path, Options{})
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil || bytes.Contains(data, mark(0)) {
			t.Errorf("heed.db%s still has it: %v", suffix, err)
		}
	}
	if err := again.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What stands in the way of an erasure is found by the check.
func TestCheckFindsWhatWasNotErased(t *testing.T) {
	for what, damage := range map[string]string{
		"were erased in every case":  `UPDATE cases SET erased = 1 WHERE under IS NOT NULL`,
		"not known to belong to it":  `DELETE FROM content_case`,
		"its contents end with acco": `UPDATE cases SET under = NULL`,
	} {
		s, made := filledWithAccord(t)
		told(t, s, made, 0, rand.New(rand.NewPCG(8, 8)))
		if err := s.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.Exec(damage); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(t.Context(), nil); !errors.Is(err, ErrDamaged) || !bytes.Contains([]byte(err.Error()), []byte(what)) {
			t.Errorf("%s: %v", damage, err)
		}
	}
}
