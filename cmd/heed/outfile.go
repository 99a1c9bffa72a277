package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"heed/control"
)

// What files that heed writes for others begin with (docs/evidence.md,
// docs/protocol.md section 9).
const (
	evidenceFirst = "heed-evidence/v1\n"
	carriageFirst = "heed-carriage/v1\n"
)

// mayWrite refuses a name that nothing can be written to, and a file that is
// there: a slip must not cost what is in it. One that begins as what is to be
// written does may be replaced, since scripts write it again and again, and so
// may an empty one. It is asked before anything else is done.
func mayWrite(path, first string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		fault := writeFault(path, err)
		fault.Exit, fault.Hint = control.ExitInput, folderHint(path)
		return fault
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileFault("", err)
	}
	defer f.Close()
	exists := &control.Fault{Exit: control.ExitInput, Message: path + " exists", Hint: "name a new file: this one is not written over"}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return exists
	}
	begins, err := io.ReadAll(io.LimitReader(f, int64(len(first))))
	if err != nil {
		return fileFault("", err)
	}
	if len(begins) > 0 && !bytes.Equal(begins, []byte(first)) {
		return exists
	}
	return nil
}

// opWrite is the operation of an error about a file that was to be written.
const opWrite = "write"

// folderHint says what to do where there is no folder to write a file into.
func folderHint(path string) string {
	return "make the folder " + filepath.Dir(path) + ", or name a file in another one"
}

// writeFault speaks of the file that people named, and not of the one beside
// it that was to take its place.
func writeFault(path string, err error) *control.Fault {
	var named *fs.PathError
	var renamed *os.LinkError
	why := err
	switch {
	case errors.As(err, &named):
		why = named.Err
	case errors.As(err, &renamed):
		why = renamed.Err
	}
	fault := &control.Fault{Exit: control.ExitFault, Message: fmt.Sprintf("%s: %v", path, why), Hint: "is there room on the disk?"}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		fault.Exit, fault.Hint = control.ExitInput, "check the name, and that this user may write there"
	}
	return fault
}
