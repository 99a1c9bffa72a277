package heed

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// What people read uses their profession's words. These are English, stand
// within a sentence as they are, and are the same wherever they are read: on the
// desk, on the command line, in statistics and in evidence.

var dutyWords = map[DutyKind]string{
	DutyAcknowledge: "acknowledgement",
	DutyAssess:      "assessment",
	DutyAnswer:      "answer",
	DutyReport:      "report of action",
	DutyConclude:    "conclusion",
	DutyReview:      "review of a match",
	DutyRatify:      "reply to a proposal", // a reservation or a decline is one, too
	DutyDecide:      "decision on a watch",
}

// Words names the reply that is owed: "report of action". A duty that is none
// of DutyKinds is the code that it is.
func (k DutyKind) Words() string {
	if n := k.Rung(); n > 0 {
		return fmt.Sprintf("%s by rung %d", dutyWords[DutyAcknowledge], n)
	}
	return wordsOr(dutyWords, k)
}

var dispositionWords = map[Disposition]string{
	Credible:       "credible",
	PartlyCredible: "partly credible",
	NotCredible:    "not credible",
	CannotAssess:   "cannot be assessed",
}

// Words is what a warning is assessed as: "partly credible". A disposition that
// is none of Dispositions is the code that it is.
func (d Disposition) Words() string { return wordsOr(dispositionWords, d) }

var outcomeWords = map[Outcome]string{
	Averted:     "averted, as stated by the recipient",
	Occurred:    "occurred, as stated by the recipient",
	Unfounded:   "unfounded, as stated by the recipient",
	Expired:     "expired, as stated by the recipient",
	Transferred: "transferred, as stated by the recipient",
}

// Words is how a case was concluded, and by whose word: "averted, as stated by
// the recipient". An outcome that is none of Outcomes is the code that it is.
func (o Outcome) Words() string { return wordsOr(outcomeWords, o) }

func wordsOr[K ~string](words map[K]string, code K) string {
	if w, ok := words[code]; ok {
		return w
	}
	return string(code)
}

// Capital is words that stand alone: they begin with a capital.
func Capital(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + words[size:]
}
