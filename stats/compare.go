package stats

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
)

// Difference is where two counts of the same period differ, and where that
// comes from as far as the two lists of what was counted show it.
type Difference struct {
	Parties [2]heed.PartyID    `json:"parties"` // whose counts these are, in the order of Values
	Figures []FigureDifference `json:"figures"`
	Cases   []CaseDifference   `json:"cases"`
}

// FigureDifference is one figure that the two count otherwise.
type FigureDifference struct {
	From    heed.PartyID `json:"from"`
	To      heed.PartyID `json:"to"`
	Urgency heed.Urgency `json:"urgency"`
	About   string       `json:"about"`
	Figure  string       `json:"figure"`
	Span    bool         `json:"milliseconds"` // a response time
	Values  [2]*uint64   `json:"values"`       // nil: that one has no such response time
}

// CaseDifference is a case of which the two have counted other statements.
type CaseDifference struct {
	Case heed.CaseID `json:"-"`
	ID   string      `json:"id"`
	Code heed.Code   `json:"case"`
	// OnlyWith is the party that alone has counted the case; empty: both have.
	OnlyWith heed.PartyID     `json:"onlyWith,omitempty"`
	Said     []SaidDifference `json:"statements"` // of a case that one alone has counted, all of them
}

// SaidDifference is a statement that one of the two has not counted.
type SaidDifference struct {
	ID       string       `json:"id"`
	Kind     heed.Kind    `json:"kind"`
	OnlyWith heed.PartyID `json:"onlyWith"`
}

// None reports whether the two say the same.
func (d Difference) None() bool { return len(d.Figures) == 0 }

// Compare sets two counts beside each other. The bodies must count the same
// (heed.FiguresBody.SameScope). A list may be nil where its party gave none.
func Compare(parties [2]heed.PartyID, bodies [2]heed.FiguresBody, counted [2][]heed.CountedCase) Difference {
	d := Difference{Parties: parties, Figures: []FigureDifference{}, Cases: []CaseDifference{}}
	type key struct {
		from        heed.PartyID
		urgency     heed.Urgency
		about, name string
	}
	values := map[key][2]*uint64{}
	for i, b := range bodies {
		for _, l := range b.Lines {
			k := key{l.From, l.Urgency, l.About, l.Name}
			both := values[k]
			both[i] = &l.Value
			values[k] = both
		}
	}
	pair := bodies[0].Pair
	for _, from := range pair {
		to := pair[0]
		if from == pair[0] {
			to = pair[1]
		}
		for _, urgency := range append([]heed.Urgency{AllUrgencies}, heed.Urgencies()...) {
			for _, n := range heed.FigureNames() {
				both := values[key{from, urgency, n.About, n.Name}]
				if !n.Span {
					for i := range both {
						if both[i] == nil {
							both[i] = new(uint64)
						}
					}
				}
				if same(both) {
					continue
				}
				d.Figures = append(d.Figures, FigureDifference{From: from, To: to, Urgency: urgency, About: n.About, Figure: n.Name, Span: n.Span, Values: both})
			}
		}
	}
	d.Cases = compareCases(parties, counted)
	return d
}

func same(values [2]*uint64) bool {
	if values[0] == nil || values[1] == nil {
		return values[0] == values[1]
	}
	return *values[0] == *values[1]
}

// compareCases lists the cases of which the two have counted different
// statements, in the order of their ids.
func compareCases(parties [2]heed.PartyID, counted [2][]heed.CountedCase) []CaseDifference {
	type seen struct {
		code heed.Code
		said [2]*heed.CountedCase
	}
	cases := map[heed.CaseID]seen{}
	var order []heed.CaseID
	for i, all := range counted {
		for j, c := range all {
			s, ok := cases[c.ID]
			if !ok {
				order, s.code = append(order, c.ID), c.Code
			}
			s.said[i] = &all[j]
			cases[c.ID] = s
		}
	}
	slices.SortFunc(order, func(a, b heed.CaseID) int { return slices.Compare(a[:], b[:]) })
	out := []CaseDifference{}
	for _, id := range order {
		s := cases[id]
		d := CaseDifference{Case: id, ID: id.String(), Code: s.code, Said: []SaidDifference{}}
		for i := range s.said {
			other := s.said[1-i]
			if s.said[i] == nil {
				continue
			}
			if other == nil {
				d.OnlyWith = parties[i]
				other = &heed.CountedCase{}
			}
			has := make(map[heed.StatementID]bool, len(other.Said))
			for _, ref := range other.Said {
				has[ref.ID] = true
			}
			for _, ref := range s.said[i].Said {
				if !has[ref.ID] {
					d.Said = append(d.Said, SaidDifference{ID: ref.ID.String(), Kind: ref.Kind, OnlyWith: parties[i]})
				}
			}
		}
		if len(d.Said) > 0 || d.OnlyWith != "" {
			out = append(out, d)
		}
	}
	return out
}

// Label is the figure in words: whose, and what.
func (f FigureDifference) Label() string {
	urgency := ""
	if f.Urgency != AllUrgencies {
		urgency = ", " + string(f.Urgency)
	}
	return fmt.Sprintf("%s to %s%s: %s, %s", f.From, f.To, urgency, FigureWords(f.About), FigureWords(f.Figure))
}

// Value is what one of the two counts, for people: 0 or 1 is its place.
func (f FigureDifference) Value(i int) string { return ValueWords(f.Values[i], f.Span) }

// ValueWords writes a figure for people; a response time is in milliseconds.
func ValueWords(v *uint64, span bool) string {
	switch {
	case v == nil:
		return "none"
	case span:
		return Span(time.Duration(min(*v, 1<<42)) * time.Millisecond).String()
	}
	return fmt.Sprint(*v)
}

// figureWords are those whose name does not say it; the rest is read with its
// hyphens as spaces.
var figureWords = map[string]string{
	"median": "median response time", "p90": "90th percentile of the response time", "meaningful": "rated as meaningful",
	"outcome-averted": "concluded as averted, as stated by the recipient", "heeded": "action reported",
}

// FigureWords is the about or the name of a figure for people.
func FigureWords(name string) string {
	if words, ok := figureWords[name]; ok {
		return words
	}
	return strings.ReplaceAll(name, "-", " ")
}

// Why says in words what is counted differently of a case, a sentence each.
func (c CaseDifference) Why() []string {
	var why []string
	if c.OnlyWith != "" {
		return append(why, fmt.Sprintf("Only %s has counted this case: the other has no statement that opens it.", c.OnlyWith))
	}
	for _, s := range c.Said {
		why = append(why, fmt.Sprintf("The %s %s is with %s alone.", s.Kind, s.ID[:8], s.OnlyWith))
	}
	return why
}

// Unexplained reports that the figures differ although the same statements were
// counted, or that it cannot be seen: somebody counts otherwise than
// docs/statistics.md has it, or has not said what it counted.
func (d Difference) Unexplained() bool { return !d.None() && len(d.Cases) == 0 }
