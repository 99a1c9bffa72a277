package exchange

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/watch"
	"heed/wire"
)

// Watched passes all that is on watch from warnings at now: the subjects that
// the warners' documents name and that can be looked for, case by case. An error
// ends it.
func (x *Exchange) Watched(ctx context.Context) iter.Seq2[OnWatch, error] {
	return func(yield func(OnWatch, error) bool) {
		const most = 256
		now := x.Now()
		for after := (heed.CaseID{}); ; {
			var some []OnWatch
			var rows []WatchRow
			err := x.store.Read(ctx, func(v View) (err error) {
				if rows, err = v.WatchRows(after, most); err != nil {
					return err
				}
				for _, row := range rows {
					if row.Subjects == 0 && !row.Source.IsZero() {
						continue
					}
					of, err := x.watchedOf(v, row.Case, now)
					if err != nil {
						return fmt.Errorf("watch of case %s: %w", row.Case, err)
					}
					for _, s := range of {
						some = append(some, s.OnWatch)
					}
				}
				return nil
			})
			if err != nil {
				yield(OnWatch{}, err)
				return
			}
			for _, s := range some {
				if !yield(s, nil) {
					return
				}
			}
			if len(rows) < most {
				return
			}
			after = rows[len(rows)-1].Case
		}
	}
}

// WatchedIn is what one case has on watch at now; nothing where its watch does
// not run, or is another party's.
func (x *Exchange) WatchedIn(ctx context.Context, id heed.CaseID) (all []OnWatch, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		of, err := x.watchedOf(v, id, now)
		for _, s := range of {
			all = append(all, s.OnWatch)
		}
		return err
	})
	return all, err
}

// subjectOf is a subject on watch with where its warning names it.
type subjectOf struct {
	OnWatch
	source heed.StatementID
	path   heed.SubjectPath
}

// watchedOf lists what a case has on watch at now.
func (x *Exchange) watchedOf(v View, id heed.CaseID, now time.Time) ([]subjectOf, error) {
	c, err := v.Case(id)
	if err != nil {
		return nil, err
	}
	if !x.keepsWatch(c) {
		return nil, nil
	}
	documents, err := watchedDocuments(v, c, c.Watch(now))
	if err != nil {
		return nil, err
	}
	return subjectsOn(c, documents), nil
}

// keepsWatch reports whether we keep a watch in a case: we were warned, in
// earnest or as an exercise, which shows the watch as what it is.
func (x *Exchange) keepsWatch(c heed.Case) bool {
	return c.Warned == x.party && (c.Status == heed.StatusActual || c.Status == heed.StatusExercise)
}

// watchedDocument is a warner's document whose subjects are watched for.
type watchedDocument struct {
	source  heed.WatchSource
	kind    heed.Kind
	warning heed.Warning
}

// watchedDocuments reads the documents of a watch that are here. What was erased,
// or is brought by nobody any more, names nobody.
func watchedDocuments(v View, c heed.Case, w heed.Watch) ([]watchedDocument, error) {
	if len(w.Sources) == 0 {
		return nil, nil
	}
	if at, err := erased(v, c.ID); err != nil || !at.IsZero() {
		return nil, err
	}
	var all []watchedDocument
	for _, source := range w.Sources {
		s, _ := c.Statement(source.Statement)
		at := slices.IndexFunc(s.Contents, func(r heed.ContentRef) bool { return r.MediaType == heed.MediaWarning })
		if at < 0 {
			continue // it brings attachments only
		}
		content, err := v.Content(s.Contents[at].Digest)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		warning, err := wire.ParseWarning(content.Data)
		if err != nil {
			return nil, fmt.Errorf("document of %s statement %s: %w", s.Kind, s.ID.Short(), err)
		}
		all = append(all, watchedDocument{source, s.Kind, warning})
	}
	return all, nil
}

// subjectsOn lists the subjects of the documents that can be looked for, each
// once: a supplement that says the same of somebody again adds nobody. The id
// of a subject of the warning or its last correction is the case's and its place
// in the document, so that a correction in which nothing else is said of it
// leaves it what it was.
func subjectsOn(c heed.Case, documents []watchedDocument) (all []subjectOf) {
	known := map[string]bool{} // a warner may supplement its warning thousands of times
	for _, d := range documents {
		prefix := subjectOfCase + c.ID.String()
		if d.kind == heed.KindSupplement {
			prefix += "/" + d.source.Statement.String()
		}
		add := func(list string, n int, s watch.Subject) {
			path := heed.PathOfSubject(list, n)
			s.ID, s.Urgency = watch.SubjectID(prefix+"/"+string(path)), d.warning.Urgency
			if key := s.Likeness(); !known[key] {
				known[key] = true
				all = append(all, subjectOf{
					OnWatch: OnWatch{Subject: s, Case: c.ID, Code: c.Code, Warner: c.Warner, Status: c.Status}, source: d.source.Statement, path: path,
				})
			}
		}
		for i, p := range d.warning.Persons {
			if len(p.Names) > 0 || len(p.Documents) > 0 {
				add(heed.SubjectPersons, i, watch.Subject{Person: &p})
			}
		}
		for i, vehicle := range d.warning.Vehicles {
			if vehicle.Plate != "" || vehicle.VIN != "" {
				add(heed.SubjectVehicles, i, watch.Subject{Vehicle: &vehicle})
			}
		}
		for i, o := range d.warning.Organisations {
			add(heed.SubjectOrganisations, i, watch.Subject{Organisation: &o})
		}
	}
	return all
}

// subjectOfCase begins the id of a subject that a warning put on watch.
const subjectOfCase = "case:"

// caseOfSubject is the case whose warning put a subject on watch; false where a
// list did.
func caseOfSubject(id watch.SubjectID) (heed.CaseID, bool) {
	rest, ok := strings.CutPrefix(string(id), subjectOfCase)
	digits, _, _ := strings.Cut(rest, "/")
	d, err := heed.ParseDigest(digits)
	return heed.CaseID(d), ok && err == nil
}

// watchTerms is what an accord says about the watch of a case, beside the terms
// under which its statements are signed.
type watchTerms struct {
	inForce  *heed.Accord // nil: none binds us, the cards count
	reserved []heed.Clause
	ends     time.Time // when the accord ends for us, or has ended; zero: no end is in sight
	atEnd    heed.WatchesEnd
	next     time.Time // when it may stand otherwise by itself; zero: never
}

func (x *Exchange) watchTermsOf(v View, c heed.Case, now time.Time) (watchTerms, error) {
	var terms watchTerms
	if c.Opening.Accord.IsZero() || c.Opening.Kind.OfAccord() {
		return terms, nil
	}
	held, err := accordHeld(v, c.Opening.Accord, now)
	if err != nil {
		return terms, err
	}
	terms.next = held.Next(now)
	standing := held.Standing
	if end, before, over := held.endFor(x.party, now); over {
		standing, terms.ends = before, end
	}
	version, ok := held.Version(standing.InForce)
	if !ok {
		return terms, nil
	}
	for _, r := range standing.Reservations(x.party) {
		terms.reserved = append(terms.reserved, r.Clause)
	}
	if terms.ends.IsZero() {
		terms.inForce, terms.ends = &version, version.Until
	}
	if terms.atEnd = version.End.Watches; slices.Contains(terms.reserved, clauseEnd) {
		terms.atEnd = heed.WatchesKeep
	}
	return terms, nil
}

// decision is the decision that we owe on the watch of a case, or owe next: its
// duty where it is owed already, and else from when on it is, and by when.
type decision struct {
	duty heed.Duty
	owed bool
	from time.Time
	due  time.Time // zero: nothing runs out
	why  string    // what does, for people
}

// decisionOn finds what a decision on the watch is owed for first: a standing ask
// that runs out, or the accord's end. What was decided about is passed over.
func (x *Exchange) decisionOn(v View, c heed.Case, documents []watchedDocument, terms watchTerms, now time.Time) (decision, error) {
	type term struct {
		at  time.Time
		why string
	}
	var all []term
	for _, d := range documents {
		for _, a := range d.warning.Asks {
			if a.Standing && !a.Until.IsZero() {
				all = append(all, term{heed.Instant(a.Until.Latest()), fmt.Sprintf("the standing ask %s runs until %s", a.Code, a.Until)})
			}
		}
	}
	if !terms.ends.IsZero() && terms.atEnd != heed.WatchesKeep {
		why := "the accord ends"
		if terms.atEnd == heed.WatchesLapse {
			why += ", and its terms say that the lapse of its watches is announced"
		}
		all = append(all, term{terms.ends, why})
	}
	slices.SortStableFunc(all, func(a, b term) int { return a.at.Compare(b.at) })
	me, err := v.Self()
	if err != nil {
		return decision{}, err
	}
	for _, t := range all {
		baseline, err := termsFor(v, c.Opening, me.Card, now)
		if err != nil {
			return decision{}, err
		}
		response, ok := baseline.Clock.Of(heed.DutyDecide, c.Urgency)
		if !ok {
			return decision{}, nil // the clock asks for none
		}
		out := decision{from: t.at.Add(-response), due: t.at, why: t.why}
		out.duty, out.owed = c.Decision(t.at, response, now)
		if out.owed && !out.duty.Open() {
			continue
		}
		return out, nil
	}
	return decision{}, nil
}

// keepWatch brings the row of a case's watch up to date with what was said in it.
func (x *Exchange) keepWatch(tx Tx, c heed.Case, now time.Time) error {
	if !x.keepsWatch(c) {
		return nil
	}
	w := c.Watch(now)
	row, err := tx.WatchRow(c.ID)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	switch {
	case !w.State.Runs() && !known:
		return nil
	case !w.State.Runs():
		return x.forgetWatch(tx, c, w, now)
	case known && row.Source == lastSource(w) && row.By == w.By && row.Effective.Equal(w.Effective):
		return nil
	}
	return x.renewWatch(tx, c, w, row, known, now)
}

func lastSource(w heed.Watch) heed.StatementID { return w.Sources[len(w.Sources)-1].Statement }

// renewWatch computes the row of a running watch anew, and tells our people of a
// decision that is owed on it.
func (x *Exchange) renewWatch(tx Tx, c heed.Case, w heed.Watch, before WatchRow, known bool, now time.Time) error {
	documents, err := watchedDocuments(tx, c, w)
	if err != nil {
		return err
	}
	terms, err := x.watchTermsOf(tx, c, now)
	if err != nil {
		return err
	}
	owes, err := x.decisionOn(tx, c, documents, terms, now)
	if err != nil {
		return err
	}
	row := WatchRow{
		Case: c.ID, Under: c.Opening.Accord, Source: lastSource(w), By: w.By, Subjects: len(subjectsOn(c, documents)),
		Effective: w.Effective, Due: owes.due, Told: -1, Compared: known && before.Compared && before.Source == lastSource(w),
	}
	if known && before.Due.Equal(owes.due) {
		row.Told = before.Told
	}
	if row.Subjects == 0 {
		row.Due, row.Compared = time.Time{}, true // nobody is looked for, so that there is nothing to decide
		if err := forgetUnlike(tx, c.ID, nil); err != nil {
			return err
		}
		if err := x.endHits(tx, c, w, now); err != nil {
			return err
		}
		return tx.PutWatch(row)
	}
	row.Next = sooner(row.Next, w.Effective)
	for _, s := range w.Sources {
		row.Next = sooner(row.Next, s.Until)
	}
	row.Next = sooner(row.Next, terms.next)
	switch {
	case owes.due.IsZero():
	case !owes.owed:
		row.Next = sooner(row.Next, owes.from)
	default:
		ladder, err := x.ladderIn(tx, c.Opening, x.party)
		if err != nil {
			return err
		}
		reached := ladder.Level(owes.due, now)
		for level := row.Told + 1; level <= reached; level++ {
			if err := x.tell(tx, c, owes.duty, level, now); err != nil {
				return err
			}
		}
		row.Told = max(row.Told, reached)
		if next, ok := ladder.Next(owes.due, row.Told); ok {
			row.Next = sooner(row.Next, next)
		}
	}
	return tx.PutWatch(row)
}

// RunWatch does what has become due about the watches that we keep: those whose
// announced end has come are over, and our people are told of decisions that are
// owed. It decides by the rules again, whatever woke it, and reports whether more
// may be due.
func (x *Exchange) RunWatch(ctx context.Context) (more bool, err error) {
	const most = 100
	now := x.Now()
	var due []heed.CaseID
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // it has lost what was said last, and its people are told of nothing
		}
		rows, err := v.WatchesDue(now, most)
		for _, r := range rows {
			due = append(due, r.Case)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	var failed failures
	for _, id := range due {
		failed.add(x.lookAtWatch(ctx, id, now))
	}
	return len(due) == most, failed.err()
}

// NextWatch is when RunWatch has something to do next; false: nothing is waiting.
func (x *Exchange) NextWatch(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, View.NextWatch)
}

// lookAtWatch computes the row of a case's watch whether anything was said or not.
func (x *Exchange) lookAtWatch(ctx context.Context, id heed.CaseID, now time.Time) error {
	return x.write(ctx, func(tx Tx) error { return x.rewatchCase(tx, id, now) })
}

func (x *Exchange) rewatchCase(tx Tx, id heed.CaseID, now time.Time) error {
	c, err := tx.Case(id)
	if err != nil {
		return err
	}
	row, err := tx.WatchRow(id)
	if errors.Is(err, ErrNotFound) {
		return nil // it has ended
	}
	if err != nil {
		return err
	}
	w := c.Watch(now)
	if !x.keepsWatch(c) || !w.State.Runs() {
		return x.forgetWatch(tx, c, w, now)
	}
	return x.renewWatch(tx, c, w, row, true, now)
}

// forgetWatch puts on record that the watch of a case is over, and with it the
// reviews of whom it has found.
func (x *Exchange) forgetWatch(tx Tx, c heed.Case, w heed.Watch, now time.Time) error {
	if err := x.endHits(tx, c, w, now); err != nil {
		return err
	}
	return tx.ForgetWatch(c.ID)
}

// accordSettles is how long after something is said of an accord the watches under
// it are looked at: acts of many members come one after the other. When an accord
// ends by its dates each watch knows to the millisecond.
const accordSettles = time.Minute

// rewatchUnder has the watches under an accord looked at: it may end otherwise now.
func (x *Exchange) rewatchUnder(tx Tx, id heed.AccordID, now time.Time) error {
	return tx.LookAgain(id, now.Add(accordSettles))
}
