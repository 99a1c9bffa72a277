// Package post writes what goes to a partner without heed, on paper or by
// mail: what is asked, until when, how to reply, and the case code to quote. It
// writes the same matter as plain text and as a page to print, in the partner's
// language as far as there is a text in it.
package post

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"heed"
)

// Sort is what a letter is for.
type Sort string

// The sorts of letters.
const (
	Warns   Sort = "warning"  // tells what the warning says, and asks for replies
	Waits   Sort = "waiting"  // says only that a letter waits, under which code: for mail that may say no more
	Reminds Sort = "reminder" // names the replies that are not on record; says nothing of the matter
	Replies Sort = "reply"    // our reply to a warning of the contact's
	Recalls Sort = "recall"   // takes a warning of ours back
)

// Letter is what one letter says. The zero value of a field is its absence.
type Letter struct {
	Sort   Sort
	From   heed.PartyID
	Desk   heed.Rung // where the contact replies: the first rung of our ladder
	To     heed.Contact
	Code   heed.Code
	At     time.Time // when it is written
	Status heed.Status

	Warning *heed.Warning  // what it tells; nil but in Warns
	Files   []string       // names of what is enclosed
	Within  []Response     // Warns: what is asked for, from when the letter arrives
	Missing []heed.Promise // Reminds: what is not on record, with when it was due
	Reply   heed.EntryKind // Replies
	Result  string         // Replies: the disposition, the outcome or the refusal's code, in its own word
	Text    string         // Replies, Recalls: in words
}

// Response is a reply that is asked for, and in which time.
type Response struct {
	Kind   heed.DutyKind
	Within time.Duration
}

// Language is in which language the letter's own words are: the first of the
// contact's in which there are any, else English.
func (l Letter) Language() string { return l.words().tag }

// Narrative is which of the warning's texts the letter gives: the first of the
// contact's languages in which there is one, else the original.
func Narrative(w heed.Warning, wanted []heed.Language) (headline string, n heed.Narrative) {
	for _, language := range wanted {
		for _, n := range w.Narratives {
			if n.Text == "" || base(n.Language) != base(language) {
				continue
			}
			headline = n.Headline
			if headline == "" {
				headline = w.Headline
			}
			return headline, n
		}
	}
	if len(w.Narratives) == 0 {
		return w.Headline, heed.Narrative{Language: w.Language}
	}
	return w.Headline, w.Narratives[0]
}

// base is a language without its script and region.
func base(l heed.Language) string {
	tag, _, _ := strings.Cut(strings.ToLower(string(l)), "-")
	return tag
}

// block is a heading with what stands under it. Both forms write the same.
type block struct {
	heading string
	lines   []string
	list    bool // its lines are items
}

// Subject is the letter's subject line: that there is one, and its code. It says
// nothing of the matter, since it stands in the open wherever mail does.
func (l Letter) Subject() string {
	p := l.words()
	return l.mark() + fmt.Sprintf(p.subject[l.Sort], l.Code.Spoken())
}

// mark stands first wherever the matter is not meant.
func (l Letter) mark() string {
	if l.Status == heed.StatusActual || l.Status == "" {
		return ""
	}
	return "[" + strings.ToUpper(string(l.Status)) + "] "
}

func (l Letter) blocks() []block {
	p := l.words()
	var all []block
	add := func(heading string, list bool, lines ...string) {
		if len(lines) > 0 {
			all = append(all, block{heading, lines, list})
		}
	}
	switch l.Sort {
	case Warns:
		add("", false, fmt.Sprintf(p.warns, l.From))
		l.addWarning(add)
		add(p.asked, true, l.within()...)
		add("", false, l.clockWords())
	case Waits:
		add("", false, fmt.Sprintf(p.waits, l.From))
	case Reminds:
		add("", false, fmt.Sprintf(p.reminds, l.From, l.Code.Spoken()))
		var missing []string
		for _, m := range l.Missing {
			missing = append(missing, fmt.Sprintf(p.missing, p.duty(m.Kind), due(m.Due)))
		}
		add(p.notOnRecord, true, missing...)
	case Replies:
		said := fmt.Sprintf(p.replies[l.Reply], l.From, l.Code.Spoken())
		if l.Result != "" {
			said += " " + p.result(l.Result) + "."
		}
		add("", false, said)
		add("", false, paragraphs(l.Text)...)
	case Recalls:
		add("", false, fmt.Sprintf(p.recalls, l.From, l.Code.Spoken()))
		add("", false, paragraphs(l.Text)...)
	}
	if len(l.Files) > 0 {
		add(p.enclosed, true, l.Files...)
	}
	if l.Sort != Replies {
		add(p.howToReply, true, l.howToReply()...)
	}
	add("", false, fmt.Sprintf(p.quote, l.Code.Spoken()))
	return all
}

// within is what is asked for.
func (l Letter) within() []string {
	p := l.words()
	var lines []string
	for _, r := range l.Within {
		lines = append(lines, fmt.Sprintf(p.within, p.duty(r.Kind), p.span(r.Within)))
	}
	return lines
}

// clockWords says what the times rest on.
func (l Letter) clockWords() string {
	p := l.words()
	if l.To.Basis == heed.ClockAgreed {
		return fmt.Sprintf(p.agreed, l.To.Agreement)
	}
	return p.assumed
}

func (l Letter) howToReply() []string {
	p := l.words()
	var lines []string
	if l.Desk.Telephone != "" {
		lines = append(lines, join(": ", p.telephone, l.Desk.Telephone, l.Desk.Hours, l.Desk.Zone))
	}
	if l.Desk.Mail != "" {
		lines = append(lines, join(": ", p.mail, l.Desk.Mail))
	}
	if l.Desk.Languages != "" {
		lines = append(lines, join(": ", p.languages, strings.Fields(l.Desk.Languages)...))
	}
	return append(lines, p.whoReplies)
}

// join writes a label and the parts that are there behind it.
func join(after, label string, parts ...string) string {
	return label + after + strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (l Letter) addWarning(add func(string, bool, ...string)) {
	p, w := l.words(), *l.Warning
	headline, n := Narrative(w, l.To.Language)
	add(headline, false, paragraphs(n.Text)...)
	facts := []string{
		join(": ", p.urgency, p.term(string(w.Urgency))), join(": ", p.severity, p.term(string(w.Severity))), join(": ", p.certainty, p.term(string(w.Certainty))),
		join(": ", p.handling, "TLP:"+string(w.Handling.TLP), pap(w.Handling), strings.Join(codes(w.Handling), " "), w.Handling.Restriction),
	}
	if w.Source.Reliability != "" || w.Source.Credibility != "" {
		facts = append(facts, join(": ", p.source, string(w.Source.Reliability)+string(w.Source.Credibility), w.Source.Description))
	}
	if w.Reference != "" {
		facts = append(facts, join(": ", p.reference, w.Reference))
	}
	if w.LegalBasis != "" {
		facts = append(facts, join(": ", p.legalBasis, w.LegalBasis))
	}
	add(p.facts, true, append(facts, l.restrictions()...)...)
	var when, where, who, what, asks []string
	for _, window := range w.Windows {
		when = append(when, join("", "", p.window(window), window.Place))
	}
	for _, place := range w.Places {
		point, radius := "", ""
		if place.Point != nil {
			point = fmt.Sprintf("%s, %s", place.Point.Latitude, place.Point.Longitude)
			if place.Point.Radius > 0 {
				radius = fmt.Sprintf(p.radius, place.Point.Radius)
			}
		}
		where = append(where, join("", "", place.Name, place.Address, string(place.Country), point, radius))
	}
	for _, person := range w.Persons {
		who = append(who, p.person(person))
	}
	for _, o := range w.Organisations {
		who = append(who, join("", "", names(o.Names), string(o.Country), o.Description))
	}
	for _, v := range w.Vehicles {
		what = append(what, join("", "", p.word(v.Type), v.Make, v.Model, v.Colour, v.Plate, string(v.Country), v.VIN, v.Description))
	}
	for _, i := range w.Indicators {
		what = append(what, join("", "", string(i.Type)+" "+i.Value, i.Description))
	}
	for _, a := range w.Asks {
		asks = append(asks, p.ask(a))
	}
	add(p.when, true, when...)
	add(p.where, true, where...)
	add(p.who, true, who...)
	add(p.what, true, what...)
	add(p.weAsk, true, asks...)
}

func pap(h heed.Handling) string {
	if h.PAP == "" {
		return ""
	}
	return "PAP:" + string(h.PAP)
}

func codes(h heed.Handling) []string {
	var all []string
	for _, c := range h.PoliceCodes {
		all = append(all, string(c))
	}
	return all
}

// restrictions are what the warning's handling lets the contact do with it,
// beyond its marks.
func (l Letter) restrictions() []string {
	p, h := l.words(), l.Warning.Handling
	var lines []string
	if h.OriginatorControl {
		lines = append(lines, p.askFirst)
	}
	if len(h.Purposes) > 0 {
		var purposes []string
		for _, purpose := range h.Purposes {
			purposes = append(purposes, p.term(string(purpose)))
		}
		lines = append(lines, join(": ", p.purposes, purposes...))
	}
	if len(h.ReleaseTo) > 0 {
		var parties []string
		for _, party := range h.ReleaseTo {
			parties = append(parties, string(party))
		}
		lines = append(lines, join(": ", p.releaseTo, parties...))
	}
	if !h.DeleteAfter.IsZero() {
		lines = append(lines, join(": ", p.deleteAfter, moment(h.DeleteAfter)))
	}
	return lines
}

// ask is one thing that is asked, with all that binds or permits it.
func (p phrases) ask(a heed.Ask) string {
	parts := []string{p.term(string(a.Code)), a.Text}
	if !a.By.IsZero() {
		parts = append(parts, fmt.Sprintf(p.askedBy, moment(a.By)))
	}
	switch {
	case a.Standing && a.Until.IsZero():
		parts = append(parts, p.standing)
	case a.Standing:
		parts = append(parts, fmt.Sprintf(p.standingUntil, moment(a.Until)))
	}
	if a.LegalBasis != "" {
		parts = append(parts, p.legalBasis+": "+a.LegalBasis)
	}
	return join("", "", parts...)
}

// window is a time of which either end may be open.
func (p phrases) window(w heed.Window) string {
	switch {
	case w.Until.IsZero():
		return fmt.Sprintf(p.from, moment(w.From))
	case w.From.IsZero():
		return fmt.Sprintf(p.until, moment(w.Until))
	}
	return moment(w.From) + " - " + moment(w.Until)
}

func (p phrases) person(about heed.Person) string {
	parts := []string{names(about.Names)}
	for _, b := range about.Born {
		parts = append(parts, "* "+b.String())
	}
	sex := string(about.Sex)
	if about.Sex == heed.SexOther {
		sex = "sex-other" // of what is asked, other is another word
	}
	parts = append(parts, about.Birthplace, p.word(sex))
	for _, n := range about.Nationalities {
		parts = append(parts, string(n))
	}
	for _, d := range about.Documents {
		words := []string{string(d.Country), d.Number}
		if d.Type != heed.DocumentOther {
			words = append([]string{p.term(string(d.Type))}, words...)
		}
		parts = append(parts, strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " "))
	}
	return join("", "", append(parts, about.Description)...)
}

func names(all []heed.Name) string {
	var texts []string
	for _, n := range all {
		texts = append(texts, n.Text)
	}
	return strings.Join(texts, " / ")
}

func paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

// stamp writes a time as a letter has it: UTC, said so.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// due is stamp with the seconds, where there are any: a reply must not seem to
// be due before it is.
func due(t time.Time) string {
	if t.Second() == 0 {
		return stamp(t)
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// moment writes a day as it stands, and a time as due does.
func moment(m heed.Moment) string {
	if m.Day {
		return m.String()
	}
	return due(m.Time)
}

// plain leaves out what could steer a terminal, a printer or the direction of
// writing.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// address is to whom it goes.
func (l Letter) address() []string {
	return append([]string{l.To.Name}, l.To.Post...)
}
