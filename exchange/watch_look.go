package exchange

import (
	"errors"
	"strings"
	"time"

	"heed"
	"heed/watch"
)

// KeptWatch is what we alone know of a watch that we keep.
type KeptWatch struct {
	Subjects int // that can be looked for
	// Due is by when a decision on it is owed, Why what runs out then, and Owed
	// whether it is owed already. Zero Due: nothing runs out.
	Due  time.Time
	Why  string
	Owed bool
}

// LinkedCase is a link as it concerns one of its two cases.
type LinkedCase struct {
	Link
	Later  bool         // the case is the later one
	Ours   string       // the path of the subject in the case's warning
	Theirs string       // that of the other, or its id in a list
	Code   heed.Code    // of the other case; empty: a list
	Warner heed.PartyID // of the other case
}

// lookAtWatchOf adds to a case file what is known of its watch.
func (x *Exchange) lookAtWatchOf(v View, f *CaseFile) error {
	f.Watched = f.Case.Watch(f.At)
	links, err := v.LinksOf(f.Case.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		linked, err := x.linked(v, f.Case.ID, l)
		if err != nil {
			return err
		}
		f.Links = append(f.Links, linked)
	}
	if !x.keepsWatch(f.Case) {
		return nil
	}
	owed, err := v.OwedReports(mostOwedReports)
	if err != nil {
		return err
	}
	for _, o := range owed {
		if o.Case != f.Case.ID {
			continue
		}
		still, err := x.stillToReport(v, f.Case, o)
		if err != nil {
			return err
		}
		if still {
			f.Unreported = append(f.Unreported, o)
		}
	}
	row, err := v.WatchRow(f.Case.ID)
	if errors.Is(err, ErrNotFound) || !f.Watched.State.Runs() {
		return nil // it has ended, whether anybody has looked at the row since or not
	}
	if err != nil {
		return err
	}
	owes, err := x.decisionIn(v, f.Case, f.At)
	f.Keeps = &KeptWatch{Subjects: row.Subjects, Due: owes.due, Why: owes.why, Owed: owes.owed}
	return err
}

// stillToReport reports whether a hit is still owed to the warner: not, where that
// has recalled its warning or names the subject no more. That a report does not hold
// is owed whatever became of the watch.
func (x *Exchange) stillToReport(v View, c heed.Case, o OwedReport) (bool, error) {
	if !o.Withdraws.IsZero() {
		return true, nil
	}
	_, _, err := x.reportable(v, c, o.Subject, o.Confirmed)
	var refused *heed.Refused
	if errors.As(err, &refused) {
		return false, nil
	}
	return err == nil, err
}

// decisionIn is the decision that is owed first on the watch of a case.
func (x *Exchange) decisionIn(v View, c heed.Case, now time.Time) (decision, error) {
	documents, err := watchedDocuments(v, c, c.Watch(now))
	if err != nil || len(subjectsOn(c, documents)) == 0 {
		return decision{}, err
	}
	terms, err := x.watchTermsOf(v, c, now)
	if err != nil {
		return decision{}, err
	}
	return x.decisionOn(v, c, documents, terms, now)
}

// linked reads a link from the side of one of its cases.
func (x *Exchange) linked(v View, id heed.CaseID, l Link) (LinkedCase, error) {
	out := LinkedCase{Link: l, Later: l.Case == id, Ours: pathOfSubject(l.Subject), Theirs: pathOfSubject(l.Other)}
	other := l.OtherCase
	if !out.Later {
		out.Ours, out.Theirs, other = out.Theirs, out.Ours, l.Case
	}
	if other.IsZero() {
		return out, nil
	}
	c, err := v.Case(other)
	out.Code, out.Warner = c.Code, c.Warner
	return out, err
}

const (
	// linksShown is how long the board shows a link, and mostLinksShown how many.
	linksShown     = 7 * 24 * time.Hour
	mostLinksShown = 50
	mostNewsShown  = 200 // cases of which the board has news
)

// BoardLink is a link from the side of its later case.
type BoardLink struct {
	LinkedCase
	CaseCode   heed.Code
	CaseWarner heed.PartyID
	CaseStatus heed.Status
}

func (x *Exchange) latestLinks(v View, now time.Time) ([]BoardLink, error) {
	links, err := v.LatestLinks(now.Add(-linksShown), mostLinksShown)
	if err != nil {
		return nil, err
	}
	var all []BoardLink
	for _, l := range links {
		linked, err := x.linked(v, l.Case, l)
		if err != nil {
			return nil, err
		}
		c, err := v.Case(l.Case)
		if err != nil {
			return nil, err
		}
		all = append(all, BoardLink{LinkedCase: linked, CaseCode: c.Code, CaseWarner: c.Warner, CaseStatus: c.Status})
	}
	return all, nil
}

// pathOfSubject is where the warning, or the list, that put a subject on watch names it.
func pathOfSubject(id watch.SubjectID) string {
	_, rest, _ := strings.Cut(string(id), "/")
	if at := strings.IndexByte(rest, '/'); strings.HasPrefix(string(id), subjectOfCase) && at == 64 {
		rest = rest[at+1:] // of a supplement, whose id stands before it
	}
	return rest
}

// mostOwedReports bounds the reports of hits that are shown as owed.
const mostOwedReports = 1_000

// watchLines are the lines of the board that no statement of another party makes:
// decisions on watches, and reports of confirmed hits that were not sent.
func (x *Exchange) watchLines(v View, now time.Time, limit int) ([]BoardLine, error) {
	var lines []BoardLine
	rows, err := v.Decisions(limit)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		c, err := v.Case(row.Case)
		if err != nil {
			return nil, err
		}
		owes, err := x.decisionIn(v, c, now)
		if err != nil {
			return nil, err
		}
		if !owes.owed {
			continue
		}
		line, err := x.watchLine(v, c, owes.duty, row.Told, now)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	owed, err := v.OwedReports(limit)
	if err != nil {
		return nil, err
	}
	for _, o := range owed {
		c, err := v.Case(o.Case)
		if err != nil {
			return nil, err
		}
		still, err := x.stillToReport(v, c, o)
		if err != nil {
			return nil, err
		}
		if !still {
			continue
		}
		if o.Due.IsZero() {
			o.Due = o.Confirmed // the clock gives it no time, and so none is left
		}
		d := heed.Duty{Kind: heed.DutyReport, From: c.Current().ID, OwedBy: x.party, OwedTo: c.Warner, Due: o.Due, Promised: o.Due}
		line, err := x.watchLine(v, c, d, 0, now)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (x *Exchange) watchLine(v View, c heed.Case, d heed.Duty, told int, now time.Time) (BoardLine, error) {
	return x.boardLine(v, IndexedDuty{Case: c.ID, Code: c.Code, Peer: c.Other(x.party), Status: c.Status, Duty: d, Told: max(told, 0)}, now)
}
