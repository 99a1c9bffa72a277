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

// HitReport is what an officer has decided about a hit, and what of it may be told
// to the party that warned.
type HitReport struct {
	Officer heed.OfficerID
	Hit     string          // its id here, of one passage; reporting the same one again gives the first report
	Subject watch.SubjectID // that it is of
	// Report is without its Subject, which is filled in. With a Verdict it tells the
	// warner that what it was told before does not hold any more.
	Report heed.HitReport
	// Confirmed is when the officer decided; zero: now.
	Confirmed time.Time
	Reason    string // for the warner; may be empty
	Tell      bool   // also where nothing demands it

	of      heed.HitID // whose verdict it tells; zero: no kept hit's
	verdict time.Time  // of that verdict
}

// stands is the error of telling what another verdict has taken the place of: that
// one tells the warner, or keeps it from being told.
func (r HitReport) stands(v View) error {
	if r.of.IsZero() {
		return nil
	}
	k, err := v.Hit(r.of)
	if err == nil && !k.Decided.Equal(r.verdict) {
		err = &heed.Refused{Detail: "another verdict was given meanwhile", Hint: "`heed hit explain` shows it"}
	}
	return err
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
	// Withdrawn says that Statement withdraws what was reported before.
	Withdrawn bool
}

// Text says in one line what was done, and why; empty: the warner was told nothing
// of the hit, and so is told nothing now.
func (r Reported) Text() string {
	switch {
	case r.Need == "":
		return ""
	case r.Withdrawn:
		return "the warner is told that it does not hold any more: " + r.Because
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
// warning's asks demand or allow it; and whoever was told that a record is of its
// subject is told when that is not held any more, whatever they say. Where it is owed,
// that is on record before anything is signed: a report that an officer's key, or the
// machine, then keeps from being made stays in the inbox, with when it is due.
// ErrNotFound where the subject is on a list, which has no warner.
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
	plan, err := x.readPlan(ctx, id, order, now)
	for err == nil && plan.change != nil {
		err = x.write(ctx, func(tx Tx) error {
			held, err := owedReport(tx, order.Hit)
			if err != nil {
				return err
			}
			if !held.alike(plan.before) {
				return errStale
			}
			if err := order.stands(tx); err != nil {
				return err
			}
			return plan.change(tx)
		})
		if !errors.Is(err, errStale) {
			break
		}
		plan, err = x.readPlan(ctx, id, order, now) // somebody else of ours was first, so the retries end
	}
	if err != nil || !plan.say {
		return plan.Reported, err
	}
	out := plan.Reported
	order.Confirmed = plan.kept.Confirmed
	s, err := x.sayOnce(ctx, id, order, out.Need, plan.kept)
	out.Statement = s.ID
	if due, ok := s.Promised(heed.DutyReport); ok {
		out.Due = due
	}
	return out, err
}

// reportPlan is what is to be done about telling the warner.
type reportPlan struct {
	Reported
	before OwedReport // as it was; zero: it was not
	kept   OwedReport
	change func(Tx) error // before anything is signed; nil: nothing changes
	say    bool
}

func (x *Exchange) readPlan(ctx context.Context, id heed.CaseID, order HitReport, now time.Time) (plan reportPlan, err error) {
	err = x.store.Read(ctx, func(v View) error {
		plan, err = x.planReport(v, id, order, now)
		return err
	})
	return plan, err
}

// planReport reads what was told of the hit and what the terms say.
func (x *Exchange) planReport(v View, id heed.CaseID, order HitReport, now time.Time) (plan reportPlan, err error) {
	officer, err := rosterEntry(v, order.Officer)
	if err != nil {
		return plan, err
	}
	if _, err := officer.Acting(heed.ActReportHit); err != nil {
		return plan, err
	}
	c, err := v.Case(id)
	if err != nil {
		return plan, err
	}
	before, err := owedReport(v, order.Hit)
	if err != nil {
		return plan, err
	}
	if before.unsent() && before.Verdict == order.Report.Verdict {
		order.Confirmed = before.Confirmed // it is owed since then, however often the same is decided
	}
	plan = reportPlan{Reported: Reported{Case: c.ID, Code: c.Code}, before: before}
	plan.kept = OwedReport{Hit: order.Hit, Case: id, Subject: order.Subject, Confirmed: order.Confirmed, Verdict: order.Report.Verdict}
	last, stands := standing(c, before)
	if order.Report.Verdict != "" {
		return plan, x.planWithdrawal(v, c, &plan, last, stands, now)
	}
	if stands {
		// It was told so; a withdrawal of it that was not sent is not owed any more.
		if plan.Statement, plan.Due = last.Statement, last.Due; before.Statement.IsZero() {
			told := OwedReport{Hit: order.Hit, Case: id, Subject: order.Subject, Confirmed: last.Confirmed, Due: last.Due, Statement: last.Statement}
			plan.change = func(tx Tx) error { return tx.PutOwedReport(told) }
		}
		plan.Because = "it was reported before"
		if plan.Need = heed.ReportAllowed; !plan.Due.IsZero() {
			plan.Need = heed.ReportOwed
		}
		return plan, nil
	}
	if err := x.needToReport(v, c, &plan.Reported, order, now); err != nil {
		return plan, err
	}
	plan.kept.Due = plan.Due
	// Whoever was told that it is somebody else is told that it is not, after all.
	again := !last.Statement.IsZero() || before.unsent()
	plan.say = plan.Need == heed.ReportOwed || plan.Need == heed.ReportAllowed && (order.Tell || again)
	if plan.say && (again || plan.Need == heed.ReportOwed) {
		plan.owe()
	}
	return plan, nil
}

// owe has what is to be told put on record, unless it is there already.
func (p *reportPlan) owe() {
	kept := p.kept
	if p.before.alike(kept) && p.before.Confirmed.Equal(kept.Confirmed) && p.before.Due.Equal(kept.Due) {
		return
	}
	p.change = func(tx Tx) error { return tx.PutOwedReport(kept) }
}

// standing is the last report of a hit to the warner that says that it is of the
// subject, and whether it holds still; zero: there was none.
func standing(c heed.Case, o OwedReport) (last heed.ReportedHit, stands bool) {
	id := o.Withdraws
	if o.Verdict == "" {
		id = o.Statement
	}
	for _, h := range c.ReportedHits() {
		if h.Statement == id {
			return h, h.Withdrawn == nil
		}
	}
	return last, false
}

// planWithdrawal plans to tell the warner that a report does not hold any more: it
// is owed to whoever was told, also by an accord that has come to bar reports, and
// when the watch is over.
func (x *Exchange) planWithdrawal(v View, c heed.Case, plan *reportPlan, last heed.ReportedHit, stands bool, now time.Time) error {
	hit := plan.kept.Hit
	switch {
	case plan.before.Hit == "":
		return nil
	case last.Statement.IsZero():
		plan.change = func(tx Tx) error { return tx.ForgetOwedReport(hit) } // nothing was told, so that nothing is owed
		return nil
	case !stands && plan.before.Verdict == plan.kept.Verdict && !plan.before.Statement.IsZero():
		return nil // it was told so
	}
	ours, err := x.ownTerms(v, c, now)
	if err != nil {
		return err
	}
	if d, ok := ours.Clock.Of(heed.DutyReport, c.Urgency); ok {
		plan.Due = plan.kept.Confirmed.Add(d)
	}
	plan.Need, plan.Withdrawn, plan.say = heed.ReportOwed, true, true
	plan.Because = "its report of " + last.Reported.UTC().Format("2006-01-02 15:04:05Z") + " is withdrawn"
	plan.kept.Withdraws, plan.kept.Due = last.Statement, plan.Due
	plan.owe()
	return nil
}

// needToReport reads what the terms and the asks say about reporting a hit.
func (x *Exchange) needToReport(v View, c heed.Case, out *Reported, order HitReport, now time.Time) error {
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
		var err error
		if said, err = saidSince(v, kept); err != nil {
			return nil, err
		}
		report := order.Report
		if kept.Withdraws.IsZero() {
			subject, _, err := x.reportable(v, c, order.Subject, order.Confirmed)
			if err != nil {
				return nil, err
			}
			s.Answers, report.Subject = []heed.StatementID{subject.source}, subject.path
		} else {
			s.Answers, report.Subject = []heed.StatementID{kept.Withdraws}, heed.SubjectPath(pathOfSubject(order.Subject))
		}
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
		s.Contents = refs(contents)
		decided := order.Confirmed
		if decided.After(s.Time) {
			decided = s.Time // the clock was set back since the decision
		}
		if s.Confirmed = decided; !kept.Withdraws.IsZero() {
			s.Confirmed, s.Withdrawn = time.Time{}, decided
		}
		if need == heed.ReportOwed {
			terms, err := x.ownTerms(v, c, s.Time)
			if err != nil {
				return nil, err
			}
			s.Duties = heed.HitPromises(c.Urgency, terms, s.HitDecided())
		}
		return contents, nil
	}, func(tx Tx, s heed.Statement) error {
		var err error
		if said, err = saidSince(tx, kept); err != nil {
			return err
		}
		if err := order.stands(tx); err != nil {
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

// owedReport reads what is on record of telling a warner of a hit; zero: nothing is.
func owedReport(v View, hit string) (OwedReport, error) {
	o, err := v.OwedReport(hit)
	if isNotFound(err) {
		return OwedReport{}, nil
	}
	return o, err
}

// unsent reports whether something is owed to the warner that it was not told.
func (o OwedReport) unsent() bool { return o.Hit != "" && o.Statement.IsZero() }

// alike reports whether two say the same of what was told, and of what is to be.
func (o OwedReport) alike(other OwedReport) bool {
	return o.Hit == other.Hit && o.Statement == other.Statement && o.Verdict == other.Verdict && o.Withdraws == other.Withdraws
}

// saidSince finds what was said of a hit since that was planned which is on record
// in kept: errReported with it, where it is the same.
func saidSince(v View, kept OwedReport) (heed.StatementID, error) {
	before, err := owedReport(v, kept.Hit)
	if err == nil && !before.Statement.IsZero() && before.Verdict == kept.Verdict && before.Withdraws == kept.Withdraws {
		err = errReported
	}
	return before.Statement, err
}

var errReported = errors.New("the hit was reported meanwhile")
