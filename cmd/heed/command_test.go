package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"heed/control"
)

func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

func testRoot() (root *cobra.Command, out *bytes.Buffer) {
	out = &bytes.Buffer{}
	return newRoot(&app{in: strings.NewReader(""), out: out, err: out, env: func(string) string { return "" }}), out
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	root, _ := testRoot()
	for _, c := range commands(root) {
		if c.Short == "" {
			t.Errorf("%s does not say what it does", c.CommandPath())
		}
		if c.HasSubCommands() && c.Parent() != nil && c.Example == "" {
			continue // its commands have examples
		}
		if !strings.Contains(c.Example, c.CommandPath()) && c.Parent() != nil {
			t.Errorf("%s has no example of itself: %q", c.CommandPath(), c.Example)
		}
		again, out := testRoot()
		again.SetArgs(append(strings.Fields(c.CommandPath())[1:], "--help"))
		if err := again.Execute(); err != nil {
			t.Errorf("%s --help: %v", c.CommandPath(), err)
		}
		if c.Parent() != nil && !strings.Contains(out.String(), "Examples:\n"+c.Example) {
			t.Errorf("%s --help shows no example:\n%s", c.CommandPath(), out)
		}
	}
}

// Help is of commands that there are.
func TestHelpOfAnUnknownCommand(t *testing.T) {
	for args, known := range map[string]bool{
		"accord matrix": false, "accord matrix --help": false, "accord --help matrix": false, "matrix --help": false,
		"accord --help": true, "stats --help": true, "accord propose --help": true, "--help": true,
	} {
		root, out := testRoot()
		root.SetArgs(strings.Fields(args))
		err := execute(t.Context(), root)
		if known != (err == nil) || known != (out.Len() > 0) {
			t.Errorf("%s: %d bytes of help: %v", args, out.Len(), err)
		}
		if err != nil && (!strings.Contains(err.Error(), `unknown command "matrix"`) || complain(io.Discard, err) != control.ExitInput) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestContract holds the commands against the contract, line by line.
func TestContract(t *testing.T) {
	contract, err := os.ReadFile("testdata/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := contractLines(string(contract))
	if len(lines) != 36 {
		t.Fatalf("%d commands were found in the contract, and it has 36", len(lines))
	}
	root, out := testRoot()
	root.SetArgs([]string{"--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	help := out.String()
	for _, line := range lines {
		c, rest, err := root.Find(line.path)
		if err != nil || len(rest) > 0 || !c.Runnable() {
			t.Errorf("heed %s is no command: %v", strings.Join(line.path, " "), err)
			continue
		}
		if !regexp.MustCompile(`(?m)^  ` + line.path[0] + ` `).MatchString(help) {
			t.Errorf("heed --help does not list %s", line.path[0])
		}
		line.check(t, c)
	}
	for _, flag := range []string{"home", "as", "json"} {
		if root.PersistentFlags().Lookup(flag) == nil {
			t.Errorf("there is no --%s on every command", flag)
		}
	}
}

// contractLine is one command of the contract.
type contractLine struct {
	path  []string
	flags map[string]bool // whether it takes a value
	args  [2]int          // the least and the most number of arguments
}

func (l contractLine) check(t *testing.T, c *cobra.Command) {
	t.Helper()
	for name, valued := range l.flags {
		flag := c.Flags().Lookup(name)
		switch {
		case flag == nil:
			t.Errorf("%s has no --%s", c.CommandPath(), name)
		case (flag.Value.Type() != "bool") != valued:
			t.Errorf("%s --%s is of type %s", c.CommandPath(), name, flag.Value.Type())
		}
	}
	for n := range 5 {
		fits := c.Args(c, slices.Repeat([]string{"x"}, n)) == nil
		if n >= l.args[0] && n <= l.args[1] && !fits {
			t.Errorf("%s does not take %d arguments", c.CommandPath(), n)
		}
		if n > l.args[1] && fits {
			t.Errorf("%s takes %d arguments, and the contract has %d at most", c.CommandPath(), n, l.args[1])
		}
	}
}

var (
	optional    = regexp.MustCompile(`\[([^\]]*)\](\.\.\.)?`)
	commandWord = regexp.MustCompile(`^[a-z]+$`)
)

// contractLines reads the table of commands: `heed COMMAND [SUB] ARGUMENT...
// [--flag VALUE] | SUB ...`. What stands behind two blanks is a remark, unless
// it begins with a bar: then it is another subcommand of the same command, or
// another command.
func contractLines(contract string) []contractLine {
	_, table, _ := strings.Cut(contract, "```\n")
	table, _, _ = strings.Cut(table, "```")
	var lines []contractLine
	for _, row := range strings.Split(table, "\n") {
		rest, ok := strings.CutPrefix(row, "heed ")
		if !ok {
			continue
		}
		usage, remark, _ := strings.Cut(rest, "  ")
		remark = strings.TrimSpace(remark)
		others, isList := strings.CutPrefix(remark, "| ")
		first := strings.Fields(usage)
		group := len(first) > 1 && slices.Contains([]string{"officer", "peer", "ledger"}, first[0])
		alternatives := splitAlternatives(usage)
		if isList {
			alternatives = append(alternatives, splitAlternatives(others)...)
		}
		for i, a := range alternatives {
			if i > 0 && group {
				a = first[0] + " " + a
			}
			lines = append(lines, readContractLine(a, group))
		}
	}
	return lines
}

// splitAlternatives splits at bars that stand between blanks and in no brackets.
func splitAlternatives(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i := range s {
		switch {
		case s[i] == '[':
			depth++
		case s[i] == ']':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], " | "):
			parts, start = append(parts, strings.TrimSpace(s[start:i])), i+3
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

func readContractLine(usage string, group bool) contractLine {
	l := contractLine{flags: map[string]bool{}}
	for _, inner := range optional.FindAllStringSubmatch(usage, -1) {
		// Of several forms, all are optional and the longest counts.
		most := 0
		for _, form := range strings.Split(inner[1], "|") {
			most = max(most, l.words(strings.Fields(form)))
		}
		l.args[1] += most
	}
	words := strings.Fields(optional.ReplaceAllString(usage, ""))
	l.path, words = words[:1], words[1:]
	if group && len(words) > 0 && commandWord.MatchString(words[0]) {
		l.path, words = append(l.path, words[0]), words[1:]
	}
	n := l.words(words)
	l.args = [2]int{n, n + l.args[1]}
	return l
}

// words reads flags and counts arguments.
func (l *contractLine) words(words []string) (args int) {
	for i := 0; i < len(words); i++ {
		name, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag {
			args++
			continue
		}
		valued := i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") && (name != "yes")
		l.flags[name] = valued
		if valued {
			i++
		}
	}
	return args
}
