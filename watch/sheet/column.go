package sheet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Field is what a column states. Its text is the column's first name.
type Field string

// The fields.
const (
	FieldID           Field = "id"   // the source's own number of the record or entry
	FieldType         Field = "type" // of a record: passenger, ...; of a list's entry: person, organisation, vehicle
	FieldName         Field = "name" // whole, in any order
	FieldFamily       Field = "family"
	FieldGiven        Field = "given"
	FieldMiddle       Field = "middle" // or patronymic
	FieldAlias        Field = "alias"  // several: separated by ; or |
	FieldFormer       Field = "former name"
	FieldMaiden       Field = "maiden name"
	FieldNative       Field = "name in original script"
	FieldMRZ          Field = "mrz"
	FieldBorn         Field = "born"
	FieldBirthplace   Field = "birthplace"
	FieldSex          Field = "sex"
	FieldNationality  Field = "nationality" // several: separated by ; or | or ,
	FieldNumber       Field = "document number"
	FieldNumberType   Field = "document type"
	FieldNumberIssuer Field = "document country"
	FieldPassport     Field = "passport"
	FieldIdentityCard Field = "identity card"
	FieldVisa         Field = "visa"
	FieldPermit       Field = "residence permit"
	FieldLicence      Field = "driving licence"
	FieldNational     Field = "national number"
	FieldTax          Field = "tax number"
	FieldPlate        Field = "plate"
	FieldPlateCountry Field = "plate country"
	FieldVIN          Field = "vin"
	FieldMake         Field = "make"
	FieldModel        Field = "model"
	FieldColour       Field = "colour"
	FieldVehicleType  Field = "vehicle type"
	FieldOrganisation Field = "organisation"
	FieldRegistration Field = "registration number" // of an organisation
	FieldDescription  Field = "description"
	FieldFrom         Field = "from"
	FieldTo           Field = "to"
	FieldCarrier      Field = "carrier" // flight, train, ship
	FieldAt           Field = "at"
	FieldIgnored      Field = "ignore" // only in a mapping that somebody gives: read nothing from it
)

// vocabulary is what headings may call a field beside its own name. Case,
// accents, blanks and punctuation do not count, and a number at the end sets
// columns of one sort apart: passport 1, passport 2.
var vocabulary = []struct {
	field Field
	names []string
}{
	{FieldID, []string{"record id", "record", "record number", "record no", "reference", "ref", "uid", "entry id", "list id", "booking reference", "pnr", "number of record", "номер записи", "ид"}},
	{FieldType, []string{"record type", "kind", "entry type", "entity type", "тип", "тип записи"}},
	{FieldName, []string{"full name", "names", "person", "passenger", "passenger name", "traveller", "traveller name", "traveler name", "visitor", "visitor name", "applicant", "guest name", "name of holder", "whole name", "complete name", "фио", "имя и фамилия", "полное имя", "nom complet", "nombre completo", "vollständiger name"}},
	{FieldFamily, []string{"family name", "surname", "surnames", "last name", "lastname", "second surname", "primary identifier", "фамилия", "nom de famille", "apellido", "apellidos", "nachname", "familienname"}},
	{FieldGiven, []string{"given name", "given names", "first name", "firstname", "forename", "forenames", "christian name", "secondary identifier", "имя", "имена", "prénom", "prénoms", "nombre", "nombres", "vorname", "vornamen"}},
	{FieldMiddle, []string{"middle name", "middle names", "second name", "patronymic", "father name", "fathers name", "отчество"}},
	{FieldAlias, []string{"aliases", "aka", "also known as", "other name", "other names", "alternative name", "alternate name", "псевдоним", "другие имена"}},
	{FieldFormer, []string{"former names", "previous name", "previous names", "fka", "прежняя фамилия", "прежнее имя"}},
	{FieldMaiden, []string{"birth name", "name at birth", "née", "geburtsname", "девичья фамилия"}},
	{FieldNative, []string{"native name", "original name", "name original script", "original script", "name in native script", "local name", "имя на родном языке"}},
	{FieldMRZ, []string{"mrz lines", "machine readable zone"}},
	{FieldBorn, []string{"dob", "date of birth", "birth date", "birthdate", "birthday", "birth", "year of birth", "birth year", "yob", "дата рождения", "год рождения", "рождение", "date de naissance", "fecha de nacimiento", "geburtsdatum", "geboren"}},
	{FieldBirthplace, []string{"place of birth", "pob", "birth place", "место рождения", "lieu de naissance", "lugar de nacimiento", "geburtsort"}},
	{FieldSex, []string{"gender", "пол", "sexe", "sexo", "geschlecht"}},
	{FieldNationality, []string{"nationalities", "citizenship", "citizenships", "citizen", "country of nationality", "country of citizenship", "гражданство", "nationalité", "nacionalidad", "staatsangehörigkeit"}},
	{FieldNumber, []string{"document no", "doc number", "doc no", "document", "documents", "document id", "travel document", "travel document number", "номер документа", "документ", "numéro de document", "número de documento", "dokumentennummer"}},
	{FieldNumberType, []string{"doc type", "type of document", "travel document type", "тип документа", "вид документа"}},
	{FieldNumberIssuer, []string{"document issuer", "doc country", "issuing country", "issuing state", "country of issue", "document issuing country", "issued by", "issuer", "страна выдачи"}},
	{FieldPassport, []string{"passport number", "passport no", "паспорт", "номер паспорта", "загранпаспорт", "passeport", "pasaporte", "reisepass"}},
	{FieldIdentityCard, []string{"identity card number", "id card", "id card number", "national id card", "удостоверение личности"}},
	{FieldVisa, []string{"visa number", "visa no", "виза", "номер визы"}},
	{FieldPermit, []string{"residence permit number", "permit number", "вид на жительство"}},
	{FieldLicence, []string{"driving licence number", "driving license", "drivers licence", "drivers license", "driver license", "водительское удостоверение"}},
	{FieldNational, []string{"national id", "national id number", "national identification number", "personal number", "identity number", "инн физлица", "личный номер"}},
	{FieldTax, []string{"tax id", "tax id number", "tin", "инн"}},
	{FieldPlate, []string{"licence plate", "license plate", "number plate", "registration plate", "plate number", "vehicle plate", "vehicle registration", "номерной знак", "госномер", "гос номер"}},
	{FieldPlateCountry, []string{"vehicle country", "country of registration", "страна регистрации"}},
	{FieldVIN, []string{"vehicle identification number", "chassis number", "вин"}},
	{FieldMake, []string{"vehicle make", "марка"}},
	{FieldModel, []string{"vehicle model", "модель"}},
	{FieldColour, []string{"color", "vehicle colour", "vehicle color", "цвет"}},
	{FieldVehicleType, []string{"type of vehicle", "тип тс"}},
	{FieldOrganisation, []string{"organization", "organisation name", "organization name", "company", "company name", "employer", "entity", "entity name", "организация", "компания"}},
	{FieldRegistration, []string{"registration no", "company number", "registration id", "огрн", "регистрационный номер"}},
	{FieldDescription, []string{"remarks", "remark", "comments", "comment", "notes", "note", "details", "примечание", "описание"}},
	{FieldFrom, []string{"origin", "departure", "departure airport", "departed from", "embarkation", "port of embarkation", "откуда", "пункт отправления"}},
	{FieldTo, []string{"destination", "arrival", "arrival airport", "debarkation", "port of debarkation", "port of entry", "куда", "пункт назначения"}},
	{FieldCarrier, []string{"flight", "flight number", "flight no", "train", "voyage", "vessel name", "ship", "рейс", "номер рейса", "поезд"}},
	{FieldAt, []string{"time", "date", "when", "timestamp", "date of travel", "travel date", "flight date", "departure date", "arrival date", "crossing time", "visit date", "дата", "время", "дата поездки"}},
}

// Fields lists the fields in the order in which people are told of them.
func Fields() []Field {
	all := make([]Field, len(vocabulary))
	for i, v := range vocabulary {
		all[i] = v.field
	}
	return all
}

// Names are the headings under which a field is known, its own first.
func (f Field) Names() []string {
	for _, v := range vocabulary {
		if v.field == f {
			return append([]string{string(f)}, v.names...)
		}
	}
	return nil
}

// fold is a heading or a word as it is compared: lower-case letters and digits
// without marks.
func fold(s string) string {
	var b strings.Builder
	if isASCII(s) {
		for i := range len(s) {
			switch c := s[i]; {
			case c >= 'A' && c <= 'Z':
				b.WriteByte(c + 'a' - 'A')
			case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
				b.WriteByte(c)
			}
		}
		return b.String()
	}
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r == 'ё':
			b.WriteRune('е')
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Header says what the columns of a table state.
type Header struct {
	file    string
	line    int64
	columns []column
	words   lexicon
}

type column struct {
	name  string // as it stands there
	field Field  // empty: nothing that is known
	group int    // columns of one group belong together
}

// Mapping names columns by their headings: field -> heading. It goes before
// what headings mean by themselves.
type Mapping map[Field][]string

// ParseMapping reads a mapping as people write it: "name=Passenger Name,born=DOB".
// A field may be named by any of its names, and "ignore" is the field of what is
// not to be read. A heading with a comma is put between quotation marks.
func ParseMapping(s string) (Mapping, error) {
	const hint = `write it like --columns "name=Passenger Name,born=DOB,ignore=Gate"`
	m := Mapping{}
	words := dictionary()
	for _, part := range splitQuoted(s, ',') {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, heading, ok := strings.Cut(part, "=")
		heading = strings.Trim(strings.TrimSpace(heading), `"`)
		if !ok || heading == "" {
			return nil, &Error{What: fmt.Sprintf("the mapping of columns has %s, which names no column", found(part)), Hint: hint}
		}
		field, known := words.fields[fold(name)]
		if fold(name) == fold(string(FieldIgnored)) {
			field, known = FieldIgnored, true
		}
		if !known {
			return nil, &Error{What: fmt.Sprintf("the mapping of columns has the field %s, which is not known", found(name)), Hint: words.guess(name) + "the fields are " + list(Fields()) + ", ignore"}
		}
		m[field] = append(m[field], heading)
	}
	return m, nil
}

func splitQuoted(s string, sep rune) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == sep && !quoted
	})
}

// lexicon is the vocabulary folded, once for all headings that are held against it.
type lexicon struct {
	fields map[string]Field
	known  []knownName // in the order of the vocabulary
}

type knownName struct {
	field  Field
	name   string
	folded []rune
}

func dictionary() lexicon {
	words := lexicon{fields: make(map[string]Field, 400)}
	for _, v := range vocabulary {
		for _, name := range append([]string{string(v.field)}, v.names...) {
			folded := fold(name)
			words.fields[folded] = v.field
			words.known = append(words.known, knownName{v.field, name, []rune(folded)})
		}
	}
	return words
}

func list[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// NewHeader reads the headings of a table.
func NewHeader(file string, row Row, m Mapping) (*Header, error) {
	h := &Header{file: file, line: row.At.Line, words: dictionary()}
	mapped := map[string]Field{}
	for field, headings := range m {
		for _, heading := range headings {
			mapped[fold(heading)] = field
		}
	}
	used := map[Field]bool{}
	for field := range m {
		used[field] = true
	}
	for i, name := range row.Fields {
		name = strings.TrimSpace(name)
		c := column{name: name}
		if field, ok := mapped[fold(name)]; ok {
			c.field = field
		} else if field, group := h.means(name); field != "" && !used[field] {
			c.field, c.group = field, group
		}
		if name == "" {
			c.name = "column " + strconv.Itoa(i+1)
		}
		h.columns = append(h.columns, c)
	}
	if err := h.complete(m); err != nil {
		return nil, err
	}
	return h, h.distinct()
}

// means is what a heading states by itself, and the number at its end.
func (h *Header) means(name string) (Field, int) {
	word := fold(name)
	if field, ok := h.words.fields[word]; ok {
		return field, 0
	}
	stem := strings.TrimRight(word, "0123456789")
	if field, ok := h.words.fields[stem]; ok && len(word)-len(stem) <= 3 {
		if n, err := strconv.Atoi(word[len(stem):]); err == nil {
			return field, n
		}
	}
	return "", 0
}

// identifying are the fields of which a table needs one.
var identifying = []Field{FieldName, FieldFamily, FieldGiven, FieldNative, FieldMRZ, FieldNumber, FieldPassport, FieldIdentityCard, FieldVisa, FieldPermit, FieldLicence, FieldNational, FieldTax, FieldPlate, FieldVIN, FieldOrganisation}

// missed reports whether somebody might not be found without the field.
func missed(f Field) bool {
	return slices.Contains(identifying, f) || slices.Contains([]Field{FieldID, FieldBorn, FieldSex, FieldNationality, FieldMiddle, FieldAlias, FieldFormer, FieldMaiden, FieldNumberType, FieldNumberIssuer}, f)
}

// complete refuses a mapping of headings that are not there, a heading that is
// nearly a known one, and a table with nobody in it.
func (h *Header) complete(m Mapping) error {
	var headings []string
	for _, c := range h.columns {
		headings = append(headings, strconv.Quote(c.name))
	}
	there := strings.Join(headings[:min(len(headings), 40)], ", ")
	for field, wanted := range m {
		for _, heading := range wanted {
			if !slices.ContainsFunc(h.columns, func(c column) bool { return fold(c.name) == fold(heading) }) {
				return &Error{File: h.file, Line: h.line, Column: heading, What: fmt.Sprintf("is not among the columns, and is to be read as %q", field), Hint: "the columns are " + there}
			}
		}
	}
	some := false
	for _, c := range h.columns {
		some = some || slices.Contains(identifying, c.field)
	}
	if !some {
		near := ""
		for _, c := range h.columns {
			if c.field == "" {
				if field, _ := h.words.nearest(c.name, 3); field != "" {
					near = fmt.Sprintf("; is %q meant as %s? Then say --columns %q", c.name, field, string(field)+"="+c.name)
					break
				}
			}
		}
		return &Error{File: h.file, Line: h.line, What: "no column names anybody; the columns are " + there, Hint: "the first line has the headings, and one of them is " + list(identifying) + near + `; others can be named with --columns "name=HEADING"`}
	}
	for _, c := range h.columns {
		if c.field != "" {
			continue
		}
		if field, heading := h.words.nearest(c.name, 1); !h.has(field) && missed(field) {
			return &Error{File: h.file, Line: h.line, Column: c.name, What: fmt.Sprintf("is no known column, and nearly %q", heading), Hint: fmt.Sprintf("correct the heading, or say --columns %q, or --columns %q to leave it unread", string(field)+"="+c.name, "ignore="+c.name)}
		}
	}
	return nil
}

// several may stand in more than one column, each with a value of its own.
var several = []Field{FieldName, FieldAlias, FieldFormer, FieldMaiden, FieldNative, FieldNationality, FieldPassport, FieldIdentityCard, FieldVisa, FieldPermit, FieldLicence, FieldNational, FieldTax, FieldDescription, FieldRegistration, FieldIgnored, ""}

// distinct refuses two columns that state one thing.
func (h *Header) distinct() error {
	type key struct {
		field Field
		group int
	}
	seen := map[key]string{}
	for _, c := range h.columns {
		if slices.Contains(several, c.field) {
			continue
		}
		k := key{c.field, c.group}
		if before, ok := seen[k]; ok {
			return &Error{File: h.file, Line: h.line, Column: c.name, What: fmt.Sprintf("states %q, as column %q does", c.field, before), Hint: fmt.Sprintf("say which of them is meant, like --columns %q", string(c.field)+"="+c.name)}
		}
		seen[k] = c.name
	}
	return nil
}

func (h *Header) has(f Field) bool {
	return slices.ContainsFunc(h.columns, func(c column) bool { return c.field == f })
}

// Has reports whether a column states the field.
func (h *Header) Has(f Field) bool { return h.has(f) }

// Unread lists the headings of columns from which nothing is read, those
// ignored on request left out.
func (h *Header) Unread() []string {
	var all []string
	for _, c := range h.columns {
		if c.field == "" {
			all = append(all, c.name)
		}
	}
	return all
}

// Values are what a row states. A row with more values than there are columns is refused.
func (h *Header) Values(row Row) ([]Value, error) {
	var all []Value
	for i, text := range row.Fields {
		text = strings.TrimSpace(text)
		if i >= len(h.columns) {
			if text == "" {
				continue
			}
			return nil, &Error{File: h.file, Line: row.At.Line, What: fmt.Sprintf("has %d values for %d columns: %s stands behind the last one", len(row.Fields), len(h.columns), found(text)), Hint: "put a value with a separator in it between quotation marks"}
		}
		c := h.columns[i]
		if text == "" || c.field == "" || c.field == FieldIgnored {
			continue
		}
		all = append(all, Value{Field: c.field, Group: c.group, Column: c.name, Text: text})
	}
	return all, nil
}

// nearest is the field with a name that differs from the heading by no more than
// so many letters, and that name. Short words are near to too many others.
func (x lexicon) nearest(name string, far int) (Field, string) {
	word := []rune(fold(name))
	if len(word) < 5 {
		return "", ""
	}
	limit := min(far, (len(word)-1)/4)
	best, field, heading := limit+1, Field(""), ""
	var row []int
	for _, k := range x.known {
		if len(k.folded) < 4 || len(k.folded)-len(word) > limit || len(word)-len(k.folded) > limit {
			continue
		}
		row = slices.Grow(row[:0], len(k.folded)+1)[:len(k.folded)+1]
		if d := distance(word, k.folded, row, best); d < best {
			best, field, heading = d, k.field, k.name
		}
	}
	return field, heading
}

// guess is a hint at the field that a misspelt name of one may mean.
func (x lexicon) guess(name string) string {
	if field, _ := x.nearest(name, 3); field != "" {
		return fmt.Sprintf("is %q meant? ", field)
	}
	return ""
}

// guessed is the name that a key of a record in which nobody is named may mean: where
// that is all there is, shorter words are held against the known ones, too.
func (x lexicon) guessed(key string) string {
	if _, heading := x.nearest(key, 3); heading != "" {
		return heading
	}
	word := []rune(fold(key))
	for _, k := range x.known {
		if len(word) >= 3 && slices.Contains(identifying, k.field) && distance(word, k.folded, make([]int, len(k.folded)+1), 2) < 2 {
			return k.name
		}
	}
	return ""
}

// distance counts the letters to insert, remove or replace, up to enough. It works
// in row, which has a place more than b.
func distance(a, b []rune, row []int, enough int) int {
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		if slices.Min(row) >= enough {
			return enough // it does not become less
		}
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := cmp.Compare(x, y)
			if cost < 0 {
				cost = 1
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}

// MaxKey bounds the name of a value, in bytes.
const MaxKey = 200

// Keys are the keys of records that have names for their values and no headings.
type Keys struct {
	header Header
	mapped map[string]Field
	near   map[string]*Error // of unknown keys; nil: near to none
}

// NewKeys reads keys as a table's headings are read.
func NewKeys(file string, m Mapping) *Keys {
	k := &Keys{header: Header{file: file, words: dictionary()}, mapped: map[string]Field{}, near: map[string]*Error{}}
	for field, names := range m {
		for _, name := range names {
			k.mapped[fold(name)] = field
		}
	}
	return k
}

// maxUnknown bounds what is remembered of keys that are not known.
const maxUnknown = 1_000

// Means is what a key states, and the number at its end; nothing for one that is
// not known or not to be read. One that is nearly a known one is an error: what it
// was to say would be lost in silence. So is one of more than MaxKey bytes: keys are
// remembered from record to record.
func (k *Keys) Means(line int64, name string) (Field, int, error) {
	if len(name) > MaxKey {
		return "", 0, &Error{File: k.header.file, Line: line, What: fmt.Sprintf("has a key of %d bytes, which begins with %s, and at most %d are read", len(name), found(name[:MaxKey]), MaxKey), Hint: "is the name where its value belongs?"}
	}
	if field, ok := k.mapped[fold(name)]; ok {
		if field == FieldIgnored {
			field = ""
		}
		return field, 0, nil
	}
	if field, group := k.header.means(name); field != "" {
		return field, group, nil
	}
	e, ok := k.near[name]
	if !ok {
		if field, heading := k.header.words.nearest(name, 1); missed(field) {
			e = &Error{File: k.header.file, Column: name, What: fmt.Sprintf("is no known key, and nearly %q", heading), Hint: fmt.Sprintf("correct it, or say --columns %q, or --columns %q to leave it unread", string(field)+"="+name, "ignore="+name), Sent: fmt.Sprintf("call it %q if that is meant, and otherwise something that is not so near", heading)}
		}
		if len(k.near) < maxUnknown {
			k.near[name] = e
		}
	}
	if e == nil {
		return "", 0, nil
	}
	placed := *e
	placed.Line = line
	return "", 0, &placed
}

// Ignored reports whether a key is not to be read, on request.
func (k *Keys) Ignored(name string) bool { return k.mapped[fold(name)] == FieldIgnored }

// maxNamed is how many keys that are not known are told of one record.
const maxNamed = 3

// Nobody is the error of a record that names nobody with what is known of it, and
// has other keys, which were not read; nil where it has none.
func (k *Keys) Nobody(line int64, unread []string) *Error {
	if len(unread) == 0 {
		return nil
	}
	var told []string
	for _, key := range unread[:min(len(unread), maxNamed)] {
		text := found(key)
		if near := k.header.words.guessed(key); near != "" {
			text += fmt.Sprintf(" (nearly %q)", near)
		}
		told = append(told, text)
	}
	if more := len(unread) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return &Error{
		File: k.header.file, Line: line, What: "names nobody, and has keys that are not known: " + strings.Join(told, ", "),
		Hint: `give a name, a document, a plate or an organisation; other keys can be named with --columns "name=KEY"`, Sent: "give a name, a document, a plate or an organisation, under keys that docs/screening-input.md has",
	}
}
