package heed

import (
	"fmt"
	"strings"
)

// RefusalCode says why something was refused in a form that the other side's
// software can act on.
type RefusalCode string

// Codes that an officer signs when content is refused: an answer, which takes
// the slots of the duties that it answers.
const (
	NotCompetent        RefusalCode = "not-competent"
	InsufficientGrounds RefusalCode = "insufficient-grounds"
	// CharacterBar: of political, military, religious or racial character
	// (the bar of Article 3 of INTERPOL's constitution).
	CharacterBar     RefusalCode = "political-military-religious-racial"
	HandlingConflict RefusalCode = "handling-conflict"
	Duplicate        RefusalCode = "duplicate"
	UnlawfulHere     RefusalCode = "unlawful-here"
)

// Codes with which a node refuses an envelope. They discharge nothing: the
// statement inside was not given.
const (
	UnknownSender  RefusalCode = "unknown-sender"
	WrongRecipient RefusalCode = "wrong-recipient"
	StaleCard      RefusalCode = "stale-card"
	TooLarge       RefusalCode = "too-large"
	Malformed      RefusalCode = "malformed"
	BadSignature   RefusalCode = "bad-signature"
	BadSeal        RefusalCode = "bad-seal"
	OverQuota      RefusalCode = "over-quota"
	ClockAhead     RefusalCode = "clock-ahead"
	NotAdmitted    RefusalCode = "not-admitted"
	Equivocation   RefusalCode = "equivocation"
	NumberReused   RefusalCode = "number-reused"
	CatchingUp     RefusalCode = "catching-up"
	UnknownAccord  RefusalCode = "unknown-accord" // the accord that is named is not in force here, yet
)

// ContentRefusals lists the codes that an officer may give, in the order in
// which help shows them.
func ContentRefusals() []RefusalCode {
	return []RefusalCode{NotCompetent, InsufficientGrounds, CharacterBar, HandlingConflict, Duplicate, UnlawfulHere}
}

// EnvelopeRefusals lists the codes that a node may give for an envelope.
func EnvelopeRefusals() []RefusalCode {
	return []RefusalCode{UnknownSender, WrongRecipient, StaleCard, TooLarge, Malformed, BadSignature, BadSeal, OverQuota, ClockAhead, NotAdmitted, Equivocation, NumberReused, CatchingUp, UnknownAccord}
}

// ParseContentRefusal reads a code that an officer may give.
func ParseContentRefusal(s string) (RefusalCode, error) {
	return oneOf("refusal code", RefusalCode(s), ContentRefusals())
}

// ParseEnvelopeRefusal reads a code that a node may give.
func ParseEnvelopeRefusal(s string) (RefusalCode, error) {
	return oneOf("refusal code", RefusalCode(s), EnvelopeRefusals())
}

// Passing reports whether the same statement may be accepted later without any
// change to it, so that the sender's node keeps it and tries again.
func (c RefusalCode) Passing() bool {
	return c == OverQuota || c == ClockAhead || c == NumberReused || c == CatchingUp || c == StaleCard || c == UnknownSender || c == BadSeal || c == TooLarge || c == UnknownAccord
}

// Refused is an act or a statement that a rule or a role does not permit.
type Refused struct {
	Code   RefusalCode // empty where no peer is told
	Detail string      // what was refused, and by which rule
	Hint   string      // how to mend it; may be empty
}

func (r *Refused) Error() string { return withHint(r.Detail, r.Hint) }

// Refuse makes the refusal of something by a rule.
func Refuse(code RefusalCode, format string, args ...any) error {
	return &Refused{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Invalid is input that cannot be used as it stands.
type Invalid struct {
	What string // what is wrong, and where
	Hint string // how to mend it; may be empty
}

func (e *Invalid) Error() string { return withHint(e.What, e.Hint) }

func withHint(what, hint string) string {
	if hint == "" {
		return what
	}
	return what + " (" + hint + ")"
}

// oneOf checks that v is one of a closed list and names the list where not.
func oneOf[T ~string](noun string, v T, all []T) (T, error) {
	names := make([]string, len(all))
	for i, a := range all {
		if a == v {
			return v, nil
		}
		names[i] = string(a)
	}
	var none T
	return none, &Invalid{What: fmt.Sprintf("unknown %s %q", noun, clip(string(v))), Hint: "one of " + strings.Join(names, ", ")}
}
