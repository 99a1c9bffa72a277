package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"heed"
	"heed/control"
	"heed/seal"
	"heed/seal/sshtest"
	"heed/wire"
)

// A node that was taken cannot have an officer sign as somebody else, what does
// not say who signs, or words that stand for others. Nothing is signed then.
func TestWhatIsNotSigned(t *testing.T) {
	key, ssh := sshOfficer(t)
	words := control.SignContent{MediaType: heed.MediaText, Salt: bytes.Repeat([]byte{7}, 32), Data: []byte("Which hall?")}
	digest, err := wire.ContentDigest(words.MediaType, [32]byte(words.Salt), words.Data)
	if err != nil {
		t.Fatal(err)
	}
	good := func() control.SignRequest {
		return control.SignRequest{
			Officer: "ruth", Role: heed.Releaser, Key: key.String(), Contents: []control.SignContent{words},
			Text: "heed-statement/v1\nkind: question\ncontent: " + digest.String() + " 11 text/plain\nofficer: releaser " + key.String() + "\n",
		}
	}
	for what, c := range map[string]struct {
		change func(*control.SignRequest)
		want   string
	}{
		"nothing is wrong":      {func(*control.SignRequest) {}, "did not sign"}, // there is no such key file
		"another officer":       {func(r *control.SignRequest) { r.Officer = "rolf" }, "another officer's signature"},
		"another key":           {func(r *control.SignRequest) { r.Key = strings.Replace(r.Key, "ruth", "rolf", 1) }, "another officer's signature"},
		"another role":          {func(r *control.SignRequest) { r.Role = heed.Supervisor }, "another officer's signature"},
		"a text of nobody":      {func(r *control.SignRequest) { r.Text = "heed-statement/v1\nkind: question\n" }, "another officer's signature"},
		"no text of heed's":     {func(r *control.SignRequest) { r.Text = "x" + r.Text }, "another officer's signature"},
		"other words":           {func(r *control.SignRequest) { r.Contents[0].Data = []byte("Which ship?") }, "the text does not name"},
		"another salt":          {func(r *control.SignRequest) { r.Contents[0].Salt = make([]byte, 32) }, "the text does not name"},
		"a salt cut short":      {func(r *control.SignRequest) { r.Contents[0].Salt = make([]byte, 31) }, "salt"},
		"words of another form": {func(r *control.SignRequest) { r.Contents[0].MediaType = heed.MediaWarning }, "cannot be read"},
		"words that are no form": {func(r *control.SignRequest) {
			r.Contents = append(r.Contents, control.SignContent{Salt: make([]byte, 32)})
		}, "the text does not name"},
	} {
		var shown bytes.Buffer
		s := &sshSigner{officer: "ruth", key: key, ssh: ssh, file: "no such file", in: strings.NewReader(""), err: &shown}
		r := good()
		c.change(&r)
		signature, err := s.sign(t.Context(), r)
		var fault *control.Fault
		if signature != nil || !errors.As(err, &fault) || !strings.Contains(fault.Message, c.want) {
			t.Errorf("%s: signed %x, %v", what, signature, err)
		}
	}
	// What is named and not sent is said to be.
	var shown bytes.Buffer
	s := &sshSigner{officer: "ruth", key: key, ssh: ssh, file: "no such file", in: strings.NewReader(""), err: &shown}
	r := good()
	r.Contents = nil
	if _, err := s.sign(t.Context(), r); err == nil || !strings.Contains(shown.String(), "1 content of it not shown here") {
		t.Errorf("shown is %q, %v", shown.String(), err)
	}
}

// Words with the name of who said them are shown as what they are.
func TestAnAccountIsShown(t *testing.T) {
	key, ssh := sshOfficer(t)
	data, err := wire.EncodeAccount(heed.Account{By: "M. Okafor", Text: "Has it.\nWill search."})
	if err != nil {
		t.Fatal(err)
	}
	words := control.SignContent{MediaType: heed.MediaAccount, Salt: bytes.Repeat([]byte{7}, 32), Data: data}
	digest, err := wire.ContentDigest(words.MediaType, [32]byte(words.Salt), words.Data)
	if err != nil {
		t.Fatal(err)
	}
	text := "heed-entry/v1\nkind: acknowledged\ncontent: " + digest.String() + " 11 " + heed.MediaAccount + "\nofficer: releaser " + key.String() + "\n"
	var shown bytes.Buffer
	s := &sshSigner{officer: "ruth", key: key, ssh: ssh, file: "no such file", in: strings.NewReader(""), err: &shown}
	if _, err := s.sign(t.Context(), control.SignRequest{Officer: "ruth", Role: heed.Releaser, Key: key.String(), Contents: []control.SignContent{words}, Text: text}); err == nil {
		t.Error("signed without a key")
	}
	if !strings.Contains(shown.String(), "is\n\n  by M. Okafor\n  Has it.\n  Will search.\n") || strings.Contains(shown.String(), "not shown here") {
		t.Errorf("shown is\n%s", shown.String())
	}
	words.Data = []byte("no account")
	if digest, err = wire.ContentDigest(words.MediaType, [32]byte(words.Salt), words.Data); err != nil {
		t.Fatal(err)
	}
	if _, err := s.show("\ncontent: "+digest.String()+" ", words); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("what is no account: %v", err)
	}
}

// sshOfficer is the key of ruth's, an officer of north.example's.
func sshOfficer(t *testing.T) (seal.VerifyKey, seal.SSHKey) {
	t.Helper()
	ssh, err := seal.ParseSSHKey(sshtest.New(sshtest.Ed25519, "ruth").Line())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.Named("north.example/officer/ruth")
	if err != nil {
		t.Fatal(err)
	}
	return key, ssh
}
