package heed

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// ContactID names a partner without heed: one lower-case word of letters,
// digits and hyphens, at most 40 bytes. It has no dot, so that it can be no
// party's name: whatever is looked up, shown or counted by party cannot mistake
// a contact for a peer.
type ContactID string

// ParseContactID checks the spelling of a contact's name.
func ParseContactID(s string) (ContactID, error) {
	if !isToken(s, 40) || s[len(s)-1] == '-' {
		return "", &Invalid{What: fmt.Sprintf("contact name %q is not one lower-case word", clip(s)), Hint: "write it like harbour-ops, without a dot: names with dots are parties that run heed"}
	}
	return ContactID(s), nil
}

// ContactVersionID is the SHA-256 of a contact's signed text: one version of
// what is on record of it. A one-sided case names the version under whose clock
// it runs.
type ContactVersionID Digest

func (id ContactVersionID) String() string { return Digest(id).String() }

// IsZero reports whether id names no version.
func (id ContactVersionID) IsZero() bool { return id == ContactVersionID{} }

// ClockBasis says what a contact's clock rests on.
type ClockBasis string

// The bases of a contact's clock.
const (
	ClockAgreed  ClockBasis = "agreed"  // the contact has agreed to it, in what Contact.Agreement names
	ClockAssumed ClockBasis = "assumed" // ours alone: we count by it, and the contact has promised nothing
)

// ClockBases lists all bases.
func ClockBases() []ClockBasis { return []ClockBasis{ClockAgreed, ClockAssumed} }

// ParseClockBasis reads a basis.
func ParseClockBasis(s string) (ClockBasis, error) {
	return oneOf("clock basis", ClockBasis(s), ClockBases())
}

// Contact is a partner without heed: an organisation that is warned, and warns,
// by mail, telephone or paper. It has no card, no key and no fingerprint, signs
// nothing and holds nothing: all that is on record of it is our own word.
type Contact struct {
	Version  ContactVersionID
	Party    PartyID // whose contact it is
	ID       ContactID
	Serial   uint64 // of this version, from 1
	Time     time.Time
	Removed  bool   // no letters are opened any more; what is owed stays owed
	Name     string // the organisation, as a letter addresses it
	Mail     string // one bare address; may be empty
	Phone    string
	Post     []string // lines of the postal address
	Language []Language
	// Clock is by which the contact's replies are counted. Profile is its name,
	// Basis what it rests on, Agreement the document in which it was agreed.
	Profile   string
	Clock     Clock
	Basis     ClockBasis
	Agreement string
	// TwoOfficers and RightsCheck are what we ask of ourselves before a letter to
	// this contact is released, as an accord would.
	TwoOfficers bool
	RightsCheck bool
	Node        string // the verification key of the node that signs it
}

// Bounds of a contact.
const (
	MaxContactName = 200 // bytes of its name, of an address line and of its agreement
	MaxPostLines   = 8
	MaxContacts    = 10_000 // of one party, the removed ones included
	maxLanguages   = 8
)

// Check reports whether the contact can be written to, and its clock run: it has
// a name, a way to reach it, a language, and a clock with its basis.
func (c Contact) Check() error {
	bad := func(field, hint, format string, args ...any) error {
		return &Invalid{What: "contact: " + field + " " + fmt.Sprintf(format, args...), Hint: hint}
	}
	if _, err := ParseContactID(string(c.ID)); err != nil {
		return err
	}
	if _, err := ParsePartyID(string(c.Party)); err != nil {
		return err
	}
	one := func(field, value string, most int) error {
		if !isLine(value, most) {
			return bad(field, "", "is not one line of at most %d bytes without a bar", most)
		}
		return nil
	}
	for _, f := range []struct {
		field, value string
		most         int
	}{{"name", c.Name, MaxContactName}, {"telephone", c.Phone, 120}, {"agreement", c.Agreement, MaxContactName}} {
		if err := one(f.field, f.value, f.most); err != nil {
			return err
		}
	}
	for _, line := range c.Post {
		if err := one("postal address", line, MaxContactName); err != nil {
			return err
		}
	}
	switch {
	case c.Serial == 0:
		return bad("serial", "", "counts from 1")
	case c.Name == "":
		return bad("name", "name the organisation with --name, as a letter would address it", "is missing")
	case c.Mail == "" && c.Phone == "" && len(c.Post) == 0:
		return bad("address", "give --mail, --telephone or --post", "is missing: it cannot be reached in any way")
	case c.Mail != "" && !isMailAddress(c.Mail):
		return bad("mail", "write it like ops@harbour.example", "is not one bare address in ASCII")
	case len(c.Post) > MaxPostLines || slices.Contains(c.Post, ""):
		return bad("postal address", fmt.Sprintf("at most %d lines", MaxPostLines), "has too many lines, or an empty one")
	case len(c.Language) == 0 || len(c.Language) > maxLanguages:
		return bad("languages", "name them with --language, the preferred one first", "are none, or more than %d", maxLanguages)
	case !isToken(c.Profile, 40):
		return bad("clocks", "name a profile, or a file with --clocks", "have no name of one lower-case word")
	case len(c.Clock) == 0:
		return bad("clocks", "name a profile, or a file with --clocks", "are missing: nothing would ever fall due")
	case c.Basis == ClockAgreed && c.Agreement == "":
		return bad("clocks", "say in what, with --agreed; without it they are assumed", "are agreed, and it is not said in what")
	case c.Basis == ClockAssumed && c.Agreement != "":
		return bad("clocks", "", "are assumed, and an agreement is named")
	}
	for i, l := range c.Language {
		var check checker
		if check.language("contact/language", l, required); check.err() != nil {
			return check.err()
		}
		if slices.Index(c.Language, l) < i {
			return bad("languages", "", "name %s twice", l)
		}
	}
	if _, err := ParseClockBasis(string(c.Basis)); err != nil {
		return err
	}
	return c.Clock.Check()
}

// isMailAddress admits one bare address in ASCII (RFC 5321 section 4.1.2) behind
// which no second header or recipient can hide.
func isMailAddress(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && len(s) <= 254 && parsed.Address == s && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// NoMail names the mark of the handling that forbids sending what it covers by
// plain mail, which every server on its way can read; empty where none does. What
// may not go by mail goes on paper or from hand to hand; a mail may still say
// that a letter waits. The marks: TLP stricter than GREEN (TLP 2.0 limits
// disclosure to recipients, and the servers on the way are none), PAP RED and AMBER
// (others would notice), originator control, and the police codes H2 and H3.
func (h Handling) NoMail() string {
	switch {
	case h.TLP.StricterThan(TLPGreen):
		return "TLP:" + clip(string(h.TLP))
	case h.PAP.StricterThan(PAPGreen):
		return "PAP:" + clip(string(h.PAP))
	case h.OriginatorControl:
		return "originator-control"
	case slices.Contains(h.PoliceCodes, H2):
		return string(H2)
	case slices.Contains(h.PoliceCodes, H3):
		return string(H3)
	}
	return ""
}

// GatesRelease reports whether a letter to the contact is kept as a draft for an
// officer to release.
func (c Contact) GatesRelease() bool { return c.TwoOfficers || c.RightsCheck }

// AdmitsRelease reports whether the release of a letter has what is asked for
// letters to this contact. The error is a *Refused.
func (c Contact) AdmitsRelease(rel Release) error {
	switch {
	case c.TwoOfficers && !rel.twoOfficers():
		return &Refused{Code: NotAdmitted, Detail: fmt.Sprintf("contact %s: a letter to it is signed by two officers, of whom one releases", c.ID), Hint: "another officer than the drafter releases it with `heed release CASE --as OFFICER`"}
	case c.RightsCheck && rel.Check.IsZero():
		return &Refused{Code: NotAdmitted, Detail: fmt.Sprintf("contact %s: a letter to it is released with a rights check", c.ID), Hint: "fill in the form and add it: `heed release CASE --form FILE`"}
	}
	return nil
}
