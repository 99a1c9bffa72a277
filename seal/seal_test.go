package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source is a reproducible stream for tests, different for every number.
func source(number byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{number}) }

func newKey(t testing.TB, number byte, name string) SigningKey {
	t.Helper()
	key, err := NewSigningKey(source(number), name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSealing(t testing.TB) SealingKey {
	t.Helper()
	key, err := NewSealingKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// vectors is testdata/vectors.json, which docs/keys.md shows to other implementations.
type vectors struct {
	Keys         []struct{ Name, Seed, Private, Public string }
	Text         string
	Signers      []string
	Note         string
	Contents     []struct{ Salt, Content, Digest string }
	Fingerprints []struct{ Digest, Fingerprint string }
	Seal         struct{ Key, Recipient, Plaintext, Sealed string }
	Pin          struct{ CertificatePEM, Pin string }
	Passphrase   string
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(readTestdata(t, "vectors.json")))
	decoder.DisallowUnknownFields()
	var v vectors
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex32(t testing.TB, s string) [32]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		t.Fatalf("%q is not 32 bytes of hex: %v", s, err)
	}
	return [32]byte(b)
}

func TestVectors(t *testing.T) {
	v := readVectors(t)
	keys := make(map[string]SigningKey)
	for _, k := range v.Keys {
		seed := unhex32(t, k.Seed)
		key, err := NewSigningKey(bytes.NewReader(seed[:]), k.Name)
		if err != nil {
			t.Fatal(err)
		}
		if key.Secret() != k.Private || key.Verifier().String() != k.Public {
			t.Errorf("%s: got %s and %s", k.Name, key.Secret(), key.Verifier())
		}
		keys[k.Name] = key
	}
	var signers []SigningKey
	var verifiers []VerifyKey
	for _, name := range v.Signers {
		signers = append(signers, keys[name])
		verifiers = append(verifiers, keys[name].Verifier())
	}
	if signed, err := SignNote(v.Text, signers...); err != nil || string(signed) != v.Note {
		t.Errorf("SignNote gives %q, %v", signed, err)
	}
	if text, err := OpenNote([]byte(v.Note), verifiers); err != nil || text != v.Text {
		t.Errorf("OpenNote gives %q, %v", text, err)
	}
	for _, c := range v.Contents {
		if got := ContentDigest(unhex32(t, c.Salt), []byte(c.Content)); got != unhex32(t, c.Digest) {
			t.Errorf("ContentDigest of %q gives %x", c.Content, got)
		}
	}
	for _, f := range v.Fingerprints {
		if got := FingerprintOf(unhex32(t, f.Digest)).String(); got != f.Fingerprint {
			t.Errorf("FingerprintOf %s gives %s", f.Digest, got)
		}
	}
	sealing, err := ParseSealingKey(v.Seal.Key)
	if err != nil {
		t.Fatal(err)
	}
	if sealing.Recipient().String() != v.Seal.Recipient {
		t.Errorf("the sealing key has the recipient %s", sealing.Recipient())
	}
	opened, err := Open(readTestdata(t, v.Seal.Sealed), int64(len(v.Seal.Plaintext)), sealing)
	if err != nil || string(opened) != v.Seal.Plaintext {
		t.Errorf("Open gives %q, %v", opened, err)
	}
	file, err := ParseKeyFile(readTestdata(t, "keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if file.Node.Secret() != v.Keys[0].Private || file.Sealing[0].Secret() != v.Seal.Key || len(file.Officers) != 2 {
		t.Errorf("keys.txt holds %v", file)
	}
	if string(file.TLS.CertificatePEM()) != v.Pin.CertificatePEM || file.TLS.Pin() != unhex32(t, v.Pin.Pin) {
		t.Errorf("keys.txt holds the pin %x", file.TLS.Pin())
	}
	text, err := Passphrase{Text: v.Passphrase}.unlock(readTestdata(t, "keys.age"))
	if err != nil || !bytes.Equal(text, readTestdata(t, "keys.txt")) {
		t.Errorf("keys.age is not keys.txt encrypted: %v", err)
	}
	recovery, err := ParseRecoveryKey(readTestdata(t, "recovery.txt"))
	if err != nil || recovery.Secret() != keys["north.example/recovery"].Secret() {
		t.Errorf("recovery.txt holds %v, %v", recovery, err)
	}
}

// The document is what other implementations are written from: its examples are the vectors.
func TestDocumentShowsVectors(t *testing.T) {
	text, err := os.ReadFile("../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	document, v := string(text), readVectors(t)
	want := []string{v.Note, v.Seal.Key, v.Pin.Pin, v.Passphrase, string(readTestdata(t, "recovery.txt"))}
	for _, k := range v.Keys {
		want = append(want, k.Seed, k.Private, k.Public)
	}
	for _, c := range v.Contents {
		want = append(want, c.Salt, c.Digest)
	}
	for _, f := range v.Fingerprints {
		want = append(want, f.Digest, f.Fingerprint)
	}
	for _, w := range want {
		if !strings.Contains(document, w) {
			t.Errorf("docs/keys.md does not show %q", w)
		}
	}
}

func TestContentDigestNeedsItsSalt(t *testing.T) {
	a, err := NewSalt(source(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewSalt(source(2))
	if err != nil {
		t.Fatal(err)
	}
	if ContentDigest(a, []byte("x")) == ContentDigest(b, []byte("x")) {
		t.Error("two salts give one digest")
	}
	if _, err := NewSalt(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("31 bytes of randomness are taken for a salt")
	}
}
