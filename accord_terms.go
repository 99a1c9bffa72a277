package heed

import (
	"slices"
	"strconv"
	"time"
)

// Ceiling is the strictest handling that a warning under the accord may ask
// for. What is more sensitive is not sent under it.
type Ceiling struct {
	TLP         TLP
	PAP         PAP          // empty: any
	PoliceCodes []PoliceCode // those that may be used; none: none
}

// ForwardingRule says whether what came under the accord may be passed on.
type ForwardingRule string

// The forwarding rules. Whatever they are, a warning's own handling is kept;
// the rule can only be stricter.
const (
	ForwardNever    ForwardingRule = "never"          // to nobody
	ForwardAsk      ForwardingRule = "ask-originator" // to nobody without the originator's consent
	ForwardMembers  ForwardingRule = "members"        // among the members, and to others with consent
	ForwardAsMarked ForwardingRule = "as-marked"      // as each warning's handling says
)

// ForwardingRules lists all forwarding rules, the strictest first.
func ForwardingRules() []ForwardingRule {
	return []ForwardingRule{ForwardNever, ForwardAsk, ForwardMembers, ForwardAsMarked}
}

// ParseForwardingRule reads a forwarding rule.
func ParseForwardingRule(s string) (ForwardingRule, error) {
	return oneOf("forwarding rule", ForwardingRule(s), ForwardingRules())
}

// Publisher says who may tell the public.
type Publisher string

// The publishers.
const (
	PublishNobody Publisher = "nobody"
	PublishAgreed Publisher = "agreed"   // what both sides of a relation have signed
	PublishOwn    Publisher = "own-side" // each party what it did itself
	PublishMember Publisher = "any-member"
)

// Publishers lists all publishers, the strictest first.
func Publishers() []Publisher {
	return []Publisher{PublishNobody, PublishAgreed, PublishOwn, PublishMember}
}

// ParsePublisher reads a publisher.
func ParsePublisher(s string) (Publisher, error) {
	return oneOf("publisher", Publisher(s), Publishers())
}

// Disclosure says who may publish what.
type Disclosure struct {
	Counts Publisher // how many were sent, answered, late
	Times  Publisher // when something was sent, opened, answered
	Fields Publisher // single fields of what was said
}

// ContentsEnd says what happens to contents when the accord ends.
type ContentsEnd string

// What happens to contents.
const (
	ContentsErase ContentsEnd = "erase" // with their salts, after Ending.After
	ContentsKeep  ContentsEnd = "keep"  // as each party's own law says
)

// ContentsEnds lists what can happen to contents.
func ContentsEnds() []ContentsEnd { return []ContentsEnd{ContentsErase, ContentsKeep} }

// ParseContentsEnd reads what happens to contents.
func ParseContentsEnd(s string) (ContentsEnd, error) {
	return oneOf("end of contents", ContentsEnd(s), ContentsEnds())
}

// WatchesEnd says what happens to watches when the accord ends. None lapses by
// itself: a watch lapses by a signed decision that was announced.
type WatchesEnd string

// What happens to watches.
const (
	WatchesLapse  WatchesEnd = "announce-lapse" // each is announced to lapse
	WatchesDecide WatchesEnd = "decide"         // a decision is owed on each
	WatchesKeep   WatchesEnd = "keep"           // they stand, under the parties' cards
)

// WatchesEnds lists what can happen to watches.
func WatchesEnds() []WatchesEnd { return []WatchesEnd{WatchesLapse, WatchesDecide, WatchesKeep} }

// ParseWatchesEnd reads what happens to watches.
func ParseWatchesEnd(s string) (WatchesEnd, error) {
	return oneOf("end of watches", WatchesEnd(s), WatchesEnds())
}

// Reporting says which confirmed hits are reported to the warner. The zero value
// is ReportAsked, so that terms which say nothing ask for nothing more.
type Reporting uint8

// Which hits are reported.
const (
	ReportAsked     Reporting = iota // those for which the warning has a standing ask
	ReportConfirmed                  // all that an officer has confirmed
	ReportNever                      // none, whatever a warning asks
)

var reportingWords = []string{ReportAsked: "asked", ReportConfirmed: "confirmed", ReportNever: "never"}

// Reportings lists which hits can be reported.
func Reportings() []Reporting { return []Reporting{ReportAsked, ReportConfirmed, ReportNever} }

func (r Reporting) String() string {
	if int(r) >= len(reportingWords) {
		return "Reporting(" + strconv.Itoa(int(r)) + ")"
	}
	return reportingWords[r]
}

// ParseReporting reads which hits are reported.
func ParseReporting(s string) (Reporting, error) {
	word, err := oneOf("reporting of hits", s, reportingWords)
	if err != nil {
		return ReportAsked, err
	}
	return Reporting(slices.Index(reportingWords, word)), nil
}

// Ending is what happens when the accord ends.
type Ending struct {
	Contents ContentsEnd
	After    time.Duration // from the end to the erasure of contents; zero where they are kept
	Watches  WatchesEnd
}

// RecordType is the sort of records that are screened against watches.
type RecordType string

// The record types.
const (
	RecordPassenger     RecordType = "passenger"
	RecordBorder        RecordType = "border"
	RecordVisitor       RecordType = "visitor"
	RecordAccreditation RecordType = "accreditation"
	RecordVisa          RecordType = "visa"
)

// RecordTypes lists all record types.
func RecordTypes() []RecordType {
	return []RecordType{RecordPassenger, RecordBorder, RecordVisitor, RecordAccreditation, RecordVisa}
}

// ParseRecordType reads a record type.
func ParseRecordType(s string) (RecordType, error) {
	return oneOf("record type", RecordType(s), RecordTypes())
}

// Screening is what members screen against the watches of the accord.
type Screening struct {
	Types []RecordType
	// Retention is how long a screened record is kept, so that a later warning
	// finds who came before it; zero: not at all.
	Retention time.Duration
}

// Clause names a part of an accord to which a party may make a reservation. It
// is the part's key in the hand-written form.
type Clause string

// Clauses lists the clauses that admit a reservation. Who the members are, how
// many ratify and when the accord begins and ends admit none: a reservation to
// them would be another accord (Vienna Convention on the Law of Treaties,
// Article 19(c)).
func Clauses() []Clause {
	return []Clause{
		"purpose", "purposes", "legal-basis", "clocks", "reply", "acknowledge", "role-keys", "ceiling", "forwarding",
		"disclosure", "postures", "end", "limitation", "notice", "release", "report-hits", "screening",
		"situation-report", "drills", "lapse-notice",
	}
}

// ParseClause reads a clause that admits a reservation.
func ParseClause(s string) (Clause, error) { return oneOf("clause", Clause(s), Clauses()) }

// Admits reports whether a warning with that handling may be sent under the
// accord. The error is a *Refused that names the clause.
func (a Accord) Admits(h Handling) error {
	refuse := func(clause Clause, problem, hint string) error {
		return &Refused{Code: NotAdmitted, Detail: "accord " + a.Name + ", clause " + string(clause) + ": " + problem, Hint: hint}
	}
	if h.TLP.StricterThan(a.Ceiling.TLP) {
		return refuse("ceiling", "TLP:"+clip(string(h.TLP))+" is stricter than TLP:"+string(a.Ceiling.TLP), "send it without the accord, under the recipient's card")
	}
	if a.Ceiling.PAP != "" && h.PAP.StricterThan(a.Ceiling.PAP) {
		return refuse("ceiling", "PAP:"+clip(string(h.PAP))+" is stricter than PAP:"+string(a.Ceiling.PAP), "send it without the accord, under the recipient's card")
	}
	for _, code := range h.PoliceCodes {
		if !slices.Contains(a.Ceiling.PoliceCodes, code) {
			return refuse("ceiling", "the police code "+clip(string(code))+" is not among those agreed", "agreed are: "+orNothing(joined(a.Ceiling.PoliceCodes)))
		}
	}
	for _, purpose := range h.Purposes {
		if !slices.Contains(a.Purposes, purpose) {
			return refuse("purposes", "the purpose "+clip(string(purpose))+" is not among those agreed", "agreed are: "+orNothing(joined(a.Purposes)))
		}
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Forwards says whether what a party received under the accord may be passed
// on to another: ask reports that the originator is asked first, and the error,
// a *Refused that names the clause, that it may not be passed on at all.
func (a Accord) Forwards(h Handling, to PartyID) (ask bool, err error) {
	_, member := a.Member(to)
	switch a.Forwarding {
	case ForwardAsMarked:
		return h.AskFirst(to), nil
	case ForwardMembers:
		return !member || h.AskFirst(to), nil
	case ForwardAsk:
		return true, nil
	}
	return false, &Refused{
		Code: HandlingConflict, Detail: "accord " + a.Name + ", clause forwarding: what came under it is passed on to nobody",
		Hint: "name the matter to the originator, who can warn the third party itself",
	}
}
