package watch

import (
	"fmt"
	"strings"

	"heed/names"
)

// Hit is a subject that a record may be about.
type Hit struct {
	Subject     SubjectID   `json:"subject"`
	Score       float64     `json:"score"`     // 0 to 1, calibrated for the pair of scripts
	Threshold   float64     `json:"threshold"` // on the same scale; the score reaches it
	Explanation Explanation `json:"explanation"`
}

// Explanation is all that a score rests on. The points of the contributions,
// hundredths of a natural logarithm, add up to Points: a person can check that
// with pencil and paper.
type Explanation struct {
	Names         *NameEvidence  `json:"names,omitempty"`
	Birth         *BirthEvidence `json:"birth,omitempty"`
	Numbers       []NumberMatch  `json:"numbers,omitempty"` // of documents, plates, vehicles
	Contributions []Contribution `json:"contributions"`
	Points        Points         `json:"points"`
	Needed        Points         `json:"needed"`             // the threshold in points
	Decisive      string         `json:"decisive,omitempty"` // what makes it a hit whatever the points: "document"
	ModelVersion  string         `json:"modelVersion"`       // of the names' weights and of those of package watch
}

// Contribution is one piece of evidence and what it weighs.
type Contribution struct {
	What   string `json:"what"`
	Points Points `json:"points"`
}

// NameEvidence is the pair of names that counted: of all spellings on either
// side the pair with the best sum.
type NameEvidence struct {
	Record   string      `json:"record"`  // as the record has it
	Subject  string      `json:"subject"` // as the warning, or the list, has it
	Class    string      `json:"class"`   // the pair of scripts; each has a threshold of its own
	Pairs    []TokenPair `json:"pairs"`   // the strongest first
	Unpaired []Lone      `json:"unpaired,omitempty"`
	Rules    []string    `json:"rules,omitempty"` // of reading, that the pairs rest on
	Points   Points      `json:"points"`
}

// TokenPair is two parts of names that face each other.
type TokenPair struct {
	Record       string `json:"record"`
	Subject      string `json:"subject"`
	RecordLatin  string `json:"recordLatin"` // the readings that are closest
	SubjectLatin string `json:"subjectLatin"`
	Points       Points `json:"points"`
}

// Lone is a part of a name that faces none.
type Lone struct {
	Text    string `json:"text"`
	Subject bool   `json:"subject"` // of the subject's name, not the record's
	Kind    string `json:"kind"`    // plain, patronymic, particle, ...
}

// BirthEvidence is the pair of dates that counted: the subject's likeliest one.
type BirthEvidence struct {
	Record   string        `json:"record"`
	Subject  string        `json:"subject"`
	Relation BirthRelation `json:"relation"`
	Points   Points        `json:"points"`
}

// NumberMatch is a number that both sides have.
type NumberMatch struct {
	What     string         `json:"what"` // document, plate, VIN
	Record   string         `json:"record"`
	Subject  string         `json:"subject"`
	Relation NumberRelation `json:"relation"`
	Points   Points         `json:"points"`
}

// add enters a piece of evidence, so that the sum always holds.
func (e *Explanation) add(what string, points Points) {
	if points == 0 {
		return
	}
	e.Contributions = append(e.Contributions, Contribution{what, points})
	e.Points += points
}

func (e *Explanation) names(c *names.Comparison, record, subject string) {
	found := &NameEvidence{Record: record, Subject: subject, Class: c.Class.String(), Rules: c.Rules, Points: c.Points}
	for _, p := range c.Pairs {
		pair := TokenPair{
			Record: p.Left.Text, Subject: p.Right.Text,
			RecordLatin: p.Left.Forms[p.LeftForm].Latin, SubjectLatin: p.Right.Forms[p.RightForm].Latin, Points: p.Points,
		}
		found.Pairs = append(found.Pairs, pair)
		e.add(fmt.Sprintf("name: %s faces %s", pair.Record, pair.Subject), pair.Points)
	}
	for _, u := range c.Unpaired {
		found.Unpaired = append(found.Unpaired, Lone{Text: u.Token.Text, Subject: !u.Left, Kind: u.Token.Kind.String()})
	}
	for _, other := range c.Other {
		e.add("name: "+other.What, other.Points)
	}
	e.Names = found
}

// llr writes points as the logarithm that they are.
func llr(p Points) string { return fmt.Sprintf("%+.2f", float64(p)/100) }

// Text tells the explanation in plain sentences, a line each, and ends with the sum.
// listed says that the subject is a list's, and not a warning's.
func (e Explanation) Text(listed bool) string {
	source := "warning"
	if listed {
		source = "list"
	}
	var b strings.Builder
	if n := e.Names; n != nil {
		fmt.Fprintf(&b, "The record says %q; the %s says %q.\n", n.Record, source, n.Subject)
		for _, p := range n.Pairs {
			fmt.Fprintf(&b, "  %s faces %s", read(p.Record, p.RecordLatin), read(p.Subject, p.SubjectLatin))
			if p.RecordLatin == p.SubjectLatin {
				b.WriteString(": the same")
			}
			fmt.Fprintf(&b, " (%s).\n", llr(p.Points))
		}
		for _, u := range n.Unpaired {
			side := "record"
			if u.Subject {
				side = source
			}
			fmt.Fprintf(&b, "  %s (%s, in the %s) faces nothing.\n", u.Text, u.Kind, side)
		}
		if len(n.Rules) > 0 {
			fmt.Fprintf(&b, "  Read by: %s.\n", strings.Join(n.Rules, "; "))
		}
	}
	if d := e.Birth; d != nil {
		fmt.Fprintf(&b, "Dates of birth: %s in the record, %s in the %s: %s (%s).\n", d.Record, d.Subject, source, d.Words(), llr(d.Points))
	}
	for _, n := range e.Numbers {
		fmt.Fprintf(&b, "The %s %q in the record and %q in the %s ", n.What, n.Record, n.Subject, source)
		if n.Relation == NumberSame {
			b.WriteString("are the same")
		} else {
			b.WriteString("are the same but for characters that are taken for each other")
		}
		fmt.Fprintf(&b, " (%s).\n", llr(n.Points))
	}
	b.WriteString("The evidence, as natural logarithms of how much likelier it is of one and the same:\n")
	for _, c := range e.Contributions {
		fmt.Fprintf(&b, "  %7s  %s\n", llr(c.Points), c.What)
	}
	fmt.Fprintf(&b, "  %7s  together; %s is needed.\n", llr(e.Points), llr(e.Needed))
	if e.Decisive != "" {
		fmt.Fprintf(&b, "The same %s is a hit by itself, whatever else differs.\n", e.Decisive)
	}
	fmt.Fprintf(&b, "Model %s.\n", e.ModelVersion)
	return b.String()
}

func read(text, latin string) string {
	if strings.EqualFold(text, latin) {
		return text
	}
	return fmt.Sprintf("%s [%s]", text, latin)
}
