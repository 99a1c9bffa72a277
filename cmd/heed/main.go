// Command heed warns other organisations and owes them answers. README.md
// says how to begin; docs/cli.md is the contract of the command line.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	_ "time/tzdata" // ladders name zones, and a machine may come without them

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := execute(ctx, newRoot(&app{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}))
	stop()
	os.Exit(complain(os.Stderr, err))
}

// execute runs a command. Help is for commands that there are: beside a word that
// is none it would show those of its parent, as if nothing were wrong.
func execute(ctx context.Context, root *cobra.Command) error {
	var stray error
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c.HasSubCommands() && c.Args != nil {
			stray = c.Args(c, c.Flags().Args())
		}
		if stray == nil {
			help(c, args)
		}
	})
	if err := root.ExecuteContext(ctx); err != nil {
		return err
	}
	return stray
}

// app is what every command has: the streams, the flags that all share.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string

	home   string
	as     string
	sshKey string
	json   bool
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "heed",
		Short: "Warn other organisations, and owe them answers",
		Long: `heed exchanges sealed, signed threat warnings between organisations that do
not trust each other. The recipient owes an acknowledgement, an assessment and
an answer by agreed deadlines; silence climbs an agreed ladder on both sides.

Exit status: 0 done; 1 fault of ours or the machine's; 2 bad input; 3 not
reachable; 4 refused by a rule or a role; 5 evidence that does not hold;
6 timeout.`,
		Example: `  heed demo
  heed init --home north --name north.example --listen 127.0.0.1:7001
  heed serve --home north`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.home = cmp.Or(a.home, a.env("HEED_HOME"), "./heed-home")
			return nil
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &control.Fault{Exit: control.ExitInput, Message: flagText(err), Hint: "see --help"}
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.home, "home", "", "folder of the node (default $HEED_HOME, else ./heed-home)")
	flags.StringVar(&a.as, "as", "", "officer who acts (default $HEED_OFFICER)")
	flags.StringVar(&a.sshKey, "ssh-key", "", "FILE of the SSH key of an officer who holds it (default $HEED_SSH_KEY, else the agent)")
	flags.BoolVar(&a.json, "json", false, "print JSON")
	var version bool
	root.Flags().BoolVar(&version, "version", false, "print which build this is, as 'heed version' does")
	root.RunE = func(c *cobra.Command, _ []string) error {
		if version {
			return a.printVersion()
		}
		return c.Help()
	}

	group := func(id, title string, commands ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: id, Title: title})
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("case", "Warnings and replies:",
		a.warnCommand(), a.draftCommand(), a.releaseCommand(), a.inboxCommand(), a.showCommand(), a.openCommand(), a.takeCommand(), a.ackCommand(), a.assessCommand(),
		a.askCommand(), a.answerCommand(), a.interimCommand(), a.extendCommand(), a.refuseCommand(), a.actCommand(), a.concludeCommand(), a.rateCommand(),
		a.supplementCommand(), a.correctCommand(), a.recallCommand(), a.forwardCommand(), a.consentCommand(), a.callCommand(), a.waitCommand())
	group("watch", "The watch:", a.screenCommand(), a.hitCommand(), a.watchCommand(), a.namesCommand())
	group("letter", "Partners without heed:", a.letterCommand(), a.contactCommand())
	group("accord", "Accords:", a.accordCommand())
	group("drill", "Exercises:", a.drillCommand())
	group("carry", "By file:", a.exportCommand(), a.importCommand(), a.remindersCommand())
	group("proof", "Proof:", a.proveCommand(), a.verifyCommand(), a.policyCommand(), a.auditCommand())
	group("figures", "Figures:", a.statsCommand(), a.benchCommand())
	group("node", "The node:", a.initCommand(), a.serveCommand(), a.witnessCommand(), a.depositaryCommand(), a.cardCommand(), a.officerCommand(), a.peerCommand(),
		a.healthCommand(), a.ledgerCommand(), a.tokenCommand(), a.backupCommand(), a.restoreCommand(), a.demoCommand(), a.versionCommand())
	for _, c := range root.Commands() {
		refuseStrays(c)
		if strings.Contains(c.Use, " CASE") && c.ValidArgsFunction == nil {
			c.ValidArgsFunction = a.completeCase
		}
	}
	return root
}

// flagText says of a flag's value that it is no number, without the words of the
// library that was to read one.
func flagText(err error) string {
	var number *strconv.NumError
	flag, _, ok := strings.Cut(err.Error(), ": strconv.")
	if !ok || !errors.As(err, &number) {
		return err.Error()
	}
	what := "a whole number"
	if number.Func == "ParseFloat" {
		what = "a number"
	}
	if errors.Is(number, strconv.ErrRange) {
		what += " within bounds"
	}
	return flag + ": it is not " + what
}

// refuseStrays turns wrong counts of arguments and unknown subcommands into
// bad input, with the usage as the hint.
func refuseStrays(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			hint := "usage: " + c.UseLine()
			if c.HasSubCommands() {
				hint = "`" + c.CommandPath() + " --help` lists the commands"
			}
			return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: hint}
		}
		return nil
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.RunE = func(c *cobra.Command, args []string) error { return c.Help() }
	}
	for _, sub := range c.Commands() {
		refuseStrays(sub)
	}
}

// completeCase offers the codes of the node's cases to the shell.
func (a *app) completeCase(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var inbox control.Inbox
	if err := a.ask(c.Context(), "inbox", control.InboxRequest{All: true}, &inbox); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var codes []string
	for _, line := range inbox.Cases {
		codes = append(codes, string(line.Case)+"\t"+string(line.Peer)+", "+string(line.Stage))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}

// officer is who acts: --as, or the environment's default.
func (a *app) officer() heed.OfficerID {
	if a.as != "" {
		return heed.OfficerID(a.as)
	}
	return heed.OfficerID(a.env("HEED_OFFICER"))
}

// administrator is who administers: only whoever is named for it. The default
// officer of a desk need not hold that role, and the home's owner may anyway.
func (a *app) administrator() heed.OfficerID { return heed.OfficerID(a.as) }

// call asks the running node. Where an officer must sign who holds the key, it is
// asked once more, with that officer's signature at hand.
func (a *app) call(ctx context.Context, verb string, in, out any) error {
	return a.callShown(ctx, verb, in, out, func(context.Context) error { return nil })
}

// callShown is call for what an officer who holds the key is shown more of than
// the text and what it names, before signing.
func (a *app) callShown(ctx context.Context, verb string, in, out any, show func(context.Context) error) error {
	node := control.Dial(a.home)
	err := node.Call(ctx, verb, in, out)
	var fault *control.Fault
	if errors.As(err, &fault) && fault.Signs != "" {
		signer, unable := a.signer(fault)
		if unable != nil {
			return unable
		}
		shown := false
		return node.CallSigned(ctx, verb, in, out, func(ctx context.Context, r control.SignRequest) ([]byte, error) {
			if !shown {
				if err := show(ctx); err != nil {
					return nil, err
				}
				shown = true
			}
			return signer.sign(ctx, r)
		})
	}
	if errors.Is(err, control.ErrNoNode) {
		return a.noNode(err)
	}
	return err
}

// print writes JSON where it is asked for, and otherwise what people read.
func (a *app) print(v any, people func(w io.Writer)) error {
	if !a.json {
		people(a.out)
		return nil
	}
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// complain prints an error as one line with its hint and gives the exit status.
func complain(w io.Writer, err error) int {
	if err == nil {
		return control.ExitDone
	}
	var fault *control.Fault
	var invalid *heed.Invalid
	var refused *heed.Refused
	exit, message, hint := control.ExitFault, err.Error(), ""
	switch {
	case errors.As(err, &fault):
		exit, message, hint = fault.Exit, fault.Message, fault.Hint
	case errors.As(err, &refused):
		exit, message, hint = control.ExitRefused, refused.Detail, refused.Hint
	case errors.As(err, &invalid):
		exit, message, hint = control.ExitInput, invalid.What, invalid.Hint
	case isDraft(err):
		exit = control.ExitInput
	case errors.Is(err, context.Canceled):
		message = "interrupted"
	case strings.HasPrefix(message, "unknown command"):
		exit, hint = control.ExitInput, "`heed --help` lists the commands"
		message, hint = nearestCommand(message, hint)
	}
	fmt.Fprintln(w, "heed: "+localTimes(message))
	if hint != "" {
		fmt.Fprintln(w, "      "+localTimes(hint))
	}
	return exit
}

// nearestCommand puts cobra's suggestions, which come as lines of their own,
// into the hint.
func nearestCommand(message, hint string) (string, string) {
	message, more, ok := strings.Cut(message, "\n")
	_, names, _ := strings.Cut(more, "?")
	if !ok || strings.TrimSpace(names) == "" {
		return message, hint
	}
	return message, "did you mean `heed " + strings.Join(strings.Fields(names), "` or `heed ") + "`? " + hint
}

func isDraft(err error) bool {
	var wrong *draft.Error
	return errors.As(err, &wrong)
}
