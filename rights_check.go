package heed

import (
	"slices"
	"strings"
)

// RightsCheck is the form that an officer fills in before something is
// released: the duty to warn or its waiver, the legal basis, the purpose, and
// the answers of the rights check. It stays with the author, since it may name
// sources; a release names it by its salted digest, so that it can be shown
// later and can not be written afterwards.
//
// Its questions are those of public practice: whether the matter is of a
// political, military, religious or racial character (INTERPOL's constitution,
// Article 3; its Rules on the Processing of Data, Article 34, ask whether such a
// character predominates), whether the data are needed for the purpose and are
// no more than it takes, and how good their source is (the same Rules, Articles
// 12 and 35), and what it may do to persons (the constitution's Article 2(1), in
// the spirit of the Universal Declaration of Human Rights). That a duty to warn,
// or its waiver, is put down with its reason follows Intelligence Community
// Directive 191, "Duty to Warn".
type RightsCheck struct {
	DutyBasis   DutyBasis            `json:"duty-basis"`
	LegalBasis  string               `json:"legal-basis"`
	Purpose     Purpose              `json:"purpose"`
	Character   Finding[Character]   `json:"character"`
	Necessity   Finding[Necessity]   `json:"necessity"`
	Reliability Finding[Sufficiency] `json:"reliability"`
	Risk        Finding[Risk]        `json:"risk"` // to persons: those named, the source, bystanders
}

// Finding is the answer to one question of the rights check.
type Finding[T ~string] struct {
	Answer T      `json:"answer"`
	Reason string `json:"reason"` // in one line of at most MaxReason characters
}

// Character says whether the matter is of a political, military, religious or
// racial character.
type Character string

// The answers on character.
const (
	CharacterNone           Character = "none"
	CharacterNotPredominant Character = "not-predominant" // there is such an element, and ordinary crime or danger outweighs it
	CharacterPredominant    Character = "predominant"     // bars the release
)

// Characters lists the answers on character.
func Characters() []Character {
	return []Character{CharacterNone, CharacterNotPredominant, CharacterPredominant}
}

// ParseCharacter reads an answer on character.
func ParseCharacter(s string) (Character, error) {
	return oneOf("answer on character", Character(s), Characters())
}

// Necessity says whether all that is released is needed for the purpose.
type Necessity string

// The answers on necessity.
const (
	NecessityGiven   Necessity = "necessary"
	NecessityReduced Necessity = "reduced"       // to what is necessary: something was left out
	NecessityLacking Necessity = "not-necessary" // bars the release
)

// Necessities lists the answers on necessity.
func Necessities() []Necessity {
	return []Necessity{NecessityGiven, NecessityReduced, NecessityLacking}
}

// ParseNecessity reads an answer on necessity.
func ParseNecessity(s string) (Necessity, error) {
	return oneOf("answer on necessity", Necessity(s), Necessities())
}

// Sufficiency says whether the source bears what is said.
type Sufficiency string

// The answers on the source's reliability.
const (
	SourceSufficient   Sufficiency = "sufficient"
	SourceLimited      Sufficiency = "limited"      // and what is released says so
	SourceInsufficient Sufficiency = "insufficient" // bars the release
)

// Sufficiencies lists the answers on the source's reliability.
func Sufficiencies() []Sufficiency {
	return []Sufficiency{SourceSufficient, SourceLimited, SourceInsufficient}
}

// ParseSufficiency reads an answer on the source's reliability.
func ParseSufficiency(s string) (Sufficiency, error) {
	return oneOf("answer on reliability", Sufficiency(s), Sufficiencies())
}

// Risk says what the release may do to persons.
type Risk string

// The answers on risk to persons.
const (
	RiskNone         Risk = "none-foreseen"
	RiskMitigated    Risk = "mitigated"    // by what the reason says
	RiskOutweighed   Risk = "outweighed"   // by the danger that is warned of
	RiskUnacceptable Risk = "unacceptable" // bars the release
)

// Risks lists the answers on risk to persons.
func Risks() []Risk { return []Risk{RiskNone, RiskMitigated, RiskOutweighed, RiskUnacceptable} }

// ParseRisk reads an answer on risk to persons.
func ParseRisk(s string) (Risk, error) { return oneOf("answer on risk", Risk(s), Risks()) }

// Check reports everything that is wrong with the form, as joined *FieldErrors.
// Every text is one line. What the answers bar is Allows's.
func (f RightsCheck) Check() error {
	c := &checker{}
	term(c, "duty-basis/ground", "ground", f.DutyBasis.Ground, Grounds(), required)
	c.text("duty-basis/reason", f.DutyBasis.Reason, MaxReason, optional)
	if f.DutyBasis.Ground == GroundWaiver && f.DutyBasis.Reason == "" {
		c.bad("duty-basis/reason", "is missing", "a waiver needs its reason")
	}
	c.text("legal-basis", f.LegalBasis, MaxReason, required)
	term(c, "purpose", "purpose", f.Purpose, Purposes(), required)
	found(c, "character", f.Character, Characters())
	found(c, "necessity", f.Necessity, Necessities())
	found(c, "reliability", f.Reliability, Sufficiencies())
	found(c, "risk", f.Risk, Risks())
	return c.err()
}

func found[T ~string](c *checker, question string, f Finding[T], all []T) {
	term(c, question+"/answer", "answer on "+question, f.Answer, all, required)
	c.text(question+"/reason", f.Reason, MaxReason, required)
}

// Allows reports whether something may be released on these answers. The error
// is a *Refused that names those that bar it.
func (f RightsCheck) Allows() error {
	var bars []string
	for _, bar := range []struct {
		barred bool
		answer string
	}{
		{f.Character.Answer == CharacterPredominant, "character is " + string(CharacterPredominant)},
		{f.Necessity.Answer == NecessityLacking, "necessity is " + string(NecessityLacking)},
		{f.Reliability.Answer == SourceInsufficient, "reliability is " + string(SourceInsufficient)},
		{f.Risk.Answer == RiskUnacceptable, "risk is " + string(RiskUnacceptable)},
	} {
		if bar.barred {
			bars = append(bars, bar.answer)
		}
	}
	if len(bars) == 0 {
		return nil
	}
	return &Refused{Detail: "the rights check bars the release: " + strings.Join(bars, ", "), Hint: "`heed draft drop` gives it up; or draft it anew so that the answer changes"}
}

// AdmitsCheck reports whether something may be released under the accord on
// these answers. The error is a *Refused that names the clause.
func (a Accord) AdmitsCheck(f RightsCheck) error {
	if slices.Contains(a.Purposes, f.Purpose) {
		return nil
	}
	return &Refused{
		Code: NotAdmitted, Detail: "accord " + a.Name + ", clause purposes: the form's purpose " + clip(string(f.Purpose)) + " is not among those agreed",
		Hint: "agreed are: " + orNothing(joined(a.Purposes)),
	}
}
