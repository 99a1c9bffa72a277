package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrSSHKey is matched by every error about the form of an SSH public key.
var ErrSSHKey = errors.New("not an SSH public key that can sign")

// KeySSH marks a key that a person holds as OpenSSH does, in a file, an agent or a FIDO token. It signs by SSHSIG
// (OpenSSH, PROTOCOL.sshsig). C2SP signed-note assigns no type to it: sshKeyID follows the byte 0xff, so that the key's
// hash is not that of another application's key.
const KeySSH KeyType = 0xff

// sshKeyID stands between the type and the SSH public key in a verification key.
const sshKeyID = "heed-sshsig-v1\n"

// The algorithms of an SSH key that are known here, as OpenSSH names them. Those with sk- are FIDO tokens
// (OpenSSH, PROTOCOL.u2f).
const (
	SSHEd25519      = "ssh-ed25519"                        // RFC 8709
	SSHECDSA        = "ecdsa-sha2-nistp256"                // RFC 5656
	SSHTokenEd25519 = "sk-ssh-ed25519@openssh.com"         // FIDO, Ed25519
	SSHTokenECDSA   = "sk-ecdsa-sha2-nistp256@openssh.com" // FIDO, ECDSA on P-256
)

// SSHAlgorithms lists them.
func SSHAlgorithms() []string {
	return []string{SSHEd25519, SSHECDSA, SSHTokenEd25519, SSHTokenECDSA}
}

const (
	// MaxSSHKeyFile bounds the text of an SSH public key file, in bytes.
	MaxSSHKeyFile = 8 << 10

	maxSSHKey         = 256 // bytes of the key as it stands in base64
	maxSSHApplication = 64  // bytes of the application that a FIDO key is of
	sshCurve          = "nistp256"
)

// SSHKey is an SSH public key. It is comparable: two are == exactly if they are one key. The zero value is no key.
type SSHKey struct {
	blob string // RFC 4253, section 6.6, as a string so that the struct stays comparable
}

// sshPublic is what stands in an SSH public key.
type sshPublic struct {
	algorithm   string
	material    string // 32 bytes of Ed25519, or 65 of a point of P-256, uncompressed (SEC 1, section 2.3.3)
	application string // of a FIDO token's: what the token made it for
}

func (p sshPublic) token() bool { return strings.HasPrefix(p.algorithm, "sk-") }

func (p sshPublic) ed25519() bool {
	return p.algorithm == SSHEd25519 || p.algorithm == SSHTokenEd25519
}

// ParseSSHKey reads an OpenSSH public key file: one line of the algorithm, the key and a comment, which is dropped.
// Errors match ErrSSHKey.
func ParseSSHKey(file []byte) (SSHKey, error) {
	if len(file) > MaxSSHKeyFile {
		return SSHKey{}, fmt.Errorf("%w: %d bytes long, at most %d are read", ErrSSHKey, len(file), MaxSSHKeyFile)
	}
	line := strings.TrimSpace(string(file))
	if strings.HasPrefix(line, "-----BEGIN") {
		return SSHKey{}, fmt.Errorf("%w: this is a private key: name the public one, whose file ends in .pub", ErrSSHKey)
	}
	if strings.ContainsAny(line, "\r\n") {
		return SSHKey{}, fmt.Errorf("%w: the file has more than one line", ErrSSHKey)
	}
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return SSHKey{}, fmt.Errorf("%w: %s is not of the form `ssh-ed25519 AAAA...`", ErrSSHKey, clip(line))
	}
	blob, ok := decodeBase64(fields[1])
	if !ok {
		return SSHKey{}, fmt.Errorf("%w: the key after %s is not canonical base64: copy the whole line again", ErrSSHKey, clip(fields[0]))
	}
	public, err := parseSSHPublic(blob)
	if err != nil {
		return SSHKey{}, err
	}
	if public.algorithm != fields[0] {
		return SSHKey{}, fmt.Errorf("%w: the line says %s and holds a key for %s", ErrSSHKey, clip(fields[0]), public.algorithm)
	}
	return SSHKey{blob: string(blob)}, nil
}

// parseSSHPublic takes an SSH public key apart. It has one form, and nothing follows it.
func parseSSHPublic(blob []byte) (sshPublic, error) {
	r := &sshReader{rest: string(blob)}
	p := sshPublic{algorithm: r.text()}
	switch p.algorithm {
	case SSHEd25519, SSHTokenEd25519:
		p.material = r.text()
	case SSHECDSA, SSHTokenECDSA:
		if curve := r.text(); curve != sshCurve {
			return sshPublic{}, fmt.Errorf("%w: %s is on the curve %s, not %s", ErrSSHKey, p.algorithm, clip(curve), sshCurve)
		}
		p.material = r.text()
	default:
		return sshPublic{}, fmt.Errorf("%w: keys of type %s are not accepted; these are: %s", ErrSSHKey, clip(p.algorithm), strings.Join(SSHAlgorithms(), ", "))
	}
	if p.token() {
		p.application = r.text()
	}
	if len(blob) > maxSSHKey {
		return sshPublic{}, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrSSHKey, len(blob), maxSSHKey)
	}
	if !r.ended() {
		return sshPublic{}, fmt.Errorf("%w: the key for %s is cut short, or more follows it", ErrSSHKey, p.algorithm)
	}
	return p, p.check()
}

func (p sshPublic) check() error {
	if p.ed25519() {
		if err := checkEd25519([]byte(p.material)); err != nil {
			return fmt.Errorf("%w: %w", ErrSSHKey, err)
		}
	} else if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), []byte(p.material)); err != nil {
		return fmt.Errorf("%w: %s: not a point of P-256 in uncompressed form", ErrSSHKey, p.algorithm)
	}
	if !p.token() {
		return nil
	}
	// A token's key for a web site must not sign for an officer: OpenSSH's begin so.
	if !strings.HasPrefix(p.application, "ssh:") || len(p.application) > maxSSHApplication || !visible(p.application) {
		return fmt.Errorf("%w: the token's key is for %s, and not for ssh: as those that ssh-keygen makes", ErrSSHKey, clip(p.application))
	}
	return nil
}

// visible tells whether s is printed ASCII without blanks.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// IsZero tells whether no key was set.
func (k SSHKey) IsZero() bool { return k == SSHKey{} }

// public is what a key that was parsed holds.
func (k SSHKey) public() sshPublic {
	p, err := parseSSHPublic([]byte(k.blob))
	if err != nil {
		return sshPublic{} // the zero value: no other key has a form that is refused
	}
	return p
}

// Algorithm is one of SSHAlgorithms; empty for the zero value.
func (k SSHKey) Algorithm() string { return k.public().algorithm }

// Token tells whether a FIDO token holds the private key, so that a person touches it for each signature.
func (k SSHKey) Token() bool { return k.public().token() }

// String is the line of a public key file, without a comment; empty for the zero value.
func (k SSHKey) String() string {
	if k.IsZero() {
		return ""
	}
	return k.Algorithm() + " " + base64.StdEncoding.EncodeToString([]byte(k.blob))
}

// Fingerprint is what `ssh-keygen -l` shows of the key, SHA256: and 43 characters.
func (k SSHKey) Fingerprint() string {
	sum := sha256.Sum256([]byte(k.blob))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Named is the verification key of that name. The error matches ErrKeyName, or ErrNoKey for the zero value.
func (k SSHKey) Named(name string) (VerifyKey, error) {
	if k.IsZero() {
		return VerifyKey{}, ErrNoKey
	}
	if err := CheckKeyName(name); err != nil {
		return VerifyKey{}, err
	}
	data := append(append([]byte{byte(KeySSH)}, sshKeyID...), k.blob...)
	return VerifyKey{name: name, hash: keyHash(name, data), data: string(data)}, nil
}

// ParsePersonKey reads the verification key of a person: as ParseVerifyKey does, or one that SSHKey.Named made. A
// machine's key is never read by it: SSH keys sign what people are shown. Errors as those of ParseVerifyKey, and ErrSSHKey.
func ParsePersonKey(s string) (VerifyKey, error) {
	key, err := splitVerifyKey(s)
	if err != nil {
		return VerifyKey{}, err
	}
	if key.Type() != KeySSH {
		return ParseVerifyKey(s)
	}
	blob, ok := strings.CutPrefix(key.data[1:], sshKeyID)
	if !ok {
		return VerifyKey{}, fmt.Errorf("%w: %s has type 0xff without the identifier %q", ErrKeyType, key.name, sshKeyID)
	}
	if _, err := parseSSHPublic([]byte(blob)); err != nil {
		return VerifyKey{}, fmt.Errorf("%w: %s: %w", ErrVerifyKey, key.name, err)
	}
	return key, nil
}

// SSH is the SSH key that a verification key is; false for every other type.
func (k VerifyKey) SSH() (SSHKey, bool) {
	if k.Type() != KeySSH {
		return SSHKey{}, false
	}
	return SSHKey{blob: k.data[1+len(sshKeyID):]}, true
}

// Material is the public key alone, without name and type: one that is used in two ways, as an SSH key and as a node's,
// has the same material. It is empty for the zero value.
func (k VerifyKey) Material() string {
	if ssh, ok := k.SSH(); ok {
		return ssh.public().material
	}
	if k.data == "" {
		return ""
	}
	return k.data[1:]
}

// sshReader reads the strings and numbers of RFC 4251, section 5. Once something is missing it gives empty values, and
// ended is false.
type sshReader struct {
	rest  string
	short bool
}

func (r *sshReader) take(n int) string {
	if r.short || n < 0 || n > len(r.rest) {
		r.short, r.rest = true, ""
		return ""
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *sshReader) number() uint32 {
	if b := r.take(4); b != "" {
		return binary.BigEndian.Uint32([]byte(b))
	}
	return 0
}

func (r *sshReader) octet() byte {
	if b := r.take(1); b != "" {
		return b[0]
	}
	return 0
}

func (r *sshReader) text() string {
	n := r.number()
	if n > uint32(len(r.rest)) {
		r.short = true
		return ""
	}
	return r.take(int(n))
}

func (r *sshReader) ended() bool { return !r.short && r.rest == "" }

func appendSSHText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
