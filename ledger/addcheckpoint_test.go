package ledger

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witnessVectors is testdata/witness.json.
type witnessVectors struct {
	Origin, Verifier string
	Requests         struct {
		Good []struct {
			Old, Size        int64
			Proof            []hash64
			Checkpoint, Body string
		}
		Bad []struct{ Why, Error, Body string }
	}
	Answers struct {
		Good [][]string
		Bad  []struct{ Why, Body string }
	}
	Sizes struct {
		Good []struct {
			Size int64
			Body string
		}
		Bad []string
	}
}

func readWitnessVectors(t testing.TB) (v witnessVectors) {
	t.Helper()
	readVectors(t, "witness.json", &v)
	return v
}

func TestAddCheckpointVectors(t *testing.T) {
	v := readWitnessVectors(t)
	verifier, err := note.NewVerifier(v.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	heads := map[int64]Checkpoint{0: {Origin: v.Origin, Root: emptyRoot()}}
	for _, good := range v.Requests.Good {
		a, err := ParseAddCheckpoint([]byte(good.Body))
		if err != nil {
			t.Errorf("%d to %d: %v", good.Old, good.Size, err)
			continue
		}
		if a.Old != good.Old || !slices.Equal(a.Proof, hashes64(good.Proof)) || string(a.Checkpoint) != good.Checkpoint {
			t.Errorf("%d to %d: %+v", good.Old, good.Size, a)
		}
		want := AddCheckpoint{Old: good.Old, Proof: hashes64(good.Proof), Checkpoint: []byte(good.Checkpoint)}
		if body, err := want.Marshal(); err != nil || string(body) != good.Body {
			t.Errorf("%d to %d: written as %q, %v", good.Old, good.Size, body, err)
		}
		head, err := ParseCheckpoint(a.Checkpoint, v.Origin, verifier)
		if err != nil || head.Size != good.Size {
			t.Errorf("%d to %d: %v", good.Old, good.Size, err)
			continue
		}
		heads[head.Size] = head
		if err := CheckConsistency(a.Proof, heads[a.Old], head); err != nil {
			t.Errorf("%d to %d: %v", good.Old, good.Size, err)
		}
	}
	kinds := map[string]error{"request": ErrAddCheckpoint, "checkpoint": ErrCheckpoint}
	for _, bad := range v.Requests.Bad {
		want, known := kinds[bad.Error]
		if !known {
			t.Fatalf("%s: unknown error %q", bad.Why, bad.Error)
		}
		a, err := ParseAddCheckpoint([]byte(bad.Body))
		if !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", bad.Why, a, err, want)
		} else if len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", bad.Why, len(err.Error()))
		}
	}
	large := v.Requests.Good[0].Body + strings.Repeat("x", MaxAddCheckpointBytes)
	if _, err := ParseAddCheckpoint([]byte(large)); !errors.Is(err, ErrAddCheckpoint) {
		t.Errorf("too large: %v", err)
	}
}

func TestAddCheckpointRefusesToWrite(t *testing.T) {
	v := readWitnessVectors(t)
	good := AddCheckpoint{Old: 16, Checkpoint: []byte(v.Requests.Good[1].Checkpoint)}
	if _, err := good.Marshal(); err != nil {
		t.Fatal(err)
	}
	for why, spoil := range map[string]struct {
		spoil func(*AddCheckpoint)
		want  error
	}{
		"old negative":              {func(a *AddCheckpoint) { a.Old = -1 }, ErrAddCheckpoint},
		"old beyond the checkpoint": {func(a *AddCheckpoint) { a.Old = 17 }, ErrAddCheckpoint},
		"64 hashes":                 {func(a *AddCheckpoint) { a.Proof = make([]tlog.Hash, 64) }, ErrAddCheckpoint},
		"no checkpoint":             {func(a *AddCheckpoint) { a.Checkpoint = nil }, ErrCheckpoint},
		"checkpoint not finished":   {func(a *AddCheckpoint) { a.Checkpoint = a.Checkpoint[:len(a.Checkpoint)-1] }, ErrCheckpoint},
	} {
		bad := good
		spoil.spoil(&bad)
		if body, err := bad.Marshal(); !errors.Is(err, spoil.want) {
			t.Errorf("%s: %q, %v", why, body, err)
		}
	}
}

// Every pair of sizes goes from the log to the witness: request, parse, check,
// answer, and the log takes the cosignature.
func TestAddCheckpointFromBothEnds(t *testing.T) {
	signer, verifier := testKey(t, "north.example/v1", 1)
	witness := testCosigner(t, "witness.example/w1", 2)
	v := readCosignatures(t)
	const most = 20
	log := grow(t, most)
	for old := int64(0); old <= most; old++ {
		for size := old; size <= most; size++ {
			held, offered := grow(t, int(old)).tree.Head("north.example/v1"), grow(t, int(size)).tree.Head("north.example/v1")
			proof, err := Consistency(old, size, log)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := offered.Sign(signer)
			if err != nil {
				t.Fatal(err)
			}
			body, err := AddCheckpoint{Old: old, Proof: proof, Checkpoint: signed}.Marshal()
			if err != nil {
				t.Fatal(err)
			}

			request, err := ParseAddCheckpoint(body)
			if err != nil {
				t.Fatal(err)
			}
			head, err := ParseCheckpoint(request.Checkpoint, "north.example/v1", verifier)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckConsistency(request.Proof, held, head); err != nil {
				t.Fatalf("%d to %d: %v", old, size, err)
			}
			answer, err := witness.Cosign(head, v.edTime)
			if err != nil {
				t.Fatal(err)
			}

			cosigned, err := offered.AddCosignatures(answer, witness.Public())
			if err != nil {
				t.Fatalf("%d to %d: %v", old, size, err)
			}
			if at, ok := witness.Public().Verify(cosigned); !ok || !at.Equal(v.edTime) {
				t.Errorf("%d to %d: %v, %v", old, size, at, ok)
			}
		}
	}
}

func TestAnswerVectors(t *testing.T) {
	v := readWitnessVectors(t)
	for _, good := range v.Answers.Good {
		lines, err := ParseCosignatureLines([]byte(strings.Join(good, "")))
		if err != nil || len(lines) != len(good) {
			t.Errorf("%q: %q, %v", good, lines, err)
			continue
		}
		for i, line := range lines {
			if string(line) != good[i] {
				t.Errorf("line %d is %q, want %q", i, line, good[i])
			}
		}
	}
	for _, bad := range v.Answers.Bad {
		if lines, err := ParseCosignatureLines([]byte(bad.Body)); !errors.Is(err, ErrCosignature) {
			t.Errorf("%s: %q, %v", bad.Why, lines, err)
		}
	}
	large := formatSignatureLine("w", 7, make([]byte, MaxCheckpointBytes))
	if _, err := ParseCosignatureLines(large); !errors.Is(err, ErrCosignature) {
		t.Errorf("too large: %v", err)
	}
	for _, good := range v.Sizes.Good {
		if size, err := ParseTreeSize([]byte(good.Body)); err != nil || size != good.Size || string(FormatTreeSize(size)) != good.Body {
			t.Errorf("%q: %d, %v", good.Body, size, err)
		}
	}
	for _, bad := range v.Sizes.Bad {
		if size, err := ParseTreeSize([]byte(bad)); !errors.Is(err, ErrAddCheckpoint) {
			t.Errorf("%q: %d, %v", bad, size, err)
		}
	}
}

func FuzzParseAddCheckpoint(f *testing.F) {
	v := readWitnessVectors(f)
	for _, good := range v.Requests.Good {
		f.Add([]byte(good.Body))
	}
	for _, bad := range v.Requests.Bad {
		f.Add([]byte(bad.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := ParseAddCheckpoint(body)
		if err != nil {
			if !errors.Is(err, ErrAddCheckpoint) && !errors.Is(err, ErrCheckpoint) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if again, err := a.Marshal(); err != nil || !bytes.Equal(again, body) {
			t.Errorf("%q comes back as %q, %v", body, again, err)
		}
	})
}

func FuzzParseTreeSize(f *testing.F) {
	v := readWitnessVectors(f)
	for _, good := range v.Sizes.Good {
		f.Add([]byte(good.Body))
	}
	for _, bad := range v.Sizes.Bad {
		f.Add([]byte(bad))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if size, err := ParseTreeSize(body); err == nil && !bytes.Equal(FormatTreeSize(size), body) {
			t.Errorf("%q comes back as %q", body, FormatTreeSize(size))
		}
	})
}
