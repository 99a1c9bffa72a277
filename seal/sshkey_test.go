package seal

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"heed/seal/sshtest"
)

func TestSSHKeys(t *testing.T) {
	for name, want := range map[string]struct {
		algorithm string
		token     bool
	}{
		"ed25519":       {SSHEd25519, false},
		"ecdsa":         {SSHECDSA, false},
		"token-ed25519": {SSHTokenEd25519, true},
		"token-ecdsa":   {SSHTokenECDSA, true},
	} {
		file := sshFile(t, name+".pub")
		key, err := ParseSSHKey(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if key.Algorithm() != want.algorithm || key.Token() != want.token || !strings.HasPrefix(string(file), key.String()+" ") {
			t.Errorf("%s is read as %s, token %t", name, key, key.Token())
		}
		verify, err := key.Named(ruth)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePersonKey(verify.String())
		if err != nil || again != verify {
			t.Errorf("%s: its verification key is read as another: %v", name, err)
		}
		if ssh, ok := verify.SSH(); !ok || ssh != key {
			t.Errorf("%s: the verification key gives another SSH key", name)
		}
		if _, err := ParseVerifyKey(verify.String()); !errors.Is(err, ErrKeyType) {
			t.Errorf("%s: taken for a machine's key: %v", name, err)
		}
	}
	// ssh-keygen -l -f testdata/ssh/ed25519.pub
	if key, err := ParseSSHKey(sshFile(t, "ed25519.pub")); err != nil || key.Fingerprint() != "SHA256:QJwdebvpZIBFCDpID4Jy+D40IE1I+/CZsYQAjUDEyKQ" {
		t.Errorf("fingerprint %s, %v", key.Fingerprint(), err)
	}
	if _, err := (SSHKey{}).Named(ruth); !errors.Is(err, ErrNoKey) {
		t.Errorf("no key was named: %v", err)
	}
}

func TestPersonKeyOfNode(t *testing.T) {
	node := "north.example/officer/jens"
	key, err := NewSigningKey(strings.NewReader(strings.Repeat("s", 32)), node)
	if err != nil {
		t.Fatal(err)
	}
	verify, err := ParsePersonKey(key.Verifier().String())
	if err != nil || verify != key.Verifier() {
		t.Fatalf("%v, %v", verify, err)
	}
	if _, ok := verify.SSH(); ok {
		t.Error("an Ed25519 key of the node's is taken for an SSH key")
	}
	// One key in two forms is one key.
	public := verify.data[1:]
	ssh := SSHKey{blob: string(sshtest.Strings(SSHEd25519, public))}
	other, err := ssh.Named(ruth)
	if err != nil {
		t.Fatal(err)
	}
	if other.Material() != verify.Material() || other.Material() != public {
		t.Error("one key has two materials")
	}
}

func TestSSHKeysThatAreRefused(t *testing.T) {
	good := strings.Fields(string(sshFile(t, "ed25519.pub")))[1]
	line := func(algorithm string, fields ...string) string {
		return algorithm + " " + base64.StdEncoding.EncodeToString(sshtest.Strings(fields...))
	}
	point := string(sshFile(t, "ecdsa.pub"))
	blob, _ := base64.StdEncoding.DecodeString(strings.Fields(point)[1])
	xy := string(blob[len(blob)-65:])
	material := strings.Repeat("m", 32)
	for what, file := range map[string]string{
		"empty":               "",
		"one word":            "ssh-ed25519",
		"rsa":                 string(sshFile(t, "rsa.pub")),
		"private":             "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n",
		"two lines":           "ssh-ed25519 " + good + "\nssh-ed25519 " + good,
		"options":             `command="ls" ssh-ed25519 ` + good,
		"another algorithm":   "ecdsa-sha2-nistp256 " + good,
		"no base64":           "ssh-ed25519 " + good[:len(good)-1],
		"cut short":           line(SSHEd25519, SSHEd25519, material[:31]),
		"more follows":        line(SSHEd25519, SSHEd25519, material, ""),
		"token without use":   line(SSHTokenEd25519, SSHTokenEd25519, material),
		"token of a web site": line(SSHTokenEd25519, SSHTokenEd25519, material, "https://bank.example"),
		"token, blank":        line(SSHTokenEd25519, SSHTokenEd25519, material, "ssh: x"),
		"token, long":         line(SSHTokenEd25519, SSHTokenEd25519, material, "ssh:"+strings.Repeat("x", 61)),
		"small order":         line(SSHEd25519, SSHEd25519, strings.Repeat("\x00", 32)),
		"another curve":       line(SSHECDSA, SSHECDSA, "nistp384", xy),
		"off the curve":       line(SSHECDSA, SSHECDSA, "nistp256", xy[:64]+string(xy[64]^1)),
		"compressed":          line(SSHECDSA, SSHECDSA, "nistp256", "\x02"+xy[1:33]),
		"too long":            "ssh-ed25519 " + good + " " + strings.Repeat("c", MaxSSHKeyFile),
		"large":               line(SSHEd25519, SSHEd25519, strings.Repeat("m", maxSSHKey)),
	} {
		if key, err := ParseSSHKey([]byte(file)); !errors.Is(err, ErrSSHKey) {
			t.Errorf("%s: %v, %v", what, key, err)
		}
	}
	if _, err := ParseSSHKey([]byte("ssh-ed25519 " + good + " the comment\tof a person\n")); err != nil {
		t.Error(err)
	}
}

func TestPersonKeysThatAreRefused(t *testing.T) {
	key := sshKeyOf(t, "ed25519")
	forge := func(data string) string {
		return VerifyKey{name: ruth, hash: keyHash(ruth, []byte(data)), data: data}.String()
	}
	for what, s := range map[string]string{
		"without the identifier": forge("\xff" + strings.TrimPrefix(key.data[1:], sshKeyID)),
		"another identifier":     forge("\xffheed-sshsig-v2\n" + strings.TrimPrefix(key.data[1:], sshKeyID)),
		"no key":                 forge("\xff" + sshKeyID),
		"more follows":           forge(key.data + "x"),
		"unknown type":           forge("\x02" + key.data[1:]),
		"another hash":           strings.Replace(key.String(), "+", "+0", 1),
	} {
		if got, err := ParsePersonKey(s); !errors.Is(err, ErrVerifyKey) && !errors.Is(err, ErrKeyType) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
}

func FuzzSSHKey(f *testing.F) {
	for _, name := range []string{"ed25519", "ecdsa", "token-ed25519", "token-ecdsa", "rsa"} {
		f.Add(sshFile(f, name+".pub"))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		key, err := ParseSSHKey(file)
		if err != nil {
			return
		}
		if again, err := ParseSSHKey([]byte(key.String())); err != nil || again != key {
			t.Fatalf("%s is read as another key: %v", key, err)
		}
		verify, err := key.Named(ruth)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParsePersonKey(verify.String()); err != nil || again != verify {
			t.Fatalf("%s is read as another key: %v", verify, err)
		}
	})
}

// A key file holds what the node can sign with, and nothing in the place of it.
func TestKeyFileHoldsNoKeysFromElsewhere(t *testing.T) {
	verify := sshKeyOf(t, "ed25519")
	file, err := ParseKeyFile(readTestdata(t, "keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	file.Officers = append(file.Officers, HeldElsewhere(verify, func([]byte) ([]byte, error) { return nil, ErrNoKey }))
	if data, err := file.Encode(); !errors.Is(err, ErrNoKey) {
		t.Errorf("written as %d bytes, %v", len(data), err)
	}
}
