package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newKeyFile(t testing.TB) KeyFile {
	t.Helper()
	identity, err := NewTLSIdentity(source(8), "node.north.example", start)
	if err != nil {
		t.Fatal(err)
	}
	return KeyFile{
		Node:    newKey(t, 1, "north.example/node"),
		Ledger:  newKey(t, 2, "north.example/v0"),
		Sealing: []SealingKey{newSealing(t), newSealing(t)},
		TLS:     identity,
		Officers: []SigningKey{
			newKey(t, 4, "north.example/officer/ben"), newKey(t, 3, "north.example/officer/anna"),
		},
	}
}

func encodeKeyFile(t testing.TB, file KeyFile) string {
	t.Helper()
	text, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKeyFileRoundTrip(t *testing.T) {
	full := newKeyFile(t)
	bare := KeyFile{Node: full.Node, Ledger: full.Ledger, Sealing: full.Sealing[:1]}
	for name, file := range map[string]KeyFile{"full": full, "bare": bare} {
		text := encodeKeyFile(t, file)
		again, err := ParseKeyFile([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if encodeKeyFile(t, again) != text {
			t.Errorf("%s: the text changes", name)
		}
		if again.Node.Secret() != file.Node.Secret() || len(again.Sealing) != len(file.Sealing) || again.TLS.IsZero() != file.TLS.IsZero() {
			t.Errorf("%s: the keys change", name)
		}
		for i, key := range again.Sealing {
			if key.Secret() != file.Sealing[i].Secret() {
				t.Errorf("%s: sealing key %d changes its place", name, i)
			}
		}
	}
	again, err := ParseKeyFile([]byte(encodeKeyFile(t, full)))
	if err != nil {
		t.Fatal(err)
	}
	if again.Officers[0].Name() != "north.example/officer/anna" || full.Officers[0].Name() != "north.example/officer/ben" {
		t.Error("officers are written in the order of their names, and the caller's are left alone")
	}
}

func TestParseKeyFileIsStrict(t *testing.T) {
	file := newKeyFile(t)
	good := encodeKeyFile(t, file)
	lines := strings.SplitAfter(good, "\n")
	lines = lines[:len(lines)-1]
	join := func(lines ...string) string { return strings.Join(lines, "") }
	for i := range lines {
		without := join(lines[:i]...) + join(lines[i+1:]...)
		if optional := i == 3 || i == 4 || i >= 7; optional { // one of the sealing keys, an officer
			if _, err := ParseKeyFile([]byte(without)); err != nil {
				t.Errorf("without line %d: %v", i+1, err)
			}
		} else if _, err := ParseKeyFile([]byte(without)); !errors.Is(err, ErrKeyFile) {
			t.Errorf("without line %d: %v, want ErrKeyFile", i+1, err)
		}
		for name, changed := range map[string]string{
			"repeated":      join(lines[:i+1]...) + join(lines[i:]...),
			"space after":   join(lines[:i]...) + strings.TrimSuffix(lines[i], "\n") + " \n" + join(lines[i+1:]...),
			"space before":  join(lines[:i]...) + " " + join(lines[i:]...),
			"CRLF":          join(lines[:i]...) + strings.TrimSuffix(lines[i], "\n") + "\r\n" + join(lines[i+1:]...),
			"line before":   join(lines[:i]...) + "\n" + join(lines[i:]...),
			"comment":       join(lines[:i]...) + "# a comment\n" + join(lines[i:]...),
			"unknown":       join(lines[:i]...) + "future: thing\n" + join(lines[i:]...),
			"cut":           join(lines[:i]...) + lines[i][:len(lines[i])/2] + "\n" + join(lines[i+1:]...),
			"no value":      join(lines[:i]...) + strings.SplitAfter(lines[i], ":")[0] + " \n" + join(lines[i+1:]...),
			"lines swapped": join(lines[:i]...) + join(lines[(i+1)%len(lines)]) + lines[i] + join(lines[min(i+2, len(lines)):]...),
		} {
			if name == "lines swapped" && i == 3 {
				continue // the two sealing keys: which is newer cannot be seen
			}
			_, err := ParseKeyFile([]byte(changed))
			if !errors.Is(err, ErrKeyFile) {
				t.Errorf("line %d %s: %v, want ErrKeyFile", i+1, name, err)
				continue
			}
			for _, secret := range []string{"AGE-SECRET-KEY-PQ-1" + file.Sealing[0].Secret()[19:25], file.Node.Secret()[45:60]} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("line %d %s: the error shows a key: %v", i+1, name, err)
				}
			}
		}
	}
	for name, text := range map[string]string{
		"empty":           "",
		"header":          "heed-keys/v1\n",
		"other version":   strings.Replace(good, "/v1", "/v2", 1),
		"no last newline": strings.TrimSuffix(good, "\n"),
		"newline after":   good + "\n",
		"too large":       good + strings.Repeat("officer: x\n", MaxKeyFile/10),
		"recovery":        "heed-recovery/v1\nrecovery: " + file.Node.Secret() + "\n",
	} {
		if _, err := ParseKeyFile([]byte(text)); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: %v, want ErrKeyFile", name, err)
		}
	}
}

func TestKeyFileRefusesWrongKeys(t *testing.T) {
	other, err := NewTLSIdentity(source(9), "127.0.0.1", start)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*KeyFile){
		"no node":          func(f *KeyFile) { f.Node = SigningKey{} },
		"no ledger":        func(f *KeyFile) { f.Ledger = SigningKey{} },
		"no sealing":       func(f *KeyFile) { f.Sealing = nil },
		"zero sealing":     func(f *KeyFile) { f.Sealing = append(f.Sealing, SealingKey{}) },
		"sealing twice":    func(f *KeyFile) { f.Sealing = append(f.Sealing, f.Sealing[0]) },
		"too many sealing": func(f *KeyFile) { f.Sealing = make([]SealingKey, MaxSealingKeys+1) },
		"zero officer":     func(f *KeyFile) { f.Officers = append(f.Officers, SigningKey{}) },
		"many officers":    func(f *KeyFile) { f.Officers = make([]SigningKey, MaxOfficers+1) },
		"officer twice":    func(f *KeyFile) { f.Officers = append(f.Officers, f.Officers[0]) },
		"another party":    func(f *KeyFile) { f.Ledger = newKey(t, 2, "south.example/v0") },
		"officer's party":  func(f *KeyFile) { f.Officers[0] = newKey(t, 5, "south.example/officer/anna") },
		"shared key":       func(f *KeyFile) { f.Ledger = newKey(t, 1, "north.example/v0") },
		"shared name":      func(f *KeyFile) { f.Officers[0] = newKey(t, 7, "north.example/node") },
	} {
		file := newKeyFile(t)
		spoil(&file)
		if _, err := file.Encode(); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: %v, want ErrKeyFile", name, err)
		}
	}
	good := newKeyFile(t)
	mixed := good
	mixed.TLS = TLSIdentity{&tlsPair{good.TLS.pair.certificate, other.pair.key}}
	if _, err := ParseKeyFile([]byte(encodeKeyFile(t, mixed))); !errors.Is(err, ErrTLSIdentity) || !errors.Is(err, ErrKeyFile) {
		t.Errorf("a TLS key of another certificate: %v", err)
	}
}

var quick = Passphrase{Text: "open sesame", WorkFactor: 2}

func TestSaveAndLoadKeyFile(t *testing.T) {
	for name, passphrase := range map[string]Passphrase{"plain": {}, "encrypted": quick} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "keys")
			file := newKeyFile(t)
			if err := CreateKeyFile(path, file, passphrase); err != nil {
				t.Fatal(err)
			}
			if err := CreateKeyFile(path, newKeyFile(t), passphrase); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a second home over the first: %v, want fs.ErrExist", err)
			}
			check := func(want KeyFile) {
				t.Helper()
				info, err := os.Stat(path)
				if err != nil || info.Mode() != 0o600 {
					t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
				}
				got, err := LoadKeyFile(path, passphrase)
				if err != nil {
					t.Fatal(err)
				}
				if encodeKeyFile(t, got) != encodeKeyFile(t, want) {
					t.Error("another file comes back")
				}
			}
			check(file)
			file.Officers = file.Officers[:1]
			if err := SaveKeyFile(path, file, passphrase); err != nil {
				t.Fatal(err)
			}
			check(file)
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("%v is left in the directory, %v", entries, err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if encrypted := bytes.HasPrefix(data, []byte(sealIntro)); encrypted != (passphrase.Text != "") {
				t.Errorf("encrypted is %v", encrypted)
			}
		})
	}
}

func TestLoadKeyFileRefuses(t *testing.T) {
	dir := t.TempDir()
	plain, locked := filepath.Join(dir, "plain"), filepath.Join(dir, "locked")
	file := newKeyFile(t)
	if err := CreateKeyFile(plain, file, Passphrase{}); err != nil {
		t.Fatal(err)
	}
	if err := CreateKeyFile(locked, file, quick); err != nil {
		t.Fatal(err)
	}
	load := func(path string, passphrase Passphrase) error {
		_, err := LoadKeyFile(path, passphrase)
		return err
	}
	if err := load(locked, Passphrase{}); !errors.Is(err, ErrPassphraseNeeded) {
		t.Errorf("no passphrase: %v", err)
	}
	if err := load(locked, Passphrase{Text: "open sesame\n"}); !errors.Is(err, ErrPassphraseWrong) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if err := load(plain, quick); !errors.Is(err, ErrNotEncrypted) {
		t.Errorf("needless passphrase: %v", err)
	}
	if err := load(filepath.Join(dir, "none"), quick); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := load(dir, quick); !errors.Is(err, ErrKeyFile) {
		t.Errorf("a directory: %v", err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666} {
		if err := os.Chmod(plain, mode); err != nil {
			t.Fatal(err)
		}
		err := load(plain, Passphrase{})
		var permissions *PermissionsError
		if !errors.As(err, &permissions) || !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod 600 "+plain) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}

	data, err := os.ReadFile(locked)
	if err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, []byte("x"), file.Sealing[0].Recipient())
	for name, changed := range map[string][]byte{
		"cut":              data[:len(data)-1],
		"added":            append(append([]byte(nil), data...), 0),
		"header only":      []byte(sealIntro),
		"sealed to a key":  sealed,
		"work factor":      bytes.Replace(data, []byte(" 2\n"), []byte(" 21\n"), 1),
		"work factor zero": bytes.Replace(data, []byte(" 2\n"), []byte(" 0\n"), 1),
		"too large":        append(append([]byte(nil), data...), make([]byte, MaxKeyFile)...),
		"not keys":         []byte("heed"),
	} {
		path := filepath.Join(dir, "changed")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		passphrase := quick
		if name == "not keys" {
			passphrase = Passphrase{}
		}
		if err := load(path, passphrase); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: %v, want ErrKeyFile", name, err)
		}
	}
}

func TestSaveKeyFileLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	file := newKeyFile(t)
	if err := CreateKeyFile(path, file, Passphrase{}); err != nil {
		t.Fatal(err)
	}
	for name, save := range map[string]func() error{
		"work factor": func() error { return SaveKeyFile(path, file, Passphrase{Text: "x", WorkFactor: MaxWorkFactor + 1}) },
		"negative":    func() error { return SaveKeyFile(path, file, Passphrase{Text: "x", WorkFactor: -1}) },
		"bad keys":    func() error { return SaveKeyFile(path, KeyFile{}, Passphrase{}) },
		"no dir":      func() error { return SaveKeyFile(filepath.Join(dir, "none", "keys"), file, Passphrase{}) },
		"a directory": func() error { return SaveKeyFile(dir, file, Passphrase{}) },
	} {
		if save() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := LoadKeyFile(path, Passphrase{}); err != nil {
		t.Errorf("the old file is gone: %v", err)
	}
	for _, left := range []string{dir, filepath.Dir(dir)} {
		names, err := filepath.Glob(filepath.Join(left, ".*.*"))
		if err != nil || len(names) != 0 {
			t.Errorf("left behind: %v, %v", names, err)
		}
	}
}

func TestRecoveryKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recovery")
	key := newKey(t, 6, "north.example/recovery")
	if err := CreateRecoveryKey(path, key, quick); err != nil {
		t.Fatal(err)
	}
	if err := CreateRecoveryKey(path, newKey(t, 7, "north.example/recovery"), quick); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a recovery key was replaced: %v", err)
	}
	if got, err := LoadRecoveryKey(path, quick); err != nil || got.Secret() != key.Secret() {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := LoadRecoveryKey(path, Passphrase{}); !errors.Is(err, ErrPassphraseNeeded) {
		t.Errorf("no passphrase: %v", err)
	}
	if err := CreateRecoveryKey(path+"2", SigningKey{}, quick); !errors.Is(err, ErrNoKey) {
		t.Errorf("a zero key: %v", err)
	}
	good := "heed-recovery/v1\nrecovery: " + key.Secret() + "\n"
	for _, text := range []string{
		"", "heed-recovery/v1\n", "heed-keys/v1\nrecovery: " + key.Secret() + "\n", good + "\n", good + good,
		strings.Replace(good, "recovery: ", "node: ", 1), strings.TrimSuffix(good, "\n"), good + "recovery: " + key.Secret() + "\n",
	} {
		if _, err := ParseRecoveryKey([]byte(text)); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%q: %v, want ErrKeyFile", text, err)
		}
	}
}

func FuzzParseKeyFile(f *testing.F) {
	f.Add(readTestdata(f, "keys.txt"))
	f.Add([]byte("heed-keys/v1\nnode: \n"))
	full := newKeyFile(f)
	full.TLS = TLSIdentity{}
	f.Add([]byte(encodeKeyFile(f, full)))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ParseKeyFile(text)
		if err != nil {
			if !errors.Is(err, ErrKeyFile) {
				t.Errorf("%v is not ErrKeyFile", err)
			}
			return
		}
		if again := encodeKeyFile(t, file); again != string(text) {
			t.Errorf("%q becomes %q", text, again)
		}
	})
}

func FuzzParseRecoveryKey(f *testing.F) {
	f.Add(readTestdata(f, "recovery.txt"))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := ParseRecoveryKey(text)
		if err != nil {
			return
		}
		if again, err := EncodeRecoveryKey(key); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q becomes %q, %v", text, again, err)
		}
	})
}

// An encrypted file is not trusted either: whoever can write it may choose the work to be done.
func FuzzUnlock(f *testing.F) {
	v := readVectors(f)
	f.Add(readTestdata(f, "keys.age"))
	f.Add(readTestdata(f, "sealed.age"))
	f.Add([]byte(sealIntro + "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if i := bytes.Index(data, []byte("-> scrypt ")); i >= 0 {
			if line, _, _ := bytes.Cut(data[i:], []byte("\n")); len(line) > 34 && !bytes.HasSuffix(line, []byte(" 4")) {
				return // a higher factor is allowed and only slow
			}
		}
		text, err := Passphrase{Text: v.Passphrase}.unlock(data)
		if err == nil && !bytes.Equal(text, readTestdata(t, "keys.txt")) {
			t.Errorf("%q opens", data)
		}
	})
}
