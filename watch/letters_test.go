package watch

import "testing"

func TestLetters(t *testing.T) {
	for _, text := range []string{"", "a", "KHAN, Abdul Qadir", "O'Brien-Smith (Jr.)", "Юлиан Жущёв", "Zoë", "two  spaces ", "x1"} {
		b := appendLetters(nil, text)
		whole, skipped := decoder{b: append(b, 7)}, decoder{b: append(b, 7)}
		if got := whole.letters(); got != text || whole.bad || len(whole.b) != 1 {
			t.Errorf("%q comes back as %q", text, got)
		}
		if skipped.skipLetters(); skipped.bad || len(skipped.b) != 1 {
			t.Errorf("%q is not passed over", text)
		}
	}
	if b := appendLetters(nil, "Abdul Qadir Khan"); len(b) != 13 {
		t.Errorf("16 letters take %d bytes", len(b))
	}
}
