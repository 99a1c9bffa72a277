package seal

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// MaxKeyFile is the size in bytes of the largest key file, encrypted or not.
	MaxKeyFile = 512 << 10

	// MaxSealingKeys is the largest number of sealing keys in a key file: the present one, and the past ones for
	// which something may still be on its way.
	MaxSealingKeys = 16

	// MaxOfficers is the largest number of officers' keys in a key file.
	MaxOfficers = 1000
)

// ErrKeyFile is matched by every error about the form of a key file or recovery key file. Its messages name the line
// and never show what stands in it.
var ErrKeyFile = errors.New("not a valid key file")

const keyFileHeader = "heed-keys/v1"

// KeyFile is what a party's home keeps secret. All signing keys are named under one DNS-like name, and no two of them
// are the same key: statements, ledger and officers never share one.
type KeyFile struct {
	Node     SigningKey   // signs statements and cards for the party
	Ledger   SigningKey   // signs checkpoints
	Sealing  []SealingKey // 1 to MaxSealingKeys, newest first: the first is in the card, all of them open
	TLS      TLSIdentity  // the zero value if the node uses an ordinary certificate
	Officers []SigningKey // at most MaxOfficers, no two of one name; written in the order of their names
}

// Encode returns the text of the file, secrets included. ParseKeyFile reads it. Errors match ErrKeyFile.
func (f KeyFile) Encode() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	officers := slices.SortedFunc(slices.Values(f.Officers), func(a, b SigningKey) int { return cmp.Compare(a.Name(), b.Name()) })
	var text strings.Builder
	text.WriteString(keyFileHeader + "\n")
	line := func(name, value string) { text.WriteString(name + ": " + value + "\n") }
	line("node", f.Node.Secret())
	line("ledger", f.Ledger.Secret())
	for _, key := range f.Sealing {
		line("sealing", key.Secret())
	}
	if !f.TLS.IsZero() {
		key, err := f.TLS.keyDER()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
		}
		line("tls-certificate", base64.StdEncoding.EncodeToString(f.TLS.Certificate().Raw))
		line("tls-key", base64.StdEncoding.EncodeToString(key))
	}
	for _, key := range officers {
		line("officer", key.Secret())
	}
	if text.Len() > MaxKeyFile {
		return nil, fmt.Errorf("%w: it would have %d bytes, at most %d are allowed", ErrKeyFile, text.Len(), MaxKeyFile)
	}
	return []byte(text.String()), nil
}

func (f KeyFile) check() error {
	if f.Node.IsZero() || f.Ledger.IsZero() {
		return errors.New("the node's and the ledger's key are both needed")
	}
	if len(f.Sealing) == 0 || len(f.Sealing) > MaxSealingKeys {
		return fmt.Errorf("%d sealing keys where 1 to %d are allowed", len(f.Sealing), MaxSealingKeys)
	}
	if len(f.Officers) > MaxOfficers {
		return fmt.Errorf("%d officers' keys where at most %d are allowed", len(f.Officers), MaxOfficers)
	}
	sealing := make(map[string]bool)
	for _, key := range f.Sealing {
		if key.IsZero() {
			return fmt.Errorf("sealing: %w", ErrNoKey)
		}
		if sealing[key.Recipient().String()] {
			return errors.New("one sealing key stands there twice")
		}
		sealing[key.Recipient().String()] = true
	}
	names, keys := make(map[string]bool), make(map[string]string)
	for _, key := range slices.Concat([]SigningKey{f.Node, f.Ledger}, f.Officers) {
		name := key.Name()
		if key.Secret() == "" {
			return fmt.Errorf("officer: %w", ErrNoKey)
		}
		if keyHost(name) != keyHost(f.Node.Name()) {
			return fmt.Errorf("the key %s does not belong to the party of %s", name, f.Node.Name())
		}
		if names[name] {
			return fmt.Errorf("there are two keys with the name %s", name)
		}
		if other, shared := keys[key.Verifier().data]; shared {
			return fmt.Errorf("%s and %s are the same key: make a key of its own for each", other, name)
		}
		names[name], keys[key.Verifier().data] = true, name
	}
	return nil
}

// ParseKeyFile reads the text of a key file that is not encrypted. The lines must stand in Encode's order, and nothing
// else may: no unknown line, no comment, no second spelling. Errors match ErrKeyFile.
func ParseKeyFile(text []byte) (KeyFile, error) {
	lines, err := newKeyLines(text, keyFileHeader)
	if err != nil {
		return KeyFile{}, err
	}
	file, err := parseKeyFile(lines)
	if err != nil {
		return KeyFile{}, fmt.Errorf("%w: line %d: %w", ErrKeyFile, lines.number, err)
	}
	encoded, err := file.Encode()
	if err != nil {
		return KeyFile{}, err
	}
	if string(encoded) != string(text) {
		return KeyFile{}, fmt.Errorf("%w: it is not written as heed writes it (are the officers in the order of their names?)", ErrKeyFile)
	}
	return file, nil
}

func parseKeyFile(lines *keyLines) (file KeyFile, err error) {
	if file.Node, err = lines.signingKey("node"); err != nil {
		return KeyFile{}, err
	}
	if file.Ledger, err = lines.signingKey("ledger"); err != nil {
		return KeyFile{}, err
	}
	for len(file.Sealing) < MaxSealingKeys && (len(file.Sealing) == 0 || lines.at("sealing")) {
		value, err := lines.value("sealing")
		if err != nil {
			return KeyFile{}, err
		}
		key, err := ParseSealingKey(value)
		if err != nil {
			return KeyFile{}, err
		}
		file.Sealing = append(file.Sealing, key)
	}
	if lines.at("tls-certificate") {
		certificate, err := lines.bytes("tls-certificate")
		if err != nil {
			return KeyFile{}, err
		}
		key, err := lines.bytes("tls-key")
		if err != nil {
			return KeyFile{}, err
		}
		if file.TLS, err = parseTLSIdentity(certificate, key); err != nil {
			return KeyFile{}, err
		}
	}
	for len(file.Officers) < MaxOfficers && lines.at("officer") {
		key, err := lines.signingKey("officer")
		if err != nil {
			return KeyFile{}, err
		}
		file.Officers = append(file.Officers, key)
	}
	return file, lines.end()
}

// keyLines reads the "name: value" lines of a key file in their order.
type keyLines struct {
	rest   []string
	number int // of the line that was read last, from 1
}

func newKeyLines(text []byte, header string) (*keyLines, error) {
	if len(text) > MaxKeyFile {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrKeyFile, MaxKeyFile)
	}
	body, ended := strings.CutSuffix(string(text), "\n")
	if !ended {
		return nil, fmt.Errorf("%w: it does not end in a newline: cut short", ErrKeyFile)
	}
	lines := strings.Split(body, "\n")
	if lines[0] != header {
		return nil, fmt.Errorf("%w: its first line is not %s", ErrKeyFile, header)
	}
	return &keyLines{rest: lines[1:], number: 1}, nil
}

// at tells whether the next line has this name.
func (l *keyLines) at(name string) bool {
	return len(l.rest) > 0 && strings.HasPrefix(l.rest[0], name+": ")
}

// value returns the value of the next line, which must have this name.
func (l *keyLines) value(name string) (string, error) {
	here := l.at(name)
	l.number++
	if !here {
		return "", fmt.Errorf("a line that begins with %q is needed here", name+": ")
	}
	value := strings.TrimPrefix(l.rest[0], name+": ")
	l.rest = l.rest[1:]
	return value, nil
}

func (l *keyLines) signingKey(name string) (SigningKey, error) {
	value, err := l.value(name)
	if err != nil {
		return SigningKey{}, err
	}
	return ParseSigningKey(value)
}

func (l *keyLines) bytes(name string) ([]byte, error) {
	value, err := l.value(name)
	if err != nil {
		return nil, err
	}
	b, ok := decodeBase64(value)
	if !ok {
		return nil, errors.New("its value is not canonical base64")
	}
	return b, nil
}

func (l *keyLines) end() error {
	if len(l.rest) == 0 {
		return nil
	}
	l.number++
	return errors.New("unknown, repeated, misplaced, or one too many")
}

// CreateKeyFile writes a new key file with mode 0600, encrypted if the passphrase has text. A file that is already
// there stays, and the error matches fs.ErrExist: making a home anew must not destroy its keys.
func CreateKeyFile(path string, file KeyFile, passphrase Passphrase) error {
	text, err := file.Encode()
	if err != nil {
		return err
	}
	return createSecret(path, text, passphrase)
}

// SaveKeyFile writes or replaces a key file with mode 0600, encrypted if the passphrase has text. It is atomic and
// durable: after a crash either the old or the new file is there, and after it returns nil, the new one.
func SaveKeyFile(path string, file KeyFile, passphrase Passphrase) error {
	text, err := file.Encode()
	if err != nil {
		return err
	}
	return replaceSecret(path, text, passphrase)
}

// LoadKeyFile reads a key file. Errors match ErrPermissions (others may read the file), ErrPassphraseNeeded,
// ErrPassphraseWrong, ErrNotEncrypted (a passphrase was given for a file that has none), ErrKeyFile, or those of package
// os.
func LoadKeyFile(path string, passphrase Passphrase) (KeyFile, error) {
	text, err := loadSecret(path, passphrase)
	if err != nil {
		return KeyFile{}, err
	}
	file, err := ParseKeyFile(text)
	if err != nil {
		return KeyFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}
