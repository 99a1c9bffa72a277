package feed

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

// passengers is a source of UN/EDIFACT passenger list messages (PAXLST, D.02B to
// D.15B as the WCO/IATA/ICAO guide to advance passenger information uses them):
// one record for each passenger and crew member.
type passengers struct {
	in       *segments
	options  Options
	interval interchange
	ready    []made
	ended    error
}

// made is a record, or why there is none.
type made struct {
	record      watch.Record
	begins, end sheet.Place
	problems    []*sheet.Error
	err         error
}

// interchange is what is known of the one that is being read.
type interchange struct {
	open     bool
	ref      string
	grouped  bool // it has functional groups, which UNZ counts then
	groups   int
	messages int
	group    *group
	message  *message
	parts    map[string]*parts // of messages in several parts, by the reference that they share
}

type group struct {
	ref      string
	messages int
}

// parts is how far a message in several parts has come.
type parts struct {
	last             int
	passengers, crew int
	unordered        bool
}

type message struct {
	ref      string
	access   string // shared by the parts of one message
	part     int    // 0: it is whole
	final    bool
	skipped  bool // it is no passenger list
	segments int
	list     string // BGM: 745 passengers, 250 crew
	carrier  string
	from, to string
	at       time.Time
	arrival  bool // at is that of an arrival
	person   *person
	people   int
	count    [2]int // passengers, crew
	said     [2]int // by CNT; -1: not
}

// person is a passenger or crew member while the segments of the group are read.
type person struct {
	record   watch.Record
	begins   sheet.Place
	problems []*sheet.Error
	lost     error
	document int // index of the one that DOC has begun; -1: none
	ref      string
	booking  string
}

func newPassengers(in io.Reader, o Options) (*Reader, error) {
	s := &passengers{in: newSegments(o.File, in), options: o}
	if err := s.in.begin(); err != nil {
		if errors.Is(err, io.EOF) {
			err = &sheet.Error{File: o.File, What: "is empty", Hint: "an interchange begins with UNA or UNB"}
		}
		return nil, err
	}
	r := &Reader{source: s, next: Position{Place: s.in.next}}
	// What a message says before its passengers is needed for all of them: to go on
	// from a place is to read up to it.
	for o.Resume.Offset > r.next.Offset {
		_, err := r.Next()
		var lost *RecordError
		if err != nil && !errors.As(err, &lost) {
			if errors.Is(err, io.EOF) {
				err = &sheet.Error{File: o.File, What: "ends before the place to go on from", Hint: "is it the same file, unchanged?"}
			}
			return nil, err
		}
	}
	return r, nil
}

func (s *passengers) record(at Position) (watch.Record, sheet.Place, sheet.Place, []*sheet.Error, error) {
	for len(s.ready) == 0 {
		if s.ended != nil {
			return watch.Record{}, at.Place, at.Place, nil, s.ended
		}
		s.step()
	}
	m := s.ready[0]
	s.ready = s.ready[1:]
	return m.record, m.begins, m.end, m.problems, m.err
}

// step reads one segment.
func (s *passengers) step() {
	seg, err := s.in.read()
	var here *sheet.Error
	switch {
	case errors.Is(err, io.EOF):
		s.finish(io.EOF)
	case errors.As(err, &broken{}):
		errors.As(err, &here)
		s.finish(err)
	case errors.As(err, &here):
		if m := s.interval.message; m != nil {
			m.segments++
			if seg.tag == "NAD" {
				s.complete(seg.at) // it is of somebody else
			} else if m.person != nil {
				here.What += "; it is left out"
				m.person.problems = append(m.person.problems, here)
				return
			}
		}
		s.trouble(seg, here)
	case err != nil:
		s.ended = err
	default:
		s.segment(seg)
	}
}

// finish ends the file, within an interchange or behind one.
func (s *passengers) finish(err error) {
	s.complete(s.in.next)
	if broken := (broken{}); errors.As(err, &broken) {
		s.ready = append(s.ready, made{begins: s.in.next, end: s.in.next, err: broken.why})
		err = io.EOF
	} else if s.interval.open {
		s.ready = append(s.ready, made{begins: s.in.next, end: s.in.next, err: s.in.errorf(s.in.next, "the file was cut off: get it again", "ends within an interchange: UNZ is missing")})
	}
	s.ended = err
}

// trouble is a fault that belongs to no one person.
func (s *passengers) trouble(seg segment, err *sheet.Error) {
	s.ready = append(s.ready, made{begins: seg.at, end: s.in.next, err: err})
}

func (s *passengers) fault(seg segment, hint, format string, args ...any) {
	s.trouble(seg, s.in.errorf(seg.at, hint, format, args...))
}

const cutOff = "parts of it may be missing: get it again"

func (s *passengers) segment(seg segment) {
	x := &s.interval
	switch seg.tag {
	case "UNB":
		s.complete(seg.at)
		if x.open {
			s.fault(seg, cutOff, "an interchange begins within another: UNZ is missing")
		}
		if err := s.in.declare(seg); err != nil {
			s.finish(err)
			return
		}
		*x = interchange{open: true, ref: seg.get(5, 1), parts: map[string]*parts{}}
		return
	case "UNA":
		return // read by begin
	}
	if !x.open {
		s.fault(seg, "an interchange begins with UNB", "has a segment %s outside of an interchange", seg.tag)
		return
	}
	switch seg.tag {
	case "UNG":
		x.grouped = true
		x.groups++
		x.group = &group{ref: seg.get(5, 1)}
		return
	case "UNH":
		s.complete(seg.at)
		if x.message != nil {
			s.fault(seg, cutOff, "message %q begins within message %q: UNT is missing", short(seg.get(1, 1)), short(x.message.ref))
		}
		s.open(seg)
		return
	case "UNE":
		if x.group == nil {
			s.fault(seg, "", "a functional group ends that has not begun")
			return
		}
		s.counted(seg, x.group.messages, x.group.ref, "messages of the functional group")
		x.group = nil
		return
	case "UNZ":
		s.complete(seg.at)
		if x.message != nil {
			s.fault(seg, cutOff, "the interchange ends within message %q: UNT is missing", short(x.message.ref))
		}
		n, of := x.messages, "messages of the interchange"
		if x.grouped {
			n, of = x.groups, "functional groups of the interchange"
		}
		s.counted(seg, n, x.ref, of)
		*x = interchange{}
		if err := s.in.begin(); err != nil {
			s.finish(err)
		}
		return
	}
	if x.message == nil {
		s.fault(seg, "a message begins with UNH", "has a segment %s outside of a message", seg.tag)
		return
	}
	x.message.segments++
	if seg.tag == "UNT" {
		s.complete(seg.at)
		s.close(seg)
		x.message = nil
		return
	}
	if !x.message.skipped {
		s.content(seg)
	}
}

// counted holds a trailer against what has come: a number, and the reference of
// what it ends.
func (s *passengers) counted(seg segment, n int, ref, of string) {
	if said := seg.get(1, 1); said != strconv.Itoa(n) && strings.TrimLeft(said, "0") != strconv.Itoa(n) {
		s.fault(seg, cutOff, "%s counts %q %s, and %d were read", seg.tag, short(said), of, n)
	}
	if said := seg.get(2, 1); said != ref {
		s.fault(seg, cutOff, "%s ends %q, and %q was begun", seg.tag, short(said), short(ref))
	}
}

func (s *passengers) open(seg segment) {
	x := &s.interval
	x.messages++
	if x.group != nil {
		x.group.messages++
	}
	m := &message{ref: seg.get(1, 1), access: seg.get(3, 1), segments: 1, final: true, said: [2]int{-1, -1}}
	x.message = m
	if kind := seg.get(2, 1); kind != "PAXLST" {
		m.skipped = true
		s.fault(seg, "only PAXLST messages are screened", "message %q is of type %q; it is passed over", short(m.ref), short(kind))
		return
	}
	if part, err := strconv.Atoi(seg.get(4, 1)); err == nil && part > 0 {
		m.part, m.final = part, seg.get(4, 2) == "F"
		if x.parts == nil {
			x.parts = map[string]*parts{}
		}
		so := x.parts[m.access]
		if so == nil {
			so = &parts{last: part - 1, unordered: part > 1}
			x.parts[m.access] = so
		}
		if part != so.last+1 {
			so.unordered = true
			s.fault(seg, cutOff, "part %d of message %q follows on part %d", part, short(m.access), so.last)
		}
		so.last = part
	}
}

// close ends a message, and holds it against its own counts.
func (s *passengers) close(seg segment) {
	m := s.interval.message
	s.counted(seg, m.segments, m.ref, "segments of the message")
	if m.skipped {
		return
	}
	count := m.count
	if m.part > 0 {
		so := s.interval.parts[m.access]
		so.passengers += count[0]
		so.crew += count[1]
		if count = [2]int{so.passengers, so.crew}; !m.final || so.unordered {
			return // the total is that of all parts, and some are elsewhere
		}
	}
	if m.list != "745" && m.list != "250" {
		return // changes and close-outs count the flight's people, and name some of them
	}
	for i, what := range []string{"passengers", "members of the crew"} {
		if m.said[i] >= 0 && m.said[i] != count[i] {
			s.fault(seg, cutOff, "the message counts %d %s (CNT), and has %d", m.said[i], what, count[i])
		}
	}
}

// people are the qualifiers of NAD with which a person's group begins.
var people = map[string]int{"FL": 0, "DDU": 0, "FM": 1, "DDT": 1}

// content reads a segment of a passenger list.
func (s *passengers) content(seg segment) {
	m := s.interval.message
	if seg.tag == "NAD" {
		s.complete(seg.at)
		if kind, ok := people[seg.get(1, 1)]; ok {
			m.count[kind]++
			m.people++
			s.begin(seg)
		}
		return
	}
	if m.person != nil && seg.tag != "CNT" && seg.tag != "TDT" {
		s.detail(m.person, seg)
		return
	}
	s.complete(seg.at)
	switch seg.tag {
	case "BGM":
		m.list = seg.get(1, 1)
	case "TDT":
		m.carrier = seg.get(2, 1)
		if line := seg.get(5, 1); line != "" && !strings.HasPrefix(m.carrier, line) {
			m.carrier = line + m.carrier
		}
	case "LOC":
		switch place := seg.get(2, 1); seg.get(1, 1) {
		case "125": // last place of departure before the border
			m.from = place
		case "87": // first place of arrival behind it
			m.to = place
		}
	case "DTM":
		kind := seg.get(1, 1)
		if at, ok := dateTime(seg.get(1, 2)); ok && (kind == "189" || kind == "232" && (m.at.IsZero() || m.arrival)) {
			m.at, m.arrival = at, kind == "232"
		}
	case "CNT":
		if n, err := strconv.Atoi(seg.get(1, 2)); err == nil && n >= 0 {
			switch seg.get(1, 1) {
			case "42":
				m.said[0] = n
			case "41":
				m.said[1] = n
			}
		}
	}
}

// begin begins a person with the name of NAD.
func (s *passengers) begin(seg segment) {
	m := s.interval.message
	p := &person{begins: seg.at, document: -1, record: watch.Record{Type: s.options.Type}}
	m.person = p
	family, given := seg.get(4, 1), strings.TrimSpace(seg.get(4, 2)+" "+seg.get(4, 3))
	if family == "" && given == "" {
		// Some senders leave the name in the unstructured element.
		family = seg.get(3, 1)
	}
	if family == "" && given == "" {
		p.lose(s.in.errorf(seg.at, "NAD has FAMILY:GIVEN in its fourth element", "has a passenger without a name"))
		return
	}
	text := sheet.Joined(family, given)
	if len([]rune(text)) > heed.MaxLabel {
		p.lose(s.in.errorf(seg.at, "", "has a name of more than %d characters", heed.MaxLabel))
		return
	}
	p.record.Names = []heed.Name{{Text: text, Family: family, Given: given}}
	p.record.MRZ = zoneName(family, given)
}

// zoneName writes a name as the name field of a machine-readable zone has it:
// carriers send what they have read from one (ICAO Doc 9303 part 3 section 4.6).
// A name with anything but A to Z was not read from one.
func zoneName(family, given string) string {
	part := func(s string) (string, bool) {
		words := strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '<' || r == '.' })
		joined := strings.Join(words, "<")
		return joined, strings.Trim(joined, "ABCDEFGHIJKLMNOPQRSTUVWXYZ<") == ""
	}
	f, ok := part(family)
	g, also := part(given)
	if !ok || !also || f+g == "" {
		return ""
	}
	name := f
	if g != "" {
		name += "<<" + g
	}
	if len(name) > watch.MaxMRZ {
		return ""
	}
	return name
}

func (p *person) lose(err error) {
	if p.lost == nil {
		p.lost = err
	}
}

// detail reads a segment of a person's group.
func (s *passengers) detail(p *person, seg segment) {
	note := func(what, hint string) {
		p.problems = append(p.problems, s.in.errorf(seg.at, hint, "%s: %s; it is left out", seg.tag, what))
	}
	switch seg.tag {
	case "ATT":
		if seg.get(1, 1) != "2" {
			return
		}
		sex, ok := sheet.SexNamed(seg.get(3, 1))
		if !ok {
			note(fmt.Sprintf("the sex is %q", short(seg.get(3, 1))), "M, F, X or U")
		}
		p.record.Sex = sex
	case "DTM":
		if seg.get(1, 1) != "329" {
			return
		}
		born, ok := dateOfBirth(seg.get(1, 2), s.options.Now)
		if !ok {
			// Its sender alone could mend it: the person is looked for by name all the same.
			note(fmt.Sprintf("the date of birth is %q", short(seg.get(1, 2))), "DTM+329 has YYMMDD or CCYYMMDD")
		} else if born.ToCome(s.options.Now) {
			note(fmt.Sprintf("the date of birth is %s, which is still to come", born), "is the year right?")
			born = heed.Birth{}
		}
		p.record.Born = born
	case "LOC":
		place := seg.get(2, 1)
		switch seg.get(1, 1) {
		case "178":
			p.record.From = bounded(place)
		case "179":
			p.record.To = bounded(place)
		case "91":
			if p.document >= 0 && place != "" {
				country, ok := sheet.CountryNamed(place)
				if !ok {
					note(fmt.Sprintf("the issuing country is %q", short(place)), "three letters of ISO 3166-1")
				}
				p.record.Documents[p.document].Country = country
			}
		}
	case "NAT":
		country, ok := sheet.CountryNamed(seg.get(2, 1))
		switch {
		case !ok:
			note(fmt.Sprintf("the nationality is %q", short(seg.get(2, 1))), "three letters of ISO 3166-1")
		case country != sheet.Stateless && len(p.record.Nationalities) < heed.MaxNationalities:
			p.record.Nationalities = append(p.record.Nationalities, country)
		}
	case "DOC":
		p.document = -1
		kind, _ := sheet.DocumentTypeNamed(seg.get(1, 1))
		number := seg.get(2, 1)
		switch {
		case number == "":
		case len([]rune(number)) > heed.MaxLabel || len(p.record.Documents) >= heed.MaxDocuments:
			note("the number is too long, or it is one document too many", "")
		default:
			p.document = len(p.record.Documents)
			p.record.Documents = append(p.record.Documents, heed.Document{Type: kind, Number: number})
		}
	case "RFF":
		switch seg.get(1, 1) {
		case "ABO":
			p.ref = seg.get(1, 2)
		case "AVF":
			p.booking = seg.get(1, 2)
		}
	}
}

func bounded(s string) string {
	if r := []rune(s); len(r) > watch.MaxText {
		return string(r[:watch.MaxText])
	}
	return s
}

// complete hands on the person whose group has ended, if there is one.
func (s *passengers) complete(end sheet.Place) {
	m := s.interval.message
	if m == nil || m.person == nil {
		return
	}
	p := m.person
	m.person = nil
	out := made{record: p.record, begins: p.begins, end: end, problems: p.problems, err: p.lost}
	r := &out.record
	r.ID = p.ref
	if r.ID == "" {
		r.ID = s.interval.ref + "/" + m.ref + "/" + strconv.Itoa(m.people)
		if p.booking != "" {
			r.ID = p.booking + "/" + r.ID
		}
	}
	if len(r.ID) > watch.MaxRecordID {
		r.ID = "" // the reader names it by its line
	}
	r.Carrier, r.At = bounded(m.carrier), m.at
	if r.From == "" {
		r.From = bounded(m.from)
	}
	if r.To == "" {
		r.To = bounded(m.to)
	}
	s.ready = append(s.ready, out)
}

// dateOfBirth reads YYMMDD or CCYYMMDD, with zeros for what is not known.
func dateOfBirth(s string, now time.Time) (heed.Birth, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return heed.Birth{}, false
	}
	switch len(s) {
	case 6:
		return sheet.ShortBirth(s, now)
	case 8:
		day := s[:4]
		if s[4:6] != "00" {
			day += "-" + s[4:6]
			if s[6:] != "00" {
				day += "-" + s[6:]
			}
		}
		b, err := heed.ParseBirth(day)
		return b, err == nil
	}
	return heed.Birth{}, false
}

// dateTime reads YYMMDDHHMM, CCYYMMDDHHMM, YYMMDD or CCYYMMDD of a flight. Its
// hour is that of the airport, whose zone the message does not tell: it stands as UTC.
func dateTime(s string) (time.Time, bool) {
	layout, ok := map[int]string{6: "060102", 8: "20060102", 10: "0601021504", 12: "200601021504"}[len(s)]
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}
