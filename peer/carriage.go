package peer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// carriageMagic begins a carriage file: docs/protocol.md, section 9.
const carriageMagic = "heed-carriage/v1\n"

// Bounds of a carriage file: what a node takes in one stream.
const (
	MaxCarriage = exchange.MaxStreamBytes // bytes
	MaxCarried  = exchange.MaxStream      // envelopes
)

const severalFiles = "write several files"

// carriageMode keeps others from seeing who writes to whom, which the
// envelopes' headers show.
const carriageMode fs.FileMode = 0o600

// ErrCarriage is matched by every error about the form of a carriage file or
// of an envelope in it.
var ErrCarriage = errors.New("not a carriage file that can be used")

// WriteFile writes envelopes to a file that can be carried by hand, with mode
// 0600 and durably. A file of that name is replaced when the new one is
// complete, and not before.
func WriteFile(path string, envelopes [][]byte) (err error) {
	if err := checkEnvelopes(envelopes); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	err = fillFile(f, envelopes)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
	}
	return syncDir(dir)
}

// fillFile writes, makes durable and closes.
func fillFile(f *os.File, envelopes [][]byte) error {
	err := f.Chmod(carriageMode)
	if err == nil {
		err = writeCarriage(f, envelopes)
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
		return fmt.Errorf("making a carriage file durable: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("making a carriage file durable: %w", err)
	}
	return nil
}

// ReadFile reads the envelopes of a file that WriteFile wrote. Each one's
// header is signed by the key that it lists, and its body is the one that its
// header names; who that is, Receive decides. Errors match ErrCarriage or are
// the file system's.
func ReadFile(path string) (envelopes [][]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// Asked of the open file, which nobody can exchange in between.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, ErrCarriage)
	}
	if info.Size() > MaxCarriage {
		return nil, fmt.Errorf("%s: %w: %d bytes, and at most %d are read", path, ErrCarriage, info.Size(), int64(MaxCarriage))
	}
	envelopes, err = readCarriage(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return envelopes, nil
}

func writeCarriage(out io.Writer, envelopes [][]byte) error {
	w := bufio.NewWriter(out)
	if _, err := w.WriteString(carriageMagic); err != nil {
		return err
	}
	for _, e := range envelopes {
		if _, err := w.Write(e); err != nil {
			return err
		}
	}
	return w.Flush()
}

func readCarriage(in io.Reader) ([][]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxCarriage+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxCarriage {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrCarriage, int64(MaxCarriage))
	}
	stream, ok := bytes.CutPrefix(data, []byte(carriageMagic))
	if !ok {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrCarriage, carriageMagic[:len(carriageMagic)-1])
	}
	envelopes, err := splitStream(stream)
	if err != nil {
		return nil, err
	}
	if len(envelopes) == 0 {
		return nil, fmt.Errorf("%w: it has no envelope", ErrCarriage)
	}
	return envelopes, nil
}

// splitStream takes a stream of envelopes apart. They are parts of stream.
func splitStream(stream []byte) ([][]byte, error) {
	var envelopes [][]byte
	in := bytes.NewReader(stream)
	for in.Len() > 0 {
		if len(envelopes) == MaxCarried {
			return nil, fmt.Errorf("%w: more than %d envelopes", ErrCarriage, MaxCarried)
		}
		start := len(stream) - in.Len()
		header, err := wire.ReadHeader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: envelope %d: %w", ErrCarriage, len(envelopes)+1, err)
		}
		if header.Sealed > heed.LargestEnvelope || header.Sealed > int64(in.Len()) {
			return nil, fmt.Errorf("%w: envelope %d: its header says %d sealed bytes, and %d follow", ErrCarriage, len(envelopes)+1, header.Sealed, in.Len())
		}
		if _, err := wire.ReadBody(in, header); err != nil {
			return nil, fmt.Errorf("%w: envelope %d: %w", ErrCarriage, len(envelopes)+1, err)
		}
		end := len(stream) - in.Len()
		envelopes = append(envelopes, stream[start:end:end])
	}
	return envelopes, nil
}

// checkEnvelopes keeps WriteFile from writing what ReadFile would refuse.
func checkEnvelopes(envelopes [][]byte) error {
	if len(envelopes) == 0 || len(envelopes) > MaxCarried {
		return fmt.Errorf("%w: %d envelopes, and it holds 1 to %d (%s)", ErrCarriage, len(envelopes), MaxCarried, severalFiles)
	}
	size := int64(len(carriageMagic))
	for i, e := range envelopes {
		parts, err := splitStream(e)
		if err != nil {
			return err
		}
		if len(parts) != 1 {
			return fmt.Errorf("%w: item %d holds %d envelopes and not one", ErrCarriage, i+1, len(parts))
		}
		size += int64(len(e))
	}
	if size > MaxCarriage {
		return fmt.Errorf("%w: %d bytes of envelopes, and it holds %d (%s)", ErrCarriage, size, int64(MaxCarriage), severalFiles)
	}
	return nil
}
