package watch

import (
	"errors"
	"fmt"
	"slices"

	"heed"
)

// SubjectID names a subject within an index: its owner's choice, such as a
// case with a position, or a list with the list's own number.
type SubjectID string

// MaxSubjectID bounds a SubjectID, in bytes.
const MaxSubjectID = 300

// Subject is someone or something on watch. Exactly one of Person, Vehicle and
// Organisation is set. The index keeps a copy; what is put is not changed and
// not held on to.
type Subject struct {
	ID           SubjectID          `json:"id"`
	Urgency      heed.Urgency       `json:"urgency,omitempty"` // of the warning that it comes from
	Person       *heed.Person       `json:"person,omitempty"`
	Vehicle      *heed.Vehicle      `json:"vehicle,omitempty"`
	Organisation *heed.Organisation `json:"organisation,omitempty"`
}

// ErrSubject is in the chain of every error about a subject that cannot be put.
var ErrSubject = errors.New("this cannot be put on watch")

// Likeness is the same text for subjects that differ in nothing that screening
// looks at or shows but their ids and urgencies, and for no others.
func (s Subject) Likeness() string {
	s.ID, s.Urgency = "", ""
	return string(appendSubject(nil, &s))
}

// Check holds the subject against the bounds that a warning has. Its error has
// ErrSubject and a *heed.FieldError for each fault in its chain.
func (s Subject) Check() error {
	var c faults
	if s.ID == "" {
		c.bad("id", "is missing", "")
	}
	if len(s.ID) > MaxSubjectID {
		c.bad("id", fmt.Sprintf("has more than %d bytes", MaxSubjectID), "shorten it")
	}
	if s.Urgency != "" && !slices.Contains(heed.Urgencies(), s.Urgency) {
		c.bad("urgency", fmt.Sprintf("is %q, which is not an urgency", clip(string(s.Urgency))), "one of Immediate, Expected, Future, Past, Unknown")
	}
	set := 0
	if p := s.Person; p != nil {
		set++
		c.names("person/names", p.Names)
		c.most("person/born", len(p.Born), heed.MaxBirths)
		for i, b := range p.Born {
			if b.IsZero() {
				c.bad(at("person/born", i), "is empty", "leave it out")
			}
			c.birth(at("person/born", i), b)
		}
		c.text("person/birthplace", p.Birthplace, MaxText)
		c.sex("person/sex", p.Sex)
		c.most("person/nationalities", len(p.Nationalities), heed.MaxNationalities)
		for i, n := range p.Nationalities {
			c.country(at("person/nationalities", i), n)
		}
		c.documents("person/documents", p.Documents)
		c.text("person/description", p.Description, heed.MaxNote)
	}
	if s.Vehicle != nil {
		set++
		c.vehicle("vehicle", *s.Vehicle)
	}
	if o := s.Organisation; o != nil {
		set++
		c.names("organisation/names", o.Names)
		if o.Country != "" {
			c.country("organisation/country", o.Country)
		}
		c.most("organisation/registrations", len(o.Registrations), heed.MaxDocuments)
		for i, r := range o.Registrations {
			c.text(at("organisation/registrations", i)+"/register", r.Register, MaxText)
			c.text(at("organisation/registrations", i)+"/number", r.Number, MaxText)
			if r.Country != "" {
				c.country(at("organisation/registrations", i)+"/country", r.Country)
			}
		}
		c.text("organisation/description", o.Description, heed.MaxNote)
	}
	if set != 1 {
		c.bad("subject", fmt.Sprintf("is %d of person, vehicle and organisation", set), "set exactly one")
	}
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("subject %q: %w: %w", clip(string(s.ID)), ErrSubject, errors.Join(c.errs...))
}
