package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/peer"
)

func (a *app) exportCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "export CASE --out FILE", Short: "Write what we have said in a case as sealed envelopes", Args: cobra.ExactArgs(1),
		Example: "  heed export 7K3M-Q2XA --out /media/stick/7K3MQ2XA.heed",
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "it is not said where to", Hint: "add --out FILE"}
			}
			if err := mayWrite(out, carriageFirst); err != nil {
				return err
			}
			var carriage control.Carriage
			if err := a.call(c.Context(), "export", control.CaseRequest{Case: args[0]}, &carriage); err != nil {
				return err
			}
			if err := peer.WriteFile(out, carriage.Envelopes); err != nil {
				return carriageFault(out, err)
			}
			answer := map[string]any{"file": out, "envelopes": len(carriage.Envelopes)}
			if carriage.CutOff > 0 {
				answer["cut_off"], answer["accord"] = carriage.CutOff, carriage.Accord
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s in %s; nobody but the recipient can open what is inside\n", counted(len(carriage.Envelopes), "envelope"), out)
				if carriage.CutOff > 0 {
					fmt.Fprintf(w, "%s left out: accord %.8s does not bind %s any more\n", counted(carriage.CutOff, "statement"), carriage.Accord, carriage.To)
				}
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "FILE to write; envelopes that are there are replaced, anything else is not")
	return c
}

func (a *app) importCommand() *cobra.Command {
	var reply string
	c := &cobra.Command{
		Use: "import FILE", Short: "Receive envelopes that came as a file", Args: cobra.ExactArgs(1),
		Example: `  heed import /media/stick/7K3MQ2XA.heed
  heed import /media/stick/7K3MQ2XA.heed --reply /media/stick/receipts.heed`,
		RunE: func(c *cobra.Command, args []string) error {
			if reply != "" {
				if err := mayWrite(reply, carriageFirst); err != nil {
					return err
				}
			}
			envelopes, err := peer.ReadFile(args[0])
			if err != nil {
				return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "the file must be what `heed export` wrote, whole and unchanged"}
			}
			var answer control.ImportAnswer
			if err := a.call(c.Context(), "import", control.Carriage{Envelopes: envelopes}, &answer); err != nil {
				return err
			}
			if reply != "" {
				if err := peer.WriteFile(reply, [][]byte{answer.Reply}); err != nil {
					return carriageFault(reply, err)
				}
			}
			err = a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "from %s: %s received, %s taken in\n", answer.From, counted(answer.Accepted, "statement"), counted(answer.Taken, "other envelope"))
				for _, r := range answer.Refused {
					fmt.Fprintln(w, "refused: "+r)
				}
			})
			if err == nil && len(answer.Refused) > 0 {
				return &control.Fault{Exit: control.ExitRefused, Message: counted(len(answer.Refused), "envelope") + " refused", Hint: "the reasons stand above; the sender is told"}
			}
			return err
		},
	}
	c.Flags().StringVar(&reply, "reply", "", "FILE for our receipts, to be carried back")
	return c
}

// carriageFault tells a file that cannot be written from envelopes that no file
// can hold.
func carriageFault(path string, err error) error {
	if errors.Is(err, peer.ErrCarriage) {
		return err
	}
	return writeFault(path, err)
}

func (a *app) waitCommand() *cobra.Command {
	var timeout time.Duration
	var drained bool
	c := &cobra.Command{
		Use: "wait [CASE STATE | CASE overdue:DUTY | ID STATE | --drained]", Short: "Wait for a state of a case or an accord, or for the node", Args: cobra.MaximumNArgs(2),
		Example: `  heed wait                                    # until the node answers
  heed wait 7K3M-Q2XA acknowledged --timeout 60s
  heed wait 7K3M-Q2XA overdue:assess
  heed wait 9f2c41d0 in-force                  # an accord: proposed, in-force, amending, amended, suspended, ended
  heed wait --drained`,
		RunE: func(c *cobra.Command, args []string) error {
			if timeout < 0 {
				return &control.Fault{Exit: control.ExitInput, Message: "--timeout " + timeout.String() + " is negative", Hint: "give a time like 30s or 5m"}
			}
			request := control.WaitRequest{Drained: drained, Seconds: timeout.Seconds()}
			if len(args) == 1 || len(args) == 2 && drained {
				return &control.Fault{Exit: control.ExitInput, Message: "it is not clear what to wait for", Hint: "usage: " + c.UseLine()}
			}
			if len(args) == 2 {
				request.Case = args[0]
				if duty, ok := cutPrefixFold(args[1], "overdue:"); ok {
					request.Overdue = duty
					if _, err := control.DutyNamed(duty); err != nil {
						return err
					}
				} else {
					request.State = args[1]
					if err := control.CanWaitFor(args[1]); err != nil {
						return err
					}
				}
			}
			return a.wait(c.Context(), request, timeout)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 60*time.Second, "give up after this long (exit status 6)")
	c.Flags().BoolVar(&drained, "drained", false, "until nothing is in flight")
	return c
}

// wait first waits for the node itself, which may just be starting.
func (a *app) wait(ctx context.Context, request control.WaitRequest, timeout time.Duration) error {
	end := time.Now().Add(timeout)
	for {
		err := a.call(ctx, "ping", struct{}{}, &control.Ping{})
		if err == nil {
			break
		}
		if time.Now().After(end) {
			return &control.Fault{Exit: control.ExitTimeout, Message: "the node did not answer within " + timeout.String(), Hint: complaintHint(err)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	request.Seconds = max(time.Until(end).Seconds(), 0.001)
	err := a.call(ctx, "wait", request, &struct{}{})
	var fault *control.Fault
	if errors.As(err, &fault) && fault.Exit == control.ExitTimeout {
		fault.Message += ": waited " + timeout.String()
	}
	if err != nil {
		return err
	}
	return a.print(map[string]bool{"reached": true}, func(io.Writer) {})
}
