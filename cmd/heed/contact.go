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

func (a *app) contactCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "contact", Short: "Partners without heed: add, change, list, show, remove",
		Long: `A contact is a partner that runs no heed: an airport, a small agency, a foreign
service. It is warned by letter (heed warn --letter), holds no key and signs
nothing; what is on record of its replies is this party's own word
(docs/letters.md). Its name has no dot, and so is never a party's.

An administrator keeps contacts. Each version is signed by the node and logged; a
case goes on by the clock of the version that it began under.`,
	}
	c.AddCommand(a.contactPutCommand(true), a.contactPutCommand(false), a.contactListCommand(), a.contactShowCommand(), a.contactRemoveCommand())
	return c
}

func (a *app) contactPutCommand(add bool) *cobra.Command {
	var f control.ContactForm
	var languages []string
	var clocks, agreed string
	var assumed bool
	c := &cobra.Command{
		Use: "add NAME --name TEXT --language TAG,...", Short: "Put a partner without heed on record", Args: cobra.ExactArgs(1),
		Long: `Put a partner without heed on record: how to reach it, in which languages, and by
which clock its replies are counted. --clocks is a profile or a file as for heed
init (of which only the clock counts here). With --agreed the clock is one that
the partner has agreed to, in the document that is named; it then binds both.
Without it the clock is assumed: we count by it, and every letter says so.`,
		Example: `  heed contact add harbour-ops --name "Harbour Operations Centre" --mail ops@harbour.example \
      --telephone "+000 555 0190" --post "1 Ferry Quay" --post "North Harbour" --language fr,en
  heed contact add lighthouse --name "Lighthouse Authority" --telephone "+000 555 0191" --language en \
      --clocks major-event --agreed "minutes of 12 May 2026" --two-officers --rights-check`,
	}
	if !add {
		c.Use, c.Short = "change NAME", "Change what is on record of one; what is not named stays"
		c.Long = "Change what is on record of a partner without heed: what no flag names stays as it\nis. Cases that were opened go on by the clock that they began under."
		c.Example = `  heed contact change harbour-ops --telephone "+000 555 0192"
  heed contact change harbour-ops --clocks major-event --agreed "minutes of 12 May 2026"`
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		form, err := a.contactBefore(c.Context(), args[0], add)
		if err != nil {
			return err
		}
		changed := c.Flags().Changed
		for flag, set := range map[string]func(){
			"name": func() { form.Name = f.Name }, "mail": func() { form.Mail = f.Mail }, "telephone": func() { form.Telephone = f.Telephone },
			"post": func() { form.Post = f.Post }, "two-officers": func() { form.TwoOfficers = f.TwoOfficers }, "rights-check": func() { form.RightsCheck = f.RightsCheck },
			"agreed": func() { form.Basis, form.Agreement = heed.ClockAgreed, agreed }, "assumed": func() { form.Basis, form.Agreement = heed.ClockAssumed, "" },
			"language": func() {
				form.Languages = nil
				for _, l := range languages {
					form.Languages = append(form.Languages, heed.Language(l))
				}
			},
		} {
			if changed(flag) {
				set()
			}
		}
		if changed("clocks") || add {
			if form.Profile, form.Clock, err = readClocks(a.in, clocks); err != nil {
				return err
			}
		}
		if changed("agreed") && assumed {
			return &control.Fault{Exit: control.ExitInput, Message: "a clock is either agreed or assumed", Hint: "leave --agreed or --assumed out"}
		}
		var out control.ContactForm
		if err := a.call(c.Context(), "contact-put", control.ContactRequest{By: a.administrator(), Form: &form}, &out); err != nil {
			return err
		}
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "contact %s, version %d: %s; clock %s, %s\n", out.Contact, out.Serial, plain(out.Name), out.Profile, basisText(out))
		})
	}
	flags := c.Flags()
	flags.StringVar(&f.Name, "name", "", "the organisation, as a letter addresses it")
	flags.StringVar(&f.Mail, "mail", "", "mail address")
	flags.StringVar(&f.Telephone, "telephone", "", "telephone number")
	flags.StringArrayVar(&f.Post, "post", nil, "LINE of the postal address; repeat it for several")
	flags.StringSliceVar(&languages, "language", nil, "TAG,... of the languages that it reads, the preferred one first (BCP 47)")
	flags.StringVar(&clocks, "clocks", heed.DefaultProfile, "profile, or FILE with clocks (YAML)")
	flags.StringVar(&agreed, "agreed", "", "TEXT: in what the clock was agreed")
	flags.BoolVar(&assumed, "assumed", false, "nothing was agreed: the clock is assumed")
	flags.BoolVar(&f.TwoOfficers, "two-officers", false, "two officers release a letter to it")
	flags.BoolVar(&f.RightsCheck, "rights-check", false, "a letter to it is released with a rights check")
	return c
}

// contactBefore is what is on record so far; of one that is added, nothing.
func (a *app) contactBefore(ctx context.Context, name string, add bool) (control.ContactForm, error) {
	id, err := heed.ParseContactID(name)
	if err != nil {
		return control.ContactForm{}, err
	}
	if !add {
		var form control.ContactForm
		err := a.call(ctx, "contact-show", control.ContactRequest{Contact: name}, &form)
		return form, err
	}
	var all []control.ContactForm
	if err := a.call(ctx, "contact-list", struct{}{}, &all); err != nil {
		return control.ContactForm{}, err
	}
	for _, c := range all {
		if c.Contact == id && !c.Removed {
			return c, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("contact %s is on record already", id), Hint: "`heed contact change " + name + "` changes it"}
		}
	}
	return control.ContactForm{Contact: id, Basis: heed.ClockAssumed}, nil
}

// readClocks reads a profile by its name, or the clock of a file.
func readClocks(in io.Reader, name string) (string, heed.Clock, error) {
	profile, unknown := heed.ProfileNamed(name)
	if unknown == nil {
		return profile.Name, profile.Clock, nil
	}
	if name != "-" && !strings.ContainsAny(name, "./") {
		return "", nil, unknown // no file has such a name
	}
	source, err := readFile(in, name, draft.MaxSource)
	if err != nil {
		return "", nil, err
	}
	baseline, err := draft.Baseline(name, source)
	return baseline.Profile, baseline.Clock, err
}

func basisText(c control.ContactForm) string {
	if c.Basis == heed.ClockAgreed {
		return "agreed in " + plain(c.Agreement)
	}
	return "assumed: nothing was agreed"
}

func (a *app) contactListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List partners without heed",
		Example: "  heed contact list",
		RunE: func(c *cobra.Command, _ []string) error {
			var all []control.ContactForm
			if err := a.call(c.Context(), "contact-list", struct{}{}, &all); err != nil {
				return err
			}
			return a.print(all, func(w io.Writer) {
				if len(all) == 0 {
					fmt.Fprintln(w, "No contact is on record.")
					return
				}
				t := table(w, "CONTACT", "NAME", "TELEPHONE", "MAIL", "LANGUAGES", "CLOCK", "")
				for _, f := range all {
					standing := ""
					if f.Removed {
						standing = "removed"
					}
					t.row(string(f.Contact), plain(f.Name), plain(f.Telephone), f.Mail, strings.Join(words(f.Languages), ", "), f.Profile+", "+string(f.Basis), standing)
				}
				t.flush()
			})
		},
	}
}

func (a *app) contactShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show what is on record of one", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeContact,
		Example: "  heed contact show harbour-ops",
		RunE: func(c *cobra.Command, args []string) error {
			var f control.ContactForm
			if err := a.call(c.Context(), "contact-show", control.ContactRequest{Contact: args[0]}, &f); err != nil {
				return err
			}
			return a.print(f, func(w io.Writer) { writeContact(w, f) })
		},
	}
}

func writeContact(w io.Writer, f control.ContactForm) {
	fmt.Fprintf(w, "Contact %s: %s. It runs no heed, and signs nothing.\n", f.Contact, plain(f.Name))
	if f.Removed {
		fmt.Fprintln(w, "It was removed: no letters are opened any more.")
	}
	for _, line := range [][2]string{{"Telephone", f.Telephone}, {"Mail", f.Mail}, {"Address", strings.Join(f.Post, ", ")}, {"Languages", strings.Join(words(f.Languages), ", ")}} {
		if line[1] != "" {
			fmt.Fprintf(w, "%-10s %s\n", line[0], plain(line[1]))
		}
	}
	fmt.Fprintf(w, "%-10s %s, %s\n", "Clock", f.Profile, basisText(f))
	t := table(w, append([]string{"  REPLY"}, words(heed.Urgencies())...)...)
	for _, kind := range heed.DutyKinds() {
		row := []string{"  " + kind.Words()}
		for _, u := range heed.Urgencies() {
			d, ok := f.Clock.Of(kind, u)
			if !ok {
				row = append(row, "-")
				continue
			}
			row = append(row, span(d))
		}
		if len(f.Clock[kind]) > 0 {
			t.row(row...)
		}
	}
	t.flush()
	if f.TwoOfficers {
		fmt.Fprintln(w, "Two officers release a letter to it.")
	}
	if f.RightsCheck {
		fmt.Fprintln(w, "A letter to it is released with a rights check.")
	}
	fmt.Fprintf(w, "Version %d of %s, %s\n", f.Serial, stamp(f.Time.Time, nil), f.Version[:8])
}

func (a *app) contactRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Open no more letters to one; what is owed stays owed", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeContact,
		Example: "  heed contact remove harbour-ops",
		RunE: func(c *cobra.Command, args []string) error {
			var f control.ContactForm
			if err := a.call(c.Context(), "contact-remove", control.ContactRequest{By: a.administrator(), Contact: args[0]}, &f); err != nil {
				return err
			}
			return a.print(f, func(w io.Writer) { fmt.Fprintf(w, "contact %s removed\n", f.Contact) })
		},
	}
}

// completeContact offers the names of contacts to the shell.
func (a *app) completeContact(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []control.ContactForm
	if err := a.ask(c.Context(), "contact-list", struct{}{}, &all); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var names []string
	for _, f := range all {
		if !f.Removed {
			names = append(names, string(f.Contact)+"\t"+f.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
