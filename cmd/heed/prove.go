package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/evidence"
)

func (a *app) proveCommand() *cobra.Command {
	var request control.ProveRequest
	var silence, open, out string
	var wait time.Duration
	c := &cobra.Command{
		Use: "prove CASE --out FILE", Short: "Write evidence of a case that anybody can verify offline", Args: cobra.ExactArgs(1),
		Long: `Write evidence of a case that anybody can verify offline, with 'heed verify'
or with the page that 'heed verify --page' writes. The other party is not needed.

Without --silence: what was said in the case, each step with the time between
which it was witnessed. Contents stay closed; --open shows all of them, or single
fields of the warning by their paths.

With --silence DUTY (acknowledge, assess, answer, report, conclude): that the
other party has no answer on record for what it owes. --wait gives the witnesses
time to pass the due time.`,
		Example: `  heed prove 7K3M-Q2XA --out 7K3M.evidence
  heed prove 7K3M-Q2XA --step received --step acknowledged --open headline,urgency --out 7K3M.evidence
  heed prove 7K3M-Q2XA --silence assess --wait 2m --out 7K3M.silence`,
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--out FILE is missing", Hint: "name the file that the evidence is written to"}
			}
			if err := mayWrite(out, evidenceFirst); err != nil {
				return err
			}
			request.Case = args[0]
			request.Open = strings.Split(open, ",")
			if err := fitProof(c, silence, open, wait); err != nil {
				return err
			}
			if silence != "" {
				kind, err := control.DutyNamed(silence)
				if err != nil {
					return err
				}
				request.Silence, request.Wait = kind, wait.Milliseconds()
			}
			done := a.busy("gathering evidence")
			var answer control.ProveAnswer
			err := a.call(c.Context(), "prove", request, &answer)
			done()
			if err != nil {
				return err
			}
			if err := writeWhole(out, answer.Bundle); err != nil {
				return writeFault(out, err)
			}
			shown := map[string]any{"file": out, "bytes": len(answer.Bundle), "judged": answer.Judged, "holds": answer.Holds, "verdicts": answer.Verdicts}
			err = a.print(shown, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d bytes of evidence\nwhoever gets it checks it with `heed verify --policy FILE %s`\n", out, len(answer.Bundle), out)
			})
			if err != nil || silence == "" {
				return err
			}
			return a.foresee(answer, wait)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&request.Steps, "step", nil, "STEP to prove: a kind of statement or a state of the case (default: every step)")
	f.StringVar(&open, "open", "none", "all, none, or FIELD,... of the warning to open")
	f.StringVar(&silence, "silence", "", "DUTY of the other party that has no answer on record")
	f.DurationVar(&wait, "wait", 0, "how long to wait for a witnessed time past the due time")
	f.StringVar(&out, "out", "", "FILE to write; evidence that is there is replaced, anything else is not")
	return c
}

// fitProof refuses flags that would be without effect.
func fitProof(c *cobra.Command, silence, open string, wait time.Duration) error {
	bad := func(message, hint string) error {
		return &control.Fault{Exit: control.ExitInput, Message: message, Hint: hint}
	}
	switch changed := c.Flags().Changed; {
	case open == "":
		return bad("--open is empty", "say all, none, or the FIELDs to open")
	case wait < 0:
		return bad("--wait is negative", "give a time like 30s or 5m")
	case silence == "" && changed("wait"):
		return bad("--wait is of no use without --silence DUTY", "leave it out, or name the duty")
	case silence != "" && (changed("open") || changed("step")):
		return bad("--open and --step are of no use with --silence", "a certificate opens nothing; write a second file for what was said")
	}
	return nil
}

// foresee tells what a verifier would make of a certificate who believes the
// node's own witnesses. One that shows nothing, after a wait, is a timeout.
func (a *app) foresee(answer control.ProveAnswer, wait time.Duration) error {
	if !answer.Judged {
		return nil
	}
	if answer.Holds {
		for _, v := range answer.Verdicts {
			if _, err := fmt.Fprintln(a.err, "by our own witnesses: "+v.Headline(evidence.Layout{Zone: time.Local})); err != nil {
				return err
			}
		}
		return nil
	}
	why := ""
	for _, v := range answer.Verdicts {
		if !v.Holds() {
			why = v.Why
		}
	}
	hint := "prove it again later"
	if !answer.Ripe.IsZero() && answer.Ripe.After(time.Now()) {
		hint = "nothing can be told before " + stamp(answer.Ripe.Time, nil) + ": wait longer with --wait"
	}
	if wait == 0 {
		_, err := fmt.Fprintf(a.err, "it shows nothing yet: %s\n      %s\n", why, hint)
		return err
	}
	return &control.Fault{Exit: control.ExitTimeout, Message: "the file is written and shows nothing yet: " + why, Hint: hint}
}
