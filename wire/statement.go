package wire

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"heed"
	"heed/seal"
)

// Bounds of a statement, in bytes and lines.
const (
	MaxStatementText = 32 << 10
	MaxSignatures    = 1 + heed.MaxOfficers
)

const statementFirst = "heed-statement/v1"

// field is a group of lines that only some kinds have, in the order in which
// all kinds that have them write them.
type field struct {
	name  string
	has   func(heed.Statement) bool
	write func(*writer, heed.Statement)
	read  func(*reader, *heed.Statement)
}

func forKinds(kinds ...heed.Kind) func(heed.Statement) bool {
	return func(s heed.Statement) bool {
		for _, k := range kinds {
			if s.Kind == k {
				return true
			}
		}
		return false
	}
}

func releasedKind(s heed.Statement) bool { return s.Kind.Released() }
func opensCase(s heed.Statement) bool    { return s.Kind.InCase() && s.Case.IsZero() }

// underAccord reports whether the kind may name an accord, or must.
func underAccord(s heed.Statement) bool {
	return s.Kind.OfAccord() || forKinds(heed.KindWarning, heed.KindSupplement, heed.KindCorrection, heed.KindQuestion)(s)
}

// addressed reports whether the kind has a recipient: all have but the
// succession, which is for everybody.
func addressed(k heed.Kind) bool { return k != heed.KindSuccession }

// kindFields is the one list of what a kind has beyond the common lines.
var kindFields = []field{
	{"release", releasedKind,
		func(w *writer, s heed.Statement) { w.digest("release", heed.Digest(s.Release)) },
		func(r *reader, s *heed.Statement) { s.Release = heed.ReleaseID(r.digest("release")) }},
	{"accord", underAccord,
		func(w *writer, s heed.Statement) {
			if !s.Accord.IsZero() {
				w.line("accord", s.Accord.String()+" "+s.Version.String())
			}
		},
		func(r *reader, s *heed.Statement) {
			for _, v := range list(r, "accord", 1, parseVersion) {
				s.Accord, s.Version = v.accord, v.version
			}
		}},
	{"reply", func(s heed.Statement) bool { return s.Kind.Proposes() },
		func(w *writer, s heed.Statement) { w.span("reply", s.Reply) },
		func(r *reader, s *heed.Statement) { s.Reply = r.span("reply") }},
	{"urgency", forKinds(heed.KindWarning, heed.KindSupplement, heed.KindCorrection, heed.KindQuestion),
		func(w *writer, s heed.Statement) { w.line("urgency", string(s.Urgency)) },
		func(r *reader, s *heed.Statement) { s.Urgency = get(r, r.need("urgency"), heed.ParseUrgency) }},
	{"status", opensCase,
		func(w *writer, s heed.Statement) { w.line("status", string(s.Status)) },
		func(r *reader, s *heed.Statement) { s.Status = get(r, r.need("status"), heed.ParseStatus) }},
	{"asks-answer", forKinds(heed.KindWarning),
		func(w *writer, s heed.Statement) { w.yes("asks-answer", s.AsksAnswer) },
		func(r *reader, s *heed.Statement) { s.AsksAnswer = r.yes("asks-answer") }},
	{"code", forKinds(heed.KindRefusal),
		func(w *writer, s heed.Statement) { w.line("code", string(s.Code)) },
		func(r *reader, s *heed.Statement) { s.Code = get(r, r.need("code"), heed.ParseContentRefusal) }},
	{"disposition", forKinds(heed.KindAssessment),
		func(w *writer, s heed.Statement) { w.line("disposition", string(s.Disposition)) },
		func(r *reader, s *heed.Statement) {
			s.Disposition = get(r, r.need("disposition"), heed.ParseDisposition)
		}},
	{"without-prejudice", forKinds(heed.KindAcknowledgement),
		func(w *writer, s heed.Statement) { w.yes("without-prejudice", s.NoPrejudice) },
		func(r *reader, s *heed.Statement) { s.NoPrejudice = r.yes("without-prejudice") }},
	{"rung", forKinds(heed.KindAcknowledgement),
		func(w *writer, s heed.Statement) {
			if s.Level > 0 {
				w.line("rung", strconv.Itoa(s.Level)+" "+s.Role)
			}
		},
		func(r *reader, s *heed.Statement) {
			for _, v := range list(r, "rung", 1, parseNamedRung) {
				s.Level, s.Role = v.number, v.role
			}
		}},
	{"meaningful", forKinds(heed.KindRating),
		func(w *writer, s heed.Statement) { w.yes("meaningful", s.Meaningful) },
		func(r *reader, s *heed.Statement) { s.Meaningful = r.yes("meaningful") }},
	{"outcome", forKinds(heed.KindOutcome),
		func(w *writer, s heed.Statement) { w.line("outcome", string(s.Outcome)) },
		func(r *reader, s *heed.Statement) { s.Outcome = get(r, r.need("outcome"), heed.ParseOutcome) }},
	{"level", forKinds(heed.KindNotification, heed.KindReminder),
		func(w *writer, s heed.Statement) { w.number("level", uint64(s.Level)) },
		func(r *reader, s *heed.Statement) { s.Level = int(r.number("level")) }},
	{"role", forKinds(heed.KindNotification, heed.KindReminder),
		func(w *writer, s heed.Statement) { w.line("role", s.Role) },
		func(r *reader, s *heed.Statement) { s.Role = get(r, r.need("role"), parseWord) }},
	{"via", forKinds(heed.KindNotification),
		func(w *writer, s heed.Statement) { w.line("via", s.Via) },
		func(r *reader, s *heed.Statement) { s.Via = get(r, r.need("via"), parseWord) }},
	{"by", forKinds(heed.KindInterim),
		func(w *writer, s heed.Statement) { w.time("by", s.By) },
		func(r *reader, s *heed.Statement) { s.By = r.time("by") }},
	{"party", forKinds(heed.KindForwardRequest, heed.KindForwardConsent, heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.line("party", string(s.Party)) },
		func(r *reader, s *heed.Statement) { s.Party = r.party("party") }},
	{"consent", forKinds(heed.KindForwardConsent),
		func(w *writer, s heed.Statement) { w.yes("consent", s.Consent) },
		func(r *reader, s *heed.Statement) { s.Consent = r.yes("consent") }},
	{"confirmed", forKinds(heed.KindWatchHit),
		func(w *writer, s heed.Statement) {
			if !s.Confirmed.IsZero() {
				w.time("confirmed", s.Confirmed)
			}
		},
		func(r *reader, s *heed.Statement) {
			for _, at := range list(r, "confirmed", 1, heed.ParseTime) {
				s.Confirmed = at
			}
		}},
	{"withdrawn", forKinds(heed.KindWatchHit),
		func(w *writer, s heed.Statement) {
			if !s.Withdrawn.IsZero() {
				w.time("withdrawn", s.Withdrawn)
			}
		},
		func(r *reader, s *heed.Statement) {
			for _, at := range list(r, "withdrawn", 1, heed.ParseTime) {
				s.Withdrawn = at
			}
		}},
	{"effective", forKinds(heed.KindWatchLapseNotice),
		func(w *writer, s heed.Statement) { w.moment("effective", s.Effective) },
		func(r *reader, s *heed.Statement) { s.Effective = r.moment("effective") }},
	{"number", forKinds(heed.KindReceipt, heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.number("number", s.Number) },
		func(r *reader, s *heed.Statement) { s.Number = r.number("number") }},
	{"received", forKinds(heed.KindReceipt, heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.time("received", s.Received) },
		func(r *reader, s *heed.Statement) { s.Received = r.time("received") }},
	{"ledger", forKinds(heed.KindReceipt, heed.KindDeposit, heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.line("ledger", s.Ledger) },
		func(r *reader, s *heed.Statement) { s.Ledger = get(r, r.need("ledger"), parseKey) }},
	{"terms", forKinds(heed.KindReceipt, heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.digest("terms", heed.Digest(s.Terms)) },
		func(r *reader, s *heed.Statement) { s.Terms = heed.CardID(r.digest("terms")) }},
	{"publish-by", forKinds(heed.KindReceipt, heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.time("publish-by", s.PublishBy) },
		func(r *reader, s *heed.Statement) { s.PublishBy = r.time("publish-by") }},
	{"envelope", forKinds(heed.KindDeposit),
		func(w *writer, s heed.Statement) { w.digest("envelope", s.Envelope) },
		func(r *reader, s *heed.Statement) { s.Envelope = r.named("envelope") }},
	{"carries", forKinds(heed.KindDeposit),
		func(w *writer, s heed.Statement) { writeCarries(w, s.Carries) },
		func(r *reader, s *heed.Statement) { s.Carries = readCarries(r) }},
	{"size", forKinds(heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.number("size", uint64(s.Size)) },
		func(r *reader, s *heed.Statement) { s.Size = r.size("size") }},
	{"root", forKinds(heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.digest("root", s.Root) },
		func(r *reader, s *heed.Statement) { s.Root = r.named("root") }},
	{"successor", forKinds(heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.line("successor", s.Successor) },
		func(r *reader, s *heed.Statement) { s.Successor = get(r, r.need("successor"), parseKey) }},
	{"card", forKinds(heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.digest("card", heed.Digest(s.Card)) },
		func(r *reader, s *heed.Statement) { s.Card = heed.CardID(r.named("card")) }},
	{"lost", forKinds(heed.KindSuccession),
		func(w *writer, s heed.Statement) { w.yes("lost", s.Lost) },
		func(r *reader, s *heed.Statement) { s.Lost = r.yes("lost") }},
	{"duty", forKinds(heed.KindReceipt, heed.KindAssessment, heed.KindExtension, heed.KindReminder, heed.KindNotification, heed.KindWatchHit),
		func(w *writer, s heed.Statement) {
			for _, p := range s.Duties {
				w.line("duty", string(p.Kind)+" "+heed.FormatTime(p.Due))
			}
		},
		func(r *reader, s *heed.Statement) {
			s.Duties = list(r, "duty", heed.MaxDuties, parsePromise)
		}},
}

func parsePromise(s string) (heed.Promise, error) {
	kind, due, _ := strings.Cut(s, " ")
	k, err := heed.ParseDutyKind(kind)
	if err != nil {
		return heed.Promise{}, err
	}
	t, err := heed.ParseTime(due)
	return heed.Promise{Kind: k, Due: t}, err
}

// namedRung is what a `rung` line of a statement names.
type namedRung struct {
	number int
	role   string
}

func parseNamedRung(s string) (namedRung, error) {
	number, role, _ := strings.Cut(s, " ")
	n := heed.DutyKind(string(heed.DutyAcknowledge) + "/" + number).Rung()
	if n == 0 {
		return namedRung{}, malformed("%q is not the number of a rung, from 1 to %d", clip(number), heed.MaxRungs)
	}
	word, err := parseWord(role)
	return namedRung{n, word}, err
}

// namedVersion is what an `accord` line names.
type namedVersion struct {
	accord  heed.AccordID
	version heed.VersionID
}

func parseVersion(s string) (namedVersion, error) {
	accord, version, _ := strings.Cut(s, " ")
	a, err := parseNonzero(accord)
	if err != nil {
		return namedVersion{}, err
	}
	v, err := parseNonzero(version)
	return namedVersion{heed.AccordID(a), heed.VersionID(v)}, err
}

func parseKey(s string) (string, error) {
	_, err := seal.ParseVerifyKey(s)
	return s, err
}

// parsePersonKey reads an officer's key, which may be an SSH key.
func parsePersonKey(s string) (string, error) {
	_, err := seal.ParsePersonKey(s)
	return s, err
}

// StatementText is the text that is signed.
func StatementText(s heed.Statement) string {
	w := &writer{}
	w.first(statementFirst)
	w.line("kind", string(s.Kind))
	switch {
	case !s.Case.IsZero():
		w.line("case", s.Case.String())
	case s.Kind.InCase():
		w.line("case", "new")
	default:
		w.line("case", "none")
	}
	w.line("author", string(s.Author))
	w.number("author-card", s.AuthorCard)
	if addressed(s.Kind) {
		w.line("recipient", string(s.Recipient))
		w.number("recipient-card", s.RecipientCard)
	}
	w.time("time", s.Time)
	w.digest("previous", heed.Digest(s.Previous))
	for _, id := range s.Answers {
		w.line("answers", id.String())
	}
	w.digest("after", s.After)
	w.digest("tag-key", s.TagKey)
	writeContents(w, s.Contents)
	for _, f := range kindFields {
		if f.has(s) {
			f.write(w, s)
		}
	}
	w.line("node", s.Node)
	writeOfficers(w, s.Officers)
	return w.text()
}

func writeContents(w *writer, contents []heed.ContentRef) {
	for _, c := range contents {
		line := c.Digest.String() + " " + strconv.FormatInt(c.Size, 10) + " " + c.MediaType
		if c.Name != "" {
			line += " " + c.Name
		}
		w.line("content", line)
	}
}

func writeOfficers(w *writer, officers []heed.OfficerStamp) {
	for _, o := range officers {
		w.line("officer", string(o.Role)+" "+o.Key)
	}
}

// StatementID is the SHA-256 of the signed text.
func StatementID(text string) heed.StatementID { return heed.StatementID(sha256.Sum256([]byte(text))) }

// SignedDigest is the SHA-256 of a whole signed note, which ledgers commit to.
func SignedDigest(note []byte) [32]byte { return sha256.Sum256(note) }

// SignStatement completes the statement with the keys that sign it, gives it
// its id and returns it as its recipient will read it, with its signed bytes:
// times are cut to milliseconds, and a field that the kind does not have is
// zero. Officers sign in the given order; each stamp's role is kept and its key
// filled in. What ParseStatement would refuse is not signed; the error is then
// a *heed.Invalid or matches ErrMalformed.
func SignStatement(s heed.Statement, node seal.SigningKey, officers ...seal.SigningKey) (heed.Statement, []byte, error) {
	if len(officers) != len(s.Officers) {
		return s, nil, fmt.Errorf("sign %s statement: %d officers' keys for %d officers", s.Kind, len(officers), len(s.Officers))
	}
	s.Node = node.Verifier().String()
	s.Officers = stamped(s.Officers, officers)
	if err := s.Check(); err != nil {
		return s, nil, err
	}
	text := StatementText(s)
	if len(text) > MaxStatementText {
		return s, nil, &heed.Invalid{What: fmt.Sprintf("%s statement of %d bytes is too long", s.Kind, len(text)), Hint: "fewer attachments, or shorter file names"}
	}
	read, err := parseStatementText(text)
	if err != nil {
		return s, nil, fmt.Errorf("sign %s statement: %w", s.Kind, err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return s, nil, fmt.Errorf("sign %s statement: %w", s.Kind, err)
	}
	return read, note, nil
}

func stamped(stamps []heed.OfficerStamp, keys []seal.SigningKey) []heed.OfficerStamp {
	out := make([]heed.OfficerStamp, len(stamps))
	for i, stamp := range stamps {
		out[i] = heed.OfficerStamp{Key: keys[i].Verifier().String(), Role: stamp.Role}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// ParseStatement reads a signed statement and verifies every signature with
// the keys that the text lists. Whether the node key is its author's is for
// the caller, who has the author's card.
func ParseStatement(note []byte) (heed.Statement, error) {
	text, _, err := splitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		return heed.Statement{}, fmt.Errorf("statement: %w", err)
	}
	s, err := parseStatementText(text)
	if err != nil {
		return heed.Statement{}, fmt.Errorf("statement: %w", err)
	}
	if err := openNote(note, s.Author, s.Node, s.Officers); err != nil {
		return heed.Statement{}, fmt.Errorf("statement %s: %w", s.ID.Short(), err)
	}
	return s, nil
}

// ReadStatement reads a statement that was verified before it was kept: it
// parses strictly and verifies nothing.
func ReadStatement(note []byte) (heed.Statement, error) {
	text, _, err := splitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		return heed.Statement{}, fmt.Errorf("statement: %w", err)
	}
	return parseStatementText(text)
}

func parseStatementText(text string) (heed.Statement, error) {
	var s heed.Statement
	r := newReader(text, statementFirst)
	s.Kind = get(r, r.need("kind"), heed.ParseKind)
	s.Case = get(r, r.need("case"), func(v string) (heed.CaseID, error) {
		if none := !s.Kind.InCase(); v == "new" && !none || v == "none" && none {
			return heed.CaseID{}, nil
		}
		d, err := parseNonzero(v)
		return heed.CaseID(d), err
	})
	s.Author = r.party("author")
	s.AuthorCard = r.number("author-card")
	if addressed(s.Kind) {
		s.Recipient = r.party("recipient")
		s.RecipientCard = r.number("recipient-card")
	}
	s.Time = r.time("time")
	s.Previous = heed.StatementID(r.digest("previous"))
	s.Answers = list(r, "answers", heed.MaxAnswers, func(v string) (heed.StatementID, error) {
		id, err := parseNonzero(v)
		return heed.StatementID(id), err
	})
	for i := range s.Answers {
		if i > 0 && bytes.Compare(s.Answers[i-1][:], s.Answers[i][:]) >= 0 {
			r.fail(malformed("answers are not in ascending order, each once"))
		}
	}
	s.After = r.digest("after")
	s.TagKey = r.digest("tag-key")
	s.Contents = readContents(r)
	for _, f := range kindFields {
		if r.err == nil && f.has(s) {
			f.read(r, &s)
		}
	}
	s.Node = get(r, r.need("node"), parseKey)
	s.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Statement{}, err
	}
	if err := s.Check(); err != nil {
		return heed.Statement{}, malformed("%v", err)
	}
	if err := checkAuthorKeys(s.Author, s.Node, s.Officers); err != nil {
		return heed.Statement{}, err
	}
	if err := checkApartKeys(s); err != nil {
		return heed.Statement{}, err
	}
	if StatementText(s) != text {
		return heed.Statement{}, malformed("not in its canonical form")
	}
	s.ID = StatementID(text)
	return s, nil
}

// checkApartKeys holds that the ledgers which a statement outside cases names
// are its author's, that each has a name of its own, and that no key has two
// uses.
func checkApartKeys(s heed.Statement) error {
	if s.Kind.InCase() {
		return nil
	}
	material := []string{keyMaterial(s.Node), keyMaterial(s.Ledger)}
	old, err := ledgerKey(s.Ledger, s.Author)
	if err != nil {
		return err
	}
	if s.Kind == heed.KindSuccession {
		next, err := ledgerKey(s.Successor, s.Author)
		if err != nil {
			return err
		}
		if next.Name() == old.Name() {
			return malformed("the ledger that follows %q has the same name", clip(old.Name()))
		}
		material = append(material, keyMaterial(s.Successor))
	}
	return checkDistinct(material)
}

// ledgerKey reads the key of a ledger of the party's: it is named P/ and one
// label that is neither node nor recovery.
func ledgerKey(vkey string, p heed.PartyID) (seal.VerifyKey, error) {
	key, err := seal.ParseVerifyKey(vkey)
	if err != nil {
		return key, malformed("%v", err)
	}
	label, ok := strings.CutPrefix(key.Name(), string(p)+"/")
	if !ok || strings.Contains(label, "/") || key.Name() == NodeKeyName(p) || key.Name() == RecoveryKeyName(p) {
		return key, malformed("the ledger key is named %q, which is no ledger of %s", clip(key.Name()), p)
	}
	return key, nil
}

func writeCarries(w *writer, carries []heed.Digest) {
	for _, d := range carries {
		w.line("carries", d.String())
	}
}

func readCarries(r *reader) []heed.Digest {
	carries := list(r, "carries", heed.MaxCarries, parseNonzero)
	seen := make(map[heed.Digest]bool, len(carries))
	for _, d := range carries {
		if seen[d] {
			r.fail(malformed("it carries %s twice", d.String()[:8]))
		}
		seen[d] = true
	}
	return carries
}

func readContents(r *reader) []heed.ContentRef {
	contents := list(r, "content", heed.MaxContents, parseContentRef)
	seen := make(map[heed.Digest]bool, len(contents))
	for _, c := range contents {
		if seen[c.Digest] {
			r.fail(malformed("content %s stands twice", c.Digest.String()[:8]))
		}
		seen[c.Digest] = true
	}
	return contents
}

func parseContentRef(s string) (heed.ContentRef, error) {
	parts := strings.SplitN(s, " ", 4)
	if len(parts) < 3 {
		return heed.ContentRef{}, malformed("a content has a digest, a size and a media type")
	}
	var c heed.ContentRef
	var err error
	if c.Digest, err = parseNonzero(parts[0]); err != nil {
		return c, err
	}
	size, err := parseNumber(parts[1])
	if err != nil {
		return c, err
	}
	c.Size = int64(size)
	c.MediaType = parts[2]
	if len(parts) == 4 {
		c.Name = parts[3]
		if c.Name == "" {
			return c, malformed("an empty file name is left out")
		}
	}
	return c, CheckContentRef(c)
}

// mediaType is type/subtype of RFC 6838 section 4.2 in lower case, then
// parameters without blanks, whose values may be anything visible.
var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(;[a-z0-9][a-z0-9!#$&^_.+-]*=[!-:<-~]+)*$`)

// CheckContentRef reports whether a content can be named in signed text: a
// media type of at most 120 bytes in lower case (RFC 6838 section 4.2) with
// parameters and no blank, and a file name of at most 200 bytes that is one
// line, shows all its characters and is no path. The error is a *heed.Invalid.
func CheckContentRef(c heed.ContentRef) error {
	if len(c.MediaType) > 120 || !mediaType.MatchString(c.MediaType) {
		return &heed.Invalid{What: fmt.Sprintf("%q is not a media type", clip(c.MediaType)), Hint: "write it in lower case and without blanks, like application/pdf or text/plain;charset=utf-8"}
	}
	if len(c.Name) > 200 || !utf8.ValidString(c.Name) || strings.ContainsAny(c.Name, "/\\") || c.Name == "." || c.Name == ".." ||
		strings.TrimSpace(c.Name) != c.Name || strings.ContainsFunc(c.Name, hidden) {
		return &heed.Invalid{What: fmt.Sprintf("file name %q cannot be used", clip(c.Name)), Hint: "at most 200 bytes in one line, and no path"}
	}
	return nil
}

// hidden characters could make a file name look like another one: controls,
// those of the bidirectional algorithm, and format characters that are not
// seen. The joiners U+200C and U+200D stay: Persian and Hindi are spelt with them.
func hidden(c rune) bool {
	if c == '\u200c' || c == '\u200d' {
		return false
	}
	return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError
}

func readOfficers(r *reader) []heed.OfficerStamp {
	return list(r, "officer", heed.MaxOfficers, parseStamp)
}

func parseStamp(s string) (heed.OfficerStamp, error) {
	name, key, _ := strings.Cut(s, " ")
	role, err := heed.ParseRole(name)
	if err != nil {
		return heed.OfficerStamp{}, err
	}
	key, err = parsePersonKey(key)
	return heed.OfficerStamp{Role: role, Key: key}, err
}

// NodeKeyName and OfficerKeyName are the names of a party's keys: statement,
// ledger and witness keys are told apart by name and never shared.
func NodeKeyName(p heed.PartyID) string { return string(p) + "/node" }

// OfficerKeyName is the name of an officer's key.
func OfficerKeyName(p heed.PartyID, o heed.OfficerID) string {
	return string(p) + "/officer/" + string(o)
}

// RecoveryKeyName is the name of the key that is kept offline.
func RecoveryKeyName(p heed.PartyID) string { return string(p) + "/recovery" }

// OfficerOf reads the officer's name out of a key's name.
func OfficerOf(key string) (heed.OfficerID, bool) {
	name, _, _ := strings.Cut(key, "+")
	_, officer, ok := strings.Cut(name, "/officer/")
	if !ok {
		return "", false
	}
	id, err := heed.ParseOfficerID(officer)
	return id, err == nil
}

// openNote verifies that a note is signed by exactly these keys of the author.
func openNote(note []byte, author heed.PartyID, node string, officers []heed.OfficerStamp) error {
	keys, err := authorKeys(author, node, officers)
	if err != nil {
		return err
	}
	_, err = seal.OpenNote(note, keys)
	return err
}

func checkAuthorKeys(author heed.PartyID, node string, officers []heed.OfficerStamp) error {
	_, err := authorKeys(author, node, officers)
	return err
}

// authorKeys are the keys that sign, in their order: all are named as the
// author's, and no two are one key under two names. node may be empty.
func authorKeys(author heed.PartyID, node string, officers []heed.OfficerStamp) ([]seal.VerifyKey, error) {
	var keys []seal.VerifyKey
	var material []string
	if node != "" {
		key, err := keyNamed(node, NodeKeyName(author))
		if err != nil {
			return nil, err
		}
		keys, material = append(keys, key), append(material, key.Material())
	}
	for _, o := range officers {
		key, err := officerKey(author, o.Key)
		if err != nil {
			return nil, err
		}
		keys, material = append(keys, key), append(material, key.Material())
	}
	return keys, checkDistinct(material)
}

// officerKey reads the key of an officer of the author's: it is named as one.
func officerKey(author heed.PartyID, vkey string) (seal.VerifyKey, error) {
	id, ok := OfficerOf(vkey)
	if !ok {
		return seal.VerifyKey{}, malformed("%q is not an officer's key", clip(vkey))
	}
	key, err := seal.ParsePersonKey(vkey)
	if err != nil {
		return key, malformed("%v", err)
	}
	if name := OfficerKeyName(author, id); key.Name() != name {
		return key, malformed("the key is named %q, not %q", clip(key.Name()), name)
	}
	return key, nil
}

// checkDistinct holds the rule that a key has one use and one holder.
func checkDistinct(material []string) error {
	slices.Sort(material)
	if len(slices.Compact(material)) != len(material) {
		return malformed("one key is used for two purposes")
	}
	return nil
}

// keyMaterial is the key itself, whatever its name: what stands behind the
// second plus sign of name+hash+base64, which may have more of them itself.
func keyMaterial(vkey string) string {
	_, key, _ := strings.Cut(vkey, "+")
	_, key, _ = strings.Cut(key, "+")
	return key
}

func keyNamed(vkey, name string) (seal.VerifyKey, error) {
	key, err := seal.ParseVerifyKey(vkey)
	if err != nil {
		return key, malformed("%v", err)
	}
	if key.Name() != name {
		return key, malformed("the key is named %q, not %q", clip(key.Name()), name)
	}
	return key, nil
}
