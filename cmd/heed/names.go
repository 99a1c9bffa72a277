package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"

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

The threshold is that of names alone: on the development list one innocent
traveller in a thousand reaches it. heed screen weighs whole records, with dates
and numbers, against thresholds of its own: what is above or below here need not
be so there. The exit status is 0 above and below it.

No node is needed. With - each line of standard input is two names with a tab
between them; every one is answered with a line: score, threshold, above or
below, the two names. With --json every answer is a JSON object on a line. A line
that is not two names stops no other; the exit status is then 2.`,
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
			if err := cmp.Or(checkHint("a", &left), checkHint("b", &right)); err != nil {
				return err
			}
			model, err := names.Default()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.compareLines(model, left, right)
			}
			for i, name := range args {
				if err := nameFault(name); err != nil {
					err.Message = []string{"the first", "the second"}[i] + " name is none: " + err.Message
					return err
				}
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
	if c.Coverage.Pairs == 0 && len(c.Pairs) > 0 && len(c.Other) > 0 {
		// The first of the others is then that no parts are alike, and initials are.
		c.Other[0].What = "only initials face each other: no part that is written out is like one of the other name"
	}
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

// compareLines answers each line of standard input at once. A line that is not two
// names stops no other.
func (a *app) compareLines(model *names.Model, hintLeft, hintRight names.Hint) error {
	in := bufio.NewReaderSize(a.in, longestNamePair+1) // a byte more, for the line's end
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	bad := 0
	for number := 1; ; number++ {
		line, err := readPair(in)
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *control.Fault
		var compared comparedNames
		if err == nil {
			compared, err = comparePair(model, line, hintLeft, hintRight)
		}
		switch {
		case errors.As(err, &wrong):
			bad++
			wrong.Message = fmt.Sprintf("line %d %s", number, wrong.Message)
			err = a.refusePair(out, number, wrong)
		case err != nil:
			return fileFault("standard input: ", err)
		case a.json:
			err = out.Encode(compared)
		default:
			where := "below"
			if compared.Above {
				where = "above"
			}
			_, err = fmt.Fprintf(a.out, "%.4f\t%.4f\t%s\t%s\t%s\n", compared.Score, compared.Threshold, where, compared.Left, compared.Right)
		}
		if err != nil {
			return err
		}
	}
	if bad > 0 {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s could not be compared", counted(bad, "line")), Hint: "mend them: the others are done"}
	}
	return nil
}

func comparePair(model *names.Model, line string, hintLeft, hintRight names.Hint) (comparedNames, error) {
	left, right, ok := strings.Cut(line, "\t")
	if !ok || strings.Contains(right, "\t") {
		return comparedNames{}, &control.Fault{Exit: control.ExitInput, Message: "is not two names", Hint: "write the two names with one tab between them"}
	}
	for _, name := range []string{left, right} {
		if err := nameFault(name); err != nil {
			err.Message = "has a name that is none: " + err.Message
			return comparedNames{}, err
		}
	}
	return compareNames(model, left, right, hintLeft, hintRight), nil
}

// refusedPair is what --json prints of a line that is not two names.
type refusedPair struct {
	Line  int            `json:"line"`
	Error *control.Fault `json:"error"`
}

func (a *app) refusePair(out *json.Encoder, number int, wrong *control.Fault) error {
	if a.json {
		return out.Encode(refusedPair{number, wrong})
	}
	_, err := fmt.Fprintf(a.err, "not compared: %s (%s)\n", wrong.Message, wrong.Hint)
	return err
}

// readPair reads a line without its end. One that is longer than longestNamePair is
// passed over, and a *control.Fault.
func readPair(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	text := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
	long := len(text) > longestNamePair
	for ; errors.Is(err, bufio.ErrBufferFull); _, err = in.ReadSlice('\n') {
		long = true
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	case long:
		return "", &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("is too long: it has more than %d bytes", longestNamePair), Hint: "write one pair of names a line"}
	case err != nil && len(line) == 0:
		return "", io.EOF
	}
	return text, nil
}

// nameFault says what is wrong with a text in which there is no name; nil: nothing is.
func nameFault(text string) *control.Fault {
	switch {
	case strings.TrimSpace(text) == "":
		return &control.Fault{Exit: control.ExitInput, Message: "it is empty", Hint: "write the name of a person, in any script"}
	case names.Parse(text).Positions == 0:
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%.100q has no letter that can be read", text), Hint: "write the name of a person, in any script"}
	}
	return nil
}

// checkHint refuses a language or a script that there is not: a name would be read as
// if nothing had been said of it. The script comes out in the spelling of ISO 15924.
func checkHint(side string, h *names.Hint) error {
	if h.Language != "" {
		if _, err := language.Parse(h.Language); err != nil {
			return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--language-%s %q is no language", side, h.Language), Hint: "write a tag of BCP 47, as uk, fa or zh-HK"}
		}
	}
	if h.Script != "" {
		script, err := language.ParseScript(h.Script)
		if err != nil {
			return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--script-%s %q is no script", side, h.Script), Hint: "write a code of ISO 15924, as Cyrl, Arab or Jpan"}
		}
		h.Script = script.String()
	}
	return nil
}
