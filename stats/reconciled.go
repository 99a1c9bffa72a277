package stats

import (
	"fmt"

	"heed"
)

// ReconciledState is where two parties stand about the figures of a period.
type ReconciledState string

// The states.
const (
	Awaited ReconciledState = "awaits-answer" // one has signed
	Agreed  ReconciledState = "reconciled"    // both have signed the same
	Differs ReconciledState = "differs"       // both have signed, and not the same
)

// Reconciled is what two parties have signed about one period.
type Reconciled struct {
	Case   heed.Code         `json:"case"` // in which they have said it
	Pair   [2]heed.PartyID   `json:"pair"`
	Accord string            `json:"accord,omitempty"`
	Since  Time              `json:"since"`
	Until  Time              `json:"until"`
	AsOf   Time              `json:"asOf"`
	Times  bool              `json:"times"` // response times are among the figures
	State  ReconciledState   `json:"state"`
	Signed []SignedFigures   `json:"signed"` // by whom, ours first
	Lines  []heed.FigureLine `json:"-"`
	// Difference says where the two differ; nil where they do not, or one has not signed.
	Difference *Difference `json:"difference,omitempty"`
}

// SignedFigures is one party's text.
type SignedFigures struct {
	Party heed.PartyID `json:"party"`
	ID    string       `json:"id"`
	At    Time         `json:"at"`
}

// Words say where the two stand, in a sentence.
func (r Reconciled) Words() string {
	switch r.State {
	case Agreed:
		return fmt.Sprintf("Reconciled: %s and %s have signed the same figures.", r.Pair[0], r.Pair[1])
	case Differs:
		d := r.Difference
		return fmt.Sprintf("Not reconciled: %s, and %s.", amount(len(d.Figures), "figure differs", "figures differ"), map[bool]string{
			true:  "no case is counted differently",
			false: amount(len(d.Cases), "case is", "cases are") + " counted differently",
		}[len(d.Cases) == 0])
	}
	other := r.Pair[0]
	if len(r.Signed) > 0 && r.Signed[0].Party == other {
		other = r.Pair[1]
	}
	return fmt.Sprintf("Signed by one: the answer of %s is missing.", other)
}

// Period says of which cases the figures are.
func (r Reconciled) Period() string {
	return PeriodWords(Report{Since: r.Since, Until: r.Until}) + ", as of " + stamp(r.AsOf.Time)
}
