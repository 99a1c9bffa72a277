package stats

import (
	"fmt"
	"slices"
	"strings"

	"heed"
)

// Accord is the accord to whose cases a report is confined. It says who stands
// in it, and what of the figures may be published and by whom. The report has
// the cases of one party's node: of what others say to each other it knows nothing.
type Accord struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Version   uint64           `json:"version"` // number of the one in force, or last in force, or open
	State     heed.AccordState `json:"state"`
	Members   []heed.PartyID   `json:"members"`   // by name
	Observers []heed.PartyID   `json:"observers"` // by name
	// Disclosure is the rule of that version, and Reserved are the parties that
	// are not bound by it.
	Disclosure Disclosure     `json:"disclosure"`
	Reserved   []heed.PartyID `json:"reserved"`
}

// Disclosure says who may publish what of the figures.
type Disclosure struct {
	Counts heed.Publisher `json:"counts"`
	Times  heed.Publisher `json:"times"` // response times among them
	Fields heed.Publisher `json:"fields"`
}

// clauseDisclosure is the clause to which a party may have made a reservation.
const clauseDisclosure heed.Clause = "disclosure"

// AccordOf is what a report says of an accord as it stands under those terms.
func AccordOf(terms heed.Accord, standing heed.Standing) *Accord {
	a := &Accord{
		ID: terms.AccordID().String(), Name: terms.Name, Version: terms.Number, State: standing.State,
		Members: []heed.PartyID{}, Observers: []heed.PartyID{}, Reserved: []heed.PartyID{},
		Disclosure: Disclosure(terms.Disclosure),
	}
	for _, m := range terms.Members {
		a.Members = append(a.Members, m.Party)
		for _, r := range standing.Answer(terms.ID, m.Party).Reservations {
			if r.Clause == clauseDisclosure && !slices.Contains(a.Reserved, m.Party) {
				a.Reserved = append(a.Reserved, m.Party)
			}
		}
	}
	for _, o := range terms.Observers {
		a.Observers = append(a.Observers, o.Party)
	}
	slices.Sort(a.Members)
	slices.Sort(a.Observers)
	slices.Sort(a.Reserved)
	return a
}

// publisherWords say who may publish something.
var publisherWords = map[heed.Publisher]string{
	heed.PublishNobody: "by nobody",
	heed.PublishAgreed: "where both sides of a relation have signed it",
	heed.PublishOwn:    "by each party of what it did itself",
	heed.PublishMember: "by any member",
}

// Rules are what may be published of the figures, a sentence each.
func (a *Accord) Rules() []string {
	rules := []string{
		"Counts may be published " + publisherWords[a.Disclosure.Counts] + ".",
		"Times, response times among them, may be published " + publisherWords[a.Disclosure.Times] + ".",
		"Single fields of what was said may be published " + publisherWords[a.Disclosure.Fields] + ". None is in this report.",
	}
	if len(a.Reserved) > 0 {
		rules = append(rules, "Not bound by this, for a reservation to the clause: "+joined(a.Reserved)+".")
	}
	return rules
}

// Mark is the rule in one line, for the head of whatever shows figures.
func (a *Accord) Mark() string {
	if a.Disclosure.Counts == heed.PublishNobody && a.Disclosure.Times == heed.PublishNobody {
		return "NOT FOR PUBLICATION under accord " + a.ID[:8]
	}
	return fmt.Sprintf("RESTRICTED under accord %s: counts are published %s, times %s", a.ID[:8], publisherWords[a.Disclosure.Counts], publisherWords[a.Disclosure.Times])
}

func joined(parties []heed.PartyID) string {
	var all []string
	for _, p := range parties {
		all = append(all, string(p))
	}
	return strings.Join(all, ", ")
}

// Scope says what of the accord the report can know.
func (r Report) Scope() string {
	return fmt.Sprintf("These are the cases of %s alone: what the others say to each other is known only to them.", r.Party)
}

// What a party is in an accord.
const (
	RoleMember   = "member"
	RoleObserver = "observer"
	RoleFormer   = "not in it any more"
)

// MemberRow is what the party that counts and one other party of an accord have
// sent each other, that is meant, in all urgencies.
type MemberRow struct {
	Party heed.PartyID
	Role  string // RoleMember and the others
	To    Exchanged
	From  Exchanged
}

// Exchanged is one direction in short.
type Exchanged struct {
	Warnings, Questions  int
	Acknowledged         int // warnings
	Due, Timely, Overdue int // replies
}

// Matrix sets beside each other what the party has exchanged with everybody who
// stands in the accord, and with whoever stood in it and has cases. Nil where the
// report is of no accord.
func (r Report) Matrix() []MemberRow {
	if r.Accord == nil {
		return nil
	}
	roles := map[heed.PartyID]string{}
	for _, p := range r.Accord.Members {
		roles[p] = RoleMember
	}
	for _, p := range r.Accord.Observers {
		roles[p] = RoleObserver
	}
	delete(roles, r.Party)
	with := map[heed.PartyID]Relation{}
	for _, relation := range r.Relations {
		other := relation.Parties[0]
		if other == r.Party {
			other = relation.Parties[1]
		}
		with[other] = relation
		if roles[other] == "" {
			roles[other] = RoleFormer
		}
	}
	var rows []MemberRow
	for party, role := range roles {
		row := MemberRow{Party: party, Role: role}
		for _, d := range with[party].Directions {
			if d.From == r.Party {
				row.To = exchanged(d)
			} else {
				row.From = exchanged(d)
			}
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b MemberRow) int { return strings.Compare(string(a.Party), string(b.Party)) })
	return rows
}

func exchanged(d Direction) Exchanged {
	l, _ := d.Line(heed.StatusActual, AllUrgencies)
	all := l.All()
	return Exchanged{
		Warnings: l.Warnings.Sent, Questions: l.Questions.Sent, Acknowledged: l.Warnings.Acknowledged,
		Due: all.Due(), Timely: all.Timely, Overdue: all.Overdue,
	}
}
