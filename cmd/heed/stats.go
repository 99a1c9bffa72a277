package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/stats"
)

func (a *app) statsCommand() *cobra.Command {
	var request control.StatisticsRequest
	var counted period
	var page, table string
	c := &cobra.Command{
		Use: "stats", Short: "What was warned, asked and answered, in figures, both ways",
		Long: `Count the cases of this node by the other party, both ways: what was sent,
received, opened, acknowledged, assessed and answered, which replies were on
time, late or are overdue, how long they took, and how it ended, as stated by
the recipient. Exercises and whatever else is not Actual are counted apart.

A case counts in the period in which its opening statement was signed, with all
that was said in it up to now. Both parties count the same once nothing is in
flight. docs/statistics.md defines every figure.

With --accord only the cases that name an accord are counted, its proposals
among them, and the report says what of it the accord lets whom publish. These
are this node's own cases: what the others say to each other it does not know.

What both sides have signed of periods within this one is shown beside it, and
where they differ, both and where. reconcile, confirm and publish sign figures.

A TIME carries an offset, is a date (from its beginning in UTC), or is relative
to now: -30d, "30d ago".`,
		Example: `  heed stats
  heed stats --accord 9f2c41d0 --html games.html
  heed stats --pair north.example,south.example --since 2026-11-01T00:00Z --until 2026-12-01T00:00Z
  heed stats --since -30d --html november.html --csv november.csv
  heed stats --json`,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if request.Since, request.Until, err = counted.read(); err != nil {
				return err
			}
			done := a.busy("counting cases")
			var report stats.Report
			err = a.call(c.Context(), "stats", request, &report)
			done()
			if err != nil {
				return err
			}
			var files []string
			for _, form := range []struct {
				path  string
				write func(io.Writer, stats.Report) error
			}{{page, stats.WriteHTML}, {table, stats.WriteCSV}} {
				if form.path == "" {
					continue
				}
				var b bytes.Buffer
				if err := form.write(&b, report); err != nil {
					return err
				}
				if err := writeWhole(form.path, b.Bytes()); err != nil {
					return fileFault("", err)
				}
				files = append(files, form.path)
			}
			return a.print(report, func(w io.Writer) {
				if len(files) == 0 {
					writeStatistics(w, report)
				}
				for _, f := range files {
					fmt.Fprintf(w, "written: %s\n", f)
				}
			})
		},
	}
	f := c.Flags()
	f.StringSliceVar(&request.Pair, "pair", nil, "A,B: only the cases between these two parties; one is this node's")
	f.StringVar(&request.Accord, "accord", "", "ID: only cases that name this accord; eight digits are enough")
	counted.add(c)
	f.StringVar(&page, "html", "", "FILE to write a report to, for reading and printing")
	f.StringVar(&table, "csv", "", "FILE to write all figures to, one a row")
	c.AddCommand(a.reconcileCommand(), a.confirmCommand(), a.figuresCommand(), a.publishCommand(), a.verifyFiguresCommand())
	return c
}

func writeStatistics(w io.Writer, r stats.Report) {
	fmt.Fprintf(w, "%s as of %s: cases %s, %d in all\n", r.Party, stamp(r.AsOf.Time, nil), stats.PeriodWords(r), r.Cases)
	if r.Unconfirmed > 0 {
		fmt.Fprintf(w, "Without a receipt yet: %d statements. Until then the other side may count otherwise.\n", r.Unconfirmed)
	}
	if r.Incomplete > 0 {
		fmt.Fprintf(w, "Not counted: %d cases whose opening statement is not here, or was refused by the other node.\n", r.Incomplete)
	}
	writeOfMembers(w, r)
	for _, said := range r.Reconciled {
		fmt.Fprintln(w)
		writeReconciled(w, said)
	}
	for _, relation := range r.Relations {
		for _, status := range heed.Statuses() {
			for _, d := range relation.Directions {
				if _, ok := d.Line(status, stats.AllUrgencies); ok {
					writeDirection(w, d, status)
				}
			}
		}
	}
}

// writeOfMembers says which accord is meant, what may be published, and what was
// exchanged with whom.
func writeOfMembers(w io.Writer, r stats.Report) {
	a := r.Accord
	if a == nil {
		return
	}
	fmt.Fprintf(w, "Only cases that name the accord %s, %s, version %d, %s. %s\n", a.ID[:8], plain(a.Name), a.Version, a.State, r.Scope())
	fmt.Fprintf(w, "%s\n", a.Mark())
	for _, rule := range a.Rules() {
		fmt.Fprintf(w, "  %s\n", rule)
	}
	fmt.Fprintln(w)
	t := table(w, "PARTY", "WARNED", "ACKNOWLEDGED", "ASKED", "ON TIME", "OVERDUE", "WARNED US", "ACKNOWLEDGED", "ASKED US", "ON TIME", "OVERDUE")
	of := func(e stats.Exchanged) []string {
		return []string{strconv.Itoa(e.Warnings), strconv.Itoa(e.Acknowledged), strconv.Itoa(e.Questions), fmt.Sprintf("%d of %d", e.Timely, e.Due), strconv.Itoa(e.Overdue)}
	}
	for _, row := range r.Matrix() {
		name := string(row.Party)
		if row.Role != stats.RoleMember {
			name += " (" + row.Role + ")"
		}
		t.row(append(append([]string{name}, of(row.To)...), of(row.From)...)...)
	}
	t.flush()
}

// writeDirection shows what is not Actual under a head of its own.
func writeDirection(w io.Writer, d stats.Direction, status heed.Status) {
	fmt.Fprintf(w, "\nFrom %s to %s%s\n", d.From, d.To, exerciseMark(status))
	var lines []stats.Line
	for _, l := range d.Lines {
		if l.Status == status {
			lines = append(lines, l)
		}
	}
	all, _ := d.Line(status, stats.AllUrgencies)
	if all.Warnings.Sent > 0 {
		t := table(w, "  WARNINGS", "SENT", "RECEIVED", "OPENED", "ACKNOWLEDGED", "ASSESSED", "ANSWERED", "ACTION", "CONCLUDED", "REFUSED", "RECALLED")
		for _, l := range lines {
			n := l.Warnings
			t.row("  "+string(l.Urgency), strconv.Itoa(n.Sent), strconv.Itoa(n.Received), strconv.Itoa(n.Opened), strconv.Itoa(n.Acknowledged), strconv.Itoa(n.Assessed),
				fmt.Sprintf("%d of %d", n.Answered, n.Asking), strconv.Itoa(n.Heeded), strconv.Itoa(n.Concluded), strconv.Itoa(n.Refused), strconv.Itoa(n.Recalled))
		}
		t.flush()
	}
	for _, o := range heed.Outcomes() {
		if n := all.Warnings.Outcomes[o]; n > 0 {
			fmt.Fprintf(w, "  Concluded as %s: %d\n", o.Words(), n)
		}
	}
	if all.Questions.Sent > 0 {
		t := table(w, "  QUESTIONS", "ASKED", "RECEIVED", "OPENED", "ANSWERED", "REFUSED")
		for _, l := range lines {
			n := l.Questions
			t.row("  "+string(l.Urgency), strconv.Itoa(n.Sent), strconv.Itoa(n.Received), strconv.Itoa(n.Opened), strconv.Itoa(n.Answered), strconv.Itoa(n.Refused))
		}
		t.flush()
	}
	if len(all.Replies) == 0 {
		return
	}
	fmt.Fprintf(w, "  Replies, by whoever had asked: %s\n", all.RatedWords())
	t := table(w, "  REPLIES", "OWED", "ON TIME", "LATE", "OVERDUE", "AT THE END", "NOT YET DUE", "RECALLED", "MEDIAN", "90 %")
	for _, n := range all.Replies {
		t.row("  "+n.Duty.Words(), strconv.Itoa(n.Owed), strconv.Itoa(n.Timely), strconv.Itoa(n.Late), strconv.Itoa(n.Overdue), strconv.Itoa(n.OverdueAtEnd),
			strconv.Itoa(n.Open), strconv.Itoa(n.Recalled), responseText(n.Median), responseText(n.Ninetieth))
	}
	t.flush()
}

func responseText(s *stats.Span) string {
	if s == nil {
		return "-"
	}
	return s.String()
}
