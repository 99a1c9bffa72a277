package heed

import (
	"slices"
	"time"
)

// AccordID names an accord through all its versions: it is the id of the first.
type AccordID Digest

func (id AccordID) String() string { return Digest(id).String() }

// IsZero reports whether id names no accord; in signed text that is "new".
func (id AccordID) IsZero() bool { return id == AccordID{} }

// Short is the first eight digits, for people to tell accords apart.
func (id AccordID) Short() string { return id.String()[:8] }

// VersionID is the SHA-256 of the text of one version of an accord.
type VersionID Digest

func (id VersionID) String() string { return Digest(id).String() }

// IsZero reports whether id names no version.
func (id VersionID) IsZero() bool { return id == VersionID{} }

// Short is the first eight digits, for people to tell versions apart.
func (id VersionID) Short() string { return id.String()[:8] }

// Accord is one version of what parties agree: the terms, and who proposed
// them. A version is never changed; an amendment is another version that names
// this one as its parent. Package wire gives it its byte form; ID is the hash
// of that form and no part of it.
type Accord struct {
	ID     VersionID
	Accord AccordID  // zero in the first version, whose own id it becomes
	Parent VersionID // zero in the first version
	Number uint64    // 1 in the first version, one more than the parent's in others
	Renews AccordID  // the accord from which this one was drafted; zero: none

	Proposer PartyID
	Time     time.Time // when the proposer says that it was signed
	Template string    // from which the terms were drafted; empty: none

	Name       string
	Purpose    string // in words
	Purposes   []Purpose
	LegalBasis string

	Members    []Member
	Observers  []Observer
	Quorum     int       // members that must ratify; over half of them
	MustRatify []PartyID // members without whom it does not enter into force, whatever the quorum

	Clocks      []NamedClock  // the first applies wherever no posture names another
	Reply       time.Duration // in which a reply to a proposal is owed
	Acknowledge []string      // roles of the ladder that must acknowledge, each for itself; none: any officer for all
	RoleKeys    bool          // every rung of every ladder has a sealing key of its own

	Ceiling    Ceiling
	Forwarding ForwardingRule
	Disclosure Disclosure

	From     time.Time // zero: from when it is ratified
	Until    time.Time // zero: until it is ended
	Postures []Posture

	End        Ending
	Limitation time.Duration // how long after the end signed headers and leaf keys are kept
	Notice     time.Duration // from a withdrawal to when it takes effect

	TwoOfficers bool // drafter and releaser are two persons
	RightsCheck bool // a release carries the answers of the rights check

	ReportHits  Reporting     // which confirmed hits are reported to the warner
	LapseNotice time.Duration // how long beforehand a lapse of a watch is announced; zero: it may take effect at once
	Screening   Screening

	SituationReport time.Duration // how often the members report the situation; zero: not
	Drills          time.Duration // how often an exercise runs; zero: not

	Node     string // verification key of the proposer's node
	Officers []OfficerStamp
}

// Member is a party that ratifies. By ratifying, a member accepts the cards of
// the others as introduced, by the id that stands here.
type Member struct {
	Party  PartyID
	Card   CardID
	Ladder Ladder
	Keys   []RoleKey // of the rungs that have one, in the ladder's order
}

// RoleKey is the key to which reminders for one rung are sealed, beside the
// party's own: an age hybrid recipient, age1pq1...
type RoleKey struct {
	Role string
	Key  string
}

// Key is the sealing key of a role; false where the ladder has none for it.
func (m Member) Key(role string) (string, bool) {
	for _, k := range m.Keys {
		if k.Role == role {
			return k.Key, true
		}
	}
	return "", false
}

// MemberOf is a member as its card has it, without role keys.
func MemberOf(c Card) Member {
	return Member{Party: c.Party, Card: c.ID, Ladder: slices.Clone(c.Ladder)}
}

// Observer is a party that reads along: it is sent what goes to all, owes
// nothing and ratifies nothing.
type Observer struct {
	Party PartyID
	Card  CardID
}

// NamedClock is one of an accord's clocks.
type NamedClock struct {
	Name  string // one lower-case word
	Clock Clock
}

// Posture is a part of an accord's time in which another of its clocks applies:
// the opening day, the day of the final.
type Posture struct {
	Name  string
	From  time.Time
	Until time.Time // from then on it does not apply
	Clock string    // the name of one of the clocks
}

// Bounds of an accord's lists and times.
const (
	MinMembers    = 2
	MaxMembers    = 10_000
	MaxObservers  = 1_000
	MaxMustRatify = 100
	MaxClocks     = 8
	MaxPostures   = 100
	MaxLimitation = 30 * 366 * 24 * time.Hour
)

// AccordID is the accord that the version belongs to.
func (a Accord) AccordID() AccordID {
	if a.Accord.IsZero() {
		return AccordID(a.ID)
	}
	return a.Accord
}

// OverHalf is the least quorum of so many members.
func OverHalf(members int) int { return members/2 + 1 }

// Member is the member of that name; false where the party is none.
func (a Accord) Member(p PartyID) (Member, bool) {
	for _, m := range a.Members {
		if m.Party == p {
			return m, true
		}
	}
	return Member{}, false
}

// Observes reports whether the party is an observer.
func (a Accord) Observes(p PartyID) bool {
	return slices.ContainsFunc(a.Observers, func(o Observer) bool { return o.Party == p })
}

// Card is the card of a member or an observer that ratifying accepts; false
// where the party is neither.
func (a Accord) Card(p PartyID) (CardID, bool) {
	if m, ok := a.Member(p); ok {
		return m.Card, true
	}
	for _, o := range a.Observers {
		if o.Party == p {
			return o.Card, true
		}
	}
	return CardID{}, false
}

// ClockAt is the clock that applies at that time: the posture's, or the first.
func (a Accord) ClockAt(t time.Time) NamedClock {
	name := ""
	for _, p := range a.Postures {
		if !t.Before(p.From) && t.Before(p.Until) {
			name = p.Clock
		}
	}
	for _, c := range a.Clocks {
		if c.Name == name {
			return c
		}
	}
	if len(a.Clocks) == 0 {
		return NamedClock{}
	}
	return a.Clocks[0]
}

// Baseline is what a member has committed to under the accord at that time:
// its card's baseline with the accord's clock and ladder in the place of its
// own, and those of its rungs that must acknowledge. False where the party is no member.
func (a Accord) Baseline(p PartyID, card Baseline, at time.Time) (Baseline, bool) {
	m, ok := a.Member(p)
	if !ok {
		return Baseline{}, false
	}
	clock := a.ClockAt(at)
	card.Profile, card.Clock, card.Ladder = clock.Name, clock.Clock, m.Ladder
	card.Acknowledge, card.LapseNotice = nil, a.LapseNotice
	for i, rung := range m.Ladder {
		if slices.Contains(a.Acknowledge, rung.Role) {
			card.Acknowledge = append(card.Acknowledge, i+1)
		}
	}
	return card, true
}
