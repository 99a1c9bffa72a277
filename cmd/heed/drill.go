package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) drillCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "drill", Short: "Exercises: at once, on a schedule, and who answered how fast",
		Long: `An exercise is a warning with the status Exercise. It takes the path of every
other, with the same clocks, ladders, receipts and release, and is marked and
counted apart everywhere (docs/drills.md).`,
	}
	c.AddCommand(a.drillRunCommand(), a.drillScheduleCommand(), a.drillListCommand(), a.drillStopCommand(), a.drillReportCommand())
	return c
}

// drillFlags are to whom an exercise goes.
type drillFlags struct {
	to     []string
	accord string
}

func (d *drillFlags) add(a *app, c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&d.to, "to", nil, "PARTY,... that are warned")
	f.StringVar(&d.accord, "accord", "", "ID of the accord under which it runs; with no --to, to all whom it binds")
	for name, offer := range map[string]cobra.CompletionFunc{"to": a.completePeers, "accord": a.completeAccord} {
		if err := c.RegisterFlagCompletionFunc(name, offer); err != nil {
			panic(err) // the flag is defined above
		}
	}
}

// request reads the flags and the file, if there is one.
func (d *drillFlags) request(a *app, files []string) (control.DrillRequest, error) {
	request := control.DrillRequest{Officer: a.officer(), To: d.to, Accord: d.accord}
	if len(files) == 0 {
		return request, nil
	}
	source, err := readFile(a.in, files[0], draft.MaxSource)
	if err != nil {
		return request, err
	}
	w, err := draft.WarningAt(files[0], source, time.Now())
	request.Warning = &w
	return request, err
}

func (a *app) drillRunCommand() *cobra.Command {
	var flags drillFlags
	c := &cobra.Command{
		Use: "run [--accord ID | --to PARTY,...] [FILE|-]", Short: "Run an exercise now", Args: cobra.MaximumNArgs(1),
		Long: `Run an exercise now. FILE is a warning with status: Exercise; without one, a
short built-in text asks for acknowledgement and assessment, in the first
language of the desk (the first rung of the card's ladder) and in English.

A releaser or a supervisor calls an exercise. Under an accord that asks for a
second officer or a rights check, it is a draft, which heed release sends.`,
		Example: `  heed drill run --as ruth --to south.example,east.example
  heed drill run --as ruth --accord 9f2c41d0 testdata/exercise.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			request, err := flags.request(a, args)
			if err != nil {
				return err
			}
			var answer control.DrillRun
			if err := a.call(c.Context(), "drill-run", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				if answer.State == control.StateDrafted {
					fmt.Fprintf(w, "draft %s of an exercise, to %s; it is not sent until an officer releases it\n", answer.Case.Spoken(), toText(answer.To))
				} else {
					fmt.Fprintf(w, "case %s%s, to %s\n", answer.Case.Spoken(), exerciseMark(heed.StatusExercise), toText(answer.To))
				}
				if len(answer.LeftOut) > 0 {
					fmt.Fprintf(w, "  left out, by their reservation to drills: %s\n", strings.Join(words(answer.LeftOut), ", "))
				}
			})
		},
	}
	flags.add(a, c)
	return c
}

func (a *app) drillScheduleCommand() *cobra.Command {
	var flags drillFlags
	var every, first string
	c := &cobra.Command{
		Use: "schedule [--accord ID | --to PARTY,...] [--every SPAN] [--first TIME] [FILE|-]", Short: "Run an exercise once every span", Args: cobra.MaximumNArgs(1),
		Long: `Have the node run an exercise once every span, in the name of this officer, as
long as the officer is on the roster with a role that may, and the accord lasts.
After a time in which the node was down, one run stands for all that were
missed. Under an accord --every defaults to what the accord says of drills.
FILE is as in heed drill run.`,
		Example: `  heed drill schedule --as ruth --to south.example --every 30d
  heed drill schedule --as ruth --accord 9f2c41d0 --first 2026-11-24T09:00+01:00`,
		RunE: func(c *cobra.Command, args []string) error {
			request, err := flags.request(a, args)
			if err != nil {
				return err
			}
			if every != "" {
				if request.Every, err = draft.Span(every); err != nil {
					return err
				}
				if request.Every == 0 {
					return &control.Fault{Exit: control.ExitInput, Message: "--every is zero", Hint: "write it like 30d; `heed drill run` runs an exercise once"}
				}
			}
			if request.First, err = whenSaid("--first", first); err != nil {
				return err
			}
			var answer control.DrillLine
			if err := a.call(c.Context(), "drill-schedule", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s: every %s, to %s, first at %s\n", answer.Drill, draft.SpanText(time.Duration(answer.Every)), drillTo(answer), stamp(answer.First.Time, nil))
				if answer.Gated {
					fmt.Fprintln(w, "  by the terms of the accord each run makes a draft, which is not sent until an officer releases it")
				}
			})
		},
	}
	flags.add(a, c)
	c.Flags().StringVar(&every, "every", "", "SPAN from one run to the next, like 30d (default: as the accord says)")
	c.Flags().StringVar(&first, "first", "", "TIME with offset, or +DURATION, of the first run (default: one span from now)")
	return c
}

func (a *app) drillListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List scheduled exercises, and those that were stopped",
		Example: "  heed drill list",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.DrillLine
			if err := a.call(c.Context(), "drill-list", struct{}{}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) { writeDrills(w, lines) })
		},
	}
}

func (a *app) drillStopCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "stop NAME", Short: "Stop a scheduled exercise for good", Args: cobra.ExactArgs(1),
		Example: "  heed drill stop drill-1 --as ruth",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.DrillLine
			if err := a.call(c.Context(), "drill-stop", control.DrillRequest{Officer: a.officer(), Name: args[0]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { fmt.Fprintf(w, "%s stopped, after %d runs\n", answer.Drill, answer.Runs) })
		},
	}
	c.ValidArgsFunction = func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var lines []control.DrillLine
		if len(args) > 0 || a.call(c.Context(), "drill-list", struct{}{}, &lines) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp // no node, nothing to offer
		}
		var names []string
		for _, l := range lines {
			if l.Stopped == nil {
				names = append(names, l.Drill+"\t"+drillTo(l))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// drillTo says to whom a scheduled exercise goes.
func drillTo(l control.DrillLine) string {
	to := toText(l.To)
	if l.Accord == "" {
		return to
	}
	return strings.TrimSpace(cmp.Or(to, "all") + " under accord " + l.Accord[:8])
}

func writeDrills(w io.Writer, lines []control.DrillLine) {
	if len(lines) == 0 {
		fmt.Fprintln(w, "No exercise is scheduled.")
		return
	}
	t := table(w, "EXERCISE", "BY", "EVERY", "TO", "RUNS", "LAST", "NEXT")
	for _, l := range lines {
		last, next := "-", "stopped"
		if l.Last != nil {
			last = stamp(l.Last.Time, nil)
		}
		if l.Next != nil {
			next = stamp(l.Next.Time, nil)
		}
		t.row(l.Drill, string(l.By), draft.SpanText(time.Duration(l.Every)), drillTo(l), strconv.Itoa(l.Runs), last, next)
	}
	t.flush()
	for _, l := range lines {
		if l.Waits {
			fmt.Fprintf(w, "%s: draft %s waits for an officer to release it\n", l.Drill, l.Draft.Spoken())
		}
		if l.Passed != "" {
			fmt.Fprintf(w, "%s did not run when it was last due: %s\n", l.Drill, plain(l.Passed))
		}
		if l.Stopped != nil {
			fmt.Fprintf(w, "%s was stopped at %s: %s\n", l.Drill, stamp(l.Stopped.Time, nil), plain(l.Why))
		}
	}
}

func (a *app) drillReportCommand() *cobra.Command {
	var request control.DrillReportRequest
	var counted period
	var asCSV bool
	c := &cobra.Command{
		Use: "report [--since TIME] [--until TIME] [--accord ID]", Short: "Who answered exercises how fast",
		Long: `Show of each exercise and each party, of ours and of those that others called:
when it was received, and how long after that a person was told, opened it,
acknowledged and assessed it; in time, late, or never. The slowest come first.
All times are those that the party signed. Nothing here is in heed stats' figures
of what was meant.

A TIME carries an offset, is a date (from its beginning in UTC), or is relative
to now: -30d, "30d ago".`,
		Example: `  heed drill report --since -90d
  heed drill report --accord 9f2c41d0 --csv > drills.csv`,
		RunE: func(c *cobra.Command, _ []string) error {
			if asCSV && a.json {
				return &control.Fault{Exit: control.ExitInput, Message: "--csv and --json exclude each other", Hint: "ask twice"}
			}
			var err error
			if request.Since, request.Until, err = counted.read(); err != nil {
				return err
			}
			var report control.DrillReport
			if err := a.call(c.Context(), "drill-report", request, &report); err != nil {
				return err
			}
			if asCSV {
				return writeDrillCSV(a.out, report)
			}
			return a.print(report, func(w io.Writer) { writeDrillReport(w, report) })
		},
	}
	f := c.Flags()
	f.StringVar(&counted.since, "since", "", "TIME: only exercises sent then or later")
	f.StringVar(&counted.until, "until", "", "TIME: only exercises sent before")
	f.StringVar(&request.Accord, "accord", "", "ID: only exercises under that accord")
	f.BoolVar(&asCSV, "csv", false, "print CSV, one row for an exercise and a party")
	if err := c.RegisterFlagCompletionFunc("accord", a.completeAccord); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

func writeDrillReport(w io.Writer, r control.DrillReport) {
	if len(r.Exercises) == 0 {
		fmt.Fprintln(w, "There was no exercise.")
		return
	}
	fmt.Fprintf(w, "EXERCISES as of %s, the slowest first\n\n", stamp(r.AsOf.Time, nil))
	t := table(w, "PARTY", "EXERCISES", "RECEIVED", "ACKNOWLEDGED", "LATE", "NEVER", "MEDIAN", "SLOWEST", "ASSESSED", "LATE", "NEVER", "MEDIAN", "SLOWEST")
	for _, p := range r.Parties {
		row := []string{string(p.Party), strconv.Itoa(p.Exercises), strconv.Itoa(p.Received)}
		for _, f := range []control.DrillFigures{p.Acknowledged, p.Assessed} {
			row = append(row, strconv.Itoa(f.Done+f.Late), strconv.Itoa(f.Late), strconv.Itoa(f.Never), stepText(f.Median), stepText(f.Slowest))
		}
		t.row(row...)
	}
	t.flush()
	for _, e := range r.Exercises {
		under := ""
		if e.Accord != "" {
			under = ", under accord " + e.Accord[:8]
		}
		fmt.Fprintf(w, "\nExercise %s from %s, %s, sent %s%s\n", e.Case.Spoken(), e.From, e.Urgency, stamp(e.Sent.Time, nil), under)
		t := table(w, "  PARTY", "RECEIVED", "NOTIFIED", "OPENED", "ACKNOWLEDGED", "ASSESSED")
		for _, a := range e.Answers {
			received := "no receipt"
			if a.At != nil {
				received = stamp(a.At.Time, nil)
			}
			t.row("  "+string(a.Party), received, stepText(a.Notified), stepText(a.Opened), stepText(a.Acknowledged), stepText(a.Assessed))
		}
		t.flush()
	}
}

// stepText is how long a step took, or why there is no time.
func stepText(s control.DrillStep) string {
	switch s.State {
	case heed.DrillDone:
		return s.After.String()
	case heed.DrillLate:
		return s.After.String() + " LATE"
	case heed.DrillRefused:
		return s.After.String() + " refused"
	case heed.DrillNever:
		return "NEVER"
	case heed.DrillDue:
		if s.Due != nil {
			return "due " + stamp(s.Due.Time, nil)
		}
		return "not yet"
	case heed.DrillRecalled:
		return "recalled"
	}
	return "-"
}

// writeDrillCSV writes a row for each exercise and party as RFC 4180 has it, the
// slowest of each exercise first. Times are in seconds after the receipt, that of
// the receipt after the exercise was sent. No field is another party's free text.
func writeDrillCSV(w io.Writer, r control.DrillReport) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := []string{"as-of", "case", "id", "from", "party", "accord", "urgency", "sent", "received"}
	for _, step := range []string{"receipt", "notified", "opened", "acknowledged", "assessed"} {
		head = append(head, step+"-state", step+"-after", step+"-due")
	}
	rows := [][]string{head}
	for _, e := range r.Exercises {
		for _, a := range e.Answers {
			row := []string{
				heed.FormatTime(r.AsOf.Time), string(e.Case), a.ID, string(e.From), string(a.Party), e.Accord, string(e.Urgency), heed.FormatTime(e.Sent.Time), orEmpty(a.At),
			}
			for _, s := range []control.DrillStep{a.Received, a.Notified, a.Opened, a.Acknowledged, a.Assessed} {
				after := ""
				if s.After != nil {
					after = strconv.FormatFloat(time.Duration(*s.After).Seconds(), 'f', -1, 64)
				}
				row = append(row, string(s.State), after, orEmpty(s.Due))
			}
			rows = append(rows, row)
		}
	}
	return out.WriteAll(rows)
}

// orEmpty is a time as signed text has it; nothing where there is none.
func orEmpty(t *control.Time) string {
	if t == nil {
		return ""
	}
	return heed.FormatTime(t.Time)
}
