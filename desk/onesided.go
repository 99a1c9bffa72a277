package desk

import (
	"heed"
	"heed/exchange"
)

// oneSided is the part of the board about partners without heed. It stands apart,
// under a head that says whose word it is, and links to no case page: these are
// no cases between two parties, and are worked on with `heed letter`.
type oneSided struct {
	Mark string
	Owed []oneSidedRow
}

type oneSidedRow struct {
	Code      string
	Contact   string // by the name on record; no party's
	What      string
	OwedBy    string
	Due       stamp
	Left      string
	Overdue   bool
	AsOf      stamp
	Level     int
	Telephone string
	Remind    bool
	Status    string
}

// oneSided puts the one-sided board into words; nil where nothing is owed.
func (t times) oneSided(b exchange.OneSidedBoard) *oneSided {
	if len(b.Ours)+len(b.Theirs) == 0 {
		return nil
	}
	out := &oneSided{Mark: heed.Capital(heed.OneSidedMark)}
	for _, lines := range [][]exchange.OneSidedLine{b.Ours, b.Theirs} {
		for _, l := range lines {
			row := oneSidedRow{
				Code: l.Code.Spoken(), Contact: string(l.Contact.ID), What: word(dutyWords, l.Kind), OwedBy: "us", Due: t.at(l.Due), Left: t.leftOrLate(l.Due),
				Overdue: l.State == heed.DutyOverdue, AsOf: t.at(t.now), Level: l.Level, Remind: l.RemindNow, Status: string(l.Status),
			}
			if l.OwedBy == heed.Them {
				row.OwedBy, row.Telephone = string(l.Contact.ID), l.Contact.Phone
			}
			out.Owed = append(out.Owed, row)
		}
	}
	return out
}
