package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/evidence"
	"heed/page"
)

func (a *app) verifyCommand() *cobra.Command {
	var policy, out string
	c := &cobra.Command{
		Use: "verify --policy FILE [--page FILE] FILE...", Short: "Verify evidence, offline", Args: cobra.ArbitraryArgs,
		Long: `Verify evidence, offline: no node, no network, nothing but the files and your own
policy, which says whose cards and which witnesses you believe ('heed policy'
writes one). Several files are judged together: a rebuttal beside a certificate
says who is right.

The exit status is 0 where every verdict is proven, for or against whoever made
the files, and 5 where one cannot be told or a signer is unknown.

--page writes the same as one HTML file, to be read in a browser without any
network: with the evidence inside it, or empty where no evidence is named. A
policy is never inside: whoever reads it brings their own.`,
		Example: `  heed verify --policy mine.policy 7K3M.evidence
  heed verify --policy mine.policy silence.evidence rebuttal.evidence --json
  heed verify --page reader.html`,
		RunE: func(c *cobra.Command, args []string) error {
			if out != "" && policy == "" && len(args) == 0 {
				return a.writePage(out)
			}
			return a.verify(policy, out, args)
		},
	}
	c.Flags().StringVar(&policy, "policy", "", "FILE with your own policy")
	c.Flags().StringVar(&out, "page", "", "HTML FILE to write, which shows the same in a browser")
	return c
}

func (a *app) verify(policyFile, out string, files []string) error {
	if policyFile == "" {
		return &control.Fault{Exit: control.ExitInput, Message: "--policy FILE is missing", Hint: "a policy is the verifier's own and never taken from evidence: `heed policy --card CARD --witness URL` writes one"}
	}
	if len(files) == 0 {
		return &control.Fault{Exit: control.ExitInput, Message: "no evidence is named", Hint: "name one or more files that `heed prove` or `heed audit` wrote"}
	}
	policy, err := readPolicy(policyFile)
	if err != nil {
		return err
	}
	var bundles [][]byte
	for _, name := range files {
		data, err := readBounded(name, evidence.MaxBundle)
		if err != nil {
			return err
		}
		if _, err := evidence.Parse(data); err != nil {
			return &control.Fault{Exit: control.ExitEvidence, Message: name + ": " + err.Error(), Hint: "get the file again, whole and unchanged"}
		}
		bundles = append(bundles, data)
	}
	report, err := evidence.Verify(policy, bundles...)
	if errors.Is(err, evidence.ErrDamaged) {
		return &control.Fault{Exit: control.ExitEvidence, Message: err.Error(), Hint: "it proves nothing: ask whoever gave it for another"}
	}
	if err != nil {
		return err
	}
	if out != "" {
		if err := writePageWith(out, files, bundles); err != nil {
			return err
		}
	}
	var shown error
	err = a.print(report, func(w io.Writer) { shown = report.Text(w) })
	if err = errors.Join(err, shown); err != nil {
		return err
	}
	if !report.Holds() {
		return &control.Fault{Exit: control.ExitEvidence, Message: "the evidence does not hold, or not all of it", Hint: "what is missing stands with each verdict"}
	}
	return nil
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

func writePageWith(out string, names []string, bundles [][]byte) error {
	var inside []page.File
	for i, name := range names {
		inside = append(inside, page.File{Name: filepath.Base(name), Data: bundles[i]})
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
	text, err := readBounded(name, evidence.MaxPolicy)
	if err != nil {
		return evidence.Policy{}, err
	}
	policy, err := evidence.ParsePolicy(text)
	if err != nil {
		return policy, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: "docs/policy.md gives the form; `heed policy` writes one"}
	}
	return policy, nil
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
