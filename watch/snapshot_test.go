package watch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"heed"
)

func snapshot(t testing.TB, x *Index) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := x.WriteSnapshot(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// few is an index with one subject of every sort.
func few(t testing.TB) *Index {
	x := New(model(t))
	put(t, x,
		person("a", "1986-10-21", "Oleksandr Zavgorodniy", "Завгородній Олександр", "van der Berg", "???"),
		Subject{ID: "b", Urgency: heed.UrgencyImmediate, Vehicle: &heed.Vehicle{Plate: "AB 1234", Country: "PL"}},
		Subject{ID: "c", Organisation: &heed.Organisation{Names: []heed.Name{{Text: "Vostok-Trans LLC"}}, Registrations: []heed.Registration{{Register: "Companies House", Number: "12"}}}},
		Subject{ID: "d", Person: &heed.Person{Documents: []heed.Document{{Type: heed.DocumentPassport, Number: "1234567"}}}})
	return x
}

// sealed puts the right checksum under what a fuzzer made.
func sealed(b []byte) []byte {
	body := b[:max(0, len(b)-sha256.Size)]
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

// beyond64 is a number of more than 64 bits, then room for a checksum.
var beyond64 = append(append(bytes.Repeat([]byte{0xff}, 9), 0x71), make([]byte, sha256.Size)...)

func TestSnapshotIsRefused(t *testing.T) {
	whole := snapshot(t, few(t))
	refused := func(name string, b []byte, want error) {
		t.Helper()
		x, err := ReadSnapshot(bytes.NewReader(b), model(t))
		if x != nil || !errors.Is(err, ErrSnapshot) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range whole {
		if i%7 == 0 || i > len(whole)-40 {
			refused("cut", whole[:i], nil)
		}
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		refused("changed", changed, nil)
	}
	nothing := snapshot(t, New(model(t)))
	refused("a number of more than 64 bits", sealed(append(nothing[:len(nothing)-sha256.Size-1], beyond64...)), nil)
	refused("longer", append(bytes.Clone(whole), 0), nil)
	refused("another model", bytes.Replace(whole, []byte(snapshotMagic), []byte(snapshotMagic+"x"), 1), ErrSnapshotVersion)
}

func TestSnapshotOfNothing(t *testing.T) {
	x, err := ReadSnapshot(bytes.NewReader(snapshot(t, New(model(t)))), model(t))
	if err != nil || x.Len() != 0 {
		t.Errorf("%v", err)
	}
}

// FuzzReadSnapshot: whatever is read is written again byte for byte, and can be
// screened and taken apart.
func FuzzReadSnapshot(f *testing.F) {
	f.Add(snapshot(f, few(f)))
	nothing := snapshot(f, New(model(f)))
	f.Add(nothing)
	f.Add(append(bytes.Clone(nothing[:len(nothing)-sha256.Size-1]), beyond64...))
	m := model(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ReadSnapshot(bytes.NewReader(sealed(b)), m)
		if err != nil {
			return
		}
		if again := snapshot(t, x); !bytes.Equal(again, sealed(b)) {
			t.Errorf("read %x, wrote %x", sealed(b), again)
		}
		x.NewScreener().Screen(record("Oleksandr Zavgorodniy", "1986-10-21"))
		var all []SubjectID
		for s := range x.All {
			all = append(all, s.ID)
		}
		for _, id := range all {
			if !x.Remove(id) {
				t.Errorf("%s is not there", id)
			}
		}
	})
}

func FuzzReadSubject(f *testing.F) {
	for s := range few(f).All {
		f.Add(appendSubject(nil, &s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readSubject(b)
		if err != nil {
			return
		}
		if again := appendSubject(nil, &s); !bytes.Equal(again, b) {
			t.Errorf("read %x, wrote %x", b, again)
		}
		if err := New(model(t)).Put(s); err != nil {
			t.Error(err)
		}
	})
}
