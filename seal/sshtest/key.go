// Package sshtest has SSH keys for tests, which sign as ssh-keygen and a FIDO
// token do: written from OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f alone, and so
// no part of what it tests. Nothing in it is random or secret.
package sshtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
)

// The algorithms that a Key can have.
const (
	Ed25519      = "ssh-ed25519"
	ECDSA        = "ecdsa-sha2-nistp256"
	TokenEd25519 = "sk-ssh-ed25519@openssh.com"
	TokenECDSA   = "sk-ecdsa-sha2-nistp256@openssh.com"
)

// Namespace is what heed's officers sign for.
const Namespace = "heed-officer@v1"

// Key is an SSH key: the same one for the same Algorithm and Seed.
type Key struct {
	Algorithm string
	Seed      string

	// Of a token: what its key is for, what it says about the person who touched
	// it, and how often it has signed.
	Application string
	Flags       byte
	Counter     uint32
}

// New is a key; that of a token is touched for each signature.
func New(algorithm, seed string) Key {
	k := Key{Algorithm: algorithm, Seed: seed}
	if k.token() {
		k.Application, k.Flags, k.Counter = "ssh:", 0x01, 1
	}
	return k
}

func (k Key) token() bool   { return strings.HasPrefix(k.Algorithm, "sk-") }
func (k Key) ed25519() bool { return k.Algorithm == Ed25519 || k.Algorithm == TokenEd25519 }

func (k Key) seed() []byte {
	sum := sha256.Sum256([]byte("an SSH key of a test: " + k.Algorithm + " " + k.Seed))
	return sum[:]
}

func (k Key) edwards() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.seed()) }

func (k Key) nist() *ecdsa.PrivateKey {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), k.seed())
	if err != nil {
		panic(err) // one seed in 2^32 is above the order of the curve: take another
	}
	return private
}

// Blob is the public key as it stands in base64.
func (k Key) Blob() []byte {
	fields := []string{k.Algorithm}
	if k.ed25519() {
		fields = append(fields, string(k.edwards().Public().(ed25519.PublicKey)))
	} else {
		public, err := k.nist().PublicKey.Bytes()
		if err != nil {
			panic(err) // it was made from a private key
		}
		fields = append(fields, "nistp256", string(public))
	}
	if k.token() {
		fields = append(fields, k.Application)
	}
	return Strings(fields...)
}

// Line is the public key file.
func (k Key) Line() []byte {
	return fmt.Appendf(nil, "%s %s a key of a test\n", k.Algorithm, base64.StdEncoding.EncodeToString(k.Blob()))
}

// Sign is what `ssh-keygen -Y sign -n namespace` writes.
func (k Key) Sign(namespace, message string) []byte {
	sum := sha512.Sum512([]byte(message))
	signed := append([]byte("SSHSIG"), Strings(namespace, "", "sha512", string(sum[:]))...)
	var after []byte
	if k.token() {
		of, over := sha256.Sum256([]byte(k.Application)), sha256.Sum256(signed)
		after = binary.BigEndian.AppendUint32([]byte{k.Flags}, k.Counter)
		signed = append(append(of[:], after...), over[:]...)
	}
	inner := append(Strings(k.Algorithm, string(k.raw(signed))), after...)
	blob := append([]byte("SSHSIG\x00\x00\x00\x01"), Strings(string(k.Blob()), namespace, "", "sha512", string(inner))...)
	return armor(blob)
}

func (k Key) raw(signed []byte) []byte {
	if k.ed25519() {
		return ed25519.Sign(k.edwards(), signed)
	}
	sum := sha256.Sum256(signed)
	der, err := k.nist().Sign(nil, sum[:], crypto.SHA256) // RFC 6979
	if err != nil {
		panic(err) // the hash has its length
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		panic(err) // crypto/ecdsa wrote it
	}
	return append(mpint(pair.R), mpint(pair.S)...)
}

// Strings joins strings as RFC 4251, section 5, writes them.
func Strings(fields ...string) []byte {
	var b []byte
	for _, f := range fields {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return b
}

func mpint(n *big.Int) []byte {
	b := n.Bytes()
	if b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return Strings(string(b))
}

func armor(blob []byte) []byte {
	const row = 70
	encoded := base64.StdEncoding.EncodeToString(blob)
	out := []byte("-----BEGIN SSH SIGNATURE-----\n")
	for ; len(encoded) > row; encoded = encoded[row:] {
		out = append(append(out, encoded[:row]...), '\n')
	}
	return append(append(append(out, encoded...), '\n'), "-----END SSH SIGNATURE-----\n"...)
}
