package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
	"time"
)

// shake performs a handshake on loopback and returns the client's error and whether a session was resumed. The server
// sends a byte afterwards, so that the client also reads the session tickets before it.
func shake(t *testing.T, server, client *tls.Config) (resumed bool, err error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = conn.Write([]byte{1})
			err = errors.Join(err, conn.Close())
		}
		served <- err
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err == nil {
		resumed = conn.ConnectionState().DidResume
		_, err = conn.Read(make([]byte, 1))
		err = errors.Join(err, conn.Close())
	}
	if serving := <-served; err == nil && serving != nil {
		t.Errorf("the client is content, the server says %v", serving)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	return resumed, err
}

func TestPinnedTLS(t *testing.T) {
	ours, err := NewTLSIdentity(source(1), "127.0.0.1", start)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := NewTLSIdentity(source(2), "127.0.0.1", start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shake(t, ours.ServerTLS(), PinnedTLS(ours.Pin())); err != nil {
		t.Errorf("the pinned key is refused: %v", err)
	}
	if _, err := shake(t, theirs.ServerTLS(), PinnedTLS(ours.Pin())); !errors.Is(err, ErrPin) {
		t.Errorf("another key: %v, want ErrPin", err)
	}
	if _, err := shake(t, ours.ServerTLS(), PinnedTLS([32]byte{})); !errors.Is(err, ErrPin) {
		t.Errorf("a zero pin: %v, want ErrPin", err)
	}
	// Our certificate, shown by somebody who does not have its key.
	stolen := theirs.ServerTLS()
	stolen.Certificates[0].Certificate = ours.ServerTLS().Certificates[0].Certificate
	stolen.Certificates[0].Leaf = ours.Certificate()
	if _, err := shake(t, stolen, PinnedTLS(ours.Pin())); err == nil {
		t.Error("a certificate without its key is accepted")
	}
	// The right certificate second in the chain proves nothing.
	second := theirs.ServerTLS()
	second.Certificates[0].Certificate = append(second.Certificates[0].Certificate, ours.Certificate().Raw)
	if _, err := shake(t, second, PinnedTLS(ours.Pin())); !errors.Is(err, ErrPin) {
		t.Errorf("the pinned certificate second in the chain: %v, want ErrPin", err)
	}
	old := ours.ServerTLS()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if _, err := shake(t, old, PinnedTLS(ours.Pin())); err == nil {
		t.Error("TLS 1.2 is accepted")
	}
	// A resumed connection is held against the pin as well.
	resuming, sessions := PinnedTLS(ours.Pin()), tls.NewLRUClientSessionCache(1)
	resuming.ClientSessionCache, resuming.ServerName = sessions, "node"
	server := ours.ServerTLS()
	for i := range 2 {
		if resumed, err := shake(t, server, resuming); err != nil || resumed != (i == 1) {
			t.Errorf("connection %d: resumed %v, %v", i+1, resumed, err)
		}
	}
	other := PinnedTLS(theirs.Pin())
	other.ClientSessionCache, other.ServerName = sessions, "node"
	if _, err := shake(t, server, other); !errors.Is(err, ErrPin) {
		t.Errorf("resuming with another pin: %v, want ErrPin", err)
	}
}

func TestNewTLSIdentity(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "2001:db8::1", "localhost", "node.north.example"} {
		identity, err := NewTLSIdentity(source(1), host, start.Add(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		certificate := identity.Certificate()
		if err := certificate.VerifyHostname(host); err != nil {
			t.Error(err)
		}
		if !certificate.NotBefore.Equal(start) || !certificate.NotAfter.Equal(time.Date(2036, 11, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("valid from %v to %v", certificate.NotBefore, certificate.NotAfter)
		}
		if certificate.IsCA || certificate.PublicKeyAlgorithm != x509.ECDSA {
			t.Errorf("an authority: %v; key %v", certificate.IsCA, certificate.PublicKeyAlgorithm)
		}
		roots := x509.NewCertPool()
		roots.AddCert(certificate)
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: start.Add(time.Hour)}); err != nil {
			t.Errorf("an ordinary client that trusts the certificate refuses it: %v", err)
		}
	}
	for _, host := range []string{"", "North.example", "a b", "*.example", "fe80::1%eth0", "127.0.0.1:80", "https://x", "a..b"} {
		if _, err := NewTLSIdentity(source(1), host, start); err == nil {
			t.Errorf("a certificate for %q", host)
		}
	}
	first, err := NewTLSIdentity(source(1), "localhost", start)
	if err != nil {
		t.Fatal(err)
	}
	same, err := NewTLSIdentity(source(1), "127.0.0.1", start.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if first.Pin() != same.Pin() || !first.pair.key.PublicKey.Equal(same.Certificate().PublicKey.(*ecdsa.PublicKey)) {
		t.Error("the pin depends on more than the key")
	}
	if _, err := NewTLSIdentity(bytes.NewReader(nil), "localhost", start); err == nil {
		t.Error("a key without randomness")
	}
	if _, err := NewTLSIdentity(bytes.NewReader(make([]byte, 1000)), "localhost", start); err == nil {
		t.Error("a key of zeros")
	}
}

func TestTLSIdentityRoundTrip(t *testing.T) {
	identity := newKeyFile(t).TLS
	key, err := identity.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseTLSIdentity(identity.CertificatePEM(), key)
	if err != nil {
		t.Fatal(err)
	}
	if again.Pin() != identity.Pin() || !again.Certificate().Equal(identity.Certificate()) {
		t.Error("another identity comes back")
	}
	bad := pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: []byte("x")})
	for name, pair := range map[string][2][]byte{
		"swapped":         {key, identity.CertificatePEM()},
		"empty":           {nil, nil},
		"certificate bad": {bad, key},
		"two blocks":      {append(identity.CertificatePEM(), identity.CertificatePEM()...), key},
		"text before":     {append([]byte("a\n"), identity.CertificatePEM()...), key},
		"key twice":       {identity.CertificatePEM(), append(append([]byte(nil), key...), key...)},
	} {
		if _, err := ParseTLSIdentity(pair[0], pair[1]); !errors.Is(err, ErrTLSIdentity) {
			t.Errorf("%s: %v, want ErrTLSIdentity", name, err)
		}
	}
}
