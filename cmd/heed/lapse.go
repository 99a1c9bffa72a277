package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) watchLapseCommand() *cobra.Command {
	var effective, reason string
	c := &cobra.Command{
		Use: "lapse CASE --effective TIME --reason TEXT", Short: "Announce to the warner when the watch for its warning ends", Args: cobra.ExactArgs(1),
		Long: `Announce to the party that warned when we cease to watch for the persons, vehicles
and organisations of its warning. That is a signed decision of an assessor or a
supervisor, and the warner is told of it at once: until it takes effect, it can
object by a question, or by a correction or a supplement, whose subjects stay on
watch. An accord can say how long beforehand a lapse is announced. Announced again,
the later announcement counts; heed watch keep takes one back before its time.`,
		Example: `  heed watch lapse 7K3M-Q2XA --as irma --effective +14d --reason "the event is over"
  heed watch lapse 7K3M-Q2XA --as irma --effective 2026-12-24T12:00+01:00 --reason "he was arrested"`,
		RunE: func(c *cobra.Command, args []string) error {
			if effective == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--effective is missing", Hint: "say from when on: --effective +14d, or a time with its offset"}
			}
			request := control.LapseRequest{Case: args[0], Reason: reason}
			if ahead, ok := strings.CutPrefix(effective, "+"); ok {
				span, err := draft.Span(ahead)
				if err != nil {
					return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--effective %q is not a time", effective), Hint: timeHints[toCome]}
				}
				request.After = span.Milliseconds() // counted from the signature, wherever it is given
			}
			if request.After == 0 {
				at, err := parseWhen("--effective", effective)
				if err != nil {
					return err
				}
				request.Effective = at
			}
			return a.decideWatch(c.Context(), request)
		},
	}
	c.Flags().StringVar(&effective, "effective", "", "TIME with offset, or +DURATION, from when on nobody is watched for any more")
	c.Flags().StringVar(&reason, "reason", "", "TEXT for the other party")
	return c
}

func (a *app) watchKeepCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "keep CASE --reason TEXT", Short: "Decide that the watch goes on, and tell the warner", Args: cobra.ExactArgs(1),
		Long: `Decide that the watch for a warning goes on, although something runs out for which
a decision on it is owed; or take back a lapse that was announced, before it has
taken effect. The warner is told. Without any decision the watch goes on, too: the
decision stays overdue.`,
		Example: `  heed watch keep 7K3M-Q2XA --as irma --reason "the threat has not passed"`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.decideWatch(c.Context(), control.LapseRequest{Case: args[0], Reason: reason})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "TEXT for the other party")
	return c
}

func (a *app) decideWatch(ctx context.Context, request control.LapseRequest) error {
	request.Officer = a.officer()
	var answer control.ActAnswer
	if err := a.call(ctx, "watch-lapse", request, &answer); err != nil {
		return err
	}
	return a.print(answer, func(w io.Writer) {
		said := "the watch goes on"
		if at := answer.Statement.Effective; at != nil {
			said = "the watch ends " + stamp(at.Time, nil)
		}
		fmt.Fprintf(w, "case %s: %s; %s is told\n", answer.Case.Spoken(), said, answer.Statement.Recipient)
	})
}

// writeWatch says where the watch for a warning stands.
func writeWatch(w io.Writer, c control.Case) {
	if k := c.Watch; k != nil {
		fmt.Fprintf(w, "\nWatch by %s: %s\n", c.Warned, watchText(*k))
		for _, h := range k.Hits {
			line := fmt.Sprintf("  a hit confirmed %s, reported %s", stamp(h.Confirmed.Time, nil), stamp(h.Reported.Time, nil))
			if h.Due != nil {
				line += ", due " + stamp(h.Due.Time, nil)
			}
			if h.Late {
				line += ": late"
			}
			if h.Withdrawn != nil {
				line += "; NOT HELD ANY MORE since " + stamp(h.Withdrawn.Time, nil) + ", which was told " + stamp(h.WithdrawnTold.Time, nil)
				if h.WithdrawnLate {
					line += ": late"
				}
			}
			fmt.Fprintln(w, line)
		}
	}
	local := c.Local.Watch
	if local == nil {
		return
	}
	if local.Subjects > 0 {
		fmt.Fprintf(w, "  %s on watch here\n", counted(local.Subjects, "subject"))
	}
	if local.Decide != nil {
		owed := "will be owed"
		if local.Owed {
			owed = "is owed"
		}
		fmt.Fprintf(w, "  A decision on it %s by %s: %s. Without one it goes on.\n", owed, stamp(local.Decide.Time, nil), local.Why)
	}
	for _, due := range local.Unsent {
		fmt.Fprintf(w, "  A confirmed hit is to be reported to %s by %s, and was not: `heed hit list` has it.\n", c.Warner, stamp(due.Time, nil))
	}
	for _, l := range local.Links {
		fmt.Fprintf(w, "  LINK: %s\n", linkText(l))
	}
}

func watchText(k control.CaseWatch) string {
	switch k.State {
	case heed.WatchOn:
		return "on since " + orWords(k.Since, "its receipt") + ", until it is recalled or lapses"
	case heed.WatchLapsing:
		return "on since " + orWords(k.Since, "its receipt") + "; announced to lapse " + orWords(k.Effective, "")
	case heed.WatchLapsed:
		return "lapsed " + orWords(k.Effective, "") + ", as announced"
	case heed.WatchRecalled:
		return "over: the warning was recalled"
	case heed.WatchRefused:
		return "over: it was refused as unlawful"
	}
	return "none"
}

// linkText says of whom a link is, and where else that is on watch.
func linkText(l control.Linked) string {
	where := "the list " + plain(l.List)
	if l.Case != "" {
		where = fmt.Sprintf("case %s, in which %s warned", l.Case.Spoken(), l.Warner)
	}
	seen := "was on watch already, for " + where
	if !l.Later {
		seen = "is also in " + where + " later"
	}
	return fmt.Sprintf("%s %s (%s there; score %.4f, threshold %.4f)", plain(l.Subject), seen, plain(l.Other), l.Score, l.Threshold)
}
