package desk

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"heed"
	"heed/exchange"
)

// caseView is the page of one case.
type caseView struct {
	record
	Opened *openedView // nil: not opened in this login
	Newer  string      // how many contents are not among what was opened
	Acts   acts
	Once   string
	Done   string // what the last act was, once
	Failed string // the act that was not done
	Why    problem
	CSRF   string
}

// record is what changes while one looks at a case; streams send it.
type record struct {
	ID       heed.CaseID
	Code     string
	Peer     string
	Ours     bool // we opened it
	Sort     string
	Urgency  string
	Status   string
	Apart    bool
	Stage    string
	Taken    string
	TakenAt  stamp
	As       stamp
	Missing  bool // what opened it has not arrived
	Duties   []caseDuty
	Timeline []entry
	Warnings []string // what a person must know about the record itself
	Readings []readingRow
	Unopened int // contents that this officer has not opened in this login

	Watch []fact // where the watch for whom it names stands; none: there is none
	Links []linkRow

	Erased      stamp  // when the contents were erased; none: they were not
	ErasedUnder string // the accord that asked for it
	Summary     string
}

type caseDuty struct {
	What    string
	From    string // of the statement that it follows from
	Anchor  string
	Debtor  string
	OwedTo  string
	Ours    bool
	Due     stamp
	State   string
	Class   string
	Left    string
	Detail  string
	Overdue bool
	Level   string
	Ring    *ring
}

type readingRow struct {
	Officer string
	Role    string
	At      stamp
}

// maxReadingRows bounds the list of readings on the page; the newest stay.
const maxReadingRows = 12

func (d *desk) getFind(v *visit) {
	name := v.r.URL.Query().Get("name")
	ids, err := d.exchange.Find(v.r.Context(), name)
	if err != nil {
		status, p := problemOf(err)
		if status == http.StatusInternalServerError {
			d.fault(v, err)
			return
		}
		if hit, err := d.exchange.FindHit(v.r.Context(), name); err == nil {
			http.Redirect(v.w, v.r, hitPath(hit), http.StatusSeeOther)
			return
		}
		d.plain(v, http.StatusNotFound, "No such case", p.text())
		return
	}
	d.goTo(v, ids)
}

func (d *desk) goTo(v *visit, ids []heed.CaseID) {
	if len(ids) == 1 {
		http.Redirect(v.w, v.r, casePath(ids[0]), http.StatusSeeOther)
		return
	}
	var rows []caseRow
	for _, id := range ids {
		file, err := d.exchange.Look(v.r.Context(), id)
		if err != nil {
			d.fault(v, err)
			return
		}
		rows = append(rows, caseRow{
			ID: id, Code: file.Code.Spoken(), Peer: string(file.Other(d.exchange.Party())), Ours: file.Warner == d.exchange.Party(),
			Urgency: string(file.Urgency), Status: string(file.Status), Stage: word(stageWords, file.Stage()), Changed: v.at(file.Opening.Time),
		})
	}
	d.show(v, http.StatusOK, "choose", "Which case", rows)
}

func casePath(id heed.CaseID) string { return "/desk/case/" + id.String() }

// caseOf reads the case of a path: the full id, or what people call it, which
// is led to the full id.
func (d *desk) caseOf(v *visit) (heed.CaseID, bool) {
	name := v.r.PathValue("case")
	id, err := heed.ParseDigest(name)
	if err == nil {
		return heed.CaseID(id), true
	}
	ids, err := d.exchange.Find(v.r.Context(), name)
	if err != nil {
		_, p := problemOf(err)
		d.plain(v, http.StatusNotFound, "No such case", p.text())
		return heed.CaseID{}, false
	}
	d.goTo(v, ids)
	return heed.CaseID{}, false
}

func (d *desk) getCase(v *visit) {
	id, ok := d.caseOf(v)
	if !ok {
		return
	}
	d.showCase(v, http.StatusOK, id, nil, "", problem{})
}

// showCase shows the page of a case, with the form of an act that was not done
// and what was typed into it.
func (d *desk) showCase(v *visit, status int, id heed.CaseID, kept *kept, failed string, why problem) {
	file, err := d.exchange.Look(v.r.Context(), id)
	if err != nil {
		d.fault(v, err)
		return
	}
	seen := v.reading(id, v.now)
	view := caseView{record: d.record(v, file, seen), Failed: failed, Why: why, CSRF: v.csrf, Done: doneWords[v.r.URL.Query().Get("done")]}
	if view.Once, err = once(d.random); err != nil {
		d.fault(v, err)
		return
	}
	if seen != nil && file.Erased.IsZero() {
		view.Opened = v.openedView(file, seen)
	}
	view.Newer = count(view.Unopened, "content was not opened by you", "contents were not opened by you")
	view.Acts = d.actsOf(v, file, view.Once, kept)
	title := "Case " + view.Code
	if failed != "" {
		title = "Not done: " + title
	}
	d.show(v, status, "case", title, view)
}

// record puts a case file into words as of the time of the look. What was erased
// is not shown any longer, to whoever had opened it before either.
func (d *desk) record(v *visit, file exchange.CaseFile, seen *reading) record {
	if !file.Erased.IsZero() {
		seen = nil
	}
	t := times{now: file.At, zone: v.zone}
	me := d.exchange.Party()
	r := record{ID: file.ID, Code: file.Code.Spoken(), As: t.at(file.At)}
	if file.Taken != nil {
		r.Taken, r.TakenAt = string(file.Taken.Officer), t.at(file.Taken.At)
	}
	for i := len(file.Readings) - 1; i >= 0 && len(r.Readings) < maxReadingRows; i-- {
		row := file.Readings[i]
		r.Readings = append(r.Readings, readingRow{string(row.Officer), word(roleWords, row.Role), t.at(row.At)})
	}
	if file.Opening.ID.IsZero() {
		r.Missing, r.Code, r.Summary = true, file.ID.String()[:8]+"…", "The statement that opened this case has not arrived yet."
		return r
	}
	r.Peer, r.Ours = string(file.Other(me)), file.Warner == me
	r.Sort = word(kindWords, file.Opening.Kind)
	r.Urgency, r.Status, r.Apart = string(file.Urgency), string(file.Status), apart(file.Status)
	r.Stage = word(stageWords, file.Stage())
	for _, duty := range file.Duties {
		r.Duties = append(r.Duties, t.caseDuty(file, duty, me))
	}
	r.Watch, r.Links = t.watch(file), t.links(file)
	r.Timeline = t.timeline(file, me, seen)
	r.Warnings = recordWarnings(file)
	r.Unopened = unopened(file.Case, seen)
	if !file.Erased.IsZero() {
		r.Unopened, r.Erased, r.ErasedUnder = 0, t.at(file.Erased), file.Opening.Accord.Short()
	}
	r.Summary = caseSummary(r)
	return r
}

func (t times) caseDuty(file exchange.CaseFile, duty heed.Duty, me heed.PartyID) caseDuty {
	row := caseDuty{
		What: dutyName(duty.Kind, file.Role(duty)), Anchor: anchor(duty.From), Debtor: string(duty.OwedBy), OwedTo: string(duty.OwedTo),
		Ours: duty.OwedBy == me, Due: t.at(duty.Due),
	}
	if from, ok := file.Statement(duty.From); ok {
		row.From = word(kindWords, from.Kind)
	}
	ladder := file.Ladder(duty.OwedBy)
	switch state := duty.State(t.now); state {
	case heed.DutyOpen:
		row.State, row.Class, row.Left = "Open", "open", t.left(duty.Due)
	case heed.DutyOverdue:
		row.State, row.Class, row.Overdue = "Overdue", "overdue", true
		row.Left = t.leftOrLate(duty.Due)
		if len(ladder) > 0 {
			level := ladder.Level(duty.Due, t.now)
			row.Level = "Escalation level " + strconv.Itoa(level) + " of " + strconv.Itoa(len(ladder))
			row.Ring = ringOf(ladder.Told(duty.Kind, level))
		}
	case heed.DutyDischarged:
		row.State, row.Class = "Answered on time", "done"
	case heed.DutyDischargedLate:
		row.State, row.Class, row.Left = "Answered late", "late", "by "+span(duty.At.Sub(duty.Due))
	case heed.DutyRefused:
		row.State, row.Class = "Refused with a reason", "done"
	case heed.DutyEnded:
		row.State, row.Class = "Ended by the recall", "done"
	default:
		row.State = string(state)
	}
	var detail []string
	if duty.Open() && !duty.Expected.IsZero() {
		detail = append(detail, "announced for "+t.at(duty.Expected).words())
	}
	if duty.Due.After(duty.Promised) {
		detail = append(detail, "extended from "+t.at(duty.Promised).words())
	}
	row.Detail = strings.Join(detail, "; ")
	return row
}

func anchor(id heed.StatementID) string { return "s-" + id.Short() }

// recordWarnings says what is wrong with the record, in words for people.
func recordWarnings(file exchange.CaseFile) []string {
	var all []string
	for _, pair := range file.Equivocations {
		if s, ok := file.Statement(pair[0]); ok {
			all = append(all, "Ledger inconsistency: "+string(s.Author)+" signed two statements for one place in the record ("+pair[0].Short()+" and "+pair[1].Short()+").")
		}
	}
	if n := len(file.Misfits); n > 0 {
		all = append(all, count(n, "statement breaks", "statements break")+" a rule of the case and count for nothing in it.")
	}
	if n := len(file.Case.Waiting); n > 0 {
		all = append(all, count(n, "statement is", "statements are")+" held back because what went before has not arrived yet. It has been asked for.")
	}
	for _, k := range file.Unlogged {
		words := "rest nothing on it."
		if k.Statement.Kind == heed.KindExtension {
			words = "keep to the old time."
		}
		all = append(all, "The "+string(k.Statement.Kind)+" "+k.Statement.ID.Short()+" is not in the ledger of "+string(k.Statement.Author)+" yet: "+words)
	}
	if file.Peer.Trouble != "" {
		all = append(all, "Trouble with "+string(file.Peer.Card.Party)+": "+file.Peer.Trouble)
	}
	if file.Peer.Removed {
		all = append(all, string(file.Peer.Card.Party)+" was removed from our peers: nothing can be sent to it.")
	}
	return all
}

// caseSummary changes only when something happens; it is what a screen reader
// says of a change.
func caseSummary(r record) string {
	open, late := 0, 0
	for _, duty := range r.Duties {
		if duty.Class == "open" || duty.Overdue {
			open++
		}
		if duty.Overdue {
			late++
		}
	}
	return "Stage: " + r.Stage + ". " + count(len(r.Timeline), "statement", "statements") + " on record, " +
		count(open, "reply", "replies") + " owed, " + count(late, "is", "are") + " overdue."
}

// recordOf reads a case for a stream.
func (d *desk) recordOf(ctx context.Context, v *visit, id heed.CaseID) (record, error) {
	file, err := d.exchange.Look(ctx, id)
	if err != nil {
		return record{}, err
	}
	return d.record(v, file, v.reading(id, file.At)), nil
}
