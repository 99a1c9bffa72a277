package ledger

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosignatureVectors is testdata/cosignatures.json. Its Ed25519 lines come
// from another implementation of Ed25519, its ML-DSA-44 lines from the signer
// of transparency-dev.
type cosignatureVectors struct {
	Origin, Signer, Verifier string
	Size                     int64
	Root                     hash64
	Cosigners                []struct {
		Name, Secret, VKey, Line string
		Time                     int64
	}
	Signed                   string
	Later, LaterPost         string
	LaterTime, LaterPostTime int64
	Bad                      []struct{ Why, VKey, Line string }
	BadKeys                  []struct{ Why, VKey string }
	BadSecrets               []struct{ Why, Secret string }

	// The three cosigners again: Ed25519, another Ed25519, ML-DSA-44.
	edKey, westKey, postKey    CosignerKey
	edLine, westLine, postLine string
	edTime, westTime, postTime time.Time
}

func readCosignatures(t testing.TB) cosignatureVectors {
	t.Helper()
	var v cosignatureVectors
	readVectors(t, "cosignatures.json", &v)
	v.edKey, v.edLine, v.edTime = mustCosigner(t, v.Cosigners[0].VKey), v.Cosigners[0].Line, time.Unix(v.Cosigners[0].Time, 0).UTC()
	v.westKey, v.westLine, v.westTime = mustCosigner(t, v.Cosigners[1].VKey), v.Cosigners[1].Line, time.Unix(v.Cosigners[1].Time, 0).UTC()
	v.postKey, v.postLine, v.postTime = mustCosigner(t, v.Cosigners[2].VKey), v.Cosigners[2].Line, time.Unix(v.Cosigners[2].Time, 0).UTC()
	return v
}

// head is the vectors' head with these signature lines.
func (v cosignatureVectors) head(lines ...string) Checkpoint {
	c := Checkpoint{Origin: v.Origin, Size: v.Size, Root: tlog.Hash(v.Root)}
	if len(lines) > 0 {
		c.Cosignatures = []byte(strings.Join(lines, ""))
	}
	return c
}

func mustCosigner(t testing.TB, vkey string) CosignerKey {
	t.Helper()
	k, err := ParseCosignerKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testCosigner(t testing.TB, name string, seed byte) CosigningKey {
	t.Helper()
	k, err := NewCosigningKey(name, repeat(seed))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCosignatureVectors(t *testing.T) {
	v := readCosignatures(t)
	for _, w := range v.Cosigners {
		key := mustCosigner(t, w.VKey)
		if key.String() != w.VKey || key.Name() != w.Name {
			t.Errorf("%s comes back as %s", w.VKey, key)
		}
		at, ok := key.Verify(v.head(w.Line))
		if !ok || at.Unix() != w.Time || at.Location() != time.UTC {
			t.Errorf("%s: %v, %v; want %d", w.Name, at, ok, w.Time)
		}
		if w.Secret == "" {
			continue // we verify ML-DSA-44 and do not sign it
		}
		secret, err := ParseCosigningKey(w.Secret)
		if err != nil || secret.Secret() != w.Secret || secret.VKey() != w.VKey || secret.Name() != w.Name || secret.Public().String() != w.VKey {
			t.Errorf("%s: %v", w.Name, err)
		}
		// Parts of seconds are cut, whatever the zone.
		local := time.Unix(w.Time, 999_999_999).In(time.FixedZone("east", 7200))
		if line, err := secret.Cosign(v.head(), local); err != nil || string(line) != w.Line {
			t.Errorf("%s signs %q, %v", w.Name, line, err)
		}
	}
	verifier, err := note.NewVerifier(v.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCheckpoint([]byte(v.Signed), v.Origin, verifier)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range v.Cosigners {
		if at, ok := mustCosigner(t, w.VKey).Verify(c); !ok || at.Unix() != w.Time {
			t.Errorf("%s on the whole checkpoint: %v, %v", w.Name, at, ok)
		}
	}
	for _, bad := range v.Bad {
		if at, ok := mustCosigner(t, bad.VKey).Verify(v.head(bad.Line)); ok || !at.IsZero() {
			t.Errorf("%s: verifies, at %v", bad.Why, at)
		}
	}
}

func TestCosignerKeysRefused(t *testing.T) {
	v := readCosignatures(t)
	for _, bad := range v.BadKeys {
		if k, err := ParseCosignerKey(bad.VKey); !errors.Is(err, ErrCosigner) || k.String() != "" {
			t.Errorf("%s: %v, %v", bad.Why, k, err)
		} else if len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", bad.Why, len(err.Error()))
		}
	}
	if _, err := ParseCosignerKey(strings.Repeat("w", 1<<20)); !errors.Is(err, ErrCosigner) {
		t.Errorf("a key of a megabyte: %v", err)
	}
	for _, bad := range v.BadSecrets {
		_, err := ParseCosigningKey(bad.Secret)
		if !errors.Is(err, ErrCosigner) {
			t.Errorf("%s: %v", bad.Why, err)
		} else if _, secret, _ := strings.Cut(bad.Secret, "+B"); secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows the key: %v", bad.Why, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "\xff", strings.Repeat("w", 256)} {
		if _, err := NewCosigningKey(name, repeat(1)); !errors.Is(err, ErrCosigner) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, err := NewCosigningKey("w", strings.NewReader("too short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short randomness: %v", err)
	}
}

func TestCosignRefuses(t *testing.T) {
	v := readCosignatures(t)
	key := testCosigner(t, "witness.example/w1", 1)
	for _, seconds := range []int64{-1 << 62, -1, 0, 253402300800, 1 << 62} {
		if line, err := key.Cosign(v.head(), time.Unix(seconds, 0)); !errors.Is(err, ErrCosignature) {
			t.Errorf("at %d: %q, %v", seconds, line, err)
		}
	}
	for _, seconds := range []int64{1, 253402300799} {
		line, err := key.Cosign(v.head(), time.Unix(seconds, 0))
		if err != nil {
			t.Errorf("at %d: %v", seconds, err)
		}
		if at, ok := key.Public().Verify(v.head(string(line))); !ok || at.Unix() != seconds {
			t.Errorf("at %d: %v, %v", seconds, at, ok)
		}
	}
	broken := v.head()
	broken.Origin = "two\nlines"
	if line, err := key.Cosign(broken, time.Unix(1, 0)); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("a head without a byte form: %q, %v", line, err)
	}
	if line, err := (CosigningKey{}).Cosign(v.head(), time.Unix(1, 0)); !errors.Is(err, ErrCosignature) {
		t.Errorf("no key: %q, %v", line, err)
	}
	if at, ok := (CosignerKey{}).Verify(v.head(v.edLine)); ok {
		t.Errorf("no key verifies, at %v", at)
	}
	zero := CosigningKey{}
	if zero.Secret() != "" || zero.VKey() != "" || zero.Name() != "" {
		t.Error("the zero key has text")
	}
	// A head that is not in its strict form has no cosignatures.
	for why, c := range map[string]Checkpoint{
		"a key twice":      v.head(v.edLine, v.edLine),
		"unfinished":       v.head(strings.TrimSuffix(v.edLine, "\n")),
		"a line of text":   v.head(v.edLine, "text\n"),
		"an origin of 256": {Origin: strings.Repeat("x", 256), Size: v.Size, Root: tlog.Hash(v.Root), Cosignatures: []byte(v.edLine)},
	} {
		if at, ok := v.edKey.Verify(c); ok {
			t.Errorf("%s: verifies, at %v", why, at)
		}
	}
}

func TestCosigningKeyIsNotShown(t *testing.T) {
	key := testCosigner(t, "witness.example/w1", 7)
	_, secret, _ := strings.Cut(strings.TrimPrefix(key.Secret(), cosigningKeyPrefix), "+")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown := fmt.Sprintf(verb, key)
		if strings.Contains(shown, secret) || !strings.Contains(shown, "private") || !strings.Contains(shown, "witness.example/w1") {
			t.Errorf("%s: %s", verb, shown)
		}
		if wrapped := fmt.Sprintf(verb, struct{ Key CosigningKey }{key}); strings.Contains(wrapped, secret) {
			t.Errorf("%s: %s", verb, wrapped)
		}
	}
	if shown := fmt.Sprint(CosigningKey{}); !strings.Contains(shown, "none") {
		t.Errorf("the zero key: %s", shown)
	}
}

// A second implementation, transparency-dev's, takes our keys and
// cosignatures, and we take its own, of both types.
func TestCosignaturesOfAnotherImplementation(t *testing.T) {
	logSigner, logVerifier := testKey(t, "north.example/v1", 1)
	head := grow(t, 16).tree.Head("north.example/v1")
	signed, err := head.Sign(logSigner)
	if err != nil {
		t.Fatal(err)
	}

	ours := testCosigner(t, "witness.example/w1", 2)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	line, err := ours.Cosign(head, at)
	if err != nil {
		t.Fatal(err)
	}
	theirVerifier, err := formats.NewVerifierForCosignatureV1(ours.VKey())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open(append(bytes.Clone(signed), line...), note.VerifierList(logVerifier, theirVerifier))
	if err != nil || len(opened.Sigs) != 2 {
		t.Fatalf("our cosignature: %v", err)
	}
	if theirs, err := formats.CoSigV1Timestamp(opened.Sigs[1]); err != nil || !theirs.Equal(at) {
		t.Errorf("they read the time %v, %v; want %v", theirs, err, at)
	}
	theirSigner, err := formats.NewSignerForCosignatureV1(ours.Secret())
	if err != nil || theirSigner.KeyHash() != ours.Public().id {
		t.Fatalf("our private key: %v", err)
	}

	postSecret, postVKey, err := formats.GenerateMLDSAKey("witness.example/post")
	if err != nil {
		t.Fatal(err)
	}
	postSigner, err := formats.NewSignerForCosignatureV1(postSecret)
	if err != nil {
		t.Fatal(err)
	}
	post := mustCosigner(t, postVKey)
	// Their signers read the clock, which is why they are here only.
	before := time.Now().Truncate(time.Second)
	both, err := note.Sign(opened, theirSigner, postSigner)
	if err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	c, err := ParseCheckpoint(both, head.Origin, logVerifier)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []CosignerKey{ours.Public(), post} {
		if at, ok := key.Verify(c); !ok || at.Before(before) || at.After(after) {
			t.Errorf("%s: %v, %v; want %v to %v", key.Name(), at, ok, before, after)
		}
	}
	// Not one bit of a line may differ.
	for _, offered := range strings.SplitAfter(strings.TrimSuffix(string(c.Cosignatures), "\n"), "\n") {
		offered = strings.TrimSuffix(offered, "\n") + "\n"
		parsed, ok := parseSignatureLine([]byte(strings.TrimSuffix(offered, "\n")))
		if !ok {
			t.Fatalf("%q", offered)
		}
		step := 1 + len(parsed.signature)/64
		for i := 0; i < len(parsed.signature); i += step {
			altered := bytes.Clone(parsed.signature)
			altered[i] ^= 1 << (i % 8)
			bad := head
			bad.Cosignatures = formatSignatureLine(parsed.name, parsed.keyHash, altered)
			for _, key := range []CosignerKey{ours.Public(), post} {
				if at, ok := key.Verify(bad); ok {
					t.Errorf("%s byte %d altered: verifies, at %v", parsed.name, i, at)
				}
			}
		}
	}
}

// The examples that docs/witnesses.md prints are the vectors.
func TestWitnessDocumentShowsTheVectors(t *testing.T) {
	data, err := os.ReadFile("../docs/witnesses.md")
	if err != nil {
		t.Fatal(err)
	}
	document := string(data)
	v := readCosignatures(t)
	expected := []string{v.Cosigners[0].Secret, v.Cosigners[0].VKey, fmt.Sprint(v.Cosigners[0].Time), fmt.Sprint(v.Cosigners[1].Time), v.edLine, v.westLine}
	expected = append(expected, strings.Split(v.Signed, "\n")[:5]...)
	var proofs leafProofVectors
	readVectors(t, "leafproofs.json", &proofs)
	for _, good := range proofs.Good {
		if good.Size == 3 {
			expected = append(expected, indented(good.Text))
		}
	}
	for _, good := range readWitnessVectors(t).Requests.Good {
		if good.Old == 16 && good.Size == 32 {
			expected = append(expected, indented(good.Body))
		}
	}
	for n := 1; n <= 7; n++ {
		if q := DefaultQuorum(n); q.Q != q.S {
			t.Errorf("the document has one row for q and s, and %+v", q)
		}
	}
	for _, text := range expected {
		if !strings.Contains(document, text) {
			t.Errorf("docs/witnesses.md does not show %q", text)
		}
	}
}

// indented is text as the documents print it.
func indented(text string) string {
	return strings.ReplaceAll("    "+strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    "), "\n    \n", "\n\n")
}

func FuzzParseCosignerKey(f *testing.F) {
	v := readCosignatures(f)
	for _, w := range v.Cosigners {
		f.Add(w.VKey)
	}
	for _, bad := range v.BadKeys {
		f.Add(bad.VKey)
	}
	head := v.head(v.edLine, v.westLine, v.postLine)
	f.Fuzz(func(t *testing.T, vkey string) {
		key, err := ParseCosignerKey(vkey)
		if err != nil {
			if !errors.Is(err, ErrCosigner) {
				t.Errorf("%q: %v", vkey, err)
			}
			return
		}
		if key.String() != vkey {
			t.Errorf("%q comes back as %q", vkey, key)
		}
		if _, err := formats.NewVerifierForCosignatureV1(vkey); err != nil {
			t.Errorf("another implementation refuses %q: %v", vkey, err)
		}
		key.Verify(head) // never panics
	})
}

func FuzzParseCosigningKey(f *testing.F) {
	v := readCosignatures(f)
	f.Add(v.Cosigners[0].Secret)
	f.Add(v.Cosigners[1].Secret)
	for _, bad := range v.BadSecrets {
		f.Add(bad.Secret)
	}
	f.Fuzz(func(t *testing.T, skey string) {
		key, err := ParseCosigningKey(skey)
		if err == nil && key.Secret() != skey {
			t.Errorf("%q comes back as %q", skey, key.Secret())
		}
	})
}

// Whatever verifies for us verifies for the other implementation, at the same time.
func FuzzVerifyCosignature(f *testing.F) {
	v := readCosignatures(f)
	for _, w := range v.Cosigners {
		f.Add([]byte(w.Line))
	}
	for _, bad := range v.Bad {
		f.Add([]byte(bad.Line))
	}
	keys := []CosignerKey{v.edKey, v.westKey, v.postKey}
	f.Fuzz(func(t *testing.T, lines []byte) {
		c := v.head()
		c.Cosignatures = lines
		for _, key := range keys {
			at, ok := key.Verify(c)
			if !ok {
				continue
			}
			split, err := splitSignatures(lines, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range split {
				if line.name != key.name || line.keyHash != key.id {
					continue
				}
				theirs, err := formats.NewVerifierForCosignatureV1(key.String())
				if err != nil || !theirs.Verify(c.Body(), line.signature) || binary.BigEndian.Uint64(line.signature) != uint64(at.Unix()) {
					t.Errorf("%q verifies at %v for us alone", line.raw, at)
				}
			}
		}
	})
}

func BenchmarkCosign(b *testing.B) {
	v := readCosignatures(b)
	key, err := NewCosigningKey("witness.example/w1", rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	at := time.Unix(v.LaterTime, 0)
	for b.Loop() {
		if _, err := key.Cosign(v.head(), at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyCosignature(b *testing.B) {
	v := readCosignatures(b)
	c := v.head(v.edLine, v.westLine, v.postLine)
	for _, key := range []CosignerKey{v.edKey, v.postKey} {
		b.Run(key.Name(), func(b *testing.B) {
			for b.Loop() {
				if _, ok := key.Verify(c); !ok {
					b.Fatal("does not verify")
				}
			}
		})
	}
}
