package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// ErrSSHSignature is matched by every error about the form of an SSH signature, and by what it was made for.
var ErrSSHSignature = errors.New("not an SSH signature over this")

// SSHNamespace is what a person signs for, `ssh-keygen -Y sign -n`: a signature that was made to log in, for a commit or
// for a file is none here, and none of ours is one there.
const SSHNamespace = "heed-officer@v1"

const (
	sshMagic    = "SSHSIG"
	sshVersion  = 1
	sshHash     = "sha512"
	sshArmorTop = "-----BEGIN SSH SIGNATURE-----\n"
	sshArmorEnd = "-----END SSH SIGNATURE-----\n"
	sshArmorRow = 70

	// MaxSSHSignature bounds an SSH signature, in bytes without its armor.
	MaxSSHSignature = 1024

	// sshUserPresent is the flag of a FIDO token that a person touched it (WebAuthn, section 6.1, bit 0).
	sshUserPresent = 0x01
)

// sshSignature is what stands in an SSHSIG blob (PROTOCOL.sshsig, "Blob format"), of one key for our namespace.
type sshSignature struct {
	ed25519 string   // 64 bytes
	r, s    *big.Int // of ECDSA, where there is no ed25519
	flags   byte     // of a token
	counter uint32   // of a token; shown to nobody and not compared: several nodes and tokens would disagree about it
}

// ParseSSHSignature reads what `ssh-keygen -Y sign` writes, and gives the signature as it stands in a note. Of the two
// values that ECDSA allows for s it takes the smaller, so that a signature has one form. It verifies nothing. Errors
// match ErrSSHSignature.
func ParseSSHSignature(armored []byte, key VerifyKey) ([]byte, error) {
	blob, err := unarmorSSH(armored)
	if err != nil {
		return nil, err
	}
	ssh, ok := key.SSH()
	if !ok {
		return nil, fmt.Errorf("%w: %s is no SSH key", ErrSSHSignature, clip(key.Name()))
	}
	sig, err := parseSSHSignature(blob, ssh)
	if err != nil {
		return nil, err
	}
	sig.settle()
	return sig.bytes(ssh), nil
}

// ArmorSSHSignature writes a signature of a note as `ssh-keygen -Y verify` reads it.
func ArmorSSHSignature(signature []byte) []byte {
	encoded := base64.StdEncoding.EncodeToString(signature)
	out := []byte(sshArmorTop)
	for len(encoded) > 0 {
		n := min(sshArmorRow, len(encoded))
		out = append(append(out, encoded[:n]...), '\n')
		encoded = encoded[n:]
	}
	return append(out, sshArmorEnd...)
}

func unarmorSSH(armored []byte) ([]byte, error) {
	wrong := func(what string) ([]byte, error) {
		return nil, fmt.Errorf("%w: %s", ErrSSHSignature, what)
	}
	if len(armored) > 2*MaxSSHSignature {
		return wrong(fmt.Sprintf("%d bytes are too many", len(armored)))
	}
	rest, begins := bytes.CutPrefix(armored, []byte(sshArmorTop))
	body, ends := bytes.CutSuffix(rest, []byte(sshArmorEnd))
	if !begins || !ends {
		return wrong("it does not stand between the lines BEGIN and END SSH SIGNATURE")
	}
	blob, ok := decodeBase64(string(bytes.ReplaceAll(body, []byte("\n"), nil)))
	if !ok {
		return wrong("it is not canonical base64")
	}
	return blob, nil
}

// parseSSHSignature takes a blob apart that is the key's, for our namespace and by our hash.
func parseSSHSignature(blob []byte, key SSHKey) (sshSignature, error) {
	wrong := func(format string, args ...any) (sshSignature, error) {
		return sshSignature{}, fmt.Errorf("%w: "+format, append([]any{ErrSSHSignature}, args...)...)
	}
	if len(blob) > MaxSSHSignature {
		return wrong("%d bytes, at most %d are allowed", len(blob), MaxSSHSignature)
	}
	r := &sshReader{rest: string(blob)}
	magic, version := r.take(len(sshMagic)), r.number()
	if magic != sshMagic || version != sshVersion {
		return wrong("it does not begin as SSHSIG version %d", sshVersion)
	}
	if by := r.text(); by != key.blob {
		return wrong("it is by another key than %s", key.Fingerprint())
	}
	if namespace := r.text(); namespace != SSHNamespace {
		return wrong("it was made for %s, not for %q: sign with `ssh-keygen -Y sign -n %s`", clip(namespace), SSHNamespace, SSHNamespace)
	}
	if reserved := r.text(); reserved != "" {
		return wrong("its reserved field is not empty")
	}
	if hash := r.text(); hash != sshHash {
		return wrong("it is over a %s, not a %s: leave out -O hashalg", clip(hash), sshHash)
	}
	inner := r.text()
	if !r.ended() {
		return wrong("it is cut short, or more follows it")
	}
	sig, ok := parseSSHInner(inner, key.public())
	if !ok {
		return wrong("what it holds is no signature of a %s key", key.Algorithm())
	}
	return sig, nil
}

// parseSSHInner reads the signature itself: RFC 8709, section 6; RFC 5656, section 3.1.2; PROTOCOL.u2f, "SSH U2F
// signatures".
func parseSSHInner(inner string, key sshPublic) (sig sshSignature, ok bool) {
	r := &sshReader{rest: inner}
	if r.text() != key.algorithm {
		return sig, false
	}
	body := r.text()
	if key.token() {
		sig.flags, sig.counter = r.octet(), r.number()
	}
	if !r.ended() {
		return sig, false
	}
	if key.ed25519() {
		sig.ed25519 = body
		return sig, len(body) == ed25519.SignatureSize
	}
	pair := &sshReader{rest: body}
	a, b := pair.scalar(), pair.scalar()
	sig.r, sig.s = a, b
	return sig, pair.ended() && a != nil && b != nil
}

// scalar reads an mpint of RFC 4251, section 5, in its one form, from 1 to the order of P-256; nil for every other.
func (r *sshReader) scalar() *big.Int {
	b := r.text()
	padded := len(b) > 1 && b[0] == 0 && b[1] >= 0x80
	if len(b) == 0 || len(b) > 33 || b[0] >= 0x80 || b[0] == 0 && !padded {
		return nil
	}
	n := new(big.Int).SetBytes([]byte(b))
	if n.Cmp(elliptic.P256().Params().N) >= 0 {
		return nil
	}
	return n
}

func appendScalar(b []byte, n *big.Int) []byte {
	digits := n.Bytes()
	if digits[0] >= 0x80 {
		digits = append([]byte{0}, digits...)
	}
	return appendSSHText(b, string(digits))
}

// settled tells whether the signature is in its one form: (r, s) and (r, n-s) verify both.
func (sig sshSignature) settled() bool {
	return sig.s == nil || sig.s.Cmp(new(big.Int).Rsh(elliptic.P256().Params().N, 1)) <= 0
}

func (sig *sshSignature) settle() {
	if !sig.settled() {
		sig.s = new(big.Int).Sub(elliptic.P256().Params().N, sig.s)
	}
}

func (sig sshSignature) bytes(key SSHKey) []byte {
	public := key.public()
	body := sig.ed25519
	if !public.ed25519() {
		body = string(appendScalar(appendScalar(nil, sig.r), sig.s))
	}
	inner := appendSSHText(appendSSHText(nil, public.algorithm), body)
	if public.token() {
		inner = binary.BigEndian.AppendUint32(append(inner, sig.flags), sig.counter)
	}
	blob := binary.BigEndian.AppendUint32([]byte(sshMagic), sshVersion)
	for _, field := range []string{key.blob, SSHNamespace, "", sshHash, string(inner)} {
		blob = appendSSHText(blob, field)
	}
	return blob
}

// verifySSH tells whether the blob is the key's signature over message, in its one form. A token must say that a person
// touched it; its counter is not looked at.
func verifySSH(key SSHKey, message, blob []byte) bool {
	sig, err := parseSSHSignature(blob, key)
	if err != nil || !sig.settled() {
		return false
	}
	public := key.public()
	signed := sshSigned(message)
	if public.token() {
		if sig.flags&sshUserPresent == 0 {
			return false
		}
		signed = tokenSigned(public.application, sig.flags, sig.counter, signed)
	}
	if public.ed25519() {
		return ed25519.Verify(ed25519.PublicKey(public.material), signed, []byte(sig.ed25519))
	}
	point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), []byte(public.material))
	if err != nil {
		return false
	}
	sum := sha256.Sum256(signed)
	return ecdsa.Verify(point, sum[:], sig.r, sig.s)
}

// sshSigned is what an SSH key signs (PROTOCOL.sshsig, "Signed Data, of which the signature goes into the blob above").
func sshSigned(message []byte) []byte {
	sum := sha512.Sum512(message)
	signed := []byte(sshMagic)
	for _, field := range []string{SSHNamespace, "", sshHash, string(sum[:])} {
		signed = appendSSHText(signed, field)
	}
	return signed
}

// tokenSigned is what a FIDO token signs of that (PROTOCOL.u2f, "SSH U2F signatures").
func tokenSigned(application string, flags byte, counter uint32, signed []byte) []byte {
	of, sum := sha256.Sum256([]byte(application)), sha256.Sum256(signed)
	out := binary.BigEndian.AppendUint32(append(of[:], flags), counter)
	return append(out, sum[:]...)
}
