package stats

import (
	"time"

	"heed"
)

// Tally counts cases. Their order plays no part. It keeps numbers, and one
// response time of eight bytes for each reply that was given.
type Tally struct {
	party  heed.PartyID
	asOf   time.Time
	period Period

	cases       int
	unconfirmed int
	incomplete  int
	counts      map[place]*count
}

// place is where a count belongs.
type place struct {
	from, to heed.PartyID
	status   heed.Status
	urgency  heed.Urgency
}

type count struct {
	Figures
	replies map[heed.DutyKind]*Replies
	times   map[heed.DutyKind][]time.Duration
}

// New begins to count for a party as of a time: that by which a reply that is
// missing is overdue.
func New(party heed.PartyID, period Period, asOf time.Time) *Tally {
	return &Tally{party: party, asOf: heed.Instant(asOf), period: period, counts: map[place]*count{}}
}

// Add counts a case, once. One that was opened outside the period, and one of
// figures, it passes over; one whose opening is missing it counts as incomplete and no further.
func (t *Tally) Add(c heed.Case) {
	if c.Opening.ID.IsZero() {
		t.incomplete++
		return
	}
	if c.Opening.Kind == heed.KindFigures {
		return // to count what was said about a count would change it
	}
	if !t.period.Holds(c.Opening.Time) {
		return
	}
	t.cases++
	for _, s := range c.Statements {
		if _, ok := c.Receipt(s.ID); s.Kind.OwedReceipt() && !ok {
			t.unconfirmed++
		}
		switch s.Kind {
		case heed.KindWarning:
			t.addWarning(c, s)
		case heed.KindQuestion:
			t.addQuestion(c, s)
		}
	}
	for reply, rating := range c.Ratings() {
		t.addRating(c, reply, rating)
	}
	for _, d := range c.Duties {
		t.addDuty(c, d)
	}
}

// addRating counts a rated reply in the direction of whoever had asked for it,
// and rates it.
func (t *Tally) addRating(c heed.Case, reply heed.StatementID, rating heed.Statement) {
	rated, _ := c.Statement(reply) // no rating without the reply that it rates
	t.each(c, rating.Author, c.Asked(rated).Urgency, func(n *count) {
		n.Rated++
		if n.Meaningful == nil {
			n.Meaningful = new(int)
		}
		if rating.Meaningful {
			*n.Meaningful++
		}
	})
}

// each has a change made at its urgency and at the sum of all. A proposal of an
// accord has no urgency: what is owed for it counts in the sum alone.
func (t *Tally) each(c heed.Case, from heed.PartyID, urgency heed.Urgency, change func(*count)) {
	if urgency == "" {
		urgency = c.Urgency
	}
	lines := []heed.Urgency{urgency, AllUrgencies}
	if urgency == "" {
		lines = lines[1:]
	}
	for _, u := range lines {
		at := place{from: from, to: c.Other(from), status: c.Status, urgency: u}
		if t.counts[at] == nil {
			t.counts[at] = newCount()
		}
		change(t.counts[at])
	}
}

func newCount() *count {
	c := &count{replies: map[heed.DutyKind]*Replies{}, times: map[heed.DutyKind][]time.Duration{}}
	c.Warnings.Dispositions = make(map[heed.Disposition]int, len(heed.Dispositions()))
	for _, d := range heed.Dispositions() {
		c.Warnings.Dispositions[d] = 0
	}
	c.Warnings.Outcomes = make(map[heed.Outcome]int, len(heed.Outcomes()))
	for _, o := range heed.Outcomes() {
		c.Warnings.Outcomes[o] = 0
	}
	return c
}

func (t *Tally) addWarning(c heed.Case, warning heed.Statement) {
	reached := c.Reached()
	said := repliesTo(c, warning)
	disposition, outcome := lastWords(c)
	t.each(c, warning.Author, warning.Urgency, func(n *count) {
		w := &n.Warnings
		w.Sent++
		if _, ok := c.Receipt(warning.ID); ok {
			w.Received++
		}
		for state, figure := range map[heed.State]*int{
			heed.StateOpened: &w.Opened, heed.StateAcknowledged: &w.Acknowledged, heed.StateAssessed: &w.Assessed, heed.StateActed: &w.Heeded,
			heed.StateConcluded: &w.Concluded, heed.StateSupplemented: &w.Supplemented, heed.StateCorrected: &w.Corrected, heed.StateRecalled: &w.Recalled,
		} {
			if _, ok := reached[state]; ok {
				*figure++
			}
		}
		if warning.AsksAnswer {
			w.Asking++
			if said[heed.KindAnswer] {
				w.Answered++
			}
		}
		if said[heed.KindRefusal] {
			w.Refused++
		}
		if disposition != "" {
			w.Dispositions[disposition]++
		}
		if outcome != "" {
			w.Outcomes[outcome]++
		}
	})
}

func (t *Tally) addQuestion(c heed.Case, question heed.Statement) {
	said := repliesTo(c, question)
	t.each(c, question.Author, question.Urgency, func(n *count) {
		q := &n.Questions
		q.Sent++
		if _, ok := c.Receipt(question.ID); ok {
			q.Received++
		}
		if said[heed.KindOpening] {
			q.Opened++
		}
		if said[heed.KindAnswer] {
			q.Answered++
		}
		if said[heed.KindRefusal] {
			q.Refused++
		}
	})
}

// repliesTo are the kinds in which the other party has answered a statement.
func repliesTo(c heed.Case, to heed.Statement) map[heed.Kind]bool {
	said := map[heed.Kind]bool{}
	for _, s := range c.Statements {
		if s.Author == to.Recipient && s.AnswersTo(to.ID) {
			said[s.Kind] = true
		}
	}
	return said
}

// lastWords are the last disposition and the last outcome in the chain of the
// party that was warned: whoever judges again takes the first judgement back.
// Empty where there is none.
func lastWords(c heed.Case) (disposition heed.Disposition, outcome heed.Outcome) {
	for id := c.Last(c.Warned); !id.IsZero(); {
		s, ok := c.Statement(id)
		if !ok {
			break
		}
		if disposition == "" {
			disposition = s.Disposition
		}
		if outcome == "" {
			outcome = s.Outcome
		}
		id = s.Previous
	}
	return disposition, outcome
}

func (t *Tally) addDuty(c heed.Case, d heed.Duty) {
	from, _ := c.Statement(d.From) // no duty without the statement that it follows from
	response := responseTime(c, d, from)
	kind := d.Kind.Base() // each rung that must acknowledge owes a reply of its own
	t.each(c, d.OwedTo, from.Urgency, func(n *count) {
		r := n.replies[kind]
		if r == nil {
			r = &Replies{Duty: kind}
			n.replies[kind] = r
		}
		r.Owed++
		switch {
		case !d.Discharge.IsZero():
			if d.At.After(d.Due) {
				r.Late++
			} else {
				r.Timely++
			}
			if d.Refused {
				r.Refused++
			}
			n.times[kind] = append(n.times[kind], response)
		case !d.Ended.IsZero():
			r.Recalled++
		case t.asOf.After(d.Due):
			r.Overdue++
		default:
			r.Open++
		}
		if overdueAt(c, d, t.period.end(t.asOf)) {
			r.OverdueAtEnd++
		}
		if d.Due.After(d.Promised) {
			r.Extended++
		}
	})
}

// responseTime is how long a reply took by the debtor's own clock, so that no
// difference of two clocks is in it: from the receipt's received, or from the
// debtor's own assessment, to the reply's signed time. A reply that is dated
// back to before it was asked for took no time.
func responseTime(c heed.Case, d heed.Duty, from heed.Statement) time.Duration {
	begun := from.Time
	if from.Kind != heed.KindAssessment {
		receipt, _ := c.Receipt(d.From) // without one nothing is owed
		begun = receipt.Received
	}
	return max(d.At.Sub(begun), 0)
}

// overdueAt reports whether the reply was missing and past due at that time.
// Due times are those that hold now.
func overdueAt(c heed.Case, d heed.Duty, at time.Time) bool {
	switch recall, _ := c.Statement(d.Ended); {
	case !at.After(d.Due):
		return false
	case !d.Discharge.IsZero():
		return d.At.After(at)
	case !d.Ended.IsZero():
		return recall.Time.After(at)
	}
	return true
}
