package ledger

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func FuzzParseLeaf(f *testing.F) {
	f.Add([]byte{})
	f.Add(vectorLeaf(0))
	f.Add(append(vectorLeaf(0), 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		leaf, err := ParseLeaf(data)
		if err == nil && !bytes.Equal(leaf.Bytes(), data) {
			t.Errorf("%x comes back as %x", data, leaf.Bytes())
		}
	})
}

func FuzzParseSlot(f *testing.F) {
	f.Add("sent")
	f.Add("bad-seal")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		slot, err := ParseSlot(s)
		if err == nil {
			SlotTag(Key{}, slot, 0, [32]byte{}) // never panics on what was parsed
		}
	})
}

func FuzzParseTilePath(f *testing.F) {
	var vectors struct {
		Good []struct{ Path string }
		Bad  []string
	}
	readVectors(f, "tiles.json", &vectors)
	for _, v := range vectors.Good {
		f.Add(v.Path)
	}
	for _, path := range vectors.Bad {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParseTilePath(path)
		if err != nil {
			return
		}
		if tile.Path() != path {
			t.Errorf("%q comes back as %q", path, tile.Path())
		}
		if tile.End() <= 0 || tile.End() > MaxSize || tile.MaxBytes() <= 0 {
			t.Errorf("%q ends at %d, at most %d bytes", path, tile.End(), tile.MaxBytes())
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	var vectors struct {
		Bundles    []struct{ Bundle hexBytes }
		BadBundles []struct {
			Width  int
			Bundle hexBytes
		}
	}
	readVectors(f, "tiles.json", &vectors)
	for _, v := range vectors.Bundles {
		f.Add([]byte(v.Bundle), 1)
		f.Add([]byte(v.Bundle), 3)
	}
	for _, v := range vectors.BadBundles {
		f.Add([]byte(v.Bundle), v.Width)
	}
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		leaves, err := ParseBundle(data, width)
		if err != nil {
			return
		}
		again, err := EncodeBundle(leaves)
		if err != nil || !bytes.Equal(again, data) || len(leaves) != width {
			t.Errorf("%x comes back as %x, %v", data, again, err)
		}
	})
}

// anyone accepts every signature, so that the fuzzer sees what lies behind it.
type anyone struct{ note.Verifier }

func (anyone) Verify(_, _ []byte) bool { return true }

// echo signs with a signature that it was given.
type echo struct {
	note.Verifier
	signature []byte
}

func (e echo) Sign([]byte) ([]byte, error) { return e.signature, nil }

func FuzzParseCheckpoint(f *testing.F) {
	var vectors struct {
		Origin, Verifier string
		Good, Bad        []struct{ Signed string }
	}
	readVectors(f, "checkpoints.json", &vectors)
	for _, v := range append(vectors.Good, vectors.Bad...) {
		f.Add([]byte(v.Signed))
	}
	verifier, err := note.NewVerifier(vectors.Verifier)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, err := ParseCheckpoint(msg, vectors.Origin, anyone{verifier})
		if err != nil {
			return
		}
		_, own, err := splitCheckpoint(msg)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Sign(echo{verifier, own.signature})
		if err != nil || !bytes.Equal(again, msg) {
			t.Errorf("%q comes back as %q, %v", msg, again, err)
		}
		// Whatever we accept, any other reader of signed notes accepts too.
		opened, err := note.Open(msg, note.VerifierList(anyone{verifier}))
		if err != nil || opened.Text != string(c.Body()) {
			t.Errorf("%q is not a signed note: %v", msg, err)
		}
	})
}
