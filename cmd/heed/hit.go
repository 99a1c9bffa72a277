package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) hitCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "hit", Short: "Records that matched somebody on watch: list, explain, decide",
		Long: `A hit is a record that matched a subject on watch. A person owes it a review: are
the two the same? Who decides signs that, with the reason. docs/watch.md has the rules.`,
	}
	c.AddCommand(a.hitListCommand(), a.hitExplainCommand(), a.hitDecideCommand(), a.hitExclusionsCommand(), a.hitRevokeCommand())
	return c
}

func (a *app) hitListCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List hits that wait for a review, by time left",
		Long:    "List hits that wait for a review, by time left. The list names nobody: who matched\nwhom, and why, `heed hit explain` shows to an officer, which is on record. A hit ends\nby itself where nobody is sought any more: the warning was recalled or corrected, its\nwatch lapsed. Those of the last week stand below the others,\nthe first 20 of them (--all has the rest); nobody owes their review.",
		Example: "  heed hit list\n  heed hit list --all      # and those that were decided",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.HitLine
			if err := a.call(c.Context(), "hit-list", control.HitListRequest{All: all}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "No hit waits for a review.")
					return
				}
				more := 0
				if !all {
					lines, more = withFewEnded(lines)
				}
				writeHits(w, lines)
				if more > 0 {
					fmt.Fprintf(w, "... and %d more have ended (--all)\n", more)
				}
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also those that were decided")
	return c
}

// shownEnded is how many hits that ended undecided people are shown below those
// that wait: a list of a thousand that comes off watch ends as many in one moment.
const shownEnded = 20

// withFewEnded leaves out those that have ended beyond shownEnded, and counts them.
func withFewEnded(lines []control.HitLine) (shown []control.HitLine, more int) {
	ended := 0
	for _, l := range lines {
		if l.Ended != nil {
			if ended++; ended > shownEnded {
				more++
				continue
			}
		}
		shown = append(shown, l)
	}
	return shown, more
}

func writeHits(w io.Writer, lines []control.HitLine) {
	t := table(w, "  HIT", "OF", "URGENCY", "RECORD", "SCORE", "DUE", "LEFT", "LEVEL", "VERDICT")
	for _, l := range lines {
		time, level := "", ""
		if l.Ended != nil {
			time = "not owed"
		}
		if l.State == heed.DutyOpen || l.State == heed.DutyOverdue {
			time, level = left(control.InboxLine{Left: l.Left, State: l.State}), levelText(l.Level, l.State)
		}
		t.row("  "+l.ID.Spoken()+exerciseMark(l.Status), hitOf(l.Case, l.Warner, l.List), string(l.Urgency), recordText(l), fmt.Sprintf("%.4f", l.Score), stamp(l.Due.Time, nil), time, level, verdictText(l))
	}
	t.flush()
}

func recordText(l control.HitLine) string {
	if l.Past {
		return string(l.Type) + ", past record"
	}
	return string(l.Type)
}

func verdictText(l control.HitLine) string {
	switch {
	case l.Verdict == "" && l.Ended != nil:
		return "ended " + stamp(l.Ended.Time, nil) + ": " + plain(l.EndedFor)
	case l.Verdict == "" && l.State == heed.DutyEnded:
		return "erased undecided"
	case l.Verdict == "":
		return "-"
	}
	text := strings.ReplaceAll(string(l.Verdict), "-", " ")
	if l.Verdict == heed.Undecided && l.Expected != nil {
		text += ", expected by " + stamp(l.Expected.Time, nil)
	}
	text += ", " + string(l.Officer)
	if l.Ended != nil {
		text += "; ended " + stamp(l.Ended.Time, nil) + ": " + plain(l.EndedFor)
	}
	return text
}

func (a *app) hitExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain HIT", Short: "Show who matched whom and why; that it was read is on record", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeHit,
		Long: `Show who matched whom and why: the two names aligned part by part, the rules of
reading that they rest on, what the dates have in common, what each piece of evidence
weighs, the threshold and the version of the model. The weights add up to the sum.
That an officer has read it is on record.`,
		Example: "  heed hit explain 7K3M-Q2XA --as irma",
		RunE: func(c *cobra.Command, args []string) error {
			var h control.Hit
			if err := a.call(c.Context(), "hit-explain", control.HitRequest{Officer: a.officer(), Hit: args[0]}, &h); err != nil {
				return err
			}
			return a.print(h, func(w io.Writer) { writeHit(w, h) })
		},
	}
}

func writeHit(w io.Writer, h control.Hit) {
	fmt.Fprintf(w, "Hit %s%s, found %s\n", h.ID.Spoken(), exerciseMark(h.Status), stamp(h.Found.Time, nil))
	row := func(label, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-10s %s\n", label, plain(text))
		}
	}
	row("Of", hitOf(h.Case, h.Warner, h.List))
	row("Urgency", string(h.Urgency))
	if h.Past {
		row("Past", "the record had come before the subject was on watch")
	}
	if h.Record == nil {
		fmt.Fprintln(w, "What it said was erased.")
	} else {
		row("Record", recordWords(h))
		row("Score", fmt.Sprintf("%.4f, threshold %.4f, model %s", h.Score, h.Threshold, h.Explanation.ModelVersion))
		fmt.Fprintf(w, "\n%s\n\n", indent(h.Text, "  "))
	}
	switch h.State {
	case heed.DutyOpen, heed.DutyOverdue:
		row("Review", "due "+stamp(h.Due.Time, nil)+", "+left(control.InboxLine{Left: h.Left, State: h.State}))
	}
	if h.Ended != nil {
		row("Review", "not owed since "+stamp(h.Ended.Time, nil)+": "+h.EndedFor)
	}
	for _, d := range h.Decisions {
		text := strings.ReplaceAll(string(d.Verdict), "-", " ")
		if d.Kind == heed.DecisionRevoked {
			text = "exclusion revoked"
		}
		reason := d.Reason
		if reason == "" {
			reason = "(its reason was erased)"
		}
		row("Decided", fmt.Sprintf("%s by %s (%s), signed %s: %s", text, d.Officer, d.Role, stamp(d.At.Time, nil), reason))
	}
	if e := h.Exclusion; e != nil {
		text := "the same traveller is no hit on this subject until " + stamp(e.Until.Time, nil)
		if !e.Holds {
			text = "it has ended, or was revoked"
		}
		row("Exclusion", text)
	}
	row("Warner", h.Report)
	owed := h.State == heed.DutyOpen || h.State == heed.DutyOverdue // also where an earlier passage, or an interim word, has a verdict
	if (owed || h.Verdict == "") && h.Record != nil {
		fmt.Fprintf(w, "Decide with: heed hit decide %s --verdict %s --reason TEXT\n", h.ID.Spoken(), strings.Join(words(heed.HitVerdicts()), "|"))
	}
}

func recordWords(h control.Hit) string {
	r := h.Record
	parts := []string{recordText(h.HitLine)}
	if r.ID != "" {
		parts = append(parts, r.ID)
	}
	if r.Carrier != "" {
		parts = append(parts, r.Carrier)
	}
	if r.From != "" || r.To != "" {
		parts = append(parts, "from "+orDash(r.From)+" to "+orDash(r.To))
	}
	if !r.At.IsZero() {
		parts = append(parts, stamp(r.At, nil))
	}
	for _, d := range r.Documents {
		parts = append(parts, fmt.Sprintf("%s %s %s", d.Type, d.Country, d.Number))
	}
	return strings.Join(parts, ", ")
}

func (a *app) hitDecideCommand() *cobra.Command {
	var r control.DecideRequest
	var verdict, exclude, by string
	c := &cobra.Command{
		Use: "decide HIT --verdict same-person|different-person|undecided --reason TEXT", Short: "Sign whether the two are the same", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeHit,
		Long: `Sign whether the two are the same. The decision is on record with its reason, and our
ledger commits to it. undecided is an interim word: the review stays owed. A later
decision takes the place of an earlier one. A hit that has ended (its warning was
recalled, its watch lapsed) can be decided as long as what it says is kept; nobody
owes it.

With --exclude a different person is not a hit on the same subject again for that
long: a traveller of the same name, date of birth and document. Anybody else of that
name still is. It ends when the warner corrects what is said of the subject.

Where it is the same person, the warner is told where the accord or the warning
demands it; the answer says so, or why not. --tell tells also where nothing does.`,
		Example: `  heed hit decide 7K3M-Q2XA --as irma --verdict same-person --reason "passport seen at the desk; same photograph"
  heed hit decide 7K3M-Q2XA --as irma --verdict different-person --reason "born in another town; fingerprints differ" --exclude 180d
  heed hit decide 7K3M-Q2XA --as irma --verdict undecided --by +4h --reason "asked the carrier for the passport number"`,
		RunE: func(c *cobra.Command, args []string) error {
			v, err := heed.ParseHitVerdict(verdict)
			if verdict == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "the verdict is missing", Hint: "add --verdict " + strings.Join(words(heed.HitVerdicts()), ", --verdict ")}
			}
			if err != nil {
				return err
			}
			r.Officer, r.Hit, r.Verdict = a.officer(), args[0], v
			if exclude != "" {
				span, err := draft.Span(exclude)
				if err != nil {
					return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--exclude %q is not a duration", exclude), Hint: "write 30d, 12h or 45m"}
				}
				r.Exclude = span.Seconds()
			}
			if by != "" {
				if r.By, err = parseWhen("--by", by); err != nil {
					return err
				}
			}
			var answer control.DecideAnswer
			if err := a.call(c.Context(), "hit-decide", r, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "hit %s: %s, signed and on record\n", answer.Hit.Spoken(), strings.ReplaceAll(string(answer.Verdict), "-", " "))
				if answer.Ended != "" {
					fmt.Fprintf(w, "its review was not owed any more: %s; the decision stands all the same\n", plain(answer.Ended))
				}
				if answer.Until != nil {
					fmt.Fprintf(w, "the same traveller is no hit on this subject until %s\n", stamp(answer.Until.Time, nil))
				}
				if answer.Report != "" {
					fmt.Fprintln(w, plain(answer.Report))
				}
			})
		},
	}
	f := c.Flags()
	f.StringVar(&verdict, "verdict", "", strings.Join(words(heed.HitVerdicts()), "|"))
	f.StringVar(&r.Reason, "reason", "", "TEXT: why; it is erased with the record")
	f.StringVar(&exclude, "exclude", "", "DURATION in which the same traveller is no hit on this subject again")
	f.StringVar(&by, "by", "", "TIME by which an undecided review is expected to be settled")
	f.BoolVar(&r.Tell, "tell", false, "tell the warner also where nothing demands it")
	complete(c, "verdict", words(heed.HitVerdicts()))
	return c
}

func (a *app) hitExclusionsCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "exclusions", Short: "List who is kept from being a hit again",
		Example: "  heed hit exclusions",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.ExclusionLine
			if err := a.call(c.Context(), "hit-exclusions", control.ExclusionsRequest{All: all}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "Nobody is excluded.")
					return
				}
				t := table(w, "HIT", "MADE BY", "MADE", "UNTIL", "")
				for _, l := range lines {
					standing := ""
					switch {
					case l.Revoked != nil:
						standing = "revoked"
					case !l.Holds:
						standing = "ended: something else is said of the subject, or its time is over"
					}
					t.row(l.Hit.Spoken(), string(l.Officer), stamp(l.Made.Time, nil), stamp(l.Until.Time, nil), standing)
				}
				t.flush()
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also those that have ended")
	return c
}

func (a *app) hitRevokeCommand() *cobra.Command {
	var r control.DecideRequest
	c := &cobra.Command{
		Use: "revoke HIT --reason TEXT", Short: "End the exclusion that was made about a hit", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeHit,
		Example: `  heed hit revoke 7K3M-Q2XA --as irma --reason "the passport was reported stolen"`,
		RunE: func(c *cobra.Command, args []string) error {
			r.Officer, r.Hit = a.officer(), args[0]
			var answer control.DecideAnswer
			if err := a.call(c.Context(), "hit-revoke", r, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "hit %s: its exclusion is revoked, signed and on record\n", answer.Hit.Spoken())
			})
		},
	}
	c.Flags().StringVar(&r.Reason, "reason", "", "TEXT: why")
	return c
}

// completeHit offers the codes of hits to the shell.
func (a *app) completeHit(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var lines []control.HitLine
	if err := a.ask(c.Context(), "hit-list", control.HitListRequest{All: true}, &lines); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var codes []string
	for _, l := range slices.Backward(lines) {
		codes = append(codes, string(l.ID)+"\t"+hitOf(l.Case, l.Warner, l.List)+", "+verdictText(l))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
