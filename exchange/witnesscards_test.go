package exchange

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"heed/ledger"
	"heed/wire"
)

// TestOpenShown: a witness's answer is bounded, in its one form, and of the time
// at which it was asked for.
func TestOpenShown(t *testing.T) {
	key, err := ledger.NewCosigningKey("w1.example", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := ledger.NewCosigningKey("w1.example", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := Witness{Name: "w1.example", Keys: []string{old.VKey(), key.VKey()}}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	asked := ledger.Showing{Party: "north.example", What: ledger.ShowsCards, After: 2, At: now}
	answer := func(at time.Time, notes ...[]byte) []byte {
		s := asked
		s.At, s.Notes = at, sha256.Sum256(wire.JoinNotes(notes))
		signed, err := key.Show(s)
		if err != nil {
			t.Fatal(err)
		}
		return wire.JoinNotes(slices.Concat([][]byte{signed}, notes))
	}
	const count, size = 3, 300
	one := []byte("one")
	for _, notes := range [][][]byte{nil, {one}, {one, one, bytes.Repeat(one, size/3)}} {
		for _, ago := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
			got, err := openShown(w, answer(now.Add(-ago), notes...), asked, count, size)
			if err != nil || !slices.EqualFunc(got, notes, bytes.Equal) {
				t.Errorf("%d notes, %s ago: %d, %v", len(notes), ago, len(got), err)
			}
		}
	}
	whole := answer(now, one)
	for name, bad := range map[string][]byte{
		"empty":             {},
		"too many":          answer(now, one, one, one, one),
		"too long":          answer(now, bytes.Repeat(one, size)),
		"cut short":         whole[:len(whole)-1],
		"something after":   append(bytes.Clone(whole), 0),
		"a note of nothing": answer(now, nil),
		"too old":           answer(now.Add(-5*time.Minute-time.Second), one),
		"ahead":             answer(now.Add(5*time.Minute+time.Second), one),
		"noise":             bytes.Repeat([]byte{0xa5}, 1<<16),
	} {
		if notes, err := openShown(w, bad, asked, count, size); !errors.Is(err, errUnbelieved) {
			t.Errorf("%s: %d notes, %v", name, len(notes), err)
		}
	}
}
