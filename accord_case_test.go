package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// acting are the kinds of statements that carry acts, in the order of the acts.
func acting() []Kind {
	var kinds []Kind
	for _, act := range AccordActKinds() {
		kinds = append(kinds, act.Statement())
	}
	return kinds
}

var proposing = []Kind{KindAccordProposal, KindAccordAmendment}

// A reply to a proposal is owed by whom it is proposed to, in the time that the
// proposal gives, whatever the card's clock says.
func TestProposalIsOwedAReply(t *testing.T) {
	for _, kind := range proposing {
		for _, reply := range acting() {
			for _, late := range []bool{false, true} {
				st := begin(kind, "")
				st.terms.Clock = nil
				proposal := st.all[0]
				st.wait(time.Hour)
				received := st.now
				st.receipt(proposal)
				d := duty(t, st.fold(t), DutyRatify, proposal)
				if c := st.fold(t); d.OwedBy != south || d.OwedTo != north || !d.Due.Equal(received.Add(3*day)) || len(c.Duties) != 1 || c.Urgency != "" || c.Stage() != StateReceived {
					t.Fatalf("%s: %s, urgency %q, stage %s", kind, told(c.Duties, st.now), c.Urgency, c.Stage())
				}
				st.given(south, KindOpening, to(proposal))
				if st.now = d.Due; late {
					st.wait(time.Millisecond)
				}
				said := st.given(south, reply, to(proposal))
				c := st.fold(t)
				d = duty(t, c, DutyRatify, proposal)
				if act, _ := reply.Act(); act == AccordSuspension || act == AccordResumption {
					if !d.Open() || c.Settled() || c.Stage() != StateOpened {
						t.Errorf("%s: %s, stage %s", reply, told(c.Duties, st.now), c.Stage())
					}
					continue
				}
				want := DutyDischarged
				if late {
					want = DutyDischargedLate
				}
				if d.Discharge != said.ID || d.State(st.now) != want || !c.Settled() {
					t.Errorf("%s: %s", reply, told(c.Duties, st.now))
				}
				stage, ok := stateOf[reply]
				if !ok {
					stage = StateOpened
				}
				if c.Stage() != stage || c.Status != StatusActual {
					t.Errorf("%s: stage %s, status %s", reply, c.Stage(), c.Status)
				}
			}
		}
	}
}

func TestProposalThatOwesNoReply(t *testing.T) {
	for _, kind := range proposing {
		st := begin(kind, "", func(s *Statement) { s.Reply = 0 })
		proposal := st.all[0]
		if receipt := st.receipt(proposal); len(receipt.Duties) != 0 {
			t.Errorf("%s: promises %v", kind, receipt.Duties)
		}
		c := st.fold(t)
		if proposal.Asks(DutyRatify) || len(c.Duties) != 0 || !c.Settled() {
			t.Errorf("%s: %s", kind, told(c.Duties, st.now))
		}
		st.all = st.all[:1]
		lie := st.say(south, KindReceipt, to(proposal), func(s *Statement) { s.TagKey, s.Duties = proposal.TagKey, []Promise{{DutyRatify, st.now}} })
		if c := Fold(st.id, st.all); !slices.Contains(c.Misfits, lie.ID) {
			t.Errorf("%s: a receipt promises what nobody asked", kind)
		}
	}
}

// A reservation can be followed by a ratification; the first of them was the
// reply.
func TestReplyThatIsReplaced(t *testing.T) {
	st := begin(KindAccordProposal, "")
	proposal := st.all[0]
	st.receipt(proposal)
	st.wait(time.Hour)
	first := st.given(south, KindAccordReservation, to(proposal))
	st.wait(time.Hour)
	st.given(south, KindAccordReservation, to(proposal))
	second := st.given(south, KindAccordRatification, to(proposal))
	c := st.fold(t)
	if d := duty(t, c, DutyRatify, proposal); d.Discharge != first.ID {
		t.Errorf("discharged by %s", d.Discharge.Short())
	}
	at := c.Reached()
	if !at[StateReserved].Equal(first.Time) || !at[StateRatified].Equal(second.Time) || c.Stage() != StateRatified {
		t.Errorf("stage %s, reached %v", c.Stage(), at)
	}
}

func TestMoreTimeForAReply(t *testing.T) {
	st := begin(KindAccordAmendment, "")
	proposal := st.all[0]
	st.receipt(proposal)
	due := storyBegins.Add(3 * day)
	st.now = due.Add(time.Hour)
	named := func(at time.Time) func(*Statement) {
		return func(s *Statement) { s.Duties = []Promise{{DutyRatify, at}} }
	}
	st.given(north, KindReminder, to(proposal), named(due), func(s *Statement) { s.Level = 2 })
	if d := duty(t, st.fold(t), DutyRatify, proposal); d.Level != 2 || d.State(st.now) != DutyOverdue {
		t.Errorf("level %d: %s", d.Level, told([]Duty{d}, st.now))
	}
	st.given(south, KindInterim, to(proposal), func(s *Statement) { s.By = due.Add(2 * day) })
	st.given(north, KindExtension, to(proposal), named(due.Add(day)))
	d := duty(t, st.fold(t), DutyRatify, proposal)
	if !d.Due.Equal(due.Add(day)) || !d.Promised.Equal(due) || d.State(st.now) != DutyOpen || !d.Expected.Equal(due.Add(2*day)) {
		t.Errorf("%s, expected %s", told([]Duty{d}, st.now), d.Expected)
	}
	for _, kind := range []Kind{KindExtension, KindReminder} {
		last := st.last[south]
		own := st.say(south, kind, to(proposal), named(due.Add(day)))
		if c := Fold(st.id, st.all); !slices.Equal(c.Misfits, []StatementID{own.ID}) {
			t.Errorf("the debtor made a %s for itself: misfits %v", kind, c.Misfits)
		}
		st.all, st.last[south] = st.all[:len(st.all)-1], last
	}
}

// What does not belong into a case with a proposal, with an act, or with
// neither. Everything of it is complete: only its place is wrong.
func TestMisfitsOfAccords(t *testing.T) {
	code := func(s *Statement) { s.Code = InsufficientGrounds }
	under := func(s *Statement) { s.Accord, s.Version = AccordID{1}, VersionID{1} }
	other := func(edit func(*Statement)) func(*Statement) {
		return func(s *Statement) { s.Accord, s.Version = AccordID{1}, VersionID{1}; edit(s) }
	}
	type tell = func(*story) Statement
	proposed := map[string]tell{
		"refused": func(st *story) Statement { return st.say(south, KindRefusal, to(st.all[0]), code) },
		"refused in passing": func(st *story) Statement {
			question := st.say(north, KindQuestion, nil)
			return st.say(south, KindRefusal, to(question, st.all[0]), code)
		},
		"acknowledged":             func(st *story) Statement { return st.say(south, KindAcknowledgement, to(st.all[0])) },
		"assessed":                 func(st *story) Statement { return st.say(south, KindAssessment, to(st.all[0])) },
		"answered":                 func(st *story) Statement { return st.say(south, KindAnswer, to(st.all[0])) },
		"acted on":                 func(st *story) Statement { return st.say(south, KindAction, to(st.all[0])) },
		"concluded":                func(st *story) Statement { return st.say(south, KindOutcome, to(st.all[0])) },
		"supplemented":             func(st *story) Statement { return st.say(north, KindSupplement, to(st.all[0])) },
		"corrected":                func(st *story) Statement { return st.say(north, KindCorrection, to(st.all[0])) },
		"recalled":                 func(st *story) Statement { return st.say(north, KindRecall, to(st.all[0])) },
		"asked under it":           func(st *story) Statement { return st.say(south, KindQuestion, to(st.all[0]), under) },
		"ratified by its proposer": func(st *story) Statement { return st.say(north, KindAccordRatification, to(st.all[0])) },
		"another version ratified": func(st *story) Statement {
			return st.say(south, KindAccordRatification, to(st.all[0]), other(func(s *Statement) { s.Version = VersionID{9} }))
		},
		"another accord ratified": func(st *story) Statement {
			return st.say(south, KindAccordDecline, to(st.all[0]), other(func(s *Statement) { s.Accord = AccordID{9} }))
		},
		"an answer to a question": func(st *story) Statement {
			return st.say(south, KindAccordDecline, to(st.say(north, KindQuestion, nil)))
		},
		"an answer to nothing": func(st *story) Statement { return st.say(south, KindAccordDecline, nil) },
		"a proposal in its case": func(st *story) Statement {
			return st.say(north, KindAccordAmendment, nil, other(func(s *Statement) { s.Version = VersionID{2} }))
		},
		"an unknown duty": func(st *story) Statement {
			return edited(st.receipt, st, func(s *Statement) { s.Duties = []Promise{{DutyDecide, st.now}} })
		},
	}
	said := map[string]tell{
		"answered by an act": func(st *story) Statement { return st.say(south, KindAccordRatification, to(st.all[0])) },
		"followed by an act": func(st *story) Statement { return st.say(north, KindAccordResumption, to(st.all[0])) },
		"refused":            func(st *story) Statement { return st.say(south, KindRefusal, to(st.all[0]), code) },
		"concluded":          func(st *story) Statement { return st.say(south, KindOutcome, to(st.all[0])) },
		"recalled":           func(st *story) Statement { return st.say(north, KindRecall, to(st.all[0])) },
		"asked under it":     func(st *story) Statement { return st.say(south, KindQuestion, to(st.all[0]), under) },
	}
	warned := map[string]tell{
		"ratified": func(st *story) Statement { return st.say(south, KindAccordRatification, to(st.all[0]), under) },
		"asked under others": func(st *story) Statement {
			return st.say(south, KindQuestion, nil, func(s *Statement) { s.Accord, s.Version = AccordID{9}, VersionID{1} })
		},
		"asked under none": func(st *story) Statement {
			return st.say(south, KindQuestion, nil, func(s *Statement) { s.Accord, s.Version = AccordID{}, VersionID{} })
		},
		"corrected under none": func(st *story) Statement {
			return st.say(north, KindCorrection, to(st.all[0]), func(s *Statement) { s.Accord, s.Version = AccordID{}, VersionID{} })
		},
	}
	plain := map[string]tell{
		"ratified":               func(st *story) Statement { return st.say(south, KindAccordRatification, to(st.all[0]), under) },
		"asked under one":        func(st *story) Statement { return st.say(south, KindQuestion, nil, under) },
		"supplemented under one": func(st *story) Statement { return st.say(north, KindSupplement, to(st.all[0]), under) },
	}
	for what, c := range map[string]struct {
		begin func() *story
		tell  map[string]tell
	}{
		"a proposal":                 {func() *story { return begin(KindAccordProposal, "") }, proposed},
		"an act":                     {func() *story { return begin(KindAccordSuspension, "") }, said},
		"a warning under an accord":  {func() *story { return begin(KindWarning, UrgencyPast, under) }, warned},
		"a question under an accord": {func() *story { return begin(KindQuestion, UrgencyPast, under) }, map[string]tell{"asked under others": warned["asked under others"], "ratified": warned["ratified"]}},
		"a warning":                  {func() *story { return newStory(UrgencyPast, true) }, plain},
	} {
		for how, tell := range c.tell {
			st := c.begin()
			st.receipt(st.all[0])
			before := Fold(st.id, st.all)
			bad := tell(st)
			fold := Fold(st.id, st.all)
			if !slices.Equal(fold.Misfits, []StatementID{bad.ID}) {
				t.Errorf("%s %s: misfits %v, waiting %v", what, how, fold.Misfits, fold.Waiting)
			}
			if open := fold.OpenDuties(south); len(open) < len(before.OpenDuties(south)) {
				t.Errorf("%s %s: it counts: %s", what, how, told(fold.Duties, st.now))
			}
			if err := before.fits(bad); bad.Kind != KindReceipt && len(fold.Statements) == len(before.Statements) && err == nil {
				t.Errorf("%s %s: it fits", what, how)
			}
		}
	}
}

// Everything asked in a case under an accord is asked under it, though it may
// be a later version; in the case of a proposal, the card's clock counts.
func TestAskedUnderAnAccord(t *testing.T) {
	for _, kind := range []Kind{KindWarning, KindQuestion} {
		st := begin(kind, UrgencyImmediate, func(s *Statement) { s.Accord, s.Version = AccordID{1}, VersionID{1} })
		st.receipt(st.all[0])
		st.given(south, KindQuestion, to(st.all[0]))
		st.given(north, KindQuestion, nil, func(s *Statement) { s.Version = VersionID{2} })
		if kind == KindWarning {
			st.given(north, KindSupplement, to(st.all[0]), func(s *Statement) { s.Version = VersionID{3} })
			st.given(north, KindCorrection, to(st.all[0]))
			st.given(north, KindRecall, to(st.all[0]))
		}
		st.fold(t)
	}
	st := begin(KindAccordProposal, "")
	st.receipt(st.all[0])
	question := st.given(south, KindQuestion, to(st.all[0]))
	if d := duty(t, st.fold(t), DutyAnswer, question); d.OwedBy != north || !d.Due.Equal(storyBegins.Add(8*time.Hour)) {
		t.Errorf("got %s", told([]Duty{d}, st.now))
	}
	back := st.given(north, KindQuestion, to(question))
	st.given(south, KindRefusal, to(back), func(s *Statement) { s.Code = UnlawfulHere })
	st.given(north, KindAnswer, to(question))
	if open := st.fold(t).OpenDuties(south); len(open) != 1 || open[0].Kind != DutyRatify {
		t.Errorf("consultation is no reply: %s", told(open, st.now))
	}
}

// An act is told to each other party in a case of its own, by whoever it is.
func TestActOpensACase(t *testing.T) {
	for _, kind := range acting() {
		st := begin(kind, "")
		receipt := st.receipt(st.all[0])
		st.given(south, KindOpening, to(st.all[0]))
		question := st.given(south, KindQuestion, to(st.all[0]))
		c := st.fold(t)
		if len(receipt.Duties) != 0 || len(c.Duties) != 1 || c.Duties[0].From != question.ID || c.Urgency != "" || c.Stage() != StateOpened {
			t.Errorf("%s: %s, urgency %q, stage %s", kind, told(c.Duties, st.now), c.Urgency, c.Stage())
		}
		for _, state := range []State{StateRatified, StateReserved, StateDeclined} {
			if _, ok := c.Reached()[state]; ok {
				t.Errorf("%s: the case has reached %s, and proposes nothing", kind, state)
			}
		}
	}
}

// A receipt for a proposal promises a reply in exactly the time that the
// proposal gives, whatever the card says.
func TestReceiptOfAProposal(t *testing.T) {
	for _, reply := range []time.Duration{0, MinResponse, 3 * day, MaxResponse} {
		st := begin(KindAccordProposal, "", func(s *Statement) { s.Reply = reply })
		st.terms.Clock[DutyRatify] = map[Urgency]time.Duration{"": time.Hour, UrgencyImmediate: time.Hour}
		proposal := st.all[0]
		good := st.receipt(proposal)
		if err := CheckReceipt(good, proposal, st.terms, st.now); err != nil {
			t.Errorf("%s: %v", reply, err)
		}
		var want []Promise
		if reply > 0 {
			want = []Promise{{DutyRatify, storyBegins.Add(reply)}}
		}
		if !slices.Equal(good.Duties, want) {
			t.Errorf("%s: promises %v", reply, good.Duties)
		}
		for _, duties := range [][]Promise{{{DutyRatify, storyBegins.Add(reply + time.Millisecond)}}, {{DutyRatify, storyBegins.Add(time.Hour)}}, {{DutyAnswer, storyBegins.Add(reply)}}} {
			lie := good
			lie.Duties = duties
			if err := CheckReceipt(lie, proposal, st.terms, st.now); err == nil {
				t.Errorf("%s: %v passes", reply, duties)
			}
		}
	}
}

func TestCheckOfAccordStatements(t *testing.T) {
	type wrong struct {
		says string
		edit func(*Statement)
	}
	all := []wrong{
		{"names no accord", func(s *Statement) { s.Accord, s.Version = AccordID{}, VersionID{} }},
		{"first content", func(s *Statement) { s.Contents = nil }},
		{"first content", func(s *Statement) { s.Contents[0].MediaType = MediaText }},
		{"it has others", func(s *Statement) {
			s.Contents = append(s.Contents, ContentRef{MediaType: MediaAccordFile}, ContentRef{MediaType: MediaAccordFile})
		}},
	}
	version := append(all[:len(all):len(all)],
		wrong{"second content", func(s *Statement) { s.Contents[1].MediaType = MediaText }},
		wrong{"first content", func(s *Statement) { s.Contents[0], s.Contents[1] = s.Contents[1], s.Contents[0] }},
		wrong{"first content", func(s *Statement) { s.Contents = s.Contents[1:] }},
		wrong{"names none", func(s *Statement) { s.Case = CaseID{1} }},
		wrong{"status", func(s *Statement) { s.Status = "" }},
		wrong{"no previous", func(s *Statement) { s.Previous = StatementID{1} }},
		wrong{"answers nothing", func(s *Statement) { s.Answers = []StatementID{{1}} }},
		wrong{"out of bounds", func(s *Statement) { s.Reply = -1 }},
		wrong{"out of bounds", func(s *Statement) { s.Reply = MinResponse - time.Millisecond }},
		wrong{"out of bounds", func(s *Statement) { s.Reply = MaxResponse + time.Millisecond }},
		wrong{"out of bounds", func(s *Statement) { s.Reply = time.Hour + time.Microsecond }},
	)
	act := append(all[:len(all):len(all)],
		wrong{"it has others", func(s *Statement) {
			s.Contents = append(s.Contents, ContentRef{MediaType: MediaAccordFile}, ContentRef{MediaType: MediaAccordFile})
		}},
		wrong{"second content", func(s *Statement) { s.Contents = append(s.Contents, ContentRef{MediaType: MediaText}) }},
		wrong{"answers the proposal", func(s *Statement) { s.Answers = nil }},
		wrong{"answers the proposal", func(s *Statement) { s.Answers = []StatementID{{1}, {2}} }},
		wrong{"answers nothing", func(s *Statement) { s.Case, s.Status = CaseID{}, StatusActual }},
		wrong{"status", func(s *Statement) { s.Case, s.Answers = CaseID{}, nil }},
	)
	own := map[Kind][]wrong{
		KindAccordProposal:  append(version[:len(version):len(version)], wrong{"gives the accord its name", func(s *Statement) { s.Version = VersionID{2} }}),
		KindAccordAmendment: append(version[:len(version):len(version)], wrong{"another version than the first", func(s *Statement) { s.Version = VersionID(s.Accord) }}),
	}
	for _, kind := range acting() {
		own[kind] = act
	}
	for kind, wrongs := range own {
		for _, w := range wrongs {
			s := placed(kind)
			w.edit(&s)
			if err := s.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), w.says) {
				t.Errorf("%s, %q: %v", kind, w.says, err)
			}
		}
	}
	for _, reply := range []time.Duration{0, MinResponse, MaxResponse} {
		for _, kind := range proposing {
			s := placed(kind)
			s.Reply, s.Contents = reply, s.Contents[:1]
			if err := s.Check(); err != nil {
				t.Errorf("%s, reply %s: %v", kind, reply, err)
			}
		}
	}
	for _, kind := range []Kind{KindWarning, KindSupplement, KindCorrection, KindQuestion} {
		s := placed(kind)
		s.Accord, s.Version = AccordID{1}, VersionID{2}
		if err := s.Check(); err != nil {
			t.Errorf("%s under an accord: %v", kind, err)
		}
	}
}

// Admit sees what the fold sees, and an act that comes before its proposal
// waits for it.
func TestAdmitOfAccords(t *testing.T) {
	st := begin(KindAccordProposal, "")
	proposal := st.all[0]
	none := Fold(st.id, nil)
	if err := none.Admit(proposal, st.terms, st.now); err != nil {
		t.Error(err)
	}
	reply := st.next(south, KindAccordReservation, to(proposal))
	if err := none.Admit(reply, st.terms, st.now); err != nil {
		t.Error(err)
	}
	if c := Fold(st.id, []Statement{reply}); !slices.Equal(c.Waiting, []StatementID{reply.ID}) {
		t.Errorf("waiting %v", c.Waiting)
	}
	st.receipt(proposal)
	c := st.fold(t)
	for what, a := range map[string]struct {
		s    Statement
		want RefusalCode
	}{
		"a reply":              {reply, ""},
		"a withdrawal":         {st.next(south, KindAccordWithdrawal, to(proposal)), ""},
		"of another version":   {st.next(south, KindAccordRatification, to(proposal), func(s *Statement) { s.Version = VersionID{7} }), NotAdmitted},
		"by the proposer":      {st.next(north, KindAccordRatification, to(proposal)), NotAdmitted},
		"a refusal":            {st.next(south, KindRefusal, to(proposal)), NotAdmitted},
		"without its act":      {st.next(south, KindAccordRatification, to(proposal), func(s *Statement) { s.Contents = nil }), Malformed},
		"signed by an officer": {st.next(south, KindAccordRatification, to(proposal), func(s *Statement) { s.Officers = []OfficerStamp{{Key: "officer", Role: Supervisor}} }), Malformed},
	} {
		if got := code(c.Admit(a.s, st.terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", what, got, a.want)
		}
	}
}
