package heed

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// FiguresID names signed figures: the SHA-256 of their text.
type FiguresID Digest

func (id FiguresID) String() string { return Digest(id).String() }

// IsZero reports whether id names nothing.
func (id FiguresID) IsZero() bool { return id == FiguresID{} }

// Short is the first eight digits, for people.
func (id FiguresID) Short() string { return id.String()[:8] }

// Reading says how figures are to be read.
type Reading string

// The readings.
const (
	// ReadExact: what the author counts. Signed alike by both parties, the figures
	// are reconciled; signed by one, they are what that one says.
	ReadExact Reading = "exact"
	// ReadAtLeast: lower bounds, of what the author can show with what it holds.
	ReadAtLeast Reading = "at-least"
)

// Readings lists both.
func Readings() []Reading { return []Reading{ReadExact, ReadAtLeast} }

// ParseReading reads one.
func ParseReading(s string) (Reading, error) {
	return oneOf("reading of figures", Reading(s), Readings())
}

// Figures is what one party has counted of its exchange with one other in a
// period, as it signs it. Exercises and whatever else is not Actual are never in
// it. Package wire gives it its byte form (docs/formats.md); ID is the hash of
// that form and no part of it.
type Figures struct {
	ID FiguresID

	Author     PartyID
	AuthorCard uint64    // serial of the author's card
	Time       time.Time // when the author says that it was signed
	FiguresBody

	Node     string         // verification key of the author's node
	Officers []OfficerStamp // who signed for it
}

// FiguresBody is what two parties sign alike, or do not.
type FiguresBody struct {
	Reading Reading
	Pair    [2]PartyID // by name
	Accord  AccordID   // only cases that name it; zero: all cases of the two
	Since   time.Time  // zero: from the first case on
	Until   time.Time  // zero: up to the last
	AsOf    time.Time  // what was signed then or later is not counted; what is overdue is so then
	Times   bool       // whether response times are among the figures
	Lines   []FigureLine
}

// AllUrgencies stands in a FigureLine for the sum over all urgencies. CAP has no such term.
const AllUrgencies Urgency = "all"

// FigureLine is one figure. A count of zero is not written; a response time is
// there wherever there is one.
type FigureLine struct {
	From    PartyID // who warned, asked, or is owed the reply; the other of the pair replies
	Urgency Urgency // AllUrgencies, or one
	About   string  // FigureName.About
	Name    string  // FigureName.Name
	Value   uint64  // a number; of a response time, milliseconds
}

// FigureName is one figure that can be signed, and what may be done with it.
type FigureName struct {
	About string // warnings, questions, replies, or a duty
	Name  string
	// Bound: what one side holds shows that there were at least so many, and
	// nothing that is said later makes them fewer.
	Bound bool
	// ByReplier: it counts what the party did that was warned or asked; the others
	// count what the party did that warned or asked.
	ByReplier bool
	// Span: a response time in milliseconds, and no count.
	Span bool
}

// FigureNames lists all figures in the order in which signed text has them.
// docs/statistics.md defines each.
func FigureNames() []FigureName {
	const asker, replier = false, true
	var all []FigureName
	add := func(about string, bound, by bool, names ...string) {
		for _, name := range names {
			all = append(all, FigureName{About: about, Name: name, Bound: bound, ByReplier: by})
		}
	}
	add("warnings", true, asker, "sent")
	add("warnings", true, replier, "received", "opened", "acknowledged", "assessed")
	add("warnings", true, asker, "asking")
	add("warnings", true, replier, "answered", "heeded", "concluded", "refused")
	add("warnings", true, asker, "supplemented", "corrected", "recalled")
	for _, d := range Dispositions() {
		add("warnings", false, replier, "disposition-"+string(d)) // the last one counts, and a later one may come
	}
	for _, o := range Outcomes() {
		add("warnings", false, replier, "outcome-"+string(o))
	}
	add("questions", true, asker, "sent")
	add("questions", true, replier, "received", "opened", "answered", "refused")
	for _, d := range DutyKinds() {
		about := string(d)
		add(about, true, replier, "owed", "timely")
		add(about, false, replier, "late", "recalled", "open", "overdue", "overdue-at-end", "refused")
		add(about, false, asker, "extended")
		all = append(all, FigureName{About: about, Name: "median", ByReplier: true, Span: true}, FigureName{About: about, Name: "p90", ByReplier: true, Span: true})
	}
	add("replies", false, asker, "rated", "meaningful")
	return all
}

// By is the party whose doing the figure counts.
func (n FigureName) By(from PartyID, pair [2]PartyID) PartyID {
	if !n.ByReplier {
		return from
	}
	if from == pair[0] {
		return pair[1]
	}
	return pair[0]
}

// figurePlace orders the lines of a text.
type figurePlace struct{ party, urgency, name int }

func (p figurePlace) compare(q figurePlace) int {
	return cmp.Or(p.party-q.party, p.urgency-q.urgency, p.name-q.name)
}

// figureOrder is where each figure stands, by about and name.
func figureOrder(names []FigureName) map[[2]string]int {
	at := make(map[[2]string]int, len(names))
	for i, n := range names {
		at[[2]string{n.About, n.Name}] = i
	}
	return at
}

// Sorted puts the lines in the order in which signed text has them and leaves
// counts of zero out. What is no line of such a text stays, at the end, for
// Check to refuse.
func (b FiguresBody) Sorted() FiguresBody {
	names := FigureNames()
	order := figureOrder(names)
	place := func(l FigureLine) figurePlace {
		at, ok := order[[2]string{l.About, l.Name}]
		if !ok {
			at = len(names)
		}
		return figurePlace{slices.Index(b.Pair[:], l.From), urgencyPlace(l.Urgency), at}
	}
	b.Lines = slices.DeleteFunc(slices.Clone(b.Lines), func(l FigureLine) bool {
		at, ok := order[[2]string{l.About, l.Name}]
		return ok && !names[at].Span && l.Value == 0
	})
	slices.SortStableFunc(b.Lines, func(x, y FigureLine) int { return place(x).compare(place(y)) })
	return b
}

// urgencyPlace orders urgencies, the sum of all first; -1 for what is none.
func urgencyPlace(u Urgency) int {
	if u == AllUrgencies {
		return 0
	}
	if at := slices.Index(Urgencies(), u); at >= 0 {
		return at + 1
	}
	return -1
}

// MaxFigureLines bounds the lines of one text: every figure of both directions,
// in every urgency and in the sum.
func MaxFigureLines() int { return 2 * (len(Urgencies()) + 1) * len(FigureNames()) }

// Check reports whether the figures are complete and consistent in themselves:
// an *Invalid where they are not. Whether they are true is for whoever counts
// again.
func (f Figures) Check() error {
	bad := func(format string, args ...any) error {
		return &Invalid{What: "figures: " + fmt.Sprintf(format, args...)}
	}
	switch {
	case f.Author != f.Pair[0] && f.Author != f.Pair[1]:
		return bad("their author is none of the pair")
	case f.AuthorCard == 0:
		return bad("a card's serial number is at least 1")
	case f.Time.IsZero() || f.AsOf.IsZero():
		return bad("they do not say when they were signed, or as of when they were counted")
	case f.Time.Before(f.AsOf):
		return bad("they are signed before the time as of which they were counted")
	case len(f.Officers) == 0 || len(f.Officers) > MaxOfficers:
		return bad("1 to %d officers sign them", MaxOfficers)
	}
	for _, o := range f.Officers {
		if !Permits(o.Role, ActReconcile) {
			return bad("role %s does not permit %q", o.Role, ActReconcile)
		}
	}
	return f.check(bad)
}

func (b FiguresBody) check(bad func(string, ...any) error) error {
	if _, err := ParseReading(string(b.Reading)); err != nil {
		return bad("%v", err)
	}
	switch {
	case b.Pair[0] == "" || b.Pair[0] >= b.Pair[1]:
		return bad("a pair is two parties, by name")
	case !b.Since.IsZero() && !b.Until.IsZero() && !b.Until.After(b.Since):
		return bad("the period does not end after it begins")
	case !b.Since.IsZero() && !b.AsOf.After(b.Since):
		return bad("they were counted before the period begins")
	case b.Reading == ReadAtLeast && b.Times:
		return bad("a response time is no lower bound")
	}
	names := FigureNames()
	order := figureOrder(names)
	last := figurePlace{party: -1}
	for _, l := range b.Lines {
		at, known := order[[2]string{l.About, l.Name}]
		place := figurePlace{slices.Index(b.Pair[:], l.From), urgencyPlace(l.Urgency), at}
		what := fmt.Sprintf("%s %s %s %s", clip(string(l.From)), clip(string(l.Urgency)), clip(l.About), clip(l.Name))
		switch {
		case !known:
			return bad("%s: there is no such figure", what)
		case place.party < 0 || place.urgency < 0:
			return bad("%s: it is of no party of the pair, or of no urgency", what)
		case place.compare(last) <= 0:
			return bad("%s: it stands twice, or out of order", what)
		case !names[at].Span && l.Value == 0:
			return bad("%s: a count of zero is not written", what)
		case names[at].Span && !b.Times:
			return bad("%s: they say that no response times are among them", what)
		case b.Reading == ReadAtLeast && !names[at].Bound:
			return bad("%s: it is no lower bound", what)
		}
		last = place
	}
	return nil
}

// OnlyOf leaves the figures that count what that party did itself.
func (b FiguresBody) OnlyOf(p PartyID) FiguresBody {
	names := FigureNames()
	order := figureOrder(names)
	b.Lines = slices.DeleteFunc(slices.Clone(b.Lines), func(l FigureLine) bool {
		at, known := order[[2]string{l.About, l.Name}]
		return !known || names[at].By(l.From, b.Pair) != p
	})
	return b
}

// Same reports whether two bodies say the same, figure by figure.
func (b FiguresBody) Same(other FiguresBody) bool {
	return b.SameScope(other) && slices.Equal(b.Lines, other.Lines)
}

// SameScope reports whether two bodies count the same cases as of the same time,
// and say the same sorts of figures: only then can they be compared.
func (b FiguresBody) SameScope(other FiguresBody) bool {
	return b.Reading == other.Reading && b.Pair == other.Pair && b.Accord == other.Accord && b.Times == other.Times &&
		b.Since.Equal(other.Since) && b.Until.Equal(other.Until) && b.AsOf.Equal(other.AsOf)
}

// CountedCase is a case that was counted, with what was said in it as far as it
// was counted: from two such lists can be seen where two counts differ.
type CountedCase struct {
	ID   CaseID
	Code Code
	Said []SaidRef // ascending by statement
}

// SaidRef names one statement of a case.
type SaidRef struct {
	Kind Kind
	ID   StatementID
}

// MaxCountedCases and MaxCountedSaid bound a list of what was counted, in cases
// and in statements of all of them together.
const (
	MaxCountedCases = 20_000
	MaxCountedSaid  = 200_000
)

// CheckCounted reports whether a list of counted cases is in its order, each
// case and each statement once.
func CheckCounted(cases []CountedCase) error {
	bad := func(what string) error { return &Invalid{What: "list of counted cases: " + what} }
	said := 0
	for i, c := range cases {
		if c.ID.IsZero() || i > 0 && compareIDs(StatementID(cases[i-1].ID), StatementID(c.ID)) >= 0 {
			return bad("cases are not in ascending order, each once")
		}
		for j, s := range c.Said {
			if s.ID.IsZero() || j > 0 && compareIDs(c.Said[j-1].ID, s.ID) >= 0 {
				return bad("statements are not in ascending order, each once")
			}
			if !s.Kind.InCase() {
				return bad("it names a statement of a kind that stands in no case")
			}
		}
		said += len(c.Said)
	}
	if len(cases) > MaxCountedCases || said > MaxCountedSaid {
		return &Invalid{What: fmt.Sprintf("list of counted cases: %d cases with %d statements, and at most %d with %d are compared at once", len(cases), said, MaxCountedCases, MaxCountedSaid), Hint: "choose a shorter period"}
	}
	return nil
}
