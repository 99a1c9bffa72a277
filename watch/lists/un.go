package lists

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"heed"
	"heed/watch/sheet"
)

// un is the consolidated list of the United Nations Security Council: an XML
// document CONSOLIDATED_LIST of INDIVIDUALS and ENTITIES.
type un struct {
	options Options
	in      *rationed
	decoder *xml.Decoder
	depth   int
	began   bool
	within  string // INDIVIDUALS or ENTITIES
}

// rationed gives out no more than its ration until it gets another: the XML
// decoder holds whole texts in memory, and has no bound of its own.
type rationed struct {
	in   io.Reader
	left int
}

var errRation = errors.New("more than an entry may have")

func (r *rationed) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errRation
	}
	n, err := r.in.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

func newUN(in io.Reader, o Options) (*un, error) {
	raw := bufio.NewReader(in)
	mark, err := raw.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	wide := bytes.Equal(mark, []byte{0xff, 0xfe}) || bytes.Equal(mark, []byte{0xfe, 0xff})
	text, _, err := sheet.Text(o.File, raw)
	if err != nil {
		return nil, err
	}
	u := &un{options: o, in: &rationed{in: text, left: maxEntry}}
	u.decoder = xml.NewDecoder(u.in)
	u.decoder.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		// What begins with a mark of UTF-16 is UTF-8 by now, whatever it says of itself.
		if wide || strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, fmt.Errorf("it is in %s, and only UTF-8 and UTF-16 are read", clip(charset))
	}
	return u, nil
}

func (u *un) line() int64 {
	line, _ := u.decoder.InputPos()
	return int64(line)
}

func (u *un) fatal(what, hint string) error {
	return final{&sheet.Error{File: u.options.File, Line: u.line(), What: what, Hint: hint}}
}

const consolidated = "give consolidated.xml, as the Security Council publishes it"

func (u *un) broken(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errRation):
		return u.fatal(fmt.Sprintf("has more than %d bytes without a new entry", maxEntry), consolidated)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return u.fatal("ends before the list does", "get the file again")
	case errors.As(err, &syntax):
		return u.fatal("is not XML that can be read: "+syntax.Msg, consolidated)
	}
	return u.fatal("cannot be read: "+err.Error(), consolidated)
}

func (u *un) entry() (Entry, error) {
	for {
		token, err := u.decoder.Token()
		if errors.Is(err, io.EOF) && u.began && u.depth == 0 {
			return Entry{}, io.EOF
		}
		if err != nil {
			return Entry{}, u.broken(err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return Entry{}, u.fatal("has a document type declaration, which is not read", consolidated)
		case xml.StartElement:
			name := t.Name.Local
			switch {
			case u.depth == 0 && (u.began || name != "CONSOLIDATED_LIST"):
				return Entry{}, u.fatal(fmt.Sprintf("begins with the element %q, and the list of the Security Council with CONSOLIDATED_LIST", clip(name)), consolidated)
			case u.depth == 2 && u.within == "INDIVIDUALS" && name == "INDIVIDUAL":
				return u.individual(t)
			case u.depth == 2 && u.within == "ENTITIES" && name == "ENTITY":
				return u.entity(t)
			case u.depth == 1:
				u.within = name
			}
			u.began = true
			if u.depth++; u.depth > maxDepth {
				return Entry{}, u.fatal(fmt.Sprintf("has more than %d elements within each other", maxDepth), consolidated)
			}
		case xml.EndElement:
			u.depth--
		}
	}
}

const maxDepth = 20

// individual is an INDIVIDUAL, as far as it is read.
type individual struct {
	DataID    string   `xml:"DATAID"`
	Reference string   `xml:"REFERENCE_NUMBER"`
	First     string   `xml:"FIRST_NAME"`
	Second    string   `xml:"SECOND_NAME"`
	Third     string   `xml:"THIRD_NAME"`
	Fourth    string   `xml:"FOURTH_NAME"`
	Original  string   `xml:"NAME_ORIGINAL_SCRIPT"`
	Gender    string   `xml:"GENDER"`
	ListType  string   `xml:"UN_LIST_TYPE"`
	Listed    string   `xml:"LISTED_ON"`
	Comments  string   `xml:"COMMENTS1"`
	Titles    []string `xml:"TITLE>VALUE"`
	Offices   []string `xml:"DESIGNATION>VALUE"`
	Nations   []string `xml:"NATIONALITY>VALUE"`
	Aliases   []alias  `xml:"INDIVIDUAL_ALIAS"`
	Births    []struct {
		Type string `xml:"TYPE_OF_DATE"`
		Date string `xml:"DATE"`
		Year string `xml:"YEAR"`
		From string `xml:"FROM_YEAR"`
		To   string `xml:"TO_YEAR"`
		Note string `xml:"NOTE"`
	} `xml:"INDIVIDUAL_DATE_OF_BIRTH"`
	Birthplaces []struct {
		City    string `xml:"CITY"`
		State   string `xml:"STATE_PROVINCE"`
		Country string `xml:"COUNTRY"`
	} `xml:"INDIVIDUAL_PLACE_OF_BIRTH"`
	Documents []struct {
		Type    string `xml:"TYPE_OF_DOCUMENT"`
		Other   string `xml:"TYPE_OF_DOCUMENT2"`
		Number  string `xml:"NUMBER"`
		Issuing string `xml:"ISSUING_COUNTRY"`
		Issue   string `xml:"COUNTRY_OF_ISSUE"`
		Note    string `xml:"NOTE"`
	} `xml:"INDIVIDUAL_DOCUMENT"`
}

type alias struct {
	Quality string `xml:"QUALITY"`
	Name    string `xml:"ALIAS_NAME"`
}

// decode reads one entry with a ration of its own.
func (u *un) decode(t xml.StartElement, into any) error {
	u.in.left = maxEntry
	if err := u.decoder.DecodeElement(into, &t); err != nil {
		return u.broken(err)
	}
	u.in.left = maxEntry
	return nil
}

func (u *un) builder(line int64, reference, dataID string) *builder {
	id := sheet.Clean(reference)
	if id == "" {
		id = sheet.Clean(dataID)
	}
	return &builder{file: u.options.File, now: u.options.Now, entry: Entry{ID: id, Line: line}}
}

func (u *un) individual(t xml.StartElement) (Entry, error) {
	line := u.line()
	var raw individual
	if err := u.decode(t, &raw); err != nil {
		return Entry{Line: line}, err
	}
	b := u.builder(line, raw.Reference, raw.DataID)
	p := &heed.Person{}
	b.entry.Subject.Person = p
	b.name(&p.Names, heed.Name{Text: strings.Join([]string{raw.First, raw.Second, raw.Third, raw.Fourth}, " "), Use: heed.NamePrimary})
	b.name(&p.Names, heed.Name{Text: raw.Original, Use: heed.NameSpelling})
	b.aliases(&p.Names, raw.Aliases)
	if len(p.Names) == 0 {
		return b.entry, &sheet.Error{File: u.options.File, Line: line, What: fmt.Sprintf("entry %q names nobody", clip(b.entry.ID)), Hint: "FIRST_NAME to FOURTH_NAME are empty"}
	}
	for _, born := range raw.Births {
		var birth heed.Birth
		var err error
		if strings.EqualFold(strings.TrimSpace(born.Type), "BETWEEN") {
			birth, err = heed.ParseBirth(strings.TrimSpace(born.From) + "/" + strings.TrimSpace(born.To))
		} else {
			text := day(born.Date)
			if text == "" {
				text = strings.TrimSpace(born.Year)
			}
			if text == "" {
				continue // a note alone
			}
			birth, err = sheet.NewDates(sheet.OrderDMY).Birth("DATE", text)
			birth.Circa = birth.Circa || strings.EqualFold(strings.TrimSpace(born.Type), "APPROXIMATELY") && birth.To == (heed.PartialDate{})
		}
		if err != nil {
			b.leave(fmt.Sprintf("has a date of birth that is not read: %q", clip(sheet.Clean(born.Type+" "+born.Date+" "+born.Year+" "+born.From+" "+born.To))), "")
			continue
		}
		b.born(p, birth)
	}
	for _, place := range raw.Birthplaces {
		if p.Birthplace == "" {
			p.Birthplace = cut(join(place.City, place.State, place.Country))
		}
	}
	if sex, ok := sheet.SexNamed(raw.Gender); ok {
		p.Sex = sex
	}
	for _, nation := range raw.Nations {
		if c, ok := sheet.CountryNamed(nation); ok {
			b.nationality(p, c)
		} else if nation = sheet.Clean(nation); nation != "" {
			b.leave(fmt.Sprintf("has the nationality %q, which is not read", clip(nation)), "")
			b.said("nationality %s", nation)
		}
	}
	for _, d := range raw.Documents {
		kind, known := sheet.DocumentTypeNamed(d.Type)
		if !known {
			if other, ok := documentOf(sheet.Clean(d.Type + " " + d.Other)); ok {
				kind = other
			}
		}
		doc := heed.Document{Type: kind, Number: d.Number}
		for _, country := range []string{d.Issue, d.Issuing} {
			if c, ok := sheet.CountryNamed(country); ok && c != sheet.Stateless {
				doc.Country = c
			}
		}
		b.document(p, doc)
	}
	for _, s := range append(raw.Titles, raw.Offices...) {
		b.said("%s", s)
	}
	b.origin(raw.ListType, raw.Listed, raw.Comments)
	p.Description = b.description()
	return b.done(), nil
}

// entity is an ENTITY, as far as it is read.
type entity struct {
	DataID    string  `xml:"DATAID"`
	Reference string  `xml:"REFERENCE_NUMBER"`
	First     string  `xml:"FIRST_NAME"`
	Original  string  `xml:"NAME_ORIGINAL_SCRIPT"`
	ListType  string  `xml:"UN_LIST_TYPE"`
	Listed    string  `xml:"LISTED_ON"`
	Comments  string  `xml:"COMMENTS1"`
	Aliases   []alias `xml:"ENTITY_ALIAS"`
	Addresses []struct {
		Country string `xml:"COUNTRY"`
	} `xml:"ENTITY_ADDRESS"`
}

func (u *un) entity(t xml.StartElement) (Entry, error) {
	line := u.line()
	var raw entity
	if err := u.decode(t, &raw); err != nil {
		return Entry{Line: line}, err
	}
	b := u.builder(line, raw.Reference, raw.DataID)
	o := &heed.Organisation{}
	b.entry.Subject.Organisation = o
	b.name(&o.Names, heed.Name{Text: raw.First, Use: heed.NamePrimary})
	b.name(&o.Names, heed.Name{Text: raw.Original, Use: heed.NameSpelling})
	b.aliases(&o.Names, raw.Aliases)
	if len(o.Names) == 0 {
		return b.entry, &sheet.Error{File: u.options.File, Line: line, What: fmt.Sprintf("entry %q names nobody", clip(b.entry.ID)), Hint: "FIRST_NAME is empty"}
	}
	for _, a := range raw.Addresses {
		if c, ok := sheet.CountryNamed(a.Country); ok && o.Country == "" {
			o.Country = c
		}
	}
	b.origin(raw.ListType, raw.Listed, raw.Comments)
	o.Description = b.description()
	return b.done(), nil
}

// aliases adds other names. One of low quality is a nickname: too common or too
// short to know somebody by it alone.
func (b *builder) aliases(to *[]heed.Name, all []alias) {
	for _, a := range all {
		use := heed.NameAlias
		switch strings.ToLower(strings.TrimSpace(a.Quality)) {
		case "low":
			use = heed.NameNickname
		case "f.k.a.", "formerly known as":
			use = heed.NameFormer
		}
		for _, name := range strings.Split(a.Name, ";") {
			b.name(to, heed.Name{Text: name, Use: use})
		}
	}
}

func (b *builder) origin(list, listed, comments string) {
	if list = sheet.Clean(list); list != "" {
		b.said("%s, listed on %s", list, day(listed))
	}
	b.said("%s", comments)
}

// day is a date of XML Schema without its zone: births are days of a calendar, and
// no moments.
func day(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > len("2006-01-02") && s[4] == '-' && s[7] == '-' && strings.ContainsRune("TZ+-", rune(s[10])) {
		return s[:10]
	}
	return s
}

func join(all ...string) string {
	var some []string
	for _, s := range all {
		if s = sheet.Clean(s); s != "" {
			some = append(some, s)
		}
	}
	return strings.Join(some, ", ")
}
