package heed

import (
	"fmt"
	"slices"
	"time"
)

// AccordActID is the SHA-256 of the text of an act about an accord.
type AccordActID Digest

func (id AccordActID) String() string { return Digest(id).String() }

// IsZero reports whether id names no act.
func (id AccordActID) IsZero() bool { return id == AccordActID{} }

// AccordAct is what a party declares about a version of an accord. It is
// signed once, names nobody to whom it is said, and so can be shown by any
// member to any other: who has ratified does not depend on who was told.
type AccordAct struct {
	ID AccordActID // SHA-256 of the signed text; no part of it

	Kind    AccordActKind
	Accord  AccordID
	Version VersionID // which the party has before it: what it ratifies, or what it leaves
	Party   PartyID
	Time    time.Time // when the party says that it was signed

	Clause Clause    // reservation
	Reason string    // reservation, decline, suspension, withdrawal: in one line
	From   time.Time // withdrawal: from when, the notice of the terms permitting; zero: as soon as they permit
	Until  time.Time // suspension: zero: until it is resumed

	Node     string // verification key of the party's node
	Officers []OfficerStamp
}

// AccordActKind is what an act does.
type AccordActKind string

// The acts. An amendment is no act but a version, and so is the removal of a
// member.
const (
	// AccordRatification consents to be bound by the version (Vienna Convention on
	// the Law of Treaties, Article 11). It is final: who has ratified leaves by a
	// withdrawal.
	AccordRatification AccordActKind = "ratification"
	// AccordReservation consents to be bound by the version but for one clause
	// (Vienna Convention, Article 2(1)(d)). A later ratification gives it up
	// (Article 22).
	AccordReservation AccordActKind = "reservation"
	// AccordDecline says that the party will not be bound by the version. It is
	// final for the version; another version can be ratified.
	AccordDecline AccordActKind = "decline"
	// AccordSuspension suspends the operation of the accord for the party (Vienna
	// Convention, Article 57).
	AccordSuspension AccordActKind = "suspension"
	// AccordResumption ends a suspension.
	AccordResumption AccordActKind = "resumption"
	// AccordWithdrawal ends the accord for the party (Vienna Convention, Article
	// 54). It is final: who wants to come back is proposed another accord.
	AccordWithdrawal AccordActKind = "withdrawal"
)

// AccordActKinds lists all acts.
func AccordActKinds() []AccordActKind {
	return []AccordActKind{AccordRatification, AccordReservation, AccordDecline, AccordSuspension, AccordResumption, AccordWithdrawal}
}

// ParseAccordActKind reads an act.
func ParseAccordActKind(s string) (AccordActKind, error) {
	return oneOf("act", AccordActKind(s), AccordActKinds())
}

// Statement is the kind of the statements that carry acts of this kind.
func (k AccordActKind) Statement() Kind { return accordKind + Kind(k) }

// accordKind begins the name of every kind of statement that concerns an accord.
const accordKind = "accord-"

// MaxReason bounds an act's reason, in characters.
const MaxReason = 500

// Consents reports whether the act binds its party to the version.
func (k AccordActKind) Consents() bool { return k == AccordRatification || k == AccordReservation }

// Answers reports whether the act is the party's answer to the version: those
// that Answer lists follow from it. A withdrawal is none, though it discharges
// the duty to give one (Discharges).
func (k AccordActKind) Answers() bool { return k.Consents() || k == AccordDecline }

// Check reports everything that is wrong with the act by itself, as joined
// *FieldErrors. Whether it is legal where the accord stands is Standing's.
func (a AccordAct) Check() error {
	c := &checker{}
	term(c, "act", "act", a.Kind, AccordActKinds(), required)
	if a.Accord.IsZero() || a.Version.IsZero() {
		c.bad("version", "is missing", "an act names the accord and the version that it is about")
	}
	if _, err := ParsePartyID(string(a.Party)); err != nil {
		c.bad("party", fmt.Sprintf("is %q, which is not a party's name", clip(string(a.Party))), "write it like north.example")
	}
	if a.Time.IsZero() || !a.Time.Equal(Instant(a.Time)) {
		c.bad("time", "is not a time in whole milliseconds", "")
	}
	if a.Kind == AccordReservation {
		term(c, "clause", "clause that admits a reservation", a.Clause, Clauses(), required)
	} else if a.Clause != "" {
		c.bad("clause", "stands without a reservation", "only a reservation names a clause")
	}
	switch a.Kind {
	case AccordReservation, AccordDecline:
		c.text("reason", a.Reason, MaxReason, required)
	case AccordSuspension, AccordWithdrawal:
		c.text("reason", a.Reason, MaxReason, optional)
	default:
		if a.Reason != "" {
			c.bad("reason", "does not belong here", "a "+clip(string(a.Kind))+" has no reason")
		}
	}
	a.checkTimes(c)
	checkSigners(c, a.Officers)
	return c.err()
}

func (a AccordAct) checkTimes(c *checker) {
	if !a.From.IsZero() && (a.Kind != AccordWithdrawal || a.From.Before(a.Time) || !a.From.Equal(Instant(a.From))) {
		c.bad("from", "does not belong here, or is before the act itself", "only a withdrawal says from when, and not before it is signed")
	}
	if !a.Until.IsZero() && (a.Kind != AccordSuspension || !a.Until.After(a.Time) || !a.Until.Equal(Instant(a.Until))) {
		c.bad("until", "does not belong here, or is not after the act itself", "only a suspension says until when")
	}
}

// AccordRoles lists the roles that bind a party to an accord: those that bind
// it to passing something on.
func AccordRoles() []Role { return []Role{Releaser, Supervisor} }

// checkSigners holds that persons sign who may bind their party.
func checkSigners(c *checker, officers []OfficerStamp) {
	if n := len(officers); n == 0 || n > MaxOfficers {
		c.bad("officers", entries(n), fmt.Sprintf("1 to %d officers sign", MaxOfficers))
	}
	for i, o := range officers {
		if !slices.Contains(AccordRoles(), o.Role) {
			c.bad(at("officers", i), fmt.Sprintf("signs as %q, which does not permit it", clip(string(o.Role))), "one of "+joined(AccordRoles()))
		}
	}
}
