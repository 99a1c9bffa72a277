package watch

import (
	"encoding/binary"
	"errors"
	"slices"

	"heed"
)

// errCode is a subject's stored form that nothing here has written.
var errCode = errors.New("this is not the stored form of a subject")

// The first byte of a subject: what it is and, of a person, which fields there
// are, so that those that are empty take nothing.
const (
	codePerson byte = iota + 1
	codeVehicle
	codeOrganisation
	codeKind = 3

	codePlainName   = 1 << 2 // one name, of text alone
	codeSex         = 1 << 3
	codeStates      = 1 << 4
	codeDocuments   = 1 << 5
	codeBirthplace  = 1 << 6
	codeDescription = 1 << 7
)

// appendSubject writes a subject as the index keeps it. A person's name, date and
// id take some 30 bytes.
func appendSubject(b []byte, s *Subject) []byte {
	kind := codePerson
	switch {
	case s.Vehicle != nil:
		kind = codeVehicle
	case s.Organisation != nil:
		kind = codeOrganisation
	}
	at := len(b)
	b = append(b, kind)
	b = appendText(b, string(s.ID))
	b = append(b, byte(slices.Index(heed.Urgencies(), s.Urgency)+1)) // 0 is none
	switch {
	case s.Person != nil:
		b = appendPerson(b, at, s.Person)
	case s.Vehicle != nil:
		v := s.Vehicle
		for _, text := range [...]string{v.Plate, string(v.Country), v.Type, v.Make, v.Model, v.Colour, v.VIN, v.Description} {
			b = appendText(b, text)
		}
	default:
		o := s.Organisation
		b = appendNames(b, o.Names)
		b = appendText(b, string(o.Country))
		b = appendCount(b, len(o.Registrations))
		for _, r := range o.Registrations {
			b = appendText(b, r.Register)
			b = appendText(b, string(r.Country))
			b = appendText(b, r.Number)
		}
		b = appendText(b, o.Description)
	}
	return b
}

// appendPerson writes the rest of a person, of which the first byte stands at the place.
func appendPerson(b []byte, at int, p *heed.Person) []byte {
	field := func(flag byte, is bool) bool {
		if is {
			b[at] |= flag
		}
		return is
	}
	b = appendBirths(b, p.Born)
	if field(codePlainName, len(p.Names) == 1 && p.Names[0] == heed.Name{Text: p.Names[0].Text}) {
		b = appendLetters(b, p.Names[0].Text)
	} else {
		b = appendNames(b, p.Names)
	}
	if field(codeSex, p.Sex != "") {
		b = appendText(b, string(p.Sex))
	}
	if field(codeStates, len(p.Nationalities) > 0) {
		b = appendCountries(b, p.Nationalities)
	}
	if field(codeDocuments, len(p.Documents) > 0) {
		b = appendCount(b, len(p.Documents))
		for _, d := range p.Documents {
			b = appendText(b, string(d.Type))
			b = appendText(b, string(d.Country))
			b = appendText(b, d.Number)
		}
	}
	if field(codeBirthplace, p.Birthplace != "") {
		b = appendText(b, p.Birthplace)
	}
	if field(codeDescription, p.Description != "") {
		b = appendText(b, p.Description)
	}
	return b
}

func appendCount(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

func appendText(b []byte, s string) []byte { return append(appendCount(b, len(s)), s...) }

func appendCountries(b []byte, countries []heed.Country) []byte {
	b = appendCount(b, len(countries))
	for _, c := range countries {
		b = appendText(b, string(c))
	}
	return b
}

// The parts of a name that are there, so that a name of text alone has one byte beside it.
const (
	nameUse byte = 1 << iota
	nameFamily
	nameGiven
	nameScript
	nameLanguage
)

func appendNames(b []byte, all []heed.Name) []byte {
	b = appendCount(b, len(all))
	for _, n := range all {
		at := len(b)
		b = appendText(append(b, 0), n.Text)
		for i, part := range [...]string{string(n.Use), n.Family, n.Given, n.Script, string(n.Language)} {
			if part != "" {
				b[at] |= 1 << i
				b = appendText(b, part)
			}
		}
	}
	return b
}

// A date of birth is three bytes where it is a day between 1850 and 2105, else
// its text.
const birthText = 0xff

func appendBirths(b []byte, births []heed.Birth) []byte {
	b = appendCount(b, len(births))
	for _, d := range births {
		if day := birthDay(d); day != 0 && d.From.Year >= 1850 && d.From.Year < 1850+255 {
			b = append(b, byte(d.From.Year-1850), byte(d.From.Month), byte(d.From.Day))
			continue
		}
		b = appendText(append(b, birthText), d.String())
	}
	return b
}

// decoder reads what appendSubject wrote. After a fault it yields nothing more.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) count(most int) int {
	v, n := binary.Uvarint(d.b)
	if d.bad || n <= 0 || v > uint64(most) {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

func (d *decoder) text() string {
	return string(d.take(d.count(len(d.b))))
}

// skip passes over a text.
func (d *decoder) skip() { d.take(d.count(len(d.b))) }

func (d *decoder) births() []heed.Birth {
	n := d.count(heed.MaxBirths)
	if n == 0 {
		return nil
	}
	all := make([]heed.Birth, 0, n)
	for range n {
		all = append(all, d.birth())
	}
	return all
}

func (d *decoder) birth() heed.Birth {
	first := d.byte()
	if first == birthText {
		b, err := heed.ParseBirth(d.text())
		d.bad = d.bad || err != nil
		return b
	}
	month, day := d.byte(), d.byte()
	return heed.Birth{From: heed.PartialDate{Year: 1850 + int(first), Month: int(month), Day: int(day)}}
}

func (d *decoder) names() []heed.Name {
	n := d.count(heed.MaxNames)
	if n == 0 {
		return nil
	}
	all := make([]heed.Name, 0, n)
	for range n {
		has := d.byte()
		name := heed.Name{Text: d.text()}
		part := func(bit byte) string {
			if has&bit == 0 {
				return ""
			}
			return d.text()
		}
		name.Use = heed.NameUse(part(nameUse))
		name.Family, name.Given = part(nameFamily), part(nameGiven)
		name.Script, name.Language = part(nameScript), heed.Language(part(nameLanguage))
		all = append(all, name)
	}
	return all
}

func (d *decoder) person(fields byte) *heed.Person {
	p := &heed.Person{Born: d.births()}
	if fields&codePlainName != 0 {
		p.Names = []heed.Name{{Text: d.letters()}}
	} else {
		p.Names = d.names()
	}
	if fields&codeSex != 0 {
		p.Sex = heed.Sex(d.text())
	}
	if fields&codeStates != 0 {
		p.Nationalities = d.countries()
	}
	if fields&codeDocuments != 0 {
		for range d.count(heed.MaxDocuments) {
			p.Documents = append(p.Documents, heed.Document{Type: heed.DocumentType(d.text()), Country: heed.Country(d.text()), Number: d.text()})
		}
	}
	if fields&codeBirthplace != 0 {
		p.Birthplace = d.text()
	}
	if fields&codeDescription != 0 {
		p.Description = d.text()
	}
	return p
}

func (d *decoder) countries() []heed.Country {
	n := d.count(heed.MaxNationalities)
	if n == 0 {
		return nil
	}
	all := make([]heed.Country, 0, n)
	for range n {
		all = append(all, heed.Country(d.text()))
	}
	return all
}

// readSubject reads the stored form strictly: what it accepts, appendSubject
// writes again byte for byte, and Put would take.
func readSubject(b []byte) (Subject, error) {
	s, err := decodeSubject(b)
	if err != nil {
		return Subject{}, err
	}
	if err := s.Check(); err != nil {
		return Subject{}, err
	}
	if string(appendSubject(nil, &s)) != string(b) {
		return Subject{}, errCode
	}
	return s, nil
}

func decodeSubject(b []byte) (Subject, error) {
	d := decoder{b: b}
	kind := d.byte()
	s := Subject{ID: SubjectID(d.text())}
	switch urgency := int(d.byte()); {
	case urgency > len(heed.Urgencies()):
		return Subject{}, errCode
	case urgency > 0:
		s.Urgency = heed.Urgencies()[urgency-1]
	}
	switch kind {
	case codeVehicle, codeOrganisation:
	default:
		if kind&codeKind != codePerson {
			return Subject{}, errCode
		}
		s.Person = d.person(kind)
	}
	switch kind {
	case codeVehicle:
		s.Vehicle = &heed.Vehicle{
			Plate: d.text(), Country: heed.Country(d.text()), Type: d.text(), Make: d.text(), Model: d.text(), Colour: d.text(),
			VIN: d.text(), Description: d.text(),
		}
	case codeOrganisation:
		o := &heed.Organisation{Names: d.names(), Country: heed.Country(d.text())}
		for range d.count(heed.MaxDocuments) {
			o.Registrations = append(o.Registrations, heed.Registration{Register: d.text(), Country: heed.Country(d.text()), Number: d.text()})
		}
		o.Description = d.text()
		s.Organisation = o
	}
	if d.bad || len(d.b) != 0 {
		return Subject{}, errCode
	}
	return s, nil
}

// outline is what of a stored person bears on the evidence beside names.
type outline struct {
	births        []heed.Birth
	sex           heed.Sex
	nationalities []heed.Country
}

// read fills in a stored person's outline. It skips the names.
func (o *outline) read(b []byte) {
	d := decoder{b: b}
	fields := d.byte()
	d.skip()
	d.byte()
	o.births = o.births[:0]
	for range d.count(heed.MaxBirths) {
		o.births = append(o.births, d.birth())
	}
	if fields&codePlainName != 0 {
		d.skipLetters()
	} else {
		d.skipNames()
	}
	o.sex = ""
	if fields&codeSex != 0 {
		switch s := d.take(d.count(len(d.b))); string(s) {
		case string(heed.SexFemale):
			o.sex = heed.SexFemale
		case string(heed.SexMale):
			o.sex = heed.SexMale
		}
	}
	o.nationalities = o.nationalities[:0]
	if fields&codeStates == 0 {
		return
	}
	for range d.count(heed.MaxNationalities) {
		if c := d.take(d.count(len(d.b))); len(c) == 2 {
			o.nationalities = append(o.nationalities, heed.Country(textOf(c)))
		}
	}
}

func (d *decoder) skipNames() {
	for range d.count(heed.MaxNames) {
		has := d.byte()
		d.skip()
		for bit := nameUse; bit <= nameLanguage; bit <<= 1 {
			if has&bit != 0 {
				d.skip()
			}
		}
	}
}

// withID is a stored subject with another id in the place of its own.
func withID(into, b []byte, parts ...string) []byte {
	d := decoder{b: b[1:]}
	d.skip()
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	into = appendCount(append(into, b[0]), n)
	for _, p := range parts {
		into = append(into, p...)
	}
	return append(into, d.b...)
}

// countedNames is how many names of one person make a list longer, so that nobody
// raises what is needed by giving one person fifty.
const countedNames = 4

// namesStored is how many names a stored person counts for; none of anything else.
func namesStored(b []byte) int {
	switch {
	case b[0]&codeKind != codePerson:
		return 0
	case b[0]&codePlainName != 0:
		return 1
	}
	d := decoder{b: b[1:]}
	d.skip()
	d.byte()
	d.births()
	return min(d.count(heed.MaxNames), countedNames)
}

// storedID is the id of a stored subject.
func storedID(b []byte) []byte {
	d := decoder{b: b[1:]}
	return d.take(d.count(len(d.b)))
}
