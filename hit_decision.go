package heed

import (
	"fmt"
	"slices"
	"time"
)

// HitID names a hit: a digest, under a key that only this node has, of the
// subject on watch, of what it said, and of the record that matched it. The same
// record that is screened again is the same hit, and nobody who guesses a record
// can learn from an id that it was screened.
type HitID Digest

func (id HitID) String() string { return Digest(id).String() }

// IsZero reports whether id names nothing.
func (id HitID) IsZero() bool { return id == HitID{} }

// Code is the hit's short code, for people, with the same alphabet as a case's.
func (id HitID) Code() Code { return CodeOf(Digest(id)) }

// DecisionID names a decision about a hit: the SHA-256 of its signed text.
type DecisionID Digest

func (id DecisionID) String() string { return Digest(id).String() }

// IsZero reports whether id names nothing.
func (id DecisionID) IsZero() bool { return id == DecisionID{} }

// DecisionKind is what a decision about a hit does.
type DecisionKind string

// The kinds of decisions.
const (
	DecisionVerdict DecisionKind = "verdict"
	// DecisionRevoked ends an exclusion before its time.
	DecisionRevoked DecisionKind = "exclusion-revoked"
)

// DecisionKinds lists both.
func DecisionKinds() []DecisionKind { return []DecisionKind{DecisionVerdict, DecisionRevoked} }

// ParseDecisionKind reads one.
func ParseDecisionKind(s string) (DecisionKind, error) {
	return oneOf("kind of decision", DecisionKind(s), DecisionKinds())
}

// MaxExclusion bounds an exclusion: nobody is waved through for longer without
// being looked at again.
const MaxExclusion = 366 * 24 * time.Hour

// HitDecision is an officer's decision about a hit, as it is signed. It stays
// with the party, whose ledger commits to it, and names nobody: what the record
// said is told apart by digests under a key of the node.
type HitDecision struct {
	ID DecisionID

	Kind    DecisionKind
	Party   PartyID
	Hit     HitID
	Subject Digest // of the subject and what was said of it when it matched
	Time    time.Time
	Verdict HitVerdict // of a verdict

	// Traveller and Until exclude a record of the same name, date of birth and
	// document from further hits on the same subject until then, as long as what is
	// said of the subject stays the same. Zero: nothing is excluded. Only
	// different-person excludes.
	Traveller Digest
	Until     time.Time

	Revokes  DecisionID   // of a revocation: the verdict whose exclusion ends
	Contents []ContentRef // the reason, as text; it is erased with the record
	Node     string
	Officers []OfficerStamp
}

// Check holds the decision to its rules, but for its signatures. The error joins
// a *FieldError for each problem.
func (d HitDecision) Check() error {
	c := new(checker)
	if _, err := ParseDecisionKind(string(d.Kind)); err != nil {
		c.bad("kind", "is no kind of decision", "one of "+joined(DecisionKinds()))
	}
	if d.Hit.IsZero() || d.Subject.IsZero() {
		c.bad("hit", "names no hit, or no subject", "both are digests")
	}
	if len(d.Contents) != 1 || d.Contents[0].MediaType != MediaText {
		c.bad("content", "is not one text", "every decision gives its reason")
	}
	if n := len(d.Officers); n != 1 {
		c.bad("officers", entries(n), "one officer decides")
	}
	for i, o := range d.Officers {
		if !Permits(o.Role, ActReview) {
			c.bad(at("officers", i), fmt.Sprintf("signs as %q, which does not permit it", clip(string(o.Role))), "it takes a role that may review hits")
		}
	}
	d.checkVerdict(c)
	return c.err()
}

func (d HitDecision) checkVerdict(c *checker) {
	excludes := !d.Traveller.IsZero() || !d.Until.IsZero()
	if d.Kind == DecisionRevoked {
		if d.Revokes.IsZero() || d.Verdict != "" || excludes {
			c.bad("revokes", "names no verdict, or says more than that its exclusion ends", "a revocation names the verdict that had excluded")
		}
		return
	}
	if !slices.Contains(HitVerdicts(), d.Verdict) {
		c.bad("verdict", "is no verdict", "one of "+joined(HitVerdicts()))
	}
	if !d.Revokes.IsZero() {
		c.bad("revokes", "does not belong in a verdict", "leave it out")
	}
	switch {
	case !excludes:
	case d.Verdict != DifferentPerson:
		c.bad("until", "excludes somebody who was not found to be a different person", "only different-person excludes")
	case d.Traveller.IsZero() || d.Until.IsZero():
		c.bad("until", "stands without whom it excludes, or the other way round", "give both or neither")
	case !d.Until.After(d.Time) || d.Until.After(d.Time.Add(MaxExclusion)) || !d.Until.Equal(Instant(d.Until)):
		c.bad("until", "is not after the decision, or more than 366 days after it", "an exclusion ends within 366 days, and can be made again")
	}
}
