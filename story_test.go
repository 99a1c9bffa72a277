package heed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	north PartyID = "north.example" // warns
	south PartyID = "south.example" // is warned
)

var storyBegins = time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)

// story writes a case statement by statement. Ids are made up, signatures are
// none: what rules decide by is all there.
type story struct {
	now   time.Time
	terms Baseline
	all   []Statement
	last  map[PartyID]StatementID
	made  uint64
	id    CaseID
}

// madeUp is the n-th id of stories.
func madeUp(n uint64) Digest { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, n)) }

// newStory begins with a warning of north's to south, which asks for an answer
// where asks says so.
func newStory(urgency Urgency, asks bool) *story {
	return begin(KindWarning, urgency, func(s *Statement) { s.AsksAnswer = asks })
}

func begin(kind Kind, urgency Urgency, edits ...func(*Statement)) *story {
	st := &story{now: storyBegins, terms: DefaultBaseline(), last: map[PartyID]StatementID{}}
	st.say(north, kind, nil, append(edits, func(s *Statement) {
		if urgency != "" {
			s.Urgency = urgency
		}
	})...)
	st.id = CaseID(st.all[0].ID)
	return st
}

func otherOf(p PartyID) PartyID {
	if p == north {
		return south
	}
	return north
}

// complete is a valid statement of the kind, without its place in a case.
func complete(kind Kind, author PartyID, at time.Time) Statement {
	s := Statement{
		Kind: kind, Author: author, AuthorCard: 1, Recipient: otherOf(author), RecipientCard: 1, Time: at,
		Node: "node", TagKey: Digest{7},
	}
	switch {
	case kind.Enclosed():
		// Officers sign what it carries.
	case kind.Released():
		s.Release = ReleaseID{1}
	case !kind.ByMachine():
		s.Officers = []OfficerStamp{{Key: "officer", Role: permits[kind.Action()][0]}}
	}
	switch kind {
	case KindWarning, KindSupplement, KindCorrection, KindQuestion:
		s.Urgency = UrgencyImmediate
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}}
	case KindAnswer, KindCall:
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}}
	case KindRefusal:
		s.Code = NotCompetent
	case KindAssessment:
		s.Disposition = NotCredible
	case KindOutcome:
		s.Outcome = Averted
	case KindInterim:
		s.By = at.Add(time.Hour)
	case KindExtension:
		s.Duties = []Promise{{DutyAssess, at.Add(time.Hour)}}
	case KindReminder:
		s.Level, s.Role = 1, "duty-desk"
		s.Duties = []Promise{{DutyAssess, at}}
	case KindNotification:
		s.Role, s.Via = "duty-desk", "mail"
	case KindForwardRequest, KindForwardConsent:
		s.Party = "east.example"
	case KindRating:
		s.Meaningful = true
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}}
	case KindWatchHit:
		s.Confirmed = at
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaHitReport}}
	case KindWatchLapseNotice:
		s.Effective = at.Add(time.Hour)
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}}
	case KindFigures:
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaFigures}, {Digest: Digest{2}, Size: 1, MediaType: MediaFiguresCases}}
	case KindReceipt:
		s.Number, s.Received, s.Ledger, s.Terms, s.PublishBy = 1, at, "ledger", CardID{1}, at.Add(time.Minute)
	case KindAccordProposal, KindAccordAmendment:
		s.Accord, s.Version, s.Reply = AccordID{1}, VersionID{1}, 3*day
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaAccord}, {Digest: Digest{2}, Size: 1, MediaType: MediaAccordFile}}
		if kind == KindAccordAmendment {
			s.Version = VersionID{2}
		}
	case KindAccordRatification, KindAccordReservation, KindAccordDecline, KindAccordSuspension, KindAccordResumption, KindAccordWithdrawal:
		s.Accord, s.Version = AccordID{1}, VersionID{1}
		s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaAccordAct}}
	case KindSuccession:
		s.TagKey, s.Recipient, s.RecipientCard = Digest{}, "", 0
		s.Ledger, s.Size, s.Root, s.Successor, s.Card = "ledger", 16, Digest{1}, "next", CardID{1}
	case KindDeposit:
		s.TagKey, s.Party, s.Number, s.Received, s.Ledger = Digest{}, "east.example", 1, at, "ledger"
		s.Terms, s.PublishBy, s.Envelope, s.Carries = CardID{1}, at.Add(time.Minute), Digest{1}, []Digest{{1}, {2}}
	}
	return s
}

// say adds a statement at the story's time to its author's chain.
func (st *story) say(author PartyID, kind Kind, answers []Statement, edits ...func(*Statement)) Statement {
	s := complete(kind, author, st.now)
	st.made++
	s.ID = StatementID(madeUp(st.made))
	s.TagKey = madeUp(1<<32 + st.made)
	s.Case = st.id
	switch {
	case st.id.IsZero():
		s.Status = StatusActual
	case kind.OfAccord() || !st.all[0].Kind.OfAccord() && len(s.asks()) > 0:
		s.Accord, s.Version = st.all[0].Accord, st.all[0].Version // as everything in its case
	}
	for _, a := range answers {
		s.Answers = append(s.Answers, a.ID)
	}
	slices.SortFunc(s.Answers, compareIDs)
	if kind != KindReceipt {
		s.Previous = st.last[author]
		st.last[author] = s.ID
	}
	for _, edit := range edits {
		edit(&s)
	}
	st.all = append(st.all, s)
	return s
}

// to is the list of what a statement answers.
func to(answers ...Statement) []Statement { return answers }

// receipt is the other side's, at the story's time, under the story's terms.
func (st *story) receipt(of Statement) Statement {
	return st.say(of.Recipient, KindReceipt, to(of), func(s *Statement) {
		s.TagKey = of.TagKey
		s.Received, s.PublishBy = st.now, st.now.Add(st.terms.PublicationDelay)
		s.Duties = Promises(of, st.terms, st.now)
	})
}

// given is say and its receipt.
func (st *story) given(author PartyID, kind Kind, answers []Statement, edits ...func(*Statement)) Statement {
	s := st.say(author, kind, answers, edits...)
	st.receipt(s)
	return s
}

func (st *story) assess(d Disposition, answers ...Statement) Statement {
	return st.given(south, KindAssessment, answers, func(s *Statement) {
		s.Disposition = d
		s.Duties = Undertakings(d, st.all[0].Urgency, st.terms, st.now)
	})
}

func (st *story) wait(d time.Duration) { st.now = st.now.Add(d) }

// fold is the case as it stands, in which everything of the story has its place.
func (st *story) fold(t *testing.T) Case {
	t.Helper()
	c := Fold(st.id, st.all)
	for _, id := range c.Misfits {
		s := st.all[slices.IndexFunc(st.all, func(s Statement) bool { return s.ID == id })]
		t.Errorf("%s statement is a misfit: %v", s.Kind, c.fits(s))
	}
	if len(c.Waiting) > 0 || len(c.Equivocations) > 0 {
		t.Errorf("waiting %v, equivocations %v", c.Waiting, c.Equivocations)
	}
	return c
}

// duty finds a duty that must be there.
func duty(t *testing.T, c Case, kind DutyKind, from Statement) Duty {
	t.Helper()
	d, ok := c.Duty(kind, from.ID)
	if !ok {
		t.Fatalf("no duty %s from the %s statement; there are %s", kind, from.Kind, told(c.Duties, c.Opening.Time))
	}
	return d
}

// told is a list of duties for people.
func told(duties []Duty, now time.Time) string {
	var b bytes.Buffer
	for _, d := range duties {
		fmt.Fprintf(&b, "[%s owes %s, %s, due %s] ", d.OwedBy, d.Kind, d.State(now), d.Due.Sub(storyBegins))
	}
	return b.String()
}
