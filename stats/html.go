package stats

import (
	"crypto/sha256"
	_ "embed" // the report's template and style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"heed"
)

var (
	//go:embed report.html
	reportHTML string
	//go:embed report.css
	reportCSS string
)

// WriteHTML writes the report as one file that asks for nothing: no script, no
// picture or font of elsewhere. It is made for paper as much as for a screen.
func WriteHTML(w io.Writer, r Report) error {
	page, err := template.New("report").Funcs(template.FuncMap{"word": anyWord, "percent": percent, "span": spanOrNone, "amount": amount, "when": func(t Time) string { return stamp(t.Time) }}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, newSheet(r))
}

// sheet is what the template shows.
type sheet struct {
	Report
	Style     template.CSS
	Policy    string // content security policy: this style, and nothing else
	Made      string
	Period    string
	Ended     bool // the period is over: what was overdue at its end is worth a column
	Relations []relationSheet
}

// relationSheet is one relation: what is meant, and apart from it the rest.
type relationSheet struct {
	Place  int
	A, B   heed.PartyID
	Glance []glanceRow
	Sides  []side
	Apart  []apart
}

// apart is what is kept apart, of one status.
type apart struct {
	Title  string
	Status heed.Status
	Sides  []side
}

// glanceRow sets the two directions beside each other.
type glanceRow struct {
	Label        string
	There, Back  string
	Strong, Deep bool // a sum; a part of the row above
}

// side is one direction at one status.
type side struct {
	ID       string
	From, To heed.PartyID
	Note     string // for captions: in whose section they stand
	Empty    bool
	Ended    bool
	All      Line
	Lines    []namedLine
	Reached  chart
	Kept     chart
	Response chart
}

// namedLine is a line under the word of its urgency.
type namedLine struct {
	Label string
	Line
}

func newSheet(r Report) sheet {
	sum := sha256.Sum256([]byte(reportCSS))
	s := sheet{
		Report: r, Style: template.CSS(reportCSS),
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Made:   stamp(r.AsOf.Time), Period: PeriodWords(r),
		Ended: !r.Until.IsZero() && r.Until.Before(r.AsOf.Time),
	}
	for i, relation := range r.Relations {
		view := relationSheet{Place: i + 1, A: relation.Parties[0], B: relation.Parties[1], Glance: glance(relation)}
		sides := func(status heed.Status) (all []side) {
			for j, d := range relation.Directions {
				one := newSide(d, status)
				one.ID, one.Ended = fmt.Sprintf("r%d-%s-%d", i+1, strings.ToLower(string(status)), j+1), s.Ended
				all = append(all, one)
			}
			return all
		}
		view.Sides = sides(heed.StatusActual)
		for _, status := range relation.Statuses() {
			if status != heed.StatusActual {
				view.Apart = append(view.Apart, apart{Title: statusWord(status), Status: status, Sides: sides(status)})
			}
		}
		s.Relations = append(s.Relations, view)
	}
	return s
}

func newSide(d Direction, status heed.Status) side {
	all, some := d.Line(status, AllUrgencies)
	s := side{From: d.From, To: d.To, Empty: !some, All: all}
	if status != heed.StatusActual {
		s.Note = fmt.Sprintf(" (status %s)", status)
	}
	for _, l := range d.Lines {
		if l.Status == status && l.Urgency != AllUrgencies {
			s.Lines = append(s.Lines, namedLine{string(l.Urgency), l})
		}
	}
	switch {
	case !some:
		return s
	case len(s.Lines) == 1: // the sum would say the same again
		s.Lines[0].Label = "All (" + s.Lines[0].Label + ")"
	default:
		s.Lines = append([]namedLine{{"All urgencies", all}}, s.Lines...)
	}
	s.Reached, s.Kept, s.Response = reached(all.Warnings), kept(all.Replies), responses(all.Replies)
	return s
}

// glance sets side by side what the two have sent and how the other replied.
func glance(r Relation) []glanceRow {
	there, _ := r.Directions[0].Line(heed.StatusActual, AllUrgencies)
	back, _ := r.Directions[1].Line(heed.StatusActual, AllUrgencies)
	number := func(label string, deep bool, of func(Figures) int) glanceRow {
		return glanceRow{Label: label, There: fmt.Sprint(of(there.Figures)), Back: fmt.Sprint(of(back.Figures)), Strong: !deep, Deep: deep}
	}
	rate := func(f Figures) string {
		if f.All().Due() == 0 {
			return "none due"
		}
		return fmt.Sprintf("%d (%s)", f.All().Timely, percent(f.All().Timely, f.All().Due()))
	}
	return []glanceRow{
		number("Warnings sent", false, func(f Figures) int { return f.Warnings.Sent }),
		number("received", true, func(f Figures) int { return f.Warnings.Received }),
		number("opened by a person", true, func(f Figures) int { return f.Warnings.Opened }),
		number("acknowledged", true, func(f Figures) int { return f.Warnings.Acknowledged }),
		number("assessed", true, func(f Figures) int { return f.Warnings.Assessed }),
		number("action reported", true, func(f Figures) int { return f.Warnings.Heeded }),
		number(heed.Averted.Words(), true, func(f Figures) int { return f.Warnings.Outcomes[heed.Averted] }),
		number("refused with a reason", true, func(f Figures) int { return f.Warnings.Refused }),
		number("recalled", true, func(f Figures) int { return f.Warnings.Recalled }),
		number("Questions asked", false, func(f Figures) int { return f.Questions.Sent }),
		number("answered", true, func(f Figures) int { return f.Questions.Answered }),
		number("Owed replies that have fallen due", false, func(f Figures) int { return f.All().Due() }),
		{Label: "given on time", There: rate(there.Figures), Back: rate(back.Figures), Deep: true},
		number("given late", true, func(f Figures) int { return f.All().Late }),
		number("overdue now", true, func(f Figures) int { return f.All().Overdue }),
		{Label: "Replies rated by whoever had asked", There: rated(there.Figures), Back: rated(back.Figures), Strong: true},
		{Label: "as meaningful", There: meaningful(there.Figures), Back: meaningful(back.Figures), Deep: true},
	}
}

// rated and meaningful say it in words where nobody has rated anything, which is
// not that nothing was of use.
func rated(f Figures) string {
	if f.Meaningful == nil {
		return "not rated"
	}
	return fmt.Sprint(f.Rated)
}

func meaningful(f Figures) string {
	if f.Meaningful == nil {
		return "–"
	}
	return fmt.Sprintf("%d (%s)", *f.Meaningful, percent(*f.Meaningful, f.Rated))
}

// PeriodWords says which cases are counted.
func PeriodWords(r Report) string {
	switch {
	case r.Since.IsZero() && r.Until.IsZero():
		return "all that were opened"
	case r.Since.IsZero():
		return "opened before " + stamp(r.Until.Time)
	case r.Until.IsZero():
		return "opened from " + stamp(r.Since.Time) + " on"
	}
	return "opened from " + stamp(r.Since.Time) + " up to, and not at, " + stamp(r.Until.Time)
}

func stamp(t time.Time) string { return t.UTC().Format("2 January 2006 15:04:05") + " UTC" }

// percent is cut, never rounded up: 100 % is all of them.
func percent(n, all int) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", n*100/all)
}

// amount is a number with the words for one and for several.
func amount(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

func spanOrNone(s *Span) string {
	if s == nil {
		return "–"
	}
	return s.String()
}

// anyWord is a term in the words of the profession.
func anyWord(term any) string {
	switch t := term.(type) {
	case heed.DutyKind:
		return heed.Capital(t.Words())
	case heed.Disposition:
		return t.Words()
	case heed.Outcome:
		return t.Words()
	}
	return fmt.Sprint(term)
}

// Both is for what the template writes once for each direction.
func (sheet) Both() [2]struct{} { return [2]struct{}{} }

// Dispositions and Outcomes are the terms in their own order, for the template.
func (side) Dispositions() []heed.Disposition { return heed.Dispositions() }

// Outcomes lists them.
func (side) Outcomes() []heed.Outcome { return heed.Outcomes() }
