package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"heed"
	"heed/control"
	"heed/exchange"
	"heed/feed"
	"heed/watch"
	"heed/watch/sheet"
)

// screenBatch is how many records go to the node at once. What waits on standard
// input goes at once, however few there are.
const screenBatch = 500

// screenFlags are what `heed screen` is told.
type screenFlags struct {
	format, kind, reason, columns, dates, resume, from string
	log                                                bool
}

func (a *app) screenCommand() *cobra.Command {
	var f screenFlags
	c := &cobra.Command{
		Use: "screen --reason TEXT FILE|-", Short: "Look records up among all that is on watch", Args: cobra.MaximumNArgs(1),
		Long: `Look records up among the subjects of warnings and of lists (heed watch list).
Each match is a hit, which a person then owes a review (heed hit list). A record
that matches nothing is not kept, unless an accord has it kept for a time.
docs/screening-input.md has the formats and the columns.

On record are who screened, when, why, and how many records and hits there were.
` + "`heed screen --log`" + ` shows that.

With - the records come on standard input, and each line is answered at once. With
--json every record gives one line: {"record", "line", "hits": [...]}. What could
not be read gives a line with "error", and does not stop the others. A gate at which
nobody came by for an hour goes on in a new screening, of the same officer and for the
same reason, which is on record by itself: the one before has ended. (A program whose
POST /v1/screen is kept open by empty lines is cut off after that hour, and sends what
comes next in another request.)

A long file can be cut short and gone on with: --resume FILE keeps where it is, and
the same command goes on there, with the file read in the same way; with --json a last
line then has what came of the whole file: {"summary": {...}}. Without it, the count
at the end is for --from. A run that was interrupted stands in --log as not ended.`,
		Example: `  heed screen --as irma --reason "arrivals of 23 November" arrivals.csv
  heed screen --as irma --type accreditation --reason "helpers of the regatta" --resume regatta.state regatta.csv
  my-gate | heed screen --as irma --json --format jsonl --type border --reason "gate 4" -`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.log {
				return a.screenLog(c.Context())
			}
			if len(args) == 0 {
				return &control.Fault{Exit: control.ExitInput, Message: "what is to be screened is not named", Hint: "name a FILE, or - for standard input"}
			}
			return a.screen(c.Context(), f, args[0])
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.format, "format", "", "csv|tsv|jsonl|paxlst (default: by the file's name; jsonl of standard input)")
	flags.StringVar(&f.kind, "type", string(watch.Passenger), "passenger|border|visitor|accreditation|visa, of records that do not say it")
	flags.StringVar(&f.reason, "reason", "", "TEXT: why; it is on record")
	flags.StringVar(&f.columns, "columns", "", `"name=Passenger Name,born=DOB": what columns state, where their names do not tell`)
	flags.StringVar(&f.dates, "dates", "", "dmy|mdy|ymd, where the file's dates could be read in two ways")
	flags.StringVar(&f.resume, "resume", "", "FILE that keeps how far it is, to go on from there")
	flags.StringVar(&f.from, "from", "", "N records are passed over: they were screened before")
	flags.BoolVar(&f.log, "log", false, "show who has screened, when and why")
	complete(c, "format", words(feed.Formats()))
	complete(c, "type", words(watch.RecordTypes()))
	complete(c, "dates", []string{"dmy", "mdy", "ymd"})
	return c
}

// screening is one run of the command.
type screening struct {
	*app
	flags screenFlags
	name  string
	from  int64 // records that are passed over
	state screenState
	bar   *progressbar.ProgressBar
	begin control.ScreenBegin
	asked control.ScreeningLine
	out   *json.Encoder
	told  int // of what was left out, on standard error
}

func (a *app) screen(ctx context.Context, f screenFlags, name string) error {
	kind, err := watch.ParseRecordType(f.kind)
	if err != nil {
		return fieldFault("--type", err)
	}
	if strings.TrimSpace(f.reason) == "" {
		return &control.Fault{Exit: control.ExitInput, Message: "a screening gives its reason", Hint: "--reason TEXT: it is on record with who asked"}
	}
	s := &screening{app: a, flags: f, name: name}
	if s.from, err = parseFrom(f); err != nil {
		return err
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return folderFault(name) // before its name is to tell a format
	}
	options := feed.Options{File: inputName(name), Type: kind, Now: time.Now()}
	if options.Format, err = formatOf(f.format, name); err != nil {
		return err
	}
	if options.Columns, err = sheet.ParseMapping(f.columns); err != nil {
		return err
	}
	if options.Dates, err = sheet.ParseOrder(f.dates); err != nil {
		return err
	}
	in, size, closing, err := s.open(screenReading{kind, options.Format, options.Columns, options.Dates})
	if err != nil {
		return err
	}
	defer closing()
	s.out = json.NewEncoder(a.out)
	s.out.SetEscapeHTML(false)
	if s.state.Done {
		return s.over()
	}
	options.Resume = s.state.Position
	reader, err := feed.NewReader(in, options)
	if err != nil {
		return readFault(err)
	}
	// A feed that broke last night must not look done. A stream may end without anybody.
	if name != "-" && options.Resume.Records == 0 && reader.Empty() {
		return &control.Fault{Exit: control.ExitInput, Message: name + " has no record: nobody was looked for", Hint: "is it whole, and did whoever wrote it come to an end?"}
	}
	s.begin = control.ScreenBegin{Officer: a.officer(), Type: heed.RecordType(kind), Reason: f.reason}
	if err := a.call(ctx, "screen-begin", s.begin, &s.asked); err != nil {
		return err
	}
	s.progress(size)
	return s.run(ctx, reader)
}

// parseFrom is how many records are passed over.
func parseFrom(f screenFlags) (int64, error) {
	if f.from == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(f.from, 10, 64)
	switch {
	case err != nil:
		return 0, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--from %q is not a number of records", f.from), Hint: "write a whole number: a screening that was cut short says it"}
	case n < 0:
		return 0, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--from %d is less than no record", n), Hint: "write how many records are passed over, from the beginning of the file"}
	case n > 0 && f.resume != "":
		return 0, &control.Fault{Exit: control.ExitInput, Message: "--resume and --from both say where to go on", Hint: "leave one of them out"}
	}
	return n, nil
}

// formatOf is the format that is named, or that the file's name tells.
func formatOf(named, file string) (feed.Format, error) {
	if named != "" {
		return feed.ParseFormat(named)
	}
	if file == "-" {
		return feed.JSONL, nil
	}
	if format, ok := feed.FormatOf(file); ok {
		return format, nil
	}
	return "", &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("the name of %s does not tell its format", file), Hint: "add --format csv, tsv, jsonl or paxlst"}
}

// open opens the input, and reads where an earlier run has stopped.
func (s *screening) open(as screenReading) (in io.Reader, size int64, closing func(), err error) {
	nothing := func() {}
	if s.name == "-" {
		if s.flags.resume != "" {
			return nil, 0, nothing, &control.Fault{Exit: control.ExitInput, Message: "standard input cannot be gone on with", Hint: "leave --resume out, or name a file"}
		}
		return s.in, 0, nothing, nil
	}
	file, err := os.Open(s.name)
	if err != nil {
		return nil, 0, nothing, fileFault("", err)
	}
	closing = func() { file.Close() }
	info, err := file.Stat()
	if err != nil {
		closing()
		return nil, 0, nothing, fileFault("", err)
	}
	s.state = screenState{File: filepath.Base(s.name), Size: info.Size(), Modified: info.ModTime().UTC(), As: as}
	if s.flags.resume != "" {
		if s.state, err = s.state.goneOn(s.name, s.flags.resume); err != nil {
			closing()
			return nil, 0, nothing, err
		}
	}
	return file, info.Size(), closing, nil
}

// progress shows on a terminal how far the file is.
func (s *screening) progress(size int64) {
	f, ok := s.err.(*os.File)
	if !ok || size == 0 || !term.IsTerminal(int(f.Fd())) {
		return
	}
	s.bar = progressbar.NewOptions64(size, progressbar.OptionSetDescription("screening"), progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))
}

// aside writes to standard error, past the progress bar.
func (s *screening) aside(format string, args ...any) error {
	if s.bar != nil {
		if err := s.bar.Clear(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.err, format, args...)
	return err
}

// taken is one record, or what was there in its place.
type taken struct {
	feed.Read
	err error
}

// run takes what is there, up to a batch, asks the node and prints: so that a
// stream is answered line by line, and a file goes in large pieces.
func (s *screening) run(ctx context.Context, reader *feed.Reader) error {
	records := make(chan taken, screenBatch)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(records)
		for read, err := range reader.All() {
			select {
			case records <- taken{read, err}:
			case <-stop:
				return
			}
		}
	}()
	var failed error
	for failed == nil {
		var batch []taken
		select {
		case <-ctx.Done():
			return s.end(ctx, ctx.Err())
		case t, ok := <-records:
			if !ok {
				s.state.Done = true
				return s.end(ctx, nil)
			}
			batch = append(batch, t)
		}
	more:
		for len(batch) < screenBatch {
			select {
			case t, ok := <-records:
				if !ok {
					break more
				}
				batch = append(batch, t)
			default:
				break more
			}
		}
		failed = s.ask(ctx, batch)
	}
	return s.end(ctx, failed)
}

// ask screens a batch and prints what came of it.
func (s *screening) ask(ctx context.Context, batch []taken) error {
	request := control.ScreenRequest{Screening: s.asked.Screening}
	var last error
	var asked []taken
	for _, t := range batch {
		var lost *feed.RecordError
		if t.err != nil && !errors.As(t.err, &lost) {
			last = readFault(t.err) // nothing can follow
			break
		}
		if t.Next.Records <= s.from {
			s.state.Position = t.Next
			continue
		}
		asked = append(asked, t)
		if t.err != nil {
			request.Unread++
			continue
		}
		request.Records = append(request.Records, t.Record)
	}
	var answer control.ScreenAnswer
	if len(asked) > 0 {
		if err := s.look(ctx, request, &answer); err != nil {
			return err
		}
	}
	at := 0
	for _, t := range asked {
		var result control.ScreenResult
		if t.err != nil {
			result.Error = recordFault(t.err)
		} else if at < len(answer.Results) {
			result = answer.Results[at]
			at++
		}
		if err := s.show(t, result); err != nil {
			return err
		}
		s.state.Position = t.Next
	}
	if s.bar != nil {
		if err := s.bar.Set64(s.state.Position.Offset); err != nil {
			return err
		}
	}
	if err := s.keep(); err != nil {
		return err
	}
	return last
}

// look has the node look a batch up. A gate at which nobody has come by for an hour
// finds its screening ended, and begins another one of the same officer, for the
// same reason: of what was refused nothing was looked up, so nothing is told twice.
func (s *screening) look(ctx context.Context, request control.ScreenRequest, answer *control.ScreenAnswer) error {
	err := s.call(ctx, "screen", request, answer)
	var fault *control.Fault
	if !errors.As(err, &fault) || fault.Code != exchange.ScreeningEnded {
		return err
	}
	var before control.ScreenAnswer
	if err := s.call(ctx, "screen", control.ScreenRequest{Screening: request.Screening, End: true}, &before); err != nil {
		return err
	}
	if before.Screening != nil {
		s.state.Excluded += before.Screening.Excluded
	}
	if err := s.call(ctx, "screen-begin", s.begin, &s.asked); err != nil {
		return err
	}
	request.Screening = s.asked.Screening
	return s.call(ctx, "screen", request, answer)
}

// screenLine is what --json prints of one record.
type screenLine struct {
	Record string              `json:"record"`
	Line   int64               `json:"line"`
	Hits   []control.ScreenHit `json:"hits"`
	Error  *control.Fault      `json:"error,omitempty"`
	Left   []string            `json:"leftOut,omitempty"` // what of the record could not be read
}

func (s *screening) show(t taken, result control.ScreenResult) error {
	s.state.count(t.Read, result)
	if s.json {
		line := screenLine{Record: t.Record.ID, Line: t.At.Line, Hits: result.Hits, Error: result.Error}
		if line.Hits == nil {
			line.Hits = []control.ScreenHit{}
		}
		line.Left = leftOut(t.Read)
		return s.out.Encode(line)
	}
	if err := s.tellLeft(t.Problems); err != nil {
		return err
	}
	switch {
	case result.Error != nil:
		text := plain(result.Error.Message)
		if result.Error.Hint != "" {
			text += " (" + plain(result.Error.Hint) + ")"
		}
		return s.aside("not screened: %s\n", text)
	case len(result.Hits) == 0 && s.name == "-":
		_, err := fmt.Fprintf(s.app.out, "%s: no hit\n", plain(t.Record.ID))
		return err
	case len(result.Hits) == 0:
		return nil
	}
	if s.bar != nil {
		if err := s.bar.Clear(); err != nil {
			return err
		}
	}
	for _, h := range result.Hits {
		before := ""
		if d := h.Decided; d != nil {
			before = fmt.Sprintf("; decided: %s by %s %s", d.Verdict, plain(string(d.Officer)), stamp(d.At.Time, nil))
		}
		if _, err := fmt.Fprintf(s.app.out, "%s: HIT %s, score %.4f (threshold %.4f), %s%s\n%s\n", plain(t.Record.ID), h.ID.Spoken(), h.Score, h.Threshold, hitOf(h.Case, h.Warner, h.List), before, indent(h.Explanation.Text(h.List != ""), "  ")); err != nil {
			return err
		}
	}
	return nil
}

// leftOut is what of a record could not be read, and was left out.
func leftOut(r feed.Read) (all []string) {
	for _, p := range r.Problems {
		all = append(all, p.Error())
	}
	return all
}

// tellLeft says on standard error what of a record could not be read: the first ones.
func (s *screening) tellLeft(problems []*sheet.Error) error {
	for _, p := range problems {
		if s.told++; s.told > shownLeft {
			return nil
		}
		if err := s.aside("left out: %s\n", plain(p.Error())); err != nil {
			return err
		}
	}
	return nil
}

// hitOf says what put the subject of a hit on watch.
func hitOf(code heed.Code, warner heed.PartyID, list string) string {
	if list != "" {
		return "list " + plain(list)
	}
	return fmt.Sprintf("case %s of %s", code.Spoken(), warner)
}

// keep writes down how far it is, whole or not at all.
func (s *screening) keep() error {
	if s.flags.resume == "" {
		return nil
	}
	return s.state.write(s.flags.resume)
}

// end has the node put the counts on record, and says how to go on where it was
// cut short: that one is on record as not ended.
func (s *screening) end(ctx context.Context, failed error) error {
	if s.bar != nil {
		if err := s.bar.Finish(); err != nil {
			return errors.Join(failed, err)
		}
	}
	if failed == nil {
		failed = s.ended(ctx)
	}
	if kept := s.keep(); failed == nil {
		failed = kept
	}
	if failed == nil {
		return s.over()
	}
	var fault *control.Fault
	message, exit := failed.Error(), control.ExitFault
	if errors.As(failed, &fault) {
		message, exit = fault.Message, fault.Exit
	}
	if errors.Is(failed, context.Canceled) {
		message = "interrupted"
	}
	if err := s.sum(); err != nil {
		return errors.Join(failed, err)
	}
	return &control.Fault{Exit: exit, Message: fmt.Sprintf("%s, after %s and %s", message, counted(int(s.state.Position.Records), "record"), counted(int(s.state.Hits), "hit")), Hint: s.goOn()}
}

// ended tells the node that this was all.
func (s *screening) ended(ctx context.Context) error {
	// Whoever interrupts the command now still has it on record that it was whole.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var answer control.ScreenAnswer
	if err := s.call(last, "screen", control.ScreenRequest{Screening: s.asked.Screening, End: true}, &answer); err != nil {
		s.state.Done = false // the same command ends it
		return err
	}
	if answer.Screening != nil {
		s.state.Excluded += answer.Screening.Excluded
	}
	return nil
}

// over says what came of a file that was screened to its end, now or before.
func (s *screening) over() error {
	if err := s.sum(); err != nil {
		return err
	}
	t := s.state
	text := fmt.Sprintf("%s screened, %s", counted(int(t.Records), "record"), counted(int(t.Hits), "hit"))
	if t.Excluded > 0 {
		text += fmt.Sprintf(", %d more kept back by signed exclusions", t.Excluded)
	}
	if t.Partial > 0 {
		text += fmt.Sprintf(", %d of them without what could not be read of them (--json says what, of each)", t.Partial)
	}
	before := s.asked.Screening == 0
	if before {
		text = fmt.Sprintf("%s has been screened to its end: %s", s.name, text)
	}
	anew := ""
	if s.flags.resume != "" {
		anew = fmt.Sprintf("to screen %s again, remove %s or name another file with --resume", s.name, s.flags.resume)
	}
	switch passed := t.Position.Records; {
	case passed < s.from:
		return &control.Fault{
			Exit: control.ExitInput, Message: fmt.Sprintf("%s has %s, and --from %d passes over more: nothing was screened", inputName(s.name), counted(int(passed), "record"), s.from),
			Hint: "is it the file of which so many were screened?",
		}
	case t.Unread > 0:
		hint := "mend them and screen them: the others are done, and the same record screened twice is the same hit"
		if anew != "" {
			hint += "; " + anew
		}
		return &control.Fault{Exit: control.ExitInput, Message: text + fmt.Sprintf("; %s could not be read, and nobody was looked for there", counted(int(t.Unread), "record")), Hint: hint}
	case before:
		text += "; " + anew
	}
	return s.say(text)
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// sum tells programs that keep how far they are what came of the whole file, in a
// line behind those of the records.
func (s *screening) sum() error {
	if !s.json || s.flags.resume == "" {
		return nil
	}
	return s.out.Encode(screenSummary{screenSum{s.state.Done, s.state.Position.Records, s.state.screenTotals}})
}

// goOn is how a run that was cut short is gone on with.
func (s *screening) goOn() string {
	switch {
	case s.name == "-":
		return "what was answered is done; send the rest again"
	case s.flags.resume != "":
		return "the same command goes on from there"
	case s.state.Position.Records == 0:
		return "nothing was screened; run it again"
	}
	return fmt.Sprintf("add --from %d to go on from there", s.state.Position.Records)
}

// say tells people what was done. Programs that read lines count them.
func (s *screening) say(text string) error {
	if s.json {
		return nil
	}
	return s.aside("%s\n", text)
}

func (a *app) screenLog(ctx context.Context) error {
	var all []control.ScreeningLine
	if err := a.call(ctx, "screenings", struct{}{}, &all); err != nil {
		return err
	}
	return a.print(all, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, "Nothing was screened.")
			return
		}
		t := table(w, "BEGAN", "WHO", "HOW", "TYPE", "RECORDS", "HITS", "UNREAD", "WHY")
		for _, l := range all {
			reason := plain(l.Reason)
			switch {
			case l.Ended == nil:
				reason += " (not ended)"
			case l.Abandoned:
				reason += " (not ended by whoever screened)"
			}
			t.row(stamp(l.Began.Time, nil), plain(l.Asker), string(l.Via), string(l.Type), fmt.Sprint(l.Records), fmt.Sprint(l.Hits), fmt.Sprint(l.Unread), reason)
		}
		t.flush()
	})
}

// readFault is an input that cannot be read at all.
func readFault(err error) error {
	var invalid *heed.Invalid
	if errors.As(err, &invalid) {
		return err
	}
	return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "docs/screening-input.md has the formats and the columns"}
}

// recordFault is why one record was not read.
func recordFault(err error) *control.Fault {
	var invalid *heed.Invalid
	if errors.As(err, &invalid) {
		return &control.Fault{Exit: control.ExitInput, Message: invalid.What, Hint: invalid.Hint}
	}
	return &control.Fault{Exit: control.ExitInput, Message: strings.Join(strings.Fields(err.Error()), " ")}
}

// fieldFault is a flag whose value is none of those that there are.
func fieldFault(flag string, err error) error {
	var field *heed.FieldError
	if errors.As(err, &field) {
		return &control.Fault{Exit: control.ExitInput, Message: flag + " " + field.Problem, Hint: field.Hint}
	}
	return err
}
