package heed

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// States that only a one-sided case has. That a letter was delivered is what
// our officer says: it is not called received, which only a receipt shows.
const (
	StatePrepared  State = "prepared"  // a letter is written, and not on its way
	StateDelivered State = "delivered" // handed over, as recorded by us
)

// MaxEntries bounds what one one-sided case holds.
const MaxEntries = 1_000

// OneSidedMark is what stands wherever a one-sided case is shown.
const OneSidedMark = "one-sided: recorded by us, the partner has signed nothing"

// OneSided is a matter between us and a contact: a fold over the entries that we
// alone have signed. It is never a Case, which two parties have signed: it
// proves what we had put on record by when, and no receipt by anybody.
type OneSided struct {
	ID      CaseID
	Code    Code
	Contact ContactID
	Terms   ContactVersionID // as the opening names it
	Warned  Side             // who was warned, and owes
	Urgency Urgency
	Status  Status
	Opening Entry

	Entries []Entry // in the order in which they were made
	Misfits []EntryID
	Duties  []OneSidedDuty // by due time

	struck map[EntryID]EntryID // what was struck, by what
}

// OneSidedDuty is a reply that is owed in a one-sided case: by the contact, as we
// count it, or by us.
type OneSidedDuty struct {
	Kind      DutyKind
	OwedBy    Side
	From      EntryID
	Due       time.Time
	Discharge EntryID
	At        time.Time // when it was given, as recorded
	Refused   bool
	Ended     EntryID // the recall that ended it
	Reminded  int     // how many reminders name it
}

// Open reports whether the reply is still owed.
func (d OneSidedDuty) Open() bool { return d.Discharge.IsZero() && d.Ended.IsZero() }

// State is where the reply stands at now. One that was given late, as recorded,
// is late, whenever it was recorded.
func (d OneSidedDuty) State(now time.Time) DutyState {
	return Duty{Due: d.Due, Discharge: StatementID(d.Discharge), At: d.At, Refused: d.Refused, Ended: StatementID(d.Ended)}.State(now)
}

// FoldOneSided computes the case from its entries. It never fails: what does not
// stand in the chain that begins with the opening, or breaks a rule, is in
// Misfits. An entry's own times count, never the local clock.
func FoldOneSided(id CaseID, held []Entry) OneSided {
	c := OneSided{ID: id, struck: map[EntryID]EntryID{}}
	next := map[EntryID][]Entry{}
	for _, e := range held {
		switch {
		case e.CaseID() != id:
		case e.Kind.Opens() && CaseID(e.ID) == id:
			c.Opening = e
		default:
			next[e.Previous] = append(next[e.Previous], e)
		}
	}
	if c.Opening.ID.IsZero() {
		for _, all := range next {
			for _, e := range all {
				c.Misfits = append(c.Misfits, e.ID)
			}
		}
		slices.SortFunc(c.Misfits, compareEntries)
		return c
	}
	o := c.Opening
	c.Code, c.Contact, c.Terms, c.Urgency, c.Status = o.CaseCode(), o.Contact, o.Terms, o.Urgency, o.Status
	c.Warned = o.Side.Other()
	c.Entries = []Entry{o}
	placed := map[EntryID]bool{o.ID: true}
	for at := o.ID; ; {
		following := next[at]
		// Two that follow one entry: a restored node wrote a second time. Of what
		// fits, the one that was signed first goes on; the others count for nothing.
		slices.SortFunc(following, func(a, b Entry) int { return cmp.Or(a.Time.Compare(b.Time), compareEntries(a.ID, b.ID)) })
		i := slices.IndexFunc(following, func(e Entry) bool { return !placed[e.ID] && c.Fits(e) == nil })
		if i < 0 {
			break
		}
		e := following[i]
		c.Entries, at, placed[e.ID] = append(c.Entries, e), e.ID, true
		if e.Kind == EntryStruck {
			c.struck[e.Strikes] = e.ID
		}
	}
	for _, e := range held {
		if e.CaseID() == id && !placed[e.ID] {
			c.Misfits = append(c.Misfits, e.ID)
		}
	}
	slices.SortFunc(c.Misfits, compareEntries)
	c.collect()
	return c
}

func compareEntries(a, b EntryID) int { return slices.Compare(a[:], b[:]) }

// Last is the newest entry.
func (c OneSided) Last() EntryID {
	if len(c.Entries) == 0 {
		return EntryID{}
	}
	return c.Entries[len(c.Entries)-1].ID
}

// Struck is the entry that strikes another; false where none does.
func (c OneSided) Struck(id EntryID) (by EntryID, ok bool) {
	by, ok = c.struck[id]
	return by, ok
}

// Entry finds an entry of the case.
func (c OneSided) Entry(id EntryID) (Entry, bool) {
	for _, e := range c.Entries {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// Fits reports whether an entry may follow the newest one: it is by the same
// party about the same contact, the act of a side that has such an act here, and
// happened no earlier than the case began. People give times to the minute, and
// so that is as exact as it is held.
func (c OneSided) Fits(e Entry) error {
	bad := func(hint, format string, args ...any) error {
		return &Refused{Detail: fmt.Sprintf("one-sided case %s: ", c.Code.Spoken()) + fmt.Sprintf(format, args...), Hint: hint}
	}
	began := c.Opening.Time
	if c.Opening.Kind == EntryArrival {
		began = c.Opening.At
	}
	ours := c.Warned == Them
	switch {
	case e.Author != c.Opening.Author || e.Contact != c.Contact:
		return bad("", "an entry of another party, or about another contact")
	case len(c.Entries) >= MaxEntries:
		return bad("open another one", "it has %d entries, and takes no more", MaxEntries)
	case e.Kind.Opens():
		return bad("", "it is open already")
	case !e.At.IsZero() && e.At.Before(began.Truncate(time.Minute)):
		return bad("--at says when it happened", "that was at %s, and the case began at %s", FormatTime(e.At), FormatTime(began))
	case (e.Kind == EntrySent || e.Kind == EntryDelivered || e.Kind == EntryReminded) && !ours:
		return bad("put our replies on record, each with how it was sent", "the contact warned us: there is no letter of ours to send, to deliver or to remind of")
	case e.Kind == EntryRecalled && e.Side == c.Warned:
		return bad("the side that was warned can refuse it", "only the side that warned can take the warning back")
	}
	switch e.Kind {
	case EntryAcknowledged, EntryAssessed, EntryAnswered, EntryActed, EntryConcluded, EntryRefused:
		if e.Side != c.Warned {
			return bad("", "%s is the act of the side that was warned", e.Kind)
		}
	case EntryStruck:
		of, ok := c.Entry(e.Strikes)
		if _, twice := c.struck[e.Strikes]; !ok || twice || of.Kind.Opens() || of.Kind == EntryStruck {
			return bad("`heed letter show` lists the entries; a warning that was wrong is recalled", "entry %s cannot be struck: it is not here, was struck, opens the case, or strikes another itself", e.Strikes.Short())
		}
	}
	return nil
}

// StrikesAs lists the roles under which an entry may be struck: those under
// which officers signed it, and a supervisor's. Nobody undoes what that role may
// not say; what the node put on record by itself a supervisor alone strikes.
func (c OneSided) StrikesAs(id EntryID) []Role {
	var roles []Role
	if e, ok := c.Entry(id); ok {
		for _, o := range e.Officers {
			roles = append(roles, o.Role)
		}
	}
	return append(roles, Supervisor)
}

// standing are the entries that were not struck, in their order.
func (c OneSided) standing() []Entry {
	var all []Entry
	for _, e := range c.Entries {
		if _, gone := c.struck[e.ID]; !gone && e.Kind != EntryStruck {
			all = append(all, e)
		}
	}
	return all
}

// collect finds what is owed. A letter's clock runs from the first entry that
// says that it was sent, and from the first that says that it was delivered once
// there is one: whoever was warned has the whole of its time.
func (c *OneSided) collect() {
	standing := c.standing()
	first := func(kind EntryKind) (Entry, bool) {
		at := slices.IndexFunc(standing, func(e Entry) bool { return e.Kind == kind })
		if at < 0 {
			return Entry{}, false
		}
		return standing[at], true
	}
	from, runs := c.Opening, c.Opening.Kind == EntryArrival
	if !runs {
		if from, runs = first(EntryDelivered); !runs {
			from, runs = first(EntrySent)
		}
	}
	owe := func(e Entry) {
		for _, p := range e.Duties {
			c.Duties = append(c.Duties, OneSidedDuty{Kind: p.Kind, OwedBy: c.Warned, From: e.ID, Due: p.Due})
		}
	}
	if runs {
		owe(from)
	}
	if assessed, ok := first(EntryAssessed); ok {
		owe(assessed)
	}
	for i := range c.Duties {
		d := &c.Duties[i]
		for _, e := range standing {
			switch {
			case e.discharges(d.Kind) && (d.Discharge.IsZero() || e.At.Before(d.At)):
				d.Discharge, d.At, d.Refused = e.ID, e.At, e.Kind == EntryRefused
			case e.Kind == EntryRecalled && d.Ended.IsZero():
				d.Ended = e.ID
			case e.Kind == EntryReminded && slices.ContainsFunc(e.Duties, func(p Promise) bool { return p.Kind == d.Kind }):
				d.Reminded++
			}
		}
		if !d.Discharge.IsZero() {
			d.Ended = EntryID{} // it was given
		}
	}
	slices.SortStableFunc(c.Duties, func(a, b OneSidedDuty) int {
		return cmp.Or(a.Due.Compare(b.Due), dutyOrder(a.Kind)-dutyOrder(b.Kind))
	})
}

// discharges reports whether the entry is a reply of that kind.
func (e Entry) discharges(kind DutyKind) bool {
	switch kind {
	case DutyAcknowledge:
		return e.Kind == EntryAcknowledged || e.Kind == EntryAssessed || e.Kind == EntryRefused
	case DutyAssess:
		return e.Kind == EntryAssessed || e.Kind == EntryRefused
	case DutyAnswer:
		return e.Kind == EntryAnswered || e.Kind == EntryRefused
	case DutyReport:
		return e.Kind == EntryActed || e.Kind == EntryConcluded
	case DutyConclude:
		return e.Kind == EntryConcluded
	}
	return false
}

// OpenDuties are those that a side owes, in the order of due time.
func (c OneSided) OpenDuties(side Side) []OneSidedDuty {
	var open []OneSidedDuty
	for _, d := range c.Duties {
		if d.Open() && d.OwedBy == side {
			open = append(open, d)
		}
	}
	return open
}

// Duty finds a reply that is or was owed.
func (c OneSided) Duty(kind DutyKind) (OneSidedDuty, bool) {
	for _, d := range c.Duties {
		if d.Kind == kind {
			return d, true
		}
	}
	return OneSidedDuty{}, false
}

var entryState = map[EntryKind]State{
	EntryLetter: StatePrepared, EntryArrival: StateReceived, EntrySent: StateSent, EntryDelivered: StateDelivered,
	EntryAcknowledged: StateAcknowledged, EntryAssessed: StateAssessed, EntryAnswered: StateAnswered, EntryActed: StateActed,
	EntryConcluded: StateConcluded, EntryRefused: StateRefused, EntryRecalled: StateRecalled, EntryReminded: StateReminded,
}

// OneSidedStates lists the states that a one-sided case can come to.
func OneSidedStates() []State {
	return []State{StatePrepared, StateSent, StateDelivered, StateReceived, StateAcknowledged, StateAnswered, StateReminded, StateAssessed, StateActed, StateConcluded, StateRefused, StateRecalled}
}

// Reached gives when the case first came to each state, by what was recorded.
// An assessment acknowledges too.
func (c OneSided) Reached() map[State]time.Time {
	reached := map[State]time.Time{}
	reach := func(s State, at time.Time) {
		if first, ok := reached[s]; !ok || at.Before(first) {
			reached[s] = at
		}
	}
	for _, e := range c.standing() {
		state, ok := entryState[e.Kind]
		if !ok {
			continue
		}
		at := e.At
		if at.IsZero() {
			at = e.Time
		}
		reach(state, at)
		if e.Kind == EntryAssessed {
			reach(StateAcknowledged, at)
		}
	}
	return reached
}

// Stage is the furthest that the case has come, for a list.
func (c OneSided) Stage() State {
	at := c.Reached()
	for _, s := range []State{StateRecalled, StateConcluded, StateRefused, StateActed, StateAssessed, StateAnswered, StateAcknowledged, StateDelivered, StateReceived, StateSent} {
		if _, ok := at[s]; ok {
			return s
		}
	}
	return StatePrepared
}
