package heed

import (
	"fmt"
	"slices"
)

// AccordState is where an accord stands.
type AccordState string

// The states of an accord.
const (
	AccordDraft     AccordState = "draft"     // nothing is signed
	AccordProposed  AccordState = "proposed"  // a version is signed, none is in force
	AccordInForce   AccordState = "in-force"  // a version is in force, and no other is open
	AccordAmending  AccordState = "amending"  // a version is in force, and another one is open
	AccordSuspended AccordState = "suspended" // in force, and suspended for so many that no quorum is left
	AccordEnded     AccordState = "ended"     // for good
)

// AccordStates lists all states, in the order in which an accord goes through them.
func AccordStates() []AccordState {
	return []AccordState{AccordDraft, AccordProposed, AccordInForce, AccordAmending, AccordSuspended, AccordEnded}
}

// ParseAccordState reads a state.
func ParseAccordState(s string) (AccordState, error) {
	return oneOf("accord state", AccordState(s), AccordStates())
}

// AccordEnd says why an accord has ended.
type AccordEnd string

// Why accords end.
const (
	EndExpired     AccordEnd = "expired"      // its time was over
	EndUnderQuorum AccordEnd = "under-quorum" // so many left that no quorum remains
	EndDeclined    AccordEnd = "declined"     // no version that was proposed can reach its quorum any more
	EndLapsed      AccordEnd = "lapsed"       // its time was over before it was ratified
)

// inState is the accord's half of the state machine: what may be declared in
// which state. What is not named in a row is illegal there.
var inState = map[AccordState][]AccordActKind{
	AccordDraft:     nil,
	AccordProposed:  {AccordRatification, AccordReservation, AccordDecline, AccordWithdrawal},
	AccordInForce:   {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption, AccordWithdrawal},
	AccordAmending:  {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption, AccordWithdrawal},
	AccordSuspended: {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption, AccordWithdrawal},
	AccordEnded:     nil,
}

// Answer is what a party has said to one version.
type Answer string

// The answers.
const (
	AnswerSilent      Answer = "silent"
	AnswerRatified    Answer = "ratified"
	AnswerReserved    Answer = "reserved" // ratified but for a clause
	AnswerDeclined    Answer = "declined"
	AnswerEquivocated Answer = "equivocated" // ratified another version as well that excludes this one
)

// AccordAnswers lists all answers.
func AccordAnswers() []Answer {
	return []Answer{AnswerSilent, AnswerRatified, AnswerReserved, AnswerDeclined, AnswerEquivocated}
}

// Consents reports whether the answer counts towards a quorum.
func (a Answer) Consents() bool { return a == AnswerRatified || a == AnswerReserved }

// afterAnswer is a party's half of the state machine, for one version: what an
// act makes of the answer before it. What is not named in a row is illegal
// there; equivocation is found afterwards, from all answers of a party.
var afterAnswer = map[Answer]map[AccordActKind]Answer{
	AnswerSilent: {
		AccordRatification: AnswerRatified,
		AccordReservation:  AnswerReserved,
		AccordDecline:      AnswerDeclined,
	},
	AnswerReserved: {
		AccordRatification: AnswerRatified,
		AccordReservation:  AnswerReserved,
	},
	AnswerRatified: {},
	AnswerDeclined: {},
}

// next is the answer after an act; the error, a *Refused, says why it is illegal.
func (a Answer) next(kind AccordActKind) (Answer, error) {
	if to, ok := afterAnswer[a][kind]; ok {
		return to, nil
	}
	hint := "a ratification is final; leave the accord by a withdrawal, or propose an amendment"
	if a == AnswerDeclined {
		hint = "a decline is final for its version; ask for another version"
	}
	return a, &Refused{Detail: fmt.Sprintf("the party has %s this version, and a %s cannot follow", a, kind), Hint: hint}
}

// Presence is a party's part in an accord as a whole.
type Presence string

// The presences.
const (
	PresenceOutside   Presence = "outside"   // no member of any version, or bound by none
	PresenceActive    Presence = "active"    // bound
	PresenceSuspended Presence = "suspended" // bound, and suspended for itself
	PresenceLeaving   Presence = "leaving"   // with a withdrawal whose time has not come; bound until then by what binds it
	PresenceGone      Presence = "gone"      // withdrawn
)

// AccordPresences lists all presences.
func AccordPresences() []Presence {
	return []Presence{PresenceOutside, PresenceActive, PresenceSuspended, PresenceLeaving, PresenceGone}
}

// inPresence is what a party may declare by its presence.
var inPresence = map[Presence][]AccordActKind{
	PresenceOutside:   {AccordRatification, AccordReservation, AccordDecline, AccordWithdrawal},
	PresenceActive:    {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordWithdrawal},
	PresenceSuspended: {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption, AccordWithdrawal},
	PresenceLeaving:   {AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption},
	PresenceGone:      nil,
}

// legal is the whole state machine: whether a party may declare something of a
// version, by where the accord stands, what the party's part in it is, and
// what it has said to the version. It returns the party's next answer. Errors
// are *Refused.
func legal(state AccordState, presence Presence, answer Answer, kind AccordActKind) (Answer, error) {
	if !slices.Contains(inState[state], kind) {
		return answer, &Refused{Detail: fmt.Sprintf("the accord is %s: a %s is not possible now", state, clip(string(kind))), Hint: stateHints[state]}
	}
	if !slices.Contains(inPresence[presence], kind) {
		return answer, &Refused{Detail: fmt.Sprintf("the party is %s: a %s is not possible for it now", presence, clip(string(kind))), Hint: presenceHints[presence]}
	}
	if !kind.Answers() {
		return answer, nil
	}
	return answer.next(kind)
}

var stateHints = map[AccordState]string{
	AccordDraft:    "propose it first",
	AccordProposed: "it is not in force yet: ratify, reserve or decline",
	AccordEnded:    "renew it: `heed accord renew` drafts a new accord from it",
}

var presenceHints = map[Presence]string{
	PresenceOutside:   "ratify the version in force first",
	PresenceActive:    "only what is suspended can be resumed",
	PresenceSuspended: "resume it first",
	PresenceLeaving:   "a withdrawal is final",
	PresenceGone:      "a withdrawal is final; ask for another accord",
}
