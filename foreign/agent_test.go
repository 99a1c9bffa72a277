package foreign

import (
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// sshAgent serves one new Ed25519 key over a socket, as ssh-agent does, and
// returns the socket's path and the key's fingerprint.
func sshAgent(t *testing.T) (socket, fingerprint string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	keyring := agent.NewKeyring()
	must(t, keyring.Add(agent.AddedKey{PrivateKey: private}))

	// Not t.TempDir: the path of a socket has at most some 100 bytes.
	dir, err := os.MkdirTemp("", "heed")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	socket = filepath.Join(dir, "agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { must(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed, at the test's end
			}
			go func() {
				defer conn.Close()
				if err := agent.ServeAgent(keyring, conn); err != nil && !errors.Is(err, io.EOF) {
					t.Logf("ssh-agent: %v", err)
				}
			}()
		}
	}()
	return socket, ssh.FingerprintSHA256(signer.PublicKey())
}
