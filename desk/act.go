package desk

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// The acts of the desk, as they stand in addresses.
const (
	actTake        = "take"
	actOpen        = "open"
	actClose       = "close"
	actAcknowledge = "acknowledge"
	actAssess      = "assess"
	actAsk         = "ask"
	actAnswer      = "answer"
	actInterim     = "interim"
	actExtend      = "extend"
	actRefuse      = "refuse"
	actReport      = "report"
	actConclude    = "conclude"
	actCall        = "call"
	actLapse       = "lapse"
	actKeep        = "keep-watch"
)

// doneWords say what the last act was. Signed and queued is all that the desk
// knows of it: the receipt shows in the timeline.
var doneWords = map[string]string{
	actTake:        "You have this case.",
	actOpen:        "The contents are open. That you opened them is on record.",
	actAcknowledge: "Acknowledgement signed and queued for delivery.",
	actAssess:      "Assessment signed and queued for delivery.",
	actAsk:         "Question signed and queued for delivery.",
	actAnswer:      "Answer signed and queued for delivery.",
	actInterim:     "Interim reply signed and queued for delivery. It discharges nothing.",
	actExtend:      "Extension signed and queued for delivery.",
	actRefuse:      "Refusal signed and queued for delivery.",
	actReport:      "Report of action signed and queued for delivery.",
	actConclude:    "Conclusion signed and queued for delivery.",
	actCall:        "The call is on record and queued for delivery.",
	actLapse:       "The end of the watch is announced: signed and queued for delivery.",
	actKeep:        "That the watch goes on is signed and queued for delivery.",
	"again":        "This form was sent before. Nothing was done a second time.",
}

// acts are the forms that a case page shows.
type acts struct {
	Due    []form // answer what we owe
	Others []form
	Closed []closedAct // what the officer's roles do not permit here
}

// form is one act's form, with what was typed before where it failed. A label
// that is empty means that the form has no such field.
type form struct {
	Case heed.CaseID
	CSRF string
	Once string

	Act         string
	Heading     string
	Button      string
	Note        string
	Open        bool // shown unfolded
	NoPrejudice bool
	ChoiceLabel string
	Choices     []option
	Empty       bool // nothing is chosen beforehand
	WithLabel   string
	TimeLabel   string
	Zone        string // of the time
	TextLabel   string
	TextNeeded  bool

	Kept    map[string]string
	Problem *problem
}

type closedAct struct {
	What string
	Who  string
}

// kept is a form that was sent and not done.
type kept struct {
	act    string
	values url.Values
	why    problem
}

// actRule says when the page offers an act, and what its form asks. Whether it
// is permitted is decided by the exchange when it is done.
type actRule struct {
	form
	action  heed.Action
	due     heed.DutyKind // its form stands first while we owe this
	offered func(c caseFacts) bool
	choices func(c caseFacts) []option
}

// caseFacts are what decides which forms a page shows.
type caseFacts struct {
	exchange.CaseFile
	me     heed.PartyID
	as     heed.OfficerID
	ours   []heed.Duty
	theirs []heed.Duty
	at     times
}

func (c caseFacts) warned() bool { return c.Warned == c.me && c.Opening.Kind == heed.KindWarning }
func (c caseFacts) owe(kind heed.DutyKind) bool {
	return slices.ContainsFunc(c.ours, func(d heed.Duty) bool { return d.Kind.Base() == kind })
}

// watches reports whether we keep a watch in the case for somebody.
func (c caseFacts) watches() bool { return c.Keeps != nil && c.Keeps.Subjects > 0 }

// rungs are those that still have to acknowledge, each for itself.
func (c caseFacts) rungs() []option {
	var out []option
	seen := map[string]bool{}
	for _, d := range c.ours {
		if role := c.Role(d); role != "" && !seen[role] {
			seen[role] = true
			out = append(out, option{Value: role, Label: role})
		}
	}
	return out
}

func always(caseFacts) bool { return true }

var actRules = []actRule{
	{
		form:   form{Act: actTake, Heading: "Take this case", Button: "Take the case", Note: "So that two do not work on it and none thinks that the other does."},
		action: heed.ActTake, offered: func(c caseFacts) bool { return c.Taken == nil || c.Taken.Officer != c.as },
	},
	{
		form:   form{Act: actAcknowledge, Heading: "Acknowledge", Button: "Sign acknowledgement", Note: "Says that a responsible person has it. It judges nothing.", NoPrejudice: true, ChoiceLabel: "For which rung", Empty: true},
		action: heed.ActAcknowledge, due: heed.DutyAcknowledge, offered: func(c caseFacts) bool { return c.owe(heed.DutyAcknowledge) },
		choices: caseFacts.rungs,
	},
	{
		form:   form{Act: actAssess, Heading: "Assess", Button: "Sign assessment", Note: "Credible or partly credible is an undertaking to report action and to conclude.", ChoiceLabel: "The warning is", Empty: true, TextLabel: "Reason"},
		action: heed.ActAssess, due: heed.DutyAssess, offered: caseFacts.warned,
		choices: func(caseFacts) []option { return optionsOf(heed.Dispositions(), dispositionWords) },
	},
	{
		form:   form{Act: actAnswer, Heading: "Answer", Button: "Sign answer", ChoiceLabel: "Which question", TextLabel: "Answer", TextNeeded: true},
		action: heed.ActAnswer, due: heed.DutyAnswer, offered: func(c caseFacts) bool { return len(c.questions()) > 0 },
		choices: caseFacts.questions,
	},
	{
		form:   form{Act: actReport, Heading: "Report action", Button: "Sign report of action", TextLabel: "What was done", TextNeeded: true},
		action: heed.ActReport, due: heed.DutyReport, offered: caseFacts.warned,
	},
	{
		form:   form{Act: actConclude, Heading: "Conclude", Button: "Sign conclusion", Note: "How the matter ended, as we state it.", ChoiceLabel: "Outcome", Empty: true, TextLabel: "Words"},
		action: heed.ActConclude, due: heed.DutyConclude, offered: caseFacts.warned,
		choices: func(caseFacts) []option { return optionsOf(heed.Outcomes(), outcomeWords) },
	},
	{
		form:   form{Act: actAsk, Heading: "Ask a question", Button: "Sign question", Note: "The other party owes an answer, under the same clock and ladder as for a warning.", TextLabel: "Question", TextNeeded: true},
		action: heed.ActAsk, offered: always,
	},
	{
		form:   form{Act: actInterim, Heading: "Send an interim reply", Button: "Sign interim reply", Note: "Says when our reply will come. It discharges nothing.", TimeLabel: "Our reply will come by", TextLabel: "Words"},
		action: heed.ActInterim, offered: func(c caseFacts) bool { return len(c.ours) > 0 },
	},
	{
		form:   form{Act: actExtend, Heading: "Give more time", Button: "Sign extension", Note: "For a reply that the other party owes us.", ChoiceLabel: "Which reply", TimeLabel: "Until"},
		action: heed.ActExtend, offered: func(c caseFacts) bool { return len(c.theirs) > 0 },
		choices: caseFacts.extendable,
	},
	{
		form:   form{Act: actLapse, Heading: "Let the watch lapse", Button: "Sign notice", Note: "The party that warned is told at once, and can object until then. What it adds later stays on watch.", TimeLabel: "Nobody is watched for from", TextLabel: "Reason", TextNeeded: true},
		action: heed.ActLapse, offered: caseFacts.watches,
	},
	{
		form:   form{Act: actKeep, Heading: "Keep the watch", Button: "Sign decision", Note: "Says that the watch goes on, and takes back a lapse that was announced.", TextLabel: "Reason", TextNeeded: true},
		action: heed.ActLapse, offered: caseFacts.watches,
	},
	{
		form:   form{Act: actCall, Heading: "Record a telephone call", Button: "Sign record of the call", WithLabel: "With whom", TextLabel: "What was said", TextNeeded: true},
		action: heed.ActCall, offered: always,
	},
	{
		form:   form{Act: actRefuse, Heading: "Refuse", Button: "Sign refusal", Note: "A refusal is an answer. It takes the place of every reply that we owe for what the other party sent.", ChoiceLabel: "Reason", Empty: true, TextLabel: "Why", TextNeeded: true},
		action: heed.ActRefuse, offered: func(c caseFacts) bool { return slices.ContainsFunc(c.ours, c.refusable) },
		choices: func(caseFacts) []option { return optionsOf(heed.ContentRefusals(), refusalWords) },
	},
}

// questions are those put to us, the ones that are still owed an answer first.
func (c caseFacts) questions() []option {
	var owed, others []option
	for _, s := range c.Statements {
		if s.Author == c.me || s.Kind != heed.KindQuestion && !s.AsksAnswer {
			continue
		}
		label := word(kindWords, s.Kind) + " " + s.ID.Short() + " of " + c.at.at(s.Time).UTC
		if duty, ok := c.Duty(heed.DutyAnswer, s.ID); ok && duty.Open() {
			owed = append(owed, option{Value: s.ID.String(), Label: label + ", " + c.at.left(duty.Due)})
			continue
		}
		others = append(others, option{Value: s.ID.String(), Label: label + ", answered before"})
	}
	return append(owed, others...)
}

func (c caseFacts) extendable() []option {
	var all []option
	for _, d := range c.theirs {
		value := string(d.Kind)
		if !slices.ContainsFunc(all, func(o option) bool { return o.Value == value }) {
			all = append(all, option{Value: value, Label: word(dutyWords, d.Kind) + ", due " + c.at.at(d.Due).UTC})
		}
	}
	return all
}

func (c caseFacts) refusable(d heed.Duty) bool {
	from, ok := c.Statement(d.From)
	return ok && from.Author != c.me && !from.Kind.Proposes() // a proposal is declined
}

// actsOf lists the forms for a case, those that answer what we owe first.
func (d *desk) actsOf(v *visit, file exchange.CaseFile, once string, sent *kept) acts {
	var out acts
	if file.Opening.ID.IsZero() {
		return out
	}
	me := d.exchange.Party()
	facts := caseFacts{
		CaseFile: file, me: me, as: v.as.ID,
		ours: file.OpenDuties(me), theirs: file.OpenDuties(file.Other(me)), at: times{file.At, v.zone},
	}
	for _, rule := range actRules {
		failed := sent != nil && sent.act == rule.Act
		if !rule.offered(facts) && !failed {
			continue
		}
		if _, err := v.as.Acting(rule.action); err != nil && !failed {
			out.Closed = append(out.Closed, closedAct{rule.Heading, whoMay(rule.action)})
			continue
		}
		f := rule.form
		f.Case, f.CSRF, f.Once, f.Zone = file.ID, v.csrf, once, v.zone.String()
		if rule.choices != nil {
			f.Choices = rule.choices(facts)
		}
		if failed {
			f.keep(sent)
		}
		owed := rule.due != "" && facts.owe(rule.due)
		f.Open = f.Open || owed
		if owed || rule.Act == actTake {
			out.Due = append(out.Due, f)
		} else {
			out.Others = append(out.Others, f)
		}
	}
	return out
}

// keep puts what was typed back into the form.
func (f *form) keep(sent *kept) {
	f.Open, f.Problem, f.Kept = true, &sent.why, map[string]string{}
	for name := range sent.values {
		f.Kept[name] = sent.values.Get(name)
	}
	if zone := f.Kept["zone"]; zone != "" {
		f.Zone = zone
	}
	f.Choices = options(f.Choices, f.Kept["choice"])
}

func whoMay(action heed.Action) string {
	var who []string
	for _, role := range heed.Roles() {
		if heed.Permits(role, action) {
			who = append(who, word(roleWords, role))
		}
	}
	return strings.Join(who, ", ")
}

// postAct does an act and leads back to the case; or shows the form again, with
// what was typed and why it was not done.
func (d *desk) postAct(v *visit) {
	id, ok := d.caseOf(v)
	if !ok {
		return
	}
	act := v.r.PathValue("act")
	if _, known := doneWords[act]; !known && act != actClose {
		d.notFound(v.w, v.r)
		return
	}
	if act == actClose {
		v.closeReading(id)
		http.Redirect(v.w, v.r, casePath(id), http.StatusSeeOther)
		return
	}
	if !v.first(fingerprint(v.r)) {
		http.Redirect(v.w, v.r, casePath(id)+"?done=again", http.StatusSeeOther)
		return
	}
	if err := d.do(v, id, act); err != nil {
		status, why := problemOf(err)
		if status != http.StatusForbidden && status != http.StatusUnprocessableEntity {
			d.fault(v, err)
			return
		}
		d.showCase(v, status, id, &kept{act, v.r.PostForm, why}, act, why)
		return
	}
	d.log.Info("desk: act", "act", act, "case", id.String(), "officer", string(v.as.ID))
	http.Redirect(v.w, v.r, casePath(id)+"?done="+act, http.StatusSeeOther)
}

// fingerprint is of one form as it was sent: every page gives its forms a fresh
// key, so that only a second press of the same button has the same one.
func fingerprint(r *http.Request) [sha256.Size]byte {
	return sha256.Sum256([]byte(r.URL.Path + "\x00" + r.PostForm.Encode()))
}

func (d *desk) do(v *visit, id heed.CaseID, act string) error {
	ctx := v.r.Context()
	switch act {
	case actTake:
		_, err := d.exchange.Take(ctx, v.as.ID, id)
		return err
	case actOpen:
		opened, err := d.exchange.Open(ctx, v.as.ID, id)
		if err == nil {
			v.keepReading(v.as.ID, newReading(id, d.exchange.Now(), opened.Contents))
		}
		return err
	}
	words := plainText(v.r.PostForm.Get("text"))
	said, err := d.say(ctx, v, id, act, words)
	if err == nil && act != actCall {
		v.wrote(v.as.ID, said, words)
	}
	return err
}

// say makes the statement of an act.
func (d *desk) say(ctx context.Context, v *visit, id heed.CaseID, act, words string) (heed.Statement, error) {
	x, officer, posted := d.exchange, v.as.ID, v.r.PostForm
	switch act {
	case actAcknowledge:
		return x.AcknowledgeFor(ctx, officer, id, posted.Get("choice"), posted.Get("without-prejudice") == "yes")
	case actAssess:
		disposition, err := heed.ParseDisposition(posted.Get("choice"))
		if err != nil {
			return heed.Statement{}, missing("Choose how the warning is assessed.")
		}
		return x.Assess(ctx, officer, id, disposition, words)
	case actReport:
		if err := needed(words, "Say what was done."); err != nil {
			return heed.Statement{}, err
		}
		return x.Report(ctx, officer, id, words)
	case actConclude:
		outcome, err := heed.ParseOutcome(posted.Get("choice"))
		if err != nil {
			return heed.Statement{}, missing("Choose how the matter ended.")
		}
		return x.Conclude(ctx, officer, id, outcome, words)
	case actRefuse:
		code, err := heed.ParseContentRefusal(posted.Get("choice"))
		if err != nil {
			return heed.Statement{}, missing("Choose the reason for the refusal.")
		}
		if err := needed(words, "Say why in a sentence."); err != nil {
			return heed.Statement{}, err
		}
		return x.Refuse(ctx, officer, id, code, words)
	}
	return d.sayMore(ctx, v, id, act, words)
}

// sayMore makes the statements of acts that go between the parties.
func (d *desk) sayMore(ctx context.Context, v *visit, id heed.CaseID, act, words string) (heed.Statement, error) {
	x, officer, posted := d.exchange, v.as.ID, v.r.PostForm
	switch act {
	case actAsk:
		if err := needed(words, "Write the question."); err != nil {
			return heed.Statement{}, err
		}
		return x.Ask(ctx, officer, id, words)
	case actAnswer:
		question, err := heed.ParseDigest(posted.Get("choice"))
		if err != nil {
			return heed.Statement{}, missing("Choose which question is answered.")
		}
		if err := needed(words, "Write the answer."); err != nil {
			return heed.Statement{}, err
		}
		return x.Answer(ctx, officer, id, heed.StatementID(question), words)
	case actInterim:
		by, err := typedTime(posted)
		if err != nil {
			return heed.Statement{}, err
		}
		if !by.After(v.now) {
			return heed.Statement{}, missing("This time is not in the future.")
		}
		return x.Interim(ctx, officer, id, by, words)
	case actLapse, actKeep:
		if err := needed(words, "Give the reason: the party that warned reads it."); err != nil {
			return heed.Statement{}, err
		}
		order := exchange.LapseOrder{Officer: officer, Case: id, Reason: words}
		if act == actLapse {
			var err error
			if order.Effective, err = typedTime(posted); err != nil {
				return heed.Statement{}, err
			}
		}
		return x.Lapse(ctx, order)
	case actExtend:
		kind, err := heed.ParseDutyKind(posted.Get("choice"))
		if err != nil {
			return heed.Statement{}, missing("Choose which reply gets more time.")
		}
		until, err := typedTime(posted)
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Extend(ctx, officer, id, kind, until)
	case actCall:
		with := strings.TrimSpace(posted.Get("with"))
		if err := needed(with, "Say with whom the call was."); err != nil {
			return heed.Statement{}, err
		}
		if err := needed(words, "Say what was said."); err != nil {
			return heed.Statement{}, err
		}
		return x.Call(ctx, officer, id, with, words)
	}
	return heed.Statement{}, exchange.ErrNotFound
}

func missing(what string) error { return &heed.Invalid{What: what} }

func needed(s, what string) error {
	if s == "" {
		return missing(what)
	}
	return nil
}

// typedTime reads a time in the zone that the form showed, which may not be the
// one that is chosen by now.
func typedTime(posted url.Values) (time.Time, error) {
	at, err := parseLocal(posted.Get("time"), posted.Get("zone"))
	if err != nil {
		return at, &heed.Invalid{What: "This is not a date and time.", Hint: "Write it like 2026-11-24T07:00."}
	}
	return at, nil
}

// plainText is what was typed: forms send line ends as CR LF, and blanks around
// it mean nothing.
func plainText(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}
