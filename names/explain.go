package names

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"golang.org/x/text/width"
)

// words tells the coverage.
func (v Coverage) words() string {
	s := fmt.Sprintf("%d parts face each other", v.Pairs)
	if v.Pairs == 1 {
		s = "one part faces another"
	}
	switch {
	case v.Both == 1:
		s += ", one of each name faces none"
	case v.Both > 1:
		s += fmt.Sprintf(", %d of each name face none", v.Both)
	}
	switch {
	case v.More == 1:
		s += ", one more in one name"
	case v.More > 1:
		s += fmt.Sprintf(", %d more in one name", v.More)
	}
	return s
}

// explain orders the pairs and collects the rules.
func (c *Comparison) explain() {
	sort.SliceStable(c.Pairs, func(i, j int) bool { return c.Pairs[i].Points > c.Pairs[j].Points })
	for _, p := range c.Pairs {
		for _, rule := range []string{p.LeftReading().Rule, p.RightReading().Rule} {
			if rule != "" && !slices.Contains(c.Rules, rule) {
				c.Rules = append(c.Rules, rule)
			}
		}
		if p.Left.Joined || p.Right.Joined {
			c.addRule("parts written as one")
		}
		if (p.Left.Flags | p.Right.Flags).Has(VowelsUnwritten) {
			c.addRule("vowels unwritten")
		}
	}
	slices.Sort(c.Rules)
}

func (c *Comparison) addRule(rule string) {
	if !slices.Contains(c.Rules, rule) {
		c.Rules = append(c.Rules, rule)
	}
}

// LeftReading is the reading of the left token that is closest to the right one.
func (p Pair) LeftReading() Form { return p.Left.Forms[p.LeftForm] }

// RightReading is the reading of the right token that is closest to the left one.
func (p Pair) RightReading() Form { return p.Right.Forms[p.RightForm] }

// Words says how the two are alike, and how rare they are.
func (p Pair) Words() string {
	var how string
	switch {
	case p.Initial:
		return "initial"
	case p.Variant:
		how = "forms of one name"
	case p.LeftReading().Sounds == p.RightReading().Sounds:
		how = "the same sounds"
	case p.Bin <= 2:
		how = "nearly the same sounds"
	case p.Bin <= 6:
		how = "close in sound"
	case p.Bin <= 10:
		how = "remotely close in sound"
	default:
		how = "hardly alike in sound"
	}
	if p.Parts > 1 {
		how += fmt.Sprintf(", counted as %d parts", p.Parts)
	}
	return how + fmt.Sprintf(", about 1 part in %s", rounded(math.Exp(float64(p.Surprise)/100)))
}

// rounded writes a number with two figures that count.
func rounded(n float64) string {
	if n < 1 {
		n = 1
	}
	unit := math.Pow(10, max(math.Floor(math.Log10(n))-1, 0))
	return fmt.Sprintf("%.0f", math.Round(n/unit)*unit)
}

// Text is the explanation in plain sentences and columns: which part faces
// which and what each says, so that the sum can be made with pencil and paper.
// Text of right-to-left scripts stands between isolates (UAX #9), so that the
// columns stay where they are.
func (c Comparison) Text() string {
	var out strings.Builder
	var left, right, readLeft, readRight []string
	for _, p := range c.Pairs {
		left, right = append(left, p.Left.Text), append(right, p.Right.Text)
		readLeft, readRight = append(readLeft, p.LeftReading().Latin), append(readRight, p.RightReading().Latin)
	}
	pairs := len(left)
	for _, u := range c.Unpaired {
		l, r := u.Token.Text, "-"
		if !u.Left {
			l, r = r, l
		}
		left, right = append(left, l), append(right, r)
	}
	line := func(title string, cells []string) {
		fmt.Fprintf(&out, "%-10s", title)
		for i, cell := range cells {
			wide := 0
			for _, other := range [][]string{left, right, readLeft, readRight} {
				if i < len(other) {
					wide = max(wide, columns(other[i]))
				}
			}
			out.WriteString("\u2068" + cell + "\u2069" + strings.Repeat(" ", wide-columns(cell)+2))
		}
		out.WriteString("\n")
	}
	line("left", left)
	line("right", right)
	if pairs > 0 {
		line("read", readLeft)
		line("and", readRight)
	}
	out.WriteString("\n")
	for _, p := range c.Pairs {
		fmt.Fprintf(&out, "%+8.2f  %s / %s: %s\n", float64(p.Points)/100, p.LeftReading().Latin, p.RightReading().Latin, p.Words())
	}
	for _, o := range c.Other {
		fmt.Fprintf(&out, "%+8.2f  %s\n", float64(o.Points)/100, o.What)
	}
	fmt.Fprintf(&out, "%+8.2f  evidence together (natural logarithm of the likelihood ratio)\n\n", c.LLR)
	if len(c.Rules) > 0 {
		fmt.Fprintf(&out, "rules      %s\n", strings.Join(c.Rules, "; "))
	}
	where := "below"
	if c.Above() {
		where = "above"
	}
	fmt.Fprintf(&out, "score      %.4f, %s the threshold %.4f (%+.2f)\n", c.Score, where, c.Threshold, float64(c.Needed)/100)
	fmt.Fprintf(&out, "scripts    %s, model %s\n", c.Class, c.ModelVersion)
	return out.String()
}

// columns is how many columns a terminal gives a text: two for wide characters,
// none for marks that join the letter before.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r >= 0x300 && r < 0x370 || r >= 0x610 && r < 0x61b || r >= 0x64b && r < 0x660 || r >= 0x591 && r < 0x5c8 || r == 0x200d || r == 0x200c:
		case width.LookupRune(r).Kind() == width.EastAsianWide || width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
