package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) accordCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "accord", Short: "Terms between parties: propose, answer, amend, leave",
		Long: `An accord is what parties agreed: who they are, what for, under which clocks, who
is told when something is overdue, what may be passed on and published, when it
begins and ends (docs/accords.md). It is proposed from a template; each member
ratifies it, ratifies it with a reservation, or declines it; it is in force once
its quorum has ratified and its time has come.

Wherever ID stands, the first eight digits of an accord's id are enough.`,
	}
	c.AddCommand(a.accordProposeCommand(),
		a.accordActCommand(heed.AccordRatification), a.accordActCommand(heed.AccordReservation), a.accordActCommand(heed.AccordDecline),
		a.accordActCommand(heed.AccordWithdrawal), a.accordActCommand(heed.AccordSuspension), a.accordActCommand(heed.AccordResumption),
		a.accordAmendCommand(), a.accordRemoveCommand(), a.accordRenewCommand(),
		a.accordShowCommand(), a.accordListCommand(), a.accordTemplatesCommand())
	for _, sub := range c.Commands() {
		if strings.Contains(sub.Use, " ID") {
			sub.ValidArgsFunction = a.completeAccord
		}
	}
	return c
}

// termsFlags are what is said of an accord's terms beside a document.
type termsFlags struct {
	with                []string
	quorum              int
	clocks, from, until string
}

func (t *termsFlags) add(a *app, c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&t.with, "with", nil, "PARTY,... that are members beside us; each is a peer")
	f.StringVar(&t.clocks, "clocks", "", "FILE whose clock replaces the first one, and whose time to ratify the time for a reply (like init's)")
	f.IntVar(&t.quorum, "quorum", 0, "N members that must ratify, over half of them (default: just over half)")
	f.StringVar(&t.from, "from", "", "TIME with offset, or +DURATION: when it begins (default: when it is ratified)")
	f.StringVar(&t.until, "until", "", "TIME with offset, or +DURATION: when it ends (default: when it is ended)")
	if err := c.RegisterFlagCompletionFunc("with", a.completePeers); err != nil {
		panic(err) // the flag is defined above
	}
}

// draft reads what the flags and the file say.
func (t *termsFlags) draft(a *app, c *cobra.Command, files []string) (control.AccordDraft, error) {
	request := control.AccordDraft{Officer: a.officer(), With: t.with, Quorum: t.quorum}
	bad := func(message, hint string) error {
		return &control.Fault{Exit: control.ExitInput, Message: message, Hint: hint}
	}
	if c.Flags().Changed("quorum") && t.quorum < 1 {
		return request, bad(fmt.Sprintf("--quorum is %d", t.quorum), "a quorum is over half of the members")
	}
	var err error
	if request.From, err = whenSaid("--from", t.from); err != nil {
		return request, err
	}
	if request.Until, err = whenSaid("--until", t.until); err != nil {
		return request, err
	}
	if t.clocks != "" {
		baseline, err := readBaseline(t.clocks)
		if err != nil {
			return request, err
		}
		request.Clocks = &baseline
	}
	if len(files) > 0 {
		request.File = files[0]
		request.Document, err = readFile(a.in, files[0], draft.MaxSource)
	}
	return request, err
}

// whenSaid is parseWhen where a time may be left out.
func whenSaid(flag, s string) (*control.Time, error) {
	if s == "" {
		return nil, nil
	}
	return parseWhen(flag, s)
}

func (a *app) accordProposeCommand() *cobra.Command {
	var terms termsFlags
	var template string
	c := &cobra.Command{
		Use: "propose --template NAME --with PARTY,... [FILE|-]", Short: "Propose an accord; each member owes a reply", Args: cobra.MaximumNArgs(1),
		Long: `Propose an accord, and ratify it for this party: who proposes vouches for the
members' cards. The terms are those of the template; --clocks over it; FILE, in
YAML or JSON, over both (docs/accords.md has the keys); --quorum, --from and
--until over all. A releaser or a supervisor signs.`,
		Example: `  heed accord propose --as ruth --template bilateral-liaison --with south.example
  heed accord propose --as ruth --template major-event --with south.example,east.example \
      --from 2026-06-11T00:00+02:00 --until 2026-07-20T00:00+02:00 terms.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			request, err := terms.draft(a, c, args)
			if err != nil {
				return err
			}
			request.Template = template
			var answer control.AccordProposed
			if err := a.call(c.Context(), "accord-propose", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeProposed(w, "proposed", answer) })
		},
	}
	terms.add(a, c)
	c.Flags().StringVar(&template, "template", "", "NAME of a template; 'heed accord templates' lists them")
	complete(c, "template", draft.Templates())
	return c
}

func writeProposed(w io.Writer, done string, p control.AccordProposed) {
	fmt.Fprintf(w, "accord %s\nversion %s %s, to %s\n", p.Accord, p.Version[:8], done, orNobody(p.To))
	fmt.Fprintf(w, "case %s; `heed accord show %s` shows who answers what\n", p.Case.Spoken(), p.Accord[:8])
}

func orNobody(parties []heed.PartyID) string {
	return cmp.Or(strings.Join(words(parties), ", "), "nobody")
}

// accordAct is an act about an accord as a command.
type accordAct struct {
	verb, short, example string
	flags                []string
}

var accordActs = map[heed.AccordActKind]accordAct{
	heed.AccordRatification: {verb: "ratify", short: "Consent to an accord; it accepts the cards of the other members"},
	heed.AccordReservation: {
		verb: "reserve", short: "Consent to an accord but for one clause", flags: []string{"clause", "reason"},
		example: ` --clause disclosure --reason "our law keeps figures"`,
	},
	heed.AccordDecline:    {verb: "decline", short: "Say that we will not be bound", flags: []string{"reason"}, example: ` --reason "no mandate for it"`},
	heed.AccordWithdrawal: {verb: "withdraw", short: "Leave an accord, with the notice that it asks for", flags: []string{"reason", "from"}, example: " --from 2026-12-31T00:00+01:00"},
	heed.AccordSuspension: {verb: "suspend", short: "Suspend an accord for ourselves", flags: []string{"reason", "until"}, example: ` --until +7d --reason "our desk moves"`},
	heed.AccordResumption: {verb: "resume", short: "End our suspension of an accord"},
}

func (a *app) accordActCommand(kind heed.AccordActKind) *cobra.Command {
	as := accordActs[kind]
	request := control.AccordActRequest{Act: kind}
	var clause, from, until string
	c := &cobra.Command{
		Use: as.verb + " ID", Short: as.short, Args: cobra.ExactArgs(1),
		Example: "  heed accord " + as.verb + " 9f2c41d0 --as ruth" + as.example,
		RunE: func(c *cobra.Command, args []string) (err error) {
			request.Officer, request.Accord = a.officer(), args[0]
			if request.From, err = whenSaid("--from", from); err != nil {
				return err
			}
			if request.Until, err = whenSaid("--until", until); err != nil {
				return err
			}
			if kind == heed.AccordReservation {
				if request.Clause, err = heed.ParseClause(clause); err != nil {
					return err
				}
				if request.Reason == "" {
					return &control.Fault{Exit: control.ExitInput, Message: "--reason is missing", Hint: "a reservation says why; the other members read it"}
				}
			}
			if kind == heed.AccordDecline && request.Reason == "" {
				request.Reason = "no reason was given"
			}
			var answer control.AccordDeclared
			if err := a.call(c.Context(), "accord-act", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeDeclared(w, answer) })
		},
	}
	f := c.Flags()
	f.StringVar(&request.Version, "version", "", "V: number or id of the version that is meant (default: the newest that waits for us)")
	for _, name := range as.flags {
		switch name {
		case "clause":
			f.StringVar(&clause, "clause", "", "C that does not bind us: "+strings.Join(words(heed.Clauses()), "|"))
			complete(c, "clause", words(heed.Clauses()))
		case "reason":
			f.StringVar(&request.Reason, "reason", "", "TEXT for the other members, in one line")
		case "from":
			f.StringVar(&from, "from", "", "TIME with offset, or +DURATION, where the notice may be longer")
		case "until":
			f.StringVar(&until, "until", "", "TIME with offset, or +DURATION (default: until it is resumed)")
		}
	}
	return c
}

func writeDeclared(w io.Writer, d control.AccordDeclared) {
	fmt.Fprintf(w, "accord %s, version %s: %s, signed %s\n", d.Accord[:8], d.Version[:8], d.Act, stamp(d.Time.Time, nil))
	for _, clause := range d.NotRepeated {
		fmt.Fprintf(w, "  our reservation to %s was to the version before: `heed accord reserve %s --clause %[1]s --reason TEXT` makes it to this one\n", clause, d.Accord[:8])
	}
	if d.Leaves != nil {
		fmt.Fprintf(w, "  it binds us until %s\n", stamp(d.Leaves.Time, nil))
	}
	fmt.Fprintf(w, "  the accord is %s\n", d.State)
}

func (a *app) accordAmendCommand() *cobra.Command {
	return &cobra.Command{
		Use: "amend ID FILE|-", Short: "Propose other terms; they are ratified again", Args: cobra.ExactArgs(2),
		Long: `Propose the next version of an accord. FILE, in YAML or JSON, has the keys that
change; a list replaces the list as a whole. heed accord show ID --source
prints all terms, to be edited.`,
		Example: "  heed accord amend 9f2c41d0 --as ruth changed.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			request, err := (&termsFlags{}).draft(a, c, args[1:])
			if err != nil {
				return err
			}
			request.Accord = args[0]
			var answer control.AccordProposed
			if err := a.call(c.Context(), "accord-amend", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeProposed(w, "proposed", answer) })
		},
	}
}

func (a *app) accordRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID PARTY", Short: "Propose the accord without one of its parties", Args: cobra.ExactArgs(2),
		Long: `Propose the next version of an accord without one of its parties. It is an
amendment: nothing more is sealed to the party once a quorum of those who remain
has ratified it. heed accord show says who has confirmed that it was told.`,
		Example: "  heed accord remove 9f2c41d0 east.example --as ruth",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.AccordProposed
			if err := a.call(c.Context(), "accord-remove", control.AccordRemoval{Officer: a.officer(), Accord: args[0], Party: args[1]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeProposed(w, "without "+args[1]+" proposed", answer) })
		},
	}
}

func (a *app) accordRenewCommand() *cobra.Command {
	var terms termsFlags
	var only bool
	c := &cobra.Command{
		Use: "renew ID [--from TIME] [--until TIME] [FILE|-]", Short: "Propose a new accord with the terms of an old one", Args: cobra.RangeArgs(1, 2),
		Long: `Propose a new accord with the terms that stood last in an old one, between those
who have not left it (or --with others), with the cards and ladders of today. Its
dates and postures are not taken over. FILE is laid over it as in propose. With
--draft the terms are printed in YAML, and nothing is proposed.`,
		Example: `  heed accord renew 9f2c41d0 --as ruth --from 2027-06-11T00:00+02:00 --until 2027-07-20T00:00+02:00
  heed accord renew 9f2c41d0 --draft > next.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			request, err := terms.draft(a, c, args[1:])
			if err != nil {
				return err
			}
			request.Accord, request.Only = args[0], only
			var answer control.AccordRenewed
			if err := a.call(c.Context(), "accord-renew", request, &answer); err != nil {
				return err
			}
			if only {
				return a.print(map[string]string{"renews": answer.Renews, "source": answer.Source}, func(w io.Writer) { fmt.Fprint(w, plain(answer.Source)) })
			}
			return a.print(answer, func(w io.Writer) { writeProposed(w, "proposed", answer.AccordProposed) })
		},
	}
	terms.add(a, c)
	c.Flags().BoolVar(&only, "draft", false, "print the terms, and propose nothing")
	return c
}

func (a *app) accordShowCommand() *cobra.Command {
	var version string
	var source bool
	c := &cobra.Command{
		Use: "show ID", Short: "Show an accord: its terms, who has answered what, who was told", Args: cobra.ExactArgs(1),
		Example: `  heed accord show 9f2c41d0
  heed accord show 9f2c41d0 --version 1
  heed accord show 9f2c41d0 --source > terms.yaml    # to be edited, and given to heed accord amend`,
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.AccordShown
			if err := a.call(c.Context(), "accord-show", control.AccordRequest{Accord: args[0], Version: version, Source: source}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				if source {
					fmt.Fprint(w, plain(answer.Source))
					return
				}
				writeAccord(w, answer)
			})
		},
	}
	c.Flags().StringVar(&version, "version", "", "V: number or id of the version to show (default: the one that stands)")
	c.Flags().BoolVar(&source, "source", false, "print the terms in YAML, to be edited")
	return c
}

func writeAccord(w io.Writer, s control.AccordShown) {
	fmt.Fprintf(w, "%s (%s)\n\nWhere it stands\n%s", plain(s.Name), s.Accord[:8], localTimes(plain(s.Standing)))
	writeTold(w, s)
	fmt.Fprintf(w, "\nTerms\n%s", localTimes(plain(s.Text)))
}

// writeTold says who has confirmed what this party has said.
func writeTold(w io.Writer, s control.AccordShown) {
	if len(s.Told) == 0 {
		return
	}
	fmt.Fprintln(w, "\nTold by us")
	type saying struct {
		kind    heed.Kind
		version string
	}
	var sayings []saying
	number := map[saying]uint64{}
	got, waiting := map[saying][]heed.PartyID{}, map[saying][]heed.PartyID{}
	for _, t := range s.Told {
		of := saying{t.Kind, t.Version}
		if !slices.Contains(sayings, of) {
			sayings = append(sayings, of)
		}
		number[of] = t.Number
		if t.Received == nil {
			waiting[of] = append(waiting[of], t.To)
		} else {
			got[of] = append(got[of], t.To)
		}
	}
	for _, of := range sayings {
		line := fmt.Sprintf("%-18s version %d (%s)", strings.TrimPrefix(string(of.kind), "accord-"), number[of], of.version[:8])
		if len(got[of]) > 0 {
			line += ", confirmed by " + strings.Join(words(distinct(got[of])), ", ")
		}
		if len(waiting[of]) > 0 {
			line += ", NOT YET BY " + strings.Join(words(distinct(waiting[of])), ", ")
		}
		fmt.Fprintln(w, line)
	}
}

func distinct(parties []heed.PartyID) []heed.PartyID {
	return slices.Compact(slices.Sorted(slices.Values(parties)))
}

func (a *app) accordListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accords that are held here",
		Example: "  heed accord list",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.AccordLine
			if err := a.call(c.Context(), "accord-list", struct{}{}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "No accord is held here.")
					return
				}
				t := table(w, "ACCORD", "STATE", "VERSION", "MEMBERS", "OUR ANSWER", "FROM", "UNTIL", "NAME")
				for _, l := range lines {
					t.row(l.Accord[:8], string(l.State), fmt.Sprint(l.Number), fmt.Sprint(len(l.Members)), string(l.Answer), dateText(l.From), dateText(l.Until), plain(l.Name))
				}
				t.flush()
			})
		},
	}
}

func dateText(t *control.Time) string {
	if t == nil {
		return "-"
	}
	return stamp(t.Time, nil)
}

func (a *app) accordTemplatesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "templates [NAME]", Short: "List the shipped templates, or print one", Args: cobra.MaximumNArgs(1),
		Example: `  heed accord templates
  heed accord templates major-event`,
		ValidArgs: draft.Templates(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				source, err := draft.TemplateSource(args[0])
				if err != nil {
					return err
				}
				return a.print(map[string]string{"template": args[0], "source": string(source)}, func(w io.Writer) { fmt.Fprintf(w, "%s", source) })
			}
			type line struct {
				Template string `json:"template"`
				Name     string `json:"name"`
				Purpose  string `json:"purpose"`
			}
			var lines []line
			for _, name := range draft.Templates() {
				terms, err := draft.Template(name)
				if err != nil {
					return err
				}
				lines = append(lines, line{name, terms.Name, terms.Purpose})
			}
			return a.print(lines, func(w io.Writer) {
				t := table(w, "TEMPLATE", "PURPOSE")
				for _, l := range lines {
					t.row(l.Template, l.Purpose)
				}
				t.flush()
			})
		},
	}
}

// completeAccord offers the accords that are held here to the shell.
func (a *app) completeAccord(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var lines []control.AccordLine
	if err := a.ask(c.Context(), "accord-list", struct{}{}, &lines); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var ids []string
	for _, l := range lines {
		ids = append(ids, l.Accord[:8]+"\t"+string(l.State)+", "+plain(l.Name))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// completePeers offers the parties that may be named to the shell.
func (a *app) completePeers(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var peers []control.Peer
	if err := a.ask(c.Context(), "peer-list", struct{}{}, &peers); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var names []string
	for _, p := range peers {
		if !p.Pending {
			names = append(names, string(p.Party))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// ask is call for the shell's completion, which runs before the home is known.
func (a *app) ask(ctx context.Context, verb string, in, out any) error {
	a.home = cmp.Or(a.home, a.env("HEED_HOME"), "./heed-home")
	return a.call(ctx, verb, in, out)
}
