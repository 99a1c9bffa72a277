package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"heed"
	"heed/watch"
)

// countWatched is how many subjects are on watch, for a progress bar.
func (x *Exchange) countWatched(ctx context.Context) (n int64, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if n, err = v.WatchedSubjects(); err != nil {
			return err
		}
		listed, err := v.ListedSubjects()
		n += listed
		return err
	})
	return n, err
}

// eachWatched passes all that is on watch: from warnings, then from lists.
func (x *Exchange) eachWatched(ctx context.Context, pass func(OnWatch) error) error {
	for w, err := range x.Watched(ctx) {
		if err != nil {
			return err
		}
		if err := pass(w); err != nil {
			return err
		}
	}
	return x.eachListed(ctx, pass)
}

// runWatch keeps the index at what is on watch: it looks at a case after each
// commit that may have changed what that has on watch, and whatever failed is
// tried again.
func (x *Exchange) runWatch(ctx context.Context, sweep time.Duration) {
	for ctx.Err() == nil {
		err := x.Rewatch(ctx)
		x.report(ctx, "the watch index", err)
		var again <-chan time.Time
		if err != nil {
			again = time.After(sweep)
		}
		select {
		case <-ctx.Done():
		case <-x.lookout.call:
		case <-again:
		}
	}
}

// Rewatch brings the index up to what was committed, ends the hits of whom nobody
// seeks any more, and looks for whoever is new on watch among the others who are,
// and among the records that are kept. While
// the index is not built yet it does nothing: it is built from what was committed.
func (x *Exchange) Rewatch(ctx context.Context) error {
	if !x.WatchState().Ready {
		return nil
	}
	failed := map[heed.CaseID]bool{}
	var errs []error
	wished, lists := x.lookout.wishes()
	var cases []heed.CaseID
	for _, id := range wished {
		on, err := x.WatchedIn(ctx, id)
		if err == nil {
			err = x.rewatch(id, on)
		}
		if err != nil {
			failed[id] = true
			errs = append(errs, fmt.Errorf("case %s: %w", id, err))
			continue
		}
		cases = append(cases, id)
	}
	if len(failed) > 0 {
		x.lookout.wish(failed)
	}
	if err := x.lookAtHits(ctx, cases, lists); err != nil {
		errs = append(errs, err)
	}
	if err := x.compareNew(ctx); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// reportVerdict tells the warner of a confirmed hit, as the accord says, or that one
// of which it was told is not held to be of its subject any more, and says what was
// done. Of a record that is of somebody else it tells nothing more than that.
func (x *Exchange) reportVerdict(ctx context.Context, k KeptHit, order HitOrder, decided time.Time) (text string, told bool, err error) {
	if k.Case.IsZero() {
		if order.Verdict == heed.SamePerson {
			text = "the subject is of a list, which has no warner to be told"
		}
		return text, false, nil
	}
	var all []HitReport
	err = x.store.Read(ctx, func(v View) error {
		all, err = x.reportsOf(v, k, order, decided)
		return err
	})
	if err != nil {
		return "", false, err
	}
	var texts []string
	for _, report := range all {
		done, err := x.ReportHit(ctx, report)
		var refused *heed.Refused
		switch {
		case errors.As(err, &refused):
			// The verdict stands all the same: it is signed and on record.
			not := "not reported to the warner: "
			if order.Verdict != heed.SamePerson {
				not = "the warner was told that it is the same, and could not be told otherwise: "
			}
			said := not + refused.Detail
			if refused.Hint != "" {
				said += " (" + refused.Hint + ")"
			}
			texts = append(texts, said)
			continue
		case err != nil:
			return "", false, err
		}
		if done.Text() == "" {
			continue
		}
		texts, told = append(texts, done.Text()), told || !done.Statement.IsZero()
	}
	return ofPassages(texts), told, nil
}

// ofPassages says in one line what was done about each passage of a hit, of which
// the last one is said whole. What was done stands before the colon, and why behind it.
func ofPassages(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	last := texts[len(texts)-1]
	done, _, _ := strings.Cut(last, ":")
	var other []string
	same := 0
	for _, t := range texts[:len(texts)-1] {
		switch was, _, _ := strings.Cut(t, ":"); {
		case was == done:
			same++
		case !slices.Contains(other, t):
			other = append(other, t)
		}
	}
	if same > 0 {
		last += fmt.Sprintf("; the same was said of earlier passages (%d)", same)
	}
	for _, t := range other {
		last += "; of an earlier passage: " + t
	}
	return last
}

// oweVerdict puts on record what a verdict makes owed to the warner, which is told
// once the verdict is committed; pending says so, for people who see the hit before
// that is done. What the terms or the warning forbid is owed to nobody.
func (x *Exchange) oweVerdict(tx Tx, k KeptHit, order HitOrder, decided time.Time) (pending string, err error) {
	if k.Case.IsZero() {
		return "", nil
	}
	all, err := x.reportsOf(tx, k, order, decided)
	if err != nil {
		return "", err
	}
	for _, report := range all {
		plan, err := x.planReport(tx, k.Case, report, decided)
		var refused *heed.Refused
		if errors.As(err, &refused) {
			continue
		}
		if err == nil && plan.change != nil {
			err = plan.change(tx)
		}
		if err != nil {
			return "", err
		}
		if plan.say && (plan.change != nil || plan.before.unsent()) {
			pending = "owed to the warner and not told yet, the same verdict again tells it: " + plan.Because
		}
	}
	return pending, nil
}

// reportsOf lists what may have to be said of a hit to its warner after a verdict,
// by passages. Each one that was confirmed is told by itself, and one that was not
// told yet is told with the next; a verdict that it is a different person is about
// the record, and so about all of them. One that is undecided is about the last alone:
// what an officer held of the ones before, he has not taken back.
func (x *Exchange) reportsOf(v View, k KeptHit, order HitOrder, decided time.Time) (all []HitReport, err error) {
	contents, err := x.hitContents(v, k)
	if err != nil || contents == nil {
		return nil, err
	}
	r := contents.Record
	report := heed.HitReport{
		Record: heed.RecordType(r.Type), Score: heed.ScoreOf(contents.Score), Threshold: heed.ScoreOf(contents.Threshold), Model: modelWord(contents.Explanation.ModelVersion),
	}
	if order.Verdict == heed.SamePerson {
		report.Where, report.Born = whereOf(r), r.Born
		if !r.At.IsZero() {
			report.At = heed.MomentAt(r.At)
		}
		if len(r.Names) > 0 {
			report.Name = label(r.Names[0].Text)
		}
		if len(r.Documents) > 0 && slices.Contains(heed.DocumentTypes(), r.Documents[0].Type) {
			document := r.Documents[0]
			document.Number = label(document.Number)
			report.Document = &document
		}
		report = sayable(report)
	} else {
		report.Verdict = order.Verdict
	}
	for passage := range k.Passage + 1 {
		one := HitReport{
			Officer: order.Officer, Hit: reportName(k.ID, passage), Subject: contents.Subject.ID, Report: report, Confirmed: decided, Reason: order.Reason,
			Tell: order.Tell && passage == k.Passage, of: k.ID, verdict: decided,
		}
		if passage < k.Passage {
			before, err := owedReport(v, one.Hit)
			if err != nil {
				return nil, err
			}
			if before.Hit == "" || order.Verdict == heed.Undecided || order.Verdict == heed.SamePerson && !before.Statement.IsZero() {
				continue
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// reportName is under what a passage of a hit is told to its warner.
func reportName(id heed.HitID, passage int) string {
	if passage == 0 {
		return id.String()
	}
	return fmt.Sprintf("%s/%d", id, passage)
}

// whereOf is from where to where a record says that somebody went.
func whereOf(r watch.Record) string {
	var parts []string
	if r.From != "" || r.To != "" {
		parts = append(parts, cmp.Or(r.From, "?")+" - "+cmp.Or(r.To, "?"))
	}
	if r.Carrier != "" {
		parts = append(parts, r.Carrier)
	}
	return label(strings.Join(parts, ", "))
}

// label is text as a signed line can say it: a record may hold blanks at its ends,
// several lines and marks that nobody sees.
func label(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), unicode.IsControl(c):
			return ' '
		case c == '\ufeff', c >= '\u202a' && c <= '\u202e', c >= '\u2066' && c <= '\u2069':
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(runes(strings.Join(strings.Fields(s), " "), heed.MaxLabel))
}

// sayable leaves out of a report what a signed one cannot say of the record: nothing
// that a record has may keep a verdict from being on record, and the warner from
// being told of it.
func sayable(r heed.HitReport) heed.HitReport {
	fits := func(r heed.HitReport) bool {
		r.Subject = "persons/0" // which is filled in later
		return r.Check() == nil
	}
	for _, leaveOut := range []func(){
		func() {
			if r.Document != nil {
				r.Document.Country = ""
			}
		},
		func() { r.Document = nil },
		func() { r.At = heed.Moment{} },
		func() { r.Born = heed.Birth{} },
		func() { r.Where = "" },
		func() { r.Name = "" },
	} {
		if fits(r) {
			break
		}
		leaveOut()
	}
	return r
}

// runes cuts text to so many characters.
func runes(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i]
		}
	}
	return s
}

// modelWord is a model's version as signed text can say it.
func modelWord(version string) string {
	word := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, version)
	return strings.TrimLeft(word[:min(len(word), heed.MaxToken)], "-")
}
