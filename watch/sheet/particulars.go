package sheet

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"heed"
)

// MaxID bounds the source's own number of a record or an entry, in bytes.
const MaxID = 200

// Value is one thing that a record states.
type Value struct {
	Field  Field
	Group  int    // values of one group belong together: the number of a document and its type
	Column string // heading or key, for messages
	Text   string // not empty, without blanks around it

	// Name and Document are there where a record has them in parts; the Text is
	// empty then.
	Name     *heed.Name
	Document *DocumentText
}

// DocumentText is a document in words.
type DocumentText struct{ Type, Country, Number string }

// Particulars are what a row states of a person, a vehicle or an organisation.
type Particulars struct {
	ID            string
	Type          string // as written
	Names         []heed.Name
	MRZ           string // the name field of a machine-readable zone
	Born          []heed.Birth
	Birthplace    string
	Sex           heed.Sex
	Nationalities []heed.Country
	Documents     []heed.Document
	Vehicle       heed.Vehicle
	Organisations []heed.Name
	Registrations []heed.Registration
	Description   string
	From, To      string
	Carrier       string
	At            string // as written
	AtColumn      string
	BornColumns   []string // of Born, as they stand there
}

// Reading is how values are read.
type Reading struct {
	File  string
	Dates *Dates
	Now   time.Time // nobody is born after it
	Many  bool      // several dates of birth may stand in one value, separated by ; or |
}

// IDOf is the source's own number among the values of a record; empty: there is none,
// or none that can be read.
func IDOf(values []Value) string {
	for _, v := range values {
		if v.Field == FieldID && len(Clean(v.Text)) <= MaxID {
			return Clean(v.Text)
		}
	}
	return ""
}

// Gather makes particulars of the values of one record. Problems are what was
// left out: a field that cannot be read and whose absence only makes a match less
// certain. An error is a field whose silent absence would hide somebody, a date
// of birth or a number; nothing of the record is to be used then.
func (r Reading) Gather(line int64, values []Value) (p Particulars, problems []*Error, err error) {
	g := gathering{Reading: r, line: line, names: map[int]*heed.Name{}, documents: map[int]*heed.Document{}}
	for _, v := range values {
		if err := g.add(v); err != nil {
			return Particulars{}, nil, err
		}
	}
	g.finish()
	if g.unread != nil {
		// Of somebody who is named otherwise, the zone is left out.
		if len(g.p.Names) == 0 {
			return Particulars{}, nil, g.unread
		}
		g.unread.What += "; it is left out"
		g.note(g.unread)
	}
	if g.untold > maxProblems {
		g.problems = append(g.problems, &Error{File: g.File, Line: line, What: fmt.Sprintf("%d more things are left out", g.untold-maxProblems)})
	}
	return g.p, g.problems, nil
}

type gathering struct {
	Reading
	line      int64
	p         Particulars
	problems  []*Error
	names     map[int]*heed.Name     // in parts, by group
	order     []int                  // of names
	documents map[int]*heed.Document // by group
	papers    []int                  // of documents
	middle    map[int]string
	unread    *Error // a machine-readable zone that is none
	zoneBorn  heed.Birth
	zoneAt    Value
	untold    int // of what was left out, those beyond problems too
}

func (g *gathering) at(v Value, e error) *Error {
	placed := &Error{File: g.File, Line: g.line, Column: v.Column, What: e.Error()}
	if e, ok := e.(*Error); ok {
		placed.What, placed.Hint, placed.Sent = e.What, e.Hint, e.Sent
	}
	return placed
}

// maxProblems is how many things that were left out of one record are told one by one.
const maxProblems = 20

func (g *gathering) note(e *Error) {
	if g.untold++; g.untold <= maxProblems {
		g.problems = append(g.problems, e)
	}
}

func (g *gathering) leaveOut(v Value, what, hint string) {
	g.note(&Error{File: g.File, Line: g.line, Column: v.Column, What: what + "; it is left out", Hint: hint})
}

// label bounds what is to be compared or shown, and takes out what would show
// differently from what it says.
func (g *gathering) label(v Value, bound int) (string, bool) {
	s := Clean(v.Text)
	if s == "" {
		return "", false
	}
	if n := utf8.RuneCountInString(s); n > bound {
		g.leaveOut(v, fmt.Sprintf("has %d characters, more than %d", n, bound), "shorten it")
		return "", false
	}
	return s, true
}

// Clean is a value on one line: blanks single, and without control characters and
// the embedding, override and isolate controls of Unicode's bidirectional
// algorithm (UAX 9 section 2), which can make a name read as another.
func Clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\ufeff', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func (g *gathering) add(v Value) error {
	p := &g.p
	switch {
	case v.Name != nil:
		return g.inParts(v)
	case v.Document != nil:
		for _, part := range []Value{{Field: FieldNumber, Text: v.Document.Number}, {Field: FieldNumberType, Text: v.Document.Type}, {Field: FieldNumberIssuer, Text: v.Document.Country}} {
			if part.Group, part.Column = v.Group, v.Column; part.Text != "" {
				if err := g.document(part); err != nil {
					return err
				}
			}
		}
		return nil
	}
	switch v.Field {
	case FieldID:
		if p.ID = Clean(v.Text); len(p.ID) > MaxID {
			return g.at(v, &Error{What: fmt.Sprintf("has more than %d bytes", MaxID), Hint: "shorten it"})
		}
	case FieldType:
		p.Type = Clean(v.Text)
	case FieldName:
		return g.whole(v, heed.NamePrimary)
	case FieldAlias:
		return g.several(v, heed.NameAlias)
	case FieldFormer:
		return g.several(v, heed.NameFormer)
	case FieldMaiden:
		return g.several(v, heed.NameMaiden)
	case FieldNative:
		return g.whole(v, heed.NameSpelling)
	case FieldFamily, FieldGiven, FieldMiddle:
		return g.part(v)
	case FieldMRZ:
		return g.zone(v)
	case FieldBorn:
		return g.born(v)
	case FieldBirthplace:
		p.Birthplace, _ = g.label(v, heed.MaxLabel)
	case FieldSex:
		sex, ok := SexNamed(v.Text)
		if !ok {
			g.leaveOut(v, fmt.Sprintf("is %s, which is no sex that documents state", found(v.Text)), "write F, M or X")
		}
		p.Sex = sex
	case FieldNationality:
		g.nationalities(v)
	case FieldNumber, FieldNumberType, FieldNumberIssuer:
		return g.document(v)
	case FieldPassport:
		return g.number(v, heed.DocumentPassport)
	case FieldIdentityCard:
		return g.number(v, heed.DocumentIdentityCard)
	case FieldVisa:
		return g.number(v, heed.DocumentVisa)
	case FieldPermit:
		return g.number(v, heed.DocumentResidencePermit)
	case FieldLicence:
		return g.number(v, heed.DocumentDrivingLicence)
	case FieldNational:
		return g.number(v, heed.DocumentNationalNumber)
	case FieldTax:
		return g.number(v, heed.DocumentTaxNumber)
	case FieldPlate, FieldPlateCountry, FieldVIN, FieldMake, FieldModel, FieldColour, FieldVehicleType:
		return g.vehicle(v)
	case FieldOrganisation:
		if s, ok := g.label(v, heed.MaxLabel); ok {
			p.Organisations = append(p.Organisations, heed.Name{Text: s})
		}
	case FieldRegistration:
		if s, ok := g.label(v, heed.MaxLabel); ok {
			p.Registrations = append(p.Registrations, heed.Registration{Register: v.Column, Number: s})
		}
	case FieldDescription:
		if s, ok := g.label(v, heed.MaxNote); ok {
			p.Description = strings.TrimSpace(p.Description + " " + s)
		}
	case FieldFrom:
		p.From, _ = g.label(v, heed.MaxLabel)
	case FieldTo:
		p.To, _ = g.label(v, heed.MaxLabel)
	case FieldCarrier:
		p.Carrier, _ = g.label(v, heed.MaxLabel)
	case FieldAt:
		p.At, p.AtColumn = v.Text, v.Column
	}
	return nil
}

// tooLong is the error of a value without which somebody would be missed.
func (g *gathering) tooLong(v Value) error {
	return g.at(v, &Error{What: fmt.Sprintf("has more than %d characters", heed.MaxLabel), Hint: "shorten it; several names are separated by ; or |"})
}

func (g *gathering) whole(v Value, use heed.NameUse) error {
	s := Clean(v.Text)
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > heed.MaxLabel {
		return g.tooLong(v)
	}
	n := heed.Name{Text: s, Use: use}
	// FAMILY, Given: the comma tells the parts.
	if family, given, ok := strings.Cut(s, ","); ok && use != heed.NameSpelling {
		family, given = strings.TrimSpace(family), strings.TrimSpace(given)
		if family != "" && given != "" && !strings.Contains(given, ",") {
			n.Family, n.Given = family, given
		}
	}
	g.name(n)
	return nil
}

// inParts adds a name that came with its parts.
func (g *gathering) inParts(v Value) error {
	n := *v.Name
	n.Text, n.Family, n.Given = Clean(n.Text), Clean(n.Family), Clean(n.Given)
	if n.Text == "" {
		n.Text = Joined(n.Family, n.Given)
	}
	if n.Text == "" {
		return nil
	}
	for _, s := range []string{n.Text, n.Family, n.Given} {
		if utf8.RuneCountInString(s) > heed.MaxLabel {
			return g.tooLong(v)
		}
	}
	if n.Use != "" && !slices.Contains(heed.NameUses(), n.Use) {
		g.leaveOut(v, fmt.Sprintf("has the use %s, which no name has", found(string(n.Use))), "one of "+list(heed.NameUses()))
		n.Use = ""
	}
	// Both only say how a name is read. What is not of their form says nothing.
	if len(n.Script) != 4 {
		n.Script = ""
	}
	if len(n.Language) > maxLanguage {
		n.Language = ""
	}
	g.name(n)
	return nil
}

const maxLanguage = 35 // RFC 5646 section 4.4.1

func (g *gathering) several(v Value, use heed.NameUse) error {
	for _, s := range strings.FieldsFunc(v.Text, func(r rune) bool { return r == ';' || r == '|' || r == '\n' }) {
		v.Text = strings.TrimSpace(s)
		if err := g.whole(v, use); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) name(n heed.Name) {
	if len(g.p.Names) < heed.MaxNames && !slices.ContainsFunc(g.p.Names, func(o heed.Name) bool { return o.Text == n.Text }) {
		g.p.Names = append(g.p.Names, n)
	} else if len(g.p.Names) >= heed.MaxNames {
		g.note(&Error{File: g.File, Line: g.line, What: fmt.Sprintf("has more than %d names; %s is left out", heed.MaxNames, found(n.Text)), Hint: "leave out the least certain ones"})
	}
}

func (g *gathering) part(v Value) error {
	s := Clean(v.Text)
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > heed.MaxLabel {
		return g.tooLong(v)
	}
	n := g.names[v.Group]
	if n == nil {
		n = &heed.Name{Use: heed.NamePrimary}
		g.names[v.Group] = n
		g.order = append(g.order, v.Group)
	}
	switch v.Field {
	case FieldFamily:
		n.Family = s
	case FieldGiven:
		n.Given = s
	default:
		if g.middle == nil {
			g.middle = map[int]string{}
		}
		g.middle[v.Group] = s
	}
	return nil
}

// Joined is the text of a name in parts. Scripts that write the family name first
// and put no blank between the parts keep both habits.
func Joined(family, given string) string {
	if family == "" || given == "" {
		return family + given
	}
	together := func(s string) bool {
		for _, r := range s {
			if !unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
				return false
			}
		}
		return true
	}
	if together(family) && together(given) {
		return family + given
	}
	return given + " " + family
}

func (g *gathering) zone(v Value) error {
	m, err := ParseMRZ(v.Text, g.Now)
	if err != nil {
		g.unread = g.at(v, err)
		return nil
	}
	for _, bad := range m.Bad {
		g.note(&Error{File: g.File, Line: g.line, Column: v.Column, What: bad, Hint: "was the zone read right? What no check digit stands behind is not used"})
	}
	g.p.MRZ = m.Name
	if m.Document.Number != "" {
		g.paper(m.Document)
	}
	if m.Nationality != "" {
		g.nationality(m.Nationality)
	}
	if g.p.Sex == "" {
		g.p.Sex = m.Sex
	}
	g.zoneBorn, g.zoneAt = m.Born, v
	return nil
}

func (g *gathering) born(v Value) error {
	texts := []string{v.Text}
	if g.Many {
		texts = strings.FieldsFunc(v.Text, func(r rune) bool { return r == ';' || r == '|' || r == '\n' })
	}
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		switch fold(text) {
		case "unknown", "na", "none", "неизвестно", "null":
			continue
		}
		b, err := g.Dates.Birth(v.Column, text)
		if err != nil {
			return g.at(v, err)
		}
		g.birth(v, b)
	}
	return nil
}

// birth adds a date of birth.
func (g *gathering) birth(v Value, b heed.Birth) {
	if slices.Contains(g.p.Born, b) {
		return
	}
	if b.ToCome(g.Now) {
		g.leaveOut(v, fmt.Sprintf("has the date of birth %s, which is still to come", b), "is the year right?")
		return
	}
	if len(g.p.Born) >= heed.MaxBirths {
		g.leaveOut(v, fmt.Sprintf("is one date of birth more than %d", heed.MaxBirths), "leave out the least certain ones")
		return
	}
	g.p.Born, g.p.BornColumns = append(g.p.Born, b), append(g.p.BornColumns, v.Column)
}

func (g *gathering) nationalities(v Value) {
	parts := []string{v.Text}
	if _, ok := CountryNamed(v.Text); !ok {
		parts = strings.FieldsFunc(v.Text, func(r rune) bool { return r == ';' || r == '|' || r == ',' || r == '/' || r == '\n' })
	}
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		c, ok := CountryNamed(part)
		switch {
		case !ok:
			g.leaveOut(v, fmt.Sprintf("is %s, which is not a country", found(part)), "write the two capital letters of ISO 3166-1, like DE")
		case c != Stateless:
			g.nationality(c)
		}
	}
}

func (g *gathering) nationality(c heed.Country) {
	if len(g.p.Nationalities) < heed.MaxNationalities && !slices.Contains(g.p.Nationalities, c) {
		g.p.Nationalities = append(g.p.Nationalities, c)
	}
}

func (g *gathering) document(v Value) error {
	s := Clean(v.Text)
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > heed.MaxLabel {
		return g.tooLong(v)
	}
	d := g.documents[v.Group]
	if d == nil {
		d = &heed.Document{Type: heed.DocumentOther}
		g.documents[v.Group] = d
		g.papers = append(g.papers, v.Group)
	}
	switch v.Field {
	case FieldNumber:
		d.Number = s
	case FieldNumberType:
		var ok bool
		if d.Type, ok = DocumentTypeNamed(s); !ok {
			g.note(&Error{File: g.File, Line: g.line, Column: v.Column, What: fmt.Sprintf("is %s, which is no sort of document that is known; it is read as %q", found(s), heed.DocumentOther), Hint: "one of " + list(heed.DocumentTypes())})
		}
	default:
		c, ok := CountryNamed(s)
		if !ok {
			g.leaveOut(v, fmt.Sprintf("is %s, which is not a country", found(s)), "write the two capital letters of ISO 3166-1, like DE")
		}
		d.Country = c
	}
	return nil
}

// number is a document whose column tells its sort. Several are separated by ; or |.
func (g *gathering) number(v Value, t heed.DocumentType) error {
	for _, s := range strings.FieldsFunc(v.Text, func(r rune) bool { return r == ';' || r == '|' || r == '\n' }) {
		if s = Clean(s); s == "" {
			continue
		}
		if utf8.RuneCountInString(s) > heed.MaxLabel {
			return g.tooLong(v)
		}
		d := heed.Document{Type: t, Number: s}
		// 12345 (Egypt), as lists write it.
		if number, country, ok := strings.Cut(s, "("); ok {
			if c, known := CountryNamed(strings.TrimSuffix(strings.TrimSpace(country), ")")); known && strings.TrimSpace(number) != "" {
				d.Number, d.Country = strings.TrimSpace(number), c
			}
		}
		g.paper(d)
	}
	return nil
}

func (g *gathering) paper(d heed.Document) {
	if len(g.p.Documents) >= heed.MaxDocuments {
		g.note(&Error{File: g.File, Line: g.line, What: fmt.Sprintf("has more than %d documents; one is left out", heed.MaxDocuments)})
		return
	}
	if !slices.Contains(g.p.Documents, d) {
		g.p.Documents = append(g.p.Documents, d)
	}
}

func (g *gathering) vehicle(v Value) error {
	s, ok := g.label(v, heed.MaxLabel)
	if !ok {
		return nil
	}
	car := &g.p.Vehicle
	switch v.Field {
	case FieldPlate:
		car.Plate = s
	case FieldPlateCountry:
		c, ok := CountryNamed(s)
		if !ok {
			g.leaveOut(v, fmt.Sprintf("is %s, which is not a country", found(s)), "write the two capital letters of ISO 3166-1, like DE")
		}
		car.Country = c
	case FieldVIN:
		s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
		if !isVIN(s) {
			g.leaveOut(v, fmt.Sprintf("is %s, which is not a vehicle identification number", found(s)), "17 letters and digits without I, O and Q (ISO 3779)")
			return nil
		}
		car.VIN = s
	case FieldMake:
		car.Make = s
	case FieldModel:
		car.Model = s
	case FieldColour:
		car.Colour = s
	default:
		car.Type = s
	}
	return nil
}

func isVIN(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z' || c == 'I' || c == 'O' || c == 'Q') {
			return false
		}
	}
	return true
}

// finish puts together what came in parts.
func (g *gathering) finish() {
	if !g.zoneBorn.IsZero() {
		g.birth(g.zoneAt, g.zoneBorn) // behind what a column says
	}
	slices.Sort(g.order)
	for at, group := range g.order {
		n := g.names[group]
		if m := g.middle[group]; m != "" {
			n.Given = strings.TrimSpace(n.Given + " " + m)
		}
		n.Text = Joined(n.Family, n.Given)
		if utf8.RuneCountInString(n.Text) > heed.MaxLabel || utf8.RuneCountInString(n.Given) > heed.MaxLabel {
			n.Text, n.Given = string([]rune(n.Text)[:heed.MaxLabel]), ""
		}
		if n.Text == "" || slices.ContainsFunc(g.p.Names, func(o heed.Name) bool { return o.Text == n.Text }) {
			continue
		}
		if len(g.p.Names) >= heed.MaxNames {
			last := g.p.Names[heed.MaxNames-1]
			g.note(&Error{File: g.File, Line: g.line, What: fmt.Sprintf("has more than %d names; %s is left out", heed.MaxNames, found(last.Text)), Hint: "leave out the least certain ones"})
			g.p.Names = g.p.Names[:heed.MaxNames-1]
		}
		g.p.Names = slices.Insert(g.p.Names, min(at, len(g.p.Names)), *n)
	}
	slices.Sort(g.papers)
	for _, group := range g.papers {
		if d := g.documents[group]; d.Number != "" {
			g.paper(*d)
		}
	}
	if g.p.Vehicle.Plate == "" && g.p.Vehicle.VIN == "" && g.p.Vehicle != (heed.Vehicle{}) && len(g.p.Names)+len(g.p.Documents)+len(g.p.Organisations) > 0 {
		g.p.Vehicle = heed.Vehicle{} // a colour alone is no vehicle
	}
}
