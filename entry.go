package heed

import (
	"fmt"
	"slices"
	"time"
)

// EntryID is the SHA-256 of an entry's signed text.
type EntryID Digest

func (id EntryID) String() string { return Digest(id).String() }

// IsZero reports whether id names no entry.
func (id EntryID) IsZero() bool { return id == EntryID{} }

// Short is the first eight digits, for people to tell entries of one case apart.
func (id EntryID) Short() string { return id.String()[:8] }

// EntryKind is what an entry puts on record.
type EntryKind string

// The kinds of entries. What the partner did is the partner's act by our word
// alone: it has signed nothing.
const (
	EntryLetter       EntryKind = "letter"       // our warning to a contact; opens a case
	EntryArrival      EntryKind = "arrival"      // a contact's warning to us; opens a case
	EntrySent         EntryKind = "sent"         // our letter left us; its clock starts
	EntryDelivered    EntryKind = "delivered"    // our letter was handed over, as far as we know; its clock counts from there
	EntryAcknowledged EntryKind = "acknowledged" // from here on, the acts of whoever owes
	EntryAssessed     EntryKind = "assessed"
	EntryAnswered     EntryKind = "answered"
	EntryActed        EntryKind = "acted"
	EntryConcluded    EntryKind = "concluded"
	EntryRefused      EntryKind = "refused"
	EntryRecalled     EntryKind = "recalled" // whoever warned takes it back: nothing more is owed for it
	EntryReminded     EntryKind = "reminded" // a reminder was written to the contact
	EntryNoted        EntryKind = "noted"    // whatever else is to be on record
	EntryStruck       EntryKind = "struck"   // an earlier entry was wrong: it counts for nothing, and stays readable
)

// Side says whose act an entry puts on record: the party's that keeps it, or
// the contact's.
type Side string

// The sides of a one-sided case.
const (
	Us   Side = "us"
	Them Side = "contact"
)

// Other is the other side.
func (s Side) Other() Side {
	if s == Us {
		return Them
	}
	return Us
}

// ParseSide reads a side.
func ParseSide(s string) (Side, error) { return oneOf("side", Side(s), []Side{Us, Them}) }

// Via is how something went between us and a contact.
type Via string

// The ways. A node sends by mail alone; all others are people's.
const (
	ViaMail      Via = "mail"
	ViaTelephone Via = "telephone"
	ViaPaper     Via = "paper" // by post or courier
	ViaHand      Via = "hand"  // handed over
	ViaOther     Via = "other"
)

// Vias lists all ways.
func Vias() []Via { return []Via{ViaMail, ViaTelephone, ViaPaper, ViaHand, ViaOther} }

// ParseVia reads a way.
func ParseVia(s string) (Via, error) { return oneOf("way", Via(s), Vias()) }

// entryManner is everything about an entry's kind that rules ask for.
type entryManner struct {
	kind  EntryKind
	opens bool
	us    Action // what an officer does who puts our act on record; empty: it can be no act of ours
	them  Action // the same for the contact's
	via   bool   // it says how
}

var entryManners = []entryManner{
	{kind: EntryLetter, opens: true, us: ActWarn},
	{kind: EntryArrival, opens: true, them: ActCall, via: true},
	{kind: EntrySent, us: ActCall, via: true},
	{kind: EntryDelivered, us: ActCall, via: true},
	{kind: EntryAcknowledged, us: ActAcknowledge, them: ActCall, via: true},
	{kind: EntryAssessed, us: ActAssess, them: ActCall, via: true},
	{kind: EntryAnswered, us: ActAnswer, them: ActCall, via: true},
	{kind: EntryActed, us: ActReport, them: ActCall, via: true},
	{kind: EntryConcluded, us: ActConclude, them: ActCall, via: true},
	{kind: EntryRefused, us: ActRefuse, them: ActCall, via: true},
	{kind: EntryRecalled, us: ActWarn, them: ActCall, via: true},
	{kind: EntryReminded, us: ActCall, via: true},
	{kind: EntryNoted, us: ActCall, them: ActCall, via: true},
	{kind: EntryStruck, us: ActCall}, // under a role of OneSided.StrikesAs alone
}

func (k EntryKind) manner() (entryManner, bool) {
	at := slices.IndexFunc(entryManners, func(m entryManner) bool { return m.kind == k })
	if at < 0 {
		return entryManner{}, false
	}
	return entryManners[at], true
}

// EntryKinds lists all kinds.
func EntryKinds() []EntryKind {
	all := make([]EntryKind, len(entryManners))
	for i, m := range entryManners {
		all[i] = m.kind
	}
	return all
}

// ParseEntryKind reads a kind.
func ParseEntryKind(s string) (EntryKind, error) {
	return oneOf("entry kind", EntryKind(s), EntryKinds())
}

// Opens reports whether entries of this kind open a case.
func (k EntryKind) Opens() bool {
	m, _ := k.manner()
	return m.opens
}

// Dated reports whether entries of this kind say when and how something
// happened, which an officer puts on record later: all but our own letter and
// what strikes an entry.
func (k EntryKind) Dated() bool {
	m, _ := k.manner()
	return m.via
}

// Action is what an officer does who puts an act of that side on record; empty
// where that side has no such act.
func (k EntryKind) Action(side Side) Action {
	m, _ := k.manner()
	if side == Us {
		return m.us
	}
	return m.them
}

// Entry is what a party puts on record of a one-sided case: of a matter between
// it and a contact, which runs no heed, holds no key and signs nothing. Its
// author alone signs it, and its ledger commits to it. It proves that its author
// said so by then, and nothing of what the contact did. It is no statement:
// nobody is given it, nobody owes a receipt for it, and no envelope carries it.
type Entry struct {
	ID       EntryID
	Kind     EntryKind
	Case     CaseID // zero where it opens its case
	Author   PartyID
	Card     uint64 // serial of the author's card
	Contact  ContactID
	Terms    ContactVersionID // the version on record of the contact when it was made
	Side     Side             // whose act it is
	Time     time.Time        // when it was signed
	At       time.Time        // when it happened, as the officer says; zero where the kind is not Dated
	Via      Via
	Previous EntryID // the one before it in its case; zero in what opens one
	After    Digest  // a witnessed checkpoint that existed before; zero: none
	TagKey   Digest  // SHA-256("heed-tagkey-v1\0" | K)
	Release  ReleaseID
	Contents []ContentRef

	Urgency     Urgency     // what opens a case
	Status      Status      // what opens a case
	AsksAnswer  bool        // what opens a case
	Disposition Disposition // assessed
	Outcome     Outcome     // concluded
	Code        RefusalCode // refused
	Strikes     EntryID     // struck
	Duties      []Promise   // sent, delivered, arrival, assessed: what follows, and when; reminded: what is meant

	Node     string
	Officers []OfficerStamp
}

// Media types of the contents of entries.
const (
	// MediaAccount is an Account: what was said, and by whom.
	MediaAccount = "application/vnd.heed.account"
)

// Account is what somebody said, in words, as the officer puts it on record. It
// is a content, so that erasing contents takes the names with it.
type Account struct {
	By   string // the person of the contact, as that person gave the name; may be empty
	Text string // may be empty where By is not
}

// Bounds of an account, in bytes.
const (
	MaxAccountBy   = 200
	MaxAccountText = 64 << 10
)

// CaseID is the case that the entry belongs to: its own id where it opens one.
func (e Entry) CaseID() CaseID {
	if e.Case.IsZero() {
		return CaseID(e.ID)
	}
	return e.Case
}

// CaseCode is the code of the case that the entry opens: that of its first
// content, so that a draft has the code already. The contact quotes it.
func (e Entry) CaseCode() Code { return CodeOf(e.Contents[0].Digest) }

// Check reports whether the entry is complete for its kind and consistent in
// itself. What depends on the case is FoldOneSided's.
func (e Entry) Check() error {
	bad := func(format string, args ...any) error {
		return &Invalid{What: string(e.Kind) + " entry: " + fmt.Sprintf(format, args...)}
	}
	m, known := e.Kind.manner()
	action := e.Kind.Action(e.Side)
	switch {
	case !known:
		return bad("unknown kind")
	case action == "":
		return bad("it is no act of side %q", clip(string(e.Side)))
	case e.Card == 0:
		return bad("a card's serial number is at least 1")
	case e.Terms.IsZero() || e.TagKey.IsZero():
		return bad("it names no version of its contact, or no tag key")
	case m.opens != e.Case.IsZero():
		return bad("a letter and an arrival open a case, and nothing else does")
	case m.opens != e.Previous.IsZero():
		return bad("it names the entry before it unless it opens a case")
	case m.via != !e.At.IsZero() || m.via != (e.Via != ""):
		return bad("it says when and how it happened, unless it is a letter or strikes an entry")
	case e.At.After(e.Time):
		return bad("it would have happened at %s, after it was put on record", FormatTime(e.At))
	case (e.Kind == EntryLetter) != !e.Release.IsZero():
		return bad("a letter names its release, and nothing else does")
	case e.Kind == EntryLetter && len(e.Officers) != 0:
		return bad("officers sign its release")
	case e.Kind != EntryLetter && len(e.Officers) == 0 && !e.byNode():
		return bad("an officer must sign it")
	case m.opens && (e.Urgency == "" || e.Status == "" || len(e.Contents) == 0 || e.Contents[0].MediaType != MediaWarning):
		return bad("what opens a case says its urgency and status, and its first content is the warning")
	case e.Kind == EntryStruck && e.Strikes.IsZero():
		return bad("it names no entry to strike")
	case len(e.Contents) > MaxContents || len(e.Duties) > MaxDuties || len(e.Officers) > MaxOfficers:
		return bad("a list is too long")
	case e.Kind == EntryReminded && len(e.Duties) == 0:
		return bad("it names no reply of which the contact is reminded")
	case (e.Kind == EntryAnswered || e.Kind == EntryNoted || e.Kind == EntryStruck || e.Kind == EntryRecalled) && len(e.Contents) == 0:
		return bad("it says nothing")
	}
	for _, o := range e.Officers {
		if !Permits(o.Role, action) {
			return bad("role %s does not permit %q", o.Role, action)
		}
	}
	return e.checkDuties(bad)
}

// byNode reports whether a node may make the entry by itself: that a mail of
// ours was accepted by a mail server, which no officer sees.
func (e Entry) byNode() bool {
	return e.Via == ViaMail && e.Side == Us && (e.Kind == EntrySent || e.Kind == EntryReminded || e.Kind == EntryNoted)
}

func (e Entry) checkDuties(bad func(string, ...any) error) error {
	for i, p := range e.Duties {
		if i > 0 && dutyOrder(e.Duties[i-1].Kind) >= dutyOrder(p.Kind) {
			return bad("its duties are not in their order, each once")
		}
		if e.Kind == EntryAssessed && (!e.Disposition.Obliges() || p.Kind != DutyReport && p.Kind != DutyConclude) {
			return bad("a credible assessment, and no other, names the duties to report and to conclude, and no others")
		}
	}
	switch e.Kind {
	case EntrySent, EntryDelivered, EntryArrival, EntryAssessed, EntryReminded:
	default:
		if len(e.Duties) > 0 {
			return bad("it names duties")
		}
	}
	return nil
}

// PromisesBy is what a one-sided warning makes its recipient owe by a clock,
// counted from the time at which it left or came.
func PromisesBy(clock Clock, urgency Urgency, asksAnswer bool, from time.Time) []Promise {
	kinds := []DutyKind{DutyAcknowledge, DutyAssess}
	if asksAnswer {
		kinds = append(kinds, DutyAnswer)
	}
	return promise(kinds, urgency, Baseline{Clock: clock}, from)
}
