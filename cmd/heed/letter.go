package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
	"heed/post"
)

func (a *app) letterCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "letter", Short: "One-sided cases: letters to and from partners without heed",
		Long: `A one-sided case is one with a partner that runs no heed: it is warned, and
replies, by mail, telephone or on paper, and quotes the case code. What it replied
is on record because an officer of ours recorded it, signed it and it was logged;
the partner has signed nothing. Its clock runs from what is recorded as sent or
delivered, and what is overdue climbs our own ladder (docs/letters.md).

  heed warn --letter CONTACT FILE opens one with a warning of ours.`,
	}
	c.AddCommand(a.letterListCommand(), a.letterShowCommand(), a.letterPrintCommand(), a.letterMailCommand(), a.letterRecordCommand(), a.letterRemindCommand(),
		a.letterReceiveCommand(), a.letterStrikeCommand(), a.letterStatsCommand(), a.letterProofCommand())
	for _, sub := range c.Commands() {
		if strings.Contains(sub.Use, " CASE") {
			sub.ValidArgsFunction = a.completeOneSided
		}
	}
	return c
}

// letterFirst is what no letter begins with: a file that is there is never
// replaced by one, unless it is empty.
const letterFirst = "\x00"

// warnByLetter is `heed warn --letter`.
func (a *app) warnByLetter(ctx context.Context, request control.WarnRequest, contact, out string) error {
	switch {
	case len(request.To) > 0 || request.Accord != "":
		return &control.Fault{Exit: control.ExitInput, Message: "a letter goes to a contact, and to nobody else", Hint: "send it to parties with a command of its own: heed warn --to PARTY"}
	case out != "":
		if err := mayWrite(out, letterFirst); err != nil {
			return err
		}
	}
	var answer control.LetterAnswer
	letter := control.LetterRequest{Officer: request.Officer, Contact: contact, Warning: request.Warning, Attachments: request.Attachments, Draft: request.Draft}
	if err := a.call(ctx, "letter-warn", letter, &answer); err != nil {
		return err
	}
	if out != "" && answer.State != control.StateDrafted {
		if _, err := a.printLetter(ctx, control.LetterRequest{Officer: request.Officer, Case: answer.ID}, out); err != nil {
			return err
		}
	}
	return a.print(answer, func(w io.Writer) {
		if answer.State == control.StateDrafted {
			fmt.Fprintf(w, "draft %s of a letter to %s; it is not written until an officer releases it\n", answer.Case.Spoken(), answer.Contact)
			return
		}
		fmt.Fprintf(w, "case %s, %s: a letter to %s is prepared, and has not left\n", answer.Case.Spoken(), heed.OneSidedMark, answer.Contact)
		if out != "" {
			fmt.Fprintf(w, "written: %s\n", out)
		} else {
			fmt.Fprintf(w, "  print it: heed letter print %s --out letter.html\n", answer.Case)
		}
		if answer.NoMail != "" {
			fmt.Fprintf(w, "  it must not go by plain mail (%s): send it on paper or by hand; heed letter mail %s --code-only says that it waits\n", answer.NoMail, answer.Case)
		} else {
			fmt.Fprintf(w, "  mail it: heed letter mail %s\n", answer.Case)
		}
		fmt.Fprintf(w, "  once it has left: heed letter record %s --sent --via hand\n", answer.Case)
	})
}

// printLetter writes a letter into a file, a page where its name ends in .html.
func (a *app) printLetter(ctx context.Context, request control.LetterRequest, out string) (control.LetterText, error) {
	var l control.LetterText
	if err := a.call(ctx, "letter-print", request, &l); err != nil {
		return l, err
	}
	return l, writeLetter(l, out)
}

func writeLetter(l control.LetterText, out string) error {
	if out == "" {
		return nil
	}
	data := []byte(l.Text)
	if ext := strings.ToLower(filepath.Ext(out)); ext == ".html" || ext == ".htm" {
		data = l.HTML
	}
	if err := writeWhole(out, data); err != nil {
		return writeFault(out, err)
	}
	return nil
}

func (a *app) letterPrintCommand() *cobra.Command {
	var out, entry string
	var waiting, reminder bool
	c := &cobra.Command{
		Use: "print CASE [--out FILE]", Short: "Write the letter, to print or to copy", Args: cobra.ExactArgs(1),
		Long: `Write the letter that the case wants next: our warning, our newest reply to a
warning of theirs, or that we take the warning back. It is plain text, and a page
to print where FILE ends in .html. It is in the partner's language as far as the
warning has a text in it. Reading it is noted; that it has left is recorded with
heed letter record --sent.`,
		Example: `  heed letter print 7K3M-Q2XA --as jens --out letter.html
  heed letter print 7K3M-Q2XA --as jens --waiting    # says only that a letter waits
  heed letter print 7K3M-Q2XA --as irma --entry 5b21c0de`,
		RunE: func(c *cobra.Command, args []string) error {
			if out != "" {
				if err := mayWrite(out, letterFirst); err != nil {
					return err
				}
			}
			request := control.LetterRequest{Officer: a.officer(), Case: args[0], Entry: entry}
			switch {
			case waiting:
				request.Sort = post.Waits
			case reminder:
				request.Sort = post.Reminds
			}
			l, err := a.printLetter(c.Context(), request, out)
			if err != nil {
				return err
			}
			return a.print(l, func(w io.Writer) { tellLetter(w, l, out) })
		},
	}
	c.Flags().StringVar(&out, "out", "", "FILE to write it to; .html: a page to print")
	c.Flags().StringVar(&entry, "entry", "", "ID of the reply of ours that it tells; eight digits are enough")
	c.Flags().BoolVar(&waiting, "waiting", false, "say only that a letter waits")
	c.Flags().BoolVar(&reminder, "reminder", false, "preview the reminder; heed letter remind puts it on record")
	return c
}

func tellLetter(w io.Writer, l control.LetterText, out string) {
	if out == "" {
		fmt.Fprint(w, plain(l.Text))
		return
	}
	fmt.Fprintf(w, "written: %s (%s)\n", out, l.Language)
	if l.NoMail != "" {
		fmt.Fprintf(w, "It must not go by plain mail (%s).\n", l.NoMail)
	}
}

func (a *app) letterMailCommand() *cobra.Command {
	var codeOnly bool
	var entry string
	c := &cobra.Command{
		Use: "mail CASE [--code-only]", Short: "Have the node mail the letter, where handling allows it", Args: cobra.ExactArgs(1),
		Long: `Have the node send the letter through the mail channel of notify.yaml. Plain mail
can be read by every server on its way: TLP stricter than GREEN, PAP RED and
AMBER, originator control and the police codes H2 and H3 forbid it, and it is then
refused, naming the mark. With --code-only the mail says only that a letter waits,
under which code, and whom to ring.

It is on record as sent, and the clock runs, once a mail server has accepted it.`,
		Example: `  heed letter mail 7K3M-Q2XA --as jens
  heed letter mail 7K3M-Q2XA --as jens --code-only`,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.LetterRequest{Officer: a.officer(), Case: args[0], Entry: entry}
			if codeOnly {
				request.Sort = post.Waits
			}
			if err := a.call(c.Context(), "letter-mail", request, &struct{}{}); err != nil {
				return err
			}
			return a.print(map[string]any{"case": args[0], "queued": true, "oneSided": true}, func(w io.Writer) {
				fmt.Fprintln(w, "queued; it is on record as sent once a mail server has accepted it")
			})
		},
	}
	c.Flags().BoolVar(&codeOnly, "code-only", false, "say only that a letter waits")
	c.Flags().StringVar(&entry, "entry", "", "ID of the reply of ours that it tells; eight digits are enough")
	return c
}

// toldFlags are how and when something happened, and who said it.
type toldFlags struct {
	at, via, by, text string
	files             []string
}

func (f *toldFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.by, "by", "", "NAME of the person who said it")
	flags.StringVar(&f.at, "at", "", "TIME at which it happened, or -10m; default now")
	flags.StringVar(&f.via, "via", "", strings.Join(words(heed.Vias()), "|"))
	flags.StringVar(&f.text, "text", "", "TEXT of what was said")
	flags.StringArrayVar(&f.files, "file", nil, "FILE that goes with it, a scan of the letter; repeat it for several")
	complete(c, "via", words(heed.Vias()))
}

func (f *toldFlags) fill(r *control.LetterRequest) (err error) {
	if f.at != "" {
		at, err := timeNamed("--at", f.at, happened, time.Now())
		if err != nil {
			return err
		}
		when := control.At(at)
		r.At = &when
	}
	r.Via, r.By = f.via, f.by
	if f.text != "" {
		r.Text = f.text
	}
	for _, path := range f.files {
		data, err := readFile(nil, path, heed.LargestEnvelope)
		if err != nil {
			return err
		}
		r.Attachments = append(r.Attachments, control.AttachmentForm{Name: filepath.Base(path), MediaType: mediaType(path), Data: data})
	}
	return nil
}

func (a *app) letterRecordCommand() *cobra.Command {
	var told toldFlags
	var answer, assessed, concluded, refused string
	var theirs bool
	flagOf := []struct {
		kind heed.EntryKind
		help string
	}{
		{heed.EntrySent, "our letter has left; its clock runs from --at"}, {heed.EntryDelivered, "it was handed over, as we know; the clock counts from --at"},
		{heed.EntryAcknowledged, "who was warned has it"}, {heed.EntryActed, "who was warned has done something; --text says what"},
		{heed.EntryRecalled, "who warned takes it back; --text says why"}, {heed.EntryNoted, "anything else; --text says what"},
	}
	is := make([]bool, len(flagOf))
	c := &cobra.Command{
		Use: "record CASE --sent|--delivered|--acknowledged|... [--by NAME] [--at TIME] [--via WAY]", Short: "Put on record what happened, or what was replied", Args: cobra.ExactArgs(1),
		Long: `Put on record what happened in a one-sided case: that our letter left or was
handed over; what was replied, by whom, how and when. In a case that a letter of
ours opened the replies are the partner's; in one that a partner's warning opened
they are ours, and heed letter print writes the letter. The officer signs the
entry and it is logged. It says what we recorded; the partner has signed nothing.`,
		Example: `  heed letter record 7K3M-Q2XA --as jens --sent --via hand
  heed letter record 7K3M-Q2XA --as jens --delivered --via paper --by "the porter" --at 2026-11-24T09:15+01:00
  heed letter record 7K3M-Q2XA --as irma --acknowledged --via telephone --by "M. Okafor, duty manager"
  heed letter record 7K3M-Q2XA --as irma --assessed credible --via mail --file reply.pdf
  heed letter record 7K3M-Q2XA --as irma --answer "The northern gate." --by "M. Okafor" --at -10m`,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.LetterRequest{Officer: a.officer(), Case: args[0], Side: heed.Us}
			var kinds []heed.EntryKind
			for i, f := range flagOf {
				if is[i] {
					kinds = append(kinds, f.kind)
				}
			}
			for kind, value := range map[heed.EntryKind]string{heed.EntryAnswered: answer, heed.EntryAssessed: assessed, heed.EntryConcluded: concluded, heed.EntryRefused: refused} {
				if value != "" {
					kinds = append(kinds, kind)
				}
			}
			if len(kinds) != 1 {
				return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%d things are named, and one is put on record at a time", len(kinds)), Hint: "name one of --sent, --delivered, --acknowledged, --assessed, --answer, --acted, --concluded, --refused, --recalled, --noted"}
			}
			request.Kind, request.Text = kinds[0], answer
			request.Disposition, request.Outcome, request.Code = assessed, concluded, refused
			if theirs {
				request.Side = heed.Them
			}
			if err := told.fill(&request); err != nil {
				return err
			}
			if answer != "" && told.text != "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--answer has the text", Hint: "leave --text out"}
			}
			return a.recordEntry(c.Context(), request)
		},
	}
	for i, f := range flagOf {
		c.Flags().BoolVar(&is[i], string(f.kind), false, f.help)
	}
	c.Flags().StringVar(&answer, "answer", "", "TEXT that was answered")
	c.Flags().StringVar(&assessed, "assessed", "", strings.Join(words(heed.Dispositions()), "|"))
	c.Flags().StringVar(&concluded, "concluded", "", strings.Join(words(heed.Outcomes()), "|"))
	c.Flags().StringVar(&refused, "refused", "", "CODE: "+strings.Join(words(heed.ContentRefusals()), "|"))
	c.Flags().BoolVar(&theirs, "theirs", false, "with --noted: it is the partner's word")
	complete(c, "assessed", words(heed.Dispositions()))
	complete(c, "concluded", words(heed.Outcomes()))
	complete(c, "refused", words(heed.ContentRefusals()))
	told.add(c)
	return c
}

func (a *app) recordEntry(ctx context.Context, request control.LetterRequest) error {
	var out control.OneSidedCase
	if err := a.call(ctx, "letter-record", request, &out); err != nil {
		return err
	}
	return a.print(out, func(w io.Writer) {
		e := out.Entries[len(out.Entries)-1]
		fmt.Fprintf(w, "case %s, %s: entry %s, %s\n", out.Code.Spoken(), out.Mark, e.ID[:8], entrySentence(out, e))
		for _, p := range e.Duties {
			fmt.Fprintf(w, "  %s is due %s\n", p.Kind.Words(), stamp(p.Due.Time, nil))
		}
	})
}

func (a *app) letterStrikeCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "strike CASE ENTRY --reason TEXT", Short: "An entry was wrong: it counts for nothing, and stays readable", Args: cobra.ExactArgs(2),
		Example: `  heed letter strike 7K3M-Q2XA 5b21c0de --as irma --reason "that was another case's"`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.recordEntry(c.Context(), control.LetterRequest{Officer: a.officer(), Case: args[0], Kind: heed.EntryStruck, Entry: args[1], Text: reason})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why")
	return c
}

func (a *app) letterRemindCommand() *cobra.Command {
	var out, via string
	var mailed bool
	c := &cobra.Command{
		Use: "remind CASE [--out FILE] [--via WAY]", Short: "Write a reminder of what is overdue, and put it on record", Args: cobra.ExactArgs(1),
		Long: `Write the reminder of every reply that is overdue. It names the case code, what is
missing and whom to ring, and says nothing of the matter, so that it may go by
plain mail. It is put on record as written by this officer; with --mail the node
sends it, and puts it on record once a mail server has accepted it.`,
		Example: `  heed letter remind 7K3M-Q2XA --as jens --out reminder.html
  heed letter remind 7K3M-Q2XA --as jens --mail`,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.LetterRequest{Officer: a.officer(), Case: args[0], Via: via, Sort: post.Reminds}
			if mailed {
				if out != "" || via != "" {
					return &control.Fault{Exit: control.ExitInput, Message: "with --mail the node sends it", Hint: "leave --out and --via out"}
				}
				if err := a.call(c.Context(), "letter-mail", request, &struct{}{}); err != nil {
					return err
				}
				return a.print(map[string]any{"case": args[0], "queued": true, "oneSided": true}, func(w io.Writer) { fmt.Fprintln(w, "queued; it is on record once a mail server has accepted it") })
			}
			if out != "" {
				if err := mayWrite(out, letterFirst); err != nil {
					return err
				}
			}
			var l control.LetterText
			if err := a.call(c.Context(), "letter-remind", request, &l); err != nil {
				return err
			}
			if err := writeLetter(l, out); err != nil {
				return err
			}
			return a.print(l, func(w io.Writer) { tellLetter(w, l, out) })
		},
	}
	c.Flags().StringVar(&out, "out", "", "FILE to write it to; .html: a page to print")
	c.Flags().StringVar(&via, "via", string(heed.ViaOther), "how it goes: "+strings.Join(words(heed.Vias()), "|"))
	c.Flags().BoolVar(&mailed, "mail", false, "have the node mail it")
	c.PreRun = func(c *cobra.Command, _ []string) {
		if mailed && !c.Flags().Changed("via") {
			via = ""
		}
	}
	return c
}

func (a *app) letterReceiveCommand() *cobra.Command {
	var told toldFlags
	var from string
	c := &cobra.Command{
		Use: "receive --from CONTACT FILE|-", Short: "A partner without heed warned us: open a case in which we owe", Args: cobra.ExactArgs(1),
		Long: `Put a warning on record that a partner without heed gave us by telephone, mail or
on paper. FILE is the warning as the officer writes it down (docs/warning.md);
--file adds a scan. We owe replies from --at, by the clock that was agreed with
the contact, and else by that of our card.`,
		Example: `  heed letter receive --as irma --from harbour-ops --via telephone --by "M. Okafor" --at -5m warning.yaml
  heed letter receive --as irma --from harbour-ops --via mail --file scan.pdf warning.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			if from == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "it is not said from whom it came", Hint: "add --from CONTACT; `heed contact list` lists them"}
			}
			source, err := readFile(a.in, args[0], draft.MaxSource)
			if err != nil {
				return err
			}
			request := control.LetterRequest{Officer: a.officer(), Contact: from}
			if request.Warning, err = draft.WarningAt(args[0], source, time.Now()); err != nil {
				return err
			}
			if err := told.fill(&request); err != nil {
				return err
			}
			var answer control.LetterAnswer
			if err := a.call(c.Context(), "letter-receive", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "case %s, %s: %s warned us\n", answer.Case.Spoken(), heed.OneSidedMark, answer.Contact)
				for _, d := range answer.Duties {
					fmt.Fprintf(w, "  our %s is due %s\n", d.Kind.Words(), stamp(d.Due.Time, nil))
				}
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "CONTACT that warned us")
	if err := c.RegisterFlagCompletionFunc("from", a.completeContact); err != nil {
		panic(err) // the flag is defined above
	}
	told.add(c)
	return c
}

func (a *app) letterListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List one-sided cases, and what is owed in them",
		Example: "  heed letter list",
		RunE: func(c *cobra.Command, _ []string) error {
			var b control.OneSidedInbox
			if err := a.call(c.Context(), "letter-list", struct{}{}, &b); err != nil {
				return err
			}
			return a.print(b, func(w io.Writer) { writeOneSidedInbox(w, b) })
		},
	}
}

// writeOneSidedInbox shows what is owed between us and partners without heed,
// under a head that says whose word it is.
func writeOneSidedInbox(w io.Writer, b control.OneSidedInbox) {
	fmt.Fprintf(w, "With partners without heed (%s):\n", heed.OneSidedMark)
	if len(b.Duties)+len(b.Awaited) == 0 {
		fmt.Fprintln(w, "  Nothing is owed.")
	} else {
		t := table(w, "  CASE", "REPLY", "OWED BY", "DUE", "LEFT", "LEVEL", "RING")
		for _, l := range slices.Concat(b.Duties, b.Awaited) {
			ring := ""
			if l.OwedBy == string(l.Contact) {
				ring = l.Telephone
			}
			t.row("  "+l.Case.Spoken()+exerciseMark(l.Status), l.Kind.Words(), l.OwedBy, stamp(l.Due.Time, nil), left(control.InboxLine{Left: l.Left, State: l.State}), levelText(l.Level, l.State), plain(ring))
		}
		t.flush()
	}
	reminded := map[heed.Code]bool{}
	for _, l := range b.Awaited {
		if l.Remind && !reminded[l.Case] {
			reminded[l.Case] = true
			fmt.Fprintf(w, "  no reminder was written yet about %s: heed letter remind %s\n", l.Case.Spoken(), l.Case)
		}
	}
	if len(b.Cases) == 0 {
		return
	}
	t := table(w, "  CASE", "CONTACT", "WARNED", "URGENCY", "STAGE", "CHANGED")
	for _, c := range b.Cases {
		warned := string(c.Contact)
		if c.Warned == heed.Us {
			warned = "us"
		}
		t.row("  "+c.Case.Spoken()+exerciseMark(c.Status), string(c.Contact), warned, string(c.Urgency), string(c.Stage), stamp(c.Changed.Time, nil))
	}
	t.flush()
}

func (a *app) letterShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show CASE", Short: "Show a one-sided case: what is on record, by whom, what is owed", Args: cobra.ExactArgs(1),
		Long: `Show a one-sided case. Without an officer, or with one who may read no contents,
headers and times are shown; with one who may, what was said as well, and that it
was read is noted. heed show does the same for its code.`,
		Example: `  heed letter show 7K3M-Q2XA
  heed letter show 7K3M-Q2XA --as irma --json`,
		RunE: func(c *cobra.Command, args []string) error {
			var k control.OneSidedCase
			if err := a.call(c.Context(), "letter-show", control.LetterRequest{Officer: a.officer(), Case: args[0]}, &k); err != nil {
				return err
			}
			return a.print(k, func(w io.Writer) { writeOneSided(w, k) })
		},
	}
}

func writeOneSided(w io.Writer, c control.OneSidedCase) {
	did := fmt.Sprintf("%s warned %s", c.Party, c.Contact.Contact)
	if c.Warned == heed.Us {
		did = fmt.Sprintf("%s warned %s", c.Contact.Contact, c.Party)
	}
	fmt.Fprintf(w, "Case %s%s  %s  %s  %s\n", c.Code.Spoken(), exerciseMark(c.Status), did, c.Urgency, c.Stage)
	fmt.Fprintf(w, "%s\n", heed.Capital(c.Mark)+".")
	clock := "assumed: the partner has agreed to nothing"
	if c.Basis == heed.ClockAgreed {
		clock = "agreed"
	}
	fmt.Fprintf(w, "%s; telephone %s; clock %s\n", plain(c.Contact.Name), plain(orDash(c.Contact.Telephone)), clock)
	if c.Document != nil {
		fmt.Fprintf(w, "%s\n", indent(c.Document.Headline, ""))
	}
	fmt.Fprintln(w)
	for _, e := range c.Entries {
		at := e.Time
		if e.At != nil {
			at = *e.At
		}
		late := ""
		if recorded := e.Time.Sub(at.Time); recorded >= time.Minute {
			late = ", recorded " + span(recorded) + " later"
		}
		struck := ""
		if e.StruckBy != "" {
			struck = "  [STRUCK by " + e.StruckBy[:8] + "]"
		}
		fmt.Fprintf(w, "%s  %s  %s%s%s\n", stamp(at.Time, nil), e.ID[:8], entrySentence(c, e), late, struck)
		if e.Text != "" {
			fmt.Fprintln(w, indent(e.Text, "    | "))
		}
		for _, ref := range e.Contents {
			if ref.Name != "" {
				fmt.Fprintf(w, "    with %s (%s, %d bytes)\n", plain(ref.Name), ref.MediaType, ref.Size)
			}
		}
	}
	fmt.Fprintln(w)
	if len(c.Duties) == 0 {
		fmt.Fprintln(w, "Nothing is owed yet: no letter is on record as sent.")
	} else {
		t := table(w, "REPLY", "OWED BY", "DUE", "STATE", "LEVEL", "GIVEN, AS RECORDED", "REMINDERS")
		for _, d := range c.Duties {
			given := ""
			if d.At != nil {
				given = stamp(d.At.Time, nil)
			}
			t.row(d.Kind.Words(), d.OwedBy, stamp(d.Due.Time, nil), string(d.State), fmt.Sprint(d.Level), given, fmt.Sprint(d.Reminded))
		}
		t.flush()
	}
	for _, d := range c.Duties {
		if d.State == heed.DutyOverdue && d.OwedBy == string(c.Contact.Contact) && d.Reminded == 0 {
			fmt.Fprintf(w, "\nNo %s on record from %s. heed letter remind %s writes the reminder.\n", d.Kind.Words(), c.Contact.Contact, c.Code)
		}
	}
	for _, t := range c.Waiting {
		what := string(t.Sort) + " mail"
		if t.Sort == "" {
			what = "notice to our people"
		}
		fmt.Fprintf(w, "\nWaiting: %s, %d attempts. %s\n", what, t.Attempts, plain(t.Trouble))
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// entrySentence says in words what an entry puts on record, and whose word it is.
func entrySentence(c control.OneSidedCase, e control.Entry) string {
	who, of := string(c.Party), string(c.Contact.Contact)
	if e.Side == heed.Them {
		who, of = of, who
	}
	said := map[heed.EntryKind]string{
		heed.EntryLetter: "wrote a letter to " + of, heed.EntryArrival: "warned " + of, heed.EntrySent: "sent the letter", heed.EntryDelivered: "had the letter delivered",
		heed.EntryAcknowledged: "acknowledged it", heed.EntryAssessed: "assessed it: " + e.Disposition.Words(), heed.EntryAnswered: "answered", heed.EntryActed: "reported action",
		heed.EntryConcluded: "concluded: " + e.Outcome.Words(), heed.EntryRefused: "refused it: " + string(e.Code), heed.EntryRecalled: "took the warning back",
		heed.EntryReminded: "reminded " + of, heed.EntryNoted: "(a note)", heed.EntryStruck: "struck entry " + short(e.Strikes),
	}[e.Kind]
	sentence := who + " " + said
	if e.By != "" {
		sentence += ", by " + plain(e.By)
	}
	if e.Via != "" && e.Via != heed.ViaOther {
		sentence += ", " + map[heed.Via]string{heed.ViaMail: "by mail", heed.ViaTelephone: "by telephone", heed.ViaPaper: "on paper", heed.ViaHand: "by hand"}[e.Via]
	}
	var recorded []string
	for _, o := range e.RecordedBy {
		recorded = append(recorded, string(o.Name))
	}
	if len(recorded) == 0 {
		recorded = []string{"the node: a mail server accepted it"}
	}
	return sentence + " [recorded by " + strings.Join(recorded, ", ") + "]"
}

func short(id string) string { return id[:min(len(id), 8)] }

func (a *app) letterStatsCommand() *cobra.Command {
	var since, until string
	c := &cobra.Command{
		Use: "stats", Short: "Figures of one-sided cases, apart from all others",
		Long: `Count one-sided cases by contact, direction and status. They rest on what we
recorded, and are in no other figure: heed stats counts cases that both sides have
signed. A TIME carries an offset, or is relative to now: -30d.`,
		Example: "  heed letter stats --since -30d",
		RunE: func(c *cobra.Command, _ []string) error {
			var request control.LetterRequest
			var err error
			now := time.Now()
			if request.Since, err = parsePast("--since", since, now); err != nil {
				return err
			}
			if request.Until, err = parsePast("--until", until, now); err != nil {
				return err
			}
			var report control.OneSidedReport
			if err := a.call(c.Context(), "letter-stats", request, &report); err != nil {
				return err
			}
			return a.print(report, func(w io.Writer) { writeOneSidedFigures(w, report) })
		},
	}
	c.Flags().StringVar(&since, "since", "", "TIME: only cases opened then or later")
	c.Flags().StringVar(&until, "until", "", "TIME: only cases opened before")
	return c
}

func writeOneSidedFigures(w io.Writer, r control.OneSidedReport) {
	fmt.Fprintf(w, "%s as of %s, %s\n", r.Party, stamp(r.AsOf.Time, nil), r.Mark)
	if len(r.Figures) == 0 {
		fmt.Fprintln(w, "No one-sided case was opened.")
		return
	}
	t := table(w, "CONTACT", "WARNED", "CASES", "SENT", "DELIVERED", "ACKNOWLEDGED", "ASSESSED", "ANSWERED", "CONCLUDED", "REFUSED", "RECALLED", "REMINDERS", "OWED", "ON TIME", "LATE", "OVERDUE", "NOT YET DUE")
	for _, f := range r.Figures {
		warned := string(f.Contact)
		if f.Warned == heed.Us {
			warned = "us"
		}
		row := []string{string(f.Contact) + exerciseMark(f.Status), warned}
		for _, n := range []int{f.Cases, f.Sent, f.Delivered, f.Acknowledged, f.Assessed, f.Answered, f.Concluded, f.Refused, f.Recalled, f.Reminders, f.Owed, f.OnTime, f.Late, f.Overdue, f.Open} {
			row = append(row, fmt.Sprint(n))
		}
		t.row(row...)
	}
	t.flush()
}

func (a *app) letterProofCommand() *cobra.Command {
	return &cobra.Command{
		Use: "proof CASE", Short: "Show where our ledger has what we put on record", Args: cobra.ExactArgs(1),
		Long: `Prove that this party had put the entries of a one-sided case on record by the
time of a published checkpoint. It proves nothing of the partner: neither that it
was sent anything, nor that it has it, nor what it said. heed prove, which makes
evidence of what two parties signed, is refused for a one-sided case.`,
		Example: "  heed letter proof 7K3M-Q2XA --json > entries.json",
		RunE: func(c *cobra.Command, args []string) error {
			var p control.EntryProof
			if err := a.call(c.Context(), "letter-proof", control.LetterRequest{Case: args[0]}, &p); err != nil {
				return err
			}
			return a.print(p, func(w io.Writer) {
				fmt.Fprintf(w, "Case %s, one-sided. It shows %s.\n", p.Case.Spoken(), p.Proves)
				t := table(w, "ENTRY", "KIND", "LEDGER", "LEAF", "IN THE CHECKPOINT")
				for _, l := range p.Leaves {
					in := "yes"
					if len(l.Proof) == 0 {
						in = "not yet"
					}
					t.row(l.Entry[:8], string(l.Kind), l.Origin, fmt.Sprint(l.Index), in)
				}
				t.flush()
			})
		},
	}
}

// completeOneSided offers the codes of one-sided cases to the shell.
func (a *app) completeOneSided(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var b control.OneSidedInbox
	if err := a.ask(c.Context(), "letter-list", struct{}{}, &b); err != nil {
		return nil, cobra.ShellCompDirectiveError // no node, nothing to offer
	}
	var codes []string
	for _, l := range b.Cases {
		codes = append(codes, string(l.Case)+"\t"+string(l.Contact)+", "+string(l.Stage))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
