package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/names"
)

func (a *app) namesCommand() *cobra.Command {
	c := &cobra.Command{Use: "names", Short: "Compare personal names across scripts"}
	c.AddCommand(a.namesCompareCommand())
	return c
}

// longestNamePair is the longest line of names compare -, in bytes.
const longestNamePair = 64 << 10

func (a *app) namesCompareCommand() *cobra.Command {
	var left, right names.Hint
	c := &cobra.Command{
		Use: "compare A B | -", Short: "Compare two names and explain the score",
		Long: `Compare two personal names in any scripts and explain the score: which part
of one faces which part of the other, how each was read, what each pair says
for or against one person, and the sum. The order of the parts, case, spacing
and normal forms make no difference, nor does which name comes first.

The threshold is the default one: on the development list one innocent traveller
in a thousand reaches it. The exit status is 0 above and below it.

No node is needed. With - each line of standard input is two names with a tab
between them; every one is answered with a line: score, threshold, above or
below, the two names. With --json every answer is a JSON object on a line.`,
		Example: `  heed names compare "Tamerlan Tsarnaev" "Царнаев Тамерлан"
  heed names compare "Andriy Shevchuk" "Андрій Шевчук" --language-b uk
  cut -f3,7 pairs.tsv | heed names compare - --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 2 || len(args) == 1 && args[0] == "-" {
				return nil
			}
			return errors.New("two names are compared, or - for lines of standard input")
		},
		RunE: func(_ *cobra.Command, args []string) error {
			model, err := names.Default()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.compareLines(model, left, right)
			}
			compared := compareNames(model, args[0], args[1], left, right)
			return a.print(compared, func(w io.Writer) { fmt.Fprint(w, compared.text) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&left.Language, "language-a", "", "BCP 47 TAG of the first name's language, as uk or fa")
	flags.StringVar(&right.Language, "language-b", "", "BCP 47 TAG of the second name's language")
	flags.StringVar(&left.Script, "script-a", "", "ISO 15924 CODE of the first name's script; Jpan reads Han characters as Japanese")
	flags.StringVar(&right.Script, "script-b", "", "ISO 15924 CODE of the second name's script")
	return c
}

// comparedNames is the answer of names compare, as JSON has it. Evidence is in
// natural logarithms.
type comparedNames struct {
	Left      string          `json:"left"`
	Right     string          `json:"right"`
	Class     string          `json:"class"`
	LLR       float64         `json:"llr"`
	Score     float64         `json:"score"`
	Threshold float64         `json:"threshold"`
	Above     bool            `json:"above"`
	Pairs     []comparedPair  `json:"pairs"`
	Unpaired  []unpairedPart  `json:"unpaired,omitempty"`
	Other     []otherEvidence `json:"other,omitempty"`
	Rules     []string        `json:"rules,omitempty"`
	Model     string          `json:"model"`

	text string
}

type comparedPair struct {
	Left      string  `json:"left"`
	Right     string  `json:"right"`
	ReadLeft  string  `json:"read_left"`
	ReadRight string  `json:"read_right"`
	How       string  `json:"how"`
	LLR       float64 `json:"llr"`
}

type unpairedPart struct {
	Of   string `json:"of"` // left or right
	Part string `json:"part"`
	Kind string `json:"kind"`
}

type otherEvidence struct {
	What string  `json:"what"`
	LLR  float64 `json:"llr"`
}

func compareNames(model *names.Model, left, right string, hintLeft, hintRight names.Hint) comparedNames {
	c := model.Compare(names.ParseHinted(left, hintLeft), names.ParseHinted(right, hintRight))
	out := comparedNames{
		Left: left, Right: right, Class: c.Class.String(), LLR: c.LLR, Score: c.Score, Threshold: c.Threshold, Above: c.Above(),
		Pairs: []comparedPair{}, Rules: c.Rules, Model: c.ModelVersion, text: c.Text(),
	}
	for _, p := range c.Pairs {
		out.Pairs = append(out.Pairs, comparedPair{p.Left.Text, p.Right.Text, p.LeftReading().Latin, p.RightReading().Latin, p.Words(), p.LLR()})
	}
	for _, u := range c.Unpaired {
		side := "right"
		if u.Left {
			side = "left"
		}
		out.Unpaired = append(out.Unpaired, unpairedPart{side, u.Token.Text, u.Token.Kind.String()})
	}
	for _, o := range c.Other {
		out.Other = append(out.Other, otherEvidence{o.What, float64(o.Points) / 100})
	}
	return out
}

// compareLines answers each line of standard input at once.
func (a *app) compareLines(model *names.Model, hintLeft, hintRight names.Hint) error {
	lines := bufio.NewScanner(a.in)
	lines.Buffer(nil, longestNamePair)
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	number := 0
	for lines.Scan() {
		number++
		left, right, ok := strings.Cut(lines.Text(), "\t")
		if !ok || strings.Contains(right, "\t") {
			return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("line %d is not two names", number), Hint: "write the two names with one tab between them"}
		}
		compared := compareNames(model, left, right, hintLeft, hintRight)
		var err error
		if a.json {
			err = out.Encode(compared)
		} else {
			where := "below"
			if compared.Above {
				where = "above"
			}
			_, err = fmt.Fprintf(a.out, "%.4f\t%.4f\t%s\t%s\t%s\n", compared.Score, compared.Threshold, where, left, right)
		}
		if err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("line %d: %v", number+1, err), Hint: fmt.Sprintf("a line has at most %d bytes", longestNamePair)}
	}
	return nil
}
