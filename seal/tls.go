package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"time"
)

var (
	// ErrTLSIdentity is matched by every error about the form of a certificate and its key.
	ErrTLSIdentity = errors.New("not a TLS identity")

	// ErrPin is matched when a server shows another key than the pinned one.
	ErrPin = errors.New("the server does not have the key that its card names")
)

const (
	pemCertificate = "CERTIFICATE"
	pemKey         = "PRIVATE KEY"

	certificateYears = 10
)

// TLSIdentity is an ECDSA P-256 key with its self-signed certificate. Peers know it by its Pin, which the party's card
// carries. The zero value is none. It is safe for concurrent use.
type TLSIdentity struct {
	pair *tlsPair // behind a pointer: fmt prints an address and not the key
}

type tlsPair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewTLSIdentity makes a key and a certificate for host, a DNS name in lower case or an IP address, valid for ten years
// from notBefore. Key and serial number are from random; the certificate's signature takes the system's randomness.
func NewTLSIdentity(random io.Reader, host string, notBefore time.Time) (TLSIdentity, error) {
	key, err := newECDSAKey(random)
	if err != nil {
		return TLSIdentity{}, err
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return TLSIdentity{}, fmt.Errorf("reading randomness for a certificate: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive and never zero (RFC 5280, section 4.1.2.2)
	start := notBefore.UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               pkix.Name{CommonName: "heed node"},
		NotBefore:             start,
		NotAfter:              start.AddDate(certificateYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		template.IPAddresses = []net.IP{ip.Unmap().AsSlice()}
	} else if isHostName(host) {
		template.DNSNames = []string{host}
	} else {
		return TLSIdentity{}, fmt.Errorf("making a certificate: %s is neither an IP address nor a DNS name in lower case", clip(host))
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return TLSIdentity{}, fmt.Errorf("making a certificate for %s: %w", host, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return TLSIdentity{}, fmt.Errorf("making a certificate for %s: %w", host, err)
	}
	return TLSIdentity{&tlsPair{certificate, key}}, nil
}

// newECDSAKey takes a P-256 key from random. ecdsa.GenerateKey no longer reads the source it is given.
func newECDSAKey(random io.Reader) (*ecdsa.PrivateKey, error) {
	scalar := make([]byte, 32)
	// One scalar in 2^32 is out of range (FIPS 186-5, A.2.2). Only a broken source gives several of them.
	for range 4 {
		if _, err := io.ReadFull(random, scalar); err != nil {
			return nil, fmt.Errorf("reading randomness for a TLS key: %w", err)
		}
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("making a TLS key: the source of randomness is broken")
}

// ParseTLSIdentity reads what CertificatePEM and KeyPEM give: one PEM block each, in canonical form. The key must be that of
// the certificate, ECDSA P-256 and in PKCS #8. Errors match ErrTLSIdentity.
func ParseTLSIdentity(certificatePEM, keyPEM []byte) (TLSIdentity, error) {
	certificate, err := parsePEM(certificatePEM, pemCertificate)
	if err != nil {
		return TLSIdentity{}, err
	}
	key, err := parsePEM(keyPEM, pemKey)
	if err != nil {
		return TLSIdentity{}, err
	}
	return parseTLSIdentity(certificate, key)
}

func parsePEM(text []byte, kind string) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind || len(block.Headers) != 0 || !bytes.Equal(pem.EncodeToMemory(block), text) {
		return nil, fmt.Errorf("%w: exactly one PEM block of type %s is needed", ErrTLSIdentity, kind)
	}
	return block.Bytes, nil
}

func parseTLSIdentity(certificateDER, keyDER []byte) (TLSIdentity, error) {
	certificate, err := x509.ParseCertificate(certificateDER)
	if err != nil {
		return TLSIdentity{}, fmt.Errorf("%w: the certificate does not parse: %v", ErrTLSIdentity, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyDER)
	if err != nil {
		return TLSIdentity{}, fmt.Errorf("%w: the key is not in PKCS #8", ErrTLSIdentity)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return TLSIdentity{}, fmt.Errorf("%w: the key is not ECDSA P-256", ErrTLSIdentity)
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return TLSIdentity{}, fmt.Errorf("%w: the key is not that of the certificate", ErrTLSIdentity)
	}
	identity := TLSIdentity{&tlsPair{certificate, key}}
	if canonical, err := identity.keyDER(); err != nil || !bytes.Equal(canonical, keyDER) {
		return TLSIdentity{}, fmt.Errorf("%w: the key is not in its canonical form", ErrTLSIdentity)
	}
	return identity, nil
}

// IsZero tells whether no identity was set. The other methods must not be called then.
func (t TLSIdentity) IsZero() bool { return t.pair == nil }

// Certificate returns the certificate, which is public.
func (t TLSIdentity) Certificate() *x509.Certificate { return t.pair.certificate }

// CertificatePEM returns the certificate as a PEM block.
func (t TLSIdentity) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: t.pair.certificate.Raw})
}

// KeyPEM returns the private key as a PEM block in PKCS #8.
func (t TLSIdentity) KeyPEM() ([]byte, error) {
	der, err := t.keyDER()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), nil
}

func (t TLSIdentity) keyDER() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(t.pair.key)
	if err != nil {
		return nil, fmt.Errorf("encoding the TLS key: %w", err)
	}
	return der, nil
}

// Pin returns the pin of the certificate's key.
func (t TLSIdentity) Pin() [32]byte { return Pin(t.pair.certificate) }

// ServerTLS returns the configuration of a server that shows this identity, TLS 1.3 only.
func (t TLSIdentity) ServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		Certificates: []tls.Certificate{{
			Certificate: [][]byte{t.pair.certificate.Raw},
			PrivateKey:  t.pair.key,
			Leaf:        t.pair.certificate,
		}},
	}
}

// String names the identity without showing its key.
func (t TLSIdentity) String() string {
	if t.IsZero() {
		return "TLS identity (none)"
	}
	return fmt.Sprintf("TLS identity %x (private)", t.Pin())
}

// GoString names the identity without showing its key.
func (t TLSIdentity) GoString() string { return t.String() }

// Pin is the SHA-256 of a certificate's SubjectPublicKeyInfo (as in RFC 7469, section 2.4): it stays when the
// certificate is made anew for the same key.
func Pin(certificate *x509.Certificate) [32]byte {
	return sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
}

// PinnedTLS returns the configuration of a client that talks to the holder of exactly that key and to nobody else,
// TLS 1.3 only. No authority, host name or date of the certificate counts: the card that carries the pin says how long it
// holds. A server with another key fails the handshake with an error that matches ErrPin.
func PinnedTLS(pin [32]byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// Safe because VerifyConnection below replaces what this turns off, and is called on every handshake, resumed
		// ones too. The server has proved by its CertificateVerify message (RFC 8446, section 4.4.3), which is checked
		// regardless of this field, that it holds the key of the first certificate.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return fmt.Errorf("%w: it showed no certificate", ErrPin)
			}
			if got := Pin(state.PeerCertificates[0]); got != pin {
				return fmt.Errorf("%w: pinned is %x, shown was %x", ErrPin, pin, got)
			}
			return nil
		},
	}
}
