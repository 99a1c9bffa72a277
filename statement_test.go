package heed

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// placed is a valid statement of the kind within a case, or opening one where
// the kind can do nothing else.
func placed(kind Kind) Statement {
	m, _ := kind.manner()
	author := north
	if m.side == byWarned {
		author = south
	}
	s := complete(kind, author, storyBegins)
	if _, act := kind.Act(); act || kind == KindFigures || m.answersMust > 0 {
		s.Answers = []StatementID{{1}}
	}
	switch {
	case kind == KindWarning || kind.Proposes():
		s.Status = StatusActual
	case kind.InCase():
		s.Case = CaseID{1}
	}
	return s
}

func TestCheckAdmitsEveryKind(t *testing.T) {
	for _, kind := range Kinds() {
		if err := placed(kind).Check(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if !kind.InCase() {
			continue
		}
		s := placed(kind)
		s.Case, s.Status = CaseID{}, StatusActual
		opens := kind == KindWarning || kind == KindQuestion || kind.Enclosed()
		if kind.Enclosed() {
			s.Answers = nil
		}
		if err := s.Check(); (err == nil) != opens {
			t.Errorf("%s opens a case: %v", kind, err)
		}
		if kind.ByMachine() || kind.Released() || kind.Enclosed() {
			continue
		}
		for _, role := range Roles() {
			s := placed(kind)
			s.Officers = []OfficerStamp{{Key: "officer", Role: role}}
			if err := s.Check(); (err == nil) != Permits(role, kind.Action()) {
				t.Errorf("%s signed by a %s: %v", kind, role, err)
			}
		}
	}
}

// Each thing that a kind must have is taken away, and each that it must not
// have is put there; the error says which.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	type edit = func(*Statement)
	one := StatementID{1}
	var all = []struct {
		says string
		edit edit
	}{
		{"unknown kind", func(s *Statement) { s.Kind = "unheard-of" }},
		{"same party", func(s *Statement) { s.Recipient = s.Author }},
		{"serial", func(s *Statement) { s.AuthorCard = 0 }},
		{"serial", func(s *Statement) { s.RecipientCard = 0 }},
		{"tag key", func(s *Statement) { s.TagKey = Digest{} }},
		{"too long", func(s *Statement) {
			for range MaxAnswers + 1 {
				s.Answers = append(s.Answers, one)
			}
		}},
		{"too long", func(s *Statement) { s.Contents = make([]ContentRef, MaxContents+1) }},
		{"too long", func(s *Statement) { s.Duties = make([]Promise, MaxDuties+1) }},
		{"too long", func(s *Statement) { s.Officers = make([]OfficerStamp, MaxOfficers+1) }},
		{"level", func(s *Statement) { s.Level = -1 }},
		{"level", func(s *Statement) { s.Level = MaxRungs + 1 }},
		{"with its version", func(s *Statement) { s.Accord, s.Version = AccordID{1}, VersionID{} }},
		{"with its version", func(s *Statement) { s.Accord, s.Version = AccordID{}, VersionID{1} }},
	}
	mayName := []Kind{KindWarning, KindSupplement, KindCorrection, KindQuestion}
	own := map[Kind][]struct {
		says string
		edit edit
	}{
		KindWarning:    {{"names none", func(s *Statement) { s.Case = CaseID{1} }}, {"status", func(s *Statement) { s.Status = "" }}, {"no previous", func(s *Statement) { s.Previous = one }}},
		KindSupplement: {},
		KindReceipt: {
			{"no previous", func(s *Statement) { s.Previous = one }},
			{"exactly one", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
			{"number", func(s *Statement) { s.Number = 0 }},
			{"received", func(s *Statement) { s.Received = time.Time{} }},
			{"ledger", func(s *Statement) { s.Ledger = "" }},
			{"terms", func(s *Statement) { s.Terms = CardID{} }},
			{"publish-by", func(s *Statement) { s.PublishBy = time.Time{} }},
			{"publish-by", func(s *Statement) { s.PublishBy = s.Received.Add(-time.Millisecond) }},
		},
		KindRefusal: {{"not a code", func(s *Statement) { s.Code = "" }}, {"not a code", func(s *Statement) { s.Code = OverQuota }}},
		KindAssessment: {
			{"disposition", func(s *Statement) { s.Disposition = "" }},
			{"report and to conclude", func(s *Statement) { s.Duties = []Promise{{DutyReport, storyBegins}} }},
			{"and no others", func(s *Statement) { s.Disposition, s.Duties = Credible, []Promise{{DutyAcknowledge, storyBegins}} }},
			{"order", func(s *Statement) {
				s.Disposition, s.Duties = Credible, []Promise{{DutyConclude, storyBegins}, {DutyReport, storyBegins}}
			}},
			{"twice", func(s *Statement) {
				s.Disposition, s.Duties = Credible, []Promise{{DutyReport, storyBegins}, {DutyReport, storyBegins}}
			}},
		},
		KindQuestion: {{"status", func(s *Statement) { s.Case = CaseID{} }}, {"urgency", func(s *Statement) { s.Urgency = "" }}},
		KindOutcome:  {{"outcome", func(s *Statement) { s.Outcome = "" }}},
		KindExtension: {
			{"one duty", func(s *Statement) { s.Duties = nil }},
			{"one duty", func(s *Statement) { s.Duties = append(s.Duties, Promise{DutyAnswer, storyBegins}) }},
			{"one statement", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
		},
		KindReminder: {
			{"one duty", func(s *Statement) { s.Duties = nil }},
			{"one statement", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
			{"level of 1", func(s *Statement) { s.Level = 0 }},
			{"role", func(s *Statement) { s.Role = "" }},
		},
		KindNotification: {
			{"one statement", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
			{"role", func(s *Statement) { s.Role = "" }},
			{"channel", func(s *Statement) { s.Via = "" }},
		},
		KindInterim: {{"by when", func(s *Statement) { s.By = time.Time{} }}},
		KindForwardRequest: {
			{"third party", func(s *Statement) { s.Party = "" }},
		},
		KindForwardConsent: {
			{"third party", func(s *Statement) { s.Party = "" }},
		},
		KindRating: {
			{"one reply", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
			{"reason", func(s *Statement) { s.Contents = nil }},
		},
		KindFigures: {
			{"one application", func(s *Statement) { s.Contents = s.Contents[:1] }},
			{"one application", func(s *Statement) { s.Contents[0].MediaType = MediaText }},
			{"one application", func(s *Statement) { s.Contents[1].MediaType = MediaFigures }},
			{"one application", func(s *Statement) { s.Contents = append(s.Contents, s.Contents[1]) }},
			{"exactly one", func(s *Statement) { s.Answers = append(s.Answers, StatementID{2}) }},
			{"answers nothing", func(s *Statement) { s.Case, s.Previous, s.Status = CaseID{}, StatementID{}, StatusActual }},
			{"status", func(s *Statement) { s.Case, s.Previous, s.Answers = CaseID{}, StatementID{}, nil }},
		},
	}
	for _, kind := range Kinds() {
		if !kind.InCase() {
			continue
		}
		cases := append(all[:len(all):len(all)], own[kind]...)
		if m, _ := kind.manner(); m.answersMust > 0 {
			cases = append(cases, all[0])
			cases[len(cases)-1].says, cases[len(cases)-1].edit = "answer", func(s *Statement) { s.Answers = nil }
		}
		add := func(says string, e edit) {
			cases = append(cases, struct {
				says string
				edit edit
			}{says, e})
		}
		switch {
		case kind.Released():
			add("release", func(s *Statement) { s.Release = ReleaseID{} })
			add("does not belong", func(s *Statement) { s.Officers = []OfficerStamp{{Key: "officer", Role: Supervisor}} })
		case kind.ByMachine() || kind.Enclosed():
			add("release", func(s *Statement) { s.Release = ReleaseID{1} })
			add("does not belong", func(s *Statement) { s.Officers = []OfficerStamp{{Key: "officer", Role: Supervisor}} })
		default:
			add("release", func(s *Statement) { s.Release = ReleaseID{1} })
			add("officer must sign", func(s *Statement) { s.Officers = nil })
			add("does not permit", func(s *Statement) { s.Officers[0].Role = Auditor })
			add("does not permit", func(s *Statement) { s.Officers = append(s.Officers, OfficerStamp{Key: "second", Role: Administrator}) })
		}
		if !kind.Proposes() {
			add("only what proposes", func(s *Statement) { s.Reply = 3 * day })
		}
		if !kind.OfAccord() && !slices.Contains(mayName, kind) {
			add("does not belong here", func(s *Statement) { s.Accord, s.Version = AccordID{1}, VersionID{1} })
		}
		switch kind {
		case KindWarning, KindSupplement, KindCorrection:
			add("urgency", func(s *Statement) { s.Urgency = "" })
			add("content", func(s *Statement) { s.Contents = nil })
		case KindQuestion, KindAnswer, KindCall:
			add("content", func(s *Statement) { s.Contents = nil })
		}
		for _, c := range cases {
			s := placed(kind)
			c.edit(&s)
			if err := s.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), string(s.Kind)+" statement: ") {
				t.Errorf("%s, %q: %v", kind, c.says, err)
			}
		}
	}
}

// What stands in no case has nothing of what belongs to one, and each thing
// of its own.
func TestCheckApart(t *testing.T) {
	type edit = func(*Statement)
	type wrong struct {
		says string
		edit edit
	}
	all := []wrong{
		{"no case", func(s *Statement) { s.Case = CaseID{1} }},
		{"follows nothing", func(s *Statement) { s.Previous = StatementID{1} }},
		{"answers nothing", func(s *Statement) { s.Answers = []StatementID{{1}} }},
		{"tag key", func(s *Statement) { s.TagKey = Digest{1} }},
		{"contents", func(s *Statement) { s.Contents = make([]ContentRef, 1) }},
		{"duties", func(s *Statement) { s.Duties = []Promise{{DutyAssess, storyBegins}} }},
		{"release", func(s *Statement) { s.Release = ReleaseID{1} }},
		{"officer", func(s *Statement) { s.Officers = []OfficerStamp{{Key: "officer", Role: Supervisor}} }},
		{"serial", func(s *Statement) { s.AuthorCard = 0 }},
	}
	own := map[Kind][]wrong{
		KindSuccession: {
			{"no recipient", func(s *Statement) { s.Recipient = south }},
			{"no recipient", func(s *Statement) { s.RecipientCard = 1 }},
			{"ledger, successor and card", func(s *Statement) { s.Ledger = "" }},
			{"ledger, successor and card", func(s *Statement) { s.Successor = "" }},
			{"ledger, successor and card", func(s *Statement) { s.Card = CardID{} }},
			{"follow itself", func(s *Statement) { s.Successor = s.Ledger }},
			{"root", func(s *Statement) { s.Size = -1 }},
			{"root", func(s *Statement) { s.Size = 0 }},
			{"root", func(s *Statement) { s.Root = Digest{} }},
			{"root", func(s *Statement) { s.Root = sha256.Sum256(nil) }},
			{"root", func(s *Statement) { s.Size, s.Root = 0, Digest{} }},
		},
		KindDeposit: {
			{"three parties", func(s *Statement) { s.Recipient = s.Author }},
			{"three parties", func(s *Statement) { s.Party = s.Author }},
			{"three parties", func(s *Statement) { s.Party = s.Recipient }},
			{"serial", func(s *Statement) { s.RecipientCard = 0 }},
			{"incomplete", func(s *Statement) { s.Party = "" }},
			{"incomplete", func(s *Statement) { s.Received = time.Time{} }},
			{"incomplete", func(s *Statement) { s.PublishBy = s.Received.Add(-time.Millisecond) }},
			{"incomplete", func(s *Statement) { s.Ledger = "" }},
			{"incomplete", func(s *Statement) { s.Terms = CardID{} }},
			{"incomplete", func(s *Statement) { s.Envelope = Digest{} }},
			{"too long", func(s *Statement) { s.Carries = make([]Digest, MaxCarries+1) }},
			{"stands twice", func(s *Statement) { s.Carries = []Digest{{1}, {1}} }},
			{"none", func(s *Statement) { s.Carries = []Digest{{}} }},
		},
	}
	for kind, wrongs := range own {
		for _, w := range append(all[:len(all):len(all)], wrongs...) {
			s := placed(kind)
			w.edit(&s)
			if err := s.Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), w.says) || !strings.HasPrefix(err.Error(), string(kind)+" statement: ") {
				t.Errorf("%s, %q: %v", kind, w.says, err)
			}
		}
		if s := placed(kind); s.CaseID() != (CaseID{}) {
			t.Errorf("%s: case %s", kind, s.CaseID())
		}
	}
	lost := placed(KindSuccession)
	lost.Size, lost.Root, lost.Lost = 0, sha256.Sum256(nil), true
	young := lost
	young.Lost = false
	unnumbered := placed(KindDeposit)
	unnumbered.Number, unnumbered.Carries = 0, nil
	for _, s := range []Statement{lost, young, unnumbered} {
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
}

// A clock that gives no time for report or conclude leaves a credible
// assessment possible: a pair that is not in the table gives no duty.
func TestCredibleAssessmentUnderAShortClock(t *testing.T) {
	for _, duties := range [][]Promise{nil, {{DutyReport, storyBegins}}, {{DutyConclude, storyBegins}}, {{DutyReport, storyBegins}, {DutyConclude, storyBegins}}} {
		s := placed(KindAssessment)
		s.Disposition, s.Duties = Credible, duties
		if err := s.Check(); err != nil {
			t.Errorf("%v: %v", duties, err)
		}
	}
}

func TestDispositionsAndOutcomes(t *testing.T) {
	for _, d := range Dispositions() {
		if got, err := ParseDisposition(string(d)); err != nil || got != d {
			t.Errorf("%s: %s, %v", d, got, err)
		}
		if d.Obliges() != (d == "credible" || d == "partly-credible") {
			t.Errorf("%s obliges: %t", d, d.Obliges())
		}
	}
	for _, o := range Outcomes() {
		if got, err := ParseOutcome(string(o)); err != nil || got != o {
			t.Errorf("%s: %s, %v", o, got, err)
		}
	}
	if _, err := ParseOutcome("prevented"); !errors.As(err, new(*Invalid)) {
		t.Errorf("heed claims no causation: %v", err)
	}
	if _, err := ParseDisposition(""); !errors.As(err, new(*Invalid)) {
		t.Error(err)
	}
}

func TestPromisedAndAnswersTo(t *testing.T) {
	s := Statement{Duties: []Promise{{DutyAssess, storyBegins}}, Answers: []StatementID{{1}, {2}}}
	if due, ok := s.Promised(DutyAssess); !ok || !due.Equal(storyBegins) {
		t.Errorf("got %s, %t", due, ok)
	}
	if due, ok := s.Promised(DutyAnswer); ok || !due.IsZero() {
		t.Errorf("got %s, %t", due, ok)
	}
	if !s.AnswersTo(StatementID{2}) || s.AnswersTo(StatementID{3}) {
		t.Error("AnswersTo is not the list")
	}
	if (Statement{ID: StatementID{3}}).CaseID() != (CaseID{3}) || (Statement{ID: StatementID{3}, Case: CaseID{4}}).CaseID() != (CaseID{4}) {
		t.Error("a statement belongs to the case that it names, or opens its own")
	}
}
