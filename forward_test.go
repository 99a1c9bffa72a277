package heed

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	third  = PartyID("third.example")
	fourth = PartyID("fourth.example")
)

// request and consent are about a third party.
func (st *story) request(about PartyID) Statement {
	return st.given(south, KindForwardRequest, to(st.all[0]), func(s *Statement) { s.Party = about })
}

func (st *story) consent(yes bool, requests ...Statement) Statement {
	return st.given(north, KindForwardConsent, requests, func(s *Statement) { s.Party, s.Consent = requests[0].Party, yes })
}

func TestMayForward(t *testing.T) {
	amber, green := Handling{TLP: TLPAmber}, Handling{TLP: TLPGreen}
	accord := func(rule ForwardingRule, members ...PartyID) Accord {
		a := Accord{ID: VersionID{1}, Name: "Harbour", Forwarding: rule}
		for _, p := range members {
			a.Members = append(a.Members, Member{Party: p})
		}
		return a
	}
	end := MomentOn(storyBegins)
	for name, c := range map[string]struct {
		h       Handling
		terms   []Accord
		to      PartyID
		story   func(*story)
		late    time.Duration
		because string // what makes the originator be asked
		free    bool
		asked   bool   // a request waits
		refused string // words of the refusal
	}{
		"green":             {h: green, free: true},
		"clear":             {h: Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H0, H1, H3}, Restriction: "x"}, free: true},
		"amber":             {h: amber, because: "TLP:AMBER"},
		"amber and strict":  {h: Handling{TLP: TLPAmberStrict}, because: "TLP:AMBER+STRICT"},
		"red":               {h: Handling{TLP: TLPRed}, because: "TLP:RED"},
		"no label":          {h: Handling{}, because: "TLP:"},
		"H2":                {h: Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H2}}, because: "H2"},
		"originator":        {h: Handling{TLP: TLPRed, OriginatorControl: true}, because: "originator-control"},
		"released to it":    {h: Handling{TLP: TLPRed, ReleaseTo: []PartyID{third}}, free: true},
		"released to other": {h: Handling{TLP: TLPRed, ReleaseTo: []PartyID{fourth}}, because: "TLP:RED"},
		"to the originator": {h: green, to: north, refused: "north.example has it already"},
		"to itself":         {h: green, to: south, refused: "south.example has it already"},
		"recalled":          {h: green, story: func(st *story) { st.given(north, KindRecall, to(st.all[0])) }, refused: "has recalled the warning"},
		"on its last day":   {h: Handling{TLP: TLPClear, DeleteAfter: end}, free: true},
		"after its day":     {h: Handling{TLP: TLPClear, DeleteAfter: end}, late: 48 * time.Hour, refused: "handling delete-after: it was to be erased after " + end.String()},
		"a question's case": {h: green, story: func(st *story) { *st = *begin(KindQuestion, UrgencyImmediate) }, refused: "not opened by a warning"},

		"never":               {h: green, terms: []Accord{accord(ForwardNever, third)}, refused: "accord Harbour, clause forwarding"},
		"by the originator":   {h: green, terms: []Accord{accord(ForwardAsk, third)}, because: "accord Harbour, clause forwarding: ask-originator"},
		"to a member":         {h: green, terms: []Accord{accord(ForwardMembers, third)}, free: true},
		"amber to a member":   {h: amber, terms: []Accord{accord(ForwardMembers, third)}, because: "TLP:AMBER"},
		"to no member":        {h: green, terms: []Accord{accord(ForwardMembers, fourth)}, because: "accord Harbour, clause forwarding: members"},
		"as marked":           {h: green, terms: []Accord{accord(ForwardAsMarked)}, free: true},
		"amber as marked":     {h: amber, terms: []Accord{accord(ForwardAsMarked)}, because: "TLP:AMBER"},
		"released, but asked": {h: Handling{TLP: TLPRed, ReleaseTo: []PartyID{third}}, terms: []Accord{accord(ForwardAsk)}, because: "accord Harbour, clause forwarding: ask-originator"},
		"stricter now":        {h: green, terms: []Accord{accord(ForwardAsMarked), accord(ForwardNever)}, refused: "accord Harbour, clause forwarding"},
		"laxer now":           {h: green, terms: []Accord{accord(ForwardAsk), accord(ForwardAsMarked)}, because: "accord Harbour, clause forwarding: ask-originator"},

		"asked":            {h: amber, story: func(st *story) { st.request(third) }, because: "TLP:AMBER", asked: true},
		"asked of another": {h: amber, story: func(st *story) { st.request(fourth) }, because: "TLP:AMBER"},
		"consent":          {h: amber, story: func(st *story) { st.consent(true, st.request(third)) }, because: "TLP:AMBER", free: true},
		"to another":       {h: amber, story: func(st *story) { st.consent(true, st.request(fourth)) }, because: "TLP:AMBER"},
		"refusal":          {h: amber, story: func(st *story) { st.consent(false, st.request(third)) }, refused: "north.example has refused, at "},
		"taken back":       {h: amber, story: func(st *story) { r := st.request(third); st.consent(true, r); st.consent(false, r) }, refused: "has refused"},
		"given after all":  {h: amber, story: func(st *story) { r := st.request(third); st.consent(false, r); st.consent(true, r) }, because: "TLP:AMBER", free: true},
		"needless consent": {h: green, story: func(st *story) { st.consent(true, st.request(third)) }, free: true},
		"refused, if free": {h: green, story: func(st *story) { st.consent(false, st.request(third)) }, refused: "has refused"},
		"asked once more":  {h: amber, story: func(st *story) { st.consent(true, st.request(third)); st.request(third) }, because: "TLP:AMBER", free: true, asked: true},
		"corrected since": {h: amber, story: func(st *story) {
			st.consent(true, st.request(third))
			st.given(north, KindCorrection, to(st.all[0]))
		}, because: "TLP:AMBER"},
		"corrected, asked again": {h: amber, story: func(st *story) {
			st.consent(true, st.request(third))
			st.given(north, KindSupplement, to(st.all[0]))
			st.request(third)
		}, because: "TLP:AMBER", asked: true},
		"corrected before": {h: amber, story: func(st *story) {
			r := st.request(third)
			st.given(north, KindCorrection, to(st.all[0]))
			st.consent(true, r)
		}, because: "TLP:AMBER", free: true},
		"corrected after a refusal": {h: amber, story: func(st *story) {
			st.consent(false, st.request(third))
			st.given(north, KindCorrection, to(st.all[0]))
		}, refused: "has refused"},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStory(UrgencyImmediate, false)
			st.receipt(st.all[0])
			if c.story != nil {
				c.story(st)
			}
			party := c.to
			if party == "" {
				party = third
			}
			f, err := st.fold(t).MayForward(c.h, c.terms, party, st.now.Add(c.late))
			if c.refused != "" {
				if !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), c.refused) || !reflect.DeepEqual(f, Forwarding{}) {
					t.Errorf("%+v, %v, want a refusal with %q", f, err, c.refused)
				}
				return
			}
			if err != nil || f.Because != c.because || f.Free() != c.free || f.Request.IsZero() == c.asked {
				t.Errorf("%+v, free %t, %v", f, f.Free(), err)
			}
		})
	}
}

// A consent that answers no request, or another one, counts for nothing.
func TestConsentAnswersARequest(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	assessed := st.assess(NotCredible, warning)
	asked := st.request(third)
	c := st.fold(t)
	about := func(p PartyID) func(*Statement) { return func(s *Statement) { s.Party = p } }
	for _, a := range []struct {
		what string
		s    Statement
		want RefusalCode
	}{
		{"a request", st.next(south, KindForwardRequest, to(warning), about(third)), ""},
		{"a request about something else", st.next(south, KindForwardRequest, to(assessed), about(third)), NotAdmitted},
		{"a request about the originator", st.next(south, KindForwardRequest, to(warning), about(north)), NotAdmitted},
		{"a request about itself", st.next(south, KindForwardRequest, to(warning), about(south)), NotAdmitted},
		{"a request of the originator", st.next(north, KindForwardRequest, to(warning), about(third)), NotAdmitted},
		{"a consent", st.next(north, KindForwardConsent, to(asked), about(third)), ""},
		{"a consent to another party", st.next(north, KindForwardConsent, to(asked), about(fourth)), NotAdmitted},
		{"a consent without a request", st.next(north, KindForwardConsent, to(warning), about(third)), NotAdmitted},
		{"a consent to this and that", st.next(north, KindForwardConsent, to(asked, assessed), about(third)), NotAdmitted},
		{"a consent of its own", st.next(south, KindForwardConsent, to(asked), about(third)), NotAdmitted},
	} {
		if got := code(c.Admit(a.s, st.terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", a.what, got, a.want)
		}
	}
	question := begin(KindQuestion, UrgencyImmediate)
	question.receipt(question.all[0])
	if got := code(question.fold(t).Admit(question.next(south, KindForwardRequest, to(question.all[0]), about(third)), st.terms, st.now)); got != NotAdmitted {
		t.Errorf("a request to pass a question on: %q", got)
	}
}

func TestPassedOn(t *testing.T) {
	w := Warning{Handling: Handling{TLP: TLPGreen, ReleaseTo: []PartyID{third}}, Attachments: []Attachment{{Name: "plan.pdf"}}}
	same := w.PassedOn(north)
	if same.Source.Description != "Passed on from north.example." || !reflect.DeepEqual(same.Handling, w.Handling) {
		t.Errorf("passed on as %+v", same)
	}
	same.Attachments[0].Name = "other.pdf"
	if w.Attachments[0].Name != "plan.pdf" {
		t.Error("it shares its list with the original")
	}
	w.Source = Source{Reliability: "B", Description: "The ferryman."}
	if got := w.PassedOn(north).Source; got.Description != "Passed on from north.example.\nThe ferryman." || got.Reliability != "B" {
		t.Errorf("source %+v", got)
	}
	w.Source.Description = strings.Repeat("é", MaxNote)
	if got := w.PassedOn(north).Source.Description; got != "Passed on from north.example." {
		t.Errorf("too long a source: %.40q", got)
	}
	asked := Accord{Forwarding: ForwardAsk, Purposes: []Purpose{PurposePrevention}}
	marked := Accord{Forwarding: ForwardAsMarked, Purposes: []Purpose{PurposeHumanitarian}}
	if got := w.PassedOn(north, asked).Handling; !got.OriginatorControl || got.ReleaseTo != nil || !slices.Equal(got.Purposes, asked.Purposes) {
		t.Errorf("out of an accord that asks: %+v", got)
	}
	if got := w.PassedOn(north, marked).Handling; got.OriginatorControl || len(got.ReleaseTo) != 1 || !slices.Equal(got.Purposes, marked.Purposes) {
		t.Errorf("out of one that leaves it to the marks: %+v", got)
	}
	if got := w.PassedOn(north, marked, asked).Handling; !got.OriginatorControl || !slices.Equal(got.Purposes, marked.Purposes) {
		t.Errorf("out of one that asks now: %+v", got)
	}
	w.Handling.Purposes = []Purpose{PurposeExercise}
	if got := w.PassedOn(north, asked).Handling.Purposes; !slices.Equal(got, w.Handling.Purposes) {
		t.Errorf("its own purposes became %v", got)
	}
}

func TestLooserThan(t *testing.T) {
	day := MomentOn(storyBegins)
	full := Handling{TLP: TLPAmber, PAP: PAPAmber, PoliceCodes: []PoliceCode{H1, H3}, Restriction: "as said", OriginatorControl: true,
		Purposes: []Purpose{PurposePrevention, PurposeInvestigation}, ReleaseTo: []PartyID{third}, DeleteAfter: day}
	for name, c := range map[string]struct {
		edit func(*Handling)
		want string
	}{
		"the same":           {func(*Handling) {}, ""},
		"stricter":           {func(h *Handling) { h.TLP, h.PAP, h.ReleaseTo, h.Purposes = TLPRed, PAPRed, nil, h.Purposes[:1] }, ""},
		"one more code":      {func(h *Handling) { h.PoliceCodes = []PoliceCode{H1, H2, H3} }, ""},
		"TLP":                {func(h *Handling) { h.TLP = TLPGreen }, "handling/tlp"},
		"PAP":                {func(h *Handling) { h.PAP = "" }, "handling/pap"},
		"a code less":        {func(h *Handling) { h.PoliceCodes = []PoliceCode{H3} }, "handling/police-codes"},
		"another text":       {func(h *Handling) { h.Restriction = "as you like" }, "handling/restriction"},
		"control given up":   {func(h *Handling) { h.OriginatorControl = false }, "handling/originator-control"},
		"any purpose":        {func(h *Handling) { h.Purposes = nil }, "handling/purposes"},
		"a further purpose":  {func(h *Handling) { h.Purposes = []Purpose{PurposePrevention, PurposeProsecution} }, "handling/purposes"},
		"released to more":   {func(h *Handling) { h.ReleaseTo = []PartyID{third, fourth} }, "handling/release-to"},
		"kept for ever":      {func(h *Handling) { h.DeleteAfter = Moment{} }, "handling/delete-after"},
		"kept for longer":    {func(h *Handling) { h.DeleteAfter = MomentAt(day.Latest().Add(time.Second)) }, "handling/delete-after"},
		"erased the earlier": {func(h *Handling) { h.DeleteAfter = MomentAt(storyBegins) }, ""},
		"all of it":          {func(h *Handling) { *h = Handling{TLP: TLPClear} }, "handling/tlp handling/pap handling/police-codes handling/restriction handling/originator-control handling/purposes handling/delete-after"},
	} {
		h := full
		c.edit(&h)
		if got := strings.Join(h.LooserThan(full), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
