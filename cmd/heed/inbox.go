package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/exchange"
)

func (a *app) inboxCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "inbox", Short: "Owed replies by time left; who has which; whom to ring",
		Example: `  heed inbox
  heed inbox --all        # and all cases`,
		RunE: func(c *cobra.Command, _ []string) error {
			var inbox control.Inbox
			if err := a.call(c.Context(), "inbox", control.InboxRequest{All: all}, &inbox); err != nil {
				return err
			}
			return a.print(inbox, func(w io.Writer) { writeInbox(w, inbox) })
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also list cases in which nothing is owed")
	return c
}

func writeInbox(w io.Writer, inbox control.Inbox) {
	if inbox.Restored {
		fmt.Fprintf(w, "THIS NODE WAS RESTORED AND IS CATCHING UP: it signs nothing until its peers have answered\n\n")
	}
	section := func(title, none string, lines []control.InboxLine) {
		if len(lines) == 0 {
			fmt.Fprintln(w, none)
			return
		}
		fmt.Fprintln(w, title)
		t := table(w, "  CASE", "REPLY", "WITH", "DUE", "LEFT", "LEVEL", "TAKEN BY")
		for _, l := range lines {
			t.row("  "+l.Case.Spoken()+exerciseMark(l.Status), l.Kind.Words(), string(l.Peer), stamp(l.Due.Time, nil), left(l), levelText(l.Level, l.State), string(l.TakenBy))
		}
		t.flush()
		for _, r := range ringsOf(lines) {
			fmt.Fprintf(w, "  ring about %s (%s): %s\n", r.code.Spoken(), strings.Join(r.duties, ", "), ringText(r.whom))
		}
	}
	section("We owe:", "We owe no reply.", inbox.Duties)
	fmt.Fprintln(w)
	section("We are owed:", "We are owed no reply.", inbox.Awaited)
	if len(inbox.News) > 0 {
		fmt.Fprintln(w, "\nTold by those who watch for us, in the last week (no reply is owed; heed show has more):")
		for _, n := range inbox.News {
			mark := ""
			if n.Exercise {
				mark = exerciseMark(heed.StatusExercise)
			}
			fmt.Fprintf(w, "  case %s%s: %s %s\n", n.Case.Spoken(), mark, n.Peer, newsText(n, inbox.At.Time))
		}
	}
	if len(inbox.Links) > 0 {
		fmt.Fprintln(w, "\nWarnings of somebody who was on watch already (the warners are not told):")
		for _, l := range inbox.Links {
			fmt.Fprintf(w, "  case %s%s from %s: %s\n", l.Case.Spoken(), exerciseMark(l.Status), l.Warner, linkText(l.With))
		}
	}
	if len(inbox.Hits) > 0 {
		fmt.Fprintln(w, "\nHits to be reviewed by a person (heed hit explain, heed hit decide):")
		writeHits(w, inbox.Hits)
	}
	if inbox.OneSided != nil {
		fmt.Fprintln(w)
		writeOneSidedInbox(w, *inbox.OneSided)
	}
	if len(inbox.Drafts) > 0 {
		fmt.Fprintln(w)
		writeDrafts(w, inbox.Drafts)
	}
	if len(inbox.Cases) == 0 {
		return
	}
	fmt.Fprintln(w, "\nCases:")
	t := table(w, "  CASE", "WITH", "OPENED BY", "URGENCY", "STAGE", "CHANGED")
	for _, l := range inbox.Cases {
		by := l.Peer
		if l.Ours {
			by = inbox.Party
		}
		t.row("  "+l.Case.Spoken()+exerciseMark(l.Status), string(l.Peer), string(by), aboutText(l), string(l.Stage), stamp(l.Changed.Time, nil))
	}
	t.flush()
}

// ringing is one call to make: about every overdue reply of a party in a case.
type ringing struct {
	code   heed.Code
	duties []string
	whom   control.Ring // the highest that has been reached
}

// ringsOf makes one call of all that is overdue in a case.
func ringsOf(lines []control.InboxLine) (all []ringing) {
	at := map[string]int{}
	for _, l := range lines {
		if l.Ring == nil {
			continue
		}
		i, ok := at[l.ID]
		if !ok {
			i = len(all)
			at[l.ID] = i
			all = append(all, ringing{code: l.Case, whom: *l.Ring})
		}
		all[i].add(*l.Ring)
	}
	return all
}

func (r *ringing) add(ring control.Ring) {
	if words := ring.Duty.Words(); !slices.Contains(r.duties, words) {
		r.duties = append(r.duties, words)
	}
	if ring.Level > r.whom.Level {
		r.whom = ring
	}
}

// levelText is how far a reply has climbed. One that was given more time has not.
func levelText(level int, state heed.DutyState) string {
	if state == heed.DutyOpen {
		level = 0
	}
	return fmt.Sprint(level)
}

// aboutText is how urgent a case is; a proposal has its own time for a reply.
func aboutText(l control.CaseLine) string {
	if l.Kind.OfAccord() {
		return "(accord)"
	}
	if l.Kind == heed.KindFigures {
		return "(figures)"
	}
	return string(l.Urgency)
}

// newsText is what a party has said of its watch.
func newsText(n control.InboxNews, now time.Time) string {
	when := stamp(n.When.Time, nil)
	switch n.News {
	case exchange.NewsHit:
		return fmt.Sprintf("reported %s, the last confirmed %s", counted(n.Count, "hit"), when)
	case exchange.NewsWithdrawn:
		return fmt.Sprintf("withdrew %s of hits, the last %s", counted(n.Count, "report"), when)
	case exchange.NewsLapse:
		if !n.When.After(now) {
			return "ended its watch " + when
		}
		return "ends its watch " + when + "; what is added to the warning before stays on watch (heed supplement, heed ask)"
	case exchange.NewsKept:
		return "goes on with its watch, decided " + when
	case exchange.NewsRefused:
		return "refused the warning " + when + ", and watches for nobody"
	}
	return string(n.News) + " " + when
}

func exerciseMark(s heed.Status) string {
	if s == heed.StatusActual || s == "" {
		return ""
	}
	return " [" + strings.ToUpper(string(s)) + "]"
}

func left(l control.InboxLine) string {
	d := time.Duration(l.Left * float64(time.Second))
	if l.State == heed.DutyOverdue {
		return "OVERDUE by " + span(d)
	}
	return span(d)
}

func ringText(r control.Ring) string {
	parts := []string{fmt.Sprintf("%s, %s, %s", r.Role, r.Party, r.Telephone)}
	for _, more := range []string{r.Hours, r.Zone, r.Languages} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return plain(strings.Join(parts, "; "))
}
