package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) releaseCommand() *cobra.Command {
	var form string
	c := &cobra.Command{
		Use: "release CASE --form FILE", Short: "Send what another officer has drafted, with the rights check", Args: cobra.ExactArgs(1),
		Long: `Release a draft: the drafter and this officer both sign, and it is sent. CASE is
the draft's code, or that of the case which it would amend. The form holds the
duty, the law, the purpose and the answers of the rights check (docs/release.md);
it stays here, and the release names its digest.

Under an accord that asks for two officers, the drafter cannot release; where it
asks for a rights check, nothing goes without a form.`,
		Example: `  heed draft show 7K3M-Q2XA --as ruth
  heed release 7K3M-Q2XA --as ruth --form testdata/release.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.ReleaseRequest{Officer: a.officer(), Draft: args[0]}
			if form != "" {
				source, err := readFile(a.in, form, draft.MaxSource)
				if err != nil {
					return err
				}
				filled, err := draft.RightsCheck(form, source)
				if err != nil {
					return err
				}
				request.Form = &filled
			}
			var answer control.ReleaseAnswer
			goes := func(ctx context.Context) error { return a.writeAddressees(ctx, args[0]) }
			if err := a.callShown(c.Context(), "release", request, &answer, goes); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				if answer.Contact != "" {
					fmt.Fprintf(w, "case %s, %s: a letter to %s is released and prepared; `heed letter print %s` writes it\n", answer.Case.Spoken(), heed.OneSidedMark, answer.Contact, answer.Case)
					return
				}
				fmt.Fprintf(w, "case %s: %s released, to %s\n", answer.Case.Spoken(), answer.Kind, strings.Join(words(answer.To), ", "))
			})
		},
	}
	c.Flags().StringVar(&form, "form", "", "FILE with the filled-in form, YAML or JSON; - is standard input")
	c.ValidArgsFunction = a.completeDraft
	return c
}

// writeAddressees says to whom a draft goes and under which accord. The release
// names the accord, and nobody to whom it goes, so that none of them learns of
// the others; whoever signs it is to know.
func (a *app) writeAddressees(ctx context.Context, name string) error {
	code, err := heed.ParseCode(name)
	if err != nil {
		return err
	}
	var lines []control.DraftLine
	if err := a.call(ctx, "draft-list", struct{}{}, &lines); err != nil {
		return err
	}
	for _, l := range lines {
		if l.Draft != code && l.Case != code {
			continue
		}
		under := "under no accord"
		if l.Accord != "" {
			under = "under accord " + l.Accord[:8]
		}
		to := strings.Join(words(l.To), ", ") // all of them
		if l.Contact != "" {
			to = draftTo(l)
		}
		fmt.Fprintf(a.err, "draft %s, a %s, goes to %s, %s\n\n", l.Draft.Spoken(), l.Kind, to, under)
	}
	return nil
}

func (a *app) draftCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "draft", Short: "What waits for release: list, show, drop",
		Example: `  heed draft list
  heed draft show 7K3M-Q2XA --as ruth`,
	}
	list := &cobra.Command{
		Use: "list", Short: "List what waits for release",
		Example: "  heed draft list",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.DraftLine
			if err := a.call(c.Context(), "draft-list", struct{}{}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "Nothing waits for release.")
					return
				}
				writeDrafts(w, lines)
			})
		},
	}
	show := &cobra.Command{
		Use: "show DRAFT", Short: "Show a draft, and what became of it", Args: cobra.ExactArgs(1),
		Long: `Show a draft. An officer who may read it is shown what it says, and, once it is
released, the form with which it was; with --json also the form's salt and bytes,
whose digest the release names.`,
		Example: "  heed draft show 7K3M-Q2XA --as ruth",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.Draft
			if err := a.call(c.Context(), "draft-show", control.ReleaseRequest{Officer: a.officer(), Draft: args[0]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { writeDraft(w, answer) })
		},
	}
	drop := &cobra.Command{
		Use: "drop DRAFT", Short: "Give a draft up; it is not sent", Args: cobra.ExactArgs(1),
		Example: "  heed draft drop 7K3M-Q2XA --as ruth",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.DraftLine
			if err := a.call(c.Context(), "draft-drop", control.ReleaseRequest{Officer: a.officer(), Draft: args[0]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { fmt.Fprintf(w, "draft %s dropped\n", answer.Draft.Spoken()) })
		},
	}
	show.ValidArgsFunction, drop.ValidArgsFunction = a.completeDraft, a.completeDraft
	c.AddCommand(list, show, drop)
	return c
}

// completeDraft offers the codes of drafts to the shell.
func (a *app) completeDraft(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var lines []control.DraftLine
	if err := a.call(c.Context(), "draft-list", struct{}{}, &lines); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var codes []string
	for _, l := range lines {
		codes = append(codes, strings.TrimSuffix(fmt.Sprintf("%s\t%s by %s, %s", l.Draft, l.Kind, l.By, l.Case), ", "))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}

func writeDrafts(w io.Writer, lines []control.DraftLine) {
	fmt.Fprintln(w, "Waits for release:")
	t := table(w, "  DRAFT", "KIND", "CASE", "BY", "SINCE", "TO")
	for _, l := range lines {
		about := "(new)"
		if l.Case != "" {
			about = l.Case.Spoken()
		}
		t.row("  "+l.Draft.Spoken()+exerciseMark(l.Status), string(l.Kind), about, string(l.By), stamp(l.At.Time, nil), draftTo(l))
	}
	t.flush()
	for _, l := range lines {
		if l.Barred != "" {
			fmt.Fprintf(w, "  draft %s can be released no more (%s): drop it, and have another officer draft it again\n", l.Draft.Spoken(), l.Barred)
		}
	}
}

// draftTo is to whom a draft goes.
func draftTo(l control.DraftLine) string {
	if l.Contact != "" {
		return string(l.Contact) + ", by letter"
	}
	return toText(l.To)
}

// toText names recipients as long as they are few.
func toText(to []heed.PartyID) string {
	if len(to) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(words(to[:3]), ", "), len(to)-3)
	}
	return strings.Join(words(to), ", ")
}

func writeDraft(w io.Writer, d control.Draft) {
	fmt.Fprintf(w, "Draft %s%s  %s  by %s at %s\n", d.Draft.Spoken(), exerciseMark(d.Status), d.Kind, d.By, stamp(d.At.Time, nil))
	if d.Contact != "" {
		fmt.Fprintf(w, "To %s, by letter\n", d.Contact)
	} else {
		fmt.Fprintf(w, "To %s\n", strings.Join(words(d.To), ", "))
	}
	if d.Accord != "" {
		fmt.Fprintf(w, "Under accord %s\n", d.Accord[:8])
	}
	switch {
	case d.Dropped != nil:
		fmt.Fprintf(w, "Dropped at %s\n", stamp(d.Dropped.Time, nil))
	case d.Release != nil:
		var signed []string
		for _, o := range d.Release.Officers {
			signed = append(signed, fmt.Sprintf("%s (%s)", o.Name, o.Role))
		}
		fmt.Fprintf(w, "Released at %s, signed by %s; it is in case %s\n", stamp(d.Release.Time.Time, nil), strings.Join(signed, " and "), d.Case.Spoken())
	case d.Case != "":
		fmt.Fprintf(w, "Waits for release, into case %s\n", d.Case.Spoken())
	default:
		fmt.Fprintln(w, "Waits for release")
	}
	if d.Document != nil {
		fmt.Fprintf(w, "\n%s\n", plain(documentText(*d.Document)))
	} else {
		fmt.Fprintln(w, "The contents are not shown: name an officer who may read them with --as.")
	}
	for _, c := range d.Contents {
		if c.Name != "" {
			fmt.Fprintf(w, "attached: %s (%s, %d bytes)\n", plain(c.Name), c.MediaType, c.Size)
		}
	}
	if d.Form != nil {
		fmt.Fprintf(w, "Released on this form, whose digest is %s:\n\n%s", d.Release.Check, plain(yamlText(*d.Form)))
	}
}
