package heed

import (
	"errors"
	"strings"
	"testing"
)

func filledIn() RightsCheck {
	return RightsCheck{
		DutyBasis: DutyBasis{Ground: GroundDutyToWarn}, LegalBasis: "Police Cooperation Act, section 12", Purpose: PurposePrevention,
		Character:   Finding[Character]{CharacterNone, "ordinary crime"},
		Necessity:   Finding[Necessity]{NecessityGiven, "nobody could look for them without it"},
		Reliability: Finding[Sufficiency]{SourceSufficient, "right before"},
		Risk:        Finding[Risk]{RiskMitigated, "the source is not named"},
	}
}

func TestRightsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*RightsCheck)
		want []string // path: words of problem and hint
	}{
		"filled in":             {func(*RightsCheck) {}, nil},
		"waived":                {func(f *RightsCheck) { f.DutyBasis = DutyBasis{GroundWaiver, "they know already"} }, nil},
		"waived without why":    {func(f *RightsCheck) { f.DutyBasis.Ground = GroundWaiver }, []string{"duty-basis/reason: waiver needs its reason"}},
		"no duty basis":         {func(f *RightsCheck) { f.DutyBasis = DutyBasis{} }, []string{"duty-basis/ground: duty-to-warn, waiver"}},
		"no legal basis":        {func(f *RightsCheck) { f.LegalBasis = "" }, []string{"legal-basis: missing"}},
		"two lines":             {func(f *RightsCheck) { f.LegalBasis = "a\nb" }, []string{"legal-basis: more than one line"}},
		"no purpose":            {func(f *RightsCheck) { f.Purpose = "" }, []string{"purpose: missing"}},
		"purpose of nobody":     {func(f *RightsCheck) { f.Purpose = "curiosity" }, []string{"purpose: not a purpose"}},
		"no answer":             {func(f *RightsCheck) { f.Risk.Answer = "" }, []string{"risk/answer: none-foreseen, mitigated, outweighed, unacceptable"}},
		"answer of another":     {func(f *RightsCheck) { f.Necessity.Answer = "sufficient" }, []string{"necessity/answer: necessary, reduced, not-necessary"}},
		"no reason":             {func(f *RightsCheck) { f.Character.Reason = "" }, []string{"character/reason: missing"}},
		"reason in two lines":   {func(f *RightsCheck) { f.Reliability.Reason = "a\nb" }, []string{"reliability/reason: more than one line"}},
		"reason too long":       {func(f *RightsCheck) { f.Risk.Reason = strings.Repeat("x", MaxReason+1) }, []string{"risk/reason: 501 characters"}},
		"nothing":               {func(f *RightsCheck) { *f = RightsCheck{} }, []string{"duty-basis/ground: ", "legal-basis: ", "purpose: ", "character/answer: ", "character/reason: ", "necessity/answer: ", "necessity/reason: ", "reliability/answer: ", "reliability/reason: ", "risk/answer: ", "risk/reason: "}},
		"barred, but filled in": {func(f *RightsCheck) { f.Risk.Answer = RiskUnacceptable }, nil},
	} {
		f := filledIn()
		c.edit(&f)
		err := f.Check()
		var all []error
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			all = joined.Unwrap()
		}
		if len(all) != len(c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, e := range all {
			path, words, _ := strings.Cut(c.want[i], ": ")
			var field *FieldError
			if !errors.As(e, &field) || field.Path != path || !strings.Contains(field.Error(), words) {
				t.Errorf("%s: got %v, want %s", name, e, c.want[i])
			}
		}
	}
}

func TestAnswersThatBar(t *testing.T) {
	f := filledIn()
	if err := f.Allows(); err != nil {
		t.Error(err)
	}
	f.Character.Answer, f.Necessity.Answer, f.Reliability.Answer, f.Risk.Answer = CharacterNotPredominant, NecessityReduced, SourceLimited, RiskOutweighed
	if err := f.Allows(); err != nil {
		t.Error(err)
	}
	for question, edit := range map[string]func(*RightsCheck){
		"character is predominant":    func(f *RightsCheck) { f.Character.Answer = CharacterPredominant },
		"necessity is not-necessary":  func(f *RightsCheck) { f.Necessity.Answer = NecessityLacking },
		"reliability is insufficient": func(f *RightsCheck) { f.Reliability.Answer = SourceInsufficient },
		"risk is unacceptable":        func(f *RightsCheck) { f.Risk.Answer = RiskUnacceptable },
	} {
		f := filledIn()
		edit(&f)
		if err := f.Allows(); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), question) {
			t.Errorf("%s: %v", question, err)
		}
	}
}

func TestPurposeOfTheFormIsAgreed(t *testing.T) {
	a := Accord{Name: "Liaison", Purposes: []Purpose{PurposePrevention}}
	f := filledIn()
	if err := a.AdmitsCheck(f); err != nil {
		t.Error(err)
	}
	f.Purpose = PurposeProsecution
	if err := a.AdmitsCheck(f); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), "Liaison, clause purposes") {
		t.Errorf("another purpose: %v", err)
	}
}

func TestAdmitsRelease(t *testing.T) {
	const anna, boris = "north.example/officer/anna+1111+AQ==", "north.example/officer/boris+2222+Ag=="
	one := []OfficerStamp{{anna, Releaser}}
	two := []OfficerStamp{{anna, Drafter}, {boris, Releaser}}
	drafters := []OfficerStamp{{anna, Drafter}, {boris, Drafter}}
	twice := []OfficerStamp{{anna, Drafter}, {"north.example/officer/anna+3333+Aw==", Releaser}}
	form := Digest{1}
	for name, c := range map[string]struct {
		a    Accord
		rel  Release
		want string // words of the refusal; none: it is admitted
	}{
		"nothing asked":                {Accord{}, Release{Kind: KindWarning, Officers: one}, ""},
		"two asked, one there":         {Accord{TwoOfficers: true}, Release{Kind: KindWarning, Officers: one}, "clause release: a warning is signed by two officers, of whom one is releaser or supervisor"},
		"two asked, two there":         {Accord{TwoOfficers: true}, Release{Kind: KindWarning, Officers: two}, ""},
		"two who only draft":           {Accord{TwoOfficers: true}, Release{Kind: KindWarning, Officers: drafters}, "two officers"},
		"one person with two keys":     {Accord{TwoOfficers: true}, Release{Kind: KindWarning, Officers: twice}, "two officers"},
		"supplement by one":            {Accord{TwoOfficers: true}, Release{Kind: KindSupplement, Officers: one}, "a supplement is signed"},
		"correction by one":            {Accord{TwoOfficers: true}, Release{Kind: KindCorrection, Officers: one}, "a correction is signed"},
		"recall by one":                {Accord{TwoOfficers: true, RightsCheck: true}, Release{Kind: KindRecall, Officers: one}, ""},
		"form asked, none there":       {Accord{RightsCheck: true}, Release{Kind: KindWarning, Officers: two}, "clause release: a warning is released with a rights check"},
		"form asked, and there":        {Accord{RightsCheck: true}, Release{Kind: KindWarning, Officers: one, Check: form}, ""},
		"both asked, form alone there": {Accord{TwoOfficers: true, RightsCheck: true}, Release{Kind: KindWarning, Officers: one, Check: form}, "two officers"},
		"both asked, both there":       {Accord{TwoOfficers: true, RightsCheck: true}, Release{Kind: KindWarning, Officers: two, Check: form}, ""},
	} {
		c.a.Name = "Liaison"
		err := c.a.AdmitsRelease(c.rel)
		var refused *Refused
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refused) || refused.Code != NotAdmitted || !strings.Contains(refused.Detail, c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
