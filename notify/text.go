package notify

import (
	"fmt"
	"strings"
	"time"
)

// words is an owed reply in the profession's words.
type words struct {
	noun    string
	article string
}

// wordsOf names every duty of the rules. A duty that a later version adds is
// still told of, under its own name: a clumsy notice is better than none.
func wordsOf(duty string) words {
	switch duty {
	case "acknowledge":
		return words{"acknowledgement", "an"}
	case "assess":
		return words{"assessment", "an"}
	case "answer":
		return words{"answer", "an"}
	case "report", "action":
		return words{"report of action", "a"}
	case "conclude":
		return words{"conclusion", "a"}
	case "review":
		return words{"review of a possible match", "a"}
	case "ratify":
		return words{"reply to a proposal", "a"}
	case "decide":
		return words{"decision on the end of a watch", "a"}
	}
	return words{"reply (" + strings.ReplaceAll(duty, "-", " ") + ")", "a"}
}

// newsWords are the subject of a notice of news, the sentence that begins its text,
// and what Due is.
var newsWords = map[string]*struct{ subject, sentence, due string }{
	HitReported:    {"hit reported", "In case %s, %s reports that somebody or something the warning names was met: an officer there has confirmed it.", "Confirmed"},
	HitWithdrawn:   {"report of a hit withdrawn", "In case %s, %s withdraws its report of a hit: it does not hold any more.", "Decided"},
	LapseAnnounced: {"watch ends", "In case %s, %s has announced that its watch ends. What you add to the warning before it does stays on watch.", "Watch ends"},
	WatchRefused:   {"watch refused", "In case %s, %s has refused the warning, and watches for nobody whom it names.", "Refused"},
	WatchKept:      {"watch goes on", "In case %s, %s has decided that its watch goes on.", "Decided"},
	Linked:         {"on watch already", "The warning of case %s, from %s, names somebody or something that is on watch already, by another warning or a list. Neither warner is told.", "Found"},
}

// Code is the case's code in two groups, as it is read over the telephone.
func (n Notice) Code() string {
	if len(n.Case) != 8 {
		return n.Case
	}
	return n.Case[:4] + "-" + n.Case[4:]
}

func (n Notice) owedTo() string {
	if n.OwedBy == n.Party {
		return n.Peer
	}
	return n.Party
}

// ours marks the reader's own organisation.
func (n Notice) ours(party string) string {
	if party == n.Party {
		return party + " (this organisation)"
	}
	return party
}

// whom says whom to ring, and where.
func (n Notice) whom() string {
	whom := harmless(n.Role)
	if n.Ring != "" {
		whom = harmless(n.Ring) + " at " + n.OwedBy
	}
	if n.Telephone == "" {
		return whom + " (no telephone on record)"
	}
	return whom + ", " + harmless(n.Telephone)
}

// Subject is the notice in one line of ASCII, at most 200 bytes, made to be
// read on a telephone's lock screen: case, reply, due time, level.
func (n Notice) Subject() string {
	var s strings.Builder
	if n.Exercise {
		s.WriteString("[EXERCISE] ")
	}
	if n.News != "" {
		return s.String() + "heed " + n.Code() + ": " + n.newsSubject() + " " + clock(n.Due.UTC()) + "Z"
	}
	if n.Hit {
		s.WriteString("heed hit " + n.Code())
		if n.More > 0 {
			fmt.Fprintf(&s, " and %d more", n.More)
		}
		s.WriteString(": review ")
	} else {
		fmt.Fprintf(&s, "heed %s: %s ", n.Code(), wordsOf(n.Duty).noun)
	}
	if n.State == Overdue {
		s.WriteString("overdue since ")
	} else {
		s.WriteString("due ")
	}
	s.WriteString(clock(n.Due.UTC()) + "Z")
	if n.Level > 0 {
		fmt.Fprintf(&s, ", level %d", n.Level)
	}
	return s.String()
}

// Text is the notice in full: plain text, lines ended by a line feed.
func (n Notice) Text() string {
	var s strings.Builder
	if n.Exercise {
		s.WriteString("EXERCISE EXERCISE EXERCISE: this notice belongs to an exercise.\n\n")
	}
	line := func(label, value string) { fmt.Fprintf(&s, "%-18s%s\n", label+":", value) }
	switch {
	case n.News != "":
		n.writeNews(&s, line)
	case n.Hit:
		n.writeHit(&s, line)
	default:
		n.writeOwed(&s, line)
	}
	if n.Exercise {
		s.WriteString("\nEXERCISE EXERCISE EXERCISE\n")
	}
	return s.String()
}

func (n Notice) writeOwed(s *strings.Builder, line func(label, value string)) {
	reply := wordsOf(n.Duty)
	if n.State == Overdue {
		fmt.Fprintf(s, "No %s on record in case %s as of %s.\n", reply.noun, n.Code(), Stamp(n.Now, n.Zone))
	} else {
		fmt.Fprintf(s, "In case %s, %s owes %s %s to %s.\n", n.Code(), n.OwedBy, reply.article, reply.noun, n.owedTo())
	}
	s.WriteString("\n")
	line("Case", n.Code())
	line("Owed reply", reply.noun)
	line("Owed by", n.ours(n.OwedBy))
	line("Owed to", n.ours(n.owedTo()))
	line("Due", Stamp(n.Due, n.Zone))
	line("State", n.State)
	if n.Level > 0 {
		line("Escalation level", fmt.Sprint(n.Level))
	}
	line("Told", harmless(n.Role))
	line("Ring", n.whom())
	if n.OneSided {
		line("One-sided", n.Peer+" runs no heed and has signed nothing; what is known of its replies is what this organisation recorded")
	}
	line("Notice", n.ID)
	s.WriteString("\nNotices carry no content. Read the case on the desk, or with: heed show " + n.Case + "\n")
}

// writeHit tells of a hit. It names neither who matched nor whom.
func (n Notice) writeHit(s *strings.Builder, line func(label, value string)) {
	if n.State == Overdue {
		fmt.Fprintf(s, "No review of hit %s on record as of %s.\n\n", n.Code(), Stamp(n.Now, n.Zone))
	} else {
		fmt.Fprintf(s, "A record has matched somebody on watch: hit %s is to be reviewed by a person.\n\n", n.Code())
	}
	if n.More > 0 {
		fmt.Fprintf(s, "%d more hits wait beside it. Many have come at once: of these there is this one notice.\n\n", n.More)
	}
	line("Hit", n.Code())
	line("On watch for", harmless(n.Peer))
	line("Review due", Stamp(n.Due, n.Zone))
	line("State", n.State)
	if n.Level > 0 {
		line("Escalation level", fmt.Sprint(n.Level))
	}
	line("Told", harmless(n.Role))
	line("Ring", n.whom())
	line("Notice", n.ID)
	read := "heed hit explain " + n.Case
	if n.More > 0 {
		read = "heed hit list"
	}
	s.WriteString("\nNotices carry no content. Read the hit on the desk, or with: " + read + "\n")
}

// over reports whether a watch that was to end has ended.
func (n Notice) over() bool { return n.News == LapseAnnounced && !n.Due.After(n.Now) }

func (n Notice) newsSubject() string {
	switch {
	case n.over():
		return "watch ended"
	case n.More > 0 && n.News == HitReported:
		return fmt.Sprintf("%d hits reported", n.More+1)
	case n.More > 0:
		return fmt.Sprintf("%d reports of hits withdrawn", n.More+1)
	}
	return newsWords[n.News].subject
}

// writeNews tells of what nobody owes a reply to.
func (n Notice) writeNews(s *strings.Builder, line func(label, value string)) {
	news := newsWords[n.News]
	sentence, due := news.sentence, news.due
	if n.over() {
		sentence, due = "In case %s, %s had announced that its watch ends, and it has ended.", "Watch ended"
	}
	fmt.Fprintf(s, sentence+"\n\n", n.Code(), n.Peer)
	if n.More > 0 {
		fmt.Fprintf(s, "%d more have come with it: of these there is this one notice.\n\n", n.More)
	}
	line("Case", n.Code())
	line("With", n.Peer)
	line(due, Stamp(n.Due, n.Zone))
	line("Told", harmless(n.Role))
	line("Notice", n.ID)
	s.WriteString("\nNo reply is owed to this. Notices carry no content. Read the case on the desk, or with: heed show " + n.Case + "\n")
}

// Stamp writes a time as people are shown it: in UTC, and in zone beside it
// where that differs. Seconds appear only if there are any:
//
//	2026-11-22 21:00 UTC (2026-11-23 00:00 +03:00)
func Stamp(t time.Time, zone *time.Location) string {
	utc := clock(t.UTC()) + " UTC"
	if zone == nil {
		return utc
	}
	local := t.In(zone)
	if _, offset := local.Zone(); offset == 0 {
		return utc
	}
	return utc + " (" + clock(local) + local.Format(" -07:00)")
}

func clock(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}
