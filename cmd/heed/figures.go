package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/evidence"
	"heed/page"
	"heed/stats"
	"heed/wire"
)

// figuresFirst is what a file of figures begins with (docs/formats.md).
const figuresFirst = "heed-figures-file/v1\n"

// figuresFlags say what is counted.
type figuresFlags struct {
	with, accord string
	counted      period
}

func (f *figuresFlags) add(a *app, c *cobra.Command) {
	c.Flags().StringVar(&f.with, "with", "", "PARTY: the other one (where this node has one peer, that one)")
	c.Flags().StringVar(&f.accord, "accord", "", "ID: only cases that name this accord")
	f.counted.add(c)
	for name, offer := range map[string]cobra.CompletionFunc{"with": a.completePeers, "accord": a.completeAccord} {
		if err := c.RegisterFlagCompletionFunc(name, offer); err != nil {
			panic(err) // the flag is defined above
		}
	}
}

func (f *figuresFlags) request(a *app) (control.FiguresRequest, error) {
	request := control.FiguresRequest{Officer: a.officer(), With: f.with, Accord: f.accord}
	var err error
	request.Since, request.Until, err = f.counted.read()
	return request, err
}

func (a *app) reconcileCommand() *cobra.Command {
	var flags figuresFlags
	var withoutTimes bool
	c := &cobra.Command{
		Use: "reconcile --with PARTY [--accord ID] [--since TIME] [--until TIME]", Short: "Count a period, sign it, and ask the other party to sign the same", Args: cobra.NoArgs,
		Long: `Count what was warned, asked and answered between us and one other party in a
period, sign the figures as an officer, and send them. The other party's node
counts for itself: its officer confirms, and both signatures then stand under the
same figures; or sends its own, and both sides see where the two differ.

What was signed before now counts, and what is signed later changes nothing of it.
Exercises are never in it. docs/statistics.md defines every figure.`,
		Example: `  heed stats reconcile --as ruth --with south.example --since 2026-10-01 --until 2026-11-01
  heed stats reconcile --as ruth --with south.example --accord 9f2c41d0 --without-times`,
		RunE: func(c *cobra.Command, _ []string) error {
			request, err := flags.request(a)
			if err != nil {
				return err
			}
			request.WithoutTimes = withoutTimes
			var said control.FiguresShown
			if err := a.call(c.Context(), "stats-reconcile", request, &said); err != nil {
				return err
			}
			return a.print(said, func(w io.Writer) { writeReconciled(w, said.Reconciled) })
		},
	}
	flags.add(a, c)
	c.Flags().BoolVar(&withoutTimes, "without-times", false, "leave response times out: an accord may let counts be published, and times not")
	return c
}

func (a *app) confirmCommand() *cobra.Command {
	var differs bool
	c := &cobra.Command{
		Use: "confirm ID [--differs]", Short: "Sign the other party's figures, or our own where they differ", Args: cobra.ExactArgs(1),
		Long: `Count again what the other party has counted, as of the same time. Where our
count says the same, sign it: the figures are reconciled. Where it does not, this
is refused and says in what they differ; with --differs our own figures are signed
and sent, and both sides see both, and in which cases they were counted differently.`,
		Example: `  heed stats confirm 4c81f02a --as ruth
  heed stats confirm 4c81f02a --as ruth --differs`,
		RunE: func(c *cobra.Command, args []string) error {
			var said control.FiguresShown
			if err := a.call(c.Context(), "stats-confirm", control.FiguresNamed{Officer: a.officer(), ID: args[0], Differs: differs}, &said); err != nil {
				return err
			}
			return a.print(said, func(w io.Writer) { writeReconciled(w, said.Reconciled) })
		},
	}
	c.Flags().BoolVar(&differs, "differs", false, "our own count is another one: sign and send it")
	return c
}

func (a *app) figuresCommand() *cobra.Command {
	var request control.FiguresNamed
	c := &cobra.Command{
		Use: "figures [ID]", Short: "Show signed figures: who has signed what, and where two counts differ", Args: cobra.MaximumNArgs(1),
		Example: `  heed stats figures
  heed stats figures 4c81f02a`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				request.ID = args[0]
			}
			var all []control.FiguresShown
			if err := a.call(c.Context(), "stats-figures", request, &all); err != nil {
				return err
			}
			if request.ID != "" {
				return a.print(all[0], func(w io.Writer) {
					writeReconciled(w, all[0].Reconciled)
					fmt.Fprintln(w)
					writeFigures(w, all[0].Pair, all[0].Figures)
				})
			}
			return a.print(all, func(w io.Writer) {
				if len(all) == 0 {
					fmt.Fprintln(w, "No figures were signed. `heed stats reconcile` signs those of a period.")
				}
				for i, said := range all {
					if i > 0 {
						fmt.Fprintln(w)
					}
					writeReconciled(w, said.Reconciled)
				}
			})
		},
	}
	c.Flags().StringVar(&request.With, "with", "", "PARTY: only those with it")
	return c
}

// writeReconciled shows where two parties stand about the figures of a period.
func writeReconciled(w io.Writer, r stats.Reconciled) {
	under := ""
	if r.Accord != "" {
		under = " under accord " + r.Accord[:8]
	}
	fmt.Fprintf(w, "Figures of %s and %s%s, case %s: cases %s\n", r.Pair[0], r.Pair[1], under, r.Case.Spoken(), r.Period())
	for _, s := range r.Signed {
		fmt.Fprintf(w, "  %s  signed by %s at %s\n", s.ID[:8], s.Party, stamp(s.At.Time, nil))
	}
	fmt.Fprintf(w, "  %s\n", r.Words())
	if r.Difference != nil {
		writeDifference(w, *r.Difference)
	}
}

// mostShown is how many cases that were counted differently are shown to people.
const mostShown = 50

func writeDifference(w io.Writer, d stats.Difference) {
	t := table(w, "  FIGURE", string(d.Parties[0]), string(d.Parties[1]))
	for _, f := range d.Figures {
		t.row("  "+f.Label(), f.Value(0), f.Value(1))
	}
	t.flush()
	for i, c := range d.Cases {
		if i == mostShown {
			fmt.Fprintf(w, "  %d more cases: --json has all\n", len(d.Cases)-i)
			break
		}
		fmt.Fprintf(w, "  Case %s\n", c.Code.Spoken())
		for _, why := range c.Why() {
			fmt.Fprintf(w, "    %s\n", why)
		}
	}
	if d.Unexplained() {
		fmt.Fprintln(w, "  Both have counted the same statements: one of the two counts otherwise than docs/statistics.md has it.")
	}
}

// writeFigures lists signed figures.
func writeFigures(w io.Writer, pair [2]heed.PartyID, lines []control.FigureShown) {
	spans := map[[2]string]bool{}
	for _, n := range heed.FigureNames() {
		spans[[2]string{n.About, n.Name}] = n.Span
	}
	t := table(w, "FROM", "TO", "URGENCY", "ABOUT", "FIGURE", "VALUE")
	for _, l := range lines {
		to := pair[0]
		if l.From == to {
			to = pair[1]
		}
		t.row(string(l.From), string(to), string(l.Urgency), stats.FigureWords(l.About), stats.FigureWords(l.Figure), stats.ValueWords(&l.Value, spans[[2]string{l.About, l.Figure}]))
	}
	t.flush()
}

func (a *app) publishCommand() *cobra.Command {
	var flags figuresFlags
	var out string
	c := &cobra.Command{
		Use: "publish [ID] [--with PARTY] --out FILE", Short: "Write signed figures for others: reconciled ones, or our own lower bounds", Args: cobra.MaximumNArgs(1),
		Long: `Write a file that anybody verifies offline (heed stats verify). With the ID of
reconciled figures it has both parties' signatures. Without one, what this node
can show of its exchange with a party is counted and signed as lower bounds: at
least so many, of what the other party has signed or has given its receipt for.

What the disclosure rule of an accord forbids is refused, and the clause named;
where it lets each party publish its own side, only what we did ourselves is in it.`,
		Example: `  heed stats publish 4c81f02a --as ruth --out october.figures
  heed stats publish --as ruth --with south.example --since 2026-10-01 --until 2026-11-01 --out ours.figures`,
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--out FILE is missing", Hint: "it names the file for others"}
			}
			if err := mayWrite(out, figuresFirst); err != nil {
				return err
			}
			var published control.FiguresPublished
			if len(args) == 1 {
				if err := a.call(c.Context(), "stats-publish", control.FiguresNamed{Officer: a.officer(), ID: args[0]}, &published); err != nil {
					return err
				}
			} else {
				request, err := flags.request(a)
				if err != nil {
					return err
				}
				if err := a.call(c.Context(), "stats-bounds", request, &published); err != nil {
					return err
				}
			}
			if err := writeWhole(out, published.Data); err != nil {
				return writeFault(out, err)
			}
			return a.print(map[string]any{"file": out, "bytes": len(published.Data), "ids": published.IDs, "reading": published.Reading, "figures": published.Figures}, func(w io.Writer) {
				what := "lower bounds, signed by this party alone"
				if published.Reading == heed.ReadExact {
					what = "reconciled figures, signed by both parties"
				}
				fmt.Fprintf(w, "%s: %d %s\n", out, published.Figures, what)
			})
		},
	}
	flags.add(a, c)
	c.Flags().StringVar(&out, "out", "", "FILE to write")
	return c
}

// verifiedFigures is what `heed stats verify --json` prints.
type verifiedFigures struct {
	Verdict evidence.FiguresVerdict `json:"verdict"`
	Holds   bool                    `json:"holds"`
	Why     string                  `json:"why,omitempty"`
	Digest  string                  `json:"digest"` // of what is signed alike
	Reading heed.Reading            `json:"reading"`
	Pair    [2]heed.PartyID         `json:"pair"`
	Accord  string                  `json:"accord,omitempty"`
	Since   stats.Time              `json:"since"`
	Until   stats.Time              `json:"until"`
	AsOf    stats.Time              `json:"asOf"`
	Signed  []signedFigures         `json:"signed"`
	Figures []control.FigureShown   `json:"figures"`
}

type signedFigures struct {
	stats.SignedFigures
	Card     uint64            `json:"card"`
	Officers []control.Officer `json:"officers"`
}

func (a *app) verifyFiguresCommand() *cobra.Command {
	var policyFile string
	var cards []string
	c := &cobra.Command{
		Use: "verify FILE --policy FILE", Short: "Verify published figures, offline", Args: cobra.ExactArgs(1),
		Long: `Verify a file that 'heed stats publish' wrote, by your own policy and without
any node: whose signatures stand under it, and whether it is what both parties
count, or at least so many as one of them states. Exit status 5 where it does not hold.`,
		Example: `  heed stats verify october.figures --policy mine.policy
  heed stats verify ours.figures --policy mine.policy --card north.card --json`,
		RunE: func(c *cobra.Command, args []string) error {
			if policyFile == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--policy FILE is missing", Hint: "a policy is the verifier's own: `heed policy --card CARD` writes one for figures, which need no witness"}
			}
			policy, err := readPolicyBy(policyFile, evidence.ParseFiguresPolicy)
			if err != nil {
				return err
			}
			file, err := readBounded(args[0], wire.MaxFiguresFile)
			if err != nil {
				return err
			}
			if !wire.IsFiguresFile(file) {
				return &control.Fault{Exit: control.ExitInput, Message: args[0] + " is no file of figures", Hint: "`heed stats publish` writes them; evidence is for `heed verify`"}
			}
			beside, err := readEvidence(nil, cards)
			if err != nil {
				return err
			}
			report, err := evidence.VerifyFigures(policy, file, dataOf(beside)...)
			if errors.Is(err, evidence.ErrDamaged) {
				return &control.Fault{Exit: control.ExitEvidence, Message: args[0] + ": " + err.Error(), Hint: "it shows nothing as it is: get it again, whole and unchanged"}
			}
			if err != nil {
				return err
			}
			return a.printVerifiedFigures(report)
		},
	}
	c.Flags().StringVar(&policyFile, "policy", "", "FILE with your own policy")
	c.Flags().StringArrayVar(&cards, "card", nil, "FILE with a party's card, or with all of its cards; may be repeated")
	return c
}

func dataOf(files []page.File) [][]byte {
	var all [][]byte
	for _, f := range files {
		all = append(all, f.Data)
	}
	return all
}

func (a *app) printVerifiedFigures(report evidence.FiguresReport) error {
	body := report.Signed[0].FiguresBody
	out := verifiedFigures{
		Verdict: report.Verdict, Holds: report.Holds(), Why: report.Why, Digest: wire.FiguresDigest(body).String(), Reading: body.Reading, Pair: body.Pair,
		Since: stats.Time{Time: body.Since}, Until: stats.Time{Time: body.Until}, AsOf: stats.Time{Time: body.AsOf}, Figures: []control.FigureShown{},
	}
	if !body.Accord.IsZero() {
		out.Accord = body.Accord.String()
	}
	for _, f := range report.Signed {
		by := signedFigures{SignedFigures: stats.SignedFigures{Party: f.Author, ID: f.ID.String(), At: stats.Time{Time: f.Time}}, Card: f.AuthorCard}
		for _, o := range f.Officers {
			if id, ok := wire.OfficerOf(o.Key); ok {
				by.Officers = append(by.Officers, control.Officer{Name: id, Role: o.Role})
			}
		}
		out.Signed = append(out.Signed, by)
	}
	for _, l := range body.Lines {
		out.Figures = append(out.Figures, control.FigureShown{From: l.From, Urgency: l.Urgency, About: l.About, Figure: l.Name, Value: l.Value})
	}
	err := a.print(out, func(w io.Writer) { writeVerifiedFigures(w, out) })
	if err == nil && !out.Holds {
		err = &control.Fault{Exit: control.ExitEvidence, Message: "the figures do not hold: " + out.Why, Hint: "ask whoever published them for the whole file, and compare the party's fingerprint with your policy's"}
	}
	return err
}

func writeVerifiedFigures(w io.Writer, v verifiedFigures) {
	switch v.Verdict {
	case evidence.FiguresReconciled:
		fmt.Fprintf(w, "RECONCILED: %s and %s have signed the same figures.\n", v.Pair[0], v.Pair[1])
	case evidence.FiguresBounds:
		fmt.Fprintf(w, "LOWER BOUNDS: %s states at least so many, of what it can show. More may have been.\n", v.Signed[0].Party)
	case evidence.FiguresOneSided:
		fmt.Fprintf(w, "ONE SIDE'S COUNT: %s.\n", v.Why)
	default:
		fmt.Fprintf(w, "UNKNOWN SIGNER: %s.\n", v.Why)
	}
	said := stats.Reconciled{Since: v.Since, Until: v.Until, AsOf: v.AsOf}
	fmt.Fprintf(w, "Cases of %s and %s, %s. Exercises are not in it.\n", v.Pair[0], v.Pair[1], said.Period())
	if v.Accord != "" {
		fmt.Fprintf(w, "Only those that name accord %s.\n", v.Accord)
	}
	for _, s := range v.Signed {
		fmt.Fprintf(w, "  signed by %s under card %d at %s, as it states\n", s.Party, s.Card, stamp(s.At.Time, nil))
	}
	fmt.Fprintf(w, "  figures %s\n\n", v.Digest)
	writeFigures(w, v.Pair, v.Figures)
}
