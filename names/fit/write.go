package fit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"heed/names"
)

// WeightsJSON are the weights as they are stored: a line for each table, so that
// a change reads as what it is.
func (f *Fitted) WeightsJSON() ([]byte, error) {
	raw, err := json.Marshal(f.Weights)
	if err != nil {
		return nil, err
	}
	for _, at := range []string{`"classes":{`, `"costs":`, `"swap":`, `"alike":`, `"rarity":`, `"coverage":`, `"initial":`, `"calibration":`, `"threshold":`} {
		raw = bytes.ReplaceAll(raw, []byte(at), []byte("\n"+at))
	}
	return append(raw, '\n'), nil
}

// FrequencyText is the frequency of tokens as it is stored.
func (f *Fitted) FrequencyText() []byte {
	var counted []string
	for s := range f.Frequency {
		counted = append(counted, s)
	}
	sort.Strings(counted)
	var out bytes.Buffer
	for _, s := range counted {
		fmt.Fprintf(&out, "%s %d\n", s, f.Frequency[s])
	}
	return out.Bytes()
}

// ReportText is what was fitted, for people: names/fit/REPORT.md.
func (f *Fitted) ReportText(beside *Beside) []byte {
	var out bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("# The fit\n")
	line("Written by `go generate ./names`; do not edit. Evidence is in hundredths of a natural logarithm. How well it does is")
	line("measured by `heed bench names` (docs/names.md).\n")
	line("- labelled names: SHA-256 `%s`", f.Weights.Inputs)
	line("- program: SHA-256 `%s`", f.Weights.Program)
	line("- token frequencies counted in %d parts of names; %d different sounds met more than once", f.Weights.Tokens, len(f.Frequency))
	line("- %d rounds of alignment, bins and regression\n", f.Report.Iterations)
	line("| scripts | pairs | parts that belong together | best wrong hits | threshold 0.1 %% | 1 %% | initial | variant | joined | patronymic | contradiction |")
	line("|---|---|---|---|---|---|---|---|---|---|---|")
	for c := range names.Classes {
		w, name := f.Weights.Classes[classOf(c)], classOf(c)
		line("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |", name, f.Report.Pairs[name], f.Report.Parts[name], f.Report.Impostors[name],
			w.Threshold, w.Loose, w.Initial, w.Variant, w.Joined, w.Patronymic, w.Contradiction)
	}
	line("\nClasses without pairs of their own take those of others: alph (Greek, Georgian, Armenian) Cyrillic and Latin; brah (Indic and")
	line("Southeast Asian) Arabic, kana, Cyrillic and Hebrew; othr, cross (two scripts, neither Latin) several; same (one script, not Latin) Latin.")
	row := func(values []int32) string {
		var cells []string
		for _, v := range values {
			cells = append(cells, fmt.Sprint(v))
		}
		return strings.Join(cells, " | ")
	}
	for c := range names.Classes {
		w := f.Weights.Classes[classOf(c)]
		line("\n## %s\n", classOf(c))
		line("log m/u of two parts by length (of both, in sounds), rarity and bin of distance; the last bin is \"not alike\".\n")
		line("| length, rarity |%s", strings.Repeat(" |", names.Bins))
		line("|---|%s", strings.Repeat("---|", names.Bins))
		for l, length := range [names.Lengths]string{"to 6", "to 10", "to 14", "more"} {
			for r, rarity := range [names.Rarities]string{"common", "seen", "rare"} {
				line("| %s, %s | %s |", length, rarity, row(w.Alike[l][r][:]))
			}
		}
		line("\nCoverage: by pairs (rows), and 0, 1, 2 and more unpaired on both sides, each with 0 to 3 and more on one side.\n")
		line("| pairs | 0+0 | 0+1 | 0+2 | 0+3 | 1+0 | 1+1 | 1+2 | 1+3 | 2+0 | 2+1 | 2+2 | 2+3 |")
		line("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
		for p := range 3 {
			var all []int32
			for both := range 3 {
				all = append(all, w.Coverage[p][both][:]...)
			}
			line("| %d | %s |", p+1, row(all))
		}
		line("\nThe cheapest changes of sound: %s.", cheapest(w.Costs))
	}
	line("\n## Beside the name\n")
	line("Natural logarithms of m/u, fitted to the labelled records (m) and to travellers against listed persons (u).\n")
	line("| dates of birth | |\n|---|---|")
	var relations []string
	for r := range beside.Birth {
		relations = append(relations, string(r))
	}
	sort.Slice(relations, func(i, j int) bool {
		a, b := weightOf(beside, relations[i]), weightOf(beside, relations[j])
		return a > b || a == b && relations[i] < relations[j]
	})
	for _, r := range relations {
		line("| %s | %+.2f |", r, weightOf(beside, r))
	}
	line("\nSex: the same %+.2f, different %+.2f. Nationality: shared %+.2f, different %+.2f (from priors, see beside.go).",
		beside.Sex["same"], beside.Sex["different"], beside.Nationality["shared"], beside.Nationality["different"])
	if n := beside.Needed; n != nil {
		line("\n## What a whole record needs\n")
		line("Natural logarithms, by class, so that one innocent record in a thousand has a hit among %d names of persons to watch; each", n.Names)
		line("e times as many names ask for %.2f more (%.2f where dates of birth are compared).\n", n.Growth["name"], n.Growth["dated"])
		line("| scripts | name alone | with dates of birth |\n|---|---|---|")
		for c := range names.Classes {
			line("| %s | %.2f | %.2f |", classOf(c), n.Name[classOf(c)], n.Dated[classOf(c)])
		}
	}
	return out.Bytes()
}

func weightOf(b *Beside, relation string) float64 {
	for r, w := range b.Birth {
		if string(r) == relation {
			return w
		}
	}
	return 0
}

// cheapest are the edits that cost least, other than keeping a sound.
func cheapest(costs names.Costs) string {
	type edit struct {
		x, y int
		cost int16
	}
	var edits []edit
	for x := range len(names.Alphabet) + 1 {
		for y := range len(names.Alphabet) + 1 {
			if x != y {
				edits = append(edits, edit{x, y, costs[x][y]})
			}
		}
	}
	sort.Slice(edits, func(i, j int) bool {
		a, b := edits[i], edits[j]
		if a.cost != b.cost {
			return a.cost < b.cost
		}
		return a.x < b.x || a.x == b.x && a.y < b.y
	})
	letter := func(x int) string {
		if x == 0 {
			return "-"
		}
		return names.Alphabet[x-1 : x]
	}
	var out []string
	for _, e := range edits[:16] {
		out = append(out, fmt.Sprintf("%s>%s %d", letter(e.x), letter(e.y), e.cost))
	}
	return strings.Join(out, ", ")
}
