package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed/control"
)

func (a *app) watchCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "watch", Short: "Who and what is on watch: list, import, lapse",
		Long: `The subjects of every warning that we receive stay on watch until the warner recalls
it, or until we announce that the watch lapses; closing the case does not end it.
Whole lists can be put on watch beside them. docs/watch.md has the rules.`,
	}
	c.AddCommand(a.watchLapseCommand(), a.watchKeepCommand(), a.watchListCommand(), a.watchImportCommand(), a.watchImportsCommand(), a.watchForgetCommand())
	return c
}

func (a *app) watchListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what is on watch: by warning, and by list",
		Example: "  heed watch list",
		RunE: func(c *cobra.Command, _ []string) error {
			var out control.WatchList
			if err := a.call(c.Context(), "watch-list", struct{}{}, &out); err != nil {
				return err
			}
			return a.print(out, func(w io.Writer) { writeWatchList(w, out) })
		},
	}
}

func writeWatchList(w io.Writer, l control.WatchList) {
	if !l.Ready {
		fmt.Fprintln(w, "THE WATCH INDEX IS BEING BUILT: nothing can be screened yet")
	}
	if len(l.Warnings)+len(l.Lists) == 0 {
		fmt.Fprintln(w, "Nobody is on watch.")
		return
	}
	t := table(w, "FROM", "URGENCY", "SUBJECTS", "")
	for _, line := range append(l.Warnings, l.Lists...) {
		var kinds []string
		for _, k := range []struct {
			n    int
			noun string
		}{{line.Persons, "person"}, {line.Vehicles, "vehicle"}, {line.Organisations, "organisation"}} {
			if k.n > 0 {
				kinds = append(kinds, counted(k.n, k.noun))
			}
		}
		if line.Unfindable > 0 {
			kinds = append(kinds, fmt.Sprintf("%d of them with no more than a name that very many bear: found only once the warning says more", line.Unfindable))
		}
		if line.Imported != nil {
			kinds = append(kinds, "imported "+stamp(line.Imported.Time, nil)+" by "+string(line.Officer))
		}
		t.row(hitOf(line.Case, line.Warner, line.List)+exerciseMark(line.Status), string(line.Urgency), fmt.Sprint(line.Subjects), strings.Join(kinds, ", "))
	}
	t.flush()
	fmt.Fprintf(w, "%s on watch", counted(l.Subjects, "subject"))
	if l.Kept > 0 {
		fmt.Fprintf(w, "; %s kept for later warnings, as accords ask", counted(l.Kept, "past record"))
	}
	fmt.Fprintln(w)
}
