package wire

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

// MaxAccord bounds the text of an accord's version, in bytes. It holds 10,000
// members with a ladder each; where every rung has a key of its own, some 2,500.
const MaxAccord = 16 << 20

const accordFirst = "heed-accord/v1"

// AccordText is the text that the proposer's node and officers sign.
func AccordText(a heed.Accord) string {
	w := &writer{}
	w.first(accordFirst)
	if a.Accord.IsZero() {
		w.line("accord", "new")
	} else {
		w.digest("accord", heed.Digest(a.Accord))
	}
	w.digest("parent", heed.Digest(a.Parent))
	w.number("version", a.Number)
	w.digest("renews", heed.Digest(a.Renews))
	w.line("proposer", string(a.Proposer))
	w.time("time", a.Time)
	w.line("template", orNone(a.Template))
	w.line("name", a.Name)
	w.line("purpose", a.Purpose)
	w.line("legal-basis", a.LegalBasis)
	writeWords(w, "use", a.Purposes)
	writeAgreement(w, a)
	for _, c := range a.Clocks {
		w.line("clock", c.Name)
		for _, kind := range heed.DutyKinds() {
			for _, urgency := range heed.Urgencies() {
				if d, ok := c.Clock.Of(kind, urgency); ok {
					w.line("response", string(kind)+" "+string(urgency)+" "+span(d))
				}
			}
		}
	}
	for _, p := range a.Postures {
		w.line("posture", strings.Join([]string{heed.FormatTime(p.From), heed.FormatTime(p.Until), p.Clock, p.Name}, " "))
	}
	for _, m := range a.Members {
		writeMember(w, m)
	}
	for _, o := range a.Observers {
		w.line("observer", string(o.Party)+" "+o.Card.String())
	}
	w.line("node", a.Node)
	writeOfficers(w, a.Officers)
	return w.text()
}

// writeAgreement writes what was agreed in single values and short lists.
func writeAgreement(w *writer, a heed.Accord) {
	w.number("quorum", uint64(max(a.Quorum, 0)))
	writeWords(w, "must-ratify", a.MustRatify)
	w.span("reply", a.Reply)
	writeWords(w, "acknowledge", a.Acknowledge)
	w.yes("role-keys", a.RoleKeys)
	w.line("tlp", string(a.Ceiling.TLP))
	w.line("pap", orNone(string(a.Ceiling.PAP)))
	writeWords(w, "police-code", a.Ceiling.PoliceCodes)
	w.line("forwarding", string(a.Forwarding))
	w.line("publish-counts", string(a.Disclosure.Counts))
	w.line("publish-times", string(a.Disclosure.Times))
	w.line("publish-fields", string(a.Disclosure.Fields))
	w.moment("from", a.From)
	w.moment("until", a.Until)
	w.line("contents", string(a.End.Contents))
	w.span("contents-after", a.End.After)
	w.line("watches", string(a.End.Watches))
	w.span("limitation", a.Limitation)
	w.span("notice", a.Notice)
	w.yes("two-officers", a.TwoOfficers)
	w.yes("rights-check", a.RightsCheck)
	w.line("report-hits", reportingWords[a.ReportHits])
	if a.LapseNotice != 0 {
		w.span("lapse-notice", a.LapseNotice)
	}
	writeWords(w, "screen", a.Screening.Types)
	w.span("retention", a.Screening.Retention)
	w.span("situation-report", a.SituationReport)
	w.span("drills", a.Drills)
}

func writeWords[T ~string](w *writer, name string, words []T) {
	for _, word := range words {
		w.line(name, string(word))
	}
}

func writeMember(w *writer, m heed.Member) {
	w.line("member", string(m.Party)+" "+m.Card.String())
	for _, r := range m.Ladder {
		w.line("rung", strings.Join([]string{r.Role + " " + span(r.After), r.Telephone, r.Mail, r.Hours, r.Zone, r.Languages}, "|"))
	}
	for _, k := range m.Keys {
		w.line("role-key", k.Role+" "+k.Key)
	}
}

// moment writes a time that may be left open.
func (w *writer) moment(name string, t time.Time) {
	if t.IsZero() {
		w.line(name, "none")
		return
	}
	w.time(name, t)
}

// moment reads a time that may be left open.
func (r *reader) moment(name string) time.Time {
	value := r.need(name)
	if value == "none" {
		return time.Time{}
	}
	return get(r, value, heed.ParseTime)
}

// SignAccord signs a version with the proposer's node key and those of its
// officers, whose roles a names in their order; it puts the accord's sets into
// their order, fills in the keys and gives the version its id. What ParseAccord
// would refuse is not signed: the error then joins *heed.FieldErrors or matches
// ErrMalformed.
func SignAccord(a heed.Accord, node seal.SigningKey, officers ...seal.SigningKey) (heed.Accord, []byte, error) {
	if len(officers) != len(a.Officers) {
		return a, nil, fmt.Errorf("sign accord: %d keys for %d officers", len(officers), len(a.Officers))
	}
	a = a.Canonical()
	a.Node, a.Officers = node.Verifier().String(), stamped(a.Officers, officers)
	if err := a.Check(); err != nil {
		return a, nil, err
	}
	text := AccordText(a)
	read, err := parseAccordText(text)
	if err != nil {
		return a, nil, fmt.Errorf("sign accord: %w", err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return a, nil, fmt.Errorf("sign accord: %w", err)
	}
	return read, note, nil
}

// ParseAccord reads a signed version and verifies every signature with the keys
// that its text lists. Whether the node key is the proposer's is for the
// caller, who has the proposer's card.
func ParseAccord(note []byte) (heed.Accord, error) {
	a, err := ReadAccord(note)
	if err != nil {
		return heed.Accord{}, fmt.Errorf("accord: %w", err)
	}
	if err := openNote(note, a.Proposer, a.Node, a.Officers); err != nil {
		return heed.Accord{}, fmt.Errorf("accord %s: %w", a.ID.Short(), err)
	}
	return a, nil
}

// ReadAccord reads a version that was verified before it was kept: it parses
// strictly and verifies nothing.
func ReadAccord(note []byte) (heed.Accord, error) {
	text, _, err := splitNote(note, MaxAccord, MaxSignatures)
	if err != nil {
		return heed.Accord{}, err
	}
	return parseAccordText(text)
}

func parseAccordText(text string) (heed.Accord, error) {
	if len(text) > MaxAccord {
		return heed.Accord{}, malformed("%d bytes, and at most %d are read", len(text), MaxAccord)
	}
	var a heed.Accord
	r := newReader(text, accordFirst)
	readOrigin(r, &a)
	readAgreement(r, &a)
	a.Clocks = readClocks(r)
	a.Postures = list(r, "posture", heed.MaxPostures, parsePosture)
	a.Members = readMembers(r)
	a.Observers = list(r, "observer", heed.MaxObservers, func(s string) (o heed.Observer, err error) {
		o.Party, o.Card, err = parsePartyCard(s)
		return o, err
	})
	a.Node = get(r, r.need("node"), parseKey)
	a.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Accord{}, err
	}
	if err := a.Check(); err != nil {
		return heed.Accord{}, malformed("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if err := checkAuthorKeys(a.Proposer, a.Node, a.Officers); err != nil {
		return heed.Accord{}, err
	}
	if AccordText(a.Canonical()) != text {
		return heed.Accord{}, malformed("not in its canonical form")
	}
	a.ID = heed.VersionID(sha256.Sum256([]byte(text)))
	return a, nil
}

func readOrigin(r *reader, a *heed.Accord) {
	if value := r.need("accord"); value != "new" {
		a.Accord = heed.AccordID(get(r, value, parseNonzero))
	}
	a.Parent = heed.VersionID(r.digest("parent"))
	a.Number = r.serial("version")
	a.Renews = heed.AccordID(r.digest("renews"))
	a.Proposer = r.party("proposer")
	a.Time = r.time("time")
	a.Template = noneOr(get(r, r.need("template"), parseWord))
	a.Name = r.need("name")
	a.Purpose = r.need("purpose")
	a.LegalBasis = r.need("legal-basis")
	a.Purposes = list(r, "use", len(heed.Purposes()), heed.ParsePurpose)
}

func readAgreement(r *reader, a *heed.Accord) {
	a.Quorum = get(r, r.need("quorum"), parseCount)
	a.MustRatify = list(r, "must-ratify", heed.MaxMustRatify, heed.ParsePartyID)
	a.Reply = r.span("reply")
	a.Acknowledge = list(r, "acknowledge", heed.MaxRungs, parseWord)
	a.RoleKeys = r.yes("role-keys")
	a.Ceiling.TLP = get(r, r.need("tlp"), heed.ParseTLP)
	if pap := r.need("pap"); pap != "none" {
		a.Ceiling.PAP = get(r, pap, heed.ParsePAP)
	}
	a.Ceiling.PoliceCodes = list(r, "police-code", len(heed.PoliceCodes()), heed.ParsePoliceCode)
	a.Forwarding = get(r, r.need("forwarding"), heed.ParseForwardingRule)
	a.Disclosure.Counts = get(r, r.need("publish-counts"), heed.ParsePublisher)
	a.Disclosure.Times = get(r, r.need("publish-times"), heed.ParsePublisher)
	a.Disclosure.Fields = get(r, r.need("publish-fields"), heed.ParsePublisher)
	a.From = r.moment("from")
	a.Until = r.moment("until")
	a.End.Contents = get(r, r.need("contents"), heed.ParseContentsEnd)
	a.End.After = r.span("contents-after")
	a.End.Watches = get(r, r.need("watches"), heed.ParseWatchesEnd)
	a.Limitation = r.span("limitation")
	a.Notice = r.span("notice")
	a.TwoOfficers = r.yes("two-officers")
	a.RightsCheck = r.yes("rights-check")
	a.ReportHits = get(r, r.need("report-hits"), parseReporting)
	for _, d := range list(r, "lapse-notice", 1, parseSpan) {
		a.LapseNotice = d // zero is written by leaving it out, which writing it again holds
	}
	a.Screening.Types = list(r, "screen", len(heed.RecordTypes()), heed.ParseRecordType)
	a.Screening.Retention = r.span("retention")
	a.SituationReport = r.span("situation-report")
	a.Drills = r.span("drills")
}

// reportingWords are the values of `report-hits`. Yes and no are older than the
// third, and stay, so that what was signed with them keeps its id.
var reportingWords = map[heed.Reporting]string{heed.ReportConfirmed: "yes", heed.ReportAsked: "no", heed.ReportNever: "never"}

func parseReporting(s string) (heed.Reporting, error) {
	for r, word := range reportingWords {
		if word == s {
			return r, nil
		}
	}
	return heed.ReportAsked, malformed("%q is neither yes, no nor never", clip(s))
}

// parseCount reads a number of parties.
func parseCount(s string) (int, error) {
	n, err := parseNumber(s)
	if err == nil && n > heed.MaxMembers {
		err = malformed("%s is more than %d", strconv.Quote(clip(s)), heed.MaxMembers)
	}
	return int(n), err
}

// readClocks takes each clock's name and, behind it, its times. Their order,
// and that none stands twice, is held by writing them again.
func readClocks(r *reader) []heed.NamedClock {
	var all []heed.NamedClock
	for {
		value, ok := r.next("clock")
		if !ok || r.err != nil {
			return all
		}
		if len(all) == heed.MaxClocks {
			r.fail(malformed("line %d: more than %d clocks", r.at, heed.MaxClocks))
			return nil
		}
		c := heed.NamedClock{Name: get(r, value, parseWord), Clock: heed.Clock{}}
		for _, t := range list(r, "response", len(heed.DutyKinds())*len(heed.Urgencies()), parseClockTime) {
			if c.Clock[t.kind] == nil {
				c.Clock[t.kind] = map[heed.Urgency]time.Duration{}
			}
			c.Clock[t.kind][t.urgency] = t.time
		}
		all = append(all, c)
	}
}

func parsePosture(s string) (p heed.Posture, err error) {
	parts := strings.SplitN(s, " ", 4)
	if len(parts) != 4 {
		return p, malformed("a posture has two times, a clock and a name")
	}
	if p.From, err = heed.ParseTime(parts[0]); err != nil {
		return p, err
	}
	if p.Until, err = heed.ParseTime(parts[1]); err != nil {
		return p, err
	}
	p.Clock, p.Name = parts[2], parts[3]
	return p, nil
}

// readMembers takes each member and, behind it, its ladder and the keys of its roles.
func readMembers(r *reader) []heed.Member {
	var all []heed.Member
	for {
		value, ok := r.next("member")
		if !ok || r.err != nil {
			return all
		}
		if len(all) == heed.MaxMembers {
			r.fail(malformed("line %d: more than %d members", r.at, heed.MaxMembers))
			return nil
		}
		m := get(r, value, func(s string) (m heed.Member, err error) {
			m.Party, m.Card, err = parsePartyCard(s)
			return m, err
		})
		m.Ladder = list(r, "rung", heed.MaxRungs, parseRung)
		m.Keys = list(r, "role-key", heed.MaxRungs, parseRoleKey)
		all = append(all, m)
	}
}

func parsePartyCard(s string) (heed.PartyID, heed.CardID, error) {
	name, digest, ok := strings.Cut(s, " ")
	if !ok {
		return "", heed.CardID{}, malformed("a party and the id of its card are expected")
	}
	party, err := heed.ParsePartyID(name)
	if err != nil {
		return "", heed.CardID{}, err
	}
	card, err := parseNonzero(digest)
	return party, heed.CardID(card), err
}

func parseRoleKey(s string) (heed.RoleKey, error) {
	role, key, ok := strings.Cut(s, " ")
	if !ok {
		return heed.RoleKey{}, malformed("a role and its sealing key are expected")
	}
	if _, err := seal.ParseRecipient(key); err != nil {
		return heed.RoleKey{}, err
	}
	return heed.RoleKey{Role: role, Key: key}, nil
}
