package stats

import (
	"fmt"
	"time"

	"heed"
)

// Period is the cases that are counted: those whose opening statement's author
// signed it at Since or later, and before Until. A zero time is no bound.
type Period struct {
	Since time.Time
	Until time.Time
}

// Check reports whether the period ends after it begins: a *heed.Invalid where
// it does not.
func (p Period) Check() error {
	if !p.Since.IsZero() && !p.Until.IsZero() && !p.Until.After(p.Since) {
		return &heed.Invalid{
			What: fmt.Sprintf("the period ends at %s, and begins at %s", heed.FormatTime(p.Until), heed.FormatTime(p.Since)),
			Hint: "name an end that is later than the beginning",
		}
	}
	return nil
}

// Holds reports whether a case that was opened at that signed time is counted.
func (p Period) Holds(opened time.Time) bool {
	return !opened.Before(p.Since) && (p.Until.IsZero() || opened.Before(p.Until))
}

// end is when the period ends for whoever looks at asOf.
func (p Period) end(asOf time.Time) time.Time {
	if p.Until.IsZero() || p.Until.After(asOf) {
		return asOf
	}
	return p.Until
}
