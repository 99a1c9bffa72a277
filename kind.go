package heed

import (
	"slices"
	"strings"
)

// Kind is what a statement does.
type Kind string

// The kinds of this version.
const (
	KindWarning         Kind = "warning"
	KindSupplement      Kind = "supplement"
	KindCorrection      Kind = "correction"
	KindRecall          Kind = "recall"
	KindReceipt         Kind = "receipt"
	KindRefusal         Kind = "refusal"
	KindNotification    Kind = "notification"
	KindOpening         Kind = "opening"
	KindAcknowledgement Kind = "acknowledgement"
	KindAssessment      Kind = "assessment"
	KindQuestion        Kind = "question"
	KindAnswer          Kind = "answer"
	KindInterim         Kind = "interim"
	KindExtension       Kind = "extension"
	KindAction          Kind = "action"
	KindOutcome         Kind = "outcome"
	KindCall            Kind = "call"
	KindReminder        Kind = "reminder"
	KindForwardRequest  Kind = "forward-request"
	KindForwardConsent  Kind = "forward-consent"
	KindDrill           Kind = "drill"
	KindRating          Kind = "rating"  // whether a reply was of use, by whoever had asked for it
	KindFigures         Kind = "figures" // what was counted of a period, signed by its author

	// The kinds of the watch for the subjects of a warning.
	KindWatchHit         Kind = "watch-hit"          // an officer found a record to be of a subject
	KindWatchLapseNotice Kind = "watch-lapse-notice" // from when on the subjects are watched no more, or that they go on being

	// The kinds of accords carry a signed version or a signed act as their
	// content, and say it to one party: each opens a case of its own but for a
	// reply to the party that proposed.
	KindAccordProposal     Kind = "accord-proposal"  // the first version of an accord
	KindAccordAmendment    Kind = "accord-amendment" // a later version
	KindAccordRatification Kind = "accord-ratification"
	KindAccordReservation  Kind = "accord-reservation"
	KindAccordDecline      Kind = "accord-decline"
	KindAccordSuspension   Kind = "accord-suspension"
	KindAccordResumption   Kind = "accord-resumption"
	KindAccordWithdrawal   Kind = "accord-withdrawal"

	// Two kinds stand in no case: a node makes them, nobody owes a receipt for
	// them, and no fold takes them in.
	KindSuccession Kind = "succession" // says which ledger follows its author's old one
	KindDeposit    Kind = "deposit"    // a depositary's receipt for an envelope that it keeps unopened
)

// side says which party of a case may author a kind.
type side uint8

// The zero side is nobody's: the kind stands in no case.
const (
	byWarner side = 1 << iota
	byWarned
	byEither = byWarner | byWarned
)

// manner is everything about a kind that rules ask for.
type manner struct {
	kind   Kind
	side   side
	action Action // empty: made by a node, no officer signs it
	// released kinds are signed by officers in a release that they name, and
	// not in the statement itself.
	released bool
	// enclosed kinds carry what officers sign as their first content: it is
	// signed once, and the node tells it to everybody whom it concerns.
	enclosed bool
	// opens a case when it names none.
	opens bool
	// answersMust is the least number of statements that it answers.
	answersMust int
}

var manners = []manner{
	{kind: KindWarning, side: byWarner, action: ActWarn, released: true, opens: true},
	{kind: KindSupplement, side: byWarner, action: ActWarn, released: true, answersMust: 1},
	{kind: KindCorrection, side: byWarner, action: ActWarn, released: true, answersMust: 1},
	{kind: KindRecall, side: byWarner, action: ActWarn, released: true, answersMust: 1},
	{kind: KindReceipt, side: byEither, answersMust: 1},
	{kind: KindRefusal, side: byEither, action: ActRefuse, answersMust: 1},
	{kind: KindNotification, side: byEither, answersMust: 1},
	{kind: KindOpening, side: byEither, action: ActOpen, answersMust: 1},
	{kind: KindAcknowledgement, side: byWarned, action: ActAcknowledge, answersMust: 1},
	{kind: KindAssessment, side: byWarned, action: ActAssess, answersMust: 1},
	{kind: KindQuestion, side: byEither, action: ActAsk, opens: true},
	{kind: KindAnswer, side: byEither, action: ActAnswer, answersMust: 1},
	{kind: KindInterim, side: byEither, action: ActInterim, answersMust: 1},
	{kind: KindExtension, side: byEither, action: ActExtend, answersMust: 1},
	{kind: KindAction, side: byWarned, action: ActReport, answersMust: 1},
	{kind: KindOutcome, side: byWarned, action: ActConclude, answersMust: 1},
	{kind: KindCall, side: byEither, action: ActCall},
	{kind: KindReminder, side: byEither, answersMust: 1},
	{kind: KindForwardRequest, side: byWarned, action: ActForward, answersMust: 1},
	{kind: KindForwardConsent, side: byWarner, action: ActForward, answersMust: 1},
	{kind: KindDrill, side: byEither, action: ActDrill},
	{kind: KindRating, side: byEither, action: ActRate, answersMust: 1},
	{kind: KindFigures, side: byEither, action: ActReconcile, enclosed: true, opens: true},
	{kind: KindWatchHit, side: byWarned, action: ActReportHit, answersMust: 1},
	{kind: KindWatchLapseNotice, side: byWarned, action: ActLapse, answersMust: 1},
	{kind: KindAccordProposal, side: byWarner, action: ActPropose, enclosed: true, opens: true},
	{kind: KindAccordAmendment, side: byWarner, action: ActPropose, enclosed: true, opens: true},
	{kind: KindAccordRatification, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindAccordReservation, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindAccordDecline, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindAccordSuspension, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindAccordResumption, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindAccordWithdrawal, side: byEither, action: ActRatify, enclosed: true, opens: true},
	{kind: KindSuccession},
	{kind: KindDeposit},
}

func (k Kind) manner() (manner, bool) {
	for _, m := range manners {
		if m.kind == k {
			return m, true
		}
	}
	return manner{}, false
}

// Kinds lists all kinds of this version.
func Kinds() []Kind {
	all := make([]Kind, len(manners))
	for i, m := range manners {
		all[i] = m.kind
	}
	return all
}

// ParseKind reads a kind of this version.
func ParseKind(s string) (Kind, error) { return oneOf("statement kind", Kind(s), Kinds()) }

// Action is what an officer does in making a statement of this kind; empty for
// kinds that a node makes by itself.
func (k Kind) Action() Action {
	m, _ := k.manner()
	return m.action
}

// Released reports whether officers sign the release that statements of this
// kind name, rather than each statement.
func (k Kind) Released() bool {
	m, _ := k.manner()
	return m.released
}

// Enclosed reports whether officers sign what statements of this kind carry as
// their first content, rather than each statement.
func (k Kind) Enclosed() bool {
	m, _ := k.manner()
	return m.enclosed
}

// ByMachine reports whether a node makes statements of this kind by itself. A
// machine's statement discharges no duty.
func (k Kind) ByMachine() bool { return k.Action() == "" }

// Rateable reports whether a statement of this kind is a reply in substance,
// whose use whoever had asked for it may rate: that somebody has something, or
// will say more later, is no such reply.
func (k Kind) Rateable() bool {
	return slices.Contains([]Kind{KindAssessment, KindAnswer, KindAction, KindOutcome, KindRefusal}, k)
}

// InCase reports whether statements of this kind stand in a case. The others
// name no case, follow and answer nothing, and are refused and passed over
// wherever a case is concerned.
func (k Kind) InCase() bool { return k != KindSuccession && k != KindDeposit }

// Proposes reports whether statements of this kind carry a version of an
// accord, and ask for a reply to it.
func (k Kind) Proposes() bool { return k == KindAccordProposal || k == KindAccordAmendment }

// Act is the act about an accord that statements of this kind carry; false for
// other kinds.
func (k Kind) Act() (AccordActKind, bool) {
	word, ok := strings.CutPrefix(string(k), accordKind)
	if act := AccordActKind(word); ok && slices.Contains(AccordActKinds(), act) {
		return act, true
	}
	return "", false
}

// OfAccord reports whether statements of this kind carry a version of an accord
// or an act about one.
func (k Kind) OfAccord() bool {
	_, act := k.Act()
	return act || k.Proposes()
}

// OwedReceipt reports whether the recipient owes a receipt: for everything in
// a case except a receipt.
func (k Kind) OwedReceipt() bool { return k != KindReceipt && k.InCase() }
