package watch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
)

// RecordType says where a record was made.
type RecordType string

// The types of records.
const (
	Passenger     RecordType = "passenger"     // a line of a passenger list
	Border        RecordType = "border"        // a border crossing
	Visitor       RecordType = "visitor"       // a visitor's book or hotel form
	Accreditation RecordType = "accreditation" // an application to work at an event
	Visa          RecordType = "visa"          // an application for a visa or a residence permit
)

// RecordTypes lists them.
func RecordTypes() []RecordType {
	return []RecordType{Passenger, Border, Visitor, Accreditation, Visa}
}

// ParseRecordType reads a type in its exact spelling.
func ParseRecordType(s string) (RecordType, error) {
	t := RecordType(s)
	if !slices.Contains(RecordTypes(), t) {
		return "", &heed.FieldError{Path: "type", Problem: fmt.Sprintf("is %q, which is not a record type", clip(s)), Hint: typeHint}
	}
	return t, nil
}

const typeHint = "one of passenger, border, visitor, accreditation, visa"

// Bounds of a record. Names, documents and nationalities are bounded as those
// of a warning's person are: heed.MaxNames and its kin.
const (
	MaxRecordID = 200 // bytes
	MaxText     = heed.MaxLabel
	MaxMRZ      = 100 // bytes of the name part of a machine-readable zone; ICAO Doc 9303 has at most 39
)

// Record is one person, vehicle or organisation as it was met somewhere, to be
// screened. The zero value of a field means that it is not known.
type Record struct {
	ID            string          `json:"id,omitempty"` // the source's own
	Type          RecordType      `json:"type,omitempty"`
	Names         []heed.Name     `json:"names,omitempty"` // spellings of one person's name; the best pair counts
	MRZ           string          `json:"mrz,omitempty"`   // the name part of a machine-readable zone, like TSARNAEV<<TAMERLAN
	Born          heed.Birth      `json:"born,omitzero"`
	Sex           heed.Sex        `json:"sex,omitempty"`
	Nationalities []heed.Country  `json:"nationalities,omitempty"`
	Documents     []heed.Document `json:"documents,omitempty"`
	Vehicle       heed.Vehicle    `json:"vehicle,omitzero"`
	Organisation  string          `json:"organisation,omitempty"` // that the record names, such as an employer
	From          string          `json:"from,omitempty"`
	To            string          `json:"to,omitempty"`
	Carrier       string          `json:"carrier,omitempty"` // and its number, like XX123
	At            time.Time       `json:"at,omitzero"`
}

// Check holds the record against the bounds. It returns all that is wrong,
// each as a *heed.FieldError, joined.
func (r Record) Check() error {
	var c faults
	c.text("id", r.ID, MaxRecordID)
	if r.Type != "" && !slices.Contains(RecordTypes(), r.Type) {
		c.bad("type", fmt.Sprintf("is %q, which is not a record type", clip(string(r.Type))), typeHint)
	}
	c.names("names", r.Names)
	c.text("mrz", r.MRZ, MaxMRZ)
	c.birth("born", r.Born)
	c.sex("sex", r.Sex)
	c.most("nationalities", len(r.Nationalities), heed.MaxNationalities)
	for i, n := range r.Nationalities {
		c.country(at("nationalities", i), n)
	}
	c.documents("documents", r.Documents)
	c.vehicle("vehicle", r.Vehicle)
	c.text("organisation", r.Organisation, MaxText)
	c.text("from", r.From, MaxText)
	c.text("to", r.To, MaxText)
	c.text("carrier", r.Carrier, MaxText)
	if len(r.Names) == 0 && r.MRZ == "" && len(r.Documents) == 0 && r.Vehicle.Plate == "" && r.Vehicle.VIN == "" && r.Organisation == "" {
		c.bad("names", "is missing, and there is nothing else to screen", "give a name, a document, a plate or an organisation")
	}
	return errors.Join(c.errs...)
}

// faults gathers everything that is wrong, so that it can be mended in one go.
type faults struct{ errs []error }

func (c *faults) bad(path, problem, hint string) {
	c.errs = append(c.errs, &heed.FieldError{Path: path, Problem: problem, Hint: hint})
}

func (c *faults) most(path string, n, bound int) {
	if n > bound {
		c.bad(path, fmt.Sprintf("has %d entries, more than %d", n, bound), "leave out the least certain ones")
	}
}

func (c *faults) text(path, s string, bound int) {
	switch {
	case !utf8.ValidString(s):
		c.bad(path, "is not valid UTF-8", "save the text as UTF-8")
	case utf8.RuneCountInString(s) > bound:
		c.bad(path, fmt.Sprintf("has more than %d characters", bound), "shorten it")
	}
}

func (c *faults) names(path string, names []heed.Name) {
	c.most(path, len(names), heed.MaxNames)
	for i, n := range names {
		if n.Text == "" {
			c.bad(at(path, i)+"/text", "is missing", "")
		}
		c.text(at(path, i)+"/text", n.Text, MaxText)
		c.text(at(path, i)+"/family", n.Family, MaxText)
		c.text(at(path, i)+"/given", n.Given, MaxText)
		c.text(at(path, i)+"/script", n.Script, heed.MaxToken)
		c.text(at(path, i)+"/language", string(n.Language), heed.MaxToken)
		c.text(at(path, i)+"/use", string(n.Use), heed.MaxToken)
	}
}

func (c *faults) birth(path string, b heed.Birth) {
	if b.IsZero() {
		return
	}
	if parsed, err := heed.ParseBirth(b.String()); err != nil || parsed != b {
		c.bad(path, "is not a date of birth", "write a day 1990-05-14, a month 1990-05, a year 1990, about then 1990~, or a range 1988/1992")
	}
}

func (c *faults) sex(path string, s heed.Sex) {
	if s != "" && !slices.Contains(heed.Sexes(), s) {
		c.bad(path, fmt.Sprintf("is %q, which is not a sex that documents state", clip(string(s))), "female, male or other")
	}
}

func (c *faults) country(path string, country heed.Country) {
	if len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z' {
		c.bad(path, fmt.Sprintf("is %q, which is not a country", clip(string(country))), "write the two capital letters of ISO 3166-1, like DE")
	}
}

func (c *faults) documents(path string, documents []heed.Document) {
	c.most(path, len(documents), heed.MaxDocuments)
	for i, d := range documents {
		c.text(at(path, i)+"/type", string(d.Type), heed.MaxToken)
		c.text(at(path, i)+"/number", d.Number, MaxText)
		if d.Number == "" {
			c.bad(at(path, i)+"/number", "is missing", "")
		}
		if d.Country != "" {
			c.country(at(path, i)+"/country", d.Country)
		}
	}
}

func (c *faults) vehicle(path string, v heed.Vehicle) {
	for _, field := range []struct{ name, value string }{
		{"plate", v.Plate}, {"type", v.Type}, {"make", v.Make}, {"model", v.Model}, {"colour", v.Colour}, {"vin", v.VIN},
	} {
		c.text(path+"/"+field.name, field.value, MaxText)
	}
	c.text(path+"/description", v.Description, heed.MaxNote)
	if v.Country != "" {
		c.country(path+"/country", v.Country)
	}
}

func at(path string, i int) string { return path + "/" + strconv.Itoa(i) }

// clip keeps a hostile value from filling an error message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
