package stats

import (
	"cmp"
	"slices"

	"heed"
)

// Report is what one party's node counts at one time.
type Report struct {
	Party heed.PartyID `json:"party"` // whose node has counted
	AsOf  Time         `json:"asOf"`  // by its clock: what is overdue, is so then
	Since Time         `json:"since"` // zero: from the first case on
	Until Time         `json:"until"` // zero: up to the last
	Cases int          `json:"cases"` // that were counted
	// Unconfirmed are the statements of these cases that have no receipt yet.
	// While there are some, the other side may count otherwise.
	Unconfirmed int `json:"unconfirmed"`
	// Incomplete are the cases that are not counted, because their opening
	// statement has not arrived, or was refused by the other node. Nobody can
	// say in which period they fall.
	Incomplete int        `json:"incomplete"`
	Accord     *Accord    `json:"accord,omitempty"` // only cases that name it are counted; nil: all are
	Relations  []Relation `json:"relations"`        // by name of the parties
	// Reconciled is what the parties have signed of periods within this one,
	// the newest first. It was counted as of its own time.
	Reconciled []Reconciled `json:"reconciled,omitempty"`
}

// Relation is two parties. It is the same on both sides once nothing is in flight.
type Relation struct {
	Parties    [2]heed.PartyID `json:"parties"`    // by name
	Directions [2]Direction    `json:"directions"` // from the first to the second, and back
}

// Direction is what one party sent the other, and how the other replied.
type Direction struct {
	From  heed.PartyID `json:"from"`
	To    heed.PartyID `json:"to"`
	Lines []Line       `json:"lines"` // by status, then urgency, all urgencies first; only those with something in them
}

// AllUrgencies stands in a Line for the sum over all urgencies.
const AllUrgencies = heed.AllUrgencies

// Line is the figures of one status and one urgency. Status is that of the
// case: what is not Actual is never added to what is. Urgency is that of the
// statement that asks for the reply, or of the case where that has none.
type Line struct {
	Status  heed.Status  `json:"status"`
	Urgency heed.Urgency `json:"urgency"`
	Figures
}

// Line finds a line: nothing was counted where there is none.
func (d Direction) Line(status heed.Status, urgency heed.Urgency) (Line, bool) {
	for _, l := range d.Lines {
		if l.Status == status && l.Urgency == urgency {
			return l, true
		}
	}
	return Line{Status: status, Urgency: urgency}, false
}

// Statuses lists those that have lines in a relation, Actual first.
func (r Relation) Statuses() []heed.Status {
	var all []heed.Status
	for _, status := range heed.Statuses() {
		for _, d := range r.Directions {
			if _, ok := d.Line(status, AllUrgencies); ok && !slices.Contains(all, status) {
				all = append(all, status)
			}
		}
	}
	return all
}

// Report is what was counted so far.
func (t *Tally) Report() Report {
	r := Report{
		Party: t.party, AsOf: Time{t.asOf}, Since: Time{t.period.Since.UTC()}, Until: Time{t.period.Until.UTC()},
		Cases: t.cases, Unconfirmed: t.unconfirmed, Incomplete: t.incomplete, Relations: []Relation{},
	}
	for place, c := range t.counts {
		parties := [2]heed.PartyID{min(place.from, place.to), max(place.from, place.to)}
		at := slices.IndexFunc(r.Relations, func(r Relation) bool { return r.Parties == parties })
		if at < 0 {
			at = len(r.Relations)
			r.Relations = append(r.Relations, Relation{Parties: parties, Directions: [2]Direction{
				{From: parties[0], To: parties[1], Lines: []Line{}}, {From: parties[1], To: parties[0], Lines: []Line{}},
			}})
		}
		d := &r.Relations[at].Directions[0]
		if d.From != place.from {
			d = &r.Relations[at].Directions[1]
		}
		d.Lines = append(d.Lines, Line{Status: place.status, Urgency: place.urgency, Figures: c.figures()})
	}
	slices.SortFunc(r.Relations, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Parties[0], b.Parties[0]), cmp.Compare(a.Parties[1], b.Parties[1]))
	})
	for _, relation := range r.Relations {
		for _, d := range relation.Directions {
			slices.SortFunc(d.Lines, func(a, b Line) int {
				return cmp.Or(slices.Index(heed.Statuses(), a.Status)-slices.Index(heed.Statuses(), b.Status),
					slices.Index(heed.Urgencies(), a.Urgency)-slices.Index(heed.Urgencies(), b.Urgency))
			})
		}
	}
	return r
}

// figures are the count with its percentiles.
func (c *count) figures() Figures {
	f := c.Figures
	f.Replies = []Replies{}
	for _, kind := range heed.DutyKinds() {
		r, ok := c.replies[kind]
		if !ok {
			continue
		}
		line := *r
		line.Median, line.Ninetieth = percentiles(c.times[kind])
		f.Replies = append(f.Replies, line)
	}
	return f
}
