package stats

import (
	"slices"
	"time"

	"heed"
)

// AsOf is the case as it stood in what was signed before that time, on both
// sides alike: statements of then or later, and receipts for what was received
// then or later, are left out. A count that two parties sign is of such cases, so
// that what is said while one of them looks at it changes nothing: also not what
// is said in the same millisecond.
func AsOf(c heed.Case, at time.Time) heed.Case {
	return only(c, func(s heed.Statement) bool { return s.Time.Before(at) && s.Received.Before(at) })
}

// Provable is the case as far as the party can show it to others: what the
// other party has signed, and what it has signed itself and the other has given
// its receipt for. Its own receipts bind itself, and stay.
func Provable(c heed.Case, party heed.PartyID) heed.Case {
	return only(c, func(s heed.Statement) bool {
		_, given := c.Receipt(s.ID)
		return s.Author != party || s.Kind == heed.KindReceipt || given
	})
}

func only(c heed.Case, keep func(heed.Statement) bool) heed.Case {
	held := slices.DeleteFunc(slices.Clone(c.Statements), func(s heed.Statement) bool { return !keep(s) })
	if len(held) == len(c.Statements) {
		return c
	}
	return heed.Fold(c.ID, held)
}

// Counted names what was counted of a case.
func Counted(c heed.Case) heed.CountedCase {
	out := heed.CountedCase{ID: c.ID, Code: c.Code}
	for _, s := range c.Statements {
		out.Said = append(out.Said, heed.SaidRef{Kind: s.Kind, ID: s.ID})
	}
	slices.SortFunc(out.Said, func(a, b heed.SaidRef) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return out
}

// Body is what the report says of the two parties, to be signed: of status
// Actual alone, in every urgency. The report must be of that accord.
func (r Report) Body(with heed.PartyID, accord heed.AccordID, reading heed.Reading, times bool) heed.FiguresBody {
	b := heed.FiguresBody{
		Reading: reading, Pair: [2]heed.PartyID{min(r.Party, with), max(r.Party, with)}, Accord: accord,
		Since: r.Since.Time, Until: r.Until.Time, AsOf: r.AsOf.Time, Times: times,
	}
	bounds := map[[2]string]bool{}
	for _, n := range heed.FigureNames() {
		bounds[[2]string{n.About, n.Name}] = n.Bound
	}
	for _, relation := range r.Relations {
		if relation.Parties != b.Pair {
			continue
		}
		for _, d := range relation.Directions {
			for _, l := range d.Lines {
				if l.Status != heed.StatusActual {
					continue
				}
				for _, f := range l.list() {
					if reading == heed.ReadAtLeast && !bounds[[2]string{f.about, f.name}] {
						continue
					}
					line := heed.FigureLine{From: d.From, Urgency: l.Urgency, About: f.about, Name: f.name}
					switch {
					case f.time && (!times || f.span == nil) || !f.time && f.n == nil:
						continue
					case f.time:
						line.Value = uint64(time.Duration(*f.span).Milliseconds())
					default:
						line.Value = uint64(*f.n)
					}
					b.Lines = append(b.Lines, line)
				}
			}
		}
	}
	return b.Sorted()
}
