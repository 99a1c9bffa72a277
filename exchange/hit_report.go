package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/watch"
	"heed/wire"
)

// HitReport is a hit that an officer has confirmed, and what of it may be told to
// the party that warned.
type HitReport struct {
	Officer heed.OfficerID
	Hit     string          // its id here; reporting the same one again gives the first report
	Subject watch.SubjectID // that it is of
	Report  heed.HitReport  // without its Subject, which is filled in
	// Confirmed is when the officer decided; zero: now.
	Confirmed time.Time
	Reason    string // for the warner; may be empty
	Tell      bool   // also where nothing demands it
}

// Reported is what the terms say about telling the warner of a hit, and what was done.
type Reported struct {
	Case    heed.CaseID
	Code    heed.Code
	Need    heed.ReportNeed
	Because string // the clause, or the ask; for people
	Due     time.Time
	// Statement is what was sent; zero: nothing was, since nothing demands it, or
	// since it is barred.
	Statement heed.StatementID
}

// Text says in one line what was done, and why.
func (r Reported) Text() string {
	switch {
	case r.Need == heed.ReportBarred:
		return "not reported to the warner: " + r.Because
	case r.Statement.IsZero():
		return "not reported to the warner, which nothing demands: " + r.Because
	case r.Need == heed.ReportOwed:
		return "reported to the warner, as is owed: " + r.Because
	}
	return "reported to the warner, which nothing demands: " + r.Because
}

// ReportHit tells the warner of a confirmed hit, as far as the accord and the
// warning's asks demand or allow it. Where it is owed, that is on record before
// anything is signed: a report that an officer's key, or the machine, then keeps
// from being made stays in the inbox, with when it is due. ErrNotFound where the
// subject is on a list, which has no warner.
func (x *Exchange) ReportHit(ctx context.Context, order HitReport) (Reported, error) {
	now := x.Now()
	if order.Confirmed.IsZero() {
		order.Confirmed = now
	}
	order.Confirmed = heed.Instant(order.Confirmed)
	id, of := caseOfSubject(order.Subject)
	if !of {
		return Reported{}, fmt.Errorf("warner of subject %s: %w", order.Subject, ErrNotFound)
	}
	out, err := x.needToReport(ctx, id, order, now)
	if err != nil || !out.Statement.IsZero() || out.Need == heed.ReportBarred || out.Need == heed.ReportAllowed && !order.Tell {
		return out, err
	}
	kept := OwedReport{Hit: order.Hit, Case: id, Subject: order.Subject, Confirmed: order.Confirmed, Due: out.Due}
	if out.Need == heed.ReportOwed {
		if err := x.write(ctx, func(tx Tx) error { return tx.PutOwedReport(kept) }); err != nil {
			return out, err
		}
	}
	s, err := x.sayOnce(ctx, id, order, out.Need, kept)
	out.Statement = s.ID
	if due, ok := s.Promised(heed.DutyReport); ok {
		out.Due = due
	}
	return out, err
}

// needToReport reads what is on record of the hit and what the terms say.
func (x *Exchange) needToReport(ctx context.Context, id heed.CaseID, order HitReport, now time.Time) (out Reported, err error) {
	err = x.store.Read(ctx, func(v View) error {
		officer, err := rosterEntry(v, order.Officer)
		if err != nil {
			return err
		}
		if _, err := officer.Acting(heed.ActReportHit); err != nil {
			return err
		}
		c, err := v.Case(id)
		if err != nil {
			return err
		}
		before, err := v.OwedReport(order.Hit)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if out = (Reported{Case: c.ID, Code: c.Code, Statement: before.Statement, Due: before.Due}); !out.Statement.IsZero() {
			out.Because = "it was reported before"
			if out.Need = heed.ReportAllowed; !out.Due.IsZero() {
				out.Need = heed.ReportOwed
			}
			return nil
		}
		s, documents, err := x.reportable(v, c, order.Subject, order.Confirmed)
		if err != nil {
			return err
		}
		terms, err := x.watchTermsOf(v, c, now)
		if err != nil {
			return err
		}
		var asks []heed.Ask
		for _, d := range documents {
			asks = append(asks, d.warning.Asks...)
		}
		at := order.Confirmed
		if !order.Report.At.IsZero() {
			at = order.Report.At.Latest()
		}
		out.Need, out.Because = heed.NeedToReport(terms.inForce, terms.reserved, asks, order.Report.Record, at)
		if out.Need == heed.ReportOwed {
			ours, err := x.ownTerms(v, c, now)
			if err != nil {
				return err
			}
			if d, ok := ours.Clock.Of(heed.DutyReport, c.Urgency); ok {
				out.Due = order.Confirmed.Add(d)
			}
		}
		order.Report.Subject = s.path
		_, err = wire.EncodeHitReport(order.Report)
		return err
	})
	return out, err
}

// reportable is the subject that a hit is of, and which was on watch when that was
// confirmed, as far as the warner still names it.
func (x *Exchange) reportable(v View, c heed.Case, subject watch.SubjectID, confirmed time.Time) (subjectOf, []watchedDocument, error) {
	w := c.Watch(confirmed)
	if !x.keepsWatch(c) || !w.State.Runs() {
		return subjectOf{}, nil, noWatch(c, w)
	}
	documents, err := watchedDocuments(v, c, w)
	if err != nil {
		return subjectOf{}, nil, err
	}
	for _, s := range subjectsOn(c, documents) {
		if s.Subject.ID == subject {
			return s, documents, nil
		}
	}
	return subjectOf{}, nil, &heed.Refused{Code: heed.NotAdmitted, Detail: fmt.Sprintf("case %s does not name the subject of this hit any more", c.Code.Spoken()), Hint: "the warner has corrected its warning; `heed open` shows whom it names now"}
}

// sayOnce signs the report and, with it, puts on record that the hit was reported:
// twice at the same time, the first one is the report.
func (x *Exchange) sayOnce(ctx context.Context, id heed.CaseID, order HitReport, need heed.ReportNeed, kept OwedReport) (heed.Statement, error) {
	var said heed.StatementID
	s, err := x.sayWith(ctx, id, order.Officer, heed.KindWatchHit, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if before, err := v.OwedReport(order.Hit); err == nil && !before.Statement.IsZero() {
			said = before.Statement
			return nil, errReported
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		subject, _, err := x.reportable(v, c, order.Subject, order.Confirmed)
		if err != nil {
			return nil, err
		}
		report := order.Report
		report.Subject = subject.path
		data, err := wire.EncodeHitReport(report)
		if err != nil {
			return nil, err
		}
		content, err := x.content("", heed.MediaHitReport, data)
		if err != nil {
			return nil, err
		}
		contents := []Content{content}
		if order.Reason != "" {
			text, err := x.text(order.Reason)
			if err != nil {
				return nil, err
			}
			contents = append(contents, text)
		}
		s.Answers, s.Contents, s.Confirmed = []heed.StatementID{subject.source}, refs(contents), order.Confirmed
		if s.Confirmed.After(s.Time) {
			s.Confirmed = s.Time // the clock was set back since the decision
		}
		if need == heed.ReportOwed {
			terms, err := x.ownTerms(v, c, s.Time)
			if err != nil {
				return nil, err
			}
			s.Duties = heed.HitPromises(c.Urgency, terms, s.Confirmed)
		}
		return contents, nil
	}, func(tx Tx, s heed.Statement) error {
		if before, err := tx.OwedReport(order.Hit); err == nil && !before.Statement.IsZero() {
			said = before.Statement
			return errReported
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		kept.Statement = s.ID
		if due, ok := s.Promised(heed.DutyReport); ok {
			kept.Due = due
		}
		return tx.PutOwedReport(kept)
	})
	if errors.Is(err, errReported) {
		var first heed.Statement
		err = x.store.Read(ctx, func(v View) error {
			k, err := v.Kept(said)
			first = k.Statement
			return err
		})
		return first, err
	}
	return s, err
}

var errReported = errors.New("the hit was reported meanwhile")
