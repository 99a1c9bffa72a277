package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"heed/control"
)

func (a *app) healthCommand() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Whether the node's clocks run, and which peers need looking at",
		Long: `Whether the node does what nobody calls for: look at deadlines, tell people, publish its ledger. It ends with 1
where one of these has not been done for two minutes. A monitor without access to the home asks
https://ADDRESS/heed/v1/pulse, which answers 200 or, where the node has stalled, 503; peers do the same.`,
		Example: "  heed health || logger -p daemon.alert 'heed has stalled'",
		RunE: func(c *cobra.Command, _ []string) error {
			var h control.Health
			if err := a.call(c.Context(), "health", struct{}{}, &h); err != nil {
				return err
			}
			err := a.print(h, func(w io.Writer) {
				ago := func(ms int64) string { return (time.Duration(ms) * time.Millisecond).Round(time.Second / 10).String() }
				fmt.Fprintf(w, "looked at deadlines  %s ago\ntold its people      %s ago\npublished its ledger %s ago\n", ago(h.Deadlines), ago(h.Notices), ago(h.Checkpoints))
				if h.Watch.Ready {
					fmt.Fprintf(w, "watch index          ready, %s\n", counted(h.Watch.Subjects, "subject"))
				} else {
					fmt.Fprintf(w, "watch index          being built, %d of %d: nothing can be screened yet\n", h.Watch.Done, h.Watch.Total)
				}
				if h.Restored {
					fmt.Fprintln(w, "restored from a backup, catching up: it signs nothing until then")
				}
				for _, p := range h.Peers {
					fmt.Fprintf(w, "%s: %s\n", p.Party, p.Trouble)
				}
			})
			if err == nil && h.Stalled != "" {
				return &control.Fault{Exit: control.ExitFault, Message: "the node " + h.Stalled, Hint: "look at its log and at its disk, and start it anew; until then nobody is told of what is overdue"}
			}
			return err
		},
	}
}
