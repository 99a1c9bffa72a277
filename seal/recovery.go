package seal

import "fmt"

const recoveryHeader = "heed-recovery/v1"

// EncodeRecoveryKey returns the text of a recovery key file: the one key, kept offline, that can renew a party's card
// when the home is lost. ParseRecoveryKey reads it.
func EncodeRecoveryKey(key SigningKey) ([]byte, error) {
	if key.IsZero() {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, ErrNoKey)
	}
	return []byte(recoveryHeader + "\nrecovery: " + key.Secret() + "\n"), nil
}

// ParseRecoveryKey reads the text of a recovery key file that is not encrypted. Errors match ErrKeyFile.
func ParseRecoveryKey(text []byte) (SigningKey, error) {
	lines, err := newKeyLines(text, recoveryHeader)
	if err != nil {
		return SigningKey{}, err
	}
	key, err := lines.signingKey("recovery")
	if err == nil {
		err = lines.end()
	}
	if err != nil {
		return SigningKey{}, fmt.Errorf("%w: line %d: %w", ErrKeyFile, lines.number, err)
	}
	return key, nil
}

// CreateRecoveryKey writes a recovery key file with mode 0600, encrypted if the passphrase has text. It never replaces a
// file: the error then matches fs.ErrExist.
func CreateRecoveryKey(path string, key SigningKey, passphrase Passphrase) error {
	text, err := EncodeRecoveryKey(key)
	if err != nil {
		return err
	}
	return createSecret(path, text, passphrase)
}

// LoadRecoveryKey reads a recovery key file, with the errors of LoadKeyFile.
func LoadRecoveryKey(path string, passphrase Passphrase) (SigningKey, error) {
	text, err := loadSecret(path, passphrase)
	if err != nil {
		return SigningKey{}, err
	}
	key, err := ParseRecoveryKey(text)
	if err != nil {
		return SigningKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
