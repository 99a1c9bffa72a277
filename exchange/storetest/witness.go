package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func witnesses(t *testing.T, w *world) {
	east := exchange.Witness{Name: "east.example/witness", URL: "https://east.example", Keys: []string{"east+1,2", "east+2"}, Mirrors: true, Added: w.now}
	alder := exchange.Witness{Name: "alder.example/witness", URL: "http://alder.example/w", Keys: []string{"alder+1"}, Added: w.now,
		Size: 48, At: w.now.Add(time.Second), Trouble: "it is \"away\""}
	bare := exchange.Witness{Name: "bare.example/witness"}
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutWitness(east), tx.PutWitness(bare), tx.PutWitness(alder))
	})
	list := func(want ...exchange.Witness) {
		t.Helper()
		w.both(func(v exchange.View) error {
			got, err := v.Witnesses()
			sameList(t, "Witnesses", got, err, want)
			return nil
		})
	}
	list(alder, bare, east)
	alder.URL, alder.Keys, alder.Mirrors, alder.Size, alder.At, alder.Trouble = "https://alder.example", []string{"alder+2"}, true, 64, w.now.Add(time.Minute), ""
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		return errors.Join(tx.PutWitness(exchange.Witness{Name: alder.Name}), tx.RemoveWitness(east.Name), errNo)
	}); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutWitness(alder), tx.RemoveWitness(bare.Name))
	})
	list(alder, east)
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.RemoveWitness(bare.Name) }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("a witness that was removed, removed again: %v, want ErrNotFound", err)
	}
	list(alder, east)
}

func checkpoints(t *testing.T, w *world) {
	notes := [][]byte{[]byte("a checkpoint\n"), bytes.Repeat([]byte("cosigned\n"), 7000)}
	for range 2 { // the second time changes nothing
		w.write(func(tx exchange.Tx) error {
			return errors.Join(tx.KeepCheckpoint(notes[0]), tx.KeepCheckpoint(notes[1]))
		})
	}
	w.both(func(v exchange.View) error {
		for _, note := range notes {
			got, err := v.Checkpoint(sha256.Sum256(note))
			same(t, "Checkpoint", got, err, note)
		}
		got, err := v.Checkpoint(heed.Digest{1})
		missing(t, "a checkpoint that was not kept", got, err)
		return nil
	})
}

func witnessedHeads(t *testing.T, w *world) {
	const origin, other = "south.example/v1", "north.example/v1"
	head := func(size int64, note string) exchange.Head {
		return exchange.Head{Size: size, Note: []byte(note), At: w.now}
	}
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.KeepWitnessed(origin, head(16, "first of 16")), tx.KeepWitnessed(origin, head(48, "first of 48")),
			tx.KeepWitnessed(other, head(32, "another ledger's")))
	})
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.KeepWitnessed(origin, head(48, "a later one")), tx.KeepWitnessed(origin, head(16, "of an older head")))
	})
	w.both(func(v exchange.View) error {
		for index, want := range map[int64]string{0: "first of 16", 15: "first of 16", 16: "first of 48", 47: "first of 48"} {
			got, err := v.Witnessed(origin, index)
			same(t, "Witnessed", got, err, []byte(want))
		}
		got, err := v.Witnessed(origin, 48)
		missing(t, "a head beyond the newest", got, err)
		got, err = v.Witnessed("west.example/v1", 0)
		missing(t, "a head of an unknown ledger", got, err)
		latest, err := v.LatestWitnessed(origin)
		same(t, "LatestWitnessed", latest, err, head(48, "a later one"))
		latest, err = v.LatestWitnessed("west.example/v1")
		missing(t, "the latest head of an unknown ledger", latest, err)
		return nil
	})
}
