package heed

import (
	"slices"
	"time"
)

// Standing is where an accord stands at a time, as far as one knows its
// versions and acts. Two parties that hold the same versions and acts compute
// the same standing, in whatever order these reached them.
type Standing struct {
	Accord AccordID
	State  AccordState

	InForce VersionID // zero: none
	Since   time.Time // when InForce entered into force
	Adopted VersionID // the newest version that has its quorum; it may enter into force later

	Versions []VersionStanding // by number, then id
	Parties  []PartyStanding   // the members of Current, by name

	Ended time.Time // zero: it has not
	Why   AccordEnd

	Equivocations []AccordEquivocation // by party
	Ignored       []IgnoredAct         // by signed time, then id
	Missing       []VersionID          // named by what is held, and not held; ascending

	// Removed are the parties that a version which entered into force left out,
	// by name. Who withdrew is not among them.
	Removed []Removal

	// Cut are members of InForce whom a version that once had its quorum had
	// removed, where the quorum was undone by an equivocation. Nothing is sealed
	// to them until the others have said again what they want: a removal that was
	// real for a day must not be undone by one member's second signature.
	Cut []PartyID
}

// Removal says by which version a party was left out, and when that entered
// into force.
type Removal struct {
	Party   PartyID
	Version VersionID
	At      time.Time
}

// Removal tells how a party was left out; false where it was not.
func (s Standing) Removal(p PartyID) (Removal, bool) {
	i := slices.IndexFunc(s.Removed, func(r Removal) bool { return r.Party == p })
	if i < 0 {
		return Removal{}, false
	}
	return s.Removed[i], true
}

// VersionStanding is where one version stands.
type VersionStanding struct {
	ID      VersionID
	Parent  VersionID
	Number  uint64
	State   VersionState
	Adopted time.Time // when it had its quorum; zero: never
	Started time.Time // when it entered into force; zero: never
	Answers []PartyAnswer
}

// VersionState is where one version stands.
type VersionState string

// The states of a version.
const (
	VersionProposed   VersionState = "proposed"   // open for ratification
	VersionAdopted    VersionState = "adopted"    // has its quorum, and is not in force yet
	VersionInForce    VersionState = "in-force"   // until a later one is
	VersionSuperseded VersionState = "superseded" // was in force, or a version that descends from it has been adopted
	VersionFallen     VersionState = "fallen"     // so many declined that no quorum can be reached
	VersionLapsed     VersionState = "lapsed"     // its time was over before it had its quorum
	VersionExcluded   VersionState = "excluded"   // another version was adopted that does not descend from it
)

// PartyAnswer is what a member of a version has said to it.
type PartyAnswer struct {
	Party        PartyID
	Answer       Answer
	Act          AccordActID // the newest that made the answer; zero while silent
	At           time.Time   // the signed time of Act
	Reason       string      // of a decline
	Reservations []Reservation
}

// said is the answer as the party gave it, before it was found to equivocate.
func (a PartyAnswer) said() Answer {
	switch {
	case a.Answer != AnswerEquivocated:
		return a.Answer
	case len(a.Reservations) > 0:
		return AnswerReserved
	}
	return AnswerRatified
}

// Reservation is a clause by which a party is not bound, and why.
type Reservation struct {
	Clause Clause
	Reason string
	Act    AccordActID
}

// PartyStanding is a party's part in the accord.
type PartyStanding struct {
	Party    PartyID
	Presence Presence
	Under    VersionID // the newest version in force to which the party has consented; zero while outside
	Leaves   time.Time // when its withdrawal takes effect, or took it; zero: none
	Asleep   bool      // it has suspended the accord for itself
	Wakes    time.Time // when its suspension ends by itself; zero: when it is resumed
}

// AccordEquivocation is the proof that a party has consented to two versions
// of which neither descends from the other. It counts for neither.
type AccordEquivocation struct {
	Party  PartyID
	First  AccordActID // in the order of their ids
	Second AccordActID
}

// IgnoredAct is an act that is without effect, and why.
type IgnoredAct struct {
	Act AccordActID
	Why string
}

// Current is the version in force; where there is none, the newest that has its
// quorum; where there is none, the newest that is open, or of all.
func (s Standing) Current() VersionID {
	if !s.InForce.IsZero() {
		return s.InForce
	}
	if !s.Adopted.IsZero() {
		return s.Adopted
	}
	var newest VersionID
	for _, v := range s.Versions {
		if v.State == VersionProposed {
			newest = v.ID
		}
	}
	if newest.IsZero() && len(s.Versions) > 0 {
		newest = s.Versions[len(s.Versions)-1].ID
	}
	return newest
}

// Open lists the versions that wait for their quorum, or for their time.
func (s Standing) Open() []VersionID {
	var open []VersionID
	for _, v := range s.Versions {
		if v.State == VersionProposed || v.State == VersionAdopted {
			open = append(open, v.ID)
		}
	}
	return open
}

// Version is where one version stands; false where it is not known.
func (s Standing) Version(id VersionID) (VersionStanding, bool) {
	for _, v := range s.Versions {
		if v.ID == id {
			return v, true
		}
	}
	return VersionStanding{}, false
}

// Answer is what the party has said to a version. Whoever is no member of it
// is silent.
func (s Standing) Answer(id VersionID, p PartyID) PartyAnswer {
	v, _ := s.Version(id)
	for _, a := range v.Answers {
		if a.Party == p {
			return a
		}
	}
	return PartyAnswer{Party: p, Answer: AnswerSilent}
}

// Party is the party's part in the accord.
func (s Standing) Party(p PartyID) PartyStanding {
	for _, m := range s.Parties {
		if m.Party == p {
			return m
		}
	}
	return PartyStanding{Party: p, Presence: PresenceOutside}
}

// Bound reports whether the version in force binds the party: an effective
// member, suspended or not. Who is leaving need not be one: it may never have
// ratified, or be removed before its time has come.
func (p PartyStanding) Bound() bool { return !p.Under.IsZero() }

// Effective lists the parties that the accord binds.
func (s Standing) Effective() []PartyID {
	return s.parties(func(p PartyStanding) bool { return p.Bound() })
}

// Recipients lists the parties to whom something under the accord may be
// sealed: those that it binds, without the suspended and the cut. There are
// none unless it is in force.
func (s Standing) Recipients() []PartyID {
	if s.State != AccordInForce && s.State != AccordAmending {
		return nil
	}
	return s.parties(func(p PartyStanding) bool {
		return p.Bound() && !p.Asleep && !slices.Contains(s.Cut, p.Party)
	})
}

func (s Standing) parties(which func(PartyStanding) bool) []PartyID {
	var all []PartyID
	for _, p := range s.Parties {
		if which(p) {
			all = append(all, p.Party)
		}
	}
	return all
}

// Gone lists the parties whose withdrawal has taken effect, by name.
func (s Standing) Gone() []PartyID {
	return s.parties(func(p PartyStanding) bool { return p.Presence == PresenceGone })
}

// Reservations are those of the party under which it is bound.
func (s Standing) Reservations(p PartyID) []Reservation {
	return s.Answer(s.Party(p).Under, p).Reservations
}

// Answered lists the members of a version that gave that answer.
func (s Standing) Answered(id VersionID, answer Answer) []PartyID {
	v, _ := s.Version(id)
	var all []PartyID
	for _, a := range v.Answers {
		if a.Answer == answer {
			all = append(all, a.Party)
		}
	}
	return all
}

// Reached reports whether the accord is in that state or has gone through it,
// as far as that can be said of a state that may come back: in force stays
// reached by an amendment and by the end of what was in force.
func (s Standing) Reached(state AccordState) bool {
	switch state {
	case AccordProposed:
		return s.State != AccordDraft
	case AccordInForce:
		return !s.InForce.IsZero()
	}
	return s.State == state
}

// Amended reports whether a later version than the first is in force.
func (s Standing) Amended() bool {
	v, ok := s.Version(s.InForce)
	return ok && v.Number > 1
}

// Permits reports whether the act may be signed now: whether it would have an
// effect, or is a reply to a version that the party has not answered.
// The error is a *Refused that says why not.
func (s Standing) Permits(act AccordAct) error {
	v, known := s.Version(act.Version)
	member := known && slices.ContainsFunc(v.Answers, func(a PartyAnswer) bool { return a.Party == act.Party })
	switch {
	case !known:
		return &Refused{Detail: "version " + act.Version.Short() + " of the accord is not known here", Hint: "wait until it has arrived"}
	case !member:
		if r, ok := s.Removal(act.Party); ok {
			return &Refused{Detail: string(act.Party) + " was removed from the accord by version " + r.Version.Short() + ", in force from " + FormatTime(r.At), Hint: "ask the others for an amendment, or propose another accord"}
		}
		return &Refused{Detail: string(act.Party) + " is no member of version " + act.Version.Short(), Hint: "observers ratify nothing"}
	}
	answer := s.Answer(act.Version, act.Party)
	if act.Kind == AccordDecline && answer.Answer == AnswerSilent {
		return nil // it may have no effect any more, and is the reply that is owed all the same
	}
	if _, err := legal(s.State, s.Party(act.Party).Presence, answer.said(), act.Kind); err != nil {
		return err
	}
	if act.Kind.Answers() && v.State != VersionProposed && v.State != VersionAdopted && v.State != VersionInForce {
		return &Refused{Detail: "version " + act.Version.Short() + " is " + string(v.State), Hint: "answer the newest version that is open"}
	}
	if other, ok := s.excluding(v, act); ok {
		return &Refused{Detail: "the party has consented to version " + other.Short() + ", which excludes version " + v.ID.Short() + ": consenting to both would count for neither, provably", Hint: "ask the others to decline the other version; once it has fallen, its ratifications bind nobody"}
	}
	return nil
}

// excluding is a version to which the party has consented and which can not
// stand in one line with v.
func (s Standing) excluding(v VersionStanding, act AccordAct) (VersionID, bool) {
	if !act.Kind.Consents() {
		return VersionID{}, false
	}
	for _, other := range s.Versions {
		a := s.Answer(other.ID, act.Party).Answer
		if (a.Consents() || a == AnswerEquivocated) && other.State != VersionFallen && !s.inLine(other, v) && !s.inLine(v, other) {
			return other.ID, true
		}
	}
	return VersionID{}, false
}

// inLine reports whether v is above or descends from above.
func (s Standing) inLine(above, v VersionStanding) bool {
	for v.ID != above.ID && v.Number > above.Number {
		v, _ = s.Version(v.Parent)
	}
	return v.ID == above.ID
}
