package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"heed"
	"heed/control"
	"heed/seal"
	"heed/wire"
)

// sshKeygen is the program that signs: it reaches keys in files, agents and
// FIDO tokens, and asks for passphrases and touches itself.
const sshKeygen = "ssh-keygen"

// sshSigner signs for the officer who acts, on the machine where that person is.
// The private key is never read by heed.
type sshSigner struct {
	officer heed.OfficerID
	key     seal.VerifyKey // of the roster
	ssh     seal.SSHKey
	file    string // of the private key; empty: the agent has it
	in      io.Reader
	err     io.Writer
}

// signer is how the officer signs of whom the node has said that this key is
// held elsewhere. Where nothing could sign, the error is the node's own.
func (a *app) signer(fault *control.Fault) (*sshSigner, error) {
	key, err := seal.ParsePersonKey(fault.Signs)
	if err != nil {
		return nil, fmt.Errorf("the key that the node names: %w", err)
	}
	ssh, ok := key.SSH()
	if !ok {
		return nil, fault
	}
	s := &sshSigner{officer: a.officer(), key: key, ssh: ssh, file: a.sshKey, in: a.in, err: a.err}
	if s.file == "" {
		s.file = a.env("HEED_SSH_KEY")
	}
	if s.file == "" && a.env("SSH_AUTH_SOCK") == "" {
		return nil, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("officer %s signs with the SSH key %s, and neither its file nor an agent is named", s.officer, ssh.Fingerprint()), Hint: "add --ssh-key FILE, or set HEED_SSH_KEY; or start an agent: `ssh-agent`, `ssh-add FILE`"}
	}
	if _, err := exec.LookPath(sshKeygen); err != nil {
		return nil, &control.Fault{Exit: control.ExitFault, Message: "there is no ssh-keygen on this machine, which signs for officer " + string(s.officer), Hint: "install OpenSSH's client: on Debian, `apt install openssh-client`"}
	}
	return s, nil
}

// sign shows what is to be signed, and signs it.
func (s *sshSigner) sign(ctx context.Context, r control.SignRequest) (signature []byte, err error) {
	if err := s.check(r); err != nil {
		return nil, err
	}
	again := ""
	if r.Again {
		again = " again: the matter has gone on meanwhile"
	}
	fmt.Fprintf(s.err, "Officer %s (%s) signs this%s, with the key %s:\n\n", r.Officer, r.Role, again, s.ssh.Fingerprint())
	fmt.Fprintf(s.err, "%s\n\n", indent(r.Text, "  "))
	seen := map[string]bool{}
	for _, c := range r.Contents {
		name, err := s.show(r.Text, c)
		if err != nil {
			return nil, err
		}
		seen[name] = true
	}
	if n := strings.Count(r.Text, "\ncontent: ") + strings.Count(r.Text, "\ncheck: ") - len(seen); n > 0 {
		fmt.Fprintf(s.err, "%s of it not shown here\n\n", counted(n, "content"))
	}
	dir, err := os.MkdirTemp("", "heed-sign-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	text, key := filepath.Join(dir, "text"), s.file
	if err := os.WriteFile(text, []byte(r.Text), 0o600); err != nil {
		return nil, err
	}
	if key == "" {
		key = filepath.Join(dir, "key.pub")
		if err := os.WriteFile(key, []byte(s.ssh.String()+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if err := s.run(ctx, "-q", "-Y", "sign", "-n", seal.SSHNamespace, "-f", key, text); err != nil {
		return nil, err
	}
	armored, err := os.ReadFile(text + ".sig")
	if err != nil {
		return nil, err
	}
	signature, err = seal.ParseSSHSignature(armored, s.key)
	if err != nil {
		return nil, &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: fmt.Sprintf("name the file of the key %s with --ssh-key", s.ssh.Fingerprint())}
	}
	return signature, nil
}

// check refuses to sign for anybody else than who acts, with another key, or
// what does not say that this officer signs it.
func (s *sshSigner) check(r control.SignRequest) error {
	if r.Officer == s.officer && r.Key == s.key.String() && strings.HasPrefix(r.Text, "heed-") &&
		strings.Contains(r.Text, "\nofficer: "+string(r.Role)+" "+r.Key+"\n") {
		return nil
	}
	return errNotSigned(s.officer, "asks for another officer's signature, or for one on a text that does not name this officer")
}

// show shows a content of what is signed, once it is the one that the text names
// by its digest, which it returns: the officer does not take the node's word.
func (s *sshSigner) show(text string, c control.SignContent) (name string, err error) {
	if len(c.Salt) != 32 {
		return "", errNotSigned(s.officer, "sends a content whose salt has not its length")
	}
	digest, err := wire.ContentDigest(c.MediaType, [32]byte(c.Salt), c.Data)
	if err != nil {
		return "", errNotSigned(s.officer, "sends a content that cannot be read ("+err.Error()+")")
	}
	name = digest.String()
	if !strings.Contains(text, "\ncontent: "+name+" ") && !strings.Contains(text, "\ncheck: "+name+"\n") {
		return "", errNotSigned(s.officer, "sends a content that the text does not name")
	}
	words := ""
	switch c.MediaType {
	case heed.MediaText, heed.MediaRightsCheck:
		words = string(c.Data)
	case heed.MediaWarning:
		w, err := wire.ParseWarning(c.Data)
		if err != nil {
			return "", errNotSigned(s.officer, "sends a warning that cannot be read ("+err.Error()+")")
		}
		words = documentText(w)
	case heed.MediaAccount:
		a, err := wire.ParseAccount(c.Data)
		if err != nil {
			return "", errNotSigned(s.officer, "sends an account that cannot be read ("+err.Error()+")")
		}
		if words = a.Text; a.By != "" {
			words = strings.TrimSuffix("by "+plain(a.By)+"\n"+a.Text, "\n")
		}
	default:
		fmt.Fprintf(s.err, "%s is %q, %d bytes of %s\n\n", name[:8], plain(c.Name), len(c.Data), plain(c.MediaType))
		return name, nil
	}
	fmt.Fprintf(s.err, "%s is\n\n%s\n\n", name[:8], indent(words, "  "))
	return name, nil
}

func errNotSigned(officer heed.OfficerID, what string) error {
	return &control.Fault{Exit: control.ExitFault, Message: fmt.Sprintf("the node %s; nothing was signed for officer %s", what, officer), Hint: "are node and command of the same version?"}
}

// run has ssh-keygen sign. It speaks to the person itself.
func (s *sshSigner) run(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, sshKeygen, args...)
	c.Stdin, c.Stdout, c.Stderr = s.in, s.err, s.err
	err := c.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("ssh-keygen did not sign with the key %s; nothing was kept or sent", s.ssh.Fingerprint()), Hint: "what it said stands above; is the token plugged in, the file readable, the key in the agent (`ssh-add -l`)?"}
	}
	return err
}
