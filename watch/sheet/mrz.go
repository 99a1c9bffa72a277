package sheet

import (
	"fmt"
	"strings"
	"time"

	"heed"
)

// MRZ is what the machine-readable zone of a travel document states (ICAO Doc
// 9303 parts 3 to 7). A field whose check digit does not hold is left empty, and
// named among Bad.
type MRZ struct {
	Name        string // the name field, without the fillers at its end: ERIKSSON<<ANNA<MARIA
	Cut         bool   // the name field is full: it may have been cut off
	Document    heed.Document
	Nationality heed.Country
	Born        heed.Birth
	Sex         heed.Sex
	Bad         []string
}

// layout is where the fields of one format of zone lie.
type layout struct {
	lines, width int
	what         string
	name         [3]int // line, from, to
	number       [3]int // its check digit follows
	overflow     [3]int // of a number too long for its field; zero: none (part 5 section 4.2.2.1)
	nationality  [3]int
	born         [3]int
	sex          int // in the line of born
	composite    func(lines []string) (string, byte)
}

var layouts = []layout{
	{lines: 3, width: 30, what: "TD1", name: [3]int{2, 0, 30}, number: [3]int{0, 5, 14}, overflow: [3]int{0, 15, 30}, nationality: [3]int{1, 15, 18}, born: [3]int{1, 0, 6}, sex: 7,
		composite: func(l []string) (string, byte) { return l[0][5:30] + l[1][0:7] + l[1][8:15] + l[1][18:29], l[1][29] }},
	{lines: 2, width: 36, what: "TD2", name: [3]int{0, 5, 36}, number: [3]int{1, 0, 9}, overflow: [3]int{1, 28, 35}, nationality: [3]int{1, 10, 13}, born: [3]int{1, 13, 19}, sex: 20,
		composite: func(l []string) (string, byte) { return l[1][0:10] + l[1][13:20] + l[1][21:35], l[1][35] }},
	{lines: 2, width: 44, what: "TD3", name: [3]int{0, 5, 44}, number: [3]int{1, 0, 9}, nationality: [3]int{1, 10, 13}, born: [3]int{1, 13, 19}, sex: 20,
		composite: func(l []string) (string, byte) { return l[1][0:10] + l[1][13:20] + l[1][21:43], l[1][43] }},
}

// ParseMRZ reads the lines of a zone: three of 30 characters, or two of 36 or 44,
// each on its own line, separated by | or /, or one behind the other. year is the
// present one, after which nobody is born: the zone has two digits of the year.
//
// The error is a *Error without place.
func ParseMRZ(text string, now time.Time) (MRZ, error) {
	const hint = "a zone has three lines of 30 characters, or two of 36 or 44, of A-Z, 0-9 and <"
	lines := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return r == '\n' || r == '\r' || r == '|' || r == '/' })
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimSpace(l), " ", "")
	}
	joined := strings.Join(lines, "")
	for i := range len(joined) {
		if c := joined[i]; c != '<' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return MRZ{}, &Error{What: fmt.Sprintf("is %s, with a character that no machine-readable zone has", found(text)), Hint: hint}
		}
	}
	for _, at := range layouts {
		if len(joined) != at.lines*at.width || len(lines) != 1 && len(lines) != at.lines {
			continue
		}
		cut := make([]string, at.lines)
		for i := range cut {
			cut[i] = joined[i*at.width : (i+1)*at.width]
			if len(lines) > 1 && len(lines[i]) != at.width {
				return MRZ{}, &Error{What: fmt.Sprintf("is a machine-readable zone whose line %d has %d characters", i+1, len(lines[i])), Hint: hint}
			}
		}
		return at.read(cut, now)
	}
	return MRZ{}, &Error{What: fmt.Sprintf("is %s, %d characters in %d lines, which is no machine-readable zone", found(text), len(joined), len(lines)), Hint: hint}
}

func (at layout) read(lines []string, now time.Time) (MRZ, error) {
	field := func(f [3]int) string { return lines[f[0]][f[1]:f[2]] }
	var m MRZ
	name := field(at.name)
	m.Name = strings.Trim(name, "<")
	m.Cut = !strings.HasSuffix(name, "<")
	if m.Name == "" {
		return MRZ{}, &Error{What: "is a machine-readable zone without a name", Hint: "is the scan whole?"}
	}

	number, digit := field(at.number), lines[at.number[0]][at.number[2]]
	if digit == '<' && at.overflow != [3]int{} {
		// The rest of a long number stands in the optional data, with the check digit
		// behind it and a filler behind that.
		if rest := strings.SplitN(field(at.overflow), "<", 2)[0]; len(rest) > 1 {
			number, digit = number+rest[:len(rest)-1], rest[len(rest)-1]
		}
	}
	visa := lines[0][0] == 'V'
	kind, _ := DocumentTypeNamed(lines[0][:2])
	issuer, known := CountryNamed(lines[0][2:5])
	if !known {
		m.Bad = append(m.Bad, fmt.Sprintf("the issuing state %s is not known", found(lines[0][2:5])))
	}
	if trimmed := strings.Trim(number, "<"); checks(number, digit) && trimmed != "" {
		m.Document = heed.Document{Type: kind, Country: issuer, Number: trimmed}
	} else if trimmed != "" {
		m.Bad = append(m.Bad, "the check digit of the document number does not hold")
	}

	if m.Nationality, known = CountryNamed(field(at.nationality)); !known {
		m.Bad = append(m.Bad, fmt.Sprintf("the nationality %s is not known", found(field(at.nationality))))
	}
	line := lines[at.born[0]]
	if born := field(at.born); !checks(born, line[at.born[2]]) {
		m.Bad = append(m.Bad, "the check digit of the date of birth does not hold")
	} else if b, ok := ShortBirth(born, now); ok {
		m.Born = b
	} else if strings.Trim(born, "<") != "" {
		m.Bad = append(m.Bad, fmt.Sprintf("the date of birth %s is none", found(born)))
	}
	var ok bool
	if m.Sex, ok = SexNamed(strings.Trim(line[at.sex:at.sex+1], "<")); !ok {
		m.Bad = append(m.Bad, fmt.Sprintf("the sex %s is none", found(line[at.sex:at.sex+1])))
	}
	// Visas have the size of TD2 and TD3 and no composite digit (part 7 section 4).
	if text, digit := at.composite(lines); !visa && !checks(text, digit) {
		m.Bad = append(m.Bad, "the check digit over the whole zone does not hold")
	}
	return m, nil
}

// checks holds a check digit against its field (part 3 section 4.9). The digit of
// an empty field may be a filler.
func checks(field string, digit byte) bool {
	if digit == '<' {
		return strings.Trim(field, "<") == ""
	}
	sum := 0
	for i := range len(field) {
		value := 0
		switch c := field[i]; {
		case c >= '0' && c <= '9':
			value = int(c - '0')
		case c >= 'A' && c <= 'Z':
			value = int(c-'A') + 10
		}
		sum += value * [3]int{7, 3, 1}[i%3]
	}
	return byte('0'+sum%10) == digit
}

// ShortBirth reads YYMMDD; fillers or zeros stand for what is not known. The
// year is the latest that is not after the present one.
func ShortBirth(s string, now time.Time) (heed.Birth, bool) {
	part := func(s string) (int, bool) {
		if s == "<<" {
			return 0, true
		}
		if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
			return 0, false
		}
		return number(s), true
	}
	if s[:2] == "<<" {
		return heed.Birth{}, false
	}
	year, ok := part(s[:2])
	month, also := part(s[2:4])
	day, too := part(s[4:])
	if !ok || !also || !too {
		return heed.Birth{}, false
	}
	in := func(year int) (heed.Birth, bool) {
		d, ok := parts{numbers: [3]int{year, month, day}, yearFirst: true}.in(OrderYMD)
		return heed.Birth{From: d}, ok
	}
	present := now.UTC().Year()
	if year += present / 100 * 100; year > present {
		return in(year - 100)
	}
	b, ok := in(year)
	if ok && b.ToCome(now) {
		return in(year - 100)
	}
	return b, ok
}
