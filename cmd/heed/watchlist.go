package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"heed"
	"heed/control"
	"heed/watch/lists"
	"heed/watch/sheet"
)

// importBatch is how many entries go to the node at once.
const importBatch = 500

// shownLeft is how many of the things that were left out of a list are told one by one.
const shownLeft = 10

// importFlags are what `heed watch import` is told.
type importFlags struct {
	source, format, alt, add, reason, urgency, columns, dates string
	threshold                                                 float64
	dryRun, yes                                               bool
}

func (a *app) watchImportCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use: "import --source NAME --format sdn|un|csv FILE|-", Short: "Put a whole watch list on watch, or its update", Args: cobra.ExactArgs(1),
		Long: `Put a whole watch list on watch, or an update of one: always the whole file. An
entry is known by the source's own number, and keeps its name here over updates.
What is new, changed and removed is counted; --dry-run says so and changes nothing.

  sdn  OFAC's sdn.csv; --alt alt.csv has the other names, --add add.csv the addresses
  un   the Security Council's consolidated.xml
  csv  a table: a column id, and those of heed screen (docs/screening-input.md)

An update that takes more than a fifth of a list off watch, of its entries or of
their names, or a file with entries that cannot be read, is refused: --yes, of an
officer who may let a watch lapse, goes on all the same, and --dry-run says that it
would be. docs/watch-lists.md has what is read of each layout.`,
		Example: `  heed watch import --as vera --source ofac-sdn --format sdn --alt alt.csv --reason "weekly update" sdn.csv
  heed watch import --as vera --source un --format un --dry-run consolidated.xml
  heed watch import --as vera --source harbour --format csv --urgency Immediate barred.csv`,
		RunE: func(c *cobra.Command, args []string) error { return a.watchImport(c.Context(), f, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.source, "source", "", "NAME of the list, by which its updates are known, like ofac-sdn")
	flags.StringVar(&f.format, "format", "", "sdn|un|csv")
	flags.StringVar(&f.alt, "alt", "", "FILE with the other names (sdn)")
	flags.StringVar(&f.add, "add", "", "FILE with the addresses (sdn)")
	flags.StringVar(&f.reason, "reason", "", "TEXT: why; it is on record")
	flags.StringVar(&f.urgency, "urgency", "", "of the list's hits: Immediate|Expected|Future|Past|Unknown (default: as before, or Expected)")
	flags.Float64Var(&f.threshold, "threshold", 0, "SCORE from 0 to 1 from which a match is a hit, where the model asks for less: it can only raise that (default: as before, or the model's)")
	flags.StringVar(&f.columns, "columns", "", `"name=Full Name,born=DOB": what columns state, where their names do not tell (csv)`)
	flags.StringVar(&f.dates, "dates", "", "dmy|mdy|ymd, where the file's dates could be read in two ways (csv)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would change, and change nothing")
	flags.BoolVar(&f.yes, "yes", false, "go on where much comes off watch, or entries cannot be read")
	complete(c, "format", []string{string(lists.SDN), string(lists.UN), string(lists.CSV)})
	complete(c, "urgency", words(heed.Urgencies()))
	complete(c, "dates", []string{"dmy", "mdy", "ymd"})
	return c
}

// importing is one run of the command.
type importing struct {
	*app
	flags   importFlags
	name    string
	in      io.Reader // standard input
	ending  bool      // all of it is there, and the node may have put it on watch
	sum     hash.Hash
	rest    io.Reader // of the list, and what is read of it is counted
	bar     *progressbar.ProgressBar
	closing []io.Closer
	finish  control.ListFinishRequest
	told    int
}

func (a *app) watchImport(ctx context.Context, f importFlags, name string) (err error) {
	if f.source == "" || f.format == "" {
		return &control.Fault{Exit: control.ExitInput, Message: "the list's name or its layout is not given", Hint: "--source NAME --format sdn|un|csv"}
	}
	m := &importing{app: a, flags: f, name: name, sum: sha256.New(), in: interruptible{ctx, a.in}}
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = m.interrupted()
		}
	}()
	defer func() {
		for _, c := range m.closing {
			err = errors.Join(err, c.Close())
		}
	}()
	reader, err := m.open()
	if err != nil {
		return err
	}
	var begun control.ListBegun
	begin := control.ListBeginRequest{
		Officer: a.officer(), Source: f.source, Format: f.format, File: filepath.Base(name), Reason: f.reason, Urgency: heed.Urgency(f.urgency), Threshold: f.threshold,
	}
	if err := a.call(ctx, "list-begin", begin, &begun); err != nil {
		return err
	}
	m.finish = control.ListFinishRequest{Officer: a.officer(), Import: begun.Import, DryRun: f.dryRun, Yes: f.yes}
	if err := m.stage(ctx, reader); err != nil {
		return err
	}
	m.finish.Digest = fmt.Sprintf("%x", m.sum.Sum(nil))
	stop := a.busy("comparing with what is on watch")
	var out control.ListLine
	m.ending = !f.dryRun
	err = a.call(ctx, "list-finish", m.finish, &out)
	stop()
	if err != nil {
		return err
	}
	if f.threshold > 0 && f.threshold < modelAsks {
		if err := m.aside(fmt.Sprintf("--threshold %g can only raise what the model asks for: of persons and organisations that is more than %g, and less is no hit of any list (docs/watch-lists.md)\n", f.threshold, modelAsks)); err != nil {
			return err
		}
	}
	return a.print(out, func(w io.Writer) { writeImported(w, out) })
}

// interrupted says how things stand after somebody has stopped the command.
func (m *importing) interrupted() error {
	if m.ending {
		return &control.Fault{
			Exit: control.ExitFault, Message: fmt.Sprintf("interrupted while list %s was put on watch: it may be on watch now, whole, or not at all", m.flags.source),
			Hint: "`heed watch imports " + m.flags.source + "` says which; to import the file again does no harm",
		}
	}
	return &control.Fault{Exit: control.ExitFault, Message: "interrupted: nothing was changed, and what was on watch before is on watch", Hint: "import the file again"}
}

// interruptible is a reader whose Read ends where the command is interrupted, also
// while nothing comes.
type interruptible struct {
	ctx context.Context // of the command, which a Read cannot be told otherwise
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	room, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := r.in.Read(room)
		done <- result{n, err}
	}()
	select {
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case got := <-done:
		return copy(p, room[:got.n]), got.err
	}
}

// modelAsks is below what the model asks for by itself of names, in any script.
const modelAsks = 0.9

// open opens the list and the files beside it, and its reader on them.
func (m *importing) open() (*lists.Reader, error) {
	format, err := lists.ParseFormat(m.flags.format)
	if err != nil {
		return nil, err
	}
	o := lists.Options{File: inputName(filepath.Base(m.name)), Format: format, Source: m.flags.source, Urgency: heed.Urgency(m.flags.urgency), Now: time.Now()}
	if o.Columns, err = sheet.ParseMapping(m.flags.columns); err != nil {
		return nil, err
	}
	if o.Dates, err = sheet.ParseOrder(m.flags.dates); err != nil {
		return nil, err
	}
	if format != lists.SDN && m.flags.alt+m.flags.add != "" {
		return nil, &control.Fault{Exit: control.ExitInput, Message: "--alt and --add are of the layout sdn", Hint: "leave them out"}
	}
	if m.flags.alt != "" {
		file, _, err := m.file(m.flags.alt)
		if err != nil {
			return nil, err
		}
		o.Alt, o.AltFile = file, filepath.Base(m.flags.alt)
	}
	if m.flags.add != "" {
		file, _, err := m.file(m.flags.add)
		if err != nil {
			return nil, err
		}
		o.Add, o.AddFile = file, filepath.Base(m.flags.add)
	}
	in, size := m.in, int64(0)
	if m.name != "-" {
		file, bytes, err := m.file(m.name)
		if err != nil {
			return nil, err
		}
		in, size = file, bytes
		// The reader looks at a whole file's dates first: a tee cannot go back.
		if format == lists.CSV {
			first, _, err := m.file(m.name)
			if err != nil {
				return nil, err
			}
			o.Survey = first
		}
	}
	m.progress(size)
	counted := io.Writer(m.sum)
	if m.bar != nil {
		counted = io.MultiWriter(m.sum, m.bar)
	}
	m.rest = io.TeeReader(in, counted)
	reader, err := lists.NewReader(m.rest, o)
	if err != nil {
		return nil, readFault(err)
	}
	return reader, nil
}

func (m *importing) file(name string) (*os.File, int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, fileFault("", err)
	}
	m.closing = append(m.closing, file)
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fileFault("", err)
	}
	if info.IsDir() {
		return nil, 0, folderFault(name)
	}
	return file, info.Size(), nil
}

// progress shows on a terminal how far the file is.
func (m *importing) progress(size int64) {
	f, ok := m.err.(*os.File)
	if !ok || size == 0 || !term.IsTerminal(int(f.Fd())) {
		return
	}
	m.bar = progressbar.NewOptions64(size, progressbar.OptionSetDescription("importing "+m.flags.source), progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))
}

// stage sends the entries, some at a time.
func (m *importing) stage(ctx context.Context, reader *lists.Reader) error {
	request := control.ListStageRequest{Import: m.finish.Import}
	send := func() error {
		if len(request.Entries) == 0 {
			return nil
		}
		var done struct{}
		err := m.call(ctx, "list-stage", request, &done)
		request.Entries = request.Entries[:0]
		return err
	}
	for entry, err := range reader.All() {
		var lost *sheet.Error
		switch {
		case err != nil && !errors.As(err, &lost), err != nil && reader.Ended():
			return readFault(err)
		case err != nil:
			m.finish.Unread++
			m.tell(lost)
			continue
		case len(entry.Left) > 0:
			m.finish.Partial++
			for _, left := range entry.Left {
				m.tell(left)
			}
		}
		subject := entry.Subject
		subject.ID, subject.Urgency = "", ""
		if request.Entries = append(request.Entries, control.ListEntry{ID: entry.ID, Subject: subject}); len(request.Entries) == importBatch {
			if err := send(); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := send(); err != nil {
		return err
	}
	// Behind the end of a list may stand an end mark, which the digest has too.
	if _, err := io.Copy(io.Discard, m.rest); err != nil {
		return err
	}
	if m.told > shownLeft {
		if err := m.aside(fmt.Sprintf("and %d more\n", m.told-shownLeft)); err != nil {
			return err
		}
	}
	for _, left := range reader.Beside() {
		if err := m.aside("  " + plain(left.Error()) + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// tell says on standard error what was not read: the first ones.
func (m *importing) tell(e *sheet.Error) {
	if m.told++; m.told > shownLeft {
		return
	}
	if err := m.aside("  " + plain(e.Error()) + "\n"); err != nil {
		m.told = shownLeft // nobody reads it
	}
}

func (m *importing) aside(text string) error {
	if m.bar != nil {
		if err := m.bar.Clear(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(m.err, text)
	return err
}

func writeImported(w io.Writer, l control.ListLine) {
	if l.DryRun {
		fmt.Fprintf(w, "list %s would have %s on watch: %s\n", l.Source, entriesText(l), changesText(l))
		if l.Guarded != "" {
			fmt.Fprintf(w, "would be refused without --yes: %s\n", l.Guarded)
		}
		fmt.Fprintln(w, "nothing was changed")
		return
	}
	fmt.Fprintf(w, "list %s has %s on watch: %s\n", l.Source, entriesText(l), changesText(l))
	if l.Unread > 0 {
		fmt.Fprintf(w, "could not be read, so that nobody is looked for: %d of the file\n", l.Unread)
	}
	if l.Partial > 0 {
		of := "1 entry"
		if l.Partial > 1 {
			of = fmt.Sprintf("%d entries", l.Partial)
		}
		fmt.Fprintf(w, "something was left out: of %s\n", of)
	}
	fmt.Fprintln(w, "records that are screened from now on are compared with it; none that was screened before is, nor any that an accord has had kept")
}

func changesText(l control.ListLine) string {
	return fmt.Sprintf("%d added, %d changed, %d removed", l.Added, l.Changed, l.Removed)
}

func entriesText(l control.ListLine) string {
	var kinds []string
	for _, k := range []struct {
		n    int64
		noun string
	}{{l.Persons, "person"}, {l.Organisations, "organisation"}, {l.Vehicles, "vehicle"}} {
		if k.n > 0 {
			kinds = append(kinds, counted(int(k.n), k.noun))
		}
	}
	return cmp.Or(strings.Join(kinds, ", "), "nobody")
}

func (a *app) watchForgetCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "forget NAME --reason TEXT", Short: "Take a whole list off watch", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeList,
		Long: `Take a whole list off watch: an act of an officer who may let a watch lapse. Its
entries are removed; who imported it and when, and who took it off and why, stays
on record (heed watch imports NAME).`,
		Example: `  heed watch forget harbour --as vera --reason "the regatta is over"`,
		RunE: func(c *cobra.Command, args []string) error {
			var out control.ListLine
			if err := a.call(c.Context(), "list-forget", control.ListForgetRequest{Officer: a.officer(), Source: args[0], Reason: reason}, &out); err != nil {
				return err
			}
			return a.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "list %s is off watch: %s\n", out.Source, counted(int(out.Removed), "subject"))
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "TEXT: why; it is on record")
	return c
}

func (a *app) watchImportsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "imports [NAME]", Short: "Which lists are on watch; or each import of one", Args: cobra.MaximumNArgs(1), ValidArgsFunction: a.completeList,
		Long: `Which lists are on watch, who imported them last, when, and with what. With NAME
every import of that list, the newest first, those that came to nothing too.`,
		Example: "  heed watch imports\n  heed watch imports ofac-sdn",
		RunE: func(c *cobra.Command, args []string) error {
			var request control.ListHistoryRequest
			if len(args) > 0 {
				request.Source = args[0]
			}
			lines := []control.ListLine{}
			if err := a.call(c.Context(), "list-history", request, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) { writeImports(w, lines) })
		},
	}
}

func writeImports(w io.Writer, lines []control.ListLine) {
	if len(lines) == 0 {
		fmt.Fprintln(w, "No list is on watch.")
		return
	}
	t := table(w, "LIST", "STATE", "BEGAN", "ENTRIES", "", "BY", "REASON")
	for _, l := range lines {
		changes := changesText(l)
		if l.State == "dropped" || l.State == "staged" {
			changes = ""
		}
		t.row(l.Source, l.State, stamp(l.Began.Time, nil), entriesText(l), changes, string(l.Officer), plain(l.Reason))
	}
	t.flush()
}

// completeList offers the names of lists to the shell.
func (a *app) completeList(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var lines []control.ListLine
	if len(args) > 0 || a.ask(c.Context(), "list-history", control.ListHistoryRequest{}, &lines) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp // no node, nothing to offer
	}
	var names []string
	for _, l := range lines {
		names = append(names, l.Source+"\t"+entriesText(l))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
