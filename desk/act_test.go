package desk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// last is the newest statement of a party in a case.
func (w *world) last(party heed.PartyID, id heed.CaseID) heed.Statement {
	w.t.Helper()
	file, err := w.nodes[party].Look(w.t.Context(), id)
	must(w.t, err)
	s, ok := file.Statement(file.Last(party))
	if !ok {
		w.t.Fatalf("%s has said nothing", party)
	}
	return s
}

// done sends the form of an act and follows to the page that says that it was done.
func (b *browser) done(id heed.CaseID, act string, values url.Values) answer {
	b.t.Helper()
	got := b.submit(casePath(id), casePath(id)+"/"+act, values).status(http.StatusSeeOther)
	to := got.Header().Get("Location")
	if want := casePath(id) + "?done=" + act; to != want {
		b.t.Fatalf("%s leads to %s", act, to)
	}
	page := b.get(to).status(200)
	page.says(doneWords[act])
	return page
}

func TestActs(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	check := func(kind heed.Kind, f func(heed.Statement) bool) {
		t.Helper()
		s := w.last(south, id)
		if s.Kind != kind || len(s.Officers) != 1 || !strings.Contains(s.Officers[0].Key, "/officer/s.birk+") || f != nil && !f(s) {
			t.Fatalf("not the %s that was meant: %+v", kind, s)
		}
		w.deliver()
		w.clock.advance(time.Minute)
	}

	b.done(id, actTake, nil).says("Taken by s.birk")
	b.done(id, actOpen, nil).says("Possible attack on a concert at North Harbour Hall", "Une source déjà jugée fiable")
	check(heed.KindOpening, nil)
	b.done(id, actAcknowledge, url.Values{"without-prejudice": {"yes"}}).says("without prejudice")
	check(heed.KindAcknowledgement, func(s heed.Statement) bool { return s.NoPrejudice })
	b.done(id, actAsk, url.Values{"text": {"Which ferry?\r\n\r\nAnd when?"}}).says("Which ferry?", "And when?")
	check(heed.KindQuestion, nil)
	b.done(id, actInterim, url.Values{"time": {"2026-11-23T01:30"}, "text": {"We are at it."}}).says("Reply will come by 23 Nov 2026 00:30:00 UTC (01:30:00 CET)", "announced for 23 Nov 2026 00:30:00 UTC")
	check(heed.KindInterim, func(s heed.Statement) bool { return s.By.Equal(time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)) })
	b.done(id, actAnswer, url.Values{"text": {"He is known here."}})
	check(heed.KindAnswer, func(s heed.Statement) bool { return s.AnswersTo(heed.StatementID(id)) })
	b.done(id, actAssess, url.Values{"choice": {"credible"}, "text": {"Two sources agree."}}).says("Assessed as Credible", "Report of action due")
	check(heed.KindAssessment, func(s heed.Statement) bool { return s.Disposition == heed.Credible && len(s.Contents) == 1 })
	b.done(id, actCall, url.Values{"with": {"the desk of the north"}, "text": {"They read the code back."}})
	check(heed.KindCall, nil)
	b.done(id, actExtend, url.Values{"choice": {"answer"}, "time": {"2026-11-24T12:00"}}).says("Answer now due 24 Nov 2026 11:00:00 UTC (12:00:00 CET)", "extended from")
	check(heed.KindExtension, nil)
	b.done(id, actReport, url.Values{"text": {"The ferry was met."}})
	check(heed.KindAction, nil)
	page := b.done(id, actConclude, url.Values{"choice": {"averted"}, "text": {"The evening was quiet."}})
	check(heed.KindOutcome, func(s heed.Statement) bool { return s.Outcome == heed.Averted })
	page.says("Averted, as stated by the recipient", "Stage Concluded", "Answered on time", "The evening was quiet.")

	second := w.warn(nil)
	b.done(second, actRefuse, url.Values{"choice": {"not-competent"}, "text": {"Ask the coast guard."}}).says("We are not competent", "Refused with a reason")
}

func TestTheWarnersSide(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	must(t, askIn(w, south, "s.birk", id, "Which ferry?"))
	b := w.as(north, "n.arden")
	page := b.get(casePath(id)).status(200)
	page.says("opened by us", "Answer for the Question north.example (us)")
	b.done(id, actOpen, nil).says("Which ferry?")
	b.done(id, actAnswer, url.Values{"text": {"The one at nine."}}).says("The one at nine.")
	b.get(casePath(id)).saysNot("Sign acknowledgement", "Sign assessment")
}

func askIn(w *world, party heed.PartyID, officer heed.OfficerID, id heed.CaseID, text string) error {
	_, err := w.nodes[party].Ask(w.t.Context(), officer, id, text)
	w.deliver()
	return err
}

// TestRefusedActs has every form fail, for a rule or for what was typed, and
// looks for the reason beside the form and for the text in it.
func TestRefusedActs(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name    string
		officer string
		setup   func(*world, heed.CaseID)
		act     string
		values  url.Values
		status  int
		says    string
	}{
		{name: "auditor takes", officer: "s.audit", act: actTake, status: 403, says: `Officer s.audit has no role that permits "take".`},
		{name: "duty officer assesses", officer: "s.duty", act: actAssess, values: url.Values{"choice": {"credible"}, "text": {"kept text"}}, status: 403, says: "It takes one of: assessor, supervisor."},
		{name: "auditor acknowledges", officer: "s.audit", act: actAcknowledge, status: 403, says: "no role that permits"},
		{name: "case of another", officer: "s.birk", setup: taken, act: actAcknowledge, status: 403, says: "was taken by s.duty"},
		{name: "case of another, taken over", officer: "s.birk", setup: taken, act: actTake, status: 403, says: "was taken by s.duty"},
		{name: "acknowledged twice", officer: "s.birk", setup: acknowledged, act: actAcknowledge, status: 403, says: "was already acknowledged by s.duty"},
		{name: "no disposition", officer: "s.birk", act: actAssess, values: url.Values{"choice": {""}, "text": {"kept text"}}, status: 422, says: "Choose how the warning is assessed."},
		{name: "empty question", officer: "s.birk", act: actAsk, values: url.Values{"text": {" \r\n "}}, status: 422, says: "Write the question."},
		{name: "question too long", officer: "s.birk", act: actAsk, values: url.Values{"text": {strings.Repeat("long ", 14000)}}, status: 422, says: "longer than 64 KiB"},
		{name: "answer to nothing", officer: "s.birk", act: actAnswer, values: url.Values{"choice": {strings.Repeat("ab", 32)}, "text": {"kept text"}}, status: 422, says: "is not a question to us"},
		{name: "answer to what is no id", officer: "s.birk", act: actAnswer, values: url.Values{"choice": {"all"}, "text": {"kept text"}}, status: 422, says: "Choose which question is answered."},
		{name: "empty answer", officer: "s.birk", act: actAnswer, values: url.Values{"text": {""}}, status: 422, says: "Write the answer."},
		{name: "interim in the past", officer: "s.birk", act: actInterim, values: url.Values{"time": {"2026-11-22T21:59"}, "text": {"kept text"}}, status: 422, says: "is not in the future"},
		{name: "interim at no time", officer: "s.birk", act: actInterim, values: url.Values{"time": {"soon"}, "text": {"kept text"}}, status: 422, says: "This is not a date and time."},
		{name: "interim in no zone", officer: "s.birk", act: actInterim, values: url.Values{"time": {"2026-11-23T01:30"}, "zone": {"Local"}}, status: 422, says: "This is not a date and time."},
		{name: "extension of what nobody owes", officer: "s.birk", setup: asked, act: actExtend, values: url.Values{"choice": {"report"}, "time": {"2026-11-30T01:30"}}, status: 403, says: "north.example owes no"},
		{name: "extension of our own", officer: "s.birk", setup: asked, act: actExtend, values: url.Values{"choice": {"assess"}, "time": {"2026-11-30T01:30"}}, status: 403, says: "only north.example may extend it"},
		{name: "extension of nothing", officer: "s.birk", setup: asked, act: actExtend, values: url.Values{"choice": {""}, "time": {"2026-11-30T01:30"}}, status: 422, says: "Choose which reply gets more time."},
		{name: "extension that is none", officer: "s.birk", setup: asked, act: actExtend, values: url.Values{"time": {"2026-11-22T22:30"}}, status: 422, says: "An extension gives more time."},
		{name: "refusal without a reason", officer: "s.birk", act: actRefuse, values: url.Values{"text": {"kept text"}}, status: 422, says: "Choose the reason for the refusal."},
		{name: "refusal without words", officer: "s.birk", act: actRefuse, values: url.Values{"choice": {"duplicate"}}, status: 422, says: "Say why in a sentence."},
		{name: "empty report", officer: "s.birk", act: actReport, values: url.Values{"text": {""}}, status: 422, says: "Say what was done."},
		{name: "no outcome", officer: "s.birk", act: actConclude, values: url.Values{"text": {"kept text"}}, status: 422, says: "Choose how the matter ended."},
		{name: "call with nobody", officer: "s.birk", act: actCall, values: url.Values{"with": {" "}, "text": {"kept text"}}, status: 422, says: "Say with whom the call was."},
		{name: "call without words", officer: "s.birk", act: actCall, values: url.Values{"with": {"the north"}, "text": {""}}, status: 422, says: "Say what was said."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			id := w.warn(nil)
			b := w.as(south, c.officer)
			form := url.Values{"csrf": b.form("/desk/you", "/desk/you")["csrf"], "zone": {"Europe/Vienna"}}
			if c.act == actExtend || c.act == actInterim {
				form.Set("choice", "answer")
			}
			if c.act == actAnswer {
				form.Set("choice", id.String())
			}
			if c.setup != nil {
				c.setup(w, id)
			}
			for name, v := range c.values {
				form[name] = v
			}
			before := w.last(north, id)
			got := b.post(casePath(id)+"/"+c.act, form).status(c.status)
			got.says("Not done", c.says)
			if title := got.text(); !strings.HasPrefix(title, "Not done: Case ") {
				t.Errorf("the title does not say it: %.60s", title)
			}
			keeps(t, got, c.act, form)
			if after := w.last(north, id); after.ID != before.ID {
				t.Error("something was said")
			}
			if strings.Contains(got.text(), "--") || strings.Contains(got.text(), "`heed") {
				t.Error("the page speaks of the command line")
			}
		})
	}
}

// keeps looks for what was typed in the form that failed, and for the reason
// that stands with it.
func keeps(t *testing.T, got answer, act string, form url.Values) {
	t.Helper()
	found := false
	for n := range got.doc().Descendants() {
		switch attr(n, "id") {
		case "problem-" + act:
			found = true
		case "text-" + act:
			if kept := strings.TrimPrefix(content(n), "\n"); strings.TrimSpace(kept) != strings.TrimSpace(form.Get("text")) {
				t.Errorf("the text is %q", kept)
			}
		case "time-" + act:
			if attr(n, "value") != form.Get("time") {
				t.Errorf("the time is %q", attr(n, "value"))
			}
		case "with-" + act:
			if attr(n, "value") != form.Get("with") {
				t.Errorf("with whom is %q", attr(n, "value"))
			}
		}
	}
	if !found {
		t.Error("the reason does not stand beside the form")
	}
}

func taken(w *world, id heed.CaseID) {
	must(w.t, second(w.nodes[south].Take(w.t.Context(), "s.duty", id)))
}

func acknowledged(w *world, id heed.CaseID) {
	must(w.t, second(w.nodes[south].Acknowledge(w.t.Context(), "s.duty", id, false)))
}

func asked(w *world, id heed.CaseID) { must(w.t, askIn(w, south, "s.birk", id, "Which ferry?")) }

func TestAFormIsSentOnce(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	action := casePath(id) + "/" + actAsk
	form := b.form(casePath(id), action)
	form.Set("text", "Which ferry?")
	b.post(action, form).status(http.StatusSeeOther)
	first := w.last(south, id)
	again := b.post(action, form).status(http.StatusSeeOther)
	b.get(again.Header().Get("Location")).says("Nothing was done a second time.")
	if now := w.last(south, id); now.ID != first.ID {
		t.Error("the question was asked twice")
	}
	// The same words from a page of their own are a question of their own.
	b.done(id, actAsk, url.Values{"text": {"Which ferry?"}})
	if now := w.last(south, id); now.ID == first.ID {
		t.Error("the second question was not asked")
	}
}

func TestFormsFollowRoles(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	duty := w.as(south, "s.duty").get(casePath(id))
	duty.says("Sign acknowledgement", "Not open to your roles", "Assess (assessor, supervisor)")
	duty.saysNot("Sign assessment")
	audit := w.as(south, "s.audit").get(casePath(id))
	audit.saysNot("Sign acknowledgement", "Sign question", "Take the case")
	audit.says("Open the contents")
}

func TestContentsAreOpenedByAnAct(t *testing.T) {
	w := newWorld(t)
	secret := []byte("<script>alert('attached')</script>\x00\xff")
	id := w.warn(nil, exchange.Attachment{Name: "plan.html", MediaType: "text/html", Data: secret})
	b := w.as(south, "s.birk")
	closed := b.get(casePath(id)).status(200)
	closed.says("The contents are closed: 2 contents were not opened by you.", "plan.html", "Nobody yet.", "Warning document")
	closed.saysNot("North Harbour", "TLP")
	digest := w.attachment(id, "plan.html")
	b.get(casePath(id) + "/content/" + digest).status(http.StatusForbidden).says("Open the contents of the case first")
	w.noStatement(south, id, heed.KindOpening)

	opened := b.done(id, actOpen, nil)
	opened.says("TLP:AMBER+STRICT", "PAP:AMBER", "H2: not to be disseminated without the provider's permission.", "Restriction: Not to be mentioned to the van hire company.",
		"Ask the originator before passing anything on.", "Юлиан Щёголевич Жущёв", "1986 to 1988", "passport 0017345 (HM)", "NH 40 127", "Grey Tern Van Hire",
		"+441632960127", "Detain if seen", "stands for whatever happens later, until 30 Nov 2027 (the whole day, local time)", "24 Nov 2026 18:00:00 UTC to 24 Nov 2026 22:30:00 UTC, at North Harbour Hall",
		"-54.4208, 3.3464, within 200 m", "B, usually reliable", "Duty to warn", "Section 4 of the Saltholm Security Service Act", "s.birk (duty officer)", "n.arden (drafter)")
	languages := map[string]bool{}
	for n := range opened.doc().Descendants() {
		languages[attr(n, "lang")] = true
	}
	for _, l := range []string{"en", "fr", "ru", "de"} {
		if !languages[l] {
			t.Errorf("nothing is marked as being in %s", l)
		}
	}

	file := b.get(casePath(id) + "/content/" + digest).status(200)
	if got := file.Body.Bytes(); string(got) != string(secret) {
		t.Errorf("the file is %q", got)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=plan.html",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if got := file.Header().Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	b.get(casePath(id) + "/content/" + strings.Repeat("0", 64)).status(404)
	b.get(casePath(id) + "/content/plan.html").status(404)
	look, err := w.nodes[south].Look(t.Context(), id)
	must(t, err)
	if len(look.Readings) != 2 {
		t.Errorf("%d readings are on record, not the opening and the download", len(look.Readings))
	}

	// What came later is closed until it is opened, too.
	must(t, second(w.nodes[north].Ask(t.Context(), "n.arden", id, "Is he there?")))
	w.deliver()
	later := b.get(casePath(id))
	later.says("1 content was not opened by you since you opened the case.")
	later.saysNot("Is he there?")
	b.done(id, actOpen, nil).says("Is he there?")

	// It is shown to the officer who opened it, for a while, until closed.
	b.choose("s.duty")
	b.get(casePath(id)).saysNot("North Harbour")
	b.done(id, actOpen, nil).says("North Harbour")
	b.submit(casePath(id), casePath(id)+"/close", nil).status(http.StatusSeeOther)
	b.get(casePath(id)).saysNot("North Harbour")
	b.done(id, actOpen, nil)
	w.clock.advance(readingKept + time.Second)
	b.get(casePath(id)).saysNot("North Harbour")
}

func (w *world) attachment(id heed.CaseID, name string) string {
	w.t.Helper()
	file, err := w.nodes[south].Look(w.t.Context(), id)
	must(w.t, err)
	for _, ref := range file.Opening.Contents {
		if ref.Name == name {
			return ref.Digest.String()
		}
	}
	w.t.Fatalf("no attachment %s", name)
	return ""
}
