package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
)

// AccordText is an accord's version for people to read, in lines of text.
func AccordText(a heed.Accord) string {
	p := &prose{}
	p.head(a)
	p.parties(a)
	p.clocks(a)
	p.handling(a)
	p.ending(a)
	return p.b.String()
}

// StandingText is where an accord stands, for people to read: what is in force,
// who has answered what, and what wants attention.
func StandingText(s heed.Standing) string {
	p := &prose{}
	p.line("State", string(s.State))
	if !s.InForce.IsZero() {
		p.line("In force", s.InForce.Short()+" since "+readable(s.Since))
	}
	if !s.Ended.IsZero() {
		p.line("Ended", readable(s.Ended)+", "+endings[s.Why])
	}
	for _, v := range s.Versions {
		p.version(v)
	}
	if effective := s.Effective(); len(effective) > 0 {
		p.line("Bound", names(effective))
	}
	for _, m := range s.Parties {
		p.presence(m)
	}
	for _, r := range s.Removed {
		p.line("Removed", string(r.Party)+" by version "+r.Version.Short()+", "+readable(r.At))
	}
	for _, e := range s.Equivocations {
		p.line("Inconsistent", string(e.Party)+" ratified two versions that exclude each other ("+e.First.String()[:8]+", "+e.Second.String()[:8]+"); it counts for neither")
	}
	if len(s.Cut) > 0 {
		p.line("Held back", names(s.Cut)+": a version that had its quorum removed them; nothing is sent to them")
	}
	for _, i := range s.Ignored {
		p.line("Without effect", i.Act.String()[:8]+": "+i.Why)
	}
	for _, id := range s.Missing {
		p.line("Not here yet", "version "+id.Short())
	}
	return p.b.String()
}

var endings = map[heed.AccordEnd]string{
	heed.EndExpired: "as its time was over", heed.EndUnderQuorum: "as so many left that no quorum remains",
	heed.EndDeclined: "as so many declined that no quorum can be reached", heed.EndLapsed: "as its time was over before it was ratified",
}

// prose gathers lines of a label and a text.
type prose struct{ b strings.Builder }

func (p *prose) line(label, text string) { fmt.Fprintf(&p.b, "%-18s %s\n", label, text) }

func (p *prose) section(title string) { fmt.Fprintf(&p.b, "\n%s\n", title) }

func (p *prose) head(a heed.Accord) {
	p.line("Accord", a.Name)
	p.line("Id", a.AccordID().String())
	which := fmt.Sprintf("%d (%s)", a.Number, a.ID.Short())
	if !a.Parent.IsZero() {
		which += ", amends " + a.Parent.Short()
	}
	p.line("Version", which)
	if !a.Renews.IsZero() {
		p.line("Renews", a.Renews.String())
	}
	if a.Template != "" {
		p.line("Template", a.Template)
	}
	p.line("Proposed by", string(a.Proposer)+", "+readable(a.Time)+", a reply owed within "+SpanText(a.Reply))
	p.line("Purpose", a.Purpose)
	p.line("May be used for", listed(a.Purposes))
	p.line("Legal basis", a.LegalBasis)
	p.line("From", orElse(readable(a.From), "when it is ratified"))
	p.line("Until", orElse(readable(a.Until), "until it is ended"))
}

func (p *prose) parties(a heed.Accord) {
	p.section("Parties")
	quorum := fmt.Sprintf("%d of %d members", a.Quorum, len(a.Members))
	if len(a.MustRatify) > 0 {
		quorum += ", " + names(a.MustRatify) + " among them"
	}
	p.line("In force with", quorum)
	if len(a.Acknowledge) > 0 {
		p.line("Must acknowledge", strings.Join(a.Acknowledge, ", ")+", each for itself")
	}
	if a.RoleKeys {
		p.line("Role keys", "every rung has a sealing key of its own")
	}
	for _, m := range a.Members {
		p.line("Member", string(m.Party)+", card "+m.Card.String())
		for _, r := range m.Ladder {
			reach := slices.DeleteFunc([]string{r.Telephone, r.Mail, r.Hours, r.Zone, r.Languages}, func(s string) bool { return s == "" })
			text := "  " + r.Role + " after " + SpanText(r.After) + ": " + strings.Join(reach, ", ")
			if _, ok := m.Key(r.Role); ok {
				text += ", with a key of its own"
			}
			p.line("", text)
		}
	}
	for _, o := range a.Observers {
		p.line("Observer", string(o.Party)+", card "+o.Card.String())
	}
}

func (p *prose) clocks(a heed.Accord) {
	p.section("Clocks")
	for i, c := range a.Clocks {
		when := "where a posture says so"
		if i == 0 {
			when = "wherever no posture says otherwise"
		}
		p.line("Clock "+c.Name, when)
		for _, kind := range heed.DutyKinds() {
			if times := clockTimes(c.Clock, kind); times != "" {
				p.line("", "  "+string(kind)+": "+times)
			}
		}
	}
	for _, posture := range a.Postures {
		p.line("Posture", posture.Name+": "+posture.Clock+", "+readable(posture.From)+" to "+readable(posture.Until))
	}
}

// clockTimes is a duty's times by urgency; one time where all urgencies have
// the same, and empty where none has any.
func clockTimes(c heed.Clock, kind heed.DutyKind) string {
	var times []string
	spans := map[time.Duration]bool{}
	for _, u := range heed.Urgencies() {
		if d, ok := c.Of(kind, u); ok {
			times = append(times, string(u)+" "+SpanText(d))
			spans[d] = true
		}
	}
	if len(spans) == 1 && len(times) == len(heed.Urgencies()) {
		for d := range spans {
			return SpanText(d) + ", whatever the urgency"
		}
	}
	return strings.Join(times, ", ")
}

func (p *prose) handling(a heed.Accord) {
	p.section("Handling")
	p.line("At most", "TLP:"+string(a.Ceiling.TLP)+", PAP:"+orElse(string(a.Ceiling.PAP), "any")+", police codes "+orElse(listed(a.Ceiling.PoliceCodes), "none"))
	p.line("Passing on", forwardings[a.Forwarding])
	p.line("Publishing", "counts: "+publishers[a.Disclosure.Counts]+"; times: "+publishers[a.Disclosure.Times]+"; contents: "+publishers[a.Disclosure.Fields])
	p.line("Release", releaseWords(a))
	p.line("Hits", reportings[a.ReportHits])
	if a.LapseNotice > 0 {
		p.line("Watches", "a lapse is announced to the warner "+SpanText(a.LapseNotice)+" before it takes effect")
	}
	if len(a.Screening.Types) > 0 {
		text := listed(a.Screening.Types)
		if a.Screening.Retention > 0 {
			text += "; records kept for " + SpanText(a.Screening.Retention) + " for later warnings"
		}
		p.line("Screened", text)
	}
	if a.SituationReport > 0 {
		p.line("Situation report", "every "+SpanText(a.SituationReport))
	}
	if a.Drills > 0 {
		p.line("Drills", "every "+SpanText(a.Drills))
	}
}

var reportings = map[heed.Reporting]string{
	heed.ReportAsked:     "a confirmed hit is reported to the warner where the warning has a standing ask for it",
	heed.ReportConfirmed: "a confirmed hit is reported to the warner",
	heed.ReportNever:     "no hit is reported to the warner",
}

var forwardings = map[heed.ForwardingRule]string{
	heed.ForwardNever: "to nobody", heed.ForwardAsk: "with the originator's consent only",
	heed.ForwardMembers: "among the members, to others with the originator's consent", heed.ForwardAsMarked: "as each warning's handling says",
}

var publishers = map[heed.Publisher]string{
	heed.PublishNobody: "nobody", heed.PublishAgreed: "what both sides have signed", heed.PublishOwn: "each party its own side", heed.PublishMember: "any member",
}

func releaseWords(a heed.Accord) string {
	switch {
	case a.TwoOfficers && a.RightsCheck:
		return "by a second officer, with the rights check"
	case a.TwoOfficers:
		return "by a second officer"
	case a.RightsCheck:
		return "with the rights check"
	}
	return "by one officer"
}

func (p *prose) ending(a heed.Accord) {
	p.section("At the end")
	contents := "kept, as each party's law says"
	if a.End.Contents == heed.ContentsErase {
		contents = "erased after " + SpanText(a.End.After)
	}
	p.line("Contents", contents)
	p.line("Watches", map[heed.WatchesEnd]string{
		heed.WatchesLapse: "each is announced to lapse", heed.WatchesDecide: "a decision is owed on each", heed.WatchesKeep: "they stand, under the parties' cards",
	}[a.End.Watches])
	p.line("Signed headers", "kept for "+SpanText(a.Limitation))
	notice := "at once"
	if a.Notice > 0 {
		notice = "with notice of " + SpanText(a.Notice)
	}
	p.line("Withdrawal", notice)
}

func (p *prose) version(v heed.VersionStanding) {
	text := fmt.Sprintf("%d (%s), %s", v.Number, v.ID.Short(), v.State)
	switch {
	case v.Started.IsZero():
	case v.State == heed.VersionInForce:
		text += " since " + readable(v.Started)
	default:
		text += "; entered into force " + readable(v.Started)
	}
	p.line("Version", text)
	for _, answer := range heed.AccordAnswers() {
		var all []heed.PartyID
		for _, a := range v.Answers {
			if a.Answer == answer {
				all = append(all, a.Party)
			}
		}
		if all != nil {
			p.line("", fmt.Sprintf("  %s (%d): %s", answer, len(all), names(all)))
		}
	}
	for _, a := range v.Answers {
		for _, r := range a.Reservations {
			p.line("Reservation", string(a.Party)+" is not bound by "+string(r.Clause)+": "+r.Reason)
		}
		if a.Reason != "" {
			p.line("Declined", string(a.Party)+": "+a.Reason)
		}
	}
}

func (p *prose) presence(m heed.PartyStanding) {
	switch {
	case m.Presence == heed.PresenceGone:
		p.line("Withdrawn", string(m.Party)+", "+readable(m.Leaves))
	case m.Presence == heed.PresenceLeaving:
		p.line("Leaves", string(m.Party)+", "+readable(m.Leaves))
	}
	if m.Asleep {
		p.line("Suspended", string(m.Party)+", "+orElse(untilWords(m.Wakes), "until it resumes"))
	}
}

func untilWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + readable(t)
}

// readable is a time to the second, or with its milliseconds where it has any.
func readable(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if t.Nanosecond() != 0 {
		return heed.FormatTime(t)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func listed[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

func names(parties []heed.PartyID) string { return listed(parties) }
