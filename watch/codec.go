package watch

import (
	"encoding/binary"
	"errors"
	"slices"

	"heed"
)

// errCode is a subject's stored form that nothing here has written.
var errCode = errors.New("this is not the stored form of a subject")

const (
	codePerson byte = iota + 1
	codeVehicle
	codeOrganisation
)

// appendSubject writes a subject as the index keeps it. Every field costs a byte
// where it is empty, so that a name, a date and an id take some 40 bytes.
func appendSubject(b []byte, s *Subject) []byte {
	kind := codePerson
	switch {
	case s.Vehicle != nil:
		kind = codeVehicle
	case s.Organisation != nil:
		kind = codeOrganisation
	}
	b = append(b, kind)
	b = appendText(b, string(s.ID))
	b = append(b, byte(slices.Index(heed.Urgencies(), s.Urgency)+1)) // 0 is none
	switch {
	case s.Person != nil:
		p := s.Person
		b = appendBirths(b, p.Born)
		b = appendNames(b, p.Names)
		b = appendText(b, string(p.Sex))
		b = appendCountries(b, p.Nationalities)
		b = appendCount(b, len(p.Documents))
		for _, d := range p.Documents {
			b = appendText(b, string(d.Type))
			b = appendText(b, string(d.Country))
			b = appendText(b, d.Number)
		}
		b = appendText(b, p.Birthplace)
		b = appendText(b, p.Description)
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
	case codePerson:
		p := &heed.Person{Born: d.births(), Names: d.names(), Sex: heed.Sex(d.text()), Nationalities: d.countries()}
		for range d.count(heed.MaxDocuments) {
			p.Documents = append(p.Documents, heed.Document{Type: heed.DocumentType(d.text()), Country: heed.Country(d.text()), Number: d.text()})
		}
		p.Birthplace, p.Description = d.text(), d.text()
		s.Person = p
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
	default:
		return Subject{}, errCode
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
	d.byte()
	d.skip()
	d.byte()
	o.births = o.births[:0]
	for range d.count(heed.MaxBirths) {
		o.births = append(o.births, d.birth())
	}
	for range d.count(heed.MaxNames) {
		has := d.byte()
		d.skip()
		for bit := nameUse; bit <= nameLanguage; bit <<= 1 {
			if has&bit != 0 {
				d.skip()
			}
		}
	}
	o.sex = ""
	switch s := d.take(d.count(len(d.b))); string(s) {
	case string(heed.SexFemale):
		o.sex = heed.SexFemale
	case string(heed.SexMale):
		o.sex = heed.SexMale
	}
	o.nationalities = o.nationalities[:0]
	for range d.count(heed.MaxNationalities) {
		if c := d.take(d.count(len(d.b))); len(c) == 2 {
			o.nationalities = append(o.nationalities, heed.Country(textOf(c)))
		}
	}
}

// storedID is the id of a stored subject.
func storedID(b []byte) []byte {
	d := decoder{b: b[1:]}
	return d.take(d.count(len(d.b)))
}
