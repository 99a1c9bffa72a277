package stats

import (
	"fmt"
	"math"
	"time"

	"heed"
)

// Charts are measured in units of the SVG's view box, which report.html makes
// 520 wide: names on the left, the plot, numbers on the right.
const (
	plotLeft  = 150
	plotWidth = 280
	rowHeight = 26
	barHeight = 16
)

// units is a length with one decimal, as SVG attributes have it.
type units float64

func (u units) String() string { return fmt.Sprintf("%.1f", float64(u)) }

// Plus is for texts beside a shape.
func (u units) Plus(more float64) units { return u + units(more) }

// chart is one picture. Its rows are of one of three sorts.
type chart struct {
	Height units
	Rows   []chartRow
	Ticks  []tick
}

// chartRow is a name, what is drawn for it, and a number in words.
type chartRow struct {
	Label string
	Text  string
	Y     units // upper edge
	Parts []part
	From  units // of the line between the two dots
	To    units
	Dots  bool
}

// part is a piece of a bar; Class says what it stands for.
type part struct {
	X, Width units
	Class    string
	Title    string
}

// tick is a mark of the axis.
type tick struct {
	X     units
	Label string
}

// Base is the y at which a row's text stands.
func (r chartRow) Base() units { return r.Y + 13 }

// Middle is the y of a row's dots.
func (r chartRow) Middle() units { return r.Y + barHeight/2 }

// AxisY is the y of the axis below the rows.
func (c chart) AxisY() units { return units(4 + rowHeight*len(c.Rows)) }

func (c *chart) add(r chartRow) {
	r.Y = units(4 + rowHeight*len(c.Rows))
	c.Rows = append(c.Rows, r)
	c.Height = r.Y + rowHeight
}

// reached draws how far the warnings have come, against those that were sent.
func reached(w Warnings) chart {
	var c chart
	for _, step := range []struct {
		label string
		n     int
	}{
		{"Sent", w.Sent}, {"Received", w.Received}, {"Opened", w.Opened}, {"Acknowledged", w.Acknowledged},
		{"Assessed", w.Assessed}, {"Action reported", w.Heeded}, {"Concluded", w.Concluded},
	} {
		row := chartRow{Label: step.label, Text: fmt.Sprint(step.n)}
		if step.n > 0 {
			row.Parts = []part{{X: plotLeft, Width: share(step.n, w.Sent), Class: "reached", Title: fmt.Sprintf("%s: %d of %d", step.label, step.n, w.Sent)}}
		}
		c.add(row)
	}
	return c
}

// share is n of all, as a part of the plot.
func share(n, all int) units { return units(plotWidth * float64(n) / float64(all)) }

// kept draws what became of the replies that were owed, by duty.
func kept(replies []Replies) chart {
	most := 0
	for _, r := range replies {
		most = max(most, r.Owed)
	}
	var c chart
	for _, r := range replies {
		row := chartRow{Label: heed.Capital(r.Duty.Words()), Text: ofDue(r)}
		at := units(plotLeft)
		for _, piece := range []struct {
			class, title string
			n            int
		}{
			{"timely", "on time", r.Timely}, {"late", "late", r.Late}, {"overdue", "overdue now", r.Overdue},
			{"open", "not yet due", r.Open}, {"recalled", "ended by a recall", r.Recalled},
		} {
			if piece.n > 0 {
				width := share(piece.n, most)
				row.Parts = append(row.Parts, part{X: at, Width: width, Class: piece.class, Title: fmt.Sprintf("%s: %d %s", row.Label, piece.n, piece.title)})
				at += width
			}
		}
		c.add(row)
	}
	return c
}

// ofDue says how many were on time of those that should have been given.
func ofDue(r Replies) string {
	if r.Due() == 0 {
		return "none due"
	}
	return fmt.Sprintf("%d of %d", r.Timely, r.Due())
}

// axis are the times that a reader knows. Response times span six powers of
// ten, so the axis is logarithmic.
var axis = []struct {
	at    time.Duration
	label string
}{
	{time.Second, "1 s"}, {10 * time.Second, "10 s"}, {time.Minute, "1 min"}, {10 * time.Minute, "10 min"}, {time.Hour, "1 h"},
	{8 * time.Hour, "8 h"}, {24 * time.Hour, "1 d"}, {7 * 24 * time.Hour, "7 d"}, {30 * 24 * time.Hour, "30 d"}, {365 * 24 * time.Hour, "1 y"}, {3 * 365 * 24 * time.Hour, "3 y"},
}

// responses draws median and 90th percentile of each duty that has them. The
// axis begins and ends at the marks around them.
func responses(replies []Replies) chart {
	first, last := len(axis)-1, 0
	for _, r := range replies {
		if r.Median == nil {
			continue
		}
		for _, d := range []time.Duration{time.Duration(*r.Median), time.Duration(*r.Ninetieth)} {
			below, above := 0, len(axis)-1
			for i, mark := range axis {
				if mark.at <= d {
					below = i
				}
			}
			for i := len(axis) - 1; i >= 0 && axis[i].at >= d; i-- {
				above = i
			}
			first, last = min(first, below), max(last, above)
		}
	}
	if first == last { // all on one mark
		first, last = max(first-1, 0), min(last+1, len(axis)-1)
	}
	low, high := math.Log(axis[first].at.Seconds()), math.Log(axis[last].at.Seconds())
	place := func(d time.Duration) units {
		seconds := max(d.Seconds(), axis[first].at.Seconds())
		return units(plotLeft + plotWidth*min((math.Log(seconds)-low)/(high-low), 1))
	}
	var c chart
	for _, r := range replies {
		if r.Median != nil {
			c.add(chartRow{Label: heed.Capital(r.Duty.Words()), Dots: true, From: place(time.Duration(*r.Median)), To: place(time.Duration(*r.Ninetieth)),
				Text: fmt.Sprintf("%d given", r.Given())})
		}
	}
	if len(c.Rows) == 0 {
		return c
	}
	for _, mark := range axis[first : last+1] {
		c.Ticks = append(c.Ticks, tick{place(mark.at), mark.label})
	}
	c.Height += 18
	return c
}
