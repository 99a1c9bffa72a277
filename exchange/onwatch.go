package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
func (x *Exchange) reportVerdict(ctx context.Context, id heed.HitID, order HitOrder, contents *HitContents, confirmed time.Time) (text string, told bool, err error) {
	if contents == nil {
		return "", false, nil
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
			report.Name = runes(r.Names[0].Text, heed.MaxLabel)
		}
		if len(r.Documents) > 0 && slices.Contains(heed.DocumentTypes(), r.Documents[0].Type) {
			report.Document = &r.Documents[0]
		}
	} else {
		report.Verdict = order.Verdict
	}
	done, err := x.ReportHit(ctx, HitReport{
		Officer: order.Officer, Hit: id.String(), Subject: contents.Subject.ID, Report: report, Confirmed: confirmed, Reason: order.Reason, Tell: order.Tell,
	})
	var refused *heed.Refused
	switch {
	case isNotFound(err) && order.Verdict != heed.SamePerson:
		return "", false, nil
	case isNotFound(err):
		return "the subject is of a list, which has no warner to be told", false, nil
	case errors.As(err, &refused):
		// The verdict stands all the same: it is signed and on record.
		not := "not reported to the warner: "
		if order.Verdict != heed.SamePerson {
			not = "the warner was told that it is the same, and could not be told otherwise: "
		}
		return strings.TrimSpace(not + refused.Detail + " " + refused.Hint), false, nil
	case err != nil:
		return "", false, err
	}
	return done.Text(), !done.Statement.IsZero(), nil
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
	return runes(strings.Join(parts, ", "), heed.MaxLabel)
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
