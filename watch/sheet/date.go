package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"heed"
)

// Order is the order in which a file's dates have day, month and year where the
// year does not come first.
type Order string

// The orders. With OrderAuto the dates of a column tell it, or they are refused.
const (
	OrderAuto Order = ""
	OrderDMY  Order = "dmy"
	OrderMDY  Order = "mdy"
	OrderYMD  Order = "ymd" // the year always comes first
)

// ParseOrder reads an order in its one spelling; empty: OrderAuto.
func ParseOrder(s string) (Order, error) {
	if o := Order(s); slices.Contains([]Order{OrderAuto, OrderDMY, OrderMDY, OrderYMD}, o) {
		return o, nil
	}
	return "", &heed.Invalid{What: found(s) + " is no order of dates", Hint: "one of dmy, mdy, ymd"}
}

// Dates reads the dates of a file. Orders are known for each column apart: a
// column's survey, or what its dates have shown so far.
type Dates struct {
	Order Order
	seen  map[string]shown
}

// shown is which orders the dates of a column have shown.
type shown struct{ dmy, mdy bool }

// NewDates reads dates of that order.
func NewDates(o Order) *Dates { return &Dates{Order: o, seen: map[string]shown{}} }

// Survey learns from one date of a column in which order its dates are, where
// this one leaves no doubt.
func (d *Dates) Survey(column, text string) {
	if d.Order != OrderAuto {
		return
	}
	s := d.seen[column]
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '|' }) {
		day, ok := split(digits(one))
		if !ok || day.named || day.yearFirst {
			continue
		}
		dmy, mdy := day.as(OrderDMY), day.as(OrderMDY)
		s.dmy = s.dmy || dmy && !mdy
		s.mdy = s.mdy || mdy && !dmy
	}
	d.seen[column] = s
}

// Birth reads a date of birth: what heed.ParseBirth reads, and a day in numbers
// or with the month's name. The error is a *Error without place: what is wrong,
// and how to mend it.
func (d *Dates) Birth(column, text string) (heed.Birth, error) {
	text = digits(strings.TrimSpace(text))
	if p, ok := split(text); ok {
		day, err := d.day(column, text, p)
		return heed.Birth{From: day}, err
	}
	if b, err := heed.ParseBirth(text); err == nil {
		return b, nil
	}
	if b, ok := about(text); ok {
		return b, nil
	}
	return heed.Birth{}, unreadable(text)
}

// At reads a moment: a time as in RFC 3339, with a blank for its T, or a day. One
// without an offset is read as UTC.
func (d *Dates) At(column, text string) (time.Time, error) {
	text = digits(strings.TrimSpace(text))
	spaced := strings.Replace(text, " ", "T", 1)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, spaced); err == nil {
			return t.UTC(), nil
		}
	}
	// A day, perhaps with the hour behind it.
	date, clock, _ := strings.Cut(text, " ")
	if !strings.Contains(clock, ":") {
		date, clock = text, ""
	}
	noTime := &Error{What: fmt.Sprintf("is %s, which is not a time", found(text)), Hint: "write 2026-11-23T12:00:00+01:00, or a day"}
	p, ok := split(date)
	if !ok {
		return time.Time{}, noTime
	}
	day, err := d.day(column, date, p)
	if err != nil {
		return time.Time{}, err
	}
	if day.Month == 0 || day.Day == 0 {
		return time.Time{}, noTime
	}
	at := time.Date(day.Year, time.Month(day.Month), day.Day, 0, 0, 0, 0, time.UTC)
	if clock == "" {
		return at, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, clock); err == nil {
			return at.Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), nil
		}
	}
	return time.Time{}, noTime
}

// day reads one date, and learns from it.
func (d *Dates) day(column, text string, p parts) (heed.PartialDate, error) {
	if p.named {
		return p.date(OrderDMY, text)
	}
	if p.yearFirst {
		return p.date(OrderYMD, text)
	}
	if d.Order == OrderYMD {
		return heed.PartialDate{}, &Error{What: fmt.Sprintf("is %s, and dates are said to begin with the year", found(text)), Hint: "write 1990-05-14, or say --dates dmy or --dates mdy", Sent: "write 1990-05-14"}
	}
	if d.Order != OrderAuto {
		return p.date(d.Order, text)
	}
	dmy, mdy := p.as(OrderDMY), p.as(OrderMDY)
	s := d.seen[column]
	switch {
	case dmy && mdy && p.numbers[0] == p.numbers[1]:
		return p.date(OrderDMY, text)
	case dmy && mdy:
		if s.dmy != s.mdy {
			if s.dmy {
				return p.date(OrderDMY, text)
			}
			return p.date(OrderMDY, text)
		}
		one, err := p.date(OrderDMY, text)
		if err != nil {
			return heed.PartialDate{}, err
		}
		other, err := p.date(OrderMDY, text)
		if err != nil {
			return heed.PartialDate{}, err
		}
		why := "and no other date tells which"
		if s.dmy {
			why = "and other dates are of both orders"
		}
		return heed.PartialDate{}, &Error{What: fmt.Sprintf("is %s, which may be %s or %s, %s", found(text), one, other, why), Hint: "say --dates dmy or --dates mdy", Sent: "write the year first, like 1990-05-14"}
	case dmy:
		s.dmy = true
		d.seen[column] = s
		return p.date(OrderDMY, text)
	case mdy:
		s.mdy = true
		d.seen[column] = s
		return p.date(OrderMDY, text)
	}
	return heed.PartialDate{}, unreadable(text)
}

func unreadable(text string) error {
	e := &Error{What: fmt.Sprintf("is %s, which is not a date", found(text)), Hint: "write a day 1990-05-14, a month 1990-05, a year 1990, about then 1990~, or a range 1988/1992"}
	if p, ok := split(text); ok {
		switch year := p.year(); {
		case year >= 1300 && year < 1500:
			e.What = fmt.Sprintf("is %s, a year of the Islamic or the Iranian calendar", found(text))
			e.Hint = "write the day of the Gregorian calendar that the document has beside it"
		case year >= 2400 && year < 2600:
			e.What = fmt.Sprintf("is %s, a year of the Buddhist era", found(text))
			e.Hint = "write the day of the Gregorian calendar: 543 years less"
		}
	}
	if shortYear.MatchString(text) {
		e.What = fmt.Sprintf("is %s, a year of two digits", found(text))
		e.Hint = "write the year with four digits"
	}
	return e
}

var shortYear = regexp.MustCompile(`^([0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}|[0-9]{6}|[0-9]{1,2}[ -]?[A-Za-z]{3,9}[ -]?[0-9]{2})$`)

// parts are the numbers of a date as they stand there.
type parts struct {
	numbers   [3]int // as they stand there; of a named month day, month, year
	yearFirst bool
	named     bool // the month is a word
}

func (p parts) year() int {
	if p.yearFirst {
		return p.numbers[0]
	}
	return p.numbers[2]
}

// in is the date in that order; false, and none, where there is no such day.
func (p parts) in(o Order) (heed.PartialDate, bool) {
	d := heed.PartialDate{Year: p.year()}
	switch {
	case p.yearFirst:
		d.Month, d.Day = p.numbers[1], p.numbers[2]
	case o == OrderMDY:
		d.Month, d.Day = p.numbers[0], p.numbers[1]
	default:
		d.Day, d.Month = p.numbers[0], p.numbers[1]
	}
	ok := d.Year >= firstYear && d.Year <= lastYear && d.Month <= 12
	switch {
	case d.Month == 0:
		ok = ok && d.Day == 0
	case d.Day > 0:
		// Day 0 of the month that follows is the last of this one.
		ok = ok && d.Day <= time.Date(d.Year, time.Month(d.Month+1), 0, 0, 0, 0, 0, time.UTC).Day()
	}
	if !ok {
		return heed.PartialDate{}, false
	}
	return d, true
}

// The years of a heed.Birth.
const firstYear, lastYear = 1800, 2199

// as reports whether it is a date in that order. Zeros stand for a day, or a day
// and a month, that is not known.
func (p parts) as(o Order) bool {
	_, ok := p.in(o)
	return ok
}

func (p parts) date(o Order, text string) (heed.PartialDate, error) {
	d, ok := p.in(o)
	if !ok {
		return heed.PartialDate{}, unreadable(text)
	}
	return d, nil
}

var (
	worded   = regexp.MustCompile(`^([0-9]{1,2})?[ .-]*(\pL+)[ .,-]*([0-9]{4})(?: ?г\.?| года)?$`)
	american = regexp.MustCompile(`^(\pL+)\.? ([0-9]{1,2}),? ([0-9]{4})$`)
)

// split takes a date apart.
func split(text string) (parts, bool) {
	text = strings.TrimSpace(text)
	if p, ok := numeric(text); ok {
		return p, true
	}
	if strings.IndexFunc(text, unicode.IsLetter) < 0 {
		return parts{}, false
	}
	if m := worded.FindStringSubmatch(text); m != nil {
		if month := monthNamed(m[2]); month > 0 {
			return parts{numbers: [3]int{number(m[1]), month, number(m[3])}, named: true}, true
		}
	}
	if m := american.FindStringSubmatch(text); m != nil {
		if month := monthNamed(m[1]); month > 0 {
			return parts{numbers: [3]int{number(m[2]), month, number(m[3])}, named: true}, true
		}
	}
	return parts{}, false
}

// numeric takes a date of figures apart: three numbers with one sign between
// them, a month and a year, or eight digits.
func numeric(text string) (parts, bool) {
	var p parts
	var digits [3]int
	var sign byte
	n := 0
	for i := range len(text) {
		switch b := text[i]; {
		case b >= '0' && b <= '9':
			if digits[n]++; digits[n] > 8 {
				return p, false
			}
			p.numbers[n] = p.numbers[n]*10 + int(b-'0')
		case strings.IndexByte("./ -", b) >= 0 && digits[n] > 0 && n < 2 && (sign == 0 || sign == b):
			sign = b
			n++
		default:
			return p, false
		}
	}
	short := func(n int) bool { return n == 1 || n == 2 }
	switch {
	case n == 2 && short(digits[0]) && short(digits[1]) && digits[2] == 4:
		return p, true
	case n == 2 && digits[0] == 4 && short(digits[1]) && short(digits[2]):
		p.yearFirst = true
		return p, true
	case n == 1 && short(digits[0]) && digits[1] == 4 && (sign == '.' || sign == '/'):
		return parts{numbers: [3]int{p.numbers[1], p.numbers[0], 0}, yearFirst: true}, true
	case n == 0 && digits[0] == 8:
		// A year of 1800 to 2199 at the end would make a month of 18 to 21 here: no
		// eight digits are a date both ways.
		all := p.numbers[0]
		p = parts{numbers: [3]int{all / 1_0000, all / 100 % 100, all % 100}, yearFirst: true}
		if !p.as(OrderYMD) {
			p = parts{numbers: [3]int{all / 100_0000, all / 1_0000 % 100, all % 1_0000}}
		}
		return p, true
	}
	return p, false
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // no digits: what is not known
	}
	return n
}

// months by the letters with which their names begin, in English and Russian.
var months = []struct{ prefixes []string }{
	{[]string{"jan", "янв"}}, {[]string{"feb", "фев"}}, {[]string{"mar", "мар"}}, {[]string{"apr", "апр"}}, {[]string{"may", "май", "мая"}}, {[]string{"jun", "июн"}},
	{[]string{"jul", "июл"}}, {[]string{"aug", "авг"}}, {[]string{"sep", "сен"}}, {[]string{"oct", "окт"}}, {[]string{"nov", "ноя"}}, {[]string{"dec", "дек"}},
}

var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
	"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
}

// monthNamed is the month of a name or of its first three or four letters; 0: none.
func monthNamed(word string) int {
	word = strings.ToLower(word)
	if n := len([]rune(word)); n < 3 || n > 4 && !slices.Contains(monthNames, word) {
		return 0
	}
	for i, m := range months {
		for _, prefix := range m.prefixes {
			if strings.HasPrefix(word, prefix) {
				return i + 1
			}
		}
	}
	return 0
}

var (
	circa  = regexp.MustCompile(`(?i)^(?:c(?:irca|a)?\.?|about|approx(?:imately)?\.?|около|ок\.) *(.+)$`)
	toward = regexp.MustCompile(`(?i)^(.{4,16}?) *(?:to|–|—|until) *(.{4,16})$`)
	years  = regexp.MustCompile(`^([0-9]{4}) *[-–—] *([0-9]{4})$`)
)

// about reads a birth that is not one day: about a date, or between two whose
// reading leaves no doubt.
func about(text string) (heed.Birth, bool) {
	sure := func(s string) (heed.PartialDate, bool) {
		if b, err := heed.ParseBirth(s); err == nil && !b.Circa && b.To == (heed.PartialDate{}) {
			return b.From, true
		}
		if p, ok := split(s); ok && (p.named || p.yearFirst) {
			d, err := p.date(OrderYMD, s)
			return d, err == nil
		}
		return heed.PartialDate{}, false
	}
	between := func(from, to string) (heed.Birth, bool) {
		a, ok := sure(from)
		b, also := sure(to)
		if !ok || !also {
			return heed.Birth{}, false
		}
		birth, err := heed.ParseBirth(a.String() + "/" + b.String())
		return birth, err == nil
	}
	approximate := false
	if m := circa.FindStringSubmatch(text); m != nil {
		approximate, text = true, m[1]
	}
	if m := years.FindStringSubmatch(text); m != nil {
		return between(m[1], m[2])
	}
	if m := toward.FindStringSubmatch(text); m != nil {
		if b, ok := between(m[1], m[2]); ok {
			return b, true
		}
	}
	if !approximate {
		return heed.Birth{}, false
	}
	d, ok := sure(text)
	return heed.Birth{From: d, Circa: true}, ok
}

// digits writes the digits of any script as 0 to 9, and full-width signs as ASCII.
func digits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		// The decimal digits of a script stand in one row of ten (Unicode 4.6).
		zero := r
		for unicode.IsDigit(zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + (r - zero)
	}, norm.NFKC.String(s))
}
