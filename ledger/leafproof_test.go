package ledger

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// leafProofVectors is testdata/leafproofs.json: bad ones have no form, wrong
// ones prove nothing.
type leafProofVectors struct {
	Origin, Verifier string
	Good             []struct {
		Index, Size int64
		Leaf        hexBytes
		Hashes      []hash64
		Text        string
	}
	Bad   []struct{ Why, Error, Text string }
	Wrong []struct {
		Why, Error string
		Leaf       hexBytes
		Text       string
	}
}

func TestLeafProofVectors(t *testing.T) {
	var v leafProofVectors
	readVectors(t, "leafproofs.json", &v)
	verifier, err := note.NewVerifier(v.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range v.Good {
		p, err := ParseLeafProof([]byte(good.Text))
		if err != nil || p.Index != good.Index || !slices.Equal(p.Hashes, hashes64(good.Hashes)) {
			t.Errorf("%d of %d: %+v, %v", good.Index, good.Size, p, err)
			continue
		}
		if text, err := p.Marshal(); err != nil || string(text) != good.Text {
			t.Errorf("%d of %d: written as %q, %v", good.Index, good.Size, text, err)
		}
		if c, err := p.Check(good.Leaf, v.Origin, verifier); err != nil || c.Size != good.Size {
			t.Errorf("%d of %d: %+v, %v", good.Index, good.Size, c, err)
		}
	}
	kinds := map[string]error{"proof": ErrProof, "checkpoint": ErrCheckpoint, "origin": ErrOrigin, "signature": ErrSignature}
	for _, bad := range v.Bad {
		want, known := kinds[bad.Error]
		if !known {
			t.Fatalf("%s: unknown error %q", bad.Why, bad.Error)
		}
		if p, err := ParseLeafProof([]byte(bad.Text)); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", bad.Why, p, err, want)
		} else if len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", bad.Why, len(err.Error()))
		}
	}
	for _, wrong := range v.Wrong {
		want, known := kinds[wrong.Error]
		if !known {
			t.Fatalf("%s: unknown error %q", wrong.Why, wrong.Error)
		}
		p, err := ParseLeafProof([]byte(wrong.Text))
		if err != nil {
			t.Errorf("%s: no form: %v", wrong.Why, err)
			continue
		}
		if c, err := p.Check(wrong.Leaf, v.Origin, verifier); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", wrong.Why, c, err, want)
		}
	}
	large := v.Good[0].Text + strings.Repeat("x", MaxLeafProofBytes)
	if _, err := ParseLeafProof([]byte(large)); !errors.Is(err, ErrProof) {
		t.Errorf("too large: %v", err)
	}
}

func TestLeafProofOfEveryLeaf(t *testing.T) {
	signer, verifier := testKey(t, "north.example/v1", 1)
	for size := 1; size <= 33; size++ {
		log := grow(t, size)
		signed, err := log.tree.Head("north.example/v1").Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		for index := range int64(size) {
			hashes, err := Inclusion(int64(size), index, log)
			if err != nil {
				t.Fatal(err)
			}
			text, err := LeafProof{Index: index, Hashes: hashes, Checkpoint: signed}.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			p, err := ParseLeafProof(text)
			if err != nil {
				t.Fatalf("%d of %d: %v", index, size, err)
			}
			if _, err := p.Check(vectorLeaf(int(index)), "north.example/v1", verifier); err != nil {
				t.Errorf("%d of %d: %v", index, size, err)
			}
			if _, err := p.Check(vectorLeaf(int(index)+1), "north.example/v1", verifier); !errors.Is(err, ErrProof) {
				t.Errorf("%d of %d for the next leaf: %v", index, size, err)
			}
		}
	}
}

func TestLeafProofRefusesToWrite(t *testing.T) {
	var v leafProofVectors
	readVectors(t, "leafproofs.json", &v)
	good, err := ParseLeafProof([]byte(v.Good[3].Text))
	if err != nil {
		t.Fatal(err)
	}
	for why, test := range map[string]struct {
		spoil func(*LeafProof)
		want  error
	}{
		"index negative":        {func(p *LeafProof) { p.Index = -1 }, ErrProof},
		"index beyond the tree": {func(p *LeafProof) { p.Index = 16 }, ErrProof},
		"49 hashes":             {func(p *LeafProof) { p.Hashes = make([]tlog.Hash, 49) }, ErrProof},
		"no checkpoint":         {func(p *LeafProof) { p.Checkpoint = nil }, ErrCheckpoint},
	} {
		bad := good
		test.spoil(&bad)
		if text, err := bad.Marshal(); !errors.Is(err, test.want) {
			t.Errorf("%s: %q, %v", why, text, err)
		}
	}
}

func FuzzParseLeafProof(f *testing.F) {
	var v leafProofVectors
	readVectors(f, "leafproofs.json", &v)
	for _, good := range v.Good {
		f.Add([]byte(good.Text))
	}
	for _, bad := range v.Bad {
		f.Add([]byte(bad.Text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseLeafProof(text)
		if err != nil {
			if !errors.Is(err, ErrProof) && !errors.Is(err, ErrCheckpoint) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if again, err := p.Marshal(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q comes back as %q, %v", text, again, err)
		}
		var theirs proof.TLogProof
		if err := theirs.Unmarshal(text); err != nil || theirs.Index != uint64(p.Index) {
			t.Errorf("another implementation reads %q as %+v, %v", text, theirs, err)
		}
	})
}
