package testnet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/names"
	"heed/wire"
)

// soughtAs is a warning about one person, with a standing ask to report hits.
func soughtAs(name, born string, until ...heed.Moment) heed.Warning {
	b, err := heed.ParseBirth(born)
	if err != nil {
		panic(err) // a constant of a test
	}
	w := Warning("A man is expected to return")
	w.Persons = []heed.Person{{Names: []heed.Name{{Text: name}}, Born: []heed.Birth{b}}}
	w.Asks = []heed.Ask{{Code: heed.AskReportHit, Standing: true}}
	for _, u := range until {
		w.Asks[0].Until = u
	}
	return w
}

// inSeconds is the time in which a decision on a watch is owed here.
var inSeconds = map[heed.Urgency]time.Duration{heed.UrgencyImmediate: 8 * time.Second}

// deciding is Seconds with a time for decisions on watches.
func deciding() heed.Baseline {
	b := Seconds()
	b.Clock[heed.DutyDecide] = inSeconds
	return b
}

// warns has a party warn another one, and waits until that has it.
func warns(t *testing.T, from, to *Party, w heed.Warning, accord heed.AccordID) heed.CaseID {
	t.Helper()
	order := exchange.WarnOrder{Officer: Anna, Warning: w, Accord: accord}
	if accord.IsZero() {
		order.To = []heed.PartyID{to.ID}
	}
	out, err := from.Exchange.Warn(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	id := out.Cases[slices.Index(out.To, to.ID)]
	waitFor(t, from, id, heed.StateReceived)
	return id
}

// watchOf is the watch as both parties of a case see it, which must be the same.
func watchOf(t *testing.T, id heed.CaseID, a, b *Party) heed.Watch {
	t.Helper()
	now := time.Now()
	here, there := a.Case(id).Watch(now), b.Case(id).Watch(now)
	if here.State != there.State || here.By != there.By || !here.Effective.Equal(there.Effective) || !here.Since.Equal(there.Since) || len(here.Sources) != len(there.Sources) {
		t.Errorf("%s sees %+v, %s sees %+v", a.ID, here, b.ID, there)
	}
	return here
}

// onWatch lists the names that a party watches for, from warnings.
func onWatch(t *testing.T, p *Party) (all []string) {
	t.Helper()
	for w, err := range p.Watched(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w.Subject.Person.Names[0].Text)
	}
	slices.Sort(all)
	return all
}

func watches(t *testing.T, p *Party, want ...string) {
	t.Helper()
	if got := onWatch(t, p); !slices.Equal(got, want) {
		t.Errorf("%s watches for %q, want %q", p.ID, got, want)
	}
}

// The case is closed, and the watch goes on: through a restart, until a lapse that
// was announced as long beforehand as the accord says takes effect, to the
// millisecond; and one that the warner recalls ends at once.
func TestWatchOutlivesItsCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 71}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		terms := Terms("Two desks", net.Parties...)
		terms.LapseNotice = time.Hour
		accord := propose(t, n, terms).Accord
		reach(t, s, accord, heed.AccordProposed)
		declare(t, s, accord, heed.AccordRatification)
		reach(t, n, accord, heed.AccordInForce)
		id := warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14"), accord)
		other := warns(t, n, s, soughtAs("Zulian Houtsioff", "1990"), heed.AccordID{})
		watches(t, s, "Zulian Houtsioff", "Юлиан Жущёв")
		watches(t, n) // the warner keeps no watch for its own warning

		assessed := do(t)(s.Assess(t.Context(), Boris, id, heed.NotCredible, ""))
		do(t)(s.Conclude(t.Context(), Anna, id, heed.Unfounded, ""))
		waitFor(t, n, id, heed.StateConcluded)
		if w := watchOf(t, id, n, s); w.State != heed.WatchOn {
			t.Errorf("the case is closed, and its watch is %s", w.State)
		}
		watches(t, s, "Zulian Houtsioff", "Юлиан Жущёв")

		for what, order := range map[string]exchange.LapseOrder{
			"too soon":         {Officer: Boris, Case: id, After: time.Hour - time.Millisecond, Reason: "The concert is over"},
			"without a reason": {Officer: Boris, Case: id, After: time.Hour},
			"by nobody":        {Case: id, After: time.Hour, Reason: "The concert is over"},
			"in the past":      {Officer: Boris, Case: id, Effective: assessed.Time, Reason: "The concert is over"},
		} {
			if out, err := s.Lapse(t.Context(), order); err == nil {
				t.Errorf("%s: the watch lapses %v", what, out.Effective)
			}
		}
		if _, err := n.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: time.Hour, Reason: "x"}); !isRefused(err) {
			t.Errorf("the warner lets the watch of the other party lapse: %v", err)
		}
		var refused *heed.Refused
		_, err := s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: time.Minute, Reason: "The concert is over"})
		if !errors.As(err, &refused) || !strings.Contains(refused.Detail, "clause lapse-notice") {
			t.Errorf("the refusal does not name the clause: %v", err)
		}

		notice := do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: 2 * time.Hour, Reason: "The concert is over"}))
		waitFor(t, n, id, heed.StateLapsing)
		time.Sleep(2 * time.Second)
		told := n.Notices.Of(id, exchange.NewsLapse)
		if len(told) != 1 || !told[0].Due.Equal(notice.Effective) || told[0].Duty != "" || told[0].OwedBy != "" {
			t.Errorf("the warner's people were told %+v", told)
		}
		news(t, n, exchange.NewsLapse)
		news(t, s)
		if w := watchOf(t, id, n, s); w.State != heed.WatchLapsing || !w.Effective.Equal(notice.Effective) {
			t.Errorf("announced, it is %s until %s", w.State, w.Effective)
		}
		s.Shut()
		s.Reopen()
		s.Start()
		time.Sleep(time.Until(notice.Effective.Add(-time.Millisecond)))
		watches(t, s, "Zulian Houtsioff", "Юлиан Жущёв")
		time.Sleep(time.Millisecond)
		watches(t, s, "Zulian Houtsioff")
		if w := watchOf(t, id, n, s); w.State != heed.WatchLapsed || w.By != notice.ID {
			t.Errorf("it has taken effect, and is %s", w.State)
		}
		time.Sleep(2 * time.Second)
		if _, err := rowOf(s, id); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("what has lapsed is still kept: %v", err)
		}
		if _, err := s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, Reason: "He came back"}); !isRefused(err) {
			t.Errorf("what has lapsed is taken up again: %v", err)
		}

		if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{other}, "It was another man"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s, other, heed.StateRecalled)
		watches(t, s)
		if w := watchOf(t, other, n, s); w.State != heed.WatchRecalled {
			t.Errorf("recalled, it is %s", w.State)
		}
		agree(t, net)
	})
}

func rowOf(p *Party, id heed.CaseID) (row exchange.WatchRow, err error) {
	err = p.Store.Read(context.Background(), func(v exchange.View) error {
		row, err = v.WatchRow(id)
		return err
	})
	return row, err
}

// agree settles the network, and holds what the parties have of each case against each other.
func agree(t *testing.T, net *Net) {
	t.Helper()
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
}

// A correction takes the place of what was said before, and so ends the watch for
// whom it does not name any more; a supplement adds; and what the warner says after
// a lapse was announced stays on watch.
func TestWatchFollowsItsWarning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 72}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14"), heed.AccordID{})
		first := subjects(t, s)
		if _, err := n.Supplement(t.Context(), Boris, []heed.CaseID{id}, soughtAs("Odo Marram", "1960"), nil); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s, id, heed.StateSupplemented)
		watches(t, s, "Odo Marram", "Юлиан Жущёв")
		lapse := do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: time.Minute, Reason: "Both were arrested"}))
		waitFor(t, n, id, heed.StateLapsing)
		if _, err := n.Correct(t.Context(), Boris, []heed.CaseID{id}, soughtAs("Юлиан Жущёв", "1987-05-14"), nil); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s, id, heed.StateCorrected)
		time.Sleep(time.Until(lapse.Effective.Add(time.Second)))
		watches(t, s, "Юлиан Жущёв")
		if again := subjects(t, s); !slices.Equal(again, first) {
			t.Errorf("a correction that says the same of him has made %q of %q", again, first)
		}
		if w := watchOf(t, id, n, s); w.State != heed.WatchOn {
			t.Errorf("the objection is on watch, and it is %s", w.State)
		}
	})
}

func subjects(t *testing.T, p *Party) (all []string) {
	t.Helper()
	for w, err := range p.Watched(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(w.Subject.ID))
	}
	return all
}

// A standing ask runs out: a decision is owed before that, stands in the inbox, and
// climbs the ladder. Nobody decides, and the watch goes on. Somebody decides that
// it does, and nothing is owed any more.
func TestSilenceEndsNoWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 73, Baseline: deciding()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		until := heed.MomentAt(time.Now().Add(time.Hour))
		id := warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14", until), heed.AccordID{})
		response := inSeconds[heed.UrgencyImmediate]
		owed := func(p *Party) int {
			board, err := p.Board(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			lines := 0
			for _, line := range board.Ours {
				if line.Kind == heed.DutyDecide && line.Case == id {
					lines++
					if !line.Due.Equal(until.Time) || line.OwedTo != north {
						t.Errorf("it is %+v", line)
					}
				}
			}
			return lines
		}
		time.Sleep(time.Until(until.Time.Add(-response - time.Second)))
		if owed(s) != 0 {
			t.Error("the decision is owed before its time")
		}
		time.Sleep(2 * time.Second)
		if owed(s) != 1 || owed(n) != 0 {
			t.Errorf("%s owes %d decisions, %s owes %d", s.ID, owed(s), n.ID, owed(n))
		}
		time.Sleep(time.Until(until.Time.Add(time.Minute)))
		watches(t, s, "Юлиан Жущёв")
		var levels []int
		for _, told := range s.Notices.About(id, heed.DutyDecide, heed.StatementID(id)) {
			levels = append(levels, told.Level)
		}
		slices.Sort(levels)
		if ladder := s.Card().Ladder; len(levels) != len(ladder)+1 || levels[0] != 0 || levels[len(levels)-1] != len(ladder) {
			t.Errorf("its people were told at levels %v", levels)
		}
		do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, Reason: "The threat has not passed"}))
		waitFor(t, n, id, heed.StateWatching)
		if owed(s) != 0 {
			t.Error("it was decided, and a decision is owed")
		}
		watches(t, s, "Юлиан Жущёв")
		watchOf(t, id, n, s)
	})
}

// report is what an officer tells of a hit.
func report() heed.HitReport {
	return heed.HitReport{Record: heed.RecordBorder, Where: "Ferry Quay", Name: "ZHUSHCHYOV YULIAN", Score: 9500, Threshold: 9000, Model: "test"}
}

// A confirmed hit is reported where a standing ask or the accord demands it, once;
// the warner sees when it was confirmed, and whether the report was late.
func TestHitsAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 74}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14"), heed.AccordID{})
		subject := exchange.HitReport{Officer: Anna, Hit: "hit-1", Report: report(), Reason: "He crossed by ferry"}
		for w, err := range s.Watched(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			subject.Subject = w.Subject.ID
		}
		subject.Confirmed = heed.Instant(time.Now())
		time.Sleep(time.Minute) // beyond what the clock gives
		out, err := s.ReportHit(t.Context(), subject)
		if err != nil || out.Need != heed.ReportOwed || out.Statement.IsZero() {
			t.Fatalf("%+v, %v", out, err)
		}
		if !strings.Contains(out.Text(), "as is owed") || !strings.Contains(out.Because, "report-hit") {
			t.Errorf("it says %q", out.Text())
		}
		again, err := s.ReportHit(t.Context(), subject)
		if err != nil || again.Statement != out.Statement {
			t.Errorf("reported twice: %+v, %v", again, err)
		}
		waitFor(t, n, id, heed.StateHit)
		hits := n.Case(id).ReportedHits()
		if len(hits) != 1 || !hits[0].Late() || !hits[0].Confirmed.Equal(subject.Confirmed) {
			t.Errorf("the warner sees %+v", hits)
		}
		time.Sleep(2 * time.Second)
		if told := n.Notices.Of(id, exchange.NewsHit); len(told) != 1 || !told[0].Due.Equal(subject.Confirmed) {
			t.Errorf("the warner's people were told %+v", told)
		}
		news(t, n, exchange.NewsHit)
		opened := reads(t, n, id)
		at := slices.IndexFunc(opened.Contents, func(c exchange.Content) bool { return c.Ref.MediaType == heed.MediaHitReport })
		if at < 0 {
			t.Fatal("the report did not come")
		}
		if got, err := wire.ParseHitReport(opened.Contents[at].Data); err != nil || got.Subject != "persons/0" || got.Where != "Ferry Quay" {
			t.Errorf("it says %+v, %v", got, err)
		}

		unnamed := subject
		unnamed.Hit, unnamed.Subject = "hit-2", subject.Subject+"9"
		if _, err := s.ReportHit(t.Context(), unnamed); !isRefused(err) {
			t.Errorf("a subject that is not on watch: %v", err)
		}
		listed := subject
		listed.Hit, listed.Subject = "hit-3", "list:harbour/7"
		if _, err := s.ReportHit(t.Context(), listed); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("a subject of a list: %v", err)
		}
		withdrawn := subject
		withdrawn.Confirmed, withdrawn.Report = heed.Instant(time.Now()), heed.HitReport{Record: report().Record, Verdict: heed.DifferentPerson, Score: report().Score, Threshold: report().Threshold}
		if out, err = s.ReportHit(t.Context(), withdrawn); err != nil || !out.Withdrawn {
			t.Fatalf("%+v, %v", out, err)
		}
		time.Sleep(5 * time.Second)
		if told := n.Notices.Of(id, exchange.NewsWithdrawn); len(told) != 1 {
			t.Errorf("the warner's people were told %+v", told)
		}
		news(t, n, exchange.NewsWithdrawn)
		agree(t, net)
		net.Stop()
		time.Sleep(8 * 24 * time.Hour)
		news(t, n)
	})
}

// The accord's clause decides: never bars it, whatever is asked; asked leaves the
// rest to the officer.
func TestTheAccordSaysWhatIsReported(t *testing.T) {
	t.Parallel()
	for _, reporting := range heed.Reportings() {
		synctest.Test(t, func(t *testing.T) {
			net := New(t, Options{Seed: 75}, north, south)
			n, s := net.Parties[0], net.Parties[1]
			net.Start()
			terms := Terms("Two desks", net.Parties...)
			terms.ReportHits = reporting
			accord := propose(t, n, terms).Accord
			reach(t, s, accord, heed.AccordProposed)
			declare(t, s, accord, heed.AccordRatification)
			reach(t, n, accord, heed.AccordInForce)
			w := soughtAs("Юлиан Жущёв", "1987-05-14")
			w.Asks = nil
			id := warns(t, n, s, w, accord)
			order := exchange.HitReport{Officer: Anna, Hit: "hit-1", Report: report()}
			for on, err := range s.Watched(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				order.Subject = on.Subject.ID
			}
			out, err := s.ReportHit(t.Context(), order)
			want := map[heed.Reporting]heed.ReportNeed{heed.ReportAsked: heed.ReportAllowed, heed.ReportConfirmed: heed.ReportOwed, heed.ReportNever: heed.ReportBarred}[reporting]
			if err != nil || out.Need != want || out.Statement.IsZero() != (want != heed.ReportOwed) || !strings.Contains(out.Because, "clause report-hits: "+reporting.String()) {
				t.Errorf("%s: %+v, %v", reporting, out, err)
			}
			order.Tell = true
			out, err = s.ReportHit(t.Context(), order)
			if err != nil || out.Statement.IsZero() != (want == heed.ReportBarred) {
				t.Errorf("%s, and the officer tells it: %+v, %v", reporting, out, err)
			}
			if want != heed.ReportBarred {
				waitFor(t, n, id, heed.StateHit)
			}
		})
	}
}

// Another party warns of somebody who is on watch already: the desk that keeps the
// watch sees both cases linked, with the score; neither warner hears of it.
func TestWarningsOfOneManAreLinked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 76}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		model, err := names.Default()
		if err != nil {
			t.Fatal(err)
		}
		if unused, err := s.LoadWatch(t.Context(), model, nil, nil); err != nil || unused != nil {
			t.Fatal(unused, err)
		}
		net.Start()
		first := warns(t, n, s, soughtAs("Юлиан Щёголевич Жущёв", "1987-05-14"), heed.AccordID{})
		time.Sleep(5 * time.Second)
		second := warns(t, e, s, soughtAs("Yulian Zhushchyov", "1987-05-14"), heed.AccordID{})
		third := warns(t, e, s, soughtAs("Odo Marram", "1960-02-29"), heed.AccordID{})
		time.Sleep(5 * time.Second)
		links := func(p *Party, id heed.CaseID) []exchange.LinkedCase {
			file, err := p.Look(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return file.Links
		}
		for id, other := range map[heed.CaseID]heed.CaseID{first: second, second: first} {
			got := links(s, id)
			if len(got) != 1 || got[0].Later != (id == second) || got[0].Code != s.Case(other).Code || got[0].Ours != "persons/0" || got[0].Hit.Score < got[0].Hit.Threshold {
				t.Errorf("case %s is linked with %+v", id, got)
			}
		}
		if told := s.Notices.Of(second, exchange.NewsLink); len(told) != 1 || told[0].Peer != east {
			t.Errorf("people were told of the link %+v", told)
		}
		if told := append(s.Notices.Of(first, exchange.NewsLink), s.Notices.Of(third, exchange.NewsLink)...); len(told) != 0 {
			t.Errorf("people were told of links %+v", told)
		}
		if got := links(s, third); len(got) != 0 {
			t.Errorf("somebody else is linked with %+v", got)
		}
		for p, id := range map[*Party]heed.CaseID{n: first, e: second} {
			if got := links(p, id); len(got) != 0 {
				t.Errorf("%s, which has warned, is told %+v", p.ID, got)
			}
			for _, said := range p.Case(id).Statements {
				if said.Author == south && said.Kind != heed.KindReceipt && said.Kind != heed.KindNotification && said.Kind != heed.KindReminder {
					t.Errorf("%s was told by a %s", p.ID, said.Kind)
				}
			}
		}
		s.Shut()
		s.Reopen()
		if got := links(s, second); len(got) != 1 {
			t.Errorf("after a restart: %+v", got)
		}
	})
}

// The accord ends and its contents are to be erased: those of a case whose watch
// runs stay until that is decided, on both sides, and go with the limitation even
// if nobody ever decides. Its end makes a decision owed.
func TestWatchKeepsWhomItIsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 77}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		accord, ends := ending(t, net, func(a *heed.Accord) { a.Clocks[0].Clock[heed.DutyDecide] = inSeconds })
		erases := ends.Add(2 * time.Minute)
		decided := warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14"), accord)
		never := warns(t, n, s, soughtAs("Odo Marram", "1960"), accord)
		for _, id := range []heed.CaseID{decided, never} {
			do(t)(s.Assess(t.Context(), Boris, id, heed.NotCredible, ""))
			waitFor(t, n, id, heed.StateAssessed)
		}
		time.Sleep(time.Until(ends.Add(-time.Millisecond)))
		board, err := s.Board(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if lines := slices.DeleteFunc(board.Ours, func(l exchange.BoardLine) bool { return l.Kind != heed.DutyDecide || !l.Due.Equal(ends) }); len(lines) != 2 {
			t.Errorf("the accord ends, and %d decisions are owed", len(lines))
		}
		time.Sleep(time.Until(erases.Add(2 * time.Minute)))
		for _, p := range net.Parties {
			isErased(t, p, decided, false)
			isErased(t, p, never, false)
		}
		lapse := do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: decided, After: time.Minute, Reason: "The event is over"}))
		waitFor(t, n, decided, heed.StateLapsing)
		time.Sleep(time.Until(lapse.Effective.Add(2*time.Minute - time.Second)))
		isErased(t, s, decided, false)
		time.Sleep(2 * time.Minute)
		for _, p := range net.Parties {
			isErased(t, p, decided, true)
			isErased(t, p, never, false)
		}
		watches(t, s, "Odo Marram")
		time.Sleep(time.Until(ends.Add(17 * time.Minute)))
		for _, p := range net.Parties {
			isErased(t, p, never, true)
		}
		watches(t, s)
	})
}

// Two warnings are about one man, and the contents of one are erased: what linked
// them goes with it, on the pages of both, and does not come back.
func TestLinksGoWithTheContents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 78}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		accord, ends := ending(t, net, func(a *heed.Accord) { a.Clocks[0].Clock[heed.DutyDecide] = inSeconds })
		first := warns(t, n, s, soughtAs("Юлиан Щёголевич Жущёв", "1987-05-14"), accord)
		agree(t, net)
		second := warns(t, n, s, soughtAs("Yulian Zhushchyov", "1987-05-14"), heed.AccordID{})
		agree(t, net)
		links := func(want int) {
			t.Helper()
			for _, id := range []heed.CaseID{first, second} {
				if file, err := s.Look(t.Context(), id); err != nil || len(file.Links) != want {
					t.Errorf("case %s has %d links, %v; want %d", file.Code, len(file.Links), err, want)
				}
			}
			if board, err := s.Board(t.Context(), 100); err != nil || len(board.Links) != want {
				t.Errorf("the board has %d links, %v; want %d", len(board.Links), err, want)
			}
		}
		links(1)
		for _, id := range []heed.CaseID{first, second} {
			do(t)(s.Assess(t.Context(), Boris, id, heed.NotCredible, ""))
		}
		lapse := do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: first, After: time.Minute, Reason: "He was found"}))
		time.Sleep(time.Until(lapse.Effective.Add(time.Second)))
		links(1) // nobody is watched for by the first, and what it says is kept still
		time.Sleep(time.Until(later(ends, lapse.Effective).Add(4 * time.Minute)))
		isErased(t, s, first, true)
		isErased(t, s, second, false)
		links(0)
		s.Shut()
		s.Reopen()
		loadWatch(t, s)
		s.Start()
		agree(t, net)
		links(0)
		watches(t, s, "Yulian Zhushchyov")
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Nobody is born on a day that is to come: whoever warns of one is told so, and
// nothing is sent; nor is a correction that says it.
func TestBirthsToComeAreNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{}, "north.example", "south.example")
		north, south := n.Parties[0], n.Parties[1]
		w := Warning("A man who may travel")
		w.Persons = []heed.Person{{Names: []heed.Name{{Text: "Odo Marram"}}, Born: []heed.Birth{{From: heed.PartialDate{Year: time.Now().Year() + 1}}}}}
		_, err := north.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south.ID}, Warning: w})
		var field *heed.FieldError
		if !errors.As(err, &field) || field.Path != "persons/0/born/0" {
			t.Errorf("a warning: %v", err)
		}
		sent := north.Warn("A man who may travel", south)
		if _, err := north.Correct(t.Context(), Anna, sent, w, nil); !errors.As(err, &field) {
			t.Errorf("a correction: %v", err)
		}
	})
}
