package desk

import (
	"fmt"

	"heed"
	"heed/exchange"
)

// linkRow says that somebody whom a case names is on watch from elsewhere, too.
type linkRow struct {
	Case      string // the id of the other case; empty: a list
	Code      string
	Warner    string
	List      string
	Words     string
	Ours      string
	Theirs    string
	Score     string
	Threshold string
	At        stamp
}

var watchWords = map[heed.WatchState]string{
	heed.WatchOn:       "On, until it is recalled or lapses",
	heed.WatchLapsing:  "On, and announced to lapse",
	heed.WatchLapsed:   "Lapsed, as announced",
	heed.WatchRecalled: "Over: the warning was recalled",
	heed.WatchRefused:  "Over: refused as unlawful",
}

// watch says where the watch for whom a case names stands.
func (t times) watch(file exchange.CaseFile) []fact {
	var all []fact
	text := func(label, words string) { all = append(all, fact{Label: label, Text: words}) }
	w := file.Watched
	if w.State == heed.WatchNone {
		return nil
	}
	text("By "+string(file.Warned), word(watchWords, w.State))
	if !w.Since.IsZero() {
		all = append(all, fact{Label: "Since", At: t.at(w.Since)})
	}
	if !w.Effective.IsZero() {
		label := "Ends"
		if !w.State.Runs() {
			label = "Ended"
		}
		all = append(all, fact{Label: label, At: t.at(w.Effective)})
	}
	for _, h := range file.ReportedHits() {
		words := "confirmed " + t.at(h.Confirmed).words() + ", reported " + t.at(h.Reported).words()
		if h.Late() {
			words += ": late, it was due " + t.at(h.Due).words()
		}
		if w := h.Withdrawn; w != nil {
			words += "; NOT HELD ANY MORE since " + t.at(w.Decided).words() + ", as was told " + t.at(w.Told).words()
			if w.Late() {
				words += ": late, it was due " + t.at(w.Due).words()
			}
		}
		text("Match reported", words)
	}
	if k := file.Keeps; k != nil {
		text("Looked for here", count(k.Subjects, "subject", "subjects"))
		if !k.Due.IsZero() {
			words := "not owed yet"
			if k.Owed {
				words = "owed now"
			}
			all = append(all, fact{Label: "Decision due", At: t.at(k.Due)})
			text("Why", k.Why+"; "+words+". Without one the watch goes on")
		}
	}
	for _, o := range file.Unreported {
		text("Match to be reported", "confirmed "+t.at(o.Confirmed).words()+", due "+t.at(o.Due).words()+", and not sent")
	}
	return all
}

func (t times) links(file exchange.CaseFile) []linkRow {
	var all []linkRow
	for _, l := range file.Links {
		all = append(all, t.link(l))
	}
	return all
}

func (t times) link(l exchange.LinkedCase) linkRow {
	row := linkRow{
		Code: l.Code.Spoken(), Warner: string(l.Warner), List: l.OtherList, Ours: l.Ours, Theirs: l.Theirs,
		Score: fmt.Sprintf("%.4f", l.Hit.Score), Threshold: fmt.Sprintf("%.4f", l.Hit.Threshold), At: t.at(l.At), Words: "was on watch before",
	}
	switch {
	case !l.Later:
		row.Case, row.Words = l.Case.String(), "came later"
	case !l.OtherCase.IsZero():
		row.Case = l.OtherCase.String()
	}
	return row
}
