package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"heed/control"
)

// A backup is a tar file: first the marker with its version, then the files of
// a home by their names. Nothing in it is a path.
const (
	backupMarker = "heed-backup-v1"
	largestEntry = int64(1) << 40
)

// backupFiles are what makes a home, in the order in which a backup has them;
// notify.yaml alone may be missing.
var backupFiles = []string{settingsName, keysName, databaseName, notifyName}

// writeBackup packs a home with a consistent copy of its database, to a file
// that only the owner can read and that is there whole or not at all.
func writeBackup(path, home, database string) (err error) {
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &control.Fault{Exit: control.ExitFault, Message: err.Error(), Hint: "is the folder there, and is there room?"}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path+".part"))
		}
	}()
	out := tar.NewWriter(f)
	err = out.WriteHeader(&tar.Header{Name: backupMarker, Mode: 0o600})
	for _, name := range backupFiles {
		source := filepath.Join(home, name)
		if name == databaseName {
			source = database
		}
		if err == nil {
			err = addToBackup(out, source, name)
		}
		if name == notifyName && errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	err = errors.Join(err, out.Close(), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func addToBackup(out *tar.Writer, source, name string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size())
	return err
}

// readBackup unpacks a backup into a new home. The settings come last to their
// place, so that a backup that is cut short makes no home.
func readBackup(path, home string) (err error) {
	bad := func(why string) error {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: %s", path, why), Hint: "the file must be what `heed backup` wrote, whole and unchanged"}
	}
	f, err := os.Open(path)
	if err != nil {
		return fileFault("", err)
	}
	defer f.Close()
	in := tar.NewReader(f)
	first, err := in.Next()
	if err != nil || first.Name != backupMarker {
		return bad("it is no backup of this version of heed")
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(home))
		}
	}()
	seen := map[string]bool{}
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bad(err.Error())
		}
		if !slices.Contains(backupFiles, h.Name) || seen[h.Name] || h.Size > largestEntry {
			return bad(fmt.Sprintf("%q does not belong there", h.Name))
		}
		seen[h.Name] = true
		if err := unpack(in, filepath.Join(home, h.Name+".part")); err != nil {
			return bad(err.Error())
		}
	}
	for _, name := range []string{notifyName, keysName, databaseName, settingsName} {
		if !seen[name] && name != notifyName {
			return bad("it has no " + name)
		}
		if seen[name] {
			if err := os.Rename(filepath.Join(home, name+".part"), filepath.Join(home, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func unpack(in io.Reader, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}
