package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/exchange"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "token", Short: "Admit programs: add, list, remove",
		Long: `A token admits a program to one thing that the node does for programs: with the scope
screen, POST https://ADDRESS/v1/screen (docs/screening-api.md). It is printed once and
kept as its hash only. An administrator adds and removes tokens; the ledger commits to both.`,
	}
	c.AddCommand(a.tokenAddCommand(), a.tokenListCommand(), a.tokenRemoveCommand())
	return c
}

func (a *app) tokenAddCommand() *cobra.Command {
	var r control.TokenRequest
	var until string
	c := &cobra.Command{
		Use: "add --scope SCOPE", Short: "Make a token and print it, this once",
		Example: `  heed token add --scope screen --name gate-4
  heed token add --scope screen --name regatta --until 2026-12-31T23:00Z`,
		RunE: func(c *cobra.Command, _ []string) error {
			if r.Scope == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "the scope is missing", Hint: "add --scope " + strings.Join(words(exchange.Scopes()), ", --scope ")}
			}
			r.By = a.administrator()
			var err error
			if until != "" {
				if r.Until, err = parseWhen("--until", until); err != nil {
					return err
				}
			}
			var line control.TokenLine
			if err := a.call(c.Context(), "token-add", r, &line); err != nil {
				return err
			}
			return a.print(line, func(w io.Writer) { fmt.Fprintln(w, line.Token) })
		},
	}
	f := c.Flags()
	f.StringVar(&r.Scope, "scope", "", strings.Join(words(exchange.Scopes()), "|"))
	f.StringVar(&r.Name, "name", "", "NAME under which its use is on record (default: token-1, token-2, ...)")
	f.StringVar(&until, "until", "", "TIME until when it is good (default: until it is removed)")
	complete(c, "scope", words(exchange.Scopes()))
	return c
}

func (a *app) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens, the removed ones too",
		Example: "  heed token list",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.TokenLine
			if err := a.call(c.Context(), "token-list", struct{}{}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no token.")
					return
				}
				t := table(w, "NAME", "SCOPE", "STATE", "ADDED", "UNTIL", "LAST USED")
				for _, l := range lines {
					until, used := "-", "never"
					if l.Until != nil {
						until = stamp(l.Until.Time, nil)
					}
					if l.Used != nil {
						used = stamp(l.Used.Time, nil)
					}
					t.row(l.Name, string(l.Scope), l.State, stamp(l.Added.Time, nil), until, used)
				}
				t.flush()
			})
		},
	}
}

func (a *app) tokenRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "End a token at once", Args: cobra.ExactArgs(1),
		Example: "  heed token remove gate-4",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.call(c.Context(), "token-remove", control.TokenRequest{By: a.administrator(), Name: args[0]}, &struct{}{}); err != nil {
				return err
			}
			return a.print(map[string]string{"removed": args[0]}, func(w io.Writer) { fmt.Fprintf(w, "token %s removed\n", plain(args[0])) })
		},
	}
}
