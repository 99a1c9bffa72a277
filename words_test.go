package heed

import "testing"

// Nothing that a person can meet is without words.
func TestWords(t *testing.T) {
	worded(t, dutyWords, DutyKinds(), DutyKind.Words)
	worded(t, dispositionWords, Dispositions(), Disposition.Words)
	worded(t, outcomeWords, Outcomes(), Outcome.Words)
	if got := DutyKind("later-duty").Words(); got != "later-duty" {
		t.Errorf("a duty of a later version is called %q", got)
	}
}

func worded[K ~string](t *testing.T, words map[K]string, all []K, of func(K) string) {
	t.Helper()
	named := map[string]K{}
	for _, code := range all {
		w := of(code)
		if w == "" || w != words[code] {
			t.Errorf("%s has the words %q", code, w)
		}
		if other, taken := named[w]; taken {
			t.Errorf("%s and %s have the same words", code, other)
		}
		named[w] = code
	}
	if len(words) != len(all) {
		t.Errorf("%d words for %d codes", len(words), len(all))
	}
}

func TestCapital(t *testing.T) {
	for words, want := range map[string]string{"": "", "a": "A", "report of action": "Report of action", "A": "A", "отчёт": "Отчёт"} {
		if got := Capital(words); got != want {
			t.Errorf("Capital(%q) = %q", words, got)
		}
	}
}
