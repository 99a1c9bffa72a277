package wire

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf8"

	"heed"
	"heed/seal"
)

const (
	entryFirst   = "heed-entry/v1"
	accountFirst = "heed-account/v1"
)

// entryField is a group of lines that only some kinds of entries have.
type entryField struct {
	has   func(heed.Entry) bool
	write func(*writer, heed.Entry)
	read  func(*reader, *heed.Entry)
}

func ofEntry(kinds ...heed.EntryKind) func(heed.Entry) bool {
	return func(e heed.Entry) bool {
		for _, k := range kinds {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

// entryFields is the one list of what a kind of entry has beyond the common lines.
var entryFields = []entryField{
	{func(e heed.Entry) bool { return e.Kind.Dated() },
		func(w *writer, e heed.Entry) { w.time("at", e.At); w.line("via", string(e.Via)) },
		func(r *reader, e *heed.Entry) {
			e.At = r.time("at")
			e.Via = get(r, r.need("via"), heed.ParseVia)
		}},
	{ofEntry(heed.EntryLetter),
		func(w *writer, e heed.Entry) { w.digest("release", heed.Digest(e.Release)) },
		func(r *reader, e *heed.Entry) { e.Release = heed.ReleaseID(r.named("release")) }},
	{func(e heed.Entry) bool { return e.Kind.Opens() },
		func(w *writer, e heed.Entry) {
			w.line("urgency", string(e.Urgency))
			w.line("status", string(e.Status))
			w.yes("asks-answer", e.AsksAnswer)
		},
		func(r *reader, e *heed.Entry) {
			e.Urgency = get(r, r.need("urgency"), heed.ParseUrgency)
			e.Status = get(r, r.need("status"), heed.ParseStatus)
			e.AsksAnswer = r.yes("asks-answer")
		}},
	{ofEntry(heed.EntryAssessed),
		func(w *writer, e heed.Entry) { w.line("disposition", string(e.Disposition)) },
		func(r *reader, e *heed.Entry) {
			e.Disposition = get(r, r.need("disposition"), heed.ParseDisposition)
		}},
	{ofEntry(heed.EntryConcluded),
		func(w *writer, e heed.Entry) { w.line("outcome", string(e.Outcome)) },
		func(r *reader, e *heed.Entry) { e.Outcome = get(r, r.need("outcome"), heed.ParseOutcome) }},
	{ofEntry(heed.EntryRefused),
		func(w *writer, e heed.Entry) { w.line("code", string(e.Code)) },
		func(r *reader, e *heed.Entry) { e.Code = get(r, r.need("code"), heed.ParseContentRefusal) }},
	{ofEntry(heed.EntryStruck),
		func(w *writer, e heed.Entry) { w.digest("strikes", heed.Digest(e.Strikes)) },
		func(r *reader, e *heed.Entry) { e.Strikes = heed.EntryID(r.named("strikes")) }},
	{ofEntry(heed.EntrySent, heed.EntryDelivered, heed.EntryArrival, heed.EntryAssessed, heed.EntryReminded),
		func(w *writer, e heed.Entry) {
			for _, p := range e.Duties {
				w.line("duty", string(p.Kind)+" "+heed.FormatTime(p.Due))
			}
		},
		func(r *reader, e *heed.Entry) { e.Duties = list(r, "duty", heed.MaxDuties, parseOneSidedDuty) }},
}

// parseOneSidedDuty reads a reply with its due time. Of the duties that there
// are, a contact's rungs and the watch's have no place here.
func parseOneSidedDuty(s string) (heed.Promise, error) {
	name, due, _ := strings.Cut(s, " ")
	var p heed.Promise
	switch kind := heed.DutyKind(name); kind {
	case heed.DutyAcknowledge, heed.DutyAssess, heed.DutyAnswer, heed.DutyReport, heed.DutyConclude:
		p.Kind = kind
	default:
		return p, malformed("%q is no reply that is owed in a one-sided case", clip(name))
	}
	var err error
	p.Due, err = heed.ParseTime(due)
	return p, err
}

// EntryText is the text that is signed.
func EntryText(e heed.Entry) string {
	w := &writer{}
	w.first(entryFirst)
	w.line("kind", string(e.Kind))
	if e.Case.IsZero() {
		w.line("case", "new")
	} else {
		w.line("case", e.Case.String())
	}
	w.line("author", string(e.Author))
	w.number("author-card", e.Card)
	w.line("contact", string(e.Contact))
	w.digest("terms", heed.Digest(e.Terms))
	w.line("side", string(e.Side))
	w.time("time", e.Time)
	w.digest("previous", heed.Digest(e.Previous))
	w.digest("after", e.After)
	w.digest("tag-key", e.TagKey)
	writeContents(w, e.Contents)
	for _, f := range entryFields {
		if f.has(e) {
			f.write(w, e)
		}
	}
	w.line("node", e.Node)
	writeOfficers(w, e.Officers)
	return w.text()
}

// SignEntry completes the entry with the keys that sign it and gives it its id.
// What ParseEntry would refuse is not signed; the error is then a *heed.Invalid
// or matches ErrMalformed.
func SignEntry(e heed.Entry, node seal.SigningKey, officers ...seal.SigningKey) (heed.Entry, []byte, error) {
	if len(officers) != len(e.Officers) {
		return e, nil, fmt.Errorf("sign %s entry: %d officers' keys for %d officers", e.Kind, len(officers), len(e.Officers))
	}
	e.Node = node.Verifier().String()
	e.Officers = stamped(e.Officers, officers)
	if err := e.Check(); err != nil {
		return e, nil, err
	}
	text := EntryText(e)
	if len(text) > MaxStatementText {
		return e, nil, &heed.Invalid{What: fmt.Sprintf("%s entry of %d bytes is too long", e.Kind, len(text)), Hint: "fewer files, or shorter file names"}
	}
	read, err := parseEntryText(text)
	if err != nil {
		return e, nil, fmt.Errorf("sign %s entry: %w", e.Kind, err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return e, nil, fmt.Errorf("sign %s entry: %w", e.Kind, err)
	}
	return read, note, nil
}

// ParseEntry reads a signed entry and verifies every signature with the keys
// that the text lists. Errors match ErrMalformed or seal.ErrSignature.
func ParseEntry(note []byte) (heed.Entry, error) {
	text, _, err := splitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		return heed.Entry{}, fmt.Errorf("entry: %w", err)
	}
	e, err := parseEntryText(text)
	if err != nil {
		return heed.Entry{}, fmt.Errorf("entry: %w", err)
	}
	if err := openNote(note, e.Author, e.Node, e.Officers); err != nil {
		return heed.Entry{}, fmt.Errorf("entry %s: %w", e.ID.Short(), err)
	}
	return e, nil
}

// ReadEntry is ParseEntry without verifying signatures, for what a node has
// verified before it kept it.
func ReadEntry(note []byte) (heed.Entry, error) {
	text, _, err := splitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		return heed.Entry{}, fmt.Errorf("entry: %w", err)
	}
	e, err := parseEntryText(text)
	if err != nil {
		return heed.Entry{}, fmt.Errorf("entry: %w", err)
	}
	return e, nil
}

func parseEntryText(text string) (heed.Entry, error) {
	if len(text) > MaxStatementText {
		return heed.Entry{}, malformed("%d bytes, and at most %d are read", len(text), MaxStatementText)
	}
	var e heed.Entry
	r := newReader(text, entryFirst)
	e.Kind = get(r, r.need("kind"), heed.ParseEntryKind)
	if value := r.need("case"); value != "new" {
		e.Case = heed.CaseID(get(r, value, parseNonzero))
	}
	e.Author = r.party("author")
	e.Card = r.serial("author-card")
	e.Contact = get(r, r.need("contact"), heed.ParseContactID)
	e.Terms = heed.ContactVersionID(r.named("terms"))
	e.Side = get(r, r.need("side"), heed.ParseSide)
	e.Time = r.time("time")
	e.Previous = heed.EntryID(r.digest("previous"))
	e.After = r.digest("after")
	e.TagKey = r.named("tag-key")
	e.Contents = readContents(r)
	for _, f := range entryFields {
		if r.err == nil && f.has(e) {
			f.read(r, &e)
		}
	}
	e.Node = get(r, r.need("node"), parseKey)
	e.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Entry{}, err
	}
	if err := checkAuthorKeys(e.Author, e.Node, e.Officers); err != nil {
		return heed.Entry{}, err
	}
	if err := e.Check(); err != nil {
		return heed.Entry{}, malformed("%v", err)
	}
	if EntryText(e) != text {
		return heed.Entry{}, malformed("not in its canonical form")
	}
	e.ID = heed.EntryID(sha256.Sum256([]byte(text)))
	return e, nil
}

// EncodeAccount writes what somebody said, as a content of an entry. An account
// that says nothing, or too much, is refused with a *heed.Invalid.
func EncodeAccount(a heed.Account) ([]byte, error) {
	if err := checkAccount(a); err != nil {
		return nil, err
	}
	by := a.By
	if by == "" {
		by = "none"
	}
	return []byte(accountFirst + "\nby: " + by + "\n\n" + a.Text), nil
}

// ParseAccount reads what EncodeAccount has written, and nothing else. Errors
// match ErrMalformed.
func ParseAccount(data []byte) (heed.Account, error) {
	head, text, ok := strings.Cut(string(data), "\n\n")
	by, named := strings.CutPrefix(head, accountFirst+"\nby: ")
	if !ok || !named {
		return heed.Account{}, malformed("account: it does not begin with its two lines and an empty one")
	}
	a := heed.Account{By: by, Text: text}
	if by == "none" {
		a.By = ""
	}
	if err := checkAccount(a); err != nil {
		return heed.Account{}, malformed("account: %v", err)
	}
	again, err := EncodeAccount(a)
	if err != nil || string(again) != string(data) {
		return heed.Account{}, malformed("account: not in its canonical form")
	}
	return a, nil
}

func checkAccount(a heed.Account) error {
	bad := func(what, hint string) error { return &heed.Invalid{What: what, Hint: hint} }
	switch {
	case a.By == "" && a.Text == "":
		return bad("it says nothing, and nobody who said it", "say what was said, or who said it with --by")
	case a.By == "none" || len(a.By) > heed.MaxAccountBy || !utf8.ValidString(a.By) || strings.TrimSpace(a.By) != a.By || strings.ContainsFunc(a.By, hidden):
		return bad("the name of who said it is not one line of at most 200 bytes", "write it like: M. Okafor, duty manager")
	case len(a.Text) > heed.MaxAccountText || !utf8.ValidString(a.Text):
		return bad("the text is longer than 64 KiB, or is not UTF-8", "put a scan beside it with --file")
	}
	return nil
}

const contactFirst = "heed-contact/v1"

// ContactText is the text that the party's node signs.
func ContactText(c heed.Contact) string {
	w := &writer{}
	w.first(contactFirst)
	w.line("party", string(c.Party))
	w.line("contact", string(c.ID))
	w.number("serial", c.Serial)
	w.time("time", c.Time)
	w.yes("removed", c.Removed)
	w.line("name", c.Name)
	if c.Mail != "" {
		w.line("mail", c.Mail)
	}
	if c.Phone != "" {
		w.line("telephone", c.Phone)
	}
	for _, line := range c.Post {
		w.line("post", line)
	}
	for _, l := range c.Language {
		w.line("language", string(l))
	}
	w.line("profile", c.Profile)
	w.line("basis", string(c.Basis))
	if c.Agreement != "" {
		w.line("agreement", c.Agreement)
	}
	for _, kind := range heed.DutyKinds() {
		for _, urgency := range heed.Urgencies() {
			if d, ok := c.Clock.Of(kind, urgency); ok {
				w.line("clock", string(kind)+" "+string(urgency)+" "+span(d))
			}
		}
	}
	w.yes("two-officers", c.TwoOfficers)
	w.yes("rights-check", c.RightsCheck)
	w.line("node", c.Node)
	return w.text()
}

// SignContact has the node sign a version of a contact, and gives it its id.
// What ParseContact would refuse is not signed; the error is then a
// *heed.Invalid, joins *heed.FieldErrors, or matches ErrMalformed.
func SignContact(c heed.Contact, node seal.SigningKey) (heed.Contact, []byte, error) {
	c.Node = node.Verifier().String()
	if err := c.Check(); err != nil {
		return c, nil, err
	}
	text := ContactText(c)
	read, err := parseContactText(text)
	if err != nil {
		return c, nil, fmt.Errorf("sign contact: %w", err)
	}
	note, err := seal.SignNote(text, node)
	if err != nil {
		return c, nil, fmt.Errorf("sign contact: %w", err)
	}
	return read, note, nil
}

// ParseContact reads a version of a contact and verifies its signature with the
// key that it lists. Errors match ErrMalformed or seal.ErrSignature.
func ParseContact(note []byte) (heed.Contact, error) {
	text, _, err := splitNote(note, MaxStatementText, 1)
	if err != nil {
		return heed.Contact{}, fmt.Errorf("contact: %w", err)
	}
	c, err := parseContactText(text)
	if err != nil {
		return heed.Contact{}, fmt.Errorf("contact: %w", err)
	}
	if err := openNote(note, c.Party, c.Node, nil); err != nil {
		return heed.Contact{}, fmt.Errorf("contact %s: %w", c.ID, err)
	}
	return c, nil
}

// optional takes a line that may be there; without one the value is empty, which
// no line's is.
func (r *reader) optional(name string) string {
	value, ok := r.next(name)
	if ok && value == "" {
		r.fail(malformed("line %d: %s is empty", r.at, name))
	}
	if !ok {
		return ""
	}
	return value
}

func parseContactText(text string) (heed.Contact, error) {
	if len(text) > MaxStatementText {
		return heed.Contact{}, malformed("%d bytes, and at most %d are read", len(text), MaxStatementText)
	}
	as := func(s string) (string, error) { return s, nil }
	var c heed.Contact
	r := newReader(text, contactFirst)
	c.Party = r.party("party")
	c.ID = get(r, r.need("contact"), heed.ParseContactID)
	c.Serial = r.serial("serial")
	c.Time = r.time("time")
	c.Removed = r.yes("removed")
	c.Name = r.need("name")
	c.Mail = r.optional("mail")
	c.Phone = r.optional("telephone")
	c.Post = list(r, "post", heed.MaxPostLines, as)
	c.Language = list(r, "language", 8, func(s string) (heed.Language, error) { return heed.Language(s), nil })
	c.Profile = r.need("profile")
	c.Basis = get(r, r.need("basis"), heed.ParseClockBasis)
	c.Agreement = r.optional("agreement")
	c.Clock = readClock(r)
	c.TwoOfficers = r.yes("two-officers")
	c.RightsCheck = r.yes("rights-check")
	c.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return heed.Contact{}, err
	}
	if err := checkAuthorKeys(c.Party, c.Node, nil); err != nil {
		return heed.Contact{}, err
	}
	if err := c.Check(); err != nil {
		return heed.Contact{}, malformed("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if ContactText(c) != text {
		return heed.Contact{}, malformed("not in its canonical form")
	}
	c.Version = heed.ContactVersionID(sha256.Sum256([]byte(text)))
	return c, nil
}
