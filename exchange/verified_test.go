package exchange

import (
	"bytes"
	"errors"
	"testing"
)

// What was verified is remembered by all of its bytes, its signatures too;
// what was refused is looked at again, and no more is kept than there is room for.
func TestVerified(t *testing.T) {
	var p parsed[string]
	calls := 0
	refused := errors.New("its signature does not hold")
	parse := func(note []byte) (string, error) {
		calls++
		if bytes.HasSuffix(note, []byte("forged")) {
			return "", refused
		}
		return string(note[:4]), nil
	}
	is := func(note string, wantCalls int, wantErr error) {
		t.Helper()
		calls = 0
		got, err := p.of([]byte(note), parse)
		if calls != wantCalls || !errors.Is(err, wantErr) || err == nil && got != note[:4] {
			t.Errorf("%.20q is %q, %v, with %d looks, want %d", note, got, err, calls, wantCalls)
		}
	}
	is("card signed", 1, nil)
	is("card signed", 0, nil)
	is("card forged", 1, refused)
	is("card forged", 1, refused)
	is("card signed", 0, nil)

	large := string(bytes.Repeat([]byte("x"), mostVerified))
	is("big1"+large, 1, nil)
	is("big1"+large, 1, nil)
	is("card signed", 0, nil)
	half := large[:mostVerified/2]
	for _, note := range []string{"aaaa", "bbbb", "cccc", "dddd", "eeee"} {
		is(note+half, 1, nil)
	}
	if kept := len(p.young) + len(p.old); kept > 5 || p.size > mostVerified {
		t.Errorf("%d notes are kept, %d bytes of them young", kept, p.size)
	}
	is("card signed", 1, nil)
	is("eeee"+half, 0, nil)
}
