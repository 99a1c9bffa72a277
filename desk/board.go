package desk

import (
	"context"
	"net/http"
	"slices"

	"heed"
	"heed/exchange"
)

// Bounds of what one board shows; what is due first comes first.
const (
	boardDuties = 500
	boardCases  = 40
	boardHits   = 40
)

// board is what the template shows. Exercises stand apart.
type board struct {
	As       stamp
	Restored bool
	Full     bool // more is owed than is shown
	Actual   side
	Exercise *side     // nil: there is none
	Hits     []hitRow  // that wait for a review
	News     []newsRow // of the last week
	Links    []boardLinkRow
	OneSided *oneSided // nil: nothing is owed between us and partners without heed
	Outbox   []outboxRow
	Peers    []peerRow
	Summary  string // one sentence, for those who listen rather than look
}

// side is the board of what is meant, or of what is exercised.
type side struct {
	Prefix string // of the ids of its headings
	Apart  bool
	Ours   []dutyRow
	Theirs []dutyRow
	Cases  []caseRow
}

type dutyRow struct {
	Case    heed.CaseID
	Code    string
	Peer    string
	What    string
	Due     stamp
	Left    string
	Overdue bool
	AsOf    stamp
	Level   int
	Ring    *ring
	Taken   string
	Status  string
	Note    string
}

// ring is whom to ring, from a ladder.
type ring struct {
	Role, Telephone, Mail, Hours, Zone, Languages string
}

func ringOf(r heed.Rung) *ring {
	return &ring{Role: r.Role, Telephone: r.Telephone, Mail: r.Mail, Hours: r.Hours, Zone: r.Zone, Languages: r.Languages}
}

type caseRow struct {
	ID      heed.CaseID
	Code    string
	Peer    string
	Ours    bool
	Urgency string
	Status  string
	Stage   string
	Changed stamp
}

type outboxRow struct {
	Case    heed.CaseID
	Code    string
	Peer    string
	State   string
	Trouble string
	Tried   string
	Queued  stamp
	Next    stamp
}

type peerRow struct {
	Party   string
	Trouble string
	Contact string
}

// newsRow is what the party that watches for us has said.
type newsRow struct {
	Case    heed.CaseID
	Code    string
	Peer    string
	Apart   bool
	What    string
	When    stamp
	Arrived stamp
}

// boardLinkRow is a link with the later of its two cases.
type boardLinkRow struct {
	ID       heed.CaseID
	CaseCode string
	From     string
	Apart    bool
	linkRow
}

func (d *desk) getBoard(v *visit) {
	b, err := d.board(v.r.Context(), v)
	if err != nil {
		d.fault(v, err)
		return
	}
	d.show(v, http.StatusOK, "board", "Duty board", b)
}

// board reads the exchange's board and puts it into words as of its own time.
func (d *desk) board(ctx context.Context, v *visit) (board, error) {
	from, err := d.exchange.Board(ctx, boardDuties)
	if err != nil {
		return board{}, err
	}
	t := times{now: from.At, zone: v.zone}
	b := board{As: t.at(from.At), Restored: from.Restored, Full: len(from.Ours)+len(from.Theirs) >= boardDuties, Actual: side{Prefix: "actual"}}
	exercise := side{Prefix: "exercise", Apart: true}
	on := func(s heed.Status) *side {
		if apart(s) {
			return &exercise
		}
		return &b.Actual
	}
	for _, line := range from.Ours {
		at := on(line.Status)
		at.Ours = append(at.Ours, t.dutyRow(line))
	}
	for _, line := range from.Theirs {
		at := on(line.Status)
		at.Theirs = append(at.Theirs, t.dutyRow(line))
	}
	codes := map[heed.CaseID]heed.Code{}
	for _, c := range from.Cases {
		codes[c.ID] = c.Code
		if at := on(c.Status); len(at.Cases) < boardCases {
			at.Cases = append(at.Cases, t.caseRow(c))
		}
	}
	if len(exercise.Ours)+len(exercise.Theirs)+len(exercise.Cases) > 0 {
		b.Exercise = &exercise
	}
	hits, err := d.exchange.Hits(ctx, true, boardHits)
	if err != nil {
		return board{}, err
	}
	for _, f := range hits {
		b.Hits = append(b.Hits, t.hitRow(f))
	}
	for _, n := range from.News {
		b.News = append(b.News, newsRow{
			Case: n.Case, Code: n.Code.Spoken(), Peer: string(n.Peer), Apart: n.Exercise, What: newsWhat(n, from.At), When: t.at(n.When), Arrived: t.at(n.Arrived),
		})
	}
	for _, l := range from.Links {
		b.Links = append(b.Links, boardLinkRow{ID: l.Case, CaseCode: l.CaseCode.Spoken(), From: string(l.CaseWarner), Apart: apart(l.CaseStatus), linkRow: t.link(l.LinkedCase)})
	}
	letters, err := d.exchange.OneSidedBoard(ctx, boardDuties)
	if err != nil {
		return board{}, err
	}
	b.OneSided = t.oneSided(letters)
	for _, o := range from.Outbox {
		b.Outbox = append(b.Outbox, t.outboxRow(o, codes))
	}
	for _, p := range from.Peers {
		b.Peers = append(b.Peers, t.peerRow(p))
	}
	b.Summary = b.summary()
	return b, nil
}

func (t times) dutyRow(line exchange.BoardLine) dutyRow {
	row := dutyRow{
		Case: line.Case, Code: line.Code.Spoken(), Peer: string(line.Peer), What: word(dutyWords, line.Kind),
		Due: t.at(line.Due), Left: t.leftOrLate(line.Due), AsOf: t.at(t.now), Overdue: line.State == heed.DutyOverdue,
		Level: max(line.Level, line.Told), Status: string(line.Status),
	}
	if line.Ring != nil {
		row.Ring = ringOf(*line.Ring)
	}
	if line.Taken != nil {
		row.Taken = string(line.Taken.Officer)
	}
	if !line.Expected.IsZero() {
		row.Note = "announced for " + t.at(line.Expected).words()
	}
	return row
}

func (t times) caseRow(c exchange.CaseRow) caseRow {
	return caseRow{
		ID: c.ID, Code: c.Code.Spoken(), Peer: string(c.Peer), Ours: c.Ours, Urgency: string(c.Urgency),
		Status: string(c.Status), Stage: word(stageWords, c.Stage), Changed: t.at(c.Changed),
	}
}

func (t times) outboxRow(o exchange.Outgoing, codes map[heed.CaseID]heed.Code) outboxRow {
	row := outboxRow{
		Case: o.Case, Code: o.Case.String()[:8] + "…", Peer: string(o.Channel.Peer), State: outboxWord(o),
		Trouble: o.Trouble, Queued: t.at(o.Queued),
	}
	if code, ok := codes[o.Case]; ok {
		row.Code = code.Spoken()
	}
	if o.Attempts > 0 {
		row.Tried = "tried " + count(o.Attempts, "time", "times")
		row.Next = t.at(o.NextAt)
	}
	return row
}

func (t times) peerRow(p exchange.Peer) peerRow {
	row := peerRow{Party: string(p.Card.Party), Trouble: p.Trouble, Contact: "no contact yet"}
	if !p.LastContact.IsZero() {
		row.Contact = "last contact " + t.ago(p.LastContact)
	}
	return row
}

// summary counts what is meant. It changes only when something happens, so that
// a screen reader is not made to speak every minute.
func (b board) summary() string {
	overdue := func(rows []dutyRow) int {
		n := 0
		for _, r := range rows {
			if r.Overdue {
				n++
			}
		}
		return n
	}
	trouble := 0
	for _, o := range b.Outbox {
		if o.State == "Trouble" {
			trouble++
		}
	}
	s := "We owe " + count(len(b.Actual.Ours), "reply", "replies") + ", " + count(overdue(b.Actual.Ours), "is", "are") + " overdue. " +
		"We are owed " + count(len(b.Actual.Theirs), "reply", "replies") + ", " + count(overdue(b.Actual.Theirs), "is", "are") + " overdue."
	if n := len(b.Hits); n > 0 {
		s += " " + count(n, "hit waits", "hits wait") + " for a review."
	}
	if trouble > 0 {
		s += " " + count(trouble, "statement", "statements") + " cannot be delivered at present."
	}
	if slices.ContainsFunc(b.Peers, func(p peerRow) bool { return p.Trouble != "" }) {
		s += " There is trouble with a peer."
	}
	return s
}
