package desk

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	spellings "heed/names"
)

// The page of a case says where its watch stands and offers to decide about it to
// whoever may; the warner's page says the same, and offers nothing.
func TestTheWatchOfACase(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	page := b.get(casePath(id)).status(200)
	page.says("Watch", "On, until it is recalled or lapses", "Looked for here", "the standing ask report-travel runs until", "Without one the watch goes on")
	page.says("Let the watch lapse", "Keep the watch")

	b.done(id, actLapse, url.Values{"time": {"2026-11-24T12:00"}, "text": {"The concert is over."}}).says("On, and announced to lapse", "The watch ends 24 Nov 2026 11:00:00 UTC (12:00:00 CET)")
	s := w.last(south, id)
	if s.Kind != heed.KindWatchLapseNotice || !s.Effective.Equal(time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)) || len(s.Contents) != 1 {
		t.Fatalf("not the notice that was meant: %+v", s)
	}
	w.deliver()
	theirs := w.as(north, "n.arden")
	page = theirs.get(casePath(id)).status(200)
	page.says("On, and announced to lapse")
	page.saysNot("Let the watch lapse", "Looked for here")
	theirs.get("/desk/").status(200).says("Told by those who watch for us", "south.example: The watch ends 24 Nov 2026 11:00:00 UTC")
	w.clock.advance(time.Minute)
	b.done(id, actKeep, url.Values{"text": {"He is expected again."}}).says("The watch goes on", "On, until it is recalled or lapses")
	if s := w.last(south, id); !s.Effective.IsZero() {
		t.Errorf("it ends %s", s.Effective)
	}
	w.deliver()

	page = b.submit(casePath(id), casePath(id)+"/"+actLapse, url.Values{"time": {"2026-11-24T12:00"}}).status(422)
	page.says("Give the reason: the party that warned reads it.")
	page = b.submit(casePath(id), casePath(id)+"/"+actLapse, url.Values{"time": {"2026-11-01T12:00"}, "text": {"It is over."}}).status(422)
	page.says("is past")

	b.done(id, actLapse, url.Values{"time": {"2026-11-23T01:30"}, "text": {"He was arrested."}}).says("On, and announced to lapse")
	w.clock.advance(4 * time.Hour)
	b = w.as(south, "s.birk") // the login has ended meanwhile
	page = b.get(casePath(id)).status(200)
	page.says("Lapsed, as announced", "Ended")
	page.saysNot("Let the watch lapse")
}

// What the warner is told of a hit is in the timeline: that it was confirmed and
// when, whether that was late, and, once it is opened, what the record said.
func TestAReportedHit(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	var subject exchange.HitReport
	for on, err := range w.nodes[south].Watched(t.Context()) {
		must(t, err)
		if on.Subject.Person != nil {
			subject.Subject = on.Subject.ID
		}
	}
	subject.Officer, subject.Hit, subject.Reason = "s.birk", "h1", "He came by the evening ferry."
	subject.Report = heed.HitReport{Record: heed.RecordPassenger, Where: "Ferry Quay", Name: "ZHUSHCHYOV YULIAN", Score: 9731, Threshold: 9000}
	subject.Confirmed = w.clock.Now()
	w.clock.advance(30 * 24 * time.Hour)
	out, err := w.nodes[south].ReportHit(t.Context(), subject)
	must(t, err)
	if out.Need != heed.ReportOwed {
		t.Fatalf("%+v", out)
	}
	w.deliver()
	b := w.as(north, "n.arden")
	page := b.get(casePath(id)).status(200)
	page.says("Report of a match", "Confirmed", "Report of action due", "Match reported", ": late, it was due")
	page.saysNot("ZHUSHCHYOV")
	b.get("/desk/").status(200).says("1 match was reported, confirmed 22 Nov 2026")
	b.done(id, actOpen, nil).says("name in the record: ZHUSHCHYOV YULIAN", "where: Ferry Quay", "score: 0.9731, threshold 0.9000", "He came by the evening ferry.")
}

// What links exercises is marked as one.
func TestALinkOfAnExercise(t *testing.T) {
	w := newWorld(t)
	x := w.nodes[south]
	model, err := spellings.Default()
	must(t, err)
	must(t, second(x.LoadWatch(t.Context(), model, nil, nil)))
	for range 2 {
		w.warn(func(warning *heed.Warning) { warning.Status = heed.StatusExercise })
		must(t, x.Rewatch(t.Context()))
	}
	page := w.as(south, "s.birk").get("/desk/").status(200).Body.String()
	_, section, ok := strings.Cut(page, `id="links-h"`)
	section, _, _ = strings.Cut(section, "</section>")
	if !ok || !strings.Contains(section, "tag-exercise") {
		t.Errorf("a link of an exercise is not marked: %s", section)
	}
}
