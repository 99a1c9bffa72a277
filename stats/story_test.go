package stats

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"heed"
)

const (
	north heed.PartyID = "north.example"
	south heed.PartyID = "south.example"
	east  heed.PartyID = "east.example"
)

var begins = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// story writes one case statement by statement. Ids are made up, signatures
// are none: what is counted is all there.
type story struct {
	t       *testing.T
	seed    uint64
	now     time.Time
	all     []heed.Statement
	last    map[heed.PartyID]heed.StatementID
	status  heed.Status
	urgency heed.Urgency
}

func (st *story) say(author, to heed.PartyID, kind heed.Kind, edit func(*heed.Statement), answers ...heed.Statement) heed.Statement {
	text := binary.BigEndian.AppendUint64(nil, st.seed)
	s := heed.Statement{
		ID: sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(len(st.all)))), Kind: kind, Author: author, AuthorCard: 1, Recipient: to, RecipientCard: 1,
		Time: st.now, TagKey: heed.Digest{7}, Node: "node", Contents: []heed.ContentRef{{Digest: heed.Digest{1}, Size: 1, MediaType: heed.MediaText}},
	}
	switch {
	case kind.Released():
		s.Release = heed.ReleaseID{1}
	case !kind.ByMachine():
		s.Officers = []heed.OfficerStamp{{Key: "officer", Role: heed.Supervisor}}
	}
	if len(st.all) == 0 {
		s.Status = st.status
	} else {
		s.Case = heed.CaseID(st.all[0].ID)
	}
	for _, a := range answers {
		s.Answers = append(s.Answers, a.ID)
	}
	if kind != heed.KindReceipt {
		s.Previous = st.last[author]
		st.last[author] = s.ID
	}
	if edit != nil {
		edit(&s)
	}
	if err := s.Check(); err != nil {
		st.t.Fatal(err)
	}
	st.all = append(st.all, s)
	return s
}

// given is say, received at once.
func (st *story) given(author, to heed.PartyID, kind heed.Kind, edit func(*heed.Statement), answers ...heed.Statement) heed.Statement {
	s := st.say(author, to, kind, edit, answers...)
	st.receipt(s)
	return s
}

func (st *story) receipt(of heed.Statement) {
	st.say(of.Recipient, of.Author, heed.KindReceipt, func(r *heed.Statement) {
		r.Contents, r.Number, r.Received, r.PublishBy, r.Ledger, r.Terms = nil, 1, st.now, st.now.Add(time.Minute), "ledger", heed.CardID{1}
		r.Duties = heed.Promises(of, heed.DefaultBaseline(), st.now)
	}, of)
}

func (st *story) wait(d time.Duration) { st.now = st.now.Add(d) }

func (st *story) fold() heed.Case {
	st.t.Helper()
	c := heed.Fold(heed.CaseID(st.all[0].ID), st.all)
	if len(c.Misfits) > 0 || len(c.Waiting) > 0 {
		st.t.Fatalf("%d statements do not fit and %d wait", len(c.Misfits), len(c.Waiting))
	}
	return c
}

func tell(t *testing.T, seed uint64, at time.Time, status heed.Status, urgency heed.Urgency) *story {
	return &story{t: t, seed: seed, now: at, last: map[heed.PartyID]heed.StatementID{}, status: status, urgency: urgency}
}

func (st *story) warning(s *heed.Statement)  { s.Urgency = st.urgency }
func (st *story) asking(s *heed.Statement)   { s.Urgency, s.AsksAnswer = st.urgency, true }
func (st *story) question(s *heed.Statement) { s.Urgency = st.urgency }

func (st *story) assess(by, to heed.PartyID, d heed.Disposition, warning heed.Statement) heed.Statement {
	return st.given(by, to, heed.KindAssessment, func(s *heed.Statement) {
		s.Disposition, s.Duties = d, heed.Undertakings(d, st.urgency, heed.DefaultBaseline(), st.now)
	}, warning)
}

func outcome(o heed.Outcome) func(*heed.Statement) {
	return func(s *heed.Statement) { s.Outcome = o }
}

// heeded is a warning that all is done about, with a question back.
func heeded(st *story, from, to heed.PartyID) heed.Case {
	w := st.given(from, to, heed.KindWarning, st.asking)
	st.wait(5 * time.Minute)
	st.given(to, from, heed.KindOpening, nil, w)
	st.wait(5 * time.Minute)
	st.given(to, from, heed.KindAcknowledgement, nil, w)
	st.wait(20 * time.Minute)
	q := st.given(to, from, heed.KindQuestion, st.question, w)
	st.given(from, to, heed.KindOpening, nil, q)
	st.wait(time.Hour)
	st.given(from, to, heed.KindAnswer, nil, q)
	st.wait(time.Hour)
	a := st.assess(to, from, heed.Credible, w)
	st.given(to, from, heed.KindAnswer, nil, w)
	st.wait(3 * time.Hour)
	st.given(to, from, heed.KindAction, nil, a)
	st.wait(time.Hour)
	st.given(to, from, heed.KindOutcome, outcome(heed.Occurred), a)
	st.wait(time.Hour)
	st.given(to, from, heed.KindOutcome, outcome(heed.Averted), a)
	return st.fold()
}

// late is acknowledged two hours late, given more time, and assessed in it.
func late(st *story, from, to heed.PartyID) heed.Case {
	w := st.given(from, to, heed.KindWarning, st.warning)
	st.wait(3 * time.Hour)
	st.given(to, from, heed.KindOpening, nil, w)
	st.given(to, from, heed.KindAcknowledgement, nil, w)
	st.given(from, to, heed.KindExtension, func(s *heed.Statement) {
		s.Contents, s.Duties = nil, []heed.Promise{{Kind: heed.DutyAssess, Due: st.now.Add(48 * time.Hour)}}
	}, w)
	st.wait(24 * time.Hour)
	st.assess(to, from, heed.NotCredible, w)
	return st.fold()
}

// unanswered is received and no more.
func unanswered(st *story, from, to heed.PartyID) heed.Case {
	st.given(from, to, heed.KindWarning, st.warning)
	return st.fold()
}

// refused is refused by a person, with a reason.
func refused(st *story, from, to heed.PartyID) heed.Case {
	w := st.given(from, to, heed.KindWarning, st.warning)
	st.wait(30 * time.Minute)
	st.given(to, from, heed.KindRefusal, func(s *heed.Statement) { s.Code = heed.NotCompetent }, w)
	return st.fold()
}

// recalled is taken back before anybody has replied.
func recalled(st *story, from, to heed.PartyID, after time.Duration) heed.Case {
	w := st.given(from, to, heed.KindWarning, st.warning)
	st.wait(after)
	st.given(from, to, heed.KindRecall, nil, w)
	return st.fold()
}

// asked is a case that a question opens and nobody answers.
func asked(st *story, from, to heed.PartyID) heed.Case {
	st.given(from, to, heed.KindQuestion, st.question)
	return st.fold()
}

// month is what north and south said to each other in November 2026, with a
// case of east's and one that has not arrived.
func month(t *testing.T) []heed.Case {
	day := func(n int) time.Time { return begins.AddDate(0, 0, n) }
	actual := func(seed uint64, n int, u heed.Urgency) *story { return tell(t, seed, day(n), heed.StatusActual, u) }
	inFlight := actual(9, 25, heed.UrgencyExpected)
	inFlight.say(north, south, heed.KindWarning, inFlight.warning)
	lost := actual(10, 1, heed.UrgencyExpected)
	w := lost.given(north, south, heed.KindWarning, lost.warning)
	lost.given(north, south, heed.KindSupplement, lost.warning, w)
	return []heed.Case{
		heeded(actual(1, 0, heed.UrgencyImmediate), north, south),
		late(actual(2, 3, heed.UrgencyImmediate), north, south),
		unanswered(actual(3, 5, heed.UrgencyExpected), north, south),
		refused(actual(4, 6, heed.UrgencyImmediate), north, south),
		recalled(actual(5, 7, heed.UrgencyImmediate), north, south, 2*time.Hour),
		heeded(actual(6, 8, heed.UrgencyExpected), south, north),
		asked(actual(7, 9, heed.UrgencyImmediate), south, north),
		unanswered(tell(t, 8, day(10), heed.StatusExercise, heed.UrgencyImmediate), north, south),
		inFlight.fold(),
		heed.Fold(heed.CaseID(lost.all[0].ID), lost.all[2:]),
		unanswered(actual(11, 24, heed.UrgencyFuture), east, north),
	}
}

func counted(party heed.PartyID, p Period, asOf time.Time, cases []heed.Case) Report {
	t := New(party, p, asOf)
	for _, c := range cases {
		t.Add(c)
	}
	return t.Report()
}
