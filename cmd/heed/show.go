package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
)

func (a *app) showCommand() *cobra.Command {
	var file bool
	c := &cobra.Command{
		Use: "show CASE", Short: "Show a case: statements, times, duties", Args: cobra.ExactArgs(1),
		Long: `Show a case. Without an officer, or with one who may read no contents, headers
and times are shown; with one who may, what was said as well, and that it was
read is noted. It is not opened towards the other party: heed open does that.
Where a code has several cases, a table of who is where comes first.`,
		Example: `  heed show 7K3M-Q2XA
  heed show 7K3M-Q2XA --as irma --print > file-note.txt`,
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.ShowAnswer
			if err := a.call(c.Context(), "show", control.CaseRequest{Case: args[0], Officer: a.officer()}, &answer); err != nil {
				return err
			}
			if k := answer.OneSided; k != nil {
				return a.print(k, func(w io.Writer) { writeOneSided(w, *k) })
			}
			if len(answer.Cases) == 0 { // a draft, and no case yet
				return a.print(answer.Draft, func(w io.Writer) { writeDraft(w, *answer.Draft) })
			}
			if a.json {
				if len(answer.Cases) == 1 {
					return a.print(answer.Cases[0], nil)
				}
				return a.print(map[string]any{"case": answer.Cases[0].Code, "cases": answer.Cases, "matrix": matrixOf(answer.Cases)}, nil)
			}
			if answer.Draft != nil {
				fmt.Fprintf(a.out, "Draft %s was released, and is in case %s.\n\n", answer.Draft.Draft.Spoken(), answer.Draft.Case.Spoken())
			}
			if len(answer.Cases) > 1 {
				writeMatrix(a.out, matrixOf(answer.Cases))
			}
			for i, k := range answer.Cases {
				if i > 0 || len(answer.Cases) > 1 {
					fmt.Fprintln(a.out)
				}
				if file {
					writeFileNote(a.out, k)
				} else {
					writeCase(a.out, k)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&file, "print", false, "make a readable file note, to be printed and kept")
	return c
}

// writeCase is the short form, for a terminal.
func writeCase(w io.Writer, c control.Case) {
	did := "warned " + string(c.Warned) + "  " + string(c.Warning.Urgency)
	if c.Warning.Kind.OfAccord() {
		did = "to " + string(c.Warned) + "  about an accord"
	}
	if c.Warning.Kind == heed.KindFigures {
		did = "to " + string(c.Warned) + "  about figures"
	}
	fmt.Fprintf(w, "Case %s%s  %s %s  %s\n", c.Code.Spoken(), exerciseMark(c.Warning.Status), c.Warner, did, c.Stage)
	if c.Warning.Kind == heed.KindQuestion {
		fmt.Fprintln(w, "It was opened by a question.")
	}
	if c.Warning.Kind == heed.KindFigures {
		fmt.Fprintln(w, "It was opened by figures of a period: `heed stats figures` shows them, and who has signed which.")
	}
	writeOfAccord(w, c)
	if c.Warning.Document != nil {
		fmt.Fprintf(w, "%s\n%s", indent(c.Warning.Document.Headline, ""), amended(c))
	}
	writeOrigins(w, c)
	if c.Local.TakenBy != "" {
		fmt.Fprintf(w, "Taken by %s at %s\n", c.Local.TakenBy, stamp(c.Local.TakenAt.Time, nil))
	}
	fmt.Fprintln(w)
	writeTimeline(w, c)
	fmt.Fprintln(w)
	writeDuties(w, c)
	writeWatch(w, c)
	writeLocal(w, c)
}

// writeOfAccord says what is proposed, or under which accord the case was opened.
func writeOfAccord(w io.Writer, c control.Case) {
	of := c.Warning.Accord
	if of == nil {
		return
	}
	which := "accord " + of.ID[:8] + ", version " + of.Version[:8]
	if of.Number > 0 {
		which = fmt.Sprintf("version %d of accord %s, %s", of.Number, of.ID[:8], plain(of.Name))
	}
	switch kind := c.Warning.Kind; {
	case !kind.OfAccord():
		fmt.Fprintf(w, "It was opened under %s.\n", which)
		if c.Erased != nil {
			fmt.Fprintf(w, "Its contents were erased on %s under accord %s.\n", stamp(c.Erased.At.Time, nil), c.Erased.Accord[:8])
		}
		return
	case !kind.Proposes():
		fmt.Fprintf(w, "It tells an act about %s.\n", which)
	default:
		fmt.Fprintf(w, "It proposes %s.\n", which)
		if of.Number > 0 {
			fmt.Fprintf(w, "%d members, of whom %d must ratify; from %s, until %s.\n", of.Members, of.Quorum, orWords(of.From, "when it is ratified"), orWords(of.Until, "it is ended"))
		}
	}
	fmt.Fprintf(w, "`heed accord show %s` has the terms, and who has answered what.\n", of.ID[:8])
	if owes(c, heed.DutyRatify) {
		fmt.Fprintf(w, "`heed accord ratify %s`, reserve or decline is the reply that is owed.\n", of.ID[:8])
	}
}

// owes reports whether this party still owes something of that kind.
func owes(c control.Case, kind heed.DutyKind) bool {
	return slices.ContainsFunc(c.Duties, func(d control.Duty) bool {
		return d.Kind == kind && d.OwedBy == c.Local.Party && (d.State == heed.DutyOpen || d.State == heed.DutyOverdue)
	})
}

func orWords(t *control.Time, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return stamp(t.Time, nil)
}

func writeTimeline(w io.Writer, c control.Case) {
	received := map[string]control.Statement{}
	texts := map[string]string{}
	documents := amendments(c)
	for _, s := range c.Statements {
		if s.Kind == heed.KindReceipt {
			received[s.Answers[0]] = s
		}
	}
	for _, content := range c.Contents {
		texts[content.Digest] = content.Text
	}
	for _, s := range c.Statements {
		if s.Kind == heed.KindReceipt {
			continue
		}
		fmt.Fprintf(w, "%s  %s  %s\n", stamp(s.Time.Time, nil), s.ID[:8], sentence(s))
		if r, ok := received[s.ID]; ok {
			fmt.Fprintf(w, "    received by %s %s%s\n", r.Author, stamp(r.Received.Time, nil), promises(r.Duties))
		} else {
			fmt.Fprintf(w, "    no receipt yet from %s\n", s.Recipient)
		}
		if slices.Contains(c.Local.NotLogged, s.ID) {
			fmt.Fprintf(w, "    %s\n", notLogged(s.Kind))
		}
		for _, ref := range s.Contents {
			if d := documents[ref.Digest]; d != nil {
				fmt.Fprintln(w, indent(documentText(*d), "    | "))
			} else if text := texts[ref.Digest]; text != "" {
				fmt.Fprintln(w, indent(text, "    | "))
			} else if ref.Name != "" {
				fmt.Fprintf(w, "    attached: %s (%s, %d bytes)\n", plain(ref.Name), ref.MediaType, ref.Size)
			}
		}
	}
}

// notLogged says what to do about what the other party could still disown.
func notLogged(kind heed.Kind) string {
	if kind == heed.KindExtension {
		return "not in their ledger yet: keep to the old time"
	}
	return "not in their ledger yet: rest nothing on it"
}

// amendments are the documents of supplements and corrections, which say what
// the warning's own no longer does.
func amendments(c control.Case) map[string]*heed.Warning {
	documents := map[string]*heed.Warning{}
	for _, content := range c.Contents {
		documents[content.Digest] = content.Document
	}
	for _, s := range c.Statements {
		if s.Kind == heed.KindWarning {
			for _, ref := range s.Contents {
				delete(documents, ref.Digest)
			}
		}
	}
	return documents
}

// amended says that the warning's first text is not its last word.
func amended(c control.Case) string {
	for _, kind := range []heed.Kind{heed.KindRecall, heed.KindCorrection, heed.KindSupplement} {
		for _, s := range c.Statements {
			if s.Kind == kind {
				return fmt.Sprintf("Later: %s, see below.\n", sentence(s))
			}
		}
	}
	return ""
}

func promises(all []control.Promise) string {
	var out []string
	for _, p := range all {
		out = append(out, fmt.Sprintf("%s due %s", p.Kind.Words(), stamp(p.Due.Time, nil)))
	}
	if len(out) == 0 {
		return ""
	}
	return "; " + strings.Join(out, ", ")
}

// wasDue says by when a statement was owed that names its own due time.
func wasDue(s control.Statement) string {
	if len(s.Duties) == 0 {
		return ""
	}
	return "; this was due " + stamp(s.Duties[0].Due.Time, nil)
}

// sentence says in words what a statement does.
func sentence(s control.Statement) string {
	by := string(s.Author)
	if len(s.Officers) > 0 {
		var signed []string
		for _, o := range s.Officers {
			signed = append(signed, fmt.Sprintf("%s, %s", o.Name, o.Role))
		}
		by += " (" + strings.Join(signed, "; ") + ")"
	}
	level := ""
	if s.Level > 0 {
		level = fmt.Sprintf(", escalation level %d", s.Level)
	}
	about := ""
	if len(s.Duties) > 0 {
		about = " about the " + s.Duties[0].Kind.Words()
	}
	switch s.Kind {
	case heed.KindWarning:
		return by + " warned"
	case heed.KindSupplement:
		return by + " added to the warning"
	case heed.KindCorrection:
		return by + " corrected the warning"
	case heed.KindRecall:
		return by + " recalled the warning"
	case heed.KindNotification:
		return fmt.Sprintf("%s notified its %s by %s%s%s", by, s.Role, s.Via, about, level)
	case heed.KindOpening:
		return by + " opened it"
	case heed.KindAcknowledgement:
		said := by + " acknowledged it"
		if s.Role != "" {
			said += " for its " + s.Role
		}
		if s.NoPrejudice {
			said += ", without prejudice"
		}
		return said
	case heed.KindAssessment:
		return fmt.Sprintf("%s assessed it: %s%s", by, s.Disposition, promises(s.Duties))
	case heed.KindQuestion:
		return by + " asked"
	case heed.KindAnswer:
		return by + " answered"
	case heed.KindInterim:
		return fmt.Sprintf("%s announced a reply by %s", by, stamp(s.By.Time, nil))
	case heed.KindExtension:
		return fmt.Sprintf("%s gave more time:%s", by, strings.TrimPrefix(promises(s.Duties), ";"))
	case heed.KindRefusal:
		return fmt.Sprintf("%s refused it: %s", by, s.Code)
	case heed.KindAction:
		return by + " reported action"
	case heed.KindOutcome:
		if s.Outcome == heed.Averted {
			return by + " concluded: averted, as stated by the recipient"
		}
		return fmt.Sprintf("%s concluded: %s", by, s.Outcome)
	case heed.KindReminder:
		return fmt.Sprintf("%s reminded the %s of %s%s%s", by, s.Role, s.Recipient, about, level)
	case heed.KindCall:
		return by + " recorded a telephone call"
	case heed.KindForwardRequest:
		return fmt.Sprintf("%s asked to pass it on to %s", by, s.Party)
	case heed.KindForwardConsent:
		if s.Consent != nil && *s.Consent {
			return fmt.Sprintf("%s consented that it is passed on to %s", by, s.Party)
		}
		return fmt.Sprintf("%s refused that it is passed on to %s", by, s.Party)
	case heed.KindRating:
		rated := "of no use"
		if s.Meaningful != nil && *s.Meaningful {
			rated = "meaningful"
		}
		return fmt.Sprintf("%s rated %s as %s", by, shortIDs(s.Answers), rated)
	case heed.KindFigures:
		if len(s.Answers) > 0 {
			return by + " answered with signed figures"
		}
		return by + " signed figures of a period"
	case heed.KindWatchHit:
		if s.Withdrawn != nil {
			return by + " withdrew its report of a hit (" + shortIDs(s.Answers) + "): since " + stamp(s.Withdrawn.Time, nil) + " it is not held to be of the subject" + wasDue(s)
		}
		said := by + " found a record to be of a subject on watch"
		if s.Confirmed != nil {
			said += ", confirmed " + stamp(s.Confirmed.Time, nil)
		}
		return said + wasDue(s)
	case heed.KindWatchLapseNotice:
		if s.Effective == nil {
			return by + " decided that the watch goes on"
		}
		return by + " announced that the watch lapses " + stamp(s.Effective.Time, nil)
	case heed.KindAccordProposal:
		return by + " proposed an accord"
	case heed.KindAccordAmendment:
		return by + " proposed to amend an accord"
	case heed.KindAccordRatification:
		return by + " ratified the accord"
	case heed.KindAccordReservation:
		return by + " ratified the accord with a reservation"
	case heed.KindAccordDecline:
		return by + " declined the accord"
	case heed.KindAccordSuspension:
		return by + " suspended the accord for itself"
	case heed.KindAccordResumption:
		return by + " ended its suspension of the accord"
	case heed.KindAccordWithdrawal:
		return by + " withdrew from the accord"
	}
	return fmt.Sprintf("%s: %s", by, s.Kind)
}

// shortIDs names statements as people tell them apart.
func shortIDs(ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, id[:8])
	}
	return strings.Join(out, ", ")
}

func writeDuties(w io.Writer, c control.Case) {
	if len(c.Duties) == 0 {
		fmt.Fprintln(w, "Nothing is owed yet.")
		return
	}
	t := table(w, "REPLY", "OWED BY", "DUE", "STATE", "LEVEL", "GIVEN")
	for _, d := range c.Duties {
		given := ""
		if d.At != nil {
			given = stamp(d.At.Time, nil)
		}
		t.row(dutyWords(d), string(d.OwedBy), stamp(d.Due.Time, nil), string(d.State), levelText(d.Level, d.State), given)
	}
	t.flush()
}

// dutyWords names a duty with the role of the rung that owes it for itself.
func dutyWords(d control.Duty) string {
	if d.Role == "" {
		return d.Kind.Words()
	}
	return d.Kind.Base().Words() + " by " + d.Role
}

func writeLocal(w io.Writer, c control.Case) {
	byParty := map[heed.PartyID]*ringing{}
	for _, r := range c.Local.Ring {
		if byParty[r.Party] == nil {
			byParty[r.Party] = &ringing{code: c.Code, whom: r}
		}
		byParty[r.Party].add(r)
	}
	for _, party := range []heed.PartyID{c.Warner, c.Warned} {
		if r := byParty[party]; r != nil {
			fmt.Fprintf(w, "\nNo %s on record from %s. Ring %s\n", strings.Join(r.duties, ", no "), party, ringText(r.whom))
		}
	}
	for _, q := range c.Local.InFlight {
		fmt.Fprintf(w, "\nIn flight: statement %s, %d attempts. %s\n", q.Statement[:8], q.Attempts, plain(q.Trouble))
		for _, d := range q.Deposits {
			fmt.Fprintf(w, "  Deposited with %s at %s.\n", d.With, stamp(d.At.Time, nil))
		}
	}
	for _, r := range c.Local.Refused {
		fmt.Fprintf(w, "\nThe other node (a machine) refused our %s %s: %s: %s\n", r.Kind, r.Statement[:8], r.Code, plain(r.Detail))
	}
	if len(c.Missing) > 0 {
		fmt.Fprintf(w, "\n%d statements are here whose predecessors have not arrived.\n", len(c.Missing))
	}
	for _, pair := range c.Conflicts {
		fmt.Fprintf(w, "\nINCONSISTENT: statements %s and %s of one author follow the same one.\n", pair[0][:8], pair[1][:8])
	}
}

// writeFileNote is what is printed and put into a paper file.
func writeFileNote(w io.Writer, c control.Case) {
	line := strings.Repeat("=", 78)
	fmt.Fprintf(w, "%s\nFILE NOTE%s                                                  case %s\n%s\n\n", line, exerciseMark(c.Warning.Status), c.Code.Spoken(), line)
	fmt.Fprintf(w, "Case id    %s\nFrom       %s\nTo         %s\nUrgency    %s\nStatus     %s\nSigned     %s\nStage      %s\n\n", c.ID, c.Warner, c.Warned, c.Warning.Urgency, c.Warning.Status, stamp(c.Warning.Time.Time, nil), c.Stage)
	writeOfAccord(w, c)
	writeOrigins(w, c)
	if c.Warning.Document != nil {
		fmt.Fprintf(w, "THE WARNING, AS THE PARTY THAT WARNED FIRST WROTE IT\n%s%s\n\n", amended(c), indent(documentText(*c.Warning.Document), "  "))
	} else if c.Erased == nil {
		fmt.Fprintf(w, "The contents are not shown: name an officer who may read them with --as.\n\n")
	}
	fmt.Fprintln(w, "WHAT WAS SAID, AND WHEN (signed times)")
	writeTimeline(w, c)
	fmt.Fprintln(w, "\nREPLIES THAT ARE OR WERE OWED")
	writeDuties(w, c)
	writeWatch(w, c)
	writeLocal(w, c)
	if len(c.Local.Readings) > 0 {
		fmt.Fprintf(w, "\nREAD AT %s BY\n", c.Local.Party)
		for _, r := range c.Local.Readings {
			fmt.Fprintf(w, "  %s  %s (%s)\n", stamp(r.At.Time, nil), r.Officer, r.Role)
		}
	}
	fmt.Fprintf(w, "\nOutcomes are as their authors state them. This note claims no causation.\n%s\n", line)
}

// documentText writes a warning document in the form in which people write it:
// the JSON form has the same keys, so that a note can be read beside docs/warning.md.
func documentText(d heed.Warning) string { return yamlText(d) }

func (a *app) openCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "open CASE [--out DIR]", Short: "Read a warning; that it was opened is logged and told", Args: cobra.ExactArgs(1),
		Example: `  heed open 7K3M-Q2XA --as irma
  heed open 7K3M-Q2XA --as irma --out case/`,
		RunE: func(c *cobra.Command, args []string) error {
			if out != "" {
				if err := os.MkdirAll(out, 0o700); err != nil {
					return fileFault("", err)
				}
			}
			var answer control.Case
			if err := a.call(c.Context(), "open", control.CaseRequest{Case: args[0], Officer: a.officer()}, &answer); err != nil {
				return err
			}
			var files []string
			if out != "" {
				var err error
				if files, err = writeContents(out, answer); err != nil {
					return err
				}
			}
			return a.print(map[string]any{"case": answer.Code, "files": files, "document": answer.Warning.Document, "contents": refsOf(answer), "erased": answer.Erased}, func(w io.Writer) {
				writeOpened(w, answer, files)
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "DIR into which contents and attachments are written")
	return c
}

func refsOf(c control.Case) []control.ContentRef {
	refs := []control.ContentRef{}
	for _, content := range c.Contents {
		refs = append(refs, content.ContentRef)
	}
	return refs
}

func writeOpened(w io.Writer, c control.Case, files []string) {
	fmt.Fprintf(w, "Case %s%s, %s to %s\n\n", c.Code.Spoken(), exerciseMark(c.Warning.Status), c.Warner, c.Warned)
	writeOfAccord(w, c)
	writeOrigins(w, c)
	if c.Warning.Document != nil {
		fmt.Fprintf(w, "%s%s\n", amended(c), plain(documentText(*c.Warning.Document)))
	}
	documents := amendments(c)
	for _, s := range c.Statements {
		for _, ref := range s.Contents {
			if d := documents[ref.Digest]; d != nil {
				fmt.Fprintf(w, "%s  %s\n%s\n", stamp(s.Time.Time, nil), sentence(s), plain(documentText(*d)))
			}
		}
	}
	for _, content := range c.Contents {
		if content.Text != "" && content.Name == "" {
			fmt.Fprintf(w, "%s\n\n", indent(content.Text, "| "))
		}
	}
	for _, f := range files {
		fmt.Fprintln(w, "written: "+f)
	}
	if len(files) == 0 && len(c.Contents) > 1 {
		fmt.Fprintln(w, "Attachments are written with --out DIR.")
	}
}

// writeContents writes every content of a case into a folder: attachments
// under their own names where they are safe and free, byte for byte.
func writeContents(dir string, c control.Case) ([]string, error) {
	var files []string
	used := map[string]bool{}
	write := func(name string, data []byte) error {
		for n := 2; used[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%d-%s", n, strings.TrimLeft(name, "0123456789-"))
		}
		used[strings.ToLower(name)] = true
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fileFault("", err)
		}
		_, err = f.Write(data)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		files = append(files, path)
		return nil
	}
	if c.Warning.Document != nil {
		if err := write("warning.yaml", []byte(documentText(*c.Warning.Document))); err != nil {
			return files, err
		}
	}
	documents := amendments(c)
	for _, s := range c.Statements {
		for _, ref := range s.Contents {
			if d := documents[ref.Digest]; d != nil {
				if err := write(string(s.Kind)+"-"+s.ID[:8]+".yaml", []byte(documentText(*d))); err != nil {
					return files, err
				}
			}
		}
	}
	texts := 0
	for _, content := range c.Contents {
		name := content.Name
		switch {
		case content.MediaType == heed.MediaWarning:
			name = "warning-" + content.Digest[:8] + ".heed"
		case content.MediaType == heed.MediaAccord, content.MediaType == heed.MediaAccordAct, content.MediaType == heed.MediaAccordFile:
			name = strings.TrimPrefix(content.MediaType, "application/vnd.heed.") + "-" + content.Digest[:8] + ".heed"
		case name == "" && content.Text != "":
			texts++
			name = fmt.Sprintf("text-%d.txt", texts)
		case name == "" || !heed.IsFileName(name):
			name = "attachment-" + content.Digest[:8]
		}
		if err := write(name, content.Data); err != nil {
			return files, err
		}
	}
	return files, nil
}
