package lists

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"heed"
	"heed/watch/sheet"
)

// sdn is the OFAC SDN list: rows without headings, -0- for nothing. The columns are
// number, name, type, program, title, call sign, type of vessel, tonnage, gross
// registered tonnage, flag, owner, remarks.
type sdn struct {
	options Options
	rows    *sheet.Table
	names   map[string][]heed.Name // of entries that were not read yet
	country map[string]heed.Country
	first   bool
	lost    bool // a row of the list was lost with its number
	stray   *sheet.Error
}

const (
	sdnColumns = 12
	altColumns = 5
	addColumns = 6
	// maxBeside bounds what is kept of the files beside the list.
	maxBeside = 5 * MaxEntries
)

func newSDN(in io.Reader, o Options) (*sdn, error) {
	rows, err := openRows(in, o.File)
	if err != nil {
		return nil, err
	}
	s := &sdn{options: o, rows: rows, names: map[string][]heed.Name{}, country: map[string]heed.Country{}, first: true}
	if o.Alt != nil {
		err := beside(o.Alt, o.AltFile, altColumns, func(f []string) {
			use := heed.NameAlias
			if f[2] == "fka" {
				use = heed.NameFormer
			}
			s.names[f[0]] = append(s.names[f[0]], heed.Name{Text: f[3], Use: use})
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Add != nil {
		err := beside(o.Add, o.AddFile, addColumns, func(f []string) {
			if c, ok := sheet.CountryNamed(f[4]); ok && c != sheet.Stateless && s.country[f[0]] == "" {
				s.country[f[0]] = c
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func openRows(in io.Reader, file string) (*sheet.Table, error) {
	text, skipped, err := sheet.Text(file, in)
	if err != nil {
		return nil, err
	}
	return sheet.NewCSV(sheet.NewLines(file, text, sheet.Place{Line: 1, Offset: skipped}), ',')
}

// beside reads a file that belongs to the list. It has to be whole: whom a lost
// row names would not be found under that name.
func beside(in io.Reader, file string, columns int, f func([]string)) error {
	rows, err := openRows(in, file)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) || err == nil && ended(row) {
			return nil
		}
		if err != nil {
			return final{err}
		}
		if len(row.Fields) != columns {
			return final{&sheet.Error{File: file, Line: row.At.Line, What: fmt.Sprintf("has %d columns, and this file of the SDN list has %d", len(row.Fields), columns), Hint: "is it the right file, and whole?"}}
		}
		if n >= maxBeside {
			return final{&sheet.Error{File: file, Line: row.At.Line, What: fmt.Sprintf("has more than %d rows", maxBeside)}}
		}
		f(given(row.Fields))
	}
}

// ended reports whether a row is the end mark of the old disc systems (0x1A),
// with which these files end.
func ended(row sheet.Row) bool {
	return len(row.Fields) == 1 && strings.Trim(row.Fields[0], "\x1a \t") == ""
}

// given are fields without blanks around them, and with nothing for -0-.
func given(fields []string) []string {
	for i, f := range fields {
		if fields[i] = strings.TrimSpace(f); fields[i] == "-0-" {
			fields[i] = ""
		}
	}
	return fields
}

// strays says at the list's end that other names were given of entries that it does
// not have: nobody is watched for under these.
func (s *sdn) strays() {
	if len(s.names) == 0 {
		return
	}
	first := slices.Min(slices.Collect(maps.Keys(s.names)))
	entries, where := "1 entry", "the list does not have"
	if len(s.names) > 1 {
		entries = fmt.Sprintf("%d entries", len(s.names))
	}
	if s.lost {
		where = "the list does not have, or not so that it can be read"
	}
	s.stray = &sheet.Error{
		File: s.options.AltFile, What: fmt.Sprintf("has other names of %s that %s, as of %s; they are left out", entries, where, clip(first)),
		Hint: "are both files of the same list, and of the same day?",
	}
}

func (s *sdn) beside() []*sheet.Error {
	if s.stray == nil {
		return nil
	}
	return []*sheet.Error{s.stray}
}

func (s *sdn) entry() (Entry, error) {
	row, err := s.rows.Next()
	if errors.Is(err, io.EOF) || err == nil && ended(row) {
		s.strays()
		return Entry{}, io.EOF
	}
	if err != nil {
		s.lost = true
		return Entry{Line: row.At.Line}, err
	}
	bad := func(what, hint string) (Entry, error) {
		err := error(&sheet.Error{File: s.options.File, Line: row.At.Line, What: what, Hint: hint})
		if s.first {
			err = final{err} // another file altogether
		}
		return Entry{Line: row.At.Line}, err
	}
	// What else is wrong with the row, the list has the entry: its names are no strays.
	number := strings.TrimSpace(row.Fields[0])
	others := s.names[number]
	delete(s.names, number)
	if len(row.Fields) != sdnColumns {
		return bad(fmt.Sprintf("has %d columns, and the SDN list has %d", len(row.Fields), sdnColumns), "give sdn.csv, as OFAC publishes it; for a table with headings say --format csv")
	}
	f := given(row.Fields)
	if strings.Trim(f[0], "0123456789") != "" || f[0] == "" {
		return bad(fmt.Sprintf("begins with %q, and an entry of the SDN list begins with its number", clip(f[0])), "give sdn.csv, as OFAC publishes it; for a table with headings say --format csv")
	}
	s.first = false
	b := &builder{file: s.options.File, now: s.options.Now, entry: Entry{ID: f[0], Line: row.At.Line}}
	names := append([]heed.Name{{Text: f[1], Use: heed.NamePrimary}}, others...)
	remarks := splitRemarks(f[11])
	for _, r := range remarks {
		if m := quotedAlias.FindStringSubmatch(r); m != nil {
			use := heed.NameAlias
			if m[1] == "f" {
				use = heed.NameFormer
			}
			names = append(names, heed.Name{Text: m[2], Use: use})
		}
	}
	switch f[2] {
	case "individual":
		b.entry.Subject.Person = s.person(b, f, names, remarks)
	case "":
		b.entry.Subject.Organisation = s.organisation(b, f, names, remarks)
	case "vessel", "aircraft":
		b.entry.Subject.Vehicle = s.vehicle(b, f, names, remarks)
	default:
		return bad(fmt.Sprintf("is of type %q", clip(f[2])), "the types of the SDN list are individual, vessel, aircraft, and none for an entity")
	}
	return b.done(), nil
}

var quotedAlias = regexp.MustCompile(`^(?:alt\. )?([afn])\.k\.a\. ['"](.+)['"]$`)

// splitRemarks parts remarks at semicolons.
func splitRemarks(s string) []string {
	var all []string
	for _, r := range strings.Split(s, ";") {
		if r = strings.TrimSuffix(strings.TrimSpace(r), "."); r != "" {
			all = append(all, r)
		}
	}
	return all
}

// inParts is a name of a person, SURNAME, Given as the list writes it.
func inParts(n heed.Name) heed.Name {
	if family, given, ok := strings.Cut(n.Text, ","); ok {
		n.Family, n.Given = strings.TrimSpace(family), strings.TrimSpace(given)
		if n.Family == "" || n.Given == "" || strings.Contains(n.Given, ",") {
			n.Family, n.Given = "", ""
		}
	}
	return n
}

func (s *sdn) person(b *builder, f []string, names []heed.Name, remarks []string) *heed.Person {
	p := &heed.Person{}
	for _, n := range names {
		b.name(&p.Names, inParts(n))
	}
	dates := sheet.NewDates(sheet.OrderDMY)
	b.said("program %s", strings.ReplaceAll(f[3], "] [", ", "))
	b.said("%s", f[4])
	for _, r := range remarks {
		text := strings.TrimPrefix(r, "alt. ")
		word, rest, _ := strings.Cut(text, " ")
		switch word {
		case "DOB":
			birth, err := dates.Birth("DOB", rest)
			if err != nil {
				b.leave(fmt.Sprintf("has the date of birth %q, which is not read", clip(rest)), "")
				b.said("%s", r)
				continue
			}
			b.born(p, birth)
		case "POB":
			if p.Birthplace == "" {
				p.Birthplace = cut(rest)
			} else {
				b.said("%s", r)
			}
		case "nationality", "citizen":
			c, ok := sheet.CountryNamed(rest)
			if !ok {
				b.leave(fmt.Sprintf("has the nationality %q, which is not read", clip(rest)), "")
				b.said("%s", r)
				continue
			}
			b.nationality(p, c)
		case "Gender":
			if sex, ok := sheet.SexNamed(rest); ok {
				p.Sex = sex
			}
		default:
			if quotedAlias.MatchString(r) {
				continue
			}
			if label, number, country, ok := numbered(text); ok {
				if kind, ok := documentOf(label); ok {
					b.document(p, heed.Document{Type: kind, Country: country, Number: number})
					continue
				}
			}
			b.said("%s", r)
		}
	}
	p.Description = b.description()
	return p
}

func (s *sdn) organisation(b *builder, f []string, names []heed.Name, remarks []string) *heed.Organisation {
	o := &heed.Organisation{Country: s.country[f[0]]}
	for _, n := range names {
		b.name(&o.Names, n)
	}
	b.said("program %s", strings.ReplaceAll(f[3], "] [", ", "))
	for _, r := range remarks {
		if quotedAlias.MatchString(r) {
			continue
		}
		if label, number, country, ok := numbered(strings.TrimPrefix(r, "alt. ")); ok {
			b.registration(o, heed.Registration{Register: label, Country: country, Number: number})
			continue
		}
		b.said("%s", r)
	}
	o.Description = b.description()
	return o
}

var imo = regexp.MustCompile(`\bIMO ([0-9]{7})\b`)

// vehicle is a vessel, known by its IMO number or else its call sign, or an
// aircraft, known by its tail number. Its names stand in the description: who
// looks for a ship has its number.
func (s *sdn) vehicle(b *builder, f []string, names []heed.Name, remarks []string) *heed.Vehicle {
	v := &heed.Vehicle{Type: cut(f[2])}
	if f[2] == "aircraft" {
		v.Plate = cut(f[1])
	} else if m := imo.FindStringSubmatch(f[11]); m != nil {
		v.Plate = "IMO " + m[1]
	} else {
		v.Plate = cut(f[5])
	}
	if c, ok := sheet.CountryNamed(f[9]); ok {
		v.Country = c
	}
	for _, n := range names {
		b.said("%s", n.Text)
	}
	b.said("program %s", strings.ReplaceAll(f[3], "] [", ", "))
	for _, about := range []struct{ what, text string }{{"call sign", f[5]}, {"type", f[6]}, {"owner", f[10]}} {
		if about.text != "" {
			b.said("%s %s", about.what, about.text)
		}
	}
	for _, r := range remarks {
		if model, ok := strings.CutPrefix(r, "Aircraft Model "); ok {
			v.Model = cut(model)
			continue
		}
		if !quotedAlias.MatchString(r) {
			b.said("%s", r)
		}
	}
	v.Description = b.description()
	return v
}

// numbered parts a remark like "Passport 1084010 (Egypt) expires 30 Oct 2012".
func numbered(s string) (label, number string, country heed.Country, ok bool) {
	for _, since := range []string{" issued ", " expires "} {
		s, _, _ = strings.Cut(s, since)
	}
	m := numberedRemark.FindStringSubmatch(s)
	if m == nil {
		return "", "", "", false
	}
	label, number = strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
	if c, known := sheet.CountryNamed(m[3]); known {
		country = c
	}
	return strings.TrimRight(label, " #."), number, country, number != ""
}

// A label ends with a word for a number, and the number has a digit in it.
var numberedRemark = regexp.MustCompile(`^((?:[A-Z][\pL.'&/-]*|of|and) ?(?:[\pL.'&/-]+ )*?(?:No\.|Number|Passport|ID|#|Document|License|Licence|C\.U\.R\.P\.|R\.F\.C\.|D\.N\.I\.|C\.U\.I\.T\.|SSN|RUC|NIT|RIF|Visa)(?: No\.| Number| #)?|SSN|Passport|C\.U\.R\.P\.|R\.F\.C\.|D\.N\.I\.|C\.U\.I\.T\.|RUC #|NIT #|RIF #) ((?:[^()]*[0-9][^()]*)|[A-Z0-9][^() ]*)(?: ?\(([^()]*)\))?(?: \([^()]*\))?$`)

// documentOf is the sort of document of a label; false for numbers that are none.
func documentOf(label string) (heed.DocumentType, bool) {
	lower := strings.ToLower(label)
	if t, ok := sheet.DocumentTypeNamed(label); ok {
		return t, true
	}
	for _, word := range []struct {
		in string
		t  heed.DocumentType
	}{
		{"stateless person", heed.DocumentTravelDocument}, {"passport", heed.DocumentPassport}, {"birth certificate", heed.DocumentBirthCertificate}, {"driver", heed.DocumentDrivingLicence},
		{"visa", heed.DocumentVisa}, {"travel document", heed.DocumentTravelDocument}, {"refugee", heed.DocumentTravelDocument}, {"seafarer", heed.DocumentSeamansBook}, {"seaman", heed.DocumentSeamansBook},
		{"residen", heed.DocumentResidencePermit}, {"immigration", heed.DocumentResidencePermit}, {"tax", heed.DocumentTaxNumber}, {"v.a.t", heed.DocumentTaxNumber}, {"social security", heed.DocumentSocialSecurity},
		{"national", heed.DocumentNationalNumber}, {"personal id", heed.DocumentNationalNumber}, {"identification number", heed.DocumentNationalNumber}, {"citizen", heed.DocumentNationalNumber}, {"electoral", heed.DocumentNationalNumber},
		{"identity", heed.DocumentIdentityCard}, {"pilot license", heed.DocumentOther}, {" id", heed.DocumentOther},
	} {
		if strings.Contains(lower, word.in) {
			return word.t, true
		}
	}
	return "", false
}
