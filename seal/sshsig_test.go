package seal

import (
	"bytes"
	"crypto/elliptic"
	"errors"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heed/seal/sshtest"
)

var updateTokens = flag.Bool("update-tokens", false, "write the vectors of FIDO keys")

const ruth = "north.example/officer/ruth"

func sshFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "ssh", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sshKeyOf(t testing.TB, name string) VerifyKey {
	t.Helper()
	key, err := ParseSSHKey(sshFile(t, name+".pub"))
	if err != nil {
		t.Fatal(err)
	}
	verify, err := key.Named(ruth)
	if err != nil {
		t.Fatal(err)
	}
	return verify
}

// tokens are the FIDO keys of the vectors.
func tokens() map[string]sshtest.Key {
	touched, asked := sshtest.New(sshtest.TokenEd25519, "vector"), sshtest.New(sshtest.TokenECDSA, "vector")
	touched.Counter = 7
	asked.Application, asked.Flags = "ssh:heed", 0x05 // touched, and a PIN given
	return map[string]sshtest.Key{"token-ed25519": touched, "token-ecdsa": asked}
}

// The vectors of files are what ssh-keygen -Y sign wrote (OpenSSH 9.2); those of
// tokens are checked with ssh-keygen -Y verify in cmd/heed's story sshkeys.
func TestSSHVectors(t *testing.T) {
	if *updateTokens {
		for name, k := range tokens() {
			for suffix, data := range map[string][]byte{".pub": k.Line(), ".sig": k.Sign(sshtest.Namespace, string(sshFile(t, "text")))} {
				if err := os.WriteFile(filepath.Join("testdata", "ssh", name+suffix), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	text := sshFile(t, "text")
	for _, name := range []string{"ed25519", "ecdsa", "token-ed25519", "token-ecdsa"} {
		key, armored := sshKeyOf(t, name), sshFile(t, name+".sig")
		signature, err := ParseSSHSignature(armored, key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !key.Verify(text, signature) {
			t.Errorf("%s: the signature does not verify", name)
		}
		if key.Verify(append(text, '\n'), signature) || key.Verify(nil, signature) {
			t.Errorf("%s: verifies another text", name)
		}
		if again, err := ParseSSHSignature(ArmorSSHSignature(signature), key); err != nil || !bytes.Equal(again, signature) {
			t.Errorf("%s: the armored form is read as something else: %v", name, err)
		}
		if strings.HasSuffix(name, "ed25519") && !bytes.Equal(ArmorSSHSignature(signature), armored) {
			t.Errorf("%s: the armored form is not that of ssh-keygen", name)
		}
		for i := range signature {
			altered := bytes.Clone(signature)
			altered[i] ^= 0x01
			if key.Verify(text, altered) {
				t.Errorf("%s: verifies with byte %d altered", name, i)
			}
		}
		for n := range signature {
			if key.Verify(text, signature[:n]) {
				t.Errorf("%s: verifies with its first %d bytes alone", name, n)
			}
		}
		if key.Verify(text, append(bytes.Clone(signature), 0)) {
			t.Errorf("%s: verifies with a byte added", name)
		}
	}
}

func TestSSHSignatureIsForOurs(t *testing.T) {
	text := sshFile(t, "text")
	own := sshKeyOf(t, "ed25519")
	for name, want := range map[string]string{
		"foreign-namespace.sig": `made for "file"`,
		"sha256.sig":            `over a "sha256"`,
		"ecdsa.sig":             "by another key",
		"token-ed25519.sig":     "by another key",
	} {
		_, err := ParseSSHSignature(sshFile(t, name), own)
		if !errors.Is(err, ErrSSHSignature) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		blob, err := unarmorSSH(sshFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if own.Verify(text, blob) {
			t.Errorf("%s verifies", name)
		}
	}
	for what, armored := range map[string]string{
		"empty":     "",
		"no armor":  "U1NIU0lH",
		"no base64": sshArmorTop + "!!!!\n" + sshArmorEnd,
		"no blob":   sshArmorTop + sshArmorEnd,
		"too long":  sshArmorTop + strings.Repeat("A", 2*MaxSSHSignature) + "\n" + sshArmorEnd,
	} {
		if _, err := ParseSSHSignature([]byte(armored), own); !errors.Is(err, ErrSSHSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
	machine, err := NewSigningKey(bytes.NewReader(make([]byte, 32)), "north.example/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSSHSignature(sshFile(t, "ed25519.sig"), machine.Verifier()); !errors.Is(err, ErrSSHSignature) {
		t.Errorf("a node's key: %v", err)
	}
}

// A token that was not touched signs nothing here.
func TestTokenWasTouched(t *testing.T) {
	for name, k := range tokens() {
		text := string(sshFile(t, "text"))
		key := sshKeyOf(t, name)
		for flags := range 256 {
			k.Flags = byte(flags)
			signature, err := ParseSSHSignature(k.Sign(sshtest.Namespace, text), key)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := key.Verify([]byte(text), signature), flags&0x01 != 0; got != want {
				t.Fatalf("%s with flags %02x: verifies %t", name, flags, got)
			}
			if flags >= 8 && testing.Short() {
				break
			}
		}
		k.Flags, k.Counter = 0x01, 1<<31
		if signature, err := ParseSSHSignature(k.Sign(sshtest.Namespace, text), key); err != nil || !key.Verify([]byte(text), signature) {
			t.Errorf("%s: the counter is looked at: %v", name, err)
		}
	}
}

// Of the two values of s that verify, one is a signature's form.
func TestSSHSignatureHasOneForm(t *testing.T) {
	text := sshFile(t, "text")
	for _, name := range []string{"ecdsa", "token-ecdsa"} {
		key := sshKeyOf(t, name)
		ssh, _ := key.SSH()
		signature, err := ParseSSHSignature(sshFile(t, name+".sig"), key)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := parseSSHSignature(signature, ssh)
		if err != nil {
			t.Fatal(err)
		}
		sig.s = new(big.Int).Sub(elliptic.P256().Params().N, sig.s)
		other := sig.bytes(ssh)
		if key.Verify(text, other) {
			t.Errorf("%s: both forms verify", name)
		}
		if settled, err := ParseSSHSignature(ArmorSSHSignature(other), key); err != nil || !bytes.Equal(settled, signature) {
			t.Errorf("%s: the other form is not settled: %v", name, err)
		}
	}
}

func TestSSHSignatureInNote(t *testing.T) {
	text := sshFile(t, "text")
	key := sshKeyOf(t, "token-ed25519")
	k := tokens()["token-ed25519"]
	pen := HeldElsewhere(key, func(message []byte) ([]byte, error) {
		return ParseSSHSignature(k.Sign(sshtest.Namespace, string(message)), key)
	})
	node, err := NewSigningKey(bytes.NewReader(make([]byte, 32)), "north.example/node")
	if err != nil {
		t.Fatal(err)
	}
	note, err := SignNote(string(text), node, pen)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenNote(note, []VerifyKey{node.Verifier(), key}); err != nil {
		t.Error(err)
	}
	if _, err := OpenNote(note, []VerifyKey{node.Verifier(), sshKeyOf(t, "ed25519")}); !errors.Is(err, ErrSignature) {
		t.Errorf("another officer's key: %v", err)
	}
	if pen.Secret() != "" || pen.IsZero() || pen.Verifier() != key {
		t.Errorf("a key held elsewhere: secret %q, zero %t", pen.Secret(), pen.IsZero())
	}
	wrong := HeldElsewhere(key, func([]byte) ([]byte, error) { return ParseSSHSignature(k.Sign(sshtest.Namespace, "another text"), key) })
	if _, err := SignNote(string(text), wrong); !errors.Is(err, ErrSignature) {
		t.Errorf("a signature over another text was taken: %v", err)
	}
	gone := errors.New("the officer went away")
	if _, err := SignNote(string(text), HeldElsewhere(key, func([]byte) ([]byte, error) { return nil, gone })); !errors.Is(err, gone) {
		t.Errorf("the holder's error is lost: %v", err)
	}
}

func FuzzSSHSignature(f *testing.F) {
	keys := []VerifyKey{}
	for _, name := range []string{"ed25519", "ecdsa", "token-ed25519", "token-ecdsa"} {
		key := sshKeyOf(f, name)
		keys = append(keys, key)
		signature, err := ParseSSHSignature(sshFile(f, name+".sig"), key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(signature)
	}
	text := sshFile(f, "text")
	f.Fuzz(func(t *testing.T, blob []byte) {
		for _, key := range keys {
			ssh, _ := key.SSH()
			sig, err := parseSSHSignature(blob, ssh)
			if err != nil {
				if key.Verify(text, blob) {
					t.Fatal("what is not read verifies")
				}
				continue
			}
			if !bytes.Equal(sig.bytes(ssh), blob) {
				t.Fatalf("a second form of one signature:\n%x\n%x", sig.bytes(ssh), blob)
			}
			settled, err := ParseSSHSignature(ArmorSSHSignature(blob), key)
			if err != nil {
				t.Fatal(err)
			}
			if key.Verify(text, blob) && !bytes.Equal(settled, blob) {
				t.Fatal("a signature verifies in a form that is not settled")
			}
		}
	})
}

// The examples of docs/keys.md are the vectors.
func TestSSHPage(t *testing.T) {
	page, err := os.ReadFile("../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	shows := func(s string) {
		t.Helper()
		if !strings.Contains(string(page), s) {
			t.Errorf("docs/keys.md does not show\n%s", s)
		}
	}
	text := sshFile(t, "text")
	shows(string(text))
	for _, name := range []string{"ed25519", "ecdsa", "token-ed25519", "token-ecdsa"} {
		key := sshKeyOf(t, name)
		signature, err := ParseSSHSignature(sshFile(t, name+".sig"), key)
		if err != nil {
			t.Fatal(err)
		}
		note, err := JoinNote(string(text), []NoteSignature{{Name: key.Name(), KeyHash: key.KeyHash(), Signature: signature}})
		if err != nil {
			t.Fatal(err)
		}
		shows("public  " + key.String() + "\n")
		shows("    line    " + strings.TrimPrefix(string(note), string(text)+"\n"))
	}
}
