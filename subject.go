package heed

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Country is an ISO 3166-1 alpha-2 code in capitals.
type Country string

// Language is a BCP 47 tag in its usual spelling (en, pt-BR, sr-Latn).
type Language string

// Person is someone whom a warning is about.
type Person struct {
	Names         []Name     `json:"names,omitempty"`
	Born          []Birth    `json:"born,omitempty"` // every date that is in use, the likeliest first
	Birthplace    string     `json:"birthplace,omitempty"`
	Sex           Sex        `json:"sex,omitempty"`
	Nationalities []Country  `json:"nationalities,omitempty"`
	Documents     []Document `json:"documents,omitempty"`
	Description   string     `json:"description,omitempty"`
}

// Name is one name of a person or an organisation as it is written somewhere,
// in its own script: "Filed as Tsarnayev, returned as Tsarnaev" starts with
// the original spelling being lost. It is never normalised.
type Name struct {
	Text     string   `json:"text"`
	Use      NameUse  `json:"use,omitempty"`
	Family   string   `json:"family,omitempty"`   // the part that is a surname, where known
	Given    string   `json:"given,omitempty"`    // the part that is a given name, where known
	Script   string   `json:"script,omitempty"`   // ISO 15924, like Cyrl
	Language Language `json:"language,omitempty"` // whose spelling it is
}

// NameUse says what a name is to its bearer.
type NameUse string

// The uses of a name.
const (
	NamePrimary  NameUse = "primary"
	NameSpelling NameUse = "spelling" // another spelling or romanisation of a name that stands here too
	NameAlias    NameUse = "alias"
	NameMaiden   NameUse = "maiden"
	NameFormer   NameUse = "former"
	NameNickname NameUse = "nickname"
	NameCover    NameUse = "cover" // on a document known to be false
)

// NameUses lists all uses of a name.
func NameUses() []NameUse {
	return []NameUse{NamePrimary, NameSpelling, NameAlias, NameMaiden, NameFormer, NameNickname, NameCover}
}

// Sex as documents state it (ICAO Doc 9303: F, M, or unspecified).
type Sex string

// The sexes that documents state.
const (
	SexFemale Sex = "female"
	SexMale   Sex = "male"
	SexOther  Sex = "other"
)

// Sexes lists them.
func Sexes() []Sex { return []Sex{SexFemale, SexMale, SexOther} }

// Document is a paper that a person carries or a number that a state gave.
type Document struct {
	Type    DocumentType `json:"type"`
	Country Country      `json:"country,omitempty"` // that issued it
	Number  string       `json:"number"`
}

// DocumentType is the sort of a document.
type DocumentType string

// The sorts of documents.
const (
	DocumentPassport         DocumentType = "passport"
	DocumentIdentityCard     DocumentType = "identity-card"
	DocumentResidencePermit  DocumentType = "residence-permit"
	DocumentVisa             DocumentType = "visa"
	DocumentDrivingLicence   DocumentType = "driving-licence"
	DocumentTravelDocument   DocumentType = "travel-document" // for refugees and the stateless
	DocumentSeamansBook      DocumentType = "seamans-book"
	DocumentBirthCertificate DocumentType = "birth-certificate"
	DocumentNationalNumber   DocumentType = "national-number"
	DocumentTaxNumber        DocumentType = "tax-number"
	DocumentSocialSecurity   DocumentType = "social-security-number"
	DocumentWeaponsLicence   DocumentType = "weapons-licence"
	DocumentOther            DocumentType = "other"
)

// DocumentTypes lists all sorts of documents.
func DocumentTypes() []DocumentType {
	return []DocumentType{
		DocumentPassport, DocumentIdentityCard, DocumentResidencePermit, DocumentVisa, DocumentDrivingLicence,
		DocumentTravelDocument, DocumentSeamansBook, DocumentBirthCertificate, DocumentNationalNumber,
		DocumentTaxNumber, DocumentSocialSecurity, DocumentWeaponsLicence, DocumentOther,
	}
}

// Vehicle is a road vehicle, vessel or aircraft that a warning is about. At
// least one of plate, VIN and description is given.
type Vehicle struct {
	Plate       string  `json:"plate,omitempty"`
	Country     Country `json:"country,omitempty"` // of registration
	Type        string  `json:"type,omitempty"`    // van, motorcycle, vessel
	Make        string  `json:"make,omitempty"`
	Model       string  `json:"model,omitempty"`
	Colour      string  `json:"colour,omitempty"`
	VIN         string  `json:"vin,omitempty"` // ISO 3779: 17 capitals and digits without I, O, Q
	Description string  `json:"description,omitempty"`
}

// Organisation is a body that a warning is about, as a subject or as a target.
type Organisation struct {
	Names         []Name         `json:"names,omitempty"`
	Country       Country        `json:"country,omitempty"`
	Registrations []Registration `json:"registrations,omitempty"`
	Description   string         `json:"description,omitempty"`
}

// Registration is an entry in a public register.
type Registration struct {
	Register string  `json:"register"` // its name, as people there call it
	Country  Country `json:"country,omitempty"`
	Number   string  `json:"number"`
}

// Indicator is anything else that can be looked for: an address, an account,
// a hash.
type Indicator struct {
	Type        IndicatorType `json:"type"`
	Value       string        `json:"value"`
	Description string        `json:"description,omitempty"`
}

// IndicatorType is a lower-case word; STIX 2.1 and MISP spellings are welcome.
// The list is open, and the values of those below are checked.
type IndicatorType string

// The indicator types whose values have one checked spelling.
const (
	IndicatorIPv4          IndicatorType = "ipv4-addr" // address or prefix
	IndicatorIPv6          IndicatorType = "ipv6-addr" // address or prefix
	IndicatorDomain        IndicatorType = "domain-name"
	IndicatorEmail         IndicatorType = "email-addr"
	IndicatorPhone         IndicatorType = "phone" // E.164: + and digits
	IndicatorMD5           IndicatorType = "hash-md5"
	IndicatorSHA1          IndicatorType = "hash-sha1"
	IndicatorSHA256        IndicatorType = "hash-sha256"
	IndicatorSHA512        IndicatorType = "hash-sha512"
	IndicatorVulnerability IndicatorType = "vulnerability" // CVE number
)

func (p Person) check(c *checker, path string) {
	checkNames(c, path+"/names", p.Names)
	c.most(path+"/born", len(p.Born), MaxBirths)
	for i, b := range p.Born {
		where := at(path+"/born", i)
		if parsed, err := ParseBirth(b.String()); err != nil || parsed != b {
			c.bad(where, "is not a date of birth", "write a day 1990-05-14, a month 1990-05, a year 1990, about then 1990~, or a range 1988/1992")
		} else if slices.Index(p.Born, b) < i {
			c.bad(where, "stands twice", "leave one of them out")
		}
	}
	c.text(path+"/birthplace", p.Birthplace, MaxLabel, optional)
	term(c, path+"/sex", "sex", p.Sex, Sexes(), optional)
	c.most(path+"/nationalities", len(p.Nationalities), MaxNationalities)
	for i, country := range p.Nationalities {
		c.country(at(path+"/nationalities", i), country, required)
		if slices.Index(p.Nationalities, country) < i {
			c.bad(at(path+"/nationalities", i), "stands twice", "leave one of them out")
		}
	}
	c.most(path+"/documents", len(p.Documents), MaxDocuments)
	for i, d := range p.Documents {
		where := at(path+"/documents", i)
		term(c, where+"/type", "document type", d.Type, DocumentTypes(), required)
		c.country(where+"/country", d.Country, optional)
		c.text(where+"/number", d.Number, MaxLabel, required)
	}
	c.text(path+"/description", p.Description, MaxNote, lines)
	if len(p.Names) == 0 && len(p.Documents) == 0 && p.Description == "" {
		c.bad(path, "names nobody", "give a name, a document or a description")
	}
}

func checkNames(c *checker, path string, names []Name) {
	c.most(path, len(names), MaxNames)
	for i, n := range names {
		where := at(path, i)
		c.text(where+"/text", n.Text, MaxLabel, required)
		term(c, where+"/use", "use of a name", n.Use, NameUses(), optional)
		c.text(where+"/family", n.Family, MaxLabel, optional)
		c.text(where+"/given", n.Given, MaxLabel, optional)
		if n.Script != "" {
			script, err := language.ParseScript(n.Script)
			if len(n.Script) != 4 || err != nil || script.String() != n.Script {
				c.bad(where+"/script", fmt.Sprintf("is %q, which is not a script", clip(n.Script)), "write the four letters of ISO 15924, like Latn, Cyrl or Arab")
			}
		}
		c.language(where+"/language", n.Language, optional)
	}
}

func (v Vehicle) check(c *checker, path string) {
	c.text(path+"/plate", v.Plate, MaxLabel, optional)
	c.country(path+"/country", v.Country, optional)
	c.text(path+"/type", v.Type, MaxLabel, optional)
	c.text(path+"/make", v.Make, MaxLabel, optional)
	c.text(path+"/model", v.Model, MaxLabel, optional)
	c.text(path+"/colour", v.Colour, MaxLabel, optional)
	if v.VIN != "" && !vin.MatchString(v.VIN) {
		c.bad(path+"/vin", "is not a vehicle identification number", "17 capitals and digits without I, O and Q; put anything else in the description")
	}
	c.text(path+"/description", v.Description, MaxNote, lines)
	if v.Plate == "" && v.VIN == "" && v.Description == "" {
		c.bad(path, "names no vehicle", "give a plate, a VIN or a description")
	}
}

func (o Organisation) check(c *checker, path string) {
	checkNames(c, path+"/names", o.Names)
	if len(o.Names) == 0 {
		c.missing(path + "/names")
	}
	c.country(path+"/country", o.Country, optional)
	c.most(path+"/registrations", len(o.Registrations), MaxDocuments)
	for i, r := range o.Registrations {
		where := at(path+"/registrations", i)
		c.text(where+"/register", r.Register, MaxLabel, required)
		c.country(where+"/country", r.Country, optional)
		c.text(where+"/number", r.Number, MaxLabel, required)
	}
	c.text(path+"/description", o.Description, MaxNote, lines)
}

var (
	vin    = regexp.MustCompile(`^[A-HJ-NPR-Z0-9]{17}$`)
	phone  = regexp.MustCompile(`^\+[1-9][0-9]{3,14}$`)
	cve    = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,12}$`)
	domain = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
	email  = regexp.MustCompile(`^[^\s@]{1,64}@[^\s@]{1,255}$`)
)

func (n Indicator) check(c *checker, path string) {
	if n.Type == "" {
		c.missing(path + "/type")
	} else if !isToken(string(n.Type), MaxToken) {
		c.bad(path+"/type", fmt.Sprintf("is %q, which is not one lower-case word", clip(string(n.Type))), "write it like ipv4-addr, domain-name or iban")
	}
	c.text(path+"/value", n.Value, MaxNote, required)
	if n.Value != "" {
		if hint := n.Type.spelling(n.Value); hint != "" {
			c.bad(path+"/value", fmt.Sprintf("is %q, which is not of type %s", clip(n.Value), n.Type), hint)
		}
	}
	c.text(path+"/description", n.Description, MaxNote, lines)
}

// spelling returns how to write a value of the type, or nothing where the
// value is written so, or where the type is not one of those we check.
func (t IndicatorType) spelling(value string) string {
	switch t {
	case IndicatorIPv4:
		return unless(isIP(value, netip.Addr.Is4), "write it like 192.0.2.7 or 192.0.2.0/24")
	case IndicatorIPv6:
		return unless(isIP(value, netip.Addr.Is6), "write it like 2001:db8::7 or 2001:db8::/32")
	case IndicatorDomain:
		return unless(len(value) <= 253 && domain.MatchString(value), "write it in lower case like mail.example.net, other scripts as xn--")
	case IndicatorEmail:
		return unless(email.MatchString(value), "write it like name@example.net")
	case IndicatorPhone:
		return unless(phone.MatchString(value), "write it with country code and without blanks, like +441632960001")
	case IndicatorVulnerability:
		return unless(cve.MatchString(value), "write it like CVE-2026-12345")
	case IndicatorMD5:
		return unless(isHex(value, 16), "32 lower-case hexadecimal digits")
	case IndicatorSHA1:
		return unless(isHex(value, 20), "40 lower-case hexadecimal digits")
	case IndicatorSHA256:
		return unless(isHex(value, 32), "64 lower-case hexadecimal digits")
	case IndicatorSHA512:
		return unless(isHex(value, 64), "128 lower-case hexadecimal digits")
	}
	return ""
}

func unless(ok bool, hint string) string {
	if ok {
		return ""
	}
	return hint
}

// isIP admits the one usual spelling of an address or prefix (RFC 5952), so
// that equal indicators are equal texts.
func isIP(s string, family func(netip.Addr) bool) bool {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return err == nil && family(p.Addr()) && p.Masked().String() == s
	}
	a, err := netip.ParseAddr(s)
	return err == nil && family(a) && a.Zone() == "" && a.String() == s
}

func isHex(s string, bytes int) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == bytes && strings.ToLower(s) == s
}
