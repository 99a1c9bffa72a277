package heed

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func code(err error) RefusalCode {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Code
	}
	if err != nil {
		return RefusalCode("not a refusal: " + err.Error())
	}
	return ""
}

// next is what the story's author would say, without saying it.
func (st *story) next(author PartyID, kind Kind, answers []Statement, edits ...func(*Statement)) Statement {
	last := st.last[author]
	s := st.say(author, kind, answers, edits...)
	st.all = st.all[:len(st.all)-1]
	st.last[author] = last
	return s
}

func TestAdmit(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	st.wait(time.Minute)
	acknowledged := st.given(south, KindAcknowledgement, to(warning))
	st.wait(time.Minute)
	c := st.fold(t)
	for _, a := range []struct {
		what string
		s    Statement
		want RefusalCode
	}{
		{"as agreed", st.next(south, KindQuestion, to(warning)), ""},
		{"again", acknowledged, ""},
		{"incomplete", st.next(south, KindQuestion, to(warning), func(s *Statement) { s.Contents = nil }), Malformed},
		{"of an unknown kind", st.next(south, "unheard-of", nil), Malformed},
		{"fork", st.next(south, KindQuestion, nil, func(s *Statement) { s.Previous = StatementID{} }), Equivocation},
		{"of the wrong side", st.next(south, KindRecall, to(warning)), NotAdmitted},
		{"of a third party", st.next(south, KindCall, nil, func(s *Statement) { s.Author = "east.example" }), NotAdmitted},
		{"behind a receipt", st.next(south, KindCall, nil, func(s *Statement) { s.Previous = st.all[1].ID }), NotAdmitted},
		{"before its previous", st.next(south, KindCall, nil, func(s *Statement) { s.Time = acknowledged.Time.Add(-time.Millisecond) }), NotAdmitted},
		{"answering what it may not", st.next(south, KindAnswer, to(warning)), NotAdmitted},
		{"behind what is missing", st.next(south, KindCall, nil, func(s *Statement) { s.Previous = StatementID{9} }), ""},
		{"answering what is missing", st.next(south, KindAcknowledgement, nil, func(s *Statement) { s.Answers = []StatementID{{9}} }), ""},
		{"extending its own duty", st.next(south, KindExtension, to(warning), func(s *Statement) { s.Duties = []Promise{{DutyAssess, st.now.Add(time.Hour)}} }), NotAdmitted},
	} {
		if got := code(c.Admit(a.s, st.terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", a.what, got, a.want)
		}
	}
}

// What stands in no case comes into none, whatever it says of itself and
// whatever is held already.
func TestNoCaseForWhatStandsInNone(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	st.receipt(st.all[0])
	c := st.fold(t)
	for _, kind := range []Kind{KindSuccession, KindDeposit} {
		s := placed(kind)
		s.ID, s.Author, s.Time = StatementID{8}, south, st.now
		if kind == KindDeposit {
			s.Recipient = north
		}
		for _, held := range []Case{c, Fold(st.id, nil), Fold(CaseID{}, nil)} {
			if got := code(held.Admit(s, st.terms, st.now)); got != NotAdmitted {
				t.Errorf("%s: got %q", kind, got)
			}
		}
		if got := code(c.fits(s)); got != NotAdmitted {
			t.Errorf("%s: fits: %q", kind, got)
		}
		in := s
		in.Case = c.ID
		if got := code(c.Admit(in, st.terms, st.now)); got != Malformed {
			t.Errorf("%s that names a case: got %q", kind, got)
		}
		if grown := Fold(c.ID, append(st.all[:2:2], s, in)); !reflect.DeepEqual(grown, c) {
			t.Errorf("%s is part of a fold", kind)
		}
		for _, id := range []CaseID{CaseID(s.ID), {}} {
			if alone := Fold(id, []Statement{s}); !alone.Opening.ID.IsZero() || len(alone.Statements)+len(alone.Waiting)+len(alone.Misfits) != 0 {
				t.Errorf("%s is a case of its own", kind)
			}
		}
	}
}

func TestAdmitOpening(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	none := Fold(st.id, nil)
	if err := none.Admit(warning, st.terms, st.now); err != nil {
		t.Error(err)
	}
	early := st.next(south, KindAcknowledgement, to(warning))
	if err := none.Admit(early, st.terms, st.now); err != nil {
		t.Errorf("while the opening is under way, the fold decides: %v", err)
	}
	warning.Status = ""
	if got := code(none.Admit(warning, st.terms, st.now)); got != Malformed {
		t.Errorf("got %q", got)
	}
}

func TestAdmitIsStrictAboutClocks(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	none := Fold(st.id, nil)
	for ahead, want := range map[time.Duration]RefusalCode{
		-1000 * time.Hour: "", 0: "", 5 * time.Minute: "", 5*time.Minute + time.Millisecond: ClockAhead, 1000 * time.Hour: ClockAhead,
	} {
		if got := code(none.Admit(st.all[0], st.terms, st.now.Add(-ahead))); got != want {
			t.Errorf("%s ahead: got %q, want %q", ahead, got, want)
		}
	}
}

func TestAdmitChecksUndertakings(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	c := st.fold(t)
	right := Undertakings(Credible, UrgencyImmediate, st.terms, st.now)
	for what, a := range map[string]struct {
		duties []Promise
		want   RefusalCode
	}{
		"as its terms give":   {right, ""},
		"none":                {nil, NotAdmitted},
		"only one":            {right[:1], NotAdmitted},
		"a millisecond more":  {[]Promise{{DutyReport, right[0].Due.Add(time.Millisecond)}, right[1]}, NotAdmitted},
		"of another urgency":  {Undertakings(Credible, UrgencyFuture, st.terms, st.now), NotAdmitted},
		"what is the other's": {[]Promise{{DutyAcknowledge, st.now}}, Malformed},
	} {
		s := st.next(south, KindAssessment, to(warning), func(s *Statement) { s.Disposition, s.Duties = Credible, a.duties })
		if got := code(c.Admit(s, st.terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", what, got, a.want)
		}
	}
	short := st.terms
	short.Clock = Clock{DutyAssess: st.terms.Clock[DutyAssess]}
	s := st.next(south, KindAssessment, to(warning), func(s *Statement) { s.Disposition = Credible })
	if err := c.Admit(s, short, st.now); err != nil {
		t.Errorf("terms that give no time for a report give no such duty: %v", err)
	}
}

// Two branches of one chain are refused, whichever came first; receipts stand
// outside the chain.
func TestAdmitSeesForks(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	held := st.fold(t)
	one := st.next(south, KindOpening, to(warning))
	two := st.next(south, KindAcknowledgement, to(warning))
	for _, order := range [][]Statement{{one, two}, {two, one}} {
		if err := held.Admit(order[0], st.terms, st.now); err != nil {
			t.Error(err)
		}
		c := Fold(st.id, append(st.all[:2:2], order[0]))
		err := c.Admit(order[1], st.terms, st.now)
		if code(err) != Equivocation || !strings.Contains(err.Error(), one.ID.Short()) || !strings.Contains(err.Error(), two.ID.Short()) {
			t.Errorf("got %v", err)
		}
		if err := c.Admit(order[0], st.terms, st.now); err != nil {
			t.Errorf("a resend is no fork: %v", err)
		}
	}
}

func TestCheckReceipt(t *testing.T) {
	const ms = time.Millisecond
	st := newStory(UrgencyImmediate, true)
	sent := st.all[0]
	st.wait(time.Minute)
	good := st.receipt(sent)
	st.wait(time.Second)
	if err := CheckReceipt(good, sent, st.terms, st.now); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		says string
		edit func(receipt, sent *Statement)
	}{
		{"not for this statement", func(r, _ *Statement) { r.Kind = KindAcknowledgement }},
		{"not for this statement", func(r, _ *Statement) { r.Answers = []StatementID{{9}} }},
		{"not for this statement", func(r, _ *Statement) { r.Case = CaseID{9} }},
		{"parties", func(r, _ *Statement) { r.Author = "east.example" }},
		{"parties", func(r, _ *Statement) { r.Recipient = "east.example" }},
		{"parties", func(r, _ *Statement) { r.Author, r.Recipient = r.Recipient, r.Author }},
		{"tag key", func(r, _ *Statement) { r.TagKey = Digest{} }},
		{"publish-by", func(r, _ *Statement) { r.PublishBy = r.PublishBy.Add(ms) }},
		{"publish-by", func(r, _ *Statement) { r.PublishBy = r.PublishBy.Add(-ms) }},
		{"publish-by", func(r, _ *Statement) { r.Received = r.Received.Add(ms) }},
		{"due times", func(r, _ *Statement) { r.Duties = nil }},
		{"due times", func(r, _ *Statement) { r.Duties = r.Duties[:2] }},
		{"due times", func(r, _ *Statement) {
			r.Duties = append([]Promise{{DutyAcknowledge, r.Duties[0].Due.Add(ms)}}, r.Duties[1:]...)
		}},
		{"due times", func(r, _ *Statement) { r.Duties = append(r.Duties[:3:3], Promise{DutyConclude, r.Received}) }},
		{"due times", func(_, s *Statement) { s.AsksAnswer = false }},
		{"due times", func(_, s *Statement) { s.Urgency = UrgencyFuture }},
	} {
		receipt, of := good, sent
		r.edit(&receipt, &of)
		if err := CheckReceipt(receipt, of, st.terms, st.now); code(err) != NotAdmitted || !strings.Contains(err.Error(), r.says) {
			t.Errorf("%s: %v", r.says, err)
		}
	}
	for ahead, want := range map[time.Duration]RefusalCode{5 * time.Minute: "", 5*time.Minute + ms: NotAdmitted} {
		err := CheckReceipt(good, sent, st.terms, good.Received.Add(-ahead))
		if code(err) != want {
			t.Errorf("%s ahead: %v", ahead, err)
		}
	}
	acknowledged := st.say(south, KindAcknowledgement, to(sent))
	if err := CheckReceipt(st.receipt(acknowledged), acknowledged, st.terms, st.now); err != nil {
		t.Errorf("a receipt that promises nothing: %v", err)
	}
	other := st.terms
	other.PublicationDelay += ms
	if err := CheckReceipt(good, sent, other, st.now); code(err) != NotAdmitted {
		t.Errorf("under other terms: %v", err)
	}
}
