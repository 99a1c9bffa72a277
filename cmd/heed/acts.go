package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
)

// act is one officer's act in a case.
func (a *app) act(ctx context.Context, verb string, request control.ActRequest) error {
	request.Officer = a.officer()
	var answer control.ActAnswer
	if err := a.call(ctx, verb, request, &answer); err != nil {
		return err
	}
	return a.printAct(answer)
}

// printAct shows the statement that an act has made.
func (a *app) printAct(answer control.ActAnswer) error {
	return a.print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "case %s: %s, signed %s\n", answer.Case.Spoken(), answer.Statement.Kind, stamp(answer.Statement.Time.Time, nil))
		for _, of := range answer.Covers {
			unopened := ""
			if !of.Opened {
				unopened = ", which nobody here has opened yet"
			}
			fmt.Fprintf(w, "  of the %s %s%s\n", of.Kind, of.ID[:8], unopened)
		}
		if answer.Recalled {
			fmt.Fprintln(w, "  the warning was recalled: nothing more is owed for it")
			return
		}
		for _, p := range answer.Statement.Duties {
			fmt.Fprintf(w, "  %s is due %s\n", p.Kind.Words(), stamp(p.Due.Time, nil))
		}
	})
}

func (a *app) takeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "take CASE", Short: "This officer has the case", Args: cobra.ExactArgs(1),
		Example: "  heed take 7K3M-Q2XA --as irma",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.TakeAnswer
			if err := a.call(c.Context(), "take", control.ActRequest{Case: args[0], Officer: a.officer()}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s has case %s since %s\n", answer.Officer, answer.Case.Spoken(), stamp(answer.At.Time, nil))
			})
		},
	}
}

func (a *app) ackCommand() *cobra.Command {
	var without bool
	var role string
	c := &cobra.Command{
		Use: "ack CASE", Short: "Acknowledge what was received", Args: cobra.ExactArgs(1),
		Example: `  heed ack 7K3M-Q2XA --as irma
  heed ack 7K3M-Q2XA --as irma --without-prejudice
  heed ack 7K3M-Q2XA --as jens --role head-of-desk`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.act(c.Context(), "ack", control.ActRequest{Case: args[0], WithoutPrejudice: without, Role: role})
		},
	}
	c.Flags().BoolVar(&without, "without-prejudice", false, "admit nothing by it")
	c.Flags().StringVar(&role, "role", "", "ROLE of our ladder, where an accord has each of several acknowledge for itself (the first of them)")
	return c
}

func (a *app) assessCommand() *cobra.Command {
	var disposition, reason string
	c := &cobra.Command{
		Use: "assess CASE --disposition D", Short: "Give our judgement of a warning", Args: cobra.ExactArgs(1),
		Example: `  heed assess 7K3M-Q2XA --as irma --disposition credible --reason "fits what we know of the route"`,
		RunE: func(c *cobra.Command, args []string) error {
			if disposition == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--disposition is missing", Hint: "one of " + strings.Join(words(heed.Dispositions()), ", ")}
			}
			return a.act(c.Context(), "assess", control.ActRequest{Case: args[0], Disposition: disposition, Text: reason})
		},
	}
	c.Flags().StringVar(&disposition, "disposition", "", strings.Join(words(heed.Dispositions()), "|"))
	c.Flags().StringVar(&reason, "reason", "", "TEXT for the other party")
	complete(c, "disposition", words(heed.Dispositions()))
	return c
}

func (a *app) askCommand() *cobra.Command {
	var to, urgency, accord string
	var exercise bool
	c := &cobra.Command{
		Use: "ask CASE TEXT", Short: "Put a question; it is owed an answer", Args: cobra.RangeArgs(1, 2),
		Example: `  heed ask 7K3M-Q2XA --as irma "Which border crossing?"
  heed ask --to south.example --as jens "Do you know the holder of this plate: BV 7741?"
  heed ask --to south.example --accord 3f1c08b2 --as jens "Do you know the holder of this plate: BV 7741?"`,
		RunE: func(c *cobra.Command, args []string) error {
			if to == "" {
				if accord != "" {
					return &control.Fault{Exit: control.ExitInput, Message: "--accord belongs to a question that opens a case", Hint: "a question within a case goes by the case's terms; add --to PARTY to open one"}
				}
				if len(args) != 2 {
					return &control.Fault{Exit: control.ExitInput, Message: "a question names its case and says what is asked", Hint: "usage: heed ask CASE TEXT, or heed ask --to PARTY TEXT to open a case with it"}
				}
				return a.act(c.Context(), "ask", control.ActRequest{Case: args[0], Text: args[1]})
			}
			u, err := heed.ParseUrgency(urgency)
			if err != nil {
				return err
			}
			status := heed.StatusActual
			if exercise {
				status = heed.StatusExercise
			}
			var answer control.WarnAnswer
			if err := a.call(c.Context(), "ask-party", control.ActRequest{Officer: a.officer(), Party: to, Accord: accord, Text: strings.Join(args, " "), Urgency: u, Status: status}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { fmt.Fprintf(w, "case %s, to %s\n", answer.Case.Spoken(), to) })
		},
	}
	c.Flags().StringVar(&to, "to", "", "PARTY, to open a case with the question")
	c.Flags().StringVar(&accord, "accord", "", "with --to: ID of the accord by whose clock the answer is owed")
	c.Flags().StringVar(&urgency, "urgency", string(heed.UrgencyExpected), "with --to: "+strings.Join(words(heed.Urgencies()), "|"))
	c.Flags().BoolVar(&exercise, "exercise", false, "with --to: it is an exercise")
	complete(c, "urgency", words(heed.Urgencies()))
	return c
}

func (a *app) answerCommand() *cobra.Command {
	var question string
	c := &cobra.Command{
		Use: "answer CASE TEXT", Short: "Answer a question, or a warning that asks for an answer", Args: cobra.ExactArgs(2),
		Example: `  heed answer 7K3M-Q2XA --as jens "The northern one."`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.act(c.Context(), "answer", control.ActRequest{Case: args[0], Question: strings.ToLower(question), Text: args[1]})
		},
	}
	c.Flags().StringVar(&question, "question", "", "ID of the question, where several are open; eight digits are enough")
	return c
}

func (a *app) interimCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use: "interim CASE --by TIME TEXT", Short: "Say when a reply will come; it discharges nothing", Args: cobra.ExactArgs(2),
		Example: `  heed interim 7K3M-Q2XA --as irma --by 2026-11-23T12:00+01:00 "waiting for the laboratory"
  heed interim 7K3M-Q2XA --as irma --by +6h "waiting for the laboratory"`,
		RunE: func(c *cobra.Command, args []string) error {
			at, err := parseWhen("--by", by)
			if err != nil {
				return err
			}
			return a.act(c.Context(), "interim", control.ActRequest{Case: args[0], Until: at, Text: args[1]})
		},
	}
	c.Flags().StringVar(&by, "by", "", "TIME with offset, or +DURATION")
	return c
}

func (a *app) extendCommand() *cobra.Command {
	var until string
	c := &cobra.Command{
		Use: "extend CASE DUTY --until TIME", Short: "Give the other party more time for what it owes us", Args: cobra.ExactArgs(2),
		Example: "  heed extend 7K3M-Q2XA assess --as jens --until 2026-11-24T12:00Z",
		RunE: func(c *cobra.Command, args []string) error {
			at, err := parseWhen("--until", until)
			if err != nil {
				return err
			}
			return a.act(c.Context(), "extend", control.ActRequest{Case: args[0], Duty: args[1], Until: at})
		},
	}
	c.Flags().StringVar(&until, "until", "", "TIME with offset, or +DURATION")
	return c
}

func (a *app) refuseCommand() *cobra.Command {
	var code, reason string
	c := &cobra.Command{
		Use: "refuse CASE --code CODE --reason TEXT", Short: "Answer with a refusal, for a reason that has a code", Args: cobra.ExactArgs(1),
		Example: `  heed refuse 7K3M-Q2XA --as irma --code not-competent --reason "this is for the coast guard"`,
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := heed.ParseContentRefusal(code); err != nil {
				return err
			}
			return a.act(c.Context(), "refuse", control.ActRequest{Case: args[0], Code: code, Text: reason})
		},
	}
	c.Flags().StringVar(&code, "code", "", strings.Join(words(heed.ContentRefusals()), "|"))
	c.Flags().StringVar(&reason, "reason", "", "TEXT for the other party")
	complete(c, "code", words(heed.ContentRefusals()))
	return c
}

func (a *app) actCommand() *cobra.Command {
	return &cobra.Command{
		Use: "act CASE TEXT", Short: "Report what was done about a warning", Args: cobra.ExactArgs(2),
		Example: `  heed act 7K3M-Q2XA --as irma "The vehicle was stopped and searched."`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.act(c.Context(), "act", control.ActRequest{Case: args[0], Text: args[1]})
		},
	}
}

func (a *app) concludeCommand() *cobra.Command {
	var outcome, text string
	c := &cobra.Command{
		Use: "conclude CASE --outcome O", Short: "Say how the matter ended, as we state it", Args: cobra.ExactArgs(1),
		Example: "  heed conclude 7K3M-Q2XA --as irma --outcome averted",
		RunE: func(c *cobra.Command, args []string) error {
			if outcome == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--outcome is missing", Hint: "one of " + strings.Join(words(heed.Outcomes()), ", ")}
			}
			return a.act(c.Context(), "conclude", control.ActRequest{Case: args[0], Outcome: outcome, Text: text})
		},
	}
	c.Flags().StringVar(&outcome, "outcome", "", strings.Join(words(heed.Outcomes()), "|"))
	c.Flags().StringVar(&text, "text", "", "TEXT for the other party")
	complete(c, "outcome", words(heed.Outcomes()))
	return c
}

func (a *app) callCommand() *cobra.Command {
	var with string
	c := &cobra.Command{
		Use: "call CASE --with NAME TEXT", Short: "Put a telephone call on record", Args: cobra.ExactArgs(2),
		Example: `  heed call 7K3M-Q2XA --as irma --with "duty desk, north" "read the code back, they will assess tonight"`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.act(c.Context(), "call", control.ActRequest{Case: args[0], With: with, Text: args[1]})
		},
	}
	c.Flags().StringVar(&with, "with", "", "NAME of the other side")
	return c
}
