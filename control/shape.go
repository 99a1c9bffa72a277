package control

import (
	"strings"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// shapeCase gives a case file its JSON form.
func shapeCase(f exchange.CaseFile, party heed.PartyID) Case {
	c := Case{
		Code: f.Code, ID: f.ID.String(), Warner: f.Warner, Warned: f.Warned, Stage: f.Stage(), Reached: map[heed.State]Time{},
		Warning: Opening{
			ID: f.Opening.ID.String(), Kind: f.Opening.Kind, Urgency: f.Urgency, Status: f.Status,
			AsksAnswer: f.Opening.AsksAnswer, Time: At(f.Opening.Time),
		},
		Statements: []Statement{}, Duties: []Duty{},
	}
	for state, at := range f.Reached() {
		c.Reached[state] = At(at)
	}
	for _, s := range f.Statements {
		c.Statements = append(c.Statements, shapeStatement(s, f.Acting(s)))
	}
	for _, d := range f.Duties {
		c.Duties = append(c.Duties, shapeDuty(d, f.Role(d), f.At))
	}
	for _, id := range f.Case.Waiting {
		c.Missing = append(c.Missing, id.String())
	}
	for _, pair := range f.Equivocations {
		c.Conflicts = append(c.Conflicts, [2]string{pair[0].String(), pair[1].String()})
	}
	c.Watch = shapeWatch(f)
	c.Local = shapeLocal(f, party)
	return c
}

func shapeLocal(f exchange.CaseFile, party heed.PartyID) Local {
	local := Local{Party: party}
	if f.Taken != nil {
		local.TakenBy, local.TakenAt = f.Taken.Officer, maybe(f.Taken.At)
	}
	for _, q := range f.Waiting {
		local.InFlight = append(local.InFlight, Queued{
			Statement: q.Statement.String(), Number: q.Number, Since: At(q.Queued), Attempts: q.Attempts, Trouble: q.Trouble,
			Deposits: shapeDeposits(f.Deposits, q.Statement),
		})
	}
	for _, k := range f.Refusals {
		refused := RefusedByPeer{Statement: k.Statement.ID.String(), Kind: k.Statement.Kind}
		if note, err := wire.ParseRefusal(k.Dropped); err == nil {
			refused.Code, refused.Detail = note.Code, note.Detail
		}
		local.Refused = append(local.Refused, refused)
	}
	for _, d := range f.Duties {
		if d.State(f.At) == heed.DutyOverdue {
			local.Ring = append(local.Ring, shapeRing(d, f.Ladder(d.OwedBy), f.At))
		}
	}
	for _, k := range f.Unlogged {
		local.NotLogged = append(local.NotLogged, k.Statement.ID.String())
	}
	local.Watch = shapeLocalWatch(f)
	for _, r := range f.Readings {
		local.Readings = append(local.Readings, Reading{Officer: r.Officer, Role: r.Role, At: At(r.At)})
	}
	return local
}

func shapeDeposits(all []exchange.Deposited, of heed.StatementID) []Deposit {
	var out []Deposit
	for _, d := range all {
		if d.Statement != of {
			continue
		}
		at := d.At
		if s, err := wire.ReadStatement(d.Note); err == nil {
			at = s.Received
		}
		out = append(out, Deposit{With: d.Depositary, At: At(at)})
	}
	return out
}

func shapeRing(d heed.Duty, ladder heed.Ladder, now time.Time) Ring {
	level := ladder.Level(d.Due, now)
	rung := ladder.Told(d.Kind, level)
	return Ring{Duty: d.Kind, Party: d.OwedBy, Level: level, Role: rung.Role, Telephone: rung.Telephone, Hours: rung.Hours, Zone: rung.Zone, Languages: rung.Languages}
}

func shapeStatement(s heed.Statement, officers []heed.OfficerStamp) Statement {
	out := Statement{
		ID: s.ID.String(), Kind: s.Kind, Author: s.Author, Recipient: s.Recipient, Time: At(s.Time),
		Code: s.Code, Disposition: s.Disposition, NoPrejudice: s.NoPrejudice, Outcome: s.Outcome,
		Level: s.Level, Role: s.Role, Via: s.Via, By: maybe(s.By), Party: s.Party,
		Number: s.Number, Received: maybe(s.Received), PublishBy: maybe(s.PublishBy),
	}
	if !s.Previous.IsZero() {
		out.Previous = s.Previous.String()
	}
	if !s.Accord.IsZero() {
		out.Accord, out.Version, out.Reply = s.Accord.String(), s.Version.String(), s.Reply.Milliseconds()
	}
	if s.Kind == heed.KindForwardConsent {
		out.Consent = &s.Consent
	}
	if s.Kind == heed.KindRating {
		out.Meaningful = &s.Meaningful
	}
	out.Confirmed, out.Withdrawn, out.Effective = maybe(s.Confirmed), maybe(s.Withdrawn), maybe(s.Effective)
	for _, id := range s.Answers {
		out.Answers = append(out.Answers, id.String())
	}
	for _, o := range officers {
		if id, ok := wire.OfficerOf(o.Key); ok {
			out.Officers = append(out.Officers, Officer{Name: id, Role: o.Role})
		}
	}
	for _, c := range s.Contents {
		out.Contents = append(out.Contents, shapeRef(c))
	}
	for _, p := range s.Duties {
		out.Duties = append(out.Duties, Promise{Kind: p.Kind, Due: At(p.Due)})
	}
	return out
}

func shapeRef(c heed.ContentRef) ContentRef {
	return ContentRef{Digest: c.Digest.String(), Size: c.Size, MediaType: c.MediaType, Name: c.Name}
}

func shapeDuty(d heed.Duty, role string, now time.Time) Duty {
	out := Duty{Kind: d.Kind, Role: role, OwedBy: d.OwedBy, OwedTo: d.OwedTo, Due: At(d.Due), State: d.State(now), Level: d.Level, From: d.From.String(), At: maybe(d.At), Expected: maybe(d.Expected)}
	if !d.Discharge.IsZero() {
		out.Discharge = d.Discharge.String()
	}
	return out
}

// actText is what an act about an accord says, in one line.
func actText(a heed.AccordAct) string {
	text := string(a.Kind)
	if a.Clause != "" {
		text += " to the clause " + string(a.Clause)
	}
	if !a.From.IsZero() {
		text += " from " + heed.FormatTime(a.From)
	}
	if !a.Until.IsZero() {
		text += " until " + heed.FormatTime(a.Until)
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}

// shapeContents shows what an officer may read, texts as text.
func shapeContents(opened exchange.Opened, withData bool) (contents []Content, document *heed.Warning, err error) {
	for _, c := range opened.Contents {
		out := Content{ContentRef: shapeRef(c.Ref)}
		switch {
		case c.Ref.MediaType == heed.MediaWarning:
			w, err := wire.ParseWarning(c.Data)
			if err != nil {
				return nil, nil, err
			}
			out.Document = &w
			if document == nil {
				document = &w // the opening's: contents are in the order of statements
			}

		case c.Ref.MediaType == heed.MediaAccordAct:
			act, err := wire.ReadAccordAct(c.Data)
			if err != nil {
				return nil, nil, err
			}
			out.Text = actText(act)
		case c.Ref.MediaType == heed.MediaHitReport:
			report, err := wire.ParseHitReport(c.Data)
			if err != nil {
				return nil, nil, err
			}
			out.Text = report.Text()
		case c.Ref.MediaType == heed.MediaFigures:
			out.Text = string(c.Data) // the list of cases beside it is for machines
		case strings.HasPrefix(c.Ref.MediaType, "text/plain"):
			out.Text = string(c.Data)
		}
		if withData {
			out.Data = c.Data
		}
		contents = append(contents, out)
	}
	return contents, document, nil
}

// shapeInbox lists all cases, too, where kinds is given. It says what opened
// those that are about an accord: of these, the ones that only tell an act are
// shown with the accord, and left out.
func shapeInbox(b exchange.Board, party heed.PartyID, kinds map[heed.CaseID]heed.Kind) Inbox {
	inbox := Inbox{At: At(b.At), Party: party, Restored: b.Restored, Duties: []InboxLine{}, Awaited: []InboxLine{}}
	for _, line := range b.Ours {
		inbox.Duties = append(inbox.Duties, shapeLine(line, b.At))
	}
	for _, line := range b.Theirs {
		inbox.Awaited = append(inbox.Awaited, shapeLine(line, b.At))
	}
	for _, l := range b.Links {
		inbox.Links = append(inbox.Links, InboxLink{Case: l.CaseCode, ID: l.Case.String(), Warner: l.CaseWarner, Status: l.CaseStatus, With: shapeLink(l.LinkedCase)})
	}
	for _, n := range b.News {
		inbox.News = append(inbox.News, InboxNews{Case: n.Code, ID: n.Case.String(), Peer: n.Peer, News: n.News, Count: n.Count, When: At(n.When), Arrived: At(n.Arrived), Exercise: n.Exercise})
	}
	if len(b.Drafts) > 0 {
		inbox.Drafts = shapeDrafts(b.Drafts)
	}
	for _, row := range b.Cases {
		kind := kinds[row.ID]
		if _, tells := kind.Act(); kinds != nil && !tells {
			inbox.Cases = append(inbox.Cases, CaseLine{Case: row.Code, ID: row.ID.String(), Peer: row.Peer, Kind: kind, Ours: row.Ours, Urgency: row.Urgency, Status: row.Status, Stage: row.Stage, Changed: At(row.Changed)})
		}
	}
	return inbox
}

func shapeLine(l exchange.BoardLine, now time.Time) InboxLine {
	out := InboxLine{
		Case: l.Code, ID: l.Case.String(), Peer: l.Peer, Kind: l.Kind, OwedBy: l.OwedBy, Due: At(l.Due), Left: l.Due.Sub(now).Seconds(),
		State: l.State, Level: l.Level, Status: l.Status,
	}
	if l.Taken != nil {
		out.TakenBy = l.Taken.Officer
	}
	if l.Ring != nil {
		out.Ring = &Ring{Duty: l.Kind, Party: l.OwedBy, Level: l.Told, Role: l.Ring.Role, Telephone: l.Ring.Telephone, Hours: l.Ring.Hours, Zone: l.Ring.Zone, Languages: l.Ring.Languages}
	}
	return out
}
