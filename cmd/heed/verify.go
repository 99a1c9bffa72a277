package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"heed/control"
	"heed/evidence"
	"heed/page"
	"heed/wire"
)

func (a *app) verifyCommand() *cobra.Command {
	var policy, out string
	var cards []string
	c := &cobra.Command{
		Use: "verify --policy FILE [--card FILE]... [--page FILE] FILE...", Short: "Verify evidence, offline", Args: cobra.ArbitraryArgs,
		Long: `Verify evidence, offline: no node, no network, nothing but the files and your own
policy, which says whose cards and which witnesses you believe ('heed policy'
writes one). Several files are judged together: a rebuttal beside a certificate
says who is right.

Where evidence is older or newer than the card that your policy pins, --card adds
the party's cards: those between, and the pinned one. They are what 'heed card'
or 'heed card --all' printed, or all of a party's cards at once, as its node
serves them (http://TILES/cards). A card is believed only if the pinned one vouches for it.

The exit status is 0 where every verdict is proven, for or against whoever made
the files, and 5 where one cannot be told or a signer is unknown.

--page writes the same as one HTML file, to be read in a browser without any
network: with the evidence inside it, or empty where no evidence is named. A
policy is never inside: whoever reads it brings their own.`,
		Example: `  heed verify --policy mine.policy 7K3M.evidence
  heed verify --policy mine.policy silence.evidence rebuttal.evidence --json
  heed verify --policy mine.policy --card south-2.card --card south-3.card old.evidence
  heed verify --page reader.html`,
		RunE: func(c *cobra.Command, args []string) error {
			if out != "" && policy == "" && len(args) == 0 && len(cards) == 0 {
				return a.writePage(out)
			}
			return a.verify(policy, out, args, cards)
		},
	}
	c.Flags().StringVar(&policy, "policy", "", "FILE with your own policy")
	c.Flags().StringArrayVar(&cards, "card", nil, "FILE with a party's card, or with all of its cards; may be repeated")
	c.Flags().StringVar(&out, "page", "", "HTML FILE to write, which shows the same in a browser")
	return c
}

func (a *app) verify(policyFile, out string, names, cards []string) error {
	if policyFile == "" {
		return &control.Fault{Exit: control.ExitInput, Message: "--policy FILE is missing", Hint: "a policy is the verifier's own and never taken from evidence: `heed policy --card CARD --witness URL` writes one"}
	}
	if len(names) == 0 {
		return &control.Fault{Exit: control.ExitInput, Message: "no evidence is named", Hint: "name one or more files that `heed prove` or `heed audit` wrote"}
	}
	policy, err := readPolicy(policyFile)
	if err != nil {
		return err
	}
	files, err := readEvidence(names, cards)
	if err != nil {
		return err
	}
	bundles := make([][]byte, len(files))
	for i, f := range files {
		bundles[i] = f.Data
	}
	report, err := evidence.Verify(policy, bundles...)
	if err != nil {
		return damagedFault(err, files)
	}
	if out != "" {
		if err := writePageWith(out, files); err != nil {
			return err
		}
	}
	var shown error
	err = a.print(verified{report, out}, func(w io.Writer) {
		shown = report.Text(w, evidence.Layout{Zone: time.Local, Width: widthOf(w)})
		if out != "" {
			fmt.Fprintf(w, "\n%s is written: it shows the same in a browser, to whoever chooses a policy of their own there\n", out)
		}
	})
	if err = errors.Join(err, shown); err != nil {
		return err
	}
	if !report.Holds() {
		return &control.Fault{Exit: control.ExitEvidence, Message: "the evidence does not hold, or not all of it", Hint: "what is missing stands with each verdict"}
	}
	return nil
}

// verified is what `heed verify --json` prints.
type verified struct {
	evidence.Report
	Page string `json:"page,omitempty"` // the file that was written
}

// readEvidence reads evidence, and cards beside it. Names are as they were given.
func readEvidence(names, cards []string) ([]page.File, error) {
	var files []page.File
	for _, name := range names {
		data, err := readBounded(name, evidence.MaxBundle)
		if err != nil {
			return nil, err
		}
		files = append(files, page.File{Name: name, Data: listedCards(data)})
	}
	for _, name := range cards {
		data, err := readBounded(name, evidence.MaxBundle)
		if err != nil {
			return nil, err
		}
		if data, err = cardsBeside(name, data); err != nil {
			return nil, err
		}
		files = append(files, page.File{Name: name, Data: data})
	}
	return files, nil
}

// listedCards makes of cards that stand one after another, as `heed card --all`
// prints them, the list in which evidence takes several. Anything else it leaves.
func listedCards(data []byte) []byte {
	if notes := splitCards(data); len(notes) > 1 && bytes.HasPrefix(data, []byte(cardFirst)) {
		return wire.JoinNotes(notes)
	}
	return data
}

// cardsBeside reads a file that was named as cards. What is none is a wrong
// argument, and not damaged evidence.
func cardsBeside(name string, data []byte) ([]byte, error) {
	data = listedCards(data)
	notes, err := evidence.ParseCards(data)
	for i := 0; err == nil && i < len(notes); i++ {
		_, err = wire.ParseCard(notes[i])
	}
	if err != nil {
		return nil, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: "a card is what `heed card` prints, and all cards of a party `heed card --all`, or its node at /cards"}
	}
	return data, nil
}

// damagedFault names the file that is damaged.
func damagedFault(err error, files []page.File) error {
	if !errors.Is(err, evidence.ErrDamaged) {
		return err
	}
	message := err.Error()
	var in *evidence.FileError
	if errors.As(err, &in) {
		message = files[in.File].Name + ": " + in.Err.Error()
	}
	return &control.Fault{Exit: control.ExitEvidence, Message: message, Hint: "it proves nothing as it is: get it again, whole and unchanged"}
}

// writePage writes the page without evidence.
func (a *app) writePage(out string) error {
	html, err := page.HTML()
	if err != nil {
		return err
	}
	if err := writeWhole(out, html); err != nil {
		return fileFault("", err)
	}
	return a.print(map[string]any{"file": out, "bytes": len(html)}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d bytes; open it in a browser and choose evidence and your own policy\n", out, len(html))
	})
}

func writePageWith(out string, files []page.File) error {
	var inside []page.File
	for _, f := range files {
		inside = append(inside, page.File{Name: filepath.Base(f.Name), Data: f.Data})
	}
	html, err := page.HTML(inside...)
	if errors.Is(err, page.ErrFiles) {
		return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "write the page without evidence, `heed verify --page FILE`, and give the files beside it"}
	}
	if err != nil {
		return err
	}
	if err := writeWhole(out, html); err != nil {
		return fileFault("", err)
	}
	return nil
}

func readPolicy(name string) (evidence.Policy, error) {
	return readPolicyBy(name, evidence.ParsePolicy)
}

func readPolicyBy(name string, parse func([]byte) (evidence.Policy, error)) (evidence.Policy, error) {
	text, err := readBounded(name, evidence.MaxPolicy)
	if err != nil {
		return evidence.Policy{}, err
	}
	policy, err := parse(text)
	if err != nil {
		return policy, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: "docs/policy.md gives the form; `heed policy` writes one"}
	}
	return policy, nil
}

// widthOf is how many characters a line of the terminal has; 0 where w is none.
func widthOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0 // not a terminal
	}
	return width
}

// readBounded reads a file that somebody else has made.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileFault("", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fileFault("", err)
	}
	if int64(len(data)) > most {
		return nil, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: more than %d bytes", name, most), Hint: "is this the right file?"}
	}
	return data, nil
}
