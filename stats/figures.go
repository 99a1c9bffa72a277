package stats

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"heed"
)

// Figures are what is counted of one direction: of what one party sent the
// other, and of how the other replied.
type Figures struct {
	Warnings  Warnings  `json:"warnings"`
	Questions Questions `json:"questions"`
	// Replies are those that were owed, by duty in the order of heed.DutyKinds.
	// A duty that was never owed is left out.
	Replies []Replies `json:"replies"`
	// Rated are the replies of which whoever had asked has said whether they were
	// of use, and Meaningful those of them that were. Nil: none is rated, which is
	// not that none was of use.
	Rated      int  `json:"rated"`
	Meaningful *int `json:"meaningful"`
}

// Warnings are counted each once, whatever was said how often.
type Warnings struct {
	Sent         int `json:"sent"`
	Received     int `json:"received"`     // the recipient's node has given its receipt
	Opened       int `json:"opened"`       // by a person of the recipient
	Acknowledged int `json:"acknowledged"` // by an acknowledgement or an assessment
	Assessed     int `json:"assessed"`
	Asking       int `json:"asking"`   // those that ask for an answer in substance
	Answered     int `json:"answered"` // of these, the answered ones
	Heeded       int `json:"heeded"`   // the recipient has reported action
	Concluded    int `json:"concluded"`
	Refused      int `json:"refused"` // by a person, with a coded reason
	Supplemented int `json:"supplemented"`
	Corrected    int `json:"corrected"`
	Recalled     int `json:"recalled"`

	// Dispositions and Outcomes are the recipient's last ones, as it states
	// them; every term is a key.
	Dispositions map[heed.Disposition]int `json:"dispositions"`
	Outcomes     map[heed.Outcome]int     `json:"outcomes"`
}

// Questions are counted each once, those that open a case and those back.
type Questions struct {
	Sent     int `json:"sent"`
	Received int `json:"received"`
	Opened   int `json:"opened"`
	Answered int `json:"answered"`
	Refused  int `json:"refused"`
}

// Replies are the duties of one kind. Owed is the sum of Timely, Late,
// Recalled, Open and Overdue.
type Replies struct {
	Duty         heed.DutyKind `json:"duty"`
	Owed         int           `json:"owed"`
	Timely       int           `json:"timely"`       // signed at the due time or before, extensions included
	Late         int           `json:"late"`         // signed later
	Recalled     int           `json:"recalled"`     // not given, and ended by a recall
	Open         int           `json:"open"`         // not given, and not yet due
	Overdue      int           `json:"overdue"`      // not given, and past due
	OverdueAtEnd int           `json:"overdueAtEnd"` // was so at the end of the period, whatever came later
	Refused      int           `json:"refused"`      // of Timely and Late, those that a refusal gave
	Extended     int           `json:"extended"`     // whoever is owed has given more time
	// Median and Ninetieth are response times by nearest rank over the replies
	// that were given, Timely and Late. Nil: none was.
	Median    *Span `json:"medianSeconds"`
	Ninetieth *Span `json:"p90Seconds"`
}

// Given is how many replies were given.
func (r Replies) Given() int { return r.Timely + r.Late }

// Due is how many replies should have been given by now: what is not yet due,
// or was recalled, speaks neither for the debtor nor against it.
func (r Replies) Due() int { return r.Timely + r.Late + r.Overdue }

// All is the sum over all duties, without response times: those of different
// duties have no common measure.
func (f Figures) All() Replies {
	var all Replies
	for _, r := range f.Replies {
		all.Owed += r.Owed
		all.Timely += r.Timely
		all.Late += r.Late
		all.Recalled += r.Recalled
		all.Open += r.Open
		all.Overdue += r.Overdue
		all.OverdueAtEnd += r.OverdueAtEnd
		all.Refused += r.Refused
		all.Extended += r.Extended
	}
	return all
}

// RatedWords says how many replies were rated, and how. What nobody has rated
// is not said to be of no use.
func (f Figures) RatedWords() string {
	if f.Meaningful == nil {
		return "not rated"
	}
	return fmt.Sprintf("%s rated, of which %d as meaningful", amount(f.Rated, "reply", "replies"), *f.Meaningful)
}

// figure is one number by its name, as heed.FigureNames and docs/statistics.md have it.
type figure struct {
	about string
	name  string
	n     *int  // of a count; nil: there is none
	span  *Span // of a response time; nil: there is none
	time  bool  // it is a response time
}

// value is the figure as CSV has it; empty where there is none.
func (f figure) value() string {
	switch {
	case f.time:
		return f.span.seconds()
	case f.n == nil:
		return ""
	}
	return strconv.Itoa(*f.n)
}

// column is its name in CSV, where a response time is in seconds.
func (f figure) column() string {
	if f.time {
		return f.name + "-seconds"
	}
	return f.name
}

// list is every figure, in one order.
func (f Figures) list() []figure {
	var all []figure
	add := func(about, name string, n int) {
		all = append(all, figure{about: about, name: name, n: &n})
	}
	w := f.Warnings
	for _, n := range []struct {
		name string
		n    int
	}{
		{"sent", w.Sent}, {"received", w.Received}, {"opened", w.Opened}, {"acknowledged", w.Acknowledged}, {"assessed", w.Assessed},
		{"asking", w.Asking}, {"answered", w.Answered}, {"heeded", w.Heeded}, {"concluded", w.Concluded}, {"refused", w.Refused},
		{"supplemented", w.Supplemented}, {"corrected", w.Corrected}, {"recalled", w.Recalled},
	} {
		add("warnings", n.name, n.n)
	}
	for _, d := range heed.Dispositions() {
		add("warnings", "disposition-"+string(d), w.Dispositions[d])
	}
	for _, o := range heed.Outcomes() {
		add("warnings", "outcome-"+string(o), w.Outcomes[o])
	}
	q := f.Questions
	add("questions", "sent", q.Sent)
	add("questions", "received", q.Received)
	add("questions", "opened", q.Opened)
	add("questions", "answered", q.Answered)
	add("questions", "refused", q.Refused)
	for _, r := range f.Replies {
		about := string(r.Duty)
		add(about, "owed", r.Owed)
		add(about, "timely", r.Timely)
		add(about, "late", r.Late)
		add(about, "recalled", r.Recalled)
		add(about, "open", r.Open)
		add(about, "overdue", r.Overdue)
		add(about, "overdue-at-end", r.OverdueAtEnd)
		add(about, "refused", r.Refused)
		add(about, "extended", r.Extended)
		all = append(all, figure{about: about, name: "median", span: r.Median, time: true}, figure{about: about, name: "p90", span: r.Ninetieth, time: true})
	}
	add("replies", "rated", f.Rated)
	return append(all, figure{about: "replies", name: "meaningful", n: f.Meaningful})
}

// nearestRank is the p-th percentile by the nearest-rank method: the smallest
// value such that at least p percent of all are no greater. It is one of the
// values, never between two; the median of an even number is the lower middle.
// Nil where there are none. The values come sorted; p is 1 to 100.
func nearestRank(sorted []time.Duration, p int) *Span {
	if len(sorted) == 0 {
		return nil
	}
	rank := (len(sorted)*p + 99) / 100
	value := Span(sorted[rank-1])
	return &value
}

// percentiles sorts the times and gives their median and 90th percentile.
func percentiles(times []time.Duration) (median, ninetieth *Span) {
	sorted := slices.Sorted(slices.Values(times))
	return nearestRank(sorted, 50), nearestRank(sorted, 90)
}
