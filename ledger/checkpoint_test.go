package ledger

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestCheckpointVectors(t *testing.T) {
	var vectors struct {
		Origin, Signer, Verifier string
		Good                     []struct {
			Size                 int64
			Root                 hash64
			Cosignatures, Signed string
		}
		Bad []struct{ Why, Error, Signed string }
	}
	readVectors(t, "checkpoints.json", &vectors)
	signer, err := note.NewSigner(vectors.Signer)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vectors.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors.Good {
		want := Checkpoint{Origin: vectors.Origin, Size: v.Size, Root: tlog.Hash(v.Root), Cosignatures: []byte(v.Cosignatures)}
		got, err := ParseCheckpoint([]byte(v.Signed), vectors.Origin, verifier)
		if err != nil || !got.Same(want) || string(got.Cosignatures) != v.Cosignatures {
			t.Errorf("good %d: %+v, %v", i, got, err)
		}
		if signed, err := want.Sign(signer); err != nil || string(signed) != v.Signed {
			t.Errorf("good %d: signed as %q, %v; want %q", i, signed, err, v.Signed)
		}
		if opened, err := note.Open([]byte(v.Signed), note.VerifierList(verifier)); err != nil || opened.Text != string(want.Body()) {
			t.Errorf("good %d: not a signed note: %v", i, err)
		}
	}
	kinds := map[string]error{"checkpoint": ErrCheckpoint, "origin": ErrOrigin, "signature": ErrSignature}
	for _, v := range vectors.Bad {
		want, known := kinds[v.Error]
		if !known {
			t.Fatalf("%s: unknown error %q", v.Why, v.Error)
		}
		c, err := ParseCheckpoint([]byte(v.Signed), vectors.Origin, verifier)
		if !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", v.Why, c, err, want)
		}
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", v.Why, len(err.Error()))
		}
	}
}

func TestCheckpointKeys(t *testing.T) {
	signer, verifier := testKey(t, Origin("north.example", 1), 1)
	_, other := testKey(t, Origin("south.example", 1), 2)
	head := grow(t, 3).tree.Head("north.example/v1")
	msg, err := head.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCheckpoint(msg, "north.example/v1", other); !errors.Is(err, ErrOrigin) {
		t.Errorf("another party's key: %v, want ErrOrigin", err)
	}
	if _, err := ParseCheckpoint(msg, "south.example/v1", verifier); !errors.Is(err, ErrOrigin) {
		t.Errorf("another party's origin: %v, want ErrOrigin", err)
	}
	stranger := head
	stranger.Origin = "south.example/v1"
	if _, err := stranger.Sign(signer); !errors.Is(err, ErrOrigin) {
		t.Errorf("signing for another: %v, want ErrOrigin", err)
	}
}

func TestSignRefuses(t *testing.T) {
	signer, _ := testKey(t, "north.example/v1", 1)
	good := grow(t, 3).tree.Head("north.example/v1")
	for why, spoil := range map[string]func(*Checkpoint){
		"negative size":         func(c *Checkpoint) { c.Size = -1 },
		"size beyond the limit": func(c *Checkpoint) { c.Size = MaxSize + 1 },
		"empty with a root":     func(c *Checkpoint) { c.Size = 0 },
		"no origin":             func(c *Checkpoint) { c.Origin = "" },
		"two lines of origin":   func(c *Checkpoint) { c.Origin += "\nx" },
		"origin with a plus":    func(c *Checkpoint) { c.Origin += "+" },
		"origin not UTF-8":      func(c *Checkpoint) { c.Origin += "\xff" },
		"origin too long":       func(c *Checkpoint) { c.Origin += strings.Repeat("x", 255) },
		"broken cosignature":    func(c *Checkpoint) { c.Cosignatures = []byte("— w.example x\n") },
		"unfinished cosignature": func(c *Checkpoint) {
			c.Cosignatures = []byte("— w.example AAAAAAAAAAAA")
		},
	} {
		bad := good
		spoil(&bad)
		if msg, err := bad.Sign(signer); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: signed %q, %v; want ErrCheckpoint", why, msg, err)
		}
	}
	broken := errors.New("no hardware")
	if _, err := good.Sign(brokenSigner{signer, broken}); !errors.Is(err, broken) {
		t.Errorf("a failing key: %v", err)
	}
}

type brokenSigner struct {
	note.Signer
	err error
}

func (b brokenSigner) Sign([]byte) ([]byte, error) { return nil, b.err }

func TestCheckpointRoundTrip(t *testing.T) {
	signer, verifier := testKey(t, "north.example/v1", 1)
	rapid.Check(t, func(t *rapid.T) {
		want := Checkpoint{
			Origin: "north.example/v1",
			Size:   rapid.Int64Range(1, MaxSize).Draw(t, "size"),
			Root:   tlog.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root")),
		}
		msg, err := want.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCheckpoint(msg, want.Origin, verifier)
		if err != nil || !got.Same(want) || got.Cosignatures != nil {
			t.Fatalf("parsed %+v, %v; want %+v", got, err, want)
		}
		// Not one bit of it may differ.
		altered := bytes.Clone(msg)
		altered[rapid.IntRange(0, len(msg)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if c, err := ParseCheckpoint(altered, want.Origin, verifier); err == nil {
			t.Fatalf("accepted %q as %+v", altered, c)
		}
	})
}
