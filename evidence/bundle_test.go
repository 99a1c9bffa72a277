package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"heed"
	"heed/ledger"
)

// everything is a bundle with every part, in which proofs need not hold.
func everything(t testing.TB) Bundle {
	t.Helper()
	key := ledger.Key{1}
	vkey := (&scene{t: t}).key("south.example/v1", "south.example/v1").Verifier().String()
	return Bundle{
		Claims: []Claim{
			{Kind: ClaimSteps, Case: heed.CaseID{1}, At: -1},
			{Kind: ClaimSilence, Statement: heed.StatementID{2}, Duty: heed.DutyAssess, At: -1},
			{Kind: ClaimMisbehaviour, Party: "south.example", Lie: LeftOut, Ledger: vkey, At: 0},
		},
		Cards: [][]byte{[]byte("card")}, Statements: []Statement{{Note: []byte("a")}, {Note: []byte("b"), Key: &key}},
		Releases: [][]byte{[]byte("release")}, Contents: []Content{{Salt: [32]byte{3}, Data: []byte("content")}, {Data: []byte{}}},
		Headers: [][]byte{[]byte("header")}, Checkpoints: [][]byte{[]byte("checkpoint")},
		Leaves:     []Leaf{{Leaf: []byte("leaf"), Proof: []byte("proof")}},
		Maps:       []Map{{Leaf: []byte("root"), Proof: []byte("proof"), Paths: []Path{{Tag: ledger.Tag{4}, Path: []byte("path")}, {Path: []byte{}}}}},
		Insertions: []Insertion{{Index: 7, Path: []byte("path")}},
	}
}

func TestBundleRoundTrip(t *testing.T) {
	b := everything(t)
	file, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, b) {
		t.Errorf("read %+v\nwrote %+v", read, b)
	}
	again, err := read.Encode()
	if err != nil || !bytes.Equal(again, file) {
		t.Errorf("written again it differs: %v", err)
	}
	twice := b
	twice.Cards = [][]byte{b.Cards[0], b.Cards[0]}
	if once, err := twice.Encode(); err != nil || !bytes.Equal(once, file) {
		t.Errorf("a part that stands twice is not written once: %v", err)
	}
}

// file frames parts by hand.
func file(parts ...[]byte) []byte {
	out := append([]byte(bundleFirst), bytes.Join(parts, nil)...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

func part(t partType, data string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{byte(t)}, uint32(len(data))), data...)
}

func TestDamagedFiles(t *testing.T) {
	claim := part(partClaim, Claim{Kind: ClaimSteps, Case: heed.CaseID{1}, At: -1}.text())
	if _, err := Parse(file(claim)); err != nil {
		t.Fatal(err)
	}
	var many [][]byte
	for i := range most[partCard] + 1 {
		many = append(many, part(partCard, strings.Repeat("x", i)))
	}
	deep := strings.Repeat(string(make([]byte, 34)), MaxPaths)
	text := func(s string) []byte { return file(part(partClaim, s)) }
	for name, data := range map[string][]byte{
		"nothing":               nil,
		"another first line":    bytes.Replace(file(claim), []byte("/v1"), []byte("/v2"), 1),
		"no claim":              file(part(partCard, "x")),
		"no hash":               append([]byte(bundleFirst), claim...),
		"a byte behind":         append(file(claim), 0),
		"a byte too few":        file(claim)[:len(file(claim))-1],
		"a part of no type":     file(claim, part(0, "x")),
		"a part of type 11":     file(claim, part(11, "x")),
		"parts out of order":    file(claim, part(partRelease, "x"), part(partCard, "x")),
		"a part twice":          file(claim, part(partCard, "x"), part(partCard, "x")),
		"a part cut short":      file(claim, part(partCard, "xyz")[:6]),
		"a part's head":         file(claim, []byte{byte(partCard), 0, 0}),
		"too many cards":        file(append([][]byte{claim}, many...)...),
		"a statement of flag 2": file(claim, part(partStatement, "\x02note")),
		"a statement cut short": file(claim, part(partStatement, "\x01"+strings.Repeat("k", 32))),
		"an empty statement":    file(claim, part(partStatement, "")),
		"a content cut short":   file(claim, part(partContent, strings.Repeat("s", 31))),
		"a leaf of nothing":     file(claim, part(partLeaf, "\x00\x00proof")),
		"a leaf too long":       file(claim, part(partLeaf, "\x00\x05leaf")),
		"a map cut short":       file(claim, part(partMap, "\x04root\x00\x00")),
		"a map's proof":         file(claim, part(partMap, "\x04root\x00\x00\x00\x09proof")),
		"a map's path":          file(claim, part(partMap, "\x04root\x00\x00\x00\x05proof"+strings.Repeat("t", 32)+"\x00\x05path")),
		"a map's tag":           file(claim, part(partMap, "\x04root\x00\x00\x00\x05proof"+strings.Repeat("t", 31))),
		"too many paths":        file(claim, part(partMap, "\x04root\x00\x00\x00\x05proof"+deep+string(make([]byte, 34)))),
		"an insertion":          file(claim, part(partInsertion, "1234567")),
		"an insertion too far":  file(claim, part(partInsertion, "\xff2345678")),
		"8 MiB that is bare":    file(claim, part(partCard, strings.Repeat("x", MaxBundleBare))),
		"a claim of nothing":    text(""),
		"a claim of no kind":    text("heed-claim/v1\nclaim: x\n"),
		"a claim with more":     text(Claim{Kind: ClaimSteps, Case: heed.CaseID{1}}.text() + "more: x\n"),
		"a claim unfinished":    text(strings.TrimSuffix(Claim{Kind: ClaimSteps, Case: heed.CaseID{1}}.text(), "\n")),
		"a claim of zeros":      text("heed-claim/v1\nclaim: steps\ncase: " + strings.Repeat("0", 64) + "\n"),
		"a claim in capitals":   text("heed-claim/v1\nclaim: steps\ncase: " + strings.Repeat("A", 64) + "\n"),
		"a claim about review":  text(Claim{Kind: ClaimSilence, Statement: heed.StatementID{1}, Duty: heed.DutyReview}.text()),
		"a claim of no lie":     text(Claim{Kind: ClaimMisbehaviour, Party: "south.example", Lie: "white", At: -1}.text()),
		"a claim about nobody":  text(Claim{Kind: ClaimMisbehaviour, Party: "south", Lie: LeftOut, At: -1}.text()),
		"a claim at +1":         text(strings.Replace(Claim{Kind: ClaimMisbehaviour, Party: "south.example", Lie: LeftOut, At: 1}.text(), "at: 1", "at: +1", 1)),
		"a claim at 01":         text(strings.Replace(Claim{Kind: ClaimMisbehaviour, Party: "south.example", Lie: LeftOut, At: 1}.text(), "at: 1", "at: 01", 1)),
		"a claim at -1":         text(strings.Replace(Claim{Kind: ClaimMisbehaviour, Party: "south.example", Lie: LeftOut, At: 1}.text(), "at: 1", "at: -1", 1)),
		"a claim on a bad key":  text(strings.Replace(Claim{Kind: ClaimMisbehaviour, Party: "south.example", Lie: LeftOut, At: 1}.text(), "ledger: none", "ledger: x", 1)),
	} {
		if _, err := Parse(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	within := append(slices.Clone(claim), part(partContent, strings.Repeat("x", MaxBundleBare+32))...)
	if _, err := Parse(file(within)); err != nil {
		t.Errorf("a large content: %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, change := range map[string]func(b *Bundle){
		"no claim":                    func(b *Bundle) { b.Claims = nil },
		"a claim of no kind":          func(b *Bundle) { b.Claims = append(b.Claims, Claim{}) },
		"a steps claim with a lie":    func(b *Bundle) { b.Claims[0].Lie = LeftOut },
		"a leaf of nothing":           func(b *Bundle) { b.Leaves[0].Leaf = nil },
		"a leaf too long":             func(b *Bundle) { b.Leaves[0].Leaf = make([]byte, 1<<16) },
		"a root too long":             func(b *Bundle) { b.Maps[0].Leaf = make([]byte, 256) },
		"too many paths":              func(b *Bundle) { b.Maps[0].Paths = make([]Path, MaxPaths+1) },
		"a path too long":             func(b *Bundle) { b.Maps[0].Paths[0].Path = make([]byte, 1<<16) },
		"an index below nothing":      func(b *Bundle) { b.Insertions[0].Index = -1 },
		"an empty statement":          func(b *Bundle) { b.Statements[0].Note = nil },
		"a card of more than 8 MiB":   func(b *Bundle) { b.Cards[0] = make([]byte, MaxBundleBare) },
		"a content of more than all":  func(b *Bundle) { b.Contents[0].Data = make([]byte, MaxBundle) },
		"a silence claim on a review": func(b *Bundle) { b.Claims[1].Duty = heed.DutyReview },
	} {
		b := everything(t)
		change(&b)
		if _, err := b.Encode(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	all, err := everything(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all[:len(all)-sha256.Size])
	f.Add([]byte(bundleFirst))
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body) // a fuzzer does not guess it
		data := append(slices.Clone(body), sum[:]...)
		b, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		again, err := b.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read and written again, it differs: %v", err)
		}
		if _, err := Verify(Policy{}, data); !errors.Is(err, ErrPolicy) {
			t.Fatal(err)
		}
	})
}
