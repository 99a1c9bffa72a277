package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
)

func (a *app) forwardCommand() *cobra.Command {
	var request control.ForwardRequest
	c := &cobra.Command{
		Use: "forward CASE --to PARTY", Short: "Pass a warning on to a third party; asks its originator where it must", Args: cobra.ExactArgs(1),
		Long: `Pass on to a third party what we were warned of, as its handling and the accord
under which it came permit. Where the originator must be asked (TLP:AMBER and
stricter, H2, originator control, a clause of the accord), the first call asks it,
and the same call passes it on once it has consented (heed wait CASE
forward-decided).

What goes is a warning of our own: the originator's text, marks and attachments,
that it is passed on, and what the originator signed. With --accord it goes
under the terms of an accord with the third party, which must admit it; where
that asks for a second officer or for a rights check, it is kept as a draft.`,
		Example: `  heed forward 7K3M-Q2XA --as ruth --to east.example
  heed forward 7K3M-Q2XA --as ruth --to east.example --reason "their ferry, their crew"`,
		RunE: func(c *cobra.Command, args []string) error {
			if request.To == "" {
				return toMissing("the third party")
			}
			request.Case, request.Officer = args[0], a.officer()
			var answer control.ForwardAnswer
			if err := a.call(c.Context(), "forward", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeForwarded(w, answer) })
		},
	}
	f := c.Flags()
	f.StringVar(&request.To, "to", "", "PARTY to which it is passed on")
	f.StringVar(&request.Accord, "accord", "", "ID of the accord under which it goes on; eight digits are enough")
	f.StringVar(&request.Reason, "reason", "", "TEXT for the originator, where it is asked")
	f.BoolVar(&request.Draft, "draft", false, "keep it as a draft, for another officer to release")
	a.completeTo(c)
	return c
}

func writeForwarded(w io.Writer, f control.ForwardAnswer) {
	switch f.State {
	case control.StateAsked:
		fmt.Fprintf(w, "case %s: %s is asked whether it may go to %s (%s); nothing is sent until it consents\n", f.Of.Spoken(), f.Originator, f.To, plain(f.Because))
		return
	case control.StateDrafted:
		fmt.Fprintf(w, "draft %s, to %s; it is not sent until an officer releases it\n", f.Case.Spoken(), f.To)
	default:
		fmt.Fprintf(w, "case %s, to %s: passed on from %s\n", f.Case.Spoken(), f.To, f.Originator)
	}
	if f.NotLogged {
		fmt.Fprintf(w, "The consent of %s is not in its ledger yet.\n", f.Originator)
	}
}

func (a *app) consentCommand() *cobra.Command {
	var request control.ConsentRequest
	c := &cobra.Command{
		Use: "consent CASE --to PARTY", Short: "Let the recipient of our warning pass it on, or refuse that", Args: cobra.ExactArgs(1),
		Long: `Answer the recipient of a warning of ours, which has asked whether it may pass it
on to a third party. A later answer counts instead of an earlier one; what has
been passed on meanwhile is out.`,
		Example: `  heed consent 7K3M-Q2XA --as jens --to east.example
  heed consent 7K3M-Q2XA --as jens --to east.example --refuse --reason "the source would be known"`,
		RunE: func(c *cobra.Command, args []string) error {
			if request.To == "" {
				return toMissing("the third party that it is about")
			}
			request.Case, request.Officer = args[0], a.officer()
			var answer control.ActAnswer
			if err := a.call(c.Context(), "consent", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				did := "may"
				if request.Refuse {
					did = "may not"
				}
				fmt.Fprintf(w, "case %s: it %s be passed on to %s, signed %s\n", answer.Case.Spoken(), did, request.To, stamp(answer.Statement.Time.Time, nil))
			})
		},
	}
	f := c.Flags()
	f.StringVar(&request.To, "to", "", "PARTY to which it would be passed on")
	f.BoolVar(&request.Refuse, "refuse", false, "it may not")
	f.StringVar(&request.Reason, "reason", "", "TEXT for the other party; needed with --refuse")
	a.completeTo(c)
	return c
}

func toMissing(what string) error {
	return &control.Fault{Exit: control.ExitInput, Message: "--to is missing: it names " + what, Hint: "add --to PARTY"}
}

func (a *app) completeTo(c *cobra.Command) {
	if err := c.RegisterFlagCompletionFunc("to", a.completePeers); err != nil {
		panic(err) // the flag is defined by the caller
	}
}

// writeOrigins says who warned of what was passed on to us, and whether that holds.
func writeOrigins(w io.Writer, c control.Case) {
	for _, o := range c.Origins {
		fmt.Fprintln(w, indent(originText(o), ""))
	}
}

func originText(o control.Origin) string {
	if !o.Verified {
		of := ""
		if o.Author != "" {
			of = " of " + string(o.Author)
		}
		return fmt.Sprintf("Passed on: the enclosed word%s does not verify: %s.", of, o.Why)
	}
	var signed []string
	for _, officer := range o.Officers {
		signed = append(signed, fmt.Sprintf("%s, %s", officer.Name, officer.Role))
	}
	text := fmt.Sprintf("Passed on: as warned by %s, signed (%s) %s", o.Author, strings.Join(signed, "; "), stamp(o.Time.Time, nil))
	if o.Kind != heed.KindWarning {
		text += fmt.Sprintf(", in a %s", o.Kind)
	}
	if o.Former {
		text += ", under a card that was renewed since"
	}
	if len(o.Altered) > 0 {
		text += "; but it says otherwise here: " + strings.Join(o.Altered, ", ")
	}
	return text + "."
}
