package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const secretMode fs.FileMode = 0o600

// ErrPermissions is matched by every *PermissionsError.
var ErrPermissions = errors.New("the key file is open to other users")

// PermissionsError says that others than the owner may read or write a key file, so that it was not read. It matches
// ErrPermissions.
type PermissionsError struct {
	Path string
	Mode fs.FileMode
}

func (e *PermissionsError) Error() string {
	return fmt.Sprintf("%s: %v (mode %04o): run: chmod 600 %s", e.Path, ErrPermissions, e.Mode.Perm(), e.Path)
}

// Is makes errors.Is(err, ErrPermissions) true.
func (e *PermissionsError) Is(target error) bool { return target == ErrPermissions }

// createSecret writes a file that must not be there yet. If writing fails, none is left.
func createSecret(path string, text []byte, passphrase Passphrase) error {
	data, err := passphrase.lock(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, secretMode)
	if err != nil {
		return fmt.Errorf("making a key file: %w", err)
	}
	if err := writeSecret(f, data); err != nil {
		return errors.Join(fmt.Errorf("making the key file %s: %w", path, err), os.Remove(path))
	}
	return syncDir(filepath.Dir(path))
}

// replaceSecret writes a file beside path and renames it onto path.
func replaceSecret(path string, text []byte, passphrase Passphrase) error {
	data, err := passphrase.lock(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing the key file %s: %w", path, err)
	}
	err = writeSecret(f, data)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the key file %s: %w", path, err), os.Remove(f.Name()))
	}
	return syncDir(dir)
}

// writeSecret fills f, makes it durable and closes it.
func writeSecret(f *os.File, data []byte) error {
	err := f.Chmod(secretMode)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a new name in dir durable: syncing the file alone does not.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("making a key file durable: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("making a key file durable: %w", err)
	}
	return nil
}

// loadSecret reads a file that only its owner may read or write, and decrypts it.
func loadSecret(path string, passphrase Passphrase) (text []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// The open file is asked and not the path, which could be exchanged in between.
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, ErrKeyFile)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &PermissionsError{Path: path, Mode: info.Mode()}
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	}
	if len(data) > MaxKeyFile {
		return nil, fmt.Errorf("%s: %w: larger than %d bytes", path, ErrKeyFile, MaxKeyFile)
	}
	text, err = passphrase.unlock(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
