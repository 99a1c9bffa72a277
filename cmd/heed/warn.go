package main

import (
	"context"
	"fmt"
	"io"
	"mime"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
)

func (a *app) warnCommand() *cobra.Command {
	var to, attach []string
	var accord, contact, out string
	var keep bool
	c := &cobra.Command{
		Use: "warn [--to PARTY]... [--accord ID] [--letter CONTACT] FILE|-", Short: "Send a warning", Args: cobra.ExactArgs(1),
		Long: `Send a warning, written as YAML or JSON (docs/warning.md), to one or more
parties. Each recipient has a case of its own and learns nothing of the others;
one code names them all on this side.

With --accord the clocks, ladders and rules of that accord hold in the place of
those of the recipients' cards; with no --to, it goes to all whom the accord
binds, and to its observers. Where the accord asks for a second officer or for a
rights check, the warning is kept as a draft, which heed release sends under the
same code; with --draft it is in any case.

With --letter it goes to a partner without heed, which heed contact lists: a
one-sided case is opened, and a letter is written to print or to mail. It has not
left until that is recorded (docs/letters.md).`,
		Example: `  heed warn --as jens --to south.example --attach plan.pdf testdata/warning.yaml
  heed warn --as jens --to south.example --to east.example -  < warning.yaml
  heed warn --as jens --accord 9f2c41d0 testdata/warning.yaml
  heed warn --as jens --letter harbour-ops --out letter.html testdata/warning.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			request, err := a.warnRequest(args[0], attach)
			if err != nil {
				return err
			}
			request.To, request.Accord, request.Draft = to, accord, keep
			if contact != "" {
				return a.warnByLetter(c.Context(), request, contact, out)
			}
			if out != "" {
				return &control.Fault{Exit: control.ExitInput, Message: "--out is where a letter is written", Hint: "name to whom with --letter CONTACT"}
			}
			var answer control.WarnAnswer
			if err := a.call(c.Context(), "warn", request, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				defer func() {
					for _, path := range answer.Unfindable {
						fmt.Fprintf(w, "%s: very many bear this name, and it alone makes no record a hit; once a date of birth or the number of a document is known, `heed correct` adds it\n", path)
					}
				}()
				if answer.State == control.StateDrafted {
					fmt.Fprintf(w, "draft %s, to %s; it is not sent until an officer releases it\n", answer.Case.Spoken(), strings.Join(words(answer.To), ", "))
					return
				}
				fmt.Fprintf(w, "case %s, to %s\n", answer.Case.Spoken(), strings.Join(words(answer.To), ", "))
			})
		},
	}
	f := c.Flags()
	f.BoolVar(&keep, "draft", false, "keep it as a draft, for another officer to release")
	f.StringArrayVar(&to, "to", nil, "PARTY that is warned; repeat it for several")
	f.StringArrayVar(&attach, "attach", nil, "FILE that goes with it, byte for byte; repeat it for several")
	if err := c.RegisterFlagCompletionFunc("to", a.completePeers); err != nil {
		panic(err) // the flag is defined above
	}
	f.StringVar(&accord, "accord", "", "ID of the accord under which it is sent; eight digits are enough")
	f.StringVar(&contact, "letter", "", "CONTACT, a partner without heed, to whom it goes as a letter")
	f.StringVar(&out, "out", "", "with --letter: FILE to write the letter to; .html: a page to print")
	if err := c.RegisterFlagCompletionFunc("letter", a.completeContact); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

// warnRequest reads what the officer wrote, and what goes with it.
func (a *app) warnRequest(path string, attach []string) (control.WarnRequest, error) {
	request := control.WarnRequest{Officer: a.officer()}
	source, err := readFile(a.in, path, draft.MaxSource)
	if err != nil {
		return request, err
	}
	if request.Warning, err = draft.WarningAt(path, source, time.Now()); err != nil {
		return request, err
	}
	for _, path := range attach {
		data, err := readFile(nil, path, heed.LargestEnvelope)
		if err != nil {
			return request, err
		}
		request.Attachments = append(request.Attachments, control.AttachmentForm{Name: filepath.Base(path), MediaType: attachedAs(request.Warning, filepath.Base(path)), Data: data})
	}
	return request, nil
}

// attachedAs is the media type that the warning gives a file, or else the one
// that its name suggests.
func attachedAs(w heed.Warning, name string) string {
	for _, a := range w.Attachments {
		if a.Name == name {
			return a.MediaType
		}
	}
	return mediaType(name)
}

// mediaType goes by the file's name: the contents are the sender's to vouch
// for. Parameters are left out, because signed text has no room for blanks.
func mediaType(path string) string {
	known := map[string]string{".json": "application/json", ".xml": "application/xml", ".yaml": "application/yaml", ".yml": "application/yaml", ".txt": "text/plain", ".pdf": "application/pdf", ".csv": "text/csv", ".jpg": "image/jpeg", ".png": "image/png"}
	ext := strings.ToLower(filepath.Ext(path))
	if media, ok := known[ext]; ok {
		return media
	}
	media, _, err := mime.ParseMediaType(mime.TypeByExtension(ext))
	if err != nil {
		return "application/octet-stream"
	}
	return media
}

func (a *app) amendCommand(verb, use, short, done string) *cobra.Command {
	var attach []string
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(2),
		Example: "  heed " + verb + " 7K3M-Q2XA --as jens testdata/" + verb + ".yaml",
		RunE: func(c *cobra.Command, args []string) error {
			request, err := a.warnRequest(args[1], attach)
			if err != nil {
				return err
			}
			request.Case = args[0]
			return a.amend(c.Context(), verb, request, done)
		},
	}
	c.Flags().StringArrayVar(&attach, "attach", nil, "FILE that goes with it; repeat it for several")
	return c
}

func (a *app) amend(ctx context.Context, verb string, request control.WarnRequest, done string) error {
	var answer control.AmendAnswer
	if err := a.call(ctx, verb, request, &answer); err != nil {
		return err
	}
	return a.print(answer, func(w io.Writer) {
		if answer.State == control.StateDrafted {
			fmt.Fprintf(w, "case %s: draft %s; it is not sent until an officer releases it\n", answer.Case.Spoken(), answer.Draft.Spoken())
			return
		}
		fmt.Fprintf(w, "case %s: %s, to %s\n", answer.Case.Spoken(), done, strings.Join(words(answer.To), ", "))
	})
}

func (a *app) supplementCommand() *cobra.Command {
	return a.amendCommand("supplement", "supplement CASE FILE|-", "Add to a warning of ours; it is to be acknowledged again", "supplemented")
}

func (a *app) correctCommand() *cobra.Command {
	c := a.amendCommand("correct", "correct CASE FILE|-", "Replace what a warning of ours says; it is to be acknowledged again", "corrected")
	c.Example = "  heed correct 7K3M-Q2XA --as jens testdata/correction.yaml"
	return c
}

func (a *app) recallCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "recall CASE --reason TEXT", Short: "Withdraw a warning of ours; it ends what is owed for it", Args: cobra.ExactArgs(1),
		Example: `  heed recall 7K3M-Q2XA --as jens --reason "the source withdrew"`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.amend(c.Context(), "recall", control.WarnRequest{Officer: a.officer(), Case: args[0], Reason: reason}, "recalled")
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; the other party reads it")
	return c
}
