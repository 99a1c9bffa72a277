package peer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"heed/wire"
)

func TestCarriage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "for south.heed")
	if err := os.WriteFile(path, []byte("what was there before"), 0o644); err != nil {
		t.Fatal(err)
	}
	sent := [][]byte{envelope(t, 1, 10), envelope(t, 2, 2<<20), envelope(t, 0, 0)}
	if err := WriteFile(path, sent); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := ReadFile(path)
	if err != nil || !slices.EqualFunc(got, sent, bytes.Equal) {
		t.Errorf("%d envelopes, %v", len(got), err)
	}
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(data, slices.Concat([]byte("heed-carriage/v1\n"), sent[0], sent[1], sent[2])) {
		t.Errorf("the file has another form: %v", err)
	}
	// What was read is received as if it had come over the network.
	if reply, err := readAll(bytes.NewReader(bytes.Join(got, nil))); err != nil || string(reply.Envelope) != "3 envelopes" {
		t.Errorf("received: %q, %v", reply, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestCarriageThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.heed")
	good := envelope(t, 1, 10)
	for name, envelopes := range map[string][][]byte{
		"none":      nil,
		"empty":     {{}},
		"two":       {append(bytes.Clone(good), good...)},
		"cut short": {good[:len(good)-1]},
		"followed":  {append(bytes.Clone(good), 0)},
		"too many":  slices.Repeat([][]byte{good}, MaxCarried+1),
	} {
		if err := WriteFile(path, envelopes); !errors.Is(err, ErrCarriage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := WriteFile(filepath.Join(dir, "missing", "out.heed"), [][]byte{good}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, [][]byte{good}); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestCarriageIsReadStrictly(t *testing.T) {
	dir := t.TempDir()
	good := envelope(t, 1, 100)
	changed := bytes.Clone(good)
	changed[len(changed)-1] ^= 1
	inflated := bytes.Clone(good)
	binary.BigEndian.PutUint32(inflated, wire.MaxHeader+1)
	for name, data := range map[string][]byte{
		"empty":           nil,
		"magic cut short": []byte(carriageMagic[:5]),
		"no envelope":     []byte(carriageMagic),
		"another version": append([]byte("heed-carriage/v2\n"), good...),
		"DOS line":        append([]byte("heed-carriage/v1\r\n"), good...),
		"cut short":       append([]byte(carriageMagic), good[:len(good)-1]...),
		"in its header":   append([]byte(carriageMagic), good[:100]...),
		"in its length":   append([]byte(carriageMagic), good[:3]...),
		"followed":        slices.Concat([]byte(carriageMagic), good, []byte("\n")),
		"changed":         append([]byte(carriageMagic), changed...),
		"inflated header": append([]byte(carriageMagic), inflated...),
	} {
		path := filepath.Join(dir, "in.heed")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(path); !errors.Is(err, ErrCarriage) || got != nil {
			t.Errorf("%s: %d envelopes, %v", name, len(got), err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadFile(dir); !errors.Is(err, ErrCarriage) {
		t.Errorf("directory: %v", err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, []byte(carriageMagic), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, MaxCarriage+1); err != nil { // sparse
		t.Fatal(err)
	}
	if _, err := ReadFile(large); !errors.Is(err, ErrCarriage) {
		t.Errorf("too large: %v", err)
	}
}

func FuzzReadFile(f *testing.F) {
	good := envelope(f, 1, 20)
	f.Add(append([]byte(carriageMagic), good...))
	f.Add(slices.Concat([]byte(carriageMagic), good, good))
	f.Add([]byte(carriageMagic))
	f.Add(append([]byte(carriageMagic), 0, 0, 0x10, 1))
	f.Add(append([]byte(carriageMagic), good[:60]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "in.heed")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		envelopes, err := ReadFile(path)
		if err != nil {
			if !errors.Is(err, ErrCarriage) || envelopes != nil {
				t.Errorf("%d envelopes, %v", len(envelopes), err)
			}
			return
		}
		var again bytes.Buffer
		if err := writeCarriage(&again, envelopes); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("written again: %v", err)
		}
		if err := checkEnvelopes(envelopes); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
